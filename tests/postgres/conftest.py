"""Postgres for the tests that need it; they say why where they are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from orchestration.publication.postgres import address
from orchestration.publication.postgres.address import Address
from tests.postgres import server as servers
from tests.postgres.server import PASSWORD, PLAIN_PASSWORD, Server

PUBLISHER = "publisher"

ROLES = [f"lead_funnel_{own}reader{pii}" for own in ("", "bi_") for pii in ("", "_pii")]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if servers.programs() is None:
        # Where Postgres is wanted (.ci/run), a test that is left out proves nothing.
        if os.environ.get("LEAD_FUNNEL_REQUIRE_POSTGRES"):
            pytest.fail(servers.MISSING)
        pytest.skip(servers.MISSING)
    started = servers.start()
    try:
        started.psql(
            "postgres",
            f"create role {PUBLISHER} login createrole password '{PLAIN_PASSWORD}'",
        )
        yield started
    finally:
        servers.stop(started)


@dataclass(frozen=True)
class Database:
    """An empty database that belongs to the user who publishes."""

    server: Server
    name: str = "bi"

    def url(self, user: str = PUBLISHER, password: str = PASSWORD) -> str:
        return self.server.url(self.name, user, password)

    def address(self, user: str = PUBLISHER, **more: str) -> Address:
        return address.from_environment({address.URL: self.url(user), **more})

    def psql(self, command: str, user: str = servers.ADMIN) -> str:
        return self.server.psql(self.name, command, user).strip("\n")


@pytest.fixture
def database(server: Server) -> Iterator[Database]:
    made = Database(server)
    server.psql("postgres", f"create database {made.name} owner {PUBLISHER}")
    yield made
    server.psql(
        "postgres",
        f"drop database {made.name} with (force);"
        + "".join(f"drop role if exists {role};" for role in [*ROLES, "anna"]),
    )
