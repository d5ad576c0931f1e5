"""What is known of a person, in the words of the specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

RowKey = tuple[str, str, str]
"""Source, raw table and the row's key."""


@dataclass(frozen=True)
class Record:
    source: str
    source_table: str
    record_id: str
    is_primary: bool
    is_live: bool
    not_live_because: str
    created_at: datetime | None
    status: str | None
    owner: str
    full_name: str | None
    email: str | None


@dataclass(frozen=True)
class Link:
    """Why two records are one person."""

    link_type: str
    left: str
    right: str
    linked_at: datetime | None
    evidence: RowKey | None
    is_dissolved: bool


@dataclass(frozen=True)
class RawRow:
    """One reading of a raw row: what it says, and what came of it."""

    occurred_at: datetime | None
    row: RowKey
    said: str
    """Such as `status: Open → Working`."""
    effects: tuple[str, ...]
    actor: str = ""
    is_minor: bool = False
    """It was read and changed nothing."""


@dataclass(frozen=True)
class Milestone:
    stage: str
    occurred_at: datetime
    row: RowKey
    actor: str
    is_partial: bool = False
    """An SAL that did not complete the acceptance yet."""


@dataclass(frozen=True)
class Acceptance:
    """One SAL of a lifecycle whose version names the roles that have to accept."""

    occurred_at: datetime
    actor: str
    role: str | None


@dataclass(frozen=True)
class Policy:
    version: str
    match_on: str
    match_value: str
    sla_business_hours: float
    calendar_id: str
    max_pending_days: int
    touches_stop_clock: bool

    @property
    def name(self) -> str:
        if self.match_on == "default":
            return "default"
        return f"{self.match_on} {self.match_value}"


@dataclass(frozen=True)
class Opening:
    """A stretch of opening time of a calendar."""

    opened_at: datetime
    closed_at: datetime


@dataclass(frozen=True)
class Pass:
    pass_no: int
    passed_at: datetime
    owner: str
    team: str | None
    from_owner: str
    due_at: datetime | None
    ended_at: datetime | None
    owner_response_at: datetime | None
    """The first response that counts for this pass."""
    responded_at: datetime | None
    """The first response of anyone."""
    accepted_at: datetime | None
    exited_at: datetime | None
    next_passed_at: datetime | None
    outcome: str
    was_ignored: bool
    policy: Policy
    openings: tuple[Opening, ...] = ()

    @property
    def is_last(self) -> bool:
        return self.next_passed_at is None


@dataclass(frozen=True)
class Lifecycle:
    lifecycle_no: int
    lifecycle_id: str
    definition_version: str
    origin: str
    as_of: datetime
    handed_off_at: datetime | None
    is_handoff_imputed: bool
    is_mql_handoff: bool
    sal_at: datetime | None
    sql_at: datetime | None
    opportunity_at: datetime | None
    first_progress_stage: str | None
    accepted_at: datetime | None
    is_acceptance_imputed: bool
    accepted_by: str
    exit_stage: str | None
    exited_at: datetime | None
    exited_by: str
    is_exit_by_sales: bool
    rejection_reason: str | None
    outcome: str | None
    sla_due_at: datetime | None
    was_ignored: bool
    is_accepted_late: bool
    first_response_at: datetime | None
    owner: str
    score_at_handoff: float | None
    acceptance_roles: tuple[str, ...] = ()
    """The roles that have to accept; anyone may where there are none."""
    acceptances: tuple[Acceptance, ...] = ()
    """Every SAL, in order, where there are such roles."""
    milestones: tuple[Milestone, ...] = ()
    passes: tuple[Pass, ...] = ()


@dataclass(frozen=True)
class Quarantined:
    row: RowKey
    rule: str
    detail: str
    seen_at: datetime | None


@dataclass(frozen=True)
class Person:
    person_id: str
    primary_source: str
    primary_record_id: str
    company: str | None
    channel: str | None
    region: str | None
    is_deleted: bool
    is_in_marts: bool
    is_oversized: bool
    group_records: int
    """Records of the link group, more than the person's where it is dissolved."""
    first_created_at: datetime | None
    records: tuple[Record, ...]
    links: tuple[Link, ...]
    rows: tuple[RawRow, ...]
    lifecycles: tuple[Lifecycle, ...]
    quarantined: tuple[Quarantined, ...]
    as_of: datetime
    timezone: str
    calendars: Mapping[str, str] = field(default_factory=dict)
    """The time zone of each calendar."""
    what_if: str | None = None
