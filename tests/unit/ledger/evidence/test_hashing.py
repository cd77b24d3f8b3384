"""Hashing in bulk: both ways give what hashlib and the scalar functions give."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LengthError
from ledger.evidence import hashing, native
from ledger.evidence.encoding import leaf_hash, node_hash
from ledger.evidence.hashing import hash_pairs, leaf_hashes, sha256_blobs, sha256_rows

PREFIXES = [b"", b"\x01", b"a label that is longer than one block of the digest, to be sure" * 2]
ROWS = np.random.default_rng(7).integers(0, 256, (50, 96), dtype=np.uint8)


@pytest.fixture(params=["compiled", "plain"])
def way(request, monkeypatch):
    """Each test once with the compiled loops and once without."""
    patience = native.Patience(hashing._load, -1)
    monkeypatch.setattr(hashing, "_PATIENCE", patience)
    monkeypatch.setattr(hashing, "_CALL_PAYS", 0)
    monkeypatch.setenv(native.VARIABLE, "on" if request.param == "compiled" else native.OFF)
    assert (patience.loops(1) is not None) == (request.param == "compiled")
    return request.param


def _both(compute, monkeypatch=None):
    results = []
    for setting in ("on", native.OFF):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hashing, "_PATIENCE", native.Patience(hashing._load, -1))
            patch.setattr(hashing, "_CALL_PAYS", 0)
            patch.setenv(native.VARIABLE, setting)
            results.append([row.tobytes() for row in compute()])
    assert results[0] == results[1]
    return results[0]


class TestRows:
    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize("width", [0, 1, 55, 56, 63, 64, 65, 96])
    def test_are_hashed_as_hashlib_does(self, way, width, prefix):
        rows = ROWS[:, :width]
        expected = [hashlib.sha256(prefix + row.tobytes()).digest() for row in rows]
        assert [row.tobytes() for row in sha256_rows(rows, prefix)] == expected

    def test_may_be_none(self, way):
        assert sha256_rows(np.empty((0, 64), np.uint8)).shape == (0, 32)

    def test_may_be_read_only_or_strided(self, way):
        rows = np.frombuffer(ROWS.tobytes(), np.uint8).reshape(ROWS.shape)[::3, ::2]
        expected = [hashlib.sha256(row.tobytes()).digest() for row in rows]
        assert [row.tobytes() for row in sha256_rows(rows)] == expected


class TestBlobs:
    @given(
        blobs=st.lists(st.binary(max_size=300), max_size=20),
        prefix=st.binary(max_size=80),
        head_bytes=st.integers(0, 70),
    )
    def test_are_hashed_as_hashlib_does(self, blobs, prefix, head_bytes):
        data = np.frombuffer(b"before" + b"".join(blobs) + b"after", np.uint8)
        offsets = np.cumsum([len(b"before"), *map(len, blobs)]).astype(np.int64)
        heads = np.resize(ROWS, (len(blobs), head_bytes)).astype(np.uint8)
        given_heads = heads if head_bytes else None
        expected = [
            hashlib.sha256(prefix + head.tobytes() + blob).digest()
            for head, blob in zip(heads, blobs, strict=True)
        ]
        assert _both(lambda: sha256_blobs(data, offsets, prefix, given_heads)) == expected

    @pytest.mark.parametrize("offsets", [[], [0, 97], [-1, 3], [0, 9, 5, 96]])
    def test_refuse_offsets_that_leave_the_data(self, way, offsets):
        with pytest.raises(ValueError, match="offsets"):
            sha256_blobs(ROWS[0], np.array(offsets, np.int64))

    def test_refuse_another_number_of_heads(self, way):
        with pytest.raises(ValueError, match="head"):
            sha256_blobs(ROWS[0], np.array([0, 5], np.int64), b"", ROWS[:2])


class TestTypes:
    def test_what_is_not_bytes_is_refused(self, way):
        for wrong in (np.zeros((2, 8), np.int64), np.zeros(8, np.uint8)):
            with pytest.raises(ValueError, match="bytes"):
                sha256_rows(wrong)
        offsets = np.array([0, 1], np.int64)
        for wrong in (np.zeros(8, np.uint16), np.zeros((2, 8), np.uint8)):
            with pytest.raises(ValueError, match="bytes"):
                sha256_blobs(wrong, offsets)
        with pytest.raises(ValueError, match="bytes"):
            sha256_blobs(ROWS[0], offsets, b"", np.zeros((1, 2), np.int16))


class TestTree:
    def test_leaves_and_nodes_are_those_of_the_tree(self, way):
        leaves = ROWS[:, :64]
        hashes = leaf_hashes(leaves)
        assert [row.tobytes() for row in hashes] == [leaf_hash(leaf.tobytes()) for leaf in leaves]
        pairs = [
            node_hash(hashes[at].tobytes(), hashes[at + 1].tobytes()) for at in range(0, 50, 2)
        ]
        assert [row.tobytes() for row in hash_pairs(hashes)] == pairs

    def test_a_leaf_of_another_width_is_refused(self, way):
        with pytest.raises(LengthError) as refused:
            leaf_hashes(ROWS[:, :63])
        assert refused.value.fields() == {"field": "leaf", "expected": 64, "actual": 63}


class TestPatience:
    def test_loads_nothing_before_it_pays(self):
        loads = []
        patience = native.Patience(lambda: loads.append(1) or "loops", 10)
        assert (patience.loops(6), patience.loops(4), loads) == (None, None, [])
        assert (patience.loops(1), patience.loops(1), loads) == ("loops", "loops", [1])

    def test_takes_the_plain_way_when_told(self, monkeypatch):
        monkeypatch.setenv(native.VARIABLE, native.OFF)
        assert native.Patience(lambda: "loops", -1).loops(1) is None

    def test_takes_the_plain_way_when_loading_fails_and_says_so_once(self):
        def load():
            raise ImportError("made up")

        patience = native.Patience(load, -1)
        with pytest.warns(RuntimeWarning, match="made up"):
            assert patience.loops(1) is None
        assert patience.loops(1) is None

    def test_importing_the_module_loads_no_compiler(self):
        code = (
            "import sys, ledger.keys.bulk_sealing, ledger.evidence.batch;"
            "print([name for name in ('numba', 'llvmlite') if name in sys.modules])"
        )
        said = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            cwd=Path(__file__).parents[4],
        )  # fmt: skip
        assert said.stdout.strip() == "[]"


class TestCache:
    def test_stands_in_a_directory_that_is_ours_alone(self, tmp_path, monkeypatch):
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert native._cache_directory.__wrapped__() == str(tmp_path / "anxu" / "numba")
        assert (tmp_path / "anxu" / "numba").stat().st_mode & 0o777 == 0o700

    def test_is_left_where_others_may_write(self, tmp_path, monkeypatch):
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        (tmp_path / "anxu" / "numba").mkdir(parents=True)
        (tmp_path / "anxu" / "numba").chmod(0o777)
        assert native._cache_directory.__wrapped__() is None

    def test_follows_the_variable_of_numba(self, tmp_path, monkeypatch):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
        assert native._cache_directory.__wrapped__() == str(tmp_path)
