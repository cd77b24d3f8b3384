"""Does a recipient still qualify (领取待遇资格认证): cycle, lapse, back pay, custody, reports.

A pass holds for a cycle of months. Once it lapsed, pay stops from the next month on; that is no
loss of entitlement: when the recipient is certified again it resumes and is paid back. Custody
suspends only for detention and imprisonment served inside; death ends the benefit.

Source: 社会保险经办条例 art. 25, 26; 人社厅发〔2018〕107号; 劳社厅函〔2001〕44号; rules e.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.periods import (
    add_months,
    checked_period,
    first_day,
    last_day,
    month_range,
    period_of,
)
from ledger.policy.profiles import Option, province_profile
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.work_calendar import Deadline, deadline

SOURCE: Final = "社会保险经办条例第二十六条；人社厅发〔2018〕107号"


class BenefitState(StrEnum):
    """How a running benefit stands."""

    ACTIVE = "ACTIVE"
    PENDING_VERIFICATION = "PENDING_VERIFICATION"
    SUSPENDED = "SUSPENDED"
    SUSPENDED_CUSTODY = "SUSPENDED_CUSTODY"
    TERMINATED = "TERMINATED"


class BenefitEvent(StrEnum):
    """What happens to a running benefit."""

    CYCLE_ENDED = "CYCLE_ENDED"
    NOT_REACHED = "NOT_REACHED"
    CERTIFIED = "CERTIFIED"
    CUSTODY_STARTED = "CUSTODY_STARTED"
    RELEASED = "RELEASED"
    DEATH_CONFIRMED = "DEATH_CONFIRMED"


class CustodyKind(StrEnum):
    """What a court decided; the first four are served inside."""

    DETENTION = "DETENTION"
    FIXED_TERM = "FIXED_TERM"
    LIFE = "LIFE"
    SUSPENDED_DEATH = "SUSPENDED_DEATH"
    PROBATION = "PROBATION"
    CONTROL = "CONTROL"


_INSIDE: Final = frozenset(
    {
        CustodyKind.DETENTION,
        CustodyKind.FIXED_TERM,
        CustodyKind.LIFE,
        CustodyKind.SUSPENDED_DEATH,
    }
)
_ALIVE: Final = (
    BenefitState.ACTIVE,
    BenefitState.PENDING_VERIFICATION,
    BenefitState.SUSPENDED,
    BenefitState.SUSPENDED_CUSTODY,
)
_NEXT: Final[Mapping[tuple[BenefitState, BenefitEvent], BenefitState]] = MappingProxyType(
    {
        (BenefitState.ACTIVE, BenefitEvent.CYCLE_ENDED): BenefitState.PENDING_VERIFICATION,
        (BenefitState.ACTIVE, BenefitEvent.CERTIFIED): BenefitState.ACTIVE,
        (BenefitState.PENDING_VERIFICATION, BenefitEvent.CERTIFIED): BenefitState.ACTIVE,
        (BenefitState.PENDING_VERIFICATION, BenefitEvent.NOT_REACHED): BenefitState.SUSPENDED,
        (BenefitState.SUSPENDED, BenefitEvent.CERTIFIED): BenefitState.ACTIVE,
        (BenefitState.SUSPENDED_CUSTODY, BenefitEvent.RELEASED): BenefitState.ACTIVE,
        **{
            (state, BenefitEvent.CUSTODY_STARTED): BenefitState.SUSPENDED_CUSTODY
            for state in _ALIVE
            if state is not BenefitState.SUSPENDED_CUSTODY
        },
        **{(state, BenefitEvent.DEATH_CONFIRMED): BenefitState.TERMINATED for state in _ALIVE},
    }
)


@dataclass(frozen=True, slots=True)
class Custody:
    """One time served; ``end_on`` is None while it lasts."""

    kind: CustodyKind
    start_on: date
    end_on: date | None = None
    out_of_prison: bool = False

    @property
    def suspends(self) -> bool:
        """Whether a pension stops for it: never for probation, control or serving outside."""
        return self.kind in _INSIDE and not self.out_of_prison

    def covers(self, period: int) -> bool:
        """Whether it lasts for the whole of a month and suspends."""
        ended = self.end_on is not None and self.end_on < last_day(period)
        return self.suspends and self.start_on <= first_day(period) and not ended


@dataclass(frozen=True, slots=True)
class Certification(Reasoned):
    """How long a pass holds, whether pay stops, and what is paid back.

    ``holds_until``: the last month the last pass covers. ``stops_from``: the first month not paid,
    None while it holds. ``back_pay``: the months paid back after earlier lapses.
    """

    holds_until: int
    stops_from: int | None
    back_pay: tuple[int, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class CustodySuspension:
    """The months for which custody stops a pension, and the step that says so."""

    months: tuple[int, ...]
    steps: tuple[Step, ...]


def next_benefit_state(state: BenefitState, event: BenefitEvent) -> BenefitState:
    """The state after an event.

    Raises:
        ImpossibleFactError: the event is no step from there.
    """
    found = _NEXT.get((state, event))
    if found is None:
        raise ImpossibleFactError(
            "event", event.value, f"it is no step from {state}", f"{state}状态下不会发生"
        )
    return found


def certification(passes: Sequence[int], as_of_period: int, region: str) -> Certification:
    """How a certification stands in a month, and what was paid back before.

    Args:
        passes: the months in which the recipient was certified, one or more.
        as_of_period: the month asked about.
        region: whose cycle counts.

    Raises:
        ImpossibleFactError: there is no pass, or one is after the month asked about.
        NotFoundError, PeriodError: a region or a month is none.
        ParameterMissingError: a lapse ended before there was a rule to pay it back.
    """
    checked_period(as_of_period)
    if not passes:
        raise ImpossibleFactError("passes", 0, "there is at least one", "至少应有一次认证")
    inorder = sorted({checked_period(period) for period in passes})
    if inorder[-1] > as_of_period:
        raise ImpossibleFactError(
            "passes", inorder[-1], f"it is after {as_of_period}", f"晚于{as_of_period}"
        )
    back_pay: list[int] = []
    steps: list[Step] = []
    for passed, again in pairwise(inorder):
        stop = add_months(_holds_until(passed, region), 1)
        if again >= stop:
            missed = list(month_range(stop, add_months(again, -1)))
            back_pay += missed
            steps.append(_paid_back_step(passed, again, region, len(missed)))
    last = inorder[-1]
    holds_until = _holds_until(last, region)
    lapsed = as_of_period > holds_until
    steps.append(_standing_step(last, region, lapsed=lapsed))
    return Certification(
        holds_until=holds_until,
        stops_from=add_months(holds_until, 1) if lapsed else None,
        back_pay=tuple(back_pay),
        steps=tuple(steps),
    )


def _cycle(passed_period: int, region: str) -> Option:
    return province_profile(region, passed_period).certification_cycle_months


def _holds_until(passed_period: int, region: str) -> int:
    return add_months(passed_period, int(_cycle(passed_period, region).number))


def _paid_back_step(passed_period: int, again: int, region: str, months: int) -> Step:
    figures: dict[str, Figure] = {
        "stops_from_period": add_months(_holds_until(passed_period, region), 1),
        "again_period": again,
        "months": months,
    }
    rule = rule_parameter("certification_back_pay", again)
    return Step(_PAID_BACK, figures, (_cycle(passed_period, region), rule))


def _standing_step(passed_period: int, region: str, *, lapsed: bool) -> Step:
    cycle = _cycle(passed_period, region)
    holds_until = _holds_until(passed_period, region)
    figures: dict[str, Figure] = {
        "passed_period": passed_period,
        "cycle_months": int(cycle.number),
        "holds_until_period": holds_until,
        "stops_from_period": add_months(holds_until, 1),
    }
    if not lapsed:
        return Step(_HOLDS, figures, (cycle,))
    return Step(_LAPSED, figures, (cycle, rule_parameter("certification_back_pay")))


def custody_suspension(
    custodies: Sequence[Custody], from_period: int, to_period: int
) -> CustodySuspension:
    """The months of a stretch, both ends included, for which custody stops a pension.

    Only months wholly within a custody are left unpaid.

    Raises:
        ImpossibleFactError: a custody ends before it starts.
        PeriodError: a month is none.
    """
    for custody in custodies:
        if custody.end_on is not None and custody.end_on < custody.start_on:
            raise ImpossibleFactError(
                "end_on", custody.end_on.isoformat(), "it is before the start", "早于开始日期"
            )
    months = tuple(
        period
        for period in month_range(from_period, to_period)
        if any(custody.covers(period) for custody in custodies)
    )
    figures: dict[str, Figure] = {
        "from_period": from_period,
        "to_period": to_period,
        "months": len(months),
    }
    return CustodySuspension(
        months, (Step(_CUSTODY, figures, (rule_parameter("custody_suspends"),)),)
    )


def stop_event_report_due(happened_on: date) -> Deadline:
    """By when a death or another event that stops a benefit must be reported.

    Raises:
        CalendarYearMissingError: the term reaches into a year that is not published.
        ParameterMissingError: there was no such duty yet on that day.
    """
    term = rule_parameter("stop_event_report_working_days", period_of(happened_on))
    found = deadline(happened_on, term.value)
    figures: dict[str, Figure] = {
        "happened_on": happened_on.isoformat(),
        "working_days": term.value,
        "due_on": found.due_on.isoformat(),
    }
    return Deadline(
        start_on=found.start_on,
        working_days=found.working_days,
        due_on=found.due_on,
        steps=(*found.steps, Step(_REPORT, figures, (term,))),
    )


_HOLDS: Final = Wording(
    "certification-holds",
    "{passed_period}通过认证，{cycle_months}个月内有效（至{holds_until_period}）",
    "Certified in {passed_period}: it holds for {cycle_months} months, until {holds_until_period}",
    SOURCE,
)
_LAPSED: Final = Wording(
    "certification-lapsed",
    "{passed_period}的认证至{holds_until_period}失效，自{stops_from_period}起暂停发放；"
    "再次认证后恢复并补发，资格不因此丧失",
    "The certification of {passed_period} held until {holds_until_period}: pay stops from "
    "{stops_from_period} on; it resumes and is paid back once certified again, nothing is lost",
    SOURCE,
)
_PAID_BACK: Final = Wording(
    "certification-paid-back",
    "自{stops_from_period}起曾暂停，{again_period}再次通过认证：恢复发放，补发{months}个月",
    "Stopped from {stops_from_period} on and certified again in {again_period}: pay resumes, "
    "{months} months are paid back",
    SOURCE,
)
_CUSTODY: Final = Wording(
    "custody-suspends",
    "{from_period}至{to_period}有{months}个月全月在押服刑，停发养老金；缓刑、管制、监外执行不停发",
    "From {from_period} to {to_period} {months} months were wholly served in prison and are not "
    "paid; probation, control and serving outside stop nothing",
    "劳社厅函〔2001〕44号",
)
_REPORT: Final = Wording(
    "stop-event-report",
    "{happened_on}发生停发情形，应在{working_days}个工作日内（{due_on}前）报告",
    "What happened on {happened_on} stops a benefit: it is to be reported within {working_days} "
    "working days, by {due_on}",
    "社会保险经办条例第二十五条",
)
