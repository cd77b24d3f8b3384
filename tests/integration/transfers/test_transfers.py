"""Transfers between real nodes over HTTP and an embedded chain, from the wish to the money."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import httpx
import pytest

from ledger.chain.bindings import Account
from ledger.errors import (
    CaseMovedError,
    ChainBehindError,
    IdempotencyConflictError,
    InsufficientFundsError,
    NotAnchoredYetError,
    PeerRefusedError,
    PeerUnavailableError,
    SameOfficerError,
    TooFewCasesError,
    TransferNotAllowedError,
    TransferStepError,
)
from ledger.keys.key_store import LOG, SEALING
from ledger.policy.kinds import Kind
from ledger.policy.transfer import Scope
from ledger.recording.facts import Fact
from ledger.transfers import decisions
from ledger.transfers.deadlines import due_on
from ledger.transfers.envelopes import MessageKind, envelope_json, seal_envelope
from ledger.transfers.model import CaseState, Initiative, Intent, TransferReason
from ledger.transfers.officers import Officers, sign_by_both
from ledger.transfers.package import build_figures, build_package, build_sheet
from ledger.transfers.papers import letter_digest, letter_json
from ledger.transfers.peers import HttpPeers
from ledger.transfers.queries import case_detail, cases_of_person, list_cases, moved_in_records
from ledger.transfers.reasons import RefusalCode
from ledger.transfers.releases import open_case, seal_release, travelling_records
from ledger.transfers.service import (
    Application,
    accept_transfer,
    advance,
    handle_message,
    refuse_transfer,
    release_transfer,
    request_transfer,
    review_package,
    settle_transfers,
    withdraw_transfer,
)
from ledger.transfers.stays import stay_of

NANJING, SUZHOU, HEFEI = 1, 2, 3
APPLICATION = Application(TransferReason.NON_HUKOU_UNDER_AGE)


def case_at(alliance, log_id, case_id):
    with alliance.context(log_id).read() as view:
        return view.transfers.case(case_id)


def state_at(alliance, log_id, case_id):
    return case_at(alliance, log_id, case_id).state


def steps_at(alliance, log_id, case_id):
    return [step.step for step in case_detail(alliance.context(log_id), case_id).steps]


def entries_at(alliance, log_id, person, kind):
    context = alliance.context(log_id)
    subject = context.bureau.writer.subject_of(person[0])
    with context.read() as view:
        stored = view.log.of_subject(subject, [kind])
        return context.bureau.reader.open_many(stored, view.log)


def request(alliance, person, old, new, application=APPLICATION):
    case = request_transfer(alliance.context(new), person[0], old, application)
    alliance.settle()
    return case.case_id


def hand_over(alliance, people, old, new, application=APPLICATION):
    """Whole cases up to acceptance, side by side."""
    ids = [
        request_transfer(alliance.context(new), person[0], old, application).case_id
        for person in people
    ]
    alliance.settle()
    for case_id in ids:
        release_transfer(alliance.context(old), case_id)
    alliance.settle()
    for case_id in ids:
        accept_transfer(alliance.context(new), case_id)
    alliance.settle()
    return ids


def newcomer(alliance, old=NANJING, new=HEFEI):
    """Somebody with four months at the old bureau and two at the new one."""
    person = alliance.somebody()
    alliance.pay(old, person, 202401, 202404)
    alliance.pay(new, person, 202405, 202406)
    return person


class TestAcrossProvinces:
    def test_records_and_money_arrive_and_the_case_closes(self, alliance):
        people = [newcomer(alliance) for _ in range(alliance.minimum)]
        alliance.settle()
        before = {
            log: alliance.context(log).chain.fund_balance(log, account)
            for log, account in ((NANJING, Account.EXPENDITURE), (HEFEI, Account.FISCAL))
        }
        ids = hand_over(alliance, people, NANJING, HEFEI)
        settlement = settle_transfers(alliance.context(NANJING), HEFEI)
        assert settlement.amount_fen == sum(
            case_at(alliance, NANJING, case_id).amount_fen for case_id in ids
        )
        # four months of 8,000 yuan: 12 % pool, 8 % account and its interest
        assert settlement.amount_fen > len(people) * 4 * (96_000 + 64_000)
        alliance.settle()
        for log in (NANJING, HEFEI):
            assert {state_at(alliance, log, case_id) for case_id in ids} == {CaseState.CLOSED}
        chain = alliance.context(HEFEI).chain
        assert chain.fund_balance(HEFEI, Account.FISCAL) == (before[HEFEI] + settlement.amount_fen)
        assert chain.fund_balance(NANJING, Account.EXPENDITURE) == (
            before[NANJING] - settlement.amount_fen
        )
        with alliance.context(NANJING).read() as view:
            assert view.journal.balances()["IN_TRANSIT"] == 0
            assert view.journal.balances()["EXPENDITURE"] == (
                chain.fund_balance(NANJING, Account.EXPENDITURE)
            )
        with alliance.context(HEFEI).read() as view:
            assert view.journal.balances()["FISCAL"] == chain.fund_balance(HEFEI, Account.FISCAL)

    def test_one_entry_on_each_side_and_the_months_count_at_the_new_city(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        (case_id,) = hand_over(alliance, [person], NANJING, HEFEI)
        (out,) = entries_at(alliance, NANJING, person, Kind.TRANSFER_OUT)
        (arrived,) = entries_at(alliance, HEFEI, person, Kind.TRANSFER_IN)
        same = (
            "case_id",
            "months",
            "figures_digest",
            "package_digest",
            "records_root",
            "amount_fen",
        )
        assert {name: out.record[name] for name in same} == {
            name: arrived.record[name] for name in same
        }
        assert arrived.record["months"] == 4
        subject = alliance.context(HEFEI).bureau.writer.subject_of(person[0])
        came = moved_in_records(alliance.context(HEFEI), subject)
        assert [record.head.period for record in came] == [202401, 202402, 202403, 202404]
        case = case_at(alliance, HEFEI, case_id)
        assert alliance.context(HEFEI).chain.holder_of(case.segment.tag) == HEFEI

    def test_officers_and_the_person_see_the_same_steps(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        (case_id,) = hand_over(alliance, [person], NANJING, HEFEI)
        assert steps_at(alliance, HEFEI, case_id) == [
            "LETTER_SIGNED", "LETTER_DELIVERED", "PACKAGE_DELIVERED", "RELEASE_FINAL",
            "ACCEPTANCE_SIGNED", "ACCEPTANCE_FINAL",
        ]  # fmt: skip
        assert steps_at(alliance, NANJING, case_id) == [
            "LETTER_DELIVERED", "SHEET_SIGNED", "PACKAGE_TAKEN", "RELEASE_FINAL",
            "ACCEPTANCE_FINAL",
        ]  # fmt: skip
        context = alliance.context(HEFEI)
        (own,) = cases_of_person(context, context.bureau.writer.subject_of(person[0]))
        assert own == case_detail(context, case_id)
        assert own.figures.months == 4
        assert own.steps[0].actors == ("officer-maker", "officer-checker")
        row = next(row for row in list_cases(context) if row.case_id == case_id)
        assert (row.person_name, row.identity_tail) == (person[1], person[0][-4:])
        assert row.clock.due_on == due_on(row.state, row.clock.began_at)

    def test_months_insured_twice_travel_and_are_listed(self, alliance):
        person = alliance.somebody()
        alliance.pay(NANJING, person, 202401, 202404)
        alliance.pay(HEFEI, person, 202404, 202406)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        release_transfer(alliance.context(NANJING), case_id)
        alliance.settle()
        detail = case_detail(alliance.context(HEFEI), case_id)
        assert detail.overlaps == (202404,)
        assert [item.period for item in detail.records if item.overlaps] == [202404]
        assert case_detail(alliance.context(NANJING), case_id).overlaps == (202404,)
        review = review_package(alliance.context(HEFEI), case_id)
        (overlap,) = review.resolution.overlaps
        assert overlap.kept.region == "340100"
        assert review.resolution.months == 6

    def test_few_cases_wait_so_that_no_amount_shows(self, alliance):
        people = [newcomer(alliance, SUZHOU, HEFEI) for _ in range(alliance.minimum - 1)]
        alliance.settle()
        hand_over(alliance, people, SUZHOU, HEFEI)
        with pytest.raises(TooFewCasesError) as caught:
            settle_transfers(alliance.context(SUZHOU), HEFEI)
        assert (caught.value.cases, caught.value.minimum) == (len(people), alliance.minimum)
        rich = alliance.somebody()
        alliance.pay(SUZHOU, rich, 202401, 202402, base_fen=9_000_000_000_00)
        alliance.pay(HEFEI, rich, 202405, 202405)
        alliance.settle()
        hand_over(alliance, [rich], SUZHOU, HEFEI)
        with pytest.raises(InsufficientFundsError):
            settle_transfers(alliance.context(SUZHOU), HEFEI)


class TestInsideOneProvince:
    def test_records_consolidate_without_money_at_the_bureaus_initiative(self, alliance):
        person = newcomer(alliance, SUZHOU, NANJING)
        alliance.settle()
        reason = Application(TransferReason.CONSOLIDATION)
        (case_id,) = hand_over(alliance, [person], SUZHOU, NANJING, reason)
        for log in (SUZHOU, NANJING):
            case = case_at(alliance, log, case_id)
            assert (case.state, case.scope) == (CaseState.CLOSED, Scope.INTRA_POOL)
            assert (case.amount_fen, case.initiative) == (0, Initiative.BUREAU)
        (arrived,) = entries_at(alliance, NANJING, person, Kind.TRANSFER_IN)
        assert (arrived.record["amount_fen"], arrived.record["months"]) == (0, 4)

    def test_a_second_stay_moves_by_itself(self, alliance):
        person = newcomer(alliance, SUZHOU, NANJING)
        alliance.settle()
        reason = Application(TransferReason.CONSOLIDATION)
        hand_over(alliance, [person], SUZHOU, NANJING, reason)
        alliance.pay(SUZHOU, person, 202501, 202502)
        alliance.settle()
        (second,) = hand_over(alliance, [person], SUZHOU, NANJING, reason)
        case = case_at(alliance, NANJING, second)
        assert (case.segment.stay, case.months, case.state) == (2, 2, CaseState.CLOSED)


class TestDishonestPackage:
    """The old city's own keys sign and seal packages that are not what it anchored."""

    def forged(self, alliance, case_id, damage):
        """A really signed message over damaged records, and the message an honest city sends."""
        context = alliance.context(NANJING)
        with context.read() as view:
            case, content, _ = open_case(context, view, case_id)
            records, size, root = travelling_records(
                context, view, stay_of(context, view, case.subject, case.class_)
            )
        records = damage(list(records))
        figures = build_figures(
            case_id, 1, (NANJING, HEFEI), case.segment.stay, case.scope, records, 202608
        )
        sheet = build_sheet(figures, context.random.bytes(32), context.clock.today())
        package = build_package(size, root, sheet, records)
        return envelope_json(seal_release(context, package, content.letter.sealing_key))

    def raised_base(self, records):
        changed = {**records[1].record, "base_fen": 2_000_000}
        return [records[0], replace(records[1], record=changed), *records[2:]]

    def left_out(self, records):
        return records[:2] + records[3:]

    def test_each_is_refused_by_name_and_the_true_one_is_taken_afterwards(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        peers = HttpPeers(alliance.context(NANJING))
        with pytest.raises(PeerRefusedError) as altered:
            peers.send(HEFEI, self.forged(alliance, case_id, self.raised_base))
        assert altered.value.refusal == "record-altered"
        assert "Record 2 of the package (month 202402)" in altered.value.reason
        with pytest.raises(PeerRefusedError) as missing:
            peers.send(HEFEI, self.forged(alliance, case_id, self.left_out))
        assert missing.value.refusal == "month-left-out"
        assert "Month 202403" in missing.value.reason
        peers.close()
        assert state_at(alliance, HEFEI, case_id) is CaseState.LETTER_SENT
        refused = [step for step in case_detail(alliance.context(HEFEI), case_id).steps
                   if step.step == "PACKAGE_REFUSED"]  # fmt: skip
        assert "202402" in refused[0].zh
        assert "202403" in refused[1].zh
        release_transfer(alliance.context(NANJING), case_id)
        alliance.settle()
        accept_transfer(alliance.context(HEFEI), case_id)
        alliance.settle()
        assert state_at(alliance, HEFEI, case_id) is CaseState.ACCEPTED

    def test_an_unsigned_message_is_not_read(self, alliance):
        endpoint = alliance.context(HEFEI).settings.endpoint
        answer = httpx.post(f"{endpoint}/peer/messages", json={"schema": "anxu-peer-message/1"})
        assert answer.json()["type"] == "urn:anxu:problem:missing-signature"

    def test_one_city_cannot_speak_for_another(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        message = self.forged(alliance, case_id, lambda records: records)
        peers = HttpPeers(alliance.context(SUZHOU))
        with pytest.raises(PeerRefusedError) as caught:
            peers.send(HEFEI, message)
        peers.close()
        assert caught.value.refusal == "package-mismatch"


class TestEndedCase:
    def assert_as_before(self, alliance, case_id, person):
        case = case_at(alliance, HEFEI, case_id)
        chain = alliance.context(HEFEI).chain
        assert chain.open_case_of(case.segment.tag) is None
        assert chain.holder_of(case.segment.tag) is None
        assert not entries_at(alliance, NANJING, person, Kind.TRANSFER_OUT)
        assert not entries_at(alliance, HEFEI, person, Kind.TRANSFER_IN)

    def test_a_refusal_restores_both_sides_and_its_words_arrive(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        release_transfer(alliance.context(NANJING), case_id)
        alliance.settle()
        assert state_at(alliance, HEFEI, case_id) is CaseState.RELEASED
        remark = ("两地姓名写法不一", "the two cities write the name differently")
        refuse_transfer(alliance.context(HEFEI), case_id, RefusalCode.PERSON_UNCLEAR, remark)
        alliance.settle()
        for log in (NANJING, HEFEI):
            detail = case_detail(alliance.context(log), case_id)
            assert detail.row.state is CaseState.REFUSED
            assert remark[0] in detail.refusal.zh
            assert remark[1] in detail.refusal.en
        self.assert_as_before(alliance, case_id, person)
        again = request(alliance, person, NANJING, HEFEI)
        assert again != case_id
        assert state_at(alliance, NANJING, again) is CaseState.LETTER_SENT

    def test_a_withdrawal_restores_both_sides(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        withdraw_transfer(alliance.context(HEFEI), case_id)
        alliance.settle()
        for log in (NANJING, HEFEI):
            assert state_at(alliance, log, case_id) is CaseState.WITHDRAWN
        self.assert_as_before(alliance, case_id, person)
        with pytest.raises(TransferStepError):
            accept_transfer(alliance.context(HEFEI), case_id)

    def test_a_stay_that_another_city_has_asked_for_is_not_given_twice(self, alliance):
        person = newcomer(alliance)
        alliance.pay(SUZHOU, person, 202407, 202407)
        alliance.settle()
        first = request(alliance, person, NANJING, HEFEI)
        second = request(alliance, person, NANJING, SUZHOU)
        assert state_at(alliance, HEFEI, first) is CaseState.LETTER_SENT
        assert state_at(alliance, SUZHOU, second) is CaseState.REFUSED
        assert case_at(alliance, SUZHOU, second).refusal_code == RefusalCode.CHAIN_REFUSED


class TestRaces:
    def test_a_decision_never_writes_over_what_came_meanwhile(self, alliance, monkeypatch):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        context = alliance.context(HEFEI)

        def signs_while_the_package_arrives(*arguments):
            release_transfer(alliance.context(NANJING), case_id)
            alliance.settle()
            return sign_by_both(*arguments)

        monkeypatch.setattr(decisions, "sign_by_both", signs_while_the_package_arrives)
        with pytest.raises(CaseMovedError) as caught:
            refuse_transfer(context, case_id, RefusalCode.OTHER)
        assert (caught.value.case_id, caught.value.state) == (case_id, CaseState.RELEASED)
        case = case_at(alliance, HEFEI, case_id)
        assert (case.intent, case.refusal_code) == (Intent.NONE, 0)
        assert case_detail(context, case_id).figures.months == 4

    def test_who_decides_first_on_chain_decides_for_both(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        release_transfer(alliance.context(NANJING), case_id)
        alliance.settle()
        accept_transfer(alliance.context(HEFEI), case_id)
        refuse_transfer(alliance.context(NANJING), case_id, RefusalCode.OTHER)
        alliance.settle()
        states = {state_at(alliance, log, case_id) for log in (NANJING, HEFEI)}
        assert states in ({CaseState.REFUSED}, {CaseState.ACCEPTED})
        holder = alliance.context(HEFEI).chain.holder_of(
            case_at(alliance, HEFEI, case_id).segment.tag
        )
        accepted = states == {CaseState.ACCEPTED}
        assert holder == (HEFEI if accepted else None)
        assert bool(entries_at(alliance, HEFEI, person, Kind.TRANSFER_IN)) is accepted
        assert bool(entries_at(alliance, NANJING, person, Kind.TRANSFER_OUT)) is accepted
        detail = case_detail(alliance.context(NANJING), case_id)
        assert (detail.refusal is None) is accepted
        assert [trouble.kind for trouble in detail.troubles] == (
            ["chain refuse"] if accepted else []
        )


class TestOfficersAndRules:
    def test_one_officer_cannot_sign_twice(self, alliance):
        person = newcomer(alliance)
        both = Officers("officer-maker", "officer-maker")
        with pytest.raises(SameOfficerError):
            request_transfer(alliance.context(HEFEI), person[0], NANJING, APPLICATION, both)
        assert not [row for row in list_cases(alliance.context(HEFEI))
                    if row.person_name == person[1]]  # fmt: skip

    def test_nobody_applies_before_paying_at_the_new_city(self, alliance):
        person = alliance.somebody()
        alliance.pay(NANJING, person, 202401, 202402)
        with pytest.raises(TransferNotAllowedError) as caught:
            request_transfer(alliance.context(HEFEI), person[0], NANJING, APPLICATION)
        assert caught.value.rule == "REFUSE"

    def test_who_draws_a_pension_at_the_old_city_stays_there(self, alliance):
        person = newcomer(alliance)
        context = alliance.context(NANJING)
        payout = Fact(
            Kind.PAYOUT, 1, 202608, 300_000,
            {"name": person[1], "scheme": "PENSION_EMPLOYEE", "line": "NORMAL"}, person[0],
        )  # fmt: skip
        alliance.record(NANJING, [payout])
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        with pytest.raises(TransferNotAllowedError) as caught:
            release_transfer(context, case_id)
        assert caught.value.rule == "DRAWS_PENSION"
        refuse_transfer(context, case_id, RefusalCode.DRAWS_PENSION)
        alliance.settle()
        assert state_at(alliance, HEFEI, case_id) is CaseState.REFUSED
        assert case_at(alliance, HEFEI, case_id).refusal_code == RefusalCode.DRAWS_PENSION


class TestNotYet:
    def test_a_month_that_is_not_anchored_holds_the_release(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        alliance.pay(NANJING, person, 202405, 202405)
        with pytest.raises(NotAnchoredYetError) as caught:
            release_transfer(alliance.context(NANJING), case_id)
        assert caught.value.retryable
        assert caught.value.needed_size == caught.value.final_size + 1
        alliance.settle()
        assert release_transfer(alliance.context(NANJING), case_id).months == 5
        alliance.settle()

    def test_a_letter_whose_request_is_not_final_here_comes_again_later(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        context = alliance.context(HEFEI)
        case = request_transfer(context, person[0], NANJING, APPLICATION)
        with context.read() as view:
            _, content, _ = open_case(context, view, case.case_id)
        letter = seal_envelope(
            MessageKind.LETTER,
            HEFEI,
            NANJING,
            case.case_id,
            letter_digest(content.letter),
            letter_json(content.letter),
            sealing_key=alliance.context(NANJING).keys.x25519(SEALING).public_key,
            signer=context.keys.ed25519(LOG),
        )
        with pytest.raises(ChainBehindError) as caught:
            handle_message(alliance.context(NANJING), HEFEI, envelope_json(letter))
        assert (caught.value.what, caught.value.case_id) == ("request", case.case_id)
        alliance.settle()
        assert state_at(alliance, NANJING, case.case_id) is CaseState.LETTER_SENT


class LosesAnswers:
    """A network that delivers everything and loses the first answers."""

    def __init__(self, context, losses):
        self._peers = HttpPeers(context)
        self._losses = losses
        self.sent = []

    def sealing_key(self, log_id):
        return self._peers.sealing_key(log_id)

    def send(self, log_id, message):
        answer = self._peers.send(log_id, message)
        self.sent.append(message)
        if self._losses > 0:
            self._losses -= 1
            raise PeerUnavailableError(peer="the other city", reason="following-behind")
        return answer


class TestRepetition:
    def test_asking_twice_gives_one_case(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        first = request_transfer(alliance.context(HEFEI), person[0], NANJING, APPLICATION)
        again = request_transfer(alliance.context(HEFEI), person[0], NANJING, APPLICATION)
        assert first.case_id == again.case_id
        alliance.settle()

    def test_a_lost_answer_is_mended_by_sending_the_same_bytes_again(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        context = alliance.context(NANJING)
        released = release_transfer(context, case_id)
        assert released.intent is Intent.RELEASE
        lossy = LosesAnswers(context, losses=2)
        assert advance(context, lossy) == 0
        assert advance(context, lossy) == 0
        assert state_at(alliance, NANJING, case_id) is CaseState.LETTER_SENT
        assert state_at(alliance, HEFEI, case_id) is CaseState.PACKAGE_SENT
        assert advance(context, lossy) == 1
        assert lossy.sent[0] == lossy.sent[1] == lossy.sent[2]
        assert state_at(alliance, NANJING, case_id) is CaseState.PACKAGE_SENT
        alliance.settle()
        assert steps_at(alliance, HEFEI, case_id).count("PACKAGE_DELIVERED") == 1
        assert state_at(alliance, NANJING, case_id) is CaseState.RELEASED

    def test_another_message_under_a_taken_key_is_refused(self, alliance):
        person = newcomer(alliance)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        with alliance.context(HEFEI).read() as view:
            (letter,) = view.transfers.messages_of(case_id)
        message = json.loads(letter.envelope)
        context = alliance.context(NANJING)
        assert handle_message(context, HEFEI, message)["state"] == "TAKEN"
        sealed = bytearray(base64.b64decode(message["sealed"]))
        sealed[-1] ^= 1
        message["sealed"] = base64.b64encode(bytes(sealed)).decode()
        with pytest.raises(IdempotencyConflictError):
            handle_message(context, HEFEI, message)

    def test_advancing_once_more_changes_nothing(self, alliance):
        alliance.settle()
        for log in (NANJING, SUZHOU, HEFEI):
            assert advance(alliance.context(log)) == 0
