"""Publishing: whole, swapped at once, cleaned up after."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from orchestration.commands import status
from orchestration.errors import LeadFunnelError
from orchestration.project import Project, RunVars
from orchestration.publication import publications
from orchestration.publication.publications import PublicTable, public_tables, publish
from orchestration.transformation.dbt_runner import manifest_json

TABLES = [
    PublicTable(
        "marts",
        "dim_people",
        "One row per person.",
        {"person_id": "The key."},
    ),
    PublicTable("marts_pii", "dim_people_pii", "One row per person."),
]


@pytest.fixture
def project(tmp_path):
    project = Project.from_environment({}, landing=tmp_path / "in", out=tmp_path / "o")
    project.prepare_out()
    fill(project, "('b', 1.50), ('a', 2.25)")
    return project


def fill(project, values):
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            f"""
            create schema if not exists marts;
            create schema if not exists marts_pii;
            create or replace table marts.dim_people as
            select person_id, amount::decimal(18, 2) as amount
            from (values {values}) as v (person_id, amount);
            create or replace table marts_pii.dim_people_pii as
            select 'a' as person_id, '佐藤' as full_name;
            """
        )


def people(folder: Path):
    with duckdb.connect(str(folder / "lead_funnel.duckdb"), read_only=True) as c:
        return c.sql("from marts.dim_people order by all").fetchall()


def test_tables_are_published_whole(project):
    done = publish(project, TABLES)
    assert [str(amount) for _, amount in people(project.published)] == ["2.25", "1.50"]
    assert done.rows == {"dim_people": 2, "dim_people_pii": 1}
    file = project.published / "dim_people.parquet"
    assert duckdb.sql(f"select person_id from '{file}' order by 1").fetchall() == [
        ("a",),
        ("b",),
    ]
    said = json.loads((project.published / "publication.json").read_text())
    assert said["id"] == done.id == project.published.resolve().name


def test_status_does_not_say_that_nothing_ran_where_dagster_ran_it(project):
    """Runs of its schedules and of its page write no report of this program."""
    publish(project, TABLES)
    said = list(status.lines(project))
    assert said[-1].startswith("Dagster started what ran")
    assert not any("No run has been made" in line for line in said)


def test_descriptions_go_along(project):
    publish(project, TABLES)
    with duckdb.connect(str(project.published_database), read_only=True) as c:
        assert c.sql(
            "select comment from duckdb_tables() where table_name = 'dim_people'"
        ).fetchall() == [("One row per person.",)]
        assert c.sql(
            "select comment from duckdb_columns() where column_name = 'person_id' "
            "and comment is not null"
        ).fetchall() == [("The key.",)]


def test_a_comment_names_the_key_and_the_japanese_term():
    node = {
        "description": "One row per\n person.",
        "primary_key": ["person_id", "day"],
    }
    assert publications.table_comment(node) == (
        "One row per person. Key: person_id, day."
    )
    column = {"description": "The key.", "config": {"meta": {"label_ja": "個人ID"}}}
    assert publications.column_comment(column) == "The key. (個人ID)"
    assert publications.column_comment({"description": "The key."}) == "The key."


@pytest.mark.parametrize(
    ("comment", "label"),
    [
        ("The key. (個人ID)", "個人ID"),
        ("The key (see above). (個人ID)", "個人ID"),
        ("Key of the period (2026-03).", None),
        ("A rate (of 1)", None),
        ("", None),
        (None, None),
    ],
)
def test_a_comment_gives_the_japanese_term_back(comment, label):
    assert publications.label_of(comment) == label


def test_every_public_column_gives_its_japanese_term_back():
    manifest = manifest_json(Project.from_environment({}))
    told = {
        (node["config"]["schema"], node["name"], name): column["config"]["meta"][
            "label_ja"
        ]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for name, column in node["columns"].items()
        if "label_ja" in column["config"]["meta"]
    }
    for table in public_tables(manifest):
        for name, comment in table.columns.items():
            label = told[table.schema, table.name, name]
            assert publications.label_of(comment) == label


def test_the_file_has_the_storage_version_of_duckdb_1(project):
    publish(project, TABLES)
    with duckdb.connect() as c:
        c.execute(f"attach '{project.published_database}' as p (read_only)")
        [(tags,)] = c.sql(
            "select tags from duckdb_databases() where database_name = 'p'"
        ).fetchall()
    assert tags["storage_version"].startswith("v1.4.0")


def test_the_last_publications_are_kept(project, monkeypatch):
    names = [publish(project, TABLES).id for _ in range(6)]
    assert sorted(path.name for path in project.publications.iterdir()) == names[-5:]
    monkeypatch.setenv("LEAD_FUNNEL_KEEP_PUBLICATIONS", "2")
    names.append(publish(project, TABLES).id)
    assert sorted(path.name for path in project.publications.iterdir()) == names[-2:]
    assert project.published.resolve().name == names[-1]
    assert not project.published.readlink().is_absolute()


def test_a_publication_that_was_never_shown_is_not_the_one_that_stays(project):
    """As where a run was killed before it moved the link."""
    shown = publish(project, TABLES).id
    (project.publications / "9999 killed").mkdir()
    last = publish(project, TABLES).id
    assert {path.name for path in project.publications.iterdir()} == {shown, last}


@pytest.mark.parametrize("text", ["", "{", '{"id": "1"}', '{"of_another_version": 1}'])
def test_what_cannot_be_read_counts_as_not_published(project, text):
    publish(project, TABLES)
    (project.published / "publication.json").write_text(text)
    assert publications.published(project) is None
    publish(project, TABLES, unchanged=["dim_people"])
    assert len(people(project.published)) == 2


def test_an_open_file_outlives_its_publication(project):
    publish(project, TABLES)
    with duckdb.connect(
        str(project.published_database.resolve()), read_only=True
    ) as reader:
        fill(project, "('c', 1)")
        for _ in range(3):
            publish(project, TABLES)
        assert reader.sql("select count(*) from marts.dim_people").fetchall() == [(2,)]
    assert len(people(project.published)) == 1


def test_a_failed_copy_changes_nothing(project):
    publish(project, TABLES)
    before = project.published.resolve()
    with pytest.raises(duckdb.Error):
        publish(project, [*TABLES, PublicTable("marts", "not_there", "")])
    assert project.published.resolve() == before
    assert publications.leftovers(project)
    assert publications.remove_leftovers(project)
    assert publications.leftovers(project) == []
    assert len(people(project.published)) == 2


def test_half_a_swap_is_cleaned_up(project):
    publish(project, TABLES)
    (project.out / ".published.killed").symlink_to("publications/killed")
    publish(project, TABLES)
    assert list(project.out.glob(".published.*")) == []


BY_PERSON = [
    PublicTable("marts", "dim_people", "One row per person.", is_of_people=True),
    PublicTable("marts", "fct_lifecycles", "", is_of_people=True),
    PublicTable("marts", "mart_counts", "Rows of each day."),
    PublicTable("marts", "mart_other", "What nothing changed for."),
]


@pytest.fixture
def crowd(project):
    """A warehouse with a thousand people, published."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            """
            create schema settings;
            create table settings.changed_people (person_id varchar);
            create or replace table marts.dim_people as
            select md5(i::varchar) as person_id, i as amount from range(1000) as t (i);
            create table marts.fct_lifecycles as
            select person_id, amount % 7 as stage, date '2026-01-01' as as_of
            from marts.dim_people;
            create table marts.mart_counts as from range(5) as t (day);
            create table marts.mart_other as select 1 as one;
            """
        )
    publish(project, BY_PERSON)
    return project


def change(project, share):
    """What a run does that replaces a share of the people, and takes one away."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            f"""
            delete from settings.changed_people;
            insert into settings.changed_people
            select person_id from marts.dim_people order by person_id
            limit {int(1000 * share)};
            update marts.dim_people set amount = amount + 1 where person_id in (
                from settings.changed_people);
            delete from marts.dim_people where person_id = (
                select min(person_id) from settings.changed_people);
            delete from marts.fct_lifecycles where person_id = (
                select min(person_id) from settings.changed_people);
            insert into marts.dim_people values (md5('new'), 5);
            insert into settings.changed_people values (md5('new'));
            update marts.fct_lifecycles set as_of = as_of + 1;
            create or replace table marts.mart_counts as from range(7) as t (day);
            """
        )


def published_and_built(project):
    rows = []
    for path in (project.published_database, project.warehouse):
        with duckdb.connect(str(path), read_only=True) as connection:
            rows.append(
                {
                    table.name: connection.sql(
                        f"from marts.{table.name} order by all"
                    ).fetchall()
                    for table in BY_PERSON
                }
            )
    return rows


@pytest.fixture
def written_whole(monkeypatch):
    """The tables that are written whole, as they are."""
    written = []
    write = publications._write_table

    def noted(connection, project, table):
        written.append(table.name)
        return write(connection, project, table)

    monkeypatch.setattr(publications, "_write_table", noted)
    return written


def publish_change(project):
    return publish(
        project,
        BY_PERSON,
        unchanged=["mart_other"],
        changed_people="settings.changed_people",
    )


def test_only_rows_of_the_people_who_changed_are_written_again(crowd, written_whole):
    before = crowd.published.resolve()
    change(crowd, 0.02)
    done = publish_change(crowd)
    assert written_whole == ["mart_counts"]
    on_disk, built = published_and_built(crowd)
    assert on_disk == built
    assert done.rows == {name: len(rows) for name, rows in built.items()}
    for name, rows in built.items():
        file = crowd.published / f"{name}.parquet"
        assert duckdb.sql(f"from '{file}' order by all").fetchall() == rows
    assert people(before) != people(crowd.published)
    assert sorted(path.name for path in crowd.published.glob("lead_funnel*")) == [
        "lead_funnel.duckdb"
    ]


def test_a_table_with_many_rows_replaced_is_written_whole(crowd, written_whole):
    for share, expected in [
        (0.3, ["dim_people", "fct_lifecycles", "mart_counts"]),
        (0.2, ["mart_counts"]),
    ]:
        written_whole.clear()
        change(crowd, share)
        publish_change(crowd)
        assert written_whole == expected
        on_disk, built = published_and_built(crowd)
        assert on_disk == built


@pytest.mark.parametrize(
    "damage",
    [
        "drop table marts.dim_people",
        "delete from marts.dim_people where amount = 500",
        "alter table marts.dim_people add column other integer",
    ],
)
def test_a_publication_that_is_not_what_it_was_is_written_whole(crowd, damage):
    with duckdb.connect(str(crowd.published_database)) as connection:
        connection.execute(damage)
    change(crowd, 0.02)
    publish_change(crowd)
    on_disk, built = published_and_built(crowd)
    assert on_disk == built


def test_without_a_publication_before_all_is_written(crowd, written_whole):
    (crowd.published / "publication.json").unlink()
    change(crowd, 0.02)
    publish_change(crowd)
    assert len(written_whole) == len(BY_PERSON)


def inodes(folder: Path):
    return {
        path.name: path.stat().st_ino for path in folder.rglob("*") if path.is_file()
    }


def test_unchanged_tables_are_not_written_again(project):
    publish(project, TABLES)
    before = inodes(project.published)
    fill(project, "('c', 1)")
    done = publish(project, TABLES, unchanged=["dim_people_pii"])
    after = inodes(project.published)
    assert after["dim_people_pii.parquet"] == before["dim_people_pii.parquet"]
    assert after["dim_people.parquet"] != before["dim_people.parquet"]
    assert done.rows == {"dim_people": 1, "dim_people_pii": 1}
    assert len(people(project.published)) == 1


def test_where_no_table_changed_the_whole_publication_is_carried_over(project):
    first = publish(project, TABLES)
    before = inodes(project.published)
    second = publish(project, TABLES, unchanged=["dim_people", "dim_people_pii"])
    after = inodes(project.published)
    assert before.pop("publication.json") != after.pop("publication.json")
    assert after == before
    assert (second.rows, second.as_of) == (first.rows, first.as_of)
    assert second.id == project.published.resolve().name != first.id


def test_a_file_that_somebody_took_away_is_written_again(project):
    publish(project, TABLES)
    (project.published / "dim_people.parquet").unlink()
    publish(project, TABLES, unchanged=["dim_people", "dim_people_pii"])
    assert (project.published / "dim_people.parquet").exists()


def test_without_hard_links_files_are_copied(project, monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(publications.os, "link", refuse)
    publish(project, TABLES)
    fill(project, "('c', 1)")
    publish(project, TABLES, unchanged=["dim_people", "dim_people_pii"])
    assert len(people(project.published)) == 2


def test_a_folder_in_the_way_is_said(project):
    project.published.mkdir()
    with pytest.raises(LeadFunnelError, match="is there already: move it away"):
        publish(project, TABLES)


def test_a_warehouse_in_use_is_said(project):
    (project.out / "x").mkdir()
    project.warehouse.write_bytes(b"no database at all" * 1000)
    with pytest.raises(LeadFunnelError, match="cannot be opened"):
        publish(project, TABLES)


def test_public_tables_come_from_the_manifest():
    def node(name, schema, **more):
        return {
            "resource_type": "model",
            "name": name,
            "config": {"schema": schema, "materialized": "table"},
            "description": "One row\nper thing.",
            "columns": {"id": {"description": "Key."}},
            **more,
        }

    found = public_tables(
        {
            "nodes": {
                "a": node("fct_b", "marts"),
                "b": node("int_c", "intermediate"),
                "c": node("dim_pii", "marts_pii"),
            }
        }
    )
    assert [(table.schema, table.name) for table in found] == [
        ("marts", "fct_b"),
        ("marts_pii", "dim_pii"),
    ]
    assert found[0] == PublicTable(
        "marts", "fct_b", "One row per thing.", {"id": "Key."}
    )


@pytest.mark.parametrize(
    ("meta", "columns", "is_of_people"),
    [
        ({"rows_of": "person"}, ["person_id"], True),
        ({"rows_of": "person"}, ["person_key"], False),
        ({"rows_of": "nobody"}, ["person_id"], False),
        ({}, ["person_id"], False),
    ],
)
def test_whose_rows_a_table_holds_comes_from_the_manifest(meta, columns, is_of_people):
    node = {
        "resource_type": "model",
        "name": "fct",
        "original_file_path": "models/marts/core/fct.sql",
        "config": {"schema": "marts", "materialized": "table", "meta": meta},
        "columns": {name: {} for name in columns},
    }
    [table] = public_tables({"nodes": {"a": node}})
    assert table.is_of_people == is_of_people


def test_the_tables_of_people_are_known():
    tables = public_tables(manifest_json(Project.from_environment({})))
    assert {table.name for table in tables if table.is_of_people} == {
        "dim_people",
        "dim_people_pii",
        "fct_attributed_acceptances",
        "fct_handoffs",
        "fct_identity_links",
        "fct_lead_lifecycles",
        "fct_stage_events",
        "fct_stage_transitions",
        "fct_touches",
    }


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_names_and_addresses_are_in_a_file_that_only_its_owner_reads(project):
    publish(project, TABLES)
    shown = project.published
    with duckdb.connect(str(project.published_personal_database)) as c:
        assert c.sql("select * from marts_pii.dim_people_pii").fetchall() == [
            ("a", "佐藤")
        ]
    assert [path.name for path in (shown / "pii").iterdir()] == [
        "dim_people_pii.parquet"
    ]
    assert mode(project.published_personal_database) == 0o600
    assert (mode(shown / "pii"), mode(shown / "pii" / "dim_people_pii.parquet")) == (
        0o700,
        0o600,
    )
    # Others read the rest: the folder is as open as the one around it.
    assert mode(shown.resolve()) == mode(project.publications)
    everybody = [path for path in shown.iterdir() if "pii" not in path.name]
    assert len(everybody) == 3
    for path in everybody:
        assert "佐藤".encode() not in path.read_bytes(), path
    with duckdb.connect(str(project.published_database), read_only=True) as c:
        assert c.sql("select distinct schema_name from duckdb_tables()").fetchall() == [
            ("marts",)
        ]


def test_a_setting_leaves_names_and_addresses_out(project):
    first = publish(project, TABLES)
    assert "dim_people_pii" in first.rows
    closed = replace(project, vars=RunVars(publish_personal_data=False))
    # Nothing changed, and yet they go.
    done = publish(closed, TABLES, unchanged=["dim_people", "dim_people_pii"])
    assert done.rows == {"dim_people": 2}
    assert {path.name for path in project.published.iterdir()} == {
        "dim_people.parquet",
        "lead_funnel.duckdb",
        "publication.json",
    }
    again = publish(project, TABLES, unchanged=["dim_people", "dim_people_pii"])
    assert again.rows == first.rows
    assert mode(project.published_personal_database) == 0o600


def test_permissions_are_those_also_where_rows_are_replaced_and_carried_over(project):
    tables = [TABLES[0], replace(TABLES[1], is_of_people=True)]
    publish(project, tables)
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "create schema settings; create table settings.changed_people as "
            "select 'b' as person_id; insert into marts_pii.dim_people_pii "
            "values ('b', '鈴木')"
        )
    publish(
        project,
        tables,
        unchanged=["dim_people"],
        changed_people="settings.changed_people",
    )
    publish(project, tables, unchanged=["dim_people", "dim_people_pii"])
    for path in (
        project.published_personal_database,
        project.published / "pii" / "dim_people_pii.parquet",
    ):
        assert mode(path) == 0o600
        query = f"select count(*) from read_parquet('{path}')"
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as c:
                found = c.sql("select count(*) from marts_pii.dim_people_pii")
                assert found.fetchall() == [(2,)]
        else:
            assert duckdb.sql(query).fetchall() == [(2,)]
