"""The pages of one node: rendering, the chain's state in a word, and how refusals look."""

from __future__ import annotations

import secrets
import time
from datetime import UTC
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from api.auth.sessions import Sessions
from api.error_table import PROBLEM_TYPE, problem_of, status_of
from api.web.navigation import LANGUAGE_COOKIE, pick_language
from api.web.parts import ChainState, Language, Link, Outage, Words
from api.web.rendering import Renderer
from api.web.views import ErrorView
from ledger.errors import (
    ChainUnavailableError,
    CorruptionError,
    LedgerError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
    VerificationError,
)
from ledger.following.follower import CURRENT

if TYPE_CHECKING:
    from ledger.node import Node

_log = structlog.get_logger("anxu.api")
_REFERENCE_BYTES: Final = 4
_CHAIN_JOBS: Final = frozenset({"send", "index"})
_OUTAGE_SECONDS: Final = 1.0
"""How long it is remembered whether the chain can be used."""
CHAIN_HEADER: Final = "anxu-chain"
"""On every answer: ``ok``, or ``unreachable`` with the time since when."""
_OUT_OF_REACH: Final = Words("连不上链节点。", "No chain endpoint can be reached.")
PAGE_HEADERS: Final = {"cache-control": "no-store", "vary": "Cookie, Accept-Language"}

_HAPPENED: Final[tuple[tuple[type[LedgerError], Words], ...]] = (
    (NotFoundError, Words("没有找到您要看的内容", "What you asked for is not here")),
    (NotPermittedError, Words("这一项不归您办理或查看", "This is not yours to see or do")),
)
_MEANS: Final[tuple[tuple[type[LedgerError], Words], ...]] = (
    (
        UnavailableError,
        Words(
            "您提交过的都在，没有丢失；稍后会自动继续。",
            "Nothing you sent is lost; it goes on by itself later.",
        ),
    ),
    (
        VerificationError,
        Words(
            "材料没有通过核对，因此没有采信。",
            "The evidence did not hold, so it was not relied on.",
        ),
    ),
    (
        CorruptionError,
        Words(
            "本节点已停下有关操作，原有记录保持不变。",
            "This node has stopped what it concerns; the records stay as they are.",
        ),
    ),
)
_NOTHING_CHANGED: Final = Words("没有做任何更改。", "Nothing was changed.")
_HOME: Final = Link("/", Words("回到首页", "Back to the start"))


