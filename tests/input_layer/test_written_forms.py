"""Times, amounts and blanks as people and tools write them, each read by hand."""

from datetime import datetime
from decimal import Decimal

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.exhaustive]

TIMES = {
    "4/6/2026 12:30 AM": datetime(2026, 4, 6, 0, 30),
    "4/6/2026, 12:30 PM": datetime(2026, 4, 6, 12, 30),
    "4/6/2026, 3:24\u202fPM": datetime(2026, 4, 6, 15, 24),
    "04/12/2020 03:24:05 p.m.": datetime(2020, 4, 12, 15, 24, 5),
    "4/25/2026 3PM": datetime(2026, 4, 25, 15),
    "4/6/2026 3:24 PM -0500": datetime(2026, 4, 6, 20, 24),
    "4/6/2026 13:30 PM": None,
    "2026-04-06 3:24 pm": datetime(2026, 4, 6, 15, 24),
    "06.04.2026 08:00": datetime(2026, 4, 6, 8),
    "6.4.2026": datetime(2026, 4, 6),
    "31. 12. 2025": datetime(2025, 12, 31),
    "06.04.2026, 08:00 Uhr": datetime(2026, 4, 6, 8),
    "2026.4.6 8:05": datetime(2026, 4, 6, 8, 5),
    "01-18-2025": datetime(2025, 1, 18),
    "15 Apr, 2021 00:03:00": datetime(2021, 4, 15, 0, 3),
    "Jan 18, 2025": datetime(2025, 1, 18),
    "January 18, 2025 at 3:04 PM": datetime(2025, 1, 18, 15, 4),
    "18-Jan-2025 09:05": datetime(2025, 1, 18, 9, 5),
    "Thu, 15 Apr 2021 00:03:00 GMT": datetime(2021, 4, 15, 0, 3),
    "18. Januar 2025": datetime(2025, 1, 18),
    "1er": None,
    "18 janv. 2025": datetime(2025, 1, 18),
    "15 de abril de 2021": datetime(2021, 4, 15),
    "20250118090500": datetime(2025, 1, 18, 9, 5),
    "20250118T090500Z": datetime(2025, 1, 18, 9, 5),
    "20251318090500": None,
    "46113": datetime(2026, 4, 1),
    "46113.375": datetime(2026, 4, 1, 9),
    "46113.3784722222": datetime(2026, 4, 1, 9, 5),
    "令和8年4月1日": datetime(2026, 4, 1),
    "令和元年5月1日 9時05分": datetime(2019, 5, 1, 9, 5),
    "R8.4.1": datetime(2026, 4, 1),
    "H31/4/30 23:59": datetime(2019, 4, 30, 23, 59),
    "昭和64年1月7日": datetime(1989, 1, 7),
    "㋿8年4月1日": datetime(2026, 4, 1),
    "2026年4月1日(水) 午後3時24分": datetime(2026, 4, 1, 15, 24),
    "2026/4/1 午前9:05": datetime(2026, 4, 1, 9, 5),
    "2026-04-01 09:05 JST": datetime(2026, 4, 1, 0, 5),
    "Smarch 1, 2025": None,
    "X8.4.1": None,
}

AMOUNTS = {
    # amount, currency of the row: amount, currency
    ("EUR 500", None): ("500", "EUR"),
    ("500 eur", "EUR"): ("500", "EUR"),
    ("$100", None): ("100", "USD"),
    ("$100", "CAD"): ("100", "CAD"),
    ("US$1,250.50", None): ("1250.50", "USD"),
    ("R$ 99.90", None): ("99.90", "BRL"),
    ("€ 1,234.56", None): ("1234.56", "EUR"),
    ("(£5.25)", None): ("-5.25", "GBP"),
    ("1,234円", None): ("1234", "JPY"),
    ("¥1,234", "CNY"): ("1234", "CNY"),
    ("￥１，２３４", None): ("1234", "JPY"),
    ("KRW 1,000", None): ("1000", "KRW"),
    ("kr 12.50", "DKK"): ("12.50", "DKK"),
    ("1'234.50 CHF", None): ("1234.50", "CHF"),
    ("12\xa0345.00", "EUR"): ("12345.00", "EUR"),
    ("1,23,456.00", "INR"): ("123456.00", "INR"),
    ("100", "€"): ("100", "EUR"),
    # They contradict each other.
    ("$100", "JPY"): (None, "JPY"),
    ("EUR 500", "USD"): (None, "USD"),
    ("EUR $5", None): (None, None),
    ("120万円", None): (None, "JPY"),
    ("about 5", None): (None, None),
    ("#N/A", "EUR"): (None, "EUR"),
}


