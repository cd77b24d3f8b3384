"""Checks 1 to 7 of a proof bundle: what the file can show, with the trust file's word on lineage.

Shape, record, commitment, tag, seal, inclusion: each gives one `Check` and raises nothing.
"""

from __future__ import annotations

import re
from typing import Final

import rfc8785

from ledger.errors import EncodingError, VerificationError
from ledger.evidence.bundle import OwnerOpening, ProofBundle
from ledger.evidence.encoding import (
    canonical_json,
    commitment_of,
    handle_of,
    leaf_hash,
    reversal_subject,
    reversal_tag,
    seal_of,
    tag_from,
    tag_of,
)
from ledger.evidence.merkle import verify_inclusion
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import RECORD_CHECKS, Check, CheckName, Outcome
from ledger.policy.kinds import Kind

_ORIGIN: Final = re.compile(r"anxu/([1-9][0-9]{0,15})/([1-9][0-9]{0,9})", re.ASCII)
_VALID, _INVALID, _OPEN = Outcome.VALID, Outcome.INVALID, Outcome.UNDETERMINED


def check_shape(bundle: ProofBundle) -> Check:
    """1. The parts of the file speak of one leaf of one log on one chain."""
    name, origin = CheckName.BUNDLE_SHAPE, bundle.body.origin
    found = _ORIGIN.fullmatch(origin)
    if found is None or int(found[2]) != bundle.log_id:
        return Check(
            name,
            _INVALID,
            "检查点属于另一日志，与文件所称日志不符。",
            "The checkpoint is of another log than the one the file names.",
            {"origin": origin, "log": f"{bundle.log_id}"},
        )
    if bundle.anchor is not None and bundle.anchor.chain_id != int(found[1]):
        return Check(
            name,
            _INVALID,
            "检查点与所称锚定交易不在同一条链上。",
            "The checkpoint and the anchoring transaction are of two chains.",
            {"origin": origin, "anchor chain": f"{bundle.anchor.chain_id}"},
        )
    if bundle.standing is not None and bundle.standing.size <= bundle.index:
        return Check(
            name,
            _INVALID,
            "现时有效声明所依据的检查点尚未包含该记录。",
            "The standing statement is as of a checkpoint that does not reach the leaf.",
            {"size": f"{bundle.standing.size}", "index": f"{bundle.index}"},
        )
    return Check(
        name,
        _VALID,
        "文件完整，各部分指向同一日志的同一条记录。",
        "The file is complete; its parts speak of one leaf of one log.",
        {"origin": origin, "index": f"{bundle.index}"},
    )


def check_record(bundle: ProofBundle) -> tuple[Check, Check, Check]:
    """2. to 4. The record is canonical, agrees with the head and gives the commitment."""
    opening = bundle.opening
    if not isinstance(opening, OwnerOpening):
        zh, en = "监管级证明不含记录原文。", "A proof at the supervision level shows no record."
        canonical, matches, commitment = (
            Check(name, _OPEN, zh, en) for name in CheckName if name in RECORD_CHECKS
        )
        return canonical, matches, commitment
    matches = _check_record_matches(opening)
    try:
        record = canonical_json(opening.record)
    except EncodingError as error:
        canonical = Check(
            CheckName.RECORD_CANONICAL,
            _INVALID,
            "记录不是规范形式，不可能是当初登记的内容。",
            "The record is not in the one form that is recorded.",
            {"reason": error.reason},
        )
        return canonical, matches, _check_irregular_commitment(opening)
    canonical = Check(
        CheckName.RECORD_CANONICAL,
        _VALID,
        "记录为规范形式（RFC 8785）。",
        "The record is in its one form (RFC 8785).",
    )
    return canonical, matches, _check_commitment(opening, record)


def _check_irregular_commitment(opening: OwnerOpening) -> Check:
    """4. for a record that breaks our restrictions: it was committed to all the same, or not."""
    try:
        record = rfc8785.dumps(dict(opening.record))
    except rfc8785.CanonicalizationError:
        return Check(
            CheckName.COMMITMENT,
            _OPEN,
            "记录无法写成规范文本，无法计算承诺。",
            "The record has no canonical text, so no commitment can be computed.",
        )
    return _check_commitment(opening, record)


def _check_record_matches(opening: OwnerOpening) -> Check:
    expected = {
        "kind": int(opening.head.kind),
        "class": opening.head.class_,
        "period": opening.head.period,
        "amount_fen": opening.amount_fen,
    }
    missing = [key for key in expected if not _is_integer(opening.record.get(key))]
    differing = [
        key for key in expected if key not in missing and opening.record[key] != expected[key]
    ]
    if differing:
        return Check(
            CheckName.RECORD_MATCHES_HEAD,
            _INVALID,
            "记录内容与其登记的类别、月份或金额不一致。",
            "The record says something else than what was recorded of it.",
            {"fields": ", ".join(differing)},
        )
    if missing:
        return Check(
            CheckName.RECORD_MATCHES_HEAD,
            _OPEN,
            "记录未写明全部应核对的内容，无法比对。",
            "The record lacks fields that the head is compared with.",
            {"fields": ", ".join(missing)},
        )
    return Check(
        CheckName.RECORD_MATCHES_HEAD,
        _VALID,
        "记录的类别、险种、月份和金额与登记一致。",
        "Kind, class, month and amount of the record are those recorded.",
    )


