"""Tables that others landed in a Postgres: what each load brings of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest

from orchestration.commands.check_sources import findings_of
from orchestration.errors import LeadFunnelError
from orchestration.live import database as databases
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.project import Project
from tests import job
from tests.databases import company
from tests.databases.company import AS_OF, Told
from tests.incremental.story import differences
from tests.postgres.conftest import Database
from tests.postgres.server import PASSWORD, PLAIN_PASSWORD

READER = "reader"
VARIABLE = "LEAD_FUNNEL_SOURCE_SALESFORCE"
TYPES = {bool: "boolean", float: "numeric", str: "text", datetime: "timestamptz"}


@dataclass
class Landed:
    """A schema that a loader fills, and what reads it."""

    database: Database
    schema: str
    spelled: Callable[[str], str]
    """How the loader writes a name."""
    own: Callable[[Told], dict[str, Any]]
    """The loader's own columns of a row."""

    def write(self, day: Iterable[Told]) -> None:
        """Rows that are new or others, by their id."""
        statements = [f'create schema if not exists "{self.schema}";']
        for told in day:
            row = {self.spelled(name): value for name, value in told.row.items()}
            row |= self.own(told)
            place = f'"{self.schema}"."{self.table(told.table)}"'
            columns = ", ".join(f'"{n}" {kind_of(n, v)}' for n, v in row.items())
            key = f'"{self.spelled("id")}" = {literal(told.row["id"])}'
            values = ", ".join(map(literal, row.values()))
            statements += [
                f"create table if not exists {place} ({columns});",
                f"delete from {place} where {key};",
                f"insert into {place} values ({values});",
            ]
        self.database.psql("set client_min_messages = error;" + "\n".join(statements))
        self.allow()

    def table(self, name: str) -> str:
        return name if self.schema == "fivetran" else self.spelled(name)

    def allow(self) -> None:
        self.database.psql(
            f'grant usage on schema "{self.schema}" to {READER};'
            f'grant select on all tables in schema "{self.schema}" to {READER}'
        )

    def forget(self, table: str, key: str) -> None:
        place = f'"{self.schema}"."{self.table(table)}"'
        self.database.psql(
            f"delete from {place} where \"{self.spelled('id')}\" = '{key}'"
        )


def kind_of(name: str, value: Any) -> str:
    if value is None:
        return "timestamptz" if name.endswith(("_at", "Date")) else "text"
    return "jsonb" if isinstance(value, dict) else TYPES[type(value)]


def literal(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool | float):
        return str(value)
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    return "'" + text.replace("'", "''") + "'"


def camel(name: str) -> str:
    """LeadHistory, IsDeleted, Score__c: Airbyte keeps Salesforce's names."""
    custom = name.endswith("_c")
    plain = name.removesuffix("_c") if custom else name
    return "".join(part.title() for part in plain.split("_")) + "__c" * custom


@pytest.fixture
def reader(database: Database):
    database.psql(f"create role {READER} login password '{PLAIN_PASSWORD}'")
    yield database
    database.psql(f"drop owned by {READER}; drop role {READER}")


@pytest.fixture
def fivetran(reader: Database) -> Landed:
    return Landed(
        reader,
        "fivetran",
        lambda name: name,
        lambda told: {
            "_fivetran_deleted": told.is_deleted,
            "_fivetran_synced": told.synced,
        },
    )


@pytest.fixture
def airbyte(reader: Database) -> Landed:
    return Landed(
        reader,
        "airbyte",
        camel,
        lambda told: {
            "_airbyte_raw_id": f"{told.row['id']} {told.synced}",
            "_airbyte_extracted_at": told.synced,
            "_airbyte_meta": {"changes": []},
            "_ab_cdc_deleted_at": (
                told.synced.strftime("%Y-%m-%dT%H:%M:%SZ") if told.is_deleted else None
            ),
        },
    )


def source(landed: Landed, user: str = READER, password: str = PASSWORD):
    url = landed.database.url(user, password) + f"?schema={landed.schema}"
    [found] = databases.sources({VARIABLE: url})
    return found


def loaded(project: Project, landed: Landed) -> dict[str, int]:
    rows = load(project, source(landed)).rows
    return {table: count for table, count in rows.items() if count}


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, out=tmp_path / "out")


def stored(project: Project, table: str, columns: str) -> list[tuple]:
    folder = project.landed / "salesforce" / table
    return duckdb.sql(
        f"select {columns} from read_parquet('{folder}/*.parquet', "
        "union_by_name = true) order by all"
    ).fetchall()


def test_each_load_brings_what_was_written_since(fivetran, project):
    """Rows that share the newest instant, and late ones, are neither lost nor loaded
    twice."""
    counts = []
    for day in company.days():
        fivetran.write(day)
        counts += [loaded(project, fivetran), loaded(project, fivetran)]
    assert counts == [
        {"user": 2, "lead": 24, "lead_history": 24}, {},
        {"lead": 15, "lead_history": 13, "task": 6}, {},
        {"user": 1, "lead": 4, "lead_history": 2, "task": 1}, {},
    ]  # fmt: skip


