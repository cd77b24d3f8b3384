"""Fraud patterns over records: months, retirements, archives, employers, transfers, chains.

Each condition looks at facts that the caller put together and gives a hit for every part that is
met; an empty answer means that nothing was seen. Facts that are not known are None and say nothing.

Source: rules e.4 F7 to F13, F16 to F19, F21; table fraud_patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.fraud import FraudPattern, Hit, HitReason, fraud_patterns, hit
from ledger.policy.lump_sums import LumpSum, review_lump_sum
from ledger.policy.overlaps import Claim, RelationType, find_overlaps
from ledger.policy.periods import (
    MONTHS_PER_YEAR,
    add_months,
    checked_period,
    months_between,
    period_of,
)
from ledger.policy.retirement import Retirement, category_row
from ledger.policy.transfer_amount import TransferAmount

PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class RetirementCase:
    """A retirement as it was recorded, beside what the law says for this birth and category.

    ``decision``: whether a decision on a special trade or on disability approves an earlier age.
    """

    retirement: Retirement
    retired_period: int
    decision: bool = False


@dataclass(frozen=True, slots=True)
class Archive:
    """What a person's file says about ages; ``changes`` counts changes after the first entry."""

    number_birth_period: int
    archive_birth_period: int
    work_start_period: int | None = None
    retired_period: int | None = None
    changes: int = 0


@dataclass(frozen=True, slots=True)
class SpecialTradeCase:
    """Special-trade years of a person; ``employer_listed``: the employer is of that trade."""

    months: int
    needed_months: int
    employer_listed: bool
    entered_after_registration: bool = False


@dataclass(frozen=True, slots=True)
class EmployerCase:
    """What is known of an employer; amounts of tax or wage data are only asked for existence."""

    insured: int
    has_tax_or_wage_data: bool
    same_contact_employers: int = 0
    special_trade_retirements: int = 0
    retirements: int = 0


@dataclass(frozen=True, slots=True)
class EmploymentCase:
    """One person's insurance with an employer, and the lump sum that came with it, if any."""

    first_insured_period: int
    statutory_period: int
    lump_sum: LumpSum | None = None


