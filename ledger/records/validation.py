"""Finds everything that is wrong with a file, column by column and then line by line.

Each distinct cell of a column is read once, whatever the number of lines. Findings come sorted by
line; a line with an error is left out of the rows, one with warnings only is not. What rates say is
a warning only: a parameter may estimate, never decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Generic, Protocol, TypeVar

import polars as pl

from ledger.errors import ParameterMissingError
from ledger.policy.contributions import BaseBounds, Bound, base_bounds
from ledger.policy.identifiers import IdentityNumber, birth_date_of
from ledger.policy.money import percent_text, share_of, yuan_text
from ledger.policy.rates import Payer, contribution_rate
from ledger.policy.tables import Parameter
from ledger.records.cells import CellFault, Parser, parser_of
from ledger.records.columns import ColumnSpec, Content
from ledger.records.files import SourceTable
from ledger.records.findings import RowFinding, Severity
from ledger.records.mapping import YUAN
from ledger.records.model import (
    ContributionRow,
    ContributionType,
    DeathRow,
    PayoutLine,
    PayoutReason,
    PayoutRow,
    Scheme,
)

CONTRIBUTION_SCHEMES: Final = (Scheme.PENSION_EMPLOYEE,)
"""Whose contributions the rates of the policy room describe."""
RATE_TOLERANCE_FEN: Final = 10
"""Local systems round a contribution to the jiao (0.1 yuan); nothing is said about that much."""


_KEPT_SHARES: Final = 100_000
_DUPLICATE: Final = "duplicate-line"
_LINE: Final = "source line"
_FIRST: Final = "first source line"
_TEXTS: Final = frozenset(
    {Content.TEXT, Content.CHOICE, Content.CREDIT_CODE, Content.ACCOUNT, Content.IDENTITY}
)
"""An empty cell of these is an empty text; of the others it is no value."""


class _Located(Protocol):
    @property
    def source_line(self) -> int: ...


RowT = TypeVar("RowT", bound=_Located)


@dataclass(frozen=True, slots=True)
class Checked(Generic[RowT]):
    """A file's good rows in file order, and everything that was found, sorted by line."""

    table: SourceTable
    rows: tuple[RowT, ...]
    findings: tuple[RowFinding, ...]

    @property
    def errors(self) -> tuple[RowFinding, ...]:
        """The findings that keep lines out."""
        return tuple(item for item in self.findings if item.severity is Severity.ERROR)

    @property
    def refused_lines(self) -> frozenset[int]:
        """The lines that are kept out."""
        return frozenset(item.line for item in self.errors)

    def with_findings(self, more: Sequence[RowFinding]) -> Checked[RowT]:
        """The same with more findings; rows whose line has an error now are gone."""
        if not more:
            return self
        refused = {item.line for item in more if item.severity is Severity.ERROR}
        rows = tuple(row for row in self.rows if row.source_line not in refused)
        return replace(self, rows=rows, findings=_sorted([*self.findings, *more], self.table))


