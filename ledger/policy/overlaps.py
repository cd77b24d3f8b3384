"""Months insured twice (重复缴费): find them, keep one record of each, count every month once.

Cleaning follows the transfer, never holds it up (先转后清). What the person paid into the account
for a cleared month goes back to the person; the pooled part does not.

Source: 人社部规〔2016〕5号; rules a.7 (algorithm), e.4 F7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import NotFoundError
from ledger.policy.periods import checked_period, period_text
from ledger.policy.tables import Explanation

SOURCE: Final = "人社部规〔2016〕5号（先转后清）"
_LISTED_MONTHS: Final = 6


class RelationType(StrEnum):
    """What sort of relation a month was paid under."""

    NORMAL = "NORMAL"
    TEMPORARY = "TEMPORARY"


class Reason(StrEnum):
    """Which rule chose the record that stays."""

    PERSON_CHOICE = "PERSON_CHOICE"
    NORMAL_RELATION = "NORMAL_RELATION"
    RECEIVING_PLACE = "RECEIVING_PLACE"
    HIGHER_BASE = "HIGHER_BASE"
    EARLIER_RECORD = "EARLIER_RECORD"


@dataclass(frozen=True, slots=True)
class Claim:
    """One paid month at one place; ``record_id`` is unique and orders records by age."""

    period: int
    region: str
    record_id: str
    base_fen: int
    account_fen: int
    relation_type: RelationType = RelationType.NORMAL


@dataclass(frozen=True, slots=True)
class Overlap:
    """One month with more than one claim: which stays, which are cleared, and why."""

    period: int
    kept: Claim
    cleared: tuple[Claim, ...]
    reason: Reason

    @property
    def refund_fen(self) -> int:
        """Account principal of the cleared records, due to the person; interest comes on top."""
        return sum(claim.account_fen for claim in self.cleared)


@dataclass(frozen=True, slots=True)
class Resolution:
    """All claims of a person, each month counted once."""

    kept: tuple[Claim, ...]
    overlaps: tuple[Overlap, ...]
    explanation: Explanation

    @property
    def months(self) -> int:
        """Distinct paid months."""
        return len(self.kept)

    @property
    def refund_fen(self) -> int:
        """Account principal to be refunded in all."""
        return sum(overlap.refund_fen for overlap in self.overlaps)


def find_overlaps(claims: Iterable[Claim]) -> dict[int, tuple[Claim, ...]]:
    """The months that more than one record claims, in order, with those records."""
    months = _by_period(claims)
    return {period: months[period] for period in sorted(months) if len(months[period]) > 1}


def resolve_overlaps(
    claims: Iterable[Claim],
    receiving_region: str,
    choices: Mapping[int, str] | None = None,
) -> Resolution:
    """Keep one record for every month.

    The order is: the person's choice, a normal relation before a temporary one, the receiving
    place, the higher base, the earlier record.

    Args:
        claims: every paid month at every place.
        receiving_region: the place the relation moves to.
        choices: the record the person wants to keep, by month.

    Raises:
        NotFoundError: a choice names a record that does not claim that month.
    """
    wanted = choices or {}
    months = _by_period(claims)
    kept: list[Claim] = []
    overlaps: list[Overlap] = []
    for period, choice in wanted.items():
        if choice not in {claim.record_id for claim in months.get(period, ())}:
            raise NotFoundError("record for the month", str(period))
    for period in sorted(months):
        ranked = sorted(
            months[period],
            key=lambda claim: _rank(claim, wanted.get(claim.period), receiving_region),
        )
        kept.append(ranked[0])
        if len(ranked) > 1:
            reason = _reason(ranked, wanted.get(period), receiving_region)
            overlaps.append(Overlap(period, ranked[0], tuple(ranked[1:]), reason))
    return Resolution(tuple(kept), tuple(overlaps), _explain(kept, overlaps))


def _by_period(claims: Iterable[Claim]) -> dict[int, tuple[Claim, ...]]:
    months: defaultdict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        months[checked_period(claim.period)].append(claim)
    return {period: tuple(found) for period, found in months.items()}


def _rank(
    claim: Claim, choice: str | None, receiving_region: str
) -> tuple[bool, bool, bool, int, str]:
    return (
        claim.record_id != choice,
        claim.relation_type is not RelationType.NORMAL,
        claim.region != receiving_region,
        -claim.base_fen,
        claim.record_id,
    )


def _reason(ranked: list[Claim], choice: str | None, receiving_region: str) -> Reason:
    """The first rule that tells the kept record from the next one."""
    first = _rank(ranked[0], choice, receiving_region)
    second = _rank(ranked[1], choice, receiving_region)
    for reason, ours, other in zip(Reason, first, second, strict=True):
        if ours != other:
            return reason
    return Reason.EARLIER_RECORD


def _explain(kept: list[Claim], overlaps: list[Overlap]) -> Explanation:
    months = len(kept)
    if not overlaps:
        return Explanation(
            f"共{months}个月，无重复缴费", f"{months} months, none insured twice", SOURCE
        )
    shown = [overlap.period for overlap in overlaps[:_LISTED_MONTHS]]
    more = len(overlaps) > len(shown)
    listed_zh = "、".join(period_text(period) for period in shown) + ("等" if more else "")
    listed_en = ", ".join(period_text(period, "en") for period in shown) + (
        " and others" if more else ""
    )
    return Explanation(
        (
            f"重复缴费{len(overlaps)}个月（{listed_zh}），每月只计一次，共计{months}个月；"
            "被清理月份的个人账户本息退还本人"
        ),
        (
            f"{len(overlaps)} months insured twice ({listed_en}), each counted once: {months} "
            "months; the account money of the cleared months is refunded to the person"
        ),
        SOURCE,
    )
