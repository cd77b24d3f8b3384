from __future__ import annotations

import unicodedata
from datetime import date

import numpy as np
import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.evidence.encoding import LeafIndex, LogId, canonical_json
from ledger.policy.contributions import split_paid
from ledger.records.model import ContributionRow, ContributionType, Scheme
from ledger.records.month_records import month_records
from ledger.records.rules import contribution_fact
from ledger.records.sieve import months_of_rows, shares
from ledger.records.validation import Rates

TEXTS = st.one_of(
    st.sampled_from(['说"好"', "back\\slash", "tab\tx", "\x1f\x7f", "𠮷野", "（合肥）", "é\u2028"]),
    st.text(st.characters(codec="utf-8"), max_size=12),
).map(lambda text: unicodedata.normalize("NFC", text))
ROWS = st.builds(
    ContributionRow,
    source_line=st.integers(2, 10**7),
    identity_number=st.sampled_from(["11010519491231002X", "340102196501010009"]),
    name=TEXTS,
    employer_code=st.sampled_from([None, "91340100MA2000000W"]),
    employer_name=TEXTS,
    scheme=st.just(Scheme.PENSION_EMPLOYEE),
    contribution_type=st.sampled_from(ContributionType),
    period=st.sampled_from([199801, 200512, 200601, 201904, 202501, 202608]),
    base_fen=st.integers(0, 10**12),
    unit_fen=st.integers(10**12, 10**13),
    person_fen=st.integers(0, 10**12),
    paid_on=st.dates(date(1998, 1, 1), date(2026, 9, 15)),
)


class TestMonthRecords:
    @settings(max_examples=60, deadline=None)
    @given(rows=st.lists(ROWS, min_size=1, max_size=6), leaf=st.integers(0, 2**53 - 1))
    def test_the_bytes_are_those_of_the_record_made_one_by_one(self, rows, leaf):
        months = months_of_rows(list(enumerate(rows)))
        adds_to = np.full(len(rows), leaf, np.int64)
        made = month_records(months, Rates("340100"), "340100", 7, adds_to)
        facts = [
            contribution_fact(row, "340100", None if row.normal else (LogId(7), LeafIndex(leaf)))
            for row in rows
        ]
        assert made.records.to_list() == [canonical_json(fact.record()) for fact in facts]
        assert made.records.to_list() == [rfc8785.dumps(fact.record()) for fact in facts]
        assert made.classes.tolist() == [fact.class_ for fact in facts]
        assert made.periods.tolist() == [fact.period for fact in facts]
        assert made.amounts_fen.tolist() == [fact.amount_fen for fact in facts]

    def test_without_supplements_no_leaf_is_needed(self):
        row = ContributionRow(
            2, "340102196501010009", "王伟", None, "", Scheme.PENSION_EMPLOYEE,
            ContributionType.NORMAL, 202501, 500_000, 80_000, 40_000, date(2025, 1, 15),
        )  # fmt: skip
        made = month_records(months_of_rows([(0, row)]), Rates("340100"), "340100", 1)
        assert made.records.blob(0) == canonical_json(contribution_fact(row, "340100").record())


class TestShares:
    @given(base=st.integers(0, 10**14), rate=st.sampled_from([800, 1100, 1600, 1, 9999]))
    def test_they_are_rounded_as_the_policy_rounds(self, base, rate):
        from ledger.policy.money import share_of

        assert shares(np.array([base]), np.array([rate])).tolist() == [share_of(base, rate)]

    @pytest.mark.parametrize("base", [0, 1, 62, 63, 499_999, 500_006])
    def test_the_account_gets_what_split_paid_says(self, base):
        split = split_paid(202501, "340100", base, 10**6, 0)
        assert shares(np.array([base]), np.array([800])).tolist() == [split.account_fen]
