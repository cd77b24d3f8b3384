"""Which province pays, and how much money moves."""

from __future__ import annotations

import pytest

from ledger.advice.inputs import Inputs
from ledger.advice.places import answer_benefit_place, stays_of
from ledger.advice.transfers import answer_transfer_amount
from ledger.errors import InputError, PeriodError

NANJING, BEIJING, HEFEI = "320100", "110000", "340100"


def refusal(call, values) -> InputError:
    with pytest.raises(InputError) as caught:
        call(Inputs(values))
    return caught.value


class TestBenefitPlace:
    def test_the_latest_place_with_ten_years_pays(self):
        stays = stays_of([f"{NANJING}:2010-01:130", f"{BEIJING}:2021-01:30"])
        found = answer_benefit_place(Inputs({"hukou": HEFEI, "stays": stays})).figures
        assert found["benefit_province"] == "320000"
        assert found["reason"] == "EARLIER_TEN_YEARS"
        assert found["relation_moves"] is True
        assert (found["benefit_province_zh"], found["benefit_province_en"]) == ("江苏省", "Jiangsu")

    def test_months_of_a_temporary_account_build_no_ten_years(self):
        stays = [
            {"region": NANJING, "from": "2010-01", "paid_months": 60},
            {"region": BEIJING, "from": "2015-01", "paid_months": 130, "relation": "temporary"},
        ]
        found = answer_benefit_place(Inputs({"hukou": HEFEI, "stays": stays})).figures
        assert (found["benefit_province"], found["reason"]) == ("340000", "HUKOU")

    def test_somebody_who_never_paid_is_paid_by_the_household_s_province(self):
        assert (
            answer_benefit_place(Inputs({"hukou": HEFEI})).figures["benefit_province"] == "340000"
        )

    def test_a_stay_that_cannot_be_read_is_refused(self):
        with pytest.raises(InputError) as caught:
            stays_of(["320100:2010-01"])
        assert caught.value.field == "stay"
        stays = [{"region": NANJING, "from": "2010-01", "paid_months": -1}]
        error = refusal(answer_benefit_place, {"hukou": HEFEI, "stays": stays})
        assert error.field == "stays[0].paid_months"


class TestTransferAmount:
    def test_twelve_percent_of_the_bases_and_the_account(self):
        # 24 months at 8,000 yuan: 12 % of 192,000 is 23,040 (rules a.5).
        found = answer_transfer_amount(Inputs({
            "from_region": NANJING, "to_region": HEFEI, "balance_yuan": "15360.00",
            "first": "2022-01", "last": "2023-12", "base_fen": 800_000,
        })).figures  # fmt: skip
        assert (found["scope"], found["months"]) == ("CROSS_PROVINCE", 24)
        assert (found["pool_fen"], found["account_fen"], found["fund_fen"]) == (
            2304000,
            1536000,
            3840000,
        )
        assert [row["pool_fen"] for row in found["years"]] == [1152000, 1152000]

    def test_inside_one_province_no_money_moves(self):
        found = answer_transfer_amount(Inputs({
            "from_region": NANJING, "to_region": "320500", "balance_fen": 1, "first": "2022-01",
            "last": "2022-01", "base_fen": 800_000,
        })).figures  # fmt: skip
        assert found["fund_fen"] == 0

    def test_deemed_and_refunded_months_add_nothing(self):
        values = {
            "from_region": NANJING, "to_region": HEFEI, "balance_fen": 0, "periods": [
                {"first": "2022-01", "last": "2022-12", "base_fen": 800_000},
                {"first": "2021-01", "last": "2021-12", "base_fen": 800_000, "status": "deemed"},
                {"first": "2020-01", "last": "2020-03", "base_fen": 800_000, "status": "refunded"},
            ],
        }  # fmt: skip
        found = answer_transfer_amount(Inputs(values)).figures
        assert (found["months"], found["pool_fen"]) == (12, 1152000)
        assert [(item["reason"], item["months"]) for item in found["excluded"]] == [
            ("DEEMED", 12), ("REFUNDED", 3),
        ]  # fmt: skip

    def test_what_cannot_be_is_refused(self):
        good = {
            "from_region": NANJING, "to_region": HEFEI, "balance_fen": 0, "first": "2022-01",
            "last": "2022-12", "base_fen": 1,
        }  # fmt: skip
        for changed, field in (({"base_fen": 0}, "base_fen"), ({"last": "2021-12"}, "last"),
                               ({"to_region": "1"}, "to_region"), ({"when": "now"}, "when")):  # fmt: skip
            assert refusal(answer_transfer_amount, good | changed).field == field
        stretch = {"first": "2022-01", "last": "2022-02", "base_fen": 1}
        with pytest.raises(PeriodError):
            answer_transfer_amount(Inputs({
                "from_region": NANJING, "to_region": HEFEI, "balance_fen": 0, "periods": [stretch, stretch],
            }))  # fmt: skip
