"""What is written to the logs once both cities' figures stand on chain: one entry on each side.

The old city notes that the stay moved out, the new city commits to the whole package with a single
entry; transferred months are never recorded a second time (design section 2).
"""

from __future__ import annotations

from typing import Any

from ledger.policy.kinds import Kind
from ledger.policy.periods import period_of
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.transfers.model import CaseContent, Side, TransferCase


def handover_fact(context: NodeContext, case: TransferCase, content: CaseContent) -> Fact:
    """Transfer out (kind 6) or transfer in (kind 7), its amount the money that moves."""
    package = content.package
    assert package is not None, "figures were signed over a package"
    assert case.figures_digest is not None
    assert case.package_digest is not None
    figures = package.sheet.figures
    body: dict[str, Any] = {
        "name": content.person.name,
        "case_id": case.case_id,
        "from_log": figures.from_log,
        "to_log": figures.to_log,
        "stay": figures.stay,
        "scope": figures.scope.value,
        "initiative": case.initiative.value,
        "months": figures.months,
        "insured_from": package.sheet.insured_from,
        "insured_to": package.sheet.insured_to,
        "base_fen": figures.base_fen,
        "account_fen": figures.account_fen,
        "pool_fen": figures.pool_fen,
        "interest_open_years": list(figures.interest_open_years),
        "records": figures.records,
        "records_root": figures.records_root.hex(),
        "overlaps": list(content.overlaps),
        "figures_digest": case.figures_digest.hex(),
        "package_digest": case.package_digest.hex(),
    }
    if case.side is Side.OLD:
        body["leaves"] = [int(record.leaf_index) for record in package.records]
    return Fact(
        kind=Kind.TRANSFER_OUT if case.side is Side.OLD else Kind.TRANSFER_IN,
        class_=case.class_,
        period=period_of(context.clock.today()),
        amount_fen=figures.fund_fen,
        body=body,
        identity_number=content.person.identity_number,
    )
