"""Lets those lines of a contribution file through that are certainly good, by whole columns.

A line that passes is one the row checks of ``validation`` find nothing wrong with, not even a
warning, and reads as they read it. Any other line is left to them: they are the one place where
findings are made.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.policy.identifiers import OLDEST_BIRTH_YEAR
from ledger.policy.money import BPS_PER_WHOLE
from ledger.policy.rates import Payer
from ledger.records.cells import CellFault, Parser, parser_of
from ledger.records.columns import CONTRIBUTIONS, Content
from ledger.records.files import SourceChunk, SourceFile
from ledger.records.mapping import FEN, YUAN
from ledger.records.model import ContributionRow, ContributionType
from ledger.records.validation import CONTRIBUTION_SCHEMES, RATE_TOLERANCE_FEN, Rates

MONTH_SCHEMA: Final[AnyMapping[str, Any]] = {
    "row": pl.Int64,
    "line": pl.Int64,
    "identity_number": pl.String,
    "person": pl.Int64,
    "name": pl.String,
    "employer_code": pl.String,
    "employer_name": pl.String,
    "scheme": pl.String,
    "contribution_type": pl.String,
    "period": pl.Int64,
    "base_fen": pl.Int64,
    "unit_fen": pl.Int64,
    "person_fen": pl.Int64,
    "paid_on": pl.String,
    "normal": pl.Boolean,
}
"""Paid months as columns. ``row``: from 0, over the file; ``person``: the first 17 digits of the
identity number, which the eighteenth follows from; ``normal``: the month's one exclusive line."""

_REMEMBERED: Final = 200_000
_CONTROL: Final = r"\p{Cc}"
_AMOUNTS: Final = {YUAN: r"^[0-9]{1,10}(?:\.[0-9]{1,2})?$", FEN: r"^[0-9]{1,12}$"}
_IDENTITY_BYTES: Final = 18
_BODY: Final = 17
_WEIGHTS: Final = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), np.int16)
_CHECKS: Final = np.frombuffer(b"10X98765432", np.uint8)
_POWERS: Final = 10 ** np.arange(16, -1, -1, dtype=np.int64)
_DAYS: Final = 31
_MONTHS: Final = 12
_NO_RATE: Final = -1
_NO_CEILING: Final = 2**62


