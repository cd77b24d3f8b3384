"""Reads the values of a question, whoever wrote them: a form, a command line, a JSON file.

Every refusal names the field, the value and what to write instead. A name nobody asks for is
refused as well, so that a misspelt one cannot silently count as left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from ledger.errors import AmountError, InputError, NotFoundError, PeriodError
from ledger.policy.money import fen_of_yuan
from ledger.policy.periods import checked_period
from ledger.policy.regions import province_of

_Choice = TypeVar("_Choice", bound=StrEnum)

MAX_FEN: Final = 10**13
"""No amount about one person is larger: a hundred thousand million yuan."""
_SHOWN: Final = 40
_MONTH_FORM: Final = re.compile(r"(\d{4})(?:[-./年](\d{1,2})月?|(\d{2}))", re.ASCII)
_E4: Final = 10_000
_DECIMAL_FORM: Final = re.compile(r"(\d{1,6})(?:\.(\d{1,4}))?", re.ASCII)
_YES: Final = frozenset({"true", "yes", "on", "1", "是"})
_NO: Final = frozenset({"false", "no", "off", "0", "否"})


class Inputs:
    """The values of one question by name; ``place`` is put before names in refusals.

    A value that is None or blank counts as left out. Ask for all names that are known, then call
    :meth:`done`.
    """

    def __init__(self, values: Mapping[str, object], place: str = "") -> None:
        self._values = {
            name: value
            for name, value in values.items()
            if value is not None and not (isinstance(value, str) and not value.strip())
        }
        self._place = place
        self._known: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether something was given under this name."""
        self._known.add(name)
        return name in self._values

    def done(self) -> None:
        """Refuse what was given under names that were not asked for.

        Raises:
            InputError: there is such a name.
        """
        for name in self._values:
            if name not in self._known:
                known = ", ".join(sorted(self._known))
                raise self.refused(
                    name,
                    "there is no such field",
                    "没有这个字段",
                    f"Known fields: {known}",
                    f"可用字段：{known}",
                )

    def refused(
        self, name: str, reason: str, reason_zh: str, hint: str, hint_zh: str, value: object = None
    ) -> InputError:
        """The refusal of a field, with its value as it was given or as ``value`` says."""
        shown = self._values.get(name, "") if value is None else value
        return InputError(self._place + name, str(shown)[:_SHOWN], reason, reason_zh, hint, hint_zh)

    def _given(self, name: str, hint: str, hint_zh: str, *, needed: bool = True) -> object:
        if self.has(name):
            return self._values[name]
        if needed:
            raise self.refused(name, "it is missing", "未填写", hint, hint_zh)
        return None

    # --- months and days ----------------------------------------------------------------------

    def month(self, name: str) -> int:
        """A month, written ``2026-08``, ``202608`` or ``2026年8月``, as yyyymm."""
        found = self._month(name, needed=True)
        assert found is not None, "it is needed"
        return found

    def optional_month(self, name: str) -> int | None:
        """A month, or None when it was left out."""
        return self._month(name, needed=False)

    def _month(self, name: str, *, needed: bool) -> int | None:
        hint = "Write a month as YYYY-MM, for example 1972-06"
        hint_zh = "请按“年-月”填写，例如 1972-06"
        given = self._given(name, hint, hint_zh, needed=needed)
        if given is None:
            return None
        match = _MONTH_FORM.fullmatch(str(given).strip())
        if match is None or isinstance(given, bool | float):
            raise self.refused(name, "it is not a month", "不是年月", hint, hint_zh)
        try:
            return checked_period(int(match[1]) * 100 + int(match[2] or match[3]))
        except PeriodError as error:
            raise self.refused(name, error.reason, "不是日历上的年月", hint, hint_zh) from error

    def day(self, name: str) -> date:
        """A day, written ``2026-08-31``."""
        hint = "Write a day as YYYY-MM-DD, for example 2026-08-31"
        hint_zh = "请按“年-月-日”填写，例如 2026-08-31"
        given = str(self._given(name, hint, hint_zh)).strip()
        try:
            return datetime.strptime(given, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError as error:
            raise self.refused(
                name, "it is not a day of the calendar", "不是日历上的日期", hint, hint_zh
            ) from error

    # --- numbers ------------------------------------------------------------------------------

    def whole(self, name: str, first: int, last: int) -> int:
        """A whole number from ``first`` to ``last``."""
        found = self._whole(name, first, last, needed=True)
        assert found is not None, "it is needed"
        return found

    def whole_or(self, name: str, first: int, last: int, default: int) -> int:
        """A whole number, or ``default`` when it was left out."""
        found = self._whole(name, first, last, needed=False)
        return default if found is None else found

    def _whole(self, name: str, first: int, last: int, *, needed: bool) -> int | None:
        hint = f"Write a whole number from {first} to {last}"
        hint_zh = f"请填写{first}至{last}之间的整数"
        given = self._given(name, hint, hint_zh, needed=needed)
        if given is None:
            return None
        text = str(given).strip().removeprefix("+")
        body = text.removeprefix("-")
        if isinstance(given, bool | float) or not body.isascii() or not body.isdigit():
            raise self.refused(name, "it is not a whole number", "不是整数", hint, hint_zh)
        if not first <= int(text) <= last:
            raise self.refused(
                name,
                f"it is not between {first} and {last}",
                f"不在{first}至{last}之间",
                hint,
                hint_zh,
            )
        return int(text)

    def fen(self, name: str, *, minimum: int = 0) -> int:
        """An amount: ``<name>_fen`` as an integer, or ``<name>_yuan`` as a decimal number."""
        if self.has(f"{name}_yuan"):
            return self._yuan(f"{name}_yuan", minimum)
        return self.whole(f"{name}_fen", minimum, MAX_FEN)

    def fen_or(self, name: str, default: int, *, minimum: int = 0) -> int:
        """An amount, or ``default`` when it was left out."""
        if self.has(f"{name}_yuan"):
            return self._yuan(f"{name}_yuan", minimum)
        return self.whole_or(f"{name}_fen", minimum, MAX_FEN, default)

    def _yuan(self, name: str, minimum: int) -> int:
        hint = "Write yuan with at most two decimals and no sign, for example 8132.50"
        hint_zh = "请填写以元为单位、最多两位小数的数，例如 8132.50"
        try:
            amount = fen_of_yuan(str(self._values[name]).replace(",", ""))
        except AmountError as error:
            raise self.refused(name, error.reason, "不是金额", hint, hint_zh) from error
        if not minimum <= amount <= MAX_FEN:
            raise self.refused(
                name, "it is too small or too large", "金额过小或过大", hint, hint_zh
            )
        return amount

    def ten_thousandths(self, name: str, first: int, last: int) -> int:
        """``<name>_e4`` as an integer of ten-thousandths, or ``<name>`` as a decimal number."""
        if not self.has(name):
            return self.whole(f"{name}_e4", first, last)
        self.has(f"{name}_e4")
        hint = f"Write a number from {first / _E4} to {last / _E4} with at most four decimals"
        hint_zh = f"请填写{first / _E4}至{last / _E4}之间、最多四位小数的数"
        match = _DECIMAL_FORM.fullmatch(str(self._values[name]).strip())
        if match is None:
            raise self.refused(name, "it is not such a number", "不是这样的数", hint, hint_zh)
        value = int(match[1]) * _E4 + int((match[2] or "").ljust(4, "0"))
        if not first <= value <= last:
            raise self.refused(name, "it is too small or too large", "过小或过大", hint, hint_zh)
        return value

    # --- words --------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """Any text, without blanks around it."""
        return str(self._given(name, "Write it out", "请填写")).strip()

    def flag(self, name: str) -> bool:
        """Yes or no; left out is no."""
        if not self.has(name):
            return False
        given = str(self._values[name]).strip().lower()
        if given not in _YES | _NO:
            raise self.refused(name, "it is neither yes nor no", "不是是或否", "Write yes or no",
                               "请填写 yes 或 no")  # fmt: skip
        return given in _YES

    def choice(self, name: str, choices: Mapping[str, _Choice]) -> _Choice:
        """One of the named choices."""
        listed = ", ".join(choices)
        hint, hint_zh = f"Write one of: {listed}", f"请填写其中之一：{listed}"
        given = str(self._given(name, hint, hint_zh)).strip().lower()
        if given not in choices:
            raise self.refused(name, "it is none of the choices", "不在可选范围内", hint, hint_zh)
        return choices[given]

    def region(self, name: str) -> str:
        """A division of six digits whose province is known."""
        found = self.optional_region(name)
        if found is None:
            self._given(name, *_REGION_HINTS)
        assert found is not None, "a missing one was refused"
        return found

    def optional_region(self, name: str) -> str | None:
        """A division, or None when it was left out."""
        given = self._given(name, *_REGION_HINTS, needed=False)
        if given is None:
            return None
        code = str(given).strip()
        try:
            province_of(code)
        except NotFoundError as error:
            raise self.refused(
                name, "its first two digits name no province", "前两位不是省级代码", *_REGION_HINTS
            ) from error
        return code

    # --- lists --------------------------------------------------------------------------------

    def rows(self, name: str) -> tuple[Inputs, ...]:
        """A list of objects; each is read like a question of its own."""
        if not self.has(name):
            return ()
        given = self._values[name]
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise self._no_list(name)
        return tuple(self._row(name, number, item) for number, item in enumerate(given))

    def _row(self, name: str, number: int, item: object) -> Inputs:
        if not isinstance(item, Mapping):
            raise self._no_list(name)
        return Inputs(item, f"{self._place}{name}[{number}].")

    def _no_list(self, name: str) -> InputError:
        return self.refused(
            name,
            "it is not a list of objects",
            "不是对象列表",
            "Give it in a JSON file; docs/reference/policy.md shows one",
            "请在 JSON 文件中给出，写法见 docs/reference/policy.md",
            value="",
        )


_REGION_HINTS: Final = (
    "Write the six digits of GB/T 2260, for example 340100",
    "请填写六位行政区划代码，例如 340100",
)


def finish(rows: Iterable[Inputs]) -> None:
    """Refuse unknown names in any of the rows."""
    for row in rows:
        row.done()
