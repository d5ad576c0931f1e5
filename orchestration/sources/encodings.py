"""Which encoding a text is in, told by what becomes of its bytes.

A mark, UTF-8 and UTF-16 say so themselves. Of all others each candidate is tried
on the lines that are not plain ASCII: it is out where bytes mean nothing in it, and
the less likely the less of what they mean is text that people write (half of a
Japanese character inside a Latin word, a capital behind small letters and rare
characters are none). Between those that look alike charset-normalizer decides, and
where it does not, nothing does: then the error names the candidates.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

Judge = Callable[[str, str, str], float]
"""How likely a character between two others is, of 1."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CANDIDATES = {
    "cp932": 1.0,
    "cp1252": 1.0,
    "euc_jp": 0.9,
    "mac_roman": 0.93,
    "gb18030": 0.9,
    "euc_kr": 0.9,
    "big5": 0.87,
    "cp1251": 0.9,
    "cp1250": 0.86,
}
"""What CRMs, Excel and editors write, by Python's names, and how far each is to be
believed beside the others."""

LEAST = 0.55
"""How much of a text must be what people write."""
FAR_APART = 0.05
"""How much better than the next a reading must be to be the one."""

SIGNS = set("’‘“”„‚–—…•·°€£¥§©®™«»¿¡½¼¾²³±×÷´\u00a0†‰№")
WIDE_SIGNS = set(
    "　、。・〜～「」『』（）【】〔〕〈〉《》！？：；，．／＆＋－＝％＃＠※"
    "○●◎△▲▽▼□■◇◆☆★→←↑↓"
    "…‥“”‘’ー―‐々〆〇×÷°′″￥①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳㈱㈲№℡㍻㍼"
)
KANA = re.compile("[ぁ-んァ-ヶ]")
WESTERN = set("äöüßéèêëàâáçñíìîïóòôõúùûãæøåÄÖÜÉÈÀÁÂÇÑÍÓÔÕÚÃÆØÅÊ")
CENTRAL = set("ąćęłńóśźżĄĆĘŁŃÓŚŹŻčďěňřšťůýžČĎĚŇŘŠŤŮÝŽáéíúäöüôőűŐŰľĺßÁÉÍÚÖÜÄ")
IN_A_ROW = ("çã", "çõ", "ÇÃ", "ÇÕ", "éé", "ää", "öö")
"""Letters with accents that stand beside each other in Western languages."""
BESIDE_WORDS = set(" ,;\t\r\n\"'-.()/&+:!?|_<>’“”‘–—\u00a0")


@dataclass(frozen=True)
class Reading:
    """What a text would be in one encoding."""

    encoding: str
    likeness: float
    """How much of its characters beyond ASCII is what people write, of 1."""


def marked(head: bytes) -> str | None:
    """The encoding that a file's first bytes tell by themselves."""
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    # UTF-16 without a mark: of ASCII text every second byte is zero.
    even, odd = head[0:2000:2], head[1:2000:2]
    if len(odd) > 2:
        if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.1 * len(even):
            return "utf-16-le"
        if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.1 * len(odd):
            return "utf-16-be"
    if b"\x1b$" in head and b"\x1b(" in head:
        return "iso2022_jp"
    return None


def told_by(sample: bytes) -> tuple[str, ...]:
    """The encodings that lines which are no UTF-8 can be in: one where it is told,
    none where it is none that is known, several where it stays open."""
    readings = _readings(sample)
    if not readings or readings[0].likeness < LEAST:
        return ()
    first = readings[0].likeness
    near = [each for each in readings if each.likeness > first - FAR_APART]
    if len(near) > 1:
        told = _told_by_detector(sample, [each.encoding for each in near])
        if told:
            return (told,)
    return tuple(each.encoding for each in near)


def _readings(sample: bytes) -> list[Reading]:
    """The likeliest first; of several that give the same text only the first."""
    found: dict[str, Reading] = {}
    for encoding, belief in CANDIDATES.items():
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "euc_jp" and KANA.search(text):
            belief = 1.0  # Without any it may as well be Chinese or Korean.
        found.setdefault(text, Reading(encoding, belief * _likeness(text, encoding)))
    return sorted(found.values(), key=lambda reading: -reading.likeness)


def _told_by_detector(sample: bytes, encodings: Sequence[str]) -> str | None:
    """The one that charset-normalizer finds a language in, and in no other."""
    from charset_normalizer import from_bytes

    found = from_bytes(sample, cp_isolation=list(encodings), enable_fallback=False)
    speaking = [match.encoding for match in found if match.coherence > 0]
    return speaking[0] if len(speaking) == 1 else None


# How much a text looks like one that people write.


