"""Calls of the Transfers contract that can be asked for again and again, each landing once a time.

A vote or a claim has no number of its own: the same call may be right twice, when something came in
between. So the messages of one act are numbered, and none is queued while an earlier one is on its
way.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ledger.store.outbox import FAILED, FINAL
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.onchain import View


def queue_act(
    work: UnitOfWork,
    act: str,
    function: str,
    arguments: list[Any],
    *,
    at: datetime,
    signer: str = "publisher",
) -> bool:
    """Queue a call unless the same act is under way; whether it was queued.

    Args:
        work: the open unit of work.
        act: what is done to what, the message's key without its number.
        function: of the contract.
        arguments: as an outbox message has them.
        at: now.
        signer: whose key sends it.
    """
    number = _ended_before(work, act)
    key = f"{act}/{number}"
    return work.outbox.queue(key, "Transfers", function, arguments, at=at, signer=signer)


def is_under_way(view: View, act: str) -> bool:
    """Whether such a call is queued or sent, and not final yet."""
    return view.outbox.find(f"{act}/{_ended_before(view, act)}") is not None


def trouble_of(view: View, act: str) -> str | None:
    """Why the last such call was refused by the contract; None if it was not."""
    ended = _ended_before(view, act)
    last = view.outbox.find(f"{act}/{ended - 1}") if ended else None
    if last is None or last.state != FAILED or is_under_way(view, act):
        return None
    return last.last_error or ""


def _ended_before(view: View, act: str) -> int:
    """How many such calls have landed or failed."""
    number = 0
    while (message := view.outbox.find(f"{act}/{number}")) is not None:
        if message.state not in {FINAL, FAILED}:
            break
        number += 1
    return number
