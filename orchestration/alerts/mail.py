"""Alerts by mail, over the server that a URL names:

smtp://user:password@host:587/?from=funnel@example.com&to=a@example.com,b@example.com
"""

from __future__ import annotations

import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

from orchestration.alerts.alert import Alert
from orchestration.alerts.patience import WAITS
from orchestration.errors import LeadFunnelError
from orchestration.live.http import LOOPBACK
from orchestration.live.source import Environment, given

URL = "LEAD_FUNNEL_ALERT_MAIL"
PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT = 8
"""Seconds to wait for the server's next word."""

EXAMPLE = (
    "smtp://user:password@mail.example.com:587/?from=funnel@example.com"
    "&to=oncall@example.com"
)


@dataclass(frozen=True)
class Mail:
    """A mail server, and who writes to whom over it."""

    scheme: str
    host: str
    port: int
    sender: str
    receivers: tuple[str, ...]
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    name: str = "mail"

    @classmethod
    def from_environment(cls, environ: Environment) -> Mail | None:
        """The mail server that the environment names, if it does; else an error that
        repeats nothing of it, as there is a password in it."""
        url = given(environ, URL)
        if not url:
            return None
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _unreadable("its port is no number, or its password") from None
        query = parse_qs(parts.query)
        senders, receivers = (
            [each.strip() for each in ",".join(query.get(name, ())).split(",") if each]
            for name in ("from", "to")
        )
        if parts.scheme not in PORTS or not parts.hostname:
            raise _unreadable("it does not begin with smtp://… or smtps://…")
        if len(senders) != 1 or not receivers:
            raise _unreadable("it names no from= or no to= behind its ?")
        if not all(map(_is_address, [*senders, *receivers])):
            raise _unreadable("from= or to= is no address")
        return cls(
            parts.scheme,
            parts.hostname,
            port or PORTS[parts.scheme],
            senders[0],
            tuple(receivers),
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.password,) if self.password else ()

    @property
    def place(self) -> str:
        """Which server it is, to be told to people."""
        return f"{self.host}:{self.port}"

    def send(self, alert: Alert) -> None:
        """Mail it, again after a wait where that may pass; else a LeadFunnelError."""
        message = self._message(alert)
        for wait in (*WAITS, None):
            try:
                return self._deliver(message)
            except (smtplib.SMTPException, OSError) as error:
                if wait is None or not _may_pass(error):
                    raise LeadFunnelError(
                        f"The mail server {self.place} does not take the alert "
                        f"({_reason(error)}): look at {URL}."
                    ) from None
            time.sleep(wait)
        return None

    def _message(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = alert.title
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(alert.text + "\n")
        return message

    def _deliver(self, message: EmailMessage) -> None:
        tls = ssl.create_default_context()
        if self.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT, context=tls
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        with server:
            server.ehlo()
            if self.scheme == "smtp" and (
                self.host not in LOOPBACK or server.has_extn("starttls")
            ):
                # Where it is not offered this is an error: nothing goes in plain text.
                server.starttls(context=tls)
                server.ehlo()
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and not set(text) & set(" \t\r\n<>;")


def _may_pass(error: Exception) -> bool:
    """Whether the same may go well in some seconds: the network, or an answer that
    begins with 4."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(400 <= code < 500 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return 400 <= error.smtp_code < 500
    return not isinstance(error, (ssl.SSLError, smtplib.SMTPNotSupportedError))


def _reason(error: Exception) -> str:
    """What the server had against it; its words may repeat what it was given."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{type(error).__name__} {error.smtp_code}"
    return type(error).__name__


def _unreadable(why: str) -> LeadFunnelError:
    return LeadFunnelError(
        f"{URL} cannot be read as the URL of a mail server: {why}. It must look like "
        f"{EXAMPLE}; in a password, write @ as %40, : as %3A, / as %2F, ? as %3F, "
        "# as %23 and % as %25."
    )
