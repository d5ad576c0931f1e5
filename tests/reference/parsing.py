"""How text in a raw table becomes a value (sources.md, "All")."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo


def same_text(text: str | None) -> str | None:
    """Unicode NFKC, trimmed of Unicode space, lower case; blank is None."""
    return None if text is None else _same_text(str(text))


@lru_cache(maxsize=200_000)
def _same_text(text: str) -> str | None:
    return unicodedata.normalize("NFKC", text).strip().lower() or None


class DayFirst(str):
    """A text of a column in which the day stands before the month."""


class CommaDecimal(str):
    """A text of a column whose decimal mark is the comma."""


def given(text: str | None) -> str | None:
    """The text as it was given, without space around it; blank is None."""
    if text is None:
        return None
    return type(text)(text.strip()) if text.strip() else None


def of_column(texts: list[str | None]) -> list[str | None]:
    """sources.md: what a column of texts means is decided by all of them."""
    folded = [same_text(text) or "" for text in texts]
    days = [
        (int(found[1]), int(found[2]))
        for text in folded
        if (found := re.match(r"(\d{1,2})[/-](\d{1,2})[/-]\d{4}(?!\d)", text))
    ]
    if any(first > 12 >= second for first, second in days):
        return [None if text is None else DayFirst(text) for text in texts]
    bare = [re.sub(r"[^\d.,]", "", text) for text in folded]
    if any(
        re.fullmatch(r"\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3}){2,}", text)
        or re.fullmatch(r"\d{1,3}(\.\d{3})+,\d+", text)
        for text in bare
    ):
        return [None if text is None else CommaDecimal(text) for text in texts]
    return texts


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
    r"(?:(?:[t\s]|,\s)\s*(?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?)?"
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


_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERAS |= {"m": 1867, "t": 1911, "s": 1925, "h": 1988, "r": 2018}
_MONTHS = [f"{datetime(2000, month, 1):%b}".lower() for month in range(1, 13)]


def parse_instant(text: str | None, zone: str = "UTC") -> datetime | None:
    """A naive UTC instant, or None where the text is blank or unreadable."""
    folded = same_text(text)
    if folded is None:
        return None
    if isinstance(text, DayFirst):
        folded = re.sub(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})", r"\2/\1/\3", folded)
    return _parsed(folded, zone)


def _plain(folded: str) -> str:
    """Months, eras and dotted days as numbers."""
    found = re.match(rf"({'|'.join(_ERAS)})\s?(元|\d{{1,2}})(?=[年./-])", folded)
    if found:
        year = _ERAS[found[1]] + (1 if found[2] == "元" else int(found[2]))
        folded = f"{year}{folded[found.end() :]}"
    folded = re.sub(r"^(\d{4})\.(\d{1,2})\.(\d{1,2})", r"\1-\2-\3", folded)
    folded = re.sub(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})", r"\3-\2-\1", folded)
    folded = re.sub(r"^(\d{1,2})-(\d{1,2})-(\d{4})", r"\1/\2/\3", folded)
    month = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*"
    day, year = r"(?P<day>\d{1,2})", r"(?P<year>\d{4})"
    for form in (rf"{day}[\s-]+{month},?[\s-]+{year}", rf"{month}\s+{day},?\s+{year}"):
        if found := re.match(form, folded):
            number = _MONTHS.index(found["month"]) + 1
            date = f"{found['year']}-{number}-{found['day']}"
            folded = date + folded[found.end() :]
    return folded


@lru_cache(maxsize=200_000)
def _parsed(folded: str, zone: str) -> datetime | None:
    folded = _plain(folded)
    if re.fullmatch(r"[2-9]\d{4}(\.\d+)?", folded):
        thousandths = round(Decimal(folded) * 86_400_000)
        return to_utc(
            datetime(1899, 12, 30) + timedelta(milliseconds=thousandths), zone
        )
    if re.fullmatch(r"\d{14}", folded):
        folded = f"{folded[:8]} {folded[8:10]}:{folded[10:12]}:{folded[12:]}"
        folded = f"{folded[:4]}-{folded[4:6]}-{folded[6:]}"
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
    hour = int(parts.get("hour") or 0)
    if parts.get("half"):
        if hour > 12:
            return None
        hour = hour % 12 + (12 if parts["half"] == "p" else 0)
    try:
        local = datetime(
            year,
            int(parts["month"]),
            int(parts["day"]),
            hour,
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


def parse_number(text: str | None) -> Decimal | None:
    """`1,234`, `¥1,234`, `1.234,56`, `(5)`: what people type into cells."""
    folded = same_text(text)
    if folded is None:
        return None
    if isinstance(text, CommaDecimal):
        folded = folded.replace(".", "").replace(",", ".")
    return _number(folded)


@lru_cache(maxsize=100_000)
def _number(folded: str) -> Decimal | None:
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
