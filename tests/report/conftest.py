"""The sample's report, opened in Debian's Chromium from a file, without a network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from orchestration.project import Project
from tests.report.opened import Opened

CHROMIUM = Path("/usr/bin/chromium")


# While it is open an event loop runs in this thread, which Dagster's tests would find.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("LEAD_FUNNEL_REQUIRE_CHROMIUM"):
            pytest.fail(f"there is no {CHROMIUM}: apt-get install chromium")
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def report(published_sample: Project) -> Path:
    """The file that the run wrote."""
    return published_sample.published / "report.html"


@pytest.fixture(scope="module")
def page(browser: Browser, report: Path) -> Iterator[Opened]:
    """The report as it opens; a test that changes it puts it back."""
    with Opened.at(browser, report) as opened:
        yield opened
