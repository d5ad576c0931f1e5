"""The raw tables mirror the landing folder, whatever happened before."""

import csv
import gzip
import os
import shutil
import subprocess
import sys
import tracemalloc
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from orchestration.sources import raw
from orchestration.sources.raw import load_all
from orchestration.sources.readers import digest

FIRST = datetime(2026, 4, 1, 9)
LEADS = "lead_id,created_at,email\n1,2026-01-01,a@example.com\n2,2026-01-02,\n"


def tables(project):
    """Every raw table: its columns and its rows, without the time of loading."""
    with warehouse.connect(project, read_only=True) as connection:
        found = {}
        for schema, name in connection.execute(
            "select schema_name, view_name from duckdb_views() "
            "where schema_name like 'raw\\_%' escape '\\'"
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
            "where schema_name = 'raw_generic' and table_name = 'lead' "
            "order by column_index"
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


@pytest.mark.parametrize(
    "content", ["", "\n \n", "\ufeff", gzip.compress(b"", mtime=0)]
)
def test_a_required_table_that_was_cut_off_is_a_sentence(filled, put, landing, content):
    before = tables(filled)
    (landing / "generic/lead.csv").unlink()
    name = f"generic/lead.csv{'.gz' if isinstance(content, bytes) else ''}"
    put(name, content)
    said = f"The file {name} has no column, .* was cut off. Export it again"
    with pytest.raises(LeadFunnelError, match=said):
        load_all(filled)
    assert tables(filled) == before


def test_all_files_of_a_required_table_that_was_cut_off_are_named(
    filled, put, landing, tmp_path
):
    (landing / "generic/lead.csv").unlink()
    put("generic/lead/a.csv", "")
    put("generic/lead/b.jsonl", "")
    with pytest.raises(LeadFunnelError, match=r"None of the files \S+/a.csv and \S+/b"):
        load_all(filled)
    put("generic/lead/c.csv", "lead_id,created_at\n")
    for _ in range(2):
        assert load_all(filled)["generic", "lead"].rows == 0
    assert tables(filled) == undisturbed(filled, tmp_path)


def test_a_broken_file_leaves_the_raw_tables_as_they_were(filled, put):
    before = tables(filled)
    put("generic/lead.csv", "lead_id,created_at,email\n1,2026-01-01,a@x.jp\n")
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1,1\n")
    with pytest.raises(LeadFunnelError, match="generic/touch/a.csv"):
        load_all(filled)
    assert tables(filled) == before
    assert all(len(paths) == 1 for paths in parquet_files(filled).values())


def parquet_files(project):
    """The files below OUT/raw, by the landed file that each was made of."""
    with warehouse.connect(project, read_only=True) as connection:
        known = [
            name
            for (name,) in connection.execute("select file from loads.files").fetchall()
        ]
    found = sorted(path for path in project.raw.rglob("*") if path.is_file())
    by_name = {
        name: [path for path in found if f"/_file={raw.escaped(name)}/" in str(path)]
        for name in known
    }
    assert sorted(path for paths in by_name.values() for path in paths) == found
    return by_name


def test_each_landed_file_is_one_parquet_file(filled, put):
    put("generic/touch/a.csv", "touch_id,lead_id\n1,1\n")
    load_all(filled, FIRST + timedelta(days=1))
    files = parquet_files(filled)
    assert {name: len(paths) for name, paths in files.items()} == {
        "generic/lead.csv": 1,
        "generic/touch/a.csv": 1,
        "generic/touch/b.jsonl": 1,
        "salesforce/lead.csv": 1,
    }


def test_what_another_program_did_to_the_raw_tables_is_mended(filled, tmp_path):
    files = parquet_files(filled)
    files["generic/lead.csv"][0].unlink()
    files["generic/touch/a.csv"][0].write_bytes(b"")
    with warehouse.connect(filled) as connection:
        connection.execute("drop view raw_salesforce.lead")
        connection.execute("drop view raw_generic.touch")
        connection.execute("create table raw_generic.touch as select 1 as touch_id")
    (filled.raw / "raw_generic" / "lead" / "other.parquet").write_bytes(b"")
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)
    assert parquet_files(filled)


