"""The lead lifecycle, §1–§7, one person and one row at a time.

`compute` reads a landing folder and the seeds and returns what the public
tables must hold. Speed is no concern here, being right is.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tests.reference.definition import (
    EVENT_FIELDS,
    EXITS,
    PROGRESS,
    RANK,
    Definition,
    FieldRules,
    Policy,
    Users,
    Version,
)
from tests.reference.identity import Person, identify
from tests.reference.inputs import (
    Inputs,
    Node,
    Observation,
    Opportunity,
    RawRow,
    Touch,
    read_inputs,
)
from tests.reference.parsing import (
    given,
    match_id,
    parse_instant,
    parse_number,
    same_text,
    to_local,
)
from tests.reference.reading import read_folder

DAY = timedelta(days=1)
SALES_ACTS = ("tal", "sal", "sql", "opportunity", "won", "lost")
FATES = ("duplicate", "reading", "quarantined", "after_as_of", "unread")
NOT_FACTS = {
    "campaign",
    "user",
    "account",
    "user_role",
    "program",
    "opportunity_history",
    "opportunity_field_history",
    "owner",
    "owner_team",
    "team",
    "form",
    "contact_list",
    "deal_pipeline_stage",
    "deal_stage",
    "deal_property_history",
    "engagement_call",
    "engagement_email",
    "engagement_meeting",
    "engagement_task",
    "engagement_communication",
}


@dataclass(eq=False)
class Event:
    """One person entered one stage (§2)."""

    person: Person
    stage: str
    at: datetime
    row: RawRow
    node: Node
    actor: str | None
    version: Version
    reason: str | None = None
    opportunity: Opportunity | None = None
    lifecycle_no: int = 0

    @property
    def order(self) -> tuple:
        return self.at, RANK[self.stage], _evidence_order(self.row)


@dataclass(eq=False)
class Response:
    """What sales counts as an answer (§5): a TAL, a SAL that does not yet complete
    the acceptance, or a completed touch."""

    at: datetime
    source: str
    user_id: str | None

    def is_by(self, source: str | None, user_id: str | None) -> bool:
        mine = match_id(self.source, self.user_id)
        return (
            mine is not None
            and self.source == source
            and mine == match_id(source, user_id)
        )


@dataclass
class Owner:
    source: str | None
    user_id: str | None

    @property
    def key(self) -> tuple[str, str] | None:
        mine = match_id(self.source, self.user_id) if self.source else None
        return None if mine is None else (self.source, mine)


@dataclass
class Result:
    as_of: datetime | None = None
    people: list[dict] = field(default_factory=list)
    stage_events: list[dict] = field(default_factory=list)
    lifecycles: list[dict] = field(default_factory=list)
    handoffs: list[dict] = field(default_factory=list)
    transitions: list[dict] = field(default_factory=list)
    quarantine: list[dict] = field(default_factory=list)
    fates: list[dict] = field(default_factory=list)
    keyless: set[tuple[str, str]] = field(default_factory=set)


def compute(
    landing: Path,
    seeds: Path,
    definition: Path | None = None,
    vars: dict | None = None,
    loaded_at: datetime | None = None,
) -> Result:
    """What the public tables hold for a folder, as lists of rows."""
    return Reference(landing, seeds, definition, vars, loaded_at).result()


def _evidence_order(row: RawRow) -> tuple[bytes, bytes, bytes]:
    return tuple(part.encode() for part in row.evidence)


def _hash(*parts: object) -> str:
    return hashlib.md5("|".join(map(str, parts)).encode()).hexdigest()


def _hours(since: datetime | None, until: datetime | None) -> float | None:
    if since is None or until is None:
        return None
    return (until - since).total_seconds() / 3600


def _first(*instants: datetime | None) -> datetime | None:
    return min((i for i in instants if i is not None), default=None)


class Reference:
    def __init__(
        self,
        landing: Path,
        seeds: Path,
        definition: Path | None,
        settings: dict | None,
        loaded_at: datetime | None,
    ) -> None:
        settings = settings or {}
        self.reporting_timezone = settings.get("reporting_timezone", "Asia/Tokyo")
        self.reporting_currency = settings.get("reporting_currency", "JPY")
        self.source_currencies = settings.get("source_currencies", {})
        self.keep_deleted = settings.get("keep_deleted", False)
        self.definition = Definition(
            seeds,
            definition,
            self.reporting_timezone,
            settings.get("funnel_version"),
        )
        self.loaded_at = loaded_at or datetime.utcnow()
        self.inputs: Inputs = read_inputs(
            read_folder(landing), settings.get("source_timezones", {})
        )
        self.users: Users = self.definition.users(self.inputs.users)
        self.as_of = parse_instant(settings.get("as_of")) or self.last_event()
        self.person_of, self.persons = identify(
            self.inputs, self.definition, self.loaded_at
        )
        self.record_of = {r.node: r for r in self.inputs.records}
        self.repeated = self.find_repeated()
        self.outdone = self.find_outdone()

    # Time (preamble) ---------------------------------------------------

    def last_event(self) -> datetime:
        """Time: the latest instant of the raw data up to `loaded_at`."""
        inputs = self.inputs
        instants = [r.created_at for r in inputs.records if not r.is_deleted]
        instants += [o.at for o in inputs.observations]
        instants += [a.at for a in inputs.activities if not a.is_deleted]
        instants += [t.at for t in inputs.touches if not t.is_deleted]
        for opportunity in inputs.opportunities:
            if not opportunity.is_deleted:
                instants.append(opportunity.created_at)
                if opportunity.is_closed:
                    instants.append(opportunity.closed_at)
        known = [i for i in instants if i is not None and i <= self.loaded_at]
        return max(known, default=self.loaded_at)

    def time_rule(self, person: Person | None, at: datetime | None) -> str | None:
        """§7: why the time of a row is impossible, if it is."""
        if at is None:
            return "unparsable_timestamp"
        if at > self.loaded_at:
            return "future_timestamp"
        first = person.first_created_at if person else None
        if first is not None and at < first - DAY:
            return "before_first_record"
        return None

    def saying(self, change: Observation) -> tuple | None:
        """Which person, and what is said of it; nothing where it is quarantined."""
        person = self.person_of.get(change.node)
        if change.row.is_key_missing or person is None:
            return None
        if self.time_rule(person, change.at) is not None:
            return None
        return person, change.entity, change.field, same_text(change.new)

    def find_repeated(self) -> set[Observation]:
        """HubSpot's history tells values: what was so before is no change."""
        told = [
            c
            for c in self.inputs.observations
            if c.tells_value and c.field != "score" and self.saying(c)
        ]
        last: dict[tuple, str | None] = {}
        repeated = set()
        for change in sorted(told, key=lambda c: (c.at, by_key(c))):
            place = (change.node, change.field)
            value = same_text(change.new)
            if place in last and last[place] == value:
                repeated.add(change)
            last[place] = value
        return repeated

    def find_outdone(self) -> set[Observation]:
        """The date of a stage counts where no history says the same of the person but
        what a merge wrote, and that where nothing else does."""
        said: dict[str, set[tuple]] = defaultdict(set)
        for change in self.inputs.observations:
            if change not in self.repeated:
                said[change.counts].add(self.saying(change))
        better = {
            "always": set(),
            "where no history says it": said["always"],
            "where no other says it": said["always"] | said["where no history says it"],
        }
        return {
            change
            for change in self.inputs.observations
            if change.field != "score"
            and self.saying(change) in better[change.counts] - {None}
        }

    def is_usable(self, row: RawRow, node: Node | None, at: datetime | None) -> bool:
        """§7: quarantines a row that something reads; late ones wait."""
        if row.is_key_missing:
            return False
        person = self.person_of.get(node)
        broken = self.time_rule(person, at)
        if broken:
            row.broken.add(broken)
        if person is None:
            row.broken.add("unknown_person")
        row.person = row.person or person
        if broken or person is None:
            return False
        if at > self.as_of:
            row.is_after = True
            return False
        return True

    # §2 Stage events ---------------------------------------------------

    def read_events(self) -> list[Event]:
        """§2: every reading of every raw row under the version in force."""
        events = self.first_values()
        events += self.changes()
        for touch in self.inputs.touches:
            events += self.touch_events(touch)
        for opportunity in self.inputs.opportunities:
            events += self.opportunity_events(opportunity)
        return events

    def match(
        self,
        row: RawRow,
        rules: FieldRules,
        name: str,
        value: str | None,
        crossed: list[str],
    ) -> list[str]:
        """§2: the stages that the rules give for one value of a field."""
        text = same_text(value)
        stages = list(crossed)
        if text is not None and text in rules.equals:
            stages += rules.equals[text]
        if rules.exists and (text is not None or name in EVENT_FIELDS):
            stages += rules.exists
        if rules.equals and text is not None and not stages:
            row.broken.add("unmapped_status")
        return [s for s in dict.fromkeys(stages) if s in RANK]

    def first_values(self) -> list[Event]:
        """§2 First value: history does not record it."""
        status_rows: dict[Node, list[Observation]] = defaultdict(list)
        for change in self.inputs.observations:
            if change.entity != "lead" or change.field != "status":
                continue
            if change.row.is_key_missing:
                continue
            person = self.person_of.get(change.node)
            if person and self.time_rule(person, change.at) is None:
                status_rows[change.node].append(change)
        events = []
        for record in self.inputs.records:
            row = record.row
            person = self.person_of[record.node]
            row.person = person
            usable = self.is_usable(row, record.node, record.created_at)
            if not record.has_first_value or record.created_at is None:
                continue
            changes = status_rows.get(record.node)
            value = begins(changes, record.status).old if changes else record.status
            version = self.definition.in_force(record.created_at)
            if same_text(value) is None or version is None:
                continue
            rules = self.definition.field_rules(
                version, row.source, "lead", "lead", "status"
            )
            if rules is None:
                continue
            # A first value crosses nothing: there is no value before it.
            stages = self.match(row, rules, "status", value, [])
            if usable:
                events += [
                    Event(
                        person,
                        stage,
                        record.created_at,
                        row,
                        record.node,
                        record.created_by,
                        version,
                        record.status_reason,
                    )
                    for stage in stages
                ]
        return events

    def changes(self) -> list[Event]:
        """§2: dated rows: status changes, scores, forms, conversions."""
        events = []
        before = self.values_before()
        for change in self.inputs.observations:
            row = change.row
            if row.is_key_missing or change in self.repeated:
                continue
            is_owner = change.entity == "lead" and change.field == "owner"
            if is_owner and self.is_usable(row, change.node, change.at):
                row.takes_part = True
            if change in self.outdone:
                continue
            named = (row.source, row.table, change.entity, change.field)
            if not any(
                rules.reads(change.field, change.new)
                for rules in self.definition.any_field_rules(*named)
            ):
                continue
            usable = self.is_usable(row, change.node, change.at)
            if change.at is None:
                continue
            version = self.definition.in_force(change.at)
            rules = version and self.definition.field_rules(version, *named)
            if not rules or not rules.reads(change.field, change.new):
                continue
            crossed = self.crossed(change, rules, before)
            stages = self.match(row, rules, change.field, change.new, crossed)
            if usable:
                events += [
                    Event(
                        self.person_of[change.node],
                        stage,
                        change.at,
                        row,
                        change.node,
                        change.actor,
                        version,
                        change.reason,
                    )
                    for stage in stages
                ]
        return events

    def values_before(self) -> dict[Observation, str | None]:
        """§2 `crosses`: the value a record's field had before each row."""
        usable = [
            change
            for change in self.inputs.observations
            if change.node in self.person_of
            and not change.row.is_key_missing
            and self.time_rule(self.person_of[change.node], change.at) is None
        ]
        usable.sort(key=lambda c: (c.at, c.row.key.encode()))
        last: dict[tuple, str | None] = {}
        before = {}
        for change in usable:
            place = (change.node, change.entity, change.field)
            before[change] = last.get(place)
            if parse_number(change.new) is not None:
                last[place] = change.new
        return before

    def crossed(
        self,
        change: Observation,
        rules: FieldRules,
        before: dict[Observation, str | None],
    ) -> list[str]:
        """§2 `crosses`: upwards through the threshold, not by a merge."""
        new = parse_number(change.new)
        reason = same_text(change.reason) or ""
        if new is None or reason.startswith(self.definition.merge_reasons):
            return []
        old = parse_number(change.old)
        if old is None:
            old = parse_number(before.get(change))
        return [
            stage
            for threshold, stage in rules.crosses
            if new >= threshold and (old is None or old < threshold)
        ]

    def touch_events(self, touch: Touch) -> list[Event]:
        """§2: a touch can mean a stage where a rule says so."""
        row = touch.row
        if touch.is_deleted or row.is_key_missing:
            return []
        if self.is_usable(row, touch.node, touch.at):
            row.takes_part = True
        if touch.at is None:
            return []
        version = self.definition.in_force(touch.at)
        if version is None:
            return []
        stages = []
        for name, value in (("", None), ("type", touch.type), ("status", touch.status)):
            rules = self.definition.field_rules(
                version, row.source, row.table, "touch", name
            )
            if rules and rules.reads(name, value):
                stages += self.match(row, rules, name, value, [])
        if not row.takes_part:
            return []
        return [
            Event(
                self.person_of[touch.node],
                stage,
                touch.at,
                row,
                touch.node,
                None,
                version,
            )
            for stage in dict.fromkeys(stages)
        ]

    def opportunity_events(self, opportunity: Opportunity) -> list[Event]:
        """§2 Opportunities: created, and won or lost once closed."""
        row = opportunity.row
        if opportunity.is_deleted or row.is_key_missing:
            return []
        if opportunity.amount is None and given(row.get("amount")) is not None:
            # §7: the amount takes no part, the deal does.
            row.broken.add("unparsable_amount")
            row.person = row.person or self.person_of.get(opportunity.node)
        readings = [("opportunity", opportunity.created_at)]
        if opportunity.is_closed:
            end = "won" if opportunity.is_won else "lost"
            readings.append((end, opportunity.closed_at))
        events = []
        for stage, at in readings:
            if not self.is_usable(row, opportunity.node, at):
                continue
            version = self.definition.in_force(at)
            if version is not None:
                events.append(
                    Event(
                        self.person_of[opportunity.node],
                        stage,
                        at,
                        row,
                        opportunity.node,
                        opportunity.owner_id,
                        version,
                        None,
                        opportunity,
                    )
                )
        return events

    # §4 Lifecycles -----------------------------------------------------

    def lifecycles_of(self, events: list[Event]) -> list[list[Event]]:
        """§2 and §4: one event per stage and instant, cut at the exits."""
        kept: dict[tuple, Event] = {}
        for event in sorted(events, key=lambda e: e.order):
            first = kept.setdefault((event.stage, event.at), event)
            # Which opportunity it is the first row need not know.
            first.opportunity = first.opportunity or event.opportunity
        lifecycles: list[list[Event]] = []
        alone = set()
        is_open = False
        for event in sorted(kept.values(), key=lambda e: e.order):
            if event.stage in EXITS:
                if not is_open:
                    event.row.broken.add("exit_without_lifecycle")
                    alone.add((event.stage, event.at))
                    continue
                is_open = False
            elif not is_open:
                lifecycles.append([])
                is_open = True
            lifecycles[-1].append(event)
            event.lifecycle_no = len(lifecycles)
        for event in events:
            if (event.stage, event.at) not in alone:
                event.row.takes_part = True
        return lifecycles

    def result(self) -> Result:
        result = Result(as_of=self.as_of, keyless=self.inputs.keyless)
        by_person: dict[Person, list[Event]] = defaultdict(list)
        for event in self.read_events():
            by_person[event.person].append(event)
        self.collect_owner_changes()
        self.collect_responses()
        self.collect_scores()
        self.collect_touches()
        for person in self.persons:
            lifecycles = self.lifecycles_of(by_person[person])
            if not person.is_live and not self.keep_deleted:
                continue
            result.people.append(self.person_row(person))
            for number, events in enumerate(lifecycles, 1):
                Lifecycle(self, person, number, events).write(result)
        self.write_quarantine(result)
        self.write_fates(result)
        return result

    def person_row(self, person: Person) -> dict:
        """§1: the public row of a person."""
        return {
            "person_id": person.person_id,
            "primary_source": person.primary.row.source,
            "primary_record_id": person.primary.record_id,
            "record_count": len(person.records),
            "source": person.source,
            "channel": person.channel,
            "is_deleted": not person.is_live,
        }

    # What is known of a person besides stage events --------------------

    def collect_owner_changes(self) -> None:
        """§5: owner changes per record, in order of time.

        Like a first value (§2), the owner at an instant may only be told by the
        old value of a change after `as_of`; passes look no further than it.
        """
        self.owner_changes: dict[Node, list[Observation]] = defaultdict(list)
        for change in self.inputs.observations:
            if change.entity != "lead" or change.field != "owner":
                continue
            if change in self.repeated:
                continue
            person = self.person_of.get(change.node)
            if change.row.is_key_missing or person is None:
                continue
            if self.time_rule(person, change.at) is None:
                self.owner_changes[change.node].append(change)
        for changes in self.owner_changes.values():
            changes.sort(key=lambda c: (c.at, c.row.key.encode()))

    def collect_responses(self) -> None:
        """§5: completed touches by sales users of a type that counts."""
        self.responses: dict[Person, list[Response]] = defaultdict(list)
        for activity in self.inputs.activities:
            kind = same_text(activity.type)
            if (
                activity.is_deleted
                or activity.row.is_key_missing
                or not activity.is_completed
                or not (kind is None or kind in self.definition.responses)
            ):
                continue
            source = activity.row.source
            if not self.users.is_sales(source, activity.user_id):
                continue
            if self.is_usable(activity.row, activity.node, activity.at):
                activity.row.takes_part = True
                self.responses[self.person_of[activity.node]].append(
                    Response(activity.at, source, activity.user_id)
                )

    def collect_scores(self) -> None:
        """Scores of a person, in order, for `score_at_handoff`."""
        told: dict[Person, list[tuple]] = defaultdict(list)
        for change in self.inputs.observations:
            score = parse_number(change.new)
            person = self.person_of.get(change.node)
            if (
                change.entity != "lead"
                or change.field != "score"
                or change.row.is_key_missing
                or score is None
                or person is None
                or self.time_rule(person, change.at)
            ):
                continue
            told[person].append((change.at, _evidence_order(change.row), change, score))
        self.scores: dict[Person, list[tuple]] = {}
        for person, changes in told.items():
            merged: set[Node] = set()
            self.scores[person] = []
            for at, _, change, score in sorted(changes, key=lambda s: s[:2]):
                reason = same_text(change.reason) or ""
                if reason.startswith(self.definition.merge_reasons):
                    merged.add(change.node)
                self.scores[person].append((at, score, change.node in merged))

    def collect_touches(self) -> None:
        """Dated contacts of a person with a campaign."""
        self.campaign_touches: dict[Person, list[tuple]] = defaultdict(list)

        told: dict[tuple, list[tuple]] = {}

        def add(
            row: RawRow, node: Node, at: datetime | None, campaign: str | None
        ) -> None:
            person = self.person_of.get(node)
            if (
                campaign is None
                or person is None
                or row.is_key_missing
                or self.time_rule(person, at)
                or at > self.as_of
            ):
                return
            row.takes_part = True
            # §8: rows that tell of one person, campaign and instant are one touch.
            known = told.setdefault((person, at, match_id(row.source, campaign)), [])
            known.append((at, _evidence_order(row), campaign))

        for touch in self.inputs.touches:
            if not touch.is_deleted:
                add(touch.row, touch.node, touch.at, touch.campaign_id)
        for record in self.inputs.records:
            add(record.row, record.node, record.created_at, record.campaign_id)
        for (person, _, _), known in told.items():
            self.campaign_touches[person].append(min(known, key=lambda t: t[:2]))
        for touches in self.campaign_touches.values():
            touches.sort(key=lambda t: t[:2])

    # §5 The owner of a lead --------------------------------------------

    def owner_at(self, person: Person, node: Node, at: datetime) -> Owner:
        """§5: who owned a record at an instant, changes then included."""
        record = self.record_of.get(node)
        changes = self.owner_changes.get(node, [])
        if changes or (record and record.owner_id):
            found = self._from_changes(changes, at)
            if found is not None:
                return Owner(node[0], found[0])
            return Owner(node[0], record.owner_id if record else None)
        return self._owner_by_any_record(person, at)

    def _from_changes(
        self, changes: list[Observation], at: datetime
    ) -> tuple[str | None] | None:
        past = [c for c in changes if c.at <= at]
        if past:
            latest = [c for c in past if c.at == past[-1].at]
            return (tail(latest).new,)
        if changes:
            return (head([c for c in changes if c.at == changes[0].at]).old,)
        return None

    def _owner_by_any_record(self, person: Person, at: datetime) -> Owner:
        nodes = sorted(person.nodes, key=lambda n: self.node_order(n))
        past, later = [], []
        for place, node in enumerate(nodes):
            for change in self.owner_changes.get(node, []):
                (past if change.at <= at else later).append((change, place))
        if past:
            latest = max(c.at for c, _ in past)
            place = min(p for c, p in past if c.at == latest)
            tied = [c for c, p in past if c.at == latest and p == place]
            return Owner(nodes[place][0], tail(tied).new)
        if later:
            earliest = min(c.at for c, _ in later)
            place = min(p for c, p in later if c.at == earliest)
            tied = [c for c, p in later if c.at == earliest and p == place]
            return Owner(nodes[place][0], head(tied).old)
        in_order = sorted(person.records, key=lambda r: self.node_order(r.node))
        records = [person.primary, *in_order]
        for record in records:
            if record.owner_id:
                return Owner(record.row.source, record.owner_id)
        return Owner(None, None)

    def node_order(self, node: Node) -> tuple[bytes, bytes]:
        record = self.record_of.get(node)
        name = record.record_id if record else node[1]
        return node[0].encode(), name.encode()

    # §7 Quarantine and fates -------------------------------------------

    def write_quarantine(self, result: Result) -> None:
        for row in self.inputs.rows:
            if row.table in NOT_FACTS:
                continue
            for rule in sorted(row.broken):
                result.quarantine.append(
                    {
                        "source": row.source,
                        "source_table": row.table,
                        "source_key": row.key,
                        "rule": rule,
                        "person_id": (row.person.person_id if row.person else None),
                    }
                )

    def write_fates(self, result: Result) -> None:
        """§7: one fate per raw row, the first that applies."""
        counts: dict[tuple[str, str], Counter] = defaultdict(Counter)
        for row in self.inputs.rows:
            if row.takes_part:
                fate = "reading"
            elif row.broken and row.table not in NOT_FACTS:
                fate = "quarantined"
            elif row.is_after:
                fate = "after_as_of"
            else:
                fate = "unread"
            counts[row.source, row.table][fate] += 1
        for (source, table), rows in sorted(self.inputs.raw_counts.items()):
            fates = counts[source, table]
            survivors = sum(fates.values())
            fates["duplicate"] = rows - survivors
            result.fates.append(
                {"source": source, "source_table": table, "raw_rows": rows}
                | {fate: fates[fate] for fate in FATES}
            )


