"""One random company with targets and a fiscal calendar of its own."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from tests.reference.compare import ROOT, build_warehouse, rows_of
from tests.reference.generate import write_situation
from tests.reference.kpis import Company, Period, Target

AS_OF = "2026-02-12T05:00:00Z"

# 4-4-5 weeks from Monday, 29 September 2025 on; other days are of their months.
PERIODS = [
    ("2026-P01", "2025-09-29", "2025-10-26", 2025, 3, 7),
    ("2026-P02", "2025-10-27", "2025-11-23", 2025, 3, 8),
    ("2026-P03", "2025-11-24", "2025-12-28", 2025, 3, 9),
    ("2026-P04", "2025-12-29", "2026-01-25", 2025, 4, 10),
    ("2026-P05", "2026-01-26", "2026-02-22", 2025, 4, 11),
    ("2026-P06", "2026-02-23", "2026-03-29", 2025, 4, 12),
]

TARGETS = [
    ("sal_rate", "all", "", "2024-01-01", "0.4", "Mori", "Sato"),
    ("sal_rate", "all", "", "2025-10-01", "0.6", "Mori", "Ito"),
    ("ignore_rate", "", "", "2025-01-15", "0.05", "", ""),
    ("win_rate", "channel", "trade_show", "2025-04-01", "0.2", "", ""),
    ("mql", "all", "", "2025-04-01", "40", "Mori", ""),
    ("accepted", "all", "", "2024-06-01", "20", "Mori", "Ito"),
    ("accepted", "all", "", "2026-02-01", "31.5", "Mori", "Ito"),
    ("accepted", "channel", "trade_show", "2025-12-01", "12", "", "Ito"),
    ("won", "channel", "nobody ever came this way", "2026-01-01", "3", "", ""),
]

BANDS = [("low", ""), ("middle", "40"), ("high", "100"), ("top", "160")]


@dataclass(frozen=True)
class Built:
    expected: Company
    published: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("kpis")
    landing, _, chosen = write_situation(folder, seed=2, people=1500)
    definition = folder / "own"
    definition.mkdir()
    _write(
        definition / "fiscal_periods.csv",
        "fiscal_period_id,start_date,end_date,fiscal_year,fiscal_quarter,fiscal_month",
        PERIODS,
    )
    _write(
        definition / "kpi_targets.csv",
        "metric,dimension,dimension_value,effective_from,target,marketing_owner,"
        "sales_owner",
        TARGETS,
    )
    _write(definition / "score_bands.csv", "score_band,lower_bound", BANDS)
    settings = {"as_of": AS_OF, "source_day_orders": chosen["source_day_orders"]}
    published = build_warehouse(landing, folder / "out", definition, settings)
    with (ROOT / "seeds" / "holidays.csv").open(encoding="utf-8") as lines:
        holidays = {
            date.fromisoformat(row["holiday_date"]) for row in csv.DictReader(lines)
        }
    expected = Company(
        rows_of(published, "marts.fct_lead_lifecycles"),
        [
            Target(
                metric,
                dimension or "all",
                value or "all",
                date.fromisoformat(since),
                Fraction(target),
                marketing or None,
                sales or None,
            )
            for metric, dimension, value, since, target, marketing, sales in TARGETS
        ],
        holidays,
        [
            Period(date.fromisoformat(start), date.fromisoformat(end), year, quarter)
            for _, start, end, year, quarter, _ in PERIODS
        ],
        [(name, float(bound) if bound else None) for name, bound in BANDS],
    )
    return Built(expected, published)


def _write(path: Path, header: str, rows: list[tuple]) -> None:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
