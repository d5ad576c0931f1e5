"""How systems are asked: sessions that wait and try again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orchestration.errors import LeadFunnelError
from orchestration.live.source import Environment, given

if TYPE_CHECKING:
    from requests import Session

ATTEMPTS = 6
"""Of a request that 429, a 5xx or the network stops; five waits that double."""
LONGEST_WAIT = 120
TIMEOUT = (20, 300)
"""Seconds to connect, and between two bytes."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def patient_session(patience: float = 1.0, **settings: Any) -> Session:
    """A session that tries again, with waits from `patience` seconds on that double,
    or as long as the answer asks for; errors are answers, but for those of the
    network."""
    from dlt.sources.helpers.requests import Client

    client = Client(
        request_timeout=TIMEOUT,
        raise_for_status=False,
        request_max_attempts=ATTEMPTS,
        request_backoff_factor=patience,
        request_max_retry_delay=LONGEST_WAIT * patience,
        **settings,
    )
    return client.session


def address_of(environ: Environment, name: str, default: str = "") -> str:
    """An https address without a path; plain http is for this machine alone."""
    text = (given(environ, name) or default).rstrip("/")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    is_near = parts.hostname in LOOPBACK
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise LeadFunnelError(
            f"{name} is {text!r}, but must be an address (https://…)."
        )
    if parts.scheme == "http" and not is_near:
        raise LeadFunnelError(
            f"{name} is {text!r}, where secrets could be read on the way: it must "
            "begin with https://."
        )
    if parts.username or parts.password:
        raise LeadFunnelError(f"{name} must not hold a user or a password.")
    return f"{parts.scheme}://{parts.netloc}"


def to_loopback(session: Session, asked: str, near: str) -> None:
    """What is asked of the https address goes to a server on this machine, over plain
    http: some clients know no other scheme."""
    from requests.adapters import HTTPAdapter

    class Near(HTTPAdapter):
        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            request = request.copy()
            request.url = request.url.replace(asked, near, 1)
            return super().send(request, *args, **kwargs)

    session.mount(asked, Near())
