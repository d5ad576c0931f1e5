"""A random company whose exports change from day to day, and what was built of it.

A story begins with most of a generated situation and goes on with days: late
rows, changed and deleted ones, merges that join two old people and are undone
again, rewritten and vanished files, erased leads, a later or earlier as_of, another
definition, a run that is killed on its way, readers who are shown an earlier
publication meanwhile. After each day the warehouse, which
was only ever built incrementally, must hold the public rows of a full refresh
of the same raw tables.

    python -m tests.incremental.story --seed 3 --people 400 --days 8 [--finance]

With `--finance` the company also advertises and keeps a ledger, in twelve
currencies.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from orchestration.acceptance import learning, step
from orchestration.commands.way_back import rolling_back
from orchestration.commands.way_back.rolling_back import Asked
from orchestration.defs import transform
from orchestration.defs.publish import publish_changed
from orchestration.increment import decide, fold, people, state
from orchestration.increment.lineage import Lineage
from orchestration.project import ROOT, Project
from orchestration.publication import kept, publications
from orchestration.publication.publications import (
    PERSONAL_DATABASE,
    PUBLIC_SCHEMAS,
    PublicTable,
)
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.raw import load_all
from orchestration.sources.tables import table_called
from orchestration.transformation import dbt_runner
from tests.job import passed
from tests.reference.generate import write_situation
from tests.reference.spend import write_company

Row = dict[str, str | None]
Key = tuple[str, str]

USUAL_SHARE = people.WORTHWHILE
PUBLIC = ("marts", "marts_pii", "quality")
IDS = {
    ("generic", "lead"): ("lead_id", "updated_at", "email", "merged_into_id"),
    ("salesforce", "lead"): ("id", "last_modified_date", "email", "master_record_id"),
    ("salesforce", "contact"): (
        "id", "last_modified_date", "email", "master_record_id",
    ),
    ("hubspot", "contact"): (
        "id", "lastmodifieddate", "email", "hs_merged_object_ids",
    ),
    ("marketo", "lead"): ("id", "updated_at", "email", None),
}  # fmt: skip
"""Of each table of people: id, change, address, the record it was merged into (of
HubSpot the one that was merged into it)."""
NINE_HOURS = (
    "definition_version,match_on,match_value,calendar_id,sla_business_hours,"
    "max_pending_days,touches_stop_clock\n"
)


@dataclass
class Exports:
    """The landing folder as rows: parts of tables, each a file."""

    folder: Path
    rnd: Random
    parts: dict[tuple[str, str, str], list[Row]] = field(default_factory=dict)
    waiting: list[tuple[Key, Row]] = field(default_factory=list)
    """Rows that have not arrived yet."""

    def write(self) -> None:
        """Write what changed; files that are as they were stay untouched."""
        wanted = {}
        for (system, table, part), rows in self.parts.items():
            names = list(dict.fromkeys(name for row in rows for name in row))
            text = [names, *([row.get(name) or "" for name in names] for row in rows)]
            if rows:
                wanted[self.folder / system / table / f"{part}.csv"] = text
        for path in sorted(self.folder.rglob("*.csv")):
            if path not in wanted:
                path.unlink()
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(".fresh")
            with fresh.open("w", newline="", encoding="utf-8") as stream:
                csv.writer(stream, lineterminator="\n").writerows(text)
            if path.exists() and path.read_bytes() == fresh.read_bytes():
                fresh.unlink()
            else:
                fresh.replace(path)

    def add(self, day: str, rows: list[tuple[Key, Row]]) -> None:
        for (system, table), row in rows:
            self.parts.setdefault((system, table, day), []).append(row)

    @property
    def has_spend(self) -> bool:
        return any(system in ("ads", "ledger") for system, _, _ in self.parts)

    def people(self) -> list[tuple[Key, Row]]:
        return [
            ((system, table), row)
            for (system, table, _), rows in self.parts.items()
            for row in rows
            if (system, table) in IDS and row.get(IDS[system, table][0])
        ]


def name_of(row: Row, wanted: str | None) -> str | None:
    """A row's own spelling of a column: exports differ in case and underscores."""
    plain = (wanted or "").replace("_", "")
    for name in row:
        if name.lower().replace("_", "") == plain and plain:
            return name
    return None


