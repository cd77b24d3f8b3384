"""Faults on purpose: a JSON-RPC proxy that loses, delays, repeats and falsifies.

For tests only. Put it in front of any endpoint (the embedded chain, anvil, a validator) and give
its address to the program under test::

    with FaultProxy(devnet.rpc_url) as proxy:
        proxy.inject(lost_answer("eth_sendRawTransaction", times=1))
        ...                      # the transaction lands, its sender never hears of it
        assert proxy.struck == [("eth_sendRawTransaction", "lost-answer")]
        proxy.heal()

A fault names methods (none: all), how often it strikes (``times``, then it is used up) and how
likely (``probability``, drawn from the proxy's seed). The first fault that strikes decides; faults
that only change an answer (`stale`, `wrong_chain`, `wrong_answer`) act together.
"""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from devnet.client import ask, post
from devnet.errors import RpcError
from devnet.stale import StaleView

if TYPE_CHECKING:
    from typing import Self

Change = Callable[[str, list[Any], Any], Any]
"""Makes another result of a method's name, parameters and true result."""

PATIENCE_SECONDS: Final = 10.0
"""How long `held_back` waits for the request that is to overtake."""
_GARBAGE: Final = b"<html><body>502 Bad Gateway</body></html>"


class Kind(StrEnum):
    """What a fault does."""

    LOST_REQUEST = "lost-request"
    LOST_ANSWER = "lost-answer"
    LATE = "late"
    TWICE = "twice"
    HELD_BACK = "held-back"
    STALE = "stale"
    WRONG_CHAIN = "wrong-chain"
    WRONG_ANSWER = "wrong-answer"
    ERROR = "error"
    GARBAGE = "garbage"


_ON_ANSWERS: Final = (Kind.STALE, Kind.WRONG_CHAIN, Kind.WRONG_ANSWER)


@dataclass(eq=False)
class Fault:
    """One fault; made by the functions below."""

    kind: Kind
    methods: tuple[str, ...] = ()
    times: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    block: int | None = None
    chain_id: int = 0
    change: Change | None = None
    error: dict[str, Any] = field(default_factory=dict)

    def concerns(self, method: str) -> bool:
        """Whether it may strike this method."""
        return not self.methods or method in self.methods


def lost_request(*methods: str, times: int | None = None, probability: float = 1.0) -> Fault:
    """The connection breaks before the endpoint has seen the request."""
    return Fault(Kind.LOST_REQUEST, methods, times, probability)


def lost_answer(*methods: str, times: int | None = None, probability: float = 1.0) -> Fault:
    """The endpoint does what it was asked to; the connection breaks before the answer."""
    return Fault(Kind.LOST_ANSWER, methods, times, probability)


def late(
    seconds: float, *methods: str, times: int | None = None, probability: float = 1.0
) -> Fault:
    """The request reaches the endpoint only after ``seconds``."""
    return Fault(Kind.LATE, methods, times, probability, seconds)


def twice(*methods: str, times: int | None = None, probability: float = 1.0) -> Fault:
    """The endpoint gets the request two times; the second answer comes back."""
    return Fault(Kind.TWICE, methods, times, probability)


def held_back(*methods: str, times: int | None = None, seconds: float = PATIENCE_SECONDS) -> Fault:
    """The request waits until a later one of these methods has passed it, ``seconds`` at most."""
    return Fault(Kind.HELD_BACK, methods, times, seconds=seconds)


def stale(block: int | None = None) -> Fault:
    """The endpoint answers as one that knows no block after ``block`` (None: its newest now).

    It still takes transactions.
    """
    return Fault(Kind.STALE, block=block)


def wrong_chain(chain_id: int) -> Fault:
    """The endpoint says that it serves another chain."""
    return Fault(Kind.WRONG_CHAIN, ("eth_chainId", "net_version"), chain_id=chain_id)


def wrong_answer(
    *methods: str,
    change: Change | None = None,
    times: int | None = None,
    probability: float = 1.0,
) -> Fault:
    """A false result of the right shape: what ``change`` makes of it, or every hex value bent."""
    return Fault(
        Kind.WRONG_ANSWER, methods, times, probability, change=change or (lambda *a: bent(a[2]))
    )


