"""ABI values to JSON and back, calls and answers to bytes and back.

In JSON, bytes are ``0x`` and hex digits, addresses are checksummed (EIP-55), integers stay
integers, lists stay lists, and a struct is an object with its field names. Source: Solidity's
contract ABI specification.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Sized
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError
from eth_utils.address import is_address, to_checksum_address

from ledger.chain.artifacts import (
    errors_by_selector,
    events_by_topic,
    load_artifact,
    signature_hash,
    type_of,
    types_of,
)
from ledger.errors import ContractRefusedError, EncodingError, LedgerError, UnknownRevertError

Parameter = Mapping[str, Any]

_ARRAY = re.compile(r"(.*)\[(\d*)\]")
_INTEGER = re.compile(r"(u?)int(\d+)")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_PANIC = bytes.fromhex("4e487b71")
_REASON = bytes.fromhex("08c379a0")


def encode_args(contract: str, function: str, arguments: Sequence[Any]) -> list[Any]:
    """Turn the arguments of a call into JSON, to be kept in the outbox.

    Structs are given as mappings by field name or as sequences in field order.

    Raises:
        EncodingError: an argument is missing, too many, of another type or out of its range.
    """
    inputs = load_artifact(contract).entry("function", function)["inputs"]
    _require_count(inputs, arguments, f"{contract}.{function}")
    pairs = zip(inputs, arguments, strict=True)
    return [to_json(item, from_json(item, to_json(item, value))) for item, value in pairs]


def decode_args(contract: str, function: str, arguments: Sequence[Any]) -> list[Any]:
    """Turn what :func:`encode_args` made back into the arguments of a call.

    Raises:
        EncodingError: an argument is missing, too many, of another type or out of its range.
    """
    inputs = load_artifact(contract).entry("function", function)["inputs"]
    _require_count(inputs, arguments, f"{contract}.{function}")
    return [from_json(item, value) for item, value in zip(inputs, arguments, strict=True)]


def to_json(parameter: Parameter, value: Any) -> Any:
    """One ABI value as JSON."""
    kind = str(parameter["type"])
    if array := _ARRAY.fullmatch(kind):
        item = {**parameter, "type": array[1]}
        return [to_json(item, each) for each in value]
    if kind == "tuple":
        parts = parameter["components"]
        _require_count(parts, value, str(parameter["name"]))
        if isinstance(value, Mapping):
            value = [value.get(part["name"]) for part in parts]
        return {part["name"]: to_json(part, each) for part, each in zip(parts, value, strict=True)}
    if isinstance(value, bytes | bytearray):
        return "0x" + bytes(value).hex()
    if kind == "address" and isinstance(value, str) and is_address(value):
        return to_checksum_address(value)
    return value


def from_json(parameter: Parameter, value: Any) -> Any:
    """One JSON value as the ABI value of a parameter, checked against its type.

    Raises:
        EncodingError: it is of another type or out of its range.
    """
    kind, name = str(parameter["type"]), str(parameter["name"])
    if array := _ARRAY.fullmatch(kind):
        if not isinstance(value, list | tuple) or (array[2] and len(value) != int(array[2])):
            raise EncodingError(field=name, reason=f"it must be a list for {type_of(parameter)}")
        return [from_json({**parameter, "type": array[1]}, each) for each in value]
    if kind == "tuple":
        if not isinstance(value, Mapping) or value.keys() != {
            part["name"] for part in parameter["components"]
        }:
            raise EncodingError(field=name, reason="its fields are not those of the struct")
        return tuple(from_json(part, value[part["name"]]) for part in parameter["components"])
    return _plain_from_json(kind, name, value)


def _plain_from_json(kind: str, name: str, value: Any) -> Any:
    if integer := _INTEGER.fullmatch(kind):
        bits = int(integer[2])
        low, high = (0, 2**bits) if integer[1] else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value < high:
            raise EncodingError(field=name, reason=f"it must be an integer that fits {kind}")
        return int(value)
    if kind.startswith("bytes"):
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise EncodingError(field=name, reason="it must be 0x and hex digits")
        data = bytes.fromhex(value[2:])
        if kind != "bytes" and len(data) != int(kind[5:]):
            raise EncodingError(field=name, reason=f"it must be {kind[5:]} bytes")
        return data
    if kind == "address" and not (isinstance(value, str) and is_address(value)):
        raise EncodingError(field=name, reason="it must be an address")
    if kind == "bool" and not isinstance(value, bool):
        raise EncodingError(field=name, reason="it must be true or false")
    if kind == "string" and not isinstance(value, str):
        raise EncodingError(field=name, reason="it must be a text")
    return value


def _require_count(inputs: Sequence[Parameter], values: Sized, field: str) -> None:
    if len(inputs) != len(values):
        raise EncodingError(field=field, reason=f"it takes {len(inputs)} values, not {len(values)}")


def call_data(contract: str, function: str, arguments: Sequence[Any]) -> bytes:
    """The bytes of a call: selector and arguments."""
    entry = load_artifact(contract).entry("function", function)
    _require_count(entry["inputs"], arguments, f"{contract}.{function}")
    return signature_hash(entry)[:4] + abi_encode(types_of(entry["inputs"]), list(arguments))


def named_call(contract: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Function and JSON arguments of the bytes of a call; None when it is none of the contract."""
    for entry in load_artifact(contract).abi:
        if entry["type"] != "function" or signature_hash(entry)[:4] != data[:4]:
            continue
        try:
            values = abi_decode(types_of(entry["inputs"]), data[4:])
        except DecodingError:
            return None
        pairs = zip(entry["inputs"], values, strict=True)
        return str(entry["name"]), {item["name"]: to_json(item, value) for item, value in pairs}
    return None


