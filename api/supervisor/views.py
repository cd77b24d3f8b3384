"""What a supervisor's pages show: alerts, where money flows, followed logs, fund events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from api.supervisor.measures import AlertMeasures
    from api.web.parts import (
        AlertRule,
        ClaimRow,
        Clock,
        LogState,
        Pages,
        Seal,
        StepState,
        TransferStep,
        Words,
    )


class RiskBand(StrEnum):
    """A risk number in a word."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlertState(StrEnum):
    """Where due process stands; none of these says guilt."""

    OPEN = "open"
    NOTIFIED = "notified"
    ANSWERED = "answered"
    FOUND = "found"
    CLOSED = "closed"


class ProcessStep(StrEnum):
    """The steps a suspicion goes through before anything is decided."""

    RAISED = "raised"
    NOTICE = "notice"
    ANSWER = "answer"
    FINDING = "finding"
    REMEDY = "remedy"


class ConflictState(StrEnum):
    """What became of a conflict proven on chain."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class FlowKind(StrEnum):
    """What moves in a band; decides its colour, pattern and label."""

    COLLECTED = "collected"
    ALLOCATED = "allocated"
    PAID = "paid"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    SHORTFALL = "shortfall"


class FundEventKind(StrEnum):
    """What happened to a fund account."""

    COLLECTED = "collected"
    ALLOCATED = "allocated"
    DISBURSED = "disbursed"
    TRANSFERRED_OUT = "transferred_out"
    TRANSFERRED_IN = "transferred_in"
    RETURNED = "returned"
    SHORTFALL = "shortfall"
    FROZEN = "frozen"
    RENEWED = "renewed"
    RELEASED = "released"
    OPENED = "opened"
    CORRECTED = "corrected"
    TAKEN_OVER = "taken_over"


HIGH_RISK_FROM = 70
MEDIUM_RISK_FROM = 40


def risk_band(risk: int) -> RiskBand:
    """The word for a risk number from 0 to 100."""
    if risk >= HIGH_RISK_FROM:
        return RiskBand.HIGH
    return RiskBand.MEDIUM if risk >= MEDIUM_RISK_FROM else RiskBand.LOW


@dataclass(frozen=True, slots=True)
class FlowAccount:
    """A fund account, or a city's payments, as a bar in the picture.

    ``column`` counts from 0 at the left.
    """

    key: str
    name: Words
    column: int


@dataclass(frozen=True, slots=True)
class FlowBand:
    """Money from one account to another; the link opens the movements behind it."""

    source: str
    target: str
    amount_fen: int
    kind: FlowKind
    href: str
    lines: int = 0


@dataclass(frozen=True, slots=True)
class FlowPicture:
    """Accounts and the money between them over ``first_period`` to ``last_period``.

    Money that comes back (returns, arrivals from another pool, corrections) runs to the left.
    ``column_names`` heads the columns from the left.
    """

    column_names: tuple[Words, ...]
    accounts: tuple[FlowAccount, ...]
    bands: tuple[FlowBand, ...]
    first_period: int
    last_period: int

    @property
    def total_fen(self) -> int:
        """The sum over every band; the table under the picture ends with the same number."""
        return sum(band.amount_fen for band in self.bands)

    @property
    def comes_back(self) -> bool:
        """Whether any money runs to the left, and is drawn as a loop."""
        column = {account.key: account.column for account in self.accounts}
        return any(column[band.target] <= column[band.source] for band in self.bands)

    def name_of(self, key: str) -> Words:
        """The name of an account in the picture."""
        return next(account.name for account in self.accounts if account.key == key)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One suspicion in the ranked list."""

    href: str
    number: str
    rule: AlertRule
    risk: int
    places: tuple[Words, ...]
    first_period: int
    last_period: int
    months: int
    amount_fen: int
    state: AlertState
    raised_at: datetime

    @property
    def band(self) -> RiskBand:
        """The risk as a word."""
        return risk_band(self.risk)


@dataclass(frozen=True, slots=True)
class FollowedLog:
    """A bureau's log as this supervisor sees it.

    ``is_consistent`` is None when it could not be checked; ``lag`` counts entries served but
    not yet verified here.
    """

    name: Words
    log_id: int
    log: LogState
    is_consistent: bool | None
    lag: int
    seen_at: datetime
    href: str = ""


@dataclass(frozen=True, slots=True)
class HomeView:
    """``supervisor/home.html``: ranked suspicions, where the money went, the logs followed."""

    alerts: tuple[AlertRow, ...]
    flow: FlowPicture
    logs: tuple[FollowedLog, ...]
    alerts_href: str = "/supervisor/alerts"
    events_href: str = "/supervisor/funds"

    @property
    def ranked(self) -> tuple[AlertRow, ...]:
        """Suspicions, highest risk first, then most money, then oldest."""
        return rank(self.alerts)


@dataclass(frozen=True, slots=True)
class AlertsView:
    """``supervisor/alerts.html``: all suspicions."""

    alerts: tuple[AlertRow, ...]

    @property
    def ranked(self) -> tuple[AlertRow, ...]:
        """Suspicions, highest risk first, then most money, then oldest."""
        return rank(self.alerts)


