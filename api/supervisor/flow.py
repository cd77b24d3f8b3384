"""Where money went: from the events of the `Funds` contract to bars, bands and movements. Pure.

Columns from the left: contributions by city; treasury and income account, fiscal special account
and expenditure account by pool; and payments by city beside money in transit and shortfalls. Which
account an event touches is what the pool's ways were when its block was made (`Ways`), so that
whatever the council decides is drawn. What comes back (returns, arrivals, corrections) runs to the
left. Every event with money in it is one leg, and a band is the sum of its legs, so that every
total opens into the events it is made of: what runs into an account's bar less what runs out of it
is the balance that the contract keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from api.supervisor.views import FlowAccount, FlowBand, FlowKind, FlowPicture, FundEventKind
from api.supervisor.ways import Ways
from api.web.parts import Words
from ledger.funds.model import ACCOUNT_NAMES, Account, Movement
from ledger.policy.periods import period_of
from ledger.policy.regions import region_name
from ledger.ports import BEIJING
from ledger.store.events import ChainEvent

EVENTS_HREF: Final = "/supervisor/funds"

COLUMNS: Final = (
    Words("征缴", "Contributions"),
    Words("国库、收入户", "Treasury, income"),
    Words("财政专户", "Fiscal account"),
    Words("支出户", "Expenditure"),
    Words("发放、在途、缺口", "Paid, in transit, short"),
)
_ACCOUNT_COLUMNS: Final = MappingProxyType(
    {
        Account.TREASURY: 1,
        Account.LEGACY_INCOME: 1,
        Account.FISCAL: 2,
        Account.EXPENDITURE: 3,
        Account.IN_TRANSIT: 4,
        Account.SHORTFALL: 4,
    }
)

_Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class City:
    """A bureau as the picture names it: its city, and the pool its accounts belong to."""

    log_id: int
    name: Words
    pool: int

    @property
    def pool_name(self) -> Words:
        """The province whose pool it is."""
        code = f"{self.pool:02d}0000"
        return Words(_short(region_name(code)), region_name(code, "en"))


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement: which bars it runs between. Both are empty when nothing moved (a freeze).

    ``leaves`` is the range of entries it rests on; where ``without_reversed`` is set, those that
    were taken back before payment do not count into it. ``periods`` are the first and the last
    month it is about; None for the month of its block.
    """

    event: ChainEvent
    kind: FundEventKind
    source: FlowAccount | None
    target: FlowAccount | None
    amount_fen: int
    lines: int
    flow: FlowKind | None
    log_id: int
    officers: int = 0
    leaves: tuple[int, int] | None = None
    without_reversed: bool = False
    periods: tuple[int, int] | None = None

    @property
    def number(self) -> str:
        """Block and place in it: names the event in a URL."""
        return f"{self.event.block}-{self.event.log_index}"

    @property
    def at(self) -> datetime:
        """The time of its block."""
        return datetime.fromtimestamp(self.event.block_time, UTC)

    @property
    def months(self) -> tuple[int, int]:
        """The first and the last month it is about."""
        if self.periods is not None:
            return self.periods
        period = period_of(self.at.astimezone(BEIJING).date())
        return period, period

    @property
    def ends(self) -> tuple[str, str]:
        """The keys of its two bars."""
        return (
            self.source.key if self.source is not None else "",
            self.target.key if self.target is not None else "",
        )


@dataclass(slots=True)
class _Books:
    """What is known while events are read in their order.

    ``charged`` is the account that a payment or correction was taken from, by its reference.
    """

    cities: Mapping[int, City]
    ways: Ways
    charged: dict[str, Account]

    def account(self, city: City, movement: Movement, event: ChainEvent) -> Account:
        """The city's own account on the way that was in force at an event."""
        return self.ways.account(city.pool, movement, event.block_time)


def legs_of(events: Iterable[ChainEvent], cities: Mapping[int, City]) -> tuple[Leg, ...]:
    """The movements in these events, which come in their order; proposals and ways move nothing."""
    legs = []
    books = _Books(cities, Ways(), {})
    proposed: dict[str, _Arguments] = {}
    sent: dict[str, int] = {}
    for event in events:
        given = event.arguments
        if event.name == "DisbursementProposed":
            proposed[given["batchId"]] = given
        elif event.name == "RoutesSet":
            books.ways.note(given)
        read = _READERS.get(event.name)
        if read is None:
            continue
        leg = read(event, given, books)
        if event.name == "DisbursementApproved":
            leg = _of_proposal(leg, proposed.get(given["batchId"]))
        elif event.name == "SettlementSent":
            sent[given["settlementId"]] = leg.lines
        elif event.name == "SettlementReceived":
            leg = replace(leg, lines=sent.get(given["settlementId"], 0))
        legs.append(leg)
    return tuple(legs)


