"""A small company in whose every system the same person is, named in every text.

Each row about the person has the marker in every column that may name somebody, and in
two columns that nothing reads. Two other people have the statuses and sources that the
person has.
"""

from __future__ import annotations

import csv
import gzip
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

MARKER = "Qzvxperson"
MARKERS = (MARKER, "佐々木麒麟")
EMAIL = f"{MARKER}@example.org"
OTHER_EMAIL = f"{MARKER}.private@example.net"
UNREAD = ("Description", "LastNote__c", "_meta")
UNREAD_LOADED = ("description", "last_note_c", "_meta")

Row = dict[str, str]


def named(row: Row, *columns: str) -> Row:
    """A row with the marker in these columns and in those that nothing reads."""
    told = {name: f"{MARKER} of 佐々木麒麟, {name}" for name in (*columns, *UNREAD)}
    return {**row, **told}


def lead(number: str, email: str, **more: str) -> Row:
    return {"lead_id": number, "email": email, "created_at": "2026-04-01 09:00", **more}


NAMES = ("name", "first_name", "last_name", "phone", "company")


def generic() -> dict[str, list[Row]]:
    def history(number: str, at: str, value: str, field: str = "status") -> Row:
        return {
            "lead_id": number, "changed_at": at, "field": field, "old_value": "New",
            "new_value": value, "changed_by": "u1",
        }  # fmt: skip

    coded = {"status": "SAL", "source": "website", "region": "Kanto"}
    return {
        "lead": [
            named(lead("G1", EMAIL, **coded), *NAMES),
            # Merged into it: the same person with another address.
            named(
                lead("G2", OTHER_EMAIL, **coded, merged_into_id="G1"), *NAMES
            ),
            lead("G3", "b@example.com", **coded, name="Bea"),
            lead("G4", "c@example.com", **coded, name="Cleo", phone="03-1"),
        ],
        "lead_status_history": [
            *(
                history(number, f"2026-04-0{day} 10:00", value)
                for number in ("G1", "G3")
                for day, value in ((2, "MQL"), (3, "SAL"))
            ),
            named(history("G1", "2026-04-04 10:00", "", "phone"), "new_value"),
            named(history("G1", "2026-04-05 10:00", "", "status"), "new_value"),
        ],
        "sales_activity": [
            named(
                {"activity_id": "A1", "lead_id": "G1", "user_id": "u1", "type": "call",
                 "occurred_at": "2026-04-02 11:00", "is_completed": "true"}
            ),
            {"activity_id": "A2", "lead_id": "G3", "user_id": "u1", "type": "call",
             "occurred_at": "2026-04-02 12:00", "is_completed": "true"},
        ],
        "opportunity": [
            named(
                {"opportunity_id": "O1", "lead_id": "G1", "owner_id": "u1",
                 "stage": "Open", "amount": "1,000", "currency": "JPY",
                 "created_at": "2026-04-05 11:00"}
            ),
        ],
        "user": [{"user_id": "u1", "name": "Rep One", "team": "East"}],
    }  # fmt: skip


def salesforce() -> dict[str, list[Row]]:
    first, contact = "00Q000000000001AAA", "003000000000001AAA"
    return {
        "lead": [
            named(
                {"Id": first, "Email": EMAIL.upper(), "Status": "Qualified",
                 "CreatedDate": "2026-04-01T00:00:00.000+0000", "LeadSource": "Web",
                 "ConvertedContactId": contact,
                 "ConvertedOpportunityId": "006000000000001AAA"},
                "Name", "FirstName", "LastName", "Phone", "MobilePhone", "Company",
            ),
            {"Id": "00Q000000000002AAA", "Email": "d@example.com",
             "Status": "Qualified", "LeadSource": "Web",
             "CreatedDate": "2026-04-01T00:00:00.000+0000", "Name": "Dee"},
        ],
        "contact": [
            named(
                {"Id": contact, "Email": OTHER_EMAIL,
                 "CreatedDate": "2026-04-03T00:00:00.000+0000"},
                "Name", "FirstName", "LastName", "Phone",
            )
        ],
        "opportunity": [
            named(
                {"Id": "006000000000001AAA", "StageName": "Prospecting",
                 "CreatedDate": "2026-04-03T00:00:00.000+0000", "Amount": "5"}, "Name"
            )
        ],
        "task": [
            named(
                {"Id": "00T000000000001AAA", "WhoId": "00Q000000000001", "Type": "Call",
                 "Status": "Completed", "OwnerId": "005000000000001AAA",
                 "CreatedDate": "2026-04-02T00:00:00.000+0000"}, "Subject"
            )
        ],
        "user": [{"Id": "005000000000001AAA", "Name": "Rep Two"}],
    }  # fmt: skip


