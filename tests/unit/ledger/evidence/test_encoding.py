"""Bytes to be hashed: each against vectors that were made without this module."""

import hashlib
import json
import unicodedata
from types import MappingProxyType

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import EncodingError, LengthError
from ledger.evidence.encoding import (
    Entry,
    Head,
    Leaf,
    Standing,
    benefit_tag,
    canonical_json,
    commitment_of,
    exclusive_tag,
    figures_digest,
    handle_of,
    leaf_hash,
    node_hash,
    other_tag,
    reversal_subject,
    reversal_tag,
    reversed_leaf,
    seal_of,
    segment_tag,
    tag_from,
    tag_of,
)
from ledger.policy.kinds import Kind


def _bytes(value, *keys):
    return [bytes.fromhex(value[key]) for key in keys]


class TestHead:
    def test_has_the_bytes_of_the_vector(self, vector):
        value = vector("encoding/head.json")
        head = Head(Kind(value["kind"]), value["class"], value["period"])
        assert head.pack().hex() == value["bytes"]
        assert Head.parse(head.pack()) == head

    @pytest.mark.parametrize("class_", [-1, 0x10000])
    def test_refuses_a_class_out_of_bounds(self, class_):
        with pytest.raises(EncodingError) as refused:
            Head(Kind.PAYOUT, class_, 0).pack()
        assert refused.value.field == "class"

    @pytest.mark.parametrize("period", [-1, 1, 202600, 202613, 190012 - 100, 1000001])
    def test_refuses_what_is_no_month(self, period):
        with pytest.raises(EncodingError) as refused:
            Head(Kind.PAYOUT, 1, period).pack()
        assert refused.value.field == "period"
        assert "yyyymm" in refused.value.reason

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ("0002000100031704", "version"),
            ("0202000100031704", "version"),
            ("0100000100031704", "kind"),
            ("010d000100031704", "kind"),
            ("0102000100000001", "period"),
        ],
    )
    def test_refuses_bytes_it_would_not_write(self, data, field):
        with pytest.raises(EncodingError) as refused:
            Head.parse(bytes.fromhex(data))
        assert refused.value.field == field

    def test_refuses_another_length(self):
        with pytest.raises(LengthError) as refused:
            Head.parse(bytes(9))
        assert refused.value.fields() == {"field": "head", "expected": 8, "actual": 9}

    @given(st.binary(min_size=8, max_size=8))
    def test_whatever_parses_formats_back(self, data):
        try:
            head = Head.parse(data)
        except EncodingError:
            return
        assert head.pack() == data


class TestEntry:
    @pytest.mark.parametrize("name", ["entry", "entry-negative-amount"])
    def test_has_the_bytes_of_the_vector(self, vector, name):
        value = vector(f"encoding/{name}.json")
        head, subject, commitment = _bytes(value, "head", "subject", "commitment")
        entry = Entry(Head.parse(head), subject, value["amount_fen"], commitment)
        assert entry.pack().hex() == value["bytes"]
        assert Entry.parse(entry.pack()) == entry

    @pytest.mark.parametrize("amount", [2**63, -(2**63) - 1])
    def test_refuses_an_amount_beyond_64_bits(self, amount):
        with pytest.raises(EncodingError) as refused:
            Entry(Head(Kind.PAYOUT, 1, 0), bytes(32), amount, bytes(32)).pack()
        assert refused.value.field == "amount"

    @pytest.mark.parametrize(("subject", "commitment"), [(31, 32), (32, 33)])
    def test_refuses_digests_of_another_length(self, subject, commitment):
        with pytest.raises(LengthError):
            Entry(Head(Kind.PAYOUT, 1, 0), bytes(subject), 0, bytes(commitment)).pack()

    def test_gives_the_leaf_of_the_vector(self, vector):
        value = vector("encoding/leaf.json")
        leaf = Entry.parse(bytes.fromhex(value["entry"])).leaf(value["log_id"])
        assert leaf.pack().hex() == value["bytes"]
        assert leaf_hash(leaf.pack()).hex() == value["leaf_hash"]
        assert Leaf.parse(leaf.pack()) == leaf

    def test_a_leaf_has_64_bytes(self):
        with pytest.raises(LengthError) as refused:
            Leaf.parse(bytes(63))
        assert refused.value.fields() == {"field": "leaf", "expected": 64, "actual": 63}


