"""Chain messages as rows: written with the fact they announce, sent later, landing exactly once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from ledger.store.tables.chain import anchored_messages, outbox
from ledger.store.times import to_micros

QUEUED: Final = "QUEUED"
SIGNED: Final = "SIGNED"
FINAL: Final = "FINAL"
FAILED: Final = "FAILED"


@dataclass(frozen=True, slots=True)
class Message:
    """One call of a contract that shall land exactly once.

    ``arguments`` is JSON as `ledger.chain.bindings.decode_args` reads it; ``raw`` is the signed
    transaction, kept before it is first sent so that sending again can never make a second one.
    """

    id: int
    message_key: str
    signer: str
    contract: str
    function: str
    arguments: list[Any]
    state: str
    nonce: int | None
    transaction_hash: str | None
    raw: bytes | None
    attempts: int
    last_error: str | None
    block: int | None
    gas_used: int | None


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
        """Messages not yet final, oldest first (failed ones wait for a person and are left out)."""
        rows = self._connection.execute(
            select(outbox).where(outbox.c.state.in_([QUEUED, SIGNED])).order_by(outbox.c.id)
        ).mappings()
        return [_message(row) for row in rows]

    def retry(self, message_key: str) -> bool:
        """Queue a refused message once more, signed anew, after a person has mended the cause.

        Returns:
            False when there is no such message, or it was not refused.
        """
        changed = self._connection.execute(
            update(outbox)
            .where(outbox.c.message_key == message_key, outbox.c.state == FAILED)
            .values(state=QUEUED, nonce=None, raw=None, transaction_hash=None, last_error=None)
        )
        return changed.rowcount == 1

    def find(self, message_key: str) -> Message | None:
        """The message with this key."""
        row = (
            self._connection.execute(select(outbox).where(outbox.c.message_key == message_key))
            .mappings()
            .one_or_none()
        )
        return _message(row) if row is not None else None

    def all(self) -> list[Message]:
        """Every message, oldest first."""
        rows = self._connection.execute(select(outbox).order_by(outbox.c.id)).mappings()
        return [_message(row) for row in rows]

    def highest_nonce(self, signer: str) -> int | None:
        """The highest nonce that a signed message of ``signer`` carries."""
        value = self._connection.execute(
            select(func.max(outbox.c.nonce)).where(outbox.c.signer == signer)
        ).scalar_one()
        return int(value) if value is not None else None

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
        transaction_hash=row["transaction_hash"],
        raw=bytes(row["raw"]) if row["raw"] is not None else None,
        attempts=row["attempts"],
        last_error=row["last_error"],
        block=row["block"],
        gas_used=row["gas_used"],
    )
