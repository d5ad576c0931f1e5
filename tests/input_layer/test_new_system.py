"""A CRM is added by CONTRIBUTING's list, and by nothing else.

A copy of the project gets a made-up CRM, `acme`; a run on a few of its rows
finds the hand-offs that were worked out by hand.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.project import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

COPIED = (
    "models", "macros", "seeds", "tests/data", "orchestration", "expectations",
    "docs", "dbt_project.yml", "profiles.yml", "pyproject.toml",
)  # fmt: skip

TABLES = {
    "prospect": "people who asked for something",
    "stage_log": "changes of their stage",
    "agent": "the people of sales",
}
META = {
    "prospect": "is_required", "stage_log": "is_required", "agent": "is_looked_up",
}  # fmt: skip


def insert(root: Path, name: str, before: str, lines: str) -> None:
    path = root / name
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{before!r} stands not once in {name}"
    path.write_text(text.replace(before, lines + before), encoding="utf-8")


def append(root: Path, name: str, lines: str) -> None:
    with (root / name).open("a", encoding="utf-8") as file:
        file.write(lines)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def stage_them(root: Path) -> None:
    folder = "models/staging/acme"
    sources = "".join(
        f"      - name: {name}\n        description: {purpose.capitalize()}.\n"
        f"        config: {{meta: {{{META[name]}: true}}}}\n"
        for name, purpose in TABLES.items()
    )
    write(
        root,
        f"{folder}/_acme__sources.yml",
        "version: 2\n\nsources:\n  - name: raw_acme\n    schema: raw_acme\n"
        f"    description: Tables of Acme.\n    tables:\n{sources}",
    )
    write(
        root,
        f"{folder}/stg_acme__prospects.sql",
        "{{ stage('acme', 'prospect', key=['id'],"
        " texts={'record_id': 'id', 'email': 'mail', 'status': 'stage',"
        " 'owner_id': 'agent'}, instants={'created_at': 'added_on'}) }}\n",
    )
    write(
        root,
        f"{folder}/stg_acme__stage_changes.sql",
        "{{ stage('acme', 'stage_log', key=['id'],"
        " texts={'record_id': 'prospect', 'old_value': 'from_stage',"
        " 'new_value': 'to_stage', 'actor_id': 'done_by'},"
        " instants={'changed_at': 'done_on'}) }}\n",
    )
    write(
        root,
        f"{folder}/stg_acme__agents.sql",
        "{{ stage('acme', 'agent', key=['id'],"
        " texts={'user_id': 'id', 'user_name': 'name'}) }}\n",
    )


NO_RECORD_HAS = {
    "string": (
        "full_name", "phone", "company", "region", "status_reason", "lead_source",
        "campaign_id", "campaign_match_id", "created_by_id", "merged_into_id",
        "converted_contact_id", "converted_opportunity_id", "crm_lead_id",
        "crm_contact_id",
    ),
    "timestamp": ("converted_at",),
    "bigint": ("merged_into_key",),
}  # fmt: skip


def shape_them(root: Path) -> None:
    key = "{{ system_key('acme', 'record_id') }} as record_key"
    nulls = ", ".join(
        f"cast(null as {kind}) as {name}"
        for kind, names in NO_RECORD_HAS.items()
        for name in names
    )
    folder = "models/input_layer/acme/input_layer__acme__"
    write(
        root,
        f"{folder}records.sql",
        "select {{ row_columns() }}, 'lead' as entity, record_id,"
        f" record_id as record_match_id, {key}, email,"
        " {{ same_text('email') }} as email_match, owner_id, status,"
        " true as has_first_value, created_at, created_at_text,"
        f" false as is_deleted, {nulls} from {{{{ ref('stg_acme__prospects') }}}}\n",
    )
    write(
        root,
        f"{folder}observations.sql",
        "select {{ row_columns() }}, 'lead' as entity, 'status' as field,"
        f" {key}, record_id, old_value, new_value, changed_at as observed_at,"
        " {{ unread_text('changed_at', 'changed_at_text') }} as observed_at_text,"
        " actor_id, cast(null as string) as reason"
        " from {{ ref('stg_acme__stage_changes') }}\n",
    )
    write(
        root,
        f"{folder}users.sql",
        "select {{ row_columns() }}, user_id,"
        " {{ system_key('acme', 'user_id') }} as user_key, user_name,"
        " cast(null as string) as team, cast(null as string) as role,"
        " cast(null as string) as role_name from {{ ref('stg_acme__agents') }}\n",
    )


def join_them(root: Path) -> None:
    for entity in ("records", "observations", "users"):
        insert(
            root,
            f"models/input_layer/input_layer__{entity}.sql",
            f"    ref('input_layer__generic__{entity}'),\n",
            f"    ref('input_layer__acme__{entity}'),\n",
        )


def say_what_its_stages_mean(root: Path) -> None:
    for value, stage in (
        ("Fresh", "inquiry"), ("Passed on", "handed_off"), ("Taken", "sal"),
        ("Declined", "rejected"),
    ):  # fmt: skip
        append(
            root,
            "seeds/stage_rules.csv",
            f"v1,acme,lead,status,equals,{value},{stage}\n",
        )


def say_who_sells(root: Path) -> None:
    append(root, "seeds/user_roles.csv", "acme,user_id,A1,field_sales,East\n")


def describe_it(root: Path) -> None:
    append(root, "docs/sources.md", "\n## acme\n\nWhat is read of Acme.\n")


STEPS: dict[str, Callable[[Path], None]] = {
    "models/staging/<system>/": stage_them,
    "models/input_layer/<system>/": shape_them,
    "models/input_layer/input_layer__<entity>.sql": join_them,
    "seeds/stage_rules.csv": say_what_its_stages_mean,
    "seeds/user_roles.csv": say_who_sells,
    "docs/sources.md": describe_it,
}
"""What CONTRIBUTING's list names, in its order, to what is done there."""

