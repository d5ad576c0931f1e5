"""Instants and hours as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def local(instant: datetime | None, timezone: str) -> str:
    """A naive UTC instant in the reporting time zone."""
    if instant is None:
        return "—"
    there = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
    text = there.strftime("%Y-%m-%d %a %H:%M:%S")
    if there.microsecond:
        text += f".{there.microsecond:06d}".rstrip("0")
    return text


def in_utc(instant: datetime | None) -> str:
    if instant is None:
        return "—"
    text = instant.strftime("%Y-%m-%d %H:%M:%S")
    if instant.microsecond:
        text += f".{instant.microsecond:06d}".rstrip("0")
    return text


def both(instant: datetime | None, timezone: str) -> str:
    """Local, with UTC beside it where that is another time."""
    if instant is None:
        return "—"
    if local(instant, timezone)[:10] == in_utc(instant)[:10]:
        utc = in_utc(instant)[11:]
    else:
        utc = in_utc(instant)
    here = local(instant, timezone)
    if here[-8:] == in_utc(instant)[-8:] and here[:10] == in_utc(instant)[:10]:
        return here
    return f"{here} ({utc} UTC)"


def hours(value: float) -> str:
    """3.5 as `3 h 30 min`; seconds only where it is no whole minute."""
    seconds = round(value * 3600)
    whole, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        f"{number:,} {unit}"
        for number, unit in ((whole, "h"), (minutes, "min"), (seconds, "s"))
        if number
    ]
    return " ".join(parts) or "0 h"


def on_clock(value: float) -> str:
    """3.5 as `3:30:00`, for columns."""
    minutes, seconds = divmod(round(value * 3600), 60)
    whole, minutes = divmod(minutes, 60)
    return f"{whole}:{minutes:02d}:{seconds:02d}"


def plural(number: int, noun: str) -> str:
    """`1 record`, `2 records`; `person` is irregular."""
    plurals = {"person": "people"}
    return f"{number:,} {noun if number == 1 else plurals.get(noun, noun + 's')}"
