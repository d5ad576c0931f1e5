"""Reconciliation: where did every raw row go?"""

from expectations.checks import Suite, never, no_rows, one_of

TABLE = "quality.raw_row_fates"
QUARANTINE = "marts.quarantine"

RULES = (
    "future_timestamp",
    "before_first_record",
    "unparsable_timestamp",
    "unparsable_amount",
    "unknown_person",
    "unmapped_status",
    "exit_without_lifecycle",
    "missing_key",
    "oversized_identity_group",
)

SUITE = Suite(
    "reconciliation",
    "The fate of every raw row",
    (
        never(
            "every_row_has_one_fate",
            TABLE,
            "raw_rows is distinct from "
            "duplicates + readings + quarantined + after_as_of + unread",
            "Nothing is dropped silently: the rows of a raw table are duplicates, "
            "readings, quarantined, after as_of or unread, and add up.",
        ),
        never(
            "no_fate_is_negative",
            TABLE,
            "least(raw_rows, duplicates, readings, quarantined, after_as_of, unread)"
            " < 0",
            "A negative count would make a wrong sum look right.",
        ),
        no_rows(
            "one_row_per_raw_table",
            TABLE,
            """
            select source, source_table, count(*) as row_count
            from {batch}
            group by source, source_table
            having count(*) > 1
            """,
            "A raw table in two rows would be reconciled twice.",
        ),
        no_rows(
            "all_raw_rows_are_counted",
            TABLE,
            """
            select raw.source, raw.source_table, raw.row_count, fates.raw_rows
            from ({raw_row_counts}) as raw
            left join {batch} as fates
                on
                    raw.source = fates.source
                    and raw.source_table = fates.source_table
            where raw.row_count <> coalesce(fates.raw_rows, 0)
            """,
            "The sums hold only if they start from the rows that were loaded.",
        ),
        one_of(
            "rule_is_known",
            QUARANTINE,
            "rule",
            RULES,
            "Every quarantined row says which of the rules it breaks.",
        ),
    ),
)
