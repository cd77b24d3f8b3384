"""Compiled contracts as checked in: interface, code, and what each error and event is called.

They are found beside the package (``contracts/artifacts`` of the same installation), so that
running needs neither a compiler nor a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from eth_utils.crypto import keccak

CONTRACTS: Final = (
    "Council",
    "Bureaus",
    "WorkCalendar",
    "Checkpoints",
    "Transfers",
    "FundRules",
    "Funds",
    "Conflicts",
    "Statuses",
)
"""The contracts of a deployment, in the order in which they are deployed."""

_FOLDER = Path(__file__).resolve().parent.parent.parent / "contracts" / "artifacts"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract. ``abi`` is its interface as the compiler gave it."""

    contract: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutable_places: tuple[tuple[int, int], ...]

    def entry(self, kind: str, name: str) -> Mapping[str, Any]:
        """The interface of a ``function``, ``event`` or ``error`` by its name.

        Raises:
            KeyError: the contract has none of that name.
        """
        for item in self.abi:
            if item["type"] == kind and item["name"] == name:
                return item
        raise KeyError(f"{self.contract} has no {kind} {name}")

    @property
    def constructor_inputs(self) -> tuple[Mapping[str, Any], ...]:
        """The inputs of the constructor; empty without one."""
        for item in self.abi:
            if item["type"] == "constructor":
                return tuple(item["inputs"])
        return ()


def constructor_arguments(
    contract: str, addresses: Mapping[str, str], given: Mapping[str, Any]
) -> list[Any]:
    """What a contract's constructor takes: other contracts by their interface, the rest by name.

    Raises:
        KeyError: it takes a contract that does not stand yet, or something that is not given.
    """
    taken = []
    for item in load_artifact(contract).constructor_inputs:
        interface = str(item["internalType"]).removeprefix("contract I")
        known = interface != item["internalType"]
        taken.append(addresses[interface] if known else given[item["name"]])
    return taken


@cache
def load_artifact(contract: str) -> Artifact:
    """Read the artifact of one contract.

    Raises:
        KeyError: there is no such contract.
    """
    if contract not in CONTRACTS:
        raise KeyError(f"there is no contract {contract}")
    content = json.loads((_FOLDER / f"{contract}.json").read_text("utf-8"))
    return Artifact(
        contract=contract,
        abi=tuple(content["abi"]),
        bytecode=bytes.fromhex(content["bytecode"][2:]),
        deployed_bytecode=bytes.fromhex(content["deployedBytecode"][2:]),
        immutable_places=tuple(
            (place["start"], place["length"]) for place in content["immutableReferences"]
        ),
    )


def type_of(parameter: Mapping[str, Any]) -> str:
    """The canonical ABI type of a parameter, structs spelled out: ``(uint32,bytes32[])[]``."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(type_of(part) for part in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def types_of(parameters: tuple[Mapping[str, Any], ...] | list[Mapping[str, Any]]) -> list[str]:
    """The canonical types of several parameters."""
    return [type_of(parameter) for parameter in parameters]


def signature_hash(entry: Mapping[str, Any]) -> bytes:
    """Keccak-256 of ``name(types)``: first topic of an event; 4 bytes select a call or error."""
    return bytes(keccak(text=f"{entry['name']}({','.join(types_of(entry['inputs']))})"))


@cache
def errors_by_selector() -> Mapping[bytes, Mapping[str, Any]]:
    """Every custom error by its 4-byte selector; one contract passes another's on."""
    found: dict[bytes, Mapping[str, Any]] = {}
    for contract in CONTRACTS:
        for item in load_artifact(contract).abi:
            if item["type"] == "error":
                found[signature_hash(item)[:4]] = item
    return found


@cache
def events_by_topic(contract: str) -> Mapping[bytes, Mapping[str, Any]]:
    """The events of a contract by their first topic."""
    abi = load_artifact(contract).abi
    return {signature_hash(item): item for item in abi if item["type"] == "event"}