def test_every_written_time_is_read(input_layer) -> None:
    built = input_layer(
        {
            "generic/lead": [
                {"lead_id": f"L{number}", "created_at": text}
                for number, text in enumerate(TIMES)
            ]
        },
        with_words=True,
    )
    found = built.column("records", "created_at")
    assert {t: found[f"L{n}"] for n, t in enumerate(TIMES)} == TIMES


def test_a_day_first_column_is_read_so(input_layer) -> None:
    built = input_layer(
        {
            "generic/lead": [
                {"lead_id": "L1", "created_at": "04/05/2026 10:00"},
                {"lead_id": "L2", "created_at": "25-04-2026 3:24 pm"},
                {"lead_id": "L3", "created_at": "31/04/2026"},
            ]
        },
        with_words=True,
    )
    assert built.column("records", "created_at") == {
        "L1": datetime(2026, 5, 4, 10),
        "L2": datetime(2026, 4, 25, 15, 24),
        "L3": None,
    }


def test_a_currency_that_is_written_in_an_amount_counts(input_layer) -> None:
    built = input_layer(
        {
            "generic/opportunity": [
                {"opportunity_id": f"O{number}", "amount": text, "currency": currency}
                for number, (text, currency) in enumerate(AMOUNTS)
            ]
        },
        with_words=True,
    )
    amounts = built.column("opportunities", "amount")
    currencies = built.column("opportunities", "currency")
    found = {
        given: (amounts[f"O{n}"], currencies[f"O{n}"])
        for n, given in enumerate(AMOUNTS)
    }
    assert found == {
        given: (amount and Decimal(amount), currency)
        for given, (amount, currency) in AMOUNTS.items()
    }


def test_words_that_mean_nothing_are_blank(input_layer) -> None:
    words = ["null", "NULL", "N/A", "#n/a", "—", "－", "なし", "NaN", "None", "-"]
    kept = ["Nora@nowhere.example", "nullable-7", "N7", "無印"]
    built = input_layer(
        {
            "generic/lead": [
                {
                    "lead_id": f"L{number}",
                    "created_at": "2026-04-01",
                    "email": word,
                    "merged_into_id": word,
                    "owner_id": word,
                    "is_deleted": word,
                    "updated_at": word,
                }
                for number, word in enumerate([*words, *kept])
            ]
            + [{"lead_id": "null", "created_at": "2026-04-01"}],
        },
        with_words=True,
    )
    found = built.column("records", "coalesce(email, merged_into_id, owner_id)")
    count = len(words)
    assert [found[f"L{number}"] for number in range(count)] == [None] * count
    assert [found[f"L{count + n}"] for n in range(len(kept))] == kept
    keys = built.rows("select count(*) from input_layer__records where is_key_missing")
    assert keys == [(1,)]


def test_texts_lose_only_what_a_tool_wrote(input_layer) -> None:
    texts = {
        "null": None, "NULL": None, "#N/A": None, "nan": None, "None": None,
        "Null": "Null", "none": "none", "N/A": "N/A", "-": "-", "なし": "なし",
    }  # fmt: skip
    built = input_layer(
        {
            "generic/lead": [
                {"lead_id": text + "x", "created_at": "2026-04-01", "name": text}
                for text in texts
            ]
        },
        with_words=True,
    )
    found = built.column("records", "full_name")
    assert {text: found[text + "x"] for text in texts} == texts
