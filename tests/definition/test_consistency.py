"""What does not fit together in a definition is said row by row."""

from pathlib import Path

from orchestration import warehouse
from orchestration.project import Project
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.transformation import dbt_runner

READ = (
    "path:seeds",
    "path:models/definition",
    "int_funnel_versions__ancestry",
    "int_funnel_versions__in_force",
    "int_sla_policies__resolved",
    "int_calendar__openings",
    "assert_definition_is_consistent",
)


def sentence(project: Project, tmp_path: Path, **files: str) -> str:
    """What the definition with these files makes dbt say."""
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
    return str(dbt_runner.failure_sentence(dbt_runner.build(own, READ)))


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
