"""What a supervisor's node answers over JSON."""

from __future__ import annotations

from pydantic import BaseModel


class StandingAnswer(BaseModel):
    """A signed standing statement: the object ``standing`` of a proof bundle.

    ``signature`` is Ed25519 in base64 over SHA-256(0x19 | log | index | size | root | reversed |
    revoked | time), ``time`` ends in Z.
    """

    size: int
    root: str
    reversed: bool
    revoked: bool
    time: str
    cosigner: str
    signature: str
