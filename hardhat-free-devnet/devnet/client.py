"""One JSON-RPC question to an endpoint on this machine, with nothing around it."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from devnet.errors import RpcError

TIMEOUT_SECONDS: Final = 20.0


class Unreachable(Exception):  # noqa: N818 - a state, not a fault
    """Nobody answers there, or not in JSON-RPC."""


def post(rpc_url: str, body: bytes, timeout_seconds: float = TIMEOUT_SECONDS) -> tuple[int, bytes]:
    """Send one body; HTTP status and body of the answer.

    Raises:
        OSError, http.client.HTTPException: the connection failed.
    """
    parts = urlsplit(rpc_url)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=timeout_seconds
    )
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ask(rpc_url: str, method: str, *params: Any) -> Any:
    """The result of one call.

    Raises:
        Unreachable: nobody answers.
        RpcError: the endpoint says no; ``number`` and ``message`` are its own.
    """
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    try:
        _, body = post(rpc_url, json.dumps(asked).encode())
        answer = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
    return _result(answer)


def order(private_socket: Path, method: str, *params: Any) -> Any:
    """The result of one call through a validator's socket, which only its owner can open.

    Raises:
        Unreachable: nobody answers.
        RpcError: it says no.
    """
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(str(private_socket))
            connection.sendall(json.dumps(asked).encode())
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.readline())
    except (OSError, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
    return _result(answer)


def _result(answer: Any) -> Any:
    if "error" in answer:
        refused = RpcError(str(answer["error"].get("message")), answer["error"].get("data"))
        refused.number = int(answer["error"].get("code", refused.number))
        raise refused
    return answer["result"]
