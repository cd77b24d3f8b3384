"""Whatever of a checkpoint or a cosignature is changed, the audit names the row, the column and the line."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from ledger.audit.service import AuditOptions, audit_log
from ledger.errors import NotFoundError
from ledger.evidence.checkpoint import CheckpointBody, sign_checkpoint
from ledger.keys.signers import Ed25519Signer
from ledger.store.tables.log import checkpoints, cosignatures, entries

ORIGIN = "anxu/31415/7"


@pytest.fixture
def places(repetitions) -> int:
    return min(100, 2 * repetitions)


def other_character(text: str, place: int, random: Random) -> str:
    letters = "ABCXYZabcxyz0123456789+/="
    return (
        text[:place] + random.choice([x for x in letters if x != text[place]]) + text[place + 1 :]
    )


class TestCheckpoints:
    def test_a_changed_character_of_a_note_is_named_with_its_line(self, node, places):
        random = Random(1)
        rows = node.rows(checkpoints)
        for _ in range(places):
            row = random.choice(rows)
            place = random.randrange(len(row["note"]) - 1)
            with node.changed(checkpoints, row, note=other_character(row["note"], place, random)):
                (finding,) = node.audit().findings
            assert (finding.place, finding.row) == ("checkpoints", f"{row['size']}")
            assert finding.field == "note"
            line = row["note"][:place].count("\n") + 1
            assert finding.position == (f"line {line}" if line < 5 else "signature")

    def test_a_changed_root_is_named(self, node, places):
        random = Random(2)
        for _ in range(places):
            row = random.choice(node.rows(checkpoints))
            root = bytearray(row["root"])
            root[random.randrange(32)] ^= random.randrange(1, 256)
            with node.changed(checkpoints, row, root=bytes(root)):
                assert node.findings() == [("checkpoints", f"{row['size']}", "root")]

    def test_a_changed_size_is_named_with_the_signed_one(self, node, places):
        random = Random(3)
        rows = node.rows(checkpoints)
        for _ in range(places):
            row = random.choice(rows)
            size = random.choice([7, 101, 299, 521, 599, 4000])
            with node.changed(checkpoints, row, size=size):
                (finding,) = node.audit().findings
            assert (finding.place, finding.row) == ("checkpoints", f"{size}")
            assert finding.field == "size"
            assert finding.expected == f"{row['size']}, which is signed"

    def test_a_note_of_another_log_or_key_is_named(self, node):
        row = node.rows(checkpoints)[2]
        body = CheckpointBody(ORIGIN, row["size"], row["root"])
        stranger = Ed25519Signer.from_private(bytes([9]) * 32)
        with node.changed(checkpoints, row, note=sign_checkpoint(body, ORIGIN, stranger)):
            assert node.findings() == [("checkpoints", "300", "note")]

    def test_a_second_root_that_the_log_signed_is_named(self, node, log_key):
        row = node.rows(checkpoints)[1]
        forked = CheckpointBody(ORIGIN, row["size"], bytes(32))
        note = sign_checkpoint(forked, ORIGIN, log_key)
        with node.changed(checkpoints, row, note=note, root=bytes(32)):
            (finding, *_) = node.audit().findings
        assert (finding.place, finding.row, finding.field) == ("checkpoints", "100", "note")
        assert finding.position == "line 3"

    def test_a_lost_checkpoint_is_missed_by_those_who_cosigned_it(self, node):
        row = node.rows(checkpoints)[2]
        with node.removed(checkpoints, [row]):
            found = node.findings()
        assert found[0] == ("checkpoints", "300", "size")

    def test_an_unknown_key_is_not_called_wrong_without_the_history_of_keys(self, node):
        log = node.log
        row = node.rows(checkpoints)[1]
        body = CheckpointBody(ORIGIN, row["size"], row["root"])
        older = sign_checkpoint(body, ORIGIN, Ed25519Signer.from_private(bytes([9]) * 32))
        offline = replace(
            log, authorities=replace(log.authorities, has_history=False, cosigners=())
        )
        with node.changed(checkpoints, row, note=older):
            report = audit_log(offline, AuditOptions())
        assert report.is_clean
        missed = {item.what: (item.count, item.reason) for item in report.not_checked}
        assert missed["checkpoints"] == (1, "key-unknown")
        assert missed["cosignatures"] == (8, "key-unknown")
        assert missed["anchors"] == (4, "no-chain")

    def test_to_begin_from_a_size_that_nobody_signed_is_refused(self, node):
        with pytest.raises(NotFoundError):
            node.audit(from_checkpoint=301)


class TestCosignatures:
    def test_a_changed_character_of_a_line_is_named(self, node, places):
        random = Random(4)
        rows = node.rows(cosignatures)
        for _ in range(places):
            row = random.choice(rows)
            place = random.randrange(2, len(row["line"]))
            with node.changed(cosignatures, row, line=other_character(row["line"], place, random)):
                (finding,) = node.audit().findings
            assert finding.place == "cosignatures"
            assert finding.row == f"{row['size']} {row['cosigner']}"
            assert finding.field == "line"

    def test_another_size_is_named_with_the_signed_one(self, node):
        for row in node.rows(cosignatures):
            with node.changed(cosignatures, row, size=77):
                (finding,) = node.audit().findings
            assert (finding.place, finding.field) == ("cosignatures", "size")
            assert finding.expected == f"{row['size']}, which is signed"

    def test_another_name_is_named(self, node):
        for row in node.rows(cosignatures):
            with node.changed(cosignatures, row, cosigner="anxu/31415/supervisor/0xcc"):
                (finding,) = node.audit().findings
            assert (finding.place, finding.field) == ("cosignatures", "cosigner")
            assert finding.expected == row["cosigner"]


class TestQuick:
    def test_records_are_passed_over_and_said_to_be(self, node):
        row = node.rows(entries)[30]
        with node.changed(entries, row, sealed_record=b"x"):
            report = node.audit(open_records=False)
        assert report.is_clean
        assert ("records", 600) in {(item.what, item.count) for item in report.not_checked}

    @pytest.mark.parametrize(
        "column", ["kind", "period", "amount_fen", "commitment", "tag", "seal"]
    )
    def test_what_tag_and_seal_cover_is_found_all_the_same(self, node, column):
        row = node.rows(entries)[30]
        value = row[column][::-1] if isinstance(row[column], bytes) else row[column] + 1
        with node.changed(entries, row, **{column: value}):
            assert node.findings(open_records=False) == [("entries", "30", column)]
