"""What the peer routes answer; the messages themselves are read by ledger.transfers.envelopes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class SealingKey(BaseModel):
    """The key that packages for this bureau are sealed to; its SHA-256 is in `Bureaus`."""

    log_id: int
    sealing_key: str


class MessageAnswer(BaseModel):
    """The message was taken, now or before."""

    message_key: str
    state: str


class PeerError(BaseModel):
    """Why a message was not taken; ``retryable``: the same message may be sent again later."""

    code: str
    message: str
    message_zh: str
    remedy: str
    remedy_zh: str
    retryable: bool
    fields: dict[str, Any]
