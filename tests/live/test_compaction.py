"""Many small files of the landed store become one, and no row is lost or doubled."""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from orchestration import warehouse
from orchestration.live import compaction, store
from orchestration.live.compaction import compact
from orchestration.live.pipeline import load
from orchestration.live.store import landed_files
from orchestration.project import Project
from orchestration.run import progress
from orchestration.sources import raw
from tests.live.made_up import MadeUp, lead, page


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(compaction, "MOST_FILES", 3)
    project = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(tmp_path / "out" / "landed")}, out=tmp_path / "out"
    )
    project.prepare_out()
    return project


def load_a_row(project, number, **values):
    source = MadeUp(given={"lead": [page(lead(f"L{number}", **values))]})
    load(project, source, ["lead"])


def loaded_with(project, numbers):
    """A load each, and a run that reads them, as of a day of June."""
    for number in numbers:
        # One has a column more than the others, one a column less.
        load_a_row(project, number, **({"Tier__c": "A"} if number % 2 else {}))
    return run(project, max(numbers))


def run(project, day):
    raw.load_all(project, datetime(2026, 6, day))


def rows(project):
    """The rows of the raw table, each with when it was seen first."""
    with warehouse.connect(project, read_only=True) as connection:
        relation = connection.table("raw_salesforce.lead")
        first = "_loaded_at"
        if compaction.FIRST_LOADED_AT in relation.columns:
            first = f"coalesce({compaction.FIRST_LOADED_AT}::timestamp, _loaded_at)"
        return connection.execute(
            f"select id, created_date, tier_c, _extracted_at, {first} "
            "from raw_salesforce.lead order by all"
        ).fetchall()


def in_store(project):
    """The rows of the files that count, as the loader of exports would read them."""
    import pyarrow.parquet as pq

    return [
        (row["id"], row.get("tier_c"), row["_extracted_at"])
        for file in landed_files(project)
        for row in pq.read_table(file.path).to_pylist()
    ]


def names(project):
    return sorted(
        path.name for path in (project.landed / "salesforce" / "lead").iterdir()
    )


def test_a_table_of_many_files_is_one_of_few(project):
    loaded_with(project, (1, 2, 3))
    assert len(landed_files(project)) == 3
    assert not any(name.endswith(compaction.COMPACTED) for name in names(project))
    # The fourth is one too many; the run has read them all by then.
    loaded_with(project, (4,))
    before, stored = rows(project), in_store(project)
    assert [row[-1].day for row in before] == [3, 3, 3, 4]
    [file] = landed_files(project)
    assert file.path.name.endswith(compaction.COMPACTED)
    assert in_store(project) == stored
    # What it took the place of is there until the next run has read it.
    assert len(names(project)) == 6
    run(project, 5)
    assert rows(project) == before
    assert names(project) == sorted([compaction.NOTE, file.path.name])
    # It is one of many small ones in its turn; its rows keep their first instants.
    loaded_with(project, (6, 7, 8))
    before, stored = rows(project), in_store(project)
    [again] = landed_files(project)
    assert again.path != file.path
    run(project, 9)
    assert rows(project) == before
    assert in_store(project) == stored
    assert [(row[0], row[-1].day) for row in before] == [
        ("L1", 3), ("L2", 3), ("L3", 3), ("L4", 4), ("L6", 8), ("L7", 8), ("L8", 8),
    ]  # fmt: skip
    run(project, 10)
    assert names(project) == sorted([compaction.NOTE, again.path.name])


def test_large_files_and_those_that_no_run_has_read_stay(project, monkeypatch):
    for number in range(1, 6):
        load_a_row(project, number)
    known = {file.path: datetime(2026, 6, 1) for file in landed_files(project)}
    assert compact(project, "salesforce", dict(list(known.items())[:3])) == []
    monkeypatch.setattr(compaction, "SMALL", 10)
    assert compact(project, "salesforce", known) == []
    monkeypatch.setattr(compaction, "SMALL", 1 << 20)
    # Of more than may be rewritten at once the oldest are.
    size = sum(path.stat().st_size for path in list(known)[:2])
    monkeypatch.setattr(compaction, "MOST_AT_ONCE", size)
    [made] = compact(project, "salesforce", known)
    assert [file.path for file in landed_files(project)] == [made, *list(known)[2:]]
    # Those that are younger become one beside it.
    monkeypatch.setattr(compaction, "MOST_AT_ONCE", 1 << 20)
    load_a_row(project, 6)
    younger = [file.path for file in landed_files(project) if file.path != made]
    [beside] = compact(
        project, "salesforce", dict.fromkeys(younger, datetime(2026, 6, 2))
    )
    assert [file.path for file in landed_files(project)] == [made, beside]
    assert [key for key, *_ in in_store(project)] == [f"L{n}" for n in range(1, 7)]


def steps(monkeypatch, at, error):
    """The process is killed, or the disk is full, before the given step that leaves
    something on the disk; how many there were."""
    count = {"steps": 0}

    def counted(name, kind):
        inner = getattr(kind, name)

        def step(*given, **more):
            count["steps"] += 1
            if count["steps"] == at:
                raise error
            return inner(*given, **more)

        monkeypatch.setattr(kind, name, step)

    for name in ("replace", "write_text", "unlink"):
        counted(name, Path)
    counted("sync", compaction)
    counted("_write", compaction)
    return count


def put_a_file(project, number):
    """What a load leaves, without one: a file of a row, and that it is complete."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    load_id = f"{1780000000 + number}.5"
    row = {"id": f"L{number}", "tier_c": None, "_extracted_at": f"{number}"}
    folder = project.landed / "salesforce" / "lead"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([row]), folder / f"{load_id}.0a1b.parquet")
    loads = project.landed / "salesforce" / store.LOADS / f"lead__{load_id}.jsonl"
    loads.parent.mkdir(exist_ok=True)
    loads.write_text(json.dumps({"load_id": load_id, "status": 0}))


def compact_now(project):
    known = {file.path: datetime(2026, 6, 1) for file in landed_files(project)}
    return compact(project, "salesforce", known)


@pytest.mark.parametrize("error", [Killed(), OSError(28, "No space left on device")])
def test_a_kill_at_any_step_loses_and_doubles_nothing(project, error):
    at, total, heard = 0, 1, []
    while at < total:
        at += 1
        # The next one has those of one that ended to remove, and some of its own.
        for begin in (at * 10, at * 10 + 5):
            if begin > at * 10:
                compact_now(project)
            for number in range(begin, begin + 4):
                put_a_file(project, number)
        stored = in_store(project)
        with (
            pytest.MonkeyPatch.context() as patched,
            progress.listening(lambda _: None, heard.append),
        ):
            count = steps(patched, at, error)
            with suppress(Killed):
                compact_now(project)
        total = max(total, count["steps"] + (count["steps"] == at))
        # Whoever reads now, and after the next compaction, and the one after it.
        for _ in range(3):
            assert in_store(project) == stored
            compact_now(project)
    # Four files at least are removed, two are written, each in several steps.
    assert at > 12
    files = landed_files(project)
    assert len(files) == 1
    assert names(project) == sorted([compaction.NOTE, files[0].path.name])
    if isinstance(error, OSError):
        assert "were not made into one (No space left on device)" in heard[0]
