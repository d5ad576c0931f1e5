"""Runs dbt inside this process, and says its failures as sentences.

A dbt process of its own costs ten seconds before it does anything; several
invocations here share one import and one parsed project (the manifest).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration import warehouse
from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project, in_environment
from orchestration.run import interrupts
from orchestration.transformation import parsed_project

_FOLDERS = ("models", "seeds", "macros", "tests/data")
_FILES = ("dbt_project.yml", "profiles.yml")
_PLUGIN = Path(__file__).with_name("dbt_plugin.py")
_LEARNING = Path(__file__).parents[1] / "acceptance"
_LONGEST = 600
_WANTED = "wanted"
_HOOK = "operation"
_MOST_ROWS = 5
"""Of what a failed test found, so many rows speak."""
_LOG = logging.getLogger("lead_funnel")
_GOOD = frozenset({"success", "pass"})

# What is parsed anywhere names this warehouse and opens none: dbt parses
# everything again where a variable in profiles.yml has another value.
_NO_WAREHOUSE = {"LEAD_FUNNEL_WAREHOUSE": "warehouse.duckdb"}

# Parsed projects of this process, by the fingerprint of what was parsed: dbt's
# own object, and the JSON that tools read.
_parsed: dict[str, Any] = {}
_parsed_json: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class NodeResult:
    """What one model, seed or test came to."""

    unique_id: str
    name: str
    kind: str
    status: str
    seconds: float
    message: str
    failures: int
    compiled_path: str
    file: str
    description: str = ""
    found: str = ""
    """What a failed test says of the first rows that it found."""

    @property
    def is_good(self) -> bool:
        return self.status in _GOOD

    @property
    def is_failed(self) -> bool:
        return self.status in {"error", "fail", "runtime error", "partial success"}


def fingerprint(project: Project) -> str:
    """Changes when anything changes that dbt parses, or that gives what it builds
    another meaning: DuckDB does not promise that the next version's hash() gives
    the same keys, nor scikit-learn that it learns the same."""
    digest = hashlib.sha256(
        f"{project.engine} {duckdb.__version__} {version('scikit-learn')} "
        f"{project.schema_prefix}".encode()
    )
    for path in (_PLUGIN, *sorted(_LEARNING.glob("*.py"))):
        digest.update(path.read_bytes())
    for path in _parsed_files(project.root):
        digest.update(str(path.relative_to(project.root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _parsed_files(root: Path) -> Iterator[Path]:
    for name in _FILES:
        yield root / name
    for folder in _FOLDERS:
        yield from sorted(p for p in (root / folder).rglob("*") if p.is_file())


def manifest(project: Project) -> Any:
    """The parsed project as dbt takes it for another invocation."""
    key = fingerprint(project)
    if key not in _parsed:
        nodes = set(manifest_json(project)["nodes"])
        found = _parsed.get(key) or _read_back(project, key)
        if set(found.nodes) == nodes:
            _parsed[key] = found
        else:
            # dbt takes a state that it cannot read for an empty project.
            parsed_project.discard(parsed_project.kept_path(project, key))
            _parse(project, key)
    return _parsed[key]


def _read_back(project: Project, key: str) -> Any:
    kept = parsed_project.kept_path(project, key)
    arguments = [
        "parse",
        "--no-write-json",
        "--partial-parse-file-path",
        str(kept / parsed_project.STATE),
        # The fingerprint says that no file changed.
        "--no-partial-parse-file-diff",
    ]
    return _invoke(project, arguments, environment=_NO_WAREHOUSE).result


def manifest_json(project: Project) -> dict[str, Any]:
    """The manifest as the JSON that tools read, parsed once per content."""
    key = fingerprint(project)
    if key not in _parsed_json:
        kept = parsed_project.kept_path(project, key)
        found = parsed_project.manifest_json(kept)
        _parsed_json[key] = found if found is not None else _parse(project, key)
    return _parsed_json[key]


def parsed_folder(project: Project) -> Path:
    """Where what dbt made of the project's files is kept, for as long as they stay
    as they are."""
    return parsed_project.kept_path(project, fingerprint(project))


def static_docs(project: Project, folder: Path) -> tuple[str, str]:
    """Let dbt write its docs of the manifest.json that lies in this folder: the page,
    and the catalog that it put into it, which is empty."""
    arguments = [
        "docs",
        "generate",
        "--static",
        "--no-compile",
        "--empty-catalog",
        "--no-write-json",
    ]
    _invoke(
        project, arguments, manifest(project), environment=_NO_WAREHOUSE, target=folder
    )
    page, catalog = folder / "static_index.html", folder / "catalog.json"
    return page.read_text(encoding="utf-8"), catalog.read_text(encoding="utf-8")


def _parse(project: Project, key: str) -> dict[str, Any]:
    """Let dbt parse what changed since it last did for this OUT, and keep it."""
    project.prepare_out()
    parsed_project.leave_other_folders(project)
    parsed = _invoke(project, ["parse", "--write-json"], environment=_NO_WAREHOUSE)
    written = project.dbt_target / parsed_project.MANIFEST
    found = json.loads(written.read_bytes())
    parsed_project.keep(project.dbt_target, parsed_project.kept_path(project, key))
    _parsed[key], _parsed_json[key] = parsed.result, found
    return found


def build_nodes(
    project: Project,
    unique_ids: Collection[str],
    *,
    full_refresh: bool = False,
    on_node: Callable[[str], None] | None = None,
) -> list[NodeResult]:
    """As `build`, by dbt's unique ids. There may be some hundred, and dbt looks at
    every node of the project for every name in a selection: so they are given a
    tag, and the tag is what is selected."""
    chosen = frozenset(unique_ids)
    for unique_id, node in manifest(project).nodes.items():
        # One parsed project serves all invocations of a process.
        node.tags = [tag for tag in node.tags if tag != _WANTED]
        if unique_id in chosen:
            node.tags.append(_WANTED)
    return build(
        project, [f"tag:{_WANTED}"], full_refresh=full_refresh, on_node=on_node
    )


def build(
    project: Project,
    names: Sequence[str],
    *,
    full_refresh: bool = False,
    on_node: Callable[[str], None] | None = None,
) -> list[NodeResult]:
    """Build these seeds, models and data tests, in their order, and no others.

    With `full_refresh` incremental models are built as if they were not there.

    Returns what each node came to, also where some failed; only a dbt that
    could not run is an error. A hook is told of where it failed.
    """
    arguments = [
        "build",
        "--indirect-selection",
        "empty",
        "--exclude-resource-type",
        "unit_test",
        *(["--full-refresh"] if full_refresh else []),
        "--select",
        *names,
    ]
    outcome = _invoke(project, arguments, manifest(project), on_node)
    if outcome.result is None:
        raise _as_sentence(outcome.exception)
    told = [_node_result(project, result) for result in outcome.result.results]
    return [
        _with_first_rows(project, result)
        for result in told
        if result.kind != _HOOK or result.is_failed
    ]


def failure_sentence(results: Sequence[NodeResult]) -> str | None:
    """One sentence about what failed, or none where nothing did."""
    failed = [result for result in results if result.is_failed]
    if not failed:
        return None
    first = failed[0]
    rest = [result.name for result in failed[1:]]
    also = f" {listed(rest, limit=5)} failed too." if rest else ""
    where = (
        f" The SQL that ran is {first.compiled_path}." if first.compiled_path else ""
    )
    if first.kind == "test" and first.failures:
        rows = "1 row" if first.failures == 1 else f"{first.failures:,} rows"
        said = f"The dbt test {first.name} found {rows} that must not be there"
        why = f" {first.found or first.description}".rstrip()
        return f"{said} ({first.file}).{why}{where}{also}"
    message = _one_line(first.message)
    return f"The dbt {first.kind} {first.name} failed: {message}{where}{also}"


def _with_first_rows(project: Project, result: NodeResult) -> NodeResult:
    """A failed test whose query has a column `sentence` speaks for itself."""
    if result.kind != "test" or not result.is_failed or not result.failures:
        return result
    from orchestration.transformation.dbt_plugin import register

    with suppress(duckdb.Error, OSError, LeadFunnelError):
        query = Path(result.compiled_path).read_text(encoding="utf-8")
        connection = warehouse.connect(project, read_only=True)
        try:
            register(connection)
            rows = connection.execute(query)
            names = [column[0] for column in rows.description or ()]
            if "sentence" not in names:
                return result
            position = names.index("sentence")
            said = [str(row[position]) for row in rows.fetchall() if row[position]]
        finally:
            connection.close()
        more = len(said) - _MOST_ROWS
        ending = [f"And {more:,} more."] if more > 0 else []
        return replace(result, found=" ".join([*said[:_MOST_ROWS], *ending]))
    return result


def close_connections() -> None:
    """Let go of the warehouse, so that others may open it.

    dbt-duckdb keeps the database of its last run open, and DuckDB refuses a
    read-only connection to a file that the same process has open for writing.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections, reset_adapters

    # Without a connection there is no environment. After Ctrl-C dbt's threads may
    # still be at work on them, and closing fails.
    with suppress(Exception):
        cleanup_connections()
        DuckDBConnectionManager.env().close()
    DuckDBConnectionManager.close_all_connections()
    reset_adapters()


