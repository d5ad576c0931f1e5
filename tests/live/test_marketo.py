"""What Marketo's API hands over, against a Marketo on the loopback.

What is expected is from Adobe's pages and its OpenAPI; the rows are few and written
down here.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.live.configured import configured
from orchestration.live.marketo import files
from orchestration.live.marketo.limits import Patience
from orchestration.live.marketo.settings import Settings, windows
from orchestration.live.marketo.source import ACTIVITY_TYPES, MarketoSource
from orchestration.live.source import PassingError
from tests.live.servers.marketo import (
    CLIENT_SECRET,
    NO_ADOBE,
    Company,
    MarketoServer,
    Trouble,
    adobes_contract,
    cut_after,
    error,
    silence,
    spoilt,
    status,
)

NEW_LEAD, SCORE, PROGRESS = 12, 22, 104
QUICK = Patience(backoff=0.001, longest=0.01, poll=0.001, call=5.0)
SINCE = "2026-03-01"


def company() -> Company:
    """Three leads of spring 2026, their scores, a program with two members."""
    made = Company()
    for number, at in ((1, "2026-03-02"), (2, "2026-04-10"), (3, "2026-05-31")):
        made.add_lead(number, f"{at}T09:00:00Z", email=f"p{number}@example.com")
        made.add(NEW_LEAD, number, f"{at}T09:00:00Z", Source_Type="Web form")
    for score in (40, 80, 120):
        made.add(
            SCORE, 1, f"2026-05-0{score // 40}T10:00:00Z", 5, "Lead Score",
            Old_Value=str(score - 40), New_Value=str(score),
            Reason='Filled out form "a", line\none',
        )  # fmt: skip
    made.programs = [
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
    made.members = {1001: [member(1, "Registered"), member(2, "Attended")], 1002: []}
    return made


def member(lead: int, state: str, at: str = "2026-05-04T00:00:00Z") -> dict[str, Any]:
    return {
        "id": lead,
        "membership": {"membershipDate": at, "progressionStatus": state},
    }


@pytest.fixture
def server() -> Iterator[MarketoServer]:
    """A Marketo that must not have been asked what it forbids, nor have answered
    otherwise than Adobe says."""
    with MarketoServer(company(), contract=adobes_contract()) as running:
        yield running
        assert running.broken == []
        assert running.wrong == []


def source_of(
    server: MarketoServer, folder: Path, patience: Patience = QUICK, **environ: str
) -> MarketoSource:
    given = {"LEAD_FUNNEL_MARKETO_SINCE": SINCE, **environ}
    source = MarketoSource(server.environ(**given), patience)
    source.folder = folder
    return source


def read(
    source: MarketoSource, table: str, place: dict[str, Any] | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All rows of a table from a place on, and the place behind them, in JSON."""
    rows: list[dict[str, Any]] = []
    at: Any = place or {}
    for page in source.pages(table, place or {}):
        rows += page.rows if isinstance(page.rows, list) else page.rows.to_pylist()
        at = page.place
    return rows, json.loads(json.dumps(at))


def scores(rows: list[dict[str, Any]]) -> list[str]:
    """What the scores of rows became, in whichever form their attributes came."""
    found = []
    for row in rows:
        said = row["attributes"]
        said = json.loads(said) if isinstance(said, str) else said
        if isinstance(said, list):
            said = {each["name"]: each["value"] for each in said}
        found.append(said["New Value"])
    return found


# What is handed over.


