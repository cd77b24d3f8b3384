"""A chain in memory for a measurement: London rules, accounts with means, and a way back.

Nothing of it is kept. What must last is a `LocalChain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth.vm.forks.london import LondonVM
from eth_tester import EthereumTester, PyEVMBackend

GAS_LIMIT = 8_000_000
"""What a call may use at most; creating the largest contract takes less."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A transaction that is in a block: what it used, and the contract it created."""

    gas: int
    contract: str | None


class ScratchChain:
    """Sends calls and tells what they used."""

    def __init__(self) -> None:
        self._tester = EthereumTester(backend=PyEVMBackend(vm_configuration=((0, LondonVM),)))
        self.accounts: tuple[str, ...] = tuple(self._tester.get_accounts())

    def send(self, sender: str, to: str | None, data: bytes) -> Landed:
        """Mine one transaction in a block of its own; without ``to`` it creates a contract.

        Raises:
            RuntimeError: it was undone.
        """
        call: dict[str, Any] = {"from": sender, "data": f"0x{data.hex()}", "gas": GAS_LIMIT}
        if to is not None:
            call["to"] = to
        receipt = self._tester.get_transaction_receipt(self._tester.send_transaction(call))
        if receipt["status"] != 1:
            raise RuntimeError("the call was undone")
        return Landed(int(receipt["gas_used"]), receipt["contract_address"])

    @property
    def chain_id(self) -> int:
        """The id that signatures for this chain name."""
        return int(self._tester.backend.chain.chain_id)

    def now(self) -> int:
        """The time of the newest block, seconds since 1970."""
        return int(self._tester.get_block_by_number("latest")["timestamp"])

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self._tester.time_travel(self.now() + seconds)

    def snapshot(self) -> Any:
        """A moment to come back to."""
        return self._tester.take_snapshot()

    def go_back(self, moment: Any) -> None:
        """Forget everything since that moment."""
        self._tester.revert_to_snapshot(moment)