def beginning(
    folder: Path, seed: int, people: int, finance: bool
) -> tuple[Exports, Path | None, dict]:
    """The generated company, read back as text rows, of which a fifth waits, with
    its definition and vars."""
    if finance:
        landing, definition, settings = write_company(folder / "made", seed, people)
        shutil.copytree(definition, folder / "definition")
    else:
        landing, _, settings = write_situation(folder / "made", seed, people)
    project = Project.from_environment({}, landing=landing, out=folder / "made-out")
    load_all(project)
    exports = Exports(folder / "landing", Random(seed))
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where schema_name like 'raw_%' order by all"
        ).fetchall()
        for schema, table in tables:
            cursor = connection.execute(
                f"select * exclude (_file, _file_sha256, _loaded_at) "
                f'from {schema}."{table}"'
            )
            names = [column[0] for column in cursor.description]
            key = (schema.removeprefix("raw_"), table)
            for values in cursor.fetchall():
                row = dict(zip(names, values, strict=True))
                # What stands inside of other rows is told by them.
                if row.pop("inside_of", None) or table_called(*key).made_of:
                    continue
                if key not in decide.LOOKED_UP and exports.rnd.random() < 0.2:
                    exports.waiting.append((key, row))
                else:
                    exports.add("first", [(key, row)])
    shutil.rmtree(folder / "made-out")
    return exports, folder / "definition" if finance else None, settings


# What can happen in a day. Each returns what happened, in words.


def late_rows(exports: Exports, day: str) -> str:
    exports.rnd.shuffle(exports.waiting)
    count = min(len(exports.waiting), exports.rnd.randint(5, 60))
    exports.add(day, [exports.waiting.pop() for _ in range(count)])
    return f"{count} late rows"


def changed_people(exports: Exports, day: str) -> str:
    """Newer copies of records: other status, owner or address, cleared values."""
    rnd, people = exports.rnd, exports.people()
    chosen = rnd.sample(people, min(len(people), 6))
    for key, row in chosen:
        copy = dict(row)
        _, change, address, _ = IDS[key]
        other = rnd.choice(people)[1]
        for wanted in (address, "status", "owner_id", "hubspot_owner_id", "archived"):
            name, theirs = name_of(copy, wanted), name_of(other, wanted)
            if name and theirs and rnd.random() < 0.5:
                copy[name] = rnd.choice([other[theirs], None])
        _is_newer(copy, change)
        exports.add(day, [(key, copy)])
    return f"{len(chosen)} changed records"


def merged_people(exports: Exports, day: str) -> str:
    """Two old people become one."""
    rnd = exports.rnd
    able = [item for item in exports.people() if name_of(item[1], IDS[item[0]][3])]
    count = 0
    for key, row in rnd.sample(able, min(len(able), 3)):
        same = [other for kind, other in able if kind == key]
        winner = rnd.choice(same)
        identifier = name_of(row, IDS[key][0])
        copy = dict(row)
        copy[name_of(row, IDS[key][3])] = winner[name_of(winner, IDS[key][0])]
        if copy[identifier] == copy[name_of(row, IDS[key][3])]:
            continue
        _is_newer(copy, IDS[key][1])
        exports.add(day, [(key, copy)])
        count += 1
    return f"{count} merges"


def vanished_part(exports: Exports, day: str) -> str:
    """A file of another day goes: its merges and changes are undone."""
    later = sorted({part for _, _, part in exports.parts} - {"first"})
    if not later:
        return late_rows(exports, day)
    gone = exports.rnd.choice(later)
    for key in [key for key in exports.parts if key[2] == gone]:
        del exports.parts[key]
    return f"the files of {gone} are gone"


