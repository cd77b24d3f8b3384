"""The commands of transfers, in the order of a case.

The new city requests; the old city releases; the new city reviews and accepts; the old city
settles. Either city refuses, the new city withdraws, two supervisors decide what is overdue.
`advance` does the rest, round by round. Beside cases: who pays a benefit, and what contests that.
"""

from ledger.transfers.applications import Application, request_transfer
from ledger.transfers.claims import (
    claim_benefit,
    contest_claim,
    release_benefit,
    settle_claim,
)
from ledger.transfers.decisions import (
    Review,
    accept_transfer,
    refuse_transfer,
    review_package,
    withdraw_transfer,
)
from ledger.transfers.officers import Officers
from ledger.transfers.overruling import overrule_transfer
from ledger.transfers.progress import advance
from ledger.transfers.receiving import handle_message
from ledger.transfers.releases import release_transfer
from ledger.transfers.settlement import settle_transfers

__all__ = [
    "Application",
    "Officers",
    "Review",
    "accept_transfer",
    "advance",
    "claim_benefit",
    "contest_claim",
    "handle_message",
    "overrule_transfer",
    "refuse_transfer",
    "release_benefit",
    "release_transfer",
    "request_transfer",
    "review_package",
    "settle_claim",
    "settle_transfers",
    "withdraw_transfer",
]
