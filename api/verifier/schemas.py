"""What the verifier's JSON routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.evidence.verdicts import Check, Verdict

OutcomeWord = Literal["valid", "invalid", "undetermined"]


class VerifyRequest(BaseModel):
    """A proof to check; ``trust`` is the verifier's own trust file, by default this node's export.

    Both are given as the text of the file, or as its JSON object.
    """

    model_config = ConfigDict(extra="forbid")

    bundle: str | dict[str, Any] = Field(description="A proof bundle, anxu-proof/1.")
    trust: str | dict[str, Any] | None = Field(
        default=None, description="A trust file, anxu-trust/1."
    )


class CheckAnswer(BaseModel):
    """One named check, what came out in words, and the public values it rests on."""

    name: str
    title_zh: str
    title_en: str
    outcome: OutcomeWord
    zh: str
    en: str
    evidence: dict[str, str]


class VerdictAnswer(BaseModel):
    """Whether a fact was recorded, and whether it still stands.

    ``witnessed_at`` is the earliest time at which somebody other than the bureau saw it recorded;
    ``stands_as_of`` and ``stands_as_of_at`` are checkpoint size and time of the second verdict.
    ``missing`` names checks that keep a verdict open. ``trust_given`` says whether the trust file
    was the caller's own.
    """

    was_recorded: OutcomeWord
    still_stands: OutcomeWord
    checks: list[CheckAnswer]
    missing: list[str]
    reasons_zh: list[str]
    reasons_en: list[str]
    witnessed_at: datetime | None
    stands_as_of: int | None
    stands_as_of_at: datetime | None
    trust_given: bool


class AnchorObject(BaseModel):
    """Where a checkpoint stands on chain."""

    chain_id: int
    contract: str
    block: int
    transaction: str


class StandingObject(BaseModel):
    """A cosigner's signed word on whether the leaf still stands."""

    size: int
    root: str
    reversed: bool
    revoked: bool
    time: str
    cosigner: str
    signature: str


class ProofFile(BaseModel):
    """A proof bundle at the owner level; `ledger.evidence.bundle` reads and writes it."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["anxu-proof/1"] = Field(alias="schema")
    level: Literal["owner"]
    log_id: int
    index: int
    leaf: str
    record: dict[str, Any]
    salt: str
    head: str
    handle: str
    amount_fen: int
    commitment: str
    reverses: dict[str, int] | None = None
    inclusion: list[str]
    checkpoint: str
    anchor: AnchorObject | None = None
    standing: StandingObject | None = None


class ContractObject(BaseModel):
    """Address and Keccak-256 of the runtime code of a contract, both 0x-hex."""

    address: str
    code_hash: str


class KeyObject(BaseModel):
    """A C2SP verifier key and the time it is trusted in."""

    vkey: str
    valid_from: str
    valid_until: str | None


class CosignerObject(KeyObject):
    """A supervisor's cosigning key."""

    name: str


class LogObject(BaseModel):
    """A bureau's log with its keys of all times."""

    log_id: int
    origin: str
    name: str
    region: str
    keys: list[KeyObject]


class TrustFileAnswer(BaseModel):
    """A trust file; `ledger.evidence.trust` reads and writes it."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["anxu-trust/1"] = Field(alias="schema")
    chain_id: int
    contracts: dict[str, ContractObject]
    logs: list[LogObject]
    cosigners: list[CosignerObject]


def verdict_answer(verdict: Verdict, *, trust_given: bool) -> VerdictAnswer:
    """A verdict as it is answered."""
    return VerdictAnswer(
        was_recorded=verdict.was_recorded.value,
        still_stands=verdict.still_stands.value,
        checks=[_check(check) for check in verdict.checks],
        missing=[name.value for name in verdict.missing],
        reasons_zh=list(verdict.reasons("zh")),
        reasons_en=list(verdict.reasons("en")),
        witnessed_at=verdict.witnessed_at,
        stands_as_of=verdict.stands_as_of,
        stands_as_of_at=verdict.stands_as_of_at,
        trust_given=trust_given,
    )


def _check(check: Check) -> CheckAnswer:
    return CheckAnswer(
        name=check.name.value,
        title_zh=check.title("zh"),
        title_en=check.title("en"),
        outcome=check.outcome.value,
        zh=check.zh,
        en=check.en,
        evidence=dict(check.evidence),
    )
