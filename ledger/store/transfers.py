"""Cases, steps, messages and settlements of transfers, within the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, insert, select, update

from ledger.evidence.encoding import LogId, Subject
from ledger.policy.transfer import Scope
from ledger.store.tables.transfers import (
    settlements,
    transfer_cases,
    transfer_messages,
    transfer_steps,
)
from ledger.store.times import from_micros, to_micros
from ledger.transfers.model import (
    FINISHED,
    CaseId,
    CaseState,
    CaseStep,
    Initiative,
    Intent,
    Segment,
    Side,
    TransferCase,
)


class Direction(StrEnum):
    """Which way a message goes."""

    OUT = "OUT"
    IN = "IN"


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "QUEUED"
    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    CANCELLED = "CANCELLED"
    TAKEN = "TAKEN"


class SettlementState(StrEnum):
    """Where a settlement stands, as this bureau sees it."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    RECEIVED = "RECEIVED"
    FAILED = "FAILED"
    DISPUTED = "DISPUTED"


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message to or from another bureau.

    ``sealed_content`` is ours, under the person's key; ``envelope`` is what is sent, sealed to its
    receiver. ``content_digest`` says whether a repeated message is the same one.
    """

    message_key: str
    direction: Direction
    case_id: CaseId
    peer_log: LogId
    kind: str
    sealed_content: bytes | None
    envelope: bytes | None
    content_digest: bytes | None
    state: MessageState
    attempts: int
    last_error: str | None
    answer: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    """Money of several cases between two pools; ``side`` NEW receives it."""

    settlement_id: str
    side: Side
    peer_log: LogId
    amount_fen: int
    cases: tuple[CaseId, ...]
    state: SettlementState
    fault: str | None
    at: datetime


class TransferRepository:
    """The tables of transfers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- cases ---

    def add_case(self, case: TransferCase, sealed_content: bytes) -> None:
        """Open a case."""
        values = _case_values(case) | {"case_id": case.case_id, "sealed_content": sealed_content}
        self._connection.execute(insert(transfer_cases).values(**values))

    def save_case(self, case: TransferCase, sealed_content: bytes | None = None) -> None:
        """Keep a case as it is now, and its content if that changed too."""
        values = _case_values(case)
        if sealed_content is not None:
            values["sealed_content"] = sealed_content
        self._connection.execute(
            update(transfer_cases).where(transfer_cases.c.case_id == case.case_id).values(**values)
        )

    def case(self, case_id: str) -> TransferCase | None:
        """The case with this number."""
        found = self._cases(transfer_cases.c.case_id == case_id)
        return found[0] if found else None

    def sealed_content(self, case_id: str) -> bytes:
        """What the case keeps under the person's key."""
        return bytes(
            self._connection.execute(
                select(transfer_cases.c.sealed_content).where(transfer_cases.c.case_id == case_id)
            ).scalar_one()
        )

    def cases(self) -> list[TransferCase]:
        """Every case, oldest first."""
        return self._cases()

    def open_cases(self) -> list[TransferCase]:
        """Cases that are not finished, oldest first."""
        return self._cases(transfer_cases.c.state.not_in(sorted(FINISHED)))

    def cases_of(self, subject: bytes) -> list[TransferCase]:
        """Every case of one person, oldest first."""
        return self._cases(transfer_cases.c.subject == subject)

    def cases_of_settlement(self, settlement_id: str) -> list[TransferCase]:
        """The cases whose money a settlement carries."""
        return self._cases(transfer_cases.c.settlement_id == settlement_id)

    def _cases(self, *conditions: Any) -> list[TransferCase]:
        columns = [column for column in transfer_cases.c if column.name != "sealed_content"]
        rows = self._connection.execute(
            select(*columns)
            .where(*conditions)
            .order_by(transfer_cases.c.opened_at, transfer_cases.c.case_id)
        ).mappings()
        return [_case(row) for row in rows]

    # --- steps ---

    def add_step(self, case_id: str, step: CaseStep) -> None:
        """Note what happened to a case."""
        words = json.dumps({"zh": step.zh, "en": step.en}, ensure_ascii=False)
        self._connection.execute(
            insert(transfer_steps).values(
                case_id=case_id,
                step=step.step,
                actors=json.dumps(list(step.actors), ensure_ascii=False),
                words=words,
                at=to_micros(step.at),
            )
        )

    def steps(self, case_id: str) -> list[CaseStep]:
        """What happened to a case, in order."""
        rows = self._connection.execute(
            select(transfer_steps)
            .where(transfer_steps.c.case_id == case_id)
            .order_by(transfer_steps.c.id)
        ).mappings()
        return [_step(row) for row in rows]

    # --- messages ---

    def put_message(self, message: StoredMessage) -> None:
        """Keep a message under its key, in place of an earlier one."""
        values = _message_values(message)
        changed = self._connection.execute(
            update(transfer_messages)
            .where(transfer_messages.c.message_key == message.message_key)
            .values(**values)
        )
        if changed.rowcount == 0:
            self._connection.execute(
                insert(transfer_messages).values(message_key=message.message_key, **values)
            )

    def message(self, message_key: str) -> StoredMessage | None:
        """The message with this key."""
        row = (
            self._connection.execute(
                select(transfer_messages).where(transfer_messages.c.message_key == message_key)
            )
            .mappings()
            .one_or_none()
        )
        return _message(row) if row is not None else None

    def queued_messages(self) -> list[StoredMessage]:
        """Messages that still have to reach their receiver, oldest first."""
        return self._messages(
            transfer_messages.c.direction == Direction.OUT,
            transfer_messages.c.state == MessageState.QUEUED,
        )

    def messages_of(self, case_id: str) -> list[StoredMessage]:
        """Every message of a case, oldest first."""
        return self._messages(transfer_messages.c.case_id == case_id)

    def _messages(self, *conditions: Any) -> list[StoredMessage]:
        rows = self._connection.execute(
            select(transfer_messages)
            .where(and_(*conditions))
            .order_by(transfer_messages.c.at, transfer_messages.c.message_key)
        ).mappings()
        return [_message(row) for row in rows]

    # --- settlements ---

    def put_settlement(self, settlement: StoredSettlement) -> None:
        """Keep a settlement as it is now."""
        values = {
            "side": settlement.side,
            "peer_log": settlement.peer_log,
            "amount_fen": settlement.amount_fen,
            "cases": json.dumps(list(settlement.cases)),
            "state": settlement.state,
            "fault": settlement.fault,
            "at": to_micros(settlement.at),
        }
        changed = self._connection.execute(
            update(settlements)
            .where(settlements.c.settlement_id == settlement.settlement_id)
            .values(**values)
        )
        if changed.rowcount == 0:
            self._connection.execute(
                insert(settlements).values(settlement_id=settlement.settlement_id, **values)
            )

    def settlement(self, settlement_id: str) -> StoredSettlement | None:
        """The settlement with this number."""
        return next(
            (each for each in self.settlements() if each.settlement_id == settlement_id), None
        )

    def settlements(self, states: Iterable[SettlementState] = ()) -> Sequence[StoredSettlement]:
        """Settlements, oldest first, of all states or of some."""
        query = select(settlements).order_by(settlements.c.at, settlements.c.settlement_id)
        wanted = [str(state) for state in states]
        if wanted:
            query = query.where(settlements.c.state.in_(wanted))
        rows = self._connection.execute(query).mappings()
        return [
            StoredSettlement(
                settlement_id=row["settlement_id"],
                side=Side(row["side"]),
                peer_log=LogId(row["peer_log"]),
                amount_fen=row["amount_fen"],
                cases=tuple(CaseId(case_id) for case_id in json.loads(row["cases"])),
                state=SettlementState(row["state"]),
                fault=row["fault"],
                at=from_micros(row["at"]),
            )
            for row in rows
        ]


