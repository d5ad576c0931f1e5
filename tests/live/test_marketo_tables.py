"""One company through Marketo's API, in two loads with merges and deletions between
them, gives the tables that it gives as files; and loads that are stopped."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.live.marketo.limits import Patience
from orchestration.live.marketo.source import MarketoSource
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources.raw import load_system
from orchestration.transformation import dbt_plugin, dbt_runner
from tests import job
from tests.live.servers.marketo import (
    Company,
    MarketoServer,
    Trouble,
    adobes_contract,
    cut_after,
    error,
    status,
)

QUICK = Patience(backoff=0.001, longest=0.01, poll=0.001)
FIRST, SECOND = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 10, tzinfo=UTC)
LEADS = 24


def live_through(company: Company, since: str, until: str) -> None:
    """What happens to the company's leads from one day to another: each comes in, fills
    out a form, is scored, goes to a webinar, is marked as accepted; some are merged,
    and one is deleted."""
    happened = []
    for number in range(1, LEADS + 1):
        begin = (number * 4) % 90
        happened += [
            (_at(begin, 9), _comes_in, number),
            (_at(begin, 10), _fills_out, number),
            (_at(begin + 2, 8), _is_scored, number),
            (_at(begin + 3, 8), _is_scored, number),
            (_at(begin + 4, 7), _goes_to_webinar, number),
            (_at(begin + 5, 12), _is_marked, number),
        ]
    happened += [(_at(75, 1), _is_merged, 3), (_at(98, 1), _is_merged, 9)]
    happened += [(_at(97, 2), _is_deleted, 5)]
    for at, what, number in sorted(happened, key=lambda each: (each[0], each[2])):
        if since <= at < until:
            what(company, number, at)


def _at(day: int, hour: int) -> str:
    month, date = 3 + day // 30, 1 + day % 30
    return f"2026-{month:02}-{date:02}T{hour:02}:00:00Z"


def _comes_in(company: Company, number: int, at: str) -> None:
    company.add_lead(
        number, at, email=f"person{number // 2}@example.com", firstName="葵",
        lastName=f"L{number}, Ltd.", company="株式会社 例", leadSource="Website",
    )  # fmt: skip
    company.add(12, number, at, Source_Type="Web form")


def _fills_out(company: Company, number: int, at: str) -> None:
    company.add(2, number, at, 7, "Contact us", Form_Fields='a:1{"x";s:2:"ü\n"}')


def _is_scored(company: Company, number: int, at: str) -> None:
    old = int(company.leads[number].get("score", 0))
    company.leads[number] |= {"score": old + 60, "updatedAt": at}
    company.add(
        22, number, at, 5, "Lead Score", Old_Value=old, New_Value=old + 60,
        Change_Value="+60", Reason='Visited "Pricing", twice',
    )  # fmt: skip


def _goes_to_webinar(company: Company, number: int, at: str) -> None:
    program = 1001 + number % 2
    company.members.setdefault(program, []).append(
        {
            "id": number,
            "membership": {"membershipDate": at, "progressionStatus": "Attended"},
        }
    )
    company.add(104, number, at, program, f"Webinar {program}", New_Status="Attended")


def _is_marked(company: Company, number: int, at: str) -> None:
    state = ("Sent to Sales", "SAL", "Rejected")[number % 3]
    company.leads[number] |= {"leadStatus": state, "updatedAt": at}
    company.add(13, number, at, 9, "leadStatus", New_Value=state)


def _is_merged(company: Company, number: int, at: str) -> None:
    company.merge(number, number - 1, at)
    company.leads[number - 1] |= {"updatedAt": at}


def _is_deleted(company: Company, number: int, at: str) -> None:
    company.delete(number, at)


def programs() -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "name": f"Webinar {number}",
            "channel": "Webinar",
            "type": "Event",
            "createdAt": "2026-03-01T00:00:00Z+0000",
            "updatedAt": "2026-03-01T00:00:00Z+0000",
        }
        for number in (1001, 1002)
    ]


TABLES = {
    2: "activity_fill_out_form",
    12: "activity_new_lead",
    13: "activity_change_data_value",
    22: "activity_change_score",
    32: "activity_merge_leads",
    37: "activity_delete_lead",
    104: "activity_change_status_in_progression",
}


def write_files(company: Company, gone: list[dict[str, Any]], landing: Path) -> None:
    """The company as another loader's files: attributes are columns. Who is merged or
    deleted is there as they were last."""
    tables: dict[str, list[dict[str, Any]]] = {
        "lead": [*company.leads.values(), *gone],
        "program": [
            {**row, "createdAt": row["createdAt"][:20]} for row in company.programs
        ],
        "program_membership": [
            {"leadId": row["id"], "programId": program, **row["membership"]}
            for program, rows in company.members.items()
            for row in rows
        ],
    }
    for row in [*company.activities, *company.deletions]:
        attributes = {
            name.replace(" ", "_").lower(): str(value)
            for name, value in row["attributes"].items()
        }
        plain = {name: each for name, each in row.items() if name != "attributes"}
        tables.setdefault(TABLES[row["activityTypeId"]], []).append(plain | attributes)
    folder = landing / "marketo"
    folder.mkdir(parents=True)
    for table, rows in tables.items():
        names = dict.fromkeys(name for row in rows for name in row if name != "score")
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            written = csv.DictWriter(file, list(names), extrasaction="ignore")
            written.writeheader()
            written.writerows(rows)


@pytest.fixture
def server() -> Iterator[MarketoServer]:
    company = Company(programs=programs())
    with MarketoServer(company, FIRST, adobes_contract()) as running:
        yield running
        assert running.broken == [] and running.wrong == []


def project_in(folder: Path) -> Project:
    (folder / "landing").mkdir(parents=True, exist_ok=True)
    definition = folder / "definition"
    definition.mkdir(exist_ok=True)
    (definition / "stage_rules.add.csv").write_text(
        "definition_version,source,entity,field,operator,value,stage\n"
        + "".join(
            f"v1,marketo,lead,leadstatus,equals,{value},{stage}\n"
            for value, stage in (
                ("Sent to Sales", "handed_off"),
                ("SAL", "sal"),
                ("Rejected", "rejected"),
            )
        )
    )
    return Project.from_environment(
        {}, landing=folder / "landing", out=folder / "out", definition=definition
    )


def source_of(server: MarketoServer, **environ: str) -> MarketoSource:
    given = {"LEAD_FUNNEL_MARKETO_SINCE": "2026-03-01", **environ}
    return MarketoSource(server.environ(**given), QUICK)


def deliver(server: MarketoServer, folder: Path, way: str) -> tuple[Project, Project]:
    """The company by two loads through the API, while calls fail and the token expires,
    and as files."""
    company = server.company
    live_through(company, "", "2026-05-01")
    live = project_in(folder / "live")
    given = {"LEAD_FUNNEL_MARKETO_ACTIVITIES": way}
    load(live, source_of(server, **given))
    before = dict(company.leads)
    live_through(company, "2026-05-01", "2026-07-01")
    gone = [row for number, row in before.items() if number not in company.leads]
    assert len(gone) == 3
    server.now = SECOND
    server.token_calls = 5
    server.troubles = [
        Trouble("file.json", cut_after(100)),
        Trouble("create.json", status(502), 2),
        Trouble("deletedleads", error(604, "Request timed out"), 2),
    ]
    loaded = load(live, source_of(server, **given))
    assert loaded.rows["activity_merge_leads"] == 2
    assert loaded.rows["activity_delete_lead"] == 1
    files = project_in(folder / "files")
    write_files(company, gone, files.landing)
    return live, files


def input_layer(project: Project) -> dict[str, list[str]]:
    """What Marketo's part of the input layer makes of a project's raw tables, without
    what is said of files and loads. The copy of a row that came last counts."""
    job.load(project)
    models = [f"input_layer__marketo__{name}" for name in ENTITIES]
    staging = ["+def_columns", "path:models/staging/marketo"]
    results = dbt_runner.build(project, [*staging, *models])
    assert dbt_runner.failure_sentence(results) is None
    found = {}
    with warehouse.connect(project) as connection:
        dbt_plugin.register(connection)
        for name, model in zip(ENTITIES, models, strict=True):
            columns = [
                column
                for column, *_ in connection.execute(
                    f"describe input_layer.{model}"
                ).fetchall()
                if not column.startswith(("row_", "file_"))
            ]
            rows = connection.execute(
                f"select distinct on (source_table, match_key) {', '.join(columns)} "
                f"from input_layer.{model} order by source_table, match_key, "
                "row_changed_at desc nulls last"
            ).fetchall()
            found[name] = [str(row) for row in rows]
    return found


ENTITIES = ("records", "record_deletions", "observations", "touches", "campaigns")


def test_through_the_api_and_as_files_the_input_layer_is_the_same(server, tmp_path):
    live, files = deliver(server, tmp_path, "bulk")
    found, expected = input_layer(live), input_layer(files)
    for name in ENTITIES:
        assert found[name] == expected[name], name
    # 24 leads, one that was deleted; of each a form, two scores and a status.
    assert [len(expected[name]) for name in ENTITIES[:2]] == [LEADS, 1]
    assert len(expected["observations"]) == LEADS * 5


def test_exports_and_pages_hand_over_the_same_activities(server, tmp_path):
    """But for how attributes are written, which the macro attribute_value reads: an
    object in exports, a list in pages."""
    live_through(server.company, "", "2026-07-01")
    server.now = SECOND
    given = {way: project_in(tmp_path / way) for way in ("bulk", "paging")}
    for way, project in given.items():
        load(project, source_of(server, LEAD_FUNNEL_MARKETO_ACTIVITIES=way))
    columns = "marketo_guid, lead_id, activity_date, activity_type_id, attributes"
    for table in TABLES.values():
        found = [
            [(*row[:4], _by_name(row[4])) for row in raw(project, table, columns)]
            for project in given.values()
        ]
        assert found[0] == found[1] and found[0], table


def _by_name(attributes: str) -> dict[str, str]:
    said = json.loads(attributes)
    if isinstance(said, list):
        said = {each["name"]: each["value"] for each in said}
    return {name: str(value) for name, value in said.items()}


# A load that is stopped.


def raw(project: Project, table: str, columns: str) -> list[tuple[Any, ...]]:
    project.prepare_out()
    load_system(project, "marketo")
    with warehouse.connect(project, read_only=True) as connection:
        return connection.execute(
            f"select {columns} from raw_marketo.{table} order by all"
        ).fetchall()


@pytest.mark.parametrize("pages", [1, 2], ids=["in a window", "behind a window"])
def test_a_load_that_is_stopped_goes_on_and_doubles_nothing(server, tmp_path, pages):
    live_through(server.company, "", "2026-05-01")
    project = project_in(tmp_path)
    expected = [row for row in server.company.activities if row["activityTypeId"] == 22]

    class Stopped(Exception):
        pass

    source = source_of(server)
    whole = source.pages

    def stopped(table, place):
        for number, page in enumerate(whole(table, place)):
            if table == "activity_change_score" and number == pages:
                raise Stopped
            yield page

    source.pages = stopped
    with pytest.raises(RuntimeError, match="Stopped"):
        load(project, source)
    asked = set(server.jobs)
    exported = server.sent
    loaded = load(project, source_of(server))
    ids = raw(project, "activity_change_score", "marketo_guid")
    assert sorted(name for (name,) in ids) == sorted(
        row["marketoGUID"] for row in expected
    )
    assert 0 < loaded.rows["activity_change_score"] < len(expected)
    # What had been exported was neither exported nor fetched again: what was new is the
    # overlap, and the leads.
    new = [each for key, each in server.jobs.items() if key not in asked]
    assert [each.kind for each in new] == ["activities", "leads", "leads"]
    assert server.sent == exported + sum(each.size for each in new)


@pytest.mark.parametrize(
    ("denied", "troubles", "said"),
    [
        ("describe2", [], "“Read-Only Lead” under Access API"),
        (
            "(?!)",
            [Trouble("describe2", error(616, "Invalid"), 99)],
            "with 616, Invalid",
        ),
        (
            "(?!)",
            [Trouble("describe2", status(500), 99)],
            "does not answer .*status 500",
        ),
    ],
)
def test_what_stops_a_load_is_one_sentence(server, tmp_path, denied, troubles, said):
    live_through(server.company, "", "2026-07-01")
    server.now = SECOND
    server.denied, server.troubles = denied, troubles
    with pytest.raises(LeadFunnelError, match=said) as raised:
        load(project_in(tmp_path), source_of(server), ["activity_delete_lead", "lead"])
    assert "\n" not in str(raised.value)
    # What came before it is kept.
    again = load(project_in(tmp_path), source_of(server), ["activity_delete_lead"])
    landed = project_in(tmp_path).landed / "marketo" / "activity_delete_lead"
    assert again.rows == {"activity_delete_lead": 0} and len([*landed.iterdir()]) == 1


def test_a_second_load_of_the_same_brings_nothing(server, tmp_path):
    live_through(server.company, "", "2026-05-01")
    project = project_in(tmp_path)
    first = load(project, source_of(server))
    assert all(first.rows[table] for table in ("lead", "activity_change_score"))
    again = load(project, source_of(server))
    assert {
        table: count for table, count in again.rows.items() if table.startswith("act")
    } == dict.fromkeys((table for table in again.rows if table.startswith("act")), 0)
    assert again.rows["lead"] == 0
    [said] = again.notes
    assert said.startswith("Marketo: ") and " MB of exports" in said


def test_a_load_that_is_stopped_and_whose_export_is_gone_loses_nothing(server):
    live_through(server.company, "", "2026-05-01")
    pages = source_of(server).pages("activity_new_lead", {})
    place = next(pages).place
    assert place["rows"] > 3
    # Another export of the same may have its rows in another order.
    server.jobs.clear()
    server.company.activities.reverse()
    again = source_of(server)
    found = [
        guid
        for page in again.pages("activity_new_lead", place)
        if not isinstance(page.rows, list)
        for guid in page.rows.column("marketoGUID").to_pylist()
    ]
    assert set(found) >= {
        row["marketoGUID"]
        for row in server.company.activities
        if row["activityTypeId"] == 12 and row["marketoGUID"] not in place["seen"]
    }


def test_attributes_reach_the_raw_tables_as_json(server, tmp_path):
    live_through(server.company, "", "2026-04-01")
    project = project_in(tmp_path)
    load(project, source_of(server))
    [(found,)] = raw(
        project, "activity_fill_out_form", "distinct attributes ->> 'Form Fields'"
    )
    assert found == 'a:1{"x";s:2:"ü\n"}'.replace("\\n", "\n")
