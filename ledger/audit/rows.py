"""Names the column of a row that was changed, from all that still speaks for the row.

Every fact about a row is held twice at least: tag and seal follow from the other columns; the
sealed record opens only under its person's key and the row's commitment, and repeats head and
amount; the leaf stands in the files, under the signed root. One changed column leaves the others
agreeing with one another, and so can be told apart. Where an erased record no longer speaks, two
columns can be equally suspect: both are named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ledger.audit.leaves import derive_leaf, is_digest, is_in_bounds
from ledger.audit.model import ENTRIES, PERSON_KEYS, Finding
from ledger.audit.records import Absence, OpenedRecord
from ledger.evidence.batch import EntryBatch
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    FIRST_PERIOD,
    LAST_PERIOD,
    LEAF_BYTES,
    MAX_CLASS,
    Head,
    LogId,
)
from ledger.evidence.hashing import ByteRows
from ledger.policy.kinds import Kind, is_exclusive
from ledger.store.audit import EntryRow

COLUMNS: Final = EntryRow._fields
_HEAD_FIELDS: Final = ("kind", "class_", "period")
_DIGEST_FIELDS: Final = ("subject", "commitment", "tag", "seal")
_NOTHING: Final = bytes(LEAF_BYTES)
_ANY: Final = bytes(DIGEST_BYTES)
_SOUND: Final = EntryRow(0, int(Kind.OPERATION), 0, 0, _ANY, 0, _ANY, _ANY, _ANY, b"", 0, 0)


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What speaks for a row besides its own columns.

    ``record``: what its person's key opened, or why it did not. ``other_owner`` opens it as if the
    row were (or were not) a reversal, whose record is sealed for another person. ``proven``: the
    leaf that the files hold here and a signed root covers, if there is one.
    """

    record: OpenedRecord | Absence
    other_owner: Callable[[], OpenedRecord | Absence]
    proven: bytes | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong with a row, by column, and the leaf that it should have."""

    findings: tuple[Finding, ...]
    leaf: bytes


def column(field: str) -> str:
    """The name of a column in its table."""
    return field.rstrip("_")


def is_sound(row: EntryRow, leaf: bytes, record: OpenedRecord | Absence | None) -> bool:
    """Whether nothing about a row, in itself, speaks against it. ``record`` None: not opened."""
    if row.tag + row.seal != leaf:
        return False
    if isinstance(record, Absence):
        return record is Absence.ERASED
    return record is None or agrees(record, row)


def diagnose(log_id: LogId, row: EntryRow, witnesses: Witnesses) -> Diagnosis:
    """Name what is wrong with a row; nothing when only an erased record is missing."""
    return _Case(log_id, row, witnesses).judged()


def agrees(record: OpenedRecord, row: EntryRow) -> bool:
    """Whether an opened record is canonical, gives the commitment and repeats head and amount."""
    return (
        record.commits
        and record.is_canonical
        and record[:4] == (row.kind, row.class_, row.period, row.amount_fen)
        and bool not in map(type, record[:4])
    )


class _Case:
    """One suspicious row while it is judged."""

    def __init__(self, log_id: LogId, row: EntryRow, witnesses: Witnesses) -> None:
        self.log_id = log_id
        self.row = row
        self.mended = row
        self.witnesses = witnesses
        self.record = witnesses.record
        proven = witnesses.proven
        self.proven_tag = proven[:DIGEST_BYTES] if proven is not None else None
        self.proven_seal = proven[DIGEST_BYTES:] if proven is not None else None
        self.found: dict[str, Finding] = {}

    def judged(self) -> Diagnosis:
        self._shapes()
        if not self.found:
            self._contents()
        order = [*COLUMNS, "key", "leaf"]
        findings = sorted(self.found.items(), key=lambda item: order.index(item[0]))
        return Diagnosis(tuple(finding for _, finding in findings), self._leaf())

    def _leaf(self) -> bytes:
        if self.witnesses.proven is not None:
            return self.witnesses.proven
        leaf = self.mended.tag + self.mended.seal
        return leaf if len(leaf) == LEAF_BYTES else _NOTHING

    # --- shapes -----------------------------------------------------------------------------------

    def _shapes(self) -> None:
        """Columns that cannot even be hashed."""
        for field, value in self.row._asdict().items():
            if field in _DIGEST_FIELDS and not is_digest(value):
                self._note(field, f"{DIGEST_BYTES} bytes", _shape(value))
            elif field == "sealed_record" and not isinstance(value, bytes):
                self._note(field, "bytes", _shape(value))
        for field in (*_HEAD_FIELDS, "amount_fen"):
            value = getattr(self.row, field)
            if not is_in_bounds(_SOUND._replace(**{field: value})):
                self._note(field, "a number in its bounds", "another value")

    # --- contents ---------------------------------------------------------------------------------

    def _contents(self) -> None:
        tag, seal = self._derived(self.row)
        stands = self.row.tag + self.row.seal
        if is_sound(self.row, tag + seal, self.record):
            if self.witnesses.proven not in {None, stands}:
                self._note("leaf", _hex("leaf", self._leaf()), _hex("leaf", stands))
            return
        if not isinstance(self.record, OpenedRecord) and tag != self.tag:
            # A changed kind sends us to the wrong person's key.
            other = self.witnesses.other_owner()
            if not (isinstance(other, Absence) and other is not Absence.ERASED):
                self.record = other
        if isinstance(self.record, OpenedRecord):
            self._opened(self.record, tag, seal)
        elif tag == self.tag and seal == self.seal:
            self._closed(self.record)
        elif self.record is Absence.ERASED:
            self._erased(tag, seal)
        elif seal != self.seal:
            self._note("commitment", _hex("seal", self.seal), _hex("seal", seal))
        else:
            self._note("subject", _hex("tag", self.tag), _hex("tag", tag))
        self._stored_digests()

    @property
    def tag(self) -> bytes:
        """The tag that counts: the proven one, else the row's."""
        return self.proven_tag if self.proven_tag is not None else self.row.tag

    @property
    def seal(self) -> bytes:
        """The seal that counts."""
        return self.proven_seal if self.proven_seal is not None else self.row.seal

    def _derived(self, row: EntryRow) -> tuple[bytes, bytes]:
        leaf = derive_leaf(self.log_id, row)
        return leaf[:DIGEST_BYTES], leaf[DIGEST_BYTES:]

    def _opened(self, record: OpenedRecord, tag: bytes, seal: bytes) -> None:
        """The key opened it under this commitment: subject, commitment and record are right."""
        if not record.commits:
            self._note(
                "sealed_record",
                _hex("commitment", self.row.commitment),
                "another",
                "salt or record",
            )
        elif not record.is_canonical:
            self._note("sealed_record", "canonical form", "another form", "record")
        head = {field: getattr(record, field) for field in _HEAD_FIELDS}
        restated = self.row._replace(**head)
        differing = [field for field in _HEAD_FIELDS if head[field] != getattr(self.row, field)]
        if differing:
            other_tag = self._derived(restated)[0] if is_in_bounds(restated) else b""
            if tag == self.tag != other_tag:
                self._note_record(differing)
            else:
                self.mended = self.mended._replace(**head)
                for field in differing:
                    self._note(field, *self._heads(tag, other_tag, restated))
        restated = self.row._replace(amount_fen=record.amount_fen)
        if record.amount_fen != self.row.amount_fen:
            other_seal = self._derived(restated)[1] if is_in_bounds(restated) else b""
            if seal == self.seal != other_seal:
                self._note_record(["amount_fen"])
            else:
                self.mended = self.mended._replace(amount_fen=record.amount_fen)
                self._note("amount_fen", _hex("seal", other_seal), _hex("seal", seal))

    def _heads(self, tag: bytes, other_tag: bytes, restated: EntryRow) -> tuple[str, str]:
        if tag != other_tag:
            return _hex("tag", other_tag), _hex("tag", tag)
        return _head_digest(restated), _head_digest(self.row)

    def _closed(self, absence: Absence) -> None:
        """All columns agree, and the record still does not open."""
        row = self.row
        if absence is Absence.CANNOT_OPEN:
            expected = f"a record under commitment {row.commitment.hex()}"
            self._note("sealed_record", expected, _blob(row.sealed_record))
        elif absence is not Absence.ERASED:
            what = "none" if absence is Absence.NO_KEY else "one that the node's keys do not open"
            self.found["key"] = Finding(
                PERSON_KEYS, f"{row.leaf_index}", "wrapped", "the key of this leaf's person", what
            )

    def _erased(self, tag: bytes, seal: bytes) -> None:
        """Nobody can open the record: what is left are tag, seal and the files."""
        row, tag_holds, seal_holds = self.row, tag == self.tag, seal == self.seal
        if not seal_holds and self.proven_seal is None and tag_holds:
            names = ["amount_fen", "seal"]
            if is_exclusive(row.kind, row.class_) or row.kind == Kind.REVERSAL:
                names.insert(1, "commitment")
            self._note(names[0], _hex("seal", self.seal), _hex("seal", seal), " or ".join(names))
        elif not seal_holds:
            bound = not (is_exclusive(row.kind, row.class_) or row.kind == Kind.REVERSAL)
            if not tag_holds:
                self._note("commitment", _hex("seal", self.seal), _hex("seal", seal))
            else:
                either = "" if bound else "amount_fen or commitment"
                self._note("amount_fen", _hex("seal", self.seal), _hex("seal", seal), either)
        elif not tag_holds:
            field, mended = _head_that_gives(self.log_id, row, self.tag)
            self.mended = mended
            either = "" if field != "subject" or self.proven_tag is not None else "subject or tag"
            self._note(field, _hex("tag", self.tag), _hex("tag", tag), either)

    def _stored_digests(self) -> None:
        """The columns tag and seal themselves, once everything they follow from is known."""
        explained = {"subject", "commitment"} & self.found.keys()
        tag, seal = self._derived(self.mended) if is_in_bounds(self.mended) else (b"", b"")
        if self.proven_tag is not None:
            tag, seal = self.tag, self.seal
        elif explained or isinstance(self.record, Absence):
            return
        if self.row.tag != tag:
            self._note("tag", _hex("tag", tag), _hex("tag", self.row.tag))
            self.mended = self.mended._replace(tag=tag)
        if self.row.seal != seal:
            self._note("seal", _hex("seal", seal), _hex("seal", self.row.seal))
            self.mended = self.mended._replace(seal=seal)

    def _note_record(self, fields: list[str]) -> None:
        for field in fields:
            self._note("sealed_record", "as the row", "another", f"{column(field)} in the record")

    def _note(self, field: str, expected: str, found: str, position: str = "") -> None:
        self.found.setdefault(
            field,
            Finding(ENTRIES, f"{self.row.leaf_index}", column(field), expected, found, position),
        )


