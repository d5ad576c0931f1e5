"""The workbook opens in LibreOffice, and its formulas give the same sums.

The formulas carry no results there: every number that is read back was worked
out by LibreOffice. The results that they carry for programs that work nothing
out are read from the file itself.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from orchestration.commands.finance import workbook
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from tests.finance import sheets as books
from tests.finance import test_by_hand as by_hand
from tests.finance.test_by_hand import Company
from tests.reference.compare import rows_of

pytestmark = pytest.mark.slow

RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop>
</item></oor:items>
"""

AS_CSV = "44,34,76,1,,0,false,false,false,false,false,-1"
"""Every sheet, as UTF-8, and numbers in full and not as they are formatted."""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    made = Company(tmp_path_factory.mktemp("workbook"))
    by_hand.write_landing(made.folder / "landing")
    by_hand.write_definition(made.folder / "definition")
    made.build()
    return made


@pytest.fixture(scope="module")
def sheets(company: Company) -> dict[str, list[list[str]]]:
    """Every sheet as LibreOffice shows it, worked out anew."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (libreoffice-calc)")
    project = Project.from_environment({}, out=company.folder / "out")
    path = workbook.write(
        project, "2026-04", company.folder / "book.xlsx", cached=False
    )
    return read_with(office, path)


def read_with(office: str, path: Path) -> dict[str, list[list[str]]]:
    profile = path.parent / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE)
    target = path.parent / "sheets"
    subprocess.run(
        [
            office, f"-env:UserInstallation=file://{profile}", "--headless",
            "--convert-to",
            f"csv:Text - txt - csv (StarCalc):{AS_CSV}",
            "--outdir", str(target), str(path),
        ],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    found = {}
    for file in sorted(target.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as stream:
            found[file.stem.split("-", 1)[1]] = list(csv.reader(stream))
    return found


def table(sheet: list[list[str]], head: int) -> Iterator[dict[str, str]]:
    for row in sheet[head + 1 :]:
        yield dict(zip(sheet[head], row, strict=True))


def number(text: str) -> Decimal | None:
    return Decimal(text).quantize(Decimal("0.01")) if text else None


def test_no_cell_is_an_error(sheets: dict[str, list[list[str]]]) -> None:
    assert set(sheets) == set(SHEETS)
    for name, sheet in sheets.items():
        for row in sheet:
            for cell in row:
                assert not cell.startswith(("#", "Err:")), (name, row)


def test_the_tie_out_is_recomputed(sheets: dict[str, list[list[str]]]) -> None:
    sheet = sheets["Tie-out"]
    assert sheet[1][0] == "ties out"
    rows = {
        (row["source"], row["currency"]): row
        for row in table(sheet, 3)
        if row["attribution model"] == "linear"
    }
    told = {
        place: number(row["told by platforms and ledger"])
        for place, row in rows.items()
    }
    # By hand: 10 + 5.50 + 7; 100 - 10 + 33.33 + 20; 50.01 dollars.
    assert told == {
        ("ads", "JPY"): Decimal("22.50"),
        ("ledger", "JPY"): Decimal("143.33"),
        ("ledger", "USD"): Decimal("50.01"),
    }
    for row in rows.values():
        assert number(row["borne in all rows"]) == number(
            row["told by platforms and ledger"]
        )
        assert number(row["difference"]) == 0


def test_the_summary_is_recomputed(
    company: Company, sheets: dict[str, list[list[str]]]
) -> None:
    mart = {
        (
            row["attribution_model"],
            row["campaign_id"] or "(no campaign)",
            row["cost_kind"],
        ): row
        for row in rows_of(company.published, "marts.mart_spend_per_sal")
        if (row["fiscal_period_id"], row["attribution_model"]) == ("2026-04", "linear")
    }
    seen = 0
    for row in table(sheets["Summary"], 3):
        if row["campaign id"] == "Total":
            assert number(row["spend by Shares"]) == Decimal("7717.59")
            assert number(row["SALs by Weights"]) == 3
            assert number(row["cost per SAL by formula"]) == Decimal("2572.53")
            continue
        key = row["attribution model"], row["campaign id"], row["cost kind"]
        told = mart[key]
        assert number(row["spend by Shares"]) == told["spend_reporting"], key
        assert abs(Decimal(row["SALs by Weights"]) - told["attributed_sals"]) < Decimal(
            "1e-9"
        ), key
        assert (
            number(row["cost per SAL by formula"]) == told["cost_per_sal_reporting"]
        ), key
        seen += 1
    assert seen == len(mart)


def test_every_line_is_converted_again(sheets: dict[str, list[list[str]]]) -> None:
    lines = list(table(sheets["Spend"], 0))
    # Three of the platform; K1 to K5 of the ledger, of which K5 counts once.
    assert len(lines) == 8
    for line in lines:
        assert number(line["amount at rate"]) == number(line["amount reporting"])
        assert number(line["difference"]) == 0


def test_a_period_that_is_not_there(company: Company, tmp_path: Path) -> None:
    project = Project.from_environment({}, out=company.folder / "out")
    with pytest.raises(LeadFunnelError, match="There is no fiscal period '2026-4'"):
        workbook.write(project, "2026-4", tmp_path / "x.xlsx")


def test_without_a_name_it_goes_where_everything_goes(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = Project.from_environment({}, out=company.folder / "out")
    assert workbook.write(project, "2026-04") == project.out / "spend-2026-04.xlsx"
    assert list(tmp_path.iterdir()) == []


def test_the_tie_out_says_when_it_does_not(company: Company, tmp_path: Path) -> None:
    """A workbook that always agrees would prove nothing."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed (libreoffice-calc)")
    out = tmp_path / "out"
    shutil.copytree(company.folder / "out" / "published", out / "published")
    with duckdb.connect(str(out / "published" / "lead_funnel.duckdb")) as connection:
        connection.execute(
            "update marts.fct_spend_shares set amount = amount + 0.01 "
            "where currency = 'USD' and attribution_model = 'linear'"
        )
    project = Project.from_environment({}, out=out)
    path = workbook.write(project, "2026-04", tmp_path / "book.xlsx", cached=False)
    assert read_with(office, path)["Tie-out"][1][0] == "DOES NOT TIE OUT"


