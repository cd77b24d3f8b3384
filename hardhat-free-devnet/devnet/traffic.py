"""Made-up transactions for measurements: signed beforehand, sent as fast as they are taken."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet.settings import Fund

SPENDER: Final = Account.from_key(bytes([9]) * 32)
"""The account that sends; a chain to be measured gives it coins in block 0."""
SPENDER_WEI: Final = 10**27
_WAIT_SECONDS: Final = 0.02
# init code that returns a contract which logs its first word and keeps it: LOG1, SSTORE, STOP
KEEPER_CODE: Final = bytes.fromhex(
    "6012600c60003960126000f3" + "60003580600055600052600160206000a100"
)


def fund() -> Fund:
    """The coins of the spender."""
    return Fund(bytes.fromhex(str(SPENDER.address)[2:]), SPENDER_WEI)


def signed(
    chain_id: int, first_nonce: int, count: int, *, to: str | None = None, data: bytes = b""
) -> list[bytes]:
    """Signed calls of one account that pays nothing for gas; ``to`` None pays a wei to nobody."""
    target = to_checksum_address(to or "0x" + "11" * 20)
    fields: dict[str, Any] = {
        "chainId": chain_id, "gasPrice": 0, "to": target, "data": data,
        "gas": 100_000 if data else 21_000, "value": 0 if data else 1,
    }  # fmt: skip
    return [
        bytes(SPENDER.sign_transaction({**fields, "nonce": nonce}).raw_transaction)
        for nonce in range(first_nonce, first_nonce + count)
    ]


def creation(chain_id: int) -> bytes:
    """The spender's first transaction: it creates the contract of `first_contract`."""
    fields = {"chainId": chain_id, "nonce": 0, "gasPrice": 0, "gas": 200_000, "value": 0}
    return bytes(SPENDER.sign_transaction({**fields, "data": KEEPER_CODE}).raw_transaction)


class Client:
    """One connection to one endpoint, kept open as a node keeps it."""

    def __init__(self, rpc_url: str) -> None:
        parts = urlsplit(rpc_url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._count = 0

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one call; a refusal is a mistake here."""
        self._count += 1
        asked = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": list(params)}
        self._connection.request(
            "POST", "/", json.dumps(asked).encode(), {"Content-Type": "application/json"}
        )
        answer = json.loads(self._connection.getresponse().read())
        if "result" not in answer:
            raise RuntimeError(f"{method}: {answer.get('error')}")
        return answer["result"]

    def send(self, raw: bytes) -> str:
        """Hand over one transaction; its hash."""
        return str(self.ask("eth_sendRawTransaction", "0x" + raw.hex()))

    def wait(self, transaction_hash: str, seconds: float = 120.0) -> dict[str, Any]:
        """The receipt, once there is one.

        Raises:
            TimeoutError: there was none in time.
        """
        deadline = time.monotonic() + seconds
        while (receipt := self.ask("eth_getTransactionReceipt", transaction_hash)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("a transaction did not land")
            time.sleep(_WAIT_SECONDS)
        return dict(receipt)

    def land_all(self, transactions: Sequence[bytes]) -> float:
        """Send them all, wait until the last has landed; how many landed a second."""
        began = time.perf_counter()
        last = ""
        for raw in transactions:
            last = self.send(raw)
        self.wait(last)
        return len(transactions) / (time.perf_counter() - began)

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def first_contract() -> str:
    """Where the spender's first transaction puts a contract, if it creates one."""
    # rlp of [address, 0]: a list of 22 bytes, a string of 20, the empty string
    sender = bytes.fromhex(str(SPENDER.address)[2:])
    return to_checksum_address(keccak(b"\xd6\x94" + sender + b"\x80")[12:])
