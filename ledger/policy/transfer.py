"""Moving an employee pension relation to another city: may it move, and how much money goes along.

Inside one pool (the province) only records move. Between provinces the money is the account balance
plus 12 % of the wage base of each year since 1998, whatever the old place's own rate was.

Source: 国办发〔2009〕66号 art. 2 to 5; 人社部规〔2016〕5号; rules a.1, a.2, a.5. A later notice
by three ministries was not obtained: it may change the age test and must be checked before use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from ledger.errors import AmountError, PeriodError
from ledger.policy.identifiers import Sex
from ledger.policy.money import round_half_up, yuan_text
from ledger.policy.periods import checked_period, year_of
from ledger.policy.regions import pool_of, province_of, region_name
from ledger.policy.tables import Explanation

POOL_SHARE: Final = Fraction(12, 100)
FIRST_POOL_YEAR: Final = 1998
AGE_LIMITS: Final = {Sex.MALE: 50, Sex.FEMALE: 40}
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
    """The facts the decision rests on; ``hukou_region`` is None while it is not known."""

    from_region: str
    to_region: str
    sex: Sex
    birth_on: date
    first_insured_on: date
    paid_months_at_destination: int
    draws_pension: bool
    hukou_region: str | None = None
    official_posting: bool = False


@dataclass(frozen=True, slots=True)
class TransferDecision:
    """The verdict, the scope and the one reason that decided it."""

    verdict: Verdict
    scope: Scope
    explanation: Explanation

    @property
    def relation_moves(self) -> bool:
        """Whether the relation goes to the new place."""
        return self.verdict in {Verdict.TRANSFER, Verdict.CONSOLIDATE}


@dataclass(frozen=True, slots=True)
class PaidMonth:
    """One paid month at the old place with the base actually used, in fen."""

    period: int
    base_fen: int


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of the information sheet (信息表); fen."""

    year: int
    months_paid: int
    from_period: int
    to_period: int
    base_total_fen: int
    pool_transfer_fen: int


