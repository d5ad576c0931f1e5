"""The services of deploy/systemd, started as their units say, on ports and folders of
a test's own."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.project import ROOT

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
HOME = "/opt/lead-funnel"
"""Where the units expect the project."""
PATIENCE = 600
"""Seconds that a service may need on a busy machine for what takes it some ten."""


def unit(name: str) -> ConfigParser:
    """A unit's sections; of settings that stand several times the last."""
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNITS / f"lead-funnel-{name}.service")
    return parser


def command_of(name: str) -> list[str]:
    """What a unit starts, with this checkout in place of where it expects one."""
    return [
        word.replace(HOME, str(ROOT))
        for word in shlex.split(unit(name)["Service"]["ExecStart"])
    ]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@dataclass
class Services:
    """The three services and where they answer."""

    folder: Path
    environment: Mapping[str, str]
    """What the code's service has besides what all have."""
    history: str
    """The URL of the Postgres that Dagster's history is in."""
    page: int = field(default_factory=free_port)
    code: int = field(default_factory=free_port)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        home = self.folder / "dagster"
        home.mkdir(parents=True)
        (home / "dagster.yaml").symlink_to(DEPLOY / "dagster.yaml")
        text = (DEPLOY / "workspace.yaml").read_text()
        workspace = self.folder / "workspace.yaml"
        workspace.write_text(text.replace("port: 4000", f"port: {self.code}"))
        of_all = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TMPDIR")
            if name in os.environ
        } | {
            "DAGSTER_HOME": str(home),
            "LEAD_FUNNEL_DAGSTER_POSTGRES": self.history,
            "DO_NOT_TRACK": "1",
        }
        for name in ("code", "daemon", "webserver"):
            words = [
                str(workspace)
                if word == str(DEPLOY / "workspace.yaml")
                else {"4000": str(self.code), "3000": str(self.page)}.get(word, word)
                for word in command_of(name)
            ]
            with (self.folder / f"{name}.log").open("wb") as log:
                self.processes[name] = subprocess.Popen(
                    words,
                    cwd=ROOT,
                    env=of_all | (self.environment if name == "code" else {}),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_as_systemd_starts_it,
                )
            if name == "code":
                # The others find the code at once, and need not ask again.
                self.wait(self._code_answers)

    def _code_answers(self) -> bool:
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.code)) == 0

    def wait(self, is_so: Callable[[], Any]) -> Any:
        """Wait until something is so; what it was then."""
        until = time.monotonic() + PATIENCE
        while True:
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} ended: {self.log(name)}"
            found = is_so()
            if found:
                return found
            assert time.monotonic() < until, "\n".join(map(self.log, self.processes))
            time.sleep(0.3)

    def log(self, name: str) -> str:
        text = (self.folder / f"{name}.log").read_text(errors="replace")
        return re.sub(r"\x1b\[[0-9;]*m", "", text)[-4000:]

    def get(self, path: str) -> Any:
        """What the page says under a path; none where it does not answer yet."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.page}{path}", timeout=10
            ) as answer:
                return json.loads(answer.read())
        except OSError:
            return None

    def ask(self, query: str) -> Any:
        """What the page's GraphQL says."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.page}/graphql",
            json.dumps({"query": query}).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["data"]
        except OSError:
            return None

    def stop(self) -> dict[str, int]:
        """End them as systemd does, the page first; their statuses."""
        statuses = {}
        for name, process in reversed(self.processes.items()):
            process.terminate()
            try:
                statuses[name] = process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                statuses[name] = process.wait()
        self.processes.clear()
        return statuses


def _as_systemd_starts_it() -> None:
    """Tests that a script began in the background ignore Ctrl-C, and what they start
    does, too: to Dagster a SIGTERM is a Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
