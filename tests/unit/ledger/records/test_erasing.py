"""Two officers erase a person; what was sealed is gone for good, the log stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ledger.errors import (
    CorrectionRefusedError,
    IdempotencyConflictError,
    NotFoundError,
    NotPermittedError,
    PaymentsOpenError,
    PensionRunsError,
    ReasonMissingError,
    RetentionRunsError,
    SameOfficerError,
    SealingKeyDestroyedError,
    StorageUnavailableError,
    TransferOpenError,
)
from ledger.evidence.encoding import NO_SUBJECT, leaf_hash
from ledger.evidence.merkle import MerkleTree, verify_inclusion
from ledger.funds.payouts import import_payouts, propose_batch
from ledger.keys.person_keys import PersonKeys
from ledger.keys.pseudonyms import KeyedEvaluator, Pseudonyms
from ledger.policy.kinds import Kind
from ledger.policy.retention import ERASURE_REASONS, ErasureReason
from ledger.policy.transfer import Scope
from ledger.recording.correcting import correct
from ledger.recording.erasures import ErasureJob, erasure_of
from ledger.recording.facts import Fact
from ledger.recording.writer import EntryWriter, RecordReader
from ledger.records.corrections import reverse_entry
from ledger.records.deaths import import_deaths
from ledger.records.erasing import erase_person
from ledger.records.rules import ReversalOrder, ReversalReason
from ledger.records.service import import_contributions
from ledger.store.database import Database
from ledger.store.decisions import StoredDecision
from ledger.store.unit_of_work import UnitOfWork
from ledger.transfers.model import (
    CaseState,
    Initiative,
    Intent,
    Segment,
    Side,
    TransferCase,
)

BASIS = "个人信息保护法第四十七条"
LATER = datetime(2127, 1, 1, 1, 0, tzinfo=UTC)


class LateClock:
    """Stands after every retention period of what is recorded in 2026."""

    def now(self) -> datetime:
        return LATER

    def today(self) -> date:
        return LATER.date()


@pytest.fixture
def node(make_node, database_url):
    return make_node(url=database_url)


@pytest.fixture
def recorded(node, write_csv, contribution):
    """Three persons' months; the first one's was taken back: it was somebody else's."""
    import_contributions(node, write_csv([contribution(n) for n in (1, 2, 3)]))
    reverse_entry(node, 0, ReversalReason.WRONG_PERSON, BASIS, "one", "two")
    return node


def erase(node, number, reason=ErasureReason.UNLAWFUL_PROCESSING, basis=BASIS, **officers):
    who = {"maker": "one", "checker": "two"} | officers
    return erase_person(node, number, reason, basis, **who)


def leaves_of(node):
    with node.read() as view:
        return view.log.leaves(0, view.log.head().size)


