"""Who was erased, as a list that names nobody.

OUT/erasure/ has a secret of its own (`salt`) and `erased.txt`, a line for each record,
e-mail address, deal and activity of erased people: SHA-256 of the secret and the id or
address. So rows that are loaded again are known for erased, and who reads the list
learns nothing, not even by trying every address. Only the owner of OUT can open it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.settings.definition_files import rows_in_force, seed_columns
from orchestration.warehouse import literal, quoted

ERASED_DOMAIN = "erased.invalid"
"""What the addresses of erased people end in: no such domain can ever be one."""

OWNER_ALONE = 0o600

MORE = "more"

NAMING_SEEDS = ("user_roles",)
"""Seeds that may name somebody."""


def folder(project: Project) -> Path:
    return project.out / "erasure"


def write(path: Path, text: str) -> None:
    """Write a file that only its owner opens, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=OWNER_ALONE, exist_ok=False)
    fresh.write_text(text, encoding="utf-8")
    sync(fresh)
    fresh.replace(path)
    sync(path.parent)


def same_id(system: str, value: str) -> str:
    """An id as all spellings of it are compared: a tool may have taken it for a number,
    Salesforce writes it with 15 or 18 characters."""
    value = value.strip()
    if system == "salesforce" and len(value) == 18:
        value = value[:15]
    value = re.sub(r"^(\d+)\.0+$", r"\1", value)
    return re.sub(r"^0+(\d+)$", r"\1", value)


def same_id_sql(system: str, column: str) -> str:
    """The same in SQL, of a column."""
    text = f"trim({column})"
    if system == "salesforce":
        text = f"case when length({text}) = 18 then left({text}, 15) else {text} end"
    text = rf"regexp_replace({text}, '^(\d+)\.0+$', '\1')"
    return rf"regexp_replace({text}, '^0+(\d+)$', '\1')"


def same_address(value: str) -> str:
    return unicodedata.normalize("NFKC", value).strip().lower()


@dataclass(frozen=True)
class Erased:
    """The secret and the list, with what tells whether something is on it."""

    salt: str
    hashes: frozenset[str]
    shared_mailboxes: frozenset[str] = frozenset()
    """The part before the @ of addresses that many people read."""
    defined: frozenset[str] = frozenset()
    """The values that the definition or a model names, such as statuses: they name
    nobody."""

    def hash(self, kind: str, *parts: str) -> str:
        text = "|".join((self.salt, kind, *parts))
        return hashlib.sha256(text.encode()).hexdigest()

    def of_record(self, system: str, record_id: str) -> str:
        return self.hash("record", system, same_id(system, record_id))

    def of_address(self, address: str) -> str:
        return self.hash("address", same_address(address))

    # The same as SQL, of columns.

    def hash_sql(self, kind: str, text: str) -> str:
        return f"sha256({literal(f'{self.salt}|{kind}|')} || {text})"

    def of_record_sql(self, system: str, column: str) -> str:
        return self.hash_sql(f"record|{system}", same_id_sql(system, column))

    def of_address_sql(self, column: str) -> str:
        return self.hash_sql("address", f"unicode_same_text({column})")

    def is_shared_sql(self, column: str) -> str:
        listed = ", ".join(literal(part) for part in sorted(self.shared_mailboxes))
        local = f"split_part(unicode_same_text({column}), '@', 1)"
        return f"({local} in ({listed}))" if listed else "false"

    def lay_in(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the list a temporary table, and addresses comparable."""
        from orchestration.transformation import dbt_plugin

        dbt_plugin.register(connection)
        connection.execute("create or replace temp table erased (hash varchar)")
        connection.execute(
            "insert into erased select unnest(?::varchar[])", [sorted(self.hashes)]
        )
        connection.execute("create or replace temp table defined (value varchar)")
        connection.execute(
            "insert into defined select unnest(?::varchar[])", [sorted(self.defined)]
        )

    def has(self, *hashes: str) -> str:
        """SQL: whether any of these is on the list."""
        return " or ".join(
            f"coalesce({each} in (select hash from erased), false)" for each in hashes
        )


def known(project: Project) -> Erased:
    """The list as it stands; one without a secret is empty."""
    salt, listed = _salt(project), _list(project)
    shared = frozenset(
        same_address(row["local_part"])
        for row in rows_in_force(project, "shared_mailboxes")
    )
    if not salt.is_file():
        return Erased("", frozenset(), shared)
    hashes = listed.read_text().split() if listed.is_file() else []
    return Erased(
        salt.read_text().strip(), frozenset(hashes), shared, _defined(project)
    )


def _defined(project: Project) -> frozenset[str]:
    """The values of the definition, and those that the models know of vendors."""
    return _literals(project.root) | frozenset(
        same_address(value)
        for seed in seed_columns(project)
        if seed not in NAMING_SEEDS
        for row in rows_in_force(project, seed)
        for value in row.values()
        if value
    )


def prepared(project: Project) -> Erased:
    """The list, with a secret that is made where there is none."""
    if not _salt(project).is_file():
        write(_salt(project), secrets.token_hex(32) + "\n")
    return known(project)


def note_more(project: Project) -> None:
    """A load learnt of more people: rows that were loaded before may be theirs."""
    write(folder(project) / MORE, "")


def takes_note_of_more(project: Project) -> bool:
    """Whether a load noted that since it was asked last."""
    note = folder(project) / MORE
    was_noted = note.is_file()
    note.unlink(missing_ok=True)
    return was_noted


@cache
def _literals(root: Path) -> frozenset[str]:
    return frozenset(
        same_address(found)
        for folder in ("models", "macros")
        for path in sorted((root / folder).rglob("*.sql"))
        for found in re.findall(r"'([^'\n]+)'", path.read_text(encoding="utf-8"))
    )


def add(project: Project, hashes: Collection[str]) -> int:
    """Put more on the list; how many were not on it."""
    before = known(project).hashes
    fresh = frozenset(hashes) - before
    if fresh:
        write(_list(project), "\n".join(sorted(before | fresh)) + "\n")
    return len(fresh)


def _salt(project: Project) -> Path:
    return folder(project) / "salt"


def _list(project: Project) -> Path:
    return folder(project) / "erased.txt"


def column(name: str) -> str:
    return f"raw.{quoted(name)}"
