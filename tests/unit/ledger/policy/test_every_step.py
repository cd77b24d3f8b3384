"""Every step of a result can be read in both languages and names the rows it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ledger.policy import (
    certification,
    death_benefits,
    duplicate_pensions,
    flexible,
    insurance,
    pension_conversion,
    recovery,
    running_pension,
    temporary_account,
    transfer_amount,
)
from ledger.policy.insurance import InsuranceKind
from ledger.policy.pension_conversion import ConversionQuestion
from ledger.policy.retirement import Category, retirement
from ledger.policy.tables import Parameter, ParameterStatus
from ledger.policy.transfer import Scope

GIVEN = Parameter(450_000, ParameterStatus.PUBLISHED, "statistics", "given")
WOMAN = retirement(Category.FEMALE_50, 198003)
DEAD = death_benefits.DeathQuestion(date(2026, 3, 9), 382, GIVEN, 15_039_722, 77_127, 202407)
TO_EMPLOYEE = ConversionQuestion(203211, 203211, 200, 5_000_000, 60, 800_000)
ONE = duplicate_pensions.DrawnPension(
    "A", "320100", InsuranceKind.PENSION_EMPLOYEE, {202401: 300_000, 202402: 300_000}
)
TWO = duplicate_pensions.DrawnPension(
    "B", "340100", InsuranceKind.PENSION_EMPLOYEE, {202402: 200_000}, account_fen=50_000
)
RESIDENT = duplicate_pensions.DrawnPension(
    "C", "340100", InsuranceKind.PENSION_RESIDENT, {202402: 20_000}, account_fen=5_000
)
TEMPORARY = temporary_account.TemporaryAccount("110000", 128_000, 64_000, 1_000)
ACCOUNT = transfer_amount.AccountMoney(1_536_000)
DECIDED = running_pension.DecidedAmount(
    date(2024, 6, 20), 392_992, ParameterStatus.PUBLISHED, "notice"
)
HISTORY = running_pension.PensionHistory("510000", 202407, 197406, 382, (DECIDED,))


def moving(kind, **changed):
    return insurance.what_moves(insurance.Moving(kind, Scope.CROSS_PROVINCE, 24, **changed))


def amount(account=ACCOUNT, status=transfer_amount.MonthStatus.PAID):
    month = transfer_amount.InsuredMonth(202401, 800_000, status)
    return transfer_amount.transfer_amount([month], account, Scope.CROSS_PROVINCE)


RESULTS = {
    "retire-statutory": lambda: flexible.choose_month(WOMAN, 0),
    "retire-early": lambda: flexible.choose_month(WOMAN, -1),
    "retire-late": lambda: flexible.choose_month(WOMAN, 1),
    "certified": lambda: certification.certification([202508], 202512, "340100"),
    "lapsed": lambda: certification.certification([202508], 202610, "340100"),
    "back-paid": lambda: certification.certification([202508, 202610], 202610, "340100"),
    "stop-event": lambda: certification.stop_event_report_due(date(2026, 9, 1)),
    "in-prison": lambda: certification.custody_suspension(
        [certification.Custody(certification.CustodyKind.FIXED_TERM, date(2026, 1, 15))],
        202601,
        202603,
    ),
    "death": lambda: death_benefits.death_benefits(DEAD),
    "death-short": lambda: death_benefits.death_benefits(replace(DEAD, contribution_months=48)),
    "two-pensions": lambda: duplicate_pensions.settle_duplicates(
        [ONE, TWO], 202403, 50_000, keep="A"
    ),
    "two-pensions-repaid": lambda: duplicate_pensions.settle_duplicates(
        [ONE, TWO], 202403, 50_000, keep="A", repaid={"B": 200_000}
    ),
    "pension-and-residents": lambda: duplicate_pensions.settle_duplicates(
        [ONE, RESIDENT], 202403, 50_000
    ),
    "moves-pension": lambda: moving(InsuranceKind.PENSION_EMPLOYEE, account_fen=10, pool_fen=20),
    "moves-injury": lambda: moving(InsuranceKind.INJURY),
    "moves-while-drawn": lambda: moving(InsuranceKind.PENSION_RESIDENT, draws_benefit=True),
    "moves-medical": lambda: moving(InsuranceKind.MEDICAL_EMPLOYEE, account_fen=10, pool_fen=20),
    "moves-unemployment": lambda: moving(
        InsuranceKind.UNEMPLOYMENT, draws_benefit=True, benefit_due_fen=100_000
    ),
    "to-employee": lambda: pension_conversion.convert_pension(TO_EMPLOYEE),
    "to-resident": lambda: pension_conversion.convert_pension(
        replace(TO_EMPLOYEE, employee_months=100)
    ),
    "conversion-drawn": lambda: pension_conversion.convert_pension(
        replace(TO_EMPLOYEE, draws_pension=True)
    ),
    "conversion-too-early": lambda: pension_conversion.convert_pension(
        replace(TO_EMPLOYEE, as_of_period=203210)
    ),
    "recovered": lambda: recovery.recover(
        100_000, 202403, 30_000, repaid_fen=10_000, account_fen=20_000
    ),
    "recovered-at-once": lambda: recovery.recover(100_000, 202403, 30_000, repaid_fen=100_000),
    "fined": lambda: recovery.fraud_fine(100_000),
    "temporary-kept": lambda: temporary_account.temporary_account_fate(
        TEMPORARY, "320100", "110000"
    ),
    "temporary-sealed": lambda: temporary_account.temporary_account_fate(
        TEMPORARY, "320100", "340100"
    ),
    "temporary-collected": lambda: temporary_account.temporary_account_fate(
        TEMPORARY, "320100", "110000", "320000"
    ),
    "amount": amount,
    "amount-deemed": lambda: amount(status=transfer_amount.MonthStatus.DEEMED),
    "amount-excess": lambda: amount(replace(ACCOUNT, excess_fen=1_000)),
    "amount-before-1998": lambda: amount(replace(ACCOUNT, unit_before_1998_fen=5_000)),
    "running": lambda: running_pension.month_due(HISTORY, 202408),
    "running-dead": lambda: running_pension.month_due(
        replace(HISTORY, died_on=date(2025, 1, 1)), 202502
    ),
    "adjusted": lambda: running_pension.month_due(
        replace(HISTORY, adjustments=(running_pension.average_adjustment(2025),)), 202512
    ),
}

STEPS = {
    "retire-statutory": [
        ("statutory-age", ("retirement_categories: female50",)),
        ("retire-at-statutory-age", ("minimum_months: 2032",)),
    ],
    "retire-early": [
        ("statutory-age", ("retirement_categories: female50",)),
        (
            "retire-early",
            ("minimum_months: 2032", "rule_parameters: minimum_of_the_year_chosen 202501"),
        ),
    ],
    "retire-late": [
        ("statutory-age", ("retirement_categories: female50",)),
        (
            "retire-late",
            ("minimum_months: 2032", "rule_parameters: minimum_of_the_year_chosen 202501"),
        ),
    ],
    "certified": [
        ("certification-holds", ("province_profiles: 100000 certification_cycle_months",)),
    ],
    "lapsed": [
        (
            "certification-lapsed",
            (
                "province_profiles: 100000 certification_cycle_months",
                "rule_parameters: certification_back_pay 201801",
            ),
        ),
    ],
    "back-paid": [
        (
            "certification-paid-back",
            (
                "province_profiles: 100000 certification_cycle_months",
                "rule_parameters: certification_back_pay 201801",
            ),
        ),
        ("certification-holds", ("province_profiles: 100000 certification_cycle_months",)),
    ],
    "stop-event": [
        ("deadline", ("work_calendar 2026",)),
        ("stop-event-report", ("rule_parameters: stop_event_report_working_days 202312",)),
    ],
    "in-prison": [
        ("custody-suspends", ("rule_parameters: custody_suspends 200103",)),
    ],
    "death": [
        ("funeral-grant", ("death_benefits: funeral", "given")),
        (
            "survivor-grant",
            (
                "death_benefits: survivor 120",
                "death_benefits: survivor_further_year 180",
                "death_benefits: survivor_most",
                "death_benefits: survivor_retired_year",
                "death_benefits: survivor_retired_least",
                "given",
            ),
        ),
        ("account-inheritance", ()),
        ("death-total", ()),
    ],
    "death-short": [
        ("funeral-grant", ("death_benefits: funeral", "given")),
        (
            "survivor-grant",
            (
                "death_benefits: survivor 0",
                "death_benefits: survivor_retired_year",
                "death_benefits: survivor_retired_least",
                "given",
            ),
        ),
        ("account-inheritance", ()),
        ("death-total", ()),
    ],
    "two-pensions": [
        ("duplicate-kept-by-agreement", ("insurance_kinds: PENSION_EMPLOYEE",)),
        ("duplicate-stopped", ("rule_parameters: duplicate_pension_order 201001",)),
        ("duplicate-deducted", ("rule_parameters: duplicate_pension_order 201001",)),
    ],
    "two-pensions-repaid": [
        ("duplicate-kept-by-agreement", ("insurance_kinds: PENSION_EMPLOYEE",)),
        ("duplicate-stopped", ("rule_parameters: duplicate_pension_order 201001",)),
        ("duplicate-settled", ("rule_parameters: duplicate_pension_order 201001",)),
    ],
    "pension-and-residents": [
        ("duplicate-kept-by-law", ("insurance_kinds: PENSION_EMPLOYEE",)),
        ("duplicate-stopped-resident", ("rule_parameters: resident_repays_basic_pension 201407",)),
        ("duplicate-deducted", ("rule_parameters: duplicate_pension_order 201001",)),
    ],
    "moves-pension": [
        ("insurance-moves", ("insurance_kinds: PENSION_EMPLOYEE",)),
    ],
    "moves-injury": [
        ("insurance-starts-anew", ("insurance_kinds: INJURY",)),
    ],
    "moves-while-drawn": [
        ("insurance-benefit-drawn", ("insurance_kinds: PENSION_RESIDENT",)),
    ],
    "moves-medical": [
        ("insurance-moves", ("insurance_kinds: MEDICAL_EMPLOYEE",)),
    ],
    "moves-unemployment": [
        (
            "insurance-unemployment-benefit",
            (
                "insurance_kinds: UNEMPLOYMENT",
                "rule_parameters: unemployment_moved_benefit_extra 202111",
            ),
        ),
    ],
    "to-employee": [
        (
            "conversion-to-employee",
            ("minimum_months: 2032", "rule_parameters: conversion_of_schemes 201407"),
        ),
    ],
    "to-resident": [
        (
            "conversion-to-resident",
            ("minimum_months: 2032", "rule_parameters: conversion_of_schemes 201407"),
        ),
    ],
    "conversion-drawn": [
        ("conversion-pension-drawn", ("rule_parameters: conversion_of_schemes 201407",)),
    ],
    "conversion-too-early": [
        ("conversion-too-early", ("rule_parameters: conversion_of_schemes 201407",)),
    ],
    "recovered": [
        ("recovery-planned", ()),
    ],
    "recovered-at-once": [
        ("recovery-settled", ()),
    ],
    "fined": [
        (
            "fraud-fine",
            (
                "rule_parameters: fraud_fine_lowest 201107",
                "rule_parameters: fraud_fine_highest 201107",
            ),
        ),
    ],
    "temporary-kept": [
        ("temporary-account-kept", ("rule_parameters: temporary_account_whole 201001",)),
    ],
    "temporary-sealed": [
        ("temporary-account-sealed", ("rule_parameters: temporary_account_whole 201001",)),
    ],
    "temporary-collected": [
        ("temporary-account-for-benefit", ("rule_parameters: temporary_account_whole 201001",)),
    ],
    "amount": [
        (
            "transfer-year",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
        (
            "transfer-amount",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
    ],
    "amount-deemed": [
        ("transfer-excludes-deemed", ()),
        (
            "transfer-amount",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
    ],
    "amount-excess": [
        (
            "transfer-year",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
        ("transfer-excludes-above-share", ("rule_parameters: account_share_limit 200601",)),
        (
            "transfer-amount",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
    ],
    "amount-before-1998": [
        (
            "transfer-year",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
        ("transfer-excludes-unit-before-1998", ()),
        (
            "transfer-amount",
            (
                "rule_parameters: transfer_pool_share 201001",
                "rule_parameters: transfer_first_pool_year 201001",
            ),
        ),
    ],
    "running": [
        ("decided-amount", ("decision: notice",)),
        ("month-due", ()),
    ],
    "running-dead": [
        ("month-after-death", ("rule_parameters: death_month_is_due",)),
    ],
    "adjusted": [
        ("province-option", ("province_profiles: 510000 money_rounding",)),
        ("decided-amount", ("decision: notice",)),
        ("adjustment", ("adjustment_averages: 2025",)),
        ("month-due", ()),
    ],
}
"""Each step of each result with the rows it rests on; what rests on none says only what follows."""


class TestEveryStep:
    def test_every_case_is_listed(self):
        assert RESULTS.keys() == STEPS.keys()

    @pytest.mark.parametrize("name", RESULTS)
    def test_it_names_the_rows_it_rests_on(self, name):
        found = RESULTS[name]().steps
        assert [
            (step.code, tuple(ground.row for ground in step.grounds)) for step in found
        ] == STEPS[name]

    @pytest.mark.parametrize("name", RESULTS)
    def test_it_is_read_in_both_languages_with_its_figures_and_its_article(self, name):
        for step in RESULTS[name]().steps:
            document = step.document()
            assert document["zh"] != document["en"]
            for language in ("zh", "en"):
                assert document[language] == step.text(language)
                assert "None" not in document[language]
                assert "{" not in document[language]
            assert None not in document["figures"].values()
            assert isinstance(step.source, str)
            assert step.source
            assert all(ground.source for ground in step.grounds if ground.row != "given")
            assert step.code == step.code.lower()
