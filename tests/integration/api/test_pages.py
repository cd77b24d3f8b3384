"""The pages of all four audiences over real nodes: who sees what, in which words, and what they may do."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import httpx
import pytest
import structlog
from fastapi.testclient import TestClient

from api.app import create_app
from ledger.errors import FormTokenError
from ledger.funds.release import import_bank_answer
from ledger.node import Node
from ledger.recording.peers import request_headers

NOWHERE = "0x" + "00" * 32
PAGES = {
    "officer": [
        "/bureau", "/bureau/transfers", "/bureau/payouts", "/bureau/imports", "/bureau/log",
        "/bureau/entries/0",
    ],
    "person": ["/me"],
    "supervisor": [
        "/supervisor", "/supervisor/alerts", "/supervisor/funds", "/supervisor/entries/1/0",
        "/supervisor/bureaus", "/supervisor/bureaus/1",
    ],
}  # fmt: skip
NODES = {"officer": "nanjing", "person": "nanjing", "supervisor": "supervisor"}
KEYS = {"officer": "officer-maker", "person": "eligible", "supervisor": "supervisor"}
INLINE = re.compile(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
LINKS = re.compile(r'href="(/[^"#]*)')
TIMES = re.compile(r"<time.*?</time>")
A_KIND = 3
A_WALK = 70


def walk(visitor, start):
    """Follow links from a page, a few of each kind; every page as it was answered."""
    seen, waiting, kinds = {}, [start], {}
    while waiting and len(seen) < A_WALK:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen[path] = answer = visitor.get(path)
        for written in LINKS.findall(answer.text):
            link = written.replace("&amp;", "&")
            kind = re.sub(r"[0-9a-f]{8,}|\d+", "N", link)
            if link.startswith(("/static", "/language")) or kinds.get(kind, 0) >= A_KIND:
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            waiting.append(link)
    return seen


class TestEveryPage:
    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("role", list(PAGES))
    def test_whatever_a_page_links_to_answers_without_inline_code(self, town, role, language):
        visitor = town.visitor(NODES[role], KEYS[role], language)
        seen = walk(visitor, PAGES[role][0])
        refused = {p: a.status_code for p, a in seen.items() if a.status_code not in {200, 303}}
        assert refused == {}
        pages = [
            a for a in seen.values() if a.headers.get("content-type", "").startswith("text/html")
        ]
        assert len(pages) >= (3 if role == "person" else 12)
        tongue = "zh-CN" if language == "zh" else "en"
        for page in pages:
            assert f'<html lang="{tongue}">' in page.text
            assert not INLINE.search(page.text)
            assert "script-src 'none'" in page.headers["content-security-policy"]
            assert page.headers["cache-control"] == "no-store"
            assert "Cookie" in page.headers["vary"]

    def test_each_page_of_a_role_answers(self, town):
        for role, paths in PAGES.items():
            visitor = town.visitor(NODES[role], KEYS[role])
            for path in paths:
                assert visitor.get(path).status_code == 200, path

    def test_nothing_personal_is_logged_and_no_address_names_a_person(self, town):
        with structlog.testing.capture_logs() as logs:
            for role in PAGES:
                seen = walk(town.visitor(NODES[role], KEYS[role]), PAGES[role][0])
                addresses = " ".join(seen)
                for secret in town.identity_numbers() | town.names():
                    assert secret not in addresses
            town.visitor("nanjing", "eligible").get("/me/entries/0")
            town.visitor("nanjing").get("/nowhere/320106198808150031")
        text = json.dumps(logs, ensure_ascii=False, default=str)
        writer = town.context("nanjing").bureau.writer
        subjects = {writer.subject_of(item.identity_number).hex() for item in town.planted.proofs}
        assert logs
        for secret in town.identity_numbers() | town.names() | subjects | {"320106198808150031"}:
            assert secret not in text

    def test_pages_stay_out_of_the_description_and_json_is_in_it(self, town):
        described = {
            name: set(town.visitor(name).get("/openapi.json").json()["paths"])
            for name in ("nanjing", "supervisor")
        }
        assert {"/api/verify", "/api/trust", "/api/prove/{index}"} <= described["nanjing"]
        assert {"/api/alerts", "/api/funds/events", "/api/verify"} <= described["supervisor"]
        for paths in described.values():
            assert not [p for p in paths if p.startswith(("/bureau", "/me", "/sign", "/verify"))]


class TestWhoMaySee:
    @pytest.mark.parametrize("owner", list(PAGES))
    def test_stranger_is_led_to_sign_in_and_back(self, town, owner):
        for path in PAGES[owner]:
            answer = town.visitor(NODES[owner]).get(path)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/sign-in?next={path}"

    @pytest.mark.parametrize(
        ("owner", "other"), [("officer", "eligible"), ("person", "officer-maker")]
    )
    def test_other_role_is_refused(self, town, owner, other):
        visitor = town.visitor("nanjing", other)
        for path in PAGES[owner]:
            assert visitor.get(path).status_code == 403, path

    def test_officers_session_counts_on_its_own_node_only(self, town):
        here = town.visitor("nanjing", "officer-maker")
        cookie = next(iter(here.http.cookies.items()))
        port = town.context("hefei").settings.port
        there = town.visitor("hefei")
        there.http.cookies.set(f"anxu_session_{port}", cookie[1])
        assert there.get("/bureau").status_code == 303

    def test_supervisor_has_no_bureau_pages_and_a_bureau_no_supervisors(self, town):
        assert town.visitor("supervisor", "supervisor").get("/bureau").status_code == 404
        assert town.visitor("nanjing", "officer-maker").get("/supervisor").status_code == 404

    def test_persona_of_another_node_cannot_sign_in(self, town):
        assert town.visitor("hefei").sign_in("eligible").status_code == 403
        assert town.visitor("supervisor").sign_in("officer-maker").status_code == 403

    def test_sign_out_ends_it(self, town):
        visitor = town.visitor("nanjing", "officer-maker")
        assert visitor.post("/sign-out").headers["location"] == "/sign-in"
        assert visitor.get("/bureau").status_code == 303

    def test_cookie_is_closed_to_scripts_and_other_sites_and_says_nothing_personal(self, town):
        visitor = town.visitor("nanjing")
        answer = visitor.sign_in("eligible")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert town.planted.proofs[0].identity_number not in cookie

    def test_changed_cookie_is_nobodys(self, town):
        visitor = town.visitor("nanjing", "officer-maker")
        ((name, value),) = visitor.http.cookies.items()
        visitor.http.cookies.clear()
        visitor.http.cookies.set(name, ("A" if value[0] != "A" else "B") + value[1:])
        assert visitor.get("/bureau").status_code == 303

    def test_sign_in_leads_to_the_page_asked_for_and_never_away(self, town):
        visitor = town.visitor("nanjing")
        asked = visitor.sign_in("officer-maker", "/bureau/log")
        assert asked.headers["location"] == "/bureau/log"
        away = town.visitor("nanjing").sign_in("officer-maker", "//evil.example/bureau")
        assert away.headers["location"] == "/bureau"

    def test_language_is_kept_and_comes_back(self, town):
        visitor = town.visitor("nanjing", "officer-maker")
        answer = visitor.get("/language/en?next=/bureau/log")
        assert answer.headers["location"] == "/bureau/log"
        assert '<html lang="en">' in visitor.get("/bureau/log").text
        assert visitor.get("/language/xx").status_code == 404
        assert visitor.get("/language/zh?next=//evil").headers["location"] == "/"


class TestForms:
    FORMS = ("check", "decide", "approve")

    @pytest.mark.parametrize("action", FORMS)
    def test_form_without_the_sessions_token_does_nothing(self, town, action):
        visitor = town.visitor("nanjing", "officer-maker")
        path = f"/bureau/payouts/{town.batches['nanjing']}/{action}"
        batch = path.rsplit("/", 1)[0]
        before = TIMES.sub("", visitor.get(batch).text)
        stranger = town.visitor("nanjing", "officer-checker").token()
        for data in ({}, {"csrf_token": "x"}, {"csrf_token": stranger}):
            assert visitor.http.post(path, data=data).status_code == 403
        assert TIMES.sub("", visitor.get(batch).text) == before

    def test_form_from_another_site_does_nothing(self, town):
        visitor = town.visitor("nanjing", "officer-maker")
        data = {"csrf_token": visitor.token()}
        answer = visitor.http.post("/sign-out", data=data, headers={"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403
        assert visitor.get("/bureau").status_code == 200

    def test_refusal_of_a_form_says_so_and_has_its_own_code(self, town):
        visitor = town.visitor("nanjing", "officer-maker")
        answer = visitor.http.post("/sign-out", headers={"accept": "application/json"})
        assert answer.json()["type"] == f"urn:anxu:problem:{FormTokenError.code}"
        assert answer.json()["detail"] == FormTokenError().sentence()

    def test_sign_in_needs_the_token_too(self, town):
        visitor = town.visitor("nanjing")
        answer = visitor.http.post("/sign-in", data={"persona": "officer-maker"})
        assert answer.status_code == 403


class TestWithoutDemoSessions:
    def test_nobody_can_sign_in_and_the_page_says_so(self, town):
        context = town.context("nanjing")
        settings = replace(context.settings, demo_sessions=False)
        node = Node(replace(context, settings=settings), town.network.nodes["nanjing"].feeds)
        with TestClient(create_app(node), follow_redirects=False) as browser:
            page = browser.get("/sign-in", headers={"accept": "text/html"})
            assert "本节点没有开通登录" in page.text
            assert "officer-maker" not in page.text
            forged = browser.post("/sign-in", data={"persona": "officer-maker", "csrf_token": ""})
            assert forged.status_code == 403
            for path in ("/bureau", "/me"):
                assert browser.get(path).status_code == 303
            assert "set-cookie" not in page.headers
            assert browser.get("/verify").status_code == 200


class TestFaults:
    def test_fault_gives_a_reference_and_keeps_its_text_to_itself(self, town):
        node = town.network.nodes["hefei"]
        app = create_app(node)

        @app.get("/broken")
        def broken() -> None:
            raise RuntimeError("王建国 320106198808150031")

        browser = TestClient(app, raise_server_exceptions=False)
        with structlog.testing.capture_logs() as logs:
            page = browser.get("/broken", headers={"accept": "text/html"})
            problem = browser.get("/broken")
        assert page.status_code == problem.status_code == 500
        assert "王建国" not in page.text + problem.text + str(logs)
        references = [line["reference"] for line in logs]
        assert references[0] in page.text
        assert references[1] == problem.json()["reference"]

    def test_personas_that_cannot_be_read_do_not_break_the_refusal(self, town):
        node = town.network.nodes["hefei"]
        path = node.context.directory / "personas.json"
        kept = path.read_bytes()
        path.chmod(0o644)
        try:
            browser = TestClient(create_app(node), raise_server_exceptions=False)
            browser.cookies.set("x", "y")
            answer = browser.get("/sign-in", headers={"accept": "text/html"})
            assert answer.status_code in {400, 500}
            assert "周敏" not in answer.text
        finally:
            path.write_bytes(kept)
            path.chmod(0o600)


class TestHostileAddresses:
    @pytest.mark.parametrize(
        "path",
        [
            "/bureau/entries/-1", "/bureau/entries/999999999999", "/bureau/entries/9999999999999999",
            "/bureau/entries/1%27--", "/bureau/entries/%00", "/bureau/entries/abc/bundle.json",
            f"/bureau/payouts/{NOWHERE}", "/bureau/payouts/..%2f..", "/bureau/payouts/0xAB",
            f"/bureau/payouts/{NOWHERE}/pay-file", f"/bureau/transfers/{NOWHERE}",
            "/bureau/transfers/x", f"/bureau/transfers/{NOWHERE}/accept", "/bureau/log?before=x",
            "/nowhere",
        ],
    )  # fmt: skip
    def test_what_is_not_there_is_said_to_people_and_to_machines(self, town, path):
        visitor = town.visitor("nanjing", "officer-maker")
        page = visitor.get(path)
        assert page.status_code == 404
        assert "没有找到您要看的内容" in page.text
        reference = re.search(r'class="reference">([0-9a-f]{8})<', page.text)
        assert reference is not None
        problem = visitor.get(path, accept="application/json")
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
        assert re.fullmatch("[0-9a-f]{8}", problem.json()["reference"])

    @pytest.mark.parametrize(
        "path",
        [
            "/supervisor/alerts/zz", f"/supervisor/alerts/{'0' * 32}", "/supervisor/entries/9/0",
            "/supervisor/entries/1/999999999", "/supervisor/entries/1?event=9-9",
            "/supervisor/funds?from=a&to=b", "/supervisor/entries/1?event=%27",
        ],
    )  # fmt: skip
    def test_supervisor_too(self, town, path):
        assert town.visitor("supervisor", "supervisor").get(path).status_code == 404

    def test_markup_in_an_address_is_never_a_part_of_the_page(self, town):
        answer = town.visitor("nanjing").get("/sign-in?next=%22%3E%3Cscript%3E")
        assert "<script>" not in answer.text


class TestPerson:
    def leaves(self, town, who):
        """A person's own leaves, and one of somebody else's."""
        context = town.context("nanjing")
        number = {item.case: item for item in town.planted.proofs}[who].identity_number
        with context.read() as view:
            own = view.log.of_subject(context.bureau.writer.subject_of(number))
            mine = {entry.index for entry in own}
            other = next(i for i in range(view.log.head().size) if i not in mine)
        return sorted(mine), other

    def test_record_says_whether_she_can_retire_and_what_is_missing(self, town):
        page = town.visitor("nanjing", "eligible").get("/me").text
        assert "您现在可以退休" in page
        assert town.planted.proofs[0].name in page
        assert town.planted.proofs[0].identity_number not in page
        page = town.visitor("nanjing", "short", "en").get("/me").text
        assert "You can retire" in page
        assert "4 short" in page

    def test_own_proof_is_a_file_that_any_node_finds_valid(self, town):
        town.network.settle()
        mine, _ = self.leaves(town, "ELIGIBLE")
        visitor = town.visitor("nanjing", "eligible")
        answer = visitor.get(f"/me/proofs/{mine[-1]}.json")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["cache-control"] == "no-store"
        checked = town.visitor("hefei").http.post("/verify", data={"bundle_text": answer.text})
        assert "可以采信：记录在案，仍然有效" in checked.text

    def test_somebody_elses_record_is_not_there_for_her(self, town):
        _, other = self.leaves(town, "ELIGIBLE")
        visitor = town.visitor("nanjing", "eligible")
        for path in (f"/me/entries/{other}", f"/me/proofs/{other}.json", f"/api/prove/{other}"):
            assert visitor.get(path).status_code == 404, path
        for path in ("/me/proofs/1.txt", "/me/proofs/x.json", "/me/entries/x"):
            assert visitor.get(path).status_code == 404, path

    def test_proof_over_json_needs_a_session(self, town):
        mine, other = self.leaves(town, "ELIGIBLE")
        assert town.visitor("nanjing").get(f"/api/prove/{mine[0]}").status_code == 403
        assert town.visitor("nanjing", "eligible").get(f"/api/prove/{mine[0]}").status_code == 200
        officer = town.visitor("nanjing", "officer-maker")
        assert officer.get(f"/api/prove/{other}").status_code == 200


class TestTwoOfficers:
    def test_suspected_line_is_decided_by_two_and_the_batch_released_by_two(self, town):
        batch = f"/bureau/payouts/{town.batches['nanjing']}"
        maker = town.visitor("nanjing", "officer-maker")
        checker = town.visitor("nanjing", "officer-checker")
        assert "还不能：先存证、检查" in maker.get(batch).text
        assert maker.post(f"{batch}/check").status_code == 303
        page = maker.get(batch).text
        assert "还不能：1 行等两名经办人员决定" in page
        assert town.planted.held.name in page
        line = re.search(r'name="line" value="(\d+)"', page)[1]
        assert maker.post(f"{batch}/approve").status_code == 409
        assert maker.post(f"{batch}/decide", line=line, decision="hold").status_code == 303
        assert "周敏提出暂缓" in maker.get(batch).text
        assert maker.post(f"{batch}/decide", line=line, decision="hold").status_code == 422
        assert checker.post(f"{batch}/decide", line=line, decision="hold").status_code == 303
        assert "等第二名经办人员复核" in maker.get(batch).text
        assert checker.post(f"{batch}/decide", line=line, decision="pay").status_code == 409
        assert maker.post(f"{batch}/approve").status_code == 303
        assert maker.post(f"{batch}/approve").status_code == 422
        assert checker.post(f"{batch}/approve").status_code == 303
        assert maker.post(f"{batch}/approve").status_code == 409
        town.network.settle()
        page = maker.get(batch).text
        assert "周敏" in page
        assert "何伟" in page
        pay_file = maker.get(f"{batch}/pay-file")
        assert town.planted.held.name not in pay_file.content.decode("gb18030")
        held = town.visitor("nanjing", "held").get("/me").text
        assert "暂缓原因：" in held
        self.money_comes_back(town, maker, batch)

    def money_comes_back(self, town, maker, page):
        """Two lines at once are one total on chain; the page shows what it is made of."""
        context, batch = town.context("nanjing"), town.batches["nanjing"]
        assert "哪些行的钱回来了" not in maker.get(page).text
        with context.read() as view:
            lines = [row for row in view.payouts.lines(batch) if row["state"] == "CLEAR"][:2]
        import_bank_answer(context, batch, {row["leaf_index"]: "RETURNED" for row in lines})
        waiting = maker.get(page).text
        assert "等待最终上链" in waiting
        town.network.settle()
        shown = maker.get(page).text.partition("哪些行的钱回来了")[2]
        assert "已最终上链" in shown
        amounts = [row["amount_fen"] for row in lines]
        for amount in (*amounts, sum(amounts)):
            assert f'<td class="number">{amount // 100:,}.{amount % 100:02d}</td>' in shown
        assert "合计，2 行" in shown

    def test_wrong_choices_are_refused(self, town):
        batch = f"/bureau/payouts/{town.batches['hefei']}"
        officer = town.visitor("hefei", "officer-maker")
        officer.post(f"{batch}/check")
        for fields in ({"line": "1", "decision": "burn"}, {"line": "1", "decision": "hold"}):
            assert officer.post(f"{batch}/decide", **fields).status_code == 422
        assert officer.post(f"{batch}/decide", line="x", decision="hold").status_code == 404

    def test_transfer_is_released_and_accepted_by_two_on_each_side(self, town):
        town.network.settle()
        case = f"/bureau/transfers/{town.case_id}"
        for node, action in (("hefei", "release"), ("nanjing", "accept")):
            maker = town.visitor(node, "officer-maker")
            checker = town.visitor(node, "officer-checker")
            assert f"{case}/{action}" in maker.get(case).text
            assert "需要两名经办人员" in maker.get(f"{case}/{action}").text
            assert maker.post(f"{case}/{action}").status_code == 303
            assert maker.post(f"{case}/{action}").status_code == 422
            assert "周敏 已经签字" in checker.get(f"{case}/{action}").text
            assert checker.post(f"{case}/{action}").status_code == 303
            town.network.settle()
            assert maker.get(f"{case}/{action}").status_code == 404
        page = town.visitor("nanjing", "officer-maker").get(case).text
        assert "划转基金" in page
        record = re.search(rf'href="({case}/records/\d+)"', page)[1]
        entry = town.visitor("nanjing", "officer-maker").get(record)
        assert "没有：自存证之日起未变" in entry.text

    def test_refusal_needs_a_reason_that_is_offered(self, town):
        case = f"/bureau/transfers/{town.case_id}/refuse"
        officer = town.visitor("nanjing", "officer-maker")
        assert officer.post(case, reason="10").status_code == 422
        assert officer.post(case, reason="").status_code == 422


class TestSupervisor:
    def test_every_total_adds_up_to_its_entries(self, town):
        town.network.settle()
        visitor = town.visitor("supervisor", "supervisor")
        funds = visitor.get("/supervisor/funds").text
        totals = set(re.findall(r'href="(/supervisor/entries/\d+\?event=[\d-]+)"', funds))
        assert len(totals) >= 4
        for total in totals:
            assert "相符：明细加起来就是总额" in visitor.get(total).text, total

    def test_bands_open_the_movements_that_add_up_to_them(self, town):
        visitor = town.visitor("supervisor", "supervisor")
        home = visitor.get("/supervisor").text
        rows = re.findall(r'<td class="number"><a href="([^"]+)">([\d,.]+)</a>', home)
        assert len(rows) >= 6
        for href, amount in rows:
            page = visitor.get(href.replace("&amp;", "&")).text
            assert f'<strong class="figure">{amount}</strong>' in page

    def test_suspicion_names_no_person_and_can_be_proven_once(self, town):
        visitor = town.visitor("supervisor", "supervisor")
        listed = visitor.get("/supervisor/alerts").text
        paths = sorted(set(re.findall(r'href="(/supervisor/alerts/[0-9a-f]{32})"', listed)))
        assert paths
        pages = {path: visitor.get(path).text for path in paths}
        for page in pages.values():
            assert not [name for name in town.names() if name in page]
        path = next(p for p, page in pages.items() if f"{p}/prove" in page)
        assert visitor.post(f"{path}/prove").headers["location"] == path
        town.network.settle()
        proven = visitor.get(path).text
        assert "链上已证明的冲突" in proven
        assert f"{path}/prove" not in proven
        assert visitor.post(f"{path}/prove").status_code == 409

    def test_json_needs_a_supervisors_session_or_signature(self, town):
        for path in ("/api/alerts", "/api/funds/events"):
            assert town.visitor("supervisor").get(path).status_code == 403
            answer = town.visitor("supervisor", "supervisor").get(path)
            assert answer.status_code == 200
            content = next(iter(answer.json().values()))
            assert content
            assert "subject" not in json.dumps(content)
            url = town.context("supervisor").settings.endpoint + path
            signed = request_headers(town.context("supervisor"), "GET", url, b"")
            assert httpx.get(url, headers=signed, trust_env=False).status_code == 200
            bureau = request_headers(town.context("nanjing"), "GET", url, b"")
            assert httpx.get(url, headers=bureau, trust_env=False).status_code == 403


class TestVerifier:
    def proof(self, town):
        officer = town.visitor("nanjing", "officer-maker")
        return officer.get("/bureau/entries/0/bundle.json").text

    @pytest.mark.parametrize("node", ["nanjing", "supervisor"])
    def test_proof_is_checked_by_file_or_by_text_without_an_account(self, town, node):
        proof = self.proof(town)
        visitor = town.visitor(node)
        for sent in ({"data": {"bundle_text": proof}},
                     {"files": {"bundle_file": ("p.json", proof.encode())}}):  # fmt: skip
            answer = visitor.http.post("/verify", **sent)
            assert "可以采信：记录在案，仍然有效" in answer.text
            assert "set-cookie" not in answer.headers

    def test_changed_proof_is_not_relied_on_and_its_content_not_shown(self, town):
        changed = json.loads(self.proof(town))
        changed["record"]["name"] = "某某某"
        answer = town.visitor("hefei").http.post(
            "/verify", data={"bundle_text": json.dumps(changed)}
        )
        assert "不能采信：证据与证明矛盾" in answer.text
        assert "某某某" not in answer.text

    @pytest.mark.parametrize("text", ["", "hello", "{}", "[]", "\x00", '{"schema":"anxu-proof/1"}'])
    def test_what_is_no_proof_is_said_to_be_none(self, town, text):
        answer = town.visitor("hefei").http.post("/verify", data={"bundle_text": text})
        assert answer.status_code == 200
        assert "这不是一份可以核验的证明" in answer.text

    def test_what_is_too_long_is_refused_before_it_is_read(self, town):
        visitor = town.visitor("hefei")
        for sent in ({"data": {"bundle_text": "x" * 600_000}},
                     {"files": {"bundle_file": ("p.json", b"x" * 600_000)}}):  # fmt: skip
            assert visitor.http.post("/verify", **sent).status_code == 422

    def test_empty_page_names_the_trust_it_starts_from(self, town):
        page = town.visitor("hefei", language="en").get("/verify").text
        assert "chain 31415" in page
        assert "3 logs" in page


class TestChainState:
    WORDS = ("存证正常", "存证滞后", "存证中断")

    def state(self, town):
        page = town.visitor("nanjing", "officer-maker").get("/bureau").text
        return next(word for word in self.WORDS if f">{word}</p>" in page)

    def test_head_says_in_a_word_how_far_anchoring_is(self, town, make):
        town.network.settle()
        assert self.state(town) == "存证正常"
        make.record(town.context("nanjing"), make.death(town.network.identity(), 202608))
        assert self.state(town) == "存证滞后"
        worker = town.network.nodes["nanjing"].worker
        worker.waiting["send"] = "chain-unavailable"
        assert self.state(town) == "存证中断"
        worker.waiting.clear()
        town.network.settle()
        assert self.state(town) == "存证正常"


PENSION = {
    "category": "female-50", "born": "1974-06", "region": "510000", "paid_months": "342",
    "deemed_months": "40", "index": "0.935", "balance_yuan": "150397.22", "base_yuan": "8321",
}  # fmt: skip


class TestTools:
    @pytest.mark.parametrize("node", ["nanjing", "supervisor"])
    def test_anyone_may_ask_and_reads_that_it_is_no_decision(self, town, node):
        visitor = town.visitor(node)
        assert "/tools/" in visitor.get("/sign-in").text
        assert "/tools/pension" in visitor.get("/tools/").text
        assert visitor.get("/tools").headers["location"] == "/tools/"
        answer = visitor.http.post("/tools/pension", data=PENSION)
        assert answer.status_code == 200
        assert "每月约 3,929.92 元" in answer.text
        assert "这是测算，不是核定" in answer.text
        assert answer.headers["cache-control"] == "no-store"

    def test_it_answers_in_english(self, town):
        page = town.visitor("hefei", language="en").http.post("/tools/pension", data=PENSION)
        assert "About 3,929.92 yuan a month" in page.text
        assert "This is an estimate, not a decision" in page.text

    def test_what_is_entered_is_neither_kept_nor_logged_nor_in_an_address(self, town):
        visitor = town.visitor("nanjing")
        context = town.context("nanjing")
        with context.read() as view:
            before = view.log.head().size
        with structlog.testing.capture_logs() as logs:
            kept = visitor.http.post("/tools/pension", data=PENSION)
            refused = visitor.http.post("/tools/pension", data=PENSION | {"born": "1974-66"})
        assert (kept.status_code, refused.status_code) == (200, 422)
        assert "set-cookie" not in kept.headers
        assert "1974" not in str(kept.url)
        for entered in ("150397.22", "1974-06", "1974-66", "0.935"):
            assert entered not in json.dumps(logs, default=str)
        with context.read() as view:
            assert view.log.head().size == before

    def test_a_wrong_value_is_named_at_its_field(self, town):
        page = town.visitor("nanjing").http.post("/tools/retirement", data={"born": "1974-66"})
        assert page.status_code == 422
        assert 'value="1974-66"' in page.text
        assert 'aria-invalid="true"' in page.text

    @pytest.mark.parametrize("content", [b"x" * 9000, b"\xff\xfe", b"a=1&" * 50])
    def test_what_is_no_form_is_refused(self, town, content):
        answer = town.visitor("nanjing").http.post("/tools/retirement", content=content)
        assert answer.status_code == 422
