"""What does not fit together in a definition is said row by row."""

from pathlib import Path

from orchestration import warehouse
from orchestration.project import Project
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.transformation import dbt_runner

READ = (
    "path:seeds",
    "path:models/definition",
    "int_funnel_versions__accepting",
    "int_funnel_versions__ancestry",
    "int_funnel_versions__in_force",
    "int_sla_policies__resolved",
    "int_calendar__openings",
    "assert_definition_is_consistent",
)


def sentence(project: Project, tmp_path: Path, **files: str) -> str:
    """What the definition with these files makes dbt say."""
    own = prepared(project, tmp_path, **files)
    return str(dbt_runner.failure_sentence(dbt_runner.build(own, READ)))


def prepared(project: Project, tmp_path: Path, **files: str) -> Project:
    folder = tmp_path / "definition"
    folder.mkdir()
    for seed, text in files.items():
        (folder / f"{seed}.add.csv").write_text(text)
    own = Project.from_environment(project.environment(), definition=folder)
    own.prepare_out()
    write_settings(own)
    write_definition(own)
    with warehouse.connect(own) as connection:
        connection.execute(
            "create schema intermediate; create table intermediate.int_run__clock as "
            "select timestamp '2026-01-01' as earliest_at, "
            "timestamp '2026-06-01' as as_of"
        )
    return own


def test_the_first_rows_that_do_not_fit_are_named(
    project: Project, tmp_path: Path
) -> None:
    rules = "".join(f"v1,generic,lead,status,equals,x{n},stage{n}\n" for n in range(5))
    said = sentence(
        project,
        tmp_path,
        holidays="calendar_id,holiday_date\ntokyoo,2026-05-01\n,2026-05-02\n",
        stage_rules=(
            "definition_version,source,entity,field,operator,value,stage\n" + rules
        ),
    )
    assert "found 7 rows" in said
    assert (
        'In holidays (seeds/ or DEFINITION), "tokyoo" is not a calendar of '
        "business_calendars: correct that row."
    ) in said
    assert "a blank value is not a calendar of business_calendars" in said
    assert '"stage2" is not a stage: correct that row. And 2 more.' in said
    assert "stage3" not in said


def test_roles_that_cannot_accept_are_named(project: Project, tmp_path: Path) -> None:
    said = sentence(
        project,
        tmp_path,
        funnel_versions=(
            "version,based_on,handoff_mode,acceptance_roles\n"
            "unknown,v1,explicit,closer+field_sales\n"
            "twice,v1,explicit,adr+field_sales+ Ａdr\n"
            "blank,v1,explicit,field_sales+\n"
            "right,v1,explicit,Inside_Sales + ｆield_sales\n"
        ),
    )
    assert (
        'In funnel_versions (seeds/ or DEFINITION), "closer" is not a role of '
        "sales_roles, but stands in the acceptance_roles of unknown: correct that row."
    ) in said
    assert '"adr" stands more than once in the acceptance_roles of twice' in said
    assert "a blank value is not a role of sales_roles" in said
    assert "found 3 rows" in said


def test_who_accepts_is_said_by_the_version_alone(
    project: Project, tmp_path: Path
) -> None:
    """A blank one is not taken over from the version that it is based on."""
    own = prepared(
        project,
        tmp_path,
        funnel_versions=(
            "version,effective_from,based_on,handoff_mode,acceptance_roles\n"
            "field,2026-01-01,v1,explicit,　Field_Sales \n"
            "both,2026-02-01,field,explicit,inside_sales+field_sales\n"
            "anyone,2026-03-01,both,explicit,\n"
        ),
    )
    assert roles_that_accept(own) == [
        ("both", "field_sales"),
        ("both", "inside_sales"),
        ("field", "field_sales"),
    ]


def test_a_folder_from_before_there_was_the_column_lets_anyone_accept(
    project: Project, tmp_path: Path
) -> None:
    own = prepared(
        project,
        tmp_path,
        funnel_versions="version,based_on,handoff_mode\nv2,v1,explicit\n",
    )
    assert roles_that_accept(own) == []


def roles_that_accept(project: Project) -> list[tuple[str, str]]:
    results = dbt_runner.build(project, READ)
    assert not dbt_runner.failure_sentence(results)
    with warehouse.connect(project) as connection:
        return connection.execute(
            "select version, role "
            "from intermediate.int_funnel_versions__accepting order by all"
        ).fetchall()


def test_more_roles_than_are_read_are_said(project: Project, tmp_path: Path) -> None:
    roles = [f"closer{number}" for number in range(11)]
    said = sentence(
        project,
        tmp_path,
        sales_roles="role\n" + "\n".join(roles) + "\n",
        funnel_versions=(
            "version,based_on,handoff_mode,acceptance_roles\n"
            f"many,v1,explicit,{'+'.join(roles)}\n"
        ),
    )
    assert '"many" has more than 10 acceptance_roles: correct that row.' in said
    assert "found 1 row" in said


PERIODS = (
    "fiscal_period_id,start_date,end_date,fiscal_year,fiscal_quarter,fiscal_month,name"
)


