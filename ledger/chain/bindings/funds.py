"""Typed reads of `Funds`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from ledger.chain.bindings.base import ContractReads
from ledger.funds.model import Account


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


@dataclass(frozen=True, slots=True)
class FundTotals:
    """What came and went through a log so far, in fen.

    ``corrected_fen`` is what corrections took back of ``collected_fen``.
    """

    collected_fen: int
    disbursed_fen: int
    sent_fen: int
    received_fen: int
    returned_fen: int
    corrected_fen: int = 0


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


class FundsReads(ContractReads):
    """Money of the pools."""

    def fund_balance(self, log_id: int, account: Account) -> int:
        """What an account of a log holds, in fen; for shortfall what the log owes."""
        return int(self.one("Funds", "balance", log_id, int(account)))

    def pool_balance(self, pool: int, account: Account) -> int:
        """The same over all logs of a pool."""
        return int(self.one("Funds", "poolBalance", pool, int(account)))

    def fund_totals(self, log_id: int) -> FundTotals:
        """What came and went through a log so far."""
        return FundTotals(*(int(value) for value in self.gateway.read("Funds", "totals", log_id)))

    def collected_up_to(self, log_id: int) -> int:
        """Leaves before this one are registered by collections of the log."""
        return int(self.one("Funds", "collectedUpTo", log_id))

    def payout_registered_up_to(self, log_id: int) -> int:
        """Leaves before this one are registered by batches of the log."""
        return int(self.one("Funds", "payoutRegisteredUpTo", log_id))

    def reference_used(self, log_id: int, reference: bytes) -> bool:
        """Whether a log used this identifier in a message to ``Funds``."""
        return bool(self.one("Funds", "referenceUsed", log_id, reference))

    def batch_of(self, log_id: int, leaf_index: int) -> bytes | None:
        """The batch that registered a leaf, by the log itself or by a successor; None for none."""
        return self.digest_or_none("Funds", "batchOf", log_id, leaf_index)

    def books_holder(self, log_id: int) -> int:
        """Who keeps a log's books now: itself, or the last log that took them over."""
        holder, _ = self.gateway.read("Funds", "holderOf", log_id)
        return int(holder)

    def minimum_lines(self) -> int:
        """Fewest lines that may be shown as one total."""
        return int(self.one("Funds", "minimumLines"))

    def approval_digest(
        self, batch_id: bytes, paid_lines: int, paid_fen: int, lines_root: bytes
    ) -> bytes:
        """What an officer signs to let a batch be paid (EIP-712)."""
        return bytes(
            self.one("Funds", "approvalDigest", batch_id, paid_lines, paid_fen, lines_root)
        )

    def disbursement(self, batch_id: bytes) -> DisbursementOnChain | None:
        """A batch; None when there is none."""
        found = self.one("Funds", "disbursement", batch_id)
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
        found = self.one("Funds", "settlement", settlement_id)
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
        return self.digest_or_none("Funds", "settlementOf", case_id)
