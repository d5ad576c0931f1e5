"""Two publications, side by side: each metric, and what its difference is made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from orchestration.commands.compare.differences import SUMMED_RATES, Metric, metrics
from orchestration.commands.compare.sides import Compared, Side
from orchestration.commands.diff import causes
from orchestration.commands.diff.causes import MEASURES, A, B
from orchestration.errors import LeadFunnelError
from orchestration.project import ACTUAL, Project
from orchestration.publication import kept
from orchestration.publication.kept import Kept
from orchestration.publication.publications import DATABASE
from orchestration.warehouse import literal

RATES = {
    **SUMMED_RATES,
    "resolved_sal_rate": ("accepted", "handed_off"),
}
"""What of each rate is counted: numerator, denominator."""

CAMPAIGN_MAPPINGS = "campaign_mappings"

NOT_OF_LEADS = {
    "acceptance_proposals",
    "age_bands",
    "attribution_models",
    CAMPAIGN_MAPPINGS,
    "channel_labels",
    "closing_rules",
    "cost_allocation_rules",
    "fiscal_periods",
    "fx_rates",
    "history_retention",
    "kpi_targets",
    "proposal_words",
    "quality_limits",
    "quality_rules",
    "quarantine_limits",
    "queue_priorities",
    "score_bands",
    "spend_sources",
    "the var attribution_window_days",
    "the var fiscal_year_start_month",
    "the var record_urls",
}
"""Parts of a definition that make no lifecycle another one."""

SPEND, SALS, COST = "spend", "attributed_sals", "cost_per_sal"

ALL = "all"


@dataclass(frozen=True)
class Pair:
    """The two publications, A and B."""

    before: Kept
    after: Kept

    @property
    def as_of(self) -> tuple[datetime | None, datetime | None]:
        """Both as naive UTC."""
        found = [
            datetime.fromisoformat(text.removesuffix("Z")) if text else None
            for text in (self.before.publication.as_of, self.after.publication.as_of)
        ]
        return found[0], found[1]

    @property
    def definition(self) -> list[str]:
        """The seeds and vars that differ."""
        before, after = (
            side.publication.definition_parts for side in (self.before, self.after)
        )
        return sorted(
            name for name in {*before, *after} if before.get(name) != after.get(name)
        )

    @property
    def reads_leads_otherwise(self) -> bool:
        """Whether something differs by which leads are read and judged."""
        before, after = self.before.publication, self.after.publication
        return bool({*self.definition} - NOT_OF_LEADS) or (
            before.funnel_version != after.funnel_version
        )

    @property
    def is_other_program(self) -> bool:
        """Whether the models differ; `code` is another one with another seed, too."""
        before, after = self.before.publication, self.after.publication
        return not self.definition and before.code != after.code


@dataclass(frozen=True)
class Moved:
    """A metric of a month, or of a fiscal period, that differs, or is the same of
    other leads."""

    metric: Metric
    period: str
    """2026-03, the fiscal period, or all."""
    causes: Mapping[str, Decimal] = field(default_factory=dict)
    """What its difference is the sum of, by cause; of a rate, a cost or a median how
    many leads differ in what it is made of."""
    is_sum: bool = False
    """Whether `causes` add up to the difference."""


@dataclass(frozen=True)
class Shifted:
    """Spend of a fiscal period that another campaign has now; no campaign is none."""

    period: str
    before: str | None
    after: str | None
    amount: Decimal
    """In the reporting currency, by what it is now."""
    cause: str


@dataclass(frozen=True)
class Found:
    pair: Pair
    monthly: Sequence[Moved]
    spend: Sequence[Moved]
    shifted: Sequence[Shifted]
    """Of the spend, what went from one campaign to another."""
    lifecycles: Mapping[str, int]
    """How many lifecycles differ, by cause."""
    lines: Mapping[str, int]
    """The same of lines of spend."""
    months: int


def chosen(project: Project, before: str | None, after: str | None) -> Pair:
    """The two publications; a sentence where there are no two."""
    there = kept.publications(project)
    if after is not None:
        later = kept.named(project, after)
    else:
        shown = [one for one in there if one.is_shown] or there[:1]
        if not shown:
            raise LeadFunnelError(
                f"Nothing is published in {project.published}: `lead-funnel run` "
                "publishes."
            )
        later = shown[0]
    if before is not None:
        return Pair(kept.named(project, before), later)
    ids = [one.id for one in there]
    older = there[ids.index(later.id) + 1 :]
    if not older:
        raise LeadFunnelError(
            f"There is no publication before {later.id} to compare it with: the next "
            "run that finds something makes one."
        )
    return Pair(older[0], later)


def find(pair: Pair) -> Found:
    """Everything that differs, with its causes."""
    with _opened(pair) as connection:
        causes.collect(
            connection,
            pair.as_of,
            reads_leads_otherwise=pair.reads_leads_otherwise,
            maps_campaigns_otherwise=CAMPAIGN_MAPPINGS in pair.definition,
            is_other_program=pair.is_other_program,
        )
        _collect_moves(connection)
        both = [
            Side(label, ACTUAL, database) for label, database in (("A", A), ("B", B))
        ]
        every = list(metrics(Compared(connection, *both)))
        return Found(
            pair=pair,
            monthly=list(_monthly(connection, every)),
            spend=list(_spend(connection)),
            shifted=_shifted(connection),
            lifecycles=_counted(connection, "lifecycle_causes"),
            lines=_counted(connection, "line_causes"),
            months=len({metric.month for metric in every if metric.month}),
        )


@contextmanager
def _opened(pair: Pair) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, side in ((A, pair.before), (B, pair.after)):
            path = literal(str(side.folder / DATABASE))
            try:
                connection.execute(f"attach {path} as {name} (read_only)")
            except duckdb.Error as error:
                raise LeadFunnelError(
                    f"The publication {side.id} cannot be opened: `lead-funnel "
                    "publications --check` says what is wrong with it."
                ) from error
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise LeadFunnelError(
                f"{pair.before.id} and {pair.after.id} cannot be compared: one of "
                f"them was published by a version that lacks a table ({error})."
            ) from error


def _counted(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    return dict(
        connection.execute(
            f"select cause, count(*) from {table} group by 1 order by 2 desc, 1"
        ).fetchall()
    )


# Hand-offs, by month.


def _collect_moves(connection: duckdb.DuckDBPyConnection) -> None:
    """What each lifecycle that differs takes from a month and gives to one, as the
    temporary table `moves` (lifecycle_id, cause, month, and a column a measure)."""
    flags = ", ".join(
        f"(case when {rule} then 1 else 0 end) as {name}"
        for name, rule in causes.FLAGS.items()
    )
    amounts = ", ".join(f"coalesce({name}, 0) as {name}" for name in causes.AMOUNTS)
    sides = " union all ".join(
        f"select lifecycle_id, {sign} as sign, "
        "cast(date_trunc('month', handed_off_date) as date) as month, "
        f"{flags}, {amounts} from {database}.marts.fct_lead_lifecycles "
        "where origin = 'marketing' "
        "and lifecycle_id in (select lifecycle_id from lifecycle_causes)"
        for sign, database in ((-1, A), (1, B))
    )
    sums = ", ".join(f"sum(sign * {name}) as {name}" for name in MEASURES)
    connection.execute(
        f"create or replace temporary table moves as with sides as ({sides}) "
        f"select lifecycle_id, cause, month, {sums} from sides "
        "inner join lifecycle_causes using (lifecycle_id) group by all"
    )


def _monthly(
    connection: duckdb.DuckDBPyConnection, every: Sequence[Metric]
) -> Iterator[Moved]:
    told = _moves(connection)
    for metric in every:
        period = f"{metric.month:%Y-%m}" if metric.month else ALL
        of_month = told.get(metric.month, {})
        is_sum = metric.name in MEASURES
        name = metric.name if is_sum or metric.name in RATES else "any"
        found = dict(of_month.get(name, {}))
        if is_sum:
            found = _with_rest(found, metric)
        if metric.differs or (is_sum and found):
            yield Moved(metric, period, found, is_sum)


def _moves(
    connection: duckdb.DuckDBPyConnection,
) -> dict[date | None, dict[str, dict[str, Decimal]]]:
    """By month (none is all), measure or rate, and cause: by how much, or how many
    leads."""
    counts = [f"sum({name}) as {name}" for name in MEASURES]
    counts += [
        f"count(*) filter ({top} <> 0 or {bottom} <> 0) as {name}"
        for name, (top, bottom) in RATES.items()
    ]
    counts.append("count(*) as any")
    chosen = ", ".join(counts).replace(" as any", ' as "any"')
    sums = ", ".join(f"sum({name}) as {name}" for name in MEASURES)
    answer = connection.execute(
        f"select month, cause, {chosen} from moves group by 1, 2 "
        "union all "
        f"select null, cause, {chosen} from (select lifecycle_id, cause, {sums} "
        "from moves group by 1, 2) group by 1, 2"
    )
    names = [column[0] for column in answer.description or ()][2:]
    found: dict[date | None, dict[str, dict[str, Decimal]]] = {}
    for month, cause, *values in answer.fetchall():
        for name, value in zip(names, values, strict=True):
            if value:
                of_month = found.setdefault(month, {})
                of_month.setdefault(name, {})[cause] = Decimal(value)
    return found


def _with_rest(found: dict[str, Decimal], metric: Metric) -> dict[str, Decimal]:
    """The causes, and what they do not add up to."""
    difference = Decimal(repr(metric.after or 0)) - Decimal(repr(metric.before or 0))
    rest = difference - sum(found.values(), Decimal(0))
    return {**found, "unknown": rest} if abs(rest) > Decimal("0.005") else found


# Spend, by fiscal period.


def _spend(connection: duckdb.DuckDBPyConnection) -> Iterator[Moved]:
    before, after = (_totals(connection, database) for database in (A, B))
    lines = _changes(
        connection,
        "select spend_id as id, fiscal_period_id, amount_reporting as value "
        "from {}.marts.fct_spend",
        "select spend_id as id, cause from line_causes",
    )
    leads = _changes(
        connection,
        "select lifecycle_id as id, fiscal_period_id, sum(weight) as value "
        "from {0}.marts.fct_attributed_acceptances where attribution_model = "
        "(select min(attribution_model) from {0}.marts.fct_attributed_acceptances) "
        "group by all",
        "select lifecycle_id as id, cause from lifecycle_causes",
    )
    for period in sorted({*before, *after}, key=lambda name: (name == ALL, name)):
        here = [side.get(period, (Decimal(0), Decimal(0))) for side in (before, after)]
        (spent_a, sals_a), (spent_b, sals_b) = here
        of_lines, of_leads = lines.get(period, {}), leads.get(period, {})
        rows = (
            (SPEND, spent_a, spent_b, of_lines, True),
            (SALS, sals_a, sals_b, of_leads, True),
            (COST, _per(spent_a, sals_a), _per(spent_b, sals_b), {}, False),
        )
        for name, old, new, found, is_sum in rows:
            metric = Metric(None, name, _float(old), _float(new))
            told = _with_rest(dict(found), metric) if is_sum else {}
            if metric.differs or told:
                yield Moved(metric, period, told, is_sum)


def _shifted(connection: duckdb.DuckDBPyConnection) -> list[Shifted]:
    """What is of the same period as before and of another campaign, the largest
    first."""
    rows = connection.execute(
        "select b.fiscal_period_id, a.campaign_id, b.campaign_id, "
        "sum(b.amount_reporting), line_causes.cause "
        f"from {A}.marts.fct_spend as a inner join {B}.marts.fct_spend as b "
        "on a.spend_id = b.spend_id and a.fiscal_period_id = b.fiscal_period_id "
        "and a.campaign_id is distinct from b.campaign_id "
        "inner join line_causes on b.spend_id = line_causes.spend_id "
        "group by all order by 1, abs(sum(b.amount_reporting)) desc, 2, 3, 5"
    ).fetchall()
    return [Shifted(*row) for row in rows]


def _totals(
    connection: duckdb.DuckDBPyConnection, database: str
) -> dict[str, tuple[Decimal, Decimal]]:
    """Spend and accepted leads of each fiscal period, and of all. Any attribution
    model has the same, as its weights make one acceptance."""
    rows = connection.execute(
        "select coalesce(fiscal_period_id, 'all'), sum(spend_reporting), "
        f"round(sum(attributed_sals), 6) from {database}.marts.mart_spend_per_sal "
        "where attribution_model = (select min(attribution_model) from "
        f"{database}.marts.mart_spend_per_sal) "
        "group by rollup (fiscal_period_id)"
    ).fetchall()
    return {
        period: (spent or Decimal(0), sals or Decimal(0))
        for period, spent, sals in rows
    }


def _changes(
    connection: duckdb.DuckDBPyConnection, side: str, reasons: str
) -> dict[str, dict[str, Decimal]]:
    """By fiscal period (and all) and cause what lines or leads changed it by."""
    rows = connection.execute(
        f"with a as ({side.format(A)}), b as ({side.format(B)}), "
        "sides as (select id, fiscal_period_id, -value as value from a union all "
        "select id, fiscal_period_id, value from b) "
        "select coalesce(fiscal_period_id, 'all'), coalesce(cause, 'unknown'), "
        f"round(sum(value), 6) from sides left join ({reasons}) using (id) "
        "group by grouping sets ((fiscal_period_id, cause), (cause)) "
        "having abs(sum(value)) > 0.000001"
    ).fetchall()
    found: dict[str, dict[str, Decimal]] = {}
    for period, cause, value in rows:
        found.setdefault(period, {})[cause] = value
    return found


def _per(spent: Decimal, sals: Decimal) -> Decimal | None:
    return spent / sals if sals else None


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
