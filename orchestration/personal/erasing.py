"""A run that erases: people who asked go out of OUT, and every number stays.

Before anything is loaded, their rows in OUT/raw and OUT/landed are rewritten, the
warehouse becomes a new file (what is deleted in a DuckDB file stays in its bytes until
then), and what earlier runs left about rows goes: logs, history, Data Docs, compiled
SQL. The run then builds and publishes all from the rewritten rows. At its end the
publications before it go, and the evidence is written; until then the requests are
open, so a run that was killed is done again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.live.store import exchange, landed_files
from orchestration.personal import erased, requests
from orchestration.personal.redaction import Redaction
from orchestration.personal.requests import Erasure
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.publication.disk import sync
from orchestration.run import lock
from orchestration.sources.tables import LOADED_SYSTEMS
from orchestration.transformation import dbt_runner
from orchestration.warehouse import literal

Stores = Counter[str]

REASON = "a request to be erased"
"""Why publications go, for OUT/publications.jsonl. It names nobody."""


def begin(project: Project, log: Path | None = None) -> Stores:
    """Carry out what is open, before a run loads anything: what was rewritten and
    removed. `log` is the run's own, which stays."""
    find_more(project)
    done: Stores = Counter()
    _rewrite_raw(project, done)
    _renew_warehouse(project)
    _remove_traces(project, log, done)
    return done


def go_on(project: Project) -> bool:
    """Whether a run found more of erased people, such as a record that was merged into
    theirs: then another run has to follow."""
    if not erased.known(project).hashes:
        return False
    was_noted = erased.takes_note_of_more(project)
    if not find_more(project) and not was_noted:
        return False
    requests.reopen(project)
    return True


def is_under_way(project: Project) -> bool:
    """Whether a run of this process carries out what is open."""
    return lock.is_held(project) and bool(requests.are_open(project))


def end(project: Project, stores: Stores, begun: Collection[str]) -> None:
    """The last step, when readers see what the run built: the requests that it began
    with are carried out. Who asked meanwhile waits for the next run."""
    carried_out = [
        request for request in requests.are_open(project) if request.request_id in begun
    ]
    if not carried_out:
        return
    stores["publications"] += publications.remove_earlier(project, REASON)
    done = publications.published(project)
    assert done is not None
    now = datetime.now(UTC).isoformat(timespec="seconds")
    requests.close(
        project,
        [
            Erasure(
                request_id=request.request_id,
                requested_at=request.requested_at,
                basis=request.basis,
                erased_at=now,
                version=dbt_runner.fingerprint(project),
                run=done.id,
                stores=dict(sorted(stores.items())),
            )
            for request in carried_out
        ],
    )


def find_more(project: Project) -> int:
    """Put all of the identity groups of erased people on the list, as the warehouse
    knows them; how much was not on it."""
    known = erased.known(project)
    if not project.built.is_file():
        return 0
    dbt_runner.close_connections()
    with duckdb.connect() as connection:
        warehouse.configure(connection)
        connection.execute(f"attach {literal(str(project.built))} as built (read_only)")
        if not has_people(connection, project):
            return 0
        connection.execute("use built")
        known.lay_in(connection)
        _find_people(connection, known, project.schema_prefix)
        hashes = {
            hash_
            for (hash_,) in connection.execute(
                "select distinct hash from hashes where hash is not null"
            ).fetchall()
        }
    return erased.add(project, hashes)


def people_of(project: Project, address: str) -> int:
    """How many people have an e-mail address, as the warehouse knows them."""
    if not project.built.is_file():
        return 0
    dbt_runner.close_connections()
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(project.built))} as built (read_only)")
        if not has_people(connection, project):
            return 0
        prefix = f"built.{project.schema_prefix}"
        [(count,)] = connection.execute(
            "select count(distinct keys.person_key) "
            f"from {prefix}input_layer.input_layer__records as records "
            f"inner join {prefix}intermediate.int_people__keys as keys "
            "using (record_key) where records.email_match = ?",
            [erased.same_address(address)],
        ).fetchall()
    return int(count)


