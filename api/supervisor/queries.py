"""A supervisor's first page: suspicions, where the money went, and the logs that are followed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from api.supervisor import views
from api.supervisor.alert_views import OPEN_STATES, alert_row
from api.supervisor.flow import legs_of, picture_of
from api.supervisor.fund_views import cities_of
from api.supervisor.measure_views import BUREAUS_HREF
from api.web.parts import LogState, Seal, SealState, Words
from api.web.proof_pages import bureaus_words
from ledger.errors import UnavailableError
from ledger.evidence.encoding import LogId
from ledger.following.follower import INCONSISTENT, UNREACHABLE
from ledger.recording.context import NodeContext
from ledger.store.following import FollowedCheckpoint
from ledger.supervision.queries import alerts, fund_events


def home_view(context: NodeContext) -> views.HomeView:
    """``supervisor/home.html``."""
    names = bureaus_words(context)
    found = [alert for alert in alerts(context) if alert.state in OPEN_STATES]
    return views.HomeView(
        alerts=tuple(alert_row(alert, names) for alert in found),
        flow=picture_of(legs_of(fund_events(context), cities_of(context))),
        logs=followed_logs(context, names),
    )


def followed_logs(
    context: NodeContext, names: Mapping[int, Words]
) -> tuple[views.FollowedLog, ...]:
    """How far each log is followed; what the chain has beyond that is not checked yet."""
    with context.read() as view:
        logs = [(log, view.following.last_checkpoint(log.log_id)) for log in view.following.logs()]
    rows = []
    for log, last in logs:
        size = int(log.head.size)
        rows.append(
            views.FollowedLog(
                name=names.get(int(log.log_id), Words(str(log.log_id), str(log.log_id))),
                log_id=int(log.log_id),
                log=_log_state(log.log_id, size, last, log.state),
                is_consistent=None if log.state == UNREACHABLE else log.state != INCONSISTENT,
                lag=max(0, _size_on_chain(context, log.log_id, size) - size),
                seen_at=log.checked_at,
                href=f"{BUREAUS_HREF}/{log.log_id}",
            )
        )
    return tuple(rows)


def _log_state(log_id: LogId, size: int, last: FollowedCheckpoint | None, state: str) -> LogState:
    seal_state = (
        SealState.CONTRADICTED
        if state == INCONSISTENT
        else SealState.STANDING
        if last is not None
        else SealState.PENDING
    )
    href = f"/supervisor/entries/{log_id}/{size - 1}" if size else "/supervisor"
    seal = Seal(seal_state, href)
    if last is None:
        return LogState(size, seal)
    published_at = datetime.fromtimestamp(last.block_time, UTC)
    return LogState(
        size, seal, last.size, last.number, last.root.hex(), published_at,
        is_final=True, is_cosigned=last.cosignature is not None,
    )  # fmt: skip


def _size_on_chain(context: NodeContext, log_id: LogId, known: int) -> int:
    """How many leaves the chain's newest checkpoint has; what we know while nobody answers."""
    try:
        latest = context.chain.latest_checkpoint(log_id)
    except UnavailableError:
        return known
    return latest.size if latest is not None else known
