"""The page opens from a file without a network, can be read by everybody, and asked."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from orchestration.project import Project
from orchestration.publication import publications
from orchestration.report import page as report_page
from orchestration.transformation import dbt_runner
from tests.report.opened import Opened

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

MEGABYTE = 10**6
JAPANESE = re.compile("[ぁ-んァ-ヶ]")

DRAWN = """() => Object.fromEntries([...document.querySelectorAll(".drawn")].map(
    box => [box.id, [...box.querySelectorAll(
        ".mark-rect path, .mark-symbol path, .mark-line path, .mark-rule line"
    )].filter(mark => (mark.getAttribute("d") || "M0,0h1") !== "").length]))"""


def test_it_opens_without_a_network(page: Opened) -> None:
    marks = page.page.evaluate(DRAWN)
    assert len(marks) == 30
    assert [name for name, count in marks.items() if count < 2] == []
    assert page.errors == []
    assert page.requests == []
    first_paint = page.page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    )
    assert first_paint < 2000
    assert page.path.stat().st_size < 3 * MEGABYTE


def test_the_head_says_what_it_holds_and_what_not(
    page: Opened, published_sample: Project
) -> None:
    said = json.loads((published_sample.published / "publication.json").read_text())
    head = page.page.locator("header").inner_text()
    assert said["id"] in head
    assert "2026-09-30 23:58" in head  # as_of, in Tokyo
    assert "v1: Marketing hands over" in head
    for text in (
        "40 hand-offs are still open",
        "251 raw rows break a rule",
        "History begins 2024-05-08",
        "Sales reps have numbers instead of names.",
    ):
        assert text in head


def test_the_chapters_stand_in_their_order(page: Opened) -> None:
    titles = page.page.locator("main h2").all_inner_texts()
    assert [re.sub(r"^\d+\s+", "", title) for title in titles] == [
        "The funnel",
        "SAL rate and ignore rate by month",
        "By channel, campaign, team and rep, worst first",
        "What is open and overdue",
        "Why sales refuses",
        "How long acceptance takes",
        "How soon sales answers",
        "What another SLA would have given",
        "Is the score worth anything?",
        "What an accepted lead costs",
        "Data quality",
    ]


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ja", "dark")])
def test_axe_finds_no_violation(
    browser: Browser, report: Path, language: str, scheme: str
) -> None:
    with Opened.at(browser, report, f"#lang={language}", color_scheme=scheme) as opened:
        opened.page.evaluate(
            """() => ["sal_by_month", "by_team", "open_now", "plan"].forEach(name =>
                document.querySelector(`#figure-${name} details`).open = true)"""
        )
        opened.page.locator("details.filter summary").first.click()
        found = Axe().run(opened.page)
        assert found.violations_count == 0, found.generate_report()
        assert opened.errors == []


WRONG = re.compile(r"undefined|NaN|\bnull\b|\[object|\b[wc]:\w|[{}]")
"""What a page shows where a word or a number is missing."""


def test_both_languages_say_everything(browser: Browser, report: Path) -> None:
    texts = {}
    with Opened.at(browser, report) as opened:
        for language in ("en", "ja"):
            opened.page.locator(f"[data-language={language}]").click()
            opened.wait()
            assert opened.page.locator("html").get_attribute("lang") == language
            text = opened.page.locator("body").inner_text()
            charts = " ".join(opened.page.locator(".drawn svg").all_text_contents())
            assert not WRONG.search(text)
            assert not WRONG.search(charts)
            texts[language] = [
                opened.say(figure) for figure in opened.figures
            ] + opened.page.locator("[data-w], #definitions span").all_inner_texts()
        assert "lang=ja" in opened.page.url
    same = {
        en
        for en, ja in zip(texts["en"], texts["ja"], strict=True)
        if en == ja and re.search("[A-Za-z]{3}", en)
    }
    assert same == {"CSV"} or same == set()


def test_what_checks_protect_is_said_in_the_language_of_the_page(
    browser: Browser, report: Path
) -> None:
    with Opened.at(browser, report) as opened:
        english = opened.rows("checks")
        opened.page.locator("[data-language=ja]").click()
        opened.wait()
        japanese = opened.rows("checks")
    assert [row["label"] for row in japanese] == [row["label"] for row in english]
    assert all(JAPANESE.search(row["protects"]) for row in japanese)
    assert not any(JAPANESE.search(row["protects"]) for row in english)
    to_do = [row["what_to_do"] for row in japanese if row["is_failing"]]
    assert to_do
    assert not any(re.search("[A-Za-z]{3} [a-z]{2,} [a-z]", text) for text in to_do)


def test_a_click_on_a_bar_filters_and_the_address_keeps_it(page: Opened) -> None:
    page.choose()
    bar = page.page.locator("#chart-by_channel_sal .mark-rect path").first
    bar.click()
    page.wait()
    assert "channel=paid_social" in page.page.url
    assert [row["label"] for row in page.rows("by_channel")] == ["Paid social"]
    # There is nothing left to compare it with.
    assert page.say("by_channel").startswith(
        "Only Paid social has 30 hand-offs or more"
    )
    handed_off = page.rows("funnel_handoffs")[0]["count"]
    page.page.reload()
    page.wait()
    assert page.rows("funnel_handoffs")[0]["count"] == handed_off
    # The same with the keyboard, by the name in the table; and back again.
    page.page.locator("#figure-by_channel > details > summary").press("Enter")
    page.page.locator("#table-by_channel .choose").first.press("Enter")
    page.wait()
    assert "channel" not in page.page.url
    assert len(page.rows("by_channel")) > 5


def test_the_controls_filter_everything_at_once(page: Opened) -> None:
    page.choose()
    page.page.locator("#filter-from").select_option(label="Aug 2026")
    page.wait()
    assert [row["month"] for row in page.rows("sal_by_month")] == [
        "2026-08-01",
        "2026-09-01",
    ]
    page.page.locator("details.filter summary").nth(1).click()
    page.page.get_by_label("Inside Sales West").check()
    page.wait()
    assert page.page.url.endswith("#from=2026-08&team=Inside+Sales+West")
    assert {row["label"] for row in page.rows("by_team")} == {"Inside Sales West"}
    # What cannot know the team says so.
    assert "Not filtered by Team" in page.page.locator("#notes-auc").inner_text()
    page.page.keyboard.press("Escape")
    page.page.locator("#reset").click()
    page.wait()
    assert "#" not in page.page.url


def test_few_hand_offs_are_said_to_be_few(page: Opened) -> None:
    page.choose(**{"from": "2026-09", "channel": "referral"})
    small = [row for row in page.rows("by_team") if row["handed_off"] < 30]
    assert small
    assert all(row["is_small"] for row in small)
    assert "fewer than 30" in page.page.locator("#notes-by_team").inner_text()
    page.choose(to="2024-06")
    assert page.say("funnel_handoffs") == "Nothing falls under these filters."
    page.choose()


def test_a_definition_is_told_to_the_pointer_and_to_the_keyboard(page: Opened) -> None:
    page.choose()
    details = page.page.locator("#figure-by_team > details")
    if details.get_attribute("open") is None:
        details.locator("> summary").click()
    page.page.locator("#table-by_team .term", has_text="SAL rate").first.focus()
    tip = page.page.locator("#tip")
    assert "accepted / handed_off; null over nothing." in tip.inner_text()
    page.page.keyboard.press("Escape")
    assert not tip.is_visible()
    page.page.locator("#table-by_team td[data-word=ignore_rate]").first.hover()
    assert "ignored / handed_off" in tip.inner_text()


def test_it_is_read_on_a_phone(browser: Browser, report: Path) -> None:
    how = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
    with Opened.at(browser, report, **how) as opened:
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert all(count > 1 for count in opened.page.evaluate(DRAWN).values())


def test_no_chart_is_cut_on_paper(browser: Browser, report: Path) -> None:
    # A4 without its margins is 186 mm by 269 mm, at 96 pixels an inch.
    with Opened.at(browser, report, viewport={"width": 703, "height": 1017}) as opened:
        opened.page.emulate_media(media="print")
        found = opened.page.evaluate(
            """() => [...document.querySelectorAll(".charts")].map(charts => [
                charts.getBoundingClientRect().height,
                charts.getBoundingClientRect().right,
                getComputedStyle(charts).breakInside,
            ])"""
        )
        assert all(height < 1017 and right <= 703 for height, right, _ in found)
        assert {inside for *_, inside in found} == {"avoid"}
        assert not opened.page.locator("#filters").is_visible()
        assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def everything(path: Path) -> str:
    """All that is in the file but for its scripts, its cube unpacked."""
    text = path.read_text(encoding="utf-8")
    [cube] = re.findall(r'<script type="text/plain" id="cube">([^<]*)<', text)
    text = re.sub(
        r'<script type="(text/plain|module)".*?</script>', "", text, flags=re.S
    )
    return text + gzip.decompress(base64.b64decode(cube)).decode()


def test_nothing_in_it_is_personal(
    report: Path, marts: duckdb.DuckDBPyConnection
) -> None:
    text = everything(report)
    secrets = marts.execute(
        """
        select unnest([full_name, email, phone, person_id])
        from personal.marts_pii.dim_people_pii
        union select unnest([rep_name, owner_id]) from marts.dim_sales_reps
        union select company from marts.dim_people
        union select primary_record_id from marts.dim_people
        """
    ).fetchall()
    # Figures alone may be a part of any number.
    known = {
        secret
        for (secret,) in secrets
        if secret and len(secret) > 4 and not secret.isdigit()
    }
    assert len(known) > 50_000
    beginnings = {text[place : place + 5] for place in range(len(text))}
    candidates = [secret for secret in known if secret[:5] in beginnings]
    assert [secret for secret in candidates if secret in text] == []


def test_reps_are_named_where_a_setting_says_so(
    published_sample: Project, marts: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    project = Project.from_environment(
        {}, out=published_sample.out, vars='{"report_names_reps": true}'
    )
    text = rendered(project)
    path = tmp_path / "named.html"
    path.write_text(text, encoding="utf-8")
    names = marts.execute(
        "select distinct rep_name from marts.dim_sales_reps "
        "inner join marts.fct_lead_lifecycles using (owner_id) "
        "where origin = 'marketing'"
    ).fetchall()
    assert names
    inside = everything(path)
    assert all(name in inside for (name,) in names)
    assert "have numbers instead" in inside


def test_the_same_publication_gives_the_same_bytes(
    published_sample: Project, report: Path
) -> None:
    assert rendered(published_sample) == report.read_text(encoding="utf-8")


def rendered(project: Project) -> str:
    done = publications.published(project)
    assert done is not None
    return report_page.render(
        project,
        dbt_runner.manifest_json(project),
        done,
        project.published_database,
    )
