"""The proof bundle (`anxu-proof/1`): one fact, and everything to check it with, in one file.

At the *owner* level it opens the record; at the *supervision* level it opens the entry. Commitment,
amount and leaf are stated although they can be recomputed: so a verifier can say which step fails.
Nothing in a bundle is believed for being there; `ledger.evidence.verification` checks it.
Source: docs/reference/evidence.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ledger.errors import EncodingError, MalformedBundleError, MalformedNoteError
from ledger.evidence.checkpoint import (
    SIGNATURE_BYTES,
    CheckpointBody,
    Note,
    Signer,
    is_key_name,
)
from ledger.evidence.encoding import (
    DIGEST_BYTES,
    ENTRY_BYTES,
    LEAF_BYTES,
    MAX_JSON_INTEGER,
    SALT_BYTES,
    Commitment,
    Entry,
    Head,
    Leaf,
    LeafIndex,
    LogId,
    Standing,
    TreeSize,
    handle_of,
    reversed_leaf,
)
from ledger.evidence.strict_json import (
    Fields,
    format_object,
    format_time,
    parse_hex,
    parse_object,
)
from ledger.evidence.trust import ADDRESS_BYTES, MAX_LOG_ID
from ledger.policy.kinds import Kind

PROOF_SCHEMA: Final = "anxu-proof/1"
MAX_BUNDLE_BYTES: Final = 524_288
MAX_PROOF_HASHES: Final = 63
HEAD_BYTES: Final = 8

_OWNER, _SUPERVISION = "owner", "supervision"


@dataclass(frozen=True, slots=True)
class LeafPlace:
    """Which leaf of which log."""

    log_id: LogId
    index: LeafIndex


@dataclass(frozen=True, slots=True)
class OwnerOpening:
    """What the person and the bureaus on the case hold of a fact; not shown in logs.

    ``reverses`` is set for reversals: the leaf that no longer counts, which stands in place of a
    subject.
    """

    record: Mapping[str, Any] = field(repr=False)
    salt: bytes = field(repr=False)
    head: Head
    handle: bytes = field(repr=False)
    amount_fen: int
    commitment: Commitment
    reverses: LeafPlace | None = None


@dataclass(frozen=True, slots=True)
class SupervisionOpening:
    """What a supervisor holds of a fact."""

    entry: Entry = field(repr=False)

    @property
    def head(self) -> Head:
        """Kind, class and month."""
        return self.entry.head

    @property
    def amount_fen(self) -> int:
        """The amount in the entry."""
        return self.entry.amount_fen

    @property
    def commitment(self) -> Commitment:
        """The commitment in the entry."""
        return self.entry.commitment


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the checkpoint is said to stand on chain: a hint where to look, no evidence.

    ``contract`` and ``transaction`` are 0x and lower-case hexadecimal.
    """

    chain_id: int
    contract: str
    block: int
    transaction: str


@dataclass(frozen=True, slots=True)
class StandingStatement:
    """A cosigner's signed word on whether the leaf still stood as of a checkpoint.

    ``cosigner`` is the key name; the signature is Ed25519 over `Standing.digest`.
    """

    size: TreeSize
    root: bytes
    reversed: bool
    revoked: bool
    stated_at: datetime
    cosigner: str
    signature: bytes

    def standing(self, log_id: LogId, index: LeafIndex) -> Standing:
        """What was signed, for the leaf of this bundle."""
        time = int(self.stated_at.timestamp())
        return Standing(log_id, index, self.size, self.root, self.reversed, self.revoked, time)

    def to_object(self) -> dict[str, Any]:
        """The statement as it stands in a bundle, and as a supervisor's node answers it."""
        return _standing_object(self)

    @classmethod
    def from_object(cls, value: Any) -> StandingStatement:
        """The statement in this JSON object; whether it is true is another question.

        Raises:
            MalformedBundleError: names the first field that is not as it must be.
        """
        return _standing(Fields(value, "standing", _refusal))


