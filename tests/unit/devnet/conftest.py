"""A chain opened in this process, with fixed keys and a clock that the test moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from devnet.chain import LocalChain
from devnet.settings import DevnetSettings, Fund
from eth_account import Account

FUNDED_WEI = 10**24
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


class SettableClock:
    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def account() -> Any:
    return Account.from_key(b"\x01" * 32)


@pytest.fixture
def settings(tmp_path: Path, account: Any) -> DevnetSettings:
    fund = Fund(bytes.fromhex(account.address[2:]), FUNDED_WEI)
    return DevnetSettings(directory=tmp_path, funds=(fund,))


@pytest.fixture
def chain(settings: DevnetSettings, clock: SettableClock) -> Iterator[LocalChain]:
    opened = LocalChain.open(settings, clock)
    yield opened
    opened.close()


@pytest.fixture
def signed(account: Any) -> Callable[..., bytes]:
    """A signed transfer of one wei; named fields replace or (with None) remove the usual ones."""

    def sign(nonce: int, **fields: Any) -> bytes:
        usual = {
            "chainId": 31415,
            "nonce": nonce,
            "gas": 21_000,
            "gasPrice": 2 * 10**9,
            "to": "0x" + "11" * 20,
            "value": 1,
        }
        chosen = {name: each for name, each in (usual | fields).items() if each is not None}
        return bytes(account.sign_transaction(chosen).raw_transaction)

    return sign
