"""HubSpot's raw rows as records, observations, touches … (sources.md, "hubspot").

A contact is a lead. What its properties became is told by their history, value by
value; a column with a stage's date, and what a merge wrote, count only where nothing
else says so (`Observation.counts`).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from tests.reference.definition import User
from tests.reference.inputs import (
    Activity,
    Folder,
    Link,
    Node,
    Observation,
    Opportunity,
    RawRow,
    Record,
    Touch,
    written_amount,
    written_currency,
)
from tests.reference.parsing import (
    field_name,
    given,
    parse_flag,
    parse_number,
    same_text,
)
from tests.reference.reading import Row

CONTACT = ("contactid", "vid", "canonicalvid")
CONTACT_KEY = ("id", "vid", "contactid", "hsobjectid")
DEAL_KEY = ("dealid", "id", "hsobjectid")
ENGAGEMENT_KEY = ("engagementid", "id", "hsobjectid")
CALLED = {"hubspotownerid": "owner", "hubspotscore": "score"}
"""Properties that have a meaning of their own, by their compared names."""
DATES = (
    r"hsv2dateentered(.+)",
    r"hsdateentered(.+)",
    r"hslifecyclestage(.+)date",
)
"""Columns with the date of a stage; of one stage those named first count first."""
KINDS = ("call", "email", "meeting", "task", "communication")
WHEN = {
    "meeting": ("hsmeetingstarttime", "starttime", "hstimestamp"),
    "task": ("hstaskcompletiondate", "hstimestamp"),
}
STATUS = {
    "call": ("hscallstatus",),
    "email": ("hsemailstatus",),
    "meeting": ("hsmeetingoutcome", "meetingoutcome"),
    "task": ("hstaskstatus",),
    "communication": (),
}


def read_hubspot(folder: Folder) -> None:
    contacts = list(folder.survivors("contact", CONTACT_KEY))
    for row in contacts:
        if not row.is_key_missing:
            _read_contact(folder, row)
    for row in folder.survivors(
        "contact_merge_audit", (), _text_key("vidtomerge", "mergedcontactid")
    ):
        old = folder.node(row.get("vidtomerge", "mergedcontactid"))
        new = folder.node(row.get("canonicalvid", "contactid"))
        if old and new and old != new:
            folder.inputs.links.append(Link(row, "merge", old, new))
    owners = _read_owners(folder)
    _read_history(folder, owners)
    _read_stage_dates(folder)
    _read_touches(folder)
    _read_engagements(folder)
    _read_deals(folder)


# Contacts --------------------------------------------------------------


def _read_contact(folder: Folder, row: RawRow) -> None:
    node = folder.node(row.key)
    folder.inputs.records.append(
        Record(
            row,
            "lead",
            row.key,
            node,
            has_first_value=False,
            created_at=_first_time(folder, row, "createdate", "createdat"),
            email=row.get("email"),
            company=row.get("company"),
            owner_id=row.get("hubspotownerid"),
            status=row.get("lifecyclestage"),
            status_reason=row.get("hsleadstatusreason"),
            lead_source=row.get("hsanalyticssource"),
            is_deleted=row.is_deleted,
        )
    )
    listed = _ids(row.get("hsmergedobjectids"))
    listed += _ids(row.get("mergedvids"))
    listed += [i.split(":")[0] for i in _ids(row.get("hscalculatedmergedvids"))]
    listed += _ids(row.get("hsallcontactvids"))
    for old in dict.fromkeys(listed):
        if folder.node(old) != node:
            folder.inputs.links.append(Link(row, "merge", folder.node(old), node))


def _read_owners(folder: Folder) -> dict[str, str]:
    """The owner of each user's number and address; owners are the users."""
    names = {
        row.key: row.get("name")
        for row in folder.survivors("team", ("id", "teamid"))
        if not row.is_key_missing
    }
    teams: dict[str, list[tuple]] = defaultdict(list)
    for row in folder.survivors("owner_team", (), _text_key("ownerid", "teamid")):
        owner, team = row.get("ownerid"), row.get("teamid")
        if owner and team and not row.is_deleted:
            is_main = parse_flag(row.get("isteamprimary", "primary")) is True
            teams[owner].append((not is_main, _number(team), team))
    known = {}
    for row in folder.survivors("owner", ("ownerid", "id")):
        if row.is_key_missing:
            continue
        for name in (row.get("userid", "activeuserid"), same_text(row.get("email"))):
            if name:
                known.setdefault(name, row.key)
        team = next((names.get(t) for *_, t in sorted(teams[row.key])), None)
        folder.inputs.users.append(
            (folder.source, User(row.key, row.get("role"), team, role_name=team))
        )
    return known


