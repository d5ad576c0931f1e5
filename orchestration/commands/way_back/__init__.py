"""`lead-funnel publications`, `rollback` and `restore`: the ways back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import AsJson, By, Debug, OutOfRun

if TYPE_CHECKING:
    from orchestration.project import Project

Reason = Annotated[str, typer.Option("--reason", help="Why, for those who come after.")]


def register(app: typer.Typer) -> None:
    app.command(name="publications")(publications)
    app.command(name="rollback")(rollback)
    app.command(name="restore")(restore)


def publications(
    mark: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Mark one as good: it is kept whatever comes after it."
        ),
    ] = None,
    unmark: Annotated[
        str | None, typer.Option(metavar="ID", help="Take the mark away again.")
    ] = None,
    by: By = None,
    reason: Reason = "",
    check: Annotated[
        bool,
        typer.Option("--check", help="Read every file, and say which is not whole."),
    ] = False,
    as_json: AsJson = False,
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """List the publications that are kept, the newest first.

    LEAD_FUNNEL_KEEP_PUBLICATIONS says how many are kept (5), the one that is shown
    among them; what is marked as good is kept beside those.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.way_back import listing
    from orchestration.screen import echo

    with sentences(debug):
        project = _project(out)
        who = by or getpass.getuser()
        if mark is not None:
            _say(listing.mark(project, mark, who, reason, is_good=True))
        if unmark is not None:
            _say(listing.mark(project, unmark, who, reason, is_good=False))
        found = listing.found(project, check=check)
        if as_json:
            echo(listing.as_json(found))
        else:
            listing.show(console(), project, found)


def rollback(
    to: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="The publication to go back to, or the beginning of its id. Default: "
            "the one before what is shown.",
        ),
    ] = None,
    hold: Annotated[
        bool,
        typer.Option(
            "--hold",
            help="Stay there: runs publish, but readers do not see it until --release.",
        ),
    ] = False,
    release: Annotated[
        bool,
        typer.Option(
            "--release", help="Show the newest publication again, and end a hold."
        ),
    ] = False,
    by: By = None,
    reason: Reason = "",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Show readers an earlier publication again, in one step.

    Its files are read first, and nothing is done where one is not what was
    published. Nothing is removed: `lead-funnel publications` lists what there is.
    The next run that succeeds publishes forward again, unless you --hold.
    """
    from orchestration.cli import sentences
    from orchestration.commands.way_back import rolling_back

    with sentences(debug):
        asked = rolling_back.Asked(to, by or getpass.getuser(), reason, hold, release)
        _say(rolling_back.roll_back(_project(out), asked))


def restore(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FROM]",
            help="The id of a publication that is kept, or the folder of one in a "
            "backup. Default: the newest that is whole.",
        ),
    ] = None,
    by: By = None,
    reason: Reason = "",
    out: OutOfRun = None,
    debug: Debug = False,
) -> None:
    """Bring OUT back where the warehouse, the books of closed periods or what is
    published are lost.

    What was closed comes from the backup that each publication has of it; a close
    that is there is never written over. Everything else the next run builds anew.
    """
    from orchestration.cli import sentences
    from orchestration.commands.way_back import restoring

    with sentences(debug):
        who = by or getpass.getuser()
        _say(restoring.restore(_project(out), source, who, reason))


def _project(out: Path | None) -> Project:
    from orchestration.project import Project

    return Project.from_environment({}, out=out)


def _say(lines: Iterator[str]) -> None:
    from orchestration.cli import console

    for line in lines:
        console().print(line, highlight=False, markup=False, soft_wrap=True)
