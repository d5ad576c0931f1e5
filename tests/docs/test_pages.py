"""dbt's docs and the glossary as pages: whole, offline, the same every time."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import docs_site, glossary
from orchestration.cli import app
from orchestration.docs_site import dbt_docs, glossary_page
from orchestration.errors import LeadFunnelError
from orchestration.html_files import as_script
from orchestration.project import ROOT, Project
from orchestration.publication.publications import Publication, PublicTable, publish
from orchestration.transformation import dbt_runner, parsed_project

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
POLICY = "Content-Security-Policy"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.from_environment({}, out=tmp_path_factory.mktemp("docs") / "out")


@pytest.fixture(scope="module")
def manifest(project: Project) -> dict[str, Any]:
    return dbt_runner.manifest_json(project)


@pytest.fixture(scope="module")
def folder(
    project: Project, manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    found = tmp_path_factory.mktemp("site")
    docs_site.write(project, manifest, found)
    return found


@pytest.fixture(scope="module")
def docs(folder: Path) -> str:
    return (folder / "docs.html").read_text("utf-8")


@pytest.fixture(scope="module")
def words(folder: Path) -> str:
    return (folder / "glossary.html").read_text("utf-8")


class Page(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def inlined(docs: str, name: str) -> Any:
    """The manifest or catalog that a page of dbt's docs has in it."""
    _, _, text = docs.partition(f"{name}:{{")
    return json.JSONDecoder().raw_decode("{" + text)[0]


# dbt's docs.


def test_the_page_tells_of_every_model_and_metric(docs, manifest):
    told = inlined(docs, "manifest")
    assert told["nodes"].keys() == manifest["nodes"].keys()
    assert told["metrics"].keys() == manifest["metrics"].keys()
    assert told["parent_map"] == {
        key: sorted(parents) for key, parents in manifest["parent_map"].items()
    }


def test_a_column_is_told_with_its_japanese_term_and_its_word(docs):
    told = inlined(docs, "manifest")
    monthly = told["nodes"]["model.lead_funnel.mart_funnel_monthly"]["columns"]
    assert monthly["sal_rate"]["description"].endswith(
        ". (SAL率) → [SAL rate · SAL率](glossary.html#sal_rate)"
    )
    assert monthly["funnel_monthly_id"]["description"] == "Key of the row. (行ID)"
    metric = told["metrics"]["metric.lead_funnel.ignore_rate"]["description"]
    assert "(glossary.html#ignore_rate)" in metric


def test_the_catalog_has_the_types_of_the_published_tables(docs, marts):
    told = inlined(docs, "catalog")["nodes"]
    types = {"string": "VARCHAR", "int": "INTEGER"}
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in marts.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name in ('marts', 'marts_pii')"
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    assert {node["metadata"]["name"] for node in told.values()} == found.keys()
    for node in told.values():
        assert {
            name: types.get(column["type"], column["type"]).upper()
            for name, column in node["columns"].items()
        } == found[node["metadata"]["name"]]


def test_nothing_of_the_machine_or_the_run_is_in_it(docs, project, manifest):
    for text in (str(ROOT), str(project.out), str(Path.home()) + "/"):
        assert text not in docs
    for name in ("invocation_id", "generated_at", "user_id"):
        assert manifest["metadata"][name] is None or (
            manifest["metadata"][name] not in docs
        )
    # The seeds know the folder that they lie in: the test above can fail.
    assert str(ROOT) in json.dumps(manifest)
    told = inlined(docs, "manifest")
    sections = ("nodes", "sources", "metrics", "exposures", "macros", "unit_tests")
    for node in [told["metadata"], *(n for s in sections for n in told[s].values())]:
        assert not node.keys() & {
            *("root_path", "build_path", "compiled_path", "env", "user_id"),
            *("created_at", "generated_at", "run_started_at", "invocation_id"),
        }
    assert told["metadata"]["send_anonymous_usage_stats"] is False


