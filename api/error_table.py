"""How refusals look over HTTP: RFC 9457 problems; the domain's errors know nothing of it."""

from __future__ import annotations

from typing import Any, Final

from ledger.errors import (
    ConflictError,
    CorruptionError,
    FormTokenError,
    LedgerError,
    NotFoundError,
    NotPermittedError,
    RefusedError,
    UnavailableError,
    UsageError,
    VerificationError,
)

PROBLEM_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "urn:anxu:problem:"

_STATUS: Final[tuple[tuple[type[LedgerError], int], ...]] = (
    (NotFoundError, 404),
    (NotPermittedError, 403),
    (FormTokenError, 403),
    (ConflictError, 409),
    (RefusedError, 422),
    (VerificationError, 400),
    (UnavailableError, 503),
    (CorruptionError, 500),
    (UsageError, 400),
)


def status_of(error: LedgerError) -> int:
    """The HTTP status of a domain error; the first matching row of the table decides."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_of(error: LedgerError, reference: str) -> dict[str, Any]:
    """The RFC 9457 body: what happened, what to do, in both languages, and the reference number."""
    return {
        "type": _TYPE_PREFIX + error.code,
        "title": error.code.replace("-", " "),
        "status": status_of(error),
        "detail": error.sentence("en"),
        "detail_zh": error.sentence("zh"),
        "remedy": error.advice("en"),
        "remedy_zh": error.advice("zh"),
        "reference": reference,
        "retryable": error.retryable,
    }
