"""A Marketo that is loaded ten times holds what one load of it holds.

Above the store nothing knows how often it was loaded: of each key the newest row
counts. So these are compared, and no run is made of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from orchestration.errors import LeadFunnelError
from orchestration.live.pipeline import load
from orchestration.live.store import landed_files
from orchestration.project import Project
from tests.live.servers.marketo import (
    Company,
    MarketoServer,
    Trouble,
    adobes_contract,
    status,
)
from tests.live.test_marketo_tables import live_through, programs, source_of

LOADS = 10
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
KEYS = {"lead": ("id",), "program": ("id",)}
OF_MEMBERS = ("lead_id", "program_id")
BULK = {"LEAD_FUNNEL_MARKETO_ACTIVITIES": "bulk"}


def newest(project: Project) -> dict[tuple, dict[str, str]]:
    """By table and key the row that was changed last, without what a load adds."""
    found: dict[tuple, dict[str, str]] = {}
    for file in landed_files(project):
        table = file.table.name
        names = KEYS.get(table, ("marketo_guid",))
        if table == "program_membership":
            names = OF_MEMBERS
        for row in pq.read_table(file.path).to_pylist():
            said = {name: value for name, value in row.items() if value is not None}
            said.pop("_extracted_at", None)
            key = (table, *(row[name] for name in names))
            old = found.get(key, {})
            if said.get("updated_at", "") >= old.get("updated_at", ""):
                found[key] = said
    return found


def test_ten_loads_hold_what_one_holds(tmp_path: Path) -> None:
    once, often = (
        Project.from_environment({}, out=tmp_path / name) for name in ("once", "often")
    )
    company = Company(programs=programs())
    # Ten loads within seconds: the pace is another test's.
    with MarketoServer(
        company, BEGIN, adobes_contract(), rate=(10_000, 20.0)
    ) as server:
        since = ""
        for number in range(LOADS):
            server.now = BEGIN + timedelta(days=11 * (number + 1))
            until = f"{server.now:%Y-%m-%d}"
            live_through(company, since, until)
            if number:
                # It happened before the last load, and Marketo tells it now.
                at = server.now - timedelta(days=11, minutes=20)
                lead = max(company.leads)
                company.add(2, lead, f"{at:%Y-%m-%dT%H:%M:%SZ}", 7, "Late")
            since = until
            if number in (3, 7):
                part = "create.json" if number == 3 else "file.json"
                server.troubles = [Trouble(part, status(502), 99)]
                with pytest.raises(LeadFunnelError):
                    load(often, source_of(server, **BULK))
                server.troubles = []
            load(often, source_of(server, **BULK))
        load(once, source_of(server, **BULK))
        assert server.broken == [] and server.wrong == []
    right, got = newest(once), newest(often)
    tables = {table for table, *_ in right}
    assert tables > {"lead", "activity_merge_leads", "activity_delete_lead"}
    late = [row for row in right.values() if "Late" in row.values()]
    assert len(late) == LOADS - 1
    # Who was merged or deleted is no lead any more; what was loaded of them stays.
    gone = got.keys() - right.keys()
    assert len(gone) == 3
    assert {table for table, *_ in gone} == {"lead"}
    assert {key: got.get(key) for key in right} == right
