"""Structured logs on standard error: one JSON object a line, with listed fields only."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

LEVELS: Final = ("debug", "info", "warning", "error")
FIELDS: Final = frozenset(
    {
        "event",
        "level",
        "at",
        "job",
        "code",
        "size",
        "log_id",
        "number",
        "block",
        "contract",
        "function",
        "reason",
        "rule",
        "alert",
        "reference",
        "kind",
        "role",
        "endpoint",
        "port",
        "signal",
        "count",
        "state",
        "step",
        "case",
        "batch",
        "seconds",
        "status",
        "method",
        "attempts",
        "error",
        "supervisor",
        "first",
        "end",
    }
)
"""The only fields that a log line may have: nothing about a person can slip in."""


def log_to_stderr(level: str) -> None:
    """Send log lines of at least ``level`` to standard error, whatever was configured before."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _allowed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=_stderr,
        cache_logger_on_first_use=False,
    )


def _stderr(*_names: str) -> structlog.PrintLogger:
    return structlog.PrintLogger(sys.stderr)


def _allowed(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {name: value for name, value in fields.items() if name in FIELDS}
