"""Every query that the pages show runs on the sample and gives the rows shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pytest

from orchestration.project import ROOT, Project

PAGES = ("questions", "sample", "targets", "operations", "finance", "tuning")
BLOCK = re.compile(r"```sql\n(.*?)```\n(?:\n(\|.*?)\n(?!\|))?", re.DOTALL)

ASKED = (
    "rep_name",
    "campaign_name",
    "overdue",
    "whose",
    "hour_of_day",
    "ignore_rate_at_9",
    "handoffs_missing",
    "score_band",
)
"""A column of each answer that docs/questions.md owes."""

pytestmark = pytest.mark.slow


def queries() -> Iterator[tuple[str, str, list[list[str]]]]:
    """Page, query and the table below it, which may be none."""
    for page in PAGES:
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        for sql, shown in BLOCK.findall(text + "\n"):
            yield (
                page,
                sql,
                [
                    [cell.strip(" `") for cell in line.strip("|").split("|")]
                    for line in shown.splitlines()
                    if not line.startswith("|---")
                ],
            )


def as_shown(value: object) -> str:
    """A value as the pages write it: thousands with commas, no zeros behind."""
    if value is None:
        return "(all)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, (float, Decimal)):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(value)


@pytest.fixture(scope="module")
def marts(published_sample: Project) -> duckdb.DuckDBPyConnection:
    path = published_sample.published / "lead_funnel.duckdb"
    return duckdb.connect(str(path), read_only=True)


@pytest.mark.parametrize(
    ("page", "sql", "shown"),
    [
        pytest.param(page, sql, shown, id=f"{page}-{number}")
        for number, (page, sql, shown) in enumerate(queries())
    ],
)
def test_a_query_gives_what_the_page_shows(
    page: str, sql: str, shown: list[list[str]], marts: duckdb.DuckDBPyConnection
) -> None:
    answer = marts.execute(sql)
    columns = [column[0] for column in answer.description or []]
    rows = [[as_shown(value) for value in row] for row in answer.fetchall()]
    if shown or page == "questions":
        assert [columns, *rows] == shown


def test_the_page_answers_what_people_ask() -> None:
    answers = [shown for page, _, shown in queries() if page == "questions"]
    for column in ASKED:
        assert any(column in shown[0] for shown in answers), column
