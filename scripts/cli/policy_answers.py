"""Gathers the values of a policy question, and tells its answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from scripts.cli.output import Output, Words

if TYPE_CHECKING:
    from ledger.advice.answers import Answer
    from ledger.advice.inputs import Inputs

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="A JSON object with the values, '-' for standard input (以 JSON 文件给出).",
    ),
]
STATUSES: Final[Mapping[str, Words]] = {
    "published": ("已公布", "published"),
    "provisional": ("暂定", "provisional"),
    "unverified": ("未核实", "unverified"),
    "demo": ("演示数值", "made up for the demonstration"),
}
_NAMES: Final[Mapping[str, Words]] = {
    "category": ("退休类别", "category"),
    "born": ("出生年月", "born"),
    "old_age_months": ("原退休年龄（月）", "former age (months)"),
    "old_age_month": ("到原年龄的年月", "former age reached"),
    "delay_months": ("延迟月数", "delayed by (months)"),
    "retirement_age_months": ("法定退休年龄（月）", "pension age (months)"),
    "statutory_month": ("法定退休年月", "pension age reached"),
    "flexible_months": ("提前或延迟月数", "earlier or later (months)"),
    "chosen_age_months": ("所选退休年龄（月）", "age chosen (months)"),
    "retirement_month": ("退休年月", "retirement"),
    "benefits_from": ("待遇起发", "benefits from"),
    "earliest_month": ("最早可选", "earliest"),
    "latest_month": ("最晚可选", "latest"),
    "minimum_months": ("最低缴费月数", "months needed"),
    "notice_by": ("最迟告知或约定", "notice by"),
    "region": ("地区", "region"),
    "months": ("月数", "months"),
    "base_fen": ("计发基数（元）", "benefit base (yuan)"),
    "base_status": ("计发基数状态", "status of the base"),
    "index_e4": ("缴费指数（万分之一）", "index (ten-thousandths)"),
    "annuity_months_e1": ("计发月数（十分之一）", "annuity months (tenths)"),
    "basic_fen": ("基础养老金（元）", "basic pension (yuan)"),
    "account_fen": ("个人账户部分（元）", "from the account (yuan)"),
    "transition_fen": ("过渡性养老金（元）", "transitional pension (yuan)"),
    "addition_fen": ("地方增发（元）", "local addition (yuan)"),
    "total_fen": ("每月合计（元）", "a month in all (yuan)"),
    "provisional": ("暂按上年基数", "base of an earlier year"),
    "through": ("计息截止", "through"),
    "opening_fen": ("期初余额（元）", "opening balance (yuan)"),
    "principal_fen": ("本金（元）", "principal (yuan)"),
    "interest_fen": ("利息（元）", "interest (yuan)"),
    "balance_fen": ("账户储存额（元）", "balance (yuan)"),
    "scope": ("转移范围", "scope"),
    "pool_fen": ("统筹部分（元）", "from the pool (yuan)"),
    "fund_fen": ("转移资金合计（元）", "money that moves (yuan)"),
    "hukou": ("户籍地", "household register"),
    "benefit_province": ("待遇领取地", "province that pays"),
    "benefit_province_zh": ("待遇领取地（中文）", "its name in Chinese"),
    "benefit_province_en": ("待遇领取地（英文）", "its name in English"),
    "reason": ("理由", "reason"),
    "months_there": ("在该地月数", "months there"),
    "relation_moves": ("关系需转移", "the relation moves"),
    "start": ("起算日", "start"),
    "working_days": ("工作日", "working days"),
    "deadline": ("期限", "deadline"),
}
"""What people read in place of a figure's name."""
_NO_DECISION: Final = (
    "以上为测算，不是核定，也不具法律效力。",
    "This is an estimate, not a decision, and binds nobody.",
)


def gather(file: Path | None, **options: Any) -> Inputs:
    """The values of a question: the options over the file.

    Raises:
        SettingsError: the file cannot be read.
        InputError: it holds no JSON object.
    """
    from ledger.advice.inputs import Inputs

    given = {} if file is None else _read(file)
    return Inputs(given | {name: value for name, value in options.items() if value is not None})


def _read(file: Path) -> dict[str, Any]:
    from ledger.errors import InputError, SettingsError

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SettingsError(setting="--file", reason="the file cannot be read") from error
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise InputError(
            "file",
            file.name,
            "it holds no JSON object",
            "内容不是 JSON 对象",
            "Write one object with the names that docs/reference/policy.md lists",
            "请按 docs/reference/policy.md 所列名称写成一个 JSON 对象",
        )
    return given


def tell(out: Output, answer: Answer) -> None:
    """Give an answer: its document, or its conclusion and how it came about."""
    document = answer.document()
    out.result(document, lambda: _show(out, answer))


def _show(out: Output, answer: Answer) -> None:
    for step in answer.steps:
        out.line(step.text(out.language))
        origin = f"{step.source}" + (
            f" [{out.word(STATUSES[step.status.value])}]" if step.grounds else ""
        )
        out.line(f"    {origin}")
    out.line()
    out.facts(
        [
            (_NAMES[name], _value(name, value))
            for name, value in answer.figures.items()
            if not isinstance(value, dict | list)
        ]
    )
    out.line()
    out.line(out.word(_NO_DECISION))


def _value(name: str, value: object) -> object:
    """A figure as people read it: amounts in yuan."""
    from ledger.policy.money import yuan_text

    return yuan_text(value) if isinstance(value, int) and name.endswith("_fen") else value
