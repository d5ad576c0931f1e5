"""Each suite passes on good data, and each check fails on data that breaks it."""

import ast
import html
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

import expectations
from orchestration.checks import SUITES, failure_sentence, kept_results, run_suite
from orchestration.project import Project
from tests.orchestration import small_warehouse

LIFECYCLES = "update marts.fct_lead_lifecycles set"
STEPS = "update marts.fct_stage_transitions set"
PASSES = "update marts.fct_handoffs set"
DAYS = "update marts.mart_funnel_period set"
CURVE = "update marts.mart_acceptance_curve set"
MONTHS = "update marts.mart_funnel_monthly set"
COSTS = "update marts.mart_spend_per_sal set"
FAILS = "update marts.mart_data_quality set state = 'failed', rows_failed = 3"

# What breaks which check: (suite, check, statement).
BROKEN = [
    (
        "raw",
        "has_rows",
        "delete from raw_generic.lead; "
        "create table raw_generic.touch as select 'x' as touch_id, "
        "'generic/touch.csv' as _file, now()::timestamp as _loaded_at",
    ),
    (
        "raw",
        "keys_present",
        "insert into raw_generic.lead select null, "
        "'2026-04-01', 'f', 'h', now()::timestamp from range(200)",
    ),
    (
        "transitions",
        "steps_follow_each_other",
        f"{STEPS} transition_no = 3 where transition_no = 2",
    ),
    ("transitions", "nothing_leaves_an_exit", f"{STEPS} from_stage = 'won'"),
    (
        "transitions",
        "one_step_less_than_events",
        "delete from marts.fct_stage_transitions where person_id = 'p1'",
    ),
    ("transitions", "few_are_forbidden", f"{STEPS} verdict = 'forbidden'"),
    ("lifecycles", "milestones_are_first_events", f"{LIFECYCLES} tal_at = mql_at"),
    ("lifecycles", "milestones_are_first_events", f"{LIFECYCLES} sal_at = mql_at"),
    (
        "lifecycles",
        "complete_acceptances_are_events",
        f"{LIFECYCLES} definition_version = 'both', sal_at = mql_at",
    ),
    (
        "lifecycles",
        "one_as_of",
        f"{LIFECYCLES} as_of = '2026-05-02' where person_id = 'p1'",
    ),
    (
        "lifecycles",
        "people_of_the_warehouse_are_published",
        "insert into intermediate.int_people values ('p3', true)",
    ),
    (
        "lifecycles",
        "people_of_the_warehouse_are_published",
        "update intermediate.int_people set is_in_marts = false",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{PASSES} outcome = 'pending' where outcome = 'ignored'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{PASSES} outcome = 'ignored', pass_no = 2 where outcome = 'accepted'; "
        "insert into marts.fct_handoffs select 'l0', 'p0', 1, 'reassigned'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        "delete from marts.fct_handoffs where lifecycle_id = 'l0'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{LIFECYCLES} origin = 'adr' where person_id = 'p0'",
    ),
    (
        "reconciliation",
        "every_row_has_one_fate",
        "update quality.raw_row_fates set readings = 2",
    ),
    (
        "reconciliation",
        "all_raw_rows_are_counted",
        "delete from raw_generic.lead where lead_id = 'lead-1'",
    ),
    (
        "funnel",
        "cohorts_hold_every_hand_off",
        f"{LIFECYCLES} outcome = 'pending' where person_id = 'p2'",
    ),
    (
        "funnel",
        "months_hold_every_cohort",
        "delete from marts.mart_funnel_monthly where dimension = 'all'; "
        f"{MONTHS} handed_off = 2, accepted = 0",
    ),
    ("funnel", "periods_hold_every_event", f"{DAYS} mql = 2 where mql = 1"),
    ("funnel", "periods_hold_every_event", f"{DAYS} lost = 1"),
    (
        "funnel",
        "periods_hold_every_event",
        # On its day in UTC, not in Tokyo.
        f"{LIFECYCLES} mql_at = '2026-04-01 16:00' where mql_at is not null",
    ),
    (
        "funnel",
        "periods_hold_every_event",
        f"{LIFECYCLES} accepted_at = null where person_id = 'p0'",
    ),
    (
        "funnel",
        "periods_hold_every_event",
        "delete from marts.fct_stage_events where stage = 'rejected'",
    ),
    (
        "funnel",
        "curve_holds_every_hand_off",
        f"{CURVE} accepted = 2, rejected = 0 where accepted = 1",
    ),
    ("funnel", "curve_holds_every_hand_off", "delete from marts.mart_acceptance_curve"),
    (
        "finance_facts",
        "every_acceptance_is_attributed",
        "delete from marts.fct_attributed_acceptances",
    ),
    (
        "finance",
        "mart_holds_every_accepted_lead",
        f"{COSTS} attributed_sals = 2 where cost_kind = 'campaign'",
    ),
    (
        "history",
        "loaded_before_it_is_lost",
        "update marts.mart_history_coverage set days_until_lost = 13",
    ),
    ("quality", "volumes_are_usual", f"{FAILS} where rule = 'volume_low'"),
    ("quality", "sources_are_heard_of", f"{FAILS} where rule = 'silent'"),
    ("quality", "values_are_known", f"{FAILS} where rule = 'unmapped_status'"),
    ("quality", "references_are_known", f"{FAILS} where rule = 'unknown_owner'"),
    ("quality", "rows_can_be_read", f"{FAILS} where rule = 'missing_key'"),
    ("quality", "history_is_whole", f"{FAILS} where rule = 'before_first_version'"),
    (
        "quality",
        "no_exception_has_run_out",
        "update marts.mart_data_quality set detail = 'Accepted until 2026-04-30 (x)' "
        "where rule = 'silent'",
    ),
]


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, landing=tmp_path / "in", out=tmp_path / "out")


