"""How a network is born, and that every step may be repeated."""

from __future__ import annotations

import stat
from dataclasses import replace

import pytest
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

import ledger.birth
from ledger.birth import DEPLOYER, NewNode, deploy_network, enrol_bureau, init_node, make_keys
from ledger.chain.bindings import Account, Bindings
from ledger.chain.deployment import Manifest
from ledger.chain.gateway import ChainGateway
from ledger.config import MANIFEST_FILE, NodeSettings
from ledger.errors import NotPermittedError, SettingsError, WrongPassphraseError
from ledger.keys.key_store import (
    ALLIANCE,
    CLOSER,
    COSIGNER,
    FREEZER,
    LOG,
    OPRF,
    PERSON_MASTER,
    PUBLISHER,
    SEALING,
    SESSION,
    SUPERVISOR,
)
from ledger.node import KEYS, PASSPHRASE_FILE, open_keys, open_node

SUPERVISOR_NODE = NewNode("supervisor", "监管", "Supervision", "000000", 0, "127.0.0.1", 1)
BUREAU = NewNode("bureau", "南京", "Nanjing", "320100", 32, "127.0.0.1", 2, demo_sessions=True)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("birth")


@pytest.fixture(scope="module")
def chain(home):
    settings = DevnetSettings(directory=home / "chain", base_fee_wei=0)
    with DevnetProcess(settings) as process:
        yield process


@pytest.fixture(scope="module")
def supervisor(home, make):
    directory = home / "supervisor"
    make.make_quick_keys(directory)
    return directory


@pytest.fixture(scope="module")
def manifest(home, chain, supervisor) -> Manifest:
    made = deploy_network(
        home / "manifest.json", chain.rpc_url, supervisor, SUPERVISOR_NODE,
        minimum_lines=5, as_of="2026-09-15",
    )  # fmt: skip
    init_node(supervisor, made, SUPERVISOR_NODE)
    return made


@pytest.fixture
def bureau(tmp_path, manifest, make):
    """A bureau's directory, not enrolled."""
    directory = tmp_path / "bureau"
    make.make_quick_keys(directory)
    init_node(directory, manifest, BUREAU)
    return directory


@pytest.fixture(scope="module")
def first(home, manifest, supervisor, make):
    """The first bureau, enrolled."""
    directory = home / "first"
    make.make_quick_keys(directory)
    init_node(directory, manifest, BUREAU)
    assert enrol_bureau(directory, supervisor, None) == 1
    return directory


class TestMakeKeys:
    def test_each_role_gets_its_keys_and_repeating_keeps_them(self, tmp_path, make):
        for role, names in (
            ("supervisor", {COSIGNER, SUPERVISOR, FREEZER, CLOSER, DEPLOYER, OPRF, SESSION}),
            ("bureau", {LOG, SEALING, PUBLISHER, PERSON_MASTER, SESSION, "officer-maker", "officer-checker"}),
        ):  # fmt: skip
            make.make_quick_keys(tmp_path / role)
            keys = make_keys(tmp_path / role, role)
            assert set(keys.names()) == names
            again = make_keys(tmp_path / role, role)
            assert {name: again.kind_of(name) for name in again.names()} == {
                name: keys.kind_of(name) for name in keys.names()
            }
            assert again.secret(SESSION) == keys.secret(SESSION)

    def test_a_passphrase_is_made_up_and_kept_for_the_owner_only(self, tmp_path):
        make_keys(tmp_path, "supervisor")
        path = tmp_path / KEYS / PASSPHRASE_FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert len(path.read_text()) >= 32
        with pytest.raises(WrongPassphraseError):
            open_keys(tmp_path, "another passphrase")

    def test_a_given_passphrase_is_written_nowhere(self, tmp_path, monkeypatch):
        make_keys(tmp_path, "supervisor", "given by somebody")
        assert not (tmp_path / KEYS / PASSPHRASE_FILE).exists()
        with pytest.raises(SettingsError):
            open_keys(tmp_path)
        monkeypatch.setenv("ANXU_PASSPHRASE", "given by somebody")
        assert open_keys(tmp_path).has(COSIGNER)

    def test_a_crash_between_any_two_keys_is_made_good(self, tmp_path, make, monkeypatch):
        make.make_quick_keys(tmp_path)
        ensure, left = ledger.birth._ensure, [2]

        def dying(keys, names, generate):
            if left[0] == 0:
                raise OSError
            left[0] -= 1
            ensure(keys, names, generate)

        monkeypatch.setattr(ledger.birth, "_ensure", dying)
        with pytest.raises(OSError):
            make_keys(tmp_path, "bureau")
        monkeypatch.setattr(ledger.birth, "_ensure", ensure)
        log = open_keys(tmp_path).public_key(LOG)
        keys = make_keys(tmp_path, "bureau")
        assert keys.public_key(LOG) == log
        assert keys.has(SESSION)


class TestDeployNetwork:
    def test_an_existing_manifest_is_kept(self, home, chain, supervisor, manifest):
        again = deploy_network(
            home / "manifest.json", chain.rpc_url, supervisor, SUPERVISOR_NODE, minimum_lines=9
        )
        assert again == manifest

    def test_the_supervisor_is_named(self, manifest, supervisor):
        chain = Bindings(ChainGateway(manifest))
        (named,) = chain.supervisors()
        keys = open_keys(supervisor)
        assert (named.account, named.cosigner_key) == (
            keys.secp256k1(SUPERVISOR).address, keys.public_key(COSIGNER),
        )  # fmt: skip
        assert chain.minimum_lines() == 5


