"""Money on real nodes: what may leave, to whom, once, and never more than there is."""

from __future__ import annotations

import csv
import io
import stat
from decimal import Decimal

import pytest

from ledger.chain.deciding import decide
from ledger.errors import (
    AmountError,
    BatchStateError,
    DecisionMissingError,
    DecisionReasonError,
    EncodingError,
    IdempotencyConflictError,
    ImportRefusedError,
    InsufficientFundsError,
    NotFoundError,
    NotPermittedError,
    SameOfficerError,
    TooFewLinesError,
)
from ledger.funds.accounts import move_funds
from ledger.funds.checking import check_batch
from ledger.funds.model import Account, BatchState, LineState, Suspicion
from ledger.funds.payouts import import_payouts, propose_batch
from ledger.funds.queries import balances, batch_detail, batch_of, returns_of
from ledger.funds.release import (
    PAY_FILE_COLUMNS,
    approve_batch,
    decide_line,
    import_bank_answer,
    release_approved,
)
from ledger.governing import opening_calls
from ledger.policy.kinds import Kind
from ledger.records.corrections import reverse_entry
from ledger.records.rules import ReversalReason
from ledger.store.outbox import FAILED, FINAL

HEADINGS = {
    "identity_number": "公民身份号码", "name": "姓名", "scheme": "险种", "period": "待遇所属期",
    "amount": "发放金额", "line": "发放类型", "reason": "补发原因", "supplement_period": "补发所属期",
    "decision_reference": "核定文号", "paid_on": "发放日期", "payee_bank": "开户银行",
    "payee_account": "银行账号",
}  # fmt: skip
TWO = {"maker": "maker", "checker": "checker"}
REASON = "合肥市已先行登记，待核实"


@pytest.fixture(scope="module", autouse=True)
def _opening(network):
    """Every bureau begins with a balance in its treasury, on chain and in its books."""
    signer = network.context("supervisor").keys.secp256k1("supervisor")
    for name in ("nanjing", "suzhou", "hefei"):
        context = network.context(name)
        calls = opening_calls(context.log_id, Account.TREASURY, 10**9, bytes([1]) * 32)
        decide(context.chain, signer, calls)
        network.settle(name)
        with context.read() as view:
            assert view.journal.balances() == {"TREASURY": 10**9, "OUTSIDE": -(10**9)}


@pytest.fixture
def bureau(network):
    return network.context("nanjing")


@pytest.fixture(scope="module")
def fund(network):
    """Bring money to a bureau's expenditure account along its routes."""
    count = [0]

    def bring(context, amount_fen: int) -> None:
        count[0] += 1
        for source, target in (
            (Account.TREASURY, Account.FISCAL), (Account.FISCAL, Account.EXPENDITURE),
        ):  # fmt: skip
            move_funds(context, f"{count[0]}/{target}", source, target, amount_fen, "用款计划")

    return bring


@pytest.fixture
def payments(tmp_path, network):
    """Write a file of payments; persons not given are new."""
    count = [0]

    def write(*people: str, fill: int = 5, period: int = 202609, **changes: str):
        count[0] += 1
        everybody = [*people, *(network.identity() for _ in range(fill - len(people)))]
        lines = [
            {
                "identity_number": person, "name": f"退休人{number}", "scheme": "企业职工基本养老保险",
                "period": str(period), "amount": f"{3000 + number}.{number:02d}", "line": "正常发放",
                "reason": "", "supplement_period": "", "decision_reference": "宁人社核〔2020〕1号",
                "paid_on": "2026-09-15", "payee_bank": "示范银行",
                "payee_account": f"62170000123456{number:02d}",
            } | changes
            for number, person in enumerate(everybody)
        ]  # fmt: skip
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow([HEADINGS[name] for name in lines[0]])
        writer.writerows(list(line.values()) for line in lines)
        path = tmp_path / f"payments-{count[0]}-{network.people}.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        return path

    return write


@pytest.fixture
def proposed(network, bureau, payments):
    """A proposed and anchored batch; persons not given are new."""

    def propose(*people: str, city: str = "nanjing", **more) -> str:
        report = propose_batch(network.context(city), payments(*people, **more))
        network.settle(*dict.fromkeys([city, "nanjing"]))
        return report.batch_id

    return propose


def batch(context, batch_id: str):
    with context.read() as view:
        return batch_of(view.payouts.batch(batch_id))


