from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pymerkle import InmemoryTree as Reference

import ledger.store.tiles
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import (
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from ledger.evidence.tiles import Tile, parse_entry_bundle
from ledger.store.tiles import TileStore

LARGEST = 70_000
ODD_SIZES = [1, 2, 255, 256, 257, 511, 512, 600, 65_535, 65_536, 65_537, 66_000]


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return [hashlib.sha512(number.to_bytes(8)).digest() for number in range(LARGEST)]


@pytest.fixture(scope="module")
def reader(leaves):
    return lambda first, end: leaves[first:end]


@pytest.fixture(autouse=True)
def _quick_files(monkeypatch):
    """Write without waiting for the disk; the order of writes stays."""

    def write(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr(ledger.store.tiles, "write_atomically", write)


def files(directory: Path) -> dict[str, bytes]:
    found = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def full(tiles: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in tiles.items() if ".p/" not in path}


def reference_root(leaves: list[bytes]) -> bytes:
    tree = Reference(algorithm="sha256", disable_security=False)
    for leaf in leaves:
        tree.append_entry(leaf)
    return tree.get_root(len(leaves))


class TestIntegrate:
    def test_rebuilt_tiles_equal_those_written_step_by_step(self, tmp_path, reader, leaves):
        stepwise = TileStore(tmp_path / "stepwise")
        for size in ODD_SIZES:
            stepwise.integrate(size, reader)
            rebuilt = TileStore(tmp_path / f"rebuilt-{size}")
            rebuilt.integrate(size, reader)
            ours, again = files(tmp_path / "stepwise"), files(tmp_path / f"rebuilt-{size}")
            assert again.items() <= ours.items()
            assert full(again) == full(ours)
            assert stepwise.root(size) == rebuilt.root(size)

    @pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
    def test_the_root_is_that_of_rfc_9162(self, tmp_path, reader, leaves, size):
        tiles = TileStore(tmp_path)
        tiles.integrate(size, reader)
        assert tiles.root(size) == reference_root(leaves[:size])

    def test_every_file_is_named_and_filled_as_tlog_tiles_has_it(self, tmp_path, reader, leaves):
        TileStore(tmp_path).integrate(66_000, reader)
        for path, content in files(tmp_path).items():
            tile = Tile.parse(path)
            if tile.level is None:
                first = tile.number * 256
                expected = tuple(leaves[first : first + tile.width])
                assert parse_entry_bundle(content, tile.width) == expected
            else:
                assert len(content) == 32 * tile.width
        assert {"tile/2/000.p/1", "tile/1/000", "tile/1/001.p/1", "tile/0/257.p/208"} <= set(
            files(tmp_path)
        )

    def test_integrating_again_changes_no_file(self, tmp_path, reader):
        TileStore(tmp_path).integrate(600, reader)
        before = files(tmp_path)
        TileStore(tmp_path).integrate(600, reader)
        assert files(tmp_path) == before

    def test_a_full_tile_is_never_written_again(self, tmp_path, reader, monkeypatch):
        TileStore(tmp_path).integrate(600, reader)
        written = []
        monkeypatch.setattr(
            ledger.store.tiles, "write_atomically",
            lambda path, content: (written.append(str(path)), path.parent.mkdir(parents=True, exist_ok=True), path.write_bytes(content)),
        )  # fmt: skip
        TileStore(tmp_path).integrate(900, reader)
        assert not [path for path in written if path.endswith(("/000", "/001"))]

    def test_a_crash_between_any_two_files_is_made_good(self, tmp_path, reader, monkeypatch):
        write = ledger.store.tiles.write_atomically
        expected = None
        for survived in range(40):
            directory = tmp_path / str(survived)
            TileStore(directory).integrate(250, reader)
            left = [survived]

            def dying(path: Path, content: bytes, left=left) -> None:
                if left[0] == 0:
                    raise OSError
                left[0] -= 1
                write(path, content)

            monkeypatch.setattr(ledger.store.tiles, "write_atomically", dying)
            try:
                TileStore(directory).integrate(1_300, reader)
                completed = True
            except OSError:
                completed = False
            monkeypatch.setattr(ledger.store.tiles, "write_atomically", write)
            TileStore(directory).integrate(1_300, reader)
            expected = expected or files(directory)
            assert files(directory) == expected
            if completed:
                return
        raise AssertionError("more files than thought")


class TestNodes:
    def test_proofs_made_from_tiles_hold(self, tmp_path, reader, leaves):
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
