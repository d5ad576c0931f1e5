"""The raw tables as assets, one each; and the run's settings."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import dagster as dg

from orchestration import warehouse
from orchestration.automation.following import SETTINGS_KEY, raw_key
from orchestration.defs.live import landed_keys
from orchestration.increment.decide import decide
from orchestration.live.configured import loaded_by_runs
from orchestration.personal import requests
from orchestration.project import Project
from orchestration.run import lock, progress
from orchestration.run.failures import in_turn, without_retries
from orchestration.settings.run_settings import write_definition, write_settings
from orchestration.sources.raw import LoadedTable, landing_of, load_system
from orchestration.sources.tables import LOADED_SYSTEMS, RawTable, tables_of
from orchestration.spark import engine
from orchestration.transformation import dbt_runner

WRITER_POOL = "duckdb_writer"
"""DuckDB has one writer process: whatever writes is in this pool."""


def raw_spec(table: RawTable, after: Iterable[dg.AssetKey] = ()) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=raw_key(table.system, table.name),
        deps=[*after],
        group_name="raw",
        description=(
            f"{table.purpose.capitalize()}: the table `{table.name}` of "
            f"{table.system} as it was exported, every column text."
        ),
        kinds={"parquet", "duckdb"},
    )


def raw_assets(system: str, after: Iterable[dg.AssetKey] = ()) -> dg.AssetsDefinition:
    """The raw tables of one system: one op, an asset for each table. They wait for
    `after`, what is loaded from the system itself."""
    after = [*after]

    @dg.multi_asset(
        name=f"load_{system}",
        specs=[raw_spec(table, after) for table in tables_of(system)],
        pool=WRITER_POOL,
    )
    def load(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        with without_retries():
            project = Project.from_environment()
            project.prepare_out()
        with in_turn(project):
            landing = landing_of(project)
            # Each system's op reads the whole folder; one of them speaks of it.
            for warning in landing.warnings if system == LOADED_SYSTEMS[0] else ():
                context.log.warning(warning)
            tables = load_system(project, system, landing, run_instant(context))
        for loaded in tables.values():
            for sentence in loaded.left_out:
                progress.note(sentence)
            yield dg.MaterializeResult(
                asset_key=raw_key(system, loaded.table),
                metadata=load_metadata(loaded),
            )

    return load


def load_metadata(loaded: LoadedTable) -> dict[str, int]:
    return {
        "dagster/row_count": loaded.rows,
        "files": loaded.files,
        "files_read": loaded.new_files,
    }


def run_instant(context: dg.AssetExecutionContext) -> datetime:
    """One instant for all that a run loads, whichever process loads it."""
    record = context.instance.get_run_record_by_id(context.run.run_id)
    created = record.create_timestamp if record else datetime.now(UTC)
    return created.astimezone(UTC).replace(tzinfo=None)


def write_run_settings(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    # After the loads, as steps that wait for nothing go by their names. To depend on
    # raw tables would be to wait for their checks, and those wait for this.
    with without_retries():
        project = Project.from_environment()
        project.prepare_out()
    with in_turn(project):
        if not lock.is_held(project):
            # A run by hand has done it, before it loaded anything.
            requests.take_over(project)
        with warehouse.connect(project):
            notes = write_settings(project)
            written = write_definition(project)
            if project.engine == "spark":
                decision = engine.BUILDS_ANEW
            else:
                decision = decide(project).sentence
        if project.engine == "spark":
            engine.hand_over_raw(project, dbt_runner.manifest_json(project))
    for sentence in written.odd:
        context.log.warning(sentence)
    for note in [*notes, decision]:
        context.log.info(note)
        progress.note(note)
    return dg.MaterializeResult(
        metadata={
            "vars": project.vars.as_json(),
            "definition_files": written.rows,
            "decision": decision,
        }
    )


def settings_asset(after: Iterable[dg.AssetKey] = ()) -> dg.AssetsDefinition:
    """The run's settings, which all that is built waits for; they wait for `after`."""
    return dg.asset(
        write_run_settings,
        key=SETTINGS_KEY,
        deps=[*after],
        group_name="settings",
        kinds={"python", "duckdb"},
        pool=WRITER_POOL,
        description=(
            "What the run was asked for: its vars in `settings`, and a company's own "
            "definition in `definition_overlay`, a table for each seed."
        ),
    )


run_settings = settings_asset()


@dg.definitions
def defs() -> dg.Definitions:
    """The loading of every system and the run's settings."""
    # Where a system cannot be loaded from, nothing is built of yesterday's rows.
    landed: dict[str, list[dg.AssetKey]] = {system: [] for system in LOADED_SYSTEMS}
    for source in loaded_by_runs():
        landed.setdefault(source.system, []).extend(landed_keys(source))
    return dg.Definitions(
        assets=[
            *(raw_assets(system, landed[system]) for system in LOADED_SYSTEMS),
            settings_asset(key for keys in landed.values() for key in keys),
        ]
    )
