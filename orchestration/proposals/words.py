"""Words that tell what a status, a user or a heading may be: the seed
`proposal_words`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orchestration.sources.lines import folded


@dataclass(frozen=True)
class Meaning:
    """What a text means, and by which word of it."""

    means: str
    word: str
    is_whole: bool
    """Whether the word is the whole text."""
    is_sure: bool

    @property
    def reason(self) -> str:
        return "the word itself" if self.is_whole else f"has the word {self.word!r}"


class Words:
    """The rows of `proposal_words`, looked up by their part."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._by_part: dict[str, dict[str, tuple[str, bool]]] = {}
        for row in rows:
            of_part = self._by_part.setdefault(row["part"], {})
            said = (row["means"], row["is_sure"].lower() != "false")
            if row.get("is_own") or folded(row["word"]) not in of_part:
                of_part[folded(row["word"])] = said

    def meaning(self, part: str, text: str) -> Meaning | None:
        """What the whole text means, else the longest word in it; a word in Latin
        letters must stand by itself there."""
        wanted = folded(text)
        of_part = self._by_part.get(part, {})
        if wanted in of_part:
            means, is_sure = of_part[wanted]
            return Meaning(means, wanted, True, is_sure)
        inside = [word for word in of_part if _stands_in(word, wanted)]
        if not inside:
            return None
        word = max(inside, key=len)
        means, is_sure = of_part[word]
        return Meaning(means, word, False, is_sure)

    def is_word(self, part: str, text: str) -> bool:
        return folded(text) in self._by_part.get(part, {})

    def of_part(self, part: str) -> list[tuple[str, str]]:
        """Each word of a part with what it means."""
        return [
            (word, means) for word, (means, _) in self._by_part.get(part, {}).items()
        ]

    def value(self, part: str, word: str) -> str | None:
        found = self._by_part.get(part, {}).get(folded(word))
        return found[0] if found else None


def _stands_in(word: str, text: str) -> bool:
    if word not in text:
        return False
    if not word.isascii():
        return True
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", text))
