"""How a network and its nodes are born: the first supervisor's keys, contracts, nodes, enrolments.

Every step can be repeated after a crash: what is there is found and kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ledger.chain.bindings import Bindings, day_words
from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Governance, Manifest, SupervisorInput, deploy
from ledger.chain.deployment_journal import journal_path
from ledger.chain.finality import Finality
from ledger.chain.gateway import ChainGateway
from ledger.chain.rollout import require_code_everywhere, require_one_chain
from ledger.config import LAG_BLOCKS, MANIFEST_FILE, SETTINGS_FILE, NodeSettings
from ledger.errors import NotFoundError, NotPermittedError, SettingsError
from ledger.evidence.encoding import LogId
from ledger.evidence.lineage import Lineage
from ledger.keys.files import make_private_directory, write_new
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
    KeyStore,
    officer_key_name,
)
from ledger.keys.packages import open_alliance_key, seal_alliance_key
from ledger.keys.ports import AccountSigner
from ledger.node import KEYS, PASSPHRASE_FILE, open_keys
from ledger.policy.work_calendar import published_years, work_year
from ledger.ports import SystemClock
from ledger.succession import Progress, Succession, take_over

DEPLOYER: Final = "deployer"
OFFICERS: Final = ("maker", "checker")
"""The two officers a new bureau starts with; more are enrolled later."""
_RANDOM_LOG2_N: Final = 14
"""A random passphrase of 256 bits cannot be guessed; stretching would only slow each start."""
_PENSION_AGENCY: Final = 1
"""The agency family of pension, unemployment and work-injury insurance."""


@dataclass(frozen=True, slots=True)
class NewNode:
    """What a node is made from; see `NodeSettings` for the fields."""

    role: str
    name_zh: str
    name_en: str
    region: str
    pool: int
    host: str
    port: int
    database_url: str | None = None
    demo_sessions: bool = False

    @property
    def registered_name(self) -> str:
        """The name as the registry keeps it: ``中文 / English``."""
        return f"{self.name_zh} / {self.name_en}"


def make_keys(directory: Path, role: str, passphrase: str | None = None) -> KeyStore:
    """Make the key store of a node, with the keys its role needs; keys that are there stay.

    Without a passphrase a random one is kept beside the keys (``keys/passphrase``, mode 0600).
    """
    keys_directory = directory / KEYS
    make_private_directory(keys_directory)
    passphrase_file = keys_directory / PASSPHRASE_FILE
    if passphrase is None and not passphrase_file.exists():
        write_new(passphrase_file, secrets.token_urlsafe(32).encode())
    try:
        keys = open_keys(directory, passphrase)
    except NotFoundError:
        if passphrase is not None:
            keys = KeyStore.create(keys_directory, passphrase)
        else:
            made_up = passphrase_file.read_text().strip()
            keys = KeyStore.create(keys_directory, made_up, scrypt_log2_n=_RANDOM_LOG2_N)
    if role == "supervisor":
        _ensure(keys, (COSIGNER,), keys.generate_ed25519)
        _ensure(keys, (SUPERVISOR, FREEZER, CLOSER, DEPLOYER), keys.generate_secp256k1)
        _ensure(keys, (OPRF,), keys.generate_secret)
    else:
        officers = tuple(officer_key_name(name) for name in OFFICERS)
        _ensure(keys, (LOG,), keys.generate_ed25519)
        _ensure(keys, (SEALING,), keys.generate_x25519)
        _ensure(keys, (PUBLISHER, *officers), keys.generate_secp256k1)
        _ensure(keys, (PERSON_MASTER,), keys.generate_secret)
    _ensure(keys, (SESSION,), keys.generate_secret)
    return keys


def _ensure(keys: KeyStore, names: tuple[str, ...], generate: Callable[[str], object]) -> None:
    for name in names:
        if not keys.has(name):
            generate(name)


def deploy_network(
    manifest_path: Path,
    rpc_urls: str | Sequence[str],
    supervisor_directory: Path,
    supervisor: NewNode,
    *,
    minimum_lines: int,
    network: str = "embedded",
    finality: Finality | None = None,
    offset_seconds: int = 0,
    as_of: str | None = None,
    others: Sequence[SupervisorInput] = (),
    threshold: int = 1,
    delay_seconds: int = 0,
    lag_blocks: int = LAG_BLOCKS,
    stale_after_seconds: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Deploy the contracts with the supervisors; write the manifest, unless there is one.

    A deployment that broke off goes on where it stopped. The known years of the work calendar are
    published with the first supervisor's key before the manifest is written.

    Args:
        manifest_path: where the manifest is, or shall be.
        rpc_urls: the chain's endpoint or several; the first one deploys, all have to show it.
        supervisor_directory: the first supervisor's; its keys are made when missing.
        supervisor: the first supervisor.
        minimum_lines: fewest lines that may be shown as one total.
        network: what the network is called.
        finality: when a block counts as final; without it, at once.
        offset_seconds: shift of the chain's clock.
        as_of: the day a demonstration stands on.
        others: the other supervisors, each by the card that its own node wrote.
        threshold: how many supervisors decide.
        delay_seconds: how long their decisions wait.
        lag_blocks: how many blocks an endpoint may be behind the others.
        stale_after_seconds: how old its newest block may be; 0 for any age.
        report: told what is done.

    Raises:
        TransactionRefusedError: the chain refuses; a threshold above the number of supervisors.
        ChainUnavailableError, BehindAtStartError: an endpoint does not answer, or is behind.
        SettingsError: one serves another chain.
    """
    if manifest_path.exists():
        return Manifest.load(manifest_path)
    urls = (rpc_urls,) if isinstance(rpc_urls, str) else tuple(rpc_urls)
    require_one_chain(urls, lag_blocks)
    named = supervisor_card(supervisor_directory, supervisor)
    keys = open_keys(supervisor_directory)
    manifest = deploy(
        ChainConnection(urls[0]),
        keys.secp256k1(DEPLOYER),
        Governance((named, *others), threshold, delay_seconds),
        minimum_lines=minimum_lines,
        rpc_url=urls[0],
        network=network,
        finality=finality,
        offset_seconds=offset_seconds,
        as_of=as_of,
        journal=journal_path(manifest_path),
        report=report,
    )
    manifest = replace(manifest, rpc_urls=urls, lag_blocks=lag_blocks)
    manifest = replace(manifest, stale_after_seconds=stale_after_seconds)
    _open_network(manifest, keys.secp256k1(SUPERVISOR), report)
    manifest.save(manifest_path)
    journal_path(manifest_path).unlink(missing_ok=True)
    return manifest


