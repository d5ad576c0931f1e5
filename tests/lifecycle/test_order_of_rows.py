"""§7: neither the order of rows nor how they are cut into files means anything."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from tests.end_to_end.command import published_rows
from tests.lifecycle.conftest import Company
from tests.reference.compare import build_warehouse

# The one public column that tells when rows were loaded.
SEEN_AT = "marts.quarantine"


def shuffle(source: Path, target: Path, rnd: random.Random) -> None:
    """The same rows in another order, a table's file cut into three."""
    for path in sorted(source.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(source)
        parts = [target / name]
        if len(name.parts) == 2 and path.suffix in (".csv", ".jsonl"):
            folder = target / name.parent / path.stem
            parts = [folder / f"part{n}{path.suffix}" for n in range(3)]
        parts[0].parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            write_csv(path, parts, rnd)
        elif path.suffix == ".jsonl":
            lines = path.read_bytes().splitlines(keepends=True)
            rnd.shuffle(lines)
            for number, part in enumerate(parts):
                part.write_bytes(b"".join(lines[number :: len(parts)]))
        else:
            parts[0].write_bytes(path.read_bytes())


def write_csv(path: Path, parts: list[Path], rnd: random.Random) -> None:
    content = path.read_bytes()
    encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        encoding = "cp932"
        text = content.decode(encoding)
    dialect = csv.Sniffer().sniff(text.splitlines()[0], delimiters=",;\t")
    header, *rows = csv.reader(io.StringIO(text), delimiter=dialect.delimiter)
    rnd.shuffle(rows)
    for number, part in enumerate(parts):
        with part.open("w", encoding=encoding, newline="") as lines:
            writer = csv.writer(lines, delimiter=dialect.delimiter)
            writer.writerow(header)
            writer.writerows(rows[number :: len(parts)])


@pytest.mark.slow
@pytest.mark.exhaustive
def test_section_7_shuffled_rows_and_split_files_change_nothing(
    company: Company, tmp_path: Path
) -> None:
    landing = tmp_path / "landing"
    shuffle(company.landing, landing, random.Random(5))
    assert len(list(landing.rglob("*.*"))) > len(list(company.landing.rglob("*.*")))
    build_warehouse(landing, tmp_path / "out", None, company.settings)

    before = published_rows(company.published.parents[1])
    after = published_rows(tmp_path / "out")
    assert before.keys() == after.keys()
    for table in before:
        if table == SEEN_AT:
            before[table] = [row[:-1] for row in before[table]]
            after[table] = [row[:-1] for row in after[table]]
        assert before[table] == after[table], table
