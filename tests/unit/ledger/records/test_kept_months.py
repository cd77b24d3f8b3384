from __future__ import annotations

import polars as pl
import pytest

from ledger.ports import SystemRandom
from ledger.records import kept_months
from ledger.records.kept_months import KeptMonths


def frames(sizes):
    """Frames of some rows with Chinese text, empty cells and whole numbers."""
    made, first = [], 0
    for size in sizes:
        numbers = range(first, first + size)
        made.append(
            pl.DataFrame(
                {
                    "row": list(numbers),
                    "name": [f"张{'三' * (number % 9)}{number}" for number in numbers],
                    "employer_code": ["" if number % 3 else "91350100M000100Y43" for number in numbers],
                    "normal": [number % 2 == 0 for number in numbers],
                },
                schema={"row": pl.Int64, "name": pl.String, "employer_code": pl.String, "normal": pl.Boolean},
            )
        )  # fmt: skip
        first += size
    return made


class TestKeptMonths:
    @pytest.mark.parametrize("in_memory", [0, 10, 25, 1_000])
    def test_frames_come_back_as_they_were_in_order(self, tmp_path, monkeypatch, in_memory):
        monkeypatch.setattr(kept_months, "IN_MEMORY", in_memory)
        given = frames([10, 1, 30, 7, 200])
        with KeptMonths(tmp_path, SystemRandom()) as kept:
            for frame in given:
                kept.add(frame)
            for _ in range(2):
                back = list(kept)
                assert len(back) == len(given)
                for one, other in zip(back, given, strict=True):
                    assert one.equals(other)
                    assert one.schema == other.schema

    def test_parts_of_other_frames_are_kept_too(self, tmp_path, monkeypatch):
        monkeypatch.setattr(kept_months, "IN_MEMORY", 0)
        (whole,) = frames([100])
        some = whole.filter(pl.col("row") % 7 == 3)
        with KeptMonths(tmp_path, SystemRandom()) as kept:
            kept.add(some)
            (back,) = kept
        assert back.equals(some)

    def test_nothing_kept_is_nothing(self, tmp_path):
        with KeptMonths(tmp_path, SystemRandom()) as kept:
            assert list(kept) == []
