"""Steps of a case in words: what officers and the person read about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.deadlines import due_on
from ledger.transfers.model import UNDECIDED, CaseState, CaseStep, Intent, TransferCase
from ledger.transfers.rules import CaseEvent, next_state


class Step(StrEnum):
    """What can be noted about a case."""

    LETTER_SIGNED = "LETTER_SIGNED"
    LETTER_DELIVERED = "LETTER_DELIVERED"
    SHEET_SIGNED = "SHEET_SIGNED"
    PACKAGE_REFUSED = "PACKAGE_REFUSED"
    PACKAGE_DELIVERED = "PACKAGE_DELIVERED"
    PACKAGE_TAKEN = "PACKAGE_TAKEN"
    RELEASE_FINAL = "RELEASE_FINAL"
    FIGURES_DIFFER_ON_CHAIN = "FIGURES_DIFFER_ON_CHAIN"
    ACCEPTANCE_SIGNED = "ACCEPTANCE_SIGNED"
    ACCEPTANCE_FINAL = "ACCEPTANCE_FINAL"
    MONEY_SENT = "MONEY_SENT"
    MONEY_ARRIVED = "MONEY_ARRIVED"
    REFUSAL_SIGNED = "REFUSAL_SIGNED"
    REFUSAL_FINAL = "REFUSAL_FINAL"
    WITHDRAWAL_SIGNED = "WITHDRAWAL_SIGNED"
    WITHDRAWAL_FINAL = "WITHDRAWAL_FINAL"
    MOVED_BY_SUPERVISORS = "MOVED_BY_SUPERVISORS"
    CANCELLED_BY_SUPERVISORS = "CANCELLED_BY_SUPERVISORS"
    WAITS_FOR_OTHER_CASE = "WAITS_FOR_OTHER_CASE"
    CHAIN_REFUSED = "CHAIN_REFUSED"
    MESSAGE_REFUSED = "MESSAGE_REFUSED"


_WORDS: Final = MappingProxyType(
    {
        Step.LETTER_SIGNED: (
            "联系函已由两名经办人员签发",
            "Two officers signed the contact letter",
        ),
        Step.LETTER_DELIVERED: ("联系函已送达原参保地", "The contact letter is with the old city"),
        Step.SHEET_SIGNED: (
            "信息表已签发：{months} 个月",
            "The information sheet is signed: {months} months",
        ),
        Step.PACKAGE_REFUSED: ("数据包未通过核验：{zh}", "The package was not taken: {en}"),
        Step.PACKAGE_DELIVERED: (
            "信息表与 {records} 条记录已逐条核验无误，重复缴费 {overlaps} 个月",
            "The sheet and {records} records passed every check; {overlaps} months insured twice",
        ),
        Step.PACKAGE_TAKEN: (
            "新参保地已核验并接收信息表与记录",
            "The new city checked and took the sheet and the records",
        ),
        Step.RELEASE_FINAL: (
            "原参保地的核定数据已上链",
            "The old city's figures stand on chain",
        ),
        Step.FIGURES_DIFFER_ON_CHAIN: (
            "链上数据与收到的数据包不一致，不得接收",
            "What was released on chain is not the package that came; it must not be accepted",
        ),
        Step.ACCEPTANCE_SIGNED: (
            "新参保地两名经办人员签署同一数据",
            "Two officers of the new city signed the same figures",
        ),
        Step.ACCEPTANCE_FINAL: (
            "关系已转入新参保地，{months} 个月合并",
            "The relation is with the new city: {months} months merged",
        ),
        Step.MONEY_SENT: ("转移资金已划出", "The money is on its way"),
        Step.MONEY_ARRIVED: ("转移资金到账，业务办结", "The money arrived; the case is closed"),
        Step.REFUSAL_SIGNED: ("不予办理：{zh}", "Refused: {en}"),
        Step.REFUSAL_FINAL: ("已终止，两地恢复原状：{zh}", "Ended, both sides as before: {en}"),
        Step.WITHDRAWAL_SIGNED: ("新参保地撤回申请", "The new city takes its request back"),
        Step.WITHDRAWAL_FINAL: (
            "申请已撤回，两地恢复原状",
            "The request was withdrawn; both sides are as before",
        ),
        Step.MOVED_BY_SUPERVISORS: (
            "新参保地逾期未办，经两名监管人员决定，按原参保地核定数据转入 {months} 个月",
            "The new city missed its term; two supervisors handed {months} months over",
        ),
        Step.CANCELLED_BY_SUPERVISORS: (
            "逾期未办，经两名监管人员决定终止，两地恢复原状",
            "A term was missed; two supervisors ended the case, both sides are as before",
        ),
        Step.WAITS_FOR_OTHER_CASE: (
            "对方正在为本人办理另一笔转入，办结后依次办理本笔",
            "The other city still takes this person in from elsewhere; it serves this case next",
        ),
        Step.MESSAGE_REFUSED: ("对方未受理：{zh}", "The other city did not take it: {en}"),
        Step.CHAIN_REFUSED: (
            "链上合约未受理，业务未开立",
            "The contract did not take the request; no case was opened",
        ),
    }
)


def note(
    work: UnitOfWork,
    case: TransferCase,
    step: Step,
    at: datetime,
    *,
    actors: Iterable[str] = (),
    **values: Any,
) -> None:
    """Add a step to a case; nothing personal goes into ``values``."""
    zh, en = _WORDS[step]
    work.transfers.add_step(
        case.case_id,
        CaseStep(step, tuple(actors), zh.format(**values), en.format(**values), at),
    )


def moved(case: TransferCase, event: CaseEvent, at: datetime) -> TransferCase:
    """The case after an event: its next state with a clock of its own.

    A decision stays pending until the chain has it, or until the case can no longer be decided.

    Raises:
        TransferStepError: the event is no step from there.
    """
    state = next_state(case.case_id, case.state, event, money_moves=case.amount_fen > 0)
    done = state not in UNDECIDED or (
        event is CaseEvent.RELEASE_FINAL and case.intent is Intent.RELEASE
    )
    # The old city's term goes on while its package is with the new one: it ends with the release.
    kept = state is CaseState.PACKAGE_SENT
    return replace(
        case,
        state=state,
        intent=Intent.NONE if done else case.intent,
        due_on=case.due_on if kept else due_on(state, at),
        updated_at=at,
    )
