"""From a view-model to a chart in the reader's language.

The step between what a page knows and what a chart draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from api.web.charts import clock_bar, flow, row_chart, working_life
from api.web.formats import yuan
from api.web.words import N_, word_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.person.views import CityLine
    from api.supervisor.views import FlowPicture
    from api.tools.views import ChartRow
    from api.web.parts import Clock, Language

    Translate = Callable[[str], str]


def flow_markup(view: FlowPicture, language: Language, translate: Translate) -> Markup:
    """The flow picture; every band a link that says from where to where, what, and how much."""
    names = {account.key: account.name.in_language(language) for account in view.accounts}
    bars = tuple(
        flow.Bar(account.key, names[account.key], account.column) for account in view.accounts
    )
    sentence = translate(N_("%(source)s 到 %(target)s，%(kind)s，%(amount)s 元"))
    bands = tuple(
        flow.Band(
            band.source, band.target, band.amount_fen, band.kind.value, band.href,
            sentence % {
                "source": names.get(band.source, band.source),
                "target": names.get(band.target, band.target),
                "kind": translate(word_for(band.kind)),
                "amount": yuan(band.amount_fen),
            },
        )
        for band in view.bands
    )  # fmt: skip
    columns = tuple(words.in_language(language) for words in view.column_names)
    return Markup(flow.draw_flow(bars, bands, columns, translate(N_("资金流向图，数字同下表"))))  # noqa: S704 - the charts escape


def flow_kinds(view: FlowPicture) -> tuple[str, ...]:
    """The kinds that occur, in the order of the legend."""
    present = {band.kind.value for band in view.bands}
    return tuple(tone for tone in flow.PATTERN_TONES if tone in present)


def legend_markup(tone: str) -> Markup:
    """One swatch of the legend."""
    return Markup(flow.legend_mark(tone))  # noqa: S704 - the charts escape


def clock_markup(clock: Clock, sentence: str) -> Markup:
    """A clock's bar; ``sentence`` is what stands beside it."""
    if clock.used_days is None:
        return Markup("")
    stopped = clock.stopped_reason is not None
    return Markup(  # noqa: S704 - the charts escape
        clock_bar.draw_clock_bar(clock.total_days, clock.used_days, sentence, stopped=stopped)
    )


def life_lines(lines: tuple[CityLine, ...], language: Language) -> tuple[working_life.Line, ...]:
    """City lines with their names in the reader's language."""
    return tuple(working_life.Line(line.city.in_language(language), line.periods) for line in lines)


def life_markup(lines: tuple[CityLine, ...], language: Language, translate: Translate) -> Markup:
    """The working-life picture."""
    label = translate(N_("各地缴费月份图，内容同下面的文字"))
    words = (translate(N_("空缺")), translate(N_("重叠")))
    return Markup(working_life.draw_working_life(life_lines(lines, language), label, *words))  # noqa: S704 - the charts escape


def row_markup(rows: tuple[ChartRow, ...], language: Language, translate: Translate) -> Markup:
    """The small chart of a tool's answer."""
    drawn = [
        row_chart.Row(
            row.name.in_language(language),
            row.value.in_language(language),
            row.start,
            row.end,
            strong=row.strong,
            shade=row.shade,
        )
        for row in rows
    ]
    return Markup(row_chart.draw_rows(drawn, translate(N_("结果图，数字同上面的文字"))))  # noqa: S704 - the charts escape
