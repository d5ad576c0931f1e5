"""The page of a company that has nothing yet, and of one whose words are hostile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

from orchestration.project import Project
from orchestration.publication import publications
from orchestration.report import page as report_page
from orchestration.transformation import dbt_runner
from tests.report.opened import Opened

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

HOSTILE = "</script><script>window.wronged = 1</script><img src=x onerror=alert(1)>"


def report_of(
    sample: Project,
    folder: Path,
    changed: dict[str, str],
    *,
    keep: bool,
    **said: object,
) -> Path:
    """The report of a copy of the sample's publication, in which tables are others;
    without `keep` the rest is empty."""
    database = folder / "lead_funnel.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"attach '{sample.published_database}' as whole (read_only)")
        connection.execute("create schema marts")
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'whole' and schema_name = 'marts'"
        ).fetchall():
            rows = changed.get(name, f"from whole.marts.{name} where {keep}")
            connection.execute(f"create table marts.{name} as {rows}")
    done = publications.published(sample)
    assert done is not None
    path = folder / "report.html"
    report_page.write(
        sample, dbt_runner.manifest_json(sample), replace(done, **said), database, path
    )
    return path


def test_a_company_without_a_lead_has_a_report(
    browser: Browser, published_sample: Project, tmp_path: Path
) -> None:
    path = report_of(
        published_sample,
        tmp_path,
        {},
        keep=False,
        as_of=None,
        funnel_version="v9",
        checks=(),
        fates={},
        raw_rows={},
    )
    for language in ("en", "ja"):
        with Opened.at(browser, path, f"#lang={language}") as opened:
            assert opened.errors == []
            text = opened.page.locator("body").inner_text()
            assert "undefined" not in text
            assert "NaN" not in text
            assert "v9" in opened.page.locator("#whatif").inner_text()
            if language == "en":
                assert opened.say("by_team") == "Nothing falls under these filters."
                assert opened.say("checks").startswith("What the checks came to is not")


def test_words_from_outside_are_only_text(
    browser: Browser, published_sample: Project, tmp_path: Path
) -> None:
    hostile = HOSTILE.replace("'", "''")
    path = report_of(
        published_sample,
        tmp_path,
        {
            "dim_campaigns": f"select * replace ('{hostile}' as campaign_name) "
            "from whole.marts.dim_campaigns",
            "fct_lead_lifecycles": f"select * replace ('{hostile}' as team, "
            f"case when outcome = 'rejected' then '{hostile}' end as rejection_reason) "
            "from whole.marts.fct_lead_lifecycles",
        },
        keep=True,
        checks=(
            {"suite": "raw", "table": HOSTILE, "name": HOSTILE, "passed": False}
            | {"count": 3, "protects": HOSTILE, "owner": HOSTILE}
            | {"failing_since": "2026-11-01"},
        ),
    )
    with Opened.at(browser, path) as opened:
        assert opened.errors == []
        assert opened.requests == []
        assert opened.page.evaluate("window.wronged") is None
        assert opened.page.locator("main img").count() == 0
        assert HOSTILE in opened.page.locator("#table-reasons").text_content()
        [check] = opened.table("checks")
        assert check[:6] == [
            HOSTILE,
            HOSTILE,
            "warns",
            "3",
            "2026-11-01",
            HOSTILE,
        ]
        assert "1 of 1 checks warn" in opened.page.locator("#not-in-it").inner_text()
        assert check[6] == HOSTILE
        assert "Look at its rows in OUT/data_docs/index.html" in check[7]


def test_a_reps_own_words_are_not_shown(
    browser: Browser, published_sample: Project, tmp_path: Path
) -> None:
    """A reason that the seed does not know may name a person."""
    private = "Called Ms. Sato of Hokuto, she is on leave"
    path = report_of(
        published_sample,
        tmp_path,
        {
            "fct_lead_lifecycles": f"""
                with numbered as (
                    select *, row_number() over (
                        partition by outcome order by lifecycle_id
                    ) as no from whole.marts.fct_lead_lifecycles
                )
                select * exclude (no) replace (
                    case
                        when outcome <> 'rejected' then rejection_reason
                        when no <= 3 then '{private}'
                        when no <= 40 then 'Wrong timing'
                        else rejection_reason
                    end as rejection_reason,
                    case when outcome <> 'rejected' or no > 40
                        then rejection_category end as rejection_category
                ) from numbered
            """
        },
        keep=True,
    )
    with Opened.at(browser, path) as opened:
        reasons = {row["label"]: row["rejected"] for row in opened.rows("reasons")}
        assert reasons["(other words)"] == 3
        assert reasons["Wrong timing"] == 37
        assert private not in opened.page.content()


def test_leads_without_a_source_team_or_campaign_are_counted(
    browser: Browser, published_sample: Project, tmp_path: Path
) -> None:
    """A blank source is no channel; nothing that is not known may take leads away."""

    def without(table: str, *columns: str) -> str:
        nothing = ", ".join(f"null::varchar as {column}" for column in columns)
        return f"select * replace ({nothing}) from whole.marts.{table}"

    path = report_of(
        published_sample,
        tmp_path,
        {
            "mart_funnel_cohort": without(
                "mart_funnel_cohort", "channel", "team", "campaign_id", "owner_id"
            ),
            "fct_lead_lifecycles": without(
                "fct_lead_lifecycles", "channel", "team", "last_campaign_id", "owner_id"
            ),
            "mart_funnel_period": without("mart_funnel_period", "channel", "team"),
            "mart_handoff_queue": without("mart_handoff_queue", "channel", "team"),
            "mart_funnel_snapshot": without("mart_funnel_snapshot", "channel", "team"),
            "dim_campaigns": without("dim_campaigns", "channel"),
            "mart_sla_sensitivity": without("mart_sla_sensitivity", "team"),
        },
        keep=True,
    )
    with Opened.at(browser, path) as opened:
        assert opened.errors == []
        for figure, label in (
            ("by_channel", "(none)"),
            ("by_team", "(nobody)"),
            ("by_campaign", "(none)"),
        ):
            [row] = opened.rows(figure)
            assert (row["label"], row["handed_off"]) == (label, 8378)
        assert opened.rows("by_rep")[0]["label"] == "(nobody)"
        assert sum(row["handed_off"] for row in opened.rows("heatmap")) == 8378
        assert sum(row["open"] for row in opened.rows("open_now")) == 627