def _check_commitment(opening: OwnerOpening, record: bytes) -> Check:
    if commitment_of(record, opening.salt) != opening.commitment:
        return Check(
            CheckName.COMMITMENT,
            _INVALID,
            "记录与其承诺不符：记录或随机数被改动。",
            "The record does not give its commitment: record or salt was changed.",
            {"commitment": opening.commitment.hex()},
        )
    return Check(
        CheckName.COMMITMENT,
        _VALID,
        "记录与当初的承诺一致，一字未改。",
        "The record gives its commitment: not a character was changed.",
        {"commitment": opening.commitment.hex()},
    )


def check_tag(bundle: ProofBundle) -> Check:
    """5. Head and handle, the reversed leaf, or the entry give the tag of the leaf."""
    try:
        is_right = _gives_tag(bundle)
    except EncodingError:
        is_right = False
    if is_right is None:
        return Check(
            CheckName.TAG,
            _OPEN,
            "文件未写明冲销了哪一条记录，无法核对标签。",
            "The file does not say which leaf is reversed, so the tag cannot be recomputed.",
        )
    evidence = {"tag": bundle.leaf.tag.hex()}
    if not is_right:
        return Check(
            CheckName.TAG,
            _INVALID,
            "所称事实与公开标签不符。",
            "The fact as stated does not give the public tag.",
            evidence,
        )
    return Check(
        CheckName.TAG,
        _VALID,
        "所称事实与公开标签一致。",
        "The fact as stated gives the public tag.",
        evidence,
    )


def _gives_tag(bundle: ProofBundle) -> bool | None:
    opening, tag = bundle.opening, bundle.leaf.tag
    if not isinstance(opening, OwnerOpening):
        return tag_of(opening.entry) == tag
    if opening.head.kind is not Kind.REVERSAL:
        return tag_from(opening.head, opening.handle, opening.commitment) == tag
    target = opening.reverses
    if target is None:
        return None
    subject = reversal_subject(target.log_id, target.index)
    is_lower = target.log_id != bundle.log_id or target.index < bundle.index
    is_opened = handle_of(opening.head, subject) == opening.handle
    return is_lower and is_opened and reversal_tag(target.log_id, target.index) == tag


def check_seal(bundle: ProofBundle, trust: TrustFile) -> Check:
    """6. Log, amount and commitment give the seal of the leaf, and the log is the right one."""
    opening, log = bundle.opening, trust.log(bundle.log_id)
    seal = seal_of(bundle.origin_log, opening.amount_fen, opening.commitment)
    evidence = {"seal": bundle.leaf.seal.hex()}
    if seal != bundle.leaf.seal:
        return Check(
            CheckName.SEAL,
            _INVALID,
            "日志、金额或承诺与公开封印不符。",
            "Log, amount and commitment do not give the public seal.",
            evidence,
        )
    evidence |= {} if bundle.recorded_in is None else {"recorded in": f"{bundle.recorded_in}"}
    if bundle.recorded_in is not None and (log is None or not log.inherited):
        return Check(
            CheckName.SEAL,
            _OPEN,
            "信任文件未载明该日志承接了其他日志的记录。",
            "The trust file does not say that the log carries on another one's records.",
            evidence,
        )
    if log is not None and log.origin_of(bundle.index) != bundle.origin_log:
        return Check(
            CheckName.SEAL,
            _INVALID,
            "按信任文件，该记录最初登记于另一日志。",
            "By the trust file the leaf was recorded in another log.",
            evidence | {"by the trust file": f"{log.origin_of(bundle.index)}"},
        )
    return Check(
        CheckName.SEAL,
        _VALID,
        "日志、金额和承诺与公开封印一致。",
        "Log, amount and commitment give the public seal.",
        evidence,
    )


def check_inclusion(bundle: ProofBundle) -> Check:
    """7. The leaf is under the root of the checkpoint."""
    body = bundle.body
    evidence = {"index": f"{bundle.index}", "size": f"{body.size}", "root": body.root.hex()}
    try:
        leaf = leaf_hash(bundle.leaf.pack())
        verify_inclusion(leaf, bundle.index, body.size, bundle.inclusion, body.root)
    except VerificationError as error:
        return Check(
            CheckName.INCLUSION, _INVALID, error.sentence("zh"), error.sentence("en"), evidence
        )
    return Check(
        CheckName.INCLUSION,
        _VALID,
        f"该记录是检查点 {body.size} 条记录中的第 {bundle.index} 条（从 0 起）。",
        f"It is leaf {bundle.index} of the {body.size} under the checkpoint.",
        evidence,
    )


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