def _of_proposal(leg: Leg, proposal: _Arguments | None) -> Leg:
    """An approved batch with the leaves and the month it was proposed for."""
    if proposal is None:
        return leg
    return replace(
        leg,
        leaves=(proposal["firstLeaf"], proposal["endLeaf"]),
        without_reversed=True,
        periods=(proposal["period"], proposal["period"]),
    )


def picture_of(legs: Sequence[Leg]) -> FlowPicture:
    """Bars and bands of the movements; legs without money are left out."""
    sums: dict[tuple[str, str], list[Leg]] = {}
    bars: dict[str, FlowAccount] = {}
    for leg in legs:
        if leg.source is None or leg.target is None or leg.amount_fen <= 0 or leg.flow is None:
            continue
        bars[leg.source.key] = leg.source
        bars[leg.target.key] = leg.target
        sums.setdefault(leg.ends, []).append(leg)
    drawn = [leg for found in sums.values() for leg in found]
    months = [month for leg in drawn for month in leg.months]
    order = sorted(bars.values(), key=_place_in_column)
    place = {bar.key: number for number, bar in enumerate(order)}
    bands = [_band(found) for found in sums.values()]
    bands.sort(key=lambda band: (place[band.source], place[band.target]))
    return FlowPicture(
        column_names=COLUMNS,
        accounts=tuple(order),
        bands=tuple(bands),
        first_period=min(months, default=0),
        last_period=max(months, default=0),
    )


def _place_in_column(bar: FlowAccount) -> tuple[int, bool, str]:
    """Payments above what is in transit or short: most of what leaves an account is paid."""
    is_beside = bar.key.startswith(("in-transit-", "shortfall-"))
    return bar.column, is_beside, bar.key


def legs_between(legs: Sequence[Leg], source: str, target: str) -> tuple[Leg, ...]:
    """The movements behind one band."""
    return tuple(leg for leg in legs if leg.ends == (source, target))


def band_href(source: str, target: str) -> str:
    """The page with the movements behind a band."""
    return f"{EVENTS_HREF}?{urlencode({'from': source, 'to': target})}"


def _band(legs: Sequence[Leg]) -> FlowBand:
    source, target = legs[0].ends
    flow = legs[0].flow
    assert flow is not None, "only money that flows makes a band"
    return FlowBand(
        source=source,
        target=target,
        amount_fen=sum(leg.amount_fen for leg in legs),
        kind=flow,
        href=band_href(source, target),
        lines=sum(leg.lines for leg in legs),
    )


# --- bars -----------------------------------------------------------------------------------------


def _account(city: City, account: Account) -> FlowAccount:
    zh, en = ACCOUNT_NAMES[account]
    en = en.removesuffix(" special account").removesuffix(" account")  # bars stand close together
    pool = city.pool_name
    name = Words(f"{pool.zh} {zh}", f"{pool.en} {en}")
    key = f"{account.name.lower().replace('_', '-')}-{city.pool}"
    return FlowAccount(key, name, _ACCOUNT_COLUMNS[account])


def _collected_from(city: City) -> FlowAccount:
    name = Words(f"{_short(city.name.zh)} 征缴", f"{city.name.en} contributions")
    return FlowAccount(f"contributions-{city.log_id}", name, 0)


def _opened_from(city: City) -> FlowAccount:
    name = Words(f"{_short(city.name.zh)} 期初", f"{city.name.en} opening balance")
    return FlowAccount(f"opening-{city.log_id}", name, 0)


def _paid_by(city: City) -> FlowAccount:
    name = Words(f"{_short(city.name.zh)} 发放", f"{city.name.en} payments")
    return FlowAccount(f"paid-{city.log_id}", name, 4)


def _short(name: str) -> str:
    """A place in the fewest characters that are still its name."""
    return name.removesuffix("市").removesuffix("省")


# --- events ---------------------------------------------------------------------------------------


def _collected(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.COLLECTION, event)
    return Leg(
        event, FundEventKind.COLLECTED, _collected_from(city), _account(city, account),
        given["amountFen"], given["lines"], FlowKind.COLLECTED, city.log_id,
        leaves=(given["firstLeaf"], given["endLeaf"]),
        periods=(given["periodFrom"], given["periodTo"]),
    )  # fmt: skip


