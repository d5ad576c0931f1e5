"""The chapters of the report, in the order in which they are read."""

from orchestration.report.chapters import (
    funnel,
    open_work,
    quality,
    rates,
    speed,
    worth,
)
from orchestration.report.figures import Chapter, Figure

CHAPTERS: tuple[Chapter, ...] = (
    *funnel.CHAPTERS,
    *rates.CHAPTERS,
    *open_work.CHAPTERS,
    *speed.CHAPTERS,
    *worth.CHAPTERS,
    *quality.CHAPTERS,
)


def figures() -> dict[str, Figure]:
    return {figure.name: figure for chapter in CHAPTERS for figure in chapter.figures}
