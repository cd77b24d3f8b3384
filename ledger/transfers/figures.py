"""Months and money of a stay, computed from its records in one way on both sides.

A month counts once, however many lines it has (a top-up adds to its base); only paid months of the
employee pension count. Each year row is rounded by itself, the account earns yearly interest.
Source: 国办发〔2009〕66号 art. 4; rules a.5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from ledger.errors import FiguresMismatchError, PackageShapeError, PeriodError
from ledger.evidence.encoding import LogId, canonical_json, figures_digest, leaf_hash
from ledger.evidence.merkle import CompactRange
from ledger.policy.accounts import account_statement
from ledger.policy.periods import year_of
from ledger.policy.rates import rate_years
from ledger.policy.tables import ParameterStatus
from ledger.policy.transfer import Scope
from ledger.policy.transfer_amount import (
    AccountMoney,
    InsuredMonth,
    TransferAmount,
    transfer_amount,
)
from ledger.transfers.model import CaseId, Figures, YearFigures

EMPLOYEE_SCHEME: Final = "PENSION_EMPLOYEE"
COUNTED_TYPES: Final = frozenset({"NORMAL", "ARREARS_PAID", "LUMP_SUM"})
"""Deemed months are not funded, refunded ones do not count (rules a.5)."""

_SCHEMA: Final = "anxu-figures/1"


def compute_figures(
    case_id: CaseId,
    class_: int,
    logs: tuple[LogId, LogId],
    stay: int,
    scope: Scope,
    records: Sequence[Mapping[str, Any]],
    leaves: Sequence[bytes],
    interest_through: int,
) -> Figures:
    """The figures of one stay.

    Args:
        case_id: the case they are signed for.
        class_: the exclusion class.
        logs: the old and the new bureau's log.
        stay: which stay at the old bureau.
        scope: whether money moves.
        records: contribution records in clear, in the order of ``leaves``.
        leaves: their public leaves, 64 bytes each.
        interest_through: the last month for which the account earned interest.

    Raises:
        PackageShapeError: a record lacks a field or has one of another type.
        AmountError, PeriodError: a record has an impossible amount, or a month after
            ``interest_through``.
    """
    bases: defaultdict[int, int] = defaultdict(int)
    deposits: defaultdict[int, int] = defaultdict(int)
    for position, record in enumerate(records, 1):
        if not counts(record):
            continue
        period = _integer(record, "period", position)
        bases[period] += _integer(record, "base_fen", position)
        deposits[period] += _integer(record, "account_fen", position)
    account_fen, open_years = _account(deposits, interest_through)
    months = [InsuredMonth(period, base) for period, base in bases.items()]
    amount = transfer_amount(months, AccountMoney(account_fen), scope)
    return Figures(
        case_id=case_id,
        class_=class_,
        from_log=logs[0],
        to_log=logs[1],
        stay=stay,
        scope=scope,
        years=_years(amount, deposits),
        interest_through=interest_through,
        account_fen=amount.account_fen,
        pool_fen=amount.pool_fen,
        fund_fen=amount.fund_fen,
        interest_open_years=open_years,
        records=len(records),
        records_root=records_root(leaves),
    )


def counts(record: Mapping[str, Any]) -> bool:
    """Whether a contribution record is a paid month of the employee pension."""
    return (
        record.get("scheme") == EMPLOYEE_SCHEME and record.get("contribution_type") in COUNTED_TYPES
    )


def records_root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle root over the leaf hashes of the records that travel, in their order."""
    return CompactRange.empty().extend(map(leaf_hash, leaves)).root()


def figures_json(figures: Figures) -> dict[str, Any]:
    """The figures as they are canonicalised, hashed and sent."""
    fields = asdict(figures)
    fields["class"] = fields.pop("class_")
    fields["scope"] = figures.scope.value
    fields["interest_open_years"] = list(figures.interest_open_years)
    fields["years"] = [asdict(row) for row in figures.years]
    fields["records_root"] = figures.records_root.hex()
    return {"schema": _SCHEMA, **fields}


def digest_of_figures(figures: Figures, salt: bytes) -> bytes:
    """What both bureaus sign on chain; without the salt nobody can try figures against it."""
    return figures_digest(canonical_json(figures_json(figures)), salt)


_COMPARED: Final[tuple[tuple[str, Callable[[Figures], object]], ...]] = (
    ("case", lambda figures: (figures.case_id, figures.class_, figures.stay)),
    ("bureaus", lambda figures: (figures.from_log, figures.to_log, figures.scope)),
    ("records", lambda figures: (figures.records, figures.records_root)),
    ("interest month", lambda figures: figures.interest_through),
    ("months", lambda figures: figures.months),
    ("yearly rows", lambda figures: figures.years),
    ("years of open interest", lambda figures: figures.interest_open_years),
    ("account balance", lambda figures: figures.account_fen),
    ("pool amount", lambda figures: figures.pool_fen),
    ("amount to transfer", lambda figures: figures.fund_fen),
)


def require_equal(stated: Figures, computed: Figures) -> None:
    """Refuse a sheet whose figures are not what its records give; the first difference is named.

    Raises:
        FiguresMismatchError: which figure; amounts are not repeated.
    """
    for name, part in _COMPARED:
        if part(stated) != part(computed):
            raise FiguresMismatchError(figure=name)
    assert stated == computed, "every field is compared"


def _account(deposits: Mapping[int, int], interest_through: int) -> tuple[int, tuple[int, ...]]:
    """The balance, and the years whose interest stays open.

    Deposits of years before any known rate move as they are; like the years of rates that are not
    published they are named, and their interest is settled afterwards (先转后清).
    """
    if deposits and max(deposits) > interest_through:
        raise PeriodError(max(deposits), f"it is after {interest_through}, where interest ends")
    first_year = rate_years().start
    early = {period: fen for period, fen in deposits.items() if year_of(period) < first_year}
    later = {period: fen for period, fen in deposits.items() if period not in early}
    if early and year_of(interest_through) >= first_year:
        later.setdefault(first_year * 100 + 1, 0)  # interest runs from the first known rate on
    open_years = {year_of(period) for period in early}
    if year_of(interest_through) < first_year:
        return sum(early.values()), tuple(sorted(open_years))
    account = account_statement(later, interest_through, opening_fen=sum(early.values()))
    open_years |= {
        year.year for year in account.years if year.status is not ParameterStatus.PUBLISHED
    }
    return account.balance_fen, tuple(sorted(open_years))


def _years(amount: TransferAmount, deposits: Mapping[int, int]) -> tuple[YearFigures, ...]:
    principal: defaultdict[int, int] = defaultdict(int)
    for period, deposit in deposits.items():
        principal[year_of(period)] += deposit
    return tuple(
        YearFigures(
            year=row.year,
            months=row.months_paid,
            from_period=row.from_period,
            to_period=row.to_period,
            base_fen=row.base_total_fen,
            account_fen=principal[row.year],
            pool_fen=row.pool_transfer_fen,
        )
        for row in amount.years
    )


def _integer(record: Mapping[str, Any], field: str, position: int) -> int:
    value = record.get(field)
    if not isinstance(value, int) or isinstance(value, bool):
        raise PackageShapeError(part=f"record {position}", reason=f"{field} is not a whole number")
    return value