class TestErasure:
    def test_records_and_reversals_of_the_person_cannot_be_read_others_can(
        self, recorded, identity
    ):
        report = erase(recorded, identity(1))
        assert (report.entry_index, report.entries, report.already_done) == (4, 2, False)
        with recorded.read() as view:
            for index in (0, 3):
                with pytest.raises(SealingKeyDestroyedError):
                    recorded.bureau.reader.open(view.log.entry(index), view.log)
            for index in (1, 2, 4):
                recorded.bureau.reader.open(view.log.entry(index), view.log)

    def test_the_log_is_verifiable_as_before(self, recorded, identity):
        before = leaves_of(recorded)
        erase(recorded, identity(1))
        after = leaves_of(recorded)
        assert after[: len(before)] == before
        hashes = [leaf_hash(leaf) for leaf in after]
        tree = MerkleTree(hashes)
        with recorded.read() as view:
            assert view.log.head().root() == tree.root()
        for index in (0, 3):
            path = tree.inclusion_proof(index, len(after))
            verify_inclusion(hashes[index], index, len(after), path, tree.root())

    def test_the_entry_says_what_was_done_and_not_to_whom(self, recorded, identity):
        subject = recorded.bureau.writer.subject_of(identity(1))
        erase(recorded, identity(1))
        with recorded.read() as view:
            stored = view.log.entry(4)
            record = recorded.bureau.reader.open(stored, view.log).record
            (answer,) = view.commands.answers("erasure/", prefix=True).values()
        assert stored.entry.head.kind is Kind.OPERATION
        assert (stored.entry.subject, stored.entry.amount_fen) == (NO_SUBJECT, 0)
        signatures = record.pop("signatures")
        assert record == {
            "schema": "anxu-operation/1", "kind": 9, "class": 0, "period": 202609, "amount_fen": 0,
            "operation": "ERASE_PERSON", "person_commitment": record["person_commitment"],
            "entries": 2, "reason_code": "UNLAWFUL_PROCESSING", "legal_basis": BASIS,
            "maker": "one", "checker": "two",
        }  # fmt: skip
        assert [item["officer"] for item in signatures] == ["officer-one", "officer-two"]
        text = json.dumps(record) + stored.leaf.pack().hex() + stored.entry.pack().hex()
        assert subject.hex() not in text
        assert identity(1) not in text
        # Whoever has the salt can show whose decision it is: SHA-256(0x12 | salt | subject).
        salt = bytes.fromhex(answer["person_salt"])
        assert hashlib.sha256(b"\x12" + salt + subject).hexdigest() == record["person_commitment"]

    def test_the_same_decision_again_changes_nothing(self, recorded, identity):
        first = erase(recorded, identity(1))
        again = erase(recorded, identity(1))
        assert again == replace(first, already_done=True)
        with pytest.raises(IdempotencyConflictError):
            erase(recorded, identity(1), basis="another article")
        with recorded.read() as view:
            assert view.log.head().size == 5

    def test_it_is_known_when_why_and_by_which_entry(self, recorded, identity):
        subject = recorded.bureau.writer.subject_of(identity(1))
        with recorded.read() as view:
            assert erasure_of(recorded, view, subject) is None
        erase(recorded, identity(1))
        with recorded.read() as view:
            known = erasure_of(recorded, view, subject)
        assert known.at == recorded.clock.now()
        assert (known.reason, known.legal_basis, known.entry_index) == (
            ErasureReason.UNLAWFUL_PROCESSING, BASIS, 4,
        )  # fmt: skip

    def test_nothing_new_is_recorded_about_an_erased_person(
        self, recorded, write_csv, contribution, identity
    ):
        erase(recorded, identity(1))
        path = write_csv([contribution(1, period="202608", paid_on="2026-08-15")], name="new.csv")
        with pytest.raises(SealingKeyDestroyedError):
            import_contributions(recorded, path)
        with pytest.raises(SealingKeyDestroyedError):
            correct(recorded, 0, ReversalOrder(ReversalReason.ENTRY_ERROR, BASIS, "one", "two"))

    def test_what_was_sealed_before_the_decision_is_not_recorded_after_it(self, recorded, identity):
        """Nobody could ever read it: the record would be lost without a word."""
        facts = [Fact(Kind.EVIDENCE, 0, 202609, 0, {}, identity(n)) for n in (1, 2)]
        entries = recorded.bureau.writer.prepare(facts)
        erase(recorded, identity(1))
        before = leaves_of(recorded)
        with recorded.write() as work, pytest.raises(SealingKeyDestroyedError) as refused:
            work.log.append(entries, source_key="late", recorded_at=recorded.clock.now())
        assert refused.value.persons == 1
        assert leaves_of(recorded) == before
        with recorded.write() as work:
            work.log.append(entries[1:], source_key="late", recorded_at=recorded.clock.now())
            work.commit()

    def test_the_pseudonym_is_not_remembered(self, recorded, identity):
        remembered = recorded.bureau.pseudonyms._remembered
        recorded.bureau.pseudonyms.subjects_of([identity(1), identity(2)])
        assert any(identity(1).encode() in key for key in remembered)
        erase(recorded, identity(1))
        assert not any(identity(1).encode() in key for key in remembered)
        assert any(identity(2).encode() in key for key in remembered)

    def test_another_process_forgets_it_in_its_workers_next_round(self, recorded, identity):
        """The pages' process remembers a pseudonym that the command's process erases."""
        serving = Pseudonyms(bytes(range(32)), KeyedEvaluator(bytes(32)))
        first, second = serving.subjects_of([identity(1), identity(2)])
        worker = ErasureJob(replace(recorded, tools=replace(recorded.tools, pseudonyms=serving)))
        assert not worker.step()
        erase(recorded, identity(1))
        assert not worker.step()
        assert list(serving._remembered.values()) == [second]
        assert serving.subject_of(identity(1)) == first

    def test_an_erasure_is_never_taken_back(self, recorded, identity):
        report = erase(recorded, identity(1))
        with pytest.raises(CorrectionRefusedError):
            reverse_entry(
                recorded, report.entry_index, ReversalReason.ENTRY_ERROR, BASIS, "one", "two"
            )

    def test_each_reason_has_words(self):
        assert set(ERASURE_REASONS) == set(ErasureReason)


