"""The chain as the rest of the ledger sees it: one verified deployment, in domain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ledger.chain.codec import answer_values, call_data, event_values, refusal_of
from ledger.chain.connection import Block, CallRevertedError, ChainConnection, Receipt
from ledger.chain.deployment import Manifest, wait_for_receipt
from ledger.chain.transactions import SignedCall, sign_transaction
from ledger.errors import ContractRefusedError
from ledger.keys.ports import AccountSigner

__all__ = ["Block", "ChainGateway", "ContractEvent", "Receipt", "SignedCall"]


@dataclass(frozen=True, slots=True)
class ContractEvent:
    """One decoded event. ``arguments`` holds JSON values; ``block_time`` is seconds since 1970."""

    contract: str
    name: str
    arguments: dict[str, Any]
    block: int
    block_time: int
    log_index: int
    transaction_hash: str


class ChainGateway:
    """Speaks to the contracts of one manifest through one endpoint.

    Nothing is asked at construction. Before the first question that concerns a contract, chain id
    and code hashes are compared with the manifest once; an endpoint that fails this is not used.
    Safe to share between threads.

    Any method raises ChainUnavailableError when the endpoint does not answer, WrongChainError or
    ContractCodeError when it serves something else.
    """

    def __init__(self, manifest: Manifest, rpc_url: str | None = None) -> None:
        self.manifest = manifest
        self._connection = ChainConnection(rpc_url or manifest.rpc_url)
        self._contract_of = {each.address: name for name, each in manifest.contracts.items()}

    @cached_property
    def _verified(self) -> ChainConnection:
        self.manifest.verify(self._connection)
        return self._connection

    def verify(self) -> None:
        """Compare chain id and code hashes with the manifest now."""
        self.manifest.verify(self._connection)

    @property
    def endpoint(self) -> str:
        """Where the endpoint is, without credentials."""
        return self._connection.endpoint

    @property
    def chain_id(self) -> int:
        """The id of the chain that answers."""
        return self._verified.chain_id

    def latest_block(self) -> Block:
        """The newest block."""
        return self._verified.block()

    def final_block(self) -> int:
        """The number of the newest block that counts as final; 0 while there is no other."""
        return max(0, self._verified.block().number - self.manifest.confirmations)

    def block_hash(self, number: int) -> str:
        """The hash (0x-hex) of a block."""
        return self._verified.block(number).hash

    def nonce_of(self, address: str) -> int:
        """How many transactions an account has sent so far: the nonce of its next one."""
        return self._verified.nonce(address)

    def final_nonce_of(self, address: str) -> int:
        """How many transactions of an account are final."""
        if self.manifest.confirmations == 0:
            return self._verified.nonce(address)
        return self._verified.nonce(address, self.final_block())

    def balance_of(self, address: str) -> int:
        """What an account has for gas, in wei."""
        return self._verified.balance(address)

    def address_of(self, contract: str) -> str:
        """The address of a contract."""
        return self.manifest.contracts[contract].address

    def read(self, contract: str, function: str, *arguments: Any) -> tuple[Any, ...]:
        """The values that a read function answers; structs are mappings by field name.

        Raises:
            ContractRefusedError: it refuses, for instance what it does not know.
        """
        return answer_values(contract, function, self._run(contract, function, arguments, None))

    def simulate(
        self, contract: str, function: str, arguments: Sequence[Any], sender: str
    ) -> tuple[Any, ...]:
        """Try a call as ``sender`` without sending it, and return what it would.

        Raises:
            ContractRefusedError: the contract would refuse it.
            UnknownRevertError: it would revert in a way that no interface knows.
        """
        return answer_values(contract, function, self._run(contract, function, arguments, sender))

    def _run(
        self, contract: str, function: str, arguments: Sequence[Any], sender: str | None
    ) -> bytes:
        data = call_data(contract, function, arguments)
        try:
            return self._verified.call(self.address_of(contract), data, sender)
        except CallRevertedError as error:
            raise refusal_of(contract, error.data) from error

    def sign_call(
        self,
        signer: AccountSigner,
        contract: str,
        function: str,
        arguments: Sequence[Any],
        nonce: int,
        gas: int | None = None,
    ) -> SignedCall:
        """Sign a call under a nonce; nothing is sent. Without ``gas`` it is estimated.

        Raises:
            TransactionRefusedError: it would revert now.
            InvalidSignatureError: the signer signed with another key than its address says.
        """
        data = call_data(contract, function, arguments)
        to = self.address_of(contract)
        return sign_transaction(self._verified, signer, to=to, data=data, nonce=nonce, gas=gas)

    def sign_gas_transfer(self, signer: AccountSigner, to: str, wei: int, nonce: int) -> SignedCall:
        """Sign a payment of gas money to another account; nothing is sent."""
        return sign_transaction(self._verified, signer, to=to, wei=wei, nonce=nonce, gas=21_000)

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes over and return their hash; handing over again is harmless.

        Raises:
            TransactionRefusedError: the node does not take it, for instance for want of gas money.
        """
        return self._verified.send_raw(raw)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction; None while it has not landed."""
        return self._verified.receipt(transaction_hash)

    def transact(
        self, signer: AccountSigner, contract: str, function: str, arguments: Sequence[Any]
    ) -> Receipt:
        """Send one call and wait for it: for commands that a person waits for, not for the outbox.

        Raises:
            ContractRefusedError: the contract refuses it.
            TransactionRefusedError: the node does not take it, or it was reverted on landing.
        """
        self.simulate(contract, function, arguments, signer.address)
        nonce = self.nonce_of(signer.address)
        signed = self.sign_call(signer, contract, function, arguments, nonce)
        self.send_raw(signed.raw)
        receipt = wait_for_receipt(self._verified, signed.hash)
        if not receipt.succeeded:
            # Something changed between the trial and the landing; the trial now tells what.
            self.simulate(contract, function, arguments, signer.address)
            raise ContractRefusedError(contract=contract, error="reverted", values={})
        return receipt

    def events(self, first: int, last: int, contract: str | None = None) -> list[ContractEvent]:
        """The events of one or all contracts, blocks ``first`` to ``last`` included, in order."""
        addresses = list(self._contract_of) if contract is None else [self.address_of(contract)]
        found = []
        for line in self._verified.logs(addresses, first, last):
            name_of_contract = self._contract_of[line.address]
            decoded = event_values(name_of_contract, line.topics, line.data)
            if decoded is None:
                continue
            name, arguments = decoded
            found.append(
                ContractEvent(
                    contract=name_of_contract,
                    name=name,
                    arguments=arguments,
                    block=line.block,
                    block_time=self._verified.block_time(line.block),
                    log_index=line.log_index,
                    transaction_hash=line.transaction_hash,
                )
            )
        return found
