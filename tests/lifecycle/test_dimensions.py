"""Each id that is published has its name: the dimensions, worked out a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Company
from tests.reference import dimensions
from tests.reference.compare import SEEDS, compare_rows, report, rows_of
from tests.reference.reference import Reference, Result

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

NAMED_BY = {
    "dim_campaigns": {
        "fct_lead_lifecycles": ("first_campaign_id", "last_campaign_id"),
        "fct_touches": ("campaign_id",),
        "mart_funnel_cohort": ("campaign_id",),
    },
    "dim_sales_reps": {
        "fct_lead_lifecycles": ("owner_id", "accepted_by", "adr_id", "exited_by"),
        "fct_handoffs": ("owner_id", "from_owner_id"),
        "fct_stage_events": ("actor_id",),
        "fct_stage_transitions": ("actor_id",),
    },
    "dim_channels": {
        "dim_people": ("channel",),
        "fct_lead_lifecycles": ("channel",),
        "dim_campaigns": ("channel",),
    },
    "dim_funnel_definitions": {
        "fct_lead_lifecycles": ("definition_version",),
        "fct_stage_events": ("definition_version",),
    },
}
"""The columns whose values a dimension names."""


@pytest.fixture(scope="module")
def published(company: Company) -> Path:
    return company.published


@pytest.fixture(scope="module")
def reference(company: Company) -> tuple[Reference, Result]:
    found = Reference(company.landing, SEEDS, None, company.settings, company.loaded_at)
    return found, found.result()


def keys(published: Path, table: str) -> set[Any]:
    return {next(iter(row.values())) for row in rows_of(published, f"marts.{table}")}


@pytest.mark.parametrize("dimension", NAMED_BY)
def test_no_id_is_published_without_its_dimension(
    published: Path, dimension: str
) -> None:
    known = keys(published, dimension)
    for table, columns in NAMED_BY[dimension].items():
        rows = rows_of(published, f"marts.{table}")
        for column in columns:
            named = {row[column] for row in rows} - {None}
            assert named <= known, (table, column)
            assert named or dimension == "dim_channels", (table, column)


def test_who_stands_behind_an_owner_or_an_actor(
    company: Company, published: Path, reference: tuple[Reference, Result]
) -> None:
    expected = dimensions.sales_reps(company.landing, *reference)
    got = rows_of(published, "marts.dim_sales_reps")
    found = compare_rows("dim_sales_reps", ("owner_id",), expected.values(), got)
    assert not found, report(found)
    # Somebody whom no system knows, and users of whom a history has the short id.
    assert {row["is_known"] for row in got} == {True, False}
    short = {
        row.get("createdbyid")
        for row in dimensions.raw_rows(
            company.landing, "salesforce", "lead_history", ("id",)
        )
        if len(row.get("createdbyid") or "") == 15
    }
    owners = {row["owner_id"] for row in got if row["is_known"]}
    assert short & {owner[:15] for owner in owners}
    assert not short & owners


def test_which_campaigns_and_channels_there_are(
    company: Company, published: Path, reference: tuple[Reference, Result]
) -> None:
    tables = reference[0].definition.tables
    named = {row["campaign_id"] for row in rows_of(published, "marts.fct_touches")}
    expected = dimensions.campaigns(company.landing, tables, named, {}, {})
    got = rows_of(published, "marts.dim_campaigns")
    found = compare_rows("dim_campaigns", ("campaign_id",), expected.values(), got)
    assert not found, report(found)

    in_data = {row["channel"] for row in reference[1].people} - {None}
    in_data |= {row["channel"] for row in expected.values()} - {None}
    wanted = dimensions.channels(tables, in_data)
    got = rows_of(published, "marts.dim_channels")
    found = compare_rows("dim_channels", ("channel",), wanted.values(), got)
    assert not found, report(found)


def test_a_version_says_what_is_in_force(published: Path) -> None:
    rows = rows_of(published, "marts.dim_funnel_definitions")
    told = {row["definition_version"]: row for row in rows}
    assert told["v1"]["is_in_force"] and not told["mql_handoff"]["is_in_force"]
    assert told["v1"]["sla_business_hours"] == 18
    assert told["v1"]["in_words"].startswith(
        "Marketing hands over by a hand-off of its own. Anyone accepts. Sales has 18 "
        "opening hours (Mon, Tue, Wed, Thu, Fri 09:00–18:00 Asia/Tokyo but for "
    )
    assert told["mql_handoff"]["in_words"].startswith("The MQL itself is the hand-off.")
