"""History: is what a vendor deletes some day loaded before it is gone?"""

from dataclasses import replace

from expectations.checks import Suite, no_rows

SUITE = Suite(
    "history",
    "History that vendors delete",
    (
        replace(
            no_rows(
                "loaded_before_it_is_lost",
                "marts.mart_history_coverage",
                "select * from {table} where days_until_lost < warn_days",
                "Its vendor deletes what happened since the table was loaded last, "
                "and nobody can get it back.",
            ),
            is_blocking=False,
        ),
    ),
    what_to_do=(
        "Load the tables that mart_history_coverage says are at risk (is_at_risk)."
    ),
)