def _open_network(manifest: Manifest, signer: AccountSigner, report: Callable[[str], None]) -> None:
    """Wait until every endpoint shows the contracts, and publish the years that are known."""
    require_code_everywhere(manifest)
    for year in publish_calendar(Bindings(ChainGateway(manifest)), signer):
        report(f"WorkCalendar {year}")


def supervisor_card(directory: Path, supervisor: NewNode) -> SupervisorInput:
    """What others need to know of a supervisor to deploy with it; makes its keys when missing."""
    keys = make_keys(directory, "supervisor")
    return SupervisorInput(
        account=keys.secp256k1(SUPERVISOR).address,
        cosigner_key=keys.ed25519(COSIGNER).public_key,
        name=supervisor.registered_name,
        endpoint=f"http://{supervisor.host}:{supervisor.port}",
        freezer=keys.secp256k1(FREEZER).address,
        closer=keys.secp256k1(CLOSER).address,
    )


def publish_calendar(chain: Bindings, signer: AccountSigner) -> list[int]:
    """Publish the years of the policy table that the chain does not have; returns them.

    Raises:
        ContractRefusedError: the signer may not.
    """
    missing = [year for year in published_years() if chain.working_days_of(year) is None]
    calls = [[year, day_words(work_year(year).working_days)] for year in missing]
    chain.gateway.transact_all(signer, "WorkCalendar", "publishYear", calls)
    return missing


