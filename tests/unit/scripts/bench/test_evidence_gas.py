"""What publishing a checkpoint may cost, at a thousand million leaves."""

from __future__ import annotations

import random

import pytest

from ledger.evidence.merkle import verify_consistency
from scripts.bench.evidence_gas import (
    BATCHES,
    GAS_A_RECORD_LIMIT,
    GAS_LIMIT_AT_LARGE_LOG,
    LARGE_LOG,
    GasChain,
    random_growth,
)

LONGEST = 2**30 - 1  # as many ones as 10^9 leaves can have: nearly every level is hashed twice


@pytest.fixture(scope="module")
def chain():
    return GasChain()


class TestRandomGrowth:
    def test_its_proof_is_one_that_a_verifier_accepts(self):
        source = random.Random(1)
        for older, newer in ((1, 2), (7, 8), (8, 21), (LONGEST, LONGEST + 5), (10**9, 2 * 10**9)):
            growth = random_growth(older, newer, source)
            verify_consistency(older, growth.older_root, newer, growth.newer_root, growth.proof)


class TestGas:
    @pytest.mark.parametrize("older", [LARGE_LOG, LONGEST, LONGEST - 1, LARGE_LOG + 123_456_789])
    @pytest.mark.parametrize("batch", BATCHES)
    def test_a_checkpoint_stays_within_its_limits(self, chain, older, batch):
        used = chain.gas_of(random_growth(older, older + batch, random.Random(batch)))
        assert used < GAS_LIMIT_AT_LARGE_LOG
        if batch == 1_000_000:
            assert used / batch < GAS_A_RECORD_LIMIT

    def test_measuring_leaves_the_chain_as_it_was(self, chain):
        growth = random_growth(6, 40, random.Random(2))
        assert chain.gas_of(growth) == chain.gas_of(growth)