def _read_history(folder: Folder, owners: dict[str, str]) -> None:
    def key(row: Row) -> str:
        return "|".join(
            (
                _first(row, *CONTACT) or "",
                _first(row, "name", "property", "propertyname") or "",
                _moment(folder, _first(row, "timestamp", "changedat")),
                given(row.get("value")) or "",
            )
        )

    for row in folder.survivors("contact_property_history", (), key, required=CONTACT):
        name = field_name(row.get("name", "property", "propertyname"))
        is_merge = (row.get("sourcetype", "source") or "").startswith("MERGE")
        folder.inputs.observations.append(
            Observation(
                row,
                "lead",
                CALLED.get(name, name),
                folder.node(row.get(*CONTACT)),
                None,
                row.get("value"),
                folder.time(row.get("timestamp", "changedat")),
                _actor(row, owners),
                "merge" if is_merge and name == "hubspotscore" else None,
                tells_value=True,
                counts="where no other says it" if is_merge else "always",
            )
        )


def _actor(row: RawRow, owners: dict[str, str]) -> str | None:
    """Who changed a property: the owner whose user it was, else the number."""
    user = row.get("updatedbyuserid")
    if user is None:
        text = row.get("sourceid") or ""
        found = re.fullmatch(r"userid:(\d+)", text.lower())
        if not found:
            return owners.get(same_text(text)) if "@" in text else None
        user = found[1]
    return owners.get(user, user)


def _read_stage_dates(folder: Folder) -> None:
    """Of each contact and stage the date that its columns tell, as last told."""
    rows = folder.tables.get((folder.source, "contact"), [])
    made: list[Row] = []
    for row in rows:
        told: dict[str, str] = {}
        for pattern in DATES:
            for name, text in row.items():
                found = re.fullmatch(pattern, name)
                if found and given(text):
                    told.setdefault(found[1], text)
        for stage, text in told.items():
            made.append(
                {
                    "contactid": _first(row, *CONTACT_KEY),
                    "stage": stage,
                    "enteredat": text,
                    "lastmodifieddate": row.get("lastmodifieddate"),
                }
            )
    if not made:
        return
    table = "contact_stage_date"
    folder.tables[folder.source, table] = made
    folder.inputs.raw_counts[folder.source, table] = len(made)
    for row in folder.survivors(
        table, (), _text_key("contactid", "stage"), required=("contactid",)
    ):
        folder.inputs.observations.append(
            Observation(
                row,
                "lead",
                "lifecyclestage",
                folder.node(row.get("contactid")),
                None,
                row.get("stage"),
                folder.time(row.get("enteredat")),
                counts="where no history says it",
            )
        )


# Touches and engagements -----------------------------------------------


def _read_touches(folder: Folder) -> None:
    def form_key(row: Row) -> str:
        when = _first(row, "timestamp", "submittedat") or ""
        return "|".join(
            (_first(row, *CONTACT) or "", _first(row, "formid") or "", when)
        )

    for row in folder.survivors("contact_form_submission", ("conversionid",), form_key):
        form = row.get("formid")
        folder.inputs.touches.append(
            Touch(
                row,
                folder.node(row.get(*CONTACT)),
                form and f"form:{form}",
                folder.time(row.get("timestamp", "submittedat")),
                "form",
                None,
                row.is_deleted,
            )
        )
    by_hand = {
        row.key
        for row in folder.survivors("contact_list", ("id", "listid"))
        if same_text(row.get("processingtype")) in ("manual", "snapshot")
        or parse_flag(row.get("dynamic")) is False
    }
    names = ("contactlistid", "listid", "staticlistid", "internallistid")

    def member_key(row: Row) -> str:
        return f"{_first(row, *CONTACT) or ''}|{_first(row, *names) or ''}"

    for row in folder.survivors("contact_list_member", (), member_key):
        listed = row.get(*names)
        is_left = parse_flag(row.get("ismember")) is False
        folder.inputs.touches.append(
            Touch(
                row,
                folder.node(row.get(*CONTACT)),
                listed and f"list:{listed}",
                folder.time(row.get("addedat", "timestamp")),
                "list",
                None,
                row.is_deleted or is_left or listed not in by_hand,
            )
        )