def error(
    *methods: str,
    number: int = -32603,
    message: str = "internal error",
    times: int | None = None,
    probability: float = 1.0,
) -> Fault:
    """A JSON-RPC error instead of asking the endpoint."""
    told = {"code": number, "message": message}
    return Fault(Kind.ERROR, methods, times, probability, error=told)


def garbage(*methods: str, times: int | None = None, probability: float = 1.0) -> Fault:
    """HTTP 502 with a page of a load balancer instead of JSON."""
    return Fault(Kind.GARBAGE, methods, times, probability)


def reorganise(rpc_url: str, depth: int, transactions: Sequence[tuple[bytes, int]] = ()) -> None:
    """Replace the last ``depth`` blocks by others of the same number, in which only these are.

    Works on anvil and on an embedded chain that was started for tests (``testing=True``).

    Args:
        rpc_url: the endpoint itself, or a proxy before it.
        depth: how many blocks are given up.
        transactions: signed bytes and the new block they go into, 0 for the first one.

    Raises:
        RuntimeError: the endpoint cannot do it, or refuses one of the transactions.
    """
    placed = [["0x" + raw.hex(), place] for raw, place in transactions]
    try:
        ask(rpc_url, "anvil_reorg", depth, placed)
    except RpcError as error:
        raise RuntimeError(error.message) from error


def bent(value: Any) -> Any:
    """A value of the same shape that says something else."""
    if isinstance(value, str) and value.startswith("0x") and len(value) > len("0x"):
        return value[:-1] + format(int(value[-1], 16) ^ 1, "x")
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict):
        return {key: bent(each) for key, each in value.items()}
    if isinstance(value, list):
        return [bent(each) for each in value]
    return value