LANDING = {
    "prospect": (
        "id,added_on,mail,stage,agent",
        "P1,2026-04-01 01:00,a@example.jp,Taken,A1",
        "P2,2026-04-01 02:00,b@example.jp,Declined,A1",
        "P3,2026-04-01 03:00,c@example.jp,Fresh,A1",
    ),
    "stage_log": (
        "id,prospect,done_on,from_stage,to_stage,done_by",
        "1,P1,2026-04-02 01:00,Fresh,Passed on,",
        "2,P1,2026-04-02 03:00,Passed on,Taken,A1",
        "2,P1,2026-04-02 03:00,Passed on,Taken,A1",
        "3,P2,2026-04-02 01:00,Fresh,Passed on,",
        "4,P2,2026-04-02 05:00,Passed on,Declined,A1",
    ),
    "agent": ("id,name", "A1,Sato"),
}


def test_the_list_names_what_is_added() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.search(r"^## Add a CRM$(.*?)^## ", text, re.M | re.S)
    assert section
    assert re.findall(r"^\d+\. `([^`]+)`", section[1], re.M) == list(STEPS)


def test_a_system_is_added_by_the_list(tmp_path: Path) -> None:
    root, out = tmp_path / "project", tmp_path / "out"
    for name in COPIED:
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=ignored)
        else:
            shutil.copy(source, target)
    for step in STEPS.values():
        step(root)
    for table, lines in LANDING.items():
        write(tmp_path, f"landing/acme/{table}.csv", "\n".join(lines) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "run"],
        cwd=root,
        env={
            **os.environ,
            "PYTHONPATH": str(root),
            "LEAD_FUNNEL_LANDING": str(tmp_path / "landing"),
            "LEAD_FUNNEL_OUT": str(out),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with duckdb.connect(
        str(out / "published" / "lead_funnel.duckdb"), read_only=True
    ) as connection:
        handoffs = connection.execute(
            "select owner_id, team, passed_at, ended_at, outcome"
            " from marts.fct_handoffs order by ended_at"
        ).fetchall()
        [people] = connection.execute(
            "select count(*) from marts.dim_people"
        ).fetchall()
    passed = datetime(2026, 4, 2, 1)
    assert people == (3,)
    assert handoffs == [
        ("A1", "East", passed, datetime(2026, 4, 2, 3), "accepted"),
        ("A1", "East", passed, datetime(2026, 4, 2, 5), "rejected"),
    ]
