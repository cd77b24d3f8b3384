"""web3.py and raw JSON-RPC clients against a devnet process, with a small contract."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from devnet.process import DevnetProcess
from devnet.settings import DevnetSettings, Fund
from eth_account import Account
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError, TransactionNotFound, Web3RPCError

# contract Register, assembled by hand for London:
#   PUSH 00 CALLDATALOAD PUSH e0 SHR                     selector
#   DUP1 PUSH 60fe47b1 EQ @set JUMPI                     set(uint256)
#   DUP1 PUSH 6d4ce63c EQ @get JUMPI                     get()
#   DUP1 PUSH a60a07b2 EQ @refuse JUMPI                  refuse(uint256)
#   DUP1 PUSH 5a8ac02d EQ @second JUMPI                  second()
#   PUSH 00 PUSH 00 REVERT
#   :set    PUSH 04 CALLDATALOAD DUP1 PUSH 00 SSTORE PUSH 00 MSTORE
#           CALLER PUSH keccak(ValueSet(address,uint256)) PUSH 20 PUSH 00 LOG2 STOP
#   :get    PUSH 00 SLOAD PUSH 00 MSTORE PUSH 20 PUSH 00 RETURN
#   :refuse PUSH 590a5151 PUSH 00 MSTORE PUSH 04 CALLDATALOAD PUSH 20 MSTORE
#           PUSH 24 PUSH 1c REVERT                       error Refused(uint256)
#   :second TIMESTAMP PUSH 00 MSTORE PUSH 20 PUSH 00 RETURN
# before it: PUSH 90 PUSH 0c PUSH 00 CODECOPY PUSH 90 PUSH 00 RETURN
REGISTER_CODE = (
    "0x6090600c60003960906000f3"
    "60003560e01c806360fe47b11460335780636d4ce63c146066578063a60a07b21460725780635a8ac02d14"
    "60865760006000fd5b60043580600055600052337ff3f57717dff9f5f10af315efdbfadc60c42152c11fc0"
    "c3c413bbfbdc661f143c60206000a2005b60005460005260206000f35b63590a5151600052600435602052"
    "6024601cfd5b4260005260206000f3"
)
NUMBER = {"name": "value", "type": "uint256"}
REGISTER_ABI: list[dict[str, Any]] = [
    {"type": "function", "name": "set", "stateMutability": "nonpayable", "inputs": [NUMBER], "outputs": []},
    {"type": "function", "name": "get", "stateMutability": "view", "inputs": [], "outputs": [NUMBER]},
    {"type": "function", "name": "second", "stateMutability": "view", "inputs": [], "outputs": [NUMBER]},
    {"type": "function", "name": "refuse", "stateMutability": "view", "inputs": [NUMBER], "outputs": []},
    {"type": "error", "name": "Refused", "inputs": [NUMBER]},
    {"type": "event", "name": "ValueSet", "anonymous": False, "inputs": [
        {"name": "by", "type": "address", "indexed": True}, {**NUMBER, "indexed": False}]},
]  # fmt: skip

ACCOUNT = Account.from_key(b"\x07" * 32)
FUND = Fund(bytes.fromhex(ACCOUNT.address[2:]), 10**24)


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevnetProcess]:
    directory = tmp_path_factory.mktemp("devnet")
    with DevnetProcess(DevnetSettings(directory, funds=(FUND,))) as running:
        yield running


def connect(url: str) -> Web3:
    return Web3(HTTPProvider(url))


def send(web3: Web3, prepared: Any) -> Any:
    """Sign with web3's own defaults for gas, price and nonce, send, and give the receipt."""
    fields = {"from": ACCOUNT.address, "nonce": web3.eth.get_transaction_count(ACCOUNT.address)}
    signed = ACCOUNT.sign_transaction(prepared.build_transaction(fields))
    return web3.eth.wait_for_transaction_receipt(
        web3.eth.send_raw_transaction(signed.raw_transaction)
    )


def deploy(web3: Web3) -> Any:
    receipt = send(web3, web3.eth.contract(abi=REGISTER_ABI, bytecode=REGISTER_CODE).constructor())
    assert receipt["status"] == 1
    return web3.eth.contract(address=receipt["contractAddress"], abi=REGISTER_ABI)


