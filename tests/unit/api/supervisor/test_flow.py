"""Money between accounts: what the events of the contract say, and nothing else."""

from __future__ import annotations

import pytest

from api.supervisor.flow import City, legs_between, legs_of, picture_of
from api.supervisor.views import FlowKind, FundEventKind
from api.supervisor.ways import Ways
from api.web.charts.flow import Band, Bar, check_flow
from api.web.parts import Words
from ledger.recording.routes import USUAL_ACCOUNTS
from ledger.store.events import ChainEvent

CITIES = {
    1: City(1, Words("南京市", "Nanjing"), 32),
    2: City(2, Words("苏州市", "Suzhou"), 32),
    3: City(3, Words("合肥市", "Hefei"), 34),
}
AT = 1_789_434_000  # 2026-09-15 in Beijing
SETTLEMENT = "0x" + "5e" * 32
BATCH = "0x" + "ba" * 32


def event(place: int, name: str, **arguments: object) -> ChainEvent:
    return ChainEvent(place, 0, "Funds", name, arguments, f"0x{place:064x}", AT)


def collected(place: int, log: int, fen: int, lines: int = 7) -> ChainEvent:
    return event(
        place, "FundsCollected", log=log, referenceId="0x01", firstLeaf=0, endLeaf=lines,
        lines=lines, amountFen=fen, periodFrom=202307, periodTo=202312,
    )  # fmt: skip


def moved(place: int, log: int, source: int, target: int, fen: int) -> ChainEvent:
    return event(
        place, "FundsMoved", log=log, referenceId="0x02", **{"from": source, "to": target},
        amountFen=fen, documentDigest="0x",
    )  # fmt: skip


EVENTS = (
    collected(1, 1, 1_000_000),
    collected(2, 2, 500_000),
    collected(3, 3, 700_000),
    moved(4, 1, 1, 2, 900_000),
    moved(5, 2, 1, 2, 400_000),
    moved(6, 1, 2, 3, 800_000),
    moved(7, 3, 1, 2, 700_000),
    moved(8, 3, 2, 3, 600_000),
    event(9, "PaidRecorded", log=1, batchId=BATCH, firstLeaf=7, endLeaf=12, lines=5,
          amountFen=250_000, period=202608),
    event(10, "DisbursementProposed", log=3, batchId=BATCH, firstLeaf=7, endLeaf=13, lines=6,
          amountFen=300_000, linesRoot="0x", period=202609),
    event(11, "DisbursementApproved", log=3, batchId=BATCH, paidLines=5, paidFen=240_000,
          maker="0x", checker="0x"),
    event(12, "SettlementSent", settlementId=SETTLEMENT, fromLog=3, toLog=1, amountFen=90_000,
          caseIds=["0x01", "0x02"]),
    event(13, "SettlementReceived", settlementId=SETTLEMENT, fromLog=3, toLog=1, amountFen=90_000),
    event(14, "PaymentReturned", log=3, referenceId="0x03", batchId=BATCH, amountFen=1_000),
    event(15, "ShortfallPosted", log=1, referenceId="0x04", amountFen=10),
    event(16, "FundsFrozen", log=1, until=AT, reasonDigest="0x"),
    event(17, "RoutesSet", pool=32, movement=1, routes=[], effectiveAt=AT, documentDigest="0x"),
    event(18, "FreezeRenewed", log=1, until=AT, reasonDigest="0x"),
    event(
        19, "CollectionCorrected", log=1, referenceId="0x05", firstLeaf=20, endLeaf=30, lines=10,
        amountFen=700, periodFrom=202601, periodTo=202608,
    ),
    event(
        20, "LogTakenOver", predecessor=1, successor=2, size=9, collectedUpTo=0,
        payoutRegisteredUpTo=0, amountsFen=[0, 5, 0, 0, 0, 0, 0],
    ),
)  # fmt: skip
LEGS = legs_of(EVENTS, CITIES)


