"""The page of somebody who was handed a proof: no account, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from api.verifier import views
from api.verifier.routes import TrustExports, check_proof
from api.web.parts import Fact, FactForm, Verdict, Words
from api.web.record_facts import record_facts
from api.web.site import Site
from ledger.errors import EncodingError
from ledger.evidence.bundle import MAX_BUNDLE_BYTES, OwnerOpening, ProofBundle
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import NAMES_EN, NAMES_ZH, Outcome
from ledger.evidence.verdicts import Verdict as Judgement
from ledger.policy.kinds import class_name, kind_name
from ledger.recording.context import names_of

PATH: Final = "/verify"
_MULTIPART_SLACK: Final = 16 * 1024
_MAXIMUM_FIELDS: Final = 4
_NOTHING_SENT: Final = Words(
    "没有收到证明：请选择文件或粘贴内容。", "No proof came: choose a file or paste one."
)
_UNKNOWN_ISSUER: Final = Words("信任文件中没有的机构", "a bureau that is not in the trust file")
_OUTCOMES: Final[Mapping[Outcome, Verdict]] = MappingProxyType(
    {
        Outcome.VALID: Verdict.VALID,
        Outcome.INVALID: Verdict.INVALID,
        Outcome.UNDETERMINED: Verdict.UNDETERMINED,
    }
)


def verifier_pages(site: Site, exports: TrustExports) -> APIRouter:
    """``/verify`` on every node, for anybody."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(PATH)
    def ask(request: Request) -> Response:
        return site.page(request, "verifier/verify.html", _view(site, exports))

    @routes.post(PATH)
    async def check(request: Request) -> Response:
        content = await _content(request)
        if not content.strip():
            view = _view(site, exports, problem=_NOTHING_SENT)
        else:
            bundle, judgement = await run_in_threadpool(
                check_proof, site.context, exports, content, None
            )
            view = _judged(site, exports, bundle, judgement)
        return site.page(request, "verifier/verify.html", view)

    return routes


async def _content(request: Request) -> bytes:
    """What was sent, by file or by text, within the limit.

    Raises:
        EncodingError: it is too long, or no form at all.
    """
    too_long = EncodingError(field="body", reason=f"it is longer than {MAX_BUNDLE_BYTES} bytes")
    limit = MAX_BUNDLE_BYTES + _MULTIPART_SLACK
    stated = request.headers.get("content-length", "")
    if not stated.isdecimal() or int(stated) > limit:
        raise too_long
    try:
        form: FormData = await request.form(
            max_files=1, max_fields=_MAXIMUM_FIELDS, max_part_size=limit
        )
    except MultiPartException as error:
        raise EncodingError(field="body", reason="it is not a form") from error
    try:
        file, text = form.get("bundle_file"), form.get("bundle_text")
        content = await file.read() if isinstance(file, UploadFile) else b""
        if not content and isinstance(text, str):
            content = text.encode()
    finally:
        await form.close()
    if len(content) > MAX_BUNDLE_BYTES:
        raise too_long
    return content


def _view(
    site: Site,
    exports: TrustExports,
    *,
    result: views.VerificationResult | None = None,
    problem: Words | None = None,
) -> views.VerifyView:
    trust = exports.current()
    return views.VerifyView(
        action=PATH,
        trust=views.TrustSource(
            network=Words(f"链 {trust.chain_id}", f"chain {trust.chain_id}"),
            logs=len(trust.logs),
            cosigners=len(trust.cosigners),
            dated_at=site.context.clock.now(),
        ),
        result=result,
        problem=problem,
        maximum_kib=MAX_BUNDLE_BYTES // 1024,
    )


def _judged(
    site: Site, exports: TrustExports, bundle: ProofBundle | None, judgement: Judgement
) -> views.VerifyView:
    if bundle is None:
        check = judgement.checks[0]
        return _view(site, exports, problem=Words(check.zh, check.en))
    return _view(site, exports, result=result_of(bundle, judgement, exports.current()))


def result_of(
    bundle: ProofBundle, judgement: Judgement, trust: TrustFile
) -> views.VerificationResult:
    """The verdicts as the page shows them; facts only where no evidence contradicts."""
    log = trust.log(bundle.log_id)
    recorded = _OUTCOMES[judgement.was_recorded]
    number = judgement.stands_as_of
    return views.VerificationResult(
        recorded=recorded,
        stands=_OUTCOMES[judgement.still_stands],
        issuer=Words(*names_of(log.name)) if log is not None else _UNKNOWN_ISSUER,
        checks=tuple(
            views.CheckRow(
                Words(check.title("zh"), check.title("en")),
                _OUTCOMES[check.outcome],
                Words(check.zh, check.en),
            )
            for check in judgement.checks
        ),
        facts=() if recorded is Verdict.INVALID else facts_of(bundle),
        unchecked=tuple(Words(NAMES_ZH[name], NAMES_EN[name]) for name in judgement.missing),
        recorded_at=judgement.witnessed_at,
        as_of_size=number,
        as_of_at=judgement.stands_as_of_at,
    )


def facts_of(bundle: ProofBundle) -> tuple[Fact, ...]:
    """What the proof discloses and nothing else."""
    head = bundle.opening.head
    facts = [
        Fact(Words("事项", "Matter"), Words(kind_name(head.kind), kind_name(head.kind, "en"))),
        Fact(
            Words("险种", "Insurance"),
            Words(class_name(head.class_), class_name(head.class_, "en")),
        ),
        Fact(Words("所属月份", "Month"), str(head.period), FactForm.PERIOD),
    ]
    if bundle.opening.amount_fen:
        facts.append(Fact(Words("金额", "Amount"), str(bundle.opening.amount_fen), FactForm.FEN))
    if isinstance(bundle.opening, OwnerOpening):
        facts.extend(record_facts(bundle.opening.record))
    return tuple(facts)
