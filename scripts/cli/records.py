"""``anxu record``, ``person``, ``log``: corrections, erasure, and what was known on a past date."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.errors import ImportRefusedError
from ledger.policy.retention import ERASURE_REASONS, ErasureReason
from ledger.records.rules import REVERSAL_REASONS, ReversalReason
from scripts.cli.command import command, group
from scripts.cli.identity import read_identity
from scripts.cli.imports import refuse_findings
from scripts.cli.nodes import reading
from scripts.cli.options import (
    CheckerOption,
    IdentityFileOption,
    MakerOption,
    MappingOption,
    NodeOption,
)
from scripts.cli.output import Output, chain_time

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.recording.correcting import Correction
    from ledger.recording.replay import FactAsOf, LogAsOf
    from ledger.records.erasing import ErasureReport
    from ledger.store.history import KindTotal
    from ledger.store.log import StoredCheckpoint

IndexArgument = Annotated[
    int,
    typer.Argument(
        metavar="INDEX",
        min=0,
        help="The entry's place in this bureau's log (日志位置).",
        show_default=False,
    ),
]
ReasonOption = Annotated[
    ReversalReason,
    typer.Option(
        "--reason",
        metavar="CODE",
        help="Why: "
        + ", ".join(f"{code.value} ({words[0]})" for code, words in REVERSAL_REASONS.items())
        + ".",
    ),
]
BasisOption = Annotated[
    str,
    typer.Option(
        "--basis",
        metavar="TEXT",
        help="The article, document or finding it rests on; recorded, so without personal data "
        "(依据).",
    ),
]


_WHAT_STAYS: Final = (
    "此前复制的 keys/persons.sqlite、outgoing/ 和业务系统中的文件不受影响，请另行处理。",
    "Copies of keys/persons.sqlite, files in outgoing/ and in the core system stay: see to them.",
)


class CategoryName(StrEnum):
    """Which former pension age a person belongs to; for women a decision about the post."""

    MALE = "male"
    FEMALE_55 = "female55"
    FEMALE_50 = "female50"


def register(parent: typer.Typer) -> None:
    """Add the three groups."""
    record = group(parent, "record", "Correct what was recorded: nothing is edited (更正记录).")
    command(record, "reverse")(reverse)
    command(record, "restate")(restate)
    command(record, "redecide")(redecide)
    person = group(parent, "person", "What is done to all of a person's records (个人信息).")
    command(person, "erase")(erase)
    log = group(parent, "log", "The bureau's own log (本机构账本).")
    command(log, "as-of")(as_of)


def reverse(
    out: Output,
    *,
    index: IndexArgument,
    node: NodeOption,
    reason: ReasonOption,
    basis: BasisOption,
    maker: MakerOption,
    checker: CheckerOption,
) -> None:
    """Take an entry back: a new entry says that it no longer counts, and why (冲销).

    The same command again shows the first answer. Money of a contribution is booked with it.
    """
    from ledger.records.corrections import reverse_entry

    with reading(node, "bureau") as context:
        done = reverse_entry(context, index, reason, basis, maker, checker)
    _show_correction(out, done)


def restate(
    out: Output,
    *,
    index: IndexArgument,
    file: Annotated[
        Path,
        typer.Option(
            "--file",
            metavar="FILE",
            help="A file of one line, as 'anxu import' reads it, with the fact as it should have "
            "been recorded (更正后的一行).",
        ),
    ],
    node: NodeOption,
    reason: ReasonOption,
    basis: BasisOption,
    maker: MakerOption,
    checker: CheckerOption,
    mapping: MappingOption = None,
) -> int:
    """Take a contribution, a payment or a death back and state it anew, in one step (更正).

    Both entries carry the reason, the basis and both officers' signatures; the new one names the
    one it restates. A payment approved and paid here is never restated.
    """
    from ledger.funds.corrections import restate_payout
    from ledger.policy.kinds import Kind
    from ledger.records.corrections import restate_entry

    try:
        with reading(node, "bureau") as context:
            with context.read() as view:
                stored = view.log.entry(index)
            is_payment = stored is not None and stored.entry.head.kind is Kind.PAYOUT
            service = restate_payout if is_payment else restate_entry
            done = service(
                context, index, file, reason, basis, maker, checker, mapping_path=mapping
            )
    except ImportRefusedError as error:
        return refuse_findings(out, error)
    _show_correction(out, done)
    return 0


def redecide(
    out: Output,
    *,
    index: IndexArgument,
    node: NodeOption,
    category: Annotated[
        CategoryName,
        typer.Option(
            help="The former pension age by the post: male (60), female55, female50 (退休类别).",
        ),
    ],
    reason: ReasonOption,
    basis: BasisOption,
    maker: MakerOption,
    checker: CheckerOption,
    birth_month: Annotated[
        int | None,
        typer.Option(
            metavar="YYYYMM",
            help="The birth month by the archive, where it differs from the number (档案出生年月).",
        ),
    ] = None,
) -> None:
    """Take a decision on eligibility back and decide anew on today's facts, in one step (重新核定).

    The person is the one the decision is about.
    """
    from ledger.benefits.service import restate_decision
    from ledger.policy.retirement import Category

    with reading(node, "bureau") as context:
        done = restate_decision(
            context,
            index,
            Category(category.value),
            reason,
            basis,
            maker,
            checker,
            birth_period=birth_month,
        )
    _show_correction(out, done)


def erase(
    out: Output,
    *,
    node: NodeOption,
    reason: Annotated[
        ErasureReason,
        typer.Option(
            "--reason",
            metavar="CODE",
            help="Which case of article 47 of the personal information protection law: "
            + ", ".join(f"{code.value} ({words[0]})" for code, words in ERASURE_REASONS.items())
            + ".",
        ),
    ],
    basis: BasisOption,
    maker: MakerOption,
    checker: CheckerOption,
    identity_file: IdentityFileOption = None,
) -> None:
    """Destroy a person's sealing key by two officers' decision: it cannot be undone (销毁个人密钥).

    The log stays verifiable; the person's records cannot be read any more, in backups of the
    database neither. Refused while they are needed. The identity number is asked for, or read from
    a file or standard input. The same command again finishes what a crash left undone.
    """
    from ledger.records.erasing import erase_person

    number = read_identity(out, identity_file)
    with reading(node, "bureau") as context:
        report = erase_person(context, number, reason, basis, maker, checker)
    _show_erasure(out, report)


def as_of(
    out: Output,
    *,
    moment: Annotated[
        str,
        typer.Argument(
            metavar="DATE",
            help="A day (its end, in Beijing), or a time with its zone such as "
            "2026-09-15T12:00:00+08:00 (日期).",
            show_default=False,
        ),
    ],
    node: NodeOption,
    person: Annotated[
        bool,
        typer.Option(
            "--person",
            help="Also what was known about one person, whose identity number is asked for "
            "(查询某人).",
        ),
    ] = False,
    class_: Annotated[
        int | None,
        typer.Option(
            "--class", metavar="N", min=0, help="Only this exclusion class, such as 1 (险种类别)."
        ),
    ] = None,
    identity_file: IdentityFileOption = None,
) -> None:
    """Replay what was known on a past date, and the root of that date from today's rows (回溯).

    Says what had been recorded by then (our time) and what the chain had by then (its time).
    Reversals that came later are named, not applied.
    """
    from ledger.policy.identifiers import normalise_identity_number
    from ledger.recording.replay import facts_of_person, log_as_of, moment_of, totals_as_of

    at = moment_of(moment)
    number = read_identity(out, identity_file) if person or identity_file is not None else None
    with reading(node, "bureau") as context:
        state = log_as_of(context, at)
        totals = totals_as_of(context, state, class_)
        facts = None
        if number is not None:
            wanted = normalise_identity_number(number, context.clock.today())
            subject = context.bureau.writer.subject_of(wanted)
            facts = facts_of_person(context, state, subject, class_)
    document = _state_document(state) | {
        "totals": [_total_document(item) for item in totals],
        "facts": None if facts is None else [_fact_document(item) for item in facts],
    }
    out.result(document, lambda: _show_state(out, state, totals, facts))


# --- documents and tables ----------------------------------------------------------------------


def _show_correction(out: Output, done: Correction) -> None:
    document = {
        "reversed": int(done.reversed_index),
        "reversal": int(done.reversal_index),
        "restatement": None if done.restatement_index is None else int(done.restatement_index),
        "already_done": done.already_done,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("被更正的记录", "entry corrected"), document["reversed"]),
                (("冲销记录", "reversal"), document["reversal"]),
                (("更正后的记录", "restated as"), document["restatement"]),
                (("此前已更正", "corrected before"), done.already_done),
            ]
        ),
    )


def _show_erasure(out: Output, report: ErasureReport) -> None:
    document = {
        "entry": int(report.entry_index),
        "entries_unreadable": report.entries,
        "decided_at": report.decided_at,
        "destroyed_at": report.destroyed_at,
        "already_done": report.already_done,
    }

    def show() -> None:
        out.facts(
            [
                (("操作记录", "operation's entry"), document["entry"]),
                (("不可再读的记录", "entries unreadable"), report.entries),
                (("决定时间", "decided at"), report.decided_at),
                (("销毁时间", "destroyed at"), report.destroyed_at),
                (("此前已决定", "decided before"), report.already_done),
            ]
        )

    out.result(document, show)
    out.note(_WHAT_STAYS)


def _checkpoint_document(checkpoint: StoredCheckpoint | None) -> dict[str, Any] | None:
    if checkpoint is None:
        return None
    return {
        "size": int(checkpoint.size),
        "root": checkpoint.root.hex(),
        "signed_at": checkpoint.signed_at,
        "number": checkpoint.number,
        "block": checkpoint.block,
        "anchored_at": _anchored_at(checkpoint),
    }


def _anchored_at(checkpoint: StoredCheckpoint | None) -> datetime | None:
    return None if checkpoint is None else chain_time(checkpoint.block_time)


def _state_document(state: LogAsOf) -> dict[str, Any]:
    return {
        "at": state.at,
        "recorded_by_then": int(state.known_size),
        "signed": _checkpoint_document(state.signed),
        "root_from_rows": None if state.root is None else state.root.hex(),
        "anchored": _checkpoint_document(state.anchored),
    }


def _total_document(item: KindTotal) -> dict[str, Any]:
    return {"kind": int(item.kind), "entries": item.entries, "amount_fen": item.amount_fen}


def _fact_document(item: FactAsOf) -> dict[str, Any]:
    head = item.stored.entry.head
    return {
        "leaf": int(item.stored.index),
        "kind": int(head.kind),
        "class": head.class_,
        "period": head.period,
        "amount_fen": item.stored.entry.amount_fen,
        "recorded_at": item.stored.recorded_at,
        "anchored": item.is_anchored,
        "stood": item.stood,
        "reversed_by": None if item.reversed_by is None else int(item.reversed_by),
        "reversed_later": None if item.reversed_later is None else int(item.reversed_later),
        "readable": item.record is not None,
        "record": item.record,
    }


def _show_state(
    out: Output,
    state: LogAsOf,
    totals: list[KindTotal],
    facts: tuple[FactAsOf, ...] | None,
) -> None:
    from ledger.policy.kinds import KINDS
    from ledger.policy.money import yuan_text

    signed, anchored = state.signed, state.anchored
    out.facts(
        [
            (("时点", "as of"), state.at),
            (("已登记（本机构时间）", "recorded by then (our time)"), int(state.known_size)),
            (("当时有效的检查点", "checkpoint in force"), signed and int(signed.size)),
            (("签发时间", "signed at"), signed and signed.signed_at),
            (("其存证时间（链上）", "anchored at (chain's time)"), _anchored_at(signed)),
            (
                ("由数据行重算的根", "root worked out from the rows"),
                state.root and state.root.hex(),
            ),
            (("链上已存证", "anchored by then (chain's time)"), anchored and int(anchored.size)),
        ]
    )
    out.line()
    out.table(
        [("事项", "kind"), ("有效条数", "standing"), ("金额（元）", "amount (yuan)")],
        [
            [
                out.word((KINDS[item.kind].name_zh, KINDS[item.kind].name_en)),
                item.entries,
                yuan_text(item.amount_fen),
            ]
            for item in totals
        ],
        right=(1, 2),
    )
    if facts is not None:
        out.line()
        _show_facts(out, facts)


def _show_facts(out: Output, facts: tuple[FactAsOf, ...]) -> None:
    from ledger.policy.kinds import KINDS
    from ledger.policy.money import yuan_text

    out.table(
        [
            ("位置", "leaf"),
            ("事项", "kind"),
            ("所属期", "month"),
            ("金额（元）", "amount (yuan)"),
            ("登记时间", "recorded at"),
            ("当时已存证", "anchored then"),
            ("当时有效", "stood then"),
            ("后来被冲销", "reversed later by"),
        ],
        [
            [
                int(item.stored.index),
                out.word(
                    (
                        KINDS[item.stored.entry.head.kind].name_zh,
                        KINDS[item.stored.entry.head.kind].name_en,
                    )
                ),
                item.stored.entry.head.period,
                yuan_text(item.stored.entry.amount_fen),
                item.stored.recorded_at,
                item.is_anchored,
                item.stood,
                item.reversed_later,
            ]
            for item in facts
        ],
        right=(0, 2, 3),
    )
