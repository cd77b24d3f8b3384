"""Officers decide and approve; the pay file leaves only once the approval is final on chain."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ledger.chain.bindings import DisbursementState
from ledger.errors import (
    BatchStateError,
    EncodingError,
    HeadMovedError,
    InsufficientFundsError,
    NotFoundError,
)
from ledger.evidence.encoding import LeafIndex, canonical_json
from ledger.files import write_atomically
from ledger.funds.lines import open_payee
from ledger.funds.model import (
    ACCOUNT_NAMES,
    PAYOUTS_RETURNED,
    Account,
    Batch,
    BatchState,
    LineDecision,
    LineState,
    Movement,
    PayoutLine,
)
from ledger.funds.queries import batch_of, line_of
from ledger.funds.rules import decide, require_approvable
from ledger.keys.signatures import DisbursementApproval, FundsDomain, approval_digest
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.recording.officers import sign_by_two
from ledger.recording.routes import routed_account
from ledger.records.rules import ReversalOrder, ReversalReason, reversal_fact
from ledger.store.journal import Posting
from ledger.store.log import StoredEntry
from ledger.store.unit_of_work import Rooms, UnitOfWork

PAY_FILE_COLUMNS: Final = ("序号", "户名", "开户行", "账号", "金额(元)", "附言")
_HOLDING_BASIS: Final = "社会保险经办条例 第三十七条"
"""Agencies review high-risk business in grades (rules e.3)."""
_PAYABLE: Final = (LineState.CLEAR, LineState.PAYABLE)
_ANSWERS: Final = {"PAID": LineState.PAID, "RETURNED": LineState.RETURNED}


def decide_line(
    context: NodeContext,
    batch_id: str,
    index: int,
    *,
    hold: bool,
    reason: str,
    maker: str,
    checker: str,
) -> LineState:
    """Two officers decide whether a suspected line is paid or held; the person reads the reason.

    The decision, signed by both, is itself an entry of the log (kind 9). Deciding the same again
    changes nothing.

    Raises:
        NotFoundError, BatchStateError, SameOfficerError, DecisionReasonError.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
    """
    decision = LineDecision(hold, reason, maker, checker)
    with context.read() as view:
        line = line_of(_line(view, batch_id, index))
        if line.decision == decision:
            return line.state
        state = decide(line, decision)
        identity = context.bureau.reader.open(_entry(view, index), view.log).record[
            "identity_number"
        ]
    body = {
        "operation": "HOLD_PAYMENT" if hold else "PAY_SUSPECTED_PAYMENT",
        "leaf": {"log": int(context.lineage.origin_of(index)), "index": index},
        "reason": reason,
        "maker": maker,
        "checker": checker,
    }
    digest = hashlib.sha256(canonical_json(body)).digest()
    signed = sign_by_two(context, digest, maker, checker, "deciding a held payment")
    operation = Fact(
        Kind.OPERATION,
        0,
        line.period,
        0,
        body | {"signatures": [item.to_json() for item in signed]},
        identity_number=identity,
    )
    prepared = context.bureau.writer.prepare([operation])
    with context.write() as work:
        current = line_of(_line(work, batch_id, index))
        if current.state is not LineState.SUSPECTED:
            raise BatchStateError(
                what="line", key=str(index), state=current.state, needed="SUSPECTED"
            )
        now = context.clock.now()
        work.log.append(prepared, source_key=f"decision/{batch_id[:18]}/{index}", recorded_at=now)
        work.payouts.update_line(batch_id, index, state=state, decision=asdict(decision))
        work.commit()
    return state


def approve_batch(context: NodeContext, batch_id: str, *, maker: str, checker: str) -> Batch:
    """Two officers sign what is paid (batch, count, total, root); held lines are reversed.

    Approval and reversals are one transaction. A line whose leaf was reversed meanwhile is held
    too.

    Raises:
        NotFoundError, BatchStateError, DecisionMissingError, SameOfficerError.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
        InsufficientFundsError: the books have less in the expenditure account.
        HeadMovedError: a line was reversed just now; nothing was written.
    """
    with context.read() as view:
        batch = _batch(view, batch_id)
        if batch.state in {BatchState.APPROVED, BatchState.RELEASED, BatchState.SETTLED}:
            return batch
        undecided = [
            LeafIndex(line["leaf_index"])
            for line in view.payouts.lines(batch_id, LineState.SUSPECTED, LineState.PROPOSED)
        ]
        require_approvable(batch, undecided, maker, checker)
        gone = _taken_back(view, batch_id)
        paid = [
            line["amount_fen"]
            for line in view.payouts.lines(batch_id, *_PAYABLE)
            if line["leaf_index"] not in gone
        ]
        paid_lines, paid_fen = len(paid), sum(paid)
        _require_money(context, view, paid_fen)
        held = [line_of(line) for line in view.payouts.lines(batch_id, LineState.HELD)]
        reversals = [
            _reversal(context, view, line.leaf_index, line.decision)
            for line in held
            if line.decision is not None
        ]
    approval = DisbursementApproval(
        bytes.fromhex(batch_id[2:]), paid_lines, paid_fen, batch.lines_root
    )
    domain = FundsDomain(context.manifest.chain_id, context.manifest.contracts["Funds"].address)
    signed = sign_by_two(
        context, approval_digest(domain, approval), maker, checker, "approving a batch"
    )
    prepared = context.bureau.writer.prepare(reversals)
    with context.write() as work:
        batch = _batch(work, batch_id)
        if batch.state is not BatchState.CHECKED:
            return batch
        if _taken_back(work, batch_id) != gone:
            raise HeadMovedError(log_id=context.log_id, expected_size=batch.end_index)
        for index in gone:
            work.payouts.update_line(batch_id, index, state=LineState.HELD)
        now = context.clock.now()
        work.log.append(prepared, source_key=f"held/{batch_id[:18]}", recorded_at=now)
        work.outbox.queue_once_anchored(
            f"approval/{batch_id}",
            work.log.head().size,
            "Funds",
            "approveDisbursement",
            [batch_id, paid_lines, paid_fen, *("0x" + item.signature.hex() for item in signed)],
            at=now,
        )
        details = batch.details | {"maker": maker, "checker": checker}
        work.payouts.update_batch(batch_id, now, state=BatchState.APPROVED, details=details)
        batch = _batch(work, batch_id)
        work.commit()
    return batch


def release_approved(context: NodeContext) -> bool:
    """Write the pay file of every batch whose approval is final on chain; a job of the worker."""
    with context.read() as view:
        waiting = [batch_of(row) for row in view.payouts.in_state(BatchState.APPROVED)]
    changed = False
    for batch in waiting:
        found = context.chain.disbursement(bytes.fromhex(batch.batch_id[2:]))
        with context.read() as view:
            message = view.outbox.find(f"approval/{batch.batch_id}")
        if found is None or found.state is not DisbursementState.APPROVED:
            continue
        if message is None or message.state != "FINAL":
            continue
        name = _write_pay_file(context, batch)
        with context.write() as work:
            current = _batch(work, batch.batch_id)
            if current.state is BatchState.APPROVED:
                now = context.clock.now()
                paid_lines, paid_fen = work.payouts.totals(batch.batch_id, *_PAYABLE)
                if paid_fen:
                    decided_at = datetime.fromtimestamp(found.decided_at, UTC)
                    payer = routed_account(context, work, Movement.PAYMENT, decided_at)
                    work.journal.post(
                        batch.batch_id,
                        "PAYOUTS_RELEASED",
                        [
                            Posting(Account.OUTSIDE.name, paid_fen),
                            Posting(payer.name, -paid_fen),
                        ],
                        {"lines": paid_lines},
                        at=now,
                    )
                work.payouts.update_batch(
                    batch.batch_id,
                    now,
                    state=BatchState.RELEASED,
                    details=current.details | {"pay_file": name},
                )
                work.commit()
        changed = True
    return changed


def import_bank_answer(context: NodeContext, batch_id: str, answers: Mapping[int, str]) -> Batch:
    """Take in what the bank says of each line (回盘): ``PAID`` or ``RETURNED`` by leaf index.

    A returned line stays live until it is finally not paid; its money is back in the expenditure
    account. A line that was paid may come back later; the same answer again changes nothing.

    Raises:
        NotFoundError: there is no such batch, or a line of the answer is not in it.
        BatchStateError: the pay file was not sent yet, or a line was not in it.
        EncodingError: an answer is neither of the two words.
    """
    with context.write() as work:
        batch = _batch(work, batch_id)
        if batch.state not in {BatchState.RELEASED, BatchState.SETTLED}:
            raise BatchStateError(
                what="batch", key=batch_id[:10], state=batch.state, needed=BatchState.RELEASED
            )
        returned: dict[int, int] = {}
        for index, answer in sorted(answers.items()):
            line = line_of(_line(work, batch_id, index))
            state = _answered(line, answer)
            if state is not line.state:
                work.payouts.update_line(batch_id, index, state=state)
                if state is LineState.RETURNED:
                    returned[index] = line.amount_fen
        if returned:
            _book_return(context, work, batch_id, returned)
        open_lines, _ = work.payouts.totals(batch_id, *_PAYABLE)
        if open_lines == 0 and batch.state is BatchState.RELEASED:
            work.payouts.update_batch(batch_id, context.clock.now(), state=BatchState.SETTLED)
        batch = _batch(work, batch_id)
        work.commit()
    return batch


def _taken_back(view: Rooms, batch_id: str) -> set[LeafIndex]:
    """Payable lines whose leaves were reversed since the batch was proposed."""
    return view.log.reversed_among(
        [line["leaf_index"] for line in view.payouts.lines(batch_id, *_PAYABLE)]
    )


def _require_money(context: NodeContext, view: Rooms, wanted_fen: int) -> None:
    payer = routed_account(context, view, Movement.PAYMENT)
    available = view.journal.balances().get(payer.name, 0)
    if available < wanted_fen:
        raise InsufficientFundsError(
            account=ACCOUNT_NAMES[payer][1],
            available_fen=available,
            wanted_fen=wanted_fen,
        )


def _answered(line: PayoutLine, answer: str) -> LineState:
    """The state of a line after the bank's answer."""
    state = _ANSWERS.get(answer)
    if state is None:
        raise EncodingError(field="answer", reason="it is neither PAID nor RETURNED")
    if line.state not in {*_PAYABLE, LineState.PAID, state}:
        raise BatchStateError(
            what="line", key=str(line.leaf_index), state=line.state, needed="a line of the pay file"
        )
    return state


