"""The handwritten tables in polars: `python -m benchmarks.in_polars <landing>`.

The same reading of the same exports as handwritten_sql, lazily and by the
streaming engine, but only up to the figures that the benchmark compares; nothing
is written to disk.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from benchmarks.handwritten import SEEDS, Figures

LIFE = ("person_id", "lifecycle_no")
INSTANT = "%Y-%m-%d %H:%M:%S"
OPENS, OPEN_SECONDS, SLA_SECONDS = 9 * 3600, 9 * 3600, 18 * 3600
TOKYO = timedelta(hours=9)
MOST_RECORDS = 50


def export(landing: Path, table: str) -> pl.LazyFrame:
    return pl.scan_parquet(landing / "generic" / table / "*.parquet")


def instant(column: str) -> pl.Expr:
    """Null where the text is none."""
    return pl.col(column).str.to_datetime(INSTANT, time_unit="us", strict=False)


def key(column: str) -> pl.Expr:
    return pl.col(column).hash(seed=0)


def collected(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.collect(engine="streaming")


def latest(table: pl.LazyFrame, column: str, loaded_at: datetime) -> datetime:
    known = pl.col(column) <= loaded_at.strftime(INSTANT)
    return collected(table.filter(known).select(instant(column).max())).item()


def leads_of(landing: Path) -> pl.DataFrame:
    versions = export(landing, "lead").sort("updated_at")
    return collected(
        versions.unique("lead_id", keep="last").select(
            lead_id=key("lead_id"),
            created_at=instant("created_at"),
            owner_id="owner_id",
            email=pl.col("email").str.to_lowercase(),
            company="company",
            source="source",
            status="status",
            is_deleted=pl.col("is_deleted") == "true",
            merged_id=pl.when(pl.col("merged_into_id").is_not_null()).then(
                key("merged_into_id")
            ),
        )
    )


def people_of(leads: pl.DataFrame) -> pl.DataFrame:
    """Each lead's person: labels run along the links until nothing changes."""
    same = (
        leads.filter(pl.len().over("email") > 1)
        .select(a="lead_id", b=pl.col("lead_id").min().over("email"))
        .filter(pl.col("a") != pl.col("b"))
    )
    merged = leads.filter(pl.col("merged_id").is_not_null()).select(
        a="lead_id", b="merged_id"
    )
    links = pl.concat([same, merged])
    edges = pl.concat([links, links.select(a="b", b="a")])
    labels = edges.select(node="a", label="a").unique()
    while True:
        nearer = (
            edges.join(labels, left_on="a", right_on="node")
            .group_by("b")
            .agg(pl.col("label").min())
        )
        fresh = labels.join(nearer, left_on="node", right_on="b", how="left").select(
            "node", label=pl.min_horizontal("label", "label_right")
        )
        if fresh["label"].equals(labels["label"]):
            break
        labels = fresh
    is_dissolved = pl.len().over("label") > MOST_RECORDS
    return (
        leads.join(
            labels.select(
                "node",
                label=pl.when(is_dissolved).then("node").otherwise("label"),
            ),
            left_on="lead_id",
            right_on="node",
            how="left",
        )
        .with_columns(person_id=pl.coalesce("label", "lead_id"))
        # A person without a live record is not told of.
        .filter(
            (~pl.col("is_deleted") & pl.col("merged_id").is_null())
            .any()
            .over("person_id")
        )
    )


