from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric, uscc

from ledger.errors import IdentifierError
from ledger.policy.identifiers import (
    IdType,
    Sex,
    birth_date_of,
    checked_bank_card,
    checked_social_card,
    credit_code_check_character,
    identity_check_character,
    luhn_digit,
    normalise_credit_code,
    normalise_identity_number,
    normalise_social_security_number,
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
            ("110105194902300021", "birth-date", 13),
            ("110105194900010021", "birth-date", 11),
            ("110105194913010021", "birth-date", 11),
            ("110105194912000021", "birth-date", 13),
            ("110105194912320021", "birth-date", 13),
            ("110105000001010021", "birth-date", 7),
            ("110105179912310021", "birth-date", 7),
            ("110105491331002", "birth-date", 9),
            ("110105490230002", "birth-date", 11),
            ("11010549123100A", "character", 15),
            ("110105194912310021", "check", 18),
        ],
    )
    def test_a_refusal_names_part_and_position_and_never_the_number(self, number, part, position):
        error = refusal(normalise_identity_number, number, AS_OF)
        assert (error.identifier, error.part, error.position) == ("identity-number", part, position)
        for text in (str(error), error.sentence("zh"), error.advice("zh")):
            assert not number or number not in text

    @pytest.mark.parametrize(
        ("number", "zh", "en"),
        [
            ("1101051949123100", "长度为16位，应为18（旧号码15）位", "16 characters instead of 18"),
            ("11010519491231A02X", "第15位应为数字", "character 15 must be a digit"),
            ("110105179912310021", "出生年份早于1800年", "before 1800"),
            ("110105194913010021", "出生月份不是01至12", "month is not 01 to 12"),
            ("110105194902300021", "出生月份没有这一天", "no such day"),
            ("110105194912310021", "第18位校验码与前17位不符", "does not follow from the first 17"),
        ],
    )
    def test_a_refusal_says_why_in_both_languages(self, number, zh, en):
        error = refusal(normalise_identity_number, number, AS_OF)
        assert zh in error.sentence("zh")
        assert en in error.sentence("en")

    def test_the_earliest_birth_year_is_1800(self):
        number = number_of(date(1800, 1, 1), 1)
        assert birth_date_of(normalise_identity_number(number, AS_OF)) == date(1800, 1, 1)

    @given(births, sequences, st.integers(0, 17), st.sampled_from("0123456789X"))
    def test_what_passes_passes_another_implementation(self, born, sequence, place, character):
        number = number_of(born, sequence)
        changed = number[:place] + character + number[place + 1 :]
        try:
            ours = normalise_identity_number(changed, AS_OF)
        except IdentifierError:
            ours = None
        if ours is not None:
            assert ric.calc_check_digit(changed) == changed[-1]
            assert ric.get_birth_date(changed) == birth_date_of(ours)
        else:
            assert not ric.is_valid(changed) or ric.get_birth_date(changed) > AS_OF

    def test_nobody_is_born_after_the_day_of_the_check(self):
        tomorrow = number_of(date(2026, 9, 16), 1)
        assert refusal(normalise_identity_number, tomorrow, AS_OF).part == "birth-date"
        assert normalise_identity_number(tomorrow, date(2026, 9, 16)) == tomorrow


