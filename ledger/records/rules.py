"""Turns rows into facts and decides what may be recorded or taken back; no database, no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from ledger.errors import (
    AlreadyResolvedError,
    ReasonMissingError,
    ReversalOfReversalError,
    SameOfficerError,
)
from ledger.evidence.encoding import LeafIndex, LogId
from ledger.policy.contributions import split_paid
from ledger.policy.kinds import InsuranceClass, Kind
from ledger.policy.periods import period_of
from ledger.recording.facts import Fact
from ledger.records.model import ContributionRow, DeathRow

CORRECTION: Final = "correction"
"""The field of a record that takes the place of a reversed one."""
_COLLECTION_LABEL: Final = "anxu-collection/1"
_CORRECTION_LABEL: Final = "anxu-correction/1"


class ReversalReason(StrEnum):
    """Why an entry is taken back."""

    ENTRY_ERROR = "ENTRY_ERROR"
    WRONG_PERSON = "WRONG_PERSON"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_PERIOD = "WRONG_PERIOD"
    RECORDED_TWICE = "RECORDED_TWICE"
    DOUBLE_INSURANCE = "DOUBLE_INSURANCE"
    REFUNDED = "REFUNDED"
    HELD_BEFORE_PAYMENT = "HELD_BEFORE_PAYMENT"
    NOT_PAID = "NOT_PAID"
    DEATH_DISPROVED = "DEATH_DISPROVED"
    DECISION_REVOKED = "DECISION_REVOKED"


REVERSAL_REASONS: Final[Mapping[ReversalReason, tuple[str, str]]] = MappingProxyType(
    {
        ReversalReason.ENTRY_ERROR: ("录入错误", "entered wrongly"),
        ReversalReason.WRONG_PERSON: ("人员错误", "the wrong person"),
        ReversalReason.WRONG_AMOUNT: ("金额错误", "the wrong amount"),
        ReversalReason.WRONG_PERIOD: ("所属期错误", "the wrong month"),
        ReversalReason.RECORDED_TWICE: ("重复登记", "recorded twice"),
        ReversalReason.DOUBLE_INSURANCE: ("重复参保清理", "double insurance cleaned"),
        ReversalReason.REFUNDED: ("已退费", "refunded"),
        ReversalReason.HELD_BEFORE_PAYMENT: ("支付前暂缓，未发放", "held before payment, not paid"),
        ReversalReason.NOT_PAID: ("未实际发放", "not paid after all"),
        ReversalReason.DEATH_DISPROVED: ("死亡信息有误", "the death report was wrong"),
        ReversalReason.DECISION_REVOKED: ("核定撤销", "the decision was revoked"),
    }
)
"""Each reason as people read it, in Chinese and English."""


# --- contributions -----------------------------------------------------------------------------


def contribution_fact(
    row: ContributionRow, region: str, supplement_of: tuple[LogId, LeafIndex] | None = None
) -> Fact:
    """The fact a paid month is recorded as.

    Args:
        row: a line without faults.
        region: where the person is insured (GB/T 2260).
        supplement_of: the normal line's log and leaf, for a supplement.

    Raises:
        AmountError: less was paid than the personal account must receive.
        ParameterMissingError: no table has the account's share for the month.
    """
    split = split_paid(row.period, region, row.base_fen, row.unit_fen, row.person_fen)
    body: dict[str, Any] = {
        "name": row.name,
        "scheme": row.scheme.value,
        "contribution_type": row.contribution_type.value,
        "base_fen": row.base_fen,
        "unit_fen": row.unit_fen,
        "person_fen": row.person_fen,
        "pool_fen": split.pool_fen,
        "account_fen": split.account_fen,
        "account_rate_bps": split.account_rate_bps,
        "employer_code": row.employer_code or "",
        "employer_name": row.employer_name,
        "region": region,
        "paid_on": row.paid_on.isoformat(),
        "parameter_status": split.status.value,
    }
    if supplement_of is not None:
        log_id, index = supplement_of
        body["supplement_of"] = {"log": int(log_id), "index": int(index)}
    return Fact(
        kind=Kind.CONTRIBUTION,
        class_=row.class_,
        period=row.period,
        amount_fen=row.amount_fen,
        body=body,
        identity_number=row.identity_number,
    )


# --- collections -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collected:
    """Money that arrived with the lines of one or several files."""

    imports: tuple[str, ...]
    first_index: int
    end_index: int
    lines: int
    amount_fen: int
    period_from: int
    period_to: int


def merged(parts: Sequence[Collected]) -> Collected:
    """Several files as one collection: leaves from the first to the last contain its lines."""
    return Collected(
        imports=tuple(key for part in parts for key in part.imports),
        first_index=min(part.first_index for part in parts),
        end_index=max(part.end_index for part in parts),
        lines=sum(part.lines for part in parts),
        amount_fen=sum(part.amount_fen for part in parts),
        period_from=min(part.period_from for part in parts),
        period_to=max(part.period_to for part in parts),
    )


def collection_reference(log_id: LogId, first_index: int, end_index: int) -> str:
    """The identifier of a collection on chain (0x-hex, 32 bytes).

    It is made of public things only: a digest of persons' data would be a thing to guess at.
    """
    text = f"{_COLLECTION_LABEL}|{log_id}|{first_index}|{end_index}"
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def correction_reference(log_id: LogId, index: LeafIndex) -> str:
    """The identifier in the books of what a correction of this leaf changed (0x-hex, 32 bytes)."""
    text = f"{_CORRECTION_LABEL}|{log_id}|{index}"
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def entered_reference(collection: str) -> str:
    """The identifier in the books of the corrections that a collection's message entered."""
    return "0x" + hashlib.sha256(f"{_CORRECTION_LABEL}|{collection}".encode()).hexdigest()


