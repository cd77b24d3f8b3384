"""Money between accounts: what the events of the contract say, and nothing else."""

from __future__ import annotations

import pytest

from api.supervisor.flow import City, legs_between, legs_of, picture_of
from api.supervisor.views import FlowKind, FundEventKind
from api.web.charts.flow import Band, Bar, check_flow
from api.web.parts import Words
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

    def test_picture_can_be_drawn_and_never_runs_back(self):
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

    def test_money_moved_back_is_listed_but_not_drawn(self):
        legs = legs_of([moved(1, 1, 3, 2, 50)], CITIES)
        assert [leg.kind for leg in legs] == [FundEventKind.ALLOCATED]
        assert picture_of(legs).bands == ()


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
        assert sent.ends == ("expenditure-34", "sent-34")
        assert received.ends == ("sent-34", "arrived-32")
        assert received.flow is FlowKind.TRANSFERRED

    def test_freeze_has_no_money(self):
        for kind in (FundEventKind.FROZEN, FundEventKind.RENEWED, FundEventKind.TAKEN_OVER):
            leg = next(leg for leg in LEGS if leg.kind is kind)
            assert (leg.amount_fen, leg.ends, leg.flow) == (0, ("", ""), None)

    def test_a_corrected_collection_goes_back_and_is_no_band(self):
        leg = next(leg for leg in LEGS if leg.kind is FundEventKind.CORRECTED)
        assert (leg.amount_fen, leg.lines, leg.leaves) == (700, 10, (20, 30))
        assert (leg.source.key, leg.target.key) == ("treasury-32", "contributions-1")
        assert leg.flow is None

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_bars_are_named_in_both_languages(self, language):
        names = {
            getattr(bar.name, language)
            for leg in LEGS
            for bar in (leg.source, leg.target)
            if bar is not None
        }
        assert names >= (
            {"江苏 国库", "合肥 发放", "安徽 转出"}
            if language == "zh"
            else {"Jiangsu treasury", "Hefei payments", "Anhui transferred out"}
        )
