"""What `LEAD_FUNNEL_SOURCE_<SYSTEM>` says: a database and its schemas, or a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode, urlsplit

from orchestration.errors import LeadFunnelError, listed, meant

VARIABLE = "LEAD_FUNNEL_SOURCE_"

FOLDERS = {
    "file": "",
    "memory": "",
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
}
"""Schemes of folders and buckets, and which package fsspec needs for them."""

DATABASES = {
    "postgresql": "psycopg2-binary",
    "duckdb": "duckdb-engine",
    "snowflake": "snowflake-sqlalchemy",
    "bigquery": "sqlalchemy-bigquery",
    "redshift": "sqlalchemy-redshift",
    "mssql": "pyodbc",
    "mysql": "pymysql",
    "databricks": "databricks-sqlalchemy",
}
"""Schemes of databases, and which package SQLAlchemy needs for them."""

SAME = {"postgres": "postgresql", "sqlserver": "mssql"}

EXAMPLE = "postgresql://user:password@host/database?schema=salesforce"

_PASSWORD = re.compile(r"://[^:/@]*:(.+)@")
_SECRET = re.compile(r"pass|pwd|token|secret|key|credential|odbc_connect", re.I)


@dataclass(frozen=True)
class Address:
    """A place that somebody else fills. Its text is a secret where it has one."""

    system: str
    variable: str
    scheme: str
    url: str = field(repr=False)
    """Without the schemas, as the driver reads it."""
    schemas: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, variable: str, text: str, systems: Sequence[str]) -> Address:
        """What a variable says; what cannot be understood of it is an error that shows
        none of its value."""
        system = variable.removeprefix(VARIABLE).lower()
        if system not in systems:
            names = [VARIABLE + each.upper() for each in systems]
            raise LeadFunnelError(
                f"{variable} is of no system that is read{meant(variable, names)}: "
                f"there are {listed(names)}."
            )
        scheme, separator, _ = text.partition("://")
        scheme = scheme.lower()
        plain = SAME.get(scheme.partition("+")[0], scheme.partition("+")[0])
        if not separator or plain not in (*FOLDERS, *DATABASES):
            raise LeadFunnelError(
                f"{variable} is no address of a database or folder: it begins with "
                f"{listed(DATABASES, 20)} or {listed(FOLDERS, 20)} and ://, such as "
                f"{EXAMPLE}."
            )
        secrets = tuple(_secrets(text))
        if plain in FOLDERS:
            return cls(system, variable, plain, text, (), secrets)
        try:
            url, schemas = _without_schemas(text)
        except ValueError:
            raise LeadFunnelError(
                f"{variable} cannot be read as an address. Characters of a password "
                "that mean something there are written by their number, such as %40 "
                f"for @ and %2F for /. It looks like {EXAMPLE}."
            ) from None
        name, rest = url.split("://", 1)
        driver = name.partition("+")[2]
        name = plain + (f"+{driver}" if driver else "")
        return cls(system, variable, plain, f"{name}://{rest}", schemas, secrets)

    @property
    def is_folder(self) -> bool:
        return self.scheme in FOLDERS

    @property
    def shown(self) -> str:
        """The place without user and password."""
        parts = urlsplit(self.url)
        try:
            host = parts.hostname or ""
            host += f":{parts.port}" if parts.port else ""
        except ValueError:
            host = ""
        return f"{self.scheme}://{host}{parts.path}"

    def missing_driver(self, error: ImportError | None = None) -> LeadFunnelError:
        """What to install, as no driver for the place is."""
        package = (FOLDERS | DATABASES)[self.scheme]
        name = getattr(error, "name", None)
        # The driver that the address names after a plus may be another one.
        if name and "+" in self.url.split("://")[0]:
            package = name
        return LeadFunnelError(
            f"{self.variable} names a place at {self.scheme}://, and what reads it is "
            f"not installed: run .venv/bin/python -m pip install {package} and begin "
            "again."
        )


def _secrets(text: str) -> Iterator[str]:
    # Of an address that is written wrongly, as much as may be a password.
    for password in _PASSWORD.findall(text):
        yield from (password, unquote(password))
        if "/" in password or ":" in password:
            yield from (part for part in re.split("[/:]", password) if len(part) > 2)
    _, _, query = text.partition("?")
    for name, value in parse_qsl(query):
        if _SECRET.search(name):
            yield from (value, unquote_plus(value))


def _without_schemas(text: str) -> tuple[str, tuple[str, ...]]:
    """The address without `?schema=a,b`, and these."""
    parts = urlsplit(text)
    # Whether the port is a number is only looked at where somebody asks.
    _ = parts.port
    query = parse_qsl(parts.query, keep_blank_values=True)
    schemas = [
        each.strip()
        for name, value in query
        if name == "schema"
        for each in value.split(",")
        if each.strip()
    ]
    others = urlencode([item for item in query if item[0] != "schema"])
    base = text.partition("?")[0]
    return base + (f"?{others}" if others else ""), tuple(schemas)
