"""Deadlines by the chain, cases that two supervisors decide, benefit places, one case after another."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest

from api.bureau.transfer_views import transfers_view
from api.supervisor.transfer_views import deadlines_view
from api.web import parts
from ledger.chain.bindings import ClaimState
from ledger.chain.bindings.work_calendar import day_words
from ledger.chain.deciding import Call, decide
from ledger.errors import (
    ClaimStateError,
    NotFoundError,
    NotPermittedError,
    PersonInTransferError,
    RelationArrivingError,
    SettingsError,
    TransferNotAllowedError,
    TransferNotOverdueError,
)
from ledger.evidence.encoding import benefit_tag
from ledger.keys.signers import Secp256k1Signer
from ledger.policy import work_calendar
from ledger.policy.kinds import Kind
from ledger.transfers.claims import (
    ClaimKind,
    Finding,
    place_of,
    tag_of_person,
    unsettled_claims,
)
from ledger.transfers.model import CaseState, TransferReason
from ledger.transfers.officers import Officers
from ledger.transfers.overruling import Outcome, undecided_cases
from ledger.transfers.queries import case_detail, list_cases
from ledger.transfers.service import (
    Application,
    accept_transfer,
    claim_benefit,
    contest_claim,
    overrule_transfer,
    release_benefit,
    release_transfer,
    request_transfer,
    settle_claim,
    settle_transfers,
    withdraw_transfer,
)
from scripts.cli.acting import digest_of_file
from scripts.cli.main import run

NANJING, SUZHOU, HEFEI = 1, 2, 3
APPLICATION = Application(TransferReason.NON_HUKOU_UNDER_AGE)
OFFICERS = Officers()
DOCUMENT = hashlib.sha256(b"the signed decision").digest()
DAY_SECONDS = 86_400


def number(case_id):
    return bytes.fromhex(case_id[2:])


def case_at(alliance, log_id, case_id):
    with alliance.context(log_id).read() as view:
        return view.transfers.case(case_id)


def steps_at(alliance, log_id, case_id):
    return [step.step for step in case_detail(alliance.context(log_id), case_id).steps]


def request(alliance, person, old, new):
    case = request_transfer(alliance.context(new), person[0], old, APPLICATION)
    alliance.settle()
    return case.case_id


def newcomer(alliance, *logs):
    """Somebody with four months at the first bureau and two at each other one after it."""
    person = alliance.somebody()
    alliance.pay(logs[0], person, 202401, 202404)
    for place, log_id in enumerate(logs[1:]):
        alliance.pay(log_id, person, 202405 + 2 * place, 202406 + 2 * place)
    return person


class Oversight:
    """Two supervisors: the node of the network, and a second one who signs by hand."""

    def __init__(self, network) -> None:
        self.network = network
        self.context = network.context("supervisor")
        self.first = self.context.keys.secp256k1("supervisor")
        self.second = Secp256k1Signer.from_private(bytes([7]) * 32)
        gateway = self.context.chain.gateway
        for year in (2025, 2026):
            days = day_words(work_calendar.work_year(year).working_days)
            if self.context.chain.working_days_of(year) is None:
                gateway.transact(self.first, "WorkCalendar", "publishYear", [year, days])
        members = [[self.first.address, self.second.address], 1]
        decide(self.context.chain, self.first, [Call("Council", "setMembers", members)])

    def by_hand(self, function: str, *arguments) -> None:
        self.context.chain.gateway.transact(self.second, "Transfers", function, list(arguments))

    def travel(self, days: int) -> None:
        """Let the chain's clock go on; the nodes' stays."""
        for method, values in (("evm_increaseTime", [days * DAY_SECONDS]), ("evm_mine", [])):
            asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": values}
            answer = httpx.post(self.network.chain.rpc_url, json=asked, trust_env=False).json()
            assert "error" not in answer, answer

    def settle(self) -> None:
        self.network.settle("supervisor", "nanjing", "suzhou", "hefei")


@pytest.fixture(scope="module")
def oversight(network, alliance):
    del alliance  # its balances are opened first
    return Oversight(network)


class TestOneAfterAnother:
    def test_a_relation_that_is_leaving_takes_nothing_in(self, alliance, oversight):
        del oversight
        person = newcomer(alliance, NANJING, HEFEI, SUZHOU)
        alliance.settle()
        first = request(alliance, person, NANJING, HEFEI)
        with pytest.raises(PersonInTransferError) as caught:
            request_transfer(alliance.context(NANJING), person[0], SUZHOU, APPLICATION)
        assert (caught.value.case_id, caught.value.state) == (first, CaseState.LETTER_SENT)
        withdraw_transfer(alliance.context(HEFEI), first)
        alliance.settle()
        again = request_transfer(alliance.context(NANJING), person[0], SUZHOU, APPLICATION)
        assert again.state is CaseState.APPLIED

    def test_the_next_city_is_served_once_the_person_has_arrived(self, alliance, oversight):
        person = newcomer(alliance, NANJING, HEFEI, SUZHOU)
        alliance.settle()
        first = request(alliance, person, NANJING, HEFEI)
        second = request(alliance, person, HEFEI, SUZHOU)
        assert case_at(alliance, SUZHOU, second).state is CaseState.APPLIED
        assert case_at(alliance, HEFEI, second) is None
        detail = case_detail(alliance.context(SUZHOU), second)
        assert detail.troubles[0].reason == RelationArrivingError.code
        assert [step.step for step in detail.steps].count("WAITS_FOR_OTHER_CASE") == 1
        release_transfer(alliance.context(NANJING), first)
        alliance.settle()
        accept_transfer(alliance.context(HEFEI), first)
        alliance.settle()
        others = [newcomer(alliance, NANJING, HEFEI) for _ in range(alliance.minimum - 1)]
        alliance.settle()
        ids = [request(alliance, other, NANJING, HEFEI) for other in others]
        for case_id in ids:
            release_transfer(alliance.context(NANJING), case_id)
        alliance.settle()
        for case_id in ids:
            accept_transfer(alliance.context(HEFEI), case_id)
        alliance.settle()
        settle_transfers(alliance.context(NANJING), HEFEI)
        alliance.settle()
        assert case_at(alliance, HEFEI, first).state is CaseState.CLOSED
        self.deliver(alliance, oversight, second)
        assert case_at(alliance, HEFEI, second).state is CaseState.LETTER_SENT
        assert steps_at(alliance, SUZHOU, second)[-1] == "LETTER_DELIVERED"

    def deliver(self, alliance, oversight, case_id):
        """The letter is sent again after a pause; let it have been long enough."""
        del oversight
        context = alliance.context(SUZHOU)
        with context.write() as work:
            (letter,) = [
                each for each in work.transfers.queued_messages() if each.case_id == case_id
            ]
            work.transfers.put_message(replace(letter, at=letter.at - timedelta(minutes=2)))
            work.commit()
        alliance.settle()


class TestDueDate:
    def test_both_sides_show_what_the_contract_says(self, alliance, oversight):
        person = newcomer(alliance, NANJING, HEFEI)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        chain = oversight.context.chain
        for expected in (CaseState.LETTER_SENT, CaseState.RELEASED):
            standing = chain.transfer_case(number(case_id))
            start = max(standing.requested_at, standing.released_at)
            assert chain.transfer_due(number(case_id)) == chain.due_at(start, 15)
            for log_id in (NANJING, HEFEI):
                assert case_at(alliance, log_id, case_id).state is expected
                assert case_at(alliance, log_id, case_id).due_on == date(2026, 10, 12)
                row = next(
                    row for row in list_cases(alliance.context(log_id)) if row.case_id == case_id
                )
                clock = row.clock
                assert (clock.due_on, clock.working_days) == (date(2026, 10, 12), 15)
                assert (clock.used_days, clock.overdue) == (0, False)
            if expected is CaseState.LETTER_SENT:
                release_transfer(alliance.context(NANJING), case_id)
                alliance.settle()

    def test_before_the_deadline_supervisors_are_refused(self, alliance, oversight):
        person = newcomer(alliance, NANJING, HEFEI)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        oversight.settle()
        assert case_id in {case.case_id for case in undecided_cases(oversight.context)}
        assert undecided_cases(oversight.context, overdue_only=True) == ()
        with pytest.raises(TransferNotOverdueError) as caught:
            overrule_transfer(oversight.context, case_id, Outcome.CANCEL, DOCUMENT)
        assert caught.value.due_on == "2026-10-12"
        with pytest.raises(NotPermittedError):
            overrule_transfer(oversight.context, case_id, Outcome.MOVE, DOCUMENT)
        with pytest.raises(NotPermittedError):
            overrule_transfer(alliance.context(HEFEI), case_id, Outcome.CANCEL, DOCUMENT)
        with pytest.raises(NotFoundError):
            overrule_transfer(oversight.context, "0x" + "0" * 64, Outcome.CANCEL, DOCUMENT)


class TestBenefitPlace:
    @pytest.fixture
    def tag(self, alliance):
        person = newcomer(alliance, NANJING, SUZHOU)
        alliance.settle()
        return tag_of_person(alliance.context(NANJING), person[0])

    def test_a_person_nobody_knows_is_not_claimed(self, alliance):
        with pytest.raises(NotFoundError):
            tag_of_person(alliance.context(NANJING), alliance.somebody()[0])

    def test_one_bureau_pays_and_another_contests_it(self, alliance, oversight, tag):
        nanjing, suzhou = alliance.context(NANJING), alliance.context(SUZHOU)
        assert place_of(nanjing, tag).state is ClaimState.NONE
        assert claim_benefit(nanjing, tag, None, OFFICERS)
        assert not claim_benefit(nanjing, tag, None, OFFICERS), "it is on its way"
        assert place_of(nanjing, tag).under_way == ("claim",)
        alliance.settle()
        place = place_of(suzhou, tag)
        assert (place.state, place.log_id) == (ClaimState.OPEN, NANJING)
        assert place.contestable_through == work_calendar.known_deadline(place.claimed_on, 10)
        assert not claim_benefit(nanjing, tag, None, OFFICERS), "it pays already"
        with pytest.raises(ClaimStateError):
            claim_benefit(suzhou, tag, None, OFFICERS)
        with pytest.raises(ClaimStateError):
            contest_claim(nanjing, ClaimKind.BENEFIT, tag, DOCUMENT, OFFICERS)
        with pytest.raises(ClaimStateError):
            settle_claim(oversight.context, ClaimKind.BENEFIT, tag, Finding.CONFIRM, DOCUMENT)
        assert contest_claim(suzhou, ClaimKind.BENEFIT, tag, DOCUMENT, OFFICERS)
        oversight.settle()
        for context in (nanjing, suzhou):
            (listed,) = [
                place for place in unsettled_claims(context, context.log_id) if place.tag == tag
            ]
            assert (listed.state, listed.contester) == (ClaimState.CONTESTED, SUZHOU)
        for rows in (
            transfers_view(nanjing).claims,
            transfers_view(suzhou).claims,
            deadlines_view(oversight.context).claims,
        ):
            (shown,) = [row for row in rows if row.tag == tag.hex()]
            assert (shown.kind, shown.state) == (
                parts.ClaimKind.BENEFIT,
                parts.ClaimState.CONTESTED,
            )
            assert (shown.log.zh[:2], shown.contester.zh[:2]) == ("南京", "苏州")
        assert tag not in {place.tag for place in unsettled_claims(nanjing, HEFEI)}
        assert settle_claim(
            oversight.context, ClaimKind.BENEFIT, tag, Finding.GIVE_TO_CONTESTER, DOCUMENT
        )
        oversight.settle()
        place = place_of(oversight.context, tag)
        assert (place.log_id, place.give_vote) == (NANJING, oversight.first.address)
        assert not settle_claim(
            oversight.context, ClaimKind.BENEFIT, tag, Finding.GIVE_TO_CONTESTER, DOCUMENT
        )
        oversight.by_hand("settleClaim", 1, tag, 1, DOCUMENT)
        oversight.settle()
        place = place_of(suzhou, tag)
        assert (place.state, place.log_id) == (ClaimState.SETTLED, SUZHOU)
        assert tag not in {place.tag for place in unsettled_claims(nanjing)}

    def test_a_benefit_is_handed_over_and_ends(self, alliance, oversight, tag):
        nanjing, suzhou = alliance.context(NANJING), alliance.context(SUZHOU)
        claim_benefit(nanjing, tag, None, OFFICERS)
        alliance.settle()
        with pytest.raises(ClaimStateError):
            release_benefit(nanjing, tag, SUZHOU, OFFICERS)
        oversight.travel(20)
        with pytest.raises(ClaimStateError):
            release_benefit(suzhou, tag, NANJING, OFFICERS)
        with pytest.raises(ClaimStateError):
            claim_benefit(suzhou, tag, NANJING, OFFICERS)
        assert release_benefit(nanjing, tag, SUZHOU, OFFICERS)
        alliance.settle()
        assert (place_of(suzhou, tag).log_id, place_of(suzhou, tag).offered_to) == (NANJING, SUZHOU)
        assert claim_benefit(suzhou, tag, NANJING, OFFICERS)
        alliance.settle()
        assert (place_of(suzhou, tag).log_id, place_of(suzhou, tag).offered_to) == (SUZHOU, None)
        assert release_benefit(suzhou, tag, None, OFFICERS)
        alliance.settle()
        assert place_of(suzhou, tag).state is ClaimState.NONE
        assert claim_benefit(nanjing, tag, None, OFFICERS), "what ended can begin anew"
        alliance.settle()
        assert place_of(nanjing, tag).log_id == NANJING

    def test_a_first_holder_of_a_stay_is_listed_for_both_sides(self, alliance, oversight):
        person = newcomer(alliance, SUZHOU, NANJING)
        alliance.settle()
        case_id = request(alliance, person, SUZHOU, NANJING)
        release_transfer(alliance.context(SUZHOU), case_id)
        alliance.settle()
        accept_transfer(alliance.context(NANJING), case_id)
        oversight.settle()
        stay = case_at(alliance, NANJING, case_id).segment.tag
        (place,) = [
            each
            for each in unsettled_claims(alliance.context(NANJING), NANJING)
            if each.tag == stay
        ]
        assert (place.kind, place.state, place.log_id) == (
            ClaimKind.STAY, ClaimState.OPEN, NANJING,
        )  # fmt: skip

    def test_a_claimed_benefit_keeps_the_relation_where_it_is(self, alliance, oversight):
        del oversight
        person = newcomer(alliance, NANJING, HEFEI)
        alliance.settle()
        nanjing = alliance.context(NANJING)
        subject = nanjing.bureau.writer.subject_of(person[0])
        claim_benefit(nanjing, benefit_tag(1, subject), None, OFFICERS)
        alliance.settle()
        with pytest.raises(TransferNotAllowedError):
            request_transfer(alliance.context(HEFEI), person[0], NANJING, APPLICATION)


class TestCommands:
    """What officers and supervisors type."""

    @pytest.fixture
    def anxu(self, network, tmp_path, capsys, monkeypatch):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        paper = tmp_path / "decision.pdf"
        paper.write_bytes(b"signed by two")

        def command(*arguments, node, person=None):
            words = [*map(str, arguments), "--node", str(network.layout.node(node)), "--json"]
            if "--document" in words:
                words[words.index("--document") + 1] = str(paper)
            if person is not None:
                identity = tmp_path / "identity"
                identity.write_text(person[0])
                words += ["--identity-file", str(identity)]
            capsys.readouterr()
            code = run(words)
            said = capsys.readouterr()
            return code, json.loads(said.out), said.err

        return command

    def test_a_benefit_is_claimed_contested_and_settled(self, anxu, alliance, oversight):
        person = newcomer(alliance, NANJING, SUZHOU)
        alliance.settle()
        officers = ("--maker", "maker", "--checker", "checker")
        code, claimed, said = anxu("benefit", "claim", *officers, node="nanjing", person=person)
        assert (code, claimed["state"], claimed["log"]) == (0, "OPEN", NANJING), said
        code, answer, _ = anxu("benefit", "claim", *officers, node="suzhou", person=person)
        assert (code, answer["error"]["code"]) == (1, "claim-state")
        contest = ("benefit", "contest", "--document", "", *officers)
        code, contested, said = anxu(*contest, node="suzhou", person=person)
        assert (code, contested["state"], contested["contester"]) == (0, "CONTESTED", SUZHOU), said
        oversight.settle()
        code, listed, _ = anxu("benefit", "claims", node="nanjing")
        assert [row["tag"] for row in listed if row["state"] == "CONTESTED"] == [claimed["tag"]]
        settle = ("benefit", "settle", "--tag", claimed["tag"], "--finding", "give")
        code, voted, said = anxu(*settle, "--document", "", node="supervisor")
        assert (code, voted["give_vote"]) == (0, oversight.first.address), said
        oversight.by_hand("settleClaim", 1, bytes.fromhex(claimed["tag"][2:]), 1, DOCUMENT)
        code, shown, _ = anxu("benefit", "show", "--tag", claimed["tag"], node="supervisor")
        assert (code, shown["state"], shown["log"]) == (0, "SETTLED", SUZHOU)
        release = ("benefit", "release", *officers)
        code, offered, said = anxu(*release, "--to", NANJING, node="suzhou", person=person)
        assert (code, offered["offered_to"], offered["log"]) == (0, NANJING, SUZHOU), said
        take = ("benefit", "claim", "--from", SUZHOU, *officers)
        code, taken, said = anxu(*take, node="nanjing", person=person)
        assert (code, taken["log"], taken["offered_to"]) == (0, NANJING, None), said
        code, ended, said = anxu(*release, node="nanjing", person=person)
        assert (code, ended["state"]) == (0, "NONE"), said

    def test_what_is_not_overdue_is_listed_and_not_decided(self, anxu, alliance, oversight):
        person = newcomer(alliance, NANJING, HEFEI)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        oversight.settle()
        code, listed, _ = anxu("transfer", "overdue", "--all", node="supervisor")
        (row,) = [row for row in listed if row["case"] == case_id]
        assert (code, row["state"], row["overdue"], row["working_days"]) == (
            0, "REQUESTED", False, 15,
        )  # fmt: skip
        words = ("transfer", "overrule", case_id, "--outcome", "cancel", "--document", "")
        code, answer, _ = anxu(*words, node="supervisor")
        assert (code, answer["error"]["code"]) == (1, "transfer-not-overdue")
        code, answer, _ = anxu(*words, node="hefei")
        assert (code, answer["error"]["code"]) == (1, "not-permitted")
        code, cases, _ = anxu("transfer", "list", "--open", node="hefei")
        assert all(not row["overdue"] and row["due_on"] for row in cases)

    def test_a_paper_must_be_there_and_a_tag_whole(self, anxu, tmp_path):
        settle = ("benefit", "settle", "--finding", "confirm", "--tag")
        code, answer, _ = anxu(*settle, "0xab", "--document", "", node="supervisor")
        assert (code, answer["error"]["code"]) == (64, "settings")
        with pytest.raises(SettingsError):
            digest_of_file(tmp_path / "nothing.pdf")
        (tmp_path / "empty.pdf").touch()
        with pytest.raises(SettingsError):
            digest_of_file(tmp_path / "empty.pdf")


class TestOverdue:
    """The chain's clock goes on for good here: these come last."""

    def overdue(self, alliance, oversight, *, released):
        person = newcomer(alliance, NANJING, HEFEI)
        alliance.settle()
        case_id = request(alliance, person, NANJING, HEFEI)
        if released:
            release_transfer(alliance.context(NANJING), case_id)
            alliance.settle()
        oversight.travel(30)
        oversight.settle()
        return person, case_id

    def test_two_supervisors_cancel_and_it_can_be_asked_for_again(self, alliance, oversight):
        person, case_id = self.overdue(alliance, oversight, released=False)
        found = {case.case_id: case for case in undecided_cases(oversight.context)}
        assert found[case_id].overdue
        view = deadlines_view(oversight.context)
        (row,) = [each for each in view.cases if each.case_number == f"T-{case_id[2:10]}"]
        assert (row.step, row.clock.total_days) == (parts.TransferStep.SHEET_ISSUED, 15)
        assert view.under_way >= len(view.cases)
        overrule_transfer(oversight.context, case_id, Outcome.CANCEL, DOCUMENT)
        oversight.settle()
        assert case_at(alliance, HEFEI, case_id).state is CaseState.LETTER_SENT
        voted = overrule_transfer(oversight.context, case_id, Outcome.CANCEL, DOCUMENT)
        assert voted.cancel_vote == oversight.first.address
        oversight.by_hand("overrule", number(case_id), 1, DOCUMENT)
        oversight.settle()
        for log_id in (NANJING, HEFEI):
            assert case_at(alliance, log_id, case_id).state is CaseState.CANCELLED
            assert steps_at(alliance, log_id, case_id)[-1] == "CANCELLED_BY_SUPERVISORS"
        again = request(alliance, person, NANJING, HEFEI)
        assert case_at(alliance, NANJING, again).state is CaseState.LETTER_SENT

    def test_two_supervisors_hand_over_what_was_released(self, alliance, oversight):
        person, case_id = self.overdue(alliance, oversight, released=True)
        oversight.by_hand("overrule", number(case_id), 0, DOCUMENT)
        overrule_transfer(oversight.context, case_id, Outcome.MOVE, DOCUMENT)
        oversight.settle()
        for log_id, kind in ((NANJING, Kind.TRANSFER_OUT), (HEFEI, Kind.TRANSFER_IN)):
            assert case_at(alliance, log_id, case_id).state is CaseState.ACCEPTED
            assert steps_at(alliance, log_id, case_id)[-1] == "MOVED_BY_SUPERVISORS"
            context = alliance.context(log_id)
            subject = context.bureau.writer.subject_of(person[0])
            with context.read() as view:
                assert len(view.log.of_subject(subject, [kind])) == 1
        case = case_at(alliance, HEFEI, case_id)
        assert oversight.context.chain.holder_of(case.segment.tag) == HEFEI
