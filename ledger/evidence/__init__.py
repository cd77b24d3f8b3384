"""Pure evidence: bytes to hash and sign, Merkle log, tiles, checkpoints, bundles, verdicts."""
