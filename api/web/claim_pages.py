"""First claims on chain that are not settled, as the pages of bureaus and supervisors list them."""

from __future__ import annotations

from api.web.parts import ClaimKind, ClaimRow, ClaimState, Words
from api.web.proof_pages import bureaus_words
from ledger.errors import UnavailableError
from ledger.recording.context import NodeContext
from ledger.transfers.claims import unsettled_claims


def claim_rows(context: NodeContext, log_id: int | None = None) -> tuple[ClaimRow, ...] | None:
    """Contested claims first; None while the chain cannot be asked.

    Args:
        context: an open node.
        log_id: only those that this bureau has or contests.
    """
    try:
        places = unsettled_claims(context, log_id)
        names = bureaus_words(context)
    except UnavailableError:
        return None
    unknown = Words("未知机构", "unknown bureau")
    return tuple(
        ClaimRow(
            tag=place.tag.hex(),
            kind=ClaimKind[place.kind.name],
            state=ClaimState[place.state.name],
            log=names.get(place.log_id or 0, unknown),
            contester=names.get(place.contester, unknown) if place.contester else None,
            claimed_on=place.claimed_on,
            contestable_through=place.contestable_through,
        )
        for place in places
    )
