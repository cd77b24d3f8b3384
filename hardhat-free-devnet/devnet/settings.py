"""What an embedded chain is started with, checked before anything is created."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

from devnet.errors import SettingsError

DEFAULT_CHAIN_ID = 31_415
DEFAULT_GAS_LIMIT = 30_000_000
DEFAULT_BASE_FEE_WEI = 1_000_000_000
DEFAULT_BLOCK_SECONDS = 1
EMBEDDED = "embedded"
ANVIL = "anvil"
ENGINES = (EMBEDDED, ANVIL)
MAX_BLOCK_SECONDS = 60
MAX_CHAIN_ID = 2**53 - 1
MAX_FUND_WEI = 2**128
MAX_PORT = 65_535
MIN_GAS_LIMIT = 5_000
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")
BEIJING = timezone(timedelta(hours=8), "UTC+8")
AS_OF_HOUR = 9
"""``--as-of D`` means nine in the morning of D in Beijing: a demo then never crosses midnight."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True, slots=True)
class Fund:
    """One account that owns ``wei`` in block 0; ``address`` is 20 bytes."""

    address: bytes
    wei: int

    @classmethod
    def parse(cls, text: str) -> Fund:
        """Read ``ADDRESS=WEI`` (hex address, decimal wei).

        Raises:
            SettingsError: not of that form, or more than 2**128 wei.
        """
        address, separator, amount = text.partition("=")
        if not separator or not _ADDRESS.fullmatch(address) or not amount.isascii():
            raise SettingsError("fund", "expected 0x and 40 hex digits, '=', and wei")
        if not amount.isdigit() or not 0 < int(amount) <= MAX_FUND_WEI:
            raise SettingsError("fund", f"wei must be a whole number from 1 to {MAX_FUND_WEI}")
        return cls(bytes.fromhex(address[2:]), int(amount))

    def __str__(self) -> str:
        return f"0x{self.address.hex()}={self.wei}"


@dataclass(frozen=True, slots=True)
class DevnetSettings:
    """How to start one embedded chain.

    ``chain_id``, ``as_of``, ``funds``, ``gas_limit`` and ``base_fee_wei`` are fixed at birth.
    ``None`` (for funds: empty) takes what the directory's chain was born with, or the default for a
    new one.
    ``port`` 0 takes the port used last time when it is free, else any free one. ``base_fee_wei`` 0
    makes a network where gas costs nothing, as consortium networks often are. ``testing`` adds
    methods that take blocks back and move the clock, for this run of the process. ``engine`` is
    ``embedded`` or ``anvil``; None takes what made the directory's chain, and the embedded one for
    a new chain. ``block_seconds`` is anvil's only: 0 mines each transaction at once.
    """

    directory: Path
    port: int = 0
    host: str = "127.0.0.1"
    chain_id: int | None = None
    as_of: date | None = None
    funds: tuple[Fund, ...] = ()
    gas_limit: int | None = None
    base_fee_wei: int | None = None
    testing: bool = False
    engine: str | None = None
    block_seconds: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            SettingsError: naming the setting.
        """
        if self.host not in LOOPBACK_HOSTS:
            raise SettingsError(
                "host",
                "the embedded chain listens on loopback only (127.0.0.1, ::1); it has no "
                "authentication. A chain for several machines is a network of its own",
            )
        if not 0 <= self.port <= MAX_PORT:
            raise SettingsError("port", "must be from 0 (any free one) to 65535")
        if self.chain_id is not None and not 1 <= self.chain_id <= MAX_CHAIN_ID:
            raise SettingsError("chain_id", f"must be from 1 to {MAX_CHAIN_ID}")
        if self.gas_limit is not None and not MIN_GAS_LIMIT <= self.gas_limit < 2**63:
            raise SettingsError("gas_limit", f"must be from {MIN_GAS_LIMIT} to 2**63-1")
        if self.base_fee_wei is not None and not 0 <= self.base_fee_wei <= 2**64:
            raise SettingsError("base_fee_wei", "must be from 0 to 2**64")
        if self.engine not in {None, *ENGINES}:
            raise SettingsError("engine", f"must be one of {', '.join(ENGINES)}")
        if self.block_seconds is not None and not 0 <= self.block_seconds <= MAX_BLOCK_SECONDS:
            raise SettingsError("block_seconds", f"must be from 0 to {MAX_BLOCK_SECONDS}")
        if self.block_seconds is not None and self.engine != ANVIL:
            raise SettingsError(
                "block_seconds", "the embedded chain mines each transaction at once"
            )
        if len({fund.address for fund in self.funds}) != len(self.funds):
            raise SettingsError("fund", "an address is named twice")


def offset_seconds_for(as_of: date | None, now: datetime) -> int:
    """Seconds to add to real time so that it now reads nine in the morning of ``as_of``.

    Args:
        as_of: a day in Beijing; ``None`` for real time.
        now: aware; the moment of birth.
    """
    if as_of is None:
        return 0
    wanted = datetime.combine(as_of, time(AS_OF_HOUR), tzinfo=BEIJING)
    return int(wanted.timestamp()) - int(now.astimezone(UTC).timestamp())
