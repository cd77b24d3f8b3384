from __future__ import annotations

from ledger.records.rules import (
    Collected,
    ReversalOrder,
    ReversalReason,
    collection_arguments,
    collection_reference,
    merged,
    reversal_fact,
)


class TestCollections:
    def test_files_are_merged_into_one_range_and_one_total(self):
        parts = [
            Collected(("b",), 10, 12, 2, 500, 202603, 202604),
            Collected(("a",), 0, 3, 3, 700, 202601, 202602),
        ]
        assert merged(parts) == Collected(("b", "a"), 0, 12, 5, 1200, 202601, 202604)

    def test_the_reference_is_that_of_one_range_of_one_log(self):
        references = {
            collection_reference(log, first, end)
            for log, first, end in [(1, 0, 3), (2, 0, 3), (1, 0, 4), (1, 1, 3), (10, 3, 3)]
        }
        assert len(references) == 5
        assert all(len(bytes.fromhex(reference[2:])) == 32 for reference in references)

    def test_the_arguments_are_in_the_order_of_the_contract(self):
        collected = Collected(("a",), 3, 9, 6, 700, 202601, 202602)
        reference = collection_reference(2, 3, 9)
        assert collection_arguments(2, collected) == [2, reference, 3, 9, 6, 700, 202601, 202602]


class TestReversals:
    def test_of_a_fact_about_nobody_names_nobody(self):
        order = ReversalOrder(ReversalReason.ENTRY_ERROR, " basis ", "one", "two")
        record = {"kind": 12, "class": 0, "period": 0, "amount_fen": 5}
        fact = reversal_fact(4, record, order, 1)
        assert fact.identity_number is None
        assert (fact.amount_fen, fact.reverses, fact.body["legal_basis"]) == (-5, 4, "basis")
        assert "name" not in fact.body