class TestPicture:
    def test_every_band_is_the_sum_of_the_movements_it_opens(self):
        for band in picture_of(LEGS).bands:
            behind = legs_between(LEGS, band.source, band.target)
            assert band.amount_fen == sum(leg.amount_fen for leg in behind) > 0
            assert band.href == f"/supervisor/funds?from={band.source}&to={band.target}"

    def test_money_of_one_pool_is_joined_and_cities_stay_apart(self):
        bands = {(band.source, band.target): band.amount_fen for band in picture_of(LEGS).bands}
        assert bands["treasury-32", "fiscal-32"] == 1_300_000
        assert bands["contributions-1", "treasury-32"] == 1_000_000
        assert bands["contributions-2", "treasury-32"] == 500_000
        assert bands["expenditure-34", "paid-3"] == 240_000

    def test_what_comes_back_goes_to_the_account_it_came_into(self):
        bands = {(band.source, band.target): band.amount_fen for band in picture_of(LEGS).bands}
        assert bands["paid-3", "expenditure-34"] == 1_000
        assert bands["in-transit-34", "fiscal-32"] == 90_000
        assert bands["treasury-32", "contributions-1"] == 700
        assert picture_of(LEGS).comes_back

    def test_payments_stand_above_what_is_in_transit_or_short(self):
        legs = legs_of([*EVENTS, event(21, "ShortfallCleared", log=1, referenceId="0x09",
                                       amountFen=10, documentDigest="0x")], CITIES)  # fmt: skip
        last = [bar.key for bar in picture_of(legs).accounts if bar.column == 4]
        assert last == ["paid-1", "paid-3", "in-transit-34", "shortfall-32"]

    def test_picture_can_be_drawn(self):
        view = picture_of(LEGS)
        bars = tuple(Bar(each.key, each.key, each.column) for each in view.accounts)
        bands = tuple(
            Band(b.source, b.target, b.amount_fen, b.kind.value, b.href, "") for b in view.bands
        )
        check_flow(bars, bands)
        assert max(bar.column for bar in bars) < len(view.column_names)

    def test_months_are_those_the_money_is_about(self):
        view = picture_of(LEGS)
        assert (view.first_period, view.last_period) == (202307, 202609)

    def test_no_movement_makes_no_picture(self):
        view = picture_of(())
        assert view.bands == view.accounts == ()

    @pytest.mark.parametrize(
        ("source", "target", "kind"),
        [
            (1, 2, FlowKind.COLLECTED), (4, 2, FlowKind.COLLECTED), (1, 4, FlowKind.COLLECTED),
            (2, 3, FlowKind.ALLOCATED), (1, 3, FlowKind.ALLOCATED), (4, 3, FlowKind.ALLOCATED),
            (3, 2, FlowKind.RETURNED), (2, 1, FlowKind.RETURNED), (3, 4, FlowKind.RETURNED),
        ],
    )  # fmt: skip
    def test_every_allocation_is_drawn_whatever_way_it_goes(self, source, target, kind):
        (band,) = picture_of(legs_of([moved(1, 1, source, target, 50)], CITIES)).bands
        names = {1: "treasury-32", 2: "fiscal-32", 3: "expenditure-32", 4: "legacy-income-32"}
        assert (band.source, band.target) == (names[source], names[target])
        assert (band.amount_fen, band.kind) == (50, kind)


def way(place: int, movement: int, source: int, target: int, begins: int = AT) -> ChainEvent:
    return event(
        place, "RoutesSet", pool=32, movement=movement, routes=[{"from": source, "to": target}],
        effectiveAt=begins, documentDigest="0x",
    )  # fmt: skip


def paid(place: int, log: int, fen: int) -> ChainEvent:
    return event(
        place, "PaidRecorded", log=log, batchId=f"0x{place:02x}", firstLeaf=7, endLeaf=12, lines=5,
        amountFen=fen, period=202608,
    )  # fmt: skip


def ends(*events: ChainEvent) -> list[tuple[str, str]]:
    return [leg.ends for leg in legs_of(events, CITIES)]


