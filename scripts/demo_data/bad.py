"""Files as they should not be: one fault each, in the form of Hefei, for tests of what is refused.

Every file has five good lines but for the fault. The fault's line counts the heading as line 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from ledger.policy.identifiers import IdentityNumber
from ledger.policy.periods import add_months
from scripts.demo_data.bureaus import DEMO_AS_OF, HEFEI, Calendar
from scripts.demo_data.contributions import Stay, draw_wage, lines_of
from scripts.demo_data.lines import ContributionLine
from scripts.demo_data.people import People
from scripts.demo_data.writing import HEFEI_CONTRIBUTIONS, csv_text

ENCODING: Final = "gb18030"
FAULTY_LINE: Final = 4
_FAULTY_ROW: Final = FAULTY_LINE - 2
_GOOD_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file and its fault: ``line`` in the file (0 = the file as a whole), canonical ``field``."""

    path: Path
    line: int
    field: str
    fault: str


def good_lines(count: int = _GOOD_LINES, as_of: date = DEMO_AS_OF) -> list[ContributionLine]:
    """Good lines of one month, one a person."""
    random = Random("bad")  # noqa: S311  # made-up data, to be repeated
    people = People(random)
    period = Calendar(as_of).last_period
    lines: list[ContributionLine] = []
    for _ in range(count):
        person, employer = people.anybody(197501, 200012), people.employer("合肥")
        stay = Stay(person, HEFEI, employer, period, period, draw_wage(random))
        lines.extend(lines_of(stay, random))
    return lines


def write_good(path: Path) -> Path:
    """A file without a fault."""
    path.write_bytes(_text(good_lines()).encode(ENCODING))
    return path


def write_wrong_encoding(path: Path) -> BadFile:
    """UTF-16, which no importer takes for one of the two known encodings."""
    path.write_bytes(_text(good_lines()).encode("utf-16"))
    return BadFile(path, 0, "", "wrong-encoding")


def write_damaged_encoding(path: Path) -> BadFile:
    """GB18030 with a byte that begins a character nothing completes."""
    content = _text(good_lines()).encode(ENCODING)
    path.write_bytes(content[:-2] + b"\x81\r\n")
    return BadFile(path, _GOOD_LINES + 1, "", "damaged-encoding")


def write_missing_column(path: Path) -> BadFile:
    """Without the column of the base."""
    cells = {
        heading: cell
        for heading, cell in HEFEI_CONTRIBUTIONS.items()
        if not heading.startswith("缴费基数")
    }
    path.write_bytes(csv_text(cells, good_lines()).encode(ENCODING))
    return BadFile(path, 0, "base", "missing-column")


def write_impossible_identity_number(path: Path) -> BadFile:
    """A check character that does not follow from the digits before it."""

    def spoil(line: ContributionLine) -> ContributionLine:
        number = line.identity_number
        wrong = "0" if number[-1] != "0" else "1"
        return replace(line, identity_number=IdentityNumber(number[:-1] + wrong))

    return _with_fault(path, spoil, "identity_number", "impossible-identity-number")


def write_negative_amount(path: Path) -> BadFile:
    """A contribution taken back with a minus sign."""
    lines = good_lines()
    content = _text(lines).split("\r\n")
    amount = f",{lines[_FAULTY_ROW].person_fen // 100}."
    content[FAULTY_LINE - 1] = content[FAULTY_LINE - 1].replace(amount, amount.replace(",", ",-"))
    path.write_bytes("\r\n".join(content).encode(ENCODING))
    return BadFile(path, FAULTY_LINE, "person_amount", "negative-amount")


def write_future_month(path: Path) -> BadFile:
    """A month a year after everything else."""
    return _with_fault(
        path,
        lambda line: replace(line, period=add_months(line.period, 12)),
        "period",
        "future-month",
    )


def write_duplicate_line(path: Path) -> BadFile:
    """The second line again in the faulty one's place, equal in every field."""
    lines = good_lines()
    lines[_FAULTY_ROW] = lines[0]
    path.write_bytes(_text(lines).encode(ENCODING))
    return BadFile(path, FAULTY_LINE, "", "duplicate-line")


BAD_WRITERS: Final[tuple[Callable[[Path], BadFile], ...]] = (
    write_wrong_encoding,
    write_damaged_encoding,
    write_missing_column,
    write_impossible_identity_number,
    write_negative_amount,
    write_future_month,
    write_duplicate_line,
)


def _with_fault(
    path: Path,
    spoil: Callable[[ContributionLine], ContributionLine],
    field: str,
    fault: str,
) -> BadFile:
    lines = good_lines()
    lines[_FAULTY_ROW] = spoil(lines[_FAULTY_ROW])
    path.write_bytes(_text(lines).encode(ENCODING))
    return BadFile(path, FAULTY_LINE, field, fault)


def _text(lines: Sequence[ContributionLine]) -> str:
    return csv_text(HEFEI_CONTRIBUTIONS, lines)
