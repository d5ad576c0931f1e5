"""Alerts to a webhook, as chats have them: JSON with a `text`.

Whoever knows the address may write there: it is a secret.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

from orchestration.alerts.alert import Alert
from orchestration.alerts.patience import WAITS
from orchestration.errors import LeadFunnelError
from orchestration.live.http import LOOPBACK
from orchestration.live.source import Environment, given

URL = "LEAD_FUNNEL_ALERT_WEBHOOK"

TIMEOUT = 5
"""Seconds for one try. All of them have to fit into the minute that Dagster gives to a
sensor."""


@dataclass(frozen=True)
class Webhook:
    """An address that takes alerts."""

    url: str = field(repr=False)
    name: str = "webhook"

    @classmethod
    def from_environment(cls, environ: Environment) -> Webhook | None:
        """The webhook that the environment names, if it does; one that is reached in
        plain text is an error, but on this machine."""
        url = given(environ, URL)
        if not url:
            return None
        parts = urlsplit(url)
        is_near = parts.hostname in LOOPBACK
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and is_near)
        ):
            raise LeadFunnelError(
                f"{URL} is no address of a webhook: it must begin with https:// and "
                "name a host; plain http:// is for this machine alone."
            )
        return cls(url)

    @property
    def secrets(self) -> tuple[str, ...]:
        parts = urlsplit(self.url)
        told = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return tuple(
            each
            for each in (self.url, told.strip("/"), parts.query, parts.password)
            if each
        )

    @property
    def place(self) -> str:
        """Whose webhook it is, to be told to people."""
        return urlsplit(self.url).hostname or ""

    def send(self, alert: Alert) -> None:
        """Post it, again after a wait where that may pass; else a LeadFunnelError,
        which does not say the address."""
        said = ""
        for wait in (*WAITS, None):
            said, may_pass = self._post(alert)
            if not said:
                return
            if wait is None or not may_pass:
                break
            time.sleep(wait)
        raise LeadFunnelError(
            f"The webhook at {self.place} does not take the alert ({said}): look at "
            f"{URL}, and whether the webhook still is there."
        )

    def _post(self, alert: Alert) -> tuple[str, bool]:
        """What is wrong, or nothing, and whether it may pass."""
        try:
            answer = requests.post(
                self.url,
                json=alert.as_fields(),
                timeout=TIMEOUT,
                # The address is a secret of the host that was named.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return type(error).__name__, True
        status = answer.status_code
        answer.close()
        if 200 <= status < 300:
            return "", False
        return f"HTTP {status}", status == 429 or status >= 500
