from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519

from ledger.errors import (
    ChainUnavailableError,
    EncodingError,
    InvalidSignatureError,
    MissingSignatureError,
    NonceCapacityError,
    ReplayedRequestError,
    SignatureExpiredError,
    UnknownSignerError,
)
from ledger.keys.requests import (
    COVERED_COMPONENTS,
    NonceCache,
    _Message,
    new_nonce,
    sign_request,
    verify_request,
)
from ledger.keys.signers import Ed25519Signer
from ledger.ports import SystemRandom

SIGNER = Ed25519Signer.from_private(b"q" * 32)
KEY_ID = "log-1-requests"
URL = "https://hefei.example/peer/transfers/7?part=2"
BODY = '{"case":"甲"}'.encode()
NOW = datetime(2026, 9, 15, 1, 0, 0, tzinfo=UTC)
HEADERS = {"Content-Type": "application/json"}


def resolve(key_id: str) -> bytes | None:
    return {KEY_ID: SIGNER.public_key}.get(key_id)


def signed(**changes: object) -> dict[str, str]:
    given: dict[str, object] = {
        "key_id": KEY_ID,
        "signer": SIGNER,
        "created_at": NOW,
        "nonce": "0123456789abcdefghijkl",
    }
    body = changes.pop("body", BODY)
    given.update(changes)
    added = sign_request("POST", URL, HEADERS, body, **given)  # type: ignore[arg-type]
    return {**HEADERS, **added}


def verify(headers: object, **changes: object) -> str:
    given: dict[str, object] = {
        "method": "POST",
        "url": URL,
        "headers": headers,
        "body": BODY,
        "resolve_key": resolve,
        "now": NOW,
        "nonces": NonceCache(),
    }
    return verify_request(**{**given, **changes})  # type: ignore[arg-type]


class TestSign:
    def test_three_fields_are_added(self) -> None:
        added = sign_request(
            "GET",
            URL,
            {},
            b"",
            key_id=KEY_ID,
            signer=SIGNER,
            created_at=NOW,
            nonce="0123456789abcdefghijkl",
        )
        assert list(added) == ["Content-Digest", "Signature-Input", "Signature"]
        digest = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        assert added["Content-Digest"] == f"sha-256=:{digest}:"
        assert added["Signature-Input"] == (
            'anxu=("@method" "@target-uri" "content-digest");created=1789434000;'
            'keyid="log-1-requests";alg="ed25519";nonce="0123456789abcdefghijkl";tag="anxu-peer"'
        )

    def test_the_signed_bytes_are_the_base_of_rfc_9421(self) -> None:
        headers = signed()
        digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
        params = headers["Signature-Input"].removeprefix("anxu=")
        base = (
            '"@method": POST\n'
            f'"@target-uri": {URL}\n'
            '"content-type": application/json\n'
            f'"content-digest": sha-256=:{digest}:\n'
            f'"@signature-params": {params}'
        )
        expected = base64.b64encode(SIGNER.sign(base.encode())).decode()
        assert headers["Signature"] == f"anxu=:{expected}:"

    def test_the_library_reproduces_rfc_9421_b_2_6(self) -> None:
        private = load_der_private_key(
            base64.b64decode("MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF"),
            password=None,
        )
        signer = Ed25519Signer.from_private(private.private_bytes_raw())  # type: ignore[union-attr]
        message = _Message(
            "POST",
            "https://example.com/foo?param=Value&Pet=dog",
            [
                ("Host", "example.com"),
                ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
                ("Content-Type", "application/json"),
                ("Content-Length", "18"),
            ],
        )
        library = HTTPMessageSigner(signature_algorithm=ED25519)
        prepared = library.prepare(
            message,
            key_id="test-key-ed25519",
            created=datetime.fromtimestamp(1618884473, UTC),
            include_alg=False,
            label="sig-b26",
            covered_component_ids=[
                "date",
                "@method",
                "@path",
                "@authority",
                "content-type",
                "content-length",
            ],
        )
        library.apply(message, prepared, signer.sign(prepared.signature_base))
        assert message.headers["Signature-Input"] == (
            'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
            ';created=1618884473;keyid="test-key-ed25519"'
        )
        assert message.headers["Signature"] == (
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u"
            "02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
        )

    def test_signing_again_replaces_an_old_signature(self) -> None:
        again = sign_request(
            "POST",
            URL,
            signed(),
            b"other",
            key_id=KEY_ID,
            signer=SIGNER,
            created_at=NOW,
            nonce="another-nonce-of-mine",
        )
        assert verify({**signed(), **again}, body=b"other") == KEY_ID

    @pytest.mark.parametrize(
        ("method", "url"),
        [("post", URL), ("POST", "/peer/transfers/7"), ("POST", "https://hefei.example/甲")],
    )
    def test_what_cannot_be_signed_is_refused(self, method: str, url: str) -> None:
        with pytest.raises(EncodingError) as caught:
            sign_request(
                method,
                url,
                {},
                b"",
                key_id=KEY_ID,
                signer=SIGNER,
                created_at=NOW,
                nonce="0123456789abcdefghijkl",
            )
        assert caught.value.field == "request"

    def test_nonces_are_fresh(self) -> None:
        first, second = new_nonce(SystemRandom()), new_nonce(SystemRandom())
        assert first != second
        assert len(first) == 22


