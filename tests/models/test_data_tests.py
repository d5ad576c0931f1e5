"""Each rule of a mart's data tests fails on data that breaks it.

dbt compiles the tests once and runs them on a small warehouse that is right;
then each defect is planted, the compiled query looks, and it is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.project import Project
from orchestration.transformation import dbt_runner
from tests.orchestration import small_warehouse

LIFECYCLES = "update marts.fct_lead_lifecycles set"
STEPS = "update marts.fct_stage_transitions set"
PASSES = "update marts.fct_handoffs set"
CURVE = "update marts.mart_acceptance_curve set"
COHORTS = "update marts.mart_funnel_cohort set"
MONTHS = "update marts.mart_funnel_monthly set"
WEIGHTS = "update marts.fct_attributed_acceptances set"
KPIS = "update marts.mart_kpi_scorecard set"
PACING = "update marts.mart_pacing set"
SCORES = "update marts.mart_score_calibration set"
COSTS = "update marts.mart_spend_per_sal set"
REASONS = "update marts.mart_rejection_reasons set"
SLAS = "update marts.mart_sla_sensitivity set"
WEEK = "update marts.mart_response_heatmap set"
STAYS = "update marts.mart_stage_flow set"
QUEUE = "update marts.mart_handoff_queue set"
STOCK = "update marts.mart_funnel_snapshot set"
REPS = "update marts.mart_rep_scorecard set"
FEATURES = "update intermediate.int_acceptance__features set"
PROPOSALS = "update marts.mart_acceptance_proposals set"
DECISIONS = "update marts.mart_acceptance_proposal_outcomes set"
HISTORY = "update marts.mart_history_coverage set"
RETENTION = "update definition.def_history_retention set"
MODELS = "update marts.mart_acceptance_model set"
QUALITY = "update marts.mart_data_quality set"

# What breaks which rule of which test: {test: [(rule or "", statement)]}.
BROKEN: dict[str, list[tuple[str, str]]] = {
    "people_have_what_is_known_of_them": [
        (
            "channel_is_given",
            "update marts.dim_people set channel = 'unknown', source = null",
        ),
    ],
    "unique_combination_fct_stage_events_person_id__stage__occurred_at": [
        ("", "insert into marts.fct_stage_events from marts.fct_stage_events"),
    ],
    "steps_can_be_so": [
        ("verdict_is_known", f"{STEPS} verdict = 'fine'"),
        ("a_step_is_between_stages", f"{STEPS} to_stage = 'none'"),
        ("time_runs_forwards", f"{STEPS} to_at = '2020-01-01'"),
        ("hours_are_elapsed_time", f"{STEPS} hours = -1"),
    ],
    "from_stage_is_known": [("", f"{STEPS} from_stage = 'demo'")],
    "to_stage_is_known": [("", f"{STEPS} to_stage = 'demo'")],
    "lifecycles_can_be_so": [
        ("origin_is_known", f"{LIFECYCLES} origin = 'partner'"),
        ("outcome_is_known", f"{LIFECYCLES} outcome = 'lost'"),
        ("marketing_has_one_outcome_and_nobody_else", f"{LIFECYCLES} origin = 'sales'"),
        ("marketing_has_one_outcome_and_nobody_else", f"{LIFECYCLES} outcome = null"),
        ("marketing_was_handed_over", f"{LIFECYCLES} handed_off_at = null"),
        ("accepted_means_accepted_at", f"{LIFECYCLES} outcome = 'accepted'"),
        ("accepted_means_accepted_at", f"{LIFECYCLES} accepted_at = null"),
        (
            "accepted_not_before_hand_off",
            f"{LIFECYCLES} accepted_at = '2026-04-01 00:00'",
        ),
        ("every_hand_off_has_a_due_time", f"{LIFECYCLES} sla_due_at = null"),
        ("every_hand_off_has_a_due_time", f"{LIFECYCLES} sla_due_at = '2026-01-01'"),
        ("nobody_else_has_a_due_time", f"{LIFECYCLES} origin = 'adr', outcome = null"),
        ("ignored_only_after_due", f"{LIFECYCLES} sla_due_at = '2026-06-01'"),
        ("ignored_means_nothing_happened", f"{LIFECYCLES} was_ignored = true"),
        ("late_only_after_due", f"{LIFECYCLES} is_accepted_late = true"),
        ("pending_means_open", f"{LIFECYCLES} outcome = 'pending'"),
        ("rejected_or_withdrawn_has_ended", f"{LIFECYCLES} outcome = 'withdrawn'"),
        ("exit_is_whole", f"{LIFECYCLES} exit_stage = null"),
        ("nothing_after_the_exit", f"{LIFECYCLES} exited_at = '2026-01-01'"),
        ("nothing_after_as_of", f"{LIFECYCLES} as_of = '2026-04-01'"),
        ("hours_are_not_negative", f"{LIFECYCLES} accept_hours = -2"),
        (
            "ignored_means_that_the_sla_was_over",
            f"{LIFECYCLES} acted_business_hours = 18",
        ),
        (
            "ignored_means_that_the_sla_was_over",
            f"{LIFECYCLES} acted_business_hours = 17.9 where was_ignored",
        ),
    ],
    "people_of_lifecycles_are_known": [("", "delete from marts.dim_people")],
    "assert_lifecycles_are_numbered_from_1": [
        ("", f"{LIFECYCLES} lifecycle_no = 2"),
        ("", f"{LIFECYCLES} lifecycle_no = 0"),
    ],
    "assert_each_pass_has_one_outcome": [
        ("", f"{PASSES} outcome = null"),
        ("", f"{PASSES} outcome = 'reassigned'"),
        ("", f"{PASSES} pass_no = 2"),
        (
            "",
            "insert into marts.fct_handoffs select lifecycle_id, person_id, 2, outcome "
            "from marts.fct_handoffs where outcome = 'rejected'",
        ),
    ],
    "rows_are_quarantined_by_a_known_rule": [
        ("rule_is_known", "update marts.quarantine set rule = 'odd'"),
    ],
    "fates_can_be_so": [
        (
            "no_fate_is_negative",
            "update quality.raw_row_fates set readings = 4, unread = -1",
        ),
    ],
    "histories_can_be_so": [
        ("a_history_has_a_first_and_a_last_change", f"{HISTORY} first_at = null"),
        (
            "a_history_has_a_first_and_a_last_change",
            f"{HISTORY} changes = 0, changes_gone = 0",
        ),
        (
            "a_history_has_a_first_and_a_last_change",
            f"{HISTORY} first_at = '2026-04-25'",
        ),
        ("nothing_is_after_as_of", f"{HISTORY} last_at = '2026-05-02'"),
        ("nothing_is_after_as_of", f"{HISTORY} last_loaded_at = '2026-05-02'"),
        ("no_more_is_gone_than_is_held", f"{HISTORY} changes_gone = 5"),
        ("days_count_from_the_last_load", f"{HISTORY} days_until_lost = 91"),
        ("days_count_from_the_last_load", f"{HISTORY} days_until_lost = null"),
        ("days_count_from_the_last_load", f"{HISTORY} kept_days = null"),
    ],
    "retention_can_be_so": [
        ("days_are_in_order", f"{RETENTION} warn_days = 91"),
        ("days_are_in_order", f"{RETENTION} warn_days = null"),
        ("days_are_in_order", f"{RETENTION} gone_after_days = 89"),
        ("days_are_in_order", f"{RETENTION} kept_values = null"),
    ],
    "cohorts_can_be_so": [
        ("hand_offs_add_up", f"{COHORTS} accepted = 2"),
        ("counts_are_plausible", f"{COHORTS} accepted_late = 2"),
        ("counts_are_plausible", f"{COHORTS} won = -1"),
    ],
    "months_can_be_so": [
        ("hand_offs_add_up", f"{MONTHS} accepted = 2"),
        ("counts_are_plausible", f"{MONTHS} sla_due = 4"),
        ("sal_rate_is_its_definition", f"{MONTHS} sal_rate = 0.5"),
        ("ignore_rate_is_its_definition", f"{MONTHS} ignore_rate = null"),
        ("rejection_rate_is_its_definition", f"{MONTHS} rejection_rate = 3"),
        ("pending_rate_is_its_definition", f"{MONTHS} pending_rate = 1"),
        ("resolved_sal_rate_is_its_definition", f"{MONTHS} resolved_sal_rate = 0"),
        (
            "resolved_sal_rate_is_its_definition",
            # Of nobody there is no rate.
            f"{MONTHS} handed_off = 0, accepted = 0, rejected = 0, ignored = 0, "
            "sla_due = 0, was_ignored = 0, sal_rate = null, ignore_rate = null, "
            "rejection_rate = null, pending_rate = null",
        ),
        ("rates_are_shares", f"{MONTHS} sla_breach_rate = 2"),
        ("rates_are_shares", f"{MONTHS} sla_breach_rate = -0.5"),
        ("sal_rate_lies_within_its_bounds", f"{MONTHS} sal_rate_lower = 0.5"),
        ("ignore_rate_lies_within_its_bounds", f"{MONTHS} ignore_rate_upper = null"),
    ],
    "assert_dimensions_add_up_to_all": [
        (
            "",
            f"{MONTHS} handed_off = 2, accepted = 0 where dimension = 'channel'",
        ),
    ],
    "assert_acceptance_curves_add_up": [
        ("", f"{CURVE} at_risk = 3"),
        ("", f"{CURVE} accepted = 2 where accepted = 1"),
        ("", f"{CURVE} cumulative_accepted_share = 0.2 where business_days = 2"),
        ("", f"{CURVE} cumulative_accepted_share = 1.1"),
        ("", f"{CURVE} cumulative_accepted_share = -0.1 where business_days = 1"),
    ],
    "kpis_can_be_so": [
        ("basis_is_known", f"{KPIS} basis = 'stock'"),
        ("gap_is_actual_less_target", f"{KPIS} gap = 2"),
        ("gap_is_actual_less_target", f"{KPIS} gap = null"),
        ("gap_is_actual_less_target", f"{KPIS} is_met = null"),
        ("needed_lies_within_its_bounds", f"{KPIS} needed_handoffs = 3"),
        ("needed_lies_within_its_bounds", f"{KPIS} needed_handoffs_upper = 8"),
        ("needed_lies_within_its_bounds", f"{KPIS} missing_handoffs = -1"),
    ],
    "pacing_can_be_so": [
        ("today_is_counted", f"{PACING} actual = null, target_gap = null"),
        ("today_is_counted", f"{PACING} actual = null, is_today = false"),
        ("working_days_are_of_the_period", f"{PACING} working_day_no = 23"),
        ("working_days_are_of_the_period", f"{PACING} date_day = '2026-05-01'"),
        ("no_more_than_four_periods_are_compared", f"{PACING} periods_compared = 5"),
    ],
    "calibrations_can_be_so": [
        ("hand_offs_of_a_band_add_up", f"{SCORES} accepted = 2"),
        ("quality_is_a_share", f"{SCORES} auc = 1.5"),
        ("quality_is_a_share", f"{SCORES} brier_score = -0.1"),
        ("quality_is_a_share", f"{SCORES} base_brier_score = 1.1"),
        ("quality_is_a_share", f"{SCORES} forecast_rate = 1.01"),
        (
            "threshold_costs_no_more_than_there_is",
            f"{SCORES} threshold_lost_accepted = 3",
        ),
        ("threshold_costs_no_more_than_there_is", f"{SCORES} best_threshold = null"),
    ],
    "spend_can_be_so": [
        (
            "spend_is_converted",
            "update marts.fct_spend set amount_reporting = 151 where currency = 'USD'",
        ),
    ],
    "attributed_acceptances_can_be_so": [
        ("no_touch_after_acceptance", f"{WEIGHTS} touched_at = '2026-04-04'"),
        ("a_weight_is_a_share", f"{WEIGHTS} weight = 0"),
    ],
    "channels_of_people_are_known": [("", "delete from marts.dim_channels")],
    "campaigns_of_spend_are_known": [("", "delete from marts.dim_campaigns")],
    "actors_of_transitions_are_known": [("", f"{STEPS} actor_id = 'ghost'")],
    "versions_of_lifecycles_are_known": [
        ("", f"{LIFECYCLES} definition_version = 'v2'")
    ],
    "rejection_reasons_can_be_so": [
        ("something_was_rejected", f"{REASONS} rejected = 0"),
        ("a_share_is_of_the_whole", f"{REASONS} rejected_share = 1.5"),
        ("a_share_is_of_the_whole", f"{REASONS} rejected_share = 0"),
        ("department_is_of_a_known_reason", f"{REASONS} rejection_reason = null"),
    ],
    "sla_sensitivity_can_be_so": [
        ("sla_is_of_the_range", f"{SLAS} sla_business_hours = 81"),
        ("sla_is_of_the_range", f"{SLAS} sla_business_hours = 0"),
        ("counts_are_plausible", f"{SLAS} ignored = 4"),
        ("counts_are_plausible", f"{SLAS} sla_due = 0"),
        ("rates_are_their_definitions", f"{SLAS} ignore_rate = 0.5"),
        ("rates_are_their_definitions", f"{SLAS} sla_breach_rate = null"),
    ],
    "assert_sla_sensitivity_meets_what_was_ignored": [
        ("", f"{SLAS} was_ignored = 2"),
        ("", f"{SLAS} ignored = 2"),
        ("", f"{SLAS} handed_off = 2"),
    ],
    "response_heatmap_can_be_so": [
        ("hour_is_of_a_week", f"{WEEK} iso_weekday = 0"),
        ("hour_is_of_a_week", f"{WEEK} hour_of_day = 24"),
        ("counts_are_plausible", f"{WEEK} old_enough_for_1_hour = 4"),
        ("counts_are_plausible", f"{WEEK} ignored = -1"),
        ("reached_are_of_those_old_enough", f"{WEEK} reached_within_24_hours = 1"),
        ("rates_are_their_definitions", f"{WEEK} reached_within_24_hours_rate = 0"),
        ("rates_are_their_definitions", f"{WEEK} reached_within_4_hours_rate = 1"),
    ],
    "stage_flow_can_be_so": [
        ("became_is_known", f"{STAYS} became = 'lost'"),
        ("a_share_is_of_the_whole", f"{STAYS} entries_share = 1.5"),
        ("time_runs_forwards", f"{STAYS} days_median = -1"),
        ("time_runs_forwards", f"{STAYS} days_p90 = 0.5"),
    ],
    "assert_stage_flow_holds_every_entry": [
        ("", f"{STAYS} entries = 2 where stage = 'sal'"),
        ("", "delete from marts.mart_stage_flow where stage = 'mql'"),
    ],
    "assert_weights_make_one_acceptance": [("", f"{WEIGHTS} weight = 0.999999999999")],
    "spend_per_sal_can_be_so": [
        ("cost_kind_is_known", f"{COSTS} cost_kind = 'overhead'"),
        ("leads_stand_once", f"{COSTS} attributed_sals = 1"),
        (
            "cost_per_sal_is_its_definition",
            f"{COSTS} cost_per_sal_reporting = 99 where cost_kind = 'campaign'",
        ),
    ],
    "queue_can_be_so": [
        ("only_open_ones", f"{QUEUE} outcome = 'accepted'"),
        ("overdue_has_nothing_left", f"{QUEUE} is_overdue = true"),
        ("in_time_has_time_left", f"{QUEUE} business_hours_left = -1"),
    ],
    "stock_can_be_so": [
        ("counts_are_plausible", f"{STOCK} open_handoffs = 0"),
        ("counts_are_plausible", f"{STOCK} overdue_handoffs = 2"),
        ("age_is_of_the_band", f"{STOCK} oldest_age_business_hours = 3"),
    ],
    "scorecards_can_be_so": [
        ("outcomes_add_up", f"{REPS} reassigned = 1"),
        ("counts_are_plausible", f"{REPS} sla_due = 4"),
        ("counts_are_plausible", f"{REPS} tals_accepted = 2"),
    ],
    "features_are_known_beforehand": [
        ("an_mql_has_no_handoff", f"{FEATURES} stage = 'mql'"),
        ("no_time_runs_backwards", f"{FEATURES} days_to_handoff = -1"),
    ],
    "proposals_can_be_so": [
        ("proposed_is_likely", f"{PROPOSALS} acceptance_probability = 0.5"),
        ("proposed_is_likely", f"{PROPOSALS} acceptance_probability = null"),
        (
            "nobody_is_proposed_without_a_better_model",
            f"{PROPOSALS} no_proposal = 'It is no better.'",
        ),
        ("probabilities_are_shares", f"{PROPOSALS} model_probability = 1.2"),
    ],
    "proposal_outcomes_can_be_so": [
        ("outcomes_add_up", f"{DECISIONS} proposed_accepted = 2"),
        ("proposals_add_up", f"{DECISIONS} handed_off = 4"),
    ],
    "acceptance_models_can_be_so": [
        ("measures_are_shares", f"{MODELS} auc = 1.1"),
        ("better_than_chance", f"{MODELS} gain_over_score_lower = -0.01"),
        ("better_than_chance", f"{MODELS} gain_over_base_rate_lower = null"),
    ],
    "data_quality_can_be_so": [
        ("state_is_known", f"{QUALITY} state = 'odd'"),
        ("counts_are_plausible", f"{QUALITY} rows_failed = 1"),
        ("counts_are_plausible", f"{QUALITY} rows_quarantined = -1"),
        ("counts_are_plausible", f"{QUALITY} state = 'accepted'"),
        ("since_when_is_of_a_failure", f"{QUALITY} failing_since = run_as_of"),
        (
            "since_when_is_of_a_failure",
            f"{QUALITY} state = 'failed', rows_failed = 1",
        ),
        (
            "since_when_is_of_a_failure",
            f"{QUALITY} state = 'failed', rows_failed = 1, "
            "failing_since = '2026-05-02'",
        ),
    ],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("small")
    project = Project.from_environment({}, landing=folder / "in", out=folder / "out")
    small_warehouse.write(project)
    return project


@pytest.fixture(scope="module")
def results(project: Project) -> dict[str, dbt_runner.NodeResult]:
    """What the tests come to on good data; they are compiled by that."""
    return {result.name: result for result in dbt_runner.build(project, list(BROKEN))}


@pytest.fixture
def warehouse(
    project: Project, results: dict[str, dbt_runner.NodeResult]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small warehouse; whatever is done to it is taken back."""
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.begin()
        yield connection
        connection.rollback()


