"""What the numbers rest on: checks, freshness, history and what was set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair

_ALL = ("month", "channel", "campaign", "team", "version")


def _quarantine() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.bars("rows", "c:purple", words="text", longest=340)


CHAPTERS = (
    Chapter(
        "quality",
        (
            Figure(
                "checks",
                (
                    Column("label", "text", "check"),
                    Column("table", "text"),
                    Column("state", "text"),
                    Column("count", "count", "check_count"),
                    Column("since", "day", "failing_since"),
                    Column("owner", "text"),
                    Column("protects", "text"),
                    Column("what_to_do", "text"),
                ),
                blind_to=_ALL,
            ),
            Figure(
                "tables",
                (
                    Column("label", "text", "table"),
                    Column("raw_rows", "count"),
                    Column("readings", "count"),
                    Column("duplicates", "count"),
                    Column("quarantined", "count"),
                    Column("after_as_of", "count"),
                    Column("unread", "count"),
                    Column("first_day", "day"),
                    Column("last_day", "day"),
                ),
                blind_to=_ALL,
            ),
            Figure(
                "history",
                (
                    Column("label", "text", "field"),
                    Column("changes", "count"),
                    Column("first_day", "day"),
                    Column("last_day", "day"),
                    Column("kept_days", "count"),
                    Column("days_until_lost", "count"),
                    Column("changes_gone", "count"),
                ),
                blind_to=_ALL,
            ),
            Figure(
                "quarantine",
                (
                    Column("label", "text", "rule"),
                    Column("table", "text"),
                    Column("rows", "count", "quarantined"),
                ),
                (Chart("quarantine", _quarantine),),
                blind_to=_ALL,
            ),
        ),
    ),
)
