"""The publication as an asset: the last one, after every gate."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.checks import SUITES, kept_results
from orchestration.defs.load import WRITER_POOL
from orchestration.errors import LeadFunnelError
from orchestration.increment import state
from orchestration.increment.lineage import MODEL, Lineage
from orchestration.personal import erasing, requests
from orchestration.project import ENGINES, Project
from orchestration.publication import events, pages, publications, versions
from orchestration.publication.publications import (
    Publication,
    public_tables,
    publish,
    published,
)
from orchestration.report import page
from orchestration.run import progress
from orchestration.run.failures import in_turn, without_retries
from orchestration.transformation import dbt_runner

PUBLICATION_KEY = dg.AssetKey("publication")
NO_REQUEST_WAITS = "no_request_to_be_erased_waits"


def publish_changed(
    project: Project, manifest: Mapping[str, Any], run_id: str | None = None
) -> Publication:
    """Publish what the tables hold, and write down that it is published."""
    tables = public_tables(manifest)
    before = published(project)
    # Between the steps of a run on Dagster's page somebody may go back to another
    # publication, which `owed` does not speak of.
    owed = state.owed_since(project, before.id) if before is not None else None
    affected = Lineage(manifest).affected(owed)
    unchanged = [
        table.name for table in tables if f"{MODEL}{table.name}" not in affected
    ]
    done = publish(
        project,
        tables,
        unchanged=unchanged,
        changed_people=(
            f"{state.schema(project)}.changed_people" if owed is not None else None
        ),
        checks=checks(project, manifest),
        made_with=versions.made_with(project, run_id),
        beside=pages.beside(project, manifest),
    )
    if project.engine == ENGINES[0]:
        state.published(project, done.id)
    held = events.held(project)
    if held is not None and erasing.is_under_way(project):
        # Before it is copied to Postgres, where the person is, too.
        publications.show_newest(project, erasing.REASON)
        progress.note(
            f"Readers see {done.id}, and no longer {held.publication}, which "
            f"{held.by} held: whoever is erased is in that."
        )
    elif held is not None:
        progress.note(
            f"Readers still see the publication {held.publication}: {held.by} went "
            f"back to it at {held.at} UTC, to stay there. This run's is {done.id}; "
            "`lead-funnel rollback --release` shows it."
        )
    return done


def refuse_what_is_half_built(project: Project) -> None:
    """An error where a run ended between its first table and its last gate: what
    there is does not fit together, or nobody has checked it. On Dagster's page the
    publication can be asked for alone."""
    if project.engine != ENGINES[0]:
        return
    reached = state.reached(project)
    if reached not in (None, state.MARTS_CHECKED):
        raise LeadFunnelError(
            "There is nothing whole to publish: the last run came no further than "
            f"{reached!r}, so readers go on seeing what they saw. `lead-funnel run`, "
            "or the whole job lead_funnel on Dagster's page, builds and checks the "
            "rest and publishes it."
        )


def checks(project: Project, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the checks of the suites came to, with who answers for each table; for raw
    tables it is whoever answers for most of the models."""
    owners = {
        f"{node['config'].get('schema')}.{node['name']}": node["config"]
        .get("meta", {})
        .get("owner", "")
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    [(most, _)] = Counter(filter(None, owners.values())).most_common(1) or [("", 0)]
    return [
        {
            "suite": result.suite,
            "table": result.table,
            "name": result.name,
            "passed": result.passed,
            "count": result.count,
            "protects": result.protects,
            "severity": "error" if result.is_blocking else "warning",
            "what_to_do": result.what_to_do,
            "owner": owners.get(result.table) or most,
        }
        for suite in SUITES
        for result in kept_results(project, suite) or ()
        if result.was_run
    ]


def publication_asset(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    tables = public_tables(manifest)

    @dg.asset(
        key=PUBLICATION_KEY,
        deps=[dg.AssetKey([table.schema, table.name]) for table in tables],
        group_name="publication",
        kinds={"duckdb", "parquet"},
        pool=WRITER_POOL,
        check_specs=[
            dg.AssetCheckSpec(
                NO_REQUEST_WAITS,
                asset=PUBLICATION_KEY,
                description=(
                    "Nobody who asked to be erased is in what is published. Only "
                    "`lead-funnel run` erases: it removes the history, too, that a "
                    "run of Dagster's is being written into."
                ),
            )
        ],
        description=(
            "What readers see: the public tables as one DuckDB file and a Parquet "
            "file each, with the report, dbt's docs and the glossary, under "
            "OUT/published, swapped in one step."
        ),
    )
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        project = Project.from_environment()
        progress.say(f"{len(tables)} tables")
        with in_turn(project):
            refuse_what_is_half_built(project)
            done = publish_changed(project, manifest, context.run_id)
            waiting = None
            if not erasing.is_under_way(project):
                waiting = requests.waiting(project)
        if waiting:
            context.log.warning(waiting)
        return dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(
                    check_name=NO_REQUEST_WAITS,
                    passed=waiting is None,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=waiting,
                )
            ],
            metadata={
                "as_of": done.as_of or "no lifecycle",
                "rows": dg.MetadataValue.json(dict(done.rows)),
                "folder": dg.MetadataValue.path(str(project.published)),
                "report": dg.MetadataValue.path(str(project.published / page.FILE)),
            },
        )

    return publication


@dg.definitions
def defs() -> dg.Definitions:
    with without_retries():
        manifest = dbt_runner.manifest_json(Project.from_environment())
    return dg.Definitions(assets=[publication_asset(manifest)])
