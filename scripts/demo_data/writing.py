"""Puts a city's own form on the lines: headings, encoding, units, codes, and a mapping for them.

Hefei: CSV in GB18030 with Chinese headings, money in yuan, no mapping needed. Nanjing: CSV in UTF-8
with column names in the style of the LB/LD code books, money in fen, codes, one mapping file for
all its files. Suzhou: Parquet with canonical names and typed columns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

import polars as pl

from ledger.policy.money import FEN_PER_YUAN
from scripts.demo_data.bureaus import HEFEI, NANJING, SUZHOU
from scripts.demo_data.lines import ContributionLine, DeathLine, PayoutLine

Line = TypeVar("Line", ContributionLine, PayoutLine, DeathLine)
Cells = Mapping[str, Callable[[Any], object]]

MAPPING_NAME: Final = "mapping.toml"


def yuan(amount_fen: int) -> str:
    """An amount as core systems export it: two decimals, no thousands marks."""
    whole, rest = divmod(amount_fen, FEN_PER_YUAN)
    return f"{whole}.{rest:02d}"


# --- Hefei -------------------------------------------------------------------------------------

_SCHEMES_ZH: Final = {
    "PENSION_EMPLOYEE": "企业职工基本养老保险",
    "PENSION_RESIDENT": "城乡居民基本养老保险",
}
_LINES_ZH: Final = {"NORMAL": "正常发放", "SUPPLEMENT": "补发"}
_REASONS_ZH: Final = {
    "": "",
    "ADJUSTMENT_BACK_PAY": "待遇调整补发",
    "RETURNED_REPAYMENT": "退票重发",
    "LATE_CERTIFICATION_BACK_PAY": "认证恢复补发",
    "FIRST_PAYMENT": "首次发放",
}

HEFEI_CONTRIBUTIONS: Final[Cells] = {
    "社会保障号码": lambda line: line.identity_number,
    "姓名": lambda line: line.name,
    "单位统一社会信用代码": lambda line: line.employer_code,
    "单位名称": lambda line: line.employer_name,
    "险种类型": lambda _: _SCHEMES_ZH["PENSION_EMPLOYEE"],
    "缴费类型": lambda _: "正常应缴",
    "费款所属期": lambda line: line.period,
    "缴费基数(元)": lambda line: yuan(line.base_fen),
    "单位缴费(元)": lambda line: yuan(line.unit_fen),
    "个人缴费(元)": lambda line: yuan(line.person_fen),
    "到账日期": lambda line: line.paid_on.isoformat(),
}
HEFEI_PAYOUTS: Final[Cells] = {
    "社会保障号码": lambda line: line.identity_number,
    "姓名": lambda line: line.name,
    "险种类型": lambda line: _SCHEMES_ZH[line.scheme],
    "待遇所属期": lambda line: line.period,
    "发放金额(元)": lambda line: yuan(line.amount_fen),
    "发放类型": lambda line: _LINES_ZH[line.line],
    "补发原因": lambda line: _REASONS_ZH[line.reason],
    "补发所属期": lambda line: line.supplement_period or "",
    "核定编号": lambda line: line.decision_reference,
    "发放日期": lambda line: line.paid_on.isoformat(),
    "开户银行": lambda line: line.payee_bank,
    "银行账号": lambda line: line.payee_account,
}
HEFEI_DEATHS: Final[Cells] = {
    "社会保障号码": lambda line: line.identity_number,
    "姓名": lambda line: line.name,
    "死亡日期": lambda line: line.died_on.isoformat(),
    "登记日期": lambda line: line.reported_on.isoformat(),
    "信息来源": lambda line: line.source,
}

# --- Nanjing -----------------------------------------------------------------------------------

_SCHEME_CODES: Final = {"PENSION_EMPLOYEE": "110", "PENSION_RESIDENT": "150"}
_LINE_CODES: Final = {"NORMAL": "1", "SUPPLEMENT": "2"}
_REASON_CODES: Final = {
    "": "",
    "FIRST_PAYMENT": "01",
    "ADJUSTMENT_BACK_PAY": "02",
    "RETURNED_REPAYMENT": "03",
    "LATE_CERTIFICATION_BACK_PAY": "04",
}

NANJING_CONTRIBUTIONS: Final[Cells] = {
    "aac002": lambda line: line.identity_number,
    "aac003": lambda line: line.name,
    "aab001": lambda line: line.employer_code,
    "aab004": lambda line: line.employer_name,
    "aae140": lambda _: _SCHEME_CODES["PENSION_EMPLOYEE"],
    "aaa115": lambda _: "10",
    "aae003": lambda line: line.period,
    "aac040": lambda line: line.base_fen,
    "aae022": lambda line: line.unit_fen,
    "aae020": lambda line: line.person_fen,
    "aae036": lambda line: f"{line.paid_on:%Y%m%d}",
}
NANJING_PAYOUTS: Final[Cells] = {
    "aac002": lambda line: line.identity_number,
    "aac003": lambda line: line.name,
    "aae140": lambda line: _SCHEME_CODES[line.scheme],
    "aae003": lambda line: line.period,
    "aae019": lambda line: line.amount_fen,
    "fflx": lambda line: _LINE_CODES[line.line],
    "bfyy": lambda line: _REASON_CODES[line.reason],
    "bfny": lambda line: line.supplement_period or "",
    "hdbh": lambda line: line.decision_reference,
    "aae036": lambda line: f"{line.paid_on:%Y%m%d}",
    "aae008": lambda line: line.payee_bank,
    "aae010": lambda line: line.payee_account,
}
NANJING_DEATHS: Final[Cells] = {
    "aac002": lambda line: line.identity_number,
    "aac003": lambda line: line.name,
    "swrq": lambda line: f"{line.died_on:%Y%m%d}",
    "djrq": lambda line: f"{line.reported_on:%Y%m%d}",
    "xxly": lambda line: line.source,
}

NANJING_MAPPING: Final = """\
# 南京示例文件的列名、单位与代码（演示用）。What the columns, units and codes of these files mean.
[file]
encoding = "utf-8"

