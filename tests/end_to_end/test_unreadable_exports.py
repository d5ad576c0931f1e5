"""An export that the definition cannot read stops the run, and says what to do."""

import subprocess
from pathlib import Path

import pytest

from orchestration.project import Project
from orchestration.transformation import dbt_runner
from tests import job
from tests.end_to_end import command, small_folder

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

LEADS = 30


def in_other_words(rows: small_folder.Rows) -> None:
    """Sales renamed its statuses: two of three changes say what no rule knows."""
    history = rows["lead_status_history"] = rows["lead_status_history"][:69]
    for number, row in enumerate(history):
        row["new_value"] = ("mql", "引渡済", "対応中")[number % 3]


CHECK = "assert_raw_tables_could_be_read"


def write_limits(folder: Path, limits: str) -> None:
    (folder / "definition").mkdir(exist_ok=True)
    heading = "source,source_table,rule,max_share,min_rows,reason,expires_on\n"
    (folder / "definition" / "quarantine_limits.add.csv").write_text(heading + limits)


def project_of(folder: Path) -> Project:
    definition = folder / "definition"
    return Project.from_environment(
        {},
        landing=folder / "in",
        out=folder / "out",
        definition=definition if definition.exists() else None,
    )


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return command.in_process("run", landing=folder / "in", out=folder / "out")


def asked(folder: Path) -> str | None:
    """What the check that stops a run says of the folder, or none where it passes.
    Nothing is built but what it reads."""
    project = project_of(folder)
    job.load(project)
    results = dbt_runner.build(project, [f"+{CHECK}"], full_refresh=True)
    assert [item.name for item in results if item.kind == "test"] == [CHECK]
    return dbt_runner.failure_sentence(results)


def said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join(done.stderr.split())


def test_section_7_a_table_of_which_most_is_unread_stops_the_run(
    tmp_path: Path,
) -> None:
    small_folder.write(tmp_path / "in", LEADS, in_other_words)
    done = run(tmp_path)
    assert done.returncode == 1
    text = said(done)
    # Two of three of 69 rows.
    assert "Of generic.lead_status_history 46 of 69 rows could not be read." in text
    assert "No rule of v1 reads status = 引渡済 (23 rows)." in text
    assert "No rule of v1 reads status = 対応中 (23 rows)." in text
    assert "Add a rule for each value to stage_rules.add.csv" in text
    assert "generic,lead_status_history,any,1,0,<reason>,<until when>" in text
    assert not (tmp_path / "out" / "published").exists()

    # An exception that ran out counts no more; one that holds lets the run go on.
    of_table = "generic,lead_status_history,any,1,0,The old process"
    write_limits(tmp_path, f"{of_table},2020-01-01\n")
    assert "46 of 69 rows could not be read" in (asked(tmp_path) or "")
    write_limits(tmp_path, f"{of_table},2100-01-01\n")
    assert asked(tmp_path) is None


def test_section_7_a_history_of_which_nothing_is_read_stops_the_run(
    tmp_path: Path,
) -> None:
    """However few its rows are: every lead would look ignored."""

    def other_field(rows: small_folder.Rows) -> None:
        rows["lead_status_history"] = rows["lead_status_history"][:3]
        for row in rows["lead_status_history"]:
            row["field"] = "リードの進み"

    small_folder.write(tmp_path / "in", LEADS, other_field)
    text = asked(tmp_path) or ""
    assert "Of generic.lead_status_history no row of 3 could be read." in text
    assert "every lead looks ignored" in text


def test_section_7_a_table_that_shrank_by_half_stops_the_run(tmp_path: Path) -> None:
    """Against what was last published of the same folder, and of no other."""
    small_folder.write(tmp_path / "in", LEADS)
    job.build(project_of(tmp_path))
    published = (tmp_path / "out" / "published").resolve()
    # 5 each of six kinds with 3, 3, 2, 3, 1 and 2 changes, and 4 broken rows.
    before = 5 * (3 + 3 + 2 + 3 + 1 + 2) + 4

    def cut(rows: small_folder.Rows) -> None:
        rows["lead_status_history"] = rows["lead_status_history"][:30]

    small_folder.write(tmp_path / "in", LEADS, cut)
    done = run(tmp_path)
    assert done.returncode == 1
    text = said(done)
    assert (
        f"generic.lead_status_history has 30 rows, and had {before} when it was last "
        "published." in text
    )
    assert "generic,lead_status_history,shrunk,1,0,<reason>,<until when>" in text
    assert (tmp_path / "out" / "published").resolve() == published

    exception = "generic,lead_status_history,shrunk,1,0,Old years were archived,"
    write_limits(tmp_path, f"{exception}2100-01-01\n")
    assert asked(tmp_path) is None


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("created_at", "soon", "Not a time: soon (4 rows)."),
        ("status", "新しい", "No rule of v1 reads status = 新しい (4 rows)."),
    ],
)
def test_section_7_leads_without_one_time_or_known_status_stop_the_run(
    tmp_path: Path, column: str, value: str, sentence: str
) -> None:
    """However few: nobody would be in the funnel."""

    def spoil(rows: small_folder.Rows) -> None:
        rows["lead_status_history"] = []
        for row in rows["lead"]:
            row[column] = value

    small_folder.write(tmp_path / "in", 4, spoil)
    text = asked(tmp_path) or ""
    assert "Of generic.lead 4 of 4 rows could not be read" in text
    assert sentence in text


def test_what_was_not_read_is_said_with_the_rows_to_paste(tmp_path: Path) -> None:
    """Beside the rates stands how many hand-offs end in a status that no rule knows:
    leads 2 and 8 were handed over and are parked since; lead 0 was accepted."""

    def park(rows: small_folder.Rows) -> None:
        for lead, status in (("L0002", "保留"), ("L0008", "保留"), ("L0000", "x,y")):
            rows["lead_status_history"].append(
                {
                    "lead_id": lead,
                    "changed_at": "2026-04-20 00:00:00",
                    "field": "status",
                    "new_value": status,
                    "changed_by": "rep",
                }
            )

    small_folder.write(tmp_path / "in", 12, park)
    done = run(tmp_path)
    assert done.returncode == 0, said(done)
    text = " ".join(done.stdout.split())
    # Both kinds of two leads each, three history rows and four broken ones more.
    assert "generic.lead 12 0 12 0 0" in text
    assert "2 pending end in a status that no rule knows" in text or (
        "2 ignored end in a status that no rule knows" in text
    )
    assert "may have been accepted or rejected: 保留 (2)." in text
    assert "No rule of v1 reads status = 保留 (2)" in text
    lines = [line.strip() for line in done.stdout.splitlines()]
    at = lines.index("definition_version,source,entity,field,operator,value,stage")
    assert lines[at + 1 : at + 4] == [
        "v1,generic,lead,status,equals,保留,<stage>",
        "v1,generic,lead,status,equals,dancing,<stage>",
        'v1,generic,lead,status,equals,"x,y",<stage>',
    ]
