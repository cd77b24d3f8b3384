"""The short report at the end: what was counted, found, held, moved and proven, and planted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ledger.evidence.encoding import LogId
from ledger.funds.model import Batch, LineState
from ledger.funds.queries import batch_detail
from ledger.policy.money import yuan_text
from ledger.supervision.model import Alert, AlertState, Rule
from ledger.supervision.queries import alerts
from scripts.demo_data.planted import PAID_AFTER_DEATH, PlantedPayout
from scripts.journey.layout import BUREAUS, NANJING, NODES, SUPERVISOR
from scripts.journey.proofs import ProofOutcome
from scripts.journey.steps import Stage
from scripts.journey.transfers import TransferOutcome

Fact = tuple[str, bytes, int, tuple[int, ...]]
"""What identifies a finding: rule, person, month, the logs of the payments."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Alerts against what was planted; both lists of surprises are empty when all is well."""

    planted: int
    found: int
    missed: tuple[str, ...]
    invented: tuple[str, ...]
    prevented: int
    slowest_alert_seconds: float

    @property
    def exact(self) -> bool:
        """All found, nothing else flagged."""
        return not self.missed and not self.invented


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the demonstration says at its end."""

    counts: dict[str, dict[str, int]]
    gas: int
    transactions: int
    comparison: Comparison
    held: tuple[dict[str, Any], ...]
    transfers: tuple[dict[str, Any], ...]
    proofs: tuple[dict[str, str], ...]
    seconds: dict[str, float]
    pages: dict[str, str]

    @property
    def holds(self) -> bool:
        """Whether everything came out as it was planted."""
        true = [item for item in self.transfers if item["planted"] == "TRANSFER"]
        forged = [item for item in self.transfers if item["planted"] != "TRANSFER"]
        return (
            self.comparison.exact
            and len(self.held) == 1
            and all(item["state"] == "CLOSED" for item in true)
            and all(item["state"] == "REFUSED" and item["refused_as"] for item in forged)
            and all(
                (item["was_recorded"], item["still_stands"]) == ("valid", "valid")
                and item["spoiled"] != "valid"
                for item in self.proofs
            )
        )

    def to_object(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return asdict(self) | {"holds": self.holds}


def make_report(
    stage: Stage,
    batches: Mapping[str, Batch],
    transfers: Sequence[TransferOutcome],
    proofs: Sequence[ProofOutcome],
    seconds: Mapping[str, float],
) -> Report:
    """Gather everything once the steps are done."""
    gas = transactions = 0
    for name in NODES:
        with stage.context(name).read() as view:
            gas += view.outbox.gas_total()
            transactions += view.outbox.counts().get("FINAL", 0)
    return Report(
        counts={name: _counts(stage, name) for name in BUREAUS},
        gas=gas,
        transactions=transactions,
        comparison=compare(stage),
        held=tuple(_held(stage, batches)),
        transfers=tuple(
            {
                "planted": item.planted.case,
                "state": item.state,
                "months": item.months,
                "amount_fen": item.amount_fen,
                "overlaps": list(item.overlaps),
                "refused_as": item.refused_as,
            }
            for item in transfers
        ),
        proofs=tuple({name: str(value) for name, value in asdict(item).items()} for item in proofs),
        seconds=dict(seconds),
        pages={name: stage.context(name).settings.endpoint for name in NODES},
    )


def compare(stage: Stage) -> Comparison:
    """Alerts of the supervisor against the planted cases, person by person."""
    logs = {stage.files(name).region: int(stage.context(name).log_id) for name in BUREAUS}
    subject_of = stage.context(NANJING).bureau.writer.subject_of
    wanted = {
        _planted_fact(item, subject_of(item.identity_number), logs): item.case
        for item in stage.planted.must_find
    }
    held = _planted_fact(stage.planted.held, subject_of(stage.planted.held.identity_number), logs)
    found: dict[Fact, Alert] = {
        _found_fact(item): item for item in alerts(stage.context(SUPERVISOR))
    }
    standing = {
        fact: item for fact, item in found.items() if item.state is not AlertState.PREVENTED
    }
    prevented = {fact for fact, item in found.items() if item.state is AlertState.PREVENTED}
    return Comparison(
        planted=len(wanted),
        found=len(wanted.keys() & standing.keys()),
        missed=tuple(sorted(wanted[fact] for fact in wanted.keys() - standing.keys())),
        invented=tuple(
            sorted(
                standing[fact].alert_id if fact in standing else "prevented"
                for fact in (standing.keys() - wanted.keys()) | (prevented - {held})
            )
        ),
        prevented=len(prevented),
        slowest_alert_seconds=max((item.seconds_to_alert for item in found.values()), default=0.0),
    )


def _planted_fact(item: PlantedPayout, subject: bytes, logs: Mapping[str, int]) -> Fact:
    rule = Rule.PAID_AFTER_DEATH if item.case == PAID_AFTER_DEATH else Rule.DUPLICATE_PAYOUT
    return rule, subject, item.periods[-1], tuple(sorted(logs[region] for region in item.regions))


def _found_fact(alert: Alert) -> Fact:
    """A duplicate rests on its payments, a payment after death on the payment (and the report)."""
    leaves = alert.leaves[:1] if alert.rule is Rule.PAID_AFTER_DEATH else alert.leaves
    return (
        alert.rule,
        alert.subject,
        alert.period,
        tuple(sorted(int(leaf.log_id) for leaf in leaves)),
    )


def _counts(stage: Stage, name: str) -> dict[str, int]:
    with stage.context(name).read() as view:
        head = view.log.head()
        checkpoints = view.log.checkpoints()
        imports = view.imports.all()
    return {
        "log": int(LogId(stage.context(name).log_id)),
        "entries": int(head.size),
        "checkpoints": len(checkpoints),
        "contributions": sum(row.rows_accepted for row in imports if row.kind == "contribution"),
        "payouts": sum(row.rows_accepted for row in imports if row.kind.startswith("payout")),
        "deaths": sum(row.rows_accepted for row in imports if row.kind == "death"),
    }


def _held(stage: Stage, batches: Mapping[str, Batch]) -> list[dict[str, Any]]:
    held = []
    for name, batch in batches.items():
        for line in batch_detail(stage.context(name), batch.batch_id).stopped:
            if line.state is LineState.HELD and line.decision is not None:
                item = {
                    "bureau": name,
                    "period": line.period,
                    "amount_fen": line.amount_fen,
                    "reason": line.decision.reason,
                    "maker": line.decision.maker,
                    "checker": line.decision.checker,
                }
                held.append(item)
    return held


def report_lines(report: Report) -> list[str]:
    """The report as a person reads it in a terminal."""
    lines = ["", "南京 Nanjing · 苏州 Suzhou · 合肥 Hefei"]
    lines += [
        f"  {name:8} log {item['log']}: {item['entries']:,} entries "
        f"({item['contributions']:,} contributions, {item['payouts']:,} payouts, "
        f"{item['deaths']} deaths) under {item['checkpoints']} checkpoints"
        for name, item in report.counts.items()
    ]
    lines += [
        f"链上交易 chain transactions: {report.transactions}, gas {report.gas:,}",
        "",
        (
            f"疑点 alerts: {report.comparison.found} of {report.comparison.planted} planted found, "
            f"{len(report.comparison.invented)} invented; slowest "
            f"{report.comparison.slowest_alert_seconds:.1f} s after finality; "
            f"{report.comparison.prevented} prevented before payment"
        ),
    ]
    for missed in report.comparison.missed:
        lines.append(f"  MISSED {missed}")
    for invented in report.comparison.invented:
        lines.append(f"  INVENTED {invented}")
    lines += [
        f"暂缓支付 held at {item['bureau']}: {yuan_text(item['amount_fen'])} yuan for "
        f"{item['period']}: {item['reason']} ({item['maker']}, {item['checker']})"
        for item in report.held
    ]
    lines += ["", "转移接续 transfers:"]
    lines += [
        f"  {item['state']:8} {item['months']:3} months {yuan_text(item['amount_fen']):>12} yuan"
        + (f"  overlap {item['overlaps']}" if item["overlaps"] else "")
        + (f"  refused: {item['refused_as']}" if item["refused_as"] else "")
        for item in report.transfers
    ]
    lines += ["", "证明 proofs, verified offline:"]
    lines += [
        f"  {item['case']}: recorded {item['was_recorded']}, stands {item['still_stands']}, "
        f"one byte flipped: {item['spoiled']}. {item['sentence_zh']} / {item['sentence_en']}"
        for item in report.proofs
    ]
    total = sum(report.seconds.values())
    lines += [
        "",
        "用时 seconds: "
        + ", ".join(f"{k} {v:.1f}" for k, v in report.seconds.items())
        + f"; in all {total:.1f}",
    ]
    lines += ["", "页面 pages:"]
    lines += [f"  {name:10} {url}/" for name, url in report.pages.items()]
    lines.append(f"  {'verifier':10} {report.pages[NANJING]}/verify")
    return lines
