"""§3 and §5: who accepts, where a version names roles that have to.

In the setting "who accepts" anyone does until 20 June, field sales decides from
then on (v2), and from 1 July inside sales and field sales both check (v3).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.lifecycle.cases import (
    CREATED,
    DAY,
    HOUR,
    REP,
    SECOND,
    V2,
    V3,
    Case,
    handed,
    owner,
    sf_change,
    sf_lead,
    stages,
    story,
)

MINUTE = timedelta(minutes=1)

FRIDAY = V2 + HOUR  # 20 June, 10:00 in Tokyo
FRIDAY_DUE = datetime(2025, 6, 24, 1)  # Tuesday: 8 + 9 + 1 business hours
TUESDAY = V3 + HOUR  # 1 July, 10:00 in Tokyo

# `rep` is inside sales, `rep2` field sales.
NOBODY_ACCEPTED = {
    "sal_at": None,
    "accepted_at": None,
    "accepted_by": None,
    "is_acceptance_imputed": False,
}

CASES = [
    Case(
        "§3 §5 field sales decides, and what inside sales accepts before is a response",
        [
            # In time by inside sales, an hour late by field sales.
            *handed(
                ("sal", FRIDAY + HOUR, "rep"),
                ("sal", FRIDAY_DUE + HOUR, "rep2"),
                lead_id="A",
                at=FRIDAY,
            ),
            # Only inside sales.
            *handed(("sal", FRIDAY + HOUR, "rep"), lead_id="B", at=FRIDAY),
            # Field sales first: what comes after completes nothing.
            *handed(
                ("sal", FRIDAY + HOUR, "rep2"),
                ("sal", FRIDAY + 2 * HOUR, "rep"),
                lead_id="C",
                at=FRIDAY,
            ),
            # Inside sales too late to stop the clock.
            *handed(("sal", FRIDAY_DUE + SECOND, "rep"), lead_id="D", at=FRIDAY),
        ],
        {
            "events": [
                *stages("mql", "handed_off", "sal", "sal"),
                *stages("mql", "handed_off", "sal"),
                *stages("mql", "handed_off", "sal", "sal"),
                *stages("mql", "handed_off", "sal"),
            ],
            "lifecycles": [
                {
                    "origin": "marketing",
                    "sal_at": FRIDAY_DUE + HOUR,
                    "accepted_at": FRIDAY_DUE + HOUR,
                    "accepted_by": "rep2",
                    "is_acceptance_imputed": False,
                    "first_response_at": FRIDAY + HOUR,
                    "was_ignored": False,
                    "is_accepted_late": True,
                    "outcome": "accepted",
                },
                {
                    **NOBODY_ACCEPTED,
                    "origin": "marketing",
                    "first_response_at": FRIDAY + HOUR,
                    "was_ignored": False,
                    "outcome": "pending",
                },
                {
                    "sal_at": FRIDAY + HOUR,
                    "accepted_at": FRIDAY + HOUR,
                    "accepted_by": "rep2",
                    "first_response_at": None,
                    "outcome": "accepted",
                },
                {
                    **NOBODY_ACCEPTED,
                    "first_response_at": FRIDAY_DUE + SECOND,
                    "was_ignored": True,
                    "outcome": "ignored",
                },
            ],
            "transitions": [
                {"from_stage": "mql", "to_stage": "handed_off"},
                {"from_stage": "handed_off", "to_stage": "sal"},
                {"from_stage": "sal", "to_stage": "sal", "verdict": "repeated"},
                {"from_stage": "mql", "to_stage": "handed_off"},
                {"from_stage": "handed_off", "to_stage": "sal"},
                {"from_stage": "mql", "to_stage": "handed_off"},
                {"from_stage": "handed_off", "to_stage": "sal"},
                {"from_stage": "sal", "to_stage": "sal", "verdict": "repeated"},
                {"from_stage": "mql", "to_stage": "handed_off"},
                {"from_stage": "handed_off", "to_stage": "sal"},
            ],
        },
        setting="who accepts",
    ),
    Case(
        "§3 both check: the one who completes the acceptance has accepted",
        [
            *handed(
                ("sal", TUESDAY + HOUR, "rep"),
                ("sal", TUESDAY + 2 * HOUR, "rep2"),
                lead_id="A",
                at=TUESDAY,
            ),
            *handed(
                ("sal", TUESDAY + HOUR, "rep2"),
                ("sal", TUESDAY + 2 * HOUR, "rep2"),
                ("sal", TUESDAY + 3 * HOUR, "rep"),
                lead_id="B",
                at=TUESDAY,
            ),
            # The same role twice.
            *handed(
                ("sal", TUESDAY + HOUR, "rep"),
                ("sal", TUESDAY + 2 * HOUR, "rep"),
                lead_id="C",
                at=TUESDAY,
            ),
            # An exit ends it: what inside sales gave before does not count again.
            *handed(
                ("sal", TUESDAY + HOUR, "rep"),
                ("recycled", TUESDAY + 2 * HOUR, "rep"),
                ("handed_off", TUESDAY + DAY, "mark"),
                ("sal", TUESDAY + DAY + HOUR, "rep2"),
                lead_id="D",
                at=TUESDAY,
            ),
        ],
        {
            "lifecycles": [
                {
                    "sal_at": TUESDAY + 2 * HOUR,
                    "accepted_at": TUESDAY + 2 * HOUR,
                    "accepted_by": "rep2",
                    "first_response_at": TUESDAY + HOUR,
                },
                {
                    "sal_at": TUESDAY + 3 * HOUR,
                    "accepted_at": TUESDAY + 3 * HOUR,
                    "accepted_by": "rep",
                    "first_response_at": TUESDAY + HOUR,
                },
                {**NOBODY_ACCEPTED, "first_response_at": TUESDAY + HOUR},
                {**NOBODY_ACCEPTED, "outcome": "rejected"},
                {**NOBODY_ACCEPTED, "first_response_at": TUESDAY + DAY + HOUR},
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§3 an actor without a known role fits none of the roles",
        [
            *handed(("sal", FRIDAY + HOUR, "mark"), lead_id="A", at=FRIDAY),
            *handed(("sal", FRIDAY + HOUR, "norole"), lead_id="B", at=FRIDAY),
            *handed(("sal", FRIDAY + HOUR, "stranger"), lead_id="C", at=FRIDAY),
            *handed(("sal", FRIDAY + HOUR, ""), lead_id="D", at=FRIDAY),
        ],
        {
            "lifecycles": [
                {
                    **NOBODY_ACCEPTED,
                    "first_response_at": FRIDAY + HOUR,
                    "outcome": "pending",
                }
            ]
            * 4
        },
        setting="who accepts",
    ),
    Case(
        "§3 who accepts is said by the version in force at the hand-off",
        [
            # Handed off the moment before field sales decides.
            *handed(("sal", FRIDAY, "rep"), lead_id="A", at=V2 - SECOND),
            *handed(("sal", FRIDAY, "rep"), lead_id="B", at=V2),
            # Handed off while field sales decides, accepted while both check.
            *handed(("sal", TUESDAY, "rep2"), lead_id="C", at=V3 - SECOND),
            *handed(("sal", TUESDAY, "rep2"), lead_id="D", at=V3),
        ],
        {
            "lifecycles": [
                {
                    "definition_version": "v1",
                    "accepted_at": FRIDAY,
                    "accepted_by": "rep",
                },
                {"definition_version": "v2", **NOBODY_ACCEPTED},
                {
                    "definition_version": "v2",
                    "accepted_at": TUESDAY,
                    "accepted_by": "rep2",
                },
                {"definition_version": "v3", **NOBODY_ACCEPTED},
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§3 without a hand-off who accepts is said at the lifecycle's first event",
        [
            *story("inquiry", ("sal", FRIDAY, "rep"), lead_id="A"),
            *story("inquiry", ("sal", FRIDAY, "rep"), lead_id="B", created_at=V2),
            *story(
                "inquiry",
                ("sal", FRIDAY, "rep"),
                ("sal", TUESDAY, "rep2"),
                lead_id="C",
                created_at=V2,
            ),
        ],
        {
            "lifecycles": [
                {
                    "definition_version": "v1",
                    "origin": "sales",
                    "accepted_at": FRIDAY,
                    "accepted_by": "rep",
                },
                {"definition_version": "v2", "origin": "sales", **NOBODY_ACCEPTED},
                {
                    "definition_version": "v2",
                    "origin": "sales",
                    "accepted_at": TUESDAY,
                    "accepted_by": "rep2",
                },
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§3 §4 what is accepted in full after its hand-off is marketing's lead",
        [
            # Inside sales took it up before marketing handed it over.
            *story(
                "mql",
                ("sal", TUESDAY - MINUTE, "rep"),
                ("handed_off", TUESDAY, "mark"),
                ("sal", TUESDAY + HOUR, "rep2"),
                lead_id="A",
            ),
            # Both did.
            *story(
                "mql",
                ("sal", TUESDAY - 2 * MINUTE, "rep"),
                ("sal", TUESDAY - MINUTE, "rep2"),
                ("handed_off", TUESDAY, "mark"),
                ("sal", TUESDAY + HOUR, "rep2"),
                lead_id="B",
            ),
        ],
        {
            "lifecycles": [
                {
                    "origin": "marketing",
                    "handed_off_at": TUESDAY,
                    "sal_at": TUESDAY + HOUR,
                    "accepted_at": TUESDAY + HOUR,
                    "accepted_by": "rep2",
                    "first_response_at": None,
                    "outcome": "accepted",
                },
                {
                    "origin": "sales",
                    "sal_at": TUESDAY - MINUTE,
                    "accepted_at": None,
                    "outcome": None,
                },
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§4 an SAL that completes nothing imputes a hand-off, and no acceptance",
        story("mql", ("sal", FRIDAY, "rep"), created_at=V2),
        {
            "lifecycles": [
                {
                    "definition_version": "v2",
                    "handed_off_at": V2,
                    "is_handoff_imputed": True,
                    "origin": "marketing",
                    "first_response_at": FRIDAY,
                    "outcome": "pending",
                    **NOBODY_ACCEPTED,
                }
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§4 a later stage implies the acceptance that is not complete",
        [
            *handed(
                ("sal", FRIDAY + HOUR, "rep"),
                ("sql", FRIDAY + 2 * HOUR, "rep"),
                lead_id="A",
                at=FRIDAY,
            ),
            *handed(
                ("sal", FRIDAY + HOUR, "rep"),
                ("sql", FRIDAY + 2 * HOUR, "rep"),
                ("sal", FRIDAY + 3 * HOUR, "rep2"),
                lead_id="B",
                at=FRIDAY,
            ),
        ],
        {
            "lifecycles": [
                {
                    "sal_at": None,
                    "accepted_at": FRIDAY + 2 * HOUR,
                    "accepted_by": "rep",
                    "is_acceptance_imputed": True,
                    "first_response_at": FRIDAY + HOUR,
                    "outcome": "accepted",
                },
                {
                    "sal_at": FRIDAY + 3 * HOUR,
                    "accepted_at": FRIDAY + 3 * HOUR,
                    "accepted_by": "rep2",
                    "is_acceptance_imputed": False,
                    "first_response_at": FRIDAY + HOUR,
                    "outcome": "accepted",
                },
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§5 an SAL that completes nothing is the response of who gave it",
        [
            *handed(("sal", FRIDAY + HOUR, "rep"), lead_id="A", at=FRIDAY),
            owner("rep", "rep2", FRIDAY_DUE + HOUR, lead_id="A"),
            # An ADR's is not the owner's.
            *handed(("sal", FRIDAY + HOUR, "adr"), lead_id="B", at=FRIDAY),
            owner("rep", "rep2", FRIDAY_DUE + HOUR, lead_id="B"),
        ],
        {
            "passes": [
                {
                    "pass_no": 1,
                    "owner_id": "rep",
                    "first_response_at": FRIDAY + HOUR,
                    "outcome": "reassigned",
                },
                {"pass_no": 2, "owner_id": "rep2", "outcome": "ignored"},
                {
                    "pass_no": 1,
                    "owner_id": "rep",
                    "first_response_at": None,
                    "outcome": "ignored",
                },
                {"pass_no": 2, "owner_id": "rep2", "outcome": "ignored"},
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§5 an SAL that completes nothing stops no clock that touches do not stop",
        handed(("sal", FRIDAY + HOUR, "rep"), at=FRIDAY, source="patient fair"),
        {
            "lifecycles": [
                {
                    "first_response_at": FRIDAY + HOUR,
                    "was_ignored": True,
                    "outcome": "ignored",
                }
            ]
        },
        setting="who accepts",
    ),
    Case(
        "§2 §3 two who accept at one instant are one event, of the smallest evidence",
        [
            # generic comes before salesforce, so inside sales has not accepted.
            *handed(
                ("sal", TUESDAY + HOUR, "rep2"), at=TUESDAY, email="both@roles.example"
            ),
            sf_lead("00Q000000000391", Status="Accepted", Email="both@roles.example"),
            sf_change(
                "017000000000391",
                "00Q000000000391",
                "Working",
                "Accepted",
                TUESDAY + HOUR,
                REP,
            ),
        ],
        {
            "events": [
                {"stage": "mql", "occurred_at": CREATED},
                {"stage": "handed_off", "occurred_at": TUESDAY},
                {"stage": "sal", "actor_id": "rep2"},
            ],
            "lifecycles": [
                {**NOBODY_ACCEPTED, "first_response_at": TUESDAY + HOUR},
            ],
        },
        setting="who accepts",
    ),
]
