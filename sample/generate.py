"""Makes the sample: `python -m sample.generate [--leads N] [--out FOLDER]`.

The same leads and seed give the same rows on any machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample.clock import seconds_text, synced_text, tokyo_date_text
from sample.company import CAMPAIGNS, END, MARKETERS, ROLES, START, USERS
from sample.dice import Dice
from sample.faults import write_faults
from sample.people import World, write_people
from sample.spend import write_ledger, write_reports

ROOT = Path(__file__).resolve().parent.parent
LEADS = 20_000
SEED = 20_250_401


def write_company(world: World) -> None:
    synced = synced_text(END)
    roles = world.table("salesforce", "user_role")
    for number, role in enumerate(ROLES.values()):
        roles.add_row(
            id=role.id,
            name=role.name,
            developer_name=f"Role_{number + 1}",
            _fivetran_deleted="false",
            _fivetran_synced=synced,
        )
    users = world.table("salesforce", "user")
    number = 0
    for members in USERS.values():
        for user in members:
            number += 1
            users.add_row(
                id=user.id,
                name=user.name,
                email=f"user{number:02d}@saas.example.co.jp",
                is_active="true" if user.is_active else "false",
                user_role_id=user.role.id,
                department=user.role.name,
                time_zone_sid_key="Asia/Tokyo",
                _fivetran_deleted="false",
                _fivetran_synced=synced,
            )
    campaigns = world.table("salesforce", "campaign")
    programs = world.table("marketo", "program")
    for campaign in CAMPAIGNS:
        starts = tokyo_date_text(campaign.starts)
        ends = "" if campaign.ends == END else tokyo_date_text(campaign.ends)
        status = "In Progress" if campaign.ends >= END else "Completed"
        created = seconds_text(campaign.starts - 864_000)
        if campaign.kind == "salesforce":
            campaigns.add_row(
                id=campaign.id,
                name=campaign.name,
                type=campaign.sf_type,
                status=status,
                start_date=starts,
                end_date=ends,
                is_active="true" if campaign.ends >= END else "false",
                owner_id=MARKETERS[0].id,
                created_date=created,
                last_modified_date=created,
                is_deleted="false",
                _fivetran_synced=synced,
            )
        elif campaign.kind == "marketo":
            is_webinar = campaign.channel == "webinar"
            programs.add_row(
                id=campaign.id,
                name=campaign.name,
                type="event with webinar" if is_webinar else "default",
                channel="Webinar" if is_webinar else "Content",
                status="",
                start_date=starts,
                end_date=ends,
                created_at=f"{created} UTC",
                updated_at=f"{created} UTC",
                workspace="Default",
                _fivetran_deleted="false",
            )


def generate(folder: Path, leads: int = LEADS, seed: int = SEED) -> dict[str, int]:
    """Write the sample into a folder and say what was planted in it."""
    if leads < 2_000:
        raise SystemExit("The sample needs at least 2,000 leads.")
    world = World(folder, leads, seed, ROOT / "seeds" / "holidays.csv")
    write_company(world)
    write_people(world, leads)
    write_faults(world)
    scale = leads / LEADS
    write_reports(Dice(seed + 1), world.table("ads", "campaign_report"), scale)
    write_ledger(Dice(seed + 2), world.table("ledger", "cost"), scale)
    world.close()
    rows = {
        f"rows: {system} {name}": table.rows
        for (system, name), table in world.tables.items()
    }
    return {**dict(sorted(world.facts.items())), **rows}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sample.generate",
        description="Make the sample company's exports.",
    )
    parser.add_argument("--leads", type=int, default=LEADS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=ROOT / "sample" / "landing")
    given = parser.parse_args()
    facts = generate(given.out, given.leads, given.seed)
    print(f"{given.leads:,} leads from {seconds_text(START)} UTC in {given.out}")
    for name, count in facts.items():
        print(f"{count:>10,}  {name}")


if __name__ == "__main__":
    main()