def test_fiscal_periods_that_overlap_or_leave_a_day_out_are_named(
    project: Project, tmp_path: Path
) -> None:
    said = sentence(
        project,
        tmp_path,
        fiscal_periods=f"""{PERIODS}
P1,2026-01-04,2026-01-31,2026,1,1,P1
P2,2026-02-01,2026-02-28,2026,1,2,P2
P3,2026-03-02,2026-03-28,2026,1,3,P3
P4,2026-03-28,2026-04-25,2026,2,4,P4
P5,2026-04-26,2026-05-23,2026,2,5,P5
""",
    )
    assert '"P2" is followed by days of no period' in said
    assert '"P3" has days of another period' in said
    assert '"P4" has days of another period' in said
    assert "found 3 rows" in said


def test_fiscal_periods_govern_dates_quarters_and_years(
    project: Project, tmp_path: Path
) -> None:
    """Weeks from Monday, 5-4-4, in a fiscal year that is called after its end; days
    outside are of a year that begins in April."""
    own = prepared(
        project,
        tmp_path,
        fiscal_periods=f"""{PERIODS}
F1,2026-02-02,2026-03-08,2027,1,1,one
F2,2026-03-09,2026-04-05,2027,1,2,two
F3,2026-04-06,2026-05-03,2027,1,3,three
F4,2026-05-04,2026-06-07,2027,2,4,four
""",
    )
    results = dbt_runner.build(own, [*READ, "dim_dates"])
    assert not dbt_runner.failure_sentence(results)
    with warehouse.connect(own) as connection:
        found = connection.execute(
            "select cast(date_day as text), fiscal_year, fiscal_quarter, fiscal_month, "
            "cast(fiscal_quarter_start_date as text), "
            "cast(fiscal_year_start_date as text) "
            "from marts.dim_dates "
            "where date_day in ('2026-02-01', '2026-02-02', '2026-03-08', "
            "'2026-03-09', '2026-05-03', '2026-05-04', '2026-06-07') order by 1"
        ).fetchall()
    first, second = "2026-02-02", "2026-05-04"
    assert found == [
        ("2026-02-01", 2025, 4, 11, "2026-01-01", "2025-04-01"),
        ("2026-02-02", 2027, 1, 1, first, first),
        ("2026-03-08", 2027, 1, 1, first, first),
        ("2026-03-09", 2027, 1, 2, first, first),
        ("2026-05-03", 2027, 1, 3, first, first),
        ("2026-05-04", 2027, 2, 4, second, first),
        ("2026-06-07", 2027, 2, 4, second, first),
    ]


def test_targets_and_bands_that_cannot_be_are_named(
    project: Project, tmp_path: Path
) -> None:
    said = sentence(
        project,
        tmp_path,
        kpi_targets="metric,dimension,dimension_value,effective_from,target\n"
        "sal_rat,all,,2026-04-01,0.5\n"
        "accepted,region,,2026-04-01,300\n"
        "accepted,all,,,300\n"
        "sal_rate,team,East,2026-04-01,50\n",
        score_bands="score_band,lower_bound\nhot,100\n",
    )
    assert '"sal_rat" is neither a rate nor a count that may have a target' in said
    assert '"region" is not a dimension (all, channel, campaign,' in said
    assert '"accepted" has a target without a first day' in said
    assert "found 6 rows" in said


def test_proposals_that_cannot_be_are_named(project: Project, tmp_path: Path) -> None:
    header = "match_on,match_value,least_probability\n"
    own = prepared(
        project,
        tmp_path,
        acceptance_proposals=f"{header}region,East,0.5\nteam,West,1.5\n"
        "channel,web,0\nTeam,South,1\n",
    )
    folder = own.definition
    assert folder is not None
    said = str(dbt_runner.failure_sentence(dbt_runner.build(own, READ)))
    assert '"region" is not team, channel or default' in said
    assert '"West" has no probability above 0 and up to 1' in said
    assert '"web" has no probability above 0 and up to 1' in said
    assert "found 3 rows" in said
    (folder / "acceptance_proposals.add.csv").unlink()
    (folder / "acceptance_proposals.csv").write_text(f"{header}team,West,0.5\n")
    write_definition(own)
    said = str(dbt_runner.failure_sentence(dbt_runner.build(own, READ)))
    assert '"default" is missing: say from which probability' in said
    assert "found 1 row" in said


def test_targets_without_owners_are_targets(project: Project, tmp_path: Path) -> None:
    """A folder that was written before targets had owners."""
    own = prepared(
        project,
        tmp_path,
        kpi_targets="metric,dimension,dimension_value,effective_from,target\n"
        "sal_rate,team,East,2026-04-01,0.55\n",
    )
    results = dbt_runner.build(own, READ)
    assert not dbt_runner.failure_sentence(results)
    with warehouse.connect(own) as connection:
        found = connection.execute(
            "select metric, dimension, dimension_value, cast(target as text), "
            "marketing_owner, sales_owner from definition.def_kpi_targets "
            "order by dimension desc, metric limit 1"
        ).fetchall()
    assert found == [("sal_rate", "team", "East", "0.5500", None, None)]
