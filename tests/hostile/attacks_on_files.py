"""Files of exports whose content, encoding or name an attacker chooses, by family."""

from __future__ import annotations

import codecs
import gzip
import io
import json
import os
import random
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.attack import TOUCHES, Attack, Place, file, later
from tests.hostile.attacks_on_landing import known
from tests.hostile.company import NASTY
from tests.sources import hostile

HEADER = "lead_id,touched_at,channel\n"
ROW = "1,2026-01-01,web\n"
JAPANESE = "1,2026-01-01,展示会で名刺交換をしたお客様です\n" * 20
FRENCH = "1,2026-01-01,Société Générale à Besançon\n" * 20

# CSV

CSV = [
    file("touch.csv", HEADER + "1,2026-01-01,we\0b\n", None, rows=1, title="a NUL"),
    file("touch.csv", HEADER.replace("channel", "cha\0nnel") + ROW, None, rows=1,
         title="a NUL in a heading"),
    file("lead/x.csv", '"' + HEADER + ROW * 50, "no column|quotes",
         title="a quote that never ends, in front"),
    file("touch.csv", HEADER + ROW + '2,2026-01-01,"web\n' + ROW * 100,
         "quotes|values on line", title="a quote that never ends"),
    file("touch.csv", HEADER + '1,2026-01-01,a"b"c\n', None, rows=1,
         title="quotes within a value"),
    file("touch.csv", HEADER + '1,2026-01-01,"a"b\n', "check its quotes",
         title="text after a quote"),
    file("touch.csv",
         later(lambda: HEADER + "1,2026-01-01," + "x" * (50 << 20) + "\n"), None,
         rows=1, title="a line of 50 MB"),
    file("lead/x.csv", later(lambda: "x" * (50 << 20)),
         "a name of 1,048,576 characters",
         title="one line of 50 MB alone"),
    file("touch.csv", ",".join(f"c{n}" for n in range(10_000)) + "\n",
         "10,000 columns", title="10,000 columns"),
    file("lead/x.csv", "\n".join(",".join(f"{row}c{n}" for n in range(500))
                                for row in range(60)),
         "no column", title="60 lines that may all be the header"),
    file("lead/x.csv", ",".join(f"{n}" + "h" * 200 for n in range(4_000)) + "\n1\n",
         "4,000 columns", title="4,000 long headings"),
    file("lead/x.csv", "h" * 900_000 + ",b\n1,2\n", "a name of 900,000 characters",
         title="a heading of 900,000 characters"),
    file("touch.csv", "lead_id,lead_id,touched_at,touched_at\n1,2,2026-01-01,x\n",
         None, rows=1, title="headings twice"),
    file("touch.csv", "lead_id,LEAD_ID,Lead ID,touched_at\n1,2,3,2026-01-01\n", None,
         rows=1, title="headings that are alike"),
    file("touch.csv", "lead_id,touched_at,_loaded_at,_file,_sha256,_file_modified_at\n"
         "1,2026-01-01,1999-01-01,/etc/passwd,x,1999\n", None, rows=1,
         title="our own columns"),
    file("touch.csv", "lead_id,touched_at,c0,given,found,has_stage_dates,inside_of\n"
         "1,2026-01-01,a,b,c,d,e\n", None, rows=1, title="names of our SQL"),
    file("touch.csv", HEADER, None, rows=0, title="no rows"),
    file("touch.csv", b"\xef\xbb\xbf", None, rows=0, title="only a mark"),
    file("touch.csv", "\n" * 100_000, None, rows=0, title="only line breaks"),
    file("touch.csv", "," * 100_000 + "\n", None, title="only commas"),
    file("touch.csv", HEADER + ",,\n" * 50_000, None, rows=0, title="only blanks"),
    file("touch.csv", (HEADER + ROW * 3).replace("\n", "\r"), None, rows=3,
         title="only CR"),
    file("touch.csv", HEADER + ROW.rstrip() + "\r" + ROW + ROW.rstrip() + "\r\n", None,
         rows=3, title="all kinds of line breaks"),
    file("touch.csv", HEADER + "1\n" + "1,2026-01-01,a,b,c\n", "5 values on line 3",
         title="rows of many lengths"),
    file("touch.csv", "sep=\n" + HEADER + ROW, None, title="sep= of nothing"),
    file("touch.csv", "sep=\0\n" + HEADER + ROW, None, title="sep= of a NUL"),
    file("lead/x.csv", 'sep="\n' + HEADER + ROW, "cannot be read|no column",
         title="sep= of a quote"),
    file("touch.csv", "sep=\n\n" + HEADER + ROW, None, title="sep= of a line break"),
    file("touch.csv", HEADER + "=1+1,2026-01-01,=HYPERLINK(\"x\")\n", None, rows=1,
         title="formulas"),
    *(file("touch.csv", "lead_id,touched_at," + json.dumps(text.replace('"', "'"),
                                                         ensure_ascii=False) + "\n"
           "1,2026-01-01,x\n", None, rows=1, title=f"a heading of {name}")
      for name, text in NASTY.items() if "\n" not in text),
    file("touch.csv",
         "lead_id,touched_at,\"a\"\"); drop table x; --\"\n1,2026-01-01,x\n",
         None, rows=1, title="SQL as a heading"),
    file("lead.csv", "name,when\n1,2\n", "no column lead_id",
         title="a table without what it needs"),
    file("lead.csv", "", "has no column", title="an empty table of leads"),
]  # fmt: skip


