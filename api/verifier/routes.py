"""What somebody uses who was handed a proof: check it, get a trust file, fetch one's own.

Checking asks no session and keeps nothing: neither the proof nor anything of it is kept or logged.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse
from pydantic import ValidationError

from api.verifier.schemas import (
    ProofFile,
    TrustFileAnswer,
    VerdictAnswer,
    VerifyRequest,
    verdict_answer,
)
from ledger.errors import ChainUnavailableError, EncodingError, VerificationError
from ledger.evidence.bundle import MAX_BUNDLE_BYTES, ProofBundle
from ledger.evidence.encoding import MAX_JSON_INTEGER
from ledger.evidence.tlog_proof import FILE_SUFFIX, TlogProof
from ledger.evidence.trust import MAX_TRUST_FILE_BYTES, TrustFile
from ledger.evidence.verdicts import Verdict
from ledger.evidence.verification import unreadable
from ledger.ports import Clock
from ledger.recording.context import NodeContext
from ledger.recording.proofs import StandingSource, prove_entry
from ledger.recording.trust import export_trust
from ledger.recording.verifying import read_standing, verify

MAX_REQUEST_BYTES: Final = 2 * (MAX_BUNDLE_BYTES + MAX_TRUST_FILE_BYTES)
"""A file given as text inside JSON may double in size by its escapes."""
TRUST_SECONDS: Final = 10
"""How old the node's own trust file may be."""

_JSON: Final = "application/json"


class TrustExports:
    """The node's own trust file, read from the chain again after some seconds.

    While the chain does not answer the last one serves: keys and addresses do not go bad by that.
    Safe to share between threads.
    """

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._clock: Clock = context.clock
        self._lock = threading.Lock()
        self._known: tuple[float, TrustFile] | None = None

    def current(self) -> TrustFile:
        """The trust file of this network.

        Raises:
            ChainUnavailableError: the chain does not answer, and did not since this node started.
        """
        with self._lock:
            now = self._clock.now().timestamp()
            if self._known is not None and 0 <= now - self._known[0] < TRUST_SECONDS:
                return self._known[1]
            try:
                exported = export_trust(self._context)
            except ChainUnavailableError:
                if self._known is None:
                    raise
                return self._known[1]
            self._known = (now, exported)
            return exported


def check_proof(
    context: NodeContext, exports: TrustExports, bundle: str | bytes, trust: str | bytes | None
) -> tuple[ProofBundle | None, Verdict]:
    """Check a file that may be anything, for the JSON route and for the page.

    The chain that is read is the node's own, never one that the caller names; a trust file of
    another chain therefore leaves the anchor undetermined.

    Args:
        context: this node.
        exports: its trust file, used when ``trust`` is None.
        bundle: the file that was handed over.
        trust: the verifier's own trust file.

    Returns:
        The bundle, or None when the file is none, and the verdict.

    Raises:
        MalformedTrustFileError: the trust file cannot be read.
        ChainUnavailableError: there is no trust file yet, see :class:`TrustExports`.
    """
    trusted = TrustFile.from_json(trust) if trust is not None else exports.current()
    try:
        opened = ProofBundle.from_json(bundle)
    except VerificationError as error:
        return None, unreadable(error)
    verdict = verify(
        opened,
        trusted,
        context.settings.rpc_urls or context.manifest.rpc_urls,
        context.clock.now(),
        finality=context.manifest.finality,
        standing=read_standing(context, opened),
    )
    return opened, verdict


def verifier_routes(context: NodeContext, exports: TrustExports | None = None) -> APIRouter:
    """``POST /api/verify`` and ``GET /api/trust``, for anybody."""
    known = exports if exports is not None else TrustExports(context)
    routes = APIRouter(prefix="/api", tags=["verifier"])

    @routes.post(
        "/verify",
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {_JSON: {"schema": VerifyRequest.model_json_schema()}},
            }
        },
    )
    async def verify_proof(request: Request) -> VerdictAnswer:
        """Check a proof; nothing of it is kept."""
        asked = _parsed(await bounded_body(request, MAX_REQUEST_BYTES))
        trust = _file(asked.trust) if asked.trust is not None else None
        _, verdict = await run_in_threadpool(
            check_proof, context, known, _file(asked.bundle), trust
        )
        return verdict_answer(verdict, trust_given=trust is not None)

    @routes.get("/trust", response_model=TrustFileAnswer)
    def trust_file() -> Response:
        """The trust file of this network, as this node knows it.

        Get it from a supervisor over a way you trust, and before you see a proof.
        """
        headers = {
            "content-disposition": 'attachment; filename="anxu-trust.json"',
            "cache-control": "no-cache",
        }
        return Response(known.current().to_json(), media_type=_JSON, headers=headers)

    return routes


def prove_route(
    context: NodeContext,
    may_open: Callable[..., Any],
    standing_source: StandingSource | None = None,
) -> APIRouter:
    """``GET /api/prove/<index>`` and ``/text``: the proof of one record, for whoever may open it.

    Args:
        context: an open bureau's node.
        may_open: a FastAPI dependency that refuses (NotPermittedError) unless the session behind
            the request may open leaf ``index``; it may take ``index: int`` from the path.
        standing_source: asks supervisors whether the leaf still stands, as
            ``ledger.following.feeds.FeedClient.standing`` does.
    """
    routes = APIRouter(prefix="/api", tags=["proofs"])

    @routes.get("/prove/{index}", response_model=ProofFile, dependencies=[Depends(may_open)])
    def prove(index: Annotated[int, Path(ge=0, le=MAX_JSON_INTEGER)]) -> Response:
        """The proof bundle of one record, a file to carry away."""
        bundle = prove_entry(context, index, standing_source=standing_source)
        name = f"anxu-proof-{bundle.log_id}-{bundle.index}.json"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        }
        return Response(bundle.to_json(), media_type=_JSON, headers=headers)

    @routes.get(
        "/prove/{index}/text", response_class=PlainTextResponse, dependencies=[Depends(may_open)]
    )
    def prove_as_text(index: Annotated[int, Path(ge=0, le=MAX_JSON_INTEGER)]) -> Response:
        """The public part of the same proof in the form of c2sp.org/tlog-proof."""
        proof = TlogProof.of(prove_entry(context, index, level="supervision"))
        name = f"anxu-proof-{context.log_id}-{proof.index}{FILE_SUFFIX}"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
        }
        return PlainTextResponse(proof.format(), headers=headers)

    return routes


async def bounded_body(request: Request, limit: int) -> bytes:
    """The body of a request, refused before it is read when it is larger than ``limit``.

    Raises:
        EncodingError: it is too large.
    """
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limit:
        raise EncodingError(field="body", reason=f"it is longer than {limit} bytes")
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > limit:
            raise EncodingError(field="body", reason=f"it is longer than {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def _parsed(body: bytes) -> VerifyRequest:
    try:
        return VerifyRequest.model_validate_json(body)
    except ValidationError as error:
        raise EncodingError(
            field="body", reason="it is not an object with bundle and, if wanted, trust"
        ) from error


def _file(value: str | dict[str, Any]) -> str:
    """A file given as text, or as the JSON object in it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
