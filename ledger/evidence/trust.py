"""The trust file (`anxu-trust/1`): what a verifier believes before it sees a proof.

It names the chain, the contracts with the digests of their code, every log with its keys and every
cosigner, each key with the time it was valid in. A verifier gets it from a supervisor over a way it
trusts; a proof bundle brings its own keys in vain. Source: docs/reference/evidence.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from ledger.errors import MalformedKeyError, MalformedTrustFileError
from ledger.evidence.checkpoint import COSIGNATURE_V1, ED25519, VerifierKey
from ledger.evidence.encoding import DIGEST_BYTES, LogId, TreeSize
from ledger.evidence.lineage import Inherited, Lineage
from ledger.evidence.strict_json import (
    Fields,
    format_object,
    format_time,
    parse_object,
)

TRUST_SCHEMA: Final = "anxu-trust/1"
CHECKPOINTS_CONTRACT: Final = "Checkpoints"
ADDRESS_BYTES: Final = 20
MAX_TRUST_FILE_BYTES: Final = 4_194_304
MAX_LOG_ID: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key and the time it is trusted in: from ``valid_from`` to before ``valid_until``."""

    key: VerifierKey
    valid_from: datetime
    valid_until: datetime | None = None

    def covers(self, time: datetime) -> bool:
        """Whether the key was valid at ``time``."""
        return self.valid_from <= time and (self.valid_until is None or time < self.valid_until)


@dataclass(frozen=True, slots=True)
class TrustedContract:
    """Where a contract is and what its code is.

    ``address`` is 0x and lower case; ``code_hash`` is Keccak-256 of the runtime code.
    """

    address: str
    code_hash: bytes


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A bureau's log: its id, its origin, who keeps it where, and its keys of all times.

    ``inherited``: whose leaves it begins with, when it carries a closed log on.
    """

    log_id: LogId
    origin: str
    name: str
    region: str
    keys: tuple[TrustedKey, ...]
    inherited: tuple[Inherited, ...] = ()

    def origin_of(self, index: int) -> LogId:
        """The log that recorded this log's leaf ``index``."""
        return Lineage(self.log_id, self.inherited).origin_of(index)


@dataclass(frozen=True, slots=True)
class TrustedCosigner:
    """A supervisor's cosigning key; ``name`` is for people, the key's own name stands in notes."""

    name: str
    trusted: TrustedKey


@dataclass(frozen=True, slots=True)
class TrustFile:
    """Everything a verifier believes before it sees a bundle."""

    chain_id: int
    contracts: Mapping[str, TrustedContract]
    logs: tuple[TrustedLog, ...]
    cosigners: tuple[TrustedCosigner, ...]

    def log(self, log_id: int) -> TrustedLog | None:
        """The log with this id."""
        return next((log for log in self.logs if log.log_id == log_id), None)

    def cosigners_named(self, key_name: str) -> tuple[TrustedCosigner, ...]:
        """The cosigning keys, of all times, under one key name."""
        return tuple(row for row in self.cosigners if row.trusted.key.name == key_name)

    def to_json(self) -> str:
        """The file."""
        return format_object(
            {
                "schema": TRUST_SCHEMA,
                "chain_id": self.chain_id,
                "contracts": {
                    name: {"address": row.address, "code_hash": f"0x{row.code_hash.hex()}"}
                    for name, row in self.contracts.items()
                },
                "logs": [
                    {
                        "log_id": log.log_id,
                        "origin": log.origin,
                        "name": log.name,
                        "region": log.region,
                        "keys": [_key_object(key) for key in log.keys],
                        **_inherited_object(log.inherited),
                    }
                    for log in self.logs
                ],
                "cosigners": [
                    {"name": row.name, **_key_object(row.trusted)} for row in self.cosigners
                ],
            }
        )

    @classmethod
    def from_json(cls, data: bytes | str) -> TrustFile:
        """The trust file in these bytes.

        Raises:
            MalformedTrustFileError: names the first field that is not as it must be.
        """
        fields = Fields(parse_object(data, MAX_TRUST_FILE_BYTES, _refusal), "", _refusal)
        fields.constant("schema", TRUST_SCHEMA)
        chain_id = fields.integer("chain_id", 1)
        contracts = _contracts(fields.mapping("contracts"))
        logs = tuple(
            _log(Fields(row, f"logs[{at}]", _refusal), chain_id)
            for at, row in enumerate(fields.items("logs"))
        )
        cosigners = tuple(
            _cosigner(Fields(row, f"cosigners[{at}]", _refusal))
            for at, row in enumerate(fields.items("cosigners"))
        )
        fields.done()
        _require_unique("logs", [log.log_id for log in logs])
        _require_unique("cosigners", [row.trusted.key.format() for row in cosigners])
        return cls(chain_id, MappingProxyType(contracts), logs, cosigners)


