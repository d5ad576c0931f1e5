"""Sends a hostile input the way of the command, and looks at what came of it."""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import typer

from orchestration.cli import sentences
from orchestration.definition.check import checked
from orchestration.personal import requests
from orchestration.printable import printable
from orchestration.project import ROOT, Project
from orchestration.proposals.parts import find_parts, read
from orchestration.screen import screen
from orchestration.settings.run_settings import write_definition
from orchestration.sources.raw import landing_of, load_system
from orchestration.sources.rules import ReadingRules
from tests.hostile import outlets
from tests.hostile.attack import SECRET, Attack, Place
from tests.sources.hostile import SECONDS, within

LONGEST_SENTENCE = 16_000
"""Characters: an error of a definition names forty problems."""
MOST_WRITTEN = 48 << 20
"""Bytes that an attempt may leave in OUT."""


@dataclass
class Came:
    """What an attempt came to."""

    said: str = ""
    """All that was written to the terminal."""
    rows: dict[str, int] = field(default_factory=dict)
    """Of each raw table."""
    seconds: float = 0
    opened: set[str] = field(default_factory=set)


def as_run(attack: Attack, place: Place) -> Came:
    """What `lead-funnel run` does before dbt builds."""
    came = Came()
    with _watched(came), within(SECONDS), sentences_of_the_command():
        project = Project.from_environment(
            {
                "LEAD_FUNNEL_LANDING": str(place.landing),
                "LEAD_FUNNEL_OUT": str(place.out),
                "LEAD_FUNNEL_DEFINITION": str(place.definition),
                "LEAD_FUNNEL_VARS": attack.given_vars,
                **attack.environ,
            }
        )
        requests.take_over(project)
        checked(project)
        landing = landing_of(project)
        for system in landing.systems:
            for loaded in load_system(project, system, landing).values():
                came.rows[loaded.table] = loaded.rows
        write_definition(project)
        screen().print("\n".join(landing.warnings))
    return came


def as_init(attack: Attack, place: Place) -> Came:
    """What `lead-funnel init` does of each file, before it proposes anything."""
    came = Came()
    with (
        tempfile.TemporaryDirectory(dir=place.out) as scratch,
        _watched(came),
        within(SECONDS),
        sentences_of_the_command(),
    ):
        project = Project.from_environment(
            {}, landing=place.landing, out=place.out, vars=attack.given_vars
        )
        rules = ReadingRules.of(project)
        parts, _ = find_parts(place.landing, [], rules.most_unpacked)
        for number, part in enumerate(parts):
            read(part, rules, Path(scratch, str(number)), lambda _: False)
            if part.trouble:
                screen().print(f"{part.name}: {part.trouble}")
    return came


@contextmanager
def sentences_of_the_command() -> Iterator[None]:
    try:
        with sentences():
            yield
    except typer.Exit:
        pass


# What is opened and written


_WATCHING: list[Came] = []


def _hear(event: str, arguments: tuple) -> None:
    if _WATCHING and event == "open" and isinstance(arguments[0], (str, bytes)):
        _WATCHING[-1].opened.add(os.fsdecode(arguments[0]))


sys.addaudithook(_hear)


@contextmanager
def _watched(came: Came) -> Iterator[None]:
    output, begun = io.StringIO(), _seconds()
    _WATCHING.append(came)
    try:
        with redirect_stdout(output), redirect_stderr(output):
            yield
    finally:
        _WATCHING.pop()
        came.said = output.getvalue()
        came.seconds = _seconds() - begun


def _seconds() -> float:
    """Of the processor, those of other processes that were started too."""
    return sum(os.times()[:4])


def state_of(folder: Path) -> dict[str, tuple]:
    """All that is below a folder: what each is and when it was changed."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            at = path.lstat()
            found[str(path)] = (at.st_mode, at.st_size, at.st_mtime_ns, at.st_ino)
    return found


OURS = (str(ROOT), sys.prefix, sys.base_prefix, "/usr/share/zoneinfo", "/dev/null")


def strangers(came: Came, place: Place) -> list[str]:
    """What Python opened that is neither ours nor in a folder of the attempt."""
    own = [str(each) for each in (place.landing, place.definition, place.out)]
    return sorted(
        name
        for name in came.opened
        if not any(_is_in(os.path.realpath(name), each) for each in (*OURS, *own))
    )


def faults(attack: Attack, place: Place, came: Came, before: dict) -> list[str]:
    """What is wrong with how an attempt ended, in words."""
    found = []
    said = came.said
    if outlets.steering(said):
        found.append(f"it steers the terminal: {outlets.steering(said)}")
    if SECRET in said:
        found.append("it says the secret")
    if attack.said is None and said.startswith("lead-funnel: "):
        found.append(f"it is no error: {said[:600]}")
    if attack.said is not None:
        if not said.startswith("lead-funnel: "):
            found.append(f"it is an error, and was none: {said[:300]!r} {came.rows}")
        elif not re.search(attack.said, said.replace("\n", " ")):
            found.append(f"it says something else: {said[:900]}")
        # A name that is too long is shown by its beginning.
        if printable(attack.names)[:100] not in said:
            found.append(f"it does not name {attack.names!r}: {said[:300]}")
    if "Traceback" in said or len(said) > LONGEST_SENTENCE:
        found.append(f"it is no sentence: {len(said):,} characters, {said[:200]}")
    if attack.rows is not None and came.rows.get("touch") != attack.rows:
        found.append(f"rows are {came.rows.get('touch')} and not {attack.rows}")
    if left := strangers(came, place):
        found.append(f"it opened {left}")
    if came.seconds > SECONDS:
        found.append(f"it took {came.seconds:.1f} s")
    after = state_of(place.around)
    changed = {
        path
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) and not _is_in(path, place.out)
    }
    if changed:
        found.append(f"it wrote {sorted(changed)}")
    written = [path for path in place.out.rglob("*") if path.is_file()]
    if sum(path.stat().st_size for path in written) > MOST_WRITTEN:
        found.append("it fills OUT")
    if any(SECRET.encode() in path.read_bytes() for path in written):
        found.append("OUT has the secret")
    if [path for path in (place.out / "scratch").rglob("*") if path.is_file()]:
        found.append("something is left in scratch")
    return found


def _is_in(path: str, folder: object) -> bool:
    return path == str(folder) or path.startswith(f"{folder}/")