@pytest.mark.parametrize("way", ["bulk", "paging"])
def test_every_table_is_handed_over(server, tmp_path, way):
    server.page = 2
    server.company.merge(3, 2, "2026-05-31T12:00:00Z")
    server.company.add_lead(4, "2026-05-20T00:00:00Z")
    server.company.delete(4, "2026-05-21T00:00:00Z")
    server.company.add(
        PROGRESS, 1, "2026-05-04T00:00:00Z", 1001, "Webinar", New_Status="Registered"
    )
    source = source_of(server, tmp_path, LEAD_FUNNEL_MARKETO_ACTIVITIES=way)
    rows = {table: read(source, table)[0] for table in source.tables}
    assert {table: len(found) for table, found in rows.items()} == {
        "activity_new_lead": 3,
        "activity_fill_out_form": 0,
        "activity_change_data_value": 0,
        "activity_change_score": 3,
        "activity_change_status_in_progression": 1,
        "activity_merge_leads": 1,
        "activity_delete_lead": 1,
        "lead": 2,
        "program": 2,
        "program_membership": 2,
    }
    assert scores(rows["activity_change_score"]) == ["40", "80", "120"]
    merge = rows["activity_merge_leads"][0]
    assert str(merge["leadId"]) == "2" and "3" in json.dumps(merge["attributes"])
    assert rows["activity_delete_lead"][0]["leadId"] == 4
    assert rows["lead"][0]["email"] == "p1@example.com"
    assert rows["lead"][0]["phone"] is None
    assert rows["program"][0]["createdAt"] == "2026-03-01T00:00:00Z"
    assert rows["program_membership"][1] == {
        "leadId": 2,
        "programId": 1001,
        "membershipDate": "2026-05-04T00:00:00Z",
        "progressionStatus": "Attended",
    }
    # One export of activities for each window, whichever tables are in it.
    spans = windows(datetime(2026, 3, 1, tzinfo=UTC), server.now)
    kinds = [job.kind for job in server.jobs.values()]
    assert kinds.count("activities") == (len(spans) if way == "bulk" else 0)
    assert server.most_at_once <= 2


@pytest.mark.skipif(adobes_contract() is None, reason=NO_ADOBE)
@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("/rest/v1/activities/types.json", {"maxReturn": 2}, "no parameter maxReturn"),
        ("/rest/v1/activities.json", {"activityTypeIds": 1}, "needs .* nextPageToken"),
        (
            "/rest/v1/leads/programs/7.json",
            {"batchSize": "many"},
            "'many', which is no integer",
        ),
        ("/bulk/v1/leads/export.json", {"status": "done"}, "may not be 'done'"),
        ("/rest/v1/leads/describe3.json", {}, "no GET /rest/v1/leads/describe3.json"),
    ],
)
def test_adobes_contract_is_held(path, params, said):
    with MarketoServer(contract=adobes_contract()) as server:
        answer = signed(server, path, params)
        assert not answer["success"]
        [broken] = server.broken
        assert re.search(said, broken), broken


@pytest.mark.skipif(adobes_contract() is None, reason=NO_ADOBE)
def test_answers_are_held_to_adobes_contract(monkeypatch):
    monkeypatch.setattr(MarketoServer, "usage", lambda *_: {"result": [{"total": "9"}]})
    with MarketoServer(contract=adobes_contract()) as server:
        signed(server, "/rest/v1/stats/usage.json")
        [wrong] = server.wrong
        assert re.search("'date' is a required|'9' is not of type", wrong), wrong


def signed(server: MarketoServer, path: str, params: Any = None, **sent: Any) -> Any:
    """A call without the client under test."""
    import requests

    query = "grant_type=client_credentials&client_id=4c1e7d0a-client&client_secret="
    query += "s3cr3t%2F%2Bof%3Dmarketo"
    token = requests.get(f"{server.url}/identity/oauth/token?{query}", timeout=5)
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    method = sent.pop("method", "GET")
    given = {"headers": headers, "params": params, "timeout": 5, **sent}
    return requests.request(method, server.url + path, **given).json()


def span(days: int) -> dict[str, Any]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    ends = {"startAt": start, "endAt": start + timedelta(days=days)}
    told = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in ends.items()}
    return {"fields": ["leadId"], "filter": {"createdAt": told}}


