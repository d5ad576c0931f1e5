"""The rows of Marketo's raw tables.

Activities and leads come by bulk extract, in windows of 31 days: one export has the
activities of all tables, and is fetched once. Deletions are in no export; they, the
programs and their members come page by page. What merges did is an activity, too, so
the raw table `merged_lead`, which other loaders make, is not needed.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError, meant
from orchestration.live.marketo.seen import Seen, instants
from orchestration.live.marketo.settings import (
    LEAD_FIELDS,
    Settings,
    Window,
    windows,
    written,
)
from orchestration.live.source import Finding, Page, Source

if TYPE_CHECKING:
    from orchestration.live.marketo.client import Marketo
    from orchestration.live.marketo.exports import Exports, Kind
    from orchestration.live.marketo.limits import Patience

ACTIVITY_TYPES = {
    "activity_new_lead": "New Lead",
    "activity_fill_out_form": "Fill Out Form",
    "activity_change_data_value": "Change Data Value",
    "activity_change_score": "Change Score",
    "activity_change_status_in_progression": "Change Status in Progression",
    "activity_merge_leads": "Merge Leads",
}
"""By raw table, the name of its activity type. Their ids are Marketo's to say."""
DELETIONS = "activity_delete_lead"
ACTIVITY_FIELDS = (
    "marketoGUID", "leadId", "activityDate", "activityTypeId", "campaignId",
    "primaryAttributeValueId", "primaryAttributeValue", "attributes",
)  # fmt: skip
NEEDED_LEAD_FIELDS = ("id", "createdAt", "updatedAt")
LEAD_FIELDS_READ = (
    "email", "firstName", "lastName", "phone", "mobilePhone", "company", "state",
    "region", "leadStatus", "leadSource", "sfdcLeadId", "sfdcContactId",
)  # fmt: skip
"""What the staging model reads, where the subscription has it."""

KEY = ("marketoGUID",)
DELETIONS_KEPT = timedelta(days=14)
Place = Mapping[str, Any]


