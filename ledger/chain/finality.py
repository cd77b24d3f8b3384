"""When a block counts as final: a rule for each network, decided from block headers alone.

Whatever is younger than the final block is pending: it may still be replaced, and what rests on it
is undone and done again. A network with instant finality (QBFT, the embedded chain) has no younger
blocks. Proof of authority (clique) has no finality of its own: a block counts once more than half
of the validators have each put a block on top of it, told by signatures that are recovered here.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol

import rlp  # type: ignore[import-untyped]
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from ledger.chain.connection import Block
from ledger.errors import BlockSignerError, ChainUnavailableError, SettingsError

IMMEDIATE: Final = "immediate"
DEPTH: Final = "depth"
SIGNERS: Final = "signers"
RULES: Final = (IMMEDIATE, DEPTH, SIGNERS)

SEAL_BYTES: Final = 65
"""The signature at the end of a clique header's extra data (EIP-225)."""
_FIELDS: Final = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
    "logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData",
    "mixHash", "nonce", "baseFeePerGas",
)  # fmt: skip
"""The fields of a London header, in the order in which they are hashed (EIP-1559)."""
_QUANTITIES: Final = frozenset(
    {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}
)
_REMEMBERED_HEADERS: Final = 4096
_WALKS: Final = 4
"""How often a walk is begun anew because the chain was reorganised under it."""


class Headers(Protocol):
    """Where blocks are asked for."""

    @property
    def endpoint(self) -> str:
        """Who answers."""

    def block(self, at: int | str | None = None) -> Block:
        """A block; without a number the newest."""

    def header(self, number: int) -> Mapping[str, Any]:
        """A block's header as JSON-RPC gives it."""


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """A header with the address of the validator whose signature it carries."""

    block: Block
    signer: str


