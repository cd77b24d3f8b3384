"""Which ways a pool's money may go: the usual ones, those decided, and those decided for later."""

from __future__ import annotations

from datetime import UTC, datetime

from api.supervisor.flow import City
from api.supervisor.way_views import way_rows
from api.web.parts import Words
from ledger.store.events import ChainEvent

NOW = datetime(2026, 9, 15, 1, 30, tzinfo=UTC)
CITIES = {
    1: City(1, Words("南京市", "Nanjing"), 32),
    2: City(2, Words("苏州市", "Suzhou"), 32),
    3: City(3, Words("合肥市", "Hefei"), 34),
}


def decided(movement: int, *ways: tuple[int, int], at: datetime = NOW) -> ChainEvent:
    given = {
        "pool": 32,
        "movement": movement,
        "routes": [{"from": source, "to": target} for source, target in ways],
        "effectiveAt": int(at.timestamp()),
        "documentDigest": "0xd1",
    }
    return ChainEvent(1, 0, "FundRules", "RoutesSet", given, "0x01", int(NOW.timestamp()))


def rows(*events: ChainEvent) -> list[tuple[str, str, list[str], str, bool]]:
    return [
        (row.pool.zh, row.purpose.zh, [way.zh for way in row.ways], row.document, row.is_coming)
        for row in way_rows(events, CITIES, NOW)
    ]


def test_every_pool_has_the_usual_ways_until_the_council_decides() -> None:
    found = rows()
    assert [(pool, purpose) for pool, purpose, *_ in found[:6]] == [
        ("江苏", "征缴"), ("江苏", "调拨"), ("江苏", "发放"), ("江苏", "银行退回"),
        ("江苏", "转出"), ("江苏", "转入"),
    ]  # fmt: skip
    assert [ways for *_, ways, _, _ in found[:6]] == [
        ["账外 → 国库"], ["国库 → 财政专户", "财政专户 → 支出户"], ["支出户 → 账外"],
        ["账外 → 支出户"], ["支出户 → 在途"], ["在途 → 财政专户"],
    ]  # fmt: skip
    assert [pool for pool, *_ in found[6:]] == ["安徽"] * 6
    assert not any(is_coming for *_, is_coming in found)


def test_a_decision_holds_for_its_pool_and_names_its_document() -> None:
    found = rows(decided(1, (4, 2), (2, 3), (3, 2)))
    assert found[1] == (
        "江苏", "调拨", ["收入户 → 财政专户", "财政专户 → 支出户", "支出户 → 财政专户"], "0xd1",
        False,
    )  # fmt: skip
    assert found[7][2] == ["国库 → 财政专户", "财政专户 → 支出户"]


def test_what_is_decided_for_later_stands_beside_what_holds_now() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)
    found = rows(decided(0, (0, 4), at=later))
    assert found[0] == ("江苏", "征缴", ["账外 → 国库"], "", False)
    assert found[1] == ("江苏", "征缴", ["账外 → 收入户"], "0xd1", True)


def test_a_pool_whose_money_may_not_be_moved_has_no_way() -> None:
    assert rows(decided(1))[1][2] == []
