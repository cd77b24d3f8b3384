"""What the reads of every contract share."""

from __future__ import annotations

from typing import Any, Final

from ledger.chain.gateway import ChainGateway

NO_LOG: Final = 0
"""Log id that names none."""
NO_DIGEST: Final = bytes(32)
"""A digest that does not exist (yet)."""


class ContractReads:
    """Reads through one gateway; whatever they raise is the gateway's."""

    def __init__(self, gateway: ChainGateway) -> None:
        self.gateway = gateway

    def one(self, contract: str, function: str, *arguments: Any) -> Any:
        """The only value that a reading function answers."""
        (value,) = self.gateway.read(contract, function, *arguments)
        return value
