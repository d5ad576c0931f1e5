"""Every text of the page in both languages; words.yml is their one home.

A word there is written out, or it names a metric or a column whose words dbt's
YAML has: then the page shows those, and their definition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from orchestration.report.glossary import METRIC, Term

LANGUAGES = ("en", "ja")

FILE = Path(__file__).parent / "words.yml"


@dataclass(frozen=True)
class Word:
    """A text of the page."""

    en: str
    ja: str
    definition: str = ""
    """In English, as dbt's YAML has it."""
    parts: tuple[str, str] | None = None
    """Of a ratio, the Japanese names of what is divided by what."""
    definition_ja: str = ""
    link: str | None = None

    def as_json(self) -> dict[str, object]:
        found: dict[str, object] = {"en": self.en, "ja": self.ja}
        if self.definition:
            found["definition"] = self.definition
        if self.definition_ja:
            found["definition_ja"] = self.definition_ja
        if self.parts:
            found["parts"] = list(self.parts)
        if self.link:
            found["link"] = self.link
        return found


def words(terms: Mapping[str, Term]) -> dict[str, Word]:
    """The words by their keys. A key without words in both languages is a fault of
    words.yml or of the YAML of the metric or column that it names."""
    given = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = {key: _word(key, dict(said), terms) for key, said in given.items()}
    missing = sorted(
        f"{key} ({language})"
        for key, word in found.items()
        for language in LANGUAGES
        if not getattr(word, language)
    )
    if missing:
        raise ValueError(f"words.yml lacks {', '.join(missing)}")
    return found


def _word(key: str, said: dict[str, str], terms: Mapping[str, Term]) -> Word:
    metric, column = said.pop("metric", None), said.pop("column", None)
    en, ja = said.pop("en", ""), said.pop("ja", "")
    if said:
        raise ValueError(f"words.yml says {', '.join(said)} of {key}")
    named = f"{METRIC}.{metric}" if metric else column
    if named is None:
        return Word(en, ja)
    if named not in terms:
        raise ValueError(f"words.yml names {named} for {key}, which is not there")
    term = terms[named]
    parts = None
    if term.parts:
        parts = (terms[term.parts[0]].ja, terms[term.parts[1]].ja)
    return Word(
        en or term.en,
        ja or term.ja,
        term.description,
        parts,
        term.description_ja,
        term.link,
    )
