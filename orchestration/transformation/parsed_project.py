"""The parsed dbt project, kept between processes.

dbt's own partial parsing still takes two seconds to find out that nothing has
changed; to read back what was parsed takes a tenth of that.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import sys
from contextlib import suppress
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orchestration.project import Project

PACKAGES = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "dbt-spark")

FOLDER = "LEAD_FUNNEL_PARSED"
"""Names a folder that several OUTs share, so that each need not parse again."""

KEPT = 4
"""So many parsed projects stay in a folder: those that were used last."""

Kept = tuple[Any, dict[str, Any]]
"""dbt's manifest, and the same as JSON."""


def kept_path(project: Project, key: str) -> Path:
    """Where a parsed project lies; another dbt or Python has one of its own, and
    so has a copy of the project: seeds know the folder that they lie in."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    made_with = "-".join([python, *map(_version, PACKAGES)])
    place = hashlib.sha256(f"{key} {project.root}".encode()).hexdigest()
    folder = Path(os.environ.get(FOLDER) or project.dbt_target)
    return folder / f"parsed-{place[:16]}-{made_with}.pickle"


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
        with suppress(OSError):
            os.utime(path)
        return Manifest(**parts), as_json
    except FileNotFoundError:
        return None
    except Exception:
        # Whatever is wrong with it, the project itself is still there to parse.
        logging.getLogger("lead_funnel").warning("%s cannot be read", path)
        path.unlink(missing_ok=True)
        return None


def write(path: Path, kept: Kept) -> None:
    """Keep it beside the last ones that were used.

    Processes may share the folder: each file is there as a whole or not at all.
    """
    # A manifest pickled whole comes back with its look-ups exchanged; its parts
    # are plain data, and the look-ups are made again.
    parsed, as_json = kept
    parts = {
        item.name: getattr(parsed, item.name)
        for item in fields(parsed)
        if not item.name.startswith("_")
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_bytes(pickle.dumps((parts, as_json), pickle.HIGHEST_PROTOCOL))
    fresh.replace(path)
    _remove_old(path.parent)


def _remove_old(folder: Path) -> None:
    used: list[tuple[float, Path]] = []
    for path in folder.glob("parsed-*.pickle"):
        # Another process may have removed it meanwhile.
        with suppress(FileNotFoundError):
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used)[:-KEPT]:
        path.unlink(missing_ok=True)
