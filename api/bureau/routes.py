"""The pages of a bureau's officers."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, status
from fastapi.responses import RedirectResponse, Response

from api.auth.sessions import Persona, signed_in
from api.bureau import commands, views
from api.bureau.log_views import home_view, imports_view, log_view
from api.bureau.payout_views import Officers, batch_href, batch_view, batches_view
from api.bureau.transfer_views import case_href, case_number, transfer_view, transfers_view
from api.web.answers import attachment_headers
from api.web.parts import Doors, Language, Link, Role, Words
from api.web.past_pages import log_as_of_view
from api.web.proof_pages import (
    bundle_answer,
    hex_of,
    index_of,
    own_entry_view,
    travelled_entry_view,
)
from api.web.site import Site
from ledger.errors import NotFoundError
from ledger.funds.checking import check_batch
from ledger.funds.queries import batch_detail
from ledger.recording.proofs import StandingSource
from ledger.recording.seconding import choices
from ledger.transfers.model import CaseId, Side
from ledger.transfers.queries import case_detail
from ledger.transfers.reasons import WORDS

AS_OF: Final = "/log/as-of"
_ID_DIGITS: Final = 64
_DOORS: Final = Doors("/bureau/entries/{}", "/bureau/entries/{}/bundle.json")


def officer_pages(site: Site, standing_source: StandingSource | None = None) -> APIRouter:
    """Everything under ``/bureau``; every route asks first whether an officer is signed in."""
    guard = Depends(site.sessions.guard(Role.OFFICER))
    routes = APIRouter(prefix="/bureau", include_in_schema=False, dependencies=[guard])
    _add_overviews(routes, site)
    _add_entries(routes, site, standing_source)
    _add_batches(routes, site)
    _add_transfers(routes, site)
    return routes


def _add_overviews(routes: APIRouter, site: Site) -> None:
    context = site.context

    @routes.get("")
    def home(request: Request) -> Response:
        return site.page(request, "bureau/home.html", home_view(context))

    @routes.get("/log")
    def log(request: Request, before: str = "") -> Response:
        view = log_view(context, index_of(before) if before else None)
        return site.page(request, "bureau/log.html", view)

    @routes.get(AS_OF)
    def as_of(request: Request, on: str = "") -> Response:
        view = log_as_of_view(context, on, routes.prefix + AS_OF, _DOORS.page)
        return site.page(request, "as_of.html", view)

    @routes.get("/imports")
    def imported(request: Request) -> Response:
        return site.page(request, "bureau/imports.html", imports_view(context))


def _add_entries(routes: APIRouter, site: Site, standing_source: StandingSource | None) -> None:
    context = site.context

    @routes.get("/entries/{index}")
    def entry(index: str, request: Request) -> Response:
        return site.page(request, "entry.html", own_entry_view(context, index_of(index), _DOORS))

    @routes.get("/entries/{index}/bundle.json")
    def bundle(index: str) -> Response:
        return bundle_answer(context, index_of(index), standing_source)


def _add_batches(routes: APIRouter, site: Site) -> None:
    context, form = site.context, [Depends(site.sessions.require_form)]

    @routes.get("/payouts")
    def payouts(request: Request) -> Response:
        return site.page(request, "bureau/payouts.html", batches_view(context))

    @routes.get("/payouts/{batch}")
    def payout(batch: str, request: Request) -> Response:
        english = site.language(request) is Language.EN
        view = batch_view(context, _batch_id(batch), _officers(site), english=english)
        return site.page(request, "bureau/payout.html", view)

    @routes.post("/payouts/{batch}/check", dependencies=form)
    def check(batch: str) -> Response:
        check_batch(context, _batch_id(batch))
        return _back(batch_href(batch))

    @routes.post("/payouts/{batch}/decide", dependencies=form)
    def decide(
        batch: str,
        request: Request,
        line: Annotated[str, Form()] = "",
        decision: Annotated[str, Form()] = "",
    ) -> Response:
        commands.decide_suspected(
            context, _batch_id(batch), index_of(line), decision, signed_in(request), _officers(site)
        )
        return _back(batch_href(batch))

    @routes.post("/payouts/{batch}/approve", dependencies=form)
    def approve(batch: str, request: Request) -> Response:
        commands.approve(context, _batch_id(batch), signed_in(request), _officers(site))
        return _back(batch_href(batch))

    @routes.get("/payouts/{batch}/pay-file")
    def pay_file(batch: str) -> Response:
        name = batch_detail(context, _batch_id(batch)).batch.details.get("pay_file", "")
        path = context.directory / "outgoing" / name
        if not name or not path.is_file():
            raise NotFoundError(what="pay file", key="of this batch")
        headers = attachment_headers(f"anxu-pay-{batch[2:10]}.csv")
        return Response(path.read_bytes(), media_type="text/csv; charset=gb18030", headers=headers)


def _add_transfers(routes: APIRouter, site: Site) -> None:
    context, form = site.context, [Depends(site.sessions.require_form)]

    @routes.get("/transfers")
    def transfers(request: Request) -> Response:
        return site.page(request, "bureau/transfers.html", transfers_view(context))

    @routes.get("/transfers/{case}")
    def transfer(case: str, request: Request) -> Response:
        view = transfer_view(context, _case_id(case), _officers(site))
        return site.page(request, "bureau/transfer.html", view)

    @routes.get("/transfers/{case}/records/{index}")
    def record(case: str, index: str, request: Request) -> Response:
        wanted = index_of(index)
        detail = case_detail(context, CaseId(_case_id(case)))
        own = detail.row.side is Side.OLD
        found = next((r.record for r in detail.records if r.record.leaf_index == wanted), None)
        if found is None or own:
            raise NotFoundError(what="record", key="in this case")
        href = f"{case_href(case)}/records/{wanted}"
        view = travelled_entry_view(context, detail.row.old.log_id, found, href)
        return site.page(request, "entry.html", view)

    @routes.get("/transfers/{case}/{action}")
    def confirm(case: str, action: str, request: Request) -> Response:
        view = confirm_view(site, _case_id(case), _action(action), signed_in(request))
        return site.page(request, "bureau/confirm.html", view)

    @routes.post("/transfers/{case}/{action}", dependencies=form)
    def decide(
        case: str,
        action: str,
        request: Request,
        reason: Annotated[str, Form()] = "",
    ) -> Response:
        wanted = _action(action)
        choice = reason if wanted == commands.REFUSE else wanted
        commands.decide_transfer(
            context, _case_id(case), wanted, choice, signed_in(request), _officers(site)
        )
        return _back(case_href(case))


_QUESTIONS: Final = {
    commands.ACCEPT: (
        Words("接收这笔转移吗？", "Take this transfer in?"),
        Words(
            "每条记录都已与已存证的账本核对。双方签认同一份数字后，关系移交到本地。",
            "Every record was checked against the anchored log. Once both sides signed the same "
            "figures, the relation moves here.",
        ),
        Words("签认数字", "Sign the figures"),
    ),
    commands.RELEASE: (
        Words("出具信息表吗？", "Issue the information sheet?"),
        Words(
            "将核对本人记录，签发信息表，并把记录和证明密封发给新参保地。",
            "The person's records are checked, the sheet is signed, and records with their proofs "
            "go to the new city under seal.",
        ),
        Words("签发信息表", "Sign the sheet"),
    ),
    commands.REFUSE: (
        Words("退回这笔转移吗？", "Send this transfer back?"),
        Words(
            "双方账本恢复到转移之前的样子，本人会看到原因；补齐后可以重新申请。",
            "Both logs stay as they were before. The person reads the reason, and can apply again.",
        ),
        Words("退回", "Send back"),
    ),
}


def confirm_view(site: Site, case_id: str, action: str, who: Persona) -> views.ConfirmView:
    """``bureau/confirm.html`` for a step of a case.

    Raises:
        NotFoundError: there is no such case, or it does not wait for this step.
    """
    view = transfer_view(site.context, case_id, _officers(site))
    href = case_href(case_id)
    if f"{href}/{action}" not in {link.href for link in view.actions}:
        raise NotFoundError(what="step", key="in this case now")
    question, explains, button = _QUESTIONS[action]
    return views.ConfirmView(
        question=question,
        heading=Words(f"转移件 {case_number(case_id)}", f"Case {case_number(case_id)}"),
        explains=explains,
        action=f"{href}/{action}",
        button=button,
        back=Link(href, Words("先不办，回到转移件", "Not now, back to the case")),
        reasons=_reasons() if action == commands.REFUSE else (),
        first_by=_first_by(site, case_id, action, who),
    )


def _reasons() -> tuple[tuple[str, Words], ...]:
    return tuple(
        (str(int(code)), Words(WORDS[code].zh, WORDS[code].en))
        for code in commands.OFFERED_REFUSALS
    )


def _first_by(site: Site, case_id: str, action: str, who: Persona) -> Words | None:
    officers = _officers(site)
    options = [code for code, _ in _reasons()] if action == commands.REFUSE else [action]
    with site.context.read() as view:
        made = choices(view, commands.transfer_key(case_id, action), options, officers.names)
    return next((officers.words(name) for name, _ in made if name != who.officer), None)


def _officers(site: Site) -> Officers:
    return Officers.of(site.sessions.personas())


def _batch_id(text: str) -> str:
    return hex_of(text, _ID_DIGITS, "batch")


def _case_id(text: str) -> str:
    return hex_of(text, _ID_DIGITS, "transfer case")


def _action(text: str) -> str:
    if text not in _QUESTIONS:
        raise NotFoundError(what="step", key="of a case by this name")
    return text


def _back(path: str) -> RedirectResponse:
    return RedirectResponse(path, status.HTTP_303_SEE_OTHER)
