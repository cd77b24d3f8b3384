"""Commands of supervisors on a real chain: two of three decide, with a delay; one key, one role."""

from __future__ import annotations

import io
import json
import socket
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from types import SimpleNamespace

import httpx
import pytest
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

from ledger.birth import NewNode, deploy_network, enrol_bureau, init_node, supervisor_card
from ledger.chain.bindings import Bindings
from ledger.chain.gateway import ChainGateway
from ledger.config import NodeSettings
from ledger.keys.key_store import CLOSER, FREEZER, LOG, PUBLISHER, SUPERVISOR
from ledger.node import open_keys, open_node
from ledger.policy.work_calendar import known_deadline, published_years
from ledger.recording.peers import key_of_caller
from scripts.cli.main import run

DELAY_SECONDS = 3_600


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def anxu(*arguments: object) -> tuple[int, object, str]:
    """Run one command in this process: exit code, its JSON document, standard error."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run([*map(str, arguments), "--json"])
    return code, json.loads(out.getvalue()) if out.getvalue() else None, err.getvalue()


def must(*arguments: object):
    code, document, err = anxu(*arguments)
    assert code == 0, err
    return document


def supervisor_node(number: int) -> NewNode:
    return NewNode(
        "supervisor", f"监管{number}", f"Supervisor {number}", "", 0, "127.0.0.1", free_port()
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory, make):
    """Three supervisors, two of whom decide after an hour; one enrolled bureau."""
    root = tmp_path_factory.mktemp("governing")
    supervisors = [root / f"supervisor-{number}" for number in (1, 2, 3)]
    bureau, reason = root / "nanjing", root / "decision.txt"
    reason.write_text("决定", "utf-8")
    news = [supervisor_node(number) for number in (1, 2, 3)]
    for directory in (*supervisors, bureau):
        make.make_quick_keys(directory)
    settings = DevnetSettings(
        directory=root / "chain", as_of=date(2026, 9, 15), base_fee_wei=0, testing=True
    )
    with DevnetProcess(settings) as chain:
        cards = [supervisor_card(*each) for each in zip(supervisors[1:], news[1:], strict=True)]
        manifest = deploy_network(
            root / "manifest.json", chain.rpc_url, supervisors[0], news[0], minimum_lines=5,
            offset_seconds=chain.endpoint.offset_seconds, as_of="2026-09-15",
            others=cards, threshold=2, delay_seconds=DELAY_SECONDS,
        )  # fmt: skip
        for directory, new in zip(supervisors, news, strict=True):
            init_node(directory, manifest, new)
        city = NewNode("bureau", "南京", "Nanjing", "320100", 32, "127.0.0.1", free_port())
        init_node(bureau, manifest, city)
        assert enrol_bureau(bureau, supervisors[0], None) == 1
        yield SimpleNamespace(
            root=root, supervisors=supervisors, bureau=bureau, reason=reason, manifest=manifest,
            chain=chain, read=Bindings(ChainGateway(manifest)),
        )  # fmt: skip


def pass_time(place, seconds: int) -> None:
    for method, parameters in (("evm_increaseTime", [seconds]), ("evm_mine", [])):
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = httpx.post(place.chain.rpc_url, json=call, trust_env=False).json()
        assert "error" not in answer, answer


class TestBirth:
    def test_the_manifest_and_the_chain_agree_on_who_governs(self, place):
        governance = place.manifest.governance
        council = place.read.council()
        assert (governance["threshold"], governance["delay_seconds"]) == (2, DELAY_SECONDS)
        assert (council.threshold, council.delay_seconds) == (2, DELAY_SECONDS)
        named = governance["supervisors"]
        assert [each["account"] for each in named] == list(council.members)
        assert (
            len(
                {
                    value
                    for each in named
                    for value in (each["account"], each["freezer"], each["closer"])
                }
            )
            == 9
        )

    def test_each_key_has_its_own_role_and_no_other(self, place):
        for directory in place.supervisors:
            keys = open_keys(directory)
            may = {
                name: tuple(
                    ask(keys.secp256k1(name).address)
                    for ask in (place.read.may_enrol, place.read.may_freeze, place.read.may_close)
                )
                for name in (SUPERVISOR, FREEZER, CLOSER)
            }
            assert may == {
                SUPERVISOR: (True, False, False), FREEZER: (False, True, False),
                CLOSER: (False, False, True),
            }  # fmt: skip

    def test_terms_end_on_chain_when_the_policy_tables_say(self, place):
        start_on = date(2026, 9, 18)
        for working_days in (1, 10, 15, 45):
            due = place.read.due_at(_beijing(start_on), working_days)
            last = known_deadline(start_on, working_days)
            assert due == _beijing(last) + 86_400
        assert place.read.due_at(_beijing(date(max(published_years()) + 1, 1, 4)), 1) is None


def _beijing(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400 - 8 * 3_600


class TestStanding:
    def test_a_bureau_is_suspended_and_reinstated_by_the_freezers_key(self, place):
        first, reason = place.supervisors[0], place.reason
        answer = must("bureau", "suspend", 1, "--reason", reason, "--node", first)
        assert (answer["suspended"], answer["final"]) == (True, True)
        assert place.read.bureau(1).suspended
        code, document, err = anxu("bureau", "suspend", 1, "--reason", reason, "--node", first)
        assert code == 1
        assert "BureausSuspensionUnchanged" in err or "BureausSuspensionUnchanged" in str(document)
        must("bureau", "reinstate", 1, "--reason", reason, "--node", first)
        assert not place.read.bureau(1).suspended

    def test_an_officer_comes_and_goes_and_an_address_changes(self, place):
        first, account = place.supervisors[0], "0x" + "ab" * 20
        must("bureau", "officer", 1, account, "--node", first)
        assert place.read.is_officer(1, account)
        must("bureau", "officer", 1, account, "--remove", "--node", first)
        assert not place.read.is_officer(1, account)
        before = place.read.bureau(1).endpoint
        must("bureau", "endpoint", 1, "http://elsewhere.example", "--node", first)
        assert place.read.bureau(1).endpoint == "http://elsewhere.example"
        must("bureau", "endpoint", 1, before, "--node", first)

    def test_a_bureau_cannot_do_what_a_supervisor_does(self, place):
        arguments = ("--reason", place.reason, "--node", place.bureau)
        assert anxu("bureau", "suspend", 1, *arguments)[0] == 1


class TestCalendar:
    def test_the_known_years_are_there_since_birth(self, place):
        shown = must("calendar", "show", "--node", place.supervisors[0])
        assert [each["year"] for each in shown] == list(published_years())
        assert all(each["on_chain"] and each["same"] for each in shown)
        again = must("calendar", "publish", "--node", place.supervisors[0])
        assert again == {"published": [], "final": True}
        assert must("calendar", "correct", "--node", place.supervisors[0]) == {"corrected": []}


class TestStatuses:
    def test_a_bureau_revokes_and_restores_by_number(self, place):
        node, reason = ("--node", place.bureau), ("--reason", place.reason)
        must("status", "revoke", 3, 300, *reason, *node)
        shown = must("status", "show", 1, 3, 4, 300, *node)
        assert [each["revoked"] for each in shown] == [True, False, True]
        assert place.read.revoked_among(1, 1) == [300]
        must("status", "restore", 3, *reason, *node)
        assert place.read.revoked_among(1, 0) == []


class TestCouncil:
    def test_two_of_three_decide_and_an_hour_passes(self, place):
        first, second, third = place.supervisors
        calls = place.root / "calls.json"
        members = list(place.read.council().members)
        arguments = [members, 3]
        calls.write_text(
            json.dumps([{"contract": "Council", "function": "setMembers", "arguments": arguments}])
        )
        made = must("council", "propose", calls, "--node", first)
        assert (made["state"], made["approvals"]) == ("OPEN", 1)
        assert made["calls"][0]["arguments"] == {"newMembers": members, "newThreshold": 3}
        assert must("council", "propose", calls, "--node", first)["proposal"] == made["proposal"]
        number = made["proposal"][:10]
        approved = must("council", "approve", number, "--node", second)
        assert approved["state"] == "SCHEDULED"
        code, _, err = anxu("council", "execute", number, "--node", third)
        assert code == 1
        assert "delay" in err
        pass_time(place, DELAY_SECONDS)
        assert must("council", "execute", number, "--node", place.bureau)["state"] == "EXECUTED"
        assert place.read.council().threshold == 3
        listed = must("council", "list", "--node", place.bureau)
        assert [each["state"] for each in listed["proposals"]] == ["EXECUTED"]
        assert must("council", "list", "--open", "--node", place.bureau)["proposals"] == []
        assert must("council", "show", number, "--node", third)["objections"] == 0

    def test_what_two_object_to_is_over(self, place):
        first, second, third = place.supervisors
        made = must("bureau", "close", 1, "--reason", place.reason, "--node", first)
        number = made["proposal"]
        for node in (first, second):
            assert must("council", "object", number, "--node", node)["state"] == "OPEN"
        assert must("council", "object", number, "--node", third)["state"] == "CANCELLED"
        assert not place.read.bureau(1).closed

    @pytest.mark.parametrize("content", ["x", "[1]", '[{"contract": "Nobody"}]', '{"a": 1}'])
    def test_a_file_that_holds_no_calls_is_refused(self, place, content):
        calls = place.root / "broken.json"
        calls.write_text(content)
        assert anxu("council", "propose", calls, "--node", place.supervisors[0])[0] == 64
        missing = place.root / "missing.json"
        assert anxu("council", "propose", missing, "--node", place.supervisors[0])[0] == 64


class TestKeysAndSuccession:
    def test_a_bureau_goes_on_with_new_keys_and_old_signatures_hold(self, place, make):
        with open_node(place.bureau) as node:
            node.context.bureau.writer  # noqa: B018 - the node opens with its first keys
            make.record(
                node.context, *[make.payment(make.identity_number(n), 202609) for n in range(5)]
            )
            make.settle([node])
        old = open_keys(place.bureau)
        before = (old.secp256k1(PUBLISHER).address, old.public_key(LOG))
        rotated = must("bureau", "rotate", place.bureau, "--supervisor", place.supervisors[0])
        assert rotated["log_id"] == 1
        new = open_keys(place.bureau)
        assert (new.secp256k1(PUBLISHER).address, new.public_key(LOG)) != before
        assert place.read.is_publisher(1, new.secp256k1(PUBLISHER).address)
        assert [each.log_key for each in place.read.key_history(1)] == [
            before[1],
            new.public_key(LOG),
        ]
        with open_node(place.bureau) as node:
            size = node.context.chain.latest_checkpoint(1).size
            make.record(node.context, make.payment(make.identity_number(9), 202609), source="later")
            make.settle([node])
            assert node.context.chain.latest_checkpoint(1).size > size

    def test_the_council_names_who_carries_a_log_on(self, place, make):
        first, second, third = place.supervisors
        size = place.read.latest_checkpoint(1).size
        assert size
        directory = place.root / "nanjing-2"
        make.make_quick_keys(directory)
        city = NewNode("bureau", "南京二", "Nanjing 2", "320100", 32, "127.0.0.1", free_port())
        init_node(directory, place.manifest, city)
        common = ("--by", directory, "--reason", place.reason, "--node", first)
        assert anxu("bureau", "succeed", 1, "--size", size + 1, *common)[0] == 1
        made = must("bureau", "succeed", 1, "--size", size, *common)
        assert [call["function"] for call in made["calls"]] == [
            "closeLog", "requirePublished", "nameSuccessor",
        ]  # fmt: skip
        for node in (second, third):
            must("council", "approve", made["proposal"], "--node", node)
        pass_time(place, DELAY_SECONDS)
        assert must("council", "execute", made["proposal"], "--node", second)["state"] == "EXECUTED"
        assert place.read.bureau(1).closed
        successor = place.read.successor_of(1)
        assert place.read.predecessor_of(successor) == (1, size)
        assert place.read.acting_for(1) == successor
        publisher = open_keys(directory).secp256k1(PUBLISHER).address
        assert place.read.log_id_of(publisher) == successor
        assert place.read.origin_of_leaf(successor, 0) == 1
        with open_node(first) as node:
            assert key_of_caller(node.context, "log/1") is None
            assert key_of_caller(node.context, f"log/{successor}") == open_keys(
                directory
            ).public_key(LOG)
        opening = ("--supervisor", first, "--sponsor", place.bureau)
        code, _, err = anxu("bureau", "enrol", directory, *opening)
        assert code == 1
        assert "carry-on" in err
        assert NodeSettings.load(directory).log_id == 0
