"""JSON of other people: one spelling, every field asked for, everything else refused by name."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import MalformedBundleError
from ledger.evidence.strict_json import (
    Fields,
    format_object,
    format_time,
    parse_hex,
    parse_object,
)


def _refuse(field, reason):
    return MalformedBundleError(field=field, reason=reason)


class TestParseObject:
    def test_takes_bytes_and_text(self):
        assert parse_object(b'{"a": 1}', 100, _refuse) == {"a": 1}
        assert parse_object('{"a": "\u4e2d"}', 100, _refuse) == {"a": "中"}

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "JSON"),
            (b"{", "JSON"),
            (b"[]", "object"),
            (b"1", "object"),
            (b"null", "object"),
            (b"\xff", "UTF-8"),
            (b"\xef\xbb\xbf{}", "JSON"),
            (b'{"a":1,"a":1}', "every key once"),
            (b'{"a":{"b":1,"b":2}}', "every key once"),
            (b'{"a":1.5}', "whole"),
            (b'{"a":1e3}', "whole"),
            (b'{"a":NaN}', "whole"),
            (b'{"a":-Infinity}', "whole"),
            (b'{"a":' + b"9" * 5000 + b"}", "JSON"),
            (b'{"a":"\\ud800"}', "UTF-8"),
            (b'{"\\ud800":1}', "UTF-8"),
            (b'{"a":' + b"[" * 40 + b"]" * 40 + b"}", "deep"),
            (b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "deep"),
            (b'{"a":1} x', "JSON"),
            (b'{"a":"' + b"x" * 200_000 + b'"}', "longer"),
            ("\ud800", "UTF-8"),
        ],
    )
    def test_refuses_what_two_readers_could_read_differently(self, data, reason):
        with pytest.raises(MalformedBundleError) as refused:
            parse_object(data, 150_000, _refuse)
        assert refused.value.field == "file"
        assert reason in refused.value.reason

    @given(st.binary(max_size=200) | st.text(max_size=200))
    def test_never_fails_in_another_way(self, data):
        try:
            assert isinstance(parse_object(data, 1000, _refuse), dict)
        except MalformedBundleError:
            return


class TestFields:
    @pytest.mark.parametrize(
        ("take", "good", "bad"),
        [
            (lambda f: f.text("k"), ["x", "中"], ["", 1, None, "x" * 4097, "\ud800"]),
            (lambda f: f.choice("k", "a", "b"), ["a", "b"], ["c", 1, None]),
            (lambda f: f.integer("k", 1, 5), [1, 5], [0, 6, True, "1", None, 1.0]),
            (lambda f: f.flag("k"), [True, False], [0, 1, None, "true"]),
            (lambda f: f.items("k"), [[], [1]], [{}, "x", None, [0] * 10_001]),
            (lambda f: f.mapping("k"), [{}, {"a": 1}], [[], "x", None]),
        ],
    )
    def test_gives_the_value_or_names_the_field(self, take, good, bad):
        for value in good:
            assert take(Fields({"k": value}, "p", _refuse)) == value
        for value in bad:
            with pytest.raises(MalformedBundleError) as refused:
                take(Fields({"k": value}, "p", _refuse))
            assert refused.value.field == "p.k"

    def test_hexadecimal_has_one_spelling(self):
        assert Fields({"k": "0x00ff"}, "", _refuse).hexadecimal("k", 2, "0x") == b"\x00\xff"
        for bad in ("00ff", "0x00FF", "0x00f", "0x00ff0", "0x 0ff", "0x0０ff", 5, None):
            with pytest.raises(MalformedBundleError):
                Fields({"k": bad}, "", _refuse).hexadecimal("k", 2, "0x")

    def test_base64_has_one_spelling(self):
        assert Fields({"k": "AAA="}, "", _refuse).base64("k", 2) == b"\x00\x00"
        for bad in ("AAA", "AAB=", "AA==", "AA-_", " AAA=", "AAA=\n", "", 5, None):
            with pytest.raises(MalformedBundleError):
                Fields({"k": bad}, "", _refuse).base64("k", 2)

    def test_time_has_one_spelling(self):
        time = datetime(2026, 9, 15, 1, 2, 3, tzinfo=UTC)
        assert Fields({"k": "2026-09-15T01:02:03Z"}, "", _refuse).time("k") == time
        assert format_time(time) == "2026-09-15T01:02:03Z"
        for bad in (
            "2026-9-15T01:02:03Z",
            "2026-09-15T1:02:03Z",
            "2026-09-15 01:02:03Z",
            "2026-09-15T01:02:03+00:00",
            "2026-09-15T01:02:03",
            "2026-02-30T01:02:03Z",
            "２026-09-15T01:02:03Z",
            "",
            5,
            None,
        ):
            with pytest.raises(MalformedBundleError):
                Fields({"k": bad}, "", _refuse).time("k")

    def test_what_nobody_asked_for_is_refused_without_being_quoted(self):
        fields = Fields({"k": 1, "张三": 2}, "", _refuse)
        fields.take("k")
        with pytest.raises(MalformedBundleError) as refused:
            fields.done()
        assert refused.value.fields() == {"field": "file", "reason": "1 unknown fields"}

    def test_a_missing_field_is_named_with_its_path(self):
        inner = Fields({"a": {"b": {}}}, "", _refuse).fields("a").fields("b")
        with pytest.raises(MalformedBundleError) as refused:
            inner.integer("c", 0)
        assert refused.value.fields() == {"field": "a.b.c", "reason": "it is missing"}

    def test_a_constant_must_be_itself(self):
        Fields({"k": "x"}, "", _refuse).constant("k", "x")
        with pytest.raises(MalformedBundleError):
            Fields({"k": "y"}, "", _refuse).constant("k", "x")

    def test_null_is_taken_only_where_it_stands(self):
        fields = Fields({"k": None, "l": 1}, "", _refuse)
        assert fields.is_null("k")
        assert not fields.has("k")
        assert not fields.is_null("l")
        assert not fields.is_null("m")

    def test_what_is_no_object_has_no_fields(self):
        with pytest.raises(MalformedBundleError) as refused:
            Fields([], "logs[0]", _refuse)
        assert refused.value.field == "logs[0]"


def test_an_object_is_laid_out_for_people():
    assert format_object({"姓名": 1}) == '{\n  "姓名": 1\n}\n'


@pytest.mark.parametrize("value", ["0", "zz", "00 ", "０0"])
def test_parse_hex_refuses_other_digits(value):
    with pytest.raises(ValueError, match="hexadecimal"):
        parse_hex(value, 1)
