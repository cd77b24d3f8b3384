"""Reads JSON files that other people made, field by field, and refuses whatever was not asked for.

A file that two readers could understand differently is refused: keys twice, unknown keys, numbers
that are not plain integers, text that is not UTF-8. Each field has one spelling (lower-case
hexadecimal, padded base64, UTC times), so that what is read can be written back and be the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ledger.errors import LedgerError
from ledger.evidence.encoding import MAX_JSON_INTEGER

Refusal = Callable[[str, str], LedgerError]
"""Given the path of a field and the reason: the error to raise."""

MAX_TEXT: Final = 4096
MAX_ITEMS: Final = 10_000
MAX_DEPTH: Final = 32

_HEX: Final = re.compile(r"[0-9a-f]*", re.ASCII)
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


def parse_object(data: bytes | str, max_bytes: int, refuse: Refusal) -> dict[str, Any]:
    """The JSON object in a file.

    Args:
        data: the file.
        max_bytes: more is refused unread.
        refuse: builds the error.
    """
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > max_bytes:
            raise refuse("file", f"it is longer than {max_bytes} bytes")
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_unique_pairs,
            parse_constant=_not_whole,
            parse_float=_not_whole,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError as error:
        raise refuse("file", "it is nested too deeply") from error
    except UnicodeError as error:
        raise refuse("file", "it is not text in UTF-8") from error
    except ValueError as error:
        raise refuse("file", "it is not JSON of whole numbers with every key once") from error
    if not isinstance(value, dict):
        raise refuse("file", "it is not a JSON object")
    if not _is_flat(value, MAX_DEPTH):
        raise refuse("file", "it is nested too deeply")
    return value


class Fields:
    """Takes the fields of one object out, one by one; :meth:`done` refuses what is left."""

    def __init__(self, value: Any, path: str, refuse: Refusal) -> None:
        self._path = path
        self._refuse = refuse
        if not isinstance(value, Mapping):
            raise refuse(path or "file", "it is not an object")
        self._left: dict[str, Any] = dict(value)

    def has(self, key: str) -> bool:
        """Whether the field is there and not yet taken."""
        return key in self._left

    def is_null(self, key: str) -> bool:
        """Whether the field stands there as null; if so it is taken."""
        if key in self._left and self._left[key] is None:
            del self._left[key]
            return True
        return False

    def take(self, key: str) -> Any:
        """The field as it stands."""
        if key not in self._left:
            raise self.refusal(key, "it is missing")
        return self._left.pop(key)

    def done(self) -> None:
        """Refuse fields that nobody asked for."""
        if self._left:
            raise self._refuse(self._path or "file", f"{len(self._left)} unknown fields")

    def refusal(self, key: str, reason: str) -> LedgerError:
        """The error about one field of this object."""
        return self._refuse(f"{self._path}.{key}" if self._path else key, reason)

    def text(self, key: str, max_length: int = MAX_TEXT) -> str:
        """Text, not empty."""
        value = self.take(key)
        if not isinstance(value, str) or not 0 < len(value) <= max_length:
            raise self.refusal(key, f"it is not text of 1 to {max_length} characters")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.refusal(key, "it is not Unicode text") from error
        return value

    def constant(self, key: str, expected: str) -> None:
        """Text that can only be one thing."""
        if self.take(key) != expected:
            raise self.refusal(key, f"it is not {expected}")

    def choice(self, key: str, *choices: str) -> str:
        """One of a few words."""
        value = self.take(key)
        if not isinstance(value, str) or value not in choices:
            raise self.refusal(key, f"it is none of {', '.join(choices)}")
        return value

    def integer(self, key: str, low: int, high: int = MAX_JSON_INTEGER) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.refusal(key, "it is not a whole number within its bounds")
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self.take(key)
        if not isinstance(value, bool):
            raise self.refusal(key, "it is not true or false")
        return value

    def hexadecimal(self, key: str, length: int, prefix: str = "") -> bytes:
        """``length`` bytes in lower-case hexadecimal, behind ``prefix``."""
        try:
            return parse_hex(self.take(key), length, prefix)
        except ValueError as error:
            reason = f"it is not {prefix}{2 * length} digits of lower-case hexadecimal"
            raise self.refusal(key, reason) from error

    def base64(self, key: str, length: int) -> bytes:
        """``length`` bytes in standard base64 with padding."""
        value = self.take(key)
        try:
            data = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except (binascii.Error, ValueError):
            data = b""
        if len(data) != length or base64.b64encode(data).decode() != value:
            raise self.refusal(key, f"it is not base64 of {length} bytes")
        return data

    def time(self, key: str) -> datetime:
        """A time in UTC, to the second: ``2026-09-15T01:02:03Z``."""
        value = self.take(key)
        try:
            time = datetime.strptime(value, _TIME).replace(tzinfo=UTC)
        except (TypeError, ValueError) as error:
            raise self.refusal(key, "it is not a time as 2026-09-15T01:02:03Z") from error
        if format_time(time) != value:
            raise self.refusal(key, "it is not a time as 2026-09-15T01:02:03Z")
        return time

    def items(self, key: str) -> list[Any]:
        """A list."""
        value = self.take(key)
        if not isinstance(value, list) or len(value) > MAX_ITEMS:
            raise self.refusal(key, "it is not a list")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """An object whose fields are not known beforehand."""
        value = self.take(key)
        if not isinstance(value, dict):
            raise self.refusal(key, "it is not an object")
        return value

    def fields(self, key: str) -> Fields:
        """An object whose fields are taken in turn."""
        path = f"{self._path}.{key}" if self._path else key
        return Fields(self.mapping(key), path, self._refuse)


def parse_hex(value: Any, length: int, prefix: str = "") -> bytes:
    """``length`` bytes from their one hexadecimal spelling, else ValueError."""
    if not isinstance(value, str) or not value.startswith(prefix):
        raise ValueError("not hexadecimal")
    digits = value[len(prefix) :]
    if len(digits) != 2 * length or _HEX.fullmatch(digits) is None:
        raise ValueError("not hexadecimal")
    return bytes.fromhex(digits)


def format_time(time: datetime) -> str:
    """A time as :meth:`Fields.time` reads it; fractions of a second are dropped."""
    utc = time.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%SZ}"


def format_object(value: Mapping[str, Any]) -> str:
    """The file of an object, laid out for people."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _not_whole(spelling: str) -> Any:
    raise ValueError(f"a number of {len(spelling)} characters is not whole")


def _is_flat(value: Any, depth: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return depth > 0 and all(_is_flat(item, depth - 1) for item in inner)
