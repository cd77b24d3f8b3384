"""From the events and the storage of the `Funds` contract to what the pages of money show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

from api.supervisor import views
from api.supervisor.flow import EVENTS_HREF, City, Leg, band_href, legs_between, legs_of
from api.supervisor.way_views import way_rows
from api.web.parts import Pages, Seal, SealState, Words
from api.web.proof_pages import bureaus_words
from ledger.errors import NotFoundError
from ledger.evidence.encoding import PlacedEntry
from ledger.funds.model import ACCOUNT_NAMES, Account
from ledger.policy.regions import region_name
from ledger.ports import BEIJING
from ledger.recording.context import NodeContext
from ledger.store.following import FollowingRepository
from ledger.supervision.queries import fund_events

ROWS_A_PAGE: Final = 100


def cities_of(context: NodeContext) -> dict[int, City]:
    """The enrolled bureaus by log, named by their city."""
    return {
        item.log_id: City(
            item.log_id,
            Words(region_name(item.region), region_name(item.region, "en")),
            item.pool,
        )
        for item in context.chain.bureaus()
    }


def funds_view(
    context: NodeContext, source: str, target: str, before: int | None
) -> views.FundEventsView:
    """``supervisor/fund_events.html``: all movements, or those behind one band.

    Raises:
        NotFoundError: no band runs between these bars.
    """
    cities = cities_of(context)
    events = fund_events(context)
    legs = legs_of(events, cities)
    band = None
    if source or target:
        legs = legs_between(legs, source, target)
        if not legs:
            raise NotFoundError(what="movement", key="between these accounts")
        band = _arrow(legs[0])
    newest = tuple(reversed(legs))
    start = min(before or 0, len(newest))
    shown = newest[start : start + ROWS_A_PAGE]
    return views.FundEventsView(
        balances=balances_of(context, cities),
        stopped=stopped_bureaus(context, cities),
        ways=way_rows(events, cities, context.clock.now()),
        events=tuple(fund_event(leg) for leg in shown),
        pages=_pages(start, len(shown), len(newest), source, target),
        band=band,
        band_fen=sum(leg.amount_fen for leg in legs) if band is not None else None,
    )


def balances_of(
    context: NodeContext, cities: Mapping[int, City]
) -> tuple[views.AccountBalance, ...]:
    """What each account of each log holds in the contract's storage; empty ones are left out.

    A shortfall is a debt and counts against the others.
    """
    now = context.clock.now().timestamp()
    rows = []
    for city in cities.values():
        is_frozen = context.chain.shown.frozen_until(city.log_id) > now
        for account in Account:
            if account is Account.OUTSIDE:
                continue
            amount = context.chain.shown.fund_balance(city.log_id, account)
            if amount:
                zh, en = ACCOUNT_NAMES[account]
                rows.append(
                    views.AccountBalance(
                        name=Words(f"{city.name.zh} {zh}", f"{city.name.en} {en}"),
                        pool=city.pool_name,
                        balance_fen=-amount if account is Account.SHORTFALL else amount,
                        is_frozen=is_frozen,
                    )
                )
    return tuple(rows)


def stopped_bureaus(
    context: NodeContext, cities: Mapping[int, City]
) -> tuple[views.StoppedBureau, ...]:
    """The bureaus whose money may not go now, with when a freeze ends and what they owe."""
    now = context.clock.now().timestamp()
    rows = []
    for city in cities.values():
        until = context.chain.shown.frozen_until(city.log_id)
        owed_fen = context.chain.shown.fund_balance(city.log_id, Account.SHORTFALL)
        is_frozen = until > now
        if is_frozen or owed_fen:
            rows.append(
                views.StoppedBureau(
                    name=city.name,
                    # It ends with the last second of a day.
                    frozen_through=_beijing_day(until - 1) if is_frozen else None,
                    is_renewed=is_frozen and context.chain.shown.freeze_of(city.log_id).is_renewed,
                    shortfall_fen=owed_fen,
                )
            )
    return tuple(rows)


def _beijing_day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, BEIJING).date()


def fund_event(leg: Leg) -> views.FundEvent:
    """One movement; its seal opens the entries it rests on, else the movements of its band."""
    source, target = leg.ends
    href = band_href(source, target) if source and target else EVENTS_HREF
    if leg.leaves is not None:
        href = f"/supervisor/entries/{leg.log_id}?event={leg.number}"
    return views.FundEvent(
        at=leg.at,
        kind=leg.kind,
        source=leg.source.name if leg.source is not None else None,
        target=leg.target.name if leg.target is not None else None,
        amount_fen=leg.amount_fen,
        lines=leg.lines,
        officers=leg.officers,
        block=leg.event.block,
        chain_transaction=leg.event.transaction_hash,
        seal=Seal(SealState.STANDING, href),
    )


def range_view(context: NodeContext, log_id: int, event: str, start: int) -> views.EntryRangeView:
    """``supervisor/entries.html``: the entries behind one total, recomputed from the log.

    Raises:
        NotFoundError: no such event of this log rests on a range of leaves.
    """
    legs = legs_of(fund_events(context), cities_of(context))
    leg = next(
        (
            found
            for found in legs
            if found.log_id == log_id and found.leaves is not None and found.number == event
        ),
        None,
    )
    if leg is None or leg.leaves is None:
        raise NotFoundError(what="total", key="with this number")
    first, end = leg.leaves
    with context.read() as view:
        entries = view.following.entries(log_id, first, end)
        if leg.without_reversed:
            entries = _live(view.following, entries)
    shown = entries[start : start + ROWS_A_PAGE]
    href = f"/supervisor/entries/{log_id}?event={event}&start={{}}"
    return views.EntryRangeView(
        log_name=bureaus_words(context)[log_id],
        event=_event_words(leg),
        first=first,
        end=end,
        lines=len(entries),
        sum_fen=sum(item.entry.amount_fen for item in entries),
        announced_lines=leg.lines,
        announced_fen=leg.amount_fen,
        rows=tuple(_range_row(item) for item in shown),
        pages=Pages(
            start + 1 if shown else 0, start + len(shown), len(entries),
            href.format(max(0, start - ROWS_A_PAGE)) if start else "",
            href.format(start + ROWS_A_PAGE) if start + ROWS_A_PAGE < len(entries) else "",
        ),
    )  # fmt: skip


def _live(following: FollowingRepository, entries: Sequence[PlacedEntry]) -> list[PlacedEntry]:
    """Entries that no reversal in the same log takes back."""
    gone = following.reversals_of((item.log_id, item.index) for item in entries)
    return [item for item in entries if (item.log_id, item.index) not in gone]


def _range_row(item: PlacedEntry) -> views.RangeRow:
    seal = Seal(SealState.STANDING, f"/supervisor/entries/{item.log_id}/{item.index}")
    head = item.entry.head
    return views.RangeRow(
        int(item.index), int(head.kind), head.class_, head.period, item.entry.amount_fen, seal
    )


def _event_words(leg: Leg) -> Words:
    day = leg.at.date().isoformat()
    if leg.kind is views.FundEventKind.COLLECTED:
        return Words(f"{day} 登记的征缴总额", f"contributions registered on {day}")
    return Words(f"{day} 登记的发放总额", f"payments registered on {day}")


def _arrow(leg: Leg) -> Words:
    source, target = leg.source, leg.target
    return Words(
        f"{source.name.zh if source else '—'} → {target.name.zh if target else '—'}",
        f"{source.name.en if source else '—'} → {target.name.en if target else '—'}",
    )


def _pages(start: int, shown: int, total: int, source: str, target: str) -> Pages:
    base = f"/supervisor/funds?from={source}&to={target}&" if source else "/supervisor/funds?"
    before = f"{base}start={max(0, start - ROWS_A_PAGE)}" if start else ""
    after = f"{base}start={start + shown}" if start + shown < total else ""
    return Pages(start + 1 if shown else 0, start + shown, total, before, after)
