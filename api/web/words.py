"""Words for every code a page can show; the Chinese here is the source text of the translation.

A code without a word is our own mistake: `word_for` refuses it, and a test walks every code.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from api.bureau import views as bureau
from api.person import views as person
from api.supervisor import measures
from api.supervisor import views as supervisor
from api.web.parts import (
    AlertRule,
    ChainState,
    ClaimKind,
    ClaimState,
    Role,
    SealState,
    StepState,
    TransferStep,
    Verdict,
)
from ledger.chain.endpoint import EndpointState

if TYPE_CHECKING:
    from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a source text for extraction."""
    return message


# Codes of different kinds may have equal values, so each kind has its own table.
WORDS: Mapping[type[Enum], Mapping[Enum, str]] = {
    SealState: {
        SealState.STANDING: N_("已核实"),
        SealState.PENDING: N_("待确认"),
        SealState.CONTRADICTED: N_("有矛盾"),
        SealState.UNCHECKED: N_("未能核验"),
    },
    Role: {
        Role.OFFICER: N_("经办人员"),
        Role.SUPERVISOR: N_("监管人员"),
        Role.PERSON: N_("参保人"),
        Role.VERIFIER: N_("核验人"),
    },
    ChainState: {
        ChainState.CURRENT: N_("存证正常"),
        ChainState.BEHIND: N_("存证滞后"),
        ChainState.UNREACHABLE: N_("存证中断"),
        ChainState.REWRITTEN: N_("链被改写，上链与支付暂停"),
    },
    EndpointState: {
        EndpointState.UNTRIED: N_("尚未询问"),
        EndpointState.USABLE: N_("可用"),
        EndpointState.UNREACHABLE: N_("连不上"),
        EndpointState.LAGGING: N_("落后"),
        EndpointState.REFUSED: N_("不属于本网络"),
        EndpointState.DISAGREES: N_("答复与其他节点不一致"),
    },
    Verdict: {
        Verdict.VALID: N_("有效"),
        Verdict.INVALID: N_("无效"),
        Verdict.UNDETERMINED: N_("无法判定"),
    },
    StepState: {
        StepState.DONE: N_("已办"),
        StepState.CURRENT: N_("办理中"),
        StepState.WAITING: N_("未开始"),
        StepState.REFUSED: N_("已退回"),
    },
    ClaimKind: {
        ClaimKind.STAY: N_("参保时段首次转入"),
        ClaimKind.BENEFIT: N_("待遇首次登记"),
    },
    ClaimState: {
        ClaimState.OPEN: N_("异议期内"),
        ClaimState.CONTESTED: N_("有异议，待裁定"),
    },
    bureau.Direction: {
        bureau.Direction.IN: N_("转入"),
        bureau.Direction.OUT: N_("转出"),
    },
    TransferStep: {
        TransferStep.APPLIED: N_("申请"),
        TransferStep.ACCEPTED: N_("受理审核"),
        TransferStep.LETTER_SENT: N_("发出联系函"),
        TransferStep.SHEET_ISSUED: N_("出具信息表"),
        TransferStep.FUNDS_SENT: N_("划转基金"),
        TransferStep.RECORDS_CHECKED: N_("核对记录"),
        TransferStep.FIGURES_SIGNED: N_("双方签认数字"),
        TransferStep.HANDED_OVER: N_("移交关系"),
        TransferStep.CLOSED: N_("办结告知"),
    },
    bureau.BatchState: {
        bureau.BatchState.PROPOSED: N_("已提出"),
        bureau.BatchState.ANCHORED: N_("已存证"),
        bureau.BatchState.CHECKED: N_("已检查"),
        bureau.BatchState.APPROVED: N_("已复核"),
        bureau.BatchState.PAID: N_("已发出"),
        bureau.BatchState.RECONCILED: N_("已对账"),
    },
    bureau.HeldReason: {
        bureau.HeldReason.PAID_ELSEWHERE: N_("同月已在另一地登记发放"),
        bureau.HeldReason.PAID_HERE: N_("同月已在本地登记发放"),
        bureau.HeldReason.DEATH_REPORTED: N_("收到死亡报告"),
        bureau.HeldReason.CERTIFICATION_LAPSED: N_("资格认证已过期"),
        bureau.HeldReason.NO_DECISION: N_("没有待遇核定"),
        bureau.HeldReason.SUPPLEMENT_WITHOUT_LINE: N_("补发所依的原记录不在"),
    },
    bureau.LineDecision: {
        bureau.LineDecision.UNDECIDED: N_("待决定"),
        bureau.LineDecision.HELD: N_("暂缓支付"),
        bureau.LineDecision.PAY_WITH_CASE: N_("先发放并立案"),
        bureau.LineDecision.ALREADY_PAID: N_("此前已发放"),
    },
    AlertRule: {
        AlertRule.DUPLICATE_PAYOUT: N_("可能重复领取"),
        AlertRule.PAID_AFTER_DEATH: N_("可能死亡后仍发放"),
        AlertRule.PAID_WITHOUT_CERTIFICATION: N_("认证过期仍发放"),
        AlertRule.PAID_WITHOUT_DECISION: N_("发放缺少待遇核定"),
        AlertRule.DOUBLE_INSURANCE: N_("同月两地参保"),
        AlertRule.EARLY_RETIREMENT: N_("提前退休依据不一致"),
        AlertRule.SHARED_ACCOUNT: N_("多人共用一个收款账户"),
        AlertRule.OFFICER_PATTERN: N_("经办操作异常集中"),
        AlertRule.TOTAL_MISMATCH: N_("总额与明细不符"),
        AlertRule.LATE_ANCHORING: N_("入账与存证间隔过长"),
        AlertRule.SUPPLEMENT_WITHOUT_LINE: N_("补发没有对应的正常发放"),
        AlertRule.LOG_UNSERVED: N_("账本一日未提供"),
        AlertRule.LOG_INCONSISTENT: N_("账本前后不一致"),
    },
    supervisor.RiskBand: {
        supervisor.RiskBand.HIGH: N_("高"),
        supervisor.RiskBand.MEDIUM: N_("中"),
        supervisor.RiskBand.LOW: N_("低"),
    },
    supervisor.AlertState: {
        supervisor.AlertState.OPEN: N_("待通知"),
        supervisor.AlertState.NOTIFIED: N_("已通知，待答复"),
        supervisor.AlertState.ANSWERED: N_("已答复，待认定"),
        supervisor.AlertState.FOUND: N_("已认定"),
        supervisor.AlertState.CLOSED: N_("已结案"),
    },
    supervisor.ProcessStep: {
        supervisor.ProcessStep.RAISED: N_("发现疑点"),
        supervisor.ProcessStep.NOTICE: N_("通知经办机构"),
        supervisor.ProcessStep.ANSWER: N_("经办机构答复"),
        supervisor.ProcessStep.FINDING: N_("监管认定"),
        supervisor.ProcessStep.REMEDY: N_("处理与告知"),
    },
    supervisor.ConflictState: {
        supervisor.ConflictState.OPEN: N_("待答复"),
        supervisor.ConflictState.ANSWERED: N_("已答复"),
        supervisor.ConflictState.CLOSED: N_("已了结"),
    },
    supervisor.FlowKind: {
        supervisor.FlowKind.COLLECTED: N_("征缴、归集"),
        supervisor.FlowKind.ALLOCATED: N_("拨付支出户"),
        supervisor.FlowKind.PAID: N_("发放待遇"),
        supervisor.FlowKind.TRANSFERRED: N_("跨地区转移结算"),
        supervisor.FlowKind.RETURNED: N_("退回、更正"),
        supervisor.FlowKind.SHORTFALL: N_("缺口与补足"),
    },
    supervisor.FundEventKind: {
        supervisor.FundEventKind.COLLECTED: N_("征缴"),
        supervisor.FundEventKind.ALLOCATED: N_("拨付"),
        supervisor.FundEventKind.DISBURSED: N_("支付"),
        supervisor.FundEventKind.TRANSFERRED_OUT: N_("转出结算"),
        supervisor.FundEventKind.TRANSFERRED_IN: N_("转入结算"),
        supervisor.FundEventKind.RETURNED: N_("退回入账"),
        supervisor.FundEventKind.SHORTFALL: N_("记入待补"),
        supervisor.FundEventKind.FROZEN: N_("冻结"),
        supervisor.FundEventKind.RENEWED: N_("续冻"),
        supervisor.FundEventKind.RELEASED: N_("解冻"),
        supervisor.FundEventKind.OPENED: N_("期初入账"),
        supervisor.FundEventKind.CORRECTED: N_("征缴更正"),
        supervisor.FundEventKind.TAKEN_OVER: N_("账务承接"),
    },
    measures.Measure: {
        measures.Measure.FREEZE: N_("冻结拨付"),
        measures.Measure.UNFREEZE: N_("解除冻结"),
        measures.Measure.SUSPEND: N_("暂停新业务"),
        measures.Measure.REINSTATE: N_("恢复业务"),
        measures.Measure.CLOSE: N_("认定并办结"),
        measures.Measure.REVERSAL: N_("提交冲销证明"),
        measures.Measure.RENEWED: N_("续冻"),
        measures.Measure.LOG_CLOSED: N_("关闭日志"),
    },
    measures.SentState: {
        measures.SentState.PENDING: N_("已提交，等待最终上链"),
        measures.SentState.FINAL: N_("已最终上链"),
        measures.SentState.REFUSED: N_("合约没有受理"),
        measures.SentState.STUCK: N_("久未上链"),
    },
    person.PayoutState: {
        person.PayoutState.PAID: N_("已发放"),
        person.PayoutState.HELD: N_("暂缓支付"),
        person.PayoutState.RETURNED: N_("银行退回"),
        person.PayoutState.COMING: N_("将发放"),
    },
}

