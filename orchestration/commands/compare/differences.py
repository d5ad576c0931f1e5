"""What differs between two readings: definition, metrics, leads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration import warehouse
from orchestration.commands.compare import causes
from orchestration.commands.compare.sides import Compared, Side
from orchestration.printable import FORMULA_SIGNS

LEAD_COLUMNS = (
    "outcome",
    "origin",
    "is_accepted_late",
    "was_ignored",
    "inquiry_at",
    "mql_at",
    "handed_off_at",
    "is_handoff_imputed",
    "sla_due_at",
    "first_response_at",
    "tal_at",
    "sal_at",
    "accepted_at",
    "is_acceptance_imputed",
    "sql_at",
    "opportunity_at",
    "exit_stage",
    "exited_at",
    "owner_id",
    "team",
    "channel",
    "accepted_by",
    "adr_id",
    "rejection_category",
    "opportunity_amount_reporting",
)
"""The columns of a lifecycle that a definition can change, most telling first."""

SUMMED_RATES = {
    "sal_rate": ("accepted", "handed_off"),
    "ignore_rate": ("ignored", "handed_off"),
    "rejection_rate": ("rejected", "handed_off"),
    "pending_rate": ("pending", "handed_off"),
    "sla_breach_rate": ("was_ignored", "sla_due"),
}
"""Rates that the counts of all months give once more: numerator, denominator."""

DETAILS = ("_lower", "_upper", "_median", "_p90", "_hours", "_gap", "_target")
"""Ends of metrics that only `--all` shows."""


@dataclass(frozen=True)
class DefinitionChange:
    """A row of the definition that only one side has."""

    seed: str
    row: str
    is_added: bool


@dataclass(frozen=True)
class Metric:
    """One metric of one month; month none is all months together."""

    month: date | None
    name: str
    before: float | None
    after: float | None

    @property
    def differs(self) -> bool:
        if self.before is None or self.after is None:
            return self.before is not self.after
        return abs(self.before - self.after) > 1e-9

    @property
    def is_tiny(self) -> bool:
        """A rate that moves by less than 0.05 points."""
        if not self.is_rate or self.before is None or self.after is None:
            return False
        return abs(self.before - self.after) < 0.0005

    @property
    def is_rate(self) -> bool:
        return "_rate" in self.name

    @property
    def is_detail(self) -> bool:
        return self.name.endswith(DETAILS)


@dataclass(frozen=True)
class Lead:
    """A lifecycle that differs, and why."""

    person_id: str
    lifecycle_no: int
    record: str
    changes: tuple[tuple[str, Any, Any], ...]
    """Column, value before and value after."""
    is_added: bool
    is_removed: bool
    why: tuple[str, ...]
    is_flipped: bool = False
    """It counts as another outcome, or as of another origin."""


@dataclass(frozen=True)
class Differences:
    definition: tuple[DefinitionChange, ...]
    metrics: tuple[Metric, ...]
    quarantine: tuple[tuple[str, int, int], ...]
    """Rule, rows before and after, where they differ."""
    lifecycles: tuple[int, int]
    changed: int
    outcomes: tuple[tuple[str, str, int], ...]
    """Outcome before and after, and how many changed so."""
    why: tuple[tuple[str, int], ...]
    """What made a difference, and to how many lifecycles."""
    leads: tuple[Lead, ...] = field(default=())


def find(compared: Compared, most_leads: int = 1000) -> Differences:
    """Everything that differs; the leads whose outcome changed come first."""
    _collect_leads(compared)
    definition = tuple(definition_changes(compared))
    causes.collect(compared, sorted({change.seed for change in definition}))
    rows = compared.connection
    [(changed,)] = rows.execute("select count(*) from changed_leads").fetchall()
    return Differences(
        definition=definition,
        metrics=tuple(metrics(compared)),
        quarantine=tuple(_quarantine(compared)),
        lifecycles=(
            _count(compared, compared.before),
            _count(compared, compared.after),
        ),
        changed=changed,
        outcomes=tuple(
            rows.execute(
                "select coalesce(outcome_before, origin_before, 'no lifecycle'), "
                "coalesce(outcome_after, origin_after, 'no lifecycle'), count(*) "
                "from changed_leads where is_flipped "
                "group by 1, 2 order by 3 desc, 1, 2"
            ).fetchall()
        ),
        why=tuple(
            rows.execute(
                "select why, count(*) from lead_causes group by 1 order by 2 desc, 1"
            ).fetchall()
        ),
        leads=tuple(_leads(compared, most_leads)),
    )


# The definition.


def definition_changes(compared: Compared) -> Iterator[DefinitionChange]:
    """Rows of the seeds, as they take effect, that only one side has."""
    before = compared.before.schema("definition")
    after = compared.after.schema("definition")
    views = compared.connection.execute(
        "select view_name from duckdb_views() "
        "where database_name = current_database() and schema_name in (?, ?) "
        "group by 1 having count(*) = 2 order by 1",
        [before, after],
    ).fetchall()
    for (view,) in views:
        for is_added, here, there in ((False, before, after), (True, after, before)):
            answer = compared.connection.execute(
                f"select * from {here}.{view} except all "
                f"select * from {there}.{view} order by all"
            )
            names = [column[0] for column in answer.description]
            for row in answer.fetchall():
                yield DefinitionChange(
                    seed=view.removeprefix("def_"),
                    row=", ".join(
                        f"{name} {_value(value)}"
                        for name, value in zip(names, row, strict=True)
                        if value is not None and name != "description"
                    ),
                    is_added=is_added,
                )


def _value(value: Any) -> str:
    return f"{float(value):g}" if isinstance(value, float | Decimal) else str(value)


# The metrics.


def metrics(compared: Compared) -> Iterator[Metric]:
    """Each month's metrics of both sides, then those of all months."""
    before = _months(compared, compared.before)
    after = _months(compared, compared.after)
    names = [
        name
        for name in _columns(compared, compared.before)
        if name in set(_columns(compared, compared.after))
    ]
    for month in sorted({*before, *after}):
        for name in names:
            yield Metric(
                month,
                name,
                before.get(month, {}).get(name),
                after.get(month, {}).get(name),
            )
    yield from _of_all_months(names, before, after)