class TestInitNode:
    def test_a_node_keeps_its_settings(self, bureau, manifest):
        settings = NodeSettings.load(bureau)
        assert init_node(bureau, manifest, replace(BUREAU, port=99)) == settings
        assert settings.log_id == 0
        assert Manifest.load(bureau / MANIFEST_FILE) == manifest

    @pytest.mark.parametrize(
        "other",
        [SUPERVISOR_NODE, replace(BUREAU, region="320500")],
        ids=["another role", "another region"],
    )
    def test_the_directory_of_another_node_is_refused_and_left_alone(self, bureau, manifest, other):
        before = set(open_keys(bureau).names())
        with pytest.raises(SettingsError) as refusal:
            init_node(bureau, manifest, other)
        assert refusal.value.setting == "directory"
        assert set(open_keys(bureau).names()) == before

    def test_the_directory_of_another_network_is_refused(self, bureau, manifest):
        with pytest.raises(SettingsError) as refusal:
            init_node(bureau, replace(manifest, chain_id=1), BUREAU)
        assert refusal.value.reason == "it holds a node of another network"


class TestEnrolBureau:
    def test_the_first_bureau_can_work_and_so_can_its_officers(self, first, manifest):
        keys, settings = open_keys(first), NodeSettings.load(first)
        chain = Bindings(ChainGateway(manifest))
        assert settings.log_id == 1
        assert chain.log_id_of(keys.secp256k1(PUBLISHER).address) == 1
        for officer in ("officer-maker", "officer-checker"):
            assert chain.is_officer(1, keys.secp256k1(officer).address)
        now = chain.gateway.latest_block().time
        assert chain.route_allowed_at(32, Account.TREASURY, Account.FISCAL, now)
        assert chain.route_allowed_at(32, Account.FISCAL, Account.EXPENDITURE, now)
        assert keys.has(ALLIANCE)
        with open_node(first) as node:
            assert node.context.log_id == 1

    def test_enrolling_again_finds_the_same_log(self, first, supervisor, manifest):
        chain = Bindings(ChainGateway(manifest))
        before = (chain.log_count(), chain.gateway.latest_block().number)
        assert enrol_bureau(first, supervisor, None) == 1
        assert (chain.log_count(), chain.gateway.latest_block().number) == before

    def test_a_bureau_that_is_not_enrolled_does_not_open(self, bureau):
        with pytest.raises(SettingsError) as refusal:
            open_node(bureau)
        assert refusal.value.setting == "log_id"

    def test_only_a_supervisor_enrols(self, bureau, first):
        with pytest.raises(NotPermittedError):
            enrol_bureau(bureau, first, None)

    def test_a_later_bureau_needs_a_sponsor_and_gets_the_same_pseudonyms(
        self, bureau, first, supervisor
    ):
        with pytest.raises(NotPermittedError) as refusal:
            enrol_bureau(bureau, supervisor, None)
        assert "alliance key" in refusal.value.needed
        log_id = enrol_bureau(bureau, supervisor, first)
        assert log_id > 1
        assert open_keys(bureau).secret(ALLIANCE) == open_keys(first).secret(ALLIANCE)
        number = "320106196001010011"
        with open_node(bureau) as one, open_node(first) as other:
            ours, theirs = one.context.bureau.writer, other.context.bureau.writer
            assert ours.subject_of(number) == theirs.subject_of(number)

    def test_a_crash_after_any_transaction_is_made_good(
        self, tmp_path, manifest, supervisor, first, make, monkeypatch
    ):
        transact, moment, done = ChainGateway.transact, 0, False
        while not done:
            directory = tmp_path / str(moment)
            make.make_quick_keys(directory)
            init_node(
                directory, manifest, replace(BUREAU, region=f"33{moment:02d}00", pool=50 + moment)
            )
            left = [moment]

            def dying(self, *arguments, left=left):
                receipt = transact(self, *arguments)
                if left[0] == 0:
                    raise OSError
                left[0] -= 1
                return receipt

            monkeypatch.setattr(ChainGateway, "transact", dying)
            try:
                enrol_bureau(directory, supervisor, first)
                done = True
            except OSError:
                pass
            monkeypatch.setattr(ChainGateway, "transact", transact)
            log_id = enrol_bureau(directory, supervisor, first)
            assert NodeSettings.load(directory).log_id == log_id
            chain = Bindings(ChainGateway(manifest))
            publisher = open_keys(directory).secp256k1(PUBLISHER).address
            assert chain.log_id_of(publisher) == log_id
            assert [item.region for item in chain.bureaus()].count(f"33{moment:02d}00") == 1
            moment += 1
        assert moment >= 4

    def test_the_evaluators_key_is_shared_on_a_demonstration_network_only(
        self, tmp_path, manifest, supervisor, first, make
    ):
        directory = tmp_path / "real"
        make.make_quick_keys(directory)
        init_node(directory, replace(manifest, as_of=None), replace(BUREAU, demo_sessions=False))
        with pytest.raises(NotPermittedError) as refusal:
            enrol_bureau(directory, supervisor, first)
        assert refusal.value.needed == "a demonstration network"
        assert not open_keys(directory).has(OPRF)


class TestOpenNode:
    def test_made_up_persons_sign_in_on_a_demonstration_only(self, first, manifest, tmp_path, make):
        directory = tmp_path / "node"
        make.make_quick_keys(directory)
        init_node(directory, replace(manifest, as_of=None), BUREAU)
        with pytest.raises(SettingsError) as refusal:
            open_node(directory)
        assert refusal.value.setting == "demo_sessions"
