"""The definition that ships, held to the contract it was written from.

Whoever changes a row of `seeds/` changes what every company reads, so the rows
are said here a second time, as sections 2, 3 and 5 of the semantics say them.
"""

from __future__ import annotations

import csv
import unicodedata

import pytest

from orchestration.project import ROOT

STAGES = [
    "inquiry", "mql", "handed_off", "tal", "sal", "sql", "opportunity",
    "won", "lost", "rejected", "recycled", "disqualified",
]  # fmt: skip
PROGRESS = {"tal", "sal", "sql", "opportunity"}
EXITS = {"won", "lost", "rejected", "recycled", "disqualified"}

# What a Salesforce status means, by stage.
SALESFORCE = {
    "inquiry": ["Open - Not Contacted", "Open", "New", "新規"],
    "mql": ["MQL", "Marketing Qualified"],
    "handed_off": ["Assigned", "Sent to Sales", "Handed Off", "営業引き渡し"],
    "tal": ["ADR Accepted", "TAL"],
    "sal": ["Accepted", "Sales Accepted", "SAL", "営業受入"],
    "sql": ["Qualified", "Sales Qualified", "SQL", "Closed - Converted"],
    "rejected": ["Rejected", "Closed - Not Converted", "却下"],
    "recycled": ["Recycled", "Nurture", "ナーチャリング"],
    "disqualified": ["Disqualified", "Unqualified", "Junk", "対象外"],
    "none": ["Working", "Working - Contacted", "Contacted", "対応中"],
}

# Nobody wins or loses a deal that sales never had, and sales cannot reject
# what nobody passed on.
FORBIDDEN = {
    ("inquiry", "won"), ("mql", "won"), ("handed_off", "won"), ("tal", "won"),
    ("inquiry", "lost"), ("mql", "lost"), ("inquiry", "rejected"),
}  # fmt: skip


def seed(name: str) -> list[dict[str, str]]:
    path = ROOT / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def same_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def check_transitions(rows: list[dict[str, str]]) -> None:
    """Every pair has the verdict that follows from the order of the stages."""
    verdicts = {(r["from_stage"], r["to_stage"]): r["verdict"] for r in rows}
    open_stages = [s for s in STAGES if s not in EXITS]
    assert len(rows) == len(verdicts) == len(open_stages) * len(STAGES)
    for before in open_stages:
        for after in STAGES:
            verdict = verdicts[before, after]
            if before == after:
                assert verdict == "repeated", (before, after)
            elif (before, after) in FORBIDDEN:
                assert verdict == "forbidden", (before, after)
            elif STAGES.index(after) < STAGES.index(before):
                assert verdict == "backward", (before, after)
            else:
                assert verdict in ("expected", "skipped"), (before, after)
    for before, after in (
        ("inquiry", "mql"), ("mql", "handed_off"), ("handed_off", "tal"),
        ("handed_off", "sal"), ("tal", "sal"), ("sal", "sql"),
        ("sql", "opportunity"), ("opportunity", "won"), ("opportunity", "lost"),
        ("handed_off", "rejected"), ("sal", "recycled"),
    ):  # fmt: skip
        assert verdicts[before, after] == "expected", (before, after)
    for before, after in (
        ("inquiry", "handed_off"), ("mql", "sal"), ("handed_off", "sql"),
        ("sal", "opportunity"), ("sql", "won"),
    ):  # fmt: skip
        assert verdicts[before, after] == "skipped", (before, after)


def test_section_2_stages_stand_in_rank_order() -> None:
    rows = [row for row in seed("stages") if row["stage"] != "none"]
    assert [r["stage"] for r in sorted(rows, key=lambda r: int(r["rank"]))] == STAGES
    assert {r["stage"] for r in rows if r["kind"] == "exit"} == EXITS
    assert {r["stage"] for r in rows if r["kind"] == "progress"} == PROGRESS


def test_section_2_salesforce_statuses() -> None:
    rules = {
        same_text(row["value"]): row["stage"]
        for row in seed("stage_rules")
        if (row["definition_version"], row["source"], row["field"])
        == ("v1", "salesforce", "status")
    }
    for stage, values in SALESFORCE.items():
        for value in values:
            assert rules[same_text(value)] == stage, value
    own_names = {same_text(s) for s in STAGES}
    labels = {same_text(r["label_ja"]) for r in seed("stages") if r["stage"] != "none"}
    listed = {same_text(v) for values in SALESFORCE.values() for v in values}
    assert set(rules) == listed | own_names | labels


@pytest.mark.parametrize("source", ["generic", "salesforce", "marketo"])
def test_section_2_a_stages_own_name_is_that_stage(source: str) -> None:
    rules = {
        same_text(row["value"]): row["stage"]
        for row in seed("stage_rules")
        if row["source"] == source and row["operator"] == "equals"
    }
    for row in seed("stages"):
        if row["stage"] != "none":
            assert rules[same_text(row["stage"])] == row["stage"]
            assert rules[same_text(row["label_ja"])] == row["stage"]


def test_section_2_marketo_and_conversion_rules() -> None:
    rules = {
        (r["source"], r["entity"], r["field"], r["operator"], r["value"]): r["stage"]
        for r in seed("stage_rules")
        if r["operator"] != "equals"
    }
    assert rules == {
        ("salesforce", "lead", "leadConverted", "exists", ""): "sql",
        ("marketo", "new_lead", "", "exists", ""): "inquiry",
        ("marketo", "fill_out_form", "", "exists", ""): "inquiry",
        ("marketo", "lead", "score", "crosses", "100"): "mql",
    }


def test_section_3_the_version_that_ships() -> None:
    versions = {row["version"]: row for row in seed("funnel_versions")}
    assert set(versions) == {"v1", "mql_handoff"}
    assert versions["v1"]["effective_from"] == "1970-01-01"
    assert versions["v1"]["handoff_mode"] == "explicit"
    assert versions["mql_handoff"]["effective_from"] == ""
    assert versions["mql_handoff"]["based_on"] == "v1"
    assert versions["mql_handoff"]["handoff_mode"] == "mql"
    assert seed("sla_policies") == [
        {
            "definition_version": "v1",
            "match_on": "default",
            "match_value": "",
            "sla_business_hours": "18",
            "calendar_id": "japan",
            "max_pending_days": "30",
            "touches_stop_clock": "true",
        }
    ]
    calendar = [tuple(row.values()) for row in seed("business_calendars")]
    assert calendar == [
        ("japan", "Asia/Tokyo", str(day), "09:00", "18:00") for day in range(1, 6)
    ]


def test_section_1_shared_mailboxes() -> None:
    assert {row["local_part"] for row in seed("shared_mailboxes")} == {
        "info", "sales", "contact", "support", "admin", "office", "hello",
        "mail", "webmaster", "postmaster", "noreply", "no-reply",
    }  # fmt: skip


def test_section_5_automated_mail_is_no_response() -> None:
    counts = {row["touch_type"]: row["is_response"] for row in seed("touch_types")}
    for touch_type in ("call", "email", "meeting", "電話", "訪問"):
        assert counts[touch_type] == "true"
    for touch_type in ("automated_email", "listemail", "自動メール"):
        assert counts[touch_type] == "false"


def test_section_7_transitions() -> None:
    check_transitions(seed("stage_transitions"))
