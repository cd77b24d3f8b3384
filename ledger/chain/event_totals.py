"""What contract storage must say if no event is missing: totals that events alone add up to.

A total is named after the reading that proves it: ``Checkpoints.count/3`` must equal what
``Checkpoints.count(3)`` answers at the same block, ``Funds.totals.sentFen/2`` the value ``sentFen``
of ``Funds.totals(2)``. Some are compared at every check (``Scope.ALWAYS``: there are a few a log),
those of one case, claim or credential only when an event touched them since the last check. A
contract that counts its events proves by that alone that none of them is missing, whatever it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from ledger.chain.artifacts import load_artifact

Change = Callable[[int, Mapping[str, Any]], int]
"""Makes the new value of a total from its old one and an event's arguments."""

STAY: Final = 0
BENEFIT: Final = 1
_WORD_BITS: Final = 256
_TEXT_BYTES: Final = 8
_EVENT_COUNT: Final = "eventCount"

COUNTING: Final = frozenset(
    {"Conflicts", "Council", "FundRules", "Funds", "Statuses", "Transfers", "WorkCalendar"}
)
"""Contracts that count their events."""
LIBRARY_EVENTS: Final = frozenset(
    {
        "CallExecuted", "CallSalt", "CallScheduled", "Cancelled", "EIP712DomainChanged",
        "MinDelayChange", "RoleAdminChanged", "RoleGranted", "RoleRevoked",
    }
)  # fmt: skip
"""Events that OpenZeppelin's base contracts announce by themselves: no contract counts them."""


class Scope(IntEnum):
    """How often a total is compared with storage."""

    ALWAYS = 1
    WHEN_TOUCHED = 2


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event does to one total; ``name`` has the event's arguments in braces."""

    name: str
    change: Change
    scope: Scope = Scope.ALWAYS


@dataclass(frozen=True, slots=True)
class StorageReading:
    """The read that proves a total; ``part`` names one value of several, or is empty."""

    contract: str
    function: str
    arguments: tuple[Any, ...]
    part: str


def _counted(before: int, _: Mapping[str, Any]) -> int:
    return before + 1


def _added(field: str) -> Change:
    return lambda before, arguments: before + int(arguments[field])


def _raised(field: str) -> Change:
    return lambda before, arguments: max(before, int(arguments[field]))


def _put(field: str) -> Change:
    return lambda _, arguments: int(arguments[field])


def _text(field: str) -> Change:
    return lambda _, arguments: _number_of(arguments[field])


