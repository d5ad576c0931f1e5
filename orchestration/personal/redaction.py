"""Rewrites raw Parquet files so that erased people are in them without anything that
names them, and every number stays as it was.

A row of an erased person keeps its ids, times, numbers, and the values that other
people's rows have too. An address becomes another one, the same for the same address,
so that who was one person stays one. Any other text becomes `(erased …)`, the same for
the same text, so that two rows that differed still do. What no model reads is emptied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration import warehouse
from orchestration.personal.columns import (
    EMAIL,
    FIELDS,
    OBJECT,
    PERSONAL,
    RECORD_IDS,
    THINGS,
    VALUES,
    Staged,
    is_of_a_loader,
    tables_of_people,
)
from orchestration.personal.erased import (
    ERASED_DOMAIN,
    Erased,
    add,
    column,
    note_more,
    same_id_sql,
)
from orchestration.personal.erased import known as known_erased
from orchestration.project import Project
from orchestration.publication.disk import sync
from orchestration.warehouse import literal, quoted

# DuckDB's patterns look neither ahead nor back.
_DIGIT = "[0-9](t|z|am|pm)?"
_WORDS = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|january|february|march|april|june|"
    "july|august|september|october|november|december|mon|tue|wed|thu|fri|sat|sun|am|pm|"
    "t|z|utc|gmt|jst|true|false|yes|no|y|n|jpy|usd|eur|gbp|null|none"
)
_SIGNS = r"[-+0-9 .,:/()%¥$€£円年月日時分秒午前後曜火水木金土]"
HARMLESS = rf"^({_SIGNS}|{_DIGIT}|\b({_WORDS})\b)*$"
"""Times, numbers, amounts and yes or no: they name nobody."""

COUNTED_FIELDS = "status|stage|owner|score|lifecycle|amount|close|convert|delet|merg"
"""What the name of a field has whose values are counted; of others a number may be a
telephone's."""

A_RECORDS_ID = "^[0-9]*[A-Za-z0-9]*[0-9][A-Za-z0-9]*$"
"""An id of a user or record: letters and digits, never letters alone."""


def keep_erased(
    project: Project,
    system: str,
    files: Mapping[str, Sequence[Path]],
    new: Collection[Path],
) -> set[Path]:
    """Rewrite what was just loaded where it is about erased people; which of the raw
    files of a system are others now."""
    known = known_erased(project)
    if not known.hashes or not new:
        return set()
    with duckdb.connect() as connection:
        warehouse.configure(connection)
        known.lay_in(connection)
        redaction = Redaction(connection, known, system)
        fresh = {
            table: [path for path in paths if path in new]
            for table, paths in files.items()
        }
        before = redaction.erased.hashes
        if redaction.learn_people(project, fresh):
            # Rows of other systems may be theirs, too.
            note_more(project)
        redaction.learn_things(project, fresh)
        # What an older row tells of may be a deal that is theirs only now.
        is_more = redaction.erased.hashes != before
        return set(redaction.rewrite(files, None if is_more else new))


MOST_RECORDS = 50
"""More records than this are not one person (int_people__records), whatever address
they share."""