def has_people(connection: duckdb.DuckDBPyConnection, project: Project) -> bool:
    """Whether the attached `built` knows of people."""
    [(found,)] = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'built' "
        "and schema_name = ? and table_name in "
        "('int_people__keys', 'int_identity__links')",
        [f"{project.schema_prefix}intermediate"],
    ).fetchall()
    return found == 2


def _find_people(
    connection: duckdb.DuckDBPyConnection, known: erased.Erased, prefix: str
) -> None:
    """Make the temporary table `hashes`, of everything that the people have of whom
    anything is on the list."""
    ids = " union ".join(
        f"select {hash_key} as record_key, {source} as source, {id_} as record_id "
        f"from {prefix}intermediate.int_identity__links where {id_} is not null"
        for hash_key, source, id_ in (
            ("left_key", "left_source", "left_record_id"),
            ("right_key", "right_source", "right_record_id"),
        )
    )
    by_system = " ".join(
        f"when {literal(system)} then {known.of_record_sql(system, 'record_id')}"
        for system in LOADED_SYSTEMS
    )
    address = known.of_address_sql("email_match")
    is_address = (
        f"email_match like '%@%' and email_match not like '%{erased.ERASED_DOMAIN}' "
        f"and not {known.is_shared_sql('email_match')}"
    )
    connection.execute(
        f"""
        create or replace temp table known_records as
        with records as (
            select record_key, source, record_id, email_match
            from {prefix}input_layer.input_layer__records
            where not is_key_missing
            union all
            select record_key, source, record_id, null from ({ids})
        )
        select
            keys.person_key,
            case source {by_system} end as record_hash,
            case when {is_address} then {address} end as address_hash
        from records
        inner join {prefix}intermediate.int_people__keys as keys using (record_key)
        """
    )
    connection.execute(
        f"""
        create or replace temp table hashes as
        with addresses_of_one as (
            select address_hash from known_records
            group by 1 having count(distinct person_key) = 1
        ),
        people as (
            select distinct person_key from known_records
            where {known.has("record_hash", "address_hash")}
        )
        select record_hash as hash
        from known_records
        inner join people using (person_key)
        union
        select address_hash
        from known_records
        inner join people using (person_key)
        inner join addresses_of_one using (address_hash)
        """
    )


def _rewrite_raw(project: Project, done: Stores) -> None:
    """Rewrite every raw file in which erased people are, and the landed file that it
    was read from; then say the files' new sizes in the ledger."""
    connection = warehouse.connect(project)
    try:
        if not warehouse.has_table(connection, "loads", "files"):
            return
        _learn_people(project, connection)
        for system in LOADED_SYSTEMS:
            places = _places(project, connection, system)
            files = _by_table(places)
            known = erased.known(project)
            known.lay_in(connection)
            redaction = Redaction(connection, known, system)
            redaction.learn_things(project, files)
            rewritten = redaction.rewrite(files)
            done["raw rows"] += sum(rewritten.values())
            done["raw files"] += len(rewritten)
            for _, name, path in places:
                # Of all, as a run that was killed may have rewritten any.
                if path in rewritten:
                    done["landed files"] += write_down(project, connection, name, path)
                else:
                    _write_size(connection, name, path)
    finally:
        connection.close()
    _remove_unread(project, done)


def _learn_people(project: Project, connection: duckdb.DuckDBPyConnection) -> None:
    """Put everything on the list that rows of erased people say of who they are, in
    all systems, until none says more."""
    is_more = True
    while is_more:
        is_more = False
        for system in LOADED_SYSTEMS:
            files = _by_table(_places(project, connection, system))
            known = erased.known(project)
            known.lay_in(connection)
            redaction = Redaction(connection, known, system)
            is_more |= redaction.learn_people(project, files)


def _by_table(places: list[tuple[str, str, Path]]) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for table, _, path in places:
        files.setdefault(table, []).append(path)
    return files