# Encodings


def mixed() -> bytes:
    return (HEADER + JAPANESE).encode("utf-8") + JAPANESE.encode("cp932")


ENCODINGS = [
    file("touch.csv", (HEADER + JAPANESE).encode("cp932"), None, rows=20,
         title="Japanese Windows text"),
    file("touch.csv", (HEADER + FRENCH).encode("latin-1"), None, rows=20,
         title="Latin-1"),
    file("touch.csv", (HEADER + JAPANESE).encode("utf-16-le"), None, rows=20,
         title="UTF-16 without a mark"),
    file("touch.csv", (HEADER + JAPANESE).encode("utf-16-be"), None, rows=20,
         title="UTF-16 the other way round"),
    file("touch.csv", (HEADER + ROW).encode("utf-32"), None, rows=1, title="UTF-32"),
    file("lead/x.csv", (HEADER + ROW).encode("utf-32-le"), "cannot be read|no column",
         title="UTF-32 without a mark"),
    file("lead/x.csv", (HEADER + ROW).encode("utf-32-be"), "cannot be read|no column",
         title="UTF-32 the other way round"),
    file("touch.csv", codecs.BOM_UTF32_BE + (HEADER + ROW).encode("utf-32-be"), None,
         rows=1, title="UTF-32 the other way round, with a mark"),
    file("touch.csv", codecs.BOM_UTF16_LE + (HEADER + ROW).encode("utf-16-le")[:-1],
         "cannot be read", title="UTF-16 and half a character"),
    file("lead/x.csv", codecs.BOM_UTF16_LE + b"\x00\xd8" * 100,
         "cannot be read|no column", title="UTF-16 of halves"),
    file("touch.csv", mixed(), "cannot be read", title="two encodings in one file"),
    file("touch.csv", (HEADER + ROW * 100_000).encode() + b"\xff\xfe\xfd\n",
         None, title="no text, after a megabyte"),
    file("touch.csv", (HEADER + "1,2026-01-01,\ud800\n").encode("utf-8",
         "surrogatepass"),
         None, title="a half of a character in UTF-8"),
    file("touch.csv", HEADER.encode() + b"1,2026-01-01,\xc0\xaf..\xc0\xaf\n",
         "cannot be read", title="a slash that is written too long"),
    file("touch.csv", HEADER.encode() + b"1,2026-01-01,+AD0-1-\n", None, rows=1,
         title="UTF-7"),
    file("touch.csv", HEADER.encode() + b"1,2026-01-01,\x1b$B\x1b(B\n", None,
         title="marks of ISO-2022-JP"),
    file("touch.csv", HEADER.encode() + b"1,2026-01-01,\x1b$B\xff\xff\x1b(B\n",
         "cannot be read", title="marks of ISO-2022-JP and what it is not"),
    file("lead/x.csv", random.Random(7).randbytes(200_000), "cannot be read|no column",
         title="200,000 random bytes"),
    file("touch.csv", HEADER.encode() + random.Random(8).randbytes(2_000),
         "cannot be read|values on line", title="random bytes below a header"),
    file("touch.json", '[{"lead_id":1,"touched_at":"2026-01-01"}]'.encode("utf-16"),
         None, rows=1, title="JSON in UTF-16"),
    file("touch.jsonl", b'{"lead_id":1,"touched_at":"\xff\xfe"}\n', None,
         title="JSON that is no text"),
]  # fmt: skip


