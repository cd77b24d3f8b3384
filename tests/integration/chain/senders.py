"""Works on many outboxes in processes of their own, quickly: everything is imported once, then forked.

Reads lines ``<manifest> <endpoint> <outbox> <outbox> …``, each outbox a SQLite file whose signers are named
``key-<number>`` after the byte that their private key repeats. Answers each line with the number of the process
that does it, and when that has ended with how.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import web3  # noqa: F401  # what sending needs is there before the fork

from ledger.chain.deployment import Manifest
from ledger.chain.gateway import ChainGateway
from ledger.chain.sender import Sender, SendingLimits
from ledger.errors import UnavailableError
from ledger.evidence.encoding import LogId
from ledger.keys.signers import Secp256k1Signer
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading

LIMITS = SendingLimits(
    window=4,
    resend_first_seconds=0.2,
    resend_longest_seconds=1,
    raise_after_seconds=3,
    refusals=10_000,
)


@dataclass
class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def today(self) -> date:
        return self.now().date()


def send(manifest: Path, endpoint: str, file: str) -> None:
    """One node's sender, until everything is final."""
    database, log_id = Database(f"sqlite:///{file}"), LogId(1)
    with Reading(database, log_id) as view:
        names = {message.signer for message in view.outbox.all()}
    signers = {
        name: Secp256k1Signer.from_private(bytes([int(name.partition("-")[2])]) * 32)
        for name in names
    }
    gateway = ChainGateway(Manifest.load(manifest), endpoint)
    sender = Sender(database, log_id, gateway, signers, RealClock(), limits=LIMITS)
    while True:
        try:
            moved = sender.step()
        except UnavailableError:
            moved = False
        with Reading(database, log_id) as view:
            if not view.outbox.pending():
                return
        if not moved:
            time.sleep(0.02)


def work(manifest: str, endpoint: str, *files: str) -> None:
    """All nodes' senders at once."""
    threads = [
        threading.Thread(target=send, args=(Path(manifest), endpoint, file)) for file in files
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
                work(*line.split())
                status = 0
            finally:
                os._exit(status)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()
