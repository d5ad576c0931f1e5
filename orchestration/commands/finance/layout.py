"""How a sheet of the workbook looks: formats, widths, and how it is printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len

A4 = 9
"""The number of the paper."""

WIDEST = 60
"""Characters of a column of text; what is longer is wrapped."""

LONGEST_TEXT = 32_767
"""What a cell holds."""

WITHOUT_MINOR_UNIT = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
    "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
"""Currencies that ISO 4217 gives no decimals."""

DAY, INSTANT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and what stands below it."""

    heading: str
    values: Sequence[Any]
    """Of a formula, its result."""
    kind: str | Sequence[str] = "text"
    """text, day, instant, amount, count, digits or items; of each cell where they
    differ."""
    currency: str | Sequence[str] = ""
    """Of amounts."""
    formulas: Sequence[str | None] = ()

    def kind_of(self, row: int) -> str:
        return self.kind if isinstance(self.kind, str) else self.kind[row]

    def currency_of(self, row: int) -> str:
        return self.currency if isinstance(self.currency, str) else self.currency[row]

    def formula_of(self, row: int) -> str | None:
        return self.formulas[row] if self.formulas else None


class Layout:
    """Writes tables into the sheets of one workbook.

    Formulas carry their results where `cached`.
    """

    def __init__(self, book: Any, footer: str, *, cached: bool) -> None:
        self.book, self.footer, self.cached = book, footer, cached
        self.styles: dict[tuple[tuple[str, Any], ...], Any] = {}

    def style(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.styles:
            self.styles[key] = self.book.add_format(properties)
        return self.styles[key]

    def sheet(self, name: str) -> Any:
        """A sheet that prints on A4 landscape, one page wide."""
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_footer(self.footer)
        return sheet

    def title(self, sheet: Any, row: int, text: str, **properties: Any) -> None:
        self.text(sheet, row, 0, text, **{"bold": True, **properties})

    def text(
        self, sheet: Any, row: int, place: int, text: str, **properties: Any
    ) -> None:
        """Text, whatever it looks like: a memo may begin with "=". It stays text
        when somebody edits the cell."""
        if text.startswith(("=", "+", "-", "@")):
            properties["quote_prefix"] = True
        style = self.style(**properties) if properties else None
        sheet.write_string(row, place, text[:LONGEST_TEXT], style)

    def number(
        self,
        sheet: Any,
        row: int,
        place: int,
        formula: str,
        result: Decimal | int | str,
        **properties: Any,
    ) -> None:
        """A formula, with the result that it will have."""
        told = result if isinstance(result, str) else float(result)
        sheet.write_formula(
            row, place, formula, self.style(**properties), told if self.cached else ""
        )

    def table(
        self,
        sheet: Any,
        columns: Sequence[Column],
        *,
        head: int = 0,
        totals: int = 0,
        frozen: int = 0,
    ) -> None:
        """Headings, which every printed page repeats, and the rows below them; the
        last `totals` rows are set apart."""
        sheet.repeat_rows(head)
        sheet.freeze_panes(head + 1, frozen)
        for place, column in enumerate(columns):
            self.text(
                sheet, head, place, column.heading,
                bold=True, bottom=1, text_wrap=True, valign="top",
            )  # fmt: skip
            width = self._column(sheet, column, head + 1, place, totals)
            sheet.set_column(place, place, min(WIDEST, max(width, 6)) + 2)

    def _column(
        self, sheet: Any, column: Column, first: int, place: int, totals: int
    ) -> int:
        """Write the cells; how wide the widest is."""
        width = _width_of_heading(column.heading)
        digits = _digits(column)
        body = len(column.values) - totals
        for number, value in enumerate(column.values):
            if value is None:
                continue
            row, kind = first + number, column.kind_of(number)
            apart = {"bold": True} if number >= body else {}
            if number == body:
                apart["top"] = 1
            formula = column.formula_of(number)
            if kind == "text" and formula is None:
                text = str(value)
                shown = max(map(cell_len, text.splitlines()), default=0)
                if shown > WIDEST or "\n" in text:
                    apart["text_wrap"] = True
                self.text(sheet, row, place, text, valign="top", **apart)
                width = max(width, shown)
                continue
            places = digits[kind, column.currency_of(number)]
            style = {"num_format": _number_format(kind, places), "valign": "top"}
            if formula is not None:
                self.number(sheet, row, place, formula, value, **style, **apart)
            elif isinstance(value, date | datetime):
                sheet.write_datetime(row, place, value, self.style(**style, **apart))
            else:
                # A sheet knows no other number than a double.
                sheet.write_number(
                    row, place, float(value), self.style(**style, **apart)
                )
            width = max(width, _width_of_number(kind, value, places))
        return width


def _digits(column: Column) -> dict[tuple[str, str], int]:
    """Decimals of the numbers of a column, by their kind and currency."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row, value in enumerate(column.values):
        kind, currency = column.kind_of(row), column.currency_of(row)
        if isinstance(value, Decimal):
            found[kind, currency] = max(found[kind, currency], _decimals(value))
    for kind, currency in [*found]:
        if kind == "count":
            found[kind, currency] = 2
        elif kind == "amount":
            is_whole = found[kind, currency] == 0
            found[kind, currency] = (
                0 if is_whole and currency in WITHOUT_MINOR_UNIT else 2
            )
    return found


def _decimals(value: Decimal) -> int:
    """How many decimals a number needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _number_format(kind: str, places: int) -> str:
    if kind in ("day", "instant"):
        return DAY if kind == "day" else INSTANT
    return "#,##0" + ("." + "0" * places if places else "")


def _width_of_number(kind: str, value: Any, places: int) -> int:
    if kind in ("day", "instant"):
        return len(DAY if kind == "day" else INSTANT)
    if isinstance(value, str):
        return cell_len(value)
    return len(f"{value:,.{places}f}")


def _width_of_heading(heading: str) -> int:
    """That of its longest word, as it is wrapped; one without blanks in two lines."""
    longest = max(map(cell_len, heading.split()), default=0)
    return longest if heading.isascii() else (longest + 1) // 2
