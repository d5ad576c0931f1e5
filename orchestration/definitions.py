"""What Dagster serves: everything under `defs`."""

from pathlib import Path

import dagster as dg

from orchestration.run_log import run_log


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent),
        # DuckDB has one writer process, so the steps of a run share one.
        dg.Definitions(loggers={"run_log": run_log}, executor=dg.in_process_executor),
    )
