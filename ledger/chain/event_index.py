"""Indexes the events of Anxu's contracts in one resumable pass, and proves that none is missing.

Events are taken in up to the chain's newest block; readers see them once their block is final. A
reorganisation of blocks that were not final yet undoes and redoes those blocks and no others. One
that goes deeper makes the index stand still until a person has decided
(``ledger.store.finality``). What events add up to is compared with contract storage at one and the
same block, every so many blocks; the first difference is named and stops the index until it is
rebuilt. The index is for finding things: what decides is read from storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from ledger.chain.connection import BlockMissingError
from ledger.chain.event_totals import (
    LOG_COUNT,
    add_up,
    always,
    keys_of,
    most_telling_first,
    reading_of,
    value_of,
)
from ledger.chain.gateway import Block, ChainGateway, ContractEvent
from ledger.errors import (
    DeepReorganisationError,
    EndpointBehindError,
    IndexIncompleteError,
    LedgerError,
)
from ledger.evidence.encoding import LogId
from ledger.store.database import Database
from ledger.store.events import ChainEvent, IndexCursor, IndexedBlock
from ledger.store.unit_of_work import Reading, UnitOfWork

BLOCKS_A_STEP: Final = 500
"""How many blocks one step asks for at most."""
CHECK_EVERY_BLOCKS: Final = 1000
"""How many blocks lie between two comparisons with contract storage."""

TOTALS_AT_ONCE: Final = 1000
"""How many totals are read from storage before the next ones are looked at."""

_log = structlog.get_logger("anxu.index")


@dataclass(frozen=True, slots=True)
class _Piece:
    """New blocks with their events, read while the chain did not change."""

    last: IndexedBlock
    events: Sequence[ContractEvent]
    blocks: Sequence[IndexedBlock]


class EventIndex:
    """Keeps ``chain_events`` equal to what the contracts have announced."""

    def __init__(
        self,
        database: Database,
        log_id: LogId,
        gateway: ChainGateway,
        check_every_blocks: int = CHECK_EVERY_BLOCKS,
    ) -> None:
        self._database = database
        self._log_id = log_id
        self._gateway = gateway
        self._check_every = check_every_blocks
        self._has_checked = False
        self._first = min((each.block for each in gateway.manifest.contracts.values()), default=0)

    def step(self) -> bool:
        """Take in the next blocks, undo replaced ones, or compare with storage; whether it did any.

        Raises:
            ChainUnavailableError: the chain cannot be read; nothing is lost.
            EndpointBehindError: it shows less than was final already.
        """
        head, final = self._gateway.newest_and_final()
        with Reading(self._database, self._log_id) as view:
            cursor = view.events.cursor()
        if cursor is not None:
            if cursor.trouble is not None and cursor.trouble["code"] == IndexIncompleteError.code:
                return False
            if self._is_replaced(cursor, head):
                return self._undo(cursor)
            if cursor.trouble is not None:
                self._set_trouble(None)
        first = cursor.block + 1 if cursor is not None else self._first
        if first <= head.number:
            return self._advance(cursor, first, head, final)
        assert cursor is not None or head.number < self._first
        if cursor is None:
            return False
        changed = self._note_place(cursor, head, final)
        return self._check_if_due(cursor, at_head=True) or changed

    # --- taking in ---

    def _advance(self, cursor: IndexCursor | None, first: int, head: Block, final: Block) -> bool:
        last = min(head.number, first + BLOCKS_A_STEP - 1)
        piece = self._read(cursor, first, last, final.number)
        if piece is None:
            return True  # it was replaced meanwhile; the next step sees by what
        with UnitOfWork(self._database, self._log_id) as work:
            if work.events.cursor() != cursor:
                return True  # another process was quicker
            work.events.advance(
                piece.last,
                [(_stored(event), _keys(event)) for event in piece.events],
                final_block=final.number,
                head=_indexed(head),
                blocks=piece.blocks,
            )
            facts = [(each.contract, each.name, each.arguments) for each in piece.events]
            names = add_up({}, facts)
            totals = {total.name: total.value for total in work.events.totals(sorted(names))}
            add_up(totals, facts)
            work.events.set_totals(totals, last)
            work.commit()
            cursor = work.events.cursor()
        assert cursor is not None
        self._check_if_due(cursor, at_head=last == head.number)
        return True

    def _read(self, cursor: IndexCursor | None, first: int, last: int, final: int) -> _Piece | None:
        """The blocks ``first`` to ``last``; None when the chain changed while they were read."""
        end = self._gateway.block(last)
        events = self._gateway.events(first, last)
        blocks = [
            _indexed(self._gateway.block(number)) for number in range(max(first, final), last)
        ]
        blocks.append(_indexed(end))
        follows = cursor is None or self._gateway.block_hash(cursor.block) == cursor.block_hash
        if not follows or self._gateway.block_hash(last) != end.hash:
            return None
        known = {each.number: each.hash for each in blocks}
        if any(known.get(each.block, each.block_hash) != each.block_hash for each in events):
            return None
        return _Piece(_indexed(end), events, blocks)

    def _note_place(self, cursor: IndexCursor, head: Block, final: Block) -> bool:
        """Blocks became final, or the head moved on within what is indexed."""
        known = (cursor.final_block, cursor.head_block)
        if known == (min(final.number, cursor.block), head.number):
            return False
        with UnitOfWork(self._database, self._log_id) as work:
            if work.events.cursor() == cursor:
                place = IndexedBlock(cursor.block, cursor.block_hash, cursor.block_time)
                work.events.advance(place, (), final_block=final.number, head=_indexed(head))
                work.commit()
        return True

    # --- reorganisations ---

    def _is_replaced(self, cursor: IndexCursor, head: Block) -> bool:
        """Whether the last indexed block is not the chain's any more."""
        if head.number < cursor.final_block:
            raise EndpointBehindError(
                endpoint=self._gateway.endpoint, number=head.number, seen=cursor.final_block
            )
        if head.number < cursor.block:  # behind, or replaced by a shorter history: its end tells
            with Reading(self._database, self._log_id) as view:
                known = {each.number: each.hash for each in view.events.blocks()}
            return known.get(head.number, head.hash) != head.hash
        if head.number == cursor.block:
            return head.hash != cursor.block_hash
        return self._gateway.block_hash(cursor.block) != cursor.block_hash

    def _undo(self, cursor: IndexCursor) -> bool:
        """Go back to the newest block that both histories have."""
        with Reading(self._database, self._log_id) as view:
            blocks = view.events.blocks()
            decided = [
                each for each in view.finality.reorganisations() if each.decided_at is not None
            ]
        place: Block | None = None
        for known in blocks:
            place = self._block(known.number)
            if place is not None and place.hash == known.hash:
                break
            place = None
        if place is None or place.number < cursor.final_block:
            accepted = any(self._is_chains(each.block, each.second_hash) for each in decided)
            if not accepted:
                return self._stand_still(cursor, blocks)
        with UnitOfWork(self._database, self._log_id) as work:
            if work.events.cursor() != cursor:
                return True
            if place is None:
                work.events.forget()
            else:
                gone = sorted({event.contract for event in work.events.after(place.number)})
                work.events.undo_after(_indexed(place))
                self._add_up_anew(work, gone, place.number)
                work.events.set_trouble(None)
            work.commit()
        undone = cursor.block - (place.number if place is not None else self._first - 1)
        _log.warning("undone", block=place.number if place is not None else 0, count=undone)
        return True

    @staticmethod
    def _add_up_anew(work: UnitOfWork, contracts: Sequence[str], block: int) -> None:
        if not contracts:
            return
        totals: dict[str, int] = {}
        events = work.events.all(*contracts)
        add_up(totals, ((each.contract, each.name, each.arguments) for each in events))
        work.events.drop_totals(contracts)
        work.events.set_totals(totals, block)

    def _stand_still(self, cursor: IndexCursor, blocks: Sequence[IndexedBlock]) -> bool:
        """A final block was replaced: say so, and wait until a person has decided."""
        known = next((each for each in blocks if each.number <= cursor.final_block), None)
        number = known.number if known is not None else cursor.block
        first = known.hash if known is not None else cursor.block_hash
        now = self._block(number)
        error = DeepReorganisationError(
            block=number, first_hash=first, second_hash=now.hash if now is not None else ""
        )
        if cursor.trouble is None:
            _log.critical("stopped", job="index", code=error.code, block=number)
            self._set_trouble(error)
        return False

    def _block(self, number: int) -> Block | None:
        try:
            return self._gateway.block(number)
        except BlockMissingError:
            return None

    def _is_chains(self, number: int, block_hash: str) -> bool:
        found = self._block(number)
        return found is not None and found.hash == block_hash

    # --- completeness ---

    def _check_if_due(self, cursor: IndexCursor, *, at_head: bool) -> bool:
        checked = cursor.checked_block
        due = checked is None or cursor.block - checked >= self._check_every
        if at_head and not self._has_checked and checked != cursor.block:
            due = True
        if not due or (not at_head and checked is None and cursor.block < self._check_every):
            return False
        return self.check()

    def check(self) -> bool:
        """Compare what events add up to with contract storage at the last indexed block.

        Returns:
            Whether there was something to compare, and it was equal. The first difference is kept
            as the index's trouble, and nothing more is taken in.
        """
        with Reading(self._database, self._log_id) as view:
            cursor = view.events.cursor()
            if cursor is None:
                return False
        try:
            difference = self._difference(cursor)
            if difference is not None and self._is_replaced(cursor, self._gateway.latest_block()):
                return False
        except BlockMissingError:
            return False  # the state of that block is not kept; a later check proves more
        with UnitOfWork(self._database, self._log_id) as work:
            if work.events.cursor() != cursor:
                return False
            if difference is None:
                work.events.note_checked(cursor.block)
            else:
                name, indexed, stored = difference
                error = IndexIncompleteError(
                    total=name, block=cursor.block, indexed=indexed, stored=stored
                )
                work.events.set_trouble({"code": error.code, **error.fields()})
                _log.critical("stopped", job="index", code=error.code, block=cursor.block)
            work.commit()
        self._has_checked = True
        return True

    def _difference(self, cursor: IndexCursor) -> tuple[str, int, int] | None:
        """The first total that is another one in storage: its name, ours, the contract's."""
        (log_count,) = self._in_storage(cursor.block_hash, [LOG_COUNT])
        names = always(log_count)
        since = cursor.checked_block if cursor.checked_block is not None else -1
        with Reading(self._database, self._log_id) as view:
            known = [*view.events.totals(names), *view.events.totals(changed_after=since)]
        totals = dict.fromkeys(names, 0) | {each.name: each.value for each in known}
        ordered = most_telling_first(totals)
        for first in range(0, len(ordered), TOTALS_AT_ONCE):
            some = ordered[first : first + TOTALS_AT_ONCE]
            for name, found in zip(some, self._in_storage(cursor.block_hash, some), strict=True):
                if found != totals[name]:
                    return name, totals[name], found
        return None

    def _in_storage(self, block_hash: str, names: Sequence[str]) -> list[int]:
        """What contracts store under these totals' names; 0 where one knows nothing of it."""
        readings = [reading_of(name) for name in names]
        answers = self._gateway.read_many_at(
            block_hash, [(each.contract, each.function, each.arguments) for each in readings]
        )
        return [
            value_of(reading, answer) if answer is not None else 0
            for reading, answer in zip(readings, answers, strict=True)
        ]

    def _set_trouble(self, error: LedgerError | None) -> None:
        trouble = {"code": error.code, **error.fields()} if error is not None else None
        with UnitOfWork(self._database, self._log_id) as work:
            work.events.set_trouble(trouble)
            work.commit()

    def rebuild(self) -> int:
        """Forget everything, take it in again from the first block on, and compare with storage.

        Returns:
            How many events are indexed now.

        Raises:
            IndexIncompleteError: what the endpoints announce does not add up to storage.
            DeepReorganisationError: the chain was replaced meanwhile.
        """
        with UnitOfWork(self._database, self._log_id) as work:
            work.events.forget()
            work.commit()
        self._has_checked = False
        while self.step():
            pass
        with Reading(self._database, self._log_id) as view:
            cursor, count = view.events.cursor(), view.events.count()
        if cursor is not None and (error := trouble_of(cursor)) is not None:
            raise error
        return count


def trouble_of(cursor: IndexCursor) -> LedgerError | None:
    """Why the index stands still, as the error that names it; None while it goes on."""
    if cursor.trouble is None:
        return None
    fields = {name: value for name, value in cursor.trouble.items() if name != "code"}
    kinds: dict[str, type[LedgerError]] = {
        kind.code: kind for kind in (IndexIncompleteError, DeepReorganisationError)
    }
    return kinds[cursor.trouble["code"]](**fields)


def _indexed(block: Block) -> IndexedBlock:
    return IndexedBlock(block.number, block.hash, block.time)


def _keys(event: ContractEvent) -> list[str]:
    return keys_of(event.contract, event.name, event.arguments, event.transaction_hash)


def _stored(event: ContractEvent) -> ChainEvent:
    return ChainEvent(
        block=event.block,
        log_index=event.log_index,
        contract=event.contract,
        name=event.name,
        arguments=event.arguments,
        transaction_hash=event.transaction_hash,
        block_time=event.block_time,
    )
