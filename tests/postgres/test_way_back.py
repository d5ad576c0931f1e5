"""Who goes back to an earlier publication takes the copy in Postgres along."""

from __future__ import annotations

import pytest

from orchestration.project import Project
from orchestration.publication import kept, publications
from orchestration.publication.postgres import address
from orchestration.publication.publications import PublicTable
from orchestration.transformation import dbt_runner
from tests.end_to_end.command import in_process
from tests.postgres.conftest import Database
from tests.postgres.published import (
    TABLES,
    change,
    copied,
    make,
    ordered,
    rows_in_file,
    rows_in_postgres,
)

FRESH = PublicTable("marts", "mart_fresh", "One row.", key=("one",))
LEADS = "select string_agg(lead_id, ' ' order by lead_id) from marts.fct_leads"
STATUSES = "select status from marts.fct_leads where lead_id = 'l2'"
NAMES = "select string_agg(full_name, ' ' order by full_name) from marts_pii."
NAMES += "dim_people_pii"
HAS_FRESH = "select count(*) from pg_tables where tablename = 'mart_fresh'"


@pytest.fixture
def twice(tmp_path, database: Database, monkeypatch) -> Project:
    """Two publications: a lead came and one went, one is told otherwise, a person and
    a table are new. Postgres has the second."""
    tables = [*TABLES, FRESH]
    # What the models say is public now, as dbt's manifest would.
    monkeypatch.setattr(publications, "public_tables", lambda _: tables)
    monkeypatch.setattr(dbt_runner, "manifest_json", lambda _: {})
    monkeypatch.setenv(address.URL, database.url())
    project = make(Project.from_environment({}, out=tmp_path / "out"))
    copied(project, database)
    change(
        project,
        "delete from marts.fct_leads where lead_id = 'l1';"
        "insert into marts.fct_leads (lead_id, status) values ('l6', 'new');"
        "update marts.fct_leads set status = 'won' where lead_id = 'l2';"
        "insert into marts_pii.dim_people_pii values ('p3', 'Kim');"
        "create table marts.mart_fresh as select 1 as one",
        tables,
    )
    copied(project, database, tables)
    return project


def told(database: Database) -> tuple[str, ...]:
    return tuple(map(database.psql, (LEADS, STATUSES, NAMES, HAS_FRESH)))


FIRST = (
    "l1 l2 l3 l4 l5",
    "tab\there, line\nthere, back\\slash",
    "O'Brien 佐藤 花子",
    "0",
)
SECOND = ("l2 l3 l4 l5 l6", "won", "Kim O'Brien 佐藤 花子", "1")


def say(project: Project, *arguments: str) -> str:
    done = in_process(*arguments, out=project.out)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_a_rollback_takes_postgres_along_and_a_release_back(
    twice: Project, database: Database
) -> None:
    assert told(database) == SECOND
    said = say(twice, "rollback", "--hold", "--reason", "wrong SLA")
    assert said.endswith("shows it, too.")
    assert told(database) == FIRST
    for table in TABLES:
        there = rows_in_postgres(twice, database, table.schema, table.name)
        here = rows_in_file(twice, table.schema, table.name)
        # Postgres has no character 0.
        told_here = [text.replace(r"\x00", "") for text in ordered(here)]
        assert ordered(there) == sorted(told_here), table.name
    assert "schema marts, shows the same." in say(twice, "status")
    assert say(twice, "rollback", "--release").endswith("shows it, too.")
    assert told(database) == SECOND


@pytest.mark.parametrize("hold", [(), ("--hold",)])
def test_where_postgres_does_not_go_along_it_is_said_and_can_be_done_again(
    twice: Project, database: Database, monkeypatch, hold
) -> None:
    newest, first = kept.publications(twice)
    monkeypatch.setenv(address.URL, "postgresql://nobody@127.0.0.1:1/bi")
    said = say(twice, "rollback", *hold)
    assert said.startswith(f"Readers see {first.id}")
    assert "Postgres still shows what it showed." in said
    again = " ".join(("rollback", first.id, *hold))
    assert f"`lead-funnel {again}` brings it there, too." in said
    assert told(database) == SECOND
    monkeypatch.setenv(address.URL, database.url())
    assert "shows another publication" in say(twice, "status")
    assert say(twice, *again.split()).endswith("shows it, too.")
    assert told(database) == FIRST
    # Only who went back may do so again.
    assert say(twice, "rollback", "--release").endswith("shows it, too.")
    done = in_process("rollback", newest.id, out=twice.out)
    assert "is what is published already" in done.stderr