def collection_arguments(log_id: LogId, collected: Collected) -> list[Any]:
    """The arguments of ``Funds.recordCollection``, in its order.

    Of ``Funds.correctCollection`` where corrections take back more than the files bring: the
    contract takes the amount without its sign.
    """
    return [
        int(log_id),
        collection_reference(log_id, collected.first_index, collected.end_index),
        collected.first_index,
        collected.end_index,
        collected.lines,
        abs(collected.amount_fen),
        collected.period_from,
        collected.period_to,
    ]


# --- deaths ------------------------------------------------------------------------------------


def death_fact(row: DeathRow) -> Fact:
    """The fact a death is recorded as; entitlement ends with its month (rules e.2)."""
    return Fact(
        kind=Kind.DEATH_REPORT,
        class_=int(InsuranceClass.NONE),
        period=period_of(row.died_on),
        amount_fen=0,
        body={
            "name": row.name,
            "died_on": row.died_on.isoformat(),
            "reported_on": row.reported_on.isoformat(),
            "source": row.source,
        },
        identity_number=row.identity_number,
    )


# --- reversals ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReversalOrder:
    """Two officers take an entry back: why, on which legal basis, maker and checker by name.

    ``words`` is the reason as the person is told it, where there is one. ``approval`` has the salt
    and both signatures over :func:`correction_statement`, once they are given.
    """

    reason: ReversalReason
    legal_basis: str
    maker: str
    checker: str
    words: str = ""
    approval: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.maker.strip().casefold() == self.checker.strip().casefold():
            raise SameOfficerError(action="reversing an entry")
        if not self.legal_basis.strip():
            raise ReasonMissingError(action="reversing an entry", what="legal basis")

    def fields(self) -> dict[str, str]:
        """What both entries of a correction say of it."""
        return {
            "reason_code": self.reason.value,
            "legal_basis": self.legal_basis.strip(),
            "maker": self.maker,
            "checker": self.checker,
        }


def correction_statement(
    index: LeafIndex, order: ReversalOrder, log_id: LogId, restatement: Fact | None
) -> dict[str, Any]:
    """What both officers sign, under a salt: what goes, why, and what takes its place.

    ``restatement`` is the new fact as it was before it got its own ``correction``.
    """
    return {
        "schema": "anxu-correction/1",
        "reverses": {"log": int(log_id), "index": int(index)},
        **order.fields(),
        "restatement": restatement.record() if restatement is not None else None,
    }


def restated_fact(index: LeafIndex, fact: Fact, order: ReversalOrder, log_id: LogId) -> Fact:
    """The new fact of a correction: it names the leaf it restates, why, and who signed."""
    correction = {
        "restates": {"log": int(log_id), "index": int(index)},
        **order.fields(),
        **order.approval,
    }
    return replace(fact, body={**fact.body, CORRECTION: correction})


def reversal_fact(
    index: LeafIndex, record: Mapping[str, Any], order: ReversalOrder, log_id: LogId
) -> Fact:
    """The fact that takes back the entry at ``index``, whose record is ``record``.

    It bears the class and month of what it takes back, and its amount with the other sign: so the
    entries of a month add up to what stands.
    """
    body: dict[str, Any] = {
        "reverses": {"log": int(log_id), "index": int(index), "kind": record["kind"]},
        **order.fields(),
        **order.approval,
    }
    if order.words:
        body["reason"] = order.words
    if "name" in record:
        body["name"] = record["name"]
    return Fact(
        kind=Kind.REVERSAL,
        class_=record["class"],
        period=record["period"],
        amount_fen=-record["amount_fen"],
        body=body,
        identity_number=record.get("identity_number"),
        reverses=index,
    )


def require_reversible(kind: Kind, index: LeafIndex, *, already: bool) -> None:
    """Refuse to take back what cannot be.

    Raises:
        ReversalOfReversalError: the entry is a reversal.
        AlreadyResolvedError: it was taken back before.
    """
    if kind is Kind.REVERSAL:
        raise ReversalOfReversalError(index=index)
    if already:
        raise AlreadyResolvedError(what="entry", key=str(index), state="reversed")
