"""What the sample's run says of the quality of its data, and what `status` says."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration import warehouse
from orchestration.commands import status
from orchestration.project import Project
from orchestration.publication import publications
from orchestration.settings.run_settings import write_settings

RULES = {
    "future_timestamp", "before_first_record", "unparsable_timestamp",
    "unparsable_amount", "unknown_person", "unmapped_status",
    "exit_without_lifecycle", "missing_key", "oversized_identity_group",
}  # fmt: skip


def asked(project: Project, query: str) -> list[tuple]:
    with duckdb.connect(str(project.published_database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_the_rows_of_the_quarantine_are_counted_by_rule_and_system(
    published_sample: Project,
) -> None:
    counted = asked(
        published_sample,
        "select rule, source, rows_failed, rows_quarantined "
        f"from marts.mart_data_quality where rule in {tuple(sorted(RULES))} "
        "and rows_failed > 0 order by all",
    )
    there = asked(
        published_sample,
        "select rule, source, count(*), count(*) from marts.quarantine "
        "group by all order by all",
    )
    assert counted == there and len(there) > 3
    fates = json.loads((published_sample.published / "publication.json").read_text())
    systems = {name.split(".")[0] for name in fates["fates"]}
    for system in systems:
        rows = sum(
            told["raw_rows"] - told["duplicates"]
            for name, told in fates["fates"].items()
            if name.split(".")[0] == system
        )
        said = asked(
            published_sample,
            "select rule, rows_checked from marts.mart_data_quality "
            f"where source = '{system}' and rule in {tuple(sorted(RULES))}",
        )
        assert dict(said) == dict.fromkeys(RULES, rows)


def test_the_most_frequent_unmapped_value_is_named(published_sample: Project) -> None:
    """Of the quarantine's own words, which are written elsewhere."""
    for source, detail in asked(
        published_sample,
        "select source, detail from marts.mart_data_quality "
        "where rule = 'unmapped_status' and rows_failed > 0",
    ):
        said = re.fullmatch(r"(\w+) '(.*)', (\d+) rows since (\d{4}-\d\d-\d\d)", detail)
        assert said, detail
        field, value, count, _ = said.groups()
        most = asked(
            published_sample,
            f"select detail, count(*) from marts.quarantine where source = '{source}' "
            "and rule = 'unmapped_status' group by 1 order by 2 desc limit 1",
        )
        assert most[0][0].endswith(f" reads {field} = {value}")
        assert most[0][1] <= int(count)


def test_every_rule_has_an_owner_and_what_to_do(published_sample: Project) -> None:
    assert (
        asked(
            published_sample,
            "select distinct rule from marts.mart_data_quality "
            "where owner is null or what_to_do is null",
        )
        == []
    )
    assert asked(
        published_sample,
        "select count(distinct run_as_of), bool_and(is_last_run) "
        "from marts.mart_data_quality",
    ) == [(1, True)]
    for check in json.loads(
        (published_sample.published / "publication.json").read_text()
    )["checks"]:
        assert check["severity"] in ("error", "warning")
        assert check["owner"] and len(check["what_to_do"]) > 20


# A publication whose last run is told by hand.


@pytest.fixture
def own(published_sample: Project, tmp_path: Path) -> Project:
    """The sample's publication, in a folder of its own."""
    shown = published_sample.published.resolve()
    out = tmp_path / "out"
    folder = out / "publications" / shown.name
    shutil.copytree(shown, folder)
    (out / "published").symlink_to(Path("publications") / shown.name)
    return Project.from_environment({}, landing=published_sample.landing, out=out)


def put(project: Project, rows: str) -> None:
    path = project.published / "mart_data_quality.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select rule as data_quality_id, timestamp '2026-09-30 12:00' as "
            "run_as_of, is_last_run, rule, 'crm' as source, 9::bigint as rows_checked, "
            "rows_failed::bigint as rows_failed, 0::bigint as rows_quarantined, state, "
            "failing_since::timestamp as failing_since, detail, owner, what_to_do "
            f"from (values {rows}) as told (is_last_run, rule, rows_failed, state, "
            "failing_since, detail, owner, what_to_do)) "
            f"to '{path.resolve()}' (format parquet)"
        )


