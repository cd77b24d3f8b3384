from __future__ import annotations

import pytest

from ledger.chain.finality import Finality
from ledger.errors import SettingsError
from scripts.cli.options import finality_of

ADDRESSES = ["0x" + f"{number:040x}" for number in (1, 2)]


class TestFinalityOf:
    def test_without_options_the_newest_block_is_final(self):
        assert finality_of(0) == Finality()

    def test_confirmations_are_a_depth(self):
        assert finality_of(6, reorg_depth=8) == Finality("depth", blocks=6, reorg_depth=8)

    def test_validators_are_counted_or_named(self):
        assert finality_of(0, 4) == Finality("signers", validators=4)
        assert finality_of(0, 2, ADDRESSES).signers == tuple(ADDRESSES)
        assert finality_of(0, 0, ADDRESSES) == finality_of(0, 2, ADDRESSES)

    @pytest.mark.parametrize("given", [(3, 4), (0, 3, ADDRESSES), (0, 0, (), 2)])
    def test_options_that_contradict_one_another_are_refused(self, given):
        with pytest.raises(SettingsError) as refused:
            finality_of(*given)
        assert refused.value.setting == "finality"
