"""Back to an earlier publication, and back from a folder that is lost: without dbt,
on tables of a handful of rows."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import duckdb
import pytest

from orchestration.commands.finance import closing
from orchestration.commands.way_back import restoring, rolling_back
from orchestration.commands.way_back.rolling_back import Asked
from orchestration.defs import publish as publishing
from orchestration.errors import LeadFunnelError
from orchestration.personal import requests
from orchestration.project import Project
from orchestration.publication import (
    backups,
    closings,
    events,
    kept,
    manifest,
    versions,
)
from orchestration.publication.publications import (
    PublicTable,
    publish,
    published,
    remove_earlier,
)
from orchestration.run import lock
from tests.end_to_end.command import in_process

TABLES = [PublicTable("marts", "dim_people", ""), PublicTable("marts", "other", "")]
CLOSE = closings.Close("2026-04", 1, "2026-05-02T09:00:00", "sato", "", None, "a", "b")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project.from_environment({}, landing=tmp_path / "in", out=tmp_path / "o")
    project.prepare_out()
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.other as select 1 as one")
    return project


def publication(project: Project, people: int, **how: Any) -> str:
    """Publish so many people; the id of it."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "create or replace table marts.dim_people as "
            f"select i as person_id from range({people}) as t (i)"
        )
    return publish(project, TABLES, unchanged=["other"], **how).id


def shown(project: Project) -> int:
    """How many people readers see."""
    path = str(project.published_database)
    with duckdb.connect(path, read_only=True) as connection:
        [(count,)] = connection.execute(
            "select count(*) from marts.dim_people"
        ).fetchall()
    return count


def write_close(project: Project, close: closings.Close = CLOSE) -> Path:
    folder = closings.folder_of(project, close.fiscal_period_id, close.close_no)
    folder.mkdir(parents=True)
    for name in closings.TABLES:
        (folder / f"{name}.parquet").write_text(f"{name} of {close.close_no}")
    closings._write(folder / "close.json", close)
    return folder


def say(project: Project, *arguments: str) -> str:
    done = in_process(*arguments, out=project.out)
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def refused(project: Project, *arguments: str) -> str:
    done = in_process(*arguments, out=project.out)
    assert done.returncode == 1, done.stdout
    return " ".join(done.stderr.split())


def roll_back(project: Project, to: str | None = None, **how: Any) -> list[str]:
    return list(rolling_back.roll_back(project, Asked(to, "ann", **how)))


def restore(project: Project, source: str | None = None) -> str:
    return "\n".join(restoring.restore(project, source, "ann", ""))


# The manifest.


def test_a_manifest_has_the_checksum_of_every_file(project: Project) -> None:
    publication(
        project, 3, beside=lambda _, folder: (folder / "a.html").write_text("x")
    )
    said = json.loads((project.published / "publication.json").read_text())
    assert set(said["files"]) == {
        "a.html", "dim_people.parquet", "lead_funnel.duckdb", "other.parquet",
    }  # fmt: skip
    # SHA-256 of the letter x, as `printf x | sha256sum` has it.
    assert said["files"]["a.html"] == {
        "sha256": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "bytes": 1,
    }
    assert manifest.faults(project.published) == []


def test_what_is_carried_over_is_not_read_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication(project, 3)
    read = []
    digest = manifest.sha256
    monkeypatch.setattr(
        manifest, "sha256", lambda path: read.append(path.name) or digest(path)
    )
    publication(project, 4)
    assert sorted(read) == ["dim_people.parquet", "lead_funnel.duckdb"]
    assert manifest.faults(project.published) == []


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        (lambda path: path.unlink(), "other.parquet is gone"),
        (lambda path: path.write_bytes(b"x"), "other.parquet has another size"),
        (
            lambda path: path.write_bytes(bytes(path.stat().st_size)),
            "other.parquet has another checksum",
        ),
    ],
)
def test_what_is_not_whole_is_found(project: Project, damage: Any, fault: str) -> None:
    publication(project, 3)
    damage(project.published / "other.parquet")
    assert manifest.faults(project.published) == [fault]
    # Whoever rewrites a file on purpose renews the manifest.
    manifest.renew(project.published, rows={"dim_people": 3})
    assert manifest.faults(project.published) == []
    done = published(project)
    assert done is not None and done.rows == {"dim_people": 3}


