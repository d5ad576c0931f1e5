"""How soon sales answers, and what another SLA would have given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair


def _heatmap() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    return (
        marks.rows()
        .transform_filter("isValid(datum.mean_hours)")
        .mark_rect()
        .encode(
            **marks.said(
                x=alt.X(
                    "hour:O",
                    title="w:hour_of_day",
                    axis=alt.Axis(labelAngle=0, labelOverlap="greedy"),
                ),
                y=alt.Y("label:N", sort=None, title=None),
                color=alt.Color(
                    "level_label:N",
                    title="w:mean_response_hours",
                    sort=alt.EncodingSortField("level", op="min"),
                    scale=alt.Scale(range=[f"c:heat{n}" for n in range(1, 7)]),
                    legend=alt.Legend(orient="top", titleLimit=400, columns=6),
                ),
                opacity=alt.condition("datum.is_small", alt.value(0.4), alt.value(1)),
            )
        )
        .properties(height=alt.Step(26))
    )


def _reached() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.rates_by_name("rate", "c:green", "no_target")


def _delays() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.two_parts(
        "hours",
        "w:mean_hours",
        ("routing", "w:routing_delay", "c:grey"),
        ("own", "w:own_delay", "c:green"),
        cursor="pointer",
    )


def _sla() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    return (
        marks.rows()
        .mark_line(strokeWidth=2, interpolate="step-after")
        .encode(
            **marks.said(
                x=alt.X(
                    "hours:Q",
                    title="w:sla_hours",
                    scale=alt.Scale(nice=False),
                    axis=alt.Axis(tickCount=8),
                ),
                y=marks.percents("ignore_rate", "w:ignore_rate"),
                color=alt.Color(
                    "label:N",
                    sort=None,
                    title=None,
                    scale=alt.Scale(range="category"),
                    legend=alt.Legend(orient="top", columns=2, labelLimit=160),
                ),
            )
        )
        .properties(height=260)
    )


CHAPTERS = (
    Chapter(
        "speed",
        (
            Figure(
                "heatmap",
                (
                    Column("label", "text", "weekday"),
                    Column("hour", "count", "hour_of_day"),
                    Column("handed_off"),
                    Column("responded"),
                    Column("mean_hours", "hours", "mean_response_hours"),
                    Column("ignored"),
                ),
                (Chart("heatmap", _heatmap),),
            ),
            Figure(
                "reached",
                (
                    Column("label", "text", "within"),
                    Column("old_enough"),
                    Column("reached"),
                    Column("rate", "rate", "reached_share"),
                    Column("rate", "interval", "interval"),
                ),
                (Chart("reached", _reached),),
            ),
            Figure(
                "delays",
                (
                    Column("label", "text", "team"),
                    Column("answered"),
                    Column("routing", "hours", "routing_delay"),
                    Column("own", "hours", "own_delay"),
                ),
                (Chart("delays", _delays),),
                chooses="team",
            ),
        ),
    ),
    Chapter(
        "sla",
        (
            Figure(
                "sla",
                (
                    Column("label", "text", "team"),
                    Column("hours", "count", "sla_hours"),
                    Column("handed_off"),
                    Column("ignored"),
                    Column("ignore_rate", "rate"),
                ),
                (Chart("sla", _sla),),
                blind_to=("channel", "campaign", "version"),
                chooses="team",
            ),
        ),
    ),
)
