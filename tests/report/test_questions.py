"""Who reads the page alone finds what is planted in the sample (docs/sample.md)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import duckdb
import pytest

from orchestration.project import ROOT
from tests.report.opened import Opened

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

REFUSED_CAMPAIGN = "LinkedIn_AI活用ホワイトペーパー"
REFUSED_ID = "7015i0000000MtRAAU"
LYING_TEAM = "Inside Sales West"


def test_which_campaign_does_sales_refuse_and_why(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    [(share, rejected)] = marts.execute(
        f"""
        select avg((outcome = 'rejected')::int), count_if(outcome = 'rejected')
        from marts.fct_lead_lifecycles
        where last_campaign_id = '{REFUSED_ID}'
            and origin = 'marketing' and outcome <> 'withdrawn'
        """
    ).fetchall()
    [(students,)] = marts.execute(
        f"""
        select count(*) from marts.fct_lead_lifecycles
        where last_campaign_id = '{REFUSED_ID}' and outcome = 'rejected'
            and rejection_reason = '学生・個人'
        """
    ).fetchall()
    said = page.say("refused")
    assert said.startswith(f"Sales refuses {REFUSED_CAMPAIGN} most: {share:.1%} ")
    assert (
        f"“学生・個人” ({students / rejected:.1%} of its refusals; marketing's" in said
    )


def test_the_docs_tell_the_samples_answers(page: Opened) -> None:
    text = " ".join((ROOT / "docs" / "report.md").read_text(encoding="utf-8").split())
    refused = page.rows("refused")[0]
    last, before = page.rows("sal_by_month")[:-3:-1]
    due = sum(row["waiting"] for row in page.rows("due_next") if row["day"] <= 1)
    assert (
        f"refuses {100 * refused['rejection_rate']:.1f} % of `{REFUSED_CAMPAIGN}`"
        in text
    )
    gap = 100 * (before["sal_rate"] - last["sal_rate"])
    ripening = 100 * (last["projected"] - last["sal_rate"])
    assert f"{gap:.1f} points September lies behind August {ripening:.1f} are" in text
    assert due == 1
    assert "one more lead will be overdue tomorrow" in text


def test_which_team_lets_leads_lie(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    [(team, rate)] = marts.execute(
        """
        select team, avg((outcome = 'ignored')::int)
        from marts.fct_lead_lifecycles
        where origin = 'marketing' and outcome <> 'withdrawn'
        group by 1 order by 2 desc limit 1
        """
    ).fetchall()
    assert team == LYING_TEAM
    assert f"Most are ignored of {LYING_TEAM}: {rate:.1%} " in page.say("by_team")
    assert f"most with {LYING_TEAM}" in page.say("open_now")


def test_did_last_month_get_worse_or_is_it_not_ripe(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    before, last = marts.execute(
        """
        select handed_off, pending, sal_rate, projected_sal_rate,
            projected_sal_rate_lower, projected_sal_rate_upper
        from marts.mart_funnel_monthly
        where period_type = 'month' and dimension = 'all'
        order by period_start_date desc limit 2
        """
    ).fetchall()[::-1]
    said = page.say("sal_by_month")
    assert said.startswith(
        f"Sep 2026 is not ripe: {last[1]} of {last[0]} are still open. "
        f"{last[2]:.1%} are accepted so far, and it will probably end at {last[3]:.1%} "
        f"({100 * last[4]:.1f}–{last[5]:.1%}); Aug 2026 came to {before[2]:.1%}."
    )
    gap, ripening = 100 * (before[2] - last[2]), 100 * (last[3] - last[2])
    assert f"Of the {gap:.1f} points it lies behind, {ripening:.1f} are only" in said
    # Two shares of 447 and 600 differ by chance as far as this in one of 20 cases.
    error = sum(p * (1 - p) / n for n, _, p in [before[:3], (*last[:2], last[3])])
    is_more = before[2] - last[3] > 1.96 * error**0.5
    assert said.endswith("a fall, and more than chance." if is_more else "be chance.")
    # It is drawn between its bounds and not as a rate of a ripe month.
    row = page.rows("sal_by_month")[-1]
    assert not row["is_ripe"]
    assert row["open_lower"] == pytest.approx(last[4], abs=1e-6)
    assert row["open_upper"] == pytest.approx(last[5], abs=1e-6)


def test_what_does_an_accepted_lead_cost_by_channel(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    answer = marts.execute(
        """
        select campaigns.channel,
            sum(spend_with_allocated_reporting) / sum(attributed_sals)
        from marts.mart_spend_per_sal as spend
        inner join marts.dim_campaigns as campaigns using (campaign_id)
        where attribution_model = 'linear' and cost_kind = 'campaign'
        group by 1 having sum(attributed_sals) > 0 order by 2 desc
        """
    ).fetchall()
    dearest, cost = answer[0]
    assert dearest == "paid_social"
    assert f"Dearest is Paid social with {cost:,.0f} JPY" in page.say("cost_by_channel")
    table = {row[0]: row[5] for row in page.table("cost_by_channel")}
    assert table["Paid social"] == f"{cost:,.0f} JPY"
    labels = dict(
        marts.execute("select channel, label_en from marts.dim_channels").fetchall()
    )
    for channel, value in answer:
        assert table[labels[channel]] == f"{value:,.0f} JPY"


def test_what_will_be_overdue_tomorrow(
    page: Opened, marts: duckdb.DuckDBPyConnection
) -> None:
    waiting = marts.execute(
        """
        select due_at, team, as_of from marts.mart_handoff_queue
        where not is_overdue and next_step = 'respond'
        """
    ).fetchall()
    as_of = waiting[0][2] + timedelta(hours=9)
    tomorrow = as_of.date() + timedelta(days=1)
    teams = Counter(
        team
        for due, team, _ in waiting
        if (due + timedelta(hours=9)).date() <= tomorrow
    )
    said = page.say("due_next")
    assert said.startswith(
        f"By the end of tomorrow ({tomorrow}) {sum(teams.values())} more"
    )
    for team, count in teams.items():
        assert f"{team} {count}" in said
