"""Terms that the council set apply to steps that begin later; days are counted from a due date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from ledger.policy import work_calendar
from ledger.store.events import ChainEvent
from ledger.transfers.clocks import chain_due_on, term_days, with_due_date
from ledger.transfers.deadlines import day_of, days_left, due_on, last_day
from ledger.transfers.model import CaseState

NOON = datetime(2026, 9, 15, 4, 0, tzinfo=UTC)


def announced(at: datetime, valid_from: datetime, release: int, accept: int) -> ChainEvent:
    arguments = {
        "validFrom": int(valid_from.timestamp()), "releaseDays": release, "acceptDays": accept,
        "contestDays": 10,
    }  # fmt: skip
    return ChainEvent(1, 0, "Transfers", "TermsSet", arguments, "0x", int(at.timestamp()))


class Announced:
    """An index in which only terms were set."""

    def __init__(self, *events: ChainEvent) -> None:
        self.events = list(events)

    def named(self, contract, *names):
        assert (contract, names) == ("Transfers", ("TermsSet",))
        return self.events


class TestTermDays:
    def test_without_other_terms_the_statutory_ones_apply(self):
        assert term_days(Announced(), CaseState.LETTER_SENT, NOON) == 15

    @pytest.mark.parametrize(
        ("state", "days"),
        [(CaseState.LETTER_SENT, 5), (CaseState.PACKAGE_SENT, 5), (CaseState.RELEASED, 7),
         (CaseState.APPLIED, 15), (CaseState.ACCEPTED, 15)],
    )  # fmt: skip
    def test_each_step_on_chain_has_its_own_term(self, state, days):
        index = Announced(announced(NOON - timedelta(days=9), NOON, 5, 7))
        assert term_days(index, state, NOON) == days
        assert term_days(index, state, NOON - timedelta(seconds=1)) == 15

    def test_terms_that_were_replaced_before_they_applied_never_did(self):
        later = NOON + timedelta(days=30)
        index = Announced(
            announced(NOON, later, 5, 7), announced(NOON + timedelta(days=1), later, 9, 9)
        )
        assert term_days(index, CaseState.RELEASED, later) == 9
        late = Announced(
            announced(NOON, later, 5, 7),
            announced(later + timedelta(days=1), later + timedelta(days=60), 9, 9),
        )
        assert term_days(late, CaseState.RELEASED, later + timedelta(days=2)) == 7


class TestDays:
    def test_the_last_day_is_the_one_before_the_second_after(self):
        end = int(datetime(2026, 10, 12, 16, 0, tzinfo=UTC).timestamp())
        assert last_day(end) == date(2026, 10, 12)
        assert day_of(end) == date(2026, 10, 13)

    def test_days_left_are_negative_once_the_term_has_passed(self):
        due = date(2026, 9, 18)
        assert days_left(due, date(2026, 9, 15)) == 3
        assert days_left(due, due) == 0
        assert days_left(due, date(2026, 9, 21)) == -2, "the Sunday before the holidays is worked"
        assert days_left(due, date(2027, 1, 4)) is None
        assert days_left(date(2027, 1, 4), due) is None

    def test_a_shorter_term_ends_sooner(self):
        assert due_on(CaseState.RELEASED, NOON, 5) == work_calendar.known_deadline(
            date(2026, 9, 15), 5
        )


class Chain:
    """What the contract says about one case."""

    def __init__(self, state: int, *, due: int | None, term: int = 15) -> None:
        from ledger.chain.bindings import CaseState as OnChain

        started = int(NOON.timestamp())
        self.due = due
        self.case = SimpleNamespace(
            state=OnChain(state), requested_at=started, released_at=started, term_days=term
        )

    def transfer_case(self, _number):
        return self.case

    def transfer_due(self, _number):
        return self.due


def due_by(chain: Chain, state: CaseState) -> date | None:
    case = SimpleNamespace(case_id="0x" + "ab" * 32, state=state)
    return chain_due_on(SimpleNamespace(chain=chain), case)


class TestChainDueOn:
    END = int(datetime(2026, 10, 12, 16, 0, tzinfo=UTC).timestamp())

    @pytest.mark.parametrize(
        ("state", "on_chain"),
        [(CaseState.LETTER_SENT, 1), (CaseState.PACKAGE_SENT, 1), (CaseState.RELEASED, 2)],
    )
    def test_the_contract_answers_for_its_own_steps(self, state, on_chain):
        assert due_by(Chain(on_chain, due=self.END), state) == date(2026, 10, 12)

    @pytest.mark.parametrize(
        ("state", "on_chain"),
        [(CaseState.APPLIED, 1), (CaseState.LETTER_SENT, 2), (CaseState.RELEASED, 3)],
    )
    def test_another_step_is_not_asked_for(self, state, on_chain):
        assert due_by(Chain(on_chain, due=self.END), state) is None

    def test_until_the_contract_has_the_year_the_table_answers_for_the_same_count(self):
        assert due_by(Chain(1, due=None), CaseState.LETTER_SENT) == date(2026, 10, 12)
        assert due_by(Chain(1, due=None, term=5), CaseState.LETTER_SENT) == date(2026, 9, 21)

    def test_where_they_differ_the_contract_counts(self):
        end = self.END + 86_400
        assert due_by(Chain(1, due=end), CaseState.LETTER_SENT) == date(2026, 10, 13)

    def test_a_case_without_an_answer_keeps_its_date(self):
        case = SimpleNamespace(case_id="0x" + "ab" * 32, state=CaseState.APPLIED)
        assert with_due_date(SimpleNamespace(chain=Chain(1, due=self.END)), case) is case
