"""Runs `lead-funnel init` in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orchestration import cli


@pytest.fixture
def init(landing: Path, tmp_path: Path) -> Callable[..., Result]:
    """init("--yes"): what it says; the definition is in tmp_path/definition."""

    def run(*arguments: str, says: str = "", fails: bool = False) -> Result:
        done = CliRunner().invoke(
            cli.app,
            [
                "init",
                str(landing),
                "--definition",
                str(tmp_path / "definition"),
                "--out",
                str(tmp_path / "out"),
                *arguments,
            ],
            input=says,
        )
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert (done.exit_code != 0) == fails, done.output
        return done

    return run
