"""Spark as the engine of a run: what the steps of the job ask of it.

The job is the one of DuckDB, which loads, checks and publishes; Spark builds the
models. One session serves all steps of a process, as its catalog is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from orchestration.project import Project
from orchestration.run import progress
from orchestration.spark import session, tables
from orchestration.spark.tables import Manifest, RawFile
from orchestration.transformation import dbt_runner

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUILDS_ANEW = "Everything is built anew: Spark's tables cannot replace rows."


@dataclass
class _Opened:
    """The session of this process, and what was handed to it."""

    project: Project
    files: Sequence[RawFile]
    until_closed: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def spark(self) -> SparkSession:
        return self.until_closed.enter_context(session.session(self.project))


_opened: list[_Opened] = []
"""None or one."""


def hand_over_raw(project: Project, manifest: Manifest) -> Sequence[RawFile]:
    """What was loaded and the run's settings as Parquet, which Spark reads, and as
    views in `project.built`, which the gates read."""
    files = tables.export_raw(project, manifest)
    tables.show_to_duckdb(project, manifest, files)
    return files


def build(
    project: Project,
    manifest: Manifest,
    unique_ids: Collection[str],
    on_node: Callable[[str], None] | None = None,
) -> list[dbt_runner.NodeResult]:
    """Build these seeds, models and data tests on Spark, and show the gates what
    was built. The session stays open until `close`."""
    opened = _open(project, manifest)
    results = dbt_runner.build_nodes(project, unique_ids, on_node=on_node)
    progress.say("showing Spark's tables to DuckDB")
    tables.show_to_duckdb(project, manifest, opened.files)
    return results


def hand_over(
    project: Project, manifest: Manifest, schema: str, names: Collection[str]
) -> None:
    """Show Spark, and whoever reads what was built, the rows that tables of the
    warehouse have now."""
    opened = _open(project, manifest)
    tables.export_again(project, opened.files, schema, names)
    for name in names:
        opened.spark.catalog.refreshTable(f"{schema}.{name}")


def close() -> None:
    """End this process's session, if there is one."""
    while _opened:
        _opened.pop().until_closed.close()


def _open(project: Project, manifest: Manifest) -> _Opened:
    if _opened and _opened[0].project != project:
        close()
    if not _opened:
        progress.say("starting Spark")
        opened = _Opened(project, hand_over_raw(project, manifest))
        _opened.append(opened)
        tables.register(opened.spark, opened.files)
    return _opened[0]
