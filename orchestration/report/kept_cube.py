"""The numbers of the last report, kept in OUT: a run that changed nothing in what is
published writes the same ones again, and of a large company to count and zip them
takes longer than all else that such a run does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from orchestration.html_files import as_zipped, write_whole
from orchestration.project import Project
from orchestration.report import cube

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Packed:
    """A cube as it lies in the page."""

    zipped: str
    attribution_models: list[str]


def packed(
    project: Project,
    manifest: Mapping[str, Any],
    database: Path,
    *,
    zone: str,
    names_reps: bool,
) -> Packed:
    """The cube of a published DuckDB file: the kept one, where it is of this very file,
    of the same questions and made by the same code."""
    asked = cube.questions(manifest, zone)
    made_of = [
        names_reps,
        [[query.name, query.sql, *query.keys] for query in asked],
        _written(database),
        [_digest(path) for path in sorted(HERE.rglob("*.py"))],
    ]
    key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
    path = project.out / "report" / f"{project.build}.json"
    with suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.pop("key") == key:
            return Packed(**kept)
    found = cube.read(database, asked, names_reps=names_reps)
    result = Packed(
        as_zipped(found.as_json()), sorted(set(found.tables["spend"]["model"]))
    )
    # Without it the next run counts again.
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, json.dumps({"key": key, **asdict(result)}))
    return result


def _written(database: Path) -> list[int]:
    """What no other file has: a publication that changes nothing has the file of the
    one before under a further name."""
    found = database.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
