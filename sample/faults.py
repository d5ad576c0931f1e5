"""The broken rows of the sample, each kind a fixed number of times."""

from __future__ import annotations

from sample.clock import DAY, seconds_text, synced_text
from sample.company import BY_KEY, END, INTEGRATION, MARKETERS, STATUS_WORDINGS, USERS
from sample.ids import salesforce_id
from sample.people import World

UNPARSABLE = [
    "2026-02-30 10:00:00",
    "N/A",
    "2025/13/01 9:00",
    "昨日",
    "0000-00-00 00:00:00",
    "2025-11-31 08:15:00",
]
WORKING = {text for weights in STATUS_WORDINGS["working"] for text in weights.items}


def write_faults(world: World) -> None:
    """Hung on leads that exist, so that only the row itself is wrong."""
    inquiries = STATUS_WORDINGS["inquiry"][0].items
    untouched = [
        lead for lead in world.specimens if lead[2] in inquiries and lead[1] == lead[3]
    ]
    _history_rows(world, untouched)
    _unmapped_statuses(world)
    _task_rows(world)
    _other_rows(world)
    _duplicates(world)


def _history(
    world: World, row_id: str, lead: str, when: str, old: str, new: str
) -> None:
    world.table("salesforce", "lead_history").add_row(
        id=row_id,
        lead_id=lead,
        created_by_id=MARKETERS[0].id,
        created_date=when,
        field="Status",
        old_value=old,
        new_value=new,
        is_deleted="false",
        _fivetran_synced=synced_text(END - DAY),
    )


def _history_rows(world: World, leads: list[tuple[str, int, str, int]]) -> None:
    picked = iter(leads)
    for text in UNPARSABLE:
        lead, _, status, _ = next(picked)
        _history(world, next(world.history_ids), lead, text, status, "対応中")
    for second in range(5):
        lead, _, status, _ = next(picked)
        _history(
            world,
            next(world.history_ids),
            lead,
            f"2062-04-0{second + 1} 01:00:00",
            status,
            "対応中",
        )
    for second in range(7):
        lead, _, status, _ = next(picked)
        _history(
            world,
            next(world.history_ids),
            lead,
            f"2019-12-0{second + 1} 01:00:00",
            status,
            "対応中",
        )
    for number in range(9):
        purged = salesforce_id("00Q", 9_000_000 + number)
        _history(
            world,
            next(world.history_ids),
            purged,
            seconds_text(END - (number + 3) * DAY),
            "新規",
            "対応中",
        )
    for _ in range(3):
        lead, created, status, _ = next(picked)
        _history(world, "", lead, seconds_text(created + 60), status, "対応中")
    world.facts["unparsable times"] += len(UNPARSABLE)
    world.facts["times in the future"] += 5
    world.facts["times before the first record"] += 7
    world.facts["history rows of purged leads"] += 9
    world.facts["history rows without an id"] += 3


def _unmapped_statuses(world: World) -> None:
    """A value an administrator added to the picklist, mapped nowhere."""
    count = 0
    for lead, _, status, changed in world.specimens:
        if count == 14:
            break
        if status in WORKING and changed + 2 * DAY < END:
            count += 1
            when = seconds_text(changed + DAY)
            new = "保留" if count % 3 else "Parking Lot"
            _history(world, next(world.history_ids), lead, when, status, new)
            _history(
                world,
                next(world.history_ids),
                lead,
                seconds_text(changed + 2 * DAY),
                new,
                status,
            )
    world.facts["unmapped statuses"] += count


def _task_rows(world: World) -> None:
    table = world.table("salesforce", "task")
    rep = USERS["Inside Sales East"][0]
    for number in range(14):
        lead = world.specimens[number * 5][0]
        is_purged = number < 12
        when = seconds_text(END - (number + 2) * DAY - 5 * 3_600)
        table.add_row(
            id=next(world.task_ids) if is_purged else "",
            who_id=(salesforce_id("00Q", 9_000_000 + number) if is_purged else lead),
            owner_id=rep.id,
            subject="架電",
            type="Call",
            task_subtype="Call",
            status="Completed",
            is_closed="true",
            activity_date=when[:10],
            completed_date_time=when,
            created_by_id=rep.id,
            created_date=when,
            is_deleted="false",
            last_modified_date=when,
            _fivetran_synced=synced_text(END - DAY),
        )
    world.facts["tasks of purged leads"] += 12
    world.facts["tasks without an id"] += 2


def _other_rows(world: World) -> None:
    members = world.table("salesforce", "campaign_member")
    for number in range(6):
        when = seconds_text(END - (number + 4) * DAY)
        members.add_row(
            id=next(world.member_ids),
            campaign_id=BY_KEY["google_generic"].id,
            lead_id=salesforce_id("00Q", 9_000_000 + number),
            status="Responded",
            has_responded="true",
            first_responded_date=when[:10],
            created_date=when,
            is_deleted="false",
            last_modified_date=when,
            _fivetran_synced=synced_text(END - DAY),
        )
    world.facts["campaign members of purged leads"] += 6
    for number in range(8):
        gone = str(900_100 + number)
        world.marketo_activity(
            "activity_change_score",
            gone,
            END - (number + 2) * DAY,
            22,
            "60,Lead Score,+40,80,120,Behaviour score",
        )
    world.facts["scores of purged marketo leads"] += 8
    world.table("salesforce", "lead").add_row(
        created_date=seconds_text(END - 40 * DAY),
        created_by_id=INTEGRATION.id,
        owner_id=MARKETERS[0].id,
        last_name="不明",
        name="不明",
        company="不明",
        status="新規",
        is_converted="false",
        is_deleted="false",
        last_modified_date=seconds_text(END - 40 * DAY),
        _fivetran_synced=synced_text(END - 40 * DAY),
    )
    world.facts["leads without an id"] += 1


def _duplicates(world: World) -> None:
    """The same row twice, as an at-least-once loader delivers it."""
    for name in ("lead_history", "task", "campaign_member", "lead"):
        table = world.table("salesforce", name)
        for line in list(table.kept[:200]):
            table.add(line)
            world.facts[f"rows delivered twice: {name}"] += 1
    table = world.table("marketo", "activity_change_score")
    for line in list(table.kept[:200]):
        table.add(line)
        world.facts["rows delivered twice: activity_change_score"] += 1
