"""The pages of `explain` and `compare` on the small company."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from math import sqrt
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.compare import differences, effects, sides
from orchestration.commands.compare import page as comparison
from orchestration.commands.document import html
from orchestration.commands.document.blocks import Heading
from orchestration.commands.explain import render
from orchestration.commands.explain.facts import Person
from orchestration.project import ACTUAL, Project
from orchestration.transformation import dbt_runner
from tests.commands import company
from tests.commands.pages import (
    HTML,
    folds,
    parsed,
    requests,
    table,
    tables,
    text,
    texts,
)
from tests.commands.test_seed_edits import NINE_HOURS, changed_leads

HOSTILE = "<script>alert(1)</script>[/bold] a@example.com"
SHOWN = "<script>alert(1)</script>[/bold] (address)"
"""The same where addresses are left out."""


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


# One lead.


def explain(project: Project, who: str, page: Path, *more: str) -> str:
    run("explain", who, "--plain", "--out", project.out, "--html", page, *more)
    return page.read_text(encoding="utf-8")


@pytest.mark.exhaustive
def test_a_page_says_what_the_terminal_says(
    published_company: Project, tmp_path: Path
) -> None:
    page = tmp_path / "ignored.html"
    out = ["--plain", "--out", published_company.out]
    said = run("explain", "ignored", *out)
    # The terminal shows the same with a page as without.
    with_page = run("explain", "ignored", *out, "--html", page)
    assert with_page.startswith(said)
    rest = "".join(with_page.removeprefix(said).split())
    assert rest == f"Thepageis{page}."
    words = " ".join(text(parsed(page.read_text(encoding="utf-8"))).split())
    for sentence in (
        "Why generic ignored counts as it does",
        "One person in 1 record, 1 of them live",
        "Policy default of v1: 18 h of opening time in the calendar japan (Asia/Tokyo)",
        "the clock ran out, nothing had stopped it by then",
        "Ignored: by the due time, 2025-04-08 Tue 18:00:00 (09:00:00 UTC)",
    ):
        assert sentence in words
    # 18 hours from Monday 09:00 are two days of nine.
    caption = "The opening hours that pass 1 counts"
    day = ["18:00:00", "09:00:00", "18:00:00", "9:00:00"]
    assert table(page.read_text(encoding="utf-8"), caption) == [
        ["2025-04-07 Mon 09:00", *day, "9:00:00", ""],
        ["2025-04-08 Tue 09:00", *day, "18:00:00", "due"],
    ]


def test_a_page_of_a_lead_is_the_same_each_time_and_asks_for_nothing(
    published_company: Project, tmp_path: Path
) -> None:
    pages = [explain(published_company, "late", tmp_path / name) for name in ("a", "b")]
    assert pages[0] == pages[1]
    assert requests(pages[0]) == []


def test_a_page_shows_names_and_addresses_only_when_asked_for(
    published_company: Project, tmp_path: Path
) -> None:
    assert "late@example.com" not in explain(published_company, "late", tmp_path / "a")
    with_names = explain(published_company, "late", tmp_path / "b", "--names")
    assert "late@example.com" in with_names


def test_a_company_is_left_out_where_nobody_is_named(
    explained: Callable[[str], Person],
) -> None:
    person = replace(explained("late"), company="Brightwave Health")
    heads = [
        block.text
        for company in (True, False)
        for block in render.explanation(person, company=company)
        if isinstance(block, Heading) and block.text.startswith("Person")
    ]
    assert heads == [
        f"Person {person.person_id} · Brightwave Health",
        f"Person {person.person_id}",
    ]


def test_statuses_and_users_of_an_export_are_only_text(
    explained: Callable[[str], Person],
) -> None:
    person = explained("late")
    [lifecycle] = person.lifecycles
    hostile = replace(
        person,
        company=HOSTILE,
        channel=HOSTILE,
        records=tuple(
            replace(record, status=HOSTILE, owner=HOSTILE) for record in person.records
        ),
        rows=tuple(replace(row, said=HOSTILE, actor=HOSTILE) for row in person.rows),
        lifecycles=(
            replace(
                lifecycle,
                accepted_by=HOSTILE,
                milestones=tuple(
                    replace(stone, actor=HOSTILE) for stone in lifecycle.milestones
                ),
                passes=tuple(
                    replace(handed, owner=HOSTILE, team=HOSTILE)
                    for handed in lifecycle.passes
                ),
            ),
        ),
    )
    page = html.page(render.document(hostile))
    assert "<script" not in page
    for tag in ("td", "p", "h2", "h3", "strong"):
        assert any(HOSTILE in said for said in texts(page, tag)), tag


@pytest.mark.parametrize("command", ["explain", "compare"])
def test_where_no_page_can_be_is_said_before_the_work(
    published_company: Project, tmp_path: Path, command: str
) -> None:
    whom = ["late"] if command == "explain" else []
    said = run(
        *(command, *whom, "--out", published_company.out),
        *("--html", tmp_path / "none" / "page.html"),
        code=1,
    )
    assert "There is no folder" in " ".join(said.split())
    said = run(
        command, *whom, "--out", tmp_path / "nothing", "--html", tmp_path, code=1
    )
    assert "is a folder: name the file to write" in " ".join(said.split())
    assert list(tmp_path.iterdir()) == []


# A changed definition.


@dataclass(frozen=True)
class Written:
    project: Project
    said: str
    page: str
    leads: dict[str, dict[str, str]]
    """The CSV, by record."""


@pytest.fixture(scope="module")
def written(
    published_company: Project, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    """Nine hours to respond from April on, and a channel with a hostile name."""
    folder = tmp_path_factory.mktemp("compared")
    definition = company.write_definition(
        folder / "definition",
        **NINE_HOURS,
        channels_add=f"source_value,channel\nexpo,{HOSTILE}\n",
    )
    page, changed = folder / "page.html", folder / "changed.csv"
    # A copy, as other tests have the company open.
    out = folder / "out"
    shutil.copytree(published_company.out, out, symlinks=True)
    said = run(
        *("compare", "--plain", "--out", out),
        *("--definition", definition, "--csv", changed, "--html", page),
    )
    return Written(
        Project.from_environment({}, landing=published_company.landing, out=out),
        said,
        page.read_text(encoding="utf-8"),
        changed_leads(changed),
    )


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_page_of_a_comparison_is_only_what_it_shows(written: Written) -> None:
    assert requests(written.page) == []
    assert list(parsed(written.page).iter(f"{HTML}script")) == []
    assert "<script" not in written.page
    assert any(SHOWN in said for said in texts(written.page, "td"))
    assert "\nThe page is " in written.said and "changed leads are in" in written.said
    assert "<script>alert(1)</script>[/bold]" in " ".join(written.said.split())


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_page_of_a_comparison_names_nobody(written: Written) -> None:
    assert "example.com" not in written.page
    for _, name, *_ in company.USERS:
        assert name not in written.page
    assert "m1 (marketing)" in written.page


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_rows_that_changed_come_first(written: Written) -> None:
    assert texts(written.page, "h2")[0] == "Rows of the definition that differ"
    rows = [said for said in texts(written.page, "p") if said[:2] in ("+ ", "- ")]
    assert [row.split(",")[0] for row in rows] == [
        "+ channels: source_value expo",
        "+ funnel_versions: version v2",
        "+ sla_policies: definition_version v2",
    ]


def bounds(part: int, whole: int) -> tuple[float, float]:
    """Wilson's bounds are the shares p that are z standard errors from part / whole:
    (part / whole - p)² = z² p (1 - p) / whole, solved for p."""
    z = 1.959963984540054
    share = part / whole
    a, b, c = 1 + z * z / whole, -(2 * share + z * z / whole), share * share
    root = sqrt(max(0.0, b * b - 4 * a * c))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def rate(part: int, whole: int) -> str:
    if not whole:
        return "–"
    share, lower, upper = (
        f"{100 * number:.1f}".replace("100.0", "100").replace("-0.0", "0.0")
        for number in (part / whole, *bounds(part, whole))
    )
    return f"{share}% ({lower}–{upper})"


def test_the_rates_worked_out_here_are_those_of_a_table_of_wilsons() -> None:
    """Of Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148."""
    assert [round(x, 4) for x in bounds(81, 263)] == [0.2553, 0.3662]
    assert [round(x, 4) for x in bounds(15, 148)] == [0.0624, 0.1605]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_rates_of_all_months_are_those_counted_by_hand(written: Written) -> None:
    """March: march was accepted. April: late, slow and winner were accepted; called,
    ignored and passed were ignored; back was withdrawn, and is ignored now."""
    before, after = {"accepted": 4, "ignored": 3}, {"accepted": 4, "ignored": 4}
    told = {row[0]: row[1:] for row in table(written.page, RATES)}
    assert told["sal_rate"] == [rate(4, 7), rate(4, 8), "-7.1 points"]
    assert told["ignore_rate"] == [rate(3, 7), rate(4, 8), "+7.1 points"]
    assert told["rejection_rate"] == [rate(0, 7), rate(0, 8), "="]
    assert sum(before.values()) == 7 and sum(after.values()) == 8


RATES = "The rates of all months, with their 95 % interval"

PARTS = {
    "sal_rate": lambda n: (n["accepted"], n["handed_off"]),
    "ignore_rate": lambda n: (n["ignored"], n["handed_off"]),
    "rejection_rate": lambda n: (n["rejected"], n["handed_off"]),
    "pending_rate": lambda n: (n["pending"], n["handed_off"]),
    "resolved_sal_rate": lambda n: (n["accepted"], n["handed_off"] - n["pending"]),
    "sla_breach_rate": lambda n: (n["was_ignored"], n["sla_due"]),
}


@pytest.mark.slow
@pytest.mark.exhaustive
def test_every_rate_of_every_month_has_its_interval(written: Written) -> None:
    """By the lifecycles themselves, counted in plain Python."""
    counted: dict[str, dict[str, Counter[str]]] = {"before": {}, "after": {}}
    for side, schema in SIDES.items():
        for row in lifecycles(written.project, schema):
            if row["origin"] != "marketing":
                continue
            month = f"{row['handed_off_date']:%Y-%m}"
            counts = counted[side].setdefault(month, Counter())
            if row["outcome"] != "withdrawn":
                counts["handed_off"] += 1
                if row["sla_due_at"] is not None and row["sla_due_at"] <= row["as_of"]:
                    counts["sla_due"] += 1
                    counts["was_ignored"] += row["was_ignored"]
            counts[row["outcome"]] += 1
    found = dict(tables(parsed(written.page)))
    for name, part in PARTS.items():
        said = found[f"{name} by month of hand-off, with its 95 % interval"]
        by_month = {row[0]: row[1:3] for row in said}
        for month in ("2025-03", "2025-04"):
            expected = [rate(*part(counted[side][month])) for side in SIDES]
            assert by_month[month] == expected, (name, month)


SIDES = {"before": "marts", "after": "whatif__marts"}


def lifecycles(project: Project, schema: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(project.warehouse), read_only=True) as connection:
        answer = connection.execute(
            f"select * from {schema}.fct_lead_lifecycles order by lifecycle_id"
        )
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_each_lead_that_flips_is_explained_by_both_readings(written: Written) -> None:
    flipped = {
        lead
        for lead, row in written.leads.items()
        if (row["outcome_before"] or row["origin_before"])
        != (row["outcome_after"] or row["origin_after"])
    }
    assert flipped == {"back"}
    page = folds(parsed(written.page))
    leads = {name: body for name, body in page.items() if name.startswith("generic ")}
    [(name, body)] = leads.items()
    assert name == (
        "generic back #1 · outcome: withdrawn → ignored · "
        "sla_policies default: 18 h → 9 h"
    )
    readings = folds(body)
    assert list(readings) == ["As published", "As edited"]
    before, after = (text(reading) for reading in readings.values())
    # 9 hours from Monday 09:00 are full at 18:00, 18 on Tuesday; it was taken back
    # on Tuesday at noon.
    assert (
        "Withdrawn: it was taken back, by m1 (marketing), who is not sales, and ended "
        "in recycled at 2025-04-08 Tue 12:00:00 (03:00:00 UTC), before the SLA ran out "
        "(2025-04-08 Tue 18:00:00 (09:00:00 UTC))."
    ) in before
    assert "Policy default of v1: 18 h" in before
    assert "Ignored: by the due time, 2025-04-07 Mon 18:00:00 (09:00:00 UTC)" in after
    assert "Policy default of v2: 9 h" in after
    assert "This is the what-if edited" in after and "what-if" not in before
    for reading in (before, after):
        assert f"Person {written.leads['back']['person_id']} As of" in reading


@pytest.mark.slow
@pytest.mark.exhaustive
def test_causes_and_months_are_counted_by_lead(written: Written) -> None:
    """Each lead of the CSV, counted once more."""
    because: Counter[str] = Counter()
    months: Counter[str] = Counter()
    for row in written.leads.values():
        because[row["why"].replace(HOSTILE, SHOWN)] += 1
        months[row["handed_off_at_after"][:7]] += 1
    told = table(written.page, "What made a difference, and to how many")
    assert {row[0]: int(row[1]) for row in told} == because
    assert {row[0]: row[3] for row in told} == {
        "sla_policies default: 18 h → 9 h": "1",
        f"channels expo: no row → channel {SHOWN}": "0",
    }
    # All of them are hand-offs of marketing's.
    assert all(row[1] == row[2] for row in told)
    caption = "Months of hand-off, by the edited reading where there is one"
    told = table(written.page, caption)
    assert {row[0]: int(row[1]) for row in told} == months
    assert {row[0]: row[3] for row in told} == {"2025-03": "0", "2025-04": "1"}
    named = {row[0]: row[4] for row in told}
    assert named["2025-03"] == "none"
    assert "sal_rate" in named["2025-04"].split(", ")


def test_a_month_is_that_of_the_hand_off() -> None:
    """Handed off on the last day of March: its SLA ends, and it flips, in April."""
    both = sides.Side("before", "actual"), sides.Side("after", "whatif")
    with duckdb.connect() as connection:
        connection.execute(
            "create table changed_leads as select * from (values "
            "(date '2025-03-31', timestamp '2025-04-02', 'pending', 'ignored', true), "
            "(date '2025-03-01', timestamp '2025-03-02', 'ignored', 'ignored', false), "
            "(null, null, null, null, false)) as leads (handed_off_date, "
            "sla_due_at_after, outcome_before, outcome_after, is_flipped)"
        )
        moved = effects.months(sides.Compared(connection, *both))
    assert moved == [
        effects.MovedMonth(date(2025, 3, 1), lifecycles=2, handoffs=2, flips=1),
        effects.MovedMonth(None, lifecycles=1, handoffs=0, flips=0),
    ]


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_models_are_those_downstream_of_the_changed_seeds(
    written: Written,
) -> None:
    manifest = dbt_runner.manifest_json(written.project)
    seeds = {"sla_policies", "funnel_versions", "channels"}
    to_see = [
        *(f"seed.lead_funnel.{seed}" for seed in seeds),
        *(f"model.lead_funnel.def_{seed}" for seed in seeds),
    ]
    seen = set(to_see)
    while to_see:
        for child in manifest["child_map"][to_see.pop()]:
            if child not in seen and child.startswith("model."):
                seen.add(child)
                to_see.append(child)
    names = {node.rpartition(".")[2] for node in seen if node.startswith("model.")}
    public = {name for name in names if re.match("fct_|dim_|mart_|quarantine$", name)}

    counted = table(written.page, MODELS)
    page = folds(parsed(written.page))
    [rest] = [body for name, body in page.items() if "rows are not counted" in name]
    [between] = [body for name, body in page.items() if "in between" in name]
    uncounted = set(text(list(rest)[-1]).split(", "))
    [(_, inner)] = tables(between)
    folded = {name for row in inner for name in row[1].split(", ")}
    assert {row[0] for row in counted} | uncounted == public
    assert folded == names - public
    said = f"{len(names)} models read channels, funnel_versions and sla_policies, "
    assert f"{said}{len(public)} of them published." in texts(written.page, "p")
    assert {"fct_lead_lifecycles", "mart_funnel_monthly"} <= {row[0] for row in counted}


MODELS = "Published tables that both readings hold, and their rows"


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_changed_rows_of_a_table_are_counted(written: Written) -> None:
    sides = [
        {row["lifecycle_id"]: row for row in lifecycles(written.project, schema)}
        for schema in SIDES.values()
    ]
    before, after = sides
    changed = sum(before[key] != after[key] for key in before.keys() & after.keys())
    told = {row[0]: row[1:] for row in table(written.page, MODELS)}
    assert changed > len(written.leads) - 1
    assert told["fct_lead_lifecycles"] == [
        *(str(len(before)), str(len(after)), str(changed)),
        *(
            str(len(after.keys() - before.keys())),
            str(len(before.keys() - after.keys())),
        ),
    ]


def test_the_page_of_no_difference_says_so(published_company: Project) -> None:
    """What is published, compared with what it was published from."""
    plan = sides.plan(published_company)
    plan = replace(plan, after=sides.Side("edited", ACTUAL))
    manifest = dbt_runner.manifest_json(published_company)
    with sides.opened(plan) as compared:
        found = differences.find(compared)
        written = html.page(comparison.document(plan, compared, found, manifest))
    said = texts(written, "p")
    assert "None: the same rows, in another order of versions." in said
    assert "No model reads what differs." in said
    assert "No lead counts as another outcome or as of another origin." in said
    # Nothing is drawn that does not move, but every rate is there.
    assert list(parsed(written).iter(f"{HTML}figure")) == []
    still = [name for name in folds(parsed(written)) if "no difference" in name]
    assert set(PARTS) <= {name.removesuffix(": no difference") for name in still}
