"""OUT that is full, closed, gone, on several disks or in use: each ends in a sentence
that says what to do, what is published stays whole, and the next run does the rest."""

import errno
import os
import random
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import disk, publications
from orchestration.publication.publications import PublicTable, publish, published
from orchestration.run import failures, lock, runner, trouble
from orchestration.sources.raw import load_all
from tests.end_to_end.command import in_process

TABLES = [PublicTable("marts", "dim_people", "One row per person.")]
LEADS = "lead_id,created_at\n1,2026-01-01\n"
OTHER_DISK = Path("/dev/shm")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of its own for OUT, of 24 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def project_at(tmp_path, out):
    landing = tmp_path / "landing"
    (landing / "generic").mkdir(parents=True, exist_ok=True)
    (landing / "generic" / "lead.csv").write_text(LEADS)
    return Project.from_environment({}, landing=landing, out=out)


def fill(project, people):
    """A warehouse with as many people, of texts that cannot be packed."""
    project.prepare_out()
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            "create or replace table marts.dim_people as select "
            f"md5(range::varchar) || md5((-range)::varchar) as id from range({people})"
        )


def people(project):
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        return connection.execute("select count(*) from marts.dim_people").fetchone()[0]


def crowd(folder, left):
    """Fill a disk but for some bytes."""
    size = shutil.disk_usage(folder).free - left
    (folder / "crowd").write_bytes(b"x" * size)


# Closed


def test_an_out_that_is_read_only(tmp_path, small_disk):
    """It ended in a traceback."""
    project = project_at(tmp_path, small_disk)
    project.prepare_out()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    done = in_process("run", landing=project.landing, out=small_disk)
    assert done.returncode == 1
    assert f"OUT is {small_disk}, where something cannot be written" in done.stderr
    assert "Read-only file system" in done.stderr
    assert "choose another OUT" in done.stderr
    assert "No run has been made" in in_process("status", out=small_disk).stdout
    with pytest.raises(LeadFunnelError, match="Read-only file system.*mend its perm"):
        warehouse.connect(project)


@pytest.mark.parametrize("number", [*trouble.CLOSED, *trouble.FULL, *trouble.BROKEN])
def test_each_trouble_is_told_whoever_quotes_it(tmp_path, number):
    project = project_at(tmp_path, tmp_path / "out")
    reason = os.strerror(number)
    said = f"Runtime Error in model x: IO Error: Could not write /y: {reason}"
    assert str(project.out) in trouble.told(project, said)
    assert "the next run goes on" in trouble.told(project, said)
    of_landing = f"The file generic/lead.csv cannot be read ({reason})."
    is_told = trouble.told(project, of_landing) is not None
    assert is_told is (number in trouble.FULL)
    assert trouble.told(project, "Binder Error: no such column") is None


# Full


def test_a_disk_that_is_full_while_files_are_loaded(tmp_path, small_disk):
    project = project_at(tmp_path, small_disk)
    load_all(project)
    lead = project.landing / "generic" / "lead.csv"
    many = random.Random(1)
    lead.write_text(
        "lead_id,created_at,email\n"
        + "".join(f"{many.getrandbits(200):x},2026-01-01,\n" for _ in range(60_000))
    )
    crowd(small_disk, 1 << 20)
    with pytest.raises(LeadFunnelError) as raised:
        load_all(project)
    sentence = trouble.told(project, str(raised.value))
    assert sentence and "is full: make room on it" in sentence
    (small_disk / "crowd").unlink()
    with warehouse.connect(project, read_only=True) as connection:
        count = "select count(*) from raw_generic.lead"
        assert connection.execute(count).fetchone() == (1,)
    assert load_all(project)["generic", "lead"].rows == 60_000


def test_a_disk_that_is_full_while_tables_are_published(tmp_path, small_disk):
    project = project_at(tmp_path, small_disk)
    fill(project, 10)
    publish(project, TABLES)
    fill(project, 60_000)
    crowd(small_disk, 2 << 20)
    with pytest.raises((OSError, duckdb.Error)) as raised:
        publish(project, TABLES)
    assert "is full" in trouble.told(project, str(raised.value))
    assert people(project) == 10
    (small_disk / "crowd").unlink()
    publish(project, TABLES)
    assert people(project) == 60_000
    assert publications.leftovers(project) == []


@pytest.mark.parametrize(
    "step", ["sync", "write_text", "rename", "symlink_to", "replace"]
)
def test_what_is_published_stays_whole_wherever_room_ends(tmp_path, monkeypatch, step):
    """Every moment at which something is asked of the disk, one after the other."""
    project = project_at(tmp_path, tmp_path / "out")
    fill(project, 1)
    publish(project, TABLES)
    owner = publications if step == "sync" else Path
    honest = getattr(owner, step)
    moments = 0
    while True:
        moments += 1
        fill(project, people(project) + 1)
        before, shown = people(project), published(project)
        left = iter([False] * (moments - 1) + [True])

        def full(*given, left=left, **named):
            if next(left, False):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return honest(*given, **named)

        try:
            with monkeypatch.context() as patched:
                patched.setattr(owner, step, full)
                publish(project, TABLES)
        except OSError:
            # The whole old one, or already the whole new one.
            now = published(project)
            assert people(project) == before + (now != shown)
            assert now.rows["dim_people"] == people(project)
            continue
        break
    assert moments > 1
    publish(project, TABLES)
    assert publications.leftovers(project) == []


