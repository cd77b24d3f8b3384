"""Pensions drawn twice (重复领取): which one goes on, what is repaid, and from what it is offset.

1. One pension goes on: the employee's or civil servant's before the resident's; between two of
   those the person and the agencies agree.
2. The others stop. For every month drawn more than once all payments but one are due back; of a
   residents pension only its basic part is.
3. What is not repaid is offset first against the account of the stopped pension, then month by
   month from the one that goes on.
4. What is left in the account of a stopped pension goes to the person, less government subsidies.

Source: 人社部规〔2016〕5号; 人社厅发〔2019〕94号; 人社部发〔2014〕17号; rules a.7, a.10, e.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import AmountError, ImpossibleFactError, NotFoundError
from ledger.policy.insurance import InsuranceKind, insurance_kinds
from ledger.policy.kinds import InsuranceClass
from ledger.policy.periods import checked_period
from ledger.policy.recovery import Deductions, deductions_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "人社部规〔2016〕5号；人社厅发〔2019〕94号"
RESIDENTS_SOURCE: Final = "人社部发〔2014〕17号"


@dataclass(frozen=True, slots=True)
class DrawnPension:
    """One pension that was drawn; all amounts in fen.

    ``drawn``: what can be due back, by month: the whole payment, of a residents pension the basic
    part. ``account_fen``: what is left in its personal account; ``subsidy_fen``: the government's
    part of that (residents only).
    """

    pension_id: str
    region: str
    kind: InsuranceKind
    drawn: Mapping[int, int]
    account_fen: int = 0
    subsidy_fen: int = 0


@dataclass(frozen=True, slots=True)
class StoppedPension:
    """A pension that stops: its double months, what is due back, and from where that comes.

    ``due_fen`` = ``repaid_fen`` + ``from_account_fen`` + ``from_pension_fen``; ``refund_fen`` is
    what is left of its account for the person.
    """

    pension: DrawnPension
    months: tuple[int, ...]
    due_fen: int
    repaid_fen: int
    from_account_fen: int
    from_pension_fen: int
    refund_fen: int


@dataclass(frozen=True, slots=True)
class DuplicateSettlement(Reasoned):
    """Which pension goes on, what becomes of the others, and what is deducted month by month."""

    kept: DrawnPension
    stopped: tuple[StoppedPension, ...]
    deductions: Deductions | None
    steps: tuple[Step, ...]

    @property
    def due_fen(self) -> int:
        """Everything that was drawn twice."""
        return sum(item.due_fen for item in self.stopped)

    @property
    def refund_fen(self) -> int:
        """What goes to the person from the accounts of the stopped pensions."""
        return sum(item.refund_fen for item in self.stopped)


def settle_duplicates(
    pensions: Sequence[DrawnPension],
    from_period: int,
    monthly_fen: int,
    *,
    keep: str | None = None,
    repaid: Mapping[str, int] | None = None,
) -> DuplicateSettlement:
    """Settle pensions of one person that were drawn side by side.

    Args:
        pensions: two or more.
        from_period: the month of the first deduction from the pension that goes on.
        monthly_fen: the most that is deducted in a month, as agreed.
        keep: the pension agreed to go on; needed between two that rank alike.
        repaid: what the person repaid already, by pension.

    Raises:
        AmountError: an amount is negative, a subsidy is more than its account, more was repaid than
            was due, or the monthly deduction is not positive or too small to come to an end.
        ImpossibleFactError: fewer than two pensions, one named twice, one that is no pension, no
            agreement on which goes on, or a resident's is to go on before an employee's.
        NotFoundError: ``keep`` or ``repaid`` names none of them.
        PeriodError: a month is not one.
    """
    _check(pensions)
    returned = repaid or {}
    known = {pension.pension_id for pension in pensions}
    for pension_id in returned:
        if pension_id not in known:
            raise NotFoundError("pension", pension_id)
    kept, wording = _choose(pensions, keep)
    stopped: list[StoppedPension] = []
    paid = set(kept.drawn)
    for pension in pensions:
        if pension is not kept:
            stopped.append(_stop(pension, paid, returned.get(pension.pension_id, 0)))
            paid |= pension.drawn.keys()
    rest = sum(item.from_pension_fen for item in stopped)
    deductions = deductions_of(rest, from_period, monthly_fen)
    chosen: dict[str, Figure] = {"region": kept.region, "kind": kept.kind.value}
    return DuplicateSettlement(
        kept=kept,
        stopped=tuple(stopped),
        deductions=deductions,
        steps=(
            Step(wording, chosen, (insurance_kinds()[kept.kind],)),
            *(_stopped_step(item) for item in stopped),
            _conclusion(stopped, deductions),
        ),
    )


def _check(pensions: Sequence[DrawnPension]) -> None:
    if len(pensions) < 2:  # noqa: PLR2004 - one pension is drawn once
        raise ImpossibleFactError(
            "pensions", len(pensions), "one pension is not drawn twice", "至少应有两份待遇"
        )
    seen: set[str] = set()
    for pension in pensions:
        if pension.pension_id in seen:
            raise ImpossibleFactError(
                "pension_id", pension.pension_id, "it is named twice", "重复列出"
            )
        seen.add(pension.pension_id)
        if insurance_kinds()[pension.kind].class_ is not InsuranceClass.PENSION:
            raise ImpossibleFactError(
                "kind", pension.kind.value, "it is no pension", "不是养老保险待遇"
            )
        for period, amount in pension.drawn.items():
            checked_period(period)
            if amount < 0:
                raise AmountError("drawn", "it is negative")
        if pension.account_fen < 0:
            raise AmountError("account", "it is negative")
        if not 0 <= pension.subsidy_fen <= pension.account_fen:
            raise AmountError("subsidy", "it is not a part of the account")


def _choose(pensions: Sequence[DrawnPension], keep: str | None) -> tuple[DrawnPension, Wording]:
    first = [item for item in pensions if item.kind is not InsuranceKind.PENSION_RESIDENT]
    candidates = first or list(pensions)
    if keep is None:
        if len(candidates) > 1:
            raise ImpossibleFactError(
                "keep",
                "-",
                "the person and the agencies agree which pension goes on",
                "应由本人与经办机构协商确定保留哪一份",
            )
        return candidates[0], _BY_LAW
    chosen = [item for item in pensions if item.pension_id == keep]
    if not chosen:
        raise NotFoundError("pension", keep)
    if chosen[0] not in candidates:
        raise ImpossibleFactError(
            "keep",
            keep,
            "an employee's pension goes on before a resident's",
            "职工养老待遇优先，居民养老待遇应停发",
        )
    return chosen[0], _AGREED


def _stop(pension: DrawnPension, paid: set[int], repaid_fen: int) -> StoppedPension:
    months = tuple(sorted(pension.drawn.keys() & paid))
    due = sum(pension.drawn[period] for period in months)
    if not 0 <= repaid_fen <= due:
        raise AmountError("repaid", "it is not between nothing and what is due")
    own = pension.account_fen - pension.subsidy_fen
    from_account = min(due - repaid_fen, own)
    return StoppedPension(
        pension=pension,
        months=months,
        due_fen=due,
        repaid_fen=repaid_fen,
        from_account_fen=from_account,
        from_pension_fen=due - repaid_fen - from_account,
        refund_fen=own - from_account,
    )


def _stopped_step(item: StoppedPension) -> Step:
    figures: dict[str, Figure] = {
        "region": item.pension.region,
        "months": len(item.months),
        "due_fen": item.due_fen,
        "repaid_fen": item.repaid_fen,
        "from_account_fen": item.from_account_fen,
        "from_pension_fen": item.from_pension_fen,
        "refund_fen": item.refund_fen,
    }
    if item.pension.kind is InsuranceKind.PENSION_RESIDENT:
        return Step(_STOPPED_RESIDENT, figures, (rule_parameter("resident_repays_basic_pension"),))
    return Step(_STOPPED, figures, (rule_parameter("duplicate_pension_order"),))


def _conclusion(stopped: Sequence[StoppedPension], deductions: Deductions | None) -> Step:
    grounds = (rule_parameter("duplicate_pension_order"),)
    figures: dict[str, Figure] = {
        "due_fen": sum(item.due_fen for item in stopped),
        "repaid_fen": sum(item.repaid_fen for item in stopped),
        "from_account_fen": sum(item.from_account_fen for item in stopped),
        "refund_fen": sum(item.refund_fen for item in stopped),
    }
    if deductions is None:
        return Step(_SETTLED, figures, grounds)
    figures |= {
        "from_pension_fen": deductions.total_fen,
        "from_period": deductions.from_period,
        "to_period": deductions.to_period,
        "months": deductions.months,
        "monthly_fen": deductions.monthly_fen,
        "last_fen": deductions.last_fen,
    }
    return Step(_DEDUCTED, figures, grounds)


_BY_LAW: Final = Wording(
    "duplicate-kept-by-law",
    "保留{region}的待遇（{kind}），居民养老待遇停发",
    "The pension of {region} goes on ({kind}); the residents pension stops",
    RESIDENTS_SOURCE,
)
_AGREED: Final = Wording(
    "duplicate-kept-by-agreement",
    "经本人与经办机构协商，保留{region}的待遇（{kind}）",
    "As agreed by the person and the agencies the pension of {region} goes on ({kind})",
    SOURCE,
)
_STOPPED: Final = Wording(
    "duplicate-stopped",
    "{region}的待遇停发：重复领取{months}个月，应退{due_fen}元；已退{repaid_fen}元，个人账户抵扣"
    "{from_account_fen}元，从保留待遇抵扣{from_pension_fen}元；账户余额{refund_fen}元退还本人",
    "The pension of {region} stops: {months} months drawn twice, {due_fen} yuan due back; repaid "
    "{repaid_fen}, from its account {from_account_fen}, from the pension that goes on "
    "{from_pension_fen}; {refund_fen} yuan of the account go to the person",
    SOURCE,
)
_STOPPED_RESIDENT: Final = Wording(
    "duplicate-stopped-resident",
    "{region}的居民养老待遇停发：重复领取{months}个月，应退基础养老金{due_fen}元；已退{repaid_fen}元，"
    "个人账户抵扣{from_account_fen}元，从保留待遇抵扣{from_pension_fen}元；账户余额（不含政府补贴）"
    "{refund_fen}元退还本人",
    "The residents pension of {region} stops: {months} months drawn twice, {due_fen} yuan of basic "
    "pension due back; repaid {repaid_fen}, from its account {from_account_fen}, from the pension "
    "that goes on {from_pension_fen}; {refund_fen} yuan of the account, without the government's "
    "subsidy, go to the person",
    RESIDENTS_SOURCE,
)
_SETTLED: Final = Wording(
    "duplicate-settled",
    "重复领取共应退{due_fen}元：已退{repaid_fen}元，个人账户抵扣{from_account_fen}元，已结清；"
    "退还本人账户余额{refund_fen}元",
    "{due_fen} yuan were drawn twice: repaid {repaid_fen}, from accounts {from_account_fen}, "
    "nothing is left; {refund_fen} yuan of accounts go to the person",
    SOURCE,
)
_DEDUCTED: Final = Wording(
    "duplicate-deducted",
    "重复领取共应退{due_fen}元：已退{repaid_fen}元，个人账户抵扣{from_account_fen}元，"
    "余{from_pension_fen}元从保留待遇中逐月抵扣："
    "{from_period}至{to_period}共{months}个月，每月{monthly_fen}元，末月{last_fen}元；退还本人账户余额{refund_fen}元",
    "{due_fen} yuan were drawn twice: repaid {repaid_fen}, from accounts {from_account_fen}; the "
    "other {from_pension_fen} come month by month from the pension that goes on: {from_period} to "
    "{to_period}, {months} months of {monthly_fen}, the last {last_fen}; {refund_fen} yuan of "
    "accounts go to the person",
    SOURCE,
)
