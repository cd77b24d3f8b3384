"""Messages open for their receiver and their case only, whole or not at all."""

from __future__ import annotations

import base64
import hashlib

import pytest

from ledger.errors import (
    InvalidSignatureError,
    PackageMismatchError,
    PackageShapeError,
    SealedContentError,
)
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Ed25519Signer, SealingKeyPair
from ledger.transfers.envelopes import (
    MessageKind,
    envelope_json,
    message_key_of,
    open_envelope,
    parse_envelope,
    require_sealing_key,
    seal_envelope,
)
from ledger.transfers.model import CaseId

CASE = CaseId("0x" + "ab" * 32)
SENDER = Ed25519Signer.from_private(bytes([1]) * 32)
RECEIVER = SealingKeyPair.from_private(bytes([2]) * 32)
CONTENT = {"schema": "x/1", "name": "示例人"}


@pytest.fixture
def message():
    envelope = seal_envelope(
        MessageKind.LETTER, LogId(3), LogId(1), CASE, bytes([5]) * 32, CONTENT,
        sealing_key=RECEIVER.public_key, signer=SENDER,
    )  # fmt: skip
    return envelope_json(envelope)


def opened(message, key=RECEIVER, log_key=SENDER.public_key):
    return open_envelope(parse_envelope(message), log_key, key)


class TestEnvelope:
    def test_opens_for_its_receiver(self, message):
        assert opened(message) == CONTENT

    def test_shows_nobody_what_is_inside(self, message):
        assert "示例人" not in str(message)
        assert "示例人".encode() not in base64.b64decode(message["sealed"])

    def test_another_key_does_not_open_it(self, message):
        with pytest.raises(SealedContentError):
            opened(message, key=SealingKeyPair.from_private(bytes([3]) * 32))

    def test_another_signer_is_refused_before_anything_is_opened(self, message):
        stranger = Ed25519Signer.from_private(bytes([4]) * 32)
        with pytest.raises(InvalidSignatureError):
            opened(message, log_key=stranger.public_key)

    @pytest.mark.parametrize(
        "change",
        [{"from_log": 2}, {"to_log": 2}, {"digest": "00" * 32},
         {"case_id": "0x" + "cd" * 32, "message_key": "letter/0x" + "cd" * 32},
         {"kind": "refusal", "message_key": f"refusal/{CASE}"}],
        ids=["sender", "receiver", "digest", "case", "kind"],
    )  # fmt: skip
    def test_it_cannot_be_used_for_anything_else(self, message, change):
        with pytest.raises(InvalidSignatureError):
            opened(message | change)

    def test_each_changed_byte_is_refused(self, message):
        sealed = base64.b64decode(message["sealed"])
        for place in range(0, len(sealed), 7):
            damaged = bytearray(sealed)
            damaged[place] ^= 1
            with pytest.raises(InvalidSignatureError):
                opened(message | {"sealed": base64.b64encode(bytes(damaged)).decode()})

    @pytest.mark.parametrize("field", ["schema", "message_key", "kind", "from_log", "case_id",
                                       "digest", "signature", "to_log"])  # fmt: skip
    def test_each_field_is_needed_and_checked(self, message, field):
        for value in (None, "zz", {}):
            with pytest.raises(PackageShapeError):
                parse_envelope(message | {field: value})

    def test_there_is_one_message_of_a_kind_in_a_case(self):
        assert message_key_of(MessageKind.PACKAGE, CASE) == f"package/{CASE}"


class TestSealingKey:
    def test_only_the_enrolled_key_is_sealed_to(self):
        key = RECEIVER.public_key
        require_sealing_key(key, hashlib.sha256(key).digest())
        for wrong in (bytes(32), key[:31]):
            with pytest.raises(PackageMismatchError, match="sealing key"):
                require_sealing_key(wrong, hashlib.sha256(key).digest())
