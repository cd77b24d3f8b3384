"""What a bureau's node serves of its log, to anybody and to supervisors."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import PlainTextResponse

from api.auth.signed import SUPERVISOR_PREFIX, signed_caller
from ledger.errors import NotFoundError
from ledger.evidence.encoding import MAX_JSON_INTEGER
from ledger.evidence.tiles import (
    TILE_WIDTH,
    Tile,
    parse_supervision_bundle_path,
    supervision_bundle_text,
)
from ledger.evidence.trust import MAX_LOG_ID
from ledger.recording.context import NodeContext
from ledger.recording.publication import served_note

IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-cache"}
_BYTES = "application/octet-stream"
LogNumber = Annotated[int, Path(ge=1, le=MAX_LOG_ID)]
Size = Annotated[int, Path(ge=0, le=MAX_JSON_INTEGER)]


def public_log(context: NodeContext) -> APIRouter:
    """``/log/checkpoint`` and ``/log/tile/...`` as C2SP tlog-tiles has them, cache rules too."""
    router = APIRouter(prefix="/log", tags=["log"])

    @router.get("/checkpoint", response_class=PlainTextResponse)
    def checkpoint() -> PlainTextResponse:
        """The newest signed checkpoint with the cosignatures that came in."""
        with context.read() as view:
            last = view.log.last_checkpoint()
            lines = view.log.cosignatures(last.size) if last is not None else []
        if last is None:
            raise NotFoundError(what="checkpoint", key="yet")
        return PlainTextResponse(served_note(last, lines), headers=FRESH)

    @router.get("/checkpoint/{size}", response_class=PlainTextResponse)
    def checkpoint_of_size(size: Size) -> PlainTextResponse:
        """The signed checkpoint of exactly ``size`` leaves."""
        with context.read() as view:
            found = view.log.checkpoint(size)
            lines = view.log.cosignatures(size)
        if found is None:
            raise NotFoundError(what="checkpoint", key=str(size))
        return PlainTextResponse(served_note(found, lines), headers=FRESH)

    @router.get("/tile/{path:path}")
    def tile(path: str) -> Response:
        """A hash tile or an entry bundle; both never change."""
        relative = Tile.parse(f"tile/{path}").path
        file = context.bureau.tiles.path(relative)
        if not file.is_file():
            raise NotFoundError(what="tile", key=relative)
        return Response(file.read_bytes(), media_type=_BYTES, headers=IMMUTABLE)

    return router


def entry_feed(context: NodeContext) -> APIRouter:
    """``/supervision/entries/...``: 80-byte entries for supervisors, bundles signed by the log."""
    router = APIRouter(prefix="/supervision", tags=["supervision feed"])
    supervisor = signed_caller(context, SUPERVISOR_PREFIX, "a supervisor's signature")

    @router.get("/entries/{path:path}", dependencies=[Depends(supervisor)])
    def entries(path: str) -> Response:
        """A bundle of entries, only below the newest signed checkpoint."""
        number, width = parse_supervision_bundle_path(f"entries/{path}")
        first = number * TILE_WIDTH
        end = first + width
        with context.read() as view:
            last = view.log.last_checkpoint()
            if last is None or end > last.size:
                raise NotFoundError(what="entry bundle", key=path)
            content = b"".join(item.entry.pack() for item in view.log.entries(first, end))
        text = supervision_bundle_text(context.origin, number, width, content)
        signature = base64.b64encode(context.keys.ed25519("log").sign(text)).decode()
        headers = {"anxu-bundle-signature": signature, "cache-control": "no-store"}
        return Response(content, media_type=_BYTES, headers=headers)

    return router


def cosignatures(context: NodeContext) -> APIRouter:
    """``/supervision/cosignatures/<log>/<size>``: a supervisor's signature lines, for anybody."""
    router = APIRouter(prefix="/supervision", tags=["cosignatures"])

    @router.get("/cosignatures/{log_id}/{size}", response_class=PlainTextResponse)
    def cosignature(log_id: LogNumber, size: Size) -> PlainTextResponse:
        """Our line on a checkpoint that was final and consistent."""
        with context.read() as view:
            found = view.following.checkpoint(log_id, size)
        if found is None or found.cosignature is None:
            raise NotFoundError(what="cosignature", key=f"{log_id}/{size}")
        return PlainTextResponse(found.cosignature, headers=IMMUTABLE)

    return router
