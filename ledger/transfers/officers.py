"""Two officers sign a paper of a case: one makes, another checks (经办、复核)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.recording.context import NodeContext
from ledger.recording.officers import sign_by_two
from ledger.transfers.model import Approval

MAKER: Final = "officer-maker"
CHECKER: Final = "officer-checker"


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
    signed = sign_by_two(context, digest, officers.maker, officers.checker, action)
    return tuple(Approval(item.officer, item.address, item.signature) for item in signed)