class _Columns:
    """The cells of a table read into values (None where one cannot be), with what was found."""

    def __init__(self, table: SourceTable, today: date, *, whole: bool = True) -> None:
        """Read every cell; ``whole`` tables are searched for repeated lines, parts of one not."""
        self.table = table
        self.findings: list[RowFinding] = table.ragged_findings()
        self.values = {column.name: self._read(column, today) for column in table.spec.columns}
        self.duplicates = frozenset[int]()
        if whole:
            self._find_duplicate_lines()

    def _read(self, column: ColumnSpec, today: date) -> list[Any]:
        mapping = self.table.mapping
        parse = parser_of(
            column,
            today,
            self.table.units.get(column.name, YUAN),
            mapping.formats.get(column.content),
            mapping.values.get(column.name, {}),
        )
        cells = self.table.frame[column.name].to_list()
        outcomes = {text: _outcome(text, column, parse) for text in set(cells)}
        faulty = {text for text, outcome in outcomes.items() if isinstance(outcome, CellFault)}
        if not faulty:
            return [outcomes[text] for text in cells]
        values: list[Any] = []
        for line, text in zip(self.table.lines, cells, strict=True):
            outcome = outcomes[text]
            if isinstance(outcome, CellFault):
                self.add(line, column.name, outcome.code, **outcome.details)
                outcome = None
            values.append(outcome)
        return values

    def _find_duplicate_lines(self) -> None:
        """Lines that equal an earlier one in every field."""
        lines = pl.Series(_LINE, self.table.lines, dtype=pl.Int64)
        first = pl.col(_LINE).first().over(list(self.table.spec.names)).alias(_FIRST)
        repeated = (
            self.table.frame.with_columns(lines)
            .select(_LINE, first)
            .filter(pl.col(_LINE) != pl.col(_FIRST))
        )
        self.duplicates = frozenset(repeated[_LINE])
        for line, first_line in repeated.iter_rows():
            self.add(line, "", _DUPLICATE, other=first_line)

    def add(self, line: int, field: str, code: str, **details: Any) -> None:
        self.findings.append(self.table.finding(line, field, code, **details))

    def rows(self) -> Iterable[tuple[int, dict[str, Any]]]:
        """Each line with its values by column."""
        names = tuple(self.values)
        for line, values in zip(
            self.table.lines, zip(*self.values.values(), strict=True), strict=True
        ):
            yield line, dict(zip(names, values, strict=True))

    def refused(self) -> set[int]:
        return {item.line for item in self.findings if item.severity is Severity.ERROR}

    def checked(self, rows: Iterable[RowT]) -> Checked[RowT]:
        refused = self.refused()
        return Checked(
            self.table,
            tuple(row for row in rows if row.source_line not in refused),
            _sorted(self.findings, self.table),
        )


def _outcome(text: str, column: ColumnSpec, parse: Parser) -> Any:
    if not text:
        if column.filled:
            return CellFault("missing")
        return column.default if column.content in _TEXTS else None
    try:
        return parse(text)
    except CellFault as fault:
        return fault


def _sorted(findings: Iterable[RowFinding], table: SourceTable) -> tuple[RowFinding, ...]:
    return sorted_findings(findings, table.spec.names)


def sorted_findings(findings: Iterable[RowFinding], names: Sequence[str]) -> tuple[RowFinding, ...]:
    """Findings by line, then by column in the order of ``names``, then by code."""
    order = {name: place for place, name in enumerate(("", *names))}
    return tuple(sorted(findings, key=lambda item: (item.line, order[item.field], item.code)))


# --- contributions -----------------------------------------------------------------------------


def check_contributions(table: SourceTable, region: str, today: date) -> Checked[ContributionRow]:
    """Everything that is wrong with a contribution file by itself; the log is asked elsewhere.

    Args:
        table: a file read as ``CONTRIBUTIONS``.
        region: where the persons are insured (GB/T 2260), for the rates.
        today: no month and no payment may lie after it.
    """
    columns = _Columns(table, today)
    cells = _contribution_cells(columns, Rates(region))
    _find_second_lines(columns)
    refused = columns.refused()
    return columns.checked(
        _contribution_row(line, cell) for line, cell in cells if line not in refused
    )


@dataclass(frozen=True, slots=True)
class CheckedPart:
    """Some lines of a contribution file, each judged by itself.

    ``months``: of every line person and month where they can be read, and whether the line is the
    month's one normal line; what it shares with other lines is found by these.
    """

    checked: Checked[ContributionRow]
    months: tuple[tuple[IdentityNumber | None, int | None, bool], ...]


def check_part(table: SourceTable, rates: Rates, today: date) -> CheckedPart:
    """Everything that is wrong with each of some lines by itself.

    Args:
        table: some lines of a file read as ``CONTRIBUTIONS``.
        rates: of where the persons are insured.
        today: no month and no payment may lie after it.
    """
    columns = _Columns(table, today, whole=False)
    cells = _contribution_cells(columns, rates)
    refused = columns.refused()
    rows = (_contribution_row(line, cell) for line, cell in cells if line not in refused)
    months = tuple((cell["identity_number"], cell["period"], _exclusive(cell)) for _, cell in cells)
    return CheckedPart(columns.checked(rows), months)


