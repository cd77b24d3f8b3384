"""Lump-sum payments for past months (一次性缴费): which ones count.

Three years or more at once count only with a document. Before December 2016 the old place gives a
written commitment; since then a court, an audit office, labour inspection or arbitration must have
issued a document before the payment: one that came later does not heal it.

Source: 人社部规〔2016〕5号 (the day memory-M); 人社厅发〔2019〕94号; rules a.7, e.4 F13.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

FIRST_NOTICE_ON: Final = date(2016, 11, 28)
SOURCE: Final = "人社部规〔2016〕5号；人社厅发〔2019〕94号"


@dataclass(frozen=True, slots=True)
class LumpSum:
    """One lump sum; ``document_on``: when its legal document was issued.

    ``commitment``: whether the old place gave a written commitment.
    """

    months: int
    paid_on: date
    document_on: date | None = None
    commitment: bool = False


@dataclass(frozen=True, slots=True)
class LumpSumReview(Reasoned):
    """Whether the months of a lump sum count, and why; the step's code names the reason."""

    counts: bool
    steps: tuple[Step, ...]


def review_lump_sum(payment: LumpSum) -> LumpSumReview:
    """Say whether a lump sum counts.

    Raises:
        ImpossibleFactError: it is for no month.
    """
    if payment.months < 1:
        raise ImpossibleFactError(
            "months", payment.months, "a lump sum is for at least one month", "至少为一个月"
        )
    limit = rule_parameter("lump_sum_document_months")
    figures: dict[str, Figure] = {"months": payment.months, "limit": limit.value}
    counts, wording = _judge(payment, limit.value)
    return LumpSumReview(counts, (Step(wording, figures, (limit,)),))


def _judge(payment: LumpSum, limit: int) -> tuple[bool, Wording]:
    if payment.months < limit:
        return True, _SHORT
    if payment.paid_on < FIRST_NOTICE_ON:
        return (True, _COMMITTED) if payment.commitment else (False, _NO_COMMITMENT)
    if payment.document_on is None:
        return False, _NO_DOCUMENT
    return (True, _DOCUMENTED) if payment.document_on < payment.paid_on else (False, _LATE_DOCUMENT)


_SHORT: Final = Wording(
    "lump-sum-short",
    "一次性缴费{months}个月，不足{limit}个月，无须另附文书",
    "A lump sum for {months} months, fewer than {limit}: no document is needed",
    SOURCE,
)
_COMMITTED: Final = Wording(
    "lump-sum-committed",
    "一次性缴费{months}个月，有原参保地书面承诺，予以计算",
    "A lump sum for {months} months with the old place's written commitment: it counts",
    SOURCE,
)
_NO_COMMITMENT: Final = Wording(
    "lump-sum-no-commitment",
    "一次性缴费{months}个月（满{limit}个月），没有原参保地书面承诺",
    "A lump sum for {months} months, at least {limit}, without the old place's commitment",
    SOURCE,
)
_NO_DOCUMENT: Final = Wording(
    "lump-sum-no-document",
    "一次性缴费{months}个月（满{limit}个月），没有法院、审计、劳动监察或仲裁文书",
    "A lump sum for {months} months, at least {limit}, without a document of a court, an audit "
    "office, labour inspection or arbitration",
    SOURCE,
)
_DOCUMENTED: Final = Wording(
    "lump-sum-documented",
    "一次性缴费{months}个月，有缴费之前出具的文书，予以计算",
    "A lump sum for {months} months with a document from before the payment: it counts",
    SOURCE,
)
_LATE_DOCUMENT: Final = Wording(
    "lump-sum-late-document",
    "一次性缴费{months}个月（满{limit}个月），文书在缴费之后出具，无效",
    "A lump sum for {months} months, at least {limit}: its document came after the payment and is "
    "not valid",
    SOURCE,
)
