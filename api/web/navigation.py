"""Where the side list leads, in the order of what officers and supervisors come to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from api.web.parts import Language, Role
from api.web.words import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGE_COOKIE = "anxu_language"
CONTROL_CHARACTERS_BELOW = 0x21


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the side list.

    ``label`` is Chinese source text, ``covers`` names folders that belong to it too.
    """

    href: str
    label: str
    covers: tuple[str, ...] = ()


SIDE_LISTS: Mapping[Role, tuple[Place, ...]] = {
    Role.OFFICER: (
        Place("/bureau", N_("待办")),
        Place("/bureau/transfers", N_("关系转移")),
        Place("/bureau/payouts", N_("待遇发放")),
        Place("/bureau/imports", N_("文件导入")),
        Place("/bureau/log", N_("账本"), covers=("/bureau/entries",)),
    ),
    Role.SUPERVISOR: (
        Place("/supervisor", N_("总览")),
        Place("/supervisor/alerts", N_("疑点"), covers=("/supervisor/entries",)),
        Place("/supervisor/bureaus", N_("经办机构")),
        Place("/supervisor/funds", N_("基金账户")),
        Place("/supervisor/transfers", N_("转移时限")),
    ),
}


def side_list(role: Role | None) -> tuple[Place, ...]:
    """The side list of a role; persons and verifiers have none."""
    return SIDE_LISTS.get(role, ()) if role else ()


def current_place(places: tuple[Place, ...], path: str) -> str:
    """The href of the line that ``path`` belongs to; the first line stands for itself only."""
    for place in places[1:]:
        if any(
            path == folder or path.startswith(folder + "/")
            for folder in (place.href, *place.covers)
        ):
            return place.href
    return path if places and path == places[0].href else ""


def pick_language(cookie: str | None, accept_language: str | None) -> Language:
    """The reader's own choice first, then what the browser prefers, then Chinese.

    Answers depend on both, so send ``Vary: Cookie, Accept-Language``.
    """
    if cookie in {language.value for language in Language}:
        return Language(cookie)
    wanted: list[tuple[float, Language]] = []
    for part in (accept_language or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        weight = parameters.strip().removeprefix("q=") or "1"
        language = tag.strip().lower().partition("-")[0]
        if language in {known.value for known in Language} and weight.replace(".", "", 1).isdigit():
            wanted.append((-float(weight), Language(language)))
    return min(wanted, key=lambda pair: pair[0])[1] if wanted else Language.ZH


def language_href(language: Language, path: str) -> str:
    """The link that changes the language and comes back to ``path``."""
    return f"/language/{language.value}?next={quote(path, safe='/')}"


def safe_next(path: str | None) -> str:
    """A path of this site to go back to; anything that could lead elsewhere becomes ``/``."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path:
        return "/"
    return path if all(ord(character) >= CONTROL_CHARACTERS_BELOW for character in path) else "/"