def test_a_manifest_says_what_it_was_made_with(tmp_path: Path) -> None:
    (tmp_path / "sla_policies.add.csv").write_text("version\n")
    project = Project.from_environment({}, out=tmp_path / "out")
    parts = versions.definition_parts(project)
    own = Project.from_environment(
        {}, out=tmp_path / "out", definition=tmp_path, vars={"keep_deleted": True}
    )
    others = versions.definition_parts(own)
    assert {name for name in others if others[name] != parts.get(name)} == {
        "sla_policies",
        "the var keep_deleted",
    }
    # Time moves on by itself.
    later = Project.from_environment({}, out=tmp_path, vars={"as_of": "2026-01-01"})
    assert versions.definition_parts(later) == parts
    assert versions.package_version() == "0.1.0"


# Which are kept.


def test_what_is_shown_was_shown_and_is_good_is_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kept.VARIABLE, "2")
    good = publication(project, 1)
    say(project, "publications", "--mark", good, "--reason", "board deck")
    ids = [publication(project, people) for people in range(2, 6)]
    assert [one.id for one in kept.publications(project)] == [*ids[:1:-1], good]
    roll_back(project, good, hold=True)
    ids.append(publication(project, 6))
    ids.append(publication(project, 7))
    assert [one.id for one in kept.publications(project)] == [*ids[:-3:-1], good]
    roll_back(project, release=True)
    say(project, "publications", "--unmark", good)
    ids.append(publication(project, 8))
    assert [one.id for one in kept.publications(project)] == ids[:-3:-1]


