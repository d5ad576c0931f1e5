"""A small company in HubSpot, written by hand, as three systems deliver it.

Nothing here is made of another layout: each writes down what its vendor would, from
one list of what happened. The times are UTC. Ids are marked by layout, so that the
three can stand in one folder.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

WON, TALKS, DROPPED = "closedwon", "appointmentscheduled", "4410057"
"""Stages of deals: the vendor's own id, another one, and one that a user made."""


def at(day: str, clock: str = "00:00:00") -> datetime:
    return datetime.fromisoformat(f"2026-{day} {clock}").replace(tzinfo=UTC)


def iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def millis(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def plain(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")


CHANGED = at("05-01")
"""When a row was changed last, where nothing else is said."""


@dataclass(frozen=True)
class Said:
    """A property became a value."""

    name: str
    value: str
    when: datetime
    by: str = ""
    source: str = "CRM_UI"


@dataclass(frozen=True)
class Contact:
    number: str
    email: str
    name: tuple[str, str]
    created: datetime
    owner: str = ""
    history: tuple[Said, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    merged: tuple[str, ...] = ()
    is_gone: bool = False
    changed: datetime = CHANGED


STAGE, STATUS, OWNER = "lifecyclestage", "hs_lead_status", "hubspot_owner_id"

CONTACTS = (
    # Told twice that she qualifies, accepted by Mori, and won.
    Contact(
        "101", "aiko@harbor.example", ("Aiko", "Tanabe"), at("04-01"), "71",
        (
            Said(STAGE, "lead", at("04-01", "00:00:05"), source="FORM"),
            Said(STAGE, "marketingqualifiedlead", at("04-02"), source="WORKFLOWS"),
            Said(STAGE, "marketingqualifiedlead", at("04-02", "12:00:00"), "9001"),
            Said(OWNER, "71", at("04-03"), "9003"),
            Said(STATUS, "NEW", at("04-03", "01:00:00"), "9003"),
            Said(STAGE, "salesqualifiedlead", at("04-03", "05:00:00"), "9001"),
            Said("jobtitle", "Buyer", at("04-03", "06:00:00"), "9001"),
        ),
        {"hs_analytics_source": "PAID_SEARCH"},
    ),
    # Two that were merged, and the new one that they became.
    Contact(
        "102", "ben@quay.example", ("Ben", "Ito"), at("04-01"), "72",
        (Said(STAGE, "lead", at("04-01", "00:00:07")),), is_gone=True,
    ),
    Contact(
        "103", "b.ito@quay.example", ("Benjamin", "Ito"), at("04-02"), "72",
        (
            Said(STAGE, "lead", at("04-02", "00:00:09")),
            Said(STAGE, "marketingqualifiedlead", at("04-03")),
        ),
        is_gone=True,
    ),
    Contact(
        "20400", "ben@quay.example", ("Ben", "Ito"), at("04-01"), "72",
        (
            Said(
                STAGE, "marketingqualifiedlead", at("04-05"), "9003", "MERGE_OBJECTS"
            ),
            Said(STATUS, "NEW", at("04-06", "01:00:00"), "9003"),
            Said(STATUS, "UNQUALIFIED", at("04-06", "03:00:00"), "9002"),
        ),
        merged=("102", "103"),
    ),
    # Her first value is not in the history; a column has it, and another date of
    # what the history tells.
    Contact(
        "105", "dora@lagoon.example", ("Dora", "Weiss"), at("04-04"), "",
        (Said(STAGE, "marketingqualifiedlead", at("04-05", "08:00:00")),),
        {
            "hs_v2_date_entered_lead": iso(at("04-04", "00:00:30")),
            "hs_v2_date_entered_marketingqualifiedlead": iso(at("04-05", "08:00:03")),
        },
    ),
    # Moved back by hand, which clears the stage first.
    Contact(
        "107", "gus@reef.example", ("Gus", "Oda"), at("04-01"), "71",
        (
            Said(STAGE, "lead", at("04-01")),
            Said(STAGE, "marketingqualifiedlead", at("04-06")),
            Said(STAGE, "", at("04-08", "09:00:00"), "9001"),
            Said(STAGE, "lead", at("04-08", "09:00:01"), "9001"),
        ),
    ),
    Contact(
        "108", "gone@reef.example", ("Gone", "Away"), at("04-01"), "",
        (Said(STAGE, "lead", at("04-01")),), is_gone=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Deal:
    number: str
    contacts: tuple[str, ...]
    created: datetime
    stages: tuple[tuple[str, datetime], ...]
    closing: datetime
    amount: str
    owner: str = "71"
    merged: tuple[str, ...] = ()
    is_gone: bool = False
    changed: datetime = CHANGED


DEALS = (
    Deal("501", ("101",), at("04-10"), ((TALKS, at("04-10")), (WON, at("04-20"))),
         at("04-30"), "1200000"),
    # Belongs to a contact who was merged; made one with the next deal.
    Deal("502", ("103",), at("04-11"), ((TALKS, at("04-11")),), at("05-30"), "50000"),
    Deal("503", ("102", "107"), at("04-11"),
         ((TALKS, at("04-11")), (DROPPED, at("04-25", "02:00:00"))), at("04-26"),
         "80000", merged=("502",)),
)  # fmt: skip

OWNERS = (
    # Owner, user, name, team, archived.
    ("71", "9001", ("Mori", "Ken"), ("31", "Inside Sales"), False),
    ("72", "9002", ("Sakai", "Rin"), ("32", "Harbour Crew"), True),
    ("73", "9003", ("Hana", "Kubo"), ("33", "Marketing"), False),
)

PIPELINE = (
    (TALKS, "Appointment scheduled", False, "0.2"),
    (WON, "Closed won", True, "1.0"),
    (DROPPED, "Gave up", True, "0.0"),
)


def stages() -> list[dict[str, object]]:
    """The stages of the pipeline, as the API tells them."""
    return [
        {
            "id": stage,
            "label": label,
            "metadata": {
                "isClosed": str(is_closed).lower(),
                "probability": probability,
            },
        }
        for stage, label, is_closed, probability in PIPELINE
    ]


@dataclass(frozen=True)
class Work:
    """What sales did."""

    kind: str
    number: str
    contacts: tuple[str, ...]
    when: datetime
    owner: str
    status: str
    direction: str = ""
    is_gone: bool = False
    changed: datetime = CHANGED


WORK = (
    Work("call", "801", ("101",), at("04-03", "02:00:00"), "71", "COMPLETED"),
    Work("call", "802", ("105",), at("04-06", "02:00:00"), "71", "NO_ANSWER"),
    Work("email", "803", ("20400",), at("04-06", "02:00:00"), "72", "SENT",
         "INCOMING_EMAIL"),
    Work("email", "804", ("107",), at("04-07", "02:00:00"), "71", "SENT", "EMAIL"),
    Work("meeting", "805", ("101", "102"), at("04-07", "05:00:00"), "72", "COMPLETED"),
    Work("task", "806", ("107",), at("04-09"), "73", "NOT_STARTED"),
)  # fmt: skip
STATUS_OF = {
    "call": "hs_call_status",
    "email": "hs_email_status",
    "meeting": "hs_meeting_outcome",
    "task": "hs_task_status",
}
WHEN_OF = {"meeting": "hs_meeting_start_time"}

FORMS = (("f-77", "Price list"),)
SENT_FORMS = (("c-1", "105", "f-77", at("04-04", "00:00:30")),)
MADE = at("03-01")
"""When forms and lists were."""


@dataclass(frozen=True)
class Company:
    """All of it, each id with a mark before it."""

    mark: str = ""

    def marked(self, value: str) -> str:
        return f"{self.mark}{value}" if value else ""

    def all_marked(self, values: Iterable[str]) -> tuple[str, ...]:
        return tuple(map(self.marked, values))

    @property
    def contacts(self) -> list[Contact]:
        return [
            replace(
                each,
                number=self.marked(each.number),
                email=self.marked(each.email),
                owner=self.marked(each.owner),
                merged=self.all_marked(each.merged),
                history=tuple(
                    replace(
                        said,
                        by=self.marked(said.by),
                        value=self.marked(said.value)
                        if said.name == OWNER
                        else said.value,
                    )
                    for said in each.history
                ),
            )
            for each in CONTACTS
        ]

    @property
    def deals(self) -> list[Deal]:
        return [
            replace(
                each,
                number=self.marked(each.number),
                contacts=self.all_marked(each.contacts),
                owner=self.marked(each.owner),
                merged=self.all_marked(each.merged),
            )
            for each in DEALS
        ]

    @property
    def owners(self) -> list[tuple]:
        return [
            (*self.all_marked(ids), name, (self.marked(team[0]), team[1]), is_archived)
            for *ids, name, team, is_archived in OWNERS
        ]

    @property
    def work(self) -> list[Work]:
        return [
            replace(
                each,
                number=self.marked(each.number),
                contacts=self.all_marked(each.contacts),
                owner=self.marked(each.owner),
            )
            for each in WORK
        ]

    @property
    def forms(self) -> list[tuple[str, str]]:
        return [(self.marked(number), name) for number, name in FORMS]

    @property
    def sent_forms(self) -> list[tuple]:
        return [
            (*self.all_marked(ids), when) for *ids, when in SENT_FORMS
        ]  # fmt: skip

    @property
    def lists(self) -> list[tuple[str, str]]:
        """Each with its name; somebody chose who is in it."""
        return []

    @property
    def members(self) -> list[tuple[str, str, datetime, bool]]:
        """List, contact, since when, and whether he still is."""
        return []

    def unmarked(self, value: object) -> object:
        """A value as it is without the mark."""
        if not isinstance(value, str) or not self.mark:
            return value
        ids = {
            *(each.number for each in CONTACTS),
            *(each.email for each in CONTACTS),
            *(each.number for each in (*DEALS, *WORK)),
            *(each for owner in OWNERS for each in (owner[0], owner[1], owner[3][0])),
            *(number for number, _ in FORMS),
            *(sent[0] for sent in SENT_FORMS),
        }
        known = "|".join(sorted(map(re.escape, ids), key=len, reverse=True))
        return re.sub(rf"(?<![\w.]){self.mark}({known})(?![\w.])", r"\1", value)


def properties_of(contact: Contact) -> dict[str, str]:
    now: dict[str, str] = {}
    for said in contact.history:
        now[said.name] = said.value
    return {
        "createdate": iso(contact.created),
        "email": contact.email,
        "firstname": contact.name[0],
        "lastname": contact.name[1],
        "hubspot_owner_id": contact.owner,
        "lastmodifieddate": iso(contact.changed),
        "hs_merged_object_ids": ";".join(contact.merged),
        "hs_object_id": contact.number,
        **{name: value for name, value in now.items() if name != OWNER},
        **contact.properties,
    }


def work_properties(work: Work) -> dict[str, str]:
    found = {
        WHEN_OF.get(work.kind, "hs_timestamp"): iso(work.when),
        "hubspot_owner_id": work.owner,
        STATUS_OF[work.kind]: work.status,
    }
    if work.direction:
        found["hs_email_direction"] = work.direction
    return found


def write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    rows = list(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def write_page(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """What the API answers: one object over several lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    page = {"results": list(rows), "paging": {"next": {"after": "108"}}}
    path.write_text(json.dumps(page, indent=1), encoding="utf-8")


def fivetran(folder: Path, of: Company) -> None:
    def prefixed(values: Mapping[str, str]) -> dict[str, str]:
        return {f"property_{name}": value for name, value in values.items()}

    synced = {"_fivetran_synced": "2026-05-02 00:00:00"}
    write_csv(
        folder / "CONTACT.csv",
        (
            {
                "id": each.number,
                "_fivetran_deleted": str(each.is_gone).upper(),
                **synced,
                **prefixed(properties_of(each)),
            }
            for each in of.contacts
        ),
    )
    write_csv(
        folder / "contact_property_history.csv",
        (
            {
                "contact_id": each.number,
                "name": said.name,
                "value": said.value,
                "source": said.source,
                "source_id": f"userId:{said.by}" if said.by else "",
                "timestamp": plain(said.when),
                **synced,
            }
            for each in of.contacts
            for said in each.history
        ),
    )
    write_csv(
        folder / "deal.csv",
        (
            {
                "deal_id": each.number,
                "deal_pipeline_stage_id": each.stages[-1][0],
                "owner_id": each.owner,
                "is_deleted": str(each.is_gone).lower(),
                "property_amount": each.amount,
                "property_createdate": plain(each.created),
                "property_closedate": plain(each.closing),
            }
            for each in of.deals
        ),
    )
    write_csv(
        folder / "deal_stage.csv",
        (
            {
                "deal_id": each.number,
                "value": stage,
                "date_entered": plain(when),
                "_fivetran_start": plain(when),
                "_fivetran_active": str(stage == each.stages[-1][0]).lower(),
            }
            for each in of.deals
            for stage, when in each.stages
        ),
    )
    write_csv(
        folder / "deal_contact.csv",
        (
            {"deal_id": each.number, "contact_id": contact, "type_id": "3"}
            for each in of.deals
            for contact in each.contacts
        ),
    )
    write_csv(
        folder / "merged_deal.csv",
        (
            {"deal_id": each.number, "merged_deal_id": old}
            for each in of.deals
            for old in each.merged
        ),
    )
    write_csv(
        folder / "deal_pipeline_stage.csv",
        (
            {
                "stage_id": stage,
                "label": label,
                "is_closed": str(is_closed).upper(),
                "closed_won": str(probability == "1.0").upper(),
                "probability": probability,
            }
            for stage, label, is_closed, probability in PIPELINE
        ),
    )
    write_csv(
        folder / "owner.csv",
        (
            {
                "owner_id": owner,
                "active_user_id": user,
                "first_name": name[0],
                "last_name": name[1],
                "is_active": str(not is_archived).lower(),
            }
            for owner, user, name, _, is_archived in of.owners
        ),
    )
    write_csv(
        folder / "owner_team.csv",
        (
            {"owner_id": owner, "team_id": team[0], "is_team_primary": "true"}
            for owner, _, _, team, _ in of.owners
        ),
    )
    write_csv(
        folder / "team.csv",
        ({"id": team[0], "name": team[1]} for _, _, _, team, _ in of.owners),
    )
    write_csv(
        folder / "engagement.csv",
        ({"id": each.number, "type": each.kind.upper()} for each in of.work),
    )
    write_csv(
        folder / "engagement_contact.csv",
        (
            {
                "engagement_id": each.number,
                "contact_id": contact,
                "engagement_type": each.kind.upper(),
                "category": "HUBSPOT_DEFINED",
            }
            for each in of.work
            for contact in each.contacts
        ),
    )
    for kind in STATUS_OF:
        write_csv(
            folder / f"engagement_{kind}.csv",
            (
                {
                    "engagement_id": each.number,
                    "type": each.direction or each.kind.upper(),
                    "_fivetran_deleted": str(each.is_gone).lower(),
                    **prefixed(work_properties(each)),
                }
                for each in of.work
                if each.kind == kind
            ),
        )
    write_csv(
        folder / "form.csv",
        (
            {"guid": number, "name": name, "created_at": plain(MADE)}
            for number, name in of.forms
        ),
    )
    write_csv(
        folder / "contact_form_submission.csv",
        (
            {
                "conversion_id": number,
                "contact_id": contact,
                "form_id": form,
                "timestamp": plain(when),
            }
            for number, contact, form, when in of.sent_forms
        ),
    )
    if of.lists:
        write_csv(
            folder / "contact_list.csv",
            (
                {
                    "id": number,
                    "name": name,
                    "processing_type": "MANUAL",
                    "created_at": plain(MADE),
                }
                for number, name in of.lists
            ),
        )
        write_csv(
            folder / "contact_list_member.csv",
            (
                {
                    "contact_id": contact,
                    "contact_list_id": number,
                    "added_at": plain(since),
                }
                for number, contact, since, is_member in of.members
                if is_member
            ),
        )


def airbyte(folder: Path, of: Company) -> None:
    def flat(values: Mapping[str, str]) -> dict[str, str]:
        return {f"properties_{name}": value for name, value in values.items()}

    def record(data: Mapping[str, object]) -> dict[str, object]:
        return {**data, "_airbyte_extracted_at": "2026-05-02T00:00:00Z"}

    write_lines(
        folder / "contacts.jsonl",
        (
            record(
                {
                    "id": each.number,
                    "archived": each.is_gone,
                    "createdAt": iso(each.created),
                    "updatedAt": iso(each.changed),
                    "companies": [],
                    "properties": {"email": each.email},
                    **flat(properties_of(each)),
                }
            )
            for each in of.contacts
        ),
    )
    write_lines(
        folder / "contacts_property_history.jsonl",
        (
            record(
                {
                    "vid": int(each.number),
                    "canonical-vid": int(each.number),
                    "property": said.name,
                    "value": said.value,
                    "source-type": said.source,
                    "sourceId": f"userId:{said.by}" if said.by else None,
                    "timestamp": millis(said.when),
                }
            )
            for each in of.contacts
            for said in each.history
        ),
    )
    write_lines(
        folder / "deals.jsonl",
        (
            record(
                {
                    "id": each.number,
                    "archived": each.is_gone,
                    "contacts": list(each.contacts),
                    "updatedAt": iso(each.changed),
                    "properties_dealstage": each.stages[-1][0],
                    "properties_amount": each.amount,
                    "properties_createdate": iso(each.created),
                    "properties_closedate": iso(each.closing),
                    "properties_hubspot_owner_id": each.owner,
                    "properties_hs_merged_object_ids": ";".join(each.merged),
                }
            )
            for each in of.deals
        ),
    )
    write_lines(
        folder / "deals_property_history.jsonl",
        (
            record(
                {
                    "dealId": int(each.number),
                    "property": "dealstage",
                    "value": stage,
                    "timestamp": iso(when),
                }
            )
            for each in of.deals
            for stage, when in each.stages
        ),
    )
    write_lines(
        folder / "deal_pipelines.jsonl",
        [
            record(
                {
                    "pipelineId": "default",
                    "label": "Sales",
                    "stages": [
                        {
                            "stageId": stage,
                            "label": label,
                            "metadata": {
                                "isClosed": str(is_closed).lower(),
                                "probability": probability,
                            },
                        }
                        for stage, label, is_closed, probability in PIPELINE
                    ],
                }
            )
        ],
    )
    for is_archived in (False, True):
        name = "owners_archived" if is_archived else "owners"
        write_lines(
            folder / f"{name}.jsonl",
            (
                record(
                    {
                        "id": owner,
                        "userId": int(user),
                        "firstName": name[0],
                        "lastName": name[1],
                        "archived": is_archived,
                        "teams": [{"id": team[0], "name": team[1], "primary": True}],
                    }
                )
                for owner, user, name, team, archived in of.owners
                if archived == is_archived
            ),
        )
    for kind in STATUS_OF:
        write_lines(
            folder / f"engagements_{kind}s.jsonl",
            (
                record(
                    {
                        "id": each.number,
                        "archived": each.is_gone,
                        "updatedAt": iso(each.changed),
                        "contacts": list(each.contacts),
                        **flat(work_properties(each)),
                    }
                )
                for each in of.work
                if each.kind == kind
            ),
        )
    write_lines(
        folder / "forms.jsonl",
        (
            record({"id": number, "name": name, "createdAt": iso(MADE)})
            for number, name in of.forms
        ),
    )
    write_lines(
        folder / "contacts_form_submissions.jsonl",
        (
            record(
                {
                    "canonical-vid": int(contact),
                    "conversion-id": number,
                    "form-id": form,
                    "timestamp": millis(when),
                }
            )
            for number, contact, form, when in of.sent_forms
        ),
    )
    if of.lists:
        write_lines(
            folder / "contact_lists.jsonl",
            (
                record(
                    {
                        "listId": int(number),
                        "name": name,
                        "processingType": "MANUAL",
                        "createdAt": iso(MADE),
                    }
                )
                for number, name in of.lists
            ),
        )
        write_lines(
            folder / "contacts_list_memberships.jsonl",
            (
                record(
                    {
                        "canonical-vid": int(contact),
                        "static-list-id": int(number),
                        "timestamp": millis(since),
                        "is-member": is_member,
                    }
                )
                for number, contact, since, is_member in of.members
            ),
        )


def api(folder: Path, of: Company) -> None:
    def associated(ids: Iterable[str], kind: str) -> dict[str, object]:
        return {kind: {"results": [{"id": each, "type": f"to_{kind}"} for each in ids]}}

    def history(contact: Contact) -> dict[str, list[dict[str, object]]]:
        # Newest first; properties that were asked for and have none are there too.
        found: dict[str, list[dict[str, object]]] = {"fax": []}
        for said in sorted(contact.history, key=lambda said: said.when, reverse=True):
            versions = found.setdefault(said.name, [])
            version: dict[str, object] = {
                "value": said.value,
                "timestamp": iso(said.when),
                "sourceType": said.source,
            }
            if said.by:
                version |= {
                    "sourceId": f"userId:{said.by}", "updatedByUserId": int(said.by)
                }  # fmt: skip
            versions.append(version)
        return found

    write_page(
        folder / "contacts/page_1.json",
        (
            {
                "id": each.number,
                "properties": {**properties_of(each), "fax": None},
                "propertiesWithHistory": history(each),
                "createdAt": iso(each.created),
                "updatedAt": iso(each.changed),
                "archived": each.is_gone,
            }
            for each in of.contacts
        ),
    )
    # Of the deals it is the contacts that tell whose they are.
    write_lines(
        folder / "contacts/page_2.jsonl",
        (
            {
                "id": each.number,
                "properties": properties_of(each),
                "updatedAt": iso(each.changed),
                "createdAt": iso(each.created),
                "archived": each.is_gone,
                "associations": associated(
                    (deal.number for deal in of.deals if each.number in deal.contacts),
                    "deals",
                ),
            }
            for each in of.contacts
        ),
    )
    write_page(
        folder / "deals.json",
        (
            {
                "id": each.number,
                "properties": {
                    "dealstage": each.stages[-1][0],
                    "amount": each.amount,
                    "createdate": iso(each.created),
                    "closedate": iso(each.closing),
                    "hubspot_owner_id": each.owner,
                    "hs_merged_object_ids": ";".join(each.merged),
                },
                "propertiesWithHistory": {
                    "dealstage": [
                        {"value": stage, "timestamp": iso(when), "sourceType": "CRM_UI"}
                        for stage, when in reversed(each.stages)
                    ]
                },
                "updatedAt": iso(each.changed),
                "archived": each.is_gone,
            }
            for each in of.deals
        ),
    )
    write_page(
        folder / "pipelines.json",
        [
            {
                "id": "default",
                "label": "Sales",
                "stages": [{**stage, "archived": False} for stage in stages()],
            }
        ],
    )
    write_page(
        folder / "owners.json",
        (
            {
                "id": owner,
                "userId": int(user),
                "firstName": name[0],
                "lastName": name[1],
                "teams": [{"id": team[0], "name": team[1], "primary": True}],
                "archived": is_archived,
            }
            for owner, user, name, team, is_archived in of.owners
        ),
    )
    for kind in STATUS_OF:
        write_page(
            folder / f"{kind}s.json",
            (
                {
                    "id": each.number,
                    "properties": work_properties(each),
                    "associations": associated(each.contacts, "contacts"),
                    "updatedAt": iso(each.changed),
                    "archived": each.is_gone,
                }
                for each in of.work
                if each.kind == kind
            ),
        )
    write_page(
        folder / "forms.json",
        (
            {"id": number, "name": name, "createdAt": iso(MADE)}
            for number, name in of.forms
        ),
    )
    write_lines(
        folder / "contact_form_submissions.jsonl",
        (
            {
                "contactId": contact,
                "conversionId": number,
                "formId": form,
                "submittedAt": millis(when),
            }
            for number, contact, form, when in of.sent_forms
        ),
    )
    if of.lists:
        write_page(
            folder / "contact_lists.json",
            (
                {
                    "listId": number,
                    "name": name,
                    "processingType": "MANUAL",
                    "createdAt": iso(MADE),
                }
                for number, name in of.lists
            ),
        )
        write_lines(
            folder / "contact_list_members.jsonl",
            (
                {
                    "listId": number,
                    "contactId": contact,
                    "addedAt": iso(since),
                    "isMember": is_member,
                }
                for number, contact, since, is_member in of.members
            ),
        )


LAYOUTS: dict[str, tuple[Callable[[Path, Company], None], Company]] = {
    "fivetran": (fivetran, Company("1")),
    "airbyte": (airbyte, Company("2")),
    "api": (api, Company("3")),
}
"""Who delivers it, and how its ids are marked."""


def write_all(folder: Path) -> None:
    for write, company in LAYOUTS.values():
        write(folder, company)
