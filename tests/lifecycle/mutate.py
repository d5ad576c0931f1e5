"""Show that the cases can fail: plant a defect, see which of them notice.

    python -m tests.lifecycle.mutate [--only 5]

builds the folders of cases, then, for each defect below, the models that come
after the spoilt one in a copy of the project, and prints the cases that no
longer hold. A defect that nothing notices ends it with status 1. It takes
minutes, so the tests only check that each defect could still be planted.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner
from tests.lifecycle.cases.every import CASES
from tests.lifecycle.cases.run import build, differences, project_of, told_by_warehouse

COPIED = ("models", "macros", "seeds", "tests/data", "dbt_project.yml", "profiles.yml")
IDENTITY = "models/intermediate/identity/"
LIFECYCLE = "models/intermediate/lifecycle/"
HANDOFFS = "models/intermediate/handoffs/"
READINGS = "models/intermediate/readings/"
HUBSPOT = "models/input_layer/hubspot/"
QUALITY = "models/intermediate/quality/"


@dataclass(frozen=True)
class Defect:
    section: str
    says: str
    file: str
    old: str
    new: str
    build: str
    """What is built again, in dbt's words."""
    setting: str = "shipped"

    def spoilt(self, root: Path) -> str:
        text = (root / self.file).read_text(encoding="utf-8")
        count = text.count(self.old)
        if count != 1:
            raise ValueError(f"{self.old!r} stands {count} times in {self.file}")
        return text.replace(self.old, self.new)