def rewritten_file(exports: Exports, day: str) -> str:
    """A whole export again, some of its rows changed, some gone."""
    rnd = exports.rnd
    able = [
        key
        for key in exports.parts
        if key[:2] not in decide.LOOKED_UP and len(exports.parts[key]) > 3
    ]
    key = rnd.choice(sorted(able))
    rows = exports.parts[key]
    kept = [dict(row) for row in rows if rnd.random() > 0.05]
    rnd.shuffle(kept)
    for row in kept[:3]:
        name = rnd.choice(list(row))
        row[name] = rnd.choice(rows)[name]
    exports.parts[key] = kept or rows
    return f"{key[0]}.{key[1]} rewritten with {len(kept)} of {len(rows)} rows"


def erased_people(exports: Exports, day: str) -> str:
    """All rows that name a record go, as after a request for erasure."""
    rnd = exports.rnd
    people = exports.people()
    ids = {
        str(row[name_of(row, IDS[key][0])])
        for key, row in rnd.sample(people, min(len(people), 3))
    }
    for key, rows in exports.parts.items():
        exports.parts[key] = [
            row for row in rows if not ids & {str(value) for value in row.values()}
        ]
    return f"{len(ids)} records erased"


def late_spend(exports: Exports, day: str) -> str:
    """Ad platforms and the ledger say something, and nobody else does."""
    kept, told = [], []
    for key, row in exports.waiting:
        (told if key[0] in ("ads", "ledger") and len(told) < 20 else kept).append(
            (key, row)
        )
    exports.waiting = kept
    exports.add(day, told)
    return f"{len(told)} late rows of spend"


def nothing(exports: Exports, day: str) -> str:
    return "nothing"


def _is_newer(row: Row, change: str) -> None:
    name = name_of(row, change) or change
    row[name] = "2031-01-01 00:00:00"


EVENTS = (
    late_rows,
    late_rows,
    changed_people,
    changed_people,
    merged_people,
    merged_people,
    vanished_part,
    rewritten_file,
    erased_people,
    nothing,
)


# Building and comparing.


class Killed(Exception):
    """The run ends here, as if somebody had killed it."""


MOMENTS = (
    "in the input layer",
    "before the slice",
    "in the slice",
    "before the fold",
    "in the fold",
    "after the fold",
    "in the marts",
)
"""When a run is killed."""


@contextmanager
def killed(moment: str | None, rnd: Random) -> Iterator[None]:
    """Let the run die at that moment, where it gets there."""
    as_they_are = dbt_runner.build_nodes, fold.fold, state.owe
    build, into_whole, owe = as_they_are
    folded = False

    def place(project: Project, first: str) -> str:
        if project.database is not None:
            return "in the slice"
        layer = transform.positions(dbt_runner.manifest_json(project))[first]
        if transform.LAYERS[layer].name == "input_layer":
            return "in the input layer"
        if folded or transform.LAYERS[layer].name == "marts":
            return "in the marts"
        return "before the slice"

    def build_a_part(project: Project, wanted: Collection[str], **how: Any) -> Any:
        nodes = [item for item in wanted if not item.startswith("test.")]
        if nodes and place(project, nodes[0]) == moment:
            build(project, nodes[: rnd.randint(0, len(nodes) - 1)] or nodes[:1], **how)
            raise Killed
        return build(project, wanted, **how)

    def fold_a_part(*given: Any) -> Any:
        nonlocal folded
        if moment == "before the fold":
            raise Killed
        found = into_whole(*given)
        folded = True
        if moment == "after the fold":
            raise Killed
        return found

    def owe_or_die(connection: Any, project: Project, nodes: Any) -> None:
        owe(connection, project, nodes)
        # The fold writes this down last of all but what it was made with.
        if moment == "in the fold" and any("model." in node for node in nodes):
            raise Killed

    dbt_runner.build_nodes, fold.fold, state.owe = build_a_part, fold_a_part, owe_or_die
    try:
        yield
    except Killed:
        pass
    finally:
        dbt_runner.build_nodes, fold.fold, state.owe = as_they_are
        dbt_runner.close_connections()


