"""One entry with its proof, of our own log or a followed one, checked again while it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi.responses import Response

from api.web.answers import attachment_headers
from api.web.history_pages import corrections_of, erased_view
from api.web.parts import Doors, Link, Seal, SealState, Words
from api.web.record_facts import record_facts
from api.web.views import CheckpointFacts, EntryView, NamedDigest
from ledger.errors import NotFoundError, SealingKeyDestroyedError, VerificationError
from ledger.evidence.encoding import (
    Entry,
    Leaf,
    LeafIndex,
    LogId,
    canonical_json,
    commitment_of,
    handle_of,
    leaf_hash,
    reversed_leaf,
    seal_of,
    tag_from,
)
from ledger.evidence.merkle import MerkleTree, inclusion_proof, verify_inclusion
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext, names_of, origin_of
from ledger.recording.proofs import StandingSource, prove_entry
from ledger.recording.writer import OpenedRecord
from ledger.store.log import StoredEntry
from ledger.store.unit_of_work import Reading
from ledger.transfers.model import PackageRecord

MAXIMUM_DIGITS = 15
"""An index with more digits cannot exist, and databases need not be asked."""


def index_of(text: str) -> int:
    """The leaf index in a URL; whatever cannot be one is not here.

    Raises:
        NotFoundError: it is no index.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= MAXIMUM_DIGITS):
        raise NotFoundError(what="entry", key="with this number")
    return int(text)


def hex_of(text: str, digits: int, what: str, *, prefix: str = "0x") -> str:
    """A lower-case hexadecimal id in a URL; whatever cannot be one is not here.

    Raises:
        NotFoundError: it is no such id.
    """
    body = text.removeprefix(prefix)
    if text != prefix + body or len(body) != digits or not set(body) <= set("0123456789abcdef"):
        raise NotFoundError(what=what, key="with this number")
    return text


def seal_state(index: int, final_size: int) -> SealState:
    """A leaf under a final checkpoint stands, a later one waits."""
    return SealState.STANDING if index < final_size else SealState.PENDING


def bureau_words(context: NodeContext, log_id: int) -> Words:
    """What the bureau behind a log is called."""
    if log_id == context.log_id and context.tools is not None:
        return Words(context.settings.name_zh, context.settings.name_en)
    bureau = context.chain.bureau(log_id)
    if bureau is None:
        raise NotFoundError(what="log", key=str(log_id))
    return Words(*names_of(bureau.name))


def bureaus_words(context: NodeContext) -> dict[int, Words]:
    """The names of all bureaus by log."""
    return {item.log_id: Words(*names_of(item.name)) for item in context.chain.bureaus()}


def bundle_answer(
    context: NodeContext, index: int, standing_source: StandingSource | None
) -> Response:
    """The proof bundle of one entry of our log as a file; who may have it is the caller's business.

    Raises:
        NotFoundError, NotAnchoredYetError: see `prove_entry`.
    """
    bundle = prove_entry(context, index, standing_source=standing_source)
    headers = attachment_headers(f"anxu-proof-{bundle.log_id}-{bundle.index}.json")
    return Response(bundle.to_json(), media_type="application/json", headers=headers)


