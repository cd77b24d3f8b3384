"""Which records are canonical, by the encoder of the ledger and by the quick way alike."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest
import rfc8785

from ledger.audit.records import Absence, KeyRing, OpenedRecord, RecordOpener
from ledger.errors import NotFoundError, SealingKeyDestroyedError
from ledger.evidence.encoding import Commitment, LogId, commitment_of
from ledger.keys.person_keys import PersonKeys
from ledger.keys.sealing import RecordSealer, SealingKey, record_aad
from ledger.ports import SystemRandom
from ledger.store.audit import EntryRow

LOG = LogId(7)
KEY = SealingKey(bytes(32))
SALT = bytes(range(32))
PLAIN = {"amount_fen": 12, "class": 1, "kind": 2, "name": "参保人", "period": 202608}


@pytest.fixture
def sealer() -> RecordSealer:
    return RecordSealer(KEY)


def opened(opener: RecordOpener, sealer: RecordSealer, content: bytes) -> OpenedRecord:
    commitment = commitment_of(content, SALT)
    sealed = sealer.seal(content, SALT, record_aad(LOG, commitment))
    row = EntryRow(0, 2, 1, 202608, b"", 0, commitment, b"", b"", sealed, 0, 0)
    (record,) = opener.open_many([KEY], [row])
    assert record == opener.open(KEY, 2, commitment, sealed)
    assert isinstance(record, OpenedRecord)
    assert record.commits
    return record


def encoded(value: dict) -> bytes:
    return rfc8785.dumps(value)


CANONICAL = [
    PLAIN,
    PLAIN | {"name": "Zoë"},
    PLAIN | {"name": 'a "quoted" \\ and \u0007'},
    PLAIN | {"amount_fen": 2**53 - 1},
    PLAIN | {"amount_fen": -5},
    PLAIN | {"amount_fen": 0},
    PLAIN | {"of": {"index": 3}, "list": [1, "二"]},
    PLAIN | {"flag": True, "nothing": None},
    PLAIN | {"identity_number": "320106196001010011"},
]
NOT_CANONICAL = [
    encoded(PLAIN).replace(b'"class":1', b'"class": 1'),
    encoded(PLAIN).replace(b'"amount_fen":12', b'"amount_fen":012'),
    encoded(PLAIN).replace(b'"amount_fen":12', b'"amount_fen":-0'),
    encoded(PLAIN).replace(b'"amount_fen":12', b'"amount_fen":12.0'),
    encoded(PLAIN).replace(b'"amount_fen":12', b'"amount_fen":9007199254740992'),
    encoded(PLAIN).replace("参保人".encode(), "Zoe\u0308".encode()),
    encoded(PLAIN).replace("参保人".encode(), b"\xff"),
    encoded(PLAIN).replace("参保人".encode(), b"\\u53c2"),
    encoded(PLAIN).replace(b'"class":1,', b'"class":1,"class":1,'),
    json.dumps(dict(reversed(PLAIN.items())), separators=(",", ":"), ensure_ascii=False).encode(),
    encoded(PLAIN) + b" ",
    b"[]",
    b"",
    b"null",
]


class TestOpener:
    @pytest.mark.parametrize("value", CANONICAL)
    @pytest.mark.parametrize("known", [False, True])
    def test_a_canonical_record_says_what_it_repeats(self, sealer, value, known):
        opener = RecordOpener(LOG)
        if known:
            opened(opener, sealer, encoded(value))
        record = opened(opener, sealer, encoded(value))
        assert record.is_canonical
        assert (record.kind, record.class_, record.period) == (2, 1, 202608)
        assert record.amount_fen == value["amount_fen"]
        assert record.identity_number == value.get("identity_number")

    @pytest.mark.parametrize("content", NOT_CANONICAL)
    @pytest.mark.parametrize("known", [False, True])
    def test_any_other_spelling_is_not_canonical(self, sealer, content, known):
        opener = RecordOpener(LOG)
        if known:
            for value in CANONICAL[::-1]:
                opened(opener, sealer, encoded(value))
        assert not opened(opener, sealer, content).is_canonical

    def test_a_record_that_repeats_nothing_says_so(self, sealer):
        record = opened(RecordOpener(LOG), sealer, encoded({"kind": "2"}))
        assert record.is_canonical
        assert record[:5] == ("2", None, None, None, None)

    def test_another_key_log_or_commitment_does_not_open(self, sealer):
        commitment = commitment_of(b"{}", SALT)
        sealed = sealer.seal(b"{}", SALT, record_aad(LOG, commitment))
        stranger = SealingKey(bytes([1]) * 32)
        other = Commitment(hashlib.sha256(b"").digest())
        closed = Absence.CANNOT_OPEN
        assert RecordOpener(LOG).open(stranger, 2, commitment, sealed) is closed
        assert RecordOpener(LogId(8)).open(KEY, 2, commitment, sealed) is closed
        assert RecordOpener(LOG).open(KEY, 2, other, sealed) is closed
        assert RecordOpener(LOG).open(KEY, 2, commitment, b"") is closed
        assert RecordOpener(LOG).open(Absence.ERASED, 2, commitment, sealed) is Absence.ERASED

    def test_a_record_sealed_under_a_commitment_it_does_not_give_is_noticed(self, sealer):
        commitment = commitment_of(b"{}", SALT)
        sealed = sealer.seal(encoded(PLAIN), SALT, record_aad(LOG, commitment))
        record = RecordOpener(LOG).open(KEY, 2, commitment, sealed)
        assert isinstance(record, OpenedRecord)
        assert not record.commits

    def test_one_that_does_not_open_hides_no_other(self, sealer):
        opener, rows, keys = RecordOpener(LOG), [], []
        for number, key in enumerate([KEY, Absence.NO_KEY, KEY, SealingKey(bytes([1]) * 32), KEY]):
            content = encoded(PLAIN | {"amount_fen": number})
            commitment = commitment_of(content, SALT)
            sealed = sealer.seal(content, SALT, record_aad(LOG, commitment))
            rows.append(
                EntryRow(number, 2, 1, 202608, b"", number, commitment, b"", b"", sealed, 0, 0)
            )
            keys.append(key)
        rows[2] = rows[2]._replace(sealed_record=b"\x01" + bytes(80))
        found = opener.open_many(keys, rows)
        assert found[1:4] == [Absence.NO_KEY, Absence.CANNOT_OPEN, Absence.CANNOT_OPEN]
        assert [found[place].amount_fen for place in (0, 4)] == [0, 4]
        assert opener.open_many([], []) == []


class TestKeyRing:
    @pytest.fixture
    def keys(self, tmp_path):
        folder = tmp_path / "keys"
        folder.mkdir(mode=0o700)
        with PersonKeys.open(folder / "persons.sqlite", bytes(32), SystemRandom()) as keys:
            yield keys

    def test_one_absent_person_hides_no_other(self, keys):
        alive, erased, unknown, damaged = (bytes([number]) * 32 for number in range(4))
        keys.get_or_create_many([alive, erased, damaged])
        keys.destroy(erased, datetime(2026, 9, 15, tzinfo=UTC))
        keys._connection.execute(
            "UPDATE persons SET wrapped = randomblob(60) WHERE subject = ?", (damaged,)
        )
        ring = KeyRing(keys)
        ring.load([alive, erased, unknown, damaged])
        assert ring.of(alive) == keys.get(alive)
        assert ring.of(erased) is Absence.ERASED
        assert ring.of(unknown) is Absence.NO_KEY
        assert ring.of(damaged) is Absence.DAMAGED_KEY
        assert ring.of(b"short") is Absence.NO_KEY
        with pytest.raises(SealingKeyDestroyedError):
            keys.get(erased)
        with pytest.raises(NotFoundError):
            keys.get(unknown)
