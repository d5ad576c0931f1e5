"""What contacts took part in: submissions of forms, and members of lists.

HubSpot gives a form's submissions from the newest back, so a load stops where it has
come to what is known, less an overlap. They name an address and no contact: the
contact is found by it. What people wrote into a form is not kept.

Members of a list are told in the order in which they joined it. A list is walked as a
whole whenever it says that somebody joined or left, since who left is told by nothing
but his absence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestration.live.cursor import Cursor, as_instant
from orchestration.live.hubspot.client import NotAllowed, NotThere, next_of
from orchestration.live.hubspot.search import BY_ID, FOUND
from orchestration.live.source import Page
from orchestration.run import progress

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot
    from orchestration.live.hubspot.client import Client

SUBMISSIONS, MEMBERS, LISTED, FORMS, ADDRESSES = 50, 250, 500, 50, 100
"""Rows that HubSpot gives at once, and addresses that it is asked for."""
GROUPS = 5
"""Filter groups of a search, any of which may hold."""

CONTACTS = "0-1"
"""What HubSpot calls the type of contacts."""
BY_HAND = ("MANUAL", "SNAPSHOT")
"""Lists whose members somebody chose. One that fills itself says what somebody is,
and is no touch."""
FORM_COLUMNS = ("id", "name", "formType", "createdAt", "updatedAt", "archived")
LIST_COLUMNS = (
    "listId", "name", "processingType", "objectTypeId", "createdAt", "updatedAt",
)  # fmt: skip
NEWS = ("hs_list_size", "hs_last_record_added_at", "hs_last_record_removed_at")
"""By which of its properties a list says that somebody joined or left."""

MOST_MEMBERS = 200_000
"""Members of all lists that are remembered, so that who left is seen."""


def forms(client: Client) -> Iterator[dict[str, Any]]:
    """The forms, archived ones too, without their fields."""
    for archived in ("false", "true"):
        after = ""
        while True:
            more = {"after": after} if after else {}
            asked = {"limit": FORMS, "archived": archived, "formTypes": "all", **more}
            body = client.get("forms", asked)
            for form in body["results"]:
                yield {name: form.get(name) for name in FORM_COLUMNS}
            after = next_of(body)
            if not after:
                break


def contact_lists(client: Client) -> Iterator[dict[str, Any]]:
    """The lists of contacts; what they are made of is not kept."""
    for each in _lists(client):
        yield {name: each.get(name) for name in LIST_COLUMNS}


def _lists(client: Client) -> Iterator[Mapping[str, Any]]:
    offset = 0
    while True:
        body = client.post(
            "lists",
            {"offset": offset, "count": LISTED, "additionalProperties": list(NEWS)},
        )
        yield from (each for each in body["lists"] if each["objectTypeId"] == CONTACTS)
        offset = body.get("offset", 0)
        if not body.get("hasMore"):
            return


def submission_pages(source: HubSpot, place: Mapping[str, Any]) -> Iterator[Page]:
    """The submissions that are new since a place, with their contacts."""
    try:
        yield from _Submissions(source, place).pages()
    except NotAllowed as error:
        progress.note(f"contact_form_submission was not loaded from HubSpot. {error}")


@dataclass
class _Submissions:
    source: HubSpot
    place: Mapping[str, Any]
    unknown: int = 0
    """Submissions that no contact was found for."""

    def __post_init__(self) -> None:
        self.forms: dict[str, Any] = dict(self.place.get("forms", {}))
        """By form, how far it was read."""

    def pages(self) -> Iterator[Page]:
        found = list(forms(self.source.client))
        yield Page([], {"forms": dict(self.forms)})
        for form in found:
            # To an archived form nobody sends anything any more.
            if form["archived"] and form["id"] in self.forms:
                continue
            try:
                yield from self._of_form(form["id"])
            except NotThere:
                progress.note(
                    f"HubSpot has no submissions of the form {form['name']!r} to show: "
                    "it is gone."
                )
        if self.unknown:
            progress.note(
                f"{self.unknown:,} submissions of HubSpot's forms name no contact that "
                "there is (sent without an address, or the contact was deleted): they "
                "were not loaded."
            )

    def _of_form(self, form: str) -> Iterator[Page]:
        overlap = self.source.overlap_minutes
        cursor = Cursor.at(self.forms.get(form, {}), overlap)
        since = cursor.since
        walk = self.place.get("walk", {})
        after = walk["after"] if walk.get("form") == form else ""
        if after:
            # The newest of them were loaded before the load was interrupted.
            cursor = Cursor.at({**self.forms.get(form, {}), **walk["cursor"]}, overlap)
        while True:
            found, after = self._page(form, after)
            near = [each for each in found if since is None or _at(each) >= since]
            if len(near) < len(found):
                after = ""
            if near and cursor.remembered_from is None:
                newest = cursor.newest or _at(near[0])
                cursor.remembered_from = newest - timedelta(minutes=overlap)
            rows = self._with_contacts(
                cursor.new(near, "conversionId", "submittedAt"), cursor
            )
            if not after:
                break
            # How far the form is read stays until the walk is over.
            walk = {"form": form, "after": after, "cursor": cursor.place()}
            yield Page(rows, {"forms": dict(self.forms), "walk": walk})
        self.forms[form] = cursor.place() or {"newest": None}
        yield Page(rows, {"forms": dict(self.forms)})

    def _page(self, form: str, after: str) -> tuple[list[dict[str, Any]], str]:
        more = {"after": after} if after else {}
        body = self.source.client.get(
            "submissions", {"limit": SUBMISSIONS, **more}, of=form
        )
        rows = [
            {
                "conversionId": each["conversionId"],
                "formId": form,
                "submittedAt": each["submittedAt"],
                "email": _address(each),
            }
            for each in body["results"]
        ]
        return rows, next_of(body)

    def _with_contacts(
        self, rows: Sequence[Mapping[str, Any]], cursor: Cursor
    ) -> list[dict[str, Any]]:
        """The submissions of contacts that there are. Another one is looked for again
        by the next load, as HubSpot may not have made its contact yet."""
        contacts = _contacts_by_address(
            self.source.client, {row["email"] for row in rows if row["email"]}
        )
        found = []
        for row in rows:
            contact = contacts.get(row["email"])
            if contact is None:
                cursor.seen.pop(row["conversionId"], None)
                self.unknown += 1
                continue
            kept = {name: value for name, value in row.items() if name != "email"}
            found.append({**kept, "contactId": contact})
        return found


def _at(submission: Mapping[str, Any]) -> datetime:
    return as_instant(submission["submittedAt"]) or datetime.max.replace(tzinfo=UTC)


def _address(submission: Mapping[str, Any]) -> str:
    for each in submission.get("values") or ():
        if each.get("name") == "email" and each.get("value"):
            return str(each["value"]).strip().lower()
    return ""


def _contacts_by_address(client: Client, addresses: set[str]) -> dict[str, str]:
    """By address, the id of the contact whose it is now, or was before a merge."""
    found: dict[str, str] = {}
    asked = sorted(addresses)
    for begin in range(0, len(asked), ADDRESSES):
        part = asked[begin : begin + ADDRESSES]
        body = client.post(
            "read",
            {
                "idProperty": "email",
                "inputs": [{"id": each} for each in part],
                "properties": ["email"],
            },
            of="contacts",
        )
        for record in body["results"]:
            found[str(record["properties"].get("email", "")).lower()] = record["id"]
    left = [each for each in asked if each not in found]
    for begin in range(0, len(left), GROUPS):
        part = left[begin : begin + GROUPS]
        body = client.post("search", _secondary(part), of="contacts")
        for record in body["results"]:
            others = str(record["properties"].get("hs_additional_emails") or "")
            for each in others.lower().split(";"):
                if each.strip() in part:
                    found[each.strip()] = record["id"]
    return found


def _secondary(addresses: Sequence[str]) -> dict[str, Any]:
    """A search for contacts that have one of these beside their own address."""
    name = "hs_additional_emails"
    return {
        "filterGroups": [
            {
                "filters": [
                    {"propertyName": name, "operator": "CONTAINS_TOKEN", "value": each}
                ]
            }
            for each in addresses
        ],
        "sorts": BY_ID,
        "properties": [name],
        "limit": FOUND,
    }


def member_pages(source: HubSpot, place: Mapping[str, Any]) -> Iterator[Page]:
    """Who joined or left a list since a place."""
    try:
        yield from _Members(source, place).pages()
    except NotAllowed as error:
        progress.note(f"contact_list_member was not loaded from HubSpot. {error}")


@dataclass
class _Members:
    source: HubSpot
    place: Mapping[str, Any]
    lists: dict[str, Any] = field(init=False)
    """By list, what it said of itself, and when each of its members joined."""

    def __post_init__(self) -> None:
        self.lists = dict(self.place.get("lists", {}))

    def pages(self) -> Iterator[Page]:
        found = list(_lists(self.source.client))
        yield self._page([])
        for each in found:
            if each.get("processingType") not in BY_HAND:
                continue
            said = each.get("additionalProperties") or {}
            news = [said.get(name) for name in NEWS]
            key = str(each["listId"])
            if self.lists.get(key, {}).get("news") == news:
                continue
            try:
                yield from self._of_list(key, news)
            except NotThere:
                # It was deleted since it was listed: its rows stay.
                continue
        if self._remembered > MOST_MEMBERS:
            progress.note(
                f"HubSpot's lists have more than {MOST_MEMBERS:,} members: of those "
                "that are not remembered it is not seen who left them."
            )

    @property
    def _remembered(self) -> int:
        return sum(len(each.get("members", ())) for each in self.lists.values())

    def _of_list(self, key: str, news: Sequence[Any]) -> Iterator[Page]:
        known: dict[str, str] = self.lists.get(key, {}).get("members", {})
        members, after = dict(known), ""
        there: set[str] = set()
        self.lists[key] = {"news": None, "members": members}
        while True:
            more = {"after": after} if after else {}
            body = self.source.client.get("members", {"limit": MEMBERS, **more}, of=key)
            joined = {
                str(each["recordId"]): str(each["membershipTimestamp"])
                for each in body["results"]
            }
            rows = [
                _member(key, record, at, True)
                for record, at in joined.items()
                if known.get(record) != at
            ]
            there |= set(joined)
            members.update(joined)
            after = next_of(body)
            if not after:
                break
            yield self._page(rows)
        left = [record for record in members if record not in there]
        rows += [_member(key, each, members.pop(each), False) for each in left]
        if self._remembered > MOST_MEMBERS:
            members.clear()
        self.lists[key] = {"news": list(news), "members": members}
        yield self._page(rows)

    def _page(self, rows: Sequence[Mapping[str, Any]]) -> Page:
        # The members themselves are not copied: they may be many, and change only
        # when the next page is asked for.
        return Page(rows, {"lists": dict(self.lists)})


def _member(key: str, record: str, at: str, is_member: bool) -> dict[str, Any]:
    return {"listId": key, "contactId": record, "addedAt": at, "isMember": is_member}