def _book_return(
    context: NodeContext, work: UnitOfWork, batch_id: str, returned: Mapping[int, int]
) -> None:
    """Book what came back, by leaf; each leaf comes back once, so its lines name the movement."""
    amount_fen = sum(returned.values())
    lines = ",".join(str(index) for index in returned)
    reference = "0x" + hashlib.sha256(f"return|{batch_id}|{lines}".encode()).hexdigest()
    now = context.clock.now()
    account = routed_account(context, work, Movement.RETURN)
    work.journal.post(
        reference,
        PAYOUTS_RETURNED,
        [Posting(account.name, amount_fen), Posting(Account.OUTSIDE.name, -amount_fen)],
        {"batch": batch_id, "lines": [list(line) for line in returned.items()]},
        at=now,
    )
    work.outbox.queue(
        f"return/{reference}",
        "Funds",
        "recordReturn",
        [int(context.log_id), reference, batch_id, amount_fen],
        at=now,
    )


def _reversal(context: NodeContext, view: Rooms, index: LeafIndex, decision: LineDecision) -> Fact:
    """A line not paid is taken back, with the words of the officers' decision."""
    record = context.bureau.reader.open(_entry(view, index), view.log).record
    order = ReversalOrder(
        ReversalReason.HELD_BEFORE_PAYMENT,
        _HOLDING_BASIS,
        decision.maker,
        decision.checker,
        decision.reason,
    )
    return reversal_fact(index, record, order, context.lineage.origin_of(index))


