"""The log's files: equal however they came about, right after any crash, read while they grow."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from pymerkle import InmemoryTree as Reference

import ledger.store.tiles
from ledger.errors import InvariantBrokenError, ProofShapeError
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.growth import grow
from ledger.evidence.hashing import leaf_hashes
from ledger.evidence.merkle import (
    CompactRange,
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from ledger.evidence.tiles import (
    Tile,
    bundles_between,
    format_entry_bundle,
    format_hash_tile,
    parse_entry_bundle,
    tiles_between,
)
from ledger.store.tiles import FRONTIER, LEAVES, TileStore, level_name

LARGEST = 70_000
ODD_SIZES = [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 66_000]


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return [hashlib.sha512(number.to_bytes(8)).digest() for number in range(LARGEST)]


@pytest.fixture(scope="module")
def rows(leaves) -> np.ndarray:
    return np.frombuffer(b"".join(leaves), np.uint8).reshape(LARGEST, 64)


@pytest.fixture(scope="module")
def reader(rows):
    return lambda first, end: rows[first:end]


@pytest.fixture(scope="module")
def tree(leaves) -> MerkleTree:
    return MerkleTree(map(leaf_hash, leaves))


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(ledger.store.tiles, "CHUNK_LEAVES", 50)
    monkeypatch.setattr(ledger.store.tiles, "SYNCED_LEAVES", 200)


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file() and path.name != "lock")
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def reference_root(leaves: list[bytes]) -> bytes:
    tree = Reference(algorithm="sha256", disable_security=False)
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree.get_root(len(leaves))


class TestIntegrate:
    def test_files_are_the_same_in_one_step_or_many(self, tmp_path, reader):
        stepwise = TileStore(tmp_path / "stepwise")
        for size in ODD_SIZES:
            stepwise.integrate(size, reader)
            TileStore(tmp_path / f"{size}").integrate(size, reader)
            assert files(tmp_path / f"{size}") == files(tmp_path / "stepwise")

    def test_files_are_the_same_in_chunks_of_any_size(self, tmp_path, reader, monkeypatch):
        TileStore(tmp_path / "whole").integrate(1_300, reader)
        for chunk, synced in ((1, 500), (7, 300), (256, 512), (999, 10_000)):
            monkeypatch.setattr(ledger.store.tiles, "CHUNK_LEAVES", chunk)
            monkeypatch.setattr(ledger.store.tiles, "SYNCED_LEAVES", synced)
            TileStore(tmp_path / f"{chunk}").integrate(1_300, reader)
            assert files(tmp_path / f"{chunk}") == files(tmp_path / "whole")

    @pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
    def test_the_root_is_that_of_rfc_9162(self, tmp_path, reader, leaves, size):
        tiles = TileStore(tmp_path)
        tiles.integrate(size, reader)
        assert tiles.root(size) == reference_root(leaves[:size])
        assert tiles.frontier().root() == tiles.root(size)

    def test_every_level_is_kept_node_behind_node(self, tmp_path, reader, tree):
        TileStore(tmp_path).integrate(66_000, reader)
        found = files(tmp_path)
        for level in range(17):
            nodes = b"".join(tree.node(level, index) for index in range(66_000 >> level))
            assert found.pop(level_name(level)) == nodes
        assert set(found) == {LEAVES, FRONTIER}
        assert CompactRange.from_bytes(found[FRONTIER]).size == 66_000

    def test_integrating_again_or_less_changes_nothing(self, tmp_path, reader):
        TileStore(tmp_path).integrate(600, reader)
        before = files(tmp_path)
        TileStore(tmp_path).integrate(600, reader)
        TileStore(tmp_path).integrate(10, reader)
        assert files(tmp_path) == before

    def test_leaves_can_be_put_behind_without_a_reader(self, tmp_path, rows, reader):
        tiles = TileStore(tmp_path / "extended")
        for first, end in ((0, 300), (300, 301), (301, 301), (301, 900)):
            assert tiles.extend(rows[first:end]).size == end
        TileStore(tmp_path / "integrated").integrate(900, reader)
        assert files(tmp_path / "extended") == files(tmp_path / "integrated")

    def test_leaves_follow_only_where_they_come_next(self, tmp_path, rows, reader):
        tiles = TileStore(tmp_path / "followed")
        grown, tree = {}, CompactRange.empty()
        for first, end in ((0, 299), (299, 300), (300, 301), (301, 700), (700, 900)):
            growth = grow(tree, leaf_hashes(rows[first:end]))
            grown[first], tree = (rows[first:end], growth), growth.after
        assert not tiles.follow([])
        assert tiles.follow([grown[0], grown[299]])
        assert not tiles.follow([grown[301]])
        assert not tiles.follow([grown[299]])
        assert tiles.frontier().size == 300
        assert tiles.follow([grown[300], grown[301], grown[700]])
        TileStore(tmp_path / "integrated").integrate(900, reader)
        assert files(tmp_path / "followed") == files(tmp_path / "integrated")

    def test_leaves_are_asked_for_in_chunks(self, tmp_path, rows, small_chunks):
        asked = []

        def reader(first, end):
            asked.append(end - first)
            return rows[first:end]

        TileStore(tmp_path).integrate(1_275, reader)
        assert max(asked) == 50
        assert sum(asked) == 1_275


class TestCrash:
    """Kills a child process at every step that touches the disk; the same call makes it good."""

    def _run(self, directory: Path, reader, steps: int) -> int:
        """Integrate in a child that is killed after some steps; returns how it ended."""
        child = os.fork()
        if child == 0:
            left = [steps]

            def dying(step, *arguments):
                if left[0] == 0:
                    if step is pwrite:  # torn: half of it arrives
                        file, content, place = arguments
                        pwrite(file, content[: len(content) // 2], place)
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
                return step(*arguments)

            pwrite, fdatasync, replace = os.pwrite, os.fdatasync, Path.replace
            os.pwrite = lambda *arguments: dying(pwrite, *arguments)
            os.fdatasync = lambda *arguments: dying(fdatasync, *arguments)
            Path.replace = lambda *arguments: dying(replace, *arguments)
            code = 1
            try:
                TileStore(directory).integrate(1_300, reader)
                code = 0
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def test_at_any_step_is_made_good_by_the_same_call(
        self, tmp_path, reader, small_chunks, repetitions
    ):
        TileStore(tmp_path / "whole").integrate(1_300, reader)
        expected = files(tmp_path / "whole")
        TileStore(tmp_path / "begun").integrate(130, reader)
        for steps in random.Random(1).sample(range(250), min(2 * repetitions, 250)):
            directory = tmp_path / f"{steps}"
            shutil.copytree(tmp_path / "begun", directory)
            assert self._run(directory, reader, steps) == -signal.SIGKILL
            left = TileStore(directory)
            durable = left.frontier()
            assert durable.root() == left.root(durable.size)
            left.integrate(1_300, reader)
            assert files(directory) == expected

    def test_what_stands_behind_the_frontier_is_written_over(self, tmp_path, reader):
        tiles = TileStore(tmp_path / "log")
        tiles.integrate(700, reader)
        TileStore(tmp_path / "whole").integrate(1_300, reader)
        for path in (tmp_path / "log").rglob("*"):
            if path.is_file() and path.name not in {FRONTIER, "lock"}:
                with path.open("ab") as file:
                    file.write(b"surplus" * 1000 if path.name != "09" else b"")
        assert tiles.root(700) == TileStore(tmp_path / "whole").root(700)
        tiles.integrate(1_300, reader)
        assert tiles.root(1_300) == TileStore(tmp_path / "whole").root(1_300)
        for name, content in files(tmp_path / "whole").items():
            assert files(tmp_path / "log")[name][: len(content)] == content

    def test_files_without_a_frontier_are_made_again(self, tmp_path, reader):
        TileStore(tmp_path).integrate(700, reader)
        expected = files(tmp_path)
        (tmp_path / FRONTIER).unlink()
        TileStore(tmp_path).integrate(700, reader)
        assert files(tmp_path) == expected

    def test_files_are_made_again_under_a_store_that_is_open(self, tmp_path, reader):
        tiles = TileStore(tmp_path / "log")
        tiles.integrate(700, reader)
        expected, node = files(tmp_path / "log"), tiles.node(3, 5)
        shutil.rmtree(tmp_path / "log")
        tiles.integrate(700, reader)
        assert files(tmp_path / "log") == expected
        tiles.integrate(900, reader)
        assert tiles.node(3, 5) == node
        assert tiles.node(3, 111) == TileStore(tmp_path / "log").node(3, 111)


class TestDamage:
    def test_a_damaged_frontier_is_named(self, tmp_path, reader):
        TileStore(tmp_path).integrate(300, reader)
        (tmp_path / FRONTIER).write_bytes(b"x" * 41)
        with pytest.raises(InvariantBrokenError) as broken:
            TileStore(tmp_path).integrate(300, reader)
        assert broken.value.actual == "41 bytes"

    def test_a_file_that_ends_too_early_or_is_gone_is_named(self, tmp_path, reader):
        tiles = TileStore(tmp_path)
        tiles.integrate(300, reader)
        path = tmp_path / level_name(2)
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(InvariantBrokenError) as broken:
            tiles.node(2, 74)
        assert broken.value.invariant == "log/tree/02 reaches the frontier"
        path.unlink()
        with pytest.raises(InvariantBrokenError) as broken:
            TileStore(tmp_path).node(2, 0)
        assert broken.value.actual == "none"


class TestNodes:
    def test_proofs_made_from_files_hold(self, tmp_path, reader, leaves):
        sizes = [1, 3, 256, 700, 66_000]
        tiles = TileStore(tmp_path)
        for size in sizes:
            tiles.integrate(size, reader)
        cold = TileStore(tmp_path)
        for old in sizes:
            proof = consistency_proof(old, 66_000, cold.node)
            verify_consistency(old, cold.root(old), 66_000, cold.root(66_000), proof)
            for index in {0, old // 2, old - 1}:
                path = inclusion_proof(index, old, cold.node)
                verify_inclusion(leaf_hash(leaves[index]), index, old, path, cold.root(old))

    @pytest.mark.parametrize(("level", "index"), [(0, 300), (1, 150), (8, 1), (9, 0), (40, 0)])
    def test_a_node_that_is_not_complete_is_refused(self, tmp_path, reader, level, index):
        tiles = TileStore(tmp_path)
        tiles.integrate(300, reader)
        with pytest.raises(ProofShapeError):
            tiles.node(level, index)

    def test_a_closed_store_opens_its_files_again(self, tmp_path, reader):
        tiles = TileStore(tmp_path)
        tiles.integrate(300, reader)
        tiles.close()
        assert tiles.node(0, 0)


class TestTileBytes:
    @pytest.mark.parametrize("size", [1, 255, 256, 257, 600, 66_000])
    def test_gives_every_tile_that_c2sp_names(self, tmp_path, reader, leaves, tree, size):
        tiles = TileStore(tmp_path)
        tiles.integrate(size, reader)
        for tile in tiles_between(0, size):
            first = tile.number * 256
            hashes = [tree.node(8 * tile.level, first + at) for at in range(tile.width)]
            assert tiles.tile_bytes(tile) == format_hash_tile(hashes)
        for bundle in bundles_between(0, size):
            first = bundle.number * 256
            expected = leaves[first : first + bundle.width]
            content = tiles.tile_bytes(bundle)
            assert content == format_entry_bundle(expected)
            assert list(parse_entry_bundle(content, bundle.width)) == expected

    def test_gives_a_tile_of_every_width_that_was_ever_served(self, tmp_path, reader, leaves):
        tiles = TileStore(tmp_path)
        tiles.integrate(600, reader)
        for width in range(1, 89):
            assert len(tiles.tile_bytes(Tile(0, 2, width))) == 32 * width
            assert tiles.tile_bytes(Tile(None, 2, width)) == format_entry_bundle(
                leaves[512 : 512 + width]
            )

    @pytest.mark.parametrize(
        "tile", [Tile(0, 2, 89), Tile(None, 2, 89), Tile(None, 2), Tile(0, 3, 1), Tile(1, 0, 3), Tile(2, 0, 1), Tile(7, 2**55, 256)]
    )  # fmt: skip
    def test_gives_nothing_that_the_log_has_not_reached(self, tmp_path, reader, tile):
        tiles = TileStore(tmp_path)
        tiles.integrate(600, reader)
        assert tiles.tile_bytes(tile) is None

    def test_gives_nothing_of_an_empty_log(self, tmp_path):
        assert TileStore(tmp_path / "none").tile_bytes(Tile(0, 0, 1)) is None
        assert TileStore(tmp_path / "none").frontier() == CompactRange.empty()


class TestTwoProcesses:
    def test_one_reads_rightly_while_the_other_writes(self, tmp_path, reader, tree, small_chunks):
        TileStore(tmp_path).integrate(1, reader)
        child = os.fork()
        if child == 0:
            try:
                TileStore(tmp_path).integrate(6_000, reader)
            finally:
                os._exit(0)
        mine, sizes = TileStore(tmp_path), set()
        while not sizes or max(sizes) < 6_000:
            size = mine.frontier().size
            sizes.add(size)
            assert mine.root(size) == tree.root(size)
            index = size * 2 // 3
            assert inclusion_proof(index, size, mine.node) == tree.inclusion_proof(index, size)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(sizes) > 2

    def test_two_writers_wait_for_one_another(self, tmp_path, reader, rows, small_chunks):
        children = []
        for size in (4_000, 5_000, 4_500):
            child = os.fork()
            if child == 0:
                try:
                    TileStore(tmp_path / "log").integrate(size, reader)
                finally:
                    os._exit(0)
            children.append(child)
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
        TileStore(tmp_path / "alone").integrate(5_000, reader)
        assert files(tmp_path / "log") == files(tmp_path / "alone")
