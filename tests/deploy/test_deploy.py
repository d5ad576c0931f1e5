"""The files of deploy/ say what there is, and start."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

from orchestration.automation.schedules import SCHEDULE
from orchestration.project import DAGSTER_YAML, ROOT
from orchestration.sources.tables import LOADED_SYSTEMS
from tests.deploy.services import DEPLOY, HOME, UNITS, Services, command_of, unit
from tests.postgres.conftest import server  # noqa: F401

SERVICES = ("code", "daemon", "webserver")
PROGRAMS = (*SERVICES, "run")


def test_dagster_is_set_as_on_the_desk():
    """But for where its history is, and for what a desk does not need."""
    here = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    assert here.items() >= yaml.safe_load(DAGSTER_YAML).items()
    assert here["storage"]["postgres"]["postgres_url"] == {
        "env": "LEAD_FUNNEL_DAGSTER_POSTGRES"
    }


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_unit_starts_a_program_that_is_there(name):
    program = Path(command_of(name)[0])
    assert program.is_file(), program
    assert os.access(program, os.X_OK)
    service = unit(name)["Service"]
    assert service["WorkingDirectory"] == HOME
    # Nobody asks who is there: only this machine may come in.
    command = command_of(name)
    if name in ("code", "webserver"):
        assert command[command.index("--host") + 1] == "127.0.0.1"
    for word in command:
        if word.startswith(str(ROOT)):
            assert Path(word).exists(), word
    assert service["User"] == "lead-funnel"
    assert service["ProtectSystem"] == "strict"


def test_the_secrets_of_systems_are_with_what_loads_alone():
    texts = {
        name: (UNITS / f"lead-funnel-{name}.service").read_text() for name in PROGRAMS
    }
    files = {
        name: re.findall(r"^EnvironmentFile=(.*)$", text, re.MULTILINE)
        for name, text in texts.items()
    }
    shared = "/etc/lead-funnel/dagster.env"
    own = "/etc/lead-funnel/lead-funnel.env"
    assert files["code"] == [shared, own]
    assert files["run"] == [own]
    assert files["daemon"] == files["webserver"] == [shared]


@pytest.mark.parametrize("path", sorted(UNITS.iterdir()), ids=lambda path: path.name)
def test_systemd_has_nothing_against_a_unit(path, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    for each in UNITS.iterdir():
        (tmp_path / each.name).write_text(each.read_text().replace(HOME, str(ROOT)))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path.name],
        cwd=tmp_path,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "lead-funnel" in line]
    assert said == []


def test_each_night_somebody_is_there_who_erases():
    """No run that Dagster begins does."""
    command = command_of("run")
    assert Path(command[0]).name == "lead-funnel"
    assert command[1:] == ["run"]
    timer = (UNITS / "lead-funnel-run.timer").read_text()
    # A timer starts the service of its name.
    assert "Unit=" not in timer
    assert re.search(r"^OnCalendar=\S", timer, re.MULTILINE)
    schedule = (DEPLOY / "lead-funnel.env.example").read_text()
    [hour] = re.findall(r"^OnCalendar=\S+ (\d\d):", timer, re.MULTILINE)
    [other] = re.findall(r"^LEAD_FUNNEL_SCHEDULE=\d+ (\d+) ", schedule, re.MULTILINE)
    assert int(hour) != int(other)


def test_what_the_files_set_is_what_the_program_reads():
    """A name that nobody reads would be a switch that does nothing."""
    read = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "orchestration").rglob("*.py")
    )
    # Dagster reads this one itself, and the systems' are made of two parts.
    made = {"LEAD_FUNNEL_DAGSTER_POSTGRES", "LEAD_FUNNEL_SALESFORCE_URL"}
    made |= {f"{SCHEDULE}_{system.upper()}" for system in LOADED_SYSTEMS}
    for path in (*DEPLOY.rglob("*.*"), ROOT / "docs" / "production.md"):
        named = set(re.findall(r"LEAD_FUNNEL_[A-Z_]+[A-Z]", path.read_text("utf-8")))
        for name in named - made:
            assert re.search(rf"\b{name}\b", read), (path, name)


# The image, line by line, as nothing here can build one.


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in lines)
        if word and not word.startswith("#")
    ]


def copied() -> set[str]:
    return {
        source
        for word, rest in instructions()
        if word == "COPY"
        for source in shlex.split(rest)[:-1]
    }


def test_an_image_copies_what_is_there():
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "CMD"}
    assert {word for word, _ in instructions()} <= known
    for source in copied():
        assert (ROOT / source).exists(), source


def test_an_image_has_what_the_program_reads():
    """All that git keeps, but for what only those need who develop it."""
    not_needed = {
        *(".ci", ".gitattributes", ".gitignore", ".sqlfluff", ".sqlfluffignore"),
        *("CONTRIBUTING.md", "DECISIONS.md", "Makefile", "README.ja.md"),
        *("dbt-bouncer.yml", "deploy", "docs", "tests"),
        *(f"requirements{name}.in" for name in ("", "-audit", "-dev", "-spark", "-uv")),
        *(f"requirements{name}.lock" for name in ("-audit", "-dev", "-spark")),
    }
    kept = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    top = {path.partition("/")[0] for path in kept}
    assert top - not_needed == {each for each in copied() if "/" not in each}
    # dbt reads its tests where dbt_project.yml says.
    paths = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["test-paths"]
    assert set(paths) <= copied()


def test_an_image_installs_as_make_does():
    """The same commands with the same options, so that both have the same packages."""
    made = (ROOT / "Makefile").read_text().replace("\\\n", " ").replace("$(BIN)", "BIN")
    made = " ".join(made.split())
    runs = " ".join(rest for word, rest in instructions() if word == "RUN")
    runs = " ".join(runs.replace(".venv/bin", "BIN").split())
    for command in (
        "BIN/python -m pip install --quiet --disable-pip-version-check "
        "--require-hashes --requirement requirements-uv.lock",
        "BIN/uv pip sync --quiet --python BIN/python --require-hashes "
        "--compile-bytecode",
        "BIN/uv pip install --quiet --python BIN/python --no-deps "
        "--no-build-isolation --config-settings editable_mode=compat --editable .",
    ):
        assert command in made
        assert command in runs


def test_containers_are_reached_on_this_machine_alone():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert ports == ["127.0.0.1:3000:3000"]
    for name in SERVICES:
        program, *rest = services[name]["command"]
        assert (ROOT / ".venv" / "bin" / program).is_file()
        there = [word.rpartition("/")[2] for word in rest if word.startswith(HOME)]
        assert all((DEPLOY / each).is_file() for each in there)
        # The units say the same but for where it is listened and what is read.
        assert [program, rest[0]][:1] == [Path(command_of(name)[0]).name]


def test_somebody_asks_who_is_there_before_the_page():
    text = (DEPLOY / "nginx.conf").read_text()
    words = re.sub(r"#.*", "", text)
    assert words.count("{") == words.count("}")
    server_block = words[words.index("server {") :]
    before, _, location = server_block.partition("location / {")
    assert 'auth_basic "' in before
    assert "auth_basic_user_file" in before
    assert "auth_basic off" not in words
    command = command_of("webserver")
    port = command[command.index("--port") + 1]
    assert f"proxy_pass http://127.0.0.1:{port};" in location
    assert "listen 443 ssl;" in before


# They start.

LOADED = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
    schedules { name scheduleState { status } }
    sensors { name sensorState { status } }
} } } }"""
HEALTH = """{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } }
    runQueuingSupported } }"""


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_services_start_with_their_history_in_postgres(server, tmp_path):  # noqa: F811
    server.psql("postgres", "create database dagster_history")
    folder = tmp_path / "services"
    folder.mkdir()
    services = Services(
        folder,
        {
            "LEAD_FUNNEL_OUT": str(tmp_path / "out"),
            "LEAD_FUNNEL_LANDING": str(tmp_path),
            # On a day that there is not in most years: nothing is due meanwhile.
            "LEAD_FUNNEL_SCHEDULE_GENERIC": "0 0 29 2 *",
            **{
                name: value
                for name, value in os.environ.items()
                if name == "LEAD_FUNNEL_PARSED"
            },
        },
        server.url("dagster_history"),
    )
    try:
        services.start()
        assert "dagster_version" in services.wait(lambda: services.get("/server_info"))

        def loaded():
            nodes = (services.ask(LOADED) or {}).get("repositoriesOrError", {})
            return nodes.get("nodes")

        [found] = services.wait(loaded)
        schedules = {
            each["name"]: each["scheduleState"]["status"] for each in found["schedules"]
        }
        assert schedules["load_from_generic_schedule"] == "RUNNING"
        assert schedules["lead_funnel_scheduled_schedule"] == "STOPPED"
        sensors = {
            each["name"]: each["sensorState"]["status"] for each in found["sensors"]
        }
        assert sensors == {"build_after_loads": "RUNNING"}

        def healthy():
            said = services.ask(HEALTH) or {"instance": {"daemonHealth": {}}}
            told = said["instance"]["daemonHealth"].get("allDaemonStatuses", ())
            on = {each["daemonType"] for each in told if each["healthy"]}
            return on if "ASSET" in on or "SENSOR" in on else None

        daemons = services.wait(healthy)
        assert {"SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR"} <= daemons
    finally:
        statuses = services.stop()
    # SIGTERM was enough.
    assert set(statuses) == set(SERVICES)
    assert -signal.SIGKILL not in statuses.values()
    beats = server.psql("dagster_history", "select count(*) from daemon_heartbeats")
    assert int(beats) >= len(daemons)
