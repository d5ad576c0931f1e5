"""Whoever asks to be erased is in no byte of OUT, and every number stays."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.personal import erased, erasing, requests
from orchestration.project import Project
from tests import job
from tests.personal import planted


def counts(project: Project) -> dict[str, list[tuple]]:
    """Every public number: each table without its texts."""
    found = {}
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        for table, columns in connection.execute(
            "select table_name, list(column_name order by column_index) "
            "from duckdb_columns() where schema_name = 'marts' and "
            "data_type not in ('VARCHAR', 'TIMESTAMP') or column_name in "
            "('person_id', 'rule', 'source', 'channel', 'handoff_outcome') group by 1"
        ).fetchall():
            names = ", ".join(columns)
            found[table] = connection.execute(
                f"select {names} from marts.{table} order by all"
            ).fetchall()
    return found


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("company")
    planted.write(folder / "landing")
    return Project.from_environment(
        {}, landing=folder / "landing", out=folder / "out"
    )


@pytest.fixture(scope="module")
def told(company: Project) -> dict[str, object]:
    """What was there before and after the person was erased."""
    job.build(company)
    before = counts(company)
    where = planted.found_in(company.out)
    fates = duckdb.connect(str(company.warehouse), read_only=True).execute(
        "from quality.raw_row_fates order by all"
    ).fetchall()
    # What runs leave beside the tables.
    for name in ("logs/run-1.log", "dagster/history/runs.db", "data_docs/index.html"):
        path = company.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"row of {planted.MARKER}")
    requests.ask(company, email=planted.EMAIL, basis="GDPR Art. 17")
    stores = erasing.begin(company)
    job.build(company)
    assert not erasing.go_on(company)
    erasing.end(company, stores)
    return {"before": before, "where": where, "fates": fates, "stores": stores}


def test_the_person_is_in_no_byte_of_out(company, told):
    assert len(told["where"]) > 20
    assert planted.found_in(company.out) == []
