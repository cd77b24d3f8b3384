"""The chain stops and starts again under a working network: what goes on, what waits, what is said."""

from __future__ import annotations

import json
import time

import pytest

from ledger.errors import ChainUnavailableError
from ledger.funds.model import Account
from ledger.node import open_node
from ledger.records.deaths import import_deaths
from ledger.supervision.queries import alerts

PAGES = {
    ("nanjing", "officer-maker"): (
        "/bureau", "/bureau/transfers", "/bureau/payouts", "/bureau/imports", "/bureau/log",
        "/bureau/log/as-of", "/bureau/entries/0",
    ),
    ("supervisor", "supervisor"): (
        "/supervisor", "/supervisor/alerts", "/supervisor/funds", "/supervisor/transfers",
        "/supervisor/bureaus", "/supervisor/bureaus/1",
        "/supervisor/entries/1/0",
    ),
    ("nanjing", "eligible"): ("/me",),
    ("hefei", ""): ("/verify", "/tools/", "/sign-in", "/chain", "/tools/pension"),
    ("nanjing", ""): ("/verify", "/chain"),
    ("supervisor", ""): ("/verify", "/chain"),
}  # fmt: skip
BANNER = 'class="outage" role="status"'
NAMES = ("nanjing", "hefei", "supervisor")


@pytest.fixture(scope="module")
def places(town):
    """Every page of every audience, with somebody who may see it."""
    return [
        (town.visitor(node, key), path) for (node, key), paths in PAGES.items() for path in paths
    ]


def drain(town) -> None:
    for name in NAMES:
        town.network.nodes[name].worker.drain()
    time.sleep(1.1)  # pages remember for a second whether the chain is there


def look(places) -> list[tuple[str, str, str, int]]:
    """Pages that do not open, or do not say what they must."""
    found = []
    for visitor, path in places:
        answer = visitor.get(path)
        says_so = BANNER in answer.text and answer.headers["anxu-chain"].startswith(
            "unreachable; since=2026-09-1"
        )
        if answer.status_code != 200 or not says_so:
            found.append((visitor.node, visitor.key, path, answer.status_code))
    return found


def deaths_file(directory, town):
    """A file of a death that nobody knows yet."""
    path = directory / "deaths.csv"
    number = town.network.identity()
    lines = "公民身份号码,姓名,死亡日期,申报日期,信息来源\n"
    path.write_text(f"{lines}{number},故者,2026-08-01,2026-08-03,民政\n", "utf-8")
    return path


def require_calm(places) -> None:
    """Every page opens and speaks of no outage."""
    for visitor, path in places:
        answer = visitor.get(path)
        assert (visitor.node, path, answer.status_code) == (visitor.node, path, 200)
        assert BANNER not in answer.text
        assert answer.headers["anxu-chain"] == "ok"


def require_checking_goes_on(town, bundle: str) -> None:
    """What was anchored is checked against the last final checkpoint, and proofs are given out."""
    officer = town.visitor("nanjing", "officer-maker")
    assert officer.get("/bureau/entries/1/bundle.json").status_code == 200
    verifier = town.visitor("hefei", language="en")
    verdict = verifier.http.post("/api/verify", json={"bundle": json.loads(bundle)})
    assert verdict.status_code == 200
    assert verdict.json()["was_recorded"] == "valid"
    page = verifier.http.post("/verify", data={"bundle_text": bundle})
    assert "All records are there" in page.text
    ready = verifier.http.get("/ready")
    assert ready.status_code == 503
    assert ready.json()["chain"] == "chain-unavailable"
    assert ready.json()["chain_out_since"] is not None
    (endpoint,) = ready.json()["endpoints"]
    assert endpoint["state"] == "unreachable"


def require_measures_wait(town) -> None:
    """The contract is asked before an act is sent; while it cannot be, nothing is, and that is said.

    A suspicion that nobody looked at before still opens.
    """
    context = town.context("supervisor")
    desk = town.visitor("supervisor", "supervisor")
    with context.read() as view:
        before = len(view.outbox.all())
    data = {"csrf_token": desk.token("/supervisor")}
    files = {"document": ("decision.pdf", b"decision")}
    answer = desk.http.post("/supervisor/bureaus/1/freeze", data=data, files=files)
    assert answer.status_code == 503
    assert "什么也没有提交" in answer.text
    assert "恢复后请再办理一次" in answer.text
    with context.read() as view:
        assert len(view.outbox.all()) == before
    for alert in alerts(context):
        assert desk.get(f"/supervisor/alerts/{alert.alert_id}").status_code == 200


def require_starting_goes_on(town) -> None:
    """A node that starts meanwhile shows what was last known."""
    with open_node(town.network.layout.node("supervisor")) as again:
        assert len(again.context.chain.bureaus()) == 3
        assert again.context.chain.shown.fund_balance(1, Account.FISCAL) > 0
        with pytest.raises(ChainUnavailableError):
            again.context.chain.fund_balance(1, Account.FISCAL)  # what decides is never remembered


def require_caught_up(context, size: int) -> None:
    """What was recorded meanwhile is anchored, and the index is whole."""
    with context.read() as view:
        assert view.log.last_checkpoint(final=True).size == size
        assert view.outbox.pending() == []
        assert view.contact.outage() is None
        cursor = view.events.cursor()
    assert cursor.trouble is None
    assert cursor.block == context.chain.gateway.latest_block().number


def test_everything_but_the_chain_goes_on_and_catches_up_by_itself(town, places, tmp_path):
    town.network.settle()
    context = town.context("nanjing")
    bundle = town.visitor("nanjing", "officer-maker").get("/bureau/entries/0/bundle.json").text
    require_calm(places)

    town.network.chain.stop()
    drain(town)
    assert look(places) == []
    require_measures_wait(town)
    require_checking_goes_on(town, bundle)

    with context.read() as view:
        size = view.log.head().size
    report = import_deaths(context, deaths_file(tmp_path, town))
    assert report.lines_accepted == 1
    drain(town)
    with context.read() as view:
        assert view.log.head().size == report.end_index == size + 1
        assert view.log.last_checkpoint(final=True).size == size
        assert view.contact.outage().code == "chain-unavailable"
    require_starting_goes_on(town)
    assert not town.network.nodes["nanjing"].worker.stopped

    town.network.chain.start()
    town.network.settle()
    time.sleep(1.1)
    require_caught_up(context, report.end_index)
    require_calm(places)


def test_endpoints_are_shown_to_those_who_run_the_node(town):
    town.network.settle()
    endpoint = town.network.chain.rpc_url
    officer = town.visitor("nanjing", "officer-maker", language="en").get("/chain").text
    assert endpoint in officer
    assert "in use" in officer
    anybody = town.visitor("nanjing", language="en").get("/chain").text
    assert endpoint not in anybody
    assert "Anchoring works" in anybody