def origin_of_log(chain_id: int, log_id: int) -> str:
    """The origin line of a log's checkpoints."""
    return f"anxu/{chain_id}/{log_id}"


def _refusal(field: str, reason: str) -> MalformedTrustFileError:
    return MalformedTrustFileError(field=field, reason=reason)


def _contracts(rows: Mapping[str, Any]) -> dict[str, TrustedContract]:
    contracts = {}
    for name, row in rows.items():
        fields = Fields(row, f"contracts.{name}", _refusal)
        address = fields.hexadecimal("address", ADDRESS_BYTES, "0x")
        code_hash = fields.hexadecimal("code_hash", DIGEST_BYTES, "0x")
        fields.done()
        contracts[name] = TrustedContract(f"0x{address.hex()}", code_hash)
    return contracts


def _log(fields: Fields, chain_id: int) -> TrustedLog:
    log_id = fields.integer("log_id", 1, MAX_LOG_ID)
    origin = origin_of_log(chain_id, log_id)
    fields.constant("origin", origin)
    name, region = fields.text("name"), fields.text("region")
    keys = tuple(_key(row, fields, ED25519) for row in _key_rows(fields))
    for key in keys:
        if key.key.name != origin:
            raise fields.refusal("keys", "a log signs under its origin")
    inherited = _inherited(fields, log_id) if fields.has("inherited") else ()
    fields.done()
    _require_unique("keys", [key.key.format() for key in keys])
    return TrustedLog(LogId(log_id), origin, name, region, keys, inherited)


def _inherited(fields: Fields, heir: int) -> tuple[Inherited, ...]:
    parts: list[Inherited] = []
    for at, row in enumerate(fields.items("inherited")):
        part = Fields(row, f"inherited[{at}]", _refusal)
        log_id, end = part.integer("log_id", 1, MAX_LOG_ID), part.integer("end", 1)
        part.done()
        if log_id == heir or (parts and end <= parts[-1].end):
            raise fields.refusal("inherited", "its ends ascend, and no log inherits from itself")
        parts.append(Inherited(LogId(log_id), TreeSize(end)))
    if not parts:
        raise fields.refusal("inherited", "it is empty; leave it out")
    return tuple(parts)


def _inherited_object(inherited: Iterable[Inherited]) -> dict[str, Any]:
    parts = [{"log_id": part.log_id, "end": part.end} for part in inherited]
    return {"inherited": parts} if parts else {}


def _key_rows(fields: Fields) -> list[Fields]:
    return [Fields(row, f"keys[{at}]", _refusal) for at, row in enumerate(fields.items("keys"))]


def _cosigner(fields: Fields) -> TrustedCosigner:
    name = fields.text("name")
    return TrustedCosigner(name, _key(fields, fields, COSIGNATURE_V1))


def _key(fields: Fields, parent: Fields, algorithm: int) -> TrustedKey:
    try:
        key = VerifierKey.parse(fields.text("vkey"))
    except MalformedKeyError as error:
        raise parent.refusal("vkey", error.reason) from error
    if key.algorithm != algorithm:
        raise parent.refusal("vkey", f"its signature type is not {algorithm}")
    valid_from = fields.time("valid_from")
    valid_until = None if fields.is_null("valid_until") else fields.time("valid_until")
    fields.done()
    if valid_until is not None and valid_until <= valid_from:
        raise parent.refusal("valid_until", "it is not after valid_from")
    return TrustedKey(key, valid_from, valid_until)


def _key_object(row: TrustedKey) -> dict[str, Any]:
    return {
        "vkey": row.key.format(),
        "valid_from": format_time(row.valid_from),
        "valid_until": None if row.valid_until is None else format_time(row.valid_until),
    }


def _require_unique(field: str, values: Iterable[object]) -> None:
    listed = list(values)
    if len(set(listed)) != len(listed):
        raise _refusal(field, "one of them stands twice")
