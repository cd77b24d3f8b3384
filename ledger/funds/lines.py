"""Payout rows become entries of the log and lines of a batch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import HeadMovedError
from ledger.evidence.encoding import LeafIndex, Subject
from ledger.keys.sealing import RecordSealer, record_aad
from ledger.policy.kinds import Kind, base_class, is_supplement
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.records.model import PayoutRow
from ledger.store.log import FactKey, NewEntry, StoredEntry
from ledger.store.unit_of_work import Reading, Rooms, UnitOfWork

_PREPARATIONS = 5
"""How often lines are prepared anew because the log grew meanwhile."""


@dataclass(frozen=True, slots=True)
class PreparedLines:
    """Entries of a batch, made for the place in the log that starts at ``first``."""

    first: int
    entries: tuple[NewEntry, ...]
    sealed_payees: tuple[bytes, ...]


def prepare_lines(context: NodeContext, rows: Sequence[PayoutRow]) -> PreparedLines:
    """Make the entries of payout rows for the end of the log as it is now.

    A supplement names the leaf of its month's normal line: one of this file, or one that stands in
    the log.
    """
    tools = context.bureau
    subjects = tools.pseudonyms.subjects_of([row.identity_number for row in rows])
    with context.read() as view:
        first = view.log.head().size
        normal = _normal_lines(view, rows, subjects, first)
    facts = [
        _fact(context, row, normal.get(_month(row, subject)))
        for row, subject in zip(rows, subjects, strict=True)
    ]
    entries = tools.writer.prepare(facts)
    keys = tools.person_keys.get_many(set(subjects))
    payees = []
    for row, subject, new in zip(rows, subjects, entries, strict=True):
        payee = json.dumps(
            {"name": row.name, "bank": row.payee_bank, "account": row.payee_account},
            ensure_ascii=False,
        ).encode()
        aad = record_aad(context.log_id, new.entry.commitment) + b"|payee"
        payees.append(RecordSealer(keys[subject]).seal(payee, bytes(32), aad))
    return PreparedLines(first, tuple(entries), tuple(payees))


def restated_line(context: NodeContext, view: Rooms, row: PayoutRow) -> Fact:
    """The fact of one payout row, its month's normal line being one that stands in the log."""
    subject = context.bureau.writer.subject_of(row.identity_number)
    _, class_, period = _month(row, subject)
    standing = view.log.standing_facts(Kind.PAYOUT, class_, [(subject, period)])
    return _fact(context, row, standing.get((subject, period)))


def open_payee(
    context: NodeContext, subject: Subject, stored: StoredEntry, sealed: bytes
) -> dict[str, str]:
    """Where a line is paid: name, bank and account, for the pay file only."""
    origin = context.lineage.origin_of(stored.index)
    aad = record_aad(origin, stored.entry.commitment) + b"|payee"
    opened = RecordSealer(context.bureau.person_keys.get(subject)).open(sealed, aad)
    payee: dict[str, str] = json.loads(opened.record)
    return payee


def append_lines(
    context: NodeContext, work: UnitOfWork, prepared: PreparedLines, *, source_key: str
) -> range:
    """Append prepared lines if the log still ends where they were made for.

    Raises:
        HeadMovedError: it grew meanwhile; prepare again.
    """
    if work.log.head().size != prepared.first:
        raise HeadMovedError(log_id=context.log_id, expected_size=prepared.first)
    return work.log.append(prepared.entries, source_key=source_key, recorded_at=context.clock.now())


def preparations() -> range:
    """How often to try: the log may grow between preparing lines and appending them."""
    return range(_PREPARATIONS)


def _month(row: PayoutRow, subject: Subject) -> tuple[Subject, int, int]:
    return subject, base_class(row.class_), row.supplement_period or row.period


def _normal_lines(
    view: Reading,
    rows: Sequence[PayoutRow],
    subjects: Sequence[Subject],
    first: int,
) -> Mapping[tuple[Subject, int, int], LeafIndex]:
    """Where the normal line of each month stands that a supplement of this file adds to."""
    here = {
        _month(row, subject): LeafIndex(first + offset)
        for offset, (row, subject) in enumerate(zip(rows, subjects, strict=True))
        if not is_supplement(row.class_)
    }
    wanted: dict[int, list[FactKey]] = {}
    for row, subject in zip(rows, subjects, strict=True):
        month = _month(row, subject)
        if is_supplement(row.class_) and month not in here:
            _, class_, period = month
            wanted.setdefault(class_, []).append((subject, period))
    for class_, keys in wanted.items():
        standing = view.log.standing_facts(Kind.PAYOUT, class_, keys)
        here |= {(subject, class_, period): at for (subject, period), at in standing.items()}
    return here


def _fact(context: NodeContext, row: PayoutRow, normal: LeafIndex | None) -> Fact:
    supplement = is_supplement(row.class_)
    body = {
        "name": row.name,
        "scheme": str(row.scheme),
        "line": str(row.line),
        "reason": str(row.reason),
        "supplement_of": (
            {"log": int(context.lineage.origin_of(normal)), "index": int(normal)}
            if supplement and normal is not None
            else None
        ),
        "decision_reference": row.decision_reference,
        "region": context.settings.region,
        "paid_on": row.paid_on.isoformat() if row.paid_on is not None else None,
        "payee_bank": row.payee_bank,
        "payee_account_tail": row.payee_account[-4:],
    }
    return Fact(
        Kind.PAYOUT,
        row.class_,
        row.period,
        row.amount_fen,
        body,
        identity_number=row.identity_number,
    )
