"""What a supervisor does by form: asked once more, sent once, pending until final, refused in words."""

from __future__ import annotations

import hashlib
import re

import pytest

from api.auth.sessions import Persona, write_personas
from api.supervisor.measure_views import MAXIMUM_MIB
from api.web.parts import Role
from ledger.chain.deciding import decide
from ledger.errors import ActUnderWayError
from ledger.governing import (
    freezing,
    lifting,
    payments_of,
    renewing_calls,
    send,
    send_once,
)
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.store.outbox import FAILED, FINAL, OPEN
from ledger.supervision.queries import alerts
from ledger.supervision.service import prove_conflict

DECISION = "监管决定〔2026〕1号".encode()
DIGEST = hashlib.sha256(DECISION).digest()
AUGUST = 202608
BUREAUS = "/supervisor/bureaus"
NANJING, SUZHOU, HEFEI = 1, 2, 3


@pytest.fixture(scope="module")
def supervisor(network):
    context = network.context("supervisor")
    persona = Persona("supervisor", Role.SUPERVISOR, "郑岩", "Zheng Yan", "监管", "supervises")
    write_personas(context.directory, [persona])
    network.settle()
    return context


@pytest.fixture
def desk(network, supervisor, browse):
    """The supervisor at a screen, in Chinese."""
    return browse(supervisor, "supervisor")


def send_form(desk, path, content=DECISION, **fields):
    files = {"document": ("decision.pdf", content)} if content is not None else None
    data = {"csrf_token": desk.token("/supervisor"), **fields}
    return desk.http.post(path, data=data, files=files or {"document": ("", b"")})


def messages(supervisor, log_id):
    with supervisor.read() as view:
        return [
            each
            for each in view.outbox.calls_of("FundRules", ["freeze", "unfreeze"])
            if each.arguments[0] == log_id
        ]


class TestFreeze:
    def test_form_asks_sends_once_and_tells_when_it_is_final(self, network, supervisor, desk):
        page = f"{BUREAUS}/{SUZHOU}"
        assert "照常办理" in desk.get(page).text
        asked = desk.get(f"{page}/freeze").text
        assert "包括所有人的养老金" in asked
        assert 'type="file" id="document" name="document" required' in asked
        for _ in range(2):  # pressed twice
            answer = send_form(desk, f"{page}/freeze")
            assert (answer.status_code, answer.headers["location"]) == (303, page)
        (message,) = messages(supervisor, SUZHOU)
        assert (message.function, message.signer) == ("freeze", "freezer")
        assert message.arguments == [SUZHOU, "0x" + DIGEST.hex()]
        waiting = desk.get(page).text
        assert "已提交，等待最终上链" in waiting
        assert "照常办理" in waiting  # nothing counts before it is final
        assert f"{page}/freeze" not in waiting
        assert desk.get(f"{page}/freeze").status_code == 404

        network.settle("supervisor")
        done = desk.get(page).text
        assert "<h1>拨付已冻结</h1>" in done
        assert "已最终上链" in done
        assert DIGEST.hex() in re.sub("<[^>]*>", "", done)  # whole when it is copied
        assert "1 家机构被停" in desk.get(BUREAUS).text
        assert supervisor.chain.frozen_until(SUZHOU) > supervisor.clock.now().timestamp()

        again = send_form(desk, f"{page}/freeze")
        assert again.status_code == 422
        assert "这家机构已经冻结，至北京时间" in again.text
        assert "共同决定" in again.text
        assert len(messages(supervisor, SUZHOU)) == 1

        assert send_form(desk, f"{page}/unfreeze").status_code == 303
        network.settle("supervisor")
        assert "照常办理" in desk.get(page).text
        rows = re.findall(r"<tr><th scope=\"row\"><time.*?</tr>", desk.get(page).text)
        assert [("解除冻结" in row, "冻结拨付" in row) for row in rows] == [
            (True, False), (False, True),
        ]  # fmt: skip

    def test_what_the_council_renewed_is_shown_as_a_command(self, network, supervisor, desk):
        page = f"{BUREAUS}/{HEFEI}"
        (key,) = send(supervisor, [freezing(HEFEI, DIGEST)])  # by command, not by form
        assert "已提交，等待最终上链" in desk.get(page).text
        network.settle("supervisor")
        with supervisor.read() as view:
            assert view.outbox.find(key).state == FINAL
        member = supervisor.keys.secp256k1("supervisor")
        decide(supervisor.chain, member, renewing_calls(HEFEI, DIGEST))
        network.settle("supervisor")
        shown = desk.get(page).text
        assert "已续冻" in shown
        assert f"{page}/unfreeze" not in shown
        assert (
            '<code class="command">anxu funds unfreeze 3 --reason FILE --node DIR</code>' in shown
        )
        refused = send_form(desk, f"{page}/unfreeze")
        assert refused.status_code == 422
        assert "只能共同解除" in refused.text
        decide(supervisor.chain, member, [lifting(HEFEI, DIGEST).call])

    def test_another_act_about_the_same_money_waits(self, network, supervisor, desk):
        matter = payments_of(NANJING)
        assert send_once(supervisor, freezing(NANJING, DIGEST), matter)
        assert not send_once(supervisor, freezing(NANJING, DIGEST), matter)
        with pytest.raises(ActUnderWayError):
            send_once(supervisor, freezing(NANJING, bytes(32)), matter)
        refused = send_form(desk, f"{BUREAUS}/{NANJING}/unfreeze")
        assert refused.status_code == 409
        assert "还在等上链" in refused.text
        network.settle("supervisor")
        assert send_once(supervisor, lifting(NANJING, DIGEST), matter)
        network.settle("supervisor")
        assert [each.state for each in messages(supervisor, NANJING)] == [FINAL, FINAL]

    def test_what_the_contract_refuses_later_is_told_in_words(self, network, supervisor, desk):
        """The council renews between our trial and our landing."""
        page, member = f"{BUREAUS}/{SUZHOU}", supervisor.keys.secp256k1("supervisor")
        assert send_form(desk, f"{page}/freeze").status_code == 303
        decide(supervisor.chain, member, renewing_calls(SUZHOU, bytes([7]) * 32))
        network.settle("supervisor")
        assert messages(supervisor, SUZHOU)[-1].state == FAILED
        shown = desk.get(page).text
        assert "合约没有受理" in shown
        assert "这家机构已经冻结，至北京时间" in shown
        assert "anxu funds unfreeze 2" in shown
        decide(supervisor.chain, member, [lifting(SUZHOU, DIGEST).call])


