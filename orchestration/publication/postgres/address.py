"""Where in which Postgres the marts are published, as the environment says.

The password is a secret: it is in no text that this package hands on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode

from orchestration.errors import LeadFunnelError

URL = "LEAD_FUNNEL_PUBLISH_POSTGRES"
SCHEMA = "LEAD_FUNNEL_PUBLISH_POSTGRES_SCHEMA"

DEFAULT_SCHEMA = "marts"

CONNECTION = {
    "application_name": "lead_funnel",
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    # A server that is gone is noticed within minutes, not hours.
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",
}
"""What the URL does not say itself, in libpq's terms."""

# No part may hold what would end it: then libpq reads the URL as we do, and its
# errors, which quote what it could not read, never quote a password.
_FORM = re.compile(
    r"postgres(?:ql)?://"
    r"(?:(?:[^\s:/?#@\[\]%]|%[0-9a-fA-F]{2})*"
    r"(?::(?P<password>(?:[^\s:/?#@\[\]%]|%[0-9a-fA-F]{2})*))?@)?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^\s:/?#@\[\]]*)(?::(?P<port>\d{1,5}))?"
    r"/(?P<database>(?:[^\s:/?#@\[\]%]|%[0-9a-fA-F]{2})+)"
    r"(?:\?(?P<query>[^\s#?@]*))?"
)

_SCHEMA_NAME = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,39}")

PARAMETERS = {
    *CONNECTION,
    "channel_binding",
    "gssencmode",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_interval",
    "options",
    "passfile",
    "password",
    "port",
    "requirepeer",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
    "user",
}
"""What may stand behind the `?`."""

SECRETS = {"password", "sslpassword"}


@dataclass(frozen=True)
class Address:
    """A database, and the schemas in it that the marts go to."""

    url: str = field(repr=False)
    schema: str
    place: str
    """Server and database, to be told to people."""
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def schemas(self) -> dict[str, str]:
        """The schema there, by the schema in the DuckDB file."""
        return {"marts": self.schema, "marts_pii": f"{self.schema}_pii"}

    @property
    def readers(self) -> dict[str, str]:
        """The role that may read a schema there, by that schema. Roles are of all
        databases of a server, so other schemas have roles of their own."""
        own = "" if self.schema == DEFAULT_SCHEMA else f"{self.schema}_"
        return {
            self.schema: f"lead_funnel_{own}reader",
            f"{self.schema}_pii": f"lead_funnel_{own}reader_pii",
        }

    def without_secrets(self, text: str) -> str:
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def is_wanted(environ: Mapping[str, str] | None = None) -> bool:
    environ = os.environ if environ is None else environ
    return bool(environ.get(URL, "").strip())


def from_environment(environ: Mapping[str, str] | None = None) -> Address:
    environ = os.environ if environ is None else environ
    url = environ.get(URL, "").strip()
    found = _FORM.fullmatch(url)
    if found is None:
        raise LeadFunnelError(
            f"{URL} is no URL of Postgres: it must look like "
            "postgresql://user:password@host:5432/database. In a password, write @ "
            "as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25."
        )
    query = parse_qsl(found["query"] or "", keep_blank_values=True)
    unknown = sorted({name for name, _ in query} - PARAMETERS)
    if unknown:
        raise LeadFunnelError(
            f"{URL} has behind its ? what is no parameter of a connection to Postgres, "
            f"or is written otherwise. Known are {', '.join(sorted(PARAMETERS))}."
        )
    schema = environ.get(SCHEMA, "").strip() or DEFAULT_SCHEMA
    if not _SCHEMA_NAME.fullmatch(schema):
        raise LeadFunnelError(
            f"{SCHEMA} is {schema!r}, but must be a name of at most 40 small letters, "
            "digits and underscores that does not begin with a digit or with pg_."
        )
    given = dict(query)
    plain = url.partition("?")[0]
    secrets = {found["password"] or "", unquote(found["password"] or "")}
    for name, value in query:
        if name in SECRETS:
            secrets |= {value}
    host = found["host"] or given.get("host") or "localhost"
    port = found["port"] or given.get("port") or "5432"
    return Address(
        # libpq reads %20, but not + for a blank.
        url=f"{plain}?{urlencode({**CONNECTION, **given}, quote_via=quote)}",
        schema=schema,
        place=f"{host}:{port}/{unquote(found['database'])}",
        secrets=tuple(sorted(secrets - {""}, key=len, reverse=True)),
    )
