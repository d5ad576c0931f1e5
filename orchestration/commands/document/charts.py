"""Charts of a page, drawn as SVG that needs no script and no network."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.intervals import Interval
from orchestration.printable import printable

BEFORE, AFTER = "#0072b2", "#d55e00"
"""Blue and vermilion of Okabe and Ito: told apart by the colour-blind, and with a
contrast of more than 3 on white and on black. The shapes differ, too."""

STEP = 30
"""Pixels of a month."""

_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Pair:
    """A rate of one month on both sides."""

    label: str
    before: Interval | None
    after: Interval | None


def pairs(sides: tuple[str, str], months: Sequence[Pair]) -> str:
    """Both sides of a rate by month, each a point with its interval."""
    # Imported where a page is made: it takes half a second.
    import altair as alt
    import vl_convert

    names = [printable(side) for side in sides]
    rows = [
        {
            "month": pair.label,
            "side": name,
            "value": found.value,
            "lower": found.lower,
            "upper": found.upper,
        }
        for pair in months
        for name, found in zip(names, (pair.before, pair.after), strict=True)
        if found is not None
    ]
    base = alt.Chart(alt.InlineData(rows)).encode(
        x=alt.X(
            "month:O",
            title=None,
            sort=[pair.label for pair in months],
            axis=alt.Axis(labelAngle=-60, ticks=False),
        ),
        xOffset=alt.XOffset("side:N", sort=names, scale=alt.Scale(paddingOuter=0.35)),
        color=alt.Color(
            "side:N",
            title=None,
            sort=names,
            scale=alt.Scale(domain=names, range=[BEFORE, AFTER]),
            legend=alt.Legend(orient="top", labelLimit=300),
        ),
    )
    axis = alt.Axis(format="%", tickCount=4, domain=False, grid=True)
    scale = alt.Scale(zero=False, nice=False, padding=6)
    bars = base.mark_rule(strokeWidth=1.5).encode(
        y=alt.Y(
            "lower:Q",
            title=None,
            axis=axis,
            scale=scale,
        ),
        y2="upper:Q",
    )
    points = base.mark_point(filled=True, size=42, opacity=1).encode(
        y=alt.Y("value:Q"),
        shape=alt.Shape(
            "side:N",
            sort=names,
            scale=alt.Scale(domain=names, range=["circle", "diamond"]),
        ),
    )
    chart = (
        alt.layer(bars, points)
        .properties(width=alt.Step(STEP / 2, **{"for": "offset"}), height=150)
        .configure(background="#00000000", font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor="currentColor",
            titleColor="currentColor",
            tickColor="currentColor",
            domainColor="currentColor",
            gridColor="currentColor",
            gridOpacity=0.15,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor="currentColor", symbolStrokeColor="transparent")
    )
    drawn = vl_convert.vegalite_to_svg(
        chart.to_dict(), vl_version=".".join(alt.SCHEMA_VERSION[1:].split(".")[:2])
    )
    return _inline(drawn)


def _inline(svg: str) -> str:
    """The drawing alone: a figure around it says what it shows."""
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    for node in root.iter():
        for name in [n for n in node.attrib if n.startswith(("aria-", "role"))]:
            del node.attrib[name]
    root.set("aria-hidden", "true")
    return ElementTree.tostring(root, encoding="unicode")
