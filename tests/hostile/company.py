"""A company whose every text is hostile to something: a terminal, a page, a
spreadsheet, SQL or a template. Its numbers are those of any other."""

from __future__ import annotations

import csv
import json
from pathlib import Path

NASTY = {
    "markup": "[/bold][red]alarm[link=https://evil.example]here[/link]",
    "colour": "\x1b[31mred\x1b[0m\x1b[2J",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "title": "\x1b]0;owned\x07\x1bP+q\x1b\\",
    "c1": "\x9b31mred\x9d0;owned\x9c",
    "direction": "\u202egnp.exe\u2066",
    "script": "<script>window.pwned = 1</script>",
    "end of script": "</script><script>window.pwned = 2</script><!--",
    "picture": '"><img src=x onerror="window.pwned = 3">',
    "drawing": "'><svg/onload=window.pwned=4>",
    "address": "javascript:window.pwned=5//https://evil.example",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(1+1)*cmd",
    "tab": "\t=1+1",
    "jinja": "{{ env_var('HOME') }}{% set x = 1 %}{# #}",
    "block": "{% endraw %}{% do run_query('drop schema marts') %}",
    "sql": "'; drop schema marts cascade; --",
    "quotes": "\"; 'x' \\\" $$ `id` $(id) %s %(x)s {0}",
    "picture sign": ":boom: :skull:",
    "lines": "first\nsecond\r\nthird",
}
TEXTS = [*NASTY.values()]
STATUS = {
    "handed_off": NASTY["markup"] + NASTY["script"] + NASTY["colour"],
    "sal": NASTY["sql"] + NASTY["jinja"] + NASTY["c1"],
    "rejected": NASTY["formula"] + NASTY["picture"] + NASTY["direction"],
}
AS_OF = "2025-06-10 00:00:00"
FILE = "[/bold] \x1b[31m\u202e<script>window.pwned=6</script> ${x} %2e {{ x }}.csv"
"""A file system takes whatever is no slash."""


def text(number: int) -> str:
    """One of the texts, told apart from all others by its number."""
    return f"{TEXTS[number % len(TEXTS)]} {number}"


def write(landing: Path) -> Path:
    count = len(TEXTS)
    _put(
        landing,
        f"user/{FILE}",
        ["user_id", "name", "role", "team"],
        [
            (text(number), text(number + 1), "field_sales", text(number + 2))
            for number in range(count)
        ]
        + [("m1", text(5), "marketing", text(6))],
    )
    _put(
        landing,
        "lead.csv",
        [
            *("lead_id", "email", "created_at", "status", "owner_id", "source"),
            *("name", "phone", "company", "region", "status_reason", "campaign_id"),
        ],
        [
            (
                text(number),
                f"{number}@example.com" if number % 3 else text(number),
                "2025-04-05",
                STATUS["handed_off"] if number % 2 else text(number + 3),
                text(number),
                text(number % 3 * 2),
                *(text(number + place) for place in range(5, 10)),
                text(number % 4),
            )
            for number in range(count)
        ],
    )
    changes = []
    for number in range(count):
        lead = text(number)
        changes.append(
            (lead, "2025-04-07 00:00:00", "status", text(number + 1),
             STATUS["handed_off"], "m1", text(number))
        )  # fmt: skip
        if number % 3 < 2:
            done = STATUS["sal" if number % 3 else "rejected"]
            changes.append(
                (lead, "2025-04-08 01:00:00", "status", STATUS["handed_off"],
                 done, text(number), text(number + 2))
            )  # fmt: skip
        changes.append((lead, "2025-04-09", text(number), "", text(number), "", ""))
    _put(
        landing,
        "lead_status_history.csv",
        ["lead_id", "changed_at", "field", "old_value", "new_value", "changed_by",
         "reason"],
        changes,
    )  # fmt: skip
    _put(
        landing,
        "sales_activity.csv",
        ["activity_id", "lead_id", "user_id", "occurred_at", "type", "is_completed"],
        [
            (text(n), text(n), text(n), "2025-04-07 02:00:00", text(n + 1), text(n))
            for n in range(count)
        ],
    )
    _put(
        landing,
        "touch.csv",
        ["touch_id", "lead_id", "campaign_id", "touched_at", "type", "status"],
        [
            (text(n), text(n), text(n % 4), "2025-04-06", text(n + 1), text(n + 2))
            for n in range(count)
        ],
    )
    _put(
        landing,
        "campaign.csv",
        ["campaign_id", "name", "channel", "type"],
        [(text(n), text(n + 7), text(n + 8), text(n + 9)) for n in range(4)],
    )
    _put(
        landing,
        "../ledger/cost.csv",
        ["cost_id", "cost_date", "account", "amount", "currency", "memo",
         "campaign_id"],
        [
            (text(n), "2025-04-10", text(n), "1000", "JPY", text(n + 1), text(n % 4))
            for n in range(count)
        ],
    )  # fmt: skip
    return landing


def write_definition(folder: Path) -> Path:
    folder.mkdir(parents=True)
    _rows(
        folder / "stage_rules.add.csv",
        ["definition_version", "source", "entity", "field", "operator", "value",
         "stage"],
        [
            ("v1", "generic", "lead", "status", "equals", value, stage)
            for stage, value in STATUS.items()
        ],
    )  # fmt: skip
    _rows(
        folder / "channels.add.csv",
        ["source_value", "channel"],
        [(text(number), text(number + 1)) for number in range(0, 2 * len(TEXTS), 2)],
    )
    _rows(
        folder / "rejection_reasons.add.csv",
        ["reason", "category", "owner_department"],
        [(text(number), text(number + 1), "marketing") for number in range(2, 20, 3)],
    )
    _rows(
        folder / "fiscal_periods.csv",
        ["fiscal_period_id", "start_date", "end_date", "fiscal_year",
         "fiscal_quarter", "fiscal_month", "name"],
        [("2025-04", "2025-04-01", "2025-04-30", "2025", "1", "1",
          NASTY["script"] + NASTY["formula"] + NASTY["colour"])],
    )  # fmt: skip
    (folder / "vars.yml").write_text(json.dumps({"as_of": AS_OF}))
    return folder


def _put(landing: Path, name: str, header: list[str], rows: list[tuple]) -> None:
    path = landing / "generic" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    _rows(path, header, rows)


def _rows(path: Path, header: list[str], rows: list[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        writer.writerows(rows)