def test_the_server_refuses_what_marketo_forbids():
    create = "/bulk/v1/activities/export/create.json"
    usage = "/rest/v1/stats/usage.json"
    with MarketoServer(rate=(12, 20.0)) as server:
        assert signed(server, create, json=span(31), method="POST")["success"]
        assert signed(server, create, json=span(32), method="POST")["errors"]
        assert signed(server, usage, {"access_token": "x"})["errors"]
        assert signed(server, usage, headers={})["errors"]
        assert signed(server, usage, headers={"Authorization": "Bearer x"})["errors"]
        for _ in range(11):
            last = signed(server, usage)
        assert last["errors"][0]["code"] == "606"
        assert [what.split(" ")[0] for what in server.broken[:3]] == [
            "an", usage, usage,
        ]  # fmt: skip
        assert server.broken[-1].startswith("more than 12 calls")


# Limits.


def test_windows_are_of_31_days_and_leave_no_gap():
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 10, 5, tzinfo=UTC)
    spans = [(each.start, each.end) for each in windows(start, end)]
    assert spans == [
        (start, datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        (datetime(2026, 3, 4, tzinfo=UTC), end),
    ]
    assert windows(end, end) == []


def test_calls_keep_to_the_pace(server, tmp_path):
    server.page, server.rate = 1, (10, 0.5)
    server.company.members = {1001: [member(n, "Sent") for n in range(1, 30)]}
    patience = Patience(backoff=0.001, poll=0.001, rate_seconds=0.5)
    slow = source_of(server, tmp_path, patience, LEAD_FUNNEL_MARKETO_QUOTA_PERCENT="8")
    assert len(read(slow, "program_membership")[0]) == 29


def test_a_load_waits_for_exports_as_marketo_asks():
    # “The status should never be polled more frequently” than every 60 seconds.
    assert Patience().poll >= 60


def test_a_load_stops_before_others_have_no_calls_left(server, tmp_path):
    server.used_by_others, server.daily_calls = 795, 1000
    given = {"LEAD_FUNNEL_MARKETO_DAILY_CALLS": "1000"}
    source = source_of(server, tmp_path, **given)
    with pytest.raises(PassingError, match="800 of the 1,000 calls .* 80 %") as stopped:
        for table in source.tables:
            read(source, table)
    assert "after midnight, US Central Time" in str(stopped.value)
    assert len(server.calls) + server.used_by_others == 800
    assert "800 of 1,000 used today" in source.usage()


def test_a_load_stops_before_the_exports_of_a_day_are_used_up(server, tmp_path):
    for number in range(2000):
        day = f"2026-{3 + number // 1000:02}-1{number % 10}T00:00:00Z"
        server.company.add(1 if number % 2 else 12, 1, day, Page="x" * 700)
    given = {"LEAD_FUNNEL_MARKETO_DAILY_MB": "1"}
    source = source_of(server, tmp_path, **given)
    with pytest.raises(
        PassingError, match="0.4 MB of the 1 MB|MB that may be exported"
    ):
        read(source, "activity_new_lead")
    assert sum(job.size for job in server.jobs.values()) <= 800_000
    # Tomorrow it goes on, and finds what it had asked for.
    begun = len(server.jobs)
    for job in server.jobs.values():
        job.created = server.now - timedelta(days=1)
    rows, _ = read(source_of(server, tmp_path, **given), "activity_new_lead")
    assert len(rows) == 1003
    # The second was asked for before it was known how large the first would be.
    assert begun == 2 and len(server.jobs) == 3


def test_the_load_says_what_it_used(server, tmp_path):
    source = source_of(server, tmp_path)
    read(source, "activity_change_score")
    size = sum(job.size for job in server.jobs.values())
    assert size and f"{size / 1_000_000:,.1f} MB of exports" in source.usage()
    used = len(server.calls)
    assert source.usage().startswith(f"Marketo: {used - 1:,} calls (")


def test_used_up_days_of_others_are_said(server, tmp_path):
    server.daily_calls = 3
    with pytest.raises(PassingError, match="used up .607., by everyone together"):
        read(source_of(server, tmp_path), "lead")
    server.daily_calls, server.daily_bytes = 1000, 0
    with pytest.raises(PassingError, match="exported on a day is used up .1029."):
        read(source_of(server, tmp_path), "lead")


def test_a_full_queue_is_waited_for(server, tmp_path):
    server.others_in_queue = 10
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            server.others_in_queue = 0

    patience = Patience(backoff=0.001, poll=60.0, sleep=sleep)
    rows, _ = read(source_of(server, tmp_path, patience), "activity_change_score")
    assert len(rows) == 3 and slept[:3] == [60.0] * 3


def test_an_export_that_takes_too_long_is_waited_for_by_the_next_load(server, tmp_path):
    server.looks = 5
    given = {"LEAD_FUNNEL_MARKETO_SINCE": "2026-05-01"}
    patience = Patience(
        backoff=0.001, poll=1.0, longest_queue=2.0, sleep=lambda _: None
    )
    with pytest.raises(PassingError, match="has not made its export .* 2026-05-01"):
        read(source_of(server, tmp_path, patience, **given), "activity_change_score")
    server.looks = 1
    asked = set(server.jobs)
    rows, _ = read(source_of(server, tmp_path, **given), "activity_change_score")
    assert len(rows) == 3 and set(server.jobs) == asked


# What goes wrong and passes.


@pytest.mark.parametrize(
    "trouble",
    [
        status(503),
        status(429),
        error(502, "Bad Gateway"),
        error(604, "Request timed out"),
        error(606, "Max rate limit '100' exceeded with in '20' secs"),
        error(608, "API Temporarily Unavailable"),
        error(611, "System error"),
        error(615, "Concurrent access limit reached"),
        error(713, "Transient Error"),
    ],
)
@pytest.mark.parametrize("path", ["deletedleads", "types.json", "status.json"])
def test_a_page_that_fails_twice_is_asked_for_again(server, tmp_path, trouble, path):
    server.page = 1
    for number in (7, 8):
        server.company.add_lead(number, "2026-05-20T00:00:00Z")
        server.company.delete(number, f"2026-05-2{number}T00:00:00Z")
    server.troubles = [Trouble(path, trouble, 2)]
    source = source_of(server, tmp_path)
    assert [row["leadId"] for row in read(source, "activity_delete_lead")[0]] == [7, 8]
    if path != "deletedleads":
        assert len(read(source, "activity_change_score")[0]) == 3
    assert server.troubles[0].times == 0


def test_silence_is_broken_off_and_asked_again(server, tmp_path):
    server.troubles = [Trouble("describe2", silence(0.4))]
    patience = Patience(backoff=0.001, poll=0.001, call=0.2)
    assert len(read(source_of(server, tmp_path, patience), "lead")[0]) == 3


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (status(502), r"does not answer .*types.json .status 502."),
        (
            error(608, "API Temporarily Unavailable"),
            r"608, API Temporarily Unavailable",
        ),
        (silence(0.5), r"does not answer .*types.json .*Timeout"),
    ],
)
def test_what_stays_wrong_is_one_sentence(server, tmp_path, trouble, said):
    server.troubles = [Trouble("types.json", trouble, 99)]
    patience = Patience(backoff=0.001, longest=0.01, tries=2, call=0.2)
    with pytest.raises(PassingError, match=said) as raised:
        read(source_of(server, tmp_path, patience), "activity_new_lead")
    assert "\n" not in str(raised.value) and "http" not in str(raised.value)