@dataclass(frozen=True, slots=True)
class TransferAmount:
    """The money that belongs to a relation, in fen, with its yearly rows.

    ``pool_fen`` and ``account_fen`` are what the sheet states; ``fund_fen`` is what moves between
    the pools, which is nothing inside one.
    """

    scope: Scope
    years: tuple[YearRow, ...]
    pool_fen: int
    account_fen: int
    explanation: Explanation

    @property
    def months(self) -> int:
        """Paid months, each counted once."""
        return sum(row.months_paid for row in self.years)

    @property
    def fund_fen(self) -> int:
        """The money the old pool owes the new one."""
        if self.scope is Scope.INTRA_POOL:
            return 0
        return self.pool_fen + self.account_fen


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
    """
    scope = scope_of(question.from_region, question.to_region)
    verdict, reason = _decide(question, scope)
    return TransferDecision(verdict, scope, reason)


def _decide(question: TransferQuestion, scope: Scope) -> tuple[Verdict, Explanation]:
    if question.draws_pension:
        return Verdict.REFUSE, _DRAWS
    if question.paid_months_at_destination < 1:
        return Verdict.REFUSE, _unpaid(question.to_region)
    if scope is Scope.INTRA_POOL:
        return Verdict.CONSOLIDATE, _INSIDE
    hukou = question.hukou_region
    if hukou is not None and province_of(hukou) == province_of(question.to_region):
        return Verdict.TRANSFER, _HOME
    if question.official_posting:
        return Verdict.TRANSFER, _POSTED
    return _age_test(question)


def _unpaid(region: str) -> Explanation:
    return Explanation(
        f"在{region_name(region)}尚无缴费到账月份，缴费后方可申请",
        f"No month is paid in {region_name(region, 'en')} yet; apply after the first payment there",
        f"{SOURCE}第三条",
    )


def _age_test(question: TransferQuestion) -> tuple[Verdict, Explanation]:
    limit = AGE_LIMITS[question.sex]
    to_zh, to_en = region_name(question.to_region), region_name(question.to_region, "en")
    if full_years(question.birth_on, question.first_insured_on) < limit:
        return Verdict.TRANSFER, Explanation(
            f"在{to_zh}首次参保时未满{limit}周岁，可以转移",
            f"Younger than {limit} when first insured in {to_en}: the relation may move",
            f"{SOURCE}第四条",
        )
    return Verdict.KEEP_WITH_TEMPORARY_ACCOUNT, Explanation(
        f"在{to_zh}首次参保时已满{limit}周岁，关系留原参保地，在{to_zh}建立临时缴费账户",
        f"Aged {limit} or older when first insured in {to_en}: the relation stays, a temporary "
        f"account is opened in {to_en}",
        f"{SOURCE}第四条",
    )


def transfer_amount(months: Iterable[PaidMonth], account_fen: int, scope: Scope) -> TransferAmount:
    """The money of a relation: account balance plus 12 % of each year's base since 1998.

    Every year row is rounded half up to fen, then summed. No interest on the pool part.

    Args:
        months: paid months at the old place, each once; deemed, unpaid and refunded months are left
            out by the caller. Years before 1998 are listed and add nothing to the pool part.
        account_fen: the account's balance, principal and interest.
        scope: whether money moves at all.

    Raises:
        AmountError: a base or the balance is negative.
        PeriodError: a month appears twice.
    """
    if account_fen < 0:
        raise AmountError("account", "it is negative")
    by_year: dict[int, dict[int, int]] = defaultdict(dict)
    for paid in months:
        if paid.base_fen < 0:
            raise AmountError("base", "it is negative")
        year = year_of(checked_period(paid.period))
        if paid.period in by_year[year]:
            raise PeriodError(paid.period, "it appears twice")
        by_year[year][paid.period] = paid.base_fen
    rows = tuple(_year_row(year, by_year[year]) for year in sorted(by_year))
    pool = sum(row.pool_transfer_fen for row in rows)
    return TransferAmount(
        scope=scope,
        years=rows,
        pool_fen=pool,
        account_fen=account_fen,
        explanation=_explain(scope, rows, pool, account_fen),
    )


def _year_row(year: int, bases: dict[int, int]) -> YearRow:
    total = sum(bases.values())
    counts = year >= FIRST_POOL_YEAR
    return YearRow(
        year=year,
        months_paid=len(bases),
        from_period=min(bases),
        to_period=max(bases),
        base_total_fen=total,
        pool_transfer_fen=round_half_up(total * POOL_SHARE) if counts else 0,
    )


def _explain(
    scope: Scope, rows: tuple[YearRow, ...], pool_fen: int, account_fen: int
) -> Explanation:
    months = sum(row.months_paid for row in rows)
    if scope is Scope.INTRA_POOL:
        return Explanation(
            f"省内转移，合并{months}个月的记录，不划转资金",
            f"Inside one province: {months} months of records consolidate, no money moves",
            "人社部规〔2016〕5号；省级统筹",
        )
    return Explanation(
        (
            f"个人账户储存额{yuan_text(account_fen)}元 + 1998年以来各年缴费基数的12% "
            f"{yuan_text(pool_fen)}元（{months}个月）= {yuan_text(account_fen + pool_fen)}元"
        ),
        (
            f"Account balance {yuan_text(account_fen)} + 12 % of each year's base since 1998 "
            f"{yuan_text(pool_fen)} ({months} months) = {yuan_text(account_fen + pool_fen)} yuan"
        ),
        f"{SOURCE}第四条",
    )


_DRAWS: Final = Explanation(
    "已领取职工基本养老金，关系不再转移",
    "An employee pension is or was drawn: the relation no longer moves",
    f"{SOURCE}第二条",
)
_INSIDE: Final = Explanation(
    "省内同一统筹区，记录归集，无需申请，不划转资金",
    "Inside one pool: records consolidate without an application and without money",
    "人社部规〔2016〕5号；省级统筹",
)
_HOME: Final = Explanation(
    "转往户籍所在省，不受年龄限制",
    "To the province of the household register: no age test",
    f"{SOURCE}第四条",
)
_POSTED: Final = Explanation(
    "经批准的工作调动且已在新地就业参保，不受年龄限制",
    "An approved posting with contributions at the new place: no age test",
    f"{SOURCE}第四条",
)
