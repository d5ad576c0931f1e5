"""What is paid and hoped for: attribution, fiscal periods, targets, bands."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from orchestration.definition.columns import same_text
from orchestration.definition.problems import Problems, Row, quote
from orchestration.definition.rows import Definition

LONGEST_PERIOD = 550
"""Days: a first one may have 18 months."""


def check(definition: Definition, problems: Problems) -> None:
    for row in definition.rows["attribution_models"]:
        _check_model(row, problems)
    _check_periods(definition.rows["fiscal_periods"], problems)
    for row in definition.rows["kpi_targets"]:
        _check_target(row, problems)
    _check_bands(definition.rows["score_bands"], problems)
    _check_proposals(definition, problems)
    first = _numbers(definition.rows["age_bands"], "from_business_hours")
    if first and min(number for number, _ in first) != 0:
        problems.error(
            min(first, key=lambda each: each[0])[1],
            "The first age band must begin with 0: a younger hand-off would be in "
            "none.",
        )


def _number(row: Row, column: str) -> float | None:
    try:
        return float(row[column])
    except ValueError:
        return None


def _numbers(rows: list[Row], column: str) -> list[tuple[float, Row]]:
    return [
        (number, row) for row in rows if (number := _number(row, column)) is not None
    ]


def _check_model(row: Row, problems: Problems) -> None:
    method = row["method"]
    if method == "time_decay" and not (_number(row, "half_life_days") or 0) > 0:
        problems.error(
            row,
            "time_decay needs half_life_days above 0: the days after which a touch "
            "counts half.",
        )
    if method != "position_based":
        return
    first, last = _number(row, "first_share"), _number(row, "last_share")
    if first is None or last is None:
        problems.error(
            row, "position_based needs first_share and last_share, such as 0.4 and 0.4."
        )
    elif not 0 < first + last <= 1:
        problems.error(
            row,
            f"first_share and last_share are {first + last:g} together, but an "
            "accepted lead is one: they must be above 0 and at most 1, the rest is for "
            "the touches between.",
        )


# Fiscal periods.


def _check_periods(rows: list[Row], problems: Problems) -> None:
    periods = sorted(
        (
            (start, end, row)
            for row in rows
            if (start := _day(row["start_date"])) and (end := _day(row["end_date"]))
        ),
        key=lambda each: (each[0], each[1], each[2].line),
    )
    for start, end, row in periods:
        if end < start:
            problems.error(
                row,
                f"{quote(row['fiscal_period_id'])} ends on {end}, before it begins on "
                f"{start}: mend one of the days.",
            )
        if (end - start).days >= LONGEST_PERIOD:
            problems.error(
                row,
                f"{quote(row['fiscal_period_id'])} has {(end - start).days + 1:,} "
                f"days, from {start} to {end}, and no fiscal period has more than "
                f"{LONGEST_PERIOD}: mend one of the days.",
            )
    for (_, ended, before), (begins, _, row) in pairwise(periods):
        ids = quote(row["fiscal_period_id"]), quote(before["fiscal_period_id"])
        if begins <= ended:
            problems.error(
                row,
                f"{ids[0]} begins on {begins}, but {ids[1]} (line {before.line}) lasts "
                f"until {ended}: a day is in one period only.",
            )
        elif begins > ended + timedelta(days=1):
            problems.error(
                row,
                f"{ids[0]} begins on {begins}, but {ids[1]} (line {before.line}) ends "
                f"on {ended}: the days between are in no period.",
            )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


# Targets and bands.


def _check_target(row: Row, problems: Problems) -> None:
    target = _number(row, "target")
    if row["metric"].endswith("_rate") and target is not None and not 0 <= target <= 1:
        problems.error(
            row,
            f"The target of {row['metric']} is {row['target']}, but a rate is between "
            "0 and 1: write 0.5 for 50 %.",
        )
    if not row["metric"].endswith("_rate") and target is not None and target < 0:
        problems.error(
            row, f"The target of {row['metric']} is {row['target']}: no count is less."
        )
    dimension = row["dimension"] or "all"
    if dimension != "all" and not row["dimension_value"]:
        problems.error(
            row, f"dimension_value is blank: say which {dimension} the target is for."
        )


def _check_bands(rows: list[Row], problems: Problems) -> None:
    seen: dict[float | None, Row] = {}
    for row in rows:
        bound = _number(row, "lower_bound")
        if bound is None and row["lower_bound"]:
            continue  # Said of its type.
        before = seen.setdefault(bound, row)
        if before is not row:
            what = "no lower_bound" if bound is None else f"the lower_bound {bound:g}"
            problems.error(
                row,
                f"{quote(row['score_band'])} has {what}, and so has "
                f"{quote(before['score_band'])} (line {before.line} of {before.file}): "
                "a score is in one band only.",
            )


def _check_proposals(definition: Definition, problems: Problems) -> None:
    rows = definition.rows["acceptance_proposals"]
    kinds = [same_text(row["match_on"]) or "default" for row in rows]
    if rows and "default" not in kinds:
        problems.of_file(
            definition.file_of("acceptance_proposals"),
            "No row has the match_on default: say from which probability all other "
            "leads are proposed.",
        )
    for row, kind in zip(rows, kinds, strict=True):
        if kind in ("team", "channel") and not row["match_value"]:
            problems.error(row, f"match_value is blank: name the {kind}.")