# What the formulas carry.

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHEETS = ("Summary", "Tie-out", "Spend", "Shares", "Weights", "Restatements")
"""In the order of the files in a workbook."""


def carried(path: Path) -> dict[str, dict[str, str]]:
    """By sheet and cell, the results that formulas carry."""
    found: dict[str, dict[str, str]] = {}
    with zipfile.ZipFile(path) as book:
        for number, name in enumerate(SHEETS, start=1):
            sheet = ElementTree.fromstring(
                book.read(f"xl/worksheets/sheet{number}.xml")
            )
            found[name] = {
                cell.attrib["r"]: cell.findtext(f"{MAIN}v") or ""
                for cell in sheet.iter(f"{MAIN}c")
                if cell.find(f"{MAIN}f") is not None
            }
    return found


def planted(company: Company, folder: Path, defect: str = "", **choices: str) -> Path:
    """The workbook of what was published, with a defect."""
    out = folder / "out"
    shutil.copytree(company.folder / "out" / "published", out / "published")
    if defect:
        with duckdb.connect(
            str(out / "published" / "lead_funnel.duckdb")
        ) as connection:
            assert connection.execute(defect).fetchone()[0]
    project = Project.from_environment({}, out=out)
    return workbook.write(project, "2026-04", folder / "book.xlsx", **choices)


def column(cells: dict[str, str], letter: str) -> list[str]:
    return [
        cell for place, cell in cells.items() if place.strip("0123456789") == letter
    ]


