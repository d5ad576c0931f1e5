"""Files of exports become text, exactly, whatever wrote them."""

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.errors import LeadFunnelError
from orchestration.sources.landing import FORMATS, LandingFile, _split
from orchestration.sources.readers import Converter, snake_case, unique_names
from orchestration.sources.tables import RawTable, table_called

ANY_TABLE = RawTable("generic", "touch", "anything")


def read(tmp_path: Path, name: str, content: bytes, table=ANY_TABLE):
    """The rows of a file as dicts, without the columns that we add, ordered by
    their values from the left: the order of a file's own rows is not kept."""
    path = tmp_path / name
    path.write_bytes(content)
    _, extension, is_gzipped = _split(name)
    file = LandingFile(path, name, table, FORMATS[extension], is_gzipped)
    with Converter(tmp_path / "scratch") as converter:
        converted = converter.convert(file, tmp_path / "rows.parquet")
        if not converted.columns:
            assert converted.rows == 0
            return []
        cursor = duckdb.execute(
            "from read_parquet(?, file_row_number = false) order by all",
            [str(converted.parquet)],
        )
        names = [column[0] for column in cursor.description]
        assert tuple(names) == converted.columns
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        assert len(rows) == converted.rows
        return rows


ROWS = [{"a": "1", "b": "日本"}, {"a": "2", "b": None}]
TEXT = "a,b\n1,日本\n2,\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("cp932"),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", ";").encode("cp932"),
        TEXT.rstrip("\n").encode(),
        "\n\na,b\n\n1,日本\n   \n2,\n\n".encode(),
        b"\xef\xbb\xbf" + '"a","b"\n"1","日本"\n"2",""\n'.encode(),
        "a,b\r\n1,日本\n2,\r\n".encode(),
        "a,b\n1,日本\n2\n".encode(),
        "a,b\n1,日本,\n2,,,\n".encode(),
    ],
)
def test_csv_of_every_make(tmp_path, content):
    assert read(tmp_path, "touch.csv", content) == ROWS
    assert read(tmp_path, "touch.csv.gz", gzip.compress(content)) == ROWS


def test_quotes_and_line_breaks_inside_values(tmp_path):
    content = b'a,b\n"one\ntwo","say ""hi"""\n5" pipe,"x, y"\n'
    assert read(tmp_path, "touch.csv", content) == [
        {"a": '5" pipe', "b": "x, y"},
        {"a": "one\ntwo", "b": 'say "hi"'},
    ]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ('"Last, First, Middle";Email', ["last_first_middle", "email"]),
        ('Email;"Last, ""First"", Middle"', ["email", "last_first_middle"]),
        ('"Last,\nFirst,\nMiddle";Email', ["last_first_middle", "email"]),
        ('"Amount; net; JPY",Email', ["amount_net_jpy", "email"]),
        ('Size in ",Colour;Shade', ["size_in", "colour_shade"]),
        (' \n\n"A, B"\tEmail', ["a_b", "email"]),
    ],
)
def test_a_delimiter_inside_quotes_is_none(tmp_path, header, names):
    rows = read(tmp_path, "touch.csv", f"{header}\n1\n".encode())
    assert rows == [dict(zip(names, ["1", None], strict=True))]


def test_neither_a_blank_line_nor_one_of_blank_values_is_a_row(tmp_path):
    assert read(tmp_path, "touch.csv", b"a,b\n,\n\n1,2\n") == [{"a": "1", "b": "2"}]


def test_spaces_belong_to_a_value(tmp_path):
    assert read(tmp_path, "touch.csv", b"a,b\n 1 , \n") == [{"a": " 1 ", "b": " "}]


def test_one_column_and_blank_lines(tmp_path):
    assert read(tmp_path, "touch.csv", b"a\n1\n\n2\n") == [{"a": "1"}, {"a": "2"}]