def states(context, batch_id: str) -> list[str]:
    with context.read() as view:
        return [line["state"] for line in view.payouts.lines(batch_id)]


def books(context) -> dict[str, int]:
    with context.read() as view:
        return view.journal.balances()


def require_books_equal_chain(context) -> None:
    ours, theirs = books(context), balances(context)
    assert sum(ours.values()) == 0
    for account, amount in theirs.items():
        sign = -1 if account is Account.SHORTFALL else 1
        assert ours.get(account.name, 0) == sign * amount, account
        assert amount >= 0


class TestMoveFunds:
    def test_money_moves_along_its_routes_in_books_and_on_chain(self, network, bureau, fund):
        fund(bureau, 1_000)
        network.settle("nanjing")
        require_books_equal_chain(bureau)

    def test_the_same_key_moves_once(self, bureau):
        arguments = (Account.TREASURY, Account.FISCAL, 77, "文")
        assert move_funds(bureau, "once", *arguments)
        assert not move_funds(bureau, "once", *arguments)
        with pytest.raises(IdempotencyConflictError):
            move_funds(bureau, "once", Account.TREASURY, Account.FISCAL, 78, "文")

    def test_an_account_never_gives_more_than_it_has(self, bureau):
        available = books(bureau)["TREASURY"]
        with pytest.raises(InsufficientFundsError) as refusal:
            move_funds(bureau, "much", Account.TREASURY, Account.FISCAL, available + 1, "文")
        assert (refusal.value.available_fen, refusal.value.wanted_fen) == (available, available + 1)
        assert books(bureau)["TREASURY"] == available

    @pytest.mark.parametrize("amount", [0, -1, -(10**12)])
    def test_nothing_and_less_is_no_movement(self, bureau, amount):
        with pytest.raises(AmountError):
            move_funds(bureau, "little", Account.FISCAL, Account.TREASURY, amount, "文")

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            (Account.TREASURY, Account.EXPENDITURE), (Account.EXPENDITURE, Account.TREASURY),
            (Account.OUTSIDE, Account.EXPENDITURE), (Account.FISCAL, Account.FISCAL),
        ],
    )  # fmt: skip
    def test_a_route_that_nobody_opened_is_refused_before_anything_is_booked(
        self, bureau, source, target
    ):
        before = books(bureau)
        with pytest.raises(NotPermittedError):
            move_funds(bureau, "sideways", source, target, 1, "文")
        assert books(bureau) == before


class TestImportPayouts:
    def test_the_same_file_again_changes_nothing(self, network, bureau, payments, fund):
        path = payments(period=202607)
        fund(bureau, 10**7)
        first = import_payouts(bureau, path)
        network.settle("nanjing")
        before = (books(bureau), bureau.chain.fund_totals(1))
        again = import_payouts(bureau, path)
        network.settle("nanjing")
        assert (first.already_known, again.already_known) == (False, True)
        assert again.batch_id == first.batch_id
        assert (books(bureau), bureau.chain.fund_totals(1)) == before
        assert batch(bureau, first.batch_id).state is BatchState.RECORDED
        require_books_equal_chain(bureau)

    def test_what_was_paid_without_money_is_shortfall_in_both(self, network, payments):
        context = network.context("suzhou")
        report = import_payouts(context, payments(period=202607))
        network.settle("suzhou")
        assert books(context)["SHORTFALL"] == -report.amount_fen
        assert books(context).get("EXPENDITURE", 0) == 0
        require_books_equal_chain(context)

    def test_contradictions_are_flagged_and_nothing_is_held(self, network, bureau, payments):
        person = network.identity()
        import_payouts(network.context("hefei"), payments(person, period=202606))
        network.settle("hefei", "nanjing")
        report = import_payouts(bureau, payments(person, period=202606))
        ((index, finding),) = report.flagged
        assert (finding.suspicion, finding.other_log) == (Suspicion.SAME_MONTH_ELSEWHERE, 3)
        assert finding.earlier_elsewhere
        assert finding.first_payment
        assert set(states(bureau, report.batch_id)) == {LineState.PAID}
        with bureau.read() as view:
            assert view.log.entry(index).entry.head.kind is Kind.PAYOUT
        network.settle("nanjing")

    def test_a_total_of_too_few_is_refused_before_anything_is_written(self, bureau, payments):
        with bureau.read() as view:
            size = view.log.head().size
        for command in (import_payouts, propose_batch):
            with pytest.raises(TooFewLinesError) as refusal:
                command(bureau, payments(fill=4))
            assert (refusal.value.lines, refusal.value.minimum) == (4, 5)
        with bureau.read() as view:
            assert view.log.head().size == size

    def test_a_bad_line_keeps_the_whole_file_out(self, bureau, payments):
        with pytest.raises(ImportRefusedError):
            propose_batch(bureau, payments(amount="many"))


