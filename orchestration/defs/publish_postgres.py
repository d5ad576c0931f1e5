"""The publication in Postgres as an asset, where the environment names one."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.defs.publish import PUBLICATION_KEY
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication.postgres import address, copy
from orchestration.publication.postgres.session import PostgresError
from orchestration.publication.publications import public_tables
from orchestration.run import interrupts, lock, progress
from orchestration.transformation import dbt_runner

POOL = "postgres_writer"
"""One at a time; DuckDB's writer need not wait for the network."""


def postgres_asset(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    tables = public_tables(manifest)

    @dg.asset(
        key=dg.AssetKey("postgres_publication"),
        deps=[PUBLICATION_KEY],
        group_name="publication",
        kinds={"postgres"},
        pool=POOL,
        description=(
            "The same publication in the Postgres that "
            f"{address.URL} names, taken over in one transaction."
        ),
    )
    def postgres_publication(
        context: dg.AssetExecutionContext,
    ) -> dg.MaterializeResult:
        interrupts.check()
        project = Project.from_environment()
        try:
            with lock.step_of_a_run(project):
                done = copy.copy(project, tables, address.from_environment())
        except LeadFunnelError as error:
            may_pass = isinstance(error, PostgresError) and error.may_pass
            raise dg.Failure(
                f"{error} Postgres still shows what it showed before; "
                f"{project.published} is new. Run again when that is mended: the copy "
                "alone is made then, where nothing else changed.",
                allow_retries=may_pass,
            ) from None
        for sentence in done.to_do:
            context.log.warning(sentence)
        written = sum(done.written.values())
        progress.note(
            f"Postgres at {done.place}: {len(done.written)} of {done.of} tables "
            f"changed ({written:,} rows)."
        )
        return dg.MaterializeResult(
            metadata={
                "as_of": done.publication.as_of or "no lifecycle",
                "publication": done.publication.id,
                "place": done.place,
                "rows of changed tables": dg.MetadataValue.json(dict(done.written)),
            }
        )

    return postgres_publication


@dg.definitions
def defs() -> dg.Definitions:
    if not address.is_wanted():
        return dg.Definitions()
    manifest = dbt_runner.manifest_json(Project.from_environment())
    return dg.Definitions(assets=[postgres_asset(manifest)])
