"""One view-model per page and state, made up: what templates are rendered with in tests and when somebody looks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from api.bureau import views as bureau
from api.person import views as person
from api.supervisor import measures
from api.supervisor import views as supervisor
from api.tools import views as tools
from api.tools.pages import answered
from api.tools.questions import QUESTIONS
from api.verifier import views as verifier
from api.web import chain_views as chain
from api.web import views as common
from api.web.parts import (
    AlertRule,
    ClaimKind,
    ClaimRow,
    ClaimState,
    Clock,
    Fact,
    FactForm,
    Link,
    LogState,
    Pages,
    Role,
    Seal,
    SealState,
    Session,
    StepState,
    TransferStep,
    Verdict,
    Words,
)
from ledger.chain.endpoint import EndpointState

NOW = datetime(2026, 9, 15, 1, 30, tzinfo=UTC)
NANJING = Words("南京市", "Nanjing")
SUZHOU = Words("苏州市", "Suzhou")
HEFEI = Words("合肥市", "Hefei")
HEFEI_NODE = Words("合肥市社会保险中心", "Hefei Social Insurance Centre")
SUPERVISOR_NODE = Words("人社部基金监管局（演示）", "Fund Supervision, MOHRSS (demo)")
OFFICER = Session(Words("周敏", "Zhou Min"), Role.OFFICER, "token-1")
INSPECTOR = Session(Words("郑岩", "Zheng Yan"), Role.SUPERVISOR, "token-2")
RETIREE = Session(Words("李秀英", "Li Xiuying"), Role.PERSON, "token-3")


def hexes(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def seal(state: SealState = SealState.STANDING, href: str = "/bureau/entries/41") -> Seal:
    missing = (
        Words("监管联署", "the supervisor's cosignature") if state is SealState.UNCHECKED else None
    )
    return Seal(state, href, missing)


PENDING = seal(SealState.PENDING)
UNCHECKED = seal(SealState.UNCHECKED)
CONTRADICTED = seal(SealState.CONTRADICTED)
LOG = LogState(
    12_408,
    seal(),
    12_391,
    37,
    hexes("root"),
    NOW - timedelta(hours=2),
    is_final=True,
    is_cosigned=True,
)
EMPTY_LOG = LogState(0, PENDING)


def clock(total: int, used: int, due: date, *, stopped: bool = False) -> Clock:
    reason = Words("等参保人补交材料", "Waiting for papers from the person") if stopped else None
    return Clock(total, used, due, reason)


IMPORTS = (
    bureau.ImportRow(
        "/bureau/imports/3",
        "hefei-contributions-2026-08.csv",
        NOW - timedelta(hours=3),
        4_120,
        0,
        seal(),
    ),
    bureau.ImportRow(
        "/bureau/imports/2", "hefei-deaths-2026-09.xlsx", NOW - timedelta(days=1), 6, 0, PENDING
    ),
    bureau.ImportRow(
        "/bureau/imports/1",
        "hefei-contributions-2026-07.csv",
        NOW - timedelta(days=30),
        4_101,
        2,
        None,
    ),
)

BUREAU_HOME = bureau.HomeView(
    transfers=(
        bureau.TransferDue(
            "/bureau/transfers/7",
            "HF-2026-0007",
            bureau.Direction.IN,
            NANJING,
            TransferStep.RECORDS_CHECKED,
            clock(15, 9, date(2026, 9, 23)),
        ),
        bureau.TransferDue(
            "/bureau/transfers/9",
            "HF-2026-0009",
            bureau.Direction.OUT,
            SUZHOU,
            TransferStep.SHEET_ISSUED,
            clock(15, 16, date(2026, 9, 14)),
        ),
        bureau.TransferDue(
            "/bureau/transfers/11",
            "HF-2026-0011",
            bureau.Direction.IN,
            SUZHOU,
            TransferStep.ACCEPTED,
            clock(15, 4, date(2026, 9, 30), stopped=True),
        ),
    ),
    batches=(
        bureau.BatchDue(
            "/bureau/payouts/2026-09",
            "HF-P-2026-09",
            202609,
            1_284,
            412_690_350,
            3,
            clock(5, 3, date(2026, 9, 17)),
        ),
    ),
    suspicions=(
        bureau.SuspicionDue(
            "/bureau/suspicions/4",
            "S-0004",
            AlertRule.DUPLICATE_PAYOUT,
            2,
            clock(10, 6, date(2026, 9, 21)),
        ),
    ),
    log=LOG,
    imports=IMPORTS,
)
BUREAU_EMPTY = bureau.HomeView((), (), (), EMPTY_LOG, ())

CLAIMS = (
    ClaimRow(
        "5a" * 32,
        ClaimKind.BENEFIT,
        ClaimState.CONTESTED,
        NANJING,
        SUZHOU,
        date(2026, 9, 10),
        None,
    ),
    ClaimRow(
        "a5" * 32,
        ClaimKind.STAY,
        ClaimState.OPEN,
        SUZHOU,
        None,
        date(2026, 9, 14),
        date(2026, 9, 28),
    ),
)
DEADLINES = supervisor.DeadlinesView(
    (
        supervisor.DeadlineRow(
            "T-ab12cd34",
            NANJING,
            SUZHOU,
            TransferStep.FIGURES_SIGNED,
            clock(15, 17, date(2026, 9, 11)),
            1,
        ),
        supervisor.DeadlineRow(
            "T-cd34ab12",
            SUZHOU,
            NANJING,
            TransferStep.SHEET_ISSUED,
            clock(15, 16, date(2026, 9, 14)),
            0,
        ),
    ),
    12,
    CLAIMS,
)
TRANSFERS = bureau.TransfersView(
    (
        bureau.TransferRow(
            "/bureau/transfers/7",
            "HF-2026-0007",
            bureau.Direction.IN,
            NANJING,
            "王建国",
            TransferStep.RECORDS_CHECKED,
            StepState.CURRENT,
            38,
            6_214_880,
            clock(15, 9, date(2026, 9, 23)),
        ),
        bureau.TransferRow(
            "/bureau/transfers/5",
            "HF-2026-0005",
            bureau.Direction.OUT,
            SUZHOU,
            "陈静",
            TransferStep.CLOSED,
            StepState.DONE,
            26,
            3_901_200,
            None,
        ),
    ),
    CLAIMS,
)


def case_steps() -> tuple[bureau.CaseStep, ...]:
    order = list(TransferStep)
    steps = []
    for number, step in enumerate(order):
        state = (
            StepState.DONE
            if number < 5
            else StepState.CURRENT
            if number == 5
            else StepState.WAITING
        )
        steps.append(
            bureau.CaseStep(
                step,
                state,
                at=NOW - timedelta(days=12 - number) if state is StepState.DONE else None,
                due_on=date(2026, 9, 23) if state is StepState.CURRENT else None,
                by=(HEFEI if number < 3 else NANJING) if state is StepState.DONE else None,
                note=Words(
                    "等补交工作调动材料，暂停 2 个工作日。",
                    "Stopped for 2 working days: posting papers were missing.",
                )
                if number == 1
                else None,
                seal=seal() if number == 4 else None,
            )
        )
    return tuple(steps)


FIGURES = bureau.TransferFigures(
    38,
    2,
    31_074_400,
    2_485_952,
    3_728_928,
    6_214_880,
    6_214_880,
    hexes("figures"),
    signed_by_source=True,
)
TRANSFER = bureau.TransferView(
    "HF-2026-0007",
    bureau.Direction.IN,
    "王建国",
    "0031",
    NANJING,
    HEFEI,
    crosses_province=True,
    step=TransferStep.RECORDS_CHECKED,
    clock=clock(15, 9, date(2026, 9, 23)),
    steps=case_steps(),
    figures=FIGURES,
    records=tuple(
        bureau.CaseRecord(
            202600 + month,
            817_700,
            196_248,
            65_416,
            PENDING if month == 8 else seal(),
            overlaps=month in {7, 8},
        )
        for month in range(3, 9)
    ),
    download_href="/bureau/transfers/7/proof",
    actions=(
        Link(
            "/bureau/transfers/7/sign", Words("核对无误，签认数字", "All agrees: sign the figures")
        ),
        Link("/bureau/transfers/7/refuse", Words("退回", "Send back")),
    ),
)
TRANSFER_REFUSED = replace(
    TRANSFER,
    clock=None,
    figures=None,
    records=(),
    actions=(),
    refused_reason=Words(
        "转入前没有在新参保地缴费。", "Nothing was paid at the new place before the application."
    ),
)

BATCHES = bureau.BatchesView(
    (
        bureau.BatchRow(
            "/bureau/payouts/2026-09",
            "HF-P-2026-09",
            202609,
            bureau.BatchState.CHECKED,
            1_284,
            412_690_350,
            3,
            2,
            PENDING,
        ),
        bureau.BatchRow(
            "/bureau/payouts/2026-08",
            "HF-P-2026-08",
            202608,
            bureau.BatchState.RECONCILED,
            1_281,
            411_002_117,
            1,
            0,
            seal(),
        ),
    )
)
SUSPECTED = (
    bureau.SuspectedLine(
        17,
        "赵桂兰",
        "4528",
        318_540,
        bureau.HeldReason.PAID_ELSEWHERE,
        SUZHOU,
        bureau.LineDecision.UNDECIDED,
        (),
        seal(),
        Words(
            "苏州的记录先存证，第 33 号检查点。先后只说明谁先记账。",
            "Suzhou's record was anchored first, checkpoint 33. Order says who recorded first, nothing more.",
        ),
    ),
    bureau.SuspectedLine(
        402,
        "孙德福",
        "1014",
        287_000,
        bureau.HeldReason.DEATH_REPORTED,
        None,
        bureau.LineDecision.HELD,
        ("周敏", "何伟"),
        seal(),
    ),
    bureau.SuspectedLine(
        933,
        "吴玉珍",
        "2267",
        305_215,
        bureau.HeldReason.CERTIFICATION_LAPSED,
        None,
        bureau.LineDecision.PAY_WITH_CASE,
        ("周敏", "何伟"),
        UNCHECKED,
    ),
)
BATCH = bureau.BatchView(
    "HF-P-2026-09",
    202609,
    bureau.BatchState.CHECKED,
    1_284,
    412_690_350,
    hexes("batch"),
    seal(),
    SUSPECTED,
    bureau.Signature("周敏", NOW - timedelta(hours=1)),
    None,
    decide_action="/bureau/payouts/2026-09/decide",
    approve_action="/bureau/payouts/2026-09/approve",
)
BATCH_READY = replace(BATCH, suspected=SUSPECTED[1:])
BATCH_PAID = replace(
    BATCH,
    state=bureau.BatchState.RECONCILED,
    suspected=(),
    checker=bureau.Signature("何伟", NOW),
    paid_lines=1_282,
    returned_lines=2,
    unknown_lines=0,
    pay_file_href="/bureau/payouts/2026-09/pay-file",
    decide_action="",
    approve_action="",
    returns=(
        bureau.ReturnRecord(
            NOW,
            612_040,
            (
                bureau.ReturnedRow(17, 12_407, "王桂兰", "0027", 318_540, seal()),
                bureau.ReturnedRow(964, 13_354, "陈志强", "4418", 293_500, seal()),
            ),
            is_final=True,
        ),
        bureau.ReturnRecord(
            NOW,
            12_000,
            (bureau.ReturnedRow(None, 13_990, "刘玉梅", "0325", 12_000, PENDING),),
            is_final=False,
            is_correction=True,
        ),
        bureau.ReturnRecord(
            NOW, 500, (), is_final=False,
            trouble=Words("合约的答复：FundsReturnExceeds。", "It answered FundsReturnExceeds."),
        ),
    ),
)  # fmt: skip

BUREAU_LOG = bureau.LogView(
    LOG,
    tuple(
        bureau.CheckpointRow(
            37 - 3 * row,
            12_391 - 4_000 * row,
            4_000 - row,
            hexes(f"root{row}"),
            NOW - timedelta(days=row, hours=2),
            is_final=True,
            is_cosigned=row > 0,
        )
        for row in range(3)
    ),
    tuple(
        bureau.EntryRow(
            12_407 - row,
            f"/bureau/entries/{12_407 - row}",
            (1, 2, 5, 6)[row % 4],
            0x8001 if row == 1 else 1,
            202608,
            196_248,
            NOW - timedelta(minutes=row),
            PENDING if row < 2 else seal(),
        )
        for row in range(6)
    ),
    Pages(12_402, 12_407, 12_408, next_href="/bureau/log?before=12402"),
)
BUREAU_LOG_EMPTY = bureau.LogView(EMPTY_LOG, (), (), Pages(0, 0, 0))

IMPORTED = bureau.ImportsView(IMPORTS, "/bureau/imports")
IMPORT_REFUSED = bureau.ImportsView(
    IMPORTS,
    "/bureau/imports",
    "hefei-contributions-2026-08.csv",
    (
        bureau.RefusedRow(14, "identity_number", Words("校验位不对", "The check digit is wrong")),
        bureau.RefusedRow(
            220, "base_fen", Words("缴费基数低于下限", "The wage base is below the floor")
        ),
    ),
)
IMPORTS_EMPTY = bureau.ImportsView(())

ENTRY = common.EntryView(
    HEFEI_NODE,
    12_391,
    1,
    1,
    202608,
    196_248,
    seal(),
    facts=(
        Fact(Words("姓名", "Name"), "王建国"),
        Fact(
            Words("单位", "Employer"),
            Words("合肥晨光机械有限公司", "Hefei Chenguang Machinery Co., Ltd"),
        ),
        Fact(Words("缴费基数", "Wage base"), "817700", FactForm.FEN),
        Fact(Words("记入个人账户", "Into the account"), "65416", FactForm.FEN),
    ),
    digests=tuple(
        common.NamedDigest(name, hexes(name))
        for name in ("tag", "seal", "leaf_hash", "commitment", "handle")
    ),
    path=tuple(hexes(f"node{level}") for level in range(5)),
    checkpoint=common.CheckpointFacts(
        HEFEI_NODE,
        "anxu/31415/3",
        37,
        12_400,
        hexes("root"),
        NOW - timedelta(hours=2),
        is_final=True,
        is_cosigned=True,
        chain_transaction="0x" + hexes("transaction"),
        block=412,
    ),
    download_href="/bureau/entries/12391/proof",
)
ENTRY_PENDING = replace(ENTRY, seal=PENDING, checkpoint=None, path=(), download_href="")
ENTRY_BROKEN = replace(
    ENTRY,
    seal=CONTRADICTED,
    reversed_by=Link("/bureau/entries/12400", Words("第 12,400 条", "entry 12,400")),
)
ENTRY_SUPERVISION = replace(ENTRY, seal=UNCHECKED, facts=(), is_baseline=True)
_BASE = Words("缴费基数", "Wage base")
CORRECTION = common.CorrectionView(
    reason=Words("金额错误", "the wrong amount"),
    legal_basis="社会保险经办条例第三十七条",
    maker="maker",
    checker="checker",
    at=NOW - timedelta(days=3),
    changes=(
        common.Change(
            _BASE, Fact(_BASE, "817700", FactForm.FEN), Fact(_BASE, "820000", FactForm.FEN)
        ),
        common.Change(Words("原因", "Reason"), None, Fact(Words("原因", "Reason"), "x")),
    ),
    is_restated=True,
    entries=(Link("/bureau/entries/12391", Words("第 12,391 条", "entry 12,391")),),
    proofs=(
        Link(
            "/bureau/entries/12391/bundle.json",
            Words("第 12,391 条的证明", "proof of entry 12,391"),
        ),
    ),
)
ENTRY_CORRECTED = replace(
    ENTRY,
    corrections=(
        CORRECTION,
        replace(
            CORRECTION,
            changes=(common.Change(_BASE, Fact(_BASE, "820000", FactForm.FEN), None),),
            is_restated=False,
            proofs=(),
        ),
        replace(CORRECTION, changes=(), entries=()),
    ),
)
ERASED = common.ErasedView(
    NOW, Words("保存期限已届满", "the retention period is over"), "个人信息保护法第四十七条"
)
ENTRY_ERASED = replace(ENTRY, facts=(), download_href="", erased=ERASED)
AS_OF = common.AsOfView(
    on="2026-03-01",
    latest="2026-09-15",
    action="/bureau/log/as-of",
    is_own=False,
    known=12_400,
    anchored=12_000,
    checkpoint=common.PastCheckpoint(12_300, hexes("root"), NOW, NOW, 36),
    totals=(common.TotalRow(1, 12_000, 2_304_000_000),),
    rows=(
        common.PastRow(
            Link("/bureau/entries/1", Words("第 1 条", "entry 1")), 1, 1, 202602, 192_000, NOW,
            is_anchored=True, stood=True, is_reversed_later=True,
        ),
        common.PastRow(
            Link("/bureau/entries/0", Words("第 0 条", "entry 0")), 2, 1, 202602, 192_000, NOW,
            is_anchored=False, stood=False,
        ),
    ),
)  # fmt: skip
AS_OF_NOTHING = replace(
    AS_OF, is_own=True, known=0, anchored=0, checkpoint=None, totals=(), rows=(), trouble=True
)


def alert(
    number: int,
    rule: AlertRule,
    risk: int,
    places: tuple[Words, ...],
    months: int,
    amount: int,
    state: supervisor.AlertState,
) -> supervisor.AlertRow:
    return supervisor.AlertRow(
        f"/supervisor/alerts/{number}",
        f"S-{number:04d}",
        rule,
        risk,
        places,
        202608,
        202609 if months > 1 else 202608,
        months,
        amount,
        state,
        NOW - timedelta(days=number),
    )


ALERTS = (
    alert(
        4,
        AlertRule.DUPLICATE_PAYOUT,
        92,
        (SUZHOU, NANJING),
        2,
        637_080,
        supervisor.AlertState.NOTIFIED,
    ),
    alert(3, AlertRule.PAID_AFTER_DEATH, 78, (HEFEI,), 1, 287_000, supervisor.AlertState.ANSWERED),
    alert(
        2, AlertRule.DOUBLE_INSURANCE, 45, (HEFEI, NANJING), 2, 392_496, supervisor.AlertState.OPEN
    ),
    alert(1, AlertRule.LATE_ANCHORING, 20, (SUZHOU,), 1, 0, supervisor.AlertState.CLOSED),
)
JIANGSU, ANHUI = Words("江苏", "Jiangsu"), Words("安徽", "Anhui")


def flow() -> supervisor.FlowPicture:
    accounts = [
        supervisor.FlowAccount("js-treasury", Words("江苏 国库", "Jiangsu treasury"), 0),
        supervisor.FlowAccount("ah-treasury", Words("安徽 国库", "Anhui treasury"), 0),
        supervisor.FlowAccount("js-fiscal", Words("江苏 财政专户", "Jiangsu fiscal account"), 1),
        supervisor.FlowAccount("ah-fiscal", Words("安徽 财政专户", "Anhui fiscal account"), 1),
        supervisor.FlowAccount("js-spend", Words("江苏 支出户", "Jiangsu expenditure"), 2),
        supervisor.FlowAccount("ah-spend", Words("安徽 支出户", "Anhui expenditure"), 2),
        supervisor.FlowAccount("nanjing", Words("南京 发放", "Nanjing payments"), 3),
        supervisor.FlowAccount("suzhou", Words("苏州 发放", "Suzhou payments"), 3),
        supervisor.FlowAccount("js-out", Words("江苏 在途", "Jiangsu in transit"), 3),
        supervisor.FlowAccount("hefei", Words("合肥 发放", "Hefei payments"), 3),
        supervisor.FlowAccount("ah-out", Words("安徽 在途", "Anhui in transit"), 3),
        supervisor.FlowAccount("ah-short", Words("安徽 缺口", "Anhui shortfall"), 3),
    ]
    kinds = supervisor.FlowKind
    rows = [
        ("js-treasury", "js-fiscal", 1_280_455_210, kinds.COLLECTED, 3),
        ("ah-treasury", "ah-fiscal", 702_118_040, kinds.COLLECTED, 3),
        ("js-fiscal", "js-spend", 990_200_000, kinds.ALLOCATED, 2),
        ("ah-fiscal", "ah-spend", 455_000_000, kinds.ALLOCATED, 2),
        ("js-spend", "nanjing", 520_118_450, kinds.PAID, 1_622),
        ("js-spend", "suzhou", 431_008_115, kinds.PAID, 1_340),
        ("js-spend", "js-out", 31_074_400, kinds.TRANSFERRED, 5),
        ("ah-spend", "hefei", 412_690_350, kinds.PAID, 1_284),
        ("ah-spend", "ah-out", 18_640_120, kinds.TRANSFERRED, 5),
        ("js-out", "ah-fiscal", 31_074_400, kinds.TRANSFERRED, 5),
        ("ah-out", "js-fiscal", 18_640_120, kinds.TRANSFERRED, 5),
        ("hefei", "ah-spend", 9_204_300, kinds.RETURNED, 3),
        ("ah-short", "ah-spend", 120_000, kinds.SHORTFALL, 0),
        ("js-fiscal", "js-treasury", 61_000_000, kinds.RETURNED, 0),
        ("ah-treasury", "hefei", 25_000_000, kinds.PAID, 77),
    ]
    bands = tuple(
        supervisor.FlowBand(
            source, target, amount, kind, f"/supervisor/funds?from={source}&to={target}", lines
        )
        for source, target, amount, kind, lines in rows
    )
    columns = (
        Words("国库", "Treasury"),
        Words("财政专户", "Fiscal special account"),
        Words("支出户", "Expenditure account"),
        Words("发放、在途、缺口", "Paid, in transit, short"),
    )
    return supervisor.FlowPicture(columns, tuple(accounts), bands, 202608, 202609)


LOGS = (
    supervisor.FollowedLog(
        Words("南京市社会保险中心", "Nanjing Social Insurance Centre"),
        1,
        replace(LOG, size=15_220, number=35),
        is_consistent=True,
        lag=0,
        seen_at=NOW,
        href="/supervisor/logs/1",
    ),
    supervisor.FollowedLog(
        Words("苏州市社会保险中心", "Suzhou Social Insurance Centre"),
        2,
        replace(LOG, size=14_010, number=36, is_cosigned=False, seal=PENDING),
        is_consistent=True,
        lag=14,
        seen_at=NOW,
        href="/supervisor/logs/2",
    ),
    supervisor.FollowedLog(
        HEFEI_NODE,
        3,
        replace(LOG, seal=UNCHECKED),
        is_consistent=None,
        lag=17,
        seen_at=NOW - timedelta(hours=26),
        href="/supervisor/logs/3",
    ),
)
SUPERVISOR_HOME = supervisor.HomeView(ALERTS, flow(), LOGS)
SUPERVISOR_EMPTY = supervisor.HomeView((), supervisor.FlowPicture((), (), (), 202608, 202609), ())
ALERT = supervisor.AlertView(
    "S-0004",
    AlertRule.DUPLICATE_PAYOUT,
    92,
    supervisor.AlertState.NOTIFIED,
    NOW - timedelta(days=4),
    (SUZHOU, NANJING),
    tuple(
        supervisor.AlertLeaf(place, index, number, 2, 1, 202608, 318_540, seal())
        for place, index, number in ((LOGS[1].name, 9_911, 33), (LOGS[0].name, 11_204, 35))
    ),
    1,
    637_080,
    (
        supervisor.CaseProcess(
            supervisor.ProcessStep.RAISED,
            StepState.DONE,
            NOW - timedelta(days=4),
            None,
            SUPERVISOR_NODE,
        ),
        supervisor.CaseProcess(
            supervisor.ProcessStep.NOTICE,
            StepState.DONE,
            NOW - timedelta(days=4),
            None,
            SUPERVISOR_NODE,
            Words(
                "已通知苏州、南京，并告知本人。", "Suzhou, Nanjing and the person were notified."
            ),
        ),
        supervisor.CaseProcess(
            supervisor.ProcessStep.ANSWER, StepState.CURRENT, None, date(2026, 9, 24), None
        ),
        supervisor.CaseProcess(supervisor.ProcessStep.FINDING, StepState.WAITING),
        supervisor.CaseProcess(supervisor.ProcessStep.REMEDY, StepState.WAITING),
    ),
    supervisor.ConflictProof(
        1,
        hexes("tag"),
        "0x" + hexes("conflict"),
        431,
        NOW - timedelta(days=4),
        supervisor.ConflictState.OPEN,
    ),
    (
        Words(
            "其中一笔银行已退回，尚未更正。",
            "The bank returned one of the two and it is not yet corrected.",
        ),
        Words(
            "关系刚转移，两地交接月份重叠。",
            "The relation just moved and both places paid the month of the hand-over.",
        ),
    ),
)
ALERT_WHOLE_LOG = replace(
    ALERT,
    rule=AlertRule.LOG_UNSERVED,
    risk=35,
    state=supervisor.AlertState.OPEN,
    leaves=(),
    conflict=None,
    amount_fen=0,
    innocent_causes=(),
    notify_action="/supervisor/alerts/4/notify",
)
FROZEN = measures.BureauStanding(
    LOGS[1].name, 2, "/supervisor/bureaus/2", frozen_through=date(2026, 9, 29), is_renewed=True,
    shortfall_fen=120_000,
)  # fmt: skip
SUSPENDED = measures.BureauStanding(
    HEFEI_NODE, 3, "/supervisor/bureaus/3", is_suspended=True, is_closed=True,
    frozen_through=date(2026, 9, 18), is_inherited=True,
)  # fmt: skip
WORKING = measures.BureauStanding(LOGS[0].name, 1, "/supervisor/bureaus/1")


def sent(
    measure: measures.Measure, state: measures.SentState = measures.SentState.PENDING
) -> measures.Sent:
    is_refused = state is measures.SentState.REFUSED
    is_final = state is measures.SentState.FINAL
    return measures.Sent(
        measure, state, NOW - timedelta(minutes=9), "0x" + hexes("decision"),
        NOW if is_final else None, "0x" + hexes("landed") if is_final else "",
        Words("它已经暂停了。", "It is suspended already.") if is_refused else None,
        Words("请刷新页面，看现在的状态。", "Load the page again.") if is_refused else None,
    )  # fmt: skip


def past(measure: measures.Measure, through: date | None = None) -> measures.PastMeasure:
    transaction = "0x" + hexes(measure.value)
    return measures.PastMeasure(
        NOW - timedelta(days=2), measure, through, "0x" + hexes("decision"), transaction, 431
    )


BUREAU_FROZEN = measures.BureauView(
    FROZEN,
    (sent(measures.Measure.FREEZE, measures.SentState.FINAL),
     sent(measures.Measure.SUSPEND, measures.SentState.REFUSED)),
    (measures.Offer(measures.Measure.SUSPEND, "/supervisor/bureaus/2/suspend"),),
    (measures.Command(Words("解除续冻（监管部门共同决定）", "Lift the renewed freeze (by the council)"),
                      "anxu funds unfreeze 2 --reason FILE --node DIR"),),
    (past(measures.Measure.RENEWED, date(2026, 9, 29)),
     past(measures.Measure.FREEZE, date(2026, 9, 28))),
)  # fmt: skip
BUREAU_WAITING = measures.BureauView(
    WORKING,
    (sent(measures.Measure.FREEZE), sent(measures.Measure.SUSPEND, measures.SentState.STUCK)),
    (), (), (),
)  # fmt: skip
BUREAU_ELSEWHERE = measures.BureauView(
    SUSPENDED, (), (), (), (), Words("本节点没有可用的冻结密钥。", "This node has no such key.")
)
ASKED = measures.MeasureView(
    Words("冻结这家机构的拨付吗？", "Freeze this bureau's money?"),
    LOGS[1].name,
    (Words("冻结停的是全部拨付。", "A freeze stops all outgoing money."),),
    "/supervisor/bureaus/2/freeze",
    Words("冻结拨付", "Freeze its money"),
    Link("/supervisor/bureaus/2", Words("先不办", "Not now")),
    maximum_mib=16,
)
ASKED_AGAIN = replace(
    ASKED,
    choices=(("repaid", Words("已追回", "The money is back")), ("x", Words("应收", "Owed"))),
    chosen="repaid",
    problem=Words("没有收到决定文件，什么也没有提交。", "No decision came, so nothing was sent."),
    mend=Words("请选择决定文件。", "Choose the file."),
)
ALERT_TO_END = replace(
    ALERT,
    measures=measures.AlertMeasures(
        (
            (replace(FROZEN, is_renewed=False), (), (measures.Offer(
                measures.Measure.UNFREEZE, "/supervisor/bureaus/2/unfreeze?alert=4"),)),
            (WORKING, (sent(measures.Measure.FREEZE),), ()),
        ),
        "/supervisor/alerts/4/close",
        "/supervisor/alerts/4/reversal",
        sent(measures.Measure.REVERSAL, measures.SentState.REFUSED),
    ),
)  # fmt: skip
ALERT_ELSEWHERE = replace(
    ALERT,
    measures=measures.AlertMeasures(
        lacks=Words("本节点没有可用的办结密钥。", "This node has no such key."),
        commands=(measures.Command(Words("认定并办结", "Find and close"), "anxu alerts close 4"),),
    ),
)
FUNDS = supervisor.FundEventsView(
    (
        supervisor.AccountBalance(
            Words("财政专户", "Fiscal special account"), JIANGSU, 290_255_210
        ),
        supervisor.AccountBalance(Words("支出户", "Expenditure account"), JIANGSU, 7_999_035),
        supervisor.AccountBalance(Words("待补", "Shortfall"), ANHUI, -120_000, is_frozen=True),
    ),
    (
        supervisor.FundEvent(
            NOW - timedelta(hours=5),
            supervisor.FundEventKind.DISBURSED,
            Words("江苏 支出户", "Jiangsu expenditure"),
            None,
            520_118_450,
            1_622,
            2,
            418,
            "0x" + hexes("f1"),
            seal(),
        ),
        supervisor.FundEvent(
            NOW - timedelta(days=1),
            supervisor.FundEventKind.TRANSFERRED_OUT,
            Words("江苏 支出户", "Jiangsu expenditure"),
            Words("安徽 转入", "Anhui transferred in"),
            31_074_400,
            5,
            2,
            409,
            "0x" + hexes("f2"),
            PENDING,
        ),
    ),
    Pages(1, 2, 2),
    stopped=(
        supervisor.StoppedBureau(
            Words("合肥市", "Hefei"), date(2026, 9, 29), is_renewed=True, shortfall_fen=120_000
        ),
        supervisor.StoppedBureau(
            Words("苏州市", "Suzhou"), None, is_renewed=False, shortfall_fen=5_000
        ),
    ),
    ways=(
        supervisor.WayRow(
            JIANGSU, Words("征缴", "collection"), (Words("账外 → 国库", "outside → treasury"),),
            None, "",
        ),
        supervisor.WayRow(
            JIANGSU, Words("征缴", "collection"),
            (Words("账外 → 收入户", "outside → income account"),),
            NOW + timedelta(days=108), "0x" + hexes("ways"), is_coming=True,
        ),
        supervisor.WayRow(
            JIANGSU, Words("调拨", "allocation"),
            (Words("国库 → 财政专户", "treasury → fiscal special account"),
             Words("财政专户 → 支出户", "fiscal special account → expenditure account")),
            NOW, "0x" + hexes("ways"),
        ),
        supervisor.WayRow(ANHUI, Words("调拨", "allocation"), (), NOW, "0x" + hexes("ways")),
    ),
)  # fmt: skip
FUNDS_OF_BAND = replace(
    FUNDS,
    band=Words("江苏 财政专户 → 江苏 支出户", "Jiangsu fiscal account → Jiangsu expenditure"),
    band_fen=551_192_850,
)
RANGE_ROWS = tuple(
    supervisor.RangeRow(index, 2, 1, 202608, 318_540, seal(href=f"/supervisor/entries/1/{index}"))
    for index in (402, 403)
)
RANGE = supervisor.EntryRangeView(
    HEFEI_NODE,
    Words("2026-08 待遇支付", "Payments for 2026-08"),
    402,
    404,
    2,
    637_080,
    2,
    637_080,
    RANGE_ROWS,
    Pages(402, 403, 404),
)
RANGE_OFF = replace(RANGE, announced_fen=637_000)
RANGE_EMPTY = replace(RANGE, rows=(), lines=0, sum_fen=0)
CONFIRM = bureau.ConfirmView(
    Words("您要接收这笔转移吗？", "Take this transfer in?"),
    Words("签认 38 个月", "Sign for 38 months"),
    Words(
        "双方签认同一份数字后，关系移交到本地。", "Once both sides signed, the relation moves here."
    ),
    "/bureau/transfers/7/accept",
    Words("签认数字", "Sign the figures"),
    Link("/bureau/transfers/7", Words("回到转移件", "Back to the case")),
    first_by=Words("周敏", "Zhou Min"),
)
CONFIRM_REFUSAL = replace(
    CONFIRM,
    action="/bureau/transfers/7/refuse",
    reasons=(("4", Words("原参保地无本人缴费记录", "No contribution here")),),
    first_by=None,
)
TRANSFER_UNDATED = replace(TRANSFER, clock=Clock(15, None, None))
BATCH_IN_TROUBLE = replace(
    BATCH_READY, trouble=Words("支出户余额不足。", "The expenditure account holds too little.")
)
BATCH_UNCHECKED = replace(
    BATCH,
    state=bureau.BatchState.ANCHORED,
    suspected=(),
    check_action="/bureau/payouts/2026-09/check",
    decide_action="",
    approve_action="",
)
FUNDS_EMPTY = supervisor.FundEventsView((), (), Pages(0, 0, 0))


def months(first: int, last: int) -> tuple[int, ...]:
    return tuple(
        year * 100 + month
        for year in range(first // 100, last // 100 + 1)
        for month in range(1, 13)
        if first <= year * 100 + month <= last
    )


NANJING_MONTHS = months(202307, 202503)
HEFEI_MONTHS = months(202502, 202608)
SUZHOU_MONTHS = months(201004, 202301)


def year_rows() -> tuple[person.YearRows, ...]:
    years = []
    for year in (2026, 2025, 2024):
        rows = [
            person.MonthRow(
                period,
                city,
                817_700,
                196_248,
                65_416,
                PENDING if period == 202608 else seal(href=f"/me/entries/{period}"),
                overlaps=period in {202502, 202503},
            )
            for city, periods in ((NANJING, NANJING_MONTHS), (HEFEI, HEFEI_MONTHS))
            for period in periods
            if period // 100 == year
        ]
        years.append(person.YearRows(year, tuple(sorted(rows, key=lambda row: row.period))))
    return tuple(years)


CONDITIONS = (
    person.Condition(
        Words("到了法定退休年龄", "You reach the statutory retirement age"),
        Words(
            "您 1971 年 9 月出生，按渐进式调整，法定年龄为 55 岁 6 个月。",
            "Born in September 1971; with the gradual reform your statutory age is 55 years and 6 months.",
        ),
        met=False,
    ),
    person.Condition(
        Words("缴费满 15 年", "At least 15 years of contributions"),
        Words("合计 15 年 11 个月。", "15 years and 11 months in all."),
        met=True,
        href="#years",
    ),
    person.Condition(
        Words("没有在别处领取养老金", "No pension is drawn elsewhere"),
        Words("三地账本核对到第 37 号检查点。", "Three logs were compared up to checkpoint 37."),
        met=None,
        mend=Words(
            "合肥账本明天补齐后会自动再查，您不用做什么。",
            "It is checked again when Hefei's log is complete tomorrow; nothing for you to do.",
        ),
    ),
)
RECORD = person.RecordView(
    "李秀英",
    person.Eligibility(
        person.Answer.FROM,
        (
            Words(
                "到那个月，您满 55 岁 6 个月，缴费满 15 年。",
                "In that month you will be 55 years and 6 months old and have 15 years of contributions.",
            ),
            Words(
                "您不需要再补缴。待遇由合肥发放。",
                "You need not pay anything more. Hefei will pay your pension.",
            ),
        ),
        CONDITIONS,
        seal(),
        202703,
        318_540,
        is_estimate=True,
    ),
    (
        person.CityLine(SUZHOU, SUZHOU_MONTHS),
        person.CityLine(NANJING, NANJING_MONTHS),
        person.CityLine(HEFEI, HEFEI_MONTHS),
    ),
    year_rows(),
    (
        person.TransferProgress(
            NANJING, HEFEI, TransferStep.RECORDS_CHECKED, 5, 9, clock(15, 9, date(2026, 9, 23))
        ),
        person.TransferProgress(SUZHOU, NANJING, TransferStep.CLOSED, 9, 9, None, seal=seal()),
    ),
    (),
    (
        person.Download(
            "/me/proof/eligibility",
            Words("下载退休资格证明", "Download my proof of eligibility"),
            Words("给银行、医院或别的机构看", "to show to a bank, a hospital or another bureau"),
        ),
        person.Download(
            "/me/proof/years",
            Words("下载缴费年限证明", "Download my proof of years"),
            Words("每个月一条，可逐条核对", "one row a month, each can be checked"),
        ),
    ),
)
RECORD_RETIRED = replace(
    RECORD,
    eligibility=person.Eligibility(
        person.Answer.RETIRED,
        (Words("2025 年 6 月起由南京发放。", "Paid by Nanjing since June 2025."),),
        (),
        UNCHECKED,
        monthly_fen=318_540,
    ),
    lines=(person.CityLine(NANJING, NANJING_MONTHS),),
    transfers=(
        person.TransferProgress(
            SUZHOU,
            NANJING,
            TransferStep.ACCEPTED,
            1,
            9,
            None,
            Words(
                "申请前没有在新参保地缴费。",
                "Nothing was paid at the new place before the application.",
            ),
        ),
    ),
    payouts=(
        person.PayoutRow(
            202609,
            318_540,
            NANJING,
            person.PayoutState.HELD,
            None,
            PENDING,
            Words(
                "苏州同月也有一笔登记，两名经办人员正在核对。您可以到任一经办机构说明。",
                "Suzhou recorded the same month too; two officers are checking. You may explain at either bureau.",
            ),
        ),
        person.PayoutRow(
            202608, 318_540, NANJING, person.PayoutState.PAID, date(2026, 8, 15), seal()
        ),
        person.PayoutRow(
            202607, 318_540, NANJING, person.PayoutState.RETURNED, date(2026, 7, 15), CONTRADICTED
        ),
    ),
)
RECORD_EMPTY = person.RecordView(
    "新参保人",
    person.Eligibility(
        person.Answer.NOT_YET,
        (Words("还没有缴费记录。", "There are no contributions yet."),),
        (),
        UNCHECKED,
    ),
    (),
    (),
    (),
    (),
    (),
)

TRUST = verifier.TrustSource(Words("演示网络 31415", "demo network 31415"), 3, 1, NOW)


def checks(recorded: Verdict, stands: Verdict) -> tuple[verifier.CheckRow, ...]:
    return (
        verifier.CheckRow(
            Words("记录与承诺一致", "The record matches its commitment"),
            Verdict.VALID,
            Words("重算的摘要与叶相同", "The recomputed digest equals the leaf's"),
        ),
        verifier.CheckRow(
            Words("叶在检查点之下", "The leaf is under the checkpoint"),
            recorded,
            Words("14 步路径", "a path of 14 steps"),
        ),
        verifier.CheckRow(
            Words("检查点由该机构签名", "The checkpoint is signed by the bureau"), Verdict.VALID
        ),
        verifier.CheckRow(Words("监管联署可信", "The cosignature is trusted"), recorded),
        verifier.CheckRow(
            Words("没有被更正", "It was not reversed"),
            stands,
            Words("依据现状声明", "by the standing statement"),
        ),
    )


FACTS = (
    Fact(Words("姓名", "Name"), "李秀英"),
    Fact(Words("险种", "Class"), Words("养老保险", "Pension")),
    Fact(Words("所属月份", "Month"), "202608", FactForm.PERIOD),
    Fact(Words("金额", "Amount"), "196248", FactForm.FEN),
    Fact(Words("叶哈希", "Leaf hash"), hexes("leaf"), FactForm.DIGEST),
)
VERIFY = verifier.VerifyView("/verify", TRUST)
VERIFY_VALID = replace(
    VERIFY,
    result=verifier.VerificationResult(
        Verdict.VALID,
        Verdict.VALID,
        HEFEI_NODE,
        checks(Verdict.VALID, Verdict.VALID),
        FACTS,
        (),
        NOW - timedelta(days=20),
        37,
        NOW,
        is_baseline=True,
    ),
)
VERIFY_INVALID = replace(
    VERIFY,
    result=verifier.VerificationResult(
        Verdict.INVALID,
        Verdict.UNDETERMINED,
        HEFEI_NODE,
        checks(Verdict.INVALID, Verdict.UNDETERMINED),
        (),
    ),
)
VERIFY_UNDETERMINED = replace(
    VERIFY,
    result=verifier.VerificationResult(
        Verdict.VALID,
        Verdict.UNDETERMINED,
        HEFEI_NODE,
        checks(Verdict.VALID, Verdict.UNDETERMINED),
        FACTS,
        (
            Words(
                "没有现状声明，也没有连上链：之后有没有被更正，查不到。",
                "No standing statement and no chain: whether it was reversed since could not be looked up.",
            ),
        ),
        NOW - timedelta(days=20),
    ),
)
VERIFY_PROBLEM = replace(
    VERIFY,
    problem=Words(
        "内容不是 JSON，可能没有粘贴完整。", "This is not JSON; perhaps it was not pasted whole."
    ),
)

SIGN_IN = common.SignInView(
    (
        common.Persona(
            "zhou",
            Words("周敏", "Zhou Min"),
            Role.OFFICER,
            HEFEI_NODE,
            Words("办转移、发待遇", "handles transfers and payouts"),
        ),
        common.Persona(
            "zheng",
            Words("郑岩", "Zheng Yan"),
            Role.SUPERVISOR,
            SUPERVISOR_NODE,
            Words("看资金去向和疑点", "looks at flows and suspicions"),
        ),
        common.Persona(
            "li",
            Words("李秀英", "Li Xiuying"),
            Role.PERSON,
            HEFEI,
            Words("想知道能不能退休", "wants to know whether she can retire"),
        ),
    ),
    "/sign-in",
    "/me",
)
ERROR = common.ErrorView(
    Words("链暂时连不上。", "The chain is out of reach for now."),
    Words(
        "您的记录已经入账，没有丢；存证会晚一点。",
        "Your record is kept and nothing is lost; anchoring will be late.",
    ),
    Words("不用重做，几分钟后再看。", "No need to repeat anything; look again in a few minutes."),
    "R-7Q4M-20260915",
    Link("/bureau", Words("回到待办", "Back to the inbox")),
)

RETIREMENT, PENSION, TRANSFER_MONEY = QUESTIONS
TOOLS = tools.ToolsView(tuple((Link(tool.path, tool.title), tool.lead) for tool in QUESTIONS))
RETIREMENT_ANSWER = answered(
    RETIREMENT, {"category": "female-50", "born": "1980-03", "flexible": "-12"}
)
RETIREMENT_WRONG = answered(RETIREMENT, {"category": "male", "born": "1980-13", "flexible": ""})
PENSION_ANSWER = answered(
    PENSION,
    {
        "category": "female-50",
        "born": "1974-06",
        "region": "510000",
        "paid_months": "342",
        "deemed_months": "40",
        "index": "0.935",
        "balance_yuan": "150397.22",
        "base_yuan": "8321",
    },
)
TRANSFER_ANSWER = answered(
    TRANSFER_MONEY,
    {
        "from_region": "320000",
        "to_region": "340000",
        "balance_yuan": "15360",
        "first_1": "2022-01",
        "last_1": "2023-12",
        "base_yuan_1": "8000",
        "first_2": "",
    },
)

CHAIN_WORKS = chain.ChainView(
    answer=Words("存证正常", "Anchoring works"),
    reason=Words("可以连接。", "It can be reached."),
    is_reachable=True,
    waiting=0,
    quorum=2,
    index=chain.IndexRow(12_345, 12_340, 3, 2, 12_000, None, None),
    endpoints=(
        chain.EndpointRow(
            "http://10.0.0.1:8545", EndpointState.USABLE, 12_348, NOW, 4, NOW, ""
        ),
        chain.EndpointRow(
            "http://10.0.0.2:8545", EndpointState.DISAGREES, None, None, None, NOW,
            "alone with its block 12340",
        ),
    ),
    shows_endpoints=True,
)  # fmt: skip
CHAIN_OUT = replace(
    CHAIN_WORKS,
    answer=Words("暂时连不上存证网络", "The anchoring network cannot be reached for now"),
    reason=Words("没有答复。", "No answer."),
    is_reachable=False,
    waiting=3,
    index=chain.IndexRow(
        12_345, 12_340, 3, 2, None, Words("少了一条。", "One is missing."),
        Words("请重建。", "Rebuild it."),
    ),
    endpoints=(),
    shows_endpoints=False,
)  # fmt: skip

# name of the sample -> (template, view, who is signed in, path)
SAMPLES: dict[str, tuple[str, object, Session | None, str]] = {
    "chain": ("chain.html", CHAIN_WORKS, OFFICER, "/chain"),
    "chain-out": ("chain.html", CHAIN_OUT, RETIREE, "/chain"),
    "chain-unread": ("chain.html", replace(CHAIN_WORKS, index=None), None, "/chain"),
    "tools": ("tools/index.html", TOOLS, None, "/tools/"),
    "tool-retirement": ("tools/tool.html", RETIREMENT_ANSWER, None, "/tools/retirement"),
    "tool-wrong": ("tools/tool.html", RETIREMENT_WRONG, None, "/tools/retirement"),
    "tool-pension": ("tools/tool.html", PENSION_ANSWER, RETIREE, "/tools/pension"),
    "tool-transfer": ("tools/tool.html", TRANSFER_ANSWER, OFFICER, "/tools/transfer"),
    "entry-corrected": ("entry.html", ENTRY_CORRECTED, OFFICER, "/bureau/entries/12391"),
    "entry-erased": ("entry.html", ENTRY_ERASED, OFFICER, "/bureau/entries/12391"),
    "person-erased": ("person/erased.html", ERASED, RETIREE, "/me"),
    "person-erased-unknown": ("person/erased.html", common.ErasedView(NOW), RETIREE, "/me"),
    "log-as-of": ("as_of.html", AS_OF, OFFICER, "/bureau/log/as-of"),
    "own-as-of-nothing": ("as_of.html", AS_OF_NOTHING, RETIREE, "/me/as-of"),
    "bureau-home": ("bureau/home.html", BUREAU_HOME, OFFICER, "/bureau"),
    "bureau-home-empty": ("bureau/home.html", BUREAU_EMPTY, OFFICER, "/bureau"),
    "bureau-transfers": ("bureau/transfers.html", TRANSFERS, OFFICER, "/bureau/transfers"),
    "bureau-transfers-empty": (
        "bureau/transfers.html",
        bureau.TransfersView(()),
        OFFICER,
        "/bureau/transfers",
    ),
    "bureau-transfers-without-chain": (
        "bureau/transfers.html",
        bureau.TransfersView((), None),
        OFFICER,
        "/bureau/transfers",
    ),
    "supervisor-transfers": (
        "supervisor/transfers.html",
        DEADLINES,
        INSPECTOR,
        "/supervisor/transfers",
    ),
    "supervisor-transfers-empty": (
        "supervisor/transfers.html",
        supervisor.DeadlinesView((), 0, ()),
        INSPECTOR,
        "/supervisor/transfers",
    ),
    "supervisor-transfers-without-chain": (
        "supervisor/transfers.html",
        supervisor.DeadlinesView(None, 3, None),
        INSPECTOR,
        "/supervisor/transfers",
    ),
    "bureau-transfer": ("bureau/transfer.html", TRANSFER, OFFICER, "/bureau/transfers/7"),
    "bureau-transfer-refused": (
        "bureau/transfer.html",
        TRANSFER_REFUSED,
        OFFICER,
        "/bureau/transfers/7",
    ),
    "bureau-payouts": ("bureau/payouts.html", BATCHES, OFFICER, "/bureau/payouts"),
    "bureau-payouts-empty": (
        "bureau/payouts.html",
        bureau.BatchesView(()),
        OFFICER,
        "/bureau/payouts",
    ),
    "bureau-payout": ("bureau/payout.html", BATCH, OFFICER, "/bureau/payouts/2026-09"),
    "bureau-payout-ready": ("bureau/payout.html", BATCH_READY, OFFICER, "/bureau/payouts/2026-09"),
    "bureau-payout-paid": ("bureau/payout.html", BATCH_PAID, OFFICER, "/bureau/payouts/2026-09"),
    "bureau-payout-trouble": (
        "bureau/payout.html",
        BATCH_IN_TROUBLE,
        OFFICER,
        "/bureau/payouts/2026-09",
    ),
    "bureau-payout-unchecked": (
        "bureau/payout.html",
        BATCH_UNCHECKED,
        OFFICER,
        "/bureau/payouts/2026-09",
    ),
    "bureau-transfer-undated": (
        "bureau/transfer.html",
        TRANSFER_UNDATED,
        OFFICER,
        "/bureau/transfers/7",
    ),
    "bureau-confirm": ("bureau/confirm.html", CONFIRM, OFFICER, "/bureau/transfers/7/accept"),
    "bureau-confirm-refusal": (
        "bureau/confirm.html",
        CONFIRM_REFUSAL,
        OFFICER,
        "/bureau/transfers/7/refuse",
    ),
    "supervisor-funds-of-band": (
        "supervisor/fund_events.html",
        FUNDS_OF_BAND,
        INSPECTOR,
        "/supervisor/funds",
    ),
    "supervisor-entries": ("supervisor/entries.html", RANGE, INSPECTOR, "/supervisor/entries/1"),
    "supervisor-entries-off": (
        "supervisor/entries.html",
        RANGE_OFF,
        INSPECTOR,
        "/supervisor/entries/1",
    ),
    "supervisor-entries-empty": (
        "supervisor/entries.html",
        RANGE_EMPTY,
        INSPECTOR,
        "/supervisor/entries/1",
    ),
    "bureau-log": ("bureau/log.html", BUREAU_LOG, OFFICER, "/bureau/log"),
    "bureau-log-empty": ("bureau/log.html", BUREAU_LOG_EMPTY, OFFICER, "/bureau/log"),
    "bureau-imports": ("bureau/imports.html", IMPORTED, OFFICER, "/bureau/imports"),
    "bureau-imports-refused": ("bureau/imports.html", IMPORT_REFUSED, OFFICER, "/bureau/imports"),
    "bureau-imports-empty": ("bureau/imports.html", IMPORTS_EMPTY, OFFICER, "/bureau/imports"),
    "entry": ("entry.html", ENTRY, OFFICER, "/bureau/entries/12391"),
    "entry-pending": ("entry.html", ENTRY_PENDING, OFFICER, "/bureau/entries/12391"),
    "entry-contradicted": ("entry.html", ENTRY_BROKEN, RETIREE, "/me/entries/12391"),
    "entry-supervision": (
        "entry.html",
        ENTRY_SUPERVISION,
        INSPECTOR,
        "/supervisor/entries/3/12391",
    ),
    "supervisor-home": ("supervisor/home.html", SUPERVISOR_HOME, INSPECTOR, "/supervisor"),
    "supervisor-home-empty": ("supervisor/home.html", SUPERVISOR_EMPTY, INSPECTOR, "/supervisor"),
    "supervisor-alerts": (
        "supervisor/alerts.html",
        supervisor.AlertsView(ALERTS),
        INSPECTOR,
        "/supervisor/alerts",
    ),
    "supervisor-alerts-empty": (
        "supervisor/alerts.html",
        supervisor.AlertsView(()),
        INSPECTOR,
        "/supervisor/alerts",
    ),
    "supervisor-alert": ("supervisor/alert.html", ALERT, INSPECTOR, "/supervisor/alerts/4"),
    "supervisor-alert-log": (
        "supervisor/alert.html",
        ALERT_WHOLE_LOG,
        INSPECTOR,
        "/supervisor/alerts/5",
    ),
    "supervisor-alert-to-end": (
        "supervisor/alert.html",
        ALERT_TO_END,
        INSPECTOR,
        "/supervisor/alerts/4",
    ),
    "supervisor-alert-elsewhere": (
        "supervisor/alert.html",
        ALERT_ELSEWHERE,
        INSPECTOR,
        "/supervisor/alerts/4",
    ),
    "supervisor-bureaus": (
        "supervisor/bureaus.html",
        measures.BureausView((WORKING, FROZEN, SUSPENDED)),
        INSPECTOR,
        "/supervisor/bureaus",
    ),
    "supervisor-bureaus-empty": (
        "supervisor/bureaus.html",
        measures.BureausView(()),
        INSPECTOR,
        "/supervisor/bureaus",
    ),
    "supervisor-bureau": (
        "supervisor/bureau.html",
        BUREAU_FROZEN,
        INSPECTOR,
        "/supervisor/bureaus/2",
    ),
    "supervisor-bureau-waiting": (
        "supervisor/bureau.html",
        BUREAU_WAITING,
        INSPECTOR,
        "/supervisor/bureaus/1",
    ),
    "supervisor-bureau-elsewhere": (
        "supervisor/bureau.html",
        BUREAU_ELSEWHERE,
        INSPECTOR,
        "/supervisor/bureaus/3",
    ),
    "supervisor-measure": (
        "supervisor/measure.html",
        ASKED,
        INSPECTOR,
        "/supervisor/bureaus/2/freeze",
    ),
    "supervisor-measure-problem": (
        "supervisor/measure.html",
        ASKED_AGAIN,
        INSPECTOR,
        "/supervisor/alerts/4/close",
    ),
    "supervisor-funds": ("supervisor/fund_events.html", FUNDS, INSPECTOR, "/supervisor/funds"),
    "supervisor-funds-empty": (
        "supervisor/fund_events.html",
        FUNDS_EMPTY,
        INSPECTOR,
        "/supervisor/funds",
    ),
    "person-record": ("person/record.html", RECORD, RETIREE, "/me"),
    "person-retired": ("person/record.html", RECORD_RETIRED, RETIREE, "/me"),
    "person-empty": ("person/record.html", RECORD_EMPTY, RETIREE, "/me"),
    "verify": ("verifier/verify.html", VERIFY, None, "/verify"),
    "verify-valid": ("verifier/verify.html", VERIFY_VALID, None, "/verify"),
    "verify-invalid": ("verifier/verify.html", VERIFY_INVALID, None, "/verify"),
    "verify-undetermined": ("verifier/verify.html", VERIFY_UNDETERMINED, None, "/verify"),
    "verify-problem": ("verifier/verify.html", VERIFY_PROBLEM, None, "/verify"),
    "sign-in": ("sign_in.html", SIGN_IN, None, "/sign-in"),
    "sign-in-empty": ("sign_in.html", common.SignInView((), "/sign-in"), None, "/sign-in"),
    "error": ("error.html", ERROR, OFFICER, "/bureau"),
}