def events_of(
    landing: Path, people: pl.DataFrame, seeds: Path, loaded_at: datetime
) -> tuple[pl.DataFrame, datetime]:
    """Stage events cut into lifecycles, and the last change of a status."""
    rules = (
        pl.read_csv(seeds / "stage_rules.csv", infer_schema=False)
        .filter(
            (pl.col("definition_version") == "v1")
            & (pl.col("source") == "generic")
            & (pl.col("field") == "status")
        )
        .select(status="value", stage="stage")
    )
    stages = pl.read_csv(seeds / "stages.csv").select("stage", "rank", "kind")
    of_lead = people.select(
        "lead_id",
        "person_id",
        first_created_at=pl.col("created_at").min().over("person_id"),
    )
    history = collected(
        export(landing, "lead_status_history")
        .filter(pl.col("field") == "status")
        .select(
            "old_value",
            "new_value",
            actor_id="changed_by",
            lead_id=key("lead_id"),
            occurred_at=instant("changed_at"),
        )
        .join(of_lead.lazy(), on="lead_id")
        .filter(
            pl.col("occurred_at").is_between(
                pl.col("first_created_at") - timedelta(days=1), pl.lit(loaded_at)
            )
        )
    )
    # Of changes within one instant the head of the old -> new chain.
    first_changes = history.filter(
        pl.col("occurred_at") == pl.col("occurred_at").min().over("lead_id")
    ).select("lead_id", "old_value", "new_value")
    made = first_changes.select(
        "lead_id", pl.col("new_value").alias("old_value"), is_made=True
    ).unique()
    first_values = (
        first_changes.join(made, on=["lead_id", "old_value"], how="left")
        .sort("lead_id", "is_made", "old_value", "new_value", nulls_last=False)
        .unique("lead_id", keep="first", maintain_order=True)
        .select("lead_id", first="old_value")
    )
    columns = ["person_id", "stage", "occurred_at", "actor_id", "lead_id"]
    changes = history.join(rules, left_on="new_value", right_on="status").select(
        columns
    )
    creations = (
        people.join(first_values, on="lead_id", how="left")
        .with_columns(first=pl.coalesce("first", "status"))
        .join(rules, left_on="first", right_on="status")
        .select(
            "person_id",
            "stage",
            occurred_at="created_at",
            actor_id=pl.lit(None, pl.String),
            lead_id="lead_id",
        )
    )
    opportunities = collected(
        export(landing, "opportunity")
        .select(
            actor_id="owner_id",
            lead_id=key("lead_id"),
            created_at=instant("created_at"),
            closed_at=instant("closed_at"),
            exit=pl.when(pl.col("is_won") == "true")
            .then(pl.lit("won"))
            .otherwise(pl.lit("lost")),
        )
        .join(people.lazy().select("lead_id", "person_id"), on="lead_id")
    )
    opened = opportunities.select(
        "person_id",
        stage=pl.lit("opportunity"),
        occurred_at="created_at",
        actor_id="actor_id",
        lead_id="lead_id",
    )
    closed = opportunities.filter(pl.col("closed_at").is_not_null()).select(
        "person_id",
        stage="exit",
        occurred_at="closed_at",
        actor_id="actor_id",
        lead_id="lead_id",
    )
    is_exit = pl.col("kind") == "exit"
    events = (
        pl.concat([changes, creations, opened, closed])
        .unique(["person_id", "stage", "occurred_at"])
        .join(stages, on="stage")
        .sort("person_id", "occurred_at", "rank")
        .with_columns(after_exit=is_exit.shift(1).over("person_id").fill_null(True))
        .with_columns(
            lifecycle_no=(~is_exit & pl.col("after_exit")).cum_sum().over("person_id")
        )
        .filter(~(is_exit & pl.col("after_exit")))
        .with_columns(event_no=pl.int_range(pl.len()).over(LIFE))
    )
    last = [
        history["occurred_at"].max(),
        opportunities["created_at"].max(),
        opportunities["closed_at"].max(),
    ]
    return events, max(last)  # type: ignore[type-var,return-value]


