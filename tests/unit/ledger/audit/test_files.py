"""Whatever byte of the log's files is changed, the audit names the file and the place."""

from __future__ import annotations

import shutil
from random import Random

import pytest
from sqlalchemy import update

from ledger.evidence.encoding import LogId, leaf_hash
from ledger.evidence.merkle import CompactRange
from ledger.policy.kinds import Kind
from ledger.recording.facts import Fact
from ledger.store.tables.log import entries, log_head
from ledger.store.tiles import TileStore
from ledger.store.unit_of_work import Reading, UnitOfWork

LOG = LogId(7)
SIGNED_SIZE = 520
LEVELS = {level: SIGNED_SIZE >> level for level in range(10)}


@pytest.fixture
def places(repetitions) -> int:
    return min(100, 2 * repetitions)


def flipped(content: bytes, place: int, random: Random) -> bytes:
    changed = bytearray(content)
    changed[place] ^= random.randrange(1, 256)
    return bytes(changed)


class TestLeaves:
    def test_a_changed_byte_is_named_with_its_leaf(self, node, places):
        random = Random(1)
        content = (node.directory / "log" / "leaves").read_bytes()
        assert len(content) == 66 * SIGNED_SIZE
        for _ in range(places):
            place = random.randrange(len(content))
            with node.file("leaves", flipped(content, place, random)):
                (finding,) = node.audit().findings
            leaf = place // 66
            assert (finding.place, finding.row, finding.field) == ("log/leaves", f"{leaf}", "leaf")
            assert finding.position == f"byte {place}, tile/entries/{leaf // 256:03d}"

    def test_leaves_that_changed_places_are_named(self, node):
        content = (node.directory / "log" / "leaves").read_bytes()
        swapped = content[66:132] + content[:66] + content[132:]
        with node.file("leaves", swapped):
            assert node.findings() == [("log/leaves", "0", "leaf"), ("log/leaves", "1", "leaf")]


class TestTree:
    def test_a_changed_byte_is_named_with_its_node(self, node, places):
        random = Random(2)
        for _ in range(places):
            level = random.randrange(10)
            name = f"tree/{level:02d}"
            content = (node.directory / "log" / name).read_bytes()
            assert len(content) == 32 * LEVELS[level]
            place = random.randrange(len(content))
            with node.file(name, flipped(content, place, random)):
                (finding,) = node.audit().findings
            index = place // 32
            assert (finding.place, finding.row, finding.field) == (
                f"log/{name}",
                f"{index}",
                "node",
            )
            assert finding.position.startswith(f"byte {place}")
            assert ("tile/" in finding.position) == (level % 8 == 0)

    @pytest.mark.parametrize("name", ["leaves", "tree/00", "tree/03", "tree/08"])
    def test_a_file_that_is_gone_is_named(self, node, name):
        with node.file(name, None):
            (finding,) = node.audit().findings
        assert (finding.place, finding.row, finding.field) == (f"log/{name}", "0", "length")
        assert finding.found == "no such file"

    @pytest.mark.parametrize(("name", "step"), [("leaves", 66), ("tree/00", 32), ("tree/05", 32)])
    def test_a_file_cut_short_is_named_where_it_ends(self, node, name, step, places):
        random = Random(3)
        content = (node.directory / "log" / name).read_bytes()
        for _ in range(places):
            end = random.randrange(len(content))
            with node.file(name, content[:end]):
                (finding,) = node.audit().findings
            assert (finding.place, finding.field) == (f"log/{name}", "length")
            assert finding.row == f"{end // step}"
            assert finding.found == f"{end} bytes"

    def test_a_stale_last_tile_is_named(self, node):
        content = (node.directory / "log" / "tree/00").read_bytes()
        stale = content[: 32 * 512] + bytes(32 * 8)  # the last tile of the older size, then nothing
        with node.file("tree/00", stale):
            found = node.findings()
        assert found == [("log/tree/00", f"{index}", "node") for index in range(512, 520)]

    def test_what_a_crash_left_behind_the_frontier_is_no_finding(self, node):
        for name in ("leaves", "tree/00"):
            content = (node.directory / "log" / name).read_bytes()
            with node.file(name, content + b"torn"):
                assert node.audit().is_clean


class TestFrontier:
    def test_a_changed_byte_is_named(self, node, places):
        random = Random(4)
        content = (node.directory / "log" / "frontier").read_bytes()
        for _ in range(places):
            place = random.randrange(len(content))
            with node.file("frontier", flipped(content, place, random)):
                (finding,) = node.audit().findings
            field = "size" if place < 8 else "hash"
            assert (finding.place, finding.field) == ("log/frontier", field)
            assert finding.position == f"byte {place}"

    def test_a_frontier_that_is_gone_or_short_is_named(self, node):
        with node.file("frontier", None):
            assert node.findings() == [("log/frontier", "", "file")]
        with node.file("frontier", b"short"):
            assert node.findings() == [("log/frontier", "", "length")]

    def test_files_beyond_the_signed_size_are_compared_too(self, lost):
        with Reading(lost.database, LOG) as view:
            TileStore(lost.directory / "log").integrate(590, view.log.leaf_rows)
        assert lost.audit().is_clean
        content = (lost.directory / "log" / "leaves").read_bytes()
        with lost.file("leaves", flipped(content, 66 * 580 + 9, Random(5))):
            assert lost.findings() == [("log/leaves", "580", "leaf")]


