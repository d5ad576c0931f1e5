"""Are the tables of two published files equal, row for row?

`python -m benchmarks.rows <file> <other file>` compares every table in both
directions over all columns and prints what differs as JSON.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import duckdb

from benchmarks import handwritten
from orchestration import warehouse
from orchestration.publication.publications import PERSONAL_DATABASE

#: What cannot be equal: when a file was loaded, which a run sees and SQL that
#: reads the files in place does not.
LEFT_OUT = {"quarantine": {"seen_at"}}


#: What is learned is nothing that SQL could find, and what earlier runs saw neither.
LEARNED = {
    "mart_data_quality",
    "mart_acceptance_model",
    "mart_acceptance_proposal_outcomes",
    "mart_acceptance_proposals",
}


def unlike(found: Path, expected: Path, spill: Path) -> list[str]:
    """What differs between the tables, a sentence for each table."""
    with duckdb.connect() as connection:
        warehouse.configure(connection, spill)
        for name, path in (("found", found), ("expected", expected)):
            file = warehouse.literal(str(path))
            connection.execute(f"attach {file} as {name} (read_only)")
        wanted = dict.fromkeys(handwritten.tables(connection, "expected"), "expected")
        there = dict.fromkeys(handwritten.tables(connection, "found"), "found")
        # By hand names and addresses lie in the same file; a run has two.
        personal = found.with_name(PERSONAL_DATABASE)
        if personal.exists():
            file = warehouse.literal(str(personal))
            connection.execute(f"attach {file} as personal (read_only)")
            names = handwritten.tables(connection, "personal")
            there |= dict.fromkeys(names, "personal")
        said = [
            f"{table} is in one of them only"
            for _, table in there.keys() ^ wanted.keys()
            if table not in LEARNED
        ]
        for place in sorted(there.keys() & wanted.keys()):
            said += _unlike_table(connection, there[place], *place)
    return sorted(said)


def _unlike_table(
    connection: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str
) -> list[str]:
    columns, others = (
        [
            (column, kind)
            for column, kind, *_ in connection.execute(
                f"describe {name}.{schema}.{table}"
            ).fetchall()
            if column not in LEFT_OUT.get(table, ())
        ]
        for name in (catalog, "expected")
    )
    if columns != others:
        return [f"{table}: the columns are {columns}, by hand {others}"]
    names = ", ".join(warehouse.quoted(column) for column, _ in columns)
    here, there = (
        f"select {names} from {name}.{schema}.{table}" for name in (catalog, "expected")
    )
    [(more, fewer)] = connection.execute(
        f"select (select count(*) from ({here} except all {there})), "
        f"(select count(*) from ({there} except all {here}))"
    ).fetchall()
    if more or fewer:
        return [f"{table}: {more:,} rows are not there by hand, {fewer:,} only there"]
    return []


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows")
    parser.add_argument("found", type=Path)
    parser.add_argument("expected", type=Path)
    given = parser.parse_args()
    spill = given.expected.parent / ".compare"
    print(json.dumps(unlike(given.found, given.expected, spill)))


if __name__ == "__main__":
    main()
