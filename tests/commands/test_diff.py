"""Why two publications differ: one lead for each cause, on tables made by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pytest

from orchestration.commands.diff import compared, render
from orchestration.commands.diff.compared import Found, Moved, Pair
from orchestration.commands.document import terminal
from orchestration.publication.kept import Kept
from orchestration.publication.manifest import Publication

MAY, JUNE = "2026-05-20", "2026-06-10"

COLUMNS = """
    lifecycle_id varchar, person_id varchar, lifecycle_no integer,
    handed_off_at timestamp, outcome varchar, settled_at timestamp,
    sla_due_at timestamp, accepted_at timestamp, mql_at timestamp,
    sql_at timestamp, opportunity_at timestamp, exit_stage varchar,
    exited_at timestamp, is_accepted_late boolean, was_ignored boolean,
    opportunity_amount decimal(18, 2), opportunity_currency varchar,
    opportunity_amount_reporting decimal(18, 2),
    won_amount_reporting decimal(18, 2)
"""


@dataclass
class Side:
    """What one publication holds."""

    as_of: str
    leads: Mapping[str, tuple[str, str, str | None]]
    """By id: hand-off, outcome, and when it was settled."""
    merged: Sequence[tuple[str, str]] = ()
    """Records that are one person's, whose id is the first."""
    gone: Sequence[str] = ()
    amounts: Mapping[str, str] = field(default_factory=dict)
    """What leads are worth in the reporting currency; each is worth 10 dollars."""
    lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By id: day, amount in dollars, and in the reporting currency; the campaign,
    where it has one."""


def write(folder: Path, side: Side) -> None:
    """The tables that are read, counted up by SQL of our own."""
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "lead_funnel.duckdb")) as connection:
        connection.execute("create schema marts; use marts")
        connection.execute(f"create table told ({COLUMNS})")
        for name, (at, outcome, settled) in side.leads.items():
            person, _, number = name.partition("#")
            connection.execute(
                "insert into told select ?, ?, ?, ?, ?, ?, "
                "?::timestamp + interval 1 day, "
                "case when ? = 'accepted' then ?::timestamp end, "
                "null, null, null, null, null, false, ? = 'ignored', 10, 'USD', "
                "?, null",
                [
                    name, person, int(number or 1), at, outcome, settled, at,
                    outcome, settled, outcome, side.amounts.get(name, "1500"),
                ],
            )  # fmt: skip
        connection.execute(
            "create table fct_lead_lifecycles as select *, 'marketing' as origin, "
            "cast(handed_off_at as date) as handed_off_date, "
            f"timestamp '{side.as_of}' as as_of from told"
        )
        connection.execute(
            "create table dim_people as select distinct person_id, 'crm' as "
            "primary_source, person_id as primary_record_id from told"
        )
        connection.execute(
            "create table fct_identity_links (person_id varchar, left_source varchar, "
            "left_record_id varchar, right_source varchar, right_record_id varchar, "
            "is_dissolved boolean)"
        )
        for winner, loser in side.merged:
            connection.execute(
                "insert into fct_identity_links values (?, 'crm', ?, 'crm', ?, false)",
                [winner, loser, winner],
            )
        connection.execute(
            "create table mart_funnel_monthly as select 'month' as period_type, "
            "cast(date_trunc('month', handed_off_date) as date) as period_start_date, "
            "'all' as dimension, count(*) as handed_off, "
            "count(*) filter (outcome = 'accepted') as accepted, "
            "count(*) filter (outcome = 'ignored') as ignored, "
            "count(*) filter (outcome = 'pending') as pending, "
            "sum(opportunity_amount_reporting) as opportunity_amount_reporting, "
            "accepted / handed_off as sal_rate from fct_lead_lifecycles group by all"
        )
        connection.execute(
            "create table fct_attributed_acceptances as select lifecycle_id, 'linear' "
            "as attribution_model, strftime(accepted_at, '%Y-%m') as fiscal_period_id, "
            "1::decimal(18, 12) as weight from told where accepted_at is not null"
        )
        connection.execute(
            "create table fct_spend (spend_id varchar, spend_date date, "
            "amount decimal(18, 2), amount_reporting decimal(18, 2), "
            "fiscal_period_id varchar, currency varchar, given_campaign_id varchar, "
            "account varchar, campaign_id varchar)"
        )
        for name, (day, dollars, yen, *campaign) in side.lines.items():
            connection.execute(
                "insert into fct_spend select ?, ?, ?, ?, left(?, 7), 'USD', null, "
                "'x', ?",
                [name, day, dollars, yen, day, *(campaign or [None])],
            )
        connection.execute(
            "create table mart_spend_per_sal as with periods as (select "
            "fiscal_period_id, amount_reporting as spent, 0 as sals from fct_spend "
            "union all select fiscal_period_id, 0, weight from "
            "fct_attributed_acceptances) select fiscal_period_id, 'linear' as "
            "attribution_model, sum(spent) as spend_reporting, sum(sals) as "
            "attributed_sals from periods group by all"
        )


def found(tmp_path: Path, a: Side, b: Side, **after: object) -> Found:
    sides = []
    for number, side in enumerate((a, b)):
        folder = tmp_path / str(number)
        write(folder, side)
        said = Publication(
            f"p{number}", "", f"{side.as_of}T00:00:00.000000Z", None, "", None, {}, {},
            code="c", definition_parts={"sla_policies": "1"}, files={"x": {}},
        )  # fmt: skip
        sides.append(Kept(folder, replace(said, **after) if number else said))
    return compared.find(Pair(*sides))


def of(moved: Sequence[Moved], period: str) -> dict[str, tuple[float, float, dict]]:
    return {
        one.metric.name: (
            one.metric.before or 0,
            one.metric.after or 0,
            {cause: float(value) for cause, value in one.causes.items()},
        )
        for one in moved
        if one.period == period
    }


BEFORE = {
    "same": ("2026-05-02", "accepted", "2026-05-03"),
    "pending": ("2026-05-18", "pending", None),
    "told late": ("2026-05-04", "pending", None),
    "corrected": ("2026-05-05", "accepted", "2026-05-06"),
    "erased": ("2026-05-06", "accepted", "2026-05-07"),
    "loser": ("2026-05-07", "accepted", "2026-05-08"),
    "winner": ("2026-05-08", "accepted", "2026-05-09"),
}
AFTER = {
    "same": ("2026-05-02", "accepted", "2026-05-03"),
    # Settled in June; accepted in May and told now; taken back.
    "pending": ("2026-05-18", "ignored", "2026-06-01"),
    "told late": ("2026-05-04", "accepted", "2026-05-05"),
    "corrected": ("2026-05-05", "rejected", "2026-05-06"),
    "winner": ("2026-05-08", "accepted", "2026-05-09"),
    # Handed off in May and not known then; in June; and once more.
    "unheard of": ("2026-05-10", "accepted", "2026-05-11"),
    "new": ("2026-06-02", "accepted", "2026-06-03"),
    "same#2": ("2026-05-15", "accepted", "2026-05-16"),
}
ONE_OF_EACH = (
    Side(MAY, BEFORE, lines={"L1": ("2026-05-01", "10", "1500")}),
    Side(
        JUNE,
        AFTER,
        merged=[("winner", "loser")],
        lines={
            "L1": ("2026-05-01", "10", "1520"),
            "L2": ("2026-05-02", "1", "150"),
            "L3": ("2026-06-02", "2", "300"),
        },
    ),
)


def test_each_cause_is_told_apart(tmp_path: Path) -> None:
    told = found(tmp_path, *ONE_OF_EACH)
    assert told.lifecycles == {
        "late_data": 2, "correction": 1, "erasure": 1, "matured": 1, "merge": 1,
        "new_data": 1, "recycle": 1,
    }  # fmt: skip
    may, june, both = (of(told.monthly, name) for name in ("2026-05", "2026-06", "all"))
    # 7 handed off: one is gone and one is another's, one is new and one came back.
    assert may["handed_off"] == (
        7, 7, {"erasure": -1, "merge": -1, "late_data": 1, "recycle": 1},
    )  # fmt: skip
    # The late one, and the pending one that was told late.
    assert may["accepted"] == (
        5,
        5,
        {"correction": -1, "erasure": -1, "merge": -1, "late_data": 2, "recycle": 1},
    )
    assert may["ignored"] == (0, 1, {"matured": 1})
    assert may["pending"] == (2, 0, {"matured": -1, "late_data": -1})
    assert june["handed_off"] == (0, 1, {"new_data": 1})
    assert june["sal_rate"] == (0, 1, {"new_data": 1})
    assert both["handed_off"] == (
        7, 8, {"erasure": -1, "merge": -1, "late_data": 1, "new_data": 1, "recycle": 1},
    )  # fmt: skip
    # How many leads moved in the rate: 5 of 7, and 6 of 8.
    assert both["sal_rate"] == (
        5 / 7,
        6 / 8,
        {
            "correction": 1, "erasure": 1, "merge": 1, "late_data": 2, "recycle": 1,
            "new_data": 1,
        },
    )  # fmt: skip


def test_spend_and_what_a_lead_costs(tmp_path: Path) -> None:
    told = found(tmp_path, *ONE_OF_EACH)
    assert told.lines == {"definition": 1, "late_data": 1, "new_data": 1}
    may, june = (of(told.spend, name) for name in ("2026-05", "2026-06"))
    assert may["spend"] == (1500, 1670, {"definition": 20, "late_data": 150})
    assert june["spend"] == (0, 300, {"new_data": 300})
    # Five and five of others; then six at 1970.
    assert may["cost_per_sal"][:2] == (300, 334)
    assert of(told.spend, "all")["cost_per_sal"][1] == pytest.approx(1970 / 6)
    assert june["attributed_sals"] == (0, 1, {"new_data": 1})


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        ({"definition_parts": {"sla_policies": "2"}}, "definition"),
        ({"definition_parts": {"sla_policies": "1", "the var x": "1"}}, "definition"),
        ({"funnel_version": "v2"}, "definition"),
        ({"code": "d"}, "program"),
        # A target makes no lead another one.
        ({"definition_parts": {"sla_policies": "1", "kpi_targets": "2"}}, "correction"),
    ],
)
def test_a_definition_or_a_program_that_changed(
    after: dict, cause: str, tmp_path: Path
) -> None:
    a = Side(MAY, {"L1": ("2026-05-02", "accepted", "2026-05-04")})
    b = Side(MAY, {"L1": ("2026-05-02", "ignored", "2026-05-04")})
    told = found(tmp_path, a, b, **after)
    assert told.lifecycles == {cause: 1}
    assert of(told.monthly, "2026-05")["accepted"] == (1, 0, {cause: -1})


def test_an_amount_at_another_rate_is_definition(tmp_path: Path) -> None:
    lead = {"L1": ("2026-05-02", "accepted", "2026-05-04")}
    told = found(tmp_path, Side(MAY, lead), Side(MAY, lead, amounts={"L1": "1520"}))
    assert of(told.monthly, "all")["opportunity_amount_reporting"] == (
        1500, 1520, {"definition": 20},
    )  # fmt: skip


def test_an_as_of_that_went_back(tmp_path: Path) -> None:
    a = Side(
        JUNE,
        {
            "L1": ("2026-05-02", "accepted", "2026-06-04"),
            "L2": ("2026-06-02", "pending", None),
        },
    )
    told = found(tmp_path, a, Side(MAY, {"L1": ("2026-05-02", "pending", None)}))
    assert told.lifecycles == {"as_of_back": 2}


def test_the_same_twice_says_so(tmp_path: Path) -> None:
    told = found(tmp_path, Side(MAY, BEFORE), Side(MAY, BEFORE))
    screen = terminal.plain_console()
    with screen.capture() as said:
        terminal.show(screen, render.document(told))
    assert "No lead and no line of spend differs." in said.get()
    assert "1 of 1 month show no difference." in said.get()
    assert (list(told.monthly), list(told.spend)) == ([], [])


def test_where_every_month_differs_it_says_so(tmp_path: Path) -> None:
    told = found(tmp_path, *ONE_OF_EACH)
    screen = terminal.plain_console()
    with screen.capture() as said:
        terminal.show(screen, render.document(told))
    assert "Every month shows a difference." in said.get()
    assert "0 of 2" not in said.get()


MOVED = (
    Side(
        MAY,
        {},
        lines={
            "L1": ("2026-05-01", "10", "1500", "Brand"),
            "L2": ("2026-05-02", "2", "300", "Brand"),
            "L3": ("2026-04-30", "4", "600"),
            "L4": ("2026-05-03", "7", "1050", "Expo"),
        },
    ),
    Side(
        MAY,
        {},
        lines={
            "L1": ("2026-05-01", "10", "1500", "Expo"),
            "L2": ("2026-05-02", "2", "300", "Expo"),
            "L3": ("2026-04-30", "4", "600", "Expo"),
            "L4": ("2026-05-03", "7", "1050", "Expo"),
        },
    ),
)


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        ({}, "correction"),
        ({"code": "d"}, "program"),
        (
            {"definition_parts": {"sla_policies": "1", "campaign_mappings": "2"}},
            "definition",
        ),
        ({"definition_parts": {"sla_policies": "1", "kpi_targets": "2"}}, "correction"),
    ],
)
def test_spend_that_went_to_another_campaign(
    after: dict, cause: str, tmp_path: Path
) -> None:
    told = found(tmp_path, *MOVED, **after)
    assert told.lines == {cause: 3}
    assert list(told.spend) == []
    assert [
        (one.period, one.before, one.after, float(one.amount), one.cause)
        for one in told.shifted
    ] == [
        ("2026-04", None, "Expo", 600, cause),
        ("2026-05", "Brand", "Expo", 1800, cause),
    ]
    screen = terminal.plain_console()
    with screen.capture() as said:
        terminal.show(screen, render.document(told))
    assert "No period's sum differs." in said.get()
    shown = " ".join(said.get().split())
    assert f"2026-04 (none) Expo 600.00 {cause}" in shown
    assert f"2026-05 Brand Expo 1,800.00 {cause}" in shown
    [first, _] = json.loads(render.as_json(told))["spend_of_another_campaign"]
    assert first == {
        "period": "2026-04", "a": None, "b": "Expo", "amount": 600.0, "cause": cause,
    }  # fmt: skip
