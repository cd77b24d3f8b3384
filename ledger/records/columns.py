"""The columns of each kind of file, by their canonical names and the headings known by default.

``FIELD_NAMES`` in ``findings`` has the names people read; here stand the spellings found in files.
A heading counts without its blanks, its case and a unit in brackets. Any other heading needs a
mapping file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ledger.records.model import (
    CONTRIBUTION_IMPORT,
    DEATH_IMPORT,
    PAYOUT_IMPORT,
    ContributionType,
    PayoutLine,
    PayoutReason,
    Scheme,
)


class Content(StrEnum):
    """What a column holds."""

    TEXT = "text"
    IDENTITY = "identity"
    CREDIT_CODE = "credit-code"
    ACCOUNT = "account"
    CHOICE = "choice"
    PERIOD = "period"
    DATE = "date"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One canonical column. ``choices``: what a cell may say, in any of its known spellings.

    ``required``: the file must have the column; ``filled``: every cell must hold something;
    ``may_lie_ahead``: a day after today is fine.
    """

    name: str
    content: Content
    headings: tuple[str, ...]
    required: bool = True
    filled: bool = True
    choices: Mapping[str, str] = field(default_factory=dict[str, str])
    default: str = ""
    may_lie_ahead: bool = False


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One kind of file."""

    kind: str
    columns: tuple[ColumnSpec, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The canonical names in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> ColumnSpec:
        """The column with this canonical name."""
        return next(column for column in self.columns if column.name == name)


_UNITS: Final = ("(元)", "(分)", "(yuan)", "(fen)", "(人民币元)")


def plain_heading(text: str) -> str:
    """A heading as it is compared: full-width forms made narrow, no blanks, no case, no unit."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).casefold().lstrip("\ufeff")
    for unit in _UNITS:
        plain = plain.removesuffix(unit)
    return plain


def _choices(*groups: tuple[StrEnum, tuple[str, ...]]) -> Mapping[str, str]:
    known: dict[str, str] = {}
    for member, spellings in groups:
        for spelling in (member.value, *spellings):
            known[spelling.casefold()] = member.value
    return MappingProxyType(known)


SCHEMES: Final = _choices(
    (
        Scheme.PENSION_EMPLOYEE,
        ("职工基本养老保险", "企业职工基本养老保险", "城镇企业职工基本养老保险", "企业养老"),
    ),
    (Scheme.PENSION_CIVIL, ("机关事业单位基本养老保险", "机关事业单位养老保险", "机关养老")),
    (Scheme.PENSION_RESIDENT, ("城乡居民基本养老保险", "城乡居民养老保险", "居民养老")),
)
CONTRIBUTION_TYPES: Final = _choices(
    (ContributionType.NORMAL, ("正常缴费", "正常应缴", "正常")),
    (ContributionType.ARREARS_PAID, ("补缴", "补缴欠费", "欠费补缴")),
    (ContributionType.LUMP_SUM, ("一次性缴费", "一次性补缴")),
    (ContributionType.SUPPLEMENT, ("补差", "基数补差", "第二单位")),
)
PAYOUT_LINES: Final = _choices(
    (PayoutLine.NORMAL, ("正常", "正常发放", "当月发放")),
    (PayoutLine.SUPPLEMENT, ("补发", "补发行")),
)
PAYOUT_REASONS: Final = _choices(
    (PayoutReason.NONE, ("无",)),
    (PayoutReason.ADJUSTMENT_BACK_PAY, ("待遇调整补发", "调待补发")),
    (PayoutReason.RETURNED_REPAYMENT, ("退票重发", "退汇重发")),
    (PayoutReason.LATE_CERTIFICATION_BACK_PAY, ("认证恢复补发", "补认证补发")),
    (PayoutReason.FIRST_PAYMENT, ("首次发放", "首发")),
)

_IDENTITY = ColumnSpec(
    "identity_number",
    Content.IDENTITY,
    ("公民身份号码", "身份证号", "身份证号码", "证件号码", "社会保障号码", "社会保障号"),
)
_NAME = ColumnSpec("name", Content.TEXT, ("姓名", "人员姓名", "参保人姓名"))
_SCHEME = ColumnSpec(
    "scheme", Content.CHOICE, ("险种", "险种类型", "险种名称", "参保险种"), choices=SCHEMES
)

