"""Loads a source into the landed store, with dlt.

A load is a series of packages: pages are taken until there are PACKAGE_ROWS of them,
then dlt writes their rows as Parquet together with the places behind them, in one
step. So a load that is interrupted goes on behind the last package, and memory does
not grow with the table.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json import dumps
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.live.source import Page, Source, crossed_out
from orchestration.live.store import note_loaded
from orchestration.project import Project, in_environment
from orchestration.run import progress

if TYPE_CHECKING:
    import dlt
    import pyarrow as pa

PACKAGE_ROWS = 100_000

EXTRACTED_AT = "_extracted_at"
"""When a row was fetched, by our clock: the macro `stage` knows it."""

OF_DLT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    # What is in the store needs no second copy among dlt's working files.
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "RUNTIME__LOG_LEVEL": "WARNING",
}


@dataclass
class Loaded:
    """What a load brought."""

    source: str
    rows: dict[str, int] = field(default_factory=dict)
    """By raw table: how many rows were new."""
    notes: list[str] = field(default_factory=list)
    """What has to be told of it, each a sentence."""


@dataclass
class _Table:
    """A table's part of the package that is being filled."""

    state: dict[str, Any]
    parts: list[pa.Table] = field(default_factory=list)


def load(
    project: Project,
    source: Source,
    tables: Collection[str] | None = None,
    *,
    again: bool = False,
    package_rows: int = PACKAGE_ROWS,
) -> Loaded:
    """Add what is new at a source to the store; with `again`, all that it has. Errors
    hold no secret, and what was fetched before one is kept."""
    for table in tables or ():
        if table not in source.tables:
            raise LeadFunnelError(
                f"{source.system} has no table {table!r}{meant(table, source.tables)} "
                f"to load: it has {listed(source.tables, limit=40)}."
            )
    with in_environment(OF_DLT), _alone(project, source):
        source.folder = project.dlt / f"{source.name}_files"
        try:
            run = _Load(project, source, package_rows)
            return run.load(
                [each for each in source.tables if tables is None or each in tables],
                again,
            )
        except Exception as error:
            raise without_secrets(error, source) from None
        finally:
            source.close()


class _Load:
    def __init__(self, project: Project, source: Source, package_rows: int) -> None:
        self.project, self.source, self.package_rows = project, source, package_rows
        self.asked: list[str] = []
        """Tables that were read to their end; none that was left out."""
        self.pipeline = _pipeline(project, source)
        self.package: dict[str, _Table] = {}
        self.loaded = Loaded(source.name)

    def load(self, tables: Sequence[str], again: bool) -> Loaded:
        states = _states(self.pipeline, self.source)
        try:
            for table in tables:
                self._load_table(table, dict(states.get(table, {})), again)
        except Exception:
            self._hand_over_the_last()
            raise
        self._hand_over_the_last()
        usage = self.source.usage()
        if usage:
            self.loaded.notes.append(usage)
        for note in self.loaded.notes:
            progress.note(note)
        return self.loaded

    def _load_table(self, table: str, state: dict[str, Any], again: bool) -> None:
        name = f"{self.source.system}.{table}"
        place = {} if again else state.get("place", {})
        known = list(state.get("columns", ()))
        found: dict[str, None] = {}
        at_source: Sequence[str] = ()
        rows = self.loaded.rows[table] = 0
        page = None
        for page in self.source.pages(table, place):
            part = _as_arrow(page, datetime.now(UTC))
            if page.is_file and table in self.package:
                self._hand_over()
            found.update(dict.fromkeys(part.column_names))
            at_source = page.columns or at_source
            columns = [*known, *(each for each in found if each not in known)]
            state = {"place": dict(page.place), "columns": columns}
            mine = self.package.setdefault(table, _Table(state))
            mine.state = state
            if part.num_rows:
                mine.parts.append(part)
            rows += part.num_rows
            self.loaded.rows[table] = rows
            progress.say(f"{name}: {rows:,} rows")
            if self._waiting >= self.package_rows:
                self._hand_over()
        if page is not None:
            self.asked.append(table)
        state = self._tell_drift(name, known, found, at_source, state)
        if state:
            self.package.setdefault(table, _Table(state)).state = state

    def _tell_drift(
        self,
        name: str,
        known: Sequence[str],
        found: Collection[str],
        at_source: Sequence[str],
        state: dict[str, Any],
    ) -> dict[str, Any]:
        """Say which columns are new and which gone since the last load."""
        if not known:
            return state
        new = [each for each in found if each not in known]
        gone = [
            each
            for each in known
            if at_source and each not in at_source and each != EXTRACTED_AT
        ]
        if new:
            one = len(new) == 1
            self.loaded.notes.append(
                f"{name} has the new column{'' if one else 's'} {listed(new)}: "
                "rows that were loaded before have nothing there until they change, or "
                f"until `lead-funnel load --system {self.source.system} --again`."
            )
        if gone:
            one = len(gone) == 1
            self.loaded.notes.append(
                f"{name} has the column{'' if one else 's'} {listed(gone)} no longer: "
                "removed at its source, or hidden from the user who loads. What was "
                "loaded stays."
            )
            columns = [each for each in state["columns"] if each not in gone]
            return {**state, "columns": columns}
        return state

    @property
    def _waiting(self) -> int:
        return sum(
            part.num_rows for table in self.package.values() for part in table.parts
        )

    def _hand_over_the_last(self) -> None:
        self._hand_over()
        # Of what others landed their own sync says when the vendor was asked.
        if self.source.way == "api":
            note_loaded(self.project, self.source, self.asked)

    def _hand_over(self) -> None:
        """Write the package that is filled, with its places."""
        package, self.package = self.package, {}
        if package:
            _write(self.pipeline, self.source.name, package)
        for table in package.values():
            # dlt holds on to what it was given; memory must not grow with a table.
            table.parts.clear()


