"""Which of its accounts a bureau's money goes through, as the council set it for the bureau's pool.

Read from the indexed events of ``FundRules``, so that books can be kept while no chain answers. The
contract itself decides when the message lands; whoever compares asks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from ledger.funds.model import Account, Movement
from ledger.recording.context import NodeContext
from ledger.store.unit_of_work import Rooms

USUAL_ACCOUNTS: Final[Mapping[Movement, Account]] = MappingProxyType(
    {
        Movement.COLLECTION: Account.TREASURY,
        Movement.PAYMENT: Account.EXPENDITURE,
        Movement.RETURN: Account.EXPENDITURE,
        Movement.TRANSFER_OUT: Account.EXPENDITURE,
        Movement.TRANSFER_IN: Account.FISCAL,
    }
)
"""The bureau's own account on the one route of each kind, for pools nobody decided otherwise."""
_NOT_OURS: Final = (Account.OUTSIDE, Account.IN_TRANSIT)


def routed_account(
    context: NodeContext, view: Rooms, movement: Movement, at: datetime | None = None
) -> Account:
    """The bureau's own account on the one route of a kind of movement, which is not allocation.

    Args:
        context: an open bureau's node.
        view: the store.
        movement: what the money moves for.
        at: when; now unless given.
    """
    time = int((at or context.clock.now()).timestamp())
    account = USUAL_ACCOUNTS[movement]
    for event in view.events.about([f"pool:{context.settings.pool}"], "FundRules", "RoutesSet"):
        given = event.arguments
        if given["movement"] == int(movement) and given["effectiveAt"] <= time:
            (route,) = given["routes"]
            ends = (Account(route["from"]), Account(route["to"]))
            account = next(each for each in ends if each not in _NOT_OURS)
    return account
