"""The answers of a node that fell behind: nothing after a certain block exists for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from devnet.wire import NEWEST_NAMES, hex_quantity

_BLOCK_AT: Final = {
    "eth_getBlockByNumber": 0,
    "eth_getBlockTransactionCountByNumber": 0,
    "eth_getTransactionByBlockNumberAndIndex": 0,
    "eth_getBalance": 1,
    "eth_getCode": 1,
    "eth_getTransactionCount": 1,
    "eth_call": 1,
    "eth_estimateGas": 1,
    "eth_feeHistory": 1,
    "eth_getStorageAt": 2,
}
"""Which parameter names the block."""
_PLACED: Final = (
    "eth_getBlockByHash",
    "eth_getBlockByNumber",
    "eth_getTransactionByHash",
    "eth_getTransactionReceipt",
)
"""Answers that say themselves in which block they are."""
_RANGE: Final = ("fromBlock", "toBlock")


@dataclass(frozen=True, slots=True)
class StaleView:
    """A view as of ``block``: questions are turned to it, later things are masked."""

    block: int

    def asked(self, request: Any) -> Any:
        """The request as a node at that block understands it."""
        if not isinstance(request, dict):
            return request
        method, params = request.get("method"), list(request.get("params") or [])
        if method in _BLOCK_AT:
            place = _BLOCK_AT[method]
            while len(params) <= place:
                params.append("latest")
            params[place] = self._known(params[place])
        elif method == "eth_getLogs" and params and isinstance(params[0], dict):
            if "blockHash" not in params[0]:
                ends = {key: self._clamped(params[0].get(key)) for key in _RANGE}
                params[0] = {**params[0], **ends}
        else:
            return request
        return {**request, "params": params}

    def mask(self, method: str, params: list[Any], answer: dict[str, Any]) -> None:
        """Take away what that node could not know; ``answer`` is changed in place."""
        result = answer["result"]
        if method == "eth_blockNumber":
            answer["result"] = hex_quantity(min(int(result, 16), self.block))
        elif method in _PLACED and isinstance(result, dict):
            number = result.get("blockNumber") or result.get("number")
            if isinstance(number, str) and int(number, 16) > self.block:
                answer["result"] = None
        elif method == "eth_getLogs":
            first = params[0].get("fromBlock")
            least = int(first, 16) if isinstance(first, str) and first.startswith("0x") else 0
            known = range(least, self.block + 1)
            answer["result"] = [each for each in result if int(each["blockNumber"], 16) in known]
        elif method in _BLOCK_AT:
            asked = params[_BLOCK_AT[method]] if len(params) > _BLOCK_AT[method] else None
            if isinstance(asked, str) and asked.startswith("0x") and int(asked, 16) > self.block:
                del answer["result"]
                answer["error"] = {"code": -32000, "message": "header not found"}

    def _clamped(self, name: Any) -> Any:
        known = self._known(name)
        if isinstance(known, str) and known.startswith("0x"):
            return hex_quantity(min(int(known, 16), self.block))
        return known

    def _known(self, name: Any) -> Any:
        return hex_quantity(self.block) if name is None or name in NEWEST_NAMES else name
