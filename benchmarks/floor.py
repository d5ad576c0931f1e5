"""The scan floor: `python -m benchmarks.floor <landing>` reads what is needed.

Every column that a figure depends on is read and hashed, and nothing else is
done: no program that starts from the same files can cost less.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import duckdb

from orchestration import warehouse

NEEDED = {
    "lead": (
        "lead_id", "email", "company", "owner_id", "source", "status",
        "created_at", "updated_at", "merged_into_id",
    ),
    "lead_status_history": (
        "lead_id", "changed_at", "field", "old_value", "new_value", "changed_by",
    ),
    "sales_activity": (
        "activity_id", "lead_id", "user_id", "occurred_at", "type", "is_completed",
    ),
    "touch": ("touch_id", "lead_id", "campaign_id", "touched_at"),
}  # fmt: skip


def read(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    for table, columns in NEEDED.items():
        files = warehouse.literal(str(landing / "generic" / table / "*.parquet"))
        read = ", ".join(f"bit_xor(hash({column}))" for column in columns)
        connection.execute(f"select {read} from read_parquet({files})").fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor")
    parser.add_argument("landing", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    with duckdb.connect() as connection:
        warehouse.configure(connection)
        read(connection, given.landing)
    seconds = {"load": round(time.monotonic() - began, 3)}
    print(json.dumps({"seconds": seconds, "figures": {}}))


if __name__ == "__main__":
    main()
