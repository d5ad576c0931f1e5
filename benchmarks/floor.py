"""The scan floor: `python -m benchmarks.floor <landing>` reads what is needed.

Every column that a public table depends on is read and hashed, and nothing else is
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
    "generic/lead": (
        "lead_id", "email", "name", "company", "owner_id", "source", "status",
        "campaign_id", "created_at", "updated_at", "is_deleted", "merged_into_id",
    ),
    "generic/lead_status_history": (
        "lead_id", "changed_at", "field", "old_value", "new_value", "changed_by",
        "reason",
    ),
    "generic/sales_activity": (
        "activity_id", "lead_id", "user_id", "occurred_at", "type", "is_completed",
    ),
    "generic/touch": ("touch_id", "lead_id", "campaign_id", "touched_at", "type"),
    "generic/score_change": ("lead_id", "changed_at", "score"),
    "generic/opportunity": (
        "opportunity_id", "lead_id", "owner_id", "created_at", "closed_at",
        "is_closed", "is_won", "amount", "currency",
    ),
    "ads/campaign_report": (
        "date_day", "platform", "account_id", "campaign_id", "currency", "spend",
    ),
    "ledger/cost": (
        "cost_id", "cost_date", "account", "campaign_id", "vendor", "currency",
        "amount", "memo",
    ),
}  # fmt: skip


def read(connection: duckdb.DuckDBPyConnection, landing: Path) -> None:
    for table, columns in NEEDED.items():
        files = warehouse.literal(str(landing / table / "*.parquet"))
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
