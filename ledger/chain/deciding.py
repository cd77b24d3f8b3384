"""Lets the council decide: proposals, approvals, and carrying them out.

A proposal calls contracts of this deployment. With one supervisor and no delay, as in a
demonstration, proposing and carrying out follow each other at once; with more, others approve with
their own keys and the delay passes before anyone carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.chain.bindings import Bindings, ProposalOnChain, ProposalState
from ledger.chain.codec import call_data, named_call
from ledger.errors import NotFoundError
from ledger.keys.ports import AccountSigner

_SALT_BYTES: Final = 32
_COUNCIL: Final = "Council"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a proposal makes: contract, function and its arguments in order."""

    contract: str
    function: str
    arguments: Sequence[Any]


@dataclass(frozen=True, slots=True)
class NamedCall:
    """A proposal's call as people read it; ``arguments`` are JSON values by name.

    ``function`` is None when the call is none that the contracts of this deployment know.
    """

    contract: str
    function: str | None
    arguments: dict[str, Any]


def propose(chain: Bindings, signer: AccountSigner, calls: Sequence[Call]) -> ProposalOnChain:
    """Make a proposal with a member's key, which thereby approves it.

    Raises:
        ContractRefusedError: the signer is no member, or the same proposal is made at this moment.
    """
    call = proposing_call(chain, calls)
    (proposal_id,) = chain.gateway.simulate(
        call.contract, call.function, call.arguments, signer.address
    )
    chain.gateway.transact(signer, call.contract, call.function, call.arguments)
    return require_proposal(chain, proposal_id)


def proposing_call(chain: Bindings, calls: Sequence[Call]) -> Call:
    """The call that makes a proposal of calls."""
    # Two members who propose the same at one moment make one proposal: the second is refused.
    salt = len(chain.proposal_ids()).to_bytes(_SALT_BYTES, "big")
    targets = [chain.gateway.address_of(call.contract) for call in calls]
    payloads = [call_data(call.contract, call.function, call.arguments) for call in calls]
    return Call(_COUNCIL, "propose", [targets, payloads, salt])


def execute(chain: Bindings, signer: AccountSigner, proposal_id: bytes) -> ProposalOnChain:
    """Carry out a scheduled proposal after its delay; anyone may.

    Raises:
        ContractRefusedError: it is not scheduled, its delay lasts, or a contract refuses a call.
    """
    chain.gateway.transact(signer, _COUNCIL, "executeProposal", [proposal_id])
    return require_proposal(chain, proposal_id)


def decide(chain: Bindings, signer: AccountSigner, calls: Sequence[Call]) -> ProposalOnChain:
    """Propose, and carry out at once when nobody else must approve and no delay passes.

    What is proposed already and not over is not proposed again.

    Raises:
        ContractRefusedError: the signer is no member, or a contract refuses a call.
    """
    made = standing_proposal(chain, calls) or propose(chain, signer, calls)
    if made.state is ProposalState.SCHEDULED and chain.council().delay_seconds == 0:
        return execute(chain, signer, made.proposal_id)
    return made


def standing_proposal(chain: Bindings, calls: Sequence[Call]) -> ProposalOnChain | None:
    """The newest proposal of just these calls that is neither carried out nor cancelled."""
    wanted = tuple(
        (
            chain.gateway.address_of(call.contract),
            call_data(call.contract, call.function, call.arguments),
        )
        for call in calls
    )
    for proposal_id in reversed(chain.proposal_ids()):
        found = require_proposal(chain, proposal_id)
        if found.calls == wanted and found.state in (ProposalState.OPEN, ProposalState.SCHEDULED):
            return found
    return None


def require_proposal(chain: Bindings, proposal_id: bytes) -> ProposalOnChain:
    """A proposal that there is.

    Raises:
        NotFoundError: there is none of that id.
    """
    found = chain.proposal(proposal_id)
    if found is None:
        raise NotFoundError(what="proposal", key="0x" + proposal_id.hex())
    return found


def named_calls(chain: Bindings, proposal: ProposalOnChain) -> list[NamedCall]:
    """What a proposal calls, as people read it."""
    names = {each.address: name for name, each in chain.gateway.manifest.contracts.items()}
    found = []
    for address, data in proposal.calls:
        contract = names.get(address)
        known = named_call(contract, data) if contract is not None else None
        if contract is None or known is None:
            found.append(NamedCall(contract or address, None, {"data": "0x" + data.hex()}))
        else:
            found.append(NamedCall(contract, known[0], known[1]))
    return found
