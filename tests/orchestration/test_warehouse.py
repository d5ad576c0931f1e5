"""What DuckDB may take of the machine, on every connection of the project."""

import duckdb
import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.sources.readers import Converter
from orchestration.transformation.dbt_plugin import Plugin

SETTINGS = (
    "select current_setting('memory_limit'), current_setting('threads'), "
    "current_setting('TimeZone'), current_setting('preserve_insertion_order')"
)
# 512 MB are 488.2 MiB, and DuckDB says them so.
LIMITED = ("488.2 MiB", 3, "UTC", False)


@pytest.fixture
def limited(monkeypatch):
    monkeypatch.setenv("LEAD_FUNNEL_MEMORY_LIMIT", "512MB")
    monkeypatch.setenv("LEAD_FUNNEL_THREADS", "3")


def test_the_warehouse_keeps_to_the_limits(limited, tmp_path):
    project = Project.from_environment({}, landing=tmp_path / "in", out=tmp_path / "o")
    connection = warehouse.connect(project)
    assert connection.execute(SETTINGS).fetchone() == LIMITED
    connection.close()


def test_reading_exports_keeps_to_the_limits(limited, tmp_path):
    with Converter(tmp_path) as converter:
        assert converter.connection.execute(SETTINGS).fetchone() == LIMITED
        [(spill,)] = converter.connection.execute(
            "select current_setting('temp_directory')"
        ).fetchall()
        assert spill == str(tmp_path / "spill")


def test_dbt_keeps_to_the_limits(limited):
    plugin = Plugin.create("orchestration.transformation.dbt_plugin", config={})
    with duckdb.connect() as connection:
        plugin.configure_connection(connection)
        assert connection.execute(SETTINGS).fetchone() == LIMITED


def test_great_expectations_keeps_to_the_limits(limited, tmp_path):
    from sqlalchemy import create_engine, text

    from expectations import dialect, run

    dialect.register()
    x, settings = tmp_path / "x.duckdb", warehouse.settings()
    engine = create_engine(
        f"{dialect.DRIVER}:///{x}",
        connect_args={"first": run.Place(x, tmp_path, settings=settings).first},
    )
    with engine.connect() as connection:
        assert tuple(connection.execute(text(SETTINGS)).fetchone()) == LIMITED
    dialect.close_connections()


def test_without_limits_the_choice_is_duckdbs():
    assert warehouse.limits({}) == {}
    assert warehouse.limits({"LEAD_FUNNEL_MEMORY_LIMIT": " "}) == {}


@pytest.mark.parametrize(
    ("memory", "threads"),
    [
        ("400MB", "1"),
        ("2GB", "1"),
        ("3.9 GB", "1"),
        ("4GB", "2"),
        ("3.8GiB", "2"),
        # What is enough for all processors is DuckDB's own choice.
        ("16GB", None),
        ("1TB", None),
        ("50%", None),
    ],
)
def test_little_memory_is_for_few_threads(monkeypatch, memory, threads):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    limits = warehouse.limits({"LEAD_FUNNEL_MEMORY_LIMIT": memory})
    assert limits == {
        "memory_limit": f"'{memory}'",
        **({"threads": threads} if threads else {}),
    }


def test_threads_that_are_named_are_taken():
    limits = warehouse.limits(
        {"LEAD_FUNNEL_MEMORY_LIMIT": "2GB", "LEAD_FUNNEL_THREADS": "4"}
    )
    assert limits["threads"] == "4"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"LEAD_FUNNEL_MEMORY_LIMIT": "plenty"},
            "LEAD_FUNNEL_MEMORY_LIMIT is 'plenty', but must be an amount of memory, "
            "such as 2GB or 50%.",
        ),
        (
            {"LEAD_FUNNEL_THREADS": "0"},
            "LEAD_FUNNEL_THREADS is '0', but must be a number of threads, 1 or more, "
            "1,024 at most.",
        ),
    ],
)
def test_a_limit_that_is_none_is_said(environment, sentence):
    with pytest.raises(LeadFunnelError) as error:
        warehouse.limits(environment)
    assert str(error.value) == sentence


@pytest.mark.parametrize(("lost", "is_there"), [(0, True), (2, True), (3, False)])
def test_a_file_that_was_not_written_is_written_again(tmp_path, lost, is_there):
    path = tmp_path / "rows.parquet"

    class Forgetful:
        """Loses so many of the files that it says it wrote."""

        left = lost

        def execute(self, statement):
            done = duckdb.execute(statement)
            if self.left:
                self.left -= 1
                path.unlink()
            return done

    if is_there:
        assert warehouse.write_parquet(Forgetful(), "select 1 as n", path) == 1
        assert duckdb.execute("from read_parquet(?)", [str(path)]).fetchall() == [(1,)]
    else:
        with pytest.raises(FileNotFoundError, match="DuckDB wrote no file"):
            warehouse.write_parquet(Forgetful(), "select 1 as n", path)
