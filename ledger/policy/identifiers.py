"""Identity, social security and card numbers, credit codes: shape, check character, what they say.

Every refusal names the part and the position, never the number: refusals travel into logs.
Division codes are not looked up: old and abolished ones stay valid for the people who carry them.

Source: GB 11643-1999 (公民身份号码) with ISO 7064 MOD 11-2; GB 32100-2015 (统一社会信用代码)
with GB 11714; ISO/IEC 7812 (Luhn); 社会保险经办条例 art. 6 (a citizen's social security number is
the identity number). Rules f.1, f.2, f.4. The numbers of foreigners and of the card are known from
memory only: what fits their shape may be a number.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, NewType

from ledger.errors import IdentifierError
from ledger.policy.periods import MONTHS_PER_YEAR

IdentityNumber = NewType("IdentityNumber", str)
"""A resident identity number, checked and normalised to 18 characters."""

CreditCode = NewType("CreditCode", str)
"""A unified social credit code, checked."""

SocialSecurityNumber = NewType("SocialSecurityNumber", str)
"""A citizen's identity number or a foreigner's own number, checked and normalised."""

IDENTITY_LENGTH: Final = 18
FOREIGN_LENGTH: Final = 18
COUNTRY_LENGTH: Final = 3
SOCIAL_CARD_LENGTH: Final = 9
RESIDENCE_MARK: Final = "9"
OLD_IDENTITY_LENGTH: Final = 15
CREDIT_CODE_LENGTH: Final = 18
CARD_LENGTHS: Final = range(12, 20)
OLDEST_BIRTH_YEAR: Final = 1800

_DIGITS: Final = frozenset("0123456789")
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_RIC_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RIC_CHECKS: Final = "10X98765432"
_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUES: Final = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS: Final = tuple(pow(3, power, 31) for power in range(17))
_USCC_DIVISION: Final = range(2, 8)
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


class Sex(StrEnum):
    """Sex as the identity number states it."""

    MALE = "male"
    FEMALE = "female"


class IdType(StrEnum):
    """What document a social security number comes from (id_type)."""

    RESIDENT = "resident-identity-number"
    PERMANENT_RESIDENCE = "permanent-residence-card"
    FOREIGN = "foreign-social-security-number"


# --- resident identity number ------------------------------------------------------------------


def normalise_identity_number(text: str, as_of: date) -> IdentityNumber:
    """Check a resident identity number and bring it to its 18-character form.

    Surrounding blanks are dropped, a small x becomes X, a 15-digit number of before 1999 gets its
    century (19) and check character.

    Args:
        text: as it stands in a file.
        as_of: the day by which the holder must have been born.

    Raises:
        IdentifierError: length, a character, the birth date or the check character is wrong;
            the first fault in that order is named.
    """
    number = text.strip().upper()
    if len(number) == OLD_IDENTITY_LENGTH:
        _require_digits("identity-number", number, range(OLD_IDENTITY_LENGTH))
        body = f"{number[:6]}19{number[6:]}"
        _check_birth_date("identity-number", body, as_of, _OLD_BIRTH_PLACES)
        return IdentityNumber(body + identity_check_character(body))
    if len(number) != IDENTITY_LENGTH:
        raise _bad_length(
            "identity-number",
            len(number),
            "18 (or 15 for an old number)",
            "characters",
            "18（旧号码15）",
        )
    _require_digits("identity-number", number, range(IDENTITY_LENGTH - 1))
    if number[-1] not in _RIC_CHECKS:
        raise _bad_character("identity-number", IDENTITY_LENGTH, "a digit or X", "数字或X")
    _check_birth_date("identity-number", number, as_of, _BIRTH_PLACES)
    _check_last("identity-number", number)
    return IdentityNumber(number)


def identity_check_character(first17: str) -> str:
    """The check character of 17 digits. Source: GB 11643, ISO 7064 MOD 11-2."""
    total = sum(weight * int(digit) for weight, digit in zip(_RIC_WEIGHTS, first17, strict=True))
    return _RIC_CHECKS[total % 11]


def birth_date_of(number: IdentityNumber) -> date:
    """The birth date the number states.

    The date that counts for retirement is a stored decision from the earliest archive record
    (rules c.2, 劳社部发〔1999〕8号); this one is the first guess.
    """
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: IdentityNumber) -> Sex:
    """The sex the number states: the sequence is odd for men, even for women."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


