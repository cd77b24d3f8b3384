"""Typed reads of `Council`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.chain.bindings.base import ContractReads


class ProposalState(IntEnum):
    """Where a proposal of the council stands."""

    NONE = 0
    OPEN = 1
    SCHEDULED = 2
    EXECUTED = 3
    CANCELLED = 4


@dataclass(frozen=True, slots=True)
class CouncilOnChain:
    """Who decides: ``threshold`` of the ``members``, and then ``delay_seconds`` pass."""

    address: str
    members: tuple[str, ...]
    threshold: int
    delay_seconds: int


@dataclass(frozen=True, slots=True)
class ProposalOnChain:
    """A proposal; ``calls`` are (address, call data) in order, ``ready_at`` is 0 unless scheduled.

    ``approved_by`` are those of today's members who approve.
    """

    proposal_id: bytes
    state: ProposalState
    proposer: str
    proposed_at: int
    ready_at: int
    calls: tuple[tuple[str, bytes], ...]
    approved_by: tuple[str, ...]
    approvals: int
    objections: int


class CouncilReads(ContractReads):
    """What the supervisors decide together."""

    def council(self) -> CouncilOnChain:
        """The council as it stands now."""
        return CouncilOnChain(
            address=self.gateway.address_of("Council"),
            members=tuple(self.one("Council", "members")),
            threshold=int(self.one("Council", "threshold")),
            delay_seconds=int(self.one("Council", "getMinDelay")),
        )

    def proposal_ids(self) -> list[bytes]:
        """The ids of all proposals in the order they were made."""
        count = int(self.one("Council", "proposalCount"))
        return [bytes(self.one("Council", "proposalByIndex", place)) for place in range(count)]

    def proposal(self, proposal_id: bytes) -> ProposalOnChain | None:
        """A proposal; None when there is none of that id."""
        state = ProposalState(self.one("Council", "stateOf", proposal_id))
        if state is ProposalState.NONE:
            return None
        found = self.one("Council", "proposal", proposal_id)
        approvals, objections = self.gateway.read("Council", "votes", proposal_id)
        return ProposalOnChain(
            proposal_id=proposal_id,
            state=state,
            proposer=found["proposer"],
            proposed_at=found["proposedAt"],
            ready_at=int(self.one("Council", "readyAt", proposal_id)),
            calls=tuple(zip(found["targets"], map(bytes, found["payloads"]), strict=True)),
            approved_by=tuple(
                member
                for member in self.one("Council", "members")
                if self.one("Council", "hasApproved", proposal_id, member)
            ),
            approvals=int(approvals),
            objections=int(objections),
        )
