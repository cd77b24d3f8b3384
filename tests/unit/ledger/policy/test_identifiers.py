from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric, uscc

from ledger.errors import IdentifierError
from ledger.policy.identifiers import (
    Sex,
    birth_date_of,
    checked_bank_card,
    identity_check_character,
    luhn_digit,
    normalise_credit_code,
    normalise_identity_number,
    organisation_check_character,
    sex_of,
)

AS_OF = date(2026, 9, 15)
SAMPLE = "11010519491231002X"
CODE = "91350100M000100Y43"

digits17 = st.text("0123456789", min_size=17, max_size=17)
births = st.dates(date(1900, 1, 1), AS_OF)
sequences = st.integers(1, 999)


def number_of(born, sequence, division="320102"):
    body = f"{division}{born:%Y%m%d}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


def refusal(function, *arguments):
    with pytest.raises(IdentifierError) as caught:
        function(*arguments)
    return caught.value


class TestIdentityNumber:
    def test_the_published_sample_holds(self):
        number = normalise_identity_number(SAMPLE, AS_OF)
        assert number == SAMPLE
        assert birth_date_of(number) == date(1949, 12, 31)
        assert sex_of(number) is Sex.FEMALE

    @given(digits17)
    def test_check_characters_are_those_of_another_implementation(self, body):
        assert identity_check_character(body) == ric.calc_check_digit(body + "0")

    @given(births, sequences)
    def test_what_the_number_says_is_what_went_in(self, born, sequence):
        number = normalise_identity_number(number_of(born, sequence), AS_OF)
        assert birth_date_of(number) == born
        assert sex_of(number) is (Sex.MALE if sequence % 2 else Sex.FEMALE)

    @given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), sequences)
    def test_an_old_number_becomes_the_new_one(self, born, sequence):
        new = number_of(born, sequence)
        old = new[:6] + new[8:17]
        assert normalise_identity_number(old, AS_OF) == new

    @given(births, sequences, st.integers(0, 17))
    def test_no_single_wrong_digit_passes(self, born, sequence, place):
        number = number_of(born, sequence)
        wrong = "1" if number[place] != "1" else "2"
        changed = number[:place] + wrong + number[place + 1 :]
        with pytest.raises(IdentifierError):
            normalise_identity_number(changed, AS_OF)

    def test_blanks_and_a_small_x_are_forgiven(self):
        assert normalise_identity_number(f" {SAMPLE.lower()}\n", AS_OF) == SAMPLE

    def test_an_abolished_division_code_is_accepted(self):
        number = number_of(date(1960, 5, 1), 12, division="511001")
        assert normalise_identity_number(number, AS_OF) == number

    @pytest.mark.parametrize(
        ("number", "part", "position"),
        [
            ("1101051949123100", "length", 0),
            ("", "length", 0),
            ("11010519491231A02X", "character", 15),
            ("11010519491231002Y", "character", 18),
            ("１1010519491231002X", "character", 1),
            ("110105194902300021", "birth-date", 7),
            ("110105000002300021", "birth-date", 7),
            ("110105170001010021", "birth-date", 7),
            ("110105491331002", "birth-date", 7),
            ("11010549123100A", "character", 15),
            ("110105194912310021", "check", 18),
        ],
    )
    def test_a_refusal_names_part_and_position_and_never_the_number(self, number, part, position):
        error = refusal(normalise_identity_number, number, AS_OF)
        assert (error.identifier, error.part, error.position) == ("identity-number", part, position)
        for text in (str(error), error.sentence("zh"), error.advice("zh")):
            assert not number or number not in text

    def test_nobody_is_born_after_the_day_of_the_check(self):
        tomorrow = number_of(date(2026, 9, 16), 1)
        assert refusal(normalise_identity_number, tomorrow, AS_OF).part == "birth-date"
        assert normalise_identity_number(tomorrow, date(2026, 9, 16)) == tomorrow


class TestCreditCode:
    def test_the_published_sample_holds(self):
        assert normalise_credit_code(f" {CODE.lower()} ") == CODE

    def test_the_sample_of_another_implementation_holds(self):
        assert normalise_credit_code("91110000600037341L") == uscc.validate("91110000600037341L")

    @given(st.text("0123456789", min_size=6, max_size=6), st.integers(0, 10**8 - 1))
    def test_check_characters_are_those_of_another_implementation(self, division, organisation):
        body = f"{organisation:08d}"
        first17 = f"91{division}{body}{organisation_check_character(body)}"
        code = first17 + uscc.calc_check_digit(first17)
        assert normalise_credit_code(code) == code

    @pytest.mark.parametrize(
        ("code", "part", "position"),
        [
            (CODE[:-1], "length", 0),
            (CODE.replace("M", "I"), "character", 9),
            (CODE[:3] + "A" + CODE[4:], "division", 4),
            (CODE[:16] + "5" + CODE[17:], "organisation-check", 17),
            (CODE[:-1] + "4", "check", 18),
        ],
    )
    def test_a_refusal_names_part_and_position(self, code, part, position):
        error = refusal(normalise_credit_code, code)
        assert (error.identifier, error.part, error.position) == ("credit-code", part, position)
        assert code not in str(error)


class TestBankCard:
    @given(st.text("0123456789", min_size=11, max_size=18))
    def test_last_digits_are_those_of_another_implementation(self, body):
        assert luhn_digit(body) == luhn.calc_check_digit(body)
        assert checked_bank_card(body + luhn_digit(body)) == body + luhn_digit(body)

    @pytest.mark.parametrize(
        ("card", "part", "position"),
        [
            ("12345", "length", 0),
            ("4111 1111 1111 111a", "character", 16),
            ("4111111111111112", "check", 16),
        ],
    )
    def test_a_refusal_names_part_and_position(self, card, part, position):
        error = refusal(checked_bank_card, card)
        assert (error.identifier, error.part, error.position) == ("bank-card", part, position)
