"""Two officers at two screens: the first one's choice is kept until another makes the same one.

Whoever chose first is the maker, whoever joins is the checker. A choice can be joined only as it
was made; two officers who choose differently have decided nothing. Nothing personal is kept: what
is decided is named by its number, an officer by the name of the signing key.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import SameOfficerError
from ledger.recording.context import NodeContext
from ledger.store.unit_of_work import Rooms

_SEPARATOR = "/"


def second(
    context: NodeContext, what: str, choice: str, officer: str, others: Sequence[str]
) -> str | None:
    """Keep an officer's choice, or find who made the same one before.

    Args:
        context: a bureau's node.
        what: what is decided, such as ``approve/0x…``; nothing personal.
        choice: how, such as ``hold``.
        officer: who chooses.
        others: the officers who may have chosen before.

    Returns:
        The maker, when another officer made this choice before; None when this is the first.

    Raises:
        SameOfficerError: this officer made this choice before, and nobody has joined it yet.
    """
    with context.write() as work:
        maker = _first_of(work, what, choice, [name for name in others if name != officer])
        if maker is not None:
            return maker
        key = _key(what, choice, officer)
        if work.commands.earlier_answer(key, choice.encode()) is not None:
            raise SameOfficerError(action="this decision")
        now = context.clock.now()
        work.commands.remember(key, choice.encode(), {"at": now.isoformat()}, now)
        work.commit()
    return None


def choices(
    view: Rooms, what: str, options: Sequence[str], officers: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Who has chosen what so far, as pairs of officer and choice."""
    return tuple(
        (officer, option)
        for officer in officers
        for option in options
        if _has_chosen(view, what, option, officer)
    )


def _first_of(view: Rooms, what: str, choice: str, officers: Sequence[str]) -> str | None:
    return next((name for name in officers if _has_chosen(view, what, choice, name)), None)


def _has_chosen(view: Rooms, what: str, choice: str, officer: str) -> bool:
    return view.commands.earlier_answer(_key(what, choice, officer), choice.encode()) is not None


def _key(what: str, choice: str, officer: str) -> str:
    return _SEPARATOR.join(("second", what, officer, choice))
