"""Typed reads of the contracts, and the names that outbox messages are written in.

Values are frozen, times are seconds since 1970, digests are 32 bytes, money is integer fen. Writes
have no function
here: a message of the outbox is (contract, function, arguments), see :func:`encode_args`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from ledger.chain.codec import decode_args, encode_args
from ledger.chain.gateway import ChainGateway
from ledger.funds.model import Account

__all__ = [
    "Account", "Bindings", "BureauOnChain", "CaseState", "CheckpointOnChain", "ConflictAnswer",
    "ConflictOnChain", "ConflictState", "DisbursementOnChain", "DisbursementState", "FundTotals",
    "KeptLeafOnChain", "KeySetOnChain", "SettlementOnChain", "SettlementState", "SupervisorOnChain",
    "TransferCaseOnChain", "decode_args", "encode_args",
]  # fmt: skip

NO_LOG: Final = 0
"""Log id that names none."""
_NO_DIGEST: Final = bytes(32)


class CaseState(IntEnum):
    """Where a transfer case stands on chain."""

    NONE = 0
    REQUESTED = 1
    RELEASED = 2
    ACCEPTED = 3
    REFUSED = 4
    WITHDRAWN = 5


class DisbursementState(IntEnum):
    """Where a batch of payments stands on chain."""

    NONE = 0
    PROPOSED = 1
    APPROVED = 2
    RECORDED = 3


class SettlementState(IntEnum):
    """Where a settlement stands on chain."""

    NONE = 0
    SENT = 1
    RECEIVED = 2


class ConflictState(IntEnum):
    """Where a proven conflict stands on chain."""

    NONE = 0
    OPEN = 1
    REVERSED = 2
    CLOSED = 3


@dataclass(frozen=True, slots=True)
class SupervisorOnChain:
    """A supervisor; ``cosigner_key`` is its Ed25519 key."""

    account: str
    cosigner_key: bytes
    name: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class KeySetOnChain:
    """The keys a log has from ``valid_from`` on."""

    publisher: str
    log_key: bytes
    sealing_key_digest: bytes
    valid_from: int


@dataclass(frozen=True, slots=True)
class BureauOnChain:
    """An enrolled agency as it stands now; ``region`` has six digits."""

    log_id: int
    region: str
    agency_family: int
    pool: int
    suspended: bool
    enrolled_at: int
    publisher: str
    log_key: bytes
    sealing_key_digest: bytes
    name: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class CheckpointOnChain:
    """A published checkpoint; ``number`` counts over all logs from 1."""

    log_id: int
    size: int
    root: bytes
    time: int
    block: int
    number: int


@dataclass(frozen=True, slots=True)
class KeptLeafOnChain:
    """A leaf kept on chain by itself, proven under the checkpoint of ``size``."""

    tag: bytes
    seal: bytes
    size: int
    kept_at: int


@dataclass(frozen=True, slots=True)
class FundTotals:
    """What came and went through a log so far, in fen."""

    collected_fen: int
    disbursed_fen: int
    sent_fen: int
    received_fen: int
    returned_fen: int


@dataclass(frozen=True, slots=True)
class DisbursementOnChain:
    """A batch of payments; its leaves are ``first_leaf`` to ``end_leaf``, the last one excluded."""

    state: DisbursementState
    log_id: int
    period: int
    lines: int
    paid_lines: int
    first_leaf: int
    end_leaf: int
    proposed_at: int
    decided_at: int
    amount_fen: int
    paid_fen: int
    returned_fen: int
    maker: str
    checker: str
    lines_root: bytes


@dataclass(frozen=True, slots=True)
class SettlementOnChain:
    """Money of several transfer cases between two pools; ``received_at`` is 0 until it arrived."""

    state: SettlementState
    from_log: int
    to_log: int
    cases: int
    amount_fen: int
    sent_at: int
    received_at: int


@dataclass(frozen=True, slots=True)
class TransferCaseOnChain:
    """A transfer case; times and digests that do not exist yet are 0 and 32 zero bytes."""

    state: CaseState
    from_log: int
    to_log: int
    reason_code: int
    requested_at: int
    released_at: int
    decided_at: int
    segment_tag: bytes
    request_digest: bytes
    figures_digest: bytes
    package_digest: bytes
    reason_digest: bytes


@dataclass(frozen=True, slots=True)
class ConflictOnChain:
    """A proven conflict of two leaves; ``reversed_leaf`` (0 or 1) counts once one was reversed."""

    conflict_id: int
    state: ConflictState
    first_log: int
    first_index: int
    second_log: int
    second_index: int
    head: bytes
    handle: bytes
    tag: bytes
    proven_at: int
    decided_at: int
    prover: str
    outcome: int
    reversed_leaf: int
    document_digest: bytes


@dataclass(frozen=True, slots=True)
class ConflictAnswer:
    """What one side put on record about a conflict."""

    log_id: int
    answered_at: int
    document_digest: bytes


class Bindings:
    """Reads of all contracts through one gateway; whatever it raises is the gateway's."""

    def __init__(self, gateway: ChainGateway) -> None:
        self.gateway = gateway

    def _one(self, contract: str, function: str, *arguments: Any) -> Any:
        (value,) = self.gateway.read(contract, function, *arguments)
        return value

    # --- Bureaus ---

    def log_count(self) -> int:
        """How many logs there are; their ids run from 1."""
        return int(self._one("Bureaus", "logCount"))

    def bureau(self, log_id: int) -> BureauOnChain | None:
        """The agency of a log; None when no log has that id."""
        if not self._one("Bureaus", "isEnrolled", log_id):
            return None
        found = self._one("Bureaus", "bureau", log_id)
        return BureauOnChain(
            log_id=log_id,
            region=f"{found['region']:06d}",
            agency_family=found["agencyFamily"],
            pool=found["pool"],
            suspended=found["suspended"],
            enrolled_at=found["enrolledAt"],
            publisher=found["publisher"],
            log_key=found["logKey"],
            sealing_key_digest=found["sealingKeyDigest"],
            name=found["name"],
            endpoint=found["endpoint"],
        )

    def bureaus(self) -> list[BureauOnChain]:
        """All agencies in order of enrolment."""
        found = [self.bureau(log_id) for log_id in range(1, self.log_count() + 1)]
        return [bureau for bureau in found if bureau is not None]

    def log_id_of(self, publisher: str) -> int | None:
        """The log that an address publishes for, or once did."""
        log_id = int(self._one("Bureaus", "logIdOf", publisher))
        return log_id if log_id != NO_LOG else None

    def log_id_of_key(self, log_key: bytes) -> int | None:
        """The log that a checkpoint key signs for, or once did."""
        log_id = int(self._one("Bureaus", "logIdOfKey", log_key))
        return log_id if log_id != NO_LOG else None

    def is_publisher(self, log_id: int, account: str) -> bool:
        """Whether an address publishes for a log now."""
        return bool(self._one("Bureaus", "isPublisher", log_id, account))

    def is_officer(self, log_id: int, account: str) -> bool:
        """Whether an officer may approve for a log now."""
        return bool(self._one("Bureaus", "isOfficer", log_id, account))

    def is_supervisor(self, account: str) -> bool:
        """Whether an address is a supervisor's."""
        return bool(self._one("Bureaus", "isSupervisor", account))

    def keys_at(self, log_id: int, time: int) -> KeySetOnChain:
        """The keys a log had at a time.

        Raises:
            ContractRefusedError: the log is unknown, or had no keys yet.
        """
        return _key_set(self._one("Bureaus", "keysAt", log_id, time))

    def key_history(self, log_id: int) -> list[KeySetOnChain]:
        """All keys of a log in the order they came."""
        count = int(self._one("Bureaus", "keyCount", log_id))
        return [_key_set(self._one("Bureaus", "keyByIndex", log_id, i)) for i in range(count)]

    def supervisors(self) -> list[SupervisorOnChain]:
        """All supervisors in the order they were named."""
        count = int(self._one("Bureaus", "supervisorCount"))
        found = [self._one("Bureaus", "supervisorByIndex", place) for place in range(count)]
        return [
            SupervisorOnChain(
                account=each["account"],
                cosigner_key=each["cosignerKey"],
                name=each["name"],
                endpoint=each["endpoint"],
            )
            for each in found
        ]

    # --- Checkpoints ---

    def checkpoint(self, log_id: int, size: int) -> CheckpointOnChain | None:
        """The checkpoint of a size; None when the log never published one."""
        found = self._one("Checkpoints", "checkpoint", log_id, size)
        if found["number"] == 0:
            return None
        return CheckpointOnChain(
            log_id=log_id,
            size=size,
            root=found["root"],
            time=found["time"],
            block=found["blockNumber"],
            number=found["number"],
        )

    def latest_checkpoint(self, log_id: int) -> CheckpointOnChain | None:
        """A log's newest checkpoint; None before its first."""
        return self.checkpoint(log_id, int(self._one("Checkpoints", "latestSize", log_id)))

    def checkpoint_count(self, log_id: int) -> int:
        """How many checkpoints a log has."""
        return int(self._one("Checkpoints", "count", log_id))

    def checkpoint_by_index(self, log_id: int, index: int) -> CheckpointOnChain:
        """A log's checkpoint in the order they came, from 0.

        Raises:
            ContractRefusedError: there is none at this place.
        """
        found = self.checkpoint(log_id, int(self._one("Checkpoints", "sizeByIndex", log_id, index)))
        assert found is not None
        return found

    def position(self, log_id: int, leaf_index: int) -> tuple[int, int]:
        """The first checkpoint that covers a leaf, by number and size: the leaf's position.

        Raises:
            ContractRefusedError: no checkpoint covers it yet.
        """
        number, size = self.gateway.read("Checkpoints", "position", log_id, leaf_index)
        return int(number), int(size)

    def kept_leaf(self, log_id: int, leaf_index: int) -> KeptLeafOnChain | None:
        """The leaf kept on chain by itself for this place; None for none."""
        found = self._one("Checkpoints", "keptLeaf", log_id, leaf_index)
        if found["keptAt"] == 0:
            return None
        return KeptLeafOnChain(found["tag"], found["seal"], found["size"], found["keptAt"])

    # --- Funds ---

    def fund_balance(self, log_id: int, account: Account) -> int:
        """What an account of a log holds, in fen; for shortfall what the log owes."""
        return int(self._one("Funds", "balance", log_id, int(account)))

    def pool_balance(self, pool: int, account: Account) -> int:
        """The same over all logs of a pool."""
        return int(self._one("Funds", "poolBalance", pool, int(account)))

    def fund_totals(self, log_id: int) -> FundTotals:
        """What came and went through a log so far."""
        return FundTotals(*(int(value) for value in self.gateway.read("Funds", "totals", log_id)))

    def collected_up_to(self, log_id: int) -> int:
        """Leaves before this one are registered by collections of the log."""
        return int(self._one("Funds", "collectedUpTo", log_id))

    def payout_registered_up_to(self, log_id: int) -> int:
        """Leaves before this one are registered by batches of the log."""
        return int(self._one("Funds", "payoutRegisteredUpTo", log_id))

    def reference_used(self, log_id: int, reference: bytes) -> bool:
        """Whether a log used this identifier in a message to ``Funds``."""
        return bool(self._one("Funds", "referenceUsed", log_id, reference))

    def frozen_until(self, log_id: int) -> int:
        """When a log's freeze ends; in the past or 0: it is not frozen."""
        return int(self._one("Funds", "frozenUntil", log_id))

    def route_allowed_at(self, pool: int, source: Account, target: Account, time: int) -> bool:
        """Whether a pool's money may go this way at a time."""
        return bool(self._one("Funds", "routeAllowedAt", pool, int(source), int(target), time))

    def minimum_lines(self) -> int:
        """Fewest lines that may be shown as one total."""
        return int(self._one("Funds", "minimumLines"))

    def approval_digest(
        self, batch_id: bytes, paid_lines: int, paid_fen: int, lines_root: bytes
    ) -> bytes:
        """What an officer signs to let a batch be paid (EIP-712)."""
        return bytes(
            self._one("Funds", "approvalDigest", batch_id, paid_lines, paid_fen, lines_root)
        )

    def disbursement(self, batch_id: bytes) -> DisbursementOnChain | None:
        """A batch; None when there is none."""
        found = self._one("Funds", "disbursement", batch_id)
        state = DisbursementState(found["state"])
        if state is DisbursementState.NONE:
            return None
        return DisbursementOnChain(
            state=state,
            log_id=found["log"],
            period=found["period"],
            lines=found["lines"],
            paid_lines=found["paidLines"],
            first_leaf=found["firstLeaf"],
            end_leaf=found["endLeaf"],
            proposed_at=found["proposedAt"],
            decided_at=found["decidedAt"],
            amount_fen=found["amountFen"],
            paid_fen=found["paidFen"],
            returned_fen=found["returnedFen"],
            maker=found["maker"],
            checker=found["checker"],
            lines_root=found["linesRoot"],
        )

    def settlement(self, settlement_id: bytes) -> SettlementOnChain | None:
        """A settlement; None when there is none."""
        found = self._one("Funds", "settlement", settlement_id)
        state = SettlementState(found["state"])
        if state is SettlementState.NONE:
            return None
        return SettlementOnChain(
            state=state,
            from_log=found["fromLog"],
            to_log=found["toLog"],
            cases=found["cases"],
            amount_fen=found["amountFen"],
            sent_at=found["sentAt"],
            received_at=found["receivedAt"],
        )

    def settlement_of(self, case_id: bytes) -> bytes | None:
        """The settlement that carried a case's money."""
        found = bytes(self._one("Funds", "settlementOf", case_id))
        return found if found != _NO_DIGEST else None

    # --- Transfers ---

    def transfer_case(self, case_id: bytes) -> TransferCaseOnChain | None:
        """A transfer case; None when there is none."""
        found = self._one("Transfers", "transferCase", case_id)
        state = CaseState(found["state"])
        if state is CaseState.NONE:
            return None
        return TransferCaseOnChain(
            state=state,
            from_log=found["fromLog"],
            to_log=found["toLog"],
            reason_code=found["reasonCode"],
            requested_at=found["requestedAt"],
            released_at=found["releasedAt"],
            decided_at=found["decidedAt"],
            segment_tag=found["segmentTag"],
            request_digest=found["requestDigest"],
            figures_digest=found["figuresDigest"],
            package_digest=found["packageDigest"],
            reason_digest=found["reasonDigest"],
        )

    def holder_of(self, segment_tag: bytes) -> int | None:
        """The log that is known to hold a stay; None as long as it never moved."""
        log_id = int(self._one("Transfers", "holderOf", segment_tag))
        return log_id if log_id != NO_LOG else None

    def open_case_of(self, segment_tag: bytes) -> bytes | None:
        """The open case of a stay."""
        found = bytes(self._one("Transfers", "openCaseOf", segment_tag))
        return found if found != _NO_DIGEST else None

    def payer_of(self, benefit_tag: bytes) -> int | None:
        """The log whose agency pays a benefit."""
        log_id = int(self._one("Transfers", "payerOf", benefit_tag))
        return log_id if log_id != NO_LOG else None

    # --- Conflicts ---

    def conflict_count(self) -> int:
        """How many conflicts were proven; their ids run from 1."""
        return int(self._one("Conflicts", "count"))

    def conflict(self, conflict_id: int) -> ConflictOnChain:
        """A proven conflict.

        Raises:
            ContractRefusedError: there is none of that id.
        """
        found = self._one("Conflicts", "conflict", conflict_id)
        return ConflictOnChain(
            conflict_id=conflict_id,
            state=ConflictState(found["state"]),
            first_log=found["firstLog"],
            first_index=found["firstIndex"],
            second_log=found["secondLog"],
            second_index=found["secondIndex"],
            head=found["head"],
            handle=found["handle"],
            tag=found["tag"],
            proven_at=found["provenAt"],
            decided_at=found["decidedAt"],
            prover=found["prover"],
            outcome=found["outcome"],
            reversed_leaf=found["reversedLeaf"],
            document_digest=found["documentDigest"],
        )

    def conflicts(self) -> list[ConflictOnChain]:
        """All conflicts in the order they were proven."""
        return [self.conflict(number) for number in range(1, self.conflict_count() + 1)]

    def conflict_id_of(
        self, one_log: int, one_index: int, other_log: int, other_index: int
    ) -> int | None:
        """The conflict of two leaves, in either order."""
        found = int(
            self._one("Conflicts", "conflictIdOf", one_log, one_index, other_log, other_index)
        )
        return found or None

    def conflict_answers(self, conflict_id: int) -> list[ConflictAnswer]:
        """What both sides put on record about a conflict, in order."""
        count = int(self._one("Conflicts", "answerCount", conflict_id))
        found = [self._one("Conflicts", "answerByIndex", conflict_id, i) for i in range(count)]
        return [
            ConflictAnswer(each["log"], each["answeredAt"], each["documentDigest"])
            for each in found
        ]


def _key_set(found: dict[str, Any]) -> KeySetOnChain:
    return KeySetOnChain(
        publisher=found["publisher"],
        log_key=found["logKey"],
        sealing_key_digest=found["sealingKeyDigest"],
        valid_from=found["validFrom"],
    )
