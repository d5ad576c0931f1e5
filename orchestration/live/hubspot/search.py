"""Asking HubSpot's search for ids.

It shows 10,000 results at most, so it is walked by id: each question is for the first
page behind the last one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot
    from orchestration.live.hubspot.objects import Object

FOUND = 200
"""Records that a search gives at once."""
BY_ID = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]


def found(
    source: HubSpot, of: Object, any_of: Sequence[Mapping[str, str]], after: str
) -> tuple[list[str], str]:
    """The ids of the records that pass any of these filters, in their order, behind
    one of them, and behind which the next page begins."""
    more = []
    if after:
        more = [{"propertyName": "hs_object_id", "operator": "GT", "value": after}]
    body = source.client.post(
        "search",
        {
            "filterGroups": [{"filters": [dict(each), *more]} for each in any_of],
            "sorts": BY_ID,
            "properties": ["hs_object_id"],
            "limit": FOUND,
        },
        of=of.name,
    )
    ids = [each["id"] for each in body["results"]]
    return ids, ids[-1] if len(ids) == FOUND else ""


def changed_since(of: Object, since: datetime) -> dict[str, str]:
    """The filter of a search for what changed since then."""
    return {
        "propertyName": of.modified,
        "operator": "GTE",
        "value": str(int(since.timestamp() * 1000)),
    }
