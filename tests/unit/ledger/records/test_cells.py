from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records.cells import CellFault, account_number, day, fen, month, plain_text


def code_of(parse, *arguments) -> str:
    with pytest.raises(CellFault) as fault:
        parse(*arguments)
    return fault.value.code


class TestMoney:
    @given(st.decimals(0, 10**9, places=2))
    def test_yuan_with_two_decimals_are_exact(self, yuan: Decimal):
        assert fen(f"{yuan:f}", "yuan") == int(yuan * 100)

    @pytest.mark.parametrize(
        ("text", "amount"),
        [("0", 0), ("1", 100), ("1.5", 150), ("1.50", 150), ("1.500", 150), ("-0.00", 0)],
    )
    def test_shorter_and_longer_spellings(self, text, amount):
        assert fen(text, "yuan") == amount

    @pytest.mark.parametrize(
        ("text", "unit", "code"),
        [
            ("-1", "yuan", "amount-negative"),
            ("−0.01", "yuan", "amount-negative"),
            ("1.005", "yuan", "amount-decimals"),
            ("1.5", "fen", "amount-decimals"),
            ("1,000.00", "yuan", "amount"),
            ("￥100", "yuan", "amount"),
            ("1e3", "yuan", "amount"),
            ("nan", "yuan", "amount"),
            ("１００", "yuan", "amount"),
            ("99999999999999", "yuan", "amount"),
        ],
    )
    def test_anything_else_is_a_fault(self, text, unit, code):
        assert code_of(fen, text, unit) == code


class TestMonths:
    @pytest.mark.parametrize(
        "text", ["202608", "2026-08", "2026-8", "2026/08", "2026年8月", "2026年08月"]
    )
    def test_known_spellings(self, text):
        assert month(text, 202609) == 202608

    @pytest.mark.parametrize(
        "text", ["202613", "202600", "20268", "18990101", "2026.08", "Aug 2026", "189912"]
    )
    def test_no_month(self, text):
        assert code_of(month, text, 202609) == "month"

    def test_a_month_that_has_not_come(self):
        assert month("202609", 202609) == 202609
        assert code_of(month, "202610", 202609) == "month-future"


class TestDays:
    @pytest.mark.parametrize("text", ["2026-08-15", "20260815", "2026/8/15", "2026年8月15日"])
    def test_known_spellings(self, text):
        assert day(text, date(2026, 9, 15)) == date(2026, 8, 15)

    @pytest.mark.parametrize("text", ["2026-02-29", "20261301", "15.8.2026", "2026-08"])
    def test_no_day(self, text):
        assert code_of(day, text, None) == "date"

    def test_a_day_that_has_not_come(self):
        assert day("2026-09-16", None) == date(2026, 9, 16)
        assert code_of(day, "2026-09-16", date(2026, 9, 15)) == "date-future"


class TestTexts:
    def test_accounts_are_digits(self):
        assert account_number("6217 0000 1234 5678") == "6217000012345678"
        assert code_of(account_number, "6217-0000") == "account-number"

    def test_names_keep_their_dots_and_rare_characters(self):
        for name in ("阿卜杜拉·买买提", "㛃", "𠮷田", "O'Neill"):
            assert plain_text(name) == name
        assert code_of(plain_text, "张\n三") == "characters"
