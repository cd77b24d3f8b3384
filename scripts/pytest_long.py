"""A pytest plugin: the budget of properties when time does not matter.

usage: pytest -p scripts.pytest_long --hypothesis-profile=long

Tests that name a budget of their own keep it.
"""

from __future__ import annotations

from typing import Final

from hypothesis import HealthCheck, settings

EXAMPLES: Final = 5_000

settings.register_profile(
    "long",
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