# JSON


def line(**values: object) -> str:
    return json.dumps({"lead_id": 1, "touched_at": "2026-01-01", **values}) + "\n"


JSON = [
    file("touch.json", "[" * 200_000, "cannot be read as JSON", title="open brackets"),
    file("lead/x.json", '{"a":' * 100_000 + "1" + "}" * 100_000,
         "cannot be read|no column", title="objects in objects"),
    file("touch.jsonl", line(x="\0\x1b[2J"), None, rows=1, title="a NUL and an escape"),
    file("touch.jsonl", '{"lead_id":1,"touched_at":"2026-01-01","a\\u0000b":1}\n', None,
         rows=1, title="a NUL in a key"),
    file("touch.jsonl", '{"lead_id":1,"lead_id":2,"touched_at":"2026-01-01"}\n', None,
         rows=1, title="a key twice"),
    file("touch.jsonl", '{"lead_id":1,"touched_at":NaN}\n', None,
         title="NaN"),
    file("touch.jsonl", '{"lead_id":Infinity,"touched_at":1}\n',
         None, title="a number without end"),
    file("touch.jsonl", '{"lead_id":' + "9" * 6_000 + ',"touched_at":1e999}\n', None,
         title="a number of 6,000 digits"),
    file("touch.json", "{\n" + '"lead_id":' + "9" * 6_000 + ',\n"touched_at":1}',
         "cannot be read as JSON",
         title="a number of 6,000 digits over lines"),
    file("touch.jsonl", '{"lead_id":"\\ud800","touched_at":"\\udfff"}\n',
         "cannot be read as JSON",
         title="halves of characters"),
    file("touch.jsonl", '{"":1,"lead_id":1,"touched_at":"2026-01-01"," ":2}\n', None,
         rows=1, title="keys of nothing"),
    file("touch.jsonl", '{"~1/..":1,"$[*]":2,"lead_id":1,"touched_at":"x","*":3}\n',
         None, rows=1, title="keys that are paths"),
    file("touch.jsonl", line(**{"'); drop table x; --": 1, '"': 2, "{{ x }}": 3}), None,
         rows=1, title="keys that are SQL"),
    file("touch.json", "{\n" + '"lead_id": 1, "touched_at": 2}\n{\n' * 60_000,
         "cannot be read|object", title="60,000 objects over lines"),
    file("touch.json", "1", None, title="a number"),
    file("touch.json", "null", "not JSON objects", title="null"),
    file("touch.json", '["a", 1, null]', "not JSON objects", title="a list of values"),
    file("lead/x.json", '{"records": 5}', "no column", title="records that are none"),
    file("touch.json", '{"records": [1, 2]}', "not JSON objects",
         title="records that are values"),
    file("touch.jsonl", line() * 3 + '{"lead_id": 1', "line 4", title="cut off"),
    file("touch.jsonl", line() + "garbage\n", "line 2", title="no JSON in line 2"),
    file("touch.jsonl", "\n".join(json.dumps({f"k{n}": 1}) for n in range(20_000)),
         "20,000 columns", title="another key in each line"),
    file("touch.jsonl", line(**{"k" * 500_000: 1}), "a name of 500,000 characters",
         title="a key of 500,000"),
    file("lead/x.jsonl", '{"lead_i' + "d" * 300_000 + '":1}\n',
         "a name of 300,006 characters",
         title="a key of 300,000 and no other"),
    file("touch.jsonl", later(lambda: line(x="y" * (20 << 20))), None,
         title="a line of 20 MB"),
    file("touch.jsonl", line(__proto__={"x": 1}, constructor="x"), None, rows=1,
         title="keys of JavaScript"),
    file("/hubspot/contact.jsonl", '{"id":1,"createdAt":"2026-01-01","properties":'
         + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}\n", None,
         title="properties nested deep"),
    file("/hubspot/contact.jsonl", json.dumps({"id": 1, "createdAt": "2026-01-01",
         "properties": {f"p{n}": 1 for n in range(20_000)}}) + "\n", "20,000|columns",
         title="20,000 properties"),
    file("/hubspot/contact.jsonl", json.dumps({"id": 1, "createdAt": "2026-01-01",
         "properties": {"'; drop table x": 1, "a/b~c": 2, "\x1b[2J": 3}}) + "\n", None,
         title="properties that are SQL"),
]  # fmt: skip


