"""Folders of exports that an attacker fills, by family."""

from __future__ import annotations

import gzip
import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.hostile.attack import TOUCHES, Attack, Place, file, later
from tests.sources import hostile
from tests.sources.hostile import cell, workbook, zipped

ROW = "1,2026-01-01,web\n"
HEADER = "lead_id,touched_at,channel\n"
LARGE = 16 << 20


def known(cases: dict[str, tuple]) -> list[Attack]:
    """Those that tests/sources tries too, in files of the table `touch`."""
    return [
        file(name, write, said, title=ascii(name)[:60])
        for name, (write, said) in cases.items()
    ]


# Links out of the folder, and what is no file


def link_to(target: Callable[[Place], object], name: str, said: str, **more) -> Attack:
    def put(at: Place) -> None:
        path = at.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target(at))

    last = name.rpartition("/")[2]
    return Attack(f"{name}: a link", put, said, last, **more)


def chain(at: Place) -> None:
    (at.landing / "generic" / "c.txt").symlink_to(at.outside / "secret.csv")
    (at.landing / "generic" / "b.txt").symlink_to("c.txt")
    (at.landing / "generic" / "touch.csv").symlink_to("b.txt")


def by_folder_link(at: Place) -> None:
    """Its last part is a file of its own; the folder before it is elsewhere."""
    (at.landing / "generic" / "touch").mkdir()
    (at.landing / "generic" / "touch" / "more").symlink_to(at.outside)


def two_in_a_ring(at: Place) -> None:
    (at.landing / "generic" / "touch.csv").symlink_to("touch.txt")
    (at.landing / "generic" / "touch.txt").symlink_to("touch.csv")


def within_folder(at: Place) -> None:
    (at.landing / "generic" / "kept.txt").write_text(TOUCHES)
    (at.landing / "generic" / "touch.csv").symlink_to("kept.txt")


OUT_OF = "leads out of the folder"
TOUCH = "generic/touch.csv"

LINKS = [
    *known(hostile.NO_FILES),
    link_to(lambda at: "/etc/passwd", TOUCH, OUT_OF),
    link_to(lambda at: "../../outside/secret.csv", TOUCH, OUT_OF),
    link_to(lambda at: at.out, "generic/touch", OUT_OF),
    link_to(lambda at: at.out / "warehouse/warehouse.duckdb", TOUCH, OUT_OF),
    link_to(lambda at: at.outside, "generic/touch/x", OUT_OF),
    link_to(lambda at: at.outside, "salesforce", OUT_OF),
    link_to(lambda at: "/proc/self/environ", "generic/touch/e.jsonl", OUT_OF),
    link_to(lambda at: "/proc/self/fd", "generic/touch/fd", OUT_OF),
    link_to(lambda at: at.outside / "secret.csv", "generic/touch/s.csv.gz", OUT_OF),
    link_to(lambda at: at.outside / "secret.csv", "generic/touch/s.parquet", OUT_OF),
    link_to(lambda at: at.around, "generic/touch", OUT_OF),
    link_to(lambda at: at.landing, "hubspot", "leads back|leads out"),
    link_to(lambda at: at.outside / "nothing", "generic/touch/n.csv", OUT_OF),
    Attack("a link to a link to a secret", chain, OUT_OF, "touch.csv"),
    Attack("a link of a folder in a folder", by_folder_link, OUT_OF, "more"),
    Attack("two links in a ring", two_in_a_ring, "leads back to itself", "touch.csv"),
    Attack("a link that stays within", within_folder, None, rows=1),
]


# Archives: what .zip may say of itself


def zip_with(*items: tuple[str | zipfile.ZipInfo, bytes | str]) -> bytes:
    content = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        warnings.simplefilter("ignore")  # One name may be there twice.
        for name, value in items:
            archive.writestr(name, value)
    return content.getvalue()


def renamed(name: bytes, flags: int = 0) -> bytes:
    """A member's name as bytes that no library would write."""
    data = bytearray(zip_with(("x" * len(name), TOUCHES)))
    data = bytearray(bytes(data).replace(b"x" * len(name), name))
    data[6:8] = struct.pack("<H", flags)
    at = data.index(b"PK\x01\x02")
    data[at + 8 : at + 10] = struct.pack("<H", flags)
    return bytes(data)


def changed_in_directory(offset: int, value: bytes, in_header: int | None = None):
    """A .zip whose directory says something else of its member."""
    data = bytearray(zip_with(("touch.csv", TOUCHES)))
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    if in_header is not None:
        data[in_header : in_header + len(value)] = value
    return bytes(data)


