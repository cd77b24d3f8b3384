from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import AmountError
from ledger.policy.money import (
    Rounding,
    decimal_text,
    fen_of_yuan,
    percent_text,
    round_half_up,
    rounded,
    share_of,
    yuan_text,
)


class TestRounding:
    @given(st.integers(-(10**12), 10**12), st.integers(1, 10_000))
    def test_halves_go_away_from_zero_as_in_decimal_arithmetic(self, numerator, denominator):
        with localcontext(prec=60):
            exact = Decimal(numerator) / Decimal(denominator)
            expected = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
        assert round_half_up(Fraction(numerator, denominator)) == expected

    @pytest.mark.parametrize(
        ("value", "expected"),
        [("1/2", 1), ("3/2", 2), ("5/2", 3), ("-1/2", -1), ("49/100", 0), ("-5/2", -3)],
    )
    def test_examples(self, value, expected):
        assert round_half_up(Fraction(value)) == expected

    def test_a_share_is_rounded_once(self):
        assert share_of(813_200, 1_600) == 130_112
        assert share_of(1, 5_000) == 1
        assert share_of(1, 4_999) == 0


class TestYuan:
    @given(st.integers(0, 10**14))
    def test_text_and_fen_are_the_same_amount(self, amount):
        assert fen_of_yuan(yuan_text(amount).replace(",", "")) == amount

    @pytest.mark.parametrize(
        ("text", "fen"), [("8132.00", 813_200), ("7044.3", 704_430), (" 5 ", 500)]
    )
    def test_examples(self, text, fen):
        assert fen_of_yuan(text) == fen

    @pytest.mark.parametrize("text", ["-1.00", "1.005", "1,000", "１.00", "", "1e3", "1."])
    def test_what_is_no_plain_amount_is_refused(self, text):
        with pytest.raises(AmountError) as caught:
            fen_of_yuan(text, "base")
        assert caught.value.field == "base"
        assert "yuan" in caught.value.reason

    def test_people_read_thousands_marks(self):
        assert yuan_text(1_234_567) == "12,345.67"
        assert yuan_text(-5) == "-0.05"

    @pytest.mark.parametrize(("bps", "text"), [(1600, "16%"), (831, "8.31%"), (150, "1.5%")])
    def test_rates_read_as_percent(self, bps, text):
        assert percent_text(bps) == text


class TestDecimalText:
    @pytest.mark.parametrize(
        ("value", "decimals", "text"),
        [(9_350, 4, "0.9350"), (1_384, 1, "138.4"), (-105, 2, "-1.05"), (0, 4, "0.0000")],
    )
    def test_it_writes_a_count_of_decimal_parts(self, value, decimals, text):
        assert decimal_text(value, decimals) == text


class TestRoundedByPlace:
    @pytest.mark.parametrize(
        ("value", "fen", "jiao"),
        [
            (Fraction(1_005, 10), 101, 110),
            (Fraction(1_004, 10), 100, 110),
            (Fraction(100), 100, 100),
            (Fraction(101), 101, 110),
            (Fraction(110), 110, 110),
            (Fraction(0), 0, 0),
            (Fraction(1, 1000), 0, 10),
        ],
    )
    def test_to_the_nearest_fen_or_up_to_the_next_jiao(self, value, fen, jiao):
        assert rounded(value.numerator, value.denominator, Rounding.HALF_UP_FEN) == fen
        assert rounded(value.numerator, value.denominator, Rounding.UP_TO_JIAO) == jiao

    @given(st.integers(0, 10**12), st.integers(1, 10**6))
    def test_to_the_nearest_fen_is_the_one_way_of_rounding(self, numerator, denominator):
        expected = round_half_up(Fraction(numerator, denominator))
        assert rounded(numerator, denominator, Rounding.HALF_UP_FEN) == expected