class TestCheckBatch:
    def test_a_batch_that_is_not_anchored_cannot_be_checked(self, network, bureau, payments):
        report = propose_batch(bureau, payments())
        with pytest.raises(BatchStateError) as refusal:
            check_batch(bureau, report.batch_id)
        assert refusal.value.needed == "an anchored batch"
        network.settle("nanjing")
        assert check_batch(bureau, report.batch_id).clear == 5

    def test_there_is_no_batch_nobody_proposed(self, bureau):
        with pytest.raises(NotFoundError):
            check_batch(bureau, "0x" + "00" * 32)

    def test_lines_that_contradict_nothing_are_clear(self, bureau, proposed):
        batch_id = proposed()
        report = check_batch(bureau, batch_id)
        assert (report.clear, report.suspected) == (5, ())
        assert batch(bureau, batch_id).state is BatchState.CHECKED
        assert check_batch(bureau, batch_id) == report

    def test_a_month_that_another_city_recorded_first_is_suspected(self, network, bureau, proposed):
        person = network.identity()
        proposed(person, city="hefei")
        batch_id = proposed(person)
        (line,) = check_batch(bureau, batch_id).suspected
        assert line.state is LineState.SUSPECTED
        assert line.finding.suspicion is Suspicion.SAME_MONTH_ELSEWHERE
        assert line.finding.earlier_elsewhere
        assert line.finding.default_hold
        assert "合肥" in line.finding.sentence("zh")
        assert "Hefei" in line.finding.sentence("en")

    def test_a_running_pension_is_paid_by_default(self, network, bureau, payments, proposed):
        person = network.identity()
        import_payouts(bureau, payments(person, period=202608))
        proposed(person, city="hefei")
        (line,) = check_batch(bureau, proposed(person)).suspected
        assert not line.finding.first_payment
        assert not line.finding.default_hold

    def test_one_person_twice_in_one_file_is_suspected_once_and_elsewhere_twice(
        self, network, bureau, proposed
    ):
        person = network.identity()
        batch_id = proposed(person, person)
        (line,) = check_batch(bureau, batch_id).suspected
        first = batch(bureau, batch_id).first_index
        assert (line.leaf_index, line.finding.other_index) == (first + 1, first)
        assert line.finding.suspicion is Suspicion.SAME_MONTH_HERE
        other = network.identity()
        proposed(other, city="hefei")
        assert len(check_batch(bureau, proposed(other, other)).suspected) == 2

    def test_what_was_paid_here_before_is_suspected(self, network, bureau, proposed):
        person = network.identity()
        earlier = batch(bureau, proposed(person))
        (line,) = check_batch(bureau, proposed(person)).suspected
        assert line.finding.suspicion is Suspicion.SAME_MONTH_HERE
        assert line.finding.other_index == earlier.first_index

    def test_a_leaf_taken_back_elsewhere_contradicts_nothing(self, network, bureau, proposed):
        person = network.identity()
        other = network.context("hefei")
        index = batch(other, proposed(person, city="hefei")).first_index
        reverse_entry(other, index, next(iter(ReversalReason)), "条例", "maker", "checker")
        network.settle("hefei", "nanjing")
        assert check_batch(bureau, proposed(person)).suspected == ()

    def test_a_payment_after_death_is_held_by_default(self, network, bureau, proposed, make):
        person = network.identity()
        make.record(bureau, make.death(person, 202608))
        (line,) = check_batch(bureau, proposed(person)).suspected
        assert line.finding.suspicion is Suspicion.AFTER_DEATH
        assert line.finding.default_hold

    def test_the_month_of_death_is_due(self, network, bureau, proposed, make):
        person = network.identity()
        make.record(bureau, make.death(person, 202609))
        assert check_batch(bureau, proposed(person)).suspected == ()

    def test_a_death_report_that_was_taken_back_holds_nobody(self, network, bureau, proposed, make):
        person = network.identity()
        (index,) = make.record(bureau, make.death(person, 202608))
        reverse_entry(bureau, index, next(iter(ReversalReason)), "条例", "maker", "checker")
        assert check_batch(bureau, proposed(person)).suspected == ()


