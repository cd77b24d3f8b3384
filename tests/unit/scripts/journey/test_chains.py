"""On which day a demonstration stands."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from ledger.ports import BEIJING
from scripts.journey.chains import ANVIL, EMBEDDED, NETWORK, day_of, is_held

USUAL, OTHER = date(2026, 9, 15), date(2026, 10, 1)


class TestDay:
    @pytest.mark.parametrize("chain", [EMBEDDED, ANVIL])
    def test_a_clock_that_can_be_set_stands_on_any_day(self, chain):
        assert day_of(chain, None, USUAL) == USUAL
        assert day_of(chain, OTHER, USUAL) == OTHER

    def test_validators_know_only_today(self):
        today = datetime.now(BEIJING).date()
        assert day_of(NETWORK, None, USUAL) == today
        with pytest.raises(ValueError, match="no other day than today"):
            day_of(NETWORK, date(2000, 1, 1), USUAL)


@pytest.mark.parametrize("chain", [EMBEDDED, ANVIL, NETWORK])
def test_a_new_directory_is_held_by_nobody(chain, tmp_path):
    assert not is_held(chain, tmp_path)
