"""Check 11 of a proof bundle: whether the leaf still stood, as of which checkpoint.

Two sources: a cosigner's signed statement in the file, and what somebody who holds all leaves
found. A reversal is for good, whoever tells of it. A revocation can be taken back: there the later
source counts. A false statement is invalid whatever was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ledger.errors import InvalidSignatureError
from ledger.evidence.bundle import ProofBundle, StandingStatement
from ledger.evidence.checkpoint import verify_ed25519
from ledger.evidence.readings import StandingReading
from ledger.evidence.strict_json import format_time
from ledger.evidence.trust import TrustedCosigner, TrustFile
from ledger.evidence.verdicts import Check, CheckName, Outcome
from ledger.evidence.witness_checks import CLOCK_TOLERANCE

_VALID, _INVALID, _OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """The check, and as of which checkpoint and when it was found; None when nothing was.

    ``can_change`` marks a revocation, which a later finding may show to be taken back.
    """

    check: Check
    size: int | None = None
    found_at: datetime | None = None
    can_change: bool = False


def check_standing(
    bundle: ProofBundle, trust: TrustFile, now: datetime, reading: StandingReading | None
) -> StandingFinding:
    """11. The leaf was neither reversed nor revoked as of a named checkpoint."""
    statement = bundle.standing
    said = None if statement is None else _check_statement(bundle, statement, trust, now)
    found = None if reading is None else _check_reading(bundle, reading)
    if said is not None and said.check.outcome is _INVALID and not _is_outdated(said, found):
        return said
    if found is not None:
        return found
    return said or StandingFinding(
        Check(
            CheckName.STANDING,
            _OPEN,
            "没有受信任的现时有效声明，也未核对全部后续记录。",
            "There is no trusted standing statement, and not all later leaves were looked at.",
        )
    )


def _check_reading(bundle: ProofBundle, reading: StandingReading) -> StandingFinding | None:
    """What was found among all leaves; None when it decides nothing."""
    evidence = {"size": f"{reading.size}", "time": format_time(reading.read_at)}
    if reading.reversed or reading.revoked:
        zh, en = _taken_back(is_reversed=bool(reading.reversed))
        check = Check(
            CheckName.STANDING,
            _INVALID,
            f"截至检查点 {reading.size}，该记录{zh}。",
            f"As of checkpoint {reading.size} it is {en}.",
            evidence,
        )
        return StandingFinding(check, reading.size, reading.read_at)
    is_complete = reading.size >= bundle.body.size
    if not is_complete or reading.reversed is None or reading.revoked is None:
        return None
    check = Check(
        CheckName.STANDING,
        _VALID,
        f"截至检查点 {reading.size}，未被冲销或撤销。",
        f"As of checkpoint {reading.size} it is neither reversed nor revoked.",
        evidence,
    )
    return StandingFinding(check, reading.size, reading.read_at)


def _check_statement(
    bundle: ProofBundle, statement: StandingStatement, trust: TrustFile, now: datetime
) -> StandingFinding:
    time = format_time(statement.stated_at)
    evidence = {"size": f"{statement.size}", "time": time, "cosigner": statement.cosigner}

    def finding(outcome: Outcome, zh: str, en: str) -> StandingFinding:
        check = Check(CheckName.STANDING, outcome, zh, en, evidence)
        return StandingFinding(check, statement.size, statement.stated_at)

    rows = [
        row
        for row in trust.cosigners_named(statement.cosigner)
        if row.trusted.covers(statement.stated_at)
    ]
    if not rows or statement.stated_at > now + CLOCK_TOLERANCE:
        check = Check(
            CheckName.STANDING,
            _OPEN,
            "现时有效声明的签署者不受信任，或时间不在密钥有效期内。",
            "The standing statement is by nobody trusted at its time.",
            evidence,
        )
        return StandingFinding(check)
    digest = statement.standing(bundle.log_id, bundle.index).digest()
    row = _signer_of(statement.signature, digest, rows)
    if row is None:
        return finding(
            _INVALID,
            "现时有效声明的签名无效。",
            "The signature on the standing statement is false.",
        )
    if statement.size == bundle.body.size and statement.root != bundle.body.root:
        return finding(
            _INVALID,
            "声明与检查点大小相同而根不同：日志出现分叉。",
            "Statement and checkpoint have one size and two roots: the log was shown in two ways.",
        )
    at_zh, at_en = f"检查点 {statement.size}（{time}）", f"checkpoint {statement.size} ({time})"
    if statement.reversed or statement.revoked:
        zh, en = _taken_back(is_reversed=statement.reversed)
        found = finding(
            _INVALID,
            f"{row.name} 声明：截至{at_zh}，该记录{zh}。",
            f"{row.name} states that as of {at_en} it is {en}.",
        )
        return replace(found, can_change=not statement.reversed)
    return finding(
        _VALID,
        f"{row.name} 声明：截至{at_zh}，该记录仍然有效。",
        f"{row.name} states that as of {at_en} it stands.",
    )


def _signer_of(
    signature: bytes, digest: bytes, rows: Sequence[TrustedCosigner]
) -> TrustedCosigner | None:
    for row in rows:
        try:
            verify_ed25519(row.trusted.key.public_key, signature, digest, what="the statement")
        except InvalidSignatureError:
            continue
        return row
    return None


def _is_outdated(said: StandingFinding, found: StandingFinding | None) -> bool:
    """Whether a stated revocation was taken back by what was found later."""
    if not said.can_change or found is None or found.check.outcome is not _VALID:
        return False
    assert said.found_at is not None, "a statement that is trusted has a time"
    assert found.found_at is not None, "what was found has a time"
    return found.found_at >= said.found_at


def _taken_back(*, is_reversed: bool) -> tuple[str, str]:
    return ("已被冲销", "reversed") if is_reversed else ("已被撤销", "revoked")