def head(changes: list[Observation]) -> Observation:
    """The first row of the earliest instant's old → new chain (§2)."""
    earliest = min(c.at for c in changes)
    tied = [c for c in changes if c.at == earliest]
    return min(heads_of(tied) or tied, key=by_key)


def begins(changes: list[Observation], current: str | None) -> Observation:
    """As `head`, where a circle begins as it ends (§2): with the old value of the
    next chain that is none, else with the current one."""
    earliest = min(c.at for c in changes)
    tied = [c for c in changes if c.at == earliest]
    if heads_of(tied):
        return head(tied)
    chains = [
        heads_of([c for c in changes if c.at == at])
        for at in sorted({c.at for c in changes})
    ]
    known = next((heads for heads in chains if heads), None)
    follows = same_text(min(known, key=by_key).old if known else current)
    fitting = [c for c in tied if same_text(c.old) == follows]
    return min(fitting or tied, key=by_key)


def heads_of(tied: list[Observation]) -> list[Observation]:
    """The rows of one instant from whose old value the instant began."""
    return [
        c
        for c in tied
        if not any(same_text(c.old) == same_text(o.new) for o in tied if o is not c)
    ]


def by_key(change: Observation) -> bytes:
    return change.row.key.encode()


def tail(changes: list[Observation]) -> Observation:
    """The last row of one instant's old → new chain."""
    tails = [
        c
        for c in changes
        if not any(same_text(c.new) == same_text(o.old) for o in changes if o is not c)
    ]
    return max(tails or changes, key=by_key)


