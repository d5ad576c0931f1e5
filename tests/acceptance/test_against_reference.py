"""What the run publishes of a planted company, worked out lead by lead."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.acceptance import step
from orchestration.increment import state
from orchestration.project import Project, RunVars
from orchestration.run import runner
from orchestration.run.report import Report
from orchestration.transformation import dbt_runner
from tests import job
from tests.acceptance import company
from tests.end_to_end import command
from tests.incremental import story
from tests.reference import acceptance as reference
from tests.reference.compare import rows_of

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

Row = dict[str, Any]
PREDICTORS = {
    "model": "model_probability",
    "mql_model": "mql_model_probability",
    "score": "score_probability",
    "base_rate": "base_rate",
}


@dataclass(frozen=True)
class Built:
    project: Project
    report: Report

    def rows(self, table: str) -> list[Row]:
        return rows_of(self.project.published_database, table)

    def predictions(self, basis: str) -> dict[str, Row]:
        """By lifecycle, as they were learned."""
        with duckdb.connect(str(self.project.warehouse), read_only=True) as connection:
            cursor = connection.execute(
                "from scoring.acceptance_predictions where basis = ?", [basis]
            )
            names = [column[0] for column in cursor.description]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row["lifecycle_id"]: row for row in found}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("acceptance")
    landing, definition = company.write(folder)
    project = Project.from_environment(
        {},
        landing=landing,
        definition=definition,
        out=folder / "out",
        vars={"as_of": f"{company.AS_OF:%Y-%m-%dT%H:%M:%SZ}"},
    )
    report = runner.run(project)
    assert report.succeeded, report.sentence
    yield Built(project, report)


@pytest.fixture(scope="module")
def lifecycles(built: Built) -> dict[str, Row]:
    return {row["lifecycle_id"]: row for row in built.rows("marts.fct_lead_lifecycles")}


def close(expected: float | None, got: float | None, by: float = 1e-9) -> bool:
    if expected is None or got is None:
        return expected is None and got is None
    return abs(expected - got) <= by


def test_the_worth_of_each_predictor(built: Built, lifecycles: dict[str, Row]) -> None:
    told = built.predictions("at_handoff")
    quality = {
        (row["period_type"], row["month_start_date"], row["predictor"]): row
        for row in built.rows("marts.mart_acceptance_model")
    }
    months = sorted({key[1] for key in quality if key[0] == "month"})
    # March waits for decisions, so six months before it judge.
    assert [f"{month:%Y-%m}" for month in months] == [
        "2025-09", "2025-10", "2025-11", "2025-12", "2026-01", "2026-02",
    ]  # fmt: skip
    pairs: dict[tuple, reference.Pairs] = {}
    for identifier in sorted(told):
        lead = lifecycles[identifier]
        month = lead["handed_off_date"].replace(day=1)
        if month not in months or lead["outcome"] not in (
            "accepted", "rejected", "ignored",
        ):  # fmt: skip
            continue
        for predictor, column in PREDICTORS.items():
            pair = (told[identifier][column], lead["outcome"] == "accepted")
            for span in (("month", month), ("all", None)):
                pairs.setdefault((*span, predictor), []).append(pair)
    assert quality.keys() == pairs.keys()
    for key, found in pairs.items():
        row = quality[key]
        assert row["handoffs"] == len(found), key
        assert row["accepted"] == sum(was for _, was in found), key
        assert close(reference.auc(found), row["auc"], 2e-6), key
        assert close(reference.brier(found), row["brier_score"], 2e-6), key
        assert close(
            reference.calibration_error(found), row["calibration_error"], 2e-6
        ), key
        assert close(row["accepted"] / row["handoffs"], row["accepted_share"])
    for predictor in ("model", "mql_model"):
        row = quality["all", None, predictor]
        for rival in ("score", "base_rate"):
            mean, lower = reference.gain(
                pairs["all", None, predictor], pairs["all", None, rival]
            )
            assert close(mean, row[f"gain_over_{rival}"], 2e-6)
            assert close(lower, row[f"gain_over_{rival}_lower"], 2e-6)
        assert row["is_better"], row["verdict"]


def test_every_open_lead_is_proposed_by_its_threshold(
    built: Built, lifecycles: dict[str, Row]
) -> None:
    told = built.predictions("now")
    got = {
        row["lifecycle_id"]: row
        for row in built.rows("marts.mart_acceptance_proposals")
    }
    wanted = {
        identifier
        for identifier, row in lifecycles.items()
        if row["outcome"] == "pending"
        or (
            row["mql_at"] is not None
            and row["handed_off_at"] is None
            and row["accepted_at"] is None
            and row["exited_at"] is None
        )
    }
    assert got.keys() == wanted == told.keys()
    with duckdb.connect(str(built.project.warehouse), read_only=True) as connection:
        curve = {
            row[0]: row[1:]
            for row in connection.execute(
                "select lifecycle_id, acceptance_probability::double, "
                "share_accepted_finally::double "
                "from intermediate.int_handoffs__projected"
            ).fetchall()
        }
    for identifier, row in got.items():
        is_mql = row["stage"] == "mql"
        column = "mql_model_probability" if is_mql else "model_probability"
        assert row["model_probability"] == told[identifier][column]
        chance = row["model_probability"]
        if not is_mql:
            chance = reference.aged(chance, *curve[identifier])
        assert close(chance, row["acceptance_probability"], 6e-5), row
        least = reference.threshold(
            company.RULES, row | {"team": lifecycles[identifier]["team"]}
        )
        assert row["least_probability"] == least
        assert row["is_proposed"] == (row["acceptance_probability"] >= least)
        assert row["no_proposal"] is None
        assert row["reasons"] and row["reasons_ja"]
    assert {(row["stage"], row["is_proposed"]) for row in got.values()} == {
        (stage, proposed) for stage in ("mql", "handoff") for proposed in (True, False)
    }
    ranked = sorted(got.values(), key=lambda row: row["proposal_rank"])
    order = [
        (not row["is_proposed"], -row["acceptance_probability"], row["lifecycle_id"])
        for row in ranked
    ]
    assert order == sorted(order)


def test_what_was_decided_against_a_proposal(
    built: Built, lifecycles: dict[str, Row]
) -> None:
    told = {
        identifier: row["model_probability"]
        for identifier, row in built.predictions("at_handoff").items()
    }
    expected = reference.outcomes(lifecycles.values(), told, company.RULES, True)
    got = {
        (row["month_start_date"], row["channel"], row["team"]): row
        for row in built.rows("marts.mart_acceptance_proposal_outcomes")
    }
    assert got.keys() == expected.keys()
    for key, counts in expected.items():
        for column, value in got[key].items():
            if column not in (
                "proposal_outcome_id",
                *("month_start_date", "channel", "team"),
            ):
                assert value == counts[column], (key, column)
    assert sum(row["decided_against_proposal"] for row in got.values()) > 50
    assert sum(row["not_proposed_ignored"] for row in got.values()) > 0


def test_the_queue_has_the_proposals_of_the_hand_offs(built: Built) -> None:
    proposals = {
        row["lifecycle_id"]: row
        for row in built.rows("marts.mart_acceptance_proposals")
    }
    queue = built.rows("marts.mart_handoff_queue")
    assert queue
    for row in queue:
        proposal = proposals.get(row["lifecycle_id"])
        if row["outcome"] == "ignored":
            assert proposal is None and not row["is_proposed"]
            assert row["acceptance_probability"] is None
            continue
        assert row["is_proposed"] == proposal["is_proposed"]
        assert row["acceptance_probability"] == proposal["acceptance_probability"]
        assert row["proposal_reasons"] == proposal["reasons"]
        assert row["proposal_reasons_ja"] == proposal["reasons_ja"]
    done = command.in_process("queue", out=built.project.out)
    count = sum(row["is_proposed"] for row in queue)
    said = " ".join(done.stdout.split())
    assert f"{count} of them are proposed to be accepted; a person decides." in said
    done = command.in_process("queue", "--proposed", "--csv", out=built.project.out)
    assert len(list(csv.DictReader(io.StringIO(done.stdout)))) == count > 0


def test_the_run_tells_of_its_checks(built: Built) -> None:
    assert built.report.checks["acceptance models"] == {
        "run": 4, "passed": 4, "warned": 0, "failed": 0,
    }  # fmt: skip
    assert "score_acceptance" in [item.name for item in built.report.steps]


def test_a_run_with_nothing_new_learns_nothing(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("there was nothing to learn from")

    monkeypatch.setattr(step, "learn_anew", never)
    report = runner.run(built.project)
    assert report.succeeded, report.sentence


def test_a_run_after_a_change_learns_what_a_full_refresh_learns(
    built: Built, tmp_path: Path
) -> None:
    assert company.change(built.project.landing) > 5
    later = RunVars.parse({"as_of": f"{company.AS_OF + timedelta(days=20):%Y-%m-%d}"})
    project = replace(built.project, vars=later)
    before = built.predictions("now")
    job.build(project)
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        [(is_update,)] = connection.execute(
            "select is_incremental from settings.run"
        ).fetchall()
    assert is_update
    assert built.predictions("now") != before
    full = replace(project, out=tmp_path / "full")
    shutil.copytree(project.out, full.out, symlinks=True)
    state.forget(full)
    job.build(full)
    assert not story.differences(
        project.warehouse, full.warehouse, ("marts", "scoring")
    )


def test_the_tables_are_owed_only_where_they_are_others(built: Built) -> None:
    manifest = dbt_runner.manifest_json(built.project)
    step.learn_anew(built.project, manifest)
    assert state.owed(built.project) == frozenset()
    with duckdb.connect(str(built.project.warehouse)) as connection:
        connection.execute(
            "update scoring.acceptance_predictions set model_probability = 0.5 "
            "where lifecycle_id = (select min(lifecycle_id) "
            "from scoring.acceptance_predictions)"
        )
    step.learn_anew(built.project, manifest)
    assert state.owed(built.project) == {
        "source.lead_funnel.scoring.acceptance_predictions"
    }
