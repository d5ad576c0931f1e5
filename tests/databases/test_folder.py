"""Files that a loader lays into a folder or bucket."""

import gzip
import json
from datetime import UTC, datetime

import duckdb
import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import warehouse
from orchestration.commands.check_sources import findings_of
from orchestration.errors import LeadFunnelError
from orchestration.live import database
from orchestration.live.database import folder
from orchestration.live.pipeline import load
from orchestration.project import Project
from orchestration.sources.raw import load_system

AT = datetime(2026, 4, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["memory", "file"])
def bucket(request, tmp_path):
    """Where to write, and what the variable says."""
    root = f"/{tmp_path.name}" if request.param == "memory" else str(tmp_path / "b")
    system = fsspec.filesystem(request.param)
    system.makedirs(root, exist_ok=True)
    yield system, root, f"{request.param}://{root}"
    system.rm(root, recursive=True)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "landing").mkdir()
    return Project.from_environment(
        {}, landing=tmp_path / "landing", out=tmp_path / "out"
    )


def put(bucket, name, rows):
    system, root, _ = bucket
    path = f"{root}/{name}"
    system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
    if isinstance(rows, bytes):
        system.pipe_file(path, rows)
        return
    with system.open(path, "wb") as opened:
        pq.write_table(pa.Table.from_pylist(rows), opened)


def source(bucket, system="SALESFORCE"):
    [found] = database.sources({f"LEAD_FUNNEL_SOURCE_{system}": bucket[2]})
    return found


def loaded(project, bucket, system="SALESFORCE"):
    rows = load(project, source(bucket, system)).rows
    return {table: count for table, count in rows.items() if count}


def lead(number, **values):
    return {"Id": f"L{number}", "CreatedDate": AT, "IsDeleted": False, **values}


def test_new_and_changed_files_are_loaded_and_gone_ones_leave_their_rows(
    bucket, project
):
    put(bucket, "Lead/2026/04/01.parquet", [lead(1, Score__c=1.5), lead(2)])
    put(bucket, "lead_history.csv.gz", gzip.compress(
        b'LeadId,Field,CreatedDate,NewValue\nL1,Status,2026-04-02,"MQL,\nold"\n'
    ))  # fmt: skip
    put(bucket, "_airbyte_state/x.parquet", [lead(9)])
    assert loaded(project, bucket) == {"lead": 2, "lead_history": 1}
    assert loaded(project, bucket) == {}
    put(bucket, "Lead/2026/04/02.parquet", [lead(3)])
    put(bucket, "Lead/2026/04/01.parquet", [lead(1, Status="MQL"), lead(2), lead(4)])
    assert loaded(project, bucket) == {"lead": 4}
    bucket[0].rm(f"{bucket[1]}/Lead/2026/04/02.parquet")
    assert loaded(project, bucket) == {}
    project.prepare_out()
    load_system(project, "salesforce")
    with warehouse.connect(project, read_only=True) as connection:
        rows = connection.execute(
            "select id, created_date, is_deleted, score_c, status "
            "from raw_salesforce.lead order by all"
        ).fetchall()
        [changed] = connection.execute(
            "select new_value from raw_salesforce.lead_history"
        ).fetchall()
    at = "2026-04-01T01:00:00Z"
    assert rows == [
        ("L1", at, "false", "1.5", None),
        ("L1", at, "false", None, "MQL"),
        ("L2", at, "false", None, None),
        ("L2", at, "false", None, None),
        ("L3", at, "false", None, None),
        ("L4", at, "false", None, None),
    ]
    assert changed == ("MQL,\nold",)


def test_of_reports_each_file_stays_one(bucket, project):
    """Rows of one file add up, and of two files the later counts."""
    day = {"date_day": "2026-04-01", "platform": "x", "campaign_id": "C"}
    put(bucket, "campaign_report/1.parquet", [{**day, "spend": 1.0}] * 2)
    put(bucket, "campaign_report/2.parquet", [{**day, "spend": 4.0}])
    assert loaded(project, bucket, "ADS") == {"campaign_report": 3}
    files = sorted((project.landed / "ads" / "campaign_report").glob("*.parquet"))
    counts = [
        duckdb.sql(f"select count(*) from read_parquet('{file}')").fetchall()
        for file in files
    ]
    assert sorted(counts) == [[(1,)], [(2,)]]


