"""Keys and what is done with them: the store, sealing, pseudonyms, packages and signatures.

Nothing outside this package (and the signature checks of ``ledger.evidence``) touches a
cryptographic library. Private bytes never enter a ``repr``, a message or a log.
"""
