"""What a transfer case is: its sides, states, people, papers and figures; values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, NewType

from ledger.evidence.encoding import Head, LeafIndex, LogId, Subject
from ledger.policy.transfer import Scope

CaseId = NewType("CaseId", str)
"""The case's number on chain: 0x and 64 hex digits."""

STEP_WORKING_DAYS: Final = 15
"""Working days each of the three steps may take (国办发〔2009〕66号 art. 8; rules a.4)."""


class Side(StrEnum):
    """Which of the two bureaus this node is in a case."""

    NEW = "NEW"
    OLD = "OLD"


class CaseState(StrEnum):
    """Where a case stands, the same words on both sides.

    APPLIED        two officers of the new city signed the contact letter; the chain is asked
    LETTER_SENT    the letter (联系函) is with the old city, whose clock runs
    PACKAGE_SENT   sheet (信息表) and records are with the new city and passed its checks
    RELEASED       the old city's figures stand on chain
    ACCEPTED       the new city signed the same figures: the stay has a new holder
    SETTLED        the money is on its way
    CLOSED         everything arrived; the person is told
    REFUSED, WITHDRAWN   both sides are as they were
    CANCELLED      the same, by two supervisors after a missed deadline
    """

    APPLIED = "APPLIED"
    LETTER_SENT = "LETTER_SENT"
    PACKAGE_SENT = "PACKAGE_SENT"
    RELEASED = "RELEASED"
    ACCEPTED = "ACCEPTED"
    SETTLED = "SETTLED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"
    WITHDRAWN = "WITHDRAWN"
    CANCELLED = "CANCELLED"


FINISHED: Final = frozenset(
    {CaseState.CLOSED, CaseState.REFUSED, CaseState.WITHDRAWN, CaseState.CANCELLED}
)
UNDECIDED: Final = frozenset(
    {CaseState.APPLIED, CaseState.LETTER_SENT, CaseState.PACKAGE_SENT, CaseState.RELEASED}
)
"""States in which a case can still be refused or withdrawn."""


class Intent(StrEnum):
    """What this side has decided and the chain has not confirmed yet."""

    NONE = ""
    RELEASE = "RELEASE"
    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    WITHDRAW = "WITHDRAW"


class Initiative(StrEnum):
    """Who set the case off: inside one pool the bureau consolidates without an application."""

    PERSON = "PERSON"
    BUREAU = "BUREAU"


class TransferReason(StrEnum):
    """Why the relation moves, as the application form lists it (rules a.3)."""

    RETURN_TO_HUKOU = "RETURN_TO_HUKOU"
    NON_HUKOU_UNDER_AGE = "NON_HUKOU_UNDER_AGE"
    OFFICIAL_POSTING = "OFFICIAL_POSTING"
    COLLECT_TO_BENEFIT_PLACE = "COLLECT_TO_BENEFIT_PLACE"
    CONSOLIDATION = "CONSOLIDATION"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stay of one person in one class at one bureau; ``tag`` names it on chain."""

    log_id: LogId
    stay: int
    tag: bytes


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a case is about; never leaves sealed content."""

    identity_number: str
    name: str


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """One contribution record that travels: all fields in clear with what proves it."""

    leaf_index: LeafIndex
    head: Head
    handle: bytes
    salt: bytes
    record: Mapping[str, Any]
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class YearFigures:
    """One row of the information sheet, in fen; ``account_fen`` is principal without interest."""

    year: int
    months: int
    from_period: int
    to_period: int
    base_fen: int
    account_fen: int
    pool_fen: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What both bureaus sign: months and money of one stay, and which records they come from.

    ``account_fen`` is principal and interest to the end of the month ``interest_through``;
    ``pool_fen`` is 12 % of the bases since 1998; ``fund_fen`` is what moves, nothing inside one
    pool. ``interest_open_years``: years of the account whose rate is not published (yet, or at
    all) and whose interest is credited anew once it is known (先转后清). ``records_root`` is the
    Merkle root over the leaf hashes of the records, in order.
    """

    case_id: CaseId
    class_: int
    from_log: LogId
    to_log: LogId
    stay: int
    scope: Scope
    years: tuple[YearFigures, ...]
    interest_through: int
    account_fen: int
    pool_fen: int
    fund_fen: int
    interest_open_years: tuple[int, ...]
    records: int
    records_root: bytes

    @property
    def months(self) -> int:
        """Paid months, each once."""
        return sum(row.months for row in self.years)

    @property
    def base_fen(self) -> int:
        """All bases used."""
        return sum(row.base_fen for row in self.years)

    @property
    def principal_fen(self) -> int:
        """All that was paid into the account, without interest."""
        return sum(row.account_fen for row in self.years)


@dataclass(frozen=True, slots=True)
class Approval:
    """One officer's signature under a paper of the case (secp256k1 over its digest)."""

    officer: str
    address: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """The contact letter (联系函), from the new city to the old one."""

    case_id: CaseId
    from_log: LogId
    to_log: LogId
    class_: int
    stay: int
    person: Person
    reason: TransferReason
    initiative: Initiative
    first_paid_period: int
    issued_on: date
    sealing_key: bytes
    salt: bytes
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The information sheet (信息表): figures, and months insured twice as far as known."""

    issued_on: date
    insured_from: int
    insured_to: int
    figures: Figures
    figures_salt: bytes
    overlaps: tuple[int, ...]
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """Everything the old city sends: the sheet, and every live record with its proof.

    ``moved_before``: leaves of an earlier stay that moved already; only from the second stay on.
    """

    case_id: CaseId
    size: int
    root: bytes
    sheet: Sheet
    records: tuple[PackageRecord, ...]
    moved_before: tuple[LeafIndex, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a side ended the case; its salted digest stands on chain."""

    code: int
    zh: str
    en: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class CaseContent:
    """What a case keeps under the person's key."""

    person: Person
    letter: Letter | None = None
    package: Package | None = None
    overlaps: tuple[int, ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCase:
    """One case as this bureau holds it; figures and people are in the sealed content.

    What has a value by itself is what a case begins with.
    """

    case_id: CaseId
    side: Side
    state: CaseState
    intent: Intent = Intent.NONE
    scope: Scope
    class_: int
    peer_log: LogId
    subject: Subject
    segment: Segment
    initiative: Initiative
    figures_digest: bytes | None = None
    package_digest: bytes | None = None
    months: int = 0
    amount_fen: int = 0
    settlement_id: str | None = None
    refusal_code: int = 0
    opened_at: datetime
    due_on: date | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One thing that happened to a case, as officers and the person both see it.

    ``actors``: names of the officers who signed, or of the bureau. ``zh`` and ``en`` say what and
    why.
    """

    step: str
    actors: tuple[str, ...]
    zh: str
    en: str
    at: datetime
