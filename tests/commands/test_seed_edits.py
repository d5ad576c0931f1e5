"""What CONTRIBUTING shows: the definition is changed by editing seeds alone.

docs/changing-the-definition.md tells both edits; here each is made in a
DEFINITION folder, compared before it is merged, and then run for good.
"""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.explain import find, gather, reading
from orchestration.project import Project
from tests import job
from tests.commands import company
from tests.reference.compare import SEEDS

# (a) 9 business hours to respond instead of 18, from 1 April 2025 on.
NINE_HOURS = {
    "funnel_versions_add": (
        "version,effective_from,based_on,handoff_mode,description\n"
        "v2,2025-04-01,v1,explicit,Half the time to respond.\n"
    ),
    "sla_policies_add": (
        "definition_version,match_on,match_value,sla_business_hours,calendar_id,"
        "max_pending_days,touches_stop_clock\n"
        "v2,default,,9,japan,30,true\n"
    ),
}

# (b) The CRM has a new status: an ADR has called the lead back.
NEW_STATUS = {
    "stage_rules_add": (
        "definition_version,source,entity,field,operator,value,stage\n"
        "v1,generic,lead,status,equals,Called back,tal\n"
    ),
}

# (c) A call is no response any more, marketing's user sells, and the exhibition
# is a trade show.
LOOKED_UP = {
    "touch_types": (SEEDS / "touch_types.csv")
    .read_text(encoding="utf-8")
    .replace("\ncall,true\n", "\ncall,false\n"),
    "user_roles_add": (
        "source,match_on,value,role,team\ngeneric,user_id,m1,field_sales,Marketing\n"
    ),
    "channels_add": "source_value,channel\nexpo,trade_show\n",
}

# (d) Inside sales and field sales both check; only used when a run names it.
BOTH_CHECK = {
    "funnel_versions_add": (
        "version,based_on,handoff_mode,acceptance_roles\n"
        "both,v1,explicit,inside_sales+field_sales\n"
    ),
}

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


def compare(project: Project, definition: Path, *more: str) -> str:
    """What the command prints, its lines joined."""
    result = CliRunner().invoke(
        app,
        [
            "compare",
            "--plain",
            *("--out", str(project.out)),
            *("--definition", str(definition)),
            *more,
        ],
    )
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def changed_leads(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["record"].split()[1]: row for row in csv.DictReader(stream)}


def lifecycles(project: Project) -> dict[str, tuple[str, bool, bool, str]]:
    """Outcome, was ignored, accepted late and version, as published."""
    with duckdb.connect(str(project.published_database), read_only=True) as published:
        rows = published.execute(
            "select primary_record_id, outcome, was_ignored, is_accepted_late, "
            "definition_version from marts.fct_lead_lifecycles "
            "inner join marts.dim_people using (person_id) where origin = 'marketing'"
        ).fetchall()
    return {record: tuple(rest) for record, *rest in rows}


def test_section_3_the_definition_is_changed_by_editing_seeds(
    own_company: Project, tmp_path: Path
) -> None:
    before = lifecycles(own_company)
    assert before["again"] == ("accepted", False, False, "v1")
    assert before["back"] == ("withdrawn", False, False, "v1")
    assert before["called"] == ("ignored", True, False, "v1")

    # (a) is compared: nothing is published by that.
    nine_hours = company.write_definition(tmp_path / "nine_hours", **NINE_HOURS)
    found = tmp_path / "nine_hours.csv"
    said = compare(own_company, nine_hours, "--csv", str(found))
    assert "+ sla_policies: definition_version v2, match_on default" in said
    assert "sla_policies default: 18 h → 9 h" in said
    assert "1 × withdrawn → ignored" in said
    assert "2025-04" in said
    assert "2025-03" not in said
    leads = changed_leads(found)
    assert leads["back"]["outcome_after"] == "ignored"
    assert leads["again"]["sla_due_at_before"] == "2025-04-08 09:00:00"
    assert leads["again"]["sla_due_at_after"] == "2025-04-07 09:00:00"
    assert (leads["again"]["outcome_after"], leads["again"]["was_ignored_after"]) == (
        "accepted",
        "true",
    )
    # A new version never restates the past.
    assert "march" not in leads
    assert {row["why"] for row in leads.values()} == {
        "sla_policies default: 18 h → 9 h"
    }
    assert lifecycles(own_company) == before

    # (b) is compared.
    new_status = company.write_definition(tmp_path / "new_status", **NEW_STATUS)
    found = tmp_path / "new_status.csv"
    said = compare(own_company, new_status, "--csv", str(found))
    assert (
        "+ stage_rules: definition_version v1, source generic, entity lead, field "
        "status, operator equals, value Called back, stage tal"
    ) in said
    assert "unmapped_status 1 0 -1" in said
    leads = changed_leads(found)
    assert set(leads) == {"called"}
    assert leads["called"]["why"] == (
        "stage_rules generic status = 'called back': unmapped → TAL"
    )
    assert (leads["called"]["outcome_before"], leads["called"]["outcome_after"]) == (
        "ignored",
        "pending",
    )
    assert lifecycles(own_company) == before

    # Both are merged, and run.
    merged = company.write_definition(tmp_path / "merged", **NINE_HOURS, **NEW_STATUS)
    job.build(
        Project.from_environment(
            {},
            landing=own_company.landing,
            out=own_company.out,
            definition=merged,
        )
    )
    after = lifecycles(own_company)
    assert after["again"] == ("accepted", True, True, "v2")
    assert after["back"] == ("ignored", True, False, "v2")
    assert after["called"] == ("pending", False, False, "v2")
    assert after["march"] == before["march"]

    # What was merged is what is published now: the same folder changes nothing.
    said = compare(own_company, merged)
    assert "No metric of any month differs" in said
    assert "None of 9 lifecycles differs." in said