def test_what_is_there_and_what_is_not_read_is_said(bucket):
    put(bucket, "lead.parquet", [lead(1)])
    put(bucket, "notes.txt", b"hello")
    found = findings_of(source(bucket))
    kinds = {each.sentence: each.kind for each in found}
    assert "error" not in kinds.values()
    assert any(each.startswith("lead: 1 file, the last of 2") for each in kinds)
    [others] = [each for each in kinds if "are none of" in each]
    assert others.endswith("notes.txt.")


def test_a_table_that_is_needed_and_a_folder_that_is_not_there_are_said(
    bucket, project
):
    put(bucket, "lead_history.parquet", [{"LeadId": "L1"}])
    with pytest.raises(LeadFunnelError, match="has no table 'lead', which holds"):
        load(project, source(bucket))
    [elsewhere] = database.sources(
        {"LEAD_FUNNEL_SOURCE_SALESFORCE": f"{bucket[2]}/nowhere"}
    )
    with pytest.raises(LeadFunnelError, match="There is no folder"):
        load(project, elsewhere)


def test_a_file_that_is_none_is_said(bucket, project):
    put(bucket, "lead.parquet", b"not a parquet file at all")
    with pytest.raises(LeadFunnelError, match=r"lead\.parquet of .* cannot be read"):
        load(project, source(bucket))


AIRBYTE = [
    {
        "_airbyte_extracted_at": 1775001600000,
        "_airbyte_data": {
            "id": "9",
            "createdAt": "2026-04-01T00:00:00Z",
            "updatedAt": "2026-04-02T00:00:00Z",
            "properties": {"dealname": "注文\u2028A", "amount": 1.1},
            "contacts": ["11", "12"],
        },
    },
    {"_airbyte_data": {"id": "10", "createdAt": "2026-04-01T00:00:00Z"}},
]


def test_json_lines_are_read_with_what_is_nested_in_them(bucket, project):
    """As Airbyte writes them: the row in an object, arrays as they came."""
    lines = [json.dumps(row, ensure_ascii=False) for row in AIRBYTE]
    lines[0] = lines[0].replace(": 1.1}", ": 1.10}")
    put(bucket, "deals/2026_04_01_0.jsonl.gz", gzip.compress(lines[0].encode()))
    put(bucket, "deals/2026_04_02_0.jsonl", f"\ufeff\n{lines[1]}\n\n".encode())
    put(bucket, "contacts.ndjson", b'{"id": 11, "createdate": "2026-04-01", "x": null}')
    assert loaded(project, bucket, "HUBSPOT") == {"contact": 1, "deal": 2}
    assert loaded(project, bucket, "HUBSPOT") == {}
    project.prepare_out()
    load_system(project, "hubspot")
    with warehouse.connect(project, read_only=True) as connection:
        deals = connection.execute(
            "select id, properties_dealname, properties_amount, contacts "
            "from raw_hubspot.deal order by all"
        ).fetchall()
        listed = connection.execute(
            "select deal_id, contact_id, updated_at from raw_hubspot.deal_contact "
            "order by all"
        ).fetchall()
        contacts = connection.execute(
            "select id, createdate from raw_hubspot.contact"
        ).fetchall()
    assert deals == [
        ("10", None, None, None),
        ("9", "注文\u2028A", "1.10", '["11","12"]'),
    ]
    assert listed == [
        ("9", "11", "2026-04-02T00:00:00Z"),
        ("9", "12", "2026-04-02T00:00:00Z"),
    ]
    assert contacts == [("11", "2026-04-01")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": 1}\n{"id": 2', "line 2: "),
        (b'{"id": 1}\n[1]', "line 2 is no object"),
        (b'{"id": "\xff"}', "utf-8"),
    ],
)
def test_lines_that_are_none_are_said(bucket, project, line, said):
    put(bucket, "lead.jsonl", line)
    with pytest.raises(LeadFunnelError, match=said) as caught:
        load(project, source(bucket))
    assert "JSON an object a line" in str(caught.value)


def test_reports_of_json_lines_may_have_other_columns_in_each_part(
    bucket, project, monkeypatch
):
    monkeypatch.setattr(folder, "BATCH_ROWS", 1)
    day = {"date_day": "2026-04-01", "platform": "x", "campaign_id": "C"}
    lines = [{**day, "spend": 1.5}, {**day, "clicks": 3}]
    put(bucket, "campaign_report/1.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert loaded(project, bucket, "ADS") == {"campaign_report": 2}
    [file] = (project.landed / "ads" / "campaign_report").glob("*.parquet")
    assert duckdb.sql(
        f"select spend, clicks from read_parquet('{file}') order by all"
    ).fetchall() == [("1.5", None), (None, "3")]
