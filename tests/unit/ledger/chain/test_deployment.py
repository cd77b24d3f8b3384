"""The manifest: what it says is what it said, or it is refused."""

from __future__ import annotations

import json

import pytest

from ledger.chain.artifacts import CONTRACTS
from ledger.chain.deployment import DeployedContract, Governance, Manifest, SupervisorInput
from ledger.chain.finality import Finality
from ledger.errors import SettingsError


@pytest.fixture
def manifest():
    contracts = {
        name: DeployedContract(
            address="0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c",
            code_hash="0x" + "ab" * 32,
            block=number,
        )
        for number, name in enumerate(CONTRACTS, start=1)
    }
    return Manifest(
        network="embedded", chain_id=31415, rpc_urls=("http://127.0.0.1:8545",), contracts=contracts,
        finality=Finality.after(2), offset_seconds=-60, as_of="2026-09-15", minimum_lines=5,
        governance={"supervisors": []},
    )  # fmt: skip


def test_a_manifest_returns_as_it_was_through_its_file(manifest, tmp_path):
    path = tmp_path / "manifest.json"
    manifest.save(path)
    assert Manifest.load(path) == manifest
    content = json.loads(path.read_text("utf-8"))
    assert content["schema"] == "anxu-manifest/1"
    assert content["finality"] == {"rule": "depth", "blocks": 2, "validators": 0, "reorg_depth": 0}
    assert content["clock"] == {"offset_seconds": -60, "as_of": "2026-09-15"}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.update(schema="anxu-manifest/2"),
        lambda content: content.pop("chain_id"),
        lambda content: content.pop("finality"),
        lambda content: content["contracts"].pop("Funds"),
        lambda content: content["contracts"]["Funds"].update(address="0x12"),
        lambda content: content["contracts"]["Funds"].update(code_hash="0x12"),
        lambda content: content["contracts"]["Funds"].update(code_hash="zz"),
        lambda content: content.update(minimum_lines="many"),
        lambda content: content.update(contracts=None),
    ],
)
def test_a_damaged_manifest_is_refused(manifest, damage):
    content = json.loads(json.dumps(manifest.to_json()))
    damage(content)
    with pytest.raises(SettingsError) as caught:
        Manifest.from_json(content)
    assert caught.value.setting == "manifest"


@pytest.mark.parametrize("text", ["", "[]", "{", "3"])
def test_a_file_that_holds_no_manifest_is_refused(tmp_path, text):
    path = tmp_path / "manifest.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        Manifest.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError) as caught:
        Manifest.load(tmp_path / "manifest.json")
    assert "manifest.json" in caught.value.reason


def supervisor(number=1, **changes):
    fields = {
        "account": f"0x{number:040x}", "cosigner_key": bytes([number]) * 32, "name": f"监管{number}",
        "endpoint": "http://s.example", "freezer": f"0x{number + 100:040x}", "closer": None,
    }  # fmt: skip
    return SupervisorInput(**(fields | changes))


class TestGovernance:
    def test_a_supervisors_card_returns_as_it_was(self):
        assert (
            SupervisorInput.from_json(json.loads(json.dumps(supervisor().to_json())))
            == supervisor()
        )

    @pytest.mark.parametrize(
        "damage",
        [
            {"account": "0x12"}, {"account": None}, {"freezer": "x"}, {"closer": 7},
            {"cosigner_key": "0x12"}, {"cosigner_key": "zz"},
        ],
    )  # fmt: skip
    def test_a_damaged_card_is_refused(self, damage):
        with pytest.raises(SettingsError) as caught:
            SupervisorInput.from_json(supervisor().to_json() | damage)
        assert caught.value.setting == "supervisor"

    def test_a_card_without_a_part_is_refused(self):
        for name in supervisor().to_json():
            content = supervisor().to_json()
            del content[name]
            with pytest.raises(SettingsError):
                SupervisorInput.from_json(content)

    def test_constructors_take_members_profiles_and_role_holders(self):
        first, second = supervisor(1), supervisor(2, freezer=None, closer=f"0x{9:040x}")
        values = Governance((first, second), threshold=2, delay_seconds=60).constructor_values()
        assert values["firstMembers"] == [first.account, second.account]
        assert (values["firstThreshold"], values["delaySeconds"]) == (2, 60)
        assert [each[0] for each in values["supervisors"]] == values["firstMembers"]
        assert values["holders"] == (values["firstMembers"], [first.freezer], [second.closer])
