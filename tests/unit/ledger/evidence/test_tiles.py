"""Paths and files of tiles against c2sp.org/tlog-tiles, and proofs made from nothing but files."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import ProofShapeError, TilePathError
from ledger.evidence.encoding import leaf_hash
from ledger.evidence.merkle import (
    MerkleTree,
    consistency_proof,
    inclusion_proof,
    root_from_nodes,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.evidence.tiles import (
    Tile,
    bundles_between,
    entry_bundle_path,
    format_entry_bundle,
    format_hash_tile,
    hash_tile_path,
    number_path,
    parse_entry_bundle,
    parse_hash_tile,
    parse_supervision_bundle_path,
    reader_of_tiles,
    supervision_bundle_path,
    supervision_bundle_text,
    tile_of,
    tile_width,
    tiles_between,
)


def _leaf(n):
    return hashlib.sha512(n.to_bytes(4, "big")).digest()


class TestPaths:
    def test_the_example_of_the_specification(self):
        assert number_path(1234067) == "x001/x234/067"
        assert hash_tile_path(0, 1234067) == "tile/0/x001/x234/067"
        assert entry_bundle_path(1234067, 5) == "tile/entries/x001/x234/067.p/5"
        assert supervision_bundle_path(1234067, 5) == "entries/x001/x234/067.p/5"

    @pytest.mark.parametrize(
        ("number", "path"),
        [(0, "000"), (67, "067"), (999, "999"), (1000, "x001/000"), (10**6, "x001/x000/000")],
    )
    def test_numbers(self, number, path):
        assert number_path(number) == path

    @given(st.none() | st.integers(0, 7), st.integers(0, 2**55), st.integers(1, 256))
    def test_what_is_formatted_parses_back(self, level, number, width):
        tile = Tile(level, number, width)
        assert Tile.parse(tile.path) == tile
        assert tile.is_full == (width == 256)

    @given(st.text(alphabet="tile/0123entrisx.p9", max_size=30))
    def test_what_parses_formats_back(self, text):
        for path in (text, f"tile/{text}", f"tile/0/{text}"):
            try:
                assert Tile.parse(path).path == path
            except TilePathError:
                continue

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "tile/0/1",
            "tile/0/0001",
            "tile/00/001",
            "tile/8/001",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/001.p/0",
            "tile/0/001.p/01",
            "tile/0/001.p/256",
            "tile/0/001.p/999",
            "tile/0/001.p/",
            "tile/0/001/",
            "/tile/0/001",
            "tile/0/001\n",
            "tile/0/００１",
            "tile/data/001",
            "tile/0/../0/001",
            "tile/0/x999/x999/x999/x999/x999/999",
        ],
    )
    def test_other_spellings_are_refused(self, path):
        with pytest.raises(TilePathError) as refused:
            Tile.parse(path)
        assert refused.value.reason

    def test_numbers_out_of_bounds_are_refused(self):
        for call in (
            lambda: number_path(-1),
            lambda: number_path(0, 0),
            lambda: number_path(0, 257),
            lambda: hash_tile_path(8, 0),
        ):
            with pytest.raises(TilePathError):
                call()

    def test_supervision_paths_round_trip(self):
        assert parse_supervision_bundle_path("entries/x001/067.p/5") == (1067, 5)
        with pytest.raises(TilePathError):
            parse_supervision_bundle_path("0/001")


class TestWhichTiles:
    def test_the_example_of_the_specification(self):
        """A tree of 70,000: 273 full level 0 tiles and one of 112, one level 1 and one of 17, one of 1."""
        tiles = list(tiles_between(0, 70_000))
        assert sum(tile.level == 0 and tile.is_full for tile in tiles) == 273
        partial = [(tile.level, tile.number, tile.width) for tile in tiles if not tile.is_full]
        assert partial == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
        assert sum(tile.level == 1 and tile.is_full for tile in tiles) == 1

    def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above(self):
        tiles = [(t.level, t.number, t.width) for t in tiles_between(0, 256)]
        assert tiles == [(0, 0, 256), (1, 0, 1)]

    def test_growth_touches_what_became_wider_only(self):
        assert [t.path for t in tiles_between(255, 255)] == []
        assert [t.path for t in tiles_between(255, 257)] == [
            "tile/0/000",
            "tile/0/001.p/1",
            "tile/1/000.p/1",
        ]
        assert [t.path for t in bundles_between(256, 258)] == ["tile/entries/001.p/2"]

    @given(st.integers(0, 200_000), st.integers(0, 2_000))
    def test_growing_in_two_steps_ends_with_the_tiles_of_one(self, old, more):
        """Every tile of the whole tree is written by one of the steps, at its final width."""
        whole = set(tiles_between(0, old + more))
        assert whole <= set(tiles_between(0, old)) | set(tiles_between(old, old + more))

    def test_width(self):
        assert tile_width(0, 273, 70_000) == 112
        assert tile_width(None, 273, 70_000) == 112
        assert tile_width(1, 1, 70_000) == 17
        assert tile_width(2, 0, 70_000) == 1
        assert tile_width(0, 274, 70_000) == tile_width(3, 0, 70_000) == 0

    def test_node_places(self):
        assert tile_of(0, 0) == (Tile(0, 0, 1), 0, 1)
        assert tile_of(3, 32) == (Tile(0, 1, 8), 0, 8)
        assert tile_of(8, 256) == (Tile(1, 1, 1), 0, 1)
        assert tile_of(10, 3) == (Tile(1, 0, 16), 12, 4)


class TestFiles:
    def test_hash_tiles(self):
        hashes = [bytes([n]) * 32 for n in range(256)]
        content = format_hash_tile(hashes)
        assert len(content) == 8192
        assert parse_hash_tile(content, 256) == tuple(hashes)

    def test_entry_bundles_have_a_length_before_each_leaf(self):
        leaves = [_leaf(n) for n in range(3)]
        content = format_entry_bundle(leaves)
        assert content == b"".join(b"\x00\x40" + leaf for leaf in leaves)
        assert parse_entry_bundle(content, 3) == tuple(leaves)

    @pytest.mark.parametrize("width", [0, 2, 4, 257])
    def test_files_of_another_width_are_refused(self, width):
        with pytest.raises(ProofShapeError):
            parse_entry_bundle(format_entry_bundle([_leaf(n) for n in range(3)]), width)
        with pytest.raises(ProofShapeError):
            parse_hash_tile(bytes(96), width)

    def test_a_leaf_that_claims_another_length_is_refused(self):
        with pytest.raises(ProofShapeError) as refused:
            parse_entry_bundle(b"\x00\x41" + bytes(64), 1)
        assert "64 bytes" in refused.value.reason

    def test_what_is_no_tile_is_not_written(self):
        for call in (
            lambda: format_entry_bundle([]),
            lambda: format_entry_bundle([bytes(63)]),
            lambda: format_entry_bundle([bytes(64)] * 257),
            lambda: format_hash_tile([]),
            lambda: format_hash_tile([bytes(31)]),
            lambda: format_hash_tile([bytes(32)] * 257),
        ):
            with pytest.raises(ProofShapeError):
                call()

    def test_what_the_log_signs_for_supervisors_names_log_number_width_and_content(self):
        content = bytes(160)
        expected = f"anxu-entries/1\nanxu/1/2\n7 2\n{hashlib.sha256(content).hexdigest()}\n"
        assert supervision_bundle_text("anxu/1/2", 7, 2, content) == expected.encode()


class TestReader:
    """Proofs from files alone are the proofs of the tree in memory."""

    SIZE = 66_000

    @pytest.fixture(scope="class")
    @classmethod
    def served(cls):
        tree = MerkleTree(leaf_hash(_leaf(n)) for n in range(cls.SIZE))
        files = {}
        for tile in tiles_between(0, cls.SIZE):
            level, first = 8 * tile.level, tile.number * 256
            hashes = [tree.node(level, first + at) for at in range(tile.width)]
            files[tile.path] = format_hash_tile(hashes)
        return tree, files

    def test_root_and_proofs(self, served):
        tree, files = served
        reader = reader_of_tiles(self.SIZE, lambda tile: files[tile.path])
        root = root_from_nodes(self.SIZE, reader)
        assert root == tree.root()
        for index in (0, 255, 256, 65_535, 65_536, self.SIZE - 1):
            proof = inclusion_proof(index, self.SIZE, reader)
            assert proof == tree.inclusion_proof(index)
            verify_inclusion(leaf_hash(_leaf(index)), index, self.SIZE, proof, root)
        for old in (1, 255, 256, 257, 65_536, self.SIZE - 1, self.SIZE):
            proof = consistency_proof(old, self.SIZE, reader)
            assert proof == tree.consistency_proof(old)
            verify_consistency(old, tree.root(old), self.SIZE, root, proof)

    def test_each_tile_is_fetched_once(self, served):
        _, files = served
        fetched = []
        reader = reader_of_tiles(
            self.SIZE, lambda tile: (fetched.append(tile), files[tile.path])[1]
        )
        inclusion_proof(70, self.SIZE, reader)
        assert len(fetched) == len(set(fetched)) <= 5

    def test_a_subtree_that_is_not_complete_is_refused(self, served):
        _, files = served
        reader = reader_of_tiles(self.SIZE, lambda tile: files[tile.path])
        with pytest.raises(ProofShapeError):
            reader(0, self.SIZE)
        with pytest.raises(ProofShapeError):
            reader(17, 0)

    def test_a_short_file_is_refused(self, served):
        _, files = served
        reader = reader_of_tiles(self.SIZE, lambda tile: files[tile.path][:-1])
        with pytest.raises(ProofShapeError):
            root_from_nodes(self.SIZE, reader)

    def test_a_changed_file_gives_another_root(self, served):
        tree, files = served
        damaged = files | {"tile/2/000.p/1": bytes(32)}
        reader = reader_of_tiles(self.SIZE, lambda tile: damaged[tile.path])
        assert root_from_nodes(self.SIZE, reader) != tree.root()

    def test_subtree_roots_are_of_powers_of_two(self):
        assert subtree_root([bytes(32)]) == bytes(32)
        with pytest.raises(AssertionError):
            subtree_root([bytes(32)] * 3)
