"""How text in a raw table becomes a value (sources.md, "All")."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=200_000)
def same_text(text: str | None) -> str | None:
    """Unicode NFKC, trimmed of Unicode space, lower case; blank is None."""
    if text is None:
        return None
    return unicodedata.normalize("NFKC", text).strip().lower() or None


def given(text: str | None) -> str | None:
    """The text as it was given, without space around it; blank is None."""
    if text is None:
        return None
    return text.strip() or None


def field_name(text: str | None) -> str:
    """Field names compare without case, spaces and underscores."""
    return re.sub(r"[\s_]", "", same_text(text) or "")


def match_id(source: str, text: str | None) -> str | None:
    """The id two rows must share: Salesforce's first 15 characters."""
    identifier = given(text)
    if identifier and source == "salesforce" and len(identifier) == 18:
        return identifier[:15]
    return identifier


_OFFSET = r"(?P<offset>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?"
_CLOCK = (
    r"(?:[t\s]\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?)?"
)
_FORMS = [
    re.compile(
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})"
        + _CLOCK
        + r"\s*"
        + _OFFSET
    ),
    re.compile(
        r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"
        + _CLOCK
        + r"\s*"
        + _OFFSET
    ),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(
        r"(?P<year>\d{4})年\s*(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日"
        r"(?:\s*(?P<hour>\d{1,2})時(?:\s*(?P<minute>\d{1,2})分)?"
        r"(?:\s*(?P<second>\d{1,2})秒)?)?"
    ),
    re.compile(
        r"(?P<year>\d{4})年\s*(?P<month>\d{1,2})月\s*(?P<day>\d{1,2})日"
        r"\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
        r"(?::(?P<second>\d{1,2}))?"
    ),
]


@lru_cache(maxsize=200_000)
def parse_instant(text: str | None, zone: str = "UTC") -> datetime | None:
    """A naive UTC instant, or None where the text is blank or unreadable."""
    folded = same_text(text)
    if folded is None:
        return None
    if re.fullmatch(r"\d{10}|\d{13}", folded):
        number = int(folded) * (1000 if len(folded) == 10 else 1)
        instant = datetime(1970, 1, 1) + timedelta(milliseconds=number)
        return instant if 1900 <= instant.year <= 2200 else None
    for form in _FORMS:
        found = form.fullmatch(folded)
        if found:
            return _instant(found.groupdict(), zone)
    return None


def _instant(parts: dict[str, str | None], zone: str) -> datetime | None:
    year = int(parts["year"])
    if not 1900 <= year <= 2200:
        return None
    fraction = ((parts.get("fraction") or "") + "000000")[:6]
    try:
        local = datetime(
            year,
            int(parts["month"]),
            int(parts["day"]),
            int(parts.get("hour") or 0),
            int(parts.get("minute") or 0),
            int(parts.get("second") or 0),
            int(fraction),
        )
    except ValueError:
        return None
    offset = parts.get("offset")
    if offset in ("z", "utc", "gmt"):
        return local
    if offset:
        digits = offset[1:].replace(":", "").ljust(4, "0")
        away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        return local - away if offset[0] == "+" else local + away
    return to_utc(local, zone)


def to_utc(local: datetime, zone: str) -> datetime:
    if zone == "UTC":
        return local
    aware = local.replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).replace(tzinfo=None)


def to_local(instant: datetime, zone: str) -> datetime:
    aware = instant.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    return aware.replace(tzinfo=None)


@lru_cache(maxsize=100_000)
def parse_number(text: str | None) -> Decimal | None:
    """`1,234`, `¥1,234`, `1.234,56`, `(5)`: what people type into cells."""
    folded = same_text(text)
    if folded is None:
        return None
    body = re.sub(r"[\s¥$€£円]|^[a-z]{3}|[a-z]{3}$", "", folded)
    negative = body.startswith("-") or re.fullmatch(r"\(.*\)", body)
    body = body.strip("()-+")
    if not re.fullmatch(r"[\d.,]*\d[\d.,]*", body):
        return None
    if "," in body and "." in body:
        decimal_mark = max(body.rfind(","), body.rfind("."))
        whole = re.sub(r"[.,]", "", body[:decimal_mark])
        body = whole + "." + body[decimal_mark + 1 :]
    elif re.fullmatch(r"\d{1,3}(,\d{3})+", body):
        body = body.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(\.\d{3}){2,}", body):
        body = body.replace(".", "")
    else:
        body = body.replace(",", ".")
    try:
        number = Decimal(body)
    except InvalidOperation:
        return None
    return -number if negative else number


def parse_flag(text: str | None) -> bool | None:
    folded = same_text(text)
    if folded in ("true", "t", "1", "yes", "y", "はい"):
        return True
    if folded in ("false", "f", "0", "no", "n", "いいえ"):
        return False
    return None
