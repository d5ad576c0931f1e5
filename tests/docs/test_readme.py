"""README.ja.md says what README.md says: the same headings, commands, figures and
links, section by section. Whoever edits one edits the other."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import pytest

from orchestration.project import ROOT

ENGLISH, JAPANESE = "README.md", "README.ja.md"


@dataclass
class Section:
    """What of a section is the same in every language."""

    level: int
    title: str
    blocks: list[str] = field(default_factory=list)
    code: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    figures: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    bullets: int = 0


def sections(text: str) -> list[Section]:
    found: list[Section] = []
    prose: list[str] = []
    block: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("```"):
            if block is None:
                block = [line]
            else:
                found[-1].blocks.append("\n".join(block))
                block = None
        elif block is not None:
            block.append(line)
        elif heading := re.match(r"(#+) (.*)", line):
            if found:
                read(found[-1], prose)
            prose = []
            found.append(Section(len(heading[1]), heading[2]))
        else:
            prose.append(line)
    read(found[-1], prose)
    assert block is None, "a block of code has no end"
    return found


def read(section: Section, prose: list[str]) -> None:
    section.rows = sum(line.startswith("|") for line in prose)
    section.bullets = sum(line.startswith("* ") for line in prose)
    text = "\n".join(prose)
    section.code.update(re.findall(r"`([^`]+)`", text))
    text = re.sub(r"`[^`]+`", " ", text)
    links = re.findall(r"\]\(([^)]+)\)", text)
    text = re.sub(r"\]\([^)]+\)", "]", text)
    # Each links to the other.
    section.links.update({ENGLISH: JAPANESE}.get(link, link) for link in links)
    section.figures.update(re.findall(r"\d[\d,.:]*\d|\d", text))


def differences(english: str, japanese: str) -> list[str]:
    """What the two do not have in common, in words."""
    ours, theirs = sections(english), sections(japanese)
    if [s.level for s in ours] != [s.level for s in theirs]:
        return ["the headings"]
    return [
        f"{what} of {one.title} / {other.title}: "
        f"{getattr(one, what)} / {getattr(other, what)}"
        for one, other in zip(ours, theirs, strict=True)
        for what in ("blocks", "code", "links", "figures", "rows", "bullets")
        if getattr(one, what) != getattr(other, what)
    ]


@pytest.fixture(scope="module")
def english() -> str:
    return (ROOT / ENGLISH).read_text("utf-8")


@pytest.fixture(scope="module")
def japanese() -> str:
    return (ROOT / JAPANESE).read_text("utf-8")


def test_both_say_the_same(english, japanese):
    assert differences(english, japanese) == []


def test_it_is_japanese(english, japanese):
    letters = r"[\u3040-\u30ff\u4e00-\u9fff]"
    assert len(re.findall(letters, japanese)) > 1500
    for section in sections(japanese)[1:]:
        assert re.search(letters, section.title), section.title
    assert len(re.findall(letters, english)) < 20


def test_each_leads_to_the_other_in_its_first_lines(english, japanese):
    assert f"({JAPANESE})" in "\n".join(english.splitlines()[:3])
    assert f"({ENGLISH})" in "\n".join(japanese.splitlines()[:3])


def test_what_they_name_is_there(english):
    for section in sections(english):
        for link in section.links:
            assert (ROOT / link.partition("#")[0]).exists(), link


def test_they_are_short(english, japanese):
    assert len(english.splitlines()) <= 150
    assert len(japanese.splitlines()) <= 160


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("## Where is …?", "### Where is …?", "the headings"),
        ("make run\n```", "make all\n```", "blocks of "),
        (" 49.7% (", " 49.8% (", "blocks of "),
        ("`make test-all`", "`make test-most`", "code of "),
        ("20,000 leads", "30,000 leads", "figures of "),
        ("](docs/sample.md)", "](docs/limits.md)", "links of "),
        ("| `fct_handoffs` | ", "`fct_handoffs` | ", "rows of "),
        (
            "| `mart_period_close`, `mart_restatement`, `mart_restated_lines` | number "
            "that was reported at a close; change since, with its cause; line that "
            "changed |\n",
            "",
            "rows of ",
        ),
        ("Apache License 2.0", "Apache License", "figures of "),
    ],
)
def test_an_edit_of_one_alone_is_found(english, japanese, old, new, said):
    assert old in english
    found = differences(english.replace(old, new, 1), japanese)
    assert any(text.startswith(said) for text in found), found
