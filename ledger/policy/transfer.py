"""Moving an employee pension relation to another city: may it move, or what happens instead.

Inside one pool (the province) only records move. Between provinces article 2 to 4 decide; how much
money goes along is the matter of ``transfer_amount``, what becomes of a temporary account that of
``temporary_account``.

Source: 国办发〔2009〕66号 art. 2 to 4; 人社部规〔2016〕5号; rules a.1, a.2. A later notice by three
ministries was not obtained: it may change the age test and must be checked before use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from ledger.errors import ImpossibleFactError
from ledger.policy.identifiers import Sex
from ledger.policy.periods import period_of
from ledger.policy.regions import pool_of, province_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "国办发〔2009〕66号"


class Scope(StrEnum):
    """Whether money moves with the relation."""

    INTRA_POOL = "INTRA_POOL"
    CROSS_PROVINCE = "CROSS_PROVINCE"


class Verdict(StrEnum):
    """What becomes of a wish to transfer."""

    TRANSFER = "TRANSFER"
    CONSOLIDATE = "CONSOLIDATE"
    KEEP_WITH_TEMPORARY_ACCOUNT = "KEEP_WITH_TEMPORARY_ACCOUNT"
    REFUSE = "REFUSE"


@dataclass(frozen=True, slots=True)
class TransferQuestion:
    """The facts the decision rests on.

    ``hukou_region`` is None while it is not known; ``applied_on`` is the day whose law applies,
    None for the newest.
    """

    from_region: str
    to_region: str
    sex: Sex
    birth_on: date
    first_insured_on: date
    paid_months_at_destination: int
    draws_pension: bool
    hukou_region: str | None = None
    official_posting: bool = False
    applied_on: date | None = None


@dataclass(frozen=True, slots=True)
class TransferDecision(Reasoned):
    """The verdict, the scope and the steps to them; the last step is the reason that decided."""

    verdict: Verdict
    scope: Scope
    steps: tuple[Step, ...]

    @property
    def relation_moves(self) -> bool:
        """Whether the relation goes to the new place."""
        return self.verdict in {Verdict.TRANSFER, Verdict.CONSOLIDATE}


def scope_of(from_region: str, to_region: str) -> Scope:
    """Whether two places share one pool.

    Raises:
        NotFoundError: a code names no province.
    """
    same = pool_of(from_region) == pool_of(to_region)
    return Scope.INTRA_POOL if same else Scope.CROSS_PROVINCE


def full_years(birth_on: date, day: date) -> int:
    """Age in full years on a day."""
    before_birthday = (day.month, day.day) < (birth_on.month, birth_on.day)
    return day.year - birth_on.year - before_birthday


def may_transfer(question: TransferQuestion) -> TransferDecision:
    """Decide whether a relation may move (rules a.2); the first rule that applies decides.

    1. Who draws or drew an employee pension cannot move it.
    2. There must be a paid month at the new place.
    3. Inside one pool records consolidate without an application.
    4. To the province of the household register, or with an approved posting: no age test.
    5. A man of 50, a woman of 40 or older when first insured there keeps the relation at the old
       place and gets a temporary account at the new one.

    Raises:
        ImpossibleFactError: first insured before the birth, or a negative number of months.
        NotFoundError: a code names no province.
        ParameterMissingError: there was no such rule yet on the day of the application.
    """
    if question.first_insured_on < question.birth_on:
        raise ImpossibleFactError(
            "first_insured_on",
            question.first_insured_on.isoformat(),
            "it is before the birth",
            "早于出生日期",
        )
    if question.paid_months_at_destination < 0:
        raise ImpossibleFactError(
            "paid_months_at_destination",
            question.paid_months_at_destination,
            "it is negative",
            "为负数",
        )
    scope = scope_of(question.from_region, question.to_region)
    verdict, reason = _decide(question, scope)
    places: dict[str, Figure] = {
        "from_region": question.from_region,
        "to_region": question.to_region,
    }
    between = Step(_SCOPES[scope], places)
    return TransferDecision(verdict, scope, (between, reason))


def _decide(question: TransferQuestion, scope: Scope) -> tuple[Verdict, Step]:
    if question.draws_pension:
        return Verdict.REFUSE, Step(_DRAWS, {})
    if question.paid_months_at_destination < 1:
        return Verdict.REFUSE, Step(_UNPAID, {"to_region": question.to_region})
    if scope is Scope.INTRA_POOL:
        return Verdict.CONSOLIDATE, Step(_INSIDE, {})
    hukou = question.hukou_region
    if hukou is not None and province_of(hukou) == province_of(question.to_region):
        return Verdict.TRANSFER, Step(_HOME, {"to_region": question.to_region})
    if question.official_posting:
        return Verdict.TRANSFER, Step(_POSTED, {})
    return _age_test(question)


def _age_test(question: TransferQuestion) -> tuple[Verdict, Step]:
    period = None if question.applied_on is None else period_of(question.applied_on)
    limit = rule_parameter(f"transfer_age_limit_{question.sex.value}", period)
    figures: dict[str, Figure] = {"to_region": question.to_region, "limit": limit.value}
    if full_years(question.birth_on, question.first_insured_on) < limit.value:
        return Verdict.TRANSFER, Step(_YOUNGER, figures, (limit,))
    return Verdict.KEEP_WITH_TEMPORARY_ACCOUNT, Step(_OLDER, figures, (limit,))


_SCOPES: Final = {
    Scope.INTRA_POOL: Wording(
        "transfer-scope-inside",
        "{from_region}与{to_region}同属一个省级统筹区",
        "{from_region} and {to_region} share one pool, that of their province",
        "省级统筹",
    ),
    Scope.CROSS_PROVINCE: Wording(
        "transfer-scope-between",
        "{from_region}与{to_region}不在同一省，属跨省转移",
        "{from_region} and {to_region} lie in different provinces: the relation crosses pools",
        f"{SOURCE}第一条",
    ),
}
_DRAWS: Final = Wording(
    "transfer-pension-drawn",
    "已领取职工基本养老金，关系不再转移",
    "An employee pension is or was drawn: the relation no longer moves",
    f"{SOURCE}第二条",
)
_UNPAID: Final = Wording(
    "transfer-nothing-paid",
    "在{to_region}尚无缴费到账月份，缴费后方可申请",
    "No month is paid in {to_region} yet; apply after the first payment there",
    f"{SOURCE}第三条",
)
_INSIDE: Final = Wording(
    "transfer-consolidates",
    "省内同一统筹区，记录归集，无需申请，不划转资金",
    "Inside one pool: records consolidate without an application and without money",
    "人社部规〔2016〕5号；省级统筹",
)
_HOME: Final = Wording(
    "transfer-to-hukou",
    "转往户籍所在省，不受年龄限制",
    "To the province of the household register: no age test",
    f"{SOURCE}第四条",
)
_POSTED: Final = Wording(
    "transfer-by-posting",
    "经批准的工作调动且已在新地就业参保，不受年龄限制",
    "An approved posting with contributions at the new place: no age test",
    f"{SOURCE}第四条",
)
_YOUNGER: Final = Wording(
    "transfer-under-age-limit",
    "在{to_region}首次参保时未满{limit}周岁，可以转移",
    "Younger than {limit} when first insured in {to_region}: the relation may move",
    f"{SOURCE}第四条",
)
_OLDER: Final = Wording(
    "transfer-over-age-limit",
    "在{to_region}首次参保时已满{limit}周岁，关系留原参保地，在{to_region}建立临时缴费账户",
    "Aged {limit} or older when first insured in {to_region}: the relation stays, a temporary "
    "account is opened in {to_region}",
    f"{SOURCE}第四条",
)
