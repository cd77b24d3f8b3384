"""Requests signed by another node (RFC 9421), with the keys that the Bureaus contract holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request

from ledger.config import MAX_MESSAGE_BYTES
from ledger.errors import NotPermittedError
from ledger.keys.requests import NonceCache, verify_request
from ledger.recording.context import NodeContext
from ledger.recording.peers import key_of_caller

BUREAU_PREFIX = "log/"
SUPERVISOR_PREFIX = "supervisor/"

SignedCaller = Callable[[Request], Awaitable[tuple[str, bytes]]]
"""A dependency that gives the caller's key id and the body, or refuses."""


def signed_caller(context: NodeContext, prefix: str, needed: str) -> SignedCaller:
    """A dependency that lets only callers of one kind in.

    Args:
        context: whose registry knows the keys.
        prefix: ``log/`` for bureaus, ``supervisor/`` for supervisors.
        needed: what to say to others, such as "a supervisor's signature".
    """
    nonces = NonceCache()

    async def dependency(request: Request) -> tuple[str, bytes]:
        body = await request.body()
        if len(body) > MAX_MESSAGE_BYTES:
            raise NotPermittedError(action="this message", needed="a body within the limit")
        url = f"{context.settings.endpoint}{request.url.path}"
        if request.url.query:
            url += f"?{request.url.query}"
        key_id = verify_request(
            request.method,
            url,
            request.headers.items(),
            body,
            lambda wanted: key_of_caller(context, wanted),
            context.clock.now(),
            nonces=nonces,
        )
        if not key_id.startswith(prefix):
            raise NotPermittedError(action=f"{request.method} {request.url.path}", needed=needed)
        return key_id, body

    return dependency


def log_of(key_id: str) -> int:
    """The log id in a bureau's key id."""
    return int(key_id.removeprefix(BUREAU_PREFIX))
