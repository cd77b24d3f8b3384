"""The step of proofs: two retirees are answered, bundles made, verified offline, and spoiled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ledger.benefits.model import Decision
from ledger.benefits.rules import parse_category, summary
from ledger.benefits.service import decide_eligibility, review_eligibility
from ledger.errors import VerificationError
from ledger.evidence.bundle import ProofBundle
from ledger.evidence.trust import TrustFile
from ledger.evidence.verdicts import Verdict
from ledger.files import write_atomically
from ledger.following.feeds import FeedClient
from ledger.policy.kinds import Kind
from ledger.recording.context import NodeContext
from ledger.recording.proofs import prove_entry
from ledger.recording.trust import export_trust
from ledger.recording.verifying import verify
from scripts.demo_data.planted import PlantedProof
from scripts.journey.layout import NANJING
from scripts.journey.steps import Stage, wait_until_anchored, wait_until_examined

_MAKER: Final = "officer-maker"
_CHECKER: Final = "officer-checker"


@dataclass(frozen=True, slots=True)
class ProofOutcome:
    """One answer to one retiree, and what a bank makes of its proof without any network."""

    case: str
    outcome: str
    sentence_zh: str
    sentence_en: str
    file: str
    was_recorded: str
    still_stands: str
    spoiled: str


def prove_to_strangers(stage: Stage) -> list[ProofOutcome]:
    """Decide both cases, write bundles of them, a contribution and a payout; verify all offline."""
    context = stage.context(NANJING)
    decisions = {item.case: _decide(context, item) for item in stage.planted.proofs}
    wait_until_anchored(stage, NANJING)
    wait_until_examined(stage)
    write_atomically(stage.layout.proofs / "trust.json", export_trust(context).to_json().encode())
    outcomes = []
    for item in stage.planted.proofs:
        review = review_eligibility(context, item.identity_number, parse_category(item.category))
        words = summary(review)
        decision = decisions[item.case]
        outcomes.append(
            _prove(
                stage,
                item.case.lower().replace("_", "-"),
                decision.leaf_index,
                decision.outcome,
                (words.zh, words.en),
            )
        )
    subject = context.bureau.writer.subject_of(stage.planted.proofs[0].identity_number)
    with context.read() as view:
        contribution = view.log.of_subject(subject, [Kind.CONTRIBUTION])[-1].index
        payout = next(
            entry.index
            for batch in view.payouts.batches()
            for entry in view.log.entries(batch["first_index"], batch["first_index"] + 1)
        )
    outcomes.append(
        _prove(stage, "contribution", contribution, "", ("一个月的缴费", "one contribution"))
    )
    outcomes.append(_prove(stage, "payout", payout, "", ("一笔养老金", "one payout")))
    return outcomes


def _decide(context: NodeContext, item: PlantedProof) -> Decision:
    category = parse_category(item.category)
    return decide_eligibility(context, item.identity_number, category, _MAKER, _CHECKER)


def _prove(
    stage: Stage, name: str, index: int, outcome: str, words: tuple[str, str]
) -> ProofOutcome:
    context = stage.context(NANJING)
    feeds = FeedClient()
    try:
        bundle = prove_entry(context, index, standing_source=feeds.standing)
    finally:
        feeds.close()
    path = stage.layout.proofs / f"{name}.json"
    write_atomically(path, bundle.to_json().encode(), mode=0o600)
    verdict = _offline(stage, path)
    return ProofOutcome(
        case=name,
        outcome=outcome,
        sentence_zh=words[0],
        sentence_en=words[1],
        file=path.name,
        was_recorded=verdict.was_recorded,
        still_stands=verdict.still_stands,
        spoiled=_spoiled(stage, path),
    )


def _offline(stage: Stage, path: Path) -> Verdict:
    """What somebody says who has nothing but the two files."""
    trust = TrustFile.from_json((stage.layout.proofs / "trust.json").read_text())
    bundle = ProofBundle.from_json(path.read_text())
    return verify(bundle, trust, None, stage.context(NANJING).clock.now())


def _spoiled(stage: Stage, path: Path) -> str:
    """The same with one byte of the record flipped: the verdict, or that it cannot even be read."""
    text = path.read_text()
    place = text.index("identity_number") + len('identity_number\\":\\"')
    damaged = text[:place] + ("8" if text[place] != "8" else "7") + text[place + 1 :]
    try:
        bundle = ProofBundle.from_json(damaged)
    except VerificationError as error:
        return error.code
    trust = TrustFile.from_json((stage.layout.proofs / "trust.json").read_text())
    verdict = verify(bundle, trust, None, stage.context(NANJING).clock.now())
    return verdict.was_recorded
