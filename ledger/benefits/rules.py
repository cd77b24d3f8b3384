"""Which months count, what a review of them says, and what a decision puts on record. Pure.

A month counts once, however many lines and cities it has; it counts only once its record is final
on chain, and only at the bureau that holds the relation.

Source: 社会保险法 art. 16, 19; 人社部规〔2016〕5号; rules a.5, a.7, c.2 to c.5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from ledger.benefits.model import (
    BirthSource,
    Gap,
    LifeSegment,
    MonthRecord,
    RecordState,
    Review,
    Tally,
)
from ledger.errors import CategoryMismatchError, NotFoundError
from ledger.policy.eligibility import Condition, EligibilityQuestion, review
from ledger.policy.identifiers import IdentityNumber, Sex, birth_date_of, sex_of
from ledger.policy.overlaps import Claim, resolve_overlaps
from ledger.policy.periods import add_months, duration_text, months_between, period_of
from ledger.policy.retirement import Category, retirement
from ledger.policy.tables import Explanation

EMPLOYEE_SCHEME: Final = "PENSION_EMPLOYEE"
PAID_TYPES: Final = frozenset({"NORMAL", "ARREARS_PAID", "LUMP_SUM"})
DEEMED_TYPES: Final = frozenset({"DEEMED"})
"""Deemed months count without payment (视同缴费年限); refunded ones do not count at all."""


def parse_category(text: str) -> Category:
    """The category in ``male``, ``female-55`` or ``female-50``.

    Raises:
        NotFoundError: there is no such category.
    """
    try:
        return Category(text.replace("-", ""))
    except ValueError as error:
        raise NotFoundError(what="category", key="male, female-55, female-50") from error


def require_category(category: Category, number: IdentityNumber) -> None:
    """Refuse a category of the other sex than the identity number states.

    Raises:
        CategoryMismatchError: it is; neither value is repeated.
    """
    if (category is Category.MALE) != (sex_of(number) is Sex.MALE):
        raise CategoryMismatchError


def birth_of(
    number: IdentityNumber, archive: int | None, decided: int | None
) -> tuple[int, BirthSource]:
    """The birth month that counts, and why: the archive, an earlier decision, the number (c.2)."""
    if archive is not None:
        return archive, BirthSource.ARCHIVE
    if decided is not None:
        return decided, BirthSource.DECISION
    return period_of(birth_date_of(number)), BirthSource.IDENTITY_NUMBER


def tally(records: Iterable[MonthRecord], receiving_region: str) -> Tally:
    """Count every month once.

    Lines of one city and month are one claim (a second employer, a top-up); claims of several
    cities are an overlap, resolved as the law says.
    """
    by_state: defaultdict[RecordState, list[MonthRecord]] = defaultdict(list)
    for record in records:
        if record.contribution_type in PAID_TYPES | DEEMED_TYPES:
            by_state[record.state].append(record)
    anchored = by_state[RecordState.ANCHORED]
    paid = [record for record in anchored if record.contribution_type in PAID_TYPES]
    resolution = resolve_overlaps(_claims(paid), receiving_region)
    paid_periods = {claim.period for claim in resolution.kept}
    deemed = {record.period for record in anchored} - paid_periods
    counted = paid_periods | deemed
    pending = {record.period for record in by_state[RecordState.PENDING]} - counted
    moved = {record.period for record in by_state[RecordState.MOVED]} - counted - pending
    return Tally(
        paid=tuple(sorted(paid_periods)),
        deemed=tuple(sorted(deemed)),
        pending=tuple(sorted(pending)),
        moved=tuple(sorted(moved)),
        overlaps=resolution.overlaps,
    )


def _claims(records: Iterable[MonthRecord]) -> list[Claim]:
    lines: defaultdict[tuple[int, str], list[MonthRecord]] = defaultdict(list)
    for record in records:
        lines[record.period, record.region].append(record)
    return [
        Claim(
            period=period,
            region=region,
            record_id=min(f"{line.log_id:08d}/{line.leaf_index:016d}" for line in found),
            base_fen=sum(line.base_fen for line in found),
            account_fen=sum(line.account_fen for line in found),
        )
        for (period, region), found in lines.items()
    ]


def make_review(
    counted: Tally,
    category: Category,
    birth: tuple[int, BirthSource],
    as_of_period: int,
) -> Review:
    """Review every condition on the months that count.

    The month under review can still be paid unless it is recorded already, so paying on starts
    with it.
    """
    birth_period, birth_source = birth
    needed = retirement(category, birth_period).minimum_months
    known = {*counted.paid, *counted.deemed, *counted.pending}
    result = review(
        EligibilityQuestion(
            birth_period=birth_period,
            category=category,
            months_contributed=len(counted.paid),
            deemed_months=len(counted.deemed),
            as_of_period=as_of_period,
            completed_period=_completed_period(counted, needed),
            next_unpaid_period=(
                add_months(as_of_period, 1) if as_of_period in known else as_of_period
            ),
        )
    )
    return Review(
        as_of_period=as_of_period,
        category=category,
        birth_period=birth_period,
        birth_source=birth_source,
        tally=counted,
        result=result,
        remarks=tuple(_remarks(counted, birth_source)),
    )


def _completed_period(counted: Tally, needed: int) -> int | None:
    """The month in which the last needed month was paid; None while months are missing."""
    months = sorted([*counted.paid, *counted.deemed])
    return months[needed - 1] if len(months) >= needed else None


def _remarks(counted: Tally, birth_source: BirthSource) -> Iterable[Explanation]:
    if counted.overlaps:
        months = len(counted.overlaps)
        yield Explanation(
            f"有{months}个月在两地重复缴费，每月只计一次，先转后清",
            f"{months} months were paid in two cities; each counts once and is cleaned afterwards",
            "人社部规〔2016〕5号",
        )
    if counted.pending:
        yield Explanation(
            f"另有{len(counted.pending)}个月的记录尚未最终上链，上链后自动计入",
            f"{len(counted.pending)} more months count as soon as their records are final on chain",
            "以最终上链的记录为准",
        )
    if counted.moved:
        yield Explanation(
            f"有{len(counted.moved)}个月已随关系转出，由转入地计算",
            f"{len(counted.moved)} months moved with the relation and count in the receiving city",
            "社会保险法第十九条",
        )
    if birth_source is BirthSource.IDENTITY_NUMBER:
        yield Explanation(
            "出生年月暂按身份证号码，以档案最早记载的核定结果为准",
            "The birth month is that of the identity number until the archive record decides",
            "劳社部发〔1999〕8号",
        )


# --- the shape of a working life --------------------------------------------------------------


def segments(records: Iterable[MonthRecord]) -> tuple[LifeSegment, ...]:
    """Runs of months by city, in order; a month that moved away is part of its city's run."""
    months: defaultdict[tuple[str, bool], set[int]] = defaultdict(set)
    for record in records:
        months[record.region, record.case_id is not None].add(record.period)
    found = [
        LifeSegment(region, first, last, transferred)
        for (region, transferred), periods in months.items()
        for first, last in _runs(periods)
    ]
    return tuple(sorted(found, key=lambda item: (item.first_period, item.region)))


