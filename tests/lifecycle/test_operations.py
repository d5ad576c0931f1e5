"""What both departments work with, recomputed lead by lead in plain Python.

The lifecycles and events themselves are held to the reference by
`test_against_reference.py`; here all that the marts of operations say of them is
worked out a second time.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Company
from tests.lifecycle.test_rates import close, in_tokyo
from tests.reference.compare import ROOT, rows_of
from tests.reference.parsing import same_text

Row = dict[str, Any]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published(company: Company) -> Path:
    return company.published


@pytest.fixture(scope="module")
def handoffs(published: Path) -> list[Row]:
    """Marketing's hand-offs."""
    rows = rows_of(published, "marts.fct_lead_lifecycles")
    return [row for row in rows if row["origin"] == "marketing"]


def by_key(published: Path, table: str, *key: str) -> dict[tuple, Row]:
    rows = rows_of(published, f"marts.{table}")
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows)
    return found


def grouped(rows: list[Row], key: Callable[[Row], tuple]) -> dict[tuple, list[Row]]:
    found: dict[tuple, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def month(day: date) -> date:
    return day.replace(day=1)


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_section_6_why_sales_rejects(published: Path, handoffs: list[Row]) -> None:
    told = {same_text(row["reason"]): row for row in seed("rejection_reasons")}

    def key(row: Row) -> tuple:
        text = same_text(row["rejection_reason"])
        return month(in_tokyo(row["handed_off_at"])), row["channel"], text

    rejected = [row for row in handoffs if row["outcome"] == "rejected"]
    expected = {}
    channels: dict[tuple, int] = defaultdict(int)
    for (start, channel, text), rows in grouped(rejected, key).items():
        reason = told.get(text, {})
        written = min((r["rejection_reason"] for r in rows if text), default=None)
        channels[start, channel] += len(rows)
        name = start, reason.get("category"), reason.get("reason", written), channel
        expected[name] = len(rows), reason.get("owner_department")
    got = by_key(
        published,
        "mart_rejection_reasons",
        "cohort_month_date",
        "rejection_category",
        "rejection_reason",
        "channel",
    )
    assert got.keys() == expected.keys()
    for name, (count, department) in expected.items():
        row = got[name]
        assert (row["rejected"], row["owner_department"]) == (count, department)
        assert close(count / channels[name[0], name[3]], row["rejected_share"])
    assert {department for _, department in expected.values()} >= {"marketing", "sales"}
