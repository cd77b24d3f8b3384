"""What a monthly pension would be: from the working life, the account and the place that pays."""

from __future__ import annotations

from typing import Any, Final

from ledger.advice.answers import Answer, month_text
from ledger.advice.inputs import Inputs, finish
from ledger.advice.retirement import CATEGORIES, NAMES, birth_month, chosen_shift
from ledger.policy.flexible import choose_month
from ledger.policy.index import YearBase, contribution_index
from ledger.policy.pension import Pension, PensionQuestion, pension
from ledger.policy.periods import EARLIEST_YEAR, LATEST_YEAR, MONTHS_PER_YEAR
from ledger.policy.retirement import Category, retirement
from ledger.policy.steps import Step
from ledger.policy.tables import Parameter, ParameterStatus

MOST_MONTHS: Final = 720
"""Nobody pays for more than sixty years."""
LOWEST_INDEX_E4: Final = 1
HIGHEST_INDEX_E4: Final = 100_000


def answer_pension(inputs: Inputs) -> Answer:
    """Answer ``category``, ``born``, ``region``, ``paid_months``, an index and ``balance_fen``.

    The month of retirement follows from the law, ``flexible`` moves it; ``retirement_month`` names
    it where a decision allows another (``early_by_decision``). The index is ``index`` (1.0),
    ``index_e4``, or worked out from ``years``, each with ``year``, ``months`` and
    ``base_total_fen``. ``base_fen`` replaces the benefit base of the tables.

    Raises:
        InputError: a value is missing or impossible.
        ImpossibleFactError: the values do not go together, or give no pension yet.
        ParameterMissingError: a table does not reach so far.
    """
    category, born = inputs.choice("category", CATEGORIES), birth_month(inputs)
    retired = _retirement_month(inputs, category, born)
    region = inputs.region("region")
    paid = inputs.whole("paid_months", 1, MOST_MONTHS)
    deemed = inputs.whole_or("deemed_months", 0, MOST_MONTHS, 0)
    early_paid = inputs.whole_or("early_paid_months", 0, MOST_MONTHS, 0)
    gap = inputs.whole_or("gap_months", 0, MOST_MONTHS, 0)
    balance = inputs.fen("balance")
    base = _given_base(inputs)
    early_by_decision = inputs.flag("early_by_decision")
    index_e4, index_steps = _index(inputs, region, retired, deemed, gap)
    inputs.done()
    found = pension(
        PensionQuestion(
            region=region,
            category=category,
            birth_period=born,
            retirement_period=retired,
            paid_months=paid,
            index_e4=index_e4,
            account_fen=balance,
            deemed_months=deemed,
            early_paid_months=early_paid,
            base=base,
            early_by_decision=early_by_decision,
        )
    )
    return Answer(_figures(found), (*index_steps, *found.steps))


def _retirement_month(inputs: Inputs, category: Category, born: int) -> int:
    named = inputs.optional_month("retirement_month")
    found = retirement(category, born)
    shift = chosen_shift(inputs, found)
    if named is not None and shift:
        raise inputs.refused(
            "flexible", "a month of retirement is given as well", "已填写退休年月",
            "Give one of flexible and retirement_month", "两者只填其一",
        )  # fmt: skip
    return named if named is not None else choose_month(found, shift).period


def _given_base(inputs: Inputs) -> Parameter | None:
    if not any(inputs.has(name) for name in ("base_fen", "base_yuan")):
        return None
    return Parameter(
        inputs.fen("base", minimum=1), ParameterStatus.UNVERIFIED, "entered by the asker", "given"
    )


def _index(
    inputs: Inputs, region: str, retired: int, deemed_months: int, gap_months: int
) -> tuple[int, tuple[Step, ...]]:
    if not inputs.has("years"):
        return inputs.ten_thousandths("index", LOWEST_INDEX_E4, HIGHEST_INDEX_E4), ()
    rows = inputs.rows("years")
    years = [
        YearBase(
            year=row.whole("year", EARLIEST_YEAR, LATEST_YEAR),
            months=row.whole("months", 1, MONTHS_PER_YEAR),
            base_total_fen=row.fen("base_total", minimum=1),
        )
        for row in rows
    ]
    finish(rows)
    found = contribution_index(
        years, region, retired, deemed_months=deemed_months, gap_months=gap_months
    )
    return found.index_e4, found.steps


def _figures(found: Pension) -> dict[str, Any]:
    asked = found.question
    return {
        "region": asked.region,
        "category": NAMES[asked.category],
        "born": month_text(asked.birth_period),
        "retirement_month": month_text(asked.retirement_period),
        "benefits_from": month_text(found.benefits_from_period),
        "months": asked.months,
        "minimum_months": found.minimum[0].value,
        "base_fen": found.base.value,
        "base_status": found.base.status.value,
        "index_e4": asked.index_e4,
        "balance_fen": asked.account_fen,
        "annuity_months_e1": found.annuity.tenths,
        "basic_fen": found.basic_fen,
        "account_fen": found.account_fen,
        "transition_fen": found.transition_fen,
        "addition_fen": found.addition_fen,
        "total_fen": found.total_fen,
        "provisional": found.provisional,
    }
