"""Short lists that are read whole each time: owners with their teams, pipelines, forms,
lists of contacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestration.live.cursor import digest_of
from orchestration.live.hubspot.campaigns import contact_lists, forms
from orchestration.live.hubspot.client import NotAllowed, next_of
from orchestration.live.source import Page
from orchestration.run import progress

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot
    from orchestration.live.hubspot.client import Client

PAGE = 100


@dataclass(frozen=True)
class List:
    """A list of things, and the raw table that they are."""

    table: str
    rows: Callable[[Client], Iterator[Mapping[str, Any]]]
    key: str = "id"


def _owners(client: Client) -> Iterator[Mapping[str, Any]]:
    for archived in ("false", "true"):
        after = ""
        while True:
            more = {"after": after} if after else {}
            body = client.get("owners", {"limit": PAGE, "archived": archived, **more})
            yield from body["results"]
            after = next_of(body)
            if not after:
                break


def _pipelines(client: Client) -> Iterator[Mapping[str, Any]]:
    yield from client.get("pipelines", of="deals")["results"]


LISTS = {
    each.table: each
    for each in (
        List("owner", _owners),
        List("deal_pipeline", _pipelines),
        List("form", forms),
        List("contact_list", contact_lists, "listId"),
    )
}


def list_pages(source: HubSpot, of: List, place: Mapping[str, Any]) -> Iterator[Page]:
    """What of a list is new or another since the last load."""
    try:
        rows = [*of.rows(source.client)]
    except NotAllowed as error:
        progress.note(f"{of.table} was not loaded from HubSpot. {error}")
        return
    known = place.get("known", {})
    digests = {str(row[of.key]): digest_of(row) for row in rows}
    new = [
        row for row in rows if known.get(str(row[of.key])) != digests[str(row[of.key])]
    ]
    yield Page(new, {"known": {**known, **digests}})
