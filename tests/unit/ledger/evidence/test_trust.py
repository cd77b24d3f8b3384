"""The trust file: strict, and the same after reading and writing."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import MalformedTrustFileError
from ledger.evidence.checkpoint import VerifierKey
from ledger.evidence.trust import TrustedKey, TrustFile, origin_of_log


def _damaged(case, change):
    value = json.loads(case.trust().to_json())
    change(value)
    return json.dumps(value)


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


class TestFile:
    def test_the_vector_reads_and_writes_the_same(self, vector):
        value = vector("proof/trust.json")
        text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
        trust = TrustFile.from_json(text)
        assert trust.to_json() == text
        assert trust.log(3).origin == "anxu/31415/3"
        assert trust.log(4) is None
        assert [row.name for row in trust.cosigners_named("anxu/31415/supervisor")] == [
            "基金监管局"
        ]
        assert trust.cosigners_named("nobody") == ()

    def test_round_trip_with_an_end_of_validity(self, case, now):
        trust = case.trust(log_until=now.replace(microsecond=0))
        assert TrustFile.from_json(trust.to_json().encode()) == trust

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (_set("schema", "anxu-trust/2"), "schema"),
            (_set("extra", 1), "file"),
            (_set("chain_id", 0), "chain_id"),
            (_set("chain_id", ...), "chain_id"),
            (_set("contracts", []), "contracts"),
            (_set("contracts", "Checkpoints", "address", "0x" + "C0" * 20), "address"),
            (_set("contracts", "Checkpoints", "address", "c0" * 20), "address"),
            (_set("contracts", "Checkpoints", "code_hash", "0x00"), "code_hash"),
            (_set("contracts", "Checkpoints", "extra", 1), "contracts.Checkpoints"),
            (_set("logs", {}), "logs"),
            (_set("logs", 0, 7), "logs[0]"),
            (_set("logs", 0, "log_id", 0), "log_id"),
            (_set("logs", 0, "log_id", 2**32), "log_id"),
            (_set("logs", 0, "log_id", 4), "origin"),
            (_set("logs", 0, "origin", "anxu/1/3"), "origin"),
            (_set("logs", 0, "name", ""), "name"),
            (_set("logs", 0, "keys", 0, "vkey", "x"), "vkey"),
            (_set("logs", 0, "keys", 0, "valid_from", "2026-01-01"), "valid_from"),
            (_set("logs", 0, "keys", 0, "valid_until", "2020-01-01T00:00:00Z"), "valid_until"),
            (_set("logs", 0, "keys", 0, "valid_until", ...), "valid_until"),
            (_set("logs", 0, "keys", 0, "extra", 1), "keys[0]"),
            (_set("cosigners", 0, "name", 5), "name"),
            (_set("cosigners", 0, "vkey", None), "vkey"),
            (_set("cosigners", 0, "extra", None), "cosigners[0]"),
        ],
    )
    def test_another_form_is_refused_by_field(self, case, change, field):
        with pytest.raises(MalformedTrustFileError) as refused:
            TrustFile.from_json(_damaged(case, change))
        assert refused.value.field.endswith(field)
        assert refused.value.reason

    def test_a_key_of_the_other_kind_is_refused(self, case):
        key = case.log_key.public_key
        as_cosigner = VerifierKey.cosigner("anxu/31415/3", key).format()
        as_log = VerifierKey.log("anxu/31415/supervisor", key).format()
        for change in (
            _set("logs", 0, "keys", 0, "vkey", as_cosigner),
            _set("cosigners", 0, "vkey", as_log),
        ):
            with pytest.raises(MalformedTrustFileError) as refused:
                TrustFile.from_json(_damaged(case, change))
            assert "type" in refused.value.reason

    def test_a_log_key_of_another_name_is_refused(self, case):
        vkey = VerifierKey.log("somebody", case.log_key.public_key).format()
        with pytest.raises(MalformedTrustFileError) as refused:
            TrustFile.from_json(_damaged(case, _set("logs", 0, "keys", 0, "vkey", vkey)))
        assert "origin" in refused.value.reason

    @pytest.mark.parametrize("rows", ["logs", "cosigners"])
    def test_nothing_stands_twice(self, case, rows):
        with pytest.raises(MalformedTrustFileError) as refused:
            TrustFile.from_json(_damaged(case, lambda value: value[rows].append(value[rows][0])))
        assert refused.value.fields() == {"field": rows, "reason": "one of them stands twice"}

    @pytest.mark.parametrize("data", [b"", b"garbage", b"[]", b"\xff"])
    def test_garbage_is_refused(self, data):
        with pytest.raises(MalformedTrustFileError) as refused:
            TrustFile.from_json(data)
        assert refused.value.field == "file"


class TestValidity:
    def test_a_key_covers_from_its_first_to_before_its_last_moment(self):
        start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
        key = TrustedKey(VerifierKey.log("a", bytes(32)), start, end)
        assert key.covers(start)
        assert not key.covers(start - timedelta(seconds=1))
        assert key.covers(end - timedelta(seconds=1))
        assert not key.covers(end)
        assert TrustedKey(key.key, start).covers(end + timedelta(days=36_500))


def test_the_origin_names_chain_and_log():
    assert origin_of_log(31415, 3) == "anxu/31415/3"
