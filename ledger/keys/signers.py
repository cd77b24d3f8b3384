"""Keys opened from the store, as values that sign or open and do not show themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account import Account

from ledger.errors import EncodingError, LengthError

PRIVATE_KEY_BYTES = 32
DIGEST_BYTES = 32
# Order of the secp256k1 group (SEC 2, section 2.4.1): private keys are 1 up to one less than this.
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """An Ed25519 key held in this process. Build it with :meth:`from_private`."""

    public_key: bytes
    _key: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_private(cls, private_key: bytes) -> Ed25519Signer:
        """Take a 32-byte seed (RFC 8032, section 5.1.5).

        Raises:
            LengthError: it is not 32 bytes.
        """
        _require_length("Ed25519 key", private_key, PRIVATE_KEY_BYTES)
        key = Ed25519PrivateKey.from_private_bytes(private_key)
        return cls(key.public_key().public_bytes_raw(), key)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``."""
        return self._key.sign(message)


@dataclass(frozen=True, slots=True)
class SealingKeyPair:
    """An X25519 key to which packages are sealed. Build it with :meth:`from_private`."""

    public_key: bytes
    private: X25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def from_private(cls, private_key: bytes) -> SealingKeyPair:
        """Take a 32-byte scalar (RFC 7748, section 5).

        Raises:
            LengthError: it is not 32 bytes.
        """
        _require_length("X25519 key", private_key, PRIVATE_KEY_BYTES)
        key = X25519PrivateKey.from_private_bytes(private_key)
        return cls(key.public_key().public_bytes_raw(), key)


@dataclass(frozen=True, slots=True)
class Secp256k1Signer:
    """A secp256k1 key held in this process. Build it with :meth:`from_private`."""

    address: str
    private_key: bytes = field(repr=False, compare=False)

    @classmethod
    def from_private(cls, private_key: bytes) -> Secp256k1Signer:
        """Take a 32-byte big-endian scalar.

        Raises:
            LengthError: it is not 32 bytes.
            EncodingError: it is zero or not below the order of the group.
        """
        _require_length("secp256k1 key", private_key, PRIVATE_KEY_BYTES)
        if not is_secp256k1_scalar(private_key):
            raise EncodingError(field="secp256k1 key", reason="it is outside the group")
        return cls(str(Account.from_key(private_key).address), private_key)

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r | s | v, deterministic (RFC 6979), s in the lower half (EIP-2).

        Raises:
            LengthError: ``digest`` is not 32 bytes.
        """
        _require_length("digest", digest, DIGEST_BYTES)
        return bytes(Account.unsafe_sign_hash(digest, self.private_key).signature)


def is_secp256k1_scalar(private_key: bytes) -> bool:
    """Whether 32 random bytes may serve as a secp256k1 key; all but 2^-128 of them may."""
    return 0 < int.from_bytes(private_key) < SECP256K1_ORDER


def _require_length(name: str, value: bytes, expected: int) -> None:
    if len(value) != expected:
        raise LengthError(field=name, expected=expected, actual=len(value))
