"""The chain as the rest of the ledger sees it: one verified deployment, in domain values."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.chain.codec import answer_values, call_data, event_values, refusal_of
from ledger.chain.connection import (
    Block,
    BlockMissingError,
    BlockReference,
    CallRevertedError,
    Receipt,
)
from ledger.chain.deployment import Manifest, wait_for_receipt
from ledger.chain.endpoint import EndpointHealth, EndpointRules
from ledger.chain.endpoints import Endpoints
from ledger.chain.finality import IMMEDIATE, SealMemory
from ledger.chain.lateness import KnownFinal
from ledger.chain.transactions import Prices, SignedCall, sign_transaction
from ledger.errors import ContractRefusedError, UnavailableError
from ledger.keys.ports import AccountSigner

__all__ = ["Block", "ChainGateway", "ContractEvent", "EndpointHealth", "Receipt", "SignedCall"]


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
    block_hash: str = ""


class ChainGateway:
    """Speaks to the contracts of one manifest through one or several endpoints.

    Nothing is asked at construction. Before an endpoint is used, its chain id and the code hashes
    it serves are compared with the manifest; one that fails this is not used. Safe to share between
    threads.

    Any method raises ChainUnavailableError when too few endpoints answer, EndpointLagsError or
    EndpointSyncingError when they are behind, EndpointsDisagreeError when they do not agree,
    WrongChainError or ContractCodeError when they serve something else.
    """

    def __init__(
        self,
        manifest: Manifest,
        rpc_urls: Sequence[str] | str | None = None,
        quorum: int = 0,
        known_final: Callable[[], KnownFinal] = tuple,
    ) -> None:
        """Nothing is asked yet.

        Args:
            manifest: the deployment.
            rpc_urls: one endpoint or several, in order of preference; without, the manifest's.
            quorum: how many must agree on what matters; 0 stands for two where there are several.
            known_final: blocks that were final already, newest first; looked up at the start.

        Raises:
            SettingsError: an endpoint is named twice, or the quorum cannot be reached.
        """
        self.manifest = manifest
        given = (rpc_urls,) if isinstance(rpc_urls, str) and rpc_urls else rpc_urls
        rules = EndpointRules(
            quorum=quorum,
            lag_blocks=manifest.lag_blocks,
            stale_after_seconds=manifest.stale_after_seconds,
        )
        self._connection = Endpoints(
            tuple(given or manifest.rpc_urls),
            rules,
            manifest.verify,
            lambda: time.time() + manifest.offset_seconds,
        )
        self._known_final = known_final
        self._was_current = False
        self._seals = SealMemory()
        self._prices = Prices()
        self._contract_of = {each.address: name for name, each in manifest.contracts.items()}

    def verify(self) -> None:
        """Look at every endpoint now: reach, chain id, code hashes, age of the newest block."""
        self._connection.examine()
        for name, contract in self.manifest.contracts.items():
            self.manifest.require_code(name, self._connection.code_hash(contract.address))

    def examine(self) -> Block:
        """Look at every endpoint now; returns the newest block that enough of them share."""
        return self._connection.examine()

    def require_current(self) -> UnavailableError | None:
        """Look at every endpoint before a process begins to work, or to send.

        Returns:
            Why too few can be used all the same: none answers, or the whole network stands still.

        Raises:
            BehindAtStartError: endpoints that are provably behind leave too few.
            WrongChainError, ContractCodeError: too few serve the manifest's network.
        """
        trouble = self._connection.require_current(self._known_final())
        self._was_current = True
        return trouble

    def health(self) -> list[EndpointHealth]:
        """Each endpoint as it was last found; nothing is asked."""
        return self._connection.health()

    @property
    def quorum(self) -> int:
        """How many endpoints must agree on what matters."""
        return self._connection.quorum

    @property
    def endpoint(self) -> str:
        """Where the endpoints are, without credentials."""
        return self._connection.endpoint

    @property
    def chain_id(self) -> int:
        """The id of the chain that answers."""
        return self._connection.chain_id

    def latest_block(self) -> Block:
        """The newest block."""
        return self._connection.block()

    def block(self, at: BlockReference) -> Block:
        """A block by its number or hash."""
        return self._connection.block(at)

    def final(self) -> Block:
        """The newest block that counts as final; the chain's first while there is no other."""
        return self.manifest.finality.final_block(self._connection, self._seals)

    def final_reference(self) -> str | None:
        """The final block as reads name it; None where the newest block is final."""
        return None if self.manifest.finality.rule == IMMEDIATE else self.final().hash

    def newest_and_final(self) -> tuple[Block, Block]:
        """The newest block and the newest that counts as final, read with as few questions."""
        newest = self._connection.block()
        return newest, newest if self.manifest.finality.rule == IMMEDIATE else self.final()

    def final_block(self) -> int:
        """The number of the newest block that counts as final; 0 while there is no other."""
        return self.final().number

    def block_hash(self, number: int) -> str:
        """The hash (0x-hex) of a block."""
        return self._connection.block(number).hash

    def code(self, contract: str) -> bytes:
        """The code that stands at a contract's address, whatever the manifest says."""
        return self._connection.code(self.address_of(contract))

    def nonce_of(self, address: str) -> int:
        """How many transactions an account has sent so far: the nonce of its next one."""
        return self._connection.nonce(address)

    def final_nonce_of(self, address: str) -> int:
        """How many transactions of an account are final."""
        if self.manifest.finality.rule == IMMEDIATE:
            return self._connection.nonce(address)
        return self._connection.nonce(address, self.final_block())

    def taker_of(self, address: str, nonce: int, first: int, last: int) -> str | None:
        """The transaction that used an account's nonce, by hash (0x-hex): what landed, proven.

        Args:
            address: the account.
            nonce: the nonce that was used.
            first: a block at which it was still free.
            last: a block at which it was used.

        Returns:
            None while it is free at ``last``.

        Raises:
            BlockMissingError: the endpoint cannot tell: it was used at ``first`` already, or those
                states are not kept any more.
        """
        asked = self._connection
        if asked.nonce(address, last) <= nonce:
            return None
        if asked.nonce(address, first) > nonce:
            reason = f"nonce {nonce} was used before block {first}"
            raise BlockMissingError(endpoint=self.endpoint, reason=reason)
        while last - first > 1:
            middle = (first + last) // 2
            if asked.nonce(address, middle) > nonce:
                last = middle
            else:
                first = middle
        wanted = (address.lower(), nonce)
        for each in asked.transactions(last):
            if (each.sender, each.nonce) == wanted:
                return each.hash
        raise BlockMissingError(endpoint=self.endpoint, reason=f"block {last} changed meanwhile")

    def balance_of(self, address: str) -> int:
        """What an account has for gas, in wei."""
        return self._connection.balance(address)

    def gas_price(self) -> int:
        """What gas costs now, in wei."""
        return self._prices.ask(self._connection)[0]

    def address_of(self, contract: str) -> str:
        """The address of a contract."""
        return self.manifest.contracts[contract].address

    def read(self, contract: str, function: str, *arguments: Any) -> tuple[Any, ...]:
        """The values that a read function answers; structs are mappings by field name.

        Raises:
            ContractRefusedError: it refuses, for instance what it does not know.
        """
        return answer_values(contract, function, self._run(contract, function, arguments, None))

    def read_at(
        self, at: BlockReference, contract: str, function: str, *arguments: Any
    ) -> tuple[Any, ...]:
        """The same on the state after a block.

        Raises:
            ContractRefusedError: it refuses, for instance what it does not know.
            BlockMissingError: no endpoint has that state (any more).
        """
        data = self._run(contract, function, arguments, None, at)
        return answer_values(contract, function, data)

    def read_many_at(
        self, at: BlockReference, reads: Sequence[tuple[str, str, Sequence[Any]]]
    ) -> list[tuple[Any, ...] | None]:
        """Many reads (contract, function, arguments) at one block.

        None for what is refused, and for a contract that did not stand yet at that block.

        Raises:
            BlockMissingError: no endpoint has that state (any more).
        """
        calls = [
            (self.address_of(contract), call_data(contract, function, arguments))
            for contract, function, arguments in reads
        ]
        answers = self._connection.call_many(calls, at)
        return [
            answer_values(contract, function, answer) if answer else None
            for (contract, function, _), answer in zip(reads, answers, strict=True)
        ]

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
        self,
        contract: str,
        function: str,
        arguments: Sequence[Any],
        sender: str | None,
        at: BlockReference | None = None,
    ) -> bytes:
        data = call_data(contract, function, arguments)
        try:
            return self._connection.call(self.address_of(contract), data, sender, at)
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
        replaces: SignedCall | None = None,
    ) -> SignedCall:
        """Sign a call under a nonce; nothing is sent. Without ``gas`` it is estimated.

        With ``replaces`` it pays more than that earlier version under this nonce.

        Raises:
            TransactionRefusedError: it would revert now.
            InvalidSignatureError: the signer signed with another key than its address says.
        """
        data = call_data(contract, function, arguments)
        to = self.address_of(contract)
        return sign_transaction(
            self._connection, signer, to=to, data=data, nonce=nonce, gas=gas, replaces=replaces,
            prices=self._prices,
        )  # fmt: skip

    def sign_gas_transfer(self, signer: AccountSigner, to: str, wei: int, nonce: int) -> SignedCall:
        """Sign a payment of gas money to another account; nothing is sent."""
        return sign_transaction(self._connection, signer, to=to, wei=wei, nonce=nonce, gas=21_000)

    def send_raw(self, raw: bytes) -> str:
        """Hand signed bytes over and return their hash; handing over again is harmless.

        Raises:
            TransactionRefusedError: the node does not take it, for instance for want of gas money.
        """
        return self._connection.send_raw(raw)

    def receipt(self, transaction_hash: str) -> Receipt | None:
        """What became of a transaction; None while it has not landed."""
        return self._connection.receipt(transaction_hash)

    def transact(
        self, signer: AccountSigner, contract: str, function: str, arguments: Sequence[Any]
    ) -> Receipt:
        """Send one call and wait for it: for commands that a person waits for, not for the outbox.

        Raises:
            ContractRefusedError: the contract refuses it.
            TransactionRefusedError: the node does not take it, or it was reverted on landing.
        """
        return self.transact_all(signer, contract, function, [arguments])[0]

    def transact_all(
        self,
        signer: AccountSigner,
        contract: str,
        function: str,
        several: Sequence[Sequence[Any]],
    ) -> list[Receipt]:
        """Send calls that do not depend on each other, one behind the other, and wait for all.

        Raises:
            ContractRefusedError: the contract refuses one.
            TransactionRefusedError: the node does not take one, or it was reverted on landing.
            BehindAtStartError: see :meth:`require_current`; looked at before the first call.
        """
        if not self._was_current:
            self.require_current()
        first = self.nonce_of(signer.address)
        sent = []
        for nonce, arguments in enumerate(several, start=first):
            self.simulate(contract, function, arguments, signer.address)
            signed = self.sign_call(signer, contract, function, arguments, nonce)
            self.send_raw(signed.raw)
            sent.append(signed.hash)
        receipts = [wait_for_receipt(self._connection, each) for each in sent]
        for arguments, receipt in zip(several, receipts, strict=True):
            if not receipt.succeeded:
                # Something changed between the trial and the landing; the trial now tells what.
                self.simulate(contract, function, arguments, signer.address)
                raise ContractRefusedError(contract=contract, error="reverted", values={})
        return receipts

    def events(self, first: int, last: int, contract: str | None = None) -> list[ContractEvent]:
        """The events of one or all contracts, blocks ``first`` to ``last`` included, in order."""
        addresses = list(self._contract_of) if contract is None else [self.address_of(contract)]
        found = []
        lines = self._connection.logs(addresses, first, last)
        untold = [line.block_hash for line in lines if line.block_time is None]
        times = self._connection.block_times(untold)
        for line in lines:
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
                    block_time=line.block_time or times[line.block_hash],
                    log_index=line.log_index,
                    transaction_hash=line.transaction_hash,
                    block_hash=line.block_hash,
                )
            )
        return found
