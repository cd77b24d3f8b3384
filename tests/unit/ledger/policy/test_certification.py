from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import (
    CalendarYearMissingError,
    ImpossibleFactError,
    ParameterMissingError,
    PeriodError,
)
from ledger.policy.certification import (
    BenefitEvent,
    BenefitState,
    Custody,
    CustodyKind,
    certification,
    custody_suspension,
    next_benefit_state,
    stop_event_report_due,
)
from ledger.policy.periods import add_months, month_range
from ledger.policy.steps import may_decide

STEPS = {
    ("ACTIVE", "CYCLE_ENDED"): "PENDING_VERIFICATION",
    ("ACTIVE", "CERTIFIED"): "ACTIVE",
    ("ACTIVE", "CUSTODY_STARTED"): "SUSPENDED_CUSTODY",
    ("ACTIVE", "DEATH_CONFIRMED"): "TERMINATED",
    ("PENDING_VERIFICATION", "CERTIFIED"): "ACTIVE",
    ("PENDING_VERIFICATION", "NOT_REACHED"): "SUSPENDED",
    ("PENDING_VERIFICATION", "CUSTODY_STARTED"): "SUSPENDED_CUSTODY",
    ("PENDING_VERIFICATION", "DEATH_CONFIRMED"): "TERMINATED",
    ("SUSPENDED", "CERTIFIED"): "ACTIVE",
    ("SUSPENDED", "CUSTODY_STARTED"): "SUSPENDED_CUSTODY",
    ("SUSPENDED", "DEATH_CONFIRMED"): "TERMINATED",
    ("SUSPENDED_CUSTODY", "RELEASED"): "ACTIVE",
    ("SUSPENDED_CUSTODY", "DEATH_CONFIRMED"): "TERMINATED",
}


class TestStates:
    @pytest.mark.parametrize("state", list(BenefitState))
    @pytest.mark.parametrize("event", list(BenefitEvent))
    def test_only_the_steps_of_the_law_are_taken(self, state, event):
        expected = STEPS.get((state.value, event.value))
        if expected is not None:
            assert next_benefit_state(state, event) is BenefitState(expected)
            return
        with pytest.raises(ImpossibleFactError) as caught:
            next_benefit_state(state, event)
        assert (caught.value.field, caught.value.value) == ("event", event.value)
        assert state.value in caught.value.reason


class TestCertification:
    def test_a_pass_holds_for_twelve_months(self):
        found = certification([202508], 202608, "320100")
        assert (found.holds_until, found.stops_from, found.back_pay) == (202608, None, ())
        (step,) = found.steps
        assert step.code == "certification-holds"
        assert step.figures == {
            "passed_period": 202508,
            "cycle_months": 12,
            "holds_until_period": 202608,
            "stops_from_period": 202609,
        }

    def test_pay_stops_from_the_next_month(self):
        found = certification([202508], 202609, "320100")
        assert (found.holds_until, found.stops_from, found.back_pay) == (202608, 202609, ())
        assert found.steps[-1].code == "certification-lapsed"
        assert "自2026年9月起暂停发放" in found.explanation.zh

    @pytest.mark.parametrize(
        ("again", "back_pay"),
        [
            (202607, ()),
            (202608, ()),
            (202609, ()),
            (202610, (202609,)),
            (202612, (202609, 202610, 202611)),
        ],
    )
    def test_who_is_certified_again_is_paid_back(self, again, back_pay):
        found = certification([again, 202508], 202612, "320100")
        assert (found.stops_from, found.back_pay) == (None, back_pay)
        assert found.holds_until == add_months(again, 12)
        assert found.steps[-1].code == "certification-holds"
        if again < 202609:
            assert len(found.steps) == 1
            return
        step = found.steps[0]
        assert step.code == "certification-paid-back"
        assert step.figures == {
            "stops_from_period": 202609, "again_period": again, "months": len(back_pay),
        }  # fmt: skip
        assert [ground.row for ground in step.grounds] == [
            "province_profiles: 100000 certification_cycle_months",
            "rule_parameters: certification_back_pay 201801",
        ]

    def test_several_lapses_are_paid_back_and_the_last_pass_may_lapse_too(self):
        found = certification([202001, 202103, 202103, 202206], 202612, "320100")
        assert found.back_pay == (202102, 202204, 202205)
        assert (found.holds_until, found.stops_from) == (202306, 202307)
        assert [step.code for step in found.steps] == [
            "certification-paid-back", "certification-paid-back", "certification-lapsed",
        ]  # fmt: skip

    @given(st.integers(0, 60))
    def test_no_month_is_lost(self, gap):
        again = add_months(202508, gap)
        found = certification([202508, again], again, "320100")
        unpaid = set(month_range(202509, again)) - set(month_range(202509, 202608))
        assert set(found.back_pay) == unpaid - {again}

    def test_the_cycle_is_a_parameter_that_shows_itself(self):
        found = certification([202508], 202508, "320100")
        assert "certification_cycle_months" in found.steps[-1].grounds[0].row
        assert not may_decide(found)

    @pytest.mark.parametrize(
        ("passes", "as_of", "value"), [([], 202608, 0), ([202508, 202609], 202608, 202609)]
    )
    def test_no_pass_or_a_later_one_is_refused(self, passes, as_of, value):
        with pytest.raises(ImpossibleFactError) as caught:
            certification(passes, as_of, "320100")
        assert (caught.value.field, caught.value.value) == ("passes", value)

    def test_a_month_that_is_none_is_refused(self):
        with pytest.raises(PeriodError):
            certification([202500], 202608, "320100")
        with pytest.raises(PeriodError):
            certification([202508], 202613, "320100")

    def test_before_2018_nothing_says_that_it_is_paid_back(self):
        assert certification([201601, 201701], 201801, "320100").back_pay == ()
        with pytest.raises(ParameterMissingError):
            certification([201601, 201712], 201801, "320100")


