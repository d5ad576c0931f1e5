"""Contacts, deals and what sales did: rows in the shape that HubSpot's API gives.

The first load walks through all records of an object by their ids; later ones ask
the search for what changed. A search shows 10,000 results at most, so it is walked
by id, too: each question is for the first page behind the last id. What was found is
then read by id, since neither list nor search has room for every property, and the
search knows no history. Archived records, which the search leaves out, are listed.

Until when the records are known is HubSpot's clock when the walk began: what changes
while it goes on is asked for by the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, meant
from orchestration.live.cursor import Cursor, as_instant
from orchestration.live.hubspot.associations import Again, as_column, associated
from orchestration.live.hubspot.client import NotAllowed, next_of
from orchestration.live.hubspot.search import changed_since, found
from orchestration.live.source import Page
from orchestration.run import progress

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot

LISTED, READ, READ_WITH_HISTORY = 100, 100, 50
"""Records that HubSpot gives at once."""

ROW = ("id", "createdAt", "updatedAt", "archived", "archivedAt")


@dataclass(frozen=True)
class Object:
    """One of HubSpot's objects, and the raw table that its records are."""

    table: str
    name: str
    scope: str
    modified: str = "hs_lastmodifieddate"
    history: tuple[str, ...] = ()
    """Properties whose history is read too."""
    to: tuple[str, ...] = ()
    """Objects whose associations are read too."""
    closed: str = ""
    """The property that says that a record is done with, if any."""

    @property
    def is_work(self) -> bool:
        """Whether it is what sales did."""
        return self.table.startswith("engagement_")


SALES = "sales-email-read"

OBJECTS = {
    each.table: each
    for each in (
        Object(
            "contact",
            "contacts",
            "crm.objects.contacts.read",
            "lastmodifieddate",
            ("lifecyclestage", "hs_lead_status", "hubspot_owner_id"),
        ),
        Object(
            "deal",
            "deals",
            "crm.objects.deals.read",
            history=("dealstage", "hubspot_owner_id"),
            to=("contacts",),
            closed="hs_is_closed",
        ),
        *(
            Object(f"engagement_{kind}", f"{kind}s", scope, to=("contacts",))
            for kind, scope in (
                ("call", "crm.objects.contacts.read"),
                ("email", SALES),
                ("meeting", "crm.objects.contacts.read"),
                ("task", "crm.objects.contacts.read"),
                ("communication", "crm.objects.contacts.read"),
            )
        ),
    )
}
NEEDED = "contact"
"""The table without which nothing can be loaded."""

BODIES = (
    "hs_body_", "hs_call_body", "hs_communication_body", "hs_email_",
    "hs_internal_meeting_notes", "hs_meeting_body", "hs_task_body",
)  # fmt: skip
"""Properties of what sales did that are what people wrote: nothing reads them, and they
are personal. A contact's are others: `hs_email_domain` is no body."""
OF_EMAILS = ("hs_email_direction", "hs_email_status", "hs_email_subject")


def properties_of(source: HubSpot, of: Object) -> tuple[str, ...]:
    """The properties to read: those that the setting names, and what HubSpot made;
    without it all, but for what people wrote."""
    body = source.client.get("properties", of=of.name)
    own = {each["name"] for each in body["results"] if not each.get("hubspotDefined")}
    names = [
        each["name"]
        for each in body["results"]
        if not (of.is_work and each["name"].startswith(BODIES))
        or each["name"] in OF_EMAILS
    ]
    if not source.properties or of.table != NEEDED:
        return tuple(names)
    missing = [name for name in source.properties if name not in names]
    if missing:
        raise LeadFunnelError(
            f"LEAD_FUNNEL_HUBSPOT_PROPERTIES names {missing[0]!r}"
            f"{meant(missing[0], names)}, which contacts do not have."
        )
    return tuple(name for name in names if name not in own or name in source.properties)


def object_pages(
    source: HubSpot, of: Object, place: Mapping[str, Any]
) -> Iterator[Page]:
    """The records that are new or another since a place."""
    try:
        properties = properties_of(source, of)
        yield from _pages(source, of, properties, place)
    except NotAllowed as error:
        if of.table == NEEDED:
            raise
        progress.note(f"{of.table} was not loaded from HubSpot. {error}")