class TestVerify:
    def test_it_tells_whose_key_signed(self) -> None:
        assert verify(signed()) == KEY_ID

    def test_fields_may_come_as_pairs_in_any_case(self) -> None:
        pairs = [(name.lower(), value) for name, value in signed().items()]
        assert verify([("host", "hefei.example"), *pairs]) == KEY_ID

    def test_a_request_without_a_body_is_covered_too(self) -> None:
        headers = signed(body=b"")
        assert verify(headers, body=b"") == KEY_ID
        with pytest.raises(InvalidSignatureError):
            verify(headers, body=b"slipped in")

    def test_a_changed_body_is_refused(self) -> None:
        with pytest.raises(InvalidSignatureError) as caught:
            verify(signed(), body=BODY + b" ")
        assert caught.value.fields() == {"what": "request body"}

    def test_a_changed_body_with_its_digest_is_refused(self) -> None:
        other = signed(body=b"other")
        headers = {**signed(), "Content-Digest": other["Content-Digest"]}
        with pytest.raises(InvalidSignatureError) as caught:
            verify(headers, body=b"other")
        assert caught.value.fields() == {"what": "request"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"method": "PUT"},
            {"url": "https://nanjing.example/peer/transfers/7?part=2"},
            {"url": "http://hefei.example/peer/transfers/7?part=2"},
            {"url": "https://hefei.example/peer/transfers/8?part=2"},
            {"url": "https://hefei.example/peer/transfers/7?part=3"},
            {"url": "https://hefei.example/peer/transfers/7"},
            {"url": "not a url"},
            {"method": "post"},
        ],
    )
    def test_another_request_is_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(InvalidSignatureError):
            verify(signed(), **changes)

    def test_another_content_type_is_refused(self) -> None:
        with pytest.raises(InvalidSignatureError):
            verify({**signed(), "Content-Type": "text/plain"})

    @pytest.mark.parametrize("missing", ["Signature", "Signature-Input"])
    def test_a_request_without_signature_is_told_so(self, missing: str) -> None:
        headers = signed()
        del headers[missing]
        with pytest.raises(MissingSignatureError) as caught:
            verify(headers)
        assert caught.value.fields() == {"what": "request"}

    def test_a_request_without_digest_is_refused(self) -> None:
        headers = signed()
        del headers["Content-Digest"]
        with pytest.raises(InvalidSignatureError):
            verify(headers)

    def test_each_changed_byte_of_the_signature_is_refused(self) -> None:
        headers = signed()
        raw = base64.b64decode(headers["Signature"].removeprefix("anxu=:").removesuffix(":"))
        for position in range(64):
            changed = bytearray(raw)
            changed[position] ^= 1
            text = f"anxu=:{base64.b64encode(changed).decode()}:"
            with pytest.raises(InvalidSignatureError):
                verify({**headers, "Signature": text})

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("created=1789434000", "created=1789434001"),
            ('nonce="0', 'nonce="1'),
            (' "content-digest"', ""),
            ('"@method" ', ""),
            ('"@target-uri" ', ""),
            ('alg="ed25519"', 'alg="hmac-sha256"'),
            ('tag="anxu-peer"', 'tag="other"'),
            (';tag="anxu-peer"', ""),
            ("anxu=(", "anxu=(("),
            ("anxu=", "other="),
        ],
    )
    def test_changed_parameters_are_refused(self, before: str, after: str) -> None:
        headers = signed()
        assert before in headers["Signature-Input"]
        headers["Signature-Input"] = headers["Signature-Input"].replace(before, after)
        with pytest.raises(InvalidSignatureError):
            verify(headers)

    @pytest.mark.parametrize("left_out", COVERED_COMPONENTS)
    def test_a_valid_signature_that_covers_too_little_is_refused(self, left_out: str) -> None:
        message = _Message("POST", URL, [("Content-Digest", signed()["Content-Digest"])])
        library = HTTPMessageSigner(signature_algorithm=ED25519)
        prepared = library.prepare(
            message,
            key_id=KEY_ID,
            created=NOW,
            nonce="0123456789abcdefghijkl",
            label="anxu",
            tag="anxu-peer",
            covered_component_ids=[name for name in COVERED_COMPONENTS if name != left_out],
            use_existing_digest=True,
        )
        library.apply(message, prepared, SIGNER.sign(prepared.signature_base))
        with pytest.raises(InvalidSignatureError):
            verify(message.headers.items())

    @pytest.mark.parametrize("nonce", [None, "short", "x" * 65])
    def test_a_signature_without_a_proper_nonce_is_refused(self, nonce: str | None) -> None:
        with pytest.raises(InvalidSignatureError):
            verify(signed(nonce=nonce))

    def test_two_signatures_with_our_tag_are_refused(self) -> None:
        first, second = signed(), signed(nonce="another-nonce-of-mine")
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Digest", first["Content-Digest"]),
            ("Signature-Input", first["Signature-Input"]),
            ("Signature-Input", second["Signature-Input"].replace("anxu=", "again=")),
            ("Signature", first["Signature"]),
            ("Signature", second["Signature"].replace("anxu=", "again=")),
        ]
        with pytest.raises(InvalidSignatureError):
            verify(headers)

    def test_an_unknown_key_is_named(self) -> None:
        with pytest.raises(UnknownSignerError) as caught:
            verify(signed(key_id="log-9-requests"))
        assert caught.value.fields() == {"key_id": "log-9-requests"}

    def test_a_key_id_of_any_length_is_not_repeated_whole(self) -> None:
        with pytest.raises(UnknownSignerError) as caught:
            verify(signed(key_id="x" * 1000))
        assert len(caught.value.key_id) == 128

    def test_another_bureaus_key_does_not_hold(self) -> None:
        other = Ed25519Signer.from_private(b"z" * 32)
        with pytest.raises(InvalidSignatureError):
            verify(signed(signer=other))

    def test_a_key_that_cannot_be_looked_up_is_no_invalid_signature(self) -> None:
        def unreachable(key_id: str) -> bytes | None:
            raise ChainUnavailableError(endpoint="http://127.0.0.1:1", reason="refused")

        with pytest.raises(ChainUnavailableError):
            verify(signed(), resolve_key=unreachable)

    def test_an_enrolled_key_that_is_none_is_refused(self) -> None:
        with pytest.raises(InvalidSignatureError):
            verify(signed(), resolve_key=lambda key_id: b"short")


