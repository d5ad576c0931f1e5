"""Paths and vars: what is wrong with them is said in a sentence."""

from dataclasses import FrozenInstanceError
from datetime import datetime

import pytest

from orchestration.errors import LeadFunnelError, listed
from orchestration.project import ROOT, Project, RunVars


def test_without_settings_the_sample_is_read_and_out_is_in_the_checkout():
    project = Project.from_environment({})
    assert project.landing == ROOT / "sample" / "landing"
    assert project.out == ROOT / "out"
    assert project.definition is None
    assert project.vars == RunVars()
    assert project.warehouse == ROOT / "out" / "warehouse" / "warehouse.duckdb"


def test_what_is_passed_goes_before_the_environment(tmp_path):
    environ = {"LEAD_FUNNEL_OUT": "/elsewhere", "LEAD_FUNNEL_VARS": "{}"}
    project = Project.from_environment(
        environ, out=tmp_path, vars='{"keep_deleted": true}'
    )
    assert project.out == tmp_path
    assert project.vars.keep_deleted is True


def test_empty_settings_count_as_none():
    names = ("LANDING", "OUT", "DEFINITION", "VARS")
    project = Project.from_environment({f"LEAD_FUNNEL_{name}": "" for name in names})
    assert project == Project.from_environment({})


def test_a_project_survives_the_trip_through_the_environment(tmp_path):
    project = Project.from_environment(
        {},
        landing=tmp_path / "a b",
        out=tmp_path / "o'ut",
        definition=tmp_path,
        vars={
            "as_of": "2026-09-30T09:00:00+09:00",
            "reporting_timezone": "UTC",
            "source_timezones": {"salesforce": "America/New_York"},
        },
    )
    assert Project.from_environment(project.environment()) == project


@pytest.fixture
def keeping(tmp_path):
    """A DEFINITION folder that keeps these vars."""

    def write(text):
        folder = tmp_path / "definition"
        folder.mkdir(exist_ok=True)
        content = text if isinstance(text, bytes) else text.encode()
        (folder / "vars.yml").write_bytes(content)
        return folder

    return write


KEPT = """
as_of: 2026-09-30
reporting_timezone: UTC
funnel_version: mql_handoff
source_timezones:
  generic: Europe/Berlin
  ads: UTC
"""


def test_a_definition_keeps_the_vars_of_its_runs(keeping):
    project = Project.from_environment({}, definition=keeping(KEPT))
    assert project.vars == RunVars(
        as_of=datetime(2026, 9, 30),
        funnel_version="mql_handoff",
        reporting_timezone="UTC",
        source_timezones={"generic": "Europe/Berlin", "ads": "UTC"},
    )


def test_vars_go_before_those_that_the_definition_keeps(keeping):
    project = Project.from_environment(
        {},
        definition=keeping(KEPT),
        vars={
            "reporting_timezone": "Asia/Tokyo",
            "funnel_version": None,
            "source_timezones": {"ads": "Asia/Tokyo"},
        },
    )
    assert project.vars == RunVars(
        as_of=datetime(2026, 9, 30),
        source_timezones={"generic": "Europe/Berlin", "ads": "Asia/Tokyo"},
    )
    # Also where they say what is so without them.
    assert Project.from_environment(project.environment()) == project


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reporting_timezon: UTC", "vars.yml of DEFINITION has the unknown name"),
        ("reporting_timezone: Mars", "The var reporting_timezone is"),
        ("keep_deleted: true\nkeep_deleted: false", "names 'keep_deleted' twice"),
        ("- keep_deleted", "is not a map of vars"),
        ("a: [", "is not YAML (line 1)"),
        ("a: 全".encode("cp932"), "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_kept_vars_is_said(keeping, text, said):
    with pytest.raises(LeadFunnelError) as error:
        Project.from_environment({}, definition=keeping(text))
    assert said in str(error.value)


def test_kept_vars_may_say_nothing(keeping):
    project = Project.from_environment({}, definition=keeping("# none yet\n"))
    assert project.vars == RunVars()


def test_a_project_cannot_be_changed_behind_a_readers_back():
    with pytest.raises(FrozenInstanceError):
        Project.from_environment({}).out = ROOT


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-09-30", datetime(2026, 9, 30)),
        ("2026-09-30 15:00", datetime(2026, 9, 30, 15)),
        ("2026-09-30T15:00:00Z", datetime(2026, 9, 30, 15)),
        ("2026-09-30T15:00:00+09:00", datetime(2026, 9, 30, 6)),
        ("2026/09/30", datetime(2026, 9, 30)),
    ],
)
def test_as_of_without_an_offset_is_utc(given, meant):
    assert RunVars.parse({"as_of": given}).as_of == meant