def symlink_in_zip() -> bytes:
    item = zipfile.ZipInfo("touch.csv")
    item.create_system, item.external_attr = 3, 0o120777 << 16
    return zip_with((item, "/etc/passwd"))


def dated(year: int, month: int) -> bytes:
    moment = ((year - 1980) << 9) | (month << 5)
    data = bytearray(zip_with(("ad_spend.csv", "x")))
    at = data.index(b"PK\x01\x02")
    for place in (at + 14, 12):
        data[place : place + 2] = struct.pack("<H", moment)
    return bytes(data)


def many_members(count: int) -> bytes:
    return zip_with(*((f"touch_{number}.csv", "") for number in range(count)))


def overlapping() -> bytes:
    """All members are the same bytes, as in a bomb that needs no layers."""
    one = zip_with(("touch0.csv", HEADER + ROW * 200_000))
    at = one.index(b"PK\x01\x02")
    body, entry = one[:at], one[at : one.index(b"PK\x05\x06")]
    entries = b"".join(
        entry.replace(b"touch0", b"touch%d" % number) for number in range(10)
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10, 10, len(entries), len(body), 0)
    return body + entries + end


def compressed_with(method: int) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        archive.writestr("touch.csv", TOUCHES * 50)
    data = bytearray(content.getvalue())
    at = data.index(b"touch.csv") + len("touch.csv") + 12
    data[at : at + 20] = b"\xff" * 20
    return bytes(data)


ARCHIVES = [
    file("touch.zip", zip_with(("touch.csv", TOUCHES), ("touch.csv", TOUCHES)),
         "touch.csv in it more than once"),
    file("touch.zip", zip_with(("touch.csv", TOUCHES), ("a/touch.csv", TOUCHES)),
         rows=2, title="two of one name in folders"),
    file("touch.zip", zip_with(("..\\..\\touch.csv", TOUCHES)),
         "leads out of the .zip", title="a way out with backslashes"),
    file("touch.zip", zip_with(("C:\\touch.csv", TOUCHES)),
         "leads out of the .zip", title="a drive"),
    file("touch.zip", zip_with(("a/../touch.csv", TOUCHES)), "leads out of the .zip",
         title="a way up in a folder"),
    file("touch.zip", symlink_in_zip(), "is a link", title="a link in a .zip"),
    file("touch.zip", renamed(b"touch\xff\xfe.csv", 0x800), "cannot be read as a .zip",
         title="a name that is not UTF-8"),
    file("touch.zip", renamed(b"touch\x1b[2J.csv"), None, rows=1,
         title="a name with escapes"),
    file("touch.zip", renamed(b"touch\nlead-funnel: fine.csv"), None, rows=1,
         title="a name with a line break"),
    file("touch.zip", renamed(b"touch\0.exe.csv"), None,
         title="a name with a NUL"),
    file("touch.zip", zip_with(("t" * 60_000 + ".csv", TOUCHES)), "too long",
         title="a name of 60,000 characters"),
    file("touch.zip", changed_in_directory(10, struct.pack("<H", 99), 8),
         "touch.zip/touch.csv cannot be read", title="an unknown compression"),
    file("touch.zip", changed_in_directory(8, struct.pack("<H", 0x20), 6),
         "touch.zip/touch.csv cannot be read", title="a patch"),
    file("touch.zip", changed_in_directory(8, struct.pack("<H", 0x40), 6),
         "touch.zip/touch.csv cannot be read", title="strong encryption"),
    file("touch.zip", changed_in_directory(42, struct.pack("<L", 1 << 30)),
         "cannot be read", title="a member that lies elsewhere"),
    file("touch.zip", changed_in_directory(16, b"\1\2\3\4"), "CRC",
         title="a wrong checksum"),
    file("touch.zip", changed_in_directory(24, struct.pack("<L", 0xFFFFFFFF)),
         "cannot be read", title="a size of 4 GB"),
    file("touch.zip", compressed_with(zipfile.ZIP_LZMA),
         "touch.zip/touch.csv cannot be read", title="damaged LZMA"),
    file("touch.zip", compressed_with(zipfile.ZIP_BZIP2),
         "touch.zip/touch.csv cannot be read", title="damaged bzip2"),
    file("touch.zip", zip_with(("touch.csv", TOUCHES))[:-30],
         "cannot be read as a .zip", title="cut off"),
    file("touch.zip", b"PK\5\6" + b"\xff" * 18, "cannot be read as a .zip",
         title="a directory that lies"),
    file("touch.zip", b"", "cannot be read as a .zip", title="an empty .zip"),
    file("touch.zip", zip_with(), None, rows=0, title="a .zip of nothing"),
    file("touch.zip", b"MZ" + b"\0" * 500 + zip_with(("touch.csv", TOUCHES)), None,
         rows=1, title="a program in front of a .zip"),
    file("touch.zip", later(many_members, 20_000), "20,000 files",
         title="20,000 members"),
    file("touch.zip", zip_with(("touch.zip", zip_with(("touch.csv", TOUCHES)))),
         None, title="a .zip in a .zip"),
    file("touch.zip", zip_with(("touch.csv.gz", gzip.compress(TOUCHES.encode()))),
         rows=1, title="gzip in a .zip"),
    file("touch.zip", zip_with(("touch.xlsx", workbook(hostile.SHEET))), None,
         title="a workbook in a .zip"),
    file("/ads/ad_spend.zip", dated(1980, 0), None, title="a member of month 0"),
    file("/ads/ad_spend.zip", dated(2107, 15), None, title="a member of month 15"),
    file("lead/x.csv", zip_with(("touch.csv", TOUCHES)), "cannot be read|no column",
         title="a .zip called .csv"),
    file("touch.csv.gz", zip_with(("touch.csv", TOUCHES)), "cannot be read",
         title="a .zip called .gz"),
]  # fmt: skip


