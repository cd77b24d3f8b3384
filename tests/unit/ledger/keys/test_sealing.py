from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LengthError, SealedContentError
from ledger.evidence.encoding import Commitment, LogId
from ledger.keys.sealing import (
    RecordSealer,
    SealingKey,
    open_record,
    record_aad,
    seal_record,
)

KEY = SealingKey(b"k" * 32)
SALT = b"s" * 32
COMMITMENT = Commitment(b"c" * 32)
AAD = record_aad(LogId(3), COMMITMENT)
RECORD = '{"amount_fen":96000,"name":"王秀英","schema":"anxu-contribution/1"}'.encode()


class TestAad:
    def test_it_has_the_documented_bytes(self) -> None:
        assert AAD == b"anxu-record/1|" + b"\x00\x00\x00\x03" + b"c" * 32

    def test_a_commitment_of_another_length_is_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            record_aad(LogId(1), Commitment(b"c"))
        assert caught.value.fields() == {"field": "commitment", "expected": 32, "actual": 1}


class TestSeal:
    def test_it_comes_back(self) -> None:
        opened = open_record(KEY, seal_record(KEY, RECORD, SALT, AAD), AAD)
        assert opened == (RECORD, SALT)
        assert (opened.record, opened.salt) == (RECORD, SALT)

    def test_the_layout_is_version_nonce_ciphertext(self) -> None:
        blob = seal_record(KEY, RECORD, SALT, AAD)
        assert blob[0] == 1
        assert len(blob) == 1 + 12 + 32 + len(RECORD) + 16
        assert AESGCM(KEY).decrypt(blob[1:13], blob[13:], AAD) == SALT + RECORD

    def test_nothing_of_the_record_shows(self) -> None:
        blob = seal_record(KEY, RECORD, SALT, AAD)
        assert "王秀英".encode() not in blob
        assert SALT not in blob

    def test_equal_content_gives_equal_bytes_and_other_content_another_nonce(self) -> None:
        sealer = RecordSealer(KEY)
        others = [
            sealer.seal(RECORD + b" ", SALT, AAD),
            sealer.seal(RECORD, b"t" * 32, AAD),
            sealer.seal(RECORD, SALT, record_aad(LogId(4), COMMITMENT)),
            sealer.seal(RECORD, SALT, record_aad(LogId(3), Commitment(b"d" * 32))),
        ]
        first = sealer.seal(RECORD, SALT, AAD)
        assert first == seal_record(KEY, RECORD, SALT, AAD)
        assert len({blob[1:13] for blob in [first, *others]}) == 5

    def test_wrong_lengths_are_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            seal_record(KEY, RECORD, b"s", AAD)
        assert caught.value.field == "salt"
        with pytest.raises(LengthError) as caught:
            RecordSealer(SealingKey(b"k" * 16))
        assert caught.value.fields() == {"field": "sealing key", "expected": 32, "actual": 16}

    @given(record=st.binary(max_size=400), salt=st.binary(min_size=32, max_size=32))
    def test_every_record_comes_back(self, record: bytes, salt: bytes) -> None:
        sealer = RecordSealer(KEY)
        assert sealer.open(sealer.seal(record, salt, AAD), AAD) == (record, salt)


class TestOpen:
    def test_each_changed_byte_is_refused(self) -> None:
        sealer = RecordSealer(KEY)
        blob = sealer.seal(RECORD, SALT, AAD)
        for position in range(len(blob)):
            changed = bytearray(blob)
            changed[position] ^= 1
            with pytest.raises(SealedContentError) as caught:
                sealer.open(bytes(changed), AAD)
            assert caught.value.fields() == {"what": "record"}

    @pytest.mark.parametrize("length", [0, 1, 13, 60, 100])
    def test_a_truncated_blob_is_refused(self, length: int) -> None:
        with pytest.raises(SealedContentError):
            open_record(KEY, seal_record(KEY, RECORD, SALT, AAD)[:length], AAD)

    def test_another_key_is_refused(self) -> None:
        with pytest.raises(SealedContentError):
            open_record(SealingKey(b"l" * 32), seal_record(KEY, RECORD, SALT, AAD), AAD)

    @pytest.mark.parametrize(
        "aad", [record_aad(LogId(4), COMMITMENT), record_aad(LogId(3), Commitment(b"d" * 32)), b""]
    )
    def test_another_place_is_refused(self, aad: bytes) -> None:
        with pytest.raises(SealedContentError):
            open_record(KEY, seal_record(KEY, RECORD, SALT, AAD), aad)
