"""Months insured twice (重复缴费): find them, keep one record of each, count every month once.

Cleaning follows the transfer, never holds it up (先转后清). What the person paid into the account
for a cleared month goes back to the person with its interest; the pooled part does not, nor does
the government's subsidy to a residents pension. An employee's month always stays before a
resident's: there is no choice between the two.

Source: 人社部规〔2016〕5号; 人社部发〔2014〕17号; rules a.7 (algorithm), a.10, e.4 F7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError
from ledger.policy.insurance import InsuranceKind
from ledger.policy.periods import checked_period, period_text
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "人社部规〔2016〕5号（先转后清）"
RESIDENTS_SOURCE: Final = "人社部发〔2014〕17号"
_LISTED_MONTHS: Final = 6


class RelationType(StrEnum):
    """What sort of relation a month was paid under."""

    NORMAL = "NORMAL"
    TEMPORARY = "TEMPORARY"
    SEALED_TEMPORARY = "SEALED_TEMPORARY"


class Reason(StrEnum):
    """Which rule chose the record that stays, in the order in which they are asked."""

    EMPLOYEE_SCHEME = "EMPLOYEE_SCHEME"
    PERSON_CHOICE = "PERSON_CHOICE"
    NORMAL_RELATION = "NORMAL_RELATION"
    RECEIVING_PLACE = "RECEIVING_PLACE"
    HIGHER_BASE = "HIGHER_BASE"
    EARLIER_RECORD = "EARLIER_RECORD"


@dataclass(frozen=True, slots=True)
class Claim:
    """One paid month at one place; ``record_id`` is unique and orders records by age.

    ``account_fen``: what went into the account for it; ``interest_fen``: credited on that;
    ``subsidy_fen``: the part of ``account_fen`` that the government gave (residents only).
    """

    period: int
    region: str
    record_id: str
    base_fen: int
    account_fen: int
    relation_type: RelationType = RelationType.NORMAL
    kind: InsuranceKind = InsuranceKind.PENSION_EMPLOYEE
    interest_fen: int = 0
    subsidy_fen: int = 0

    @property
    def refund_fen(self) -> int:
        """What goes back to the person if this month is cleared."""
        return self.account_fen + self.interest_fen - self.subsidy_fen


@dataclass(frozen=True, slots=True)
class Overlap:
    """One month with more than one claim: which stays, which are cleared, and why."""

    period: int
    kept: Claim
    cleared: tuple[Claim, ...]
    reason: Reason

    @property
    def refund_fen(self) -> int:
        """Account money of the cleared records, with its interest, due to the person."""
        return sum(claim.refund_fen for claim in self.cleared)


@dataclass(frozen=True, slots=True)
class Resolution(Reasoned):
    """All claims of a person, each month counted once.

    ``deemed``: the deemed months that no paid month overlaps.
    """

    kept: tuple[Claim, ...]
    overlaps: tuple[Overlap, ...]
    deemed: tuple[int, ...]
    steps: tuple[Step, ...]

    @property
    def months(self) -> int:
        """Distinct paid months of the employee pension; residents' months never count as such."""
        return sum(not _is_resident(claim) for claim in self.kept)

    @property
    def resident_months(self) -> int:
        """Distinct months paid to the residents pension alone."""
        return len(self.kept) - self.months

    @property
    def total_months(self) -> int:
        """Months that count for the employee pension: paid ones, and deemed ones beside them."""
        return self.months + len(self.deemed)

    @property
    def refund_fen(self) -> int:
        """Account money to be refunded in all, with its interest."""
        return sum(overlap.refund_fen for overlap in self.overlaps)


def find_overlaps(claims: Iterable[Claim]) -> dict[int, tuple[Claim, ...]]:
    """The months that more than one record claims, in order, with those records."""
    months = _by_period(claims)
    return {period: months[period] for period in sorted(months) if len(months[period]) > 1}


def resolve_overlaps(
    claims: Iterable[Claim],
    receiving_region: str,
    choices: Mapping[int, str] | None = None,
    deemed: Iterable[int] = (),
) -> Resolution:
    """Keep one record for every month.

    The order is: the employee scheme before the residents', the person's choice, a normal relation
    before a temporary one, the receiving place, the higher base, the earlier record.

    Args:
        claims: every paid month at every place.
        receiving_region: the place the relation moves to.
        choices: the record the person wants to keep, by month.
        deemed: months that count without payment, by an approved decision.

    Raises:
        AmountError: an amount is negative, or the subsidy more than the account money.
        ImpossibleFactError: a record claims a month twice, or a residents' month is chosen before
            an employee's.
        NotFoundError: a choice names a record that does not claim that month.
        PeriodError: a month is not one.
    """
    wanted = choices or {}
    months = _by_period(claims)
    for period, choice in wanted.items():
        _check_choice(period, choice, months.get(period, ()))
    kept: list[Claim] = []
    overlaps: list[Overlap] = []
    for period in sorted(months):
        ranked = sorted(
            months[period], key=lambda claim: _rank(claim, wanted.get(period), receiving_region)
        )
        kept.append(ranked[0])
        if len(ranked) > 1:
            reason = _reason(ranked, wanted.get(period), receiving_region)
            overlaps.append(Overlap(period, ranked[0], tuple(ranked[1:]), reason))
    counted = {claim.period for claim in kept if not _is_resident(claim)}
    deemed_alone = tuple(sorted({checked_period(period) for period in deemed} - counted))
    return Resolution(
        kept=tuple(kept),
        overlaps=tuple(overlaps),
        deemed=deemed_alone,
        steps=(
            *(_overlap_step(overlap) for overlap in overlaps),
            _conclusion(len(counted), overlaps, len(deemed_alone)),
        ),
    )


