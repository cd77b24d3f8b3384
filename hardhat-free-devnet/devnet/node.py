"""A running embedded chain: directory lock, chain and server put together."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from devnet.chain import LocalChain, utc_now
from devnet.directory import (
    ENDPOINT_FILE,
    DirectoryLock,
    Endpoint,
    read_endpoint,
    write_json,
)
from devnet.errors import SettingsError
from devnet.server import RpcServer

if TYPE_CHECKING:
    from typing import Self

    from devnet.chain import Now
    from devnet.settings import DevnetSettings

_SHUTDOWN_POLL_SECONDS = 0.05


class DevnetNode:
    """One chain served in this process, from construction to ``close``.

    Use it as a context manager. Other processes are better served by ``devnet.process``.
    """

    def __init__(self, settings: DevnetSettings, now: Now = utc_now) -> None:
        """Lock the directory, open or create its chain, bind the port, announce the address.

        Raises:
            DirectoryInUseError, BirthMismatchError, CorruptChainError, SettingsError: as named.
        """
        settings.directory.mkdir(parents=True, exist_ok=True)
        self._lock = DirectoryLock(settings.directory)
        try:
            self.chain = LocalChain.open(settings, now)
            try:
                self._server = _bind(self.chain, settings)
            except BaseException:
                self.chain.close()
                raise
        except BaseException:
            self._lock.release()
            raise
        self.endpoint = Endpoint(
            rpc_url=self._server.url,
            chain_id=self.chain.chain_id,
            pid=os.getpid(),
            port=self._server.port,
            offset_seconds=self.chain.offset_seconds,
            as_of=self.chain.as_of,
            genesis_hash="0x" + self.chain.genesis_hash.hex(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_SHUTDOWN_POLL_SECONDS,), name="devnet-http"
        )
        self._thread.start()
        write_json(settings.directory / ENDPOINT_FILE, self.endpoint)

    @property
    def height(self) -> int:
        """The number of the newest block."""
        return int(self.chain.head.block_number)

    def close(self) -> None:
        """Answer what is under way, then close the chain and free the directory."""
        self._server.drain()
        self._thread.join()
        self.chain.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _bind(chain: LocalChain, settings: DevnetSettings) -> RpcServer:
    last = read_endpoint(settings.directory)
    if settings.port == 0 and last is not None:
        remembered = replace(settings, port=last.port)
        try:
            return RpcServer(chain, remembered.host, remembered.port, testing=settings.testing)
        except SettingsError:
            pass  # somebody else took it meanwhile: any free one
    return RpcServer(chain, settings.host, settings.port, testing=settings.testing)