def test_an_error_that_does_not_pass_is_said_at_once(server, tmp_path):
    server.troubles = [Trouble("describe2", error(616, "Invalid subscription type"), 9)]
    with pytest.raises(
        LeadFunnelError, match="answers /rest/v1/leads/describe2.json wi"
    ):
        read(source_of(server, tmp_path), "lead")
    assert server.troubles[0].times == 8


@pytest.mark.parametrize("table", ["activity_change_score", "lead", "program"])
@pytest.mark.parametrize("calls", [1, 2])
def test_tokens_that_expire_in_the_middle_are_renewed(server, tmp_path, table, calls):
    server.token_calls = calls
    rows, _ = read(source_of(server, tmp_path), table)
    assert len(rows) == (2 if table == "program" else 3)
    assert len(server.tokens) >= 2


def test_a_token_that_is_gone_for_good_is_said(server, tmp_path):
    server.troubles = [Trouble("describe2", error(601, "Access token invalid"), 9)]
    with pytest.raises(LeadFunnelError, match="does not accept the access token"):
        read(source_of(server, tmp_path), "lead")


def test_a_paging_token_that_expired_is_replaced(server, tmp_path):
    server.page = 1
    for number in range(11, 16):
        server.company.add_lead(number, "2026-05-20T00:00:00Z")
        server.company.delete(number, f"2026-05-{number + 10}T00:00:00Z")
    source = source_of(server, tmp_path)
    found = []
    for page in source.pages("activity_delete_lead", {}):
        found += [row["leadId"] for row in page.rows]
        if len(found) == 2:
            server.expired = set(server.given)
    assert set(found) == {11, 12, 13, 14, 15}


