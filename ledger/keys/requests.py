"""Signed requests between nodes: HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530).

Every request covers its method, its target URI and the digest of its body, names its key, and
carries its time and a nonce under the tag ``anxu-peer``. The target URI contains the receiver's
host, so that a request caught on its way cannot be handed to another node; a node behind a proxy
therefore verifies against its own public address. Only plain values come in and go out.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    VerifyResult,
)
from http_message_signatures.algorithms import ED25519

from ledger.errors import (
    EncodingError,
    InvalidSignatureError,
    LedgerError,
    MissingSignatureError,
    NonceCapacityError,
    ReplayedRequestError,
    SignatureExpiredError,
    UnknownSignerError,
)
from ledger.keys.ports import NonceStore, Signer
from ledger.ports import RandomSource

TAG = "anxu-peer"
LABEL = "anxu"
COVERED_COMPONENTS = ("@method", "@target-uri", "content-digest")
MAX_AGE_SECONDS = 120
CLOCK_SKEW_SECONDS = 10
DEFAULT_NONCES_PER_KEY = 100_000

_SIGNATURE_FIELDS = ("signature-input", "signature")
_ADDED_FIELDS = ("Content-Digest", "Signature-Input", "Signature")
_NONCE_BYTES = 16
_NONCE_CHARACTERS = range(16, 65)
_KEY_ID_CHARACTERS = range(1, 129)
_WHAT = "request"

HeaderFields = Mapping[str, str] | Iterable[tuple[str, str]]


def new_nonce(randomness: RandomSource) -> str:
    """A fresh nonce: 16 random bytes in base64url."""
    return base64.urlsafe_b64encode(randomness.bytes(_NONCE_BYTES)).rstrip(b"=").decode("ascii")


def sign_request(
    method: str,
    url: str,
    headers: HeaderFields,
    body: bytes,
    *,
    key_id: str,
    signer: Signer,
    created_at: datetime,
    nonce: str,
) -> dict[str, str]:
    """The three header fields to add to a request: Content-Digest, Signature-Input, Signature.

    Args:
        method: in capitals.
        url: the whole encoded URL, as the receiver knows itself.
        headers: the fields so far; Content-Type is covered too when it is among them.
        body: the bytes that are sent, ``b""`` if none.
        key_id: the name under which the receiver finds the key.
        signer: the Ed25519 key ``requests``.
        created_at: now.
        nonce: see :func:`new_nonce`; never twice.

    Raises:
        EncodingError: the URL or method cannot be signed.
    """
    dropped = {field.lower() for field in _ADDED_FIELDS}
    message = _Message(
        method, url, [pair for pair in _pairs(headers) if pair[0].lower() not in dropped]
    )
    covered = ["@method", "@target-uri"]
    if "content-type" in message.headers:
        covered.append("content-type")
    library = HTTPMessageSigner(signature_algorithm=ED25519)
    try:
        prepared = library.prepare(
            message,
            key_id=key_id,
            created=created_at,
            nonce=nonce,
            label=LABEL,
            tag=TAG,
            covered_component_ids=covered,
            body=body,
        )
        library.apply(message, prepared, signer.sign(prepared.signature_base))
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise EncodingError(
            field=_WHAT, reason="its method, URL or a field cannot be signed"
        ) from error
    return {field: message.headers[field] for field in _ADDED_FIELDS}


def verify_request(
    method: str,
    url: str,
    headers: HeaderFields,
    body: bytes,
    resolve_key: Callable[[str], bytes | None],
    now: datetime,
    *,
    nonces: NonceStore,
    max_age_seconds: int = MAX_AGE_SECONDS,
) -> str:
    """Whose key signed this very request, just now and for the first time.

    1. There is exactly one signature with our tag.
    2. Its key is enrolled, and it holds over method, target URI and digest.
    3. The digest is the body's.
    4. It is neither too old nor from the future.
    5. Its nonce is new.

    Args:
        method: in capitals, as received.
        url: this node's public address with the path and query as received, undecoded.
        headers: all fields as received; repeated ones as several pairs.
        body: the bytes as received.
        resolve_key: the 32-byte Ed25519 key for a key id, or nothing.
        now: aware.
        nonces: where nonces are remembered.
        max_age_seconds: how old a signature may be.

    Returns:
        The key id. What its owner may do is the caller's business.

    Raises:
        MissingSignatureError: rule 1, no signature.
        UnknownSignerError: rule 2, the key.
        InvalidSignatureError: rules 1 to 3; ``what`` tells the body from the rest.
        SignatureExpiredError: rule 4.
        ReplayedRequestError, NonceCapacityError: rule 5.
    """
    message = _Message(method, url, _pairs(headers))
    if not all(field in message.headers for field in _SIGNATURE_FIELDS):
        raise MissingSignatureError(what=_WHAT)
    verifier, result = _verify_signature(message, resolve_key)
    try:
        verifier.verify_body(message, [result], body)
    except HTTPMessageSignaturesException as error:
        raise InvalidSignatureError(what="request body") from error
    key_id, nonce = str(result.parameters["keyid"]), result.nonce
    if nonce is None or len(nonce) not in _NONCE_CHARACTERS:
        raise InvalidSignatureError(what=_WHAT)
    _require_current(result, now, max_age_seconds)
    keep_seconds = max_age_seconds + 2 * CLOCK_SKEW_SECONDS + 1
    nonces.use(key_id, nonce, now=now, keep_seconds=keep_seconds)
    return key_id


class NonceCache:
    """Remembers nonces in this process; a restart forgets those of the last two minutes."""

    def __init__(self, nonces_per_key: int = DEFAULT_NONCES_PER_KEY) -> None:
        """Bound the memory for each key, so that one caller cannot crowd out another."""
        self._capacity = nonces_per_key
        self._until: dict[str, OrderedDict[str, float]] = {}
        self._lock = threading.Lock()

    def use(self, key_id: str, nonce: str, *, now: datetime, keep_seconds: int) -> None:
        """Take ``nonce`` once. Raises ReplayedRequestError, NonceCapacityError."""
        instant = now.timestamp()
        with self._lock:
            seen = self._until.setdefault(key_id, OrderedDict())
            while seen and next(iter(seen.values())) < instant:
                seen.popitem(last=False)
            if nonce in seen:
                raise ReplayedRequestError(key_id=key_id)
            if len(seen) >= self._capacity:
                raise NonceCapacityError(key_id=key_id, capacity=self._capacity)
            seen[nonce] = instant + keep_seconds


# --- the library's side ---------------------------------------------------------------------------


class _Fields:
    """Header fields in order, names in any case, as the library wants to read and add to them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def items(self) -> list[tuple[str, str]]:
        return list(self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __contains__(self, name: str) -> bool:
        return any(field.lower() == name.lower() for field, _ in self._pairs)

    def __getitem__(self, name: str) -> str:
        return ", ".join(value for field, value in self._pairs if field.lower() == name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        del self[name]
        self._pairs.append((name, value))

    def __delitem__(self, name: str) -> None:
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]


class _Message:
    """A request as the library wants to see it."""

    def __init__(self, method: str, url: str, pairs: list[tuple[str, str]]) -> None:
        self.method = method
        self.url = url
        self.headers = _Fields(pairs)


class _EnrolledKeys(HTTPSignatureKeyResolver):  # type: ignore[misc, unused-ignore]
    """Finds public keys through the caller's function, and remembers why there is none."""

    def __init__(self, resolve_key: Callable[[str], bytes | None]) -> None:
        self._resolve_key = resolve_key
        self.refusal: LedgerError | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        try:
            raw = self._resolve_key(key_id) if len(key_id) in _KEY_ID_CHARACTERS else None
        except LedgerError as error:
            self.refusal = error  # could not look it up: that is not an invalid signature
            return None
        if raw is None:
            self.refusal = UnknownSignerError(key_id=key_id[: _KEY_ID_CHARACTERS.stop - 1])
            return None
        return Ed25519PublicKey.from_public_bytes(raw)

    def resolve_private_key(self, key_id: str) -> Any:
        raise NotImplementedError(key_id)


class _Verifier(HTTPMessageVerifier):  # type: ignore[misc, unused-ignore]
    """The library's verifier without its look at the machine's clock: time is judged by ours."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Leave the time to the caller's clock."""


def _verify_signature(
    message: _Message, resolve_key: Callable[[str], bytes | None]
) -> tuple[_Verifier, VerifyResult]:
    keys = _EnrolledKeys(resolve_key)
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=keys)
    try:
        results = verifier.verify(
            message, max_age=None, expect_tag=TAG, require_components=COVERED_COMPONENTS
        )
    except (HTTPMessageSignaturesException, ValueError) as error:
        if keys.refusal is not None:
            raise keys.refusal from error
        raise InvalidSignatureError(what=_WHAT) from error
    if len(results) != 1:
        raise InvalidSignatureError(what=_WHAT)
    return verifier, results[0]


def _require_current(result: VerifyResult, now: datetime, max_age_seconds: int) -> None:
    created = result.parameters.get("created")
    expires = result.parameters.get("expires")
    if not isinstance(created, int):
        raise InvalidSignatureError(what=_WHAT)
    instant = int(now.timestamp())
    age = instant - created
    too_old = age > max_age_seconds + CLOCK_SKEW_SECONDS
    expired = isinstance(expires, int) and expires < instant - CLOCK_SKEW_SECONDS
    if age < -CLOCK_SKEW_SECONDS or too_old or expired:
        raise SignatureExpiredError(what=_WHAT, age_seconds=age, max_age_seconds=max_age_seconds)


def _pairs(headers: HeaderFields) -> list[tuple[str, str]]:
    return list(headers.items() if isinstance(headers, Mapping) else headers)