def names_of(suite, part=None):
    return [check.name for check in SUITES[suite].only(part)]


def failed_in(results):
    return {result.name: result for result in results if not result.passed}


@pytest.mark.parametrize("suite", SUITES)
def test_good_data_passes(project, suite):
    small_warehouse.write(project)
    results = run_suite(project, suite)
    assert [result.message for result in results if not result.passed] == []
    assert [result.name for result in results] == names_of(suite)
    assert (project.data_docs / suite / "index.html").exists()
    listed = (project.data_docs / "index.html").read_text(encoding="utf-8")
    title = html.escape(SUITES[suite].title)
    assert f'<a href="{suite}/index.html">{title}</a>' in listed


@pytest.mark.exhaustive
@pytest.mark.parametrize(("suite", "check", "statement"), BROKEN, ids=lambda v: v[:40])
def test_bad_data_fails(project, suite, check, statement):
    small_warehouse.write(project, statement)
    failed = failed_in(run_suite(project, suite))
    assert check in failed, f"only {sorted(failed)} failed"
    message = failed[check].message
    assert f"The check {check} on {failed[check].table} failed" in message
    assert failed[check].count >= 1
    assert failed[check].page in message
    assert Path(failed[check].page).exists()


def test_every_check_is_broken_here():
    """A check that nothing was seen to break may be one that cannot fail."""
    named = {(suite, name) for suite in SUITES for name in names_of(suite)}
    assert named == {(suite, check) for suite, check, _ in BROKEN}


def test_checks_have_a_name_of_their_own():
    for suite in SUITES.values():
        keys = [check.key for check in suite.checks]
        assert len(keys) == len(set(keys))


def test_a_broken_row_does_not_block(project):
    """Quarantine is for rows; a suite stops only what means nothing at all."""
    small_warehouse.write(project, "update raw_generic.lead set lead_id = null")
    assert all(result.passed for result in run_suite(project, "raw"))


def test_a_key_is_found_however_an_export_spells_it(project):
    small_warehouse.write(
        project,
        'alter table raw_generic.lead rename lead_id to "property_Lead ""Id"""',
        "insert into raw_generic.lead select ' ', "
        "'2026-04-01', 'f', 'h', now()::timestamp from range(200)",
    )
    failed = failed_in(run_suite(project, "raw"))
    assert failed["keys_present"].count == 200


def test_a_warning_does_not_block(project):
    small_warehouse.write(project, f"{STEPS} verdict = 'forbidden'")
    results = run_suite(project, "transitions")
    assert [(r.name, r.is_blocking) for r in results if not r.passed] == [
        ("few_are_forbidden", False)
    ]
    assert failure_sentence(results) is None


@pytest.mark.parametrize(("days", "warns"), [("14", False), ("13", True), ("-3", True)])
def test_what_is_about_to_be_lost_warns_and_blocks_nothing(project, days, warns):
    small_warehouse.write(
        project, f"update marts.mart_history_coverage set days_until_lost = {days}"
    )
    results = run_suite(project, "history")
    assert [(r.passed, r.is_blocking) for r in results] == [(not warns, False)]
    assert failure_sentence(results) is None


def test_a_table_that_is_missing_is_said(project):
    small_warehouse.write(project, "drop table quality.raw_row_fates")
    results = run_suite(project, "reconciliation")
    assert "could not run" in results[0].message
    assert failure_sentence(results) == (
        f"{results[0].message} One more check failed. Nothing was published."
    )


# Some people apart from everybody.

PARTS = ("each_person", "across_people")


