from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.errors import (
    AlreadyResolvedError,
    DuplicateFactError,
    NotFoundError,
    ReasonMissingError,
    ReversalOfReversalError,
    SameOfficerError,
)
from ledger.evidence.encoding import reversal_tag
from ledger.policy.kinds import Kind
from ledger.records.columns import CONTRIBUTIONS
from ledger.records.corrections import reverse_entry
from ledger.records.files import read_table
from ledger.records.rules import REVERSAL_REASONS, ReversalReason, contribution_fact
from ledger.records.service import import_contributions
from ledger.records.validation import check_contributions

BASIS = "社会保险经办条例第三十七条"


@pytest.fixture
def recorded(node, write_csv, contribution):
    import_contributions(node, write_csv([contribution(1), contribution(2)]))
    return node


@pytest.fixture
def row(write_csv, contribution, today):
    path = write_csv([contribution(1, person_amount="640.50")], name="row.csv")
    return check_contributions(read_table(path, None, CONTRIBUTIONS), "340100", today).rows[0]


def reverse(node, index=0, maker="one", checker="two", basis=BASIS, restatement=None):
    return reverse_entry(
        node, index, ReversalReason.WRONG_AMOUNT, basis, maker, checker, restatement
    )


class TestReversal:
    def test_it_points_at_the_leaf_and_bears_its_head_and_the_opposite_amount(
        self, recorded, identity
    ):
        report = reverse(recorded)
        assert (report.reversed_index, report.reversal_index, report.restatement_index) == (
            0,
            2,
            None,
        )
        with recorded.read() as view:
            stored = view.log.entry(2)
            record = recorded.bureau.reader.open(stored, view.log).record
            assert view.log.reversed_among([0, 1]) == {0}
        assert stored.leaf.tag == reversal_tag(1, 0)
        assert stored.entry.subject == bytes([0, 0, 0, 1]) + bytes(28)
        assert record == {
            "schema": "anxu-reversal/1",
            "kind": 3,
            "class": 1,
            "period": 202607,
            "amount_fen": -192_000,
            "identity_number": identity(1),
            "name": "参保人1",
            "reverses": {"log": 1, "index": 0, "kind": 1},
            "reason_code": "WRONG_AMOUNT",
            "legal_basis": BASIS,
            "maker": "one",
            "checker": "two",
        }

    def test_the_fact_is_stated_anew_in_the_same_transaction(self, recorded, row):
        report = reverse(recorded, restatement=contribution_fact(row, "340100"))
        assert report.restatement_index == 3
        with recorded.read() as view:
            stored = view.log.entry(3)
            assert stored.entry.head.kind is Kind.CONTRIBUTION
            assert stored.entry.amount_fen == 192_050
            assert stored.leaf.tag == view.log.entry(0).leaf.tag
            assert view.log.entry(2).source_key == stored.source_key == "reversal/0"

    @pytest.mark.parametrize(("maker", "checker"), [("one", "one"), ("One ", "one")])
    def test_two_officers_are_needed(self, recorded, maker, checker):
        with pytest.raises(SameOfficerError) as refused:
            reverse(recorded, maker=maker, checker=checker)
        assert refused.value.action == "reversing an entry"

    def test_a_legal_basis_is_needed(self, recorded):
        with pytest.raises(ReasonMissingError) as refused:
            reverse(recorded, basis="  ")
        assert refused.value.fields() == {"action": "reversing an entry", "what": "legal basis"}

    def test_what_is_not_there_cannot_be_reversed(self, recorded):
        with pytest.raises(NotFoundError) as refused:
            reverse(recorded, index=7)
        assert refused.value.fields() == {"what": "entry", "key": "7"}

    def test_nothing_is_reversed_twice(self, recorded):
        reverse(recorded)
        with pytest.raises(AlreadyResolvedError) as refused:
            reverse(recorded)
        assert refused.value.fields() == {"what": "entry", "key": "0", "state": "reversed"}

    def test_a_reversal_is_never_reversed(self, recorded):
        reverse(recorded)
        with pytest.raises(ReversalOfReversalError) as refused:
            reverse(recorded, index=2)
        assert refused.value.index == 2

    def test_a_restatement_finds_no_room_where_another_line_stands(self, recorded, row, identity):
        other = replace(row, identity_number=identity(2))
        with pytest.raises(DuplicateFactError) as refused:
            reverse(recorded, restatement=contribution_fact(other, "340100"))
        assert refused.value.fields() == {"index": 1, "period": 202607}
        with recorded.read() as view:
            assert view.log.head().size == 2

    def test_each_reason_has_words(self):
        assert set(REVERSAL_REASONS) == set(ReversalReason)
