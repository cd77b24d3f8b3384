"""What pages show of measures: what a supervisor stops, lets go again, and finds.

Each is one act under a key of this node, and counts once it is final on chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from api.web.parts import Link, Words


class Measure(StrEnum):
    """What a supervisor does or did."""

    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    CLOSE = "close"
    REVERSAL = "reversal"
    RENEWED = "renewed"
    LOG_CLOSED = "log_closed"


class SentState(StrEnum):
    """How far an act is on its way."""

    PENDING = "pending"
    FINAL = "final"
    REFUSED = "refused"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Sent:
    """The newest act of this node about one matter; ``why`` and ``mend`` where it was refused."""

    measure: Measure
    state: SentState
    sent_at: datetime
    document: str = ""
    final_at: datetime | None = None
    chain_transaction: str = ""
    why: Words | None = None
    mend: Words | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A measure that can be taken now, and the page that asks once more."""

    measure: Measure
    href: str


@dataclass(frozen=True, slots=True)
class Command:
    """What a command line does and a page does not; ``text`` is to be copied."""

    does: Words
    text: str


@dataclass(frozen=True, slots=True)
class BureauStanding:
    """Whether a bureau's money may go and whether it may begin anything new, as final on chain.

    ``frozen_through`` is the last day of a freeze; ``is_inherited``: it is a closed log's that this
    one carries on.
    """

    name: Words
    log_id: int
    href: str
    is_suspended: bool = False
    is_closed: bool = False
    frozen_through: date | None = None
    is_renewed: bool = False
    is_inherited: bool = False
    shortfall_fen: int = 0

    @property
    def is_stopped(self) -> bool:
        """Whether any measure holds."""
        return self.is_suspended or self.frozen_through is not None


@dataclass(frozen=True, slots=True)
class BureausView:
    """``supervisor/bureaus.html``: every bureau; None while the chain was never reached."""

    bureaus: tuple[BureauStanding, ...]

    @property
    def stopped(self) -> int:
        """How many are stopped in any way."""
        return sum(each.is_stopped for each in self.bureaus)


@dataclass(frozen=True, slots=True)
class PastMeasure:
    """One measure as its event tells it, whoever took it."""

    at: datetime
    measure: Measure
    through: date | None
    document: str
    chain_transaction: str
    block: int


@dataclass(frozen=True, slots=True)
class BureauView:
    """``supervisor/bureau.html``: may this bureau's money go, may it begin anything new?"""

    standing: BureauStanding
    sent: tuple[Sent, ...]
    offers: tuple[Offer, ...]
    commands: tuple[Command, ...]
    past: tuple[PastMeasure, ...]
    lacks: Words | None = None


@dataclass(frozen=True, slots=True)
class AlertMeasures:
    """What can be done about a suspicion: the bureaus it names, and the end of its conflict."""

    bureaus: tuple[tuple[BureauStanding, tuple[Sent, ...], tuple[Offer, ...]], ...] = ()
    close_href: str = ""
    reversal_action: str = ""
    sent: Sent | None = None
    lacks: Words | None = None
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureView:
    """``supervisor/measure.html``: asks once more, and takes the written decision.

    ``problem`` and ``mend`` say why what was just sent was not taken.
    """

    question: Words
    heading: Words
    explains: tuple[Words, ...]
    action: str
    button: Words
    back: Link
    choices: tuple[tuple[str, Words], ...] = ()
    chosen: str = ""
    problem: Words | None = None
    mend: Words | None = None
    maximum_mib: int = 0
