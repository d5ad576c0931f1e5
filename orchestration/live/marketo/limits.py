"""Marketo's limits: how many calls in 20 seconds, how many calls and megabytes a day.

They are a whole subscription's, so a load leaves a part of them to others.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from orchestration.live.marketo.errors import AFTER_MIDNIGHT
from orchestration.live.marketo.settings import (
    DAILY_CALLS,
    DAILY_MB,
    QUOTA_PERCENT,
    Settings,
)
from orchestration.live.source import PassingError

RATE, RATE_SECONDS = 100, 20.0
"""How many calls Marketo takes from a whole subscription in how many seconds."""
IDENTITY = "identity/oauth/token"
USAGE = "rest/v1/stats/usage.json"


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds."""

    backoff: float = 2.0
    """Doubled with each try."""
    longest: float = 60.0
    tries: int = 6
    poll: float = 60.0
    """Marketo looks at an export no more often than this."""
    rate_seconds: float = RATE_SECONDS
    longest_queue: float = 6 * 3600.0
    """How long an export may wait and be made."""
    call: float = 60.0
    """How long one call may take."""
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Usage:
    """What a load took of Marketo's limits, and what is taken of the day's."""

    settings: Settings
    calls: int = 0
    bytes: int = 0
    """Of exports that this load had made."""
    calls_today: int = 0
    """By everyone, as far as we know."""
    bytes_today: int = 0
    """By exports of this user."""
    exports_are_known: bool = False
    counted: set[str] = field(default_factory=set)
    """The exports that are in it."""

    def before_call(self) -> None:
        """Stop before others have nothing left."""
        if self.calls_today >= self.settings.calls_allowed:
            raise PassingError(
                f"Marketo: {self.calls_today:,} of the {self.settings.daily_calls:,} "
                "calls of today are used, by everyone together, so this load stops at "
                f"{self.settings.quota_percent} % and leaves the rest to others. It "
                f"goes on where it stopped when it is started {AFTER_MIDNIGHT}. "
                f"{DAILY_CALLS} and {QUOTA_PERCENT} say how many it may use."
            )
        self.calls += 1
        self.calls_today += 1

    def before_export(self, likely: int) -> None:
        """Stop before an export that would likely take more than is ours."""
        if self.bytes_today + max(likely, 1) > self.settings.bytes_allowed:
            raise PassingError(
                f"Marketo: {_mb(self.bytes_today)} of the {self.settings.daily_mb:,} "
                f"MB that may be exported on a day are used, and the next export is "
                f"likely {_mb(likely)}, so this load stops at "
                f"{self.settings.quota_percent} %. It goes on where it stopped when "
                f"it is started {AFTER_MIDNIGHT}. {DAILY_MB} and {QUOTA_PERCENT} say "
                "how much it may use."
            )

    def exported(self, size: int) -> None:
        self.bytes += size
        self.bytes_today += size

    def sentence(self) -> str:
        if not self.calls:
            return ""
        return (
            f"Marketo: {self.calls:,} call{'' if self.calls == 1 else 's'} "
            f"({self.calls_today:,} of {self.settings.daily_calls:,} used today, by "
            f"everyone) and {_mb(self.bytes)} of exports ({_mb(self.bytes_today)} of "
            f"{self.settings.daily_mb:,} MB used today)."
        )


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.1f} MB"


class Metered(HTTPAdapter):
    """Sends what is sent, counts it, and keeps to Marketo's pace."""

    def __init__(self, usage: Usage, patience: Patience) -> None:
        super().__init__()
        self.usage, self.patience = usage, patience
        self.rate = max(1, RATE * usage.settings.quota_percent // 100)
        self.sent: deque[float] = deque()

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        # Signing in counts towards no limit, and looking how much is used may be
        # done when all is.
        if IDENTITY not in (request.url or ""):
            if USAGE not in (request.url or ""):
                self.usage.before_call()
            self._keep_pace()
        return super().send(request, *args, **kwargs)

    def _keep_pace(self) -> None:
        now = time.monotonic()
        while self.sent and now - self.sent[0] >= self.patience.rate_seconds:
            self.sent.popleft()
        if len(self.sent) >= self.rate:
            self.patience.sleep(self.patience.rate_seconds - (now - self.sent[0]))
            self.sent.popleft()
        self.sent.append(time.monotonic())