# Parquet


def table(**columns: object) -> bytes:
    return parquet(
        pa.table({"lead_id": ["1"], "touched_at": ["2026-01-01"], **columns})
    )


def parquet(given: pa.Table, **how: object) -> bytes:
    output = io.BytesIO()
    pq.write_table(given, output, **how)
    return output.getvalue()


def named(*names: str) -> bytes:
    arrays = [pa.array([str(number)]) for number in range(len(names))]
    return parquet(pa.Table.from_arrays(arrays, list(names)))


def nested_lists(depth: int) -> bytes:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return table(x=[value])


def flipped(seed: int) -> bytes:
    """Sound but for some bytes."""
    chance = random.Random(seed)
    data = bytearray(table(channel=["web"] * 1))
    for _ in range(8):
        data[chance.randrange(4, len(data) - 4)] = chance.randrange(256)
    return bytes(data)


NEEDED = ("lead_id", "touched_at")
SOUND = table(channel=["web"])
PARQUET = [
    file("touch.parquet", named(*NEEDED, "'; drop table x; --"), None, rows=1,
         title="SQL as a name"),
    file("touch.parquet", named(*NEEDED, '"', '""', '";"'), None, rows=1,
         title="quotes as names"),
    file("touch.parquet", named(*NEEDED, "{{ env_var('HOME') }}", "{% raw %}"), None,
         rows=1, title="Jinja as names"),
    file("touch.parquet", named(*NEEDED, "", " ", "\t"), None, rows=1,
         title="blank names"),
    file("touch.parquet", named(*NEEDED, "x", "X", "x"), None, rows=1,
         title="names twice"),
    file("touch.parquet", named(*NEEDED, "_file", "_sha256", "_loaded_at", "filename"),
         None, rows=1, title="our own names"),
    file("touch.parquet", named(*NEEDED, "a\0b", "\x1b[2J", "a\nb"), None,
         title="names that steer"),
    file("touch.parquet", named(*NEEDED, "n" * 300_000), "a name of 300,000 characters",
         title="a name of 300,000 characters"),
    file("lead/x.parquet", named("n" * 300_000), "a name of 300,000 characters",
         title="a name of 300,000 characters and no other"),
    file("touch.parquet", named(*(f"c{n}" for n in range(10_000))), "10,000 columns",
         title="10,000 columns"),
    file("lead/x.parquet", named(), "cannot be read|no column", title="no columns"),
    file("touch.parquet", nested_lists(80), "12 deep", title="lists in lists"),
    file("touch.parquet", table(x=[{"a": {"b": [{"c": 1}]}}]), None, rows=1,
         title="objects in lists"),
    file("touch.parquet", table(x=pa.array([[("k", 1), ("k", 2)]],
                                           pa.map_(pa.string(), pa.int64()))), None,
         title="a map with a key twice"),
    file("touch.parquet", table(x=[float("nan")], y=[float("inf")]), None, rows=1,
         title="NaN"),
    file("touch.parquet", table(x=pa.array([b"\xff\xfe\x00"], pa.binary())),
         "not valid UTF8",
         title="bytes that are no text"),
    file("touch.parquet", table(x=pa.array([2**62], pa.timestamp("us"))), None,
         title="an instant in 148,000 years"),
    file("touch.parquet", table(x=pa.array([2**31 - 1], pa.date32())), None,
         title="a day in 5,000,000 years"),
    file("touch.parquet", table(x=pa.array([1], pa.duration("s"))), None,
         title="a duration"),
    file("touch.parquet", table(x=pa.nulls(1)), None, rows=1, title="nothing at all"),
    file("touch.parquet", table(x=pa.array([10**37], pa.decimal128(38, 0))), None,
         rows=1, title="38 digits"),
    file("touch.parquet", SOUND[:-20], "cannot be read as Parquet", title="cut off"),
    file("touch.parquet", SOUND[:8] + SOUND[60:], "cannot be read as Parquet",
         title="without its middle"),
    file("touch.parquet", SOUND[:-8] + b"\xff\xff\xff\x7fPAR1",
         "cannot be read as Parquet", title="a foot of 2 GB"),
    file("touch.parquet", b"PARE" + SOUND[4:-4] + b"PARE", "cannot be read as Parquet",
         title="said to be encrypted"),
    file("touch.parquet", TOUCHES, "cannot be read as Parquet",
         title="CSV called Parquet"),
    file("lead/x.csv", SOUND, "cannot be read|no column", title="Parquet called CSV"),
    file("lead/x.parquet.gz", gzip.compress(SOUND)[:-9], "cannot be read as Parquet",
         title="gzipped and cut off"),
    *(file("touch.parquet", flipped(seed), "cannot be read|no column|no JSON|",
           title=f"eight bytes changed ({seed})") for seed in range(12)),
]  # fmt: skip


