"""Kinds of social insurance and what is different about each: what moves, what adds up.

A kind has flags, as data: whether its relation moves at all, whether it has a personal account and
whether that moves, whether pooled money moves, whether years at several places add up, which agency
keeps it, and what is done about a month or benefit paid twice. Work-injury and maternity insurance
do not move: they start anew at each employer.

Source: 社会保险法 art. 19, 32, 45, 46, 51, 52; 社会保险经办条例 art. 12 to 17; rules a.9, a.10, g;
table insurance_kinds (its rows name their texts).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError
from ledger.policy.kinds import InsuranceClass
from ledger.policy.money import share_of
from ledger.policy.periods import MONTHS_PER_YEAR
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording
from ledger.policy.tables import Parameter, ParameterStatus, status_of, table
from ledger.policy.transfer import Scope

TABLE: Final = "insurance_kinds"


class InsuranceKind(StrEnum):
    """The kinds of insurance by our own names; local codes are mapped at the edge."""

    PENSION_EMPLOYEE = "PENSION_EMPLOYEE"
    PENSION_CIVIL = "PENSION_CIVIL"
    PENSION_RESIDENT = "PENSION_RESIDENT"
    MEDICAL_EMPLOYEE = "MEDICAL_EMPLOYEE"
    MEDICAL_RESIDENT = "MEDICAL_RESIDENT"
    UNEMPLOYMENT = "UNEMPLOYMENT"
    INJURY = "INJURY"
    MATERNITY = "MATERNITY"


class PaidTwice(StrEnum):
    """What is done about a month insured twice, or a benefit paid twice."""

    ACCOUNT_REFUNDED = "account-refunded"
    PAYMENTS_REFUNDED_WITHOUT_SUBSIDY = "payments-refunded-without-subsidy"
    ONE_SCHEME = "one-scheme"
    ONE_BENEFIT = "one-benefit"
    STARTS_ANEW = "starts-anew"


@dataclass(frozen=True, slots=True)
class KindFlags:
    """One kind with its flags; it is the grounds of every step that uses them.

    ``code``: the usual value of field aae140, remembered and varied locally.
    """

    kind: InsuranceKind
    name_zh: str
    name_en: str
    class_: InsuranceClass
    agency_family: str
    transferable: bool
    has_account: bool
    account_moves: bool
    pool_moves: bool
    years_accumulate: bool
    paid_twice: PaidTwice
    code: str
    source: str
    status: ParameterStatus

    @property
    def row(self) -> str:
        """The row of the table."""
        return f"{TABLE}: {self.kind}"

    def name(self, language: str = "zh") -> str:
        """The name in ``zh`` or ``en``."""
        return self.name_en if language == "en" else self.name_zh


@dataclass(frozen=True, slots=True)
class Moving:
    """The facts of a relation that is to move; amounts in fen.

    ``pool_fen``: the pool part by ``transfer_amount``, for the kinds where it moves.
    ``benefit_due_fen``: all unemployment benefit still due to somebody who draws it.
    """

    kind: InsuranceKind
    scope: Scope
    months: int = 0
    account_fen: int = 0
    pool_fen: int = 0
    draws_benefit: bool = False
    benefit_due_fen: int = 0


@dataclass(frozen=True, slots=True)
class Moved(Reasoned):
    """What moves: whether the relation does, the months that add up, and the money in fen."""

    relation_moves: bool
    months: int
    account_fen: int
    pool_fen: int
    benefit_fen: int
    steps: tuple[Step, ...]

    @property
    def fund_fen(self) -> int:
        """All the money that moves."""
        return self.account_fen + self.pool_fen + self.benefit_fen


@cache
def insurance_kinds() -> MappingProxyType[InsuranceKind, KindFlags]:
    """Every kind with its flags."""
    return MappingProxyType(
        {
            InsuranceKind(row["kind"]): KindFlags(
                kind=InsuranceKind(row["kind"]),
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                class_=InsuranceClass(int(row["class"])),
                agency_family=row["agency_family"],
                transferable=row["transferable"] == "1",
                has_account=row["has_account"] == "1",
                account_moves=row["account_moves"] == "1",
                pool_moves=row["pool_moves"] == "1",
                years_accumulate=row["years_accumulate"] == "1",
                paid_twice=PaidTwice(row["paid_twice"]),
                code=row["code"],
                source=row["source"],
                status=status_of(row["status"]),
            )
            for row in table(TABLE)
        }
    )


def kind_of_code(code: str) -> InsuranceKind:
    """The kind behind the usual value of field aae140 (险种类型).

    Raises:
        NotFoundError: no kind has this code; a local variant is mapped where the file comes in.
    """
    for kind, flags in insurance_kinds().items():
        if flags.code == code:
            return kind
    raise NotFoundError("insurance kind with code", code)


def what_moves(moving: Moving) -> Moved:
    """What goes along when a person's insurance of one kind moves to another place.

    1. A kind that does not move starts anew: nothing goes along.
    2. A pension that is or was drawn does not move.
    3. Whoever draws unemployment benefit takes along what is still due and half of it again.
    4. Otherwise the account and the pooled money go where the kind says so and a pool is crossed;
       months add up where the kind says so.

    Raises:
        AmountError: an amount is negative.
        ImpossibleFactError: the number of months is negative.
    """
    for field in ("account_fen", "pool_fen", "benefit_due_fen"):
        if getattr(moving, field) < 0:
            raise AmountError(field.removesuffix("_fen"), "it is negative")
    if moving.months < 0:
        raise ImpossibleFactError("months", moving.months, "it is negative", "为负数")
    flags = insurance_kinds()[moving.kind]
    names: dict[str, Figure] = {"name_zh": flags.name_zh, "name_en": flags.name_en}
    if not flags.transferable:
        return _nothing(Step(_ANEW, names, (flags,)))
    if moving.draws_benefit and flags.class_ is InsuranceClass.PENSION:
        return _nothing(Step(_DRAWN, names, (flags,)))
    if moving.draws_benefit and moving.kind is InsuranceKind.UNEMPLOYMENT:
        return _benefit(moving, flags)
    crosses = moving.scope is Scope.CROSS_PROVINCE
    months = moving.months if flags.years_accumulate else 0
    account = moving.account_fen if crosses and flags.account_moves else 0
    pool = moving.pool_fen if crosses and flags.pool_moves else 0
    figures = names | {"months": months, "account_fen": account, "pool_fen": pool}
    return Moved(
        relation_moves=True,
        months=months,
        account_fen=account,
        pool_fen=pool,
        benefit_fen=0,
        steps=(Step(_MOVES, figures, (flags,)),),
    )


def unemployment_benefit_months(months: int) -> Parameter | None:
    """For how many months unemployment benefit is paid at most; None without a claim to it.

    One year of contributions gives 12 months, five years 18, ten years 24.

    Raises:
        ImpossibleFactError: the number of months is negative.
    """
    if months < 0:
        raise ImpossibleFactError("months", months, "it is negative", "为负数")
    if months < rule_parameter("unemployment_shortest_months").value:
        return None
    for years, name in ((10, "10_years"), (5, "5_years")):
        if months >= years * MONTHS_PER_YEAR:
            return rule_parameter(f"unemployment_months_from_{name}")
    return rule_parameter("unemployment_months_from_1_year")


def medical_waiting_months(gap_months: int) -> Parameter:
    """For how many months cover may wait after a gap in medical insurance; 0 after a short one.

    Raises:
        ImpossibleFactError: the gap is negative.
    """
    if gap_months < 0:
        raise ImpossibleFactError("gap_months", gap_months, "it is negative", "为负数")
    kept = rule_parameter("medical_gap_kept_months")
    if gap_months <= kept.value:
        return Parameter(0, kept.status, kept.source, kept.row)
    return rule_parameter("medical_waiting_months")


def _nothing(step: Step) -> Moved:
    return Moved(
        relation_moves=False, months=0, account_fen=0, pool_fen=0, benefit_fen=0, steps=(step,)
    )


def _benefit(moving: Moving, flags: KindFlags) -> Moved:
    extra = rule_parameter("unemployment_moved_benefit_extra")
    extra_fen = share_of(moving.benefit_due_fen, extra.value)
    benefit = moving.benefit_due_fen + extra_fen
    figures: dict[str, Figure] = {
        "benefit_due_fen": moving.benefit_due_fen,
        "extra_bps": extra.value,
        "extra_fen": extra_fen,
        "benefit_fen": benefit,
        "months": moving.months,
    }
    return Moved(
        relation_moves=True,
        months=moving.months,
        account_fen=0,
        pool_fen=0,
        benefit_fen=benefit,
        steps=(Step(_UNEMPLOYED, figures, (flags, extra)),),
    )


_ANEW: Final = Wording(
    "insurance-starts-anew",
    "{name_zh}不转移，在新地重新参保",
    "{name_en} does not move: it starts anew at the new place",
    "社会保险经办条例第十五条",
)
_DRAWN: Final = Wording(
    "insurance-benefit-drawn",
    "已领取养老待遇，{name_zh}关系不再转移",
    "A pension is or was drawn: the relation of the {name_en} no longer moves",
    "社会保险经办条例第十二条、第十三条；国办发〔2009〕66号第二条",
)
_MOVES: Final = Wording(
    "insurance-moves",
    "{name_zh}：累计{months}个月，转个人账户{account_fen}元，转统筹基金{pool_fen}元",
    "{name_en}: {months} months add up, {account_fen} yuan of the account and {pool_fen} yuan of "
    "pooled money move",
    "社会保险法第十九条、第三十二条、第五十二条",
)
_UNEMPLOYED: Final = Wording(
    "insurance-unemployment-benefit",
    "领取失业保险金期间转移：应领待遇{benefit_due_fen}元 + {extra_bps}（医疗、培训等）"
    "{extra_fen}元 = {benefit_fen}元",
    "Moving while drawing unemployment benefit: due {benefit_due_fen} + {extra_bps} for medical "
    "and training costs {extra_fen} = {benefit_fen} yuan",
    "失业保险条例第二十二条；人社厅发〔2021〕85号",
)
