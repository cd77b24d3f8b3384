"""``anxu prove``, ``trust``, ``verify``: proofs handed out, and checked by who was handed one."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from ledger.errors import (
    LedgerError,
    MalformedBundleError,
    MalformedTrustFileError,
    VerificationError,
)
from scripts.cli.command import command, group
from scripts.cli.failures import DONE, REFUSED
from scripts.cli.nodes import reading
from scripts.cli.options import NodeOption, OutOption, finality_of
from scripts.cli.output import Output

if TYPE_CHECKING:
    from ledger.chain.finality import Finality
    from ledger.evidence.bundle import ProofBundle
    from ledger.evidence.trust import TrustFile
    from ledger.evidence.verdicts import Verdict

UNDETERMINED: Final = 2
"""Exit code of ``anxu verify`` when nothing contradicts, but something could not be checked."""
_OWNER_MODE: Final = 0o600
_PUBLIC_MODE: Final = 0o644
_OUTCOMES: Final = {
    "valid": ("成立", "valid"),
    "invalid": ("不成立", "invalid"),
    "undetermined": ("无法判定", "undetermined"),
}


class Level(StrEnum):
    """How much a proof shows."""

    OWNER = "owner"
    SUPERVISION = "supervision"


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    command(parent, "prove")(prove)
    command(parent, "verify")(verify)
    trust = group(parent, "trust", "What a verifier must know beforehand (信任文件).")
    command(trust, "export")(export)
    command(trust, "keys")(keys)


def prove(
    out: Output,
    *,
    index: Annotated[
        int,
        typer.Argument(
            metavar="INDEX",
            min=0,
            help="The entry's place in this bureau's log (日志位置).",
            show_default=False,
        ),
    ],
    node: NodeOption,
    file: OutOption,
    level: Annotated[
        Level,
        typer.Option(
            help="owner shows the record in clear, supervision only the pseudonymous entry "
            "(披露级别).",
        ),
    ] = Level.OWNER,
    standing: Annotated[
        bool,
        typer.Option(
            help="Ask supervisors to state that the entry still stands (附监管机构的有效性声明).",
        ),
    ] = True,
    text: Annotated[
        bool,
        typer.Option(
            "--text",
            help="Also write the public part as c2sp.org/tlog-proof text (另存通用文本证明).",
        ),
    ] = False,
) -> None:
    """Write a proof of one entry that can be handed to somebody else (出具证明文件).

    At the owner level the file holds personal data: only its owner can read it on this machine.
    With ``--text`` a second file beside it, ending in .tlog-proof, holds the public part for
    verifiers written by others.
    """
    from ledger.following.feeds import FeedClient
    from ledger.recording.peers import request_headers
    from ledger.recording.proofs import prove_entry

    with reading(node, "bureau") as context:
        feeds = FeedClient(partial(request_headers, context))
        try:
            bundle = prove_entry(
                context,
                index,
                level=level.value,
                standing_source=feeds.standing if standing else None,
            )
        finally:
            feeds.close()
    _hand_out(out, bundle, level, file, text=text)


def _hand_out(out: Output, bundle: ProofBundle, level: Level, file: Path, *, text: bool) -> None:
    """Write the proof, and its public part as text beside it if wanted; say what is in them."""
    from ledger.evidence.tlog_proof import FILE_SUFFIX, TlogProof
    from ledger.files import write_atomically

    mode = _OWNER_MODE if level is Level.OWNER else _PUBLIC_MODE
    write_atomically(file, bundle.to_json().encode(), mode=mode)
    beside = file.with_suffix(FILE_SUFFIX) if text else None
    if beside is not None:
        write_atomically(beside, TlogProof.of(bundle).format().encode(), mode=_PUBLIC_MODE)
    document = {
        "file": file,
        "log_id": int(bundle.log_id),
        "leaf": int(bundle.index),
        "level": level,
        "size": bundle.body.size,
        "has_standing": bundle.standing is not None,
        "text_file": beside,
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("证明文件", "proof"), file),
                (("日志位置", "leaf"), f"{bundle.log_id}:{bundle.index}"),
                (("检查点记录数", "leaves under the checkpoint"), bundle.body.size),
                (("有效性声明", "standing statement"), bundle.standing is not None),
                *([] if beside is None else [(("通用文本证明", "text proof"), beside)]),
            ]
        ),
    )


def export(out: Output, *, node: NodeOption, file: OutOption) -> None:
    """Write the trust file: chain, contracts, logs, supervisors and their keys (导出信任文件).

    A verifier should get it from somebody it trusts, before it is handed any proof.
    """
    from ledger.files import write_atomically
    from ledger.recording.trust import export_trust

    with reading(node) as context:
        trust = export_trust(context)
    write_atomically(file, trust.to_json().encode(), mode=_PUBLIC_MODE)
    document = {
        "file": file,
        "chain_id": trust.chain_id,
        "contracts": sorted(trust.contracts),
        "logs": [int(log.log_id) for log in trust.logs],
        "cosigners": len(trust.cosigners),
    }
    out.result(
        document,
        lambda: out.facts(
            [
                (("信任文件", "trust file"), file),
                (("链编号", "chain id"), trust.chain_id),
                (("日志", "logs"), len(trust.logs)),
                (("联署机构", "cosigners"), len(trust.cosigners)),
            ]
        ),
    )


def keys(out: Output, *, node: NodeOption) -> None:
    """List the keys of logs and cosigners as signed-note verifier keys (列出验签公钥).

    They are what monitors and witnesses written by others take.
    """
    from ledger.evidence.strict_json import format_time
    from ledger.recording.trust import export_trust

    with reading(node) as context:
        trust = export_trust(context)
    trusted = [key for log in trust.logs for key in log.keys]
    trusted += [row.trusted for row in trust.cosigners]
    rows = [
        {
            "vkey": key.key.format(),
            "valid_from": format_time(key.valid_from),
            "valid_until": None if key.valid_until is None else format_time(key.valid_until),
        }
        for key in trusted
    ]
    out.result(
        rows,
        lambda: out.table(
            [("验签公钥", "verifier key"), ("自", "valid from"), ("至", "valid until")],
            [list(row.values()) for row in rows],
        ),
    )


def verify(
    out: Output,
    *,
    bundle: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE",
            help="The proof that was handed over (证明文件).",
            show_default=False,
        ),
    ],
    trust: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="The trust file that you got beforehand (信任文件).",
        ),
    ],
    rpc: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A chain address of your choosing; without it the check is offline (链接口地址).",
        ),
    ] = None,
    confirmations: Annotated[
        int,
        typer.Option(
            min=0,
            help="Blocks that must follow an anchor before it counts (确认块数).",
        ),
    ] = 0,
    validators: Annotated[
        int,
        typer.Option(
            min=0,
            help="How many validators a proof-of-authority network has: an anchor counts once more "
            "than half of them have built on it (验证节点数).",
        ),
    ] = 0,
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"],
            help="The time (UTC) to verify at, for networks whose clock is set to a "
            "demonstration day (核验时间).",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Check a proof: was it recorded, does it still stand (核验证明).

    Exit 0 when both are valid, 1 when either is invalid, 2 when something could not be checked
    (also a file that cannot
    be read). Keys inside a proof count for nothing.
    """
    now = at.replace(tzinfo=UTC) if at is not None else datetime.now(UTC)
    finality = finality_of(confirmations, validators)
    try:
        verdict = _verdict(_bundle(bundle), read_trust_file(trust), rpc, now, finality)
    except LedgerError as error:
        out.refusal(error)
        return UNDETERMINED
    out.result(_document(out, verdict), lambda: _show(out, verdict))
    outcomes = {verdict.was_recorded.value, verdict.still_stands.value}
    if "invalid" in outcomes:
        return REFUSED
    return DONE if outcomes == {"valid"} else UNDETERMINED


