"""What contracts answered last, for pages to show while the chain cannot be reached.

Only for showing, and for the keys of participants, which do not go bad by an outage. What decides
is read from storage, or waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

from ledger.chain.codec import answer_values, call_data, refusal_of
from ledger.chain.connection import CallRevertedError
from ledger.chain.gateway import ChainGateway
from ledger.errors import UnavailableError

CAPACITY: Final = 10_000
"""How many answers are remembered at most; the oldest go first."""


class RememberedAnswers:
    """The last answer of each read, as bytes; thread-safe."""

    def __init__(self, known: Mapping[str, bytes] | None = None) -> None:
        self._known = dict(known or {})
        self._changed: dict[str, bytes] = {}
        self._lock = Lock()

    def find(self, key: str) -> bytes | None:
        """The last answer to a read."""
        with self._lock:
            return self._known.get(key)

    def note(self, key: str, answer: bytes) -> None:
        """Remember an answer."""
        with self._lock:
            if self._known.get(key) == answer:
                return
            self._known[key] = self._changed[key] = answer
            while len(self._known) > CAPACITY:
                del self._known[next(iter(self._known))]

    def take_changes(self) -> dict[str, bytes]:
        """What was not kept in the database yet; the caller keeps it."""
        with self._lock:
            taken, self._changed = self._changed, {}
            return taken


class ShownGateway(ChainGateway):
    """The same endpoints, read as of the final block: what is younger is pending, and not shown.

    While they cannot be used, a read answers what it answered last.
    """

    def __init__(self, gateway: ChainGateway, answers: RememberedAnswers) -> None:
        self.__dict__.update(gateway.__dict__)
        self._answers = answers

    def read(self, contract: str, function: str, *arguments: Any) -> tuple[Any, ...]:
        """The values that a read function answers, or answered last.

        Raises:
            ChainUnavailableError: the chain cannot be reached, and this was never read before.
            ContractRefusedError: it refuses, for instance what it does not know.
        """
        data = call_data(contract, function, arguments)
        key = f"{self.address_of(contract)}:{data.hex()}"
        try:
            at = self.final_reference()
            answer = self._connection.call(self.address_of(contract), data, None, at)
        except CallRevertedError as error:
            raise refusal_of(contract, error.data) from error
        except UnavailableError:
            known = self._answers.find(key)
            if known is None:
                raise
            answer = known
        else:
            self._answers.note(key, answer)
        return answer_values(contract, function, answer)
