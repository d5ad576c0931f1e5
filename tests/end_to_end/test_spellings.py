"""One company in random spellings gives the rows of its plain spelling.

Each table is written by another hand: its format, encoding, delimiter, the lines
around its rows, its headings, and how its times, ids, amounts and blanks look.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.project import ROOT, Project
from orchestration.transformation import dbt_runner
from tests import job

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

Table = list[dict[str, str]]

OF_THE_TEXT = {
    "source_key",
    "stage_event_id",
    "touch_id",
    "attributed_acceptance_id",
}
"""A row without an id of its own is called by what it says, letter by letter."""

TIMES = {"created_at", "changed_at", "occurred_at", "touched_at", "closed_at"}
AMOUNTS = {"amount"}
IDS = {"lead_id", "campaign_id", "opportunity_id", "owner_id"}
MAY_BE_BLANK = {"closed_at", "owner_id", "email", "campaign_id", "converted_at"}
MONTHS = [f"{datetime(2026, month, 1):%b}" for month in range(1, 13)]


def company() -> dict[str, Table]:
    """Fourteen leads in plain words; every instant is at a whole minute, and some day
    of every column is beyond the twelfth."""
    leads: Table = []
    changes: Table = []
    deals: Table = []
    touches: Table = []
    for number in range(14):
        lead = str(1001 + number)
        created = datetime(2026, 4, 1 + number, 8, 5) + timedelta(hours=7 * number)
        leads.append(
            {
                "lead_id": lead,
                "email": f"lead{number}@example.jp" if number % 5 else "",
                "company": "株式会社サンプル" if number % 2 else "Sample & Co",
                "status": "inquiry",
                "owner_id": "" if number % 7 == 3 else "501",
                "created_at": plain(created),
            }
        )
        steps = ["mql", "handed_off", ("sal", "rejected", "")[number % 3]]
        for step, status in enumerate(filter(None, steps), start=1):
            changes.append(
                {
                    "lead_id": lead,
                    "changed_at": plain(created + timedelta(days=step, minutes=step)),
                    "field": "status",
                    "old_value": "inquiry" if step == 1 else "",
                    "new_value": status,
                }
            )
        if number % 3 == 0:
            deals.append(
                {
                    "opportunity_id": str(9001 + number),
                    "lead_id": lead,
                    "created_at": plain(created + timedelta(days=5)),
                    "amount": str(1200 * (number + 1)) + ".50",
                    "currency": "EUR",
                    "is_won": "true" if number % 2 else "false",
                    "closed_at": plain(created + timedelta(days=9))
                    if number % 2
                    else "",
                }
            )
        touches.append(
            {
                "lead_id": lead,
                "campaign_id": str(31 + number % 2),
                "touched_at": plain(created - timedelta(hours=1)),
                "type": "webinar",
            }
        )
    users = [{"user_id": "501", "name": "Sato 佐藤", "role": "field_sales"}]
    campaigns = [
        {"campaign_id": "31", "name": "展示会 春", "type": "trade_show"},
        {"campaign_id": "32", "name": "Webinar", "type": "webinar"},
    ]
    return {
        "lead": leads,
        "lead_status_history": changes,
        "opportunity": deals,
        "touch": touches,
        "user": users,
        "campaign": campaigns,
    }


def plain(instant: datetime) -> str:
    return instant.isoformat(sep=" ", timespec="seconds")


# Values.


def _twelve_hours(at: datetime) -> str:
    return f"{at.month}/{at.day}/{at.year}, {(at.hour - 1) % 12 + 1}:{at:%M} {at:%p}"


TIMES_WRITTEN: dict[str, Callable[[datetime], str]] = {
    "ISO": plain,
    "with an offset": lambda at: f"{at + timedelta(hours=9):%Y-%m-%dT%H:%M:%S}+09:00",
    "day first": lambda at: f"{at:%d/%m/%Y %H:%M}",
    "month first, twelve hours": _twelve_hours,
    "with points": lambda at: f"{at:%d.%m.%Y %H:%M}",
    "with dashes": lambda at: f"{at:%d-%m-%Y %H:%M:%S}",
    "named month": lambda at: f"{at.day} {MONTHS[at.month - 1]}, {at:%Y %H:%M:%S}",
    "month named first": lambda at: f"{MONTHS[at.month - 1]} {at.day}, {at:%Y %H:%M}",
    "digits": lambda at: f"{at:%Y%m%d%H%M%S}",
    "serial": lambda at: (
        f"{(at - datetime(1899, 12, 30)) / timedelta(days=1):.10f}".rstrip("0")
    ),
    "kanji": lambda at: f"{at.year}年{at.month}月{at.day}日 {at.hour}時{at:%M}分",
    "era": lambda at: f"令和{at.year - 2018}年{at.month}月{at.day}日 {at:%H:%M}",
    "short era": lambda at: f"R{at.year - 2018}.{at.month}.{at.day} {at:%H:%M}",
    "slashes": lambda at: f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M}",
}
AMOUNTS_WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "thousands": lambda text: f"{float(text):,.2f}",
    "code before": lambda text: f"EUR {text}",
    "European": lambda text: (
        f"{float(text):,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
        + " €"
    ),
    "apostrophes": lambda text: f"{float(text):,.2f}".replace(",", "'"),
}
IDS_WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": str,
    "of a float": lambda text: f"{text}.0",
    "blanks around": lambda text: f" {text}\u3000",
}
BLANKS = ["", "null", "N/A", "#N/A", "-", "なし", "NaN", "None", "  "]


def spelled(draw, table: str, rows: Table) -> Table:
    """The rows with each column's values in one spelling."""
    found = [dict(row) for row in rows]
    for column in rows[0]:
        if column in TIMES:
            write = TIMES_WRITTEN[draw(st.sampled_from(sorted(TIMES_WRITTEN)))]
            change = lambda text, write=write: write(  # noqa: E731
                datetime.fromisoformat(text)
            )
        elif column in AMOUNTS:
            change = AMOUNTS_WRITTEN[draw(st.sampled_from(sorted(AMOUNTS_WRITTEN)))]
        elif column in IDS:
            change = IDS_WRITTEN[draw(st.sampled_from(sorted(IDS_WRITTEN)))]
        else:
            change = str
        blank = draw(st.sampled_from(BLANKS)) if column in MAY_BE_BLANK else ""
        for row in found:
            row[column] = change(row[column]) if row[column] else blank
    return found