def rank(alerts: tuple[AlertRow, ...]) -> tuple[AlertRow, ...]:
    """Order suspicions: highest risk first, then most money, then oldest."""
    return tuple(sorted(alerts, key=lambda row: (-row.risk, -row.amount_fen, row.raised_at)))


@dataclass(frozen=True, slots=True)
class AlertLeaf:
    """A leaf that a suspicion names, at the supervision level.

    ``number`` orders it among all logs.
    """

    log_name: Words
    index: int
    number: int | None
    kind: int
    exclusion_class: int
    period: int
    amount_fen: int
    seal: Seal


@dataclass(frozen=True, slots=True)
class CaseProcess:
    """One step of due process; ``text`` is what was said in it."""

    step: ProcessStep
    state: StepState
    at: datetime | None = None
    due_on: date | None = None
    by: Words | None = None
    text: Words | None = None


@dataclass(frozen=True, slots=True)
class ConflictProof:
    """Two leaves with one payout tag, proven on chain."""

    number: int
    tag: str
    chain_transaction: str
    block: int
    proven_at: datetime
    state: ConflictState


@dataclass(frozen=True, slots=True)
class AlertView:
    """``supervisor/alert.html``: one suspicion, what it rests on, what was said."""

    number: str
    rule: AlertRule
    risk: int
    state: AlertState
    raised_at: datetime
    places: tuple[Words, ...]
    leaves: tuple[AlertLeaf, ...]
    months: int
    amount_fen: int
    process: tuple[CaseProcess, ...]
    conflict: ConflictProof | None = None
    innocent_causes: tuple[Words, ...] = ()
    notify_action: str = ""
    prove_action: str = ""
    measures: AlertMeasures | None = None

    @property
    def band(self) -> RiskBand:
        """The risk as a word."""
        return risk_band(self.risk)


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What one account holds according to the chain."""

    name: Words
    pool: Words
    balance_fen: int
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class WayRow:
    """The ways that a pool's money may go for one purpose; ``begins_at`` None: the usual ones.

    ``is_coming``: decided, not in force yet.
    """

    pool: Words
    purpose: Words
    ways: tuple[Words, ...]
    begins_at: datetime | None
    document: str
    is_coming: bool = False


@dataclass(frozen=True, slots=True)
class StoppedBureau:
    """A bureau whose money may not go: frozen through a day, or owing a shortfall, or both."""

    name: Words
    frozen_through: date | None
    is_renewed: bool
    shortfall_fen: int


@dataclass(frozen=True, slots=True)
class FundEvent:
    """One movement as recorded on chain; ``officers`` signed it."""

    at: datetime
    kind: FundEventKind
    source: Words | None
    target: Words | None
    amount_fen: int
    lines: int
    officers: int
    block: int
    chain_transaction: str
    seal: Seal


@dataclass(frozen=True, slots=True)
class FundEventsView:
    """``supervisor/fund_events.html``: what the accounts hold and every movement behind it.

    ``band`` names the band of the flow picture whose movements these are; their sum is its amount.
    """

    balances: tuple[AccountBalance, ...]
    events: tuple[FundEvent, ...]
    pages: Pages
    band: Words | None = None
    band_fen: int | None = None
    all_href: str = "/supervisor/funds"
    stopped: tuple[StoppedBureau, ...] = ()
    ways: tuple[WayRow, ...] = ()

    @property
    def total_fen(self) -> int:
        """The sum over all balances."""
        return sum(balance.balance_fen for balance in self.balances)


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One entry behind a total, at the supervision level."""

    index: int
    kind: int
    exclusion_class: int
    period: int
    amount_fen: int
    seal: Seal


@dataclass(frozen=True, slots=True)
class EntryRangeView:
    """``supervisor/entries.html``: do the entries behind a total add up to it?

    ``sum_fen`` and ``lines`` are over the whole range, reversed entries too; ``announced_fen`` and
    ``announced_lines`` are what the contract was told. ``event`` says what it was told.
    """

    log_name: Words
    event: Words
    first: int
    end: int
    lines: int
    sum_fen: int
    announced_lines: int
    announced_fen: int
    rows: tuple[RangeRow, ...]
    pages: Pages

    @property
    def adds_up(self) -> bool:
        """Whether both totals agree with the entries."""
        return (self.lines, self.sum_fen) == (self.announced_lines, self.announced_fen)


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """A case whose term has passed by the contract; ``votes``: outcomes that have a vote."""

    case_number: str
    source: Words
    receiver: Words
    step: TransferStep
    clock: Clock
    votes: int


@dataclass(frozen=True, slots=True)
class DeadlinesView:
    """``supervisor/transfers.html``: overdue cases, how many are under way, unsettled claims.

    ``cases`` and ``claims`` are None while the chain cannot be asked.
    """

    cases: tuple[DeadlineRow, ...] | None
    under_way: int
    claims: tuple[ClaimRow, ...] | None
