"""Raw rows of each system as records, observations, touches … (sources.md).

One surviving raw row per key: the same row arrives twice, late and out of
order. Nothing here knows stages, versions or people.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.reference.definition import User
from tests.reference.parsing import (
    field_name,
    given,
    match_id,
    parse_flag,
    parse_instant,
    parse_number,
    same_text,
)
from tests.reference.reading import LOADER_COLUMNS, Row

Node = tuple[str, str]


@dataclass(eq=False)
class RawRow:
    """A surviving row and what becomes of it (§7)."""

    source: str
    table: str
    key: str
    values: Row
    is_key_missing: bool = False
    is_gone: bool = False
    """Its loader says that the source has it no longer."""
    takes_part: bool = False
    is_after: bool = False
    broken: set[str] = field(default_factory=set)
    person: object = None

    @property
    def is_deleted(self) -> bool:
        return self.is_gone or any(
            parse_flag(self.values.get(name)) is True
            for name in ("isdeleted", "archived")
        )

    @property
    def evidence(self) -> tuple[str, str, str]:
        return self.source, self.table, self.key

    def get(self, *names: str) -> str | None:
        for name in names:
            text = given(self.values.get(name))
            if text is not None:
                return text
        return None


@dataclass(eq=False)
class Record:
    row: RawRow
    entity: str
    record_id: str
    node: Node
    has_first_value: bool
    created_at: datetime | None
    email: str | None = None
    company: str | None = None
    owner_id: str | None = None
    status: str | None = None
    status_reason: str | None = None
    lead_source: str | None = None
    campaign_id: str | None = None
    created_by: str | None = None
    is_deleted: bool = False


@dataclass(eq=False)
class Link:
    row: RawRow
    kind: str
    left: Node
    right: Node


@dataclass(eq=False)
class Observation:
    row: RawRow
    entity: str
    field: str
    node: Node | None
    old: str | None
    new: str | None
    at: datetime | None
    actor: str | None = None
    reason: str | None = None
    tells_value: bool = False
    """It tells what the field is from then on, also where it was so before."""
    counts: str = "always"
    """Or "where no history says it", or "where no other says it", of the person."""


@dataclass(eq=False)
class Activity:
    row: RawRow
    node: Node | None
    user_id: str | None
    at: datetime | None
    type: str | None
    is_completed: bool
    is_deleted: bool


@dataclass(eq=False)
class Touch:
    row: RawRow
    node: Node | None
    campaign_id: str | None
    at: datetime | None
    type: str | None
    status: str | None
    is_deleted: bool


@dataclass(eq=False)
class Opportunity:
    row: RawRow
    node: Node | None
    opportunity_id: str | None
    owner_id: str | None
    created_at: datetime | None
    is_closed: bool
    is_won: bool
    closed_at: datetime | None
    amount: Decimal | None
    currency: str | None
    is_deleted: bool


@dataclass
class Inputs:
    rows: list[RawRow] = field(default_factory=list)
    raw_counts: dict[tuple[str, str], int] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    deletions: list[tuple[RawRow, Node | None]] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    touches: list[Touch] = field(default_factory=list)
    opportunities: list[Opportunity] = field(default_factory=list)
    users: list[tuple[str, User]] = field(default_factory=list)
    keyless: set[tuple[str, str]] = field(default_factory=set)


def read_inputs(
    tables: dict[tuple[str, str], list[Row]], zones: dict[str, str]
) -> Inputs:
    inputs = Inputs()
    for (source, table), rows in tables.items():
        inputs.raw_counts[source, table] = len(rows)
    for source, reader in _readers().items():
        if any(system == source for system, _ in tables):
            reader(Folder(source, tables, zones.get(source, "UTC"), inputs))
    return inputs


# One row per key -------------------------------------------------------

CHANGED = ("updatedat", "lastmodifieddate", "systemmodstamp")
SYNCED = ("fivetransynced", "airbyteextractedat", "sdcbatchedat")
DELETED_AT = ("abcdcdeletedat", "sdcdeletedat")


def content_of(row: Row) -> str:
    kept = {
        name: value
        for name, value in row.items()
        if value is not None and not LOADER_COLUMNS.match(name)
    }
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


class Folder:
    """The tables of one system, one surviving row per key."""

    def __init__(
        self,
        source: str,
        tables: dict[tuple[str, str], list[Row]],
        zone: str,
        inputs: Inputs,
    ) -> None:
        self.source = source
        self.tables = tables
        self.zone = zone
        self.inputs = inputs

    def time(self, text: str | None) -> datetime | None:
        return parse_instant(text, self.zone)

    def node(self, text: str | None) -> Node | None:
        key = match_id(self.source, text)
        return None if key is None else (self.source, key)

    def survivors(
        self,
        table: str,
        key_columns: tuple[str, ...],
        content_key: Callable[[Row], str] | None = None,
        required: tuple[str, ...] = (),
    ) -> Iterator[RawRow]:
        """The latest copy of each key; exact copies are one row.

        `content_key` names rows of tables that have no id column.
        """
        rows = self.tables.get((self.source, table), [])
        has_key = any(c in row for row in rows for c in key_columns)
        if content_key is not None and not has_key:
            self.inputs.keyless.add((self.source, table))
        copies: dict[tuple, list[Row]] = {}
        keys: dict[tuple, tuple[str, bool]] = {}
        for row in rows:
            key = next(
                (given(row.get(c)) for c in key_columns if given(row.get(c))),
                None,
            )
            if content_key is not None and not has_key:
                name = content_key(row)
                missing = bool(required) and not any(
                    given(row.get(name)) for name in required
                )
                group = ("content", name)
            elif key is None:
                content = content_of(row)
                name = "missing:" + hashlib.md5(content.encode()).hexdigest()
                missing, group = True, ("missing", content)
            else:
                name, missing = key, False
                group = ("key", match_id(self.source, key))
            copies.setdefault(group, []).append(row)
            keys.setdefault(group, (name, missing))
        for group, candidates in copies.items():
            latest, gone = self._survivor(candidates, key_columns)
            name, missing = keys[group]
            if group[0] == "key":
                name = next(
                    given(latest.get(c)) for c in key_columns if given(latest.get(c))
                )
            survivor = RawRow(self.source, table, name, latest, missing, gone)
            if missing:
                survivor.broken.add("missing_key")
            self.inputs.rows.append(survivor)
            yield survivor

    def _survivor(
        self, copies: list[Row], key_columns: tuple[str, ...]
    ) -> tuple[Row, bool]:
        """The copy that counts, and whether the loader says last that its row is
        gone. Of several versions the active one counts. A deletion may tell only
        the key: what the row was is what was told before.
        """
        if len(copies) == 1:
            [copy] = copies
            return copy, not _is_active(copy) or is_gone(copy)
        past = self._past_versions(copies)
        # A deletion of a JSON file may name no other column at all.
        is_dated = any(name in copy for copy in copies for name in CHANGED)

        def place(copy: Row) -> tuple:
            return (self._version(copy) not in past, *self.recency(copy, is_dated))

        last = max(copies, key=place)
        telling = [copy for copy in copies if not _is_bare(copy, key_columns)]
        gone = self._version(last) in past or is_gone(last)
        return max(telling or copies, key=place), gone

    def _version(self, copy: Row) -> object:
        return parse_instant(copy.get("fivetranstart")) or content_of(copy)

    def _past_versions(self, copies: list[Row]) -> set[object]:
        """The versions that are not in force, as the last copy of each says."""
        last: dict[object, tuple[datetime, bool]] = {}
        for copy in copies:
            told = (self._first(copy, *SYNCED), _is_active(copy))
            version = self._version(copy)
            last[version] = max(told, last.get(version, told))
        return {version for version, (_, active) in last.items() if not active}

    def _first(self, row: Row, *names: str) -> datetime:
        for name in names:
            instant = self.time(row.get(name))
            if instant is not None:
                return instant
        return datetime.min

    def recency(self, row: Row, is_dated: bool = False) -> tuple:
        """What orders the copies of a row: the last counts."""
        changed = self._first(row, *CHANGED)
        if is_dated:
            changed = max(changed, self._first(row, *DELETED_AT))
        return (
            parse_instant(row.get("fivetranstart")) or datetime.min,
            changed,
            self._first(row, *SYNCED),
            is_gone(row),
            hashlib.md5(content_of(row).encode()).hexdigest(),
        )


def _is_active(row: Row) -> bool:
    """Whether a version of a row is in force."""
    active = parse_flag(row.get("fivetranactive"))
    return parse_instant(row.get("fivetranend")) is None if active is None else active


def is_gone(row: Row) -> bool:
    """Whether its loader says that the source has a row no longer."""
    return parse_flag(row.get("fivetrandeleted")) is True or any(
        given(row.get(name)) for name in DELETED_AT
    )


def _is_bare(row: Row, key_columns: tuple[str, ...]) -> bool:
    """Whether a deletion says nothing but whose it is."""
    return any(given(row.get(name)) for name in DELETED_AT) and not any(
        given(text)
        for name, text in row.items()
        if name not in key_columns
        and name not in CHANGED
        and not LOADER_COLUMNS.match(name)
    )


def _joined(*columns: str) -> Callable[[Row], str]:
    return lambda row: "|".join(given(row.get(c)) or "" for c in columns)


# generic ---------------------------------------------------------------


def read_generic(folder: Folder) -> None:
    into = folder.inputs
    for row in folder.survivors("lead", ("leadid",)):
        if row.is_key_missing:
            continue
        record = Record(
            row,
            "lead",
            row.key,
            folder.node(row.key),
            has_first_value=True,
            created_at=folder.time(row.get("createdat")),
            email=row.get("email"),
            company=row.get("company"),
            owner_id=row.get("ownerid"),
            status=row.get("status"),
            status_reason=row.get("statusreason"),
            lead_source=row.get("source"),
            campaign_id=row.get("campaignid"),
            is_deleted=row.is_deleted,
        )
        into.records.append(record)
        winner = folder.node(row.get("mergedintoid"))
        if winner:
            into.links.append(Link(row, "merge", record.node, winner))
    history_key = _joined("leadid", "changedat", "field", "oldvalue", "newvalue")
    for row in folder.survivors(
        "lead_status_history", (), history_key, required=("leadid",)
    ):
        name = field_name(row.get("field")) or "status"
        into.observations.append(
            Observation(
                row,
                "lead",
                "owner" if name == "ownerid" else name,
                folder.node(row.get("leadid")),
                row.get("oldvalue"),
                row.get("newvalue"),
                folder.time(row.get("changedat")),
                row.get("changedby"),
                row.get("reason"),
            )
        )
    score_key = _joined("leadid", "changedat", "score", "reason")
    for row in folder.survivors("score_change", (), score_key, required=("leadid",)):
        into.observations.append(
            Observation(
                row,
                "lead",
                "score",
                folder.node(row.get("leadid")),
                None,
                row.get("score"),
                folder.time(row.get("changedat")),
                None,
                row.get("reason"),
            )
        )
    activity_key = _joined("leadid", "occurredat", "type", "userid")
    for row in folder.survivors("sales_activity", ("activityid",), activity_key):
        into.activities.append(
            Activity(
                row,
                folder.node(row.get("leadid")),
                row.get("userid"),
                folder.time(row.get("occurredat")),
                row.get("type"),
                parse_flag(row.get("iscompleted")) is not False,
                row.is_deleted,
            )
        )
    touch_key = _joined("leadid", "touchedat", "type", "campaignid")
    for row in folder.survivors("touch", ("touchid",), touch_key):
        into.touches.append(
            Touch(
                row,
                folder.node(row.get("leadid")),
                row.get("campaignid"),
                folder.time(row.get("touchedat")),
                row.get("type"),
                None,
                row.is_deleted,
            )
        )
    opportunity_key = _joined("leadid", "createdat", "closedat", "amount")
    for row in folder.survivors("opportunity", ("opportunityid",), opportunity_key):
        into.opportunities.append(
            Opportunity(
                row,
                folder.node(row.get("leadid")),
                row.get("opportunityid"),
                row.get("ownerid"),
                folder.time(row.get("createdat")),
                parse_flag(row.get("isclosed")) is True,
                parse_flag(row.get("iswon")) is True,
                folder.time(row.get("closedat")),
                written_amount(row),
                written_currency(row),
                row.is_deleted,
            )
        )
    for row in folder.survivors("user", ("userid",)):
        if not row.is_key_missing:
            into.users.append(
                (
                    folder.source,
                    User(row.key, row.get("role"), row.get("team")),
                )
            )


# §8: a currency that is written in an amount; a sign may stand for several.
SIGNS = {
    "r$": ("BRL",), "us$": ("USD",), "€": ("EUR",), "£": ("GBP",), "円": ("JPY",),
    "¥": ("JPY", "CNY"), "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD"),
}  # fmt: skip


CURRENCY = ("currency", "currencyisocode")


def _written(row: RawRow) -> tuple[str, ...]:
    """The currencies that may be written in the amount of a row."""
    text = same_text(row.get("amount")) or ""
    code = re.match(r"[-+(]*([a-z]{3})(?![a-z$])", text) or re.search(
        r"(?<![a-z])([a-z]{3})[)-]*$", text
    )
    if code:
        return (code[1].upper(),)
    return next((known for sign, known in SIGNS.items() if sign in text), ())


def written_amount(row: RawRow, *columns: str) -> Decimal | None:
    """The amount of a row whose currency stands in one of the columns."""
    said = row.get(*(columns or CURRENCY))
    written = _written(row)
    if said and written and said.upper() not in written:
        return None
    return parse_number(row.get("amount"))


def written_currency(row: RawRow, *columns: str) -> str | None:
    """The currency of a row, from one of the columns or from its amount."""
    text = row.get(*(columns or CURRENCY))
    written = _written(row)
    if text or not written:
        return text.upper() if text else None
    # Of a sign's currencies the system's counts where it is one of them.
    return written[0]


# salesforce ------------------------------------------------------------


def read_salesforce(folder: Folder) -> None:
    into = folder.inputs
    leads = []
    for table, entity in (("lead", "lead"), ("contact", "contact")):
        for row in folder.survivors(table, ("id",)):
            if row.is_key_missing:
                continue
            record = Record(
                row,
                entity,
                row.key,
                folder.node(row.key),
                has_first_value=entity == "lead",
                created_at=folder.time(row.get("createddate")),
                email=row.get("email"),
                company=row.get("company"),
                owner_id=row.get("ownerid"),
                status=row.get("status") if entity == "lead" else None,
                status_reason=row.get("statusreason"),
                lead_source=row.get("leadsource"),
                campaign_id=None,
                created_by=row.get("createdbyid"),
                is_deleted=row.is_deleted,
            )
            into.records.append(record)
            for column, kind in (
                ("masterrecordid", "merge"),
                ("convertedcontactid", "conversion"),
            ):
                other = folder.node(row.get(column))
                if other:
                    into.links.append(Link(row, kind, record.node, other))
            if entity == "lead":
                leads.append(record)
    roles = {}
    for row in folder.survivors("user_role", ("id",)):
        roles[match_id("salesforce", row.key)] = row.get("name")
    known_users = set()
    for row in folder.survivors("user", ("id",)):
        if row.is_key_missing:
            continue
        role_id = match_id("salesforce", row.get("userroleid"))
        known_users.add(match_id("salesforce", row.key))
        into.users.append(
            (
                folder.source,
                User(
                    row.key,
                    row.get("role"),
                    row.get("team"),
                    role_name=roles.get(role_id),
                ),
            )
        )
    for row in folder.survivors("lead_history", ("id",)):
        name = field_name(row.get("field"))
        new = row.get("newvalue")
        if name in ("owner", "ownerid"):
            name = "owner" if _is_user(new, known_users) else "ownername"
        into.observations.append(
            Observation(
                row,
                "lead",
                name,
                folder.node(row.get("leadid")),
                row.get("oldvalue"),
                new,
                folder.time(row.get("createddate")),
                row.get("createdbyid"),
            )
        )
    _read_salesforce_activities(folder)
    for row in folder.survivors("campaign_member", ("id",)):
        into.touches.append(
            Touch(
                row,
                folder.node(row.get("leadid", "contactid")),
                row.get("campaignid"),
                folder.time(row.get("firstrespondeddate", "createddate")),
                "campaign_member",
                row.get("status"),
                row.is_deleted,
            )
        )
    _read_salesforce_opportunities(folder, leads)


def _is_user(value: str | None, known: set[str]) -> bool:
    if value is None or match_id("salesforce", value) in known:
        return True
    return bool(re.fullmatch(r"00[5G][A-Za-z0-9]{12}([A-Za-z0-9]{3})?", value))


def _read_salesforce_activities(folder: Folder) -> None:
    for row in folder.survivors("task", ("id",)):
        subtype = row.get("tasksubtype")
        kind = row.get("type", "tasksubtype")
        if same_text(subtype) in ("listemail", "cadence"):
            kind = subtype
        completed = parse_flag(row.get("isclosed"))
        if completed is None and row.get("status"):
            completed = same_text(row.get("status")) == "completed"
        folder.inputs.activities.append(
            Activity(
                row,
                folder.node(row.get("whoid")),
                row.get("ownerid"),
                folder.time(row.get("completeddatetime", "createddate")),
                kind,
                completed is not False,
                row.is_deleted,
            )
        )
    for row in folder.survivors("event", ("id",)):
        folder.inputs.activities.append(
            Activity(
                row,
                folder.node(row.get("whoid")),
                row.get("ownerid"),
                folder.time(
                    row.get("startdatetime", "activitydatetime", "createddate")
                ),
                row.get("type") or "Event",
                True,
                row.is_deleted,
            )
        )


def _read_salesforce_opportunities(folder: Folder, leads: list[Record]) -> None:
    converted: dict[Node, Node] = {}
    for lead in sorted(
        leads,
        key=lambda r: (
            folder.time(r.row.get("converteddate")) or datetime.max,
            r.record_id,
        ),
    ):
        made = folder.node(lead.row.get("convertedopportunityid"))
        if made:
            converted.setdefault(made, lead.node)
    moved: dict[tuple, datetime] = {}
    for table in ("opportunity_field_history", "opportunity_history"):
        for row in folder.survivors(table, ("id",)):
            of_field = field_name(row.get("field"))
            opportunity = folder.node(row.get("opportunityid"))
            instant = folder.time(row.get("createddate"))
            if of_field == "stagename":
                stage = same_text(row.get("newvalue"))
            elif row.get("stagename"):
                stage = same_text(row.get("stagename"))
            else:
                continue
            if opportunity and stage and instant:
                key = (opportunity, stage)
                moved[key] = max(moved.get(key, instant), instant)
    named = _contacts_of_deals(folder)
    records = {record.node: record for record in folder.inputs.records}
    for row in folder.survivors("opportunity", ("id",)):
        node = None if row.is_key_missing else folder.node(row.key)
        stage = same_text(row.get("stagename"))
        closed_at = moved.get((node, stage))
        if closed_at is None:
            closed_at = folder.time(row.get("closedate"))
        folder.inputs.opportunities.append(
            Opportunity(
                row,
                converted.get(node)
                or _contact_of(folder, row, named.get(node, []), records),
                row.get("id"),
                row.get("ownerid"),
                folder.time(row.get("createddate")),
                parse_flag(row.get("isclosed")) is True,
                parse_flag(row.get("iswon")) is True,
                closed_at,
                written_amount(row),
                written_currency(row),
                row.is_deleted,
            )
        )


def _contacts_of_deals(folder: Folder) -> dict[Node, list[Node]]:
    """The contacts that the roles of each deal name: the primary one, then those
    that were named first."""
    key = _joined("opportunityid", "contactid", "role")
    roles: dict[Node, list[tuple]] = {}
    for row in folder.survivors("opportunity_contact_role", ("id",), key):
        deal, contact = (
            folder.node(row.get(name)) for name in ("opportunityid", "contactid")
        )
        if deal and contact and not row.is_deleted:
            place = (
                parse_flag(row.get("isprimary")) is not True,
                folder.time(row.get("createddate")) or datetime.max,
                contact,
            )
            roles.setdefault(deal, []).append(place)
    return {
        deal: [contact for *_, contact in sorted(places)]
        for deal, places in roles.items()
    }


def _contact_of(
    folder: Folder, deal: RawRow, named: list[Node], records: dict[Node, Record]
) -> Node | None:
    """A deal is one person's: of all contacts that it names, the first that is
    there, else the first that was there once."""
    own = folder.node(deal.get("contactid"))
    contacts = [own, *named] if own else named

    def standing(contact: Node) -> int:
        record = records.get(contact)
        if record is None:
            return 2
        return int(record.is_deleted and not record.row.get("masterrecordid"))

    return min(contacts, key=standing, default=None)


# marketo ---------------------------------------------------------------


def read_marketo(folder: Folder) -> None:
    into = folder.inputs
    for row in folder.survivors("lead", ("id",)):
        if row.is_key_missing:
            continue
        record = Record(
            row,
            "lead",
            row.key,
            folder.node(row.key),
            has_first_value=False,
            created_at=folder.time(row.get("createdat")),
            email=row.get("email"),
            company=row.get("company"),
            status=row.get("leadstatus", "status"),
            lead_source=row.get("leadsource"),
            is_deleted=row.is_deleted,
        )
        into.records.append(record)
        for columns in (("sfdcleadid",), ("sfdccontactid",)):
            other = match_id("salesforce", row.get(*columns))
            if other:
                right = ("salesforce", other)
                into.links.append(Link(row, "id", record.node, right))
    activity_key = ("marketoguid", "id")
    for row in folder.survivors("activity_merge_leads", activity_key):
        if row.is_key_missing:
            continue
        winner = folder.node(row.get("leadid"))
        for loser in _merged_ids(folder, row):
            if winner and loser:
                into.links.append(Link(row, "merge", loser, winner))
    for row in folder.survivors("merged_lead", ("id", "mergedlead")):
        winner = folder.node(row.get("intolead", "mergedintolead"))
        loser = folder.node(row.get("mergedlead"))
        if row.is_key_missing:
            continue
        if winner and loser:
            into.links.append(Link(row, "merge", loser, winner))
    for row in folder.survivors("activity_delete_lead", activity_key):
        into.deletions.append((row, folder.node(row.get("leadid"))))
    for entity in ("new_lead", "fill_out_form"):
        for row in folder.survivors("activity_" + entity, activity_key):
            into.observations.append(
                Observation(
                    row,
                    entity,
                    "",
                    folder.node(row.get("leadid")),
                    None,
                    None,
                    folder.time(row.get("activitydate")),
                )
            )
    for kind in ("change_data_value", "change_score"):
        for row in folder.survivors("activity_" + kind, activity_key):
            into.observations.append(_marketo_change(folder, row, kind))
    for row in folder.survivors("program_membership", ("id",)):
        into.touches.append(
            Touch(
                row,
                folder.node(row.get("leadid")),
                row.get("programid"),
                folder.time(row.get("membershipdate", "createdat")),
                "program_membership",
                row.get("status", "progressionstatus"),
                row.is_deleted,
            )
        )


def _marketo_change(folder: Folder, row: RawRow, kind: str) -> Observation:
    attributes = {}
    if row.get("attributes"):
        for attribute in json.loads(row.get("attributes")):
            value = attribute.get("value")
            attributes[field_name(attribute["name"])] = (
                None if value is None else str(value)
            )
    name = field_name(row.get("primaryattributevalue", "attributename"))
    is_score = name in ("leadscore", "score", "") or name.isdigit()
    if kind == "change_score" and is_score:
        name = "score"
    return Observation(
        row,
        "lead",
        name,
        folder.node(row.get("leadid")),
        row.get("oldvalue") or attributes.get("oldvalue"),
        row.get("newvalue") or attributes.get("newvalue"),
        folder.time(row.get("activitydate")),
        None,
        row.get("reason") or attributes.get("reason"),
    )


def _merged_ids(folder: Folder, row: RawRow) -> list[Node | None]:
    text = row.get("mergeids") or ""
    return [folder.node(i) for i in re.findall(r"[^\s,;\[\]\"']+", text)]


def _readers() -> dict[str, Callable[[Folder], None]]:
    # It is made of what stands above.
    from tests.reference.hubspot import read_hubspot

    return {
        "generic": read_generic,
        "salesforce": read_salesforce,
        "hubspot": read_hubspot,
        "marketo": read_marketo,
    }
