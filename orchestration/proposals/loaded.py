"""The parts as a run would read them: by the definition as it is drafted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.sources.conventions import (
    Column,
    Conventions,
    findings_in,
    work_out,
)
from orchestration.sources.landing import Landing
from orchestration.sources.raw import landing_of
from orchestration.sources.readers import Converter, MissingColumns
from orchestration.sources.rules import ReadingRules
from orchestration.sources.tables import tables_made_of
from orchestration.warehouse import literal, quoted

AMOUNTS = ("amount", "spend", "cost", "actual_cost")


@dataclass
class Loaded:
    """The raw tables, as relations on one connection."""

    connection: duckdb.DuckDBPyConnection
    landing: Landing
    columns: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    relations: dict[tuple[str, str], str] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)

    def has(self, system: str, table: str, *columns: str) -> bool:
        return set(columns) <= set(self.columns.get((system, table), ()))

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()

    def conventions(self, project: Project) -> Conventions:
        """What days and amounts mean, as far as the texts say it."""
        found = {}
        for (system, table), columns in self.columns.items():
            asked = [
                Column(system, table, name, kind, (name,))
                for name in columns
                for kind in [_kind(name)]
                if kind
            ]
            if asked:
                relation = self.relations[system, table]
                found |= findings_in(self.connection, relation, asked)
        return work_out(project, found)


def _kind(name: str) -> str:
    if name in AMOUNTS:
        return "amount"
    is_instant = name.endswith(("_at", "_date", "_day")) or name.startswith("entered_")
    return "instant" if is_instant else ""


def load(project: Project, folder: Path) -> Loaded:
    """Read every file that the definition gives a table; what is wrong with one is a
    trouble of its own."""
    landing = landing_of(project)
    found = Loaded(duckdb.connect(), landing)
    parquets: dict[tuple[str, str], list[tuple[Path, Sequence[str]]]] = defaultdict(
        list
    )
    with Converter(folder / "reading", ReadingRules.of(project)) as converter:
        for number, file in enumerate(landing.files):
            target = folder / f"{number}.parquet"
            try:
                converted = converter.convert(file, target)
                if not converted.columns:
                    continue
                key = (file.table.system, file.table.name)
                parquets[key].append((target, converted.columns))
                for part in tables_made_of(file.table):
                    made = converter.parts(
                        file.table,
                        converted,
                        part,
                        folder / f"{number}-{part.name}.parquet",
                    )
                    if made is not None:
                        key = (part.system, part.name)
                        parquets[key].append((made.parquet, made.columns))
            except MissingColumns as error:
                found.troubles += [each.sentence for each in error.missing]
            except LeadFunnelError as error:
                found.troubles.append(str(error))
    for key, files in parquets.items():
        names = tuple(dict.fromkeys(name for _, columns in files for name in columns))
        paths = ", ".join(literal(str(path)) for path, _ in files)
        found.columns[key] = names
        found.relations[key] = (
            f"(select {', '.join(map(quoted, names))} "
            f"from read_parquet([{paths}], union_by_name = true))"
        )
    return found