@pytest.mark.parametrize("given", ["1", "0", "-3", "many", "2.5"])
def test_how_many_are_kept_is_checked(
    given: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(kept.VARIABLE, given)
    with pytest.raises(LeadFunnelError, match="must be a whole number of 2 or more"):
        kept.wanted()


def test_publications_are_listed(project: Project) -> None:
    assert "Nothing is published" in say(project, "publications")
    how = {"made_with": {"definition_version": "v2", "run_id": "r1"}}
    first, second = publication(project, 3, **how), publication(project, 1_234, **how)
    say(project, "publications", "--mark", first)
    said = say(project, "publications", "--check")
    assert f"{second} {second[:4]}-{second[4:6]}-{second[6:8]}" in said
    assert "v2 1,235 published and whole" in said
    assert "v2 4 good and whole" in said
    assert said.index(second) < said.index(first)
    told = json.loads(in_process("publications", "--json", out=project.out).stdout)
    assert [
        (one["id"], one["is_published"], one["is_good"], one["run_id"]) for one in told
    ] == [(second, True, False, "r1"), (first, False, True, "r1")]


# Going back.


def test_a_rollback_shows_the_one_before_and_says_so(project: Project) -> None:
    first, second = publication(project, 1), publication(project, 2)
    said = say(project, "rollback", "--by", "ann", "--reason", "wrong SLA")
    assert said.startswith(f"Readers see {first}, as of no event")
    assert "The next run that succeeds publishes forward again" in said
    assert shown(project) == 1
    status = say(project, "status")
    assert "! ann went back to this at" in status
    assert "(wrong SLA). The next run that succeeds publishes forward" in status
    [event] = events.happened(project)
    assert (event.what, event.publication, event.before) == (
        "rolled back",
        first,
        second,
    )
    # A run publishes forward, and nothing more is said.
    publication(project, 3)
    assert shown(project) == 3
    assert "went back" not in say(project, "status")


def test_a_rollback_may_name_any_that_is_kept(project: Project) -> None:
    ids = [publication(project, people) for people in range(1, 4)]
    roll_back(project, ids[0])
    assert shown(project) == 1
    roll_back(project, ids[2])
    assert shown(project) == 3
    assert "is what is published already" in refused(project, "rollback", ids[2])
    assert "There is no publication 'x'" in refused(project, "rollback", "x")
    # All of them begin so.
    assert "name one of them" in refused(project, "rollback", "2")
    roll_back(project)
    roll_back(project)
    assert "no publication before" in refused(project, "rollback")


def test_a_hold_stays_until_it_is_released(project: Project) -> None:
    first, _ = publication(project, 1), publication(project, 2)
    roll_back(project, hold=True, reason="until the CRM is mended")
    third = publication(project, 3)
    assert shown(project) == 1
    assert kept.publications(project)[0].id == third
    assert "stays until `lead-funnel rollback --release`" in say(project, "status")
    assert "leave ID and --hold away" in refused(
        project, "rollback", first, "--release"
    )
    roll_back(project, release=True)
    assert shown(project) == 3
    publication(project, 4)
    assert shown(project) == 4
    assert "is published already" in refused(project, "rollback", "--release")


def test_what_is_shown_may_be_held_and_released(project: Project) -> None:
    only = publication(project, 1)
    roll_back(project, only, hold=True)
    publication(project, 2)
    assert shown(project) == 1
    roll_back(project, only, hold=True)
    roll_back(project, release=True)
    assert (shown(project), events.held(project)) == (2, None)
    roll_back(project, kept.publications(project)[0].id, hold=True)
    roll_back(project, release=True)
    assert events.held(project) is None


def test_an_erasure_shows_the_newest_and_leaves_no_way_back(project: Project) -> None:
    """Whoever holds an earlier publication holds the person that is erased."""
    first = publication(project, 1)
    publication(project, 2)
    roll_back(project, hold=True)
    say(project, "publications", "--mark", first, "--reason", "board deck")
    second = kept.publications(project)[0].id
    newest = publication(project, 3)
    assert shown(project) == 1
    assert remove_earlier(project, "a request to be erased") == 2
    assert shown(project) == 3
    assert [one.id for one in kept.publications(project)] == [newest]
    assert events.held(project) is None
    # The log says both: that the hold was ended, and what was removed.
    *_, released, removed = events.happened(project)
    assert (released.what, released.publication, released.before, released.reason) == (
        "released",
        newest,
        first,
        "a request to be erased",
    )
    assert (removed.what, removed.publication, removed.by, removed.reason) == (
        "all before it removed",
        newest,
        "lead-funnel run",
        "a request to be erased: 2 removed",
    )
    assert second != newest
    # Once more there is nothing to remove and nothing to say.
    said = len(events.happened(project))
    assert remove_earlier(project, "a request to be erased") == 0
    assert len(events.happened(project)) == said


@pytest.mark.parametrize("erases", [False, True])
def test_a_run_that_erases_shows_what_it_publishes_at_once(
    erases: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where another publication is held: what is copied to Postgres next is what
    is shown, and the person is in what was held. A run of Dagster's page erases
    nobody, whoever asked."""
    first = publication(project, 1)
    publication(project, 2)
    roll_back(project, hold=True)
    requests.ask(project, email="anna@example.com")
    monkeypatch.setattr(publishing, "public_tables", lambda _: TABLES)
    monkeypatch.setattr(publishing, "checks", lambda *_: [])
    monkeypatch.setattr(publishing.versions, "made_with", lambda *_: {})
    monkeypatch.setattr(publishing.pages, "beside", lambda *_: None)
    monkeypatch.setattr(publishing, "Lineage", MagicMock())
    monkeypatch.setattr(publishing.state, "published", lambda *_: None)
    with lock.locked(project) if erases else nullcontext():
        done = publishing.publish_changed(project, {})
    is_shown = project.published.resolve().name
    assert is_shown == (done.id if erases else first)
    assert (events.held(project) is None) == erases


def test_a_publication_that_is_not_whole_is_not_shown(project: Project) -> None:
    first, _ = publication(project, 1), publication(project, 2)
    path = project.publications / first / "dim_people.parquet"
    path.write_bytes(bytes(path.stat().st_size))
    said = refused(project, "rollback")
    assert f"{first} is not what was published" in said
    assert "dim_people.parquet has another checksum" in said
    assert (shown(project), events.happened(project)) == (2, [])


def test_one_of_before_checksums_is_shown_with_a_word(project: Project) -> None:
    first, _ = publication(project, 1), publication(project, 2)
    folder = project.publications / first
    said = json.loads((folder / "publication.json").read_text())
    (folder / "publication.json").write_text(
        json.dumps({name: said[name] for name in said if name != "files"})
    )
    assert "could not be verified" in say(project, "rollback")
    assert shown(project) == 1


@pytest.mark.parametrize("moment", ["before the link is made", "before it is moved"])
def test_a_killed_rollback_leaves_the_one_or_the_other(
    moment: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    publication(project, 1)
    publication(project, 2)
    with monkeypatch.context() as patch:
        name = "symlink_to" if moment == "before the link is made" else "replace"
        patch.setattr(Path, name, die)
        with pytest.raises(Killed):
            roll_back(project, hold=True)
    # It was written down, and did not come to pass: so nothing is held.
    assert shown(project) == 2
    assert events.held(project) is None
    assert "went back" not in say(project, "status")
    publication(project, 3)
    assert shown(project) == 3
    assert list(project.out.glob(".published.*")) == []


def test_a_line_that_was_cut_off_hides_no_other(project: Project) -> None:
    first, _ = publication(project, 1), publication(project, 2)
    with events.path(project).open("a") as file:
        file.write('{"what": "rolled ba')
    roll_back(project)
    [event] = events.happened(project)
    assert event.publication == first


def test_nothing_is_closed_on_what_was_gone_back_to(project: Project) -> None:
    publication(project, 1)
    publication(project, 2)
    roll_back(project)
    for verb in (closing.close, closing.reopen):
        with pytest.raises(LeadFunnelError, match="to which ann went back"):
            list(verb(project, "2026-04", "sato", ""))


# What was closed.


def test_what_was_closed_is_in_each_publication(project: Project) -> None:
    own = write_close(project)
    first, second = publication(project, 1), publication(project, 2)
    inodes = set()
    for name in (first, second):
        backup = project.publications / name / "closings" / "2026-04" / "0001"
        for path in own.iterdir():
            assert (backup / path.name).read_bytes() == path.read_bytes()
            assert not (backup / path.name).samefile(path)
        inodes.add((backup / "people.parquet").stat().st_ino)
        assert "closings/2026-04/0001/close.json" in manifest.files(
            project.publications / name
        )
    # Publications share it: it was copied once.
    assert len(inodes) == 1


def test_a_run_does_not_publish_that_nothing_was_closed(project: Project) -> None:
    own = write_close(project)
    publication(project, 1)
    backups.check(project)
    (own / "people.parquet").unlink()
    with pytest.raises(
        LeadFunnelError, match=r"\(2026-04/0001\): `lead-funnel restore"
    ):
        backups.check(project)
    shutil.rmtree(closings.closings_folder(project))
    with pytest.raises(LeadFunnelError, match="lead-funnel restore"):
        backups.check(project)


def test_what_is_lost_is_restored(project: Project) -> None:
    write_close(project)
    write_close(project, closings.Close(**{**vars(CLOSE), "close_no": 2}))
    newest = publication(project, 1)
    before = closings.closes(project)
    shutil.rmtree(closings.closings_folder(project))
    shutil.rmtree(project.warehouse.parent)
    project.published.unlink()
    said = restore(project)
    assert f"Restored from {newest}: the closes 2026-04/0001 and 2026-04/0002." in said
    assert f"Readers see {newest} again." in said
    assert "The warehouse is gone: the next run loads all of" in said
    assert f"lead-funnel run --landing {project.landing} --out {project.out}" in said
    assert closings.closes(project) == before and len(before) == 2
    assert shown(project) == 1
    backups.check(project)
    # Once more there is nothing to do.
    assert "All that" in restore(project)


def test_a_close_that_says_something_else_is_never_written_over(
    project: Project,
) -> None:
    own = write_close(project)
    publication(project, 1)
    (own / "cells.parquet").write_text("others")
    (own / "leads.parquet").unlink()
    with pytest.raises(LeadFunnelError, match=r"\(2026-04/0001/cells.parquet\), and"):
        restore(project)
    assert (own / "cells.parquet").read_text() == "others"
    assert not (own / "leads.parquet").exists()


def test_a_close_that_was_reopened_since_stays_reopened(project: Project) -> None:
    own = write_close(project)
    publication(project, 1)
    reopened = closings.reopen(project, CLOSE, datetime(2026, 6, 1), "sato", "late")
    (own / "people.parquet").unlink()
    restore(project)
    assert closings.closes(project) == [reopened]
    assert (own / "people.parquet").is_file()
    # The other way round nobody knows which is right.
    publication(project, 2)
    closings._write(own / "close.json", CLOSE)
    with pytest.raises(LeadFunnelError, match="close.json"):
        restore(project)


def test_a_damaged_publication_is_passed_over(project: Project) -> None:
    write_close(project)
    first, second = publication(project, 1), publication(project, 2)
    (project.publications / second / "dim_people.parquet").write_bytes(b"x")
    shutil.rmtree(closings.closings_folder(project))
    said = restore(project)
    assert f"{second} is passed over: dim_people.parquet has another size" in said
    assert f"Restored from {first}" in said
    with pytest.raises(LeadFunnelError, match="is not a whole publication"):
        restore(project, second)
    # Both have the same other.parquet, under two names.
    (project.publications / first / "other.parquet").write_bytes(b"x")
    shutil.rmtree(closings.closings_folder(project))
    project.published.unlink()
    said = restore(project)
    assert f"What was closed is whole in {second}: that alone is restored." in said
    assert len(closings.closes(project)) == 1
    assert not project.published.is_symlink()


def test_all_of_out_comes_back_from_a_backup(project: Project, tmp_path: Path) -> None:
    write_close(project)
    only = publication(project, 7)
    backup = tmp_path / "backup"
    shutil.copytree(project.publications / only, backup)
    shutil.rmtree(project.out)
    said = restore(project, str(backup))
    assert "Restored from" in said and "Readers see" in said
    assert shown(project) == 7
    assert len(closings.closes(project)) == 1
    assert manifest.faults(project.published) == []
    # Not from one that is damaged, nor under a name that leads elsewhere.
    (backup / "other.parquet").unlink()
    with pytest.raises(LeadFunnelError, match="other.parquet is gone"):
        restore(project, str(backup))
    manifest.renew(backup, id="../../elsewhere")
    with pytest.raises(LeadFunnelError, match="which is none"):
        restore(project, str(backup))


def test_without_any_publication_nothing_is_restored(project: Project) -> None:
    with pytest.raises(LeadFunnelError, match="There is no whole publication"):
        restore(project)
    assert "Nothing is published" in refused(project, "rollback")
    assert "Nothing is published" in refused(project, "diff")
    publication(project, 1)
    assert "There is no publication before" in refused(project, "diff")


@pytest.mark.parametrize("after", range(1, 6))
def test_a_killed_restore_leaves_whole_closes_or_none(
    after: int, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    write_close(project)
    publication(project, 1)
    before = closings.closes(project)
    shutil.rmtree(closings.closings_folder(project))
    copy, calls = shutil.copy2, []

    def copy_a_part(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) == after:
            Path(target).write_bytes(b"half")
            raise Killed
        copy(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copy2", copy_a_part)
        with pytest.raises(Killed):
            restore(project)
    assert closings.closes(project) == []
    restore(project)
    assert closings.closes(project) == before
    backups.check(project)
    left = closings.folder_of(project, "2026-04", 1).iterdir()
    assert [path for path in left if path.name.startswith(".")] == []


@pytest.mark.parametrize("goes_back", [False, True])
def test_between_the_steps_of_a_run_somebody_may_go_back(
    goes_back: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is owed does not speak of the publication that is shown by then, so
    nothing of that is taken over."""
    publication(project, 1)
    newest = publication(project, 2)
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema settings")
        connection.execute("create table settings.owed (node varchar)")
        connection.execute(
            f"create table settings.shown as select '{newest}' as publication"
        )
    if goes_back:
        roll_back(project)
    given: dict[str, Any] = {}

    def taken(_project: Project, _tables: Any, **how: Any) -> Any:
        given.update(how)
        return published(project)

    monkeypatch.setattr(publishing, "publish", taken)
    monkeypatch.setattr(publishing, "public_tables", lambda _: TABLES)
    monkeypatch.setattr(publishing.state, "published", lambda *_: None)
    for name in ("checks", "versions", "pages"):
        monkeypatch.setattr(publishing, name, MagicMock())
    lineage = MagicMock()
    everything = {f"model.lead_funnel.{table.name}" for table in TABLES}
    lineage.return_value.affected = lambda owed: everything if owed is None else set()
    monkeypatch.setattr(publishing, "Lineage", lineage)
    publishing.publish_changed(project, {})
    assert given["unchanged"] == ([] if goes_back else ["dim_people", "other"])
    assert (given["changed_people"] is None) == goes_back
