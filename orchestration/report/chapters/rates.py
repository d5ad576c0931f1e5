"""SAL rate and ignore rate: by month, and by channel, campaign, team and rep."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair


def _by_month(rate: str, colour: str) -> altair.LayerChart:
    """What is ripe as a line with its interval. Of an open month, what is so far
    and the bounds between which it will end: dashed and hollow, never as a rate."""
    import altair as alt

    from orchestration.report.chapters import marks

    base = marks.rows().properties(height=260)
    ripe = base.transform_filter("datum.is_ripe")
    open_ = base.transform_filter("!datum.is_ripe")
    title = f"w:{rate}"
    x = marks.months()
    layers = [
        base.mark_line(
            interpolate="step", color="c:target", strokeDash=[4, 3], strokeWidth=1.5
        ).encode(x=x, y=marks.percents("target", title)),
        ripe.mark_rule(color=colour, opacity=0.45, strokeWidth=5).encode(
            **marks.said(
                x=x, y=marks.percents(f"{rate}_lower", title), y2=f"{rate}_upper:Q"
            )
        ),
        ripe.mark_line(color=colour, strokeWidth=2).encode(
            x=x, y=marks.percents(rate, title)
        ),
        ripe.mark_point(color=colour, filled=True, size=60, opacity=1).encode(
            **marks.said(x=x, y=marks.percents(rate, title))
        ),
        open_.mark_rule(color="c:open", strokeWidth=3, strokeDash=[5, 3]).encode(
            **marks.said(x=x, y=marks.percents("open_lower", title), y2="open_upper:Q")
        ),
        open_.mark_tick(color="c:muted", thickness=2, width=16).encode(
            **marks.said(x=x, y=marks.percents(rate, title))
        ),
    ]
    if rate == "sal_rate":
        expected = base.transform_filter("isValid(datum.open_middle)")
        layers += [
            base.transform_filter("isValid(datum.path)")
            .mark_line(color=colour, strokeDash=[3, 4], strokeWidth=1.5)
            .encode(x=x, y=marks.percents("path", title)),
            expected.mark_point(
                color="c:open", filled=False, size=90, strokeWidth=2, opacity=1
            ).encode(**marks.said(x=x, y=marks.percents("open_middle", title))),
        ]
    return alt.layer(*layers)


def _by_name(rate: str, colour: str) -> altair.LayerChart:
    from orchestration.report.chapters import marks

    return marks.rates_by_name(rate, colour, f"{rate}_target")


_COUNTS = (
    Column("handed_off"),
    Column("accepted"),
    Column("rejected"),
    Column("ignored"),
    Column("pending"),
)

_SAL = partial(_by_name, "sal_rate", "c:blue")
_IGNORE = partial(_by_name, "ignore_rate", "c:orange")


def _group(dimension: str) -> Figure:
    return Figure(
        f"by_{dimension}",
        (
            Column("label", "text", dimension),
            *_COUNTS,
            Column("sal_rate", "rate"),
            Column("sal_rate", "interval", "interval"),
            Column("projected", "rate", "projected_sal_rate"),
            Column("ignore_rate", "rate"),
            Column("ignore_rate", "interval", "interval"),
        ),
        (
            Chart(f"by_{dimension}_sal", _SAL, "sal_rate"),
            Chart(f"by_{dimension}_ignore", _IGNORE, "ignore_rate"),
        ),
        chooses="" if dimension == "rep" else dimension,
    )


CHAPTERS = (
    Chapter(
        "months",
        (
            Figure(
                "sal_by_month",
                (
                    Column("month", "month"),
                    *_COUNTS,
                    Column("sal_rate", "rate"),
                    Column("sal_rate", "interval", "interval"),
                    Column("projected", "rate", "projected_sal_rate"),
                    Column("projected", "interval", "bounds"),
                    Column("target", "rate"),
                    Column("state", "text"),
                ),
                (Chart("sal_by_month", partial(_by_month, "sal_rate", "c:blue")),),
                chooses="month",
            ),
            Figure(
                "ignore_by_month",
                (
                    Column("month", "month"),
                    Column("handed_off"),
                    Column("ignored"),
                    Column("pending"),
                    Column("ignore_rate", "rate"),
                    Column("ignore_rate", "interval", "interval"),
                    Column("open_upper", "rate", "at_most"),
                    Column("target", "rate"),
                    Column("state", "text"),
                ),
                (
                    Chart(
                        "ignore_by_month", partial(_by_month, "ignore_rate", "c:orange")
                    ),
                ),
                chooses="month",
            ),
        ),
    ),
    Chapter("groups", tuple(map(_group, ("channel", "campaign", "team", "rep")))),
)
