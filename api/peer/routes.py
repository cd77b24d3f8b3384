"""Bureau to bureau: takes messages of other bureaus, whose requests are signed (RFC 9421)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from api.peer.schemas import MessageAnswer, PeerError, SealingKey
from ledger.config import MAX_MESSAGE_BYTES
from ledger.errors import (
    CorruptionError,
    InvalidSignatureError,
    LedgerError,
    LengthError,
    MissingSignatureError,
    NotFoundError,
    NotPermittedError,
    PackageShapeError,
    ReplayedRequestError,
    SignatureExpiredError,
    UnavailableError,
    UnknownSignerError,
)
from ledger.evidence.encoding import LogId
from ledger.keys.key_store import SEALING
from ledger.keys.requests import NonceCache, verify_request
from ledger.recording.context import NodeContext
from ledger.recording.peers import key_of_caller
from ledger.transfers.service import handle_message

_KEY_ID: Final = "log"
_STATUSES: Final[tuple[tuple[type[LedgerError], int], ...]] = (
    (MissingSignatureError, 401),
    (UnknownSignerError, 401),
    (InvalidSignatureError, 401),
    (SignatureExpiredError, 401),
    (ReplayedRequestError, 401),
    (NotPermittedError, 403),
    (NotFoundError, 404),
    (PackageShapeError, 422),
    (LengthError, 413),
    (UnavailableError, 503),
    (CorruptionError, 500),
)
_OTHER_REFUSAL: Final = 409


def router(context: NodeContext) -> APIRouter:
    """The peer routes of one bureau's node."""
    routes = APIRouter(prefix="/peer", tags=["peer"])
    nonces = NonceCache()

    @routes.get("/sealing-key")
    def sealing_key() -> SealingKey:
        """The key that other bureaus seal to; public, and fixed by its digest on chain."""
        key = context.keys.x25519(SEALING).public_key
        return SealingKey(log_id=context.log_id, sealing_key=key.hex())

    @routes.post("/messages", response_model=None)
    def messages(
        request: Request, body: Annotated[bytes | None, Depends(limited_body)]
    ) -> MessageAnswer | JSONResponse:
        """Take one message of a transfer case; the same one again gets the same answer."""
        return answered(lambda: _take(context, nonces, request, body))

    return routes


async def limited_body(request: Request) -> bytes | None:
    """The body as received; None once it is larger than any message may be."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_MESSAGE_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def answered(take: Callable[[], dict[str, Any]]) -> MessageAnswer | JSONResponse:
    """The answer, or the refusal as JSON that the other bureau's node and officers read."""
    try:
        return MessageAnswer(**take())
    except LedgerError as error:
        content = PeerError(
            code=error.code,
            message=error.sentence("en"),
            message_zh=error.sentence("zh"),
            remedy=error.advice("en"),
            remedy_zh=error.advice("zh"),
            retryable=error.retryable,
            fields=error.fields(),
        )
        return JSONResponse(content.model_dump(), status_code=status_of(error))


def status_of(error: LedgerError) -> int:
    """The HTTP status for a refusal."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), _OTHER_REFUSAL)


def _take(
    context: NodeContext, nonces: NonceCache, request: Request, body: bytes | None
) -> dict[str, Any]:
    if body is None:
        raise LengthError(field="message", expected=MAX_MESSAGE_BYTES, actual=MAX_MESSAGE_BYTES + 1)
    sender = _sender(context, nonces, request, body)
    try:
        message = json.loads(body)
    except ValueError as error:
        raise PackageShapeError(part="message", reason="it is not JSON") from error
    return handle_message(context, sender, message)


def _sender(context: NodeContext, nonces: NonceCache, request: Request, body: bytes) -> LogId:
    """Whose log signed the request; only bureaus send messages."""
    path = request.scope["raw_path"].decode("ascii")
    query = request.scope["query_string"].decode("ascii")
    url = context.settings.endpoint + path + (f"?{query}" if query else "")
    key_id = verify_request(
        request.method,
        url,
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
        body,
        lambda name: key_of_caller(context, name),
        context.clock.now(),
        nonces=nonces,
    )
    kind, _, number = key_id.partition("/")
    if kind != _KEY_ID or not number.isdigit():
        raise NotPermittedError(action="sending a message", needed="an enrolled bureau")
    return LogId(int(number))
