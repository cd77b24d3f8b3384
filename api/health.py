"""Health and readiness, for machines that watch a node."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from ledger.errors import LedgerError, UnavailableError
from ledger.node import Node
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
        healthy = answers and calm and not report["stopped"]
        report["status"] = "ok" if healthy else "degraded"
        response.status_code = 200 if healthy else 503
        return report

    return routes
