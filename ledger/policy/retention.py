"""How long records about a person have to be kept before they may be erased.

个人信息保护法 art. 47: personal data is deleted when its purpose is achieved, its retention period
is over, or it was handled unlawfully; while a retention period set by law runs, it is stored and
used for nothing else. 社会保险法 art. 74: records of contributions and vouchers of payments are
kept whole. The terms stand in ``tables/record_retention.csv``; a term that was not seen in its
source is the longest one the source knows, so that it can only keep a record too long.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.policy.kinds import Kind
from ledger.policy.tables import Parameter, status_of, table

SOURCE: Final = "个人信息保护法 art. 47; 社会保险法 art. 74"
_TABLE: Final = "record_retention"
_LAST_YEAR: Final = date.max.year


class ErasureReason(StrEnum):
    """Why personal data is deleted; 个人信息保护法 art. 47 paragraph 1, items 1 to 5."""

    PURPOSE_ACHIEVED = "PURPOSE_ACHIEVED"
    RETENTION_OVER = "RETENTION_OVER"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    UNLAWFUL_PROCESSING = "UNLAWFUL_PROCESSING"
    OTHER_LAW = "OTHER_LAW"


ERASURE_REASONS: Final[Mapping[ErasureReason, tuple[str, str]]] = MappingProxyType(
    {
        ErasureReason.PURPOSE_ACHIEVED: (
            "处理目的已实现或者不再必要",
            "the purpose is achieved or no longer needs it",
        ),
        ErasureReason.RETENTION_OVER: ("保存期限已届满", "the retention period is over"),
        ErasureReason.CONSENT_WITHDRAWN: ("个人撤回同意", "the person withdrew consent"),
        ErasureReason.UNLAWFUL_PROCESSING: (
            "违反法律、行政法规或者约定处理个人信息",
            "it was handled against the law or an agreement",
        ),
        ErasureReason.OTHER_LAW: (
            "法律、行政法规规定的其他情形",
            "another case that a law provides for",
        ),
    }
)
"""Each reason as people read it, in Chinese and English."""


@dataclass(frozen=True, slots=True)
class StandingFact:
    """A fact about a person that no reversal took back: its kind and the day it was recorded."""

    kind: Kind
    recorded_on: date


@cache
def retention_years(kind: Kind) -> Parameter:
    """How many whole years a record of this kind is kept, from the year after its own."""
    rows = {row["kind"]: row for row in table(_TABLE)}
    row = rows.get(str(int(kind)), rows[""])
    return Parameter(
        value=int(row["years"]),
        status=status_of(row["status"]),
        source=row["source"],
        row=f"{_TABLE}: {row['kind'] or 'other kinds'}",
    )


def kept_until(fact: StandingFact) -> date:
    """The last day of the retention period, which begins on 1 January after the recording."""
    year = fact.recorded_on.year + retention_years(fact.kind).value
    return date(min(year, _LAST_YEAR), 12, 31)


def last_needed(facts: Iterable[StandingFact], today: date) -> date | None:
    """The day until which some of these facts must be kept; None when all periods are over."""
    running = [until for fact in facts if (until := kept_until(fact)) >= today]
    return max(running, default=None)
