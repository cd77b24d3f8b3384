"""Which ways each pool's money may go, as the events of `FundRules` tell it; pure.

Every kind of movement but allocation has one way, so an event of the books need not name its
account: it is the one on the way that was in force when its block was made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from ledger.funds.model import Account, Movement
from ledger.store.events import ChainEvent

USUAL: Final[Mapping[Movement, tuple[tuple[Account, Account], ...]]] = MappingProxyType(
    {
        Movement.COLLECTION: ((Account.OUTSIDE, Account.TREASURY),),
        Movement.ALLOCATION: (
            (Account.TREASURY, Account.FISCAL),
            (Account.FISCAL, Account.EXPENDITURE),
        ),
        Movement.PAYMENT: ((Account.EXPENDITURE, Account.OUTSIDE),),
        Movement.RETURN: ((Account.OUTSIDE, Account.EXPENDITURE),),
        Movement.TRANSFER_OUT: ((Account.EXPENDITURE, Account.IN_TRANSIT),),
        Movement.TRANSFER_IN: ((Account.IN_TRANSIT, Account.FISCAL),),
    }
)
"""The ways of a pool until the council decides otherwise."""
_NOT_OWN: Final = (Account.OUTSIDE, Account.IN_TRANSIT)


@dataclass(frozen=True, slots=True)
class Profile:
    """All ways for one kind of movement from a moment on; 0: from the beginning."""

    ways: tuple[tuple[Account, Account], ...]
    effective_at: int = 0
    document: str = ""


class Ways:
    """The ways of all pools, with their history as far as it was noted."""

    def __init__(self) -> None:
        self._profiles: dict[tuple[int, Movement], list[Profile]] = defaultdict(list)

    @classmethod
    def of(cls, events: Iterable[ChainEvent]) -> Ways:
        """The ways that these events set."""
        ways = cls()
        for event in events:
            if event.name == "RoutesSet":
                ways.note(event.arguments)
        return ways

    def note(self, given: Mapping[str, Any]) -> None:
        """Take in what a ``RoutesSet`` says."""
        found = tuple((Account(way["from"]), Account(way["to"])) for way in given["routes"])
        key = given["pool"], Movement(given["movement"])
        profile = Profile(found, given["effectiveAt"], given["documentDigest"])
        self._profiles[key].append(profile)

    def profile(self, pool: int, movement: Movement, time: int) -> Profile:
        """The ways in force at a time: the last ones not later, the usual ones before any."""
        past = [each for each in self._profiles[pool, movement] if each.effective_at <= time]
        return past[-1] if past else Profile(USUAL[movement])

    def coming(self, pool: int, movement: Movement, time: int) -> tuple[Profile, ...]:
        """Ways that were decided and are not in force yet."""
        return tuple(each for each in self._profiles[pool, movement] if each.effective_at > time)

    def account(self, pool: int, movement: Movement, time: int) -> Account:
        """The bureau's own account on the one way of a kind of movement; not for allocation."""
        ((source, target),) = self.profile(pool, movement, time).ways
        return target if source in _NOT_OWN else source