@contextmanager
def learned_from(fewest: int) -> Iterator[None]:
    """Let so many hand-offs be enough."""
    few = {
        "FEWEST": fewest,
        "FEWEST_OF_A_KIND": 2,
        "FEWEST_TO_CALIBRATE": 2,
        "FITTED_SHARE": 0.5,
    }
    usual = {name: getattr(learning, name) for name in few}
    vars(learning).update(few)
    try:
        yield
    finally:
        vars(learning).update(usual)


def build(project: Project, *, incremental: bool) -> None:
    """The layers as the job builds them; without its tests, which take long, and
    without its gates."""
    write_settings(project)
    write_definition(project)
    if incremental:
        decide.decide(project)
        passed(project, "raw")
    manifest = dbt_runner.manifest_json(project)
    lineage = Lineage(manifest)
    for layer in transform.LAYERS:
        if layer.name == "marts":
            # Of a company as small as this one nothing would be learned.
            with learned_from(10):
                if incremental:
                    step.bring_up_to_date(project, manifest)
                else:
                    step.learn_anew(project, manifest)
        members = transform.nodes_of(manifest, layer)
        if incremental:
            results, _ = transform.bring_up_to_date(project, layer, lineage, members)
        else:
            results = dbt_runner.build_nodes(project, members, full_refresh=True)
        sentence = dbt_runner.failure_sentence(results)
        assert sentence is None, sentence
        if incremental and layer.gate:
            passed(project, layer.gate)


def show(project: Project) -> None:
    """Publish as the job does."""
    dbt_runner.close_connections()
    publish_changed(project, dbt_runner.manifest_json(project))


def unnamed(project: Project) -> list[str]:
    """Rows that are others than in what is published though nobody names them: a
    publication that replaces those of the named people would keep the old ones."""
    dbt_runner.close_connections()
    if state.owed(project) is None:
        return []
    manifest = dbt_runner.manifest_json(project)
    affected = Lineage(manifest).affected(state.owed(project))
    found = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{project.warehouse}' as built (read_only)")
        connection.execute(f"attach '{project.published_database}' as p (read_only)")
        personal = project.published_personal_database
        connection.execute(f"attach '{personal}' as personal (read_only)")
        for table in publications.public_tables(manifest):
            is_affected = f"model.lead_funnel.{table.name}" in affected
            if is_affected and not table.is_of_people:
                continue
            moves_on = publications.AS_OF in table.columns and is_affected
            old, new = (
                f"select * {'exclude (as_of)' if moves_on else ''} "
                f"from {database}{table.schema}.{table.name}"
                for database in (
                    "personal." if table.is_personal else "p.",
                    f"built.{project.schema_prefix}",
                )
            )
            named = (
                "person_id in (select person_id "
                f"from built.{state.schema(project)}.changed_people)"
                if is_affected
                else "false"
            )
            rows = connection.execute(
                f"select * from (({new} except all {old}) union all "
                f"({old} except all {new})) where not ({named})"
            ).fetchall()
            if rows:
                found.append(
                    f"{table.name}: {len(rows)} rows are unnamed, as {rows[0]}"
                )
    return found


KNOWS_EARLIER_RUNS = {
    "mart_data_quality": "* exclude (failing_since) from {rows} where is_last_run"
}
"""What is known of the runs before is compared as far as it is of this run: a full
refresh in a folder of its own has none before it."""


OF_THE_LOAD = KNOWS_EARLIER_RUNS | {"quarantine": "* exclude (seen_at) from {rows}"}
"""When a raw row was loaded is another instant in another OUT, too."""


