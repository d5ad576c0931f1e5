"""The pages that are shown together with the published tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestration import docs_site
from orchestration.project import Project


def beside(project: Project, manifest: Mapping[str, Any]) -> Callable[[Path], None]:
    """What `publish` calls with the folder in which the tables lie."""

    def write(folder: Path) -> None:
        docs_site.write(project, manifest, folder)

    return write
