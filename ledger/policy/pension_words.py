"""The sentences in which a pension explains itself, each with gaps for its figures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger.policy.profiles import Transition
from ledger.policy.steps import Wording

PENSION_SOURCE: Final = "国发〔2005〕38号；社会保险法第十五条"
BASE: Final = Wording(
    "benefit-base",
    "计发基数（{region}，{year}年）{benefit_base_fen}元",
    "Benefit base ({region}, {year}): {benefit_base_fen} yuan",
    PENSION_SOURCE,
)
PROVISIONAL_BASE: Final = Wording(
    "benefit-base-provisional",
    "计发基数（{region}）{year}年尚未公布，暂按上次公布的{benefit_base_fen}元，公布后重算并补发",
    "The benefit base of {year} ({region}) is not published: the last one, {benefit_base_fen} "
    "yuan, stands in; decided again with arrears once it is",
    PENSION_SOURCE,
)
ENOUGH: Final = Wording(
    "months-enough",
    "累计缴费{months}个月，满足最低{minimum_months}个月",
    "{months} months count, at least {minimum_months} are needed",
    "社会保险法第十六条",
)
BASIC: Final = Wording(
    "basic-pension",
    "基础养老金 = {benefit_base_fen} × (1 + {index_e4}) ÷ 2 × {years}年 × 1% = {basic_fen}元",
    "Basic pension = {benefit_base_fen} x (1 + {index_e4}) / 2 x {years} years x 1 % = "
    "{basic_fen} yuan",
    PENSION_SOURCE,
)
ACCOUNT: Final = Wording(
    "account-pension",
    "个人账户养老金 = {balance_fen} ÷ {annuity_months_e1}（{retirement_age_months}退休）"
    " = {account_fen}元",
    "Account pension = {balance_fen} / {annuity_months_e1} (retired at {retirement_age_months}) = "
    "{account_fen} yuan",
    PENSION_SOURCE,
)
_TRANSITION_ZH: Final = (
    "过渡性养老金 = {form}，视同缴费{{deemed_months}}个月、建账前缴费{{early_paid_months}}个月，"
    "系数{{transition_rate}} = {{transition_fen}}元"
)
_TRANSITION_EN: Final = (
    "Transitional pension = {form}; {{deemed_months}} months deemed, {{early_paid_months}} paid "
    "before accounts were opened, coefficient {{transition_rate}} = {{transition_fen}} yuan"
)


def _transition_wording(form: Transition, zh: str, en: str) -> Wording:
    return Wording(
        f"transition-{form.value}",
        _TRANSITION_ZH.format(form=zh),
        _TRANSITION_EN.format(form=en),
        PENSION_SOURCE,
    )


TRANSITIONS: Final[Mapping[Transition, Wording]] = MappingProxyType(
    {
        form: _transition_wording(form, zh, en)
        for form, zh, en in (
            (
                Transition.INDEX_WAGE,
                "计发基数 × 指数 × 视同年限 × 系数",
                "base x index x deemed years x coefficient",
            ),
            (
                Transition.AVERAGE_OF_BASE_AND_INDEX_WAGE,
                "计发基数 × (1 + 指数) ÷ 2 × 建账前年限 × 系数",
                "base x (1 + index) / 2 x years before the account x coefficient",
            ),
            (
                Transition.DEEMED_AT_ONE_AND_PAID_AT_INDEX,
                "计发基数 × (视同年限 + 指数 × 建账前缴费年限) × 系数",
                "base x (deemed years + index x early paid years) x coefficient",
            ),
        )
    }
)
ADDITION: Final = Wording(
    "local-addition",
    "地方增发 = {benefit_base_fen} × {index_e4} × {addition_rate} × {years}年 = {addition_fen}元",
    "Local addition = {benefit_base_fen} x {index_e4} x {addition_rate} x {years} years = "
    "{addition_fen} yuan",
    "省级规定（见参数表）",
)
TOTAL: Final = Wording(
    "pension-total",
    "每月基本养老金{total_fen}元，自{benefits_from_period}起发放",
    "Monthly basic pension {total_fen} yuan, paid from {benefits_from_period} on",
    PENSION_SOURCE,
)