# --- social security number and card -----------------------------------------------------------


def normalise_social_security_number(text: str, as_of: date) -> tuple[SocialSecurityNumber, IdType]:
    """Check a social security number and say what document it comes from.

    A citizen's is the identity number. A foreigner's with a permanent residence card of 2023 or
    later is that card's number: 18 digits that begin with 9, with a birth date at 7 to 14 and the
    check character of identity numbers [memory-M]. Any other foreigner's begins with the three
    letters of the country, 15 letters or digits follow, no check character [memory-L].

    Raises:
        IdentifierError: it is none of the three; the fault is told of the one it looks like.
    """
    number = text.strip().upper()
    if number[:1] in _LETTERS:
        return SocialSecurityNumber(_checked_foreign_number(number)), IdType.FOREIGN
    if len(number) == IDENTITY_LENGTH and number[0] == RESIDENCE_MARK:
        _require_digits("residence-number", number, range(IDENTITY_LENGTH - 1))
        _check_birth_date("residence-number", number, as_of, _BIRTH_PLACES)
        _check_last("residence-number", number)
        return SocialSecurityNumber(number), IdType.PERMANENT_RESIDENCE
    return SocialSecurityNumber(normalise_identity_number(number, as_of)), IdType.RESIDENT


def checked_social_card(text: str) -> str:
    """The number of a social security card (社保卡): nine digits or letters, in capitals.

    It has no check character, and is not the number of the bank account on the card [memory-M].

    Raises:
        IdentifierError: its length or a character is wrong.
    """
    number = text.strip().upper()
    if len(number) != SOCIAL_CARD_LENGTH:
        raise _bad_length("social-card", len(number), f"{SOCIAL_CARD_LENGTH}", "characters")
    _require_digits_or_letters("social-card", number, range(SOCIAL_CARD_LENGTH))
    return number


def _checked_foreign_number(number: str) -> str:
    if len(number) != FOREIGN_LENGTH:
        raise _bad_length("foreign-number", len(number), f"{FOREIGN_LENGTH}", "characters")
    for place in range(COUNTRY_LENGTH):
        if number[place] not in _LETTERS:
            raise _bad_character(
                "foreign-number", place + 1, "a letter of the country", "国家代码字母", "country"
            )
    _require_digits_or_letters("foreign-number", number, range(COUNTRY_LENGTH, FOREIGN_LENGTH))
    return number


# --- unified social credit code ----------------------------------------------------------------


def normalise_credit_code(text: str) -> CreditCode:
    """Check a unified social credit code (18 characters, no I O S V Z) and give it in capitals.

    Raises:
        IdentifierError: length, a character, the division code, the organisation code's own check
            character (position 17) or the check character (18) is wrong, in this order.
    """
    code = text.strip().upper()
    if len(code) != CREDIT_CODE_LENGTH:
        raise _bad_length("credit-code", len(code), f"{CREDIT_CODE_LENGTH}", "characters")
    for place, character in enumerate(code):
        if character not in _USCC_VALUES:
            raise _bad_character(
                "credit-code",
                place + 1,
                "0-9 or A-Y without I, O, S, V, Z",
                "数字或除I、O、S、V、Z外的大写字母",
            )
    _require_digits("credit-code", code, _USCC_DIVISION, part="division")
    if organisation_check_character(code[8:16]) != code[16]:
        raise IdentifierError(
            "credit-code",
            "organisation-check",
            17,
            "character 17 does not follow from the organisation code in 9 to 16 (GB 11714)",
            "第17位与第9至16位主体标识码不符",
        )
    if credit_code_check_character(code[:17]) != code[17]:
        raise IdentifierError(
            "credit-code",
            "check",
            CREDIT_CODE_LENGTH,
            "character 18 does not follow from the first 17 (GB 32100)",
            "第18位校验码与前17位不符",
        )
    return CreditCode(code)


def credit_code_check_character(first17: str) -> str:
    """The check character of a credit code's first 17 characters. Source: GB 32100-2015."""
    total = sum(
        weight * _USCC_VALUES[character]
        for weight, character in zip(_USCC_WEIGHTS, first17, strict=True)
    )
    return _USCC_ALPHABET[-total % 31]