class TestTags:
    def test_handle(self, vector):
        value = vector("encoding/handle.json")
        head, subject = _bytes(value, "head", "subject")
        assert handle_of(Head.parse(head), subject).hex() == value["digest"]

    def test_exclusive(self, vector):
        value = vector("encoding/tag-exclusive.json")
        head, handle = _bytes(value, "head", "handle")
        assert exclusive_tag(Head.parse(head), handle).hex() == value["digest"]
        assert tag_from(Head.parse(head), handle, bytes(32)).hex() == value["digest"]

    def test_other(self, vector):
        value = vector("encoding/tag-other.json")
        head, handle, commitment = _bytes(value, "head", "handle", "commitment")
        assert other_tag(Head.parse(head), handle, commitment).hex() == value["digest"]
        assert tag_from(Head.parse(head), handle, commitment).hex() == value["digest"]

    def test_reversal(self, vector):
        value = vector("encoding/tag-reversal.json")
        subject = reversal_subject(value["log_id"], value["index"])
        assert subject.hex() == value["subject"]
        assert reversed_leaf(subject) == (value["log_id"], value["index"])
        assert reversal_tag(value["log_id"], value["index"]).hex() == value["digest"]
        entry = Entry(Head(Kind.REVERSAL, 1, 202608), subject, 0, bytes(32))
        assert tag_of(entry).hex() == value["digest"]

    def test_two_cities_give_one_payout_one_tag_and_two_seals(self):
        head, subject = Head(Kind.PAYOUT, 1, 202609), hashlib.sha256(b"x").digest()
        ours = Entry(head, subject, 100, bytes(32)).leaf(1)
        theirs = Entry(head, subject, 200, bytes([1]) * 32).leaf(2)
        assert ours.tag == theirs.tag
        assert ours.seal != theirs.seal

    def test_supplements_never_share_a_tag(self):
        head, subject = Head(Kind.PAYOUT, 0x8001, 202609), bytes(32)
        tags = {tag_of(Entry(head, subject, 1, bytes([n]) * 32)) for n in range(4)}
        assert len(tags) == 4

    def test_a_reversal_that_names_more_than_a_leaf_is_refused(self):
        with pytest.raises(EncodingError) as refused:
            reversed_leaf(bytes(31) + b"\x01")
        assert refused.value.field == "subject"

    def test_a_reversal_subject_has_32_bytes(self):
        with pytest.raises(LengthError):
            reversed_leaf(bytes(12))

    def test_digests_of_another_length_are_refused(self):
        head = Head(Kind.PAYOUT, 1, 0)
        for call in (
            lambda: handle_of(head, bytes(31)),
            lambda: exclusive_tag(head, bytes(31)),
            lambda: other_tag(head, bytes(32), bytes(31)),
            lambda: other_tag(head, bytes(31), bytes(32)),
            lambda: seal_of(1, 0, bytes(31)),
            lambda: segment_tag(1, 1, 1, bytes(31)),
            lambda: benefit_tag(1, bytes(33)),
        ):
            with pytest.raises(LengthError):
                call()

    def test_numbers_out_of_bounds_are_refused_by_name(self):
        for call, field in (
            (lambda: seal_of(2**32, 0, bytes(32)), "seal"),
            (lambda: seal_of(1, 2**63, bytes(32)), "seal"),
            (lambda: reversal_tag(-1, 0), "reversal"),
            (lambda: reversal_subject(1, 2**64), "reversal"),
            (lambda: segment_tag(1, 1, 2**16, bytes(32)), "segment"),
            (lambda: benefit_tag(2**16, bytes(32)), "benefit"),
            (lambda: Standing(1, 0, -1, bytes(32), False, False, 0).digest(), "standing"),
        ):
            with pytest.raises(EncodingError) as refused:
                call()
            assert refused.value.field == field


