"""Notices when the chain replaces what counted as final, and stops what rests on it.

What was not final yet is undone and done again without anybody: messages go back to SIGNED, events
are taken out of the index. A replacement that reaches below the final block is another matter: the
network broke its own promise. Publication, cosigning and payments stand still, a person is called,
and goes on with `anxu outbox accept-chain` once it is clear which history holds.
"""

from __future__ import annotations

import structlog

from ledger.chain.gateway import Block, ChainGateway
from ledger.errors import DeepReorganisationError, EndpointBehindError, NotFoundError
from ledger.evidence.encoding import LogId
from ledger.ports import Clock
from ledger.store.database import Database
from ledger.store.finality import Reorganisation
from ledger.store.outbox import SIGNED
from ledger.store.unit_of_work import Reading, Rooms, UnitOfWork

_log = structlog.get_logger("anxu.finality")


class FinalityWatch:
    """Keeps the blocks that counted as final, and compares them with the chain every round."""

    def __init__(
        self, database: Database, log_id: LogId, gateway: ChainGateway, clock: Clock
    ) -> None:
        self._database = database
        self._log_id = log_id
        self._gateway = gateway
        self._clock = clock

    def step(self) -> bool:
        """Compare, and keep the newest final block; never says that anything changed.

        Raises:
            DeepReorganisationError: the chain replaced a block that counted as final, now or
                before, and nobody has decided on it.
            EndpointBehindError: the endpoint shows less of the chain than was final already.
        """
        with Reading(self._database, self._log_id) as view:
            require_one_history(view)
            known = view.finality.recent()
        final = self._gateway.final()
        if known:
            self._compare(known)
        if not known or final.number > known[0][0]:
            with UnitOfWork(self._database, self._log_id) as work:
                work.finality.note(final.number, final.hash, self._clock.now())
                work.commit()
        return False

    def _compare(self, known: list[tuple[int, str]]) -> None:
        """Compare the highest known final block that the endpoint reaches with its own."""
        newest = self._gateway.latest_block().number
        reached = [each for each in known if each[0] <= newest]
        if reached:
            actual = self._gateway.block_hash(reached[0][0])
            if actual != reached[0][1]:
                self._stop(reached, actual)
        if len(reached) < len(known):
            raise EndpointBehindError(
                endpoint=self._gateway.endpoint, number=newest, seen=known[0][0]
            )

    def _stop(self, known: list[tuple[int, str]], actual: str) -> None:
        """Keep what was replaced and where the histories part, and say so.

        Raises:
            DeepReorganisationError: always.
        """
        block, before = known[0]
        shared = (n for n, name in known[1:] if self._gateway.block_hash(n) == name)
        with UnitOfWork(self._database, self._log_id) as work:
            work.finality.add_reorganisation(
                next(shared, 0), block, before, actual, self._clock.now()
            )
            work.commit()
        _log.critical("final blocks were replaced", block=block, first=before, end=actual)
        raise DeepReorganisationError(block=block, first_hash=before, second_hash=actual)


def require_one_history(view: Rooms) -> None:
    """Refuse to go on while final blocks were replaced and nobody has decided.

    Raises:
        DeepReorganisationError: so it is.
    """
    found = view.finality.open_reorganisation()
    if found is not None:
        raise DeepReorganisationError(
            block=found.block, first_hash=found.first_hash, second_hash=found.second_hash
        )


def accept_chain(
    database: Database, log_id: LogId, final: Block, clock: Clock, *, by: str, reason: str
) -> Reorganisation:
    """Go on with the chain as it is now: whatever ended above the fork is looked at anew.

    Messages keep their signed bytes and nonces, so that none can land twice; checkpoints, our own
    and followed ones, are final again once the chain shows them. Pay files that have left stay.

    Args:
        database: the node's.
        log_id: the node's log.
        final: the newest final block of the chain as it is now.
        clock: dates the decision.
        by: who decided.
        reason: what was found out.

    Returns:
        What was decided on.

    Raises:
        NotFoundError: there is nothing to decide.
    """
    now = clock.now()
    with UnitOfWork(database, log_id) as work:
        found = work.finality.open_reorganisation()
        if found is None:
            raise NotFoundError(what="reorganisation", key="open")
        for message in work.outbox.settled_above(found.fork_block):
            work.outbox.update(
                message.id, state=SIGNED, block=None, block_hash=None, gas_used=None,
                final_at=None, resend_at=None, fee_raises=0, refusals=0,
            )  # fmt: skip
        work.log.unmark_final_above(found.fork_block)
        work.following.forget_checkpoints_above(found.fork_block)
        work.finality.forget_above(found.fork_block)
        work.finality.note(final.number, final.hash, now)
        work.finality.decide(found.id, by, reason, now)
        work.commit()
    _log.warning("chain accepted", block=found.block)
    return found
