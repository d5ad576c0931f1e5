"""Times, numbers and flags as hand-made files write them (sources.md)."""

from datetime import datetime
from decimal import Decimal

TOKYO_TIMES = {
    "2026-04-01": datetime(2026, 3, 31, 15),
    "2026-04-01 09:05": datetime(2026, 4, 1, 0, 5),
    "2026-04-01T09:05:03": datetime(2026, 4, 1, 0, 5, 3),
    "2026-04-01 09:05:03.5": datetime(2026, 4, 1, 0, 5, 3, 500000),
    "2026-04-01 09:05:03.123": datetime(2026, 4, 1, 0, 5, 3, 123000),
    "2026/04/01": datetime(2026, 3, 31, 15),
    "2021/01/18 0:00": datetime(2021, 1, 17, 15),
    "4/1/2026 9:05": datetime(2026, 4, 1, 0, 5),
    "2026年4月1日 9時05分": datetime(2026, 4, 1, 0, 5),
    "2026年4月1日": datetime(2026, 3, 31, 15),
    "２０２６年４月１日　９時０５分": datetime(2026, 4, 1, 0, 5),
    "20260401": datetime(2026, 3, 31, 15),
    "2024-02-29": datetime(2024, 2, 28, 15),
    "2026-04-01T09:05:03Z": datetime(2026, 4, 1, 9, 5, 3),
    "2026-04-01 09:05:03 UTC": datetime(2026, 4, 1, 9, 5, 3),
    "2026-04-01 09:05:03 GMT": datetime(2026, 4, 1, 9, 5, 3),
    "2026-04-01T09:05:03.000+0000": datetime(2026, 4, 1, 9, 5, 3),
    "2026-04-01T09:05:03+09:00": datetime(2026, 4, 1, 0, 5, 3),
    "2026-04-01 09:05:03+09": datetime(2026, 4, 1, 0, 5, 3),
    "4/1/2026 9:05 -0500": datetime(2026, 4, 1, 14, 5),
    "1767225600": datetime(2026, 1, 1),
    "1767225600123": datetime(2026, 1, 1, 0, 0, 0, 123000),
    "2026-02-30": None,
    "2026-13-01": None,
    "2026-04-01 24:00:00": None,
    "31/12/2025": None,
    "1899-12-31": None,
    "2201-01-01": None,
    "9999-12-31 23:59:59": None,
    "12345": None,
    "soon": None,
    " ": None,
}

NEW_YORK_TIMES = {
    "2025-03-09 01:59": datetime(2025, 3, 9, 6, 59),
    "2025-03-09 02:30": datetime(2025, 3, 9, 7, 30),
    "2025-03-09 03:00": datetime(2025, 3, 9, 7),
    "2025-11-02 01:30": datetime(2025, 11, 2, 5, 30),
    "2025-11-02 02:00": datetime(2025, 11, 2, 7),
}

AMOUNTS = {
    "1234": "1234",
    "1,234": "1234",
    "¥1,234": "1234",
    "￥１，２３４": "1234",
    "$5.5": "5.5",
    "1.234,56": "1234.56",
    "1.234.567": "1234567",
    "1,234,567.891": "1234567.89",
    "(1,234)": "-1234",
    "-12": "-12",
    "USD 1,234.50": "1234.5",
    "1,234 JPY": "1234",
    "1234円": "1234",
    "0.125": "0.13",
    "1e5": None,
    "about 5": None,
}

FLAGS = {
    "true": True,
    "T": True,
    "1": True,
    "ＹＥＳ": True,
    " y ": True,
    "はい": True,
    "FALSE": False,
    "f": False,
    "０": False,
    "No": False,
    "いいえ": False,
    "maybe": None,
}


def test_every_written_form_is_read(input_layer) -> None:
    built = input_layer(
        {
            "generic/lead": [
                {"lead_id": str(number), "created_at": text}
                for number, text in enumerate(TOKYO_TIMES)
            ],
            "generic/opportunity": [
                {"opportunity_id": f"a{number}", "amount": text}
                for number, text in enumerate(AMOUNTS)
            ]
            + [
                {"opportunity_id": f"f{number}", "is_won": text}
                for number, text in enumerate(FLAGS)
            ],
            "marketo/lead": [
                {"id": str(number), "created_at": text}
                for number, text in enumerate(NEW_YORK_TIMES)
            ],
        },
        {"generic": "Asia/Tokyo", "marketo": "America/New_York"},
    )
    times = dict(
        built.rows("select source || source_key, created_at from input_layer__records")
    )
    for source, cases in (("generic", TOKYO_TIMES), ("marketo", NEW_YORK_TIMES)):
        found = {t: times[f"{source}{n}"] for n, t in enumerate(cases)}
        assert found == cases
    amounts = built.column("opportunities", "amount")
    assert {t: amounts[f"a{n}"] for n, t in enumerate(AMOUNTS)} == {
        text: None if value is None else Decimal(value)
        for text, value in AMOUNTS.items()
    }
    flags = built.column("opportunities", "is_won")
    assert {t: flags[f"f{n}"] for n, t in enumerate(FLAGS)} == FLAGS
