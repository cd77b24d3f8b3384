"""A wrong line is put right, a past day is replayed, a person is erased: over nodes, chain and pages."""

from __future__ import annotations

import csv
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from api.auth.sessions import Persona, load_personas, write_personas
from api.web.parts import Role
from ledger.benefits.queries import all_decisions
from ledger.benefits.service import restate_decision
from ledger.chain.bindings import Account
from ledger.errors import (
    AlreadyResolvedError,
    CorrectionRefusedError,
    SealingKeyDestroyedError,
)
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import inclusion_proof, verify_inclusion
from ledger.evidence.verdicts import Outcome
from ledger.following.feeds import FeedClient
from ledger.funds.checking import check_batch
from ledger.funds.corrections import restate_payout
from ledger.funds.queries import batch_detail
from ledger.policy.kinds import Kind
from ledger.policy.retirement import Category
from ledger.recording.erasures import ERASED_NAME
from ledger.recording.proofs import prove_entry
from ledger.recording.trust import export_trust
from ledger.recording.verifying import verify
from ledger.records.rules import ReversalReason
from ledger.records.service import import_contributions
from ledger.transfers.queries import case_detail
from scripts.cli.main import run

BASIS = "社会保险经办条例第三十七条"
LAW = "个人信息保护法第四十七条"
TWO = ("officer-maker", "officer-checker")
CONTRIBUTIONS = (
    "公民身份号码", "姓名", "统一社会信用代码", "单位名称", "险种", "缴费类型", "费款所属期",
    "缴费基数", "单位缴费", "个人缴费", "到账日期",
)  # fmt: skip
PAYOUTS = (
    "公民身份号码", "姓名", "险种", "待遇所属期", "发放金额", "发放类型", "补发原因", "补发所属期",
    "核定文号", "发放日期", "开户银行", "银行账号",
)  # fmt: skip


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def write(path: Path, headings: tuple[str, ...], *lines: tuple[object, ...]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headings, *lines])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def contribution(record: dict[str, Any], **changes: object) -> tuple[object, ...]:
    """A recorded contribution as a line of a file, with changes."""
    line = {
        "identity_number": record["identity_number"], "name": record["name"],
        "employer_code": record["employer_code"], "employer_name": record["employer_name"],
        "scheme": "企业职工基本养老保险", "type": "正常缴费", "period": record["period"],
        "base": yuan(record["base_fen"]), "unit": yuan(record["unit_fen"]),
        "person": yuan(record["person_fen"]), "paid_on": record["paid_on"],
    }  # fmt: skip
    return tuple((line | changes).values())


def record_at(context, index: int) -> dict[str, Any]:
    with context.read() as view:
        return dict(context.bureau.reader.open(view.log.entry(index), view.log).record)


def first(context, kind: Kind, number: str | None = None) -> int:
    """The first entry of a kind that stands, of one person or of anybody."""
    with context.read() as view:
        size = view.log.head().size
        entries = (
            view.log.of_subject(context.bureau.writer.subject_of(number), [kind])
            if number
            else [item for item in view.log.entries(0, size) if item.entry.head.kind is kind]
        )
        gone = view.log.reversed_among([item.index for item in entries])
        normal = [
            item.index
            for item in entries
            if (item.index not in gone and item.entry.head.class_ == 1)
            or kind is not Kind.CONTRIBUTION
        ]
    return int(normal[0])


def books(context) -> dict[str, int]:
    with context.read() as view:
        return view.journal.balances()


