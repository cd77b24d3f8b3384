from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from devnet.errors import SettingsError
from devnet.settings import DevnetSettings, Fund, offset_seconds_for


class TestFund:
    def test_reads_what_it_writes(self) -> None:
        text = "0x" + "ab" * 20 + "=1000"
        assert Fund.parse(text) == Fund(b"\xab" * 20, 1000)
        assert str(Fund.parse(text)) == text

    @pytest.mark.parametrize(
        "text",
        [
            "", "0x" + "ab" * 20, "0x" + "ab" * 19 + "=1", "ab" * 20 + "=1",
            "0x" + "ab" * 20 + "=0", "0x" + "ab" * 20 + "=-1", "0x" + "ab" * 20 + "=1.5",
            "0x" + "ab" * 20 + "=٣", "0x" + "ab" * 20 + f"={2**128 + 1}",
        ],
    )  # fmt: skip
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(SettingsError) as refused:
            Fund.parse(text)
        assert refused.value.setting == "fund"


class TestDevnetSettings:
    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
    def test_only_loopback_may_be_bound(self, host: str, tmp_path: Path) -> None:
        with pytest.raises(SettingsError) as refused:
            DevnetSettings(tmp_path, host=host)
        assert refused.value.setting == "host"

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("port", -1), ("port", 65536), ("chain_id", 0), ("chain_id", 2**53),
            ("gas_limit", 4999), ("gas_limit", 2**63), ("base_fee_wei", -1),
        ],
    )  # fmt: skip
    def test_limits_are_kept(self, setting: str, value: int, tmp_path: Path) -> None:
        changed: dict[str, Any] = {setting: value}
        with pytest.raises(SettingsError) as refused:
            DevnetSettings(tmp_path, **changed)
        assert refused.value.setting == setting

    def test_an_account_is_funded_once(self, tmp_path: Path) -> None:
        twice = (Fund(b"\x01" * 20, 1), Fund(b"\x01" * 20, 2))
        with pytest.raises(SettingsError, match="twice"):
            DevnetSettings(tmp_path, funds=twice)


class TestOffset:
    def test_the_clock_reads_nine_in_beijing_on_that_day(self) -> None:
        now = datetime(2026, 11, 22, 4, 30, 17, tzinfo=UTC)
        shifted = now.timestamp() + offset_seconds_for(date(2026, 9, 15), now)
        assert datetime.fromtimestamp(shifted, UTC) == datetime(2026, 9, 15, 1, 0, tzinfo=UTC)

    def test_without_a_day_it_is_real_time(self) -> None:
        assert offset_seconds_for(None, datetime(2026, 11, 22, tzinfo=UTC)) == 0
