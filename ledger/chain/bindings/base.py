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

    def log_or_none(self, contract: str, function: str, *arguments: Any) -> int | None:
        """The log that a reading function names; None for none."""
        found = int(self.one(contract, function, *arguments))
        return found if found != NO_LOG else None

    def digest_or_none(self, contract: str, function: str, *arguments: Any) -> bytes | None:
        """The digest or identifier that a reading function answers; None for none."""
        found = bytes(self.one(contract, function, *arguments))
        return found if found != NO_DIGEST else None

    def moment_or_none(self, contract: str, function: str, *arguments: Any) -> int | None:
        """The end of a term; None without one, and while a year's days are not published."""
        moment, known = self.gateway.read(contract, function, *arguments)
        return int(moment) if known else None
