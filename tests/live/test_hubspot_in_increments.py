"""A HubSpot account that is loaded ten times holds what one load of it holds.

Above the store nothing knows how often it was loaded: of each id the newest row
counts. So the newest rows are compared, with the histories and associations that
stand inside, and no run is made of them.
"""

from datetime import timedelta
from random import Random

import pyarrow.parquet as pq
import pytest

from orchestration.live.pipeline import load
from orchestration.live.source import PassingError
from orchestration.live.store import landed_files
from orchestration.project import Project
from tests.live.servers.hubspot import HubSpot, days, error
from tests.live.test_hubspot import source_of

LOADS = 10
STAGES = ("lead", "marketingqualifiedlead", "salesqualifiedlead")


class Account:
    """An account that lives on from day to day; whatever is drawn, it is drawn by its
    seed alone, so that two of one seed live the same."""

    def __init__(self, server, seed):
        self.server = server
        self.rnd = Random(seed)
        self.number = 0
        self.merged = set()
        server.page = 15
        server.pipelines = [{"id": "p", "label": "Sales", "stages": [{"id": "won"}]}]

    def live_a_day(self, day):
        server, rnd = self.server, self.rnd
        server.now = days(day + 1)
        for _ in range(12):
            self.number += 1
            # Full hours, so that many share their instant; some come late, as far
            # back as a load looks.
            at = days(day) + timedelta(hours=rnd.randrange(-1 if day else 0, 24))
            server.put("contacts", self.number, at, email=f"c{self.number}@x.example")
        alive = [
            int(key)
            for key, record in server.records["contacts"].items()
            if record["archived"] is None
        ]
        at = days(day) + timedelta(hours=rnd.randrange(24))
        for key in rnd.sample(alive, 6):
            server.put("contacts", key, at, lifecyclestage=rnd.choice(STAGES))
        for number in (1000 + 2 * day, 1001 + 2 * day):
            self._deal_and_call(number, rnd.sample(alive, 2), at)
        server.archive("contacts", alive.pop(rnd.randrange(len(alive))), at)
        if day % 2:
            left, right = rnd.sample(alive, 2)
            self.number += 1
            server.merge(left, right, self.number, at)
            self.merged |= {str(left), str(right)}
        server.owners = [
            {"id": "7", "archived": day > 6, "teams": [{"id": str(day // 4)}]}
        ]

    def _deal_and_call(self, number, contacts, at):
        of = [str(key) for key in contacts]
        self.server.put("deals", number, at, dealstage="talks")
        self.server.put("calls", number, at)
        self.server.links.setdefault(("deals", "contacts"), {})[str(number)] = of
        self.server.links.setdefault(("calls", "contacts"), {})[str(number)] = of[:1]
        if number > 1004:
            # An older one is won, and somebody else's.
            self.server.put("deals", number - 4, at, dealstage="won")
            self.server.links["deals", "contacts"][str(number - 4)] = of


def is_refused(server):
    """Let the day's calls be used up after the first batch that is read."""
    seen = {"count": 0}

    def later(request):
        seen["count"] += request.path.endswith("/batch/read")
        return seen["count"] > 1

    gone = error(429, "RATE_LIMITS", "daily limit", policyName="DAILY")
    server.fail("", gone, times=99)
    server.failures[-1].fits = later


def newest(project):
    """By table and id the row that came last, without what a load adds."""
    found = {}
    for file in sorted(landed_files(project), key=lambda each: str(each.path)):
        for row in pq.read_table(file.path).to_pylist():
            said = {name: value for name, value in row.items() if value is not None}
            place = (said.get("updated_at", ""), said.pop("_extracted_at", ""))
            key = (file.table.name, row["id"])
            found[key] = max((place, said), found.get(key, (place, said)), key=_place)
    return {key: said for key, (_, said) in found.items()}


def _place(told):
    return told[0]


def test_ten_loads_hold_what_one_holds(tmp_path):
    once = Project.from_environment({}, out=tmp_path / "once")
    often = Project.from_environment({}, out=tmp_path / "often")
    with HubSpot() as server:
        account = Account(server, seed=3)
        for day in range(LOADS):
            account.live_a_day(day)
            if day in (0, 5):
                is_refused(server)
                with pytest.raises(PassingError):
                    load(often, source_of(server))
                server.failures.clear()
            load(often, source_of(server))
        load(once, source_of(server))
    right, got = newest(once), newest(often)
    assert len(right) > 150
    # What was merged away HubSpot gives no more; what was loaded before stays.
    gone = {("contact", key) for key in account.merged}
    assert got.keys() - right.keys() <= gone
    assert got.keys() & gone
    assert {key: got.get(key) for key in right} == right