def test_formulas_carry_what_the_sheets_say(company: Company, tmp_path: Path) -> None:
    cells = carried(planted(company, tmp_path))
    assert cells["Tie-out"]["A2"] == "ties out"
    assert set(map(Decimal, column(cells["Tie-out"], "F"))) == {0}
    assert set(map(Decimal, column(cells["Spend"], "Q"))) == {0}
    mart = [
        row
        for row in rows_of(company.published, "marts.mart_spend_per_sal")
        if (row["fiscal_period_id"], row["attribution_model"]) == ("2026-04", "linear")
    ]
    # Below the rows stand their totals, which have a test of their own.
    summary = {
        place: cell for place, cell in cells["Summary"].items() if place[1:] != "18"
    }
    for letter, name in (("O", "spend_reporting"), ("P", "attributed_sals")):
        told = [Decimal(cell) for cell in column(summary, letter)]
        assert sorted(told) == pytest.approx(sorted(row[name] for row in mart))
    told = [Decimal(cell) for cell in column(summary, "Q") if cell]
    costs = [row["cost_per_sal_reporting"] for row in mart]
    assert sorted(told) == sorted(cost for cost in costs if cost is not None)


@pytest.mark.parametrize(
    ("defect", "sheet", "letter", "changed"),
    [
        (
            "update marts.fct_spend_shares set amount = amount + 0.01 "
            "where currency = 'USD' and attribution_model = 'linear'",
            "Tie-out", "F", ["-0.01"],
        ),
        (
            "update marts.fct_spend set amount_reporting = amount_reporting + 0.01 "
            "where currency = 'USD'",
            "Spend", "Q", ["0.01"],
        ),
        (
            "update marts.fct_attributed_acceptances set weight = weight + 0.5 "
            "where fiscal_period_id = '2026-04' "
            "and attribution_model = 'linear' and campaign_id = 'C6'",
            "Summary", "P", None,
        ),
        (
            "update marts.fct_spend_shares set amount_reporting = amount_reporting + 1 "
            "where cost_kind = 'campaign' and attribution_model = 'linear'",
            "Summary", "O", None,
        ),
    ],
)  # fmt: skip
def test_a_difference_shows_in_what_formulas_carry(
    company: Company,
    tmp_path: Path,
    defect: str,
    sheet: str,
    letter: str,
    changed: list[str] | None,
) -> None:
    before = column(carried(planted(company, tmp_path / "sound"))[sheet], letter)
    cells = carried(planted(company, tmp_path / "spoilt", defect))[sheet]
    after = column(cells, letter)
    assert len(after) == len(before) and after != before
    if changed is not None:
        assert [cell for cell in after if Decimal(cell)] == changed
    if sheet == "Tie-out":
        assert cells["A2"] == "DOES NOT TIE OUT"


# How it is printed, and what is chosen.


def test_every_sheet_prints_on_a4_one_page_wide(
    company: Company, tmp_path: Path
) -> None:
    path = planted(company, tmp_path)
    for name, sheet in books.read(path).items():
        setup = sheet.xml.find(f"{MAIN}pageSetup")
        assert setup is not None, name
        # 9 is A4; as many pages high as there are rows.
        assert setup.attrib["paperSize"] == "9", name
        assert setup.attrib["orientation"] == "landscape", name
        assert setup.attrib.get("fitToWidth", "1") == "1", name
        assert setup.attrib["fitToHeight"] == "0", name
        fits = sheet.xml.find(f"{MAIN}sheetPr/{MAIN}pageSetUpPr")
        assert fits is not None and fits.attrib["fitToPage"] == "1", name
        footer = sheet.xml.findtext(f"{MAIN}headerFooter/{MAIN}oddFooter")
        assert footer == "&L2026-04&RPage &P of &N", name
    # Nothing was closed, so the restatements have no headings.
    assert sorted(books.repeated_rows(path)) == [
        "'Tie-out'!$4:$4", "Shares!$1:$1", "Spend!$1:$1", "Summary!$4:$4",
        "Weights!$1:$1",
    ]  # fmt: skip


