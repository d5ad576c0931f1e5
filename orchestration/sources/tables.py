"""The raw tables that are read: one entry each, with what it is for.

A table is known by its canonical name; exports may call it by a loader's own
spelling (Airbyte's `activities_change_score`, Salesforce's `LeadHistory`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Needed:
    """A column that a table cannot do without, under any of these names."""

    names: tuple[str, ...]
    purpose: str

    def found_in(self, columns: object) -> bool:
        present = {plain(column) for column in columns}  # type: ignore[attr-defined]
        return any(plain(name) in present for name in self.names)


@dataclass(frozen=True)
class RawTable:
    """One raw table of one system."""

    system: str
    name: str
    purpose: str
    needed: tuple[Needed, ...] = ()
    is_required: bool = False
    """Without it the system cannot be read at all."""
    spellings: tuple[str, ...] = ()
    """Names that are neither the canonical one nor a plural of it."""


def plain(name: str) -> str:
    """The name without case, underscores and a loader's prefix."""
    lowered = re.sub(r"^propert(y|ies)_", "", name.strip().lower())
    return re.sub(r"[\W_]+", "", lowered)


def _needs(purpose: str, *names: str) -> Needed:
    return Needed(names, purpose)


_KEY = "to tell its rows apart"
_LEAD = "to know which lead a row is about"
_WHEN = "to know when it happened"

_ACTIVITY = (
    _needs(_KEY, "id", "marketo_guid"),
    _needs(_LEAD, "lead_id"),
    _needs(_WHEN, "activity_date"),
)


def _marketo_activity(
    name: str, purpose: str, needed: tuple[Needed, ...] = _ACTIVITY
) -> RawTable:
    return RawTable("marketo", f"activity_{name}", purpose, needed)


