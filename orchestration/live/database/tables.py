"""A database that somebody else fills, as a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.database.address import Address
from orchestration.live.database.reading import Table, read
from orchestration.live.source import Finding, Page, PassingError, Source
from orchestration.sources.tables import RawTable, table_called, tables_of

if TYPE_CHECKING:
    from sqlalchemy import Engine, Inspector

NO_WAY_IN = ("password", "authentication", "credential", "denied", "does not exist")
"""Words of a driver when trying again would not help."""


@dataclass
class Database(Source):
    """The tables of one system in a database: of each what its loader wrote since."""

    address: Address
    way: str = field(init=False, default="database")
    _engine: Engine | None = field(init=False, default=None, repr=False)
    _found: dict[str, list[Table]] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        self.system = self.address.system

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(
            table.name for table in tables_of(self.system) if not table.made_of
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return self.address.secrets

    def pages(self, table: str, place: Mapping[str, Any]) -> Iterator[Page]:
        listed_table = _raw_table(self.system, table)
        places = dict(place.get("tables", {}))
        with self._said():
            found = self._tables().get(table, [])
            if not found and listed_table.is_required:
                raise LeadFunnelError(self._missing(listed_table))
            for each in found:
                columns = list(each.columns)
                for part in read(
                    self._connected(),
                    each,
                    places.get(each.shown, {}),
                    timedelta(minutes=self.overlap_minutes),
                    in_one=listed_table.is_by_file,
                ):
                    places[each.shown] = part.place
                    yield Page(
                        part.rows,
                        {"tables": dict(places)},
                        columns if len(found) == 1 else (),
                        is_file=listed_table.is_by_file,
                    )

    def check(self) -> Iterator[Finding]:
        with self._said():
            import sqlalchemy as sa

            with self._connected().connect():
                pass
            yield Finding(f"Connected to {self.address.shown}, for reading only.")
            there = [
                each.split(".")[-1].strip('"')
                for each in sa.inspect(self._connected()).get_schema_names()
            ]
            for schema in self.address.schemas:
                if schema.split(".")[-1] not in there:
                    raise LeadFunnelError(
                        f"There is no schema {schema!r}, or the user may not see it: "
                        f"there are {listed(there)}. Correct ?schema= in "
                        f"{self.address.variable}."
                    )
            found = self._tables()
        absent = []
        for raw in tables_of(self.system):
            if raw.made_of:
                continue
            if raw.name not in found:
                if raw.is_required:
                    yield Finding(self._missing(raw), "error")
                else:
                    absent.append(raw.name)
            for table in found.get(raw.name, ()):
                yield self._finding(raw, table)
        if absent:
            yield Finding(
                f"Not there, and so taken as empty: {listed(absent, 40)}. Let the "
                "loader bring those that you use.",
                "warning",
            )

    def _finding(self, raw: RawTable, table: Table) -> Finding:
        """What is wrong with a table, or when its loader wrote to it last."""
        import sqlalchemy as sa

        lacking = [need for need in raw.needed if not need.found_in(table.columns)]
        if lacking:
            need = lacking[0]
            return Finding(
                f"{table.shown} has no column {' or '.join(need.names)!r}, which is "
                f"needed {need.purpose}: let the loader bring it.",
                "error",
            )
        synced = table.synced
        reflected = table.in_sql(sa.MetaData(schema=table.schema))
        wanted = sa.func.max(reflected.c[synced]) if synced else sa.literal(1)
        try:
            with self._connected().connect() as connection:
                last = connection.execute(
                    sa.select(wanted).select_from(reflected).limit(1)
                ).scalar()
        except sa.exc.DBAPIError as error:
            return Finding(self._cannot_read(table.shown, error), "error")
        if synced is None:
            said = (
                "it says of no row when it was written, so it is read whole each time"
            )
        elif last is None:
            said = f"it is empty, or {synced} is"
        else:
            said = f"written last at {last} ({synced})"
        return Finding(f"{table.shown} is {raw.name}: {said}.")

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
        self._engine = self._found = None

    # What is there.

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = _engine(self.address)
        return self._engine

    def _tables(self) -> dict[str, list[Table]]:
        """The tables and views that are called like a raw table, by its name."""
        if self._found is not None:
            return self._found
        import sqlalchemy as sa

        inspector = sa.inspect(self._connected())
        found: dict[str, list[Table]] = {}
        for schema in self.address.schemas or (inspector.default_schema_name,):
            names = {
                *inspector.get_table_names(schema=schema),
                *inspector.get_view_names(schema=schema),
            }
            for name in sorted(names):
                raw = table_called(self.system, name) or table_called(
                    self.system, f"{schema}_{name}"
                )
                if raw is None or raw.made_of:
                    continue
                columns = _columns(self._connected(), inspector, schema, name)
                found.setdefault(raw.name, []).append(Table(schema, name, columns))
        self._found = found
        return found

    # What is said.

    def _missing(self, raw: RawTable) -> str:
        found = listed(
            [table.shown for tables in self._tables().values() for table in tables]
            or ["nothing that is read"]
        )
        return (
            f"{self.address.shown} has no table {raw.name!r}, which holds "
            f"{raw.purpose}: name the schema that it is in (?schema= in "
            f"{self.address.variable}), or let the loader bring it. Found: {found}."
        )

    def _cannot_read(self, table: str, error: Exception) -> str:
        return (
            f"{table} cannot be read ({_first_line(error)}): let the user of "
            f"{self.address.variable} select from it (docs/connecting-databases.md)."
        )

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Errors of drivers, in a sentence."""
        try:
            yield
        except LeadFunnelError:
            raise
        except Exception as error:
            cause = _of_the_driver(error)
            if cause is None:
                raise
            text = _first_line(cause)
            if "permission denied" in text.lower():
                raise LeadFunnelError(
                    self._cannot_read(f"A table of {self.address.shown}", cause)
                ) from None
            if any(word in text.lower() for word in NO_WAY_IN):
                raise LeadFunnelError(
                    f"{self.address.shown} lets nobody in: {text}. Correct user and "
                    f"password in {self.address.variable}."
                ) from None
            raise PassingError(
                f"{self.address.shown} does not answer as it should: {text}. Look "
                f"whether it is up, and at {self.address.variable}."
            ) from None


