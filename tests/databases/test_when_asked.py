"""A vendor that was asked and had nothing was asked, too: nothing of it is lost."""

from datetime import UTC, datetime, timedelta

import pytest

from orchestration import warehouse
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.live.store import last_loads
from orchestration.project import Project
from orchestration.settings.run_settings import write_settings
from tests.live.made_up import MadeUp, lead, page


@pytest.fixture
def project(tmp_path):
    (tmp_path / "landing").mkdir()
    return Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )


def asked(project):
    return {table for _, table in last_loads(project)}


def test_a_table_without_news_was_asked_and_one_left_out_was_not(project):
    load(project, MadeUp(given={"lead": [page(lead("L1"))], "user": [page()]}))
    assert asked(project) == {"lead", "user"}
    first = last_loads(project)
    now = datetime.now(UTC).replace(tzinfo=None)
    assert all(now - at < timedelta(minutes=1) for at in first.values())
    load(project, MadeUp(given={"lead_history": [page()]}))
    again = last_loads(project)
    assert asked(project) == {"lead", "lead_history", "user"}
    assert again["salesforce", "user"] == first["salesforce", "user"]


def test_a_table_that_an_error_stopped_was_not_asked(project):
    stopped = MadeUp(
        given={
            "lead": [page(lead("L1"))],
            "lead_history": [page(lead("H1")), PassingError("Later.")],
        }
    )
    with pytest.raises(PassingError):
        load(project, stopped)
    assert asked(project) == {"lead"}


def test_of_what_others_landed_their_own_sync_tells(project):
    source = MadeUp(given={"lead": [page(lead("L1"))]})
    source.way = "database"
    load(project, source)
    assert asked(project) == set()


def test_the_models_read_it(project):
    load(project, MadeUp(given={"lead": [page(lead("L1"))]}))
    project.prepare_out()
    write_settings(project)
    with warehouse.connect(project, read_only=True) as connection:
        found = connection.execute("select * from settings.loads").fetchall()
    assert found == [
        (*table, at) for table, at in last_loads(project).items()
    ] and found[0][:2] == ("salesforce", "lead")
