"""JSON-RPC methods of the embedded chain.

What web3's own eth-tester provider answers well is left to it (``_DELEGATED``); answered here is
what must be durable (sending), indexed (logs), true to this chain (ids, prices) or exact (revert
data). Methods that are in neither table do not exist here: eth-tester's own time travel, snapshots
and account keys would bypass the disk. Ours (`devnet.rewind`) exist on a chain started for tests.
"""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

from eth_bloom.bloom import BloomFilter
from eth_tester import EthereumTester
from eth_tester.exceptions import BlockNotFound
from eth_tester.exceptions import ValidationError as TesterValidationError
from eth_typing import BlockNumber
from eth_utils.exceptions import ValidationError
from web3 import Web3
from web3.middleware import combine_middleware
from web3.providers.eth_tester import EthereumTesterProvider
from web3.providers.eth_tester.middleware import (
    TRANSACTION_RESULT_KEY_MAPPING,
    ethereum_tester_middleware,
)

from devnet import execution, wire
from devnet.backend import StoredBackend
from devnet.errors import (
    InvalidParamsError,
    InvalidRequestError,
    MethodNotFoundError,
    RpcError,
    StateNotFoundError,
)
from devnet.filters import Filters
from devnet.rewind import TestingMethods
from devnet.wire import hex_data, hex_quantity

if TYPE_CHECKING:
    from collections.abc import Callable

    from eth.abc import BlockHeaderAPI

    from devnet.chain import LocalChain

_EIP155_V = 35
"""A legacy signature holds twice the chain id, this, and the parity (EIP-155)."""
CLIENT_NAME = "anxu-devnet"
MAX_FEE_HISTORY_BLOCKS = 1_024

_MALFORMED = (TesterValidationError, ValidationError, TypeError, ValueError, LookupError)

_REWARD_PLACE = 2
_STATE, _BLOCK = "state", "block"
_DELEGATED: dict[str, tuple[str, int] | None] = {
    # method: what its block parameter is for, and its place
    "web3_sha3": None,
    "eth_getBalance": (_STATE, 1),
    "eth_getTransactionCount": (_STATE, 1),
    "eth_getCode": (_STATE, 1),
    "eth_getStorageAt": (_STATE, 2),
    "eth_getBlockByNumber": (_BLOCK, 0),
    "eth_getBlockByHash": None,
    "eth_getBlockTransactionCountByNumber": (_BLOCK, 0),
    "eth_getBlockTransactionCountByHash": None,
    "eth_getTransactionByBlockNumberAndIndex": (_BLOCK, 0),
    "eth_getTransactionByBlockHashAndIndex": None,
    "eth_getUncleCountByBlockNumber": (_BLOCK, 0),
    "eth_getUncleCountByBlockHash": None,
    "eth_getTransactionByHash": None,
    "eth_getTransactionReceipt": None,
}


