"""When a run may build on the last one, and the reason it gives where not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.increment import batches
from orchestration.project import Project, RunVars
from orchestration.publication import closings, publications
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.raw import load_all
from orchestration.transformation import dbt_runner

LAYERS = ["first", "second", "last"]
LEADS = "lead_id,created_at\nL1,2026-04-01 00:00:00\n"


@pytest.fixture
def done(tmp_path: Path) -> Project:
    """A project whose last run is complete."""
    landing = tmp_path / "landing"
    write(landing / "generic" / "lead" / "one.csv", LEADS)
    write(landing / "generic" / "user.csv", "user_id\nU1\n")
    project = Project.from_environment({}, landing=landing, out=tmp_path / "out")
    load_all(project, datetime(2026, 5, 1))
    decide(project)
    with warehouse.connect(project) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_run__clock as select "
            "timestamp '2026-04-30' as as_of, timestamp '2026-04-01' as earliest_at"
        )
    complete(project)
    return project


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def decide(project: Project) -> batches.Scope:
    write_settings(project)
    write_definition(project)
    return batches.decide(project)


def complete(project: Project) -> None:
    """As if every layer had been built."""
    for layer in LAYERS:
        batches.built(project, layer, LAYERS)


def rows(project: Project, sql: str) -> list[tuple]:
    with duckdb.connect(str(project.warehouse)) as connection:
        return connection.execute(sql).fetchall()


def test_a_first_run_builds_everything(tmp_path: Path) -> None:
    project = Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )
    (tmp_path / "landing").mkdir()
    scope = decide(project)
    assert not scope.is_incremental
    assert "no complete run" in scope.sentence


def test_a_run_without_news_builds_nothing_anew(done: Project) -> None:
    load_all(done)
    scope = decide(done)
    assert scope == batches.Scope(True, "", 0, 0)
    assert rows(done, "select is_incremental, previous_as_of from settings.run") == [
        (True, datetime(2026, 4, 30))
    ]


def test_new_changed_and_gone_files_are_told_apart(done: Project) -> None:
    folder = done.landing / "generic" / "lead"
    write(folder / "two.csv", LEADS.replace("L1", "L2"))
    write(folder / "one.csv", LEADS.replace("L1", "L3"))
    load_all(done, datetime(2026, 5, 2))
    scope = decide(done)
    assert (scope.is_incremental, scope.new_files, scope.gone_files) == (True, 2, 1)
    assert "2 new and 1 gone" in scope.sentence
    assert rows(done, "select file from settings.new_files order by 1") == [
        ("generic/lead/one.csv",),
        ("generic/lead/two.csv",),
    ]


def test_the_key_of_a_gone_file_is_the_one_that_its_rows_have(done: Project) -> None:
    [(of_rows,)] = rows(
        done,
        "select distinct cast(hash(_file, _file_sha256, cast(_loaded_at as timestamp))"
        " >> 1 as bigint) from raw_generic.lead",
    )
    (done.landing / "generic" / "lead" / "one.csv").unlink()
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    assert decide(done).is_incremental
    assert rows(done, "select file_key from settings.gone_files") == [(of_rows,)]


def change_users(project: Project) -> Project:
    write(project.landing / "generic" / "user.csv", "user_id\nU2\n")
    load_all(project, datetime(2026, 5, 2))
    return project


def change_columns(project: Project) -> Project:
    write(
        project.landing / "generic" / "lead" / "two.csv",
        "Lead_Id,created_at,owner_id\nL2,2026-04-01,U1\n",
    )
    load_all(project, datetime(2026, 5, 2))
    return project


def change_definition(suffix: str) -> Callable[[Project], Project]:
    def change(project: Project) -> Project:
        folder = project.out.parent / "definition"
        write(folder / f"shared_mailboxes.add{suffix}", "local_part\nteam\n")
        return replace(project, definition=folder)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_users, "looked up in generic.user"),
        (change_columns, "the columns of generic.lead changed"),
        (change_definition(".csv"), "changed (shared_mailboxes.add.csv)"),
        (change_definition(".CSV"), "changed (shared_mailboxes.add.CSV)"),
        (
            lambda project: replace(project, vars=RunVars(reporting_currency="EUR")),
            "vars changed (reporting_currency)",
        ),
        (
            lambda project: replace(project, vars=RunVars(as_of=datetime(2026, 4, 29))),
            "as_of lies before",
        ),
    ],
    ids=["users", "columns", "definition", "definition in capitals", "vars", "as_of"],
)
def test_everything_is_built_anew_and_the_reason_told(
    done: Project, change: Callable[[Project], Project], reason: str
) -> None:
    scope = decide(change(done))
    assert not scope.is_incremental
    assert reason in scope.sentence
    # Nothing may be built on what this run has not finished.
    assert "no complete run" in decide(done).sentence


def test_a_later_as_of_builds_on_the_last_run(done: Project) -> None:
    later = replace(done, vars=RunVars(as_of=datetime(2026, 5, 30)))
    assert decide(later).is_incremental


def test_what_a_killed_run_found_is_kept_until_one_is_complete(done: Project) -> None:
    decide(done)
    with warehouse.connect(done) as connection:
        connection.execute("insert into settings.touched_records values (7, 'x')")
        connection.execute("insert into settings.replaced_people values ('p')")
    assert decide(done).is_incremental
    kept = "select * from settings.touched_records"
    assert rows(done, kept) == [(7, "x")]
    complete(done)
    assert rows(done, kept) == []
    assert rows(done, "select * from settings.replaced_people") == []


def test_rows_that_a_killed_run_added_stay_named_until_published(
    done: Project,
) -> None:
    log = "settings.unpublished_rows"
    rows(done, f"insert into {log} values ('mart_funnel_period', 'x')")
    decide(done)
    complete(done)
    assert rows(done, f"from {log}") == [("mart_funnel_period", "x")]
    batches.published(done, "p1")
    assert rows(done, f"from {log}") == []


READ = "select file from settings.read_files order by file"


def test_a_load_that_comes_between_is_the_next_runs(done: Project) -> None:
    decide(done)
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    complete(done)
    assert [name for (name,) in rows(done, READ)] == [
        "generic/lead/one.csv",
        "generic/user.csv",
    ]
    scope = decide(done)
    assert (scope.new_files, scope.gone_files) == (1, 0)


@pytest.mark.parametrize(
    "by_hand",
    [["last"], ["second", "last"], ["first", "second", "last"]],
)
def test_single_layers_that_are_built_by_hand_complete_nothing(
    done: Project, by_hand: list[str]
) -> None:
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    before = rows(done, READ)
    for layer in by_hand:
        batches.built(done, layer, LAYERS)
    assert rows(done, READ) == before
    assert decide(done).new_files == 1


def test_a_layer_that_is_built_again_asks_for_those_after_it(done: Project) -> None:
    decide(done)
    for layer in ["first", "second", "first", "last"]:
        batches.built(done, layer, LAYERS)
    assert rows(done, "from settings.decided_files") != []
    for layer in ["second", "last"]:
        batches.built(done, layer, LAYERS)
    assert rows(done, "from settings.decided_files") == []


def test_a_full_refresh_can_be_asked_for(done: Project) -> None:
    batches.forget(done)
    scope = decide(done)
    assert not scope.is_incremental
    assert batches.changed_sources(done) is None


# What need not be built at all.


def publish(project: Project) -> None:
    """As if the last run had come to its end."""
    folder = project.publications / "p1"
    folder.mkdir(parents=True)
    said = publications.Publication("p1", "", None, None, "", None, {}, {})
    (folder / "publication.json").write_text(json.dumps(asdict(said)))
    project.published.symlink_to(folder)
    batches.published(project, "p1")


def test_after_a_publication_only_changed_sources_count(done: Project) -> None:
    publish(done)
    write(done.landing / "generic" / "lead" / "two.csv", LEADS.replace("L1", "L2"))
    load_all(done, datetime(2026, 5, 2))
    decide(done)
    assert batches.changed_sources(done) == {
        "source.lead_funnel.raw_generic.lead",
        "source.lead_funnel.settings.touched_records",
        "source.lead_funnel.settings.replaced_people",
    }


def test_without_news_no_source_has_changed(done: Project) -> None:
    publish(done)
    assert decide(done).sentence.startswith("Nothing changed since the last")
    assert batches.changed_sources(done) == frozenset()


def test_a_moved_as_of_and_a_close_are_changes(done: Project) -> None:
    publish(done)
    close = closings.Close("FY26-P01", 1, "2026-05-01", "ann", "", None, "a", "b")
    folder = closings.folder_of(done, close.fiscal_period_id, 1)
    folder.mkdir(parents=True)
    (folder / "close.json").write_text(json.dumps(asdict(close)))
    for name in closings.TABLES:
        write_empty(folder / f"{name}.parquet", closings.TABLES[name])
    assert decide(done).sentence == (
        "Only what changed is built anew (the books that are closed)."
    )
    batches.published(done, "p1")
    scope = decide(replace(done, vars=RunVars(as_of=datetime(2026, 5, 30))))
    assert "anew (the books that are closed, as_of)." in scope.sentence
    changed = batches.changed_sources(done)
    assert changed is not None
    assert "source.lead_funnel.settings.run" in changed
    assert "source.lead_funnel.closings.closes" in changed
    assert "source.lead_funnel.raw_generic.lead" not in changed


def write_empty(path: Path, columns: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table empty ({columns})")
        connection.execute(f"copy empty to '{path}' (format parquet)")


@pytest.mark.parametrize("how", ["never", "killed", "another", "removed"])
def test_what_was_not_published_is_looked_at_again(done: Project, how: str) -> None:
    """A gate may have stopped the last run, or nobody knows what readers see."""
    if how != "never":
        publish(done)
    if how == "killed":
        decide(done)
    if how == "another":
        batches.published(done, "p0")
    if how == "removed":
        done.published.unlink()
    scope = decide(done)
    assert scope.is_incremental
    assert "anew (what is published is not the last run's)." in scope.sentence
    assert batches.changed_sources(done) is None


def test_a_changed_project_is_built_though_nobody_decided(
    done: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(done)
    decide(done)
    monkeypatch.setattr(dbt_runner, "fingerprint", lambda project: "another")
    assert batches.changed_sources(done) is None


def test_a_log_of_an_earlier_version_is_made_anew(done: Project) -> None:
    with warehouse.connect(done) as connection:
        connection.execute("alter table settings.last_run drop column publication")
    assert "no complete run" in decide(done).sentence


NODES = {
    "model.lead_funnel.stg": {"depends_on": {"nodes": ["source.a"]}, "config": {}},
    "model.lead_funnel.int_batch__records": {
        "depends_on": {"nodes": ["model.lead_funnel.stg"]},
        "config": {"materialized": "table", "incremental_strategy": "batch_rows"},
    },
    "model.lead_funnel.of_people": {
        "depends_on": {"nodes": ["source.b"]},
        "config": {"materialized": "incremental", "incremental_strategy": "batch_rows"},
    },
    "model.lead_funnel.mart": {
        "depends_on": {"nodes": ["model.lead_funnel.of_people"]},
        "config": {"materialized": "table"},
    },
    "model.lead_funnel.other": {"depends_on": {"nodes": ["source.b"]}, "config": {}},
    "seed.lead_funnel.stages": {"config": {}},
}


@pytest.mark.parametrize(
    ("changed", "built"),
    [
        (["source.a"], {"stg", "int_batch__records", "of_people", "mart"}),
        (["source.b"], {"of_people", "mart", "other"}),
        ([], set()),
    ],
)
def test_what_reads_a_changed_source_is_affected(
    changed: list[str], built: set[str]
) -> None:
    """Also a model that reads the batch, which it does without saying so."""
    found = batches.affected({"nodes": NODES}, frozenset(changed))
    assert found == {f"model.lead_funnel.{name}" for name in built}


@pytest.mark.parametrize(
    ("log", "touched", "are_named"),
    [
        ("replaced_people", 2, True),
        # After the last layer the same people are those to be published.
        ("unpublished_people", 2, True),
        ("replaced_people", 3, False),
        ("replaced_people", 0, True),
    ],
)
def test_few_touched_people_are_named(
    done: Project, log: str, touched: int, are_named: bool
) -> None:
    """A quarter of 8 people at the most; else everybody is looked at."""
    rows(
        done,
        "create schema marts; create table marts.dim_people as "
        "select 'p' || i as person_id from range(8) as t (i); "
        f"insert into settings.{log} select 'p' || i from range({touched}) as t (i)",
    )
    query = batches.touched_people(done)
    assert (query is not None) == are_named
    if query:
        named = sorted(rows(done, query))
        assert named == [(f"p{i}",) for i in range(touched)]


def test_where_nothing_is_known_everything_is_affected() -> None:
    assert batches.affected({"nodes": NODES}, None) is None