def differences(
    one: Path,
    other: Path,
    schemas: tuple[str, ...] = PUBLIC,
    files: bool = False,
    as_far_as: Mapping[str, str] = KNOWS_EARLIER_RUNS,
    prefixes: tuple[str, str] = ("", ""),
) -> list[str]:
    """The public tables in which two warehouses, or two published files with those
    about persons beside them, differ, with an example.

    With `files` also those that are another in the Parquet files beside `one`.
    `as_far_as` says of tables which of their columns and rows are compared, and
    `prefixes` what stands before the names of the schemas in `one` and in `other`.
    """
    found = []
    with duckdb.connect() as connection:
        ours = tables_in(connection, "one", one, schemas, prefixes[0])
        theirs = tables_in(connection, "other", other, schemas, prefixes[1])
        assert len(theirs) > 12
        assert ours.keys() >= theirs.keys(), theirs.keys() - ours.keys()
        for (schema, table), full in theirs.items():
            built = [ours[schema, table]]
            if files:
                public = PublicTable(schema, table, "")
                built.append(f"read_parquet('{one.parent / public.file}')")
            if table in as_far_as:
                kept = as_far_as[table]
                full, *built = (
                    f"(select {kept})".replace("{rows}", each)
                    for each in (full, *built)
                )
            for ours_here in built:
                for left, right, says in (
                    (ours_here, full, "is only"),
                    (full, ours_here, "is missing"),
                ):
                    rows = connection.execute(
                        f"select * from {left} except all select * from {right}"
                    ).fetchall()
                    if rows:
                        found.append(
                            f"{schema}.{table}: {len(rows)} rows, of which {rows[0]} "
                            f"{says} in the incremental build ({ours_here})"
                        )
    return found


def tables_in(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    schemas: tuple[str, ...],
    prefix: str,
) -> dict[tuple[str, str], str]:
    """By schema (without the prefix) and name, where each table of a file lies, and of
    the one about persons that a publication has beside it."""
    attached = [name]
    connection.execute(f"attach '{path}' as {name} (read_only)")
    personal = path.with_name(PERSONAL_DATABASE)
    if personal.exists():
        attached.append(f"{name}_personal")
        connection.execute(f"attach '{personal}' as {name}_personal (read_only)")
    return {
        (schema.removeprefix(prefix), table): f"{database}.{schema}.{table}"
        for database, schema, table in connection.execute(
            "select database_name, schema_name, table_name from duckdb_tables() "
            "where list_contains(?, database_name) and list_contains(?, schema_name) "
            "order by all",
            [attached, [f"{prefix}{schema}" for schema in schemas]],
        ).fetchall()
    }


