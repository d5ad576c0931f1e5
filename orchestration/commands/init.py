"""`lead-funnel init`: a definition for a folder of exports as it came."""

from __future__ import annotations

import io
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import Debug, Out

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.project import Project
    from orchestration.proposals.definition import Look

REPORT = "proposals.md"
"""What was proposed and why, beside the rows."""


def register(app: typer.Typer) -> None:
    app.command(name="init")(init)


def init(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="The exports as they came: any names, csv, tsv, json, jsonl, parquet, "
            "xlsx or zip. Nothing in it is changed.",
        ),
    ],
    definition: Annotated[
        Path,
        typer.Option(
            envvar="LEAD_FUNNEL_DEFINITION",
            help="The folder that the definition is written to. What stands there "
            "stays; new findings are added.",
        ),
    ] = Path("definition"),
    out: Out = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            "-y",
            help="Ask nothing: take what is proposed, and list what is not sure.",
        ),
    ] = False,
    run: Annotated[
        bool,
        typer.Option(
            "--run/--no-run", help="Run with the definition and show the rates."
        ),
    ] = True,
    debug: Debug = False,
) -> None:
    """Propose a definition for a folder of exports, and show the first rates.

    Says which file is which table and which heading which column, what the
    statuses mean, who the users are, the time zone, the order of days and the
    rest, each with the reason and how sure it is. What is not sure is asked.
    All of it is rows in the definition's folder, for you to edit; run it again
    for new files, statuses and users: your rows stay.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, run_and_show, sentences

    with sentences(debug):
        project = _project(folder, definition, out)

        from orchestration.proposals.definition import propose
        from orchestration.proposals.showing import show, show_written

        screen = console()
        with tempfile.TemporaryDirectory(prefix="lead-funnel-") as scratch:
            drafting = propose(
                project,
                Path(scratch),
                takes_all=yes,
                say=lambda text: screen.print(
                    f"{text} …", highlight=False, markup=False
                ),
            )
            look = drafting.look
            show(screen, look)
            drafting.write()
        assert project.definition is not None
        _write_report(project.definition / REPORT, look)
        show_written(screen, look, project.definition)
        _say_how_to_go_on(screen, project)
        if run:
            # The definition's own vars are there only now.
            run_and_show(_project(folder, definition, out), screen, debug=debug)


def _project(folder: Path, definition: Path, out: Path | None) -> Project:
    """The project; what cannot be a folder of each is said before anything is read."""
    from orchestration.errors import LeadFunnelError
    from orchestration.project import Project

    if not folder.is_dir():
        raise LeadFunnelError(
            f"There is no folder {folder}: name the one that holds your exports, such "
            "as lead-funnel init exports."
        )
    if definition.exists() and not definition.is_dir():
        raise LeadFunnelError(
            f"{definition} is a file: name a folder for the definition with "
            "--definition."
        )
    for what, place, option in (
        ("definition", definition, "--definition"),
        ("results", out, "--out"),
    ):
        if place is not None and place.resolve().is_relative_to(folder.resolve()):
            raise LeadFunnelError(
                f"The {what} would be written into {folder}, where nothing is changed: "
                f"name another folder with {option}."
            )
    is_new = not definition.exists()
    definition.mkdir(parents=True, exist_ok=True)
    try:
        return Project.from_environment(landing=folder, out=out, definition=definition)
    finally:
        if is_new and not any(definition.iterdir()):
            definition.rmdir()


def _write_report(path: Path, look: Look) -> None:
    from orchestration.proposals.showing import show
    from orchestration.screen import Screen
    from orchestration.sources import trusted

    if os.path.lexists(path):
        trusted.check_definition(path, path.parent)
    output = io.StringIO()
    show(Screen(file=output, width=100, color_system=None), look)
    lines = "\n".join(line.rstrip() for line in output.getvalue().splitlines())
    path.write_text(
        "# What was proposed last, and why\n\nWritten by `lead-funnel init`, anew each "
        f"time; the rows that count are in the CSV files.\n\n```\n{lines}\n```\n",
        encoding="utf-8",
    )


def _say_how_to_go_on(screen: Console, project: Project) -> None:
    from orchestration.commands.summary import shown

    landing, definition, out = (
        shlex.quote(shown(path))
        for path in (project.landing, project.definition or Path(), project.out)
    )
    screen.print(
        f"From now on: make run LANDING={landing} DEFINITION={definition} OUT={out}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