def test_values_are_text_that_says_what_they_were(fivetran, project):
    fivetran.write(next(company.days()))
    fivetran.database.psql(
        "alter table fivetran.lead add tags text[] default '{a,b}', "
        'add parts jsonb default \'{"city": "東京"}\', add day date default '
        "'2026-04-01', add seen timestamp default '2026-04-01 09:00', "
        "add blank text default '', add number bigint default 12345678901234567"
    )
    load(project, source(fivetran))
    columns = (
        "created_date, is_deleted, score_c, tags, parts, day, seen, blank, number, "
        "name, master_record_id"
    )
    rows = {row[0]: row[1:] for row in stored(project, "lead", f"id, {columns}")}
    row = rows[company.lead_id(3)]
    assert row == (
        "2026-04-01T16:00:00Z", "false", "31.5", '["a", "b"]', '{"city": "東京"}',
        "2026-04-01", "2026-04-01T09:00:00Z", None, "12345678901234567",
        "Lead 3 佐藤", None,
    )  # fmt: skip


def test_rows_that_vanish_from_the_database_stay(fivetran, project):
    fivetran.write(next(company.days()))
    load(project, source(fivetran))
    table, key = company.VANISHED
    fivetran.forget(table, key)
    assert loaded(project, fivetran) == {}
    assert (key,) in stored(project, table, "id")


@pytest.mark.parametrize("synced", ["_fivetran_synced", "created_date"])
def test_a_load_goes_on_behind_what_an_interrupted_one_brought(
    fivetran, project, monkeypatch, synced
):
    """Of rows of one instant, and of rows hours apart, none is lost."""
    from orchestration.live.database import reading

    monkeypatch.setattr(reading, "CHUNK_ROWS", 10)
    fivetran.write(next(company.days()))
    fivetran.database.psql(f"update fivetran.lead set _fivetran_synced = {synced}")
    interrupted = source(fivetran)
    pages = interrupted.pages

    def some(table, place):
        with closing(pages(table, place)) as found:
            for number, page in enumerate(found):
                if table == "lead" and number == 1:
                    raise PassingError("The database went away.")
                yield page

    monkeypatch.setattr(interrupted, "pages", some)
    with pytest.raises(PassingError):
        load(project, interrupted)
    assert len(stored(project, "lead", "id")) == 10
    assert loaded(project, fivetran)["lead"] == 14
    assert len({key for (key,) in stored(project, "lead", "id")}) == 24


@pytest.mark.parametrize("most", [50_000, 5])
def test_a_table_without_an_instant_is_read_whole_and_kept_where_it_changed(
    fivetran, project, monkeypatch, most
):
    """Also where it has more rows than are remembered one by one."""
    from orchestration.live.database import news

    monkeypatch.setattr(news, "MOST_REMEMBERED", most)
    fivetran.write(next(company.days()))
    fivetran.database.psql("alter table fivetran.lead drop column _fivetran_synced")
    assert loaded(project, fivetran)["lead"] == 24
    assert loaded(project, fivetran) == {}
    one = f"where id = '{company.lead_id(1)}'"
    for status in ("Accepted", "MQL"):
        fivetran.database.psql(f"update fivetran.lead set status = '{status}' {one}")
        assert loaded(project, fivetran) == {"lead": 1 if most > 5 else 24}
    # The last load counts, though an earlier one said the same.
    last = sorted(stored(project, "lead", "_extracted_at, id, status"))
    assert [each[2] for each in last if each[1] == company.lead_id(1)][-1] == "MQL"


@pytest.mark.parametrize("most", [50_000, 5])
def test_a_whole_table_of_one_instant_is_loaded_once(
    fivetran, project, monkeypatch, most
):
    from orchestration.live.database import news

    monkeypatch.setattr(news, "MOST_REMEMBERED", most)
    fivetran.write(next(company.days()))
    assert loaded(project, fivetran)["lead"] == 24
    assert loaded(project, fivetran) == {}
    later = company.SYNC + timedelta(minutes=5)
    fivetran.write([Told("lead", company.lead(90, "MQL", 1), later)])
    assert loaded(project, fivetran) == {"lead": 1}
    same = company.SYNC
    fivetran.write([Told("lead", company.lead(91, "MQL", 1), same)])
    count = loaded(project, fivetran)
    assert count == {"lead": 1 if most > 5 else 26}
    assert (company.lead_id(91),) in stored(project, "lead", "id")


def test_the_id_of_a_dlt_load_tells_what_is_new(fivetran, project):
    fivetran.write(next(company.days()))
    fivetran.database.psql(
        "alter table fivetran.lead drop column _fivetran_synced, "
        "add _dlt_load_id text default '1775779200.123456'"
    )
    assert loaded(project, fivetran)["lead"] == 24
    fivetran.database.psql(
        "insert into fivetran.lead (id, created_date, _dlt_load_id) "
        "select 'later', created_date, '1775782900.5' from fivetran.lead limit 1"
    )
    assert loaded(project, fivetran) == {"lead": 1}


