"""Fraud patterns over payments: deaths, double payments, prison, accounts, insiders, certification.

Each condition looks at the facts of one person (or one bank account) that the caller put together
and gives a hit or None. Facts that are not known are left out by the caller, never guessed.

Source: rules e.4 F1 to F6, F14, F15, F20, F22; table fraud_patterns.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.policy.certification import Custody
from ledger.policy.fraud import FraudPattern, Hit, HitReason, fraud_patterns, hit
from ledger.policy.insurance import InsuranceKind, insurance_kinds
from ledger.policy.kinds import InsuranceClass
from ledger.policy.periods import add_months, first_day
from ledger.policy.regions import province_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.work_calendar import working_days_between

_EMPLOYEE: Final = frozenset({InsuranceKind.PENSION_EMPLOYEE, InsuranceKind.PENSION_CIVIL})


@dataclass(frozen=True, slots=True)
class BenefitLine:
    """One payment for one month; ``recovered``: it came back already."""

    period: int
    amount_fen: int
    kind: InsuranceKind
    region: str
    recovered: bool = False

    @property
    def stands(self) -> bool:
        """Whether money was paid and not given back."""
        return self.amount_fen > 0 and not self.recovered


@dataclass(frozen=True, slots=True)
class Death:
    """A death, and the day the agency learned of it; None while it was not reported."""

    died_on: date
    reported_on: date | None = None


@dataclass(frozen=True, slots=True)
class Handling:
    """Who handled a payment, and what it rests on.

    ``maker`` and ``checker``: whoever made and approved it. ``payee_is_staff``: the payee works for
    the agency or is a relative of who does. ``amount_changed``, ``manual``: the amount was changed
    or entered by hand; ``decision``: whether an approved decision stands behind that.
    """

    line: BenefitLine
    maker: str
    checker: str
    paid_on: date
    payee_is_staff: bool = False
    amount_changed: bool = False
    manual: bool = False
    decision: bool = True
    account_changed_on: date | None = None


SAME_OFFICER: Final = HitReason(
    "same-officer", "经办与复核为同一人", "Made and approved by one person"
)
STAFF_PAYEE: Final = HitReason(
    "staff-payee", "收款人为工作人员或其亲属", "The payee is staff or a relative of staff"
)
CHANGED_WITHOUT_DECISION: Final = HitReason(
    "changed-without-decision",
    "金额变更无核定依据",
    "The amount was changed without an approved decision",
)
MANUAL_WITHOUT_DECISION: Final = HitReason(
    "manual-without-decision",
    "手工发放无核定依据",
    "Entered by hand without an approved decision",
)
ACCOUNT_JUST_CHANGED: Final = HitReason(
    "account-just-changed",
    "收款账户变更后随即发放",
    "Paid right after the account was changed",
)


def paid_after_death(line: BenefitLine, death: Death) -> Hit | None:
    """F1: a payment that stands for a month after the month of death; that month itself is due."""
    if not line.stands or death.died_on >= first_day(line.period):
        return None
    return hit(
        FraudPattern.PAID_AFTER_DEATH,
        {
            "died_on": death.died_on.isoformat(),
            "month_period": line.period,
            "amount_fen": line.amount_fen,
        },
    )


def death_reported_late(death: Death, lines: Sequence[BenefitLine]) -> Hit | None:
    """F2: a death reported more than 20 working days after it, with what was paid after it.

    Raises:
        CalendarYearMissingError: working days of a year between are not published.
        ImpossibleFactError: it was reported before it happened.
    """
    if death.reported_on is None:
        return None
    passed = working_days_between(death.died_on, death.reported_on)
    if passed <= rule_parameter("stop_event_report_working_days").value:
        return None
    after = [line.amount_fen for line in lines if paid_after_death(line, death) is not None]
    return hit(
        FraudPattern.DEATH_REPORTED_LATE,
        {
            "died_on": death.died_on.isoformat(),
            "reported_on": death.reported_on.isoformat(),
            "working_days": passed,
            "amount_fen": sum(after),
        },
    )


def two_places(one: BenefitLine, other: BenefitLine) -> Hit | None:
    """F3: two employee pensions of one person and month, paid by two provinces."""
    if not _same_month(one, other) or one.kind is not other.kind or one.kind not in _EMPLOYEE:
        return None
    if province_of(one.region) == province_of(other.region):
        return None
    return hit(
        FraudPattern.TWO_PLACES,
        {"month_period": one.period, "region": one.region, "other_region": other.region},
    )


def two_schemes(one: BenefitLine, other: BenefitLine) -> Hit | None:
    """F4: pensions of two schemes for one person and month."""
    if not _same_month(one, other) or one.kind is other.kind:
        return None
    if not (_is_pension(one) and _is_pension(other)):
        return None
    return hit(
        FraudPattern.TWO_SCHEMES,
        {"month_period": one.period, "kind": one.kind.value, "other_kind": other.kind.value},
    )


def pension_and_unemployment(one: BenefitLine, other: BenefitLine) -> Hit | None:
    """F5: a pension and unemployment benefit for one person and month."""
    if not _same_month(one, other):
        return None
    unemployed = [line.kind is InsuranceKind.UNEMPLOYMENT for line in (one, other)]
    if not any(unemployed) or not (_is_pension(one) or _is_pension(other)):
        return None
    return hit(FraudPattern.PENSION_AND_UNEMPLOYMENT, {"month_period": one.period})


def paid_in_prison(line: BenefitLine, custodies: Sequence[Custody]) -> Hit | None:
    """F6: a payment that stands for a month wholly served in prison."""
    if not line.stands or not any(custody.covers(line.period) for custody in custodies):
        return None
    return hit(
        FraudPattern.PAID_IN_PRISON,
        {"month_period": line.period, "amount_fen": line.amount_fen},
    )


def shared_bank_account(
    period: int, payees: Collection[str], proxies: Collection[str]
) -> Hit | None:
    """F14: one bank account that received for several people in a month.

    Args:
        period: the month.
        payees: pseudonyms of everybody paid into the account.
        proxies: those of them for whom it is authorised (family, care).
    """
    limit = fraud_patterns()[FraudPattern.SHARED_BANK_ACCOUNT].parameter("payees")
    count = len(set(payees) - set(proxies))
    if count <= limit:
        return None
    return hit(FraudPattern.SHARED_BANK_ACCOUNT, {"month_period": period, "payees": count})


def insider_payment(handling: Handling) -> tuple[Hit, ...]:
    """F15: every sign that a payment was made by and for insiders, one hit each.

    An account that was changed after the payment is no sign.
    """
    limit = fraud_patterns()[FraudPattern.INSIDER_PAYMENT].parameter("days_after_account_change")
    changed = handling.account_changed_on
    days = None if changed is None else (handling.paid_on - changed).days
    signs = (
        (handling.maker == handling.checker, SAME_OFFICER),
        (handling.payee_is_staff, STAFF_PAYEE),
        (handling.amount_changed and not handling.decision, CHANGED_WITHOUT_DECISION),
        (handling.manual and not handling.decision, MANUAL_WITHOUT_DECISION),
        (days is not None and 0 <= days <= limit, ACCOUNT_JUST_CHANGED),
    )
    return tuple(
        hit(
            FraudPattern.INSIDER_PAYMENT,
            {"month_period": handling.line.period, "amount_fen": handling.line.amount_fen},
            reason,
        )
        for met, reason in signs
        if met
    )


def paid_without_certification(
    line: BenefitLine, passed_period: int, cycle_months: int
) -> Hit | None:
    """F20: a payment that stands for a month after the last pass, its cycle and the grace.

    Args:
        line: the payment.
        passed_period: the month of the last pass.
        cycle_months: how long a pass holds there.
    """
    grace = fraud_patterns()[FraudPattern.PAID_WITHOUT_CERTIFICATION].parameter("grace_months")
    lapsed = add_months(passed_period, cycle_months)
    if not line.stands or line.period <= add_months(lapsed, grace):
        return None
    return hit(
        FraudPattern.PAID_WITHOUT_CERTIFICATION,
        {"passed_period": passed_period, "lapsed_period": lapsed, "month_period": line.period},
    )


def unlisted_item(item: str, amount_fen: int, national_list: Collection[str]) -> Hit | None:
    """F22: a payment of an item that the national list does not have."""
    if amount_fen <= 0 or item in national_list:
        return None
    return hit(FraudPattern.UNLISTED_ITEM, {"item": item, "amount_fen": amount_fen})


def _same_month(one: BenefitLine, other: BenefitLine) -> bool:
    return one.period == other.period and one.stands and other.stands


def _is_pension(line: BenefitLine) -> bool:
    return insurance_kinds()[line.kind].class_ is InsuranceClass.PENSION