def test_a_run_that_has_no_room_to_say_so(tmp_path, monkeypatch):
    """Its report, its log and its history cannot be written either."""
    project = project_at(tmp_path, tmp_path / "out")

    def full(*_):
        with monkeypatch.context() as patched:
            patched.setattr(runner, "keep", no_room)
            runner._keep(project, None)
        raise duckdb.IOException("Could not write: No space left on device")

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "_execute", full)
    report = runner.run(project)
    assert report.state == "failed" and report.is_foreseen
    assert "is on is full: make room" in report.sentence


# Gone, on another disk, at another time


def test_an_out_that_is_removed_while_a_run_writes_to_it(tmp_path, monkeypatch):
    project = project_at(tmp_path, tmp_path / "out")

    def removed(*_):
        shutil.rmtree(project.out)
        raise duckdb.CatalogException("Table raw.lead does not exist")

    monkeypatch.setattr(runner, "_execute", removed)
    report = runner.run(project)
    assert report.sentence.startswith(f"OUT ({project.out}) was removed while")
    assert report.is_foreseen
    assert not project.out.exists()


def test_parts_of_out_may_lie_on_another_disk(tmp_path):
    if not OTHER_DISK.is_dir() or OTHER_DISK.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip(f"{OTHER_DISK} is no other disk")
    other = OTHER_DISK / f"lead-funnel-{os.getpid()}"
    try:
        for name in ("raw", "publications"):
            (other / name).mkdir(parents=True)
            (tmp_path / "out").mkdir(exist_ok=True)
            (tmp_path / "out" / name).symlink_to(other / name)
        project = project_at(tmp_path, tmp_path / "out")
        pq = project.landing / "generic" / "touch.parquet"
        duckdb.sql("select '1' as lead_id, 'x' as touched_at").write_parquet(str(pq))
        for count in (1, 2):
            assert load_all(project)["generic", "lead"].rows == 1
            fill(project, count)
            publish(project, TABLES)
            assert people(project) == count
    finally:
        shutil.rmtree(other)


def test_a_file_is_moved_whole_to_another_disk(tmp_path, monkeypatch):
    (tmp_path / "source").write_text("new")
    (tmp_path / "target").write_text("old")
    honest = Path.replace

    def across(path, target):
        if path.name == "source":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return honest(path, target)

    monkeypatch.setattr(Path, "replace", across)
    disk.move(tmp_path / "source", tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target").read_text() == "new"


def test_a_clock_that_is_set_back(tmp_path, monkeypatch):
    """Which of two loads is the later one decides which copy of a row counts."""
    project = project_at(tmp_path, tmp_path / "out")
    today = datetime(2026, 4, 2, 9)
    load_all(project, today)
    (project.landing / "generic" / "lead.csv").write_text(LEADS + "2,2026-01-01\n")
    load_all(project, today - timedelta(days=400))
    with warehouse.connect(project, read_only=True) as connection:
        [(loaded_at,)] = connection.execute(
            "select distinct _loaded_at from raw_generic.lead"
        ).fetchall()
    assert loaded_at > today

    class Yesterday(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime(2001, 1, 1, tzinfo=UTC)

    for count, clock in enumerate((datetime, Yesterday, datetime), start=1):
        monkeypatch.setattr(publications, "datetime", clock)
        fill(project, count)
        done = publish(project, TABLES)
        assert people(project) == count
        assert published(project).id == done.id


# In use


HOLD = """
import fcntl, sys
with open(sys.argv[1], "a+") as lock:
    fcntl.flock(lock, getattr(fcntl, sys.argv[2]))
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("other", "mine", "is_let"),
    [
        ("LOCK_EX", lock.locked, False),
        ("LOCK_EX", lock.step_of_a_run, False),
        ("LOCK_SH", lock.locked, False),
        ("LOCK_SH", lock.step_of_a_run, True),
    ],
    ids=["two by hand", "page while by hand", "by hand while page", "steps of a page"],
)
def test_two_runs_at_once(tmp_path, monkeypatch, other, mine, is_let):
    """By hand or on Dagster's page, where each step is a process of its own."""
    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    project = project_at(tmp_path, tmp_path / "out")
    project.prepare_out()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(project.out / "run.lock"), other],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        if is_let:
            with mine(project):
                pass
        else:
            with (
                pytest.raises(LeadFunnelError, match="Another run is writing to"),
                mine(project),
            ):
                pass
    finally:
        holder.communicate(b"")
    with mine(project):
        pass


def test_a_step_of_a_run_by_hand_is_in_its_own_turn(tmp_path):
    project = project_at(tmp_path, tmp_path / "out")
    project.prepare_out()
    with lock.locked(project), failures.in_turn(project):
        pass
    with (
        pytest.raises(dg.Failure, match="No lead is there"),
        lock.locked(project),
        failures.in_turn(project),
    ):
        raise LeadFunnelError("No lead is there.")


def test_every_step_waits_its_turn():
    """A step that took no turn would write between those of another run."""
    steps = Path(failures.__file__).parent.parent / "defs"
    for path in steps.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "@dg.asset" in text or "@dg.multi_asset" in text:
            assert "in_turn(project)" in text or "step_of_a_run(project)" in text
