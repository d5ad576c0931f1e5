"""The report without a browser: its words, its errors, its size, what it escapes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.html_files import as_script, as_zipped
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.report import cube, glossary, kept_cube
from orchestration.report.chapters import CHAPTERS, figures
from orchestration.report.frame import FOLDER, frame, script
from orchestration.report.words import FILE, LANGUAGES, words
from orchestration.transformation import dbt_runner

MEGABYTE = 10**6


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("parsed")
    return dbt_runner.manifest_json(Project.from_environment({}, out=out))


# Words.


def test_every_word_is_there_in_both_languages(manifest: dict) -> None:
    for key, word in words(glossary.glossary(manifest)).items():
        for language in LANGUAGES:
            assert getattr(word, language).strip(), (key, language)
        # A number that one language says, the other says, too.
        marks = [set(re.findall(r"\{\w+\}", text)) for text in (word.en, word.ja)]
        assert marks[0] == marks[1] or key in UNEVEN, key
        is_japanese = re.search(r"[぀-ヿ一-鿿]", word.ja)
        assert is_japanese or key in SAME_IN_JAPANESE, key


UNEVEN = ("say_ignore_by_month",)
SAME_IN_JAPANESE = ("csv", "auc", "formula")


def test_a_missing_word_is_an_error(
    manifest: dict, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    terms = glossary.glossary(manifest)
    for text, sentence in (
        ("copy: {en: Copy}", "words.yml lacks copy .ja."),
        ("copy: {ja: コピー}", "words.yml lacks copy .en."),
        ("rate: {metric: sal_quota}", "names metric.sal_quota for rate"),
        ("copy: {en: Copy, jp: コピー}", "words.yml says jp of copy"),
    ):
        path = tmp_path / "words.yml"
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr("orchestration.report.words.FILE", path)
        with pytest.raises(ValueError, match=sentence):
            words(terms)


def test_no_word_stands_twice_or_for_nothing(manifest: dict) -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    keys = [line.split(":")[0] for line in lines if re.match(r"\w+:", line)]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert set(keys) == set(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    asked = used()
    assert set(keys) - asked == set()
    assert asked & PLAIN - set(keys) == set()


PLAIN = {"table", "copy", "csv", "skip"}


def used() -> set[str]:
    """Every key that a script, the template, a chart or a column may ask for."""
    texts = script() + (FOLDER / "page.html").read_text(encoding="utf-8")
    found = set(re.findall(r"[\"'`](\w+)[\"'`]", texts))
    found |= set(re.findall(r"page\.words\.(\w+)", texts))
    for chapter in CHAPTERS:
        found.add(f"chapter_{chapter.name}")
        for figure in chapter.figures:
            found |= {f"figure_{figure.name}", f"say_{figure.name}"}
            found |= {column.word or column.name for column in figure.columns}
            for chart in figure.charts:
                found |= {chart.word} | set(
                    re.findall(r"w:(\w+)", json.dumps(chart.spec()))
                )
    found |= {f"weekday_{number}" for number in range(1, 8)}
    found |= {f"entries_{name}" for name in ("inquiry", "mql", "handed_off")}
    found |= {f"entries_{name}" for name in ("accepted", "sql", "opportunity", "won")}
    found |= {
        f"within_{limit}"
        for limit in ("5_minutes", "15_minutes", "1_hour", "4_hours", "24_hours")
    }
    # Values of columns that have words.
    found |= {"first_touch", "last_touch", "linear", "position_based", "time_decay"}
    return found | {"no_campaign", "no_channel", "marketing", "sales", "in_time"}


def test_charts_and_columns_ask_only_for_words_that_are_there(manifest: dict) -> None:
    known = words(glossary.glossary(manifest))
    for figure in figures().values():
        for column in figure.columns:
            assert (column.word or column.name) in known, (figure.name, column)
        for chart in figure.charts:
            asked = set(re.findall(r"w:(\w+)", json.dumps(chart.spec())))
            assert asked <= known.keys(), (chart.name, asked - known.keys())


def test_rates_are_divided_as_the_metrics_say(manifest: dict) -> None:
    formulas = glossary.formulas(manifest)
    assert formulas["sal_rate"] == [{"accepted": 1}, {"handed_off": 1}]
    assert formulas["resolved_sal_rate"] == [
        {"accepted": 1},
        {"handed_off": 1, "pending": -1},
    ]
    assert formulas["reached_within_1_hour_rate"] == [
        {"reached_within_1_hour": 1},
        {"old_enough_for_1_hour": 1},
    ]


# Text from outside.


def test_no_text_ends_the_script_that_holds_it() -> None:
    text = "</script><script>alert(1)</script><!-- \u2028 & 東京"
    written = as_script({"name": text})
    assert not set("<>&\u2028") & set(written)
    assert json.loads(written) == {"name": text}


# Checks.


def test_a_failing_check_says_since_when() -> None:
    def check(name: str, passed: bool) -> dict:
        return {"suite": "s", "table": "t", "name": name, "passed": passed}

    def at(day: int) -> datetime:
        return datetime(2026, 11, day, tzinfo=UTC)

    def publication(checks: list[dict]) -> publications.Publication:
        return publications.Publication(
            "id", "at", None, None, "in", None, {}, {}, checks=checks
        )

    first = publications._since_when([check("a", False), check("b", True)], None, at(1))
    assert [each["failing_since"] for each in first] == ["2026-11-01", None]
    second = publications._since_when(
        [check("a", False), check("b", False)], publication(first), at(2)
    )
    assert [each["failing_since"] for each in second] == ["2026-11-01", "2026-11-02"]
    third = publications._since_when([check("a", True)], publication(second), at(3))
    fourth = publications._since_when([check("a", False)], publication(third), at(4))
    assert fourth[0]["failing_since"] == "2026-11-04"


# The command.


def test_nothing_published_is_a_sentence(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["report", "--out", str(tmp_path / "none")])
    assert said.exit_code == 1
    assert "Nothing is published in" in said.output
    assert "lead-funnel run" in said.output


def test_an_unknown_language_is_a_sentence(tmp_path: Path) -> None:
    said = CliRunner().invoke(
        app, ["report", "--out", str(tmp_path / "none"), "--lang", "jaa"]
    )
    assert said.exit_code == 1
    assert "--lang is 'jaa' (did you mean 'ja'?)" in said.output


def test_a_publication_without_a_table_is_a_sentence(
    tmp_path: Path, manifest: dict
) -> None:
    path = tmp_path / "lead_funnel.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.mart_funnel_cohort (handed_off int)")
    with pytest.raises(cube.LeadFunnelError, match="another version of Lead Funnel"):
        cube.read(path, cube.questions(manifest, "Asia/Tokyo"))


@pytest.mark.slow
def test_numbers_are_counted_again_where_anything_is_other(
    published_sample: Project,
    manifest: dict,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A run that changed nothing publishes the same file under a further name."""
    database, linked = tmp_path / "published.duckdb", tmp_path / "linked.duckdb"
    shutil.copy(published_sample.published_database, database)
    database.chmod(0o600)
    project = Project.from_environment({}, out=tmp_path / "out")
    project.out.mkdir()
    counted, read = [], cube.read
    monkeypatch.setattr(
        cube, "read", lambda *told, **more: counted.append(1) or read(*told, **more)
    )

    def packed(path: Path = database, zone: str = "Asia/Tokyo", names: bool = False):
        return kept_cube.packed(project, manifest, path, zone=zone, names_reps=names)

    first = packed()
    os.link(database, linked)
    assert packed(linked) == first
    assert len(counted) == 1
    assert packed(names=True) != first
    assert packed(zone="America/Los_Angeles") != first
    assert packed() == first
    assert len(counted) == 4
    with duckdb.connect(str(database)) as connection:
        connection.execute("update marts.mart_funnel_cohort set accepted = 0")
    assert packed() != first
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "alter table marts.dim_funnel_definitions rename in_words_ja to words"
        )
    with pytest.raises(cube.LeadFunnelError, match="has no in_words_ja, as another"):
        packed()
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "alter table marts.dim_funnel_definitions rename words to in_words_ja"
        )
    [kept] = (project.out / "report").iterdir()
    kept.write_text("{")
    assert packed() != first
    assert len(counted) == 7


