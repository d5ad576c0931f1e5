"""Random people of HubSpot, as its API and loaders tell of them.

Contacts with the history of their properties, or with dates in columns where it is
missing; merges into a new number; deals that name contacts, or are named by them;
calls, e-mails, meetings and tasks; forms and lists.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from tests.reference import generate

if TYPE_CHECKING:
    from tests.reference.generate import Row, Step, World

HUBSPOT = "hubspot"
STAGE, STATUS, OWNER = "lifecyclestage", "hs_lead_status", "hubspot_owner_id"

VALUES: dict[str, list[tuple[str, str]]] = {
    "inquiry": [(STAGE, "lead"), (STAGE, "lead"), (STAGE, "問い合わせ")],
    "mql": [
        (STAGE, "marketingqualifiedlead"),
        (STAGE, "marketingqualifiedlead"),
        (STAGE, "Marketing Qualified Lead"),
        (STATUS, "mql"),
    ],
    "handed_off": [(STATUS, "NEW"), (STATUS, "NEW"), (STATUS, "営業引き渡し")],
    "tal": [(STATUS, "tal"), (STATUS, "ADR受入"), (STAGE, "tal")],
    "sal": [
        (STAGE, "salesqualifiedlead"),
        (STAGE, "salesqualifiedlead"),
        (STATUS, "営業受入"),
    ],
    "sql": [(STATUS, "OPEN_DEAL"), (STATUS, "Open Deal"), (STAGE, "sql")],
    "opportunity": [(STATUS, "opportunity"), (STAGE, "商談"), (STAGE, "opportunity")],
    "won": [(STATUS, "won"), (STAGE, "受注"), (STAGE, "customer")],
    "lost": [(STATUS, "lost"), (STATUS, "失注")],
    "rejected": [(STATUS, "rejected"), (STATUS, "却下")],
    "recycled": [(STATUS, "BAD_TIMING"), (STATUS, "ナーチャリング")],
    "disqualified": [(STATUS, "UNQUALIFIED"), (STATUS, "対象外")],
    "none": [(STATUS, "OPEN"), (STATUS, "IN_PROGRESS"), (STAGE, "subscriber")],
}
ENDS = {
    "true": ("closedwon", "4410001", "4410004"),
    "false": ("closedlost", "4410002", "4410003", "4410005"),
}
STAGES_OF_DEALS: list[dict] = [
    {"stage_id": "appointmentscheduled", "is_closed": "false", "probability": "0.2"},
    {"stage_id": "closedwon", "is_closed": "TRUE", "closed_won": "TRUE"},
    {"stage_id": "4410001", "is_closed": "true", "probability": "1.0"},
    {"stage_id": "4410002", "is_closed": "true", "probability": "0.0"},
    # 4410003 is closed and says no more; closedlost nobody describes.
    {"stage_id": "4410003", "is_closed": "true"},
    {"stage_id": "4410004", "probability": "1.0"},
    {"stage_id": "4410005", "probability": "0"},
]
STATUSES = {
    "call": ("hs_call_status", ["COMPLETED", "COMPLETED", None, "NO_ANSWER"]),
    "email": ("hs_email_status", ["SENT", "SENT", None, "BOUNCED"]),
    "meeting": ("hs_meeting_outcome", ["COMPLETED", None, "SCHEDULED", "NO_SHOW"]),
    "task": ("hs_task_status", ["COMPLETED", "NOT_STARTED", None]),
}
CONTACT_LISTS = {"9": "MANUAL", "10": "DYNAMIC", "11": "SNAPSHOT"}


def hubspot_users(world: World, roles: dict[str, str]) -> None:
    """Owners, each with a user's number, in teams that the seed gives a role."""
    rnd = world.rnd
    in_list = rnd.random() < 0.4
    for number, name in enumerate(roles.values()):
        world.add(HUBSPOT, "team", {"id": f"3{number}", "name": name})
    for number in range(24):
        owner, role = f"7{number:02d}", list(roles)[number % len(roles)]
        team = f"3{number % len(roles)}"
        row = world.add(
            HUBSPOT,
            "owner",
            {
                "owner_id": owner,
                "user_id": user_of(owner),
                "email": f"owner{number}@us.example",
                "first_name": f"User {number}",
                "archived": rnd.choice(["true", "false", None]),
            },
        )
        if in_list:
            row["teams"] = json.dumps([{"id": team, "primary": True}])
        else:
            main = {"owner_id": owner, "team_id": team, "is_team_primary": "true"}
            world.add(HUBSPOT, "owner_team", main)
        world.users.setdefault(HUBSPOT, []).append(owner)
        if role == "marketing":
            world.marketers.setdefault(HUBSPOT, []).append(owner)
        if role in ("inside_sales", "field_sales"):
            world.sellers.setdefault(HUBSPOT, []).append(owner)
    world.users[HUBSPOT] += ["7999", "7998"]  # whom nobody knows
    for row in STAGES_OF_DEALS:
        world.add(HUBSPOT, "deal_pipeline_stage", {"label": "…", **row})
    for number, kind in CONTACT_LISTS.items():
        world.add(HUBSPOT, "contact_list", {"id": number, "processing_type": kind})


