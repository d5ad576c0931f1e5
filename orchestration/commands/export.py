"""`lead-funnel export`: the raw tables as Parquet, for a Spark elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.options import Debug


def register(app: typer.Typer) -> None:
    app.command(name="export")(export)


def export(
    landing: Annotated[
        Path | None,
        typer.Option(envvar="LEAD_FUNNEL_LANDING", help="The folder of exports."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(envvar="LEAD_FUNNEL_OUT", help="Writes to OUT/raw."),
    ] = None,
    definition: Annotated[
        Path | None,
        typer.Option(envvar="LEAD_FUNNEL_DEFINITION", help="Your own seeds."),
    ] = None,
    vars_json: Annotated[
        str | None,
        typer.Option("--vars", envvar="LEAD_FUNNEL_VARS", help="Vars as JSON."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Load the exports and write them, with the run's settings, as Parquet.

    A cluster that cannot read this machine's files builds the models from a copy
    of OUT/raw: see docs/spark.md.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment(
            landing=landing, out=out, definition=definition, vars=vars_json
        )

        from orchestration.run import runner
        from orchestration.settings.run_settings import write_definition, write_settings
        from orchestration.sources.raw import load_all
        from orchestration.spark.tables import export_raw
        from orchestration.transformation import dbt_runner

        project.prepare_out()
        with runner.locked(project):
            load_all(project)
            write_settings(project)
            write_definition(project)
            files = export_raw(project, dbt_runner.manifest_json(project))
        console().print(
            f"{len(files)} tables are in {project.raw}/<schema>.",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
