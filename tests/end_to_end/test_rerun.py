"""One small folder, run as a user does: figures, reruns, errors, gates."""

import json
import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.checks import SUITES
from orchestration.defs import gates, transform
from orchestration.defs.publish import NO_REQUEST_WAITS, PUBLICATION_KEY
from orchestration.increment import state
from orchestration.project import Project, RunVars, in_environment
from orchestration.publication import kept
from orchestration.publication.publications import (
    PUBLIC_SCHEMAS,
    PublicTable,
    published,
)
from orchestration.run import phases, runner
from orchestration.run.failures import sentence_of
from orchestration.transformation import dbt_runner
from tests import job
from tests.end_to_end import small_folder
from tests.end_to_end.command import in_process, published_rows
from tests.incremental.story import differences

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


def project_of(tmp_path: Path, **settings) -> Project:
    settings = {"landing": tmp_path / "landing", "out": tmp_path / "out"} | settings
    return Project.from_environment({}, **settings)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A folder that was run once."""
    folder = tmp_path_factory.mktemp("rerun")
    small_folder.write(folder / "landing", 60)
    project = project_of(folder)
    report = runner.run(project, record=True)
    assert report.succeeded, report.sentence
    return project, report


def test_every_kind_of_lead_is_counted(done):
    project, _ = done
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        [counts] = connection.sql(
            "select sum(handed_off), sum(accepted), sum(rejected), sum(withdrawn), "
            "sum(ignored) + sum(pending) from marts.mart_funnel_cohort"
        ).fetchall()
        origins = dict(
            connection.sql(
                "select origin, count(*) from marts.fct_lead_lifecycles group by 1"
            ).fetchall()
        )
        rules = dict(
            connection.sql(
                "select rule, count(*) from marts.quarantine group by 1"
            ).fetchall()
        )
    handed_off, accepted, rejected, withdrawn, rest = map(int, counts)
    assert (handed_off + withdrawn, accepted, rejected) == (40, 10, 10)
    assert rest == 20 - withdrawn
    assert origins == {"marketing": 40, "nurture": 10, "sales": 10}
    assert rules == {
        "unknown_person": 1,
        "future_timestamp": 1,
        "missing_key": 1,
        "unmapped_status": 1,
    }


def test_section_0_running_again_gives_the_same_rows(done):
    project, _ = done
    before = published_rows(project.out)
    first = published(project)
    assert runner.run(project).succeeded
    assert published_rows(project.out) == before
    assert published(project).id != first.id
    assert len(list(project.publications.iterdir())) == 2


def test_where_nothing_changed_nothing_is_built_or_checked_again(done, monkeypatch):
    """What was built and passed stands, and the report says of it what it said."""
    project, report = done

    def refuse(*_, **__):
        raise AssertionError

    monkeypatch.setattr(gates, "run_suite", refuse)
    monkeypatch.setattr(transform.dbt_runner, "build_nodes", refuse)
    again = runner.run(project)
    assert again.succeeded, again.sentence
    assert again.checks == report.checks
    assert [step.name for step in again.steps] == [step.name for step in report.steps]
    assert [step.name for step in again.steps if step.state == "stands"] == [
        *("build_input_layer", "build_facts", "check_core"),
        *("score_acceptance", "build_marts", "check_funnel"),
    ]


def test_parquet_files_hold_the_same_rows(done):
    project, _ = done
    for table, rows in published_rows(project.out).items():
        file = project.published / PublicTable(*table.split("."), "").file
        assert duckdb.sql(f"from '{file}' order by all").fetchall() == rows, table


def test_published_columns_say_what_they_mean(done):
    project, _ = done
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        without = connection.sql(
            "select table_name, column_name from duckdb_columns() "
            "where comment is null and not internal"
        ).fetchall()
        tables = connection.sql(
            "select table_name from duckdb_tables() where comment is null"
        ).fetchall()
    assert (without, tables) == ([], [])


def test_dagster_knows_of_the_run(done):
    """`make dev` shows what `lead-funnel run` did: tables made, checks passed."""
    import dagster as dg

    project, report = done
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(project.dagster_home)
    try:
        with dg.DagsterInstance.get() as instance:
            # Two runs of Dagster's: what is loaded, and what is built of it.
            builds, loads = instance.get_runs()
            assert builds.run_id == report.run_id
            assert builds.is_success and loads.is_success
            for run, *key in (
                (loads, "raw_generic", "lead"),
                (builds, "marts", "fct_handoffs"),
            ):
                made = instance.get_latest_materialization_event(dg.AssetKey(key))
                assert made.run_id == run.run_id
            checked = instance.get_event_records(
                dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION)
            )
            told = [record.event_log_entry.asset_check_evaluation for record in checked]
            counted = report.checks.values()
            # A run by hand does not tell of the requests that it carries out.
            [waits] = [each for each in told if each.check_name == NO_REQUEST_WAITS]
            assert waits.passed
            assert len(told) - 1 == sum(of["run"] for of in counted)
            # Nothing came of a few leads for long: that warns.
            warned = [each for each in told if not each.passed]
            assert len(warned) == sum(of["warned"] for of in counted)
            assert {each.severity for each in warned} == {dg.AssetCheckSeverity.WARN}
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def test_an_export_that_means_nothing_is_not_published(done, tmp_path):
    """The raw gate: nearly every key is blank, so the export was cut wrongly."""
    project, _ = done

    def blank(rows):
        rows["lead"] += [{"lead_id": "", "created_at": "2026-04-01"}] * 1000

    out = tmp_path / "out"
    shutil.copytree(project.out, out, symlinks=True)
    broken = project_of(
        tmp_path, landing=small_folder.write(tmp_path / "in", 30, blank), out=out
    )
    before = published_rows(out)
    report = runner.run(broken)
    assert report.state == "failed"
    assert report.is_foreseen
    assert report.sentence.startswith(
        "The check keys_present on raw_generic.lead failed: 1,000 rows break it."
    )
    assert f"{out}/data_docs/raw/" in report.sentence
    assert report.sentence.endswith("Nothing was published.")
    assert report.steps[-1].name == "check_raw"
    assert published_rows(out) == before


def test_a_failed_check_stops_the_marts_and_the_publication(done, monkeypatch):
    """The gate between the facts and what is counted from them; the next run
    passes it again, though nothing has changed since, and builds no fact twice."""
    project, first = done
    project = replace(project, vars=RunVars(as_of=datetime(2027, 1, 1)))
    run_suite = gates.run_suite

    def with_a_failure(project, name, **people):
        results = run_suite(project, name, **people)
        if name == "reconciliation" and results:
            results[0] = replace(
                results[0], passed=False, message="It does not add up."
            )
        return results

    asked, built = [], []

    def as_it_is(project, name, **people):
        asked.append(name)
        return run_suite(project, name, **people)

    build = dbt_runner.build_nodes

    def noted(part, wanted, **how):
        built.extend(wanted)
        return build(part, wanted, **how)

    monkeypatch.setattr(gates, "run_suite", with_a_failure)
    before = published(project).id
    report = runner.run(project)
    assert report.sentence == "It does not add up. Nothing was published."
    assert report.steps[-1].name == "check_core"
    assert report.checks["Great Expectations"]["failed"] == 1
    assert published(project).id == before
    # Nor where somebody asks for the publication alone, as Dagster's page lets him.
    owed = state.owed(project)
    assert "the last run came no further than 'facts built'" in alone(project)
    assert (published(project).id, state.owed(project)) == (before, owed)
    assert owed
    monkeypatch.setattr(gates, "run_suite", as_it_is)
    monkeypatch.setattr(dbt_runner, "build_nodes", noted)
    mended = runner.run(project)
    assert mended.succeeded, mended.sentence
    position = transform.positions(dbt_runner.manifest_json(project))
    layers = {
        transform.LAYERS[position[item]].name for item in built if item in position
    }
    assert layers == {"marts"}
    # Of the raw tables nothing changed since they passed.
    assert set(asked) == set(SUITES) - {"raw"}
    assert mended.checks == first.checks
    assert published(project).id != before


def alone(project):
    """What comes of it to materialize the publication by itself."""
    with in_environment(project.environment()):
        result = phases.builds(project).job.execute_in_process(
            asset_selection=[PUBLICATION_KEY], raise_on_error=False
        )
    [event] = [event for event in result.all_events if event.is_step_failure]
    sentence, _, is_foreseen = sentence_of(event)
    assert is_foreseen
    return sentence


def test_what_fails_in_the_slice_leaves_the_whole_as_it_was(done, monkeypatch):
    """A row of a touched person twice: the test of the key finds it there."""
    project, _ = done
    project = replace(project, vars=RunVars(as_of=datetime(2027, 2, 1)))
    table = "intermediate.int_stage_events__cut"
    build = dbt_runner.build_nodes

    def doubled(part, wanted, **how):
        if part.database is None:
            return build(part, wanted, **how)
        tests = [item for item in wanted if item.startswith("test.")]
        build(part, [item for item in wanted if item not in tests], **how)
        with duckdb.connect(str(part.warehouse)) as connection:
            assert connection.execute(
                f"insert into {table} from {table} limit 1"
            ).fetchall() == [(1,)]
        return build(part, tests, **how)

    def held():
        with duckdb.connect(str(project.warehouse), read_only=True) as connection:
            return [
                connection.execute(f"from {name} order by all").fetchall()
                for name in (table, "settings.last_run", "settings.changed_people")
            ]

    before = held()
    monkeypatch.setattr(dbt_runner, "build_nodes", doubled)
    report = runner.run(project)
    assert "int_stage_events__cut_person_key__event_no found 1 row" in report.sentence
    assert report.steps[-1].name == "build_facts"
    assert held() == before
    monkeypatch.setattr(dbt_runner, "build_nodes", build)
    assert runner.run(project).succeeded
    assert held() != before


def test_after_a_rollback_a_run_publishes_the_rows_of_a_full_refresh(done):
    """What it publishes is not made from what readers were shown meanwhile. The last
    test: it leaves more leads behind."""
    project, first = done
    project = replace(project, vars=RunVars(as_of=datetime(2027, 3, 1)))
    newest, *_, oldest = [*kept.publications(project), *kept.publications(project)]
    if newest.publication.as_of == oldest.publication.as_of:
        job.build(project)
        newest = kept.publications(project)[0]
    assert oldest.publication.run_id == first.run_id
    # The leads that were pending then are settled since, so their rows are others.
    said = in_process("diff", oldest.id, newest.id, "--json", out=project.out)
    told = json.loads(said.stdout)
    assert set(told["lifecycles"]) == {"matured"}
    [pending] = [
        row
        for row in told["monthly"]
        if (row["period"], row["metric"]) == ("all", "pending")
    ]
    assert pending["a"] > pending["b"] == 0
    assert pending["causes"] == {"matured": -pending["a"]}
    assert not any("unknown" in row["causes"] for row in told["monthly"])

    said = in_process("rollback", oldest.id, "--hold", out=project.out)
    assert said.returncode == 0, said.stderr
    before = published_rows(project.out)
    small_folder.write(project.landing, 62)
    job.build(project)
    # A slice, published beside what is held.
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        assert connection.sql("select is_incremental from settings.run").fetchall() == [
            (True,)
        ]
    assert published_rows(project.out) == before
    said = in_process("rollback", "--release", out=project.out)
    assert said.returncode == 0, said.stderr
    after = published(project)
    assert after is not None and after.run_id is None
    in_steps = project.published_database.resolve()

    state.forget(project)
    job.build(project)
    assert published(project).id != after.id
    anew = project.published_database.resolve()
    assert differences(in_steps, anew, PUBLIC_SCHEMAS, files=True) == []