def test_nothing_but_a_header_and_nothing_at_all(tmp_path):
    assert read(tmp_path, "touch.csv", b"a,b\n") == []
    assert read(tmp_path, "touch.csv", b"") == []
    assert read(tmp_path, "touch.csv", b"\n\n") == []
    assert read(tmp_path, "touch.jsonl", b"") == []
    assert read(tmp_path, "touch.csv.gz", gzip.compress(b"")) == []


def test_names_that_are_patterns_are_only_names(tmp_path):
    (tmp_path / "touch1.csv").write_bytes(b"a\nwrong\n")
    assert read(tmp_path, "touch[1]*.csv", b"a\nright\n") == [{"a": "right"}]
    assert read(tmp_path, "it's.csv", b"a\nright\n") == [{"a": "right"}]


def test_japanese_text_far_into_a_file_that_begins_in_ascii(tmp_path):
    rows = "".join(f"{number},x\n" for number in range(200_000))
    content = f"a,b\n{rows}end,日本\n".encode("cp932")
    rows = read(tmp_path, "touch.csv", content)
    assert len(rows) == 200_001
    assert rows[-1] == {"a": "end", "b": "日本"}


# Blank values and line breaks are where readers differ; the rest is noise.
VALUES = st.text(alphabet='ab",\n é日 \t;', max_size=5)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rows=st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_csv_is_read_as_it_was_written(tmp_path, rows, line_end, quoting, encoding):
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=quoting)
    writer.writerows([["a", "b", "c"], *rows])
    content = text.getvalue().encode(encoding)
    expected = [
        [value or None for value in row] for row in rows if "".join(row).strip()
    ]
    actual = [list(row.values()) for row in read(tmp_path, "touch.csv", content)]
    assert actual == sorted(
        expected, key=lambda row: [(value is None, value or "") for value in row]
    )


def test_jsonl_with_keys_that_come_late_and_nested_values(tmp_path):
    lines = [
        {"Id": 7, "IsDeleted": False, "score": 1.5},
        {"Id": 12345678901234567890, "late/key": "x", "score": None},
        {"Id": 1775001600000, "nested": {"b": [1, 2]}, "late/key": ""},
    ]
    content = "\n\n".join(json.dumps(line) for line in lines).encode()
    for name in ("touch.jsonl", "touch.ndjson.gz"):
        packed = gzip.compress(content) if name.endswith(".gz") else content
        rows = read(tmp_path, name, packed)
        assert rows == [
            {
                "id": "12345678901234567890",
                "is_deleted": None,
                "score": None,
                "late_key": "x",
                "nested": None,
            },
            {
                "id": "1775001600000",
                "is_deleted": None,
                "score": None,
                "late_key": None,
                "nested": '{"b":[1,2]}',
            },
            {
                "id": "7",
                "is_deleted": "false",
                "score": "1.5",
                "late_key": None,
                "nested": None,
            },
        ]


def test_json_with_a_mark_at_its_beginning_and_as_one_list(tmp_path):
    expected = [{"a": "x"}, {"a": "日"}]
    lines = '{"a": "日"}\n{"a": "x"}\n'
    assert read(tmp_path, "touch.jsonl", lines.encode("utf-8-sig")) == expected
    assert read(tmp_path, "touch.jsonl", lines.encode("utf-16")) == expected
    listed = '[{"a": "日"},\n {"a": "x"}]'
    assert read(tmp_path, "touch.json", listed.encode()) == expected


