"""One company in HubSpot, made up once, comes in every way that there is: its files,
Fivetran's and Airbyte's, as files and through a Postgres, and its API, in one load and
in ten. The public tables are equal row for row.

It lives through ten days with late rows, changes, deletions and merges. Here, since a
Postgres is started here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from orchestration.live import database as databases
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.publication.publications import PUBLIC_SCHEMAS
from orchestration.sources import raw
from orchestration.transformation import dbt_runner
from tests import job
from tests.hubspot import deliveries
from tests.hubspot.conftest import LAYERS
from tests.hubspot.made_up import AS_OF, DAYS, Life, loaded_at
from tests.incremental.story import OF_THE_LOAD, differences
from tests.live import account
from tests.postgres.server import PASSWORD, PLAIN_PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

READER = "reader"
BUILDS = (5,)
"""Days of ten loads on which a run builds, too: what it made, the next ones change."""
OF_A_LAYOUT = OF_THE_LOAD | {
    "mart_data_quality": (
        "* exclude (failing_since, rows_checked) from {rows} where is_last_run"
    )
}
"""How many raw rows say the same is a matter of the layout, and of how often one asks.
"""


@pytest.fixture(scope="module")
def life() -> Life:
    return Life(3)


def made(folder: Path) -> Project:
    (folder / "landing").mkdir(parents=True)
    return Project.from_environment(
        {}, landing=folder / "landing", out=folder / "out", vars={"as_of": AS_OF}
    )


@pytest.fixture(scope="module")
def as_files(life: Life, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What is published of its own files, of which each day brings new ones."""
    project = made(tmp_path_factory.mktemp("files"))
    before: deliveries.Tables = {}
    for day, known in enumerate(life.days):
        folder = project.landing / "hubspot"
        before = deliveries.write_own_files(folder, known, day, before)
        project.prepare_out()
        raw.load_system(project, "hubspot")
    job.build(project)
    return project


def unlike(found: Path, expected: Project) -> list[str]:
    """The public tables that are not those of the files."""
    right = expected.published_database.resolve()
    return differences(found.resolve(), right, PUBLIC_SCHEMAS, as_far_as=OF_A_LAYOUT)


def test_of_the_company_there_is_something_of_everything(as_files: Project) -> None:
    with duckdb.connect(str(as_files.published_database), read_only=True) as connection:
        stages = connection.execute(
            "select distinct stage from marts.fct_stage_events order by 1"
        ).fetchall()
        merged = connection.execute(
            "select record_count from marts.dim_people where record_count > 1 "
            "order by 1"
        ).fetchall()
    assert {stage for (stage,) in stages} >= {
        "inquiry", "mql", "handed_off", "sal", "opportunity", "won", "lost",
    }  # fmt: skip
    # The second one was merged once more.
    assert merged == [(3,), (5,)]


@pytest.mark.parametrize(
    "write", [deliveries.write_fivetran_files, deliveries.write_airbyte_files]
)
def test_the_files_of_loaders(write, life, as_files, tmp_path) -> None:
    project = made(tmp_path)
    write(project.landing / "hubspot", life)
    assert_told_the_same(project, as_files)


@pytest.fixture
def reader(database):
    database.psql(f"create role {READER} login password '{PLAIN_PASSWORD}'")
    yield database
    database.psql(f"drop owned by {READER}; drop role {READER}")


@pytest.mark.parametrize(
    ("schema", "syncs"),
    [
        ("fivetran", deliveries.fivetran_syncs),
        ("airbyte", deliveries.airbyte_syncs),
    ],
)
def test_a_postgres_that_a_loader_fills(
    schema, syncs, life, as_files, reader, tmp_path
) -> None:
    """Ten syncs, each of which is loaded; Airbyte's lists are arrays and jsonb."""
    landed = deliveries.Landed(reader.psql, schema, READER)
    days = list(syncs(life))
    landed.make({t: [r for day in days for r in day.get(t, [])] for t in days[-1]})
    url = f"{reader.url(READER, PASSWORD)}?schema={schema}"
    project = made(tmp_path)
    for written in days:
        landed.write(written)
        [source] = databases.sources({"LEAD_FUNNEL_SOURCE_HUBSPOT": url})
        load(project, source)
    assert unlike(job.build(project), as_files) == []


def test_ten_loads_over_the_api(life, as_files, tmp_path) -> None:
    project = made(tmp_path)
    with deliveries.account() as server:
        server.page = 17
        for day, known in enumerate(life.days):
            deliveries.show(server, known, loaded_at(day))
            load(project, account.source_of(server), package_rows=60)
            if day in BUILDS:
                job.build(project)
    assert unlike(job.build(project), as_files) == []


def test_one_load_over_the_api(life, tmp_path) -> None:
    """Who comes late is told no more of whom a merge took away: as in files that are
    exported on that day."""
    known = life.days[-1]
    live, files = made(tmp_path / "live"), made(tmp_path / "files")
    with deliveries.account() as server:
        deliveries.show(server, known, loaded_at(DAYS - 1))
        load(live, account.source_of(server))
    folder = files.landing / "hubspot"
    deliveries.write_own_files(folder, known.without_what_is_gone(), DAYS, {})
    build_input_layer(files)
    assert_told_the_same(live, files)


# No model behind the input layer knows who delivered: what is equal there is equal in
# the public tables, and costs a third of them.

ENTITIES = (
    "records", "observations", "record_links", "activities", "opportunities",
    "touches", "campaigns", "users",
)  # fmt: skip
OF_A_FILE = ("loaded_at", "has_copies", "row_key", "file_key")


def build_input_layer(project: Project) -> None:
    job.load(project)
    results = dbt_runner.build(project, [*LAYERS])
    assert dbt_runner.failure_sentence(results) is None


def input_layer(project: Project) -> dict[str, list[str]]:
    found = {}
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        for entity in ENTITIES:
            table = f"input_layer.input_layer__{entity}"
            columns = [
                name
                for name, *_ in connection.execute(f"describe {table}").fetchall()
                if name not in OF_A_FILE and not name.endswith("at_text")
            ]
            # What is deleted is in no mart; of records it may have been merged.
            kept = "not is_deleted" if entity in ("activities", "touches") else "true"
            rows = connection.execute(
                f"select {', '.join(columns)} from {table} where {kept}"
            ).fetchall()
            found[entity] = sorted(map(str, rows))
    return found


def assert_told_the_same(project: Project, expected: Project) -> None:
    build_input_layer(project)
    found, right = input_layer(project), input_layer(expected)
    for entity in ENTITIES:
        assert right[entity]
        assert found[entity] == right[entity], entity
