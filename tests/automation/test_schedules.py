"""Cron lines in the environment, and how old a source may get by them."""

from datetime import timedelta

import pytest

from orchestration.automation.lateness import Limits
from orchestration.automation.schedules import Schedules
from orchestration.errors import LeadFunnelError
from orchestration.project import Project


def given(timezone="UTC", **environ):
    return Schedules.from_environment(
        timezone, {f"LEAD_FUNNEL_{name}": text for name, text in environ.items()}
    )


def test_nothing_is_scheduled_without_a_word():
    assert given() == Schedules("UTC")
    assert given(SCHEDULE=" ", SCHEDULE_HUBSPOT="") == Schedules("UTC")


def test_a_system_has_its_own_line_or_that_of_the_whole():
    schedules = given(SCHEDULE="0 6 * * *", SCHEDULE_SALESFORCE="*/30 * * * *")
    assert schedules.of("salesforce") == "*/30 * * * *"
    assert schedules.of("hubspot") == "0 6 * * *"


@pytest.mark.parametrize(
    "line", ["6", "0 6 * *", "0 25 * * *", "0 6 * * * *", "@reboot", "0 6 * * $(x)"]
)
def test_what_is_no_cron_line_is_said(line):
    with pytest.raises(LeadFunnelError, match="SCHEDULE_ADS is .* cron line of five"):
        given(SCHEDULE_ADS=line)


def test_an_unknown_system_is_said():
    with pytest.raises(LeadFunnelError, match="did you mean 'salesforce'"):
        given(SCHEDULE_SALESFORSE="0 6 * * *")


# By the calendar: from Friday to Monday, from 1 January to 1 February, and the night on
# which clocks in Berlin go back.
@pytest.mark.parametrize(
    ("line", "timezone", "hours"),
    [
        ("0 * * * *", "UTC", 1),
        ("0 6 * * *", "Asia/Tokyo", 24),
        ("0 6 * * *", "Europe/Berlin", 25),
        ("0 6 * * 1-5", "UTC", 72),
        ("0 6,12 * * *", "UTC", 18),
        ("0 0 1 * *", "UTC", 31 * 24),
        ("@weekly", "UTC", 168),
    ],
)
def test_the_longest_wait_between_two_ticks(line, timezone, hours):
    assert given(timezone).longest_wait(line) == timedelta(hours=hours)


def test_a_source_may_be_as_old_as_its_schedule_says(tmp_path):
    project = Project.from_environment({}, out=tmp_path / "out")
    limits = Limits.of(project, given(SCHEDULE_SALESFORCE="0 6 * * 1-5"))
    assert limits.of_system("salesforce") == timedelta(hours=73)
    # The seed: one day without rows is nothing to speak of, two in a row are.
    assert limits.of_system("hubspot") == timedelta(days=2)


def test_the_limit_without_a_schedule_is_a_companys_own(tmp_path):
    definition = tmp_path / "definition"
    definition.mkdir()
    (definition / "quality_limits.csv").write_text(
        "rule,source,limit_value,min_rows,reason,accepted_by,expires_on\n"
        "volume_low,,0.25,20,Few.,,\nvolume_high,,4,20,Many.,,\n"
        "silent,,6,,We export on Mondays.,,\nnew_source_value,,20,,Few.,,\n"
    )
    project = Project.from_environment({}, out=tmp_path / "out", definition=definition)
    assert Limits.of(project, given()).of_system("generic") == timedelta(days=7)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("quality_limits.csv", "rule,source\nsilent,\n"),
        ("quality_limits.csv", "rule,source,limit_value\nsilent,,two\n"),
        ("no_seed.csv", "a,b\n1,2\n"),
    ],
)
def test_a_definition_that_cannot_be_so_keeps_no_server_from_loading(
    tmp_path, name, text
):
    """Else nobody would be told: a run tells it, and an alert tells of the run."""
    definition = tmp_path / "definition"
    definition.mkdir()
    (definition / name).write_text(text)
    project = Project.from_environment({}, out=tmp_path / "out", definition=definition)
    assert Limits.of(project, given()).of_system("generic") == timedelta(days=2)
