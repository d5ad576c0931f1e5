"""Loaders deliver at least once: one row survives of each (sources.md, All)."""

import random

import pytest

LEADS = [
    # An update may shrink to null: the latest copy counts as it is.
    {"lead_id": "L1", "created_at": "2026-04-01", "email": "a@x.jp",
     "updated_at": "2026-04-02"},
    {"lead_id": "L1", "created_at": "2026-04-01", "email": None,
     "updated_at": "2026-04-03"},
    {"lead_id": " L1 ", "created_at": "2026-04-01", "email": "old@x.jp",
     "updated_at": None},
    # Two exact copies.
    {"lead_id": "L2", "created_at": "2026-04-01", "email": "b@x.jp"},
    {"lead_id": "L2", "created_at": "2026-04-01", "email": "b@x.jp"},
    # Synced later wins where the change time is the same.
    {"lead_id": "L3", "created_at": "2026-04-01", "email": "late@x.jp",
     "_fivetran_synced": "2026-05-02 00:00:00"},
    {"lead_id": "L3", "created_at": "2026-04-01", "email": "early@x.jp",
     "_fivetran_synced": "2026-05-01 00:00:00"},
    # A tie is settled by content.
    {"lead_id": "L4", "created_at": "2026-04-01", "email": "c@x.jp"},
    {"lead_id": "L4", "created_at": "2026-04-01", "email": "d@x.jp"},
    # Blank keys: rows of the same content are one.
    {"lead_id": " ", "created_at": "2026-04-01", "email": "e@x.jp"},
    {"lead_id": None, "created_at": "2026-04-01", "email": "e@x.jp"},
    {"lead_id": None, "created_at": "2026-04-01", "email": "f@x.jp"},
]  # fmt: skip
CHANGE = {"lead_id": "L1", "changed_at": "2026-04-05", "field": "status"}
HISTORY = [
    CHANGE | {"old_value": "new", "new_value": "mql"},
    CHANGE | {"old_value": "new", "new_value": "mql"},
    CHANGE | {"old_value": "mql", "new_value": "sal"},
    CHANGE | {"lead_id": None, "new_value": "sal"},
]
TASKS = [
    {"Id": "00T000000000001", "WhoId": "00Q1", "LastModifiedDate": "2026-04-01"},
    {"Id": "00T000000000001AAA", "WhoId": "00Q2", "LastModifiedDate": "2026-04-02"},
]


@pytest.mark.exhaustive
def test_one_row_survives_whatever_the_order(input_layer) -> None:
    seen = []
    for seed in (1, 2):
        shuffled = {
            "generic/lead": LEADS,
            "generic/lead_status_history": HISTORY,
            "salesforce/task": TASKS,
        }
        for rows in shuffled.values():
            random.Random(seed).shuffle(rows)
        built = input_layer(shuffled)
        seen.append(
            built.rows(
                "select source_key, email, is_key_missing"
                " from input_layer__records order by all"
            )
        )
        tables = {
            table: counts
            for table, *counts in built.rows(
                "select source_table, raw_rows, surviving_rows, duplicate_rows"
                " from input_layer__raw_tables where raw_rows > 0"
            )
        }
        assert tables == {
            "lead": [12, 6, 6],
            "lead_status_history": [4, 3, 1],
            "task": [2, 1, 1],
        }
        assert built.rows(
            "select source_key, record_id from input_layer__activities"
        ) == [("00T000000000001AAA", "00Q2")]
        assert sorted(built.column("observations", "is_key_missing").items()) == [
            ("L1|2026-04-05|status|mql|sal", False),
            ("L1|2026-04-05|status|new|mql", False),
            ("|2026-04-05|status||sal", True),
        ]
        built.connection.close()
    assert seen[0] == seen[1]
    emails = {key: email for key, email, _ in seen[0]}
    assert emails["L1"] is None
    assert emails["L3"] == "late@x.jp"
    missing = [key for key, _, is_missing in seen[0] if is_missing]
    assert len(missing) == 2 and all(key.startswith("missing:") for key in missing)


@pytest.mark.exhaustive
def test_more_copies_than_a_query_names(input_layer) -> None:
    """The keys of few copies are written into the query, those of many are not."""
    numbers = range(5001)
    built = input_layer(
        {
            "generic/lead": [
                {
                    "lead_id": f"L{number}",
                    "created_at": "2026-04-01",
                    "email": email,
                    "updated_at": updated_at,
                }
                for number in numbers
                for email, updated_at in (
                    ("late@x.jp", "2026-04-03"),
                    ("early@x.jp", "2026-04-02"),
                )
            ]
            + [{"lead_id": "alone", "created_at": "2026-04-01", "email": "a@x.jp"}],
        }
    )
    assert built.rows(
        "select email, has_copies, count(*) from input_layer__records"
        " group by all order by all"
    ) == [("a@x.jp", False, 1), ("late@x.jp", True, len(numbers))]
