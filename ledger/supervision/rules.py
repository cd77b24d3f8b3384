"""The checks of section e.4 that need only entries: pure functions over what all logs hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.evidence.encoding import LeafIndex, LogId, PlacedEntry, Subject, tag_of
from ledger.policy.kinds import Kind
from ledger.supervision.model import RISK_HIGH, Finding, LeafPlace, Rule

ANSWER_WORKING_DAYS: Final = 10
"""How long both bureaus have to answer a proven conflict: our own choice, no statute sets it.

The ``Conflicts`` contract counts them from the proof, by the calendar on chain."""


def is_normal_payout(item: PlacedEntry) -> bool:
    """Whether an entry is a month's one exclusive payment."""
    return item.entry.head.kind is Kind.PAYOUT and item.entry.head.exclusive


def duplicate_payouts(
    groups: Mapping[bytes, Sequence[PlacedEntry]], reversed_places: frozenset[LeafPlace]
) -> list[Finding]:
    """F3, F4: one person, class and month with more than one live payment, in whichever cities.

    Supplements (adjustment back pay, a payment made again after a bank return) are not exclusive
    and never share a tag; back pay after late certification has one line a month and so one tag a
    month.

    Args:
        groups: live and reversed normal payouts by tag.
        reversed_places: the leaves among them that a reversal takes back.
    """
    findings = []
    for tag, items in groups.items():
        live = [item for item in items if _place(item) not in reversed_places]
        if len(live) < 2:  # noqa: PLR2004 - one payment is no duplicate
            continue
        amounts = sorted(item.entry.amount_fen for item in live)
        findings.append(
            Finding(
                rule=Rule.DUPLICATE_PAYOUT,
                risk=RISK_HIGH,
                key=tag,
                period=live[0].entry.head.period,
                subject=live[0].entry.subject,
                leaves=tuple(sorted(_place(item) for item in live)),
                amount_fen=sum(amounts[:-1]),
            )
        )
    return findings


def paid_after_death(
    deaths: Sequence[PlacedEntry],
    payouts: Sequence[PlacedEntry],
    reversed_places: frozenset[LeafPlace],
) -> list[Finding]:
    """F1: a payment for a month after the month of a reported death; the death month itself is due.

    Args:
        deaths: death reports (kind 10), whose period is the month of death.
        payouts: payments about the same persons, normal lines and supplements.
        reversed_places: leaves that a reversal takes back.
    """
    first_death: dict[Subject, PlacedEntry] = {}
    for death in deaths:
        if _place(death) in reversed_places:
            continue
        known = first_death.get(death.entry.subject)
        if known is None or death.entry.head.period < known.entry.head.period:
            first_death[death.entry.subject] = death
    findings = []
    for payout in payouts:
        reported = first_death.get(payout.entry.subject)
        if (
            reported is None
            or _place(payout) in reversed_places
            or payout.entry.head.period <= reported.entry.head.period
        ):
            continue
        place = _place(payout)
        findings.append(
            Finding(
                rule=Rule.PAID_AFTER_DEATH,
                risk=RISK_HIGH,
                key=place.log_id.to_bytes(4) + place.index.to_bytes(8),
                period=payout.entry.head.period,
                subject=payout.entry.subject,
                leaves=(place, _place(reported)),
                amount_fen=payout.entry.amount_fen,
            )
        )
    return findings


def group_by_tag(items: Sequence[PlacedEntry]) -> dict[bytes, list[PlacedEntry]]:
    """Normal payouts by their tag; every other entry is left out."""
    groups: dict[bytes, list[PlacedEntry]] = {}
    for item in items:
        if is_normal_payout(item):
            groups.setdefault(tag_of(item.entry), []).append(item)
    return groups


def _place(item: PlacedEntry) -> LeafPlace:
    return LeafPlace(LogId(item.log_id), LeafIndex(item.index))
