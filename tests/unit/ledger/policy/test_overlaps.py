from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import NotFoundError
from ledger.policy.overlaps import (
    Claim,
    Reason,
    RelationType,
    find_overlaps,
    resolve_overlaps,
)

HEFEI = Claim(202501, "340100", "2/10", 600_000, 48_000)
NANJING = Claim(202501, "320100", "1/20", 500_000, 40_000)

claims = st.lists(
    st.builds(
        Claim,
        period=st.sampled_from([202501, 202502, 202503]),
        region=st.sampled_from(["320100", "320500", "340100"]),
        record_id=st.uuids().map(str),
        base_fen=st.integers(0, 100),
        account_fen=st.integers(0, 100),
        relation_type=st.sampled_from(RelationType),
    ),
    max_size=12,
)


class TestFind:
    def test_only_months_with_more_than_one_record_are_listed(self):
        alone = replace(HEFEI, period=202412)
        assert find_overlaps([HEFEI, NANJING, alone]) == {202501: (HEFEI, NANJING)}


class TestResolve:
    @pytest.mark.parametrize(
        ("one", "other", "choices", "reason"),
        [
            (HEFEI, NANJING, {202501: "2/10"}, Reason.PERSON_CHOICE),
            (
                HEFEI,
                replace(NANJING, relation_type=RelationType.TEMPORARY),
                {},
                Reason.NORMAL_RELATION,
            ),
            (NANJING, HEFEI, {}, Reason.RECEIVING_PLACE),
            (HEFEI, replace(HEFEI, record_id="2/11", base_fen=1), {}, Reason.HIGHER_BASE),
            (HEFEI, replace(HEFEI, record_id="2/11"), {}, Reason.EARLIER_RECORD),
        ],
    )
    def test_the_first_rule_that_tells_them_apart_keeps_one(self, one, other, choices, reason):
        for order in ([one, other], [other, one]):
            resolution = resolve_overlaps(order, "320100", choices)
            (overlap,) = resolution.overlaps
            assert (overlap.kept, overlap.cleared, overlap.reason) == (one, (other,), reason)

    @given(claims)
    def test_every_month_counts_once_and_no_record_is_lost(self, found):
        resolution = resolve_overlaps(found, "320100")
        assert resolution.months == len({claim.period for claim in found})
        cleared = [claim for overlap in resolution.overlaps for claim in overlap.cleared]
        assert sorted(claim.record_id for claim in [*resolution.kept, *cleared]) == sorted(
            claim.record_id for claim in found
        )
        assert resolution.refund_fen == sum(claim.account_fen for claim in cleared)

    def test_the_account_money_of_cleared_months_goes_back(self):
        assert resolve_overlaps([HEFEI, NANJING], "320100").refund_fen == 48_000

    def test_a_choice_of_a_record_that_is_not_there_is_refused(self):
        with pytest.raises(NotFoundError):
            resolve_overlaps([HEFEI, NANJING], "320100", {202501: "9/9"})
        with pytest.raises(NotFoundError):
            resolve_overlaps([HEFEI], "320100", {202412: "2/10"})

    def test_the_result_reads_in_both_languages(self):
        resolution = resolve_overlaps([HEFEI, NANJING], "320100")
        assert "重复缴费1个月（2025年1月），每月只计一次，共计1个月" in resolution.explanation.zh
        assert "2025-01" in resolution.explanation.en
        assert "none insured twice" in resolve_overlaps([HEFEI], "320100").explanation.en