def _raw_table(system: str, name: str) -> RawTable:
    return next(table for table in tables_of(system) if table.name == name)


def _engine(address: Address) -> Engine:
    """An engine that only reads."""
    import sqlalchemy as sa

    options: dict[str, Any] = {}
    if address.scheme == "duckdb":
        path = address.url.partition(":///")[2].partition("?")[0]
        if not path.startswith("md:"):
            if not Path(path).is_file():
                raise LeadFunnelError(
                    f"{address.variable} names the file {path}, and there is none: "
                    "duckdb:////folder/file.duckdb has four slashes."
                )
            options = {"connect_args": {"read_only": True}}
    if address.scheme == "postgresql":
        options = {"connect_args": {"connect_timeout": 30}}
    try:
        engine = sa.create_engine(address.url, **options)
    except ImportError as error:
        raise address.missing_driver(error) from None
    except sa.exc.NoSuchModuleError:
        raise address.missing_driver() from None
    except (sa.exc.ArgumentError, ValueError):
        raise LeadFunnelError(
            f"{address.variable} cannot be read as an address of a database."
        ) from None
    if address.scheme == "postgresql":
        engine = engine.execution_options(postgresql_readonly=True)
    return engine


def _columns(
    engine: Engine, inspector: Inspector, schema: str | None, name: str
) -> Any:
    """The columns of a table with their types."""
    import sqlalchemy as sa

    if engine.dialect.name != "duckdb":
        columns = inspector.get_columns(name, schema=schema)
        return {column["name"]: column["type"] for column in columns}
    # duckdb-engine asks as one asks Postgres, which DuckDB 2.0 does not understand.
    instant = sa.DateTime()
    with engine.connect() as connection:
        found = connection.execute(
            sa.text(
                "select column_name, data_type from information_schema.columns "
                "where table_name = :name and table_catalog = current_database() "
                "and table_schema = coalesce(:schema, current_schema()) "
                "order by ordinal_position"
            ),
            {"name": name, "schema": schema},
        ).all()
    return {
        column: instant if kind.startswith("TIMESTAMP") else sa.types.NullType()
        for column, kind in found
    }


def _of_the_driver(error: BaseException | None) -> Exception | None:
    """The driver's own error, whatever it is wrapped in."""
    import sqlalchemy as sa

    while error is not None:
        if isinstance(error, sa.exc.DBAPIError):
            return error.orig if isinstance(error.orig, Exception) else error
        error = error.__cause__ or error.__context__
    return None


def _first_line(error: Exception) -> str:
    error = _of_the_driver(error) or error
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