def test_the_page_is_the_same_whoever_makes_it(docs, project, tmp_path, monkeypatch):
    """In another OUT, at another time, with values in the environment."""
    # Parsed before the folder is another one: this process keeps it.
    dbt_runner.manifest(project)
    monkeypatch.setenv("DBT_ENV_CUSTOM_ENV_SECRET", "swordfish")
    monkeypatch.setenv(parsed_project.FOLDER, str(tmp_path / "parsed"))
    other = replace(project, out=tmp_path / "other")
    assert dbt_docs.page(other).decode() == docs
    assert list(other.dbt_target.glob("docs-*")) == []
    # Without a parsed project there is nothing that the page could be kept with.
    assert not (tmp_path / "parsed").exists()


def test_the_order_in_which_dbt_finds_things_does_not_matter(manifest):
    """It keeps some in sets, which are in another order in every process."""
    changed = copy.deepcopy(manifest)
    for node in changed["nodes"].values():
        node.get("sources", []).reverse()
        node.get("refs", []).reverse()
        node.get("depends_on", {}).get("nodes", []).reverse()
    for parents in changed["parent_map"].values():
        parents.reverse()
    assert changed != manifest
    assert dbt_docs.for_readers(changed) == dbt_docs.for_readers(manifest)


def test_a_page_that_is_there_is_not_made_again(project, docs, tmp_path, monkeypatch):
    def fail(*_: Any) -> None:
        raise AssertionError("made again")

    # A folder of this test alone: from the shared one others remove what is old.
    dbt_runner.manifest(project)
    monkeypatch.setenv(parsed_project.FOLDER, str(tmp_path))
    dbt_runner.parsed_folder(project).mkdir()
    assert dbt_docs.page(project).decode() == docs
    monkeypatch.setattr(dbt_runner, "static_docs", fail)
    # As in any other OUT: they share what dbt parsed.
    assert dbt_docs.page(replace(project, out=project.out / "o")).decode() == docs


def test_a_text_of_the_project_stays_a_text(manifest):
    rude = '</script><script>alert(1)</script><!-- & "x" \u2028'
    changed = copy.deepcopy(manifest)
    changed["nodes"]["model.lead_funnel.dim_people"]["description"] = rude
    text = as_script(dbt_docs.for_readers(changed), sort_keys=True)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["nodes"]["model.lead_funnel.dim_people"]["description"] == (
        rude
    )


def test_docs_that_look_otherwise_are_an_error():
    with pytest.raises(LeadFunnelError, match=r"requirements\.lock"):
        dbt_docs.finished("<html><head></head></html>", "{}", "{}")


def test_nothing_is_fetched(docs, words):
    for text in (docs.partition("<script")[0], words):
        page = Page(text)
        [policy] = [m for m in page.all("meta") if m.get("http-equiv") == POLICY]
        assert str(policy["content"]).startswith("default-src 'none'; ")
        assert page.all("link") == []
        for tag, attributes in page.elements:
            assert "src" not in attributes, tag
    assert not re.search(r' (?:xlink:href|href|src)="\{\{', docs)


# The glossary.


def test_every_term_has_its_place(words, manifest):
    page = Page(words)
    ids = [str(section["id"]) for section in page.all("section")]
    assert ids == [term.key for term in glossary.terms(manifest)]
    hrefs = [str(a["href"]) for a in page.all("a")]
    assert {f"#{key}" for key in ids} <= set(hrefs)
    assert "sal_rate" in ids


def test_every_link_leads_somewhere(words, manifest):
    known = {
        f"docs.html#!/{kind}/{unique_id}{part}"
        for kind, nodes, part in (
            ("metric", manifest["metrics"], ""),
            ("model", manifest["nodes"], "#columns"),
        )
        for unique_id in nodes
    }
    page = Page(words)
    ids = {
        f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes
    }
    hrefs = {str(a["href"]) for a in page.all("a")}
    assert hrefs - known - ids == {"docs.html"}
    assert "docs.html#!/metric/metric.lead_funnel.sal_rate" in hrefs