def test_a_warehouse_with_raw_tables_of_an_earlier_version_is_loaded_anew(
    filled, tmp_path
):
    with warehouse.connect(filled) as connection:
        connection.execute(
            """
            create table raw_generic.kept as from raw_generic.lead;
            drop view raw_generic.lead;
            create table raw_generic.lead as from raw_generic.kept;
            drop table raw_generic.kept;
            create table raw_generic._dlt_version (version bigint);
            alter table loads.files drop column size;
            """
        )
    shutil.rmtree(filled.raw)
    counts = load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)
    assert counts["generic", "lead"].new_files == 1
    with warehouse.connect(filled, read_only=True) as connection:
        assert not connection.execute(
            "select table_name from duckdb_tables() where schema_name like 'raw%'"
        ).fetchall()


def test_a_link_to_nowhere_is_a_sentence(project, put, landing):
    put("generic/lead.csv", LEADS)
    (landing / "generic" / "touch.csv").symlink_to(landing / "gone.csv")
    with pytest.raises(LeadFunnelError, match="generic/touch.csv cannot be read"):
        load_all(project)


def test_a_file_is_hashed_until_it_is_known_by_its_fingerprint(
    project, put, monkeypatch
):
    """A file that was new when it was loaded first might have changed unseen."""
    path = put("generic/lead.csv", LEADS)
    hashed = []
    monkeypatch.setattr(
        raw, "digest", lambda path: hashed.append(path.name) or digest(path)
    )
    load_all(project)
    settled = path.stat().st_mtime - 60
    monkeypatch.setattr(raw, "SETTLED_SECONDS", 0)
    for expected in (["lead.csv"], []):
        hashed.clear()
        load_all(project)
        assert hashed == expected
    os.utime(path, (settled, settled))
    for expected in (["lead.csv"], []):
        hashed.clear()
        load_all(project)
        assert hashed == expected


def test_any_name_of_a_file_and_of_the_folder_is_read(put, landing, tmp_path):
    name = "generic/touch/a =%2F'\"[x]*?{y}#+&é日本\\:^.csv"
    put("generic/lead.csv", LEADS)
    put(name, "touch_id,lead_id\n1,1\n")
    put("generic/touch/b.csv", "touch_id,lead_id\n2,1\n")
    out = tmp_path / "o [a]*{b} #20é'"
    project = Project.from_environment({}, landing=landing, out=out)
    load_all(project, FIRST)
    assert loaded_at(project, "raw_generic.touch") == {
        name: FIRST,
        "generic/touch/b.csv": FIRST,
    }
    (landing / name).unlink()
    load_all(project)
    assert len(tables(project)["raw_generic.touch"][1]) == 1


def test_a_name_that_no_folder_can_have_is_a_sentence(project, put):
    put("generic/lead.csv", LEADS)
    put(f"generic/touch/{'x' * 120}/{'y' * 120}.csv", "touch_id,lead_id\n1,1\n")
    with pytest.raises(LeadFunnelError, match="is too long: shorten it"):
        load_all(project)


def text_table(**columns):
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def test_parquet_of_text_is_not_written_again(project, put, landing):
    put("generic/lead.csv", LEADS)
    put("generic/touch/a.parquet", b"")
    landed = landing / "generic/touch/a.parquet"
    pq.write_table(text_table(touch_id=["1", None], lead_id=["1", "2"]), landed)
    load_all(project)
    [copy] = parquet_files(project)["generic/touch/a.parquet"]
    assert copy.read_bytes() == landed.read_bytes()
    landed.write_bytes(b"written over")
    assert len(tables(project)["raw_generic.touch"][1]) == 2


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        (text_table(touch_id=["1", ""], lead_id=["1", "2"]), {}),
        (text_table(touch_id=["1", "2"], leadId=["1", "2"]), {}),
        (text_table(touch_id=["1", "2"], lead_id=[1, 2]), {}),
        (text_table(touch_id=["1", "2"], lead_id=[b"1", b"2"]), {}),
        (
            text_table(touch_id=["1", "2"], lead_id=["1", "2"]).cast(
                pa.schema(
                    [
                        ("touch_id", pa.large_string()),
                        ("lead_id", pa.dictionary(pa.int8(), pa.string())),
                    ]
                )
            ),
            {},
        ),
        (text_table(touch_id=["1", "2"], lead_id=["1", "2"]), {"compression": "gzip"}),
    ],
)
def test_other_parquet_becomes_text(project, put, landing, table, settings):
    put("generic/lead.csv", LEADS)
    (landing / "generic/touch").mkdir()
    pq.write_table(table, landing / "generic/touch/a.parquet", **settings)
    pq.write_table(
        text_table(touch_id=["9"], lead_id=["1"]), landing / "generic/touch/b.parquet"
    )
    load_all(project)
    with warehouse.connect(project, read_only=True) as connection:
        found = connection.execute(
            "select touch_id, lead_id from raw_generic.touch order by all"
        ).fetchall()
        [(kinds,)] = connection.execute(
            "select list(distinct data_type order by data_type) from duckdb_columns() "
            "where table_name = 'touch'"
        ).fetchall()
    second = None if "" in table["touch_id"].to_pylist() else "2"
    assert sorted(found, key=str) == sorted(
        [("1", "1"), (second, "2"), ("9", "1")], key=str
    )
    assert kinds == ["TIMESTAMP", "VARCHAR"]