def anxu(*arguments: object, stdin: str = "") -> tuple[int, Any]:
    """The command, as a script calls it: exit code and the one JSON document."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr("sys.stdin", io.StringIO(stdin))
        code = run([*map(str, arguments), "--json"])
    return code, json.loads(out.getvalue())


@pytest.fixture(scope="module")
def mended(town, tmp_path_factory):
    """Hefei restated its first contribution with one yuan less from the person."""
    context = town.context("hefei")
    index = first(context, Kind.CONTRIBUTION)
    old = record_at(context, index)
    path = write(
        tmp_path_factory.mktemp("mended") / "line.csv",
        CONTRIBUTIONS,
        contribution(old, person=yuan(old["person_fen"] + 100)),
    )
    before = books(context)
    code, answer = anxu(
        "record", "restate", index, "--file", path, "--node", context.directory,
        "--reason", "WRONG_AMOUNT", "--basis", BASIS, "--maker", "maker", "--checker", "checker",
    )  # fmt: skip
    assert code == 0, answer
    town.network.settle()
    return index, old, answer, before, path


class TestContribution:
    def test_the_command_says_where_both_entries_stand(self, town, mended):
        index, old, answer, _, _ = mended
        context = town.context("hefei")
        assert (answer["reversed"], answer["already_done"]) == (index, False)
        assert answer["restatement"] == answer["reversal"] + 1
        new = record_at(context, answer["restatement"])
        assert new["amount_fen"] == old["amount_fen"] + 100
        assert new["correction"]["restates"] == {"log": int(context.log_id), "index": index}

    def test_the_proofs_of_both_say_which_one_stands(self, town, mended):
        index, _, answer, _, _ = mended
        context = town.context("hefei")
        trust, rpc = export_trust(context), context.settings.rpc_url or context.manifest.rpc_url
        outcomes = []
        for entry in (index, answer["restatement"]):
            bundle = prove_entry(context, entry, standing_source=FeedClient().standing)
            verdict = verify(bundle, trust, rpc, context.clock.now())
            outcomes.append((verdict.was_recorded, verdict.still_stands))
        assert outcomes == [
            (Outcome.VALID, Outcome.INVALID), (Outcome.VALID, Outcome.VALID),
        ]  # fmt: skip

    def test_the_same_command_again_changes_nothing(self, town, mended):
        index, _, answer, _, path = mended
        context = town.context("hefei")
        arguments = (
            "record", "restate", index, "--file", path, "--node", context.directory,
            "--basis", BASIS, "--maker", "maker", "--checker", "checker", "--reason",
        )  # fmt: skip
        assert anxu(*arguments, "WRONG_AMOUNT") == (0, answer | {"already_done": True})
        code, refused = anxu(*arguments, "ENTRY_ERROR")
        assert (code, refused["error"]["code"]) == (1, AlreadyResolvedError.code)

    def test_the_officers_page_strikes_the_old_value_and_says_why_and_by_whom(self, town, mended):
        index, old, answer, _, _ = mended
        officer = town.visitor("hefei", "officer-maker")
        for entry in (index, answer["restatement"]):
            page = officer.get(f"/bureau/entries/{entry}").text
            for text in ("更正过 1 次", "金额错误", BASIS, "maker · checker"):
                assert text in page
            assert f'<del><span class="figure">{old["person_fen"] / 100:,.2f} 元' in page
            assert f'<ins><span class="figure">{old["person_fen"] / 100 + 1:,.2f} 元' in page
            for proof in (index, answer["reversal"], answer["restatement"]):
                assert f"/bureau/entries/{proof}/bundle.json" in page
        reversal = officer.get(f"/bureau/entries/{answer['reversal']}").text
        assert "金额错误" in reversal
        assert officer.get(f"/bureau/entries/{answer['reversal']}/bundle.json").status_code == 200

    def test_the_person_reads_it_too(self, town, mended):
        _, old, answer, _, _ = mended
        context = town.context("hefei")
        subject = context.bureau.writer.subject_of(old["identity_number"])
        known = load_personas(context.directory)
        person = Persona("corrected", Role.PERSON, "某人", "Somebody", "看", "looks", subject)
        write_personas(context.directory, [*known, person])
        visitor = town.visitor("hefei", "corrected")
        page = visitor.get(f"/me/entries/{answer['restatement']}").text
        assert f"/me/entries/{answer['reversal']}" in page
        assert visitor.get(f"/me/entries/{answer['reversal']}").status_code == 200
        assert visitor.get(f"/me/proofs/{answer['reversal']}.json").status_code == 200

    def test_books_and_chain_agree_after_the_next_file(self, town, mended, tmp_path):
        _, old, _, before, _ = mended
        context = town.context("hefei")
        assert books(context)["TREASURY"] == before.get("TREASURY", 0)
        assert books(context)["CORRECTIONS_WAITING"] == 100
        totals = context.chain.fund_totals(context.log_id)
        lines = [
            contribution(
                old, identity_number=town.network.identity("19850101"), period=202608,
                paid_on="2026-08-20", base="8000.00", unit="1280.00", person="640.00",
            )
            for _ in range(5)
        ]  # fmt: skip
        import_contributions(context, write(tmp_path / "next.csv", CONTRIBUTIONS, *lines))
        town.network.settle()
        after = context.chain.fund_totals(context.log_id)
        assert after.collected_fen - totals.collected_fen == 5 * 192_000 + 100
        assert books(context)["CORRECTIONS_WAITING"] == 0
        treasury = context.chain.fund_balance(context.log_id, Account.TREASURY)
        assert books(context)["TREASURY"] == treasury


class TestPayout:
    def test_a_payment_brought_in_too_high_is_restated_and_returned(self, town, tmp_path):
        context = town.context("hefei")
        index = first(context, Kind.PAYOUT)
        old = record_at(context, index)
        line = [
            old["identity_number"], old["name"], "企业职工基本养老保险", old["period"],
            yuan(old["amount_fen"] - 250), "正常发放", "", "", old["decision_reference"],
            old["paid_on"], old["payee_bank"], "6217000012345678",
        ]  # fmt: skip
        arguments = (ReversalReason.WRONG_AMOUNT, BASIS, *TWO)
        more = write(
            tmp_path / "more.csv", PAYOUTS, (*line[:4], yuan(old["amount_fen"] + 1), *line[5:])
        )
        with pytest.raises(CorrectionRefusedError):
            restate_payout(context, index, more, *arguments)
        before, returned = books(context), context.chain.fund_totals(context.log_id).returned_fen
        done = restate_payout(
            context, index, write(tmp_path / "less.csv", PAYOUTS, tuple(line)), *arguments
        )
        assert books(context)["EXPENDITURE"] == before["EXPENDITURE"] + 250
        again = write(
            tmp_path / "again.csv", PAYOUTS, (*line[:4], yuan(old["amount_fen"] - 300), *line[5:])
        )
        restate_payout(context, done.restatement_index, again, *arguments)
        assert books(context)["EXPENDITURE"] == before["EXPENDITURE"] + 300
        town.network.settle()
        assert context.chain.fund_totals(context.log_id).returned_fen == returned + 300

    def test_a_payment_made_here_or_anything_else_is_not(self, town, tmp_path):
        context = town.context("hefei")
        with context.read() as view:
            (line, *_) = view.payouts.lines(town.batches["hefei"])
        old = record_at(context, line["leaf_index"])
        path = write(
            tmp_path / "line.csv", PAYOUTS,
            (
                old["identity_number"], old["name"], "企业职工基本养老保险", old["period"], "1.00",
                "正常发放", "", "", old["decision_reference"], "2026-09-10", "示范银行",
                "6217000012345678",
            ),
        )  # fmt: skip
        arguments = (path, ReversalReason.WRONG_AMOUNT, BASIS, *TWO)
        for index in (line["leaf_index"], first(context, Kind.CONTRIBUTION)):
            with pytest.raises(CorrectionRefusedError) as refused:
                restate_payout(context, index, *arguments)
            assert refused.value.index == index


class TestDecision:
    def test_it_is_taken_back_and_made_anew_in_one_step(self, town):
        context = town.context("nanjing")
        number = town.planted.proofs[0].identity_number
        index = first(context, Kind.DECISION, number)
        old = record_at(context, index)
        category = Category(old["category"])
        arguments = (context, index, category, ReversalReason.DECISION_REVOKED, BASIS, *TWO)
        done = restate_decision(*arguments)
        new = record_at(context, done.restatement_index)
        assert new["correction"]["restates"]["index"] == index
        assert new["decision_id"] != old["decision_id"]
        assert (new["supersedes"], new["outcome"]) == (None, old["outcome"])
        assert restate_decision(*arguments).already_done
        listed = {int(item.leaf_index) for item in all_decisions(context)}
        assert int(done.restatement_index) in listed
        with pytest.raises(CorrectionRefusedError):
            restate_decision(context, first(context, Kind.CONTRIBUTION, number), *arguments[2:])


class TestPastDays:
    def test_the_command_replays_a_day_and_its_root(self, town, mended):
        """The whole demonstration happens on one day: its end is now, the day before was nothing."""
        index, old, answer, _, _ = mended
        context = town.context("hefei")
        node = ("--node", context.directory)
        code, now = anxu(
            "log", "as-of", "2026-09-15", *node, "--person", stdin=old["identity_number"] + "\n"
        )
        assert code == 0
        assert now["root_from_rows"] == now["signed"]["root"]
        facts = {item["leaf"]: item for item in now["facts"]}
        assert (facts[index]["stood"], facts[index]["reversed_by"]) == (False, answer["reversal"])
        assert facts[answer["restatement"]]["stood"]
        code, before = anxu("log", "as-of", "2026-09-14", *node)
        assert (code, before["recorded_by_then"], before["signed"]) == (0, 0, None)
        assert anxu("log", "as-of", "yesterday", *node)[0] != 0

    def test_a_moment_between_two_checkpoints(self, town, mended):
        _, _, answer, _, _ = mended
        context = town.context("hefei")
        with context.read() as view:
            reversal = view.log.entry(answer["reversal"])
            earlier = [item for item in view.log.checkpoints() if item.size <= reversal.index][-1]
        moment = earlier.signed_at.isoformat()
        code, then = anxu("log", "as-of", moment, "--node", context.directory)
        assert code == 0
        assert (then["signed"]["size"], then["root_from_rows"]) == (
            earlier.size, earlier.root.hex(),
        )  # fmt: skip
        onchain = context.chain.checkpoint(context.log_id, earlier.size)
        assert then["root_from_rows"] == onchain.root.hex()

    def test_pages_show_a_day_without_scripts(self, town, mended):
        officer = town.visitor("hefei", "officer-checker")
        page = officer.get("/bureau/log/as-of?on=2026-09-15").text
        assert "与签发的一致" in page
        assert "有效" in page
        assert "那一天还没有记录" in officer.get("/bureau/log/as-of?on=2026-09-14").text
        for wrong in ("2026-09-16", "x"):
            assert "请填一个不晚于今天的日期" in officer.get(f"/bureau/log/as-of?on={wrong}").text
        person = town.visitor("nanjing", "eligible")
        assert "养老保险" in person.get("/me/as-of?on=2026-09-15").text


@pytest.fixture(scope="module")
def gone(town, tmp_path_factory):
    """Somebody whom Nanjing recorded by mistake: taken back, then erased by the command."""
    context = town.context("nanjing")
    number = town.network.identity("19850101")
    sample = record_at(context, first(context, Kind.CONTRIBUTION))
    directory = tmp_path_factory.mktemp("gone")
    lines = [
        contribution(
            sample, identity_number=who, name="张三错", period=202608, paid_on="2026-08-20",
            base="8000.00", unit="1280.00", person="640.00",
        )
        for who in (number, *(town.network.identity("19850101") for _ in range(4)))
    ]  # fmt: skip
    import_contributions(context, write(directory / "gone.csv", CONTRIBUTIONS, *lines))
    index = first(context, Kind.CONTRIBUTION, number)
    town.network.settle()
    who = directory / "who"
    who.write_text(number)
    who.chmod(0o600)
    erase = (
        "person", "erase", "--node", context.directory, "--reason", "UNLAWFUL_PROCESSING",
        "--basis", LAW, "--maker", "maker", "--checker", "checker", "--identity-file", who,
    )  # fmt: skip
    code, refused = anxu(*erase)
    assert (code, refused["error"]["code"]) == (1, "retention-runs")
    code, _ = anxu(
        "record", "reverse", index, "--node", context.directory, "--reason", "WRONG_PERSON",
        "--basis", BASIS, "--maker", "maker", "--checker", "checker",
    )  # fmt: skip
    assert code == 0
    subject = context.bureau.writer.subject_of(number)
    known = load_personas(context.directory)
    person = Persona("gone", Role.PERSON, "某人", "Somebody", "看", "looks", subject)
    write_personas(context.directory, [*known, person])
    code, report = anxu(*erase)
    assert (code, report["entries_unreadable"]) == (0, 2)
    town.network.settle()
    return number, index, report


class TestErased:
    def test_public_proofs_of_the_persons_leaves_hold(self, town, gone):
        _, index, report = gone
        context = town.context("nanjing")
        bundle = prove_entry(context, index, level="supervision")
        assert bundle.index == index
        with pytest.raises(SealingKeyDestroyedError):
            prove_entry(context, index, standing_source=FeedClient().standing)
        with context.read() as view:
            leaf = view.log.entry(index).leaf.pack()
            last = view.log.last_checkpoint(final=True)
        assert last.size > report["entry"]
        path = inclusion_proof(index, last.size, context.bureau.tiles.node)
        verify_inclusion(leaf_hash(leaf), index, last.size, path, last.root)

    def test_pages_say_erased_and_why(self, town, gone):
        number, index, report = gone
        officer = town.visitor("nanjing", "officer-maker")
        page = officer.get(f"/bureau/entries/{index}").text
        for text in ("依法销毁", "违反法律、行政法规或者约定处理个人信息", LAW):
            assert text in page
        assert "张三错" not in page
        assert f"/bureau/entries/{index}/bundle.json" not in page
        assert officer.get(f"/bureau/entries/{index}/bundle.json").status_code == 422
        decision = officer.get(f"/bureau/entries/{report['entry']}").text
        assert "销毁个人密钥" in decision
        assert number[-4:] not in decision
        person = town.visitor("nanjing", "gone")
        for path in ("/me", f"/me/entries/{index}"):
            answer = person.get(path)
            assert answer.status_code == 200
            assert "依法销毁" in answer.text
        assert person.get("/me/as-of").status_code == 200
        english = town.visitor("nanjing", "gone", language="en").get("/me").text
        assert "Your records were erased by law" in english

    def test_every_officers_list_still_answers(self, town, gone):
        officer = town.visitor("nanjing", "officer-checker")
        for path in ("", "/log", "/log/as-of", "/imports", "/transfers", "/payouts"):
            assert officer.get("/bureau" + path).status_code == 200

    def test_nothing_of_the_person_can_be_read_or_asked_anew(self, town, gone):
        number, index, _ = gone
        node = ("--node", town.context("nanjing").directory)
        code, _ = anxu("eligibility", "review", *node, "--category", "male", stdin=number + "\n")
        assert code == 1
        code, past = anxu("log", "as-of", "2026-09-15", *node, "--person", stdin=number + "\n")
        assert code == 0
        (fact,) = past["facts"]
        assert (fact["leaf"], fact["readable"], fact["record"]) == (index, False, None)

    def test_somebody_with_a_pension_is_not_erased(self, town):
        context = town.context("nanjing")
        number = town.planted.proofs[0].identity_number
        code, refused = anxu(
            "person", "erase", "--node", context.directory, "--reason", "PURPOSE_ACHIEVED",
            "--basis", LAW, "--maker", "maker", "--checker", "checker", stdin=number + "\n",
        )  # fmt: skip
        assert (code, refused["error"]["code"]) == (1, "pension-runs")


class TestKeyGone:
    """Somebody's key is gone while cases and payment lines of hers are listed: lists go on."""

    def test_cases_and_batches_are_shown_without_the_name(self, town):
        nanjing, hefei = town.context("nanjing"), town.context("hefei")
        check_batch(nanjing, town.batches["nanjing"])
        line = batch_detail(nanjing, town.batches["nanjing"]).stopped[0]
        case = case_detail(nanjing, town.case_id).row
        with nanjing.read() as view:
            moving = view.transfers.case(town.case_id).subject
        shown = town.visitor("nanjing", "officer-maker")
        pages = (
            "/bureau/transfers", f"/bureau/transfers/{town.case_id}",
            f"/bureau/payouts/{town.batches['nanjing']}",
        )  # fmt: skip
        assert case.person_name in shown.get(pages[0]).text
        for context in (nanjing, hefei):
            for subject in (moving, line.subject):
                context.bureau.person_keys.destroy(subject, context.clock.now())
        for path in pages:
            page = shown.get(path)
            assert page.status_code == 200
            assert ERASED_NAME in page.text
            assert case.person_name not in page.text
        code, listed = anxu("transfer", "list", "--node", nanjing.directory)
        assert (code, len(listed)) == (0, 1)
        code, _ = anxu("transfer", "show", town.case_id, "--node", nanjing.directory)
        assert code == 0
        code, _ = anxu("payouts", "show", town.batches["nanjing"], "--node", nanjing.directory)
        assert code == 0
