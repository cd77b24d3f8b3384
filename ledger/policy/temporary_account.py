"""Temporary contribution accounts (临时缴费账户): what becomes of them, and their money.

Somebody too old to bring the relation along pays into a temporary account at the new place, while
the normal relation stays where it is. The whole of it, the unit's and the person's part with
interest, goes to the place of the normal relation or to the place that pays the pension; it is not
split into 8 % and 12 %. It does not become normal because earlier unpaid months are paid later.

Source: 国办发〔2009〕66号 art. 4, 5; 人社部规〔2016〕5号; rules a.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ledger.errors import AmountError
from ledger.policy.regions import province_of
from ledger.policy.rule_parameters import rule_parameter
from ledger.policy.steps import Figure, Reasoned, Step, Wording

SOURCE: Final = "国办发〔2009〕66号第五条；人社部规〔2016〕5号"


class Fate(StrEnum):
    """What becomes of a temporary account now."""

    KEEP = "KEEP"
    SEAL = "SEAL"
    COLLECT = "COLLECT"


@dataclass(frozen=True, slots=True)
class TemporaryAccount:
    """What was paid into one temporary account, in fen, and where."""

    region: str
    unit_fen: int
    person_fen: int
    interest_fen: int


@dataclass(frozen=True, slots=True)
class TemporaryDecision(Reasoned):
    """What becomes of the account; ``to_province`` and ``fund_fen`` only when it is collected."""

    fate: Fate
    to_province: str | None
    fund_fen: int
    steps: tuple[Step, ...]


def temporary_account_fate(
    account: TemporaryAccount,
    normal_region: str,
    insured_region: str,
    benefit_province: str | None = None,
) -> TemporaryDecision:
    """Say what becomes of a temporary account.

    Args:
        account: the account.
        normal_region: where the normal relation stands.
        insured_region: where the person is insured now.
        benefit_province: the place that pays the pension, once the conditions for it are met.

    Raises:
        AmountError: an amount is negative.
        NotFoundError: a region lies in no province.
    """
    for field in ("unit_fen", "person_fen", "interest_fen"):
        if getattr(account, field) < 0:
            raise AmountError(field.removesuffix("_fen"), "it is negative")
    here, now = province_of(account.region), province_of(insured_region)
    if benefit_province is not None:
        return _collected(account, province_of(benefit_province), _FOR_BENEFIT)
    if now == province_of(normal_region) != here:
        return _collected(account, now, _BACK)
    if now != here:
        return TemporaryDecision(Fate.SEAL, None, 0, (_step(_SEALED, account),))
    return TemporaryDecision(Fate.KEEP, None, 0, (_step(_KEPT, account),))


def _collected(account: TemporaryAccount, to_province: str, wording: Wording) -> TemporaryDecision:
    fund_fen = account.unit_fen + account.person_fen + account.interest_fen
    if province_of(account.region) == to_province:
        fund_fen = 0
    step = _step(wording, account, to_region=to_province, fund_fen=fund_fen)
    return TemporaryDecision(Fate.COLLECT, to_province, fund_fen, (step,))


def _step(wording: Wording, account: TemporaryAccount, **more: Figure) -> Step:
    figures: dict[str, Figure] = {
        "region": account.region,
        "unit_fen": account.unit_fen,
        "person_fen": account.person_fen,
        "interest_fen": account.interest_fen,
        **more,
    }
    return Step(wording, figures, (rule_parameter("temporary_account_whole"),))


_FOR_BENEFIT: Final = Wording(
    "temporary-account-for-benefit",
    "符合领取条件，由待遇领取地{to_region}归集{region}临时账户：单位{unit_fen}元 + "
    "个人{person_fen}元 + 利息{interest_fen}元，划转{fund_fen}元",
    "The conditions for a pension are met: {to_region}, which pays it, collects the temporary "
    "account of {region}: unit {unit_fen} + person {person_fen} + interest {interest_fen}; "
    "{fund_fen} yuan move",
    SOURCE,
)
_BACK: Final = Wording(
    "temporary-account-back",
    "回到正常关系所在地{to_region}参保，{region}临时账户全部转回：单位{unit_fen}元 + "
    "个人{person_fen}元 + 利息{interest_fen}元，划转{fund_fen}元",
    "Insured again in {to_region}, where the normal relation is: the whole temporary account of "
    "{region} goes there: unit {unit_fen} + person {person_fen} + interest {interest_fen}; "
    "{fund_fen} yuan move",
    SOURCE,
)
_SEALED: Final = Wording(
    "temporary-account-sealed",
    "已离开{region}参保，临时账户封存，待符合领取条件时由待遇领取地归集",
    "Insured elsewhere: the temporary account of {region} is sealed until the conditions for a "
    "pension are met, then the place that pays it collects it",
    SOURCE,
)
_KEPT: Final = Wording(
    "temporary-account-kept",
    "仍在{region}参保，临时账户继续记账；补缴以前月份不改变其性质",
    "Still insured in {region}: the temporary account goes on; paying earlier months does not make "
    "it a normal one",
    SOURCE,
)
