"""Turn a template and its view-model into a page.

One environment a language, built once: strict about undefined names, escaping everything.
Pages carry no inline
script and no inline style, so `CONTENT_SECURITY_POLICY` can forbid both.
"""

from __future__ import annotations

import hashlib
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup

from api.web import formats, navigation, pictures, words
from api.web.charts import working_life
from api.web.parts import ChainState, Language, Outage, Role, Session, Words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from enum import Enum

    from api.person.views import CityLine
    from api.supervisor.views import FlowPicture
    from api.tools.views import ChartRow
    from api.web.parts import Clock

WEB_FOLDER = Path(__file__).parent
STATIC_FOLDER = WEB_FOLDER / "static"
TEMPLATE_FOLDER = WEB_FOLDER / "templates"
TRANSLATION_FOLDER = WEB_FOLDER / "translations"
VERSION_DIGITS = 12
LARGE_TYPE_ROLES = (None, Role.PERSON, Role.VERIFIER)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; script-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def load_translations(language: Language) -> NullTranslations:
    """The catalogue of a language; Chinese is the source and needs none."""
    if language is Language.ZH:
        return NullTranslations()
    compiled = TRANSLATION_FOLDER / language.value / "LC_MESSAGES" / "messages.mo"
    with compiled.open("rb") as file:
        return GNUTranslations(file)


class Renderer:
    """Renders the pages of one node.

    Args:
        node_name: whose node this is, for the head and the printed note.
        clock: gives the present as an aware datetime, for the printed note.
        is_demo: says on every page that people and amounts are made up.
    """

    def __init__(
        self, *, node_name: Words, clock: Callable[[], datetime], is_demo: bool = False
    ) -> None:
        self._node_name = node_name
        self._clock = clock
        self._is_demo = is_demo
        self._assets = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:VERSION_DIGITS]
            for path in sorted(STATIC_FOLDER.iterdir())
            if path.is_file()
        }
        self._environments = {language: self._environment(language) for language in Language}

    def page(
        self,
        template: str,
        view: object,
        language: Language,
        session: Session | None,
        chain_state: ChainState,
        *,
        path: str = "/",
        outage: Outage | None = None,
    ) -> str:
        """The whole page as HTML.

        Args:
            template: its path under ``templates``, for example ``bureau/home.html``.
            view: the view-model that the template names in its first line.
            language: what `navigation.pick_language` chose.
            session: who is signed in; None for verifiers and before sign-in.
            chain_state: shown in the head in one word.
            path: of this request, without query: marks the side list, and where the language
                switch returns to.
            outage: since when the chain cannot be used; the page says so and what still works.
        """
        role = session.role if session else None
        places = navigation.side_list(role)
        other = Language.EN if language is Language.ZH else Language.ZH
        context = {
            "view": view,
            "language": language.value,
            "session": session,
            "chain_state": chain_state,
            "outage": outage,
            "node_name": self._node_name,
            "is_demo": self._is_demo,
            "now": self._clock(),
            "places": places,
            "current_place": navigation.current_place(places, path),
            "language_href": navigation.language_href(other, path),
            "is_large": role in LARGE_TYPE_ROLES,
        }
        return self._environments[language].get_template(template).render(context)

    def _asset(self, name: str) -> str:
        return f"/static/{name}?v={self._assets[name]}"

    def _environment(self, language: Language) -> jinja2.Environment:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATE_FOLDER),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        translations = load_translations(language)
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        environment.filters.update(_filters(language, translations.gettext))
        environment.globals.update(_pictures(language, translations.gettext))
        environment.globals["asset"] = self._asset
        return environment


def _filters(
    language: Language, translate: Callable[[str], str]
) -> Mapping[str, Callable[..., object]]:
    def say(text: Words | str) -> str:
        return text if isinstance(text, str) else text.in_language(language)

    def word(code: Enum) -> str:
        return translate(words.word_for(code))

    def class_word(exclusion_class: int) -> str:
        return " · ".join(translate(part) for part in words.class_words(exclusion_class))

    def sentences(parts: list[str]) -> Markup:
        """Chinese sentences follow one another directly, English ones after a space."""
        between = Markup(" ") if language is Language.EN else Markup("")
        return between.join(part for part in parts if part)

    return {
        "sentences": sentences,
        "say": say,
        "word": word,
        "word_of_rule": lambda rule: translate(words.RULE_TEXTS[rule]),
        "kind": lambda kind: translate(words.kind_word(kind)),
        "class_word": class_word,
        "digest_name": lambda name: translate(words.DIGESTS[name]),
        "msg": translate,
        "yuan": formats.yuan,
        "count": formats.count,
        "month": formats.month,
        "month_words": lambda period: formats.month_words(period, language),
        "beijing": formats.beijing,
        "day": formats.day,
        "digest": formats.digest,
    }


def _pictures(
    language: Language, translate: Callable[[str], str]
) -> Mapping[str, Callable[..., object]]:
    def flow_picture(view: FlowPicture) -> object:
        return pictures.flow_markup(view, language, translate)

    def life_picture(lines: tuple[CityLine, ...]) -> object:
        return pictures.life_markup(lines, language, translate)

    def row_picture(rows: tuple[ChartRow, ...]) -> object:
        return pictures.row_markup(rows, language, translate)

    def clock_bar(clock: Clock, sentence: str) -> object:
        return pictures.clock_markup(clock, sentence)

    return {
        "flow_picture": flow_picture,
        "flow_kinds": pictures.flow_kinds,
        "legend_mark": pictures.legend_markup,
        "life_picture": life_picture,
        "life_gaps": lambda lines: working_life.gaps_of(pictures.life_lines(lines, language)),
        "life_overlaps": lambda lines: working_life.overlaps_of(
            pictures.life_lines(lines, language)
        ),
        "life_spans": working_life.spans_of,
        "clock_bar": clock_bar,
        "row_picture": row_picture,
    }
