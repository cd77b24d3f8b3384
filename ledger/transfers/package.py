"""The package of records that travels: building it, and checking it against the anchored log.

Pure: sealing, signatures and the network are the service's business. Building takes what it is
given; a package of altered records is built by the same functions and refused by `check_package`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.errors import (
    AmountError,
    EncodingError,
    FiguresMismatchError,
    FollowingBehindError,
    LengthError,
    MonthLeftOutError,
    PackageMismatchError,
    PackageShapeError,
    PeriodError,
    ProofShapeError,
    RecordAlteredError,
    RecordNotAnchoredError,
    RecordNotLiveError,
    RecordOfOtherPersonError,
    RootMismatchError,
)
from ledger.evidence.encoding import (
    Head,
    Leaf,
    LeafIndex,
    LogId,
    Subject,
    canonical_json,
    commitment_of,
    exclusive_tag,
    handle_of,
    leaf_hash,
    reversal_tag,
    seal_of,
    tag_from,
)
from ledger.evidence.merkle import verify_inclusion
from ledger.policy.kinds import Kind, base_class
from ledger.policy.periods import add_months, month_range, period_of
from ledger.policy.transfer import Scope
from ledger.transfers.figures import compute_figures, counts, digest_of_figures, require_equal
from ledger.transfers.model import CaseId, Figures, Package, PackageRecord, Sheet
from ledger.transfers.ports import AnchoredLog

EARLIEST_INSURED_AGE: Final = 14
"""Months are searched from this age on; lawful work starts at 16, the margin is for old records."""

_OTHER_KIND: Final = ("it is no contribution of this insurance", "不是该险种的缴费记录")
_TWICE: Final = ("it stands in the package twice", "在数据包中重复出现")
_EARLIER_STAY: Final = ("it moved with an earlier stay", "已随以前的关系转出")
_REVERSED: Final = ("it was reversed", "已被冲销")
_ALONE: Final = ("it adds to a month that is not there", "所补月份没有正常缴费记录")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the receiver knows before it opens a package; ``subject`` is its own computation."""

    case_id: CaseId
    class_: int
    from_log: LogId
    to_log: LogId
    stay: int
    scope: Scope
    subject: Subject
    identity_number: str
    birth_on: date
    today: date


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A package that passed every check: its figures, their digest, and its counted months."""

    package: Package
    figures: Figures
    figures_digest: bytes
    periods: tuple[int, ...]


# --- building -------------------------------------------------------------------------------------


def make_record(
    leaf_index: LeafIndex,
    head: Head,
    subject: Subject,
    record: Mapping[str, Any],
    salt: bytes,
    proof: Sequence[bytes],
) -> PackageRecord:
    """One record as it travels, with its handle."""
    return PackageRecord(
        leaf_index, head, handle_of(head, subject), salt, dict(record), tuple(proof)
    )


def leaf_of_record(record: PackageRecord, log_id: LogId) -> Leaf:
    """The public leaf this record has in log ``log_id``, recomputed from its clear content.

    Raises:
        EncodingError, LengthError: the record cannot be canonicalised, or salt or handle has
            another length.
    """
    commitment = commitment_of(canonical_json(record.record), record.salt)
    amount = record.record.get("amount_fen")
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise EncodingError(field="amount_fen", reason="it is not a whole number")
    return Leaf(
        tag_from(record.head, record.handle, commitment), seal_of(log_id, amount, commitment)
    )


def build_figures(
    case_id: CaseId,
    class_: int,
    logs: tuple[LogId, LogId],
    stay: int,
    scope: Scope,
    records: Sequence[PackageRecord],
    interest_through: int,
    origin_of: Callable[[int], LogId] | None = None,
) -> Figures:
    """The figures of the records as they will travel; see `compute_figures`.

    ``origin_of`` says which log recorded a leaf; without it, the sender's.
    """
    return compute_figures(
        case_id,
        class_,
        logs,
        stay,
        scope,
        [record.record for record in records],
        [
            leaf_of_record(
                record, origin_of(record.leaf_index) if origin_of is not None else logs[0]
            ).pack()
            for record in records
        ],
        interest_through,
    )


def build_sheet(
    figures: Figures, figures_salt: bytes, issued_on: date, overlaps: Iterable[int] = ()
) -> Sheet:
    """The information sheet over these figures, before its officers sign."""
    first = figures.years[0].from_period if figures.years else 0
    last = figures.years[-1].to_period if figures.years else 0
    return Sheet(issued_on, first, last, figures, figures_salt, tuple(sorted(overlaps)), ())


def build_package(
    size: int,
    root: bytes,
    sheet: Sheet,
    records: Sequence[PackageRecord],
    moved_before: Iterable[LeafIndex] = (),
) -> Package:
    """The package of one case, its records in the order of their leaves."""
    ordered = tuple(sorted(records, key=lambda record: record.leaf_index))
    return Package(sheet.figures.case_id, size, root, sheet, ordered, tuple(sorted(moved_before)))


# --- checking -------------------------------------------------------------------------------------


def check_package(package: Package, expected: Expectation, log: AnchoredLog) -> CheckedPackage:
    """Refuse a package that is not exactly what the old bureau's anchored log holds of this person.

    1. It is for this case.
    2. Its checkpoint is the chain's, and this node holds every leaf under it.
    3. Every record: is a contribution of this class; repeats its head and names this person; its
       handle is that of our own pseudonym; its leaf, recomputed from the clear content, stands at
       its index under the chain's root; it stands there once, was not reversed, and a
       supplement has the month it adds to beside it.
    4. No live month of this person in that log is missing.
    5. The sheet's months and money are what the records give.

    Raises:
        PackageMismatchError: rule 1, or the checkpoint of rule 2.
        FollowingBehindError: rule 2, this node has to follow further first.
        RecordAlteredError, RecordOfOtherPersonError, RecordNotAnchoredError, RecordNotLiveError:
            rule 3, with position and month.
        MonthLeftOutError: rule 4, with the month.
        FiguresMismatchError, PackageShapeError: rule 5.
    """
    _require_this_case(package, expected)
    _require_checkpoint(package, log)
    for position, record in enumerate(package.records, 1):
        _check_record(position, record, package, expected, log)
    _require_live(package, log)
    _require_complete(package, expected, log)
    _require_months_of_supplements(package)
    figures = _recompute(package, expected, log)
    periods = {record.head.period for record in package.records if counts(record.record)}
    digest = digest_of_figures(figures, package.sheet.figures_salt)
    return CheckedPackage(package, figures, digest, tuple(sorted(periods)))


def months_to_search(birth_on: date, today: date) -> list[int]:
    """Every month in which the person may have been insured, and the one after today's."""
    first = (birth_on.year + EARLIEST_INSURED_AGE) * 100 + 1
    return list(month_range(first, add_months(period_of(today), 1)))


