"""HubSpot's API, against a server that minds its contract."""

import json
from datetime import timedelta

import pytest

from orchestration.commands.check_sources import findings_of
from orchestration.errors import LeadFunnelError
from orchestration.live import hubspot
from orchestration.live.hubspot.objects import OBJECTS, object_pages
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.project import Project
from orchestration.run import progress
from tests.live.account import NAME, landed, rows, source_of
from tests.live.servers.base import Answer
from tests.live.servers.hubspot import HubSpot, days, error


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, out=tmp_path / "out")


@pytest.fixture
def server():
    with HubSpot() as server:
        for key in (1, 2, 3):
            server.put("contacts", key, days(key), email=f"c{key}@customer.example")
        yield server


def keys(found):
    return [row["id"] for row in found]


def test_contacts_with_history_in_the_apis_own_shape(server, project):
    server.put("contacts", 1, days(4), lifecyclestage="lead", tier="A")
    server.put("contacts", 1, days(5), lifecyclestage="salesqualifiedlead")
    load(project, source_of(server), ["contact"])
    [first, *_] = landed(
        project,
        "contact",
        "id",
        "properties_email",
        "properties_lifecyclestage",
        "properties_tier",
        "updated_at",
        "archived",
        "properties_with_history",
    )
    assert first[:-1] == (
        "1",
        "c1@customer.example",
        "salesqualifiedlead",
        "A",
        "2026-04-06T00:00:00.000Z",
        "false",
    )
    history = json.loads(first[-1])
    assert set(history) == {"lifecyclestage", "hs_lead_status", "hubspot_owner_id"}
    assert [
        (each["value"], each["timestamp"][:10]) for each in history["lifecyclestage"]
    ] == [("salesqualifiedlead", "2026-04-06"), ("lead", "2026-04-05")]


def test_a_record_without_history_takes_nothing_from_its_page(server, project):
    server.records["contacts"]["2"]["history"] = {}
    load(project, source_of(server), ["contact"])
    assert landed(project, "contact") == [("1",), ("2",), ("3",)]
    [_, (second,), _] = landed(project, "contact", "properties_with_history")
    assert second is None


def test_deals_and_what_sales_did_with_whom(server, project):
    server.put("deals", 9, days(1), dealstage="won", hubspot_owner_id="7")
    server.put("meetings", 5, days(1))
    server.put("calls", 6, days(1))
    # More than the server says at once.
    server.links["deals", "contacts"] = {"9": ["1", "2", "3"]}
    server.links["meetings", "contacts"] = {"5": ["1"]}
    server.owners = [
        {"id": "7", "email": "a@x.example", "archived": False, "teams": [{"id": "1"}]},
        {"id": "8", "email": "b@x.example", "archived": True},
    ]
    server.pipelines = [{"id": "default", "label": "Sales", "stages": [{"id": "won"}]}]
    loaded = load(project, source_of(server))
    assert loaded.rows == {
        "owner": 2,
        "deal_pipeline": 1,
        "form": 0,
        "contact_list": 0,
        "contact": 3,
        "deal": 1,
        "engagement_call": 1,
        "engagement_email": 0,
        "engagement_meeting": 1,
        "engagement_task": 0,
        "engagement_communication": 0,
        "contact_form_submission": 0,
        "contact_list_member": 0,
    }

    def contacts_of(table):
        [(text,)] = landed(project, table, "associations")
        return [each["id"] for each in json.loads(text)["contacts"]["results"]]

    assert contacts_of("deal") == ["1", "2", "3"]
    assert contacts_of("engagement_meeting") == ["1"]
    assert contacts_of("engagement_call") == []
    assert landed(project, "owner", "id", "archived", "teams") == [
        ("7", "false", '[{"id": "1"}]'),
        ("8", "true", None),
    ]
    assert json.loads(landed(project, "deal_pipeline", "stages")[0][0]) == [
        {"id": "won"}
    ]
    # What did not change is not loaded again.
    assert set(load(project, source_of(server)).rows.values()) == {0}
    server.owners[0]["teams"] = [{"id": "2"}]
    assert load(project, source_of(server), ["owner"]).rows == {"owner": 1}


def test_increments_with_a_merge_an_archived_one_and_the_same_instant(server):
    _, place = rows(source_of(server), "contact", {})
    asked = len(server.asked("/search"))
    assert asked == 0
    server.put("contacts", 4, days(8.99), email="late")  # inside the overlap
    server.now = days(20)
    server.put("contacts", 5, days(9.5))
    server.put("contacts", 6, days(9.5))
    server.merge(1, 2, 100, days(10))
    server.archive("contacts", 3, days(11))
    found, place = rows(source_of(server), "contact", place)
    assert keys(found) == ["4", "5", "6", "100", "3"]
    merged, archived = found[3], found[4]
    assert merged["properties_hs_merged_object_ids"] == "1;2"
    assert archived["archived"] is True
    assert archived["properties_email"] == "c3@customer.example"
    assert rows(source_of(server), "contact", place)[0] == []


