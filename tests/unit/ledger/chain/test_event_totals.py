"""What events add up to: every rule names a reading that the contracts have."""

from __future__ import annotations

import re

import pytest

from ledger.chain.artifacts import CONTRACTS, load_artifact
from ledger.chain.event_totals import (
    COUNTING,
    LIBRARY_EVENTS,
    LOG_COUNT,
    RULES,
    Scope,
    add_up,
    always,
    keys_of,
    most_telling_first,
    reading_of,
    touched_by,
    value_of,
)

CASE = "0x" + "ab" * 32
UNPROVEN = {
    # Shown to people, and read from storage where they decide; Bureaus keeps no count of them.
    ("Bureaus", "SupervisorNamed"), ("Bureaus", "SupervisorRetired"), ("Bureaus", "OfficerSet"),
    ("Bureaus", "RoleAdminChanged"),
    # OpenZeppelin's, beside one of ours in the same transaction, or never announced here.
    ("Council", "CallExecuted"), ("Council", "CallSalt"), ("Council", "CallScheduled"),
    ("Council", "Cancelled"), ("Council", "RoleGranted"), ("Council", "RoleRevoked"),
    ("Council", "RoleAdminChanged"), ("Funds", "EIP712DomainChanged"),
}  # fmt: skip


def example(contract: str, name: str) -> dict:
    """Arguments of an event, each of its type."""
    values = {}
    for item in load_artifact(contract).entry("event", name)["inputs"]:
        kind = item["type"]
        values[item["name"]] = (
            [3] if kind.endswith("]") else "0x" + "11" * int(kind[5:] or 32)
            if kind.startswith("bytes") else "0x" + "22" * 20
            if kind == "address" else True if kind == "bool" else "text" if kind == "string" else 1
        )  # fmt: skip
    return values


@pytest.mark.parametrize(("contract", "name"), sorted(RULES))
def test_every_rule_changes_a_total_that_a_contract_can_confirm(contract, name):
    totals: dict[str, int] = {}
    names = add_up(totals, [(contract, name, example(contract, name))])
    assert names == totals.keys() != set()
    for total, value in totals.items():
        reading = reading_of(total)
        outputs = load_artifact(reading.contract).entry("function", reading.function)["outputs"]
        parts = {part["name"] for item in outputs for part in item.get("components", [item])}
        assert (reading.part in parts) if reading.part else (len(outputs) == 1)
        assert isinstance(value, int)


def test_every_event_is_proven_by_a_total_or_somebody_decided_that_it_is_not():
    for contract in CONTRACTS:
        for name in {
            item["name"] for item in load_artifact(contract).abi if item["type"] == "event"
        }:
            proven = bool(touched_by(contract, name, example(contract, name)))
            assert proven is ((contract, name) not in UNPROVEN), (contract, name)


def test_a_contract_that_counts_its_events_proves_each_of_them():
    with_count = {
        contract
        for contract in CONTRACTS
        if any(item.get("name") == "eventCount" for item in load_artifact(contract).abi)
    }
    assert with_count == COUNTING
    names = always(0)
    for contract in COUNTING:
        total = f"{contract}.eventCount"
        assert total in names
        assert reading_of(total).function == "eventCount"
        for item in load_artifact(contract).abi:
            if item["type"] == "event":
                event = (contract, item["name"], example(contract, item["name"]))
                totals = {total: 5}
                add_up(totals, [event])
                assert totals[total] == 5 + (item["name"] not in LIBRARY_EVENTS), event


def test_a_text_is_compared_by_its_digest():
    totals: dict[str, int] = {}
    for endpoint in ("http://one.example", "http://two.example"):
        add_up(totals, [("Bureaus", "EndpointChanged", {"log": 1, "endpoint": endpoint})])
    (name,) = totals
    assert value_of(reading_of(name), ({"endpoint": "http://two.example"},)) == totals[name]
    assert value_of(reading_of(name), ({"endpoint": "http://one.example"},)) != totals[name]


def test_what_says_most_about_a_difference_is_compared_first():
    names = ["Funds.eventCount", "Transfers.transferCase.state/0x01", "Funds.totals.sentFen/1"]
    assert most_telling_first(names) == [names[2], names[1], names[0]]


def test_totals_of_every_log_are_compared_even_when_nothing_touched_them():
    names = always(2)
    assert LOG_COUNT in names
    assert {"Checkpoints.total", "Checkpoints.count/1", "Checkpoints.count/2"} <= set(names)
    assert not any("{" in name or name.endswith("/3") for name in names)
    scopes = {rule.name: rule.scope for rules in RULES.values() for rule in rules}
    touched = [name for name, scope in scopes.items() if scope is Scope.WHEN_TOUCHED]
    assert not any(name.startswith(each.partition("/")[0]) for each in touched for name in names)
    assert not any(re.search(r"/$", name) for name in always(0))


def test_order_decides_what_a_state_is():
    totals: dict[str, int] = {}
    case = {"caseId": CASE, "toLog": 2, "segmentTag": CASE}
    add_up(
        totals, [("Transfers", "TransferRequested", case), ("Transfers", "TransferReleased", case)]
    )
    assert totals == {f"Transfers.transferCase.state/{CASE}": 2, "Transfers.eventCount": 2}
    add_up(totals, [("Transfers", "TransferAccepted", case)])
    assert totals[f"Transfers.transferCase.state/{CASE}"] == 3
    assert totals[f"Transfers.claimOf.log/0,{CASE}"] == 2


def test_credentials_are_bits_of_words():
    totals: dict[str, int] = {}
    for name, indices in (("CredentialsRevoked", [0, 255, 256]), ("CredentialsRestored", [255])):
        add_up(totals, [("Statuses", name, {"log": 7, "indices": indices})])
    assert totals == {"Statuses.word/7,0": 1, "Statuses.word/7,1": 1, "Statuses.eventCount": 2}


def test_a_name_says_what_to_read():
    reading = reading_of(f"Transfers.transferCase.state/{CASE}")
    assert (reading.contract, reading.function) == ("Transfers", "transferCase")
    assert reading.arguments == (bytes.fromhex(CASE[2:]),)
    assert value_of(reading, ({"state": 3},)) == 3
    assert value_of(reading_of("Checkpoints.total"), (9,)) == 9
    with pytest.raises(KeyError):
        reading_of("Checkpoints.nothing")


def test_an_event_is_found_by_its_indexed_arguments_and_its_transaction():
    arguments = example("Checkpoints", "CheckpointPublished") | {"log": 3, "size": 8}
    found = keys_of("Checkpoints", "CheckpointPublished", arguments, "0xAB")
    assert found == ["log:3", "size:8", "transaction:0xab"]