def init_node(directory: Path, manifest: Manifest, new: NewNode) -> NodeSettings:
    """Make a node's directory, keys and settings; a node that is there keeps its settings.

    Raises:
        SettingsError: the directory holds a node of another role, region or network.
    """
    directory.mkdir(parents=True, exist_ok=True)
    born = NodeSettings.load(directory) if (directory / SETTINGS_FILE).exists() else None
    if born is not None and (born.role, born.region) != (new.role, new.region):
        raise SettingsError(setting="directory", reason="it holds another node already")
    if (directory / MANIFEST_FILE).exists():
        known = Manifest.load(directory / MANIFEST_FILE)
        if (known.chain_id, known.contracts) != (manifest.chain_id, manifest.contracts):
            raise SettingsError(setting="directory", reason="it holds a node of another network")
    else:
        manifest.save(directory / MANIFEST_FILE)
    make_keys(directory, new.role)
    if born is not None:
        return born
    database = (directory / "data" / "anxu.sqlite").resolve()
    settings = NodeSettings(
        role=new.role,
        name_zh=new.name_zh,
        name_en=new.name_en,
        region=new.region,
        pool=new.pool,
        log_id=0,
        database_url=new.database_url or f"sqlite:///{database}",
        host=new.host,
        port=new.port,
        rpc_urls=manifest.rpc_urls,
        demo_sessions=new.demo_sessions,
    )
    settings.save(directory)
    return settings


def enrol_bureau(
    directory: Path, supervisor_directory: Path, sponsor_directory: Path | None
) -> int:
    """Enrol a bureau with a supervisor's key and make it able to work; returns its log id.

    The log id comes from the contract, so an enrolment whose answer was lost is found again. The
    alliance key is made by the first bureau and passed, sealed to the new bureau's key, by an
    enrolled one (the sponsor).

    Raises:
        NotPermittedError: the other directory is no supervisor's, a sponsor is needed, or the
            bureau inherits a closed log's records: `succeed_bureau` opens its node.
    """
    settings, chain, log_id = _enrolled(directory, supervisor_directory)
    inherited = chain.predecessor_of(log_id)
    if inherited is not None and inherited[1]:
        raise NotPermittedError(
            action="opening the node of a successor",
            needed="the records that it inherits: 'anxu bureau carry-on --from DIR'",
        )
    keys, supervisor = open_keys(directory), open_keys(supervisor_directory)
    _set_officers(chain, supervisor, keys, log_id)
    manifest = Manifest.load(directory / MANIFEST_FILE)
    _share_secrets(keys, supervisor, manifest, log_id, sponsor_directory)
    replace(settings, log_id=log_id).save(directory)
    return log_id


def succeed_bureau(
    directory: Path,
    supervisor_directory: Path,
    old_directory: Path,
    told: Progress = lambda _step, _done, _total: None,
) -> Succession:
    """Open the node of a bureau that the council named to carry a closed log on.

    It begins with the closed log's leaves and records up to the size that the council named. A run
    that broke off is finished by doing it again.

    Args:
        directory: the successor's node, made by `init_node`.
        supervisor_directory: of a supervisor's node, whose key names the officers.
        old_directory: the closed log's node, or a copy of it; it is not changed.
        told: progress, by step.

    Raises:
        NotPermittedError: the other directory is no supervisor's, the bureau carries no log on, or
            its node holds something else.
        InheritedLeavesMissingError, SplitViewError, NotAnchoredYetError: see
            `ledger.succession.take_over`.
    """
    settings, chain, log_id = _enrolled(directory, supervisor_directory, enrol=False)
    lineage = Lineage.of(log_id, chain.predecessor_of)
    if not lineage.inherited:
        raise NotPermittedError(action="carrying a log on", needed="a successor that inherits any")
    manifest = Manifest.load(directory / MANIFEST_FILE)
    clock = SystemClock(manifest.offset_seconds)
    done = take_over(directory, old_directory, chain, lineage, clock, told)
    _set_officers(chain, open_keys(supervisor_directory), open_keys(directory), log_id)
    replace(settings, log_id=log_id).save(directory)
    return done


