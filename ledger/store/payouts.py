"""Payout batches and their lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, update

from ledger.store.tables.funds import payout_batches, payout_lines
from ledger.store.times import to_micros


class PayoutRepository:
    """Keeps batches and lines as plain values; `ledger.funds` gives them their meaning."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_batch(self, values: dict[str, Any], at: datetime) -> None:
        """Keep a new batch."""
        self._connection.execute(
            insert(payout_batches).values(
                **{**values, "details": json.dumps(values["details"], ensure_ascii=False)},
                proposed_at=to_micros(at),
                updated_at=to_micros(at),
            )
        )

    def add_lines(self, batch_id: str, lines: Sequence[dict[str, Any]]) -> None:
        """Keep the lines of a new batch."""
        if lines:
            self._connection.execute(
                insert(payout_lines), [{"batch_id": batch_id, **line} for line in lines]
            )

    def batch(self, batch_id: str) -> dict[str, Any] | None:
        """One batch."""
        row = (
            self._connection.execute(
                select(payout_batches).where(payout_batches.c.batch_id == batch_id)
            )
            .mappings()
            .one_or_none()
        )
        return _batch(row) if row is not None else None

    def batches(self) -> list[dict[str, Any]]:
        """All batches, newest first."""
        rows = self._connection.execute(
            select(payout_batches).order_by(
                payout_batches.c.proposed_at.desc(), payout_batches.c.first_index.desc()
            )
        ).mappings()
        return [_batch(row) for row in rows]

    def in_state(self, *states: str) -> list[dict[str, Any]]:
        """Batches in one of these states, oldest first."""
        rows = self._connection.execute(
            select(payout_batches)
            .where(payout_batches.c.state.in_(states))
            .order_by(payout_batches.c.first_index)
        ).mappings()
        return [_batch(row) for row in rows]

    def update_batch(
        self, batch_id: str, at: datetime, *, state: str, details: dict[str, str] | None = None
    ) -> None:
        """Move a batch on."""
        values: dict[str, Any] = {"state": state, "updated_at": to_micros(at)}
        if details is not None:
            values["details"] = json.dumps(details, ensure_ascii=False)
        self._connection.execute(
            update(payout_batches).where(payout_batches.c.batch_id == batch_id).values(**values)
        )

    def lines(self, batch_id: str, *states: str) -> list[dict[str, Any]]:
        """Lines of a batch in order, optionally only in some states."""
        query = select(payout_lines).where(payout_lines.c.batch_id == batch_id)
        if states:
            query = query.where(payout_lines.c.state.in_(states))
        rows = self._connection.execute(query.order_by(payout_lines.c.leaf_index)).mappings()
        return [_line(row) for row in rows]

    def line(self, batch_id: str, leaf_index: int) -> dict[str, Any] | None:
        """One line."""
        row = (
            self._connection.execute(
                select(payout_lines).where(
                    and_(
                        payout_lines.c.batch_id == batch_id, payout_lines.c.leaf_index == leaf_index
                    )
                )
            )
            .mappings()
            .one_or_none()
        )
        return _line(row) if row is not None else None

    def of_subject(self, subject: bytes) -> list[dict[str, Any]]:
        """Every line of one person, over all batches, by leaf."""
        rows = self._connection.execute(
            select(payout_lines)
            .where(payout_lines.c.subject == subject)
            .order_by(payout_lines.c.leaf_index)
        ).mappings()
        return [_line(row) for row in rows]

    def set_state(self, batch_id: str, old: Sequence[str], new: str) -> None:
        """Move all lines of a batch that are in one of ``old`` to ``new``."""
        self._connection.execute(
            update(payout_lines)
            .where(and_(payout_lines.c.batch_id == batch_id, payout_lines.c.state.in_(old)))
            .values(state=new)
        )

    def update_line(self, batch_id: str, leaf_index: int, **values: Any) -> None:
        """Change one line; ``finding`` and ``decision`` are given as dictionaries."""
        for name in ("finding", "decision"):
            if name in values:
                values[name] = json.dumps(values[name], ensure_ascii=False)
        self._connection.execute(
            update(payout_lines)
            .where(
                and_(payout_lines.c.batch_id == batch_id, payout_lines.c.leaf_index == leaf_index)
            )
            .values(**values)
        )

    def totals(self, batch_id: str, *states: str) -> tuple[int, int]:
        """How many lines are in these states, and their sum in fen."""
        row = self._connection.execute(
            select(func.count(), func.coalesce(func.sum(payout_lines.c.amount_fen), 0)).where(
                and_(payout_lines.c.batch_id == batch_id, payout_lines.c.state.in_(states))
            )
        ).one()
        return int(row[0]), int(row[1])


def _batch(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    values["details"] = json.loads(values["details"])
    values["lines_root"] = bytes(values["lines_root"])
    return values


def _line(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    values["subject"] = bytes(values["subject"])
    for name in ("finding", "decision"):
        values[name] = json.loads(values[name]) if values[name] is not None else None
    return values