def _number_of(text: str) -> int:
    """A text as a total: the beginning of its SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:_TEXT_BYTES])


def _is(value: int) -> Change:
    return lambda _before, _arguments: value


def _case(state: int) -> Rule:
    return Rule("Transfers.transferCase.state/{caseId}", _is(state), Scope.WHEN_TOUCHED)


def _claim(kind: int, tag: str, change: Change) -> Rule:
    name = f"Transfers.claimOf.log/{kind},{{{tag}}}"
    return Rule(name, change, Scope.WHEN_TOUCHED)


_KEYS: Final = Rule("Bureaus.keyCount/{log}", _counted)
_ENDPOINT: Final = Rule("Bureaus.bureau.endpoint/{log}", _text("endpoint"))
_ROLE: Final = "Bureaus.hasRole/{role},{account}"
_CONFLICT: Final = "Conflicts.conflict.state/{conflictId}"

RULES: Final[Mapping[tuple[str, str], tuple[Rule, ...]]] = {
    ("Bureaus", "BureauEnrolled"): (
        Rule("Bureaus.logCount", _counted),
        Rule("Bureaus.bureau.name/{log}", _text("name")),
        _ENDPOINT,
        _KEYS,
    ),
    ("Bureaus", "EndpointChanged"): (_ENDPOINT,),
    ("Bureaus", "LogClosed"): (Rule("Bureaus.isClosed/{log}", _is(1)),),
    ("Bureaus", "SuccessorNamed"): (Rule("Bureaus.successorOf/{log}", _put("successor")),),
    ("Bureaus", "RoleGranted"): (Rule(_ROLE, _is(1), Scope.WHEN_TOUCHED),),
    ("Bureaus", "RoleRevoked"): (Rule(_ROLE, _is(0), Scope.WHEN_TOUCHED),),
    ("Bureaus", "KeysRotated"): (_KEYS,),
    ("Bureaus", "BureauSuspended"): (Rule("Bureaus.isSuspended/{log}", _is(1)),),
    ("Bureaus", "BureauReinstated"): (Rule("Bureaus.isSuspended/{log}", _is(0)),),
    ("Council", "ProposalMade"): (Rule("Council.proposalCount", _counted),),
    ("Council", "MinDelayChange"): (Rule("Council.getMinDelay", _put("newDuration")),),
    ("Checkpoints", "CheckpointPublished"): (
        Rule("Checkpoints.total", _counted),
        Rule("Checkpoints.count/{log}", _counted),
        Rule("Checkpoints.latestSize/{log}", _put("size")),
    ),
    ("Checkpoints", "LeafKept"): (
        Rule("Checkpoints.keptLeaf.size/{log},{index}", _put("size"), Scope.WHEN_TOUCHED),
    ),
    ("Funds", "FundsCollected"): (
        Rule("Funds.totals.collectedFen/{log}", _added("amountFen")),
        Rule("Funds.collectedUpTo/{log}", _raised("endLeaf")),
    ),
    ("Funds", "CollectionCorrected"): (
        Rule("Funds.totals.correctedFen/{log}", _added("amountFen")),
        Rule("Funds.collectedUpTo/{log}", _raised("endLeaf")),
    ),
    ("Funds", "LogTakenOver"): (
        Rule("Funds.collectedUpTo/{successor}", _put("collectedUpTo")),
        Rule("Funds.payoutRegisteredUpTo/{successor}", _put("payoutRegisteredUpTo")),
    ),
    ("FundRules", "RoutesSet"): (
        Rule("FundRules.profileCount/{pool},{movement}", _counted, Scope.WHEN_TOUCHED),
    ),
    ("Funds", "PaidRecorded"): (
        Rule("Funds.totals.disbursedFen/{log}", _added("amountFen")),
        Rule("Funds.payoutRegisteredUpTo/{log}", _raised("endLeaf")),
    ),
    ("Funds", "DisbursementProposed"): (
        Rule("Funds.payoutRegisteredUpTo/{log}", _raised("endLeaf")),
    ),
    ("Funds", "DisbursementApproved"): (
        Rule("Funds.totals.disbursedFen/{log}", _added("paidFen")),
    ),
    ("Funds", "PaymentReturned"): (Rule("Funds.totals.returnedFen/{log}", _added("amountFen")),),
    ("Funds", "SettlementSent"): (
        Rule("Funds.totals.sentFen/{fromLog}", _added("amountFen")),
        Rule("Funds.settlement.state/{settlementId}", _is(1), Scope.WHEN_TOUCHED),
    ),
    ("Funds", "SettlementReceived"): (
        Rule("Funds.totals.receivedFen/{toLog}", _added("amountFen")),
        Rule("Funds.settlement.state/{settlementId}", _is(2), Scope.WHEN_TOUCHED),
    ),
    ("Transfers", "TransferRequested"): (_case(1),),
    ("Transfers", "TransferReleased"): (_case(2),),
    ("Transfers", "TransferAccepted"): (_case(3), _claim(STAY, "segmentTag", _put("toLog"))),
    ("Transfers", "TransferRefused"): (_case(4),),
    ("Transfers", "TransferWithdrawn"): (_case(5),),
    ("Transfers", "TransferMoved"): (_case(6), _claim(STAY, "segmentTag", _put("toLog"))),
    ("Transfers", "TransferCancelled"): (_case(7),),
    ("Transfers", "BenefitClaimed"): (_claim(BENEFIT, "benefitTag", _put("log")),),
    ("Transfers", "BenefitReleased"): (_claim(BENEFIT, "benefitTag", _is(0)),),
    ("Transfers", "BenefitHandedOver"): (_claim(BENEFIT, "benefitTag", _put("toLog")),),
    ("Transfers", "ClaimSettled"): (
        Rule("Transfers.claimOf.log/{kind},{tag}", _put("log"), Scope.WHEN_TOUCHED),
    ),
    ("Conflicts", "ConflictProven"): (
        Rule("Conflicts.count", _counted),
        Rule(_CONFLICT, _is(1), Scope.WHEN_TOUCHED),
    ),
    ("Conflicts", "ConflictReversed"): (Rule(_CONFLICT, _is(2), Scope.WHEN_TOUCHED),),
    ("Conflicts", "ConflictClosed"): (Rule(_CONFLICT, _is(3), Scope.WHEN_TOUCHED),),
    ("Conflicts", "ConflictAnswered"): (
        Rule("Conflicts.answerCount/{conflictId}", _counted, Scope.WHEN_TOUCHED),
    ),
    ("WorkCalendar", "YearPublished"): (
        Rule("WorkCalendar.isPublished/{year}", _is(1), Scope.WHEN_TOUCHED),
    ),
}
"""What each event does to totals; credentials' bits and counts of events are in :func:`touched_by`.
"""

LOG_COUNT: Final = "Bureaus.logCount"
"""The total that says how many logs there are."""


def always(log_count: int) -> list[str]:
    """The totals that are compared at every check, also when no event has touched them.

    Args:
        log_count: how many logs there are by contract storage.
    """
    names = {rule.name for rules in RULES.values() for rule in rules if rule.scope is Scope.ALWAYS}
    logs = range(1, log_count + 1)
    return sorted(
        {_count_of(contract) for contract in COUNTING}
        | {name for name in names if "{" not in name}
        | {name.partition("{")[0] + str(log) for name in names if "{" in name for log in logs}
    )


def touched_by(contract: str, name: str, arguments: Mapping[str, Any]) -> list[tuple[str, Change]]:
    """The totals that an event changes, and how."""
    rules = RULES.get((contract, name), ())
    found = [(rule.name.format_map(arguments), rule.change) for rule in rules]
    if contract == "Statuses":
        found += _words(name, arguments)
    if contract in COUNTING and name not in LIBRARY_EVENTS:
        found.append((_count_of(contract), _counted))
    return found


def _count_of(contract: str) -> str:
    return f"{contract}.{_EVENT_COUNT}"


def most_telling_first(names: Iterable[str]) -> list[str]:
    """Totals in the order in which they are compared: what says most about a difference first."""
    return sorted(names, key=lambda name: (name.endswith(_EVENT_COUNT), name))


def _words(name: str, arguments: Mapping[str, Any]) -> list[tuple[str, Change]]:
    """Each revoked credential is one bit of a word of 256."""
    words: dict[int, int] = {}
    for index in arguments.get("indices", ()):
        words[index // _WORD_BITS] = words.get(index // _WORD_BITS, 0) | 1 << index % _WORD_BITS
    revokes = name == "CredentialsRevoked"
    return [
        (f"Statuses.word/{arguments['log']},{number}", _set_bits(bits, revoked=revokes))
        for number, bits in sorted(words.items())
    ]


def _set_bits(bits: int, *, revoked: bool) -> Change:
    return lambda before, _: before | bits if revoked else before & ~bits


def add_up(
    totals: MutableMapping[str, int], events: Iterable[tuple[str, str, Mapping[str, Any]]]
) -> set[str]:
    """Let events (contract, name, arguments) change totals in order; the names that they touched.

    Totals that are not there yet begin with 0.
    """
    names: set[str] = set()
    for contract, name, arguments in events:
        for total, change in touched_by(contract, name, arguments):
            totals[total] = change(totals.get(total, 0), arguments)
            names.add(total)
    return names


def reading_of(name: str) -> StorageReading:
    """The storage reading that a total is named after.

    Raises:
        KeyError: no contract has such a function.
    """
    target, _, given = name.partition("/")
    contract, function, *parts = target.split(".")
    inputs = load_artifact(contract).entry("function", function)["inputs"]
    values = given.split(",") if given else []
    arguments = tuple(
        _argument(str(item["type"]), value) for item, value in zip(inputs, values, strict=True)
    )
    return StorageReading(contract, function, arguments, parts[0] if parts else "")


def _argument(kind: str, text: str) -> Any:
    if kind.startswith("bytes"):
        return bytes.fromhex(text.removeprefix("0x"))
    return text if kind == "address" else int(text)


def value_of(reading: StorageReading, answer: tuple[Any, ...]) -> int:
    """The total in an answer of the contract: the only value, one of several, or a struct's."""
    if not reading.part:
        (value,) = answer
        return int(value)
    found = _part_of(reading, answer)
    return _number_of(found) if isinstance(found, str) else int(found)


def _part_of(reading: StorageReading, answer: tuple[Any, ...]) -> Any:
    outputs = load_artifact(reading.contract).entry("function", reading.function)["outputs"]
    for item, value in zip(outputs, answer, strict=True):
        if item["name"] == reading.part:
            return value
        if isinstance(value, Mapping) and reading.part in value:
            return value[reading.part]
    raise KeyError(f"{reading.contract}.{reading.function} answers no {reading.part}")


def keys_of(contract: str, name: str, arguments: Mapping[str, Any], transaction: str) -> list[str]:
    """What an event is about: its indexed arguments as ``name:value``, and its transaction."""
    inputs = load_artifact(contract).entry("event", name)["inputs"]
    found = [
        f"{item['name']}:{arguments[item['name']]}"
        for item in inputs
        if item["indexed"] and not str(item["type"]).endswith("]")
    ]
    return [*found, f"transaction:{transaction.lower()}"]