def test_the_footer_keeps_the_period_as_it_is_called(
    company: Company, tmp_path: Path
) -> None:
    path = planted(
        company, tmp_path,
        "update marts.dim_fiscal_periods set name = 'P&L' "
        "where fiscal_period_id = '2026-04'",
    )  # fmt: skip
    footer = books.read(path)["Spend"].xml.findtext(
        f"{MAIN}headerFooter/{MAIN}oddFooter"
    )
    assert footer == "&L2026-04 (P&&L)&RPage &P of &N"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"linear"}),
        ({"model": "first_touch"}, {"first_touch"}),
        (
            {"model": "all"},
            {"first_touch", "last_touch", "linear", "position_based", "time_decay"},
        ),
    ],
)
def test_one_attribution_model_is_chosen_for_every_sheet(
    company: Company, tmp_path: Path, chosen: dict, expected: set
) -> None:
    sheets = books.read(planted(company, tmp_path, **chosen))
    for name, head in (("Summary", 3), ("Tie-out", 3), ("Shares", 0), ("Weights", 0)):
        rows = sheets[name].table(head)
        assert {row["attribution model"] for row in rows} == expected, name
    told = f"Attribution model: {', '.join(sorted(expected))}"
    assert sheets["Summary"].rows[2][0] == told
    totals = [
        row["spend reporting"]
        for row in sheets["Summary"].table(3)
        if row["campaign id"] == "Total"
    ]
    assert totals == [7717.59] * len(expected)


def test_what_cannot_be_chosen_is_an_error_that_offers_names(
    company: Company, tmp_path: Path
) -> None:
    project = Project.from_environment({}, out=company.folder / "out")
    for choice, sentence in (
        (
            {"model": "liner"},
            r"'liner' \(did you mean 'linear'\?\).*time_decay and all",
        ),
        ({"language": "jp"}, "There is no language 'jp'.* There are en and ja"),
    ):
        with pytest.raises(LeadFunnelError, match=sentence):
            workbook.write(project, "2026-04", tmp_path / "x.xlsx", **choice)
    assert list(tmp_path.iterdir()) == []


def test_the_totals_are_formulas_and_a_cost_is_that_of_the_sums(
    company: Company, tmp_path: Path
) -> None:
    summary = books.read(planted(company, tmp_path))["Summary"]
    # Seven campaigns, five that bear a part of the 100 yen, and what nobody bears.
    assert len(summary.rows) == 4 + 13 + 1
    [total] = [row for row in summary.table(3) if row["campaign id"] == "Total"]
    # 7557.26 + 20 + 7 are the campaigns' own, 100 is borne, 33.33 is nobody's; three
    # leads were accepted. The costs of the rows would sum to 22731.78.
    assert total["spend reporting"] == total["spend by Shares"] == 7717.59
    assert total["attributed sals"] == total["SALs by Weights"] == 3
    assert (
        total["cost per sal reporting"] == total["cost per SAL by formula"] == 2572.53
    )
    assert total["attributed handoffs"] == 3
    assert total["attributed won amount reporting"] == 0
    formulas = summary.formulas
    assert formulas["E18"] == "SUM(E5:E17)"
    assert formulas["F18"] == "SUM(F5:F17)"
    assert formulas["G18"] == 'IF(F18=0,"",ROUND(E18/F18,2))'
    assert formulas["O18"] == "SUM(O5:O17)"
    assert formulas["Q18"] == 'IF(OR(F18=0,P18=0),"",ROUND(O18/F18,2))'


