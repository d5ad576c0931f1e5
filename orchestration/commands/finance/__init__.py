"""`lead-funnel spend`, `close`, `reopen` and `finance-export`: finance's verbs."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.options import By, Debug, OutOfRun

Period = Annotated[
    str,
    typer.Argument(metavar="PERIOD", help="A fiscal period, such as 2026-03."),
]
Note = Annotated[str, typer.Option("--note", help="Why, for those who come after.")]


def register(app: typer.Typer) -> None:
    app.command(name="spend")(spend)
    app.command(name="close")(close)
    app.command(name="reopen")(reopen)
    app.command(name="finance-export")(finance_export)


def spend(
    period: Annotated[
        str | None,
        typer.Option("--period", help="A fiscal period. Default: the last with SALs."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="The attribution model.")
    ] = "linear",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Say what was spent in a fiscal period and what an accepted lead cost."""
    from orchestration.cli import console, sentences
    from orchestration.commands.finance import report
    from orchestration.project import Project

    with sentences(debug):
        report.show(console(), Project.from_environment({}, out=out), period, model)


def close(
    period: Period,
    by: By = None,
    note: Note = "",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Freeze a fiscal period: what changes later is a restatement."""
    from orchestration.cli import console, sentences
    from orchestration.commands.finance import closing
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment({}, out=out)
        for line in closing.close(project, period, by or getpass.getuser(), note):
            console().print(line, highlight=False, markup=False)


def reopen(
    period: Period,
    by: By = None,
    note: Note = "",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Open a closed fiscal period again; that it was is kept."""
    from orchestration.cli import console, sentences
    from orchestration.commands.finance import closing
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment({}, out=out)
        for line in closing.reopen(project, period, by or getpass.getuser(), note):
            console().print(line, highlight=False, markup=False)


def finance_export(
    period: Period,
    to: Annotated[
        Path | None,
        typer.Option("--to", help="The workbook. Default: OUT/spend-<period>.xlsx."),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", help="The attribution model, or all.")
    ] = "linear",
    language: Annotated[
        str, typer.Option("--language", help="Of headings and words: en or ja.")
    ] = "en",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Write a workbook that finance can audit: lines, weights and the tie-out."""
    from orchestration.cli import console, sentences
    from orchestration.commands.finance import workbook
    from orchestration.commands.summary import shown
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment({}, out=out)
        path = workbook.write(project, period, to, model=model, language=language)
        console().print(
            f"Wrote {shown(path)}", highlight=False, markup=False, soft_wrap=True
        )
