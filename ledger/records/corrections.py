"""Corrects what this capability recorded: paid months with their money, and deaths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from ledger.errors import CorrectionRefusedError, EncodingError
from ledger.evidence.encoding import LeafIndex, LogId
from ledger.funds.model import Account, Movement
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.recording.correcting import (
    Correction,
    Difference,
    correct,
    record_to_correct,
)
from ledger.recording.facts import Fact
from ledger.recording.routes import routed_account
from ledger.records.columns import CONTRIBUTIONS, DEATHS
from ledger.records.files import read_table
from ledger.records.importing import require_good
from ledger.records.model import Scheme
from ledger.records.rules import (
    Collected,
    ReversalOrder,
    ReversalReason,
    contribution_fact,
    correction_reference,
    death_fact,
    entered_reference,
)
from ledger.records.validation import check_contributions, check_deaths
from ledger.store.journal import Posting
from ledger.store.log import FactKey
from ledger.store.unit_of_work import Rooms, UnitOfWork

CORRECTED: Final = "CONTRIBUTIONS_CORRECTED"
"""The occasion in the books of a contribution that had been recorded wrongly."""
REFUNDED: Final = "CONTRIBUTIONS_REFUNDED"
"""The occasion in the books of a contribution that went back to whoever paid it."""
ENTERED: Final = "CORRECTIONS_ENTERED"
"""The occasion in the books of corrections that a message entered on chain."""
WAITING: Final = "CORRECTIONS_WAITING"
"""The account of differences that no message has entered on chain yet; the contract has none."""
_KEY: Final = "correction/"
_REFUNDS: Final = (ReversalReason.REFUNDED, ReversalReason.DOUBLE_INSURANCE)
_PAYER_GETS_IT: Final = frozenset(reason.value for reason in _REFUNDS)


def reverse_entry(
    context: NodeContext,
    index: int,
    reason_code: ReversalReason,
    legal_basis: str,
    maker: str,
    checker: str,
    restatement: Fact | None = None,
) -> Correction:
    """Take an entry of our own log back, and state the fact anew if it is known.

    The same correction again gives the first answer. What a contribution's correction changes in
    money is booked in the same transaction, and reaches the chain with the next file's total
    (:func:`waiting_corrections`).

    Args:
        context: an open bureau's node.
        index: the leaf that shall no longer count.
        reason_code: why.
        legal_basis: the article, document or finding it rests on; recorded, so no personal data.
        maker: the officer who asks for it, by the name of the key.
        checker: the other officer, who agrees.
        restatement: the fact as it should have been recorded.

    Raises:
        SameOfficerError: maker and checker are one person.
        NotPermittedError: an officer has no key here, or is not enrolled for this bureau.
        ReasonMissingError: no legal basis is named.
        NotFoundError: there is no such leaf.
        ReversalOfReversalError: the entry is a reversal itself.
        AlreadyResolvedError: it was corrected before, in another way.
        DuplicateFactError: the restated month has another line that stands.
    """
    order = ReversalOrder(reason_code, legal_basis, maker, checker)

    def book(work: UnitOfWork, difference: Difference, done: Correction) -> None:
        if difference.old["kind"] == Kind.CONTRIBUTION:
            _book(context, work, order, difference, done)

    return correct(context, index, order, restatement, book)


def restate_entry(
    context: NodeContext,
    index: int,
    path: Path,
    reason_code: ReversalReason,
    legal_basis: str,
    maker: str,
    checker: str,
    *,
    mapping_path: Path | None = None,
) -> Correction:
    """State a contribution or a death anew, from a file of one line as its imports read it.

    Args:
        context: an open bureau's node.
        index: the leaf whose fact was recorded wrongly.
        path: a file with the headings of the core system and the one line as it should have been.
        reason_code: why, as for :func:`reverse_entry`.
        legal_basis: what it rests on.
        maker: who asks for it.
        checker: who agrees.
        mapping_path: what the file's headings mean, where they are not the usual ones.

    Raises:
        ImportRefusedError: the line has errors; its ``findings`` say which.
        CorrectionRefusedError: the entry is of a kind that is not restated from such a file.
        EncodingError: the file has more than one line.
        and what :func:`reverse_entry` and ``read_table`` raise.
    """
    ReversalOrder(reason_code, legal_basis, maker, checker)
    with context.read() as view:
        old = record_to_correct(context, view, LeafIndex(index))
        fact = _stated(context, view, index, old, path, mapping_path)
    return reverse_entry(context, index, reason_code, legal_basis, maker, checker, fact)


def waiting_corrections(view: Rooms, told: set[str]) -> list[Collected]:
    """Differences in the books that no message has told the chain yet.

    A total on chain covers at least ``minimum_lines`` lines: a single correction would show one
    person's amount. So it waits for the next file, whose message carries the sum of both; until
    then it stands in the books on an account of its own.

    Args:
        view: the store.
        told: the keys that messages have carried so far.
    """
    waiting = []
    for entry in view.journal.of_occasions(CORRECTED, REFUNDED):
        details = entry.details
        if details["correction"] not in told:
            waiting.append(
                Collected(
                    imports=(details["correction"],),
                    first_index=details["first_index"],
                    end_index=details["end_index"],
                    lines=1,
                    amount_fen=details["amount_fen"],
                    period_from=details["period_from"],
                    period_to=details["period_to"],
                )
            )
    return waiting


def enter_corrections(
    context: NodeContext, work: UnitOfWork, reference: str, told: Iterable[Collected]
) -> None:
    """Book the corrections among what a message enters on chain, where contributions arrive.

    Args:
        context: an open bureau's node.
        work: the transaction that queues the message.
        reference: the message's identifier of the collection.
        told: the files and corrections whose sum it carries.
    """
    amount_fen = sum(part.amount_fen for part in told if part.imports[0].startswith(_KEY))
    if amount_fen:
        account = routed_account(context, work, Movement.COLLECTION)
        work.journal.post(
            entered_reference(reference),
            ENTERED,
            [Posting(account.name, amount_fen), Posting(WAITING, -amount_fen)],
            {"collection": reference},
            at=context.clock.now(),
        )


# --- the new fact ------------------------------------------------------------------------------


def _stated(
    context: NodeContext,
    view: Rooms,
    index: int,
    old: Mapping[str, Any],
    path: Path,
    mapping_path: Path | None,
) -> Fact:
    today = context.clock.today()
    if old["kind"] == Kind.CONTRIBUTION:
        _require_here(context, view, index)
        table = read_table(path, mapping_path, CONTRIBUTIONS)
        rows = require_good(check_contributions(table, context.settings.region, today))
        row = _only(rows)
        subject = context.bureau.writer.subject_of(row.identity_number)
        month = (subject, row.period)
        adds_to = None if row.normal else _normal_line(context, view, row.scheme, month, index)
        return contribution_fact(row, context.settings.region, adds_to)
    if old["kind"] == Kind.DEATH_REPORT:
        return death_fact(
            _only(require_good(check_deaths(read_table(path, mapping_path, DEATHS), today)))
        )
    raise CorrectionRefusedError(
        index=index, reason="only contributions and deaths are restated from such a file"
    )


def _require_here(context: NodeContext, view: Rooms, index: int) -> None:
    """Refuse to restate a month that moved away: it would count here and in the new city.

    Raises:
        CorrectionRefusedError: a transfer that stands took the leaf along.
    """
    stored = view.log.entry(index)
    assert stored is not None, "an entry never goes away"
    moves = view.log.of_subject(stored.entry.subject, [Kind.TRANSFER_OUT])
    gone = view.log.reversed_among([move.index for move in moves])
    live = [move for move in moves if move.index not in gone]
    for opened in context.bureau.reader.open_many(live, view.log):
        if index in opened.record["leaves"]:
            raise CorrectionRefusedError(
                index=index,
                reason="its month moved to another bureau; take it back here, and have it recorded "
                "there",
            )


def _only(rows: tuple[Any, ...]) -> Any:
    if len(rows) != 1:
        raise EncodingError(field="file", reason=f"it has {len(rows)} lines, a restatement has one")
    return rows[0]


def _normal_line(
    context: NodeContext, view: Rooms, scheme: Scheme, month: FactKey, index: int
) -> tuple[LogId, LeafIndex]:
    """The month's normal line that stands, which a supplement adds to."""
    standing = view.log.standing_facts(Kind.CONTRIBUTION, scheme.class_, [month]).get(month)
    if standing is None or standing == index:
        raise CorrectionRefusedError(
            index=index, reason="its month has no normal line that a supplement could add to"
        )
    return context.lineage.origin_of(standing), standing


# --- the money ---------------------------------------------------------------------------------


def _book(
    context: NodeContext,
    work: UnitOfWork,
    order: ReversalOrder,
    difference: Difference,
    done: Correction,
) -> None:
    """Post what the total of collected contributions changes by; nothing when it stays."""
    amount_fen = difference.amount_fen
    if amount_fen == 0:
        return
    periods = [int(difference.old["period"])]
    if difference.new is not None:
        periods.append(difference.new.period)
    work.journal.post(
        correction_reference(context.log_id, done.reversed_index),
        REFUNDED if order.reason.value in _PAYER_GETS_IT else CORRECTED,
        [Posting(WAITING, amount_fen), Posting(Account.OUTSIDE.name, -amount_fen)],
        {
            "correction": f"{_KEY}{done.reversed_index}",
            "first_index": int(done.reversal_index),
            "end_index": int(done.restatement_index or done.reversal_index) + 1,
            "amount_fen": amount_fen,
            "period_from": min(periods),
            "period_to": max(periods),
        },
        at=context.clock.now(),
    )