def _columns(compared: Compared, side: Side) -> list[str]:
    return [
        name
        for name, kind, *_ in compared.connection.execute(
            f"describe {side.marts}.mart_funnel_monthly"
        ).fetchall()
        if kind.startswith(("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "HUGEINT"))
    ]


def _months(compared: Compared, side: Side) -> dict[date, dict[str, float | None]]:
    names = _columns(compared, side)
    chosen = ", ".join(warehouse.quoted(name) for name in names)
    rows = compared.connection.execute(
        f"select period_start_date, {chosen} from {side.marts}.mart_funnel_monthly "
        "where period_type = 'month' and dimension = 'all' order by 1"
    ).fetchall()
    return {
        month: {
            name: None if value is None else float(value)
            for name, value in zip(names, values, strict=True)
        }
        for month, *values in rows
    }


def _of_all_months(
    names: list[str],
    before: dict[date, dict[str, float | None]],
    after: dict[date, dict[str, float | None]],
) -> Iterator[Metric]:
    for name in names:
        if name in SUMMED_RATES:
            top, bottom = SUMMED_RATES[name]
            yield Metric(
                None,
                name,
                _ratio(_total(before, top), _total(before, bottom)),
                _ratio(_total(after, top), _total(after, bottom)),
            )
        elif "_rate" not in name and not name.endswith(DETAILS):
            yield Metric(None, name, _total(before, name), _total(after, name))


def _total(months: dict[date, dict[str, float | None]], name: str) -> float:
    return sum(values.get(name) or 0 for values in months.values())


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom else None


def _quarantine(compared: Compared) -> Iterator[tuple[str, int, int]]:
    yield from compared.connection.execute(
        "select coalesce(before.rule, after.rule) as rule, "
        "coalesce(before.rows, 0), coalesce(after.rows, 0) "
        "from (select rule, count(*) as rows "
        f"from {compared.before.marts}.quarantine group by 1) as before "
        "full outer join (select rule, count(*) as rows "
        f"from {compared.after.marts}.quarantine group by 1) as after "
        "on before.rule = after.rule "
        "where before.rows is distinct from after.rows order by 1"
    ).fetchall()


# The leads.


def _collect_leads(compared: Compared) -> None:
    """The lifecycles that differ, as the temporary table changed_leads."""
    both = ", ".join(
        f"before.{name} as {name}_before, after.{name} as {name}_after"
        for name in LEAD_COLUMNS
    )
    differ = " or ".join(
        f"before.{name} is distinct from after.{name}" for name in LEAD_COLUMNS
    )
    compared.connection.execute(
        f"""
        create or replace temporary table changed_leads as
        select
            coalesce(before.person_id, after.person_id) as person_id,
            coalesce(before.lifecycle_no, after.lifecycle_no) as lifecycle_no,
            before.person_id is null as is_added,
            after.person_id is null as is_removed,
            coalesce(before.outcome, before.origin)
                is distinct from coalesce(after.outcome, after.origin) as is_flipped,
            coalesce(after.handed_off_date, before.handed_off_date)
                as handed_off_date,
            coalesce(
                people_before.primary_source || ' ' || people_before.primary_record_id,
                people_after.primary_source || ' ' || people_after.primary_record_id
            ) as record,
            {both}
        from {compared.before.marts}.fct_lead_lifecycles as before
        full outer join {compared.after.marts}.fct_lead_lifecycles as after
            on
                before.person_id = after.person_id
                and before.lifecycle_no = after.lifecycle_no
        left join {compared.before.people} as people_before
            on before.person_id = people_before.person_id
        left join {compared.after.people} as people_after
            on after.person_id = people_after.person_id
        where before.person_id is null or after.person_id is null or {differ}
        """
    )


def _count(compared: Compared, side: Side) -> int:
    [(number,)] = compared.connection.execute(
        f"select count(*) from {side.marts}.fct_lead_lifecycles"
    ).fetchall()
    return int(number)


_ORDER = (
    "not is_flipped, "
    "coalesce(handed_off_at_before, handed_off_at_after) desc nulls last, "
    "person_id, lifecycle_no"
)


def _leads(compared: Compared, most: int) -> Iterator[Lead]:
    answer = compared.connection.execute(
        "select changed_leads.*, reasons.why from changed_leads "
        "left join (select person_id, lifecycle_no, list(why order by why) as why "
        "from lead_causes group by 1, 2) as reasons using (person_id, lifecycle_no) "
        f"order by {_ORDER} limit {most}"
    )
    names = [column[0] for column in answer.description]
    for values in answer.fetchall():
        row = dict(zip(names, values, strict=True))
        yield Lead(
            person_id=row["person_id"],
            lifecycle_no=row["lifecycle_no"],
            record=row["record"],
            changes=tuple(
                (name, row[f"{name}_before"], row[f"{name}_after"])
                for name in LEAD_COLUMNS
                if row[f"{name}_before"] != row[f"{name}_after"]
            ),
            is_added=row["is_added"],
            is_removed=row["is_removed"],
            why=tuple(row["why"] or ()),
            is_flipped=row["is_flipped"],
        )


def write_csv(compared: Compared, path: Path) -> int:
    """Every changed lead with both values of each column, and why."""
    columns = {
        "person_id": "person_id",
        "lifecycle_no": "lifecycle_no",
        "record": "record",
        "change": "case when is_added then 'added' when is_removed then 'removed' "
        "else 'changed' end",
        "why": "reasons.why",
    }
    for name in LEAD_COLUMNS:
        columns |= {f"{name}_{side}": f"{name}_{side}" for side in ("before", "after")}
    found = (
        "from changed_leads left join (select person_id, lifecycle_no, "
        "string_agg(why, '; ' order by why) as why "
        "from lead_causes group by 1, 2) as reasons using (person_id, lifecycle_no)"
    )

    def selected(values: dict[str, str]) -> str:
        return ", ".join(f"{value} as {name}" for name, value in values.items())

    described = compared.connection.execute(
        f"describe select {selected(columns)} {found}"
    ).fetchall()
    signs = ", ".join(map(warehouse.literal, FORMULA_SIGNS))
    for name, kind, *_ in described:
        if kind == "VARCHAR":
            value = columns[name]
            columns[name] = (
                f"case when left({value}, 1) in ({signs}) "
                f"then concat(chr(39), {value}) else {value} end"
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    compared.connection.execute(
        f"copy (select {selected(columns)} {found} order by {_ORDER}) "
        f"to {warehouse.literal(str(path))} (format csv, header)"
    )
    [(rows,)] = compared.connection.execute(
        "select count(*) from changed_leads"
    ).fetchall()
    return int(rows)