def test_a_loader_of_other_names_and_new_columns_is_understood(airbyte, project):
    days = list(company.days())
    airbyte.write(days[0])
    load(project, source(airbyte))
    airbyte.database.psql('alter table airbyte."Lead" add "Region__c" text')
    airbyte.database.psql(
        'update airbyte."Lead" set "Region__c" = \'関東\', '
        '"_airbyte_extracted_at" = \'2026-04-11\' where "Id" = '
        f"'{company.lead_id(1)}'"
    )
    again = load(project, source(airbyte))
    assert {table: n for table, n in again.rows.items() if n} == {"lead": 1}
    assert [note for note in again.notes if "Region__c" in note or "region__c" in note]


# What is said.


def test_check_sources_says_what_is_there_and_what_is_not(fivetran):
    fivetran.write(next(company.days()))
    fivetran.database.psql("create table fivetran.unknown (id text)")
    fivetran.database.psql(f"revoke select on fivetran.user from {READER}")
    found = findings_of(source(fivetran))
    kinds = {each.sentence: each.kind for each in found}
    assert [sentence for sentence, kind in kinds.items() if kind == "error"] == [
        "fivetran.user cannot be read (permission denied for table user): let the "
        f"user of {VARIABLE} select from it (docs/connecting-databases.md)."
    ]
    assert (
        "fivetran.lead is lead: written last at 2026-04-10 00:00:00+00:00 "
        "(_fivetran_synced)."
    ) in kinds
    [absent] = [sentence for sentence, kind in kinds.items() if kind == "warning"]
    assert absent.startswith("Not there, and so taken as empty: contact, account, ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("drop table fivetran.lead", "has no table 'lead', which holds"),
        ("drop schema fivetran cascade", "has no table 'lead', which holds"),
        (
            f"revoke select on fivetran.lead from {READER}",
            "let the user of LEAD_FUNNEL_SOURCE_SALESFORCE select from it",
        ),
    ],
)
def test_a_load_says_what_is_missing(fivetran, project, change, said):
    fivetran.write(next(company.days()))
    fivetran.database.psql("set client_min_messages = error;" + change)
    with pytest.raises(LeadFunnelError, match=said):
        load(project, source(fivetran))


def test_a_password_is_never_said(fivetran, project, capfd):
    fivetran.write(next(company.days()))
    secret = "mark%2FER%40wrong"
    texts = []
    for user, password in ((READER, secret), ("nobody", secret)):
        wrong = source(fivetran, user, password)
        with pytest.raises(LeadFunnelError) as error:
            load(project, wrong)
        assert not isinstance(error.value, PassingError)
        assert "Correct user and password" in str(error.value)
        texts += [str(error.value), repr(wrong), repr(wrong.address)]
        texts += [each.sentence for each in findings_of(wrong)]
    elsewhere = f"postgresql://{READER}:{secret}@127.0.0.1:1/bi"
    [gone] = databases.sources({VARIABLE: elsewhere})
    with pytest.raises(PassingError) as error:
        load(project, gone)
    texts += [str(error.value), *capfd.readouterr()]
    # dlt's own files, too.
    texts += [
        path.read_text(errors="replace")
        for path in project.out.rglob("*")
        if path.is_file()
    ]
    for text in texts:
        assert "mark" not in text and "ER@wrong" not in text


def test_nothing_is_written_to_the_database(fivetran):
    import sqlalchemy as sa

    fivetran.write(next(company.days()))
    engine = source(fivetran, "postgres")._connected()
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError) as error:
        connection.execute(sa.text("delete from fivetran.lead"))
    assert "read-only transaction" in str(error.value)
    engine.dispose()


# The same company, whichever way it comes.


@pytest.mark.exhaustive
def test_the_public_tables_are_those_of_the_same_company_as_files(
    fivetran, airbyte, tmp_path
):
    """Fivetran's layout in three loads, Airbyte's in one, against CSV."""
    variables = {"LEAD_FUNNEL_VARS": json.dumps({"as_of": AS_OF})}

    def made(name: str, landing=None) -> Project:
        (tmp_path / name).mkdir()
        empty = tmp_path / name / "landing"
        empty.mkdir()
        return Project.from_environment(
            variables, landing=landing or empty, out=tmp_path / name / "out"
        )

    files = job.build(made("files", company.as_files(tmp_path / "exports")))
    three = made("fivetran")
    for number, day in enumerate(company.days()):
        fivetran.write(day)
        if number == 2:
            fivetran.forget(*company.VANISHED)
        load(three, source(fivetran))
    one = made("airbyte")
    airbyte.write(company.as_told_last().values())
    load(one, source(airbyte))
    for project in (three, one):
        assert differences(job.build(project), files) == []
    with duckdb.connect(str(files), read_only=True) as connection:
        outcomes = connection.sql(
            "select outcome, count(*) from marts.fct_lead_lifecycles "
            "where outcome is not null group by all order by all"
        ).fetchall()
    assert len(outcomes) >= 3