def creation_data(contract: str, arguments: Sequence[Any]) -> bytes:
    """The bytes that create a contract: its code and the constructor's arguments."""
    artifact = load_artifact(contract)
    inputs = artifact.constructor_inputs
    _require_count(inputs, arguments, contract)
    return artifact.bytecode + abi_encode(types_of(inputs), list(arguments))


def answer_values(contract: str, function: str, data: bytes) -> tuple[Any, ...]:
    """The values that a read function answered, structs as mappings by field name.

    Raises:
        UnknownRevertError: the bytes are no such answer, so other code than ours gave them.
    """
    outputs = load_artifact(contract).entry("function", function)["outputs"]
    try:
        values = abi_decode(types_of(outputs), data)
    except DecodingError as error:
        raise UnknownRevertError(contract=contract, data="0x" + data[:64].hex()) from error
    return tuple(_named(item, value) for item, value in zip(outputs, values, strict=True))


def _named(parameter: Parameter, value: Any) -> Any:
    """A decoded value with structs as mappings and addresses checksummed."""
    kind = str(parameter["type"])
    if array := _ARRAY.fullmatch(kind):
        return tuple(_named({**parameter, "type": array[1]}, each) for each in value)
    if kind == "tuple":
        parts = parameter["components"]
        return {part["name"]: _named(part, each) for part, each in zip(parts, value, strict=True)}
    return to_checksum_address(value) if kind == "address" else value


def refusal_of(contract: str, data: bytes) -> LedgerError:
    """The error that a contract's revert bytes say, ready to be raised."""
    selector, body = data[:4], data[4:]
    entry = errors_by_selector().get(selector)
    if entry is None and selector == _PANIC:
        entry = {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]}
    if entry is None and selector == _REASON:
        entry = {"name": "Error", "inputs": [{"name": "reason", "type": "string"}]}
    if entry is None:
        return UnknownRevertError(contract=contract, data="0x" + data[:68].hex())
    try:
        values = abi_decode(types_of(entry["inputs"]), body)
    except DecodingError:
        return UnknownRevertError(contract=contract, data="0x" + data[:68].hex())
    pairs = zip(entry["inputs"], values, strict=True)
    return ContractRefusedError(
        contract=contract,
        error=str(entry["name"]),
        values={item["name"]: to_json(item, value) for item, value in pairs},
    )


def event_values(
    contract: str, topics: Sequence[bytes], data: bytes
) -> tuple[str, dict[str, Any]] | None:
    """Name and JSON values of an event; None for one that the interface does not know."""
    entry = events_by_topic(contract).get(topics[0]) if topics else None
    if entry is None:
        return None
    indexed = [item for item in entry["inputs"] if item["indexed"]]
    plain = [item for item in entry["inputs"] if not item["indexed"]]
    found: dict[str, Any] = {}
    for item, topic in zip(indexed, topics[1:], strict=True):
        (found[item["name"]],) = abi_decode([type_of(item)], topic)
    for item, value in zip(plain, abi_decode(types_of(plain), data), strict=True):
        found[item["name"]] = value
    ordered = {item["name"]: to_json(item, found[item["name"]]) for item in entry["inputs"]}
    return str(entry["name"]), ordered