def of_people(project, path, *people):
    """A second file with the same schemas: of these people's rows alone tables, of
    everything else views on the first."""
    among = f"person_id in {(*people, '')}"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{project.warehouse}' as whole (read_only)")
        for schema, table, columns in connection.execute(
            "select schema_name, table_name, list(column_name) from duckdb_columns() "
            "where database_name = 'whole' group by all"
        ).fetchall():
            connection.execute(f"create schema if not exists {schema}")
            rows = f"{schema}.{table} as from whole.{schema}.{table}"
            connection.execute(
                f"create table {rows} where {among}"
                if "person_id" in columns
                else f"create view {rows}"
            )
    return {"database": path, "beside": {"whole": project.warehouse}}


@pytest.mark.parametrize("suite", SUITES)
def test_the_parts_of_a_suite_are_the_suite(project, suite, tmp_path):
    small_warehouse.write(project)
    names = []
    for part in PARTS:
        results = run_suite(project, suite, only=part)
        assert [result.name for result in results] == names_of(suite, part)
        assert [result.message for result in results if not result.passed] == []
        names += [result.name for result in results]
    assert sorted(names) == sorted(names_of(suite))


@pytest.mark.parametrize(
    ("suite", "check", "statement"),
    [case for case in BROKEN if case[1] in names_of(case[0], "each_person")],
    ids=lambda v: v[:40],
)
def test_bad_data_of_some_people_fails_where_only_they_are(
    project, suite, check, statement, tmp_path
):
    small_warehouse.write(project, statement)
    some = of_people(project, tmp_path / "some.duckdb", "p0", "p1", "p2")
    results = run_suite(project, suite, only="each_person", **some)
    failed = failed_in(results)
    assert check in failed, f"only {sorted(failed)} failed"
    assert failed[check].page in failed[check].message
    assert Path(failed[check].page).exists()
    assert [result.name for result in results] == names_of(suite, "each_person")


@pytest.mark.parametrize("people", [(), ("p2",), ("p2", "new")])
@pytest.mark.parametrize("suite", SUITES)
def test_who_is_right_passes_wherever_the_others_are_wrong(
    project, suite, people, tmp_path
):
    small_warehouse.write(
        project,
        f"{STEPS} from_stage = 'won' where person_id = 'p1'",
        "delete from marts.fct_stage_events where person_id = 'p0'",
    )
    some = of_people(project, tmp_path / "some.duckdb", *people)
    results = run_suite(project, suite, only="each_person", **some)
    assert [result.message for result in results if not result.passed] == []


# What is known of the last time.


def test_what_a_suite_came_to_is_kept_for_the_tables_it_was_run_on(project):
    small_warehouse.write(project)
    assert kept_results(project, "transitions") is None
    results = run_suite(project, "transitions")
    assert kept_results(project, "transitions") == results
    for other in (replace(project, trial="edit"), replace(project, engine="spark")):
        assert kept_results(other, "transitions") is None


def test_a_part_replaces_what_was_known_of_it(project, tmp_path):
    """A run after a change asks some people first, and then across all of them."""
    small_warehouse.write(project)
    first = {result.name: result for result in run_suite(project, "lifecycles")}
    some = of_people(project, tmp_path / "some.duckdb", "p1")
    of_some = run_suite(project, "lifecycles", only="each_person", **some)
    known = kept_results(project, "lifecycles")
    assert known == [
        *of_some,
        *(first[name] for name in names_of("lifecycles", "across_people")),
    ]
    assert (project.data_docs / "lifecycles").exists()
    across = run_suite(project, "lifecycles", only="across_people")
    assert kept_results(project, "lifecycles") == [*of_some, *across]
    assert kept_results(project, "lifecycles", only="across_people") == across
    # Pages that nothing names any more go, and those of a whole suite come back.
    assert not (project.data_docs / "lifecycles").exists()
    run_suite(project, "lifecycles")
    assert not (project.data_docs / "lifecycles_each_person").exists()
    assert (project.data_docs / "lifecycles").exists()


def test_what_is_known_goes_with_its_pages(project):
    small_warehouse.write(project)
    results = run_suite(project, "transitions")
    Path(results[0].page).unlink()
    assert kept_results(project, "transitions") is None


# What it costs and knows.


def test_expectations_knows_nothing_of_the_project():
    """It is told what to look at: one direction of imports, as between layers."""
    folder = Path(expectations.__path__[0])
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert "orchestration" not in imported, path


def test_great_expectations_is_imported_where_there_is_something_to_check(project):
    small_warehouse.write(project)
    run_suite(project, "raw")
    code = (
        "import sys; from orchestration.checks import kept_results, run_suite; "
        "from orchestration.project import Project; "
        "project = Project.from_environment(); "
        "print(len(kept_results(project, 'raw')), "
        "run_suite(project, 'raw', only='each_person'), "
        "'great_expectations' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=project.environment(),
    )
    assert said.stdout.split() == [str(len(names_of("raw"))), "[]", "False"]