def test_null_means_the_default():
    assert RunVars.parse('{"as_of": null, "keep_deleted": null}') == RunVars()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "VARS is not JSON"),
        ("[]", "VARS is not a JSON object"),
        ('{"a": 1, "a": 2}', "names 'a' twice"),
        ('{"as_off": "2026-01-01"}', "unknown name 'as_off' (did you mean 'as_of'?)"),
        ('{"as_of": "soon"}', "must be an instant"),
        ('{"as_of": 20260101}', "must be an instant"),
        ('{"as_of": "2026-02-30"}', "must be an instant"),
        ('{"funnel_version": ""}', "must be the name of a version"),
        ('{"reporting_timezone": "Tokyo"}', "must be a time zone"),
        ('{"reporting_timezone": "Asia/Tokio"}', "did you mean 'Asia/Tokyo'?"),
        ('{"reporting_currency": "yen!"}', "three letters"),
        ('{"fiscal_year_start_month": 0}', "1 to 12"),
        ('{"fiscal_year_start_month": 13}', "1 to 12"),
        ('{"fiscal_year_start_month": true}', "1 to 12"),
        ('{"fiscal_year_start_month": "4"}', "1 to 12"),
        ('{"attribution_window_days": -1}', "0 or more"),
        ('{"keep_deleted": "yes"}', "must be true or false"),
        ('{"source_timezones": "UTC"}', "a map by system"),
        ('{"source_timezones": {"sfdc": "UTC"}}', "unknown system 'sfdc'"),
        ('{"source_timezones": {"ads": "X"}}', "source_timezones.ads"),
        ('{"source_currencies": {"ads": 1}}', "source_currencies.ads"),
    ],
)
def test_a_bad_var_is_a_sentence(given, said):
    with pytest.raises(LeadFunnelError) as error:
        RunVars.parse(given)
    assert said in str(error.value)


def test_maps_by_system_fall_back():
    given = RunVars.parse(
        '{"source_timezones": {"generic": "Asia/Tokyo"}, "reporting_currency": "eur"}'
    )
    assert given.timezone_of("generic") == "Asia/Tokyo"
    assert given.timezone_of("marketo") == "UTC"
    assert given.currency_of("ads") == "EUR"


def test_folders_that_cannot_be_are_sentences(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for given, said in [
        ({"out": file}, "is a file"),
        ({"out": tmp_path, "landing": tmp_path}, "the same folder"),
        ({"definition": tmp_path / "none"}, "not a folder"),
        ({"definition": file}, "not a folder"),
    ]:
        with pytest.raises(LeadFunnelError, match=said):
            Project.from_environment({}, **given)


def test_a_named_version_is_built_beside_the_actual_one():
    actual = Project.from_environment({})
    named = Project.from_environment({}, vars={"funnel_version": "mql_handoff"})
    odd = Project.from_environment({}, vars={"funnel_version": "MQL handoff"})
    assert actual.schema_prefix == ""
    assert named.schema_prefix == "whatif_mql_handoff__"
    assert len({actual.dbt_target, named.dbt_target, odd.dbt_target}) == 3


def test_long_lists_are_cut():
    assert listed("abc") == "a, b and c"
    assert listed([]) == ""
    assert listed(range(5), limit=2) == "0, 1 and 3 more"


def test_only_systems_that_are_read_are_offered():
    said = r"'x'\. Known are generic, salesforce, hubspot, marketo, ads and ledger\."
    with pytest.raises(LeadFunnelError, match=said):
        RunVars.parse({"source_currencies": {"x": "JPY"}})
