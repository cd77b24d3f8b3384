"""A log with everything a bureau's has, made through the node's own writer, on each engine, without a chain."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Table, and_, delete, insert, select, update

from ledger.audit.checkpoints import Authorities
from ledger.audit.files import LogFiles
from ledger.audit.service import AuditedLog, AuditOptions, audit_log
from ledger.evidence.checkpoint import (
    CheckpointBody,
    VerifierKey,
    cosign_checkpoint,
    sign_checkpoint,
)
from ledger.evidence.encoding import LogId, Subject
from ledger.evidence.trust import TrustedCosigner, TrustedKey
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.keys.signers import Ed25519Signer
from ledger.policy.kinds import Kind
from ledger.ports import SystemRandom
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter
from ledger.store.database import Database
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import Reading, UnitOfWork

AT = datetime(2026, 9, 15, 1, 0, tzinfo=UTC)
LOG = LogId(7)
ORIGIN = "anxu/31415/7"
COSIGNERS = ("anxu/31415/supervisor/0xaa", "anxu/31415/supervisor/0xbb")
LOG_KEY = Ed25519Signer.from_private(bytes(range(32)))
PERSONS = 40
LEAVES = 600
SIGNED = (1, 100, 300, 520)
"""Sizes of checkpoints; the last leaves are accepted and not signed yet."""
FIELDS = {"name": "参保人", "region": "340100"}


def cosigner_key(number: int) -> Ed25519Signer:
    return Ed25519Signer.from_private(bytes([number + 1]) * 32)


@dataclass
class AuditedNode:
    """A bureau's log with its keys, and how to spoil it."""

    directory: Path
    database: Database
    person_keys: PersonKeys
    pseudonyms: Pseudonyms
    writer: EntryWriter
    people: list[str]
    erased: set[Subject] = field(default_factory=set)

    @property
    def log(self) -> AuditedLog:
        since = AT - timedelta(days=1)
        return AuditedLog(
            log_id=LOG,
            database=self.database,
            files=LogFiles(self.directory / "log"),
            vault=self.person_keys,
            pseudonyms=self.pseudonyms,
            authorities=Authorities(
                origin=ORIGIN,
                log_keys=(TrustedKey(VerifierKey.log(ORIGIN, LOG_KEY.public_key), since),),
                cosigners=tuple(
                    TrustedCosigner(
                        name,
                        TrustedKey(
                            VerifierKey.cosigner(name, cosigner_key(number).public_key), since
                        ),
                    )
                    for number, name in enumerate(COSIGNERS)
                ),
                has_history=True,
            ),
            chain=None,
        )

    def audit(self, **options):
        return audit_log(self.log, AuditOptions(**options))

    def findings(self, **options):
        return [(item.place, item.row, item.field) for item in self.audit(**options).findings]

    # --- growing ----------------------------------------------------------------------------------

    def append(self, facts, source="test"):
        new = self.writer.prepare(facts)
        with UnitOfWork(self.database, LOG) as work:
            indices = work.log.append(new, source_key=source, recorded_at=AT)
            work.commit()
        return indices

    def sign(self):
        """Files, checkpoint and cosignatures of the head, as the publisher brings them."""
        with Reading(self.database, LOG) as view:
            head = view.log.head()
            TileStore(self.directory / "log").integrate(head.size, view.log.leaf_rows)
        body = CheckpointBody(ORIGIN, head.size, head.root())
        with UnitOfWork(self.database, LOG) as work:
            note = sign_checkpoint(body, ORIGIN, LOG_KEY)
            work.log.add_checkpoint(head.size, head.root(), note, AT)
            for number, name in enumerate(COSIGNERS):
                line = cosign_checkpoint(body, name, cosigner_key(number), time=int(AT.timestamp()))
                work.log.add_cosignature(head.size, name, line, AT)
            work.commit()

    def erase(self, number: str) -> None:
        subject = self.writer.subject_of(number)
        self.person_keys.destroy(subject, AT)
        self.erased.add(subject)

    # --- spoiling ---------------------------------------------------------------------------------

    def rows(self, table: Table):
        with self.database.reading() as connection:
            return [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]

    @contextmanager
    def changed(self, table: Table, row: dict, **values) -> Iterator[None]:
        """One row with other values, while the block runs."""
        key = {column.name: row[column.name] for column in table.primary_key}
        there = key | {name: value for name, value in values.items() if name in key}
        self._update(table, key, values)
        try:
            yield
        finally:
            self._update(table, there, {name: row[name] for name in values})

    @contextmanager
    def removed(self, table: Table, rows: list[dict]) -> Iterator[None]:
        """Some rows not there, while the block runs."""
        keys = [{column.name: row[column.name] for column in table.primary_key} for row in rows]
        with self._writing() as connection:
            for key in keys:
                connection.execute(delete(table).where(_is(table, key)))
        try:
            yield
        finally:
            with self._writing() as connection:
                connection.execute(insert(table), rows)

    @contextmanager
    def added(self, table: Table, row: dict) -> Iterator[None]:
        """One row more, while the block runs."""
        key = {column.name: row[column.name] for column in table.primary_key}
        with self._writing() as connection:
            connection.execute(insert(table).values(**row))
        try:
            yield
        finally:
            with self._writing() as connection:
                connection.execute(delete(table).where(_is(table, key)))

    @contextmanager
    def file(self, name: str, content: bytes | None) -> Iterator[None]:
        """A file of the log with other bytes, or not there, while the block runs."""
        path = self.directory / "log" / name
        before = path.read_bytes()
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        try:
            yield
        finally:
            path.write_bytes(before)

    def _update(self, table: Table, key: dict, values: dict) -> None:
        with self._writing() as connection:
            done = connection.execute(update(table).where(_is(table, key)).values(**values))
            assert done.rowcount == 1

    @contextmanager
    def _writing(self):
        with self.database.writing() as connection:
            yield connection
            connection.get_transaction().commit()