def organisation_check_character(first8: str) -> str:
    """The check character of an organisation code, letters as A=10..Z=35. Source: GB 11714."""
    total = sum(
        weight * int(character, 36)
        for weight, character in zip(_ORGANISATION_WEIGHTS, first8, strict=True)
    )
    return "0123456789X"[-total % 11]


# --- bank card ---------------------------------------------------------------------------------


def checked_bank_card(text: str) -> str:
    """A bank card number (12 to 19 digits) whose last digit is right.

    Raises:
        IdentifierError: length, a character or the Luhn digit is wrong.
    Source: ISO/IEC 7812-1 annex B.
    """
    number = text.strip().replace(" ", "")
    if len(number) not in CARD_LENGTHS:
        raise _bad_length("bank-card", len(number), "12 to 19", "digits", "12至19")
    _require_digits("bank-card", number, range(len(number)))
    if luhn_digit(number[:-1]) != number[-1]:
        raise IdentifierError(
            "bank-card",
            "check",
            len(number),
            "the last digit does not follow from the others (Luhn)",
            "末位校验码不符",
        )
    return number


def luhn_digit(body: str) -> str:
    """The Luhn digit to put after ``body``."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += sum(divmod(value, 10))
    return str(-total % 10)


# --- shared ------------------------------------------------------------------------------------

# Where year, month and day of birth begin, counted from 1.
_BIRTH_PLACES: Final = (7, 11, 13)
_OLD_BIRTH_PLACES: Final = (7, 9, 11)


def _check_birth_date(
    identifier: str, number: str, as_of: date, places: tuple[int, int, int]
) -> None:
    """Refuse a birth date that is none, with the place where its year, month or day begins."""
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    at_year, at_month, at_day = places
    if year < OLDEST_BIRTH_YEAR:
        raise IdentifierError(
            identifier,
            "birth-date",
            at_year,
            f"the birth year is before {OLDEST_BIRTH_YEAR}",
            f"出生年份早于{OLDEST_BIRTH_YEAR}年",
        )
    if not 1 <= month <= MONTHS_PER_YEAR:
        raise IdentifierError(
            identifier,
            "birth-date",
            at_month,
            "the birth month is not 01 to 12",
            "出生月份不是01至12",
        )
    try:
        born = date(year, month, day)
    except ValueError as fault:
        raise IdentifierError(
            identifier,
            "birth-date",
            at_day,
            "the birth month has no such day",
            "出生月份没有这一天",
        ) from fault
    if born > as_of:
        raise IdentifierError(
            identifier,
            "birth-date",
            at_year,
            f"the birth date is after {as_of.isoformat()}",
            f"出生日期晚于{as_of.isoformat()}",
        )


def _check_last(identifier: str, number: str) -> None:
    if identity_check_character(number[:-1]) != number[-1]:
        raise IdentifierError(
            identifier,
            "check",
            IDENTITY_LENGTH,
            "character 18 does not follow from the first 17 (MOD 11-2)",
            "第18位校验码与前17位不符",
        )


def _bad_length(
    identifier: str, found: int, wanted: str, things: str, wanted_zh: str = ""
) -> IdentifierError:
    return IdentifierError(
        identifier,
        "length",
        0,
        f"it has {found} {things} instead of {wanted}",
        f"长度为{found}位，应为{wanted_zh or wanted}位",
    )


def _require_digits_or_letters(identifier: str, text: str, places: range) -> None:
    for place in places:
        if text[place] not in _DIGITS and text[place] not in _LETTERS:
            raise _bad_character(identifier, place + 1, "a digit or a letter", "数字或字母")


def _require_digits(identifier: str, text: str, places: range, part: str = "character") -> None:
    for place in places:
        if text[place] not in _DIGITS:
            raise _bad_character(identifier, place + 1, "a digit", "数字", part)


def _bad_character(
    identifier: str, position: int, wanted: str, wanted_zh: str, part: str = "character"
) -> IdentifierError:
    return IdentifierError(
        identifier,
        part,
        position,
        f"character {position} must be {wanted}",
        f"第{position}位应为{wanted_zh}",
    )
