"""``anxu calendar``: the official working days on chain, by which terms are counted."""

from __future__ import annotations

import typer

from scripts.cli.acting import WAIT_SECONDS, WaitOption, carry_out
from scripts.cli.command import command, group
from scripts.cli.council import submit
from scripts.cli.failures import DONE
from scripts.cli.nodes import opened, reading
from scripts.cli.options import NodeOption
from scripts.cli.output import Output


def register(parent: typer.Typer) -> None:
    """Add the group."""
    app = group(parent, "calendar", "Official working days on the chain (工作日历).")
    command(app, "show")(show)
    command(app, "publish")(publish)
    command(app, "correct")(correct)


def show(out: Output, *, node: NodeOption) -> None:
    """Show which years are known here and which on the chain (各年工作日)."""
    from ledger.policy.work_calendar import published_years, work_year

    with reading(node) as context:
        years = [
            {
                "year": year,
                "working_days": work_year(year).working_days.bit_count(),
                "on_chain": (days := context.chain.working_days_of(year)) is not None,
                "same": days == work_year(year).working_days,
                "source": work_year(year).source,
            }
            for year in published_years()
        ]
    out.result(
        years,
        lambda: out.table(
            [
                ("年份", "year"),
                ("工作日数", "working days"),
                ("已上链", "on chain"),
                ("一致", "the same"),
                ("依据", "source"),
            ],
            [list(each.values()) for each in years],
            right=(0, 1),
        ),
    )


def publish(out: Output, *, node: NodeOption, wait: WaitOption = WAIT_SECONDS) -> int:
    """Publish the years that the chain does not have, with the enrolment key (发布年度工作日)."""
    from ledger.governing import publishing_years

    with opened(node, "supervisor") as opened_node:
        acts = publishing_years(opened_node.context)
        code = carry_out(out, opened_node, acts, wait) if acts else DONE
    years = [act.call.arguments[0] for act in acts]
    out.result(
        {"published": years, "final": code == DONE},
        lambda: out.facts([(("发布年份", "published"), ", ".join(map(str, years)) or "-")]),
    )
    return code


def correct(out: Output, *, node: NodeOption, wait: WaitOption = WAIT_SECONDS) -> int:
    """Propose to the council that years which differ be corrected (更正年度工作日)."""
    from ledger.governing import correcting_calls

    with opened(node, "supervisor") as opened_node:
        calls = correcting_calls(opened_node.context)
        if calls:
            return submit(out, opened_node, calls, wait)
    out.result({"corrected": []}, lambda: out.note(("各年一致，无需更正。", "All years agree.")))
    return DONE