def user_of(owner: str | None) -> str | None:
    return owner and f"9{owner}"


def hubspot_person(world: World, life: list[Step], mix: dict) -> list:
    rnd = world.rnd
    if rnd.random() < 0.15:
        return merged_contacts(world, life)
    made = [hubspot_contact(world, life)]
    if rnd.random() < 0.08 and made[0][1]["email"]:
        other = hubspot_contact(world, generate.random_life(rnd))
        other[1]["email"] = generate.respelled(rnd, str(made[0][1]["email"]))
        made.append(other)
    return made


def merged_contacts(world: World, life: list[Step]) -> list:
    """Old contacts, and the new one that they became, which lists them."""
    rnd = world.rnd
    old = [hubspot_contact(world, life)]
    for _ in range(rnd.choice([1, 1, 2])):
        old.append(hubspot_contact(world, generate.random_life(rnd)))
    rows = [row for _, row in old]
    merged_at = life[-1].at + timedelta(days=rnd.choice([0, 1, 9]))
    later = [
        step for step in generate.random_life(rnd) if merged_at < step.at
    ] if rnd.random() < 0.6 else []  # fmt: skip
    new = hubspot_contact(world, later, min(life[0].at, merged_at))
    number = str(new[1]["id"])
    numbers = [str(row["id"]) for row in rows]
    wrote_a_merge(world, number, rows[0], merged_at)
    way = rnd.choice(["ids", "ids", "vids", "dated", "all", "audit"])
    if way == "ids":
        new[1]["hs_merged_object_ids"] = ";".join(numbers)
    elif way == "vids":
        new[1]["merged_vids"] = json.dumps([int(n) for n in numbers])
    elif way == "dated":
        dated = [f"{n}:{1700000000000 + int(n)}" for n in numbers]
        new[1]["hs_calculated_merged_vids"] = ";".join(dated)
    elif way == "all":
        new[1]["hs_all_contact_vids"] = ";".join([*numbers, number])
    else:
        for old_number in numbers:
            audit = {"canonical_vid": number, "vid_to_merge": old_number}
            world.add(HUBSPOT, "contact_merge_audit", audit)
    contacts = world.tables[HUBSPOT, "contact"]
    for row in rows:
        row["archived"] = rnd.choice(["true", "true", "false"])
        if rnd.random() < 0.5:
            # What was merged away is not delivered any more; its history may be.
            contacts.remove(row)
    return [new, *(item for item in old if item[1] in contacts)]


def wrote_a_merge(world: World, number: str, old: Row, merged_at: datetime) -> None:
    """What a merge writes into the new contact's history: the old one's values."""
    rnd = world.rnd
    for name in (STAGE, STATUS, OWNER):
        if not old.get(name) or rnd.random() < 0.2:
            continue
        value = str(old[name])
        became(world, number, name, value, merged_at, None, "MERGE_OBJECTS")
        if rnd.random() < 0.3:
            # It says so once more, later.
            became(world, number, name, value, merged_at + timedelta(days=3), None)


def became(
    world: World,
    contact: str,
    name: str,
    value: str | None,
    at: datetime,
    owner: str | None,
    source: str = "CRM_UI",
) -> None:
    rnd = world.rnd
    user = user_of(owner)
    named = rnd.choice(["user", "source", "address"])
    if named == "address" and (owner is None or int(owner) > 723):
        named = "user"
    source_id = user and f"userId:{user}" if named == "source" else None
    if named == "address":
        source_id = f"Owner{int(owner) - 700}@us.example"
    world.add(
        HUBSPOT,
        "contact_property_history",
        {
            "contact_id": contact,
            "name": name,
            "value": value,
            "timestamp": world.time(HUBSPOT, "contact_property_history", at),
            "source_type": source,
            "source_id": source_id,
            "updated_by_user_id": user if named == "user" else None,
        },
    )


