"""Identity numbers, social credit codes, bank cards: shape, check character, what they say.

Every refusal names the part and the position, never the number: refusals travel into logs.
Division codes are not looked up: old and abolished ones stay valid for the people who carry them.

Source: GB 11643-1999 (公民身份号码) with ISO 7064 MOD 11-2; GB 32100-2015 (统一社会信用代码)
with GB 11714; ISO/IEC 7812 (Luhn). Rules f.1, f.2, f.4.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final, NewType

from ledger.errors import IdentifierError

IdentityNumber = NewType("IdentityNumber", str)
"""A resident identity number, checked and normalised to 18 characters."""

CreditCode = NewType("CreditCode", str)
"""A unified social credit code, checked."""

IDENTITY_LENGTH: Final = 18
OLD_IDENTITY_LENGTH: Final = 15
CREDIT_CODE_LENGTH: Final = 18
CARD_LENGTHS: Final = range(12, 20)
OLDEST_BIRTH_YEAR: Final = 1800

_DIGITS: Final = frozenset("0123456789")
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
        _check_birth_date(body, as_of, position=7)
        return IdentityNumber(body + identity_check_character(body))
    if len(number) != IDENTITY_LENGTH:
        raise IdentifierError(
            "identity-number",
            "length",
            0,
            f"it has {len(number)} characters instead of 18 (or 15 for an old number)",
            f"长度为{len(number)}位，应为18位（旧号码15位）",
        )
    _require_digits("identity-number", number, range(IDENTITY_LENGTH - 1))
    if number[-1] not in _RIC_CHECKS:
        raise _bad_character("identity-number", IDENTITY_LENGTH, "a digit or X", "数字或X")
    _check_birth_date(number, as_of, position=7)
    if identity_check_character(number[:-1]) != number[-1]:
        raise IdentifierError(
            "identity-number",
            "check",
            IDENTITY_LENGTH,
            "character 18 does not follow from the first 17 (MOD 11-2)",
            "第18位校验码与前17位不符",
        )
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


def _check_birth_date(number: str, as_of: date, position: int) -> None:
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as fault:
        raise IdentifierError(
            "identity-number",
            "birth-date",
            position,
            "the birth date is not a day of the calendar",
            "出生日期不是真实日期",
        ) from fault
    if born > as_of:
        raise IdentifierError(
            "identity-number",
            "birth-date",
            position,
            f"the birth date is after {as_of.isoformat()}",
            f"出生日期晚于{as_of.isoformat()}",
        )
    if born.year < OLDEST_BIRTH_YEAR:
        raise IdentifierError(
            "identity-number",
            "birth-date",
            position,
            f"the birth year is before {OLDEST_BIRTH_YEAR}",
            f"出生年份早于{OLDEST_BIRTH_YEAR}年",
        )


# --- unified social credit code ----------------------------------------------------------------


def normalise_credit_code(text: str) -> CreditCode:
    """Check a unified social credit code (18 characters, no I O S V Z) and give it in capitals.

    Raises:
        IdentifierError: length, a character, the division code, the organisation code's own check
            character (position 17) or the check character (18) is wrong, in this order.
    """
    code = text.strip().upper()
    if len(code) != CREDIT_CODE_LENGTH:
        raise IdentifierError(
            "credit-code",
            "length",
            0,
            f"it has {len(code)} characters instead of 18",
            f"长度为{len(code)}位，应为18位",
        )
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
        raise IdentifierError(
            "bank-card",
            "length",
            0,
            f"it has {len(number)} digits instead of 12 to 19",
            f"长度为{len(number)}位，应为12至19位",
        )
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
