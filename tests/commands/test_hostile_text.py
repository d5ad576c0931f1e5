"""What the commands say of a company whose words are hostile to a terminal or to a
spreadsheet. `tests/hostile` builds such a company from its exports."""

import csv
import io

import duckdb
import pytest

from orchestration.commands import summary
from orchestration.project import Project
from orchestration.publication.publications import published
from orchestration.run.report import Report, keep
from orchestration.screen import Screen
from tests.end_to_end.command import in_process
from tests.hostile import company, outlets

OWN_WORDS = ("channel", "team", "rep_name", "owner", "name", "company", "region")
"""Columns that hold a company's words, in whichever table."""
CHANNEL = company.NASTY["markup"] + company.NASTY["colour"]


@pytest.fixture
def hostile_company(own_company: Project) -> Project:
    """The small company, with hostile words in what is published."""
    with duckdb.connect(str(own_company.published_database)) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns "
            "where table_schema = 'marts' and data_type = 'VARCHAR'"
        ).fetchall()
        for table, column in columns:
            if column in OWN_WORDS:
                connection.execute(
                    f"update marts.{table} set {column} = ?",
                    [CHANNEL if column == "channel" else company.NASTY["formula"]],
                )
            elif column == "dimension_value":
                connection.execute(
                    f"update marts.{table} set dimension_value = ? "
                    "where dimension = 'channel'",
                    [CHANNEL],
                )
    return own_company


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")


def test_the_closing_words_of_a_run(hostile_company):
    """A channel called [/bold] ended the run with a traceback, after it was
    published."""
    written = io.StringIO()
    screen = Screen(file=written, force_terminal=True, width=100)
    report = Report("", "2026-01-01", 1, state="succeeded", log="\x1b[2Jlog")
    done = published(hostile_company)
    summary.show(screen, hostile_company, report, done)
    said = written.getvalue()
    assert "[/bold]" in said
    assert not outlets.steering(said)


def test_no_command_lets_it_out(hostile_company):
    keep(
        hostile_company,
        Report("", "2026-01-01", 1, state="failed", sentence="".join(company.TEXTS)),
    )
    for command in (
        ["status"],
        ["queue"],
        ["queue", "--owner", company.NASTY["colour"]],
        ["queue", "--team", company.NASTY["clipboard"]],
        ["plan", "--sals", "2", "--by", "2025-06-30"],
        ["plan", "--sals", "2", "--by", "2025-06-30", "--channel", "\x1b[2J"],
        ["spend"],
        ["spend", "--period", company.NASTY["title"]],
        ["explain", company.NASTY["c1"]],
    ):
        done = in_process(*command, out=hostile_company.out)
        assert done.stdout + done.stderr, command
        assert not outlets.steering(done.stdout + done.stderr), command


def test_the_queue_as_csv_holds_no_formula(hostile_company):
    done = in_process("queue", "--csv", out=hostile_company.out)
    found = [*csv.DictReader(io.StringIO(done.stdout))]
    assert found
    cells = [value for row in found for value in row.values()]
    assert "'" + company.NASTY["formula"] in cells
    assert not [value for value in cells if value.startswith(("=", "@", "+"))]
