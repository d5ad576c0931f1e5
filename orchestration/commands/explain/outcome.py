"""Why a lifecycle has its outcome: the rule of §5 that applied first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from orchestration.commands.explain import clock, words
from orchestration.commands.explain.facts import Acceptance, Lifecycle, Pass

Say = Callable[[datetime | None], str]

STAGE_NAMES = {
    "inquiry": "inquiry",
    "mql": "MQL",
    "handed_off": "hand-off",
    "tal": "TAL",
    "sal": "SAL",
    "sql": "SQL",
    "opportunity": "opportunity",
}


def stage_name(stage: str) -> str:
    return STAGE_NAMES.get(stage, stage)


def why(lifecycle: Lifecycle, timezone: str) -> str:
    """The outcome and its reason, in sentences."""

    def say(instant: datetime | None) -> str:
        return words.both(instant, timezone)

    reasons = {
        "accepted": _accepted,
        "rejected": _rejected,
        "ignored": _ignored,
        "withdrawn": _withdrawn,
        "pending": _pending,
    }
    if lifecycle.outcome is None:
        return _no_outcome(lifecycle, say)
    return reasons[lifecycle.outcome](lifecycle, say)


def handoff(lifecycle: Lifecycle, timezone: str) -> str:
    """How the hand-off is known."""
    at = words.both(lifecycle.handed_off_at, timezone)
    if lifecycle.handed_off_at is None:
        return "It was never handed off."
    if lifecycle.is_handoff_imputed:
        return (
            f"Nobody recorded a hand-off, but sales acted on the lead after it became "
            f"an MQL: it counts as handed off then, at {at} (imputed)."
        )
    if lifecycle.is_mql_handoff:
        return (
            f"The version {lifecycle.definition_version} hands a lead off when it "
            f"becomes an MQL: at {at}."
        )
    return f"Handed off at {at}."


def who_accepts(lifecycle: Lifecycle, timezone: str) -> list[str]:
    """Which roles have to accept, which of them have, and which are missing."""
    roles = lifecycle.acceptance_roles
    if not roles:
        return []
    said = [
        f"The version {lifecycle.definition_version} says who accepts: "
        f"{_listed(roles)}{', each of them' if len(roles) > 1 else ''}."
    ]
    missing = list(roles)
    for given in lifecycle.acceptances:
        at = words.both(given.occurred_at, timezone)
        if not missing:
            break
        if given.role in missing:
            missing.remove(given.role)
            adds = "" if missing else ", which completes the acceptance"
        elif given.role in roles:
            adds = ", whose role had accepted before"
        else:
            adds = ", whose role is none of them"
        if missing:
            adds += f": {_not_yet(lifecycle, given)}"
        said.append(f"{given.actor} accepted at {at}{adds}.")
    if missing:
        said.append(f"Still missing: {_listed(missing)}.")
    return said


def _not_yet(lifecycle: Lifecycle, given: Acceptance) -> str:
    """A response counts in marketing's hand-offs, from the hand-off on."""
    since = lifecycle.handed_off_at
    if lifecycle.outcome is None or since is None or given.occurred_at < since:
        return "not yet the acceptance"
    return "a response, not yet the acceptance"


def _listed(roles: Sequence[str]) -> str:
    return " and ".join(roles)


def _no_outcome(lifecycle: Lifecycle, say: Say) -> str:
    head = f"No outcome, because its origin is {lifecycle.origin}: "
    tail = " It enters no rate of what marketing handed over."
    if lifecycle.origin == "nurture":
        if lifecycle.handed_off_at is None:
            return (
                f"{head}it was never handed off, and sales did nothing with it.{tail}"
            )
        return f"{head}sales did nothing with it.{tail}"
    late = ""
    reached = _reached(lifecycle)
    if lifecycle.handed_off_at is not None and reached:
        first_at, stage = min(reached)
        late = (
            f"the hand-off of {say(lifecycle.handed_off_at)} came after the {stage} of "
            f"{say(first_at)}, and "
        )
    if lifecycle.origin == "adr":
        return (
            f"{head}{late}the first thing sales did was to take it on (TAL), which is "
            f"outbound prospecting.{tail}"
        )
    stage = stage_name(lifecycle.first_progress_stage or "")
    return (
        f"{head}{late}the first thing sales did was {stage}, without a hand-off "
        f"before it (a self-sourced deal).{tail}"
    )


def _reached(lifecycle: Lifecycle) -> list[tuple[datetime, str]]:
    milestones = (
        (lifecycle.sal_at, "SAL"),
        (lifecycle.sql_at, "SQL"),
        (lifecycle.opportunity_at, "opportunity"),
    )
    return [(at, stage) for at, stage in milestones if at is not None]


def _accepted(lifecycle: Lifecycle, say: Say) -> str:
    if lifecycle.is_acceptance_imputed:
        lacks = "nobody recorded an SAL"
        if lifecycle.acceptances and lifecycle.sal_at is None:
            lacks = "not all who have to accept recorded an SAL"
        how = f"{lacks}, but {_imputed_by(lifecycle)} implies it"
    else:
        how = "its SAL is recorded"
    text = (
        f"Accepted: {how}, at {say(lifecycle.accepted_at)}{_by(lifecycle.accepted_by)}."
    )
    if not lifecycle.is_accepted_late:
        return f"{text} That is in time: the SLA was due {say(lifecycle.sla_due_at)}."
    text += (
        f" That is late{_how_late(lifecycle, lifecycle.accepted_at)}: the SLA was due "
        f"{say(lifecycle.sla_due_at)}."
    )
    if lifecycle.was_ignored:
        return (
            f"{text} It was ignored until then: by the due time there was no "
            f"acceptance, no exit{_no_response(lifecycle)}. An acceptance comes first, "
            "so it counts as accepted."
        )
    if lifecycle.first_response_at is not None:
        text += (
            f" It was not ignored: the response of {say(lifecycle.first_response_at)} "
            "stopped the clock in time."
        )
    return text


