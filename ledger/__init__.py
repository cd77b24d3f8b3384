"""The service: pure rules, proofs, storage, chain. `docs/architecture.md` draws the rooms."""
