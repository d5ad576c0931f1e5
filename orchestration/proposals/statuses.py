"""What statuses there are, how often, when first and last, and what each may mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from orchestration.project import Project
from orchestration.proposals.columns import MOST_STATUSES, Reading
from orchestration.proposals.days import day_of
from orchestration.proposals.loaded import Loaded
from orchestration.proposals.parts import Part
from orchestration.proposals.proposal import (
    GUESS,
    LIKELY,
    SURE,
    Proposal,
    Unknown,
    counted,
    shown,
)
from orchestration.proposals.words import Meaning, Words
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.headings import compared
from orchestration.sources.lines import folded

FIELDS = {"generic": "status", "salesforce": "status", "marketo": "lead_status"}
"""The field of `stage_rules` that a lead's status is, by system."""
HISTORIES = {
    "generic": ("lead_status_history", "changed_at", "changed_by"),
    "salesforce": ("lead_history", "created_date", "created_by_id"),
}
"""Where changes of status stand: the table, its time and who did it."""
CREATED = {
    "generic": "created_at",
    "salesforce": "created_date",
    "marketo": "created_at",
}
NONE = "none"


@dataclass(frozen=True)
class Status:
    """One value of a status."""

    system: str
    value: str
    rows: int
    first: str
    last: str
    stage: str | None
    """What the definition says, or what is proposed."""
    reason: str
    confidence: str = SURE

    @property
    def is_new(self) -> bool:
        """Whether no rule of the definition reads it yet."""
        return self.reason != KNOWN


KNOWN = "a rule of the definition"


def find_statuses(
    project: Project,
    loaded: Loaded,
    words: Words,
    orders: Mapping[str, str],
) -> list[Status]:
    """All values of statuses, the most frequent of a system first."""
    rules = _rules(project)
    found = []
    for system in sorted({system for system, _ in loaded.columns} & FIELDS.keys()):
        seen: dict[str, tuple[int, str, str]] = {}
        spelled: dict[str, str] = {}
        for value, rows, first, last in _values(project, loaded, system, orders):
            key = folded(value)
            if not key:
                continue
            spelled.setdefault(key, value.strip())
            before = seen.get(key, (0, "", ""))
            seen[key] = (
                before[0] + rows,
                min(filter(None, (before[1], first)), default=""),
                max(before[2], last),
            )
        for key in sorted(seen, key=lambda each: (-seen[each][0], each)):
            rows, first, last = seen[key]
            stage = rules.get((system, FIELDS[system], key))
            reason, confidence = KNOWN, SURE
            if stage is None:
                said = words.meaning("status", spelled[key])
                stage = said.means if said else None
                reason = said.reason if said else "no word of it is known"
                confidence = _confidence(said)
            found.append(
                Status(
                    system, spelled[key], rows, first, last, stage, reason, confidence
                )
            )
    return found


def left_alone(parts: Iterable[Part], statuses: Sequence[Status]) -> Iterator[Unknown]:
    """Files that are read as nothing and hold dates and the statuses of leads: without
    the history a status has no date of its own, and no rate is what happened."""
    known = {folded(each.value) for each in statuses}
    for part in parts:
        if part.parquet is None or not any(
            profile.is_of_instants for profile in part.profiles.values()
        ):
            continue
        for place, profile in part.profiles.items():
            if not 1 < profile.distinct <= MOST_STATUSES:
                continue
            if sum(folded(value) in known for value in _texts(part, place)) > 1:
                yield Unknown(
                    f"whether {shown(part.name)} is the history of the statuses, which "
                    f"stand in its column {shown(part.headings[place])}: it is left "
                    "alone, so of each lead only the last status is known, and the "
                    "rates are not what happened. If it is, change its row, and say "
                    "in columns.add.csv which of its headings are lead_id, "
                    "changed_at, old_value and new_value",
                    "files.add.csv",
                    f"{part.path_name},generic,{HISTORIES['generic'][0]},"
                    f"{part.file.member},",
                )
                break


def _texts(part: Part, place: int) -> list[str]:
    with duckdb.connect() as connection:
        return [
            text
            for (text,) in connection.execute(
                f"select distinct trim({part.column(place)}) from {part.relation} "
                f"where trim({part.column(place)}) <> ''"
            ).fetchall()
        ]


def _confidence(said: Meaning | None) -> str:
    if said is None:
        return GUESS
    if not said.is_sure:
        return GUESS
    return SURE if said.is_whole else LIKELY


def _rules(project: Project) -> dict[tuple[str, str, str], str]:
    return {
        (row["source"], row["field"], folded(row["value"])): row["stage"]
        for row in rows_in_force(project, "stage_rules")
        if row["entity"] == "lead" and row["operator"] == "equals"
    }


def _values(
    project: Project, loaded: Loaded, system: str, orders: Mapping[str, str]
) -> Iterator[tuple[str, int, str, str]]:
    order = orders.get(system)
    status, created = FIELDS[system], CREATED[system]
    if loaded.has(system, "lead", status):
        yield from _counted(loaded, system, "lead", status, created, order)
    table, at, _ = HISTORIES.get(system, ("", "", ""))
    if loaded.has(system, table, "new_value"):
        where = _is_status(project, loaded, system, table)
        yield from _counted(loaded, system, table, "new_value", at, order, where)
        if loaded.has(system, table, "old_value"):
            for value, _, first, last in _counted(
                loaded, system, table, "old_value", at, order, where
            ):
                yield value, 0, first, last


