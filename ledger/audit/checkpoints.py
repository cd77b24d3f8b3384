"""Signed checkpoints and cosignatures beside the roots that the rows give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.audit.model import CHECKPOINTS, COSIGNATURES, Finding
from ledger.errors import (
    LedgerError,
    RefusedError,
    VerificationError,
)
from ledger.evidence.checkpoint import (
    CheckpointBody,
    Note,
    SignatureLine,
    VerifierKey,
    open_checkpoint,
    verify_cosignature,
)
from ledger.evidence.trust import TrustedCosigner, TrustedKey
from ledger.store.audit import CheckpointRow, CosignatureRow

_SKEW: Final = timedelta(minutes=5)
"""How far a cosigner's clock may be behind the chain's, by which its key begins to count."""
_SHOWN: Final = 200
"""Characters of a stored text that a finding repeats."""


@dataclass(frozen=True, slots=True)
class Authorities:
    """Whose signatures count. Without ``has_history`` an unknown key is no fault, only unknown."""

    origin: str
    log_keys: tuple[TrustedKey, ...]
    cosigners: tuple[TrustedCosigner, ...]
    has_history: bool


@dataclass(frozen=True, slots=True)
class ReadCheckpoint:
    """A checkpoint row with what was signed: ``body`` is None when no signature holds."""

    row: CheckpointRow
    body: CheckpointBody | None
    key: TrustedKey | None
    key_unknown: bool

    @property
    def size(self) -> int:
        """The size that counts: the signed one, else the row's."""
        return self.body.size if self.body is not None else self.row.size


def read_checkpoint(row: CheckpointRow, authorities: Authorities) -> ReadCheckpoint:
    """Check the signature of one checkpoint, whatever it says."""
    try:
        parsed = Note.parse(row.note)
        body = CheckpointBody.parse(parsed.text)
        unknown = True
        for trusted in authorities.log_keys:
            if parsed.by(trusted.key) is not None:
                unknown = False
                open_checkpoint(row.note, body.origin, [trusted.key])
                return ReadCheckpoint(row, body, trusted, key_unknown=False)
    except (VerificationError, RefusedError, TypeError, AttributeError):
        return ReadCheckpoint(row, None, None, key_unknown=False)
    names_us = {line.name for line in parsed.signatures} == {authorities.origin}
    excused = unknown and names_us and not authorities.has_history
    return ReadCheckpoint(row, None, None, key_unknown=excused)


def judge_checkpoint(
    read: ReadCheckpoint, authorities: Authorities, computed: bytes | None
) -> Iterator[Finding]:
    """What of a checkpoint row differs from what was signed and from the tree.

    Args:
        read: the row.
        authorities: whose log it is.
        computed: the root of the rows at the size that counts; None where the tree does not reach.
    """
    row, body, name = read.row, read.body, f"{read.row.size}"
    if body is None:
        root = computed if computed is not None else row.root
        if computed is not None and row.root != computed:
            yield Finding(CHECKPOINTS, name, "root", computed.hex(), row.root.hex())
        if not read.key_unknown:
            yield _bad_note(row, CheckpointBody(authorities.origin, row.size, root))
        return
    if row.size != body.size:
        yield Finding(CHECKPOINTS, name, "size", f"{body.size}, which is signed", name)
    if row.root != body.root:
        yield Finding(CHECKPOINTS, name, "root", body.root.hex(), row.root.hex())
    if body.origin != authorities.origin:
        yield Finding(CHECKPOINTS, name, "note", authorities.origin, body.origin, "line 1")


def judge_key_time(read: ReadCheckpoint, witnessed_at: datetime) -> Finding | None:
    """Whether the key that signed was valid when the chain first showed the checkpoint."""
    if read.key is None or read.key.covers(witnessed_at):
        return None
    return Finding(
        CHECKPOINTS, f"{read.row.size}", "note", f"a key valid at {witnessed_at.isoformat()}",
        f"key {read.key.key.key_id.hex()}", "signature",
    )  # fmt: skip


def signed_otherwise(read: ReadCheckpoint, computed: bytes) -> Finding:
    """A root was signed that the log never had: kept as evidence."""
    assert read.body is not None
    return Finding(
        CHECKPOINTS, f"{read.row.size}", "note", computed.hex(), read.body.root.hex(), "line 3"
    )