def test_numbers_have_the_decimals_that_they_need(
    company: Company, tmp_path: Path
) -> None:
    sheets = books.read(planted(company, tmp_path / "linear"))
    spend, weights, summary = (sheets[name] for name in ("Spend", "Weights", "Summary"))
    # 5.50 yen are not whole, so no yen are shown without decimals.
    assert number_formats(spend, "amount") == {
        "JPY": {"#,##0.00"}, "USD": {"#,##0.00"},
    }  # fmt: skip
    assert {
        spend.styles[spend.cell("rate", at)].number_format for at in range(2, 10)
    } == {"#,##0.000"}
    # A third has twelve decimals.
    assert weights.styles[weights.cell("weight", 2)].number_format == (
        "#,##0.000000000000"
    )
    for name in ("attributed sals", "attributed handoffs", "SALs by Weights"):
        assert summary.styles[summary.cell(name, 5, 3)].number_format == "#,##0.00"
    whole = (
        "update marts.fct_spend set amount = round(amount), "
        "amount_reporting = round(amount_reporting), rate = round(rate)"
    )
    path = planted(company, tmp_path / "whole", whole, model="first_touch")
    sheets = books.read(path)
    spend, weights = sheets["Spend"], sheets["Weights"]
    assert number_formats(spend, "amount") == {"JPY": {"#,##0"}, "USD": {"#,##0.00"}}
    assert number_formats(spend, "amount reporting") == {
        "JPY": {"#,##0"}, "USD": {"#,##0"},
    }  # fmt: skip
    assert weights.styles[weights.cell("weight", 2)].number_format == "#,##0"


def number_formats(sheet: books.Sheet, heading: str) -> dict[str, set[str]]:
    """How a column is shown, by the currency of the row."""
    found: dict[str, set[str]] = {}
    for at, row in enumerate(sheet.table(), start=2):
        style = sheet.styles[sheet.cell(heading, at)]
        found.setdefault(row["currency"], set()).add(style.number_format)
    return found


@pytest.mark.parametrize(
    ("name", "width", "is_wrapped"),
    [
        # Never narrower than the longest word of the heading, campaign.
        ("Fair", 8 + 2, False),
        ("Fair in spring 2026", 19 + 2, False),
        # Each of these takes the place of two.
        ("春の展示会二〇二六", 18 + 2, False),
        ("x" * 60, 60 + 2, False),
        ("x" * 61, 60 + 2, True),
    ],
)
def test_a_campaigns_name_stands_whole_beside_its_id(
    company: Company, tmp_path: Path, name: str, width: int, is_wrapped: bool
) -> None:
    path = planted(
        company, tmp_path,
        f"update marts.mart_spend_per_sal set campaign_name = '{name}' "
        "where campaign_id = 'C1'",
    )  # fmt: skip
    for title, head in (("Spend", 0), ("Shares", 0), ("Weights", 0), ("Summary", 3)):
        sheet = books.read(path)[title]
        headings = sheet.rows[head]
        place = headings.index("campaign name")
        assert headings[place - 1] == "campaign id", title
        of_c1 = [
            (at, row["campaign name"])
            for at, row in enumerate(sheet.table(head), start=head + 2)
            if row["campaign id"] == "C1"
        ]
        assert of_c1 and {told for _, told in of_c1} == {name}, title
        assert int(sheet.widths[place + 1]) == width, title
        for at, _ in of_c1:
            style = sheet.styles[sheet.cell("campaign name", at, head)]
            assert style.is_wrapped == is_wrapped, title


