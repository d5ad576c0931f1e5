"""Requests to be erased, and the evidence of what was done: neither names anybody.

A request comes from `lead-funnel erase` or from `erasure_requests.csv` in DEFINITION,
and is kept in OUT/erasure/requests.json as hashes (erased.py). The next run carries it
out and writes what it did into OUT/erasure/erasures.json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.personal import erased
from orchestration.project import Project
from orchestration.settings import definition_files
from orchestration.settings.definition_files import ERASURE_REQUESTS
from orchestration.sources.tables import LOADED_SYSTEMS

COLUMNS = ("system", "record_id", "email", "requested_at", "basis")

BASIS = "on request"


@dataclass(frozen=True)
class Request:
    """Somebody's request, by the hashes of what was named."""

    request_id: str
    requested_at: str
    """A day, or an instant."""
    basis: str
    """Why: the law, or a reason. It names nobody."""
    hashes: tuple[str, ...]
    is_open: bool = True


@dataclass(frozen=True)
class Erasure:
    """What a run did for a request: counts alone."""

    request_id: str
    requested_at: str
    basis: str
    erased_at: str
    version: str
    """The project that did it, as the fingerprint of its files."""
    run: str
    """The publication from which on nobody sees the person."""
    stores: Mapping[str, int] = field(default_factory=dict)
    """How many rows, or files, of each kind of store were rewritten or removed."""


def requests(project: Project) -> list[Request]:
    """All requests, in the order in which they came."""
    return [
        Request(**{**found, "hashes": tuple(found["hashes"])})
        for found in _read(project, "requests.json")
    ]


def erasures(project: Project) -> list[Erasure]:
    """The evidence."""
    return [Erasure(**found) for found in _read(project, "erasures.json")]


def are_open(project: Project) -> list[Request]:
    return [request for request in requests(project) if request.is_open]


def waiting(project: Project) -> str | None:
    """That there are open requests, and what to do; nothing where there are none."""
    count = len(are_open(project))
    if not count:
        return None
    some = (
        "1 request to be erased is"
        if count == 1
        else (f"{count} requests to be erased are")
    )
    return (
        f"{some} open: the next `lead-funnel run` carries "
        f"{'it' if count == 1 else 'them'} out; no run that Dagster's page or "
        "schedule begins does."
    )


def ask(
    project: Project,
    *,
    system: str = "",
    record_id: str = "",
    email: str = "",
    requested_at: str = "",
    basis: str = "",
) -> Request:
    """Keep a request; the same one again is the one that is there."""
    known = erased.prepared(project)
    hashes = _hashes(project, known, system, record_id, email)
    return ask_for(project, hashes, basis, requested_at)


def ask_for(
    project: Project, hashes: tuple[str, ...], basis: str = "", requested_at: str = ""
) -> Request:
    """The same, of what is on the list by these hashes."""
    before = requests(project)
    for request in before:
        if set(hashes) <= set(request.hashes):
            return request
    now = datetime.now(UTC).isoformat(timespec="seconds")
    number = 1 + max((int(each.request_id[1:]) for each in before), default=0)
    request = Request(f"E{number:04d}", requested_at or now, basis or BASIS, hashes)
    _write_requests(project, [*before, request])
    erased.add(project, hashes)
    return request


def take_over(project: Project) -> None:
    """Keep the requests that stand in DEFINITION, which the list then knows: their
    rows may be removed."""
    path = project.definition and project.definition / ERASURE_REQUESTS
    if not path or not os.path.lexists(path):
        return
    for line, row in enumerate(definition_files.rows_of(path), start=2):
        unknown = set(row) - set(COLUMNS)
        if unknown:
            raise LeadFunnelError(
                f"{ERASURE_REQUESTS} has the unknown column {sorted(unknown)[0]!r}: it "
                f"may have {listed(COLUMNS)}."
            )
        try:
            ask(project, **{name: value for name, value in row.items() if value})
        except LeadFunnelError as error:
            raise LeadFunnelError(f"{ERASURE_REQUESTS}, line {line}: {error}") from None


def close(project: Project, done: list[Erasure]) -> None:
    """Write the evidence, and only then that these are not open any more."""
    ids = {erasure.request_id for erasure in done}
    kept = [each for each in erasures(project) if each.request_id not in ids]
    _write(project, "erasures.json", [asdict(each) for each in [*kept, *done]])
    _write_requests(
        project,
        [
            replace(each, is_open=each.is_open and each.request_id not in ids)
            for each in requests(project)
        ],
    )


def reopen(project: Project) -> None:
    """More is known of people who were erased: the last request goes on."""
    *others, last = requests(project)
    _write_requests(project, [*others, replace(last, is_open=True)])


def _hashes(
    project: Project, known: erased.Erased, system: str, record_id: str, email: str
) -> tuple[str, ...]:
    if record_id:
        if system not in LOADED_SYSTEMS:
            raise LeadFunnelError(
                f"{system or 'Nothing'!r} is no system{meant(system, LOADED_SYSTEMS)}: "
                f"of a record id say which system has it, {listed(LOADED_SYSTEMS)}."
            )
        return (known.of_record(system, record_id),)
    if "@" not in email:
        raise LeadFunnelError(
            "Say who asks to be erased: a record by its system and id, or an e-mail "
            "address."
        )
    local = erased.same_address(email).split("@")[0]
    if local in known.shared_mailboxes:
        raise LeadFunnelError(
            f"{local}@ is an address that many people read (the seed "
            "shared_mailboxes): name the person's records by system and id."
        )
    # Here, because erasing.py imports this module.
    from orchestration.personal.erasing import people_of

    many = people_of(project, email)
    if many > 1:
        raise LeadFunnelError(
            f"{many} people have this address, which then tells nobody apart: name the "
            "person's records by system and id."
        )
    return (known.of_address(email),)


def _read(project: Project, name: str) -> list[dict[str, Any]]:
    path = erased.folder(project) / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def _write_requests(project: Project, found: list[Request]) -> None:
    _write(project, "requests.json", [asdict(request) for request in found])


def _write(project: Project, name: str, rows: list[dict[str, Any]]) -> None:
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    erased.write(erased.folder(project) / name, text + "\n")
