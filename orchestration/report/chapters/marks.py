"""The few shapes that the charts are made of."""

from __future__ import annotations

import altair as alt

from orchestration.report.figures import ROWS

STEP = 24
"""Height of a bar with its gap, in pixels."""


def rows() -> alt.Chart:
    """A chart of the figure's rows, as wide as the page lets it be."""
    return alt.Chart(alt.NamedData(ROWS), width="container")


def said(**encodings: object) -> dict[str, object]:
    """Encodings with what is shown over a mark."""
    return {**encodings, "tooltip": alt.Tooltip("tip:N")}


def names(field: str = "label", longest: int = 190) -> alt.Y:
    """Bars from above in the order of the rows; names as long as so many pixels."""
    return alt.Y(
        f"{field}:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelLimit=longest, ticks=False, domain=False, labelPadding=8),
    )


def months() -> alt.X:
    return alt.X(
        "label:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelAngle=0, labelOverlap="greedy", ticks=False),
    )


def percents(field: str, title: str, *, from_zero: bool = True) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title=title,
        axis=alt.Axis(format="~%", tickCount=5),
        scale=alt.Scale(zero=from_zero, nice=True),
    )


def rates_by_name(rate: str, colour: str, target: str) -> alt.LayerChart:
    """A rate a row with its interval; rows of few hand-offs are pale."""
    axis = alt.Axis(format="~%", tickCount=5)
    base = rows().properties(height=alt.Step(STEP))
    pale = alt.condition("datum.is_small", alt.value(0.45), alt.value(1))
    bars = base.mark_bar(height={"band": 0.62}, color=colour, cursor="pointer").encode(
        **said(
            y=names(),
            x=alt.X(f"{rate}:Q", title=None, axis=axis, scale=alt.Scale(zero=True)),
            opacity=pale,
        )
    )
    spans = base.mark_rule(color="c:ink", strokeWidth=1.5).encode(
        **said(
            y=names(),
            x=alt.X(f"{rate}_lower:Q"),
            x2=f"{rate}_upper:Q",
        )
    )
    aims = base.mark_rule(color="c:target", strokeDash=[4, 3]).encode(
        x=alt.X(f"{target}:Q", aggregate="max")
    )
    return alt.layer(bars, spans, aims)


def bars(value: str, colour: str, *, words: str, longest: int = 190) -> alt.LayerChart:
    """Bars from left to right, each with a text at its end, which has room there."""
    base = rows().properties(height=alt.Step(STEP + 4))
    x = alt.X(f"{value}:Q", title=None, axis=alt.Axis(format=",~f", tickCount=5))
    drawn = base.mark_bar(height={"band": 0.62}, color=colour, cursor="pointer").encode(
        **said(y=names(longest=longest), x=x)
    )
    texts = base.mark_text(align="left", dx=6, color="c:ink").encode(
        y=names(longest=longest), x=x, text=f"{words}:N"
    )
    room = (
        base.transform_joinaggregate(most=f"max({value})")
        .transform_calculate(room="datum.most * (width < 420 ? 1.8 : 1.25)")
        .mark_point(opacity=0)
        .encode(y=names(longest=longest), x=alt.X("room:Q"))
    )
    return alt.layer(drawn, texts, room)


def two_parts(
    value: str,
    title: str,
    first: tuple[str, str, str],
    second: tuple[str, str, str],
    **mark: object,
) -> alt.Chart:
    """Bars of two parts; each part is a column, a word and a colour."""
    fields, words, colours = zip(first, second, strict=True)
    return (
        rows()
        .transform_fold(list(fields), as_=["kind", value])
        .transform_calculate(
            kind_label=f"datum.kind === '{fields[0]}' ? '{words[0]}' : '{words[1]}'"
        )
        .mark_bar(height={"band": 0.62}, **mark)
        .encode(
            **said(
                y=names(),
                x=alt.X(
                    f"{value}:Q",
                    title=title,
                    stack="zero",
                    axis=alt.Axis(tickCount=6, format=",~f"),
                ),
                color=alt.Color(
                    "kind_label:N",
                    title=None,
                    scale=alt.Scale(domain=list(words), range=list(colours)),
                    legend=alt.Legend(orient="top"),
                ),
            )
        )
        .properties(height=alt.Step(STEP + 4))
    )