def test_what_changes_while_a_walk_goes_on_is_found_by_the_next(server):
    """Though the newest record that was seen is newer than the overlap is long."""
    server.page = 1
    pages = object_pages(source_of(server), OBJECTS["contact"], {})
    place, seen = {}, []
    for number, page in enumerate(pages):
        seen += keys(page.rows)
        place = page.place
        if number == 0:
            server.put("contacts", 1, server.now + timedelta(hours=1), email="changed")
            server.now += timedelta(hours=20)
            server.put("contacts", 3, server.now, email="changed")
    assert seen == ["1", "2", "3"]
    found, _ = rows(source_of(server), "contact", place)
    assert "1" in keys(found)


@pytest.mark.parametrize("year", [1999, 2099])
def test_the_clock_is_hubspots(server, year):
    server.now = server.now.replace(year=year)
    for record in server.records["contacts"].values():
        record["updated"] = record["updated"].replace("2026", str(year))
        record["values"]["lastmodifieddate"] = record["updated"]
    _, place = rows(source_of(server), "contact", {})
    server.put("contacts", 4, server.now + timedelta(seconds=1))
    server.now += timedelta(days=1)
    assert keys(rows(source_of(server), "contact", place)[0]) == ["4"]


def test_more_than_a_search_shows(server):
    """10,000 at most: so each question is for the first page behind an id."""
    _, place = rows(source_of(server), "contact", {})
    server.now = days(20)
    for key in range(1, 651):
        server.put("contacts", key, days(12))
    found, _ = rows(source_of(server), "contact", place)
    assert keys(found) == [str(key) for key in range(1, 651)]
    searches = [request.json for request in server.asked("/search")]
    assert len(searches) == 4
    assert all("after" not in said for said in searches)


@pytest.mark.parametrize("first", ["/contacts", "/search"])
def test_an_interrupted_walk_goes_on_behind_its_last_id(server, project, first):
    server.page = 1
    if first == "/search":
        load(project, source_of(server), ["contact"])
        server.now = days(20)
        for key in range(1, 252):
            server.put("contacts", key, days(12))
    before = len(landed(project, "contact"))
    gone = error(429, "RATE_LIMITS", "daily limit", policyName="DAILY")
    seen = {"count": 0}

    def second(request):
        if not request.path.endswith("/batch/read"):
            return False
        seen["count"] += 1
        return seen["count"] > (1 if first == "/contacts" else 4)

    server.fail("", gone, times=99)
    server.failures[-1].fits = second
    with pytest.raises(PassingError, match="calls of today are used up"):
        load(project, source_of(server), ["contact"])
    kept = len(landed(project, "contact"))
    assert kept - before == (1 if first == "/contacts" else 200)
    server.failures.clear()
    loaded = load(project, source_of(server), ["contact"])
    assert loaded.rows == {"contact": 2 if first == "/contacts" else 51}
    assert {key for (key,) in landed(project, "contact")} >= {"1", "2", "3"}


def test_archived_ones_are_looked_for_again_where_that_was_interrupted(server):
    server.archive("contacts", 3, days(5))
    pages = object_pages(source_of(server), OBJECTS["contact"], {})
    place = next(pages).place
    assert "archived_since" in place
    server.now = days(20)
    found, place = rows(source_of(server), "contact", place)
    assert keys(found) == ["3"]
    assert "archived_since" not in place


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"message": "slow down", "policyName": "SECONDLY"}, 429),
        Answer({"message": "x"}, 502),
        None,
    ],
)
def test_a_request_that_fails_twice(server, answer):
    server.fail("/batch/read", answer, times=2)
    assert keys(rows(source_of(server), "contact", {})[0]) == ["1", "2", "3"]


def test_a_token_that_is_rotated_in_the_middle(server, project):
    server.page = 1
    refused = error(401, "EXPIRED_AUTHENTICATION", "The token expired")
    count = {"read": 0}

    def later(request):
        count["read"] += request.path.endswith("/batch/read")
        return count["read"] > 1

    server.fail("", refused, times=99)
    server.failures[-1].fits = later
    with pytest.raises(LeadFunnelError, match="set LEAD_FUNNEL_HUBSPOT_TOKEN"):
        load(project, source_of(server), ["contact"])
    server.failures.clear()
    load(project, source_of(server), ["contact"])
    assert sorted(landed(project, "contact")) == [("1",), ("2",), ("3",)]