def hubspot() -> dict[str, list[Row]]:
    return {
        "contact": [
            named(
                {"id": "71", "email": EMAIL, "lifecyclestage": "lead",
                 "createdate": "2026-04-01T01:00:00Z"},
                "firstname", "lastname", "phone", "company",
            ),
            {"id": "72", "email": "e@example.com", "lifecyclestage": "lead",
             "createdate": "2026-04-01T01:00:00Z", "firstname": "Eve"},
        ],
        "contact_property_history": [
            named(
                {"contact_id": "71", "name": "email", "value": EMAIL,
                 "timestamp": "2026-04-01T01:00:00Z", "source_type": "FORM"}
            ),
        ],
        "engagement_call": [
            named({"id": "901", "hs_timestamp": "2026-04-02T01:00:00Z",
                   "hs_call_status": "COMPLETED"}, "hs_call_body"),
        ],
        "engagement_contact": [{"engagement_id": "901", "contact_id": "71"}],
    }  # fmt: skip


def marketo() -> dict[str, list[Row]]:
    return {
        "lead": [
            named(
                {"id": "501", "email": OTHER_EMAIL,
                 "created_at": "2026-04-01T02:00:00Z",
                 "sfdc_lead_id": "00Q000000000001AAA"},
                "first_name", "last_name", "phone", "company",
            ),
            {"id": "502", "email": "f@example.com",
             "created_at": "2026-04-01T02:00:00Z"},
        ],
        "activity_change_data_value": [
            named(
                {"id": "1", "lead_id": "501", "activity_date": "2026-04-02T02:00:00Z",
                 "primary_attribute_value": "Last Name"}, "old_value", "new_value"
            ),
        ],
    }  # fmt: skip


def write(folder: Path) -> None:
    """The exports: plain, zipped and gzipped."""
    for system in (generic, salesforce, hubspot, marketo):
        for table, rows in system().items():
            write_table(folder / system.__name__ / f"{table}.csv", rows)
    plain = folder / "salesforce" / "lead.csv"
    with zipfile.ZipFile(plain.with_suffix(".zip"), "w") as packed:
        packed.write(plain, "lead.csv")
    plain.unlink()
    plain = folder / "hubspot" / "contact.csv"
    with gzip.open(plain.with_name("contact.csv.gz"), "wb") as packed:
        packed.write(plain.read_bytes())
    plain.unlink()


def write_table(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = dict.fromkeys(name for row in rows for name in row)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)


# Where the person can be found.


def found_in(folder: Path) -> list[str]:
    """Where a marker stands in a byte of a folder, compressed files unpacked; names of
    files, too."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_dir():
            continue
        where = path.relative_to(folder).as_posix()
        for says, content in [("its name", where.encode()), *_contents(path)]:
            for marker in MARKERS:
                if any(each in content for each in _spellings(marker)):
                    found.append(f"{where} ({says}): {marker}")
    return found


def _spellings(marker: str) -> Iterator[bytes]:
    yield from (marker.encode(), marker.upper().encode(), marker.lower().encode())
    yield from (marker.encode("utf-16-le"), marker.encode("unicode_escape"))


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    import duckdb

    content = path.read_bytes()
    yield "bytes", content
    if content[:2] == b"\x1f\x8b":
        yield "unpacked", gzip.decompress(content)
    if content[:4] == b"PAR1":
        rows = duckdb.sql(f"from read_parquet('{path}')").fetchall()
        yield "rows", repr(rows).encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            yield "packed", b"".join(packed.read(name) for name in packed.namelist())
    if content[8:12] == b"DUCK":
        yield "tables", repr(_rows_of(path)).encode()


def _rows_of(path: Path) -> list[tuple]:
    """Every row of every table and view: the file packs texts."""
    import duckdb

    from orchestration.transformation import dbt_plugin

    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as looked_at (read_only)")
        connection.execute("use looked_at")
        dbt_plugin.register(connection)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = 'looked_at'"
        ).fetchall()
        return [
            row
            for schema, table in tables
            for row in connection.execute(
                f'select columns(*)::varchar from looked_at."{schema}"."{table}"'
            ).fetchall()
        ]