def test_a_load_that_was_stopped_goes_on_with_its_paging_token(server, tmp_path):
    server.page = 1
    for number in range(11, 16):
        server.company.add_lead(number, "2026-05-20T00:00:00Z")
        server.company.delete(number, f"2026-05-{number + 10}T00:00:00Z")
    pages = source_of(server, tmp_path).pages("activity_delete_lead", {})
    places = [next(pages).place for _ in range(3)]
    rows, _ = read(source_of(server, tmp_path), "activity_delete_lead", places[-1])
    assert [row["leadId"] for row in rows] == [14, 15]
    server.expired = set(server.given)
    rows, _ = read(source_of(server, tmp_path), "activity_delete_lead", places[-1])
    assert {14, 15} <= {row["leadId"] for row in rows}


@pytest.mark.parametrize("ends", ["Failed", "Cancelled"])
def test_an_export_that_fails_is_asked_for_again(server, tmp_path, ends):
    server.fails = [ends]
    assert len(read(source_of(server, tmp_path), "activity_change_score")[0]) == 3


def test_an_export_that_keeps_failing_is_said(server, tmp_path):
    server.fails = ["Failed"] * 9
    said = r"activities from 2026-03-01T00:00:00Z .* failed \(Something broke\) 3 times"
    with pytest.raises(PassingError, match=said):
        read(source_of(server, tmp_path), "activity_change_score")


def test_a_file_that_is_cut_is_fetched_on_from_there(server, tmp_path):
    for number in range(2000):
        server.company.add(SCORE, 1, "2026-05-09T00:00:00Z", New_Value=str(number))
    server.troubles = [Trouble("file.json", cut_after(70_000), 2)]
    given = {"LEAD_FUNNEL_MARKETO_SINCE": "2026-05-05"}
    rows, _ = read(source_of(server, tmp_path, **given), "activity_change_score")
    assert scores(rows) == [str(number) for number in range(2000)]
    # Of each cut at most the last 64 KB are sent again.
    [size] = [job.size for job in server.jobs.values()]
    assert size > 140_000 and size <= server.sent <= size + 2 * 4464 + 2
    assert len([asked for asked in server.asked if "file.json" in asked]) == 3


def test_texts_of_several_lines_and_blocks_are_read_whole(
    server, tmp_path, monkeypatch
):
    monkeypatch.setattr(files, "BLOCK", 4096)
    texts = [f'{number}\nline, "two"\n' + "葵" * (number % 97) for number in range(300)]
    for text in texts:
        server.company.add(SCORE, 1, "2026-05-09T00:00:00Z", None, text, New_Value="1")
    given = {"LEAD_FUNNEL_MARKETO_SINCE": "2026-05-08"}
    rows, _ = read(source_of(server, tmp_path, **given), "activity_change_score")
    assert [row["primaryAttributeValue"] for row in rows] == texts


