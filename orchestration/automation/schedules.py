"""When what runs by itself, as the environment says.

`LEAD_FUNNEL_SCHEDULE` is the cron line of the whole job, and
`LEAD_FUNNEL_SCHEDULE_<SYSTEM>` that of the loads of one system, after which the rest
follows. Both are in the reporting time zone.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.sources.tables import LOADED_SYSTEMS

SCHEDULE = "LEAD_FUNNEL_SCHEDULE"
OF_A_SYSTEM = f"{SCHEDULE}_"

EXAMPLE = "'0 6 * * 1-5' (at six from Monday to Friday)"

_FIELD = r"[\d*/,\-a-zA-Z]+"
_FORM = re.compile(rf"{_FIELD}(\s+{_FIELD}){{4}}|@(hourly|daily|weekly|monthly)")

_FROM = datetime(2026, 1, 1)
_SPAN = timedelta(days=400)
_MOST_TICKS = 2000


@dataclass(frozen=True)
class Schedules:
    """Cron lines, all of them in one time zone."""

    timezone: str
    whole: str | None = None
    """Of the whole job."""
    by_system: Mapping[str, str] = field(default_factory=dict)
    """Of the loads of a system."""

    @classmethod
    def from_environment(
        cls, timezone: str, environ: Mapping[str, str] | None = None
    ) -> Schedules:
        """The schedules that the environment names; what is no cron line, or no
        system, is an error."""
        environ = os.environ if environ is None else environ
        return cls(timezone, _cron(environ, SCHEDULE), dict(_by_system(environ)))

    def of(self, system: str) -> str | None:
        """The cron line that a system is loaded by, or none."""
        return self.by_system.get(system, self.whole)

    def longest_wait(self, cron: str) -> timedelta:
        """The longest time between two ticks, as that of a weekend."""
        ticks = croniter(cron, _FROM.replace(tzinfo=ZoneInfo(self.timezone)))
        before, longest = ticks.get_next(datetime), timedelta()
        end = before + _SPAN
        for _ in range(_MOST_TICKS):
            tick = ticks.get_next(datetime)
            # Of two instants of one zone Python compares what the clock shows.
            longest = max(
                longest, timedelta(seconds=tick.timestamp() - before.timestamp())
            )
            before = tick
            if tick > end:
                break
        return longest


def _by_system(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in sorted(environ):
        if not name.startswith(OF_A_SYSTEM):
            continue
        cron = _cron(environ, name)
        system = name.removeprefix(OF_A_SYSTEM).lower()
        if cron is None:
            continue
        if system not in LOADED_SYSTEMS:
            raise LeadFunnelError(
                f"{name} names the unknown system {system!r}"
                f"{meant(system, LOADED_SYSTEMS)}. Known are {listed(LOADED_SYSTEMS)}."
            )
        yield system, cron


def _cron(environ: Mapping[str, str], name: str) -> str | None:
    text = environ.get(name, "").strip()
    if not text:
        return None
    if not _FORM.fullmatch(text) or not croniter.is_valid(text):
        raise LeadFunnelError(
            f"{name} is {text!r}, but must be a cron line of five fields, such as "
            f"{EXAMPLE}."
        )
    return text
