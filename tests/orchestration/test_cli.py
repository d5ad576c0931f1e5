"""The command: its sentences, its status and its closing table."""

import fcntl
import io
import json
import threading

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands import summary, what_was_read
from orchestration.errors import LeadFunnelError
from orchestration.intervals import Interval, wilson, with_bounds
from orchestration.project import Project
from orchestration.run import failures, runner
from orchestration.run.report import (
    Report,
    Step,
    is_running,
    keep,
    last_report,
    report_path,
)
from orchestration.transformation import dbt_runner


def lead_funnel(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--landing", "/not/there"], "LANDING is /not/there, where there is no"),
        (["--vars", "{"], "VARS is not JSON"),
        (["--vars", '{"as_off": 1}'], "unknown name 'as_off'"),
        (["--definition", "/not/there"], "DEFINITION is /not/there"),
        (["--engine", "sparc"], "ENGINE is 'sparc' (did you mean 'spark'?)"),
    ],
)
def test_each_error_is_a_sentence(tmp_path, arguments, sentence):
    result = lead_funnel("run", "--out", tmp_path / "out", *arguments)
    assert result.exit_code == 1
    assert sentence in result.output
    assert result.output.startswith("lead-funnel: ")
    assert "Traceback" not in result.output
    assert result.output.rstrip().endswith(".")


def test_debug_shows_the_traceback(tmp_path):
    result = lead_funnel("run", "--debug", "--landing", "/not/there")
    assert isinstance(result.exception, LeadFunnelError)


def test_status_before_the_first_run(tmp_path):
    result = lead_funnel("status", "--out", tmp_path)
    assert result.exit_code == 0
    assert "Nothing is published" in result.output
    assert "No run has been made" in result.output


def test_status_says_what_a_killed_run_left(tmp_path):
    project = Project.from_environment({}, out=tmp_path)
    keep(
        project,
        Report(
            "id",
            "2026-04-01T00:00:00+00:00",
            1,
            steps=[Step("build_facts")],
            checks={"dbt tests": {"run": 2, "passed": 1, "warned": 0, "failed": 1}},
        ),
    )
    (tmp_path / "publications" / "x.partial").mkdir(parents=True)
    said = lead_funnel("status", "--out", tmp_path).output
    assert "was killed during: Find people, lifecycles and facts" in said
    assert "x.partial half-written" in said
    assert "dbt tests: 1 of 2 passed" in said


def test_a_damaged_report_is_none(tmp_path):
    project = Project.from_environment({}, out=tmp_path)
    project.logs.mkdir()
    report_path(project).write_text('{"steps": 3')
    assert last_report(project) is None
    report_path(project).write_text(json.dumps({"steps": [], "new_field": 1}))
    assert last_report(project) is None


def test_two_runs_on_one_out(tmp_path):
    project = Project.from_environment({}, landing=tmp_path, out=tmp_path / "out")
    project.prepare_out()
    with (
        runner.locked(project),
        pytest.raises(LeadFunnelError, match="Another run is writing to"),
        runner.locked(project),
    ):
        pass


def test_a_run_waits_while_somebody_asks_for_the_status(tmp_path):
    project = Project.from_environment({}, landing=tmp_path, out=tmp_path / "out")
    project.prepare_out()
    assert not is_running(project)
    assert not (project.out / "run.lock").exists()
    with runner.locked(project):
        assert is_running(project)
    with (project.out / "run.lock").open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        release = threading.Timer(0.2, fcntl.flock, (asking, fcntl.LOCK_UN))
        release.start()
        with runner.locked(project):
            release.join()


def test_commands_of_others_register_themselves(tmp_path, monkeypatch):
    import typer

    from orchestration import cli, commands

    (tmp_path / "greet.py").write_text(
        "def register(app):\n    app.command('greet')(lambda: print('hello'))\n"
    )
    monkeypatch.setattr(commands, "__path__", [str(tmp_path)])
    extended = typer.Typer()
    extended.command("other")(lambda: None)
    monkeypatch.setattr(cli, "app", extended)
    cli._register_commands()
    assert CliRunner().invoke(extended, ["greet"]).output == "hello\n"


# Sentences of dbt's failures.


