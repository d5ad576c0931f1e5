"""A run says what was advertised and finds no campaign: it would be nobody's cost,
and cost per accepted lead zero."""

from __future__ import annotations

import io
from decimal import Decimal

import duckdb
import pytest
from rich.console import Console

from orchestration.commands import what_was_read
from orchestration.commands.what_was_read import Campaign

LINES = {
    # id: platform, its campaign's id and name, the campaign found, how, amount.
    "listed": ("Google", "C1", "Brand", "C1", "id", 500),
    "of a lead": ("Google", "C2", "Expo", "C2", "none", 100),
    "of nobody": ("Google", "C3", "Lost", "C3", "none", 40),
    "of nobody, again": ("Google", "C3", "Lost", "C3", "none", 20),
    "by name": ("LinkedIn", None, "指名検索", None, None, 300),
    "mapped": ("LinkedIn", None, "Webinar", "C1", "mapping", 40),
    "of the ledger": (None, None, None, None, None, 9000),
}


@pytest.fixture
def built() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create schema marts; create schema intermediate")
    connection.execute(
        "create table intermediate.int_costs__matched (spend_id varchar, "
        "platform varchar, campaign_id varchar, campaign_name varchar)"
    )
    connection.execute(
        "create table marts.fct_spend (spend_id varchar, campaign_id varchar, "
        "campaign_match varchar, amount_reporting decimal(18, 2))"
    )
    connection.execute(
        "create table marts.fct_touches as select unnest(['C2', null]) as campaign_id"
    )
    for spend_id, (platform, given, name, found, match, amount) in LINES.items():
        connection.execute(
            "insert into intermediate.int_costs__matched values (?, ?, ?, ?)",
            [spend_id, platform, given, name],
        )
        connection.execute(
            "insert into marts.fct_spend values (?, ?, ?, ?)",
            [spend_id, found, match, amount],
        )
    return connection


def shown(campaigns: list[Campaign]) -> str:
    screen = Console(width=100, file=io.StringIO())
    what_was_read.show_campaigns_unknown(screen, campaigns, "JPY")
    return screen.file.getvalue()


def test_it_is_what_neither_a_lead_nor_a_list_has(built) -> None:
    found = what_was_read.campaigns_unknown(built, "")
    assert found == [
        Campaign("LinkedIn", "campaign_name", "指名検索", Decimal(300), Decimal(1000)),
        Campaign("Google", "campaign_id", "C3", Decimal(60), Decimal(1000)),
    ]
    assert shown(found).splitlines() == [
        "",
        "Spent on 2 campaigns that neither a lead nor a list of campaigns has: 360.00 "
        "JPY, 36% of advertising. So it is no lead's cost. Name the campaign that each "
        "is in campaign_mappings.add.csv in DEFINITION:",
        "  platform,match_on,value,campaign_id",
        "  LinkedIn,campaign_name,指名検索,<campaign>",
        "  Google,campaign_id,C3,<campaign>",
    ]


def test_nothing_is_said_where_every_campaign_is_found(built) -> None:
    built.execute("delete from marts.fct_spend where spend_id like '%nobody%'")
    built.execute("delete from marts.fct_spend where spend_id = 'by name'")
    assert what_was_read.campaigns_unknown(built, "") == []
    assert shown([]) == ""


def test_of_many_the_most_expensive_are_rows_to_paste() -> None:
    many = [
        Campaign("x", "campaign_id", f"a,{number}", Decimal(1), Decimal(20))
        for number in range(12)
    ]
    said = shown(many)
    assert said.count("<campaign>") == what_was_read.RULES_SHOWN
    assert '  x,campaign_id,"a,0",<campaign>' in said
    assert "… and 2 more: campaign_match of marts.fct_spend tells them." in said
    assert "60% of advertising" in said
