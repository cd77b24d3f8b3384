"""Ids in URLs, and refusals for people."""

from __future__ import annotations

import pytest

from api.web.parts import SealState
from api.web.proof_pages import Doors, hex_of, index_of, seal_state
from api.web.site import error_view
from ledger.errors import (
    InvariantBrokenError,
    LedgerError,
    NotFoundError,
    NotPermittedError,
    SameOfficerError,
)

HOSTILE = [
    "", "-1", "+1", "1e3", "0x10", "１２", "1 ", " 1", "1/../2", "9" * 16, "1'--", "<b>", "\x00", "٣",
]  # fmt: skip


class TestIds:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_what_is_no_index_is_not_here(self, text):
        with pytest.raises(NotFoundError) as refused:
            index_of(text)
        if text.strip():
            assert text not in str(refused.value)

    def test_index_is_read(self):
        assert index_of("0") == 0
        assert index_of("123456789012345") == 123_456_789_012_345

    @pytest.mark.parametrize(
        "text", ["", "ab" * 32, "0x", "0x" + "AB" * 32, "0x" + "ab" * 31, "0x" + "zz" * 32, "../x"]
    )
    def test_what_is_no_digest_is_not_here(self, text):
        with pytest.raises(NotFoundError):
            hex_of(text, 64, "batch")

    def test_digest_is_read_with_and_without_prefix(self):
        assert hex_of("0x" + "ab" * 32, 64, "batch") == "0x" + "ab" * 32
        assert hex_of("ab" * 16, 32, "alert", prefix="") == "ab" * 16


class TestSeals:
    def test_only_what_a_final_checkpoint_holds_stands(self):
        assert seal_state(4, 5) is SealState.STANDING
        assert seal_state(5, 5) is SealState.PENDING

    def test_links_to_leaves_one_may_not_open_are_left_out(self):
        doors = Doors("/me/entries/{}", may_open=frozenset({3}))
        assert doors.link(4) is None
        assert doors.link(3).href == "/me/entries/3"
        assert Doors("/bureau/entries/{}").link(4).href == "/bureau/entries/4"


class TestErrors:
    @pytest.mark.parametrize(
        "error",
        [
            LedgerError(),
            NotFoundError(what="entry", key="7"),
            NotPermittedError(action="this page", needed="an officer"),
            SameOfficerError(action="x"),
            InvariantBrokenError(invariant="i", expected="a", actual="b"),
        ],
    )
    def test_every_refusal_says_what_it_means_and_what_to_do(self, error):
        view = error_view(error, "12ab34cd")
        for words in (view.happened, view.means, view.do_now):
            assert words.zh
            assert words.en
        assert view.reference == "12ab34cd"
        assert view.back.href == "/"

    def test_missing_and_forbidden_are_said_in_plain_words(self):
        missing = error_view(NotFoundError(what="batch", key="0x12"), "1")
        assert missing.happened.zh == "没有找到您要看的内容"
        assert "0x12" not in missing.happened.en