def test_japanese_is_marked_as_such(words):
    """So that a screen reader reads it in its language."""

    class Languages(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[tuple[str, str]] = []
            self.unmarked: list[str] = []

        def handle_starttag(self, tag, attrs):
            before = self.open[-1][1] if self.open else ""
            if tag not in ("meta", "br", "input"):
                self.open.append((tag, dict(attrs).get("lang", before)))

        def handle_endtag(self, tag):
            assert self.open.pop()[0] == tag

        def handle_data(self, data):
            skipped = {"script", "style", "title"} & {tag for tag, _ in self.open}
            is_japanese = re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", data)
            if is_japanese and not skipped and self.open[-1][1] != "ja":
                self.unmarked.append(data)

    parser = Languages()
    parser.feed(words)
    assert [
        text for text in parser.unmarked if text != "Skip to the terms · 用語へ"
    ] == []
    assert parser.open == []


def test_a_definition_is_only_text(manifest):
    changed = copy.deepcopy(manifest)
    changed["docs"]["doc.lead_funnel.mql"]["block_contents"] = "<b>x</b> & 'y' {{ 1 }}."
    page = glossary_page.page(changed, "docs.html")
    assert "&lt;b&gt;x&lt;/b&gt; &amp; &#39;y&#39; {{ 1 }}." in page
    assert "<b>" not in page


# Where they are.

PEOPLE = [PublicTable("marts", "dim_people", "One row per person.")]


@pytest.fixture
def own(project: Project, tmp_path: Path) -> Project:
    """A warehouse with one table to publish."""
    found = replace(project, out=tmp_path / "out")
    found.prepare_out()
    with duckdb.connect(str(found.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_people as select 'a' as person_id")
    return found


def test_they_are_published_with_the_tables(own, manifest):
    def write(_: Publication, folder: Path) -> None:
        docs_site.write(own, manifest, folder)

    publish(own, PEOPLE, beside=write)
    first = own.published.resolve()
    # Also where the tables are those of the publication before.
    publish(own, PEOPLE, unchanged=["dim_people"], beside=write)
    second = own.published.resolve()
    assert first != second
    for name in ("docs.html", "glossary.html"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_pages_that_cannot_be_written_change_nothing(own):
    publish(own, PEOPLE)
    before = own.published.resolve()

    def fail(_: Publication, __: Path) -> None:
        raise LeadFunnelError("The disk is full.")

    with pytest.raises(LeadFunnelError):
        publish(own, PEOPLE, beside=fail)
    assert own.published.resolve() == before


def test_a_run_publishes_them(published_sample, docs, words):
    assert (published_sample.published / "docs.html").read_text("utf-8") == docs
    assert (published_sample.published / "glossary.html").read_text("utf-8") == words


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["docs", *arguments])
    return result.exit_code, result.output


def test_the_command_says_where_they_are(published_sample):
    code, output = said("--out", str(published_sample.out))
    assert code == 0
    assert output.split() == [
        "Docs",
        str(published_sample.published / "docs.html"),
        "Glossary",
        str(published_sample.published / "glossary.html"),
    ]


def test_the_command_says_what_to_do_where_there_are_none(tmp_path):
    code, output = said("--out", str(tmp_path))
    assert code == 1
    assert "make run" in output.replace("\n", " ")
    assert "--output FOLDER" in output.replace("\n", " ")


def test_the_command_writes_them(project, docs, words, tmp_path):
    code, _ = said("--out", str(project.out), "--output", str(tmp_path / "a" / "b"))
    assert code == 0
    assert (tmp_path / "a" / "b" / "docs.html").read_text("utf-8") == docs
    assert (tmp_path / "a" / "b" / "glossary.html").read_text("utf-8") == words
    (tmp_path / "file").write_text("")
    code, output = said("--out", str(project.out), "--output", str(tmp_path / "file"))
    assert code == 1
    assert "--output" in output


# In a browser.


@pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("docs.html", "Every table, column and metric"),
        ("docs.html#!/metric/metric.lead_funnel.sal_rate", "cohort_handed_off"),
        (
            "docs.html#!/model/model.lead_funnel.mart_funnel_monthly",
            "resolved_sal_rate",
        ),
        ("glossary.html#sal_rate", "SAL率"),
    ],
)
def test_a_browser_shows_it_and_complains_of_nothing(folder, tmp_path, address, shown):
    name, _, part = address.partition("#")
    done = subprocess.run(
        [
            str(BROWSER),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}",
            "--enable-logging=stderr",
            "--virtual-time-budget=10000",
            "--dump-dom",
            (folder / name).as_uri() + (f"#{part}" if part else ""),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown in re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