def _bad_note(row: CheckpointRow, expected: CheckpointBody) -> Finding:
    """Where a note that nobody signed leaves what should have been signed."""
    name = f"{row.size}"
    if not isinstance(row.note, str):
        return Finding(CHECKPOINTS, name, "note", "text", type(row.note).__name__)
    wanted = [*expected.format().splitlines(), ""]
    found = row.note.split("\n")
    for number, line in enumerate(wanted):
        if number >= len(found) or found[number] != line:
            stands = found[number] if number < len(found) else "nothing"
            return Finding(
                CHECKPOINTS, name, "note", line or "an empty line", ascii(stands)[:_SHOWN],
                f"line {number + 1}",
            )  # fmt: skip
    return Finding(
        CHECKPOINTS, name, "note", "a signature of the log", "one that does not hold", "signature"
    )


# --- cosignatures ---------------------------------------------------------------------------------


def judge_cosignature(
    row: CosignatureRow, bodies: Mapping[int, CheckpointBody], authorities: Authorities
) -> tuple[Finding | None, bool]:
    """What of a cosignature differs.

    Args:
        row: the row.
        bodies: what each checkpoint says, by size.
        authorities: the cosigners with their keys.

    Returns:
        The finding, if there is one, and whether it could be checked at all.
    """
    try:
        line = SignatureLine.parse(row.line)
    except (VerificationError, TypeError):
        return _line_differs(row, "line", "a signature line", "another text"), True
    trusted = _cosigner_of(line, authorities.cosigners)
    if trusted is None:
        return _unknown_cosigner(row, line, authorities)
    return _known_cosigner(row, line, trusted, bodies), True


def _unknown_cosigner(
    row: CosignatureRow, line: SignatureLine, authorities: Authorities
) -> tuple[Finding | None, bool]:
    """A line by a key that no supervisor has: a changed one, or a supervisor unknown here."""
    if row.cosigner in {each.trusted.key.name for each in authorities.cosigners}:
        return _line_differs(row, "line", row.cosigner, f"unknown key {line.key_id.hex()}"), True
    if authorities.has_history:
        return _line_differs(row, "cosigner", "a supervisor of this network", "another name"), True
    return None, False


def _known_cosigner(
    row: CosignatureRow,
    line: SignatureLine,
    trusted: TrustedCosigner,
    bodies: Mapping[int, CheckpointBody],
) -> Finding | None:
    key = trusted.trusted.key
    time = _holds(line, key, bodies.get(row.size))
    if time is None:
        others = (size for size, body in bodies.items() if _holds(line, key, body) is not None)
        size = next(others, None)
        if size is not None:
            return _line_differs(row, "size", f"{size}, which is signed", f"{row.size}")
        if row.size not in bodies:
            return Finding(CHECKPOINTS, f"{row.size}", "size", "a row", "no row")
        return _line_differs(row, "line", "a signature that holds", "another", "signature")
    if row.cosigner != key.name:
        return _line_differs(row, "cosigner", key.name, ascii(row.cosigner)[:_SHOWN])
    if not any(trusted.trusted.covers(each) for each in (time, time + _SKEW)):
        return _line_differs(row, "line", f"a key valid at {time.isoformat()}", "another")
    return None


def _line_differs(
    row: CosignatureRow, field: str, expected: str, found: str, position: str = ""
) -> Finding:
    name = f"{row.size} {ascii(row.cosigner)[1:-1][:_SHOWN]}"
    return Finding(COSIGNATURES, name, field, expected, found, position)


def bodies_of(
    read: Iterable[ReadCheckpoint], origin: str, roots: Mapping[int, bytes]
) -> dict[int, CheckpointBody]:
    """What each checkpoint says, by size; where no signature holds, what it should say."""
    found = {}
    for each in read:
        if each.body is not None:
            found[int(each.body.size)] = each.body
        else:
            root = roots.get(each.row.size, each.row.root)
            found.setdefault(each.row.size, CheckpointBody(origin, each.row.size, root))
    return found


def _cosigner_of(
    line: SignatureLine, cosigners: Sequence[TrustedCosigner]
) -> TrustedCosigner | None:
    return next((each for each in cosigners if line.is_by(each.trusted.key)), None)


def _holds(line: SignatureLine, key: VerifierKey, body: CheckpointBody | None) -> datetime | None:
    """When it was cosigned, if the line holds for this checkpoint."""
    if body is None:
        return None
    try:
        seconds = verify_cosignature(body.format(), line, key)
    except LedgerError:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC) - _SKEW