# Names


def row_by_name(name: str, rows: int | None = 1, said: str | None = None) -> Attack:
    return file(name, TOUCHES, said, rows=rows, title=ascii(name)[:60])


NAMES = [
    *known(hostile.NAMES),
    *(
        row_by_name(f"touch/{name}.csv")
        for name in (
            "*", "**", "?", "[a-z]", "{a,b}", "data[1]", "s3:", "http:", "a~", "$HOME",
            "`id`", "$(id)", "a b", "a;b", "a|b", "a&b", "a=b", "a'b", 'a"b', "a\\b",
            "_x".replace("_", "x_"), "CON", "a\rb", "\x07", "\x9b31m", "\u2028",
            "\u200b", "e\u0301", "=1+1", "%00", "%2F..%2F", "\ufeff", "\ufffe",
            "x_file=1", "rows.parquet",
        )
    ),
    row_by_name("touch/s3:/bucket/x.csv"),
    row_by_name("touch/http:/127.0.0.1:9/x.csv"),
    row_by_name("touch/*/**/x.csv"),
    row_by_name("touch/source=1/loaded_at=2/x.csv"),
    row_by_name("TOUCH.CSV"),
    file("touch.csv\n", TOUCHES, None, title="a line break after the extension"),
    file("x\nlead-funnel: all is well.csv", TOUCHES, None,
         title="a name that speaks for us"),
    file("/\x1b[31m[/bold]/touch.csv", TOUCHES, None, title="a system that steers"),
    file("/generic\n/touch.csv", TOUCHES, None, title="a system with a line break"),
    replace(
        file("touch/" + "/".join("d" * 200 for _ in range(5)) + "/x.csv", TOUCHES,
             "too long", title="a path of 1,000 characters"),
        names="",
    ),
]  # fmt: skip


# What changes while it is read


def settled(at: Place, name: str = "touch.csv") -> Path:
    path = at.landing / "generic" / name
    path.write_text(TOUCHES)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def grow(path: Path) -> None:
    with path.open("a") as stream:
        stream.write(ROW)


def become_a_link(path: Path) -> None:
    outside = next(
        each / "outside"
        for each in path.parents
        if each.name == "landing"
        for each in [each.parent]
    )
    path.unlink()
    path.symlink_to(outside / "secret.csv")


def become_a_copy(path: Path) -> None:
    other = path.with_suffix(".new")
    other.write_text(TOUCHES.replace("web", "www"))
    os.utime(other, (1_700_000_000, 1_700_000_000))
    other.replace(path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def be_gone(path: Path) -> None:
    path.unlink()


CHANGES = {
    "a file that grows": (grow, "changed while it was read"),
    "a file that becomes a link": (become_a_link, "changed while|leads out|no column"),
    "a file that becomes another": (become_a_copy, "changed while it was read"),
    "a file that becomes a folder": (become_a_folder, "cannot be read|changed while"),
    "a file that goes": (be_gone, "cannot be read|changed while"),
}
"""What is done to the file between a look at it and its reading, and what is said."""