def _invoke(
    project: Project,
    arguments: list[str],
    parsed: Any = None,
    on_node: Callable[[str], None] | None = None,
    environment: Mapping[str, str] | None = None,
    target: Path | None = None,
) -> Any:
    from dbt.cli.main import dbtRunner

    def heard(event: Any) -> None:
        if event.info.level != "debug" and event.info.msg:
            _LOG.debug("dbt: %s", event.info.msg)
        if on_node is not None and event.info.name == "NodeFinished":
            on_node(event.data.node_info.node_name)

    project.prepare_out()
    folder = str(project.root)
    command = [
        # What dbt says is written to the run's log, below; its own loggers would
        # format every event of it first, a dozen for each statement.
        "--log-level",
        "none",
        "--log-level-file",
        "none",
        # A layer builds in two or three schemas: the others need not be listed.
        "--cache-selected-only",
        *arguments,
        "--project-dir",
        folder,
        "--profiles-dir",
        folder,
        "--target",
        project.engine,
        "--target-path",
        str(target or project.dbt_target),
    ]
    with (
        in_environment({**project.dbt_environment(), **(environment or {})}),
        interrupts.raised(),
    ):
        try:
            outcome = dbtRunner(manifest=parsed, callbacks=[heard]).invoke(command)
        finally:
            close_connections()
    if not outcome.success and outcome.result is None:
        raise _interrupt(outcome.exception) or _as_sentence(outcome.exception)
    return outcome


