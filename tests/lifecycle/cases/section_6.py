"""§6: rates. Each case has a channel of its own, so its rows are its alone."""

from __future__ import annotations

from datetime import date, datetime

from tests.lifecycle.cases import (
    DAY,
    DUE,
    DUE_AS_OF,
    HOUR,
    MONDAY,
    SECOND,
    Case,
    call,
    deal,
    handed,
    story,
)

YEAR = {"period_type": "fiscal_year", "period_start_date": date(2025, 4, 1)}
SPRING = {"period_type": "fiscal_quarter", "period_start_date": date(2025, 4, 1)}
SUMMER = {"period_type": "fiscal_quarter", "period_start_date": date(2025, 7, 1)}
JUNE = {"period_type": "month", "period_start_date": date(2025, 6, 1)}
JULY = {"period_type": "month", "period_start_date": date(2025, 7, 1)}

# Of June's four one was taken back; July's is still open, and not yet due.
OF_JUNE = {
    "handed_off": 3,
    "accepted": 1,
    "accepted_late": 1,
    "rejected": 1,
    "ignored": 1,
    "pending": 0,
    "withdrawn": 1,
    "was_ignored": 2,
    "sla_due": 3,
    "sal_rate": 1 / 3,
    "ignore_rate": 1 / 3,
    "rejection_rate": 1 / 3,
    "pending_rate": 0,
    "resolved_sal_rate": 1 / 3,
    "sla_breach_rate": 2 / 3,
    "mql_to_sal_rate": 1 / 4,
    "is_mature": True,
}
OF_JULY = {
    "handed_off": 1,
    "accepted": 0,
    "pending": 1,
    "withdrawn": 0,
    "sla_due": 0,
    "sal_rate": 0,
    "pending_rate": 1,
    "resolved_sal_rate": None,
    "sla_breach_rate": None,
    "is_mature": False,
}
# Not the average of June's and July's, which would be 1/6.
OF_YEAR = {
    "handed_off": 4,
    "accepted": 1,
    "pending": 1,
    "withdrawn": 1,
    "sal_rate": 1 / 4,
    "ignore_rate": 1 / 4,
    "rejection_rate": 1 / 4,
    "pending_rate": 1 / 4,
    "resolved_sal_rate": 1 / 3,
    "sla_breach_rate": 2 / 3,
    "mql_to_sal_rate": 1 / 5,
    "is_mature": False,
    # Wilson's interval of 1 in 4, as in any table of it.
    "sal_rate_lower": 0.0455872608,
    "sal_rate_upper": 0.6993581574,
}

CASES = [
    Case(
        "§6 counts and rates of every grain, recomputed and never averaged",
        [
            *handed(("sal", DUE + SECOND), lead_id="A", source="fair six"),
            *handed(("rejected", DUE), lead_id="B", source="fair six"),
            *handed(lead_id="C", source="fair six"),
            *handed(("recycled", DUE, "mark"), lead_id="D", source="fair six"),
            *handed(lead_id="E", source="fair six", at=DUE_AS_OF + SECOND),
        ],
        {
            "monthly": [
                SPRING | OF_JUNE,
                SUMMER | OF_JULY,
                YEAR | OF_YEAR,
                JUNE | OF_JUNE,
                JULY | OF_JULY,
            ],
            "cohort": [
                {
                    "handed_off_date": date(2025, 6, 2),
                    "handed_off": 3,
                    "accepted": 1,
                    "rejected": 1,
                    "ignored": 1,
                    "pending": 0,
                    "withdrawn": 1,
                },
                {
                    "handed_off_date": date(2025, 7, 14),
                    "handed_off": 1,
                    "pending": 1,
                    "withdrawn": 0,
                },
            ],
        },
    ),
    Case(
        "§6 rates from stage to stage along the funnel",
        [
            # Three of four were MQLs first, and one more MQL was rejected.
            *handed(("sal", DUE), lead_id="A", source="fair along"),
            *handed(
                ("sal", DUE), ("sql", DUE + HOUR), lead_id="B", source="fair along"
            ),
            *handed(
                ("sal", DUE), ("sql", DUE + HOUR), lead_id="C", source="fair along"
            ),
            deal(
                DUE + DAY, "C", is_closed="true", is_won="true", closed_at=DUE + 2 * DAY
            ),
            *story("handed_off", ("sal", MONDAY), lead_id="D", source="fair along"),
            *handed(("rejected", DUE), lead_id="E", source="fair along"),
            # Not marketing's: it counts nowhere.
            *story("tal", ("sal", DUE), ("sql", DUE), lead_id="F", source="fair along"),
        ],
        {
            "monthly": [
                {
                    "mql_to_sal_rate": 3 / 4,
                    "sal_to_sql_rate": 2 / 4,
                    "sql_to_opportunity_rate": 1 / 2,
                    "win_rate": 1,
                    **YEAR,
                }
            ]
        },
    ),
    Case(
        "§6 hours are counted from the hand-off, with median and 90th percentile",
        [
            # 1, 2 and 25 hours; of the 25 are 10 opening hours: 8 and 2.
            *handed(("sal", MONDAY + HOUR), lead_id="A", source="fair hours"),
            *handed(("sal", MONDAY + 2 * HOUR), lead_id="B", source="fair hours"),
            *handed(("sal", MONDAY + 25 * HOUR), lead_id="C", source="fair hours"),
            call(MONDAY + HOUR, "C"),
        ],
        {
            "monthly": [
                {
                    **JUNE,
                    "accept_hours_median": 2,
                    "accept_hours_p90": 2 + 0.8 * 23,
                    "accept_business_hours_median": 2,
                    "accept_business_hours_p90": 2 + 0.8 * 8,
                    "response_hours_median": 1,
                    "response_business_hours_p90": 1,
                }
            ]
        },
    ),
    Case(
        "§6 a rate over nothing is null",
        handed(("recycled", DUE, "mark"), source="fair nothing"),
        {
            "monthly": [
                {
                    **JUNE,
                    "handed_off": 0,
                    "withdrawn": 1,
                    "sal_rate": None,
                    "sal_rate_lower": None,
                    "sal_rate_upper": None,
                    "ignore_rate": None,
                    "rejection_rate": None,
                    "pending_rate": None,
                    "resolved_sal_rate": None,
                    "sla_breach_rate": None,
                    "sal_to_sql_rate": None,
                    "win_rate": None,
                    "accept_hours_median": None,
                }
            ]
        },
    ),
    Case(
        "§6 a cohort is of the hand-off's date in Tokyo, a period of each event's own",
        [
            # 1 July 00:30, accepted on 2 July 00:30.
            *handed(
                ("sal", datetime(2025, 7, 1, 15, 30)),
                at=datetime(2025, 6, 30, 15, 30),
                source="fair midnight",
            )
        ],
        {
            "cohort": [{"handed_off_date": date(2025, 7, 1), "accepted": 1}],
            "period": [
                {
                    "entered_date": date(2025, 5, 30),
                    "mql": 1,
                    "handed_off": 0,
                    "accepted": 0,
                },
                {
                    "entered_date": date(2025, 7, 1),
                    "mql": 0,
                    "handed_off": 1,
                    "accepted": 0,
                },
                {
                    "entered_date": date(2025, 7, 2),
                    "mql": 0,
                    "handed_off": 0,
                    "accepted": 1,
                },
            ],
            "monthly": [{**JULY, "accepted": 1}],
        },
    ),
]