@dataclass(frozen=True, slots=True)
class OutboundTransfer:
    """One transfer out of a relation; ``months`` are those it moved."""

    sent_on: date
    months: frozenset[int]


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One signed record of a chain; ``previous`` is None only for the first."""

    stated: bytes
    recomputed: bytes
    previous: bytes | None
    signer_valid_from: date
    signer_valid_to: date | None
    signed_on: date


def insured_twice(claims: Iterable[Claim]) -> tuple[Hit, ...]:
    """F7: every month with more than one paid record, of whichever pension scheme."""
    return tuple(
        hit(FraudPattern.INSURED_TWICE, {"month_period": period, "claims": len(found)})
        for period, found in find_overlaps(claims).items()
    )


def contribution_beside_benefit(
    contributions: Iterable[tuple[int, RelationType]], benefits_from_period: int
) -> tuple[Hit, ...]:
    """F8: contributions as an employee, or into a temporary account, once benefits started."""
    return tuple(
        hit(
            FraudPattern.CONTRIBUTION_BESIDE_BENEFIT,
            {"month_period": period, "benefits_period": benefits_from_period},
            _NORMAL_BESIDE if relation is RelationType.NORMAL else _TEMPORARY_BESIDE,
        )
        for period, relation in contributions
        if checked_period(period) >= benefits_from_period
    )


def under_age(case: RetirementCase) -> Hit | None:
    """F9: retired more than 36 months before the statutory month, or below the former age."""
    if case.decision:
        return None
    facts = case.retirement
    limit = fraud_patterns()[FraudPattern.UNDER_AGE].parameter("earliest_months")
    old_age = category_row(facts.category).old_age_months
    former = add_months(facts.birth_period, old_age)
    if case.retired_period < former:
        reason = _BELOW_FORMER_AGE
    elif case.retired_period < add_months(facts.statutory_period, -limit):
        reason = _TOO_EARLY
    else:
        return None
    return hit(
        FraudPattern.UNDER_AGE,
        {"retired_period": case.retired_period, "statutory_period": facts.statutory_period},
        reason,
    )


def forged_archive(archive: Archive) -> tuple[Hit, ...]:
    """F10: births that differ, at work below 16, retired below 40, or changed afterwards."""
    row = fraud_patterns()[FraudPattern.FORGED_ARCHIVE]
    signs = (
        (archive.number_birth_period != archive.archive_birth_period, _BIRTHS_DIFFER),
        (_younger(archive, archive.work_start_period, row.parameter("work_age_years")), _CHILD),
        (_younger(archive, archive.retired_period, row.parameter("retirement_age_years")), _YOUNG),
        (archive.changes > 0, _CHANGED),
    )
    return _hits(FraudPattern.FORGED_ARCHIVE, signs)


def special_trade_fraud(case: SpecialTradeCase) -> tuple[Hit, ...]:
    """F11: too few years in the trade, an employer not of it, or periods entered afterwards."""
    signs = (
        (case.months < case.needed_months, _TOO_FEW_TRADE_YEARS),
        (not case.employer_listed, _EMPLOYER_NOT_LISTED),
        (case.entered_after_registration, _TRADE_ENTERED_LATER),
    )
    return _hits(FraudPattern.SPECIAL_TRADE, signs)


def unusual_special_trade_rate(case: EmployerCase) -> Hit | None:
    """F11: one employer with unusually many special-trade retirements among its retirements."""
    if case.special_trade_retirements > case.retirements:
        raise ImpossibleFactError(
            "special_trade_retirements",
            case.special_trade_retirements,
            "it is more than all retirements",
            "多于全部退休人数",
        )
    row = fraud_patterns()[FraudPattern.SPECIAL_TRADE]
    enough = case.special_trade_retirements >= row.parameter("unusual_people")
    limit = row.parameter("unusual_share_percent") * case.retirements
    if not enough or case.special_trade_retirements * PERCENT <= limit:
        return None
    return hit(FraudPattern.SPECIAL_TRADE, {}, _UNUSUAL_RATE)


def fictitious_employer(case: EmployerCase) -> tuple[Hit, ...]:
    """F12: many insured without tax or wage data, or one contact for many employers."""
    row = fraud_patterns()[FraudPattern.FICTITIOUS_EMPLOYMENT]
    many = case.insured >= row.parameter("many_insured")
    signs = (
        (many and not case.has_tax_or_wage_data, _NO_WAGES),
        (case.same_contact_employers >= row.parameter("shared_contact"), _SHARED_CONTACT),
    )
    return _hits(FraudPattern.FICTITIOUS_EMPLOYMENT, signs)


def fictitious_employment(case: EmploymentCase) -> tuple[Hit, ...]:
    """F12: insured only shortly before retirement, or by a long lump sum without a document."""
    row = fraud_patterns()[FraudPattern.FICTITIOUS_EMPLOYMENT]
    left = months_between(case.first_insured_period, case.statutory_period)
    lump = case.lump_sum
    long_lump = lump is not None and lump.months > row.parameter("lump_sum_months")
    signs = (
        (left <= row.parameter("years_before_retirement") * MONTHS_PER_YEAR, _SHORTLY_BEFORE),
        (lump is not None and long_lump and not review_lump_sum(lump).counts, _LONG_LUMP_SUM),
    )
    return _hits(FraudPattern.FICTITIOUS_EMPLOYMENT, signs)


def lump_sum_without_document(payment: LumpSum) -> Hit | None:
    """F13: a lump sum of three years or more whose document is missing or came later."""
    review = review_lump_sum(payment)
    if review.counts:
        return None
    step = review.steps[-1]
    reason = HitReason(step.code, step.text("zh"), step.text("en"))
    return hit(FraudPattern.LUMP_SUM_WITHOUT_DOCUMENT, {"months": payment.months}, reason)


def dormant_account(died_on: date, balance_fen: int, as_of: date) -> Hit | None:
    """F16: money in the account of somebody dead for more than twelve months."""
    return _old_balance(
        FraudPattern.DORMANT_ACCOUNT, period_of(died_on), balance_fen, period_of(as_of)
    )


def unmerged_account(
    employee_pension_from: int, resident_balance_fen: int, as_of_period: int
) -> Hit | None:
    """F17: money in the residents account of who draws an employee pension for over a year."""
    return _old_balance(
        FraudPattern.UNMERGED_ACCOUNT, employee_pension_from, resident_balance_fen, as_of_period
    )


def transferred_twice(
    transfers: Sequence[OutboundTransfer], benefits_from: date | None
) -> tuple[Hit, ...]:
    """F18: two transfers of one relation with common months, or one after a benefit was paid."""
    common = any(
        one.months & other.months
        for place, one in enumerate(transfers)
        for other in transfers[place + 1 :]
    )
    after = benefits_from is not None and any(
        transfer.sent_on >= benefits_from for transfer in transfers
    )
    return _hits(
        FraudPattern.TRANSFERRED_TWICE, ((common, _COMMON_MONTHS), (after, _AFTER_BENEFIT))
    )


def wrong_amount(
    stated_pool_fen: int, stated_account_fen: int, computed: TransferAmount
) -> tuple[Hit, ...]:
    """F19: a pool part more than a fen a row off, or an account part that is not the ledger's."""
    tolerance = fraud_patterns()[FraudPattern.WRONG_AMOUNT].parameter("fen_per_row")
    hits = []
    if abs(stated_pool_fen - computed.pool_fen) > tolerance * len(computed.years):
        figures = {"expected_fen": computed.pool_fen, "actual_fen": stated_pool_fen}
        hits.append(hit(FraudPattern.WRONG_AMOUNT, figures, _POOL_OFF))
    if stated_account_fen != computed.account_fen:
        figures = {"expected_fen": computed.account_fen, "actual_fen": stated_account_fen}
        hits.append(hit(FraudPattern.WRONG_AMOUNT, figures, _ACCOUNT_OFF))
    return tuple(hits)


