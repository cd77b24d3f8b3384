"""Typed reads of `Statuses`."""

from __future__ import annotations

from typing import Final

from ledger.chain.bindings.base import ContractReads

CREDENTIALS_A_WORD: Final = 256


class StatusesReads(ContractReads):
    """Which credentials no longer count."""

    def is_revoked(self, log_id: int, index: int) -> bool:
        """Whether a bureau's credential is revoked."""
        return bool(self.one("Statuses", "isRevoked", log_id, index))

    def revoked_among(self, log_id: int, word: int) -> list[int]:
        """The revoked ones of the credentials 256 ``word`` to 256 ``word`` + 255."""
        bits = int(self.one("Statuses", "word", log_id, word))
        first = word * CREDENTIALS_A_WORD
        return [first + place for place in range(CREDENTIALS_A_WORD) if bits >> place & 1]
