"""The proof bundle as a file: strict, complete, and silent about what it does not open."""

import json

import pytest

from ledger.errors import MalformedBundleError
from ledger.evidence.bundle import (
    LeafPlace,
    ProofBundle,
    StandingStatement,
    SupervisionOpening,
    owner_bundle,
)
from ledger.evidence.encoding import Entry, Head, reversal_subject
from ledger.policy.kinds import Kind


def _set(*path):
    *way, last = path[:-1]
    new = path[-1]

    def change(value):
        for step in way:
            value = value[step]
        if new is ...:
            del value[last]
        else:
            value[last] = new

    return change


def _refused(text):
    with pytest.raises(MalformedBundleError) as refused:
        ProofBundle.from_json(text)
    return refused.value


class TestFile:
    @pytest.mark.parametrize("name", ["owner", "supervision"])
    def test_the_vector_reads_and_writes_the_same(self, vector, name):
        text = json.dumps(vector(f"proof/{name}.json"), ensure_ascii=False, indent=2) + "\n"
        assert ProofBundle.from_json(text).to_json() == text

    @pytest.mark.parametrize("level", ["owner", "supervision"])
    def test_round_trip_with_and_without_the_optional_parts(self, case, level):
        for bundle in (case.bundle(level=level), case.full_bundle(level=level)):
            assert ProofBundle.from_json(bundle.to_json().encode()) == bundle

    def test_how_the_file_is_laid_out_does_not_matter(self, case):
        value = json.loads(case.full_bundle().to_json())
        text = json.dumps(dict(reversed(value.items())))
        assert ProofBundle.from_json(text) == case.full_bundle()

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (_set("schema", "anxu-proof/2"), "schema"),
            (_set("schema", ...), "schema"),
            (_set("level", "public"), "level"),
            (_set("level", "supervision"), "entry"),
            (_set("keys", []), "file"),
            (_set("entry", "00" * 80), "file"),
            (_set("log_id", 0), "log_id"),
            (_set("log_id", 2**32), "log_id"),
            (_set("log_id", "3"), "log_id"),
            (_set("index", -1), "index"),
            (_set("index", True), "index"),
            (_set("leaf", "00" * 63), "leaf"),
            (_set("leaf", "0x" + "00" * 64), "leaf"),
            (_set("record", []), "record"),
            (_set("record", ...), "record"),
            (_set("salt", "AA" * 32), "salt"),
            (_set("salt", "aa" * 16), "salt"),
            (_set("head", "00" * 8), "head"),
            (_set("head", "010d000100031740"), "head"),
            (_set("handle", None), "handle"),
            (_set("amount_fen", "312050"), "amount_fen"),
            (_set("amount_fen", 2**53), "amount_fen"),
            (_set("commitment", "00"), "commitment"),
            (_set("reverses", {"log": 3, "index": 1}), "reverses"),
            (_set("inclusion", "x"), "inclusion"),
            (_set("inclusion", 0, "00" * 31), "inclusion"),
            (_set("inclusion", ["00" * 32] * 64), "inclusion"),
            (_set("checkpoint", ""), "checkpoint"),
            (_set("checkpoint", "x"), "checkpoint"),
            (_set("checkpoint", "a\nb\nc\n\n— k AAAAAAAA\n"), "checkpoint"),
            (_set("anchor", None), "anchor"),
            (_set("anchor", "chain_id", 0), "anchor.chain_id"),
            (_set("anchor", "contract", "0x" + "C0" * 20), "anchor.contract"),
            (_set("anchor", "block", -1), "anchor.block"),
            (_set("anchor", "transaction", "7a" * 32), "anchor.transaction"),
            (_set("anchor", "extra", 1), "anchor"),
            (_set("standing", "size", 0), "standing.size"),
            (_set("standing", "root", "00"), "standing.root"),
            (_set("standing", "reversed", 0), "standing.reversed"),
            (_set("standing", "revoked", None), "standing.revoked"),
            (_set("standing", "time", 5), "standing.time"),
            (_set("standing", "time", "1969-12-31T23:59:59Z"), "standing.time"),
            (_set("standing", "cosigner", "a b"), "standing.cosigner"),
            (_set("standing", "signature", "AAAA"), "standing.signature"),
            (_set("standing", "extra", 1), "standing"),
        ],
    )
    def test_another_form_is_refused_by_field(self, case, change, field):
        value = json.loads(case.full_bundle().to_json())
        change(value)
        refused = _refused(json.dumps(value))
        assert refused.field == field
        assert refused.reason

    @pytest.mark.parametrize(
        "data", [b"", b"\x89PNG\r\n", b"{}", b"[]", b"null", b"\xff\xfe", b"%PDF-1.7", "{" * 5000]
    )
    def test_garbage_is_refused(self, data):
        assert _refused(data).field in {"file", "schema"}

    def test_a_file_too_large_is_refused_unread(self):
        assert "524288" in _refused(b" " * 524_289).reason

    def test_an_entry_of_an_unknown_kind_is_refused(self, case):
        value = json.loads(case.bundle(level="supervision").to_json())
        value["entry"] = value["entry"][:2] + "0d" + value["entry"][4:]
        assert _refused(json.dumps(value)).field == "entry"

    def test_no_error_quotes_the_record(self, case):
        value = json.loads(case.full_bundle().to_json())
        value["record"]["amount_fen"] = 1.5
        refused = _refused(json.dumps(value))
        assert "张三" not in f"{refused} {refused.sentence('zh')}"

    def test_what_a_person_holds_is_not_shown_by_repr(self, case):
        shown = repr(case.full_bundle()) + repr(case.full_bundle(level="supervision"))
        for secret in ("张三", "1101011950", repr(case.salt), repr(case.subject)):
            assert secret not in shown


class TestLevels:
    def test_an_owner_bundle_keeps_the_pseudonym_back(self, case):
        assert case.subject.hex() not in case.full_bundle().to_json()

    def test_a_supervision_bundle_keeps_the_record_back(self, case):
        text = case.full_bundle(level="supervision").to_json()
        for hidden in ("张三", "11010119500101001X", case.salt.hex()):
            assert hidden not in text

    def test_a_supervision_opening_shows_what_the_entry_says(self, case):
        opening = SupervisionOpening(case.entry)
        entry = case.entry
        assert (opening.head, opening.amount_fen, opening.commitment) == (
            entry.head,
            entry.amount_fen,
            entry.commitment,
        )

    def test_a_reversal_names_the_leaf_it_takes_back(self, case):
        entry = Entry(
            Head(Kind.REVERSAL, 1, 202608), reversal_subject(3, 2), 0, case.entry.commitment
        )
        bundle = owner_bundle(
            entry, case.record, case.salt, LeafPlace(3, 5), case.tree.inclusion_proof(5), case.note
        )
        assert bundle.opening.reverses == LeafPlace(3, 2)
        assert ProofBundle.from_json(bundle.to_json()) == bundle


class TestStatementAlone:
    """As a supervisor's node answers it, before it is in any bundle."""

    def test_round_trip(self, case):
        statement = case.standing(reversed=True)
        assert StandingStatement.from_object(statement.to_object()) == statement
        assert json.loads(case.full_bundle().to_json())["standing"] == case.standing().to_object()

    @pytest.mark.parametrize("value", [None, [], "x", {}, {"size": 7}])
    def test_another_form_is_refused(self, value):
        with pytest.raises(MalformedBundleError) as refused:
            StandingStatement.from_object(value)
        assert refused.value.field.startswith("standing")