def _read_engagements(folder: Folder) -> None:
    """An engagement is one activity with each of its contacts."""
    told: dict[tuple[str, str], RawRow] = {}
    for kind in KINDS:
        for row in folder.survivors(f"engagement_{kind}", ENGAGEMENT_KEY):
            told[kind, row.key] = row
    key = _text_key("engagementid", "contactid", "engagementtype")
    for row in folder.survivors(
        "engagement_contact", (), key, required=("engagementid",)
    ):
        kind = same_text(row.get("engagementtype")) or ""
        of = told.get((kind, row.get("engagementid")))
        folder.inputs.activities.append(
            Activity(
                row,
                folder.node(row.get(*CONTACT)),
                of.get("hubspotownerid", "ownerid") if of else None,
                _first_time(folder, of, *WHEN.get(kind, ("hstimestamp",)))
                if of
                else None,
                _type_of(kind, of),
                _is_done(kind, of),
                # What is associated with something else is no activity.
                row.is_deleted or of is None or of.is_deleted,
            )
        )


def _type_of(kind: str, of: RawRow | None) -> str:
    if kind != "email" or of is None:
        return kind
    if same_text(of.get("hsemaildirection", "type")) == "incoming_email":
        return "incoming_email"
    return "cadence" if of.get("hssequenceid") else kind


def _is_done(kind: str, of: RawRow | None) -> bool:
    status = same_text(of.get(*STATUS[kind])) if of and STATUS.get(kind) else None
    return status in (None, "sent" if kind == "email" else "completed")


# Deals -----------------------------------------------------------------


def _read_deals(folder: Folder) -> None:
    stages = {
        same_text(row.get("stageid", "id")): row
        for row in folder.survivors("deal_pipeline_stage", ("stageid", "id"))
    }
    entered = _entries(folder)
    deals = list(folder.survivors("deal", DEAL_KEY))
    became = _merged_deals(folder, deals)
    contacts = _contacts_of(folder, became)
    for row in deals:
        key = None if row.is_key_missing else row.key
        stage = same_text(row.get("dealstage", "dealpipelinestageid"))
        is_closed, is_won = _ending(row, stage, stages.get(stage))
        folder.inputs.opportunities.append(
            Opportunity(
                row,
                contacts.get(key),
                key,
                row.get("hubspotownerid", "ownerid"),
                _first_time(folder, row, "createdate"),
                is_closed,
                is_won,
                entered.get((key, stage)) or folder.time(row.get("closedate")),
                written_amount(row, "dealcurrencycode"),
                written_currency(row, "dealcurrencycode"),
                row.is_deleted or key in became,
            )
        )


def _entries(folder: Folder) -> dict[tuple, datetime]:
    """When a deal last entered a stage; a stage told again is not entered again."""
    told: dict[str, set[tuple]] = defaultdict(set)
    for row in folder.survivors(
        "deal_stage", (), _text_key("dealid", "value", "dateentered")
    ):
        told[row.get("dealid")].add(
            (folder.time(row.get("dateentered")), same_text(row.get("value")) or "")
        )
    for row in folder.survivors(
        "deal_property_history", (), _text_key("dealid", "name", "value", "timestamp")
    ):
        if field_name(row.get("name", "property")) == "dealstage":
            told[row.get("dealid")].add(
                (folder.time(row.get("timestamp")), same_text(row.get("value")) or "")
            )
    entered: dict[tuple, datetime] = {}
    for deal, changes in told.items():
        before = None
        for instant, stage in sorted(c for c in changes if c[0] is not None):
            if stage != before:
                entered[deal, stage] = instant
            before = stage
    return entered


def _ending(row: RawRow, stage: str | None, of: RawRow | None) -> tuple[bool, bool]:
    """Whether a deal is closed, and won: its stage says, else its own flags, else
    the vendor's ids, else how likely deals of the stage are."""
    likely = parse_number(of.get("probability")) if of else None
    stage_is_closed = parse_flag(of.get("isclosed")) if of else None
    is_won = parse_flag(of.get("closedwon")) if of else None
    if is_won is None and stage_is_closed and likely is not None:
        is_won = likely == 1
    if is_won is None:
        is_won = parse_flag(row.get("hsisclosedwon"))
    if is_won is None and stage in ("closedwon", "closedlost"):
        is_won = stage == "closedwon"
    if is_won is None and likely is not None:
        is_won = likely == 1
    is_closed = stage_is_closed
    if is_closed is None:
        is_closed = parse_flag(row.get("hsisclosed"))
    if is_closed is None:
        is_closed = bool(is_won) or stage == "closedlost" or likely == 0
    return is_closed, bool(is_closed and is_won)