@pytest.mark.slow
def test_the_command_writes_where_it_is_told(
    published_sample: Project, tmp_path: Path
) -> None:
    target = tmp_path / "for-tokyo.html"
    asked = ["report", "--out", str(published_sample.out)]
    said = CliRunner().invoke(
        app,
        [*asked, "--lang", "ja", "--output", str(target)],
    )
    assert said.exit_code == 0, said.output
    assert '<html lang="ja">' in target.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["for-tokyo.html"]
    said = CliRunner().invoke(
        app,
        [*asked, "--output", str(tmp_path / "missing" / "report.html")],
    )
    assert said.exit_code == 1
    assert "name another file with --output" in said.output


# Size.


@pytest.mark.slow
def test_a_million_leads_stay_below_8_megabytes(
    published_sample: Project, manifest: dict, tmp_path: Path
) -> None:
    """The sample's lifecycles fifty times, each at another hour of another day, from
    another team or campaign: more combinations than a company of that size has."""
    path = tmp_path / "lead_funnel.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"attach '{published_sample.published_database}' as small (read_only)"
        )
        connection.execute("create schema marts")
        for (name,) in connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'small' and schema_name = 'marts'"
        ).fetchall():
            connection.execute(f"create view marts.{name} as from small.marts.{name}")
        connection.execute("drop view marts.fct_lead_lifecycles")
        connection.execute(
            """
            create table marts.fct_lead_lifecycles as
            with times as (
                select
                    lifecycles.*,
                    hash(lifecycle_id, copy) as dice,
                    to_hours(cast(hash(lifecycle_id, copy, 1) % 480 as integer))
                        as later
                from small.marts.fct_lead_lifecycles as lifecycles
                cross join range(50) as copies (copy)
            ),
            campaigns as (
                select campaign_id, row_number() over (order by campaign_id) as no
                from small.marts.dim_campaigns
            )
            select times.* exclude (dice, later) replace (
                handed_off_at + later as handed_off_at,
                first_response_at + later as first_response_at,
                cast(handed_off_at + later as date) as handed_off_date,
                age_business_days + cast(dice % 5 as integer) as age_business_days,
                coalesce(campaigns.campaign_id, last_campaign_id) as last_campaign_id
            )
            from times
            left join campaigns on campaigns.no = times.dice % 120
            """
        )
        [(leads,)] = connection.execute(
            "select count(*) from marts.fct_lead_lifecycles"
        ).fetchall()
        assert leads > MEGABYTE
        # The views name a database that has to be attached, so they become tables.
        for (name,) in connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts' "
            "and not internal and database_name = current_database()"
        ).fetchall():
            connection.execute(f"create table marts.{name}_ as from marts.{name}")
            connection.execute(f"drop view marts.{name}")
            connection.execute(f"alter table marts.{name}_ rename to {name}")
    found = cube.read(path, cube.questions(manifest, "Asia/Tokyo"))
    drawn = frame(published_sample)
    rest = len(as_zipped(drawn.libraries)) + len(json.dumps(drawn.specs)) + 300_000
    assert len(as_zipped(found.as_json())) + rest < 8 * MEGABYTE
    # The counts are whole all the same.
    assert sum(found.tables["hours"]["handed_off"]) == 50 * 8378
