"""What `anxu verify` makes of files that are no evidence; real proofs are in the integration test."""

from __future__ import annotations

import json

import pytest

TRUST = {"schema": "anxu-trust/1", "chain_id": 31415, "contracts": {}, "logs": [], "cosigners": []}


@pytest.fixture
def trust(tmp_path):
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(TRUST))
    return path


class TestVerify:
    @pytest.mark.parametrize("content", [b"", b"x", b"{}", b"\xff\xfe", b"[1]", b'{"schema":1}'])
    def test_a_file_that_is_no_proof_is_undetermined(self, anxu, tmp_path, trust, content):
        bundle = tmp_path / "proof.json"
        bundle.write_bytes(content)
        answer = anxu("verify", str(bundle), "--trust", str(trust), "--json")
        assert answer.code == 2
        assert answer.document["was_recorded"] == "undetermined"
        assert answer.document["reasons"]

    def test_a_missing_proof_is_undetermined_and_said(self, anxu, tmp_path, trust):
        answer = anxu("verify", str(tmp_path / "none"), "--trust", str(trust), "--json")
        assert answer.code == 2
        assert answer.document["error"]["code"] == "malformed-bundle"

    @pytest.mark.parametrize("content", [None, "x", "{}"])
    def test_without_a_readable_trust_file_nothing_is_determined(self, anxu, tmp_path, content):
        bundle, trust = tmp_path / "proof.json", tmp_path / "trust.json"
        bundle.write_text("{}")
        if content is not None:
            trust.write_text(content)
        answer = anxu("verify", str(bundle), "--trust", str(trust), "--json")
        assert answer.code == 2
        assert answer.document["error"]["code"] == "malformed-trust-file"

    def test_a_missing_trust_option_is_wrong_usage(self, anxu):
        assert anxu("verify", "proof.json").code == 64