def check_together(table: SourceTable, today: date) -> tuple[RowFinding, ...]:
    """What is wrong with lines of a contribution file because of other lines in the table.

    ``table`` may be some lines of a file, if it has all that could stand in one another's way.
    """
    columns = _Columns(table, today)
    alone = {id(item) for item in columns.findings if item.code != _DUPLICATE}
    _find_second_lines(columns)
    return _sorted([item for item in columns.findings if id(item) not in alone], table)


def _contribution_cells(columns: _Columns, rates: Rates) -> list[tuple[int, dict[str, Any]]]:
    cells = list(columns.rows())
    for line, cell in cells:
        _check_contribution(columns, line, cell, rates)
    return cells


def _exclusive(cell: dict[str, Any]) -> bool:
    return cell["contribution_type"] not in {None, ContributionType.SUPPLEMENT}


def _find_second_lines(columns: _Columns) -> None:
    """Different lines that claim to be the one normal line of a person's month."""
    months: dict[Any, list[int]] = {}
    for line, cell in columns.rows():
        month = (cell["identity_number"], cell["period"])
        if _exclusive(cell) and None not in month and line not in columns.duplicates:
            months.setdefault(month, []).append(line)
    _find_rivals(columns, months, "period", "second-line")


def _contribution_row(line: int, cell: dict[str, Any]) -> ContributionRow:
    return ContributionRow(
        source_line=line,
        identity_number=cell["identity_number"],
        name=cell["name"],
        employer_code=cell["employer_code"] or None,
        employer_name=cell["employer_name"],
        scheme=Scheme(cell["scheme"]),
        contribution_type=ContributionType(cell["contribution_type"]),
        period=cell["period"],
        base_fen=cell["base"],
        unit_fen=cell["unit_amount"],
        person_fen=cell["person_amount"],
        paid_on=cell["paid_on"],
    )


class Rates:
    """The rates and bounds of each month in one region, looked up once."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._rates: dict[tuple[Payer, int], Parameter | None] = {}
        self._bounds: dict[int, BaseBounds | None] = {}
        self._shares: dict[tuple[int, int], int] = {}

    def rate(self, payer: Payer, period: int) -> Parameter | None:
        """A payer's rate in a month; None where no table has it."""
        key = (payer, period)
        if key not in self._rates:
            try:
                self._rates[key] = contribution_rate(payer, period, self._region)
            except ParameterMissingError:
                self._rates[key] = None
        return self._rates[key]

    def bounds(self, period: int) -> BaseBounds | None:
        """Between what a month's base must lie; None where no table says it."""
        if period not in self._bounds:
            try:
                self._bounds[period] = base_bounds(period, self._region)
            except ParameterMissingError:
                self._bounds[period] = None
        return self._bounds[period]

    def share(self, base_fen: int, rate_bps: int) -> int:
        """What a rate takes of a base, in fen."""
        key = (base_fen, rate_bps)
        if key not in self._shares:
            if len(self._shares) >= _KEPT_SHARES:
                self._shares.clear()
            self._shares[key] = share_of(base_fen, rate_bps)
        return self._shares[key]


def _check_contribution(columns: _Columns, line: int, cell: dict[str, Any], rates: Rates) -> None:
    if cell["scheme"] is not None and cell["scheme"] not in CONTRIBUTION_SCHEMES:
        columns.add(line, "scheme", "scheme-elsewhere", allowed=", ".join(CONTRIBUTION_SCHEMES))
    unit, person = cell["unit_amount"], cell["person_amount"]
    if unit and cell["employer_code"] == "":
        columns.add(line, "employer_code", "employer-missing")
    if unit is None or person is None:
        return
    if unit + person == 0:
        columns.add(line, "person_amount", "amount-zero")
    elif cell["base"] is not None and cell["period"] is not None:
        _check_rates(columns, line, cell, rates)


