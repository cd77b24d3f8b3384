"""A chain in memory for a measurement: London rules, accounts with means, and a way back.

Nothing of it is kept. What must last is a `LocalChain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth.vm.forks.london import LondonVM
from eth_abi.abi import encode
from eth_abi.grammar import parse
from eth_tester import EthereumTester, PyEVMBackend
from eth_utils.crypto import keccak

GAS_LIMIT = 8_000_000
"""What a call may use at most; creating the largest contract takes less."""


def encoded(kinds: str, values: Sequence[Any]) -> bytes:
    """Values of a tuple of types, such as ``(string,address)``, as Solidity's ABI writes them."""
    # A call's arguments are such a tuple without the word that says where it begins.
    return encode([kinds], [tuple(values)])[32 if parse(kinds).is_dynamic else 0 :]


def digest_of(data: bytes) -> bytes:
    """Keccak-256."""
    return bytes(keccak(data))


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

    def send_as(self, sender: str, to: str, function: str, values: Sequence[Any]) -> Landed:
        """Call a contract of others by a function's name and types, such as ``issue(bytes32)``."""
        _, _, kinds = function.partition("(")
        data = keccak(text=function)[:4] + encoded(f"({kinds}", tuple(values))
        return self.send(sender, to, data)

    def read(self, to: str, data: bytes) -> bytes:
        """What a call answers that changes nothing."""
        call = {"from": self.accounts[0], "to": to, "data": f"0x{data.hex()}", "gas": GAS_LIMIT}
        return bytes.fromhex(str(self._tester.call(call)).removeprefix("0x"))

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
