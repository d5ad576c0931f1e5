"""Make the pictures of docs/report.md: `python -m tests.report.pictures OUT`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from orchestration.project import ROOT
from tests.report.conftest import CHROMIUM
from tests.report.opened import Opened

FOLDER = ROOT / "docs" / "pictures"


def main(out: Path) -> None:
    report = out / "published" / "report.html"
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        how = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
        with Opened.at(browser, report, **how) as opened:
            opened.page.screenshot(
                path=FOLDER / "report-phone.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": 390, "height": 2600},
            )
        with Opened.at(browser, report) as opened:
            pdf = Path(folder) / "report.pdf"
            opened.page.pdf(path=pdf, prefer_css_page_size=True)
        # poppler-utils; the second page, with the rates by month.
        subprocess.run(
            [
                *("pdftoppm", "-png", "-r", "80", "-f", "2", "-singlefile"),
                *(str(pdf), str(FOLDER / "report-print")),
            ],
            check=True,
        )
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