def months_of_rows(rows: list[tuple[int, ContributionRow]]) -> pl.DataFrame:
    """Rows that the row checks let through, each with its place in the file, as paid months."""
    return pl.DataFrame(
        [
            (
                place, row.source_line, row.identity_number, int(row.identity_number[:_BODY]),
                row.name, row.employer_code or "", row.employer_name, row.scheme.value,
                row.contribution_type.value, row.period, row.base_fen, row.unit_fen,
                row.person_fen, row.paid_on.isoformat(), row.normal,
            )
            for place, row in rows
        ],
        schema=dict(MONTH_SCHEMA),
        orient="row",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What the tables say of some months, each at its month's place; no rate: -1."""

    account_bps: NDArray[np.int64]
    unit_bps: NDArray[np.int64]
    person_bps: NDArray[np.int64]
    floor_fen: NDArray[np.int64]
    ceiling_fen: NDArray[np.int64]


class Sieve:
    """Judges chunks of one file; each distinct code, month and day is read once."""

    def __init__(self, source: SourceFile, rates: Rates, today: date) -> None:
        self._source = source
        self._rates = rates
        self._births = _days_until(today)
        self._parsers: dict[str, Parser] = {}
        self._known: dict[str, dict[str, Any]] = {}
        for column in CONTRIBUTIONS.columns:
            unit = source.units.get(column.name, YUAN)
            form = source.mapping.formats.get(column.content)
            values = source.mapping.values.get(column.name, {})
            self._parsers[column.name] = parser_of(column, today, unit, form, values)
            self._known[column.name] = {}

    def passed(self, chunk: SourceChunk) -> tuple[NDArray[np.bool_], pl.DataFrame]:
        """Which rows of a chunk are certainly good, and those as paid months."""
        frame = chunk.frame
        good, person = self._identities(frame["identity_number"])
        texts = {name: frame[name] for name in ("name", "employer_name")}
        good &= (texts["name"] != "").to_numpy()
        if not chunk.plain:
            for cells in texts.values():
                good &= ~cells.str.contains(_CONTROL).to_numpy()
        read = {
            name: self._distinct(name, frame[name])
            for name in ("employer_code", "scheme", "contribution_type", "period", "paid_on")
        }
        money = {
            name: self._money(name, frame[name])
            for name in ("base", "unit_amount", "person_amount")
        }
        for column in (*read.values(), *money.values()):
            good &= column.is_not_null().to_numpy()
        months = pl.DataFrame(
            {
                "row": np.arange(chunk.first_row, chunk.first_row + frame.height, dtype=np.int64),
                "line": chunk.lines,
                "identity_number": frame["identity_number"],
                "person": person,
                "name": texts["name"],
                "employer_code": read["employer_code"],
                "employer_name": texts["employer_name"],
                "scheme": read["scheme"],
                "contribution_type": read["contribution_type"],
                "period": read["period"],
                "base_fen": money["base"],
                "unit_fen": money["unit_amount"],
                "person_fen": money["person_amount"],
                "paid_on": read["paid_on"],
                "normal": read["contribution_type"] != ContributionType.SUPPLEMENT.value,
            },
            schema_overrides=dict(MONTH_SCHEMA),
        )
        candidates = months if good.all() else months.filter(pl.Series(good))
        paid = self._well_paid(candidates)
        good[good] = paid
        return good, candidates if paid.all() else candidates.filter(pl.Series(paid))

    # --- columns ---------------------------------------------------------------------------------

    def _identities(self, cells: pl.Series) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Whole numbers of 18 characters with a real birth date and the right check character."""
        good = (cells.str.len_bytes() == _IDENTITY_BYTES).to_numpy().copy()
        person = np.zeros(len(cells), np.int64)
        fitting = cells if good.all() else cells.filter(pl.Series(good))
        joined = fitting.str.join("").item().encode()
        signs = np.frombuffer(joined, np.uint8).reshape(-1, _IDENTITY_BYTES)
        digits = signs[:, :_BODY] - ord("0")
        valid = (digits <= 9).all(axis=1)  # noqa: PLR2004 - a digit
        valid &= _CHECKS[(digits.astype(np.int16) @ _WEIGHTS) % 11] == signs[:, _BODY]
        wide = np.where(valid[:, None], digits, 0).astype(np.int64)
        numbers = wide @ _POWERS
        valid &= self._born(numbers)
        person[good] = numbers
        good[good] = valid
        return good, person

    def _born(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        birth = numbers // 1000 % 10**8
        year, month, day = birth // 10_000 - OLDEST_BIRTH_YEAR, birth // 100 % 100, birth % 100
        place = (year * _MONTHS + month - 1) * _DAYS + day - 1
        inside = (month >= 1) & (month <= _MONTHS) & (day >= 1) & (day <= _DAYS)
        inside &= (place >= 0) & (place < len(self._births))
        known: NDArray[np.bool_] = self._births[np.where(inside, place, 0)]
        return inside & known

    def _distinct(self, name: str, cells: pl.Series) -> pl.Series:
        """Cells of few different values: each value is read as the row checks read it."""
        known, parse = self._known[name], self._parsers[name]
        column = CONTRIBUTIONS.column(name)
        if len(known) > _REMEMBERED:
            known.clear()
        distinct = cells.unique()
        values = []
        for text in distinct.to_list():
            if text not in known:
                known[text] = _value(text, parse, "" if column.filled else column.default)
            values.append(None if column.filled and not text else known[text])
        kind = pl.Int64 if column.content is Content.PERIOD else pl.String
        return cells.replace_strict(
            distinct, pl.Series(values, dtype=kind), default=None, return_dtype=kind
        )

    def _money(self, name: str, cells: pl.Series) -> pl.Series:
        """Amounts in fen; null where a cell is anything but plain digits."""
        unit = self._source.units.get(name, YUAN)
        plain = cells.str.contains(_AMOUNTS[unit])
        if unit == FEN:
            fen = cells.cast(pl.Int64, strict=False)
        else:  # ten digits and two decimals are exact in a double
            fen = (cells.cast(pl.Float64, strict=False) * 100).round().cast(pl.Int64, strict=False)
        return fen.set(~plain, None) if not plain.all() else fen

    # --- what was paid ---------------------------------------------------------------------------

    def _well_paid(self, months: pl.DataFrame) -> NDArray[np.bool_]:
        unit, person = months["unit_fen"].to_numpy(), months["person_fen"].to_numpy()
        base = months["base_fen"].to_numpy()
        periods, place = np.unique(months["period"].to_numpy(), return_inverse=True)
        table = self._parameters(periods.tolist())
        account = table.account_bps[place]
        good: NDArray[np.bool_] = (account != _NO_RATE) & (unit + person > 0)
        good &= unit + person >= shares(base, account)
        good &= months["scheme"].is_in([scheme.value for scheme in CONTRIBUTION_SCHEMES]).to_numpy()
        by_unit = unit > 0
        good &= ~(by_unit & (months["employer_code"] == "").to_numpy())
        for paid, rates in ((unit, table.unit_bps), (person, table.person_bps)):
            rate = rates[place]
            near = np.abs(paid - shares(base, rate)) <= RATE_TOLERANCE_FEN
            good &= near | ~by_unit | (rate == _NO_RATE)
        inside = (base >= table.floor_fen[place]) & (base <= table.ceiling_fen[place])
        good &= inside | ~months["normal"].to_numpy()
        return good

    def _parameters(self, periods: list[int]) -> _Parameters:
        def rates(payer: Payer) -> NDArray[np.int64]:
            found = [self._rates.rate(payer, period) for period in periods]
            values = [_NO_RATE if rate is None else rate.value for rate in found]
            return np.array(values, np.int64)

        bounds = [self._rates.bounds(period) for period in periods]
        floors = [0 if each is None else each.floor_fen for each in bounds]
        ceilings = [_NO_CEILING if each is None else each.ceiling_fen for each in bounds]
        return _Parameters(
            account_bps=rates(Payer.ACCOUNT),
            unit_bps=rates(Payer.UNIT),
            person_bps=rates(Payer.PERSON),
            floor_fen=np.array(floors, np.int64),
            ceiling_fen=np.array(ceilings, np.int64),
        )


def shares(base_fen: NDArray[np.int64], rate_bps: NDArray[np.int64]) -> NDArray[np.int64]:
    """``policy.money.share_of`` for columns of amounts from 0 to 10^14 fen."""
    return (2 * base_fen * rate_bps + BPS_PER_WHOLE) // (2 * BPS_PER_WHOLE)


def _value(text: str, parse: Parser, when_empty: str) -> Any:
    """What a cell says, as a column holds it; None where it must be looked at by itself."""
    if not text:
        return when_empty
    try:
        value = parse(text)
    except CellFault:
        return None
    return value.isoformat() if isinstance(value, date) else value


def _days_until(today: date) -> NDArray[np.bool_]:
    """Whether year, month and day are a day of the calendar, not after today."""
    years = today.year + 1 - OLDEST_BIRTH_YEAR
    known = np.zeros(years * _MONTHS * _DAYS, np.bool_)
    first, last = date(OLDEST_BIRTH_YEAR, 1, 1).toordinal(), today.toordinal()
    for ordinal in range(first, last + 1):
        day = date.fromordinal(ordinal)
        year = day.year - OLDEST_BIRTH_YEAR
        known[(year * _MONTHS + day.month - 1) * _DAYS + day.day - 1] = True
    return known
