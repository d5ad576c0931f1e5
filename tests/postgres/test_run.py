"""Runs that publish in Postgres, too, as a person starts them."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from orchestration.defs import publish_postgres
from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.publication.postgres import address
from orchestration.publication.postgres.session import PostgresError
from tests.end_to_end import small_folder
from tests.end_to_end.command import in_process, lead_funnel
from tests.postgres.conftest import PUBLISHER
from tests.postgres.published import ordered, rows_in_file, rows_in_postgres
from tests.postgres.server import PASSWORD, PLAIN_PASSWORD

WRONG = "planted-Gehe1mnis"


def assert_is_nowhere(out, *secrets):
    """Not in a log, a report, a publication, or what Dagster keeps of its runs."""
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {"run.json", "publication.json"} < {path.name for path in files}
    assert any("dagster" in path.parts and path.suffix == ".db" for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content], path


@pytest.mark.slow
@pytest.mark.exhaustive
def test_runs_with_and_without_postgres(tmp_path, database, monkeypatch):
    monkeypatch.setenv("LEAD_FUNNEL_RECORD", "1")
    landing, out = small_folder.write(tmp_path / "in"), tmp_path / "out"
    project = Project.from_environment({}, landing=landing, out=out)

    monkeypatch.setenv(address.URL, database.url(password=WRONG))
    done = lead_funnel("run", "--debug", landing=landing, out=out)
    assert done.returncode == 1
    assert "✓ Publish " in done.stdout
    assert "✗ Publish in Postgres" in done.stdout
    assert (
        f'says: password authentication failed for user "{PUBLISHER}". Postgres still '
        f"shows what it showed before; {project.published} is new. Run again"
    ) in done.stderr
    assert publications.published(project) is not None
    assert WRONG not in done.stdout + done.stderr
    assert_is_nowhere(out, WRONG)
    first = publications.published(project)

    # Nothing else changed, and it is made up for.
    monkeypatch.setenv(address.URL, database.url())
    shown = in_process("status", out=out).stdout
    assert "/bi, schema marts, shows nothing yet" in shown
    done = lead_funnel("run", landing=landing, out=out)
    assert done.returncode == 0, done.stderr
    every = len(first.rows)
    assert f"{every} of {every} tables changed" in " ".join(done.stdout.split())
    assert "nothing changed" in done.stdout.lower()
    assert PLAIN_PASSWORD not in done.stdout + done.stderr
    assert_is_nowhere(out, WRONG, PASSWORD, PLAIN_PASSWORD)
    assert "schema marts, shows the same." in in_process("status", out=out).stdout
    assert publications.published(project).rows == first.rows

    tables = []
    for name in (publications.DATABASE, publications.PERSONAL_DATABASE):
        with duckdb.connect(str(project.published / name), read_only=True) as file:
            tables += file.execute(
                "select schema_name, table_name from duckdb_tables()"
            ).fetchall()
    assert len(tables) == len(first.rows)
    for schema, name in tables:
        there = rows_in_postgres(project, database, schema, name)
        assert ordered(there) == ordered(rows_in_file(project, schema, name)), name

    # Somebody who names no Postgres sees nothing of it.
    monkeypatch.delenv(address.URL)
    small_folder.write(landing, leads=66)
    done = lead_funnel("run", landing=landing, out=out)
    assert done.returncode == 0
    assert "Postgres" not in done.stdout + in_process("status", out=out).stdout

    monkeypatch.setenv(address.URL, database.url())
    status = in_process("status", out=out).stdout
    assert "shows another publication" in status
    assert "`make run` brings it up to date" in status
    monkeypatch.setenv(address.URL, "postgresql://nobody@127.0.0.1:1/bi")
    status = in_process("status", out=out).stdout
    assert "nobody knows what it shows" in status
    assert "Connection refused" in status


@pytest.mark.parametrize(
    ("error", "is_tried_again"),
    [
        (PostgresError("The server is gone.", None, may_pass=True), True),
        (PostgresError("You may not.", "42501", may_pass=False), False),
        (LeadFunnelError("That is no URL."), False),
    ],
)
def test_only_what_may_pass_is_tried_again(
    tmp_path, monkeypatch, error, is_tried_again
):
    def fail(*_):
        raise error

    monkeypatch.setattr(publish_postgres.copy, "copy", fail)
    monkeypatch.setenv("LEAD_FUNNEL_OUT", str(tmp_path))
    monkeypatch.setenv(address.URL, "postgresql://h/d")
    asset = publish_postgres.postgres_asset({"nodes": {}})
    with pytest.raises(dg.Failure) as failed:
        dg.materialize_to_memory([asset])
    assert failed.value.allow_retries == is_tried_again
    assert failed.value.description.startswith(f"{error} Postgres still shows")


def test_the_asset_is_there_only_where_it_is_wanted(monkeypatch):
    assert not publish_postgres.defs().assets
    monkeypatch.setenv(address.URL, "postgresql://h/d")
    [asset] = publish_postgres.defs().assets
    assert asset.op.pool == publish_postgres.POOL
    assert asset.asset_deps[asset.key] == {dg.AssetKey("publication")}
