"""What a bureau's pages show: inbox, transfer case, payout batch, log, imports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from api.web.parts import (
        AlertRule,
        ClaimRow,
        Clock,
        Link,
        LogState,
        Pages,
        Seal,
        StepState,
        TransferStep,
        Words,
    )


class Direction(StrEnum):
    """Which side of a transfer this bureau is on."""

    IN = "in"
    OUT = "out"


class BatchState(StrEnum):
    """Where a payout batch stands."""

    PROPOSED = "proposed"
    ANCHORED = "anchored"
    CHECKED = "checked"
    APPROVED = "approved"
    PAID = "paid"
    RECONCILED = "reconciled"


class HeldReason(StrEnum):
    """Why a line is suspected before it is paid."""

    PAID_ELSEWHERE = "paid_elsewhere"
    PAID_HERE = "paid_here"
    DEATH_REPORTED = "death_reported"
    CERTIFICATION_LAPSED = "certification_lapsed"
    NO_DECISION = "no_decision"
    SUPPLEMENT_WITHOUT_LINE = "supplement_without_line"


class LineDecision(StrEnum):
    """What two officers decided about a suspected line.

    ``ALREADY_PAID``: it was found in payments that had been made before they came in here.
    """

    UNDECIDED = "undecided"
    HELD = "held"
    PAY_WITH_CASE = "pay_with_case"
    ALREADY_PAID = "already_paid"


@dataclass(frozen=True, slots=True)
class TransferDue:
    """A transfer case that waits for this bureau."""

    href: str
    case_number: str
    direction: Direction
    other_bureau: Words
    step: TransferStep
    clock: Clock
    item: str = "transfer"


@dataclass(frozen=True, slots=True)
class BatchDue:
    """A payout batch with lines that wait for a decision, or for approval.

    No statute sets a term for a batch, so it has a clock only where a bureau sets one.
    """

    href: str
    batch_number: str
    period: int
    lines: int
    total_fen: int
    undecided_lines: int
    clock: Clock | None
    item: str = "batch"


@dataclass(frozen=True, slots=True)
class SuspicionDue:
    """A suspicion that the supervisor asked this bureau to answer."""

    href: str
    number: str
    rule: AlertRule
    months: int
    clock: Clock
    item: str = "suspicion"


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One file that was taken in, or refused as a whole."""

    href: str
    file_name: str
    imported_at: datetime
    rows: int
    refused_rows: int
    seal: Seal | None


@dataclass(frozen=True, slots=True)
class HomeView:
    """``bureau/home.html``: what is due, the state of the log, recent imports."""

    transfers: tuple[TransferDue, ...]
    batches: tuple[BatchDue, ...]
    suspicions: tuple[SuspicionDue, ...]
    log: LogState
    imports: tuple[ImportRow, ...]
    log_href: str = "/bureau/log"
    imports_href: str = "/bureau/imports"

    @property
    def due(self) -> tuple[TransferDue | BatchDue | SuspicionDue, ...]:
        """Everything due, least time left first; what has no known date comes last."""
        items: tuple[TransferDue | BatchDue | SuspicionDue, ...]
        items = (*self.transfers, *self.batches, *self.suspicions)
        return tuple(sorted(items, key=lambda item: (_urgency(item.clock), item.href)))


def _urgency(clock: Clock | None) -> tuple[bool, int, str]:
    left = clock.days_left if clock is not None else None
    due_on = clock.due_on if clock is not None else None
    return left is None, left or 0, due_on.isoformat() if due_on is not None else ""


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One case in the list of cases; ``clock`` is None once it is closed."""

    href: str
    case_number: str
    direction: Direction
    other_bureau: Words
    person_name: str
    step: TransferStep
    step_state: StepState
    months: int
    total_fen: int
    clock: Clock | None


@dataclass(frozen=True, slots=True)
class TransfersView:
    """``bureau/transfers.html``: every case of this bureau, open ones first.

    ``claims`` are this bureau's own or those it contests; None while the chain cannot be asked.
    """

    cases: tuple[TransferRow, ...]
    claims: tuple[ClaimRow, ...] | None = ()

    @property
    def open_cases(self) -> int:
        """Cases whose clock runs."""
        return sum(1 for case in self.cases if case.clock is not None)


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step on the timeline; ``note`` says why a clock was stopped or what differed."""

    step: TransferStep
    state: StepState
    at: datetime | None = None
    due_on: date | None = None
    by: Words | None = None
    note: Words | None = None
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class TransferFigures:
    """The figures both bureaus sign. Inside a province no money moves: all amounts are zero.

    ``pool_fen`` is 12 % of ``base_fen`` (article 4 of 国办发〔2009〕66号);
    ``received_fen`` is None before the money came.
    """

    months: int
    overlap_months: int
    base_fen: int
    account_fen: int
    pool_fen: int
    total_fen: int
    received_fen: int | None = None
    digest: str = ""
    signed_by_source: bool = False
    signed_by_receiver: bool = False


