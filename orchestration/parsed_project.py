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

from orchestration import dbt_runner
from orchestration.project import Project

PACKAGES = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "dbt-spark")


def manifest_json(project: Project) -> dict[str, Any]:
    """The manifest as JSON, parsed only where the project has changed."""
    key = dbt_runner.fingerprint(project)
    path = kept_path(project, key)
    kept = _read(path)
    if kept is None:
        kept = dbt_runner.manifest(project), dbt_runner.manifest_json(project)
        _write(path, kept)
    parsed, as_json = kept
    dbt_runner._manifests.setdefault(key, parsed)
    return as_json


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


def _read(path: Path) -> tuple[Any, dict[str, Any]] | None:
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


def _write(path: Path, kept: tuple[Any, dict[str, Any]]) -> None:
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
