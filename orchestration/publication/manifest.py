"""The manifest of a publication: publication.json, with the checksum of each file.

Whoever rewrites a file of a publication writes the new one beside the old one, moves
it over that (files are shared with other publications, under several names), and
calls `renew`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration.publication.disk import sync

FILE = "publication.json"

SHA256, BYTES = "sha256", "bytes"

Files = dict[str, dict[str, Any]]
"""By the name within the publication: its `sha256`, in hexadecimal, and `bytes`."""


@dataclass(frozen=True)
class Publication:
    """What `publication.json` says beside the tables.

    Whatever differs from run to run is here, so that the same data gives the
    same rows in every public table.
    """

    id: str
    built_at: str
    as_of: str | None
    funnel_version: str | None
    landing: str
    definition: str | None
    vars: Mapping[str, Any]
    rows: Mapping[str, int]
    engine: str = "duckdb"
    """What built the tables."""
    raw_rows: Mapping[str, int] = field(default_factory=dict)
    """How many rows each raw table had, by `<system>.<table>`."""
    fates: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """What became of these rows, by the columns of `raw_row_fates`."""
    checks: Sequence[Mapping[str, Any]] = ()
    """What each check of the suites came to, and since when one fails."""
    latest: Mapping[str, str] = field(default_factory=dict)
    """The latest event, or day of spend, of each system."""
    run_id: str | None = None
    """The run that made it, as Dagster's history calls it."""
    version: str | None = None
    """Of this program."""
    code: str | None = None
    """Changes with whatever dbt parses: models, macros, seeds."""
    definition_version: str | None = None
    """The version that is in force as of the publication."""
    definition_fingerprint: str | None = None
    definition_parts: Mapping[str, str] = field(default_factory=dict)
    """A digest of each seed, as the company overlays it, and of each var."""
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By its name in the folder each file's `sha256` and `bytes`."""


def of(folder: Path) -> Publication | None:
    """The publication in a folder; none, too, where another version of this project
    wrote it or something broke it."""
    try:
        return Publication(**(read(folder) or {}))
    except TypeError:
        return None


def read(folder: Path) -> dict[str, Any] | None:
    """What the publication in a folder says of itself; none where that is not whole."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def write(folder: Path, said: Publication | Mapping[str, Any]) -> None:
    """Write the manifest of a folder, whole or not at all."""
    told = asdict(said) if isinstance(said, Publication) else said
    text = json.dumps(told, ensure_ascii=False, indent=2)
    fresh = folder / f".{FILE}.new"
    fresh.write_text(text + "\n", encoding="utf-8")
    sync(fresh)
    fresh.replace(folder / FILE)
    sync(folder)


def checksums(folder: Path, before: Path | None = None) -> Files:
    """The checksum of every file but the manifest itself. What is the very file of
    the publication in `before`, under a further name, has the checksum it has there."""
    known = files(before) if before is not None else {}
    found: Files = {}
    for path in _paths(folder):
        name = path.relative_to(folder).as_posix()
        if before is not None and name in known and _is_same(path, before / name):
            found[name] = known[name]
        else:
            found[name] = {SHA256: sha256(path), BYTES: path.stat().st_size}
    return found


def renew(folder: Path, **changes: Any) -> None:
    """Bring the manifest up to date with files that were rewritten, came or went;
    `changes` are other fields of it that are others now, such as `rows`."""
    said = read(folder)
    if said is None:
        raise ValueError(f"{folder} is no publication")
    write(folder, {**said, **changes, "files": checksums(folder)})


def files(folder: Path) -> Files:
    """The files that the manifest tells of; none in one of before there were
    checksums."""
    said = (read(folder) or {}).get("files")
    return said if isinstance(said, dict) else {}


def faults(folder: Path, below: str = "") -> list[str]:
    """What a publication is not whole for, in words; nothing where it is. With
    `below` only files whose names begin so are asked about."""
    if read(folder) is None:
        return [f"{FILE} cannot be read"]
    found = []
    for name, told in sorted(files(folder).items()):
        path = folder / name
        if not name.startswith(below):
            continue
        if not path.is_file():
            found.append(f"{name} is gone")
        elif path.stat().st_size != told[BYTES]:
            found.append(f"{name} has another size")
        elif sha256(path) != told[SHA256]:
            found.append(f"{name} has another checksum")
    return found


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / FILE:
            yield path


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False