class FaultProxy:
    """One address on loopback that forwards to ``target``, with the faults that were injected."""

    def __init__(self, target: str, *, seed: int = 0, port: int = 0) -> None:
        self.target = target
        self.struck: list[tuple[str, str]] = []
        """Method and fault of every strike, in order."""
        self.forwarded: list[str] = []
        """The method of every request that reached the endpoint, in order."""
        self._random = random.Random(seed)  # noqa: S311 - chance for tests, no secret
        self._news = threading.Condition()
        self._faults: list[Fault] = []
        self._views: dict[int, StaleView] = {}
        self._server: _Server | None = None
        self._port = port
        self.up()

    @property
    def rpc_url(self) -> str:
        """Where the program under test sends its requests; the same after `down` and `up`."""
        return f"http://127.0.0.1:{self._port}"

    def inject(self, *faults: Fault) -> None:
        """Add faults; they act from now on, in this order."""
        for fault in faults:
            if fault.kind is Kind.STALE:
                self._views[id(fault)] = StaleView(self._block_of(fault))
        with self._news:
            self._faults.extend(faults)

    def heal(self, *faults: Fault) -> None:
        """Take faults away; without a name, all of them."""
        with self._news:
            self._faults = [each for each in self._faults if faults and each not in faults]
            self._news.notify_all()

    def down(self) -> None:
        """Stop listening and break what is under way: the endpoint is unreachable."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def up(self) -> None:
        """Listen again, at the same address."""
        if self._server is None:
            self._server = _Server(self, self._port)
            self._port = int(self._server.server_address[1])

    def wait_for(self, method: str, times: int = 1, seconds: float = 30.0) -> None:
        """Wait until some fault has struck this method so often.

        Raises:
            TimeoutError: it did not happen in time.
        """
        with self._news:
            reached = self._news.wait_for(
                lambda: sum(each == method for each, _ in self.struck) >= times, seconds
            )
        if not reached:
            raise TimeoutError(f"no fault struck {method} {times} times")

    def close(self) -> None:
        """Stop for good."""
        self.heal()
        self.down()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _block_of(self, fault: Fault) -> int:
        if fault.block is not None:
            return fault.block
        return int(ask(self.target, "eth_blockNumber"), 16)

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        """HTTP status and body to answer with; None breaks the connection."""
        try:
            asked = json.loads(body)
        except ValueError:
            return post(self.target, body)
        requests = asked if isinstance(asked, list) else [asked]
        methods = [str(each.get("method")) for each in requests if isinstance(each, dict)]
        fault = self._on_the_way(methods)
        kind = None if fault is None else fault.kind
        if kind is Kind.LOST_REQUEST:
            return None
        if kind is Kind.GARBAGE:
            return HTTPStatus.BAD_GATEWAY, _GARBAGE
        if fault is not None and kind is Kind.ERROR:
            told = [{"jsonrpc": "2.0", "id": r.get("id"), "error": fault.error} for r in requests]
            return HTTPStatus.OK, json.dumps(told if isinstance(asked, list) else told[0]).encode()
        if fault is not None and kind is Kind.LATE:
            time.sleep(fault.seconds)
        if fault is not None and kind is Kind.HELD_BACK:
            self._let_pass(fault)
        if kind is Kind.TWICE:
            self._forward(asked, requests)
        answered = self._forward(asked, requests)
        return None if kind is Kind.LOST_ANSWER else answered

    def _on_the_way(self, methods: Sequence[str]) -> Fault | None:
        """The first fault of those about the way itself that strikes one of these requests."""
        with self._news:
            for fault in list(self._faults):
                if fault.kind in _ON_ANSWERS:
                    continue
                for method in methods:
                    if self._strikes(fault, method):
                        return fault
        return None

    def _strikes(self, fault: Fault, method: str) -> bool:
        if not fault.concerns(method):
            return False
        if fault.probability < 1 and self._random.random() >= fault.probability:
            return False
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        self.struck.append((method, str(fault.kind)))
        self._news.notify_all()
        return True

    def _let_pass(self, fault: Fault) -> None:
        with self._news:
            before = len(self.forwarded)
            self._news.wait_for(
                lambda: any(fault.concerns(method) for method in self.forwarded[before:]),
                fault.seconds,
            )

    def _forward(self, asked: Any, requests: Sequence[Any]) -> tuple[int, bytes]:
        with self._news:
            faults = [each for each in self._faults if each.kind in _ON_ANSWERS]
        views = [self._views[id(each)] for each in faults if each.kind is Kind.STALE]
        sent = [_as_of(request, views) for request in requests]
        status, body = post(
            self.target, json.dumps(sent if isinstance(asked, list) else sent[0]).encode()
        )
        with self._news:
            self.forwarded.extend(str(each.get("method")) for each in sent)
            self._news.notify_all()
        if not faults or status != HTTPStatus.OK:
            return status, body
        answered = json.loads(body)
        answers = answered if isinstance(asked, list) else [answered]
        by_id = {json.dumps(each.get("id")): each for each in requests}
        for each in answers:
            self._falsify(by_id.get(json.dumps(each.get("id")), {}), each, faults)
        return status, json.dumps(answered).encode()

    def _falsify(
        self, request: dict[str, Any], answer: dict[str, Any], faults: Sequence[Fault]
    ) -> None:
        method, params = str(request.get("method")), request.get("params") or []
        for fault in faults:
            if "result" not in answer or not fault.concerns(method):
                continue
            if fault.kind is Kind.STALE:
                self._views[id(fault)].mask(method, params, answer)
                continue
            with self._news:
                if fault not in self._faults or not self._strikes(fault, method):
                    continue
            if fault.kind is Kind.WRONG_CHAIN:
                is_name = method == "net_version"
                answer["result"] = str(fault.chain_id) if is_name else hex(fault.chain_id)
            elif fault.change is not None:
                answer["result"] = fault.change(method, params, answer["result"])


def _as_of(request: Any, views: Sequence[StaleView]) -> Any:
    for view in views:
        request = view.asked(request)
    return request


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: FaultProxy, port: int) -> None:
        self.proxy = proxy
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
        for connection in list(self._open):
            self.shutdown_request(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self._open.discard(request)
        super().close_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A broken connection is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            answer = self.server.proxy.answer(body)
        except (OSError, http.client.HTTPException):
            answer = None  # the endpoint itself is gone
        if answer is None:
            self.close_connection = True
            return
        status, content = answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silent: the test reads ``struck``."""
