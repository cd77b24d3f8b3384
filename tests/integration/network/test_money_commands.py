"""Commands of supervisors and bureaus about money and conflicts, on a real chain."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime

import pytest

from ledger.chain.bindings import ConflictOutcome, ConflictState
from ledger.errors import AlreadyResolvedError, NotFoundError
from ledger.funds.model import Account, Movement
from ledger.policy.work_calendar import deadline
from ledger.ports import BEIJING
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.supervision.model import AlertState
from ledger.supervision.queries import alerts
from ledger.supervision.service import (
    prove_conflict,
    require_proven,
    shown_reversal,
)
from scripts.cli.main import run

AUGUST = 202608


@pytest.fixture
def anxu(network, tmp_path):
    """Run one command at a node: exit code and its JSON document."""
    document = tmp_path / "document.txt"
    document.write_text("决定", "utf-8")

    def at(name: str, *arguments: object, refused: bool = False):
        words = [str(document) if each is ... else str(each) for each in arguments]
        out, err = io.StringIO(), io.StringIO()
        node = str(network.context(name).directory)
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*words, "--node", node, "--json"])
        assert (code != 0) == refused, err.getvalue()
        return json.loads(out.getvalue() or err.getvalue())

    return at


@pytest.fixture(scope="module")
def supervisor(network):
    return network.context("supervisor")


class TestFreezes:
    def test_a_supervisor_freezes_prolongs_and_lifts(self, network, supervisor, anxu):
        done = anxu("supervisor", "funds", "freeze", 2, "--reason", ...)
        until = supervisor.chain.frozen_until(2)
        started = supervisor.clock.now().astimezone(BEIJING).date()
        ends_on = datetime.fromtimestamp(until - 1, UTC).astimezone(BEIJING).date()
        assert ends_on == deadline(started, 10).due_on
        assert done["final"] is True
        assert datetime.fromisoformat(done["frozen_until"]).timestamp() == until
        rows = anxu("supervisor", "funds", "freezes")
        frozen = {row["log_id"]: row["frozen_until"] is not None for row in rows}
        assert frozen == {1: False, 2: True, 3: False}
        anxu("supervisor", "funds", "freeze", 2, "--reason", ..., refused=True)

        made = anxu("supervisor", "funds", "renew-freeze", 2, "--reason", ...)
        assert made["state"] == "EXECUTED"
        assert [row["renewed"] for row in anxu("supervisor", "funds", "freezes")] == [
            False, True, False,
        ]  # fmt: skip
        lifted = anxu("supervisor", "funds", "unfreeze", 2, "--reason", ...)
        assert lifted["state"] == "EXECUTED"  # what the council renewed, it lifts
        assert anxu("supervisor", "funds", "freezes")[1]["frozen_until"] is None

    def test_a_supervisor_lifts_its_own_freeze_alone(self, supervisor, anxu):
        anxu("supervisor", "funds", "freeze", 3, "--reason", ...)
        assert anxu("supervisor", "funds", "unfreeze", 3, "--reason", ...)["final"] is True
        assert supervisor.chain.frozen_until(3) <= supervisor.clock.now().timestamp() + 60

    def test_a_bureau_freezes_nobody(self, anxu):
        anxu("nanjing", "funds", "freeze", 2, "--reason", ..., refused=True)


class TestRoutes:
    def test_the_council_opens_balances_and_sets_routes(self, network, supervisor, anxu):
        made = anxu(
            "supervisor", "funds", "open-balance", 3, "--account", "legacy-income",
            "--amount", "1000.00", "--document", ...,
        )  # fmt: skip
        assert made["state"] == "EXECUTED"
        assert supervisor.chain.fund_balance(3, Account.LEGACY_INCOME) == 100_000
        network.settle("hefei")
        with network.context("hefei").read() as view:
            assert view.journal.balances()["LEGACY_INCOME"] == 100_000

        ways = ("legacy-income:fiscal", "treasury:fiscal", "fiscal:expenditure")
        given = [word for way in ways for word in ("--way", way)]
        anxu(
            "supervisor", "funds", "set-routes", 34, "--for", "allocation", *given,
            "--document", ...,
        )  # fmt: skip
        rows = {row["movement"]: row for row in anxu("hefei", "funds", "routes", 34)}
        assert sorted(rows["ALLOCATION"]["routes"]) == [
            ["FISCAL", "EXPENDITURE"], ["LEGACY_INCOME", "FISCAL"], ["TREASURY", "FISCAL"],
        ]  # fmt: skip
        assert rows["COLLECTION"]["routes"] == [["OUTSIDE", "TREASURY"]]
        moved = anxu(
            "hefei", "funds", "move", "--from", "legacy-income", "--to", "fiscal",
            "--amount", "600", "--document", "文", "--key", "m1",
        )  # fmt: skip
        assert moved["moved"] is True
        network.settle("hefei")
        assert supervisor.chain.fund_balance(3, Account.FISCAL) == 60_000

    def test_routes_can_begin_on_a_day(self, supervisor, anxu):
        anxu(
            "supervisor", "funds", "set-routes", 34, "--for", "payment", "--way",
            "fiscal:outside", "--from", "2027-01-01", "--document", ...,
        )  # fmt: skip
        begins = int(datetime(2027, 1, 1, tzinfo=BEIJING).timestamp())
        accounts = [
            supervisor.chain.route_account_at(34, Movement.PAYMENT, begins - back)
            for back in (1, 0)
        ]
        assert accounts == [Account.EXPENDITURE, Account.FISCAL]

    @pytest.mark.parametrize("wrong", ["fiscal", "fiscal:moon", "moon:fiscal"])
    def test_a_way_names_two_accounts(self, anxu, wrong):
        anxu(
            "supervisor", "funds", "set-routes", 34, "--for", "payment", "--way", wrong,
            "--document", ..., refused=True,
        )  # fmt: skip

    def test_a_day_is_a_day(self, anxu):
        anxu(
            "supervisor", "funds", "set-routes", 34, "--for", "payment", "--way",
            "fiscal:outside", "--from", "2027-13-01", "--document", ..., refused=True,
        )  # fmt: skip

    def test_nothing_is_owed_so_nothing_is_cleared(self, anxu):
        refusal = anxu(
            "nanjing", "funds", "clear-shortfall", "--amount", "1", "--document", "文",
            "--key", "k", refused=True,
        )  # fmt: skip
        assert "no-shortfall" in json.dumps(refusal)

    def test_a_log_that_succeeds_none_takes_nothing_over(self, anxu):
        refusal = anxu("nanjing", "funds", "take-over", refused=True)
        assert "FundsNoPredecessor" in json.dumps(refusal)


class TestConflicts:
    @pytest.fixture
    def proven(self, network, supervisor, make):
        """One person paid twice for one month; the alert and its conflict's number."""
        person = network.identity()
        for city in ("nanjing", "hefei"):
            make.record(network.context(city), make.payment(person, AUGUST, 300_000))
            network.settle(city, "supervisor")
        subject = network.context("nanjing").bureau.writer.subject_of(person)
        (alert,) = [each for each in alerts(supervisor) if each.subject == subject]
        prove_conflict(supervisor, alert.alert_id)
        network.settle()
        return alert.alert_id, require_proven(supervisor, alert.alert_id)

    def state(self, supervisor, alert_id: str) -> AlertState:
        return next(each.state for each in alerts(supervisor) if each.alert_id == alert_id)

    def test_both_answer_and_a_supervisor_closes(self, network, supervisor, proven, anxu):
        alert_id, number = proven
        found = supervisor.chain.conflict(number)
        proven_on = datetime.fromtimestamp(found.proven_at, UTC).astimezone(BEIJING).date()
        done = anxu("nanjing", "alerts", "answer", number, "--document", ...)
        due = datetime.fromisoformat(done["due_at"]).timestamp()
        last = datetime.fromtimestamp(due - 1, UTC).astimezone(BEIJING).date()
        assert last == deadline(proven_on, 10).due_on
        found = supervisor.chain.conflict(number)
        assert (found.first_answered, found.second_answered) == (True, False)
        anxu("suzhou", "alerts", "answer", number, "--document", ..., refused=True)
        anxu("hefei", "alerts", "answer", number, "--document", ...)
        assert supervisor.chain.conflict(number).second_answered

        closed = anxu(
            "supervisor", "alerts", "close", alert_id[:12], "--outcome", "receivable",
            "--document", ...,
        )  # fmt: skip
        assert closed["state"] == "CLOSED"
        found = supervisor.chain.conflict(number)
        assert (found.state, found.outcome) == (ConflictState.CLOSED, ConflictOutcome.RECEIVABLE)
        assert self.state(supervisor, alert_id) is AlertState.CLOSED
        with pytest.raises(AlreadyResolvedError):
            require_proven(supervisor, alert_id)

    def test_a_reversal_before_the_money_left_settles_it(self, network, supervisor, proven, anxu):
        alert_id, number = proven
        with pytest.raises(NotFoundError):
            shown_reversal(supervisor, alert_id)
        context = network.context("hefei")
        found = supervisor.chain.conflict(number)
        reverse_entry(
            context, found.second_index, ReversalReason.NOT_PAID, "条例", "maker", "checker"
        )
        network.settle("hefei", "supervisor")
        shown = anxu("supervisor", "alerts", "show-reversal", alert_id[:12])
        assert (shown["in_time"], shown["state"]) == (True, "REVERSED")
        assert supervisor.chain.conflict(number).reversed_leaf == 1

    def test_a_reversal_after_the_money_left_is_an_answer(
        self, network, supervisor, proven, anxu, make
    ):
        alert_id, number = proven
        context = network.context("hefei")
        found = supervisor.chain.conflict(number)
        for _ in range(5):  # as many as a total covers at least
            make.record(context, make.payment(network.identity(), AUGUST, 300_000))
        network.settle("hefei", "supervisor")
        size = supervisor.chain.latest_checkpoint(3).size
        first = supervisor.chain.payout_registered_up_to(3)
        batch = context.random.bytes(32)
        paid = [3, batch, first, size, 5, 1, AUGUST]
        publisher = context.keys.secp256k1("publisher")
        context.chain.gateway.transact(publisher, "Funds", "recordPaid", paid)
        assert supervisor.chain.batch_of(3, found.second_index) == batch
        reverse_entry(
            context, found.second_index, ReversalReason.NOT_PAID, "条例", "maker", "checker"
        )
        network.settle("hefei", "supervisor")
        shown = anxu("supervisor", "alerts", "show-reversal", alert_id[:12])
        assert (shown["in_time"], shown["state"]) == (False, "OPEN")
        (answer,) = supervisor.chain.conflict_answers(number)
        assert (answer.log_id, answer.reversal_index) == (3, size)

    def test_an_alert_that_was_not_proven_is_not_closed(self, supervisor, anxu):
        anxu(
            "supervisor", "alerts", "close", "0" * 12, "--outcome", "repaid", "--document", ...,
            refused=True,
        )  # fmt: skip
        with pytest.raises(NotFoundError):
            require_proven(supervisor, "0" * 32)
