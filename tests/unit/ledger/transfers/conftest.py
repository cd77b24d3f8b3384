"""A person's records in a small log, and the package an honest bureau makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from ledger.evidence.encoding import (
    Entry,
    Head,
    Leaf,
    LeafIndex,
    LogId,
    Subject,
    canonical_json,
    commitment_of,
    leaf_hash,
    reversal_subject,
)
from ledger.evidence.merkle import MerkleTree
from ledger.policy.kinds import SUPPLEMENT, Kind
from ledger.policy.transfer import Scope
from ledger.transfers.model import CaseId, Package, PackageRecord
from ledger.transfers.package import (
    Expectation,
    build_figures,
    build_package,
    build_sheet,
    make_record,
)

OLD, NEW = LogId(1), LogId(3)
CASE = CaseId("0x" + "ab" * 32)
NUMBER = "11010519491231002X"  # the sample of GB 11643
SUBJECT = Subject(hashlib.sha256(b"the person").digest())
TODAY = date(2026, 9, 15)


def salt_of(text: str) -> bytes:
    return hashlib.sha256(f"salt {text}".encode()).digest()


def contribution(
    period: int, *, base_fen: int = 800_000, class_: int = 1, **changes: Any
) -> dict[str, Any]:
    """One month of the employee pension at 16 % and 8 %."""
    unit, person = base_fen * 16 // 100, base_fen * 8 // 100
    return {
        "schema": "anxu-contribution/1", "kind": 1, "class": class_, "period": period,
        "amount_fen": unit + person, "identity_number": NUMBER, "name": "示例人",
        "scheme": "PENSION_EMPLOYEE", "contribution_type": "NORMAL", "base_fen": base_fen,
        "unit_fen": unit, "person_fen": person, "pool_fen": unit, "account_fen": person,
        "account_rate_bps": 800, "employer_code": "91340100MA2TXK3T0K", "employer_name": "示范公司",
        "region": "320100", "paid_on": "2026-01-15", "parameter_status": "demo",
    } | changes  # fmt: skip


@dataclass
class OldLog:
    """A log of one bureau: what it recorded, and the anchored view another bureau has of it."""

    log_id: LogId = OLD
    rows: list[tuple[Entry, dict[str, Any], bytes]] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    anchored: dict[int, bytes] = field(default_factory=dict)

    def add(self, record: dict[str, Any], subject: Subject = SUBJECT) -> LeafIndex:
        salt = salt_of(f"{len(self.rows)}")
        head = Head(Kind(record["kind"]), record["class"], record["period"])
        commitment = commitment_of(canonical_json(record), salt)
        entry = Entry(head, subject, record["amount_fen"], commitment)
        self.rows.append((entry, record, salt))
        self.leaves.append(entry.leaf(self.log_id))
        return LeafIndex(len(self.rows) - 1)

    def reverse(self, index: LeafIndex) -> None:
        record = {"kind": 3, "class": 1, "period": 0, "amount_fen": 0, "leaf": index}
        self.add(record, reversal_subject(self.log_id, index))

    def anchor(self) -> None:
        self.anchored[len(self.leaves)] = self.tree().root()

    def tree(self) -> MerkleTree:
        return MerkleTree(leaf_hash(leaf.pack()) for leaf in self.leaves)

    def record(self, index: LeafIndex) -> PackageRecord:
        entry, record, salt = self.rows[index]
        size = max(self.anchored)
        proof = self.tree().inclusion_proof(index, size)
        return make_record(index, entry.head, entry.subject, record, salt, proof)

    # what a bureau that follows this log sees

    @property
    def followed_size(self) -> int:
        return max(self.anchored, default=0)

    def root(self, size: int) -> bytes | None:
        return self.anchored.get(size)

    def leaf(self, index: int) -> Leaf | None:
        return self.leaves[index] if index < self.followed_size else None

    def origin_of(self, index: int) -> LogId:
        return self.log_id

    def places_of_tags(self, tags: Sequence[bytes]) -> dict[bytes, list[LeafIndex]]:
        found: dict[bytes, list[LeafIndex]] = {}
        for index, leaf in enumerate(self.leaves[: self.followed_size]):
            if leaf.tag in set(tags):
                found.setdefault(leaf.tag, []).append(LeafIndex(index))
        return found


@dataclass(frozen=True)
class Scene:
    """The old bureau's log, where the person's records stand, and what the receiver expects."""

    log: OldLog
    indices: tuple[LeafIndex, ...]
    expected: Expectation

    def records(self) -> list[PackageRecord]:
        return [self.log.record(index) for index in self.indices]

    def package(
        self,
        chosen_records: Sequence[PackageRecord] | None = None,
        *,
        interest_through: int = 202608,
        moved_before: Sequence[LeafIndex] = (),
        **figures: Any,
    ) -> Package:
        """What `records` make, by the functions that production uses; figures may be forged."""
        chosen = self.records() if chosen_records is None else list(chosen_records)
        size = self.log.followed_size
        computed = build_figures(
            self.expected.case_id, 1, (self.expected.from_log, self.expected.to_log),
            self.expected.stay, self.expected.scope, chosen, interest_through,
        )  # fmt: skip
        sheet = build_sheet(replace(computed, **figures), salt_of("figures"), TODAY)
        root = self.log.anchored[size]
        return build_package(size, root, sheet, chosen, moved_before)


@pytest.fixture
def make_scene() -> Callable[..., Scene]:
    def make(
        periods: Sequence[int] = (202307, 202308, 202311, 202401, 202402),
        *,
        scope: Scope = Scope.CROSS_PROVINCE,
        stay: int = 1,
    ) -> Scene:
        log = OldLog()
        stranger = Subject(hashlib.sha256(b"a stranger").digest())
        log.add(contribution(202306), stranger)
        indices = [log.add(contribution(period)) for period in periods]
        log.add(contribution(202309), stranger)
        top_up = contribution(periods[0], base_fen=100_000, class_=1 | SUPPLEMENT)
        indices.append(log.add(top_up))
        log.anchor()
        expected = Expectation(
            case_id=CASE, class_=1, from_log=OLD, to_log=NEW, stay=stay, scope=scope,
            subject=SUBJECT, identity_number=NUMBER, birth_on=date(1949, 12, 31), today=TODAY,
        )  # fmt: skip
        return Scene(log, tuple(indices), expected)

    return make


@pytest.fixture
def scene(make_scene) -> Scene:
    return make_scene()