def test_good_data_passes(results: dict[str, dbt_runner.NodeResult]) -> None:
    assert {name: result.status for name, result in results.items()} == dict.fromkeys(
        BROKEN, "pass"
    )


@pytest.mark.parametrize(
    ("name", "rule", "statement"),
    [(name, *defect) for name, defects in BROKEN.items() for defect in defects],
    ids=lambda value: value[:40],
)
def test_bad_data_fails(
    results: dict[str, dbt_runner.NodeResult],
    warehouse: duckdb.DuckDBPyConnection,
    name: str,
    rule: str,
    statement: str,
) -> None:
    query = Path(results[name].compiled_path).read_text(encoding="utf-8")
    warehouse.execute(statement)
    found = warehouse.execute(query)
    columns = [column[0] for column in found.description or ()]
    rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    assert rows
    if rule:
        [row] = [row for row in rows if row["broken_rule"] == rule]
        assert row["row_count"] >= 1
        assert row["sentence"].startswith(f"{rule}: {row['row_count']} row")


def rules_of(node: dict[str, Any]) -> list[str]:
    """The rules of a test, or one without a name."""
    kwargs = (node.get("test_metadata") or {}).get("kwargs", {})
    return [rule["name"] for rule in kwargs.get("rules", [])] or [""]


def test_every_rule_is_broken_here(project: Project) -> None:
    """A rule that nothing was seen to break may be one that cannot fail."""
    manifest = dbt_runner.manifest_json(project)
    tests = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    named = {
        (test["name"], rule)
        for test in tests
        for rule in rules_of(test)
        if rule or test["name"] in BROKEN
    }
    assert named == {
        (name, rule) for name, defects in BROKEN.items() for rule, _ in defects
    }


def test_a_failure_says_how_many_rows_break_what_and_where_to_look(
    tmp_path: Path,
) -> None:
    project = Project.from_environment(
        {}, landing=tmp_path / "in", out=tmp_path / "out"
    )
    small_warehouse.write(
        project,
        f"{LIFECYCLES} accept_hours = -2",
        f"{LIFECYCLES} exit_stage = null where person_id = 'p1'",
    )
    failed = dbt_runner.build(project, ["lifecycles_can_be_so"])
    said = dbt_runner.failure_sentence(failed)
    assert said == (
        "The dbt test lifecycles_can_be_so found 3 rows that must not be there "
        "(models/marts/core/_core.yml). "
        "hours_are_not_negative: 2 rows, such as lifecycle_id l0. Hours from hand-off "
        "are averaged; a negative one hides a slow one. "
        "exit_is_whole: 1 row, lifecycle_id l1. An exit has a stage and an instant, or "
        f"there is none. The SQL that ran is {failed[0].compiled_path}."
    )
