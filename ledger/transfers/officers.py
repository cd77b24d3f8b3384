"""Two officers sign a paper of a case: one makes, another checks (经办、复核)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import NotPermittedError, SameOfficerError
from ledger.keys.key_store import officer_key_name
from ledger.recording.context import NodeContext
from ledger.transfers.model import Approval
from ledger.transfers.rules import require_two_officers

MAKER: Final = "maker"
CHECKER: Final = "checker"


@dataclass(frozen=True, slots=True)
class Officers:
    """Who makes and who checks, by the names of their keys in the node's key store."""

    maker: str = MAKER
    checker: str = CHECKER

    @property
    def names(self) -> tuple[str, ...]:
        """Both, the maker first."""
        return (self.maker, self.checker)


def sign_by_both(
    context: NodeContext, digest: bytes, officers: Officers, action: str
) -> tuple[Approval, ...]:
    """Both officers' signatures over a 32-byte digest.

    Raises:
        SameOfficerError: both names, or both keys, are one officer's.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
    """
    require_two_officers(officers.maker, officers.checker, action)
    approvals = tuple(_sign(context, name, digest, action) for name in officers.names)
    if approvals[0].address == approvals[1].address:
        raise SameOfficerError(action=action)
    return approvals


def _sign(context: NodeContext, name: str, digest: bytes, action: str) -> Approval:
    key_name = officer_key_name(name)
    if not context.keys.has(key_name):
        raise NotPermittedError(action=action, needed="an enrolled officer's key")
    signer = context.keys.secp256k1(key_name)
    if not context.chain.is_officer(context.log_id, signer.address):
        raise NotPermittedError(action=action, needed="an enrolled officer's key")
    return Approval(name, signer.address, signer.sign_digest(digest))
