"""Ethereum's JSON spelling: hex quantities, hex data, block names, transaction and filter objects.

Source: ethereum/execution-apis (quantity: no leading zeros; data: two digits a byte).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_typing import Address

from devnet.errors import InvalidParamsError
from devnet.execution import CallRequest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from devnet.store import LogRow

ZERO_ADDRESS = bytes(20)
NEWEST_NAMES = ("latest", "pending", "safe", "finalized")
MAX_TOPICS = 4
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


@dataclass(frozen=True, slots=True)
class BlockReference:
    """A block as a caller names it: exactly one of the three is set."""

    name: str | None = None
    number: int | None = None
    block_hash: bytes | None = None


def quantity(value: object, what: str) -> int:
    """Read ``0x…`` as a number.

    Raises:
        InvalidParamsError: naming ``what``, never the value.
    """
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise InvalidParamsError(f"{what}: expected a hex quantity")


def data(value: object, what: str, size: int | None = None) -> bytes:
    """Read ``0x…`` as bytes, of exactly ``size`` bytes when given.

    Raises:
        InvalidParamsError: naming ``what``, never the value.
    """
    if isinstance(value, str) and _DATA.fullmatch(value):
        read = bytes.fromhex(value[2:])
        if size in (None, len(read)):
            return read
    expected = "hex data" if size is None else f"{size} bytes of hex data"
    raise InvalidParamsError(f"{what}: expected {expected}")


def hex_quantity(number: int) -> str:
    """``0x`` and the digits, without leading zeros."""
    return hex(number)


def hex_data(value: bytes) -> str:
    """``0x`` and two digits a byte."""
    return "0x" + value.hex()


def argument(params: Sequence[Any], place: int, what: str) -> Any:
    """The positional parameter at ``place``.

    Raises:
        InvalidParamsError: it is missing.
    """
    if place >= len(params):
        raise InvalidParamsError(f"missing value for required argument {place}: {what}")
    return params[place]


def block_reference(value: object) -> BlockReference:
    """Read a block name, number, or the object of EIP-1898; nothing means the newest."""
    if value is None:
        return BlockReference(name="latest")
    if isinstance(value, str) and (value == "earliest" or value in NEWEST_NAMES):
        return BlockReference(name=value)
    if isinstance(value, dict) and "blockHash" in value:
        return BlockReference(block_hash=data(value["blockHash"], "blockHash", 32))
    if isinstance(value, dict):
        return BlockReference(number=quantity(value.get("blockNumber"), "blockNumber"))
    return BlockReference(number=quantity(value, "block"))


def call_request(value: object) -> CallRequest:
    """Read the transaction object of ``eth_call`` and ``eth_estimateGas``.

    Prices and access lists are read by nobody: a call costs nothing here.
    """
    if not isinstance(value, dict):
        raise InvalidParamsError("transaction: expected an object")
    payload = value.get("input", value.get("data"))
    sender, target, gas, wei = (value.get(key) for key in ("from", "to", "gas", "value"))
    return CallRequest(
        sender=Address(ZERO_ADDRESS if sender is None else data(sender, "from", 20)),
        to=Address(b"" if target in (None, "", "0x") else data(target, "to", 20)),
        value=0 if wei is None else quantity(wei, "value"),
        data=b"" if payload is None else data(payload, "input"),
        gas=None if gas is None else quantity(gas, "gas"),
    )


def filter_addresses(wanted: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The addresses of a log filter: one, several, or none for any."""
    value = wanted.get("address")
    if value is None:
        return ()
    several = value if isinstance(value, list) else [value]
    return tuple(data(each, "address", 20) for each in several)


def filter_topics(wanted: Mapping[str, Any]) -> tuple[tuple[bytes, ...], ...]:
    """The topics of a log filter, one tuple of alternatives a place."""
    places = wanted.get("topics") or []
    if not isinstance(places, list) or len(places) > MAX_TOPICS:
        raise InvalidParamsError(f"topics: expected a list of at most {MAX_TOPICS}")
    read: list[tuple[bytes, ...]] = []
    for place in places:
        several = [] if place is None else place if isinstance(place, list) else [place]
        # null among alternatives means anything, as in geth
        any_topic = None in several
        read.append(() if any_topic else tuple(data(each, "topic", 32) for each in several))
    return tuple(read)


def log_object(row: LogRow) -> dict[str, Any]:
    """One log as ``eth_getLogs`` gives it."""
    return {
        "address": hex_data(row.address),
        "topics": [hex_data(topic) for topic in row.topics],
        "data": hex_data(row.data),
        "blockNumber": hex_quantity(row.block_number),
        "blockHash": hex_data(row.block_hash),
        "transactionHash": hex_data(row.transaction_hash),
        "transactionIndex": hex_quantity(row.position),
        "logIndex": hex_quantity(row.log_index),
        "removed": False,
    }


def spelled(value: Any) -> Any:
    """Turn Python's numbers and bytes into Ethereum's spelling, however deep they sit.

    Addresses lose the capitals of their checksum: nodes answer without.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value)
    if isinstance(value, bytes | bytearray):
        return hex_data(bytes(value))
    if isinstance(value, str):
        return value.lower() if _ADDRESS.fullmatch(value) else value
    if isinstance(value, dict):
        return {key: spelled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [spelled(each) for each in value]
    return value
