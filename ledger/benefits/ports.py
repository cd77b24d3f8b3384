"""What reviews need from outside, in their own words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ledger.benefits.model import MonthRecord
from ledger.evidence.encoding import Subject


class TransferredMonths(Protocol):
    """Months that other bureaus handed over with a person's relation."""

    def of_person(self, subject: Subject, final_size: int) -> Sequence[MonthRecord]:
        """The records of every accepted transfer to this bureau.

        Args:
            subject: whose.
            final_size: leaves of our own log that are final on chain; a transfer whose own entry
                lies beyond them is PENDING.
        """
        ...
