"""The command `lead-funnel`."""

from __future__ import annotations

import atexit
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration import commands
from orchestration.commands.options import Debug, Definition, Engine, Landing, Out, Vars
from orchestration.errors import LeadFunnelError
from orchestration.live.configured import SWITCH
from orchestration.project import Project, in_environment
from orchestration.run import garbage_collection, trouble
from orchestration.screen import Screen, errors
from orchestration.screen import screen as console

if TYPE_CHECKING:
    from orchestration.run.report import Observer, Report

app = typer.Typer(
    name="lead-funnel",
    help="From raw CRM and marketing exports to the rates of the lead funnel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@contextmanager
def sentences(debug: bool = False) -> Iterator[None]:
    """What a user can mend is said in a sentence, and ends with status 1."""
    try:
        yield
    except LeadFunnelError as error:
        if debug:
            raise
        say_error(str(error))
        raise typer.Exit(1) from None
    except OSError as error:
        if debug or error.errno not in (
            *trouble.FULL,
            *trouble.CLOSED,
            *trouble.BROKEN,
        ):
            raise
        say_error(
            f"{error.filename or 'A file'} cannot be read or written "
            f"({error.strerror}): make room on its disk or mend its permissions, then "
            "try again."
        )
        raise typer.Exit(1) from None


def say_error(sentence: str) -> None:
    errors().print(
        f"lead-funnel: {sentence}", style="red", highlight=False, markup=False
    )


@app.command()
def run(
    landing: Landing = None,
    out: Out = None,
    definition: Definition = None,
    vars_json: Vars = None,
    engine: Engine = None,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            envvar="LEAD_FUNNEL_FULL_REFRESH",
            help="Build and check everything anew, not only what changed since "
            "the last run.",
        ),
    ] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record/--no-record",
            envvar="LEAD_FUNNEL_RECORD",
            help="Keep the run in Dagster's history, which `make dev` shows.",
        ),
    ] = True,
    live: Annotated[
        bool,
        typer.Option(
            "--live/--no-live",
            envvar="LEAD_FUNNEL_LIVE",
            help="Load from the systems first whose credentials are in the "
            "environment, as `lead-funnel load` does.",
        ),
    ] = True,
    debug: Debug = False,
) -> None:
    """Load the exports, transform, check and publish, then say the rates."""
    with sentences(debug):
        project = Project.from_environment(
            landing=landing,
            out=out,
            definition=definition,
            vars=vars_json,
            engine=engine,
        )
        with in_environment({SWITCH: "1" if live else "0"}):
            run_and_show(
                project,
                console(),
                record=record,
                full_refresh=full_refresh,
                debug=debug,
            )


def run_and_show(
    project: Project,
    screen: Screen,
    *,
    record: bool = True,
    full_refresh: bool = False,
    debug: bool = False,
) -> None:
    """Run the whole job and say the rates; a run that fails ends the program."""
    # Said before Dagster and dbt are imported, which takes seconds.
    if project.landing != project.landed and not project.landing.is_dir():
        raise LeadFunnelError(
            f"LANDING is {project.landing}, where there is no folder: name the "
            "folder that holds your exports, such as LANDING=exports with "
            "exports/salesforce/lead.csv in it."
        )
    with garbage_collection.less_often():
        from orchestration.commands import summary
        from orchestration.publication.publications import published
        from orchestration.run import runner
        from orchestration.run.failures import INTERRUPTED

    with _observer(screen) as observer:
        report = runner.run(project, observer, record=record, full_refresh=full_refresh)
    if not report.succeeded:
        _say_failure(report, debug)
        if report.sentence == INTERRUPTED:
            # dbt's threads may still be inside DuckDB, which aborts when
            # Python is taken down around it.
            fall_silent()
            os._exit(130)
        raise typer.Exit(1)
    done = published(project)
    if done is None:
        raise LeadFunnelError(f"Nothing was published; see {report.log}.")
    summary.show(screen, project, report, done)


def _say_failure(report: Report, debug: bool) -> None:
    if debug and report.trace:
        errors().print(report.trace, highlight=False, markup=False)
    say_error(report.sentence)
    if not report.is_foreseen:
        errors().print(
            f"This is a fault of the program; the details are in {report.log}.",
            highlight=False,
            markup=False,
        )


@app.command()
def status(out: Out = None) -> None:
    """Say what is published, and what the last run came to or left."""
    with sentences():
        project = Project.from_environment({}, out=out)
        from orchestration.commands import status as state

        for line in state.lines(project):
            console().print(line, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def _observer(screen: Screen) -> Iterator[Observer]:
    from orchestration.commands import display

    with display.observer(screen) as observer:
        yield observer


def _register_commands() -> None:
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        if hasattr(module, "register"):
            module.register(app)


_register_commands()


def main() -> None:
    """The program."""
    # What is registered first is called last, when nobody has a word left.
    atexit.register(fall_silent)
    app()


def fall_silent() -> None:
    """DuckDB 2.0's binding, as the process ends, complains on stderr about
    objects that other libraries still hold; no user can do anything about it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)


if __name__ == "__main__":
    main()
