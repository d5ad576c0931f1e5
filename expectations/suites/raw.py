"""Raw tables: is there something to make numbers of?

A broken row is no reason to stop: the models put it into quarantine and count
it. What stops a run is a table that as a whole cannot mean anything. That a
needed column is there, the load has seen to.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from expectations.checks import Catalog, Check, Suite, has_rows, no_rows

ENOUGH_ROWS = 100
"""Fewer rows than this may well be broken all of them."""

NEARLY_EVERY = 0.9


@dataclass(frozen=True)
class RawTable:
    """A raw table, as far as it is checked."""

    system: str
    name: str
    purpose: str
    is_required: bool
    """Whether the system cannot be read without it."""
    key: str | None
    """The column that tells its rows apart."""
    find_key: Callable[[Sequence[str]], str | None]
    """How that column is spelled among those of an export."""

    @property
    def table(self) -> str:
        return f"raw_{self.system}.{self.name}"


def _checks_of(raw: RawTable) -> Iterator[Check]:
    if raw.is_required:
        yield has_rows(
            "has_rows",
            raw.table,
            f"An empty export of {raw.purpose} would publish a funnel without "
            f"anybody of {raw.system} in it.",
        )
    if raw.key:

        def key(catalog: Catalog) -> str | None:
            found = raw.find_key(catalog.get(raw.table, ()))
            return None if found is None else '"' + found.replace('"', '""') + '"'

        yield no_rows(
            "keys_present",
            raw.table,
            f"""
            select *
            from {{table}}
            where
                ({{key}} is null or trim({{key}}) = '')
                and (
                    select
                        count(*) >= {ENOUGH_ROWS}
                        and count(*) filter (
                            where {{key}} is null or trim({{key}}) = ''
                        ) > {NEARLY_EVERY} * count(*)
                    from {{table}}
                )
            """,
            f"Where nearly every {raw.key} is blank, the export was cut wrongly: all "
            "of it would end in quarantine and the rates would be about nobody.",
            key=key,
        )


def suite(tables: Sequence[RawTable]) -> Suite:
    return Suite(
        "raw",
        "Raw tables, as loaded",
        tuple(check for table in tables for check in _checks_of(table)),
        "Export the table again, whole and with its key, and run again.",
    )