def _opened(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    return Leg(
        event, FundEventKind.OPENED, _opened_from(city), _account(city, Account(given["account"])),
        given["amountFen"], 0, FlowKind.COLLECTED, city.log_id,
    )  # fmt: skip


def _moved(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    source, target = Account(given["from"]), Account(given["to"])
    is_back = source is Account.EXPENDITURE or (
        source is Account.FISCAL and target is not Account.EXPENDITURE
    )
    flow = FlowKind.ALLOCATED if target is Account.EXPENDITURE else FlowKind.COLLECTED
    return Leg(
        event, FundEventKind.ALLOCATED, _account(city, source), _account(city, target),
        given["amountFen"], 0, FlowKind.RETURNED if is_back else flow, city.log_id,
    )  # fmt: skip


def _paid(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.PAYMENT, event)
    books.charged[given["batchId"]] = account
    return Leg(
        event, FundEventKind.DISBURSED, _account(city, account), _paid_by(city),
        given["amountFen"], given["lines"], FlowKind.PAID, city.log_id,
        leaves=(given["firstLeaf"], given["endLeaf"]),
        periods=(given["period"], given["period"]),
    )  # fmt: skip


def _approved(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.PAYMENT, event)
    return Leg(
        event, FundEventKind.DISBURSED, _account(city, account), _paid_by(city),
        given["paidFen"], given["paidLines"], FlowKind.PAID, city.log_id, officers=2,
    )  # fmt: skip


def _returned(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.RETURN, event)
    return Leg(
        event, FundEventKind.RETURNED, _paid_by(city), _account(city, account), given["amountFen"],
        0, FlowKind.RETURNED, city.log_id,
    )  # fmt: skip


def _sent(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["fromLog"]]
    account = books.account(city, Movement.TRANSFER_OUT, event)
    return Leg(
        event, FundEventKind.TRANSFERRED_OUT, _account(city, account),
        _account(city, Account.IN_TRANSIT), given["amountFen"], len(given["caseIds"]),
        FlowKind.TRANSFERRED, city.log_id,
    )  # fmt: skip


def _received(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    source, target = books.cities[given["fromLog"]], books.cities[given["toLog"]]
    account = books.account(target, Movement.TRANSFER_IN, event)
    return Leg(
        event, FundEventKind.TRANSFERRED_IN, _account(source, Account.IN_TRANSIT),
        _account(target, account), given["amountFen"], 0, FlowKind.TRANSFERRED, target.log_id,
    )  # fmt: skip


def _short_posted(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    """What left and was not there: a debt stands in for it in the account it was taken from."""
    city = books.cities[given["log"]]
    account = books.charged.get(given["referenceId"])
    if account is None:
        account = books.account(city, Movement.PAYMENT, event)
    return Leg(
        event, FundEventKind.SHORTFALL, _account(city, Account.SHORTFALL), _account(city, account),
        given["amountFen"], 0, FlowKind.SHORTFALL, city.log_id,
    )  # fmt: skip


def _short_cleared(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.PAYMENT, event)
    return Leg(
        event, FundEventKind.SHORTFALL, _account(city, account), _account(city, Account.SHORTFALL),
        given["amountFen"], 0, FlowKind.SHORTFALL, city.log_id,
    )  # fmt: skip


def _corrected(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    city = books.cities[given["log"]]
    account = books.account(city, Movement.COLLECTION, event)
    books.charged[given["referenceId"]] = account
    return Leg(
        event, FundEventKind.CORRECTED, _account(city, account), _collected_from(city),
        given["amountFen"], given["lines"], FlowKind.RETURNED, city.log_id,
        leaves=(given["firstLeaf"], given["endLeaf"]),
        periods=(given["periodFrom"], given["periodTo"]),
    )  # fmt: skip


def _taken_over(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
    """The pool's accounts stay as they are: another log of it keeps the books."""
    city = books.cities[given["successor"]]
    return Leg(event, FundEventKind.TAKEN_OVER, None, None, 0, 0, None, city.log_id)


def _stopped(kind: FundEventKind) -> Callable[[ChainEvent, _Arguments, _Books], Leg]:
    """Reads a freeze, or what became of it: no money moves."""

    def read(event: ChainEvent, given: _Arguments, books: _Books) -> Leg:
        return Leg(event, kind, None, None, 0, 0, None, books.cities[given["log"]].log_id)

    return read


_READERS: Final[Mapping[str, Callable[[ChainEvent, _Arguments, _Books], Leg]]] = MappingProxyType(
    {
        "FundsCollected": _collected,
        "BalanceOpened": _opened,
        "FundsMoved": _moved,
        "PaidRecorded": _paid,
        "DisbursementApproved": _approved,
        "PaymentReturned": _returned,
        "SettlementSent": _sent,
        "SettlementReceived": _received,
        "ShortfallPosted": _short_posted,
        "ShortfallCleared": _short_cleared,
        "FundsFrozen": _stopped(FundEventKind.FROZEN),
        "FreezeRenewed": _stopped(FundEventKind.RENEWED),
        "FundsUnfrozen": _stopped(FundEventKind.RELEASED),
        "CollectionCorrected": _corrected,
        "LogTakenOver": _taken_over,
    }
)