def test_damage_within_parquet_of_text_leaves_the_raw_tables_as_they_were(
    filled, landing
):
    before = tables(filled)
    path = landing / "generic/touch/c.parquet"
    numbers = [str(number) for number in range(10_000)]
    pq.write_table(text_table(touch_id=numbers, lead_id=numbers), path)
    content = bytearray(path.read_bytes())
    content[2_000:4_000] = bytes(2_000)
    path.write_bytes(content)
    with pytest.raises(LeadFunnelError, match="touch/c.parquet cannot be read"):
        load_all(filled)
    assert tables(filled) == before


def test_a_filter_on_files_opens_no_others(project, put):
    put("generic/lead.csv", LEADS)
    for number in range(20):
        put(f"generic/touch/{number}.csv", f"touch_id,lead_id\n{number},1\n")
    load_all(project)
    with warehouse.connect(project, read_only=True) as connection:
        plan = connection.execute(
            "explain analyze select max(touch_id) from raw_generic.touch "
            "where _file is null or _file in ('generic/touch/3.csv')"
        ).fetchall()[0][1]
    assert "Total Files Read: 1" in plan


# Where a killed load can stop, as code that ends its own process there.
KILLS = {
    "before anything is read": "raw.Converter.convert = lambda *_: kill()",
    "before a file is in its place": "readers.move = lambda *_: kill()",
    "after the first file is in its place": (
        "convert, seen = raw.Converter.convert, []\n"
        "def once(*given):\n"
        "    return seen.append(1) or convert(*given) if not seen else kill()\n"
        "raw.Converter.convert = once"
    ),
    "after every file is in its place": "raw.sync = lambda path: kill()",
    "before anything is written down": "raw.SystemLoad.show = lambda load: kill()",
    "before the tables are shown": "raw.SystemLoad._make_views = lambda *_: kill()",
    "before leftovers are removed": (
        "raw.SystemLoad._remove_leftovers = lambda *_: kill()"
    ),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("place", KILLS)
def test_a_killed_load_heals_at_the_next(filled, put, tmp_path, place):
    before = tables(filled)
    put("generic/lead.csv", LEADS + "3,2026-01-03,c@example.com\n")
    put("generic/touch/a.csv", "lead_id,note\n1,x\n")
    put("generic/user.csv", "user_id\nu1\n")
    code = (
        "import os, signal\n"
        "from orchestration.sources import raw, readers\n"
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
    if place != "before leftovers are removed":
        assert tables(filled) == before
    load_all(filled)
    assert tables(filled) == undisturbed(filled, tmp_path)
    assert all(len(paths) == 1 for paths in parquet_files(filled).values())


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
    load.read()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 << 20
    assert load.files["generic/lead.csv.gz"].rows == 200_000


def test_the_real_exports_of_a_loader_are_read(shared_data, tmp_path):
    """Fivetran's own tables: hundreds of columns, marks at the beginning, gaps."""
    landing = tmp_path / "landing"
    expected = {}
    for system, prefix in [("salesforce", "sf_"), ("marketo", "marketo_")]:
        (landing / system).mkdir(parents=True)
        for path in (shared_data / "fivetran" / system).glob("*_data.csv"):
            name = path.stem.removeprefix(prefix).removesuffix("_data")
            shutil.copy(path, landing / system / f"{name}.csv")
            with path.open(encoding="utf-8-sig", newline="") as stream:
                expected[system, name] = len(list(csv.DictReader(stream)))
    counts = load_all(
        Project.from_environment({}, landing=landing, out=tmp_path / "out")
    )
    loaded = {key: table.rows for key, table in counts.items() if table.files}
    assert loaded.items() <= expected.items()
    assert len(loaded) == 14
