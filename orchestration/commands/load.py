"""`lead-funnel load`: what is new in the systems themselves, into the landed store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import Debug, Out

if TYPE_CHECKING:
    from rich.console import Console

    from orchestration.live.source import Source
    from orchestration.project import Project


def register(app: typer.Typer) -> None:
    app.command(name="load")(load)


def load(
    system: Annotated[
        str | None,
        typer.Option(help="Only this one of the systems, such as salesforce."),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(help="Only this raw table, such as lead; may be given again."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Load all that the systems have, not only what is new: rows that "
            "are there already do no harm.",
        ),
    ] = False,
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Load what is new in the systems whose credentials are in the environment.

    `lead-funnel run` does so first; this is for those who load more often than they
    build. An interrupted load goes on where it stopped.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, say_error, sentences
    from orchestration.errors import LeadFunnelError
    from orchestration.live.configured import of_system
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment(out=out)
        failed = False
        for source in of_system(system):
            # One that cannot be loaded from stops no other.
            try:
                _load(project, source, table or None, again, console())
            except LeadFunnelError as error:
                if debug:
                    raise
                failed = True
                say_error(str(error))
    if failed:
        raise typer.Exit(1)


def _load(
    project: Project,
    source: Source,
    tables: list[str] | None,
    again: bool,
    screen: Console,
) -> None:
    from orchestration.live.pipeline import load
    from orchestration.run import progress

    notes: list[str] = []
    with (
        screen.status(f"Loading from {source.name} …") as status,
        progress.listening(lambda text: status.update(f"{text} …"), notes.append),
    ):
        loaded = load(project, source, tables, again=again)
    new = sum(loaded.rows.values())
    said = "1 row is new" if new == 1 else f"{new:,} rows are new"
    screen.print(f"{source.name}: {said}.", highlight=False, markup=False)
    width = max(map(len, loaded.rows), default=0)
    for name, rows in loaded.rows.items():
        screen.print(f"  {name:<{width}}  {rows:>12,}", highlight=False, markup=False)
    for note in notes:
        screen.print(note, highlight=False, markup=False, soft_wrap=True)