class TestDecideLine:
    @pytest.fixture
    def suspected(self, network, bureau, proposed):
        """A batch with one suspected line."""
        person = network.identity()
        proposed(person, city="hefei")
        batch_id = proposed(person)
        (line,) = check_batch(bureau, batch_id).suspected
        return batch_id, line.leaf_index

    def test_holding_and_paying_are_entries_signed_by_two(self, bureau, suspected):
        batch_id, index = suspected
        assert (
            decide_line(bureau, batch_id, index, hold=True, reason=REASON, **TWO) is LineState.HELD
        )
        with bureau.read() as view:
            (stored,) = view.log.of_source(f"decision/{batch_id[:18]}/{index}")
            record = bureau.bureau.reader.open(stored, view.log).record
            size = view.log.head().size
        assert record["operation"] == "HOLD_PAYMENT"
        assert [item["officer"] for item in record["signatures"]] == [
            "officer-maker", "officer-checker",
        ]  # fmt: skip
        assert (
            decide_line(bureau, batch_id, index, hold=True, reason=REASON, **TWO) is LineState.HELD
        )
        with bureau.read() as view:
            assert view.log.head().size == size

    def test_a_decision_stands(self, bureau, suspected):
        batch_id, index = suspected
        assert decide_line(bureau, batch_id, index, hold=False, reason=REASON, **TWO) == "PAYABLE"
        with pytest.raises(BatchStateError):
            decide_line(bureau, batch_id, index, hold=True, reason=REASON, **TWO)

    @pytest.mark.parametrize(
        ("maker", "checker", "error"),
        [
            ("maker", "maker", SameOfficerError), ("officer-maker", "maker", SameOfficerError),
            ("maker", "nobody", NotPermittedError),
        ],
    )  # fmt: skip
    def test_two_enrolled_officers_are_needed(self, bureau, suspected, maker, checker, error):
        with pytest.raises(error):
            decide_line(bureau, *suspected, hold=True, reason=REASON, maker=maker, checker=checker)

    def test_the_person_is_told_why(self, bureau, suspected):
        with pytest.raises(DecisionReasonError):
            decide_line(bureau, *suspected, hold=True, reason=" 无 ", **TWO)

    def test_only_suspected_lines_are_decided(self, bureau, suspected):
        batch_id, index = suspected
        with pytest.raises(BatchStateError):
            decide_line(bureau, batch_id, index + 1, hold=True, reason=REASON, **TWO)
        with pytest.raises(NotFoundError):
            decide_line(bureau, batch_id, 10**6, hold=True, reason=REASON, **TWO)

    def test_a_batch_with_open_suspicions_is_not_approved(self, bureau, suspected):
        with pytest.raises(DecisionMissingError) as refusal:
            approve_batch(bureau, suspected[0], **TWO)
        assert refusal.value.lines == 1

    def test_a_held_line_is_reversed_and_never_in_the_pay_file(
        self, network, bureau, suspected, fund
    ):
        batch_id, index = suspected
        fund(bureau, 10**7)
        decide_line(bureau, batch_id, index, hold=True, reason=REASON, **TWO)
        approve_batch(bureau, batch_id, **TWO)
        with bureau.read() as view:
            assert view.log.reversed_among([index]) == {index}
        network.settle("nanjing")
        rows = pay_file(bureau, batch_id)
        assert [int(row["序号"]) for row in rows] == [index + place for place in range(1, 5)]
        require_books_equal_chain(bureau)