class TestRefusal:
    """Whatever is refused leaves the log and the keys as they were."""

    @pytest.fixture(autouse=True)
    def unchanged(self, recorded):
        before = leaves_of(recorded)
        yield
        assert leaves_of(recorded) == before
        with recorded.read() as view:
            for entry in view.log.entries(0, 99):
                recorded.bureau.reader.open(entry, view.log)

    def test_two_officers_with_keys_and_a_basis_are_needed(self, recorded, identity):
        with pytest.raises(SameOfficerError):
            erase(recorded, identity(1), checker="one")
        with pytest.raises(NotPermittedError):
            erase(recorded, identity(1), checker="nobody")
        with pytest.raises(ReasonMissingError):
            erase(recorded, identity(1), basis=" ")

    def test_nobody_is_erased_of_whom_nothing_is_known(self, recorded, identity):
        with pytest.raises(NotFoundError):
            erase(recorded, identity(9))

    def test_a_retention_period_that_runs(self, recorded, identity):
        """Recorded in 2026: one hundred years begin on 1 January 2027."""
        with pytest.raises(RetentionRunsError) as refused:
            erase(recorded, identity(2))
        assert (refused.value.facts, refused.value.until) == (1, "2126-12-31")
        assert "个人信息保护法" in refused.value.sentence("zh")


class TestNeeded:
    def test_after_the_last_year_it_is_not(self, recorded, identity):
        late = replace(recorded, clock=LateClock())
        assert erase(late, identity(2), ErasureReason.RETENTION_OVER).entries == 1

    def test_a_pension_that_runs(self, recorded, identity, write_csv, payout, death):
        import_payouts(recorded, write_csv([payout(n) for n in (1, 2, 3)], name="paid.csv"))
        late = replace(recorded, clock=LateClock())
        number = identity(1, "19600101")
        with pytest.raises(PensionRunsError):
            erase(late, number, ErasureReason.RETENTION_OVER)
        gone = death(1, identity_number=number, died_on="2026-09-01", reported_on="2026-09-02")
        import_deaths(recorded, write_csv([gone], name="deaths.csv"))
        assert erase(late, number, ErasureReason.RETENTION_OVER).entries == 2

    def test_a_decision_that_gives_a_pension(self, recorded, identity):
        subject = recorded.bureau.writer.subject_of(identity(1))
        fact = Fact(Kind.DECISION, 1, 202609, 0, {}, identity(1))
        entries = recorded.bureau.writer.prepare([fact, fact])
        with recorded.write() as work:
            leaves = work.log.append(entries, source_key="t", recorded_at=recorded.clock.now())
            for number, index in enumerate(leaves):
                outcome = ("NOT_YET", "ELIGIBLE")[number]
                work.decisions.add(
                    StoredDecision(
                        f"0x{number}", subject, outcome, 202609, index, recorded.clock.now()
                    )
                )
            work.commit()
        with pytest.raises(PensionRunsError):
            erase(recorded, identity(1))
        reverse_entry(recorded, leaves[1], ReversalReason.DECISION_REVOKED, BASIS, "one", "two")
        with pytest.raises(RetentionRunsError) as refused:
            erase(recorded, identity(1))
        assert refused.value.facts == 1

    def test_payments_under_way(self, recorded, identity, write_csv, payout):
        lines = [payout(n, paid_on="") for n in (1, 2, 3)]
        propose_batch(recorded, write_csv(lines, name="proposal.csv"))
        with pytest.raises(PaymentsOpenError) as refused:
            erase(recorded, identity(1, "19600101"))
        assert refused.value.lines == 1

    def test_an_open_transfer(self, recorded, identity):
        subject = recorded.bureau.writer.subject_of(identity(1))
        now = recorded.clock.now()
        case = TransferCase(
            case_id="0x" + "11" * 32, side=Side.OLD, state=CaseState.LETTER_SENT, intent=Intent.NONE,
            scope=Scope.CROSS_PROVINCE, class_=1, peer_log=2, subject=subject,
            segment=Segment(1, 0, bytes(32)),
            initiative=Initiative.PERSON, figures_digest=None, package_digest=None, months=0,
            amount_fen=0, settlement_id=None, refusal_code=0, opened_at=now, due_on=None,
            updated_at=now,
        )  # fmt: skip
        with recorded.write() as work:
            work.transfers.add_case(case, b"sealed")
            work.commit()
        with pytest.raises(TransferOpenError) as refused:
            erase(recorded, identity(1))
        assert refused.value.cases == 1
        with recorded.write() as work:
            work.transfers.save_case(replace(case, state=CaseState.WITHDRAWN), b"sealed")
            work.commit()
        assert erase(recorded, identity(1)).entries == 2


@contextmanager
def reopened(node, url=None, keys=None) -> Iterator:
    """The node in another process, or over another database or another copy of the key file."""
    path = keys or node.directory / "keys" / "persons.sqlite"
    person_keys = PersonKeys.open(path, bytes(32), node.random)
    database = Database(url or node.settings.database_url)
    log_id = node.log_id
    tools = replace(
        node.tools,
        person_keys=person_keys,
        writer=EntryWriter(log_id, person_keys, node.bureau.pseudonyms, node.random),
        reader=RecordReader(log_id, person_keys),
    )
    yield replace(node, database=database, tools=tools)
    person_keys.close()
    database.close()


