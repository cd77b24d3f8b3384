"""View-models of pages that every audience can meet.

One entry with its proof, sign-in, an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from api.web.parts import Fact, Link, Role, Seal, Words


@dataclass(frozen=True, slots=True)
class NamedDigest:
    """A digest under the name it has in the byte rules.

    ``tag``, ``seal``, ``leaf_hash``, ``commitment``…
    """

    name: str
    hex: str


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """The checkpoint that covers a leaf, as published."""

    log_name: Words
    origin: str
    number: int
    size: int
    root: str
    published_at: datetime
    is_final: bool
    is_cosigned: bool
    chain_transaction: str = ""
    block: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One field that a correction changed; None where there was, or is, nothing."""

    label: Words
    old: Fact | None
    new: Fact | None


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """One correction of a fact: what changed, why, by whom, when, and the entries it rests on.

    ``entries`` and ``proofs`` are the version before, the reversal and the version after, as far as
    this reader may see them. Not ``is_restated``: the fact was taken back and nothing took its
    place.
    """

    reason: Words
    legal_basis: str
    maker: str
    checker: str
    at: datetime
    changes: tuple[Change, ...]
    is_restated: bool
    entries: tuple[Link, ...]
    proofs: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ErasedView:
    """A person's records were erased; ``reason`` is None where no decision is known here."""

    at: datetime
    reason: Words | None = None
    legal_basis: str = ""


@dataclass(frozen=True, slots=True)
class EntryView:
    """``entry.html``: one record row with its proof.

    ``facts`` is empty at the supervision level, where the record is not held. ``path`` is the
    inclusion proof, leaf
    side first. ``checkpoint`` is None while the entry waits for one. ``related`` links what
    it reverses or adds to.
    """

    log_name: Words
    index: int
    kind: int
    exclusion_class: int
    period: int
    amount_fen: int
    seal: Seal
    facts: tuple[Fact, ...]
    digests: tuple[NamedDigest, ...]
    path: tuple[str, ...]
    checkpoint: CheckpointFacts | None
    download_href: str = ""
    reversed_by: Link | None = None
    related: tuple[Link, ...] = ()
    is_baseline: bool = False
    corrections: tuple[CorrectionView, ...] = ()
    erased: ErasedView | None = None


@dataclass(frozen=True, slots=True)
class TotalRow:
    """How many entries of a kind stood, and their sum."""

    kind: int
    entries: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PastRow:
    """One entry as it stood on a past day; ``reversed_later`` links what took it back since."""

    entry: Link
    kind: int
    exclusion_class: int
    period: int
    amount_fen: int
    recorded_at: datetime
    is_anchored: bool
    stood: bool
    is_reversed_later: bool = False


@dataclass(frozen=True, slots=True)
class PastCheckpoint:
    """The checkpoint in force on a past day; ``anchored_at`` is the chain's time, if it has it."""

    size: int
    root: str
    signed_at: datetime
    anchored_at: datetime | None
    number: int | None


@dataclass(frozen=True, slots=True)
class AsOfView:
    """``as_of.html``: what was known on a past day, by our time and by the chain's.

    ``action`` is where the form with the date leads; ``rows`` are the newest entries of that day,
    or all of one person's (``is_own``). ``trouble`` says what was wrong with the date.
    """

    on: str
    latest: str
    action: str
    is_own: bool
    known: int
    anchored: int
    checkpoint: PastCheckpoint | None
    totals: tuple[TotalRow, ...]
    rows: tuple[PastRow, ...]
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Persona:
    """One person that the demo lets a visitor be; ``key`` is what the form sends."""

    key: str
    name: Words
    role: Role
    place: Words
    comes_to: Words


@dataclass(frozen=True, slots=True)
class SignInView:
    """``sign_in.html``: choose a demo persona; ``action`` is where the form posts ``persona``.

    Without an action sign-in is not set up on this node, and the page says so.
    """

    personas: tuple[Persona, ...]
    action: str
    next_path: str = "/"
    csrf_token: str = ""


@dataclass(frozen=True, slots=True)
class ErrorView:
    """``error.html``: what happened, what it means, what to do, and a reference number to quote."""

    happened: Words
    means: Words
    do_now: Words
    reference: str
    back: Link
