"""What a proof bundle discloses, as labelled lines that a person can read.

The order is that of the table below, then the order of the record. A field that the table does not
know is shown under its own name: nothing that was disclosed is hidden from whoever looks at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.evidence.bundle import OwnerOpening, ProofBundle
from ledger.policy.kinds import class_name, kind_name

_FEN_IN_YUAN: Final = 100
_BPS_IN_PERCENT: Final = 100
_PERIOD_BASE: Final = 100

LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "name": ("姓名", "Name"),
    "identity_number": ("公民身份号码", "Identity number"),
    "kind": ("记录类别", "Kind of record"),
    "class": ("险种", "Insurance"),
    "period": ("所属月份", "Month"),
    "amount_fen": ("金额", "Amount"),
    "scheme": ("制度", "Scheme"),
    "line": ("发放类型", "Line"),
    "reason": ("原因", "Reason"),
    "reason_code": ("原因代码", "Reason code"),
    "region": ("行政区划代码", "Region code"),
    "paid_on": ("到账日期", "Paid on"),
    "contribution_type": ("缴费类型", "Type of contribution"),
    "base_fen": ("缴费基数", "Contribution base"),
    "unit_fen": ("单位缴费", "Paid by the employer"),
    "person_fen": ("个人缴费", "Paid by the person"),
    "pool_fen": ("划入统筹基金", "Into the pooled fund"),
    "account_fen": ("划入个人账户", "Into the personal account"),
    "account_rate_bps": ("个人账户划入比例", "Rate into the personal account"),
    "employer_code": ("单位统一社会信用代码", "Employer's credit code"),
    "employer_name": ("单位名称", "Employer"),
    "parameter_status": ("参数状态", "Status of the parameters"),
    "policy_release": ("所依参数发布", "Release of the parameters"),
    "supplement_of": ("所补发的记录", "Adds to"),
    "reverses": ("所冲销的记录", "Reverses"),
    "decision_reference": ("核定文书号", "Decision"),
    "payee_bank": ("开户银行", "Payee's bank"),
    "payee_account_tail": ("收款账号末四位", "Last four digits of the account"),
    "died_on": ("死亡日期", "Died on"),
    "reported_on": ("登记日期", "Reported on"),
    "source": ("信息来源", "Source"),
    "case_id": ("业务编号", "Case"),
    "from_log": ("转出日志", "From log"),
    "to_log": ("转入日志", "To log"),
    "maker": ("经办人员", "Officer who made it"),
    "checker": ("复核人员", "Officer who checked it"),
    "schema": ("记录格式", "Form of the record"),
}
"""The fields of records and what they are called: Chinese, English."""


@dataclass(frozen=True, slots=True)
class DisclosedFact:
    """One line of what is disclosed. It may name a person: it is for the page, never for a log."""

    key: str
    label_zh: str
    label_en: str
    value: str


def disclosed_facts(bundle: ProofBundle) -> tuple[DisclosedFact, ...]:
    """Everything a bundle tells about its fact, for people.

    At the owner level the fields of the record, at the supervision level those of the entry. Say
    beside it what the verdict is: a bundle can disclose whatever it likes.
    """
    opening = bundle.opening
    if isinstance(opening, OwnerOpening):
        values: Mapping[str, Any] = opening.record
    else:
        values = {
            "kind": int(opening.head.kind),
            "class": opening.head.class_,
            "period": opening.head.period,
            "amount_fen": opening.amount_fen,
        }
    known = [key for key in LABELS if key in values]
    unknown = [key for key in values if key not in LABELS]
    return tuple(_fact(key, values[key]) for key in [*known, *unknown])


def format_yuan(fen: int) -> str:
    """Money for people: ``¥1,234.56``."""
    yuan, rest = divmod(abs(fen), _FEN_IN_YUAN)
    return f"{'-' if fen < 0 else ''}¥{yuan:,}.{rest:02d}"


def _fact(key: str, value: Any) -> DisclosedFact:
    zh, en = LABELS.get(key, (key, key))
    return DisclosedFact(key, zh, en, _format(key, value))


def _format(key: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return _format_integer(key, value)
    if isinstance(value, bool):
        return "是 Yes" if value else "否 No"
    if isinstance(value, Mapping):
        return "; ".join(f"{inner} {_format(inner, item)}" for inner, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_format(key, item) for item in value)
    return "—" if value in {None, ""} else str(value)


def _format_integer(key: str, value: int) -> str:
    if key == "kind":
        return f"{kind_name(value, 'zh')} {kind_name(value, 'en')}"
    if key == "class":
        return f"{class_name(value, 'zh')} {class_name(value, 'en')}"
    if key.endswith("_fen"):
        return format_yuan(value)
    if key.endswith("_bps"):
        whole, rest = divmod(value, _BPS_IN_PERCENT)
        return f"{whole}.{rest:02d}%"
    if key in {"period", "insured_from", "insured_to"} or key.endswith("_month"):
        year, month = divmod(value, _PERIOD_BASE)
        return f"{year:04d}-{month:02d}" if value else "—"
    return f"{value}"