class Site:
    """Renders pages for one open node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.context = node.serving
        self.sessions = Sessions(node.serving)
        settings = node.context.settings
        self.node_name = Words(settings.name_zh, settings.name_en)
        self._outage: tuple[float, Outage | None] | None = None
        self._renderer = Renderer(
            node_name=self.node_name,
            clock=node.context.clock.now,
            is_demo=node.context.manifest.as_of is not None,
        )

    def page(
        self, request: Request, template: str, view: object, *, status_code: int = 200
    ) -> HTMLResponse:
        """One page as an answer; it is never kept by caches, since it may be somebody's own."""
        html = self._renderer.page(
            template,
            view,
            self.language(request),
            self.sessions.shown(request),
            self.chain_state(),
            path=request.url.path,
            outage=self.outage(),
        )
        return HTMLResponse(html, status_code=status_code, headers=PAGE_HEADERS)

    def language(self, request: Request) -> Language:
        """The language of this answer."""
        cookie = request.cookies.get(LANGUAGE_COOKIE)
        return pick_language(cookie, request.headers.get("accept-language"))

    def chain_state(self) -> ChainState:
        """Anchoring in one word.

        REWRITTEN: the chain replaced final blocks, and nobody has decided on it. UNREACHABLE: the
        worker cannot reach the chain. BEHIND: something accepted is not final yet,
        a followed log is not checked to its end, or a job has stopped. Else CURRENT.
        """
        if self._is_rewritten():
            return ChainState.REWRITTEN
        if self.outage() is not None:
            return ChainState.UNREACHABLE
        if self._node.worker.stopped:
            return ChainState.BEHIND
        try:
            return ChainState.CURRENT if self._is_settled() else ChainState.BEHIND
        except UnavailableError:
            return ChainState.UNREACHABLE

    def _is_rewritten(self) -> bool:
        try:
            with self.context.read() as view:
                return view.finality.open_reorganisation() is not None
        except UnavailableError:
            return False

    def outage(self) -> Outage | None:
        """Since when the chain cannot be used, as the worker noted it, in whatever process."""
        waiting = self._node.worker.waiting
        now = time.monotonic()
        if self._outage is None or now - self._outage[0] > _OUTAGE_SECONDS:
            self._outage = (now, self._noted_outage())
        noted = self._outage[1]
        if noted is not None:
            return noted
        if any(waiting.get(job) == ChainUnavailableError.code for job in _CHAIN_JOBS):
            return Outage(None, _OUT_OF_REACH)
        return None

    def _noted_outage(self) -> Outage | None:
        try:
            with self.context.read() as view:
                noted = view.contact.outage()
        except UnavailableError:
            return None
        if noted is None:
            return None
        return Outage(noted.since, Words(noted.sentence_zh, noted.sentence_en))

    def chain_header(self) -> str:
        """What the header of every answer says about the chain."""
        outage = self.outage()
        if outage is None:
            return "ok"
        if outage.since is None:
            return "unreachable"
        since = outage.since.astimezone(UTC).isoformat(timespec="seconds")
        return f"unreachable; since={since.replace('+00:00', 'Z')}"

    def _is_settled(self) -> bool:
        with self.context.read() as view:
            cursor = view.events.cursor()
            if cursor is not None and cursor.trouble is not None:
                return False
            if any(log.state != CURRENT for log in view.following.logs()):
                return False
            if view.outbox.pending() or view.outbox.waiting_for_anchor():
                return False
            if self.context.tools is None:
                return True
            last = view.log.last_checkpoint(final=True)
            return view.log.head().size == (last.size if last is not None else 0)

    def refusal(
        self, request: Request, error: LedgerError, *, status_code: int | None = None
    ) -> Response:
        """What a refused request gets: a page for browsers, an RFC 9457 problem for the others.

        Both carry the reference number under which the refusal stands in the log.
        """
        reference = secrets.token_hex(_REFERENCE_BYTES)
        status = status_code or status_of(error)
        _log.info("refused", reference=reference, code=error.code, status=status)
        if wants_html(request):
            return self.page(
                request, "error.html", error_view(error, reference), status_code=status
            )
        body = problem_of(error, reference) | {"status": status}
        return JSONResponse(body, status_code=status, media_type=PROBLEM_TYPE)

    def fault(self, request: Request, error: Exception) -> Response:
        """What an unforeseen fault gets; only its kind is logged, its text may be personal."""
        reference = secrets.token_hex(_REFERENCE_BYTES)
        _log.error("fault", reference=reference, kind=type(error).__name__)
        unforeseen = LedgerError()
        if wants_html(request):
            try:
                return self.page(
                    request, "error.html", error_view(unforeseen, reference), status_code=500
                )
            except Exception as second:  # noqa: BLE001 - what broke may be what pages need
                _log.error("fault", reference=reference, kind=type(second).__name__)
        return JSONResponse(
            problem_of(unforeseen, reference), status_code=500, media_type=PROBLEM_TYPE
        )


def wants_html(request: Request) -> bool:
    """Whether a browser is asking, by what it says it can read."""
    return "text/html" in request.headers.get("accept", "")


def error_view(error: LedgerError, reference: str) -> ErrorView:
    """A refusal in three answers: what happened, what it means for the reader, what to do now."""
    happened = next(
        (words for kind, words in _HAPPENED if isinstance(error, kind)),
        Words(error.sentence("zh"), error.sentence("en")),
    )
    means = next((words for kind, words in _MEANS if isinstance(error, kind)), _NOTHING_CHANGED)
    advice = Words(error.advice("zh"), error.advice("en"))
    return ErrorView(happened, means, advice, reference, _HOME)