CONTRIBUTIONS: Final = TableSpec(
    CONTRIBUTION_IMPORT,
    (
        _IDENTITY,
        _NAME,
        ColumnSpec(
            "employer_code",
            Content.CREDIT_CODE,
            ("统一社会信用代码", "单位统一社会信用代码", "单位代码", "信用代码"),
            filled=False,
        ),
        ColumnSpec(
            "employer_name", Content.TEXT, ("单位名称", "缴费单位", "用人单位"), filled=False
        ),
        _SCHEME,
        ColumnSpec(
            "contribution_type",
            Content.CHOICE,
            ("缴费类型", "缴费类别", "缴费性质", "应缴类型"),
            required=False,
            filled=False,
            choices=CONTRIBUTION_TYPES,
            default=ContributionType.NORMAL,
        ),
        ColumnSpec(
            "period",
            Content.PERIOD,
            ("费款所属期", "缴费月份", "缴费年月", "所属期", "对应费款所属期"),
        ),
        ColumnSpec("base", Content.MONEY, ("缴费基数", "缴费工资", "月缴费基数", "个人缴费基数")),
        ColumnSpec(
            "unit_amount",
            Content.MONEY,
            ("单位缴费", "单位缴费金额", "单位缴纳", "单位缴纳金额", "单位部分"),
        ),
        ColumnSpec(
            "person_amount",
            Content.MONEY,
            ("个人缴费", "个人缴费金额", "个人缴纳", "个人缴纳金额", "个人部分"),
        ),
        ColumnSpec(
            "paid_on", Content.DATE, ("到账日期", "缴费日期", "实缴日期", "入库日期", "缴纳日期")
        ),
    ),
)
"""One line a person and month that was paid."""

PAYOUTS: Final = TableSpec(
    PAYOUT_IMPORT,
    (
        _IDENTITY,
        _NAME,
        _SCHEME,
        ColumnSpec(
            "period", Content.PERIOD, ("待遇所属期", "发放月份", "发放年月", "所属期", "费款所属期")
        ),
        ColumnSpec(
            "amount",
            Content.MONEY,
            ("发放金额", "实发金额", "待遇金额", "应发金额", "金额", "养老金"),
        ),
        ColumnSpec(
            "line",
            Content.CHOICE,
            ("发放类型", "发放类别", "待遇类型", "行类型"),
            required=False,
            filled=False,
            choices=PAYOUT_LINES,
            default=PayoutLine.NORMAL,
        ),
        ColumnSpec(
            "reason",
            Content.CHOICE,
            ("补发原因", "发放原因", "原因"),
            required=False,
            filled=False,
            choices=PAYOUT_REASONS,
        ),
        ColumnSpec(
            "supplement_period",
            Content.PERIOD,
            ("补发所属期", "补发月份", "补发年月"),
            required=False,
            filled=False,
        ),
        ColumnSpec(
            "decision_reference",
            Content.TEXT,
            ("核定文号", "核定编号", "待遇核定编号", "核定表编号"),
            required=False,
            filled=False,
        ),
        ColumnSpec(
            "paid_on",
            Content.DATE,
            ("发放日期", "支付日期", "到账日期"),
            required=False,
            filled=False,
            may_lie_ahead=True,
        ),
        ColumnSpec(
            "payee_bank", Content.TEXT, ("开户银行", "发放银行", "银行名称", "开户行"), filled=False
        ),
        ColumnSpec(
            "payee_account",
            Content.ACCOUNT,
            ("银行账号", "银行账户", "收款账号", "社保卡银行账号", "账号"),
        ),
    ),
)
"""One line a payment. Only a line that equals another in every field is a duplicate line."""

DEATHS: Final = TableSpec(
    DEATH_IMPORT,
    (
        _IDENTITY,
        _NAME,
        ColumnSpec("died_on", Content.DATE, ("死亡日期", "死亡时间")),
        ColumnSpec("reported_on", Content.DATE, ("申报日期", "登记日期", "报告日期", "通报日期")),
        ColumnSpec("source", Content.TEXT, ("信息来源", "数据来源", "来源")),
    ),
)
"""One line a death, as an authority or the family notified it."""

SPECS: Final = (CONTRIBUTIONS, PAYOUTS, DEATHS)