def test_a_file_that_is_not_what_its_checksum_says_is_fetched_anew(server, tmp_path):
    server.troubles = [Trouble("file.json", spoilt)]
    source = source_of(server, tmp_path)
    assert scores(read(source, "activity_change_score")[0]) == ["40", "80", "120"]
    server.troubles = [Trouble("file.json", spoilt, 99)]
    with pytest.raises(PassingError, match="not what its checksum says"):
        read(source_of(server, tmp_path / "other"), "activity_change_score")


def test_a_file_that_was_refused_is_asked_for_with_a_new_token(server, tmp_path):
    server.troubles = [
        Trouble("file.json", error(602, "Access token expired")),
        Trouble("file.json", error(604, "Request timed out")),
    ]
    assert len(read(source_of(server, tmp_path), "activity_change_score")[0]) == 3


# From load to load.


def test_rows_that_share_the_cursors_instant_come_once(server, tmp_path):
    server.now = datetime(2026, 5, 31, 10, tzinfo=UTC)
    at = "2026-05-31T10:00:00Z"
    first = server.company.add(NEW_LEAD, 2, at)
    rows, place = read(source_of(server, tmp_path), "activity_new_lead")
    assert [row["marketoGUID"] for row in rows].count(first) == 1 and len(rows) == 4
    # Of the same instant, and one that was written an hour late.
    same = server.company.add(NEW_LEAD, 3, at)
    late = server.company.add(NEW_LEAD, 3, "2026-05-31T09:10:00Z")
    server.now += timedelta(days=1)
    rows, place = read(source_of(server, tmp_path), "activity_new_lead", place)
    assert {row["marketoGUID"] for row in rows} == {same, late}
    rows, _ = read(source_of(server, tmp_path), "activity_new_lead", place)
    assert rows == []


def test_a_lead_that_changed_comes_again(server, tmp_path):
    _, place = read(source_of(server, tmp_path), "lead")
    server.now += timedelta(days=1)
    server.company.leads[1] |= {
        "updatedAt": "2026-06-01T05:00:00Z",
        "company": "株式会社",
    }
    rows, _ = read(source_of(server, tmp_path), "lead", place)
    assert [(row["id"], row["company"]) for row in rows] == [("1", "株式会社")]


def test_a_lead_that_is_merged_and_one_that_is_deleted_between_two_loads(
    server, tmp_path
):
    source = source_of(server, tmp_path)
    places = {table: read(source, table)[1] for table in source.tables}
    server.company.merge(2, 1, "2026-06-01T03:00:00Z")
    server.company.delete(3, "2026-06-01T04:00:00Z")
    server.now += timedelta(days=1)
    source = source_of(server, tmp_path)
    rows = {table: read(source, table, places[table])[0] for table in source.tables}
    assert [json.loads(row["attributes"])["Merge IDs"] for row in
            rows["activity_merge_leads"]] == [[2]]  # fmt: skip
    assert [row["leadId"] for row in rows["activity_delete_lead"]] == [3]
    assert rows["lead"] == rows["activity_new_lead"] == []


def test_our_clock_says_nothing(server, tmp_path):
    # Marketo is years behind us: no window reaches beyond its own clock.
    _, place = read(source_of(server, tmp_path), "lead")
    assert place["until"] == server.now.isoformat()


def test_members_are_read_again_where_a_status_changed(server, tmp_path):
    rows, place = read(source_of(server, tmp_path), "program_membership")
    assert len(rows) == 2
    server.company.members[1002] = [member(3, "Attended", "2026-06-01T01:00:00Z")]
    server.company.add(
        PROGRESS, 3, "2026-06-01T01:00:00Z", 1002, "Webinar", New_Status="Attended"
    )
    server.now += timedelta(days=1)
    before = len(server.calls)
    rows, _ = read(source_of(server, tmp_path), "program_membership", place)
    assert [(row["leadId"], row["programId"]) for row in rows] == [(3, 1002)]
    assert not any("programs/1001" in call for call in server.calls[before:])


