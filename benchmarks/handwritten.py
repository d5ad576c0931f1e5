"""Runs the handwritten SQL on a folder: `python -m benchmarks.handwritten`.

It runs in a process of its own, so that its memory can be measured, and prints
its seconds and main figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from orchestration import warehouse

FOLDER = Path(__file__).resolve().parent
SEEDS = FOLDER.parent / "seeds"
SQL = FOLDER / "handwritten_sql"
COMPANIES = ("generic", "sample")
"""Whose exports there is a first half of the SQL for."""

#: What must be the same in the tables of a run and in these.
FIGURES = {
    "people": "select count(*) from {schema}dim_people",
    "stage events": "select count(*) from {schema}fct_stage_events",
    "lifecycles by origin and outcome": """
        select origin, outcome, count(*)
        from {schema}fct_lead_lifecycles group by all order by all
    """,
    "was ignored": """
        select count(*) from {schema}fct_lead_lifecycles where was_ignored
    """,
    "transitions by verdict": """
        select verdict, count(*)
        from {schema}fct_stage_transitions group by all order by all
    """,
    "accepted by channel": """
        select channel, sum(accepted)::bigint
        from {schema}mart_funnel_cohort group by all order by all
    """,
    "hand-offs by month": """
        select period_start_date::varchar, handed_off::bigint
        from {schema}mart_funnel_monthly
        where period_type = 'month' and dimension = 'all' order by all
    """,
}


Figures = dict[str, list[list[object]]]


def figures(connection: duckdb.DuckDBPyConnection, schema: str = "") -> Figures:
    return {
        name: [
            list(row)
            for row in connection.execute(query.format(schema=schema)).fetchall()
        ]
        for name, query in FIGURES.items()
    }


def build(
    connection: duckdb.DuckDBPyConnection,
    landing: Path,
    loaded_at: datetime,
    company: str = "sample",
    seeds: Path = SEEDS,
) -> dict[str, float]:
    """Build every table; the seconds of each step of the files."""
    for name, value in (
        ("landing", str(landing)),
        ("seeds", str(seeds)),
        ("loaded_at", loaded_at),
    ):
        connection.execute(f"set variable {name} = ?", [value])
    seconds: dict[str, float] = {}
    text = "".join(
        (SQL / f"{half}.sql").read_text(encoding="utf-8")
        for half in (company, "funnel")
    )
    for part in text.split("-- step: ")[1:]:
        step, _, sql = part.partition("\n")
        began = time.monotonic()
        connection.execute(sql)
        seconds[step] = round(time.monotonic() - began, 3)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handwritten")
    parser.add_argument("landing", type=Path)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--company", choices=COMPANIES, default="generic")
    given = parser.parse_args()
    given.warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(given.warehouse)) as connection:
        now = datetime.now(UTC).replace(tzinfo=None)
        warehouse.configure(connection)
        seconds = build(connection, given.landing.resolve(), now, given.company)
        found = figures(connection)
    print(json.dumps({"seconds": seconds, "figures": found}, ensure_ascii=False))


if __name__ == "__main__":
    main()