def _counted(
    loaded: Loaded,
    system: str,
    table: str,
    column: str,
    at: str,
    order: str | None,
    where: str = "true",
) -> list[tuple[str, int, str, str]]:
    day = day_of(at, order) if loaded.has(system, table, at) else "cast(null as date)"
    return loaded.rows(
        f"select {column}, count(*), coalesce(cast(min({day}) as varchar), ''), "
        f"coalesce(cast(max({day}) as varchar), '') "
        f"from {loaded.relations[system, table]} "
        f"where trim({column}) <> '' and {where} group by 1 order by 1"
    )


def _is_status(project: Project, loaded: Loaded, system: str, table: str) -> str:
    """SQL: whether a change is one of the status."""
    if not loaded.has(system, table, "field"):
        return "true"
    fields = status_fields(project, system)
    given = loaded.rows(
        f"select distinct field from {loaded.relations[system, table]} order by 1"
    )
    same = [field for (field,) in given if field and compared(field) in fields]
    named = ", ".join("'" + field.replace("'", "''") + "'" for field in same) or "null"
    return f"(field is null or field in ({named}))"


def status_fields(project: Project, system: str) -> set[str]:
    """What a history may call the status, as it is compared."""
    return {compared(FIELDS[system])} | {
        compared(row["heading"])
        for row in rows_in_force(project, "columns")
        if row["system"] == system
        and row["table"] == "lead"
        and row["column"] in ("status", FIELDS[system])
    }


def name_the_field(
    project: Project, loaded: Loaded, words: Words
) -> Iterator[Proposal]:
    """Where no change of a history is one of a field that is known as the status: the
    field whose values are words for stages."""
    for system, (table, _, _) in HISTORIES.items():
        if not loaded.has(system, table, "field", "new_value"):
            continue
        known = status_fields(project, system)
        best: tuple[int, str] = (0, "")
        changes: dict[str, int] = {}
        for field, value, rows in loaded.rows(
            f"select field, new_value, count(*) from {loaded.relations[system, table]} "
            "where trim(new_value) <> '' group by all order by all"
        ):
            if field is None or compared(field) in known:
                best = (0, "")
                changes = {}
                break
            if words.meaning("status", value):
                changes[field] = changes.get(field, 0) + rows
        if changes:
            best = max((rows, field) for field, rows in changes.items())
        if best[0]:
            row = {
                "system": system,
                "table": "lead",
                "heading": best[1],
                "column": "status",
            }
            yield Proposal(
                "columns",
                (row,),
                f"field {shown(best[1])} of {system}.{table}",
                "status",
                f"{counted(best[0], 'change')} of it are words for stages",
                LIKELY,
            )


def rules_of(statuses: Sequence[Status], stages: Sequence[str]) -> list[Proposal]:
    """Rows of `stage_rules` for statuses that no rule reads and that may mean a stage;
    what no word tells is asked, and is not taken."""
    found = []
    for each in statuses:
        if not each.is_new:
            continue
        found.append(
            Proposal(
                "stage_rules",
                (rule(each, each.stage or ""),),
                about(each),
                each.stage or "",
                each.reason,
                each.confidence,
                "stage",
                tuple(stages),
            )
        )
    return found


def rule(status: Status, stage: str) -> dict[str, str]:
    return {
        "definition_version": "v1",
        "source": status.system,
        "entity": "lead",
        "field": FIELDS[status.system],
        "operator": "equals",
        "value": status.value,
        "stage": stage,
    }


def about(status: Status) -> str:
    when = f", {status.first} to {status.last}" if status.first else ""
    return f"status {shown(status.value)!r} ({counted(status.rows, 'row')}{when})"


def left_open(status: Status) -> Unknown:
    row = ",".join(rule(status, "<stage>").values())
    return Unknown(
        f"what the {about(status)} means: its rows are in quarantine until then",
        "stage_rules.add.csv",
        shown(row),
    )


# Statuses of lists that have dates of some stages and none of others


def dates_by_status(
    reading: Reading,
    statuses: Mapping[str, str],
    stages: Sequence[Mapping[str, str]],
    counts: Mapping[str, int],
    there: Collection[tuple[str, str]],
) -> Iterator[Proposal]:
    """Of a list with dates, a status that has no date of its own is reached at the
    lead's last date: nobody wrote down when, and the outcome is the same.

    `statuses` are stages by value, `stages` the rows of the seed, `counts` the rows of
    the part by value that have no date of its stage, `there` the stages and values
    that the definition derives already.
    """
    if reading.table.system != "generic" or "status" not in reading.columns:
        return
    rank = {row["stage"]: int(row["rank"]) for row in stages}
    order = sorted((name for name in rank if name != NONE), key=rank.__getitem__)
    dated = reading.stages(order)
    if not dated:
        return
    heading = reading.heading("status")
    for value, stage in statuses.items():
        if stage not in rank or rank[stage] < rank["tal"] or not counts.get(value):
            continue
        below = [each for each in dated if rank[each] < rank[stage]]
        if not below or (stage, folded(value)) in there:
            continue
        rows = tuple(
            {
                "system": reading.table.system,
                "table": reading.table.name,
                "column": stage,
                "made_of": reading.heading(each),
                "where_heading": heading,
                "where_value": value,
            }
            for each in reversed(below)
        )
        given = " or else ".join(
            shown(reading.heading(each)) for each in reversed(below)
        )
        yield Proposal(
            "derived_columns",
            rows,
            f"when {shown(heading)} became {shown(value)!r} "
            f"({counted(counts[value], 'row')})",
            f"{stage} at {given}",
            "no date says when: the lead's last date counts, so that the outcome is "
            "right and the time to it is not known",
            LIKELY,
        )


def settled(status: Status, proposal: Proposal | None) -> Status:
    """The same with what was settled of it; no stage where it stays open."""
    if not status.is_new:
        return status
    if proposal is None:
        return replace(status, stage=None)
    return replace(
        status,
        stage=proposal.means,
        reason=proposal.reason,
        confidence=proposal.confidence,
    )