def _pipeline(project: Project, source: Source) -> dlt.Pipeline:
    import dlt

    pipeline = dlt.pipeline(
        pipeline_name=source.name,
        pipelines_dir=str(project.dlt),
        destination=dlt.destinations.filesystem(bucket_url=str(project.landed)),
        dataset_name=source.system,
    )
    if pipeline.has_pending_data:
        # What an interrupted load had already made into a package.
        pipeline.normalize()
        pipeline.load()
    elif not pipeline.default_schema_name:
        # The working files are new; the store may know how far it is.
        pipeline.sync_destination()
    return pipeline


def _states(pipeline: dlt.Pipeline, source: Source) -> Mapping[str, Any]:
    sources = pipeline.state.get("sources", {})
    resources = sources.get(source.name, {}).get("resources", {})
    return {name: state["table"] for name, state in resources.items()}


def _write(pipeline: dlt.Pipeline, name: str, package: Mapping[str, _Table]) -> None:
    import dlt
    import pyarrow as pa

    def resource(table: str, part: _Table) -> Any:
        def rows() -> Iterator[pa.Table]:
            dlt.current.resource_state()["table"] = part.state
            if part.parts:
                yield pa.concat_tables(part.parts, promote_options="permissive")

        return dlt.resource(rows, name=table, write_disposition="append")

    @dlt.source(name=name, max_table_nesting=0)
    def package_of_rows() -> Any:
        for table, part in package.items():
            yield resource(table, part)

    pipeline.run(package_of_rows(), loader_file_format="parquet")


def _as_arrow(page: Page, now: datetime) -> pa.Table:
    """The page's rows with the instant of their extraction; every value is text, so
    that a column never changes its type."""
    import pyarrow as pa

    if isinstance(page.rows, pa.Table):
        table = page.rows
    else:
        names = dict.fromkeys(page.columns if page.rows else ())
        for row in page.rows:
            names.update(dict.fromkeys(row))
        table = pa.table(
            {
                name: pa.array(
                    [as_text(row.get(name)) for row in page.rows], pa.string()
                )
                for name in names
            }
        )
    if not table.num_rows or EXTRACTED_AT in table.column_names:
        return table
    text = now.isoformat(timespec="milliseconds")
    return table.append_column(
        EXTRACTED_AT, pa.repeat(pa.scalar(text, pa.string()), table.num_rows)
    )


def as_text(value: Any) -> str | None:
    """A value of JSON as text; null where it is blank."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    return dumps(value, ensure_ascii=False, default=str)


@contextmanager
def _alone(project: Project, source: Source) -> Iterator[None]:
    """One load of a source at a time; the system lets go of the lock however a
    process ends."""
    try:
        project.dlt.mkdir(parents=True, exist_ok=True)
        project.landed.mkdir(parents=True, exist_ok=True)
        lock = (project.dlt / f"{source.name}.lock").open("a")
    except OSError as error:
        raise LeadFunnelError(
            f"OUT is {project.out}, where nothing can be written ({error.strerror}): "
            "name a folder that results may go to."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeadFunnelError(
                f"Another process is loading from {source.system} into {project.out}: "
                "wait until it has ended."
            ) from error
        yield


def without_secrets(error: Exception, source: Source) -> Exception:
    """The error, or one that says the same, with every secret crossed out."""
    if isinstance(error, LeadFunnelError):
        return type(error)(crossed_out(str(error), source.secrets))
    told, cause = [], error
    while cause is not None:
        told.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    text = " ".join(" because of ".join(told).split())
    said = RuntimeError(crossed_out(text, source.secrets))
    # Where it happened: lines of code, no values.
    return said.with_traceback(error.__traceback__)
