"""What the suites' checks say, in Japanese: checks_ja.yml is its one home."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parent / "checks_ja.yml"
SAID = ("protects", "what_to_do")
"""The sentences of a check."""


def in_japanese(sentence: str) -> str | None:
    """A sentence of a check in Japanese, or none where it has no other."""
    for pattern, japanese in _sentences():
        found = pattern.fullmatch(sentence)
        if found:
            return japanese.format(**found.groupdict())
    return None


def with_japanese(check: Mapping[str, Any]) -> dict[str, Any]:
    """A check with its sentences in Japanese beside them. Those that an earlier
    version published may have none: then the page shows them as they are."""
    told = {f"{name}_ja": in_japanese(check.get(name) or "") for name in SAID}
    return {**check, **{name: text for name, text in told.items() if text}}


@cache
def _sentences() -> list[tuple[re.Pattern[str], str]]:
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [(_pattern(row["en"]), row["ja"]) for row in rows]


def _pattern(sentence: str) -> re.Pattern[str]:
    """What a sentence is told by: {name} in it is any word."""
    escaped = re.escape(sentence)
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[\\w.]+)", escaped))