[columns]
identity_number = "aac002"
name = "aac003"
employer_code = "aab001"
employer_name = "aab004"
scheme = "aae140"
contribution_type = "aaa115"
period = "aae003"
base = "aac040"
unit_amount = "aae022"
person_amount = "aae020"
paid_on = "aae036"
amount = "aae019"
line = "fflx"
reason = "bfyy"
supplement_period = "bfny"
decision_reference = "hdbh"
payee_bank = "aae008"
payee_account = "aae010"
died_on = "swrq"
reported_on = "djrq"
source = "xxly"

[units]
money = "fen"

[formats]
period = "yyyymm"
date = "yyyymmdd"

[values.scheme]
"110" = "PENSION_EMPLOYEE"
"150" = "PENSION_RESIDENT"

[values.contribution_type]
"10" = "NORMAL"

[values.line]
"1" = "NORMAL"
"2" = "SUPPLEMENT"

[values.reason]
"01" = "FIRST_PAYMENT"
"02" = "ADJUSTMENT_BACK_PAY"
"03" = "RETURNED_REPAYMENT"
"04" = "LATE_CERTIFICATION_BACK_PAY"
"""

# --- Suzhou ------------------------------------------------------------------------------------

SUZHOU_CONTRIBUTIONS: Final[Cells] = {
    "identity_number": lambda line: line.identity_number,
    "name": lambda line: line.name,
    "employer_code": lambda line: line.employer_code,
    "employer_name": lambda line: line.employer_name,
    "scheme": lambda _: "PENSION_EMPLOYEE",
    "contribution_type": lambda _: "NORMAL",
    "period": lambda line: line.period,
    "base_fen": lambda line: line.base_fen,
    "unit_amount_fen": lambda line: line.unit_fen,
    "person_amount_fen": lambda line: line.person_fen,
    "paid_on": lambda line: line.paid_on,
}
SUZHOU_PAYOUTS: Final[Cells] = {
    "identity_number": lambda line: line.identity_number,
    "name": lambda line: line.name,
    "scheme": lambda line: line.scheme,
    "period": lambda line: line.period,
    "amount_fen": lambda line: line.amount_fen,
    "line": lambda line: line.line,
    "reason": lambda line: line.reason,
    "supplement_period": lambda line: line.supplement_period,
    "decision_reference": lambda line: line.decision_reference,
    "paid_on": lambda line: line.paid_on,
    "payee_bank": lambda line: line.payee_bank,
    "payee_account": lambda line: line.payee_account,
}
SUZHOU_DEATHS: Final[Cells] = {
    "identity_number": lambda line: line.identity_number,
    "name": lambda line: line.name,
    "died_on": lambda line: line.died_on,
    "reported_on": lambda line: line.reported_on,
    "source": lambda line: line.source,
}

FORMS: Final[dict[str, dict[type, Cells]]] = {
    NANJING: {
        ContributionLine: NANJING_CONTRIBUTIONS,
        PayoutLine: NANJING_PAYOUTS,
        DeathLine: NANJING_DEATHS,
    },
    SUZHOU: {
        ContributionLine: SUZHOU_CONTRIBUTIONS,
        PayoutLine: SUZHOU_PAYOUTS,
        DeathLine: SUZHOU_DEATHS,
    },
    HEFEI: {
        ContributionLine: HEFEI_CONTRIBUTIONS,
        PayoutLine: HEFEI_PAYOUTS,
        DeathLine: HEFEI_DEATHS,
    },
}
_ENCODINGS: Final = {NANJING: "utf-8", HEFEI: "gb18030"}


def write_lines(folder: Path, region: str, stem: str, lines: Sequence[Line]) -> Path:
    """Write lines of one sort in the form of a city; gives the file's path."""
    cells = FORMS[region][type(lines[0])]
    if region == SUZHOU:
        path = folder / f"{stem}.parquet"
        _parquet(cells, lines).write_parquet(path)
        return path
    path = folder / f"{stem}.csv"
    path.write_bytes(csv_text(cells, lines).encode(_ENCODINGS[region]))
    return path


def csv_text(cells: Cells, lines: Sequence[Line]) -> str:
    """Headings and lines, separated by commas, each line ended as on the systems that export it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(cells)
    for line in lines:
        writer.writerow([cell(line) for cell in cells.values()])
    return out.getvalue()


def _parquet(cells: Cells, lines: Sequence[Line]) -> pl.DataFrame:
    columns = {heading: [cell(line) for line in lines] for heading, cell in cells.items()}
    return pl.DataFrame(columns, schema_overrides=_schema(columns))


def _schema(columns: Mapping[str, Sequence[object]]) -> dict[str, pl.DataType]:
    schema: dict[str, pl.DataType] = {}
    for heading, values in columns.items():
        if heading.endswith("period"):
            schema[heading] = pl.Int32()
        elif heading.endswith("_fen"):
            schema[heading] = pl.Int64()
        elif isinstance(values[0], date):
            schema[heading] = pl.Date()
        else:
            schema[heading] = pl.String()
    return schema