def broken_chain(links: Sequence[ChainLink]) -> tuple[Hit, ...]:
    """F21: a digest that differs, a missing link, a signature by a key not valid that day."""
    hits: list[Hit] = []
    for place, link in enumerate(links):
        expected = links[place - 1].stated if place else None
        expired = link.signer_valid_to is not None and link.signed_on > link.signer_valid_to
        signs = (
            (link.stated != link.recomputed, _DIGEST_DIFFERS),
            (link.previous != expected, _LINK_MISSING),
            (link.signed_on < link.signer_valid_from or expired, _KEY_NOT_VALID),
        )
        hits.extend(_hits(FraudPattern.BROKEN_CHAIN, signs))
    return tuple(hits)


def _hits(pattern: FraudPattern, signs: Iterable[tuple[bool, HitReason]]) -> tuple[Hit, ...]:
    return tuple(hit(pattern, {}, reason) for met, reason in signs if met)


def _younger(archive: Archive, period: int | None, years: int) -> bool:
    """Whether something happened before so many years of age, by the archive's birth."""
    if period is None:
        return False
    return months_between(archive.archive_birth_period, period) < years * MONTHS_PER_YEAR


def _old_balance(
    pattern: FraudPattern, since_period: int, balance_fen: int, as_of_period: int
) -> Hit | None:
    months = months_between(since_period, as_of_period)
    if balance_fen <= 0 or months <= fraud_patterns()[pattern].parameter("months"):
        return None
    return hit(pattern, {"months": months, "balance_fen": balance_fen})


_NORMAL_BESIDE: Final = HitReason(
    "contribution", "领取待遇后仍以职工身份缴费", "Contributions as an employee beside a benefit"
)
_TEMPORARY_BESIDE: Final = HitReason(
    "temporary-account",
    "领取待遇后临时账户仍在缴费",
    "A temporary account goes on beside a benefit",
)
_BELOW_FORMER_AGE: Final = HitReason(
    "below-former-age", "未达到改革前退休年龄", "Below the age before the reform"
)
_TOO_EARLY: Final = HitReason(
    "too-early", "早于弹性提前退休的下限", "Earlier than flexible retirement allows"
)
_BIRTHS_DIFFER: Final = HitReason(
    "births-differ",
    "证件与档案出生年月不一致",
    "The births in the number and in the archive differ",
)
_CHILD: Final = HitReason("child-at-work", "参加工作时不满16周岁", "At work below the age of 16")
_YOUNG: Final = HitReason("young-retired", "退休时不满40周岁", "Retired below the age of 40")
_CHANGED: Final = HitReason(
    "changed-later", "首次登记后档案有更改", "The archive was changed after the first entry"
)
_TOO_FEW_TRADE_YEARS: Final = HitReason(
    "too-few-years", "特殊工种年限不足", "Too few years in the special trade"
)
_EMPLOYER_NOT_LISTED: Final = HitReason(
    "employer-not-listed", "单位不在该特殊工种名录内", "The employer is not listed for the trade"
)
_TRADE_ENTERED_LATER: Final = HitReason(
    "entered-later", "特殊工种经历在首次登记后补录", "The periods were entered after registration"
)
_UNUSUAL_RATE: Final = HitReason(
    "unusual-rate", "单位特殊工种退休比例异常", "Unusually many special-trade retirements"
)
_NO_WAGES: Final = HitReason(
    "no-wages", "参保人数多而无纳税或工资记录", "Many insured and no tax or wage data"
)
_SHARED_CONTACT: Final = HitReason(
    "shared-contact", "多家单位使用同一联系人或地址", "One contact or address for many employers"
)
_SHORTLY_BEFORE: Final = HitReason(
    "shortly-before", "临近退休才首次参保", "First insured only shortly before retirement"
)
_LONG_LUMP_SUM: Final = HitReason(
    "long-lump-sum",
    "长期一次性补缴而无事前文书",
    "A long lump sum without a document from before it",
)
_COMMON_MONTHS: Final = HitReason(
    "common-months", "同一关系两次转出且月份重叠", "Two transfers of one relation share months"
)
_AFTER_BENEFIT: Final = HitReason(
    "after-benefit", "领取待遇后仍转出关系", "A relation was sent after a benefit was paid"
)
_POOL_OFF: Final = HitReason("pool", "统筹基金转移额不符", "The pool part does not agree")
_ACCOUNT_OFF: Final = HitReason("account", "个人账户转移额不符", "The account part does not agree")
_DIGEST_DIFFERS: Final = HitReason(
    "digest", "记录摘要与重新计算不符", "A record's digest differs from the recomputed one"
)
_LINK_MISSING: Final = HitReason(
    "link", "前一记录的链接缺失或不符", "The link to the record before is missing or wrong"
)
_KEY_NOT_VALID: Final = HitReason(
    "key", "签名密钥当日无效", "The signing key was not valid on that day"
)
