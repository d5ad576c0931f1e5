"""One company, written by hand, is the same whoever delivers it.

The three deliver it into one folder, each with its own ids.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import pytest

from tests.hubspot.company import LAYOUTS, write_all
from tests.hubspot.conftest import LAYERS, READINGS, load_and_build
from tests.input_layer.conftest import InputLayer

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

ENTITIES = (
    "records", "observations", "record_links", "activities", "opportunities",
    "touches", "campaigns", "users",
)  # fmt: skip
OF_THE_LOAD = ("loaded_at", "has_copies")
"""What differs from load to load, beside keys and the texts of times."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> InputLayer:
    folder = tmp_path_factory.mktemp("company")
    return load_and_build(folder, write_all, *LAYERS, *READINGS)


def by_layout(company: InputLayer, query: str) -> dict[str, list[tuple]]:
    """The rows of each layout, without its mark. No row is of two, or of none."""
    found = defaultdict(list)
    for row in company.rows(query):
        told = []
        for layout, (_, of) in LAYOUTS.items():
            plain = tuple(map(of.unmarked, row))
            if plain != row:
                told.append((layout, plain))
        [(layout, plain)] = told
        found[layout].append(plain)
    return {layout: sorted(rows, key=str) for layout, rows in found.items()}


def alike(company: InputLayer, query: str) -> list[tuple]:
    """What a query finds of each layout, which must be the same."""
    found = by_layout(company, query)
    assert set(found) == set(LAYOUTS)
    assert found["fivetran"] == found["api"]
    assert found["airbyte"] == found["api"]
    return found["api"]


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_layout_gives_the_same_rows(company: InputLayer, entity: str) -> None:
    kept = [
        name
        for name, *_ in company.rows(f"describe input_layer__{entity}")
        if name not in OF_THE_LOAD and not name.endswith(("at_text", "_key"))
    ]
    alike(company, f"select source_key, {', '.join(kept)} from input_layer__{entity}")


STAGE, STATUS, HISTORY = "lifecyclestage", "hsleadstatus", "contact_property_history"


def at(day: int, *clock: int) -> datetime:
    return datetime(2026, 4, day, *clock)


def test_what_is_read_of_the_histories(company: InputLayer) -> None:
    """Repeated values, what a merge copied, and a second date are told no more."""
    found = alike(
        company,
        "select record_id, field, new_value, observed_at, source_table, actor_id "
        "from intermediate.int_observations__judged where is_read and is_usable",
    )
    expected = [
        ("101", STAGE, "lead", at(1, 0, 0, 5), HISTORY, None),
        ("101", STAGE, "marketingqualifiedlead", at(2), HISTORY, None),
        ("101", "owner", "71", at(3), HISTORY, "73"),
        ("101", STATUS, "NEW", at(3, 1), HISTORY, "73"),
        ("101", STAGE, "salesqualifiedlead", at(3, 5), HISTORY, "71"),
        ("102", STAGE, "lead", at(1, 0, 0, 7), HISTORY, None),
        ("103", STAGE, "lead", at(2, 0, 0, 9), HISTORY, None),
        ("103", STAGE, "marketingqualifiedlead", at(3), HISTORY, None),
        ("105", STAGE, "lead", at(4, 0, 0, 30), "contact_stage_date", None),
        ("105", STAGE, "marketingqualifiedlead", at(5, 8), HISTORY, None),
        ("107", STAGE, "lead", at(1), HISTORY, None),
        ("107", STAGE, "marketingqualifiedlead", at(6), HISTORY, None),
        ("107", STAGE, "lead", at(8, 9, 0, 1), HISTORY, "71"),
        ("108", STAGE, "lead", at(1), HISTORY, None),
        ("20400", STATUS, "NEW", at(6, 1), HISTORY, "73"),
        ("20400", STATUS, "UNQUALIFIED", at(6, 3), HISTORY, "72"),
    ]
    assert found == sorted(expected, key=str)


