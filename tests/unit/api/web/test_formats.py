from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from api.web import formats
from api.web.parts import Language


class TestNumbers:
    @pytest.mark.parametrize(
        ("fen", "text"),
        [
            (0, "0.00"),
            (5, "0.05"),
            (123_456, "1,234.56"),
            (-123_456, "−1,234.56"),
            (10**12, "10,000,000,000.00"),
            (None, "—"),
        ],
    )
    def test_fen_become_yuan_with_two_places(self, fen, text):
        assert formats.yuan(fen) == text

    @pytest.mark.parametrize(
        ("number", "text"), [(0, "0"), (12_408, "12,408"), (-17, "−17"), (None, "—")]
    )
    def test_counts_are_separated_by_thousands(self, number, text):
        assert formats.count(number) == text


class TestMonths:
    def test_month_is_written_in_figures(self):
        assert formats.month(202508) == "2025-08"
        assert formats.month(0) == "—"

    def test_month_is_written_in_words_that_do_not_break(self):
        assert formats.month_words(202508, Language.ZH).replace("\xa0", " ") == "2025 年 8 月"
        assert formats.month_words(202508, Language.EN).replace("\xa0", " ") == "August 2025"
        assert " " not in formats.month_words(202512, Language.ZH)
        assert formats.month_words(0, Language.EN) == "—"


class TestTimes:
    def test_time_is_shown_in_beijing(self):
        at = datetime(2026, 9, 14, 23, 30, 5, tzinfo=UTC)
        assert (
            formats.beijing(at)
            == '<time datetime="2026-09-15T07:30:05+08:00">2026-09-15 07:30</time>'
        )
        assert formats.beijing(None) == "—"

    def test_time_without_zone_is_our_mistake(self):
        with pytest.raises(AssertionError):
            formats.beijing(datetime(2026, 9, 15))  # noqa: DTZ001

    def test_day_is_shown_as_it_is(self):
        assert formats.day(date(2026, 9, 15)) == '<time datetime="2026-09-15">2026-09-15</time>'
        assert formats.day(None) == "—"


class TestDigest:
    def test_digest_is_short_to_see_and_whole_to_copy(self):
        value = "0123456789abcdef" * 4
        shown = formats.digest(value)
        assert f'title="{value}"' in shown
        assert (
            shown.unescape()
            .replace('<span class="digest-middle">', "")
            .replace("</span>", "")
            .count(value)
            == 2
        )

    def test_prefix_of_a_chain_hash_stays_visible(self):
        assert formats.digest("0x" + "ab" * 32).count(">0xababab<span") == 1

    def test_short_value_is_shown_whole(self):
        assert formats.digest("abc<") == '<code class="digest">abc&lt;</code>'
        assert formats.digest("") == "—"
