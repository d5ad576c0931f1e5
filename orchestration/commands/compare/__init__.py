"""`lead-funnel compare`: what another definition would make of the same data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.options import Debug, OutOfRun


def register(app: typer.Typer) -> None:
    app.command(name="compare")(compare)


def compare(
    version: Annotated[
        str | None,
        typer.Option(
            help="A version of the seed funnel_versions to re-read all of history "
            "with. Without it: the definition as it stands now, each version from "
            "its effective date on.",
        ),
    ] = None,
    against: Annotated[
        str,
        typer.Option(
            metavar="published|VERSION",
            help="What to compare with: what was last published, or all of history "
            "read with this version.",
        ),
    ] = "published",
    definition: Annotated[
        Path | None,
        typer.Option(
            envvar="LEAD_FUNNEL_DEFINITION",
            help="A folder with your own seeds, such as stage_rules.add.csv. Default: "
            "the one that the published run had.",
        ),
    ] = None,
    out: OutOfRun = None,
    vars_json: Annotated[
        str | None,
        typer.Option(
            "--vars",
            envvar="LEAD_FUNNEL_VARS",
            help="Vars as JSON. Default: those of the published run.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="How many changed leads to list.")
    ] = 20,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write every changed lead, and why, to this CSV file."
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the comparison to this file as well: one HTML page to attach "
            "to the pull request, with every rate and its interval, and an "
            "explanation of each lead that flips.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every month and metric, also equal ones.")
    ] = False,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Text of 100 columns without colours."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Say what an edited definition, or a named version, would change.

    Reads the raw data that is already loaded once more, into schemas of its own;
    nothing is published and the actual reading stays as it is. Then it says
    which metrics differ, month by month, which leads, and which row of the
    definition makes the difference.

    Before you merge an edit of the seeds (or of a DEFINITION folder) run it
    without --version: it compares the definition as edited with what was last
    published.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.document import files, terminal
    from orchestration.project import Project

    with sentences(debug):
        if html is not None:
            files.check(html)
        project = Project.from_environment(
            {}, out=out, definition=definition, vars=vars_json
        )

        from orchestration.commands.compare import differences, render, sides

        screen = terminal.plain_console() if plain else console()
        plan = sides.plan(
            project,
            version=version,
            against=None if against == "published" else against,
            vars_given=bool(vars_json),
        )
        with render.progress(screen) as say:
            sides.build(plan, say)
        with sides.opened(plan) as compared:
            found = differences.find(compared)
            said = render.document(plan, found, everything=everything, limit=limit)
            terminal.show(screen, said)
            if csv is not None:
                rows = differences.write_csv(compared, csv)
                terminal.say(screen, f"{rows:,} changed leads are in {csv}.")
            if html is not None:
                from orchestration.commands.compare import page
                from orchestration.commands.document.html import page as as_html
                from orchestration.transformation import dbt_runner

                said = page.document(
                    plan,
                    compared,
                    found,
                    dbt_runner.manifest_json(project),
                    everything=everything,
                    limit=limit,
                )
                files.write(html, as_html(said, hides_addresses=True))
                terminal.say(screen, f"The page is {html}.")
