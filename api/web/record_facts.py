"""A record as people read it: its fields by name, codes in words, nothing else.

An identity number is shown by its last four digits. A field that is not in the table is not shown;
its name is an internal one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from api.web.parts import Fact, FactForm, Words
from ledger.policy.regions import region_name
from ledger.policy.retention import ERASURE_REASONS
from ledger.records.rules import REVERSAL_REASONS

IDENTITY_TAIL: Final = 4

_CODES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "PENSION_EMPLOYEE": Words("企业职工基本养老保险", "Employee basic pension"),
        "PENSION_CIVIL": Words("机关事业单位基本养老保险", "Civil-service basic pension"),
        "PENSION_RESIDENT": Words("城乡居民基本养老保险", "Residents' basic pension"),
        "NORMAL": Words("正常", "Normal"),
        "SUPPLEMENT": Words("补差、补发", "Supplement"),
        "ARREARS_PAID": Words("补缴欠费", "Arrears paid"),
        "LUMP_SUM": Words("一次性缴费", "Lump sum"),
        "DEEMED": Words("视同缴费", "Deemed as paid"),
        "ADJUSTMENT_BACK_PAY": Words("调整待遇补发", "Back pay after an adjustment"),
        "RETURNED_REPAYMENT": Words("银行退回后重发", "Paid again after a bank return"),
        "LATE_CERTIFICATION_BACK_PAY": Words("补认证后补发", "Back pay after late certification"),
        "FIRST_PAYMENT": Words("首次发放", "First payment"),
        "ELIGIBLE": Words("符合领取条件", "Entitled"),
        "NOT_YET": Words("暂不符合领取条件", "Not yet entitled"),
        "male": Words("男职工", "Male employee"),
        "female55": Words("原法定退休年龄五十五周岁女职工", "Female employee, former age 55"),
        "female50": Words("原法定退休年龄五十周岁女职工", "Female employee, former age 50"),
        "ARCHIVE": Words("档案最早记载", "Earliest record in the file"),
        "DECISION": Words("此前的核定", "Earlier decision"),
        "IDENTITY_NUMBER": Words("居民身份证号码", "Identity number"),
        "HOLD_PAYMENT": Words("暂缓支付", "Payment held"),
        "PAY_SUSPECTED_PAYMENT": Words("先发放并立案", "Paid, and a case opened"),
        "ERASE_PERSON": Words("销毁个人密钥", "Person erased"),
        **{code.value: Words(*words) for code, words in REVERSAL_REASONS.items()},
        **{code.value: Words(*words) for code, words in ERASURE_REASONS.items()},
        "RELEASE_POLICY": Words("发布政策参数", "Release of policy parameters"),
        "published": Words("已公布", "Published"),
        "demo": Words("演示数值", "Made up for the demonstration"),
    }
)

Reader = Callable[[Any], tuple[str | Words, FactForm]]


def _text(value: Any) -> tuple[str | Words, FactForm]:
    return str(value), FactForm.TEXT


def _code(value: Any) -> tuple[str | Words, FactForm]:
    return _CODES.get(str(value), str(value)), FactForm.TEXT


def _fen(value: Any) -> tuple[str | Words, FactForm]:
    return str(int(value)), FactForm.FEN


def _period(value: Any) -> tuple[str | Words, FactForm]:
    return str(int(value)), FactForm.PERIOD


def _number(value: Any) -> tuple[str | Words, FactForm]:
    return f"{int(value):,}", FactForm.TEXT


def _percent(value: Any) -> tuple[str | Words, FactForm]:
    return f"{int(value) / 100:g}%", FactForm.TEXT


def _tail(value: Any) -> tuple[str | Words, FactForm]:
    return f"…{str(value)[-IDENTITY_TAIL:]}", FactForm.TEXT


def _officer(value: Any) -> tuple[str | Words, FactForm]:
    return str(value).removeprefix("officer-"), FactForm.TEXT


def _region(value: Any) -> tuple[str | Words, FactForm]:
    code = str(value)
    return Words(region_name(code), region_name(code, "en")), FactForm.TEXT


_FIELDS: Final[tuple[tuple[str, Words, Reader], ...]] = (
    ("name", Words("姓名", "Name"), _text),
    ("identity_number", Words("身份证号后四位", "Identity number, last four"), _tail),
    ("scheme", Words("险种", "Scheme"), _code),
    ("contribution_type", Words("缴费类型", "Type of contribution"), _code),
    ("line", Words("发放类型", "Type of payment"), _code),
    ("base_fen", Words("缴费基数", "Wage base"), _fen),
    ("unit_fen", Words("单位缴纳", "Paid by the employer"), _fen),
    ("person_fen", Words("个人缴纳", "Paid by the person"), _fen),
    ("pool_fen", Words("记入统筹基金", "Into the pool"), _fen),
    ("account_fen", Words("记入个人账户", "Into the personal account"), _fen),
    ("account_rate_bps", Words("个人账户记账比例", "Rate into the account"), _percent),
    ("employer_name", Words("单位", "Employer"), _text),
    ("employer_code", Words("统一社会信用代码", "Unified social credit code"), _text),
    ("region", Words("地区", "Region"), _region),
    ("paid_on", Words("到账或支付日期", "Paid on"), _text),
    ("decision_reference", Words("核定文号", "Decision"), _text),
    ("payee_bank", Words("开户行", "Bank"), _text),
    ("payee_account_tail", Words("收款账号后四位", "Account, last four"), _tail),
    ("died_on", Words("死亡日期", "Died on"), _text),
    ("reported_on", Words("报告日期", "Reported on"), _text),
    ("source", Words("来源", "Source"), _text),
    ("outcome", Words("核定结果", "Outcome"), _code),
    ("months", Words("累计月数", "Months in all"), _number),
    ("months_needed", Words("最低缴费月数", "Months needed"), _number),
    ("months_short", Words("还差月数", "Months missing"), _number),
    ("category", Words("人员类别", "Category"), _code),
    ("birth_month", Words("出生年月", "Month of birth"), _period),
    ("birth_source", Words("出生年月的依据", "Month of birth from"), _code),
    ("retirement_month", Words("到龄月份", "Pension age reached in"), _period),
    ("benefits_from", Words("待遇起始月份", "Benefits from"), _period),
    ("decided_on", Words("核定日期", "Decided on"), _text),
    ("operation", Words("操作", "Operation"), _code),
    ("reason_code", Words("原因代码", "Reason code"), _code),
    ("reason", Words("原因", "Reason"), _code),
    ("legal_basis", Words("依据", "Legal basis"), _text),
    ("maker", Words("经办人", "Maker"), _officer),
    ("checker", Words("复核人", "Checker"), _officer),
    ("entries", Words("不可再读的条目", "Entries unreadable"), _number),
    ("parameter_status", Words("所用参数", "Parameters used"), _code),
    ("case_id", Words("转移件编号", "Transfer case"), _text),
)
_SENTENCES: Final = ("sentence_zh", "sentence_en")


def record_facts(record: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The fields of a record in the order people read them; empty ones are left out."""
    facts = [
        Fact(label, *reader(record[name]))
        for name, label, reader in _FIELDS
        if record.get(name) not in (None, "") and not isinstance(record[name], dict | list)
    ]
    zh, en = (record.get(name) for name in _SENTENCES)
    if isinstance(zh, str) and isinstance(en, str):
        facts.append(Fact(Words("结论", "Conclusion"), Words(zh, en)))
    return tuple(facts)
