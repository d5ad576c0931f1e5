"""Which row of touch_types, user_roles or channels made a lead differ.

These seeds look a text up. Where one of their rows is not the same on both
sides, the leads are found whose activity, user or source was looked up in it.
Texts are compared here and not in SQL: DuckDB cannot fold their width.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.commands.compare.sides import Compared, Side

Key = tuple[str, ...]


@dataclass(frozen=True)
class ChangedRow:
    """A row of a seed that is not the same on both sides."""

    key: Key
    """Its key columns, as the same text."""
    text: str


@dataclass(frozen=True)
class Lookup:
    """A seed that looks a text up: its key and what it says."""

    seed: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    find: Callable[[Compared, Sequence[ChangedRow]], None]


def same_text(text: object) -> str:
    folded = unicodedata.normalize("NFKC", "" if text is None else str(text))
    return folded.strip().lower()


def collect(compared: Compared, changed_seeds: Sequence[str]) -> None:
    """Add to lead_causes what the changed rows of these seeds made differ."""
    for lookup in LOOKUPS:
        if lookup.seed in changed_seeds:
            lookup.find(compared, changed_rows(compared, lookup))


# The rows.


def changed_rows(compared: Compared, lookup: Lookup) -> list[ChangedRow]:
    """The rows that differ, in the order of their keys."""
    before = _rows(compared, compared.before, lookup)
    after = _rows(compared, compared.after, lookup)
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old is None or new is None or old[1] != new[1]:
            written = (new or old)[0]
            found.append(
                ChangedRow(
                    key,
                    row_text(
                        lookup.seed,
                        written,
                        lookup.values,
                        old and old[1],
                        new and new[1],
                    ),
                )
            )
    return found


def _rows(
    compared: Compared, side: Side, lookup: Lookup
) -> dict[Key, tuple[Key, tuple[str, ...]]]:
    """By key: the key as written, and the values as they take effect."""
    names = ", ".join((*lookup.keys, *lookup.values))
    rows = compared.connection.execute(
        f"select {names} from {side.schema('definition')}.def_{lookup.seed} "
        "order by all"
    ).fetchall()
    width = len(lookup.keys)
    written: dict[Key, Key] = {}
    told: dict[Key, list[set[str]]] = {}
    for row in rows:
        key = tuple(same_text(part) for part in row[:width])
        written.setdefault(key, tuple(str(part or "") for part in row[:width]))
        values = told.setdefault(key, [set() for _ in lookup.values])
        for place, value in zip(values, row[width:], strict=True):
            if value is not None:
                place.add(_shown(value))
    return {
        key: (
            written[key],
            tuple(" and ".join(sorted(place)) or "none" for place in values),
        )
        for key, values in told.items()
    }


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def row_text(
    seed: str,
    key: Sequence[str],
    names: Sequence[str],
    before: Sequence[str] | None,
    after: Sequence[str] | None,
) -> str:
    """Such as `touch_types call: is_response true → false`."""
    what = f"{seed} {' '.join(part for part in key if part)}"
    if before is None or after is None:
        sides = [
            "no row"
            if side is None
            else ", ".join(
                f"{name} {value}"
                for name, value in zip(names, side, strict=True)
                if value != "none"
            )
            for side in (before, after)
        ]
        return f"{what}: {sides[0]} → {sides[1]}"
    parts = [
        f"{name} {old} → {new}"
        for name, old, new in zip(names, before, after, strict=True)
        if old != new
    ]
    return f"{what}: {', '.join(parts)}"


# The leads.


def _tell(compared: Compared, matches: Sequence[tuple[Any, str]], touched: str) -> None:
    """Each value with the row it is looked up in, and the leads it touches.

    `touched` is a query of person_id, lifecycle_no and value.
    """
    connection = compared.connection
    connection.execute(
        "create or replace temporary table looked_up (value varchar, why varchar)"
    )
    if matches:
        connection.executemany(
            "insert into looked_up values (?, ?)",
            [[str(value), why] for value, why in matches],
        )
    connection.execute(
        "insert into lead_causes "
        "select distinct touched.person_id, touched.lifecycle_no, looked_up.why "
        f"from ({touched}) as touched "
        "inner join looked_up on cast(touched.value as varchar) = looked_up.value"
    )


def _by_key(rows: Sequence[ChangedRow]) -> dict[Key, str]:
    return {row.key: row.text for row in rows}


def _touch_types(compared: Compared, rows: Sequence[ChangedRow]) -> None:
    """Activities that are a response on one side only."""
    touched = _activities(compared, "activity_type")
    types = compared.connection.execute(
        f"select distinct value from ({touched}) where value is not null order by 1"
    ).fetchall()
    why = _by_key(rows)
    matches = [
        (value, why[(same_text(value),)])
        for (value,) in types
        if (same_text(value),) in why
    ]
    _tell(compared, matches, touched)


def _activities(compared: Compared, value: str) -> str:
    """What sales did in the time of a changed hand-off, where it is a response
    on one side only."""
    before = compared.before.schema("intermediate")
    after = compared.after.schema("intermediate")
    inputs = compared.after.schema("input_layer")
    return f"""
        select
            changed_leads.person_id,
            changed_leads.lifecycle_no,
            said.{value} as value
        from {after}.int_activities__judged as activities
        inner join {before}.int_activities__judged as others
            on activities.row_key = others.row_key
        inner join {inputs}.input_layer__activities as said
            on activities.row_key = said.row_key
        inner join {after}.int_people as people
            on activities.person_key = people.person_key
        inner join changed_leads on people.person_id = changed_leads.person_id
        where
            activities.is_read <> others.is_read
            and activities.is_usable
            and activities.occurred_at >= least(
                changed_leads.handed_off_at_before,
                changed_leads.handed_off_at_after
            )
            and activities.occurred_at <= greatest(
                coalesce(changed_leads.exited_at_before, 'infinity'),
                coalesce(changed_leads.exited_at_after, 'infinity')
            )
    """


def _user_roles(compared: Compared, rows: Sequence[ChangedRow]) -> None:
    """Users with another role or team, where they answered, owned, accepted or
    ended."""
    before = compared.before.schema("intermediate")
    after = compared.after.schema("intermediate")
    users = compared.connection.execute(
        f"""
        select
            coalesce(after.user_key, before.user_key) as user_key,
            coalesce(after.source, before.source) as source,
            coalesce(after.user_id, before.user_id) as user_id,
            users.role_name
        from {before}.int_users__with_roles as before
        full join {after}.int_users__with_roles as after
            on before.user_key = after.user_key
        left join {compared.after.schema("input_layer")}.input_layer__users as users
            on coalesce(after.user_key, before.user_key) = users.user_key
        where
            before.role is distinct from after.role
            or before.team is distinct from after.team
        order by 1
        """
    ).fetchall()
    # A row that names the user goes before one that names the role.
    of_user = {
        (row.key[0], _user_id(row.key[0], row.key[2])): row.text
        for row in rows
        if row.key[1] == "user_id"
    }
    of_role = {
        (row.key[0], row.key[2]): row.text for row in rows if row.key[1] != "user_id"
    }
    matches = []
    for user_key, source, user_id, role_name in users:
        why = of_user.get((source, _user_id(source, same_text(user_id))))
        why = why or of_role.get((source, same_text(role_name)))
        if why:
            matches.append((user_key, why))
    touched = " union all ".join(
        [
            _activities(compared, "user_key"),
            *(
                query
                for side in (compared.before, compared.after)
                for query in _users_of(side)
            ),
        ]
    )
    _tell(compared, matches, touched)


def _user_id(source: str, user_id: str) -> str:
    """Salesforce writes an id with 15 characters or with 18."""
    return user_id[:15] if source == "salesforce" else user_id


def _users_of(side: Side) -> list[str]:
    """Who owned a lead, ended it, or accepted it where that depends on the role."""
    intermediate = side.schema("intermediate")
    depends_on_role = f"""
        exists (
            select 1
            from {intermediate}.int_lifecycles as lifecycles
            inner join {intermediate}.int_funnel_versions__in_force as versions
                on
                    lifecycles.definition_version = versions.version
                    and versions.acceptance_roles is not null
            where
                lifecycles.person_key = named.person_key
                and lifecycles.lifecycle_no = named.lifecycle_no
        )
    """
    sources = {
        "int_handoffs__owned": ("owner_key", "true"),
        "int_passes__clocked": ("owner_key", "true"),
        "int_stage_events__cut": (
            "actor_key",
            f"named.is_exit or (named.stage = 'sal' and {depends_on_role})",
        ),
    }
    return [
        f"""
        select
            changed_leads.person_id,
            changed_leads.lifecycle_no,
            named.{user} as value
        from {intermediate}.{table} as named
        inner join {intermediate}.int_people as people
            on named.person_key = people.person_key
        inner join changed_leads
            on
                people.person_id = changed_leads.person_id
                and named.lifecycle_no = changed_leads.lifecycle_no
        where {condition}
        """
        for table, (user, condition) in sources.items()
    ]


def _channels(compared: Compared, rows: Sequence[ChangedRow]) -> None:
    """People of a source that is another channel now."""
    touched = f"""
        select
            changed_leads.person_id,
            changed_leads.lifecycle_no,
            people.source as value
        from changed_leads
        inner join {compared.after.schema("intermediate")}.int_people as people
            on changed_leads.person_id = people.person_id
        where
            changed_leads.channel_before
            is distinct from changed_leads.channel_after
    """
    sources: dict[str, list[str]] = defaultdict(list)
    for (value,) in compared.connection.execute(
        f"select distinct value from ({touched}) where value is not null order by 1"
    ).fetchall():
        sources[same_text(value)].append(value)
    matches = [
        (value, row.text) for row in rows for value in sources.get(row.key[0], [])
    ]
    _tell(compared, matches, touched)


LOOKUPS = (
    Lookup("touch_types", ("touch_type",), ("is_response",), _touch_types),
    Lookup(
        "user_roles", ("source", "match_on", "value"), ("role", "team"), _user_roles
    ),
    Lookup("channels", ("source_value",), ("channel",), _channels),
)
