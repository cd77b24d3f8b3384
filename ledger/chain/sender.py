"""Sends the outbox: every message lands on chain exactly once, whatever dies when.

A message is signed once, under a nonce that is kept with the signed bytes *before* they are first
sent. Sending again sends the same bytes, and a chain takes one transaction a nonce: so a crash
between any two steps cannot make a second one. One message of a signer is under way at a time; the
next is signed once the one before has landed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import structlog

from ledger.chain.bindings import decode_args
from ledger.chain.gateway import ChainGateway, Receipt
from ledger.errors import ContractRefusedError, TransactionRefusedError, UnknownRevertError
from ledger.evidence.encoding import LogId
from ledger.keys.ports import AccountSigner
from ledger.ports import Clock
from ledger.store.database import Database
from ledger.store.outbox import FAILED, FINAL, QUEUED, SIGNED, Message
from ledger.store.times import to_micros
from ledger.store.unit_of_work import Reading, UnitOfWork

_log = structlog.get_logger("anxu.sender")


class Sender:
    """Moves messages from QUEUED through SIGNED to FINAL (or FAILED, which waits for a person)."""

    def __init__(
        self,
        database: Database,
        log_id: LogId,
        gateway: ChainGateway,
        signers: Mapping[str, AccountSigner],
        clock: Clock,
    ) -> None:
        self._database = database
        self._log_id = log_id
        self._gateway = gateway
        self._signers = signers
        self._clock = clock

    def step(self) -> bool:
        """Move each signer's messages, oldest first, until one has to wait; whether anything moved.

        Raises:
            ChainUnavailableError: no endpoint answers; nothing is lost.
        """
        with Reading(self._database, self._log_id) as view:
            pending = view.outbox.pending()
        moved, waiting = False, set()
        for message in pending:
            if message.signer in waiting:
                continue
            moved |= self._advance(message)
            if not self._is_over(message):
                waiting.add(message.signer)
        return moved

    def _is_over(self, message: Message) -> bool:
        """Whether a message has landed for good, or waits for a person: the next one may go."""
        with Reading(self._database, self._log_id) as view:
            current = view.outbox.find(message.message_key)
        return current is not None and current.state in {FINAL, FAILED}

    def _advance(self, message: Message) -> bool:
        if message.state == QUEUED:
            signed = self._sign(message)
            if signed is None:
                return True
            message = signed
        return self._confirm(message)

    def _sign(self, message: Message) -> Message | None:
        """Sign a queued message and keep the bytes; None when the contract refuses it."""
        signer = self._signers[message.signer]
        arguments = decode_args(message.contract, message.function, message.arguments)
        try:
            self._gateway.simulate(message.contract, message.function, arguments, signer.address)
        except ContractRefusedError as refusal:
            values = json.dumps(refusal.values, default=str)
            self._fail(message, f"{refusal.contract}.{refusal.error} {values}")
            return None
        except UnknownRevertError as refusal:
            self._fail(message, refusal.code)
            return None
        nonce = self._gateway.nonce_of(signer.address)
        signed = self._gateway.sign_call(
            signer, message.contract, message.function, arguments, nonce
        )
        if not self._change(
            message,
            state=SIGNED,
            nonce=nonce,
            raw=signed.raw,
            transaction_hash=signed.hash,
            attempts=message.attempts + 1,
        ):
            return None
        with Reading(self._database, self._log_id) as view:
            return view.outbox.find(message.message_key)

    def _confirm(self, message: Message) -> bool:
        assert message.raw is not None
        assert message.transaction_hash is not None
        receipt = self._gateway.receipt(message.transaction_hash)
        if receipt is None:
            try:
                self._gateway.send_raw(message.raw)
            except TransactionRefusedError:
                return self._requeue_if_overtaken(message)
            receipt = self._gateway.receipt(message.transaction_hash)
        if receipt is None:
            return self._requeue_if_overtaken(message)
        return self._settle(message, receipt)

    def _requeue_if_overtaken(self, message: Message) -> bool:
        """Another transaction took our nonce for good: ours can never land, so it is signed anew.

        The receipt is asked for again after the nonce: ours may have landed in between.
        """
        assert message.nonce is not None
        assert message.transaction_hash is not None
        signer = self._signers[message.signer]
        if self._gateway.final_nonce_of(signer.address) <= message.nonce:
            return False
        receipt = self._gateway.receipt(message.transaction_hash)
        if receipt is not None:
            return self._settle(message, receipt)
        return self._change(message, state=QUEUED, nonce=None, raw=None, transaction_hash=None)

    def _settle(self, message: Message, receipt: Receipt) -> bool:
        if receipt.block > self._gateway.final_block():
            return False
        if not receipt.succeeded:
            self._fail(message, "the transaction was reverted")
            return True
        self._change(
            message,
            state=FINAL,
            block=receipt.block,
            gas_used=receipt.gas_used,
            last_error=None,
            final_at=to_micros(self._clock.now()),
        )
        _log.info(
            "landed", contract=message.contract, function=message.function, block=receipt.block
        )
        return True

    def _fail(self, message: Message, reason: str) -> None:
        self._change(message, state=FAILED, last_error=reason)
        _log.error("refused", contract=message.contract, function=message.function, reason=reason)

    def _change(self, message: Message, **values: Any) -> bool:
        """Record progress, unless another worker moved the message on since we read it."""
        with UnitOfWork(self._database, self._log_id) as work:
            current = work.outbox.find(message.message_key)
            if current is None or (current.state, current.transaction_hash) != (
                message.state,
                message.transaction_hash,
            ):
                return False
            work.outbox.update(message.id, **values)
            work.commit()
        return True
