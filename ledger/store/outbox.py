"""Chain messages as rows: written with the fact they announce, sent later, landing exactly once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, update

from ledger.store.tables.chain import anchored_messages, outbox, outbox_attempts
from ledger.store.times import from_micros, to_micros

QUEUED: Final = "QUEUED"
"""Written with its fact, not signed yet."""
SIGNED: Final = "SIGNED"
"""Signed under a nonce of its own, and on its way: sent, or about to be."""
LANDED: Final = "LANDED"
"""In a block that is not final yet: a reorganisation takes it back to SIGNED."""
FINAL: Final = "FINAL"
"""In a final block, for good."""
FAILED: Final = "FAILED"
"""Refused by the contract; waits for a person."""
STUCK: Final = "STUCK"
"""Given up after its time: no fee is raised any more, a person is called. It may still land."""

UNDER_WAY: Final = (SIGNED, LANDED, STUCK)
OPEN: Final = (QUEUED, *UNDER_WAY)
ALARMING: Final = (FAILED, STUCK)
AS_QUEUED: Final[Mapping[str, Any]] = {
    "state": QUEUED,
    "nonce": None,
    "signed_block": None,
    "transaction_hash": None,
    "block": None,
    "block_hash": None,
    "gas_used": None,
    "fee_raises": 0,
    "resend_at": None,
}
"""What a message has that is to be signed anew; why, and how often it was refused, stays."""


@dataclass(frozen=True, slots=True)
class Message:
    """One call of a contract that shall land exactly once.

    ``arguments`` is JSON as `ledger.chain.bindings.decode_args` reads it. While the message is
    under way, ``nonce`` is its signer's nonce, ``signed_block`` a block at which that was free,
    ``transaction_hash`` the newest signed version or the one that landed, ``block`` and
    ``block_hash`` where. ``attempts`` counts signed versions, ``fee_raises`` and ``refusals`` (by
    nodes) those since a person last looked; it is not handed over again before ``resend_at``.
    """

    id: int
    message_key: str
    signer: str
    contract: str
    function: str
    arguments: list[Any]
    state: str
    nonce: int | None
    signed_block: int | None
    transaction_hash: str | None
    attempts: int
    fee_raises: int
    refusals: int
    resend_at: datetime | None
    last_error: str | None
    block: int | None
    block_hash: str | None
    gas_used: int | None
    queued_at: datetime
    final_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed version of a message, kept before it is first sent.

    Sending again sends these bytes; versions under one nonce differ in what they pay, and at most
    one of them can land. ``gas`` is 0 when it is not known any more.
    """

    message_id: int
    nonce: int
    transaction_hash: str
    raw: bytes
    gas: int
    max_fee_wei: int
    priority_fee_wei: int
    signed_block: int
    signed_at: datetime


