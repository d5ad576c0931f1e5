"""dbt's own docs as one page, kept beside the parsed project.

dbt writes the page (`dbt docs generate --static`) and puts into it the manifest
and the catalog that lie in its target folder. Both are made ready before: without
what differs from machine to machine and from run to run, and escaped as a script
wants it. The catalog says of the public tables the types that their contracts
enforce, so no database is asked.

dbt's page would ask for an icon beside it, for pictures whose address is filled in
only later (`{{ logo }}`) and, where its statistics are switched on, for a script
that counts visitors. Ours asks for nothing: the links are taken out, addresses are
set once they are known (AngularJS's `ng-attr-`), the manifest says that statistics
are off, and a policy in the head of the page (Content-Security-Policy) lets the
browser fetch nothing at all.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from orchestration import glossary, html_files
from orchestration.errors import LeadFunnelError
from orchestration.html_files import as_script, write_whole
from orchestration.project import Project
from orchestration.publication.publications import PUBLIC_SCHEMAS, column_comment
from orchestration.transformation import dbt_runner, parsed_project

DOCS, GLOSSARY = "docs.html", "glossary.html"
"""What the pages are called; they lie side by side."""

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; base-uri 'none'; form-action 'none'"
)
"""What the browser may fetch for the page: nothing that is not in it."""

_HEAD = "<head>"
_LINK = re.compile(r"<link\b[^>]*>")
_FILLED_IN_LATER = re.compile(r' (?:xlink:)?(href|src)="(?=\{\{)')

_OF_A_RUN = frozenset(
    {
        "generated_at",
        "invocation_id",
        "invocation_started_at",
        "run_started_at",
        "created_at",
    }
)
_OF_THE_MACHINE = frozenset({"root_path", "build_path", "compiled_path", "env"})
_OF_NOBODY = frozenset({"user_id", "project_id"})
_DROPPED = _OF_A_RUN | _OF_THE_MACHINE | _OF_NOBODY | {"unrendered_config"}
"""Fields of the manifest and of its nodes that are not for readers."""

_WITH_NODES = (
    "nodes",
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
)
"""Sections of the manifest whose values have such fields."""

_SETS = frozenset({"sources", "refs", "depends_on"})
_MAPS = frozenset({"parent_map", "child_map"})
"""Fields and sections with lists whose order is another one in every process."""


def page(project: Project) -> bytes:
    """dbt's docs of the project, made where nobody has made them yet."""
    path = dbt_runner.parsed_folder(project) / f"docs-{_made_by()}.html"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = _made(project)
        _keep(made, path)
        return made


@cache
def _made_by() -> str:
    """Changes when the code does that makes the page: another one is then kept. Asked
    once, as a file may be edited while what it said is at work."""
    made_by = hashlib.sha256()
    for path in (__file__, glossary.__file__, html_files.__file__):
        made_by.update(Path(path).read_bytes())
    return made_by.hexdigest()[:8]


def _made(project: Project) -> bytes:
    manifest = dbt_runner.manifest_json(project)
    project.dbt_target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="docs-", dir=project.dbt_target) as name:
        folder = Path(name)
        (folder / parsed_project.MANIFEST).write_text(
            as_script(for_readers(with_terms(manifest)), sort_keys=True),
            encoding="utf-8",
        )
        text, empty_catalog = dbt_runner.static_docs(project, folder)
    full_catalog = as_script(catalog(manifest), sort_keys=True)
    return finished(text, empty_catalog, full_catalog).encode()


def _keep(made: bytes, path: Path) -> None:
    """Processes may share the folder: the page is there as a whole or not at all. Where
    the parsed project has gone from it, nothing is kept."""
    with suppress(FileNotFoundError):
        write_whole(path, made)


def for_readers(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without what is of one machine, run or user, and without the
    macros that dbt and its adapters bring along."""
    found = {
        section: {key: _without(node) for key, node in nodes.items()}
        if section in _WITH_NODES
        else _sorted(nodes)
        if section in _MAPS
        else nodes
        for section, nodes in manifest.items()
    }
    own = manifest["metadata"]["project_name"]
    found["macros"] = {
        key: macro
        for key, macro in found["macros"].items()
        if macro["package_name"] == own
    }
    found["metadata"] = {
        **_without(manifest["metadata"]),
        "send_anonymous_usage_stats": False,
    }
    return found


def _without(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _sorted(value) if name in _SETS else value
        for name, value in node.items()
        if name not in _DROPPED
    }


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(part) for name, part in value.items()}
    if isinstance(value, list):
        return sorted(value, key=lambda part: json.dumps(part, sort_keys=True))
    return value


def with_terms(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with the Japanese term behind the description of each column and
    metric, and a link to the glossary where it is about a word of it."""
    terms = {term.key: term for term in glossary.terms(manifest)}

    def told(described: Mapping[str, Any]) -> dict[str, Any]:
        links = [
            f"[{terms[key].en} · {terms[key].ja}]({GLOSSARY}#{key})"
            for key in glossary.keys_of(described)
            if key in terms
        ]
        text = " → ".join([column_comment(described), ", ".join(links)])
        return {**described, "description": text.removesuffix(" → ")}

    return {
        **manifest,
        "metrics": {key: told(metric) for key, metric in manifest["metrics"].items()},
        "nodes": {
            key: {
                **node,
                "columns": {
                    name: told(column)
                    for name, column in node.get("columns", {}).items()
                },
            }
            for key, node in manifest["nodes"].items()
        },
    }


def catalog(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """dbt's catalog of the public tables, by their contracts."""
    return {
        "metadata": {"dbt_version": manifest["metadata"]["dbt_version"]},
        "nodes": {
            unique_id: {
                "unique_id": unique_id,
                "metadata": {
                    "type": "BASE TABLE",
                    "schema": node["schema"],
                    "name": node["name"],
                    "database": node["database"],
                    "owner": None,
                    "comment": None,
                },
                "columns": {
                    name: {
                        "name": name,
                        "index": number,
                        "type": column["data_type"],
                        "comment": None,
                    }
                    for number, (name, column) in enumerate(node["columns"].items(), 1)
                },
                "stats": {},
            }
            for unique_id, node in manifest["nodes"].items()
            if node["resource_type"] == "model"
            and node["config"].get("schema") in PUBLIC_SCHEMAS
        },
        "sources": {},
        "errors": None,
    }


def finished(text: str, empty_catalog: str, full_catalog: str) -> str:
    """The page as dbt wrote it, with the catalog, and with nothing to be fetched."""
    before, catalog_found, after = text.rpartition(empty_catalog)
    head, head_found, body = before.partition(_HEAD)
    if not (catalog_found and head_found):
        raise LeadFunnelError(
            "The docs that dbt wrote do not look as this project expects: a version "
            "of dbt is installed that it does not know. Install the one of "
            "requirements.lock (make setup)."
        )
    links, script, rest = body.partition("<script")
    rest = _FILLED_IN_LATER.sub(r' ng-attr-\1="', rest)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return "".join(
        [head, _HEAD, policy, _LINK.sub("", links), script, rest, full_catalog, after]
    )
