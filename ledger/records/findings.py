"""What can be wrong with a line of a file: where, why, and how to mend it, in both languages.

A finding never repeats what a cell holds: it may be a name, a number or an account, in whichever
column it slipped into. ``details`` holds line numbers, months, leaf indices and published limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class Severity(StrEnum):
    """An error keeps a line out; a warning is only shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FindingKind:
    """The sentences of one kind of finding; braces are filled from a finding's details."""

    severity: Severity
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str


@dataclass(frozen=True, slots=True)
class RowFinding:
    """One thing that is wrong, or worth a look, in one line of a file.

    ``field``: the canonical column, empty when the whole line is meant. ``line``: from 1, the
    heading line included; in a Parquet file the row, from 1.
    """

    file: str
    line: int
    field: str
    code: str
    details: Mapping[str, Any] = _field(default_factory=dict[str, Any])

    @property
    def severity(self) -> Severity:
        """Whether it keeps the line out."""
        return FINDINGS[self.code].severity

    def reason(self, language: str = "zh") -> str:
        """What is wrong, in ``zh`` or ``en``."""
        kind = FINDINGS[self.code]
        template = kind.reason_en if language == "en" else kind.reason_zh
        return template.format(**self.details)

    def remedy(self, language: str = "zh") -> str:
        """What to do, in ``zh`` or ``en``."""
        kind = FINDINGS[self.code]
        template = kind.remedy_en if language == "en" else kind.remedy_zh
        return template.format(**self.details)

    def field_name(self, language: str = "zh") -> str:
        """The column as people call it."""
        pair = FIELD_NAMES.get(self.field, (self.field, self.field))
        return pair[1] if language == "en" else pair[0]


FIELD_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "": ("整行", "whole line"),
        "identity_number": ("公民身份号码", "identity number"),
        "name": ("姓名", "name"),
        "employer_code": ("统一社会信用代码", "unified social credit code"),
        "employer_name": ("单位名称", "employer"),
        "scheme": ("险种", "scheme"),
        "contribution_type": ("缴费类型", "contribution type"),
        "period": ("费款所属期", "month"),
        "base": ("缴费基数", "base"),
        "unit_amount": ("单位缴费", "unit amount"),
        "person_amount": ("个人缴费", "person amount"),
        "paid_on": ("到账日期", "paid on"),
        "amount": ("金额", "amount"),
        "line": ("发放类型", "line"),
        "reason": ("补发原因", "reason"),
        "supplement_period": ("补发所属期", "supplemented month"),
        "decision_reference": ("核定文号", "decision"),
        "payee_bank": ("开户银行", "bank"),
        "payee_account": ("银行账号", "bank account"),
        "died_on": ("死亡日期", "died on"),
        "reported_on": ("申报日期", "reported on"),
        "source": ("信息来源", "source"),
    }
)
"""Canonical columns by the names that officers use."""

_AT_SOURCE_ZH: Final = "请在来源系统更正后重新导出"
_AT_SOURCE_EN: Final = "correct it in the system it comes from and export again"


def _error(reason_zh: str, reason_en: str, remedy_zh: str = "", remedy_en: str = "") -> FindingKind:
    return FindingKind(
        Severity.ERROR, reason_zh, reason_en, remedy_zh or _AT_SOURCE_ZH, remedy_en or _AT_SOURCE_EN
    )


def _warning(reason_zh: str, reason_en: str, remedy_zh: str, remedy_en: str) -> FindingKind:
    return FindingKind(Severity.WARNING, reason_zh, reason_en, remedy_zh, remedy_en)


