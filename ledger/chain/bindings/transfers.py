"""Typed reads of `Transfers`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.chain.bindings.base import NO_LOG, ContractReads


class CaseState(IntEnum):
    """Where a transfer case stands on chain."""

    NONE = 0
    REQUESTED = 1
    RELEASED = 2
    ACCEPTED = 3
    REFUSED = 4
    WITHDRAWN = 5
    MOVED = 6
    CANCELLED = 7


class Overruling(IntEnum):
    """What two supervisors may decide about an overdue case."""

    MOVE = 0
    CANCEL = 1


class ClaimKind(IntEnum):
    """What somebody can be the first to claim."""

    STAY = 0
    BENEFIT = 1


class ClaimState(IntEnum):
    """Where a claim stands now."""

    NONE = 0
    OPEN = 1
    CONTESTED = 2
    SETTLED = 3


class ClaimFinding(IntEnum):
    """What two supervisors may find about a contested claim."""

    CONFIRM = 0
    GIVE_TO_CONTESTER = 1


@dataclass(frozen=True, slots=True)
class TransferCaseOnChain:
    """A transfer case; times and digests that do not exist yet are 0 and 32 zero bytes.

    ``term_days``: working days of the step under way, or of the last one.
    """

    state: CaseState
    from_log: int
    to_log: int
    reason_code: int
    term_days: int
    requested_at: int
    released_at: int
    decided_at: int
    segment_tag: bytes
    request_digest: bytes
    figures_digest: bytes
    package_digest: bytes
    reason_digest: bytes


@dataclass(frozen=True, slots=True)
class ClaimOnChain:
    """Who has a stay or pays a benefit.

    ``log_id`` and ``contester`` (None for nobody) as they were named then, ``acting`` who acts for
    ``log_id`` now. ``contestable_until`` is the second after the last day for contesting; None if
    it cannot be contested any more or a year's working days are not published.
    """

    kind: ClaimKind
    tag: bytes
    state: ClaimState
    log_id: int
    acting: int
    contester: int | None
    claimed_at: int
    contested_at: int
    contestable_until: int | None


@dataclass(frozen=True, slots=True)
class TermsOnChain:
    """Working days of each term for steps that begin at ``valid_from`` or later."""

    valid_from: int
    release_days: int
    accept_days: int
    contest_days: int


class TransfersReads(ContractReads):
    """Cases, segments and benefit places."""

    def transfer_case(self, case_id: bytes) -> TransferCaseOnChain | None:
        """A transfer case; None when there is none."""
        found = self.one("Transfers", "transferCase", case_id)
        state = CaseState(found["state"])
        if state is CaseState.NONE:
            return None
        return TransferCaseOnChain(
            state=state,
            from_log=found["fromLog"],
            to_log=found["toLog"],
            reason_code=found["reasonCode"],
            term_days=found["termDays"],
            requested_at=found["requestedAt"],
            released_at=found["releasedAt"],
            decided_at=found["decidedAt"],
            segment_tag=found["segmentTag"],
            request_digest=found["requestDigest"],
            figures_digest=found["figuresDigest"],
            package_digest=found["packageDigest"],
            reason_digest=found["reasonDigest"],
        )

    def holder_of(self, segment_tag: bytes) -> int | None:
        """The log that is known to hold a stay; None as long as it never moved."""
        return self.log_or_none("Transfers", "holderOf", segment_tag)

    def open_case_of(self, segment_tag: bytes) -> bytes | None:
        """The open case of a stay."""
        return self.digest_or_none("Transfers", "openCaseOf", segment_tag)

    def payer_of(self, benefit_tag: bytes) -> int | None:
        """The log whose agency pays a benefit."""
        return self.log_or_none("Transfers", "payerOf", benefit_tag)

    def transfer_due(self, case_id: bytes) -> int | None:
        """The second after the last day of the step under way.

        None without a step under way, and while a year's working days are not published.
        """
        return self.moment_or_none("Transfers", "dueAt", case_id)

    def transfer_overdue(self, case_id: bytes) -> bool:
        """Whether the step under way is overdue; False while its due date is not known."""
        return bool(self.one("Transfers", "isOverdue", case_id))

    def transfer_terms(self) -> TermsOnChain:
        """The terms of steps that begin now."""
        found = self.one("Transfers", "terms")
        return TermsOnChain(
            valid_from=found["validFrom"],
            release_days=found["releaseDays"],
            accept_days=found["acceptDays"],
            contest_days=found["contestDays"],
        )

    def overruling_vote(self, case_id: bytes, outcome: Overruling) -> str | None:
        """Whose vote for an outcome of the step under way stands."""
        return _account(self.one("Transfers", "overrulingOf", case_id, int(outcome)))

    def finding_vote(self, kind: ClaimKind, tag: bytes, finding: ClaimFinding) -> str | None:
        """Whose vote for a finding about the contest under way stands."""
        return _account(self.one("Transfers", "findingOf", int(kind), tag, int(finding)))

    def claim_state(self, kind: ClaimKind, tag: bytes) -> ClaimState:
        """Where a claim stands now."""
        return ClaimState(self.one("Transfers", "claimStateOf", int(kind), tag))

    def claim(self, kind: ClaimKind, tag: bytes) -> ClaimOnChain | None:
        """Who has a stay or pays a benefit; None for nobody (known)."""
        found = self.one("Transfers", "claimOf", int(kind), tag)
        if found["log"] == NO_LOG:
            return None
        reader = "holderOf" if kind is ClaimKind.STAY else "payerOf"
        return ClaimOnChain(
            kind=kind,
            tag=tag,
            state=self.claim_state(kind, tag),
            log_id=found["log"],
            acting=int(self.one("Transfers", reader, tag)),
            contester=found["contester"] if found["contester"] != NO_LOG else None,
            claimed_at=found["claimedAt"],
            contested_at=found["contestedAt"],
            contestable_until=self.moment_or_none("Transfers", "contestableUntil", int(kind), tag),
        )

    def benefit_offered_to(self, benefit_tag: bytes) -> int | None:
        """The log whose agency may take a benefit over."""
        return self.log_or_none("Transfers", "offeredTo", benefit_tag)


def _account(found: str) -> str | None:
    return found if int(found, 16) else None
