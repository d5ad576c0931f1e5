"""What columns mean as a whole, worked out by hand (sources.md, "Columns")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.settings.run_settings import write_settings
from orchestration.sources.conventions import read_otherwise

Columns = Mapping[str, Sequence[str]]


def conventions(
    tmp_path: Path, tables: Mapping[str, Columns], vars: Mapping | None = None
) -> tuple[dict[str, dict], list[str]]:
    """settings.columns by column, and what is told, of raw tables of our own."""
    project = Project.from_environment({}, out=tmp_path / "out", vars=vars)
    connection = warehouse.connect(project)
    for name, columns in tables.items():
        system, table = name.split(".")
        connection.execute(f"create schema if not exists raw_{system}")
        declared = ", ".join(f"{column} varchar" for column in columns)
        connection.execute(f"create table raw_{system}.{table} ({declared})")
        connection.executemany(
            f"insert into raw_{system}.{table} values "
            f"({', '.join('?' for _ in columns)})",
            [list(row) for row in zip(*columns.values(), strict=True)],
        )
    connection.close()
    notes = write_settings(project)
    with duckdb.connect(str(project.warehouse), read_only=True) as reader:
        found = reader.execute("from settings.columns")
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {
        f"{row['source']}.{row['source_table']}.{row['column_name']}": {
            name: value
            for name, value in row.items()
            if value and name not in ("source", "source_table", "column_name")
        }
        for row in rows
    }, notes


WORDS = {"has_words": True}


def of_leads(tmp_path: Path, *created: str, vars: Mapping | None = None) -> dict:
    found, _ = conventions(
        tmp_path,
        {
            "generic.lead": {
                "lead_id": [f"L{number}" for number in range(len(created))],
                "created_at": created,
            }
        },
        vars,
    )
    return found.get("generic.lead.created_at", {})


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (["04/05/2026", "25/04/2026 9:00"], {"day_order": "day_first"}),
        (["04/05/2026", "04/25/2026 9:00"], {"day_order": "month_first"}),
        (["04-05-2026", "18-01-2025"], {"day_order": "day_first"}),
        # Words, signs and other digits are looked for only where there are any.
        (["４/５/２０２６", "２５/４/２０２６"], {"day_order": "day_first", **WORDS}),
        (["4/6/2026, 3:24 PM"], {"day_order": "month_first", **WORDS}),
        (
            ["13/6/2026, 3:24 pm", "4/6/2026, 3:24 pm"],
            {"day_order": "day_first", **WORDS},
        ),
        # With points the day comes first, and needs no word about it.
        (["06.04.2026 08:00"], {}),
        (["06.04.2026", "04.25.2026"], {"dotted_order": "month_first"}),
        # One reading only: the same number twice, and no day at all.
        (["05/05/2026", "44/13/2026", "2026-04-05"], {}),
    ],
)
def test_the_order_of_day_and_month_is_the_columns(
    tmp_path: Path, created: list[str], expected: dict
) -> None:
    assert of_leads(tmp_path, *created) == expected


@pytest.mark.parametrize("created", [["04/05/2026"], ["4-5-2026 10:00", "5/6/2026"]])
def test_days_that_nothing_decides_are_an_error_with_both_readings(
    tmp_path: Path, created: list[str]
) -> None:
    with pytest.raises(LeadFunnelError, match="day-first.*month-first") as error:
        of_leads(tmp_path, *created)
    text = str(error.value)
    assert "generic.lead, column 'created_at'" in text
    assert "source_day_orders" in text
    assert "2026-05-04 day-first" in text
    assert "2026-04-05 month-first" in text


def test_a_var_decides_what_a_column_does_not(tmp_path: Path) -> None:
    day_first = {"source_day_orders": {"generic": "day_first"}}
    month_first = {"source_day_orders": {"generic": "month_first"}}
    other = {"source_day_orders": {"ads": "day_first"}}
    assert of_leads(tmp_path / "1", "04/05/2026", vars=day_first) == {
        "day_order": "day_first"
    }
    # What the column says goes first; where it contradicts itself the var counts.
    assert of_leads(tmp_path / "2", "25/04/2026", vars=month_first) == {
        "day_order": "day_first"
    }
    both = ("25/04/2026", "04/25/2026")
    assert of_leads(tmp_path / "3", *both, vars=month_first) == {
        "day_order": "month_first"
    }
    with pytest.raises(LeadFunnelError, match="two orders"):
        of_leads(tmp_path / "4", *both, vars=other)


def of_spend(tmp_path: Path, *spend: str, vars: Mapping | None = None) -> dict:
    found, _ = conventions(
        tmp_path,
        {
            "ads.campaign_report": {
                "date_day": ["2026-04-01"] * len(spend),
                "spend": spend,
            }
        },
        vars,
    )
    return found.get("ads.campaign_report.spend", {})


@pytest.mark.parametrize(
    ("spend", "mark"),
    [
        (["1.234 €", "12,50 €"], "comma"),
        (["1.234", "1.234.567"], "comma"),
        (["1,234", "0,5"], "comma"),
        (["1,234", "12.50"], "point"),
        (["$1,234", "$1,234,567"], "point"),
        (["1.234", "0.125"], "point"),
        (["R$ 1.234", "R$ 2.500,75"], "comma"),
        # No amount has three decimals, and no program writes a comma.
        (["1,234", "¥5,678"], "point"),
        (["1234", "(500)", "-"], None),
    ],
)
def test_the_decimal_mark_is_the_columns(
    tmp_path: Path, spend: list[str], mark: str | None
) -> None:
    assert of_spend(tmp_path, *spend).get("decimal_mark") == mark


def test_amounts_that_nothing_decides_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LeadFunnelError, match="ambiguous") as error:
        of_spend(tmp_path / "1", "1.234 €", "500 €")
    assert "1234 where the point separates thousands" in str(error.value)
    assert 'source_decimal_marks: {"ads": "comma"}' in str(error.value)
    with pytest.raises(LeadFunnelError, match="two decimal marks"):
        of_spend(tmp_path / "2", "1.234,50", "1,234.50")
    by_var = {"source_decimal_marks": {"ads": "comma"}}
    found = of_spend(tmp_path / "3", "1.234 €", vars=by_var)
    assert found == {"decimal_mark": "comma", **WORDS}


def test_ids_in_scientific_notation_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LeadFunnelError) as error:
        conventions(
            tmp_path,
            {
                "generic.lead": {
                    "lead_id": ["1.00123E+11", "1e+11", "5.5E7", "7E10", "E+1"],
                    "created_at": ["2026-04-01"] * 5,
                }
            },
        )
    text = str(error.value)
    # 7E10 may be an id of its own; the other three cannot be told apart any more.
    assert "'lead_id' of the table generic.lead has 3 ids in scientific" in text


def test_floats_are_whole_numbers_where_no_id_has_decimals(tmp_path: Path) -> None:
    leads = {"lead_id": ["1001", "1002"], "created_at": ["2026-04-01"] * 2}
    found, _ = conventions(
        tmp_path / "1",
        {"generic.lead": {**leads, "merged_into_id": ["1002.0", None]}},
    )
    assert found == {"generic.lead.merged_into_id": {"has_float_ids": True}}
    found, _ = conventions(
        tmp_path / "2",
        {
            "generic.lead": {
                **leads,
                "lead_id": ["1.1", "1.0"],
                "merged_into_id": ["1.0", None],
            }
        },
    )
    assert found == {}


def test_zeros_come_back_where_all_ids_have_one_length(tmp_path: Path) -> None:
    leads = {"lead_id": ["00123", "04567"], "created_at": ["2026-04-01"] * 2}
    history = {"lead_id": ["123", "4567"], "changed_at": ["2026-04-02"] * 2}
    found, notes = conventions(
        tmp_path / "1",
        {"generic.lead": leads, "generic.lead_status_history": history},
    )
    assert {name: each["id_width"] for name, each in found.items()} == {
        "generic.lead.record_id": 5,
        "generic.lead.source_key": 5,
        "generic.lead_status_history.record_id": 5,
    }
    assert "5 digits" in notes[0]


def test_zeros_that_may_be_others_are_said_and_not_put_back(tmp_path: Path) -> None:
    found, notes = conventions(
        tmp_path,
        {
            "generic.lead": {
                "lead_id": ["00123", "0123"],
                "created_at": ["2026-04-01"] * 2,
            },
            "generic.lead_status_history": {
                "lead_id": ["123"],
                "changed_at": ["2026-04-02"],
            },
        },
    )
    assert found == {}
    assert "cannot be told" in notes[0]


def test_what_is_read_otherwise_than_before() -> None:
    before = {
        "a": ["month_first", None, None, False, None],
        "b": [None, None, "point", False, None],
        "c": [None, None, None, False, 5],
        "d": ["day_first", None, "comma", False, None],
    }
    after = {
        # Turned round by a day above 12, by a decimal comma, by longer ids.
        "a": ["day_first", None, None, False, None],
        "b": [None, None, "comma", False, None],
        "c": [None, None, None, False, 6],
        # The first text that it could be said of, with points and of ids.
        "e": ["day_first", None, "comma", False, None],
        "f": [None, "month_first", None, False, None],
        "g": [None, None, None, True, None],
    }
    assert read_otherwise(before, after) == ["a", "b", "c", "f", "g"]
    assert read_otherwise(before, before) == []
