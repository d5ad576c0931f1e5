"""Vars and a company's own definition reach the warehouse as tables."""

from datetime import datetime

import pytest

from orchestration import warehouse
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.settings.definition_files import seed_columns
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.tables import LOADED_SYSTEMS


@pytest.fixture
def definition(tmp_path):
    folder = tmp_path / "definition"
    folder.mkdir()
    return folder


@pytest.fixture
def own(landing, tmp_path, definition):
    return Project.from_environment(
        {}, landing=landing, out=tmp_path / "out", definition=definition
    )


def rows(project, query):
    with warehouse.connect(project, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_settings_are_one_row_and_a_row_for_each_system(landing, tmp_path):
    project = Project.from_environment(
        {},
        landing=landing,
        out=tmp_path / "out",
        vars={
            "as_of": "2026-09-30T09:00:00+09:00",
            "reporting_currency": "BRL",
            "source_timezones": {"salesforce": "Asia/Tokyo"},
            "source_currencies": {"ads": "USD"},
        },
    )
    for _ in range(2):
        write_settings(project)
    # Until it is decided otherwise, everything is built anew.
    is_incremental = False
    assert rows(project, "from settings.run") == [
        (datetime(2026, 9, 30), None, "Asia/Tokyo", "BRL", 4, False, 90, is_incremental)
    ]
    sources = {name: rest for name, *rest in rows(project, "from settings.sources")}
    assert set(sources) == set(LOADED_SYSTEMS)
    assert sources["salesforce"] == ["Asia/Tokyo", "BRL", None]
    assert sources["ads"] == ["UTC", "USD", None]


def test_every_seed_has_an_overlay_also_without_a_folder(project):
    assert write_definition(project).rows == {}
    found = rows(
        project,
        "select table_name from duckdb_tables() "
        "where schema_name = 'definition_overlay'",
    )
    assert {name for (name,) in found} == set(seed_columns(project))


def test_rows_replace_or_add_and_missing_columns_are_null(own, definition):
    (definition / "shared_mailboxes.csv").write_text("local_part\nhello\n\n")
    (definition / "stage_rules.add.csv").write_bytes(
        "Definition Version;source;Entity;operator;value;stage\n"
        "v1;generic;lead;equals;商談中です;sql\n;;;;;\n".encode("cp932")
    )
    (definition / "README.md").write_text("ours")
    assert write_definition(own).rows == {
        "shared_mailboxes.csv": 1,
        "stage_rules.add.csv": 1,
    }
    assert rows(own, "from definition_overlay.shared_mailboxes") == [
        ("hello", "replace")
    ]
    [row] = rows(own, "from definition_overlay.stage_rules")
    columns = (*seed_columns(own)["stage_rules"], "overlay_mode")
    assert dict(zip(columns, row, strict=True)) == {
        "definition_version": "v1",
        "source": "generic",
        "entity": "lead",
        "field": None,
        "operator": "equals",
        "value": "商談中です",
        "stage": "sql",
        "overlay_mode": "add",
    }


def test_a_definition_that_is_taken_away_is_gone(own, definition, project):
    (definition / "shared_mailboxes.csv").write_text("local_part\nhello\n")
    write_definition(own)
    write_definition(project)
    assert rows(own, "from definition_overlay.shared_mailboxes") == []


def test_a_replacing_file_without_rows_empties_the_seed(own, definition):
    (definition / "shared_mailboxes.csv").write_text("local_part\n")
    assert write_definition(own).rows == {"shared_mailboxes.csv": 0}
    assert rows(own, "from definition_overlay.shared_mailboxes") == [(None, "emptied")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("stage_rule.csv", "stage\n", "no seed 'stage_rule' .did you mean 'stage_ru"),
        ("stage_rules.plus.csv", "stage\n", "no seed 'stage_rules.plus'"),
        ("stage_rules.xlsx", "x", "not a CSV file"),
        ("stage_rules.csv", "stagee\nx\n", "column 'stagee' .did you mean 'stage'"),
        ("stage_rules.csv", "stage,STAGE\nx,y\n", "names the column stage twice"),
        ("stage_rules.csv", "stage\nx,y\n", "2 values on line 2"),
        (
            "sla_policies.csv",
            "SLA Business Hours\n18\nabc\n1 day\n\n",
            'line 4 .1 day.: sla_business_hours is "1 day", but must be a number, with '
            "at most 5 digits before the point.",
        ),
        (
            "sla_policies.add.csv",
            "match_on,max_pending_days,touches_stop_clock\nteam,30,maybe\n",
            'touches_stop_clock is "maybe", but must be true or false',
        ),
        ("stages.add.csv", "stage,rank\nx,first\n", "must be a whole number"),
        ("holidays.add.csv", "holiday_date\n4/1\n", '"4/1", but must be a date such'),
    ],
)
def test_what_is_wrong_with_a_definition_is_a_sentence(
    own, definition, name, content, said
):
    (definition / name).write_text(content)
    with pytest.raises(LeadFunnelError, match=said):
        write_definition(own)


def test_a_funnel_version_must_be_named_by_the_definition(own, definition):
    def with_version(name):
        return Project.from_environment(
            own.environment(), vars={"funnel_version": name}
        )

    write_definition(with_version("mql_handoff"))
    with pytest.raises(LeadFunnelError, match="It names v1 and mql_handoff"):
        write_definition(with_version("v2"))
    (definition / "funnel_versions.add.csv").write_text(
        "version,based_on,handoff_mode\nv2,v1,explicit\n"
    )
    write_definition(with_version("v2"))
    (definition / "funnel_versions.csv").write_text(
        "version,handoff_mode\nv1,explicit\n"
    )
    (definition / "funnel_versions.add.csv").unlink()
    with pytest.raises(LeadFunnelError, match="It names v1."):
        write_definition(with_version("mql_handoff"))
