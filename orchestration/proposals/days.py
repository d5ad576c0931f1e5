"""Days as a person reads them, to say when something was first and last seen."""

from __future__ import annotations

from orchestration.warehouse import literal

ORDERED = {
    "day_first": ("%d/%m/%Y", "%d-%m-%Y"),
    "month_first": ("%m/%d/%Y", "%m-%d-%Y"),
}
OTHERS = ("%Y/%m/%d", "%Y-%m-%d", "%Y.%m.%d", "%Y年%m月%d日", "%d.%m.%Y")


def day_of(text: str, order: str | None) -> str:
    """SQL for the day that a text begins with; none where it cannot be told."""
    formats = ", ".join(map(literal, (*OTHERS, *ORDERED[order or "month_first"])))
    begin = f"regexp_extract(trim({text}), '^[^ T,]+')"
    return f"cast(coalesce(try_strptime({begin}, [{formats}])) as date)"
