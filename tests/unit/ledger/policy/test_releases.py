"""The digest of a release, reckoned once more by other means."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import ledger.policy
from ledger.evidence.encoding import canonical_json
from ledger.policy.releases import carried_release, release_manifest, table_digests

TABLES = Path(ledger.policy.__file__).parent / "tables"


class TestDigests:
    def test_every_table_is_in_it_and_sha256sum_agrees(self):
        names = sorted(path.name for path in TABLES.iterdir() if path.is_file())
        said = subprocess.run(
            ["sha256sum", *names], cwd=TABLES, check=True, capture_output=True, text=True
        )
        assert list(table_digests().items()) == [
            (line.split()[1], line.split()[0]) for line in said.stdout.splitlines()
        ]

    def test_the_release_is_the_digest_of_the_manifest_as_it_is_hashed_everywhere_here(self):
        manifest = {"schema": "anxu-policy-release/1", "tables": dict(table_digests())}
        assert release_manifest() == manifest
        assert carried_release() == "0x" + hashlib.sha256(canonical_json(manifest)).hexdigest()
        assert json.loads(canonical_json(manifest)) == manifest
