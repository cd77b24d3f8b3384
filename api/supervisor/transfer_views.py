"""Terms of transfer cases between bureaus, as supervisors watch them: no person, no amount."""

from __future__ import annotations

from api.supervisor import views
from api.web.claim_pages import claim_rows
from api.web.parts import Clock, TransferStep, Words
from api.web.proof_pages import bureaus_words
from ledger.chain.bindings import CaseState
from ledger.errors import UnavailableError
from ledger.recording.context import NodeContext
from ledger.transfers.deadlines import days_left
from ledger.transfers.overruling import CaseOnChain, count_undecided, undecided_cases

_STEPS = {
    CaseState.REQUESTED: TransferStep.SHEET_ISSUED,
    CaseState.RELEASED: TransferStep.FIGURES_SIGNED,
}


def deadlines_view(context: NodeContext) -> views.DeadlinesView:
    """``supervisor/transfers.html``: overdue cases, and how many more are under way."""
    try:
        names = bureaus_words(context)
        cases = undecided_cases(context, overdue_only=True)
    except UnavailableError:
        return views.DeadlinesView(None, count_undecided(context), None)
    rows = tuple(_row(context, case, names) for case in cases)
    return views.DeadlinesView(rows, count_undecided(context), claim_rows(context))


def _row(context: NodeContext, case: CaseOnChain, names: dict[int, Words]) -> views.DeadlineRow:
    left = days_left(case.due_on, context.clock.today()) if case.due_on is not None else None
    unknown = Words("未知机构", "unknown bureau")
    return views.DeadlineRow(
        case_number=f"T-{case.case_id[2:10]}",
        source=names.get(case.from_log, unknown),
        receiver=names.get(case.to_log, unknown),
        step=_STEPS[case.state],
        clock=Clock(
            case.working_days, None if left is None else case.working_days - left, case.due_on
        ),
        votes=sum(vote is not None for vote in (case.move_vote, case.cancel_vote)),
    )
