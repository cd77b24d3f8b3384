"""Pure evidence: the bytes that are hashed or signed, the Merkle log, checkpoints, tiles, bundles and verdicts."""