def lifecycles_of(events: pl.DataFrame, users: pl.DataFrame) -> pl.DataFrame:
    at, stage, kind = pl.col("occurred_at"), pl.col("stage"), pl.col("kind")
    is_sales = pl.col("is_sales").fill_null(True)
    life = (
        events.join(users, left_on="actor_id", right_on="id", how="left")
        .group_by(LIFE)
        .agg(
            *(
                at.filter(stage == name).min().alias(f"{name}_at")
                for name in ("mql", "handed_off", "tal", "sal", "sql", "opportunity")
            ),
            mql_no=pl.col("event_no").filter(stage == "mql").min(),
            sales_no=pl.col("event_no")
            .filter(
                (kind == "progress")
                | stage.is_in(["won", "lost"])
                | ((kind == "exit") & is_sales)
            )
            .max(),
            first_progress=stage.filter(kind == "progress").first(),
            handed_lead_id=pl.col("lead_id").filter(stage == "handed_off").first(),
            exit_stage=stage.filter(kind == "exit").last(),
            exited_at=at.filter(kind == "exit").max(),
            is_sales_exit=is_sales.filter(kind == "exit").any(),
        )
        .with_columns(
            handed_off_at=pl.coalesce(
                "handed_off_at",
                pl.when(pl.col("sales_no") > pl.col("mql_no")).then("mql_at"),
            )
        )
    )

    def later(column: str) -> pl.Expr:
        return pl.when(pl.col(column) >= pl.col("handed_off_at")).then(column)

    won_at = pl.when(pl.col("exit_stage") == "won").then(later("exited_at"))
    is_sal = pl.col("sal_at").is_not_null() & (
        pl.col("handed_off_at").is_null()
        | (pl.col("sal_at") >= pl.col("handed_off_at"))
    )
    first_progress_at = pl.min_horizontal("sal_at", "sql_at", "opportunity_at")
    is_marketing = (
        pl.col("handed_off_at") <= first_progress_at
    ) | first_progress_at.is_null() & pl.col("handed_off_at").is_not_null()
    return life.with_columns(
        accepted_at=pl.when(is_sal)
        .then("sal_at")
        .otherwise(pl.min_horizontal(later("sql_at"), later("opportunity_at"), won_at)),
        origin=pl.when(is_marketing)
        .then(pl.lit("marketing"))
        .when(pl.col("first_progress") == "tal")
        .then(pl.lit("adr"))
        .when(pl.col("first_progress").is_not_null())
        .then(pl.lit("sales"))
        .otherwise(pl.lit("nurture")),
    )


def open_days(seeds: Path) -> pl.DataFrame:
    holidays = (
        pl.read_csv(seeds / "holidays.csv", infer_schema=False)
        .filter(pl.col("calendar_id") == "japan")["holiday_date"]
        .str.to_date()
    )
    return (
        pl.select(
            day=pl.date_range(date(2023, 1, 1), date(2029, 12, 31), interval="1d")
        )
        .filter(
            (pl.col("day").dt.weekday() < 6) & ~pl.col("day").is_in(holidays.implode())
        )
        .with_columns(elapsed=pl.int_range(pl.len(), dtype=pl.Int64) * OPEN_SECONDS)
    )


def due_times(handoffs: pl.DataFrame, seeds: Path) -> pl.DataFrame:
    """`due_at` by the business clock: eighteen hours of opening time."""
    days = open_days(seeds)
    local = pl.col("handed_off_at") + TOKYO
    into_day = (local - local.dt.truncate("1d")).dt.total_seconds() - OPENS
    return (
        handoffs.with_columns(on=local.dt.date())
        .sort("on")
        .join_asof(days, left_on="on", right_on="day", strategy="backward")
        .with_columns(
            position=pl.col("elapsed")
            + SLA_SECONDS
            + pl.when(pl.col("on") == pl.col("day"))
            .then(into_day.clip(0, OPEN_SECONDS))
            .otherwise(OPEN_SECONDS)
        )
        .drop("day", "elapsed")
        .sort("position")
        .join_asof(
            days,
            left_on="position",
            right_on="elapsed",
            strategy="backward",
            allow_exact_matches=False,
            coalesce=False,
        )
        .with_columns(
            due_at=pl.col("day").cast(pl.Datetime("us"))
            + pl.duration(
                seconds=OPENS + pl.col("position") - pl.col("elapsed"), time_unit="us"
            )
            - TOKYO
        )
    )