# Bombs


def gzipped_again(depth: int) -> bytes:
    data = (HEADER + ROW * 400_000).encode()
    for _ in range(depth):
        data = gzip.compress(data, 9)
    return data


def by_members(path: Path) -> None:
    """None of them is too large; all together are."""
    each = HEADER + ROW * 200_000
    path.write_bytes(zipped({f"touch{n}.csv": each for n in range(20)}))


def gzip_in_zip() -> bytes:
    bomb = gzip.compress((HEADER + ROW * 1_000_000).encode(), 9)
    return zip_with(("touch.csv.gz", bomb))


def many_streams() -> bytes:
    return gzip.compress((HEADER + ROW * 60_000).encode(), 9) * 40


def sheets_of_one_part(count: int) -> bytes:
    """So many sheets that are all the same large part."""
    kinds = "http://schemas.openxmlformats.org"
    rows = "".join(
        f'<row r="{number}"><c r="A{number}"><v>1</v></c></row>'
        for number in range(1, 60_000)
    )
    sheets = "".join(
        f'<sheet name="s{number}" sheetId="{number}" r:id="r1"/>'
        for number in range(1, count + 1)
    )
    book = (
        f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" xmlns:r="{kinds}/'
        f'officeDocument/2006/relationships"><sheets>{sheets}</sheets></workbook>'
    )
    return workbook(rows, **{"xl/workbook.xml": book})


UNPACKS = "unpacks to more than 8 MB"
BOMBS = [
    *known(hostile.BOMBS),
    file("touch/all.zip", by_members, UNPACKS),
    file("touch/overlapping.zip", later(overlapping), f"{UNPACKS}|[Oo]verlap"),
    file("touch/inside.zip", later(gzip_in_zip), UNPACKS),
    file("touch/streams.csv.gz", later(many_streams), UNPACKS),
    file("lead/again.csv.gz", later(gzipped_again, 2), "no column|cannot be read"),
    file("touch/bomb.jsonl.gz",
         later(gzip.compress, b'{"lead_id":1,"touched_at":"2026-01-01"}\n' * 400_000),
         UNPACKS),
    file("touch/bomb.parquet.gz", later(gzip.compress,
         b"PAR1" + bytes(LARGE) + b"PAR1"),
         "cannot be read|unpacks"),
    file("touch/nothing.csv.gz", later(gzip.compress, bytes(LARGE)), UNPACKS),
    file("touch/one line.csv.gz", later(gzip.compress, b"x" * LARGE), UNPACKS),
    file("touch/sheets.xlsx", later(sheets_of_one_part, 3_000),
         "takes more than|too long"),
]  # fmt: skip


# Workbooks

ENTITY = '<!DOCTYPE x [<!ENTITY a "canary">{}]>'
LAUGHS = "".join(
    f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 10)
).replace("&a0;", "ha")


