"""What a bureau's node serves of its log, to anybody and to supervisors."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import PlainTextResponse

from api.auth.signed import SUPERVISOR_PREFIX, signed_caller
from ledger.errors import NotFoundError
from ledger.evidence.checkpoint import VerifierKey
from ledger.evidence.encoding import MAX_JSON_INTEGER
from ledger.evidence.tiles import (
    TILE_WIDTH,
    Tile,
    parse_supervision_bundle_path,
    supervision_bundle_text,
)
from ledger.evidence.trust import MAX_LOG_ID
from ledger.recording.context import NodeContext, cosigner_name
from ledger.recording.publication import served_note

IMMUTABLE = {"cache-control": "public, max-age=31536000, immutable"}
FRESH = {"cache-control": "no-cache"}
_BYTES = "application/octet-stream"
LogNumber = Annotated[int, Path(ge=1, le=MAX_LOG_ID)]
Size = Annotated[int, Path(ge=0, le=MAX_JSON_INTEGER)]


def public_log(context: NodeContext) -> APIRouter:
    """``/log/checkpoint`` and ``/log/tile/...`` as C2SP tlog-tiles has them, and ``/log/vkey``."""
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

    @router.get("/vkey", response_class=PlainTextResponse)
    def verifier_key() -> PlainTextResponse:
        """The key that signs this log's checkpoints, as c2sp.org/signed-note writes keys.

        Whoever wants to rely on it gets it elsewhere too: from the registry, or a trust file.
        """
        key = VerifierKey.log(context.origin, context.keys.ed25519("log").public_key)
        return PlainTextResponse(key.format() + "\n", headers=FRESH)

    @router.get("/tile/{path:path}")
    def tile(path: str) -> Response:
        """A hash tile or an entry bundle; both never change."""
        asked = Tile.parse(f"tile/{path}")
        content = context.bureau.tiles.tile_bytes(asked)
        if content is None:
            raise NotFoundError(what="tile", key=asked.path)
        return Response(content, media_type=_BYTES, headers=IMMUTABLE)

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
    """``/supervision/cosignatures/<log>/<size>`` and ``/supervision/vkey``, for anybody."""
    router = APIRouter(prefix="/supervision", tags=["cosignatures"])

    @router.get("/vkey", response_class=PlainTextResponse)
    def verifier_key() -> PlainTextResponse:
        """The key of our cosignatures, as c2sp.org/signed-note writes keys."""
        account = context.keys.secp256k1("supervisor").address
        name = cosigner_name(context.manifest.chain_id, account)
        key = VerifierKey.cosigner(name, context.keys.ed25519("cosigner").public_key)
        return PlainTextResponse(key.format() + "\n", headers=FRESH)

    @router.get("/notes/{log_id}/{size}", response_class=PlainTextResponse)
    def notes(log_id: LogNumber, size: Size) -> PlainTextResponse:
        """Every checkpoint of this size that the log showed us, one behind the other.

        Two with different roots prove that the log showed two histories. One without a signature
        is what the chain holds.
        """
        with context.read() as view:
            seen = view.following.notes(log_id, size)
        if not seen:
            raise NotFoundError(what="checkpoint", key=f"{log_id}/{size}")
        return PlainTextResponse("\n".join(item.note for item in seen), headers=FRESH)

    @router.get("/cosignatures/{log_id}/{size}", response_class=PlainTextResponse)
    def cosignature(log_id: LogNumber, size: Size) -> PlainTextResponse:
        """Our line on a checkpoint that was final and consistent."""
        with context.read() as view:
            found = view.following.checkpoint(log_id, size)
        if found is None or found.cosignature is None:
            raise NotFoundError(what="cosignature", key=f"{log_id}/{size}")
        return PlainTextResponse(found.cosignature, headers=IMMUTABLE)

    return router
