"""Reconciliation: where did every raw row go?"""

from collections.abc import Sequence

from expectations.checks import OF_MODELS, Catalog, Suite, no_rows
from expectations.suites.raw import RawTable

TABLE = "quality.raw_row_fates"


def suite(tables: Sequence[RawTable]) -> Suite:
    def rows_of_raw_tables(catalog: Catalog) -> str:
        counts = [
            f"select '{raw.system}' as source, '{raw.name}' as source_table, "
            f"count(*) as row_count from {raw.table}"
            for raw in tables
            if raw.table in catalog
        ]
        nothing = "select '' as source, '' as source_table, 0 as row_count"
        return " union all ".join([nothing, *counts])

    return Suite(
        "reconciliation",
        "The fate of every raw row",
        (
            no_rows(
                "every_row_has_one_fate",
                TABLE,
                """
                select * from {table}
                where
                    raw_rows is distinct from
                    duplicates + readings + quarantined + after_as_of + unread
                """,
                "Nothing is dropped silently: the rows of a raw table are duplicates, "
                "readings, quarantined, after as_of or unread, and add up.",
            ),
            no_rows(
                "all_raw_rows_are_counted",
                TABLE,
                """
                select raw.source, raw.source_table, raw.row_count, fates.raw_rows
                from ({rows_of_raw_tables}) as raw
                left join {table} as fates
                    on
                        raw.source = fates.source
                        and raw.source_table = fates.source_table
                where raw.row_count <> coalesce(fates.raw_rows, 0)
                """,
                "The sums hold only if they start from the rows that were loaded.",
                rows_of_raw_tables=rows_of_raw_tables,
            ),
        ),
        OF_MODELS,
    )
