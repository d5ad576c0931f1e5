"""How long ago a source may have been read last.

This is about our loads. Whether a source itself has fallen silent is told by its rows
(`int_quality__volumes`), which a load that does not happen says nothing of.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from orchestration.automation.schedules import Schedules
from orchestration.definition.problems import Problems
from orchestration.definition.rows import read
from orchestration.errors import LeadFunnelError
from orchestration.project import Project

TO_LOAD = timedelta(hours=1)
"""What a load may take."""

LIMITS = "quality_limits"
SILENT = "silent"
"""The rule of that seed that says how many days without rows are nothing to speak
of."""
USUAL_SILENT_DAYS = 1.0


@dataclass(frozen=True)
class Limits:
    """By how much a source may be out of date."""

    schedules: Schedules
    unscheduled: timedelta
    """Of what nobody has scheduled."""

    @classmethod
    def of(cls, project: Project, schedules: Schedules) -> Limits:
        return cls(schedules, timedelta(days=_silent_days(project) + 1))

    def of_system(self, system: str) -> timedelta:
        """The longest wait between two loads, and the time of one; without a schedule
        as long as the source might be silent itself."""
        cron = self.schedules.of(system)
        if cron is None:
            return self.unscheduled
        return self.schedules.longest_wait(cron) + TO_LOAD


def _silent_days(project: Project) -> float:
    """What the definition says; of one that cannot be so, which the next run tells,
    nothing: the server has to load, or nobody would hear of it."""
    try:
        rows = read(project, Problems()).rows.get(LIMITS, [])
        said = [row for row in rows if row["rule"] == SILENT]
        general = [row for row in said if not row["source"]] or said
        return float(general[0]["limit_value"])
    except (LeadFunnelError, LookupError, ValueError):
        return USUAL_SILENT_DAYS
