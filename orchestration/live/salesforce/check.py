"""Whether a Salesforce org shows the user all that a load needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, listed
from orchestration.live.salesforce.client import NotAllowed
from orchestration.live.salesforce.objects import NEEDED, OBJECTS, Object
from orchestration.live.source import Finding

if TYPE_CHECKING:
    from orchestration.live.salesforce import Salesforce

TRACKED = {
    "Lead": {"Status": "Status", "OwnerId": "Owner"},
    "Contact": {"OwnerId": "Owner"},
    "Opportunity": {"StageName": "StageName"},
}
"""Fields whose history says what happened, by what a history calls them."""

SHARED = ("Lead", "Contact", "Account", "Opportunity", "Campaign")
"""Objects of which a user sees only what is shared, unless all is."""

LITTLE = 0.1
"""What is left of a limit, of 1, for it to be said."""


def findings(source: Salesforce) -> Iterator[Finding]:
    client = source.client
    said = client.credentials
    yield Finding(f"Signed in at {said.address} by {said.flow}, API {said.version}.")
    client.check_version()
    yield from _limits(source)
    described = {each.name: client.describe(each.name) for each in OBJECTS.values()}
    for each in OBJECTS.values():
        yield from _object(each, described[each.name])
    yield from _tracking(source, described)
    yield from _sharing(source)


def _limits(source: Salesforce) -> Iterator[Finding]:
    limits = source.client.rest("limits") or {}
    for name, words in (
        ("DailyApiRequests", "API calls"),
        ("DailyBulkV2QueryJobs", "bulk queries"),
    ):
        limit = limits.get(name)
        if not limit:
            continue
        text = (
            f"{limit['Remaining']:,} of {limit['Max']:,} {words} of these 24 hours "
            "are left"
        )
        is_little = limit["Remaining"] < LITTLE * limit["Max"]
        yield (
            Finding(f"Only {text}: a load may stop before its end.", "warning")
            if is_little
            else Finding(f"{text[0].upper()}{text[1:]}.")
        )


def _object(of: Object, described: dict[str, Any] | None) -> Iterator[Finding]:
    if described is None:
        kind = "error" if of.table == NEEDED else "warning"
        track = (
            " (there is none before field history tracking is on)"
            if of.name.endswith("History")
            else ""
        )
        yield Finding(
            f"{of.name} is not visible{track}: give the user's permission set Read and "
            f"View All Records on {of.name.removesuffix('History')}.",
            kind,
        )
        return
    visible = {each["name"] for each in described["fields"]}
    hidden = [each for each in of.needed if each not in visible]
    if hidden:
        yield Finding(
            f"{listed(f'{of.name}.{each}' for each in hidden)} cannot be seen: "
            "give the user's permission set Read Access in its Field Permissions "
            f"of {of.name}.",
            "warning",
        )


def _tracking(source: Salesforce, described: dict[str, Any]) -> Iterator[Finding]:
    for name, fields in TRACKED.items():
        if described.get(name) is None:
            continue
        try:
            answer = source.client.query(
                "select QualifiedApiName, IsFieldHistoryTracked from FieldDefinition "
                f"where EntityDefinition.QualifiedApiName = '{name}' and "
                f"QualifiedApiName in ({', '.join(map(repr, fields))})"
            )
        except LeadFunnelError as error:
            yield Finding(
                f"Whether field history tracking of {name} is on was not to be found "
                f"out: {error}",
                "warning",
            )
            continue
        tracked = {
            row["QualifiedApiName"]
            for row in answer["records"]
            if row["IsFieldHistoryTracked"]
        }
        for field, called in fields.items():
            if field in tracked:
                yield Finding(f"Field history tracking for {name}.{called} is on.")
            else:
                yield Finding(
                    f"Field history tracking for {name}.{called} is off: turn it on in "
                    f"Setup → Object Manager → {name} → Fields & Relationships → Set "
                    "History Tracking; what was not recorded until then is gone.",
                    "warning",
                )


def _sharing(source: Salesforce) -> Iterator[Finding]:
    """Whether the user sees every row, whoever owns it."""
    try:
        user = source.client.user_id()
        assigned = (
            "(select PermissionSetId from PermissionSetAssignment "
            f"where AssigneeId = '{user}')"
        )
        all_data = source.client.query(
            "select Id from PermissionSet where PermissionsViewAllData = true and Id "
            f"in {assigned}"
        )
        rows = source.client.query(
            "select SobjectType, PermissionsViewAllRecords from ObjectPermissions "
            f"where PermissionsViewAllRecords = true and ParentId in {assigned}"
        )
    except (NotAllowed, LeadFunnelError) as error:
        yield Finding(
            f"Whether the user sees all rows was not to be found out: {error}",
            "warning",
        )
        return
    if all_data["records"]:
        yield Finding("The user sees all data.")
        return
    seen = {row["SobjectType"] for row in rows["records"]}
    hidden = [name for name in SHARED if name not in seen]
    if hidden:
        yield Finding(
            f"Of {listed(hidden)} the user sees only what is shared with it: give its "
            "permission set View All Records there, or rows will be missing and "
            "nobody will know.",
            "warning",
        )
    else:
        yield Finding(f"The user sees all rows of {listed(SHARED)}.")
