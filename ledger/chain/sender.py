"""Sends the outbox: every message lands on chain exactly once, whatever dies when.

A message is signed under a nonce that is kept with the signed bytes *before* they are first sent.
A chain takes one transaction a nonce: however often the bytes are sent again, and however many
versions with a higher fee there are under that nonce, one of them lands. A nonce is given up only
once the chain shows, in a final block, whose transaction used it instead. See decision 0030.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ledger.chain.gateway import ChainGateway
from ledger.chain.lane import Lane, LaneMemory, SendingLimits
from ledger.evidence.encoding import LogId
from ledger.keys.ports import AccountSigner
from ledger.ports import Clock, RandomSource, SystemRandom
from ledger.store.database import Database
from ledger.store.unit_of_work import Reading

__all__ = ["Sender", "SendingLimits"]


class Sender:
    """Moves messages from QUEUED through SIGNED and LANDED to FINAL.

    FAILED and STUCK wait for a person. Each signer has a lane of its own: its messages land in the
    order in which they were queued, several may be under way at once, and no signer waits for
    another.
    """

    def __init__(
        self,
        database: Database,
        log_id: LogId,
        gateway: ChainGateway,
        signers: Mapping[str, AccountSigner],
        clock: Clock,
        random: RandomSource | None = None,
        limits: SendingLimits | None = None,
    ) -> None:
        """Nothing is read or sent yet.

        Args:
            database: holds the outbox.
            log_id: the node's log.
            gateway: the chain.
            signers: accounts by the name that messages give their signer.
            clock: tells when to send again.
            random: spreads the times of sending again.
            limits: how many messages are under way, and when to give up.
        """
        self._database = database
        self._log_id = log_id
        self._gateway = gateway
        self._signers = signers
        self._clock = clock
        self._random = random or SystemRandom()
        self._limits = limits or SendingLimits()
        self._memories: dict[str, LaneMemory] = {}

    def step(self) -> bool:
        """Move each signer's messages as far as they go now; whether anything moved.

        Raises:
            ChainUnavailableError: no endpoint answers; nothing is lost.
            EndpointBehindError: it shows less of the chain than has landed already.
        """
        with Reading(self._database, self._log_id) as view:
            names = view.outbox.open_signers()
        moved = False
        for name in names:
            moved |= self._lane(name).step()
        return moved

    def _lane(self, name: str) -> Lane:
        return Lane(
            name=name,
            signer=self._signers[name],
            database=self._database,
            log_id=self._log_id,
            gateway=self._gateway,
            limits=self._limits,
            memory=self._memories.setdefault(name, LaneMemory()),
            now=self._now,
            fraction=self._fraction,
        )

    def _now(self) -> datetime:
        return self._clock.now()

    def _fraction(self) -> float:
        """A random number from 0 up to 1."""
        return int.from_bytes(self._random.bytes(4)) / 2**32
