"""Typed reads of `Transfers`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.chain.bindings.base import NO_DIGEST, NO_LOG, ContractReads


class CaseState(IntEnum):
    """Where a transfer case stands on chain."""

    NONE = 0
    REQUESTED = 1
    RELEASED = 2
    ACCEPTED = 3
    REFUSED = 4
    WITHDRAWN = 5


@dataclass(frozen=True, slots=True)
class TransferCaseOnChain:
    """A transfer case; times and digests that do not exist yet are 0 and 32 zero bytes."""

    state: CaseState
    from_log: int
    to_log: int
    reason_code: int
    requested_at: int
    released_at: int
    decided_at: int
    segment_tag: bytes
    request_digest: bytes
    figures_digest: bytes
    package_digest: bytes
    reason_digest: bytes


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
        log_id = int(self.one("Transfers", "holderOf", segment_tag))
        return log_id if log_id != NO_LOG else None

    def open_case_of(self, segment_tag: bytes) -> bytes | None:
        """The open case of a stay."""
        found = bytes(self.one("Transfers", "openCaseOf", segment_tag))
        return found if found != NO_DIGEST else None

    def payer_of(self, benefit_tag: bytes) -> int | None:
        """The log whose agency pays a benefit."""
        log_id = int(self.one("Transfers", "payerOf", benefit_tag))
        return log_id if log_id != NO_LOG else None