def _imputed_by(lifecycle: Lifecycle) -> str:
    if lifecycle.accepted_at == lifecycle.sql_at:
        return "the SQL"
    if lifecycle.accepted_at == lifecycle.opportunity_at:
        return "the opportunity"
    return "the won deal"


def _rejected(lifecycle: Lifecycle, say: Say) -> str:
    if lifecycle.exit_stage == "lost":
        how = "it was never accepted and ended in lost, whoever recorded that"
        by = ""
    else:
        how = (
            "it was never accepted, and a sales user ended it in "
            f"{lifecycle.exit_stage}"
        )
        by = _by(lifecycle.exited_by)
    text = f"Rejected: {how}, at {say(lifecycle.exited_at)}{by}."
    if lifecycle.rejection_reason:
        text += f" The reason given is {lifecycle.rejection_reason!r}."
    if lifecycle.was_ignored:
        text += (
            " It was ignored before: by the due time, "
            f"{say(lifecycle.sla_due_at)}, there was no acceptance, no exit"
            f"{_no_response(lifecycle)}. A rejection comes first, so it counts as "
            "rejected."
        )
    return text


def _ignored(lifecycle: Lifecycle, say: Say) -> str:
    if lifecycle.was_ignored:
        text = (
            f"Ignored: by the due time, {say(lifecycle.sla_due_at)}, there was no "
            f"acceptance, no exit{_no_response(lifecycle)}."
        )
        if lifecycle.first_response_at is not None:
            text += (
                f" The first response came at {say(lifecycle.first_response_at)}, late"
                f"{_how_late(lifecycle, lifecycle.first_response_at)}."
            )
    else:
        text = (
            f"Ignored: {_in_time(lifecycle, say)}, but "
            f"{_days(lifecycle)} after the hand-off, at "
            f"{say(_pending_until(lifecycle))}, it was still open."
        )
    if lifecycle.exit_stage is not None:
        text += (
            f" That it ended in {lifecycle.exit_stage} at {say(lifecycle.exited_at)}"
            f"{_by(lifecycle.exited_by)}, who is not sales, does not change that."
        )
    return text


def _withdrawn(lifecycle: Lifecycle, say: Say) -> str:
    if lifecycle.sla_due_at is not None and (
        lifecycle.exited_at is None or lifecycle.exited_at <= lifecycle.sla_due_at
    ):
        when = f"before the SLA ran out ({say(lifecycle.sla_due_at)})"
    else:
        when = f"when it did not count as ignored: {_in_time(lifecycle, say)}"
    return (
        f"Withdrawn: it was taken back{_by(lifecycle.exited_by)}, who is not sales, "
        f"and ended in {lifecycle.exit_stage} at {say(lifecycle.exited_at)}, {when}. "
        "It is outside the rates."
    )


def _pending(lifecycle: Lifecycle, say: Say) -> str:
    as_of = say(lifecycle.as_of)
    if lifecycle.sla_due_at is not None and lifecycle.sla_due_at > lifecycle.as_of:
        text = (
            f"Pending: at {as_of} it was open and the SLA was not due yet "
            f"({say(lifecycle.sla_due_at)})."
        )
        if lifecycle.first_response_at is not None:
            text += f" Sales first responded at {say(lifecycle.first_response_at)}."
    else:
        text = f"Pending: {_in_time(lifecycle, say)}, and at {as_of} it was still open."
    return (
        f"{text} It counts as ignored if it is still open {_days(lifecycle)} after the "
        f"hand-off, at {say(_pending_until(lifecycle))}."
    )


def _first(lifecycle: Lifecycle) -> Pass | None:
    return lifecycle.passes[0] if lifecycle.passes else None


def _in_time(lifecycle: Lifecycle, say: Say) -> str:
    if lifecycle.first_response_at is None:
        return f"the SLA was due {say(lifecycle.sla_due_at)}"
    return (
        f"the response of {say(lifecycle.first_response_at)} came before the SLA was "
        f"due ({say(lifecycle.sla_due_at)})"
    )


def _no_response(lifecycle: Lifecycle) -> str:
    first = _first(lifecycle)
    if first is not None and not first.policy.touches_stop_clock:
        return " (the policy says that a touch does not stop the clock)"
    return " and no response"


def _days(lifecycle: Lifecycle) -> str:
    first = _first(lifecycle)
    return words.plural(first.policy.max_pending_days, "day") if first else "long"


def _pending_until(lifecycle: Lifecycle) -> datetime | None:
    first = _first(lifecycle)
    if first is None or lifecycle.handed_off_at is None:
        return None
    return lifecycle.handed_off_at + timedelta(days=first.policy.max_pending_days)


def _how_late(lifecycle: Lifecycle, instant: datetime | None) -> str:
    first = _first(lifecycle)
    if first is None or instant is None or lifecycle.sla_due_at is None:
        return ""
    late = clock.hours_open(lifecycle.sla_due_at, instant, first.openings)
    return f" by {words.hours(late)} of opening time" if late > 0 else ""


def _by(user: str) -> str:
    return f", by {user}" if user else ""
