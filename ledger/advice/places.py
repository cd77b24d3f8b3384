"""Which province pays the pension of somebody who was insured in several."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from ledger.advice.answers import Answer
from ledger.advice.inputs import Inputs, finish
from ledger.advice.pension import MOST_MONTHS
from ledger.errors import InputError
from ledger.policy.benefit_place import Residence, benefit_place
from ledger.policy.overlaps import RelationType
from ledger.policy.regions import region_name

RELATIONS: Final = MappingProxyType(
    {
        "normal": RelationType.NORMAL,
        "temporary": RelationType.TEMPORARY,
    }
)


def answer_benefit_place(inputs: Inputs) -> Answer:
    """Answer ``hukou`` and ``stays``, each with ``region``, ``from`` and ``paid_months``.

    A stay may have ``deemed_months``, and ``relation``: normal (the default) or temporary.
    ``as_of`` is the month whose law applies, the newest without it.

    Raises:
        InputError: a value is missing or impossible.
        ParameterMissingError: the rule did not exist yet in ``as_of``.
    """
    hukou = inputs.region("hukou")
    as_of = inputs.optional_month("as_of")
    rows = inputs.rows("stays")
    inputs.done()
    stays = [_stay(row) for row in rows]
    finish(rows)
    found = benefit_place(stays, hukou, as_of)
    return Answer(
        {
            "hukou": hukou,
            "benefit_province": found.province,
            "benefit_province_zh": region_name(found.province),
            "benefit_province_en": region_name(found.province, "en"),
            "reason": found.reason.value,
            "months_there": found.months,
            "relation_moves": found.relation_moves,
        },
        found.steps,
    )


def stays_of(written: Sequence[str]) -> list[dict[str, str]]:
    """Stays written ``region:from:paid_months``, as the rows that are asked with.

    Raises:
        InputError: one has another form.
    """
    names = ("region", "from", "paid_months")
    found = []
    for text in written:
        parts = text.split(":")
        if len(parts) != len(names):
            raise InputError(
                "stay",
                text[:40],
                "it does not have three parts",
                "不是三段",
                "Write region:month:months, for example 320100:2010-01:130",
                "请写成“地区:起始年月:月数”，例如 320100:2010-01:130",
            )
        found.append(dict(zip(names, parts, strict=True)))
    return found


def _stay(row: Inputs) -> Residence:
    relation = row.choice("relation", RELATIONS) if row.has("relation") else RelationType.NORMAL
    return Residence(
        region=row.region("region"),
        from_period=row.month("from"),
        paid_months=row.whole("paid_months", 0, MOST_MONTHS),
        deemed_months=row.whole_or("deemed_months", 0, MOST_MONTHS, 0),
        relation_type=relation,
    )
