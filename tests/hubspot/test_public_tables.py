"""The public tables tell the same of one company, whoever delivers it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.project import Project
from tests import job
from tests.hubspot.company import write_all
from tests.hubspot.test_layouts import alike
from tests.input_layer.conftest import InputLayer

pytestmark = pytest.mark.exhaustive

PERSON = "inner join marts.dim_people as people using (person_id)"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InputLayer]:
    folder: Path = tmp_path_factory.mktemp("published")
    write_all(folder / "landing" / "hubspot")
    project = Project.from_environment(
        {},
        landing=folder / "landing",
        out=folder / "out",
        vars={
            "as_of": "2026-05-01T00:00:00Z",
            "record_urls": {"hubspot": "https://crm.example/0-1/{record_id}"},
        },
    )
    with duckdb.connect(str(job.build(project)), read_only=True) as connection:
        yield InputLayer(connection)


def at(day: int, *clock: int) -> datetime:
    return datetime(2026, 4, day, *clock)


def test_people(published: InputLayer) -> None:
    """A contact that is gone is in no mart."""
    assert alike(
        published,
        "select primary_record_id, record_count, source, channel, email_domain "
        "from marts.dim_people",
    ) == [
        ("101", 1, "PAID_SEARCH", "paid_search", "harbor.example"),
        ("105", 1, None, None, "lagoon.example"),
        ("107", 1, None, None, "reef.example"),
        ("20400", 3, None, None, "quay.example"),
    ]


def test_stage_events(published: InputLayer) -> None:
    found = alike(
        published,
        "select primary_record_id, stage, occurred_at, source_table, source_key, "
        f"actor_id from marts.fct_stage_events {PERSON}",
    )
    assert sorted((record, when, stage) for record, stage, when, *_ in found) == [
        ("101", at(1, 0, 0, 5), "inquiry"),
        ("101", at(2), "mql"),
        ("101", at(3, 1), "handed_off"),
        ("101", at(3, 5), "sal"),
        ("101", at(10), "opportunity"),
        ("101", at(20), "won"),
        ("105", at(4, 0, 0, 30), "inquiry"),
        ("105", at(5, 8), "mql"),
        ("107", at(1), "inquiry"),
        ("107", at(6), "mql"),
        ("107", at(8, 9, 0, 1), "inquiry"),
        ("20400", at(1, 0, 0, 7), "inquiry"),
        ("20400", at(2, 0, 0, 9), "inquiry"),
        ("20400", at(3), "mql"),
        ("20400", at(6, 1), "handed_off"),
        ("20400", at(6, 3), "disqualified"),
        ("20400", at(11), "opportunity"),
        ("20400", at(25, 2), "lost"),
    ]
    evidence = {(record, stage): table for record, stage, _, table, *_ in found}
    assert evidence["105", "inquiry"] == "contact_stage_date"
    assert evidence["105", "mql"] == "contact_property_history"


def test_handoffs(published: InputLayer) -> None:
    assert alike(
        published,
        "select primary_record_id, owner_id, team, passed_at, ended_at, outcome "
        f"from marts.fct_handoffs {PERSON}",
    ) == [
        ("101", "71", "Inside Sales", at(3, 1), at(3, 5), "accepted"),
        ("20400", "72", "Harbour Crew", at(6, 1), at(6, 3), "rejected"),
    ]


def test_first_responses(published: InputLayer) -> None:
    """The call was the first response; an e-mail that the contact wrote is none, so
    there the refusal came without one."""
    assert alike(
        published,
        "select primary_record_id, first_response_at "
        f"from marts.fct_lead_lifecycles {PERSON} where handed_off_at is not null",
    ) == [("101", at(3, 2)), ("20400", None)]


def test_transitions_and_touches(published: InputLayer) -> None:
    alike(
        published,
        "select primary_record_id, from_stage, to_stage, verdict "
        f"from marts.fct_stage_transitions {PERSON}",
    )
    assert alike(
        published,
        "select primary_record_id, campaign_id, touched_at "
        f"from marts.fct_touches {PERSON}",
    ) == [("105", "form:f-77", at(4, 0, 0, 30))]
    assert published.rows("select count(*) from marts.quarantine") == [(0,)]
