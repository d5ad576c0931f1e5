"""What the environment says of Marketo: the way in, and how much of its limits a load
may use."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.source import Environment, given, names_in, whole_number

ENDPOINT = "LEAD_FUNNEL_MARKETO_ENDPOINT"
CLIENT_ID = "LEAD_FUNNEL_MARKETO_CLIENT_ID"
CLIENT_SECRET = "LEAD_FUNNEL_MARKETO_CLIENT_SECRET"
SINCE = "LEAD_FUNNEL_MARKETO_SINCE"
LEAD_FIELDS = "LEAD_FUNNEL_MARKETO_LEAD_FIELDS"
ACTIVITIES = "LEAD_FUNNEL_MARKETO_ACTIVITIES"
DAILY_CALLS = "LEAD_FUNNEL_MARKETO_DAILY_CALLS"
DAILY_MB = "LEAD_FUNNEL_MARKETO_DAILY_MB"
QUOTA_PERCENT = "LEAD_FUNNEL_MARKETO_QUOTA_PERCENT"

WAYS = ("bulk", "paging")
KEPT_MONTHS = 25
"""How long Marketo keeps most activities, and so how far back a first load goes."""
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?")


@dataclass(frozen=True)
class Settings:
    """A subscription of Marketo, and how it is read."""

    endpoint: str
    """`https://123-ABC-456.mktorest.com`, without `/rest`."""
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    since: datetime | None = None
    lead_fields: tuple[str, ...] = ()
    """Fields of leads by their API names, besides those that are always read."""
    activities: str = WAYS[0]
    daily_calls: int = 50_000
    daily_mb: int = 500
    quota_percent: int = 80
    """From how much of a day's calls or megabytes on, whoever used them, a load
    stops."""

    @classmethod
    def read(cls, environ: Environment) -> Settings | None:
        """Those of the environment; none where it names no Marketo."""
        way_in = {name: given(environ, name) for name in (CLIENT_ID, CLIENT_SECRET)}
        if not any(way_in.values()) and not given(environ, ENDPOINT):
            return None
        missing = [name for name in (ENDPOINT, *way_in) if not given(environ, name)]
        if missing:
            raise LeadFunnelError(
                f"Marketo is named in the environment, but {listed(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} missing: see "
                "docs/connecting-marketo.md."
            )
        return cls(
            endpoint=_endpoint(given(environ, ENDPOINT)),
            client_id=way_in[CLIENT_ID],
            client_secret=way_in[CLIENT_SECRET],
            since=_since(given(environ, SINCE)),
            lead_fields=names_in(environ, LEAD_FIELDS),
            activities=_way(given(environ, ACTIVITIES)),
            daily_calls=whole_number(environ, DAILY_CALLS, 50_000),
            daily_mb=whole_number(environ, DAILY_MB, 500),
            quota_percent=_percent(whole_number(environ, QUOTA_PERCENT, 80)),
        )

    @property
    def calls_allowed(self) -> int:
        """Calls of the whole subscription on a day that a load leads up to."""
        return self.daily_calls * self.quota_percent // 100

    @property
    def bytes_allowed(self) -> int:
        return self.daily_mb * 1_000_000 * self.quota_percent // 100

    def first(self, now: datetime) -> datetime:
        """From when on a first load reads."""
        if self.since is not None:
            return self.since
        months = now.year * 12 + now.month - 1 - KEPT_MONTHS
        return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _endpoint(text: str) -> str:
    address = re.sub(r"/(rest|identity|bulk)?/*$", "", text)
    if not re.fullmatch(r"https://[\w.-]+(:\d+)?", address) and not LOOPBACK.fullmatch(
        address
    ):
        raise LeadFunnelError(
            f"{ENDPOINT} is {text!r}, but must be the endpoint that Admin → Web "
            "Services shows under REST API, such as "
            "https://123-ABC-456.mktorest.com/rest."
        )
    return address


def _since(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise LeadFunnelError(
            f"{SINCE} is {text!r}, but must be a day, such as 2025-01-01."
        ) from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)


def _way(text: str) -> str:
    way = text.lower() or WAYS[0]
    if way not in WAYS:
        raise LeadFunnelError(f"{ACTIVITIES} is {text!r}, but must be bulk or paging.")
    return way


def _percent(number: int) -> int:
    if not 1 <= number <= 100:
        raise LeadFunnelError(
            f"{QUOTA_PERCENT} is {number}, but must be a number from 1 to 100."
        )
    return number


LONGEST_WINDOW = timedelta(days=31)
"""What Marketo lets one export span."""


@dataclass(frozen=True)
class Window:
    """A span of time that one export is about, both ends included."""

    start: datetime
    end: datetime


def windows(start: datetime, end: datetime) -> list[Window]:
    """Spans that Marketo exports, from start to end. One begins at the instant at
    which the one before it ends: what happened then is in both, and a copy."""
    found = []
    while start < end:
        stop = min(start + LONGEST_WINDOW, end)
        found.append(Window(start, stop))
        start = stop
    return found


def written(instant: datetime) -> str:
    """An instant as Marketo takes it: ISO 8601 without parts of a second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
