"""Alerts and how far the rules have looked."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from ledger.store.tables.supervision import alerts, rule_progress
from ledger.store.times import from_micros, to_micros


class AlertRepository:
    """Keeps alerts as plain values; `ledger.supervision` gives them their meaning."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, alert_id: str) -> dict[str, Any] | None:
        """One alert."""
        row = (
            self._connection.execute(select(alerts).where(alerts.c.alert_id == alert_id))
            .mappings()
            .one_or_none()
        )
        return _alert(row) if row is not None else None

    def all(self) -> list[dict[str, Any]]:
        """All alerts, the gravest and newest first."""
        rows = self._connection.execute(
            select(alerts).order_by(
                alerts.c.risk.desc(), alerts.c.amount_fen.desc(), alerts.c.alert_id
            )
        ).mappings()
        return [_alert(row) for row in rows]

    def add(self, values: dict[str, Any]) -> None:
        """Keep a new alert."""
        self._connection.execute(insert(alerts).values(**_row(values)))

    def update(self, alert_id: str, **values: Any) -> None:
        """Change what became of an alert."""
        self._connection.execute(
            update(alerts).where(alerts.c.alert_id == alert_id).values(**_row(values))
        )

    def examined(self) -> dict[int, int]:
        """How many leaves of each log the rules have looked at."""
        rows = self._connection.execute(
            select(rule_progress.c.log_id, rule_progress.c.examined_size)
        )
        return {row.log_id: row.examined_size for row in rows}

    def set_examined(self, log_id: int, size: int) -> None:
        """Record how far the rules have looked in one log."""
        changed = self._connection.execute(
            update(rule_progress).where(rule_progress.c.log_id == log_id).values(examined_size=size)
        )
        if changed.rowcount == 0:
            self._connection.execute(
                insert(rule_progress).values(log_id=log_id, examined_size=size)
            )


def _row(values: dict[str, Any]) -> dict[str, Any]:
    row = dict(values)
    for name in ("evidence_final_at", "found_at"):
        if isinstance(row.get(name), datetime):
            row[name] = to_micros(row[name])
    if "evidence" in row:
        row["evidence"] = json.dumps(row["evidence"])
    return row


def _alert(row: RowMapping) -> dict[str, Any]:
    values = dict(row)
    values["evidence"] = json.loads(values["evidence"])
    values["subject"] = bytes(values["subject"])
    values["evidence_final_at"] = from_micros(values["evidence_final_at"])
    values["found_at"] = from_micros(values["found_at"])
    return values