@dataclass(frozen=True, slots=True)
class ProofBundle:
    """One fact with its proof. ``note`` is the signed checkpoint with its cosignatures.

    ``recorded_in`` is set when the log carries on another one's leaf: the log that recorded it.
    """

    log_id: LogId
    index: LeafIndex
    leaf: Leaf
    opening: OwnerOpening | SupervisionOpening
    inclusion: tuple[bytes, ...]
    note: Note
    anchor: Anchor | None = None
    standing: StandingStatement | None = None
    recorded_in: LogId | None = None

    @property
    def origin_log(self) -> LogId:
        """The log that the leaf is said to have been recorded in first."""
        return self.log_id if self.recorded_in is None else self.recorded_in

    @property
    def body(self) -> CheckpointBody:
        """What the checkpoint says: origin, size, root."""
        return CheckpointBody.parse(self.note.text)

    def to_json(self) -> str:
        """The file."""
        value: dict[str, Any] = {
            "schema": PROOF_SCHEMA,
            "level": _OWNER if isinstance(self.opening, OwnerOpening) else _SUPERVISION,
            "log_id": self.log_id,
            "index": self.index,
            **({} if self.recorded_in is None else {"recorded_in": self.recorded_in}),
            "leaf": self.leaf.pack().hex(),
            **_opening_object(self.opening),
            "inclusion": [item.hex() for item in self.inclusion],
            "checkpoint": self.note.format(),
        }
        if self.anchor is not None:
            value["anchor"] = {
                "chain_id": self.anchor.chain_id,
                "contract": self.anchor.contract,
                "block": self.anchor.block,
                "transaction": self.anchor.transaction,
            }
        if self.standing is not None:
            value["standing"] = _standing_object(self.standing)
        return format_object(value)

    @classmethod
    def from_json(cls, data: bytes | str) -> ProofBundle:
        """The bundle in these bytes; whether it is true is another question.

        Raises:
            MalformedBundleError: names the first field that is not as it must be; for whatever is
                no bundle at all.
        """
        fields = Fields(parse_object(data, MAX_BUNDLE_BYTES, _refusal), "", _refusal)
        fields.constant("schema", PROOF_SCHEMA)
        level = fields.choice("level", _OWNER, _SUPERVISION)
        log_id = LogId(fields.integer("log_id", 1, MAX_LOG_ID))
        index = LeafIndex(fields.integer("index", 0))
        recorded_in = None
        if fields.has("recorded_in"):
            recorded_in = LogId(fields.integer("recorded_in", 1, MAX_LOG_ID))
            if recorded_in == log_id:
                raise _refusal("recorded_in", "it is the log itself")
        leaf = Leaf.parse(fields.hexadecimal("leaf", LEAF_BYTES))
        opening = _owner_opening(fields) if level == _OWNER else _supervision_opening(fields)
        inclusion = _inclusion(fields)
        note = _note(fields)
        anchor = _anchor(fields.fields("anchor")) if fields.has("anchor") else None
        standing = _standing(fields.fields("standing")) if fields.has("standing") else None
        fields.done()
        return cls(log_id, index, leaf, opening, inclusion, note, anchor, standing, recorded_in)


def owner_bundle(
    entry: Entry,
    record: Mapping[str, Any],
    salt: bytes,
    place: LeafPlace,
    inclusion: Sequence[bytes],
    note: str,
    *,
    anchor: Anchor | None = None,
    standing: StandingStatement | None = None,
    recorded_in: LogId | None = None,
) -> ProofBundle:
    """The bundle a person may carry away: it opens this record and no other fact of hers.

    Args:
        entry: the entry of the fact; its subject stays behind, only the handle goes out.
        record: all fields in clear.
        salt: the 32 bytes of its commitment.
        place: the leaf.
        inclusion: sibling hashes from the leaf upwards.
        note: the signed checkpoint with its cosignatures.
        anchor: where the checkpoint stands on chain, if it does.
        standing: a cosigner's statement, if the issuer got one.
        recorded_in: the log that recorded the leaf, where another one carries it on.
    """
    is_reversal = entry.head.kind is Kind.REVERSAL
    opening = OwnerOpening(
        record=record,
        salt=salt,
        head=entry.head,
        handle=handle_of(entry.head, entry.subject),
        amount_fen=entry.amount_fen,
        commitment=entry.commitment,
        reverses=LeafPlace(*reversed_leaf(entry.subject)) if is_reversal else None,
    )
    leaf = entry.leaf(recorded_in or place.log_id)
    path = tuple(inclusion)
    parsed = Note.parse(note)
    return ProofBundle(
        place.log_id, place.index, leaf, opening, path, parsed, anchor, standing, recorded_in
    )


def supervision_bundle(
    entry: Entry,
    place: LeafPlace,
    inclusion: Sequence[bytes],
    note: str,
    *,
    anchor: Anchor | None = None,
    standing: StandingStatement | None = None,
    recorded_in: LogId | None = None,
) -> ProofBundle:
    """The bundle between supervisors: it opens the entry, with its pseudonym, and no record."""
    leaf, opening = entry.leaf(recorded_in or place.log_id), SupervisionOpening(entry)
    path = tuple(inclusion)
    parsed = Note.parse(note)
    return ProofBundle(
        place.log_id, place.index, leaf, opening, path, parsed, anchor, standing, recorded_in
    )


