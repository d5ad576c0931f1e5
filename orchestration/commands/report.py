"""`lead-funnel report`: the page that people look at, of what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.options import OutOfRun
from orchestration.errors import LeadFunnelError, listed, meant


def register(app: typer.Typer) -> None:
    app.command(name="report")(report)


def report(
    out: OutOfRun = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="The file to write. Default: published/report.html below OUT, in "
            "place of the one that the run wrote."
        ),
    ] = None,
    lang: Annotated[
        str,
        typer.Option(
            help="The language that it opens in, en or ja; the page itself can be "
            "switched."
        ),
    ] = "en",
    definition: Annotated[
        Path | None,
        typer.Option(
            envvar="LEAD_FUNNEL_DEFINITION",
            help="The folder whose vars.yml may say report_names_reps.",
        ),
    ] = None,
    vars_json: Annotated[
        str | None,
        typer.Option(
            "--vars",
            envvar="LEAD_FUNNEL_VARS",
            help="Vars as JSON; '{\"report_names_reps\": true}' names sales reps, who "
            "have numbers otherwise.",
        ),
    ] = None,
) -> None:
    """Write the report: one HTML file that opens without a network.

    Each run writes it with the publication, so this is for another language, another
    place, or with the names of reps. It has no names or addresses of leads.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.summary import shown
    from orchestration.html_files import write_whole
    from orchestration.project import Project
    from orchestration.publication import publications
    from orchestration.report import page
    from orchestration.report.words import LANGUAGES
    from orchestration.transformation import dbt_runner

    with sentences():
        if lang not in LANGUAGES:
            raise LeadFunnelError(
                f"--lang is {lang!r}{meant(lang, LANGUAGES)}, but must be one of "
                f"{listed(LANGUAGES)}."
            )
        project = Project.from_environment(
            out=out, definition=definition, vars=vars_json
        )
        done = publications.published(project)
        if done is None:
            raise LeadFunnelError(
                f"Nothing is published in {project.published}: `lead-funnel run` "
                "publishes, and writes the report."
            )
        text = page.render(
            project,
            dbt_runner.manifest_json(project),
            done,
            project.published_database,
            language=lang,
        )
        target = output or project.published / page.FILE
        try:
            # A reader who opens it meanwhile sees the whole old or the whole new one.
            write_whole(target, text)
        except OSError as error:
            raise LeadFunnelError(
                f"The report cannot be written to {target} ({error.strerror}): name "
                "another file with --output."
            ) from error
        console().print(
            f"Report   {shown(target)}", highlight=False, markup=False, soft_wrap=True
        )
