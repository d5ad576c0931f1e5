"""An export that the definition cannot read stops the run, and says what to do."""

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end import command, small_folder

pytestmark = pytest.mark.slow

LEADS = 30


def in_other_words(rows: small_folder.Rows) -> None:
    """Sales renamed its statuses: two of three changes say what no rule knows."""
    history = rows["lead_status_history"] = rows["lead_status_history"][:69]
    for number, row in enumerate(history):
        row["new_value"] = ("mql", "引渡済", "対応中")[number % 3]


def run(folder: Path, limits: str | None = None) -> subprocess.CompletedProcess[str]:
    definition = folder / "definition"
    if limits is not None:
        definition.mkdir(exist_ok=True)
        heading = "source,source_table,rule,max_share,min_rows,reason,expires_on\n"
        (definition / "quarantine_limits.add.csv").write_text(heading + limits)
    return command.in_process(
        "run",
        landing=folder / "in",
        out=folder / "out",
        definition=definition if definition.exists() else None,
    )


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
    done = run(tmp_path, f"{of_table},2020-01-01\n")
    assert done.returncode == 1
    done = run(tmp_path, f"{of_table},2100-01-01\n")
    assert done.returncode == 0, said(done)


def test_section_7_a_history_of_which_nothing_is_read_stops_the_run(
    tmp_path: Path,
) -> None:
    """However few its rows are: every lead would look ignored."""

    def other_field(rows: small_folder.Rows) -> None:
        rows["lead_status_history"] = rows["lead_status_history"][:3]
        for row in rows["lead_status_history"]:
            row["field"] = "リードの進み"

    small_folder.write(tmp_path / "in", LEADS, other_field)
    done = run(tmp_path)
    assert done.returncode == 1
    text = said(done)
    assert "Of generic.lead_status_history no row of 3 could be read." in text
    assert "every lead looks ignored" in text
