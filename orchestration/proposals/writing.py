"""Writing what is proposed into a DEFINITION folder, without a change of anything
that stands there: rows are added below a file's own.

What was proposed is remembered in `_proposed.csv`, so that a row which a person took
out is not proposed again.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from orchestration.errors import LeadFunnelError
from orchestration.project import VARS_FILE, vars_kept
from orchestration.proposals.proposal import VARS, Proposal
from orchestration.settings.definition_files import delimiter_of, text_of
from orchestration.sources import trusted
from orchestration.sources.tables import plain

MEMORY = "_proposed.csv"
KEYS = {
    "files": ("file", "sheet"),
    "columns": ("system", "table", "heading"),
    "derived_columns": ("system", "table", "column", "made_of", "where_value"),
    "stage_rules": ("source", "entity", "field", "value"),
    "user_roles": ("source", "match_on", "value"),
    "channels": ("source_value",),
    "shared_mailboxes": ("local_part",),
    "funnel_versions": ("version",),
    VARS: ("name", "system"),
}
"""What a proposed row is about, by its seed; the rest of it is what is proposed."""

Key = tuple[str, ...]


@dataclass
class Written:
    """How many rows were added to which file, and what stood there."""

    added: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    kept: dict[str, int] = field(default_factory=dict)


def key_of(seed: str, row: Mapping[str, str]) -> Key:
    return (seed, *(row.get(name, "") for name in KEYS[seed]))


def copy(folder: Path, draft: Path) -> None:
    """Copy what counts of a definition, each file only where it may be opened."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() == ".csv" or path.name == VARS_FILE:
            trusted.check_definition(path, folder)
            shutil.copyfile(path, draft / path.name)


def remembered(folder: Path) -> set[Key]:
    """What was proposed before."""
    path = folder / MEMORY
    if not os.path.lexists(path):
        return set()
    rows = csv.reader(io.StringIO(text_of(path)[0], newline=""))
    return {tuple(json.loads(row[0])) for row in rows if row and row[0][:1] == "["}


def not_removed(
    folder: Path, proposals: Iterable[Proposal]
) -> tuple[list[Proposal], list[Proposal]]:
    """Those that were not proposed before, and those that were and are gone: nothing
    that stands in a definition is proposed again, so a person took these out."""
    before = remembered(folder)
    fresh, gone = [], []
    for each in proposals:
        known = all(key_of(each.seed, row) in before for row in each.rows)
        (gone if known and each.rows else fresh).append(each)
    return fresh, gone


def rows_there(folder: Path) -> dict[str, int]:
    """How many rows each file of a definition has."""
    if not folder.is_dir():
        return {}
    counts = {}
    for path in sorted(folder.glob("*.csv")):
        if path.name.startswith(("_", ".", "~")):
            continue
        text, _ = text_of(path)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
        counts[path.name] = max(0, sum(any(row) for row in rows) - 1)
    kept = len(vars_kept(folder))
    return counts | ({VARS_FILE: kept} if kept else {})


def add(
    folder: Path, proposals: Sequence[Proposal], columns: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Add rows to the files of a folder; how many to which. `columns` are those of
    the seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    added: dict[str, int] = defaultdict(int)
    by_file: dict[tuple[str, bool], list[dict[str, str]]] = defaultdict(list)
    for each in proposals:
        if each.seed != VARS:
            by_file[each.seed, each.replaces].extend(each.rows)
    for (seed, replaces), rows in by_file.items():
        whole = folder / f"{seed}.csv"
        path = whole if replaces or whole.exists() else folder / f"{seed}.add.csv"
        _append(path, rows, columns[seed])
        added[path.name] += len(rows)
    given = [each for each in proposals if each.seed == VARS]
    if given:
        added[VARS_FILE] += _add_vars(folder, given)
    return dict(added)


def remember(folder: Path, proposals: Sequence[Proposal]) -> None:
    """Note what was proposed, each once."""
    before = remembered(folder)
    keys = [key_of(each.seed, row) for each in proposals for row in each.rows]
    new = [key for key in dict.fromkeys(keys) if key not in before]
    rows = [{"proposed": json.dumps(key, ensure_ascii=False)} for key in new]
    if rows:
        _append(folder / MEMORY, rows, ("proposed",))


def _append(
    path: Path, rows: Sequence[Mapping[str, str]], names: Sequence[str]
) -> None:
    """Add rows below what stands in a file, in its own columns, encoding and line
    ends."""
    text, encoding = text_of(path) if os.path.lexists(path) else ("", "utf-8")
    delimiter = delimiter_of(text) if text.strip() else ","
    line_end = "\r\n" if "\r\n" in text else "\n"
    output = io.StringIO(newline="")
    write = csv.writer(output, delimiter=delimiter, lineterminator=line_end).writerow
    if text.strip():
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        by_name = {plain(name): name for name in names}
        places = [by_name.get(plain(name), "") for name in header]
        lost = {
            name
            for row in rows
            for name in names
            if row.get(name) and name not in places
        }
        if lost:
            raise LeadFunnelError(
                f"{path} has no column {' and no column '.join(sorted(lost))}, which "
                "rows are to be added to: add it to its first line."
            )
        if not text.endswith("\n"):
            output.write(line_end)
    else:
        places = list(names)
        write(places)
    for row in rows:
        write([row.get(name, "") for name in places])
    try:
        content = output.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        raise LeadFunnelError(
            f"{path} is {encoding}, which cannot hold {error.object[error.start]!r}: "
            "save it as UTF-8."
        ) from error
    with path.open("ab") as stream:
        stream.write(content)


def _add_vars(folder: Path, proposals: Sequence[Proposal]) -> int:
    """Add vars below what stands in vars.yml; of a map by system that is there
    already, below its name."""
    path = folder / VARS_FILE
    kept = vars_kept(folder)
    text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
    count = 0
    for proposal in proposals:
        for row in proposal.rows:
            name, system = row["name"], row["system"]
            value = _yaml(row["value"])
            if not system:
                if name in kept:
                    continue
                text = f"{_ended(text)}{name}: {value}\n"
            elif not isinstance(kept.get(name), dict):
                text = f"{_ended(text)}{name}:\n  {system}: {value}\n"
            elif system in kept[name]:
                continue
            else:
                head = re.compile(rf"^{re.escape(name)}:[ \t]*(#.*)?$", re.M)
                if not head.search(text):
                    raise LeadFunnelError(
                        f"{path} has {name} in one line: add {system}: {value} there."
                    )
                text = head.sub(
                    lambda found, line=f"  {system}: {value}": f"{found[0]}\n{line}",
                    text,
                    count=1,
                )
            path.write_text(text, encoding="utf-8")
            kept = vars_kept(folder)
            count += 1
    return count


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _yaml(value: str) -> str:
    return yaml.safe_dump(value, allow_unicode=True).splitlines()[0]
