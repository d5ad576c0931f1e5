"""One list of raw tables: whatever must agree with it does, or a sentence says so."""

import re
import time
from pathlib import Path

import pytest
from dbt.adapters.cache import RelationsCache

from orchestration.errors import LeadFunnelError
from orchestration.project import ROOT, Project
from orchestration.sources.tables import (
    RAW_TABLES,
    RawTable,
    looked_up_tables,
    read_tables,
)
from orchestration.transformation import dbt_runner
from tests.input_layer.conftest import build

LISTS = "models/staging/<system>/_<system>__sources.yml"

Key = tuple[str, str]


def key(table: RawTable) -> Key:
    return table.system, table.name


def staged(root: Path) -> dict[Key, str]:
    """The raw tables that staging reads, and the model that does."""
    found = {}
    for path in sorted((root / "models" / "staging").rglob("stg_*.sql")):
        text = path.read_text(encoding="utf-8")
        for system, table in re.findall(r"\bstage\(\s*'(\w+)',\s*'(\w+)'", text):
            found[system, table] = path.stem
    return found


def disagreements(root: Path) -> list[str]:
    listed, read = {key(table) for table in read_tables(root)}, staged(root)
    folder = "models/staging"
    return [
        *(
            f"The list has {system}.{table}, which no staging model reads: add "
            f"{folder}/{system}/stg_{system}__<entities>.sql, or take it off the list."
            for system, table in sorted(listed - set(read))
        ),
        *(
            f"{read[system, table]} reads {system}.{table}, which is not in the list: "
            f"add it to {folder}/{system}/_{system}__sources.yml."
            for system, table in sorted(set(read) - listed)
        ),
    ]


def test_every_listed_table_is_staged_and_every_staged_one_is_listed():
    assert disagreements(ROOT) == []


def test_a_table_that_is_only_listed_or_only_staged_is_a_sentence(tmp_path):
    folder = tmp_path / "models" / "staging" / "kintone"
    folder.mkdir(parents=True)
    (folder / "_kintone__sources.yml").write_text(
        "sources: [{name: raw_kintone, tables: [{name: app, description: Apps.}]}]"
    )
    (folder / "stg_kintone__records.sql").write_text(
        "{{ stage(\n    'kintone', 'record',\n    key=['id'],\n) }}"
    )
    only_listed, only_staged = disagreements(tmp_path)
    assert "The list has kintone.app, which no staging model reads" in only_listed
    assert "stg_kintone__records reads kintone.record, which is not" in only_staged


def test_what_nothing_reads_of_a_table_is_a_sentence(tmp_path):
    folder = tmp_path / "models" / "staging" / "kintone"
    folder.mkdir(parents=True)
    (folder / "_kintone__sources.yml").write_text(
        "sources: [{name: raw_kintone, tables: [{name: app, description: Apps., "
        "config: {meta: {lookedup: true}}}]}]"
    )
    with pytest.raises(LeadFunnelError, match="'lookedup' of the raw table kintone"):
        read_tables(tmp_path)


# Everything that hangs on the list, as dbt knows it.


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    out = tmp_path_factory.mktemp("manifest")
    return dbt_runner.manifest_json(Project.from_environment({}, out=out))


def raw_tables_above(manifest, name: str) -> set[Key]:
    """The raw tables that a model is made of, at first or at second hand."""
    found, seen, todo = set(), set(), [f"model.lead_funnel.{name}"]
    while todo:
        unique_id = todo.pop()
        if unique_id in seen:
            continue
        seen.add(unique_id)
        source = manifest["sources"].get(unique_id)
        if source and source["source_name"].startswith("raw_"):
            found.add((source["source_name"].removeprefix("raw_"), source["name"]))
        todo += (
            manifest["nodes"].get(unique_id, {}).get("depends_on", {}).get("nodes", [])
        )
    return found


LOOKED_UP_IN = ("input_layer__users", "input_layer__campaigns")
"""What every person's rows are looked up in, whosoever they are."""


def test_what_everybodys_rows_are_looked_up_in_is_marked(manifest):
    """Its people are not found by their own rows, so that a table without the mark
    would leave everybody as they were: old names of owners, old campaigns."""
    made_of = set().union(*(raw_tables_above(manifest, name) for name in LOOKED_UP_IN))
    marked = looked_up_tables()
    assert [
        *(
            f"{system}.{table} is read by {' or '.join(LOOKED_UP_IN)}: write "
            f"`is_looked_up: true` at it in {LISTS}."
            for system, table in sorted(made_of - marked)
        ),
        *(
            f"{system}.{table} is marked is_looked_up, but neither of "
            f"{' and '.join(LOOKED_UP_IN)} reads it."
            for system, table in sorted(marked - made_of)
        ),
    ] == []


