"""The application of one node: which rooms a bureau and a supervisor show."""

from __future__ import annotations

import secrets

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from api.error_table import PROBLEM_TYPE, problem_of, status_of
from api.feed.routes import cosignatures, entry_feed, public_log
from api.health import router as health
from api.peer.routes import router as peer
from api.supervisor.standing import router as standing
from ledger.errors import EncodingError, LedgerError
from ledger.node import Node

_log = structlog.get_logger("anxu.api")
_SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def create_app(node: Node) -> FastAPI:
    """Build the application of an open node; nothing is started and nothing outside is asked."""
    context = node.context
    app = FastAPI(
        title="Anxu 安续",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        summary="Social-security records and fund movements that anyone entitled can check.",
    )
    app.include_router(health(node))
    if context.settings.role == "bureau":
        app.include_router(public_log(context))
        app.include_router(entry_feed(context))
        app.include_router(peer(context))
    else:
        app.include_router(cosignatures(context))
        app.include_router(standing(context))
    _add_refusals(app)
    _add_headers(app)
    return app


def _add_headers(app: FastAPI) -> None:
    @app.middleware("http")
    async def headers(request: Request, call_next):  # type: ignore[no-untyped-def]  # noqa: ANN202
        response: Response = await call_next(request)
        for name, value in _SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _add_refusals(app: FastAPI) -> None:
    @app.exception_handler(LedgerError)
    async def refused(_request: Request, error: LedgerError) -> JSONResponse:
        return _problem(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The library's own answer repeats the input, which may be personal.
        places = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        return _problem(EncodingError(field=places, reason="it is missing or malformed"))

    @app.exception_handler(Exception)
    async def failed(_request: Request, error: Exception) -> JSONResponse:
        reference = secrets.token_hex(4)
        _log.error("fault", reference=reference, kind=type(error).__name__)
        return JSONResponse(
            problem_of(LedgerError(), reference), status_code=500, media_type=PROBLEM_TYPE
        )


def _problem(error: LedgerError) -> JSONResponse:
    reference = secrets.token_hex(4)
    _log.info("refused", reference=reference, code=error.code)
    return JSONResponse(
        problem_of(error, reference), status_code=status_of(error), media_type=PROBLEM_TYPE
    )
