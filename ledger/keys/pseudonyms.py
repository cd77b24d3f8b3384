"""Pseudonyms: one keyed subject for each person, the same at every bureau, guessable by none.

``subject = HMAC-SHA-256(alliance key, OPRF(type | normalised identity number))``, the OPRF being
RFC 9497 in verifiable mode on ristretto255-SHA512, of whose 64 bytes the first 32 are used. Bureaus
hold the alliance key, the evaluator holds the OPRF key: neither alone can try all identity numbers.
The evaluator runs in this process or, blinded, at the supervisor; both ways give the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence

from voprf import ristretto

from ledger.errors import EncodingError, LengthError, OprfProofError
from ledger.evidence.encoding import Subject
from ledger.keys.oprf_helper import OprfHelper
from ledger.keys.ports import BlindEvaluator, OprfEvaluator
from ledger.keys.remembered import RememberedSubjects

RESIDENT_ID = "resident-id"
ALLIANCE_KEY_BYTES = 32
OPRF_SEED_BYTES = 32
# From so many on a second process evaluates half of them; its start takes a tenth of a second.
HELPED_INPUTS = 4096
# Elements in one blinded exchange: 32 KiB there, 96 KiB back.
BLINDED_BATCH = 1024
DEFAULT_REMEMBERED_PERSONS = 200_000

_OPRF_INFO = b"anxu-oprf/1"
_USED_OUTPUT_BYTES = 32
_TYPE = re.compile(r"[a-z]+(-[a-z]+)*")
_RESIDENT_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_OTHER_NUMBER = re.compile(r"[0-9A-Z]{1,40}")


def identity_input(identity_number: str, identity_type: str = RESIDENT_ID) -> bytes:
    """The OPRF's input: ``type | number`` in ASCII.

    Args:
        identity_number: normalised: 18 characters for a resident identity card (GB 11643), capitals
            and digits for any other document.
        identity_type: what kind of number it is, in lower-case words.

    Raises:
        EncodingError: the number is not normalised, or the type has another spelling.
    """
    if identity_type != RESIDENT_ID and not _TYPE.fullmatch(identity_type):
        raise EncodingError(field="identity_type", reason="use lower-case words joined by hyphens")
    pattern = _RESIDENT_NUMBER if identity_type == RESIDENT_ID else _OTHER_NUMBER
    if not pattern.fullmatch(identity_number):
        raise EncodingError(field="identity_number", reason="it is not in its normalised form")
    return f"{identity_type}|{identity_number}".encode("ascii")


class KeyedEvaluator:
    """Holds the OPRF key: evaluates inputs it sees, and answers blinded ones it does not."""

    def __init__(self, seed: bytes) -> None:
        """Derive the key from the 32-byte secret ``oprf`` (RFC 9497, section 3.2.1)."""
        if len(seed) != OPRF_SEED_BYTES:
            raise LengthError(field="OPRF seed", expected=OPRF_SEED_BYTES, actual=len(seed))
        self._seed = seed
        self._evaluator = ristretto.Evaluator.from_seed(seed, _OPRF_INFO)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes by which clients check the proofs."""
        return self._evaluator.public_key.serialize()

    def evaluate(self, inputs: Sequence[bytes]) -> list[bytes]:
        """The 64-byte outputs, evaluated in this process (RFC 9497, section 3.3.2, Evaluate)."""
        if len(inputs) < HELPED_INPUTS:
            return self._alone(inputs)
        half = len(inputs) // 2
        with OprfHelper(self._seed, _OPRF_INFO) as helper:
            try:
                helper.start(inputs[half:])
                outputs = self._alone(inputs[:half])
                return outputs + helper.outputs(len(inputs) - half)
            except (EOFError, OSError):  # the helper is gone; it is of no use but for speed
                return self._alone(inputs)

    def _alone(self, inputs: Sequence[bytes]) -> list[bytes]:
        return [self._evaluator.evaluate_known_input(value) for value in inputs]

    def answer(self, blinded: Sequence[bytes]) -> list[bytes]:
        """Evaluate blinded elements, each with its own proof (section 3.3.2, BlindEvaluate).

        Raises:
            EncodingError: an element is not a point of the group.
        """
        try:
            elements = [ristretto.BlindedInput.deserialize(value) for value in blinded]
        except ValueError as error:
            raise EncodingError(field="blinded element", reason=str(error)) from error
        return [self._evaluator.evaluate(element).serialize() for element in elements]