RULE_TEXTS: Mapping[AlertRule, str] = {
    AlertRule.DUPLICATE_PAYOUT: N_("同一人、同一险种、同一月份，出现了两笔有效的待遇发放记录。"),
    AlertRule.PAID_AFTER_DEATH: N_("发放所属月份晚于死亡报告所载的死亡月份。"),
    AlertRule.PAID_WITHOUT_CERTIFICATION: N_(
        "发放时，领取资格认证已过有效期，且没有停发或补认证记录。"
    ),
    AlertRule.PAID_WITHOUT_DECISION: N_("发放记录找不到在前的待遇核定记录。"),
    AlertRule.DOUBLE_INSURANCE: N_(
        "同一人、同一险种、同一月份，在两个地区都有缴费记录；转移或退休时依法清理。"
    ),
    AlertRule.EARLY_RETIREMENT: N_("核定所依的特殊工种年限或出生日期，与在前的记录不一致。"),
    AlertRule.SHARED_ACCOUNT: N_("一个收款账户收到多名参保人的待遇。"),
    AlertRule.OFFICER_PATTERN: N_("更正或补发集中在同一经办人员名下，明显高于同类岗位。"),
    AlertRule.TOTAL_MISMATCH: N_("链上登记的总额，与账本明细逐笔相加的结果不同。"),
    AlertRule.LATE_ANCHORING: N_("业务月份与存证时间相隔超过规定。"),
    AlertRule.SUPPLEMENT_WITHOUT_LINE: N_("补发记录指向的月份没有有效的正常发放。"),
    AlertRule.LOG_UNSERVED: N_("该机构的账本超过一日无法取得，其间的发放无法比对。"),
    AlertRule.LOG_INCONSISTENT: N_("该机构提供的账本与已存证的检查点不一致。"),
}