def _node_result(project: Project, result: Any) -> NodeResult:
    node = result.node
    compiled = getattr(node, "compiled_path", None) or ""
    if compiled and not Path(compiled).is_absolute():
        compiled = str(project.root / compiled)
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time or 0),
        message=str(result.message or ""),
        failures=int(result.failures or 0),
        compiled_path=compiled,
        file=str(node.original_file_path),
        description=_description(node),
    )


def _interrupt(error: BaseException | None) -> BaseException | None:
    """The Ctrl-C behind an error, if that is what it was: dbt clears up after it
    and may fail at that."""
    while error is not None and isinstance(error, Exception):
        error = error.__context__
    return error


def _description(node: Any) -> str:
    """What a node is for: its description, or the comment that it begins with."""
    text = str(getattr(node, "description", "") or "")
    if not text:
        lines = str(getattr(node, "raw_code", "") or "").strip().splitlines()
        comment = itertools.takewhile(lambda line: line.startswith("--"), lines)
        text = " ".join(line.lstrip("- ") for line in comment)
    return " ".join(text.split())


def _as_sentence(error: BaseException | None) -> LeadFunnelError:
    text = _one_line(str(error)) if error else "dbt gave no reason."
    return LeadFunnelError(f"dbt could not read the project: {text}")


def _one_line(message: str) -> str:
    """The part of a dbt message that a person needs, on one line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    kept = [
        line
        for line in lines
        if not line.startswith(("compiled code at", "> in macro", "> called by"))
    ]
    text = " ".join(" ".join(kept).split()) or "no reason given"
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rsplit(" ", 1)[0] + " …."
    return text if text.endswith((".", "!", "?")) else text + "."
