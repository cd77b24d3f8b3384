"""A mapping file says in TOML what a bureau's own headings, units and codes mean.

    [file]                      optional
    encoding = "gb18030"        "utf-8" or "gb18030"; found out when it is not said
    delimiter = ","
    [columns]                   canonical name = heading in the file
    identity_number = "AAC002"
    [units]                     "yuan" (default) or "fen", for all money or one column
    money = "fen"
    [formats]                   when only one form shall count
    period = "yyyymm"           yyyymm, yyyy-mm, yyyy/mm, yyyy年m月
    date = "yyyy-mm-dd"         yyyymmdd, yyyy-mm-dd, yyyy/mm/dd, yyyy年m月d日
    [constants]                 a column the file does not have
    scheme = "PENSION_EMPLOYEE"
    [values.contribution_type]  code in the file = canonical value
    "10" = "NORMAL"

One mapping may serve several kinds of files: names that belong to another kind are passed over.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ledger.errors import MappingFileError
from ledger.records.columns import SPECS, Content

YUAN: Final = "yuan"
FEN: Final = "fen"
UTF_8: Final = "utf-8"
GB18030: Final = "gb18030"
MONEY: Final = "money"

_ENCODINGS: Final = {
    "utf-8": UTF_8,
    "utf8": UTF_8,
    "utf-8-sig": UTF_8,
    "gb18030": GB18030,
    "gbk": GB18030,
    "gb2312": GB18030,
}
_SECTIONS: Final = ("file", "columns", "units", "formats", "constants", "values")
_NAMES: Final = frozenset(name for spec in SPECS for name in spec.names)
_MONEY_NAMES: Final = frozenset(
    column.name for spec in SPECS for column in spec.columns if column.content is Content.MONEY
)
_FORMATS: Final = {
    "period": {
        "yyyymm": "yyyymm", "yyyy-mm": "yyyy-mm", "yyyy/mm": "yyyy/mm", "yyyy年m月": "yyyy年m月",
        "yyyy年mm月": "yyyy年m月",
    },
    "date": {
        "yyyymmdd": "yyyymmdd", "yyyy-mm-dd": "yyyy-mm-dd", "yyyy/mm/dd": "yyyy/mm/dd",
        "yyyy年m月d日": "yyyy年m月d日", "yyyy年mm月dd日": "yyyy年m月d日",
    },
}  # fmt: skip
_STRFTIME: Final = {"%y": "yyyy", "%m": "mm", "%d": "dd"}


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a bureau's own headings, units, forms and codes mean; empty: the defaults count."""

    digest: bytes = hashlib.sha256(b"").digest()
    file_name: str = ""
    encoding: str | None = None
    delimiter: str = ","
    columns: AnyMapping[str, str] = field(default_factory=dict)
    units: AnyMapping[str, str] = field(default_factory=dict)
    formats: AnyMapping[str, str] = field(default_factory=dict)
    constants: AnyMapping[str, str] = field(default_factory=dict)
    values: AnyMapping[str, AnyMapping[str, str]] = field(default_factory=dict)

    def unit_of(self, column: str) -> str | None:
        """``yuan`` or ``fen`` where the mapping says so."""
        return self.units.get(column, self.units.get(MONEY))


NO_MAPPING: Final = Mapping()


def load_mapping(path: Path | None) -> Mapping:
    """Read a mapping file; without one the default headings count.

    Raises:
        MappingFileError: it cannot be read, is not TOML, or says something unknown.
    """
    if path is None:
        return NO_MAPPING
    try:
        content = path.read_bytes()
        data = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise _wrong(path, "the file", "a readable file") from error
    except UnicodeDecodeError as error:
        raise _wrong(path, f"byte {error.start}", "UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, str(error), "TOML") from error
    for section in data:
        if section not in _SECTIONS:
            raise _wrong(path, f"[{section}]", f"one of {', '.join(_SECTIONS)}")
        if not isinstance(data[section], dict):
            raise _wrong(path, section, f"a section [{section}]")
    return Mapping(
        digest=hashlib.sha256(content).digest(),
        file_name=path.name,
        **_file_section(path, data.get("file", {})),
        columns=_texts(path, "columns", data.get("columns", {}), _NAMES),
        units=_units(path, data.get("units", {})),
        formats=_formats(path, data.get("formats", {})),
        constants=_texts(path, "constants", data.get("constants", {}), _NAMES),
        values=_values(path, data.get("values", {})),
    )


def _file_section(path: Path, section: dict[str, Any]) -> dict[str, Any]:
    found = _texts(path, "file", section, frozenset({"encoding", "delimiter"}))
    encoding = found.get("encoding")
    if encoding is not None and encoding.casefold() not in _ENCODINGS:
        raise _wrong(path, "[file] encoding", '"utf-8" or "gb18030"')
    delimiter = found.get("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '\r\n"':
        raise _wrong(path, "[file] delimiter", "one character, such as a comma")
    return {
        "encoding": _ENCODINGS[encoding.casefold()] if encoding is not None else None,
        "delimiter": delimiter,
    }


def _units(path: Path, section: dict[str, Any]) -> dict[str, str]:
    units = _texts(path, "units", section, _MONEY_NAMES | {MONEY})
    for name, unit in units.items():
        if unit not in {YUAN, FEN}:
            raise _wrong(path, f"[units] {name}", '"yuan" or "fen"')
    return units


def _formats(path: Path, section: dict[str, Any]) -> dict[str, str]:
    formats = _texts(path, "formats", section, frozenset(_FORMATS))
    known = {}
    for name, form in formats.items():
        plain = form.casefold()
        for mark, letters in _STRFTIME.items():
            plain = plain.replace(mark, letters)
        if plain not in _FORMATS[name]:
            raise _wrong(path, f"[formats] {name}", " / ".join(_FORMATS[name]))
        known[name] = _FORMATS[name][plain]
    return known


def _values(path: Path, section: dict[str, Any]) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {}
    for name, codes in section.items():
        if name not in _NAMES or not isinstance(codes, dict):
            raise _wrong(path, f"[values.{name}]", "a column with codes and their meaning")
        meanings = {
            meaning
            for spec in SPECS
            for column in spec.columns
            if column.name == name
            for meaning in column.choices.values()
        }
        for code, meaning in codes.items():
            if meaning not in meanings:
                expected = ", ".join(sorted(meanings)) or "no values: the column holds free content"
                raise _wrong(path, f"[values.{name}] {code}", expected)
        known[name] = {str(code).strip().casefold(): meaning for code, meaning in codes.items()}
    return known


def _texts(
    path: Path, section: str, content: dict[str, Any], names: frozenset[str]
) -> dict[str, str]:
    for name, value in content.items():
        if name not in names:
            raise _wrong(path, f"[{section}] {name}", f"one of {', '.join(sorted(names))}")
        if not isinstance(value, str):
            raise _wrong(path, f"[{section}] {name}", "text in quotes")
    return dict(content)


def _wrong(path: Path, where: str, expected: str) -> MappingFileError:
    return MappingFileError(file=path.name, where=where, expected=expected)
