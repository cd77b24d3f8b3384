"""A person's live contribution records at this bureau, and whether a pension is drawn already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.evidence.encoding import LeafIndex, Subject, benefit_tag
from ledger.policy.kinds import InsuranceClass, Kind, base_class
from ledger.recording.context import NodeContext
from ledger.recording.writer import OpenedRecord
from ledger.store.log import StoredEntry
from ledger.transfers.figures import EMPLOYEE_SCHEME, counts
from ledger.transfers.onchain import View

PENSION: Final = int(InsuranceClass.PENSION)


@dataclass(frozen=True, slots=True)
class Stay:
    """What this bureau has of a person: opened live contributions, and leaves that moved before."""

    records: tuple[OpenedRecord, ...]
    moved_before: tuple[LeafIndex, ...]

    @property
    def paid_periods(self) -> tuple[int, ...]:
        """Months that count, in order."""
        counted = {item.stored.entry.head.period for item in self.records if counts(item.record)}
        return tuple(sorted(counted))

    @property
    def name(self) -> str:
        """The name on the newest record; empty without records."""
        return str(self.records[-1].record.get("name", "")) if self.records else ""


def live_contributions(view: View, subject: Subject, class_: int) -> list[StoredEntry]:
    """Contributions of a person and class in our log that no reversal took back."""
    entries = [
        entry
        for entry in view.log.of_subject(subject, [Kind.CONTRIBUTION])
        if base_class(entry.entry.head.class_) == class_
    ]
    gone = view.log.reversed_among([entry.index for entry in entries])
    return [entry for entry in entries if entry.index not in gone]


def stay_of(context: NodeContext, view: View, subject: Subject, class_: int) -> Stay:
    """The records of the stay that is still here; those of stays that moved are named apart."""
    moved = _moved_before(context, view, subject)
    live = live_contributions(view, subject, class_)
    staying = [entry for entry in live if entry.index not in moved]
    opened = context.bureau.reader.open_many(staying, view.log)
    gone = tuple(entry.index for entry in live if entry.index in moved)
    return Stay(tuple(opened), gone)


def draws_pension(context: NodeContext, view: View, subject: Subject, class_: int) -> bool:
    """Whether an employee pension was paid here, or some bureau claims on chain to pay one."""
    paid = [
        entry
        for entry in view.log.of_subject(subject, [Kind.PAYOUT])
        if base_class(entry.entry.head.class_) == class_
    ]
    gone = view.log.reversed_among([entry.index for entry in paid])
    opened = context.bureau.reader.open_many(
        [entry for entry in paid if entry.index not in gone], view.log
    )
    if any(item.record.get("scheme") == EMPLOYEE_SCHEME for item in opened):
        return True
    return context.chain.payer_of(benefit_tag(class_, subject)) is not None


def own_live_periods(
    view: View, subject: Subject, class_: int, periods: Iterable[int]
) -> tuple[int, ...]:
    """Which of these paid months of a person stand live in our own log."""
    keys = [(subject, period) for period in periods]
    standing = view.log.standing_facts(Kind.CONTRIBUTION, class_, keys)
    return tuple(sorted(period for _, period in standing))


def _moved_before(context: NodeContext, view: View, subject: Subject) -> set[LeafIndex]:
    """Leaves of ours that moved with an earlier stay, as our transfer-out entries name them."""
    entries = view.log.of_subject(subject, [Kind.TRANSFER_OUT])
    gone = view.log.reversed_among([entry.index for entry in entries])
    moved: set[LeafIndex] = set()
    for item in context.bureau.reader.open_many(
        [entry for entry in entries if entry.index not in gone], view.log
    ):
        moved |= {LeafIndex(index) for index in item.record["leaves"]}
    return moved