DEFECTS = [
    Defect(
        "§0",
        "a user nobody knows is no sales user",
        f"{LIFECYCLE}int_stage_events__told.sql",
        "coalesce(users.is_sales_user, true) as is_sales_actor",
        "coalesce(users.is_sales_user, false) as is_sales_actor",
        "int_stage_events__told+",
    ),
    Defect(
        "§1",
        "fifty records are too many",
        f"{IDENTITY}int_people__records.sql",
        "{%- set most_records = 50 -%}",
        "{%- set most_records = 49 -%}",
        "int_people__records+",
    ),
    Defect(
        "§1",
        "a deleted record may be the primary one",
        f"{IDENTITY}int_people__records.sql",
        "order by is_live desc, source asc, record_id asc",
        "order by source asc, record_id asc",
        "int_people__records+",
    ),
    Defect(
        "§1",
        "a lead that was merged away stays live",
        f"{IDENTITY}int_people__records.sql",
        "        and merged_away.record_key is null\n",
        "",
        "int_people__records+",
    ),
    Defect(
        "§2",
        "the first value is the current status",
        f"{READINGS}int_records__first_values.sql",
        "when heads_ranked.record_key is not null then heads_ranked.old_value",
        "when false then heads_ranked.old_value",
        "int_records__first_values+",
    ),
    Defect(
        "§2",
        "the threshold itself is not crossed",
        f"{LIFECYCLE}int_readings__crossing.sql",
        "and scores.new_number >= crossing_rules.threshold",
        "and scores.new_number > crossing_rules.threshold",
        "int_readings__crossing+",
    ),
    Defect(
        "§2",
        "events of one instant stand in any order",
        f"{LIFECYCLE}int_stage_events__cut.sql",
        "order by occurred_at, stage_rank\n",
        "order by occurred_at, stage_rank desc\n",
        "int_stage_events__cut+",
    ),
    Defect(
        "§2",
        "the greatest evidence gives the actor",
        f"{LIFECYCLE}int_stage_events__deduplicated.sql",
        "                candidates.source,\n                candidates.source_table,\n"
        "                candidates.source_key\n",
        "                candidates.source desc,\n"
        "                candidates.source_table desc,\n"
        "                candidates.source_key desc\n",
        "int_stage_events__deduplicated+",
    ),
    Defect(
        "§2",
        "an impossible time says that a value is told again",
        f"{READINGS}int_observations__repeated.sql",
        "        and not {{ is_before_first_record('observations.observed_at') }}\n",
        "",
        "int_observations__repeated+",
    ),
    Defect(
        "§2",
        "what a merge wrote gives way to its own repetition",
        f"{READINGS}int_observations__repeated.sql",
        "case when not is_unchanged then evidence_rank end",
        "evidence_rank",
        "int_observations__repeated+",
    ),
    Defect(
        "§2",
        "the date of a stage counts beside the history",
        f"{READINGS}int_observations__repeated.sql",
        "                then 2\n",
        "                then 1\n",
        "int_observations__repeated+",
    ),
    Defect(
        "§2",
        "a merge gives a reason why sales refused",
        f"{LIFECYCLE}int_readings__matched.sql",
        "                not in {{ of_values }}\n",
        "                not in ('')\n",
        "int_readings__matched+",
    ),
    Defect(
        "§2",
        "a stage of a deal that is told again is entered again",
        f"{HUBSPOT}input_layer__hubspot__opportunities.sql",
        "        and stage_match is distinct from stage_before\n",
        "",
        "input_layer__hubspot__opportunities+",
    ),
    Defect(
        "§2",
        "a deal is of a contact that nobody knows",
        f"{HUBSPOT}input_layer__hubspot__contacts_of_deals.sql",
        "                        then 3\n",
        "                        then 0\n",
        "input_layer__hubspot__contacts_of_deals+",
    ),
    Defect(
        "§3",
        "a version is in force a moment too late",
        f"{LIFECYCLE}int_readings__versioned.sql",
        "united.observed_at >= in_force.valid_from\n"
        "            and united.observed_at < in_force.valid_to",
        "united.observed_at > in_force.valid_from\n"
        "            and united.observed_at <= in_force.valid_to",
        "int_readings__versioned+",
        "changed",
    ),
    Defect(
        "§3",
        "a policy is of the version that opened the lifecycle",
        f"{LIFECYCLE}int_lifecycles__handed_off.sql",
        "when 'explicit' then handed_off_version",
        "when 'explicit' then opening_version",
        "int_lifecycles__handed_off+",
        "changed",
    ),
    Defect(
        "§3",
        "one of the roles is enough",
        f"{LIFECYCLE}int_acceptances__completed.sql",
        "and roles_gathered.role_count = roles_counted.role_count",
        "and roles_gathered.role_count <= roles_counted.role_count",
        "int_acceptances__completed+",
        "who accepts",
    ),
    Defect(
        "§3",
        "a user without a role fits every role",
        f"{LIFECYCLE}int_acceptances__completed.sql",
        "on users.role = roles_named.role",
        "on coalesce(nullif(users.role, ''), roles_named.role) = roles_named.role",
        "int_acceptances__completed+",
        "who accepts",
    ),
    Defect(
        "§3",
        "what was accepted in an earlier lifecycle counts again",
        f"{LIFECYCLE}int_acceptances__completed.sql",
        "        count(*) as role_count,\n        max(event_no) as event_no\n"
        "    from first_sals_of_roles\n    group by 1, 2, 3\n",
        "        sum(count(distinct role)) over (partition by person_key,"
        " definition_version\n            order by lifecycle_no) as role_count,\n"
        "        max(event_no) as event_no\n"
        "    from first_sals_of_roles\n    group by 1, 2, 3\n",
        "int_acceptances__completed+",
        "who accepts",
    ),
    Defect(
        "§3",
        "the first SAL accepts, whoever gave it",
        f"{LIFECYCLE}int_lifecycles__milestones.sql",
        "else completed.sal_at",
        "else handed_off.first_sal_at",
        "int_lifecycles__milestones+",
        "who accepts",
    ),
    Defect(
        "§4",
        "an exit does not close",
        f"{LIFECYCLE}int_stage_events__cut.sql",
        "when not is_exit and coalesce(follows_exit, true) then 1",
        "when not is_exit and coalesce(not follows_exit, true) then 1",
        "int_stage_events__cut+",
    ),
    Defect(
        "§4",
        "what sales did before the MQL imputes a hand-off",
        f"{LIFECYCLE}int_lifecycles__handed_off.sql",
        "last_sales_event_no > mql_no",
        "last_sales_event_no > 0",
        "int_lifecycles__handed_off+",
    ),
    Defect(
        "§4",
        "an SAL at the hand-off itself does not accept",
        f"{LIFECYCLE}int_lifecycles__milestones.sql",
        "sal_at >= handed_off_at",
        "sal_at > handed_off_at",
        "int_lifecycles__milestones+",
    ),
    Defect(
        "§4",
        "a deal that is sold before its hand-off is marketing's",
        f"{LIFECYCLE}int_lifecycles__milestones.sql",
        "coalesce(sql_at, {{ end_of_time() }}),\n",
        "{{ end_of_time() }},\n",
        "int_lifecycles__milestones+",
    ),
    Defect(
        "§5",
        "at the due time itself nothing is ignored yet",
        f"{HANDOFFS}int_passes__outcomes.sql",
        "as_of >= due_at",
        "as_of > due_at",
        "int_passes__outcomes+",
    ),
    Defect(
        "§5",
        "a lead may pend a moment longer",
        f"{HANDOFFS}int_passes__outcomes.sql",
        "as_of >= pending_until",
        "as_of > pending_until",
        "int_passes__outcomes+",
    ),
    Defect(
        "§5",
        "a touch that is not completed is a response",
        f"{READINGS}int_activities__judged.sql",
        "        and coalesce(activities.is_completed, true)\n",
        "",
        "int_activities__judged+",
    ),
    Defect(
        "§5",
        "anyone's response is the owner's",
        f"{HANDOFFS}int_passes__outcomes.sql",
        "responses.actor_key = passes.owner_key\n            and ",
        "",
        "int_passes__outcomes+",
    ),
    Defect(
        "§5",
        "an SAL that completes nothing is no response",
        f"{HANDOFFS}int_responses.sql",
        "        events.stage = 'sal'\n",
        "        events.stage = 'sal' and false\n",
        "int_responses+",
        "who accepts",
    ),
    Defect(
        "§5",
        "an SAL after the acceptance is a response",
        f"{HANDOFFS}int_responses.sql",
        "and events.occurred_at < coalesce(",
        "and events.occurred_at <> coalesce(",
        "int_responses+",
        "who accepts",
    ),
    Defect(
        "§5",
        "a change of owner at the acceptance opens a pass",
        f"{HANDOFFS}int_passes.sql",
        "and possible_passes.passed_at < least(",
        "and possible_passes.passed_at <= least(",
        "int_passes+",
    ),
    Defect(
        "§6",
        "the SAL rate is of all that marketing handed over, withdrawn ones too",
        "models/marts/funnel/mart_funnel_monthly.sql",
        "{{ rate('accepted', 'handed_off') }} as sal_rate",
        "{{ rate('accepted', '(handed_off + withdrawn)') }} as sal_rate",
        "mart_funnel_monthly",
    ),
    Defect(
        "§6",
        "withdrawn hand-offs count as due",
        "models/marts/funnel/mart_funnel_cohort.sql",
        "count(*) filter (where outcome <> 'withdrawn' and sla_due_at <= as_of)",
        "count(*) filter (where sla_due_at <= as_of)",
        "mart_funnel_cohort+",
    ),
    Defect(
        "§6",
        "a rate over nothing is 0",
        "macros/wilson.sql",
        "            / cast({{ denominator }} as double)\n",
        "            / cast({{ denominator }} as double)\n    else 0.0\n",
        "mart_funnel_monthly",
    ),
    Defect(
        "§6",
        "an event is counted on its date in UTC",
        "models/marts/funnel/mart_funnel_period.sql",
        "{{ from_utc('entries.entered_at', 'settings.reporting_timezone') }}",
        "entries.entered_at",
        "mart_funnel_period",
    ),
    Defect(
        "§7",
        "a pair that nobody allowed is expected",
        "seeds/stage_transitions.csv",
        "mql,won,forbidden",
        "mql,won,skipped",
        "stage_transitions+",
    ),
    Defect(
        "§7",
        "a day before the first record is too early",
        "macros/row_rules.sql",
        "coalesce({{ instant }} < first_created_at",
        "coalesce({{ instant }} <= first_created_at",
        "int_observations__judged+",
    ),
    Defect(
        "§7",
        "what is after as_of is read",
        f"{READINGS}int_activities__judged.sql",
        "\n        and readings.occurred_at <= clock.as_of as is_response",
        " as is_response",
        "int_activities__judged+",
    ),
    Defect(
        "§7",
        "a row that breaks a rule is quarantined though a reading takes part",
        f"{QUALITY}int_raw_rows__judged.sql",
        "            when raw_rows.takes_part then 'reading'\n"
        "            when rows_broken.row_key is not null then 'quarantined'\n",
        "            when rows_broken.row_key is not null then 'quarantined'\n"
        "            when raw_rows.takes_part then 'reading'\n",
        "int_raw_rows__judged+",
        "own rules",
    ),
    Defect(
        "§7",
        "a row breaks a rule and is not listed",
        f"{QUALITY}int_raw_rows__broken.sql",
        "    where is_unmapped_status\n",
        "    where is_unmapped_status and is_first_value\n",
        "int_raw_rows__broken+",
    ),
]


