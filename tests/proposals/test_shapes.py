"""Three folders as companies have them: one command, and the rates are right."""

import csv
from pathlib import Path

import duckdb
import pytest

from orchestration.commands.summary import rates
from tests.proposals import shapes


def published(tmp_path: Path) -> dict[str, tuple[int, ...]]:
    """Handed over, accepted, rejected, ignored, pending: of all and by month."""
    path = tmp_path / "out" / "published" / "lead_funnel.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        found = [
            *rates(connection, "month", "all", by_period=False),
            *rates(connection, "month", "all", by_period=True),
        ]
        [(quarantined,)] = connection.execute(
            "select count(*) from marts.quarantine"
        ).fetchall()
    assert quarantined == 0
    return {row.label: row.counts for row in found}


def rows_of(tmp_path: Path, name: str) -> list[list[str]]:
    with (tmp_path / "definition" / name).open(encoding="utf-8") as stream:
        return list(csv.reader(stream))[1:]


def content(folder: Path) -> dict[str, tuple[bytes, float]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
@pytest.mark.exhaustive
def test_hubspots_contacts(init, landing, tmp_path):
    shapes.hubspot(landing)
    before = content(landing)
    said = init("--yes").stdout
    assert published(tmp_path) == {
        "all": (7, 3, 2, 1, 1),
        "2026-04": (4, 2, 1, 1, 0),
        "2026-05": (3, 1, 1, 0, 1),
    }
    assert "42.9%" in said
    assert content(landing) == before
    assert rows_of(tmp_path, "files.add.csv") == [
        [
            "hubspot-crm-exports-all-contacts-*.csv", "generic", "lead", "",
            "Later months' files, too.",
        ]
    ]  # fmt: skip
    assert rows_of(tmp_path, "funnel_versions.csv")[0][:4] == [
        "v1", "1970-01-01", "", "mql",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_japanese_salesforces_report(init, landing, tmp_path):
    shapes.salesforce_report(landing)
    before = content(landing)
    said = init("--yes").stdout
    assert published(tmp_path) == {
        "all": (6, 3, 2, 1, 0),
        "2026-04": (4, 2, 1, 1, 0),
        "2026-05": (2, 1, 1, 0, 0),
    }
    assert "50.0%" in said
    assert content(landing) == before
    assert {row[0]: row[2] for row in rows_of(tmp_path, "files.add.csv")} == {
        "リードレポート *.csv": "lead",
        "リード履歴 *.csv": "lead_status_history",
    }
    assert {row[5]: row[6] for row in rows_of(tmp_path, "stage_rules.add.csv")} == {
        "引き渡し済": "handed_off",
        "受け入れ済": "sal",
        "差し戻し": "rejected",
        "育成中": "recycled",
        "新規": "inquiry",
    }
    assert {row[2]: row[3] for row in rows_of(tmp_path, "user_roles.add.csv")} == {
        "営業部 佐藤": "field_sales",
        "インサイドセールス 中村": "inside_sales",
        "マーケティング 木村": "marketing",
    }


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_list_in_excel(init, landing, tmp_path):
    shapes.excel_list(landing)
    before = content(landing)
    said = init("--yes").stdout
    assert published(tmp_path) == {
        "all": (7, 3, 2, 1, 1),
        "2026-04": (4, 2, 1, 1, 0),
        "2026-05": (3, 1, 1, 0, 1),
    }
    assert "42.9%" in said
    assert content(landing) == before
    # No address is shown, nor made an id that every table has.
    assert "aoki" not in said
    path = tmp_path / "out" / "published" / "lead_funnel.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        ids = connection.execute(
            "select primary_record_id from marts.dim_people"
        ).fetchall()
    assert len(ids) == 6
    assert not any("@" in record for (record,) in ids)