def node(**values):
    plain = {
        "unique_id": "model.p.fct_x",
        "name": "fct_x",
        "kind": "model",
        "status": "success",
        "seconds": 0.1,
        "message": "",
        "failures": 0,
        "compiled_path": "",
        "file": "models/fct_x.sql",
    }
    return dbt_runner.NodeResult(**{**plain, **values})


def test_nothing_failed():
    assert dbt_runner.failure_sentence([node(), node(status="skipped")]) is None


def test_a_failed_model_is_a_sentence():
    said = dbt_runner.failure_sentence(
        [
            node(
                status="error",
                message="Runtime Error in model fct_x (models/fct_x.sql)\n"
                "  Binder Error: no column y\n\n  compiled code at target/x.sql",
                compiled_path="/out/x.sql",
            ),
            node(name="fct_y", status="error"),
        ]
    )
    assert said == (
        "The dbt model fct_x failed: Runtime Error in model fct_x (models/fct_x.sql) "
        "Binder Error: no column y. The SQL that ran is /out/x.sql. fct_y failed too."
    )


def test_a_failed_test_says_how_many_rows():
    said = dbt_runner.failure_sentence(
        [
            node(
                kind="test",
                name="assert_x",
                status="fail",
                failures=1200,
                file="tests/data/assert_x.sql",
                compiled_path="/out/x.sql",
                description="Each amount needs a rate.",
            )
        ]
    )
    assert said == (
        "The dbt test assert_x found 1,200 rows that must not be there "
        "(tests/data/assert_x.sql). Each amount needs a rate. The SQL that ran is "
        "/out/x.sql."
    )


def test_what_a_user_can_mend_is_not_tried_again():
    import dagster as dg

    with pytest.raises(dg.Failure) as caught, failures.without_retries():
        raise LeadFunnelError("There is no such file.")
    assert caught.value.allow_retries is False
    assert caught.value.description == "There is no such file."


# The closing table.


def test_wilson_bounds():
    rate = wilson(10, 100)
    bounds = (rate.value, round(rate.lower, 4), round(rate.upper, 4))
    assert bounds == (0.1, 0.0552, 0.1744)
    assert wilson(0, 0) is None
    assert wilson(0, 5).lower == 0 and wilson(5, 5).upper == 1


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "–"),
        (Interval(0.1051, 0.0986, 0.1120), "10.5% (9.9–11.2)"),
        (Interval(1.0, 0.9954, 1.0), "100% (99.5–100)"),
        (Interval(0.5, 0.25, None), "50.0% (25.0–?)"),
    ],
)
def test_rates_are_short(rate, text):
    assert with_bounds(rate) == text


def test_the_table_holds_japanese_within_100_columns():
    screen = Console(width=100, file=io.StringIO())
    table = summary.rates_table("Title")
    label = "展示会・セミナー（大阪・東京・名古屋・福岡）合同"
    counts = (8_000_000, 841_000, 841_000, 841_000, 841_000)
    rate = Interval(0.12, 0.11, 0.13)
    row = summary.Rates(label, counts, rate, rate)
    summary.add_rows(table, [row])
    screen.print(table)
    lines = screen.file.getvalue().splitlines()
    from rich.cells import cell_len

    assert max(map(cell_len, lines)) <= 100
    assert "8,000,000" in screen.file.getvalue()
    assert "12.0% (11.0–13.0)" in screen.file.getvalue()
    text = "".join(line[:24] for line in lines)
    assert "展示会" in text


def test_the_title_of_a_narrow_table_is_one_line():
    screen = Console(width=100, file=io.StringIO())
    broken = what_was_read.Broken("missing_key", "ads.x", 1, (("No key.", 1),), "")
    what_was_read.show_broken(screen, [broken])
    lines = [line.strip() for line in screen.file.getvalue().splitlines()]
    assert "Quarantined raw rows, by the rule they break" in lines


@pytest.mark.parametrize(
    ("arguments", "is_recorded"),
    [((), True), (("--no-record",), False), (("--engine", "spark"), True)],
)
def test_a_run_is_in_dagsters_history(tmp_path, monkeypatch, arguments, is_recorded):
    said = []

    def run(*_, record, **__):
        said.append(record)
        raise LeadFunnelError("That is all.")

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.delenv("LEAD_FUNNEL_RECORD", raising=False)
    lead_funnel("run", "--out", tmp_path / "out", *arguments)
    assert said == [is_recorded]
