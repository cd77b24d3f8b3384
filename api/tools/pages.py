"""``/tools/``: anyone may ask; what is entered comes by POST, is answered, and is kept nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from api.tools import views
from api.tools.questions import QUESTIONS, RULE_FIELDS, Question
from api.verifier.routes import bounded_body
from api.web.parts import Link, Words
from api.web.site import Site
from ledger.advice.answers import Answer
from ledger.errors import (
    EncodingError,
    ImpossibleFactError,
    InputError,
    ParameterMissingError,
    RefusedError,
)
from ledger.policy.steps import Step
from ledger.policy.tables import ParameterStatus

PATH: Final = "/tools/"
MAX_FORM_BYTES: Final = 8 * 1024
_MAX_FIELDS: Final = 40
_REFUSED: Final = 422
_PERMANENT: Final = 308
_STATUSES: Final = {
    ParameterStatus.PUBLISHED: Words("已公布", "published"),
    ParameterStatus.PROVISIONAL: Words("暂定", "provisional"),
    ParameterStatus.UNVERIFIED: Words("未核实", "not verified"),
    ParameterStatus.DEMO: Words("演示数值", "made up for the demonstration"),
}
_NOT_IN_TABLES: Final = Words(
    "参数表还没有这一项；请换一个年份或地区，知道计发基数的可以直接填写。",
    "The tables do not have it yet: try another year or place, or enter the benefit base if you "
    "know it.",
)
_CHECK: Final = Words("请核对所填内容后再算一次。", "Compare what you entered and estimate again.")
_WAYS: Final = frozenset({"province-option", "national-default"})
"""Steps that only say how a place does something: listed with the parameters, not as reasoning."""


def tool_pages(site: Site) -> APIRouter:
    """The list of tools, and a page for each."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/tools")
    def without_slash() -> Response:
        return RedirectResponse(PATH, _PERMANENT)

    @routes.get(PATH)
    def index(request: Request) -> Response:
        tools = tuple((Link(tool.path, tool.title), tool.lead) for tool in QUESTIONS)
        return site.page(request, "tools/index.html", views.ToolsView(tools))

    for tool in QUESTIONS:
        _add(routes, site, tool)
    return routes


def _add(routes: APIRouter, site: Site, tool: Question) -> None:
    @routes.get(tool.path)
    def ask(request: Request) -> Response:
        return site.page(request, "tools/tool.html", _form(tool, {}))

    @routes.post(tool.path)
    async def answer(request: Request) -> Response:
        values = _values(await bounded_body(request, MAX_FORM_BYTES))
        view = await run_in_threadpool(answered, tool, values)
        status = 200 if view.result is not None else _REFUSED
        return site.page(request, "tools/tool.html", view, status_code=status)


def _values(body: bytes) -> dict[str, str]:
    """The fields of a form.

    Raises:
        EncodingError: it is none.
    """
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise EncodingError(field="body", reason="it is not a form") from error
    return dict(pairs)


def answered(tool: Question, values: Mapping[str, str]) -> views.ToolView:
    """The page of a tool that was asked: the answer, or which of the values is wrong."""
    try:
        answer = tool.ask(values)
    except InputError as error:
        return _refused(tool, values, error)
    except ParameterMissingError as error:
        return replace(_form(tool, values), problem=_said(error), remedy=_NOT_IN_TABLES)
    except ImpossibleFactError as error:
        label = RULE_FIELDS.get(error.field, Words(error.field, error.field))
        problem = Words(f"{label.zh}：{error.reason_zh}。", f"{label.en}: {error.reason}.")
        return replace(_form(tool, values), problem=problem, remedy=_CHECK)
    except RefusedError as error:
        remedy = Words(error.advice("zh"), error.advice("en"))
        return replace(_form(tool, values), problem=_said(error), remedy=remedy)
    return replace(_form(tool, values), result=_result(tool, answer))


def _said(error: RefusedError) -> Words:
    return Words(error.sentence("zh"), error.sentence("en"))


def _form(
    tool: Question, values: Mapping[str, str], problems: Mapping[str, Words] | None = None
) -> views.ToolView:
    """The form with what was entered in it."""
    groups = tuple(
        replace(
            group,
            fields=tuple(
                replace(
                    field,
                    value=values.get(field.name, ""),
                    problem=(problems or {}).get(field.name),
                )
                for field in group.fields
            ),
        )
        for group in tool.fields()
    )
    others = tuple(Link(other.path, other.title) for other in QUESTIONS if other is not tool)
    return views.ToolView(tool.title, tool.lead, tool.path, groups, others)


def _refused(tool: Question, values: Mapping[str, str], error: InputError) -> views.ToolView:
    """The form with the refusal at its field, and the field named at the top."""
    names = form_names(error.field)
    problem = Words(
        f"{error.reason_zh}。{error.hint_zh}。", f"{error.reason.capitalize()}. {error.hint}."
    )
    view = _form(tool, values, dict.fromkeys(names, problem))
    labels = [field.label for group in view.groups for field in group.fields if field.problem]
    if not labels:
        return replace(view, problem=problem)
    label = labels[0]
    return replace(
        view,
        problem=Words(f"还不能测算：{label.zh}", f"It cannot be worked out yet: {label.en}"),
        remedy=problem,
    )


def form_names(field: str) -> tuple[str, ...]:
    """The names a refused field may have in a form: ``periods[1].base_fen`` is ``base_yuan_2``."""
    place, _, name = field.rpartition(".")
    number = place.partition("[")[2].rstrip("]")
    tail = f"_{int(number) + 1}" if number.isdigit() else ""
    plain = name.removesuffix("_e4")
    amount = name.removesuffix("_fen") + "_yuan" if name.endswith("_fen") else name
    return tuple(dict.fromkeys((name + tail, plain + tail, amount + tail)))


def _result(tool: Question, answer: Answer) -> views.ToolResult:
    shown = tool.show(answer.figures)
    return views.ToolResult(
        answer=shown.answer,
        facts=shown.facts,
        chart=shown.chart,
        reasons=tuple(_reason(step) for step in answer.steps if step.code not in _WAYS),
        weak_rows=tuple(dict.fromkeys(_weak_rows(answer))),
    )


def _reason(step: Step) -> views.Reason:
    status = _STATUSES[step.status] if step.grounds else None
    return views.Reason(
        text=Words(step.text("zh"), step.text("en")),
        source=step.source,
        status=status,
        is_weak=step.status is not ParameterStatus.PUBLISHED,
    )


def _weak_rows(answer: Answer) -> Iterator[str]:
    """The rows behind an answer that are not published, with their document."""
    for step in answer.steps:
        for ground in step.grounds:
            if ground.status is not ParameterStatus.PUBLISHED:
                yield f"{ground.row} ({ground.source})"
