"""§8: a closed fiscal period is frozen, and every later change has its cause.

The company is the one of test_by_hand.py with one lead more. After the close
everything happens to it at once; each difference is worked out by hand.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestration.commands.finance import closing
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import closings, kept, publications
from tests.end_to_end import command
from tests.finance import sheets as books
from tests.finance import test_by_hand as by_hand
from tests.finance.test_by_hand import Company, change, cost, lead, touch
from tests.reference.compare import rows_of
from tests.reference.spend import write_csv

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]


def append(path: Path, *rows: dict) -> None:
    write_csv(path, [*read(path), *rows])


def read(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def happen(company: Company) -> None:
    """What may change a closed period: one of each."""
    generic = company.folder / "landing" / "generic"
    ledger = company.folder / "landing" / "ledger" / "cost.csv"
    # Late data: a cost, and a lead that nobody had heard of.
    append(ledger, cost("K10", "2026-04-29", "fairs", "C3", "40.00", "JPY"))
    append(generic / "lead.csv", lead("L5", "2026-03-31"))
    append(generic / "touch.csv", touch("L5", "C3", "2026-04-02"))
    append(
        generic / "lead_status_history.csv",
        change("L5", "2026-04-05", "handed_off"),
        change("L5", "2026-04-15", "sal"),
        # Recycled: L1 came back within the month, as is told only now.
        change("L1", "2026-04-15", "recycled"),
        change("L1", "2026-04-16", "inquiry"),
        change("L1", "2026-04-17", "handed_off"),
        change("L1", "2026-04-18", "sal"),
    )
    # A correction: the credit is 12 and not 10. Another rate: 152.
    rows = read(ledger)
    for row in rows:
        if row["cost_id"] == "K3":
            row["amount"] = "(12.00)"
    write_csv(ledger, rows)
    rates = company.folder / "definition" / "fx_rates.csv"
    rates.write_text(rates.read_text().replace("151.005", "152"))
    # A merge of two accepted leads, and one lead that is erased.
    leads = [row for row in read(generic / "lead.csv") if row["lead_id"] != "L6"]
    for row in leads:
        if row["lead_id"] == "L2":
            row["merged_into_id"] = "L4"
    write_csv(generic / "lead.csv", leads)
    for name in ("lead_status_history", "touch"):
        rows = read(generic / f"{name}.csv")
        kept = [row for row in rows if row["lead_id"] != "L6"]
        write_csv(generic / f"{name}.csv", kept)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("close"))
    landing = made.folder / "landing"
    by_hand.write_landing(landing)
    by_hand.write_definition(made.folder / "definition")
    append(landing / "generic" / "lead.csv", lead("L6", "2026-03-31"))
    append(landing / "generic" / "touch.csv", touch("L6", "C7", "2026-04-02"))
    append(
        landing / "generic" / "lead_status_history.csv",
        change("L6", "2026-04-05", "handed_off"),
        change("L6", "2026-04-15", "sal"),
    )
    run(made)
    said = verb(made, "close", "2026-04", "--by", "finance", "--note", "April")
    assert said.returncode == 0, said.stderr
    made.reported = table(made, "mart_period_close")  # type: ignore[attr-defined]
    happen(made)
    run(made)
    return made


def run(company: Company) -> None:
    done = company.run()
    assert done.returncode == 0, done.stdout + done.stderr


def verb(company: Company, *arguments: str) -> Any:
    return command.in_process(*arguments, out=company.folder / "out")


def table(company: Company, name: str) -> list[dict]:
    return rows_of(company.published, f"marts.{name}")


def lifecycles(company: Company) -> list[dict]:
    """Without the campaigns, which an attribution window may choose."""
    rows = (
        {name: row[name] for name in row if "campaign" not in name}
        for row in table(company, "fct_lead_lifecycles")
    )
    return sorted(rows, key=lambda row: row["lifecycle_id"])


def closes_of(company: Company, period: str) -> list[dict]:
    return [
        row
        for row in table(company, "mart_period_close")
        if row["fiscal_period_id"] == period
    ]


def causes(company: Company, metric: str, cost_kind: str = "campaign") -> dict:
    return {
        (row["campaign_id"], row["cause"]): row["change"]
        for row in table(company, "mart_restatement")
        if (row["metric"], row["attribution_model"]) == (metric, "linear")
        and row["cost_kind"] == cost_kind
    }


def test_section_8_every_change_of_spend_has_its_cause(company: Company) -> None:
    assert causes(company, "spend_reporting") == {
        ("C1", "correction"): Decimal(-2),
        # 50.01 dollars at 152 are 7601.52, and were 7551.76.
        ("C1", "definition"): Decimal("49.76"),
        ("C3", "late_data"): Decimal(40),
    }


def test_section_8_every_change_of_leads_has_its_cause(company: Company) -> None:
    quarter = Decimal("0.25")
    assert causes(company, "attributed_sals") == {
        # L1's second acceptance has four touches.
        ("C1", "recycle"): quarter,
        ("C2", "recycle"): quarter,
        ("C3", "recycle"): quarter,
        ("C4", "recycle"): quarter,
        ("C3", "late_data"): Decimal(1),
        # L2 is L4 now, which was accepted before it; L6 is gone.
        (None, "merge"): Decimal(-1),
        ("C7", "erasure"): Decimal(-1),
    }


def test_a_diff_of_publications_has_the_causes_of_a_restatement(
    company: Company,
) -> None:
    """Worked out by hand as above, for any two publications and without a close."""
    after, before, _ = kept.publications(
        Project.from_environment({}, out=company.folder / "out")
    )
    said = verb(company, "diff", before.id, after.id, "--json", "--all")
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout)
    assert told["definition_differs_in"] == ["fx_rates"]
    changed = {
        (row["period"], row["metric"]): (row["a"], row["b"], row["causes"])
        for row in (*told["monthly"], *told["spend"])
    }
    assert changed["2026-04", "spend"] == (
        7717.59,
        7805.35,
        {"correction": -2.0, "definition": 49.76, "late_data": 40.0},
    )
    # L5 came late, L1 came back, L2 is L4 now, and L6 is gone: four as before.
    leads = {"late_data": 1.0, "recycle": 1.0, "merge": -1.0, "erasure": -1.0}
    for metric in ("attributed_sals", "accepted", "handed_off"):
        assert changed["2026-04", metric] == (4.0, 4.0, leads)
        assert changed["all", metric] == (4.0, 4.0, leads)
    assert changed["2026-04", "cost_per_sal"][:2] == (7717.59 / 4, 7805.35 / 4)
    assert told["lines_of_spend"] == {"correction": 1, "definition": 1, "late_data": 1}
    # The first lifecycle of L1 is told to have ended, and that of L4 is two people's.
    assert told["lifecycles"] == {
        "late_data": 2,
        "merge": 2,
        "erasure": 1,
        "recycle": 1,
    }
    shown = verb(company, "diff", before.id, after.id, "--plain").stdout
    assert re.search(r"spend +7,717.59 +7,805.35 +\+87.76 +definition \+49.76", shown)
    assert "came out the same of other leads: --all shows" in shown
    # The one before it differs by the close alone.
    said = verb(company, "diff")
    assert f"A  {before.id}" in said.stdout
    assert f"B  {after.id}" in said.stdout
    said = verb(company, "diff", after.id, before.id, "--json")
    assert json.loads(said.stdout)["spend"][0]["difference"] == -87.76


def test_section_8_causes_sum_to_the_difference(company: Company) -> None:
    current = {}
    for row in table(company, "mart_spend_per_sal"):
        for metric in {r["metric"] for r in company.reported}:  # type: ignore[attr-defined]
            key = cell(row, metric)
            current[key] = row[metric]
    reported = {
        cell(row, row["metric"]): row["value"]
        for row in company.reported  # type: ignore[attr-defined]
    }
    changed: dict[tuple, Decimal] = {}
    for row in table(company, "mart_restatement"):
        key = cell(row, row["metric"])
        changed[key] = changed.get(key, Decimal(0)) + row["change"]
        assert row["reported_value"] == reported.get(key, 0)
        assert row["current_value"] == current.get(key, 0)
    for key in reported.keys() | current.keys():
        if key[0] == "2026-04":
            difference = current.get(key, Decimal(0)) - reported.get(key, Decimal(0))
            assert difference == changed.get(key, 0), key
    # The 100 yen of the people are borne by others now.
    assert any(key[3] == "allocated" for key in changed)


def cell(row: dict, metric: str) -> tuple:
    return (
        row["fiscal_period_id"],
        row["attribution_model"],
        row["campaign_id"],
        row["cost_kind"],
        metric,
    )


def test_section_8_what_was_reported_stays(company: Company) -> None:
    assert table(company, "mart_period_close") == company.reported  # type: ignore[attr-defined]
    assert {
        (row["closed_by"], row["close_no"], row["is_in_force"])
        for row in company.reported  # type: ignore[attr-defined]
    } == {("finance", 1, True)}
    [spend] = [
        row["value"]
        for row in company.reported  # type: ignore[attr-defined]
        if row["campaign_id"] == "C1"
        and row["cost_kind"] == "campaign"
        and row["metric"] == "spend_reporting"
        and row["attribution_model"] == "linear"
    ]
    assert spend == Decimal("7557.26")


def test_section_8_the_report_says_what_changed(company: Company) -> None:
    said = verb(company, "spend", "--period", "2026-04")
    assert said.returncode == 0, said.stderr
    assert "The sum ties out with platforms and ledger" in said.stdout
    assert "Since then spend changed by +40.00 (late data)." in said.stdout


def test_section_8_the_report_lists_lines_and_campaigns(company: Company) -> None:
    said = verb(company, "spend", "--period", "2026-04")
    listed = [line.split() for line in said.stdout.splitlines()]
    begin = next(
        n for n, words in enumerate(listed) if words[:2] == ["line", "campaign"]
    )
    rows = [" ".join(words) for words in listed[begin:] if words]
    # Three lines: of another rate, come late and corrected, the largest first.
    assert rows[2:5] == [
        "K2 C1 spend 7,551.76 7,601.52 +49.76 definition",
        "K10 C3 spend 0.00 40.00 +40.00 late data",
        "K3 C1 spend -10.00 -12.00 -2.00 correction",
    ]
    # L5 came late with one touch, L6 is gone, L2 is L4, L1 came back: a quarter each.
    assert rows[5:12] == [
        "C3 attributed sals 0.33 1.58 +1.00 late data",
        "C7 attributed sals 1.00 0.00 -1.00 erasure",
        "(no campaign) attributed sals 1.00 0.00 -1.00 merge",
        "C1 attributed sals 0.33 0.58 +0.25 recycle",
        "C2 attributed sals 0.33 0.58 +0.25 recycle",
        "C3 attributed sals 0.33 1.58 +0.25 recycle",
        "C4 attributed sals 0.00 0.25 +0.25 recycle",
    ]
    # 7584.26 of campaigns, 100 borne and 33.33 unallocated were reported; 49.76 + 40
    # - 2 is what it changed by. Four leads were accepted, and are now.
    totals = rows.index("all spend 7,717.59 7,805.35 +87.76")
    assert rows[totals + 1] == "all attributed sals 4.00 4.00 +0.00"
    # Three lines, seven SALs, four inquiries and seven hand-offs are 21.
    assert totals == 2 + 20
    assert rows[-1] == (
        "… 1 more in the workbook: `lead-funnel finance-export 2026-04` writes it."
    )


def test_section_8_the_workbook_lists_what_changed(
    company: Company, tmp_path: Path
) -> None:
    path = tmp_path / "book.xlsx"
    said = verb(company, "finance-export", "2026-04", "--to", str(path))
    assert said.returncode == 0, said.stderr
    read_back = books.read(path)
    mark = read_back["Summary"].rows[1][0]
    assert re.fullmatch(
        r"CLOSED at \d{4}-\d\d-\d\d \d\d:\d\d UTC by finance: April", mark
    )
    sheet = read_back["Restatements"]
    assert sheet.rows[1][0] == mark
    told = sheet.table(4)
    lines = [
        tuple(
            row[name]
            for name in (
                "line", "account", "campaign id", "metric", "reported", "now", "change",
                "cause",
            )
        )
        for row in told
        if row["level"] == "line"
    ]  # fmt: skip
    assert lines == [
        ("K2", "fairs", "C1", "spend", 7551.76, 7601.52, 49.76, "definition"),
        ("K10", "fairs", "C3", "spend", 0, 40, 40, "late data"),
        ("K3", "fairs", "C1", "spend", -10, -12, -2, "correction"),
    ]
    campaigns = {
        (row["campaign id"], row["cause"]): (row["reported"], row["now"], row["change"])
        for row in told
        if (row["level"], row["metric"], row["cost kind"])
        == ("campaign", "spend", "campaign")
    }
    assert campaigns == {
        ("C1", "definition"): (7557.26, 7605.02, 49.76),
        ("C1", "correction"): (7557.26, 7605.02, -2),
        ("C3", "late data"): (20, 60, 40),
    }
    assert {row["attribution model"] for row in told} == {"", "linear"}
    # By lines and by campaigns, in which what is borne by others cancels out.
    assert [row[0] for row in sheet.rows[2:4]] == [
        "change of spend, by lines", "change of spend, by campaigns (linear)",
    ]  # fmt: skip
    assert [row[10] for row in sheet.rows[2:4]] == [87.76, 87.76]
    assert sorted(sheet.formulas) == ["K3", "K4"]
    assert "Restatements!$5:$5" in books.repeated_rows(path)


def test_a_period_is_refused_with_every_reason(company: Company) -> None:
    said = verb(company, "close", "2026-04")
    assert said.returncode == 1
    assert "it was closed at" in said.stderr
    assert "by finance" in said.stderr
    said = verb(company, "close", "2026-14")
    assert "There is no fiscal period '2026-14'" in said.stderr
    said = verb(company, "close", "2026-06")
    assert "it ends on 2026-06-30, and the data is as of 2026-05-31" in said.stderr


def test_a_close_waits_for_a_good_run_and_for_pending_leads(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.from_environment({}, out=company.folder / "out")
    monkeypatch.setattr(closing, "last_report", lambda _: None)
    monkeypatch.setattr(closing, "_rule", lambda *_: Decimal(-1))
    with pytest.raises(LeadFunnelError) as refused:
        list(closing.close(project, "2026-04", "finance", ""))
    assert "the last run did not succeed" in str(refused.value)
    assert "still pending, more than -100 % (max_pending" in str(refused.value)


@pytest.mark.parametrize(
    ("share", "text"),
    [("0.050000", "5 %"), ("0", "0 %"), ("0.125", "12.5 %"), ("1.0000", "100 %")],
)
def test_a_share_is_said_without_trailing_zeros(share: str, text: str) -> None:
    assert closing.percent(Decimal(share)) == text


def test_what_spark_built_is_not_closed(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.from_environment({}, out=company.folder / "out")
    done = publications.published(project)
    assert done is not None and done.engine == "duckdb"
    on_spark = replace(done, engine="spark")
    monkeypatch.setattr(publications, "published", lambda _: on_spark)
    for verb_of_it in (closing.close, closing.reopen):
        with pytest.raises(LeadFunnelError, match="built on Spark.*run. without"):
            list(verb_of_it(project, "2026-05", "finance", ""))


@pytest.mark.parametrize(
    ("name", "value", "leads", "spend"),
    [
        ("keep_deleted", True, True, False),
        ("source_timezones", {"generic": "UTC"}, True, False),
        ("reporting_currency", "EUR", True, False),
        ("source_currencies", {"ledger": "USD"}, True, False),
        ("attribution_window_days", 5, True, False),
        ("fiscal_year_start_month", 7, False, True),
    ],
)
def test_a_var_by_which_leads_or_spend_are_read_is_definition(
    tmp_path: Path, name: str, value: object, leads: bool, spend: bool
) -> None:
    project = Project.from_environment({}, out=tmp_path / "out")
    changed = replace(project, vars=replace(project.vars, **{name: value}))
    before, after = closings.fingerprints(project), closings.fingerprints(changed)
    assert (before[0] != after[0], before[1] != after[1]) == (leads, spend)


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".add.csv"])
def test_an_overlay_by_which_leads_are_read_is_definition(
    tmp_path: Path, suffix: str
) -> None:
    (tmp_path / f"stage_rules{suffix}").write_text("definition_version\n")
    project = Project.from_environment({}, out=tmp_path / "out")
    changed = replace(project, definition=tmp_path)
    before, after = closings.fingerprints(project), closings.fingerprints(changed)
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_a_close_names_the_definition_that_was_built_with(company: Company) -> None:
    """Not that of files which somebody edited after the run."""
    path = company.folder / "definition" / "shared_mailboxes.add.csv"
    path.write_text("local_part\nteam\n", encoding="utf-8")
    try:
        said = verb(company, "close", "2026-05", "--by", "finance")
        assert said.returncode == 0, said.stderr
        assert verb(company, "reopen", "2026-05").returncode == 0
    finally:
        path.unlink()
    april, may = (
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((company.folder / "out/closings").glob("*/0001/close.json"))
    )
    assert may["leads_fingerprint"] == april["leads_fingerprint"]
    assert {cause for _, cause in causes(company, "attributed_sals")} > {"merge"}


def test_reopened_and_closed_again_and_read_in_another_way(company: Company) -> None:
    """The last test: it leaves another close behind."""
    said = verb(company, "reopen", "2026-04", "--by", "controller")
    assert said.returncode == 0, said.stderr
    assert table(company, "mart_restatement") == []
    path = company.folder / "reopened.xlsx"
    assert verb(company, "finance-export", "2026-04", "--to", str(path)).stdout
    reopened = books.read(path)
    assert re.fullmatch(
        r"OPEN: closed at .{16} UTC by finance, reopened at .{16} UTC by controller",
        reopened["Summary"].rows[1][0],
    )
    assert reopened["Restatements"].rows[1][0].startswith("The period is open again")
    kept = closes_of(company, "2026-04")
    assert {row["reopened_by"] for row in kept} == {"controller"}
    assert [row["value"] for row in kept] == [
        row["value"]
        for row in company.reported  # type: ignore[attr-defined]
    ]
    assert verb(company, "reopen", "2026-04").returncode == 1
    assert verb(company, "close", "2026-04").returncode == 0
    assert {row["close_no"] for row in closes_of(company, "2026-04")} == {1, 2}
    assert table(company, "mart_restatement") == []
    assert verb(company, "finance-export", "2026-04", "--to", str(path)).stdout
    assert books.read(path)["Restatements"].rows[1] == [
        "Nothing has changed since the period was closed."
    ]
    # The disk is lost with the warehouse and the books.
    out = company.folder / "out"
    reported, leads = table(company, "mart_period_close"), lifecycles(company)
    shutil.rmtree(out / "warehouse")
    shutil.rmtree(out / "closings")
    refused = company.run()
    assert refused.returncode == 1
    assert "closings has no longer all that was closed (2026-04/0001" in refused.stderr
    assert "`lead-funnel restore` brings it back" in refused.stderr
    said = verb(company, "restore")
    assert said.returncode == 0, said.stderr
    assert "the closes 2026-04/0001" in said.stdout
    assert "2026-04/0002" in said.stdout
    assert "loads all of" in said.stdout
    # Another window reads the same leads in another way.
    narrow = json.loads(by_hand.VARS) | {"attribution_window_days": 5}
    done = command.in_process(
        "run",
        landing=company.folder / "landing",
        out=company.folder / "out",
        definition=company.folder / "definition",
        vars_json=json.dumps(narrow),
    )
    assert done.returncode == 0, done.stderr
    # Of L1's touches only the one at its first acceptance is within five days.
    sals = causes(company, "attributed_sals")
    assert sals["C1", "definition"] == Decimal("-0.583333333334")
    assert {cause for _, cause in sals} == {"definition"}
    # What was closed, and the leads, are what they were before the disk was lost.
    assert table(company, "mart_period_close") == reported
    assert lifecycles(company) == leads
