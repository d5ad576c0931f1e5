"""Spark's function for texts is DuckDB's, character by character."""

import sys
import unicodedata

import pyarrow as pa
import pytest

from orchestration.spark.text import same_text_function
from orchestration.transformation.dbt_plugin import same_text

plain = same_text_function()


def test_every_character_becomes_the_same() -> None:
    """Both in a word and alone; those that Python's Unicode knows."""
    characters = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in ("Cn", "Cs")
    ]
    texts = [text for c in characters for text in (c, f" x{c}Y ")]
    theirs = same_text(pa.array(texts)).to_pylist()
    differing = [
        (text, plain(text), other)
        for text, other in zip(texts, theirs, strict=True)
        if plain(text) != other
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("　ＡＢＣ㈱　", "abc(株)"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("ΣΑΣ", "σασ"),
        ("İ", "i"),
        (None, None),
    ],
)
def test_texts_that_count_as_the_same(text: str | None, same: str | None) -> None:
    assert plain(text) == same
