"""JSON-RPC 2.0 over HTTP on loopback: one POST, one request or one batch.

Threads serve the connections; the chain's lock lets one of them at a time into the chain. Web pages
are kept out as geth does it: only ``application/json`` bodies, only a loopback ``Host``.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from devnet.errors import InvalidRequestError, ParseError, RpcError, SettingsError
from devnet.rpc import RpcMethods, error_of, request_parts

if TYPE_CHECKING:
    from devnet.chain import LocalChain

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_BATCH_REQUESTS = 1_000
DRAIN_SECONDS = 10.0
THREAD_STACK_BYTES = 256 * 1024 * 1024
"""py-evm raises Python's recursion limit to 100,000, so that 1,024 nested calls fit; on the usual
stack of 8 MiB deep nesting then ends the whole process. Untouched stack costs no memory."""

_log = logging.getLogger("devnet.rpc")


class RpcServer(ThreadingHTTPServer):
    """The HTTP side of one chain. ``serve_forever`` in one thread, ``drain`` from another."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, local: LocalChain, host: str, port: int, *, testing: bool = False) -> None:
        """Bind the address.

        Raises:
            SettingsError: the host is not this machine's loopback, or the port is taken.
        """
        address = "127.0.0.1" if host == "localhost" else host
        if not ip_address(address).is_loopback:
            raise SettingsError("host", "the embedded chain listens on loopback only")
        if ":" in address:
            import socket

            self.address_family = socket.AF_INET6
        self.methods = RpcMethods(local, testing=testing)
        self._idle = threading.Condition()
        self._active_requests = 0
        try:
            super().__init__((address, port), _Handler)
        except OSError as error:
            raise SettingsError("port", f"cannot listen on {port}: {error.strerror}") from error

    @property
    def port(self) -> int:
        """The port that was bound."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where clients send their requests."""
        host = str(self.server_address[0])
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread whose stack is deep enough for nested contract calls."""
        usual = threading.stack_size(THREAD_STACK_BYTES)
        try:
            super().process_request(request, client_address)
        finally:
            threading.stack_size(usual)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""
        del request, client_address
        _log.debug("connection lost", exc_info=True)

    def begin_request(self) -> None:
        """Count a request that ``drain`` has to wait for."""
        with self._idle:
            self._active_requests += 1

    def end_request(self) -> None:
        """The request has been answered."""
        with self._idle:
            self._active_requests -= 1
            self._idle.notify_all()

    def drain(self) -> None:
        """Take no more connections, let the requests under way be answered, close."""
        self.shutdown()
        self.server_close()
        with self._idle:
            self._idle.wait_for(lambda: self._active_requests == 0, timeout=DRAIN_SECONDS)

    def answer_body(self, body: bytes) -> bytes | None:
        """The answer to one HTTP body; ``None`` if it held only notifications."""
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return _encoded(_refusal(None, ParseError("parse error")))
        if not isinstance(asked, list):
            answer = self._answer_one(asked)
            return None if answer is None else _encoded(answer)
        if not 0 < len(asked) <= MAX_BATCH_REQUESTS:
            reason = "empty batch" if not asked else "batch too large"
            return _encoded(_refusal(None, InvalidRequestError(reason)))
        answers = [answer for each in asked if (answer := self._answer_one(each)) is not None]
        return _encoded(answers) if answers else None

    def _answer_one(self, request: object) -> dict[str, Any] | None:
        started = time.perf_counter()
        identity = request.get("id") if isinstance(request, dict) else None
        is_notification = isinstance(request, dict) and "id" not in request
        method = "?"
        number: int | None = None
        try:
            method, params = request_parts(request)
            result = self.methods.answer(method, params)
            answer: dict[str, Any] = {"jsonrpc": "2.0", "id": identity, "result": result}
        except Exception as error:  # noqa: BLE001 - every request gets an answer
            shown = error_of(error)
            if shown is not error:
                _log.error("unforeseen", extra={"method": method[:64]}, exc_info=True)
            number = shown.number
            answer = _refusal(identity, shown)
        spent_ms = round((time.perf_counter() - started) * 1000, 2)
        _log.info("request", extra={"method": method[:64], "ms": spent_ms, "error": number})
        return None if is_notification else answer


def _refusal(identity: object, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "error": error.as_object()}


def _encoded(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _is_loopback_name(host_header: str | None) -> bool:
    name = urlsplit(f"//{host_header or ''}").hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "anxu-devnet"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one packet
    server: RpcServer

    def do_POST(self) -> None:
        self.server.begin_request()
        try:
            self._answer()
            self.wfile.flush()
        finally:
            self.server.end_request()

    def do_GET(self) -> None:
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, "send JSON-RPC requests with POST")

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get_content_type()
        if not _is_loopback_name(self.headers.get("Host")):
            self._refuse(HTTPStatus.FORBIDDEN, "the Host header must name this machine")
        elif kind != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "expected application/json")
        elif not (length.isascii() and length.isdigit()):
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "expected a Content-Length header")
        elif int(length) > MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BODY_BYTES} bytes")
        else:
            answer = self.server.answer_body(self.rfile.read(int(length)))
            self._send(HTTPStatus.OK, answer or b"", "application/json")

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True
        self._send(status, f"{reason}\n".encode(), "text/plain; charset=utf-8")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent: ``RpcServer`` logs method, time and error code, and no parameter."""
