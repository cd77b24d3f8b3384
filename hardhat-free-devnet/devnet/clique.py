"""What a proof-of-authority network of geth is made of: validators, genesis, peers, flags.

Clique (EIP-225): the validators named in block 0 take turns; a block needs one of them, and each
may sign one of any N/2 + 1 blocks in a row. Nothing here starts anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_keys.datatypes import PrivateKey

from devnet.errors import SettingsError

HOST: Final = "127.0.0.1"
GAS_LIMIT: Final = 500_000_000
"""Twice what a second of blocks may use before the base fee, which begins at 0, would rise: no
machine reaches it, so gas stays free and accounts need no coins."""
EPOCH_BLOCKS: Final = 30_000
_VANITY_BYTES: Final = 32
_SEAL_BYTES: Final = 65
_FORKS: Final = (
    "homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg",
    "istanbul", "berlin", "london",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Validator:
    """One validator: its account (0x-hex), its peer key (hex, public) and its three ports."""

    address: str
    peer_key: str
    p2p_port: int
    engine_port: int
    rpc_port: int

    @property
    def rpc_url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.rpc_port}"

    @property
    def enode(self) -> str:
        """How its peers find it."""
        return f"enode://{self.peer_key}@{HOST}:{self.p2p_port}?discport=0"


def genesis(
    addresses: list[str], *, chain_id: int, period_seconds: int, balances_wei: dict[str, int]
) -> dict[str, Any]:
    """Block 0: London rules, these validators in the order of their addresses.

    ``period_seconds`` is the least time between two blocks. The block's own time stays 0, so that
    the first blocks carry the present second.
    """
    ordered = sorted(address.lower().removeprefix("0x") for address in addresses)
    extra = "00" * _VANITY_BYTES + "".join(ordered) + "00" * _SEAL_BYTES
    return {
        "config": {
            "chainId": chain_id,
            **{f"{name}Block": 0 for name in _FORKS},
            "clique": {"period": period_seconds, "epoch": EPOCH_BLOCKS},
        },
        "difficulty": "0x1",
        "gasLimit": hex(GAS_LIMIT),
        "baseFeePerGas": "0x0",
        "extradata": "0x" + extra,
        "alloc": {
            address.removeprefix("0x"): {"balance": hex(wei)}
            for address, wei in balances_wei.items()
        },
    }


def make_keys(directory: Path) -> tuple[str, str]:
    """Make a validator's two keys below its directory; its address and its public peer key.

    The account's key is encrypted with a random password that lies beside it, because the process
    unlocks it by itself; both files are for their owner only.
    """
    password = secrets.token_urlsafe(24)
    account = Account.create()
    # the password is random: stretching it would only slow the start
    keystore = Account.encrypt(account.key, password, kdf="pbkdf2", iterations=1)
    peer = PrivateKey(secrets.token_bytes(32))
    _write_private(directory / "password", password)
    _write_private(directory / "keystore" / f"validator-{account.address}", json.dumps(keystore))
    _write_private(directory / "geth" / "nodekey", peer.to_hex().removeprefix("0x"))
    return str(account.address), peer.public_key.to_hex().removeprefix("0x")


def private_socket(directory: Path) -> Path:
    """Where a validator takes orders from its owner; short, as the system wants it."""
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:24]
    folder = Path(tempfile.gettempdir()) / f"anxu-devnet-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o077:
        raise SettingsError("directory", f"{folder} must belong to this user alone")
    return folder / f"{name}.ipc"


def peers_file(validators: list[Validator]) -> str:
    """The settings file that makes each validator hold on to the others, also after a restart."""
    listed = ", ".join(json.dumps(each.enode) for each in validators)
    return f"[Node.P2P]\nStaticNodes = [{listed}]\nTrustedNodes = [{listed}]\n"


def arguments(directory: Path, validator: Validator, *, chain_id: int) -> list[str]:
    """How geth is started for one validator whose files are in ``directory``."""
    given: dict[str, object] = {
        "--config": directory / "peers.toml",
        "--datadir": directory,
        "--networkid": chain_id,
        "--syncmode": "full",
        "--gcmode": "archive",
        "--port": validator.p2p_port,
        "--authrpc.port": validator.engine_port,
        "--http.addr": HOST,
        "--http.port": validator.rpc_port,
        "--http.api": "eth,net,web3,clique,txpool",
        "--http.vhosts": "localhost,127.0.0.1",
        "--miner.etherbase": validator.address,
        "--miner.gaslimit": GAS_LIMIT,
        "--miner.gasprice": 1,
        "--txpool.pricelimit": 1,
        "--unlock": validator.address,
        "--password": directory / "password",
        "--nat": "none",
        "--ipcpath": private_socket(directory),
        "--cache": 64,
        "--verbosity": 3,
    }
    # without --mine: a validator begins once it has met its peers, or it would begin a fork
    switches = ["--http", "--nodiscover", "--allow-insecure-unlock"]
    return [*(f"{name}={value}" for name, value in given.items()), *switches]


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(0o600)
    path.write_text(text, "utf-8")
