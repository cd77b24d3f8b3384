"""The sentences in which a pension explains itself, each with gaps for its figures."""

from __future__ import annotations

from typing import Final

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
EARLY_BY_DECISION: Final = Wording(
    "early-by-decision",
    "经批准提前退休（特殊工种或完全丧失劳动能力），最低年龄{lowest_age_months}",
    "Earlier by an approved decision (special trade or total disability), not below "
    "{lowest_age_months}",
    "国发〔1978〕104号",
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
TRANSITION: Final = Wording(
    "transitional-pension",
    "过渡性养老金 = {transition_zh}，视同缴费{deemed_months}个月、"
    "建账前缴费{early_paid_months}个月，系数{transition_rate} = {transition_fen}元",
    "Transitional pension = {transition_en}; {deemed_months} months deemed, {early_paid_months} "
    "paid before accounts were opened, coefficient {transition_rate} = {transition_fen} yuan",
    PENSION_SOURCE,
)
ADDITION: Final = Wording(
    "local-addition",
    "地方增发 = {addition_zh}，{years}年，系数{addition_rate} = {addition_fen}元",
    "Local addition = {addition_en}; {years} years, coefficient {addition_rate} = "
    "{addition_fen} yuan",
    "省级规定（见参数表）",
)
TOTAL: Final = Wording(
    "pension-total",
    "每月基本养老金{total_fen}元，自{benefits_from_period}起发放",
    "Monthly basic pension {total_fen} yuan, paid from {benefits_from_period} on",
    PENSION_SOURCE,
)
