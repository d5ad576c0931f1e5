"""Reads a workbook back: what its cells say, and how they look."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass
class Style:
    number_format: str
    is_wrapped: bool
    is_text_for_good: bool
    """Whether the cell stays text when somebody edits it."""


@dataclass
class Sheet:
    name: str
    xml: ElementTree.Element
    rows: list[list]
    """What the cells say; of formulas, the results that they carry."""
    formulas: dict[str, str] = field(default_factory=dict)
    styles: dict[str, Style] = field(default_factory=dict)
    widths: dict[int, float] = field(default_factory=dict)
    """By the number of the column, from 1."""

    def table(self, head: int = 0) -> list[dict]:
        """The rows below the headings in row `head`, from 0."""
        names = self.rows[head]
        return [dict(zip(names, row, strict=True)) for row in self.rows[head + 1 :]]

    def cell(self, heading: str, row: int, head: int = 0) -> str:
        """Where the cell of a column is in a row of the sheet, from 1."""
        return f"{chr(ord('A') + self.rows[head].index(heading))}{row}"


def read(path: Path) -> dict[str, Sheet]:
    book = CalamineWorkbook.from_path(str(path))
    found = {}
    with zipfile.ZipFile(path) as parts:
        styles = _styles(ElementTree.fromstring(parts.read("xl/styles.xml")))
        for number, name in enumerate(book.sheet_names, start=1):
            xml = ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml"))
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            sheet = found[name] = Sheet(name, xml, rows)
            for cell in xml.iter(f"{MAIN}c"):
                place = cell.attrib["r"]
                sheet.styles[place] = styles[int(cell.attrib.get("s", 0))]
                formula = cell.findtext(f"{MAIN}f")
                if formula is not None:
                    sheet.formulas[place] = formula
            for column in xml.iter(f"{MAIN}col"):
                first, last = int(column.attrib["min"]), int(column.attrib["max"])
                for place_of_column in range(first, last + 1):
                    width = float(column.attrib["width"])
                    sheet.widths[place_of_column] = width
    return found


def repeated_rows(path: Path) -> list[str]:
    """What is printed on top of every page, of each sheet that has such rows."""
    with zipfile.ZipFile(path) as parts:
        book = ElementTree.fromstring(parts.read("xl/workbook.xml"))
    return [
        name.text or ""
        for name in book.iter(f"{MAIN}definedName")
        if name.attrib["name"] == "_xlnm.Print_Titles"
    ]


def _styles(xml: ElementTree.Element) -> list[Style]:
    formats = {"0": "General", "1": "0", "3": "#,##0", "4": "#,##0.00"}
    for told in xml.iter(f"{MAIN}numFmt"):
        formats[told.attrib["numFmtId"]] = told.attrib["formatCode"]
    found = []
    for style in xml.find(f"{MAIN}cellXfs") or ():
        alignment = style.find(f"{MAIN}alignment")
        wrapped = alignment is not None and alignment.attrib.get("wrapText") == "1"
        found.append(
            Style(
                formats[style.attrib["numFmtId"]],
                wrapped,
                style.attrib.get("quotePrefix") == "1",
            )
        )
    return found