@dataclass
class Redaction:
    """The rewriting of one system's raw tables."""

    connection: duckdb.DuckDBPyConnection
    erased: Erased
    system: str

    def learn_people(
        self, project: Project, files: Mapping[str, Sequence[Path]]
    ) -> bool:
        """Put the ids and addresses on the list that stand in rows of erased people;
        whether there were any that were not on it."""
        is_more = False
        while self._learn(project, self._people(files)):
            is_more = True
        return is_more

    def learn_things(
        self, project: Project, files: Mapping[str, Sequence[Path]]
    ) -> None:
        """Put the deals and activities of erased people on the list."""
        self._learn(project, self._things(files))

    def _learn(self, project: Project, hashes: Collection[str]) -> bool:
        if not add(project, hashes):
            return False
        self.erased = known_erased(project)
        self.erased.lay_in(self.connection)
        return True

    def _people(self, files: Mapping[str, Sequence[Path]]) -> set[str]:
        """The hashes of ids and addresses in the rows of records, by table."""
        found: set[str] = set()
        for name, staged in self._tables(files):
            rows = self._rows(files[name])
            columns = self._columns(rows)
            told = [each for each in columns if EMAIL in staged.of(each)]
            ids = [each for each in columns if "record_id" in staged.of(each)]
            if not told or not ids:
                continue
            address, id_ = column(told[0]), column(ids[0])
            record = self.erased.of_record_sql(self.system, id_)
            hashed = self.erased.of_address_sql(address)
            is_address = (
                f"{address} like '%@%' and {address} not like '%{ERASED_DOMAIN}' "
                f"and not {self.erased.is_shared_sql(address)}"
            )
            matched = self._is_persons(staged, columns)
            found |= {
                hash_
                for (hash_,) in self.connection.execute(
                    f"with marked as (select {record} as record, "
                    f"case when {is_address} then {hashed} end as address, "
                    f"({matched}) as is_theirs from {rows} as raw), "
                    "of_one as (select address from marked group by 1 "
                    f"having count(distinct record) <= {MOST_RECORDS}) "
                    "select record from marked where is_theirs and record is not null "
                    "union select address from marked where is_theirs "
                    "and address in (select address from of_one)"
                ).fetchall()
            }
        return found

    def _things(self, files: Mapping[str, Sequence[Path]]) -> set[str]:
        """The hashes of the deals and activities that rows of erased people in these
        files are about, by table."""
        found: set[str] = set()
        for name, staged in self._tables(files):
            rows = self._rows(files[name])
            columns = self._columns(rows)
            of_person = self._is_persons(staged, columns)
            for each in columns:
                for told in staged.of(each) & THINGS.keys():
                    value = self._thing(THINGS[told], column(each))
                    found |= {
                        hash_
                        for (hash_,) in self.connection.execute(
                            f"select distinct {value} from {rows} as raw "
                            f"where ({of_person}) and {column(each)} is not null"
                        ).fetchall()
                    }
        return found

    def rewrite(
        self, files: Mapping[str, Sequence[Path]], only: Collection[Path] | None = None
    ) -> dict[Path, int]:
        """Rewrite the files in which erased people are; how many of their rows each
        has. `only` are those that are looked at; the others tell which values
        other people have."""
        done: dict[Path, int] = {}
        for name, staged in self._tables(files):
            paths = [path for path in files[name] if only is None or path in only]
            if not paths:
                continue
            rows = self._rows(paths)
            matched = self._is_erased(staged, self._columns(rows))
            found = self.connection.execute(
                f"select filename, count(*) from {rows} as raw where {matched} "
                "group by 1 order by 1"
            ).fetchall()
            if found:
                shared = self._shared(staged, files[name])
                for filename, count in found:
                    self._rewrite_file(staged, Path(filename), shared)
                    done[Path(filename)] = count
        return done

    def _tables(self, files: Mapping[str, Sequence[Path]]) -> list[tuple[str, Staged]]:
        return [
            (name, staged)
            for name, staged in tables_of_people(self.system).items()
            if files.get(name)
        ]

    def _rows(self, paths: Sequence[Path]) -> str:
        listed = ", ".join(literal(str(path)) for path in paths)
        return (
            f"read_parquet([{listed}], union_by_name = true, filename = true, "
            "hive_partitioning = false)"
        )

    def _columns(self, rows: str) -> list[str]:
        described = self.connection.execute(f"describe from {rows}").fetchall()
        return [name for name, *_ in described if name != "filename"]

    def _thing(self, kind: str, value: str) -> str:
        return self.erased.hash_sql(
            f"{kind}|{self.system}", same_id_sql(self.system, value)
        )

    def _is_persons(self, staged: Staged, columns: Sequence[str]) -> str:
        """SQL: whether a row is about an erased person."""
        asked = []
        for each in columns:
            for told in staged.of(each):
                if told == EMAIL:
                    asked.append(self.erased.of_address_sql(column(each)))
                elif told in RECORD_IDS:
                    system = RECORD_IDS[told] or self.system
                    asked.append(self.erased.of_record_sql(system, column(each)))
        return self.erased.has(*asked) if asked else "false"

    def _is_erased(self, staged: Staged, columns: Sequence[str]) -> str:
        """SQL: the same, or about a deal or an activity of one."""
        asked = [
            self._thing(THINGS[told], column(each))
            for each in columns
            for told in staged.of(each) & THINGS.keys()
        ]
        persons = self._is_persons(staged, columns)
        return f"({persons})" + (f" or {self.erased.has(*asked)}" if asked else "")

    def _shared(self, staged: Staged, paths: Sequence[Path]) -> dict[str, str]:
        """The tables of values that rows of others have too, by column."""
        rows = self._rows(paths)
        columns = self._columns(rows)
        matched = self._is_erased(staged, columns)
        kept = [each for each in columns if _is_counted(staged, each)]
        self.connection.execute(
            "create or replace temp table looked_at as select "
            + ", ".join([*map(column, kept), f"({matched}) as is_erased"])
            + f" from {rows} as raw"
        )
        shared = {}
        for number, each in enumerate(kept):
            shared[each] = f"shared_{number}"
            self.connection.execute(
                f"create or replace temp table shared_{number} as "
                f"select distinct {quoted(each)} as value from looked_at "
                f"where is_erased intersect select {quoted(each)} from looked_at "
                "where not is_erased"
            )
        self.connection.execute("drop table looked_at")
        return shared

    def _rewrite_file(
        self, staged: Staged, path: Path, shared: Mapping[str, str]
    ) -> None:
        rows = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
        columns = self._columns(rows)
        matched = self._is_erased(staged, columns)
        values = ", ".join(
            f"case when is_erased then {self._without(staged, each, columns, shared)} "
            f"else {column(each)} end as {quoted(each)}"
            for each in columns
        )
        fresh = path.with_name(f".{path.name}")
        warehouse.write_parquet(
            self.connection,
            f"select {values} from (select *, ({matched}) as is_erased "
            f"from {rows} as raw) as raw",
            fresh,
        )
        sync(fresh)
        fresh.replace(path)
        sync(path.parent)

    def _without(
        self,
        staged: Staged,
        name: str,
        columns: Sequence[str],
        shared: Mapping[str, str],
    ) -> str:
        """SQL: what stays of a column in the row of an erased person."""
        value, told = column(name), staged.of(name)
        if is_of_a_loader(name) or staged.has_ids(name) or told & {*FIELDS}:
            return value
        if not told:
            return "null"
        token = f"'(erased ' || left({self.erased.hash_sql('text', value)}, 8) || ')'"
        is_done = f"{value} like '(erased %' or trim(coalesce({value}, '')) = ''"
        if EMAIL in told:
            return (
                f"case when {is_done} or {value} like '%{ERASED_DOMAIN}' then {value} "
                f"when {value} not like '%@%' then {token} "
                f"else {self._address(value)} end"
            )
        if told & {*PERSONAL}:
            return f"case when {is_done} then {value} else {token} end"
        stays = [
            is_done,
            f"{value} in (select value from {shared[name]})",
            f"unicode_same_text({value}) in (select value from defined)",
        ]
        fields = [each for each in columns if staged.of(each) & {*FIELDS}]
        harmless = f"regexp_matches({value}, {literal(HARMLESS)}, 'i')"
        is_id = f"regexp_matches({value}, {literal(A_RECORDS_ID)})"
        is_counted = (
            f"regexp_matches(coalesce({', '.join(map(column, fields))}, ''), "
            f"'{COUNTED_FIELDS}', 'i')"
            if fields
            else "true"
        )
        if OBJECT in told:
            stays.append(is_counted)
        elif told & {*VALUES}:
            stays.append(f"({is_counted} and ({harmless} or {is_id}))")
        else:
            stays.append(harmless)
        return f"case when {' or '.join(stays)} then {value} else {token} end"

    def _address(self, value: str) -> str:
        """SQL: an address that stands for another. One that many people read stays
        one that many people read."""
        code = f"left({self.erased.of_address_sql(value)}, 16)"
        local = f"split_part(unicode_same_text({value}), '@', 1)"
        return (
            f"case when {self.erased.is_shared_sql(value)} "
            f"then {local} || '@' || {code} || '.{ERASED_DOMAIN}' "
            f"else 'erased-' || {code} || '@{ERASED_DOMAIN}' end"
        )


def _is_counted(staged: Staged, name: str) -> bool:
    """Whether values of a column are kept where others have them too."""
    told = staged.of(name)
    return bool(told) and not (
        is_of_a_loader(name) or staged.has_ids(name) or told & {EMAIL, *PERSONAL}
    )
