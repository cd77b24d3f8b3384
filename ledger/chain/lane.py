"""One signer's messages: looked at, sent again, paid more, given up, signed - in order.

Every change is written only if the message still stands as it was read: a second worker, or a
person at the command line, is never overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from ledger.chain.bindings import decode_args
from ledger.chain.connection import BlockMissingError
from ledger.chain.gateway import Block, ChainGateway, Receipt, SignedCall
from ledger.errors import (
    ContractRefusedError,
    EndpointBehindError,
    TransactionRefusedError,
    UnavailableError,
    UnknownRevertError,
)
from ledger.evidence.encoding import LogId
from ledger.keys.ports import AccountSigner
from ledger.store.database import Database
from ledger.store.outbox import (
    AS_QUEUED,
    FAILED,
    FINAL,
    LANDED,
    SIGNED,
    STUCK,
    Attempt,
    Message,
)
from ledger.store.times import to_micros
from ledger.store.unit_of_work import Reading, UnitOfWork

_log = structlog.get_logger("anxu.sender")

SEARCHED_BLOCKS: Final = 128
"""How far below the block at which a nonce was given its use is searched: forks may be that deep.

Nodes that keep no archive have the states of about as many blocks.
"""
_REVERTS: Final = 3
"""How often a message is signed anew that passed its trial and was reverted when it landed."""
_PATIENCE: Final = 3
"""How often a message waits for a nonce that is free again before the next one takes it."""
_WINDOWS_A_STEP: Final = 4
"""How often a step signs and sends before other jobs have their turn."""


@dataclass(frozen=True, slots=True)
class SendingLimits:
    """How messages are sent; times in seconds.

    Args:
        window: how many of one signer's messages may be on their way at once.
        landed: how many may be in blocks that are not final, before the next are sent.
        resend_first_seconds: after how long a message is handed over again; doubles each time,
            three quarters to five quarters of it at random.
        resend_longest_seconds: the longest such wait.
        raise_after_seconds: how long one version waits before the next pays more.
        raise_after_blocks: how many blocks must have passed it by meanwhile: on a chain that
            stands still a higher fee helps nothing.
        raises: how often the fee is raised before a person is called.
        refusals: how often nodes may refuse a message before a person is called.
    """

    window: int = 16
    landed: int = 256
    resend_first_seconds: float = 2.0
    resend_longest_seconds: float = 15.0
    raise_after_seconds: float = 30.0
    raise_after_blocks: int = 3
    raises: int = 6
    refusals: int = 12


@dataclass(slots=True)
class LaneMemory:
    """What a lane remembers while its process lives; losing it costs a message sent once more.

    ``sent``: by message, how often it was handed over, and when it may be again. ``refused``: by
    message, the block at which the contract first refused it. ``handed_over``: whether anything was
    since the last look.
    """

    sent: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    refused: dict[int, int] = field(default_factory=dict)
    handed_over: bool = False


@dataclass(frozen=True, slots=True)
class _Change:
    """What becomes of a message, and a new signed version of it."""

    message: Message
    values: dict[str, Any]
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """One signer's messages, for one step of the sender. ``fraction`` is random, from 0 to 1."""

    name: str
    signer: AccountSigner
    database: Database
    log_id: LogId
    gateway: ChainGateway
    limits: SendingLimits
    memory: LaneMemory
    now: Callable[[], datetime]
    fraction: Callable[[], float]

    def step(self) -> bool:
        """Look at what is under way, then sign and send what may follow; whether anything moved."""
        moved = self._look()
        if self.memory.handed_over:
            moved |= self._look()  # some chains put it into a block at once
        for _ in range(_WINDOWS_A_STEP):
            if not self._fill():
                break
            moved = True
            self._look()
        return moved

    # --- what became of those under way ---------------------------------------------------------

    def _look(self) -> bool:
        self.memory.handed_over = False
        with Reading(self.database, self.log_id) as view:
            messages = view.outbox.under_way(self.name)
            versions = {each.id: view.outbox.attempts(each.id) for each in messages}
        if not messages:
            return False
        final = self.gateway.final()
        standing = self._standing(messages, final)
        messages = [each for each in messages if each.id not in standing]
        used = self.gateway.nonce_of(self.signer.address)
        receipts: dict[int, Receipt | None] = {}
        for each in messages:
            receipt = self._receipt(each, versions[each.id], used)
            if receipt is not None or (each.nonce or 0) < used:
                receipts[each.id] = receipt
        changes: list[_Change] = []
        try:
            self._look_at(messages, versions, receipts, final, changes)
        except UnavailableError:
            self._write(changes, final)
            raise
        return self._write(changes, final)

    def _look_at(
        self,
        messages: Sequence[Message],
        versions: dict[int, list[Attempt]],
        receipts: dict[int, Receipt | None],
        final: Block,
        changes: list[_Change],
    ) -> None:
        """Judge each message by its receipt, and push on those that have none."""
        held_up = False
        for message in messages:
            attempts = [each for each in versions[message.id] if each.nonce == message.nonce]
            earlier = [n.nonce for n in versions[message.id] if n.nonce < (message.nonce or 0)]
            receipt = receipts.get(message.id)
            change: _Change | None = None
            if receipt is not None:
                change = self._judge(message, receipt, versions[message.id], final)
            elif message.state == LANDED:
                change = self._undone(message)
            elif message.id in receipts:
                change = self._overtaken(message, attempts, final)
            elif not held_up:  # those behind one that is not taken would only make a gap
                change = self._push(message, attempts, max(earlier, default=None))
                held_up = self._is_held_up(message, change)
            if change is not None:
                changes.append(change)

    def _standing(self, messages: Sequence[Message], final: Block) -> set[int]:
        """Messages whose block is still the chain's, and not final: there is nothing to ask."""
        young = [each for each in messages if each.block is not None and each.block > final.number]
        hashes = {block: self._hash_of(block) for block in {each.block for each in young}}
        return {each.id for each in young if hashes[each.block] == each.block_hash}

    def _hash_of(self, block: int | None) -> str | None:
        try:
            return self.gateway.block_hash(block) if block is not None else None
        except BlockMissingError:
            return None

    @staticmethod
    def _is_held_up(message: Message, change: _Change | None) -> bool:
        """Whether a message is not taken now, or waits because it was not."""
        return message.resend_at is not None if change is None else "refusals" in change.values

    def _receipt(self, message: Message, attempts: Sequence[Attempt], used: int) -> Receipt | None:
        """What became of a message: the receipt of whichever version landed.

        Versions under a nonce that was given up had no effect then. After a deep reorganisation one
        may have: then the message has landed by it, and its newer versions must not.
        """
        for attempt in attempts:
            if attempt.nonce >= used:
                continue
            receipt = self.gateway.receipt(attempt.transaction_hash)
            if receipt is not None and (attempt.nonce == message.nonce or receipt.succeeded):
                return receipt
        return None

    def _judge(
        self, message: Message, receipt: Receipt, attempts: Sequence[Attempt], final: Block
    ) -> _Change | None:
        """A message has landed: for good, or not yet; as it should, or reverted."""
        landed = (each for each in attempts if each.transaction_hash == receipt.transaction_hash)
        place: dict[str, Any] = {
            "nonce": next(landed).nonce,
            "transaction_hash": receipt.transaction_hash,
            "block": receipt.block,
            "block_hash": receipt.block_hash,
            "gas_used": receipt.gas_used,
        }
        if not self._is_final(receipt, final):
            known = (message.state, message.block_hash, message.transaction_hash)
            if known == (LANDED, receipt.block_hash, receipt.transaction_hash):
                return None
            return _Change(message, place | {"state": LANDED, "last_error": None})
        self.memory.sent.pop(message.id, None)
        if receipt.succeeded:
            final_at = to_micros(self.now())
            values = {"state": FINAL, "last_error": None, "resend_at": None, "final_at": final_at}
            return _Change(message, place | values)
        reason = "the transaction was reverted"
        reverts = message.refusals + 1
        if reverts < _REVERTS:
            # It had no effect, for good. The next trial tells what the contract has against it.
            return _Change(message, {**AS_QUEUED, "refusals": reverts, "last_error": reason})
        return _Change(message, place | {"state": FAILED, "last_error": reason})

    def _is_final(self, receipt: Receipt, final: Block) -> bool:
        if receipt.block > final.number:
            return False
        if receipt.block == final.number:
            return receipt.block_hash == final.hash
        return self.gateway.block_hash(receipt.block) == receipt.block_hash

    def _undone(self, message: Message) -> _Change:
        """A reorganisation took it out of its block: the same bytes are sent again."""
        self.memory.sent.pop(message.id, None)
        nowhere = {"block": None, "block_hash": None, "gas_used": None, "resend_at": None}
        return _Change(message, nowhere | {"state": SIGNED})

    def _overtaken(
        self, message: Message, attempts: Sequence[Attempt], final: Block
    ) -> _Change | None:
        """Its nonce is used, and it has no receipt: sign anew once another's use of it is final.

        The transaction that used the nonce is looked up in its block. An endpoint that has merely
        not indexed ours yet, or is on another fork, can so never make us sign a second one.
        """
        if message.resend_at is not None and message.resend_at > self.now():
            return None
        assert message.nonce is not None
        first = max(0, min(message.signed_block or 0, final.number) - SEARCHED_BLOCKS)
        try:
            taker = self.gateway.taker_of(self.signer.address, message.nonce, first, final.number)
        except BlockMissingError as error:
            return self._held_up(message, f"nonce {message.nonce} is used; {error.reason}")
        if taker is None or taker in {each.transaction_hash for each in attempts}:
            return None
        _log.warning(
            "overtaken", contract=message.contract, function=message.function, number=message.nonce
        )
        return _Change(message, dict(AS_QUEUED))

    def _push(
        self, message: Message, attempts: Sequence[Attempt], given_up: int | None
    ) -> _Change | None:
        """Hand a message over again when its time has come, for more when it waited too long.

        ``given_up`` is the last nonce that it had before, because another used that one for good.
        Where that is not so any more, after a deep reorganisation, nothing is handed over: under
        both nonces it could land twice.
        """
        now = self.now()
        times, due = self.memory.sent.get(message.id, (0, now))
        if message.resend_at is not None:
            due = max(due, message.resend_at)
        if due > now:
            return None
        if given_up is not None and self.gateway.final_nonce_of(self.signer.address) <= given_up:
            return self._held_up(
                message, f"nonce {given_up}, which another had used, is free again"
            )
        newest = attempts[0]
        if message.state == SIGNED and (
            (times and self._waited(newest, now)) or (message.refusals and self._is_cheap(newest))
        ):
            return self._pay_more(message, newest)
        return self._hand_over(message, attempts)

    def _is_cheap(self, newest: Attempt) -> bool:
        """Whether gas costs more by now than a version pays that a node refused."""
        return self.gateway.gas_price() > newest.max_fee_wei

    def _waited(self, newest: Attempt, now: datetime) -> bool:
        """Whether blocks have gone by for long enough without the newest version in one."""
        if now - newest.signed_at < timedelta(seconds=self.limits.raise_after_seconds):
            return False
        head = self.gateway.latest_block().number
        return head - newest.signed_block >= self.limits.raise_after_blocks

    def _pay_more(self, message: Message, newest: Attempt) -> _Change:
        """Sign another version under the same nonce that pays more, or call a person.

        Where gas is free the bytes are the same again, and only the waiting is counted.
        """
        if message.fee_raises >= self.limits.raises:
            waited = f"it did not land with {message.attempts} signed versions"
            return _Change(message, {"state": STUCK, "last_error": waited})
        assert message.nonce is not None
        before = SignedCall(
            newest.raw,
            newest.transaction_hash,
            newest.gas,
            newest.max_fee_wei,
            newest.priority_fee_wei,
        )
        arguments = decode_args(message.contract, message.function, message.arguments)
        try:
            signed = self.gateway.sign_call(
                self.signer,
                message.contract,
                message.function,
                arguments,
                message.nonce,
                replaces=before,
            )
        except TransactionRefusedError as error:
            return self._held_up(message, error.reason)
        self.memory.sent.pop(message.id, None)
        values = {
            "transaction_hash": signed.hash,
            "attempts": message.attempts + (signed.hash != newest.transaction_hash),
            "fee_raises": message.fee_raises + 1,
        }
        _log.warning(
            "paying more", contract=message.contract, function=message.function,
            attempts=values["attempts"],
        )  # fmt: skip
        return _Change(message, values, self._attempt(message.id, message.nonce, signed))

    def _hand_over(self, message: Message, attempts: Sequence[Attempt]) -> _Change | None:
        """Give the newest version to the chain; if it does not take that, an older one."""
        reason = "there is nothing to send"
        for attempt in attempts:
            try:
                self.gateway.send_raw(attempt.raw)
            except TransactionRefusedError as error:
                reason = error.reason if attempt is attempts[0] else reason
                continue
            times = self.memory.sent.get(message.id, (0, self.now()))[0] + 1
            self.memory.handed_over = True
            self.memory.sent[message.id] = (times, self.now() + self._pause(times))
            return _Change(message, {"resend_at": None}) if message.resend_at else None
        return self._held_up(message, reason)

    def _held_up(self, message: Message, reason: str) -> _Change:
        """A message cannot be handed over or judged now: wait longer each time, then call."""
        refusals = message.refusals + 1
        given_up = refusals >= self.limits.refusals
        values = {
            "refusals": refusals,
            "resend_at": to_micros(self.now() + self._pause(refusals)),
            "last_error": reason,
        }
        return _Change(message, values | ({"state": STUCK} if given_up else {}))

    def _pause(self, times: int) -> timedelta:
        """How long to wait after so many times: doubling, bounded, spread at random."""
        limits = self.limits
        doubled = limits.resend_first_seconds * 2 ** min(times - 1, 16)
        seconds = min(doubled, limits.resend_longest_seconds)
        return timedelta(seconds=seconds * (0.75 + self.fraction() / 2))

    # --- what may follow ------------------------------------------------------------------------

    def _fill(self) -> bool:
        """Sign and send the next messages, as many as may be under way; whether there were any."""
        with Reading(self.database, self.log_id) as view:
            ahead = view.outbox.under_way(self.name)
            waiting = view.outbox.queued(self.name, self._room(ahead))
            highest = view.outbox.highest_nonce(self.name)
            given_up = self._given_up(view, ahead)
        if waiting and given_up is not None and self._is_free(given_up):
            return self._sign_and_send(waiting[0], given_up)
        if not waiting or any(each.state == STUCK or each.resend_at for each in ahead):
            return False
        used = self.gateway.nonce_of(self.signer.address)
        if any(each.state == SIGNED and (each.nonce or 0) < used for each in ahead):
            return False  # landed just now, or overtaken: looked at first
        self._require_caught_up(ahead, used, highest)
        head = self.gateway.latest_block()
        nonce = max([used, *((each.nonce or 0) + 1 for each in ahead)])
        changes: list[_Change] = []
        refused = False
        for message in waiting:
            change = self._sign(message, nonce, head, is_first=not ahead and not changes)
            if change is None:
                break
            if change.attempt is None:  # refused for good: nobody waits for it
                refused |= self._write([change])
                continue
            changes.append(change)
            nonce += 1
        if not self._write(changes):
            return refused
        self._send(changes)
        return True

    @staticmethod
    def _given_up(view: Reading, ahead: Sequence[Message]) -> int | None:
        """The nonce that the first message gave up last, if it waits for it (:meth:`_push`)."""
        if not ahead or ahead[0].refusals < _PATIENCE:
            return None
        tried = view.outbox.attempts(ahead[0].id)
        return max(
            (each.nonce for each in tried if each.nonce < (ahead[0].nonce or 0)), default=None
        )

    def _is_free(self, nonce: int) -> bool:
        """Whether a nonce is the account's next one, also by what is final."""
        address = self.signer.address
        return self.gateway.nonce_of(address) == nonce == self.gateway.final_nonce_of(address)

    def _sign_and_send(self, message: Message, nonce: int) -> bool:
        """Let one message go ahead under a nonce that is free again; whether it does."""
        change = self._sign(message, nonce, self.gateway.latest_block(), is_first=False)
        if change is None or not self._write([change]):
            return False
        self._send([change])
        return True

    def _room(self, ahead: Sequence[Message]) -> int:
        """How many more messages may be signed."""
        landed = sum(each.state == LANDED for each in ahead)
        on_their_way = len(ahead) - landed
        return max(0, min(self.limits.window - on_their_way, self.limits.landed - landed))

    def _require_caught_up(self, ahead: Sequence[Message], used: int, highest: int | None) -> None:
        """Refuse to sign by a chain that does not show what has landed already."""
        if not ahead and highest is not None and used <= highest:
            raise EndpointBehindError(endpoint=self.gateway.endpoint, number=used, seen=highest + 1)

    def _sign(self, message: Message, nonce: int, head: Block, *, is_first: bool) -> _Change | None:
        """Sign a queued message; None when it has to wait for those ahead, or for finality."""
        arguments = decode_args(message.contract, message.function, message.arguments)
        contract, function = message.contract, message.function
        try:
            self.gateway.simulate(contract, function, arguments, self.signer.address)
            signed = self.gateway.sign_call(self.signer, contract, function, arguments, nonce)
        except (ContractRefusedError, UnknownRevertError) as refusal:
            return self._refused(message, refusal, head) if is_first else None
        except TransactionRefusedError:
            return None  # the state changed since the trial: try again
        self.memory.refused.pop(message.id, None)
        values = {
            "state": SIGNED,
            "nonce": nonce,
            "signed_block": head.number,
            "transaction_hash": signed.hash,
            "attempts": message.attempts + 1,
        }
        return _Change(message, values, self._attempt(message.id, nonce, signed, head))

    def _refused(
        self, message: Message, refusal: ContractRefusedError | UnknownRevertError, head: Block
    ) -> _Change | None:
        """The contract refuses it; that counts once the state by which it does is final."""
        since = self.memory.refused.setdefault(message.id, head.number)
        if self.gateway.final().number < since:
            return None
        del self.memory.refused[message.id]
        if isinstance(refusal, ContractRefusedError):
            values = json.dumps(refusal.values, default=str)
            reason = f"{refusal.contract}.{refusal.error} {values}"
        else:
            reason = refusal.code
        return _Change(message, {"state": FAILED, "last_error": reason})

    def _send(self, changes: Sequence[_Change]) -> None:
        """Hand over what was just signed, in order; after one that is not taken, no more."""
        for change in changes:
            assert change.attempt is not None
            signed = replace(change.message, **change.values)
            held_up = self._hand_over(signed, [change.attempt])
            if held_up is not None:
                self._write([held_up])
                return

    def _attempt(
        self, message_id: int, nonce: int, signed: SignedCall, head: Block | None = None
    ) -> Attempt:
        head = head or self.gateway.latest_block()
        return Attempt(
            message_id=message_id,
            nonce=nonce,
            transaction_hash=signed.hash,
            raw=signed.raw,
            gas=signed.gas,
            max_fee_wei=signed.max_fee_wei,
            priority_fee_wei=signed.priority_fee_wei,
            signed_block=head.number,
            signed_at=self.now(),
        )

    # --- writing --------------------------------------------------------------------------------

    def _write(self, changes: Sequence[_Change], final: Block | None = None) -> bool:
        """Write all changes at once, unless a message does not stand any more as it was read.

        With the ends of messages goes the final block by which they were judged.
        """
        if not changes:
            return False
        with UnitOfWork(self.database, self.log_id) as work:
            for change in changes:
                current = work.outbox.find(change.message.message_key)
                if current != change.message:
                    return False
                work.outbox.update(change.message.id, **change.values)
                if change.attempt is not None:
                    work.outbox.add_attempt(change.attempt)
            if final is not None and any("final_at" in each.values for each in changes):
                work.finality.note(final.number, final.hash, self.now())
            work.commit()
        for change in changes:
            _say(change)
        return True


def _say(change: _Change) -> None:
    """A line in the log for what a person may want to know."""
    message, values = change.message, change.values
    state = values.get("state", message.state)
    if state == message.state:
        return
    named = {"contract": message.contract, "function": message.function}
    if state == FINAL:
        _log.info("landed", **named, block=values["block"])
    elif state == FAILED:
        _log.error("refused", **named, reason=values["last_error"])
    elif state == STUCK:
        _log.critical("given up", **named, reason=values["last_error"])
    elif message.state == LANDED:
        _log.warning("undone by a reorganisation", **named, block=message.block)