# Headings.


def shipped_headings() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    with (ROOT / "seeds" / "columns.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["system"] == "generic":
                key = row["table"], row["column"]
                found.setdefault(key, []).append(row["heading"])
    return found


HEADINGS = shipped_headings()


def with_headings(draw, table: str, rows: Table) -> Table:
    """Each column under its own name in some case, or as a page calls it."""
    called = {}
    for column in rows[0]:
        own = [column, column.upper(), column.replace("_", " ").title()]
        called[column] = draw(
            st.sampled_from([*own, *HEADINGS.get((table, column), [])[:6]])
        )
    return [{called[name]: value for name, value in row.items()} for row in rows]


# Files.


def as_csv(draw, table: str, rows: Table) -> bytes:
    delimiter = draw(st.sampled_from(",;\t|"))
    text = io.StringIO()
    above = draw(st.sampled_from(["", "sep", "title", "blank"]))
    below = draw(st.sampled_from(["", "footer", "delimiters"]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    if above == "sep":
        text.write(f"sep={delimiter}{end}")
    elif above == "title":
        text.write(f"Report of all rows{end}All time{end}{end}")
    elif above == "blank":
        text.write(end)
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    writer = csv.DictWriter(
        text, list(rows[0]), delimiter=delimiter, lineterminator=end, quoting=quoting
    )
    writer.writeheader()
    writer.writerows(rows)
    if below == "delimiters":
        text.write(delimiter * (len(rows[0]) - 1) + end)
    elif below == "footer":
        text.write(f"{end}Confidential Information - Do Not Distribute{end}")
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp932", "utf-16"]))
    try:
        return text.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return text.getvalue().encode("utf-8")


def as_json(draw, table: str, rows: Table) -> bytes:
    given = [{name: value or None for name, value in row.items()} for row in rows]
    shape = draw(st.sampled_from(["lines", "list", "records"]))
    if shape == "lines":
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in given)
    else:
        text = json.dumps(
            given if shape == "list" else {"records": given}, ensure_ascii=False
        )
    return text.encode()


def as_workbook(draw, table: str, rows: Table) -> bytes:
    memory = io.BytesIO()
    book = xlsxwriter.Workbook(memory, {"in_memory": True})
    sheet = book.add_worksheet(draw(st.sampled_from(["Sheet1", table])))
    for at, name in enumerate(rows[0]):
        sheet.write_string(0, at, name)
    for number, row in enumerate(rows, start=1):
        for at, value in enumerate(row.values()):
            if value:
                sheet.write_string(number, at, value)
    book.close()
    return memory.getvalue()


def write(draw, folder: Path, table: str, rows: Table) -> None:
    form = draw(st.sampled_from(["csv", "csv.gz", "json", "xlsx", "zip"]))
    if form == "json":
        name, content = f"{table}.json", as_json(draw, table, rows)
    elif form == "xlsx":
        name, content = f"{table}.xlsx", as_workbook(draw, table, rows)
    else:
        name, content = f"{table}.{form}", as_csv(draw, table, rows)
    if form == "csv.gz":
        content = gzip.compress(content)
    elif form == "zip":
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w") as archive:
            archive.writestr(f"{table}.csv", content)
        content = memory.getvalue()
    (folder / name).write_bytes(content)


def land(folder: Path, draw) -> None:
    """The company in a landing folder, each table as another hand would write it."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "generic").mkdir(parents=True)
    for table, rows in company().items():
        found = with_headings(draw, table, spelled(draw, table, rows))
        write(draw, folder / "generic", table, found)


def land_plainly(folder: Path) -> None:
    (folder / "generic").mkdir(parents=True)
    for table, rows in company().items():
        path = folder / "generic" / f"{table}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


Rows = dict[str, list[tuple]]


def project_of(folder: Path) -> Project:
    return Project.from_environment(
        {},
        landing=folder / "in",
        out=folder / "out",
        vars={"reporting_currency": "EUR"},
    )


def published(folder: Path) -> Rows:
    """What is published of the folder."""
    path = job.build(project_of(folder))
    return rows_of(path, "table_schema <> ''", OF_THE_TEXT.__contains__)


def read(folder: Path) -> Rows:
    """What a run reads in the folder: the tables that all others are made of."""
    project = project_of(folder)
    job.load(project)
    wanted = "+path:models/input_layer,resource_type:"
    results = dbt_runner.build(project, [f"{wanted}seed", f"{wanted}model"])
    assert dbt_runner.failure_sentence(results) is None
    return rows_of(
        project.warehouse,
        "table_type = 'BASE TABLE' and table_schema = 'input_layer'",
        is_of_the_file,
    )


def is_of_the_file(column: str) -> bool:
    """Whether a column tells of the file and the letters in it, not of the company:
    the rules judge a text as a whole by whether it could be read."""
    return column in OF_THE_TEXT | {"row_key", "file_key", "loaded_at"} or (
        column.endswith("_text")
    )


def rows_of(path: Path, tables: str, is_left_out: Callable[[str], bool]) -> Rows:
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name, list(column_name) "
            "from information_schema.columns "
            "inner join information_schema.tables "
            "using (table_catalog, table_schema, table_name) "
            f"where {tables} group by all order by 1"
        ).fetchall()
        return {
            table: connection.execute(
                "select "
                + ", ".join(sorted(c for c in set(columns) if not is_left_out(c)))
                + f" from {table} order by all"
            ).fetchall()
            for table, columns in names
        }


def compare(found: Rows, right: Rows) -> None:
    for name, rows in right.items():
        assert set(found[name]) ^ set(rows) == set(), name
    assert found == right


def examples(most: int) -> settings:
    return settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_one_spelling_gives_the_marts_of_the_plain_one(tmp_path: Path) -> None:
    land_plainly(tmp_path / "plain" / "in")
    right = published(tmp_path / "plain")
    # Of these some are known by hand.
    assert len(right["marts.dim_people"]) == 14
    assert len(right["marts.fct_touches"]) == 14
    assert right["marts.quarantine"] == []

    @examples(1)
    @given(data=st.data())
    def spelled_once(data: st.DataObject) -> None:
        land(tmp_path / "spelled" / "in", data.draw)
        shutil.rmtree(tmp_path / "spelled" / "out", ignore_errors=True)
        compare(published(tmp_path / "spelled"), right)

    spelled_once()


@pytest.fixture(scope="module")
def read_plainly(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    folder = tmp_path_factory.mktemp("plain")
    land_plainly(folder / "in")
    right = read(folder)
    assert len(right["input_layer.input_layer__records"]) == 14
    assert len(right["input_layer.input_layer__touches"]) == 14
    return right


@examples(8)
@given(data=st.data())
def test_any_spelling_is_read_as_the_plain_one(
    read_plainly: Rows, tmp_path: Path, data: st.DataObject
) -> None:
    """All tables behind are made of these, so theirs are the same rows too."""
    land(tmp_path / "in", data.draw)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    compare(read(tmp_path), read_plainly)
