"""Leads as int_acceptance__features has them, with or without something to learn."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pandas as pd
import yaml

from orchestration.acceptance.features import Feature, features_of
from orchestration.project import ROOT

FIRST = datetime(2025, 6, 1)
AS_OF = datetime(2026, 4, 10)
DAYS = (AS_OF - FIRST).days

CHANCES = {"event": 0.2, "web": 0.5, "partner": 0.8}
"""Of a lead of each channel, where there is something to learn."""


@cache
def declared() -> dict[str, dict[str, Any]]:
    path = ROOT / "models" / "intermediate" / "acceptance" / "_acceptance.yml"
    models = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    return {column["name"]: column["config"]["meta"] for column in models[0]["columns"]}


def features(*more: str, **marked: dict[str, Any]) -> list[Feature]:
    """Those of the YAML, and other columns, marked or not."""
    return features_of({**declared(), **marked}, [*declared(), *more, *marked])


def leads(count: int = 1500, *, signal: bool = True, seed: int = 1) -> pd.DataFrame:
    """Hand-offs over ten months, 30 days to be decided, the last ones pending, and a
    tenth as many MQLs."""
    rnd = Random(seed)
    rows = [_handoff(rnd, number, signal) for number in range(count)]
    rows += [_mql(rnd, count + number) for number in range(count // 10)]
    frame = pd.DataFrame(rows)
    for column in ("handed_off_at", "accepted_at", "month_start_date"):
        frame[column] = pd.to_datetime(frame[column])
    frame["month_started_at"] = frame["month_start_date"]
    return frame


def _lead(rnd: Random, number: int) -> dict[str, Any]:
    return {
        "lifecycle_id": f"{rnd.getrandbits(64):016x}{number:08x}",
        "person_id": f"p{number}",
        "is_handoff_imputed": False,
        "channel": rnd.choice(list(CHANCES)),
        "campaign": rnd.choice(["Spring fair", "Webinar", None]),
        "campaign_type": None,
        "definition_version": "v1",
        "score": rnd.choice([None, *range(0, 100, 5)]),
        "touches": float(rnd.randint(0, 4)),
        "earlier_lifecycles": 0.0,
        "earlier_acceptances": 0.0,
        "earlier_rejections": 0.0,
        "days_to_mql": rnd.random() * 20,
    }


def _handoff(rnd: Random, number: int, signal: bool) -> dict[str, Any]:
    row = _lead(rnd, number)
    handed_off_at = FIRST + timedelta(minutes=rnd.randrange(DAYS * 24 * 60))
    chance = CHANCES[row["channel"]] if signal else 0.5
    decided_at = handed_off_at + timedelta(days=rnd.random() * 25)
    outcome = "accepted" if rnd.random() < chance else "rejected"
    if decided_at > AS_OF:
        outcome = "pending"
    month = handed_off_at.replace(day=1, hour=0, minute=0)
    return row | {
        "stage": "handoff",
        "handed_off_at": handed_off_at,
        "month_start_date": month,
        "outcome": outcome,
        "accepted_at": decided_at if outcome == "accepted" else None,
        "max_pending_days": 30.0,
        "team": rnd.choice(["East", "West"]),
        "days_to_handoff": row["days_to_mql"] + 1,
        "weekday": str(handed_off_at.isoweekday()),
        "hour_of_day": str(handed_off_at.hour),
    }


def _mql(rnd: Random, number: int) -> dict[str, Any]:
    return _lead(rnd, number) | {"stage": "mql"}
