"""The pages that are shown together with the published tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestration import docs_site
from orchestration.project import Project
from orchestration.publication.publications import DATABASE, Publication
from orchestration.report import page


def beside(
    project: Project, manifest: Mapping[str, Any]
) -> Callable[[Publication, Path], None]:
    """What `publish` calls with the folder in which the tables lie."""

    def write(publication: Publication, folder: Path) -> None:
        docs_site.write(project, manifest, folder)
        page.write(
            project, manifest, publication, folder / DATABASE, folder / page.FILE
        )

    return write