class TestWeb3:
    def test_a_contract_is_deployed_called_and_heard(self, devnet: DevnetProcess) -> None:
        web3 = connect(devnet.rpc_url)
        register = deploy(web3)
        assert web3.eth.chain_id == 31415
        assert web3.eth.get_code(register.address) == bytes.fromhex(REGISTER_CODE[2 + 24 :])
        receipt = send(web3, register.functions.set(42))
        assert receipt["status"] == 1
        assert register.functions.get().call() == 42
        assert register.functions.get().call(block_identifier=receipt["blockNumber"] - 1) == 0
        assert int.from_bytes(web3.eth.get_storage_at(register.address, 0), "big") == 42
        (event,) = register.events.ValueSet().process_receipt(receipt)
        assert dict(event["args"]) == {"by": ACCOUNT.address, "value": 42}
        (found,) = register.events.ValueSet().get_logs(
            from_block=0, argument_filters={"by": ACCOUNT.address}
        )
        assert found["transactionHash"] == receipt["transactionHash"]
        block = web3.eth.get_block("latest", full_transactions=True)
        assert block["transactions"][0]["hash"] == receipt["transactionHash"]
        assert register.functions.second().call() >= block["timestamp"]

    def test_custom_errors_come_through(self, devnet: DevnetProcess) -> None:
        register = deploy(connect(devnet.rpc_url))
        with pytest.raises(ContractCustomError) as refused:
            register.functions.refuse(5).call()
        assert refused.value.data == "0x590a5151" + "00" * 31 + "05"

    def test_a_transaction_that_reverts_is_mined_with_status_0(self, devnet: DevnetProcess) -> None:
        web3 = connect(devnet.rpc_url)
        register = deploy(web3)
        fields = {
            "from": ACCOUNT.address, "gas": 100_000,
            "nonce": web3.eth.get_transaction_count(ACCOUNT.address),
        }  # fmt: skip
        signed = ACCOUNT.sign_transaction(register.functions.refuse(1).build_transaction(fields))
        mined = web3.eth.send_raw_transaction(signed.raw_transaction)
        assert web3.eth.get_transaction_receipt(mined)["status"] == 0

    def test_the_same_transaction_is_refused_the_second_time(self, devnet: DevnetProcess) -> None:
        web3 = connect(devnet.rpc_url)
        signed = ACCOUNT.sign_transaction({
            "chainId": 31415, "to": "0x" + "11" * 20, "value": 1, "gas": 21_000,
            "gasPrice": web3.eth.gas_price,
            "nonce": web3.eth.get_transaction_count(ACCOUNT.address),
        })  # fmt: skip
        web3.eth.send_raw_transaction(signed.raw_transaction)
        height = web3.eth.block_number
        with pytest.raises(Web3RPCError, match="nonce too low"):
            web3.eth.send_raw_transaction(signed.raw_transaction)
        assert web3.eth.block_number == height

    def test_an_unknown_transaction_is_not_found(self, devnet: DevnetProcess) -> None:
        with pytest.raises(TransactionNotFound):
            connect(devnet.rpc_url).eth.get_transaction_receipt(b"\x01" * 32)

    def test_endless_recursion_ends_without_harm(self, devnet: DevnetProcess) -> None:
        web3 = connect(devnet.rpc_url)
        # init code that leaves: PUSH 00 (five times) ADDRESS GAS CALL STOP, a contract calling itself
        code = "0x600e600c600039600e6000f3" + "6000600060006000600030" + "5af100"
        receipt = send(web3, web3.eth.contract(abi=[], bytecode=code).constructor())
        call = {"to": receipt["contractAddress"], "gas": 30_000_000}
        assert web3.eth.call(call) == b""
        assert web3.eth.get_code(receipt["contractAddress"]).to_0x_hex().endswith("5af100")

    def test_requests_may_be_sent_together(self, devnet: DevnetProcess) -> None:
        web3 = connect(devnet.rpc_url)
        with web3.batch_requests() as batch:
            batch.add(web3.eth.get_block(0))
            batch.add(web3.eth.get_balance("0x" + "22" * 20))
            genesis, balance = batch.execute()
        assert genesis["hash"].to_0x_hex() == devnet.endpoint.genesis_hash
        assert balance == 0


class TestHttp:
    @pytest.fixture
    def post(self, devnet: DevnetProcess) -> Any:
        def send_body(body: bytes | str, **headers: str) -> requests.Response:
            usual = {"Content-Type": "application/json"} | headers
            return requests.post(devnet.rpc_url, data=body, headers=usual, timeout=10)

        return send_body

    def test_errors_are_json_rpc_objects(self, post: Any) -> None:
        call = {"jsonrpc": "2.0", "id": 7, "method": "eth_nothing", "params": []}
        assert post(json.dumps(call)).json() == {
            "jsonrpc": "2.0", "id": 7,
            "error": {
                "code": -32601,
                "message": "the method eth_nothing does not exist/is not available",
            },
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ("{", -32700),
            ("[" * 100_000, -32700),
            ("[]", -32600),
            ("5", -32600),
            ('{"id":1}', -32600),
        ],
    )
    def test_bad_bodies_are_answered(self, post: Any, body: str, code: int) -> None:
        assert post(body).json()["error"]["code"] == code

    def test_notifications_get_no_answer(self, post: Any) -> None:
        note = {"jsonrpc": "2.0", "method": "eth_chainId"}
        assert post(json.dumps(note)).content == b""
        answers = post(json.dumps([note, {**note, "id": 1}])).json()
        assert answers == [{"jsonrpc": "2.0", "id": 1, "result": "0x7ab7"}]

    def test_web_pages_are_kept_out(self, post: Any) -> None:
        assert post("{}", **{"Content-Type": "text/plain"}).status_code == 415
        assert post("{}", Host="attacker.example").status_code == 403

    def test_other_methods_and_huge_bodies_are_refused(self, devnet: DevnetProcess) -> None:
        assert requests.get(devnet.rpc_url, timeout=10).status_code == 405
        address = urlsplit(devnet.rpc_url)
        connection = http.client.HTTPConnection(address.netloc, timeout=10)
        connection.putrequest("POST", "/")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(6 * 1024 * 1024))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_the_log_names_methods_and_no_parameters(
        self, devnet: DevnetProcess, post: Any
    ) -> None:
        secret = "0x" + "5e" * 20
        post(json.dumps({"id": 1, "method": "eth_getBalance", "params": [secret, "latest"]}))
        text = Path(devnet.settings.directory / "devnet.log").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        assert {"method", "ms"} <= set(lines[-1])
        assert "eth_getBalance" in text
        assert "5e5e" not in text