def _head_that_gives(log_id: LogId, row: EntryRow, tag: bytes) -> tuple[str, EntryRow]:
    """Which one value of the head, changed, gives this tag; ``subject`` when none does."""
    reversal = row._replace(kind=int(Kind.REVERSAL))
    if derive_leaf(log_id, reversal)[:DIGEST_BYTES] == tag:
        return "kind", reversal
    wanted = np.frombuffer(tag, np.uint8)
    for field, values in _candidates(row):
        for place in np.flatnonzero((_tags(row, field, values) == wanted).all(axis=1)).tolist():
            return field, _with(row, field, values[place])
    return "subject", row


def _with(row: EntryRow, field: str, value: int) -> EntryRow:
    match field:
        case "kind":
            return row._replace(kind=value)
        case "period":
            return row._replace(period=value)
        case _:
            return row._replace(class_=value)


def _candidates(row: EntryRow) -> Iterator[tuple[str, list[int]]]:
    """Every value that a field of the head could have had."""
    yield "kind", [int(kind) for kind in Kind if kind is not Kind.REVERSAL]
    if row.kind != Kind.REVERSAL:
        years = range(FIRST_PERIOD // 100, LAST_PERIOD // 100 + 1)
        yield "period", [0, *(year * 100 + month for year in years for month in range(1, 13))]
        yield "class_", list(range(MAX_CLASS + 1))


def _tags(row: EntryRow, field: str, values: list[int]) -> ByteRows:
    """The tags of a row with each of these values in one field; shape (n, 32)."""
    count = len(values)
    columns = {name: np.full(count, getattr(row, name)) for name in _HEAD_FIELDS}
    columns[field] = np.array(values)
    subject = np.frombuffer(row.subject, np.uint8)
    commitment = np.frombuffer(row.commitment, np.uint8)
    return EntryBatch(
        kinds=columns["kind"].astype(np.uint8),
        classes=columns["class_"].astype(np.uint16),
        periods=columns["period"].astype(np.uint32),
        subjects=np.tile(subject, (count, 1)),
        amounts_fen=np.zeros(count, np.int64),
        commitments=np.tile(commitment, (count, 1)),
    ).tags()


def _shape(value: object) -> str:
    return f"{len(value)} bytes" if isinstance(value, bytes) else f"{type(value).__name__}"


def _blob(value: bytes) -> str:
    return f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"


def _hex(what: str, value: bytes) -> str:
    return f"{what} {value.hex()}"


def _head_digest(row: EntryRow) -> str:
    if not is_in_bounds(row):
        return "no head at all"
    head = Head(Kind(row.kind), row.class_, row.period).pack()
    return _hex("digest of the head", hashlib.sha256(head).digest())
