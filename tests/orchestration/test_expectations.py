"""Each suite passes on good data, and each check fails on data that breaks it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from expectations.run import kept_results, run_suite
from expectations.suites import SUITES
from orchestration.project import Project
from tests.orchestration import small_warehouse

LIFECYCLES = "update marts.fct_lead_lifecycles set"
STEPS = "update marts.fct_stage_transitions set"
PASSES = "update marts.fct_handoffs set"
DAYS = "update marts.mart_funnel_period set"
CURVE = "update marts.mart_acceptance_curve set"
MONTHS = "update marts.mart_funnel_monthly set"
COSTS = "update marts.mart_spend_per_sal set"

# What breaks which check: (suite, check, statement).
BROKEN = [
    (
        "raw",
        "has_rows",
        "delete from raw_generic.lead; "
        "create table raw_generic.touch as select 'x' as touch_id, "
        "'generic/touch.csv' as _file, now()::timestamp as _loaded_at",
    ),
    ("raw", "has_created_at", "alter table raw_generic.lead drop created_at"),
    (
        "raw",
        "keys_present",
        "insert into raw_generic.lead select null, "
        "'2026-04-01', 'f', 'h', now()::timestamp from range(200)",
    ),
    ("raw", "load_is_recorded", "update raw_generic.lead set _loaded_at = null"),
    ("transitions", "verdict_is_known", f"{STEPS} verdict = 'fine'"),
    ("transitions", "verdict_is_given", f"{STEPS} verdict = null"),
    ("transitions", "stages_are_known", f"{STEPS} to_stage = 'demo'"),
    ("transitions", "time_runs_forwards", f"{STEPS} to_at = '2020-01-01'"),
    ("transitions", "hours_are_elapsed_time", f"{STEPS} hours = -1"),
    (
        "transitions",
        "steps_follow_each_other",
        f"{STEPS} transition_no = 3 where transition_no = 2",
    ),
    ("transitions", "nothing_leaves_an_exit", f"{STEPS} from_stage = 'won'"),
    (
        "transitions",
        "one_step_less_than_events",
        "delete from marts.fct_stage_transitions where person_id = 'p1'",
    ),
    ("transitions", "few_are_forbidden", f"{STEPS} verdict = 'forbidden'"),
    (
        "lifecycles",
        "one_row_per_lifecycle",
        "insert into marts.fct_lead_lifecycles from marts.fct_lead_lifecycles",
    ),
    ("lifecycles", "lifecycles_are_numbered_from_1", f"{LIFECYCLES} lifecycle_no = 2"),
    ("lifecycles", "origin_is_known", f"{LIFECYCLES} origin = 'partner'"),
    ("lifecycles", "outcome_is_known", f"{LIFECYCLES} outcome = 'lost'"),
    (
        "lifecycles",
        "marketing_has_one_outcome_and_nobody_else",
        f"{LIFECYCLES} origin = 'sales'",
    ),
    ("lifecycles", "marketing_was_handed_over", f"{LIFECYCLES} handed_off_at = null"),
    ("lifecycles", "accepted_means_accepted_at", f"{LIFECYCLES} outcome = 'accepted'"),
    (
        "lifecycles",
        "accepted_not_before_hand_off",
        f"{LIFECYCLES} accepted_at = '2026-04-01 00:00'",
    ),
    ("lifecycles", "every_hand_off_has_a_due_time", f"{LIFECYCLES} sla_due_at = null"),
    ("lifecycles", "nobody_else_has_a_due_time", f"{LIFECYCLES} origin = 'adr'"),
    ("lifecycles", "ignored_only_after_due", f"{LIFECYCLES} sla_due_at = '2026-06-01'"),
    (
        "lifecycles",
        "ignored_means_nothing_happened",
        f"{LIFECYCLES} was_ignored = true",
    ),
    ("lifecycles", "late_only_after_due", f"{LIFECYCLES} is_accepted_late = true"),
    ("lifecycles", "pending_means_open", f"{LIFECYCLES} outcome = 'pending'"),
    (
        "lifecycles",
        "rejected_or_withdrawn_has_ended",
        f"{LIFECYCLES} outcome = 'withdrawn'",
    ),
    ("lifecycles", "exit_is_whole", f"{LIFECYCLES} exited_at = null"),
    ("lifecycles", "nothing_after_the_exit", f"{LIFECYCLES} exited_at = '2026-01-01'"),
    ("lifecycles", "nothing_after_as_of", f"{LIFECYCLES} as_of = '2026-04-01'"),
    ("lifecycles", "hours_are_not_negative", f"{LIFECYCLES} accept_hours = -2"),
    ("lifecycles", "milestones_are_first_events", f"{LIFECYCLES} tal_at = mql_at"),
    (
        "lifecycles",
        "one_as_of",
        f"{LIFECYCLES} as_of = '2026-05-02' where person_id = 'p1'",
    ),
    ("lifecycles", "people_are_known", "delete from marts.dim_people"),
    (
        "lifecycles",
        "one_row_per_person",
        "insert into marts.dim_people from marts.dim_people",
    ),
    (
        "lifecycles",
        "channel_is_given",
        "update marts.dim_people set channel = 'unknown', source = null",
    ),
    (
        "lifecycles",
        "one_event_per_person_stage_and_instant",
        "insert into marts.fct_stage_events from marts.fct_stage_events",
    ),
    (
        "lifecycles",
        "people_of_the_warehouse_are_published",
        "insert into intermediate.int_people values ('p3', true)",
    ),
    (
        "lifecycles",
        "people_of_the_warehouse_are_published",
        "update intermediate.int_people set is_in_marts = false",
    ),
    ("lifecycles", "each_pass_has_one_outcome", f"{PASSES} outcome = null"),
    ("lifecycles", "each_pass_has_one_outcome", f"{PASSES} outcome = 'reassigned'"),
    ("lifecycles", "each_pass_has_one_outcome", f"{PASSES} pass_no = 2"),
    (
        "lifecycles",
        "each_pass_has_one_outcome",
        "insert into marts.fct_handoffs select lifecycle_id, person_id, 2, outcome "
        "from marts.fct_handoffs",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{PASSES} outcome = 'pending' where outcome = 'ignored'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{PASSES} outcome = 'ignored', pass_no = 2 where outcome = 'accepted'; "
        "insert into marts.fct_handoffs select 'l0', 'p0', 1, 'reassigned'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        "delete from marts.fct_handoffs where lifecycle_id = 'l0'",
    ),
    (
        "lifecycles",
        "last_passes_are_the_hand_offs",
        f"{LIFECYCLES} origin = 'adr' where person_id = 'p0'",
    ),
    (
        "reconciliation",
        "every_row_has_one_fate",
        "update quality.raw_row_fates set readings = 2",
    ),
    (
        "reconciliation",
        "no_fate_is_negative",
        "update quality.raw_row_fates set readings = 4, unread = -1",
    ),
    (
        "reconciliation",
        "one_row_per_raw_table",
        "insert into quality.raw_row_fates from quality.raw_row_fates",
    ),
    (
        "reconciliation",
        "all_raw_rows_are_counted",
        "delete from raw_generic.lead where lead_id = 'lead-1'",
    ),
    ("reconciliation", "rule_is_known", "update marts.quarantine set rule = 'odd'"),
    ("funnel", "hand_offs_add_up", f"{MONTHS} accepted = 2"),
    ("funnel", "counts_are_plausible", f"{MONTHS} accepted_late = 2"),
    (
        "funnel",
        "cohorts_hold_every_hand_off",
        f"{LIFECYCLES} outcome = 'pending' where person_id = 'p2'",
    ),
    ("funnel", "sal_rate_is_its_definition", f"{MONTHS} sal_rate = 0.5"),
    ("funnel", "ignore_rate_is_its_definition", f"{MONTHS} ignore_rate = null"),
    ("funnel", "rejection_rate_is_its_definition", f"{MONTHS} rejection_rate = 3"),
    ("funnel", "pending_rate_is_its_definition", f"{MONTHS} pending_rate = 1"),
    (
        "funnel",
        "resolved_sal_rate_is_its_definition",
        f"{MONTHS} resolved_sal_rate = 0",
    ),
    ("funnel", "sal_rate_is_a_share", f"{MONTHS} sal_rate = 1.5"),
    ("funnel", "ignore_rate_is_a_share", f"{MONTHS} ignore_rate = -0.5"),
    ("funnel", "rejection_rate_is_a_share", f"{MONTHS} rejection_rate = 2"),
    ("funnel", "pending_rate_is_a_share", f"{MONTHS} pending_rate = 2"),
    ("funnel", "resolved_sal_rate_is_a_share", f"{MONTHS} resolved_sal_rate = 2"),
    ("funnel", "sla_breach_rate_is_a_share", f"{MONTHS} sla_breach_rate = 2"),
    ("funnel", "sal_rate_lies_within_its_bounds", f"{MONTHS} sal_rate_lower = 0.5"),
    (
        "funnel",
        "ignore_rate_lies_within_its_bounds",
        f"{MONTHS} ignore_rate_upper = null",
    ),
    (
        "funnel",
        "months_hold_every_cohort",
        "delete from marts.mart_funnel_monthly where dimension = 'all'; "
        f"{MONTHS} handed_off = 2, accepted = 0",
    ),
    (
        "funnel",
        "dimensions_add_up_to_all",
        f"{MONTHS} handed_off = 2, accepted = 0 where dimension = 'channel'",
    ),
    ("funnel", "periods_hold_every_event", f"{DAYS} mql = 2 where mql = 1"),
    ("funnel", "periods_hold_every_event", f"{DAYS} lost = 1"),
    (
        "funnel",
        "periods_hold_every_event",
        # On its day in UTC, not in Tokyo.
        f"{LIFECYCLES} mql_at = '2026-04-01 16:00' where mql_at is not null",
    ),
    (
        "funnel",
        "periods_hold_every_event",
        f"{LIFECYCLES} accepted_at = null where person_id = 'p0'",
    ),
    (
        "funnel",
        "periods_hold_every_event",
        "delete from marts.fct_stage_events where stage = 'rejected'",
    ),
    ("funnel", "at_risk_loses_who_left", f"{CURVE} at_risk = 3"),
    ("funnel", "at_risk_loses_who_left", f"{CURVE} accepted = 2 where accepted = 1"),
    (
        "funnel",
        "curve_holds_every_hand_off",
        f"{CURVE} accepted = 2, rejected = 0 where accepted = 1",
    ),
    ("funnel", "curve_holds_every_hand_off", "delete from marts.mart_acceptance_curve"),
    (
        "funnel",
        "accepted_share_rises_within_bounds",
        f"{CURVE} cumulative_accepted_share = 0.2 where business_days = 2",
    ),
    (
        "funnel",
        "accepted_share_rises_within_bounds",
        f"{CURVE} cumulative_accepted_share = 1.1",
    ),
    (
        "funnel",
        "accepted_share_rises_within_bounds",
        f"{CURVE} cumulative_accepted_share = -0.1 where business_days = 1",
    ),
    (
        "finance",
        "spend_ties_out",
        "update marts.fct_spend_shares set amount = 0.99 where currency = 'USD'",
    ),
    ("finance", "mart_holds_every_cent", f"{COSTS} spend_reporting = 100.01"),
    (
        "finance_facts",
        "weights_make_one",
        "update marts.fct_attributed_acceptances set weight = 0.999999999999",
    ),
    (
        "finance_facts",
        "every_acceptance_is_attributed",
        "delete from marts.fct_attributed_acceptances",
    ),
    (
        "finance_facts",
        "no_touch_after_acceptance",
        "update marts.fct_attributed_acceptances set touched_at = '2026-04-04'",
    ),
    (
        "finance",
        "mart_holds_every_accepted_lead",
        f"{COSTS} attributed_sals = 2 where cost_kind = 'campaign'",
    ),
    ("finance", "cost_kind_is_known", f"{COSTS} cost_kind = 'overhead'"),
    ("finance", "leads_stand_once", f"{COSTS} attributed_sals = 1"),
    (
        "finance",
        "cost_per_sal_is_its_definition",
        f"{COSTS} cost_per_sal_reporting = 99 where cost_kind = 'campaign'",
    ),
    (
        "finance_facts",
        "spend_is_converted",
        "update marts.fct_spend set amount_reporting = 151 where currency = 'USD'",
    ),
]


@pytest.fixture
def project(tmp_path):
    return Project.from_environment({}, landing=tmp_path / "in", out=tmp_path / "out")


@pytest.mark.parametrize("suite", SUITES)
def test_good_data_passes(project, suite):
    small_warehouse.write(project)
    results = run_suite(project, suite)
    assert [result.message for result in results if not result.passed] == []
    assert [result.name for result in results] == [
        check.name for check in SUITES[suite].checks
    ]
    assert (project.data_docs / suite / "index.html").exists()
    assert (project.data_docs / "index.html").exists()


def test_what_a_suite_came_to_is_kept_for_the_tables_it_was_run_on(project):
    small_warehouse.write(project)
    assert kept_results(project, "transitions") is None
    results = run_suite(project, "transitions")
    assert kept_results(project, "transitions") == results
    for other in (replace(project, trial="edit"), replace(project, engine="spark")):
        assert kept_results(other, "transitions") is None


@pytest.mark.parametrize(("suite", "check", "statement"), BROKEN, ids=lambda v: v[:40])
def test_bad_data_fails(project, suite, check, statement):
    small_warehouse.write(project, statement)
    failed = {
        result.name: result for result in run_suite(project, suite) if not result.passed
    }
    assert check in failed, f"only {sorted(failed)} failed"
    message = failed[check].message
    assert f"The check {check} on {failed[check].table} failed" in message
    assert failed[check].count >= 1
    assert failed[check].page in message


OF_EACH_PERSON = {
    check.name
    for suite in SUITES.values()
    for check in suite.checks
    if check.is_of_each_person
}


@pytest.mark.parametrize(
    ("suite", "check", "statement"),
    [case for case in BROKEN if case[1] in OF_EACH_PERSON],
    ids=lambda v: v[:40],
)
def test_bad_data_of_touched_people_fails(project, suite, check, statement):
    small_warehouse.write(project, statement)
    results = run_suite(project, suite, people="values ('p0'), ('p1'), ('p2')")
    failed = {result.name: result for result in results if not result.passed}
    assert check in failed, f"only {sorted(failed)} failed"
    assert failed[check].page in failed[check].message
    assert [result.name for result in results] == [
        check.name for check in SUITES[suite].checks
    ]


@pytest.mark.parametrize("people", ["values ('p2')", "values ('p2'), ('new')"])
@pytest.mark.parametrize("suite", SUITES)
def test_who_was_not_touched_is_not_looked_at_again(project, suite, people):
    small_warehouse.write(project, f"{STEPS} verdict = 'fine' where person_id = 'p1'")
    results = run_suite(project, suite, people=people)
    assert [result.message for result in results if not result.passed] == []
    found = run_suite(project, "transitions", people="values ('p1')")
    assert [result.name for result in found if not result.passed] == [
        "verdict_is_known"
    ]


@pytest.mark.parametrize(
    ("suite", "check", "statement"),
    [
        (
            "lifecycles",
            "one_as_of",
            f"{LIFECYCLES} as_of = null where person_id = 'p1'",
        ),
        (
            "lifecycles",
            "people_of_the_warehouse_are_published",
            "delete from marts.dim_people where person_id = 'p1'",
        ),
        ("transitions", "few_are_forbidden", f"{STEPS} verdict = 'forbidden'"),
    ],
)
def test_what_is_not_of_each_person_looks_at_all_rows(project, suite, check, statement):
    small_warehouse.write(project, statement)
    results = run_suite(project, suite, people="values ('p2')")
    assert check in [result.name for result in results if not result.passed]


def test_every_check_is_broken_here():
    """A check that nothing was seen to break may be one that cannot fail."""
    proven = {(suite, check) for suite, check, _ in BROKEN}
    named = {
        (name, check.name) for name, suite in SUITES.items() for check in suite.checks
    }
    assert {item for item in named - proven if not item[1].startswith("has_")} == set()


def test_checks_have_a_name_of_their_own():
    for suite in SUITES.values():
        keys = [check.key for check in suite.checks]
        assert len(keys) == len(set(keys))


def test_a_broken_row_does_not_block(project):
    """Quarantine is for rows; a suite stops only what means nothing at all."""
    small_warehouse.write(project, "update raw_generic.lead set lead_id = null")
    assert all(result.passed for result in run_suite(project, "raw"))


def test_a_warning_does_not_block(project):
    small_warehouse.write(project, f"{STEPS} verdict = 'forbidden'")
    failed = [r for r in run_suite(project, "transitions") if not r.passed]
    assert [(r.name, r.is_blocking) for r in failed] == [("few_are_forbidden", False)]


def test_a_table_that_is_missing_is_said(project):
    small_warehouse.write(project, "drop table quality.raw_row_fates")
    failed = [r for r in run_suite(project, "reconciliation") if not r.passed]
    assert "could not run" in failed[0].message
    assert failed[0].is_blocking


def test_what_no_suite_needs_is_not_imported():
    """scipy and altair are a third of Great Expectations' import."""
    code = (
        "import sys; from expectations.run import warm_up; warm_up(); "
        "print([m for m in ('scipy.stats._stats_py', 'altair.vegalite') "
        "if m in sys.modules]); "
        "from scipy import stats; import altair; "
        "print(stats.norm.cdf(0), altair.Chart.__name__)"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == ["[]", "0.5 Chart"]