def _write_pay_file(context: NodeContext, batch: Batch) -> str:
    """The agency-to-bank file (代发), mode 0600; writing it again gives the same file."""
    with context.read() as view:
        rows = view.payouts.lines(batch.batch_id, *_PAYABLE)
        payees = [
            open_payee(
                context,
                line_of(row).subject,
                _entry(view, row["leaf_index"]),
                bytes(row["sealed_payee"]),
            )
            for row in rows
        ]
    name = f"代发-{batch.period}-{batch.batch_id[2:10]}.csv"
    content = _pay_file(batch, rows, payees)
    write_atomically(_outgoing(context) / name, content.encode("gb18030"), mode=0o600)
    return name


def _pay_file(
    batch: Batch, rows: Sequence[Mapping[str, Any]], payees: Sequence[Mapping[str, str]]
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(PAY_FILE_COLUMNS)
    for row, payee in zip(rows, payees, strict=True):
        yuan, fen = divmod(row["amount_fen"], 100)
        writer.writerow(
            [
                row["leaf_index"],
                payee["name"],
                payee["bank"],
                payee["account"],
                f"{yuan}.{fen:02d}",
                f"养老金{batch.period}",
            ]
        )
    return text.getvalue()


def _outgoing(context: NodeContext) -> Path:
    return context.directory / "outgoing"


def _batch(view: Rooms, batch_id: str) -> Batch:
    row = view.payouts.batch(batch_id)
    if row is None:
        raise NotFoundError(what="batch", key=batch_id[:10])
    return batch_of(row)


def _line(view: Rooms, batch_id: str, index: int) -> Mapping[str, Any]:
    row = view.payouts.line(batch_id, index)
    if row is None:
        raise NotFoundError(what="line", key=str(index))
    return row


def _entry(view: Rooms, index: int) -> StoredEntry:
    stored = view.log.entry(index)
    assert stored is not None, "a line of a batch is an entry of the log"
    return stored
