"""Looks at every endpoint of a network before its contracts are deployed, and afterwards."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from ledger.chain.connection import ChainConnection
from ledger.chain.deployment import Manifest
from ledger.chain.endpoint import EndpointRules
from ledger.chain.endpoints import Endpoints
from ledger.errors import ContractCodeError, SettingsError

SHOWN_WITHIN_SECONDS: Final = 60
"""How long an endpoint may take to show what was deployed through another one."""
_SETTING: Final = "--rpc"
_PAUSE_SECONDS: Final = 0.2


def require_one_chain(rpc_urls: Sequence[str], lag_blocks: int) -> None:
    """Refuse to deploy unless all endpoints serve the first one's chain and none is behind.

    Raises:
        SettingsError: there is none, one is named twice, or one serves another chain.
        BehindAtStartError: one is provably behind.
        ChainUnavailableError, EndpointsDisagreeError: one does not answer, or has other blocks.
    """
    rules = EndpointRules(quorum=len(rpc_urls), lag_blocks=lag_blocks)
    endpoints = Endpoints(rpc_urls, rules, lambda _: None)
    first, *others = [ChainConnection(each) for each in rpc_urls]
    for each in others:
        if each.chain_id != first.chain_id:
            reason = (
                f"{each.endpoint} serves chain {each.chain_id}, "
                f"{first.endpoint} chain {first.chain_id}"
            )
            raise SettingsError(setting=_SETTING, reason=reason)
    trouble = endpoints.require_current()
    if trouble is not None:
        raise trouble


def require_code_everywhere(
    manifest: Manifest, within_seconds: float = SHOWN_WITHIN_SECONDS
) -> None:
    """Wait until every endpoint of a deployment shows its contracts.

    Raises:
        SettingsError: one does not in time: it is behind, or of another network with this id.
        ChainUnavailableError: one does not answer.
    """
    deadline = time.monotonic() + within_seconds
    for rpc_url in manifest.rpc_urls:
        connection = ChainConnection(rpc_url)
        while (missing := _other_code(manifest, connection)) is not None:
            if time.monotonic() > deadline:
                reason = (
                    f"{connection.endpoint} does not show {missing} as deployed: it is behind, or "
                    "belongs to another network with the same chain id"
                )
                raise SettingsError(setting=_SETTING, reason=reason)
            time.sleep(_PAUSE_SECONDS)


def _other_code(manifest: Manifest, connection: ChainConnection) -> str | None:
    """The first contract that an endpoint does not show as it was deployed."""
    try:
        manifest.verify(connection)
    except ContractCodeError as error:
        return error.contract
    return None
