from __future__ import annotations

import pytest

from ledger.errors import NotFoundError
from scripts.cli.nodes import whole_number

KNOWN = ["0xabcdef01", "0xabcd9999", "1234567890"]


class TestWholeNumber:
    @pytest.mark.parametrize(
        ("given", "found"),
        [("0xabcdef01", KNOWN[0]), ("0xABCDE", KNOWN[0]), ("abcd9", KNOWN[1]), ("1234", KNOWN[2])],
    )
    def test_the_first_characters_are_enough(self, given, found):
        assert whole_number(KNOWN, given, "batch") == found

    @pytest.mark.parametrize("given", ["0xabcd", "0xffff", "0x", "", "123"])
    def test_none_or_several_are_refused(self, given):
        with pytest.raises(NotFoundError) as caught:
            whole_number(KNOWN, given, "batch")
        assert caught.value.what == "batch"
