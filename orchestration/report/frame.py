"""What of the page does not depend on data: scripts, charts, words.

To bundle the scripts that draw takes seconds, so the bundle and the specifications
are kept for the next report of the same program.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.html_files import write_whole
from orchestration.project import Project
from orchestration.report.chapters import CHAPTERS
from orchestration.transformation import parsed_project

FOLDER = Path(__file__).parent

SCRIPTS = (
    "cube",
    "words",
    "figures_rates",
    "figures_work",
    "figures_speed",
    "figures_worth",
    "charts",
    "tables",
    "page",
)
"""Parts of one module, in this order."""

PACKAGES = ("altair", "vl-convert-python")


@dataclass(frozen=True)
class Frame:
    """What is drawn with, and what is drawn."""

    libraries: str
    """Vega, Vega-Lite and Vega-Embed, which need nothing else."""
    specs: Mapping[str, Any]
    """Charts by name, in Vega-Lite."""


def frame(project: Project) -> Frame:
    """The frame, made once for each version of the program."""
    folder = Path(os.environ.get(parsed_project.FOLDER) or project.dbt_target)
    kept = folder / f"report-{_key()}.json"
    try:
        return Frame(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        pass
    made = _make()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("report-*.json"):
        old.unlink(missing_ok=True)
    write_whole(kept, json.dumps(asdict(made)))
    return made


def script() -> str:
    """The page's own script."""
    return "\n".join(
        (FOLDER / "script" / f"{name}.js").read_text(encoding="utf-8")
        for name in SCRIPTS
    )


def style() -> str:
    return (FOLDER / "style.css").read_text(encoding="utf-8")


def _make() -> Frame:
    import altair
    import vl_convert

    # Altair says which Vega-Lite its charts are written for, as v6.1.0.
    wanted = altair.SCHEMA_VERSION.removeprefix("v").rsplit(".", 1)[0]
    libraries = vl_convert.javascript_bundle(
        "globalThis.vegaEmbed = vegaEmbed;",
        vl_version=f"v{wanted}",
    )
    specs = {
        chart.name: chart.spec()
        for chapter in CHAPTERS
        for figure in chapter.figures
        for chart in figure.charts
    }
    return Frame(libraries, specs)


def _key() -> str:
    digest = hashlib.sha256()
    for package in PACKAGES:
        digest.update(f"{package} {version(package)} ".encode())
    for path in sorted(FOLDER.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
