"""Raw tables: is there something to make numbers of?

A broken row is no reason to stop: the models put it into quarantine and count
it. What stops a run is a table that as a whole cannot mean anything.
"""

from collections.abc import Iterator

from expectations.checks import Check, Suite, has_column, has_rows, never, no_rows
from orchestration.sources.tables import RAW_TABLES, RawTable

ENOUGH_ROWS = 100
"""Fewer rows than this may well be broken all of them."""

NEARLY_EVERY = 0.9


def _checks_of(table: RawTable) -> Iterator[Check]:
    name = f"raw_{table.system}.{table.name}"
    if table.is_required:
        yield has_rows(
            "has_rows",
            name,
            f"An empty export of {table.purpose} would publish a funnel without "
            f"anybody of {table.system} in it.",
        )
    for needed in table.needed:
        column = needed.names[0]
        yield has_column(
            f"has_{column}",
            name,
            column,
            f"{name} cannot be read without {column}: it is needed {needed.purpose}.",
        )
    if table.needed:
        key = table.needed[0].names[0]
        yield no_rows(
            "keys_present",
            name,
            f"""
            select *
            from {{batch}}
            where
                ("{key}" is null or trim("{key}") = '')
                and (
                    select
                        count(*) >= {ENOUGH_ROWS}
                        and count(*) filter (
                            where "{key}" is null or trim("{key}") = ''
                        ) > {NEARLY_EVERY} * count(*)
                    from {{batch}}
                )
            """,
            f"Where nearly every {key} is blank, the export was cut wrongly: all of "
            "it would end in quarantine and the rates would be about nobody.",
        )
    yield never(
        "load_is_recorded",
        name,
        "_loaded_at is null or _file is null",
        "Without the load's instant and file, nobody can tell which rows are from "
        "the future, nor where a number comes from.",
    )


SUITE = Suite(
    "raw",
    "Raw tables, as loaded",
    tuple(check for table in RAW_TABLES for check in _checks_of(table)),
)