def key_bytes(directory: Path, subject: bytes) -> bytes:
    """The wrapped key of a person as it lies in the file."""
    with sqlite3.connect(directory / "keys" / "persons.sqlite") as connection:
        query = "SELECT wrapped FROM persons WHERE subject = ?"
        return bytes(connection.execute(query, (subject,)).fetchone()[0])


def lies_somewhere(directory: Path, needle: bytes) -> bool:
    """Whether these bytes stand in any file beside the keys, the write-ahead log included."""
    return any(needle in path.read_bytes() for path in (directory / "keys").iterdir())


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class TestKilled:
    """The process is killed at each moment of an erasure; the same command again finishes it."""

    @pytest.mark.parametrize(
        ("owner", "moment", "decided"),
        [
            (UnitOfWork, "commit", False),
            (PersonKeys, "mark_destroyed", True),
            (PersonKeys, "scrub", True),
            (PersonKeys, "destroyed_at", True),
        ],
    )
    @pytest.mark.parametrize("by_worker", [False, True])
    def test_the_next_run_finishes(
        self, recorded, identity, monkeypatch, owner, moment, decided, by_worker
    ):
        subject = recorded.bureau.writer.subject_of(identity(1))
        wrapped = key_bytes(recorded.directory, subject)
        child = os.fork()
        if child == 0:
            try:
                with reopened(recorded) as dying:
                    monkeypatch.setattr(owner, moment, die)
                    erase(dying, identity(1))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WTERMSIG(status) == signal.SIGKILL
        with reopened(recorded) as again:
            with again.read() as view:
                assert (view.log.head().size == 5) == decided
                assert bool(view.commands.answers("erasure/", prefix=True)) == decided
            if by_worker and decided:
                job = ErasureJob(again)
                job.step()
                assert not job.step()
            else:
                assert erase(again, identity(1)).already_done == decided
            assert again.bureau.person_keys.destroyed_at(subject) is not None
            assert len(leaves_of(again)) == 5
            with again.read() as view, pytest.raises(SealingKeyDestroyedError):
                again.bureau.reader.open(view.log.entry(0), view.log)
        assert not lies_somewhere(recorded.directory, wrapped)

    def test_a_reader_that_keeps_old_pages_is_waited_for(self, recorded, identity):
        subject = recorded.bureau.writer.subject_of(identity(1))
        wrapped = key_bytes(recorded.directory, subject)
        path = recorded.directory / "keys" / "persons.sqlite"
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM persons").fetchone()
        with pytest.raises(StorageUnavailableError):
            erase(recorded, identity(1))
        reader.execute("COMMIT")
        reader.close()
        assert erase(recorded, identity(1)).already_done
        assert not lies_somewhere(recorded.directory, wrapped)


class TestCopies:
    @pytest.fixture
    def copy(self, database_url, tmp_path, request):
        """Copies the node's database, as a backup does; gives the URL of the copy."""

        def made(node) -> str:
            node.database.close()
            if database_url.startswith("sqlite"):
                target = tmp_path / "copy.sqlite"
                shutil.copy(database_url.removeprefix("sqlite:///"), target)
                return f"sqlite:///{target}"
            server = request.getfixturevalue("postgres")
            name, source = f"copy_{secrets.token_hex(6)}", database_url.split("/")[3].split("?")[0]
            server.psql(f"CREATE DATABASE {name} TEMPLATE {source};")
            return str(server.get_uri(database=name))

        return made

    def test_a_database_put_back_stays_unreadable(self, recorded, identity, copy):
        """The copy is from before the decision; the keys lie apart and know better."""
        url = copy(recorded)
        with reopened(recorded) as live:
            erase(live, identity(1))
        with reopened(recorded, url) as restored:
            subject = restored.bureau.writer.subject_of(identity(1))
            with restored.read() as view:
                assert view.log.head().size == 4
                with pytest.raises(SealingKeyDestroyedError):
                    restored.bureau.reader.open(view.log.entry(0), view.log)
                known = erasure_of(restored, view, subject)
                restored.bureau.reader.open(view.log.entry(1), view.log)
            assert known.at == recorded.clock.now()
            assert (known.reason, known.entry_index) == (None, None)

    def test_a_key_file_put_back_is_destroyed_again(self, recorded, identity, tmp_path):
        keys = recorded.directory / "keys" / "persons.sqlite"
        subject = recorded.bureau.writer.subject_of(identity(1))
        old = tmp_path / "persons.sqlite"
        with sqlite3.connect(keys) as source, sqlite3.connect(old) as target:
            source.backup(target)
        old.chmod(0o600)
        erase(recorded, identity(1))
        with reopened(recorded, keys=old) as restored:
            assert restored.bureau.person_keys.destroyed_at(subject) is None
            assert ErasureJob(restored).step()
            assert restored.bureau.person_keys.destroyed_at(subject) is not None
