"""Three folders as companies have them, small enough that their rates are worked out
by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter

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
HUBSPOT = """\
"Record ID","First Name","Last Name","Email","Company Name","Contact owner",\
"Lead Status","Lifecycle Stage","Create Date",\
"Became a Marketing Qualified Lead Date","Became a Sales Qualified Lead Date",\
"Original Traffic Source"
"101","Ann","Archer","ann@alpha.example","Alpha","Rita Rep","Open deal",\
"Sales Qualified Lead","4/1/2026 9:05 AM","4/2/2026 10:00 AM","4/3/2026 2:30 PM",\
"Paid Search"
"102","Bob","Baker","bob@beta.example","Beta","Rita Rep","Connected",\
"Sales Qualified Lead","4/3/2026 1:15 PM","4/6/2026 9:00 AM","4/7/2026 11:00 AM",\
"Organic Search"
"103","Cem","Can","cem@gamma.example","Gamma","Rita Rep","Unqualified",\
"Marketing Qualified Lead","4/7/2026 8:00 AM","4/8/2026 9:30 AM","","Paid Search"
"104","Dora","Dean","dora@delta.example","Delta","Sam Seller","Attempted to contact",\
"Marketing Qualified Lead","4/9/2026 4:45 PM","4/10/2026 9:00 AM","","Email Marketing"
"105","Eve","Early","eve@eps.example","Epsilon","Sam Seller","Open deal",\
"Sales Qualified Lead","5/4/2026 12:10 PM","5/11/2026 10:00 AM","5/12/2026 9:00 AM",\
"Referrals"
"106","Finn","Ford","finn@phi.example","Phi","Sam Seller","Bad timing",\
"Marketing Qualified Lead","5/13/2026 3:00 PM","5/14/2026 10:00 AM","","Paid Search"
"107","Gus","Gray","gus@gimel.example","Gimel","Rita Rep","New",\
"Marketing Qualified Lead","5/27/2026 9:00 AM","5/28/2026 9:00 AM","","Direct Traffic"
"108","Hal","Hill","info@eta.example","Eta","Rita Rep","New","Lead",\
"5/29/2026 9:00 AM","","","Direct Traffic"
"""

# A report of leads of a Japanese Salesforce and one of their history, as its page
# saves them: cp932, with a footer.
#
#   April: 1 and 2 are accepted, 3 is sent back, 4 is ignored.
#   May:   5 is accepted, 6 goes to nurture.
#   7 is disqualified by nobody's hand-off; 8 is new.
#
# All: 6 handed over, 3 accepted, 2 rejected, 1 ignored, 0 pending.
FOOTER = """

総計 (8 レコード)

"機密情報 - 配布禁止"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
作成者: 田中 太郎 2026/06/01 9:00
"""
REPORT = (
    """\
リード ID,姓,名,会社名 / 取引先,メール,リード 所有者,リード状況,リードソース,作成日
00Q5g00000A0001,山田,一郎,アルファ株式会社,yamada@alpha.example.jp,営業部 佐藤,受け入れ済,展示会,2026/04/01 9:00
00Q5g00000A0002,鈴木,花子,ベータ株式会社,suzuki@beta.example.jp,営業部 佐藤,受け入れ済,ウェビナー,2026/04/02 10:00
00Q5g00000A0003,高橋,次郎,ガンマ株式会社,takahashi@gamma.example.jp,営業部 佐藤,差し戻し,Web問い合わせ,2026/04/06 9:30
00Q5g00000A0004,伊藤,三郎,デルタ株式会社,ito@delta.example.jp,インサイドセールス 中村,引き渡し済,展示会,2026/04/07 13:00
00Q5g00000A0005,渡辺,四郎,イプシロン株式会社,watanabe@eps.example.jp,インサイドセールス 中村,受け入れ済,紹介,2026/05/11 9:00
00Q5g00000A0006,小林,五郎,ゼータ株式会社,kobayashi@zeta.example.jp,インサイドセールス 中村,育成中,ウェビナー,2026/05/12 9:00
00Q5g00000A0007,加藤,六郎,エータ株式会社,eigyo@eta.example.jp,インサイドセールス 中村,新規,展示会,2026/05/13 9:00
00Q5g00000A0008,吉田,七郎,シータ株式会社,yoshida@theta.example.jp,インサイドセールス 中村,新規,その他媒体,2026/05/29 9:00
"""
    + FOOTER
)
HISTORY = (
    """\
