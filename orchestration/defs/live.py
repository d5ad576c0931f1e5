"""What is loaded from the systems themselves, as assets: one for each raw table of
each system whose credentials are in the environment.

The steps are called `land_…`: of steps that wait for nothing a run takes those first
whose names come first, so the store is filled before `load_…` reads it.
"""

from collections.abc import Iterator

import dagster as dg

from orchestration.errors import LeadFunnelError
from orchestration.live.configured import loaded_by_runs, of_system
from orchestration.live.pipeline import load
from orchestration.live.source import PassingError, Source
from orchestration.project import Project
from orchestration.run.failures import failed, without_retries
from orchestration.run.lock import step_of_a_run

STORE_POOL = "landed_writer"
"""What writes to the landed store is in this pool."""


def landed_key(source: Source, table: str) -> dg.AssetKey:
    return dg.AssetKey([f"landed_{source.name}", table])


def landed_keys(source: Source) -> list[dg.AssetKey]:
    return [landed_key(source, table) for table in source.tables]


def landed_assets(source: Source) -> dg.AssetsDefinition:
    """The tables of one source: one op, an asset for each table."""
    # The credentials are read when the step runs, and stand in no definition.
    name, system = source.name, source.system

    @dg.multi_asset(
        name=f"land_{name}",
        specs=[
            dg.AssetSpec(
                key=landed_key(source, table),
                group_name="landed",
                skippable=True,
                description=(
                    f"The raw table `{table}` of {system} as it is loaded from the "
                    "system itself: each load adds what is new."
                ),
                kinds={"dlt", "parquet"},
            )
            for table in source.tables
        ],
        pool=STORE_POOL,
        can_subset=True,
    )
    def land(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        tables = {key.path[-1] for key in context.selected_asset_keys}
        with without_retries():
            project = Project.from_environment()
            project.prepare_out()
            [found] = [each for each in of_system(system) if each.name == name]
        try:
            with step_of_a_run(project):
                loaded = load(project, found, tables)
        except PassingError as error:
            # Not forbidden to be tried again, as without_retries() does.
            raise LeadFunnelError(str(error)) from None
        except LeadFunnelError as error:
            raise failed(str(error)) from None
        for table, rows in loaded.rows.items():
            yield dg.MaterializeResult(
                asset_key=landed_key(source, table),
                metadata={"dagster/partition_row_count": rows, "new_rows": rows},
            )

    return land


@dg.definitions
def defs() -> dg.Definitions:
    """The sources that the environment has credentials for."""
    return dg.Definitions(assets=[*map(landed_assets, loaded_by_runs())])
