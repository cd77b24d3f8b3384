"""Other bureaus' nodes over HTTP, with signed requests (RFC 9421)."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx

from ledger.chain.bindings import BureauOnChain
from ledger.config import PEER_TIMEOUT_SECONDS
from ledger.errors import PeerRefusedError, PeerUnavailableError
from ledger.evidence.encoding import LogId
from ledger.recording.context import NodeContext
from ledger.recording.peers import request_headers
from ledger.transfers.envelopes import require_sealing_key
from ledger.transfers.onchain import bureau_of

MESSAGES_PATH: Final = "/peer/messages"
SEALING_KEY_PATH: Final = "/peer/sealing-key"
_MAX_ERROR_CHARACTERS: Final = 300
_PROBLEM_PREFIX: Final = "urn:anxu:problem:"
_ABOUT_THE_REQUEST: Final = frozenset(
    {"missing-signature", "unknown-signer", "signature-expired", "replayed-request"}
)
"""Refusals of the request's signature, not of the message: a fresh signature may pass."""


class HttpPeers:
    """Reaches each bureau at the endpoint that the Bureaus contract names."""

    def __init__(self, context: NodeContext, client: httpx.Client | None = None) -> None:
        self._context = context
        self._given = client
        self._own: httpx.Client | None = None

    def close(self) -> None:
        """Give back the connections made here; a client that was handed in stays open."""
        if self._own is not None:
            self._own.close()
            self._own = None

    def _client(self) -> httpx.Client:
        """The client, made when it is first needed: most rounds have nothing to send."""
        if self._given is not None:
            return self._given
        if self._own is None:
            self._own = httpx.Client(timeout=PEER_TIMEOUT_SECONDS, trust_env=False)
        return self._own

    def sealing_key(self, log_id: LogId) -> bytes:
        """See `Peers.sealing_key`."""
        bureau = bureau_of(self._context, log_id)
        answer = self._ask(bureau, "GET", SEALING_KEY_PATH, b"")
        try:
            key = bytes.fromhex(str(answer.get("sealing_key")))
        except ValueError as error:
            raise PeerUnavailableError(peer=bureau.name, reason="malformed answer") from error
        require_sealing_key(key, bureau.sealing_key_digest)
        return key

    def send(self, log_id: LogId, message: dict[str, Any]) -> dict[str, Any]:
        """See `Peers.send`."""
        bureau = bureau_of(self._context, log_id)
        body = json.dumps(message, separators=(",", ":")).encode()
        return self._ask(bureau, "POST", MESSAGES_PATH, body)

    def _ask(self, bureau: BureauOnChain, method: str, path: str, body: bytes) -> dict[str, Any]:
        url = bureau.endpoint.rstrip("/") + path
        headers = request_headers(self._context, method, url, body)
        try:
            response = self._client().request(method, url, content=body, headers=headers)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise PeerUnavailableError(peer=bureau.name, reason=type(error).__name__) from error
        if not isinstance(answer, dict):
            raise PeerUnavailableError(peer=bureau.name, reason="malformed answer")
        if response.is_success:
            return answer
        raise _refusal(bureau.name, response.status_code, answer)


def _refusal(
    peer: str, status: int, problem: dict[str, Any]
) -> PeerRefusedError | PeerUnavailableError:
    """What another node's problem (RFC 9457) means: later, or never."""
    kind = str(problem.get("type", ""))
    if not kind.startswith(_PROBLEM_PREFIX):
        # Not our application's answer: a proxy, or a node that does not show this room (yet).
        return PeerUnavailableError(peer=peer, reason=f"status {status}")
    code = kind.removeprefix(_PROBLEM_PREFIX)[:_MAX_ERROR_CHARACTERS]
    server_fault = status >= httpx.codes.INTERNAL_SERVER_ERROR
    if server_fault or problem.get("retryable") is True or code in _ABOUT_THE_REQUEST:
        return PeerUnavailableError(peer=peer, reason=code)
    return PeerRefusedError(
        peer=peer,
        refusal=code,
        reason=str(problem.get("detail", code))[:_MAX_ERROR_CHARACTERS],
        reason_zh=str(problem.get("detail_zh", code))[:_MAX_ERROR_CHARACTERS],
    )
