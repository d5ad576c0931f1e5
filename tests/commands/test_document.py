"""The blocks of a document on a terminal and as a page, and the file of a page."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ElementTree
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from orchestration.commands.document import charts, files, html, terminal
from orchestration.commands.document.blocks import (
    Cell,
    Column,
    Details,
    Document,
    Heading,
    Picture,
    Sentence,
    Table,
    Tone,
)
from orchestration.errors import LeadFunnelError
from orchestration.intervals import Interval, wilson
from orchestration.printable import printable
from tests.commands.pages import HTML, SVG, parsed, requests, texts

HOSTILE = "<script>alert('x')</script> & [/bold] [red]:smile: \x1b[31m\x07\u202e</p>"
SHOWN = "<script>alert('x')</script> & [/bold] [red]:smile: ␛[31m␇\ufffd</p>"


def on_terminal(*blocks: object, width: int = 100, **options: object) -> str:
    stream = StringIO()
    screen = Console(file=stream, width=width, **options)  # type: ignore[arg-type]
    terminal.show(screen, Document("title", blocks))  # type: ignore[arg-type]
    return stream.getvalue()


def as_page(*blocks: object, title: str = "title", **options: bool) -> str:
    return html.page(Document(title, blocks), **options)  # type: ignore[arg-type]


def table(*rows: tuple, **options: object) -> Table:
    made = Table("The days", (Column("day"), Column("rows", is_right=True)))
    for row in rows:
        made.add(*row)
    return made


# A terminal.


def test_a_terminal_shows_each_block_as_it_always_did() -> None:
    monthly = table(("2026-04", "5"))
    monthly.add(Cell(("2026-04",), is_repeated=True), "1,000")
    monthly.add(("2026-05", "Fri"), "7", starts_section=True)
    told = on_terminal(
        Heading("Part"), Sentence("Said."), Heading("Smaller", level=3), monthly
    )
    assert [line.rstrip() for line in told.splitlines()] == [
        "",
        "Part",
        "────",
        "Said.",
        "",
        "Smaller",
        "",
        " day        rows",
        " ───────────────",
        " 2026-04       5",
        "           1,000",
        "",
        " 2026-05       7",
        " Fri",
        "",
    ]


def test_a_terminal_shows_the_tone_as_a_colour() -> None:
    options = {"force_terminal": True, "color_system": "standard"}
    told = on_terminal(Sentence("+ row", Tone.ADDED), **options)
    assert told == "\x1b[32m+ row\x1b[0m\n"
    told = on_terminal(Sentence("why", Tone.REJECTED, is_strong=True), **options)
    assert told == "\x1b[1;31mwhy\x1b[0m\n"


def test_what_is_folded_or_drawn_on_a_page_is_said_on_a_terminal() -> None:
    told = on_terminal(
        Details("More", (Sentence("inside"),)), Picture("<svg/>", "a drawing of it")
    )
    assert told.split() == ["More", "inside", "a", "drawing", "of", "it"]


@pytest.mark.parametrize("where", ["heading", "sentence", "cell", "title", "details"])
def test_text_from_outside_is_only_text_on_a_terminal(where: str) -> None:
    hostile = Table("c", (Column(HOSTILE if where == "title" else "t"),))
    hostile.add(HOSTILE if where == "cell" else "x")
    block = {
        "heading": Heading(HOSTILE),
        "sentence": Sentence(HOSTILE),
        "details": Details(HOSTILE, ()),
    }.get(where, hostile)
    told = on_terminal(block, force_terminal=True, color_system=None)
    assert SHOWN in told
    # What rich itself writes is no more than this.
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", told)) <= {"\n"}


def test_a_line_break_from_outside_breaks_no_line() -> None:
    told = on_terminal(table(("a\nb", "1")), Sentence("c\r\nd"))
    assert "a␊b" in told and "c␍␊d" in told


def test_signs_take_the_place_of_what_steers() -> None:
    assert printable("株式会社 ① é\u3000x") == "株式会社 ① é\u3000x"
    assert printable("\x00\t\x7f\x9b\u2028\u2066") == "␀␉␡\ufffd␤\ufffd"


# A page.


def test_a_page_is_well_formed_and_its_tables_say_what_they_are() -> None:
    page = as_page(Heading("Part"), table(("2026-04", "5"), ("2026-05", "6")))
    root = parsed(page)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en"')
    [drawn] = root.iter(f"{HTML}table")
    [caption] = drawn.iter(f"{HTML}caption")
    assert caption.text == "The days"
    heads = [(node.text, node.get("scope")) for node in drawn.iter(f"{HTML}th")]
    assert heads == [
        *(("day", "col"), ("rows", "col")),
        *(("2026-04", "row"), ("2026-05", "row")),
    ]
    [region] = [node for node in root.iter() if node.get("class") == "scroll"]
    assert (region.get("tabindex"), region.get("aria-label")) == ("0", "The days")


def test_a_column_without_a_title_has_one_for_who_listens() -> None:
    made = Table("c", (Column("day"), Column("", spoken="where it ends")))
    made.add("x", "due")
    assert texts(as_page(made), "th")[1] == "where it ends"


def test_headings_go_down_one_level_at_a_time() -> None:
    page = as_page(
        Heading("2"),
        Heading("3", level=3),
        Details("lead", (Details("side", (Heading("5"), Heading("6", level=3))),)),
        Heading("2 again"),
    )
    levels = [
        (node.tag.removeprefix(HTML), "".join(node.itertext()))
        for node in parsed(page).iter()
        if re.fullmatch(r"h\d", node.tag.removeprefix(HTML))
    ]
    assert levels == [
        ("h1", "title"),
        ("h2", "2"),
        ("h3", "3"),
        ("h3", "lead"),
        ("h4", "side"),
        ("h5", "5"),
        ("h6", "6"),
        ("h2", "2 again"),
    ]


@pytest.mark.parametrize("tag", ["h2", "h3", "p", "td", "th", "caption", "title", "h1"])
def test_text_from_outside_is_only_text_on_a_page(tag: str) -> None:
    hostile = Table(HOSTILE, (Column(HOSTILE), Column("b")))
    hostile.add(HOSTILE, (HOSTILE, "x"))
    page = as_page(
        Heading(HOSTILE),
        Sentence(HOSTILE, Tone.ADDED),
        Details(HOSTILE, (hostile,)),
        Picture("<svg xmlns='http://www.w3.org/2000/svg'/>", HOSTILE),
        title=HOSTILE,
    )
    assert any(SHOWN in text for text in texts(page, tag))
    assert list(parsed(page).iter(f"{HTML}script")) == []
    assert "<script" not in page
    [figure] = parsed(page).iter(f"{HTML}figure")
    assert figure.get("aria-label") == SHOWN


def test_a_version_with_a_hostile_name_is_only_text_in_a_chart() -> None:
    pair = charts.Pair("2026-04", wilson(1, 2), wilson(1, 3))
    drawn = charts.pairs((HOSTILE, "edited"), [pair])
    root = ElementTree.fromstring(drawn)
    assert {node.tag for node in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "rect", "g", "path", "line", "text")
    }
    assert SHOWN in [node.text for node in root.iter(f"{SVG}text")]


def test_a_chart_draws_each_interval_to_scale() -> None:
    """The bars are as long, one to another, as the intervals are wide."""
    intervals = [
        Interval(0.5, 0.4, 0.6),
        Interval(0.3, 0.2, 0.7),
        Interval(0.9, 0.85, 0.95),
    ]
    months = [
        charts.Pair("2026-04", intervals[0], intervals[1]),
        charts.Pair("2026-05", intervals[2], None),
    ]
    root = ElementTree.fromstring(charts.pairs(("before", "after"), months))
    lines = [
        abs(float(line.get("y2") or 0))
        for line in root.iter(f"{SVG}line")
        if line.get("stroke") in (charts.BEFORE, charts.AFTER)
    ]
    unit = sum(lines) / (0.2 + 0.5 + 0.1)
    assert sorted(round(length / unit, 2) for length in lines) == [0.1, 0.2, 0.5]


def test_a_chart_is_the_same_each_time() -> None:
    months = [charts.Pair("2026-04", wilson(1, 2), wilson(1, 3))]
    first = charts.pairs(("before", "after"), months)
    assert charts.pairs(("before", "after"), months) == first


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("by late@example.com, at noon", "by (address), at noon"),
        ("Ｌａｔｅ＠example.co.jp", "(address)"),
        ("generic 'x.y+z@mail.example.com'.", "generic '(address)'."),
        ("@ noon, a@b, 5 @ 3.2", "@ noon, a@b, 5 @ 3.2"),
    ],
)
def test_addresses_are_left_out_where_a_page_says_so(text: str, shown: str) -> None:
    assert texts(as_page(Sentence(text), hides_addresses=True), "p")[0] == shown
    assert texts(as_page(Sentence(text)), "p")[0] == text


def test_a_page_asks_nothing_of_the_network() -> None:
    months = [charts.Pair("2026-04", wilson(1, 2), wilson(1, 3))]
    drawn = Picture(charts.pairs(("before", "after"), months), "chart")
    page = as_page(Heading("a"), drawn, Heading("b"), Heading("c"))
    assert requests(page) == []
    assert "default-src 'none'" in page
    # The check itself finds one.
    assert requests(page.replace("<main>", "<main><img src='http://x/y.png'/>"))


# The file.


def test_a_page_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    for text in ("first", "第二"):
        files.write(path, text)
        assert path.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")

    def full(there: Path, *_: object, **__: object) -> None:
        with there.open("wb") as stream:
            stream.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LeadFunnelError, match="No space left on device"):
        files.write(path, "after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "is a folder: name the file to write"),
        ("none/page.html", "There is no folder"),
        ("fifo", "is no file that a page could take the place of"),
    ],
)
def test_where_no_page_can_be_is_a_sentence(
    tmp_path: Path, name: str, says: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(LeadFunnelError, match=says):
        files.write(tmp_path / name, "page")
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]
