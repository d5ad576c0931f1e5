"""Ten loads with late rows, changes, deletions and merges leave what one at the end
does.

Of HubSpot and Marketo, by the raw tables that a run makes of the store: of each row the
last copy. What a vendor returns no longer stays with who loaded it before, so his store
may hold more: what a merge, a deletion or a departure tells of, and nothing else.
"""

from datetime import UTC, datetime, timedelta
from random import Random

import duckdb
import pytest

from orchestration import warehouse
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.project import Project
from orchestration.publication.publications import PUBLIC_SCHEMAS
from orchestration.sources.raw import load_system
from tests import job
from tests.incremental.story import OF_THE_LOAD, differences
from tests.live import account, test_marketo_tables
from tests.live.servers.hubspot import HubSpot, days, error
from tests.live.servers.marketo import Company, MarketoServer, adobes_contract

ACTIVITY = "activity_"
KEYS = {
    "contact": "id",
    "contact_form_submission": "conversion_id",
    "contact_list": "list_id",
    "contact_list_member": "list_id || ':' || contact_id",
    "deal": "id",
    "deal_pipeline": "id",
    "engagement_call": "id",
    "form": "id",
    "owner": "id",
    "lead": "id",
    "program": "id",
    "program_membership": "program_id || ':' || lead_id",
}
"""By table what tells its rows apart, beside Marketo's activities. Other tables are
made of what stands in columns of these."""
OF_EACH_LOAD = ("_extracted_at", "_file", "_file_sha256", "_loaded_at", "updated_at")
"""What differs from load to load; `updated_at` decides which copy is the last."""


def project_in(folder):
    return Project.from_environment(
        {"LEAD_FUNNEL_LANDING": str(folder / "landed")}, out=folder
    )


def raw_rows(project, system):
    """By table and key, the last copy of each row, as a run reads the store."""
    project.prepare_out()
    load_system(project, system)
    found = {}
    with warehouse.connect(project, read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = ?",
            [f"raw_{system}"],
        ).fetchall()
        for (table,) in views:
            if table not in KEYS and not table.startswith(ACTIVITY):
                continue
            key = KEYS.get(table, "marketo_guid")
            raw = connection.table(f"raw_{system}.{table}")
            changed = [name for name in raw.columns if name == "updated_at"]
            order = ", ".join(f"{name} desc" for name in [*changed, "_extracted_at"])
            rows = raw.project(f"{key} as key_of_row, *").query(
                "rows",
                "select * from rows qualify "
                f"row_number() over (partition by key_of_row order by {order}) = 1",
            )
            for row in rows.fetchall():
                values = dict(zip(rows.columns, row, strict=True))
                found[table, values.pop("key_of_row")] = {
                    name: value
                    for name, value in values.items()
                    if value is not None and name not in OF_EACH_LOAD
                }
    return found


class Account:
    """Ten days of a HubSpot account."""

    def __init__(self, server):
        self.server, self.rnd, self.merged = server, Random(4), {}
        self.late = []
        server.pipelines = [{"id": "p", "label": "Sales", "stages": [{"id": "open"}]}]
        server.owners = [{"id": "7", "email": "a@x.example", "archived": False}]

    def live(self, day):
        """What happens on a day, until eleven at night. What is left of the day before
        is written now: it was late."""
        server, rnd = self.server, self.rnd
        for write in self.late:
            write()
        at = [days(day + hour / 24) for hour in range(24)]
        new = range(day * 10 + 1, day * 10 + 11)
        for key in new:
            # Full hours, so that many share their instant.
            moment = at[rnd.randrange(1, 20)]
            email = f"c{key}@customer.example"
            server.put("contacts", key, moment, email=email, lifecyclestage="lead")
            if key % 2:
                server.submit(f"form-{key % 3}", f"s{key}", moment, email)
            if key % 5:
                server.join(str(key % 2), key, moment)
        for key in rnd.sample([k for k in self.there() if k not in new], min(day, 6)):
            server.put("contacts", key, at[20], lifecyclestage="opportunity")
        for key in range(day * 3 + 1, day * 3 + 4):
            server.put("deals", key, at[9], dealstage="open", hs_is_closed="false")
            server.put("calls", key, at[9], hs_timestamp=str(key))
            links = server.links.setdefault(("deals", "contacts"), {})
            links[str(key)] = [str(new[0])]
        if day:
            # A contact more, and one less, of deals that stay as they are.
            links[str(day * 3 - 2)].append(str(new[1]))
            links[str(day * 3 - 1)].clear()
            server.put("deals", day * 3, at[21], hs_is_closed="true")
        if day in (3, 7):
            self.merge(day * 10, day * 10 - 5, 1000 + day, at[22])
        if day in (4, 8):
            server.archive("contacts", day * 10 - 9, at[22])
            server.leave("1", day * 10 - 7, at[22])
            server.owners[0]["teams"] = [{"id": str(day)}]
        self.late = [
            lambda: server.put("contacts", new[1], at[23], hs_lead_status="LATE"),
            lambda: server.submit(
                "form-1", f"late{day}", at[22], "c1@customer.example"
            ),
        ]
        server.now = at[23]

    def there(self):
        records = self.server.records["contacts"]
        return [int(key) for key, each in records.items() if not each["archived"]]

    def merge(self, left, right, new, at):
        self.server.merge(left, right, new, at)
        self.merged |= {str(left): str(new), str(right): str(new)}


