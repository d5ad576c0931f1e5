"""What stands in Postgres after a copy, and what a further one changes."""

from dataclasses import replace

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.project import RunVars
from orchestration.publication import publications
from orchestration.publication.postgres.address import SCHEMA
from tests.postgres.published import (
    DAYS,
    LEADS,
    PEOPLE,
    TABLES,
    change,
    copied,
    make,
    ordered,
    rows_in_file,
    rows_in_postgres,
)
from tests.postgres.server import PsqlError


@pytest.fixture
def project(project):
    return make(project)


def without_nul(rows):
    return [
        tuple(v.replace("\0", "") if isinstance(v, str) else v for v in row)
        for row in rows
    ]


def is_equal(project, database, tables=TABLES):
    for table in tables:
        there = rows_in_postgres(project, database, table.schema, table.name)
        here = without_nul(rows_in_file(project, table.schema, table.name))
        assert here and ordered(there) == ordered(here)


def test_every_value_arrives_as_it_is(project, database):
    done = copied(project, database)
    assert done.written == {"fct_leads": 5, "mart_days": 100, "dim_people_pii": 2}
    is_equal(project, database)


def test_names_that_a_setting_leaves_out_go_from_postgres_too(project, database):
    copied(project, database)
    left_out = replace(project, vars=RunVars(publish_personal_data=False))
    publications.publish(left_out, TABLES)
    copied(left_out, database)
    there = "select coalesce(to_regclass('marts_pii.dim_people_pii')::text, 'gone')"
    assert database.psql(there) == "gone"
    is_equal(project, database, [LEADS, DAYS])


def test_types_are_those_of_the_file(project, database):
    copied(project, database)
    said = database.psql(
        "select string_agg(format_type(atttypid, atttypmod), ', ' order by attnum) "
        "from pg_attribute where attrelid = 'marts.fct_leads'::regclass and attnum > 0"
    )
    assert said == (
        "text, text, text, boolean, bigint, integer, double precision, date, "
        "timestamp without time zone, numeric(18,2), numeric(28,12), numeric(32,2), "
        "numeric(18,12), numeric(9,4), numeric(18,8)"
    )


def test_a_type_that_nobody_has_thought_of_names_its_column(project, database):
    change(project, "alter table marts.mart_days add column part time")
    with pytest.raises(LeadFunnelError, match=r"mart_days.part.*TIME"):
        copied(project, database)


def test_keys_constraints_indexes_and_comments_are_there(project, database):
    copied(project, database)
    keys = database.psql(
        "select conrelid::regclass || ' ' || pg_get_constraintdef(oid) "
        "from pg_constraint where contype = 'p' and "
        "conrelid::regclass::text ~ '^marts(_pii)?.(fct|mart|dim)' order by 1"
    )
    assert keys.splitlines() == [
        "marts.fct_leads PRIMARY KEY (lead_id)",
        "marts.mart_days PRIMARY KEY (day, campaign_id)",
        "marts_pii.dim_people_pii PRIMARY KEY (person_id)",
    ]
    indexes = database.psql(
        "select indexdef from pg_indexes where indexname like '%_idx' order by 1"
    )
    assert indexes.splitlines() == [
        "CREATE INDEX fct_leads_person_id_idx ON marts.fct_leads "
        "USING btree (person_id)",
        "CREATE INDEX mart_days_campaign_id_idx ON marts.mart_days "
        "USING btree (campaign_id)",
    ]
    never_null = database.psql(
        "select attname from pg_attribute where attnotnull and attnum > 0 "
        "and attrelid = 'marts.fct_leads'::regclass order by 1"
    )
    assert never_null.splitlines() == ["lead_id", "status"]
    comments = database.psql(
        "select coalesce(attname, 'table'), description from pg_description "
        "left join pg_attribute on attrelid = objoid and attnum = objsubid "
        "and objsubid > 0 where objoid = 'marts.fct_leads'::regclass order by objsubid"
    )
    assert comments.splitlines() == [
        "table|One row per lead. It's ours. Key: lead_id.",
        "lead_id|The key. (リードID)",
        r"status|What \ it is. (状態)",
    ]


