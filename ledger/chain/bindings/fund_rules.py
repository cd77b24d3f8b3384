"""Typed reads of `FundRules`: routes of the pools, and freezes."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.bindings.base import ContractReads
from ledger.funds.model import Account, Movement


@dataclass(frozen=True, slots=True)
class RouteProfileOnChain:
    """The ways money may go for one kind of movement; 0 for the usual ones, which always held."""

    effective_at: int
    routes: tuple[tuple[Account, Account], ...]


@dataclass(frozen=True, slots=True)
class FreezeOnChain:
    """A log's own freeze; times are seconds since 1970, all 0 when it never was frozen.

    ``window_end`` is up to when whoever froze may go on after lifting it early; from
    ``freezable_from`` on a new freeze may begin without the council.
    """

    until: int
    window_end: int
    freezable_from: int
    is_renewed: bool


class FundRulesReads(ContractReads):
    """Where money may go, and whose may not."""

    def frozen_until(self, log_id: int) -> int:
        """When a log's freeze ends, its own or one it inherited; past or 0: it is not frozen."""
        return int(self.one("FundRules", "frozenUntil", log_id))

    def freeze_of(self, log_id: int) -> FreezeOnChain:
        """All that is known of a log's own freeze."""
        found = self.one("FundRules", "freezeOf", log_id)
        return FreezeOnChain(
            until=found["until"],
            window_end=found["windowEnd"],
            freezable_from=found["freezableFrom"],
            is_renewed=found["isRenewed"],
        )

    def route_profile_at(self, pool: int, movement: Movement, time: int) -> RouteProfileOnChain:
        """Which ways a pool's money may go for one kind of movement at a time."""
        found = self.one("FundRules", "profileAt", pool, int(movement), time)
        return RouteProfileOnChain(
            effective_at=found["effectiveAt"],
            routes=tuple(
                (Account(route["from"]), Account(route["to"])) for route in found["routes"]
            ),
        )

    def route_account_at(self, pool: int, movement: Movement, time: int) -> Account:
        """The bureau's own account on the one route of a kind of movement; not for allocation."""
        return Account(self.one("FundRules", "accountAt", pool, int(movement), time))

    def route_allowed_at(self, pool: int, source: Account, target: Account, time: int) -> bool:
        """Whether a pool's money may be moved between two of a bureau's own accounts."""
        way = (pool, int(Movement.ALLOCATION), int(source), int(target), time)
        return bool(self.one("FundRules", "routeAllowedAt", *way))
