"""``/chain``: whether anchoring works, for everybody; through which endpoints, for officers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from api.web import chain_views as views
from api.web.parts import Role, Words
from ledger.chain.event_index import trouble_of
from ledger.chain.reorganisations import require_one_history
from ledger.errors import DeepReorganisationError

if TYPE_CHECKING:
    from api.web.parts import Outage
    from api.web.site import Site
    from ledger.chain.endpoint import EndpointHealth
    from ledger.store.events import IndexCursor
    from ledger.store.unit_of_work import Rooms

_INSIDERS: Final = (Role.OFFICER, Role.SUPERVISOR)
_WORKS: Final = Words("存证正常", "Anchoring works")
_WORKS_BECAUSE: Final = Words(
    "存证网络可以连接，新的内容随时存证。",
    "The anchoring network can be reached; what is new is anchored as it comes.",
)
_OUT: Final = Words("暂时连不上存证网络", "The anchoring network cannot be reached for now")
_REPLACED: Final = Words(
    "链被改写，上链与支付暂停", "The chain was rewritten; nothing is sent or paid"
)
_CALLS: Final = Words("有链上消息等人处理", "Messages to the chain wait for a person")
_CALLS_BECAUSE: Final = Words(
    "它们被合约拒绝，或迟迟未能上链；值班人员用 anxu outbox list 查看原因。",
    "A contract refused them, or they did not land in time; anxu outbox list says why.",
)
_INCOMPLETE: Final = Words("事件索引已停下，等人处理", "The event index stands still for a person")


def chain_pages(site: Site) -> APIRouter:
    """The page about the chain."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/chain")
    def chain(request: Request) -> Response:
        return site.page(request, "chain.html", _view(site, request))

    return routes


def _view(site: Site, request: Request) -> views.ChainView:
    gateway, outage = site.context.chain.gateway, site.outage()
    with site.context.read() as view:
        cursor = view.events.cursor()
        waiting = len(view.outbox.pending())
        trouble = _trouble(view)
    index = _index(cursor)
    session = site.sessions.shown(request)
    is_insider = session is not None and session.role in _INSIDERS
    answer, reason = trouble or _answer(outage, index)
    return views.ChainView(
        answer=answer,
        reason=reason,
        is_reachable=outage is None,
        waiting=waiting,
        quorum=gateway.quorum,
        index=index,
        endpoints=tuple(_endpoint(each) for each in gateway.health()) if is_insider else (),
        shows_endpoints=is_insider,
    )


def _trouble(view: Rooms) -> tuple[Words, Words] | None:
    """What a person has to decide: the chain was rewritten, or messages are stuck or refused."""
    try:
        require_one_history(view)
    except DeepReorganisationError as error:
        why = Words(error.sentence("zh"), error.sentence("en"))
        next_step = Words(error.advice("zh"), error.advice("en"))
        return _REPLACED, Words(why.zh + next_step.zh, f"{why.en} {next_step.en}")
    return (_CALLS, _CALLS_BECAUSE) if view.outbox.alarms() else None


def _answer(outage: Outage | None, index: views.IndexRow | None) -> tuple[Words, Words]:
    if outage is not None:
        return _OUT, outage.why
    if index is not None and index.trouble is not None:
        return _INCOMPLETE, index.trouble
    return _WORKS, _WORKS_BECAUSE


def _index(cursor: IndexCursor | None) -> views.IndexRow | None:
    if cursor is None:
        return None
    trouble = trouble_of(cursor)
    return views.IndexRow(
        block=cursor.block,
        final_block=cursor.final_block,
        lag_blocks=cursor.lag_blocks,
        lag_seconds=cursor.lag_seconds,
        checked_block=cursor.checked_block,
        trouble=Words(trouble.sentence("zh"), trouble.sentence("en")) if trouble else None,
        advice=Words(trouble.advice("zh"), trouble.advice("en")) if trouble else None,
    )


def _endpoint(health: EndpointHealth) -> views.EndpointRow:
    return views.EndpointRow(
        name=health.endpoint,
        state=health.state,
        block=health.block,
        block_at=_time(health.block_time) if health.block_time is not None else None,
        milliseconds=health.milliseconds,
        since=_time(health.since),
        reason=health.reason,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