@dataclass
class MarketoSource(Source):
    """Marketo, with the credentials of the environment."""

    patience: Patience | None = field(default=None, repr=False)
    system = "marketo"

    notes: list[str] = field(default_factory=list, init=False)
    _read: set[str] = field(default_factory=set, init=False, repr=False)
    """Tables whose part of the exports was read."""
    _scratch: Any = field(default=None, init=False, repr=False)
    _marketo: Marketo | None = field(default=None, init=False, repr=False)

    @property
    def tables(self) -> tuple[str, ...]:
        return (
            *ACTIVITY_TYPES, DELETIONS, "lead", "program", "program_membership",
        )  # fmt: skip

    @property
    def secrets(self) -> tuple[str, ...]:
        if self._marketo is not None:
            return self._marketo.secrets
        return (self.settings.client_secret,)

    @cached_property
    def settings(self) -> Settings:
        settings = Settings.read(self.environ)
        if settings is None:
            raise LeadFunnelError("The environment names no Marketo.")
        return settings

    @property
    def marketo(self) -> Marketo:
        if self._marketo is None:
            from orchestration.live.marketo.client import Marketo

            self._marketo = Marketo(self.settings, self.patience)
        return self._marketo

    @cached_property
    def now(self) -> datetime:
        """Up to when this load reads, by Marketo's clock."""
        return self.marketo.now()

    def pages(self, table: str, place: Place) -> Iterator[Page]:
        if table == DELETIONS:
            yield from self._deletions(place)
        elif table == "lead":
            yield from self._leads(place)
        elif table == "program":
            yield from self._programs(place)
        elif table == "program_membership":
            yield from self._members(place)
        elif self.settings.activities == "paging":
            yield from self._paged("rest/v1/activities.json", place, table)
        else:
            kind = self.activity_types.get(ACTIVITY_TYPES[table])
            if kind is not None:
                yield from self._exported(self._activities, place, str(kind))
            self._read.add(table)
            if self._read.issuperset(ACTIVITY_TYPES):
                self._activities.forget()

    def check(self) -> Iterator[Finding]:
        from orchestration.live.marketo.checks import findings

        yield from findings(self)

    def usage(self) -> str:
        if self._marketo is None:
            return ""
        return " ".join([self._marketo.usage.sentence(), *self.notes]).strip()

    def close(self) -> None:
        if self._marketo is not None:
            self._marketo.session.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    # What is exported.

    @cached_property
    def activity_types(self) -> dict[str, int]:
        """The ids of the activity types by their names."""
        said = self.marketo.get("rest/v1/activities/types.json")
        return {each["name"]: each["id"] for each in said.get("result") or ()}

    @cached_property
    def lead_fields(self) -> tuple[str, ...]:
        """The fields of leads that are read, of those that the subscription has."""
        said = self.marketo.get("rest/v1/leads/describe2.json")
        known = [
            each["name"] for lead in said.get("result") or () for each in lead["fields"]
        ]
        for name in self.settings.lead_fields:
            if name not in known:
                raise LeadFunnelError(
                    f"{LEAD_FIELDS} names {name!r}{meant(name, known)}, which is no "
                    "field of a lead: give the REST API names that Admin → Field "
                    "Management → Export Field Names lists."
                )
        wanted = (*LEAD_FIELDS_READ, *self.settings.lead_fields)
        found = [name for name in wanted if name in known]
        return tuple(dict.fromkeys([*NEEDED_LEAD_FIELDS, *found]))

    @cached_property
    def _activities(self) -> Exports:
        from orchestration.live.marketo.exports import Kind

        types = sorted(
            each
            for name, each in self.activity_types.items()
            if name in ACTIVITY_TYPES.values()
        )
        return self._exports_of(
            Kind(
                "activities",
                ACTIVITY_FIELDS,
                lambda window: {"createdAt": _span(window), "activityTypeIds": types},
                split_by="activityTypeId",
            )
        )

    def _leads_by(self, instant: str) -> Exports:
        from orchestration.live.marketo.exports import Kind

        return self._exports_of(
            Kind("leads", self.lead_fields, lambda window: {instant: _span(window)})
        )

    def _exports_of(self, kind: Kind) -> Exports:
        from orchestration.live.marketo.exports import Exports

        if self.folder is None:
            self._scratch = tempfile.TemporaryDirectory()
            self.folder = Path(self._scratch.name)
        return Exports(self.marketo, kind, self.folder)

    def _spans(self, place: Place) -> list[tuple[Window, datetime]]:
        """The windows from a place on, each with the end of the load that it belongs
        to. What an interrupted load had begun is ended first, in the same windows, so
        that its exports are found again."""
        found: list[tuple[Window, datetime]] = []
        since = _instant(place.get("until")) or self.settings.first(self.now)
        end = _instant(place.get("end"))
        if end is not None:
            found = [(window, end) for window in windows(since, end)]
            since = end
        if place:
            since -= timedelta(minutes=self.overlap_minutes)
        return [*found, *((window, self.now) for window in windows(since, self.now))]

    def _exported(
        self, exports: Exports, place: Place, part: str, key: Sequence[str] = KEY
    ) -> Iterator[Page]:
        """The rows of a part of all windows. A place says until when all was read, up
        to when the load that is under way reads, and how many rows of the export that
        is being read were."""
        spans = self._spans(place)
        seen = Seen(place.get("seen", ()), key)
        if "rows" in place:
            seen.names = list(seen.before)
        columns = exports.kind.fields
        span = 0
        for batch in exports.batches([each for each, _ in spans], part):
            if batch.rows is None:
                span += 1
                here = self._begun(spans, span)
                yield Page([], {**here, "seen": seen.names}, columns)
                continue
            count = batch.rows.num_rows
            read = place.get("rows", 0) if place.get("export") == batch.export else 0
            rows = batch.rows.slice(min(max(read - batch.before, 0), count))
            late = batch.window.end - timedelta(minutes=self.overlap_minutes)
            new = seen.new(rows, late)
            here = {"export": batch.export, "rows": batch.before + count}
            here |= {**self._begun(spans, span), "seen": seen.names}
            yield Page(new, here, columns)

    def _begun(
        self, spans: Sequence[tuple[Window, datetime]], span: int
    ) -> dict[str, str]:
        """The place at the beginning of a span, or behind the last one."""
        if span == len(spans):
            return {"until": self.now.isoformat()}
        window, end = spans[span]
        return {"until": window.start.isoformat(), "end": end.isoformat()}

    def _leads(self, place: Place) -> Iterator[Page]:
        """Leads by when they were changed last, or, where the subscription may not ask
        for that, all of them by when they were created."""
        from orchestration.live.marketo.errors import NO_SUCH_FILTER, MarketoError

        key = ("id", "updatedAt")
        exports = self._leads_by("updatedAt")
        try:
            yield from self._exported(exports, place, "rows", key)
        except MarketoError as error:
            if error.code != NO_SUCH_FILTER:
                raise
            self.notes.append(
                "This subscription of Marketo may not export leads by when they were "
                "changed (1035), so all leads are exported each time: Marketo Support "
                "turns the filter updatedAt on."
            )
            exports = self._leads_by("createdAt")
            goes_on = place.get("by") == "createdAt" and "end" in place
            for page in self._exported(exports, place if goes_on else {}, "rows", key):
                yield Page(page.rows, {**page.place, "by": "createdAt"}, page.columns)
        exports.forget()

    # What comes page by page.

    def _deletions(self, place: Place) -> Iterator[Page]:
        oldest = self.now - DELETIONS_KEPT
        until = _instant(place.get("until"))
        if until is not None and until < oldest:
            self.notes.append(
                f"Marketo keeps deletions for 14 days, and the last load of them ended "
                f"{written(until)}: which leads were deleted between that and "
                f"{written(oldest)} is not known."
            )
        if until is None or until < oldest:
            place = {"until": oldest.isoformat()}
        return self._paged("rest/v1/activities/deletedleads.json", place)

    def _paged(
        self, path: str, place: Place, table: str | None = None
    ) -> Iterator[Page]:
        """Activities from behind a paging token. Where Marketo does not know a token
        any more, one for the instant of the last row takes its place."""
        from orchestration.live.marketo.errors import DENIED, TOKEN_GONE, MarketoError

        asked = {}
        if table is not None:
            if ACTIVITY_TYPES[table] not in self.activity_types:
                return
            asked = {"activityTypeIds": [self.activity_types[ACTIVITY_TYPES[table]]]}
        overlap = timedelta(minutes=self.overlap_minutes)
        newest = _instant(place.get("until")) or self.settings.first(self.now)
        seen = Seen(place.get("seen", ()), KEY)
        token = place.get("token")
        while True:
            fresh, pages = token is None, 0
            try:
                token = token or self.marketo.token_for(newest - overlap)
                for page in self.marketo.activities(path, token, **asked):
                    pages += 1
                    newest = max([newest, *instants(page.rows)])
                    rows = seen.new_rows(page.rows, self.now - overlap)
                    token = page.token
                    here = {"until": newest.isoformat(), "token": token}
                    yield Page(rows, {**here, "seen": seen.names})
                break
            except MarketoError as error:
                if error.code in (*TOKEN_GONE, DENIED) or (fresh and not pages):
                    raise
                token = None
        yield Page([], {"until": self.now.isoformat(), "seen": seen.names})

    def _programs(self, place: Place) -> Iterator[Page]:
        asked = {}
        if until := _instant(place.get("until")):
            since = until - timedelta(minutes=self.overlap_minutes)
            asked = {
                "earliestUpdatedAt": written(since),
                "latestUpdatedAt": written(self.now),
            }
        for page in self.marketo.assets("rest/asset/v1/programs.json", **asked):
            rows = [_with_plain_times(row) for row in page.rows]
            yield Page(rows, place)
        yield Page([], {"until": self.now.isoformat()})

    def _members(self, place: Place) -> Iterator[Page]:
        """The members of each program: of all, and later of those in which somebody's
        status has changed since."""
        changed = self._changed_programs(place)
        done = int(place.get("program", 0))
        for program in self._program_ids():
            if program <= done or (changed is not None and program not in changed):
                continue
            path = f"rest/v1/leads/programs/{program}.json"
            for page in self.marketo.list_of(path, fields=["id"]):
                rows = [_membership(program, row) for row in page.rows]
                yield Page(rows, place)
            place = {**place, "program": program}
            yield Page([], place)
        yield Page([], {"until": self.now.isoformat()})

    def _program_ids(self) -> list[int]:
        pages = self.marketo.assets("rest/asset/v1/programs.json")
        return sorted({row["id"] for page in pages for row in page.rows})

    def _changed_programs(self, place: Place) -> set[int] | None:
        """The programs in which a status has changed; none: it may be any."""
        until = _instant(place.get("until"))
        kind = self.activity_types.get("Change Status in Progression")
        if until is None or kind is None:
            return None
        since = until - timedelta(minutes=self.overlap_minutes)
        token = self.marketo.token_for(since)
        pages = self.marketo.activities(
            "rest/v1/activities.json", token, activityTypeIds=[kind]
        )
        return {
            row["primaryAttributeValueId"]
            for page in pages
            for row in page.rows
            if row.get("primaryAttributeValueId") is not None
        }


def _span(window: Window) -> dict[str, str]:
    return {"startAt": written(window.start), "endAt": written(window.end)}


def _instant(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _with_plain_times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Programs have times such as `2015-05-21T22:45:13Z+0000`."""
    return {
        name: re.sub(r"Z[+-]0000$", "Z", value) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _membership(program: int, lead: Mapping[str, Any]) -> dict[str, Any]:
    """A member's row, which has no id of its own: lead, program and time tell it
    apart."""
    return {
        "leadId": lead["id"],
        "programId": program,
        **(lead.get("membership") or {}),
    }
