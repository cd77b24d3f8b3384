"""The lines of the files, in fen and with canonical words, before a city's own form is put on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

EMPLOYEE: Final = "PENSION_EMPLOYEE"
RESIDENT: Final = "PENSION_RESIDENT"
NORMAL: Final = "NORMAL"
SUPPLEMENT: Final = "SUPPLEMENT"
FIRST_PAYMENT: Final = "FIRST_PAYMENT"
ADJUSTMENT: Final = "ADJUSTMENT_BACK_PAY"
RETURNED: Final = "RETURNED_REPAYMENT"
LATE_CERTIFICATION: Final = "LATE_CERTIFICATION_BACK_PAY"


@dataclass(frozen=True, slots=True)
class ContributionLine:
    """One paid month of one person."""

    identity_number: str
    name: str
    employer_code: str
    employer_name: str
    period: int
    base_fen: int
    unit_fen: int
    person_fen: int
    paid_on: date


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One payment; ``identity_number`` as the city's system has it, once with 15 digits."""

    identity_number: str
    name: str
    scheme: str
    period: int
    amount_fen: int
    decision_reference: str
    paid_on: date
    payee_bank: str
    payee_account: str
    line: str = NORMAL
    reason: str = ""
    supplement_period: int | None = None


@dataclass(frozen=True, slots=True)
class DeathLine:
    """One death as it was notified."""

    identity_number: str
    name: str
    died_on: date
    reported_on: date
    source: str
