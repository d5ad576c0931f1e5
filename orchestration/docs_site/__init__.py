"""What people read about the numbers: dbt's docs and the glossary, as pages.

Each is one file that opens offline and asks for nothing from anywhere. The same
project gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestration.docs_site import dbt_docs, glossary_page
from orchestration.docs_site.dbt_docs import DOCS, GLOSSARY
from orchestration.project import Project

__all__ = ["DOCS", "GLOSSARY", "write"]


def write(project: Project, manifest: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the pages into a folder; says which they are."""
    docs, glossary = folder / DOCS, folder / GLOSSARY
    docs.write_bytes(dbt_docs.page(project))
    glossary.write_text(glossary_page.page(manifest, DOCS), encoding="utf-8")
    return [docs, glossary]