class TestDigests:
    def test_seal(self, vector):
        value = vector("encoding/seal.json")
        (commitment,) = _bytes(value, "commitment")
        seal = seal_of(value["log_id"], value["amount_fen"], commitment)
        assert seal.hex() == value["digest"]

    def test_node(self, vector):
        value = vector("encoding/node-hash.json")
        assert node_hash(*_bytes(value, "left", "right")).hex() == value["digest"]

    @pytest.mark.parametrize(
        ("name", "function"), [("commitment", commitment_of), ("figures", figures_digest)]
    )
    def test_salted(self, vector, name, function):
        value = vector(f"encoding/{name}.json")
        (salt,) = _bytes(value, "salt")
        assert function(value["canonical"].encode(), salt).hex() == value["digest"]

    @pytest.mark.parametrize("function", [commitment_of, figures_digest])
    def test_a_short_salt_is_refused(self, function):
        with pytest.raises(LengthError) as refused:
            function(b"{}", bytes(16))
        assert refused.value.fields() == {"field": "salt", "expected": 32, "actual": 16}

    def test_segment(self, vector):
        value = vector("encoding/segment.json")
        (subject,) = _bytes(value, "subject")
        tag = segment_tag(value["class"], value["log_id"], value["stay"], subject)
        assert tag.hex() == value["digest"]

    def test_benefit(self, vector):
        value = vector("encoding/benefit.json")
        (subject,) = _bytes(value, "subject")
        assert benefit_tag(value["class"], subject).hex() == value["digest"]

    def test_standing(self, vector):
        value = vector("encoding/standing.json")
        standing = Standing(
            value["log_id"],
            value["index"],
            value["size"],
            bytes.fromhex(value["root"]),
            value["reversed"],
            value["revoked"],
            value["time"],
        )
        assert standing.digest().hex() == value["digest"]


_plain = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8)
_records = st.dictionaries(
    st.text(max_size=6),
    st.recursive(
        _plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=8,
    ),
    max_size=5,
)


def _independent(value):
    """RFC 8785 with the standard library: keys sorted by UTF-16 code units."""
    if isinstance(value, dict):
        ordered = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_independent(k)}:{_independent(v)}" for k, v in ordered) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_independent, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _with_ascii_keys(pairs):
    return {ascii(key): value for key, value in pairs}


class TestCanonicalJson:
    @pytest.mark.parametrize("name", ["canonical-json", "canonical-json-order"])
    def test_has_the_bytes_of_the_vector(self, vector, name):
        value = vector(f"encoding/{name}.json")
        assert canonical_json(value["record"]).decode() == value["canonical"]

    @given(_records)
    def test_agrees_with_an_independent_writer(self, record):
        text = _independent(record)
        if not unicodedata.is_normalized("NFC", text) or any(
            "\ud800" <= c <= "\udfff" for c in text
        ):
            with pytest.raises(EncodingError):
                canonical_json(record)
            return
        assert canonical_json(record).decode() == text

    @given(_records)
    def test_both_ways_of_writing_give_the_same_bytes(self, record):
        """With ASCII keys the fast way is taken: compared here with the library of RFC 8785."""
        ascii_only = json.loads(json.dumps(record), object_pairs_hook=_with_ascii_keys)
        try:
            written = canonical_json(ascii_only)
        except EncodingError:
            return
        assert written == rfc8785.dumps(ascii_only)

    @pytest.mark.parametrize("nest", [lambda v: {"a": v}, lambda v: [v]])
    def test_nesting_is_bounded_alike_for_objects_and_lists(self, nest):
        value = {"k": 1}
        for _ in range(15):
            value = nest(value)
        canonical_json({"a": value})
        with pytest.raises(EncodingError) as refused:
            canonical_json({"a": nest(value)})
        assert refused.value.fields() == {"field": "record", "reason": "it is nested over 16 deep"}

    def test_takes_any_mapping_at_the_top(self):
        assert canonical_json(MappingProxyType({"a": 1})) == b'{"a":1}'

    @pytest.mark.parametrize(
        ("value", "field", "reason"),
        [
            ({"a": "e\u0301"}, "record.a", "NFC"),
            ({"e\u0301": 1}, "a key of record", "NFC"),
            ({"a": [0, 2**53]}, "record.a[1]", "2^53-1"),
            ({"a": {"b": -(2**53)}}, "record.a.b", "2^53-1"),
            ({"a": 1.0}, "record.a", "float"),
            ({"a": b""}, "record.a", "bytes"),
            ({1: 1}, "record", "key"),
            ({"a": "\ud800"}, "record", "cannot carry"),
        ],
    )
    def test_refuses_what_has_no_one_spelling(self, value, field, reason):
        with pytest.raises(EncodingError) as refused:
            canonical_json(value)
        assert refused.value.field == field
        assert reason in refused.value.reason

    def test_refuses_endless_nesting(self):
        value = {}
        for _ in range(5000):
            value = {"a": value}
        with pytest.raises(EncodingError) as refused:
            canonical_json(value)
        assert "nested" in refused.value.reason
