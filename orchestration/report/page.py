"""The page itself: one HTML file of a publication."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from orchestration.html_files import as_script, as_zipped
from orchestration.project import Project, RunVars
from orchestration.publication.publications import Publication
from orchestration.report import glossary, kept_cube
from orchestration.report.chapters import CHAPTERS
from orchestration.report.check_words import with_japanese
from orchestration.report.figures import Figure
from orchestration.report.frame import FOLDER, frame, script, style
from orchestration.report.words import words

FILE = "report.html"

DIMENSIONS = ("channel", "team", "campaign", "version")

ATTRIBUTION = "linear"
"""How cost is attributed until the reader chooses otherwise, where it is known."""


def write(
    project: Project,
    manifest: Mapping[str, Any],
    publication: Publication,
    database: Path,
    target: Path,
    *,
    language: str = "en",
) -> None:
    """Write the report of a publication whose DuckDB file is `database`."""
    text = render(project, manifest, publication, database, language=language)
    target.write_text(text, encoding="utf-8")


def render(
    project: Project,
    manifest: Mapping[str, Any],
    publication: Publication,
    database: Path,
    *,
    language: str = "en",
) -> str:
    """The page as text; the same publication gives the same text."""
    asked = RunVars.parse(publication.vars)
    names_reps = project.vars.report_names_reps
    numbers = kept_cube.packed(
        project,
        manifest,
        database,
        zone=asked.reporting_timezone,
        names_reps=names_reps,
    )
    terms = glossary.glossary(manifest)
    spoken = words(terms)
    drawn = frame(project)
    facts = _facts(publication, asked, numbers.attribution_models, language, names_reps)
    page = {
        "words": {key: word.as_json() for key, word in spoken.items()},
        "formulas": glossary.formulas(manifest),
        "figures": {
            figure.name: _figure(figure)
            for chapter in CHAPTERS
            for figure in chapter.figures
        },
        "specs": drawn.specs,
        "facts": facts,
    }
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html").render(
        language=language,
        w=lambda key, said=language: getattr(spoken[key], said),
        facts=facts,
        chapters=CHAPTERS,
        dimensions=DIMENSIONS,
        style=Markup(style()),
        page=Markup(as_script(page)),
        cube=numbers.zipped,
        libraries=as_zipped(drawn.libraries),
        script=Markup(script()),
    )


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "columns": [column.as_json() for column in figure.columns],
        "charts": [{"name": chart.name} for chart in figure.charts],
        "blind_to": list(figure.blind_to),
        "bars": figure.columns[0].name == "label" and figure.name not in ALL_DRAWN,
    }


ALL_DRAWN = ("heatmap", "sla", "funnel_entries", "funnel_handoffs")
"""Figures of which every row is drawn, however many there are."""


def _facts(
    publication: Publication,
    asked: RunVars,
    models: Sequence[str],
    language: str,
    names_reps: bool,
) -> dict[str, Any]:
    zone = zoneinfo.ZoneInfo(asked.reporting_timezone)
    as_of = None
    if publication.as_of:
        as_of = datetime.fromisoformat(publication.as_of.removesuffix("Z"))
        as_of = as_of.replace(tzinfo=UTC).astimezone(zone)
    first = models[0] if models else ""
    return {
        "as_of": as_of.strftime("%Y-%m-%d %H:%M") if as_of else None,
        "day": as_of.strftime("%Y-%m-%d") if as_of else "1970-01-01",
        "build": publication.id,
        "built_at": publication.built_at[:16].replace("T", " ") + " UTC",
        "zone": asked.reporting_timezone,
        "currency": asked.reporting_currency,
        "funnel_version": publication.funnel_version,
        "checks": [with_japanese(check) for check in publication.checks],
        "tables": {
            name: dict(publication.fates.get(name) or {"raw_rows": rows})
            for name, rows in sorted(publication.raw_rows.items())
        },
        "language": language,
        "model": ATTRIBUTION if ATTRIBUTION in models else first,
        "names_reps": names_reps,
    }
