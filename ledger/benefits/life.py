"""Puts a person's working life together: our own live records and those that came by transfer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.benefits.model import MonthRecord, RecordState, WorkingLife
from ledger.benefits.ports import TransferredMonths
from ledger.benefits.rules import EMPLOYEE_SCHEME
from ledger.evidence.encoding import LeafIndex, LogId, Subject
from ledger.policy.kinds import InsuranceClass, Kind, base_class
from ledger.recording.context import NodeContext
from ledger.recording.writer import OpenedRecord
from ledger.store.unit_of_work import Rooms
from ledger.transfers.content import Vault
from ledger.transfers.model import CaseState, Side, TransferCase

PENSION: Final = int(InsuranceClass.PENSION)
_TAKEN: Final = frozenset({CaseState.ACCEPTED, CaseState.SETTLED, CaseState.CLOSED})


def final_size(view: Rooms) -> int:
    """How many leaves of our own log are final on chain."""
    last = view.log.last_checkpoint(final=True)
    return last.size if last is not None else 0


def live_records(
    context: NodeContext, view: Rooms, subject: Subject, kind: Kind
) -> list[OpenedRecord]:
    """A person's pension records of one kind in our log that no reversal took back, opened."""
    entries = [
        entry
        for entry in view.log.of_subject(subject, [kind])
        if base_class(entry.entry.head.class_) == PENSION
    ]
    gone = view.log.reversed_among([entry.index for entry in entries])
    live = [entry for entry in entries if entry.index not in gone]
    return context.bureau.reader.open_many(live, view.log)


def working_life(
    context: NodeContext, view: Rooms, subject: Subject, transferred: TransferredMonths
) -> WorkingLife:
    """Every live employee-pension month of a person that this bureau holds, by month."""
    size = final_size(view)
    moved = _moved(context, view, subject)
    opened = live_records(context, view, subject, Kind.CONTRIBUTION)
    own = [
        _month(
            item.record,
            context.log_id,
            item.stored.index,
            _state(item.stored.index, size, moved),
        )
        for item in opened
        if item.record.get("scheme") == EMPLOYEE_SCHEME
    ]
    records = [*own, *transferred.of_person(subject, size)]
    records.sort(key=lambda record: (record.period, record.log_id, record.leaf_index))
    name = str(opened[-1].record.get("name", "")) if opened else ""
    return WorkingLife(name, tuple(records))


def _state(index: int, size: int, moved: frozenset[int]) -> RecordState:
    if index in moved:
        return RecordState.MOVED
    return RecordState.ANCHORED if index < size else RecordState.PENDING


def _moved(context: NodeContext, view: Rooms, subject: Subject) -> frozenset[int]:
    """Leaves of ours that moved away, as our live transfer-out entries name them."""
    moved: set[int] = set()
    for item in live_records(context, view, subject, Kind.TRANSFER_OUT):
        moved.update(int(index) for index in item.record.get("leaves", ()))
    return frozenset(moved)


def _month(
    record: Mapping[str, Any],
    log_id: LogId,
    index: LeafIndex,
    state: RecordState,
    case_id: str | None = None,
) -> MonthRecord:
    return MonthRecord(
        period=int(record["period"]),
        region=str(record["region"]),
        log_id=log_id,
        leaf_index=index,
        base_fen=int(record["base_fen"]),
        amount_fen=int(record["amount_fen"]),
        account_fen=int(record["account_fen"]),
        contribution_type=str(record["contribution_type"]),
        state=state,
        case_id=case_id,
    )


class AcceptedTransfers:
    """Months of accepted transfers, from the packages that were checked and kept.

    Implements the port ``TransferredMonths``.
    """

    def __init__(self, context: NodeContext, view: Rooms) -> None:
        self._context = context
        self._view = view

    def of_person(self, subject: Subject, final_size: int) -> list[MonthRecord]:
        """The records of every accepted transfer to this bureau."""
        cases = [
            case
            for case in self._view.transfers.cases_of(subject)
            if case.side is Side.NEW and case.state in _TAKEN and case.class_ == PENSION
        ]
        if not cases:
            return []
        entries = live_records(self._context, self._view, subject, Kind.TRANSFER_IN)
        index_of = {item.record["case_id"]: item.stored.index for item in entries}
        vault = Vault(self._context, subject)
        months: list[MonthRecord] = []
        for case in cases:
            index = index_of.get(case.case_id)
            final = index is not None and index < final_size
            state = RecordState.ANCHORED if final else RecordState.PENDING
            months.extend(self._months(case, vault, state))
        return months

    def _months(self, case: TransferCase, vault: Vault, state: RecordState) -> list[MonthRecord]:
        sealed = self._view.transfers.sealed_content(case.case_id)
        content = vault.open(case.case_id, sealed)
        if content.package is None:
            return []
        return [
            _month(item.record, case.segment.log_id, item.leaf_index, state, case.case_id)
            for item in content.package.records
            if item.record.get("scheme") == EMPLOYEE_SCHEME
        ]
