from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.errors import EncodingError, InvalidSignatureError, LengthError, SealedContentError
from ledger.evidence.encoding import LogId
from ledger.keys.packages import (
    TRANSFER,
    PackageContext,
    open_alliance_key,
    open_package,
    seal_alliance_key,
    seal_package,
    sign_package,
    verify_package,
)
from ledger.keys.signers import Ed25519Signer, SealingKeyPair

NANJING, HEFEI, SUZHOU = LogId(1), LogId(3), LogId(2)
RECEIVER = SealingKeyPair.from_private(b"r" * 32)
SENDER = Ed25519Signer.from_private(b"s" * 32)
CONTEXT = PackageContext(TRANSFER, NANJING, HEFEI, b"c" * 32, b"d" * 32)
CONTENT = "缴费记录".encode() * 100
OTHER_CONTEXTS = [
    replace(CONTEXT, purpose="alliance-key"),
    replace(CONTEXT, sender=SUZHOU),
    replace(CONTEXT, receiver=SUZHOU),
    replace(CONTEXT, sender=HEFEI, receiver=NANJING),
    replace(CONTEXT, case=b"x" * 32),
    replace(CONTEXT, digest=b"x" * 32),
]


class TestContext:
    def test_it_has_the_documented_bytes(self) -> None:
        assert CONTEXT.info() == (
            b"anxu-package/1|transfer|\x00\x00\x00\x01\x00\x00\x00\x03" + b"c" * 32 + b"d" * 32
        )

    @pytest.mark.parametrize("field", ["case", "digest"])
    def test_wrong_lengths_are_refused(self, field: str) -> None:
        with pytest.raises(LengthError) as caught:
            replace(CONTEXT, **{field: b"short"}).info()
        assert caught.value.fields() == {"field": field, "expected": 32, "actual": 5}

    @pytest.mark.parametrize("purpose", ["", "a|b", "Transfer", "x" * 41])
    def test_another_spelling_of_the_purpose_is_refused(self, purpose: str) -> None:
        with pytest.raises(EncodingError) as caught:
            replace(CONTEXT, purpose=purpose).info()
        assert caught.value.field == "purpose"


class TestSeal:
    def test_the_receiver_reads_it(self) -> None:
        sealed = seal_package(RECEIVER.public_key, CONTEXT, CONTENT)
        assert open_package(RECEIVER, CONTEXT, sealed) == CONTENT
        assert len(sealed) == len(CONTENT) + 49

    def test_it_is_hpke_as_the_rfc_has_it(self) -> None:
        sealed = seal_package(RECEIVER.public_key, CONTEXT, CONTENT)
        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        assert suite.decrypt(sealed[1:], RECEIVER.private, info=CONTEXT.info()) == CONTENT

    def test_sealing_twice_gives_unlike_bytes(self) -> None:
        assert seal_package(RECEIVER.public_key, CONTEXT, CONTENT) != seal_package(
            RECEIVER.public_key, CONTEXT, CONTENT
        )

    def test_a_key_of_another_length_is_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            seal_package(b"short", CONTEXT, CONTENT)
        assert caught.value.field == "sealing public key"

    def test_a_key_of_small_order_is_refused(self) -> None:
        with pytest.raises(EncodingError) as caught:
            seal_package(bytes(32), CONTEXT, CONTENT)
        assert caught.value.field == "sealing public key"


class TestOpen:
    @pytest.mark.parametrize("context", OTHER_CONTEXTS)
    def test_another_context_does_not_open(self, context: PackageContext) -> None:
        sealed = seal_package(RECEIVER.public_key, CONTEXT, CONTENT)
        with pytest.raises(SealedContentError) as caught:
            open_package(RECEIVER, context, sealed)
        assert caught.value.fields() == {"what": "package"}

    def test_another_key_does_not_open(self) -> None:
        sealed = seal_package(RECEIVER.public_key, CONTEXT, CONTENT)
        with pytest.raises(SealedContentError):
            open_package(SealingKeyPair.from_private(b"q" * 32), CONTEXT, sealed)

    def test_each_changed_byte_is_refused(self) -> None:
        sealed = seal_package(RECEIVER.public_key, CONTEXT, b"short")
        for position in range(len(sealed)):
            changed = bytearray(sealed)
            changed[position] ^= 1
            with pytest.raises(SealedContentError):
                open_package(RECEIVER, CONTEXT, bytes(changed))

    @pytest.mark.parametrize("length", [0, 1, 33, 48, 53])
    def test_a_truncated_package_is_refused(self, length: int) -> None:
        with pytest.raises(SealedContentError):
            open_package(
                RECEIVER, CONTEXT, seal_package(RECEIVER.public_key, CONTEXT, b"short")[:length]
            )


class TestSign:
    def test_the_senders_signature_holds(self) -> None:
        signature = sign_package(SENDER, CONTEXT, b"sealed")
        verify_package(SENDER.public_key, CONTEXT, b"sealed", signature)

    @pytest.mark.parametrize("context", OTHER_CONTEXTS)
    def test_it_does_not_hold_for_another_context(self, context: PackageContext) -> None:
        signature = sign_package(SENDER, CONTEXT, b"sealed")
        with pytest.raises(InvalidSignatureError) as caught:
            verify_package(SENDER.public_key, context, b"sealed", signature)
        assert caught.value.fields() == {"what": "package"}

    def test_it_does_not_hold_for_other_bytes_or_another_sender(self) -> None:
        signature = sign_package(SENDER, CONTEXT, b"sealed")
        other = Ed25519Signer.from_private(b"t" * 32)
        for key, sealed, given in (
            (SENDER.public_key, b"Sealed", signature),
            (other.public_key, b"sealed", signature),
            (b"short", b"sealed", signature),
            (SENDER.public_key, b"sealed", signature[:-1]),
        ):
            with pytest.raises(InvalidSignatureError):
                verify_package(key, CONTEXT, sealed, given)


class TestAllianceKey:
    def test_it_passes_from_one_bureau_to_the_next(self) -> None:
        context, sealed = seal_alliance_key(RECEIVER.public_key, NANJING, HEFEI, b"a" * 32)
        assert open_alliance_key(RECEIVER, NANJING, HEFEI, sealed) == b"a" * 32
        assert (context.sender, context.receiver) == (NANJING, HEFEI)
        verify_package(SENDER.public_key, context, sealed, sign_package(SENDER, context, sealed))

    def test_it_does_not_open_as_another_bureaus(self) -> None:
        _, sealed = seal_alliance_key(RECEIVER.public_key, NANJING, HEFEI, b"a" * 32)
        with pytest.raises(SealedContentError):
            open_alliance_key(RECEIVER, SUZHOU, HEFEI, sealed)

    def test_a_key_of_another_length_is_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            seal_alliance_key(RECEIVER.public_key, NANJING, HEFEI, b"a")
        assert caught.value.field == "alliance key"
