"""Whether the score is worth anything, what an accepted lead costs, and the plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from orchestration.report.figures import Chapter, Chart, Column, Figure

if TYPE_CHECKING:
    import altair


def _scores() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.rates_by_name("sal_rate", "c:blue", "no_target")


def _auc() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    base = marks.rows().properties(height=200)
    y = alt.Y(
        "auc:Q",
        title="w:auc",
        scale=alt.Scale(zero=False, domainMin=0.4),
        axis=alt.Axis(tickCount=5),
    )
    return alt.layer(
        base.mark_line(color="c:target", strokeDash=[4, 3]).encode(
            x=marks.months(), y=alt.Y("chance:Q")
        ),
        base.mark_line(color="c:blue", strokeWidth=2).encode(x=marks.months(), y=y),
        base.mark_point(color="c:blue", filled=True, size=60, opacity=1).encode(
            **marks.said(x=marks.months(), y=y)
        ),
    )


def _costs() -> altair.TopLevelMixin:
    from orchestration.report.chapters import marks

    return marks.bars("cost_with_allocated", "c:green", words="text")


def _pacing(metric: str) -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    kinds = ["w:actual", "w:previous", "w:mean_of_last_4", "w:target_to_date"]
    return (
        marks.rows()
        .transform_filter(f"datum.metric === '{metric}'")
        .transform_fold(
            ["actual", "previous", "mean_of_last_4", "target_to_date"],
            as_=["kind", "leads"],
        )
        .transform_filter("isValid(datum.leads)")
        .transform_calculate(
            kind_label="datum.kind === 'actual' ? 'w:actual' : "
            "datum.kind === 'previous' ? 'w:previous' : "
            "datum.kind === 'mean_of_last_4' ? 'w:mean_of_last_4' : "
            "'w:target_to_date'"
        )
        .mark_line(strokeWidth=2)
        .encode(
            **marks.said(
                x=alt.X(
                    "day:T", title=None, axis=alt.Axis(format="%m-%d", tickCount=5)
                ),
                y=alt.Y("leads:Q", title="w:leads"),
                color=alt.Color(
                    "kind_label:N",
                    title=None,
                    scale=alt.Scale(
                        domain=kinds,
                        range=["c:blue", "c:grey", "c:orange", "c:target"],
                    ),
                    legend=alt.Legend(orient="top", columns=2),
                ),
                strokeDash=alt.StrokeDash(
                    "kind_label:N",
                    scale=alt.Scale(
                        domain=kinds, range=[[1, 0], [6, 2], [2, 2], [4, 3]]
                    ),
                    legend=None,
                ),
            )
        )
        .properties(height=220)
    )


def _plan() -> altair.TopLevelMixin:
    import altair as alt

    from orchestration.report.chapters import marks

    base = marks.rows().transform_filter("isValid(datum.ratio)")
    x, y = marks.months(), marks.names("metric_label")
    cells = base.mark_rect(stroke="c:ground", strokeWidth=2).encode(
        **marks.said(
            x=x,
            y=y,
            color=alt.Color(
                "met:N",
                title=None,
                scale=alt.Scale(
                    domain=["w:met", "w:missed", "w:not_final"],
                    range=["c:green", "c:orange", "c:grey"],
                ),
                legend=alt.Legend(orient="top"),
            ),
        )
    )
    texts = base.mark_text(color="c:ground", fontSize=11).encode(
        x=x,
        y=y,
        text=alt.Text("ratio:Q", format=".0%"),
        opacity=alt.condition("width < 640", alt.value(0), alt.value(1)),
    )
    return alt.layer(cells, texts).properties(height=alt.Step(34))


def _costs_by(dimension: str) -> Figure:
    return Figure(
        f"cost_by_{dimension}",
        (
            Column("label", "text", f"spend_{dimension}"),
            Column("spend", "money"),
            Column("with_allocated", "money"),
            Column("sals", "number", "attributed_sals"),
            Column("cost", "money", "cost_per_sal"),
            Column("cost_with_allocated", "money", "cost_per_sal_with_allocated"),
            Column("won_amount", "money"),
        ),
        (Chart(f"cost_by_{dimension}", _costs),),
        blind_to=("team", "version"),
        chooses=dimension,
    )


CHAPTERS = (
    Chapter(
        "score",
        (
            Figure(
                "scores",
                (
                    Column("label", "text", "score_band"),
                    Column("handed_off"),
                    Column("accepted"),
                    Column("sal_rate", "rate"),
                    Column("sal_rate", "interval", "interval"),
                    Column("lift", "number"),
                ),
                (Chart("scores", _scores),),
            ),
            Figure(
                "auc",
                (
                    Column("month", "month"),
                    Column("auc", "number"),
                    Column("brier_score", "number"),
                    Column("base_brier_score", "number"),
                    Column("best_threshold", "number"),
                ),
                (Chart("auc", _auc),),
                blind_to=("channel", "campaign", "team", "version"),
            ),
        ),
    ),
    Chapter(
        "spend",
        (
            _costs_by("channel"),
            _costs_by("campaign"),
            Figure(
                "pacing",
                (
                    Column("metric_label", "text", "metric"),
                    Column("day", "day"),
                    Column("actual"),
                    Column("previous"),
                    Column("mean_of_last_4", "number"),
                    Column("target_to_date", "number"),
                ),
                (
                    Chart(
                        "pacing_handed_off",
                        partial(_pacing, "handed_off"),
                        "handed_off",
                    ),
                    Chart("pacing_accepted", partial(_pacing, "accepted"), "accepted"),
                ),
                blind_to=("month",),
            ),
            Figure(
                "plan",
                (
                    Column("metric_label", "text", "metric"),
                    Column("month", "month"),
                    Column("who", "text"),
                    Column("target", "number"),
                    Column("actual", "number", "actual"),
                    Column("met", "text", "is_met"),
                    Column("owners", "text"),
                    Column("needed_handoffs", "count"),
                    Column("missing_handoffs", "count"),
                ),
                (Chart("plan", _plan),),
                blind_to=("channel", "campaign", "team", "version"),
            ),
        ),
    ),
)
