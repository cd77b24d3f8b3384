"""Sealing in bulk: both ways give the bytes of a record sealed alone, and refuse what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LengthError, SealedContentError
from ledger.evidence import native
from ledger.evidence.batch import Blobs
from ledger.evidence.encoding import Commitment, LogId
from ledger.keys import bulk_sealing
from ledger.keys.bulk_sealing import open_batch, seal_batch
from ledger.keys.sealing import SealingKey, open_record, record_aad, seal_record

LOG = LogId(3)
KEYS = np.random.default_rng(3).integers(0, 256, (4, 32), dtype=np.uint8)
KEY_OF = np.array([0, 0, 2, 1, 1, 2], np.int64)
COMMITMENTS = np.random.default_rng(4).integers(0, 256, (6, 32), dtype=np.uint8)
SALTS = np.random.default_rng(5).integers(0, 256, (6, 32), dtype=np.uint8)
RECORDS = [b"", b"{}", b"x" * 1000, '{"name":"王秀英"}'.encode(), b"y" * 16, b"z" * 33]


@pytest.fixture(params=["compiled", "plain"])
def way(request, monkeypatch):
    """Each test once with the compiled loops and once without."""
    patience = native.Patience(bulk_sealing._load, -1)
    monkeypatch.setattr(bulk_sealing, "_PATIENCE", patience)
    monkeypatch.setenv(native.VARIABLE, "on" if request.param == "compiled" else native.OFF)
    assert (patience.loops(1) is not None) == (request.param == "compiled")
    return request.param


def _key(row, key_of=KEY_OF):
    return SealingKey(KEYS[key_of[row]].tobytes())


def _aad(row, log_id=LOG):
    return record_aad(log_id, Commitment(COMMITMENTS[row].tobytes()))


def _sealed():
    return seal_batch(KEYS, KEY_OF, LOG, COMMITMENTS, SALTS, Blobs.of(RECORDS))


class TestSeal:
    def test_gives_the_bytes_of_a_record_sealed_alone(self, way):
        expected = [
            seal_record(_key(row), record, SALTS[row].tobytes(), _aad(row))
            for row, record in enumerate(RECORDS)
        ]
        assert _sealed().to_list() == expected

    def test_takes_part_of_a_batch_and_none_at_all(self, way):
        part = Blobs.of(RECORDS).slice(2, 5)
        sealed = seal_batch(KEYS, KEY_OF[2:5], LOG, COMMITMENTS[2:5], SALTS[2:5], part)
        assert sealed.to_list() == _sealed().to_list()[2:5]
        nothing = seal_batch(KEYS, KEY_OF[:0], LOG, COMMITMENTS[:0], SALTS[:0], Blobs.of([]))
        assert nothing.to_list() == []

    def test_takes_arrays_that_are_read_only_or_strided(self, way):
        keys = np.asfortranarray(KEYS)
        key_of = np.frombuffer(KEY_OF.tobytes(), np.int64)
        salts = np.repeat(SALTS, 2, axis=0)[::2]
        sealed = seal_batch(keys, key_of, LOG, COMMITMENTS, salts, Blobs.of(RECORDS))
        assert sealed.to_list() == _sealed().to_list()

    @given(
        records=st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=400)), max_size=12),
        log_id=st.integers(0, 2**32 - 1),
    )
    def test_both_ways_agree(self, records, log_id):
        key_of = np.array([person for person, _ in records], np.int64)
        blobs = Blobs.of([record for _, record in records])
        digests = np.resize(COMMITMENTS, (len(records), 32)).astype(np.uint8)
        arguments = (KEYS, key_of, LogId(log_id), digests, digests[::-1], blobs)
        loops = bulk_sealing._PATIENCE.loaded()
        compiled = bulk_sealing._seal_compiled(loops, *arguments)
        assert compiled.to_list() == bulk_sealing._seal_plainly(*arguments).to_list()
        opened = bulk_sealing._open_compiled(loops, *arguments[:4], compiled)
        assert opened.records.to_list() == blobs.to_list()
        assert (opened.salts == digests[::-1]).all()

    def test_refuses_columns_that_do_not_belong_together(self, way):
        blobs = Blobs.of(RECORDS)
        for columns in (
            (KEYS, KEY_OF[:5], LOG, COMMITMENTS, SALTS, blobs),
            (KEYS, KEY_OF, LOG, COMMITMENTS[:5], SALTS, blobs),
            (KEYS, KEY_OF, LOG, COMMITMENTS, SALTS[:5], blobs),
            (KEYS, KEY_OF, LOG, COMMITMENTS, SALTS, blobs.slice(0, 5)),
            (KEYS[:2], KEY_OF, LOG, COMMITMENTS, SALTS, blobs),
            (KEYS, KEY_OF - 1, LOG, COMMITMENTS, SALTS, blobs),
        ):
            with pytest.raises(ValueError, match=r"columns|person"):
                seal_batch(*columns)

    @pytest.mark.parametrize(
        ("name", "place"), [("sealing key", 0), ("commitment", 3), ("salt", 4)]
    )
    def test_refuses_another_length(self, way, name, place):
        columns = [KEYS, KEY_OF, LOG, COMMITMENTS, SALTS, Blobs.of(RECORDS)]
        columns[place] = columns[place][:, :31]
        with pytest.raises(LengthError) as refused:
            seal_batch(*columns)
        assert refused.value.fields() == {"field": name, "expected": 32, "actual": 31}


class TestOpen:
    def test_gives_back_what_was_sealed_alone_or_together(self, way):
        alone = [
            seal_record(_key(row), record, SALTS[row].tobytes(), _aad(row))
            for row, record in enumerate(RECORDS)
        ]
        opened = open_batch(KEYS, KEY_OF, LOG, COMMITMENTS, Blobs.of(alone))
        assert opened.records.to_list() == RECORDS
        assert (opened.salts == SALTS).all()
        for row, blob in enumerate(_sealed().to_list()):
            expected = (RECORDS[row], SALTS[row].tobytes())
            assert open_record(_key(row), blob, _aad(row)) == expected

    def test_refuses_every_changed_byte_and_names_the_row(self, way):
        sealed = _sealed()
        for place in range(sealed.offsets[3], sealed.offsets[4]):
            data = sealed.data.copy()
            data[place] ^= 1
            with pytest.raises(SealedContentError) as refused:
                open_batch(KEYS, KEY_OF, LOG, COMMITMENTS, Blobs(data, sealed.offsets))
            assert refused.value.what == "record in row 3"

    def test_refuses_another_key_log_or_commitment(self, way):
        sealed = _sealed()
        other = COMMITMENTS.copy()
        other[4, 0] ^= 1
        for keys, log_id, commitments, row in (
            (KEYS[::-1], LOG, COMMITMENTS, 0),
            (KEYS, LogId(4), COMMITMENTS, 0),
            (KEYS, LOG, other, 4),
        ):
            with pytest.raises(SealedContentError) as refused:
                open_batch(keys, KEY_OF, log_id, commitments, sealed)
            assert refused.value.what == f"record in row {row}"

    def test_refuses_what_is_too_short(self, way):
        blobs = _sealed().to_list()
        blobs[2] = blobs[2][:60]
        with pytest.raises(SealedContentError) as refused:
            open_batch(KEYS, KEY_OF, LOG, COMMITMENTS, Blobs.of(blobs))
        assert refused.value.what == "record in row 2"
        blobs[5] = b""
        with pytest.raises(SealedContentError):
            open_batch(KEYS, KEY_OF, LOG, COMMITMENTS, Blobs.of(blobs))