def test_only_programs_that_changed_come_again(server, tmp_path):
    _, place = read(source_of(server, tmp_path), "program")
    server.now += timedelta(days=1)
    server.company.programs[1] |= {"updatedAt": "2026-06-01T08:00:00Z+0000"}
    rows, _ = read(source_of(server, tmp_path), "program", place)
    assert [row["id"] for row in rows] == [1002]


def test_where_leads_may_not_be_asked_for_by_change_all_come_each_time(
    server, tmp_path
):
    server.may_filter_by_update = False
    source = source_of(server, tmp_path)
    rows, place = read(source, "lead")
    assert len(rows) == 3 and place["by"] == "createdAt"
    assert "may not export leads by when they were changed" in source.usage()
    server.now += timedelta(days=1)
    assert len(read(source_of(server, tmp_path), "lead", place)[0]) == 3
    server.may_filter_by_update = True
    assert read(source_of(server, tmp_path), "lead", place)[0] == []


def test_deletions_that_marketo_has_forgotten_are_said(server, tmp_path):
    _, place = read(source_of(server, tmp_path), "activity_delete_lead")
    server.now += timedelta(days=20)
    source = source_of(server, tmp_path)
    read(source, "activity_delete_lead", place)
    assert "between 2026-06-01T00:00:00Z and 2026-06-07T00:00:00Z is not known" in (
        " ".join(source.usage().replace("that", "2026-06-01T00:00:00Z").split())
    )


# Settings, permissions, secrets.


def test_without_credentials_there_is_no_marketo():
    assert configured({}) == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"CLIENT_ID": "x"}, "ENDPOINT and LEAD_FUNNEL_MARKETO_CLIENT_SECRET are mis"),
        ({"ENDPOINT": "https://a.mktorest.com"}, "CLIENT_ID and .*SECRET are missing"),
        ({"ENDPOINT": "http://a.mktorest.com/rest"}, "must be the endpoint that Admin"),
        ({"ENDPOINT": "a.mktorest.com"}, "must be the endpoint that Admin"),
        ({"SINCE": "last year"}, "SINCE is 'last year', but must be a day"),
        ({"ACTIVITIES": "rest"}, "must be bulk or paging"),
        ({"QUOTA_PERCENT": "0"}, "must be a number from 1 to 100"),
        ({"DAILY_CALLS": "many"}, "must be a whole number"),
    ],
)
def test_wrong_settings_are_said(given, said):
    whole = {"ENDPOINT": "https://a.mktorest.com", "CLIENT_ID": "x"}
    whole |= {"CLIENT_SECRET": "y"}
    environ = given if set(given) & {"CLIENT_ID"} else {**whole, **given}
    if given == {"ENDPOINT": "https://a.mktorest.com"}:
        environ = given
    with pytest.raises(LeadFunnelError, match=said):
        configured(
            {f"LEAD_FUNNEL_MARKETO_{name}": each for name, each in environ.items()}
        )


def test_a_first_load_goes_back_as_far_as_marketo_keeps_activities():
    settings = Settings("https://a.mktorest.com", "x", "y")
    assert settings.first(datetime(2026, 6, 15, tzinfo=UTC)) == datetime(
        2024, 5, 1, tzinfo=UTC
    )


def test_fields_of_leads_are_read_by_name(server, tmp_path):
    server.company.leads[2]["mqlDate"] = "2026-04-20T00:00:00Z"
    given = {"LEAD_FUNNEL_MARKETO_LEAD_FIELDS": "mqlDate"}
    rows, _ = read(source_of(server, tmp_path, **given), "lead")
    assert [row["mqlDate"] for row in rows] == [None, "2026-04-20T00:00:00Z", None]
    given = {"LEAD_FUNNEL_MARKETO_LEAD_FIELDS": "mqldate"}
    with pytest.raises(LeadFunnelError, match="'mqldate' .did you mean 'mqlDate'"):
        read(source_of(server, tmp_path, **given), "lead")


