"""The landed store: what a load adds to it, and what of it is read."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.live.cursor import Cursor, as_instant
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.live.store import landed_files
from orchestration.project import Project
from orchestration.run import progress
from orchestration.sources.raw import landing_of, load_system
from tests.live.made_up import SECRET, MadeUp, lead, page


@pytest.fixture
def project(tmp_path):
    (tmp_path / "landing").mkdir()
    return Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )


def raw_rows(project, columns, table="lead"):
    load_system(project, "salesforce")
    with warehouse.connect(project, read_only=True) as connection:
        return connection.execute(
            f"select {columns} from raw_salesforce.{table} order by all"
        ).fetchall()


def test_rows_are_raw_rows_beside_those_of_files(project):
    (project.landing / "salesforce").mkdir()
    (project.landing / "salesforce" / "lead.csv").write_text(
        "Id,CreatedDate\nL0,2026-01-01\n"
    )
    nested = lead("L1", MasterRecordId=None, Score__c=1.5, Address={"city": "東京"})
    load(project, MadeUp(given={"lead": [page(nested, lead("L2", IsDeleted=True))]}))
    project.prepare_out()
    assert raw_rows(project, "id, score_c, address, is_deleted") == [
        ("L0", None, None, None),
        ("L1", "1.5", '{"city": "東京"}', None),
        ("L2", None, None, "true"),
    ]
    [(extracted,), _] = raw_rows(project, "_extracted_at")[:2]
    assert datetime.now(UTC) - datetime.fromisoformat(extracted) < timedelta(minutes=1)


def test_a_load_adds_and_takes_nothing_away(project):
    for keys in (["L1", "L2"], ["L2"], []):
        load(project, MadeUp(given={"lead": [page(*map(lead, keys))]}))
    project.prepare_out()
    assert raw_rows(project, "id") == [("L1",), ("L2",), ("L2",)]


def test_without_landing_the_store_alone_is_read_and_never_the_sample(tmp_path):
    out = tmp_path / "out"
    assert Project.from_environment({}, out=out).landing.name == "landing"
    load(Project.from_environment({}, out=out), MadeUp(given={"lead": [page(lead(1))]}))
    project = Project.from_environment({}, out=out)
    landing = landing_of(project)
    assert [file.table.name for file in landing.files] == ["lead"]
    # Another process finds the same project by its environment.
    assert landing_of(Project.from_environment(project.environment())) == landing


def test_a_system_needs_its_tables_whichever_way_they_come(project):
    history = {"LeadId": "L1", "Field": "Status", "CreatedDate": "2026-04-01"}
    load(project, MadeUp(given={"lead_history": [page(history)]}))
    with pytest.raises(LeadFunnelError, match="no table 'lead'"):
        landing_of(project)
    load(project, MadeUp(given={"lead": [page(lead("L1"))]}))
    assert len(landing_of(project).files) == 2


def test_what_an_incomplete_load_left_is_not_read(project):
    load(project, MadeUp(given={"lead": [page(lead("L1"))]}))
    [file] = landed_files(project)
    loads = project.landed / "salesforce" / "_dlt_loads"
    other = file.path.with_name("1700000000.5.abcdef.parquet")
    other.write_bytes(file.path.read_bytes())
    assert landed_files(project) == (file,)
    # Failed loads are none, either.
    (loads / "x__1700000000.5.jsonl").write_text(
        json.dumps({"load_id": "1700000000.5", "status": 1})
    )
    assert landed_files(project) == (file,)
    (loads / "x__1700000000.5.jsonl").write_text(
        json.dumps({"load_id": "1700000000.5", "status": 0})
    )
    assert len(landed_files(project)) == 2


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_load_goes_on_where_an_error_stopped_it(project, is_lost):
    """Also where dlt's working files are lost: the place is in the store."""
    stopped = MadeUp(
        given={
            "lead": [
                page(lead("L1"), place={"at": 1}),
                page(lead("L2"), place={"at": 2}),
                PassingError("The limit is reached: try again in an hour."),
                page(lead("L3"), place={"at": 3}),
            ]
        }
    )
    with pytest.raises(PassingError, match="The limit is reached"):
        load(project, stopped)
    if is_lost:
        import shutil

        shutil.rmtree(project.dlt)
    again = MadeUp(given={"lead": [page(lead("L3"), place={"at": 3})]})
    assert load(project, again).rows == {"lead": 1, "lead_history": 0, "user": 0}
    assert again.asked == [("lead", {"at": 2}), ("lead_history", {}), ("user", {})]
    project.prepare_out()
    assert raw_rows(project, "id") == [("L1",), ("L2",), ("L3",)]


def test_a_load_that_is_killed_keeps_its_whole_packages(project):
    pages = [page(lead(f"L{n}"), place={"at": n}) for n in (1, 2, 3)]
    with pytest.raises(KeyboardInterrupt):
        load(
            project,
            MadeUp(given={"lead": [*pages, KeyboardInterrupt()]}),
            package_rows=2,
        )
    after = MadeUp()
    load(project, after)
    assert after.asked[0] == ("lead", {"at": 2})
    project.prepare_out()
    assert raw_rows(project, "id") == [("L1",), ("L2",)]


