"""One random company under the shipped definition, run once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.reference.compare import build_warehouse, loaded_at
from tests.reference.generate import write_situation


@dataclass(frozen=True)
class Company:
    landing: Path
    settings: dict
    published: Path
    loaded_at: datetime


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    landing, _, settings = write_situation(folder, seed=2, people=1500)
    # Of the company's settings those without which its files cannot be read.
    settings = {name: settings[name] for name in ("as_of", "source_day_orders")}
    published = build_warehouse(landing, folder / "out", None, settings)
    return Company(landing, settings, published, loaded_at(folder / "out"))