@pytest.mark.parametrize("has_dated", [False, True])
def test_the_old_endpoints_are_a_fallback(server, has_dated):
    server.has_dated = has_dated
    source = source_of(server)
    found, _ = rows(source, "contact", {})
    assert keys(found) == ["1", "2", "3"]
    old = [one for one in server.requests if "/v3/" in one.path]
    assert bool(old) != has_dated
    # What is not there is asked for once.
    assert len([one for one in server.requests if "2026-03/contacts" in one.path]) <= 4


def test_scopes_that_are_missing(server, project):
    server.scopes_missing = {"emails"}
    heard = []
    with progress.listening(lambda _: None, heard.append):
        load(project, source_of(server))
    [note] = [each for each in heard if "not loaded" in each]
    assert "crm.objects.emails.read" in note
    server.scopes_missing = {"contacts"}
    with pytest.raises(LeadFunnelError, match=r"crm\.objects\.contacts\.read"):
        load(project, source_of(server))


def test_a_new_property_is_said(server, project):
    heard = []
    with progress.listening(lambda _: None, heard.append):
        load(project, source_of(server), ["contact"])
        server.own["contacts"].append("region")
        server.now = days(20)
        server.put("contacts", 1, days(12), region="east")
        load(project, source_of(server), ["contact"])
    [said] = [each for each in heard if "column" in each]
    assert "hubspot.contact has the new column properties_region" in said


def test_properties_and_histories_by_name(server, project):
    server.own["contacts"] += ["region"]
    server.put("contacts", 1, days(2), tier="A", region="east")
    load(
        project,
        source_of(server, PROPERTIES="region", HISTORY="region"),
        ["contact"],
    )
    [row, *_] = landed(
        project,
        "contact",
        "properties_tier",
        "properties_region",
        "properties_with_history",
    )
    assert row[:2] == (None, "east")
    assert "region" in json.loads(row[2])
    with pytest.raises(LeadFunnelError, match="did you mean 'region'"):
        load(project, source_of(server, PROPERTIES="regoin"), ["contact"])


def test_what_people_wrote_is_not_loaded(server):
    server.properties["emails"] += ["hs_email_text", "hs_email_direction"]
    server.put("emails", 1, days(1), hs_email_text="hi", hs_email_direction="EMAIL")
    [row], _ = rows(source_of(server), "engagement_email", {})
    assert "properties_hs_email_text" not in row
    assert row["properties_hs_email_direction"] == "EMAIL"
    for kind, name in (
        ("communications", "hs_communication_body"),
        ("meetings", "hs_internal_meeting_notes"),
    ):
        server.properties[kind].append(name)
        server.put(kind, 2, days(1), **{name: "hi"})
        [row], _ = rows(source_of(server), f"engagement_{kind[:-1]}", {})
        assert "hi" not in row.values()


def test_a_contacts_properties_are_no_body(server):
    """HubSpot calls them like what somebody wrote in an e-mail."""
    server.properties["contacts"].append("hs_email_domain")
    server.put("contacts", 4711, days(1), hs_email_domain="customer.example")
    found, _ = rows(source_of(server), "contact", {})
    [row] = [each for each in found if each["id"] == "4711"]
    assert row["properties_hs_email_domain"] == "customer.example"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"API_KEY": "k"}, "took API keys away"),
        ({"PROPERTIES": "x"}, "alone tell of no HubSpot account"),
        ({"TOKEN": "t", "API_VERSION": "v3"}, "must be a version such as"),
        ({"TOKEN": "t", "URL": "http://api.hubapi.com"}, "must begin with https"),
    ],
)
def test_wrong_settings_are_sentences(given, said):
    with pytest.raises(LeadFunnelError, match=said):
        hubspot.sources({NAME + key: value for key, value in given.items()})


def test_the_check(server):
    findings = findings_of(source_of(server))
    assert {each.kind for each in findings} == {"fine"}
    said = " ".join(each.sentence for each in findings)
    assert "the account 4711 with the time zone Asia/Tokyo" in said
    assert "249,000 of 250,000 calls" in said
    server.scopes_missing = {"deals"}
    server.has_dated = False
    wrong = [each for each in findings_of(source_of(server)) if each.kind != "fine"]
    assert [each.kind for each in wrong] == ["warning", "warning"]
    assert "add crm.objects.deals.read" in wrong[0].sentence
    assert "which HubSpot ends in September 2027" in wrong[1].sentence
    server.scopes_missing = {"contacts"}
    assert "error" in {each.kind for each in findings_of(source_of(server))}
