"""Text from outside is only ever text: the places that let it out, one by one.
`test_company.py` sends it through all of them."""

import ast
import csv
import io
import json
import logging
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
from rich.table import Table
from rich.text import Text

from orchestration.commands.compare import differences
from orchestration.printable import (
    in_json,
    in_spreadsheet,
    printable,
    printable_lines,
)
from orchestration.project import ROOT, Project
from orchestration.run import report as kept
from orchestration.run import runner
from orchestration.screen import Screen
from tests.hostile import company, outlets

SOURCES = sorted((ROOT / "orchestration").rglob("*.py"))


@pytest.mark.parametrize("nasty", company.TEXTS)
@pytest.mark.parametrize("how", ["line", "cell", "text", "title", "status"])
def test_a_terminal_takes_text_for_text(nasty, how):
    written = io.StringIO()
    screen = Screen(file=written, force_terminal=True, width=200)
    table = Table(title=nasty if how == "title" else None)
    table.add_column(nasty)
    if how == "line":
        screen.print(f"see {nasty}", style="red")
    elif how == "status":
        with screen.doing(nasty) as say:
            say(nasty)
    else:
        table.add_row(Text(nasty) if how == "text" else nasty)
        screen.print(table)
    said = written.getvalue()
    assert not outlets.steering(said)
    # All of it is there, as signs: nothing is swallowed as markup or as an emoji.
    for line in printable_lines(nasty).split("\n"):
        assert line.strip() in " ".join(said.split("\n")) or how == "text"


def test_only_one_module_opens_a_terminal():
    """Another console, `print` or `echo` would let text out as it comes."""
    found = []
    for path in SOURCES:
        if path.name == "screen.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            if name in ("Console", "print", "rich.print", "typer.echo", "typer.secho"):
                found.append(f"{path.relative_to(ROOT)}: {name}")
    # It says where Dagster's history is, to make.
    assert found == ["orchestration/project.py: print"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
        ("", ""),
        (-1, -1),
        (None, None),
    ],
)
def test_a_spreadsheet_takes_text_for_text(value, shown):
    assert in_spreadsheet(value) == shown


def test_json_steers_nothing_and_means_the_same():
    text = json.dumps(company.TEXTS, ensure_ascii=False, indent=1)
    assert not outlets.steering(in_json(text))
    assert json.loads(in_json(text)) == company.TEXTS


def test_signs_stand_for_what_steers():
    assert printable("\x1b]8;;x\x07\x9b\u202e\ud800") == "␛]8;;x␇\ufffd\ufffd\ufffd"
    assert printable("日本 é 👩\u200d💻 عربي") == "日本 é 👩\u200d💻 عربي"
    assert printable_lines("a\nb\r") == "a\nb␍"


def test_a_log_takes_text_for_text(tmp_path):
    project = Project.from_environment({}, out=tmp_path)
    with runner._logging(project) as path:
        logging.getLogger("lead_funnel").warning(
            "said %s", "\ud800".join(company.TEXTS)
        )
    said = path.read_text(encoding="utf-8")
    assert "said [/bold]" in said
    assert not outlets.steering(said.replace("\x1b", "\x1b "))
    assert "\x1b" not in said


def test_a_run_is_written_down_whatever_is_said(tmp_path):
    """A name that is not UTF-8, such as Python gives one."""
    project = Project.from_environment({}, out=tmp_path)
    said = [*company.TEXTS, "\udcff"]
    kept.keep(project, kept.Report("", "2026-01-01", 1, warnings=said))
    assert kept.last_report(project).warnings == said
    assert Path(kept.report_path(project)).read_bytes().isascii()


def test_the_comparison_as_csv_holds_no_formula(tmp_path):
    connection = duckdb.connect()
    both = [
        f"{name}_{side}"
        for name in differences.LEAD_COLUMNS
        for side in ("before", "after")
    ]
    instants = ("handed_off_at_before", "handed_off_at_after")
    columns = dict.fromkeys([*both, *instants], "timestamp") | {
        name: "varchar" for name in both if "at_" not in name
    }
    declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(
        "create table changed_leads (person_id varchar, lifecycle_no int, "
        "record varchar, is_added boolean, is_removed boolean, is_flipped boolean, "
        f"{declared})"
    )
    connection.execute(
        "create table lead_causes as select * from (values "
        "('-1', 1, '@SUM(1)')) as v (person_id, lifecycle_no, why)"
    )
    connection.execute(
        "insert into changed_leads (person_id, lifecycle_no, record, is_flipped) "
        "values ('-1', 1, '=1+1', true), ('p', -2, '日本', true)"
    )
    path = tmp_path / "changed.csv"
    assert differences.write_csv(SimpleNamespace(connection=connection), path) == 2
    with path.open(encoding="utf-8", newline="") as stream:
        rows = {row["record"]: row for row in csv.DictReader(stream)}
    assert rows["'=1+1"]["why"] == "'@SUM(1)"
    assert rows["'=1+1"]["person_id"] == "'-1"
    assert rows["日本"]["lifecycle_no"] == "-2"
    assert rows["日本"]["change"] == "changed"
