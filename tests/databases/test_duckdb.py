"""Tables that others landed in a DuckDB file; and how fast a first load of them is."""

import duckdb
import pytest

from orchestration import warehouse
from orchestration.commands.check_sources import findings_of
from orchestration.errors import LeadFunnelError
from orchestration.live import database
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources.raw import load_system


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, out=tmp_path / "out")


@pytest.fixture
def theirs(tmp_path):
    path = tmp_path / "theirs.duckdb"

    def run(statement):
        with duckdb.connect(str(path)) as connection:
            connection.execute(statement)

    run(
        "create schema crm;"
        "create table crm.lead as select 'L' || range as id, "
        "timestamp '2026-04-01 01:00' as created_date, 1.50::decimal(9, 2) as score_c, "
        "timestamptz '2026-05-01 00:00:00+00' + to_minutes(range % 7) "
        "as _fivetran_synced from range(25000);"
        # A view counts as a table does, and so does a table of another schema.
        "create view crm.users as select 'U1' as id, 'Sato' as name;"
        "create table main.lead_history as select 'L1' as lead_id"
    )
    return path, run


def source(path, schema="?schema=crm"):
    address = f"duckdb:///{path}{schema}"
    [found] = database.sources({"LEAD_FUNNEL_SOURCE_SALESFORCE": address})
    return found


def loaded(project, path, **more):
    rows = load(project, source(path, **more)).rows
    return {table: count for table, count in rows.items() if count}


def test_a_duckdb_file_is_loaded_like_a_database(project, theirs):
    path, run = theirs
    assert loaded(project, path) == {"lead": 25_000, "user": 1}
    assert loaded(project, path) == {}
    run(
        "insert into crm.lead select 'late', created_date, 2, "
        "max(_fivetran_synced) - interval 59 minutes from crm.lead group by 2;"
        "update crm.lead set score_c = 3, _fivetran_synced = '2026-06-01' "
        "where id = 'L5';"
        # Of a row without an instant nobody knows when it came.
        "insert into crm.lead (id) values ('never')"
    )
    assert loaded(project, path) == {"lead": 3}
    assert loaded(project, path) == {}
    files = project.landed / "salesforce" / "lead" / "*.parquet"
    assert duckdb.sql(
        "select id, created_date, score_c, _fivetran_synced "
        f"from read_parquet('{files}') where id in ('L5', 'late') order by all"
    ).fetchall() == [
        ("L5", "2026-04-01T01:00:00Z", "1.50", "2026-05-01T00:05:00Z"),
        ("L5", "2026-04-01T01:00:00Z", "3.00", "2026-06-01T00:00:00Z"),
        ("late", "2026-04-01T01:00:00Z", "2.00", "2026-04-30T23:07:00Z"),
    ]


def test_the_schemas_may_be_several_and_none(project, theirs):
    path, _ = theirs
    both = loaded(project, path, schema="?schema=crm,main")
    assert both == {"lead": 25_000, "lead_history": 1, "user": 1}
    with pytest.raises(LeadFunnelError, match="has no table 'lead'"):
        loaded(project, path, schema="")


def test_a_file_or_schema_that_is_not_there_is_said(theirs, tmp_path):
    path, _ = theirs
    [said] = findings_of(source(tmp_path / "no.duckdb"))
    assert (said.kind, "and there is none" in said.sentence) == ("error", True)
    said = findings_of(source(path, "?schema=crm2"))[-1]
    assert said.kind == "error"
    assert said.sentence.startswith("There is no schema 'crm2'")


def test_a_column_that_is_needed_is_missed_before_a_load(theirs):
    path, run = theirs
    run("alter table crm.lead drop created_date")
    [said] = [each for each in findings_of(source(path)) if each.kind == "error"]
    assert "has no column 'created_date', which is needed to know" in said.sentence


def test_lists_in_a_column_become_rows_of_their_own_tables(project, tmp_path):
    """As Airbyte lands arrays: a list, structs, or JSON, in one column."""
    path = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table contacts as select 11 as id, timestamp '2026-04-01' as "
            "created_at, "
            "timestamptz '2026-05-01 00:00:00+00' as _airbyte_extracted_at, "
            'json(\'{"lifecyclestage": [{"value": "lead", '
            '"timestamp": "2026-04-01T00:00:00Z"}]}\') as "propertiesWithHistory";'
            "create table deals as select 9 as id, [11, 12] as contacts, "
            "timestamptz '2026-05-01 00:00:00+00' as _airbyte_extracted_at;"
            "create table owners as select 7 as id, [{'id': 1, 'name': 'East', "
            "'primary': true}] as teams, json('[]') as others"
        )
    [theirs] = database.sources({"LEAD_FUNNEL_SOURCE_HUBSPOT": f"duckdb:///{path}"})
    load(project, theirs)
    read = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(project.landed)}, out=project.out
    )
    read.prepare_out()
    load_system(read, "hubspot")
    with warehouse.connect(read, read_only=True) as connection:
        rows = {
            table: connection.execute(
                f"select {columns} from raw_hubspot.{table} order by all"
            ).fetchall()
            for table, columns in {
                "contact_property_history": "contact_id, property, value, timestamp",
                "deal_contact": "deal_id, contact_id, _airbyte_extracted_at",
                "owner_team": "owner_id, team_id, name",
            }.items()
        }
    synced = "2026-05-01T00:00:00Z"
    assert rows == {
        "contact_property_history": [
            ("11", "lifecyclestage", "lead", "2026-04-01T00:00:00Z")
        ],
        "deal_contact": [("9", "11", synced), ("9", "12", synced)],
        "owner_team": [("7", "1", "East")],
    }
