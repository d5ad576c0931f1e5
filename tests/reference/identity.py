"""§1 Person: links, groups, who is live."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from tests.reference.definition import Definition
from tests.reference.inputs import Inputs, Node, Record
from tests.reference.parsing import given, same_text

LARGEST_GROUP = 50


@dataclass(eq=False)
class Person:
    records: list[Record]
    nodes: list[Node]
    person_id: str = ""
    primary: Record | None = None
    is_live: bool = True
    first_created_at: datetime | None = None
    source: str | None = None
    channel: str | None = None
    events: list = field(default_factory=list)


class Groups:
    """Union-find over the nodes that any record or link names."""

    def __init__(self) -> None:
        self.parent: dict[Node, Node] = {}

    def root(self, node: Node) -> Node:
        self.parent.setdefault(node, node)
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, left: Node, right: Node) -> None:
        self.parent[self.root(left)] = self.root(right)


def email_link(record: Record, shared_mailboxes: set[str]) -> str | None:
    """The address two records may share, if it is one person's own."""
    address = same_text(record.email)
    if address is None or "@" not in address:
        return None
    local_part = address.split("@", 1)[0]
    return None if local_part in shared_mailboxes else address


def identify(
    inputs: Inputs, definition: Definition, loaded_at: datetime
) -> tuple[dict[Node, Person], list[Person]]:
    """Persons, and the person each record id belongs to."""
    groups = Groups()
    for record in inputs.records:
        groups.root(record.node)
    for link in inputs.links:
        groups.join(link.left, link.right)
    by_email: dict[str, list[Record]] = defaultdict(list)
    for record in inputs.records:
        address = email_link(record, definition.shared_mailboxes)
        if address:
            by_email[address].append(record)
    for sharing in by_email.values():
        for other in sharing[1:]:
            groups.join(sharing[0].node, other.node)

    members: dict[Node, list[Record]] = defaultdict(list)
    for record in inputs.records:
        members[groups.root(record.node)].append(record)
    nodes: dict[Node, list[Node]] = defaultdict(list)
    for node in groups.parent:
        nodes[groups.root(node)].append(node)

    not_live = {link.left for link in inputs.links if link.kind == "merge"}
    not_live |= {node for row, node in inputs.deletions if not row.is_key_missing}
    not_live |= {r.node for r in inputs.records if r.is_deleted}

    persons: list[Person] = []
    for root, records in members.items():
        if len(records) <= LARGEST_GROUP:
            persons.append(Person(records, nodes[root]))
            continue
        for record in records:
            record.row.broken.add("oversized_identity_group")
            persons.append(Person([record], [record.node]))
    dissolved = {p.nodes[0] for p in persons if is_dissolved(p)}
    person_of: dict[Node, Person] = {}
    for person in persons:
        for node in person.nodes:
            person_of[node] = person
        _describe(person, not_live, definition, loaded_at)

    for link in inputs.links:
        person = person_of.get(link.left) or person_of.get(link.right)
        if person is None:
            link.row.broken.add("unknown_person")
        elif not {link.left, link.right} & dissolved:
            link.row.takes_part = True
            link.row.person = link.row.person or person
    # §7: that an address is shared is a link, and a reading of both rows.
    for sharing in by_email.values():
        for record in sharing if len(sharing) > 1 else ():
            if record.node not in dissolved:
                record.row.takes_part = True
    for row, node in inputs.deletions:
        if row.is_key_missing:
            continue
        if node in person_of:
            row.takes_part = True
            row.person = person_of[node]
        else:
            row.broken.add("unknown_person")
    return person_of, persons


def is_dissolved(person: Person) -> bool:
    """A record of an oversized group is a person alone; its links are void."""
    return "oversized_identity_group" in person.records[0].row.broken


def _byte_order(record: Record) -> tuple[bytes, bytes]:
    return record.row.source.encode(), record.record_id.encode()


def _describe(
    person: Person,
    not_live: set[Node],
    definition: Definition,
    loaded_at: datetime,
) -> None:
    live = [r for r in person.records if r.node not in not_live]
    person.is_live = bool(live)
    person.primary = min(live or person.records, key=_byte_order)
    text = f"{person.primary.row.source}|{person.primary.record_id}"
    person.person_id = hashlib.md5(text.encode()).hexdigest()
    created = [
        r.created_at
        for r in person.records
        if r.created_at is not None and r.created_at <= loaded_at
    ]
    person.first_created_at = min(created, default=None)
    oldest_first = sorted(
        person.records,
        key=lambda r: (r.created_at or datetime.max, _byte_order(r)),
    )
    person.source = next(
        (r.lead_source for r in oldest_first if given(r.lead_source)), None
    )
    source = same_text(person.source)
    person.channel = definition.channels.get(source, source)