def _enrolled(
    directory: Path, supervisor_directory: Path, *, enrol: bool = True
) -> tuple[NodeSettings, Bindings, int]:
    """A bureau's settings, its chain and the log id that the contract gave it, by now at least."""
    settings = NodeSettings.load(directory)
    manifest = Manifest.load(directory / MANIFEST_FILE)
    if NodeSettings.load(supervisor_directory).role != "supervisor":
        raise NotPermittedError(action="enrolment", needed="a supervisor's node")
    keys = open_keys(directory)
    chain = Bindings(ChainGateway(manifest, settings.rpc_urls, settings.rpc_quorum))
    publisher = keys.secp256k1(PUBLISHER).address
    if chain.log_id_of(publisher) is None and enrol:
        signer = open_keys(supervisor_directory).secp256k1(SUPERVISOR)
        chain.gateway.transact(signer, "Bureaus", "enrol", [_enrolment(settings, keys)])
    log_id = chain.log_id_of(publisher)
    if log_id is None:
        raise NotPermittedError(
            action="carrying a log on", needed="the council's decision: 'anxu bureau succeed'"
        )
    return settings, chain, log_id


def _set_officers(chain: Bindings, supervisor: KeyStore, keys: KeyStore, log_id: int) -> None:
    signer = supervisor.secp256k1(SUPERVISOR)
    for name in OFFICERS:
        officer = keys.secp256k1(officer_key_name(name)).address
        if not chain.is_officer(log_id, officer):
            chain.gateway.transact(signer, "Bureaus", "setOfficer", [log_id, officer, True])


def enrolment_of(directory: Path) -> tuple[Any, ...]:
    """What a bureau's node is enrolled with: the struct that `Bureaus` takes, in field order.

    Raises:
        NotPermittedError: it is no bureau's node.
    """
    settings = NodeSettings.load(directory)
    if settings.role != "bureau":
        raise NotPermittedError(action="an enrolment", needed="a bureau's node")
    return _enrolment(settings, open_keys(directory))


def _enrolment(settings: NodeSettings, keys: KeyStore) -> tuple[Any, ...]:
    return (
        int(settings.region),
        _PENSION_AGENCY,
        settings.pool,
        keys.secp256k1(PUBLISHER).address,
        keys.public_key(LOG),
        hashlib.sha256(keys.public_key(SEALING)).digest(),
        f"{settings.name_zh} / {settings.name_en}",
        settings.endpoint,
    )


def _share_secrets(
    keys: KeyStore, supervisor: KeyStore, manifest: Manifest, log_id: int, sponsor: Path | None
) -> None:
    if not keys.has(OPRF):
        if manifest.as_of is None:
            raise NotPermittedError(
                action="sharing the evaluator's key", needed="a demonstration network"
            )
        keys.put_secret(OPRF, supervisor.secret(OPRF))
    if keys.has(ALLIANCE):
        return
    if sponsor is None:
        if log_id != 1:
            raise NotPermittedError(
                action="a later bureau's enrolment",
                needed="an enrolled bureau that passes the alliance key",
            )
        keys.generate_secret(ALLIANCE)
        return
    sender = LogId(NodeSettings.load(sponsor).log_id)
    _, sealed = seal_alliance_key(
        keys.public_key(SEALING), sender, LogId(log_id), open_keys(sponsor).secret(ALLIANCE)
    )
    keys.put_secret(
        ALLIANCE, open_alliance_key(keys.x25519(SEALING), sender, LogId(log_id), sealed)
    )
