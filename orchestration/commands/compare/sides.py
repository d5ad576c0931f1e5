"""The two readings that are compared, and building those that are not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import duckdb

from orchestration import warehouse
from orchestration.commands.explain.reading import EDITED_BUILD, Reading, is_built
from orchestration.definition.check import checked
from orchestration.errors import LeadFunnelError
from orchestration.project import ACTUAL, Project, RunVars, schema_prefix, whatif_build
from orchestration.publication.publications import Publication, published

Say = Callable[[str], None]

SELECTION = (
    "+fct_lead_lifecycles",
    "+mart_funnel_monthly",
    "+quarantine",
    "+int_readings__judged",
    "+path:models/definition",
    "assert_a_version_is_in_force",
)
"""What is compared and all it is made of, with the tests of the definition."""


@dataclass(frozen=True)
class Side:
    """One reading: how it is called, and where its tables lie."""

    label: str
    build: str
    database: str = ""
    """The attached database of its marts; blank for the warehouse."""

    @property
    def marts(self) -> str:
        if self.database:
            return f"{self.database}.marts"
        return f"{schema_prefix(self.build)}marts"

    def schema(self, name: str) -> str:
        return f"{schema_prefix(self.build)}{name}"

    @property
    def people(self) -> str:
        """The table of its people: a what-if does not build that of the marts."""
        if self.database:
            return f"{self.marts}.dim_people"
        return f"{self.schema('intermediate')}.int_people"


@dataclass(frozen=True)
class Plan:
    """What is compared with what, and which projects that needs built."""

    project: Project
    publication: Publication
    before: Side
    after: Side
    to_build: tuple[Project, ...]
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Compared:
    """A connection on which both sides can be read."""

    connection: duckdb.DuckDBPyConnection
    before: Side
    after: Side

    def reading(self, side: Side) -> Reading:
        return Reading(self.connection, side.build)


def plan(
    project: Project,
    *,
    version: str | None = None,
    against: str | None = None,
    vars_given: bool = False,
) -> Plan:
    """Settle both sides; a sentence where there is nothing to compare with."""
    last = published(project)
    if last is None:
        raise LeadFunnelError(
            f"Nothing is published in {project.published} to compare with: "
            "`make run` publishes."
        )
    base = _like_published(project, last, vars_given)
    published_build = (
        ACTUAL if last.funnel_version is None else whatif_build(last.funnel_version)
    )
    notes = _check_warehouse(project, last, published_build)
    after_build = EDITED_BUILD if version is None else whatif_build(version)
    if after_build == published_build:
        # Its own tables tell why a lead changed: they must stay as they are.
        after_build = EDITED_BUILD
    after = _what_if(base, version, after_build)
    after_side = Side(version or "edited", after_build)
    if against is None:
        before_side = Side("published", published_build, "published")
        return Plan(project, last, before_side, after_side, (after,), notes)
    before_build = whatif_build(against)
    if before_build in (published_build, after_build):
        before_build = f"{EDITED_BUILD}_against"
    before = _what_if(base, against, before_build)
    before_side = Side(against, before_build)
    return Plan(project, last, before_side, after_side, (before, after), notes)


def _like_published(project: Project, last: Publication, vars_given: bool) -> Project:
    """The project as it was published, except for what is asked for now.

    Only the definition may differ: the same as_of, and the same vars and
    DEFINITION folder unless others are given.
    """
    given = project.vars if vars_given else RunVars.parse(last.vars)
    as_of = given.as_of
    if as_of is None and last.as_of is not None:
        as_of = RunVars.parse({"as_of": last.as_of}).as_of
    if project.definition is None and last.definition is not None:
        project = Project.from_environment(
            {}, landing=project.landing, out=project.out, definition=last.definition
        )
    return replace(project, vars=replace(given, as_of=as_of))


def _what_if(base: Project, version: str | None, build_name: str) -> Project:
    """What is to be built; what is wrong with its definition is said before."""
    vars_asked = replace(base.vars, funnel_version=version)
    what_if = replace(base, vars=vars_asked, trial=build_name)
    checked(what_if)
    return what_if


def _check_warehouse(
    project: Project, last: Publication, published_build: str
) -> tuple[str, ...]:
    """Notes on whether the warehouse still holds what was published."""
    connection = warehouse.connect(project, read_only=True)
    try:
        if not is_built(connection, published_build):
            raise LeadFunnelError(
                f"{project.warehouse} does not hold the reading that is published: "
                "`make run` builds it again."
            )
        loaded = _last_load(connection)
    finally:
        connection.close()
    built_at = datetime.fromisoformat(last.built_at).replace(tzinfo=None)
    if loaded is not None and loaded > built_at:
        return (
            "Raw data was loaded after the last publication, so some differences come "
            "from the data: run first, then compare.",
        )
    return ()


def _last_load(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    tables = connection.execute(
        "select schema_name, table_name from duckdb_columns() "
        "where database_name = current_database() "
        "and starts_with(schema_name, 'raw_') and column_name = '_loaded_at' "
        "order by all"
    ).fetchall()
    instants = []
    for schema, table in tables:
        name = f"{warehouse.quoted(schema)}.{warehouse.quoted(table)}"
        [(loaded,)] = connection.execute(
            f"select max(_loaded_at) from {name}"
        ).fetchall()
        if loaded is not None:
            instants.append(loaded)
    return max(instants, default=None)


def build(planned: Plan, say: Say) -> None:
    """Build the sides that are not there, in schemas of their own."""
    from orchestration.run.lock import locked
    from orchestration.settings.run_settings import write_definition, write_settings
    from orchestration.transformation import dbt_runner

    with locked(planned.project):
        for project in planned.to_build:
            named = project.vars.funnel_version
            what = f"the version {named}" if named else "the definition as it stands"
            say(f"Reading the data with {what}")
            write_settings(project)
            write_definition(project)
            results = dbt_runner.build(
                project, SELECTION, full_refresh=True, on_node=say
            )
            sentence = dbt_runner.failure_sentence(results)
            if sentence:
                raise LeadFunnelError(f"The what-if could not be built. {sentence}")


@contextmanager
def opened(planned: Plan) -> Iterator[Compared]:
    """Both sides on one connection that writes nothing."""
    connection = warehouse.connect(planned.project, read_only=True)
    try:
        if planned.before.database:
            place = warehouse.literal(str(planned.project.published_database))
            connection.execute(
                f"attach {place} as {planned.before.database} (read_only)"
            )
        yield Compared(connection, planned.before, planned.after)
    finally:
        connection.close()
