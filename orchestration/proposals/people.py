"""Who owns and changes leads and which role that suggests; mailboxes that several
people share; where leads came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestration.project import Project
from orchestration.proposals.loaded import Loaded
from orchestration.proposals.proposal import (
    GUESS,
    LIKELY,
    SURE,
    Proposal,
    Unknown,
    counted,
    masked,
    shown,
)
from orchestration.proposals.statuses import HISTORIES
from orchestration.proposals.words import Meaning, Words
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.lines import folded
from orchestration.warehouse import quoted

ROLES = ("adr", "inside_sales", "field_sales", "marketing", "integration")
OWNERS = {"generic": ("lead", "owner_id"), "salesforce": ("lead", "owner_id")}
USERS = {"generic": "user_id", "salesforce": "id"}
ROLE_NAMES = {"salesforce": ("user_role_id", "user_role")}
"""Where a system keeps the names of roles: the column of its users, the table."""
TITLES = ("role", "team", "title", "department", "name")
"""Columns of a table of users that may say what somebody does, the first one first."""
SOURCES = {"generic": ("source", "lead_source"), "salesforce": ("lead_source",)}
SHARED = 3
"""As many names under one address are more than one person's."""
MOST_NAMED = 5
"""How many things of one kind are named in a sentence."""


@dataclass(frozen=True)
class User:
    """Somebody who owns or changes leads."""

    system: str
    user_id: str
    rows: int
    titles: tuple[str, ...]
    role: str | None
    reason: str
    confidence: str
    is_known: bool
    """Whether the definition, the table of users, or the name of the user's role says
    the role."""


@dataclass(frozen=True)
class RoleName:
    """What a system calls a role of its users."""

    system: str
    name: str
    users: int
    role: str | None
    reason: str
    confidence: str
    is_known: bool
    """Whether the definition says the role."""


def find_role_names(project: Project, loaded: Loaded, words: Words) -> list[RoleName]:
    """The names of roles that users have, the most frequent first."""
    said = {
        (row["source"], folded(row["value"])): row["role"]
        for row in rows_in_force(project, "user_roles")
        if row["match_on"] == "user_role"
    }
    found = []
    for system in ROLE_NAMES:
        names = Counter(_role_names(loaded, system).values())
        for name, users in sorted(names.items(), key=lambda item: (-item[1], item[0])):
            known = said.get((system, folded(name)))
            meaning = None if known else _meaning(words, (name,))
            found.append(
                RoleName(
                    system,
                    name,
                    users,
                    known or (meaning.means if meaning else None),
                    meaning.reason if meaning else "the definition",
                    _confidence(meaning),
                    known is not None,
                )
            )
    return found


def _role_names(loaded: Loaded, system: str) -> dict[str, str]:
    """The name of the role of each user who has one."""
    column, table = ROLE_NAMES[system]
    key = USERS[system]
    if not loaded.has(system, "user", key, column):
        return {}
    if not loaded.has(system, table, "id", "name"):
        return {}
    rows = loaded.rows(
        f"select trim(users.{key}), min(trim(roles.name)) "
        f"from {loaded.relations[system, 'user']} as users "
        f"inner join {loaded.relations[system, table]} as roles "
        f"on left(trim(users.{column}), 15) = left(trim(roles.id), 15) "
        f"where trim(users.{key}) <> '' and trim(roles.name) <> '' group by 1"
    )
    return dict(rows)


def find_users(
    project: Project, loaded: Loaded, words: Words, roles: Sequence[RoleName] = ()
) -> list[User]:
    """All users, those with most rows of a system first; `roles` are the names of
    roles whose meaning is known or proposed."""
    by_name = {(each.system, each.name): each.role for each in roles if each.role}
    said = {
        (row["source"], folded(row["value"])): row["role"]
        for row in rows_in_force(project, "user_roles")
        if row["match_on"] == "user_id"
    }
    found = []
    for system in sorted({system for system, _ in loaded.columns} & USERS.keys()):
        titles = _titles(loaded, system)
        named = _role_names(loaded, system) if system in ROLE_NAMES else {}
        counts = _counts(loaded, system)
        for user in titles:
            counts.setdefault(user, 0)
        for user_id, rows in sorted(
            counts.items(), key=lambda item: (-item[1], item[0])
        ):
            known = said.get((system, folded(user_id)))
            given = titles.get(user_id, ())
            of_name = by_name.get((system, named.get(user_id, "")))
            role = known or of_name or _given_role(given)
            reason, confidence = "the definition", SURE
            if of_name and not known:
                reason = f"the role {shown(named[user_id])!r}"
            elif role and not known:
                reason = "the table of users"
            meaning = None
            if role is None:
                meaning = _meaning(words, (*given, user_id))
                role = meaning.means if meaning else None
                reason = meaning.reason if meaning else "nothing tells it"
                confidence = _confidence(meaning)
            found.append(
                User(
                    system,
                    user_id,
                    rows,
                    given,
                    role,
                    reason,
                    confidence,
                    meaning is None and role is not None,
                )
            )
    return found


