"""What Dagster serves: everything under `defs`."""

import importlib
import pkgutil
from pathlib import Path

import dagster as dg

import orchestration.defs
from orchestration.automation.following import automated
from orchestration.project import Project
from orchestration.run.run_log import run_log

# DuckDB has one writer process, so the steps of a run share one.
SHARED = dg.Definitions(loggers={"run_log": run_log}, executor=dg.in_process_executor)


@dg.definitions
def defs() -> dg.Definitions:
    loaded = dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent), SHARED
    )
    return automated(loaded, Project.from_environment())


def of_this_process(*, with_models: bool = True) -> dg.Definitions:
    """The same for a run in this process.

    To find them as `dg` does means to import every installed package that offers
    components, which takes a second. What runs by itself is of no matter to it.
    A run that builds no models can do without them: what says what they are imports
    all of dbt, which takes two seconds more.
    """
    package = orchestration.defs
    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if with_models or module.name != "transform"
    ]
    return dg.Definitions.merge(*(module.defs() for module in modules), SHARED)