class BlindedEvaluator:
    """Evaluates through somebody who must not see the inputs; checks the proof of each answer."""

    def __init__(self, remote: BlindEvaluator, public_key: bytes) -> None:
        """Take the far side and the public key it announced beforehand.

        Raises:
            EncodingError: ``public_key`` is no such key.
        """
        try:
            self._public_key = ristretto.PublicKey.deserialize(public_key)
        except ValueError as error:
            raise EncodingError(field="OPRF public key", reason=str(error)) from error
        self._remote = remote

    def evaluate(self, inputs: Sequence[bytes]) -> list[bytes]:
        """The 64-byte outputs, in order.

        Raises:
            OprfProofError: an answer is malformed or was not made with the announced key.
        """
        outputs: list[bytes] = []
        for start in range(0, len(inputs), BLINDED_BATCH):
            outputs += self._evaluate_batch(inputs[start : start + BLINDED_BATCH])
        return outputs

    def _evaluate_batch(self, inputs: Sequence[bytes]) -> list[bytes]:
        pairs = [ristretto.Client.blind(value) for value in inputs]
        answers = self._remote.answer([blinded.serialize() for _, blinded in pairs])
        if len(answers) != len(pairs):
            raise OprfProofError(reason=f"{len(answers)} answers to {len(pairs)} questions")
        # One proof each: the library's check of one proof over a whole batch panics when it fails.
        return [
            self._finalised(client, answer)
            for (client, _), answer in zip(pairs, answers, strict=True)
        ]

    def _finalised(self, client: ristretto.Client, answer: bytes) -> bytes:
        try:
            output = ristretto.VerifiableOutput.deserialize(answer)
            return client.finalize(output, self._public_key)
        except ValueError as error:
            raise OprfProofError(reason=str(error)) from error


class Pseudonyms:
    """Gives subjects for identity numbers, remembering those asked for last."""

    def __init__(
        self,
        alliance_key: bytes,
        evaluator: OprfEvaluator,
        *,
        remembered_persons: int = DEFAULT_REMEMBERED_PERSONS,
        memo: RememberedSubjects | None = None,
    ) -> None:
        """Take the 32-byte key ``alliance`` and the evaluator. Raises LengthError.

        ``memo`` keeps subjects from one process to the next; without it each process asks anew.
        """
        if len(alliance_key) != ALLIANCE_KEY_BYTES:
            raise LengthError(
                field="alliance key", expected=ALLIANCE_KEY_BYTES, actual=len(alliance_key)
            )
        self._alliance_key = alliance_key
        self._evaluator = evaluator
        self._memo = memo
        self._capacity = remembered_persons
        self._remembered: OrderedDict[bytes, Subject] = OrderedDict()
        self._lock = threading.Lock()

    def subject_of(self, identity_number: str, identity_type: str = RESIDENT_ID) -> Subject:
        """The subject of one person. Raises EncodingError, OprfProofError."""
        return self.subjects_of([identity_number], identity_type)[0]

    def subjects_of(
        self, identity_numbers: Sequence[str], identity_type: str = RESIDENT_ID
    ) -> list[Subject]:
        """The subjects of many persons, in order; each person is evaluated once.

        Raises:
            EncodingError: a number is not normalised; nothing was evaluated.
            OprfProofError: the evaluator's answer does not hold.
        """
        inputs = [identity_input(number, identity_type) for number in identity_numbers]
        with self._lock:
            found = {
                value: self._remembered[value] for value in inputs if value in self._remembered
            }
        missing = [value for value in dict.fromkeys(inputs) if value not in found]
        found |= self._known_or_evaluated(missing)
        with self._lock:
            for value, subject in found.items():
                self._remembered[value] = subject
                self._remembered.move_to_end(value)
            while len(self._remembered) > self._capacity:
                self._remembered.popitem(last=False)
        return [found[value] for value in inputs]

    def subjects_in_bulk(self, identity_numbers: Sequence[str]) -> list[Subject]:
        """The subjects of many persons, each named once; nothing of it is kept in this process.

        Raises:
            EncodingError: a number is not normalised; nothing was evaluated.
            OprfProofError: the evaluator's answer does not hold.
        """
        inputs = [identity_input(number) for number in identity_numbers]
        found = self._known_or_evaluated(inputs)
        return [found[value] for value in inputs]

    def _known_or_evaluated(self, inputs: Sequence[bytes]) -> dict[bytes, Subject]:
        if not inputs:
            return {}
        if self._memo is not None:
            return self._memo.find_or_add(inputs, self._evaluated)
        return dict(zip(inputs, self._evaluated(inputs), strict=True))

    def _evaluated(self, inputs: Sequence[bytes]) -> list[Subject]:
        return [
            Subject(hmac.digest(self._alliance_key, output[:_USED_OUTPUT_BYTES], hashlib.sha256))
            for output in self._evaluator.evaluate(inputs)
        ]

    def close(self) -> None:
        """Close what remembers subjects between processes."""
        if self._memo is not None:
            self._memo.close()

    def forget(self, subjects: Collection[Subject]) -> None:
        """Remember nothing any more of persons who were erased."""
        gone = frozenset(subjects)
        if self._memo is not None:
            self._memo.forget(gone)
        with self._lock:
            for value in [key for key, known in self._remembered.items() if known in gone]:
                del self._remembered[value]
