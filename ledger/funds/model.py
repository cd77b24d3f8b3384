"""Payout batches and their lines, and the fund accounts that money moves between."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final

from ledger.evidence.encoding import LeafIndex, LogId, Subject


class Account(IntEnum):
    """The accounts of a pool's sub-ledger, numbered as the ``Funds`` contract numbers them."""

    OUTSIDE = 0
    TREASURY = 1
    FISCAL = 2
    EXPENDITURE = 3
    LEGACY_INCOME = 4
    IN_TRANSIT = 5
    SHORTFALL = 6


class Movement(IntEnum):
    """What a movement of money is for, numbered as ``FundRules`` does; a pool has routes for each.

    All but ALLOCATION have exactly one route, so that the contract alone chooses the account.
    """

    COLLECTION = 0
    ALLOCATION = 1
    PAYMENT = 2
    RETURN = 3
    TRANSFER_OUT = 4
    TRANSFER_IN = 5


ACCOUNT_NAMES = {
    Account.OUTSIDE: ("账外", "outside"),
    Account.TREASURY: ("国库", "treasury"),
    Account.FISCAL: ("财政专户", "fiscal special account"),
    Account.EXPENDITURE: ("支出户", "expenditure account"),
    Account.LEGACY_INCOME: ("收入户", "income account"),
    Account.IN_TRANSIT: ("在途", "in transit"),
    Account.SHORTFALL: ("缺口", "shortfall"),
}


MOVEMENT_NAMES = {
    Movement.COLLECTION: ("征缴", "collection"),
    Movement.ALLOCATION: ("调拨", "allocation"),
    Movement.PAYMENT: ("发放", "payment"),
    Movement.RETURN: ("银行退回", "bank returns"),
    Movement.TRANSFER_OUT: ("转出", "transferred out"),
    Movement.TRANSFER_IN: ("转入", "transferred in"),
}


PAYOUTS_RETURNED: Final = "PAYOUTS_RETURNED"
"""The occasion in the books of what the bank sent back of a batch."""
PAYOUTS_CORRECTED: Final = "PAYOUTS_CORRECTED"
"""The occasion in the books of a payment that had been recorded with too high an amount."""


class BatchState(StrEnum):
    """RECORDED was already paid; the others in order, from proposed to answered by the bank."""

    RECORDED = "RECORDED"
    PROPOSED = "PROPOSED"
    CHECKED = "CHECKED"
    APPROVED = "APPROVED"
    RELEASED = "RELEASED"
    SETTLED = "SETTLED"


class LineState(StrEnum):
    """Where one line of a batch stands."""

    PROPOSED = "PROPOSED"
    CLEAR = "CLEAR"
    SUSPECTED = "SUSPECTED"
    HELD = "HELD"
    PAYABLE = "PAYABLE"
    PAID = "PAID"
    RETURNED = "RETURNED"


class Suspicion(StrEnum):
    """Why a line was stopped for a decision."""

    SAME_MONTH_ELSEWHERE = "same-month-elsewhere"
    SAME_MONTH_HERE = "same-month-here"
    AFTER_DEATH = "after-death"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Who recorded first, decidable by anyone: number of the first covering checkpoint, then index.

    It is evidence of time, never of entitlement.
    """

    number: int
    index: LeafIndex


@dataclass(frozen=True, slots=True)
class LineFinding:
    """A suspicion about one line: where the other leaf stands and what is proposed.

    ``default_hold``: whether the rule proposes to hold (a first payment, a reported death) or to
    pay and open a case.
    """

    suspicion: Suspicion
    other_log: LogId
    other_index: LeafIndex
    other_name_zh: str
    other_name_en: str
    earlier_elsewhere: bool
    first_payment: bool

    @property
    def default_hold(self) -> bool:
        """First payments and those after a reported death are held; running pensions are paid."""
        return self.first_payment or self.suspicion is Suspicion.AFTER_DEATH

    def sentence(self, language: str) -> str:
        """The reason in words, without naming a person."""
        zh, en = _SENTENCES[self.suspicion]
        text = (zh if language == "zh" else en).format(
            city=self.other_name_zh if language == "zh" else self.other_name_en
        )
        if self.first_payment:
            text += (
                "本次为首次发放。"
                if language == "zh"
                else " This is the first payment of this pension."
            )
        return text


_SENTENCES = {
    Suspicion.SAME_MONTH_ELSEWHERE: (
        "{city}已先行登记同一人同一月份的养老金，疑似重复领取。",
        "{city} has already anchored a pension of the same person for the same month.",
    ),
    Suspicion.SAME_MONTH_HERE: (
        "本机构已登记同一人同一月份的养老金，疑似重复发放。",
        "This bureau has already recorded a pension of the same person for the same month.",
    ),
    Suspicion.AFTER_DEATH: (
        "{city}已登记该参保人死亡，所付月份晚于死亡当月。",
        "{city} has a death report of this person; the month is after the month of death.",
    ),
}


@dataclass(frozen=True, slots=True)
class LineDecision:
    """What two officers decided about a suspected line, and why."""

    hold: bool
    reason: str
    maker: str
    checker: str


@dataclass(frozen=True, slots=True)
class PayoutLine:
    """One line of a batch."""

    leaf_index: LeafIndex
    subject: Subject
    class_: int
    period: int
    amount_fen: int
    state: LineState
    finding: LineFinding | None = None
    decision: LineDecision | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch of payments; ``batch_id`` is 0x and 64 hexadecimal digits."""

    batch_id: str
    origin: str
    period: int
    state: BatchState
    lines: int
    amount_fen: int
    first_index: int
    end_index: int
    lines_root: bytes
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What an import or a proposal did."""

    batch_id: str
    origin: str
    period: int
    lines: int
    amount_fen: int
    flagged: tuple[tuple[LeafIndex, LineFinding], ...]
    already_known: bool


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the check of a proposed batch found."""

    batch_id: str
    clear: int
    suspected: tuple[PayoutLine, ...]
    logs_seen: dict[int, int]
