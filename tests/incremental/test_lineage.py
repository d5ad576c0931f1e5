"""Which models a run after a change builds, where and when."""

from __future__ import annotations

import pytest

from orchestration.increment.lineage import Kind, Lineage, owner_column, rows_of
from orchestration.project import Project
from orchestration.transformation import dbt_runner

M, T, S = "model.lead_funnel.", "test.lead_funnel.", "source.lead_funnel."


def model(
    *reads: str, rows_of: str | None = None, folder: str = "intermediate", **config
) -> dict:
    return {
        "resource_type": "model",
        "original_file_path": f"models/{folder}/x.sql",
        "depends_on": {"nodes": list(reads)},
        "config": {"meta": {"rows_of": rows_of}, "materialized": "table", **config},
    }


def test_(*reads: str) -> dict:
    return {"resource_type": "test", "depends_on": {"nodes": list(reads)}}


test_.__test__ = False

MANIFEST = {
    "nodes": {
        f"{M}events": model(f"{S}raw", rows_of="record", folder="input_layer"),
        f"{M}users": model(f"{S}raw", folder="input_layer"),
        f"{M}calendar": model(f"{M}events"),
        f"{M}read": model(f"{M}events", f"{M}calendar", rows_of="record"),
        f"{M}places": model(f"{M}read", rows_of="nobody"),
        f"{M}people": model(f"{M}read", f"{M}places", f"{M}users", rows_of="person"),
        f"{M}shown": model(f"{M}people", rows_of="person", materialized="view"),
        f"{M}mart": model(f"{M}people"),
        f"{M}compared": model(f"{M}read", f"{M}mart", rows_of="person"),
        f"{T}of_people": test_(f"{M}people", f"{M}events"),
        f"{T}of_all": test_(f"{M}people", f"{M}mart"),
        f"{T}of_places": test_(f"{M}places"),
        f"{T}of_users": test_(f"{M}users"),
    },
    "sources": {},
}


def named(unique_ids) -> set[str]:
    return {item.split(".")[-1] for item in unique_ids}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("events", Kind.INPUT),
        ("users", Kind.LOOKED_UP),
        ("calendar", Kind.LOOKED_UP),
        ("read", Kind.PERSON),
        ("places", Kind.ANYWHERE),
        ("people", Kind.PERSON),
        ("shown", Kind.PERSON),
        ("mart", Kind.WHOLE),
        # It says whose rows it holds, but needs what is only known of everybody.
        ("compared", Kind.WHOLE),
    ],
)
def test_how_a_table_is_brought_up_to_date(name: str, kind: Kind) -> None:
    assert Lineage(MANIFEST).kinds[f"{M}{name}"] is kind


@pytest.mark.parametrize(
    ("test", "phase"),
    [
        ("of_people", Kind.PERSON),
        ("of_all", Kind.WHOLE),
        ("of_places", Kind.WHOLE),
        ("of_users", Kind.LOOKED_UP),
    ],
)
def test_when_a_test_is_made(test: str, phase: Kind) -> None:
    assert Lineage(MANIFEST).phase_of_test(f"{T}{test}") is phase


def test_the_slice_holds_what_is_read_and_not_built_there() -> None:
    assert named(Lineage(MANIFEST).read_in_slice) == {"events", "users", "calendar"}


@pytest.mark.parametrize(
    ("owed", "affected"),
    [
        ([], set()),
        # Tables of people are others only where they were folded.
        (
            [f"{S}raw"],
            {"events", "users", "calendar", "of_people", "of_users"},
        ),
        (
            [f"{M}people"],
            {"people", "shown", "mart", "compared", "of_people", "of_all"},
        ),
        ([f"{M}read"], {"read", "places", "compared", "of_places"}),
    ],
)
def test_what_may_be_another(owed: list[str], affected: set[str]) -> None:
    assert named(Lineage(MANIFEST).affected(frozenset(owed))) - {"raw"} == affected


def test_where_nothing_is_known_everything_may_be_another() -> None:
    found = Lineage(MANIFEST).affected(None)
    assert found == frozenset(MANIFEST["nodes"])


def test_keys_are_those_that_tests_name() -> None:
    tests = {
        f"{T}a": ("unique", {"column_name": "id"}),
        f"{T}b": ("unique_combination", {"columns": ["person_key", "event_no"]}),
    }
    manifest = {
        "nodes": {
            **MANIFEST["nodes"],
            **{
                name: {
                    **test_(f"{M}people"),
                    "attached_node": f"{M}people",
                    "test_metadata": {
                        "name": "unique"
                        if "column_name" in given
                        else "unique_combination",
                        "kwargs": given,
                    },
                }
                for name, (kind, given) in tests.items()
            },
        }
    }
    assert Lineage(manifest).keys_of(f"{M}people") == [
        ("id",),
        ("person_key", "event_no"),
    ]


# The project's own models.


@pytest.fixture(scope="module")
def lineage(tmp_path_factory) -> Lineage:
    project = Project.from_environment({}, out=tmp_path_factory.mktemp("out"))
    return Lineage(dbt_runner.manifest_json(project))


def test_who_says_whose_rows_it_holds_reads_nothing_of_everybody(
    lineage: Lineage,
) -> None:
    """Such a model would be built for everybody on every run."""
    wrong = [
        node["name"]
        for unique_id, node in lineage.nodes.items()
        if rows_of(node) in ("record", "person")
        and lineage.kinds[unique_id] is Kind.WHOLE
    ]
    assert wrong == [], (
        f"{wrong} say in meta.rows_of whose rows they hold, but read what is only "
        "known of everybody: read something else, or say nothing."
    )


def test_who_says_whose_rows_it_holds_has_a_column_for_it(lineage: Lineage) -> None:
    for unique_id in lineage.of_kind(Kind.INPUT, Kind.PERSON):
        node = lineage.nodes[unique_id]
        columns = node["columns"]
        if columns and node["config"]["contract"]["enforced"]:
            assert owner_column(node, columns) in columns, node["name"]


def test_public_tables_of_people_have_keys_that_the_fold_asks_for(
    lineage: Lineage,
) -> None:
    for unique_id in lineage.of_kind(Kind.PERSON):
        node = lineage.nodes[unique_id]
        if node["config"]["schema"] in ("marts", "marts_pii"):
            assert lineage.keys_of(unique_id), node["name"]
