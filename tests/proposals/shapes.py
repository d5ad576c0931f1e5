"""Three folders as companies have them, small enough that their rates are worked out
by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter

EXPORTS = Path(__file__).parent / "exports"

# HubSpot's export of contacts, as its page gives it. There is no hand-off of its own:
# sales gets a lead when it is an MQL.
#
#   April: Ann, Bob, Cem and Dora are MQLs. Ann and Bob are accepted, Cem was
#          unqualified, Dora nobody looked at.
#   May:   Eve, Finn and Gus. Eve is accepted, Finn has a bad timing, Gus became an
#          MQL a day before the last event, and is open.
#   Hal never was an MQL.
#
# All: 7 handed over, 3 accepted, 2 rejected, 1 ignored, 1 pending.
CONTACTS = "contacts_of_hubspot.csv"

# A report of leads of a Japanese Salesforce and one of their history, as its page
# saves them: cp932, with a footer.
#
#   April: 1 and 2 are accepted, 3 is sent back, 4 is ignored.
#   May:   5 is accepted, 6 goes to nurture.
#   7 and 8 are new: nobody handed them over.
#
# All: 6 handed over, 3 accepted, 2 rejected, 1 ignored, 0 pending.
LEADS, HISTORY = "leads_of_salesforce.csv", "history_of_salesforce.csv"

# A list that marketing keeps in Excel: no id, no date of creation, and of what sales
# refused no date at all. Rows 4 and 6 are one person who was handed over twice.
#
#   April: 1 and 2 are accepted, 3 is ignored, 4 is refused.
#   May:   5 is accepted (without a date: somebody forgot it), 6 is not for us,
#          7 was handed over on the last day, and is open.
#
# All: 7 handed over, 3 accepted, 2 rejected, 1 ignored, 1 pending.
LIST_TITLE = "引き渡しリード一覧（2026年度）"
LIST_HEAD = (
    "会社名",
    "氏名",
    "メール",
    "引き渡し日",
    "受入日",
    "担当",
    "結果",
    "流入元",
)
LIST: tuple[tuple[str, ...], ...] = (
    ("アルファ商事", "青木 明", "aoki@alpha.example.jp", "2026-04-02", "2026-04-03",
     "佐藤", "受入", "展示会"),
    ("ベータ工業", "馬場 文", "baba@beta.example.jp", "2026-04-06", "2026-04-08",
     "佐藤", "受入", "セミナー"),
    ("ガンマ物産", "千葉 千里", "chiba@gamma.example.jp", "2026-04-09", "",
     "鈴木", "対応中", "展示会"),
    ("デルタ運輸", "土井 大", "doi@delta.example.jp", "2026-04-13", "",
     "鈴木", "却下", "Webサイト"),
    ("イプシロン銀行", "遠藤 栄", "endo@eps.example.jp", "2026-05-11", "",
     "鈴木", "受入", "セミナー"),
    ("デルタ運輸", "土井 大", "doi@delta.example.jp", "2026-05-12", "",
     "佐藤", "対象外", "展示会"),
    ("ゼータ薬品", "福田 福", "info@zeta.example.jp", "2026-05-29", "",
     "佐藤", "", "紹介"),
)  # fmt: skip


def text_of(name: str) -> str:
    return (EXPORTS / name).read_text(encoding="utf-8")


def hubspot(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = "hubspot-crm-exports-all-contacts-2026-06-01.csv"
    (folder / name).write_text(text_of(CONTACTS), encoding="utf-8-sig")
    return folder


def salesforce_report(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "リードレポート 2026-06.csv").write_bytes(text_of(LEADS).encode("cp932"))
    (folder / "リード履歴 2026-06.csv").write_bytes(text_of(HISTORY).encode("cp932"))
    (folder / "readme.docx").write_bytes(b"not read")
    return folder


def excel_list(folder: Path, rows: Sequence[Sequence[str]] = LIST) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(folder / "リード一覧.xlsx")) as book:
        sheet = book.add_worksheet("2026年度")
        day = book.add_format({"num_format": "yyyy/m/d"})
        sheet.write(0, 0, LIST_TITLE)
        sheet.write_row(2, 0, LIST_HEAD)
        for number, row in enumerate(rows, start=3):
            for place, value in enumerate(row):
                if place in (3, 4) and value:
                    instant = datetime.fromisoformat(value)
                    sheet.write_datetime(number, place, instant, day)
                else:
                    sheet.write(number, place, value)
    return folder