def sign_standing(standing: Standing, cosigner: str, signer: Signer) -> StandingStatement:
    """State, as a cosigner, whether a leaf still stands as of a checkpoint.

    Args:
        standing: what is stated.
        cosigner: the key name of the cosigner.
        signer: its cosigning key.
    """
    return StandingStatement(
        size=standing.size,
        root=standing.root,
        reversed=standing.reversed,
        revoked=standing.revoked,
        stated_at=datetime.fromtimestamp(standing.time, UTC),
        cosigner=cosigner,
        signature=signer.sign(standing.digest()),
    )


def _refusal(name: str, reason: str) -> MalformedBundleError:
    return MalformedBundleError(field=name, reason=reason)


def _opening_object(opening: OwnerOpening | SupervisionOpening) -> dict[str, Any]:
    if isinstance(opening, SupervisionOpening):
        return {"entry": opening.entry.pack().hex()}
    value: dict[str, Any] = {
        "record": dict(opening.record),
        "salt": opening.salt.hex(),
        "head": opening.head.pack().hex(),
        "handle": opening.handle.hex(),
        "amount_fen": opening.amount_fen,
        "commitment": opening.commitment.hex(),
    }
    if opening.reverses is not None:
        value["reverses"] = {"log": opening.reverses.log_id, "index": opening.reverses.index}
    return value


def _standing_object(statement: StandingStatement) -> dict[str, Any]:
    return {
        "size": statement.size,
        "root": statement.root.hex(),
        "reversed": statement.reversed,
        "revoked": statement.revoked,
        "time": format_time(statement.stated_at),
        "cosigner": statement.cosigner,
        "signature": base64.b64encode(statement.signature).decode(),
    }


def _owner_opening(fields: Fields) -> OwnerOpening:
    record = fields.mapping("record")
    salt = fields.hexadecimal("salt", SALT_BYTES)
    try:
        head = Head.parse(fields.hexadecimal("head", HEAD_BYTES))
    except EncodingError as error:
        raise _refusal("head", error.reason) from error
    handle = fields.hexadecimal("handle", DIGEST_BYTES)
    amount_fen = fields.integer("amount_fen", -MAX_JSON_INTEGER)
    commitment = Commitment(fields.hexadecimal("commitment", DIGEST_BYTES))
    reverses = None
    if fields.has("reverses"):
        if head.kind is not Kind.REVERSAL:
            raise _refusal("reverses", "only a reversal takes a leaf back")
        place = fields.fields("reverses")
        log_id, index = place.integer("log", 1, MAX_LOG_ID), place.integer("index", 0)
        place.done()
        reverses = LeafPlace(LogId(log_id), LeafIndex(index))
    return OwnerOpening(record, salt, head, handle, amount_fen, commitment, reverses)


def _supervision_opening(fields: Fields) -> SupervisionOpening:
    try:
        return SupervisionOpening(Entry.parse(fields.hexadecimal("entry", ENTRY_BYTES)))
    except EncodingError as error:
        raise _refusal("entry", error.reason) from error


def _inclusion(fields: Fields) -> tuple[bytes, ...]:
    items = fields.items("inclusion")
    if len(items) > MAX_PROOF_HASHES:
        raise _refusal("inclusion", f"it has over {MAX_PROOF_HASHES} hashes")
    try:
        return tuple(parse_hex(item, DIGEST_BYTES) for item in items)
    except ValueError as error:
        raise _refusal("inclusion", "a hash is not 64 digits of hexadecimal") from error


def _note(fields: Fields) -> Note:
    try:
        note = Note.parse(fields.text("checkpoint", MAX_BUNDLE_BYTES))
        CheckpointBody.parse(note.text)
    except MalformedNoteError as error:
        raise _refusal("checkpoint", error.reason) from error
    return note


def _anchor(fields: Fields) -> Anchor:
    chain_id = fields.integer("chain_id", 1)
    contract = fields.hexadecimal("contract", ADDRESS_BYTES, "0x")
    block = fields.integer("block", 0)
    transaction = fields.hexadecimal("transaction", DIGEST_BYTES, "0x")
    fields.done()
    return Anchor(chain_id, f"0x{contract.hex()}", block, f"0x{transaction.hex()}")


def _standing(fields: Fields) -> StandingStatement:
    statement = StandingStatement(
        size=TreeSize(fields.integer("size", 1)),
        root=fields.hexadecimal("root", DIGEST_BYTES),
        reversed=fields.flag("reversed"),
        revoked=fields.flag("revoked"),
        stated_at=fields.time("time"),
        cosigner=fields.text("cosigner"),
        signature=fields.base64("signature", SIGNATURE_BYTES),
    )
    if not is_key_name(statement.cosigner):
        raise fields.refusal("cosigner", "it is not a key name")
    if statement.stated_at.timestamp() < 0:
        raise fields.refusal("time", "it is before 1970")
    fields.done()
    return statement