def figures(landing: Path, seeds: Path, loaded_at: datetime) -> Figures:
    leads = leads_of(landing)
    people = people_of(leads)
    users = collected(
        export(landing, "user").select(
            id="user_id",
            is_sales=pl.col("role").is_in(["adr", "inside_sales", "field_sales"]),
        )
    )
    events, last_change = events_of(landing, people, seeds, loaded_at)
    verdicts = pl.read_csv(seeds / "stage_transitions.csv", infer_schema=False)
    transitions = (
        events.select(to_stage="stage", from_stage=pl.col("stage").shift(1).over(LIFE))
        .filter(pl.col("from_stage").is_not_null())
        .join(verdicts, on=["from_stage", "to_stage"], how="left")
        .group_by(pl.col("verdict").fill_null("forbidden"))
        .len()
    )
    lifecycles = lifecycles_of(events, users)
    handoffs = lifecycles.filter(pl.col("origin") == "marketing")
    kinds = pl.read_csv(seeds / "touch_types.csv", infer_schema=False).filter(
        pl.col("is_response") == "true"
    )["touch_type"]
    activities = export(landing, "sales_activity")
    touches = collected(
        activities.filter(
            pl.col("type").is_in(kinds.implode())
            & (pl.col("is_completed") == "true")
            & pl.col("user_id").is_in(users.filter("is_sales")["id"].implode())
        )
        .select(lead_id=key("lead_id"), responded_at=instant("occurred_at"))
        .join(people.lazy().select("lead_id", "person_id"), on="lead_id")
        .select("person_id", "responded_at")
    )
    taken = events.filter(pl.col("stage") == "tal").select(
        "person_id", responded_at="occurred_at"
    )
    answered = collected(
        handoffs.lazy()
        .select(*LIFE, "handed_off_at", "exited_at")
        .join(pl.concat([touches, taken]).lazy(), on="person_id")
        .filter(
            (pl.col("responded_at") >= pl.col("handed_off_at"))
            & (
                pl.col("exited_at").is_null()
                | (pl.col("responded_at") <= pl.col("exited_at"))
            )
        )
        .group_by(LIFE)
        .agg(response_at=pl.col("responded_at").min())
    )
    last = [
        last_change,
        leads["created_at"].max(),
        latest(activities, "occurred_at", loaded_at),
        latest(export(landing, "touch"), "touched_at", loaded_at),
        latest(export(landing, "score_change"), "changed_at", loaded_at),
    ]
    as_of = pl.lit(max(last), pl.Datetime("us"))  # type: ignore[type-var]

    def after_due(column: str) -> pl.Expr:
        return (pl.col(column) > pl.col("due_at")).fill_null(True)

    pending_until = pl.col("handed_off_at") + timedelta(days=30)
    judged = (
        due_times(handoffs, seeds)
        .join(answered, on=LIFE, how="left")
        .with_columns(
            was_ignored=(as_of >= pl.col("due_at"))
            & after_due("accepted_at")
            & after_due("exited_at")
            & after_due("response_at")
        )
        .with_columns(
            outcome=pl.when(pl.col("accepted_at").is_not_null())
            .then(pl.lit("accepted"))
            .when(
                (pl.col("exit_stage") == "lost")
                | (
                    pl.col("exit_stage").is_in(["rejected", "recycled", "disqualified"])
                    & pl.col("is_sales_exit")
                )
            )
            .then(pl.lit("rejected"))
            .when(
                pl.col("was_ignored")
                | (
                    (pending_until <= as_of)
                    & (pl.col("exited_at") > pending_until).fill_null(True)
                )
            )
            .then(pl.lit("ignored"))
            .when(pl.col("exited_at").is_not_null())
            .then(pl.lit("withdrawn"))
            .otherwise(pl.lit("pending"))
        )
    )
    channels = people.group_by("person_id").agg(
        channel=pl.col("source").get(pl.col("created_at").arg_min()).str.to_lowercase()
    )
    month = (pl.col("handed_off_at") + TOKYO).dt.strftime("%Y-%m-01")
    others = lifecycles.filter(pl.col("origin") != "marketing")
    outcomes = pl.concat(
        [
            judged.select("origin", "outcome"),
            others.select("origin", outcome=pl.lit(None, pl.String)),
        ]
    )
    return {
        "people": [[channels.height]],
        "stage events": [[events.height]],
        "lifecycles by origin and outcome": _rows(
            outcomes.group_by("origin", "outcome").len()
        ),
        "was ignored": [[int(judged["was_ignored"].sum())]],
        "transitions by verdict": _rows(transitions),
        "accepted by channel": _rows(
            judged.join(channels, on="person_id")
            .group_by("channel")
            .agg((pl.col("outcome") == "accepted").sum())
        ),
        "hand-offs by month": _rows(
            judged.filter(pl.col("outcome") != "withdrawn")
            .group_by(month.alias("month"))
            .len()
        ),
    }


def _rows(frame: pl.DataFrame) -> list[list[object]]:
    return [list(row) for row in frame.sort(frame.columns[:2]).rows()]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_polars")
    parser.add_argument("landing", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    found = figures(given.landing, SEEDS, datetime.now(UTC).replace(tzinfo=None))
    seconds = {"transform": round(time.monotonic() - began, 3)}
    print(json.dumps({"seconds": seconds, "figures": found}, ensure_ascii=False))


if __name__ == "__main__":
    main()