class RpcMethods:
    """Answers one method at a time; parameters and results are JSON values."""

    def __init__(self, local: LocalChain, *, testing: bool = False) -> None:
        self._local = local
        self.filters = Filters(local)
        tester = EthereumTester(StoredBackend(local))
        provider = EthereumTesterProvider(tester)
        self._ask_tester = combine_middleware(
            middleware=(ethereum_tester_middleware,),
            w3=Web3(provider),
            provider_request_fn=provider.make_request,
        )
        self._own: dict[str, Callable[[list[Any]], Any]] = {
            "web3_clientVersion": lambda _: client_version(),
            "net_version": lambda _: str(local.chain_id),
            "net_listening": lambda _: True,
            "net_peerCount": lambda _: "0x0",
            "eth_chainId": lambda _: hex_quantity(local.chain_id),
            "eth_syncing": lambda _: False,
            "eth_accounts": lambda _: [],
            "eth_blockNumber": lambda _: hex_quantity(local.head.block_number),
            "eth_gasPrice": lambda _: hex_quantity(self._gas_price()),
            "eth_maxPriorityFeePerGas": lambda _: "0x0",
            "eth_feeHistory": self._fee_history,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate_gas,
            "eth_sendRawTransaction": self._send_raw_transaction,
            "evm_mine": self._mine,
            **self.filters.methods(),
        }
        if testing:
            self._own |= TestingMethods(local, self.filters).methods()

    def answer(self, method: str, params: list[Any]) -> Any:
        """The result of one call.

        Raises:
            RpcError: the error object to answer with.
        """
        with self._local.lock:
            if method in self._own:
                return self._own[method](params)
            if method in _DELEGATED:
                return self._delegate(method, params)
        raise MethodNotFoundError(f"the method {method[:64]} does not exist/is not available")

    def _delegate(self, method: str, params: list[Any]) -> Any:
        place = _DELEGATED[method]
        if place is not None:
            purpose, index = place
            reference = wire.block_reference(params[index] if index < len(params) else None)
            try:
                block = self._number_of(reference)
            except StateNotFoundError:
                if purpose == _BLOCK:
                    return None
                raise
            if purpose == _BLOCK and reference.name == "pending":
                params = [*params[:index], "pending", *params[index + 1 :]]
            else:
                params = [*params[:index], hex_quantity(block), *params[index + 1 :]]
            if method == "eth_getStorageAt":
                params[index] = block  # web3's formatters leave this one method's block alone
        try:
            response = self._ask_tester(method, params)
        except BlockNotFound as error:
            raise StateNotFoundError("header not found") from error
        except _MALFORMED as error:
            raise InvalidParamsError(f"invalid parameters for {method}") from error
        if "error" in response:
            raise MethodNotFoundError(str(response["error"]["message"]))
        return _geth_shape(method, response["result"])

    def _number_of(self, reference: wire.BlockReference) -> int:
        newest = self._local.head.block_number
        if reference.name is not None:
            return 0 if reference.name == "earliest" else int(newest)
        number = reference.number
        if reference.block_hash is not None:
            number = self._local.store.block_number_of(reference.block_hash)
        if number is None or number > newest:
            raise StateNotFoundError("header not found")
        return number

    def _header_of(self, reference: wire.BlockReference) -> BlockHeaderAPI:
        return self._local.evm.get_canonical_block_header_by_number(
            BlockNumber(self._number_of(reference))
        )

    def _gas_price(self) -> int:
        head = self._local.head
        following = self._local.evm.create_header_from_parent(head)
        return max(head.base_fee_per_gas or 0, following.base_fee_per_gas or 0)

    def _context(self, params: list[Any]) -> execution.CallContext:
        reference = wire.block_reference(params[1] if len(params) > 1 else None)
        newest = reference.name in wire.NEWEST_NAMES
        return execution.CallContext(self._header_of(reference), is_newest=newest)

    def _call(self, params: list[Any]) -> str:
        request = wire.call_request(wire.argument(params, 0, "transaction"))
        return hex_data(execution.call(self._local, request, self._context(params)))

    def _estimate_gas(self, params: list[Any]) -> str:
        request = wire.call_request(wire.argument(params, 0, "transaction"))
        return hex_quantity(execution.estimate_gas(self._local, request, self._context(params)))

    def _send_raw_transaction(self, params: list[Any]) -> str:
        raw = wire.data(wire.argument(params, 0, "transaction"), "transaction")
        return hex_data(self._local.send_raw(raw))

    def _mine(self, params: list[Any]) -> str:
        if params:
            raise InvalidParamsError("evm_mine: takes no parameter; the clock is set at birth")
        self._local.mine_empty()
        return "0x0"

    def _fee_history(self, params: list[Any]) -> dict[str, Any]:
        asked = wire.argument(params, 0, "blockCount")
        count = asked if isinstance(asked, int) else wire.quantity(asked, "blockCount")
        newest = self._number_of(wire.block_reference(wire.argument(params, 1, "newestBlock")))
        count = min(count, MAX_FEE_HISTORY_BLOCKS, newest + 1)
        percentiles = (
            params[_REWARD_PLACE] if len(params) > _REWARD_PLACE and params[_REWARD_PLACE] else []
        )
        chain = self._local.evm
        headers = [
            chain.get_canonical_block_header_by_number(BlockNumber(number))
            for number in range(newest - count + 1, newest + 1)
        ]
        history: dict[str, Any] = {"oldestBlock": hex_quantity(newest - count + 1)}
        if headers:
            following = chain.create_header_from_parent(headers[-1])
            fees = [*(header.base_fee_per_gas for header in headers), following.base_fee_per_gas]
            history["baseFeePerGas"] = [hex_quantity(fee or 0) for fee in fees]
            history["gasUsedRatio"] = [each.gas_used / each.gas_limit for each in headers]
            if percentiles:
                history["reward"] = [["0x0"] * len(percentiles) for _ in headers]
        return history


