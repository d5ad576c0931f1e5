"""One published company for all tests of the commands: building it is slow."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.commands.explain import find, gather, reading
from orchestration.commands.explain.facts import Person
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.settings import run_settings
from orchestration.sources import raw
from orchestration.transformation import dbt_runner
from tests.commands import company
from tests.conftest import made_once


def build(folder: Path) -> None:
    landing = company.write(folder / "landing")
    project = Project.from_environment({}, landing=landing, out=folder / "out")
    project.prepare_out()
    raw.load_all(project)
    run_settings.write_settings(project)
    run_settings.write_definition(project)
    results = dbt_runner.build(project, ["path:seeds", "path:models"])
    assert dbt_runner.failure_sentence(results) is None
    manifest = dbt_runner.manifest_json(project)
    publications.publish(project, publications.public_tables(manifest))
    dbt_runner.close_connections()


@pytest.fixture(scope="session")
def published_company(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The small company, loaded, built and published without Dagster: a copy for
    each test process, as two may not write in one warehouse."""
    built = made_once(tmp_path_factory, "published_company", build)
    own = tmp_path_factory.mktemp("company") / "own"
    shutil.copytree(built, own, symlinks=True)
    return Project.from_environment({}, landing=own / "landing", out=own / "out")


@pytest.fixture
def own_company(published_company: Project, tmp_path: Path) -> Project:
    """A copy of it that a test may change."""
    out = tmp_path / "out"
    shutil.copytree(published_company.out, out, symlinks=True)
    return Project.from_environment({}, landing=published_company.landing, out=out)


@pytest.fixture(scope="session")
def read(published_company: Project) -> Iterator[reading.Reading]:
    with reading.opened(published_company) as opened:
        yield opened


@pytest.fixture(scope="session")
def explained(read: reading.Reading) -> Callable[[str], Person]:
    """Everything that is known of the one person that a text means."""

    def explain(who: str) -> Person:
        [match] = find.people(read, who)
        return gather.person(read, match.person_key)

    return explain
