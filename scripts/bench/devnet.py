"""How fast the embedded chain takes, keeps and finds transactions, beside anvil and geth.

All of it on loopback, from one client that signed beforehand. The embedded chain answers when a
transaction is on disk in a block of its own; anvil when it is in memory; geth when it is in its
pool, so there the time until the last one has landed counts.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from devnet.chain import LocalChain
from devnet.network import PoaNetwork
from devnet.process import DevnetProcess
from devnet.settings import ANVIL, DEFAULT_CHAIN_ID, DevnetSettings
from devnet.traffic import (
    SPENDER,
    SPENDER_WEI,
    Client,
    creation,
    first_contract,
    fund,
    signed,
)

from scripts.bench import Report, Row

TRANSACTIONS: Final = 10_000
OPENED_SECONDS: Final = 1.0
"""So soon a chain of ten thousand transactions must be back."""
LANDED_A_SECOND: Final = 150
MOST_SLOWER: Final = "<= 2"
"""A hundred times as many transactions must not make look-ups twice as slow."""
_EARLY: Final = 100
_LOOK_UPS: Final = 200
_WITH_RECEIPT: Final = 300
_IN_PROCESS: Final = 300
_ON_PEERS: Final = 2_000


def measure(report: Report, records: int = TRANSACTIONS) -> Sequence[Row]:
    """The embedded chain with so many transactions, then anvil, then a network of validators."""
    with tempfile.TemporaryDirectory(prefix="anxu-bench-devnet-") as folder:
        rows, rate = _embedded(Path(folder) / "embedded", max(records, 2 * _EARLY), report)
        return [*rows, *_anvil(Path(folder), rate, report), *_network(Path(folder), rate, report)]


def _embedded(directory: Path, count: int, report: Report) -> tuple[list[Row], float]:
    settings = DevnetSettings(directory, funds=(fund(),), base_fee_wei=0)
    report(f"signing {count:,} transactions")
    transactions = _prepared(count)
    process = DevnetProcess(settings)
    process.start()
    try:
        client = Client(process.rpc_url)
        client.land_all(transactions[:_EARLY])
        early = _look_ups(client, _EARLY)
        began = time.perf_counter()
        for done, raw in enumerate(transactions[_EARLY:], start=_EARLY + 1):
            last = client.send(raw)
            if done % 1_000 == 0:
                report(f"{done:,} of {count:,}")
        rate = (count - _EARLY) / (time.perf_counter() - began)
        if client.wait(last)["status"] != "0x1":
            raise RuntimeError("the measured calls failed")
        late = _look_ups(client, count)
        with_receipt = _with_receipts(client, count)
    finally:
        process.stop()
    inside = _in_process(settings, count + _WITH_RECEIPT)
    opened = _median(lambda: _opened(settings), 5)
    began = time.perf_counter()
    with DevnetProcess(settings):
        started = time.perf_counter() - began
    size = sum(each.stat().st_size for each in directory.iterdir())
    rows = [
        Row.compared(
            "embedded: landed in one process", "tx/s", inside, "the promise", LANDED_A_SECOND,
            ">= 1",
        ),
        Row.compared(
            "embedded: landed over HTTP", "tx/s", rate, "the promise", LANDED_A_SECOND, ">= 1"
        ),
        Row.alone("embedded: with the receipt read after each", "tx/s", with_receipt),
        Row.compared(
            f"embedded: {count:,} transactions back", "s", opened, "the promise", OPENED_SECONDS,
            "<= 1",
        ),
        Row.alone(f"embedded: process answers again with {count:,} transactions", "s", started),
        Row.alone("embedded: on disk for each transaction", "bytes", size / count),
    ]  # fmt: skip
    for name, value in late.items():
        what = f"embedded: {name} among {count:,} transactions"
        rows.append(Row.compared(what, "ms", value, f"among {_EARLY}", early[name], MOST_SLOWER))
    return rows, rate


def _prepared(count: int) -> list[bytes]:
    """The creation of a contract, then calls that each log something and keep it."""
    calls = [
        signed(DEFAULT_CHAIN_ID, nonce, 1, to=first_contract(), data=nonce.to_bytes(32, "big"))[0]
        for nonce in range(1, count)
    ]
    return [creation(DEFAULT_CHAIN_ID), *calls]


def _in_process(settings: DevnetSettings, nonce: int) -> float:
    """How many calls a second the chain itself takes, without HTTP around it."""
    calls = [
        signed(DEFAULT_CHAIN_ID, each, 1, to=first_contract(), data=each.to_bytes(32, "big"))[0]
        for each in range(nonce, nonce + _IN_PROCESS)
    ]
    with closing(LocalChain.open(settings)) as chain:
        began = time.perf_counter()
        for raw in calls:
            chain.send_raw(raw)
        return _IN_PROCESS / (time.perf_counter() - began)


def _opened(settings: DevnetSettings) -> None:
    with closing(LocalChain.open(settings)) as chain:
        assert chain.head.block_number > 0


def _look_ups(client: Client, count: int) -> dict[str, float]:
    """Milliseconds of each kind of look-up, the quickest tenth of many all over the chain.

    What else the machine does makes some slower and none quicker.
    """
    numbers = [1 + step * (count - 2) // _LOOK_UPS for step in range(_LOOK_UPS)]
    hashes = [
        client.ask("eth_getBlockByNumber", hex(number), False)["transactions"][0]  # noqa: FBT003
        for number in numbers
    ]

    def timed(asked: Sequence[tuple[str, Any]]) -> float:
        spent = []
        for method, parameter in asked:
            began = time.perf_counter()
            client.ask(method, parameter)
            spent.append(time.perf_counter() - began)
        return statistics.quantiles(spent, n=10)[0] * 1_000

    ranges = [
        {"fromBlock": hex(n), "toBlock": hex(n), "address": first_contract()} for n in numbers
    ]
    return {
        "a transaction": timed([("eth_getTransactionByHash", each) for each in hashes]),
        "a receipt": timed([("eth_getTransactionReceipt", each) for each in hashes]),
        "logs of a block": timed([("eth_getLogs", each) for each in ranges]),
    }


def _with_receipts(client: Client, nonce: int) -> float:
    transactions = signed(DEFAULT_CHAIN_ID, nonce, _WITH_RECEIPT)
    began = time.perf_counter()
    for raw in transactions:
        client.wait(client.send(raw))
    return _WITH_RECEIPT / (time.perf_counter() - began)


def _median(work: Callable[[], None], times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def _anvil(folder: Path, embedded: float, report: Report) -> list[Row]:
    rows = []
    for block_seconds, name in ((1, "a block a second"), (0, "a block each")):
        report(f"anvil, {name}")
        settings = DevnetSettings(
            folder / f"anvil-{block_seconds}", funds=(fund(),), base_fee_wei=0, engine=ANVIL,
            block_seconds=block_seconds,
        )  # fmt: skip
        began = time.perf_counter()
        with DevnetProcess(settings) as process:
            started = time.perf_counter() - began
            rate = Client(process.rpc_url).land_all(signed(DEFAULT_CHAIN_ID, 0, _ON_PEERS))
        rows += [
            Row.compared(f"anvil, {name}: landed", "tx/s", rate, "embedded", embedded),
            Row.alone(f"anvil, {name}: process answers", "s", started),
        ]
    return rows


def _network(folder: Path, embedded: float, report: Report) -> list[Row]:
    report("geth, four validators, a block a second")
    began = time.perf_counter()
    network = PoaNetwork.create(
        folder / "network", balances_wei={str(SPENDER.address): SPENDER_WEI}, report=report
    )
    with network:
        started = time.perf_counter() - began
        client = Client(network.rpc_urls[0])
        rate = client.land_all(signed(DEFAULT_CHAIN_ID, 0, _ON_PEERS))
        network.kill(4)
        network.kill(3)
        began = time.perf_counter()
        network.start_validator(3)
        network.start_validator(4)
        before = int(client.ask("eth_blockNumber"), 16)
        while network.common_block() <= before:
            time.sleep(0.1)
        back = time.perf_counter() - began
    return [
        Row.compared("geth, 4 validators: landed", "tx/s", rate, "embedded", embedded),
        Row.alone("geth, 4 validators: born and making common blocks", "s", started),
        Row.alone("geth, 2 of 4 killed and started: common blocks again", "s", back),
    ]