def client_version() -> str:
    """Who answers, in the customary ``name/version/engine`` form."""
    return f"{CLIENT_NAME}/py-evm-{importlib.metadata.version('py-evm')}/london"


def request_parts(request: object) -> tuple[str, list[Any]]:
    """Method and positional parameters of one JSON-RPC request object.

    Raises:
        InvalidRequestError: it is none.
    """
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        raise InvalidRequestError("invalid request")
    params = request.get("params")
    if params is None:
        params = []
    if not isinstance(params, list):
        raise InvalidRequestError("params: expected a list")
    return request["method"], params


def error_of(error: Exception) -> RpcError:
    """The error to answer with; an unforeseen one keeps its text to itself."""
    return error if isinstance(error, RpcError) else RpcError("internal error")


def _geth_shape(method: str, result: Any) -> Any:
    """Bring eth-tester's answer into the shape that geth gives and the specification asks for."""
    if method == "eth_getStorageAt":
        number = int(result, 16) if isinstance(result, str) else int(result)
        return hex_data(number.to_bytes(32, "big"))
    if not isinstance(result, dict):
        return wire.spelled(result)
    if method.startswith("eth_getBlockBy"):
        return _block_shape(result)
    if method == "eth_getTransactionReceipt":
        return _receipt_shape(result)
    return _transaction_shape(result)


def _block_shape(block: dict[str, Any]) -> dict[str, Any]:
    bloom = block["logsBloom"].to_bytes(256, "big")
    bodies = [
        _transaction_shape(each) if isinstance(each, dict) else each
        for each in block["transactions"]
    ]
    return {**wire.spelled(block), "transactions": bodies, "logsBloom": hex_data(bloom)}


def _transaction_shape(transaction: dict[str, Any]) -> dict[str, Any]:
    # The provider renames the fields of a single transaction, not of those inside a block.
    renamed = {TRANSACTION_RESULT_KEY_MAPPING.get(k, k): v for k, v in transaction.items()}
    if "chainId" not in renamed and (v := renamed.get("v", 0)) >= _EIP155_V:
        renamed["chainId"] = (v - _EIP155_V) // 2
    if "y_parity" in renamed:
        renamed["yParity"] = renamed.pop("y_parity")
    if "accessList" in renamed:
        renamed["accessList"] = [
            {
                "address": entry["address"],
                "storageKeys": [_word(key) for key in _storage_keys(entry)],
            }
            for entry in renamed["accessList"]
        ]
    if not renamed["to"]:
        renamed["to"] = None
    return dict(wire.spelled(renamed))


def _receipt_shape(receipt: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in receipt.items() if key != "state_root"}
    kept["to"] = kept["to"] or None
    logs = [{**log, "removed": False} for log in kept["logs"]]
    bloom = BloomFilter()
    for log in logs:
        del log["type"]
        for each in (log["address"], *log["topics"]):
            bloom.add(bytes.fromhex(each[2:]))
    kept["logs"] = logs
    return {**wire.spelled(kept), "logsBloom": hex_data(int(bloom).to_bytes(256, "big"))}


def _storage_keys(entry: dict[str, Any]) -> list[Any]:
    return list(entry["storageKeys"] if "storageKeys" in entry else entry["storage_keys"])


def _word(value: str | int | bytes) -> str:
    if isinstance(value, int):
        return hex_data(value.to_bytes(32, "big"))
    return value if isinstance(value, str) else hex_data(value)