class TestSuspension:
    def test_bureau_is_suspended_and_reinstated(self, network, supervisor, desk):
        page = f"{BUREAUS}/{HEFEI}"
        assert send_form(desk, f"{page}/suspend").status_code == 303
        network.settle("supervisor")
        assert "<h1>新业务已暂停</h1>" in desk.get(page).text
        assert supervisor.chain.bureau(HEFEI).suspended
        refused = send_form(desk, f"{page}/suspend")
        assert (refused.status_code, "它已经暂停了" in refused.text) == (422, True)
        assert send_form(desk, f"{page}/reinstate").status_code == 303
        network.settle("supervisor")
        assert not supervisor.chain.bureau(HEFEI).suspended
        assert "新业务已暂停" not in desk.get(page).text.partition("经过")[0]


class TestForms:
    @pytest.mark.parametrize("measure", ["freeze", "suspend"])
    def test_without_the_sessions_token_or_a_session_nothing_is_sent(
        self, supervisor, desk, browse, measure
    ):
        path = f"{BUREAUS}/{NANJING}/{measure}"
        files = {"document": ("d", DECISION)}
        with supervisor.read() as view:
            before = len(view.outbox.all())
        stranger = browse(supervisor)
        assert stranger.http.post(path, files=files).status_code == 303
        assert stranger.get(f"{BUREAUS}/{NANJING}").headers["location"].startswith("/sign-in")
        for data in ({}, {"csrf_token": "x"}, {"csrf_token": stranger.token()}):
            assert desk.http.post(path, data=data, files=files).status_code == 403
        with supervisor.read() as view:
            assert len(view.outbox.all()) == before

    def test_decision_is_needed_and_has_a_limit(self, supervisor, desk):
        path = f"{BUREAUS}/{NANJING}/suspend"
        for content in (None, b""):
            answer = send_form(desk, path, content)
            assert answer.status_code == 422
            assert "没有收到决定文件" in answer.text
        long = b"x" * (MAXIMUM_MIB * 1024 * 1024 + 20_000)
        assert send_form(desk, path, long).status_code == 422
        assert not supervisor.chain.bureau(NANJING).suspended

    @pytest.mark.parametrize(
        "path",
        [
            f"{BUREAUS}/9", f"{BUREAUS}/x", f"{BUREAUS}/1/burn", f"{BUREAUS}/1/unfreeze",
            f"{BUREAUS}/9/freeze", f"{BUREAUS}/1/freeze?alert=zz",
            f"/supervisor/alerts/{'0' * 32}/close", "/supervisor/alerts/zz/close",
        ],
    )  # fmt: skip
    def test_what_is_not_there_is_not_there(self, desk, path):
        assert desk.get(path).status_code == 404

    def test_key_that_is_missing_is_said_with_the_command(self, supervisor, desk, monkeypatch):
        monkeypatch.setattr("api.supervisor.measure_views.FREEZER", "nobody")
        shown = desk.get(f"{BUREAUS}/{NANJING}").text
        assert "本节点没有可用的冻结密钥" in shown
        assert "anxu funds freeze 1 --reason FILE --node DIR" in shown
        assert f"{BUREAUS}/{NANJING}/freeze" not in shown


