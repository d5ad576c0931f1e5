"""What the definition and the vars say of how files are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.project import Project, RunVars
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.headings import (
    Headings,
    Mapped,
    checked,
    checked_derived,
)
from orchestration.sources.lines import Words, folded
from orchestration.sources.tables import RawTable

READER = 3
"""Goes up when the same file is read in another way than before."""

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class ReadingRules:
    """How a file is read, apart from what it says itself."""

    headings: Headings = field(default_factory=Headings)
    words: Words = field(default_factory=Words)
    encodings: Mapping[str, str] = field(default_factory=dict)
    most_unpacked: int = RunVars.max_unpacked_mb * MEGABYTE
    told: Mapping[tuple[str, str], object] = field(default_factory=dict)
    """What is said of a table alone."""

    def digest(self, table: RawTable) -> str:
        """Another one where the same file of a table may be read in another way."""
        of_table = [
            READER,
            self.told.get((table.system, table.name)),
            sorted(self.headings.stages),
            self.words.totals,
            self.words.footers,
            self.encodings.get(table.system),
        ]
        text = json.dumps(of_table, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @classmethod
    def of(cls, project: Project) -> ReadingRules:
        stages = [row["stage"] for row in rows_in_force(project, "stages")]
        mapped = rows_in_force(project, "columns")
        of_own = [row for row in mapped if row["is_own"]]
        shipped = [row for row in mapped if not row["is_own"]]
        rows = [
            *checked((_mapped(row) for row in of_own), stages),
            *(_mapped(row) for row in shipped),
        ]
        derived = checked_derived(rows_in_force(project, "derived_columns"), stages)
        lines = rows_in_force(project, "report_lines")
        words = Words(
            totals=_words(lines, "total"),
            footers=_words(lines, "footer"),
        )
        told: dict[tuple[str, str], list[tuple[object, ...]]] = {}
        for row in rows:
            said = (row.heading, row.column, row.day_order, row.is_own)
            told.setdefault((row.system, row.table), []).append(said)
        for made in derived:
            told.setdefault((made.system, made.table), []).append(made.told)
        return cls(
            headings=Headings(rows, stages, derived),
            words=words,
            encodings=project.vars.source_encodings,
            most_unpacked=project.vars.max_unpacked_mb * MEGABYTE,
            told=told,
        )


def _mapped(row: Mapping[str, str]) -> Mapped:
    return Mapped(
        row["system"], row["table"], row["heading"], row["column"], row["day_order"]
    )


def _words(rows: list[dict[str, str]], part: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(folded(row["begins_with"]) for row in rows if row["part"] == part)
    )
