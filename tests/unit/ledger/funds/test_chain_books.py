"""What only the contract says is booked from its final events, once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.chain.deployment import Manifest
from ledger.chain.finality import Finality
from ledger.config import NodeSettings
from ledger.funds.chain_books import ChainBooks
from ledger.funds.model import Movement
from ledger.keys.key_store import KeyStore
from ledger.ports import SystemRandom
from ledger.recording.context import NodeContext
from ledger.recording.routes import USUAL_ACCOUNTS, routed_account
from ledger.store.database import Database
from ledger.store.events import ChainEvent, IndexedBlock
from ledger.store.journal import Posting

AT = datetime(2026, 9, 15, 1, tzinfo=UTC)
SECONDS = int(AT.timestamp())
BATCH = "0x" + "01" * 32


class FixedClock:
    def now(self) -> datetime:
        return AT

    def today(self):
        return AT.date()


@pytest.fixture
def node(tmp_path: Path):
    """A bureau's node without a chain: what is booked here needs no answer of it."""
    database = Database(f"sqlite:///{tmp_path}/anxu.sqlite")
    database.migrate()
    manifest = Manifest("embedded", 31415, (), {}, Finality(), 0, "2026-09-15", 5, {})
    settings = NodeSettings(
        role="bureau", name_zh="南京", name_en="Nanjing", region="320100", pool=32, log_id=2,
        database_url="", host="127.0.0.1", port=1, rpc_urls=(),
    )  # fmt: skip
    yield NodeContext(
        directory=tmp_path,
        settings=settings,
        manifest=manifest,
        clock=FixedClock(),
        random=SystemRandom(),
        database=database,
        keys=KeyStore.create(tmp_path / "keys", "passphrase", scrypt_log2_n=14),
        chain=None,
        tools=None,
    )
    database.close()


def index(node, *events: tuple[str, str, dict, tuple[str, ...]], block: int = 5) -> None:
    """Put final events (contract, name, arguments, keys) into the index."""
    rows = [
        (ChainEvent(block, at, contract, name, arguments, "0xab", SECONDS), keys)
        for at, (contract, name, arguments, keys) in enumerate(events)
    ]
    last = IndexedBlock(block, f"0x{block:02x}", SECONDS)
    with node.write() as work:
        work.events.advance(last, rows, final_block=block, head=last)
        work.commit()


def balances(node) -> dict[str, int]:
    with node.read() as view:
        return view.journal.balances()


def opened(account: int, fen: int, log: int = 2):
    return (
        "Funds",
        "BalanceOpened",
        {"log": log, "account": account, "amountFen": fen},
        (f"log:{log}",),
    )


def test_an_opened_balance_is_booked_once(node):
    books = ChainBooks(node)
    assert books.step() is False
    index(node, opened(1, 700), opened(3, 50), opened(1, 9_000, log=1))
    assert books.step() is True
    assert balances(node) == {"EXPENDITURE": 50, "OUTSIDE": -750, "TREASURY": 700}
    assert books.step() is False
    assert ChainBooks(node).step() is False
    with node.read() as view:
        assert {entry.occasion for entry in view.journal.all()} == {"BALANCE_OPENED"}


def test_an_account_opened_with_nothing_needs_no_entry(node):
    index(node, opened(1, 0))
    assert ChainBooks(node).step() is False
    assert balances(node) == {}


def test_what_a_successor_takes_over_is_booked_with_its_debt(node):
    given = {
        "predecessor": 1, "successor": 2, "size": 20, "collectedUpTo": 0,
        "payoutRegisteredUpTo": 0, "amountsFen": [0, 1_000, 200, 0, 50, 80, 700],
    }  # fmt: skip
    index(node, ("Funds", "LogTakenOver", given, ("predecessor:1", "successor:2")))
    assert ChainBooks(node).step() is True
    assert balances(node) == {
        "FISCAL": 200, "IN_TRANSIT": 80, "LEGACY_INCOME": 50, "OUTSIDE": -630,
        "SHORTFALL": -700, "TREASURY": 1_000,
    }  # fmt: skip


def test_a_shortfall_that_the_books_know_is_not_booked_again(node):
    lines = [Posting("OUTSIDE", 700), Posting("EXPENDITURE", -500), Posting("SHORTFALL", -200)]
    with node.write() as work:
        work.journal.post(BATCH, "PAYOUTS_RECORDED", lines, {}, at=AT)
        work.commit()
    index(
        node,
        ("Funds", "PaidRecorded", {"log": 2, "batchId": BATCH, "amountFen": 700}, ("log:2",)),
        (
            "Funds",
            "ShortfallPosted",
            {"log": 2, "referenceId": BATCH, "amountFen": 200},
            ("log:2",),
        ),
    )
    assert ChainBooks(node).step() is False
    assert balances(node)["SHORTFALL"] == -200


def test_routes_are_read_from_the_index_by_their_time(node):
    def routes(movement: int, source: int, target: int, effective_at: int, pool: int = 32):
        given = {
            "pool": pool, "movement": movement, "routes": [{"from": source, "to": target}],
            "effectiveAt": effective_at, "documentDigest": "0x",
        }  # fmt: skip
        return ("FundRules", "RoutesSet", given, (f"pool:{pool}", f"movement:{movement}"))

    index(
        node,
        routes(0, 0, 4, SECONDS),
        routes(2, 2, 0, SECONDS + 1),
        routes(5, 5, 3, SECONDS - 5),
        routes(5, 5, 1, SECONDS - 1),
        routes(4, 2, 5, SECONDS - 1, pool=34),
    )
    with node.read() as view:
        found = {each: routed_account(node, view, each).name for each in USUAL_ACCOUNTS}
        later = routed_account(node, view, Movement.PAYMENT, datetime(2026, 9, 16, tzinfo=UTC))
    assert found == {
        Movement.COLLECTION: "LEGACY_INCOME", Movement.PAYMENT: "EXPENDITURE",
        Movement.RETURN: "EXPENDITURE", Movement.TRANSFER_OUT: "EXPENDITURE",
        Movement.TRANSFER_IN: "TREASURY",
    }  # fmt: skip
    assert later.name == "FISCAL"
