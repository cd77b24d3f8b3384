"""Corrects payments that were recorded wrongly; what was really paid is never restated.

A line of a batch that left through this system is what two officers approved and the bank did: it
is held, returned or taken back, never stated anew. A payment that was made before and brought in
from a file may have been written down wrongly: that is what is corrected here.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ledger.errors import CorrectionRefusedError
from ledger.evidence.encoding import LeafIndex
from ledger.funds.lines import restated_line
from ledger.funds.model import PAYOUTS_CORRECTED, Account, Movement
from ledger.funds.payouts import IMPORTED
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.recording.correcting import Correction, Difference, correct, record_to_correct
from ledger.recording.routes import routed_account
from ledger.records.columns import PAYOUTS
from ledger.records.files import read_table
from ledger.records.importing import require_good
from ledger.records.rules import CORRECTION, ReversalOrder, ReversalReason
from ledger.records.validation import check_payouts
from ledger.store.journal import Posting
from ledger.store.unit_of_work import Rooms, UnitOfWork


def restate_payout(
    context: NodeContext,
    index: int,
    path: Path,
    reason: ReversalReason,
    legal_basis: str,
    maker: str,
    checker: str,
    *,
    mapping_path: Path | None = None,
) -> Correction:
    """State a payment anew that was brought in wrongly, from a file of one line.

    A smaller amount is booked and told to the contract as money that did not leave. A larger one is
    refused: what is missing is a line of its own, and comes in with the next file.

    Args:
        context: an open bureau's node.
        index: the leaf of the payment.
        path: a file as ``import_payouts`` reads it, with the one line as it should have been.
        reason: why.
        legal_basis: what it rests on; recorded, so no personal data.
        maker: the officer who asks for it, by the name of the key.
        checker: the other officer, who agrees.
        mapping_path: what the file's headings mean, where they are not the usual ones.

    Raises:
        CorrectionRefusedError: it is no payment, was paid through this system, was larger than
            recorded, or the file has not exactly one line.
        ImportRefusedError: the line has errors; its ``findings`` say which.
        and what `correct` and ``read_table`` raise.
    """
    order = ReversalOrder(reason, legal_basis, maker, checker)
    checked = check_payouts(read_table(path, mapping_path, PAYOUTS), context.clock.today())
    rows = require_good(checked)
    if len(rows) != 1:
        raise CorrectionRefusedError(
            index=index, reason=f"the file has {len(rows)} lines, a restatement has one"
        )
    with context.read() as view:
        old = record_to_correct(context, view, LeafIndex(index))
        if old["kind"] != Kind.PAYOUT:
            raise CorrectionRefusedError(index=index, reason="it is no payment")
        batch_id = _batch_of(context, view, index)
        fact = restated_line(context, view, rows[0])
    if fact.amount_fen > old["amount_fen"]:
        raise CorrectionRefusedError(
            index=index,
            reason="more was paid than recorded; import what is missing as a supplement line",
        )

    def book(work: UnitOfWork, difference: Difference, done: Correction) -> None:
        if batch_id is not None and difference.amount_fen:
            _book(context, work, batch_id, -difference.amount_fen, done)

    return correct(context, index, order, fact, book)


def _batch_of(context: NodeContext, view: Rooms, index: int) -> str | None:
    """The imported batch that a payment came in with; None when no batch holds it.

    Raises:
        CorrectionRefusedError: the batch was paid through this system.
    """
    origin = _first_stated(context, view, index)
    stored = view.log.entry(origin)
    assert stored is not None, "an entry never goes away"
    for line in view.payouts.of_subject(stored.entry.subject):
        if line["leaf_index"] == origin:
            batch = view.payouts.batch(line["batch_id"])
            assert batch is not None, "a line stands in a batch"
            if batch["origin"] != IMPORTED:
                raise CorrectionRefusedError(
                    index=index,
                    reason="it was approved and paid here; hold it, take in the bank's return, or "
                    "pay the difference as a supplement line",
                )
            return str(batch["batch_id"])
    return None


def _first_stated(context: NodeContext, view: Rooms, index: int) -> int:
    """The leaf that a chain of restatements began with."""
    while True:
        stored = view.log.entry(index)
        assert stored is not None, "an entry never goes away"
        correction = context.bureau.reader.open(stored, view.log).record.get(CORRECTION)
        if correction is None:
            return index
        index = int(correction["restates"]["index"])


def _book(
    context: NodeContext, work: UnitOfWork, batch_id: str, less_fen: int, done: Correction
) -> None:
    """Money that was booked as paid and was not is in the expenditure account, on chain too."""
    text = f"anxu-payout-correction/1|{context.log_id}|{done.reversed_index}"
    reference = "0x" + hashlib.sha256(text.encode()).hexdigest()
    now = context.clock.now()
    account = routed_account(context, work, Movement.RETURN)
    work.journal.post(
        reference,
        PAYOUTS_CORRECTED,
        [Posting(account.name, less_fen), Posting(Account.OUTSIDE.name, -less_fen)],
        {"batch": batch_id, "leaf": int(done.reversed_index)},
        at=now,
    )
    assert done.restatement_index is not None, "a payment is restated here"
    work.outbox.queue_once_anchored(
        f"return/{reference}",
        done.restatement_index + 1,
        "Funds",
        "recordReturn",
        [int(context.log_id), reference, batch_id, less_fen],
        at=now,
    )