def _verdict(
    data: bytes, trust: TrustFile, rpc: str | None, now: datetime, finality: Finality
) -> Verdict:
    from ledger.evidence.bundle import ProofBundle
    from ledger.evidence.verification import unreadable, verify_bundle

    try:
        bundle: ProofBundle = ProofBundle.from_json(data)
    except VerificationError as error:
        return unreadable(error)
    if rpc is None:
        return verify_bundle(bundle, trust, now=now)
    from ledger.recording.verifying import verify as verify_with_chain

    return verify_with_chain(bundle, trust, rpc, now, finality=finality)


def _bundle(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MalformedBundleError(field="file", reason="it cannot be opened") from error


def read_trust_file(path: Path) -> TrustFile:
    """The trust file at a path that the command line named.

    Raises:
        MalformedTrustFileError: it cannot be opened, or is none.
    """
    from ledger.evidence.trust import TrustFile

    try:
        data = path.read_bytes()
    except OSError as error:
        raise MalformedTrustFileError(field="file", reason="it cannot be opened") from error
    return TrustFile.from_json(data)


def _document(out: Output, verdict: Verdict) -> dict[str, Any]:
    return {
        "was_recorded": verdict.was_recorded,
        "still_stands": verdict.still_stands,
        "witnessed_at": verdict.witnessed_at,
        "stands_as_of": verdict.stands_as_of,
        "stands_as_of_at": verdict.stands_as_of_at,
        "missing": verdict.missing,
        "reasons": verdict.reasons(out.language),
        "checks": [
            {
                "name": check.name,
                "title": check.title(out.language),
                "outcome": check.outcome,
                "sentence": check.sentence(out.language),
                "evidence": check.evidence,
            }
            for check in verdict.checks
        ],
    }


def _show(out: Output, verdict: Verdict) -> None:
    out.table(
        [("核验项", "check"), ("结果", "outcome"), ("说明", "what came out")],
        [
            [
                check.title(out.language),
                out.word(_OUTCOMES[check.outcome]),
                check.sentence(out.language),
            ]
            for check in verdict.checks
        ],
    )
    out.line()
    out.facts(
        [
            (("曾被登记", "was recorded"), out.word(_OUTCOMES[verdict.was_recorded])),
            (("现时有效", "still stands"), out.word(_OUTCOMES[verdict.still_stands])),
            (("最早见证时间", "first witnessed at"), verdict.witnessed_at),
            (("有效性截至", "stands as of"), verdict.stands_as_of_at),
        ]
    )
