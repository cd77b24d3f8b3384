"""The embedded chain as a process of its own, with the contracts deployed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund

from ledger.chain.bindings import Bindings
from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Manifest, SupervisorInput, deploy
from ledger.chain.gateway import ChainGateway
from ledger.keys.signers import Secp256k1Signer

CHAIN_ID = 31_415
FUNDED_WEI = 10**24


def signer(number: int) -> Secp256k1Signer:
    return Secp256k1Signer.from_private(bytes([number]) * 32)


@dataclass(frozen=True)
class Scene:
    """A deployment and the keys of those who take part."""

    manifest: Manifest
    connection: ChainConnection
    gateway: ChainGateway
    bindings: Bindings
    deployer: Secp256k1Signer
    supervisor: Secp256k1Signer
    publishers: dict[int, Secp256k1Signer]
    officers: tuple[Secp256k1Signer, Secp256k1Signer]
    reports: list[str]


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    deployer, supervisor = signer(1), signer(2)
    publishers = {number: signer(10 + number) for number in (1, 2, 3, 4)}
    funded = (deployer, supervisor, *publishers.values())
    funds = tuple(Fund(bytes.fromhex(each.address[2:]), FUNDED_WEI) for each in funded)
    settings = DevnetSettings(
        directory=Path(tmp_path_factory.mktemp("chain")), chain_id=CHAIN_ID, funds=funds
    )
    with DevnetProcess(settings) as process:
        connection = ChainConnection(process.rpc_url)
        named = SupervisorInput(supervisor.address, b"\x07" * 32, "基金监管", "http://s.example")
        reports: list[str] = []
        manifest = deploy(
            connection,
            deployer,
            [named],
            minimum_lines=3,
            rpc_url=process.rpc_url,
            report=reports.append,
        )
        gateway = ChainGateway(manifest)
        opened = Scene(
            manifest=manifest, connection=connection, gateway=gateway, bindings=Bindings(gateway),
            deployer=deployer, supervisor=supervisor, publishers=publishers,
            officers=(signer(31), signer(32)), reports=reports,
        )  # fmt: skip
        for number, region, pool in (
            (1, 320100, 32),
            (2, 340100, 34),
            (3, 330100, 33),
            (4, 440100, 44),
        ):
            bureau = (
                region, 1, pool, publishers[number].address, bytes([number]) * 32, b"\x09" * 32,
                f"经办机构 {number}", f"http://b{number}.example",
            )  # fmt: skip
            gateway.transact(supervisor, "Bureaus", "enrol", [bureau])
        for officer in opened.officers:
            gateway.transact(supervisor, "Bureaus", "setOfficer", [3, officer.address, True])
        yield opened
