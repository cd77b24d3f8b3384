"""An account by equal and by listed deposits; interest reckoned by hand."""

from __future__ import annotations

import pytest

from ledger.advice.accounts import answer_account
from ledger.advice.inputs import Inputs
from ledger.errors import InputError, PeriodError


def ask(**values):
    return answer_account(Inputs(values)).figures


class TestAccount:
    def test_equal_deposits_are_those_listed_one_by_one(self):
        listed = [{"month": f"2022-{month:02d}", "amount_fen": 64000} for month in range(1, 13)]
        assert ask(through="2022-12", deposits=listed) == ask(
            through="2022-12", monthly_fen=64000, first="2022-01", last="2022-12"
        )

    def test_interest_of_a_year_by_hand(self):
        # 640 yuan a month earn (12+11+...+1)/12 = 6.5 months' worth: 640 x 78 / 12 x 6.12 % = 254.592.
        found = ask(through="2022-12", monthly_yuan="640", first="2022-01", last="2022-12")
        assert (found["principal_fen"], found["interest_fen"]) == (768000, 25459)
        assert found["balance_fen"] == 768000 + 25459
        assert found["years"][0]["rate_bps"] == 612

    def test_an_opening_balance_alone_earns_interest(self):
        found = ask(through="2024-12", opening_fen=1_000_000)
        assert found["interest_fen"] == 26200  # 2.62 % of 10,000 yuan
        assert found["principal_fen"] == 0

    def test_what_does_not_go_together_is_refused(self):
        for values, field in (
            (
                {"through": "2022-12", "first": "2022-02", "last": "2022-01", "monthly_fen": 1},
                "last",
            ),
            (
                {"through": "2022-12", "deposits": [{"month": "2022-01", "amount_fen": 1}] * 2},
                "deposits[1].month",
            ),
            ({"through": "2022-12", "first": "2022-02"}, "monthly_fen"),
            ({"monthly_fen": 1}, "through"),
        ):
            with pytest.raises(InputError) as caught:
                ask(**values)
            assert caught.value.field == field
        with pytest.raises(PeriodError):
            ask(through="2022-06", deposits=[{"month": "2022-07", "amount_fen": 1}])
