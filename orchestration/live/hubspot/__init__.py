"""HubSpot's CRM API with the token of a private app, by dlt's REST client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.http import address_of
from orchestration.live.hubspot.associations import ASSOCIATION_DAYS
from orchestration.live.hubspot.campaigns import member_pages, submission_pages
from orchestration.live.hubspot.client import API, API_VERSION, Client
from orchestration.live.hubspot.lists import LISTS, list_pages
from orchestration.live.hubspot.objects import OBJECTS, object_pages
from orchestration.live.source import (
    Environment,
    Finding,
    Page,
    Source,
    given,
    names_in,
    whole_number,
)

NAME = "LEAD_FUNNEL_HUBSPOT_"

CAMPAIGNS = {
    "contact_form_submission": submission_pages,
    "contact_list_member": member_pages,
}
"""What contacts took part in, by raw table."""


@dataclass
class HubSpot(Source):
    """A HubSpot account."""

    token: str = field(kw_only=True, repr=False)
    address: str = field(default=API, kw_only=True)
    version: str = field(default=API_VERSION, kw_only=True)
    patience: float = field(default=1.0, kw_only=True)
    """Seconds that the first try again waits for."""

    def __post_init__(self) -> None:
        self.system = "hubspot"
        self._client: Client | None = None
        self.properties = names_in(self.environ, f"{NAME}PROPERTIES")
        self.history = names_in(self.environ, f"{NAME}HISTORY")
        self.association_days = whole_number(
            self.environ, f"{NAME}ASSOCIATION_DAYS", ASSOCIATION_DAYS
        )

    @property
    def tables(self) -> tuple[str, ...]:
        return (*LISTS, *OBJECTS, *CAMPAIGNS)

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self.address, self.token, self.version, self.patience)
        return self._client

    def pages(self, table: str, place: Mapping[str, Any]) -> Iterator[Page]:
        if table in LISTS:
            yield from list_pages(self, LISTS[table], place)
        elif table in CAMPAIGNS:
            yield from CAMPAIGNS[table](self, place)
        else:
            yield from object_pages(self, OBJECTS[table], place)

    def check(self) -> Iterator[Finding]:
        from orchestration.live.hubspot.check import findings

        yield from findings(self)

    def usage(self) -> str:
        return self._client.usage() if self._client else ""

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


def sources(environ: Environment) -> list[Source]:
    """The account whose token the environment has, if any."""
    named = sorted(
        name for name in environ if name.startswith(NAME) and given(environ, name)
    )
    token = given(environ, f"{NAME}TOKEN")
    if f"{NAME}API_KEY" in named:
        raise LeadFunnelError(
            f"{NAME}API_KEY is set, but HubSpot took API keys away in 2022: make a "
            f"private app and set {NAME}TOKEN (docs/connecting-live-systems.md)."
        )
    if not token:
        if named:
            raise LeadFunnelError(
                f"{listed(named)} alone tell of no HubSpot account: {NAME}TOKEN does."
            )
        return []
    version = given(environ, f"{NAME}API_VERSION") or API_VERSION
    year, _, month = version.partition("-")
    if not (len(version) == 7 and year.isdigit() and month.isdigit()):
        raise LeadFunnelError(
            f"{NAME}API_VERSION is {version!r}, but must be a version such as "
            f"{API_VERSION}."
        )
    return [
        HubSpot(
            environ,
            token=token,
            address=address_of(environ, f"{NAME}URL", API),
            version=version,
        )
    ]
