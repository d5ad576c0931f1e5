"""A definition for a folder of exports: looked at, proposed, asked, drafted.

The draft is a copy of the DEFINITION folder to which each step adds its rows, so
that the next one reads the files as a run will. Only when all is settled the rows
are written to the folder itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.definition.check import checked
from orchestration.errors import LeadFunnelError, listed
from orchestration.project import Project
from orchestration.proposals import (
    columns,
    parts,
    people,
    run_settings,
    statuses,
    tables,
    writing,
)
from orchestration.proposals.asking import Asker
from orchestration.proposals.columns import Reading
from orchestration.proposals.loaded import Loaded, load
from orchestration.proposals.parts import Part
from orchestration.proposals.people import User
from orchestration.proposals.proposal import (
    LIKELY,
    SURE,
    VARS,
    Found,
    Proposal,
    Unknown,
    shown,
)
from orchestration.proposals.statuses import Status
from orchestration.proposals.words import Words
from orchestration.settings.definition_files import rows_in_force, seed_columns
from orchestration.sources.lines import folded
from orchestration.sources.named_files import ALONE, NamedFiles
from orchestration.sources.raw import landing_of
from orchestration.sources.rules import ReadingRules
from orchestration.sources.tables import RAW_TABLES, RawTable, table_called

Say = Callable[[str], None]
Show = Callable[["Look"], None]

LEAD, HANDED_OFF, MQL = "lead", "handed_off", "mql"
ASKED_TABLES = tuple(
    f"{table.system}.{table.name}"
    for table in RAW_TABLES
    if not table.made_of
    and (table.system in ("generic", "ledger") or table.name == tables.ONE_OF_MANY)
)
"""What a person may say that a file is."""


@dataclass
class Look:
    """All that was found in a folder."""

    folder: Path
    parts: list[Part] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """Files that are none of what is read."""
    given: dict[str, RawTable | None] = field(default_factory=dict)
    """The table of a part, by its name; none where it is left alone."""
    known: set[str] = field(default_factory=set)
    """Parts whose table the definition, or their own name, said before."""
    readings: list[Reading] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    users: list[User] = field(default_factory=list)
    sources: list[tuple[str, int, str]] = field(default_factory=list)
    found: Found = field(default_factory=Found)
    removed: list[Proposal] = field(default_factory=list)
    """What was proposed before and a person took out."""
    kept: dict[str, int] = field(default_factory=dict)
    added: dict[str, int] = field(default_factory=dict)

    def of(self, seed: str) -> list[Proposal]:
        return [each for each in self.found.settled if each.seed == seed]


class Drafting:
    """One look at a folder, step by step."""

    def __init__(
        self, project: Project, scratch: Path, *, takes_all: bool, say: Say
    ) -> None:
        if project.definition is None:
            raise LeadFunnelError(
                "Name the folder that the definition goes to with --definition."
            )
        self.target = project.definition
        self.project = project
        self.scratch = scratch
        self.say = say
        self.look = Look(project.landing)
        self.asker = Asker(self.look.found, takes_all=takes_all)
        self.draft = scratch / "definition"
        self.draft.mkdir(parents=True)
        if self.target.is_dir():
            checked(project)
            writing.copy(self.target, self.draft)
        self.look.kept = writing.rows_there(self.draft)
        self.columns = seed_columns(project)
        self.words = Words(rows_in_force(self.drafted, "proposal_words"))
        self.stage_rows = rows_in_force(self.drafted, "stages")
        by_rank = sorted(self.stage_rows, key=lambda row: int(row["rank"]))
        self.stages = [row["stage"] for row in by_rank]
        self.ranked = [stage for stage in self.stages if stage != statuses.NONE]

    @property
    def drafted(self) -> Project:
        """The project with the definition as it is drafted."""
        return Project.from_environment(
            landing=self.project.landing,
            out=self.scratch / "out",
            definition=self.draft,
        )

    def settle(self, proposals: Iterable[Proposal]) -> list[Proposal]:
        """Ask, and add what is settled to the draft."""
        fresh, removed = writing.not_removed(self.draft, proposals)
        self.look.removed += removed
        settled = self.asker.settle(fresh)
        writing.add(self.draft, settled, self.columns)
        return settled

    def run(self) -> Look:
        """All steps; nothing is written to the definition itself."""
        self._find_parts()
        self._find_tables()
        self._find_columns()
        self._find_run_settings()
        self._find_statuses()
        self._find_the_hand_off()
        self._find_people()
        self._find_what_nobody_knows()
        return self.look

    def write(self) -> None:
        """Add the rows to the definition."""
        self.look.added = writing.add(
            self.target, self.look.found.settled, self.columns
        )
        writing.remember(self.target, self.look.found.settled)

    # Files

    def _find_parts(self) -> None:
        look = self.look
        apart_from = [self.target, self.project.out]
        rules = ReadingRules.of(self.drafted)
        look.parts, look.others = parts.find_parts(
            look.folder, apart_from, rules.most_unpacked
        )
        if not look.parts:
            others = f" Found there: {listed(look.others)}." if look.others else ""
            raise LeadFunnelError(
                f"{look.folder} holds nothing that can be read: put exports there, as "
                f"csv, tsv, json, jsonl, parquet, xlsx or zip.{others}"
            )
        self.vocabulary = tables.Vocabulary(rules.headings, self.words)
        for number, part in enumerate(look.parts, start=1):
            self.say(f"Looking at {number} of {len(look.parts)}: {shown(part.name)}")
            folder = self.scratch / "parts" / f"{number}"
            parts.read(part, rules, folder, self.vocabulary.knows)

    def _find_tables(self) -> None:
        look = self.look
        look.given = dict(self._tables_known())
        look.known = set(look.given)
        rules = ReadingRules.of(self.drafted)
        vendors = self.vocabulary.vendors(look.parts)
        rows: dict[tuple[str, ...], tuple[Proposal, list[Part]]] = {}
        for part in look.parts:
            if part.name in look.given:
                continue
            fits = self.vocabulary.fits(part, vendors) if part.headings else []
            lacking = [fit for fit in fits if self._lacks(part, fit.table, rules)]
            proposal = tables.propose(
                part,
                [fit for fit in fits if fit not in lacking],
                [fit for fit in lacking if fit.missing],
                look.parts,
                (*ASKED_TABLES, ALONE),
            )
            key = writing.key_of("files", proposal.rows[0])
            rows.setdefault(key, (proposal, []))[1].append(part)
        asked = [proposal for proposal, _ in rows.values()]
        answers = {
            writing.key_of("files", each.rows[0]): each for each in self.settle(asked)
        }
        for key, (_, of_row) in rows.items():
            answer = answers.get(key)
            for part in of_row:
                row = answer.rows[0] if answer else {}
                look.given[part.name] = (
                    table_called(row["system"], row["table"])
                    if row.get("system")
                    else None
                )
        if not any(
            table is not None and table.is_required for table in look.given.values()
        ):
            seen = "; ".join(
                f"{shown(part.name)} has {listed(map(shown, part.headings), limit=6)}"
                for part in look.parts[:5]
            )
            raise LeadFunnelError(
                f"No file of {look.folder} looks like a list of leads, which has a "
                "lead's id or e-mail address or company and name, and when it was "
                f"created or handed over. {seen}. If one of them is, say which in "
                f"{self.target / 'files.add.csv'} (file,system,table,sheet,note), such "
                "as leads.csv,generic,lead,, and its headings in columns.add.csv."
            )

    def _tables_known(self) -> Iterator[tuple[str, RawTable | None]]:
        """The tables that the definition, or a file's own name, says already."""
        named = NamedFiles.of_project(self.drafted)
        try:
            called = {file.name: file.table for file in landing_of(self.drafted).files}
        except LeadFunnelError:
            called = {}  # Such as a folder that nothing is said of yet.
        for part in self.look.parts:
            if part.name in called:
                yield part.name, called[part.name]
                continue
            rows = [
                row
                for row in named.of(part.path_name)
                if row.is_of_sheet(part.file.member)
            ]
            if rows:
                yield part.name, rows[0].table

    def _lacks(self, part: Part, table: RawTable, rules: ReadingRules) -> bool:
        """Whether a part lacks what a table needs, and nothing makes up for it."""
        reading = columns.read_as(part, table, rules.headings, self.words, self.ranked)
        columns.make_what_is_missing(reading, self.ranked, self._ids_made_of())
        return bool(reading.missing)

    # Columns

    def _find_columns(self) -> None:
        self.settle(
            proposal for reading in self._readings() for proposal in reading.proposals
        )
        for reading in self._readings():
            columns.make_what_is_missing(reading, self.ranked, self._ids_made_of())
            self.settle(
                each for each in reading.proposals if each.seed == "derived_columns"
            )
        self.look.readings = self._readings()

    def _readings(self) -> list[Reading]:
        """How each part is read by the draft; lists of leads first."""
        headings = ReadingRules.of(self.drafted).headings
        given = [
            (part, table)
            for part in self.look.parts
            if (table := self.look.given.get(part.name)) is not None and part.parquet
        ]
        given.sort(key=lambda each: (each[1].name != LEAD, each[0].name))
        return [
            columns.read_as(part, table, headings, self.words, self.ranked)
            for part, table in given
        ]

    def _ids_made_of(self) -> dict[str, tuple[str, ...]]:
        """By system: the headings that the ids of its leads are made of."""
        return {
            row["system"]: tuple(row["made_of"].split(" + "))
            for row in rows_in_force(self.drafted, "derived_columns")
            if row["table"] == LEAD and row["column"] == "lead_id"
        }

    # Vars

    def _find_run_settings(self) -> None:
        look = self.look
        self.settle(run_settings.encodings(self.drafted, look.readings))
        self.loaded = self._load()
        given = (self.loaded, look.parts, self.words)
        zones = self.settle(run_settings.source_zones(self.drafted, *given))
        self.settle(run_settings.reporting_zone(self.drafted, *given, zones))
        zone = self.drafted.vars.reporting_timezone
        self.settle(run_settings.day_orders(self.drafted, self.loaded, zone))
        self.settle(run_settings.decimal_marks(self.drafted, self.loaded, zone))
        self.settle(
            run_settings.currencies(self.drafted, self.loaded, self.words, zone)
        )
        conventions = self.loaded.conventions(self.drafted)
        look.found.notes += conventions.notes
        self.orders = {
            column.system: convention.day_order
            for column, convention in conventions.columns.items()
            if column.kind == "instant" and convention.day_order
        }

    def _load(self) -> Loaded:
        self.say("Reading the files as a run will")
        self.loads = getattr(self, "loads", 0) + 1
        loaded = load(self.drafted, self.scratch / "loaded" / f"{self.loads}")
        if loaded.troubles:
            raise LeadFunnelError(
                f"{' '.join(loaded.troubles)} Or leave the file alone: a row "
                f"<file>,,{ALONE},, in {self.target / 'files.add.csv'}."
            )
        return loaded

    # Statuses

    def _find_statuses(self) -> None:
        look = self.look
        self.settle(statuses.name_the_field(self.drafted, self.loaded, self.words))
        look.statuses = statuses.find_statuses(
            self.drafted, self.loaded, self.words, self.orders
        )
        settled = self.settle(statuses.rules_of(look.statuses, self.stages))
        by_value = {
            (row["source"], row["value"]): each for each in settled for row in each.rows
        }
        look.statuses = [
            statuses.settled(each, by_value.get((each.system, each.value)))
            for each in look.statuses
        ]
        look.found.unknown += statuses.left_alone(
            [part for part in look.parts if look.given.get(part.name) is None],
            look.statuses,
        )
        for each in look.statuses:
            if each.stage is None:
                look.found.unknown.append(statuses.left_open(each))
        for reading in look.readings:
            if reading.table.name == LEAD:
                self.settle(self._dates_by_status(reading))

    def _dates_by_status(self, reading: Reading) -> Iterator[Proposal]:
        stage_of = {
            folded(each.value): each.stage
            for each in self.look.statuses
            if each.system == reading.table.system and each.stage
        }
        if "status" not in reading.columns:
            return
        part = reading.part
        status = part.column(reading.columns["status"])
        with duckdb.connect() as connection:
            values = connection.execute(
                f"select trim({status}), count(*) from {part.relation} "
                f"where trim({status}) <> '' group by 1 order by 2 desc, 1"
            ).fetchall()
            given, counts = {}, {}
            for value, rows in values:
                stage = stage_of.get(folded(value))
                if stage is None:
                    continue
                given[value], counts[value] = stage, rows
                if stage in reading.columns:
                    own = part.column(reading.columns[stage])
                    [(counts[value],)] = connection.execute(
                        f"select count(*) from {part.relation} "
                        f"where trim({status}) = ? and coalesce(trim({own}), '') = ''",
                        [value],
                    ).fetchall()
        there = {
            (row["column"], folded(row["where_value"]))
            for row in rows_in_force(self.drafted, "derived_columns")
        }
        yield from statuses.dates_by_status(
            reading, given, self.stage_rows, counts, there
        )

    # What is a hand-off

    def _find_the_hand_off(self) -> None:
        if (self.draft / "funnel_versions.csv").exists():
            return
        reached = {each.stage for each in self.look.statuses if each.rows}
        for reading in self.look.readings:
            reached |= {*reading.columns, *reading.derived}
        if HANDED_OFF in reached or self.drafted.vars.funnel_version:
            return
        if MQL not in reached:
            self.look.found.unknown.append(
                Unknown(
                    "when marketing hands leads over: no status and no date says it, "
                    "so that there is nothing to divide by",
                    "columns.add.csv",
                    "generic,lead,<heading of the date>,handed_off",
                )
            )
            return
        rows = [dict(row) for row in rows_in_force(self.drafted, "funnel_versions")]
        for row in rows:
            if row["effective_from"]:
                row["handoff_mode"] = "mql"
                row["description"] = (
                    "Sales gets a lead the moment that it is an MQL: nothing in the "
                    "exports says when one is handed over."
                )
        self.settle(
            [
                Proposal(
                    "funnel_versions",
                    tuple(rows),
                    "what is a hand-off",
                    "the MQL",
                    "no status and no date says when a lead is handed over",
                    LIKELY,
                    replaces=True,
                )
            ]
        )

    # People

    def _find_people(self) -> None:
        look = self.look
        names = people.find_role_names(self.drafted, self.loaded, self.words)
        self.settle(people.meanings_of(names))
        names = people.find_role_names(self.drafted, self.loaded, self.words)
        look.users = people.find_users(
            self.drafted,
            self.loaded,
            self.words,
            [each for each in names if each.is_known],
        )
        roles = self.settle(people.roles_of(look.users))
        mailboxes, several = people.find_mailboxes(
            self.drafted, self.loaded, self.words
        )
        self.settle(mailboxes)
        if several:
            look.found.notes.append(
                f"Several names under one address count as one person: "
                f"{listed(several)}. If it is shared, add its part before the @ to "
                "shared_mailboxes.add.csv."
            )
        proposals, look.sources = people.find_sources(
            self.drafted, self.loaded, self.words
        )
        channels = self.settle(proposals)
        look.found.unknown += people.without_channel(look.sources, channels)
        look.found.unknown += people.without_role(look.users, roles)

    def _find_what_nobody_knows(self) -> None:
        unknown = self.look.found.unknown
        policies = rows_in_force(self.drafted, "sla_policies")
        if not any(row["is_own"] for row in policies):
            [policy] = [row for row in policies if row["match_on"] == "default"][:1]
            unknown.append(
                Unknown(
                    "how long sales may take, in which opening hours: "
                    f"{policy['sla_business_hours']} business hours in the calendar "
                    f"{policy['calendar_id']} stand for it, which the ignore rate "
                    "depends on",
                    "sla_policies.csv",
                    "v1,default,,<hours>,"
                    f"{policy['calendar_id']},{policy['max_pending_days']},true",
                )
            )
        targets = rows_in_force(self.drafted, "kpi_targets")
        if targets and not any(row["is_own"] for row in targets):
            shipped = [f"{row['metric']} {float(row['target']):g}" for row in targets]
            unknown.append(
                Unknown(
                    "which targets were agreed on: those that ship stand in the report "
                    f"and in the marts of targets ({', '.join(shipped)})",
                    "kpi_targets.csv",
                    "sal_rate,all,,<first day>,<share>,<marketing's owner>,"
                    "<sales' owner>",
                )
            )
        unknown.append(
            Unknown(
                "who accepts a lead: whoever sets a status, or a date, that means sal",
                "funnel_versions.csv",
                "acceptance_roles of v1, such as field_sales",
            )
        )


def propose(project: Project, scratch: Path, *, takes_all: bool, say: Say) -> Drafting:
    """Look at the landing folder and draft a definition of it."""
    drafting = Drafting(project, scratch, takes_all=takes_all, say=say)
    drafting.run()
    return drafting


__all__ = ("SURE", "VARS", "Drafting", "Look", "propose")
