"""Whether a HubSpot token may read all that a load needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.hubspot.client import LEGACY_END, Client, NotAllowed, NotThere
from orchestration.live.hubspot.objects import NEEDED, OBJECTS
from orchestration.live.source import Finding

if TYPE_CHECKING:
    from orchestration.live.hubspot import HubSpot

LITTLE = 0.1
"""What is left of the day's calls, of 1, for it to be said."""


def findings(source: HubSpot) -> Iterator[Finding]:
    client = source.client
    yield from _account(source)
    for of in OBJECTS.values():
        try:
            client.get("list", {"limit": 1}, of=of.name)
            names = {
                each["name"] for each in client.get("properties", of=of.name)["results"]
            }
        except NotAllowed as error:
            scopes = error.scopes or (of.scope,)
            yield Finding(
                f"{of.name} cannot be read: add {listed(scopes)} to the private app "
                "(Settings → Integrations → Private Apps → Scopes).",
                "error" if of.table == NEEDED else "warning",
            )
            continue
        hidden = [name for name in of.history if name not in names]
        if hidden:
            yield Finding(
                f"{listed(hidden)} of {of.name} cannot be seen: the property is gone, "
                "or restricted to some users.",
                "warning",
            )
        else:
            yield Finding(f"{of.name} can be read, with {len(names):,} properties.")
    for what, ask, scope in (
        (
            "owners",
            lambda: client.get("owners", {"limit": 1}),
            "crm.objects.owners.read",
        ),
        (
            "pipelines",
            lambda: client.get("pipelines", of="deals"),
            "crm.schemas.deals.read",
        ),
        ("forms and their submissions", lambda: _form(client), "forms"),
        ("lists and their members", lambda: _list(client), "crm.lists.read"),
    ):
        try:
            ask()
        except NotAllowed as error:
            yield Finding(
                f"{what} cannot be read: add {listed(error.scopes or (scope,))} to the "
                "private app.",
                "warning",
            )
    if client.old:
        yield Finding(
            f"This account knows no version {client.version} of "
            f"{listed(sorted(client.old))}: the old endpoints are asked, which HubSpot "
            f"ends in {LEGACY_END}.",
            "warning",
        )


def _form(client: Client) -> None:
    for form in client.get("forms", {"limit": 1})["results"]:
        with suppress(NotThere):
            client.get("submissions", {"limit": 1}, of=form["id"])


def _list(client: Client) -> None:
    for each in client.post("lists", {"offset": 0, "count": 1})["lists"]:
        with suppress(NotThere):
            client.get("members", {"limit": 1}, of=str(each["listId"]))


def _account(source: HubSpot) -> Iterator[Finding]:
    client = source.client
    try:
        account = client.get("account")
        yield Finding(
            f"The token is of the account {account.get('portalId')} with the time zone "
            f"{account.get('timeZone')}, API {client.version}."
        )
        usage = client.get("usage")["results"]
    except NotAllowed as error:
        yield Finding(
            f"The account's limits were not to be found out: {error}", "warning"
        )
        return
    except LeadFunnelError as error:
        if "token" in str(error):
            raise
        yield Finding(
            f"The account's limits were not to be found out: {error}", "warning"
        )
        return
    for each in usage:
        most, used = int(each["usageLimit"]), int(each["currentUsage"])
        text = f"{most - used:,} of {most:,} calls of this day are left"
        if most - used < LITTLE * most:
            yield Finding(f"Only {text}: a load may stop before its end.", "warning")
        else:
            yield Finding(f"{text}.")
