"""One worker per node sends, confirms, follows, judges; a lease keeps a second one away."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import structlog

from ledger.config import WORKER_LEASE_SECONDS, WORKER_PAUSE_SECONDS
from ledger.errors import (
    CorruptionError,
    DeepReorganisationError,
    LedgerError,
    UnavailableError,
)
from ledger.recording.context import NodeContext

_log = structlog.get_logger("anxu.worker")
_LEASE = "worker"
FAULT = "fault"
"""Why a job stopped that broke in a way nobody foresaw; the log has its kind."""

Job = Callable[[], bool]
"""Does one bounded piece of work; returns whether anything changed."""


class Worker:
    """Runs a node's jobs round by round.

    A job that finds something out of reach is tried again in the next round. One that finds our
    own data in disagreement, or breaks in a way nobody foresaw, stops for good and stays visible
    in :attr:`stopped`, while the others go on. One that stopped because the chain replaced final
    blocks goes on once a person has decided.
    """

    def __init__(self, context: NodeContext, jobs: Mapping[str, Job]) -> None:
        self._context = context
        self._jobs = dict(jobs)
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{id(self):x}"
        self._renewed = -math.inf
        self.waiting: dict[str, str] = {}
        self.stopped: dict[str, str] = {}

    def try_lease(self) -> bool:
        """Take or renew the lease; False while another process works."""
        with self._context.write() as work:
            taken = work.leases.take(
                _LEASE, self._holder, datetime.now(UTC), timedelta(seconds=WORKER_LEASE_SECONDS)
            )
            work.commit()
        self._renewed = time.monotonic() if taken else -math.inf
        return taken

    def _keep_lease(self) -> bool:
        """Renew the lease between two jobs of a long round, before somebody else may take it."""
        if time.monotonic() - self._renewed < WORKER_LEASE_SECONDS / 3:
            return True
        return self.try_lease()

    def release_lease(self) -> None:
        """Let the next process work at once."""
        with self._context.write() as work:
            work.leases.release(_LEASE, self._holder)
            work.commit()

    def round(self) -> bool:
        """Run every job once, while the lease is ours; returns whether any changed anything."""
        changed = False
        for name, job in self._jobs.items():
            if name in self.stopped and not self._may_resume(name):
                continue
            if not self._keep_lease():
                break
            try:
                changed |= job()
                self.waiting.pop(name, None)
            except UnavailableError as error:
                if name not in self.waiting:
                    _log.warning("waiting", job=name, code=error.code)
                self.waiting[name] = error.code
            except CorruptionError as error:
                _log.critical("stopped", job=name, code=error.code)
                self.stopped[name] = error.code
            except LedgerError as error:
                if self.waiting.get(name) != error.code:
                    _log.error("failed", job=name, code=error.code)
                self.waiting[name] = error.code
            except Exception as error:  # noqa: BLE001  # ours must be seen, not end all jobs
                _log.critical("stopped", job=name, code=FAULT, kind=type(error).__name__)
                self.stopped[name] = FAULT
        return changed

    def _may_resume(self, name: str) -> bool:
        """Whether a job that stopped because final blocks were replaced may go on again."""
        if self.stopped[name] != DeepReorganisationError.code:
            return False
        with self._context.read() as view:
            if view.finality.open_reorganisation() is not None:
                return False
        _log.info("resumed", job=name)
        del self.stopped[name]
        return True

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set, or wait for the lease while another process has it."""
        while not stop.is_set():
            busy = False
            try:
                if self.try_lease():
                    busy = self.round()
            except UnavailableError as error:
                _log.warning("waiting", job="lease", code=error.code)
            if not busy:
                stop.wait(WORKER_PAUSE_SECONDS)
        self.release_lease()

    def drain(self, limit: int = 200) -> int:
        """Work until nothing changes, unless another does; the rounds that changed something."""
        rounds = 0
        if not self.try_lease():
            return 0
        try:
            while rounds < limit and self.round():
                rounds += 1
                self.try_lease()
        finally:
            self.release_lease()
        return rounds