class TestConflicts:
    @pytest.fixture
    def proven(self, network, supervisor, make):
        """A month paid in two cities, proven on chain: its alert."""
        person = network.identity()
        for name in ("nanjing", "hefei"):
            make.record(network.context(name), make.payment(person, AUGUST))
        network.settle()
        subject = network.context("nanjing").bureau.writer.subject_of(person)
        alert = next(each for each in alerts(supervisor) if each.subject == subject)
        prove_conflict(supervisor, alert.alert_id)
        network.settle()
        return next(each for each in alerts(supervisor) if each.subject == subject)

    def test_conflict_is_closed_with_a_finding(self, network, supervisor, desk, proven):
        page = f"/supervisor/alerts/{proven.alert_id}"
        shown = desk.get(page).text
        assert f"{BUREAUS}/{NANJING}/freeze?alert={proven.alert_id}" in shown
        assert f"{page}/close" in shown
        asked = desk.get(f"{page}/close").text
        assert "先听答复" in asked
        assert asked.count('type="radio"') == 3
        for fields in ({}, {"outcome": "guilty"}):
            answer = send_form(desk, f"{page}/close", **fields)
            assert (answer.status_code, "没有选认定结论" in answer.text) == (422, True)
        bare = send_form(desk, f"{page}/close", None, outcome="repaid")
        assert bare.status_code == 422
        assert 'value="repaid" required checked' in bare.text

        answer = send_form(desk, f"{page}/close", outcome="receivable")
        assert (answer.status_code, answer.headers["location"]) == (303, page)
        waiting = desk.get(page).text
        assert "已提交，等待最终上链" in waiting
        assert f"{page}/close" not in waiting
        network.settle()
        assert supervisor.chain.conflict(proven.conflict_id).outcome == 2
        done = desk.get(page).text
        assert "认定多付，列为应收" in done
        assert "已结案" in done
        assert send_form(desk, f"{page}/close", outcome="repaid").status_code == 409

    def test_freezing_from_a_suspicion_comes_back_to_it(self, network, supervisor, desk, proven):
        path = f"{BUREAUS}/{NANJING}/freeze?alert={proven.alert_id}"
        page = f"/supervisor/alerts/{proven.alert_id}"
        assert f'href="{page}"' in desk.get(path).text
        assert send_form(desk, path).headers["location"] == page
        assert "已提交，等待最终上链" in desk.get(page).text
        network.settle("supervisor")
        lift = f"{BUREAUS}/{NANJING}/unfreeze?alert={proven.alert_id}"
        assert lift in desk.get(page).text
        assert send_form(desk, lift).headers["location"] == page
        network.settle("supervisor")
        assert messages(supervisor, NANJING)[-1].state == FINAL

    def test_reversal_is_shown_to_the_contract(self, network, supervisor, desk, proven):
        page = f"/supervisor/alerts/{proven.alert_id}"
        assert f"{page}/reversal" not in desk.get(page).text
        assert desk.post(f"{page}/reversal").status_code == 404
        found = supervisor.chain.conflict(proven.conflict_id)
        reverse_entry(
            network.context("hefei"), found.second_index, ReversalReason.NOT_PAID, "条例", "maker",
            "checker",
        )  # fmt: skip
        network.settle()
        assert f"{page}/reversal" in desk.get(page).text
        for _ in range(2):
            assert desk.post(f"{page}/reversal").headers["location"] == page
        with supervisor.read() as view:
            sent = view.outbox.calls_of("Conflicts", ["closeByReversal"])
        assert [each.state in OPEN for each in sent] == [True]
        network.settle("supervisor")
        assert supervisor.chain.conflict(proven.conflict_id).state.name == "REVERSED"
        assert f"{page}/reversal" not in desk.get(page).text
