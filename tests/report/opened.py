"""A report that is open in a browser, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

READY = "body[aria-busy=false]"


@dataclass
class Opened:
    page: Page
    path: Path
    errors: list[str] = field(default_factory=list)
    """What the console told of as an error."""
    requests: list[str] = field(default_factory=list)
    """Addresses that were asked for, but for the file itself."""

    @classmethod
    @contextmanager
    def at(
        cls, browser: Browser, path: Path, hash_: str = "", **how: Any
    ) -> Iterator[Opened]:
        context = browser.new_context(offline=True, **how)
        page = context.new_page()
        opened = cls(page, path)
        page.on(
            "console",
            lambda said: (
                opened.errors.append(said.text) if said.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        address = path.resolve().as_uri()
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.split("#")[0] == address
                else opened.requests.append(asked.url)
            ),
        )
        page.goto(address + hash_)
        opened.wait()
        yield opened
        context.close()

    def wait(self) -> None:
        self.page.wait_for_selector(READY, timeout=60_000)

    def choose(self, **chosen: Any) -> None:
        """Set the address, as a link to this state of the page would."""
        pairs = [
            (name, value)
            for name, values in chosen.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        # An address without a choice names one that is none.
        wanted = urlencode(pairs) or "none="
        self.page.evaluate(
            """wanted => new Promise(done => {
                if (location.hash === "#" + wanted) return done();
                addEventListener("hashchange", () => setTimeout(done, 0), {once: true});
                location.hash = wanted;
            })""",
            wanted,
        )
        self.wait()

    def rows(self, figure: str) -> list[dict[str, Any]]:
        found = self.page.evaluate("name => report.rows(name)", figure)
        assert isinstance(found, list)
        return found

    def say(self, figure: str) -> str:
        return self.page.locator(f"#say-{figure}").inner_text()

    def table(self, figure: str) -> list[list[str]]:
        """The texts of the cells, without the head."""
        found = self.page.evaluate(
            """name => [...document.querySelectorAll(`#table-${name} tbody tr`)].map(
                row => [...row.cells].map(cell => cell.textContent))""",
            figure,
        )
        assert isinstance(found, list)
        return found

    @property
    def figures(self) -> list[str]:
        found = self.page.evaluate(
            """() => Object.keys(
                JSON.parse(document.getElementById("page").textContent).figures)"""
        )
        assert isinstance(found, list)
        return found