class TestTime:
    @pytest.mark.parametrize("seconds", [-10, 0, 119, 130])
    def test_within_the_window_it_is_accepted(self, seconds: int) -> None:
        assert verify(signed(), now=NOW + timedelta(seconds=seconds)) == KEY_ID

    @pytest.mark.parametrize("seconds", [-11, 131, 86_400])
    def test_outside_the_window_it_is_refused(self, seconds: int) -> None:
        with pytest.raises(SignatureExpiredError) as caught:
            verify(signed(), now=NOW + timedelta(seconds=seconds))
        assert caught.value.fields() == {
            "what": "request",
            "age_seconds": seconds,
            "max_age_seconds": 120,
        }

    def test_the_caller_may_set_another_age(self) -> None:
        later = NOW + timedelta(seconds=131)
        assert verify(signed(), now=later, max_age_seconds=300) == KEY_ID

    def test_a_signature_without_a_time_is_refused(self) -> None:
        digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
        params = (
            '("@method" "@target-uri" "content-digest");keyid="log-1-requests"'
            ';nonce="0123456789abcdefghijkl";tag="anxu-peer"'
        )
        base = (
            f'"@method": POST\n"@target-uri": {URL}\n"content-digest": sha-256=:{digest}:\n'
            f'"@signature-params": {params}'
        )
        headers = {
            "Content-Digest": f"sha-256=:{digest}:",
            "Signature-Input": f"anxu={params}",
            "Signature": f"anxu=:{base64.b64encode(SIGNER.sign(base.encode())).decode()}:",
        }
        with pytest.raises(InvalidSignatureError):
            verify(headers)

    def test_a_signature_that_names_its_end_is_held_to_it(self) -> None:
        message = _Message("POST", URL, [])
        library = HTTPMessageSigner(signature_algorithm=ED25519)
        prepared = library.prepare(
            message,
            key_id=KEY_ID,
            created=NOW,
            expires=NOW + timedelta(seconds=20),
            nonce="0123456789abcdefghijkl",
            label="anxu",
            tag="anxu-peer",
            covered_component_ids=["@method", "@target-uri"],
            body=BODY,
        )
        library.apply(message, prepared, SIGNER.sign(prepared.signature_base))
        assert verify(message.headers.items(), now=NOW + timedelta(seconds=30)) == KEY_ID
        with pytest.raises(SignatureExpiredError):
            verify(message.headers.items(), now=NOW + timedelta(seconds=31))


