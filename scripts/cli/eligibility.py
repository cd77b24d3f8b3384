"""``anxu eligibility``: is this person entitled to a pension, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli.command import command, group
from scripts.cli.identity import read_identity
from scripts.cli.nodes import reading
from scripts.cli.options import CheckerOption, IdentityFileOption, MakerOption, NodeOption
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.benefits.model import Review


class CategoryName(StrEnum):
    """Which former pension age a person belongs to; for women a decision about the post."""

    MALE = "male"
    FEMALE_55 = "female55"
    FEMALE_50 = "female50"


CategoryOption = Annotated[
    CategoryName,
    typer.Option(
        help="The former pension age by the post: male (60), female55, female50 (退休类别).",
    ),
]
BirthOption = Annotated[
    int | None,
    typer.Option(
        metavar="YYYYMM",
        help="The birth month by the archive, where it differs from the number (档案出生年月).",
    ),
]


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "eligibility", "Who is entitled to a pension, and why (待遇资格).")
    command(app, "review")(review)
    command(app, "decide")(decide)


def review(
    out: Output,
    *,
    node: NodeOption,
    category: CategoryOption,
    birth_month: BirthOption = None,
    identity_file: IdentityFileOption = None,
) -> None:
    """Review every condition on anchored records and explain each; nothing is written (资格预审).

    The identity number is asked for, or read from a file or standard input.
    """
    from ledger.benefits.service import review_eligibility
    from ledger.policy.retirement import Category

    number = read_identity(out, identity_file)
    with reading(node) as context:
        made = review_eligibility(
            context, number, Category(category.value), birth_period=birth_month
        )
    out.result(_document(out, made), lambda: _show(out, made))


def decide(
    out: Output,
    *,
    node: NodeOption,
    category: CategoryOption,
    maker: MakerOption,
    checker: CheckerOption,
    birth_month: BirthOption = None,
    identity_file: IdentityFileOption = None,
) -> None:
    """Put a review on record under two officers' signatures (资格核定).

    The same facts in the same month are decided once; a repeated command shows the first decision.
    """
    from ledger.benefits.service import decide_eligibility
    from ledger.policy.retirement import Category

    number = read_identity(out, identity_file)
    with reading(node) as context:
        decision = decide_eligibility(
            context, number, Category(category.value), maker, checker, birth_period=birth_month
        )
    document = {
        "decision": decision.decision_id,
        "outcome": decision.outcome,
        "leaf": int(decision.leaf_index),
        "decided_at": decision.decided_at,
        "already_decided": decision.already_decided,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("核定编号", "decision"), decision.decision_id),
                (("结论", "outcome"), _outcome(out, decision.outcome)),
                (("日志位置", "leaf"), int(decision.leaf_index)),
                (("核定时间", "decided at"), decision.decided_at),
                (("此前已核定", "decided before"), decision.already_decided),
            ]
        ),
    )


def _outcome(out: Output, outcome: str) -> str:
    return out.word(("符合", "eligible") if outcome == "ELIGIBLE" else ("暂不符合", "not yet"))


def _document(out: Output, made: Review) -> dict[str, Any]:
    result = made.result
    return {
        "outcome": made.outcome,
        "as_of": made.as_of_period,
        "category": made.category,
        "birth_month": made.birth_period,
        "birth_source": made.birth_source,
        "months": made.tally.months,
        "months_pending": len(made.tally.pending),
        "months_moved": len(made.tally.moved),
        "conditions": [
            {
                "code": item.code,
                "met": item.met,
                "required": item.required,
                "actual": item.actual,
                "missing": item.missing,
                "explanation": item.explanation.text(out.language),
                "source": item.explanation.source,
                "remedies": [remedy.text(out.language) for remedy in item.remedies],
            }
            for item in result.conditions
        ],
        "first_eligible_month": result.first_eligible_period,
        "benefits_from": result.benefits_from_period,
        "explanation": result.explanation.text(out.language),
        "remarks": [remark.text(out.language) for remark in made.remarks],
    }


def _show(out: Output, made: Review) -> None:
    out.facts(
        [
            (("结论", "outcome"), _outcome(out, made.outcome)),
            (("说明", "why"), made.result.explanation.text(out.language)),
            (("累计月数", "months that count"), made.tally.months),
            (("待上链月数", "months not anchored yet"), len(made.tally.pending)),
            (("待遇起始月", "benefits from"), made.result.benefits_from_period),
        ]
    )
    out.line()
    out.table(
        [("条件", "condition"), ("满足", "met"), ("说明", "explanation"), ("办法", "what to do")],
        [
            [
                item.code,
                item.met,
                item.explanation.text(out.language),
                item.remedies[0].text(out.language) if item.remedies else None,
            ]
            for item in made.result.conditions
        ],
    )
    for remark in made.remarks:
        out.line(remark.text(out.language))
