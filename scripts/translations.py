"""Keep the English words of the pages in step with the Chinese source texts.

python -m scripts.translations update    follow the sources, then compile
python -m scripts.translations check     refuse what is missing, left over, empty or stale
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "api"
CATALOGUE = SOURCES / "web" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
COMPILED = CATALOGUE.with_suffix(".mo")
HEADER_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # fixed, so that equal sources give equal files
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
OPTIONS = {
    "**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}
}


def extract() -> Catalog:
    """The source texts as they stand in templates and Python files now."""
    catalogue = Catalog(project="anxu", charset="utf-8")
    found = extract_from_dir(SOURCES, METHODS, OPTIONS, strip_comment_tags=True)
    for file, _line, message, _comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        catalogue.add(message, locations=[(f"api/{file}", 0)], context=context)
    return catalogue


def read() -> Catalog:
    """The catalogue that is checked in; an empty one when there is none yet."""
    if not CATALOGUE.exists():
        return Catalog(locale="en", project="anxu", charset="utf-8")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def compiled(catalogue: Catalog) -> bytes:
    """The binary form that the running program reads."""
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def update() -> None:
    """Add what is new, drop what is gone, keep what was translated, and compile."""
    catalogue = read()
    catalogue.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.fuzzy = False
    catalogue.header_comment = (
        "# English words for the pages of Anxu; the Chinese source text is the key."
    )
    catalogue.project, catalogue.version, catalogue.msgid_bugs_address = "anxu", "1", "none"
    catalogue.last_translator = catalogue.language_team = "Anxu"
    catalogue.creation_date = catalogue.revision_date = HEADER_DATE
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, omit_header=False, no_location=True, sort_output=True, width=110)
    COMPILED.write_bytes(compiled(read()))


def problems() -> list[str]:
    """Everything that keeps the catalogue from being complete and fresh, in words."""
    wanted, catalogue = extract(), read()
    wanted_ids = {message.id for message in wanted if message.id}
    known = {message.id: message for message in catalogue if message.id}
    found = [f"missing: {text}" for text in sorted(map(str, wanted_ids - known.keys()))]
    found += [f"left over: {text}" for text in sorted(map(str, known.keys() - wanted_ids))]
    for text, message in known.items():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not all(strings) or message.fuzzy:
            found.append(f"not translated: {text}")
        found += [f"{error}: {text}" for error in message.check(catalogue)]
    if not COMPILED.exists() or COMPILED.read_bytes() != compiled(catalogue):
        found.append("messages.mo is stale; run: python -m scripts.translations update")
    return found


def main() -> int:
    """Run the command named on the command line."""
    command = sys.argv[1] if len(sys.argv) > 1 else "check"
    if command == "update":
        update()
    found = problems()
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
