"""The artifacts that the ledger reads are those that are checked in."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from ledger.chain.artifacts import (
    CONTRACTS,
    errors_by_selector,
    events_by_topic,
    load_artifact,
    signature_hash,
)


def test_every_contract_of_a_deployment_has_code_and_interface():
    for contract in CONTRACTS:
        artifact = load_artifact(contract)
        assert artifact.contract == contract
        assert len(artifact.bytecode) > len(artifact.deployed_bytecode) > 1_000
        assert artifact.abi


def test_an_unknown_contract_function_or_event_is_our_own_mistake():
    with pytest.raises(KeyError):
        load_artifact("EvidenceHarness")
    with pytest.raises(KeyError):
        load_artifact("Funds").entry("function", "steal")


def test_immutable_places_are_empty_in_the_artifact():
    artifact = load_artifact("Funds")
    assert artifact.immutable_places
    for start, length in artifact.immutable_places:
        assert artifact.deployed_bytecode[start : start + length] == bytes(length)


def test_no_two_errors_share_a_selector():
    names = {
        item["name"]
        for contract in CONTRACTS
        for item in load_artifact(contract).abi
        if item["type"] == "error"
    }
    assert {item["name"] for item in errors_by_selector().values()} == names


def test_events_are_found_by_their_topic():
    topic = keccak(text="BenefitClaimed(bytes32,uint32)")
    assert events_by_topic("Transfers")[topic]["name"] == "BenefitClaimed"
    assert signature_hash(load_artifact("Transfers").entry("event", "BenefitClaimed")) == topic
