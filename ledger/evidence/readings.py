"""What a verifier read elsewhere and hands in: from a chain, and from the leaves of a log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AnchorReading:
    """What a chain endpoint, chosen by the verifier, says of the log and size of the bundle.

    ``contract`` (0x, lower case) is the address that was asked, ``code_hash`` Keccak-256 of the
    code found there. ``root`` is None when the chain holds no final checkpoint of that size;
    ``block`` and ``transaction`` (0x, lower case) are None when they were not looked up.
    """

    chain_id: int
    contract: str
    code_hash: bytes
    root: bytes | None
    number: int | None = None
    anchored_at: datetime | None = None
    block: int | None = None
    transaction: str | None = None


@dataclass(frozen=True, slots=True)
class StandingReading:
    """What somebody who holds all leaves of the log up to an anchored checkpoint found.

    ``size`` is that checkpoint's. ``reversed`` and ``revoked`` are None when they could not be
    looked up (leaves are missing, `Statuses` was not read); ``revoked`` is False for whatever is
    no credential.
    """

    size: int
    reversed: bool | None
    revoked: bool | None
    read_at: datetime
