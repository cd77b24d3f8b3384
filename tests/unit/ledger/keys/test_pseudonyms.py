from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import pytest
from voprf import ristretto

from ledger.errors import EncodingError, LengthError, OprfProofError
from ledger.keys.pseudonyms import (
    BlindedEvaluator,
    KeyedEvaluator,
    Pseudonyms,
    identity_input,
)

SEED = b"o" * 32
ALLIANCE = b"a" * 32
# Made-up numbers of the right shape; nobody's.
LI = "320102195001011234"
WANG = "34010419600229001X"

# RFC 9497, appendix A.1.2: VOPRF mode, ristretto255-SHA512.
RFC_SEED, RFC_INFO = bytes([0xA3]) * 32, b"test key"
RFC_PUBLIC_KEY = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e"
RFC_OUTPUTS = {
    b"\x00": "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d"
    "a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c",
    b"\x5a" * 17: "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60"
    "356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6",
}


class Counting:
    def __init__(self, inner: KeyedEvaluator) -> None:
        self.inner = inner
        self.asked: list[bytes] = []

    def evaluate(self, inputs: Sequence[bytes]) -> list[bytes]:
        self.asked += inputs
        return self.inner.evaluate(inputs)


class Seeing:
    """A far side that keeps what it saw."""

    def __init__(self, inner: KeyedEvaluator) -> None:
        self.inner = inner
        self.seen: list[list[bytes]] = []

    def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
        self.seen.append(list(blinded))
        return self.inner.answer(blinded)


class TestLibrary:
    def test_it_gives_the_outputs_of_rfc_9497(self) -> None:
        evaluator = ristretto.Evaluator.from_seed(RFC_SEED, RFC_INFO)
        assert evaluator.public_key.serialize().hex() == RFC_PUBLIC_KEY
        for value, output in RFC_OUTPUTS.items():
            assert evaluator.evaluate_known_input(value).hex() == output
            client, blinded = ristretto.Client.blind(value)
            answer = evaluator.evaluate(blinded)
            assert client.finalize(answer, evaluator.public_key).hex() == output


class TestInput:
    def test_it_is_type_bar_number(self) -> None:
        assert identity_input(WANG) == b"resident-id|34010419600229001X"
        assert identity_input("H12345678", "hk-macao-permit") == b"hk-macao-permit|H12345678"

    @pytest.mark.parametrize(
        "number",
        ["", "320102500101123", WANG.lower(), WANG + " ", "３" + LI[1:], LI[:-1], "X" + LI[1:]],
    )
    def test_a_number_in_another_form_is_refused_and_not_repeated(self, number: str) -> None:
        with pytest.raises(EncodingError) as caught:
            identity_input(number)
        assert caught.value.field == "identity_number"
        assert not number or number not in str(caught.value)

    @pytest.mark.parametrize("kind", ["", "Resident", "resident|id", "resident-"])
    def test_a_type_in_another_spelling_is_refused(self, kind: str) -> None:
        with pytest.raises(EncodingError) as caught:
            identity_input("A1", kind)
        assert caught.value.field == "identity_type"


class TestEvaluators:
    def test_blinded_and_known_ways_give_the_same_bytes(self) -> None:
        keyed = KeyedEvaluator(SEED)
        inputs = [identity_input(LI), identity_input(WANG)]
        blinded = BlindedEvaluator(keyed, keyed.public_key)
        assert blinded.evaluate(inputs) == keyed.evaluate(inputs)
        assert {len(output) for output in keyed.evaluate(inputs)} == {64}

    def test_the_far_side_sees_nothing_it_could_recognise(self) -> None:
        far = Seeing(KeyedEvaluator(SEED))
        evaluator = BlindedEvaluator(far, far.inner.public_key)
        evaluator.evaluate([identity_input(LI)])
        evaluator.evaluate([identity_input(LI)])
        assert far.seen[0] != far.seen[1]

    def test_long_lists_travel_in_parts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ledger.keys.pseudonyms.BLINDED_BATCH", 3)
        far = Seeing(KeyedEvaluator(SEED))
        inputs = [bytes([number]) for number in range(1, 8)]
        outputs = BlindedEvaluator(far, far.inner.public_key).evaluate(inputs)
        assert outputs == far.inner.evaluate(inputs)
        assert [len(part) for part in far.seen] == [3, 3, 1]

    def test_an_answer_with_another_key_is_refused(self) -> None:
        other = KeyedEvaluator(b"p" * 32)
        with pytest.raises(OprfProofError) as caught:
            BlindedEvaluator(other, KeyedEvaluator(SEED).public_key).evaluate([b"x"])
        assert caught.value.fields() == {"reason": "invalid proof"}

    @pytest.mark.parametrize(
        "damage", [lambda one: b"", lambda one: one[:-1], lambda one: b"\xff" * 96]
    )
    def test_a_malformed_answer_is_refused(self, damage: object) -> None:
        keyed = KeyedEvaluator(SEED)

        class Damaged:
            def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
                return [damage(one) for one in keyed.answer(blinded)]  # type: ignore[operator]

        with pytest.raises(OprfProofError):
            BlindedEvaluator(Damaged(), keyed.public_key).evaluate([b"x"])

    def test_an_answer_for_somebody_else_is_refused(self) -> None:
        keyed = KeyedEvaluator(SEED)
        _, foreign = ristretto.Client.blind(b"other")

        class Swapping:
            def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
                return keyed.answer([foreign.serialize() for _ in blinded])

        with pytest.raises(OprfProofError):
            BlindedEvaluator(Swapping(), keyed.public_key).evaluate([b"x"])

    def test_an_answer_of_another_length_is_refused(self) -> None:
        keyed = KeyedEvaluator(SEED)

        class Short:
            def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
                return keyed.answer(blinded[:1])

        with pytest.raises(OprfProofError) as caught:
            BlindedEvaluator(Short(), keyed.public_key).evaluate([b"x", b"y"])
        assert caught.value.reason == "1 answers to 2 questions"

    def test_answers_in_another_order_are_refused(self) -> None:
        keyed = KeyedEvaluator(SEED)

        class Reversing:
            def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
                return keyed.answer(blinded)[::-1]

        with pytest.raises(OprfProofError):
            BlindedEvaluator(Reversing(), keyed.public_key).evaluate([b"x", b"y"])

    @pytest.mark.parametrize("blinded", [[b""], [b"\xff" * 32], [b"x" * 31]])
    def test_an_element_outside_the_group_is_refused(self, blinded: list[bytes]) -> None:
        with pytest.raises(EncodingError) as caught:
            KeyedEvaluator(SEED).answer(blinded)
        assert caught.value.field == "blinded element"

    def test_a_malformed_public_key_is_refused(self) -> None:
        with pytest.raises(EncodingError) as caught:
            BlindedEvaluator(KeyedEvaluator(SEED), b"\xff" * 32)
        assert caught.value.field == "OPRF public key"

    def test_a_seed_of_another_length_is_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            KeyedEvaluator(b"o" * 16)
        assert caught.value.fields() == {"field": "OPRF seed", "expected": 32, "actual": 16}


