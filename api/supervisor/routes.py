"""The pages of supervisors, and the same facts over JSON."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import RedirectResponse, Response

from api.auth.signed import SUPERVISOR_PREFIX, signed_caller
from api.supervisor.alert_schemas import (
    AlertsAnswer,
    FundEventsAnswer,
    alert_answer,
    event_answer,
)
from api.supervisor.alert_views import alert_view, alerts_view
from api.supervisor.flow import legs_of
from api.supervisor.fund_views import cities_of, funds_view, range_view
from api.supervisor.measure_routes import measure_pages
from api.supervisor.queries import home_view
from api.supervisor.transfer_views import deadlines_view
from api.web.parts import Role
from api.web.proof_pages import followed_entry_view, hex_of, index_of
from api.web.site import Site
from ledger.errors import NotPermittedError
from ledger.supervision.queries import alerts, fund_events
from ledger.supervision.service import prove_conflict

_ALERT_DIGITS: Final = 32
_SIGNATURE_HEADER: Final = "signature-input"


def supervisor_pages(site: Site) -> APIRouter:
    """Everything under ``/supervisor``; each route asks first whether a supervisor is signed in."""
    context, sessions = site.context, site.sessions
    guard = Depends(sessions.guard(Role.SUPERVISOR))
    routes = APIRouter(prefix="/supervisor", include_in_schema=False, dependencies=[guard])

    @routes.get("")
    def home(request: Request) -> Response:
        return site.page(request, "supervisor/home.html", home_view(context))

    @routes.get("/alerts")
    def suspicions(request: Request) -> Response:
        return site.page(request, "supervisor/alerts.html", alerts_view(context))

    @routes.get("/alerts/{alert}")
    def suspicion(alert: str, request: Request) -> Response:
        return site.page(request, "supervisor/alert.html", alert_view(context, _alert_id(alert)))

    @routes.post("/alerts/{alert}/prove", dependencies=[Depends(sessions.require_form)])
    def prove(alert: str) -> Response:
        prove_conflict(context, _alert_id(alert))
        return RedirectResponse(f"/supervisor/alerts/{alert}", status.HTTP_303_SEE_OTHER)

    @routes.get("/funds")
    def funds(request: Request) -> Response:
        asked = request.query_params
        start = asked.get("start", "")
        view = funds_view(
            context, asked.get("from", ""), asked.get("to", ""), index_of(start) if start else None
        )
        return site.page(request, "supervisor/fund_events.html", view)

    @routes.get("/transfers")
    def transfers(request: Request) -> Response:
        return site.page(request, "supervisor/transfers.html", deadlines_view(context))

    @routes.get("/entries/{log}")
    def entries(log: str, request: Request, event: str = "", start: str = "0") -> Response:
        view = range_view(context, index_of(log), event, index_of(start))
        return site.page(request, "supervisor/entries.html", view)

    @routes.get("/entries/{log}/{index}")
    def entry(log: str, index: str, request: Request) -> Response:
        view = followed_entry_view(context, index_of(log), index_of(index))
        return site.page(request, "entry.html", view)

    routes.include_router(measure_pages(site))
    return routes


def supervisor_json(site: Site) -> APIRouter:
    """``/api/alerts`` and ``/api/funds/events``, for a supervisor's session or signature."""
    context = site.context
    signed = signed_caller(context, SUPERVISOR_PREFIX, "a supervisor's signature")

    async def supervisor(request: Request) -> None:
        """Let a supervisor in: signed in here, or by a request signed with a supervisor's key."""
        persona = site.sessions.persona(request)
        if persona is not None and persona.role is Role.SUPERVISOR:
            return
        if _SIGNATURE_HEADER not in request.headers:
            raise NotPermittedError(
                action="this question", needed="a supervisor's session or signature"
            )
        await signed(request)

    routes = APIRouter(prefix="/api", tags=["supervision"], dependencies=[Depends(supervisor)])

    @routes.get("/alerts")
    def all_alerts() -> AlertsAnswer:
        """All suspicions, the gravest first; leaves are named, persons never."""
        return AlertsAnswer(alerts=[alert_answer(alert) for alert in alerts(context)])

    @routes.get("/funds/events")
    def all_fund_events() -> FundEventsAnswer:
        """Every movement of money that the contract announced, oldest first."""
        legs = legs_of(fund_events(context), cities_of(context))
        return FundEventsAnswer(events=[event_answer(leg) for leg in legs])

    return routes


def _alert_id(text: str) -> str:
    return hex_of(text, _ALERT_DIGITS, "alert", prefix="")
