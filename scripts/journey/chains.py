"""The chains that a demonstration can stand on: embedded, anvil, or a network of validators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from devnet.directory import holder_of
from devnet.network import NETWORK_FILE, PoaNetwork
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings

from ledger.chain.finality import SIGNERS, Finality
from ledger.ports import BEIJING

EMBEDDED: Final = "embedded"
ANVIL: Final = "anvil"
NETWORK: Final = "network"
CHAINS: Final = (EMBEDDED, ANVIL, NETWORK)
VALIDATORS: Final = 4
SILENT_SECONDS: Final = 20
"""A network that makes a block a second and has made none for so long has lost too many."""


@dataclass(frozen=True, slots=True)
class RunningChain:
    """A started chain: where it answers, its clock, when its blocks are final, how it ends."""

    rpc_urls: tuple[str, ...]
    offset_seconds: int
    finality: Finality
    stale_after_seconds: int
    is_alive: Callable[[], bool]
    stop: Callable[[], object]


def day_of(chain: str, wanted: date | None, usual: date) -> date:
    """The Beijing day a demonstration stands on.

    The embedded chain and anvil move their clock to any day. Validators of a real network take no
    block whose time is not now: there the day is today, and no other can be asked for.

    Raises:
        ValueError: another day was asked for.
    """
    if chain != NETWORK:
        return wanted or usual
    today = datetime.now(BEIJING).date()
    if wanted not in {None, today}:
        raise ValueError("a network of validators knows no other day than today")
    return today


def start(chain: str, directory: Path, *, chain_id: int, port: int, day: date) -> RunningChain:
    """Start a chain, or go on with the one in ``directory``; gas costs nothing on it.

    Raises:
        DevnetError: it cannot be started; the message says why.
    """
    if chain == NETWORK:
        return _network(directory, chain_id)
    settings = DevnetSettings(
        directory=directory,
        port=port,
        chain_id=chain_id,
        as_of=day,
        base_fee_wei=0,
        engine=chain,
    )
    process = DevnetProcess(settings)
    endpoint = process.start()
    return RunningChain(
        rpc_urls=(endpoint.rpc_url,),
        offset_seconds=endpoint.offset_seconds,
        finality=Finality(),
        stale_after_seconds=0,
        is_alive=lambda: holder_of(directory) is not None,
        stop=process.stop,
    )


def is_held(chain: str, directory: Path) -> bool:
    """Whether a process of an earlier run still has the chain."""
    if chain != NETWORK:
        return holder_of(directory) is not None
    if not (directory / NETWORK_FILE).exists():
        return False
    network = PoaNetwork.load(directory)
    return any(network.pid(number) is not None for number in network.numbers)


def _network(directory: Path, chain_id: int) -> RunningChain:
    if (directory / NETWORK_FILE).exists():
        network = PoaNetwork.load(directory)
    else:
        network = PoaNetwork.create(directory, validators=VALIDATORS, chain_id=chain_id)
    network.start()
    addresses = tuple(each.address for each in network.validators)
    return RunningChain(
        rpc_urls=tuple(network.rpc_urls),
        offset_seconds=0,
        finality=Finality(SIGNERS, validators=len(addresses), signers=addresses),
        stale_after_seconds=SILENT_SECONDS,
        is_alive=lambda: any(network.pid(number) is not None for number in network.numbers),
        stop=network.stop,
    )
