"""§8 on a handful of leads and costs, every expected number worked out by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.project import Project
from orchestration.transformation import dbt_runner
from tests import job
from tests.end_to_end import command
from tests.reference.compare import rows_of
from tests.reference.spend import write_csv

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

VARS = json.dumps(
    {
        "reporting_timezone": "UTC",
        "source_currencies": {"ledger": "USD"},
        "as_of": "2026-05-31",
    }
)
LINEAR = ("2026-04", "linear")


def lead(lead_id: str, created: str, **more: str) -> dict:
    row = {"lead_id": lead_id, "created_at": created, "status": "inquiry"}
    return {**row, "merged_into_id": "", **more}


def change(lead_id: str, at: str, status: str) -> dict:
    return {
        "lead_id": lead_id,
        "changed_at": at,
        "field": "status",
        "old_value": "",
        "new_value": status,
        "changed_by": "rep",
    }


def touch(lead_id: str, campaign: str, at: str) -> dict:
    return {
        "touch_id": f"{lead_id}-{campaign}",
        "lead_id": lead_id,
        "campaign_id": campaign,
        "touched_at": at,
        "type": "webinar",
    }


def report(campaign: str, spend: str, account: str = "A1") -> dict:
    return {
        "date_day": "2026-04-02",
        "platform": "google_ads",
        "account_id": account,
        "campaign_id": campaign,
        "currency": "JPY",
        "spend": spend,
    }


def cost(
    cost_id: str, day: str, account: str, campaign: str, amount: str, currency: str
) -> dict:
    return {
        "cost_id": cost_id,
        "cost_date": day,
        "account": account,
        "campaign_id": campaign,
        "amount": amount,
        "currency": currency,
        "updated_at": "2026-05-01",
    }


def write_landing(landing: Path) -> None:
    """Three leads are accepted in April: one by three campaigns (a touch is on a
    lead that was merged into it), one by none, one at the edge of the window."""
    write_csv(
        landing / "generic" / "lead.csv",
        [
            lead("L1", "2026-03-31"),
            lead("L1b", "2026-03-31", merged_into_id="L1"),
            lead("L2", "2026-04-01"),
            lead("L4", "2026-01-11"),
        ],
    )
    write_csv(
        landing / "generic" / "lead_status_history.csv",
        [
            change("L1", "2026-04-05", "handed_off"),
            change("L1", "2026-04-10 01:00:00", "sal"),
            change("L2", "2026-04-05", "handed_off"),
            change("L2", "2026-04-20", "sal"),
            change("L4", "2026-04-11", "handed_off"),
            change("L4", "2026-04-12", "sal"),
        ],
    )
    write_csv(
        landing / "generic" / "touch.csv",
        [
            touch("L1", "C1", "2026-04-01 01:00:00"),
            touch("L1b", "C2", "2026-04-03 01:00:00"),
            touch("L1", "C3", "2026-04-10 01:00:00"),
            touch("L1", "C4", "2026-04-10 01:00:01"),
            touch("L4", "C5", "2026-01-11 23:59:59"),
            touch("L4", "C6", "2026-01-12"),
        ],
    )
    write_csv(
        landing / "ads" / "campaign_report" / "1.csv",
        [report("C1", "10.00"), report("C1", "5.50"), report("C9", "7.00", "A2")],
    )
    old = cost("K5", "2026-04-30", "fairs", "C3", "999", "JPY")
    write_csv(
        landing / "ledger" / "cost.csv",
        [
            cost("K1", "2026-04-28", "People", "", "100.00", "JPY"),
            # The ledger's own currency, at the rate of the 15th: 151.005.
            cost("K2", "2026-04-20", "fairs", "C1", "50.01", ""),
            cost("K3", "2026-04-21", "fairs", "C1", "(10.00)", "jpy"),
            cost("K4", "2026-04-30", "travel", "", "33.33", "JPY"),
            {**old, "updated_at": "2026-04-30"},
            {**old, "amount": "20"},
            cost("K6", "2026-05-01", "agency_fees", "", "5", "JPY"),
            cost("K7", "soon", "fairs", "C1", "1", "JPY"),
            cost("K8", "2026-04-30", "fairs", "C1", "", "JPY"),
        ],
    )


def write_definition(folder: Path) -> None:
    write_csv(
        folder / "fx_rates.csv",
        [
            {"rate_date": "2026-04-01", "currency": "USD", "rate": "150"},
            {"rate_date": "2026-04-15", "currency": "usd", "rate": "151.005"},
            {"rate_date": "2026-04-21", "currency": "USD", "rate": "999"},
        ],
    )


@dataclass
class Company:
    folder: Path

    @property
    def published(self) -> Path:
        return self.folder / "out" / "published" / "lead_funnel.duckdb"

    def build(self) -> None:
        job.build(
            Project.from_environment(
                {},
                landing=self.folder / "landing",
                out=self.folder / "out",
                definition=self.folder / "definition",
                vars=json.loads(VARS),
            )
        )

    def run(self) -> Any:
        return command.in_process(
            "run",
            landing=self.folder / "landing",
            out=self.folder / "out",
            definition=self.folder / "definition",
            vars_json=VARS,
        )

    def spend(self, *columns: str) -> Callable[..., dict]:
        rows = rows_of(self.published, "marts.mart_spend_per_sal")

        def of(period: str, model: str) -> dict:
            return {
                (row["campaign_id"], row["cost_kind"]): tuple(
                    None
                    if row[name] is None
                    else str(row[name].normalize())
                    if name.startswith("attributed")
                    else str(row[name])
                    for name in columns
                )
                for row in rows
                if (row["fiscal_period_id"], row["attribution_model"])
                == (period, model)
            }

        return of


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("by_hand"))
    write_landing(made.folder / "landing")
    write_definition(made.folder / "definition")
    made.build()
    return made


def weights(company: Company, model: str) -> dict:
    return {
        (row["accepted_at"].day, row["campaign_id"]): str(row["weight"])
        for row in rows_of(company.published, "marts.fct_attributed_acceptances")
        if row["attribution_model"] == model
    }


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first_touch", {"C1": "1.000000000000"}),
        ("last_touch", {"C3": "1.000000000000"}),
        (
            "linear",
            # 1/3 each; the trillionth that is left is the first one's.
            {"C1": "0.333333333334", "C2": "0.333333333333", "C3": "0.333333333333"},
        ),
        (
            "position_based",
            {"C1": "0.400000000000", "C2": "0.200000000000", "C3": "0.400000000000"},
        ),
        (
            "time_decay",
            # 9, 7 and 0 days old: 2^(-9/7) = 0.410167..., 1/2 and 1 of their sum
            {"C1": "0.214728624469", "C2": "0.261757125176", "C3": "0.523514250355"},
        ),
    ],
)
def test_section_8_weights(company: Company, model: str, expected: dict) -> None:
    """Touches of merged leads count, those after the acceptance do not; exactly
    90 days before is in the window, a second more is not."""
    assert weights(company, model) == {
        **{(10, campaign): weight for campaign, weight in expected.items()},
        (20, None): "1.000000000000",
        (12, "C6"): "1.000000000000",
    }


def test_section_8_spend_of_april(company: Company) -> None:
    of = company.spend("spend_reporting", "attributed_sals", "cost_per_sal_reporting")
    assert of(*LINEAR) == {
        # 10 + 5.50 + 50.01 x 151.005 (7551.76005, so 7551.76) - 10; / 0.333333333334
        ("C1", "campaign"): ("7557.26", "0.333333333334", "22671.78"),
        ("C2", "campaign"): ("0.00", "0.333333333333", "0.00"),
        # The corrected K5.
        ("C3", "campaign"): ("20.00", "0.333333333333", "60.00"),
        # 90 days before L4's hand-off, which it has a half of.
        ("C5", "campaign"): ("0.00", "0", None),
        ("C6", "campaign"): ("0.00", "1", "0.00"),
        # Nobody knows C9: it is there all the same, and has accepted nobody.
        ("C9", "campaign"): ("7.00", "0", None),
        (None, "campaign"): ("0.00", "1", "0.00"),
        # 100 by 3 accepted leads; of two largest shares C6 has the cent that is left.
        ("C1", "allocated"): ("11.11", "0", None),
        ("C2", "allocated"): ("11.11", "0", None),
        ("C3", "allocated"): ("11.11", "0", None),
        ("C6", "allocated"): ("33.34", "0", None),
        (None, "allocated"): ("33.33", "0", None),
        # No rule names the account.
        (None, "unallocated"): ("33.33", "0", None),
    }


def test_section_8_a_cost_may_be_larger_than_any_amount(tmp_path: Path) -> None:
    """9 days are 39.2 half-lives: C1 has 2^-39.2 = 1.58e-12 of L1's acceptance,
    cut to the trillionth that weights are told in, and 17,557.26 is spent on it."""
    made = Company(tmp_path)
    write_landing(made.folder / "landing")
    write_definition(made.folder / "definition")
    write_csv(
        made.folder / "definition" / "attribution_models.add.csv",
        [
            {
                "attribution_model": "quick_decay",
                "method": "time_decay",
                "first_share": "",
                "last_share": "",
                "half_life_days": "0.229592",
                "window_days": "90",
            }
        ],
    )
    write_csv(
        made.folder / "landing" / "ads" / "campaign_report" / "1.csv",
        [report("C1", "10015.50")],
    )
    made.build()
    of = made.spend("spend_reporting", "attributed_sals", "cost_per_sal_reporting")
    assert of("2026-04", "quick_decay")["C1", "campaign"] == (
        "17557.26",
        "1E-12",
        "17557260000000000.00",
    )


def test_section_8_a_rule_that_finds_nobody_leaves_the_cost(company: Company) -> None:
    """No campaign spent anything in May."""
    of = company.spend("spend_reporting")
    assert of("2026-05", "linear") == {(None, "unallocated"): ("5.00",)}


def test_section_8_what_cannot_be_read_is_listed(company: Company) -> None:
    listed = {
        (row["source_key"], row["rule"])
        for row in rows_of(company.published, "marts.quarantine")
        if row["source"] == "ledger"
    }
    assert listed == {("K7", "unparsable_timestamp"), ("K8", "unparsable_amount")}


def test_section_8_a_cent_that_is_missing_is_named(
    company: Company, tmp_path: Path
) -> None:
    """The blocking check says the difference and its largest lines."""
    project = Project.from_environment({}, out=tmp_path / "out")
    project.prepare_out()
    shutil.copy(company.folder / "out" / "warehouse" / "warehouse.duckdb",
                project.warehouse)  # fmt: skip
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "update marts.fct_spend_shares set amount = amount - 0.01 "
            "where currency = 'USD' and attribution_model = 'linear'"
        )
    said = said_of_spend(project)
    assert (
        "The spend of ledger in USD in 2026-04 does not tie out under linear: 50.01 "
        "is told and 50.00 is borne, a difference of 0.01. "
        "The largest lines are K2 (50.01)."
    ) in said
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(
            "update marts.fct_spend_shares set amount = amount + 0.01 "
            "where currency = 'USD' and attribution_model = 'linear'"
        )
        connection.execute(
            "update marts.mart_spend_per_sal set spend_reporting = spend_reporting - 1 "
            "where fiscal_period_id = '2026-04' and attribution_model = 'linear' "
            "and campaign_id = 'C1' and cost_kind = 'campaign'"
        )
    assert (
        "The spend of all sources in the reporting currency in 2026-04 does not tie "
        "out under linear: "
    ) in said_of_spend(project)


def said_of_spend(project: Project) -> str:
    results = dbt_runner.build(project, ["assert_spend_ties_out"])
    return str(dbt_runner.failure_sentence(results))


def test_section_8_a_later_load_of_a_day_replaces_the_earlier(
    company: Company,
) -> None:
    """The day, platform, account and campaign of file 2, whose rows add up; A2 keeps
    its row of file 1, and so does a campaign that file 2 does not name."""
    later = company.folder / "landing" / "ads" / "campaign_report" / "2.csv"
    write_csv(later, [report("C1", "4.00"), report("C1", "4.00")])
    try:
        company.build()
        of = company.spend("spend_reporting")
        told = of(*LINEAR)
        assert told["C1", "campaign"] == ("7549.76",)
        assert told["C9", "campaign"] == ("7.00",)
    finally:
        later.unlink()


def test_section_8_a_missing_rate_stops_the_run(company: Company) -> None:
    before = company.published.resolve()
    more = company.folder / "landing" / "ledger" / "cost.csv"
    text = more.read_text()
    more.write_text(text + "K9,2026-03-31,fairs,C1,1,USD,2026-05-01\n")
    try:
        done = company.run()
    finally:
        more.write_text(text)
    assert done.returncode == 1
    assert (
        "There is no exchange rate of USD for 2026-03-31 or a day before it (spend): "
        "add a row to the seed fx_rates (fx_rates.add.csv in DEFINITION)."
    ) in " ".join(done.stderr.split())
    assert company.published.resolve() == before
