"""What a publication was made with: which run, which code, which definition."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.project import ROOT, Project
from orchestration.publication.manifest import Publication
from orchestration.settings.definition_files import overlay_files
from orchestration.transformation import dbt_runner

FIELDS = (
    "run_id",
    "version",
    "code",
    "definition_version",
    "definition_fingerprint",
    "definition_parts",
)
"""Fields of a publication that say it."""


def made_with(project: Project, run_id: str | None) -> dict[str, Any]:
    """The fields of a publication that a run makes."""
    parts = definition_parts(project)
    return {
        "run_id": run_id,
        "version": package_version(),
        "code": dbt_runner.fingerprint(project),
        "definition_version": _in_force(project),
        "definition_fingerprint": _fingerprint(parts),
        "definition_parts": parts,
    }


def as_before(publication: Publication | None) -> dict[str, Any]:
    """Those of a publication that is published once more without a run."""
    if publication is None:
        return {}
    return {name: getattr(publication, name) for name in FIELDS}


@lru_cache(maxsize=1)
def package_version() -> str:
    """As pyproject.toml says it."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(said["project"]["version"])


def definition_parts(project: Project) -> dict[str, str]:
    """A digest of each seed, as the company overlays it, and of each var that rows
    depend on; as_of is none."""
    overlays: dict[str, list[str]] = {}
    for file in overlay_files(project):
        overlays.setdefault(file.seed, []).append(f"{file.mode} {file.sha256}")
    parts = {
        path.stem: _fingerprint(
            [_sha256(path.read_bytes()), *overlays.get(path.stem, [])]
        )
        for path in sorted(project.seeds.glob("*.csv"))
    }
    given: Mapping[str, Any] = json.loads(project.vars.as_json())
    for name, value in given.items():
        if name not in ("as_of", "report_names_reps"):
            parts[f"the var {name}"] = _fingerprint(value)
    return parts


def _in_force(project: Project) -> str | None:
    """The version of the definition that is in force as of the publication."""
    schema = f"{project.schema_prefix}marts"
    with duckdb.connect(str(project.built), read_only=True) as connection:
        if not warehouse.has_table(connection, schema, "dim_funnel_definitions"):
            return None
        found = connection.execute(
            f"select max(definition_version) from {schema}.dim_funnel_definitions "
            "where is_in_force"
        ).fetchone()
    return found[0] if found else None


def _fingerprint(value: object) -> str:
    return _sha256(json.dumps(value, sort_keys=True).encode())[:16]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
