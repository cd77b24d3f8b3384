"""Paid months as canonical records, built by whole columns.

The bytes are those of ``canonical_json(contribution_fact(row, region).record())``, and the split
between account and pool is that of ``policy.contributions.split_paid``; tests compare both.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.evidence.batch import Blobs
from ledger.policy.kinds import SUPPLEMENT, InsuranceClass, Kind
from ledger.policy.rates import Payer
from ledger.recording.facts import SCHEMAS
from ledger.records.sieve import shares
from ledger.records.validation import Rates

_ESCAPED: Final = r'["\\\x00-\x1f]'
_TEXTS: Final = ("name", "employer_code", "employer_name")


@dataclass(frozen=True, slots=True)
class MonthRecords:
    """Paid months ready to be sealed: (n,) columns of the entries, n canonical records."""

    classes: NDArray[np.uint16]
    periods: NDArray[np.uint32]
    amounts_fen: NDArray[np.int64]
    records: Blobs


def month_records(
    months: pl.DataFrame,
    rates: Rates,
    region: str,
    log_id: int,
    adds_to: NDArray[np.int64] | None = None,
) -> MonthRecords:
    """The canonical records of paid months, in order.

    Args:
        months: rows of ``sieve.MONTH_SCHEMA``, at least one.
        rates: of the region; every month has the account's share.
        region: where the persons are insured (GB/T 2260).
        log_id: the log they are appended to.
        adds_to: (n,) the leaf of the month's normal line for supplements, anything for others;
            None when no row is a supplement.
    """
    unit, person = months["unit_fen"].to_numpy(), months["person_fen"].to_numpy()
    normal = months["normal"].to_numpy()
    periods, place = np.unique(months["period"].to_numpy(), return_inverse=True)
    parameters = [rates.rate(Payer.ACCOUNT, period) for period in periods.tolist()]
    assert None not in parameters, "a month without the account's share was refused"
    known = [parameter for parameter in parameters if parameter is not None]
    bps = np.array([parameter.value for parameter in known], np.int64)
    account = shares(months["base_fen"].to_numpy(), bps[place])
    amount = unit + person
    classes = np.where(
        normal, int(InsuranceClass.PENSION), int(InsuranceClass.PENSION | SUPPLEMENT)
    ).astype(np.uint16)
    by_period = pl.DataFrame(
        {
            "rate": [f',"account_rate_bps":{parameter.value}' for parameter in known],
            "status": [
                f',"parameter_status":"{parameter.status.value}","period":{period}'
                for parameter, period in zip(known, periods.tolist(), strict=True)
            ],
        }
    )[place]
    columns = months.with_columns(
        by_period["rate"],
        by_period["status"],
        pl.Series("account_fen", account),
        pl.Series("amount_fen", amount),
        pl.Series("pool_fen", amount - account),
        pl.Series("class", classes),
        _supplements(normal, log_id, adds_to),
        *(_escaped(months[name]) for name in _TEXTS),
    )
    text = columns.select(_record(region)).to_series()
    return MonthRecords(
        classes=classes,
        periods=months["period"].to_numpy().astype(np.uint32),
        amounts_fen=amount,
        records=_blobs(text),
    )


def _record(region: str) -> pl.Expr:
    """One object, its keys in order."""
    pieces: tuple[str | pl.Expr, ...] = (
        '{"account_fen":', pl.col("account_fen"), pl.col("rate"),
        ',"amount_fen":', pl.col("amount_fen"),
        ',"base_fen":', pl.col("base_fen"),
        ',"class":', pl.col("class"),
        ',"contribution_type":"', pl.col("contribution_type"),
        '","employer_code":"', pl.col("employer_code"),
        '","employer_name":"', pl.col("employer_name"),
        '","identity_number":"', pl.col("identity_number"),
        f'","kind":{int(Kind.CONTRIBUTION)},"name":"', pl.col("name"),
        '","paid_on":"', pl.col("paid_on"), '"', pl.col("status"),
        ',"person_fen":', pl.col("person_fen"),
        ',"pool_fen":', pl.col("pool_fen"),
        f',"region":"{region}","schema":"{SCHEMAS[Kind.CONTRIBUTION]}","scheme":"',
        pl.col("scheme"), '"', pl.col("adds_to"),
        ',"unit_fen":', pl.col("unit_fen"), "}",
    )  # fmt: skip
    return pl.concat_str([pl.lit(item) if isinstance(item, str) else item for item in pieces])


def _supplements(
    normal: NDArray[np.bool_], log_id: int, adds_to: NDArray[np.int64] | None
) -> pl.Series:
    if normal.all():
        return pl.Series("adds_to", [""]).new_from_index(0, len(normal))
    assert adds_to is not None, "a supplement names its normal line"
    index = pl.Series(adds_to).cast(pl.String)
    text = ',"supplement_of":{"index":' + index + f',"log":{log_id}}}'
    return text.set(pl.Series(normal), "").alias("adds_to")


def _escaped(cells: pl.Series) -> pl.Series:
    """Texts as they stand between the quotes of JSON; nearly none needs more than a copy."""
    special = cells.str.contains(_ESCAPED)
    if not special.any():
        return cells
    places = special.arg_true()
    texts = [json.dumps(text, ensure_ascii=False)[1:-1] for text in cells.gather(places)]
    return cells.scatter(places, texts)


def _blobs(text: pl.Series) -> Blobs:
    """The UTF-8 bytes of texts; the CSV writer is the one way to them without a copy in Python."""
    offsets = np.zeros(len(text) + 1, np.int64)
    np.cumsum(text.str.len_bytes().to_numpy(), out=offsets[1:])
    buffer = io.BytesIO()
    pl.DataFrame([text]).write_csv(
        buffer, include_header=False, quote_style="never", line_terminator=""
    )
    return Blobs(np.frombuffer(buffer.getbuffer(), np.uint8), offsets)
