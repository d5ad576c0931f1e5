"""How far a table was read, by an instant that its source keeps for each row.

A strict cursor loses rows that share its instant and rows that are written late. So
a load begins an overlap before the newest instant that was seen, which is the
source's own and knows nothing of our clock, and what it gets again is told by key
and content and left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

MOST_REMEMBERED = 50_000
"""Rows of the overlap that are told again by name. Of more, all are loaded again:
the input layer knows copies."""


@dataclass
class Cursor:
    """The newest instant that was seen, and the rows near it."""

    overlap: timedelta
    newest: datetime | None = None
    seen: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """By the row's key: its instant, and a digest of its content."""
    remembered_from: datetime | None = None
    """Rows before are not remembered: the next load does not ask for them."""

    @classmethod
    def at(cls, place: Mapping[str, Any], overlap_minutes: int) -> Cursor:
        """The cursor as a place of an earlier load has it."""
        cursor = cls(timedelta(minutes=overlap_minutes))
        if place.get("newest"):
            cursor.newest = datetime.fromisoformat(place["newest"])
        cursor.seen = {
            key: (datetime.fromisoformat(instant), digest)
            for key, (instant, digest) in place.get("seen", {}).items()
        }
        return cursor

    @property
    def since(self) -> datetime | None:
        """From when on rows are asked for; none: all of them."""
        return None if self.newest is None else self.newest - self.overlap

    def new(
        self, rows: Iterable[Mapping[str, Any]], key: str, instant: str
    ) -> list[Mapping[str, Any]]:
        """Those that no load had, by the columns of the key and of the instant."""
        found = []
        for row in rows:
            at = as_instant(row.get(instant))
            digest = digest_of(row)
            known = self.seen.get(str(row[key]))
            if known is not None and known[1] == digest:
                continue
            found.append(row)
            if at is None:
                continue
            if self.remembered_from is None or at >= self.remembered_from:
                self.seen[str(row[key])] = (at, digest)
            self.newest = at if self.newest is None else max(self.newest, at)
        return found

    def place(self) -> dict[str, Any]:
        """What the next load needs."""
        if self.newest is None:
            return {}
        since = self.newest - self.overlap
        self.seen = {key: row for key, row in self.seen.items() if row[0] >= since}
        near = self.seen if len(self.seen) <= MOST_REMEMBERED else {}
        return {
            "newest": self.newest.isoformat(),
            "seen": {key: [at.isoformat(), text] for key, (at, text) in near.items()},
        }


def digest_of(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def as_instant(value: Any) -> datetime | None:
    """An instant as APIs write it (ISO 8601 with any offset, or milliseconds since
    1970) in UTC; none where it is blank."""
    if value in (None, ""):
        return None
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit()):
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    instant = datetime.fromisoformat(str(value))
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)