def test_what_others_wrote_stays_text(company: Company, tmp_path: Path) -> None:
    path = planted(
        company, tmp_path,
        "update marts.fct_spend set memo = '=1+1', vendor = '+81 3', account = '-x', "
        "platform = '@SUM(A1)', source_key = 'http://example.com'; "
        "update marts.fct_spend_shares set account = '=2+2', source = '=3+3'; "
        "update marts.mart_spend_per_sal set campaign_name = '=4+4' "
        "where campaign_id is not null",
    )  # fmt: skip
    sheets = books.read(path)
    spend = sheets["Spend"]
    of_others = ("memo", "vendor", "account", "platform", "campaign name")
    for at, row in enumerate(spend.table(), start=2):
        assert [row[name] for name in of_others[:4]] == [
            "=1+1", "+81 3", "-x", "@SUM(A1)",
        ]  # fmt: skip
        assert row["source key"] == "http://example.com"
        for name in of_others[:4]:
            cell = spend.cell(name, at)
            assert cell not in spend.formulas
            assert spend.styles[cell].is_text_for_good
        assert not spend.styles[spend.cell("source key", at)].is_text_for_good
    assert {row["campaign name"] for row in spend.table()} == {"=4+4", ""}
    assert {row["account"] for row in sheets["Shares"].table()} == {"=2+2"}
    assert {row["source"] for row in sheets["Tie-out"].table(3)} == {"=3+3"}
    ours = {"Summary": "EFGHIJKLMNOPQ", "Tie-out": "ADEF", "Spend": "PQ"}
    for name, sheet in sheets.items():
        letters = {place.strip("0123456789") for place in sheet.formulas}
        assert letters == set(ours.get(name, "")), name


def test_in_japanese_the_headings_are_the_models_terms(
    company: Company, tmp_path: Path
) -> None:
    english = books.read(planted(company, tmp_path / "en"))
    japanese = books.read(planted(company, tmp_path / "ja", language="ja"))
    assert list(japanese) == [
        "集計", "突合", "費用明細", "費用配賦", "貢献度", "締め後の変更",
    ]  # fmt: skip
    summary = japanese["集計"]
    assert summary.rows[3] == [
        "アトリビューションモデル", "キャンペーンID", "キャンペーン名", "費用区分",
        "費用", "貢献SAL数", "SAL単価", "貢献問い合わせ数", "貢献MQL数",
        "貢献引き渡し数", "貢献SQL数", "貢献商談数", "貢献受注数", "貢献受注額",
        "費用（費用配賦シートより）", "SAL数（貢献度シートより）", "SAL単価（数式）",
    ]  # fmt: skip
    assert japanese["費用明細"].rows[0] == [
        "費用明細ID", "費用日", "データ元", "データ元キー", "広告媒体", "勘定科目",
        "キャンペーンID", "キャンペーン名", "照合方法", "支払先", "摘要", "通貨",
        "金額", "換算レート", "換算金額", "金額×レート", "差額",
    ]  # fmt: skip
    assert summary.rows[1][0] == "未締め：数値は変わる可能性があります"
    assert summary.rows[-1][1] == "合計"
    assert japanese["突合"].rows[1][0] == "一致"
    footer = summary.xml.findtext(f"{MAIN}headerFooter/{MAIN}oddFooter")
    assert footer == "&L2026-04&R&P / &N ページ"
    assert {row["費用区分"] for row in japanese["費用配賦"].table()} == {
        "直接費", "配賦費", "未配賦",
    }  # fmt: skip
    # No word of ours is left in English, and no number is another one.
    for one, other in zip(english.values(), japanese.values(), strict=True):
        assert [
            [cell for cell in row if not isinstance(cell, str)] for row in one.rows
        ] == [[cell for cell in row if not isinstance(cell, str)] for row in other.rows]
    words = {"Total", "ties out", "(no campaign)", "(none)", "allocated", "unallocated"}
    for sheet in japanese.values():
        # A rule may be called unallocated: it is the seed's word.
        found = {
            cell for row in sheet.rows for cell in row if isinstance(cell, str)
        } & words
        assert found <= {"unallocated"}, sheet.name


def test_a_period_that_was_never_closed_is_marked_as_open(
    company: Company, tmp_path: Path
) -> None:
    sheets = books.read(planted(company, tmp_path))
    assert sheets["Summary"].rows[1][0] == "OPEN: its numbers may still change"
    assert [row[0] for row in sheets["Restatements"].rows] == [
        "What changed in 2026-04 since it was closed",
        "The period was never closed: there is nothing that it could differ from.",
    ]
