"""The funnel: how many reach each stage, of the stage before and of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair


def _stages() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.bars("count", "c:blue", words="text")


_COLUMNS = (
    Column("label", "text", "stage"),
    Column("count", "count", "leads"),
    Column("of_before", "rate"),
    Column("of_all", "rate"),
)
_INTERVAL = Column("of_before", "interval", "interval")

CHAPTERS = (
    Chapter(
        "funnel",
        (
            Figure(
                "funnel_handoffs",
                (*_COLUMNS[:3], _INTERVAL, *_COLUMNS[3:]),
                (Chart("funnel_handoffs", _stages),),
            ),
            Figure("funnel_entries", _COLUMNS, (Chart("funnel_entries", _stages),)),
        ),
    ),
)
