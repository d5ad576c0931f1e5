"""A folder of exports, read as text (sources.md, "A folder of exports")."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from tests.reference.parsing import of_column, same_text

Row = dict[str, str | None]

csv.field_size_limit(1 << 24)

WRITTEN_BY_TOOLS = {
    "null", "NULL", "None", "nan", "NaN", "#N/A", "#REF!", "#VALUE!", "#NAME?",
    "#DIV/0!", "undefined", "NaT",
}  # fmt: skip
NOTHING = {"null", "none", "nan", "n/a", "na", "#n/a", "-", "--", "—", "なし", "無し"}

TABLES: dict[str, tuple[str, ...]] = {
    "generic": (
        "lead",
        "lead_status_history",
        "touch",
        "sales_activity",
        "score_change",
        "opportunity",
        "campaign",
        "user",
    ),
    "salesforce": (
        "lead",
        "lead_history",
        "contact",
        "account",
        "campaign",
        "campaign_member",
        "opportunity",
        "opportunity_history",
        "opportunity_field_history",
        "opportunity_contact_role",
        "task",
        "event",
        "user",
        "user_role",
    ),
    "hubspot": (
        "contact",
        "contact_property_history",
        "contact_merge_audit",
        "contact_form_submission",
        "contact_list_member",
        "contact_list",
        "form",
        "deal",
        "deal_stage",
        "deal_property_history",
        "deal_pipeline_stage",
        "deal_contact",
        "merged_deal",
        "owner",
        "owner_team",
        "team",
        "engagement_call",
        "engagement_email",
        "engagement_meeting",
        "engagement_task",
        "engagement_communication",
        "engagement_contact",
    ),
    "marketo": (
        "lead",
        "program",
        "program_membership",
        "activity_new_lead",
        "activity_fill_out_form",
        "activity_change_data_value",
        "activity_change_score",
        "activity_change_status_in_progression",
        "activity_merge_leads",
        "merged_lead",
        "activity_delete_lead",
    ),
}

LOADER_COLUMNS = re.compile(r"^(fivetran|airbyte|dlt|abcdc|sdc)|^(file|loadedat)$")


def column_name(text: str) -> str:
    """Columns compare without case, underscores and the loader's prefix."""
    return re.sub(r"[^0-9a-z]", "", text.strip().lower())


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") else word


def _table_forms(name: str) -> set[str]:
    words = [part for part in name.lower().split("_") if part]
    singular = "".join(_singular(word) for word in words)
    return {"".join(words), singular, _singular("".join(words))}


SPELLINGS = {
    ("hubspot", "contacts_archived"): "contact",
    ("hubspot", "owners_archived"): "owner",
    ("hubspot", "contact_deal"): "deal_contact",
    ("hubspot", "contact_to_deal"): "deal_contact",
}


def table_of(system: str, name: str) -> str | None:
    if (system, name.lower()) in SPELLINGS:
        return SPELLINGS[system, name.lower()]
    for table in TABLES[system]:
        if column_name(table) == column_name(name):
            return table
    for table in TABLES[system]:
        if _table_forms(table) & _table_forms(name):
            return table
    return None


def read_folder(landing: Path) -> dict[tuple[str, str], list[Row]]:
    """Every row of every known table, columns by their compared names."""
    tables: dict[tuple[str, str], list[Row]] = {}
    for system in TABLES:
        folder = Path(landing) / system
        if not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.name.startswith("."):
                continue
            inside = path.relative_to(folder)
            name = inside.parts[0].split(".")[0]
            table = table_of(system, name)
            if table is None:
                continue
            rows = tables.setdefault((system, table), [])
            rows.extend(without_prefix(system, row) for row in read_file(path))
    for rows in tables.values():
        read_as_a_whole(rows)
    return tables


def without_prefix(system: str, row: Row) -> Row:
    """HubSpot's properties as the API names them, whatever the loader wrote before."""
    if system != "hubspot":
        return row
    return {
        re.sub(r"^propert(y|ies)(?!name|withhistory|versions)(?=.)", "", name): text
        for name, text in row.items()
    }


def read_as_a_whole(rows: list[Row]) -> None:
    """sources.md: words that mean nothing are blank, and what the days and amounts
    of a column mean is decided by the whole column."""
    for name in {name for row in rows for name in row}:
        # In a text the words may say what they say.
        is_text = not re.search(r"(id|at|date|time|email|amount|cost|spend)$|^is", name)
        nothing = set() if is_text else NOTHING
        texts = [without_nothing(row.get(name), nothing) for row in rows]
        for row, text in zip(rows, of_column(texts), strict=True):
            if name in row:
                row[name] = text


def without_nothing(text: str | None, nothing: Collection[str]) -> str | None:
    """Blank where the whole text is a word for nothing."""
    plain = (text or "").strip()
    is_blank = plain in WRITTEN_BY_TOOLS or same_text(plain) in nothing
    return None if is_blank else text


def read_file(path: Path) -> Iterator[Row]:
    content = path.read_bytes()
    name = path.name.lower()
    if name.endswith(".gz"):
        content = gzip.decompress(content)
        name = name[:-3]
    if name.endswith(".parquet"):
        yield from _parquet_rows(content)
    elif name.endswith((".jsonl", ".ndjson", ".json")):
        yield from _json_rows(_decoded(content))
    elif name.endswith((".csv", ".tsv")):
        yield from csv_rows(_decoded(content))


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp932")


def csv_rows(text: str) -> Iterator[Row]:
    """The rows below a header in the first line, or below a line that says the
    delimiter. Lines of nothing but delimiters are no rows."""
    told = re.match(r'"?sep=(.)"?\r?\n', text, re.IGNORECASE)
    if told:
        text = text[told.end() :]
    header_line = text.split("\n", 1)[0]
    delimiter = told[1] if told else max(",\t;", key=header_line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header: list[str] | None = None
    for values in rows:
        if not any(value.strip() for value in values):
            continue
        if header is None:
            header = [column_name(value) for value in values]
            continue
        padded = values + [""] * (len(header) - len(values))
        yield {
            name: value if value != "" else None
            for name, value in zip(header, padded, strict=False)
        }


def _json_rows(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        if line.strip():
            row = json.loads(line, parse_float=str, parse_int=str)
            yield {column_name(k): _as_text(v) for k, v in row.items()}


def _parquet_rows(content: bytes) -> Iterator[Row]:
    import pyarrow.parquet

    for row in pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist():
        yield {column_name(k): _as_text(v) for k, v in row.items()}


def _as_text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat(" ")
        return value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
