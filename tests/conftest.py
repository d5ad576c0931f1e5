"""What all tests share: a project in a folder of its own, and vendors' data."""

import argparse
import atexit
import fcntl
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import fall_silent
from orchestration.project import ROOT, Project
from orchestration.run import runner
from orchestration.transformation import parsed_project

atexit.register(fall_silent)

OF_THE_TESTS = {
    "LEAD_FUNNEL_SHARED",
    "LEAD_FUNNEL_REQUIRE_CHROMIUM",
    "LEAD_FUNNEL_REQUIRE_POSTGRES",
    "LEAD_FUNNEL_REQUIRE_SPARK",
    parsed_project.FOLDER,
    "LEAD_FUNNEL_RECORD",
}
"""What a shell may say of how the tests run."""

SHARED = Path(os.environ.get("LEAD_FUNNEL_SHARED") or ROOT.parent / "shared")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share",
        metavar="K/N",
        type=_share,
        default=(1, 1),
        help="of the files with exhaustive tests only every Nth, from the Kth",
    )


def _share(text: str) -> tuple[int, int]:
    which, of = (int(number) for number in text.split("/"))
    if not 1 <= which <= of:
        raise argparse.ArgumentTypeError("the first of three shares is 1/3")
    return which, of


def pytest_configure(config: pytest.Config) -> None:
    """All tests share what dbt parsed, each with an OUT of its own: to parse the
    project takes as long as to build a small company."""
    cache = getattr(config, "cache", None)
    if cache is not None:
        os.environ[parsed_project.FOLDER] = str(cache.mkdir("parsed"))
    # Nobody looks a test's run up, but where a test says so.
    os.environ["LEAD_FUNNEL_RECORD"] = "0"


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Files with slow tests first: two processes that each take the next file then
    end at about the same time."""
    _keep_share(config, items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def _keep_share(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the exhaustive tests of the other shares out, file by file: tests of a
    file share what they build."""
    which, of = config.getoption("--share")
    exhaustive = [item for item in items if item.get_closest_marker("exhaustive")]
    files = sorted({item.path for item in exhaustive})
    others = set(files) - set(files[which - 1 :: of])
    left_out = [item for item in exhaustive if item.path in others]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Half a character, as hostile names have, would end the process that a test runs
    in: it cannot be sent to the one that reports."""
    report = yield
    report.sections = [
        (head, text.encode("utf-8", "backslashreplace").decode())
        for head, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test must not depend on the shell that it was started from."""
    for name in os.environ.keys() - OF_THE_TESTS:
        if name.startswith("LEAD_FUNNEL_"):
            monkeypatch.delenv(name)


@pytest.fixture
def shared_data() -> Path:
    """Real data and vendors' schemas, which are not part of the project."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"the vendors' data is not at {folder} (LEAD_FUNNEL_SHARED)")
    return folder


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


def made_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """A folder that all test processes share, made by the first that asks for it."""
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def published_sample(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What `make run` makes of the shipped sample; nobody changes it."""

    def run(folder: Path) -> None:
        report = runner.run(Project.from_environment({}, out=folder))
        assert report.state == "succeeded", report.sentence

    folder = made_once(tmp_path_factory, "published_sample", run)
    return Project.from_environment({}, out=folder)


@pytest.fixture(scope="session")
def marts(published_sample: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """The sample's published tables, those about persons among them. One connection
    for all: a second one of this process would find `personal` attached already."""
    path = str(published_sample.published_database)
    with duckdb.connect(path, read_only=True) as connection:
        personal = published_sample.published_personal_database
        connection.execute(f"attach '{personal}' as personal (read_only)")
        yield connection


@pytest.fixture
def put(landing: Path) -> Callable[..., Path]:
    """Write a file below the landing folder: put("generic/lead.csv", text)."""

    def write(name: str, content: str | bytes) -> Path:
        path = landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def project(landing: Path, tmp_path: Path) -> Project:
    return Project.from_environment({}, landing=landing, out=tmp_path / "out")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Test ids hold section signs as they are, so bytes need a text of their own."""
    return repr(val) if isinstance(val, bytes) else None
