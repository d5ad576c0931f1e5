"""Reads a page as a browser would: its tables, its folds, what it would fetch."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"


def parsed(page: str) -> ElementTree.Element:
    """The page, which has to be well-formed."""
    return ElementTree.fromstring(page)


def text(node: ElementTree.Element) -> str:
    """What stands in a node, its lines joined by one blank."""
    parts = [node.text or ""]
    for child in node:
        parts += [" " if child.tag == f"{HTML}br" else text(child), child.tail or ""]
    return " ".join("".join(parts).split())


def texts(page: str, tag: str) -> list[str]:
    return [text(node) for node in parsed(page).iter(f"{HTML}{tag}")]


def rows(table: ElementTree.Element) -> list[list[str]]:
    """The rows of a table without its head."""
    return [
        [text(cell) for cell in row]
        for body in table.iter(f"{HTML}tbody")
        for row in body
    ]


def tables(node: ElementTree.Element) -> Iterator[tuple[str, list[list[str]]]]:
    """The caption and the rows of each table."""
    for table in node.iter(f"{HTML}table"):
        [caption] = table.iter(f"{HTML}caption")
        yield text(caption), rows(table)


def table(page: str, caption: str) -> list[list[str]]:
    [found] = [rows for said, rows in tables(parsed(page)) if said == caption]
    return found


def folds(node: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """What is folded away right in a node, by its summary."""
    found = {}
    for child in node:
        if child.tag == f"{HTML}details":
            summary, body = child
            found[text(summary)] = body
        else:
            found |= folds(child)
    return found


def requests(page: str) -> list[str]:
    """What a browser would fetch, or follow to another place."""
    found = re.findall(r"url\(|@import", page)
    for node in parsed(page).iter():
        tag = node.tag.rpartition("}")[2]
        if tag in ("script", "link", "iframe", "img", "object", "embed", "image"):
            found.append(tag)
        for name, value in node.attrib.items():
            if name.rpartition("}")[2] in ("src", "href", "srcset", "action", "data"):
                if not value.startswith("#"):
                    found.append(f"{name}={value}")
            elif "://" in value:
                found.append(f"{name}={value}")
    return found