def test_parquet_types_become_the_text_an_export_would_hold(tmp_path):
    instant = datetime(2026, 4, 1, 9, 30, 15, 250_000)
    table = pa.table(
        {
            "Text": ["日本", "", None],
            "Whole": pa.array([1775001600000, None, -1], pa.int64()),
            "AmountEUR": pa.array(
                [Decimal("1234.50"), None, Decimal("0.01")], pa.decimal128(18, 2)
            ),
            "id_as_float": [12345678.0, None, 0.5],
            "is_open": [True, None, False],
            "zoned": pa.array(
                [instant.replace(tzinfo=UTC), None, None],
                pa.timestamp("us", "Asia/Tokyo"),
            ),
            "naive": pa.array([instant, None, None], pa.timestamp("ns")),
            "day": [date(2026, 4, 1), None, None],
            "ids": pa.array([[1, 2], None, []], pa.list_(pa.int64())),
            "bytes": pa.array([b"abc", None, None], pa.binary()),
        }
    )
    pq.write_table(table, tmp_path / "source.parquet")
    content = (tmp_path / "source.parquet").read_bytes()
    expected = {
        "text": "日本",
        "whole": "1775001600000",
        "amount_eur": "1234.50",
        "id_as_float": "12345678",
        "is_open": "true",
        "zoned": "2026-04-01 09:30:15.25+00:00",
        "naive": "2026-04-01 09:30:15.25",
        "day": "2026-04-01",
        "ids": "[1,2]",
        "bytes": "abc",
    }
    for name in ("touch.parquet", "touch.parquet.gz"):
        packed = gzip.compress(content) if name.endswith(".gz") else content
        rows = read(tmp_path, name, packed)
        assert rows[0] == expected
        assert (rows[1]["id_as_float"], rows[1]["is_open"]) == ("0.5", "false")
        assert rows[2] == dict.fromkeys(expected)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("touch.csv", b"a,b\n1,2\n3,4,5\n", r"3 values on line 3.*names 2 columns"),
        ("touch.csv", b'a,b\n1,"2\n3,4\n', r"after line 1.*check its quotes"),
        ("touch.csv", b'a,b\n"1" x,2\n', r"after line 1.*check its quotes"),
        ("touch.csv", b"a,b\n1,\x81\x01\n", r"neither UTF-8 nor.*cp932"),
        ("touch.csv", "a\n日本日本日本日本".encode() + b"\xff\n", "but for 1 broken"),
        ("touch.csv.gz", b"a,b\n1,2\n", r"cannot be read as CSV \(gzipped\)"),
        ("touch.csv.gz", gzip.compress(b"a\n1\n" * 99, mtime=0)[:-9], "cannot be read"),
        ("touch.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is not a JSON object"),
        ("touch.jsonl", b'{"a": 1}\n[1]\n', "1 of its rows are not JSON objects"),
        ("touch.jsonl", b"a,b\n1,2\n", "line 1 is not a JSON object"),
        ("touch.jsonl.gz", b"x", "cannot be read as JSON"),
        ("touch.parquet", b"a,b\n1,2\n", "cannot be read as Parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path, name, content, said):
    with pytest.raises(LeadFunnelError, match=f"(?s){name}.*{said}") as error:
        read(tmp_path, name, content)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lead.csv", b"lead_id,email\n1,x\n"),
        ("lead.jsonl", b'{"lead_id": 1}\n'),
    ],
)
def test_a_missing_required_column_names_file_table_column_and_use(
    tmp_path, name, content
):
    with pytest.raises(LeadFunnelError) as error:
        read(tmp_path, name, content, table_called("generic", "lead"))
    said = str(error.value)
    assert name in said and "generic.lead" in said and "created_at" in said
    assert "to know when a lead first was one" in said


def test_a_required_column_is_known_by_any_loaders_name(tmp_path):
    lead = table_called("salesforce", "lead")
    for header in (b"Id,CreatedDate\n", b"ID,createddate\n", b"id,created_date\n"):
        assert len(read(tmp_path, "lead.csv", header + b"1,2\n", lead)) == 1


def test_names_in_snake_case_and_never_twice():
    assert snake_case("IsDeleted") == "is_deleted"
    assert snake_case("sfdcLeadId") == "sfdc_lead_id"
    assert snake_case("Amount (EUR)") == "amount_eur"
    assert snake_case("_fivetran_synced") == "_fivetran_synced"
    assert snake_case("会社名") == "会社名"
    assert snake_case("ＩＤ") == "id"
    assert unique_names(["Id", "ID", "", "_file"]) == (
        "id",
        "id_2",
        "column_3",
        "_file_2",
    )
