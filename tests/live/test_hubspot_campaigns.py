"""Submissions of HubSpot's forms, and members of its lists."""

import json
from datetime import timedelta

import duckdb
import pytest

from orchestration import warehouse
from orchestration.commands.check_sources import findings_of
from orchestration.live.hubspot import campaigns
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.project import Project
from orchestration.run import progress
from orchestration.sources.raw import load_system
from tests.live.account import landed, rows, source_of
from tests.live.servers.hubspot import HubSpot, days, error

FORM = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"
SUBMISSION, MEMBER = "contact_form_submission", "contact_list_member"


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, out=tmp_path / "out")


@pytest.fixture
def server():
    with HubSpot() as server:
        for key in (1, 2, 3):
            server.put("contacts", key, days(key), email=f"c{key}@customer.example")
        yield server


def sent(found):
    return [(row["conversionId"], row["contactId"]) for row in found]


def members(found):
    return [(row["listId"], row["contactId"], row["isMember"]) for row in found]


def test_forms_and_lists_reach_the_raw_tables_that_staging_reads(server, tmp_path):
    """Under the names that its models look for, and without what people wrote."""
    server.submit(FORM, "s1", days(1), "C1@customer.example ")
    server.join("7", 2, days(2))
    project = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(tmp_path / "out" / "landed")}, out=tmp_path / "out"
    )
    load(project, source_of(server))
    written = b"".join(
        path.read_bytes() for path in project.landed.rglob("*form*/*.parquet")
    )
    assert b"private" not in written
    assert b"c1@customer.example" not in written
    project.prepare_out()
    load_system(project, "hubspot")
    with warehouse.connect(project, read_only=True) as connection:
        read = {
            table: connection.execute(
                f"select {columns} from raw_hubspot.{table}"
            ).fetchall()
            for table, columns in {
                SUBMISSION: "conversion_id, contact_id, form_id, submitted_at",
                "form": "id, name, form_type, created_at, archived",
                "contact_list": "list_id, name, processing_type, created_at",
                MEMBER: "list_id, contact_id, added_at, is_member",
            }.items()
        }
    began = "2026-04-01T00:00:00.000Z"
    assert read == {
        SUBMISSION: [("s1", "1", FORM, "1775088000000")],
        "form": [(FORM, f"Form {FORM}", "hubspot", began, "false")],
        "contact_list": [("7", "List 7", "MANUAL", began)],
        MEMBER: [("7", "2", "2026-04-03T00:00:00.000Z", "true")],
    }
    with duckdb.connect() as connection:
        [(at,)] = connection.execute("select epoch_ms(1775088000000)").fetchall()
    assert at == days(1).replace(tzinfo=None)


def test_submissions_from_the_newest_back_to_what_is_known(server):
    for number in range(120):
        at = days(1) + timedelta(minutes=number)
        server.submit(FORM, f"s{number}", at, f"c{number % 3 + 1}@customer.example")
    found, place = rows(source_of(server), SUBMISSION, {})
    assert len(found) == 120
    assert sent(found)[0] == ("s119", "3")
    asked = len(server.asked("/submissions/"))
    assert asked == 3
    # One came late, within the overlap, and one shares the newest one's instant.
    server.submit(FORM, "late", days(1) + timedelta(minutes=60), "c1@customer.example")
    server.submit(FORM, "same", days(1) + timedelta(minutes=119), "c2@customer.example")
    found, place = rows(source_of(server), SUBMISSION, place)
    assert sorted(sent(found)) == [("late", "1"), ("same", "2")]
    # 60 minutes of one submission a minute are two pages of 50.
    assert len(server.asked("/submissions/")) - asked == 2
    assert rows(source_of(server), SUBMISSION, place)[0] == []


def test_what_is_known_near_the_newest_is_all_that_is_remembered(server):
    for number in range(60):
        server.submit(FORM, f"s{number}", days(number / 10), "c1@customer.example")
    _, place = rows(source_of(server), SUBMISSION, {})
    [form] = place["forms"].values()
    assert list(form["seen"]) == ["s59"]


def test_an_interrupted_form_goes_on_behind_its_last_page(server, project):
    for number in range(120):
        at = days(1) + timedelta(hours=number)
        server.submit(FORM, f"s{number}", at, "c1@customer.example")
    seen = {"count": 0}

    def third(request):
        seen["count"] += "/submissions/" in request.path
        return "/submissions/" in request.path and seen["count"] > 2

    gone = error(429, "RATE_LIMITS", "daily limit", policyName="DAILY")
    server.fail("", gone, times=99)
    server.failures[-1].fits = third
    with pytest.raises(PassingError):
        load(project, source_of(server), [SUBMISSION])
    assert len(landed(project, SUBMISSION)) == 100
    server.failures.clear()
    server.submit(FORM, "new", days(9), "c2@customer.example")
    load(project, source_of(server), [SUBMISSION])
    # What came meanwhile moved the pages on by one, so one row is there twice.
    load(project, source_of(server), [SUBMISSION])
    keys = landed(project, SUBMISSION, "conversion_id")
    assert {key for (key,) in keys} == {"new", *(f"s{n}" for n in range(120))}
    assert len(keys) <= 122


