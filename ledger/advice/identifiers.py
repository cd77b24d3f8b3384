"""Whether a number can be that of a person or an employer, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from ledger.advice.answers import Answer
from ledger.advice.inputs import Inputs
from ledger.errors import IdentifierError
from ledger.policy.identifiers import (
    birth_date_of,
    normalise_credit_code,
    normalise_identity_number,
    sex_of,
)
from ledger.policy.steps import Step, Wording

_VALID: Final = Wording(
    "identifier-valid",
    "{what_zh}：各位与校验码相符（只说明号码写法正确，不说明确有其人或单位）",
    "{what_en}: every character and the check character agree (the number is written correctly; "
    "that says nothing about whose it is)",
    "GB 11643-1999；GB 32100-2015",
)
_INVALID: Final = Wording(
    "identifier-invalid",
    "{what_zh}：{reason_zh}；请与证件原件核对",
    "{what_en}: {reason_en}; compare it with the document",
    "GB 11643-1999；GB 32100-2015",
)
_PERSON: Final = ("公民身份号码", "Resident identity number")
_EMPLOYER: Final = ("统一社会信用代码", "Unified social credit code")


def answer_identity_number(inputs: Inputs, as_of: date) -> Answer:
    """Answer ``id``: 15 or 18 characters; its holder must have been born by ``as_of``."""
    text = inputs.text("id")
    inputs.done()

    def read() -> Mapping[str, Any]:
        number = normalise_identity_number(text, as_of)
        return {
            "normalised": str(number),
            "born_on": birth_date_of(number).isoformat(),
            "sex": sex_of(number).value,
        }

    return _answer(_PERSON, read)


def answer_credit_code(inputs: Inputs) -> Answer:
    """Answer ``code``: 18 characters."""
    text = inputs.text("code")
    inputs.done()
    return _answer(_EMPLOYER, lambda: {"normalised": str(normalise_credit_code(text))})


def _answer(what: tuple[str, str], read: Callable[[], Mapping[str, Any]]) -> Answer:
    """``valid`` with what the number says, or not, with the first fault as ``reasons``."""
    names = {"what_zh": what[0], "what_en": what[1]}
    try:
        figures = read()
    except IdentifierError as error:
        reason = {
            "part": error.part,
            "position": error.position,
            "zh": error.reason_zh,
            "en": error.reason,
        }
        words = names | {"reason_zh": error.reason_zh, "reason_en": error.reason}
        return Answer({"valid": False, "reasons": [reason]}, (Step(_INVALID, words),))
    return Answer({"valid": True, "reasons": [], **figures}, (Step(_VALID, names),))
