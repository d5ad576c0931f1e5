"""`lead-funnel docs`: where dbt's docs and the glossary are, or a copy of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import Debug, Out

if TYPE_CHECKING:
    from orchestration.project import Project


def register(app: typer.Typer) -> None:
    app.command(name="docs")(docs)


def docs(
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the two pages into this folder, from the project as it is now."
        ),
    ] = None,
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Say where the docs of tables and metrics and the glossary are.

    Each run publishes them with the tables, as docs.html and glossary.html. They open
    offline, and belong side by side: they link to each other.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment({}, out=out)
        pages = _published(project) if output is None else _written(project, output)
        for name, path in zip(("Docs", "Glossary"), pages, strict=True):
            console().print(
                f"{name:<9} {path}", highlight=False, markup=False, soft_wrap=True
            )


def _published(project: Project) -> list[Path]:
    from orchestration import docs_site
    from orchestration.errors import LeadFunnelError

    pages = [project.published / docs_site.DOCS, project.published / docs_site.GLOSSARY]
    if not all(page.is_file() for page in pages):
        raise LeadFunnelError(
            f"There are no docs in {project.published}: a run publishes them (make "
            "run), and lead-funnel docs --output FOLDER writes them without one."
        )
    return pages


def _written(project: Project, output: Path) -> list[Path]:
    from orchestration import docs_site
    from orchestration.errors import LeadFunnelError
    from orchestration.transformation import dbt_runner

    folder = output.expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return docs_site.write(project, dbt_runner.manifest_json(project), folder)
    except OSError as error:
        raise LeadFunnelError(
            f"Nothing can be written to {folder} ({error.strerror}): name another "
            "folder with --output."
        ) from error