def _pages(
    source: HubSpot, of: Object, properties: Sequence[str], place: Mapping[str, Any]
) -> Iterator[Page]:
    known = {key: place[key] for key in ("newest", "seen") if key in place}
    cursor = Cursor.at(known, source.overlap_minutes)
    since = cursor.since
    walk = place.get("walk") or {"began": source.client.now.isoformat(), "after": ""}
    began = datetime.fromisoformat(walk["began"])
    cursor.remembered_from = began - timedelta(minutes=source.overlap_minutes)
    again = Again(source, of, place.get("links", {}), began)
    columns = (
        *ROW,
        *(("propertiesWithHistory",) if of.history else ()),
        *(("associations",) if of.to else ()),
        *(f"properties_{name}" for name in properties),
    )
    after = walk["after"]
    while True:
        if since is None:
            ids, after = _listed(source, of, after)
        else:
            ids, after = found(source, of, [changed_since(of, since)], after)
        rows = read(source, of, properties, ids)
        new = again.told(cursor.new(rows, "id", "updatedAt"))
        if not after:
            break
        # The cursor itself stays until the walk is over.
        here = {**known, **again.place(), "walk": {**walk, "after": after}}
        yield Page(new, here, columns)
    cursor.newest = began
    done = cursor.place()
    # Until all of the archived are there, too, the next load looks for them again.
    first = place.get("archived_since", since.isoformat() if since else "")
    left = {**done, **again.place(), "archived_since": first}
    yield Page(new, left, columns)
    for rows in _archived(
        source, of, properties, datetime.fromisoformat(first) if first else None
    ):
        yield Page(rows, left, columns)
    for ids in again.others():
        rows = again.told(read(source, of, properties, ids))
        yield Page(rows, {**done, **again.place()}, columns)
    again.forget()
    yield Page([], {**done, **again.place()}, columns)


def _listed(source: HubSpot, of: Object, after: str) -> tuple[list[str], str]:
    """The ids of a page of all records, and where the next one begins."""
    more = {"after": after} if after else {}
    body = source.client.get("list", {"limit": LISTED, **more}, of=of.name)
    return [each["id"] for each in body["results"]], next_of(body)


def _archived(
    source: HubSpot, of: Object, properties: Sequence[str], since: datetime | None
) -> Iterator[list[dict[str, Any]]]:
    """Records that were archived since then, page by page: they can be listed, and
    not searched."""
    after = ""
    while True:
        more = {"after": after} if after else {}
        body = source.client.get(
            "list", {"limit": LISTED, "archived": "true", **more}, of=of.name
        )
        ids = [
            each["id"]
            for each in body["results"]
            if since is None or (as_instant(each.get("archivedAt")) or since) >= since
        ]
        if ids:
            yield read(source, of, properties, ids, archived=True)
        after = next_of(body)
        if not after:
            return


def read(
    source: HubSpot,
    of: Object,
    properties: Sequence[str],
    ids: Sequence[str],
    archived: bool = False,
) -> list[dict[str, Any]]:
    """The records with their properties, history and associations. One that was
    merged meanwhile is not there any more: the one that it became is, later on."""
    there: list[dict[str, Any]] = []
    size = READ_WITH_HISTORY if of.history else READ
    history = _history(source, of)
    for begin in range(0, len(ids), size):
        body: dict[str, Any] = {
            "inputs": [{"id": each} for each in ids[begin : begin + size]],
            "properties": list(properties),
        }
        if history:
            body["propertiesWithHistory"] = list(history)
        # Whether records are archived is a parameter of the address.
        answer = source.client.post(
            "read_archived" if archived else "read", body, of=of.name
        )
        there.extend(answer["results"])
    links = {
        name: associated(source.client, of, name, [each["id"] for each in there])
        for name in of.to
    }
    return [_row(record, of, links) for record in there]


def _history(source: HubSpot, of: Object) -> tuple[str, ...]:
    own = source.history if of.table == NEEDED else ()
    return tuple(dict.fromkeys((*of.history, *own))) if of.history else ()


def _row(
    record: Mapping[str, Any], of: Object, links: Mapping[str, Mapping[str, list[str]]]
) -> dict[str, Any]:
    row = {name: record.get(name) for name in ROW}
    if of.history:
        # A record without any has an empty one, or none.
        row["propertiesWithHistory"] = record.get("propertiesWithHistory") or None
    if of.to:
        row["associations"] = as_column(links, record["id"])
    for name, value in (record.get("properties") or {}).items():
        row[f"properties_{name}"] = value
    return row