def _given_role(titles: Sequence[str]) -> str | None:
    """A role that a table of users says in our own words."""
    role = folded(titles[0]) if titles else ""
    return role if role in ROLES else None


def _meaning(words: Words, texts: Sequence[str]) -> Meaning | None:
    for text in texts:
        found = words.meaning("role", text) if text else None
        if found:
            return found
    return None


def _confidence(said: Meaning | None) -> str:
    if said is None or not said.is_sure:
        return GUESS
    return SURE if said.is_whole else LIKELY


def _titles(loaded: Loaded, system: str) -> dict[str, tuple[str, ...]]:
    key = USERS[system]
    if not loaded.has(system, "user", key):
        return {}
    columns = loaded.columns[system, "user"]
    asked = [
        f"coalesce(trim({quoted(name)}), '')" if name in columns else "''"
        for name in TITLES
    ]
    rows = loaded.rows(
        f"select trim({key}), {', '.join(asked)} from "
        f"{loaded.relations[system, 'user']} where trim({key}) <> '' order by all"
    )
    return {user: tuple(titles) for user, *titles in rows}


def _counts(loaded: Loaded, system: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    table, column = OWNERS[system]
    places = [(table, column)]
    if system in HISTORIES:
        history, _, who = HISTORIES[system]
        places.append((history, who))
    for table, column in places:
        if loaded.has(system, table, column):
            for user, rows in loaded.rows(
                f"select trim({column}), count(*) from "
                f"{loaded.relations[system, table]} where trim({column}) <> '' "
                "group by 1 order by 1"
            ):
                found[user] += rows
    return dict(found)


def roles_of(users: Sequence[User]) -> list[Proposal]:
    """Rows of `user_roles` for those whose name or title suggests a role."""
    return [
        _row(user, "user_id", user.user_id, "", about(user))
        for user in users
        if user.role and not user.is_known
    ]


def meanings_of(roles: Sequence[RoleName]) -> list[Proposal]:
    """Rows of `user_roles` for names of roles that suggest one, each a team."""
    return [
        _row(
            each,
            "user_role",
            each.name,
            each.name,
            f"role {shown(each.name)!r} ({counted(each.users, 'user')})",
        )
        for each in roles
        if each.role and not each.is_known
    ]


def _row(
    each: User | RoleName, match_on: str, value: str, team: str, what: str
) -> Proposal:
    row = {
        "source": each.system,
        "match_on": match_on,
        "value": value,
        "role": each.role,
        "team": team,
    }
    return Proposal(
        "user_roles",
        (row,),
        what,
        each.role,
        each.reason,
        each.confidence,
        "role",
        ROLES,
    )


def about(user: User) -> str:
    titles = [title for title in user.titles if title and title != user.user_id]
    said = f", {', '.join(map(masked, titles))}" if titles else ""
    return f"user {masked(user.user_id)}{said} ({counted(user.rows, 'row')})"


def without_role(
    users: Sequence[User], settled: Sequence[Proposal]
) -> Iterator[Unknown]:
    """Users of whom nothing tells the role: they count as sales."""
    given = {row["value"] for each in settled for row in each.rows}
    nobody = [user for user in users if not user.is_known and user.user_id not in given]
    if not nobody:
        return
    named = ", ".join(masked(user.user_id) for user in nobody[:MOST_NAMED])
    if len(nobody) > MOST_NAMED:
        named += f" and {len(nobody) - MOST_NAMED} more"
    yield Unknown(
        f"what {counted(len(nobody), 'user')} do ({named}): each counts as sales, so "
        "what marketing does as one of them counts as sales' doing",
        "user_roles.add.csv",
        f"{nobody[0].system},user_id,{masked(nobody[0].user_id)},marketing,<team>",
    )


# Mailboxes


def find_mailboxes(
    project: Project, loaded: Loaded, words: Words
) -> tuple[list[Proposal], list[str]]:
    """Local parts that are no person's, and addresses that have several names."""
    known = shared_mailboxes(project)
    proposals: dict[str, Proposal] = {}
    several: list[str] = []
    for (system, table), relation in loaded.relations.items():
        if table != "lead" or not loaded.has(system, table, "email"):
            continue
        name = _name_of(loaded, system, table)
        for local, domain, rows, names in loaded.rows(
            "select lower(trim(split_part(email, '@', 1))) as local, "
            "lower(trim(split_part(email, '@', 2))), count(*), "
            f"count(distinct {name}) from {relation} where email like '%@%.%' "
            "group by 1, 2 order by 1, 2"
        ):
            key = folded(local)
            if not key or key in known:
                continue
            said = words.meaning("mailbox", key)
            if said and said.is_whole:
                proposals[key] = Proposal(
                    "shared_mailboxes",
                    ({"local_part": key},),
                    f"mailbox {shown(key)}@",
                    "shared",
                    "such addresses are a company's, not a person's",
                    SURE if said.is_sure else GUESS,
                )
            elif names >= SHARED:
                address = masked(f"{local}@{domain}")
                several.append(f"{address} ({names} names in {counted(rows, 'lead')})")
    return [proposals[key] for key in sorted(proposals)], several


def shared_mailboxes(project: Project) -> set[str]:
    rows = rows_in_force(project, "shared_mailboxes")
    return {folded(row["local_part"]) for row in rows}


def _name_of(loaded: Loaded, system: str, table: str) -> str:
    if loaded.has(system, table, "name"):
        return "nullif(trim(name), '')"
    if loaded.has(system, table, "last_name", "first_name"):
        return "nullif(concat(trim(last_name), ' ', trim(first_name)), ' ')"
    return "cast(null as varchar)"


# Sources


def find_sources(
    project: Project, loaded: Loaded, words: Words
) -> tuple[list[Proposal], list[tuple[str, int, str]]]:
    """Rows of `channels`; and all sources with their leads and the channel that the
    definition has, blank where it has none."""
    known = {
        folded(row["source_value"]): row["channel"]
        for row in rows_in_force(project, "channels")
    }
    counts: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    for system, columns in SOURCES.items():
        column = next(
            (name for name in columns if loaded.has(system, "lead", name)), None
        )
        if column is None:
            continue
        for value, rows in loaded.rows(
            f"select trim({column}), count(*) from "
            f"{loaded.relations[system, 'lead']} where trim({column}) <> '' "
            "group by 1 order by 1"
        ):
            counts[folded(value)] += rows
            spelled.setdefault(folded(value), value)
    proposals, sources = [], []
    for key, rows in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        sources.append((spelled[key], rows, known.get(key, "")))
        said = None if key in known else words.meaning("channel", key)
        if said:
            proposals.append(
                Proposal(
                    "channels",
                    ({"source_value": spelled[key], "channel": said.means},),
                    f"source {shown(spelled[key])!r} ({counted(rows, 'lead')})",
                    said.means,
                    said.reason,
                    _confidence(said),
                    "channel",
                )
            )
    return proposals, sources


def without_channel(
    sources: Sequence[tuple[str, int, str]], settled: Sequence[Proposal]
) -> Iterator[Unknown]:
    """Sources that no row of `channels` has."""
    given = {row["source_value"] for each in settled for row in each.rows}
    nothing = [
        (value, rows)
        for value, rows, channel in sources
        if not channel and value not in given
    ]
    if not nothing:
        return
    named = ", ".join(
        f"{shown(value)!r} ({rows:,})" for value, rows in nothing[:MOST_NAMED]
    )
    if len(nothing) > MOST_NAMED:
        named += f" and {len(nothing) - MOST_NAMED} more"
    yield Unknown(
        f"the channel of the sources {named}: these leads have none in the rates",
        "channels.add.csv",
        f"{shown(nothing[0][0])},<channel>",
    )
