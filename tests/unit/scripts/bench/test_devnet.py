"""The benchmark of the chains measures real calls, also when it is small."""

from __future__ import annotations

from scripts.bench.devnet import _embedded


def test_every_promise_of_the_embedded_chain_has_a_row(tmp_path):
    told = []
    rows, rate = _embedded(tmp_path / "chain", 250, told.append)
    found = {row.name: row for row in rows}
    assert found["embedded: 250 transactions back"].holds is True
    assert found["embedded: landed over HTTP"].value == rate > 0
    for what in ("a transaction", "a receipt", "logs of a block"):
        assert found[f"embedded: {what} among 250 transactions"].beside_value > 0
    assert told
