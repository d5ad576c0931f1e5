"""What `lead-funnel check-sources` finds out about Marketo, which costs a few calls
and no export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.marketo.exports import bytes_today
from orchestration.live.marketo.limits import USAGE
from orchestration.live.source import Finding

if TYPE_CHECKING:
    from orchestration.live.marketo.source import MarketoSource


def findings(source: MarketoSource) -> Iterator[Finding]:
    """Credentials first: without them nothing else can be asked."""
    marketo, settings = source.marketo, source.settings
    try:
        marketo.now()
        used = marketo.get(USAGE)
    except LeadFunnelError as error:
        yield Finding(str(error), "error")
        return
    yield Finding("Marketo accepts the client id and secret.")
    total = sum(int(day.get("total") or 0) for day in (used.get("result") or ())[:1])
    said = (
        f"{total:,} of the {settings.daily_calls:,} calls of today are used, by "
        f"everyone; a load stops at {settings.calls_allowed:,}"
    )
    is_late = total >= settings.calls_allowed
    yield Finding(f"{said}.", "warning" if is_late else "fine")
    for ask in (_activities, _leads, _programs, _exports):
        try:
            yield from ask(source)
        except LeadFunnelError as error:
            yield Finding(str(error), "error")
    yield Finding(
        "Marketo keeps deletions for 14 days, and changes of scores and of data values "
        "for 90: load more often than that, what was not loaded is gone."
    )


def _activities(source: MarketoSource) -> Iterator[Finding]:
    from orchestration.live.marketo.source import ACTIVITY_TYPES

    missing = [
        name for name in ACTIVITY_TYPES.values() if name not in source.activity_types
    ]
    if missing:
        yield Finding(
            f"This subscription has no activity type {listed(missing)}, so the raw "
            "table of it stays empty.",
            "warning",
        )
    next(iter(source.marketo.activities(
        "rest/v1/activities/deletedleads.json", source.marketo.token_for(source.now)
    )))  # fmt: skip
    yield Finding("Activities and deletions may be read.")


def _leads(source: MarketoSource) -> Iterator[Finding]:
    from orchestration.live.marketo.source import LEAD_FIELDS_READ, NEEDED_LEAD_FIELDS

    read = len(source.lead_fields) - len(NEEDED_LEAD_FIELDS)
    hidden = [name for name in LEAD_FIELDS_READ if name not in source.lead_fields]
    yield Finding(f"Leads may be read: {read} of their fields are.")
    crm = [name for name in hidden if name.startswith("sfdc")]
    if crm:
        yield Finding(
            f"Leads have no field {listed(crm)}: without Marketo's sync to Salesforce, "
            "people of both are told to be one by their addresses alone.",
            "warning",
        )


def _programs(source: MarketoSource) -> Iterator[Finding]:
    next(source.marketo.assets("rest/asset/v1/programs.json"), None)
    yield Finding("Programs may be read.")


def _exports(source: MarketoSource) -> Iterator[Finding]:
    settings = source.settings
    used = bytes_today(source.marketo)
    said = (
        f"{used / 1_000_000:,.1f} of the {settings.daily_mb:,} MB that may be exported "
        "on a day were, by this user; what others export Marketo does not say."
    )
    yield Finding(said, "warning" if used >= settings.bytes_allowed else "fine")
