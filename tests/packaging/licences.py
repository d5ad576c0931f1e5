"""The licences of everything that the locks install, as docs/licences.md lists them.

`.venv/bin/python -m tests.packaging.licences` writes the page anew.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Iterator

from orchestration.project import ROOT

PAGE = ROOT / "docs" / "licences.md"

LOCKS = {"requirements.lock": "running", "requirements-dev.lock": "developing"}
"""Those whose packages are all in the development environment."""
ELSEWHERE = {
    "requirements-spark.lock": "Spark",
    "requirements-audit.lock": "make audit",
}
"""Those that have environments of their own."""

NOT_TOLD = {
    "axe-playwright-python": "MIT",
    "boolean-py": "BSD-2-Clause",
    "cachecontrol": "Apache-2.0",
    "cyclonedx-python-lib": "Apache-2.0",
    "dbt-spark": "Apache-2.0",
    "defusedxml": "PSF-2.0",
    "license-expression": "Apache-2.0",
    "packageurl-python": "MIT",
    "pip": "MIT",
    "pip-api": "Apache-2.0",
    "pip-audit": "Apache-2.0",
    "pip-requirements-parser": "MIT",
    "psutil": "BSD-3-Clause",
    "py-serializable": "Apache-2.0",
    "py4j": "BSD-3-Clause",
    "pyreadline3": "BSD-3-Clause",
    "pyspark": "Apache-2.0",
    "pywin32": "PSF-2.0",
    "sqlparams": "MIT",
    "tomli-w": "MIT",
    "win-precise-time": "MIT",
}
"""Of packages that are installed on other systems or in other environments, or do not
tell it in their metadata: as their repositories say."""

NAMES = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD 3-Clause OR Apache-2.0": "BSD-3-Clause OR Apache-2.0",
    "BSD License": "BSD",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What packages say, by what SPDX calls it."""

ASKS_NOTHING = {
    *("0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0"),
    *("CNRI-Python", "ISC", "MIT", "MIT-0", "PSF-2.0", "Zlib", "AFL-2.1"),
}
"""Licences that want their text kept, and nothing of whoever uses the package."""

LOOKED_AT = {
    "psycopg2-binary": "LGPL: used as it is, and can be replaced; asks nothing of a "
    "program that only imports it.",
    "text-unidecode": "Artistic or GPL, as the user likes: taken under the Artistic "
    "License.",
}
"""Packages under another licence, and why they may be used."""
MPL = "MPL-2.0"
MPL_NOTE = "MPL-2.0: only changes to its own files have to be published; none are made."


def locked(name: str) -> set[str]:
    text = (ROOT / name).read_text("utf-8")
    return set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))


def licence_of(package: str, installed: dict[str, importlib.metadata.Distribution]):
    """What a package is under, as SPDX writes it where it can be told."""
    if package in NOT_TOLD:
        return NOT_TOLD[package]
    metadata = installed[package].metadata
    said = metadata.get("License-Expression")
    if said:
        return NAMES.get(said, said)
    classes = [
        text.split(" :: ")[-1]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License :: ") and text.count(" :: ") > 1
    ]
    texts = classes or (metadata.get("License") or "").strip().splitlines()[:1]
    return " OR ".join(dict.fromkeys(NAMES.get(text, text) for text in texts))


def parts(licence: str) -> set[str]:
    """The licences that one is made of."""
    return set(re.split(r" (?:AND|OR) ", licence.replace("(", "").replace(")", "")))


def note_of(package: str, licence: str) -> str:
    """Why a package may be used whose licence asks for something."""
    if package in LOOKED_AT:
        return LOOKED_AT[package]
    asked = parts(licence) - ASKS_NOTHING
    if asked <= {MPL}:
        return MPL_NOTE if asked else ""
    raise SystemExit(
        f"{package} is under {licence!r}, which nobody has looked at: say in LOOKED_AT "
        "of tests/packaging/licences.py why it may be used, or leave it out."
    )


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Package, licence, what it is needed for, and what there is to say."""
    installed = {
        re.sub(r"[-_.]+", "-", each.name).lower(): each
        for each in importlib.metadata.distributions()
    }
    needed: dict[str, str] = {}
    for lock, purpose in (LOCKS | ELSEWHERE).items():
        for package in locked(lock):
            needed.setdefault(package, purpose)
    for package, purpose in sorted(needed.items()):
        licence = licence_of(package, installed)
        yield package, licence, purpose, note_of(package, licence)


def page() -> str:
    lines = [
        "# Licences",
        "",
        "Everything that the lock files install, with the licence that its own "
        "metadata names; Lead Funnel itself is under Apache-2.0. `tests/packaging` "
        "fails where a package is missing here, is under another licence by now, or "
        "is under one that nobody has looked at. After `make lock`: "
        "`.venv/bin/python -m tests.packaging.licences`.",
        "",
        "| package | licence | needed for | |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
