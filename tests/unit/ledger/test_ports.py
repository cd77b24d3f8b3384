from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

import ledger.ports
from ledger.ports import SystemClock, SystemRandom


@pytest.fixture
def stand_on(monkeypatch):
    """Make the machine's clock stand on an instant."""

    def stand(at: datetime) -> None:
        class Standing(datetime):
            @classmethod
            def now(cls, tz=None):
                return at.astimezone(tz)

        monkeypatch.setattr(ledger.ports, "datetime", Standing)

    return stand


class TestSystemClock:
    def test_it_tells_the_machines_time_in_utc(self, stand_on):
        at = datetime(2026, 9, 15, 1, 2, 3, tzinfo=UTC)
        stand_on(at)
        assert SystemClock().now() == at
        assert SystemClock().now().utcoffset() == timedelta(0)

    def test_the_offset_moves_it(self, stand_on):
        stand_on(datetime(2026, 9, 15, tzinfo=UTC))
        assert SystemClock(-86_400).now() == datetime(2026, 9, 14, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("hour", "day"), [(15, date(2026, 9, 14)), (16, date(2026, 9, 15)), (23, date(2026, 9, 15))]
    )
    def test_the_day_changes_at_midnight_in_beijing(self, stand_on, hour, day):
        stand_on(datetime(2026, 9, 14, hour, 0, tzinfo=UTC))
        assert SystemClock().today() == day


class TestSystemRandom:
    def test_it_gives_as_many_bytes_as_asked_and_never_the_same(self):
        assert [len(SystemRandom().bytes(count)) for count in (0, 1, 32)] == [0, 1, 32]
        assert SystemRandom().bytes(32) != SystemRandom().bytes(32)