def test_whose_a_submission_is(server):
    """A contact's older address counts, too; without a contact there is no touch."""
    server.merge(1, 2, 100, days(4))
    server.submit(FORM, "by-old-address", days(5), "c2@customer.example")
    server.submit(FORM, "not-yet", days(5), "new@customer.example")
    server.submit(FORM, "nobody", days(5), None)
    heard = []
    with progress.listening(lambda _: None, heard.append):
        found, place = rows(source_of(server), SUBMISSION, {})
    assert sent(found) == [("by-old-address", "100")]
    [note] = heard
    assert note.startswith("2 submissions of HubSpot's forms name no contact")
    server.put("contacts", 5, days(5), email="new@customer.example")
    found, _ = rows(source_of(server), SUBMISSION, place)
    assert sent(found) == [("not-yet", "5")]


def test_a_form_that_was_archived_is_asked_once(server):
    server.submit(FORM, "s1", days(1), "c1@customer.example")
    server.forms[0]["archived"] = True
    found, place = rows(source_of(server), SUBMISSION, {})
    assert sent(found) == [("s1", "1")]
    asked = len(server.asked("/submissions/"))
    rows(source_of(server), SUBMISSION, place)
    assert len(server.asked("/submissions/")) == asked


def test_who_joined_and_left_a_list(server):
    server.page = 2
    for key in (1, 2, 3):
        server.join("7", key, days(key))
    server.join("8", 1, days(1), kind="DYNAMIC")
    found, place = rows(source_of(server), MEMBER, {})
    assert members(found) == [("7", "1", True), ("7", "2", True), ("7", "3", True)]
    assert found[1]["addedAt"] == "2026-04-03T00:00:00.000Z"
    # A list that nobody joined or left is not walked.
    asked = len(server.asked("/memberships/"))
    assert rows(source_of(server), MEMBER, place)[0] == []
    assert len(server.asked("/memberships/")) == asked
    server.leave("7", 1, days(4))
    server.leave("7", 2, days(4))
    server.join("7", 2, days(5))
    found, place = rows(source_of(server), MEMBER, place)
    assert members(found) == [("7", "2", True), ("7", "1", False)]
    assert rows(source_of(server), MEMBER, place)[0] == []
    # A list that is gone leaves its rows.
    server.lists.clear()
    assert rows(source_of(server), MEMBER, place)[0] == []


def test_more_members_than_are_remembered(server, monkeypatch):
    monkeypatch.setattr(campaigns, "MOST_MEMBERS", 3)
    for key in (1, 2):
        server.join("7", key, days(key))
        server.join("9", key, days(key))
    heard = []
    with progress.listening(lambda _: None, heard.append):
        _, place = rows(source_of(server), MEMBER, {})
        server.join("7", 3, days(4))
        server.join("9", 3, days(4))
        found, place = rows(source_of(server), MEMBER, place)
    assert len(json.dumps(place)) < 800
    # Of the one that is remembered who is new, of the other all.
    assert members(found) == [
        ("7", "3", True),
        ("9", "1", True),
        ("9", "2", True),
        ("9", "3", True),
    ]


@pytest.mark.parametrize(
    ("missing", "tables", "scope"),
    [
        ("forms", ("form", SUBMISSION), "add forms"),
        ("lists", ("contact_list", MEMBER), "add crm.lists.read"),
    ],
)
def test_without_the_scope_the_table_is_left_out_and_said(
    server, project, missing, tables, scope
):
    server.submit(FORM, "s1", days(1), "c1@customer.example")
    server.join("7", 2, days(2))
    server.scopes_missing = {missing}
    heard = []
    with progress.listening(lambda _: None, heard.append):
        loaded = load(
            project, source_of(server), ["form", "contact_list", SUBMISSION, MEMBER]
        )
    assert [each for each in loaded.rows if not loaded.rows[each]] == list(tables)
    assert len([each for each in heard if "was not loaded" in each]) == 2
    wrong = [each for each in findings_of(source_of(server)) if each.kind != "fine"]
    assert [scope in each.sentence for each in wrong] == [True]


def test_the_old_endpoints_know_forms_and_lists(server):
    server.has_dated = False
    server.submit(FORM, "s1", days(1), "c1@customer.example")
    server.join("7", 2, days(2))
    source = source_of(server)
    assert len(rows(source, SUBMISSION, {})[0]) == 1
    assert len(rows(source, MEMBER, {})[0]) == 1
    # Submissions have one endpoint, which is none of the old ones.
    assert source.client.old == {"forms", "lists", "members", "read"}
