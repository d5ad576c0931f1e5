"""Runs `lead-funnel` as a user does: a process of its own, or in this one."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
from typer.testing import CliRunner

from orchestration import cli
from orchestration.project import ROOT
from orchestration.publication.publications import DATABASE, PERSONAL_DATABASE


def start(
    *arguments: str,
    landing: Path | None = None,
    out: Path,
    definition: Path | None = None,
    vars_json: str = "",
) -> subprocess.Popen[str]:
    settings = settings_of(landing, out, definition, vars_json)
    return subprocess.Popen(
        [sys.executable, "-m", "orchestration.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def lead_funnel(*arguments: str, **settings) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, **settings)
    out, err = process.communicate(timeout=1800)
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def in_process(
    *arguments: str,
    landing: Path | None = None,
    out: Path,
    definition: Path | None = None,
    vars_json: str = "",
) -> subprocess.CompletedProcess[str]:
    """The same command and what it says, without the seconds that a process takes
    to import what is there already."""
    settings = settings_of(landing, out, definition, vars_json)
    done = CliRunner().invoke(cli.app, arguments, env=settings)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(
        arguments, done.exit_code, done.stdout, done.stderr
    )


def settings_of(
    landing: Path | None, out: Path, definition: Path | None, vars_json: str
) -> dict[str, str]:
    return {
        "LEAD_FUNNEL_LANDING": str(landing or ""),
        "LEAD_FUNNEL_OUT": str(out),
        "LEAD_FUNNEL_DEFINITION": str(definition or ""),
        "LEAD_FUNNEL_VARS": vars_json,
    }


def published_rows(out: Path) -> dict[str, list[tuple]]:
    """Every row of every public table, those about persons among them, sorted: a table
    has no order."""
    found = {}
    for name in (DATABASE, PERSONAL_DATABASE):
        path = out / "published" / name
        if not path.exists():
            continue  # Names may be left out of what is published.
        with duckdb.connect(str(path), read_only=True) as file:
            tables = file.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "order by 1"
            ).fetchall()
            for (table,) in tables:
                found[table] = file.execute(f"from {table} order by all").fetchall()
    return found
