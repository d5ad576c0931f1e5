"""The rows of a definition: the project's seeds with a company's own laid over."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.definition.problems import Problems, Row
from orchestration.errors import LeadFunnelError, listed, meant, shorter
from orchestration.project import Project
from orchestration.settings.definition_files import (
    REPLACE,
    OverlayFile,
    delimiter_of,
    overlay_files,
    seed_columns,
    text_of,
)
from orchestration.sources.tables import plain

MOST_CHARACTERS = 2000
"""Of one value: more is no name and no sentence."""
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Definition:
    """What holds in a run."""

    columns: dict[str, tuple[str, ...]]
    rows: dict[str, list[Row]]
    """By seed, what a company's own file replaces left out."""
    own: dict[str, list[Row]] = field(default_factory=dict)
    """By the name of a company's own file."""
    overlays: tuple[OverlayFile, ...] = ()
    given: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The columns that a company's own file has, by its name."""

    def file_of(self, seed: str) -> str:
        """Where rows of a seed are to be added or corrected."""
        names = [f"{each.path.name} in DEFINITION" for each in self.overlays_of(seed)]
        return names[0] if names else f"seeds/{seed}.csv"

    def overlays_of(self, seed: str) -> list[OverlayFile]:
        return [overlay for overlay in self.overlays if overlay.seed == seed]


def read(project: Project, problems: Problems) -> Definition:
    """The definition; what cannot be read as rows of the seed is a problem."""
    columns = seed_columns(project)
    overlays = tuple(overlay_files(project))
    own: dict[str, list[Row]] = {}
    given: dict[str, tuple[str, ...]] = {}
    for overlay in overlays:
        name = overlay.path.name
        label = f"{name} in DEFINITION"
        given[name], own[name] = _rows_of(
            overlay.path, overlay.seed, label, columns[overlay.seed], problems, True
        )
    rows = {}
    for seed, names in columns.items():
        of_seed = [overlay for overlay in overlays if overlay.seed == seed]
        found: list[Row] = []
        if not any(overlay.mode == REPLACE for overlay in of_seed):
            path = project.seeds / f"{seed}.csv"
            label = f"seeds/{seed}.csv"
            _, found = _rows_of(path, seed, label, names, problems, False)
        for overlay in of_seed:
            found += own[overlay.path.name]
        rows[seed] = found
    return Definition(columns, rows, own, overlays, given)


def _rows_of(
    path: Path,
    seed: str,
    label: str,
    columns: tuple[str, ...],
    problems: Problems,
    is_own: bool,
) -> tuple[tuple[str, ...], list[Row]]:
    """The seed's columns that a file has, and its rows."""
    try:
        text, _ = text_of(path)
    except LeadFunnelError as error:
        problems.of_file(label, str(error))
        return (), []
    lines = list(_lines(text, label, problems))
    if not lines:
        problems.of_file(
            label,
            f"The file is empty: its first line must name columns of {seed} "
            f"({', '.join(columns)}). That line alone says that there are none.",
        )
        return (), []
    if len(lines) > MOST_ROWS:
        problems.of_file(
            label,
            f"There are {len(lines) - 1:,} rows, more than the {MOST_ROWS:,} that a "
            "definition may have: put exports into LANDING.",
        )
        return (), []
    (_, _, header), *rest = lines
    places = _places(header, seed, label, columns, problems)
    rows = []
    for line, written, values in rest:
        if not any(value.strip() for value in values):
            continue
        said = dict.fromkeys(columns, "")
        for place, column in places.items():
            said[column] = values[place].strip() if place < len(values) else ""
        row = Row(seed, label, line, written, said, is_own)
        if len(values) > len(header):
            problems.error(
                row,
                f"There are {len(values)} values on line {line}, but the first line "
                f"names {len(header)} columns: put a value with commas in double "
                "quotes.",
            )
        _check_lengths(row, problems)
        rows.append(row)
    return tuple(places.values()), rows


def _lines(
    text: str, label: str, problems: Problems
) -> Iterator[tuple[int, str, list[str]]]:
    """Each line with its number and its values; a quoted value may hold several."""
    written = text.splitlines()
    # A value may be longer than csv's own limit: that is said of the row.
    limit = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    begins = 1
    try:
        for values in reader:
            if values:
                yield begins, " ".join(written[begins - 1 : reader.line_num]), values
            begins = reader.line_num + 1
    except csv.Error as error:
        problems.of_file(
            label,
            f"Line {begins} cannot be read ({error}): save the file as CSV.",
        )
    finally:
        csv.field_size_limit(limit)


def _places(
    header: list[str],
    seed: str,
    label: str,
    columns: tuple[str, ...],
    problems: Problems,
) -> dict[int, str]:
    """Which value of a line is which of the seed's columns."""
    by_name = {plain(column): column for column in columns}
    places: dict[int, str] = {}
    for place, name in enumerate(header):
        column = by_name.get(plain(name))
        if column is None:
            unknown = shorter(name.strip())
            said = f"has the unknown column {unknown!r}{meant(unknown, columns)}"
            problems.of_file(
                label,
                f"The first line {said}. The columns of {seed} are "
                f"{listed(columns, limit=30)}.",
            )
        elif column in places.values():
            problems.of_file(
                label, f"The first line names the column {column} twice: keep one."
            )
        else:
            places[place] = column
    return places


def _check_lengths(row: Row, problems: Problems) -> None:
    for column, value in row.values.items():
        if len(value) > MOST_CHARACTERS:
            problems.error(
                row,
                f"The value of {column} has {len(value):,} characters, and at most "
                f"{MOST_CHARACTERS:,} are read: shorten it.",
            )