def hubspot_contact(
    world: World, life: list[Step], born: datetime | None = None
) -> tuple[str, Row]:
    rnd = world.rnd
    born = born or life[0].at
    number = str(7 * world.number())
    owners = generate.owner_walk(world, HUBSPOT, life) if life else []
    row = world.add(
        HUBSPOT,
        "contact",
        {
            "id": number,
            "email": world.email(),
            "firstname": "名前",
            "lastname": number,
            "company": rnd.choice(["株式会社テスト", "Acme", None]),
            "hubspot_owner_id": owners[-1][2] if owners else world.user(HUBSPOT, 0.3),
            "hs_analytics_source": rnd.choice(generate.CHANNELS),
            "createdate": world.time(HUBSPOT, "contact", born),
            "lastmodifieddate": world.time(
                HUBSPOT, "contact_modified", life[-1].at if life else born
            ),
            "archived": rnd.choices([None, "false", "true"], [5, 5, 0.3])[0],
        },
    )
    _write_history(world, row, life)
    _write_owners(world, number, owners, born)
    for at in generate.contact_times(rnd, life) if life else []:
        owner = rnd.choice([owners[-1][2] if owners else None, world.user(HUBSPOT)])
        _add_engagement(world, [number], owner, at)
    if life:
        _add_touches(world, number, life)
    for deal in generate.deal_times(rnd, life):
        _add_deal(world, row, *deal)
    return HUBSPOT, row


def _write_history(world: World, row: Row, life: list[Step]) -> None:
    """The history of the statuses; of some contacts dates in columns instead."""
    rnd = world.rnd
    number = str(row["id"])
    kept = rnd.choices(["all", "not the first", "none"], [8, 1.5, 1])[0]
    taken: set[tuple[str, datetime]] = set()
    for place, step in enumerate(life):
        name, value = rnd.choice(VALUES[step.stage])
        text: str | None = (
            value if rnd.random() < 0.6 else generate.respelled(rnd, value)
        )
        if not world.clean and rnd.random() < 0.01:
            text = rnd.choice(["???", "未定義の状態"])
        at = step.at
        while (name, at) in taken:
            at += timedelta(seconds=1)
        taken.add((name, at))
        row[name] = text
        is_told = kept == "all" or (kept == "not the first" and place > 0)
        if is_told:
            actor = world.actor(HUBSPOT, step.stage)
            became(world, number, name, text, at, actor)
            if rnd.random() < 0.06:
                # Told again later, and cleared: by hand it goes backwards.
                again = at + timedelta(seconds=rnd.choice([1, 500]))
                if rnd.random() < 0.5:
                    became(world, number, name, text, again, actor)
                else:
                    became(world, number, name, None, again, actor)
        if name == STAGE and (not is_told or rnd.random() < 0.3):
            column = rnd.choice(
                [
                    "hs_v2_date_entered_{}",
                    "hs_v2_date_entered_{}",
                    "hs_date_entered_{}",
                    "hs_lifecyclestage_{}_date",
                ]
            ).format(value)
            if value.isascii() and " " not in value:
                off = timedelta(seconds=rnd.choice([0, 0, 3]))
                row[column] = world.time(HUBSPOT, "stage_date", at + off)
    if life and rnd.random() < 0.1:
        became(world, number, "jobtitle", "Buyer", life[0].at, None)
    score, at = 0, life[0].at if life else None
    for _ in range(rnd.choice([0, 0, 0, 3])):
        if at is None:
            break
        score += rnd.choice([5, 30, 60])
        at += timedelta(hours=rnd.randint(1, 400))
        source = rnd.choice(["CALCULATED", "CALCULATED", "MERGE_OBJECTS"])
        became(world, number, "hubspotscore", str(score), at, None, source)


def _write_owners(world: World, number: str, owners: list, born: datetime) -> None:
    rnd = world.rnd
    taken: set[datetime] = set()
    if owners and owners[0][1] and rnd.random() < 0.8:
        owners = [(born, None, owners[0][1]), *owners]
    for at, _, new in owners:
        while at in taken:
            at += timedelta(seconds=1)
        taken.add(at)
        became(world, number, OWNER, new, at, world.user(HUBSPOT))


def _add_engagement(
    world: World, contacts: list[str], owner: str | None, at: datetime
) -> None:
    rnd = world.rnd
    kind = rnd.choice(list(STATUSES))
    status, known = STATUSES[kind]
    table = f"engagement_{kind}"
    # Kinds count by themselves: the number of a call may be that of a task.
    number = str(len(world.tables.get((HUBSPOT, table), [])) + 1)
    row = {
        "id": number,
        "hubspot_owner_id": owner,
        "hs_timestamp": world.time(HUBSPOT, table, at),
        status: rnd.choice(known),
        "archived": rnd.choices([None, "false", "true"], [6, 6, 1])[0],
    }
    if kind == "meeting" and rnd.random() < 0.5:
        row["hs_meeting_start_time"] = row["hs_timestamp"]
        row["hs_timestamp"] = world.time(HUBSPOT, table, at - timedelta(hours=3))
    elif kind == "task" and rnd.random() < 0.5:
        row["hs_task_completion_date"] = row["hs_timestamp"]
        row["hs_timestamp"] = world.time(HUBSPOT, table, at - timedelta(days=1))
    elif kind == "email":
        row["hs_email_direction"] = rnd.choice(["EMAIL", None, "INCOMING_EMAIL"])
        row["hs_sequence_id"] = rnd.choice([None, None, None, "5"])
    world.add(HUBSPOT, table, row)
    for contact in contacts:
        world.add(
            HUBSPOT,
            "engagement_contact",
            {
                "engagement_id": row["id"],
                "contact_id": contact,
                "engagement_type": kind.upper(),
            },
        )


