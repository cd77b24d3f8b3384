"""The command `anxu`: everything a bureau, a supervisor or a verifier does from a terminal."""
