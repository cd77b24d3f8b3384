"""Reads other nodes' public feeds, and as a supervisor their entry feeds, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import httpx

from ledger.config import PEER_TIMEOUT_SECONDS
from ledger.errors import PeerUnavailableError

RequestSigner = Callable[[str, str, bytes], dict[str, str]]
"""Given method, URL and body: the header fields to add (RFC 9421)."""

NOT_FOUND: Final = 404


class FeedClient:
    """A small HTTP client; an answer that does not come is `PeerUnavailableError`."""

    def __init__(self, sign: RequestSigner | None = None) -> None:
        self._http = httpx.Client(timeout=PEER_TIMEOUT_SECONDS, trust_env=False)
        self._sign = sign

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def checkpoint(self, endpoint: str, size: int | None = None) -> str | None:
        """A log's signed checkpoint: the newest, or that of exactly ``size``; None: it has none."""
        url = f"{endpoint}/log/checkpoint" + (f"/{size}" if size is not None else "")
        answer = self._send("GET", url, b"", signed=False)
        if answer.status_code == NOT_FOUND:
            return None
        self._require_success(answer, url)
        return answer.text

    def entry_bundle(self, endpoint: str, path: str) -> bytes:
        """An entry bundle of the public log (C2SP tlog-tiles), by its path below ``/log/``."""
        return self._get(f"{endpoint}/log/{path}").content

    def supervision_bundle(self, endpoint: str, path: str) -> tuple[bytes, str]:
        """A bundle of 80-byte entries and the log's signature over it, over a signed request."""
        answer = self._get(f"{endpoint}/supervision/{path}", signed=True)
        return answer.content, answer.headers.get("anxu-bundle-signature", "")

    def cosignature(self, endpoint: str, log_id: int, size: int) -> str | None:
        """A supervisor's signature line on a checkpoint; None while it has none."""
        url = f"{endpoint}/supervision/cosignatures/{log_id}/{size}"
        answer = self._send("GET", url, b"", signed=False)
        if answer.status_code == NOT_FOUND:
            return None
        self._require_success(answer, url)
        return answer.text

    def standing(self, endpoint: str, log_id: int, index: int) -> Any:
        """A supervisor's signed word on whether a leaf still stands (JSON); None: it has none."""
        url = f"{endpoint}/supervision/standing/{log_id}/{index}"
        answer = self._send("GET", url, b"", signed=False)
        if answer.status_code == NOT_FOUND:
            return None
        self._require_success(answer, url)
        try:
            return answer.json()
        except ValueError as error:
            raise PeerUnavailableError(peer=_host(url), reason="no JSON") from error

    def post_json(self, url: str, body: bytes) -> httpx.Response:
        """Post a signed JSON message and hand back the answer, whatever its status."""
        return self._send("POST", url, body, signed=True)

    def _get(self, url: str, *, signed: bool = False) -> httpx.Response:
        answer = self._send("GET", url, b"", signed=signed)
        self._require_success(answer, url)
        return answer

    def _send(self, method: str, url: str, body: bytes, *, signed: bool) -> httpx.Response:
        headers = {"content-type": "application/json"} if body else {}
        if signed:
            assert self._sign is not None, "this node has no key for signed requests"
            headers |= self._sign(method, url, body)
        try:
            return self._http.request(method, url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise PeerUnavailableError(peer=_host(url), reason=type(error).__name__) from error

    @staticmethod
    def _require_success(answer: httpx.Response, url: str) -> None:
        if answer.status_code != httpx.codes.OK:
            raise PeerUnavailableError(peer=_host(url), reason=f"status {answer.status_code}")


def _host(url: str) -> str:
    """Host and port, for messages; an endpoint is whatever its owner registered."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "malformed endpoint"
    return f"{parsed.host}:{parsed.port}"
