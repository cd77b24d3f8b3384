"""Health and readiness, for machines that watch a node."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from ledger.errors import LedgerError, UnavailableError
from ledger.node import Node
from ledger.store.events import IndexCursor
from ledger.store.outbox import STUCK


def router(node: Node) -> APIRouter:
    """``/health``: the process answers. ``/ready``: database and chain answer, no job stopped."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health")
    def health() -> dict[str, str]:
        """Whether the process answers."""
        return {"status": "ok"}

    @routes.get("/ready")
    def ready(response: Response) -> dict[str, Any]:
        """Whether everything needed answers; 503 while something does not, with its name."""
        context = node.context
        calm = True
        report: dict[str, Any] = {
            "role": context.settings.role,
            "log_id": int(context.log_id),
            "waiting": dict(node.worker.waiting),
            "stopped": dict(node.worker.stopped),
        }
        try:
            with context.read() as view:
                report["outbox"] = dict(view.outbox.counts())
                alarms = view.outbox.alarms()
                replaced = view.finality.open_reorganisation()
                report["messages_for_a_person"] = len(alarms)
                report["final_blocks_replaced"] = replaced is not None
                calm = replaced is None and all(each.state != STUCK for each in alarms)
                cursor, outage = view.events.cursor(), view.contact.outage()
                report["index"] = index_report(cursor)
                report["chain_out_since"] = outage.since.isoformat() if outage else None
                calm = calm and (cursor is None or cursor.trouble is None)
                report["unfinished_imports"] = len(view.imports.all_unfinished())
            report["database"] = "ok"
        except UnavailableError as error:
            report["database"] = error.code
        try:
            report["final_block"] = context.chain.gateway.final_block()
            report["chain"] = "ok"
        except LedgerError as error:  # out of reach, or another chain than the manifest's
            report["chain"] = error.code
        answers = report["database"] == report["chain"] == "ok"
        report["endpoints"] = [
            {"endpoint": each.endpoint, "state": each.state.value, "block": each.block,
             "reason": each.reason}
            for each in context.chain.gateway.health()
        ]  # fmt: skip
        healthy = answers and calm and not report["stopped"]
        report["status"] = "ok" if healthy else "degraded"
        response.status_code = 200 if healthy else 503
        return report

    return routes


def index_report(cursor: IndexCursor | None) -> dict[str, Any] | None:
    """How far the event index is, and why it stands still; None before its first block."""
    if cursor is None:
        return None
    return {
        "block": cursor.block,
        "final_block": cursor.final_block,
        "lag_blocks": cursor.lag_blocks,
        "lag_seconds": cursor.lag_seconds,
        "checked_block": cursor.checked_block,
        "trouble": dict(cursor.trouble) if cursor.trouble is not None else None,
    }
