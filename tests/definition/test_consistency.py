"""What a definition with versions, periods and targets of its own comes to."""

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
)


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


PERIODS = (
    "fiscal_period_id,start_date,end_date,fiscal_year,fiscal_quarter,fiscal_month,name"
)


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
