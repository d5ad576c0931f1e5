"""What Dagster serves: everything under `defs`."""

import importlib
import pkgutil
from pathlib import Path

import dagster as dg

import orchestration.defs
from orchestration.run.run_log import run_log

# DuckDB has one writer process, so the steps of a run share one.
SHARED = dg.Definitions(loggers={"run_log": run_log}, executor=dg.in_process_executor)


@dg.definitions
def defs() -> dg.Definitions:
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent), SHARED
    )


def of_this_process() -> dg.Definitions:
    """The same for a run in this process.

    To find them as `dg` does means to import every installed package that offers
    components, which takes a second.
    """
    package = orchestration.defs
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return dg.Definitions.merge(*(module.defs() for module in modules), SHARED)