class TestHead:
    @pytest.mark.parametrize("column", ["root", "frontier"])
    def test_a_changed_digest_is_named(self, node, column, places):
        random = Random(6)
        (row,) = node.rows(log_head)
        for _ in range(places):
            place = random.randrange(8 if column == "frontier" else 0, len(row[column]))
            value = flipped(row[column], place, random)
            with node.changed(log_head, row, **{column: value}):
                (finding,) = node.audit().findings
            assert (finding.place, finding.row, finding.field) == ("log_head", "1", column)
            if column == "frontier":
                assert finding.position == f"hash {(place - 8) // 32}"

    @pytest.mark.parametrize("size", [0, 5, 519, 520, 599, 601, 100_000])
    def test_another_size_is_named_though_the_rows_are_there(self, node, size):
        (row,) = node.rows(log_head)
        with node.changed(log_head, row, size=size):
            assert node.findings() == [("log_head", "1", "size")]

    def test_a_size_in_the_frontier_is_named(self, node):
        (row,) = node.rows(log_head)
        with node.changed(log_head, row, frontier=(1200).to_bytes(8) + row["frontier"][8:]):
            (finding,) = node.audit().findings
        assert (finding.field, finding.position) == ("frontier", "size")

    def test_a_head_that_is_gone_or_doubled_is_named(self, node):
        (row,) = node.rows(log_head)
        with node.removed(log_head, [row]):
            assert node.findings() == [("log_head", "1", "id")]
        with node.added(log_head, row | {"id": 2}):
            assert node.findings() == [("log_head", "2", "id")]
        with node.changed(log_head, row, id=2):
            assert node.findings() == [("log_head", "2", "id")]

    def test_rows_and_head_cut_back_together_are_found_by_what_was_signed(self, node):
        with Reading(node.database, LOG) as view:
            leaves = view.log.leaves(0, 400)
        tree = CompactRange.empty().extend(map(leaf_hash, leaves))
        (row,) = node.rows(log_head)
        head = {"size": 400, "root": tree.root(), "frontier": tree.to_bytes()}
        with (
            node.removed(entries, node.rows(entries)[400:]),
            node.changed(log_head, row, **head),
        ):
            found = node.findings()
        assert found[0] == ("entries", "400", "leaf_index")
        assert ("log_head", "1", "size") in found

    def test_rows_files_and_head_made_anew_are_found_by_the_signed_roots(self, lost):
        """Whoever rewrites everything that can be rewritten still lacks the log's key."""
        remake(lost, 250)
        (first, *_) = lost.audit().findings
        assert (first.place, first.field) == ("entries", "leaf")
        assert first.position == "among leaves 100 to 299"

    def test_begun_from_a_checkpoint_only_what_follows_is_looked_at(self, node):
        report = node.audit(from_checkpoint=300)
        assert report.is_clean
        assert (report.first, report.checked.rows) == (300, 300)
        rows = node.rows(entries)
        with node.changed(entries, rows[299], amount_fen=1):
            assert node.audit(from_checkpoint=300).is_clean
        with node.changed(entries, rows[300], amount_fen=1):
            assert node.findings(from_checkpoint=300) == [("entries", "300", "amount_fen")]

    def test_begun_from_files_that_do_not_give_the_signed_root_it_says_so(self, node):
        content = (node.directory / "log" / "tree/08").read_bytes()
        with node.file("tree/08", flipped(content, 0, Random(7))):
            found = node.findings(from_checkpoint=300)
        assert found[0] == ("log/tree", "300", "node")


def remake(node, index: int) -> None:
    """State another amount in one leaf, and make tag, seal, files and head anew as if it were so."""
    other = node.writer.prepare([payment(node)])[0]
    leaf = other.entry.leaf(LOG)
    values = {
        "kind": int(other.entry.head.kind), "class": other.entry.head.class_,
        "period": other.entry.head.period, "subject": other.entry.subject,
        "amount_fen": other.entry.amount_fen, "commitment": other.entry.commitment,
        "tag": leaf.tag, "seal": leaf.seal, "sealed_record": other.sealed_record,
    }  # fmt: skip
    with UnitOfWork(node.database, LOG) as work:
        connection = work._connection
        connection.execute(update(entries).where(entries.c.leaf_index == index).values(**values))
        tree = CompactRange.empty().extend(map(leaf_hash, work.log.leaves(0, 600)))
        connection.execute(update(log_head).values(root=tree.root(), frontier=tree.to_bytes()))
        work.commit()
    shutil.rmtree(node.directory / "log")
    (node.directory / "log").mkdir()
    with Reading(node.database, LOG) as view:
        TileStore(node.directory / "log").integrate(520, view.log.leaf_rows)


def payment(node):
    return Fact(Kind.PAYOUT, 1, 202501, 777, {"name": "参保人"}, node.people[0])
