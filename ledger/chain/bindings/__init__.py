"""Typed reads of the contracts, and the names that outbox messages are written in.

Values are frozen, times are seconds since 1970, digests are 32 bytes, money is integer fen. One
module a contract. Writes have no function here: a message of the outbox is (contract, function,
arguments), see :func:`encode_args`.
"""

from __future__ import annotations

from ledger.chain.bindings.bureaus import (
    BureauOnChain,
    BureausReads,
    KeySetOnChain,
    SupervisorOnChain,
)
from ledger.chain.bindings.checkpoints import (
    CheckpointOnChain,
    CheckpointsReads,
    KeptLeafOnChain,
)
from ledger.chain.bindings.conflicts import (
    ConflictAnswer,
    ConflictOnChain,
    ConflictsReads,
    ConflictState,
)
from ledger.chain.bindings.funds import (
    DisbursementOnChain,
    DisbursementState,
    FundsReads,
    FundTotals,
    SettlementOnChain,
    SettlementState,
)
from ledger.chain.bindings.transfers import (
    CaseState,
    ClaimFinding,
    ClaimKind,
    ClaimOnChain,
    ClaimState,
    Overruling,
    TermsOnChain,
    TransferCaseOnChain,
    TransfersReads,
)
from ledger.chain.codec import decode_args, encode_args
from ledger.funds.model import Account

__all__ = [
    "Account", "Bindings", "BureauOnChain", "CaseState", "CheckpointOnChain", "ClaimFinding",
    "ClaimKind", "ClaimOnChain", "ClaimState", "ConflictAnswer", "ConflictOnChain", "ConflictState",
    "DisbursementOnChain", "DisbursementState", "FundTotals", "KeptLeafOnChain", "KeySetOnChain",
    "Overruling", "SettlementOnChain", "SettlementState", "SupervisorOnChain", "TermsOnChain",
    "TransferCaseOnChain", "decode_args", "encode_args",
]  # fmt: skip


class Bindings(BureausReads, CheckpointsReads, FundsReads, TransfersReads, ConflictsReads):
    """Reads of all contracts through one gateway; whatever it raises is the gateway's."""