RAW_TABLES: tuple[RawTable, ...] = (
    RawTable(
        "generic",
        "lead",
        "the leads themselves",
        (
            _needs("to tell the leads apart", "lead_id"),
            _needs("to know when a lead first was one", "created_at"),
        ),
        is_required=True,
    ),
    RawTable("generic", "lead_status_history", "changes of status and owner"),
    RawTable("generic", "touch", "contacts of a lead with a campaign"),
    RawTable("generic", "sales_activity", "what sales did with a lead"),
    RawTable("generic", "score_change", "changes of a lead's score"),
    RawTable("generic", "opportunity", "deals"),
    RawTable("generic", "campaign", "campaigns"),
    RawTable("generic", "user", "the people of marketing and sales"),
    RawTable(
        "salesforce",
        "lead",
        "the leads themselves",
        (
            _needs("to tell the leads apart", "id"),
            _needs("to know when a lead first was one", "created_date"),
        ),
        is_required=True,
    ),
    RawTable(
        "salesforce",
        "lead_history",
        "changes of status and owner",
        (
            _needs(_LEAD, "lead_id"),
            _needs("to know which field changed", "field"),
            _needs(_WHEN, "created_date"),
        ),
    ),
    RawTable(
        "salesforce",
        "contact",
        "what leads are converted to",
        (_needs(_KEY, "id"),),
    ),
    RawTable("salesforce", "account", "companies", (_needs(_KEY, "id"),)),
    RawTable("salesforce", "campaign", "campaigns", (_needs(_KEY, "id"),)),
    RawTable(
        "salesforce",
        "campaign_member",
        "contacts of a lead with a campaign",
        (_needs(_KEY, "id"), _needs("to know the campaign", "campaign_id")),
    ),
    RawTable("salesforce", "opportunity", "deals", (_needs(_KEY, "id"),)),
    RawTable("salesforce", "opportunity_history", "changes of a deal's stage"),
    RawTable(
        "salesforce",
        "opportunity_field_history",
        "changes of a deal's fields",
        (_needs("to know which deal changed", "opportunity_id"),),
    ),
    RawTable("salesforce", "task", "what sales did", (_needs(_KEY, "id"),)),
    RawTable("salesforce", "event", "meetings of sales", (_needs(_KEY, "id"),)),
    RawTable(
        "salesforce",
        "user",
        "the people of marketing and sales",
        (_needs(_KEY, "id"),),
    ),
    RawTable(
        "salesforce", "user_role", "what the users' roles are", (_needs(_KEY, "id"),)
    ),
    RawTable(
        "marketo",
        "lead",
        "the leads themselves",
        (
            _needs("to tell the leads apart", "id"),
            _needs("to know when a lead first was one", "created_at"),
        ),
        is_required=True,
    ),
    RawTable("marketo", "program", "programs (campaigns)", (_needs(_KEY, "id"),)),
    RawTable(
        "marketo",
        "program_membership",
        "contacts of a lead with a program",
        spellings=("program_member", "lead_program_membership"),
    ),
    _marketo_activity("new_lead", "leads that appeared"),
    _marketo_activity("fill_out_form", "forms that a lead filled out"),
    _marketo_activity("change_data_value", "changes of a lead's fields"),
    _marketo_activity("change_score", "changes of a lead's score"),
    _marketo_activity(
        "change_status_in_progression", "progress of a lead in a program"
    ),
    _marketo_activity(
        "merge_leads",
        "merges of leads",
        _ACTIVITY[:2],
    ),
    RawTable("marketo", "merged_lead", "which lead was merged into which"),
    _marketo_activity("delete_lead", "leads that were deleted", _ACTIVITY[:2]),
    RawTable(
        "ads",
        "campaign_report",
        "what ad campaigns cost each day",
        (
            _needs("to know the day of a cost", "date_day", "date"),
            _needs("to know what was spent", "spend", "cost"),
        ),
    ),
    RawTable(
        "ads",
        "google_ads_campaign_stats",
        "what Google Ads cost each day, in millionths",
        (
            _needs("to know the day of a cost", "date"),
            _needs("to know what was spent", "cost_micros"),
        ),
        spellings=("google_campaign_stats", "google_ads_campaign_stat"),
    ),
    RawTable(
        "ads",
        "google_ads_account_history",
        "the currencies of Google Ads accounts",
        (_needs("to know which account a currency is of", "id"),),
        spellings=("google_account_history",),
    ),
    RawTable(
        "ads",
        "linkedin_ad_analytics_by_campaign",
        "what LinkedIn ads cost each day",
        (
            _needs("to know the day of a cost", "day"),
            _needs("to know what was spent", "cost_in_local_currency", "cost_in_usd"),
        ),
        spellings=("linkedin_ads_analytics_by_campaign",),
    ),
    RawTable(
        "ads",
        "linkedin_ad_campaign_history",
        "the accounts of LinkedIn campaigns",
        (_needs("to know which campaign is meant", "id"),),
        spellings=("linkedin_campaign_history",),
    ),
    RawTable(
        "ads",
        "linkedin_ad_account_history",
        "the currencies of LinkedIn accounts",
        (_needs("to know which account a currency is of", "id"),),
        spellings=("linkedin_account_history",),
    ),
    RawTable(
        "ads",
        "facebook_ads_basic_ad",
        "what Meta ads cost each day",
        (
            _needs("to know the day of a cost", "date"),
            _needs("to know what was spent", "spend"),
        ),
        spellings=("facebook_basic_ad", "meta_ads_basic_ad"),
    ),
    RawTable(
        "ads",
        "microsoft_ads_campaign_performance_daily_report",
        "what Microsoft Advertising cost each day",
        (
            _needs("to know the day of a cost", "date"),
            _needs("to know what was spent", "spend"),
        ),
        spellings=(
            "microsoft_ads_campaign_performance",
            "bing_ads_campaign_performance_daily_report",
        ),
    ),
    RawTable(
        "ledger",
        "cost",
        "costs from the ledger: events, people, tools",
        (
            _needs("to know the day of a cost", "cost_date"),
            _needs("to know what was spent", "amount"),
        ),
    ),
)

LOADED_SYSTEMS: tuple[str, ...] = tuple(
    dict.fromkeys(table.system for table in RAW_TABLES)
)


def tables_of(system: str) -> tuple[RawTable, ...]:
    return tuple(table for table in RAW_TABLES if table.system == system)


@cache
def _by_spelling() -> dict[tuple[str, str], RawTable]:
    found: dict[tuple[str, str], RawTable] = {}
    for table in RAW_TABLES:
        for name in (table.name, *table.spellings):
            for spelling in (
                name,
                f"{name}s",
                re.sub(r"y$", "ies", name),
                re.sub(r"^activity_", "activities_", name),
            ):
                found.setdefault((table.system, plain(spelling)), table)
    return found


def table_called(system: str, name: str) -> RawTable | None:
    """The table of a system that an export calls by this name."""
    return _by_spelling().get((system, plain(name)))