def load_all(server, project, package_rows=100):
    load(project, account.source_of(server), package_rows=package_rows)


def interrupted(server, project):
    """A load that the day's calls do not do for: it ends in the middle."""
    seen = {"count": 0}

    def is_later(_):
        seen["count"] += 1
        return seen["count"] > 25

    gone = error(429, "RATE_LIMITS", "daily limit", policyName="DAILY")
    server.fail("", gone, times=999)
    server.failures[-1].fits = is_later
    with pytest.raises(PassingError):
        load_all(server, project, package_rows=20)
    server.failures.clear()


@pytest.mark.exhaustive
def test_ten_loads_of_hubspot_are_one(tmp_path):
    often, once = project_in(tmp_path / "often"), project_in(tmp_path / "once")
    with HubSpot() as server:
        server.page = 17
        company = Account(server)
        for day in range(10):
            company.live(day)
            if day in (0, 5):
                interrupted(server, often)
            load_all(server, often)
        load_all(server, once)
    found, right = raw_rows(often, "hubspot"), raw_rows(once, "hubspot")
    kinds = {table for table, _ in right}
    assert kinds == set(KEYS) - {"lead", "program", "program_membership"}
    # 100 contacts, two of whom became others; 30 deals; 59 submissions.
    assert len([1 for table, _ in right if table == "contact"]) == 100 - 4 + 2
    for (table, _), row in found.items():
        # Who sent a form has another id since he was merged, which the new one lists.
        if table == "contact_form_submission":
            row["contact_id"] = company.merged.get(row["contact_id"], row["contact_id"])
    more = {key: found.pop(key) for key in set(found) - set(right)}
    assert found == right
    gone = {("contact", key) for key in company.merged}
    left = {("contact_list_member", f"1:{day * 10 - 7}") for day in (4, 8)}
    # Whoever is deleted is found by his address no longer.
    sent = {("contact_form_submission", f"s{day * 10 - 9}") for day in (4, 8)}
    assert set(more) == gone | left | sent
    assert {more[key]["is_member"] for key in left} == {"false"}


LOADS = [
    datetime(2026, month, day, 9, 20, tzinfo=UTC)
    for month, day in (
        (3, 21), (4, 3), (4, 15), (4, 23), (5, 1), (5, 9), (5, 17), (5, 25), (6, 9),
        (6, 13),
    )
]  # fmt: skip
"""Twenty minutes after leads come in, who are written late: after the load."""


def lived_through(server):
    """Let the company live from load to load: the number of each."""
    since = ""
    for number, now in enumerate(LOADS):
        until = f"{now - timedelta(minutes=20):%Y-%m-%dT%H:%M:%SZ}"
        test_marketo_tables.live_through(server.company, since, until)
        since, server.now = until, now
        if number == 4:
            server.token_calls = 12
        yield number


@pytest.fixture
def marketo():
    company = Company(programs=test_marketo_tables.programs())
    with MarketoServer(company, LOADS[0], adobes_contract()) as server:
        # Between two loads are days.
        server.rate = (100_000, 20.0)
        yield server
        assert server.broken == [] and server.wrong == []


@pytest.mark.exhaustive
def test_ten_loads_of_marketo_are_one(marketo, tmp_path):
    often, once = project_in(tmp_path / "often"), project_in(tmp_path / "once")
    for _ in lived_through(marketo):
        load(often, test_marketo_tables.source_of(marketo), package_rows=7)
    load(once, test_marketo_tables.source_of(marketo))
    found, right = raw_rows(often, "marketo"), raw_rows(once, "marketo")
    more = {key: found.pop(key) for key in set(found) - set(right)}
    assert found == right
    # 24 leads, of whom two were merged into others and one was deleted.
    assert {table for table, _ in more} == {"lead"}
    assert {key for _, key in more} == {"3", "9", "5"}
    told = [row for (table, _), row in right.items() if table.endswith("_leads")]
    assert len(told) == 2
    assert len([1 for table, _ in right if table == "activity_delete_lead"]) == 1
    assert len([1 for table, _ in right if table == "activity_new_lead"]) == 24


@pytest.mark.exhaustive
@pytest.mark.slow
def test_ten_loads_of_marketo_give_the_public_tables_of_files(marketo, tmp_path):
    """Two runs build in between, so that what they made is changed by the next."""
    live = test_marketo_tables.project_in(tmp_path / "live")
    files = test_marketo_tables.project_in(tmp_path / "files")
    known = {}
    for number in lived_through(marketo):
        known |= {key: dict(lead) for key, lead in marketo.company.leads.items()}
        load(live, test_marketo_tables.source_of(marketo), package_rows=7)
        if number in (4, 7):
            job.build(live)
    there = marketo.company.leads
    gone = [lead for key, lead in known.items() if key not in there]
    assert len(gone) == 3
    test_marketo_tables.write_files(marketo.company, gone, files.landing)
    built = job.build(live)
    unlike = differences(built, job.build(files), PUBLIC_SCHEMAS, as_far_as=OF_THE_LOAD)
    assert unlike == []
    with duckdb.connect(str(built), read_only=True) as connection:
        [(accepted,)] = connection.execute(
            "select count(*) from marts.fct_lead_lifecycles where sal_at is not null"
        ).fetchall()
    assert accepted > 3