def test_the_database_says_what_it_shows(project, database):
    copied(project, database)
    done = publications.published(project)
    assert database.psql("select publication_id, engine from marts.publication") == (
        f"{done.id}|duckdb"
    )
    told = database.psql(
        "select table_schema, table_name, row_count, publication_id "
        "from marts.publication_tables order by 1, 2"
    )
    assert told.splitlines() == [
        f"marts|fct_leads|5|{done.id}",
        f"marts|mart_days|100|{done.id}",
        f"marts_pii|dim_people_pii|2|{done.id}",
    ]


def test_as_of_is_the_instant_in_utc(project, database):
    change(
        project,
        "create table marts.fct_lead_lifecycles as "
        "select timestamp '2026-04-01 15:30:00.5' as as_of",
        [*TABLES, replace(LEADS, name="fct_lead_lifecycles", key=())],
    )
    copied(project, database)
    assert database.psql("select as_of from marts.publication") == (
        "2026-04-01 15:30:00.5"
    )


def written_by(database, table):
    """The transaction that wrote each row, and the file that the table lies in."""
    return database.psql(
        f"select array_agg(distinct xmin::text order by xmin::text), "
        f"pg_relation_filenode('{table}') from {table}"
    )


PLACES = ["marts.fct_leads", "marts.mart_days", "marts_pii.dim_people_pii"]


def test_a_copy_with_nothing_new_writes_no_table(project, database):
    copied(project, database)
    before = [written_by(database, place) for place in PLACES]
    change(project, "select 1")
    assert copied(project, database).written == {}
    assert [written_by(database, place) for place in PLACES] == before
    done = publications.published(project)
    assert database.psql("select publication_id from marts.publication") == done.id


def test_only_rows_that_changed_are_written(project, database):
    copied(project, database)
    before = [written_by(database, place) for place in PLACES]
    unchanged = "select xmin from marts.fct_leads where lead_id in ('l1', 'l2', 'l5')"
    rows_before = database.psql(unchanged)
    change(
        project,
        """
        update marts.fct_leads set status = null_free.status
        from (select 'l3' as lead_id, '新規' as status) as null_free
        where fct_leads.lead_id = null_free.lead_id;
        delete from marts.fct_leads where lead_id = 'l4';
        insert into marts.fct_leads (lead_id, status) values ('l6', 'new');
        """,
    )
    assert copied(project, database).written == {"fct_leads": 5}
    is_equal(project, database)
    after = [written_by(database, place) for place in PLACES]
    assert after[0] != before[0]
    assert after[1:] == before[1:]
    assert database.psql(unchanged) == rows_before


def test_a_copy_that_was_missed_is_made_up_for(project, database):
    copied(project, database)
    change(project, "update marts.mart_days set leads = leads + 1")
    change(project, "update marts.mart_days set leads = leads + 1 where leads < 50")
    copied(project, database)
    is_equal(project, database)


def test_a_comment_alone_is_brought_up_to_date(project, database):
    copied(project, database)
    other = replace(DAYS, columns={"campaign_id": "Whose. (キャンペーン)"})
    copied(project, database, [LEADS, other, PEOPLE])
    assert database.psql(
        "select attname, col_description(attrelid, attnum) from pg_attribute "
        "where attrelid = 'marts.mart_days'::regclass and attnum > 0 order by attnum"
    ).splitlines() == ["day|", "campaign_id|Whose. (キャンペーン)", "leads|"]


def test_a_table_that_somebody_dropped_comes_back(project, database):
    copied(project, database)
    database.psql("drop table marts.mart_days")
    assert copied(project, database).written == {"mart_days": 100}
    is_equal(project, database)


def test_a_table_that_is_no_longer_published_goes(project, database):
    copied(project, database)
    change(project, "drop table marts.mart_days", [LEADS, PEOPLE])
    copied(project, database, [LEADS, PEOPLE])
    assert database.psql("select to_regclass('marts.mart_days') is null") == "t"
    assert "mart_days" not in database.psql("table marts.publication_tables")