def _check_rates(columns: _Columns, line: int, cell: dict[str, Any], rates: Rates) -> None:
    period, base = cell["period"], cell["base"]
    unit, person = cell["unit_amount"], cell["person_amount"]
    account = rates.rate(Payer.ACCOUNT, period)
    if account is None:
        columns.add(line, "period", "parameter", period=period)
        return
    if unit + person < rates.share(base, account.value):
        columns.add(line, "person_amount", "account-share", rate=percent_text(account.value))
        return
    if unit:  # the self-employed pay all by themselves, at a rate of their own
        pairs = (
            (Payer.UNIT, unit, "unit_amount", "unit-rate"),
            (Payer.PERSON, person, "person_amount", "person-rate"),
        )
        for payer, paid, field, code in pairs:
            rate = rates.rate(payer, period)
            if rate is None:
                continue
            if abs(paid - rates.share(base, rate.value)) > RATE_TOLERANCE_FEN:
                columns.add(line, field, code, rate=percent_text(rate.value))
    if cell["contribution_type"] != ContributionType.SUPPLEMENT:
        _check_bounds(columns, line, base, rates.bounds(period))


def _check_bounds(columns: _Columns, line: int, base: int, bounds: BaseBounds | None) -> None:
    if bounds is None:
        return
    bound = bounds.bound_of(base)
    if bound is Bound.NONE:
        return
    floor = bound is Bound.FLOOR
    limit = bounds.floor_fen if floor else bounds.ceiling_fen
    columns.add(
        line,
        "base",
        "base-floor" if floor else "base-ceiling",
        limit=yuan_text(limit),
        status=str(bounds.status),
    )


def _find_rivals(columns: _Columns, claims: dict[Any, list[int]], field: str, code: str) -> None:
    """Lines that claim the same and differ: which one is right cannot be told, so none goes in."""
    for lines in claims.values():
        if len(lines) > 1:
            for line in lines:
                other = lines[0] if line != lines[0] else lines[1]
                columns.add(line, field, code, other=other)


# --- payouts -----------------------------------------------------------------------------------


def check_payouts(table: SourceTable, today: date) -> Checked[PayoutRow]:
    """Everything that is wrong with a payout file by itself.

    A person may have several lines in a month: only a line equal in every field is refused here.

    Args:
        table: a file read as ``PAYOUTS``.
        today: no month may lie after it; the day of payment may.
    """
    columns = _Columns(table, today)
    rows = []
    for line, cell in columns.rows():
        if cell["amount"] == 0:
            columns.add(line, "amount", "amount-zero")
        if cell["line"] == PayoutLine.SUPPLEMENT and cell["reason"] == PayoutReason.NONE:
            allowed = ", ".join(reason for reason in PayoutReason if reason)
            columns.add(line, "reason", "supplement-reason", allowed=allowed)
        rows.append((line, cell))
    refused = columns.refused()
    return columns.checked(_payout_row(line, cell) for line, cell in rows if line not in refused)


def _payout_row(line: int, cell: dict[str, Any]) -> PayoutRow:
    return PayoutRow(
        source_line=line,
        identity_number=cell["identity_number"],
        name=cell["name"],
        scheme=Scheme(cell["scheme"]),
        period=cell["period"],
        amount_fen=cell["amount"],
        line=PayoutLine(cell["line"]),
        reason=PayoutReason(cell["reason"]),
        supplement_period=cell["supplement_period"],
        decision_reference=cell["decision_reference"],
        paid_on=cell["paid_on"],
        payee_bank=cell["payee_bank"],
        payee_account=cell["payee_account"],
    )


# --- deaths ------------------------------------------------------------------------------------


def check_deaths(table: SourceTable, today: date) -> Checked[DeathRow]:
    """Everything that is wrong with a file of deaths by itself.

    Args:
        table: a file read as ``DEATHS``.
        today: no day may lie after it.
    """
    columns = _Columns(table, today)
    rows = []
    persons: dict[Any, list[int]] = {}
    for line, cell in columns.rows():
        number, died, told = cell["identity_number"], cell["died_on"], cell["reported_on"]
        if number is not None and died is not None and died < birth_date_of(number):
            columns.add(line, "died_on", "born-later")
        if died is not None and told is not None and told < died:
            columns.add(line, "reported_on", "reported-before")
        if number is not None and line not in columns.duplicates:
            persons.setdefault(number, []).append(line)
        rows.append((line, cell))
    _find_rivals(columns, persons, "identity_number", "second-death")
    refused = columns.refused()
    return columns.checked(
        DeathRow(source_line=line, **cell) for line, cell in rows if line not in refused
    )
