"""Cases worked out by hand, section by section, on the warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestration.project import Project
from tests.lifecycle.cases import SETTINGS, Case
from tests.lifecycle.cases.every import CASES
from tests.lifecycle.cases.run import (
    OF_REFERENCE,
    WHAT_IS_TOLD,
    Told,
    build,
    database_rows,
    differences,
    project_of,
    told_by_reference,
)

pytestmark = pytest.mark.slow

WHAT_IF = "v2"

Settings = dict[str, Project]
Warehouses = dict[str, Told]


def named(case: Case) -> str:
    return case.name


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A landing folder for each setting, loaded."""
    return {
        setting: project_of(
            tmp_path_factory.mktemp(setting),
            setting,
            [case for case in CASES if case.setting == setting],
        )
        for setting in SETTINGS
    }


@pytest.fixture(scope="module")
def warehouses(projects: Settings) -> Warehouses:
    """What the marts of each setting hold, built once for all cases."""
    return {
        setting: build(project, WHAT_IS_TOLD) for setting, project in projects.items()
    }


@pytest.fixture(scope="module")
def references(projects: Settings, warehouses: Warehouses) -> Warehouses:
    return {setting: told_by_reference(projects[setting]) for setting in warehouses}


@pytest.mark.parametrize("case", CASES, ids=named)
def test_warehouse(case: Case, warehouses: Warehouses) -> None:
    found = differences(case, case.expected, warehouses[case.setting])
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.expected.keys() & OF_REFERENCE], ids=named
)
def test_reference(case: Case, references: Warehouses) -> None:
    found = differences(case, case.expected, references[case.setting])
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def what_if(projects: Settings, warehouses: Warehouses) -> tuple[Told, dict, dict]:
    """All of history read with one version, in the warehouse of the actual one;
    with the actual marts before and after."""
    actual = projects["changed"]
    before = database_rows(actual, "marts")
    supposed = replace(actual, vars=replace(actual.vars, funnel_version=WHAT_IF))
    told = build(supposed, WHAT_IS_TOLD)
    return told, before, database_rows(actual, "marts")


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", [case for case in CASES if case.what_if], ids=named)
def test_what_if(case: Case, what_if: tuple[Told, dict, dict]) -> None:
    found = differences(case, case.what_if, what_if[0])
    assert not found, "\n".join(found)


@pytest.mark.exhaustive
def test_section_3_a_what_if_leaves_the_actual_marts_alone(
    what_if: tuple[Told, dict, dict],
) -> None:
    _, before, after = what_if
    assert before["fct_lead_lifecycles"]
    assert before == after


@pytest.mark.exhaustive
@pytest.mark.parametrize("setting", SETTINGS)
def test_all_models_build_and_their_tests_pass(
    setting: str, projects: Settings, warehouses: Warehouses
) -> None:
    told = warehouses[setting]
    built = build(projects[setting])
    assert built.tables.keys() == told.tables.keys()
    for table, rows in told.tables.items():
        assert sorted(map(str, built.tables[table])) == sorted(map(str, rows)), table
