"""Two officers sign one statement: one makes, another checks (经办、复核).

Source: 社会保险经办条例 art. 37, 38.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import NotPermittedError, SameOfficerError
from ledger.keys.key_store import officer_key_name
from ledger.recording.context import NodeContext

_PREFIX: Final = "officer-"
_NEEDED: Final = "an enrolled officer's key"


@dataclass(frozen=True, slots=True)
class OfficerSignature:
    """Who signed, by name and address, and the 65 bytes r | s | v over the statement's digest."""

    officer: str
    address: str
    signature: bytes

    def to_json(self) -> dict[str, str]:
        """As it stands in a record."""
        return {
            "officer": self.officer,
            "address": self.address,
            "signature": self.signature.hex(),
        }


def sign_by_two(
    context: NodeContext, digest: bytes, maker: str, checker: str, action: str
) -> tuple[OfficerSignature, OfficerSignature]:
    """Both officers' signatures over a 32-byte digest, the maker's first.

    Args:
        context: the bureau's node, whose key store has the officers' keys.
        digest: what is signed.
        maker: the name of the officer who makes, such as ``officer-maker``.
        checker: the other officer, who checks.
        action: what it is for, in words for a refusal.

    Raises:
        SameOfficerError: both names, or both keys, are one officer's.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
    """
    if _short(maker) == _short(checker):
        raise SameOfficerError(action=action)
    made = _sign(context, maker, digest, action)
    checked = _sign(context, checker, digest, action)
    if made.address == checked.address:
        raise SameOfficerError(action=action)
    return made, checked


def _sign(context: NodeContext, name: str, digest: bytes, action: str) -> OfficerSignature:
    key_name = officer_key_name(_short(name))
    if not context.keys.has(key_name):
        raise NotPermittedError(action=action, needed=_NEEDED)
    signer = context.keys.secp256k1(key_name)
    if not context.chain.is_officer(context.log_id, signer.address):
        raise NotPermittedError(action=action, needed=_NEEDED)
    return OfficerSignature(key_name, signer.address, signer.sign_digest(digest))


def _short(name: str) -> str:
    """An officer's short name, with or without the prefix that key names have."""
    return name.strip().casefold().removeprefix(_PREFIX)
