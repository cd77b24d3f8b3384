"""What tests of chains share: a network of validators, and the programs that it is made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from devnet.network import PoaNetwork
from devnet.settings import Fund
from eth_account import Account

RICH = Account.from_key(b"\x07" * 32)
"""An account that owns coins in block 0 of every chain that these tests start."""
RICH_WEI = 10**24


@pytest.fixture(scope="session")
def rich():
    """An account with coins, and how a chain is told to give them."""
    return RICH


@pytest.fixture(scope="session")
def rich_fund() -> Fund:
    """The coins of that account, for an embedded chain or anvil."""
    return Fund(bytes.fromhex(RICH.address[2:]), RICH_WEI)


@pytest.fixture(scope="session")
def poa_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoaNetwork]:
    """Four geth validators, a block a second; geth is built the first time on a machine."""
    directory = tmp_path_factory.mktemp("poa") / "network"
    with PoaNetwork.create(directory, balances_wei={RICH.address: RICH_WEI}) as network:
        yield network