@dataclass
class Story:
    folder: Path
    exports: Exports
    project: Project
    now: datetime = datetime(2032, 1, 1, tzinfo=UTC)
    log: list[str] = field(default_factory=list)

    def live_a_day(self, number: int) -> list[str]:
        """Change the exports, build, and say where a full refresh differs."""
        rnd = self.exports.rnd
        day = f"day{number}"
        if self.exports.has_spend and rnd.random() < 0.4:
            told = [late_spend(self.exports, day)]
        else:
            count = rnd.randint(1, 3)
            told = [rnd.choice(EVENTS)(self.exports, day) for _ in range(count)]
        told += self._change_the_run(rnd)
        self.land()
        if number % 2 == 0 and len(kept.publications(self.project)) > 1:
            dbt_runner.close_connections()
            list(rolling_back.roll_back(self.project, Asked(None, "the analyst")))
            told.append("back to the publication before")
        # Of a company as small as this one nearly everybody is touched.
        people.WORTHWHILE = 2 if rnd.random() < 0.8 else USUAL_SHARE
        while rnd.random() < 0.4:
            moment = rnd.choice(MOMENTS)
            with killed(moment, rnd):
                build(self.project, incremental=True)
            told.append(f"killed {moment}")
            if rnd.random() < 0.5:
                told.append(late_rows(self.exports, f"{day}b"))
                self.exports.write()
                load_all(self.project, self.now.replace(tzinfo=None))
        build(self.project, incremental=True)
        people.WORTHWHILE = USUAL_SHARE
        scope = state.is_update(self.project)
        found = unnamed(self.project)
        if is_shown := rnd.random() < 0.8:
            show(self.project)
        told += ["published" if is_shown else "killed before it was published"]
        told += ["a slice" if scope else "everything"]
        self.log.append(f"{day}: {', '.join(told)}")
        return found + self.compare(is_shown)

    def _change_the_run(self, rnd: Random) -> list[str]:
        told = []
        if rnd.random() < 0.4:
            given = self.project.vars
            moved = self._last_as_of() + timedelta(days=rnd.choice([1, 3, 20, -15]))
            self.project = replace(self.project, vars=replace(given, as_of=moved))
            told.append(f"as_of {moved:%Y-%m-%d}")
        if rnd.random() < 0.15:
            definition = self.folder / "definition"
            definition.mkdir(exist_ok=True)
            (definition / "shared_mailboxes.add.csv").write_text(
                f"local_part\nbox{rnd.randint(1, 99)}\n"
            )
            versions = definition / "funnel_versions.add.csv"
            if not versions.exists():
                versions.write_text(
                    "version,effective_from,based_on,handoff_mode,acceptance_roles\n"
                    "both,2025-03-01,v1,explicit,inside_sales+field_sales\n"
                )
            self.project = replace(self.project, definition=definition)
            told.append("another definition")
        return told

    def _last_as_of(self) -> datetime:
        [(as_of,)] = self.rows(
            f"select as_of from {self.project.schema_prefix}intermediate.int_run__clock"
        )
        return as_of

    def land(self) -> None:
        """Load the exports as they are a day later."""
        self.exports.write()
        self.now += timedelta(days=1)
        load_all(self.project, self.now.replace(tzinfo=None))

    def rows(self, query: str) -> list[tuple]:
        """What the warehouse answers."""
        dbt_runner.close_connections()
        with duckdb.connect(str(self.project.warehouse)) as connection:
            return connection.execute(query).fetchall()

    def compare(self, is_shown: bool = False) -> list[str]:
        """Where a full refresh of the same raw tables differs."""
        dbt_runner.close_connections()
        full = replace(self.project, out=self.folder / "full")
        full.prepare_out()
        shutil.copy(self.project.warehouse, full.warehouse)
        build(full, incremental=False)
        dbt_runner.close_connections()
        prefix = full.schema_prefix
        found = differences(
            self.project.warehouse, full.warehouse, prefixes=(prefix, prefix)
        )
        if is_shown:
            found += differences(
                self.project.published_database,
                full.warehouse,
                PUBLIC_SCHEMAS,
                files=True,
                prefixes=("", prefix),
            )
        return found


def begin(
    folder: Path,
    seed: int,
    people: int,
    *,
    finance: bool = False,
    root: Path = ROOT,
) -> Story:
    exports, definition, settings = beginning(folder, seed, people, finance)
    exports.write()
    project = Project.from_environment(
        {},
        landing=exports.folder,
        out=folder / "out",
        definition=definition,
        vars={name: value for name, value in settings.items() if value is not None},
    )
    project = replace(project, root=root)
    story = Story(folder, exports, project)
    load_all(project, story.now.replace(tzinfo=None))
    build(project, incremental=True)
    show(project)
    return story


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--finance", action="store_true")
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="story"))
    story = begin(folder, given.seed, given.people, finance=given.finance)
    for number in range(1, given.days + 1):
        found = story.live_a_day(number)
        print(story.log[-1], flush=True)
        if found:
            raise SystemExit("\n".join(found))
    if not given.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
