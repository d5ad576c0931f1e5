"""One company over the API, in increments, gives the public tables of its files."""

import csv
import re
from datetime import UTC, datetime, timedelta
from random import Random

import duckdb
import pytest

from orchestration.live import salesforce
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.live.store import landed_files
from orchestration.project import Project
from orchestration.publication.publications import PUBLIC_SCHEMAS
from tests import job
from tests.incremental.story import OF_THE_LOAD, differences
from tests.live.org import environ
from tests.live.servers.salesforce import Salesforce, error
from tests.reference import generate

LOADS = 10
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
HISTORIES = {"LeadHistory", "ContactHistory", "OpportunityFieldHistory"}
OBJECTS = {each.table: each.name for each in salesforce.OBJECTS.values()}


class World(generate.World):
    """A made-up company that writes instants as Salesforce's API does."""

    def time(self, system, table, instant):
        return None if instant is None else stamp(min(instant, generate.END))


def stamp(instant):
    return f"{instant:%Y-%m-%dT%H:%M:%S}.000+0000"


def made_up(seed, people):
    """By object: rows as they are in the end, under the API's names."""
    rnd = Random(seed)
    world = World(rnd, {"salesforce": "UTC"}, clean=True)
    generate.add_users(world, "salesforce")
    records = []
    for _ in range(people):
        life = generate.random_life(rnd)
        records += generate.salesforce_person(world, life, {"salesforce": 1.0})
    generate.add_merges(world, records)
    found = {}
    for (_, table), rows in world.tables.items():
        found[OBJECTS[table]] = [
            {camel(name): value for name, value in row.items()} for row in rows
        ]
    return found


def camel(name):
    return re.sub(r"(?:^|_)(\w)", lambda found: found[1].upper(), name)


def lived(rows_of, rnd):
    """When each row was changed, as `SystemModstamp`, and how it was before: by object
    the versions of each row, the last is how it is in the end."""
    found = {}
    for name, rows in rows_of.items():
        versions = found[name] = []
        for row in rows:
            if name in HISTORIES:
                versions.append([{**row, "IsDeleted": False, "Day": None}])
                continue
            days = sorted(rnd.sample(range(LOADS), rnd.choice([1, 1, 2, 3])))
            of_row = []
            for number, day in enumerate(days):
                # Full hours, so that many share their instant.
                at = stamp(BEGIN + timedelta(days=day, hours=rnd.randrange(24)))
                version = {**row, "SystemModstamp": at, "Day": day}
                if "IsDeleted" in row:
                    version["IsDeleted"] = row["IsDeleted"] == "true"
                if "LastModifiedDate" in row:
                    version["LastModifiedDate"] = at
                if number < len(days) - 1:
                    version.update(before(name, row))
                of_row.append(version)
            versions.append(of_row)
    return found


def before(name, row):
    """What a row was before it was changed last, or deleted, or merged."""
    old = {"IsDeleted": False} if "IsDeleted" in row else {}
    if name in ("Lead", "Contact"):
        old |= {"Email": "before@nowhere.example", "MasterRecordId": None}
    if name == "Lead":
        old |= {"Status": "Working", "OwnerId": None}
    if name == "Task":
        old |= {"Status": "Not Started", "IsClosed": "false"}
    return old


def shown(versions, day, first):
    """What the org shows on a day: of each row its last version until then. A few
    rows of the day's last hour are written late, after that day's load."""
    found = []
    for number, of_row in enumerate(versions):
        if of_row[0]["Day"] is None:
            if of_row[0]["CreatedDate"] <= first:
                found.append(of_row[0])
            continue
        there = [version for version in of_row if version["Day"] <= day]
        if there and day < LOADS - 1 and number % 3 == 0:
            is_late = there[-1]["Day"] == day and "T23:" in there[-1]["SystemModstamp"]
            there = there[:-1] if is_late else there
        if there:
            found.append(there[-1])
    return found


@pytest.fixture(scope="module")
def company():
    """The versions of all rows, and the org that will show them."""
    versions = lived(made_up(7, 120), Random(8))
    objects = {}
    for name in OBJECTS.values():
        fields = {field for rows in versions.get(name, []) for field in rows[0]}
        fields |= {"Id", "CreatedDate"} | (
            set() if name in HISTORIES else {"SystemModstamp"}
        )
        objects[name] = dict.fromkeys(sorted(fields - {"Day"}), "string")
    return versions, objects


def org_on(company, server, day):
    versions, _ = company
    created = sorted(
        row["CreatedDate"] for name in HISTORIES for [row] in versions.get(name, ())
    )
    first = created[min(len(created) * (day + 1) // LOADS, len(created) - 1)]
    for name, rows in versions.items():
        server.rows[name] = shown(rows, day, first)


def source_of(server):
    [source] = salesforce.sources(environ(server, BULK_ROWS="25"))
    source.patience = 0.001
    return source


def load_in_increments(company, project, days=range(LOADS)):
    """A load a day, of which two are interrupted, between pages and within a job."""
    with Salesforce(company[1], page=15) as server:
        for day in days:
            org_on(company, server, day)
            if day in (0, 5):
                spent = error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests")
                part = "/results" if day == 0 else "/queryAll"
                seen = {"count": 0}

                def is_later(request, part=part, seen=seen):
                    seen["count"] += part in request.path
                    return part in request.path and seen["count"] > 1

                server.fail(part, spent, times=99)
                server.failures[-1].fits = is_later
                with pytest.raises(PassingError):
                    load(project, source_of(server), package_rows=300)
                server.failures.clear()
            load(project, source_of(server), package_rows=300)


def of_store(project):
    """By table and id, the newest row of the store, without what a load adds."""
    import pyarrow.parquet as pq

    found = {}
    for file in landed_files(project):
        for row in pq.read_table(file.path).to_pylist():
            key = (file.table.name, row["id"])
            at = row.get("system_modstamp") or row["created_date"]
            kept = {
                name: re.sub(r"[.]000([+]0000|Z)$", "", value)
                for name, value in row.items()
                if value is not None and name != "_extracted_at"
            }
            found.setdefault(key, {}).setdefault(at[:19], kept)
    return {key: rows[max(rows)] for key, rows in found.items()}


def test_increments_hold_the_rows_of_one_load(company, tmp_path):
    once = Project.from_environment({}, out=tmp_path / "once")
    with Salesforce(company[1]) as server:
        org_on(company, server, LOADS - 1)
        load(once, source_of(server))
        rows = sum(len(rows) for rows in server.rows.values())
    often = Project.from_environment({}, out=tmp_path / "often")
    load_in_increments(company, often, (0, 5, LOADS - 1))
    right = of_store(once)
    assert len(right) == rows
    assert of_store(often) == right


@pytest.mark.exhaustive
def test_increments_give_the_public_tables_of_files(company, tmp_path):
    files = Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "files"
    )
    versions, objects = company
    folder = tmp_path / "landing" / "salesforce"
    folder.mkdir(parents=True)
    for name, rows in versions.items():
        with (folder / f"{name}.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, objects[name], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(of_row[-1] for of_row in rows)
    live = Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(tmp_path / "live" / "landed")},
        out=tmp_path / "live",
    )
    load_in_increments(company, live)
    built, as_files = job.build(live), job.build(files)
    assert differences(built, as_files, PUBLIC_SCHEMAS, as_far_as=OF_THE_LOAD) == []
    with duckdb.connect(str(built), read_only=True) as connection:
        assert connection.execute("from marts.quarantine").fetchall()
