"""What each table of the report must hold, worked out by SQL on the facts.

Written from docs/semantics.md and not from the report's queries. Rates and intervals
are worked out in Python (scipy's Wilson interval).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import duckdb
from scipy.stats import binomtest

from orchestration.project import ROOT

Row = dict[str, Any]

TOKYO = "interval '9' hour"
"""The sample's reporting zone knows no summer time."""


@dataclass(frozen=True)
class Choice:
    """What is chosen on the page."""

    first: str = "0001-01-01"
    last: str = "9999-12-01"
    """Months, each by its first day."""
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By channel, team, campaign and version."""

    def months(self, column: str) -> str:
        return (
            f"date_trunc('month', {column})::date "
            f"between date '{self.first}' and date '{self.last}'"
        )

    def of(self, dimension: str, column: str) -> str:
        chosen = self.values.get(dimension)
        if not chosen:
            return "true"
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in chosen)
        return f"coalesce({column}, '') in ({listed})"

    def where(
        self, day: str = "handed_off_date", campaign: str = "last_campaign_id"
    ) -> str:
        """A condition on lifecycles."""
        return " and ".join(
            [
                self.months(day),
                self.of("channel", "channel"),
                self.of("team", "team"),
                self.of("campaign", campaign),
                self.of("version", "definition_version"),
            ]
        )


def interval(name: str, part: float, whole: float) -> Row:
    """A rate and its bounds as fields of a row."""
    if not whole:
        return {name: None, f"{name}_lower": None, f"{name}_upper": None}
    bounds = binomtest(int(part), int(whole)).proportion_ci(method="wilson")
    return {
        name: part / whole,
        f"{name}_lower": bounds.low,
        f"{name}_upper": bounds.high,
    }


class Expected:
    """The rows of the tables for a choice, by figure."""

    def __init__(self, marts: duckdb.DuckDBPyConnection) -> None:
        self.marts = marts

    def ask(self, sql: str) -> list[Row]:
        answer = self.marts.execute(sql)
        names = [column[0] for column in answer.description or []]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def handoffs(self, choice: Choice, key: str) -> list[Row]:
        """Counts of marketing's hand-offs by a key."""
        return self.ask(
            f"""
            select
                {key} as key,
                count(*) as handed_off,
                count_if(outcome = 'accepted') as accepted,
                count_if(outcome = 'rejected') as rejected,
                count_if(outcome = 'ignored') as ignored,
                count_if(outcome = 'pending') as pending,
                count_if(sql_at is not null) as sql,
                count_if(opportunity_at is not null) as opportunity,
                count_if(coalesce(exit_stage, '') = 'won') as won,
                count_if(outcome = 'accepted' and sql_at is not null) as sal_sql,
                count_if(sql_at is not null and opportunity_at is not null)
                    as sql_opportunity,
                count_if(
                    opportunity_at is not null and coalesce(exit_stage, '') = 'won'
                ) as opportunity_won
            from marts.fct_lead_lifecycles
            where origin = 'marketing' and outcome <> 'withdrawn' and {choice.where()}
            group by 1 order by 1
            """
        )

    # By figure, each row with its key under "key".

    def funnel_handoffs(self, choice: Choice) -> list[Row]:
        [each] = self.handoffs(choice, "''") or [None]
        if each is None:
            return []
        steps = [
            ("handed_off", None, None),
            ("accepted", each["accepted"], each["handed_off"]),
            ("sql", each["sal_sql"], each["accepted"]),
            ("opportunity", each["sql_opportunity"], each["sql"]),
            ("won", each["opportunity_won"], each["opportunity"]),
        ]
        return [
            {
                "key": name,
                "count": each[name],
                "of_all": each[name] / each["handed_off"],
                **interval("of_before", part or 0, whole or 0),
            }
            for name, part, whole in steps
        ]

    def funnel_entries(self, choice: Choice) -> list[Row]:
        found = []
        for name, instant, condition in (
            ("inquiry", "inquiry_at", "true"),
            ("mql", "mql_at", "true"),
            ("handed_off", "handed_off_at", "origin = 'marketing'"),
            ("accepted", "accepted_at", "origin = 'marketing'"),
            ("sql", "sql_at", "origin = 'marketing'"),
            ("opportunity", "opportunity_at", "origin = 'marketing'"),
            ("won", "exited_at", "origin = 'marketing' and exit_stage = 'won'"),
        ):
            [row] = self.ask(
                f"""
                select '{name}' as key, count(*) as count
                from marts.fct_lead_lifecycles
                where {instant} is not null and {condition}
                and {choice.where(f"({instant} + {TOKYO})")}
                """
            )
            before = found[-1]["count"] if found else 0
            row["of_before"] = row["count"] / before if before else None
            first = found[0]["count"] if found else row["count"]
            row["of_all"] = row["count"] / first if first else None
            found.append(row)
        return found if any(row["count"] for row in found) else []

    def _monthly(self, choice: Choice, metric: str, part: str) -> list[Row]:
        months = "date_trunc('month', handed_off_date)::date"
        expected = {
            row["key"]: row
            for row in self.ask(
                f"""
                select
                    {months} as key,
                    sum(accepted + expected_acceptances)::double as middle,
                    sum(expected_variance)::double as variance,
                    sum(expected_curve_error)::double as error,
                    sum(pending_without_curve) as without_curve
                from marts.mart_funnel_cohort
                where {choice.where(campaign="campaign_id")} group by 1
                """
            )
        }
        targets = {
            row["month_start_date"]: float(row["target"])
            for row in self.ask(
                f"select month_start_date, target from marts.mart_kpi_scorecard "
                f"where metric = '{metric}' and dimension = 'all'"
            )
        }
        rows = []
        for row in self.handoffs(choice, months):
            key, whole = row["key"], row["handed_off"]
            row["key"] = row["month"] = key.isoformat()
            row |= interval(metric, row[part], whole)
            row["target"] = targets.get(key)
            row["projected"] = None
            row["open_upper"] = None
            if row["pending"]:
                at = expected[key]
                if not at["without_curve"]:
                    margin = (
                        1.959963984540054 * (at["variance"] + at["error"] ** 2) ** 0.5
                    )
                    row["projected"] = at["middle"] / whole
                    row["projected_lower"] = (
                        max(row["accepted"], at["middle"] - margin) / whole
                    )
                    row["projected_upper"] = (
                        min(row["accepted"] + row["pending"], at["middle"] + margin)
                        / whole
                    )
                row["open_upper"] = (row[part] + row["pending"]) / whole
            rows.append(row)
        return rows

    def sal_by_month(self, choice: Choice) -> list[Row]:
        rows = self._monthly(choice, "sal_rate", "accepted")
        for row in rows:
            del row["open_upper"]
        return rows

    def ignore_by_month(self, choice: Choice) -> list[Row]:
        rows = self._monthly(choice, "ignore_rate", "ignored")
        for row in rows:
            for name in [name for name in row if name.startswith("projected")]:
                del row[name]
        return rows

    def _grouped(self, choice: Choice, key: str) -> list[Row]:
        return [
            {
                **row,
                **interval("sal_rate", row["accepted"], row["handed_off"]),
                **interval("ignore_rate", row["ignored"], row["handed_off"]),
            }
            for row in self.handoffs(choice, f"coalesce({key}, '')")
        ]

    def by_channel(self, choice: Choice) -> list[Row]:
        return self._grouped(choice, "channel")

    def by_campaign(self, choice: Choice) -> list[Row]:
        return self._grouped(choice, "last_campaign_id")

    def by_team(self, choice: Choice) -> list[Row]:
        return self._grouped(choice, "team")

    def by_rep(self, choice: Choice) -> list[Row]:
        numbers = {
            row["owner_id"]: place
            for place, row in enumerate(
                self.ask(
                    "select distinct owner_id from marts.fct_lead_lifecycles "
                    "where origin = 'marketing' and owner_id is not null order by 1"
                ),
                start=1,
            )
        }
        rows = self._grouped(choice, "owner_id")
        for row in rows:
            row["key"] = f"Rep {numbers[row['key']]}" if row["key"] else "(nobody)"
        return rows

    def open_now(self, choice: Choice) -> list[Row]:
        bands = sorted(float(row["from_business_hours"]) for row in seed("age_bands"))
        rows: dict[float, Row] = {}
        for lead in self._queue(choice):
            start = max(each for each in bands if each <= lead["open_business_hours"])
            row = rows.setdefault(
                start,
                {"key": start, "open": 0, "overdue": 0, "in_time": 0}
                | {"respond": 0, "decide": 0},
            )
            row["open"] += 1
            row["overdue" if lead["is_overdue"] else "in_time"] += 1
            row[lead["next_step"]] += 1
        return [rows[key] for key in sorted(rows)]

    def _queue(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            with queue as (
                select
                    queue.*,
                    lifecycles.handed_off_date,
                    lifecycles.definition_version
                from marts.mart_handoff_queue as queue
                inner join marts.fct_lead_lifecycles as lifecycles
                    using (lifecycle_id)
            )
            select * from queue where {choice.where(campaign="campaign_id")}
            """
        )

    def due_next(self, choice: Choice) -> list[Row]:
        waiting: dict[str, int] = defaultdict(int)
        for lead in self._queue(choice):
            # Without hours left its clock has stopped.
            if lead["is_overdue"] or lead["business_hours_left"] is None:
                continue
            waiting[str((lead["due_at"] + timedelta(hours=9)).date())] += 1
        return [{"key": day, "waiting": waiting[day]} for day in sorted(waiting)]

    def stock_by_day(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            select
                strftime(snapshot_date, '%Y-%m-%d') as key,
                sum(open_handoffs) as open_handoffs,
                sum(overdue_handoffs) as overdue_handoffs
            from marts.mart_funnel_snapshot
            where {choice.months("snapshot_date")}
                and {choice.of("channel", "channel")} and {choice.of("team", "team")}
            group by 1 order by 1
            """
        )

    def _reasons(self, choice: Choice, key: str) -> list[Row]:
        return self.ask(
            f"""
            select
                {key} as key,
                coalesce(rejection_reason, '') as reason,
                count(*) as rejected
            from marts.fct_lead_lifecycles
            where origin = 'marketing' and outcome = 'rejected' and {choice.where()}
            group by 1, 2 order by 1, 3 desc, 2
            """
        )

    def refused(self, choice: Choice) -> list[Row]:
        most: dict[str, int] = {}
        for row in self._reasons(choice, "coalesce(last_campaign_id, '')"):
            most[row["key"]] = max(most.get(row["key"], 0), row["rejected"])
        return [
            {
                "key": row["key"],
                "handed_off": row["handed_off"],
                "rejected": row["rejected"],
                "reason_share": most[row["key"]] / row["rejected"]
                if row["rejected"]
                else None,
                **interval("rejection_rate", row["rejected"], row["handed_off"]),
            }
            for row in self.handoffs(choice, "coalesce(last_campaign_id, '')")
        ]

    def reasons(self, choice: Choice) -> list[Row]:
        whose = {
            row["reason"]: f"{row['owner_department']}'".replace("'", "")
            for row in seed("rejection_reasons")
        }
        said = {"marketing": "marketing's to fix", "sales": "sales' to fix"}
        rows = self._reasons(choice, "''")
        all_of_them = sum(row["rejected"] for row in rows)
        return [
            {
                "key": row["reason"],
                "rejected": row["rejected"],
                "share": row["rejected"] / all_of_them,
                "whose": said.get(whose.get(row["reason"], ""), "nobody said"),
            }
            for row in rows
        ]

    def curves(self, choice: Choice) -> list[Row]:
        leads = self.ask(
            f"""
            select
                strftime(handed_off_date, '%Y-%m-01') as month,
                age_business_days as age,
                outcome
            from marts.fct_lead_lifecycles
            where origin = 'marketing' and {choice.where()}
            """
        )
        found = []
        for month in sorted({lead["month"] for lead in leads}):
            of_month = [lead for lead in leads if lead["month"] == month]
            still, accepted = 1.0, 0.0
            for age in sorted({lead["age"] for lead in of_month}):
                there = [lead for lead in of_month if lead["age"] >= age]
                now = [lead for lead in there if lead["age"] == age]
                gained = sum(lead["outcome"] == "accepted" for lead in now)
                settled = sum(lead["outcome"] != "pending" for lead in now)
                accepted += still * gained / len(there)
                still *= 1 - settled / len(there)
                found.append(
                    {
                        "key": f"{month} {age}",
                        "at_risk": len(there),
                        "accepted": gained,
                        "share": accepted,
                    }
                )
        return found

    def heatmap(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            select
                isodow(handed_off_at + {TOKYO}) || ' '
                || hour(handed_off_at + {TOKYO}) as key,
                count(*) as handed_off,
                count_if(outcome = 'ignored') as ignored,
                count(first_response_at) as responded,
                avg(response_hours) as mean_hours
            from marts.fct_lead_lifecycles
            where origin = 'marketing' and outcome <> 'withdrawn' and {choice.where()}
            group by 1
            """
        )

    def reached(self, choice: Choice) -> list[Row]:
        found = []
        for name, minutes in (
            ("5_minutes", 5),
            ("15_minutes", 15),
            ("1_hour", 60),
            ("4_hours", 240),
            ("24_hours", 1440),
        ):
            [row] = self.ask(
                f"""
                select
                    'within_{name}' as key,
                    count(*) as old_enough,
                    count_if(
                        first_response_at <= handed_off_at + interval '{minutes}' minute
                    ) as reached
                from marts.fct_lead_lifecycles
                where origin = 'marketing' and outcome <> 'withdrawn'
                    and handed_off_at + interval '{minutes}' minute <= as_of
                    and {choice.where()}
                """
            )
            if row["old_enough"]:
                found.append(
                    {**row, **interval("rate", row["reached"], row["old_enough"])}
                )
        return found

    def delays(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            select
                coalesce(team, '') as key,
                count(*) as answered,
                avg(routing) as routing,
                avg(own) as own
            from marts.fct_lead_lifecycles
            inner join (
                select lifecycle_id, routing_hours as routing, rep_hours as own
                from marts.fct_handoffs where routing_hours is not null
            ) using (lifecycle_id)
            where origin = 'marketing' and outcome <> 'withdrawn' and {choice.where()}
            group by 1
            """
        )

    def sla(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            select
                coalesce(team, 'All') || ' ' || sla_business_hours as key,
                sum(handed_off) as handed_off,
                sum(ignored) as ignored,
                sum(ignored) / nullif(sum(handed_off), 0) as ignore_rate
            from marts.mart_sla_sensitivity
            where {choice.months("cohort_month_date")} and {choice.of("team", "team")}
            group by grouping sets ((team, sla_business_hours), (sla_business_hours))
            """
        )

    def scores(self, choice: Choice) -> list[Row]:
        bands = [
            (row["score_band"], float(row["lower_bound"] or "-inf"))
            for row in seed("score_bands")
        ]
        counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for lead in self.ask(
            f"""
            select score_at_handoff as score, is_score_merged, outcome
            from marts.fct_lead_lifecycles
            where origin = 'marketing' and outcome <> 'withdrawn' and {choice.where()}
            """
        ):
            if lead["is_score_merged"]:
                band = "merged scores"
            elif lead["score"] is None:
                band = "no score"
            else:
                band = [name for name, lower in bands if lower <= lead["score"]][-1]
            counts[band][0] += 1
            counts[band][1] += lead["outcome"] == "accepted"
        handed_off = sum(count for count, _ in counts.values())
        accepted = sum(count for _, count in counts.values())
        return [
            {
                "key": band,
                "handed_off": whole,
                "accepted": part,
                "lift": (part / whole) / (accepted / handed_off) if accepted else None,
                **interval("sal_rate", part, whole),
            }
            for band, (whole, part) in counts.items()
        ]

    def auc(self, choice: Choice) -> list[Row]:
        return self.ask(
            f"""
            select distinct
                strftime(month_start_date, '%Y-%m-%d') as key,
                auc, brier_score, base_brier_score, best_threshold
            from marts.mart_score_calibration
            where {choice.months("month_start_date")}
            """
        )

    def _costs(self, choice: Choice, key: str) -> list[Row]:
        rows = self.ask(
            f"""
            select
                case
                    when cost_kind = 'unallocated' then '(unallocated)'
                    else coalesce({key}, '')
                end as key,
                sum(spend_reporting)::double as spend,
                sum(
                    case
                        when cost_kind = 'unallocated' then spend_reporting
                        else spend_with_allocated_reporting
                    end
                )::double as with_allocated,
                sum(attributed_sals)::double as sals,
                sum(attributed_won_amount_reporting)::double as won_amount
            from marts.mart_spend_per_sal as spend
            left join marts.dim_campaigns as campaigns
                on spend.campaign_id = campaigns.campaign_id
            where attribution_model = 'linear' and cost_kind <> 'allocated'
                and {choice.months("period_start_date")}
                and {choice.of("channel", "campaigns.channel")}
                and {choice.of("campaign", "spend.campaign_id")}
            group by 1
            """
        )
        for row in rows:
            sals = row["sals"]
            row["cost"] = row["spend"] / sals if sals else None
            row["cost_with_allocated"] = row["with_allocated"] / sals if sals else None
        return rows

    def cost_by_channel(self, choice: Choice) -> list[Row]:
        return self._costs(choice, "campaigns.channel")

    def cost_by_campaign(self, choice: Choice) -> list[Row]:
        return self._costs(choice, "spend.campaign_id")

    def pacing(self, choice: Choice) -> list[Row]:
        chosen = [name for name, values in choice.values.items() if values]
        dimension, value = "all", "all"
        if len(chosen) == 1 and len(choice.values[chosen[0]]) == 1:
            [value] = choice.values[chosen[0]]
            dimension = chosen[0].replace("version", "definition_version")
        value = value.replace("'", "''")
        return self.ask(
            f"""
            select
                metric || ' ' || strftime(date_day, '%Y-%m-%d') as key,
                actual, previous, mean_of_last_4, target_to_date
            from marts.mart_pacing
            where period_type = 'fiscal_quarter'
                and metric in ('handed_off', 'accepted')
                and dimension = '{dimension}'
                and (dimension = 'all' or coalesce(dimension_value, '') = '{value}')
                and coalesce(actual, previous) is not null
            """
        )

    def plan(self, choice: Choice) -> list[Row]:
        [(last,)] = self.marts.execute(
            "select date_trunc('month', max(as_of) + interval '9' hour)::date "
            "from marts.fct_lead_lifecycles"
        ).fetchall()
        until = choice.last if date.fromisoformat(choice.last) < last else "9999-12-01"
        return self.ask(
            f"""
            select
                metric || ' ' || strftime(month_start_date, '%Y-%m-%d') as key,
                target::double as target,
                actual,
                needed_handoffs,
                missing_handoffs
            from marts.mart_kpi_scorecard
            where month_start_date >= date '{choice.first}'
                and month_start_date <= date '{until}'
            """
        )

    def history(self, _: Choice) -> list[Row]:
        return self.ask(
            f"""
            select
                concat_ws('.', source, source_table, nullif(field, '*')) as key,
                changes,
                kept_days,
                changes_gone,
                datediff('day', as_of, last_loaded_at + to_days(kept_days))
                    as days_until_lost,
                strftime(first_at + {TOKYO}, '%Y-%m-%d') as first_day,
                strftime(last_at + {TOKYO}, '%Y-%m-%d') as last_day
            from marts.mart_history_coverage
            """
        )

    def quarantine(self, _: Choice) -> list[Row]:
        return self.ask(
            """
            select
                rule || ' · ' || source || '.' || source_table as key,
                count(*) as rows
            from marts.quarantine group by 1
            """
        )


KEYS: dict[str, Callable[[Row], object]] = {
    "funnel_handoffs": lambda row: row["stage"],
    "funnel_entries": lambda row: row["stage"],
    "sal_by_month": lambda row: row["month"],
    "ignore_by_month": lambda row: row["month"],
    "by_channel": lambda row: row["value"],
    "by_campaign": lambda row: row["value"],
    "by_team": lambda row: row["value"],
    "by_rep": lambda row: row["label"].split(" · ")[0],
    "open_now": lambda row: row["from"],
    "due_next": lambda row: row["label"].split(" ")[0],
    "stock_by_day": lambda row: row["day"],
    "refused": lambda row: row["value"],
    "reasons": lambda row: row["reason"],
    "curves": lambda row: f"{row['month']} {row['age']}",
    "heatmap": lambda row: f"{row['weekday']} {row['hour']}",
    "reached": lambda row: row["limit"],
    "delays": lambda row: row["value"],
    "sla": lambda row: f"{row['label']} {row['hours']}",
    "scores": lambda row: row["label"],
    "auc": lambda row: row["month"],
    "cost_by_channel": lambda row: row["value"],
    "cost_by_campaign": lambda row: row["value"],
    "pacing": lambda row: f"{row['metric']} {row['day']}",
    "plan": lambda row: f"{row['metric']} {row['month']}",
    "history": lambda row: row["label"],
    "quarantine": lambda row: row["label"],
}
"""How a row of the page is named by `key` here."""


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))