class SealMemory:
    """Headers that were checked before, by hash; shared by threads."""

    def __init__(self, capacity: int = _REMEMBERED_HEADERS) -> None:
        self._known: OrderedDict[str, SealedHeader] = OrderedDict()
        self._capacity = capacity
        self._lock = Lock()

    def find(self, block_hash: str) -> SealedHeader | None:
        """The header with this hash, if it was kept."""
        with self._lock:
            return self._known.get(block_hash)

    def keep(self, header: SealedHeader) -> None:
        """Keep a header, and let the oldest go when there are too many."""
        with self._lock:
            self._known[header.block.hash] = header
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Finality:
    """What a network takes for final; part of the deployment manifest.

    Args:
        rule: ``immediate``: the newest block is final. ``depth``: a block is final once ``blocks``
            others follow. ``signers``: once blocks of ``validators // 2 + 1`` different validators
            follow.
        blocks: for ``depth``; 0 else.
        validators: how many validators the network has, for ``signers``; 0 else.
        signers: the validators' addresses; a header signed by anybody else is refused. Empty:
            whoever signed counts, and the node behind the endpoint is trusted to have checked.
        reorg_depth: blocks nearer than this to the newest one never count, whatever the rule says.

    Raises:
        SettingsError: the parts do not fit together.
    """

    rule: str = IMMEDIATE
    blocks: int = 0
    validators: int = 0
    signers: tuple[str, ...] = ()
    reorg_depth: int = 0

    def __post_init__(self) -> None:
        reason = ""
        if self.rule not in RULES:
            reason = f"the rule must be one of {', '.join(RULES)}"
        elif self.blocks < 0 or self.validators < 0 or self.reorg_depth < 0:
            reason = "numbers must not be negative"
        elif (self.blocks > 0) != (self.rule == DEPTH):
            reason = f"blocks belong to the rule {DEPTH}, which needs at least one"
        elif (self.validators > 0) != (self.rule == SIGNERS):
            reason = f"validators belong to the rule {SIGNERS}, which needs at least one"
        elif self.signers and len(set(self.signers)) != self.validators:
            reason = "list each of the validators once, or none"
        elif self.rule == IMMEDIATE and self.reorg_depth:
            reason = f"with the rule {IMMEDIATE} nothing is ever reorganised"
        if reason:
            raise SettingsError(setting="finality", reason=reason)

    @property
    def signers_needed(self) -> int:
        """How many different validators must have built on a block."""
        return self.validators // 2 + 1

    def to_json(self) -> dict[str, Any]:
        """The rule as it stands in a manifest."""
        content: dict[str, Any] = {
            "rule": self.rule,
            "blocks": self.blocks,
            "validators": self.validators,
            "reorg_depth": self.reorg_depth,
        }
        return content | ({"signers": list(self.signers)} if self.signers else {})

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Finality:
        """Read a rule; an older manifest's ``{"confirmations": n}`` is a depth.

        Raises:
            SettingsError: the parts do not fit together.
            KeyError, TypeError, ValueError: one is missing or of another type.
        """
        if "rule" not in content:
            return cls.after(int(content["confirmations"]))
        signers = [str(each) for each in content.get("signers", ())]
        if not all(is_address(each) for each in signers):
            raise SettingsError(setting="finality", reason="a signer is no address")
        return cls(
            rule=str(content["rule"]),
            blocks=int(content.get("blocks", 0)),
            validators=int(content.get("validators", 0)),
            signers=tuple(to_checksum_address(each) for each in signers),
            reorg_depth=int(content.get("reorg_depth", 0)),
        )

    @classmethod
    def after(cls, blocks: int) -> Finality:
        """Final once ``blocks`` others follow; at once when that is none."""
        return cls(DEPTH, blocks=blocks) if blocks else cls()

    def final_block(self, connection: Headers, memory: SealMemory | None = None) -> Block:
        """The newest block that counts as final; the first of the chain while there is no other.

        Args:
            connection: where blocks are asked for.
            memory: saves asking for headers that were checked before.

        Raises:
            ChainUnavailableError: no answer, or the chain changes faster than it can be read.
            BlockSignerError: a header is not what its hash says, or signed by nobody who may.
        """
        newest = connection.block()
        if self.rule == IMMEDIATE:
            return newest
        allowed = newest.number - max(self.blocks, self.reorg_depth)
        if allowed <= 0:
            return connection.block(0)
        if self.rule == DEPTH:
            return connection.block(allowed)
        return self._below_signers(connection, newest, allowed, memory or SealMemory())

    def _below_signers(
        self, connection: Headers, newest: Block, allowed: int, memory: SealMemory
    ) -> Block:
        for _ in range(_WALKS):
            found = self._walk(connection, newest, allowed, memory)
            if found is not None:
                return found
            newest = connection.block()
            allowed = newest.number - self.reorg_depth
        raise ChainUnavailableError(
            endpoint=connection.endpoint, reason="the chain is being reorganised"
        )

    def _walk(
        self, connection: Headers, newest: Block, allowed: int, memory: SealMemory
    ) -> Block | None:
        """Go down from the newest block until enough signers were met; None if it was replaced."""
        met: set[str] = set()
        wanted = newest.hash
        for number in range(newest.number, 0, -1):
            sealed = memory.find(wanted)
            if sealed is None:
                header = connection.header(number)
                if str(header["hash"]) != wanted:
                    return None
                sealed = open_header(header)
                memory.keep(sealed)
            if self.signers and sealed.signer not in self.signers:
                raise BlockSignerError(block=number, reason="its signer is no validator")
            if len(met) >= self.signers_needed and number <= allowed:
                return sealed.block
            met.add(sealed.signer)
            wanted = sealed.block.parent_hash
        first = connection.block(0)
        return first if first.hash == wanted else None


def open_header(header: Mapping[str, Any]) -> SealedHeader:
    """Check a clique header against its own hash and recover who signed it (EIP-225).

    Raises:
        BlockSignerError: the fields do not give the hash, or hold no signature.
    """
    number = int(str(header["number"]), 16)
    names = [name for name in _FIELDS if name in header]
    extra = _bytes(header["extraData"])
    if header["hash"] != "0x" + keccak(_encoded(header, names, extra)).hex():
        raise BlockSignerError(block=number, reason="its fields do not give its hash")
    if len(extra) < SEAL_BYTES:
        raise BlockSignerError(block=number, reason="it carries no signature")
    digest = keccak(_encoded(header, names, extra[:-SEAL_BYTES]))
    try:
        signature = Signature(signature_bytes=extra[-SEAL_BYTES:])
        public_key = signature.recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError) as error:
        raise BlockSignerError(block=number, reason="its signature is none") from error
    time = int(str(header["timestamp"]), 16)
    block = Block(number, str(header["hash"]), time, str(header["parentHash"]))
    return SealedHeader(block, public_key.to_checksum_address())


def _encoded(header: Mapping[str, Any], names: Sequence[str], extra: bytes) -> bytes:
    values: list[bytes | int] = [
        extra
        if name == "extraData"
        else int(str(header[name]), 16)
        if name in _QUANTITIES
        else _bytes(header[name])
        for name in names
    ]
    return bytes(rlp.encode(values))


def _bytes(text: Any) -> bytes:
    return bytes.fromhex(str(text).removeprefix("0x"))
