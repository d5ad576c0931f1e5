"""Salesforce's REST API and Bulk API 2.0, by simple-salesforce."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.salesforce.client import Client, Credentials
from orchestration.live.salesforce.objects import OBJECTS, fields_wanted, pages_of
from orchestration.live.source import (
    Environment,
    Finding,
    Page,
    Source,
    given,
    whole_number,
)

NAME = "LEAD_FUNNEL_SALESFORCE_"

BULK_ROWS = f"{NAME}BULK_ROWS"
MOST_BY_REST = 50_000
"""Rows of one query that are taken page by page; more come by Bulk API 2.0. A page of
2,000 rows is a call, and so is each 50,000 rows of a job."""


@dataclass
class Salesforce(Source):
    """A Salesforce org."""

    credentials: Credentials = field(kw_only=True)
    patience: float = field(default=1.0, kw_only=True)
    """Seconds that the first try again waits for."""

    def __post_init__(self) -> None:
        self.system = "salesforce"
        self._client: Client | None = None
        self.bulk_rows = whole_number(self.environ, BULK_ROWS, MOST_BY_REST)
        self.wanted = fields_wanted(self.environ, f"{NAME}FIELDS")

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(OBJECTS)

    @property
    def secrets(self) -> tuple[str, ...]:
        token = (self._client.token,) if self._client else ()
        return (*self.credentials.secrets, *token)

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = Client(self.credentials, self.patience)
        return self._client

    def pages(self, table: str, place: Mapping[str, Any]) -> Iterator[Page]:
        yield from pages_of(self, OBJECTS[table], place)

    def check(self) -> Iterator[Finding]:
        from orchestration.live.salesforce.check import findings

        yield from findings(self)

    def usage(self) -> str:
        return self._client.usage() if self._client else ""

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


def sources(environ: Environment) -> list[Source]:
    """The org whose credentials the environment has, if any."""
    named = sorted(
        name for name in environ if name.startswith(NAME) and given(environ, name)
    )
    for old in ("PASSWORD", "SECURITY_TOKEN"):
        if NAME + old in named:
            raise LeadFunnelError(
                f"{NAME + old} is set, but Salesforce's login with username, password "
                "and token (SOAP) retires in Summer '27, so it is not used: make an "
                "External Client App with the client credentials flow, or with a "
                f"certificate (JWT), and set {NAME}CLIENT_ID with {NAME}CLIENT_SECRET "
                f"or {NAME}PRIVATE_KEY_FILE (docs/connecting-live-systems.md)."
            )
    if not any(
        name.startswith((f"{NAME}CLIENT", f"{NAME}PRIVATE", f"{NAME}URL"))
        for name in named
    ):
        if named:
            raise LeadFunnelError(
                f"{listed(named)} alone tell of no Salesforce org: {NAME}URL, "
                f"{NAME}CLIENT_ID and {NAME}CLIENT_SECRET do."
            )
        return []
    return [Salesforce(environ, credentials=Credentials.of(environ, NAME))]