@dataclass(frozen=True, slots=True)
class CaseRecord:
    """One month of the package; ``overlaps`` marks a month paid at two places."""

    period: int
    base_fen: int
    amount_fen: int
    account_fen: int
    seal: Seal
    overlaps: bool = False


@dataclass(frozen=True, slots=True)
class TransferView:
    """``bureau/transfer.html``: one case from application to notice."""

    case_number: str
    direction: Direction
    person_name: str
    identity_tail: str
    source: Words
    receiver: Words
    crosses_province: bool
    step: TransferStep
    clock: Clock | None
    steps: tuple[CaseStep, ...]
    figures: TransferFigures | None
    records: tuple[CaseRecord, ...]
    refused_reason: Words | None = None
    download_href: str = ""
    actions: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmView:
    """``bureau/confirm.html``: say what a signature will do before it is given.

    ``reasons`` are the codes a refusal can have. ``first_by`` names the officer who signed first;
    None when this is the first of two signatures.
    """

    question: Words
    heading: Words
    explains: Words
    action: str
    button: Words
    back: Link
    reasons: tuple[tuple[str, Words], ...] = ()
    first_by: Words | None = None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch in the list of batches."""

    href: str
    batch_number: str
    period: int
    state: BatchState
    lines: int
    total_fen: int
    suspected_lines: int
    undecided_lines: int
    seal: Seal


@dataclass(frozen=True, slots=True)
class BatchesView:
    """``bureau/payouts.html``: every payout batch, newest first."""

    batches: tuple[BatchRow, ...]


@dataclass(frozen=True, slots=True)
class SuspectedLine:
    """A line that was stopped before payment.

    The decision form posts ``line`` and ``decision`` (hold | pay).
    """

    line_number: int
    person_name: str
    identity_tail: str
    amount_fen: int
    reason: HeldReason
    place: Words | None
    decision: LineDecision
    decided_by: tuple[str, ...]
    seal: Seal
    detail: Words | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """An officer's signature under a batch; the time is None while no block has it."""

    name: str
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A line of which money came back; ``line_number`` is None for an entry of no line here."""

    line_number: int | None
    index: int
    person_name: str
    identity_tail: str
    amount_fen: int
    seal: Seal


@dataclass(frozen=True, slots=True)
class ReturnRecord:
    """What came back at once: told to the contract as one total, here with its lines.

    ``rows`` is empty where only the total was kept. ``is_correction``: nothing came back, too much
    had been recorded. ``trouble`` says why the contract did not take it.
    """

    recorded_at: datetime
    total_fen: int
    rows: tuple[ReturnedRow, ...]
    is_final: bool
    is_correction: bool = False
    trouble: Words | None = None


@dataclass(frozen=True, slots=True)
class BatchView:
    """``bureau/payout.html``: can this batch be paid? Empty actions hide their forms.

    ``trouble`` says why the contract did not take what was sent to it.
    """

    batch_number: str
    period: int
    state: BatchState
    lines: int
    total_fen: int
    root: str
    seal: Seal
    suspected: tuple[SuspectedLine, ...]
    maker: Signature | None
    checker: Signature | None
    paid_lines: int | None = None
    returned_lines: int | None = None
    unknown_lines: int | None = None
    check_action: str = ""
    decide_action: str = ""
    approve_action: str = ""
    pay_file_href: str = ""
    trouble: Words | None = None
    returns: tuple[ReturnRecord, ...] = ()

    @property
    def came_back_fen(self) -> int:
        """Everything that came back of the batch, corrections too."""
        return sum(record.total_fen for record in self.returns)

    @property
    def undecided_lines(self) -> int:
        """Suspected lines that two officers have not decided."""
        return sum(1 for line in self.suspected if line.decision.value == "undecided")

    @property
    def held_lines(self) -> int:
        """Lines that will not be paid with this batch."""
        return sum(1 for line in self.suspected if line.decision.value == "held")

    @property
    def held_fen(self) -> int:
        """Money that stays because of held lines."""
        return sum(line.amount_fen for line in self.suspected if line.decision.value == "held")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of the log."""

    index: int
    href: str
    kind: int
    exclusion_class: int
    period: int
    amount_fen: int
    recorded_at: datetime
    seal: Seal


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """One published checkpoint; ``added`` counts the entries since the one before."""

    number: int
    size: int
    added: int
    root: str
    published_at: datetime
    is_final: bool
    is_cosigned: bool


@dataclass(frozen=True, slots=True)
class LogView:
    """``bureau/log.html``: is everything we recorded anchored?"""

    log: LogState
    checkpoints: tuple[CheckpointRow, ...]
    entries: tuple[EntryRow, ...]
    pages: Pages


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One bad row of a file: where it is and how to mend it, never its personal values."""

    line: int
    field: str
    reason: Words


@dataclass(frozen=True, slots=True)
class ImportsView:
    """``bureau/imports.html``: bring a file in, and what became of earlier ones.

    ``refused_file`` names the file just refused, with its ``refused_rows``; nothing of it was
    taken in.
    """

    imports: tuple[ImportRow, ...]
    upload_action: str = ""
    refused_file: str = ""
    refused_rows: tuple[RefusedRow, ...] = ()