class TestSubjects:
    def test_a_subject_is_the_documented_digest(self) -> None:
        output = ristretto.Evaluator.from_seed(SEED, b"anxu-oprf/1").evaluate_known_input(
            f"resident-id|{LI}".encode()
        )
        expected = hmac.new(ALLIANCE, output[:32], hashlib.sha256).digest()
        assert Pseudonyms(ALLIANCE, KeyedEvaluator(SEED)).subject_of(LI) == expected

    def test_both_keys_and_the_type_matter(self) -> None:
        keyed = KeyedEvaluator(SEED)
        subjects = {
            Pseudonyms(ALLIANCE, keyed).subject_of(LI),
            Pseudonyms(b"b" * 32, keyed).subject_of(LI),
            Pseudonyms(ALLIANCE, KeyedEvaluator(b"p" * 32)).subject_of(LI),
            Pseudonyms(ALLIANCE, keyed).subject_of(LI, "foreign-resident-permit"),
            Pseudonyms(ALLIANCE, keyed).subject_of(WANG),
        }
        assert len(subjects) == 5

    def test_the_blinded_way_gives_the_same_subject(self) -> None:
        keyed = KeyedEvaluator(SEED)
        blinded = BlindedEvaluator(keyed, keyed.public_key)
        assert Pseudonyms(ALLIANCE, blinded).subjects_of([LI, WANG]) == Pseudonyms(
            ALLIANCE, keyed
        ).subjects_of([LI, WANG])

    def test_each_person_is_evaluated_once(self) -> None:
        counting = Counting(KeyedEvaluator(SEED))
        pseudonyms = Pseudonyms(ALLIANCE, counting)
        first = pseudonyms.subjects_of([LI, WANG, LI])
        assert first[0] == first[2]
        assert pseudonyms.subjects_of([WANG, LI]) == [first[1], first[0]]
        assert counting.asked == [identity_input(LI), identity_input(WANG)]

    def test_memory_is_bounded_and_forgets_the_oldest(self) -> None:
        counting = Counting(KeyedEvaluator(SEED))
        pseudonyms = Pseudonyms(ALLIANCE, counting, remembered_persons=1)
        first = pseudonyms.subjects_of([LI, WANG])
        assert pseudonyms.subject_of(WANG) == first[1]
        assert len(counting.asked) == 2
        assert pseudonyms.subject_of(LI) == first[0]
        assert len(counting.asked) == 3

    def test_an_erased_person_is_forgotten_and_nobody_else(self) -> None:
        counting = Counting(KeyedEvaluator(SEED))
        pseudonyms = Pseudonyms(ALLIANCE, counting)
        first = pseudonyms.subjects_of([LI, WANG])
        pseudonyms.forget([first[0]])
        assert pseudonyms.subjects_of([WANG, LI]) == [first[1], first[0]]
        assert counting.asked == [identity_input(LI), identity_input(WANG), identity_input(LI)]

    def test_one_malformed_number_evaluates_nobody(self) -> None:
        counting = Counting(KeyedEvaluator(SEED))
        with pytest.raises(EncodingError):
            Pseudonyms(ALLIANCE, counting).subjects_of([LI, "1"])
        assert counting.asked == []

    def test_an_alliance_key_of_another_length_is_refused(self) -> None:
        with pytest.raises(LengthError) as caught:
            Pseudonyms(b"a", KeyedEvaluator(SEED))
        assert caught.value.field == "alliance key"
