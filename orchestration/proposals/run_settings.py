"""Time zone, order of days, decimal mark, encoding, currency: what the files tell of
them becomes vars of the definition, what they do not tell is a guess that is said."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from orchestration.project import DAY_ORDERS, Project, vars_kept
from orchestration.proposals.columns import Reading
from orchestration.proposals.loaded import AMOUNTS, Loaded
from orchestration.proposals.parts import Part
from orchestration.proposals.proposal import (
    GUESS,
    LIKELY,
    SURE,
    VARS,
    Proposal,
    counted,
)
from orchestration.proposals.words import Words
from orchestration.settings.definition_files import rows_in_force
from orchestration.sources.conventions import CLOCK_OF_TWELVE
from orchestration.warehouse import literal, quoted

JAPANESE = re.compile("[ぁ-んァ-ヶ]")
OFFSET = "[0-9](Z|[+-][0-9]{2}:?[0-9]{2}| ?UTC| ?JST)$"
WESTERN_MONTH_FIRST = ("America/",)
NO_ZONE = "UTC"
NUMBERS = r"[-+0-9０-９.,．，'’()（）\s　]"
"""What an amount is written with, but for its sign."""
SIGNS = 50
"""Texts beside the numbers of a column that are looked at, the most frequent first."""


SAID = {
    "source_timezones": "time zone of the times of",
    "reporting_timezone": "time zone that days begin in",
    "source_encodings": "encoding of the files of",
    "source_day_orders": "order of day and month of",
    "source_decimal_marks": "decimal mark of",
    "reporting_currency": "currency that amounts are converted to",
}
"""What each var is, in words."""


def var(
    name: str,
    value: str,
    reason: str,
    confidence: str,
    system: str = "",
    choices: Sequence[str] = (),
) -> Proposal:
    said = f"{SAID[name]} {system}" if system else SAID[name]
    return Proposal(
        VARS,
        ({"name": name, "system": system, "value": value},),
        said,
        value,
        reason,
        confidence,
        "value",
        tuple(choices),
    )


def _is_said(project: Project, name: str, system: str = "") -> bool:
    """Whether the definition keeps a var, or VARS gives it."""
    kept = vars_kept(project.definition) if project.definition else {}
    given = getattr(project.vars, name)
    if system:
        return system in given or system in (kept.get(name) or {})
    return name in kept or given != getattr(type(project.vars)(), name)


def encodings(project: Project, readings: Sequence[Reading]) -> Iterator[Proposal]:
    """Encodings that the texts do not tell."""
    asked = set()
    for reading in readings:
        part, system = reading.part, reading.table.system
        if not part.encodings or system in asked:
            continue
        if not _is_said(project, "source_encodings", system):
            asked.add(system)
            candidates = " or ".join(part.encodings)
            reason = f"{part.name} may be {candidates}, and its text does not tell"
            yield var(
                "source_encodings",
                part.encodings[0],
                reason,
                GUESS,
                system,
                part.encodings,
            )


def source_zones(
    project: Project, loaded: Loaded, parts: Sequence[Part], words: Words
) -> Iterator[Proposal]:
    """The zone of times without an offset."""
    zone, reason, confidence = _zone(loaded, parts, words)
    for system in sorted({system for system, _ in loaded.columns}):
        if not (
            _is_said(project, "source_timezones", system)
            or _all_have_offsets(loaded, system)
        ):
            yield var("source_timezones", zone, reason, confidence, system)


def reporting_zone(
    project: Project,
    loaded: Loaded,
    parts: Sequence[Part],
    words: Words,
    settled: Sequence[Proposal],
) -> Iterator[Proposal]:
    """Where days begin: as the times of the files, which were settled before."""
    if _is_said(project, "reporting_timezone"):
        return
    zones = {row["value"] for each in settled for row in each.rows}
    if len(zones) == 1:
        confidence = settled[0].confidence
        yield var("reporting_timezone", zones.pop(), "that of the times", confidence)
        return
    yield var("reporting_timezone", *_zone(loaded, parts, words))


def _zone(loaded: Loaded, parts: Sequence[Part], words: Words) -> tuple[str, str, str]:
    japanese = sum(
        bool(JAPANESE.search(heading)) for part in parts for heading in part.headings
    )
    if japanese >= 2:
        said = f"{counted(japanese, 'heading')} in Japanese"
        return "Asia/Tokyo", said, SURE
    votes: Counter[str] = Counter()
    addresses = 0
    for (system, table), columns in loaded.columns.items():
        if "email" not in columns:
            continue
        for ending, count in loaded.rows(
            "select lower(regexp_extract(trim(email), "
            "'[^@.]+[.]([A-Za-z]{2,}([.][A-Za-z]{2,})?)$', 1)), count(*) "
            f"from {loaded.relations[system, table]} where email like '%@%.%' "
            "group by 1 order by 1"
        ):
            addresses += count
            for said in (ending, ending.rpartition(".")[2]):
                zone = words.value("zone", said)
                if zone:
                    votes[zone] += count
                    break
    if votes:
        [(zone, count), *_] = sorted(
            votes.items(), key=lambda item: (-item[1], item[0])
        )
        if count * 3 >= addresses:
            reason = f"{count:,} of {counted(addresses, 'address')} end so".replace(
                "addresss", "addresses"
            )
            return zone, reason, LIKELY
    return NO_ZONE, "nothing in the files tells it: days are as they are written", GUESS


def _all_have_offsets(loaded: Loaded, system: str) -> bool:
    for (of, table), columns in loaded.columns.items():
        for name in columns:
            if of != system or not name.endswith(("_at", "_date")):
                continue
            text = f"trim({quoted(name)})"
            [(without,)] = loaded.rows(
                f"select count(*) from {loaded.relations[of, table]} "
                f"where {text} <> '' and not regexp_matches({text}, {literal(OFFSET)})"
            )
            if without:
                return False
    return True


def day_orders(project: Project, loaded: Loaded, zone: str) -> Iterator[Proposal]:
    """The order of day and month in columns that do not say it themselves."""
    conventions = loaded.conventions(project)
    said: dict[str, Counter[str]] = {}
    for column, convention in conventions.columns.items():
        if column.kind == "instant" and convention.day_order:
            said.setdefault(column.system, Counter())[convention.day_order] += 1
    for system in dict.fromkeys(system for system, _ in loaded.columns):
        asked = [
            sentence
            for sentence in conventions.open
            if sentence_is_of(sentence, system)
        ]
        if not any("two readings" in each or "two orders" in each for each in asked):
            continue
        if _is_said(project, "source_day_orders", system):
            continue
        proven = said.get(system)
        if proven:
            order = proven.most_common(1)[0][0]
            reason, confidence = "other columns of it are written so", LIKELY
        else:
            is_western = zone.startswith(WESTERN_MONTH_FIRST) or zone == NO_ZONE
            order = "month_first" if is_western else "day_first"
            reason, confidence = "no day of the column decides", GUESS
        yield var("source_day_orders", order, reason, confidence, system, DAY_ORDERS)


def decimal_marks(project: Project, loaded: Loaded, zone: str) -> Iterator[Proposal]:
    """The decimal mark of columns of amounts that do not say it themselves."""
    conventions = loaded.conventions(project)
    for system in sorted({system for system, _ in loaded.columns}):
        is_open = any(
            "amounts of" in sentence and sentence_is_of(sentence, system)
            for sentence in conventions.open
        )
        if not is_open or _is_said(project, "source_decimal_marks", system):
            continue
        points = ("Asia/Tokyo", "Europe/London", "Europe/Zurich", NO_ZONE)
        mark = "point" if zone in points or zone.startswith("America/") else "comma"
        yield var(
            "source_decimal_marks",
            mark,
            "no amount of the column decides",
            GUESS,
            system,
            ("point", "comma"),
        )


def sentence_is_of(sentence: str, system: str) -> bool:
    return f"of {system}." in sentence


def currencies(
    project: Project, loaded: Loaded, words: Words, zone: str
) -> Iterator[Proposal]:
    """What amounts are in, where there are any."""
    amounts = {
        (system, table, name)
        for (system, table), columns in loaded.columns.items()
        for name in columns
        if name in AMOUNTS
    }
    if not amounts or _is_said(project, "reporting_currency"):
        return
    found: Counter[str] = Counter()
    for system, table, _ in sorted(amounts):
        if loaded.has(system, table, "currency"):
            for text, count in loaded.rows(
                "select upper(trim(currency)), count(*) from "
                f"{loaded.relations[system, table]} where length(trim(currency)) = 3 "
                "group by 1 order by 1"
            ):
                found[text] += count
    if found:
        currency, count = sorted(found.items(), key=lambda item: (-item[1], item[0]))[0]
        confidence = SURE if len(found) == 1 else LIKELY
        yield var(
            "reporting_currency", currency, f"{count:,} amounts say it", confidence
        )
        return
    found, is_plain = _signs(project, loaded, amounts)
    if found:
        currency, count = sorted(found.items(), key=lambda item: (-item[1], item[0]))[0]
        yield var(
            "reporting_currency",
            currency,
            f"{counted(count, 'amount')} {'has' if count == 1 else 'have'} its sign",
            SURE if is_plain and len(found) == 1 else LIKELY,
        )
        return
    currency = words.value("currency", zone) or project.vars.reporting_currency
    yield var(
        "reporting_currency",
        currency,
        "no amount says its currency; it is that of the time zone",
        GUESS,
    )


def _signs(
    project: Project, loaded: Loaded, amounts: Iterable[tuple[str, str, str]]
) -> tuple[Counter[str], bool]:
    """How many amounts have the sign or the code of each currency; whether no sign
    among them is another currency's, too."""
    currencies: dict[str, list[str]] = {}
    for row in rows_in_force(project, "currency_signs"):
        known = currencies.setdefault(row["sign"].upper(), [])
        known.insert(0 if row["is_usual"] == "true" else len(known), row["currency"])
    currencies |= {code: [code] for known in [*currencies.values()] for code in known}
    found: Counter[str] = Counter()
    is_plain = True
    for system, table, name in sorted(amounts):
        for text, count in loaded.rows(
            f"select upper(regexp_replace({quoted(name)}, {literal(NUMBERS)}, '', "
            f"'g')), count(*) from {loaded.relations[system, table]} "
            f"where {quoted(name)} <> '' group by 1 order by 2 desc, 1 limit {SIGNS}"
        ):
            known = currencies.get(unicodedata.normalize("NFKC", text))
            if known:
                found[known[0]] += count
                is_plain = is_plain and len({*known}) == 1
    return found, is_plain


def has_clock_of_twelve(loaded: Loaded) -> bool:
    """Whether times are written with AM and PM."""
    return any(
        loaded.rows(
            f"select 1 from {loaded.relations[key]} "
            f"where regexp_matches({quoted(name)}, {literal(CLOCK_OF_TWELVE)}) limit 1"
        )
        for key, columns in loaded.columns.items()
        for name in columns
        if name.endswith(("_at", "_date"))
    )
