"""The roles that may read what is published, and nothing else."""

from __future__ import annotations

from collections.abc import Collection

from orchestration.publication.postgres.session import Session
from orchestration.warehouse import literal, quoted


def granted(session: Session, places: Collection[tuple[str, str]]) -> list[str]:
    """Let the roles read these tables, by schema and name; what an administrator has
    to do for it, as a sentence each."""
    to_do = []
    for schema, role in session.address.readers.items():
        if not _is_there(session, role):
            if not _may_create_roles(session):
                user = session.value("select current_user::text")
                to_do.append(
                    f"Postgres at {session.address.place} has no role {role}, and "
                    f"{user} may create none, so nobody else can read the schema "
                    f"{schema} yet. An administrator runs: create role {role}; "
                    "The next run does the rest."
                )
                continue
            session.run(f"create role {quoted(role)} nologin")
        _let_read(session, role, schema, [name for of, name in places if of == schema])
    return to_do


def _is_there(session: Session, role: str) -> bool:
    found = session.rows(f"select 1 from pg_roles where rolname = {literal(role)}")
    return bool(found)


def _may_create_roles(session: Session) -> bool:
    return bool(
        session.value(
            "select rolcreaterole or rolsuper from pg_roles "
            "where rolname = current_user"
        )
    )


def _let_read(
    session: Session, role: str, schema: str, tables: Collection[str]
) -> None:
    """Grants are given where they are missing, so that nothing is locked for those
    that are there."""
    if not session.value(
        f"select has_schema_privilege({literal(role)}, {literal(schema)}, 'usage')"
    ):
        session.run(f"grant usage on schema {quoted(schema)} to {quoted(role)}")
    missing = session.rows(
        "select c.relname::text from pg_class as c "
        "join pg_namespace as n on n.oid = c.relnamespace "
        f"where n.nspname = {literal(schema)} and c.relkind in ('r', 'p') "
        f"and not has_table_privilege({literal(role)}, c.oid, 'select')"
    )
    for (name,) in missing:
        if name in tables:
            session.run(
                f"grant select on {quoted(schema)}.{quoted(name)} to {quoted(role)}"
            )
