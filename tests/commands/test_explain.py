"""What `explain` says is what happened: facts, not layout."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.commands.document import terminal
from orchestration.commands.explain import clock, find, outcome, reading, render, words
from orchestration.commands.explain.facts import (
    Acceptance,
    Opening,
    Pass,
    Person,
    Policy,
    RawRow,
)
from orchestration.commands.explain.gather import policy_of
from orchestration.errors import LeadFunnelError
from orchestration.project import Project

Explained = Callable[[str], Person]

MONDAY = datetime(2025, 4, 7)


def day(number: int, opens: int = 0, closes: int = 9) -> Opening:
    at = MONDAY + timedelta(days=number)
    return Opening(at.replace(hour=opens), at.replace(hour=closes))


WEEK = [day(number) for number in range(5)]


# The clock, step by step (semantics.md §5).


def test_steps_count_opening_time_until_the_hours_are_full() -> None:
    counted = clock.steps(MONDAY.replace(hour=6), 9, WEEK)
    assert [(step.hours, step.hours_so_far) for step in counted] == [(3, 3), (6, 9)]
    assert counted[-1].counts_until == datetime(2025, 4, 8, 6)


def test_the_due_time_may_be_a_closing_time() -> None:
    assert clock.due(MONDAY, 9, WEEK) == datetime(2025, 4, 7, 9)
    assert clock.due(MONDAY.replace(hour=9), 9, WEEK) == datetime(2025, 4, 8, 9)


def test_a_clock_that_starts_outside_opening_hours_waits_for_the_next_one() -> None:
    [step] = clock.steps(MONDAY - timedelta(hours=30), 2, WEEK)
    assert step.counts_from == MONDAY
    assert step.counts_until == MONDAY.replace(hour=2)


def test_no_hours_are_due_at_once_and_too_few_openings_never() -> None:
    assert clock.due(MONDAY, 0, WEEK) == MONDAY
    assert clock.due(MONDAY, 46, WEEK) is None


def handed(**changes: object) -> Pass:
    first = Pass(
        pass_no=1,
        passed_at=MONDAY,
        owner="s1",
        team=None,
        from_owner="",
        due_at=datetime(2025, 4, 8, 9),
        ended_at=None,
        owner_response_at=None,
        responded_at=None,
        accepted_at=None,
        exited_at=None,
        next_passed_at=None,
        outcome="pending",
        was_ignored=False,
        policy=Policy("v1", "default", "", 18, "japan", 30, True),
        openings=tuple(WEEK),
    )
    return replace(first, **changes)  # type: ignore[arg-type]


AS_OF = datetime(2025, 4, 30)
DUE = datetime(2025, 4, 8, 9)


@pytest.mark.parametrize(
    ("changes", "by", "hours"),
    [
        ({}, "due", 18),
        ({"accepted_at": DUE}, "acceptance", 18),
        ({"accepted_at": DUE + timedelta(seconds=1)}, "due", 18),
        ({"responded_at": MONDAY.replace(hour=2)}, "response", 2),
        ({"exited_at": datetime(2025, 4, 7, 20)}, "exit", 9),
        ({"next_passed_at": MONDAY.replace(hour=1)}, "next owner", 1),
        ({"next_passed_at": DUE}, "due", 18),
        ({"due_at": AS_OF + timedelta(days=1)}, "nothing", 45),
    ],
)
def test_what_stopped_the_clock(
    changes: dict[str, object], by: str, hours: float
) -> None:
    found = clock.stop(handed(**changes), AS_OF)
    assert (found.by, found.hours) == (by, hours)


def test_a_touch_does_not_stop_a_clock_whose_policy_says_so() -> None:
    policy = replace(handed().policy, touches_stop_clock=False)
    found = clock.stop(
        handed(responded_at=MONDAY.replace(hour=2), policy=policy), AS_OF
    )
    assert found.by == "due"


def test_the_most_particular_policy_applies() -> None:
    known = [
        Policy("v1", "default", "", 18, "japan", 30, True),
        Policy("v1", "channel", "web", 9, "japan", 30, True),
        Policy("v1", "team", "east", 4, "japan", 30, True),
        Policy("v2", "team", "west", 1, "japan", 30, True),
    ]
    assert policy_of(known, "v1", " East", "web").name == "team east"
    assert policy_of(known, "v1", "West", "Web").name == "channel web"
    assert policy_of(known, "v1", None, None).name == "default"


# Who is meant.


def test_a_person_is_found_by_every_name_it_has(read: reading.Reading) -> None:
    [by_record] = find.people(read, "loser")
    for name in ("winner", by_record.person_id, by_record.person_id.upper()):
        [match] = find.people(read, name)
        assert match.person_key == by_record.person_key


def test_an_address_is_found_by_its_same_text(read: reading.Reading) -> None:
    for address in ("late@example.com", " LATE@EXAMPLE.COM ", "ｌate@example.com"):
        [match] = find.people(read, address)
        assert match.how == "e-mail address"
        assert match.primary_record_id == "again"


@pytest.mark.parametrize(
    ("who", "tried"),
    [
        ("x", "record ids"),
        ("who@example.com", "e-mail addresses"),
        ("0" * 32, "person_ids"),
        ("00Q5i0000022Wt7EAE", "'00Q5i0000022Wt7'"),
        ("nobody", "1 of generic.sales_activity"),
    ],
)
def test_what_was_tried_is_said(read: reading.Reading, who: str, tried: str) -> None:
    with pytest.raises(LeadFunnelError, match="Nobody was found") as said:
        find.people(read, who)
    assert tried in str(said.value)
    assert "who@example.com" not in str(said.value)


# What is told of a person.


def effects(person: Person, said: str) -> list[tuple[str, ...]]:
    return [row.effects for row in person.rows if said in row.said]


def test_a_merged_person_has_its_records_and_the_row_that_joins_them(
    explained: Explained,
) -> None:
    person = explained("loser")
    assert {
        record.record_id: (record.is_primary, record.is_live, record.not_live_because)
        for record in person.records
    } == {
        "loser": (False, False, "merged into generic winner"),
        "winner": (True, True, ""),
    }
    [link] = person.links
    assert (link.link_type, link.left, link.right) == (
        "merge",
        "generic loser",
        "generic winner",
    )
    assert link.evidence == ("generic", "lead", "loser")
    [lifecycle] = person.lifecycles
    assert lifecycle.outcome == "accepted"
    # The hand-off is on one record and the acceptance on the other.
    assert [stone.stage for stone in lifecycle.milestones] == [
        "inquiry",
        "handed_off",
        "sal",
    ] or lifecycle.milestones[-1].stage == "sal"


def test_each_row_names_the_rule_that_read_it(explained: Explained) -> None:
    person = explained("late")
    assert effects(person, "handed_off → sal") == [
        ("→ SAL (lifecycle 1), by rule equals 'sal' of v1",)
    ]
    assert effects(person, "inquiry → handed_off") == [
        ("→ hand-off (lifecycle 1), by rule equals 'handed_off' of v1",)
    ]


def test_why_a_touch_did_not_count(explained: Explained) -> None:
    person = explained("ignored")
    told = {row.row[2]: row.effects[0] for row in person.rows if "activity" in row.said}
    assert told == {
        "a2": "no response: the user is marketing, not sales",
        "a3": "no response: not completed",
        "a4": "no response: its type is none that counts in touch_types",
        "a5": "response of sales",
    }


def test_owner_changes_and_their_passes(explained: Explained) -> None:
    person = explained("passed")
    assert effects(person, "owner: Sato Hanako") == [("owner change",)]
    [lifecycle] = person.lifecycles
    first, second = lifecycle.passes
    assert (first.owner, first.outcome) == ("Sato Hanako (field_sales)", "ignored")
    assert (second.from_owner, second.owner, second.outcome) == (
        "Sato Hanako (field_sales)",
        "Ito Ken (inside_sales)",
        "ignored",
    )


def test_what_was_quarantined(explained: Explained) -> None:
    assert [row.rule for row in explained("called").quarantined] == ["unmapped_status"]
    assert [row.rule for row in explained("ignored").quarantined] == [
        "unparsable_timestamp"
    ]
    [row] = explained("bounced").quarantined
    assert row.rule == "exit_without_lifecycle"
    assert explained("bounced").lifecycles == ()
    assert any(
        "quarantined: unmapped_status" in effect
        for row in explained("called").rows
        for effect in row.effects
    )


def test_the_steps_of_every_clock_end_at_the_due_time_of_the_warehouse(
    read: reading.Reading, explained: Explained
) -> None:
    people = read.rows("select distinct person_id from {intermediate}.int_lifecycles")
    passes = 0
    for row in people:
        for lifecycle in explained(row["person_id"]).lifecycles:
            for each in lifecycle.passes:
                hours = each.policy.sla_business_hours
                assert clock.due(each.passed_at, hours, each.openings) == each.due_at
                passes += 1
    assert passes == 9


@pytest.mark.parametrize(
    ("who", "starts", "says"),
    [
        ("late", "Accepted: its SAL is recorded", "That is in time"),
        ("slow", "Accepted: its SAL is recorded", "It was not ignored: the response"),
        ("ignored", "Ignored: by the due time", "no exit and no response"),
        ("back", "Withdrawn: it was taken back, by Mori Aya", "before the SLA ran out"),
        ("open", "No outcome, because its origin is nurture", "never handed off"),
    ],
)
def test_why(explained: Explained, who: str, starts: str, says: str) -> None:
    person = explained(who)
    text = outcome.why(person.lifecycles[-1], person.timezone)
    assert text.startswith(starts)
    assert says in text


def test_how_late_is_said_in_opening_time(explained: Explained) -> None:
    [lifecycle] = explained("slow").lifecycles
    # Due on Tuesday at closing time; accepted next Tuesday half an hour after
    # opening: Wednesday, Thursday, Friday and Monday lie between.
    assert "late by 36 h 30 min of opening time" in outcome.why(lifecycle, "UTC")


def test_every_outcome_has_its_reason(explained: Explained) -> None:
    [lifecycle] = explained("ignored").lifecycles
    later = replace(lifecycle, was_ignored=False, first_response_at=MONDAY)
    assert "30 days after the hand-off" in outcome.why(later, "UTC")
    pending = replace(later, outcome="pending", as_of=MONDAY + timedelta(hours=2))
    assert outcome.why(pending, "UTC").startswith("Pending: at ")
    rejected = replace(
        lifecycle,
        outcome="rejected",
        exit_stage="lost",
        exited_at=AS_OF,
        rejection_reason="budget",
    )
    assert "ended in lost" in outcome.why(rejected, "UTC")
    assert "'budget'" in outcome.why(rejected, "UTC")
    assert "counts as rejected" in outcome.why(rejected, "UTC")
    sales = replace(lifecycle, outcome=None, origin="sales", first_progress_stage="sql")
    assert "self-sourced" in outcome.why(sales, "UTC")
    adr = replace(
        lifecycle, outcome=None, origin="adr", sal_at=MONDAY - timedelta(days=1)
    )
    assert "outbound prospecting" in outcome.why(adr, "UTC")


INSIDE, FIELD, STRANGER = (
    Acceptance(MONDAY, "Ito Ken (inside_sales)", "inside_sales"),
    Acceptance(DUE, "Sato Hanako (field_sales)", "field_sales"),
    Acceptance(MONDAY, "s9 (unknown user, counts as sales)", None),
)


@pytest.mark.parametrize(
    ("roles", "given", "says"),
    [
        ((), (), []),
        (
            ("field_sales",),
            (INSIDE,),
            [
                "The version v1 says who accepts: field_sales.",
                "Ito Ken (inside_sales) accepted at 2025-04-07 Mon 00:00:00, whose "
                "role is none of them: a response, not yet the acceptance.",
                "Still missing: field_sales.",
            ],
        ),
        (
            ("inside_sales", "field_sales"),
            (STRANGER, INSIDE, INSIDE, FIELD, INSIDE),
            [
                "The version v1 says who accepts: inside_sales and field_sales, each "
                "of them.",
                "s9 (unknown user, counts as sales) accepted at 2025-04-07 Mon "
                "00:00:00, whose role is none of them: a response, not yet the "
                "acceptance.",
                "Ito Ken (inside_sales) accepted at 2025-04-07 Mon 00:00:00: a "
                "response, not yet the acceptance.",
                "Ito Ken (inside_sales) accepted at 2025-04-07 Mon 00:00:00, whose "
                "role had accepted before: a response, not yet the acceptance.",
                "Sato Hanako (field_sales) accepted at 2025-04-08 Tue 09:00:00, which "
                "completes the acceptance.",
            ],
        ),
    ],
)
def test_who_has_accepted_and_who_is_missing(
    explained: Explained,
    roles: tuple[str, ...],
    given: tuple[Acceptance, ...],
    says: list[str],
) -> None:
    [lifecycle] = explained("ignored").lifecycles
    lifecycle = replace(lifecycle, acceptance_roles=roles, acceptances=given)
    assert outcome.who_accepts(lifecycle, "UTC") == says


def test_what_was_accepted_before_the_hand_off_is_no_response(
    explained: Explained,
) -> None:
    [lifecycle] = explained("ignored").lifecycles
    early = replace(INSIDE, occurred_at=MONDAY - timedelta(seconds=1))
    lifecycle = replace(
        lifecycle, acceptance_roles=("field_sales",), acceptances=(early,)
    )
    assert outcome.who_accepts(lifecycle, "UTC")[1].endswith(
        ": not yet the acceptance."
    )


def test_an_imputed_acceptance_says_that_it_was_not_complete(
    explained: Explained,
) -> None:
    [lifecycle] = explained("slow").lifecycles
    lifecycle = replace(
        lifecycle,
        is_acceptance_imputed=True,
        sal_at=None,
        sql_at=lifecycle.accepted_at,
        acceptance_roles=("inside_sales", "field_sales"),
        acceptances=(FIELD,),
    )
    assert outcome.why(lifecycle, "UTC").startswith(
        "Accepted: not all who have to accept recorded an SAL, but the SQL implies it"
    )


# How it is said.


def test_instants_are_local_with_utc_beside_them() -> None:
    instant = datetime(2025, 4, 7, 20)
    assert words.both(instant, "Asia/Tokyo") == (
        "2025-04-08 Tue 05:00:00 (2025-04-07 20:00:00 UTC)"
    )
    assert words.both(datetime(2025, 4, 7), "Asia/Tokyo") == (
        "2025-04-07 Mon 09:00:00 (00:00:00 UTC)"
    )
    assert words.both(instant, "UTC") == "2025-04-07 Mon 20:00:00"
    assert words.both(None, "UTC") == "—"


@pytest.mark.parametrize(
    ("value", "text"), [(18, "18 h"), (0.5, "30 min"), (1.01, "1 h 36 s"), (0, "0 h")]
)
def test_hours(value: float, text: str) -> None:
    assert words.hours(value) == text


def test_hours_in_a_column() -> None:
    assert words.on_clock(14.5) == "14:30:00"
    assert words.on_clock(17.999999999) == "18:00:00"


def test_a_what_if_says_that_it_is_one(explained: Explained) -> None:
    person = replace(explained("late"), what_if="v2")
    assert "what-if v2, not what is published" in " ".join(shown(person).split())
    assert "what-if" not in shown(explained("late"))


def shown(person: Person, **options: bool) -> str:
    stream = StringIO()
    screen = Console(file=stream, width=100)
    terminal.show(screen, render.document(person, **options))
    return stream.getvalue()


def test_names_and_addresses_are_shown_only_when_asked_for(
    explained: Explained,
) -> None:
    person = explained("late")
    assert "late@example.com" not in shown(person)
    assert "late@example.com" in shown(person, names=True)


def test_rows_that_changed_nothing_are_counted(explained: Explained) -> None:
    person = explained("late")
    minor = RawRow(MONDAY, ("generic", "score_change", "k"), "score: 1 → 2", ("none",))
    person = replace(person, rows=(*person.rows, replace(minor, is_minor=True)))
    assert "1 more row changed nothing" in shown(person)
    assert "score: 1 → 2" not in shown(person)
    assert "score: 1 → 2" in shown(person, everything=True)


def test_the_command(published_company: Project) -> None:
    result = CliRunner().invoke(
        app, ["explain", "ignored", "--plain", "--out", str(published_company.out)]
    )
    assert result.exit_code == 0, result.output
    assert "Policy default of v1: 18 h of opening time" in result.output
    assert "the clock ran out" in result.output


def test_nothing_built_is_a_sentence(tmp_path: object) -> None:
    result = CliRunner().invoke(app, ["explain", "x", "--out", f"{tmp_path}/none"])
    assert result.exit_code == 1
    assert "There is no warehouse" in result.output


def test_a_what_if_that_was_not_built_is_a_sentence(
    published_company: Project,
) -> None:
    with (
        pytest.raises(LeadFunnelError, match="compare --version v9"),
        reading.opened(published_company, "v9"),
    ):
        pass