def _by_period(claims: Iterable[Claim]) -> dict[int, tuple[Claim, ...]]:
    months: defaultdict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        for field in ("base_fen", "account_fen", "interest_fen", "subsidy_fen"):
            if getattr(claim, field) < 0:
                raise AmountError(field.removesuffix("_fen"), "it is negative")
        if claim.subsidy_fen > claim.account_fen:
            raise AmountError("subsidy", "it is more than the account money of the month")
        found = months[checked_period(claim.period)]
        if any(other.record_id == claim.record_id for other in found):
            raise ImpossibleFactError(
                "record_id",
                claim.record_id,
                f"it claims {claim.period} twice",
                f"同一记录重复登记{claim.period}",
            )
        found.append(claim)
    return {period: tuple(found) for period, found in months.items()}


def _check_choice(period: int, choice: str, claims: Sequence[Claim]) -> None:
    chosen = [claim for claim in claims if claim.record_id == choice]
    if not chosen:
        raise NotFoundError("record for the month", str(period))
    if _is_resident(chosen[0]) and not all(map(_is_resident, claims)):
        raise ImpossibleFactError(
            "choice",
            choice,
            f"an employee's month stays before a resident's, also in {period}",
            f"{period}职工养老保险缴费优先于居民养老保险，不可选择",
        )


def _is_resident(claim: Claim) -> bool:
    return claim.kind is InsuranceKind.PENSION_RESIDENT


def _rank(
    claim: Claim, choice: str | None, receiving_region: str
) -> tuple[bool, bool, bool, bool, int, str]:
    return (
        _is_resident(claim),
        claim.record_id != choice,
        claim.relation_type is not RelationType.NORMAL,
        claim.region != receiving_region,
        -claim.base_fen,
        claim.record_id,
    )


def _reason(ranked: Sequence[Claim], choice: str | None, receiving_region: str) -> Reason:
    """The first rule that tells the kept record from the next one."""
    first = _rank(ranked[0], choice, receiving_region)
    second = _rank(ranked[1], choice, receiving_region)
    differing = (
        reason for reason, ours, other in zip(Reason, first, second, strict=True) if ours != other
    )
    return next(differing)


def _overlap_step(overlap: Overlap) -> Step:
    why_zh, why_en = _WHY[overlap.reason]
    figures: dict[str, Figure] = {
        "month_period": overlap.period,
        "claims": len(overlap.cleared) + 1,
        "region": overlap.kept.region,
        "why_zh": why_zh,
        "why_en": why_en,
        "refund_fen": overlap.refund_fen,
    }
    residents = overlap.reason is Reason.EMPLOYEE_SCHEME
    wording = Wording(
        f"overlap-{overlap.reason.value.lower().replace('_', '-')}",
        _KEPT_ZH,
        _KEPT_EN,
        RESIDENTS_SOURCE if residents else SOURCE,
    )
    return Step(wording, figures, (rule_parameter("overlap_refund_of_account"),))


def _conclusion(months: int, overlaps: Sequence[Overlap], deemed: int) -> Step:
    figures: dict[str, Figure] = {"months": months, "deemed": deemed, "total": months + deemed}
    if not overlaps:
        return Step(_NONE, figures)
    shown = [overlap.period for overlap in overlaps[:_LISTED_MONTHS]]
    more = len(overlaps) > len(shown)
    figures |= {
        "overlaps": len(overlaps),
        "listed_zh": "、".join(map(period_text, shown)) + ("等" if more else ""),
        "listed_en": ", ".join(period_text(period, "en") for period in shown)
        + (" and others" if more else ""),
        "refund_fen": sum(overlap.refund_fen for overlap in overlaps),
    }
    return Step(_SOME, figures, (rule_parameter("overlap_refund_of_account"),))


_KEPT_ZH: Final = (
    "{month_period}有{claims}条缴费：保留{region}的记录（{why_zh}），退还个人{refund_fen}元"
)
_KEPT_EN: Final = (
    "{month_period} has {claims} payments: that of {region} stays ({why_en}), {refund_fen} yuan go "
    "back to the person"
)
_WHY: Final = {
    Reason.EMPLOYEE_SCHEME: (
        "职工养老保险优先于居民养老保险",
        "an employee's month before a resident's",
    ),
    Reason.PERSON_CHOICE: ("本人选择", "the person's choice"),
    Reason.NORMAL_RELATION: (
        "正常关系优先于临时账户",
        "a normal relation before a temporary account",
    ),
    Reason.RECEIVING_PLACE: ("转入地", "the receiving place"),
    Reason.HIGHER_BASE: ("缴费基数较高", "the higher base"),
    Reason.EARLIER_RECORD: ("较早登记", "the earlier record"),
}
_NONE: Final = Wording(
    "overlap-none",
    "共{months}个月，无重复缴费；另视同缴费{deemed}个月，合计{total}个月",
    "{months} months, none insured twice; {deemed} deemed months beside them: {total} in all",
    SOURCE,
)
_SOME: Final = Wording(
    "overlap-resolved",
    "重复缴费{overlaps}个月（{listed_zh}），每月只计一次，共计{months}个月，另视同缴费{deemed}个月，"
    "合计{total}个月；被清理月份的个人账户本息{refund_fen}元退还本人",
    "{overlaps} months insured twice ({listed_en}), each counted once: {months} months, {deemed} "
    "deemed months beside them, {total} in all; account money and interest of the cleared months, "
    "{refund_fen} yuan, are refunded to the person",
    SOURCE,
)
