"""Kinds and classes of entries: what a statement is about, and which ones exclude one another.

A kind says what sort of fact an entry states. A class is an *exclusion* class, not a product: every
pension scheme (employees, civil servants, residents) is class 1, so that two pensions in one month
have one tag.
Bit 15 of the class marks a line that excludes nothing: a supplement, or a benefit paid per event.

Source: 社会保险法 art. 19 (one place pays); rules a.7 (double insurance), e.4 F3 to F7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

TABLE_VERSION: Final = 1
"""The version of this table; it applies from a period on, so that a period has one spelling."""

SUPPLEMENT: Final = 0x8000
"""Bit of the class that marks a line which is not exclusive."""


class Kind(IntEnum):
    """What an entry states; the byte ``kind`` of the head."""

    CONTRIBUTION = 1
    PAYOUT = 2
    REVERSAL = 3
    LIFE_CERTIFICATION = 4
    DECISION = 5
    TRANSFER_OUT = 6
    TRANSFER_IN = 7
    CREDENTIAL = 8
    OPERATION = 9
    DEATH_REPORT = 10
    EVIDENCE = 11
    FUND_MOVEMENT = 12


class InsuranceClass(IntEnum):
    """The exclusion class; the low 15 bits of the head's ``class``."""

    NONE = 0
    PENSION = 1
    MEDICAL = 2
    UNEMPLOYMENT = 3
    INJURY = 4
    MATERNITY = 5


@dataclass(frozen=True, slots=True)
class KindRow:
    """One line of the table of kinds.

    ``exclusive``: two live normal entries of one person, class and month are a candidate for a
    conflict.
    ``has_person``: the entry's subject is a person's pseudonym; otherwise it is zero (or, for a
    reversal, the place of the reversed leaf).
    """

    kind: Kind
    name_zh: str
    name_en: str
    exclusive: bool
    has_person: bool


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One line of the table of classes."""

    class_: InsuranceClass
    name_zh: str
    name_en: str


KINDS: Final = MappingProxyType(
    {
        row.kind: row
        for row in (
            KindRow(Kind.CONTRIBUTION, "缴费记录", "Contribution", exclusive=True, has_person=True),
            KindRow(Kind.PAYOUT, "待遇发放", "Payout", exclusive=True, has_person=True),
            KindRow(Kind.REVERSAL, "冲销", "Reversal", exclusive=False, has_person=False),
            KindRow(
                Kind.LIFE_CERTIFICATION,
                "领取资格认证",
                "Life certification",
                exclusive=False,
                has_person=True,
            ),
            KindRow(Kind.DECISION, "待遇核定", "Decision", exclusive=False, has_person=True),
            KindRow(
                Kind.TRANSFER_OUT, "关系转出", "Transfer out", exclusive=False, has_person=True
            ),
            KindRow(Kind.TRANSFER_IN, "关系转入", "Transfer in", exclusive=False, has_person=True),
            KindRow(Kind.CREDENTIAL, "电子凭证", "Credential", exclusive=False, has_person=True),
            KindRow(Kind.OPERATION, "经办操作", "Operation", exclusive=False, has_person=False),
            KindRow(
                Kind.DEATH_REPORT, "死亡登记", "Death report", exclusive=False, has_person=True
            ),
            KindRow(Kind.EVIDENCE, "证据材料", "Evidence", exclusive=False, has_person=False),
            KindRow(
                Kind.FUND_MOVEMENT, "基金划转", "Fund movement", exclusive=False, has_person=False
            ),
        )
    }
)

CLASSES: Final = MappingProxyType(
    {
        row.class_: row
        for row in (
            ClassRow(InsuranceClass.NONE, "不适用", "None"),
            ClassRow(InsuranceClass.PENSION, "基本养老保险", "Basic pension insurance"),
            ClassRow(InsuranceClass.MEDICAL, "基本医疗保险", "Basic medical insurance"),
            ClassRow(InsuranceClass.UNEMPLOYMENT, "失业保险", "Unemployment insurance"),
            ClassRow(InsuranceClass.INJURY, "工伤保险", "Work-injury insurance"),
            ClassRow(InsuranceClass.MATERNITY, "生育保险", "Maternity insurance"),
        )
    }
)

_EXCLUSIVE_KINDS: Final = frozenset(int(row.kind) for row in KINDS.values() if row.exclusive)


def is_supplement(class_: int) -> bool:
    """Whether ``class_`` carries the supplement bit."""
    return bool(class_ & SUPPLEMENT)


def supplement_of(class_: int) -> int:
    """The same class as a supplement, as it stands in the head."""
    return class_ | SUPPLEMENT


def base_class(class_: int) -> int:
    """The class without the supplement bit."""
    return class_ & ~SUPPLEMENT


def is_exclusive(kind: int, class_: int) -> bool:
    """Whether at most one live entry may exist per person, class and month, in whichever city.

    True for normal lines (bit 15 unset) of contributions and payouts, False for everything else.
    Benefits paid per event (a hospital stay, a birth) are recorded with the bit set.
    """
    return kind in _EXCLUSIVE_KINDS and not is_supplement(class_)


def kind_name(kind: int, language: str = "zh") -> str:
    """The name of a kind in ``zh`` or ``en``; an unknown number is shown as a number."""
    try:
        row = KINDS[Kind(kind)]
    except ValueError:
        return f"{kind}"
    return row.name_en if language == "en" else row.name_zh


def class_name(class_: int, language: str = "zh") -> str:
    """The name of a class in ``zh`` or ``en``, a supplement marked as such."""
    plain = base_class(class_)
    try:
        row = CLASSES[InsuranceClass(plain)]
    except ValueError:
        return f"{class_}"
    name = row.name_en if language == "en" else row.name_zh
    if not is_supplement(class_):
        return name
    return f"{name}, supplement" if language == "en" else f"{name}（补发）"
