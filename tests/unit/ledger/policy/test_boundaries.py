"""Limits of the rules from both sides, and refusals with every field they carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.errors import (
    AmountError,
    IdentifierError,
    ImpossibleFactError,
    NotFoundError,
    ParameterMissingError,
    PeriodError,
)
from ledger.policy import (
    accounts,
    benefit_place,
    certification,
    contributions,
    death_benefits,
    eligibility,
    flexible,
    identifiers,
    insurance,
    kinds,
    money,
    overlaps,
    pension,
    pension_conversion,
    periods,
    profiles,
    rates,
    recovery,
    running_pension,
    tables,
    transfer,
)
from ledger.policy.insurance import InsuranceKind
from ledger.policy.retirement import Category, category_row, minimum_months, retirement
from ledger.policy.tables import Parameter, ParameterStatus
from ledger.policy.transfer import Scope

TODAY = date(2026, 9, 15)


def refused(call, *arguments):
    with pytest.raises(IdentifierError) as caught:
        call(*arguments)
    return caught.value


class TestIdentifiers:
    @pytest.mark.parametrize(("call", "identifier", "given", "length", "unit", "unit_zh"), [
        (identifiers.checked_bank_card, "bank-card", "123", 3, "12 to 19", "12至19"),
        (identifiers.checked_social_card, "social-card", "A123", 4, "9", "9"),
        (identifiers.normalise_credit_code, "credit-code", "91", 2, "18", "18"),
    ])  # fmt: skip
    def test_a_wrong_length_says_what_it_is_and_should_be(
        self, call, identifier, given, length, unit, unit_zh
    ):
        error = refused(call, given)
        assert (error.identifier, error.part, error.position) == (identifier, "length", 0)
        assert f"{length} " in error.reason
        assert unit in error.reason
        assert f"{length}位" in error.reason_zh
        assert unit_zh in error.reason_zh

    def test_a_bank_card_counts_digits_and_a_social_card_characters(self):
        assert "digits" in refused(identifiers.checked_bank_card, "123").reason
        assert "characters" in refused(identifiers.checked_social_card, "A123").reason

    def test_a_foreign_number_has_its_own_length_and_characters(self):
        error = refused(identifiers.normalise_social_security_number, "USA1", TODAY)
        assert (error.identifier, error.part) == ("foreign-number", "length")
        assert "4 characters" in error.reason
        assert "18" in error.reason
        error = refused(identifiers.normalise_social_security_number, "USA-23456789012345", TODAY)
        assert (error.identifier, error.position) == ("foreign-number", 4)

    def test_every_place_of_a_residence_number_is_a_digit_but_the_last(self):
        number = "91010519491231002"
        whole = number + identifiers.identity_check_character(number)
        assert identifiers.normalise_social_security_number(whole, TODAY)[0] == whole
        broken = whole[:16] + "A" + whole[17:]
        error = refused(identifiers.normalise_social_security_number, broken, TODAY)
        assert (error.identifier, error.position) == ("residence-number", 17)
        other = whole[:17] + ("1" if whole[17] != "1" else "2")
        error = refused(identifiers.normalise_social_security_number, other, TODAY)
        assert (error.identifier, error.part) == ("residence-number", "check")

    def test_a_check_character_is_of_a_whole_body_only(self):
        for call, body in ((identifiers.credit_code_check_character, "9135"),
                           (identifiers.organisation_check_character, "M0001")):  # fmt: skip
            with pytest.raises(ValueError, match=r"shorter|longer"):
                call(body)


class TestMonths:
    def test_the_calendar_reaches_from_1900_to_2199(self):
        assert periods.checked_period(190001) == 190001
        assert periods.checked_period(219912) == 219912
        for month in (189912, 220001, 202600, 202613):
            with pytest.raises(PeriodError):
                periods.checked_period(month)

    def test_round_percentages_lose_no_digit(self):
        assert [money.percent_text(bps) for bps in (1600, 1650, 1605, 10)] == [
            "16%",
            "16.5%",
            "16.05%",
            "0.1%",
        ]


class TestRetirement:
    def test_refusals_name_what_no_table_has(self, monkeypatch):
        monkeypatch.setattr("ledger.policy.retirement.table", lambda name: ())
        category_row.cache_clear()
        minimum_months.cache_clear()
        with pytest.raises(ParameterMissingError) as caught:
            category_row(Category.MALE)
        assert (caught.value.region, caught.value.key) == ("100000", "male")
        with pytest.raises(ParameterMissingError) as caught:
            minimum_months(2031)
        assert (caught.value.region, caught.value.key) == ("100000", "2031")
        monkeypatch.undo()
        category_row.cache_clear()
        minimum_months.cache_clear()
        assert minimum_months(2031).source.startswith("NPC")

    def test_a_month_that_may_not_be_chosen_is_named(self):
        found = retirement(Category.MALE, 196501)
        with pytest.raises(PeriodError) as caught:
            flexible.choose_month(found, 37)
        assert caught.value.value == 202803
        assert flexible.choose_month(found, 36).shift_months == 36

    def test_the_reasoning_begins_with_the_age(self):
        found = retirement(Category.FEMALE_50, 198003)
        assert flexible.choose_month(found, 1).steps[0].code == "statutory-age"


QUESTION = eligibility.EligibilityQuestion(197511, Category.FEMALE_50, 180, 0, 202609)


class TestEligibility:
    def test_the_question_and_both_numbers_of_each_condition_are_kept(self):
        found = eligibility.review(QUESTION)
        age, months = found.conditions
        assert found.question == QUESTION
        # born 1975-11: 6 months of delay, 50 years 6 months; 610 months old in 2026-09
        assert (age.required, age.actual, age.missing) == (606, 610, 0)
        assert (months.required, months.actual, months.missing) == (180, 180, 0)
        short = eligibility.review(replace(QUESTION, months_contributed=100)).conditions[1]
        assert (short.met, short.required, short.actual, short.missing) == (False, 180, 100, 80)

    def test_the_age_is_reached_in_a_month_named_in_both_languages(self):
        age = eligibility.review(QUESTION).conditions[0]
        assert "2026年5月" in age.explanation.zh
        assert "2026-05" in age.explanation.en
        assert "2024-09-13" in age.explanation.source

    def test_an_unborn_person_is_no_months_old(self):
        young = eligibility.review(replace(QUESTION, birth_period=202609))
        assert young.conditions[0].actual == 0

    def test_every_sentence_has_its_article(self):
        entitled = eligibility.review(QUESTION)
        short = eligibility.review(replace(QUESTION, months_contributed=100))
        young = eligibility.review(replace(QUESTION, birth_period=199001))
        for found in (entitled, short, young):
            assert "第十六条" in found.explanation.source
            assert all(condition.explanation.source for condition in found.conditions)
            assert all("XX" not in item.zh + item.en for condition in found.conditions
                       for item in condition.remedies)  # fmt: skip
        assert (
            "from 2026-10 on" in entitled.explanation.en or "2026-10" not in entitled.explanation.en
        )

    def test_paying_on_past_the_age_is_told_only_when_it_goes_past(self):
        # 1 month short and the age in 2026-05 passed: completed in 2026-10.
        past = eligibility.review(replace(QUESTION, months_contributed=179)).conditions[1]
        assert "到龄后可延长缴费" in past.remedies[0].zh
        assert len(past.remedies) == 3
        # born 1976-03: the age in 2026-11; one more month is complete in 2026-10, two in 2026-11.
        before = replace(QUESTION, birth_period=197603)
        statutory = retirement(Category.FEMALE_50, 197603).statutory_period
        missing = periods.months_between(202609, statutory)
        exact = eligibility.review(replace(before, months_contributed=180 - missing)).conditions[1]
        assert "到龄后可延长缴费" not in exact.remedies[0].zh
        assert "paying on" not in exact.remedies[0].en
        assert len(exact.remedies) == 2
        later = eligibility.review(replace(before, months_contributed=179 - missing)).conditions[1]
        assert "到龄后可延长缴费" in later.remedies[0].zh


class TestRecovery:
    def test_nothing_is_known_from_the_account_when_all_was_repaid(self):
        found = recovery.recover(100_000, 202403, 30_000, repaid_fen=100_000, account_fen=5_000)
        assert (found.due_fen, found.from_account_fen, found.deductions) == (100_000, 0, None)

    def test_the_account_pays_no_more_than_what_is_left(self):
        found = recovery.recover(100_000, 202403, 30_000, repaid_fen=90_000, account_fen=50_000)
        assert (found.from_account_fen, found.deductions) == (10_000, None)

    def test_nothing_repaid_is_the_default(self):
        assert recovery.recover(100, 202403, 100).repaid_fen == 0
        assert recovery.recover(100, 202403, 100).deductions.total_fen == 100

    def test_there_was_no_fine_before_the_law(self):
        assert recovery.fraud_fine(100, 201107).lowest_fen == 200
        with pytest.raises(ParameterMissingError):
            recovery.fraud_fine(100, 201106)


class TestInsurance:
    def test_no_month_is_a_number_of_months_and_a_negative_one_is_not(self):
        moving = insurance.Moving(InsuranceKind.PENSION_EMPLOYEE, Scope.CROSS_PROVINCE)
        assert insurance.what_moves(moving).months == 0
        with pytest.raises(ImpossibleFactError) as caught:
            insurance.what_moves(replace(moving, months=-1))
        assert (caught.value.field, str(caught.value.value)) == ("months", "-1")

    def test_a_short_gap_rests_on_the_row_of_the_gap(self):
        waiting = insurance.medical_waiting_months(3)
        assert waiting.value == 0
        assert waiting.row.startswith("rule_parameters: medical_gap_kept_months")
        assert waiting.source
        assert insurance.medical_waiting_months(4).value == 6

    def test_kinds_have_names_in_both_languages(self):
        flags = insurance.insurance_kinds()[InsuranceKind.INJURY]
        assert flags.name() == flags.name_zh
        assert flags.name("en") == flags.name_en
        assert (kinds.kind_name(9), kinds.class_name(1)) == ("经办操作", "基本养老保险")


class TestDeath:
    QUESTION = death_benefits.DeathQuestion(
        date(2026, 3, 9), 0, Parameter(100, ParameterStatus.PUBLISHED, "statistics", "given"), 0
    )

    @pytest.mark.parametrize(("months", "grant"), [
        (0, 3), (59, 3), (60, 6), (119, 6), (120, 9), (180, 9), (191, 9), (192, 10), (360, 24), (600, 24),
    ])  # fmt: skip
    def test_the_survivors_grant_follows_the_years(self, months, grant):
        # 人社部发〔2021〕18号 as the table has it: 3, 6, 9 months, then one more a year, 24 at most.
        found = death_benefits.death_benefits(replace(self.QUESTION, contribution_months=months))
        assert (found.survivor_months, found.survivor_fen) == (grant, grant * 100)

    def test_every_row_has_its_source(self):
        found = death_benefits.death_benefits(replace(self.QUESTION, contribution_months=200))
        assert all("18号" in row.source for row in (found.funeral_months, *found.survivor_rows))


class TestOthers:
    def test_a_choice_of_a_record_that_is_not_there_is_named(self):
        claims = [overlaps.Claim(202401, region, region, 1, 1) for region in ("320100", "340100")]
        with pytest.raises(NotFoundError) as caught:
            overlaps.resolve_overlaps(claims, "340100", {202401: "nothing"})
        assert caught.value.key == "202401"

    def test_schemes_are_converted_only_since_there_is_a_measure(self):
        question = pension_conversion.ConversionQuestion(201406, 201406, 200, 1, 1, 1)
        with pytest.raises(ImpossibleFactError) as caught:
            pension_conversion.convert_pension(question)
        assert (caught.value.field, str(caught.value.value)) == ("as_of_period", "201406")
        since = replace(question, as_of_period=201407)
        assert pension_conversion.convert_pension(since).steps

    def test_interest_years_begin_where_a_rate_is_known(self):
        first, last = rates.rate_years()[0], rates.rate_years()[-1]
        assert rates.account_interest(first).value > 0
        assert rates.account_interest(last).value > 0
        with pytest.raises(ParameterMissingError):
            rates.account_interest(first - 1)

    def test_an_average_adjustment_has_its_document(self):
        assert running_pension.average_adjustment(2024).source

    def test_a_stop_event_is_reported_within_a_term_that_has_a_row(self):
        due = certification.stop_event_report_due(date(2026, 9, 1))
        assert [ground.value for ground in due.steps[-1].grounds] == [20]

    def test_a_sentence_is_chinese_unless_english_is_asked_for(self):
        words = tables.Explanation("中", "en", "article")
        assert (words.text(), words.text("zh"), words.text("en")) == ("中", "中", "en")

    def test_options_of_a_place_are_its_own_or_the_nations(self):
        sichuan = profiles.province_profile("510100", 202406)
        assert sichuan.transition.region == "510000"
        assert not sichuan.transition.is_default
        assert profiles.province_profile("340100", 202406).transition.is_default

    def test_deductions_need_a_fen_a_month_and_come_to_an_end(self):
        with pytest.raises(AmountError):
            recovery.deductions_of(100, 202403, 0)
        assert recovery.deductions_of(100, 202403, 1).months == 100


class TestRates:
    def test_the_newest_known_rate_is_its_own_years_and_stands_in_for_later_ones(self):
        newest = rates.rate_years()[-1]
        assert rates.account_interest(newest).row == f"account_interest_rate: {newest}"
        assert rates.account_interest(newest).status is not ParameterStatus.PROVISIONAL
        later = rates.account_interest(newest + 1)
        assert later.status is ParameterStatus.PROVISIONAL
        assert later.value == rates.account_interest(newest).value
        assert later.source.startswith(f"{newest}: ")

    def test_a_year_without_a_rate_is_named(self):
        with pytest.raises(ParameterMissingError) as caught:
            rates.account_interest(1990)
        assert (caught.value.region, caught.value.key) == ("100000", "1990")

    def test_a_made_up_value_holds_from_its_first_to_its_last_month(self):
        first = rates.contribution_rate(rates.Payer.UNIT, 201605, "320100")
        last = rates.contribution_rate(rates.Payer.UNIT, 201904, "320100")
        assert first.status is last.status is ParameterStatus.DEMO
        assert (first.value, last.value) == (1900, 1900)
        assert (
            rates.contribution_rate(rates.Payer.UNIT, 201905, "320100").status
            is not ParameterStatus.DEMO
        )

    @pytest.mark.parametrize("found", [
        lambda: rates.account_interest(2016), lambda: rates.account_interest(2010),
        lambda: rates.benefit_base("110000", 2025), lambda: rates.reference_wage("110000", 2024),
        lambda: rates.contribution_rate(rates.Payer.PERSON, 202601, "340100"),
    ])  # fmt: skip
    def test_every_value_has_its_source(self, found):
        assert len(found().source) > 5


class TestContributions:
    def test_money_that_just_fills_the_account_leaves_nothing_for_the_pool(self):
        assert contributions.split_paid(202401, "110000", 100_000, 0, 8_000).pool_fen == 0
        with pytest.raises(AmountError):
            contributions.split_paid(202401, "110000", 100_000, 0, 7_999)
        assert contributions.split_paid(202401, "110000", 100_000, 1, 8_000).pool_fen == 1

    def test_a_flexible_workers_assessment_names_its_place(self):
        found = contributions.assess_flexible(800_000, 202401, "110000")
        assert (found.region, found.period) == ("110000", 202401)

    def test_an_account_refuses_by_name(self):
        with pytest.raises(AmountError) as caught:
            accounts.account_statement({202401: -1}, 202412)
        assert caught.value.field == "account"
        with pytest.raises(PeriodError) as late:
            accounts.account_statement({202501: 1}, 202412)
        assert late.value.value == 202501


class TestPlaces:
    def stays(self, months):
        return [benefit_place.Residence("320100", 201001, months)]

    @pytest.mark.parametrize(
        ("months", "province"), [(119, "340000"), (120, "320000"), (121, "320000")]
    )
    def test_ten_years_are_120_months(self, months, province):
        found = benefit_place.benefit_place(self.stays(months), "340100")
        assert found.province == province
        counted = [step for step in found.steps if step.code != found.steps[-1].code]
        assert [ground.value for step in counted for ground in step.grounds] == [120]
        assert ("at least" in counted[0].text("en")) == (months >= 120)

    def test_a_temporary_account_is_left_out_by_a_rule_of_its_time(self):
        stays = [replace(self.stays(130)[0], relation_type=overlaps.RelationType.TEMPORARY)]
        found = benefit_place.benefit_place(stays, "340100", 201001)
        assert (
            found.steps[0].grounds[0].row
            == "rule_parameters: temporary_account_builds_ten_years 201001"
        )
        with pytest.raises(ParameterMissingError):
            benefit_place.benefit_place(stays, "340100", 200912)

    def test_the_age_test_rests_on_its_limit(self):
        wish = transfer.TransferQuestion(
            "320100", "340100", identifiers.Sex.FEMALE, date(1980, 3, 1), date(2026, 1, 1), 3,
            draws_pension=False,
        )  # fmt: skip
        older = transfer.may_transfer(wish).steps[-1]
        assert [ground.value for ground in older.grounds] == [40]
        younger = transfer.may_transfer(replace(wish, birth_on=date(1990, 3, 1))).steps[-1]
        assert [ground.value for ground in younger.grounds] == [40]


class TestPension:
    ASKED = pension.PensionQuestion(
        "510000", Category.FEMALE_50, 197406, 202406, 342, 9_350, 15_039_722, deemed_months=40
    )

    def test_every_step_is_read_with_the_figures_it_names(self):
        found = pension.pension(self.ASKED)
        for step in found.steps:
            for language in ("zh", "en"):
                text = step.text(language)
                assert "None" not in text
                assert "{" not in text
        conclusion = {step.code: step for step in found.steps}
        assert "2024" in conclusion["benefit-base"].text("zh")
        enough = next(step for step in found.steps if "382" in step.text("zh"))
        assert enough.grounds[0].value == 180
        assert found.steps[-1].figures["total_fen"] == found.total_fen