def own_entry_view(context: NodeContext, index: int, doors: Doors) -> EntryView:
    """An entry of our own log with its record; who may see it is the caller's business.

    Raises:
        NotFoundError: the log has no such leaf.
    """
    with context.read() as view:
        stored = view.log.entry(index)
        if stored is None:
            raise NotFoundError(what="entry", key=str(index))
        covering = view.log.covering_checkpoint(index)
        is_cosigned = covering is not None and bool(view.log.cosignatures(covering.size))
        reversal = view.log.reversal_of(index)
        opened = _opened(context, view, stored)
        is_correctable = opened is not None and stored.entry.head.kind is not Kind.REVERSAL
        corrections = corrections_of(context, view, stored, doors) if is_correctable else ()
        erased = erased_view(context, view, stored) if opened is None else None
    name = Words(context.settings.name_zh, context.settings.name_en)
    path: tuple[bytes, ...] = ()
    checkpoint = None
    state = SealState.PENDING
    if covering is not None and covering.number is not None:
        path = inclusion_proof(index, covering.size, context.bureau.tiles.node)
        state = _checked(stored.entry, stored.leaf, context.lineage.origin_of(index), opened)
        state = _proven(state, stored.leaf, index, covering.size, path, covering.root)
        checkpoint = CheckpointFacts(
            name, context.origin, covering.number, covering.size, covering.root.hex(),
            _time(covering.block_time or 0), is_final=True, is_cosigned=is_cosigned,
            chain_transaction=covering.transaction_hash or "", block=covering.block,
        )  # fmt: skip
    return EntryView(
        log_name=name,
        index=index,
        kind=int(stored.entry.head.kind),
        exclusion_class=stored.entry.head.class_,
        period=stored.entry.head.period,
        amount_fen=stored.entry.amount_fen,
        seal=Seal(state, doors.page.format(index)),
        facts=record_facts(opened.record) if opened is not None else (),
        digests=_digests(stored.entry, stored.leaf, with_handle=True),
        path=tuple(item.hex() for item in path),
        checkpoint=checkpoint,
        download_href=(
            doors.download.format(index) if checkpoint is not None and opened is not None else ""
        ),
        corrections=corrections,
        erased=erased,
        reversed_by=doors.link(reversal) if reversal is not None else None,
        related=_related(stored.entry, opened, context.log_id, doors),
    )


def followed_entry_view(context: NodeContext, log_id: int, index: int) -> EntryView:
    """An entry of a followed log at the supervision level: no record, no name.

    Raises:
        NotFoundError: this node does not hold that leaf.
    """
    with context.read() as view:
        placed = view.following.entry(log_id, index)
        leaf = view.following.leaf(log_id, index)
        covering = view.following.covering_checkpoint(log_id, index)
        key = (LogId(log_id), LeafIndex(index))
        takers = view.following.reversals_of([key]).get(key, [])
        origin = view.successions.of(log_id).origin_of(index)
        counts = view.successions.is_carried_on(origin, index)
        door_log = view.successions.acting_for(log_id) if counts else log_id
        size = covering.size if covering is not None else 0
        leaves = view.following.leaves(log_id, 0, size)
    if placed is None or leaf is None:
        raise NotFoundError(what="entry", key=f"{log_id}/{index}")
    name = bureau_words(context, log_id)
    reversals = [place for _, place in takers]
    doors = Doors(f"/supervisor/entries/{door_log}/{{}}")
    path: tuple[bytes, ...] = ()
    checkpoint = None
    state = SealState.PENDING
    if covering is not None:
        tree = MerkleTree(leaf_hash(item) for item in leaves)
        path = tree.inclusion_proof(index, size)
        state = _checked(placed.entry, leaf, origin, None)
        state = _proven(state, leaf, index, size, path, covering.root)
        checkpoint = CheckpointFacts(
            name, origin_of(context.manifest.chain_id, LogId(log_id)), covering.number, size,
            covering.root.hex(), _time(covering.block_time), is_final=True,
            is_cosigned=covering.cosignature is not None, block=covering.block,
        )  # fmt: skip
    return EntryView(
        log_name=name,
        index=index,
        kind=int(placed.entry.head.kind),
        exclusion_class=placed.entry.head.class_,
        period=placed.entry.head.period,
        amount_fen=placed.entry.amount_fen,
        seal=Seal(state, doors.page.format(index)),
        facts=(),
        digests=_digests(placed.entry, leaf),
        path=tuple(item.hex() for item in path),
        checkpoint=checkpoint,
        reversed_by=doors.link(reversals[0]) if reversals else None,
        related=_related(placed.entry, None, LogId(log_id), doors),
    )