FINDINGS: Final[Mapping[str, FindingKind]] = MappingProxyType(
    {
        "cells": _error(
            "该行有{found}个单元格，表头有{expected}个",
            "the line has {found} cells, the heading line {expected}",
            "请检查该行是否缺少或多出分隔符，含逗号的内容应加双引号",
            "look for a missing or extra separator; put text with commas in double quotes",
        ),
        "missing": _error(
            "缺少必填内容",
            "the value is missing",
            "请补填后重新导出",
            "fill it in and export again",
        ),
        "characters": _error(
            "含有换行等不可见字符", "it holds line breaks or other control characters"
        ),
        "identity-number": _error(
            "身份号码不成立：{reason_zh}",
            "impossible identity number: {reason_en}",
            "请与居民身份证核对，在来源系统更正后重新导出",
            "compare it with the identity card, correct it at its source and export again",
        ),
        "credit-code": _error(
            "统一社会信用代码不成立：{reason_zh}",
            "impossible unified social credit code: {reason_en}",
            "请与营业执照核对，在来源系统更正后重新导出",
            "compare it with the licence, correct it at its source and export again",
        ),
        "employer-missing": _error(
            "有单位缴费但未填单位代码",
            "the unit paid, but no employer is named",
            "请补填统一社会信用代码；灵活就业人员的单位缴费应为 0",
            "fill in the credit code; for the self-employed the unit amount is 0",
        ),
        "month": _error(
            "不是有效的年月",
            "it is not a month",
            "请按四位年份加两位月份填写，例如 202608 或 2026-08",
            "write four digits of the year and two of the month, for example 202608 or 2026-08",
        ),
        "month-future": _error(
            "所属期晚于当前月份 {latest}",
            "the month lies after the current one, {latest}",
            "请核对所属期；尚未到期的月份届时再导入",
            "check the month; a month that has not come is imported when it has",
        ),
        "date": _error(
            "不是有效的日期",
            "it is not a day of the calendar",
            "请按 2026-08-15 或 20260815 填写",
            "write it as 2026-08-15 or 20260815",
        ),
        "date-future": _error("日期晚于今天 {latest}", "the day lies after today, {latest}"),
        "amount": _error(
            "不是数字",
            "it is not a number",
            "请只填数字和小数点，不带逗号、货币符号或单位",
            "write digits and a decimal point only, without separators, currency or unit",
        ),
        "amount-negative": _error(
            "金额为负数",
            "the amount is negative",
            "扣减或退款须对原记录作冲销，不得填负数",
            "a deduction or refund is a reversal of the original line, not a minus sign",
        ),
        "amount-decimals": _error(
            "小数超过{decimals}位",
            "it has more than {decimals} decimals",
            "金额以元为单位保留两位小数，以分为单位填整数",
            "amounts in yuan have two decimals at most, amounts in fen none",
        ),
        "amount-zero": _error("金额为 0，没有可登记的款项", "nothing was paid: the amount is zero"),
        "account-share": _error(
            "实缴金额少于应记入个人账户的金额（基数的{rate}）",
            "less was paid than the personal account must receive ({rate} of the base)",
            "请核对缴费基数和实缴金额",
            "check the base and the amounts paid",
        ),
        "parameter": _error(
            "参数表中没有 {period} 的个人账户比例",
            "no table has the personal account's share for {period}",
            "请先将已公布的参数及文号录入 ledger/policy/tables",
            "enter the published value with its document in ledger/policy/tables first",
        ),
        "choice": _error(
            "内容不在允许范围内，可用：{allowed}",
            "it is none of the values known here: {allowed}",
            "请更正，或在映射文件的 [values.{column}] 中写明对应关系",
            "correct it, or say what it means under [values.{column}] in the mapping file",
        ),
        "scheme-elsewhere": _error(
            "本导入不受理该险种，可用：{allowed}",
            "this import does not take that scheme, only: {allowed}",
            "请从文件中移出，另行导入",
            "take it out of this file and import it where it belongs",
        ),
        "duplicate-line": _error(
            "与第{other}行完全相同",
            "it equals line {other} in every field",
            "请删除重复行",
            "remove the repeated line",
        ),
        "second-line": _error(
            "与第{other}行为同一人同一月份的正常缴费",
            "line {other} is a normal line of the same person and month",
            "同一人每月只能有一条正常缴费；补差或第二单位请填类型 SUPPLEMENT（补差）",
            "one person has one normal line a month; give a raised base or a second employer"
            " the type SUPPLEMENT",
        ),
        "already-recorded": _error(
            "该人该月的正常缴费已登记（第{index}号记录）",
            "a normal line of this person and month is recorded already (leaf {index})",
            "如需更正，请先冲销原记录再登记新记录；补差请填类型 SUPPLEMENT（补差）",
            "to correct it, reverse that entry and record the new one;"
            " give a raised base the type SUPPLEMENT",
        ),
        "no-normal-line": _error(
            "该人该月没有可补差的正常缴费",
            "there is no normal line of this person and month to add to",
            "请先登记该月正常缴费",
            "record the month's normal line first",
        ),
        "account-number": _error(
            "银行账号应为8至32位数字",
            "a bank account has 8 to 32 digits",
        ),
        "supplement-reason": _error(
            "补发行未填补发原因",
            "a supplement names no reason",
            "请填写补发原因，可用：{allowed}",
            "give the reason: {allowed}",
        ),
        "born-later": _error("死亡日期早于出生日期", "the day of death lies before the birth date"),
        "reported-before": _error(
            "申报日期早于死亡日期", "it was reported before the day of death"
        ),
        "second-death": _error(
            "与第{other}行为同一人",
            "line {other} reports the same person's death",
            "请核对并只保留一行",
            "check both and keep one",
        ),
        "death-recorded": _error(
            "该人的死亡登记已存在（第{index}号记录）",
            "this person's death is recorded already (leaf {index})",
            "如需更正，请先冲销原登记",
            "to correct it, reverse that entry first",
        ),
        "unit-rate": _warning(
            "单位缴费与基数乘以单位比例{rate}不符",
            "the unit amount differs from {rate} of the base",
            "请核对；如按减征政策缴费可忽略",
            "check it; under a reduction in force it may be right",
        ),
        "person-rate": _warning(
            "个人缴费与基数乘以个人比例{rate}不符",
            "the person's amount differs from {rate} of the base",
            "请核对基数与个人缴费",
            "check the base and the person's amount",
        ),
        "base-floor": _warning(
            "缴费基数低于下限 {limit} 元",
            "the base lies below the floor of {limit} yuan",
            "请核对；下限所用参数状态：{status}",
            "check it; status of the parameter behind the floor: {status}",
        ),
        "base-ceiling": _warning(
            "缴费基数高于上限 {limit} 元",
            "the base lies above the ceiling of {limit} yuan",
            "请核对；上限所用参数状态：{status}",
            "check it; status of the parameter behind the ceiling: {status}",
        ),
    }
)
"""Every kind of finding by its code."""


def errors_among(findings: tuple[RowFinding, ...]) -> tuple[RowFinding, ...]:
    """The findings that keep lines out."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
