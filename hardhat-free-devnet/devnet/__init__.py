"""The embedded chain: py-evm behind eth-tester, on disk, served as Ethereum JSON-RPC.

Start it with ``python -m devnet --directory DIR`` or from Python with
``devnet.process.DevnetProcess``. The package imports nothing from ``ledger`` or ``api``: to them it
is one JSON-RPC endpoint among others.
"""
