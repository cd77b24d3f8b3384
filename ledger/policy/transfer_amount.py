"""The money that goes along when a relation moves to another province.

    pool part     12 % of the base actually used, each year since 1998, at whatever local rate
    account part  the balance since 1998 with interest; of the years before, the person's own part
    fund          both together between two pools; nothing inside one

Left out of the pool part: deemed, unpaid and refunded months, and every year before 1998. Left out
of the account part: the unit's part of before 1998, and what a place recorded above the national
share. Each year row of each place is rounded by itself, half up to fen, then summed, so that rows
that moved once move on unchanged. No interest on the pool part.

Source: 国办发〔2009〕66号 art. 4; rules a.5; table rule_parameters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import AmountError, PeriodError
from ledger.policy.money import share_of
from ledger.policy.periods import checked_period, year_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter
from ledger.policy.transfer import SOURCE, Scope


class MonthStatus(StrEnum):
    """What became of a month at the old place; the first three are money that was paid."""

    PAID = "PAID"
    ARREARS_PAID = "ARREARS_PAID"
    LUMP_SUM = "LUMP_SUM"
    DEEMED = "DEEMED"
    UNPAID = "UNPAID"
    REFUNDED = "REFUNDED"


_FUNDED: Final = frozenset({MonthStatus.PAID, MonthStatus.ARREARS_PAID, MonthStatus.LUMP_SUM})


class Exclusion(StrEnum):
    """Why a month or an amount is no transfer money."""

    DEEMED = "DEEMED"
    UNPAID = "UNPAID"
    REFUNDED = "REFUNDED"
    UNIT_BEFORE_1998 = "UNIT_BEFORE_1998"
    ABOVE_ACCOUNT_SHARE = "ABOVE_ACCOUNT_SHARE"


@dataclass(frozen=True, slots=True)
class InsuredMonth:
    """One month of the relation with the base actually used, in fen.

    ``region``: where it was paid; months that came by an earlier transfer keep their place.
    """

    period: int
    base_fen: int
    status: MonthStatus = MonthStatus.PAID
    region: str = ""


@dataclass(frozen=True, slots=True)
class AccountMoney:
    """What the personal account holds, principal and interest, in fen.

    ``excess_fen``: the part of ``since_1998_fen`` recorded above the national share of the base.
    """

    since_1998_fen: int
    person_before_1998_fen: int = 0
    unit_before_1998_fen: int = 0
    excess_fen: int = 0

    @property
    def moves_fen(self) -> int:
        """The part that is transfer money."""
        return self.since_1998_fen + self.person_before_1998_fen - self.excess_fen


@dataclass(frozen=True, slots=True)
class YearRow:
    """One year of one place on the information sheet (信息表); fen."""

    year: int
    region: str
    months_paid: int
    from_period: int
    to_period: int
    base_total_fen: int
    pool_transfer_fen: int


@dataclass(frozen=True, slots=True)
class Excluded:
    """What is left out: so many months, or so much account money in fen."""

    reason: Exclusion
    months: int
    amount_fen: int


@dataclass(frozen=True, slots=True)
class TransferAmount(Reasoned):
    """The money that belongs to a relation, in fen, with its yearly rows.

    ``pool_fen`` and ``account_fen`` are what the sheet states; ``fund_fen`` is what moves between
    the pools, which is nothing inside one.
    """

    scope: Scope
    years: tuple[YearRow, ...]
    pool_fen: int
    account_fen: int
    excluded: tuple[Excluded, ...]
    steps: tuple[Step, ...]

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


def transfer_amount(
    months: Iterable[InsuredMonth],
    account: AccountMoney,
    scope: Scope,
    period: int | None = None,
) -> TransferAmount:
    """The money of a relation: account balance plus 12 % of each year's base since 1998.

    Args:
        months: the months of the relation, each once, those of earlier places among them.
        account: what the account holds.
        scope: whether money moves at all.
        period: the month whose law applies; None for the newest.

    Raises:
        AmountError: a base or an account amount is negative, or the excess is more than the account
            holds since 1998.
        PeriodError: a month appears twice, or is none.
        ParameterMissingError: there was no such rule yet in that month.
    """
    _check_account(account)
    share = rule_parameter("transfer_pool_share", period)
    first_year = rule_parameter("transfer_first_pool_year", period)
    funded: defaultdict[tuple[int, str], dict[int, int]] = defaultdict(dict)
    left_out: Counter[MonthStatus] = Counter()
    seen: set[int] = set()
    for month in months:
        if month.base_fen < 0:
            raise AmountError("base", "it is negative")
        if checked_period(month.period) in seen:
            raise PeriodError(month.period, "it appears twice")
        seen.add(month.period)
        if month.status in _FUNDED:
            funded[year_of(month.period), month.region][month.period] = month.base_fen
        else:
            left_out[month.status] += 1
    rows = tuple(
        _year_row(year, region, funded[year, region], share, first_year)
        for year, region in sorted(funded)
    )
    amount = sum(row.pool_transfer_fen for row in rows)
    excluded = _excluded(left_out, account)
    return TransferAmount(
        scope=scope,
        years=rows,
        pool_fen=amount,
        account_fen=account.moves_fen,
        excluded=excluded,
        steps=(
            *(_year_step(row, share, first_year) for row in rows),
            *(_excluded_step(item, period) for item in excluded),
            _conclusion(scope, rows, account.moves_fen, (share, first_year)),
        ),
    )


def account_share_excess(period: int, base_fen: int, recorded_fen: int) -> int:
    """How much of what a month put into the account lies above the national share of its base.

    The share is 11 % until 2005 and 8 % since (rules a.5, memory-L): a result that uses it
    estimates. What was recorded below the share is not made up here.

    Raises:
        AmountError: an amount is negative.
        ParameterMissingError: the month is before 1998.
    """
    for field, amount in (("base", base_fen), ("recorded", recorded_fen)):
        if amount < 0:
            raise AmountError(field, "it is negative")
    limit = rule_parameter("account_share_limit", period)
    return max(0, recorded_fen - share_of(base_fen, limit.value))


def _check_account(account: AccountMoney) -> None:
    for field, amount in (
        ("account", account.since_1998_fen),
        ("person_before_1998", account.person_before_1998_fen),
        ("unit_before_1998", account.unit_before_1998_fen),
        ("excess", account.excess_fen),
    ):
        if amount < 0:
            raise AmountError(field, "it is negative")
    if account.excess_fen > account.since_1998_fen:
        raise AmountError("excess", "it is more than the account holds since 1998")


def _year_row(
    year: int, region: str, bases: dict[int, int], share: Parameter, first_year: Parameter
) -> YearRow:
    total = sum(bases.values())
    return YearRow(
        year=year,
        region=region,
        months_paid=len(bases),
        from_period=min(bases),
        to_period=max(bases),
        base_total_fen=total,
        pool_transfer_fen=share_of(total, share.value) if year >= first_year.value else 0,
    )


def _excluded(left_out: Counter[MonthStatus], account: AccountMoney) -> tuple[Excluded, ...]:
    months = [
        Excluded(Exclusion(status.value), left_out[status], 0)
        for status in MonthStatus
        if left_out[status]
    ]
    amounts = [
        Excluded(reason, 0, amount)
        for reason, amount in (
            (Exclusion.UNIT_BEFORE_1998, account.unit_before_1998_fen),
            (Exclusion.ABOVE_ACCOUNT_SHARE, account.excess_fen),
        )
        if amount
    ]
    return (*months, *amounts)


def _year_step(row: YearRow, share: Parameter, first_year: Parameter) -> Step:
    figures: dict[str, Figure] = {
        "year": row.year,
        "months": row.months_paid,
        "base_total_fen": row.base_total_fen,
        "share_bps": share.value,
        "pool_transfer_fen": row.pool_transfer_fen,
    }
    if row.region:
        figures["region"] = row.region
    wording = _YEAR if row.year >= first_year.value else _EARLY_YEAR
    return Step(wording, figures, (share, first_year))


def _excluded_step(item: Excluded, period: int | None) -> Step:
    figures: dict[str, Figure] = {"months": item.months, "amount_fen": item.amount_fen}
    grounds = (
        (rule_parameter("account_share_limit", period),)
        if item.reason is Exclusion.ABOVE_ACCOUNT_SHARE
        else ()
    )
    return Step(_EXCLUDED[item.reason], figures, grounds)


def _conclusion(
    scope: Scope, rows: Sequence[YearRow], account_fen: int, grounds: tuple[Parameter, ...]
) -> Step:
    pool_fen = sum(row.pool_transfer_fen for row in rows)
    figures: dict[str, Figure] = {
        "months": sum(row.months_paid for row in rows),
        "account_fen": account_fen,
        "pool_fen": pool_fen,
        "share_bps": grounds[0].value,
        "fund_fen": account_fen + pool_fen if scope is Scope.CROSS_PROVINCE else 0,
    }
    return Step(_INSIDE if scope is Scope.INTRA_POOL else _BETWEEN, figures, grounds)


_YEAR: Final = Wording(
    "transfer-year",
    "{year}年缴费{months}个月，基数合计{base_total_fen}元 × {share_bps} = {pool_transfer_fen}元",
    "{year}: {months} months, base {base_total_fen} x {share_bps} = {pool_transfer_fen} yuan",
    f"{SOURCE}第四条",
)
_EARLY_YEAR: Final = Wording(
    "transfer-year-before-1998",
    "{year}年缴费{months}个月，1998年以前不转统筹基金",
    "{year}: {months} months; years before 1998 move no pooled money",
    f"{SOURCE}第四条",
)
_EXCLUDED: Final = {
    Exclusion.DEEMED: Wording(
        "transfer-excludes-deemed",
        "视同缴费{months}个月，没有实际缴费，不转资金",
        "{months} deemed months: nothing was paid, no money moves",
        f"{SOURCE}第四条",
    ),
    Exclusion.UNPAID: Wording(
        "transfer-excludes-unpaid",
        "欠费{months}个月，不计年限、不转资金",
        "{months} months in arrears: they neither count nor move money",
        f"{SOURCE}第四条",
    ),
    Exclusion.REFUNDED: Wording(
        "transfer-excludes-refunded",
        "已退费{months}个月，不计年限、不转资金",
        "{months} refunded months: they neither count nor move money",
        f"{SOURCE}第四条",
    ),
    Exclusion.UNIT_BEFORE_1998: Wording(
        "transfer-excludes-unit-before-1998",
        "1998年以前单位划入个人账户的{amount_fen}元不转移",
        "{amount_fen} yuan that the unit put into the account before 1998 do not move",
        f"{SOURCE}第四条",
    ),
    Exclusion.ABOVE_ACCOUNT_SHARE: Wording(
        "transfer-excludes-above-share",
        "个人账户记账比例高于国家规定的部分{amount_fen}元不转移",
        "{amount_fen} yuan recorded above the national share of the account do not move",
        "人社部发〔2010〕70号",
    ),
}
_INSIDE: Final = Wording(
    "transfer-amount-inside-pool",
    "省内转移，合并{months}个月的记录，不划转资金",
    "Inside one province: {months} months of records consolidate, no money moves",
    "人社部规〔2016〕5号；省级统筹",
)
_BETWEEN: Final = Wording(
    "transfer-amount",
    "个人账户储存额{account_fen}元 + 1998年以来各年缴费基数的{share_bps} {pool_fen}元"
    "（{months}个月）= {fund_fen}元",
    "Account balance {account_fen} + {share_bps} of each year's base since 1998 {pool_fen} "
    "({months} months) = {fund_fen} yuan",
    f"{SOURCE}第四条",
)