def _case_values(case: TransferCase) -> dict[str, Any]:
    return {
        "side": case.side,
        "state": case.state,
        "intent": case.intent,
        "scope": case.scope,
        "class": case.class_,
        "peer_log": case.peer_log,
        "subject": case.subject,
        "segment_log": case.segment.log_id,
        "stay": case.segment.stay,
        "segment_tag": case.segment.tag,
        "initiative": case.initiative,
        "figures_digest": case.figures_digest,
        "package_digest": case.package_digest,
        "months": case.months,
        "amount_fen": case.amount_fen,
        "settlement_id": case.settlement_id,
        "refusal_code": case.refusal_code,
        "opened_at": to_micros(case.opened_at),
        "due_on": case.due_on.isoformat() if case.due_on is not None else None,
        "updated_at": to_micros(case.updated_at),
    }


def _case(row: RowMapping) -> TransferCase:
    return TransferCase(
        case_id=CaseId(row["case_id"]),
        side=Side(row["side"]),
        state=CaseState(row["state"]),
        intent=Intent(row["intent"]),
        scope=Scope(row["scope"]),
        class_=row["class"],
        peer_log=LogId(row["peer_log"]),
        subject=Subject(bytes(row["subject"])),
        segment=Segment(LogId(row["segment_log"]), row["stay"], bytes(row["segment_tag"])),
        initiative=Initiative(row["initiative"]),
        figures_digest=_bytes(row["figures_digest"]),
        package_digest=_bytes(row["package_digest"]),
        months=row["months"],
        amount_fen=row["amount_fen"],
        settlement_id=row["settlement_id"],
        refusal_code=row["refusal_code"],
        opened_at=from_micros(row["opened_at"]),
        due_on=date.fromisoformat(row["due_on"]) if row["due_on"] is not None else None,
        updated_at=from_micros(row["updated_at"]),
    )


def _step(row: RowMapping) -> CaseStep:
    words = json.loads(row["words"])
    return CaseStep(
        step=row["step"],
        actors=tuple(json.loads(row["actors"])),
        zh=words["zh"],
        en=words["en"],
        at=from_micros(row["at"]),
    )


def _message_values(message: StoredMessage) -> dict[str, Any]:
    return {
        "direction": message.direction,
        "case_id": message.case_id,
        "peer_log": message.peer_log,
        "kind": message.kind,
        "sealed_content": message.sealed_content,
        "envelope": message.envelope,
        "content_digest": message.content_digest,
        "state": message.state,
        "attempts": message.attempts,
        "last_error": message.last_error,
        "answer": message.answer,
        "at": to_micros(message.at),
    }


def _message(row: RowMapping) -> StoredMessage:
    return StoredMessage(
        message_key=row["message_key"],
        direction=Direction(row["direction"]),
        case_id=CaseId(row["case_id"]),
        peer_log=LogId(row["peer_log"]),
        kind=row["kind"],
        sealed_content=_bytes(row["sealed_content"]),
        envelope=_bytes(row["envelope"]),
        content_digest=_bytes(row["content_digest"]),
        state=MessageState(row["state"]),
        attempts=row["attempts"],
        last_error=row["last_error"],
        answer=row["answer"],
        at=from_micros(row["at"]),
    )


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if value is not None else None