# Columns and keys that change, and what others made on the tables.

VIEW = (
    "create schema own; create view own.open as "
    "select lead_id, status from marts.fct_leads where is_open"
)


def test_views_and_indexes_of_others_stay(project, database):
    copied(project, database)
    database.psql(f"{VIEW}; create index own_idx on marts.fct_leads (status)")
    change(
        project,
        """
        update marts.fct_leads set status = 'x' where lead_id = 'l1';
        alter table marts.fct_leads add column extra_id varchar;
        update marts.fct_leads set extra_id = 'e' || lead_id;
        """,
    )
    copied(project, database)
    is_equal(project, database)
    assert "l1|x" in database.psql("table own.open")
    assert "own_idx" in database.psql("select indexname from pg_indexes")
    assert "fct_leads_extra_id_idx" in database.psql("select indexname from pg_indexes")


@pytest.mark.parametrize(
    "statements",
    [
        "alter table marts.mart_days alter leads type double",
        "alter table marts.mart_days drop leads; "
        "alter table marts.mart_days add column leads varchar default 'many'",
        "alter table marts.mart_days alter campaign_id type integer "
        "using cast(campaign_id[2:] as integer)",
    ],
)
def test_columns_of_another_type(project, database, statements):
    copied(project, database)
    change(project, statements)
    copied(project, database)
    is_equal(project, database)
    assert "(day, campaign_id)" in database.psql(
        "select pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = 'marts.mart_days'::regclass"
    )


def test_another_key_and_another_contract(project, database):
    copied(project, database)
    change(project, "update marts.mart_days set leads = leads * 2")
    other = replace(DAYS, key=("leads",), never_null=frozenset({"leads"}))
    copied(project, database, [LEADS, other, PEOPLE])
    is_equal(project, database)
    assert database.psql(
        "select pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid = 'marts.mart_days'::regclass and contype = 'p'"
    ) == ("PRIMARY KEY (leads)")
    assert database.psql(
        "select attname from pg_attribute where attnotnull and attnum > 0 "
        "and attrelid = 'marts.mart_days'::regclass"
    ) == ("leads")


def test_a_view_on_a_column_that_goes_is_named_and_nothing_changes(project, database):
    copied(project, database)
    database.psql(VIEW)
    before = database.psql("table marts.publication; table marts.mart_days")
    change(
        project,
        "alter table marts.fct_leads drop is_open; "
        "update marts.mart_days set leads = 0",
    )
    with pytest.raises(LeadFunnelError, match=r"view own.open.*drop it, run again"):
        copied(project, database)
    assert database.psql("table marts.publication; table marts.mart_days") == before
    database.psql("drop view own.open")
    copied(project, database)
    is_equal(project, database)


# Who may read.


@pytest.fixture
def anna(database):
    database.psql("create role anna login password 'ge@heim:/'")
    return lambda command: database.psql(command, user="anna")


def test_the_readers_role_reads_the_marts_and_nothing_else(project, database, anna):
    copied(project, database)
    with pytest.raises(PsqlError, match="permission denied"):
        anna("select count(*) from marts.mart_days")
    database.psql("grant lead_funnel_reader to anna")
    assert anna("select count(*) from marts.mart_days") == "100"
    assert anna("select count(*) from marts.publication") == "1"
    for statement in (
        "select count(*) from marts_pii.dim_people_pii",
        "delete from marts.mart_days",
        "insert into marts.mart_days values ('2026-01-01', 'x', 1)",
        "truncate marts.mart_days",
        "drop table marts.mart_days",
        "create table marts.mine (i integer)",
    ):
        with pytest.raises(PsqlError, match=r"permission denied|must be owner"):
            anna(statement)


def test_personal_data_has_a_role_of_its_own(project, database, anna):
    copied(project, database)
    database.psql("grant lead_funnel_reader_pii to anna")
    assert anna("select count(*) from marts_pii.dim_people_pii") == "2"
    with pytest.raises(PsqlError, match="permission denied"):
        anna("select count(*) from marts.mart_days")
    with pytest.raises(PsqlError, match="permission denied"):
        anna("delete from marts_pii.dim_people_pii")


