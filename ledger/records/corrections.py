"""Corrects the log the only way there is: one entry takes back, another states anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.errors import DuplicateFactError, NotFoundError
from ledger.evidence.encoding import LeafIndex
from ledger.policy.kinds import is_exclusive
from ledger.recording.context import NodeContext
from ledger.recording.facts import Fact
from ledger.records.rules import (
    ReversalOrder,
    ReversalReason,
    normal_tag,
    require_reversible,
    reversal_fact,
)
from ledger.store.log import LogRepository

SOURCE: Final = "reversal"


@dataclass(frozen=True, slots=True)
class ReversalReport:
    """Where the reversal stands, and the entry that states the fact anew, if there is one."""

    reversed_index: LeafIndex
    reversal_index: LeafIndex
    restatement_index: LeafIndex | None


def reverse_entry(
    context: NodeContext,
    index: int,
    reason_code: ReversalReason,
    legal_basis: str,
    maker: str,
    checker: str,
    restatement: Fact | None = None,
) -> ReversalReport:
    """Take an entry of our own log back, and state the fact anew if it is known.

    Args:
        context: an open bureau's node.
        index: the leaf that shall no longer count.
        reason_code: why.
        legal_basis: the article, document or finding it rests on; recorded, so no personal data.
        maker: the officer who asks for it.
        checker: the other officer, who agrees.
        restatement: the fact as it should have been recorded.

    Raises:
        SameOfficerError: maker and checker are one person.
        ReasonMissingError: no legal basis is named.
        NotFoundError: there is no such leaf.
        ReversalOfReversalError: the entry is a reversal itself.
        AlreadyResolvedError: it was reversed before.
        DuplicateFactError: the restated month has another line that stands.
    """
    order = ReversalOrder(reason_code, legal_basis, maker, checker)
    target = LeafIndex(index)
    with context.read() as view:
        stored = view.log.entry(index)
        if stored is None:
            raise NotFoundError(what="entry", key=str(index))
        _require_standing(view.log, target)
        record = context.bureau.reader.open(stored, view.log).record
    facts = [reversal_fact(target, record, order, context.log_id)]
    if restatement is not None:
        facts.append(restatement)
    entries = context.bureau.writer.prepare(facts)
    with context.write() as work:
        _require_standing(work.log, target)
        if restatement is not None:
            _require_room(context, work.log, restatement, target)
        leaves = work.log.append(
            entries, source_key=f"{SOURCE}/{index}", recorded_at=context.clock.now()
        )
        work.commit()
    return ReversalReport(
        reversed_index=target,
        reversal_index=LeafIndex(leaves[0]),
        restatement_index=LeafIndex(leaves[1]) if restatement is not None else None,
    )


def _require_standing(log: LogRepository, index: LeafIndex) -> None:
    stored = log.entry(index)
    assert stored is not None, "an entry never goes away"
    already = bool(log.reversed_among([index]))
    require_reversible(stored.entry.head.kind, index, already=already)


def _require_room(
    context: NodeContext, log: LogRepository, fact: Fact, reversed_index: LeafIndex
) -> None:
    """A month has one normal line: the restated one may only take the place of what is reversed."""
    if fact.identity_number is None or not is_exclusive(fact.kind, fact.class_):
        return
    subject = context.bureau.writer.subject_of(fact.identity_number)
    tag = normal_tag(fact.kind, fact.class_, fact.period, subject)
    others = [index for index in log.indices_of_tags([tag]).get(tag, []) if index != reversed_index]
    for index in sorted(set(others) - log.reversed_among(others)):
        raise DuplicateFactError(index=index, period=fact.period)
