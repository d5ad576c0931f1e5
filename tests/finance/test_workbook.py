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
    done = made.run()
    assert done.returncode == 0, done.stdout + done.stderr
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
    assert set(sheets) == {"Summary", "Tie-out", "Spend", "Shares", "Weights"}
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
        if row["fiscal_period_id"] == "2026-04"
    }
    seen = 0
    for row in table(sheets["Summary"], 3):
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
SHEETS = ("Summary", "Tie-out", "Spend", "Shares", "Weights")
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


def planted(company: Company, folder: Path, defect: str = "") -> Path:
    """The workbook of what was published, with a defect."""
    out = folder / "out"
    shutil.copytree(company.folder / "out" / "published", out / "published")
    if defect:
        with duckdb.connect(
            str(out / "published" / "lead_funnel.duckdb")
        ) as connection:
            assert connection.execute(defect).fetchone()[0]
    project = Project.from_environment({}, out=out)
    return workbook.write(project, "2026-04", folder / "book.xlsx")


def column(cells: dict[str, str], letter: str) -> list[str]:
    return [
        cell for place, cell in cells.items() if place.strip("0123456789") == letter
    ]


def test_formulas_carry_what_the_sheets_say(company: Company, tmp_path: Path) -> None:
    cells = carried(planted(company, tmp_path))
    assert cells["Tie-out"]["A2"] == "ties out"
    assert set(map(Decimal, column(cells["Tie-out"], "F"))) == {0}
    assert set(map(Decimal, column(cells["Spend"], "P"))) == {0}
    mart = [
        row
        for row in rows_of(company.published, "marts.mart_spend_per_sal")
        if row["fiscal_period_id"] == "2026-04"
    ]
    summary = cells["Summary"]
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
            "Spend", "P", ["0.01"],
        ),
        (
            "update marts.fct_attributed_acceptances set weight = weight + 0.5 "
            "where lifecycle_id = (select min(lifecycle_id) from "
            "marts.fct_attributed_acceptances where fiscal_period_id = '2026-04') "
            "and attribution_model = 'first_touch'",
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
