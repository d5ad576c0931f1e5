"""The raw tables mirror the landing folder, whatever happened before."""

import csv
import gzip
import os
import subprocess
import sys
import tracemalloc
from datetime import datetime, timedelta

import pytest

from orchestration import warehouse
from orchestration.connectors import raw
from orchestration.connectors.raw import load_all
from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project

FIRST = datetime(2026, 4, 1, 9)
LEADS = "lead_id,created_at,email\n1,2026-01-01,a@example.com\n2,2026-01-02,\n"


def tables(project):
    """Every raw table: its columns and its rows, without the time of loading."""
    with warehouse.connect(project, read_only=True) as connection:
        found = {}
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name like 'raw\\_%' escape '\\' "
            "and table_name not like '\\_dlt%' escape '\\'"
        ).fetchall():
            cursor = connection.execute(
                f'select * exclude (_loaded_at) from {schema}."{name}"'
            )
            columns = [column[0] for column in cursor.description]
            found[f"{schema}.{name}"] = (
                set(columns),
                sorted(
                    tuple(sorted(zip(columns, map(str, row), strict=True)))
                    for row in cursor.fetchall()
                ),
            )
        return found


def loaded_at(project, table="raw_generic.lead"):
    """When the rows of each file were loaded."""
    with warehouse.connect(project, read_only=True) as connection:
        return dict(
            connection.execute(
                f"select distinct _file, _loaded_at from {table}"
            ).fetchall()
        )


def undisturbed(project, tmp_path):
    """The raw tables of a fresh load of the same folder."""
    fresh = Project.from_environment(
        {}, landing=project.landing, out=tmp_path / "fresh"
    )
    load_all(fresh)
    return tables(fresh)


@pytest.fixture
def filled(project, put):
    """A loaded folder with two systems and a table in two files."""
    put("generic/lead.csv", LEADS)
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1\n2,1\n")
    put("generic/touch/b.jsonl", '{"lead_id": "2", "type": "call"}\n')
    put("salesforce/lead.csv", "Id,CreatedDate\n00Q1,2026-01-01\n")
    load_all(project, FIRST)
    return project


def test_every_column_is_text_beside_file_hash_and_time(filled):
    with warehouse.connect(filled, read_only=True) as connection:
        columns = connection.execute(
            "select column_name, data_type from duckdb_columns() "
            "where schema_name = 'raw_generic' and table_name = 'lead'"
        ).fetchall()
    assert columns == [
        ("lead_id", "VARCHAR"),
        ("created_at", "VARCHAR"),
        ("email", "VARCHAR"),
        ("_file", "VARCHAR"),
        ("_file_sha256", "VARCHAR"),
        ("_loaded_at", "TIMESTAMP"),
    ]
    assert loaded_at(filled) == {"generic/lead.csv": FIRST}


def test_the_files_of_a_table_may_differ_in_columns(filled):
    columns, rows = tables(filled)["raw_generic.touch"]
    assert columns == {"touch_id", "lead_id", "type", "_file", "_file_sha256"}
    assert len(rows) == 3


def test_loading_twice_changes_nothing(filled):
    before = tables(filled)
    again = load_all(filled, FIRST + timedelta(days=1))
    assert tables(filled) == before
    assert loaded_at(filled) == {"generic/lead.csv": FIRST}
    assert sum(table.new_files for table in again.values()) == 0


def test_a_file_that_was_only_touched_is_not_loaded_again(filled, landing):
    os.utime(landing / "generic/lead.csv")
    load_all(filled, FIRST + timedelta(days=1))
    assert loaded_at(filled) == {"generic/lead.csv": FIRST}


def test_a_changed_files_rows_are_replaced_and_others_keep_their_time(
    filled, put, tmp_path
):
    later = FIRST + timedelta(days=1)
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1\n3,2\n4,2\n")
    counts = load_all(filled, later)
    assert counts["generic", "touch"].rows == 4
    assert counts["generic", "touch"].new_files == 1
    assert loaded_at(filled, "raw_generic.touch") == {
        "generic/touch/a.csv": later,
        "generic/touch/b.jsonl": FIRST,
    }
    assert tables(filled) == undisturbed(filled, tmp_path)


def test_a_change_that_keeps_size_and_date_is_seen(filled, landing):
    path = landing / "generic/lead.csv"
    stat = path.stat()
    path.write_text(LEADS.replace("a@", "b@"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    load_all(filled)
    assert "b@example.com" in str(tables(filled)["raw_generic.lead"])


def test_a_vanished_file_a_vanished_column_and_a_vanished_table_go(
    filled, landing, put, tmp_path
):
    (landing / "generic/touch/a.csv").unlink()
    load_all(filled)
    columns, rows = tables(filled)["raw_generic.touch"]
    assert "touch_id" not in columns
    assert len(rows) == 1
    (landing / "generic/touch/b.jsonl").unlink()
    load_all(filled)
    assert "raw_generic.touch" not in tables(filled)
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1\n")
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)


def test_another_landing_folder_is_mirrored_whole(filled, tmp_path):
    other = tmp_path / "other"
    (other / "generic").mkdir(parents=True)
    (other / "generic/lead.csv").write_text("lead_id,created_at,name\n9,2026-01-01,x\n")
    moved = Project.from_environment({}, landing=other, out=filled.out)
    load_all(moved)
    assert tables(moved) == undisturbed(moved, tmp_path)
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path / "again")


