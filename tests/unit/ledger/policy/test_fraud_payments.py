"""Each pattern over payments, at its boundary on both sides."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import CalendarYearMissingError, ImpossibleFactError
from ledger.policy.certification import Custody, CustodyKind
from ledger.policy.fraud_payments import (
    BenefitLine,
    Death,
    Handling,
    death_reported_late,
    insider_payment,
    paid_after_death,
    paid_in_prison,
    paid_without_certification,
    pension_and_unemployment,
    shared_bank_account,
    two_places,
    two_schemes,
    unlisted_item,
)
from ledger.policy.insurance import InsuranceKind

LINE = BenefitLine(202608, 300_000, InsuranceKind.PENSION_EMPLOYEE, "320100")
NOT_STANDING = [{"recovered": True}, {"amount_fen": 0}]


def line(**changes):
    return replace(LINE, **changes)


class TestF1:
    @pytest.mark.parametrize(
        ("died_on", "met"), [(date(2026, 7, 31), True), (date(2026, 8, 1), False)]
    )
    def test_the_month_of_death_is_due_and_none_after(self, died_on, met):
        seen = paid_after_death(LINE, Death(died_on))
        assert (seen is not None) is met
        if seen:
            assert seen.pattern == "F1"
            assert seen.figures == {
                "died_on": "2026-07-31", "month_period": 202608, "amount_fen": 300_000,
            }  # fmt: skip

    @pytest.mark.parametrize("changes", NOT_STANDING)
    def test_what_came_back_is_none(self, changes):
        assert paid_after_death(line(**changes), Death(date(2026, 1, 1))) is None

    def test_one_fen_is_enough(self):
        assert paid_after_death(line(amount_fen=1), Death(date(2026, 1, 1))) is not None


class TestF2:
    DIED = date(2026, 6, 30)
    LINES = (line(period=202606), line(period=202607), line(period=202608, recovered=True))

    def test_twenty_working_days_are_in_time(self):
        assert death_reported_late(Death(self.DIED, date(2026, 7, 28)), self.LINES) is None

    def test_the_twenty_first_is_late(self):
        seen = death_reported_late(Death(self.DIED, date(2026, 7, 29)), self.LINES)
        assert seen.pattern == "F2"
        assert seen.figures == {
            "died_on": "2026-06-30",
            "reported_on": "2026-07-29",
            "working_days": 21,
            "amount_fen": 300_000,
        }

    def test_what_is_not_reported_is_not_late_yet(self):
        assert death_reported_late(Death(self.DIED), self.LINES) is None

    def test_impossible_or_unpublished_days_are_refused(self):
        with pytest.raises(ImpossibleFactError):
            death_reported_late(Death(self.DIED, date(2026, 6, 29)), ())
        with pytest.raises(CalendarYearMissingError):
            death_reported_late(Death(self.DIED, date(2027, 1, 4)), ())


class TestF3:
    def test_two_provinces_pay_one_month(self):
        seen = two_places(LINE, line(region="340100"))
        assert seen.pattern == "F3"
        assert seen.figures == {
            "month_period": 202608, "region": "320100", "other_region": "340100",
        }  # fmt: skip
        assert "南京市和合肥市" in seen.explanation.zh
        civil = line(kind=InsuranceKind.PENSION_CIVIL)
        assert two_places(civil, replace(civil, region="340100")).pattern == "F3"

    @pytest.mark.parametrize(
        "changes",
        [
            {"region": "320500"},
            {"region": "340100", "period": 202607},
            {"region": "340100", "kind": InsuranceKind.PENSION_CIVIL},
            *({"region": "340100", **changes} for changes in NOT_STANDING),
        ],
    )
    def test_anything_else_is_left_alone(self, changes):
        assert two_places(LINE, line(**changes)) is None
        assert two_places(line(**changes), LINE) is None

    def test_two_residents_pensions_are_another_matter(self):
        resident = line(kind=InsuranceKind.PENSION_RESIDENT)
        assert two_places(resident, replace(resident, region="340100")) is None


class TestF4:
    @pytest.mark.parametrize("kind", [InsuranceKind.PENSION_RESIDENT, InsuranceKind.PENSION_CIVIL])
    def test_two_schemes_pay_one_month(self, kind):
        seen = two_schemes(LINE, line(kind=kind))
        assert seen.pattern == "F4"
        assert seen.figures == {
            "month_period": 202608, "kind": "PENSION_EMPLOYEE", "other_kind": kind.value,
        }  # fmt: skip

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"kind": InsuranceKind.UNEMPLOYMENT},
            {"kind": InsuranceKind.PENSION_RESIDENT, "period": 202609},
            *({"kind": InsuranceKind.PENSION_RESIDENT, **changes} for changes in NOT_STANDING),
        ],
    )
    def test_anything_else_is_left_alone(self, changes):
        assert two_schemes(LINE, line(**changes)) is None
        assert two_schemes(line(**changes), LINE) is None


class TestF5:
    def test_a_pension_ends_unemployment_benefit(self):
        benefit = line(kind=InsuranceKind.UNEMPLOYMENT)
        for pair in ((LINE, benefit), (benefit, LINE)):
            seen = pension_and_unemployment(*pair)
            assert (seen.pattern, seen.figures) == ("F5", {"month_period": 202608})

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (LINE, LINE),
            (line(kind=InsuranceKind.UNEMPLOYMENT), line(kind=InsuranceKind.UNEMPLOYMENT)),
            (line(kind=InsuranceKind.UNEMPLOYMENT), line(kind=InsuranceKind.INJURY)),
            (LINE, line(kind=InsuranceKind.UNEMPLOYMENT, period=202607)),
            (LINE, line(kind=InsuranceKind.UNEMPLOYMENT, recovered=True)),
        ],
    )
    def test_anything_else_is_left_alone(self, one, other):
        assert pension_and_unemployment(one, other) is None


class TestF6:
    WHOLE = Custody(CustodyKind.FIXED_TERM, date(2026, 8, 1), date(2026, 8, 31))

    def test_a_month_wholly_in_prison_is_not_paid(self):
        seen = paid_in_prison(LINE, [self.WHOLE])
        assert seen.pattern == "F6"
        assert seen.figures == {"month_period": 202608, "amount_fen": 300_000}

    @pytest.mark.parametrize(
        "changes",
        [
            {"start_on": date(2026, 8, 2)},
            {"end_on": date(2026, 8, 30)},
            {"kind": CustodyKind.PROBATION},
            {"out_of_prison": True},
        ],
    )
    def test_part_of_a_month_or_another_sentence_is_left_alone(self, changes):
        assert paid_in_prison(LINE, [replace(self.WHOLE, **changes)]) is None

    def test_what_came_back_is_left_alone(self):
        assert paid_in_prison(line(recovered=True), [self.WHOLE]) is None
        assert paid_in_prison(LINE, []) is None


class TestF14:
    @pytest.mark.parametrize(
        ("payees", "proxies", "count"),
        [
            ("ab", "", 2),
            ("abc", "c", 2),
            ("ab", "b", None),
            ("aa", "", None),
            ("a", "", None),
            ("abc", "abc", None),
        ],
    )
    def test_an_account_of_several_without_authority(self, payees, proxies, count):
        seen = shared_bank_account(202608, list(payees), list(proxies))
        assert (seen.figures["payees"] if seen else None) == count
        if seen:
            assert (seen.pattern, seen.figures["month_period"]) == ("F14", 202608)


class TestF15:
    CLEAN = Handling(LINE, "maker", "checker", date(2026, 8, 10))

    def reasons(self, **changes):
        return [seen.reason for seen in insider_payment(replace(self.CLEAN, **changes))]

    @pytest.mark.parametrize(
        ("changes", "reasons"),
        [
            ({}, []),
            ({"checker": "maker"}, ["same-officer"]),
            ({"payee_is_staff": True}, ["staff-payee"]),
            ({"amount_changed": True}, []),
            ({"amount_changed": True, "decision": False}, ["changed-without-decision"]),
            ({"manual": True}, []),
            ({"manual": True, "decision": False}, ["manual-without-decision"]),
            ({"decision": False}, []),
            ({"account_changed_on": date(2026, 8, 7)}, ["account-just-changed"]),
            ({"account_changed_on": date(2026, 8, 10)}, ["account-just-changed"]),
            ({"account_changed_on": date(2026, 8, 6)}, []),
            ({"account_changed_on": date(2026, 8, 11)}, []),
        ],
    )
    def test_each_sign_is_one_hit(self, changes, reasons):
        assert self.reasons(**changes) == reasons

    def test_signs_add_up(self):
        seen = insider_payment(
            replace(self.CLEAN, checker="maker", payee_is_staff=True, manual=True, decision=False)
        )
        assert [item.reason for item in seen] == [
            "same-officer", "staff-payee", "manual-without-decision",
        ]  # fmt: skip
        assert {item.pattern for item in seen} == {"F15"}
        assert seen[0].figures["amount_fen"] == 300_000
        assert seen[0].figures["month_period"] == 202608
        assert "经办与复核为同一人（2026年8月，3,000.00元）" in seen[0].explanation.zh


class TestF20:
    @pytest.mark.parametrize(("passed", "met"), [(202506, True), (202507, False)])
    def test_cycle_and_grace_are_over(self, passed, met):
        seen = paid_without_certification(LINE, passed, 12)
        assert (seen is not None) is met
        if seen:
            assert seen.pattern == "F20"
            assert seen.figures == {
                "passed_period": 202506, "lapsed_period": 202606, "month_period": 202608,
            }  # fmt: skip

    def test_what_came_back_is_left_alone(self):
        assert paid_without_certification(line(recovered=True), 202001, 12) is None


class TestF22:
    def test_an_item_outside_the_list(self):
        seen = unlisted_item("heating", 1, {"basic"})
        assert seen.pattern == "F22"
        assert seen.figures == {"item": "heating", "amount_fen": 1}

    @pytest.mark.parametrize(("item", "amount"), [("basic", 1), ("heating", 0)])
    def test_what_is_listed_or_unpaid_is_left_alone(self, item, amount):
        assert unlisted_item(item, amount, {"basic"}) is None