def travelled_entry_view(
    context: NodeContext, log_id: int, travelled: PackageRecord, href: str
) -> EntryView:
    """A record that came with a transfer, proven once more in the log it comes from.

    Args:
        context: the new city's node, which follows that log.
        log_id: the log it was recorded in.
        travelled: the record with its opening.
        href: this page.

    Raises:
        NotFoundError: this node does not hold that leaf.
    """
    index, record = travelled.leaf_index, travelled.record
    commitment = commitment_of(canonical_json(record), travelled.salt)
    with context.read() as view:
        origin = view.successions.of(log_id).origin_of(index)
        leaf = view.following.leaf(log_id, index)
        covering = view.following.covering_checkpoint(log_id, index)
        leaves = view.following.leaves(log_id, 0, covering.size if covering is not None else 0)
    if leaf is None or covering is None:
        raise NotFoundError(what="entry", key=f"{log_id}/{index}")
    opened = Leaf(
        tag_from(travelled.head, travelled.handle, commitment),
        seal_of(origin, int(record["amount_fen"]), commitment),
    )
    path = MerkleTree(leaf_hash(item) for item in leaves).inclusion_proof(index, covering.size)
    state = SealState.STANDING if opened == leaf else SealState.CONTRADICTED
    state = _proven(state, leaf, index, covering.size, path, covering.root)
    name = bureau_words(context, log_id)
    checkpoint = CheckpointFacts(
        name, origin_of(context.manifest.chain_id, LogId(log_id)), covering.number, covering.size,
        covering.root.hex(), _time(covering.block_time), is_final=True,
        is_cosigned=covering.cosignature is not None, block=covering.block,
    )  # fmt: skip
    return EntryView(
        log_name=name,
        index=index,
        kind=int(travelled.head.kind),
        exclusion_class=travelled.head.class_,
        period=travelled.head.period,
        amount_fen=int(record["amount_fen"]),
        seal=Seal(state, href),
        facts=record_facts(record),
        digests=(
            NamedDigest("tag", leaf.tag.hex()),
            NamedDigest("seal", leaf.seal.hex()),
            NamedDigest("leaf_hash", leaf_hash(leaf.pack()).hex()),
            NamedDigest("commitment", commitment.hex()),
            NamedDigest("handle", travelled.handle.hex()),
        ),
        path=tuple(item.hex() for item in path),
        checkpoint=checkpoint,
    )


def _opened(context: NodeContext, view: Reading, stored: StoredEntry) -> OpenedRecord | None:
    """The record in clear; None when the person's key was destroyed."""
    try:
        return context.bureau.reader.open(stored, view.log)
    except SealingKeyDestroyedError:
        return None


def _checked(entry: Entry, leaf: Leaf, log_id: LogId, opened: OpenedRecord | None) -> SealState:
    """Whether record, entry and leaf still belong together."""
    agrees = entry.leaf(log_id) == leaf
    if opened is not None:
        agrees &= commitment_of(opened.canonical, opened.salt) == entry.commitment
    return SealState.STANDING if agrees else SealState.CONTRADICTED


def _proven(
    state: SealState, leaf: Leaf, index: int, size: int, path: Sequence[bytes], root: bytes
) -> SealState:
    try:
        verify_inclusion(leaf_hash(leaf.pack()), index, size, path, root)
    except VerificationError:
        return SealState.CONTRADICTED
    return state


def _digests(entry: Entry, leaf: Leaf, *, with_handle: bool = False) -> tuple[NamedDigest, ...]:
    digests = [
        NamedDigest("tag", leaf.tag.hex()),
        NamedDigest("seal", leaf.seal.hex()),
        NamedDigest("leaf_hash", leaf_hash(leaf.pack()).hex()),
        NamedDigest("commitment", entry.commitment.hex()),
    ]
    if with_handle:
        digests.append(NamedDigest("handle", handle_of(entry.head, entry.subject).hex()))
    return tuple(digests)


def _related(
    entry: Entry, opened: OpenedRecord | None, log_id: LogId, doors: Doors
) -> tuple[Link, ...]:
    """What an entry takes back, or adds to, as far as it stands in the same log."""
    found: list[int] = []
    if entry.head.kind is Kind.REVERSAL:
        found.append(reversed_leaf(entry.subject)[1])
    named: Any = opened.record.get("supplement_of") if opened is not None else None
    if isinstance(named, dict) and named.get("log") == log_id:
        found.append(int(named["index"]))
    links = [doors.link(index) for index in found]
    return tuple(link for link in links if link is not None)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