class TestWays:
    """The council lets pool 32's money go other ways; pool 34 stays with the usual ones."""

    def test_each_movement_goes_through_the_account_of_the_pools_way(self):
        assert ends(
            way(1, 0, 0, 4), collected(2, 1, 100), collected(3, 3, 100),
            way(4, 2, 4, 0), paid(5, 1, 50), paid(6, 3, 50),
            way(7, 3, 0, 1), event(8, "PaymentReturned", log=1, referenceId="0x03", batchId=BATCH,
                                   amountFen=5),
            way(9, 4, 1, 5), event(10, "SettlementSent", settlementId=SETTLEMENT, fromLog=1,
                                   toLog=3, amountFen=5, caseIds=["0x01"]),
            way(11, 5, 5, 3), event(12, "SettlementReceived", settlementId="0x07", fromLog=3,
                                    toLog=2, amountFen=5),
        ) == [
            ("contributions-1", "legacy-income-32"), ("contributions-3", "treasury-34"),
            ("legacy-income-32", "paid-1"), ("expenditure-34", "paid-3"),
            ("paid-1", "treasury-32"),
            ("treasury-32", "in-transit-32"),
            ("in-transit-34", "expenditure-32"),
        ]  # fmt: skip

    def test_a_way_counts_from_its_moment_on_and_not_before_it_was_decided(self):
        later = event(3, "FundsCollected", log=1, referenceId="0x01", firstLeaf=0, endLeaf=7,
                      lines=7, amountFen=1, periodFrom=202307, periodTo=202312)  # fmt: skip
        at_last = ChainEvent(4, 0, "Funds", later.name, later.arguments, "0x04", AT + 60)
        assert ends(collected(1, 1, 1), way(2, 0, 0, 4, AT + 60), later, at_last) == [
            ("contributions-1", "treasury-32"),
            ("contributions-1", "treasury-32"),
            ("contributions-1", "legacy-income-32"),
        ]

    def test_a_shortfall_stands_in_for_what_was_taken_and_not_there(self):
        events = [
            collected(1, 1, 100),
            event(2, "CollectionCorrected", log=1, referenceId="0x05", firstLeaf=20, endLeaf=30,
                  lines=10, amountFen=100, periodFrom=202601, periodTo=202608),
            event(3, "ShortfallPosted", log=1, referenceId="0x05", amountFen=40),
            paid(4, 1, 70),
            event(5, "ShortfallPosted", log=1, referenceId="0x04", amountFen=70),
            event(6, "ShortfallCleared", log=1, referenceId="0x06", amountFen=30,
                  documentDigest="0x"),
        ]  # fmt: skip
        assert ends(*events)[2:] == [
            ("shortfall-32", "treasury-32"),
            ("expenditure-32", "paid-1"),
            ("shortfall-32", "expenditure-32"),
            ("expenditure-32", "shortfall-32"),
        ]

    def test_usual_ways_are_those_of_the_books(self):
        for movement, account in USUAL_ACCOUNTS.items():
            assert Ways().account(32, movement, AT) is account


class TestLegs:
    def test_proposals_and_routes_move_nothing(self):
        names = {leg.event.name for leg in LEGS}
        assert names.isdisjoint({"DisbursementProposed", "RoutesSet"})
        assert len(LEGS) == len(EVENTS) - 2

    def test_approved_batch_rests_on_the_leaves_it_was_proposed_with(self):
        approved = next(leg for leg in LEGS if leg.event.name == "DisbursementApproved")
        assert approved.leaves == (7, 13)
        assert approved.without_reversed
        assert approved.officers == 2
        assert (approved.amount_fen, approved.lines) == (240_000, 5)

    def test_what_arrives_counts_the_cases_that_left(self):
        sent, received = (leg for leg in LEGS if leg.event.name.startswith("Settlement"))
        assert sent.lines == received.lines == 2
        assert sent.ends == ("expenditure-34", "in-transit-34")
        assert received.ends == ("in-transit-34", "fiscal-32")
        assert received.flow is FlowKind.TRANSFERRED

    def test_freeze_has_no_money(self):
        for kind in (FundEventKind.FROZEN, FundEventKind.RENEWED, FundEventKind.TAKEN_OVER):
            leg = next(leg for leg in LEGS if leg.kind is kind)
            assert (leg.amount_fen, leg.ends, leg.flow) == (0, ("", ""), None)

    def test_a_corrected_collection_goes_back(self):
        leg = next(leg for leg in LEGS if leg.kind is FundEventKind.CORRECTED)
        assert (leg.amount_fen, leg.lines, leg.leaves) == (700, 10, (20, 30))
        assert (leg.source.key, leg.target.key) == ("treasury-32", "contributions-1")
        assert leg.flow is FlowKind.RETURNED

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_bars_are_named_in_both_languages(self, language):
        names = {
            getattr(bar.name, language)
            for leg in LEGS
            for bar in (leg.source, leg.target)
            if bar is not None
        }
        assert names >= (
            {"江苏 国库", "合肥 发放", "安徽 在途"}
            if language == "zh"
            else {"Jiangsu treasury", "Hefei payments", "Anhui in transit"}
        )
