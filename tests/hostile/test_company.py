"""A company with hostile text in every column of its exports and its definition, and
in the name of a file: built, published, and looked at in every way that there is."""

import io
import os
import re
import zipfile
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import sync_playwright

from orchestration import checks
from orchestration.cli import app
from orchestration.commands import summary
from orchestration.project import Project
from orchestration.publication.publications import published
from orchestration.run.report import Report, keep
from orchestration.screen import Screen
from tests import job
from tests.end_to_end.command import in_process
from tests.hostile import company, outlets

pytestmark = pytest.mark.exhaustive

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    project = Project.from_environment(
        {},
        landing=company.write(folder / "landing"),
        out=folder / "out",
        definition=company.write_definition(folder / "definition"),
    )
    job.build(project)
    keep(project, Report("", "2026-01-01", os.getpid(), state="succeeded"))
    return project


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")


def test_it_is_published_as_it_is(built):
    """Nothing is changed, cut or run on the way: the text that came is there."""
    with duckdb.connect(str(built.published_database), read_only=True) as connection:

        def texts(query):
            return {value for (value,) in connection.execute(query).fetchall()}

        assert {company.text(1), company.text(3), company.text(5)} <= texts(
            "select channel from marts.dim_channels"
        )
        names = texts("select rep_name from marts.dim_sales_reps")
        assert {company.NASTY["script"], company.NASTY["sql"]} <= {
            name.rpartition(" ")[0] for name in names if name
        }
        accepted = "select count(*) from marts.fct_lead_lifecycles where accepted_at"
        [(count,)] = connection.execute(f"{accepted} is not null").fetchall()
    # Every third lead of 23 from the second on.
    assert count == 8


def test_every_command_that_reads_it(built):
    screen = Screen(file=io.StringIO(), force_terminal=True, width=100)
    report = Report("", "2026-01-01", 1, warnings=company.TEXTS, log="x")
    summary.show(screen, built, report, published(built))
    assert not outlets.steering(screen.file.getvalue())
    run = set()
    lead, channel = company.text(4), company.text(5)
    for command in outlets.commands(lead, channel, company.text(8), company.text(9)):
        done = in_process(*command, out=built.out)
        said = done.stdout + done.stderr
        assert said, command
        assert not outlets.steering(said), command
        if done.returncode == 0:
            run.add(command[0])
    # Those that are not here build: what they say is shown by what these say it by.
    known = {each.name or each.callback.__name__ for each in app.registered_commands}
    assert known - run == {
        *("run", "compare", "export", "init"),
        *("load", "check-sources", "check-alerts"),
    }


def test_init_looks_at_it(built, tmp_path):
    done = in_process(
        *("init", str(built.landing), "--definition", str(tmp_path / "own")),
        *("--yes", "--no-run"),
        out=tmp_path / "out",
    )
    assert done.returncode == 0, done.stderr
    assert not outlets.steering(done.stdout + done.stderr)


def test_the_workbook_holds_no_formula_of_theirs(built, tmp_path):
    path = tmp_path / "spend.xlsx"
    in_process("finance-export", "2025-04", "--to", str(path), out=built.out)
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist()}
    # Their text is among the texts, and in no formula or link.
    assert "HYPERLINK(" in parts["xl/sharedStrings.xml"]
    sheets = [text for name, text in parts.items() if "worksheets/" in name]
    formulas = [each for text in sheets for each in re.findall("<f>(.*?)</f>", text)]
    assert formulas
    assert not [each for each in formulas if "HYPERLINK" in each or "evil" in each]
    assert 'quotePrefix="1"' in parts["xl/styles.xml"]
    assert not [text for text in parts.values() if "<hyperlink" in text]
    assert not [name for name in parts if "external" in name.lower()]


def test_no_page_runs_a_script_of_theirs(built, tmp_path):
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    page = tmp_path / "explained.html"
    for command in (
        ["explain", company.text(1), "--names", "--html", str(page)],
        ["report", "--vars", '{"report_names_reps": true}'],
    ):
        done = in_process(*command, out=built.out)
        assert done.returncode == 0, done.stderr
    for suite in ("raw", "transitions"):
        checks.run_suite(built, suite)
    docs = [*built.data_docs.rglob("*.html")]
    pages = [page, *built.published.glob("*.html"), built.data_docs / "index.html"]
    pages += [path for path in docs if "validations" in path.parts][:3]
    assert len(pages) > 6
    asked = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        for path in pages:
            # Data Docs fetch their styles, in vain.
            is_ours = built.data_docs not in path.parents
            opened = browser.new_context(offline=True).new_page()
            opened.on("dialog", lambda dialog: asked.append(dialog.message))
            opened.on(
                "request",
                lambda request, is_ours=is_ours: (
                    asked.append(request.url)
                    if is_ours and not request.url.startswith(("file:", "data:"))
                    else None
                ),
            )
            opened.goto(path.resolve().as_uri(), wait_until="domcontentloaded")
            opened.wait_for_timeout(300)
            assert opened.evaluate("window.pwned") is None, path
        browser.close()
    assert not asked
