"""The glossary is whole: both languages, every metric, nothing that nobody uses."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from orchestration import glossary
from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from orchestration.transformation.dbt_runner import manifest_json

JAPANESE_LETTER = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return manifest_json(Project.from_environment({}))


@pytest.fixture(scope="module")
def terms(manifest: dict[str, Any]) -> dict[str, glossary.Term]:
    return {term.key: term for term in glossary.terms(manifest)}


def metrics_of_the_files() -> dict[str, dict[str, Any]]:
    return {
        metric["name"]: metric
        for path in sorted((ROOT / "models" / "metrics").glob("*.yml"))
        for metric in yaml.safe_load(path.read_text("utf-8")).get("metrics", [])
    }


def test_every_metric_has_a_term(terms):
    found = {
        unique_id.rpartition(".")[2]
        for term in terms.values()
        for unique_id in term.metrics
    }
    assert found == set(metrics_of_the_files())


def test_no_term_is_unused(terms):
    unused = [key for key, term in terms.items() if not (term.metrics or term.columns)]
    assert unused == []


def test_every_term_has_both_languages(terms):
    for key, term in terms.items():
        assert term.en and not JAPANESE_LETTER.search(term.en), key
        assert not JAPANESE_LETTER.search(term.definition_en), key
        assert term.ja, key
        assert JAPANESE_LETTER.search(term.definition_ja), key
        # A published comment ends in the Japanese term behind a full stop.
        assert term.definition_en.endswith("."), key
        assert term.definition_ja.endswith("。"), key
        assert f"{term.definition_en} ".count(". ") <= 4, key
        assert term.definition_ja.count("。") <= 4, key


def test_the_words_that_people_argue_about_are_there(terms):
    names = {term.en for term in terms.values()} | {t.ja for t in terms.values()}
    assert {"SAL率", "イグノアレート", "SAL rate", "Ignore rate"} <= names
    assert terms.keys() >= {
        *("mql", "tal", "sal", "sql", "adr", "owner", "pass", "sla", "opening_hours"),
        *("handed_off", "accepted", "rejected", "ignored", "pending", "withdrawn"),
        *("recycled", "cohort_basis", "period_basis", "stock_basis", "maturity"),
        *("bounds", "attribution_model", "cost_per_sal", "pacing"),
        "acceptance_probability",
    }


# §6 of docs/semantics.md, by hand.
@pytest.mark.parametrize(
    ("key", "formula"),
    [
        ("sal_rate", "accepted / handed_off"),
        ("ignore_rate", "ignored / handed_off"),
        ("rejection_rate", "rejected / handed_off"),
        ("pending_rate", "pending / handed_off"),
        ("resolved_sal_rate", "accepted / (handed_off - pending)"),
        ("sla_breach_rate", "was_ignored / sla_due"),
    ],
)
def test_a_rate_has_the_formula_of_the_semantics(terms, key, formula):
    assert terms[key].formula == formula


def test_every_rate_has_a_formula(terms):
    rates = [
        term
        for term in terms.values()
        if term.ja.endswith(("率", "単価")) and not term.ja.endswith("確率")
    ]
    assert len(rates) >= 14
    assert [term.key for term in rates if not term.formula] == []


def test_one_word_means_one_thing(terms):
    """No two terms share a name, and a column that has a term's very name has its
    Japanese name too."""
    for language in ("en", "ja"):
        names = [getattr(term, language).casefold() for term in terms.values()]
        assert len(names) == len(set(names))


def test_a_rate_is_called_alike_everywhere(manifest, terms):
    for column, described in glossary.public_columns(manifest):
        term = terms.get(column.name)
        if term is None or not column.name.endswith("_rate"):
            continue
        assert described["config"]["meta"]["label_ja"] == term.ja, column
        assert column in term.columns, column


def test_a_definition_is_written_down_once():
    """What the glossary says is taken by `doc()`, never typed again."""
    blocks = re.findall(
        r"{% docs (\w+) %}\n(.*?)\n{% enddocs %}",
        (ROOT / glossary.FILE).read_text("utf-8"),
        re.DOTALL,
    )
    english = {
        " ".join(text.split()): name
        for name, text in blocks
        if not name.endswith(glossary.JAPANESE)
    }
    assert len(english) > 80
    for path in sorted((ROOT / "models").rglob("*.yml")):
        for text in descriptions(yaml.safe_load(path.read_text("utf-8"))):
            assert " ".join(text.split()) not in english, (path.name, text)


def descriptions(found: Any) -> list[str]:
    if isinstance(found, dict):
        own = (
            [found["description"]] if isinstance(found.get("description"), str) else []
        )
        return own + [text for value in found.values() for text in descriptions(value)]
    if isinstance(found, list):
        return [text for value in found for text in descriptions(value)]
    return []


# What is not written as the head of the file says is an error that says so.


def without(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    docs = {k: v for k, v in manifest["docs"].items() if v["name"] != name}
    return {**manifest, "docs": docs}


def rewritten(manifest: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    docs = copy.deepcopy(manifest["docs"])
    docs[f"doc.lead_funnel.{name}"]["block_contents"] = text
    return {**manifest, "docs": docs}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: without(m, "mql__ja"), "block mql of .* has no block mql__ja"),
        (lambda m: without(m, "mql"), "block mql__ja of .* has no block mql"),
        (lambda m: rewritten(m, "mql__ja", "MQL\n\nリード。"), "must begin with"),
        (lambda m: rewritten(m, "mql__ja", "MQL | MQL"), "must begin with"),
        (lambda m: rewritten(m, "mql__ja", "a | b\nx / y\n\nc。"), "may have `= f"),
        (lambda m: rewritten(m, "sal_rate__ja", "S | 率\n\nc。"), "from the metric"),
    ],
)
def test_a_block_that_cannot_be_read_is_an_error(manifest, change, said):
    with pytest.raises(LeadFunnelError, match=said):
        glossary.terms(change(manifest))


def test_a_term_that_is_not_there_is_an_error(manifest):
    metrics = copy.deepcopy(manifest["metrics"])
    meta = metrics["metric.lead_funnel.cohort_mql"]["config"]["meta"]
    meta["term"] = "mqll"
    with pytest.raises(LeadFunnelError, match="term of the metric cohort_mql"):
        glossary.terms({**manifest, "metrics": metrics})