def _add_touches(world: World, number: str, life: list[Step]) -> None:
    rnd = world.rnd
    for _ in range(rnd.choice([0, 0, 1, 2])):
        at = rnd.choice(life).at + timedelta(hours=rnd.choice([0, -3, 40]))
        world.add(
            HUBSPOT,
            "contact_form_submission",
            {
                "contact_id": number,
                "conversion_id": f"c-{world.number()}",
                "form_id": rnd.choice(["f-1", "f-2", None]),
                "timestamp": world.time(HUBSPOT, "contact_form_submission", at),
            },
        )
    if rnd.random() < 0.2:
        world.add(
            HUBSPOT,
            "contact_list_member",
            {
                "contact_id": number,
                "contact_list_id": rnd.choice([*CONTACT_LISTS, "12"]),
                "added_at": world.time(
                    HUBSPOT, "contact_list_member", rnd.choice(life).at
                ),
            },
        )


def _add_deal(
    world: World,
    contact: Row,
    created: datetime,
    closed: datetime | None,
    won: str | None,
) -> None:
    rnd = world.rnd
    number = str(world.number())
    stage = rnd.choice(ENDS["true" if won == "true" else "false"])
    if not closed:
        stage = "appointmentscheduled"
    row = world.add(
        HUBSPOT,
        "deal",
        {
            "deal_id": number,
            "hubspot_owner_id": world.user(HUBSPOT),
            "dealstage": stage,
            "createdate": world.time(HUBSPOT, "deal", created),
            "closedate": world.time(
                HUBSPOT, "deal", closed or created + timedelta(days=90)
            ),
            "amount": rnd.choice(["5000", "120000.50", None]),
            "deal_currency_code": rnd.choice(world.currencies),
            "hs_is_closed_won": rnd.choice([None, won]) if closed else None,
            "archived": rnd.choices([None, "false", "true"], [10, 10, 1])[0],
        },
    )
    if closed and rnd.random() < 0.7:
        told = [("appointmentscheduled", created), (stage, closed)]
        if rnd.random() < 0.2:
            told.append((stage, closed + timedelta(hours=3)))
        for value, at in told:
            world.add(
                HUBSPOT,
                "deal_stage",
                {
                    "deal_id": number,
                    "value": value,
                    "date_entered": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
            )
    belongs_to(world, row, contact)


def belongs_to(world: World, deal: Row, contact: Row) -> None:
    """Say whose a deal is, in one of the ways, with other contacts or nobody's."""
    rnd = world.rnd
    others = [str(r["id"]) for r in world.tables[HUBSPOT, "contact"][-30:]]
    named = [str(contact["id"])]
    if rnd.random() < 0.25:
        named.append(rnd.choice([*others, "404404"]))
    way = rnd.choice(["table", "table", "deal", "contact"])
    if way == "deal":
        form = rnd.choice([json.dumps, ";".join, ", ".join])
        deal["associated_vids"] = form(named)
    elif way == "contact":
        before = str(contact.get("deal_ids") or "")
        contact["deal_ids"] = ";".join(filter(None, [before, str(deal["deal_id"])]))
    else:
        for number in named:
            pair = {"deal_id": deal["deal_id"], "contact_id": number}
            world.add(HUBSPOT, "deal_contact", pair)


def merge_deals(world: World, rnd: Random) -> None:
    """Some deals became another one, of whomever."""
    deals = world.tables.get((HUBSPOT, "deal"), [])
    for _ in range(len(deals) // 30):
        old, new, third = rnd.sample(deals, 3)
        if rnd.random() < 0.5:
            new["hs_merged_object_ids"] = str(old["deal_id"])
        else:
            pair = {"deal_id": new["deal_id"], "merged_deal_id": old["deal_id"]}
            world.add(HUBSPOT, "merged_deal", pair)
        if rnd.random() < 0.2 and third["deal_id"] != old["deal_id"]:
            third["hs_merged_object_ids"] = str(new["deal_id"])
