"""ABI values to JSON and back: what the outbox keeps is what the contract gets."""

from __future__ import annotations

import json

import pytest
from eth_abi import encode as abi_encode
from eth_utils import keccak

from ledger.chain.bindings import decode_args, encode_args
from ledger.chain.codec import answer_values, call_data, creation_data, event_values, refusal_of
from ledger.errors import ContractRefusedError, EncodingError, UnknownRevertError

ADDRESS = "0x5050A4F4b3f9338C3472dcC01A87C76A144b3c9c"
ROOT, SEAL = b"\x0a" * 32, b"\x0b" * 32
BUREAU = {
    "region": 320100,
    "agencyFamily": 1,
    "pool": 32,
    "publisher": ADDRESS,
    "logKey": b"\x01" * 32,
    "sealingKeyDigest": b"\x02" * 32,
    "name": "南京",
    "endpoint": "http://n.example",
}
PROOF = (1, 8, 2, SEAL, [ROOT, SEAL])


class TestArguments:
    def test_plain_arguments_return_as_they_were_through_json(self):
        arguments = [1, 2**64 - 1, ROOT, [SEAL, ROOT]]
        kept = json.loads(json.dumps(encode_args("Checkpoints", "publish", arguments)))
        assert kept == [1, 2**64 - 1, "0x" + "0a" * 32, ["0x" + "0b" * 32, "0x" + "0a" * 32]]
        assert decode_args("Checkpoints", "publish", kept) == arguments

    def test_a_struct_is_given_by_name_or_in_order_and_kept_by_name(self):
        by_name = encode_args("Bureaus", "enrol", [BUREAU])
        assert by_name == encode_args("Bureaus", "enrol", [tuple(BUREAU.values())])
        assert by_name[0]["logKey"] == "0x" + "01" * 32
        assert decode_args("Bureaus", "enrol", by_name) == [tuple(BUREAU.values())]

    def test_structs_with_lists_inside_return_as_they_were(self):
        kept = json.loads(
            json.dumps(encode_args("Conflicts", "prove", [b"\x01" * 8, ROOT, PROOF, PROOF]))
        )
        assert kept[2]["path"] == ["0x" + "0a" * 32, "0x" + "0b" * 32]
        assert decode_args("Conflicts", "prove", kept) == [b"\x01" * 8, ROOT, PROOF, PROOF]

    def test_addresses_are_kept_checksummed(self):
        kept = encode_args("Bureaus", "setOfficer", [1, ADDRESS.lower(), True])
        assert kept == [1, ADDRESS, True]

    @pytest.mark.parametrize(
        ("contract", "function", "arguments", "field"),
        [
            ("Checkpoints", "publish", [1, 8, ROOT], "Checkpoints.publish"),
            ("Checkpoints", "publish", [1, 8, ROOT, [], []], "Checkpoints.publish"),
            ("Checkpoints", "publish", [2**32, 8, ROOT, []], "log"),
            ("Checkpoints", "publish", [-1, 8, ROOT, []], "log"),
            ("Checkpoints", "publish", [True, 8, ROOT, []], "log"),
            ("Checkpoints", "publish", ["1", 8, ROOT, []], "log"),
            ("Checkpoints", "publish", [1, 8, ROOT[:31], []], "root"),
            ("Checkpoints", "publish", [1, 8, "0x0", []], "root"),
            ("Checkpoints", "publish", [1, 8, "ab" * 32, []], "root"),
            ("Checkpoints", "publish", [1, 8, ROOT, [ROOT[:5]]], "consistencyProof"),
            ("Bureaus", "setOfficer", [1, "0x1234", True], "officer"),
            ("Bureaus", "setOfficer", [1, ADDRESS, 1], "active"),
            ("Bureaus", "setEndpoint", [1, 5], "endpoint"),
            ("Bureaus", "enrol", [BUREAU | {"region": "x"}], "region"),
            ("Bureaus", "enrol", [BUREAU | {"more": 1}], "input"),
            ("Bureaus", "enrol", [{k: v for k, v in BUREAU.items() if k != "name"}], "input"),
        ],
    )
    def test_what_does_not_fit_the_interface_is_refused_by_name(
        self, contract, function, arguments, field
    ):
        with pytest.raises(EncodingError) as caught:
            encode_args(contract, function, arguments)
        assert caught.value.field == field

    @pytest.mark.parametrize(
        ("arguments", "field"),
        [
            ([1, 8, "0x" + "0a" * 32, "0x"], "consistencyProof"),
            ([1, 8.0, "0x" + "0a" * 32, []], "size"),
            ([1, 8, None, []], "root"),
        ],
    )
    def test_what_was_kept_is_checked_when_it_is_read(self, arguments, field):
        with pytest.raises(EncodingError) as caught:
            decode_args("Checkpoints", "publish", arguments)
        assert caught.value.field == field

    def test_a_struct_kept_with_other_fields_is_refused(self):
        with pytest.raises(EncodingError):
            decode_args("Bureaus", "enrol", [{"region": 1}])

    def test_an_unknown_function_is_our_own_mistake(self):
        with pytest.raises(KeyError):
            encode_args("Checkpoints", "unpublish", [])


