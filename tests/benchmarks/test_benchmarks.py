"""The handwritten SQL agrees with run and reference; the page says what it should."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from benchmarks import __main__ as bench
from benchmarks import company, floor, handwritten, in_polars, measure, rows
from benchmarks.__main__ import (
    AGAIN,
    BY_HAND,
    FULL,
    PARTS,
    Bench,
    Line,
    Size,
    page,
    phase,
    steps_of,
)
from benchmarks.handwritten import SEEDS
from orchestration.project import ROOT, Project
from orchestration.publication.publications import DATABASE, PUBLIC_SCHEMAS
from tests import job
from tests.reference.reference import compute

LOADED_AT = datetime(2026, 11, 1)


def test_each_step_has_a_phase() -> None:
    assert phase("load_salesforce") == "load"
    assert phase("settings__run") == "load"
    assert phase("build_facts") == "transform"
    assert phase("check_funnel") == "check"
    assert phase("publication") == "publish"
    assert phase("prepare") == "start"


STEPS = (
    {"name": "prepare", "cpu": 2.0, "wall": 2.5, "peak_mb": 300.0},
    {"name": "load_marketo", "cpu": 1.5, "wall": 1.0, "peak_mb": 900.0},
    {"name": "build_facts", "cpu": 3.0, "wall": 4.0, "peak_mb": 500.0},
)
STATEMENTS = (
    {"name": "events: create table a", "cpu": 0.25, "wall": 1.0, "peak_mb": 70.0},
    {"name": "events: create table b", "cpu": 0.5, "wall": 1.0, "peak_mb": 80.0},
    {"name": "Parquet files: a", "cpu": 0.125, "wall": 1.0, "peak_mb": 60.0},
    {"name": "checkpoint", "cpu": 0.0625, "wall": 1.0, "peak_mb": 60.0},
)


def cost(seconds: float) -> measure.Cost:
    return measure.Cost(wall=12.5, cpu=seconds, peak_mb=1_234, output="")


def size_of(leads: int, cpu: float, by_hand: float) -> Size:
    return Size(
        leads,
        leads * 28,
        [
            Line(leads, leads * 28, BY_HAND, cost(by_hand), STATEMENTS),
            Line(leads, leads * 28, FULL, cost(cpu), STEPS),
        ],
        compared=[FULL],
    )


def test_the_phases_add_up_to_the_whole() -> None:
    told = steps_of(size_of(1_000, cpu=10.0, by_hand=1.0).lines[1])
    assert told["start"]["cpu"] == pytest.approx(5.5)
    assert sum(step["cpu"] for step in told.values()) == pytest.approx(10.0)
    assert sum(step["wall"] for step in told.values()) == pytest.approx(12.5)
    assert told["load"]["peak_mb"] == 900.0


def test_statements_count_for_their_file() -> None:
    told = steps_of(size_of(1_000, cpu=10.0, by_hand=2.0).lines[0])
    assert told["events"] == {"cpu": 0.75, "wall": 2.0, "peak_mb": 80.0}
    assert told["Parquet files"]["cpu"] == 0.1875
    assert told["start"]["cpu"] == pytest.approx(2.0 - 0.9375)
    assert told["quality"]["cpu"] == 0.0


def test_the_page_says_ratios_and_growth() -> None:
    sizes = [size_of(20_000, 20.0, 4.0), size_of(200_000, 50.0, 40.0)]
    text = page(sizes, "2 cores")
    # 560,000 rows in 20 CPU seconds, five times what the handwritten SQL took.
    assert (
        "| 20,000 | 560,000 | run | 20.0 s | 12.5 s | 1,234 MB | 28,000 | 5.0 |" in text
    )
    # Ten times the leads: log10(50 / 20) and log10(40 / 4).
    assert "from 20,000 to 200,000 leads: run 0.40, handwritten SQL 1.00" in text
    assert "* 20,000 leads: run\n" in text
    sizes[0].unlike.append("20,000 leads, run: people: 3, by hand 4")
    assert "people: 3, by hand 4" in page(sizes, "2 cores")


def test_the_page_names_only_what_was_compared() -> None:
    sizes = [size_of(20_000, 20.0, 4.0), size_of(200_000, 50.0, 40.0)]
    figures = "The main figures of these are the same: people, "
    assert figures not in page(sizes, "2 cores")
    sizes[1].compared, sizes[1].figures = [], [FULL, PARTS["polars"]]
    text = page(sizes, "2 cores")
    assert figures in text
    assert text.count("* 20,000 leads: ") == 1 and "* 20,000 leads: run\n" in text
    assert "* 200,000 leads: polars (figures); run\n" in text
    for size in sizes:
        size.compared, size.figures = [], []
    text = page(sizes, "2 cores")
    assert "Nothing was compared with the handwritten SQL." in text
    assert "same" not in bench.agreement(sizes)


def test_what_was_compared_is_kept_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Measured(monkeypatch)
    monkeypatch.setattr(bench, "differences", lambda *_: [])
    monkeypatch.setattr(handwritten, "figures_of", lambda _: {})
    folder = tmp_path / "500"

    def compared(*names: str, anew: bool = False) -> list[str]:
        made = Bench(500, folder, keep=True, compare=0)
        return made.measure([PARTS[name] for name in names], anew=anew).figures

    assert compared("run") == []
    database = folder / "handwritten" / DATABASE
    database.parent.mkdir()
    database.touch()
    assert compared("polars") == [PARTS["polars"]]
    assert compared("run", anew=True) == [PARTS["polars"], FULL]
    database.unlink()
    assert compared("polars", anew=True) == [FULL]


# The company, small.


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company") / "landing"
    company.write(folder, leads=700, seed=7)
    return folder


@pytest.fixture(scope="module")
def by_hand(landing: Path) -> Path:
    """The file of the handwritten tables."""
    folder = landing.parent / "handwritten"
    handwritten.build(landing, folder, LOADED_AT)
    return folder / DATABASE


def read(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_its_bulk_is_28_rows_a_lead(landing: Path) -> None:
    def count(table: str) -> int:
        return duckdb.sql(f"from '{landing}/{table}/*.parquet'").shape[0]

    assert count("generic/lead") == count("generic/touch") == 700
    assert 700 * 20 <= count("generic/sales_activity") <= 700 * 20.1
    assert 700 * 6 <= count("generic/lead_status_history") <= 700 * 6.2
    assert count("generic/score_change") == 70
    assert count("generic/opportunity") == 35


def test_the_handwritten_tables_are_the_public_ones(by_hand: Path) -> None:
    """A column that a contract gains or loses is missed here first."""
    promised = {
        model["name"]: [column["name"] for column in model["columns"]]
        for path in (ROOT / "models" / "marts").glob("*/_*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ())
    }
    found: dict[str, list[str]] = {}
    for table, column in read(
        by_hand,
        "select table_name, column_name from duckdb_columns() "
        f"where schema_name in {PUBLIC_SCHEMAS} order by column_index",
    ):
        found.setdefault(table, []).append(column)
    # The one table there that is not public.
    del promised["raw_row_fates"]
    for table in rows.LEARNED:
        del promised[table]
    assert {table: set(columns) for table, columns in found.items()} == {
        table: set(columns) for table, columns in promised.items()
    }
    files = {path.stem for path in by_hand.parent.glob("*.parquet")}
    assert files == set(promised)


def test_every_public_table_has_rows(by_hand: Path) -> None:
    counts = {
        table: read(by_hand, f"select count(*) from {schema}.{table}")[0][0]
        for schema, table in read(
            by_hand, "select schema_name, table_name from duckdb_tables()"
        )
    }
    empty = {table for table, count in counts.items() if not count}
    # Nothing was closed.
    assert empty == {"mart_period_close", "mart_restatement", "mart_restated_lines"}
    rules = {rule for (rule,) in read(by_hand, "select rule from marts.quarantine")}
    assert rules == {
        "missing_key", "unparsable_timestamp", "future_timestamp",
        "before_first_record", "unknown_person", "unmapped_status",
        "exit_without_lifecycle", "oversized_identity_group", "unparsable_amount",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.exhaustive
def test_the_run_publishes_the_handwritten_rows(landing: Path, by_hand: Path) -> None:
    """Before and after a change, over all columns of all public tables."""
    project = Project.from_environment({}, landing=landing, out=landing.parent / "out")
    spill = landing.parent / "spill"

    assert rows.unlike(job.build(project), by_hand, spill) == []
    company.change(landing)
    try:
        changed = landing.parent / "changed"
        handwritten.build(landing, changed, LOADED_AT)
        assert rows.unlike(job.build(project), changed / DATABASE, spill) == []
        assert rows.unlike(changed / DATABASE, by_hand, spill) != []
    finally:
        company.unchange(landing)


def test_other_rows_are_told(by_hand: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    other.write_bytes(by_hand.read_bytes())
    with duckdb.connect(str(other)) as connection:
        connection.execute(
            "update marts.fct_handoffs set outcome = 'lost' "
            "where handoff_id = (select min(handoff_id) from marts.fct_handoffs);"
            "update marts.quarantine set seen_at = null;"
            "alter table marts.dim_people drop region;"
            "drop table marts.dim_dates"
        )
    dates, people, handoffs = rows.unlike(other, by_hand, tmp_path / "spill")
    assert dates == "dim_dates is in one of them only"
    assert people.startswith("dim_people: the columns are")
    assert handoffs == "fct_handoffs: 1 rows are not there by hand, 1 only there"


def test_polars_has_the_same_figures(landing: Path, by_hand: Path) -> None:
    figures = json.loads(json.dumps(handwritten.figures_of(by_hand)))
    assert figures["people"][0][0] < 700
    assert in_polars.figures(landing, SEEDS, LOADED_AT) == figures


def test_the_handwritten_company_is_that_of_the_reference(
    landing: Path, by_hand: Path, tmp_path: Path
) -> None:
    for folder in landing.glob("*/*"):
        target = tmp_path / folder.parent.name / f"{folder.name}.csv"
        target.parent.mkdir(exist_ok=True)
        duckdb.sql(f"from '{folder}/*.parquet'").write_csv(str(target))
    expected = compute(tmp_path, SEEDS, loaded_at=LOADED_AT)
    figures = handwritten.figures_of(by_hand)
    assert figures["people"] == [[len(expected.people)]]
    assert figures["stage events"] == [[len(expected.stage_events)]]
    outcomes = Counter((row["origin"], row["outcome"]) for row in expected.lifecycles)
    assert {
        (origin, outcome): count
        for origin, outcome, count in figures["lifecycles by origin and outcome"]
    } == outcomes
    assert figures["was ignored"] == [
        [sum(row["was_ignored"] for row in expected.lifecycles)]
    ]
    verdicts = Counter(row["verdict"] for row in expected.transitions)
    assert dict(map(tuple, figures["transitions by verdict"])) == verdicts


def test_a_change_is_a_further_file(tmp_path: Path) -> None:
    company.write(tmp_path, leads=1_000, seed=7)
    first = {path: path.read_bytes() for path in tmp_path.rglob("part-0.parquet")}
    added = company.change(tmp_path)
    # One row in each of three tables for about one lead in a hundred.
    assert added % 3 == 0 and 3 * 3 <= added <= 3 * 25
    assert all(path.read_bytes() == content for path, content in first.items())
    company.unchange(tmp_path)
    assert set(tmp_path.rglob("*.parquet")) == set(first)


def test_the_floor_reads_every_table(landing: Path, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        floor.read(connection, landing)
        with pytest.raises(duckdb.Error):
            floor.read(connection, tmp_path)


# What is measured, and what is kept.


class Measured:
    """Stands for the processes: says what would have been measured."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        monkeypatch.setattr(bench, "measured", self)

    def __call__(self, module: str, *arguments: Path | str, log=None):
        self.calls.append(" ".join([module, *map(str, arguments[1:])]))
        if module == "job":
            published = Path(arguments[1]) / "published"
            published.mkdir(parents=True, exist_ok=True)
            (published / DATABASE).touch()
        said = {"company": [1_000], "job": list(STEPS)}.get(module, {"figures": {}})
        return cost(1.0), said

    def taken(self) -> list[str]:
        calls, self.calls = self.calls, []
        return calls


