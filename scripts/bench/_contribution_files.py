"""Makes contribution files of any size quickly: made-up persons, twelve paid months each."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ledger.policy.identifiers import (
    credit_code_check_character,
    organisation_check_character,
)

MONTHS_EACH: Final = 12
_EMPLOYERS: Final = 2_000
_PIECE: Final = 240_000
_FIRST_YEAR: Final = 2025
_HEADINGS: Final = (
    "公民身份号码,姓名,统一社会信用代码,单位名称,险种,缴费类型,费款所属期,"
    "缴费基数,单位缴费,个人缴费,到账日期\n"
)
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文志宁晓春梅龙海山仁波"
_WEIGHTS: Final = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), np.int64)


def write_contributions(
    path: Path, lines: int, *, first_person: int = 0, year: int = _FIRST_YEAR
) -> None:
    """Write a file of ``lines`` good lines, each person's months together.

    Args:
        path: where; UTF-8 with the default headings.
        lines: how many; a twelfth of it persons.
        first_person: the sequence of the first of them, so that two files have other persons.
        year: whose months.
    """
    employers = pl.Series([_employer(number) for number in range(_EMPLOYERS)])
    with path.open("wb") as file:
        file.write(_HEADINGS.encode())
        for start in range(0, lines, _PIECE):
            at = np.arange(start, min(start + _PIECE, lines), dtype=np.int64)
            _lines(at, first_person, year, employers).write_csv(
                file, include_header=False, quote_style="never"
            )


def _lines(
    at: NDArray[np.int64], first_person: int, year: int, employers: pl.Series
) -> pl.DataFrame:
    person = first_person + at // MONTHS_EACH
    month = at % MONTHS_EACH + 1
    base = 500_000 + person * 7919 % 15_000 * 100
    unit, own = base * 16 // 100, base * 8 // 100
    employer = employers.gather(person % _EMPLOYERS)
    period = pl.Series(year * 100 + month)
    return pl.DataFrame(
        {
            "identity": _identities(person),
            "name": _names(person),
            "code": employer,
            "employer": "示范"
            + pl.Series(person % _EMPLOYERS).cast(pl.String)
            + "（合肥）有限公司",
            "scheme": pl.Series(["企业职工基本养老保险"]).new_from_index(0, len(at)),
            "type": pl.Series(["正常缴费"]).new_from_index(0, len(at)),
            "period": period.cast(pl.String),
            "base": _yuan(base),
            "unit": _yuan(unit),
            "own": _yuan(own),
            "paid": f"{year}-" + pl.Series(month).cast(pl.String).str.zfill(2) + "-15",
        }
    )


def _identities(person: NDArray[np.int64]) -> pl.Series:
    """Valid identity numbers: one for each sequence up to some hundred million."""
    days = person // 1000 % 12_000
    born = np.datetime64("1965-01-01") + days.astype("timedelta64[D]")
    year = born.astype("datetime64[Y]").astype(np.int64) + 1970
    month = born.astype("datetime64[M]").astype(np.int64) % 12 + 1
    day = (born - born.astype("datetime64[M]")).astype(np.int64) + 1
    division = 340_102 + person // 12_000_000
    body = division * 10**11 + (year * 10_000 + month * 100 + day) * 1000 + person % 1000
    digits = body[:, None] // 10 ** np.arange(16, -1, -1, dtype=np.int64) % 10
    check = pl.Series(list("10X98765432")).gather((digits @ _WEIGHTS) % 11)
    return pl.Series(body).cast(pl.String) + check


def _names(person: NDArray[np.int64]) -> pl.Series:
    family, given = pl.Series(list(_FAMILY)), pl.Series(list(_GIVEN))
    return (
        family.gather(person % len(_FAMILY))
        + given.gather(person // 7 % len(_GIVEN))
        + given.gather(person // 311 % len(_GIVEN))
    )


def _yuan(fen: NDArray[np.int64]) -> pl.Series:
    whole, rest = pl.Series(fen // 100).cast(pl.String), pl.Series(fen % 100).cast(pl.String)
    return whole + "." + rest.str.zfill(2)


def _employer(number: int) -> str:
    organisation = f"MA2{number:05d}"
    code = f"91340100{organisation}{organisation_check_character(organisation)}"
    return code + credit_code_check_character(code)
