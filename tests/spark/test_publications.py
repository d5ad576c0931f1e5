"""The comparison of two publications finds what differs, and nothing else."""

from pathlib import Path

import duckdb
import pytest

from orchestration.publication.publications import PublicTable
from tests.spark.publications import differences

TABLE = PublicTable("marts", "t", "")
ROW = "select 1 as id, 'a' as name, 0.5::double as rate, null::double as gap"


def folder(path: Path, query: str) -> Path:
    path.mkdir()
    duckdb.execute(f"copy ({query}) to '{path / 't.parquet'}' (format parquet)")
    return path


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (ROW.replace("'a'", "'b'"), "t: 1 rows"),
        (f"{ROW} union all {ROW}", "t: 1 rows"),
        (f"{ROW} limit 0", "t: 1 rows"),
        (ROW.replace("0.5", "0.50000001"), "t.rate"),
        (ROW.replace("0.5", "null"), "t.rate"),
        (ROW.replace("null", "0"), "t.gap"),
        (ROW.replace("1 as id", "1::bigint as id"), "t: columns"),
        (ROW.replace("0.5", "0.5000000001"), None),
        (ROW, None),
    ],
)
def test_what_differs_is_named(tmp_path: Path, other: str, said: str | None) -> None:
    one, two = folder(tmp_path / "one", ROW), folder(tmp_path / "two", other)
    lines = differences([TABLE], one, two)
    if said is None:
        assert lines == []
    else:
        assert [line for line in lines if line.startswith(said)]
