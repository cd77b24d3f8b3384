"""What somebody sees who was handed a proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from api.web.parts import Fact, Verdict, Words


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One named check; ``detail`` says what was compared, or what was missing."""

    name: Words
    outcome: Verdict
    detail: Words | None = None


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Two verdicts with the checks behind them.

    ``as_of_size`` and ``as_of_at`` say until how many leaves and which time *still stands* was
    looked at; ``unchecked``
    names what could not be checked. ``facts`` holds what the bundle discloses and nothing else.
    """

    recorded: Verdict
    stands: Verdict
    issuer: Words
    checks: tuple[CheckRow, ...]
    facts: tuple[Fact, ...]
    unchecked: tuple[Words, ...] = ()
    recorded_at: datetime | None = None
    as_of_size: int | None = None
    as_of_at: datetime | None = None
    is_baseline: bool = False


@dataclass(frozen=True, slots=True)
class TrustSource:
    """The trust file a check starts from, got beforehand."""

    network: Words
    logs: int
    cosigners: int
    dated_at: datetime


@dataclass(frozen=True, slots=True)
class VerifyView:
    """``verifier/verify.html``: upload or paste a bundle.

    The form posts ``bundle_file`` or ``bundle_text``.

    ``result`` is None before the first check; ``problem`` says why what was sent is no bundle
    at all.
    """

    action: str
    trust: TrustSource
    result: VerificationResult | None = None
    problem: Words | None = None
    maximum_kib: int = 256
