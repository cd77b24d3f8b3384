"""Checks 8 to 10 of a proof bundle: who signed the checkpoint, and whether the chain holds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.errors import InvalidSignatureError
from ledger.evidence.bundle import ProofBundle
from ledger.evidence.checkpoint import verify_cosignature, verify_log_signature
from ledger.evidence.readings import AnchorReading
from ledger.evidence.strict_json import format_time
from ledger.evidence.trust import CHECKPOINTS_CONTRACT, TrustedCosigner, TrustFile
from ledger.evidence.verdicts import Check, CheckName, Outcome

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of the verifier's clock a cosigner's may be."""

_VALID, _INVALID, _OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


def check_log_signature(bundle: ProofBundle, trust: TrustFile, time: datetime) -> Check:
    """8. A key that the trust file gives this log signed, and was valid at ``time``."""
    name, note = CheckName.CHECKPOINT_SIGNATURE, bundle.note
    log = trust.log(bundle.log_id)
    if log is None or log.origin != bundle.body.origin:
        return Check(
            name,
            _OPEN,
            "信任文件中没有该日志。",
            "The trust file does not know this log.",
            {"origin": bundle.body.origin},
        )
    found = [(row, line) for row in log.keys if (line := note.by(row.key)) is not None]
    if not found:
        return Check(
            name,
            _OPEN,
            f"检查点上没有 {log.name} 受信任密钥的签名。",
            f"No trusted key of {log.name} signed the checkpoint.",
            {"origin": log.origin},
        )
    for row, line in found:
        try:
            verify_log_signature(note.text, line, row.key)
        except InvalidSignatureError:
            return Check(
                name,
                _INVALID,
                f"检查点上 {log.name} 的签名无效。",
                f"The signature of {log.name} on the checkpoint is false.",
                {"key": row.key.key_id.hex()},
            )
    valid = next((row for row, _ in found if row.covers(time)), None)
    evidence = {"origin": log.origin, "time": format_time(time)}
    if valid is None:
        return Check(
            name,
            _OPEN,
            f"{log.name} 的签名密钥在该时间不在有效期内。",
            f"The signing key of {log.name} was not valid at that time.",
            evidence,
        )
    return Check(
        name,
        _VALID,
        f"检查点由 {log.name} 签名。",
        f"The checkpoint is signed by {log.name}.",
        evidence | {"key": valid.key.key_id.hex()},
    )


def check_cosignature(
    bundle: ProofBundle, trust: TrustFile, now: datetime
) -> tuple[Check, datetime | None]:
    """9. A trusted cosigner signed the checkpoint with its time."""
    name, note = CheckName.COSIGNATURE, bundle.note
    rows = [(row, line) for row in trust.cosigners if (line := note.by(row.trusted.key))]
    accepted: list[tuple[datetime, TrustedCosigner]] = []
    for row, line in rows:
        try:
            time = _from_unix(verify_cosignature(note.text, line, row.trusted.key))
        except InvalidSignatureError:
            return (
                Check(
                    name,
                    _INVALID,
                    f"{row.name} 的联署无效。",
                    f"The cosignature of {row.name} is false.",
                    {"key": row.trusted.key.key_id.hex()},
                ),
                None,
            )
        if time is not None and row.trusted.covers(time) and time <= now + CLOCK_TOLERANCE:
            accepted.append((time, row))
    if not accepted:
        zh = "联署的时间不在密钥有效期内，或在将来。" if rows else "没有受信任的监管联署。"
        en = (
            "The cosignature's time is outside the key's validity, or in the future."
            if rows
            else "No trusted cosigner signed the checkpoint."
        )
        return Check(name, _OPEN, zh, en), None
    time, row = min(accepted, key=lambda pair: pair[0])
    return (
        Check(
            name,
            _VALID,
            f"{row.name} 已于 {format_time(time)} 联署。",
            f"Cosigned by {row.name} at {format_time(time)}.",
            {"cosigner": row.trusted.key.name, "time": format_time(time)},
        ),
        time,
    )


def check_anchor(bundle: ProofBundle, trust: TrustFile, reading: AnchorReading | None) -> Check:
    """10. The chain holds this root for this log and size."""
    obstacle = _anchor_obstacle(trust, reading)
    if obstacle is not None or reading is None:
        zh, en = obstacle or ("", "")
        return Check(CheckName.ANCHOR, _OPEN, zh, en)
    root, body = reading.root, bundle.body
    if root is None:
        return Check(
            CheckName.ANCHOR,
            _OPEN,
            f"链上尚无该日志大小为 {body.size} 的检查点。",
            f"The chain holds no checkpoint of size {body.size} of this log yet.",
        )
    if root != body.root:
        return Check(
            CheckName.ANCHOR,
            _INVALID,
            "链上该大小的检查点的根与本检查点不同。",
            "The chain holds another root for this size.",
            {"on chain": root.hex(), "checkpoint": body.root.hex()},
        )
    differing = _anchor_differences(bundle, reading)
    if differing:
        return Check(
            CheckName.ANCHOR,
            _INVALID,
            "链上锚定的位置与文件所称不同。",
            "The chain anchors it elsewhere than the file says.",
            {"fields": ", ".join(differing)},
        )
    time = "" if reading.anchored_at is None else format_time(reading.anchored_at)
    return Check(
        CheckName.ANCHOR,
        _VALID,
        f"该检查点已锚定在链上{'，时间 ' + time if time else ''}。",
        f"The checkpoint is anchored on chain{', at ' + time if time else ''}.",
        {
            "chain": f"{reading.chain_id}",
            "contract": reading.contract,
            "block": f"{reading.block}",
            "number": f"{reading.number}",
            "time": time,
        },
    )


def _anchor_obstacle(trust: TrustFile, reading: AnchorReading | None) -> tuple[str, str] | None:
    """Why what was read from a chain cannot be relied upon, in both languages."""
    if reading is None:
        return "未连接区块链，未核对锚定。", "No chain was read; the anchor was not checked."
    contract = trust.contracts.get(CHECKPOINTS_CONTRACT)
    if contract is None:
        return "信任文件未列出检查点合约。", "The trust file names no Checkpoints contract."
    if reading.chain_id != trust.chain_id:
        return (
            "所连接的不是信任文件中的链。",
            "The endpoint is of another chain than the trust file.",
        )
    if reading.contract != contract.address or reading.code_hash != contract.code_hash:
        return (
            "所读合约的地址或代码与信任文件不符。",
            "Address or code of the contract that was read is not the trusted one.",
        )
    return None


def _anchor_differences(bundle: ProofBundle, reading: AnchorReading) -> list[str]:
    claim = bundle.anchor
    if claim is None:
        return []
    pairs = {
        "contract": (claim.contract, reading.contract),
        "block": (claim.block, reading.block),
        "transaction": (claim.transaction, reading.transaction),
    }
    return [key for key, (said, read) in pairs.items() if read is not None and said != read]


def _from_unix(seconds: int) -> datetime | None:
    """A time, or None when no calendar reaches that far."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
