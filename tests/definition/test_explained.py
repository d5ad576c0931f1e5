"""What cannot be in a definition is said of the file and the row, before a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from orchestration.definition.check import checked, looked_at
from orchestration.definition.problems import Problem
from orchestration.definition.versions import instant_of
from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from tests.commands import company
from tests.commands import test_seed_edits as seed_edits
from tests.definition.headings import (
    CALENDARS,
    LIMITS,
    MODELS,
    PERIODS,
    POLICIES,
    PROPOSALS,
    RATES,
    RULES,
    STAGES,
    STEPS,
    TARGETS,
    VERSIONS,
)
from tests.lifecycle.cases import SETTINGS
from tests.reference import generate

LONG = "x" * 10_000


@dataclass(frozen=True)
class Case:
    """A definition that cannot be so, or is odd."""

    file: str
    lines: tuple[str, ...]
    """The first names the columns."""
    said: str
    """A part of the sentence; `{here}` in front means: of the row with this line."""
    line: int | None = 2
    is_error: bool = True
    more: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vars: dict[str, str] = field(default_factory=dict)


def weekday_holidays(year: int) -> tuple[str, ...]:
    return (
        "calendar_id,holiday_date",
        *(
            f"shop,{year}-{month:02}-{day:02}"
            for month in range(1, 13)
            for day in range(1, 32)
            if day <= (28 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)
        ),
    )


A_SHOP = (CALENDARS, *(f"shop,Asia/Tokyo,{day},09:00,17:00" for day in range(1, 8)))

CASES = {
    # SLAs.
    "an SLA of no hours": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,0,japan,30,true"),
        "sla_business_hours is 0, but must be above 0.",
    ),
    "a negative SLA": Case(
        "sla_policies.add.csv",
        (POLICIES, "v1,team,East,-4,japan,30,true"),
        "sla_business_hours is -4, but must be above 0.",
    ),
    "an SLA that no calendar reaches": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,10000,japan,30,true"),
        # 10,000 / 45 = 222.2
        'sla_business_hours is 10000, which are 222 weeks of the calendar "japan" '
        "(45 hours a week): at most 150 weeks can be waited for.",
    ),
    "an SLA of many hours": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,2000,japan,30,true"),
        "sla_business_hours is 2000, which is more than 1,000: look whether that is",
        is_error=False,
    ),
    "negative days to be pending": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,18,japan,-1,true"),
        "max_pending_days is -1, but must be above 0.",
    ),
    "an SLA without a calendar": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,18,,30,true"),
        "calendar_id is blank, but is needed: name a row of business_calendars.",
    ),
    "an SLA by an unknown calendar": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,,18,tokio,30,true"),
        'calendar_id is "tokio", which business_calendars does not name. It names '
        "japan: correct the value, or add a row to business_calendars.add.csv",
    ),
    "an SLA of an unknown version": Case(
        "sla_policies.add.csv",
        (POLICIES, "v9,default,,18,japan,30,true"),
        'definition_version is "v9"',
    ),
    "an SLA for a team without a name": Case(
        "sla_policies.add.csv",
        (POLICIES, "v1,team,,9,japan,30,true"),
        "match_value is blank: name the team that the SLA is for.",
    ),
    "a default SLA for somebody": Case(
        "sla_policies.csv",
        (POLICIES, "v1,default,East,9,japan,30,true"),
        'match_value is "East", but the default is for everybody else',
    ),
    "two SLAs for one team": Case(
        "sla_policies.add.csv",
        (
            POLICIES,
            "v1,team,East,9,japan,30,true",
            "v1,Team,Ｅast,4,japan,30,true",
        ),
        "It has the same definition_version, match_on and match_value as line 2 of "
        "sla_policies.add.csv in DEFINITION",
        line=3,
    ),
    "a second default SLA": Case(
        "sla_policies.add.csv",
        (POLICIES, "v1,default,,9,japan,30,true"),
        "as line 2 of seeds/sla_policies.csv (v1,default,,18,japan,30,true): keep one "
        "of the two; to change a row that ships, put the whole seed into "
        "sla_policies.csv, which takes its place.",
    ),
    "no SLA at all": Case(
        "sla_policies.csv",
        (POLICIES,),
        "There is no row at all: no hand-off would ever be due.",
        line=None,
    ),
    # Versions.
    "circular based_on": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "a,2026-01-01,b,explicit,", "b,2026-02-01,a,explicit,"),
        '"a" is based on itself, or on more than 20 versions one after another '
        "(a → b → a → b …): mend based_on.",
    ),
    "based on what is not there": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v0,explicit,"),
        'based_on is "v0", which funnel_versions does not name.',
    ),
    "two versions from one day": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-04-01,v1,explicit,", "v3,2026-03-31T15:00Z,v1,explicit,"),
        # Midnight in Tokyo.
        '"v3" is in force from 2026-03-31T15:00Z, and so is "v2" (line 2 of '
        "funnel_versions.add.csv in DEFINITION): give one of them another day",
        line=3,
    ),
    "no version is ever in force": Case(
        "funnel_versions.csv",
        (VERSIONS, "v1,,,explicit,"),
        "No version has an effective_from, so none is ever in force: give one "
        "1970-01-01, or name one in the var funnel_version.",
        line=None,
    ),
    "a version from no day": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,next spring,v1,explicit,"),
        'effective_from is "next spring", but must be a day such as 2026-04-01',
    ),
    "an unknown way of handing over": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v1,explizit,"),
        "handoff_mode is \"explizit\" (did you mean 'explicit'?), but must be explicit "
        "or mql.",
    ),
    "a role that nobody has accepts": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v1,explicit,closer+field_sales"),
        'acceptance_roles names "closer", which is not a role of sales_roles: write '
        "adr, inside_sales and field_sales, with + between them.",
    ),
    "a role that accepts twice": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v1,explicit,adr+ Ａdr"),
        'acceptance_roles names "adr" more than once',
    ),
    "a role between two signs": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v1,explicit,adr+"),
        "acceptance_roles names blank, which is not a role of sales_roles",
    ),
    "more roles than are read": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,v1,explicit," + "+".join(f"r{n}" for n in range(11))),
        "acceptance_roles names 11 roles, and at most 10 are read",
    ),
    "a version without rules": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,,explicit,"),
        '"v2" has no stage rule of its own and inherits none, so its funnel is empty',
    ),
    "a version without an SLA": Case(
        "funnel_versions.add.csv",
        (VERSIONS, "v2,2026-01-01,,explicit,"),
        '"v2" has no SLA of its own and inherits none: add a row with match_on '
        "default to seeds/sla_policies.csv, or name in based_on",
    ),
    # Calendars.
    "a calendar that opens on no weekday": Case(
        "business_calendars.add.csv",
        (CALENDARS, "shop,Asia/Tokyo,8,09:00,17:00"),
        "weekday is 8, but must be at most 7.",
    ),
    "an opening at no time": Case(
        "business_calendars.add.csv",
        (CALENDARS, "shop,Asia/Tokyo,1,9am,17:00"),
        'opens_at is "9am", but must be a time of day such as 09:00',
    ),
    "a time zone that is none": Case(
        "business_calendars.add.csv",
        (CALENDARS, "shop,Asia/Tokio,1,09:00,17:00"),
        "timezone is \"Asia/Tokio\" (did you mean 'Asia/Tokyo'?), but must be an IANA",
    ),
    "openings that overlap": Case(
        "business_calendars.add.csv",
        (CALENDARS, "shop,Asia/Tokyo,1,09:00,17:00", "shop,Asia/Tokyo,1,16:00,18:00"),
        'The calendar "shop" is open then already: 09:00 to 17:00 on weekday 1 (line 2',
        line=3,
    ),
    "a Sunday night that overlaps Monday": Case(
        "business_calendars.add.csv",
        (CALENDARS, "shop,Asia/Tokyo,1,01:00,05:00", "shop,Asia/Tokyo,7,22:00,02:00"),
        "22:00 to 02:00 on weekday 7 (line 3 of business_calendars.add.csv in DEFI",
    ),
    "no calendar": Case(
        "business_calendars.csv",
        (CALENDARS,),
        "There is no row at all: no SLA could run by any hours.",
        line=None,
    ),
    "a holiday on every day": Case(
        "holidays.add.csv",
        weekday_holidays(2027),
        'With its 365 holidays the calendar "shop" does not open on any day of 2027, '
        "so no SLA would ever be over",
        more={"business_calendars.add.csv": A_SHOP},
    ),
    "a holiday of no calendar": Case(
        "holidays.add.csv",
        ("calendar_id,holiday_date", "tokyoo,2026-05-01"),
        'calendar_id is "tokyoo", which business_calendars does not name.',
    ),
    "a holiday on no day": Case(
        "holidays.add.csv",
        ("calendar_id,holiday_date", "japan,2026-02-30"),
        'holiday_date is "2026-02-30", but must be a date such as 2026-04-01.',
    ),
    "a holiday twice": Case(
        "holidays.add.csv",
        ("calendar_id,holiday_date", "japan,2010-01-01"),
        "It has the same calendar_id and holiday_date as line 2 of seeds/holidays.csv",
    ),
    # Rules.
    "no rules at all": Case(
        "stage_rules.csv",
        (RULES,),
        "There is no row at all: no value of any system would mean a stage, and the "
        "funnel would be empty.",
        line=None,
    ),
    "a rule to an unknown stage": Case(
        "stage_rules.add.csv",
        (RULES, "v1,generic,lead,status,equals,Demo held,demo"),
        'stage is "demo", which stages does not name.',
    ),
    "an unknown operator": Case(
        "stage_rules.add.csv",
        (RULES, "v1,generic,lead,status,equal,Demo held,sql"),
        "operator is \"equal\" (did you mean 'equals'?), but must be equals, crosses",
    ),
    "a rule of an unknown system": Case(
        "stage_rules.add.csv",
        (RULES, "v1,salesfroce,lead,status,equals,Demo held,sql"),
        "source is \"salesfroce\" (did you mean 'salesforce'?), but must be a system",
    ),
    "a rule that contradicts another": Case(
        "stage_rules.add.csv",
        (RULES, "v1,salesforce,lead,Status,equals,WORKING,tal"),
        'It says that Status equals "WORKING" is tal, and line ',
    ),
    "a rule that says a second stage": Case(
        "stage_rules.add.csv",
        (RULES, "v1,salesforce,lead,status,equals,Qualified,sal"),
        "that it is sql: each such row counts as both. Keep one of them, unless that",
        is_error=False,
    ),
    "a rule of any system that says the same": Case(
        "stage_rules.add.csv",
        (RULES, "v1,*,lead,status,equals,mql,mql"),
        'says the same already (status equals "mql" is mql): keep one of them.',
        is_error=False,
    ),
    "a rule that is there in another case": Case(
        "stage_rules.add.csv",
        (RULES, "v1,generic,lead,status,equals,MQL,mql"),
        'says the same already (status equals "MQL" is mql): keep one of them.',
        is_error=False,
    ),
    "a rule twice": Case(
        "stage_rules.add.csv",
        (RULES, *["v1,generic,lead,status,equals,Demo held,sql"] * 2),
        "line 2 of stage_rules.add.csv in DEFINITION says the same already (status "
        'equals "Demo held" is sql): keep one of them.',
        line=3,
    ),
    "a threshold that is no number": Case(
        "stage_rules.add.csv",
        (RULES, "v1,marketo,lead,score,crosses,hot,mql"),
        'value is "hot", but must be a number that score crosses.',
    ),
    "a rule that equals nothing": Case(
        "stage_rules.add.csv",
        (RULES, "v1,generic,lead,status,equals,,sql"),
        "value is blank, so nothing equals it",
    ),
    "a rule that exists with a value": Case(
        "stage_rules.add.csv",
        (RULES, "v1,generic,touch,type,exists,webinar,inquiry"),
        'value is "webinar", but the operator exists compares with nothing',
    ),
    "rules that lead to no hand-off": Case(
        "stage_rules.csv",
        (RULES, "v1,generic,lead,status,equals,New,inquiry"),
        "No rule leads to mql, handed_off, tal, sal, sql, rejected, recycled and "
        "disqualified, so nobody reaches them",
        line=None,
        is_error=False,
    ),
    # Stages and steps.
    "a stage that nothing leads to": Case(
        "stages.add.csv",
        (STAGES, "demo,100,exit,Demo,デモ"),
        'No rule of stage_rules leads to "demo", so nobody reaches it: add a row to '
        "seeds/stage_rules.csv, or take the stage out.",
        is_error=False,
    ),
    "a stage without steps": Case(
        "stages.add.csv",
        (STAGES, "demo,100,exit,Demo,デモ"),
        "stage_transitions does not say what the steps handed_off to demo, inquiry to "
        "demo, mql to demo, opportunity to demo, sal to demo and 2 more are",
        is_error=False,
    ),
    "a stage twice": Case(
        "stages.add.csv",
        (STAGES, "mql,100,exit,MQL,MQL"),
        "It has the same stage as line 3 of seeds/stages.csv",
    ),
    "two stages of one rank": Case(
        "stages.add.csv",
        (STAGES, "demo,2,marker,Demo,デモ"),
        "It has the same rank as line 3 of seeds/stages.csv",
    ),
    "an exit before a stage": Case(
        "stages.csv",
        (STAGES, "lost,1,exit,,", "mql,2,marker,,"),
        'The exit "lost" has the rank 1, but exits come after the other stages: give '
        "it one above 2, which mql has.",
    ),
    "a stage of an unknown kind": Case(
        "stages.add.csv",
        (STAGES, "demo,100,exits,Demo,デモ"),
        "kind is \"exits\" (did you mean 'exit'?), but must be marker, progress, exit",
    ),
    "a stage that rules cannot find": Case(
        "stages.add.csv",
        (STAGES, "Demo,100,exit,Demo,デモ"),
        'stage is "Demo", which rules would never find: write it in lower case and '
        'without wide letters ("demo").',
    ),
    "a rank that is no number": Case(
        "stages.add.csv",
        (STAGES, "demo,last,exit,Demo,デモ"),
        'rank is "last", but must be a whole number.',
    ),
    "no stages": Case(
        "stages.csv",
        (STAGES,),
        "There is no row at all: nobody could be anywhere.",
        line=None,
    ),
    "a step between stages that are none": Case(
        "stage_transitions.add.csv",
        (STEPS, "mql,demo,expected"),
        'to_stage is "demo", which stages does not name.',
    ),
    "a step after an exit": Case(
        "stage_transitions.add.csv",
        (STEPS, "won,mql,expected"),
        'It begins with "won", which is an exit of stages and ends a lifecycle',
    ),
    "a step to no stage": Case(
        "stage_transitions.add.csv",
        (STEPS, "mql,none,expected"),
        '"none" is no stage that anybody is in: take the row out.',
    ),
    "a repeated step between two stages": Case(
        "stage_transitions.csv",
        (STEPS, "mql,sal,repeated"),
        "mql and sal are two stages, so the step is not repeated",
    ),
    "a backward step that goes on": Case(
        "stage_transitions.csv",
        (STEPS, "mql,sal,backward"),
        "sal comes after mql by the ranks of stages (5 after 2), so the step is not "
        "backward",
    ),
    "an expected step back": Case(
        "stage_transitions.csv",
        (STEPS, "sal,mql,expected"),
        "mql comes before sal by the ranks of stages (2 before 5), and the step is "
        "expected: write backward, unless that is meant.",
        is_error=False,
    ),
    "a verdict that is none": Case(
        "stage_transitions.csv",
        (STEPS, "sal,sql,allowed"),
        'verdict is "allowed", but must be expected, skipped, repeated, backward or',
    ),
    # Money and targets.
    "a rate of 0": Case(
        "fx_rates.add.csv",
        (RATES, "2026-01-01,EUR,0,JPY"),
        "rate is 0, but must be above 0.",
    ),
    "a rate that is no number": Case(
        "fx_rates.add.csv",
        (RATES, '2026-01-01,EUR,"162,5",JPY'),
        'rate is "162,5", but must be a number, with at most 10 digits before the',
    ),
    "a rate of no currency": Case(
        "fx_rates.add.csv",
        (RATES, "2026-01-01,Euro,162,JPY"),
        'currency is "Euro", but must be the three letters of a currency',
    ),
    "shares that are more than one": Case(
        "attribution_models.add.csv",
        (MODELS, "half,position_based,0.6,0.6,,"),
        "first_share and last_share are 1.2 together, but an accepted lead is one",
    ),
    "shares that are missing": Case(
        "attribution_models.add.csv",
        (MODELS, "half,position_based,0.6,,,"),
        "position_based needs first_share and last_share, such as 0.4 and 0.4.",
    ),
    "a decay without a half-life": Case(
        "attribution_models.add.csv",
        (MODELS, "slow,time_decay,,,,"),
        "time_decay needs half_life_days above 0",
    ),
    "an unknown way to attribute": Case(
        "attribution_models.add.csv",
        (MODELS, "new,u_shaped,,,,"),
        'method is "u_shaped", but must be first_touch, last_touch, linear',
    ),
    "an account that is spread by nothing": Case(
        "cost_allocation_rules.add.csv",
        ("account,rule", "rent,by_leads"),
        'rule is "by_leads"',
    ),
    "a mapping of nothing": Case(
        "campaign_mappings.add.csv",
        ("platform,match_on,value,campaign_id", "google,name,Spring,C1"),
        'match_on is "name"',
    ),
    "spend that counts somehow": Case(
        "spend_sources.csv",
        ("source,counts", "ads,sometimes"),
        'counts is "sometimes"',
    ),
    "a target of an unknown metric": Case(
        "kpi_targets.add.csv",
        (TARGETS, "sal_rat,all,,2026-04-01,0.5"),
        "metric is \"sal_rat\" (did you mean 'sal_rate'?), but must be sal_rate",
    ),
    "a target of an unknown dimension": Case(
        "kpi_targets.add.csv",
        (TARGETS, "sal_rate,region,East,2026-04-01,0.5"),
        'dimension is "region", but must be all, channel, campaign, team, owner or def',
    ),
    "a target of a team without a name": Case(
        "kpi_targets.add.csv",
        (TARGETS, "sal_rate,team,,2026-04-01,0.5"),
        "dimension_value is blank: say which team the target is for.",
    ),
    "a target that no rate can be": Case(
        "kpi_targets.add.csv",
        (TARGETS, "sal_rate,team,East,2026-04-01,50"),
        "The target of sal_rate is 50, but a rate is between 0 and 1: write 0.5",
    ),
    "a target without a day": Case(
        "kpi_targets.add.csv",
        (TARGETS, "accepted,all,,,300"),
        "effective_from is blank, but is needed",
    ),
    "periods that overlap": Case(
        "fiscal_periods.add.csv",
        (
            PERIODS,
            "P1,2026-01-01,2026-01-31,2026,1,1",
            "P2,2026-01-31,2026-02-28,2026,1,2",
        ),
        '"P2" begins on 2026-01-31, but "P1" (line 2) lasts until 2026-01-31',
        line=3,
    ),
    "periods that leave days out": Case(
        "fiscal_periods.add.csv",
        (
            PERIODS,
            "P1,2026-01-01,2026-01-31,2026,1,1",
            "P2,2026-02-02,2026-02-28,2026,1,2",
        ),
        '"P2" begins on 2026-02-02, but "P1" (line 2) ends on 2026-01-31: the days',
        line=3,
    ),
    "a period that ends before it begins": Case(
        "fiscal_periods.add.csv",
        (PERIODS, "P1,2026-01-31,2026-01-01,2026,1,1"),
        '"P1" ends on 2026-01-01, before it begins on 2026-01-31',
    ),
    "two bands from one score": Case(
        "score_bands.csv",
        ("score_band,lower_bound", "cold,", "warm,50", "hot,50.0"),
        '"hot" has the lower_bound 50, and so has "warm" (line 3 of score_bands.csv',
        line=4,
    ),
    "a score that is no number": Case(
        "score_bands.csv",
        ("score_band,lower_bound", "cold,", "hot,NaN"),
        'lower_bound is "NaN", but must be a number.',
        line=3,
    ),
    "age bands that leave the youngest out": Case(
        "age_bands.csv",
        ("age_band,from_business_hours", "old,4"),
        "The first age band must begin with 0",
    ),
    "a limit of an unknown rule": Case(
        "quarantine_limits.add.csv",
        (LIMITS, ",,unmaped_status,0.1,20,They are new.,"),
        "rule is \"unmaped_status\" (did you mean 'unmapped_status'?)",
    ),
    "a negative limit": Case(
        "quarantine_limits.add.csv",
        (LIMITS, ",,any,-0.1,20,We want none.,2027-01-01"),
        "max_share is -0.1, but must be at least 0.",
    ),
    "a limit without a reason": Case(
        "quarantine_limits.add.csv",
        (LIMITS, ",,any,0.6,20,,2027-01-01"),
        "reason is blank, but is needed",
    ),
    "proposals of nobody else": Case(
        "acceptance_proposals.csv",
        (PROPOSALS, "team,West,0.5"),
        "No row has the match_on default",
        line=None,
    ),
    "a proposal that is sure": Case(
        "acceptance_proposals.add.csv",
        (PROPOSALS, "team,West,1.5"),
        "least_probability is 1.5, but must be at most 1.",
    ),
    # Files.
    "an empty file": Case(
        "stage_rules.add.csv",
        (),
        "The file is empty: its first line must name columns of stage_rules (defin",
        line=None,
    ),
    "a column that is none": Case(
        "stage_rules.add.csv",
        (RULES + ",comment", "v1,generic,lead,status,equals,Demo held,sql,ours"),
        "The first line has the unknown column 'comment'.",
        line=None,
    ),
    "a column twice": Case(
        "holidays.add.csv",
        ("calendar_id,holiday_date,Calendar ID", "japan,2027-01-04,japan"),
        "The first line names the column calendar_id twice: keep one.",
        line=None,
    ),
    "more values than columns": Case(
        "channels.add.csv",
        ("source_value,channel", "Fair, big,trade_show"),
        "There are 3 values on line 2, but the first line names 2 columns: put a value "
        "with commas in double quotes.",
    ),
    "a name of 10,000 characters": Case(
        "channels.add.csv",
        ("source_value,channel", f"{LONG},trade_show"),
        "The value of source_value has 10,000 characters, and at most 2,000 are read",
    ),
    "a source of two channels": Case(
        "channels.add.csv",
        ("source_value,channel", "google ads,paid_social"),
        "It has the same source_value as line 7 of seeds/channels.csv (Google "
        "Ads,paid_search): keep one of the two",
    ),
    "a value over two lines": Case(
        "shared_mailboxes.add.csv",
        ("local_part", '"team\nmail"', "info"),
        "It has the same local_part as line 2 of seeds/shared_mailboxes.csv",
        line=4,
    ),
}


def found_in(landing: Path, tmp_path: Path, case: Case) -> list[Problem]:
    folder = tmp_path / "definition"
    folder.mkdir()
    for name, lines in {case.file: case.lines, **case.more}.items():
        text = "".join(f"{line}\n" for line in lines)
        (folder / name).write_text(text, encoding="utf-8")
    own = Project.from_environment(
        {}, landing=landing, out=tmp_path / "out", definition=folder, vars=case.vars
    )
    return looked_at(own)[1].found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_names_the_file_the_row_and_what_to_do(
    landing: Path, tmp_path: Path, case: Case
) -> None:
    found = found_in(landing, tmp_path, case)
    where = f"{case.file} in DEFINITION"
    if case.line is not None:
        where += f", line {case.line}"
    said = [each for each in found if case.said in each.sentence]
    assert said, "\n".join(map(str, found)) or "nothing was found"
    assert {(each.place, each.is_error) for each in said} == {(where, case.is_error)}
    if case.line is not None and not any('"' in line for line in case.lines):
        row = case.lines[case.line - 1]
        assert said[0].text == row
        assert str(said[0]).startswith(f"{where} ({row[:100]}")
    assert len(str(said[0])) < 700


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 90


def test_all_that_is_wrong_is_one_error(landing: Path, tmp_path: Path) -> None:
    folder = tmp_path / "definition"
    folder.mkdir()
    (folder / "fx_rates.add.csv").write_text(f"{RATES}\n2026-01-01,EUR,0,JPY\n")
    (folder / "stage_rules.add.csv").write_text(
        f"{RULES}\nv1,generic,lead,status,equals,a,x\n"
        "v1,generic,lead,status,equals,b,\x1b[31mred\n"
    )
    own = Project.from_environment({}, out=tmp_path / "out", definition=folder)
    with pytest.raises(LeadFunnelError) as error:
        checked(own)
    first, *rest = str(error.value).splitlines()
    assert first == "The definition has 3 problems, so nothing was built:"
    assert [line.split(": ")[0] for line in rest] == [
        "- fx_rates.add.csv in DEFINITION, line 2 (2026-01-01,EUR,0,JPY)",
        "- stage_rules.add.csv in DEFINITION, line 2 "
        "(v1,generic,lead,status,equals,a,x)",
        "- stage_rules.add.csv in DEFINITION, line 3 "
        "(v1,generic,lead,status,equals,b, [31mred)",
    ]
    assert "\x1b" not in str(error.value)


def test_the_definition_that_ships_has_nothing_odd() -> None:
    definition, odd = checked(Project.from_environment({}))
    assert odd == []
    lines = [line for path in (ROOT / "seeds").glob("*.csv") for line in path.open()]
    # No value that ships has a line of its own: all but the headings are rows.
    read = sum(map(len, definition.rows.values()))
    assert read == len(lines) - len(definition.rows)


@pytest.mark.parametrize("seed", range(12))
def test_definitions_of_random_companies_pass(tmp_path: Path, seed: int) -> None:
    generate.write_definition(tmp_path, seed)
    _, odd = checked(Project.from_environment({}, definition=tmp_path))
    # Of what it may add, one rule gives a status a second stage.
    assert [each for each in odd if "counts as both" not in each.sentence] == []


WALK_THROUGHS = ["NINE_HOURS", "NEW_STATUS", "LOOKED_UP", "BOTH_CHECK"]


@pytest.mark.parametrize("name", WALK_THROUGHS)
def test_definitions_of_the_walk_throughs_pass(tmp_path: Path, name: str) -> None:
    folder = company.write_definition(
        tmp_path / "definition", **getattr(seed_edits, name)
    )
    checked(Project.from_environment({}, definition=folder))


@pytest.mark.parametrize("setting", SETTINGS)
def test_definitions_of_the_stories_pass(tmp_path: Path, setting: str) -> None:
    for name, text in SETTINGS[setting].definition.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    checked(
        Project.from_environment({}, definition=tmp_path, vars=SETTINGS[setting].vars)
    )


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-04-01", "2026-03-31T15:00"),
        ("2026/4/1 9:00", None),
        ("2026/4/1 09:00", "2026-04-01T00:00"),
        ("2026年4月1日", "2026-03-31T15:00"),
        ("2026-04-01 00:00:00 UTC", "2026-04-01T00:00"),
        ("2026-04-01T00:00:00Z", "2026-04-01T00:00"),
        ("2026-04-01T00:00:00+0900", "2026-03-31T15:00"),
        ("2026-02-30", None),
        ("9999-12-31T23:59-12:00", None),
    ],
)
def test_a_version_begins_at_a_day_or_an_instant(
    text: str, instant: str | None
) -> None:
    found = instant_of(text, "Asia/Tokyo")
    wanted = None if instant is None else datetime.fromisoformat(f"{instant}+00:00")
    assert found == wanted


@pytest.mark.parametrize("encoding", ["cp932", "utf-16", "utf-8-sig"])
def test_a_file_is_read_however_it_is_saved(tmp_path: Path, encoding: str) -> None:
    text = f"{RULES}\nv1,generic,lead,status,equals,商談中です,sql\n".replace(",", ";")
    (tmp_path / "stage_rules.add.csv").write_bytes(text.encode(encoding))
    definition, odd = checked(Project.from_environment({}, definition=tmp_path))
    assert odd == []
    [row] = definition.own["stage_rules.add.csv"]
    assert (row["value"], row.line) == ("商談中です", 2)


def test_metrics_and_dimensions_of_targets_are_those_of_the_marts() -> None:
    """A rate that the mart has may have a target, and so may what it is split by."""
    said = yaml.safe_load((ROOT / "models/definition/_definition.yml").read_text())
    [targets] = [m for m in said["models"] if m["name"] == "def_kpi_targets"]
    rules = {
        column["name"]: column["config"]["meta"]["rule"].get("one_of")
        for column in targets["columns"]
        if "config" in column
    }
    macros = (ROOT / "macros/shared_kpis.sql").read_text()
    names = macros.split("macro kpi_rates()")[1].split("endmacro")[0]
    rates = [line.split("'")[1] for line in names.splitlines() if "': {" in line]
    counts = macros.split("macro kpi_counts()")[1].split("[")[1].split("]")[0]
    assert rules["metric"] == rates + [name.strip(" '") for name in counts.split(",")]
    macros = (ROOT / "macros/funnel_dimensions.sql").read_text()
    names = macros.split("macro funnel_dimensions()")[1].split("endmacro")[0]
    assert rules["dimension"] == [
        line.split("'")[1] for line in names.splitlines() if "':" in line
    ]
