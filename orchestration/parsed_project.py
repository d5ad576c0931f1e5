"""The parsed dbt project, kept between processes.

dbt's own partial parsing still takes two seconds to find out that nothing has
changed; to read back what was parsed takes a tenth of that.
"""

from __future__ import annotations

import logging
import pickle
import sys
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orchestration.project import Project

PACKAGES = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "dbt-spark")


Kept = tuple[Any, dict[str, Any]]
"""dbt's manifest, and the same as JSON."""


def kept_path(project: Project, key: str) -> Path:
    """Where a parsed project lies; another dbt or Python has one of its own."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    made_with = "-".join([python, *map(_version, PACKAGES)])
    return project.dbt_target / f"parsed-{key[:16]}-{made_with}.pickle"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def read(path: Path) -> Kept | None:
    """What was parsed, or none where nothing that can be read lies there."""
    try:
        from dbt.contracts.graph.manifest import Manifest

        parts, as_json = pickle.loads(path.read_bytes())
        return Manifest(**parts), as_json
    except FileNotFoundError:
        return None
    except Exception:
        # Whatever is wrong with it, the project itself is still there to parse.
        logging.getLogger("lead_funnel").warning("%s cannot be read", path)
        path.unlink(missing_ok=True)
        return None


def write(path: Path, kept: Kept) -> None:
    """Keep it in place of what was parsed before."""
    # A manifest pickled whole comes back with its look-ups exchanged; its parts
    # are plain data, and the look-ups are made again.
    parsed, as_json = kept
    parts = {
        item.name: getattr(parsed, item.name)
        for item in fields(parsed)
        if not item.name.startswith("_")
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob("parsed-*.pickle"):
        old.unlink(missing_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(pickle.dumps((parts, as_json), pickle.HIGHEST_PROTOCOL))
    fresh.replace(path)
