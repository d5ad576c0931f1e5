"""A Postgres of the tests' own, on a free port of this machine; and what is in it,
as psql says, which shares nothing with the driver that writes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

ADMIN = "postgres"
PASSWORD = "ge%40heim%3A%2F"
"""As a URL writes it; it has characters that a URL cannot hold."""
PLAIN_PASSWORD = "ge@heim:/"

MISSING = (
    "Postgres's server is not installed: apt-get install postgresql, which brings "
    "/usr/lib/postgresql/<version>/bin/initdb."
)


def programs() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in versions), default=None)


@dataclass(frozen=True)
class Server:
    folder: Path
    port: int

    def url(self, database: str, user: str = ADMIN, password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def psql(self, database: str, command: str, user: str = ADMIN) -> str:
        """What psql prints for a statement: COPY's text format, tuples only."""
        done = subprocess.run(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url(database, user)],
            input=command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGCLIENTENCODING": "UTF8"},
        )
        if done.returncode:
            raise PsqlError(done.stderr)
        return done.stdout


class PsqlError(Exception):
    """What psql had to complain of."""


def start() -> Server:
    bin_folder = programs()
    assert bin_folder is not None
    folder = Path(tempfile.mkdtemp(prefix="lead-funnel-postgres-"))
    secret = folder / "password"
    secret.write_text(PLAIN_PASSWORD)
    if os.getuid() == 0:
        owner = pwd.getpwnam(ADMIN)
        for path in (folder, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    _as_owner(
        folder,
        str(bin_folder / "initdb"),
        *("--pgdata", str(folder / "data"), "--username", ADMIN),
        *("--auth", "scram-sha-256", "--pwfile", str(secret)),
        *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
    )
    port = _free_port()
    settings = (
        f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' "
        "-c fsync=off -c max_connections=30"
    )
    _as_owner(
        folder,
        str(bin_folder / "pg_ctl"),
        *("--pgdata", str(folder / "data"), "--options", settings),
        *("--log", str(folder / "log"), "--wait", "start"),
    )
    return Server(folder, port)


def stop(server: Server) -> None:
    bin_folder = programs()
    assert bin_folder is not None
    _as_owner(
        server.folder,
        str(bin_folder / "pg_ctl"),
        *("--pgdata", str(server.folder / "data"), "--mode", "immediate", "stop"),
    )
    shutil.rmtree(server.folder, ignore_errors=True)


def _as_owner(folder: Path, *command: str) -> None:
    """Postgres refuses to run as root."""
    user = ADMIN if os.getuid() == 0 else None
    subprocess.run(
        command,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=120,
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# What psql's text is in Python, by DuckDB's type.


def parsed(text: str, kind: str) -> object:
    if text == "\\N":
        return None
    if kind == "VARCHAR":
        return _unescaped(text)
    if kind == "BOOLEAN":
        return {"t": True, "f": False}[text]
    if kind in ("BIGINT", "INTEGER"):
        return int(text)
    if kind == "DOUBLE":
        return float(text)
    if kind == "DATE":
        return date.fromisoformat(text)
    if kind == "TIMESTAMP":
        return datetime.fromisoformat(text)
    assert kind.startswith("DECIMAL"), kind
    return Decimal(text)


_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescaped(text: str) -> str:
    found, parts = iter(text), []
    for character in found:
        if character == "\\":
            following = next(found)
            character = _ESCAPES.get(following, following)
        parts.append(character)
    return "".join(parts)
