"""The small pieces of `compare`; test_seed_edits.py runs it as a whole."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.compare import causes, lookups, render, sides
from orchestration.commands.compare.differences import Lead, Metric
from orchestration.commands.explain import reading
from orchestration.errors import LeadFunnelError
from orchestration.project import Project


def test_a_policy_is_told_by_what_differs_in_it() -> None:
    same = ("japan", "japan", 30, 30, True, True)
    hours = (Decimal("18.0000"), Decimal("9.0000"))
    assert causes.policy_text(("default", "default", *hours, *same)) == (
        "sla_policies default: 18 h → 9 h"
    )
    other = ("default", "team east", 18, 18, "japan", "tokyo", 30, 1, True, False)
    assert causes.policy_text(other) == (
        "sla_policies default → team east: calendar japan → tokyo, 30 → 1 day pending "
        "at most, a touch no longer stops the clock"
    )


def test_a_policy_is_found_by_the_same_text() -> None:
    """The team is written in full-width letters, the policy is not."""
    both = sides.Side("before", "actual"), sides.Side("after", "whatif_v2")
    with duckdb.connect() as connection:
        connection.execute(
            "create table changed_leads as "
            "select 'p' as person_id, 1::integer as lifecycle_no"
        )
        for side, hours in zip(both, (18, 9), strict=True):
            schema = side.schema("intermediate")
            connection.execute(
                f"""
                create schema {schema};
                create table {schema}.int_people as
                select 1 as person_key, 'p' as person_id, 'web' as channel;
                create table {schema}.int_passes__clocked as
                select
                    1 as person_key, 1::integer as lifecycle_no, 1 as pass_no,
                    'Ｅａｓｔ ' as team, 'v1' as definition_version,
                    'japan' as calendar_id, {hours} as sla_business_hours,
                    30 as max_pending_days, true as touches_stop_clock;
                create table {schema}.int_sla_policies__resolved as
                select 'v1' as version, * from (
                    values ('default', ''), ('team', 'east'), ('channel', 'fair')
                ) as policies (match_on, match_value)
                """
            )
        connection.execute(
            "create temporary table lead_causes "
            "(person_id varchar, lifecycle_no integer, why varchar)"
        )
        causes._policies(sides.Compared(connection, *both))
        assert connection.execute("from lead_causes").fetchall() == [
            ("p", 1, "sla_policies team east: 18 h → 9 h")
        ]


@pytest.mark.parametrize(
    ("said", "before", "after", "text"),
    [
        ("working", "unmapped", "tal", "status = 'working': unmapped → TAL"),
        ("working", "", "none", "status = 'working': not read → no stage"),
        ("crosses", "mql", "", "status crossing: MQL → not read"),
    ],
)
def test_a_rule_is_told_by_the_value_it_reads(
    said: str, before: str, after: str, text: str
) -> None:
    told = causes.rule_text("salesforce", "lead", "status", said, before, after)
    assert told == f"stage_rules salesforce {text}"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (("adr", "ADR"), ("marketing", "ADR"), "role adr → marketing"),
        (("adr", "ADR"), ("none", "East"), "role adr → none, team ADR → East"),
        (("adr", "none"), None, "role adr → no row"),
        (None, ("adr", "ADR"), "no row → role adr, team ADR"),
    ],
)
def test_a_row_that_is_looked_up_is_told_by_its_key_and_values(
    before: tuple | None, after: tuple | None, text: str
) -> None:
    key, names = ("salesforce", "user_role", "Büro"), ("role", "team")
    told = lookups.row_text("user_roles", key, names, before, after)
    assert told == f"user_roles salesforce user_role Büro: {text}"


def test_a_role_tells_of_who_accepted_only_where_roles_have_to() -> None:
    side = sides.Side("after", "actual")
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema intermediate;
            create table changed_leads as
            select 'p' || range as person_id, 1 as lifecycle_no from range(2);
            create table intermediate.int_people as
            select range as person_key, 'p' || range as person_id from range(2);
            create table intermediate.int_lifecycles as
            select range as person_key, 1 as lifecycle_no, 'v' || range
                as definition_version
            from range(2);
            create table intermediate.int_funnel_versions__in_force as
            select * from (values ('v0', null), ('v1', 'field_sales'))
                as versions (version, acceptance_roles);
            create table intermediate.int_stage_events__cut as
            select *, 1 as lifecycle_no, stage in ('won') as is_exit from (values
                (0, 'sal', 10), (0, 'won', 11), (1, 'sal', 12), (1, 'sql', 13)
            ) as events (person_key, stage, actor_key)
            """
        )
        [told] = [query for query in lookups._users_of(side) if "is_exit" in query]
        users = connection.execute(f"select value from ({told}) order by 1").fetchall()
    assert users == [(11,), (12,)]