def copied(root: Path) -> Path:
    """A copy of the dbt project, to be spoilt."""
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return root


def noticed(defect: Defect, built: Project, folder: Path) -> list[str]:
    """The cases that no longer hold once the defect is planted."""
    root, out = copied(folder / "project"), folder / "out"
    (root / defect.file).write_text(defect.spoilt(root), encoding="utf-8")
    (out / "warehouse").mkdir(parents=True)
    shutil.copy(built.warehouse, out / "warehouse")
    project = replace(built, root=root, out=out)
    # Without the data tests: what one of them finds would not be built on.
    results = dbt_runner.build(
        project,
        [f"{defect.build},resource_type:{kind}" for kind in ("seed", "model")],
    )
    sentence = dbt_runner.failure_sentence(results)
    if sentence:
        raise ValueError(f"{defect.file} cannot be built so: {sentence}")
    told = told_by_warehouse(project)
    return [
        case.name
        for case in CASES
        if case.setting == defect.setting and differences(case, case.expected, told)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", help="the number of a section, such as 5")
    only = parser.parse_args(arguments).only
    defects = [d for d in DEFECTS if only is None or d.section == f"§{only}"]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="lead-funnel-") as name:
        projects: dict[str, Project] = {}
        for number, defect in enumerate(defects):
            if defect.setting not in projects:
                cases = [case for case in CASES if case.setting == defect.setting]
                folder = Path(name) / defect.setting
                folder.mkdir()
                projects[defect.setting] = project_of(folder, defect.setting, cases)
                build(projects[defect.setting])
            folder = Path(name) / str(number)
            found = noticed(defect, projects[defect.setting], folder)
            shutil.rmtree(folder)
            print(f"{defect.section} {defect.says} ({defect.file}):", flush=True)
            for case in found:
                print(f"    {case}", flush=True)
            if not any(defect.section in case for case in found):
                unnoticed += 1
                print("    NO CASE OF ITS SECTION NOTICES", flush=True)
    print(f"{len(defects) - unnoticed} of {len(defects)} defects were noticed.")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
