"""What officers sign for the ``Funds`` contract: EIP-712 approvals of a payout batch.

The typed data is ``DisbursementApproval(bytes32 batchId,uint32 lines,uint64 amountFen,bytes32
linesRoot)`` in the domain "Anxu Funds", version 1, of one chain and one contract: a signature fixes
the batch, how many lines it has, their total in fen and their root, and counts nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak

from ledger.errors import EncodingError, InvalidSignatureError, LengthError
from ledger.keys.ports import AccountSigner
from ledger.keys.signers import SECP256K1_ORDER, Secp256k1Signer

DOMAIN_NAME = "Anxu Funds"
DOMAIN_VERSION = "1"
SIGNATURE_BYTES = 65

_WORD_BYTES = 32
_RECOVERY_VALUES = (27, 28)
_LINES_LIMIT = 1 << 32
_AMOUNT_LIMIT = 1 << 64
_APPROVAL_FIELDS = [
    {"name": "batchId", "type": "bytes32"},
    {"name": "lines", "type": "uint32"},
    {"name": "amountFen", "type": "uint64"},
    {"name": "linesRoot", "type": "bytes32"},
]


@dataclass(frozen=True, slots=True)
class FundsDomain:
    """Where an approval counts: one chain, one ``Funds`` contract (0x and 40 hex digits)."""

    chain_id: int
    verifying_contract: str


@dataclass(frozen=True, slots=True)
class DisbursementApproval:
    """What is approved: ``lines`` payouts of ``amount_fen`` in all, under ``lines_root``."""

    batch_id: bytes
    lines: int
    amount_fen: int
    lines_root: bytes


def approval_digest(domain: FundsDomain, approval: DisbursementApproval) -> bytes:
    """The 32 bytes that are signed, as the contract computes them (EIP-712).

    Raises:
        LengthError: batch id or root is not 32 bytes.
        EncodingError: a number does not fit its type, or the contract is no address.
    """
    message = _signable(domain, approval)
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


def sign_approval(
    signer: AccountSigner, domain: FundsDomain, approval: DisbursementApproval
) -> bytes:
    """An officer's approval: 65 bytes r | s | v. Raises as :func:`approval_digest`."""
    return signer.sign_digest(approval_digest(domain, approval))


def recover_approver(domain: FundsDomain, approval: DisbursementApproval, signature: bytes) -> str:
    """The checksummed address whose key signed.

    Whoever calls this compares the address with the enrolled officers: any 65 bytes recover to
    somebody.

    Raises:
        InvalidSignatureError: no key can have made it.
    """
    message = _signable(domain, approval)
    if not _is_canonical(signature):
        raise InvalidSignatureError(what="disbursement approval")
    try:
        return str(Account.recover_message(message, signature=signature))
    except Exception as error:
        # The library raises classes of four packages here; none of them is our own mistake.
        raise InvalidSignatureError(what="disbursement approval") from error


def require_approver(
    domain: FundsDomain, approval: DisbursementApproval, signature: bytes, officer: str
) -> None:
    """Check that ``officer``, an address, approved exactly this. Raises InvalidSignatureError."""
    if recover_approver(domain, approval, signature).lower() != officer.lower():
        raise InvalidSignatureError(what="disbursement approval")


def address_of(private_key: bytes) -> str:
    """The checksummed address of a 32-byte secp256k1 key. Raises LengthError, EncodingError."""
    return Secp256k1Signer.from_private(private_key).address


def _is_canonical(signature: bytes) -> bool:
    """Whether the contract takes this form: 65 bytes, s in the lower half (EIP-2), v 27 or 28."""
    if len(signature) != SIGNATURE_BYTES or signature[-1] not in _RECOVERY_VALUES:
        return False
    return int.from_bytes(signature[_WORD_BYTES : 2 * _WORD_BYTES]) <= SECP256K1_ORDER // 2


def _signable(domain: FundsDomain, approval: DisbursementApproval) -> SignableMessage:
    for name, value in (("batch id", approval.batch_id), ("lines root", approval.lines_root)):
        if len(value) != _WORD_BYTES:
            raise LengthError(field=name, expected=_WORD_BYTES, actual=len(value))
    if not 0 <= approval.lines < _LINES_LIMIT:
        raise EncodingError(field="lines", reason="it does not fit 32 bits")
    if not 0 <= approval.amount_fen < _AMOUNT_LIMIT:
        raise EncodingError(field="amount_fen", reason="it does not fit 64 bits")
    if not is_address(domain.verifying_contract):
        raise EncodingError(field="verifying_contract", reason="it is not an address")
    domain_data: dict[str, Any] = {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": domain.chain_id,
        "verifyingContract": to_checksum_address(domain.verifying_contract),
    }
    values: dict[str, Any] = {
        "batchId": approval.batch_id,
        "lines": approval.lines,
        "amountFen": approval.amount_fen,
        "linesRoot": approval.lines_root,
    }
    return encode_typed_data(domain_data, {"DisbursementApproval": _APPROVAL_FIELDS}, values)
