"""The application of one node: which rooms a bureau and a supervisor show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from api.auth.routes import sign_in_pages
from api.auth.sessions import session_middleware
from api.bureau.routes import officer_pages
from api.feed.routes import IMMUTABLE, cosignatures, entry_feed, public_log
from api.health import router as health
from api.peer.routes import router as peer
from api.person.routes import may_open, person_pages
from api.supervisor.routes import supervisor_json, supervisor_pages
from api.supervisor.standing import router as standing
from api.tools.pages import tool_pages
from api.verifier.pages import verifier_pages
from api.verifier.routes import TrustExports, prove_route, verifier_routes
from api.web.chain_pages import chain_pages
from api.web.rendering import CONTENT_SECURITY_POLICY, STATIC_FOLDER
from api.web.site import CHAIN_HEADER, Site
from ledger.errors import EncodingError, LedgerError, NotFoundError, UsageError
from ledger.node import Node

_STATIC: Final = "/static"
_NOT_FOUND: Final = 404
_SECURITY_HEADERS: Final = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def create_app(node: Node) -> FastAPI:
    """Build the application of an open node; nothing is started and nothing outside is asked."""
    context, site = node.serving, Site(node)
    app = FastAPI(
        title="Anxu 安续",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        summary="Social-security records and fund movements that anyone entitled can check.",
    )
    if site.sessions.enabled:
        middleware = session_middleware(context)
        app.add_middleware(middleware.cls, *middleware.args, **middleware.kwargs)
    app.mount(_STATIC, StaticFiles(directory=STATIC_FOLDER), name="static")
    exports = TrustExports(context)
    app.include_router(health(node))
    app.include_router(chain_pages(site))
    app.include_router(sign_in_pages(site))
    app.include_router(verifier_routes(context, exports))
    app.include_router(verifier_pages(site, exports))
    app.include_router(tool_pages(site))
    if context.settings.role == "bureau":
        _add_bureau(app, node, site)
    else:
        app.include_router(cosignatures(context))
        app.include_router(standing(context))
        app.include_router(supervisor_json(site))
        app.include_router(supervisor_pages(site))
    _add_refusals(app, site)
    _add_headers(app, site)
    return app


def _add_bureau(app: FastAPI, node: Node, site: Site) -> None:
    context, source = node.serving, node.feeds.standing

    def may_open_leaf(request: Request, index: int) -> None:
        may_open(site, request, index)

    app.include_router(public_log(context))
    app.include_router(entry_feed(context))
    app.include_router(peer(context))
    app.include_router(prove_route(context, may_open_leaf, source))
    app.include_router(officer_pages(site, source))
    app.include_router(person_pages(site, source))


def _add_headers(app: FastAPI, site: Site) -> None:
    @app.middleware("http")
    async def with_headers(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Headers that every answer has; versioned files may be kept for good."""
        answer = await call_next(request)
        for name, value in _SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        if request.url.path.startswith(_STATIC):
            if "v" in request.query_params:
                answer.headers["cache-control"] = IMMUTABLE["cache-control"]
            return answer
        answer.headers[CHAIN_HEADER] = await run_in_threadpool(site.chain_header)
        return answer


def _add_refusals(app: FastAPI, site: Site) -> None:
    @app.exception_handler(LedgerError)
    def refused(request: Request, error: LedgerError) -> Response:
        return site.refusal(request, error)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, error: RequestValidationError) -> Response:
        # The library's own answer repeats the input, which may be personal.
        places = ", ".join(".".join(str(part) for part in item["loc"]) for item in error.errors())
        return site.refusal(
            request, EncodingError(field=places, reason="it is missing or malformed")
        )

    @app.exception_handler(HTTPException)
    def turned_away(request: Request, error: HTTPException) -> Response:
        place = (error.headers or {}).get("location")
        if place is not None:
            return RedirectResponse(place, error.status_code)
        refusal = (
            NotFoundError(what="page", key="at this address")
            if error.status_code == _NOT_FOUND
            else UsageError()
        )
        return site.refusal(request, refusal, status_code=error.status_code)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> Response:
        answer = site.fault(request, error)
        answer.headers.update(_SECURITY_HEADERS)  # no middleware sees this answer
        return answer