class OutboxRepository:
    """Queues and tracks chain messages within the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queue(
        self,
        message_key: str,
        contract: str,
        function: str,
        arguments: list[Any],
        *,
        at: datetime,
        signer: str = "publisher",
    ) -> bool:
        """Add a message unless one with this key stands; returns whether it was added."""
        known = self._connection.execute(
            select(outbox.c.id).where(outbox.c.message_key == message_key)
        ).first()
        if known is not None:
            return False
        self._connection.execute(
            insert(outbox).values(
                message_key=message_key,
                signer=signer,
                contract=contract,
                function=function,
                arguments=json.dumps(arguments),
                state=QUEUED,
                attempts=0,
                queued_at=to_micros(at),
            )
        )
        return True

    def queue_once_anchored(
        self,
        message_key: str,
        end_index: int,
        contract: str,
        function: str,
        arguments: list[Any],
        *,
        at: datetime,
    ) -> bool:
        """Keep a publisher's message until leaves up to ``end_index`` (not included) are anchored.

        A contract that checks a range of leaves refuses it before that.

        Returns:
            Whether it was added; False when a message with this key is kept or queued already.
        """
        for table in (outbox, anchored_messages):
            known = select(table.c.message_key).where(table.c.message_key == message_key)
            if self._connection.execute(known).first() is not None:
                return False
        self._connection.execute(
            insert(anchored_messages).values(
                message_key=message_key,
                end_index=end_index,
                contract=contract,
                function=function,
                arguments=json.dumps(arguments),
                at=to_micros(at),
            )
        )
        return True

    def release_anchored(self, up_to_size: int, *, at: datetime) -> int:
        """Queue the kept messages whose leaves a final checkpoint of ``up_to_size`` holds.

        Returns:
            How many were queued: by their leaves, those of one leaf as they were kept.
        """
        rows = (
            self._connection.execute(
                select(anchored_messages)
                .where(anchored_messages.c.end_index <= up_to_size)
                .order_by(anchored_messages.c.end_index, anchored_messages.c.id)
            )
            .mappings()
            .all()
        )
        for row in rows:
            arguments = json.loads(row["arguments"])
            self.queue(row["message_key"], row["contract"], row["function"], arguments, at=at)
        self._connection.execute(
            delete(anchored_messages).where(anchored_messages.c.end_index <= up_to_size)
        )
        return len(rows)

    def waiting_for_anchor(self, up_to_size: int | None = None) -> int:
        """How many messages are kept until their leaves are anchored, or could go under a size."""
        query = select(func.count()).select_from(anchored_messages)
        if up_to_size is not None:
            query = query.where(anchored_messages.c.end_index <= up_to_size)
        return int(self._connection.execute(query).scalar_one())

    def pending(self) -> list[Message]:
        """Messages that have not landed for good, oldest first, without those refused."""
        return self._select(outbox.c.state.in_(OPEN))

    def alarms(self) -> list[Message]:
        """Messages that wait for a person, oldest first."""
        return self._select(outbox.c.state.in_(ALARMING))

    def open_signers(self) -> list[str]:
        """Who has messages that have not landed for good."""
        rows = self._connection.execute(
            select(outbox.c.signer).where(outbox.c.state.in_(OPEN)).distinct()
        )
        return sorted(row[0] for row in rows)

    def under_way(self, signer: str) -> list[Message]:
        """A signer's messages that have a nonce and are not final, by nonce."""
        found = self._select(outbox.c.signer == signer, outbox.c.state.in_(UNDER_WAY))
        return sorted(found, key=lambda message: message.nonce or 0)

    def queued(self, signer: str, limit: int) -> list[Message]:
        """A signer's next messages to sign, oldest first."""
        return self._select(outbox.c.signer == signer, outbox.c.state == QUEUED, limit=limit)

    def settled_above(self, block: int) -> list[Message]:
        """Messages whose end was in a block above this one."""
        return self._select(outbox.c.block > block, outbox.c.state.in_((FINAL, FAILED)))

    def _select(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Message]:
        query = select(outbox).where(*conditions).order_by(outbox.c.id).limit(limit)
        return [_message(row) for row in self._connection.execute(query).mappings()]

    def retry(self, message_key: str) -> bool:
        """Let a message go on after a person has mended the cause.

        One that was refused is signed anew. One that is stuck, or waits to be sent again, goes on
        under its nonce: it is handed over at once, and its fee may be raised again.

        Returns:
            False when there is no such message, or nothing to go on with.
        """
        refused = (
            update(outbox)
            .where(outbox.c.message_key == message_key, outbox.c.state == FAILED)
            .values({**AS_QUEUED, "refusals": 0, "last_error": None})
        )
        waiting = (
            update(outbox)
            .where(outbox.c.message_key == message_key, outbox.c.state.in_((SIGNED, STUCK)))
            .values(state=SIGNED, fee_raises=0, refusals=0, resend_at=None, last_error=None)
        )
        return any(self._connection.execute(change).rowcount for change in (refused, waiting))

    def attempts(self, message_id: int, nonce: int | None = None) -> list[Attempt]:
        """The signed versions of a message, under one nonce or all, newest first."""
        query = select(outbox_attempts).where(outbox_attempts.c.message_id == message_id)
        if nonce is not None:
            query = query.where(outbox_attempts.c.nonce == nonce)
        rows = self._connection.execute(query).mappings().all()
        found = [_attempt(row) for row in rows]
        return sorted(
            found, key=lambda each: (each.nonce, each.max_fee_wei, each.signed_at), reverse=True
        )

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a signed version before it is first sent; the same bytes again wait from now on."""
        known = self._connection.execute(
            select(outbox_attempts.c.message_id).where(
                outbox_attempts.c.transaction_hash == attempt.transaction_hash
            )
        ).first()
        if known is not None:
            self._connection.execute(
                update(outbox_attempts)
                .where(outbox_attempts.c.transaction_hash == attempt.transaction_hash)
                .values(signed_block=attempt.signed_block, signed_at=to_micros(attempt.signed_at))
            )
            return
        values = asdict(attempt) | {"signed_at": to_micros(attempt.signed_at)}
        self._connection.execute(insert(outbox_attempts).values(values))

    def find(self, message_key: str) -> Message | None:
        """The message with this key."""
        return next(iter(self._select(outbox.c.message_key == message_key)), None)

    def calls_of(self, contract: str, functions: Iterable[str]) -> list[Message]:
        """Every message that calls one of these functions, oldest first."""
        return self._select(outbox.c.contract == contract, outbox.c.function.in_(sorted(functions)))

    def numbered(self, number: int) -> Message | None:
        """The message with this number."""
        return next(iter(self._select(outbox.c.id == number)), None)

    def all(self) -> list[Message]:
        """Every message, oldest first."""
        return self._select()

    def highest_nonce(self, signer: str) -> int | None:
        """The highest nonce that a message of ``signer`` has used or is about to use."""
        value = self._connection.execute(
            select(func.max(outbox.c.nonce)).where(outbox.c.signer == signer)
        ).scalar_one()
        return int(value) if value is not None else None

    def hand_over(self, signer: str, former: str) -> None:
        """Let messages that an account landed count for ``former``: ``signer`` has a new account.

        Nonces are counted for each account, so the new one begins with its own.
        """
        self._connection.execute(
            update(outbox)
            .where(outbox.c.signer == signer, outbox.c.nonce.is_not(None))
            .values(signer=former)
        )

    def update(self, message_id: int, **values: Any) -> None:
        """Record progress of a message."""
        self._connection.execute(update(outbox).where(outbox.c.id == message_id).values(**values))

    def counts(self) -> Mapping[str, int]:
        """How many messages are in each state."""
        rows = self._connection.execute(
            select(outbox.c.state, func.count()).group_by(outbox.c.state)
        )
        return dict(rows.all())

    def gas_total(self) -> int:
        """Gas that final messages have used in all."""
        return int(self._connection.execute(select(func.sum(outbox.c.gas_used))).scalar_one() or 0)


def _message(row: RowMapping) -> Message:
    return Message(
        id=row["id"],
        message_key=row["message_key"],
        signer=row["signer"],
        contract=row["contract"],
        function=row["function"],
        arguments=json.loads(row["arguments"]),
        state=row["state"],
        nonce=row["nonce"],
        signed_block=row["signed_block"],
        transaction_hash=row["transaction_hash"],
        attempts=row["attempts"],
        fee_raises=row["fee_raises"],
        refusals=row["refusals"],
        resend_at=_time(row["resend_at"]),
        last_error=row["last_error"],
        block=row["block"],
        block_hash=row["block_hash"],
        gas_used=row["gas_used"],
        queued_at=from_micros(row["queued_at"]),
        final_at=_time(row["final_at"]),
    )


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        message_id=row["message_id"],
        nonce=row["nonce"],
        transaction_hash=row["transaction_hash"],
        raw=bytes(row["raw"]),
        gas=row["gas"],
        max_fee_wei=row["max_fee_wei"],
        priority_fee_wei=row["priority_fee_wei"],
        signed_block=row["signed_block"],
        signed_at=from_micros(row["signed_at"]),
    )


def _time(micros: int | None) -> datetime | None:
    return from_micros(micros) if micros is not None else None