class TestReplay:
    def test_the_same_request_is_taken_once(self) -> None:
        nonces, headers = NonceCache(), signed()
        verify(headers, nonces=nonces)
        with pytest.raises(ReplayedRequestError) as caught:
            verify(headers, nonces=nonces, now=NOW + timedelta(seconds=130))
        assert caught.value.fields() == {"key_id": KEY_ID}

    def test_a_nonce_is_remembered_until_the_signature_is_too_old(self) -> None:
        nonces, headers = NonceCache(), signed()
        verify(headers, nonces=nonces, now=NOW - timedelta(seconds=10))
        with pytest.raises(ReplayedRequestError):
            verify(headers, nonces=nonces, now=NOW + timedelta(seconds=130.9))
        with pytest.raises(SignatureExpiredError):
            verify(headers, nonces=nonces, now=NOW + timedelta(seconds=131))

    def test_a_refused_request_does_not_use_up_its_nonce(self) -> None:
        nonces, headers = NonceCache(), signed()
        with pytest.raises(InvalidSignatureError):
            verify(headers, nonces=nonces, body=b"changed on its way")
        assert verify(headers, nonces=nonces) == KEY_ID


class TestNonceCache:
    def test_one_callers_nonces_are_not_anothers(self) -> None:
        nonces = NonceCache()
        nonces.use("a", "n", now=NOW, keep_seconds=10)
        nonces.use("b", "n", now=NOW, keep_seconds=10)

    def test_expired_nonces_make_room(self) -> None:
        nonces = NonceCache(nonces_per_key=2)
        nonces.use("a", "1", now=NOW, keep_seconds=10)
        nonces.use("a", "2", now=NOW, keep_seconds=10)
        nonces.use("a", "3", now=NOW + timedelta(seconds=11), keep_seconds=10)
        nonces.use("a", "1", now=NOW + timedelta(seconds=11), keep_seconds=10)

    def test_a_full_memory_takes_no_more_and_forgets_nothing(self) -> None:
        nonces = NonceCache(nonces_per_key=1)
        nonces.use("a", "1", now=NOW, keep_seconds=10)
        with pytest.raises(NonceCapacityError) as caught:
            nonces.use("a", "2", now=NOW, keep_seconds=10)
        assert caught.value.fields() == {"key_id": "a", "capacity": 1}
        assert caught.value.retryable
        with pytest.raises(ReplayedRequestError):
            nonces.use("a", "1", now=NOW, keep_seconds=10)
        nonces.use("b", "1", now=NOW, keep_seconds=10)
