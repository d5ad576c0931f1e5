"""Associations that become others while HubSpot says that the record did not change."""

import pytest

from orchestration import warehouse
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources.raw import load_system
from tests.live.account import rows, source_of
from tests.live.servers.hubspot import HubSpot, days


@pytest.fixture
def server():
    with HubSpot() as server:
        server.now = days(10)
        # Open for a long time, closed long ago, closed lately.
        server.put("deals", 1, days(-200), dealstage="open", hs_is_closed="false")
        server.put("deals", 2, days(-200), dealstage="won", hs_is_closed="true")
        server.put("deals", 3, days(8), dealstage="won", hs_is_closed="true")
        server.links["deals", "contacts"] = {"1": ["11"], "2": ["12"], "3": ["13"]}
        yield server


def contacts(row):
    return [each["id"] for each in row["associations"]["contacts"]["results"]]


def test_associations_of_what_is_moving_are_asked_for_again(server):
    found, place = rows(source_of(server), "deal", {})
    assert [contacts(row) for row in found] == [["11"], ["12"], ["13"]]
    assert set(place["links"]) == {"1", "3"}
    server.now = days(11)
    assert rows(source_of(server), "deal", place)[0] == []
    server.links["deals", "contacts"] = {"1": ["14", "9"], "2": ["12", "15"], "3": []}
    found, place = rows(source_of(server), "deal", place)
    # The deal that was closed long ago is not moving: the page says so.
    assert {row["id"]: contacts(row) for row in found} == {"1": ["9", "14"], "3": []}
    assert {row["updatedAt"] for row in found} == {"2026-04-12T00:00:00.000Z"}
    assert found[0]["properties_dealstage"] == "open"
    assert rows(source_of(server), "deal", place)[0] == []
    # The same in another order is the same.
    server.links["deals", "contacts"]["1"] = ["9", "14"]
    assert rows(source_of(server), "deal", place)[0] == []
    # What is closed for longer is forgotten.
    server.now = days(20)
    server.put("deals", 1, days(12), hs_is_closed="true")
    _, place = rows(source_of(server), "deal", place)
    assert set(place["links"]) == set()


def test_the_change_of_a_record_and_of_its_contacts_in_one(server):
    _, place = rows(source_of(server), "deal", {})
    server.now = days(12)
    server.put("deals", 1, days(11), dealstage="offer")
    server.links["deals", "contacts"]["1"] = ["11", "14"]
    [row], place = rows(source_of(server), "deal", place)
    assert contacts(row) == ["11", "14"]
    assert row["properties_dealstage"] == "offer"
    server.put("deals", 1, days(12.5), dealstage="won")
    server.now = days(13)
    [row], place = rows(source_of(server), "deal", place)
    assert row["updatedAt"] == "2026-04-13T12:00:00.000Z"


def test_what_it_costs(server):
    """A search for each 200 moving records, and a batch for each 100."""
    for key in range(100, 350):
        server.put("deals", key, days(9), hs_is_closed="false")
    _, place = rows(source_of(server), "deal", {})
    server.now = days(11)
    begin = len(server.requests)
    rows(source_of(server), "deal", place)
    paths = [each.path.rsplit("/", 2)[-1] for each in server.requests[begin:]]
    # One search is for what changed.
    assert paths.count("search") == 1 + 2
    assert len([e for e in server.requests[begin:] if "associations" in e.path]) == 3


@pytest.mark.parametrize(("asked", "news"), [("0", 0), ("400", 2), ("", 1)])
def test_how_long_they_are_asked_for_is_a_setting(server, asked, news):
    source = source_of(server, ASSOCIATION_DAYS=asked)
    _, place = rows(source, "deal", {})
    server.now = days(11)
    server.links["deals", "contacts"] = {"1": ["19"], "2": ["19"], "3": ["13"]}
    found, _ = rows(source_of(server, ASSOCIATION_DAYS=asked), "deal", place)
    assert len(found) == news


def test_what_a_store_of_before_did_not_remember_is_read_once(server):
    _, place = rows(source_of(server), "deal", {})
    del place["links"]
    server.now = days(11)
    found, place = rows(source_of(server), "deal", place)
    assert [row["id"] for row in found] == ["1", "3"]
    assert rows(source_of(server), "deal", place)[0] == []


def test_a_list_of_before_is_one_of_the_past(server, tmp_path):
    """Each raw row tells when its list was in force, so that staging can choose."""
    project = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(tmp_path / "out" / "landed")}, out=tmp_path / "out"
    )
    server.put("contacts", 11, days(1), email="a@customer.example")
    load(project, source_of(server), ["contact", "deal"])
    server.now = days(11)
    server.links["deals", "contacts"]["1"] = ["14"]
    load(project, source_of(server), ["contact", "deal"])
    project.prepare_out()
    load_system(project, "hubspot")
    with warehouse.connect(project, read_only=True) as connection:
        found = connection.execute(
            "select contact_id, updated_at from raw_hubspot.deal_contact "
            "where deal_id = '1' order by updated_at"
        ).fetchall()
    assert found == [
        ("11", "2025-09-13T00:00:00.000Z"),
        ("14", "2026-04-12T00:00:00.000Z"),
    ]
