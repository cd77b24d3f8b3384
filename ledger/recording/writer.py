"""Turns facts into sealed entries and sealed entries back into records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.evidence.encoding import (
    NO_SUBJECT,
    SALT_BYTES,
    Entry,
    Head,
    LogId,
    Subject,
    canonical_json,
    commitment_of,
    reversal_subject,
    reversed_leaf,
)
from ledger.evidence.lineage import Lineage
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import Pseudonyms
from ledger.keys.sealing import RecordSealer, SealingKey, record_aad
from ledger.policy.kinds import Kind
from ledger.ports import RandomSource
from ledger.recording.facts import Fact
from ledger.store.log import LogRepository, NewEntry, StoredEntry


@dataclass(frozen=True, slots=True)
class OpenedRecord:
    """A record in clear with what is needed to prove it."""

    stored: StoredEntry
    record: dict[str, Any]
    canonical: bytes
    salt: bytes


class EntryWriter:
    """Makes entries of facts: subject, canonical record, salt, commitment, seal.

    A person's sealing key is made durable outside the database before any entry that needs it is
    returned.
    """

    def __init__(
        self,
        log_id: LogId,
        person_keys: PersonKeys,
        pseudonyms: Pseudonyms,
        random: RandomSource,
        lineage: Lineage | None = None,
    ) -> None:
        self._log_id = log_id
        self._lineage = lineage or Lineage(log_id)
        self._person_keys = person_keys
        self._pseudonyms = pseudonyms
        self._random = random

    def subject_of(self, identity_number: str) -> Subject:
        """The pseudonym of a person; the same at every bureau of the alliance."""
        return Subject(self._pseudonyms.subject_of(identity_number))

    def prepare(self, facts: Sequence[Fact]) -> list[NewEntry]:
        """Entries for ``facts``, in order, with their records under seal."""
        numbers = {fact.identity_number for fact in facts if fact.identity_number is not None}
        subjects = dict(zip(numbers, self._pseudonyms.subjects_of(list(numbers)), strict=True))
        owners = [
            Subject(subjects[fact.identity_number])
            if fact.identity_number is not None
            else NO_SUBJECT
            for fact in facts
        ]
        keys = self._person_keys.get_or_create_many(set(owners))
        salts = self._random.bytes(SALT_BYTES * len(facts))
        sealers: dict[SealingKey, RecordSealer] = {}
        prepared = []
        for position, (fact, owner) in enumerate(zip(facts, owners, strict=True)):
            key = keys[owner]
            sealer = sealers.get(key)
            if sealer is None:
                sealer = sealers[key] = RecordSealer(key)
            salt = salts[position * SALT_BYTES : (position + 1) * SALT_BYTES]
            prepared.append(self._entry(fact, owner, salt, sealer))
        return prepared

    def _entry(self, fact: Fact, owner: Subject, salt: bytes, sealer: RecordSealer) -> NewEntry:
        record = canonical_json(fact.record())
        commitment = commitment_of(record, salt)
        subject = owner
        if fact.kind is Kind.REVERSAL:
            assert fact.reverses is not None, "a reversal names the leaf that it takes back"
            subject = reversal_subject(self._lineage.origin_of(fact.reverses), fact.reverses)
        head = Head(fact.kind, fact.class_, fact.period)
        sealed = sealer.seal(record, salt, record_aad(self._log_id, commitment))
        return NewEntry(Entry(head, subject, fact.amount_fen, commitment), sealed)


class RecordReader:
    """Opens sealed records of the node's own log."""

    def __init__(
        self, log_id: LogId, person_keys: PersonKeys, lineage: Lineage | None = None
    ) -> None:
        self.lineage = lineage or Lineage(log_id)
        """Whose leaves the log begins with: a record is sealed for the log it was recorded in."""
        self._person_keys = person_keys

    def open(self, stored: StoredEntry, log: LogRepository) -> OpenedRecord:
        """The record of one entry in clear.

        Raises:
            SealingKeyDestroyedError: the person's key was destroyed; the record is gone for good.
            SealedContentError: the sealed bytes were changed.
        """
        return self.open_many([stored], log)[0]

    def open_many(self, entries: Iterable[StoredEntry], log: LogRepository) -> list[OpenedRecord]:
        """The records of many entries, in order; keys are fetched once a person."""
        sealers: dict[Subject, RecordSealer] = {}
        opened = []
        for stored in entries:
            owner = self.owner_of(stored, log)
            sealer = sealers.get(owner)
            if sealer is None:
                sealer = sealers[owner] = RecordSealer(self._person_keys.get(owner))
            aad = record_aad(self.lineage.origin_of(stored.index), stored.entry.commitment)
            canonical, salt = sealer.open(stored.sealed_record, aad)
            opened.append(OpenedRecord(stored, json.loads(canonical), canonical, salt))
        return opened

    def owner_of(self, stored: StoredEntry, log: LogRepository) -> Subject:
        """Whose key seals this record; a reversal's: the person whose entry it reverses."""
        if stored.entry.head.kind is not Kind.REVERSAL:
            return stored.entry.subject
        target = log.entry(reversed_leaf(stored.entry.subject)[1])
        assert target is not None, "a reversal names a lower index of its own log"
        return target.entry.subject