def test_a_table_that_comes_later_can_be_read_too(project, database, anna):
    copied(project, database, [LEADS, PEOPLE])
    copied(project, database)
    database.psql("grant lead_funnel_reader to anna")
    assert anna("select count(*) from marts.mart_days") == "100"


def test_who_may_make_no_roles_is_told_what_an_administrator_runs(
    project, database, anna
):
    database.psql("alter role publisher nocreaterole")
    try:
        done = copied(project, database)
        assert [text.split("runs: ")[1].split(";")[0] for text in done.to_do] == [
            "create role lead_funnel_reader",
            "create role lead_funnel_reader_pii",
        ]
        is_equal(project, database)
        database.psql(
            "create role lead_funnel_reader; create role lead_funnel_reader_pii;"
            "grant lead_funnel_reader to anna"
        )
        assert copied(project, database).to_do == []
        assert anna("select count(*) from marts.mart_days") == "100"
    finally:
        database.psql("alter role publisher createrole")


# What is there already.


def test_another_schema_has_roles_of_its_own(project, database, anna):
    copied(project, database, **{SCHEMA: "bi"})
    database.psql("grant lead_funnel_bi_reader to anna")
    assert anna("select count(*) from bi.mart_days") == "100"
    assert rows_in_postgres(project, database, "marts_pii", "dim_people_pii", "bi_pii")
    with pytest.raises(PsqlError, match="permission denied"):
        anna("select count(*) from bi_pii.dim_people_pii")
    assert database.psql("select to_regnamespace('marts') is null") == "t"


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("create table marts.other (i integer)", r"schema marts .*\(other\)"),
        ("create view marts.fct_leads as select 1 as lead_id", r"\(fct_leads\)"),
        ("create table marts_pii.a (i integer)", r"schema marts_pii .*\(a\)"),
        (
            "create table marts.publication (publication_id text);"
            "create table marts.publication_tables (i integer)",
            r"\(publication and publication_tables\)",
        ),
    ],
)
def test_a_schema_of_somebody_else_is_left_alone(project, database, there, named):
    database.psql(f"create schema marts; create schema marts_pii; {there}")
    before = database.psql("select oid, relname from pg_class order by 1")
    with pytest.raises(LeadFunnelError, match=named + rf".*{SCHEMA}"):
        copied(project, database)
    assert database.psql("select oid, relname from pg_class order by 1") == before
    copied(project, database, **{SCHEMA: "bi"})


def test_a_table_of_somebody_else_stays_beside_ours_but_not_in_the_way(
    project, database
):
    copied(project, database, [LEADS, PEOPLE])
    database.psql("create table marts.notes as select 1 as note")
    copied(project, database, [LEADS, PEOPLE])
    database.psql("create table marts.mart_days as select 'mine' as text")
    with pytest.raises(LeadFunnelError, match=r"\(mart_days\)"):
        copied(project, database)
    assert database.psql("select text, note from marts.mart_days, marts.notes") == (
        "mine|1"
    )


def test_empty_schemas_that_an_administrator_made_are_enough(project, database):
    database.psql(
        "alter database bi owner to postgres; create schema marts authorization "
        "publisher; create schema marts_pii authorization publisher"
    )
    copied(project, database)
    is_equal(project, database)


def test_who_may_make_no_schema_is_told_so(project, database):
    database.psql("alter database bi owner to postgres")
    with pytest.raises(LeadFunnelError, match=r"permission denied.*grant create, temp"):
        copied(project, database)


def test_a_database_that_cannot_hold_japanese_is_refused(project, database):
    database.server.psql(
        "postgres",
        "create database latin encoding 'LATIN1' template template0 owner publisher",
    )
    try:
        latin = replace(database, name="latin")
        with pytest.raises(LeadFunnelError, match=r"LATIN1.*encoding 'UTF8'"):
            copied(project, latin)
    finally:
        database.server.psql("postgres", "drop database latin with (force)")
