"""Forms of what a supervisor does: each asks once more, takes a decision, and sends one act.

The file of a decision is read for its SHA-256 and not kept. What is sent is what the commands send,
under this node's own keys, and at most one act about a matter is on its way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, status
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from api.error_table import status_of
from api.supervisor.measure_views import (
    MAXIMUM_MIB,
    bureau_view,
    bureaus_view,
    close_view,
    matter_of,
    measure_view,
    offered,
)
from api.supervisor.measure_words import (
    NO_CHOICE,
    NO_DOCUMENT,
    OUT_OF_REACH,
    OUTCOMES,
    UNDER_WAY,
    refusal_words,
)
from api.supervisor.measures import Measure
from api.web.parts import Words
from api.web.proof_pages import hex_of, index_of
from api.web.site import Site
from ledger.chain.bindings import ConflictOutcome
from ledger.errors import (
    ActUnderWayError,
    ContractRefusedError,
    EncodingError,
    LedgerError,
    NotFoundError,
    UnavailableError,
)
from ledger.governing import (
    Act,
    closing_conflict,
    ending_of,
    freezing,
    lifting,
    reinstating,
    send_once,
    showing_reversal,
    suspending,
)
from ledger.supervision.service import require_proven, shown_reversal

_PAGE: Final = "supervisor/measure.html"
_MEBIBYTE: Final = 1024 * 1024
_SLACK: Final = 16 * 1024
_MAXIMUM_FIELDS: Final = 4
_ALERT_DIGITS: Final = 32
_REFUSED: Final = 422
_ACTS: Final[Mapping[Measure, Callable[[int, bytes], Act]]] = MappingProxyType(
    {
        Measure.FREEZE: freezing,
        Measure.UNFREEZE: lifting,
        Measure.SUSPEND: suspending,
        Measure.REINSTATE: reinstating,
    }
)
_Problem = tuple[Words, Words]


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """What was sent: the session's token, a choice, and the digest of the file, if one came."""

    token: str
    outcome: str
    digest: bytes | None


async def decision_form(request: Request) -> DecisionForm:
    """Read the form of a measure; a file that is too long is refused before it is read.

    Raises:
        EncodingError: it is too long, or no form at all.
    """
    limit = MAXIMUM_MIB * _MEBIBYTE
    stated = request.headers.get("content-length", "")
    if not stated.isdecimal() or int(stated) > limit + _SLACK:
        raise EncodingError(field="document", reason=f"it is longer than {MAXIMUM_MIB} MiB")
    try:
        form: FormData = await request.form(max_files=1, max_fields=_MAXIMUM_FIELDS)
    except MultiPartException as error:
        raise EncodingError(field="body", reason="it is not a form") from error
    try:
        file, digest = form.get("document"), None
        if isinstance(file, UploadFile) and file.size:
            hashed = hashlib.sha256()
            while part := await file.read(_MEBIBYTE):
                hashed.update(part)
            digest = hashed.digest()
        token, outcome = (str(form.get(name, "")) for name in ("csrf_token", "outcome"))
    finally:
        await form.close()
    return DecisionForm(token, outcome, digest)


SentForm = Annotated[DecisionForm, Depends(decision_form)]


def measure_pages(site: Site) -> APIRouter:
    """``/bureaus`` and the ends of conflicts, below ``/supervisor``; its guard comes first."""
    routes = APIRouter(include_in_schema=False)
    _add_bureaus(routes, site)
    _add_conflicts(routes, site)
    return routes


def _add_bureaus(routes: APIRouter, site: Site) -> None:
    context = site.context

    @routes.get("/bureaus")
    def bureaus(request: Request) -> Response:
        return site.page(request, "supervisor/bureaus.html", bureaus_view(context))

    @routes.get("/bureaus/{log}")
    def bureau(log: str, request: Request) -> Response:
        view = bureau_view(context, index_of(log))
        return site.page(request, "supervisor/bureau.html", view)

    @routes.get("/bureaus/{log}/{name}")
    def ask(log: str, name: str, request: Request, alert: str = "") -> Response:
        measure, log_id = _measure(name), index_of(log)
        if measure not in offered(context, log_id):
            raise NotFoundError(what="measure", key="for this bureau now")
        view = measure_view(context, log_id, measure, _alert_or_none(alert))
        return site.page(request, _PAGE, view)

    @routes.post("/bureaus/{log}/{name}")
    def take(log: str, name: str, request: Request, form: SentForm, alert: str = "") -> Response:
        site.sessions.require_form(request, form.token)
        measure, log_id, alert_id = _measure(name), index_of(log), _alert_or_none(alert)
        view = measure_view(context, log_id, measure, alert_id)  # such a bureau there is
        if form.digest is None:
            problem, code = NO_DOCUMENT, _REFUSED
        else:
            act = _ACTS[measure](log_id, form.digest)
            found = _refusal_of(lambda: send_once(context, act, matter_of(log_id, measure)))
            if found is None:
                return _to(view.back.href)
            problem, code = found
        view = measure_view(context, log_id, measure, alert_id, problem)
        return site.page(request, _PAGE, view, status_code=code)


def _add_conflicts(routes: APIRouter, site: Site) -> None:
    context = site.context

    @routes.get("/alerts/{alert}/close")
    def ask_end(alert: str, request: Request) -> Response:
        conflict_id = require_proven(context, _alert(alert))
        return site.page(request, _PAGE, close_view(context, alert, conflict_id))

    @routes.post("/alerts/{alert}/close")
    def end(alert: str, request: Request, form: SentForm) -> Response:
        site.sessions.require_form(request, form.token)
        conflict_id = require_proven(context, _alert(alert))
        if form.outcome not in OUTCOMES:
            problem, code = NO_CHOICE, _REFUSED
        elif form.digest is None:
            problem, code = NO_DOCUMENT, _REFUSED
        else:
            outcome = ConflictOutcome[form.outcome.upper().replace("-", "_")]
            act = closing_conflict(conflict_id, int(outcome), form.digest)
            found = _refusal_of(lambda: send_once(context, act, ending_of(conflict_id)))
            if found is None:
                return _to(f"/supervisor/alerts/{alert}")
            problem, code = found
        view = close_view(context, alert, conflict_id, form.outcome, problem)
        return site.page(request, _PAGE, view, status_code=code)

    @routes.post("/alerts/{alert}/reversal", dependencies=[Depends(site.sessions.require_form)])
    def show_reversal(alert: str) -> Response:
        conflict_id, which, proof = shown_reversal(context, _alert(alert))
        act = showing_reversal(context, conflict_id, which, proof)
        send_once(context, act, ending_of(conflict_id))
        return _to(f"/supervisor/alerts/{alert}")


def _refusal_of(send: Callable[[], object]) -> tuple[_Problem, int] | None:
    """Why an act was not sent, for the page that asked for it, and the status; None when it was."""
    problem: _Problem
    caught: LedgerError
    try:
        send()
    except ContractRefusedError as error:
        problem, caught = refusal_words(error.error, error.values), error
    except ActUnderWayError as error:
        problem, caught = UNDER_WAY, error
    except UnavailableError as error:
        problem, caught = OUT_OF_REACH, error
    else:
        return None
    return problem, status_of(caught)


def _measure(text: str) -> Measure:
    found = next((each for each in _ACTS if each.value == text), None)
    if found is None:
        raise NotFoundError(what="measure", key="by this name")
    return found


def _alert(text: str) -> str:
    return hex_of(text, _ALERT_DIGITS, "alert", prefix="")


def _alert_or_none(text: str) -> str:
    return _alert(text) if text else ""


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)
