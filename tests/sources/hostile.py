"""Folders that nobody would export: each ends in a sentence, or is read.

A case is a name below LANDING, what writes it, and the sentence that it must end in;
none where it is read as any other file.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import socket
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SECONDS = 10
SECRET = "canary-7f3a19"
"""What lies beside the folder and must get nowhere."""
TOUCHES = "lead_id,touched_at,channel\n1,2026-01-01,web\n"
BOMB_MB = 64
"""What the bombs unpack to; the tests allow 8."""


class TookTooLong(BaseException):
    """No error that anything but a test catches."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise in the middle of what takes longer of the processor; and of the clock, on
    a machine that has other work, much longer."""

    def late(*_: object) -> None:
        raise TookTooLong(f"took more than {seconds} s")

    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, 20 * seconds),
    )
    before = [signal.signal(each, late) for each, *_ in timers]
    for _, timer, most in timers:
        signal.setitimer(timer, most)
    try:
        yield
    finally:
        for (each, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(each, handler)


# What is no file, and links


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def to_secret(path: Path) -> None:
    path.symlink_to(outside(path) / "secret.csv")


def to_secret_folder(path: Path) -> None:
    path.symlink_to(outside(path))


def outside(path: Path) -> Path:
    """The folder beside LANDING."""
    return next(
        each / "outside" for each in path.parents if (each / "outside").is_dir()
    )


def to_folder_above(path: Path) -> None:
    path.symlink_to("..")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    # A socket's own path may not be long, so it is made beside and moved.
    with socket.socket(socket.AF_UNIX) as made:
        short = Path("/tmp") / f"s{os.getpid()}"
        made.bind(str(short))
        short.rename(path)


def with_hole(path: Path) -> None:
    path.write_text(TOUCHES)
    os.truncate(path, 1 << 40)


def deep_folder(path: Path) -> None:
    below = path.joinpath(*["d"] * 60)
    below.mkdir(parents=True)
    (below / "touch.csv").write_text(TOUCHES)


def folder(path: Path) -> None:
    path.mkdir()


# Content


def bytes_of(content: bytes | str) -> Callable[[Path], None]:
    given = content.encode() if isinstance(content, str) else content
    return lambda path: path.write_bytes(given)


def gzip_bomb(path: Path) -> None:
    row = b"1,2026-01-01,web\n"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(TOUCHES.encode())
        for _ in range(BOMB_MB):
            stream.write(row * ((1 << 20) // len(row)))


def zipped(members: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(name, value)
    return content.getvalue()


def zip_of(members: dict[str, bytes | str]) -> Callable[[Path], None]:
    return bytes_of(zipped(members))


def zip_bomb(path: Path) -> None:
    rows = "1,2026-01-01,web\n" * (BOMB_MB << 16)
    path.write_bytes(zipped({"touch.csv": TOUCHES + rows}))


def zip_that_lies(path: Path) -> None:
    """Its member says that it is small, and is not."""
    content = zipped({"touch.csv": b"0" * (16 << 20)})
    size = (16 << 20).to_bytes(4, "little")
    path.write_bytes(content.replace(size, (100).to_bytes(4, "little")))


def zip_with_password(path: Path) -> None:
    content = bytearray(zipped({"touch.csv": TOUCHES}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)


def parquet_bomb(path: Path) -> None:
    """One value, a hundred million times."""
    row = pa.DictionaryArray.from_arrays(pa.array([0] * (1 << 20), pa.int8()), ["x"])
    table = pa.table({"lead_id": row, "touched_at": row})
    with pq.ParquetWriter(path, table.schema) as writer:
        for _ in range(16):
            writer.write_table(table)


def workbook(sheet: str, **more: str) -> bytes:
    """A workbook by hand: what no library would write."""
    kinds = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{kinds}/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{kinds}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{kinds}/officeDocument/2006/relationships/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" '
        f'xmlns:r="{kinds}/officeDocument/2006/relationships"><sheets>'
        '<sheet name="touch" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{kinds}/package/2006/'
        f'relationships"><Relationship Id="r1" Type="{kinds}/officeDocument/2006/'
        'relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": '<worksheet xmlns="'
        f'{kinds}/spreadsheetml/2006/main"><sheetData>{sheet}</sheetData></worksheet>',
        **more,
    }
    return zipped(parts)


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


SHEET = "".join(
    f'<row r="{number}">'
    + "".join(
        cell(f"{letter}{number}", text)
        for letter, text in zip("ABC", line.split(","), strict=True)
    )
    + "</row>"
    for number, line in enumerate(TOUCHES.split(), start=1)
)


def far_cell(path: Path) -> None:
    """Two cells, as far apart as a sheet is wide and long."""
    far = f'<row r="1048576">{cell("XFD1048576", "x")}</row>'
    path.write_bytes(workbook(SHEET + far))


def large_workbook(path: Path) -> None:
    more = {"xl/media/image.bin": b"\0" * (BOMB_MB << 20)}
    path.write_bytes(workbook(SHEET, **more))


def long_text_in_many_cells(path: Path) -> None:
    """One text of a megabyte that a thousand cells share."""
    rows = "".join(
        f'<row r="{number}"><c r="A{number}" t="s"><v>0</v></c></row>'
        for number in range(4, 1_004)
    )
    text = f"<sst><si><t>{'x' * (1 << 20)}</t></si></sst>"
    path.write_bytes(workbook(SHEET + rows, **{"xl/sharedStrings.xml": text}))


DEEP = "[" * 100_000 + "]" * 100_000
LONG = "x" * (8 << 20)

NO_FILES = {
    "touch.csv": (link("/dev/zero"), "leads out of the folder"),
    "touch/full.csv": (link("/dev/full"), "leads out of the folder"),
    "touch/in.csv": (link("/dev/stdin"), "leads out of the folder"),
    "touch/of_process.csv": (link("/proc/self/mem"), "leads out of the folder"),
    "touch/linked.csv": (to_secret, "leads out of the folder"),
    "touch/linked.xlsx": (to_secret, "leads out of the folder"),
    "touch/linked.zip": (to_secret, "leads out of the folder"),
    "touch/folder": (to_secret_folder, "leads out of the folder"),
    "touch": (to_secret_folder, "leads out of the folder"),
    "touch/itself.csv": (link("itself.csv"), "leads back to itself"),
    "touch/gone.csv": (link("gone"), "check that it is there"),
    "touch/above": (to_folder_above, "a link that leads back"),
    "touch/deep": (deep_folder, "lies in more than 32"),
    "touch/pipe.csv": (pipe, "a pipe"),
    "touch/pipe.xlsx": (pipe, "a pipe"),
    "touch/pipe": (pipe, "a pipe"),
    "touch.zip": (pipe, "a pipe"),
    "other.csv": (pipe, None),  # No table is called so: it is not opened.
    "touch/socket.csv": (listening, "a socket"),
    "touch/hole.csv": (with_hole, "never written"),
    "touch/hole.parquet": (with_hole, "never written"),
    "touch/folder.csv": (folder, None),
    "touch.csv/": (folder, None),
}

NAMES = {
    f"touch/{name}.csv": (bytes_of(TOUCHES), None)
    for name in (
        "日本語のファイル",
        "قائمة العملاء",
        "\u202egnp.exe",
        "👩‍💻🚀",
        "two\nlines",
        "tab\tand\x1b[31mred",
        "'; drop table x; --",
        '"quoted"',
        "{{ env_var('HOME') }}",
        "[/bold]",
        "%2e%2e%2f",
        "star*?[a]",
        "-rf",
        "n" * 190,
        "a..b",
    )
} | {
    "touch/" + "n" * 251 + ".csv": (bytes_of(TOUCHES), "is too long"),
    "touch/" + "名" * 83 + ".csv": (bytes_of(TOUCHES), "is too long"),
    os.fsdecode(b"touch/\xff\xfe.csv"): (bytes_of(TOUCHES), "not UTF-8"),
    os.fsdecode(b"\xff\xfe"): (bytes_of(TOUCHES), None),
}

BOMBS = {
    "touch.csv.gz": (gzip_bomb, "unpacks to more than 8 MB"),
    "touch/bomb.zip": (zip_bomb, "unpacks to more than 8 MB"),
    "touch/lies.zip": (zip_that_lies, "CRC"),
    "touch/bomb.parquet": (parquet_bomb, "unpacks to more than 8 MB"),
    "touch/far.xlsx": (far_cell, "takes more than 8 MB of memory"),
    "touch/shared.xlsx": (
        long_text_in_many_cells,
        "takes more than 8 MB of memory",
    ),
    "touch/large.xlsx": (large_workbook, "takes more than 8 MB of memory"),
}

CONTENTS = {
    "touch.csv": (bytes_of(b"\0" * 70_000), "nothing but NUL bytes"),
    "touch/hidden.zip": (zip_with_password, "is encrypted"),
    "touch/up.zip": (zip_of({"../../touch.csv": TOUCHES}), "leads out of the .zip"),
    "touch/root.zip": (zip_of({"/etc/touch.csv": TOUCHES}), "leads out of the .zip"),
    "touch/nested.zip": (zip_of({"touch.zip": zipped({"touch.csv": TOUCHES})}), None),
    "touch/sound.xlsx": (bytes_of(workbook(SHEET)), None),
    "touch/wide.csv": (
        bytes_of(",".join(f"c{number}" for number in range(6_000)) + "\n"),
        "6,000 columns",
    ),
    "touch/commas.csv": (bytes_of("," * 500_000 + "\n" + TOUCHES), None),
    "touch/wide.jsonl": (
        bytes_of(json.dumps({f"k{number}": 1 for number in range(20_000)})),
        "20,000 columns",
    ),
    "touch/deep.json": (bytes_of(DEEP), "cannot be read as JSON"),
    "touch/deep.jsonl": (
        bytes_of('{"lead_id": 1, "touched_at": 2, "channel": ' + DEEP + "}"),
        None,
    ),
    "touch/no.parquet": (bytes_of("not parquet"), "cannot be read as Parquet"),
    "touch/cut.parquet": (bytes_of(b"PAR1" + b"\0" * 100 + b"PAR1"), "Parquet"),
    "touch/no.xlsx": (bytes_of("not a workbook"), "cannot be read as a workbook"),
    "touch/quote.csv": (
        bytes_of(TOUCHES + '1,2026-01-01,"' + "x,\n" * 100_000),
        "quotes|values on line",
    ),
}

GROUPS = {
    "no files": NO_FILES,
    "names": NAMES,
    "bombs": BOMBS,
    "contents": CONTENTS,
}

EXTENSIONS = "csv csv.gz tsv json json.gz jsonl ndjson parquet parquet.gz xlsx xls zip"
ANY_CONTENT = {
    "nothing": b"",
    "a line break": b"\n",
    "NULs": b"\0" * 5_000,
    "bytes": bytes(range(256)) * 40,
    "a mark alone": b"\xff\xfe",
    "half a character": "a,b\n日".encode()[:-1],
    "a page": b"<html><body onload=alert(1)>Session expired</body></html>",
    "an archive's head": b"PK\x03\x04" + b"\0" * 60,
    "gzip's head": b"\x1f\x8b\x08" + b"\0" * 30,
    "Parquet's head": b"PAR1\x00PAR1",
    "an old workbook's head": bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600,
    "a list": b"[1, 2, 3]",
    "brackets": b"[" * 20_000,
    "quotes": b'"' * 20_001,
    "commas": b"," * 3_000 + b"\n" + b"," * 3_000,
    "a formula": b'lead_id,touched_at\n"=HYPERLINK(""http://x"")",+1\n',
    "a program": b"#!/bin/sh\nrm -rf /\n",
}


def is_special(path: Path) -> bool:
    mode = path.lstat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


# Files of a definition

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def large_text(path: Path) -> None:
    path.write_bytes(b"channel,source\n" + b"x,y\n" * (9 << 20))


DEFINITIONS = {
    "stage_rules.csv": (link("/dev/zero"), "leads out of the folder"),
    "stage_rules.add.csv": (to_secret, "leads out of the folder"),
    "report_lines.csv": (pipe, "a pipe"),
    "columns.add.csv": (listening, "a socket"),
    "holidays.csv": (folder, "not a CSV file"),
    "holidays.add.csv": (link("holidays.add.csv"), "leads back to itself"),
    "files.csv": (large_text, "larger than 32 MB"),
    "files.add.csv": (
        bytes_of("file,system,table\n" + "x" * 200_000 + ",generic,lead\n"),
        "at most 2,000 are read: shorten it",
    ),
    "stages.csv": (with_hole, "never written"),
    "a.csv": (pipe, "no seed 'a'"),
    "vars.yml": (link("/dev/zero"), "leads out of the folder"),
    "vars.yml ": (pipe, "a pipe"),
    " vars.yml": (to_secret, "leads out of the folder"),
    "  vars.yml": (bytes_of(LAUGHS), "uses the alias"),
    "   vars.yml": (bytes_of("a: " + "[" * 50_000), "nested too deep"),
    "    vars.yml": (bytes_of(b"\xff\xfe\x00"), "not UTF-8|not YAML"),
    "     vars.yml": (
        bytes_of("reporting_timezone: !!python/object/apply:os.system ['id']\n"),
        "not YAML",
    ),
    os.fsdecode(b"\xff.csv"): (bytes_of("a\n"), "no seed"),
}
"""By the file's name, with blanks around those that a folder has only one of."""
