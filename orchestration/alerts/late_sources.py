"""Which sources were read too long ago."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.alerts import ways
from orchestration.alerts.alert import Alert, Trouble
from orchestration.automation.following import asked_of, raw_key
from orchestration.automation.lateness import Limits
from orchestration.project import Project
from orchestration.sources.tables import LOADED_SYSTEMS, tables_of


def late_systems(
    instance: dg.DagsterInstance, limits: Limits, now: datetime
) -> dict[str, datetime]:
    """When each late system was read last. One that gave no file then is not in use."""
    found: dict[str, datetime] = {}
    for system in LOADED_SYSTEMS:
        entry = instance.get_latest_materialization_event(asked_of(system))
        if entry is None:
            continue
        read_at = datetime.fromtimestamp(entry.timestamp, UTC)
        is_late = now - read_at > limits.of_system(system)
        if is_late and _is_in_use(instance, system):
            found[system] = read_at
    return found


def _is_in_use(instance: dg.DagsterInstance, system: str) -> bool:
    """Whether any table of the system had a file when it was read last."""
    for table in tables_of(system):
        entry = instance.get_latest_materialization_event(raw_key(system, table.name))
        read = entry.asset_materialization if entry is not None else None
        files = read.metadata.get("files") if read is not None else None
        if files is not None and files.value:
            return True
    return False


def alert_of(
    late: Mapping[str, datetime], known: Collection[str], limits: Limits, to: Project
) -> Alert | None:
    """The alert of the late systems that were not told before, if there are any."""
    fresh = {system: at for system, at in late.items() if system not in known}
    if not fresh:
        return None
    return Alert(
        f"Lead Funnel is late: {', '.join(fresh)}",
        tuple(
            Trouble(
                f"Load {system}",
                f"it was read last at {at:%Y-%m-%d %H:%M} UTC, and should be read at "
                f"least every {_in_words(limits.of_system(system))}. Is its schedule "
                "on, and does the daemon run?",
            )
            for system, at in fresh.items()
        ),
        look=tuple(ways.places(to)),
    )


def _in_words(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours / 24:g} days" if hours >= 48 else f"{hours:g} hours"