KINDS: Mapping[int, str] = {
    1: N_("缴费"),
    2: N_("待遇支付"),
    3: N_("更正（冲销）"),
    4: N_("领取资格认证"),
    5: N_("待遇核定"),
    6: N_("关系转出"),
    7: N_("关系转入"),
    8: N_("凭证"),
    9: N_("经办操作"),
    10: N_("死亡报告"),
    11: N_("材料"),
    12: N_("基金划转"),
}

CLASSES: Mapping[int, str] = {
    0: N_("不分险种"),
    1: N_("养老保险"),
    2: N_("医疗保险"),
    3: N_("失业保险"),
    4: N_("工伤保险"),
    5: N_("生育保险"),
}
SUPPLEMENT_BIT = 0x8000
SUPPLEMENT = N_("补发")

DIGESTS: Mapping[str, str] = {
    "tag": N_("事实标签"),
    "seal": N_("金额封印"),
    "leaf_hash": N_("叶哈希"),
    "commitment": N_("记录承诺"),
    "handle": N_("事实把手"),
    "figures_digest": N_("数字摘要"),
}


def word_for(code: Enum) -> str:
    """The Chinese word of a code, which is also its translation key.

    Raises:
        KeyError: the code has no word; every code must have one.
    """
    return WORDS[type(code)][code]


def kind_word(kind: int) -> str:
    """The Chinese word of a kind of entry."""
    return KINDS[kind]


def class_words(exclusion_class: int) -> tuple[str, ...]:
    """The Chinese words of a class; a supplement has a second word."""
    words = CLASSES[exclusion_class & ~SUPPLEMENT_BIT]
    return (words, SUPPLEMENT) if exclusion_class & SUPPLEMENT_BIT else (words,)
