"""The quality of data: volumes, freshness, drift and gaps, as the last run saw them.

Each warns: what stops a run are the limits of quarantine_limits. The rows are those of
mart_data_quality, which holds one run beside the others, so that each check can say
since when it fails.
"""

from expectations.checks import Check, Suite, no_rows

TABLE = "marts.mart_data_quality"

RUN_OUT = "Accepted until"
"""How the detail of a row begins whose exception has expired."""


def _nothing_fails(name: str, rules: tuple[str, ...], protects: str) -> Check:
    listed = ", ".join(f"'{rule}'" for rule in rules)
    return no_rows(
        name,
        TABLE,
        f"""
            select * from {{table}}
            where is_last_run and state = 'failed' and rule in ({listed})
            """,
        protects,
        is_blocking=False,
    )


SUITE = Suite(
    "quality",
    "Volumes, freshness, drift and gaps of the sources",
    (
        _nothing_fails(
            "volumes_are_usual",
            ("volume_low", "volume_high"),
            "A day with a fraction of the usual rows of its weekday, or a multiple, is "
            "an export that was cut or came twice: its rates are about something else.",
        ),
        _nothing_fails(
            "sources_are_heard_of",
            ("silent",),
            "A table without rows on days that usually have some is an export that "
            "stopped: leads look ignored of whom nothing is told any more.",
        ),
        _nothing_fails(
            "values_are_known",
            ("unmapped_status", "new_source_value"),
            "A status that no rule knows, or a source without a channel, is a change "
            "of the CRM that the definition has not heard of.",
        ),
        _nothing_fails(
            "references_are_known",
            ("unknown_person", "unknown_owner", "unknown_campaign"),
            "Rows of people, owners or campaigns that no list has are counted for "
            "nobody, or under an id that nobody knows.",
        ),
        _nothing_fails(
            "rows_can_be_read",
            (
                "unparsable_timestamp",
                "unparsable_amount",
                "missing_key",
                "future_timestamp",
                "before_first_record",
            ),
            "A row that cannot be read takes part in no number.",
        ),
        _nothing_fails(
            "history_is_whole",
            (
                "exit_without_lifecycle",
                "before_first_version",
                "oversized_identity_group",
            ),
            "Events that lie before the history, or people who cannot be told apart, "
            "are missing in every rate.",
        ),
        no_rows(
            "no_exception_has_run_out",
            TABLE,
            f"""
            select * from {{table}}
            where is_last_run and detail like '{RUN_OUT} %'
            """,
            "What was accepted for a time counts again when the time is over.",
            is_blocking=False,
        ),
    ),
    what_to_do=(
        "`lead-funnel status` names the rule, the source and who mends it; accept what "
        "is right so in quality_limits.add.csv, with a reason and a last day."
    ),
)
