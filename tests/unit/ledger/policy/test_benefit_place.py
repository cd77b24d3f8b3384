"""The province that pays: the cascade of 66号 article 6, each rule at its boundary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ImpossibleFactError, NotFoundError, ParameterMissingError, PeriodError
from ledger.policy.benefit_place import PlaceReason, Residence, benefit_place
from ledger.policy.overlaps import RelationType
from ledger.policy.steps import may_decide

ANHUI, JIANGSU, SICHUAN, BEIJING = "340000", "320000", "510000", "110000"


def stay(region, from_period, paid, deemed=0, relation_type=RelationType.NORMAL):
    return Residence(region, from_period, paid, deemed, relation_type)


def temporary(region, from_period, paid):
    return stay(region, from_period, paid, relation_type=RelationType.TEMPORARY)


class TestCascade:
    def test_first_the_current_place_when_it_is_the_households(self):
        place = benefit_place([stay("320100", 202001, 1)], "320500")
        assert (place.province, place.reason) == (JIANGSU, PlaceReason.CURRENT_IS_HUKOU)
        assert (place.months, place.relation_moves) == (1, False)

    def test_it_comes_before_ten_years_elsewhere(self):
        stays = [stay("340100", 200001, 200), stay("320100", 202001, 1)]
        assert benefit_place(stays, "320000").reason is PlaceReason.CURRENT_IS_HUKOU

    @pytest.mark.parametrize(
        ("paid", "deemed", "reason", "province", "moves"),
        [
            (120, 0, PlaceReason.CURRENT_TEN_YEARS, JIANGSU, False),
            (100, 20, PlaceReason.CURRENT_TEN_YEARS, JIANGSU, False),
            (119, 0, PlaceReason.HUKOU, ANHUI, True),
            (99, 20, PlaceReason.HUKOU, ANHUI, True),
        ],
    )
    def test_then_the_current_place_with_ten_years(self, paid, deemed, reason, province, moves):
        place = benefit_place([stay("320100", 201001, paid, deemed)], "340100")
        assert (place.reason, place.province, place.relation_moves) == (reason, province, moves)

    def test_then_the_latest_earlier_place_with_ten_years_not_the_longest(self):
        stays = [
            stay("510100", 199001, 180),
            stay("110105", 200501, 120),
            stay("320100", 201501, 119),
        ]
        place = benefit_place(stays, "340100")
        assert (place.province, place.reason) == (BEIJING, PlaceReason.EARLIER_TEN_YEARS)
        assert (place.months, place.relation_moves) == (120, True)

    def test_an_earlier_place_short_of_ten_years_is_passed_over(self):
        stays = [
            stay("510100", 199001, 180),
            stay("110105", 200501, 119),
            stay("320100", 201501, 119),
        ]
        assert benefit_place(stays, "340100").province == SICHUAN

    def test_last_the_households_place_even_if_nothing_was_paid_there(self):
        place = benefit_place([stay("320100", 201501, 60), stay("110000", 202001, 60)], "340100")
        assert (place.province, place.reason) == (ANHUI, PlaceReason.HUKOU)
        assert (place.months, place.relation_moves) == (0, True)

    def test_nobody_without_a_relation_is_left_out(self):
        place = benefit_place([], "340100")
        assert (place.province, place.reason) == (ANHUI, PlaceReason.HUKOU)


class TestMonths:
    def test_the_province_counts_so_stays_in_its_cities_add_up(self):
        stays = [
            stay("320100", 200001, 60),
            stay("110000", 200601, 60),
            stay("320500", 201501, 60),
        ]
        place = benefit_place(stays, "340100")
        assert (place.province, place.months) == (JIANGSU, 120)
        assert place.reason is PlaceReason.CURRENT_TEN_YEARS

    def test_of_two_that_began_together_the_later_handed_over_is_current(self):
        stays = [stay("320100", 201501, 120), stay("110000", 201501, 120)]
        assert benefit_place(stays, "340100").province == BEIJING
        assert benefit_place(stays[::-1], "340100").province == JIANGSU

    def test_order_is_that_of_the_relations_not_of_the_list(self):
        stays = [stay("320100", 201501, 119), stay("510100", 199001, 120)]
        assert benefit_place(stays, "340100") == benefit_place(stays[::-1], "340100")

    def test_a_temporary_account_is_never_the_current_relation(self):
        stays = [stay("320100", 201501, 120), temporary("340100", 202001, 60)]
        place = benefit_place(stays, "340100")
        assert (place.province, place.reason) == (JIANGSU, PlaceReason.CURRENT_TEN_YEARS)

    def test_months_of_a_temporary_account_build_no_ten_years(self):
        stays = [stay("320100", 201501, 100), temporary("320100", 202001, 60)]
        assert benefit_place(stays, "340100").reason is PlaceReason.HUKOU

    @given(st.integers(0, 300), st.integers(0, 300))
    def test_one_more_month_never_takes_the_place_away(self, here, there):
        stays = [stay("510100", 199001, there), stay("320100", 201501, here)]
        more = [stays[0], stay("320100", 201501, here + 1)]
        if benefit_place(stays, "340100").province == JIANGSU:
            assert benefit_place(more, "340100").province == JIANGSU


class TestSteps:
    def test_each_place_and_the_deciding_rule_are_told(self):
        stays = [stay("510100", 199001, 180), stay("320100", 201501, 100, 19)]
        place = benefit_place(stays, "340100")
        assert [step.code for step in place.steps] == [
            "benefit-place-months-short",
            "benefit-place-months",
            "benefit-place-earlier-ten-years",
        ]
        assert [dict(step.figures) for step in place.steps] == [
            {"region": JIANGSU, "months": 119, "needed": 120},
            {"region": SICHUAN, "months": 180, "needed": 120},
            {"region": SICHUAN, "months": 180, "needed": 120},
        ]
        row = "rule_parameters: benefit_place_months 201001"
        assert [[ground.row for ground in step.grounds] for step in place.steps] == [[row]] * 3
        assert "四川省" in place.explanation.zh
        assert "Sichuan" in place.explanation.en
        assert may_decide(place)

    @pytest.mark.parametrize(
        ("paid", "code"),
        [(119, "benefit-place-months-short"), (120, "benefit-place-months")],
    )
    def test_exactly_ten_years_are_told_as_enough(self, paid, code):
        assert benefit_place([stay("320100", 201501, paid)], "340100").steps[0].code == code

    def test_a_temporary_account_makes_the_answer_an_estimate(self):
        stays = [stay("320100", 201501, 120), temporary("110000", 202001, 7)]
        place = benefit_place([*stays, temporary("110000", 202101, 5)], "340100")
        assert place.steps[0].code == "benefit-place-temporary"
        assert place.steps[0].figures == {"months": 12}
        assert [ground.row for ground in place.steps[0].grounds] == [
            "rule_parameters: temporary_account_builds_ten_years 201001"
        ]
        assert not may_decide(place)

    @pytest.mark.parametrize("reason", list(PlaceReason))
    def test_every_reason_reads_in_both_languages(self, reason):
        stays = {
            PlaceReason.CURRENT_IS_HUKOU: [stay("340100", 201501, 1)],
            PlaceReason.CURRENT_TEN_YEARS: [stay("320100", 201501, 120)],
            PlaceReason.EARLIER_TEN_YEARS: [stay("510100", 199001, 120), stay("320100", 201501, 1)],
            PlaceReason.HUKOU: [],
        }[reason]
        place = benefit_place(stays, "340100")
        assert place.reason is reason
        assert place.steps[-1].code == "benefit-place-" + reason.value.lower().replace("_", "-")
        assert place.explanation.source == "国办发〔2009〕66号第六条；人社部规〔2016〕5号第一条"
        assert place.explanation.zh != place.explanation.en


class TestRefusals:
    @pytest.mark.parametrize(
        ("paid", "deemed", "field"), [(-1, 0, "paid_months"), (0, -1, "deemed_months")]
    )
    def test_a_negative_number_of_months_is_refused(self, paid, deemed, field):
        with pytest.raises(ImpossibleFactError) as caught:
            benefit_place([stay("320100", 201501, paid, deemed)], "340100")
        assert (caught.value.field, caught.value.value) == (field, -1)

    def test_a_month_or_place_that_is_none_is_refused(self):
        with pytest.raises(PeriodError):
            benefit_place([stay("320100", 201513, 1)], "340100")
        with pytest.raises(NotFoundError):
            benefit_place([], "990100")
        with pytest.raises(NotFoundError):
            benefit_place([stay("990100", 201501, 1)], "340100")

    def test_before_2010_there_was_no_such_rule(self):
        assert benefit_place([], "340100", 201001).province == ANHUI
        with pytest.raises(ParameterMissingError):
            benefit_place([], "340100", 200912)