def _likeness(text: str, encoding: str) -> float:
    judged = JUDGES[encoding]
    padded = f" {text} "
    scores = [
        _of_char(padded[index], padded[index - 1], padded[index + 1], judged)
        for index in range(1, len(padded) - 1)
        if padded[index] > "\x7f"
    ]
    return sum(scores) / len(scores) if scores else 0.0


def _of_char(char: str, before: str, after: str, judged: Judge) -> float:
    if unicodedata.category(char) in ("Cc", "Co", "Cn", "Cf"):
        return 0.0
    return judged(char, before, after)


def _western(char: str, before: str, after: str) -> float:
    return _latin(char, before, after, WESTERN)


def _central(char: str, before: str, after: str) -> float:
    return _latin(char, before, after, CENTRAL)


def _latin(char: str, before: str, after: str, common: Collection[str]) -> float:
    if not char.isalpha() or char in "ªºﬁﬂ":
        return _sign(char, before, after)
    if not _beside_word(before) or not _beside_word(after):
        return 0.2
    if char.isupper() and before.isalpha() and (before.islower() or after.islower()):
        return 0.0
    if char.islower() and before.isupper() and after.isupper():
        return 0.0
    is_in_a_row = any(side > "\x7f" and side.isalpha() for side in (before, after))
    is_usual = before + char in IN_A_ROW or char + after in IN_A_ROW
    if is_in_a_row and common is WESTERN and not is_usual:
        return 0.4
    return 1.0 if char in common else 0.4


def _sign(char: str, before: str, after: str) -> float:
    if char not in SIGNS:
        return 0.0
    if before.isalpha() and after.isalpha():
        is_usual = char == "’" or (char == "·" and before == after == "l")
        return 1.0 if is_usual else 0.0
    return 0.7 if char in "’–—\u00a0" and (before + after).strip() else 0.3


def _cyrillic(char: str, before: str, after: str) -> float:
    if not char.isalpha():
        return _sign(char, before, after)
    if "CYRILLIC" not in unicodedata.name(char, ""):
        return 0.0
    if char.isupper() and before.isalpha() and before.islower():
        return 0.0
    if _is_latin(before) or _is_latin(after):
        return 0.0
    return 1.0 if char.upper() in "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ" else 0.5


def _japanese(char: str, before: str, after: str) -> float:
    if char in WIDE_SIGNS:
        return 0.9
    name = unicodedata.name(char, "")
    if name.startswith("HALFWIDTH KATAKANA"):
        # It is written in words of its own.
        sides = [unicodedata.name(side, "") for side in (before, after)]
        return 0.8 if any(side.startswith("HALFWIDTH") for side in sides) else 0.0
    if name.startswith(("HIRAGANA", "KATAKANA", "FULLWIDTH")):
        return 1.0
    if name.startswith("CJK"):
        if _is_inside_latin(before, after):
            return 0.0
        # The characters of daily use are the first level of JIS.
        return 1.0 if _row(char, "euc_jp") < 48 else 0.3
    return 0.3 if unicodedata.category(char).startswith(("S", "P")) else 0.0


def _chinese(encoding: str, last_common_row: int) -> Judge:
    def judged(char: str, before: str, after: str) -> float:
        if char in WIDE_SIGNS:
            return 0.9
        name = unicodedata.name(char, "")
        if name.startswith("FULLWIDTH"):
            return 1.0
        if not name.startswith("CJK") or _is_inside_latin(before, after):
            return 0.0
        return 1.0 if 16 <= _row(char, encoding) <= last_common_row else 0.3

    return judged


def _korean(char: str, before: str, after: str) -> float:
    if unicodedata.name(char, "").startswith("HANGUL SYLLABLE"):
        return 1.0
    return 0.7 if char in WIDE_SIGNS else 0.2


def _row(char: str, encoding: str) -> int:
    """The row of a character in its national table; a late one for what has none."""
    try:
        written = char.encode(encoding)
    except UnicodeEncodeError:
        return 99
    return written[0] - 0xA0 if len(written) == 2 and written[1] > 0x7F else 99


def _beside_word(char: str) -> bool:
    return char.isalpha() or char in BESIDE_WORDS


def _is_latin(char: str) -> bool:
    return char < "\x80" and char.isalpha()


def _is_inside_latin(before: str, after: str) -> bool:
    """Whether a character is glued to small Latin letters on either side, as half of
    an accented one is; `Web資料` is written, `K鰕n` is not."""
    if _is_latin(before) and _is_latin(after):
        return True
    return after < "\x80" and after.islower()


JUDGES: dict[str, Judge] = {
    "cp932": _japanese,
    "euc_jp": _japanese,
    "cp1252": _western,
    "mac_roman": _western,
    "cp1250": _central,
    "cp1251": _cyrillic,
    "gb18030": _chinese("gb2312", 55),
    "big5": _chinese("gb2312", 55),
    "euc_kr": _korean,
}
