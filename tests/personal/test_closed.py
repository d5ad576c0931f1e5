"""What was closed stays closed when somebody in it is erased: counts and sums are those
that were reported, and the person is in nothing. Worked out by hand, as in
tests/finance/test_by_hand.py."""

from __future__ import annotations

import csv
import json
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.commands.way_back import restoring
from orchestration.personal import erasing, requests
from orchestration.project import Project
from orchestration.publication import closings
from orchestration.publication.postgres import address
from tests import job
from tests.finance import test_by_hand as by_hand
from tests.personal import planted
from tests.reference.spend import write_csv

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

THIRD, MOST_OF_A_THIRD = Decimal("0.333333333333"), Decimal("0.333333333334")
SALS = {
    # The person was accepted by way of three campaigns, of which C2 touched the
    # person's other record.
    "C1": MOST_OF_A_THIRD,
    "C2": THIRD,
    "C3": THIRD,
    # Of two others one came by C6, and one by none.
    "C6": Decimal(1),
    None: Decimal(1),
}
SPEND = {
    # 10 + 5.50 + 50.01 x 151.005 - 10; 20; 7 of a campaign that nobody knows.
    "campaign": Decimal("7557.26") + 20 + 7,
    "allocated": Decimal(100),
    "unallocated": Decimal("33.33"),
}


def write_people(landing: Path) -> None:
    """The leads of by_hand, with who they are: L1 and L1b are the person."""
    path = landing / "generic" / "lead.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    about = dict.fromkeys(("name", "notes"), planted.MARKER)
    told = {
        "L1": {"email": planted.EMAIL, **about},
        "L1b": {"email": planted.OTHER_EMAIL, **about},
        "L2": {"email": "bea@example.com", "name": "Bea"},
    }
    nobody = dict.fromkeys(("email", "name", "notes"), "")
    write_csv(path, [{**row, **nobody, **told.get(row["lead_id"], {})} for row in rows])


def close_april(project: Project) -> None:
    connection = warehouse.connect(project, read_only=True)
    try:
        closed = closings.Close(
            "2026-04",
            1,
            "2026-05-31T09:00:00",
            "sato",
            "April",
            "2026-05-31T00:00:00",
            *closings.laid_in_fingerprints(project, connection),
        )
        closings.freeze(project, connection, closed)
    finally:
        connection.close()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_sums(rows: duckdb.DuckDBPyRelation) -> None:
    """What was reported of April, by the linear model."""
    linear = rows.filter("attribution_model = 'linear'")
    sals = linear.filter("metric = 'attributed_sals' and value <> 0")
    found = sals.project("campaign_id, value").fetchall()
    assert dict(found) == SALS
    assert len(found) == len(SALS)
    spend = linear.filter("metric = 'spend_reporting'")
    assert dict(spend.aggregate("cost_kind, sum(value)").fetchall()) == SPEND


def test_what_was_closed_stays_as_it_was_reported_and_the_person_is_gone(
    tmp_path: Path,
) -> None:
    by_hand.write_landing(tmp_path / "landing")
    write_people(tmp_path / "landing")
    by_hand.write_definition(tmp_path / "definition")
    project = Project.from_environment(
        {},
        landing=tmp_path / "landing",
        out=tmp_path / "out",
        definition=tmp_path / "definition",
        vars=json.loads(by_hand.VARS),
    )
    job.build(project)
    close_april(project)
    folder = closings.closings_folder(project)
    before = files(folder)
    assert set(before) == {
        f"2026-04/0001/{name}"
        for name in (
            "cells.parquet", "close.json", "leads.parquet", "lines.parquet",
            "people.parquet",
        )
    }  # fmt: skip
    whose = {where.split("/")[0] for where in planted.found_in(project.out)}
    assert whose == {"raw", "warehouse", "publications"}

    requests.ask(project, email=planted.EMAIL)
    stores = erasing.begin(project)
    job.build(project)
    assert not erasing.go_on(project)
    erasing.end(project, stores, {"E0001"})

    assert planted.found_in(project.out) == []
    # L1 and L1b, each of them once.
    assert requests.erasures(project)[0].stores["raw rows"] == 2 + 2 + 4
    assert files(folder) == before
    assert files(project.published / "closings") == before
    with duckdb.connect(str(project.published_database), read_only=True) as readers:
        check_sums(readers.sql("from marts.mart_period_close"))
        # All of it is still what it was: no change, with whatever cause.
        assert readers.sql("from marts.mart_restatement").fetchall() == []
        assert readers.sql(
            "select sum(value) from marts.mart_period_close where metric = "
            "'attributed_sals' and attribution_model = 'linear'"
        ).fetchall() == [(Decimal(3),)]
    with duckdb.connect() as frozen:
        cells = folder / "2026-04" / "0001" / "cells.parquet"
        check_sums(frozen.sql(f"from read_parquet('{cells}')"))
        # The ids stay, by which a close is reconciled.
        people = folder / "2026-04" / "0001" / "people.parquet"
        [(records, persons)] = frozen.sql(
            f"select count(*), count(distinct person_id) from read_parquet('{people}')"
        ).fetchall()
        assert (records, persons) == (4, 3)

    # What is lost comes back from the publication without the person, too.
    shutil.rmtree(folder)
    assert not address.is_wanted()
    assert [*restoring.restore(project, None, "ann", "")]
    assert files(folder) == before
    assert planted.found_in(project.out) == []
