"""Which objects are loaded, which fields, and how their rows are asked for.

Every query is `queryAll`: deleted rows are rows. What a merge deletes has
`MasterRecordId`, and without it the merge would vanish.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.live.cursor import Cursor
from orchestration.live.salesforce import bulk
from orchestration.live.salesforce.client import LocatorExpired
from orchestration.live.source import Environment, Page, names_in
from orchestration.run import progress
from orchestration.sources.tables import columns_read, plain, table_called

if TYPE_CHECKING:
    from orchestration.live.salesforce import Salesforce

SYSTEM = "salesforce"
LONGEST_QUERY = 12_000
"""Characters of a query that an address has room for (16,384 with its escapes);
a job takes 100,000."""
TRIES = 3
"""How often a query is asked anew whose next page is not to be had any more."""

NEEDED = "lead"
"""The table without which nothing can be loaded."""

ALWAYS = ("Id", "IsDeleted", "CreatedDate", "SystemModstamp", "MasterRecordId")
NOT_LOADED = ("address", "location", "base64", "complexvalue", "anyType")
"""Kinds of fields: what they are made of has fields of its own, or is a file. The
values of a history are of any type; they are loaded."""


@dataclass(frozen=True)
class Object:
    """One of Salesforce's objects, and the raw table that its rows are."""

    table: str
    name: str
    cursor: str = "SystemModstamp"
    """A row of a history never changes."""
    needed: tuple[str, ...] = ()
    """Fields without which the rates say less; the check asks for them."""


OBJECTS = {
    each.table: each
    for each in (
        Object("user_role", "UserRole", needed=("Name",)),
        Object("user", "User", needed=("Name", "UserRoleId")),
        Object("account", "Account"),
        Object("campaign", "Campaign", needed=("Name", "Type")),
        Object(
            "lead",
            "Lead",
            needed=(
                "Status",
                "OwnerId",
                "Email",
                "LeadSource",
                "MasterRecordId",
                "ConvertedDate",
                "ConvertedContactId",
                "ConvertedOpportunityId",
            ),
        ),
        Object(
            "lead_history",
            "LeadHistory",
            "CreatedDate",
            ("LeadId", "Field", "OldValue", "NewValue", "CreatedById"),
        ),
        Object(
            "contact",
            "Contact",
            needed=("Email", "OwnerId", "AccountId", "MasterRecordId"),
        ),
        Object("contact_history", "ContactHistory", "CreatedDate"),
        Object(
            "campaign_member",
            "CampaignMember",
            needed=("LeadId", "ContactId", "CampaignId", "FirstRespondedDate"),
        ),
        Object(
            "opportunity",
            "Opportunity",
            needed=("StageName", "Amount", "CloseDate", "IsClosed", "IsWon", "OwnerId"),
        ),
        Object("opportunity_history", "OpportunityHistory", "CreatedDate"),
        Object("opportunity_field_history", "OpportunityFieldHistory", "CreatedDate"),
        Object(
            "opportunity_contact_role",
            "OpportunityContactRole",
            needed=("OpportunityId", "ContactId"),
        ),
        Object("task", "Task", needed=("WhoId", "OwnerId", "Status")),
        Object("event", "Event", needed=("WhoId", "OwnerId", "StartDateTime")),
    )
}
"""By raw table. `contact_history` is kept, and no model reads it yet: Salesforce
deletes it after 18 to 24 months."""


def fields_wanted(environ: Environment, name: str) -> Mapping[str, frozenset[str]]:
    """Of the objects that the setting names, the fields to load beside those that are
    read, as `Lead.Region__c, Contact.Tier__c`; of all others every field is."""
    found: dict[str, set[str]] = {}
    known = {each.name.lower(): each.name for each in OBJECTS.values()}
    for text in names_in(environ, name):
        head, _, field = text.partition(".")
        if head.lower() not in known or not field:
            raise LeadFunnelError(
                f"{name} names {text!r}{meant(head, known.values())}: it lists fields "
                "as Lead.Region__c, of objects that are loaded "
                f"({listed(known.values(), limit=20)})."
            )
        found.setdefault(known[head.lower()], set()).add(field.lower())
    return {key: frozenset(fields) for key, fields in found.items()}


def fields_of(source: Salesforce, of: Object) -> tuple[str, ...] | None:
    """The fields of an object to load; none where the user may not see it."""
    described = source.client.describe(of.name)
    if described is None:
        return None
    there = [
        each["name"]
        for each in described["fields"]
        if each["type"] not in NOT_LOADED
        or (each["type"] == "anyType" and each["name"] in ("OldValue", "NewValue"))
    ]
    if of.name not in source.wanted:
        return tuple(there)
    listed_fields = source.wanted[of.name]
    missing = sorted(listed_fields - {each.lower() for each in there})
    if missing:
        raise LeadFunnelError(
            f"LEAD_FUNNEL_SALESFORCE_FIELDS names {of.name}.{missing[0]}"
            f"{meant(missing[0], there)}, which {of.name} has not, or the user may not "
            "see."
        )
    table = table_called(SYSTEM, of.table)
    read = {plain(each) for each in (columns_read(table) if table else ())}
    return tuple(
        each
        for each in there
        if each in ALWAYS
        or each == of.cursor
        or each in of.needed
        or plain(each) in read
        or each.lower() in listed_fields
    )


def pages_of(
    source: Salesforce, of: Object, place: Mapping[str, Any]
) -> Iterator[Page]:
    """The rows that are new since a place, deleted ones too."""
    fields = fields_of(source, of)
    if fields is None and of.table == NEEDED:
        raise LeadFunnelError(
            f"Salesforce shows no {of.name} to this user: `lead-funnel check-sources` "
            "says what to allow."
        )
    if fields is None:
        progress.note(
            f"Salesforce shows no {of.name} to this user, so {of.table} was not "
            "loaded: `lead-funnel check-sources` says what to allow."
        )
        return
    cursor = Cursor.at(place, source.overlap_minutes)
    job = place.get("job")
    if job:
        yield from bulk.pages(source, of, fields, cursor, job)
        return
    tries = TRIES
    while True:
        soql = query_of(of, fields, cursor.since)
        if len(soql) > LONGEST_QUERY:
            yield from bulk.pages(source, of, fields, cursor)
            return
        try:
            answer = source.client.query(soql, include_deleted=True)
            if answer["totalSize"] > source.bulk_rows:
                yield from bulk.pages(source, of, fields, cursor)
                return
            while True:
                yield page_of(of, fields, answer["records"], cursor)
                if answer["done"]:
                    return
                answer = source.client.query_more(answer["nextRecordsUrl"])
        except LocatorExpired:
            # Rows come in the order of the cursor: it is asked for from there on.
            tries -= 1
            if not tries:
                raise


def query_of(of: Object, fields: Sequence[str], since: datetime | None) -> str:
    """The query for rows from an instant on, in the order of the cursor."""
    soql = f"select {', '.join(fields)} from {of.name}"
    if since is not None:
        soql += f" where {of.cursor} >= {since:%Y-%m-%dT%H:%M:%S}Z"
    return f"{soql} order by {of.cursor}, Id"


def page_of(
    of: Object,
    fields: Sequence[str],
    records: Sequence[Mapping[str, Any]],
    cursor: Cursor,
) -> Page:
    rows = [{name: record.get(name) for name in fields} for record in records]
    new = cursor.new(rows, "Id", of.cursor)
    return Page(new, cursor.place(), fields)
