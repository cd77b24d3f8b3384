"""What a question gets: figures by fixed names, and the steps that explain them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.policy.steps import Step, steps_status
from ledger.policy.tables import ParameterStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """Figures by the names scripts rely on, and the reasoning; the last step is the conclusion.

    Amounts are integer fen under names ending in ``_fen``, months are texts ``YYYY-MM``.
    """

    figures: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def status(self) -> ParameterStatus:
        """The status of the weakest value behind the answer."""
        return steps_status(self.steps)

    def document(self) -> dict[str, Any]:
        """The answer for JSON; ``status`` says how far it may be relied on."""
        last = self.steps[-1]
        return {
            **self.figures,
            "status": self.status.value,
            "explanation": {"zh": last.text("zh"), "en": last.text("en")},
            "steps": [step.document() for step in self.steps],
        }


def month_text(period: int) -> str:
    """A month as scripts read it: ``2026-08``."""
    return f"{period // 100:04d}-{period % 100:02d}"