def test_section_3_a_row_that_is_looked_up_is_named_with_its_values(
    own_company: Project, tmp_path: Path
) -> None:
    looked_up = company.write_definition(tmp_path / "looked_up", **LOOKED_UP)
    found = tmp_path / "looked_up.csv"
    said = compare(own_company, looked_up, "--csv", str(found))
    why = {lead: row["why"] for lead, row in changed_leads(found).items()}
    call = "touch_types call: is_response true → false"
    assert why == {
        # s1 called in time, before accepting.
        "slow": call,
        # s1 called, after the due time.
        "ignored": call,
        # m1 took it back.
        "back": "user_roles generic user_id m1: no row → role field_sales, "
        "team Marketing",
        "march": "channels expo: no row → channel trade_show",
    }
    for text in why.values():
        assert text in said


def test_section_3_a_version_that_says_who_accepts_is_compared_and_explained(
    own_company: Project, tmp_path: Path
) -> None:
    both = company.write_definition(tmp_path / "both", **BOTH_CHECK)
    found = tmp_path / "both.csv"
    said = compare(own_company, both, "--version", "both", "--csv", str(found))
    assert (
        "+ funnel_versions: version both, based_on v1, handoff_mode explicit, "
        "acceptance_roles inside_sales+field_sales"
    ) in said
    leads = changed_leads(found)
    why = (
        "funnel_versions v1 → both: acceptance_roles anyone → inside_sales+field_sales"
    )
    assert why in said
    assert {row["why"] for row in leads.values()} == {why}
    # Only field sales ever accepted, which is a response now: in time where it was
    # in time, and in March too long ago.
    assert {
        lead: (row["outcome_before"], row["outcome_after"])
        for lead, row in leads.items()
    } == {
        "again": ("accepted", "pending"),
        "slow": ("accepted", "pending"),
        "winner": ("accepted", "pending"),
        "march": ("accepted", "ignored"),
    }
    assert leads["again"]["first_response_at_after"] == "2025-04-08 08:00:00"
    assert leads["again"]["accepted_by_after"] == ""

    what_if = ["--what-if", "both", "--plain", "--out", str(own_company.out)]
    told = CliRunner().invoke(app, ["explain", "late", *what_if])
    said = " ".join(told.output.split())
    assert "says who accepts: inside_sales and field_sales, each of them." in said
    assert (
        "Sato Hanako (field_sales) accepted at 2025-04-08 Tue 17:00:00 (08:00:00 UTC): "
        "a response, not yet the acceptance. Still missing: inside_sales."
    ) in said
    assert "SAL, partial" in said
    with reading.opened(own_company, "both") as read:
        [match] = find.people(read, "late")
        rows = gather.person(read, match.person_key).rows
    assert [row.effects for row in rows if "handed_off → sal" in row.said] == [
        ("→ SAL (lifecycle 1; not yet the acceptance), by rule equals 'sal' of both",)
    ]