def _places(
    project: Project, connection: duckdb.DuckDBPyConnection, system: str
) -> list[tuple[str, str, Path]]:
    """Table, name and Parquet file of each file of a system that was loaded."""
    from orchestration.sources.raw import place_of

    return [
        (table, name, path)
        for table, name, sha256, at in connection.execute(
            "select source_table, file, sha256, loaded_at from loads.files "
            "where source = ? and size is not null order by file",
            [system],
        ).fetchall()
        if (path := place_of(project, system, table, name, sha256, at)).is_file()
    ]


def places_of_table(
    connection: duckdb.DuckDBPyConnection, project: Project, system: str, table: str
) -> list[tuple[str, Path]]:
    """Name and Parquet file of each file of a raw table that was loaded."""
    return [
        (name, path)
        for of_table, name, path in _places(project, connection, system)
        if of_table == table
    ]


def _write_size(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    connection.execute(
        "update loads.files set size = ? where file = ?", [path.stat().st_size, name]
    )


def write_down(
    project: Project, connection: duckdb.DuckDBPyConnection, name: str, raw: Path
) -> int:
    """Write down that a raw file was rewritten, and put its rows in the place of the
    file of the landed store that they were read from; how many of these there were."""
    _write_size(connection, name, raw)
    from orchestration.sources.raw import fingerprint_of

    for landed in landed_files(project):
        if landed.name == name:
            exchange(landed, raw)
            connection.execute(
                "update loads.files set fingerprint = ? where file = ?",
                [fingerprint_of(landed, landed.path.stat()), name],
            )
            return 1
    return 0


def _remove_unread(project: Project, done: Stores) -> None:
    """Remove what interrupted loads left in the landed store: nobody reads it."""
    read = {file.path for file in landed_files(project)}
    for path in project.landed.glob("*/[!._]*/*.parquet"):
        if path not in read:
            path.unlink()
            done["landed files"] += 1


def _renew_warehouse(project: Project) -> None:
    """Begin the warehouse anew, with nothing but which files were loaded."""
    path = project.warehouse
    if not path.is_file():
        return
    dbt_runner.close_connections()
    fresh = path.with_name(f".{path.name}")
    fresh.unlink(missing_ok=True)
    with duckdb.connect(str(fresh)) as connection:
        connection.execute(f"attach {literal(str(path))} as before (read_only)")
        [(has_ledger,)] = connection.execute(
            "select count(*) from duckdb_tables() where database_name = 'before' "
            "and schema_name = 'loads' and table_name = 'files'"
        ).fetchall()
        if has_ledger:
            from orchestration.sources.raw import LEDGER

            connection.execute(LEDGER)
            connection.execute(
                "insert into loads.files by name from before.loads.files"
            )
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def _remove_traces(project: Project, log: Path | None, done: Stores) -> None:
    """Remove what earlier runs wrote down beside the tables. Their text may quote a
    row; which, nobody can tell for sure."""
    for kind, found in _traces(project, log):
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)
        done[kind] += 1


def _traces(project: Project, log: Path | None) -> Iterator[tuple[str, Path]]:
    for path in sorted(project.logs.glob("*")):
        if path not in (log, project.logs / "run.json"):
            yield "logs", path
    home = project.dagster_home
    for path in (home / "history", home / "unwritten", home / "storage"):
        if path.exists():
            yield "histories", path
    # Copies of what is in the landed store by now.
    for pattern in ("*/load/loaded/*", "*_files"):
        for path in sorted(project.dlt.glob(pattern)):
            yield "working files of loads", path
    for path in (project.data_docs, project.scratch, project.out / "spark"):
        if path.exists():
            yield path.name.replace("_", " "), path
    for path in sorted(project.out.glob("dbt*/*/*")):
        if path.is_dir() and path.name in ("run", "compiled"):
            yield "compiled SQL", path
    for path in sorted(project.warehouse.parent.iterdir()):
        if path != project.warehouse:
            yield "intermediate files", path