class TestBytes:
    def test_a_call_begins_with_the_selector_of_its_signature(self):
        data = call_data("Checkpoints", "publish", [1, 8, ROOT, [SEAL]])
        assert data[:4] == keccak(text="publish(uint32,uint64,bytes32,bytes32[])")[:4]
        assert data[4:] == abi_encode(
            ["uint32", "uint64", "bytes32", "bytes32[]"], [1, 8, ROOT, [SEAL]]
        )

    def test_structs_are_spelled_out_in_the_signature(self):
        data = call_data("Bureaus", "enrol", [tuple(BUREAU.values())])
        spelled = "enrol((uint32,uint8,uint16,address,bytes32,bytes32,string,string))"
        assert data[:4] == keccak(text=spelled)[:4]

    def test_a_creation_is_code_and_the_constructors_arguments(self):
        data = creation_data("Statuses", [ADDRESS])
        assert data[-20:].hex() == ADDRESS[2:].lower()
        with pytest.raises(EncodingError):
            creation_data("Statuses", [])

    def test_an_answer_that_is_none_is_told(self):
        with pytest.raises(UnknownRevertError):
            answer_values("Bureaus", "logCount", b"")


class TestRefusals:
    def test_a_custom_error_is_named_with_its_values(self):
        data = keccak(text="CheckpointsNotGrown(uint32,uint64,uint64)")[:4] + abi_encode(
            ["uint32", "uint64", "uint64"], [3, 8, 7]
        )
        error = refusal_of("Checkpoints", data)
        assert isinstance(error, ContractRefusedError)
        assert error.fields() == {
            "contract": "Checkpoints",
            "error": "CheckpointsNotGrown",
            "values": {"log": 3, "latestSize": 8, "size": 7},
        }

    def test_an_error_that_another_contract_passed_on_is_known(self):
        data = keccak(text="MerkleLogRootMismatch(bytes32,bytes32)")[:4] + ROOT + SEAL
        error = refusal_of("Conflicts", data)
        assert error.fields()["values"] == {
            "expected": "0x" + "0a" * 32,
            "computed": "0x" + "0b" * 32,
        }

    def test_the_languages_own_errors_are_known(self):
        panic = keccak(text="Panic(uint256)")[:4] + abi_encode(["uint256"], [0x11])
        assert refusal_of("Funds", panic).fields()["values"] == {"code": 0x11}
        reason = keccak(text="Error(string)")[:4] + abi_encode(["string"], ["no"])
        assert refusal_of("Funds", reason).fields()["values"] == {"reason": "no"}

    @pytest.mark.parametrize(
        "data", [b"", b"\x01\x02\x03\x04", keccak(text="Panic(uint256)")[:4] + b"\x01"]
    )
    def test_anything_else_is_no_refusal_but_a_reason_to_stop(self, data):
        error = refusal_of("Funds", data)
        assert isinstance(error, UnknownRevertError)
        assert error.fields() == {"contract": "Funds", "data": "0x" + data.hex()}


class TestEvents:
    def test_an_event_is_decoded_in_the_order_of_its_interface(self):
        topics = [
            keccak(text="CheckpointPublished(uint32,uint64,bytes32,uint64)"),
            (3).to_bytes(32, "big"),
            (8).to_bytes(32, "big"),
        ]
        decoded = event_values("Checkpoints", topics, ROOT + (5).to_bytes(32, "big"))
        assert decoded == (
            "CheckpointPublished", {"log": 3, "size": 8, "root": "0x" + "0a" * 32, "number": 5},
        )  # fmt: skip

    def test_an_event_of_another_interface_is_left_out(self):
        assert event_values("Bureaus", [b"\x01" * 32], b"") is None
        assert event_values("Bureaus", [], b"") is None
