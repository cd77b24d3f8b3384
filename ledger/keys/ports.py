"""What the house may ask of a key, whichever thing keeps it: a file today, a token tomorrow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Signer(Protocol):
    """Signs with one Ed25519 key (RFC 8032), which may live where nobody can read it."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes others check the signature with."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of ``message``."""
        ...


class AccountSigner(Protocol):
    """Signs 32-byte digests with the secp256k1 key of an officer, a publisher or a supervisor."""

    @property
    def address(self) -> str:
        """The checksummed address (EIP-55) by which contracts know the key."""
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """65 bytes r | s | v with low s and v 27 or 28."""
        ...


class OprfEvaluator(Protocol):
    """Evaluates the keyed function of pseudonyms (RFC 9497, VOPRF, ristretto255-SHA512)."""

    def evaluate(self, inputs: Sequence[bytes]) -> list[bytes]:
        """The 64-byte output for each input, in order.

        Raises:
            OprfProofError: a remote evaluator used another key than the one it announced.
        """
        ...


class BlindEvaluator(Protocol):
    """The far side of the blinded protocol: it holds the key and sees no input."""

    def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
        """For each 32-byte blinded element, in order: the evaluated element 32 | its proof 64."""
        ...


class NonceStore(Protocol):
    """Remembers the nonces of signed requests for as long as they could be replayed."""

    def use(self, key_id: str, nonce: str, *, now: datetime, keep_seconds: int) -> None:
        """Take ``nonce`` of ``key_id``, once.

        Raises:
            ReplayedRequestError: it was taken before and is still remembered.
            NonceCapacityError: this key has too many live nonces to remember one more.
        """
        ...
