"""What `make` hands to the program, and what it installs."""

import os
import re
import shutil
import subprocess

import pytest

from orchestration.project import ROOT

VARS = """{"reporting_timezone": "UTC", "funnel_version": "it's $(x) 日本"}"""


def make(*arguments, **environment):
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    bare = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LEAD_FUNNEL_", "MAKE", "MFLAGS"))
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=bare | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shown(name, *arguments, **environment):
    result = make(f"--eval=show: ; @printenv {name}", "show", *arguments, **environment)
    return result.stdout.removesuffix("\n")


@pytest.mark.parametrize("name", ["VARS", "LANDING", "OUT", "DEFINITION", "ENGINE"])
def test_settings_arrive_as_they_were_typed(name):
    given = VARS if name == "VARS" else '/a folder/it\'s "new"'
    assert shown(f"LEAD_FUNNEL_{name}", f"{name}={given}") == given


def test_settings_of_the_shell_are_kept():
    assert shown("LEAD_FUNNEL_OUT", LEAD_FUNNEL_OUT="/a b") == "/a b"


@pytest.mark.parametrize(
    ("engine", "environment"), [("duckdb", ".venv/"), ("spark", ".venv-spark/")]
)
def test_an_engine_runs_in_its_environment(engine, environment):
    planned = make("--dry-run", "run", f"ENGINE={engine}").stdout.splitlines()
    assert planned[-1] == f"{environment}bin/lead-funnel run"


def test_make_alone_lists_the_targets():
    listed = make().stdout
    for target in (
        "run",
        "test",
        "test-all",
        "lint",
        "dev",
        "bench",
        "sample",
        "status",
        "clean",
        "test-spark",
        "audit",
    ):
        assert re.search(rf"^  make {target} +\S", listed, re.MULTILINE), target


def test_without_python_311_make_says_so(tmp_path):
    result = make(f"{tmp_path}/x.stamp", f"RUNTIME={tmp_path}/x.stamp", "PYTHON=")
    assert result.returncode != 0
    assert "Python 3.11 is needed" in result.stderr


def locked(name):
    """The versions of a lock file, by package."""
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE))


def test_the_development_lock_holds_the_runtime_lock():
    """Otherwise `make run` and `make test` would undo each other's packages."""
    assert (
        locked("requirements.lock").items() <= locked("requirements-dev.lock").items()
    )
    assert locked("requirements-uv.lock").items() <= locked("requirements.lock").items()


def test_the_locks_hold_what_is_asked_for_with_hashes_and_no_addresses():
    for name in (
        "requirements-uv",
        "requirements",
        "requirements-dev",
        "requirements-audit",
    ):
        text = (ROOT / f"{name}.lock").read_text()
        assert "://" not in text
        assert text.count("--hash=sha256:") >= len(locked(f"{name}.lock"))
        asked = re.findall(
            r"^([a-z0-9-]+)==(\S+)", (ROOT / f"{name}.in").read_text(), re.MULTILINE
        )
        for package, version in asked:
            assert locked(f"{name}.lock")[package] == version
