"""Rates with their 95 % interval: worked out, and said.

The SQL of the marts has the same bounds in macros/wilson.sql.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054
"""So many standard errors to each side hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval; no upper end where there is none."""

    value: float
    lower: float
    upper: float | None


def wilson(part: float, whole: float) -> Interval | None:
    """A share and its Wilson score interval; none over nothing.

    Source: E. B. Wilson, JASA 22 (1927), 209-212.
    """
    if whole <= 0:
        return None
    share = part / whole
    centre = share + Z * Z / (2 * whole)
    half = Z * sqrt(share * (1 - share) / whole + Z * Z / (4 * whole**2))
    total = 1 + Z * Z / whole
    return Interval(
        share, max(0.0, (centre - half) / total), min(1.0, (centre + half) / total)
    )


def percent(share: float) -> str:
    """As `10.5%`."""
    return f"{share:.1%}"


def with_bounds(rate: Interval | None) -> str:
    """As `10.5% (9.9–11.2)`; a dash where there is no rate."""
    if rate is None:
        return "–"
    upper = "?" if rate.upper is None else _points(rate.upper)
    return f"{_points(rate.value)}% ({_points(rate.lower)}–{upper})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("100.0", "100")