def test_section_1_hubspots_merged_ids_are_a_merge(company: InputLayer) -> None:
    """§1 The new contact lists the old ones, and is one person with them."""
    assert alike(
        company,
        "select left_record_id, right_record_id, source_table, source_key, link_type "
        "from input_layer__record_links",
    ) == [
        ("102", "20400", "contact", "20400", "merge"),
        ("103", "20400", "contact", "20400", "merge"),
    ]
    people = defaultdict(set)
    for record, person in company.rows(
        "select record_id, person_key from input_layer__records "
        "inner join intermediate.int_people__keys using (record_key)"
    ):
        people[person].add(record)
    assert {"1102", "1103", "120400"} in people.values()
    assert {"3102", "3103", "320400"} in people.values()


def test_gone_contacts_are_deleted(company: InputLayer) -> None:
    assert alike(
        company, "select record_id from input_layer__records where is_deleted"
    ) == [("102",), ("103",), ("108",)]


def test_deals_are_closed_as_their_stage_says(company: InputLayer) -> None:
    """501 was won when it entered the stage, not on the planned day; 502 is 503 now,
    which belongs to a contact that was merged."""
    assert alike(
        company,
        "select opportunity_id, record_id, owner_id, is_closed, is_won, created_at, "
        "closed_at, cast(amount as integer), is_deleted "
        "from input_layer__opportunities",
    ) == [
        ("501", "101", "71", True, True, at(10), at(20), 1200000, False),
        ("502", None, "71", False, False, at(11), None, 50000, True),
        ("503", "102", "71", True, False, at(11), at(25, 2), 80000, False),
    ]


def test_engagements_are_activities_with_each_contact(company: InputLayer) -> None:
    assert alike(
        company,
        "select source_key, source_table, record_id, user_id, activity_type, "
        "is_completed, occurred_at, is_deleted from input_layer__activities",
    ) == [
        (f"{key}|{kind}", "engagement_contact", key.split("|")[1], *rest, False)
        for key, kind, *rest in (
            ("801|101", "CALL", "71", "call", True, at(3, 2)),
            ("802|105", "CALL", "71", "call", False, at(6, 2)),
            ("803|20400", "EMAIL", "72", "incoming_email", True, at(6, 2)),
            ("804|107", "EMAIL", "71", "email", True, at(7, 2)),
            ("805|101", "MEETING", "72", "meeting", True, at(7, 5)),
            ("805|102", "MEETING", "72", "meeting", True, at(7, 5)),
            ("806|107", "TASK", "73", "task", False, at(9)),
        )
    ]


def test_owners_have_teams_and_archived_ones_stay(company: InputLayer) -> None:
    assert alike(
        company, "select user_id, user_name, team, role_name from input_layer__users"
    ) == [
        ("71", "Mori Ken", "Inside Sales", "Inside Sales"),
        ("72", "Sakai Rin", "Harbour Crew", "Harbour Crew"),
        ("73", "Hana Kubo", "Marketing", "Marketing"),
    ]
    assert alike(
        company,
        "select user_id, role, team, is_sales_user "
        "from intermediate.int_users__with_roles where source = 'hubspot'",
    ) == [
        ("71", "inside_sales", "Inside Sales", True),
        ("72", None, "Harbour Crew", True),
        ("73", "marketing", "Marketing", False),
    ]


def test_every_row_is_counted(company: InputLayer) -> None:
    """The API has each contact on two pages; stages are the same in all layouts."""
    counted = {
        table: counts
        for table, *counts in company.rows(
            "select source_table, raw_rows, surviving_rows, duplicate_rows "
            "from input_layer__raw_tables where raw_rows > 0"
        )
    }
    assert counted == {
        "contact": [28, 21, 7],
        "contact_property_history": [57, 57, 0],
        "contact_stage_date": [8, 6, 2],
        "contact_form_submission": [3, 3, 0],
        "form": [3, 3, 0],
        "deal": [9, 9, 0],
        "deal_stage": [5, 5, 0],
        "deal_property_history": [10, 10, 0],
        "deal_contact": [12, 12, 0],
        "merged_deal": [1, 1, 0],
        "deal_pipeline": [2, 1, 1],
        "deal_pipeline_stage": [9, 3, 6],
        "owner": [9, 9, 0],
        "owner_team": [9, 9, 0],
        "team": [3, 3, 0],
        "engagement": [6, 6, 0],
        "engagement_call": [6, 6, 0],
        "engagement_email": [6, 6, 0],
        "engagement_meeting": [3, 3, 0],
        "engagement_task": [3, 3, 0],
        "engagement_contact": [21, 21, 0],
    }
