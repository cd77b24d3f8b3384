"""Small frozen values that pages of every audience share.

A view-model holds what a template shows and nothing else: no pseudonym, salt or key, and an
identity number only
in the shortened form a page prints. Money is integer fen, a month is an int ``yyyymm``, a
time is an aware datetime.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


class Language(StrEnum):
    """The languages a page can be read in; Chinese is the source."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """A name or sentence that comes with the data, in both languages."""

    zh: str
    en: str

    def in_language(self, language: Language) -> str:
        """The text to show; Chinese when no English was given."""
        return self.en if language is Language.EN and self.en else self.zh


class Role(StrEnum):
    """Who is signed in, as the head of the page names them."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    PERSON = "person"
    VERIFIER = "verifier"


class ChainState(StrEnum):
    """How far anchoring is, in one word for the head of the page."""

    CURRENT = "current"
    BEHIND = "behind"
    UNREACHABLE = "unreachable"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Outage:
    """The chain cannot be used: since when (None: since a moment ago), and why."""

    since: datetime | None
    why: Words


class SealState(StrEnum):
    """What the seal mark says about one number."""

    STANDING = "standing"
    PENDING = "pending"
    CONTRADICTED = "contradicted"
    UNCHECKED = "unchecked"


class Verdict(StrEnum):
    """Answer to one question; *invalid* only where evidence contradicts."""

    VALID = "valid"
    INVALID = "invalid"
    UNDETERMINED = "undetermined"


class StepState(StrEnum):
    """Where one step of a case stands."""

    DONE = "done"
    CURRENT = "current"
    WAITING = "waiting"
    REFUSED = "refused"


class FactForm(StrEnum):
    """How the text of a fact is written on the page."""

    TEXT = "text"
    FEN = "fen"
    PERIOD = "period"
    DIGEST = "digest"


class TransferStep(StrEnum):
    """The steps of a transfer case, in the order of the procedure."""

    APPLIED = "applied"
    ACCEPTED = "accepted"
    LETTER_SENT = "letter_sent"
    SHEET_ISSUED = "sheet_issued"
    FUNDS_SENT = "funds_sent"
    RECORDS_CHECKED = "records_checked"
    FIGURES_SIGNED = "figures_signed"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"


class AlertRule(StrEnum):
    """The rule that raised a suspicion."""

    DUPLICATE_PAYOUT = "duplicate_payout"
    PAID_AFTER_DEATH = "paid_after_death"
    PAID_WITHOUT_CERTIFICATION = "paid_without_certification"
    PAID_WITHOUT_DECISION = "paid_without_decision"
    DOUBLE_INSURANCE = "double_insurance"
    EARLY_RETIREMENT = "early_retirement"
    SHARED_ACCOUNT = "shared_account"
    OFFICER_PATTERN = "officer_pattern"
    TOTAL_MISMATCH = "total_mismatch"
    LATE_ANCHORING = "late_anchoring"
    SUPPLEMENT_WITHOUT_LINE = "supplement_without_line"
    LOG_UNSERVED = "log_unserved"
    LOG_INCONSISTENT = "log_inconsistent"


@dataclass(frozen=True, slots=True)
class Seal:
    """The mark beside a number: its state, and the page that holds its proof.

    ``missing`` says what could not be checked; shown only for ``UNCHECKED``.
    """

    state: SealState
    href: str
    missing: Words | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in; ``csrf_token`` is put into every form when it is not empty."""

    name: Words
    role: Role
    csrf_token: str = ""
    sign_out_href: str = "/sign-out"


@dataclass(frozen=True, slots=True)
class Clock:
    """A statutory deadline in working days.

    ``total_days`` is the limit, ``used_days`` what has passed (more than the limit when
    overdue); ``used_days`` and ``due_on`` are None while the official working days are not known.
    A stopped clock has a reason that the person concerned can read too.
    """

    total_days: int
    used_days: int | None
    due_on: date | None
    stopped_reason: Words | None = None

    @property
    def days_left(self) -> int | None:
        """Working days left; negative when overdue, None while not known."""
        return None if self.used_days is None else self.total_days - self.used_days


@dataclass(frozen=True, slots=True)
class Fact:
    """One named field of a record.

    ``value`` is text, or a number as decimal text for FEN and PERIOD.
    """

    label: Words
    value: str | Words
    form: FactForm = FactForm.TEXT


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go and the words on it."""

    href: str
    label: Words


@dataclass(frozen=True, slots=True)
class Doors:
    """Where links of an entry page lead: ``page`` and ``download`` have one ``{}`` for the index.

    An empty ``download`` hides it; ``may_open`` lists the leaves this reader may see, None for all.
    """

    page: str
    download: str = ""
    may_open: frozenset[int] | None = None

    def link(self, index: int) -> Link | None:
        """To another entry of the log, if this reader may see it."""
        if self.may_open is not None and index not in self.may_open:
            return None
        return Link(self.page.format(index), Words(f"第 {index:,} 条", f"entry {index:,}"))

    def proof(self, index: int) -> Link | None:
        """To the proof of an entry of the log, if this reader may have it."""
        if not self.download or self.link(index) is None:
            return None
        label = Words(f"第 {index:,} 条的证明", f"proof of entry {index:,}")
        return Link(self.download.format(index), label)


@dataclass(frozen=True, slots=True)
class LogState:
    """How far one log is: what was appended, and what of it is anchored and cosigned.

    ``number`` is the one ``Checkpoints`` gave, counted over all logs; the checkpoint fields
    are None before the first.
    """

    size: int
    seal: Seal
    checkpoint_size: int | None = None
    number: int | None = None
    root: str = ""
    published_at: datetime | None = None
    is_final: bool = False
    is_cosigned: bool = False

    @property
    def waiting(self) -> int:
        """Entries that no published checkpoint covers yet."""
        return self.size - (self.checkpoint_size or 0)


@dataclass(frozen=True, slots=True)
class Pages:
    """Neighbours of one page of a long list; an empty href means there is none."""

    first: int
    last: int
    total: int
    previous_href: str = ""
    next_href: str = ""


class ClaimKind(StrEnum):
    """What a bureau can be the first to claim on chain."""

    STAY = "stay"
    BENEFIT = "benefit"


class ClaimState(StrEnum):
    """Where a first claim stands that is not settled yet."""

    OPEN = "open"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A first claim that is contested or still can be; persons appear as a tag.

    ``contestable_through`` is None once contested, and while the working days are not published.
    """

    tag: str
    kind: ClaimKind
    state: ClaimState
    log: Words
    contester: Words | None
    claimed_on: date | None
    contestable_through: date | None
