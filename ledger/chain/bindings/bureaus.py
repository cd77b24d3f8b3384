"""Typed reads of `Bureaus`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.chain.bindings.base import NO_LOG, ContractReads


@dataclass(frozen=True, slots=True)
class SupervisorOnChain:
    """A supervisor; ``cosigner_key`` is its Ed25519 key. Inactive: it left the council."""

    account: str
    cosigner_key: bytes
    name: str
    endpoint: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class CosignerKeyOnChain:
    """The key with which a supervisor cosigned from ``valid_from`` on; None: it did no more."""

    key: bytes | None
    valid_from: int


@dataclass(frozen=True, slots=True)
class KeySetOnChain:
    """The keys a log has from ``valid_from`` on."""

    publisher: str
    log_key: bytes
    sealing_key_digest: bytes
    valid_from: int


@dataclass(frozen=True, slots=True)
class BureauOnChain:
    """An enrolled agency as it stands now; ``region`` has six digits."""

    log_id: int
    region: str
    agency_family: int
    pool: int
    suspended: bool
    enrolled_at: int
    publisher: str
    log_key: bytes
    sealing_key_digest: bytes
    name: str
    endpoint: str
    closed: bool = False


class BureausReads(ContractReads):
    """Who takes part."""

    def log_count(self) -> int:
        """How many logs there are; their ids run from 1."""
        return int(self.one("Bureaus", "logCount"))

    def bureau(self, log_id: int) -> BureauOnChain | None:
        """The agency of a log; None when no log has that id."""
        if not self.one("Bureaus", "isEnrolled", log_id):
            return None
        found = self.one("Bureaus", "bureau", log_id)
        return BureauOnChain(
            log_id=log_id,
            region=f"{found['region']:06d}",
            agency_family=found["agencyFamily"],
            pool=found["pool"],
            suspended=found["suspended"],
            enrolled_at=found["enrolledAt"],
            publisher=found["publisher"],
            log_key=found["logKey"],
            sealing_key_digest=found["sealingKeyDigest"],
            name=found["name"],
            endpoint=found["endpoint"],
            closed=found["closed"],
        )

    def bureaus(self) -> list[BureauOnChain]:
        """All agencies in order of enrolment."""
        found = [self.bureau(log_id) for log_id in range(1, self.log_count() + 1)]
        return [bureau for bureau in found if bureau is not None]

    def log_id_of(self, publisher: str) -> int | None:
        """The log that an address publishes for, or once did."""
        return self.log_or_none("Bureaus", "logIdOf", publisher)

    def log_id_of_key(self, log_key: bytes) -> int | None:
        """The log that a checkpoint key signs for, or once did."""
        return self.log_or_none("Bureaus", "logIdOfKey", log_key)

    def is_publisher(self, log_id: int, account: str) -> bool:
        """Whether an address publishes for a log now."""
        return bool(self.one("Bureaus", "isPublisher", log_id, account))

    def is_officer(self, log_id: int, account: str) -> bool:
        """Whether an officer may approve for a log now."""
        return bool(self.one("Bureaus", "isOfficer", log_id, account))

    def is_supervisor(self, account: str) -> bool:
        """Whether an address is a supervisor's."""
        return bool(self.one("Bureaus", "isSupervisor", account))

    def keys_at(self, log_id: int, time: int) -> KeySetOnChain:
        """The keys a log had at a time.

        Raises:
            ContractRefusedError: the log is unknown, or had no keys yet.
        """
        return _key_set(self.one("Bureaus", "keysAt", log_id, time))

    def key_history(self, log_id: int) -> list[KeySetOnChain]:
        """All keys of a log in the order they came."""
        count = int(self.one("Bureaus", "keyCount", log_id))
        return [_key_set(self.one("Bureaus", "keyByIndex", log_id, i)) for i in range(count)]

    def supervisors(self) -> list[SupervisorOnChain]:
        """Today's supervisors in the order they were named."""
        return [each for each in self.all_supervisors() if each.active]

    def all_supervisors(self) -> list[SupervisorOnChain]:
        """All supervisors there ever were, in the order they were named."""
        count = int(self.one("Bureaus", "supervisorCount"))
        found = [self.one("Bureaus", "supervisorByIndex", place) for place in range(count)]
        return [
            SupervisorOnChain(
                account=each["account"],
                cosigner_key=each["cosignerKey"],
                name=each["name"],
                endpoint=each["endpoint"],
                active=self.is_supervisor(each["account"]),
            )
            for each in found
        ]

    def cosigner_history(self, account: str) -> list[CosignerKeyOnChain]:
        """All cosigner keys of a supervisor in the order they came."""
        count = int(self.one("Bureaus", "cosignerKeyCount", account))
        found = [self.one("Bureaus", "cosignerKeyByIndex", account, i) for i in range(count)]
        return [
            CosignerKeyOnChain(each["key"] if any(each["key"]) else None, each["validFrom"])
            for each in found
        ]

    def may_enrol(self, account: str) -> bool:
        """Whether an address may enrol bureaus and publish the work calendar."""
        return bool(self.one("Bureaus", "mayEnrol", account))

    def may_freeze(self, account: str) -> bool:
        """Whether an address may suspend bureaus and freeze money."""
        return bool(self.one("Bureaus", "mayFreeze", account))

    def may_close(self, account: str) -> bool:
        """Whether an address may close conflicts."""
        return bool(self.one("Bureaus", "mayClose", account))

    def successor_of(self, log_id: int) -> int | None:
        """The log that carries a closed one on."""
        return int(self.one("Bureaus", "successorOf", log_id)) or None

    def predecessor_of(self, log_id: int) -> tuple[int, int] | None:
        """The closed log that this one carries on, and from which size."""
        log, size = self.gateway.read("Bureaus", "predecessorOf", log_id)
        return (int(log), int(size)) if log != NO_LOG else None

    def acting_for(self, log_id: int) -> int:
        """The log whose publisher acts for a log now: itself, or the last of its successors."""
        return int(self.one("Bureaus", "actingFor", log_id))

    def origin_of_leaf(self, log_id: int, leaf_index: int) -> int:
        """The log in which a leaf was first recorded."""
        return int(self.one("Bureaus", "originOf", log_id, leaf_index))


def _key_set(found: dict[str, Any]) -> KeySetOnChain:
    return KeySetOnChain(
        publisher=found["publisher"],
        log_key=found["logKey"],
        sealing_key_digest=found["sealingKeyDigest"],
        valid_from=found["validFrom"],
    )
