"""Ill-treat one OUT, and say what came of it.

    python -m tests.torture --kills 100 --readers 50 --write docs/torture.md

The exports change from run to run between two states of a small company. Runs of them
are killed at random moments, each now and then while a second one is begun beside it;
then the disk is filled in the middle of a run. All the while readers poll the published
file; each of them must see one of the two companies, whole. At the end a run that is
let alone must come to what it comes to in an OUT of its own, row by row.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from orchestration.project import Project
from tests import job
from tests.end_to_end import small_folder
from tests.end_to_end.command import lead_funnel, published_rows, start
from tests.end_to_end.test_killed_runs import (
    STEPS,
    Reader,
    reach,
    without_load_instants,
)

DISK_MB = 1024
EVERY_SECOND = 4
"""One kill of as many has a second run beside it."""
PATIENCE = 600


@dataclass
class Result:
    kills: dict[str, int] = field(default_factory=dict)
    """How many runs were killed, by the step that they had reached."""
    finished: int = 0
    """How many runs were through before they could be killed."""
    refused: int = 0
    """How many second runs ended with the sentence that another run is writing."""
    full: str = ""
    """What the run said whose disk was full, or why there was none."""
    polls: int = 0
    troubles: list[str] = field(default_factory=list)
    seconds: float = 0

    @property
    def killed(self) -> int:
        return sum(self.kills.values())


class Readers:
    """Processes would need more of the machine than the runs: these are threads."""

    def __init__(self, out: Path, count: int, pause: float) -> None:
        self.all = [Reader(out) for _ in range(count)]
        for reader in self.all:
            reader.ended.wait = _slower(reader.ended, pause)  # type: ignore[method-assign]
            reader.start()

    def stop(self, expected: set[tuple[int, ...]], result: Result) -> None:
        for reader in self.all:
            reader.stop()
        result.polls = sum(reader.polls for reader in self.all)
        for reader in self.all:
            result.troubles += [f"A reader met: {error}" for error in reader.errors]
            if reader.seen - expected:
                result.troubles.append(f"A reader saw {reader.seen - expected}.")
            if not reader.polls:
                result.troubles.append("A reader saw nothing.")


def _slower(ended: threading.Event, pause: float):
    wait = ended.wait
    return lambda _: wait(random.uniform(pause / 2, 2 * pause))


def torture(kills: int, readers: int, pause: float, folder: Path, say) -> Result:
    result = Result()
    clock = time.monotonic()
    landings = [small_folder.write(folder / f"landing-{n}", n) for n in (30, 60)]
    alone = []
    for number, landing in enumerate(landings):
        project = Project.from_environment(
            {}, landing=landing, out=folder / f"alone-{number}"
        )
        job.build(project)
        alone.append(project.out)
    expected = {Reader.at(out) for out in alone}
    assert len(expected) == 2
    with _disk(folder / "disk") as is_own_disk:
        out = folder / "disk" / "out"
        shutil.copytree(alone[0], out, symlinks=True)
        polling = Readers(out, readers, pause)
        try:
            # Some are through before they can be killed.
            while result.killed < kills:
                begun = result.killed + result.finished
                with_second = begun % EVERY_SECOND == EVERY_SECOND - 1
                _kill_one(result, out, landings[(begun + 1) % 2], with_second)
                say(f"{result.killed} killed of {begun + 1}")
            if is_own_disk:
                _fill_the_disk(result, out, landings[1])
            else:
                result.full = "not run: no disk could be mounted here"
            say(f"full disk: {result.full}")
            last = lead_funnel("run", landing=landings[1], out=out)
            if last.returncode:
                result.troubles.append(f"The last run failed: {last.stderr}")
            time.sleep(2 * pause)
        finally:
            polling.stop(expected, result)
        _compare(result, alone[1], out)
        left = [*(out / "publications").glob("*.partial"), *out.glob(".published.*")]
        result.troubles += [f"{path.name} was left behind." for path in left]
    result.seconds = time.monotonic() - clock
    return result


def _kill_one(result: Result, out: Path, landing: Path, with_second: bool) -> None:
    step = random.choice(STEPS)
    process = start("run", landing=landing, out=out)
    reach(process, out, step)
    if with_second and process.poll() is None:
        second = lead_funnel("run", landing=landing, out=out)
        is_refused = "Another run is writing to" in second.stderr
        if second.returncode == 1 and is_refused and "Traceback" not in second.stderr:
            result.refused += 1
        elif process.poll() is None:
            result.troubles.append(f"A second run was let in: {second.stderr}")
    if process.poll() is None:
        result.kills[step] = result.kills.get(step, 0) + 1
    else:
        result.finished += 1
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _fill_the_disk(result: Result, out: Path, landing: Path) -> None:
    """Leave a run less room than it needs, from a random step on."""
    process = start("run", landing=landing, out=out)
    reach(process, out, random.choice(STEPS[2:5]))
    crowd = out.parent / "crowd"
    with crowd.open("wb") as stream, suppress(OSError):
        while True:
            stream.write(b"x" * (1 << 20))
    try:
        _, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        result.troubles.append("A run on a full disk hung.")
        process.kill()
        said = ""
    crowd.unlink()
    last = said.strip().splitlines()[-1] if said.strip() else ""
    result.full = last.removeprefix("lead-funnel: ").replace(str(out), "a folder")
    if process.returncode != 1 or "is on is full" not in said or "Traceback" in said:
        result.troubles.append(f"A run on a full disk said: {said!r}")


def _compare(result: Result, alone: Path, out: Path) -> None:
    rows, found = published_rows(alone), published_rows(out)
    if rows.keys() != found.keys():
        result.troubles.append("The last run published other tables.")
    for table in rows.keys() & found.keys():
        if without_load_instants(found[table], table) != without_load_instants(
            rows[table], table
        ):
            result.troubles.append(f"{table} is another one than in an OUT of its own.")


@contextmanager
def _disk(folder: Path) -> Iterator[bool]:
    """A disk of its own that can be filled, where one can be mounted."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    is_own = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_own
    finally:
        if is_own:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def page(result: Result, readers: int) -> str:
    """The page of the docs."""
    lines = [
        "# Killed runs, a full disk, two writers",
        "",
        "Written by `make torture`, which ill-treats the OUT of a small company: runs "
        "of two states of",
        "its exports are killed at random moments, second runs are begun beside them, "
        "and the disk is filled",
        "in the middle of one, while readers poll what is published. At the end a run "
        "that is let alone has",
        "to come to what it comes to in an OUT of its own. This is its last result:",
        "",
        "| what | |",
        "|---|---|",
        f"| when, on what | {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"{platform.system()}, {result.seconds:,.0f} s |",
        f"| runs that were begun to be killed | {result.killed + result.finished} |",
        f"| … killed | {result.killed} |",
        f"| … through before the kill came | {result.finished} |",
        f"| second runs, refused with a sentence | {result.refused} |",
        f"| a full disk in the middle of a run | {result.full} |",
        f"| readers, and how often they looked | {readers}, {result.polls:,} |",
        f"| looks that met an error, or a state that is neither company | "
        f"{len([each for each in result.troubles if each.startswith('A reader')])} |",
        f"| troubles in all | {len(result.troubles)} |",
        "",
        "Killed after the run had come to: "
        + (
            ", ".join(f"`{step}` {n}" for step, n in sorted(result.kills.items()))
            or "nothing"
        )
        + ".",
        "",
        "`make torture KILLS=100 READERS=50` is the whole of it; without numbers it "
        "kills 10 runs.",
        "It costs about the time of a run for each kill. A disk is filled where one "
        "can be mounted (as root",
        "on Linux); elsewhere the table says that it was not. "
        "`tests/orchestration/test_out_in_trouble.py` holds the",
        "sentences, [running.md](running.md#out-in-trouble) lists them.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1.0, help="seconds")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--write", type=Path, help="the page to write")
    asked = parser.parse_args()
    random.seed(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        result = torture(
            asked.kills,
            asked.readers,
            asked.pause,
            Path(folder),
            lambda text: print(text, flush=True),
        )
    text = page(result, asked.readers)
    print(text)
    for trouble in result.troubles:
        print(trouble)
    if asked.write:
        asked.write.write_text(text, encoding="utf-8")
    sys.exit(bool(result.troubles))


if __name__ == "__main__":
    main()