class Lifecycle:
    """§4–§7 for one lifecycle of one person."""

    def __init__(
        self,
        reference: Reference,
        person: Person,
        number: int,
        events: list[Event],
    ) -> None:
        self.all = reference
        self.person = person
        self.number = number
        self.events = events
        self.lifecycle_id = _hash(person.person_id, number)
        self.milestone: dict[str, Event] = {}
        for event in events:
            if event.stage not in EXITS:
                self.milestone.setdefault(event.stage, event)
        last = events[-1]
        self.exit = last if last.stage in EXITS else None
        self.exited_at = self.exit.at if self.exit else None
        self.hand_over()
        decided = self.handed_off_at or events[0].at
        self.version = reference.definition.in_force(decided)
        self.sal = self.complete_sal()
        self.sal_at = self.sal.at if self.sal else None
        self.accept()
        self.origin = self.find_origin()
        self.is_marketing = self.origin == "marketing"
        self.owner = Owner(None, None)
        if self.handoff is not None:
            self.owner = reference.owner_at(
                person, self.handoff.node, self.handed_off_at
            )
        self.team = self.team_of(self.owner)
        self.responses = self.find_responses()

    def at(self, stage: str) -> datetime | None:
        event = self.milestone.get(stage)
        return event.at if event else None

    def team_of(self, owner: Owner) -> str | None:
        if owner.key is None:
            return None
        return self.all.users.team(owner.source, owner.user_id)

    def is_sales_event(self, event: Event) -> bool:
        return self.all.users.is_sales(event.row.source, event.actor)

    # §4 ----------------------------------------------------------------

    def hand_over(self) -> None:
        """§4 handed_off_at, with the mode of the version in force."""
        self.is_handoff_imputed = False
        explicit = self.milestone.get("handed_off")
        if explicit and explicit.version.handoff_mode != "explicit":
            explicit = None
        qualified = self.milestone.get("mql")
        by_mql = None
        if qualified and qualified.version.handoff_mode == "mql":
            by_mql = qualified
        candidates = [e for e in (explicit, by_mql) if e]
        self.handoff = min(candidates, key=lambda e: e.order, default=None)
        if self.handoff is None and qualified is not None:
            after = self.events[self.events.index(qualified) + 1 :]
            if any(
                e.stage in SALES_ACTS or (e.stage in EXITS and self.is_sales_event(e))
                for e in after
            ):
                self.handoff = qualified
                self.is_handoff_imputed = True
        self.handed_off_at = self.handoff.at if self.handoff else None

    def complete_sal(self) -> Event | None:
        """§3: the SAL event by which each role that the version names has given
        one; the first where it names none."""
        missing = set(self.version.acceptance_roles)
        for event in self.events:
            if event.stage != "sal":
                continue
            missing.discard(self.all.users.role(event.row.source, event.actor))
            if not missing:
                return event
        return None

    def accept(self) -> None:
        """§4 accepted_at: the SAL, else what implies one."""
        self.acceptance = None
        self.is_acceptance_imputed = False
        sal = self.sal
        if sal and (self.handed_off_at is None or sal.at >= self.handed_off_at):
            self.acceptance = sal
        elif self.handed_off_at is not None:
            implied = [self.milestone.get(s) for s in ("sql", "opportunity")]
            if self.exit and self.exit.stage == "won":
                implied.append(self.exit)
            self.acceptance = min(
                (e for e in implied if e and e.at >= self.handed_off_at),
                key=lambda e: e.order,
                default=None,
            )
            self.is_acceptance_imputed = self.acceptance is not None
        self.accepted_at = self.acceptance.at if self.acceptance else None

    def find_origin(self) -> str:
        """§4 origin, the first that applies."""
        sold = _first(self.sal_at, self.at("sql"), self.at("opportunity"))
        if self.handed_off_at is not None and (
            sold is None or self.handed_off_at <= sold
        ):
            return "marketing"
        progress = [e.stage for e in self.events if e.stage in PROGRESS]
        if progress:
            return "adr" if progress[0] == "tal" else "sales"
        return "nurture"

    # §5 ----------------------------------------------------------------

    def find_responses(self) -> list[Response]:
        """§5: TALs, SALs that complete nothing yet and touches, from the hand-off to
        the end, both in."""
        if not self.is_marketing:
            return []
        end = self.exited_at or self.all.as_of
        staged = [
            Response(e.at, e.row.source, e.actor)
            for e in self.events
            if e.stage == "tal"
            or (e.stage == "sal" and (self.sal_at is None or e.at < self.sal_at))
        ]
        touches = self.all.responses.get(self.person, [])
        within = [r for r in staged + touches if self.handed_off_at <= r.at <= end]
        return sorted(within, key=lambda r: r.at)

    def policy(self, owner: Owner) -> Policy:
        return self.all.definition.policy(
            self.version, self.team_of(owner), self.person.channel
        )

    def judge(
        self, since: datetime, policy: Policy, responses: list[Response]
    ) -> tuple[str, datetime | None, bool, bool]:
        """§5: outcome, due, was ignored, accepted late, on one clock."""
        as_of = self.all.as_of
        due = policy.calendar.due(since, policy.sla_business_hours)
        answers = [self.accepted_at, self.exited_at]
        if policy.touches_stop_clock and responses:
            answers.append(responses[0].at)
        was_ignored = (
            due is not None
            and as_of >= due
            and not any(a is not None and a <= due for a in answers)
        )
        late = bool(self.accepted_at and due and self.accepted_at > due)
        if self.accepted_at is not None:
            return "accepted", due, was_ignored, late
        if self.exit and (
            self.exit.stage == "lost"
            or (self.exit.stage in EXITS[2:] and self.is_sales_event(self.exit))
        ):
            return "rejected", due, was_ignored, late
        expired = False
        if policy.max_pending is not None:
            limit = since + policy.max_pending
            expired = as_of >= limit and (
                self.exited_at is None or self.exited_at > limit
            )
        if was_ignored or expired:
            return "ignored", due, was_ignored, late
        if self.exit:
            return "withdrawn", due, was_ignored, late
        return "pending", due, was_ignored, late

    def passes(self) -> list[tuple[datetime, Owner]]:
        """§5 Passes: the first hand-off, then each later owner."""
        passes = [(self.handed_off_at, self.owner)]
        end = _first(self.accepted_at, self.exited_at)
        candidates: dict[datetime, list[tuple]] = defaultdict(list)
        if self.version.handoff_mode == "explicit":
            for event in self.events:
                if event.stage == "handed_off":
                    owner = self.all.owner_at(self.person, event.node, event.at)
                    order = self.all.node_order(event.node)
                    candidates[event.at].append((1, order, owner))
        for node in self.person.nodes:
            by_instant = defaultdict(list)
            for change in self.all.owner_changes.get(node, []):
                by_instant[change.at].append(change)
            for at, changes in by_instant.items():
                owner = Owner(node[0], tail(changes).new)
                order = self.all.node_order(node)
                candidates[at].append((0, order, owner))
        for at in sorted(candidates):
            if at <= self.handed_off_at or (end is not None and at >= end):
                continue
            if at > self.all.as_of:
                continue
            to_sales = [c for c in candidates[at] if self.is_sales_owner(c[2])]
            # A change of owner tells more than a hand-off event.
            best = min((kind for kind, *_ in to_sales), default=None)
            for kind, _, owner in sorted(to_sales, key=lambda c: c[:2]):
                if kind == best and owner.key != passes[-1][1].key:
                    passes.append((at, owner))
        return passes

    def is_sales_owner(self, owner: Owner) -> bool:
        source = owner.source or self.person.primary.row.source
        return self.all.users.is_sales(source, owner.user_id)

    def write_passes(self, result: Result) -> None:
        passes = self.passes()
        for number, (since, owner) in enumerate(passes, 1):
            policy = self.policy(owner)
            row = {
                "handoff_id": _hash(self.lifecycle_id, number),
                "lifecycle_id": self.lifecycle_id,
                "person_id": self.person.person_id,
                "lifecycle_no": self.number,
                "pass_no": number,
                "from_owner_id": (
                    self.id_of(passes[number - 2][1]) if number > 1 else None
                ),
                "owner_id": self.id_of(owner),
                "passed_at": since,
            }
            if number < len(passes):
                until = passes[number][0]
                own = [
                    r
                    for r in self.responses
                    if since <= r.at <= until and r.is_by(owner.source, owner.user_id)
                ]
                due = policy.calendar.due(since, policy.sla_business_hours)
                in_time = policy.touches_stop_clock and any(r.at <= due for r in own)
                ignored = due is not None and due <= until and not in_time
                row |= {
                    "due_at": due,
                    "first_response_at": own[0].at if own else None,
                    "ended_at": until,
                    "outcome": "ignored" if ignored else "reassigned",
                    "was_ignored": ignored,
                }
            else:
                anyone = [r for r in self.responses if r.at >= since]
                outcome, due, was_ignored, _ = self.judge(since, policy, anyone)
                row |= {
                    "due_at": due,
                    "first_response_at": anyone[0].at if anyone else None,
                    "ended_at": _first(self.accepted_at, self.exited_at),
                    "outcome": outcome,
                    "was_ignored": was_ignored,
                }
            row |= self.times(policy, row["passed_at"], row["ended_at"])
            row |= self.delays([at for at, _ in passes], number)
            result.handoffs.append(row)

    def times(
        self, policy: Policy, since: datetime, until: datetime | None
    ) -> dict[str, object]:
        return {
            "is_open": until is None,
            "sla_business_hours": policy.sla_business_hours,
            "touches_stop_clock": policy.touches_stop_clock,
            "pending_until": policy.max_pending and since + policy.max_pending,
            "business_hours": (
                None if until is None else policy.calendar.hours_between(since, until)
            ),
        }

    def delays(self, passed_at: list[datetime], number: int) -> dict[str, object]:
        """§6: of the last pass before the first response, both parts of its delay."""
        answered_at = self.responses[0].at if self.responses else None
        before = [at for at in passed_at if answered_at and at <= answered_at]
        if number != len(before):
            return {"routing_hours": None, "rep_hours": None}
        return {
            "routing_hours": _hours(self.handed_off_at, before[-1]),
            "rep_hours": _hours(before[-1], answered_at),
        }

    # §7 ----------------------------------------------------------------

    def write_transitions(self, result: Result) -> None:
        pairs = zip(self.events, self.events[1:], strict=False)
        for number, (before, after) in enumerate(pairs, 1):
            pair = (before.stage, after.stage)
            verdict = self.all.definition.verdicts.get(
                pair,
                "repeated" if before.stage == after.stage else "forbidden",
            )
            result.transitions.append(
                {
                    "transition_id": _hash(self.lifecycle_id, number),
                    "lifecycle_id": self.lifecycle_id,
                    "person_id": self.person.person_id,
                    "lifecycle_no": self.number,
                    "transition_no": number,
                    "from_stage": before.stage,
                    "to_stage": after.stage,
                    "from_at": before.at,
                    "to_at": after.at,
                    "hours": _hours(before.at, after.at),
                    "verdict": verdict,
                    "actor_id": self.actor_of(after),
                }
            )

    # Public rows -------------------------------------------------------

    def actor_of(self, event: Event | None) -> str | None:
        if event is None:
            return None
        return self.all.users.published_id(event.row.source, event.actor)

    def id_of(self, owner: Owner) -> str | None:
        return self.all.users.published_id(owner.source, owner.user_id)

    def write(self, result: Result) -> None:
        for event in self.events:
            result.stage_events.append(
                {
                    "person_id": self.person.person_id,
                    "lifecycle_no": self.number,
                    "stage": event.stage,
                    "occurred_at": event.at,
                    "source": event.row.source,
                    "source_table": event.row.table,
                    "source_key": event.row.key,
                    "actor_id": self.actor_of(event),
                    "definition_version": event.version.name,
                }
            )
        result.lifecycles.append(self.row())
        if self.is_marketing:
            self.write_passes(result)
        self.write_transitions(result)

    def row(self) -> dict:
        row = {
            "lifecycle_id": self.lifecycle_id,
            "person_id": self.person.person_id,
            "lifecycle_no": self.number,
            "definition_version": self.version.name,
            "origin": self.origin,
            "inquiry_at": self.at("inquiry"),
            "mql_at": self.at("mql"),
            "handed_off_at": self.handed_off_at,
            "is_handoff_imputed": self.is_handoff_imputed,
            "tal_at": self.at("tal"),
            "sal_at": self.sal_at,
            "accepted_at": self.accepted_at,
            "is_acceptance_imputed": self.is_acceptance_imputed,
            "sql_at": self.at("sql"),
            "opportunity_at": self.at("opportunity"),
            "exit_stage": self.exit.stage if self.exit else None,
            "exited_at": self.exited_at,
            "exited_by": self.actor_of(self.exit),
            "owner_id": self.id_of(self.owner),
            "team": self.team,
            "accepted_by": self.actor_of(self.acceptance),
            "adr_id": self.actor_of(self.milestone.get("tal")),
            "channel": self.person.channel,
            "score_at_handoff": self.score()[0],
            "is_score_merged": self.score()[1],
            "as_of": self.all.as_of,
        }
        return (
            row
            | self.outcome_columns()
            | self.campaign_columns()
            | self.rejection_columns()
            | self.opportunity_columns()
        )

    def outcome_columns(self) -> dict:
        columns = dict.fromkeys(
            (
                "outcome",
                "sla_due_at",
                "first_response_at",
                "response_hours",
                "response_business_hours",
                "accept_hours",
                "accept_business_hours",
                "acted_business_hours",
                "sla_business_hours",
            )
        ) | {"was_ignored": False, "is_accepted_late": False}
        if not self.is_marketing:
            return columns
        policy = self.policy(self.owner)
        since = self.handed_off_at
        outcome, due, was_ignored, late = self.judge(since, policy, self.responses)
        responded = self.responses[0].at if self.responses else None
        return columns | {
            "outcome": outcome,
            "sla_due_at": due,
            "was_ignored": was_ignored,
            "is_accepted_late": late,
            "first_response_at": responded,
            "response_hours": _hours(since, responded),
            "response_business_hours": self.open_hours(policy, responded),
            "accept_hours": _hours(since, self.accepted_at),
            "accept_business_hours": self.open_hours(policy, self.accepted_at),
            "acted_business_hours": self.hours_before_acting(policy),
            "sla_business_hours": policy.sla_business_hours,
        }

    def hours_before_acting(self, policy: Policy) -> float | None:
        """Open hours that were over before somebody stopped the clock."""
        acts = [self.accepted_at, self.exited_at]
        if policy.touches_stop_clock and self.responses:
            acts.append(self.responses[0].at)
        acted_at = _first(*acts)
        if acted_at is None:
            return None
        before = acted_at - timedelta(microseconds=1)
        return self.open_hours(policy, max(before, self.handed_off_at))

    def open_hours(self, policy: Policy, until: datetime | None) -> float | None:
        if until is None:
            return None
        return policy.calendar.hours_between(self.handed_off_at, until)

    def score(self) -> tuple[Decimal | None, bool]:
        """The last score at the hand-off, and whether a merge is in it."""
        before: list[tuple] = []
        if self.handed_off_at is not None:
            before = [
                (score, is_merged)
                for at, score, is_merged in self.all.scores.get(self.person, [])
                if at <= self.handed_off_at
            ]
        return before[-1] if before else (None, False)

    def campaign_columns(self) -> dict:
        campaigns = []
        if self.handed_off_at is not None:
            campaigns = [
                campaign
                for at, _, campaign in self.all.campaign_touches.get(self.person, [])
                if at <= self.handed_off_at
            ]
        return {
            "first_campaign_id": campaigns[0] if campaigns else None,
            "last_campaign_id": campaigns[-1] if campaigns else None,
        }

    def rejection_columns(self) -> dict:
        reason = None
        if self.exit and self.exit.stage != "won":
            record = self.all.record_of.get(self.exit.node)
            reason = given(self.exit.reason) or (
                record.status_reason if record else None
            )
        categories = self.all.definition.rejection_categories
        return {
            "rejection_reason": reason,
            "rejection_category": categories.get(same_text(reason)),
        }

    def opportunity_columns(self) -> dict:
        made = self.milestone.get("opportunity")
        found = self.exit.opportunity if self.exit else None
        if found is None and made is not None:
            found = made.opportunity
        columns = dict.fromkeys(
            (
                "opportunity_id",
                "opportunity_amount",
                "opportunity_currency",
                "opportunity_amount_reporting",
                "won_amount_reporting",
            )
        )
        if found is None:
            return columns
        columns["opportunity_id"] = found.opportunity_id
        source = found.row.source
        currency = found.currency or self.all.source_currencies.get(
            source, self.all.reporting_currency
        )
        columns["opportunity_currency"] = currency
        if found.amount is None:
            return columns
        cents = Decimal("0.01")
        columns["opportunity_amount"] = found.amount.quantize(cents, ROUND_HALF_UP)
        day = self.all.as_of
        closed_at = found.closed_at if found.is_closed else None
        if closed_at is not None and closed_at <= self.all.as_of:
            day = closed_at
        rate = self.rate(currency, day)
        if rate is not None:
            converted = (found.amount * rate).quantize(cents, ROUND_HALF_UP)
            columns["opportunity_amount_reporting"] = converted
            if self.exit and self.exit.stage == "won":
                columns["won_amount_reporting"] = converted
        return columns

    def rate(self, currency: str, at: datetime) -> Decimal | None:
        """§8: the rate of the day, else the latest before it."""
        if currency == self.all.reporting_currency:
            return Decimal(1)
        day = to_local(at, self.all.reporting_timezone).date()
        rates = [
            (parse_instant(row["ratedate"]).date(), parse_number(row["rate"]))
            for row in self.all.definition.tables.get("fx_rates", [])
            if same_text(row["currency"]) == currency.lower()
        ]
        past = [r for r in rates if r[0] <= day]
        return max(past)[1] if past else None
