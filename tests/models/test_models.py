"""The dbt unit tests pass, and the tests of the models can fail.

A check that cannot fail protects nothing: each test below plants one defect in
a copy of the project and watches the check that must catch it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.definition.check import checked
from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner, parsed_project
from tests import job
from tests.definition.test_shipped_definition import check_transitions, seed
from tests.end_to_end import small_folder
from tests.lifecycle import test_rates as rates
from tests.reference.compare import rows_of

pytestmark = pytest.mark.slow

COPIED = ("models", "macros", "seeds", "tests/data", "dbt_project.yml", "profiles.yml")


def come_back(rows: small_folder.Rows) -> None:
    """Lead 1 is rejected, comes back and is handed over a second time."""
    for day, status in ((20, "inquiry"), (21, "handed_off"), (22, "sal")):
        rows["lead_status_history"].append(
            {
                "lead_id": "L0001",
                "changed_at": f"2026-04-{day} 01:00:00",
                "field": "status",
                "new_value": status,
                "changed_by": "rep",
            }
        )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small company, built once."""
    folder = tmp_path_factory.mktemp("models")
    landing = small_folder.write(folder / "landing", change=come_back)
    project = Project.from_environment({}, landing=landing, out=folder / "out")
    job.build(project)
    return project


@pytest.fixture(scope="module")
def parsed(built: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt keeps of a parse, so that it reads only changed files again."""
    project = replace(built, out=tmp_path_factory.mktemp("parsed"))
    dbt_runner._invoke(project, ["parse"])
    return project.dbt_target / "partial_parse.msgpack"


@pytest.fixture
def copied(built: Project, parsed: Path, tmp_path: Path) -> Iterator[Project]:
    """The project and its warehouse, to be spoilt."""
    root = tmp_path / "project"
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    out = tmp_path / "out"
    (out / "warehouse").mkdir(parents=True)
    shutil.copy(built.warehouse, out / "warehouse")
    project = replace(built, root=root, out=out)
    # All that it does not know of this folder is where seeds lie, and none is built
    # here; to parse anew would take longer than all that a test asks.
    parsed_project.leave_other_folders(project)
    shutil.copy(parsed, project.dbt_target)
    yield project


def spoil(project: Project, name: str, old: str, new: str) -> None:
    path = project.root / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def failures(project: Project, *names: str) -> set[str]:
    results = dbt_runner.build(project, names)
    assert results, "nothing was built"
    return {result.name for result in results if result.is_failed}


def invoke_dbt(project: Project, *arguments: str) -> Any:
    from dbt.cli.main import dbtRunner

    manifest = dbt_runner.manifest(project)
    before = dict(os.environ)
    os.environ.update(project.dbt_environment())
    try:
        return dbtRunner(manifest=manifest).invoke(
            [
                "--log-level", "none", *arguments,
                "--project-dir", str(project.root),
                "--profiles-dir", str(project.root),
                "--target-path", str(project.out / "unit"),
            ]
        )  # fmt: skip
    finally:
        dbt_runner.close_connections()
        os.environ.clear()
        os.environ.update(before)


def unit_test_failures(project: Project) -> set[str]:
    outcome = invoke_dbt(project, "test", "--select", "test_type:unit")
    results = outcome.result.results
    assert len(results) > 20
    return {r.node.name for r in results if r.status not in ("pass", "success")}


def test_the_unit_tests_of_the_models_pass(copied: Project) -> None:
    assert unit_test_failures(copied) == set()


@pytest.mark.exhaustive
def test_a_spoilt_boundary_of_the_clock_is_caught(copied: Project) -> None:
    spoil(
        copied,
        "models/intermediate/handoffs/int_passes__outcomes.sql",
        "or coalesce(responded_at > due_at, true)",
        "or coalesce(responded_at >= due_at, true)",
    )
    assert unit_test_failures(copied) == {
        "section_5_a_response_at_the_due_time_stops_the_clock"
    }


@pytest.mark.exhaustive
def test_a_deleted_sla_row_is_caught(copied: Project) -> None:
    path = copied.root / "seeds" / "sla_policies.csv"
    header = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(header + "\n", encoding="utf-8")
    with pytest.raises(LeadFunnelError, match="no hand-off would ever be due"):
        checked(copied)


@pytest.mark.exhaustive
def test_a_dropped_join_condition_is_caught(copied: Project) -> None:
    spoil(
        copied,
        "models/intermediate/lifecycle/int_lifecycles.sql",
        "            and lifecycles.lifecycle_no = first_passes.lifecycle_no\n",
        "",
    )
    assert "unique_int_lifecycles_lifecycle_id" in failures(
        copied, "int_lifecycles", "unique_int_lifecycles_lifecycle_id"
    )


@pytest.mark.exhaustive
def test_a_swapped_rate_numerator_is_caught(copied: Project) -> None:
    def check() -> None:
        lifecycles = rows_of(copied.warehouse, "marts.fct_lead_lifecycles")
        monthly = rows_of(copied.warehouse, "marts.mart_funnel_monthly")
        rates.test_section_6_rates_and_wilson_bounds(
            [row for row in lifecycles if row["origin"] == "marketing"],
            {rates.monthly_key(row): row for row in monthly},
        )

    check()
    spoil(
        copied,
        "models/marts/funnel/mart_funnel_monthly.sql",
        "{{ rate('accepted', 'handed_off') }} as sal_rate",
        "{{ rate('rejected', 'handed_off') }} as sal_rate",
    )
    assert failures(copied, "mart_funnel_monthly") == set()
    with pytest.raises(AssertionError, match="sal_rate"):
        check()


def test_a_model_that_fails_leaves_what_was_there(copied: Project) -> None:
    """A table is dropped and made in one transaction."""
    before = rows_of(copied.warehouse, "marts.mart_funnel_monthly")
    assert before
    spoil(
        copied,
        "models/marts/funnel/mart_funnel_monthly.sql",
        "{{ rate('accepted', 'handed_off') }} as sal_rate",
        "cast('spoilt ' || accepted as double) as sal_rate",
    )
    assert failures(copied, "mart_funnel_monthly") == {"mart_funnel_monthly"}
    assert rows_of(copied.warehouse, "marts.mart_funnel_monthly") == before


@pytest.mark.exhaustive
def test_a_table_can_become_a_view_and_a_view_a_table(copied: Project) -> None:
    kinds = {
        "models/intermediate/readings/int_links__judged.sql": "view",
        "models/definition/def_stages.sql": "table",
    }
    tables = ("intermediate.int_links__judged", "definition.def_stages")
    before = [sorted(map(str, rows_of(copied.warehouse, name))) for name in tables]
    for name, kind in kinds.items():
        path = copied.root / name
        text = path.read_text(encoding="utf-8")
        config = f"{{{{ config(materialized='{kind}') }}}}\n"
        path.write_text(config + text, encoding="utf-8")
    assert failures(copied, *(Path(name).stem for name in kinds)) == set()
    with duckdb.connect(str(copied.warehouse), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() "
            "where view_name in ('def_stages', 'int_links__judged')"
        ).fetchall()
    assert views == [("int_links__judged",)]
    after = [sorted(map(str, rows_of(copied.warehouse, name))) for name in tables]
    assert after == before


def test_a_transition_marked_allowed_is_caught() -> None:
    rows = seed("stage_transitions")
    for row in rows:
        if (row["from_stage"], row["to_stage"]) == ("mql", "won"):
            row["verdict"] = "expected"
    with pytest.raises(AssertionError, match="won"):
        check_transitions(rows)