def test_only_what_is_missing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = Measured(monkeypatch)
    folder = tmp_path / "500"
    out = folder / "out"

    def wanted(*names: str, keep: bool = True, anew: bool = False) -> list[str]:
        size = Bench(500, folder, keep=keep, compare=0).measure(
            [PARTS[name] for name in names], anew=anew
        )
        assert size.leads == 500 and size.rows == 1_000
        assert {PARTS[name] for name in names} <= {line.what for line in size.lines}
        return measured.taken()

    assert wanted("floor", "run") == ["company 500", "floor", f"job {out}"]
    assert wanted("floor", "again") == [f"job {out}"]
    assert wanted("run", "changed") == ["company change", f"job {out}"]
    assert wanted("again", "polars") == ["in_polars"]
    # A run again starts from the run, and the change is in its tables by now.
    kept = folder / "measured.json"
    content = json.loads(kept.read_text(encoding="utf-8"))
    lines = content["size"]["lines"]
    content["size"]["lines"] = [line for line in lines if line["what"] != AGAIN]
    kept.write_text(json.dumps(content), encoding="utf-8")
    job = f"job {out}"
    assert wanted("again") == [job, job, "company change", job]
    assert wanted("floor", anew=True) == ["floor"]
    # Without --keep everything is.
    assert wanted("floor", keep=False) == ["company 500", "floor"]


def test_another_recipe_is_another_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = Measured(monkeypatch)
    Bench(500, tmp_path / "500", keep=True, compare=0).measure([PARTS["floor"]])
    measured.taken()
    monkeypatch.setattr(Bench, "_recipe", lambda self: "another")
    Bench(500, tmp_path / "500", keep=True, compare=0).measure([PARTS["floor"]])
    assert measured.taken() == ["company 500", "floor"]


def test_an_unknown_part_is_told() -> None:
    with pytest.raises(SystemExit, match="does not know pandas: it takes floor"):
        bench.parts("run,pandas")
    assert bench.parts("run handwritten") == [FULL, BY_HAND]


def test_progress_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = f"{measure.TOLD}build_facts: 7.0 CPU s"
    measure.run(["bash", "-c", f"echo noise; echo '{line}'"], {}, tmp_path / "log")
    assert capsys.readouterr().out == line + "\n"


def test_a_failing_command_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        measure.run(["bash", "-c", "echo no such thing; exit 3"], {}, tmp_path / "log")
