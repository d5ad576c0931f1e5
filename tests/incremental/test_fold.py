"""The slice's people take their places in the whole, or the whole stays as it was."""

from __future__ import annotations

import duckdb
import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.increment import fold, slice, state
from orchestration.increment.lineage import Lineage
from orchestration.project import Project

M = "model.lead_funnel."


def model(name: str, schema: str, rows_of: str, **meta: str) -> dict:
    return {
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": schema,
        "original_file_path": f"models/{schema}/{name}.sql",
        "depends_on": {"nodes": []},
        "config": {"meta": {"rows_of": rows_of, **meta}, "materialized": "table"},
        "columns": {},
    }


def unique(name: str, column: str) -> dict:
    return {
        "resource_type": "test",
        "depends_on": {"nodes": [f"{M}{name}"]},
        "attached_node": f"{M}{name}",
        "test_metadata": {"name": "unique", "kwargs": {"column_name": column}},
    }


LINEAGE = Lineage(
    {
        "nodes": {
            f"{M}int_people": model("int_people", "intermediate", "person"),
            f"{M}int_rows": model("int_rows", "intermediate", "record"),
            f"{M}fct": model("fct", "marts", "person"),
            "test.lead_funnel.fct_id": unique("fct", "fct_id"),
        },
        "sources": {},
    }
)

# Person 1 was merged with 2 and is now 1 again; 7 was never touched.
WHOLE = """
create schema intermediate;
create schema marts;
create table intermediate.int_run__clock as select
    timestamp '2026-03-02' as as_of, timestamp '2026-01-01' as earliest_at;
create table intermediate.int_people as
    from (values (1, 'one'), (7, 'seven')) as t (person_key, person_id);
create table intermediate.int_rows as
    from (values (1, 'a'), (2, 'b'), (7, 'c'), (null, 'd')) as t (record_key, says);
create table marts.fct as select *, timestamp '2026-03-01' as as_of
    from (values ('x1', 'one', 3), ('x7', 'seven', 4)) as t (fct_id, person_id, n);
"""
SLICE = """
create schema slice.settings;
create table slice.settings.batch as from (values (1), (2)) as t (record_key);
create schema slice.intermediate;
create schema slice.marts;
create table slice.intermediate.int_people as
    from (values (1, 'one'), (2, 'two')) as t (person_key, person_id);
create table slice.intermediate.int_rows as
    from (values (1, 'a'), (2, 'b')) as t (record_key, says);
create table slice.marts.fct as select *, timestamp '2026-03-02' as as_of
    from (values ('x1', 'one', 1), ('x2', 'two', 2)) as t (fct_id, person_id, n);
"""


@pytest.fixture
def cut(project: Project) -> Project:
    """A whole and a slice of it that was built."""
    with state.transaction(project) as connection:
        connection.execute("create schema settings")
        state.create(connection, project)
        connection.execute(WHOLE)
        connection.execute("insert into settings.touched_records values (1, 'x')")
    with (
        duckdb.connect(str(project.warehouse)) as connection,
        slice.attached(connection, project, read_only=False),
    ):
        connection.execute(SLICE)
    return project


def folded(project: Project) -> list[str]:
    connection = warehouse.connect(project)
    try:
        return fold.fold(connection, project, LINEAGE)
    finally:
        connection.close()


def in_slice(project: Project, sql: str) -> None:
    with duckdb.connect(str(slice.of_slice(project).warehouse)) as connection:
        connection.execute(sql)


def rows(project: Project, table: str) -> list[tuple]:
    with duckdb.connect(str(project.warehouse)) as connection:
        return connection.execute(f"from {table} order by all").fetchall()


def test_rows_of_people_as_they_were_and_are_are_replaced(cut: Project) -> None:
    assert folded(cut) == [f"{M}fct", f"{M}int_people"]
    assert rows(cut, "intermediate.int_people") == [
        (1, "one"), (2, "two"), (7, "seven"),
    ]  # fmt: skip
    assert [row[:3] for row in rows(cut, "marts.fct")] == [
        ("x1", "one", 1), ("x2", "two", 2), ("x7", "seven", 4),
    ]  # fmt: skip


def test_a_person_who_is_nobody_any_more_leaves_no_row(cut: Project) -> None:
    in_slice(cut, "delete from marts.fct; delete from intermediate.int_people")
    folded(cut)
    assert [row[0] for row in rows(cut, "marts.fct")] == ["x7"]
    assert rows(cut, "settings.changed_people") == [("one",)]


def test_what_is_owed_is_written_down_with_it(cut: Project) -> None:
    folded(cut)
    assert state.owed(cut) == {f"{M}fct", f"{M}int_people"}
    assert rows(cut, "settings.changed_people") == [("one",), ("two",)]
    assert rows(cut, "settings.touched_records") == []
    assert len(rows(cut, "settings.last_run")) == 1


def test_a_table_with_equal_rows_is_not_touched(cut: Project) -> None:
    assert f"{M}int_rows" not in folded(cut)


def test_as_of_moves_on_for_everybody(cut: Project) -> None:
    folded(cut)
    assert {str(row[3]) for row in rows(cut, "marts.fct")} == {"2026-03-02 00:00:00"}


def test_where_nobody_is_touched_only_time_moves_on(cut: Project) -> None:
    connection = warehouse.connect(cut)
    try:
        assert fold.move_on(connection, cut, LINEAGE) == [f"{M}fct"]
    finally:
        connection.close()
    assert [row[2] for row in rows(cut, "marts.fct")] == [3, 4]


@pytest.mark.parametrize(
    ("defect", "sentence"),
    [
        (
            "insert into marts.fct values ('x9', 'nine', 1, null)",
            "The model fct says that it holds rows of a person, but gave 1 rows of "
            "somebody whom this run did not look at",
        ),
        (
            "insert into intermediate.int_rows values (null, 'd')",
            "The model int_rows says that it holds rows of a record",
        ),
        (
            "update marts.fct set fct_id = 'x7' where fct_id = 'x2'",
            r"1 rows of marts.fct would have a key \(fct_id\) that is already",
        ),
    ],
    ids=["somebody else's row", "nobody's row", "somebody else's key"],
)
def test_what_is_somebody_elses_is_refused_and_the_whole_stays(
    cut: Project, defect: str, sentence: str
) -> None:
    tables = ("marts.fct", "intermediate.int_people", "settings.touched_records")
    before = [rows(cut, table) for table in tables]
    in_slice(cut, defect)
    with pytest.raises(LeadFunnelError, match=sentence):
        folded(cut)
    assert [rows(cut, table) for table in tables] == before
    assert rows(cut, "settings.owed") == []
