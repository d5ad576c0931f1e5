"""The parsed dbt project, kept between processes as the files that dbt writes.

manifest.json is what tools read. partial_parse.msgpack is what dbt reads again:
where it is told that no file changed, that takes a second instead of nine.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orchestration.project import Project

PACKAGES = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb", "dbt-spark")

FOLDER = "LEAD_FUNNEL_PARSED"
"""Names a folder that several OUTs share, so that each need not parse again."""

MANIFEST, STATE = "manifest.json", "partial_parse.msgpack"

PARSED_FROM = "parsed_from.txt"
"""Says of which folder the state is that dbt left in its target."""

KEPT = 4
"""So many parsed projects stay in a folder: those that were used last."""


def kept_path(project: Project, key: str) -> Path:
    """The folder of a parsed project; another dbt or Python has one of its own, and
    so has a copy of the project: seeds know the folder that they lie in."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    made_with = "-".join([python, *map(_version, PACKAGES)])
    place = hashlib.sha256(f"{key} {project.root}".encode()).hexdigest()
    folder = Path(os.environ.get(FOLDER) or project.dbt_target)
    return folder / f"parsed-{place[:16]}-{made_with}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def manifest_json(kept: Path) -> dict[str, Any] | None:
    """The kept manifest, or none where none that can be read lies there."""
    try:
        found = json.loads((kept / MANIFEST).read_bytes())
        if not (kept / STATE).is_file():
            raise ValueError(f"{STATE} is missing")
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        # Whatever is wrong with it, the project itself is still there to parse.
        logging.getLogger("lead_funnel").warning("%s cannot be read", kept)
        shutil.rmtree(kept, ignore_errors=True)
        return None
    with suppress(OSError):
        os.utime(kept)
    return found


def discard(kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)


def leave_other_folders(project: Project) -> None:
    """Remove the state of a project that lies in another folder, or lay there: dbt
    reads again what changed in it, and would go on looking for seeds over there."""
    target, root = project.dbt_target, str(project.root)
    note = target / PARSED_FROM
    if not note.is_file() or note.read_text(encoding="utf-8") != root:
        target.mkdir(parents=True, exist_ok=True)
        (target / STATE).unlink(missing_ok=True)
        note.write_text(root, encoding="utf-8")


def keep(target: Path, kept: Path) -> None:
    """Keep what dbt wrote, beside the last ones that were used.

    Processes may share the folder: what is kept is there as a whole or not at all.
    """
    fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
    fresh.mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST, STATE):
        shutil.copyfile(target / name, fresh / name)
    # Another process may have kept the same meanwhile.
    with suppress(OSError):
        fresh.rename(kept)
    shutil.rmtree(fresh, ignore_errors=True)
    _remove_old(kept.parent)


def _remove_old(folder: Path) -> None:
    used: list[tuple[float, Path]] = []
    for path in folder.glob("parsed-*"):
        # Another process may have removed it meanwhile.
        with suppress(FileNotFoundError):
            used.append((path.stat().st_mtime, path))
    for _, path in sorted(used)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)
