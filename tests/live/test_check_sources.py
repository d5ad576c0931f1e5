"""`lead-funnel check-sources`, and that no secret leaves the program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.check_sources import findings_of
from orchestration.live import salesforce
from orchestration.project import ROOT
from tests.live.made_up import SECRET, MadeUp
from tests.live.org import NAME, environ, lead, org
from tests.live.servers.hubspot import HubSpot
from tests.live.servers.salesforce import CLIENT_SECRET, error


@pytest.fixture
def server():
    with org() as server:
        server.rows["Lead"] = [lead(1)]
        server.view_all = {"Lead", "Contact", "Account", "Opportunity", "Campaign"}
        server.tracked["Contact"] = {"OwnerId"}
        yield server


def found(server, **more):
    [source] = salesforce.sources(environ(server, **more))
    source.patience = 0.001
    return findings_of(source)


def warned(server):
    return [each.sentence for each in found(server) if each.kind != "fine"]


def test_an_org_that_shows_everything(server):
    findings = found(server)
    assert {each.kind for each in findings} == {"fine"}
    said = " ".join(each.sentence for each in findings)
    assert "by client credentials, API 65.0" in said
    assert "of 15,000 API calls" in said
    assert "Field history tracking for Lead.Status is on" in said
    assert "sees all rows of Lead, Contact" in said


def test_field_history_tracking_that_is_off(server):
    server.tracked["Lead"] = {"OwnerId"}
    assert warned(server) == [
        "Field history tracking for Lead.Status is off: turn it on in Setup → Object "
        "Manager → Lead → Fields & Relationships → Set History Tracking; what was not "
        "recorded until then is gone."
    ]


def test_fields_objects_and_rows_that_are_hidden(server):
    del server.objects["Lead"]["MasterRecordId"]
    del server.objects["Campaign"]
    server.view_all.discard("Contact")
    [campaign, field, rows] = warned(server)
    assert "Lead.MasterRecordId cannot be seen" in field
    assert "Read and View All Records on Campaign" in campaign
    assert "Of Contact the user sees only what is shared" in rows
    server.view_all_data = True
    assert not any("shared" in each for each in warned(server))


def test_without_the_leads_nothing_can_be_loaded(server):
    del server.objects["Lead"]
    assert [
        each.kind for each in found(server) if "Lead is not visible" in each.sentence
    ] == ["error"]


def test_a_limit_that_is_nearly_reached(server):
    server.used = 14_000
    assert next(each for each in warned(server) if "API calls" in each).startswith(
        "Only"
    )


def test_what_cannot_be_asked_is_said_and_the_rest_is_checked(server):
    server.fail("/userinfo", error(403, "INSUFFICIENT_ACCESS", "no"), times=9)
    [said] = warned(server)
    assert "Whether the user sees all rows was not to be found out" in said


def test_a_version_that_the_org_does_not_know(server):
    [*_, last] = found(server, API_VERSION="99.0")
    assert last.kind == "error"
    assert "API_VERSION" in last.sentence


def test_the_command(server, monkeypatch):
    for name, value in environ(server).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["check-sources"])
    assert result.exit_code == 0, result.output
    assert "salesforce_api:" in result.output
    assert "✓ Signed in" in result.output
    server.may_sign_in = False
    result = CliRunner().invoke(app, ["check-sources", "--system", "salesforce"])
    assert result.exit_code == 1
    assert "✗ Salesforce refused the sign-in" in result.output


def test_the_command_without_credentials_and_for_an_unknown_system(server, monkeypatch):
    result = CliRunner().invoke(app, ["check-sources"])
    assert result.exit_code == 1
    assert "No system's credentials are in the environment" in result.output
    for name, value in environ(server).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["load", "--system", "salesfroce"])
    assert result.exit_code == 1
    assert "did you mean 'salesforce'?" in result.output


def test_a_system_that_cannot_be_loaded_from_stops_no_other(
    server, monkeypatch, tmp_path
):
    for name, value in environ(server).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LEAD_FUNNEL_OUT", str(tmp_path))
    with HubSpot() as other:
        monkeypatch.setenv("LEAD_FUNNEL_HUBSPOT_URL", other.address)
        monkeypatch.setenv("LEAD_FUNNEL_HUBSPOT_TOKEN", "another")
        result = CliRunner().invoke(app, ["load"])
    assert result.exit_code == 1
    assert "lead-funnel: HubSpot refuses the token" in result.output
    assert "salesforce_api: 1 row is new." in result.output
    assert "Salesforce was asked 30 times" in result.output


def test_findings_hold_no_secret():
    [finding] = findings_of(MadeUp())
    assert SECRET not in finding.sentence


def everything(folder: Path):
    """All bytes below a folder, each with its place."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes()


@pytest.mark.parametrize("goes_wrong", [False, True])
def test_no_secret_is_in_output_logs_or_files(server, tmp_path, goes_wrong):
    """With the loudest logs that users can turn on, in a process of its own."""

    def echoing(request):
        """An answer such as proxies give: with the whole of the request in it."""
        said = f"bad request: {request.headers} {request.body.decode()}"
        return error(400, "MALFORMED_QUERY", said + CLIENT_SECRET)

    if goes_wrong:
        server.fail("/queryAll", echoing, times=9)
        server.fail("/limits", echoing, times=9)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LEAD_FUNNEL_OUT": str(tmp_path / "out"),
        "RUNTIME__LOG_LEVEL": "DEBUG",
        **environ(server),
    }
    for command in (["load", "--debug"], ["check-sources", "--debug"]):
        done = subprocess.run(
            [sys.executable, "-m", "orchestration.cli", *command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == goes_wrong, done.stderr.decode()[-2000:]
        output = done.stdout + done.stderr
        for marker in (CLIENT_SECRET, "00D!token"):
            assert marker.encode() not in output
        assert (b"\xe2\x80\xa2\xe2\x80\xa2" in output) == goes_wrong
    assert (tmp_path / "out" / "dlt").is_dir()
    for path, content in everything(tmp_path):
        for marker in (CLIENT_SECRET, "00D!token"):
            assert marker.encode() not in content, path
    assert NAME not in "".join(str(path) for path in tmp_path.rglob("*"))
