"""What must not come out of a command, a page or a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

STYLES = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\?25[lh]|\x1b\[1A|\x1b\[2K|\r")
"""What our own styles and the turning line are made of, and no more."""
DIRECTIONS = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
PAINTED = "\x1b[31mred"
"""A style of the company's own, which looks like one of ours."""


def steering(said: str) -> set[str]:
    """The characters of an output that steer a terminal."""
    left = STYLES.sub("", said.replace(PAINTED, "<steering>"))
    found = {
        sign
        for sign in left
        if (ord(sign) < 0x20 and sign != "\n")
        or 0x7F <= ord(sign) < 0xA0
        or sign in DIRECTIONS
    }
    return found | ({PAINTED} if "<steering>" in left else set())


def commands(lead: str, channel: str, owner: str, team: str) -> Iterator[list[str]]:
    """Every command that reads what is built; `test_text.py` holds the list against
    that of the program."""
    yield ["status"]
    yield ["publications", "--check"]
    yield ["publications", "--json"]
    yield ["publications", "--mark", team]
    yield ["rollback", channel, "--by", owner, "--reason", team]
    yield ["restore", "--by", owner, "--reason", team]
    yield ["restore", channel]
    yield ["diff", lead]
    yield ["explain", lead, "--all", "--names"]
    yield ["explain", lead, "--plain"]
    yield ["explain", channel]
    yield ["queue", "--limit", "0"]
    yield ["queue", "--owner", owner]
    yield ["queue", "--team", team]
    yield ["queue", "--owner", f"{owner} and more"]
    yield ["queue", "--team", f"{team} and more"]
    yield ["plan", "--sals", "20", "--by", "2025-06-30"]
    yield ["plan", "--sals", "20", "--by", "2025-06-30", "--channel", channel]
    yield ["plan", "--sals", "20", "--by", "2025-06-30", "--channel", f"{channel}!"]
    yield ["plan", "--sals", "20", "--by", "2025-06-30", "--json"]
    yield ["spend", "--period", "2025-04"]
    yield ["spend", "--period", channel]
    yield ["close", "2025-04", "--by", owner, "--note", team]
    yield ["reopen", "2025-04", "--by", owner, "--note", team]
    yield ["finance-export", "2025-04"]
    yield ["diff", "--all"]
    yield ["diff", "--json"]
    yield ["rollback", "--by", owner, "--reason", team]
    yield ["status"]
    yield ["rollback", "--release", "--by", owner, "--reason", team]
    yield ["report"]
    yield ["docs"]
    yield ["erase"]
    yield ["compare", "--version", channel]