def contribution_tags(class_: int, subject: Subject, periods: Iterable[int]) -> dict[bytes, int]:
    """The exclusive contribution tag of each month, with its month."""
    heads = [Head(Kind.CONTRIBUTION, class_, period) for period in periods]
    return {exclusive_tag(head, handle_of(head, subject)): head.period for head in heads}


def _require_this_case(package: Package, expected: Expectation) -> None:
    figures = package.sheet.figures
    checks = (
        ("case number", (package.case_id, figures.case_id), (expected.case_id, expected.case_id)),
        ("bureaus", (figures.from_log, figures.to_log), (expected.from_log, expected.to_log)),
        ("stay", (figures.class_, figures.stay), (expected.class_, expected.stay)),
        ("scope", figures.scope, expected.scope),
    )
    for part, ours, theirs in checks:
        if ours != theirs:
            raise PackageMismatchError(part=part)
    if package.moved_before and expected.stay == 1:
        raise PackageMismatchError(part="list of earlier stays")


def _require_checkpoint(package: Package, log: AnchoredLog) -> None:
    if log.followed_size < package.size:
        raise FollowingBehindError(
            log_id=log.log_id, needed_size=package.size, followed_size=log.followed_size
        )
    if log.root(package.size) != package.root:
        raise PackageMismatchError(part="checkpoint")


