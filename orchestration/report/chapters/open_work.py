"""What is open and overdue, why sales refuses, and how long acceptance takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair


def _open_now() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.two_parts(
        "leads",
        "w:open_handoffs",
        ("overdue", "w:overdue", "c:orange"),
        ("in_time", "w:in_time", "c:sky"),
    )


def _due_next() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.bars("waiting", "c:orange", words="text")


def _stock() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    base = marks.rows().properties(height=220)
    x = alt.X("day:T", title=None, axis=alt.Axis(format="%Y-%m-%d", tickCount=5))
    return alt.layer(
        base.mark_line(color="c:blue", strokeWidth=2).encode(
            **marks.said(x=x, y=alt.Y("open_handoffs:Q", title="w:open_handoffs"))
        ),
        base.mark_line(color="c:orange", strokeWidth=2, strokeDash=[6, 2]).encode(
            **marks.said(x=x, y=alt.Y("overdue_handoffs:Q"))
        ),
    )


def _refused() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.rates_by_name("rejection_rate", "c:purple", "no_target")


def _reasons() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    return (
        marks.rows()
        .mark_bar(height={"band": 0.62})
        .encode(
            **marks.said(
                y=marks.names(),
                x=alt.X(
                    "rejected:Q",
                    title="w:rejected",
                    axis=alt.Axis(tickCount=6, format=",~f"),
                ),
                color=alt.Color(
                    "whose:N",
                    title="w:whose",
                    scale=alt.Scale(
                        domain=["w:marketing", "w:sales", "w:nobody_said"],
                        range=["c:purple", "c:green", "c:grey"],
                    ),
                    legend=alt.Legend(orient="top"),
                ),
            )
        )
        .properties(height=alt.Step(marks.STEP))
    )


def _curves() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    return (
        marks.rows()
        .mark_line(interpolate="step-after", strokeWidth=1.8)
        .encode(
            **marks.said(
                x=alt.X(
                    "age:Q",
                    title="w:business_days",
                    scale=alt.Scale(nice=False),
                    axis=alt.Axis(tickCount=8),
                ),
                y=marks.percents("share", "w:accepted_share"),
                detail="month:N",
                color=alt.Color(
                    "number:Q",
                    title="w:month",
                    scale=alt.Scale(range=["c:old", "c:new"]),
                    legend=None,
                ),
                strokeDash=alt.StrokeDash(
                    "is_open:N",
                    legend=None,
                    scale=alt.Scale(domain=[False, True], range=[[1, 0], [5, 3]]),
                ),
            )
        )
        .properties(height=280)
    )


CHAPTERS = (
    Chapter(
        "stock",
        (
            Figure(
                "open_now",
                (
                    Column("label", "text", "age_band"),
                    Column("open", "count", "open_handoffs"),
                    Column("overdue", "count", "overdue"),
                    Column("in_time", "count", "in_time"),
                    Column("respond", "count", "to_respond"),
                    Column("decide", "count", "to_decide"),
                ),
                (Chart("open_now", _open_now),),
            ),
            Figure(
                "due_next",
                (
                    Column("label", "text", "due_day"),
                    Column("waiting", "count", "to_respond"),
                    Column("teams", "text", "team"),
                ),
                (Chart("due_next", _due_next),),
            ),
            Figure(
                "stock_by_day",
                (
                    Column("day", "day"),
                    Column("open_handoffs"),
                    Column("overdue_handoffs"),
                ),
                (Chart("stock_by_day", _stock),),
                blind_to=("campaign", "version"),
            ),
        ),
    ),
    Chapter(
        "reasons",
        (
            Figure(
                "refused",
                (
                    Column("label", "text", "campaign"),
                    Column("handed_off"),
                    Column("rejected"),
                    Column("rejection_rate", "rate"),
                    Column("rejection_rate", "interval", "interval"),
                    Column("reason", "text", "first_reason"),
                    Column("reason_share", "rate"),
                    Column("whose", "text"),
                ),
                (Chart("refused", _refused),),
                chooses="campaign",
            ),
            Figure(
                "reasons",
                (
                    Column("label", "text", "reason"),
                    Column("whose", "text"),
                    Column("rejected"),
                    Column("share", "rate", "share_of_rejected"),
                ),
                (Chart("reasons", _reasons),),
            ),
        ),
    ),
    Chapter(
        "curves",
        (
            Figure(
                "curves",
                (
                    Column("month", "month"),
                    Column("age", "count", "business_days"),
                    Column("at_risk"),
                    Column("accepted"),
                    Column("share", "rate", "accepted_share"),
                ),
                (Chart("curves", _curves),),
            ),
        ),
    ),
)