def with_sheet(prologue: str, text: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = hostile.SHEET + f'<row r="4">{cell("A4", text)}</row>'
    sheet = (
        f'<?xml version="1.0"?>{prologue}<worksheet xmlns="{kinds}"><sheetData>'
        f"{rows}</sheetData></worksheet>"
    )
    return workbook("", **{"xl/worksheets/sheet1.xml": sheet})


def named_sheet(name: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org"
    book = (
        f'<workbook xmlns="{kinds}/spreadsheetml/2006/main" xmlns:r="{kinds}/'
        f'officeDocument/2006/relationships"><sheets><sheet name="{name}" '
        'sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    return workbook(hostile.SHEET, **{"xl/workbook.xml": book})


def related_to(target: str) -> bytes:
    kinds = "http://schemas.openxmlformats.org"
    rels = (
        f'<Relationships xmlns="{kinds}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{kinds}/officeDocument/2006/relationships/worksheet" '
        f'Target="{target}" TargetMode="External"/></Relationships>'
    )
    return workbook(hostile.SHEET, **{"xl/_rels/workbook.xml.rels": rels})


def old_workbook(ring: bool) -> bytes:
    """The head of an .xls whose sectors lead in a ring, or nowhere."""
    head = bytearray(512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    head[24:34] = struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
    head[44:48] = struct.pack("<L", 1)
    head[48:52] = struct.pack("<L", 1 if ring else 0xFFFFFF)
    head[56:60] = struct.pack("<L", 4096)
    head[60:64] = struct.pack("<L", 1 if ring else 0xFFFFFFFE)
    head[64:68] = struct.pack("<L", 1)
    head[68:72] = struct.pack("<L", 1 if ring else 0xFFFFFFFE)
    head[72:76] = struct.pack("<L", 1)
    head[76:512] = struct.pack("<109L", 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128L", 0xFFFFFFFD, 1, *[1] * 126)
    return bytes(head) + table + b"\0" * 512 + b"\0" * 512


SOUND = workbook(hostile.SHEET)
WORKBOOKS = [
    file("touch.xlsx", with_sheet(ENTITY.format(""), "&a;"), "unrecognized entity",
         title="an entity"),
    file("touch.xlsx", with_sheet(ENTITY.format(LAUGHS), "&a9;"),
         "unrecognized entity", title="a billion laughs"),
    file("touch.xlsx",
         with_sheet('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;"),
         "unrecognized entity", title="an entity from a file"),
    file("touch.xlsx",
         with_sheet('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "y"), None,
         rows=2, title="a definition from the network"),
    file("lead/x.xlsx", related_to("file:///etc/passwd"), "cannot be read|no column",
         title="a sheet that is a file elsewhere"),
    file("lead/x.xlsx", related_to("http://127.0.0.1:9/sheet.xml"),
         "cannot be read|no column", title="a sheet from the network"),
    file("lead/x.xlsx", related_to("../../../etc/passwd"), "cannot be read|no column",
         title="a sheet above the workbook"),
    file("touch.xlsx", named_sheet("=HYPERLINK(&quot;http://x&quot;)"), None, rows=1,
         title="a formula as a sheet's name"),
    file("touch.xlsx", named_sheet("../../touch"), None, rows=1,
         title="a way out as a sheet's name"),
    file("touch.xlsx", named_sheet("&#27;[31m[/bold]"), None, rows=1,
         title="escapes as a sheet's name"),
    file("touch.xlsx", named_sheet("s" * 10_000), "too long",
         title="a sheet's name of 10,000 characters"),
    file("touch.xlsx", SOUND[: len(SOUND) // 2], "cannot be read as a workbook",
         title="a workbook cut off"),
    file("touch.xlsx", SOUND.replace(b"PK\1\2", b"PK\1\3"),
         "cannot be read as a workbook", title="a workbook without a directory"),
    file("lead/x.xlsx", workbook("<row><c><v>"), "cannot be read|no column",
         title="XML that ends early"),
    file("touch.xlsx", workbook("<row>" * 50_000), None,
         title="XML that is nested deep"),
    file("touch.xlsx", workbook(""), None, title="a sheet of nothing"),
    file("touch.xlsx", zipped({"touch.csv": TOUCHES}), "cannot be read as a workbook",
         title="a .zip called .xlsx"),
    file("touch.xls", old_workbook(True), "cannot be read as a workbook",
         title="an .xls whose sectors lead in a ring"),
    file("touch.xls", old_workbook(False), "cannot be read as a workbook",
         title="an .xls whose sectors lead nowhere"),
    file("touch.xls", old_workbook(True)[:600], "cannot be read as a workbook",
         title="an .xls cut off"),
    file("touch.xlsm", SOUND, None, rows=1, title="a workbook with macros"),
    file("lead/x.xlsx", workbook(f'<row r="1">{cell("A0", "x")}</row>'),
         "cannot be read|no column", title="a cell before the first"),
    file("lead/x.xlsx", workbook(f'<row r="1">{cell("AAAAAAA1", "x")}</row>'),
         "cannot be read|no column|takes more", title="a cell beyond the last"),
    file("lead/x.xlsx", workbook('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
         "cannot be read|no column", title="a text that is not there"),
    file("touch.xlsx", workbook('<row r="1"><c r="A1" s="9"><v>1e999</v></c></row>'),
         None, title="a number without end"),
]  # fmt: skip