def pay_file(context, batch_id: str) -> list[dict[str, str]]:
    path = context.directory / "outgoing" / batch(context, batch_id).details["pay_file"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_bytes().decode("gb18030")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == PAY_FILE_COLUMNS
    return rows


class TestApproveAndRelease:
    @pytest.fixture
    def checked(self, bureau, proposed, fund):
        fund(bureau, 10**7)
        batch_id = proposed()
        check_batch(bureau, batch_id)
        return batch_id

    def test_a_batch_that_was_not_checked_is_not_approved(self, bureau, proposed):
        with pytest.raises(BatchStateError):
            approve_batch(bureau, proposed(), **TWO)

    @pytest.mark.parametrize(
        ("maker", "checker", "error"),
        [("maker", "maker", SameOfficerError), ("maker", "nobody", NotPermittedError)],
    )
    def test_one_officer_is_not_enough(self, bureau, checked, maker, checker, error):
        with pytest.raises(error):
            approve_batch(bureau, checked, maker=maker, checker=checker)
        assert batch(bureau, checked).state is BatchState.CHECKED

    def test_the_pay_file_is_written_once_the_approval_is_final_and_not_before(
        self, network, bureau, checked
    ):
        approve_batch(bureau, checked, **TWO)
        assert not release_approved(bureau)
        assert not list((bureau.directory / "outgoing").glob(f"*{checked[2:10]}*"))
        network.settle("nanjing")
        assert batch(bureau, checked).state is BatchState.RELEASED
        rows = pay_file(bureau, checked)
        amounts = [Decimal(row["金额(元)"]) for row in rows]
        assert sum(amounts) * 100 == batch(bureau, checked).amount_fen
        assert {row["开户行"] for row in rows} == {"示范银行"}
        assert rows[3]["账号"] == "6217000012345603"
        require_books_equal_chain(bureau)

    def test_approving_again_changes_nothing(self, network, bureau, checked):
        first = approve_batch(bureau, checked, **TWO)
        assert approve_batch(bureau, checked, **TWO) == first
        network.settle("nanjing")
        assert approve_batch(bureau, checked, **TWO).state is BatchState.RELEASED

    def test_more_than_there_is_is_not_approved(self, network, proposed):
        context = network.context("suzhou")
        batch_id = proposed(city="suzhou")
        check_batch(context, batch_id)
        with pytest.raises(InsufficientFundsError):
            approve_batch(context, batch_id, **TWO)
        assert batch(context, batch_id).state is BatchState.CHECKED

    def test_an_approval_that_the_contract_refused_can_be_sent_again(
        self, network, bureau, checked
    ):
        supervisor = network.context("supervisor")
        signer = supervisor.keys.secp256k1("freezer")
        transact = bureau.chain.gateway.transact
        transact(signer, "FundRules", "freeze", [bureau.log_id, bytes([2]) * 32])
        approve_batch(bureau, checked, **TWO)
        network.settle("nanjing")
        with bureau.read() as view:
            assert view.outbox.find(f"approval/{checked}").state == FAILED
        assert batch(bureau, checked).state is BatchState.APPROVED
        transact(signer, "FundRules", "unfreeze", [bureau.log_id, bytes([2]) * 32])
        with bureau.write() as work:
            assert work.outbox.retry(f"approval/{checked}")
            work.commit()
        network.settle("nanjing")
        assert batch(bureau, checked).state is BatchState.RELEASED
        require_books_equal_chain(bureau)

    def test_a_line_that_was_reversed_meanwhile_is_not_paid(self, network, bureau, checked):
        first = batch(bureau, checked).first_index
        reverse_entry(bureau, first + 2, next(iter(ReversalReason)), "条例", "maker", "checker")
        approve_batch(bureau, checked, **TWO)
        network.settle("nanjing")
        paid = [int(row["序号"]) for row in pay_file(bureau, checked)]
        assert paid == [first, first + 1, first + 3, first + 4]
        require_books_equal_chain(bureau)


class TestBankAnswer:
    @pytest.fixture
    def released(self, network, bureau, proposed, fund):
        fund(bureau, 10**7)
        batch_id = proposed()
        check_batch(bureau, batch_id)
        approve_batch(bureau, batch_id, **TWO)
        network.settle("nanjing")
        first = batch(bureau, batch_id).first_index
        return batch_id, range(first, first + 5)

    def test_all_paid_settles_the_batch(self, bureau, released):
        batch_id, lines = released
        before = books(bureau)
        settled = import_bank_answer(bureau, batch_id, dict.fromkeys(lines, "PAID"))
        assert settled.state is BatchState.SETTLED
        assert set(states(bureau, batch_id)) == {LineState.PAID}
        assert books(bureau) == before

    def test_money_that_came_back_is_in_the_account_again(self, network, bureau, released):
        batch_id, lines = released
        before = books(bureau)["EXPENDITURE"]
        answers = dict.fromkeys(lines, "PAID") | {lines[1]: "RETURNED", lines[2]: "RETURNED"}
        assert import_bank_answer(bureau, batch_id, answers).state is BatchState.SETTLED
        with bureau.read() as view:
            returned = sum(view.payouts.line(batch_id, index)["amount_fen"] for index in lines[1:3])
        assert books(bureau)["EXPENDITURE"] == before + returned
        (record,) = returns_of(bureau, batch_id)
        assert [line.leaf_index for line in record.lines] == list(lines[1:3])
        assert sum(line.amount_fen for line in record.lines) == record.total_fen == returned
        assert record.state == "QUEUED"
        network.settle("nanjing")
        require_books_equal_chain(bureau)
        import_bank_answer(bureau, batch_id, {lines[4]: "RETURNED"})
        first, late = returns_of(bureau, batch_id)
        assert (first.state, late.state) == ("FINAL", "QUEUED")
        assert [line.leaf_index for line in late.lines] == [lines[4]]

    def test_the_same_answer_again_changes_nothing(self, network, bureau, released):
        batch_id, lines = released
        answers = {lines[0]: "RETURNED"}
        import_bank_answer(bureau, batch_id, answers)
        before = books(bureau)
        assert import_bank_answer(bureau, batch_id, answers).state is BatchState.RELEASED
        assert books(bureau) == before
        network.settle("nanjing")
        require_books_equal_chain(bureau)

    def test_answers_in_parts_of_equal_money_are_each_booked(self, network, bureau, proposed, fund):
        fund(bureau, 10**7)
        batch_id = proposed(amount="3000.00")
        check_batch(bureau, batch_id)
        approve_batch(bureau, batch_id, **TWO)
        network.settle("nanjing")
        before = books(bureau)["EXPENDITURE"]
        first = batch(bureau, batch_id).first_index
        for index in (first, first + 1):
            import_bank_answer(bureau, batch_id, {index: "RETURNED"})
        assert books(bureau)["EXPENDITURE"] == before + 600_000
        network.settle("nanjing")
        require_books_equal_chain(bureau)

    def test_a_payment_may_come_back_later_and_a_returned_one_is_not_paid(
        self, network, bureau, released
    ):
        batch_id, lines = released
        import_bank_answer(bureau, batch_id, dict.fromkeys(lines, "PAID"))
        late = import_bank_answer(bureau, batch_id, {lines[4]: "RETURNED"})
        assert late.state is BatchState.SETTLED
        with pytest.raises(BatchStateError):
            import_bank_answer(bureau, batch_id, {lines[4]: "PAID"})
        network.settle("nanjing")
        require_books_equal_chain(bureau)

    def test_words_nobody_knows_and_lines_of_others_are_refused_whole(self, bureau, released):
        batch_id, lines = released
        before = (books(bureau), states(bureau, batch_id))
        for answers, error in (
            ({lines[0]: "RETURNED", lines[1]: "returned?"}, EncodingError),
            ({lines[0]: "RETURNED", lines.stop: "PAID"}, NotFoundError),
        ):
            with pytest.raises(error):
                import_bank_answer(bureau, batch_id, answers)
            assert (books(bureau), states(bureau, batch_id)) == before

    def test_no_answer_before_the_pay_file(self, bureau, proposed):
        batch_id = proposed()
        with pytest.raises(BatchStateError):
            import_bank_answer(bureau, batch_id, {})

    def test_a_held_line_was_not_in_the_pay_file(self, network, bureau, proposed, fund):
        fund(bureau, 10**7)
        person = network.identity()
        proposed(person, city="hefei")
        batch_id = proposed(person)
        (line,) = check_batch(bureau, batch_id).suspected
        decide_line(bureau, batch_id, line.leaf_index, hold=True, reason=REASON, **TWO)
        approve_batch(bureau, batch_id, **TWO)
        network.settle("nanjing")
        with pytest.raises(BatchStateError):
            import_bank_answer(bureau, batch_id, {line.leaf_index: "PAID"})
        detail = batch_detail(bureau, batch_id)
        assert [item.leaf_index for item in detail.stopped] == [line.leaf_index]
        assert detail.counts[LineState.HELD][0] == 1


class TestBooks:
    def test_at_the_end_every_bureaus_books_equal_the_chain(self, network):
        network.settle()
        for name in ("nanjing", "suzhou", "hefei"):
            context = network.context(name)
            require_books_equal_chain(context)
            with context.read() as view:
                assert {message.state for message in view.outbox.all()} <= {FINAL}
