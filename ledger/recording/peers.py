"""How nodes know one another: signed requests with keys that the Bureaus contract holds."""

from __future__ import annotations

from ledger.keys.requests import new_nonce, sign_request
from ledger.recording.context import NodeContext


def request_headers(context: NodeContext, method: str, url: str, body: bytes) -> dict[str, str]:
    """The header fields that sign a request as this node (RFC 9421), content type included.

    A bureau signs with its log key as ``log/<id>``, a supervisor with its cosigner key as
    ``supervisor/<address>``: both are in the Bureaus contract, so that nothing else has to be
    exchanged.
    """
    if context.settings.role == "bureau":
        key_id, signer = f"log/{context.log_id}", context.keys.ed25519("log")
    else:
        address = context.keys.secp256k1("supervisor").address
        key_id, signer = f"supervisor/{address}", context.keys.ed25519("cosigner")
    headers = {"content-type": "application/json"} if body else {}
    signed = sign_request(
        method,
        url,
        headers,
        body,
        key_id=key_id,
        signer=signer,
        created_at=context.clock.now(),
        nonce=new_nonce(context.random),
    )
    return headers | signed


def key_of_caller(context: NodeContext, key_id: str) -> bytes | None:
    """The Ed25519 key registered on chain for a key id; None when there is none.

    A closed log's key speaks for nobody any more: it may be why the log was closed.
    """
    kind, _, name = key_id.partition("/")
    if kind == "log" and name.isdigit():
        return next(
            (
                bureau.log_key
                for bureau in context.chain.bureaus()
                if bureau.log_id == int(name) and not bureau.closed
            ),
            None,
        )
    if kind == "supervisor":
        return next(
            (
                supervisor.cosigner_key
                for supervisor in context.chain.supervisors()
                if supervisor.account == name
            ),
            None,
        )
    return None
