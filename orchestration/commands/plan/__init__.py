"""`lead-funnel plan`: how many hand-offs a number of SALs takes, and by when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from orchestration.commands.options import AsJson, Debug, OutOfRun
from orchestration.errors import LeadFunnelError


def register(app: typer.Typer) -> None:
    app.command(name="plan")(plan)


def plan(
    sals: Annotated[
        int, typer.Option("--sals", min=1, help="How many SALs there shall be.")
    ],
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="DAY",
            help="The last day on which a SAL counts, such as 2026-12-31.",
        ),
    ],
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="DAY",
            help="The first day on which a SAL counts; those since then that are "
            "there already are taken off. Default: the day after the data's last.",
        ),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            help="Only from this channel; may be given several times. Default: from "
            "all, in the shares of the last months.",
        ),
    ] = None,
    as_json: AsJson = False,
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Say how many hand-offs a number of SALs takes, from which channels and by when.

    It reads what is published: the SAL rates of the twelve months before, and how
    long an acceptance takes. It says, too, what the pace of today would give.
    """
    from orchestration.cli import console, sentences
    from orchestration.commands.finance.published import opened
    from orchestration.commands.plan import forecast, history, render
    from orchestration.project import Project
    from orchestration.screen import echo

    with sentences(debug):
        last = day_of("--by", by)
        first = day_of("--since", since) if since else None
        project = Project.from_environment({}, out=out)
        with opened(project) as connection:
            past = history.read(connection, first, last, channel or [])
        planned = forecast.plan(past, sals)
        if as_json:
            echo(render.as_json(past, planned))
        else:
            render.show(console(), past, planned)


def day_of(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise LeadFunnelError(
            f"{option} is {text!r}, which is no day: write it as 2026-12-31."
        ) from None
