"""Where a page is written."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration.errors import LeadFunnelError
from orchestration.html_files import write_whole


def check(path: Path) -> None:
    """A sentence where no page can be written; asked before the work begins."""
    if path.is_dir():
        raise LeadFunnelError(
            f"{path} is a folder: name the file to write, such as "
            f"--html {path / 'page.html'}."
        )
    if path.exists() and not path.is_file():
        raise LeadFunnelError(f"{path} is no file that a page could take the place of.")
    if not path.parent.is_dir():
        raise LeadFunnelError(
            f"There is no folder {path.parent} to write {path.name} into: make it, or "
            "name another FILE for --html."
        )
    if not os.access(path.parent, os.W_OK):
        raise LeadFunnelError(f"Nothing may be written into the folder {path.parent}.")


def write(path: Path, text: str) -> None:
    """Write the file as a whole: what was there before stays until it is done."""
    check(path)
    try:
        write_whole(path, text)
    except OSError as error:
        raise LeadFunnelError(
            f"{path} could not be written: {error.strerror or error}."
        ) from error
