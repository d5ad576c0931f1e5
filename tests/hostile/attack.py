"""One hostile input, and what it is put into."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECRET = "canary-7f3a19"
"""What lies beside the folders and must get nowhere."""
LEADS = "lead_id,created_at\n1,2026-01-01\n"
TOUCHES = "lead_id,touched_at,channel\n1,2026-01-01,web\n"
MOST_MB = 8
"""The limit on what a file unpacks to, in these attempts."""


@dataclass(frozen=True)
class Place:
    """The folders of one attempt, all in one that is looked at before and after."""

    around: Path

    @property
    def landing(self) -> Path:
        return self.around / "landing"

    @property
    def definition(self) -> Path:
        return self.around / "definition"

    @property
    def out(self) -> Path:
        return self.around / "out"

    @property
    def outside(self) -> Path:
        return self.around / "outside"

    def prepare(self) -> Place:
        for folder in (
            *(self.landing / "generic", self.definition, self.out, self.outside),
            self.around / "home",
        ):
            folder.mkdir(parents=True)
        (self.landing / "generic" / "lead.csv").write_text(LEADS)
        for name in ("secret.csv", "stage_rules.add.csv", "erasure_requests.csv"):
            (self.outside / name).write_text(f"{SECRET},touched_at,channel\n{SECRET}\n")
        (self.outside / "vars.yml").write_text(f"{SECRET}: 1\n")
        return self


Write = Callable[[Path], object]


@dataclass(frozen=True)
class Attack:
    """What an attacker puts into a folder, and how it must end."""

    title: str
    put: Callable[[Place], object]
    said: str | None
    """A pattern of the sentence; none where the input is read, or left alone."""
    names: str = ""
    """What the sentence has to name: the file, and the line of a definition."""
    rows: int | None = None
    """Of the table `touch`, where it is read."""
    vars: Mapping[str, object] | str = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def given_vars(self) -> str:
        if isinstance(self.vars, str):
            return self.vars
        return json.dumps({"max_unpacked_mb": MOST_MB, **self.vars})


def content(given: bytes | str) -> Write:
    data = given.encode() if isinstance(given, str) else given
    return lambda path: path.write_bytes(data)


def later(make: Callable[..., bytes | str], *given: object) -> Write:
    """What is large or takes long to make is made by the attempt."""
    return lambda path: content(make(*given))(path)


def file(
    name: str,
    write: Write | bytes | str,
    said: str | None = None,
    rows: int | None = None,
    title: str = "",
    **more: object,
) -> Attack:
    """A file of the landing folder, below `generic` where its name does not begin
    with a slash."""
    put = write if callable(write) else content(write)
    place = name.removeprefix("/") if name.startswith("/") else f"generic/{name}"

    def into(at: Place) -> None:
        path = at.landing / place
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path)

    last = place.rpartition("/")[2]
    return Attack(title or name[:60], into, said, last, rows, **more)


def rows_of(name: str, *lines: str, said: str | None, line: int | None = 2, **more):
    """A file of the definition with these lines; the problem is in one of them."""
    where = f"{name} in DEFINITION, line {line}" if line and said else ""
    return definition(name, "\n".join(lines) + "\n", said, names=where, **more)


def definition(
    name: str,
    write: Write | bytes | str,
    said: str | None,
    names: str | None = None,
    title: str = "",
    **more: object,
) -> Attack:
    """A file of the definition folder."""
    put = write if callable(write) else content(write)
    named = name if names is None and said else names or ""
    return Attack(
        title or name, lambda at: put(at.definition / name), said, named, **more
    )