def test_an_empty_table_and_one_without_files(filled, put, tmp_path):
    put("generic/touch/a.csv", "touch_id,lead_id\n")
    put("generic/touch/b.jsonl", "")
    counts = load_all(filled)
    assert counts["generic", "touch"].rows == 0
    assert counts["generic", "user"].files == 0
    assert tables(filled) == undisturbed(filled, tmp_path)


def test_a_broken_file_leaves_the_raw_tables_as_they_were(filled, put):
    before = tables(filled)
    put("generic/lead.csv", "lead_id,created_at,email\n1,2026-01-01,a@x.jp\n")
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1,1\n")
    with pytest.raises(LeadFunnelError, match="generic/touch/a.csv"):
        load_all(filled)
    assert tables(filled) == before


def test_what_another_program_did_to_the_raw_tables_is_mended(filled, tmp_path):
    with warehouse.connect(filled) as connection:
        connection.execute("delete from raw_generic.lead where lead_id = '1'")
        connection.execute("alter table raw_generic.touch drop column type")
        connection.execute("drop table raw_salesforce.lead")
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)


# Where a killed load can stop, as code that ends its own process there.
KILLS = {
    "before anything was taken out": ("raw.SystemLoad._take_out = lambda *_: kill()"),
    "before dlt": "raw.run_pipeline = lambda load: kill()",
    "after one table of several": (
        "from dlt.destinations.impl.duckdb import duck\n"
        "run = duck.DuckDbCopyJob.run\n"
        "seen = []\n"
        "def once(job):\n"
        "    seen.append(1) or run(job) if not seen else kill()\n"
        "duck.DuckDbCopyJob.run = once"
    ),
    "before it is written down": "raw.SystemLoad.finish = lambda load: kill()",
}


@pytest.mark.parametrize("place", KILLS)
def test_a_killed_load_heals_at_the_next(filled, put, tmp_path, place):
    put("generic/lead.csv", LEADS + "3,2026-01-03,c@example.com\n")
    put("generic/touch/a.csv", "lead_id,note\n1,x\n")
    put("generic/user.csv", "user_id\nu1\n")
    code = (
        "import os, signal\n"
        "from orchestration.connectors import raw\n"
        "from orchestration.project import Project\n"
        "def kill(): os.kill(os.getpid(), signal.SIGKILL)\n"
        f"{KILLS[place]}\n"
        "raw.load_all(Project.from_environment())"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **filled.environment()},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert killed.returncode == -9, killed.stderr
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)


def test_a_held_warehouse_is_a_sentence_that_names_the_holder(filled):
    code = (
        "import duckdb, sys\n"
        f"held = duckdb.connect({str(filled.warehouse)!r})\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(
            LeadFunnelError, match=f"in use by the process {holder.pid}"
        ):
            load_all(filled)
        holder.communicate("")


def test_a_file_that_is_no_warehouse_is_a_sentence(project, put):
    put("generic/lead.csv", LEADS)
    project.prepare_out()
    project.warehouse.write_text("not a database")
    with pytest.raises(LeadFunnelError, match="cannot be opened"):
        load_all(project)


def test_rows_never_become_python_objects(project, put):
    """A folder larger than the memory must load: DuckDB reads and spills."""
    rows = "".join(
        f"{number},2026-01-01T00:00:00Z,person{number}@example.com\n"
        for number in range(200_000)
    )
    put(
        "generic/lead.csv.gz",
        gzip.compress(f"lead_id,created_at,email\n{rows}".encode()),
    )
    load = raw.SystemLoad(project, "generic", raw.read_landing(project.landing), FIRST)
    tracemalloc.start()
    load.prepare()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 << 20
    assert load.converted[0].rows == 200_000


def test_the_real_exports_of_a_loader_are_read(shared_data, tmp_path):
    """Fivetran's own tables: hundreds of columns, marks at the beginning, gaps."""
    landing = tmp_path / "landing"
    expected = {}
    for system, prefix in [("salesforce", "sf_"), ("marketo", "marketo_")]:
        (landing / system).mkdir(parents=True)
        for path in (shared_data / "fivetran" / system).glob("*_data.csv"):
            name = path.stem.removeprefix(prefix).removesuffix("_data")
            (landing / system / f"{name}.csv").symlink_to(path)
            with path.open(encoding="utf-8-sig", newline="") as stream:
                expected[system, name] = len(list(csv.DictReader(stream)))
    counts = load_all(
        Project.from_environment({}, landing=landing, out=tmp_path / "out")
    )
    loaded = {key: table.rows for key, table in counts.items() if table.files}
    assert loaded.items() <= expected.items()
    assert len(loaded) == 14
