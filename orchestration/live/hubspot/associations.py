"""Which records belong to which, and what became of that while they stayed the same.

HubSpot changes no instant of a deal when a contact is added to it. So the associations
of records that are still moving, open deals and what changed in the last days, are
asked for again by each load, and a record whose associations are others is read anew.
Such a row says that it was changed when that was seen: by that the list of before is
one of the past.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestration.live.cursor import as_instant, digest_of
from orchestration.live.hubspot.client import Client, next_of
from orchestration.live.hubspot.search import changed_since, found

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot
    from orchestration.live.hubspot.objects import Object

ASKED = 100
"""Records whose associations HubSpot gives at once."""
ASSOCIATION_DAYS = 7
"""How long after its last change a record's associations are asked for again."""

Links = Mapping[str, Mapping[str, Sequence[str]]]
"""By the name of the other object and the id of a record, the ids of the others."""


@dataclass
class Again:
    """The records of an object whose associations are asked for again by each load."""

    source: HubSpot
    of: Object
    known: Mapping[str, str]
    """By a record's id, a digest of its associations as they were landed."""
    began: datetime

    def __post_init__(self) -> None:
        self.digests = dict(self.known)
        self.asked: set[str] = set()
        self.is_on = bool(self.of.to) and self.source.association_days > 0
        self.since = self.began - timedelta(days=self.source.association_days)

    def place(self) -> dict[str, Any]:
        return {"links": self.digests} if self.is_on else {}

    def told(self, rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rows as they are landed. One whose associations are others than before
        was changed now, whatever HubSpot says."""
        if not self.is_on:
            return list(rows)
        landed = []
        for row in rows:
            digest = digest_of(row["associations"])
            if self.digests.get(row["id"], digest) != digest:
                row = {**row, "updatedAt": self._now(row)}
            if self._is_moving(row):
                self.digests[row["id"]] = digest
            landed.append(row)
        return landed

    def others(self) -> Iterator[list[str]]:
        """The ids of moving records whose associations are others than they were
        landed with."""
        for ids in self._moving() if self.is_on else ():
            self.asked.update(ids)
            links = {
                name: associated(self.source.client, self.of, name, ids)
                for name in self.of.to
            }
            others = [
                each
                for each in ids
                if self.digests.get(each) != digest_of(as_column(links, each))
            ]
            if others:
                yield others

    def forget(self) -> None:
        """What is known of records that are not moving any more, when all were
        asked for."""
        self.digests = {
            key: digest for key, digest in self.digests.items() if key in self.asked
        }

    def _moving(self) -> Iterator[list[str]]:
        any_of = [changed_since(self.of, self.since)]
        if self.of.closed:
            any_of.append(
                {"propertyName": self.of.closed, "operator": "EQ", "value": "false"}
            )
        after = ""
        while True:
            ids, after = found(self.source, self.of, any_of, after)
            for begin in range(0, len(ids), ASKED):
                yield ids[begin : begin + ASKED]
            if not after:
                return

    def _is_moving(self, row: Mapping[str, Any]) -> bool:
        at = as_instant(row.get("updatedAt"))
        is_open = self.of.closed and row.get(f"properties_{self.of.closed}") == "false"
        return bool(is_open) or (at is not None and at >= self.since)

    def _now(self, row: Mapping[str, Any]) -> str:
        now = self.source.client.now
        changed = as_instant(row.get("updatedAt")) or now
        at = max(now, changed).astimezone(UTC).replace(tzinfo=None)
        return f"{at.isoformat(timespec='milliseconds')}Z"


def associated(
    client: Client, of: Object, to: str, ids: Sequence[str]
) -> dict[str, list[str]]:
    """The ids of associated records, by that of the record."""
    ids_of: dict[str, list[str]] = {}
    asked = [{"id": each} for each in ids]
    while asked:
        now, asked = asked[:ASKED], asked[ASKED:]
        body = client.post("associations", {"inputs": now}, of=of.name, to=to)
        for each in body["results"]:
            record = str(each["from"]["id"])
            ids_of.setdefault(record, []).extend(
                str(item["toObjectId"]) for item in each["to"]
            )
            after = next_of(each)
            if after:
                asked.append({"id": record, "after": after})
    return ids_of


def as_column(links: Links, record: str) -> dict[str, Any]:
    """A record's associations as HubSpot shows them with a record, in the order of
    their ids."""
    return {
        name: {
            "results": [
                {"id": each} for each in sorted(of.get(record, ()), key=_in_order)
            ]
        }
        for name, of in links.items()
    }


def _in_order(key: str) -> tuple[int, str]:
    return len(key), key
