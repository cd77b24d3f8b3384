"""Which province pays the pension of somebody who was insured in several (待遇领取地).

The cascade, the first rule that applies decides; a place is a province, and the months of several
stays in one province add up, deemed months with paid ones:

1. the province of the current normal relation, if it is that of the household register;
2. the same, with ten years there;
3. the latest earlier province with ten years: the relation goes back to it;
4. the province of the household register, also for somebody who never paid there.

A temporary account never is the current relation, and its months build no ten years.

Source: 国办发〔2009〕66号 art. 6; 人社部规〔2016〕5号 item 1; rules a.6.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.overlaps import RelationType
from ledger.policy.periods import checked_period
from ledger.policy.regions import province_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Grounds, Parameter

SOURCE: Final = "国办发〔2009〕66号第六条；人社部规〔2016〕5号第一条"


class PlaceReason(StrEnum):
    """Which rule of the cascade decided."""

    CURRENT_IS_HUKOU = "CURRENT_IS_HUKOU"
    CURRENT_TEN_YEARS = "CURRENT_TEN_YEARS"
    EARLIER_TEN_YEARS = "EARLIER_TEN_YEARS"
    HUKOU = "HUKOU"


@dataclass(frozen=True, slots=True)
class Residence:
    """One relation at one place: when it began, and its months.

    ``deemed_months`` stand at the place of work of that time. ``from_period`` puts the relations in
    order; of two that began together the one handed over later is the later.
    """

    region: str
    from_period: int
    paid_months: int
    deemed_months: int = 0
    relation_type: RelationType = RelationType.NORMAL


@dataclass(frozen=True, slots=True)
class BenefitPlace(Reasoned):
    """The province that pays, the rule that decided, and whether the relation has to go there.

    ``months``: paid and deemed months of normal relations in that province.
    """

    province: str
    reason: PlaceReason
    months: int
    relation_moves: bool
    steps: tuple[Step, ...]


def benefit_place(
    residences: Sequence[Residence], hukou_region: str, period: int | None = None
) -> BenefitPlace:
    """The province that pays the pension.

    Args:
        residences: every relation of the person, months insured twice counted once.
        hukou_region: where the person is registered; any division of the province.
        period: the month whose law applies; None for the newest.

    Raises:
        ImpossibleFactError: a number of months is negative.
        NotFoundError: a region lies in no province.
        PeriodError: a month is not one.
        ParameterMissingError: there was no such rule yet in that month.
    """
    for residence in residences:
        _check(residence)
    hukou = province_of(hukou_region)
    needed = rule_parameter("benefit_place_months", period)
    normal = [item for item in residences if item.relation_type is RelationType.NORMAL]
    months: Counter[str] = Counter()
    for item in normal:
        months[province_of(item.region)] += item.paid_months + item.deemed_months
    latest_first = sorted(normal, key=lambda item: item.from_period)[::-1]
    provinces = list(dict.fromkeys(province_of(item.region) for item in latest_first))
    current = provinces[0] if provinces else None
    steps = _temporary_steps(residences, period)
    steps += [_months_step(province, months[province], needed) for province in provinces]
    province, reason = _decide(provinces, months, hukou, needed.value)
    return BenefitPlace(
        province=province,
        reason=reason,
        months=months[province],
        relation_moves=province != current,
        steps=(*steps, _conclusion(reason, province, months[province], needed)),
    )


def _decide(
    provinces: Sequence[str], months: Counter[str], hukou: str, needed: int
) -> tuple[str, PlaceReason]:
    """The cascade over the provinces of normal relations, the current one first."""
    if provinces and provinces[0] == hukou:
        return hukou, PlaceReason.CURRENT_IS_HUKOU
    for province in provinces:
        if months[province] >= needed:
            current = province == provinces[0]
            reason = PlaceReason.CURRENT_TEN_YEARS if current else PlaceReason.EARLIER_TEN_YEARS
            return province, reason
    return hukou, PlaceReason.HUKOU


def _check(residence: Residence) -> None:
    checked_period(residence.from_period)
    for field, value in (
        ("paid_months", residence.paid_months),
        ("deemed_months", residence.deemed_months),
    ):
        if value < 0:
            raise ImpossibleFactError(field, value, "it is negative", "为负数")


def _temporary_steps(residences: Sequence[Residence], period: int | None) -> list[Step]:
    temporary = [item for item in residences if item.relation_type is not RelationType.NORMAL]
    if not temporary:
        return []
    figures: dict[str, Figure] = {"months": sum(item.paid_months for item in temporary)}
    rule = rule_parameter("temporary_account_builds_ten_years", period)
    return [Step(_TEMPORARY, figures, (rule,))]


def _months_step(province: str, months: int, needed: Parameter) -> Step:
    figures: dict[str, Figure] = {"region": province, "months": months, "needed": needed.value}
    return Step(_ENOUGH if months >= needed.value else _FEWER, figures, (needed,))


def _conclusion(reason: PlaceReason, province: str, months: int, needed: Parameter) -> Step:
    grounds: tuple[Grounds, ...] = (needed,)
    figures: dict[str, Figure] = {"region": province, "months": months, "needed": needed.value}
    return Step(_REASONS[reason], figures, grounds)


_TEMPORARY: Final = Wording(
    "benefit-place-temporary",
    "临时缴费账户的{months}个月不计入任何一地的缴费满10年",
    "The {months} months of temporary accounts build no ten years anywhere",
    SOURCE,
)
_ENOUGH: Final = Wording(
    "benefit-place-months",
    "在{region}累计{months}个月（含视同缴费），满{needed}个月",
    "{months} months in {region}, deemed ones included: at least {needed}",
    SOURCE,
)
_FEWER: Final = Wording(
    "benefit-place-months-short",
    "在{region}累计{months}个月（含视同缴费），不满{needed}个月",
    "{months} months in {region}, deemed ones included: fewer than {needed}",
    SOURCE,
)
_REASONS: Final = {
    PlaceReason.CURRENT_IS_HUKOU: Wording(
        "benefit-place-current-is-hukou",
        "现参保关系在户籍所在地{region}，由{region}负责待遇",
        "The current relation is in {region}, where the household is registered: {region} pays",
        SOURCE,
    ),
    PlaceReason.CURRENT_TEN_YEARS: Wording(
        "benefit-place-current-ten-years",
        "现参保关系不在户籍地，在{region}累计缴费满10年（{months}个月），由{region}负责待遇",
        "The current relation is not at the household's place, with ten years in {region} "
        "({months} months): {region} pays",
        SOURCE,
    ),
    PlaceReason.EARLIER_TEN_YEARS: Wording(
        "benefit-place-earlier-ten-years",
        "现参保地不满10年，关系转回上一个缴费满10年的原参保地{region}（{months}个月），由其负责待遇",
        "Fewer than ten years at the current place: the relation goes back to {region}, the latest "
        "earlier place with ten years ({months} months), which pays",
        SOURCE,
    ),
    PlaceReason.HUKOU: Wording(
        "benefit-place-hukou",
        "各参保地均不满10年，关系和资金归集到户籍所在地{region}，由其负责待遇（未在当地缴费的也须接收）",
        "No place has ten years: relation and money are collected by {region}, where the household "
        "is registered, which pays also if nothing was ever paid there",
        SOURCE,
    ),
}
