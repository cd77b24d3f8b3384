"""What a person sees about their own years and money."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from api.web.parts import Clock, Seal, TransferStep, Words


class Answer(StrEnum):
    """The answer to "can I retire?"."""

    NOW = "now"
    FROM = "from"
    NOT_YET = "not_yet"
    UNDETERMINED = "undetermined"
    RETIRED = "retired"


class PayoutState(StrEnum):
    """What became of one month's pension."""

    PAID = "paid"
    HELD = "held"
    RETURNED = "returned"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of the law in words; ``met`` is None when it could not be checked.

    ``mend`` says what the person can do about it; ``href`` opens the rows it rests on.
    """

    text: Words
    detail: Words
    met: bool | None
    mend: Words | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The big answer.

    ``from_period`` is the first month, needed for ``FROM``; ``is_estimate`` marks a preview.
    """

    answer: Answer
    reasons: tuple[Words, ...]
    conditions: tuple[Condition, ...]
    seal: Seal
    from_period: int | None = None
    monthly_fen: int | None = None
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class CityLine:
    """The months paid in one city, ascending ``yyyymm``."""

    city: Words
    periods: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month's contribution.

    ``base_fen`` is the wage base, ``account_fen`` what the account got.
    """

    period: int
    city: Words
    base_fen: int
    amount_fen: int
    account_fen: int
    seal: Seal
    overlaps: bool = False


@dataclass(frozen=True, slots=True)
class YearRows:
    """One year with its months; a month paid in two cities counts once in ``months``."""

    year: int
    rows: tuple[MonthRow, ...]

    @property
    def months(self) -> int:
        """Months of the year that count."""
        return len({row.period for row in self.rows})

    @property
    def amount_fen(self) -> int:
        """Everything paid in for the year."""
        return sum(row.amount_fen for row in self.rows)

    @property
    def account_fen(self) -> int:
        """What the personal account got for the year, before interest."""
        return sum(row.account_fen for row in self.rows)


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """A transfer of this person.

    ``step`` is the one under way, ``done`` of ``total`` steps are behind it.
    """

    source: Words
    receiver: Words
    step: TransferStep
    done: int
    total: int
    clock: Clock | None
    refused_reason: Words | None = None
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One month of pension."""

    period: int
    amount_fen: int
    city: Words
    state: PayoutState
    paid_on: date | None
    seal: Seal
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """A proof the person can take away."""

    href: str
    label: Words
    opens_for: Words


@dataclass(frozen=True, slots=True)
class RecordView:
    """``person/record.html``: can I retire, and what does it rest on?"""

    name: str
    eligibility: Eligibility
    lines: tuple[CityLine, ...]
    years: tuple[YearRows, ...]
    transfers: tuple[TransferProgress, ...]
    payouts: tuple[PayoutRow, ...]
    downloads: tuple[Download, ...]

    @property
    def months(self) -> int:
        """Months that count over the whole life; an overlap counts once."""
        return len({period for line in self.lines for period in line.periods})

    @property
    def account_fen(self) -> int:
        """What went into the personal account, before interest."""
        return sum(year.account_fen for year in self.years)