STATUS = "'Working - 連絡済'', 412 rows since 2026-09-22'"
FAILING = (
    f"(true, 'unmapped_status', 412, 'failed', '2026-09-22 12:00', 'status '{STATUS}, "
    "'sales-operations', 'Add a rule.'), "
    "(true, 'silent', 50, 'failed', '2026-09-21 12:00', null, null, null), "
    "(true, 'missing_key', 3, 'accepted', null, 'x', 'us', 'Mend it.'), "
    "(false, 'volume_low', 3, 'failed', '2026-09-01 12:00', 'x', 'us', 'Mend it.')"
)


def edit(project: Project, **changes: object) -> None:
    path = project.published / "publication.json"
    told = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(told))


def test_status_says_what_fails_since_when_and_who_must_do_what(own: Project) -> None:
    put(own, FAILING)
    edit(
        own,
        checks=[],
        as_of="2026-09-30T12:00:00.000000Z",
        latest={"crm": "2026-09-30 11:00:00", "ads": "2026-09-27 12:00:00"},
    )
    said = list(status.lines(own))
    assert said[2] == (
        "  Latest events: ads 2026-09-27 12:00 (3 days before) and crm 2026-09-30 11:00"
    )
    # The one that fails longest first; of what is accepted, or of before, nothing.
    assert said[3:6] == [
        "  2 things fail:",
        "  - silent in crm: 50 rows, fails since Mon 2026-09-21. Nobody: nothing is "
        "said of it.",
        "  - unmapped_status in crm: 412 rows (status 'Working - 連絡済', 412 rows "
        "since 2026-09-22), fails since Tue 2026-09-22. sales-operations: Add a rule.",
    ]


def test_status_has_ten_lines_however_much_fails(own: Project) -> None:
    rows = ", ".join(
        f"(true, 'rule_{n}', {n}, 'failed', '2026-09-{n:02} 12:00', '{'x' * 900}', "
        "'us', 'Mend it.')"
        for n in range(1, 25)
    )
    put(own, rows)
    said = list(status.lines(own))
    assert len(said) <= 10
    assert all(len(line) < 400 for line in said)
    assert said[3] == "  24 things fail (all: marts.mart_data_quality):"
    assert [line.split(" in ")[0] for line in said[4:8]] == [
        "  - rule_1", "  - rule_2", "  - rule_3", "  - rule_4",
    ]  # fmt: skip


def test_where_nothing_fails_status_says_so(own: Project) -> None:
    put(own, "(true, 'silent', 0, 'passed', null, null, 'us', 'Look.')")
    edit(own, checks=[])
    assert "  Nothing fails." in list(status.lines(own))


def test_a_publication_of_before_there_was_the_table_has_a_status(own: Project) -> None:
    done = publications.published(own)
    assert done is not None
    rows = {name: n for name, n in done.rows.items() if name != "mart_data_quality"}
    edit(own, rows=rows, latest={}, checks=[])
    assert "  Nothing fails." in list(status.lines(own))


# What earlier runs found is taken over.


def known(project: Project) -> list[tuple]:
    write_settings(project)
    with warehouse.connect(project, read_only=True) as connection:
        return connection.execute(
            "select run_as_of, rule, state, failing_since "
            "from settings.published_data_quality order by all"
        ).fetchall()


def test_a_run_knows_what_was_published_of_the_same_folder(
    own: Project, tmp_path: Path
) -> None:
    put(own, FAILING)
    own.prepare_out()
    run = datetime(2026, 9, 30, 12)
    assert known(own)[-1] == (
        run,
        "volume_low",
        "failed",
        datetime(2026, 9, 1, 12),
    )
    assert len(known(own)) == 4
    other = Project.from_environment({}, landing=tmp_path, out=own.out)
    assert known(other) == []


def test_without_a_publication_nothing_is_known(project: Project) -> None:
    project.prepare_out()
    assert known(project) == []