MONTH = date(2025, 4, 1)


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (Metric(MONTH, "accepted", 1200, 1500), "+300"),
        (Metric(MONTH, "sal_rate", 0.5, 0.525), "+2.5 points"),
        (Metric(MONTH, "sal_rate", 0.5, 0.4999), "-0.010 points"),
        (Metric(MONTH, "sal_rate", None, 0.5), "new"),
        (Metric(MONTH, "sal_rate", 0.5, None), "gone"),
        (Metric(MONTH, "sal_rate", 0.5, 0.5), "="),
    ],
)
def test_a_difference_is_told_in_the_unit_of_its_metric(
    metric: Metric, text: str
) -> None:
    assert render.difference(metric) == text
    assert metric.differs == (text != "=")


def test_a_new_lifecycle_tells_what_it_has() -> None:
    lead = Lead(
        person_id="p",
        lifecycle_no=2,
        record="generic a",
        changes=(("tal_at", None, datetime(2025, 4, 7)), ("was_ignored", None, False)),
        is_added=True,
        is_removed=False,
        why=(),
    )
    assert list(render.changes(lead, "UTC")) == [
        "is new",
        "tal_at: 2025-04-07 Mon 00:00",
    ]


def test_nothing_published_is_a_sentence(project: Project) -> None:
    with pytest.raises(LeadFunnelError, match="Nothing is published"):
        sides.plan(project)


def test_only_the_definition_differs_from_what_is_published(
    published_company: Project,
) -> None:
    plan = sides.plan(published_company, version="mql_handoff")
    [what_if] = plan.to_build
    assert what_if.vars.as_of == datetime(2025, 4, 30)
    assert what_if.vars.funnel_version == "mql_handoff"
    assert what_if.schema_prefix == "whatif_mql_handoff__"
    assert plan.notes == ()


def test_a_what_if_never_writes_where_a_published_one_lies(
    published_company: Project,
) -> None:
    prefixes = {
        each.schema_prefix
        for version in (None, "v1")
        for against in (None, "v1", "mql_handoff")
        for each in sides.plan(
            published_company, version=version, against=against
        ).to_build
    }
    assert "" not in prefixes
    same = sides.plan(published_company, version="v1", against="v1").to_build
    assert len({each.schema_prefix for each in same}) == 2


def test_an_unknown_version_is_a_sentence(own_company: Project) -> None:
    result = CliRunner().invoke(
        app, ["compare", "--version", "v9", "--out", str(own_company.out)]
    )
    assert result.exit_code == 1
    assert "which the seed funnel_versions does not name" in " ".join(
        result.output.split()
    )


@pytest.mark.slow
@pytest.mark.exhaustive
def test_section_3_a_version_is_built_beside_the_actual_reading(
    own_company: Project,
) -> None:
    """semantics.md §3: a what-if has schemas of its own."""
    out = ["--plain", "--out", str(own_company.out)]
    result = CliRunner().invoke(app, ["compare", "--version", "mql_handoff", *out])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "All of history read with mql_handoff, compared with what is" in said
    assert "funnel_versions v1 → mql_handoff: handoff_mode explicit → mql" in said

    with reading.opened(own_company) as actual:
        run = "select funnel_version from {settings}.run"
        assert actual.rows(run) == [{"funnel_version": None}]
        origins = "select distinct origin from {marts}.fct_lead_lifecycles order by 1"
        assert {"origin": "marketing"} in actual.rows(origins)
    with reading.opened(own_company, "mql_handoff") as what_if:
        assert what_if.rows(run) == [{"funnel_version": "mql_handoff"}]
        # Nobody of the small company ever was an MQL.
        assert {"origin": "marketing"} not in what_if.rows(origins)

    told = CliRunner().invoke(
        app, ["explain", "ignored", "--what-if", "mql_handoff", *out]
    )
    assert "what-if mql_handoff, not what is published" in " ".join(told.output.split())


@pytest.mark.slow
@pytest.mark.exhaustive
def test_two_versions_are_compared_with_each_other(own_company: Project) -> None:
    """Neither side is what is published, so neither has all of the marts."""
    options = ["--version", "mql_handoff", "--against", "v1", "--plain"]
    result = CliRunner().invoke(
        app, ["compare", *options, "--out", str(own_company.out)]
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "compared with all of history read with v1" in said
    assert "funnel_versions v1 → mql_handoff: handoff_mode explicit → mql" in said
    assert "generic march #1" in said