リード ID,項目 / イベント,旧値,新値,編集日,編集者
00Q5g00000A0001,リード状況,新規,引き渡し済,2026/04/02 9:00,マーケティング 木村
00Q5g00000A0001,リード状況,引き渡し済,受け入れ済,2026/04/03 11:00,営業部 佐藤
00Q5g00000A0002,リード状況,新規,引き渡し済,2026/04/03 9:00,マーケティング 木村
00Q5g00000A0002,リード状況,引き渡し済,受け入れ済,2026/04/06 16:00,営業部 佐藤
00Q5g00000A0003,リード状況,新規,引き渡し済,2026/04/07 9:00,マーケティング 木村
00Q5g00000A0003,リード状況,引き渡し済,差し戻し,2026/04/07 15:00,営業部 佐藤
00Q5g00000A0004,リード状況,新規,引き渡し済,2026/04/08 9:00,マーケティング 木村
00Q5g00000A0005,リード状況,新規,引き渡し済,2026/05/12 9:00,マーケティング 木村
00Q5g00000A0005,リード状況,引き渡し済,受け入れ済,2026/05/12 17:00,インサイドセールス 中村
00Q5g00000A0006,リード状況,新規,引き渡し済,2026/05/13 9:00,マーケティング 木村
00Q5g00000A0006,リード状況,引き渡し済,育成中,2026/05/14 10:00,インサイドセールス 中村
00Q5g00000A0008,リード 所有者,営業部 佐藤,インサイドセールス 中村,2026/05/29 10:00,マーケティング 木村
"""
    + FOOTER
)

# A list that marketing keeps in Excel: no id, no date of creation, and of what sales
# refused no date at all. Rows 4 and 6 are one person who was handed over twice.
#
#   April: 1 and 2 are accepted, 3 is refused, 4 is ignored.
#   May:   5 is accepted (without a date: somebody forgot it), 6 is not for us,
#          7 was handed over on the last day, and is open.
#
# All: 7 handed over, 3 accepted, 2 rejected, 1 ignored, 1 pending.
LIST_TITLE = "引き渡しリード一覧（2026年度）"
LIST_HEAD = ("会社名", "氏名", "メール", "引き渡し日", "受入日", "担当", "結果", "流入元")
LIST: tuple[tuple[str, ...], ...] = (
    ("アルファ商事", "青木 明", "aoki@alpha.example.jp", "2026-04-02", "2026-04-03",
     "佐藤", "受入", "展示会"),
    ("ベータ工業", "馬場 文", "baba@beta.example.jp", "2026-04-06", "2026-04-08",
     "佐藤", "受入", "セミナー"),
    ("ガンマ物産", "千葉 千里", "chiba@gamma.example.jp", "2026-04-09", "",
     "鈴木", "却下", "展示会"),
    ("デルタ運輸", "土井 大", "doi@delta.example.jp", "2026-04-13", "",
     "鈴木", "対応中", "Webサイト"),
    ("イプシロン銀行", "遠藤 栄", "endo@eps.example.jp", "2026-05-11", "",
     "鈴木", "受入", "セミナー"),
    ("デルタ運輸", "土井 大", "doi@delta.example.jp", "2026-05-12", "",
     "佐藤", "対象外", "展示会"),
    ("ゼータ薬品", "福田 福", "info@zeta.example.jp", "2026-05-29", "",
     "佐藤", "", "紹介"),
)  # fmt: skip


def hubspot(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    name = "hubspot-crm-exports-all-contacts-2026-06-01.csv"
    (folder / name).write_text(HUBSPOT, encoding="utf-8-sig")
    return folder


def salesforce_report(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "リードレポート 2026-06.csv").write_bytes(REPORT.encode("cp932"))
    (folder / "リード履歴 2026-06.csv").write_bytes(HISTORY.encode("cp932"))
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