@pytest.mark.parametrize(
    ("denied", "table", "said"),
    [
        ("activities/types", "activity_new_lead", "“Read-Only Activity” under Access"),
        ("leads/describe2", "lead", "“Read-Only Lead” under Access API"),
        ("asset/v1/programs", "program", "“Read-Only Assets” under Access API"),
    ],
)
def test_a_missing_permission_is_named(server, tmp_path, denied, table, said):
    server.denied = denied
    with pytest.raises(LeadFunnelError, match=said):
        read(source_of(server, tmp_path), table)
    found = list(source_of(server, tmp_path).check())
    assert [said in each.sentence for each in found if each.kind == "error"] == [
        True
    ] * len([each for each in found if each.kind == "error"])
    assert any(each.kind == "error" for each in found)


def test_what_the_check_finds(server, tmp_path):
    server.used_by_others = 41_000
    found = [(each.kind, each.sentence) for each in source_of(server, tmp_path).check()]
    assert found[0] == ("fine", "Marketo accepts the client id and secret.")
    assert found[1][0] == "warning" and "a load stops at 40,000" in found[1][1]
    # It can be asked although the load would have to stop.
    assert server.jobs == {}


def test_the_check_says_what_is_fine(server, tmp_path):
    found = list(source_of(server, tmp_path).check())
    assert [each.kind for each in found].count("error") == 0
    said = " ".join(each.sentence for each in found)
    for words in ("Activities and deletions may be", "Leads may be", "Programs may be"):
        assert words in said
    assert "no field sfdcContactId" in said
    assert server.jobs == {}


def test_wrong_credentials_are_said_without_them(server, tmp_path):
    source = source_of(server, tmp_path, LEAD_FUNNEL_MARKETO_CLIENT_SECRET="wr0ng!")
    with pytest.raises(
        LeadFunnelError, match="does not accept the client id"
    ) as raised:
        read(source, "lead")
    [finding] = source_of(
        server, tmp_path, LEAD_FUNNEL_MARKETO_CLIENT_SECRET="wr0ng!"
    ).check()
    assert finding.kind == "error"
    assert "wr0ng" not in f"{raised.value!r} {finding} {source!r} {source.settings!r}"


def test_no_secret_is_in_any_log_or_error(server, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.DEBUG)
    logging.getLogger("dlt").setLevel(logging.DEBUG)
    server.token_calls = 4
    source = source_of(server, tmp_path)
    read(source, "activity_change_score")
    server.troubles = [Trouble("identity", status(500), 9)]
    said = []
    for trouble in ([Trouble("oauth/token", status(503), 99)], []):
        server.troubles = trouble
        try:
            fresh = source_of(server, tmp_path, Patience(backoff=0.001, tries=2))
            read(fresh, "lead")
        except LeadFunnelError as error:
            said.append(f"{error!r} {error.__cause__!r} {error.__context__!r}")
    text = caplog.text + " ".join(said)
    assert "GET /bulk/v1/activities" in text
    for secret in (CLIENT_SECRET, "s3cr3t", *server.tokens):
        assert secret not in text
    assert CLIENT_SECRET in source.secrets and server.tokens[0] in source.secrets


def test_every_activity_type_has_its_raw_table():
    from orchestration.sources.tables import tables_of

    known = {table.name for table in tables_of("marketo")}
    source = MarketoSource({})
    assert set(ACTIVITY_TYPES) <= known and set(source.tables) <= known
    # Merges are activities; a stage's dates are columns of leads.
    assert known - set(source.tables) == {"merged_lead", "lead_stage_date"}