class TestSocialSecurityNumber:
    FOREIGN = "USA00000A12345678X"

    def residence_number(self, born="19851107"):
        body = f"932840{born}001"
        return body + ric.calc_check_digit(body + "0")

    def test_a_citizens_is_the_identity_number(self):
        answer = normalise_social_security_number(f" {SAMPLE.lower()} ", AS_OF)
        assert answer == (SAMPLE, IdType.RESIDENT)
        assert normalise_social_security_number("110105491231002", AS_OF) == answer

    def test_a_foreigners_begins_with_the_letters_of_a_country(self):
        answer = normalise_social_security_number(self.FOREIGN.lower(), AS_OF)
        assert answer == (self.FOREIGN, IdType.FOREIGN)

    def test_a_permanent_residents_begins_with_nine_and_has_a_check_character(self):
        number = self.residence_number()
        answer = normalise_social_security_number(number, AS_OF)
        assert answer == (number, IdType.PERMANENT_RESIDENCE)

    @pytest.mark.parametrize(
        ("number", "identifier", "part", "position"),
        [
            ("USA0000A12345678X", "foreign-number", "length", 0),
            ("U1A00000A12345678X", "foreign-number", "country", 2),
            ("US100000A12345678X", "foreign-number", "country", 3),
            ("USA-0000A12345678X", "foreign-number", "character", 4),
            ("USA00000A1234567８X", "foreign-number", "character", 17),
            ("USA00000A12345678-", "foreign-number", "character", 18),
            ("93284019851107001", "identity-number", "length", 0),
            ("93284A198511070010", "residence-number", "character", 6),
            ("932840198513070010", "residence-number", "birth-date", 11),
            ("", "identity-number", "length", 0),
            ("110105194912310021", "identity-number", "check", 18),
        ],
    )
    def test_a_refusal_names_the_number_it_looks_like(self, number, identifier, part, position):
        error = refusal(normalise_social_security_number, number, AS_OF)
        assert (error.identifier, error.part, error.position) == (identifier, part, position)
        assert not number or number not in str(error)

    @pytest.mark.parametrize(
        ("function", "number", "zh", "en"),
        [
            (checked_social_card, "A1234567", "长度为8位，应为9位", "8 characters instead of 9"),
            (
                lambda text: normalise_social_security_number(text, AS_OF),
                "USA0000A12345678X",
                "长度为17位，应为18位",
                "17 characters instead of 18",
            ),
            (checked_bank_card, "12345", "长度为5位，应为12至19位", "5 digits instead of 12 to 19"),
        ],
    )
    def test_a_wrong_length_is_told_with_the_right_one(self, function, number, zh, en):
        error = refusal(function, number)
        assert zh in error.sentence("zh")
        assert en in error.sentence("en")

    def test_every_digit_of_a_residence_number_is_one(self):
        number = self.residence_number()
        error = refusal(normalise_social_security_number, number[:16] + "A" + number[17], AS_OF)
        assert (error.identifier, error.part, error.position) == (
            "residence-number", "character", 17,
        )  # fmt: skip

    def test_the_check_character_of_a_residence_number_is_that_of_identity_numbers(self):
        number = self.residence_number()
        wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
        error = refusal(normalise_social_security_number, wrong, AS_OF)
        assert (error.identifier, error.part) == ("residence-number", "check")


class TestSocialCard:
    def test_nine_digits_or_letters(self):
        assert checked_social_card(" a12345678\n") == "A12345678"
        assert checked_social_card("123456789") == "123456789"

    @pytest.mark.parametrize(
        ("card", "part", "position"),
        [("A1234567", "length", 0), ("A123456789", "length", 0), ("A1234-678", "character", 6)],
    )
    def test_a_refusal_names_part_and_position(self, card, part, position):
        error = refusal(checked_social_card, card)
        assert (error.identifier, error.part, error.position) == ("social-card", part, position)
        assert card not in str(error)


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

    @given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
    def test_what_passes_passes_another_implementation(self, place, character):
        changed = CODE[:place] + character + CODE[place + 1 :]
        if changed != CODE:
            assert not uscc.is_valid(changed)
            with pytest.raises(IdentifierError):
                normalise_credit_code(changed)

    def test_a_remainder_of_nought_gives_nought(self):
        assert credit_code_check_character("0" * 17) == "0"
        assert organisation_check_character("0" * 8) == "0"

    def test_a_check_character_needs_all_the_others(self):
        for function, length in (
            (credit_code_check_character, 16),
            (organisation_check_character, 7),
        ):
            for wrong in (length, length + 2):
                with pytest.raises(ValueError, match="zip"):
                    function("0" * wrong)

    def test_ten_is_an_x_in_the_organisation_code(self):
        assert organisation_check_character("00000006") == "X"  # 11 - 6 x 2 % 11
        assert organisation_check_character("0000000A") == "2"  # A is 10: 11 - 20 % 11

    def test_a_refusal_says_why_in_both_languages(self):
        error = refusal(normalise_credit_code, CODE[:-1])
        assert "17 characters instead of 18" in error.sentence("en")
        assert "长度为17位，应为18位" in error.sentence("zh")

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
            ("00000000000", "length", 0),
            ("0" * 20, "length", 0),
            ("4111 1111 1111 111a", "character", 16),
            ("4111111111111112", "check", 16),
        ],
    )
    def test_a_refusal_names_part_and_position(self, card, part, position):
        assert checked_bank_card("0" * 12) == "0" * 12
        assert checked_bank_card("0" * 19) == "0" * 19
        error = refusal(checked_bank_card, card)
        assert (error.identifier, error.part, error.position) == ("bank-card", part, position)
