"""§1–§7: every sentence of the contract has tests, and the list says which.

`sentences.yml` quotes the whole text, in its order, and names the tests that
fail when a sentence is violated, or the later work that brings it. Here the
list is held to the tests and to the text; that the tests can fail is shown by
`python -m tests.lifecycle.mutate`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from orchestration.checks import SUITES
from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner
from tests.conftest import SHARED
from tests.lifecycle.cases.every import CASES
from tests.lifecycle.mutate import DEFECTS

SENTENCES = yaml.safe_load(
    Path(__file__).with_name("sentences.yml").read_text(encoding="utf-8")
)
KINDS = ("cases", "what_if", "tests", "unit_tests", "dbt_tests", "checks")
HERE = "tests/lifecycle/test_cases.py"

TEXTS = {
    "ours": ROOT / "docs" / "semantics.md",
    "the contract's": SHARED / "spec" / "semantics.md",
}

LATER = ("exports", "marts", "sources")
"""The works that bring what the text says already and nothing holds yet."""


def identified(sentence: dict) -> str:
    return sentence["id"]


def named_tests(sentence: dict) -> set[str]:
    """The pytest nodes of a sentence."""
    return {
        *sentence.get("tests", []),
        *(f"{HERE}::test_warehouse[{case}]" for case in sentence.get("cases", [])),
        *(f"{HERE}::test_what_if[{case}]" for case in sentence.get("what_if", [])),
    }


@cache
def collected() -> frozenset[str]:
    """All nodes of the files that the list names, with and without parameters."""
    files = sorted({node.split("::")[0] for s in SENTENCES for node in named_tests(s)})
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-q"),
            # Once is quiet enough: names, not counts.
            *("-o", "addopts=", "--import-mode=importlib", "-p", "no:cacheprovider"),
            *files,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    nodes = {line for line in done.stdout.splitlines() if "::" in line}
    return frozenset(nodes | {node.split("[")[0] for node in nodes})


@cache
def unit_tests() -> frozenset[str]:
    """The names of all dbt unit tests beside the models."""
    found = set()
    for path in (ROOT / "models").rglob("*.yml"):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        found |= {test["name"] for test in content.get("unit_tests", [])}
    return frozenset(found)


@pytest.fixture(scope="module")
def dbt_tests(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The names of all dbt tests of data, and of the rules in them."""
    project = Project.from_environment({}, out=tmp_path_factory.mktemp("out"))
    found = set()
    for node in dbt_runner.manifest_json(project)["nodes"].values():
        if node["resource_type"] == "test":
            rules = (node.get("test_metadata") or {}).get("kwargs", {}).get("rules", [])
            found |= {node["name"], *(f"{node['name']}.{r['name']}" for r in rules)}
    return frozenset(found)


@pytest.mark.parametrize("sentence", SENTENCES, ids=identified)
def test_every_sentence_has_tests_that_exist(
    sentence: dict, dbt_tests: frozenset[str]
) -> None:
    assert set(sentence) <= {"id", "says", "later", *KINDS}
    if "later" in sentence:
        assert sentence["later"] in LATER
        assert not any(kind in sentence for kind in KINDS), "tests, or later"
        return
    assert any(sentence.get(kind) for kind in KINDS), "neither tests nor later"
    assert named_tests(sentence) <= collected()
    assert set(sentence.get("unit_tests", [])) <= unit_tests()
    assert set(sentence.get("dbt_tests", [])) <= dbt_tests
    checks = {
        f"{suite.name}.{check.name}"
        for suite in SUITES.values()
        for check in suite.checks
    }
    assert set(sentence.get("checks", [])) <= checks


@pytest.mark.parametrize("sentence", SENTENCES, ids=identified)
def test_every_sentence_has_a_test_that_names_its_section(sentence: dict) -> None:
    if "later" in sentence:
        return
    section = re.match(r"§(\d)\.", sentence["id"])[1]
    held = " ".join(sorted(named_tests(sentence)))
    assert f"§{section} " in held or f"section_{section}_" in held


def test_the_sentences_are_numbered_in_order() -> None:
    numbers = [tuple(map(int, s["id"][1:].split("."))) for s in SENTENCES]
    expected = []
    for section, _ in numbers:
        after = expected[-1][1] if expected and expected[-1][0] == section else 0
        expected.append((section, after + 1))
    assert numbers == expected
    assert sorted({section for section, _ in numbers}) == list(range(8))


def test_every_case_holds_a_sentence() -> None:
    listed = {case for s in SENTENCES for case in s.get("cases", [])}
    assert {case.name for case in CASES} == listed
    assert len(CASES) == len(listed), "two cases have one name"


def written(whose: str) -> str:
    if not TEXTS[whose].exists():
        pytest.skip(f"the text is not at {TEXTS[whose]} (LEAD_FUNNEL_SHARED)")
    return TEXTS[whose].read_text(encoding="utf-8")


def test_the_text_lists_what_is_not_built_yet() -> None:
    before, _ = written("ours").split("Terms:", 1)
    later = [s["id"] for s in SENTENCES if "later" in s]
    assert sorted(re.findall(r"§\d\.\d+", before)) == sorted(later)


def plain(text: str) -> str:
    """Words alone: no marks, no table frames, no numbers of a list."""
    text = re.sub(r"^\|.*\|\n\|[-|]+\|$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^ *\d\. ", "", text, flags=re.MULTILINE)
    return " ".join(re.sub(r"[*`|]", " ", text).split())


def sections(text: str) -> dict[str, str]:
    """The text of §0 to §7 by section."""
    before, *rest = re.split(r"^## (\d)\. .*$", text, flags=re.MULTILINE)
    found = dict(zip(rest[::2], rest[1::2], strict=True))
    found["0"] = before[before.index("*Sales user*") :]
    return {number: plain(found[number]) for number in "01234567"}


@pytest.mark.parametrize("whose", TEXTS)
@pytest.mark.parametrize("section", list("01234567"))
def test_not_a_word_of_the_text_is_missing(section: str, whose: str) -> None:
    text = sections(written(whose))[section]
    quoted = " ".join(
        plain(s["says"]) for s in SENTENCES if s["id"].startswith(f"§{section}.")
    )
    assert quoted == text


def test_ours_says_all_that_the_contract_says() -> None:
    """Also the terms and §8, which the list does not quote."""
    ours, theirs = map(written, TEXTS)
    assert ours[ours.index("Terms:") :].split() == (
        theirs[theirs.index("Terms:") :].split()
    )


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda d: f"{d.section} {d.says}")
def test_every_defect_can_still_be_planted(defect) -> None:
    assert defect.spoilt(ROOT) != (ROOT / defect.file).read_text(encoding="utf-8")


def test_every_section_has_a_defect() -> None:
    assert {d.section for d in DEFECTS} == {f"§{number}" for number in range(8)}
