"""Record ids as the systems write them."""

from __future__ import annotations

from collections.abc import Iterator

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def checksum(id15: str) -> str:
    """The three characters that make a 15-character id case-insensitive."""
    suffix = ""
    for start in (0, 5, 10):
        mask = 0
        for offset in range(5):
            if "A" <= id15[start + offset] <= "Z":
                mask |= 1 << offset
        suffix += CHECKSUM[mask]
    return suffix


def salesforce_id(prefix: str, number: int) -> str:
    """The id with a given counter: key prefix, instance, counter, checksum."""
    digits = ""
    for _ in range(10):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    id15 = f"{prefix}5i{digits}"
    return id15 + checksum(id15)


def salesforce_ids(prefix: str, start: int) -> Iterator[str]:
    """Consecutive ids; the checksum is worked out once for 62 of them."""
    block = start // 62
    while True:
        first = salesforce_id(prefix, block * 62)
        id14, suffix = first[:14], first[15:17]
        low = CHECKSUM.index(first[17]) & 0b01111
        with_lower, with_upper = CHECKSUM[low], CHECKSUM[low | 0b10000]
        for letter in ALPHABET:
            last = with_upper if "A" <= letter <= "Z" else with_lower
            yield f"{id14}{letter}{suffix}{last}"
        block += 1


def counter(start: int, step: int = 1) -> Iterator[str]:
    """Marketo ids: plain integers."""
    number = start
    while True:
        yield str(number)
        number += step
