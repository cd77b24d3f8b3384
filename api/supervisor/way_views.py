"""From the events of `FundRules` to the table of ways that money may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from api.supervisor import views
from api.supervisor.flow import City
from api.supervisor.ways import Profile, Ways
from api.web.parts import Words
from ledger.funds.model import ACCOUNT_NAMES, MOVEMENT_NAMES, Account, Movement
from ledger.store.events import ChainEvent


def way_rows(
    events: Iterable[ChainEvent], cities: Mapping[int, City], now: datetime
) -> tuple[views.WayRow, ...]:
    """For each pool what its money may do now, and what was decided for later.

    Args:
        events: of `FundRules`, in their order.
        cities: the bureaus, which say what pools there are.
        now: the moment.
    """
    ways, time = Ways.of(events), int(now.timestamp())
    pools = {city.pool: city.pool_name for city in cities.values()}
    rows = []
    for pool, name in sorted(pools.items()):
        for movement in Movement:
            rows.append(_row(name, movement, ways.profile(pool, movement, time)))
            rows += [
                _row(name, movement, later, is_coming=True)
                for later in ways.coming(pool, movement, time)
            ]
    return tuple(rows)


def _row(
    pool: Words, movement: Movement, profile: Profile, *, is_coming: bool = False
) -> views.WayRow:
    begins = profile.effective_at
    return views.WayRow(
        pool=pool,
        purpose=Words(*MOVEMENT_NAMES[movement]),
        ways=tuple(_way(source, target) for source, target in profile.ways),
        begins_at=datetime.fromtimestamp(begins, UTC) if begins else None,
        document=profile.document,
        is_coming=is_coming,
    )


def _way(source: Account, target: Account) -> Words:
    (zh, en), (to_zh, to_en) = ACCOUNT_NAMES[source], ACCOUNT_NAMES[target]
    return Words(f"{zh} → {to_zh}", f"{en} → {to_en}")
