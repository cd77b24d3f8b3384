"""Typed reads of the contracts, and the names that outbox messages are written in.

Values are frozen, times are seconds since 1970, digests are 32 bytes, money is integer fen. One
module a contract. Writes have no function here: a message of the outbox is (contract, function,
arguments), see :func:`encode_args`.
"""

from __future__ import annotations

from ledger.chain.bindings.bureaus import (
    BureauOnChain,
    BureausReads,
    CosignerKeyOnChain,
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
    ConflictOutcome,
    ConflictsReads,
    ConflictState,
)
from ledger.chain.bindings.council import (
    CouncilOnChain,
    CouncilReads,
    ProposalOnChain,
    ProposalState,
)
from ledger.chain.bindings.fund_rules import (
    FreezeOnChain,
    FundRulesReads,
    RouteProfileOnChain,
)
from ledger.chain.bindings.funds import (
    DisbursementOnChain,
    DisbursementState,
    FundsReads,
    FundTotals,
    SettlementOnChain,
    SettlementState,
)
from ledger.chain.bindings.statuses import StatusesReads
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
from ledger.chain.bindings.work_calendar import WorkCalendarReads, day_words
from ledger.chain.codec import decode_args, encode_args
from ledger.funds.model import Account

__all__ = [
    "Account", "Bindings", "BureauOnChain", "CaseState", "CheckpointOnChain", "ClaimFinding",
    "ClaimKind", "ClaimOnChain", "ClaimState", "ConflictAnswer", "ConflictOnChain",
    "ConflictOutcome", "ConflictState", "CosignerKeyOnChain", "CouncilOnChain",
    "DisbursementOnChain", "DisbursementState", "FreezeOnChain", "FundTotals",
    "KeptLeafOnChain", "KeySetOnChain", "Overruling", "ProposalOnChain", "ProposalState",
    "RouteProfileOnChain", "SettlementOnChain", "SettlementState", "SupervisorOnChain",
    "TermsOnChain", "TransferCaseOnChain", "day_words", "decode_args", "encode_args",
]  # fmt: skip


class Bindings(
    CouncilReads,
    BureausReads,
    WorkCalendarReads,
    CheckpointsReads,
    FundRulesReads,
    FundsReads,
    TransfersReads,
    ConflictsReads,
    StatusesReads,
):
    """Reads of all contracts through one gateway; whatever it raises is the gateway's."""
