"""What the peer routes answer; messages themselves are read by ledger.transfers.envelopes."""

from __future__ import annotations

from pydantic import BaseModel


class SealingKey(BaseModel):
    """The key that packages for this bureau are sealed to; its SHA-256 is in `Bureaus`."""

    log_id: int
    sealing_key: str


class MessageAnswer(BaseModel):
    """The message was taken, now or before."""

    message_key: str
    state: str
