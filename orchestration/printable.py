"""Text from outside as people may see it: on a terminal, in a log, on a page."""

from __future__ import annotations

import unicodedata

_DIRECTIONS = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def printable(text: str) -> str:
    """The text without what steers a terminal or turns its direction: a control
    character becomes the sign that stands for it, such as ␛ for escape."""
    return "".join(map(_sign, text)) if not text.isprintable() else text


def printable_lines(text: str) -> str:
    """The same of a text that may have several lines."""
    if text.isprintable():
        return text
    return "\n".join(map(printable, text.split("\n")))


def in_json(text: str) -> str:
    """JSON in which characters that steer a terminal are written by their numbers."""
    return "".join(
        sign if sign == "\n" or printable(sign) == sign else f"\\u{ord(sign):04x}"
        for sign in text
    )


def in_spreadsheet(value: object) -> object:
    """A value as a CSV file for people may hold it: text that looks like a formula
    stays text."""
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTIONS:
        return "\N{REPLACEMENT CHARACTER}"
    if character in "\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}":
        return "\N{SYMBOL FOR NEWLINE}"
    # XML has no place for these two.
    return "\N{REPLACEMENT CHARACTER}" if code & 0xFFFE == 0xFFFE else character
