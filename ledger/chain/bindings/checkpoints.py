"""Typed reads of `Checkpoints`."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain.bindings.base import ContractReads


@dataclass(frozen=True, slots=True)
class CheckpointOnChain:
    """A published checkpoint; ``number`` counts over all logs from 1."""

    log_id: int
    size: int
    root: bytes
    time: int
    block: int
    number: int


@dataclass(frozen=True, slots=True)
class KeptLeafOnChain:
    """A leaf kept on chain by itself, proven under the checkpoint of ``size``."""

    tag: bytes
    seal: bytes
    size: int
    kept_at: int


class CheckpointsReads(ContractReads):
    """What logs published."""

    def checkpoint(self, log_id: int, size: int) -> CheckpointOnChain | None:
        """The checkpoint of a size; None when the log never published one."""
        found = self.one("Checkpoints", "checkpoint", log_id, size)
        if found["number"] == 0:
            return None
        return CheckpointOnChain(
            log_id=log_id,
            size=size,
            root=found["root"],
            time=found["time"],
            block=found["blockNumber"],
            number=found["number"],
        )

    def latest_checkpoint(self, log_id: int) -> CheckpointOnChain | None:
        """A log's newest checkpoint; None before its first."""
        return self.checkpoint(log_id, int(self.one("Checkpoints", "latestSize", log_id)))

    def checkpoint_count(self, log_id: int) -> int:
        """How many checkpoints a log has."""
        return int(self.one("Checkpoints", "count", log_id))

    def checkpoint_by_index(self, log_id: int, index: int) -> CheckpointOnChain:
        """A log's checkpoint in the order they came, from 0.

        Raises:
            ContractRefusedError: there is none at this place.
        """
        found = self.checkpoint(log_id, int(self.one("Checkpoints", "sizeByIndex", log_id, index)))
        assert found is not None
        return found

    def position(self, log_id: int, leaf_index: int) -> tuple[int, int]:
        """The first checkpoint that covers a leaf, by number and size: the leaf's position.

        Raises:
            ContractRefusedError: no checkpoint covers it yet.
        """
        number, size = self.gateway.read("Checkpoints", "position", log_id, leaf_index)
        return int(number), int(size)

    def kept_leaf(self, log_id: int, leaf_index: int) -> KeptLeafOnChain | None:
        """The leaf kept on chain by itself for this place; None for none."""
        found = self.one("Checkpoints", "keptLeaf", log_id, leaf_index)
        if found["keptAt"] == 0:
            return None
        return KeptLeafOnChain(found["tag"], found["seal"], found["size"], found["keptAt"])
