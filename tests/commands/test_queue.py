"""`lead-funnel queue`: everything that is open, in its order, and whose it is."""

from __future__ import annotations

import csv
import io

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.queue import about_proposals, chance
from orchestration.project import Project


@pytest.fixture
def queue(published_company: Project):
    def run(*options: str, fails: bool = False) -> str:
        done = CliRunner().invoke(
            app,
            ["queue", "--out", str(published_company.out), *options],
            env={"COLUMNS": "200"},
        )
        assert (done.exit_code != 0) == fails, done.output
        return done.stderr if fails else done.stdout

    return run


@pytest.fixture(scope="module")
def rows(published_company: Project) -> list[dict]:
    path = str(published_company.published_database)
    with duckdb.connect(path, read_only=True) as connection:
        found = connection.execute(
            "from marts.mart_handoff_queue order by priority_rank"
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_it_says_why_nobody_is_proposed(queue) -> None:
    """This company was built without the step that learns."""
    sentence = "Nobody is proposed: no run has learned yet who is accepted."
    assert sentence in queue()
    said = queue("--proposed")
    assert said.startswith("Nothing is proposed as of ") and sentence in said
    assert queue("--proposed", "--csv") == ""


def test_it_says_that_the_model_is_no_better() -> None:
    row = {"is_proposed": False}
    verdict = {"is_better": False, "verdict": "The model is no better."}
    assert about_proposals([row], [verdict]) == "The model is no better."
    verdict = {"is_better": True, "verdict": "good"}
    assert about_proposals([row, {"is_proposed": True}], [verdict]) == (
        "1 of them are proposed to be accepted; a person decides."
    )


def test_a_chance_is_said_with_its_reasons_where_it_is_proposed() -> None:
    row = {
        "acceptance_probability": 0.6249,
        "is_proposed": True,
        "proposal_reasons": "for it: channel web",
    }
    assert chance(row) == "62%, proposed, for it: channel web"
    assert chance({**row, "is_proposed": False}) == "62%"
    assert chance({**row, "acceptance_probability": None}) == ""


def as_rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_that_is_open_stands_in_it_once(queue, rows) -> None:
    told = as_rows(queue("--csv"))
    assert [row["handoff_id"] for row in told] == [row["handoff_id"] for row in rows]
    assert rows
    said = queue("--limit", "1")
    late = sum(row["is_overdue"] for row in rows)
    assert f"{len(rows)} open as of" in said
    assert f"{late} of them overdue." in said
    assert rows[0]["record_id"] in said


def test_the_queue_of_one_owner_and_of_one_team(queue, rows) -> None:
    for column in ("owner_id", "team"):
        value = next(row[column] for row in rows if row[column])
        option = "--owner" if column == "owner_id" else "--team"
        told = as_rows(queue(option, value.upper(), "--csv"))
        wanted = [row["handoff_id"] for row in rows if row[column] == value]
        assert [row["handoff_id"] for row in told] == wanted
    overdue = as_rows(queue("--overdue", "--csv"))
    assert len(overdue) == sum(row["is_overdue"] for row in rows)


def test_an_unknown_owner_or_team_is_a_sentence(queue) -> None:
    assert "There is no rep 'Nemo'" in queue("--owner", "Nemo", fails=True)
    assert "There is no team 'Nowhere'" in queue("--team", "Nowhere", fails=True)


def test_without_a_publication_it_says_what_publishes(tmp_path) -> None:
    done = CliRunner().invoke(app, ["queue", "--out", str(tmp_path / "none")])
    assert done.exit_code != 0
    assert "`lead-funnel run` publishes" in done.stderr
