"""The ways that alerts go, as the environment names them."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from orchestration.alerts.alert import Alert, Trouble
from orchestration.alerts.mail import Mail
from orchestration.alerts.webhook import Webhook
from orchestration.errors import LeadFunnelError
from orchestration.live.configured import configured
from orchestration.live.source import Environment, given
from orchestration.project import Project
from orchestration.publication.postgres import address

Way = Webhook | Mail

PAGE = "LEAD_FUNNEL_DAGSTER_URL"
"""Where people find Dagster's page."""


def ways(environ: Environment | None = None) -> tuple[Way, ...]:
    """Each way that the environment names; what is wrong with one is an error."""
    environ = os.environ if environ is None else environ
    page_of("", environ)
    found = (Webhook.from_environment(environ), Mail.from_environment(environ))
    return tuple(way for way in found if way is not None)


def send(way: Way, alert: Alert) -> None:
    """Send an alert without any secret that this process knows."""
    way.send(alert.without(_secrets(way)))


def page_of(run_id: str, environ: Environment | None = None) -> str:
    """The address of a run on Dagster's page; blank where nobody said where that
    is."""
    environ = os.environ if environ is None else environ
    page = given(environ, PAGE).rstrip("/")
    if not page:
        return ""
    parts = urlsplit(page)
    if parts.scheme not in ("https", "http") or not parts.hostname or "@" in page:
        raise LeadFunnelError(
            f"{PAGE} must be the address of Dagster's page, such as "
            "https://funnel.example.com, without a user or a password."
        )
    return f"{page}/runs/{run_id}"


def places(project: Project, run_id: str = "", *, checks: bool = False) -> list[str]:
    """Where to look after a failure."""
    page = page_of(run_id) if run_id else ""
    return [
        *([page] if page else []),
        f"{project.logs} on {os.uname().nodename}",
        *([str(project.data_docs / "index.html")] if checks else []),
        f"lead-funnel status --out {project.out}",
    ]


def trial(project: Project) -> Alert:
    """What is sent to see whether alerts arrive."""
    return Alert(
        "Lead Funnel: a trial, nothing has failed",
        (Trouble("This is where failed runs and late sources are told."),),
        look=tuple(places(project)),
    )


def _secrets(way: Way) -> list[str]:
    found = [*way.secrets]
    for source in configured():
        found += source.secrets
    if address.is_wanted():
        found += address.from_environment().secrets
    return found
