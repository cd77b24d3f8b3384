from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from ledger.errors import EncodingError, InvalidSignatureError, LengthError
from ledger.keys.signatures import (
    DisbursementApproval,
    FundsDomain,
    address_of,
    approval_digest,
    recover_approver,
    require_approver,
    sign_approval,
)
from ledger.keys.signers import SECP256K1_ORDER, Secp256k1Signer

KEY = bytes(range(1, 33))
OFFICER = Secp256k1Signer.from_private(KEY)
DOMAIN = FundsDomain(31415, "0x1111111111111111111111111111111111111111")
APPROVAL = DisbursementApproval(b"b" * 32, 1203, 412_345_678_90, b"r" * 32)

TYPED_DATA = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
            {"name": "verifyingContract", "type": "address"},
        ],
        "DisbursementApproval": [
            {"name": "batchId", "type": "bytes32"},
            {"name": "lines", "type": "uint32"},
            {"name": "amountFen", "type": "uint64"},
            {"name": "linesRoot", "type": "bytes32"},
        ],
    },
    "primaryType": "DisbursementApproval",
    "domain": {
        "name": "Anxu Funds",
        "version": "1",
        "chainId": 31415,
        "verifyingContract": DOMAIN.verifying_contract,
    },
    "message": {
        "batchId": APPROVAL.batch_id,
        "lines": APPROVAL.lines,
        "amountFen": APPROVAL.amount_fen,
        "linesRoot": APPROVAL.lines_root,
    },
}


def _digest_as_a_contract_computes_it(domain: FundsDomain, approval: DisbursementApproval) -> bytes:
    domain_type = keccak(
        b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    separator = keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [
                domain_type,
                keccak(b"Anxu Funds"),
                keccak(b"1"),
                domain.chain_id,
                domain.verifying_contract,
            ],
        )
    )
    struct_type = keccak(
        b"DisbursementApproval(bytes32 batchId,uint32 lines,uint64 amountFen,bytes32 linesRoot)"
    )
    struct = keccak(
        encode(
            ["bytes32", "bytes32", "uint32", "uint64", "bytes32"],
            [
                struct_type,
                approval.batch_id,
                approval.lines,
                approval.amount_fen,
                approval.lines_root,
            ],
        )
    )
    return keccak(b"\x19\x01" + separator + struct)


class TestSign:
    def test_the_digest_is_what_a_contract_computes(self) -> None:
        assert approval_digest(DOMAIN, APPROVAL) == _digest_as_a_contract_computes_it(
            DOMAIN, APPROVAL
        )

    def test_eth_account_recovers_the_officer(self) -> None:
        signature = sign_approval(OFFICER, DOMAIN, APPROVAL)
        message = encode_typed_data(full_message=TYPED_DATA)
        assert Account.recover_message(message, signature=signature) == OFFICER.address
        assert signature == Account.sign_message(message, KEY).signature

    def test_the_signature_is_65_bytes_with_low_s_and_v_27_or_28(self) -> None:
        for lines in range(1, 20):
            signature = sign_approval(OFFICER, DOMAIN, replace(APPROVAL, lines=lines))
            assert len(signature) == 65
            assert signature[64] in {27, 28}
            assert int.from_bytes(signature[32:64]) <= SECP256K1_ORDER // 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [("lines", -1), ("lines", 2**32), ("amount_fen", -1), ("amount_fen", 2**64)],
    )
    def test_numbers_that_do_not_fit_are_refused(self, field: str, value: int) -> None:
        with pytest.raises(EncodingError) as caught:
            approval_digest(DOMAIN, replace(APPROVAL, **{field: value}))
        assert caught.value.field == field

    @pytest.mark.parametrize(
        ("field", "name"), [("batch_id", "batch id"), ("lines_root", "lines root")]
    )
    def test_words_of_another_length_are_refused(self, field: str, name: str) -> None:
        with pytest.raises(LengthError) as caught:
            approval_digest(DOMAIN, replace(APPROVAL, **{field: b"b" * 31}))
        assert caught.value.fields() == {"field": name, "expected": 32, "actual": 31}

    def test_a_contract_that_is_no_address_is_refused(self) -> None:
        with pytest.raises(EncodingError) as caught:
            approval_digest(FundsDomain(1, "0x12"), APPROVAL)
        assert caught.value.field == "verifying_contract"


class TestRecover:
    def test_it_finds_the_officer(self) -> None:
        signature = sign_approval(OFFICER, DOMAIN, APPROVAL)
        assert recover_approver(DOMAIN, APPROVAL, signature) == OFFICER.address
        require_approver(DOMAIN, APPROVAL, signature, OFFICER.address.lower())

    @pytest.mark.parametrize(
        ("domain", "approval"),
        [
            (replace(DOMAIN, chain_id=1), APPROVAL),
            (replace(DOMAIN, verifying_contract="0x" + "22" * 20), APPROVAL),
            (DOMAIN, replace(APPROVAL, batch_id=b"c" * 32)),
            (DOMAIN, replace(APPROVAL, lines=1204)),
            (DOMAIN, replace(APPROVAL, amount_fen=APPROVAL.amount_fen + 1)),
            (DOMAIN, replace(APPROVAL, lines_root=b"s" * 32)),
        ],
    )
    def test_a_signature_counts_nowhere_else(
        self, domain: FundsDomain, approval: DisbursementApproval
    ) -> None:
        signature = sign_approval(OFFICER, DOMAIN, APPROVAL)
        with pytest.raises(InvalidSignatureError) as caught:
            require_approver(domain, approval, signature, OFFICER.address)
        assert caught.value.fields() == {"what": "disbursement approval"}

    def test_each_changed_byte_is_refused(self) -> None:
        signature = sign_approval(OFFICER, DOMAIN, APPROVAL)
        for position in range(65):
            changed = bytearray(signature)
            changed[position] ^= 1
            with pytest.raises(InvalidSignatureError):
                require_approver(DOMAIN, APPROVAL, bytes(changed), OFFICER.address)

    def test_the_twin_with_high_s_is_refused(self) -> None:
        signature = sign_approval(OFFICER, DOMAIN, APPROVAL)
        high = SECP256K1_ORDER - int.from_bytes(signature[32:64])
        twin = signature[:32] + high.to_bytes(32) + bytes([55 - signature[64]])
        message = encode_typed_data(full_message=TYPED_DATA)
        assert Account.recover_message(message, signature=twin) == OFFICER.address
        with pytest.raises(InvalidSignatureError):
            recover_approver(DOMAIN, APPROVAL, twin)

    @pytest.mark.parametrize(
        "signature", [b"", bytes(65), bytes(64) + b"\x1b", b"\xff" * 32 + b"\x01" * 32 + b"\x1b"]
    )
    def test_what_no_key_can_have_made_is_refused(self, signature: bytes) -> None:
        with pytest.raises(InvalidSignatureError):
            recover_approver(DOMAIN, APPROVAL, signature)


class TestAddress:
    def test_it_is_the_well_known_one(self) -> None:
        assert address_of((1).to_bytes(32)) == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"

    def test_a_key_outside_the_group_is_refused(self) -> None:
        with pytest.raises(EncodingError):
            address_of(bytes(32))
        with pytest.raises(LengthError):
            address_of(b"1")