def _is(table: Table, key: dict):
    return and_(*(table.c[name] == value for name, value in key.items()))


def facts_of(people: list[str], count: int, random: Random) -> list[Fact]:
    """Facts of every sort, about everybody and nobody."""
    made: list[Fact] = []
    for number in range(count):
        person = people[number % len(people)]
        period = 202301 + number // len(people) % 12
        amount = 100_000 + random.randrange(900_000)
        sort = random.randrange(10)
        if sort < 5:
            made.append(Fact(Kind.CONTRIBUTION, 1, period, amount, FIELDS, person))
        elif sort < 7:
            made.append(Fact(Kind.PAYOUT, 1, period, amount, FIELDS, person))
        elif sort < 8:
            made.append(
                Fact(Kind.PAYOUT, 0x8001, period, amount, FIELDS | {"of": {"index": 1}}, person)
            )
        elif sort < 9:
            made.append(
                Fact(Kind.DECISION, 1, period, 0, FIELDS | {"grounds": ["一", "二"]}, person)
            )
        else:
            made.append(Fact(Kind.FUND_MOVEMENT, 0, period, amount, {"document": "凭证"}))
    return made


def build(directory: Path, url: str, people: list[str]) -> AuditedNode:
    """A log of `LEAVES` leaves, signed at `SIGNED`; the fourth and the tenth person are erased."""
    (directory / "keys").mkdir(parents=True, mode=0o700)
    database = Database(url)
    database.migrate()
    keys = PersonKeys.open(directory / "keys" / "persons.sqlite", bytes(32), SystemRandom())
    pseudonyms = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
    writer = EntryWriter(LOG, keys, pseudonyms, SystemRandom())
    node = AuditedNode(directory, database, keys, pseudonyms, writer, people)
    random = Random(4)
    sizes = sorted({*SIGNED, 40, 170, 411, LEAVES})
    for first, end in itertools.pairwise([0, *sizes]):
        facts = facts_of(people, end - first, random)
        if end > 170:  # each later append takes back what an earlier one stated
            target = first - 50
            facts[0] = reversal(node, target)
        node.append(facts, source=f"source {first}")
        if end in SIGNED:
            node.sign()
    for number in (people[3], people[9]):
        node.erase(number)
    return node


def reversal(node: AuditedNode, index: int) -> Fact:
    """A reversal of a leaf, about the same person."""
    with Reading(node.database, LOG) as view:
        target = view.log.entry(index)
    subjects = {node.writer.subject_of(number): number for number in node.people}
    person = subjects.get(target.entry.subject)
    return Fact(Kind.REVERSAL, 1, 202306, -5, FIELDS, person, reverses=index)


@pytest.fixture(scope="session")
def people(make) -> list[str]:
    return [make.identity_number(number) for number in range(PERSONS)]


@contextmanager
def opened(request: pytest.FixtureRequest, directory: Path, people: list[str]):
    """A log on the engine that the fixture is asked for."""
    server, name = None, f"anxu_{secrets.token_hex(6)}"
    url = f"sqlite:///{directory / 'data' / 'anxu.sqlite'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        server.psql(f"CREATE DATABASE {name};")
        url = str(server.get_uri(database=name))
    built = build(directory, url, people)
    try:
        yield built
    finally:
        built.person_keys.close()
        built.database.close()
        if server is not None:
            server.psql(f"DROP DATABASE {name} WITH (FORCE);")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def node(request, tmp_path_factory, people) -> Iterator[AuditedNode]:
    """A log to spoil and to put back as it was."""
    with opened(request, tmp_path_factory.mktemp("audited") / "node", people) as built:
        yield built


@pytest.fixture(params=["sqlite", "postgresql"])
def lost(request, tmp_path, people) -> Iterator[AuditedNode]:
    """A log to spoil for good."""
    with opened(request, tmp_path / "node", people) as built:
        yield built


@pytest.fixture(scope="session")
def log_key() -> Ed25519Signer:
    """The key that signs the checkpoints of the log."""
    return LOG_KEY
