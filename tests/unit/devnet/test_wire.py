from __future__ import annotations

from typing import Any

import pytest
from devnet import wire
from devnet.errors import InvalidParamsError
from devnet.wire import BlockReference


class TestNumbersAndBytes:
    @pytest.mark.parametrize(("text", "number"), [("0x0", 0), ("0x400", 1024), ("0xFf", 255)])
    def test_quantities_are_read(self, text: str, number: int) -> None:
        assert wire.quantity(text, "x") == number

    @pytest.mark.parametrize(
        "text", ["0x", "ff", "0x1_0", "0x 1", "0x-1", 5, None, "0x" + "f" * 65]
    )
    def test_anything_else_is_no_quantity(self, text: Any) -> None:
        with pytest.raises(InvalidParamsError, match="gas"):
            wire.quantity(text, "gas")

    @pytest.mark.parametrize("text", ["", "0x1", "0x 11", "0xgg", "11", None, 17])
    def test_anything_else_is_no_data(self, text: Any) -> None:
        with pytest.raises(InvalidParamsError):
            wire.data(text, "x")

    def test_data_may_be_held_to_a_size(self) -> None:
        assert wire.data("0x1122", "x", 2) == b"\x11\x22"
        with pytest.raises(InvalidParamsError, match="20 bytes"):
            wire.data("0x1122", "x", 20)

    def test_results_are_spelled_as_ethereum_wants_them(self) -> None:
        spelled = wire.spelled({"a": 1024, "b": [b"\x01", True, None, "text"]})
        assert spelled == {"a": "0x400", "b": ["0x01", True, None, "text"]}


class TestBlockReference:
    def test_names_numbers_and_objects_are_read(self) -> None:
        assert wire.block_reference(None) == BlockReference(name="latest")
        assert wire.block_reference("pending") == BlockReference(name="pending")
        assert wire.block_reference("0x10") == BlockReference(number=16)
        assert wire.block_reference({"blockNumber": "0x10"}) == BlockReference(number=16)
        by_hash = wire.block_reference({"blockHash": "0x" + "01" * 32})
        assert by_hash == BlockReference(block_hash=b"\x01" * 32)

    @pytest.mark.parametrize("value", ["newest", 5, {}, {"blockHash": "0x01"}, []])
    def test_anything_else_is_refused(self, value: Any) -> None:
        with pytest.raises(InvalidParamsError):
            wire.block_reference(value)


class TestFilters:
    def test_topics_may_be_one_several_or_any(self) -> None:
        one, two = "0x" + "01" * 32, "0x" + "02" * 32
        read = wire.filter_topics({"topics": [one, None, [one, two], [one, None]]})
        assert read == ((b"\x01" * 32,), (), (b"\x01" * 32, b"\x02" * 32), ())

    @pytest.mark.parametrize("topics", [["0x01"], "0x", [None] * 5])
    def test_malformed_topics_are_refused(self, topics: Any) -> None:
        with pytest.raises(InvalidParamsError):
            wire.filter_topics({"topics": topics})

    def test_addresses_may_be_one_or_several(self) -> None:
        address = "0x" + "ab" * 20
        assert wire.filter_addresses({}) == ()
        assert wire.filter_addresses({"address": address}) == (b"\xab" * 20,)
        assert wire.filter_addresses({"address": [address, address]}) == (b"\xab" * 20,) * 2
