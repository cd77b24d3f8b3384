"""Bureau to bureau: takes messages of other bureaus, whose requests are signed (RFC 9421)."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from api.auth.signed import BUREAU_PREFIX, log_of, signed_caller
from api.peer.schemas import MessageAnswer, SealingKey
from ledger.errors import PackageShapeError
from ledger.evidence.encoding import LogId
from ledger.keys.key_store import SEALING
from ledger.recording.context import NodeContext
from ledger.transfers.service import handle_message


def router(context: NodeContext) -> APIRouter:
    """``/peer/...`` of one bureau's node; refusals are answered as RFC 9457 problems."""
    routes = APIRouter(prefix="/peer", tags=["peer"])
    bureau = signed_caller(context, BUREAU_PREFIX, "an enrolled bureau's signature")

    @routes.get("/sealing-key")
    def sealing_key() -> SealingKey:
        """The key that other bureaus seal to; public, and fixed by its digest on chain."""
        key = context.keys.x25519(SEALING).public_key
        return SealingKey(log_id=context.log_id, sealing_key=key.hex())

    @routes.post("/messages")
    async def messages(caller: Annotated[tuple[str, bytes], Depends(bureau)]) -> MessageAnswer:
        """Take one message of a transfer case; the same one again gets the same answer."""
        key_id, body = caller
        try:
            message = json.loads(body)
        except ValueError as error:
            raise PackageShapeError(part="message", reason="it is not JSON") from error
        sender = LogId(log_of(key_id))
        answer = await run_in_threadpool(handle_message, context, sender, message)
        return MessageAnswer(**answer)

    return routes