def gaps(periods: Iterable[int]) -> tuple[Gap, ...]:
    """The months between the first and the last one for which nothing was paid."""
    runs = _runs(set(periods))
    return tuple(
        Gap(add_months(last, 1), add_months(first, -1), months_between(last, first) - 1)
        for (_, last), (first, _) in pairwise(runs)
    )


def _runs(periods: set[int]) -> list[tuple[int, int]]:
    """First and last month of every run without a gap, in order."""
    runs: list[tuple[int, int]] = []
    for period in sorted(periods):
        if runs and add_months(runs[-1][1], 1) == period:
            runs[-1] = (runs[-1][0], period)
        else:
            runs.append((period, period))
    return runs


# --- what a decision puts on record -----------------------------------------------------------


def decision_body(
    made: Review, supersedes: Mapping[str, int] | None, release: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a decision's record, before its officers sign.

    Every condition has its figures, sentences and article, so that it can be read without us;
    ``release`` names the tables they come from: digest, log and index.
    """
    facts = made.result.retirement
    return {
        "outcome": made.outcome.value,
        "months": made.tally.months,
        "months_paid": len(made.tally.paid),
        "months_deemed": len(made.tally.deemed),
        "months_needed": facts.minimum_months,
        "months_short": made.result.months_short,
        "category": made.category.value,
        "birth_month": made.birth_period,
        "birth_source": made.birth_source.value,
        "retirement_month": facts.statutory_period,
        "eligible_month": made.result.first_eligible_period,
        "benefits_from": made.result.benefits_from_period,
        "as_of": made.as_of_period,
        "conditions": [_condition_json(condition) for condition in made.result.conditions],
        "articles": _articles(made),
        "sentence_zh": made.result.explanation.zh,
        "sentence_en": made.result.explanation.en,
        "supersedes": dict(supersedes) if supersedes is not None else None,
        "policy_release": dict(release),
    }


def _condition_json(condition: Condition) -> dict[str, Any]:
    return {
        "code": condition.code.value,
        "met": condition.met,
        "required": condition.required,
        "actual": condition.actual,
        "missing": condition.missing,
        "sentence_zh": condition.explanation.zh,
        "sentence_en": condition.explanation.en,
        "article": condition.explanation.source,
        "remedies": [
            {"zh": remedy.zh, "en": remedy.en, "article": remedy.source}
            for remedy in condition.remedies
        ],
    }


def _articles(made: Review) -> list[str]:
    sources: Sequence[str] = [
        made.result.explanation.source,
        made.result.retirement.explanation.source,
        *(condition.explanation.source for condition in made.result.conditions),
    ]
    return list(dict.fromkeys(sources))


def summary(made: Review) -> Explanation:
    """One sentence for a page: the verdict with the months it rests on."""
    zh = f"{made.result.explanation.zh}（累计{duration_text(made.tally.months)}）"
    en = f"{made.result.explanation.en} ({duration_text(made.tally.months, 'en')} in all)"
    return Explanation(zh, en, made.result.explanation.source)
