"""The text function that Spark lacks, in Python's own library alone.

It is sent to Spark's workers by value, so that they need nothing but Python.
"""

from __future__ import annotations

from collections.abc import Callable

NAME = "unicode_same_text"


def same_text_function() -> Callable[[str | None], str | None]:
    """What is compared where two texts count as the same.

    After NFKC, trimming of Unicode space and lower-casing, character by
    character as DuckDB's function does it. A function within a function, as
    Spark sends those by value and all others by the name of their module.
    """

    def same_text(text: str | None) -> str | None:
        import unicodedata

        if text is None:
            return None
        plain = unicodedata.normalize("NFKC", text).strip()
        return "".join(character.lower()[0] for character in plain)

    return same_text