class TestCustody:
    TIME = Custody(CustodyKind.FIXED_TERM, date(2026, 2, 1), date(2026, 4, 30))

    def months(self, **changes):
        return custody_suspension([replace(self.TIME, **changes)], 202601, 202606).months

    def test_months_wholly_served_are_not_paid(self):
        assert self.months() == (202602, 202603, 202604)
        assert self.months(start_on=date(2026, 2, 2)) == (202603, 202604)
        assert self.months(end_on=date(2026, 4, 29)) == (202602, 202603)
        assert self.months(end_on=None) == (202602, 202603, 202604, 202605, 202606)

    @pytest.mark.parametrize("kind", ["DETENTION", "FIXED_TERM", "LIFE", "SUSPENDED_DEATH"])
    def test_what_is_served_inside_stops_a_pension(self, kind):
        assert len(self.months(kind=CustodyKind(kind))) == 3

    @pytest.mark.parametrize("kind", ["PROBATION", "CONTROL"])
    def test_not_any_conviction_does(self, kind):
        assert self.months(kind=CustodyKind(kind)) == ()

    def test_serving_outside_stops_nothing(self):
        assert self.months(out_of_prison=True) == ()

    def test_several_times_add_up(self):
        second = Custody(CustodyKind.DETENTION, date(2026, 4, 1), date(2026, 5, 31))
        found = custody_suspension([self.TIME, second], 202601, 202612)
        assert found.months == (202602, 202603, 202604, 202605)
        assert found.steps[-1].figures == {
            "from_period": 202601,
            "to_period": 202612,
            "months": 4,
        }
        assert "4个月全月在押服刑" in found.steps[-1].text()
        assert not may_decide(found)

    def test_a_time_that_ends_before_it_starts_is_refused(self):
        assert self.months(end_on=date(2026, 2, 1)) == ()
        with pytest.raises(ImpossibleFactError) as caught:
            self.months(end_on=date(2026, 1, 31))
        assert (caught.value.field, caught.value.value) == ("end_on", "2026-01-31")


class TestReport:
    def test_a_death_is_reported_within_twenty_working_days(self):
        found = stop_event_report_due(date(2026, 9, 15))
        assert (found.working_days, found.due_on) == (20, date(2026, 10, 19))
        assert [step.code for step in found.steps] == ["deadline", "stop-event-report"]
        assert found.steps[-1].figures == {
            "happened_on": "2026-09-15",
            "working_days": 20,
            "due_on": "2026-10-19",
        }
        assert found.start_on == date(2026, 9, 15)
        assert [ground.row for ground in found.steps[-1].grounds] == [
            "rule_parameters: stop_event_report_working_days 202312"
        ]
        assert may_decide(found)

    def test_before_december_2023_there_was_no_such_duty(self):
        assert stop_event_report_due(date(2023, 12, 1)).working_days == 20
        with pytest.raises(ParameterMissingError):
            stop_event_report_due(date(2023, 11, 30))

    def test_an_unpublished_year_is_refused(self):
        with pytest.raises(CalendarYearMissingError):
            stop_event_report_due(date(2026, 12, 15))