def test_a_package_that_was_made_and_not_written_is_written_next(project, monkeypatch):
    import dlt

    with monkeypatch.context() as patch:
        patch.setattr(dlt.Pipeline, "load", lambda *_, **__: 1 / 0)
        with pytest.raises(RuntimeError):
            load(project, MadeUp(given={"lead": [page(lead("L1"), place={"at": 1})]}))
    assert landed_files(project) == ()
    after = MadeUp()
    load(project, after)
    assert after.asked[0] == ("lead", {"at": 1})
    assert len(landed_files(project)) == 1


def test_again_loads_everything(project):
    source = MadeUp(given={"lead": [page(lead("L1"), place={"at": 1})]})
    load(project, source)
    load(project, source, ["lead"], again=True)
    load(project, source, ["lead"])
    assert [place for table, place in source.asked if table == "lead"] == [
        {},
        {},
        {"at": 1},
    ]


def test_a_new_column_and_one_that_is_gone_are_said_once(project):
    heard = []
    both = ("Id", "CreatedDate", "Region__c")
    with progress.listening(lambda _: None, heard.append):
        load(project, MadeUp(given={"lead": [page(lead(1), columns=both[:2])]}))
        assert heard == []
        for _ in range(2):
            of_both = page(lead(1, Region__c="East"), columns=both)
            load(project, MadeUp(given={"lead": [of_both]}))
        [new] = heard
        assert "salesforce.lead has the new column Region__c" in new
        assert "lead-funnel load --system salesforce --again" in new
        for _ in range(2):
            load(project, MadeUp(given={"lead": [page(lead(1), columns=both[:2])]}))
        [_, gone] = heard
        assert "has the column Region__c no longer" in gone
    project.prepare_out()
    assert raw_rows(project, "region_c").count(("East",)) == 2


def test_a_column_that_a_row_leaves_out_is_not_gone(project):
    heard = []
    with progress.listening(lambda _: None, heard.append):
        load(project, MadeUp(given={"lead": [page(lead(1, Region="East"))]}))
        load(project, MadeUp(given={"lead": [page(lead(1))]}))
    assert heard == []


@pytest.mark.parametrize(
    "error",
    [
        LeadFunnelError(f"Signing in with {SECRET} failed."),
        PassingError(f"Signing in with {SECRET} failed."),
        ValueError(f"bad header {SECRET}"),
        KeyError(json.dumps({"token": SECRET})),
    ],
)
def test_no_error_holds_a_secret(project, error):
    with pytest.raises(Exception) as caught:
        load(project, MadeUp(given={"lead": [error]}))
    import traceback

    text = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in text
    assert "•••" in text
    assert type(caught.value) is (
        type(error) if isinstance(error, LeadFunnelError) else RuntimeError
    )


def test_only_one_load_of_a_source_at_a_time(project):
    class Another(MadeUp):
        def pages(self, table, place):
            load(project, MadeUp())
            yield from ()

    with pytest.raises(LeadFunnelError, match="Another process is loading"):
        load(project, Another())


def test_an_unknown_table_is_an_error(project):
    with pytest.raises(LeadFunnelError, match="did you mean 'lead_history'"):
        load(project, MadeUp(), ["lead_histories"])


# The cursor.


def rows(*pairs):
    return [{"Id": key, "At": at} for key, at in pairs]


def test_the_cursor_goes_back_and_leaves_out_what_it_knows():
    cursor = Cursor.at({}, 60)
    assert cursor.since is None
    first = rows(("a", "2026-04-01T10:00:00Z"), ("b", "2026-04-01T12:00:00Z"))
    assert cursor.new(first, "Id", "At") == first
    cursor = Cursor.at(json.loads(json.dumps(cursor.place())), 60)
    assert cursor.since == datetime(2026, 4, 1, 11, tzinfo=UTC)
    second = rows(
        ("b", "2026-04-01T12:00:00Z"),  # known
        ("c", "2026-04-01T12:00:00Z"),  # shares its instant
        ("d", "2026-04-01T11:30:00Z"),  # was written late
    )
    assert cursor.new(second, "Id", "At") == second[1:]
    # The same key with another content is another version.
    changed = [{"Id": "b", "At": "2026-04-01T12:00:00Z", "Name": "x"}]
    assert cursor.new(changed, "Id", "At") == changed
    assert cursor.new(changed, "Id", "At") == []


def test_the_cursor_forgets_what_is_not_asked_for_again():
    cursor = Cursor.at({}, 60)
    cursor.new(
        rows(("a", "2026-04-01T10:00:00Z"), ("b", "2026-04-01T12:00:00Z")), "Id", "At"
    )
    assert set(cursor.place()["seen"]) == {"b"}


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01T00:00:00.000+0000",
        "2026-04-01T09:00:00+09:00",
        "2026-04-01T00:00:00Z",
        "2026-04-01",
        1775001600000,
        "1775001600000",
    ],
)
def test_instants_as_apis_write_them(text):
    assert as_instant(text) == datetime(2026, 4, 1, tzinfo=UTC)
