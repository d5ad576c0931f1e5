"""The files of a funnel's definition: the project's seeds and a company's own."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.project import VARS_FILE, Project
from orchestration.sources import encodings, trusted
from orchestration.sources.tables import plain

REPLACE, ADD = "replace", "add"

ERASURE_REQUESTS = "erasure_requests.csv"
"""Who asks to be erased (orchestration/personal/requests.py)."""


@dataclass(frozen=True)
class OverlayFile:
    """One file of a DEFINITION folder."""

    path: Path
    seed: str
    mode: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def seed_columns(project: Project) -> dict[str, tuple[str, ...]]:
    """The names of the seeds and of their columns."""
    seeds = {}
    for path in sorted(project.seeds.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            seeds[path.stem] = tuple(next(csv.reader(stream)))
    return seeds


def overlay_files(project: Project) -> list[OverlayFile]:
    """The files of the DEFINITION folder; an unknown one is an error."""
    if project.definition is None:
        return []
    seeds = {path.stem for path in project.seeds.glob("*.csv")}
    found = []
    for path in sorted(project.definition.iterdir()):
        if path.name.startswith((".", "~", "_")) or path.suffix.lower() == ".md":
            continue
        if path.name == VARS_FILE:
            continue  # The project's vars are read along with VARS.
        if path.name == ERASURE_REQUESTS:
            continue  # No table is made of it: it may name people.
        if path.is_dir() or path.suffix.lower() != ".csv":
            raise LeadFunnelError(
                f"DEFINITION holds {path.name}, which is not a CSV file: keep only "
                "<seed>.csv (replaces a seed), <seed>.add.csv (adds rows) and "
                f"{VARS_FILE} there."
            )
        seed, mode = path.stem, REPLACE
        if seed.endswith(".add"):
            seed, mode = seed.removesuffix(".add"), ADD
        if seed not in seeds:
            raise LeadFunnelError(
                f"DEFINITION holds {path.name}, but there is no seed {seed!r}"
                f"{meant(seed, seeds)}. The seeds are {listed(seeds, limit=30)}."
            )
        trusted.check_definition(path, project.definition)
        found.append(OverlayFile(path, seed, mode))
    return found


def rows_in_force(project: Project, seed: str) -> list[dict[str, str]]:
    """The rows of a seed as the DEFINITION folder leaves them, blanks as empty text,
    for what is read before there is a warehouse. `is_own` marks a company's own."""
    found = rows_of(project.seeds / f"{seed}.csv")
    columns = seed_columns(project)[seed]
    for overlay in overlay_files(project):
        if overlay.seed != seed:
            continue
        own = [
            {
                column: next(
                    (value for name, value in row.items() if plain(name) == column), ""
                )
                for column in map(plain, columns)
            }
            for row in rows_of(overlay.path)
        ]
        own = [
            {column: row[plain(column)] for column in columns} | {"is_own": "true"}
            for row in own
        ]
        found = [*([] if overlay.mode == REPLACE else found), *own]
    return [{"is_own": ""} | row for row in found]


def text_of(path: Path) -> tuple[str, str]:
    """The text of a file of the definition, and its encoding; one that its bytes do
    not tell is an error, and so is one that must not be opened."""
    trusted.check_definition(path, path.parent)
    content = path.read_bytes()
    told = encodings.marked(content)
    if told is None:
        try:
            return content.decode("utf-8"), "utf-8"
        except UnicodeDecodeError:
            lines = content.split(b"\n")
            sample = b"\n".join(line for line in lines if not line.isascii())
            found = encodings.told_by(sample)
            told = found[0] if found else None
    try:
        if told is not None:
            return content.decode(told), told.removesuffix("-sig")
    except UnicodeDecodeError:
        pass
    raise LeadFunnelError(
        f"{path.name} in DEFINITION is in no encoding that is known: save it as UTF-8."
    )


def delimiter_of(text: str) -> str:
    """What the first line has most of."""
    return max(",\t;", key=text.split("\n", 1)[0].count)


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file of the definition, blanks as empty text."""
    text, _ = text_of(path)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    try:
        return [
            {
                name: (value or "").strip()
                for name, value in row.items()
                if isinstance(name, str)
            }
            for row in rows
        ]
    except csv.Error as error:
        raise LeadFunnelError(
            f"{path.name} of DEFINITION cannot be read after line {rows.line_num}: "
            f"{error}; check its quotes."
        ) from error