def test_whoever_adds_a_contract_model_of_nobody_says_whether_it_is_looked_up(manifest):
    of_nobody = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["name"].startswith("input_layer__")
        # A system's own part has another `__` in its name.
        and node["name"].count("__") == 1
        and not node["config"]["meta"].get("rows_of")
    }
    # Costs are spread and counted for the whole company, whatever a person did; rows
    # and changes are counted, too.
    known = {
        *LOOKED_UP_IN,
        "input_layer__costs",
        "input_layer__histories",
        "input_layer__raw_tables",
    }
    assert of_nobody == known, (
        f"{sorted(of_nobody ^ known)} says in dbt_project.yml that its rows are "
        "nobody's: is it looked up by everybody's rows? Then name it in LOOKED_UP_IN "
        "above, else in `known`."
    )


def test_a_change_of_any_raw_table_counts_the_rows_anew(manifest):
    """The counts are asked of the list when dbt runs, and so are no dependency
    that it knows of: what is counted beside them must be made of every table."""
    missing = {key(table) for table in RAW_TABLES} - raw_tables_above(
        manifest, "input_layer__raw_tables"
    )
    assert [
        f"input_layer__raw_tables is not made of {system}.{table}: where its rows "
        "become no entity of the input layer, name its staging model in `only_counted`."
        for system, table in sorted(missing)
    ] == []


def a_row_of(table: RawTable) -> dict[str, str]:
    """A row that has all it needs, and whatever else makes it one that arrives."""
    needed = {needed.names[0]: "2026-04-01" for needed in table.needed}
    return {
        **needed,
        **{name: "1" for name in needed if name.endswith("id")},
        "id": "1",
        "merged_lead": "1",
        "into_lead": "2",
        "merge_ids": "2",
    }


@pytest.mark.exhaustive
def test_a_row_of_every_raw_table_is_counted_and_arrives(tmp_path, monkeypatch):
    """Also where dbt takes its time to write down which tables a schema has: a view
    that was made meanwhile took its table for one that is not there."""
    write_down = RelationsCache.add

    def slowly(cache, relation):
        write_down(cache, relation)
        time.sleep(0.01)

    monkeypatch.setattr(RelationsCache, "add", slowly)
    built = build(
        tmp_path,
        {f"{table.system}/{table.name}": [a_row_of(table)] for table in RAW_TABLES},
    )
    counted = {
        (system, table): (rows, surviving)
        for system, table, rows, surviving in built.rows(
            "select source, source_table, raw_rows, surviving_rows "
            "from input_layer__raw_tables"
        )
    }
    assert list(counted) and set(counted) == {key(table) for table in RAW_TABLES}
    assert [
        f"{system}.{table} has {rows} row, of which {surviving} arrive in "
        "input_layer__raw_tables: where they become no entity of the input layer, "
        "name its staging model in `only_counted`."
        for (system, table), (rows, surviving) in sorted(counted.items())
        if (rows, surviving) != (1, 1)
    ] == []


# The page for those who write an export.

PAGE = ROOT / "docs" / "sources.md"
ACTIVITY = "`id` or `marketo_guid`, `lead_id`"
SHORT_FOR = {"activity without its time": ACTIVITY}
SHORT_FOR["activity"] = f"{ACTIVITY}, `activity_date`"
SHORT_FOR["activity and its change"] = (
    f"{SHORT_FOR['activity']}, `new_value` or `attributes`"
)
SHORT_FOR["activity and its status"] = (
    f"{SHORT_FOR['activity']}, `new_status` or `attributes`"
)
SHORT_FOR["activity and its losers"] = f"{ACTIVITY}, `merge_ids` or `attributes`"
PLATFORMS = "Advertising platforms, as Fivetran and Airbyte land them"


def described() -> dict[Key, tuple[bool, set[frozenset[str]], set[str]]]:
    """What the page says of each table: whether it is needed, which columns are,
    and what else it may be called."""
    found = {}
    system = table = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"## (\S+)/(\S+)", line):
            system, table = heading.groups()
            found[system, table] = (False, set(), set())
        elif line.startswith("## "):
            system = "ads" if line == f"## {PLATFORMS}" else line.removeprefix("## ")
            table = ""
        elif heading := re.fullmatch(r"### (\w+)( \(needed\))?", line):
            table = heading[1]
            found[system, table] = (bool(heading[2]), set(), set())
        elif row := re.fullmatch(r"\| (`\w+`[^|]*) \|([^|]*)\|.*", line):
            first, second = row.groups()
            if table:
                if "**needed**" in first:
                    found[system, table][1].add(frozenset(names(first)))
            elif system in {table.system for table in RAW_TABLES}:
                name, *spellings = names(first)
                columns = re.split(
                    r",(?: and)? ", SHORT_FOR.get(s := second.strip(), s)
                )
                found[system, name] = (
                    "(needed)" in first,
                    {frozenset(names(column)) for column in columns if column},
                    set(spellings),
                )
    return found


def names(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_the_page_tells_every_table_and_what_it_needs():
    listed = {
        key(table): (
            table.is_required,
            {frozenset(needed.names) for needed in table.needed},
            set(table.spellings),
        )
        for table in RAW_TABLES
    }
    page = described()
    assert [
        f"{PAGE.name} says {page.get(name)} of {'.'.join(name)}, and the list "
        f"{listed.get(name)}: needed or not, needed columns, other names."
        for name in sorted({*page, *listed})
        if page.get(name) != listed.get(name)
    ] == []
