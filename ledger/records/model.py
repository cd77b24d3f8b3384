"""What a line of an imported file says, and what an import did; frozen values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from ledger.policy.identifiers import CreditCode, IdentityNumber
from ledger.policy.kinds import InsuranceClass, supplement_of
from ledger.records.findings import RowFinding

CONTRIBUTION_IMPORT: Final = "contribution"
DEATH_IMPORT: Final = "death"
PAYOUT_IMPORT: Final = "payout"


class Scheme(StrEnum):
    """A pension scheme (险种); all of them share one exclusion class."""

    PENSION_EMPLOYEE = "PENSION_EMPLOYEE"
    PENSION_CIVIL = "PENSION_CIVIL"
    PENSION_RESIDENT = "PENSION_RESIDENT"

    @property
    def class_(self) -> int:
        """The exclusion class of the scheme's normal lines."""
        return InsuranceClass.PENSION


class ContributionType(StrEnum):
    """How a month came to be paid; only the supplement may stand beside a normal line of the month.

    Supplements are a raised base of a month that stands (补差) and a second employer's payment.
    """

    NORMAL = "NORMAL"
    ARREARS_PAID = "ARREARS_PAID"
    LUMP_SUM = "LUMP_SUM"
    SUPPLEMENT = "SUPPLEMENT"


class PayoutLine(StrEnum):
    """A month's own line, or one that adds to it."""

    NORMAL = "NORMAL"
    SUPPLEMENT = "SUPPLEMENT"


class PayoutReason(StrEnum):
    """Why a payout line is not the month's plain pension."""

    NONE = ""
    ADJUSTMENT_BACK_PAY = "ADJUSTMENT_BACK_PAY"
    RETURNED_REPAYMENT = "RETURNED_REPAYMENT"
    LATE_CERTIFICATION_BACK_PAY = "LATE_CERTIFICATION_BACK_PAY"
    FIRST_PAYMENT = "FIRST_PAYMENT"


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """One paid month of one person. ``source_line`` is where it stands in its file."""

    source_line: int
    identity_number: IdentityNumber
    name: str
    employer_code: CreditCode | None
    employer_name: str
    scheme: Scheme
    contribution_type: ContributionType
    period: int
    base_fen: int
    unit_fen: int
    person_fen: int
    paid_on: date

    @property
    def amount_fen(self) -> int:
        """All that was paid for the month."""
        return self.unit_fen + self.person_fen

    @property
    def normal(self) -> bool:
        """Whether this is the month's one exclusive line."""
        return self.contribution_type is not ContributionType.SUPPLEMENT

    @property
    def class_(self) -> int:
        """The class as it stands in the head."""
        return self.scheme.class_ if self.normal else supplement_of(self.scheme.class_)


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One benefit payment; the full account number goes to the bank, not into the record."""

    source_line: int
    identity_number: IdentityNumber
    name: str
    scheme: Scheme
    period: int
    amount_fen: int
    line: PayoutLine
    reason: PayoutReason
    supplement_period: int | None
    decision_reference: str
    paid_on: date | None
    payee_bank: str
    payee_account: str

    @property
    def class_(self) -> int:
        """The class as it stands in the head."""
        if self.line is PayoutLine.NORMAL:
            return self.scheme.class_
        return supplement_of(self.scheme.class_)


@dataclass(frozen=True, slots=True)
class DeathRow:
    """One death as it was notified."""

    source_line: int
    identity_number: IdentityNumber
    name: str
    died_on: date
    reported_on: date
    source: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or had done when the same file came again.

    ``findings`` are sorted by line; a kept report holds the first of them, ``findings_count``
    counts all. Leaves ``first_index`` to ``end_index`` (not included) are the file's.
    ``collection`` is the key of the chain message that enters the money, None while too few lines
    are together.
    """

    import_key: str
    kind: str
    file_name: str
    already_imported: bool
    lines_read: int
    lines_accepted: int
    lines_left_out: int
    persons: int
    amount_fen: int
    period_from: int
    period_to: int
    first_index: int
    end_index: int
    findings: tuple[RowFinding, ...]
    findings_count: int
    warnings_count: int
    left_out_path: Path | None
    collection: str | None
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class PersonMonth:
    """One recorded line of a person's contributions; ``reversed`` ones no longer count."""

    leaf_index: int
    period: int
    contribution_type: ContributionType
    scheme: Scheme
    region: str
    employer_code: str
    employer_name: str
    base_fen: int
    unit_fen: int
    person_fen: int
    pool_fen: int
    account_fen: int
    account_rate_bps: int
    paid_on: date
    parameter_status: str
    recorded_at: datetime
    reversed: bool


@dataclass(frozen=True, slots=True)
class YearSums:
    """What stands of one calendar year: months count once, money of every live line adds up."""

    year: int
    months: tuple[int, ...]
    base_fen: int
    unit_fen: int
    person_fen: int
    pool_fen: int
    account_fen: int
    account_rates_bps: tuple[int, ...]
    regions: tuple[str, ...]
