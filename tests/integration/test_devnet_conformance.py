"""Three engines, three clients, one language: the embedded chain, anvil and geth answer alike.

What geth answers is the measure. Where anvil differs, the difference is written down beside the
case, so that nobody relies on it.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from devnet import programs
from devnet.client import ask
from devnet.errors import RpcError
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings
from eth_account import Account
from eth_utils import to_checksum_address
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError, TransactionNotFound
from web3.middleware import ExtraDataToPOAMiddleware

pytestmark = pytest.mark.timeout(900)  # the first run on a machine builds geth and fetches anvil

# the contract Register of test_devnet_rpc.py, assembled by hand for London
REGISTER_CODE = (
    "0x6090600c60003960906000f3"
    "60003560e01c806360fe47b11460335780636d4ce63c146066578063a60a07b21460725780635a8ac02d14"
    "60865760006000fd5b60043580600055600052337ff3f57717dff9f5f10af315efdbfadc60c42152c11fc0"
    "c3c413bbfbdc661f143c60206000a2005b60005460005260206000f35b63590a5151600052600435602052"
    "6024601cfd5b4260005260206000f3"
)
SET, GET, REFUSE = "0x60fe47b1", "0x6d4ce63c", "0xa60a07b2"
REFUSED = "0x590a5151"
EVENT = "0xf3f57717dff9f5f10af315efdbfadc60c42152c11fc0c3c413bbfbdc661f143c"
NUMBER = {"name": "value", "type": "uint256"}
ABI: list[dict[str, Any]] = [
    {"type": "function", "name": "get", "stateMutability": "view", "inputs": [], "outputs": [NUMBER]},
    {"type": "function", "name": "set", "stateMutability": "nonpayable", "inputs": [NUMBER], "outputs": []},
    {"type": "function", "name": "refuse", "stateMutability": "view", "inputs": [NUMBER], "outputs": []},
    {"type": "error", "name": "Refused", "inputs": [NUMBER]},
    {"type": "event", "name": "ValueSet", "anonymous": False, "inputs": [
        {"name": "by", "type": "address", "indexed": True}, {**NUMBER, "indexed": False}]},
]  # fmt: skip
NOBODY = "0x" + "12" * 20
NOTHING = "0x" + "12" * 32
FAR = "0xffffff"
LANDING_SECONDS = 30
GAS_CREATING, GAS_SETTING, GAS_SETTING_AGAIN = 84_164, 44_752, 27_652
"""What geth measured; the other two must agree to the unit."""
SIGNER = Account.from_key(b"\x07" * 32)


def word(number: int) -> str:
    return f"{number:064x}"


def signed(nonce: int, **fields: Any) -> str:
    """A signed call without a price; named fields replace or (with None) remove the usual ones."""
    usual = {
        "chainId": 31415,
        "gas": 200_000,
        "gasPrice": 0,
        "value": 0,
        "to": NOBODY,
        "nonce": nonce,
    }
    chosen = {name: each for name, each in (usual | fields).items() if each is not None}
    if "to" in chosen:
        chosen["to"] = to_checksum_address(chosen["to"])
    return "0x" + bytes(SIGNER.sign_transaction(chosen).raw_transaction).hex()


@dataclass(frozen=True)
class Scene:
    """An engine on which a contract was created, called once with 42, and once in vain."""

    engine: str
    url: str
    contract: str
    created: dict[str, Any]
    called: dict[str, Any]
    undone: dict[str, Any]

    def nonce(self) -> int:
        return int(ask(self.url, "eth_getTransactionCount", SIGNER.address, "pending"), 16)

    def refusal(self, method: str, params: list[Any]) -> RpcError:
        with pytest.raises(RpcError) as refused:
            ask(self.url, method, *params)
        return refused.value


def land(url: str, raw: str) -> dict[str, Any]:
    sent = ask(url, "eth_sendRawTransaction", raw)
    deadline = time.monotonic() + LANDING_SECONDS
    while (receipt := ask(url, "eth_getTransactionReceipt", sent)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(receipt)


@pytest.fixture(scope="module", params=["embedded", "anvil", "geth"])
def scene(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, rich_fund: Any
) -> Iterator[Scene]:
    def prepared(url: str) -> Scene:
        created = land(url, signed(0, to=None, data=REGISTER_CODE))
        address = created["contractAddress"]
        called = land(url, signed(1, to=address, data=SET + word(42)))
        undone = land(url, signed(2, to=address, data=REFUSE + word(5)))
        return Scene(request.param, url, address, created, called, undone)

    if request.param == "geth":
        yield prepared(request.getfixturevalue("poa_network").rpc_urls[0])
        return
    is_anvil = request.param == "anvil"
    settings = DevnetSettings(
        tmp_path_factory.mktemp(request.param),
        funds=(rich_fund,),
        base_fee_wei=0,
        engine=request.param,
        block_seconds=0 if is_anvil else None,
    )
    with DevnetProcess(settings) as running:
        yield prepared(running.rpc_url)


# --- shapes -------------------------------------------------------------------------------------

QUANTITY, DATA = r"0x(0|[1-9a-f][0-9a-f]*)", r"0x([0-9a-f]{2})*"
HASH, ADDRESS, BLOOM = r"0x[0-9a-f]{64}", r"0x[0-9a-f]{40}", r"0x[0-9a-f]{512}"
LOG = {
    "address": ADDRESS, "topics": [HASH], "data": DATA, "blockNumber": QUANTITY,
    "transactionHash": HASH, "transactionIndex": QUANTITY, "blockHash": HASH, "logIndex": QUANTITY,
    "removed": False,
}  # fmt: skip
RECEIPT = {
    "blockHash": HASH, "blockNumber": QUANTITY, "contractAddress": None, "cumulativeGasUsed": QUANTITY,
    "effectiveGasPrice": QUANTITY, "from": ADDRESS, "gasUsed": QUANTITY, "logs": [LOG],
    "logsBloom": BLOOM, "status": "0x1", "to": ADDRESS, "transactionHash": HASH,
    "transactionIndex": QUANTITY, "type": "0x0",
}  # fmt: skip
TRANSACTION = {
    "blockHash": HASH, "blockNumber": QUANTITY, "from": ADDRESS, "gas": QUANTITY, "gasPrice": QUANTITY,
    "hash": HASH, "input": DATA, "nonce": QUANTITY, "to": ADDRESS, "transactionIndex": QUANTITY,
    "value": QUANTITY, "type": "0x0", "chainId": "0x7ab7", "v": QUANTITY, "r": QUANTITY, "s": QUANTITY,
}  # fmt: skip
BLOCK = {
    "baseFeePerGas": QUANTITY, "difficulty": QUANTITY, "extraData": DATA, "gasLimit": QUANTITY,
    "gasUsed": QUANTITY, "hash": HASH, "logsBloom": BLOOM, "miner": ADDRESS, "mixHash": HASH,
    "nonce": r"0x[0-9a-f]{16}", "number": QUANTITY, "parentHash": HASH, "receiptsRoot": HASH,
    "sha3Uncles": HASH, "size": QUANTITY, "stateRoot": HASH, "timestamp": QUANTITY,
    "totalDifficulty": QUANTITY, "transactions": [HASH], "transactionsRoot": HASH, "uncles": [],
}  # fmt: skip


def require_shape(found: Any, shape: Any, place: str = "") -> None:
    """``found`` has at least the fields of ``shape``, each spelled as the pattern says."""
    if isinstance(shape, dict):
        assert isinstance(found, dict), place
        assert shape.keys() <= found.keys(), (place, shape.keys() - found.keys())
        for name, each in shape.items():
            require_shape(found[name], each, f"{place}.{name}")
    elif isinstance(shape, list):
        assert isinstance(found, list), place
        assert bool(found) == bool(shape), place
        for number, each in enumerate(found):
            require_shape(each, shape[0], f"{place}[{number}]")
    elif isinstance(shape, str):
        assert isinstance(found, str), place
        assert re.fullmatch(shape, found), (place, found)
    else:
        assert found == shape, place


class TestShapes:
    def test_receipts_of_a_call_a_creation_and_a_failure(self, scene: Scene) -> None:
        require_shape(scene.called, RECEIPT)
        created = RECEIPT | {"contractAddress": ADDRESS, "to": None, "logs": []}
        require_shape(scene.created, created)
        require_shape(scene.undone, RECEIPT | {"status": "0x0", "logs": []})

    def test_transactions_by_hash_and_by_place(self, scene: Scene) -> None:
        block, place = scene.called["blockNumber"], scene.called["transactionIndex"]
        by_hash = ask(scene.url, "eth_getTransactionByHash", scene.called["transactionHash"])
        require_shape(by_hash, TRANSACTION)
        by_hash_of_block = [scene.called["blockHash"], place]
        for method, params in (
            ("eth_getTransactionByBlockNumberAndIndex", [block, place]),
            ("eth_getTransactionByBlockHashAndIndex", by_hash_of_block),
        ):
            assert ask(scene.url, method, *params) == by_hash

    def test_blocks_with_hashes_and_with_transactions(self, scene: Scene) -> None:
        number, name = scene.called["blockNumber"], scene.called["blockHash"]
        block = ask(scene.url, "eth_getBlockByNumber", number, False)
        require_shape(block, BLOCK)
        assert ask(scene.url, "eth_getBlockByHash", name, False) == block
        full = ask(scene.url, "eth_getBlockByNumber", number, True)
        require_shape(full, BLOCK | {"transactions": [TRANSACTION]})
        assert ask(scene.url, "eth_getBlockTransactionCountByNumber", number) == "0x1"
        assert ask(scene.url, "eth_getUncleCountByBlockNumber", number) == "0x0"

    def test_logs(self, scene: Scene) -> None:
        wanted = {"fromBlock": "earliest", "toBlock": "latest", "address": scene.contract}
        logs = ask(scene.url, "eth_getLogs", wanted)
        require_shape(logs, [LOG])
        assert [each["topics"][0] for each in logs] == [EVENT]
        for topics, found in (([EVENT], 1), ([None, NOTHING], 0), ([[NOTHING, EVENT]], 1)):
            assert len(ask(scene.url, "eth_getLogs", wanted | {"topics": topics})) == found

    def test_fee_history(self, scene: Scene) -> None:
        shape = {"oldestBlock": QUANTITY, "baseFeePerGas": [QUANTITY], "reward": [[QUANTITY]]}
        history = ask(scene.url, "eth_feeHistory", "0x2", "latest", [50])
        require_shape(history, shape)
        assert len(history["gasUsedRatio"]) == 2
        assert len(history["baseFeePerGas"]) == 3


class TestSameAnswers:
    def test_to_questions_whose_answer_is_one(self, scene: Scene) -> None:
        contract, sender = scene.contract, SIGNER.address
        call = {"to": contract, "data": GET}
        before = scene.created["blockNumber"]
        answers = {
            ("eth_chainId",): "0x7ab7",
            ("net_version",): "31415",
            ("net_listening",): True,
            ("eth_syncing",): False,
            ("web3_sha3", "0x68656c6c6f"): "0x1c8aff950685c2ed4bc3174f3472287b56d9517b9c948127319a09a7a36deac8",
            ("eth_getCode", contract, "latest"): "0x" + REGISTER_CODE[2 + 24 :],
            ("eth_getCode", NOBODY, "latest"): "0x",
            ("eth_getBalance", NOBODY, "latest"): "0x0",
            ("eth_getStorageAt", contract, "0x0", "latest"): "0x" + word(42),
            ("eth_getStorageAt", contract, "0x0", before): "0x" + word(0),
            ("eth_getTransactionCount", sender, before): "0x1",
            ("eth_getBlockByNumber", FAR, False): None,
            ("eth_getBlockByHash", NOTHING, False): None,
            ("eth_getTransactionByHash", NOTHING): None,
            ("eth_getTransactionReceipt", NOTHING): None,
            ("eth_uninstallFilter", "0x1234"): False,
        }  # fmt: skip
        for (method, *params), expected in answers.items():
            assert ask(scene.url, method, *params) == expected, (method, params)
        for at in ("latest", {"blockHash": scene.called["blockHash"]}):
            assert ask(scene.url, "eth_call", call, at) == "0x" + word(42)
        assert ask(scene.url, "eth_call", call, before) == "0x" + word(0)

    def test_a_call_uses_the_same_gas_and_estimates_are_enough(self, scene: Scene) -> None:
        assert int(scene.created["gasUsed"], 16) == GAS_CREATING
        assert int(scene.called["gasUsed"], 16) == GAS_SETTING
        request = {"from": SIGNER.address, "to": scene.contract, "data": SET + word(7)}
        estimate = int(ask(scene.url, "eth_estimateGas", request), 16)
        assert estimate == pytest.approx(GAS_SETTING_AGAIN, rel=0.02)


# --- refusals -----------------------------------------------------------------------------------

Build = Callable[[Scene], tuple[str, list[Any]]]
TAKEN = "taken"


@dataclass(frozen=True)
class Refusal:
    """A request that is refused with this code, in words that begin so.

    ``anvil``: its own code and words; TAKEN where it does what the others refuse.
    """

    name: str
    build: Build
    code: int
    words: str
    anvil: tuple[int, str] | str | None = None


def sending(**fields: Any) -> Build:
    """A transaction with the next nonce, or another, that must not land."""
    return lambda scene: ("eth_sendRawTransaction", [signed(**{"nonce": scene.nonce(), **fields})])


def asking(method: str, *params: Any) -> Build:
    return lambda scene: (method, [scene.contract if each == "C" else each for each in params])


OUT_OF_RANGE = (-32602, "BlockOutOfRangeError")
FEES = {"gasPrice": None, "maxFeePerGas": 1, "maxPriorityFeePerGas": 2}
REFUSALS = [
    Refusal("nonce passed", sending(nonce=1), -32000, "nonce too low: next nonce ", (-32003, "nonce too low")),
    Refusal("the same again", lambda s: ("eth_sendRawTransaction", [signed(1, to=s.contract, data=SET + word(42))]), -32000, "nonce too low: next nonce ", (-32003, "nonce too low")),
    Refusal("no transaction", asking("eth_sendRawTransaction", "0x1234"), -32000, "transaction type not supported", (-32602, "Failed to decode transaction")),
    Refusal("too little gas", sending(gas=20_000), -32000, "intrinsic gas too low: gas 20000, minimum needed 21000", (-32000, "intrinsic gas too low")),
    Refusal("more gas than a block", sending(gas=600_000_000), -32000, "exceeds block gas limit", (-32000, "intrinsic gas too high")),
    Refusal("no coins", sending(value=10**30), -32000, "insufficient funds for gas * price + value: balance", (-32003, "Insufficient funds for gas * price + value")),
    Refusal("another chain", sending(chainId=5), -32000, "invalid sender", TAKEN),
    Refusal("a tip above the fee", sending(**FEES), -32000, "max priority fee per gas higher than max fee per gas", (-32003, "max priority fee per gas higher than max fee per gas")),
    Refusal("too large", sending(data="0x" + "00" * 131_072), -32000, "oversized data: transaction size", TAKEN),
    Refusal("a method of nobody", asking("eth_nothing"), -32601, "the method eth_nothing does not exist/is not available", (-32601, "Method not found")),
    Refusal("no parameter", asking("eth_getBalance"), -32602, "", None),
    Refusal("no address", asking("eth_getBalance", "0x12", "latest"), -32602, "", None),
    Refusal("a block to come", asking("eth_getBalance", NOBODY, FAR), -32000, "header not found", OUT_OF_RANGE),
    Refusal("a call on a block to come", asking("eth_call", {"to": NOBODY}, FAR), -32000, "header not found", OUT_OF_RANGE),
    Refusal("logs of a block of nobody", asking("eth_getLogs", {"blockHash": NOTHING}), -32000, "unknown block"),
    Refusal("a range backwards", asking("eth_getLogs", {"fromBlock": "0x2", "toBlock": "0x1"}), -32000, "invalid block range params", TAKEN),
    Refusal("a filter of nobody", asking("eth_getFilterChanges", "0x1234"), -32000, "filter not found"),
]  # fmt: skip


class TestSameRefusals:
    @pytest.mark.parametrize("case", REFUSALS, ids=lambda case: case.name)
    def test_by_code_and_words(self, scene: Scene, case: Refusal) -> None:
        method, params = case.build(scene)
        code, words = case.code, case.words
        if scene.engine == "anvil" and case.anvil is not None:
            if case.anvil == TAKEN:
                assert ask(scene.url, method, *params) is not None
                return
            code, words = int(case.anvil[0]), str(case.anvil[1])
        refused = scene.refusal(method, params)
        assert (refused.number, refused.message[: len(words)]) == (code, words)

    @pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
    def test_custom_errors_come_with_their_bytes(self, scene: Scene, method: str) -> None:
        refused = scene.refusal(method, [{"to": scene.contract, "data": REFUSE + word(5)}])
        assert refused.number == 3
        assert refused.message.startswith("execution reverted")
        assert refused.data == REFUSED + word(5)


class TestWeb3:
    @pytest.fixture
    def web3(self, scene: Scene) -> Web3:
        web3 = Web3(HTTPProvider(scene.url))
        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        return web3

    def test_contracts_events_and_errors(self, scene: Scene, web3: Web3) -> None:
        register = web3.eth.contract(address=to_checksum_address(scene.contract), abi=ABI)
        assert register.functions.get().call() == 42
        with pytest.raises(ContractCustomError) as refused:
            register.functions.refuse(5).call()
        assert refused.value.data == REFUSED + word(5)
        (event,) = register.events.ValueSet().get_logs(from_block=0)
        assert dict(event["args"]) == {"by": SIGNER.address, "value": 42}
        receipt = web3.eth.get_transaction_receipt(scene.called["transactionHash"])
        assert register.events.ValueSet().process_receipt(receipt) == (event,)
        block = web3.eth.get_block(receipt["blockNumber"], full_transactions=True)
        assert block["transactions"][0]["hash"] == receipt["transactionHash"]
        with pytest.raises(TransactionNotFound):
            web3.eth.get_transaction_receipt(NOTHING)

    def test_filters_tell_news_once(self, scene: Scene, web3: Web3) -> None:
        register = web3.eth.contract(address=to_checksum_address(scene.contract), abi=ABI)
        since = int(scene.created["blockNumber"], 16)
        events = register.events.ValueSet().create_filter(from_block=since)
        blocks = web3.eth.filter("latest")
        assert [dict(each["args"])["value"] for each in events.get_all_entries()] == [42]
        nonce = web3.eth.get_transaction_count(SIGNER.address)
        # to the same value, so that the tests may come in any order
        receipt = land(scene.url, signed(nonce, to=scene.contract, data=SET + word(42)))
        deadline, told = time.monotonic() + LANDING_SECONDS, []
        while not told and time.monotonic() < deadline:
            told = events.get_new_entries()
        # anvil tells once more what was there when the filter was made
        news = told[-1:] if scene.engine == "anvil" else told
        assert [each["transactionHash"].to_0x_hex() for each in news] == [
            receipt["transactionHash"]
        ]
        assert events.get_new_entries() == []
        assert receipt["blockHash"] in [each.to_0x_hex() for each in blocks.get_new_entries()]
        assert web3.eth.uninstall_filter(events.filter_id)


class TestCast:
    """Foundry's cast, a client in Rust that shares no line with web3.py."""

    @pytest.fixture
    def cast(self, scene: Scene) -> Callable[..., str]:
        program = programs.cast()

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [str(program), *arguments, "--rpc-url", scene.url],
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()

        return run

    def test_it_reads_the_same_state(self, scene: Scene, cast: Callable[..., str]) -> None:
        assert cast("chain-id") == "31415"
        assert cast("call", scene.contract, "get()(uint256)") == "42"
        assert cast("storage", scene.contract, "0").endswith("2a")
        assert cast("code", scene.contract) == "0x" + REGISTER_CODE[2 + 24 :]
        assert cast("balance", NOBODY) == "0"
        nonce = int(ask(scene.url, "eth_getTransactionCount", SIGNER.address, "latest"), 16)
        assert cast("nonce", SIGNER.address) == str(nonce)

    def test_it_reads_the_same_blocks_receipts_and_logs(
        self, scene: Scene, cast: Callable[..., str]
    ) -> None:
        receipt = json.loads(cast("receipt", "--json", scene.called["transactionHash"]))
        for name in ("status", "blockHash", "gasUsed", "logsBloom", "effectiveGasPrice"):
            assert receipt[name] == scene.called[name], name
        block = json.loads(cast("block", "--json", str(int(scene.called["blockNumber"], 16))))
        assert block["hash"] == scene.called["blockHash"]
        assert block["transactions"] == [scene.called["transactionHash"]]
        found = json.loads(cast("tx", "--json", scene.called["transactionHash"]))
        assert found["input"] == SET + word(42)
        until = str(int(scene.called["blockNumber"], 16))
        wanted = ["--address", scene.contract, "--from-block", "0", "--to-block", until]
        (log,) = json.loads(cast("logs", "--json", *wanted))
        assert log["transactionHash"] == scene.called["transactionHash"]

    def test_it_sends_and_sees_why_a_call_is_refused(
        self, scene: Scene, cast: Callable[..., str]
    ) -> None:
        key = ["--private-key", "0x" + "07" * 32, "--legacy", "--gas-price", "0", "--json"]
        sent = json.loads(cast("send", *key, scene.contract, "set(uint256)", "42"))
        assert sent["status"] == "0x1"
        assert int(cast("estimate", scene.contract, "set(uint256)", "42")) > 21_000
        program = programs.cast()
        done = subprocess.run(
            [str(program), "call", scene.contract, "refuse(uint256)", "5", "--rpc-url", scene.url],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert REFUSED in done.stderr