def _merged_deals(folder: Folder, deals: Iterable[RawRow]) -> dict[str, str]:
    """What each merged deal became at last."""
    into: dict[str, str] = {}
    for row in folder.survivors("merged_deal", (), _text_key("mergeddealid")):
        if row.get("mergeddealid") and row.get("dealid"):
            into[row.get("mergeddealid")] = row.get("dealid")
    for row in deals:
        for old in _ids(row.get("hsmergedobjectids")):
            if old != row.key:
                into[old] = row.key
    return {old: _end(into, old) for old in into}


def _end(into: dict, start: object) -> object:
    seen = {start}
    while start in into and into[start] not in seen:
        start = into[start]
        seen.add(start)
    return start


def _contacts_of(folder: Folder, became: dict[str, str]) -> dict[str, Node]:
    """The contact whose each deal is."""
    pairs = set(_last_lists(folder, "deal", DEAL_KEY, LISTS_OF_CONTACTS))
    pairs |= {
        (deal, contact)
        for contact, deal in _last_lists(folder, "contact", CONTACT_KEY, LISTS_OF_DEALS)
    }
    if pairs:
        # The items of lists are counted as rows of this table, too.
        folder.inputs.raw_counts.pop((folder.source, "deal_contact"), None)
    for row in folder.survivors("deal_contact", (), _text_key("dealid", *CONTACT[:2])):
        deal, contact = row.get("dealid"), row.get(*CONTACT)
        if deal and contact and not row.is_deleted:
            pairs.add((deal, contact))
    merged = {link.left for link in folder.inputs.links if link.kind == "merge"}
    records = {record.node: record for record in folder.inputs.records}

    def place(contact: str) -> tuple:
        node = folder.node(contact)
        if node in merged:
            return 0, _number(contact), contact  # lives on elsewhere
        record = records.get(node)
        standing = 2 if record is None else int(record.is_deleted)
        return standing, _number(contact), contact

    named: dict[str, set[str]] = defaultdict(set)
    for deal, contact in pairs:
        named[became.get(deal, deal)].add(contact)
    return {
        deal: folder.node(min(contacts, key=place)) for deal, contacts in named.items()
    }


LISTS_OF_CONTACTS = (
    "contacts", "contactids", "contactid", "associatedvids", "associatedcontactids",
)  # fmt: skip
LISTS_OF_DEALS = ("deals", "dealids", "dealid", "associateddealids")


def _last_lists(
    folder: Folder, table: str, key: tuple[str, ...], columns: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """(id, listed id) of the last list of each record."""
    last: dict[str, tuple] = {}
    for row in folder.tables.get((folder.source, table), []):
        name = _first(row, *key)
        text = _first(row, *columns)
        if name is None or text is None:
            continue
        told = (folder.recency(row), _ids(text))
        last[name] = max(told, last.get(name, told))
    for name, (_, listed) in last.items():
        for other in listed:
            yield name, other


# Small things ----------------------------------------------------------


def _ids(text: str | None) -> list[str]:
    """A list of ids: JSON, or with signs between them."""
    if text is None:
        return []
    if text.lstrip().startswith("["):
        items = json.loads(text)
        return [str(i["id"] if isinstance(i, dict) else i) for i in items]
    return [part for part in re.split(r"[\s,;]+", text) if part]


def _number(text: str) -> tuple:
    return (not text.isdigit(), int(text) if text.isdigit() else 0)


def _first(row: Row, *names: str) -> str | None:
    return next((given(row[n]) for n in names if given(row.get(n))), None)


def _first_time(folder: Folder, row: RawRow, *names: str) -> datetime | None:
    return folder.time(row.get(*names))


def _moment(folder: Folder, text: str | None) -> str:
    """An instant as keys hold it; what cannot be read as it was written."""
    instant = folder.time(text)
    return text or "" if instant is None else str(instant)


def _text_key(*columns: str):
    return lambda row: "|".join(given(row.get(c)) or "" for c in columns)
