"""The publication as an asset: the last one, after every gate."""

from __future__ import annotations

import dagster as dg

from orchestration import parsed_project, progress
from orchestration.defs.load import WRITER_POOL
from orchestration.failures import said_once
from orchestration.project import Project
from orchestration.publication import PublicTable, public_tables, publish

PUBLICATION_KEY = dg.AssetKey("publication")


def publication_asset(tables: list[PublicTable]) -> dg.AssetsDefinition:
    @dg.asset(
        key=PUBLICATION_KEY,
        deps=[dg.AssetKey([table.schema, table.name]) for table in tables],
        group_name="publication",
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
        description=(
            "What readers see: the public tables as one DuckDB file and a Parquet "
            "file each, under OUT/published, swapped in one step."
        ),
    )
    def publication() -> dg.MaterializeResult:
        project = Project.from_environment()
        progress.say(f"{len(tables)} tables")
        with said_once():
            done = publish(project, tables)
        return dg.MaterializeResult(
            metadata={
                "as_of": done.as_of or "no lifecycle",
                "rows": dg.MetadataValue.json(dict(done.rows)),
                "folder": dg.MetadataValue.path(str(project.published)),
            }
        )

    return publication


@dg.definitions
def defs() -> dg.Definitions:
    with said_once():
        manifest = parsed_project.manifest_json(Project.from_environment())
    return dg.Definitions(assets=[publication_asset(public_tables(manifest))])
