"""`lead-funnel diff`: how two publications differ, metric by metric, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import AsJson, Debug, OutOfRun


def register(app: typer.Typer) -> None:
    app.command(name="diff")(diff)


def diff(
    before: Annotated[
        str | None,
        typer.Argument(
            metavar="[A]",
            help="The earlier publication: its id, or how that begins. Default: the "
            "one before B.",
        ),
    ] = None,
    after: Annotated[
        str | None,
        typer.Argument(
            metavar="[B]", help="The later publication. Default: what is published."
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Bounds, medians and the like, too."),
    ] = False,
    as_json: AsJson = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Text of 100 columns without colours.")
    ] = False,
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Say which metrics differ between two publications, and because of what.

    By month of hand-off, and spend by fiscal period, each with the causes that a
    closed period's restatement has: late data, corrections, merges, recycled leads,
    erasures, another definition; and, as time goes on, what is new and what was
    settled since. `lead-funnel publications` lists what is kept.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.diff import compared, render
    from orchestration.commands.document import terminal
    from orchestration.project import Project
    from orchestration.screen import echo

    with sentences(debug):
        project = Project.from_environment({}, out=out)
        pair = compared.chosen(project, before, after)
        found = compared.find(pair)
        if as_json:
            echo(render.as_json(found, everything))
        else:
            screen = terminal.plain_console() if plain else console()
            terminal.show(screen, render.document(found, everything))
