"""Asking HubSpot: versions of its API, and what its errors mean in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.http import patient_session
from orchestration.live.source import PassingError

if TYPE_CHECKING:
    import requests

API = "https://api.hubapi.com"
API_VERSION = "2026-03"
"""HubSpot's versions are dates since March 2026, and live for 18 months at least."""
LEGACY_END = "September 2027"

PATHS = {
    "list": ("crm/objects/{version}/{of}", "crm/v3/objects/{of}"),
    "search": ("crm/objects/{version}/{of}/search", "crm/v3/objects/{of}/search"),
    "read": ("crm/objects/{version}/{of}/batch/read", "crm/v3/objects/{of}/batch/read"),
    "read_archived": (
        "crm/objects/{version}/{of}/batch/read?archived=true",
        "crm/v3/objects/{of}/batch/read?archived=true",
    ),
    "associations": (
        "crm/associations/{version}/{of}/{to}/batch/read",
        "crm/v4/associations/{of}/{to}/batch/read",
    ),
    "properties": ("crm/properties/{version}/{of}", "crm/v3/properties/{of}"),
    "owners": ("crm/owners/{version}", "crm/v3/owners"),
    "pipelines": ("crm/pipelines/{version}/{of}", "crm/v3/pipelines/{of}"),
    "forms": ("marketing/forms/{version}", "marketing/v3/forms"),
    # Submissions have no other endpoint than this one.
    "submissions": (
        "form-integrations/v1/submissions/forms/{of}",
        "form-integrations/v1/submissions/forms/{of}",
    ),
    "lists": ("crm/lists/{version}/search", "crm/v3/lists/search"),
    "members": (
        "crm/lists/{version}/{of}/memberships/join-order",
        "crm/v3/lists/{of}/memberships/join-order",
    ),
    "account": ("account-info/{version}/details", "account-info/v3/details"),
    "usage": (
        "account-info/{version}/api-usage/daily/private-apps",
        "account-info/v3/api-usage/daily/private-apps",
    ),
}
"""Each with a dated version, and as it was called before: an account or a proxy that
does not know the one is asked by the other."""


class NotAllowed(LeadFunnelError):
    """The token's scopes leave out what was asked for."""

    def __init__(self, sentence: str, scopes: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.scopes = tuple(scopes)


class NotThere(LeadFunnelError):
    """What was asked about is gone."""


class Client:
    """dlt's REST client with the token, and with patience."""

    def __init__(
        self, address: str, token: str, version: str, patience: float = 1.0
    ) -> None:
        from dlt.sources.helpers.rest_client import RESTClient
        from dlt.sources.helpers.rest_client.auth import BearerTokenAuth

        self.address, self.version = address, version
        self.calls = 0
        self.left: int | None = None
        self.old: set[str] = set()
        """What this account does not have in the dated version."""
        self.now = datetime.now(UTC)
        """The last instant of HubSpot's clock."""
        self.session = patient_session(patience)
        self.session.hooks["response"].append(self._count)
        self.rest = RESTClient(
            address, auth=BearerTokenAuth(token), session=self.session
        )

    def _count(self, response: requests.Response, **_: Any) -> None:
        self.calls += 1
        left = response.headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if left.isdigit():
            self.left = int(left)
        try:
            self.now = parsedate_to_datetime(response.headers["Date"])
        except (KeyError, ValueError):
            return

    def usage(self) -> str:
        left = f"; {self.left:,} calls are left today" if self.left is not None else ""
        return f"HubSpot was asked {self.calls:,} times{left}."

    def close(self) -> None:
        self.session.close()

    def get(
        self, what: str, params: Mapping[str, Any] | None = None, **said: str
    ) -> Any:
        return self._ask("GET", what, said, params=dict(params or {}))

    def post(self, what: str, body: Mapping[str, Any], **said: str) -> Any:
        return self._ask("POST", what, said, json=dict(body))

    def _ask(
        self, method: str, what: str, said: Mapping[str, str], **given: Any
    ) -> Any:
        import requests

        dated, old = (path.format(version=self.version, **said) for path in PATHS[what])
        try:
            if what not in self.old:
                answer = self.rest.request(dated, method, **given)
                if answer.status_code != 404 or dated == old:
                    return self._read(answer, what)
                found = self.rest.request(old, method, **given)
                if found.status_code == 404:
                    return self._read(found, what)
                self.old.add(what)
                return self._read(found, what)
            return self._read(self.rest.request(old, method, **given), what)
        except requests.RequestException as error:
            raise PassingError(
                f"HubSpot cannot be reached at {self.address} "
                f"({type(error).__name__}): try again later."
            ) from None

    def _read(self, answer: requests.Response, what: str) -> Any:
        status = answer.status_code
        try:
            body = answer.json()
        except ValueError:
            body = None
        if status < 300 and isinstance(body, dict):
            return body
        said = body if isinstance(body, dict) else {}
        text = " ".join(str(said.get("message", f"status {status}")).split())
        category = said.get("category", "")
        if status == 401:
            raise LeadFunnelError(
                f"HubSpot refuses the token ({category or status}: {text}): it was "
                "rotated or its private app is gone. Settings → Integrations → Private "
                "Apps shows the one that holds: set LEAD_FUNNEL_HUBSPOT_TOKEN to it."
            )
        if status == 403:
            scopes = _scopes(said)
            wanted = f"; it needs {listed(scopes)}" if scopes else ""
            raise NotAllowed(
                f"HubSpot's token may not read {what} ({text}){wanted}: add the scopes "
                "in Settings → Integrations → Private Apps.",
                scopes,
            )
        if status == 429 and said.get("policyName") == "DAILY":
            raise PassingError(
                f"HubSpot's calls of today are used up ({text}): the next load goes on "
                "here. They begin anew at midnight of the account's time zone."
            )
        if status == 429 or status >= 500 or status < 300:
            raise PassingError(
                f"HubSpot is not available ({category or status}: {text}): it was "
                "asked several times. Try again later."
            )
        kind = NotThere if status == 404 else LeadFunnelError
        raise kind(
            f"HubSpot refuses a request for {what} ({category or status}: {text})."
        )


def _scopes(said: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for error in said.get("errors") or [said]:
        context = error.get("context") or {}
        for name in ("requiredGranularScopes", "requiredScopes"):
            found.extend(context.get(name) or ())
    return list(dict.fromkeys(found))


def next_of(body: Mapping[str, Any]) -> str:
    """Where the next page begins; blank after the last."""
    following = (body.get("paging") or {}).get("next") or {}
    return str(following.get("after") or "")