def _check_record(
    position: int, item: PackageRecord, package: Package, expected: Expectation, log: AnchoredLog
) -> None:
    head, period = item.head, item.head.period
    if head.kind is not Kind.CONTRIBUTION or base_class(head.class_) != expected.class_:
        raise RecordNotLiveError(position, period, *_OTHER_KIND)
    repeated = {
        "kind": int(head.kind),
        "class": head.class_,
        "period": period,
    }
    for field, value in repeated.items():
        if item.record.get(field) != value:
            raise RecordAlteredError(position, period, field)
    if item.record.get("identity_number") != expected.identity_number:
        raise RecordOfOtherPersonError(position, period)
    if item.handle != handle_of(head, expected.subject):
        raise RecordOfOtherPersonError(position, period)
    try:
        leaf = leaf_of_record(item, log.origin_of(item.leaf_index))
    except (EncodingError, LengthError) as error:
        raise RecordAlteredError(position, period, "form") from error
    try:
        verify_inclusion(
            leaf_hash(leaf.pack()), item.leaf_index, package.size, item.proof, package.root
        )
    except (ProofShapeError, RootMismatchError) as error:
        raise _fault(position, item, leaf, log) from error


def _fault(
    position: int, item: PackageRecord, computed: Leaf, log: AnchoredLog
) -> RecordAlteredError | RecordNotAnchoredError:
    """Tell a changed record from one that never stood there."""
    standing = log.leaf(item.leaf_index)
    same_fact = standing is not None and (
        standing.tag == computed.tag or (not item.head.exclusive and standing.seal != computed.seal)
    )
    if same_fact and standing != computed:
        return RecordAlteredError(position, item.head.period, "content, amount or salt")
    return RecordNotAnchoredError(position, item.head.period)


def _require_live(package: Package, log: AnchoredLog) -> None:
    seen: set[int] = set()
    earlier = set(package.moved_before)
    reversals = {
        reversal_tag(log.origin_of(record.leaf_index), record.leaf_index): (position, record)
        for position, record in enumerate(package.records, 1)
    }
    for position, record in enumerate(package.records, 1):
        if record.leaf_index in seen:
            raise RecordNotLiveError(position, record.head.period, *_TWICE)
        if record.leaf_index in earlier:
            raise RecordNotLiveError(position, record.head.period, *_EARLIER_STAY)
        seen.add(record.leaf_index)
    for tag in log.places_of_tags(list(reversals)):
        position, record = reversals[tag]
        raise RecordNotLiveError(position, record.head.period, *_REVERSED)


def _require_complete(package: Package, expected: Expectation, log: AnchoredLog) -> None:
    periods = months_to_search(expected.birth_on, expected.today)
    tags = contribution_tags(expected.class_, expected.subject, periods)
    known = {record.leaf_index for record in package.records} | set(package.moved_before)
    found = log.places_of_tags(list(tags))
    missing = sorted(
        (tags[tag], index)
        for tag, places in found.items()
        for index in places
        if index not in known
    )
    reversals = {
        reversal_tag(log.origin_of(index), LeafIndex(index)): index for _, index in missing
    }
    reversed_indices = {reversals[tag] for tag in log.places_of_tags(list(reversals))}
    for period, index in missing:
        if index not in reversed_indices:
            raise MonthLeftOutError(period=period, log_id=log.log_id, leaf_index=index)


def _require_months_of_supplements(package: Package) -> None:
    months = {record.head.period for record in package.records if record.head.exclusive}
    for position, record in enumerate(package.records, 1):
        if record.head.period not in months:
            raise RecordNotLiveError(position, record.head.period, *_ALONE)


def _recompute(package: Package, expected: Expectation, log: AnchoredLog) -> Figures:
    stated, sheet = package.sheet.figures, package.sheet
    if not 0 < stated.interest_through <= period_of(expected.today):
        raise FiguresMismatchError(figure="interest month")
    try:
        figures = build_figures(
            expected.case_id,
            expected.class_,
            (expected.from_log, expected.to_log),
            expected.stay,
            expected.scope,
            package.records,
            stated.interest_through,
            log.origin_of,
        )
    except (AmountError, PeriodError) as error:
        raise PackageShapeError(
            part="records", reason="a month or an amount is impossible"
        ) from error
    require_equal(stated, figures)
    again = build_sheet(figures, sheet.figures_salt, sheet.issued_on)
    if (again.insured_from, again.insured_to) != (sheet.insured_from, sheet.insured_to):
        raise FiguresMismatchError(figure="insured period")
    return figures
