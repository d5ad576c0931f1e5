"""From what somebody typed to the people it may mean."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from orchestration.commands.explain.reading import Reading
from orchestration.errors import LeadFunnelError


@dataclass(frozen=True)
class Match:
    """A person that was found, and by what."""

    person_key: int
    person_id: str
    primary_source: str
    primary_record_id: str
    company: str | None
    how: str


def same_text(text: str) -> str:
    """What is compared where two texts count as the same."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def salesforce_match_id(text: str) -> str:
    """An id of 18 characters is one of 15 with a checksum behind it."""
    return text[:15] if len(text) == 18 else text


_PEOPLE = """
select distinct
    people.person_key,
    people.person_id,
    people.primary_source,
    people.primary_record_id,
    people.company
from found
inner join {intermediate}.int_people as people
    on found.person_key = people.person_key
order by all
"""

_OF_RECORD = """
select keys.person_key
from {input_layer}.input_layer__records as records
inner join {intermediate}.int_people__keys as keys
    on records.record_key = keys.record_key
where
    not records.is_key_missing
    and records.record_match_id
    = case when records.source = 'salesforce' then $short else $whole end
"""

_OF_LINK = """
select keys.person_key
from (
    select left_key as record_key, left_source as source, left_record_id as id
    from {intermediate}.int_identity__links
    union
    select right_key, right_source, right_record_id
    from {intermediate}.int_identity__links
) as named
inner join {intermediate}.int_people__keys as keys
    on named.record_key = keys.record_key
where
    not keys.is_record
    and (
        named.id = $whole
        or (named.source = 'salesforce' and left(named.id, 15) = $short)
    )
"""

_OF_OPPORTUNITY = """
select keys.person_key
from {input_layer}.input_layer__opportunities as opportunities
inner join {intermediate}.int_people__keys as keys
    on opportunities.record_key = keys.record_key
where
    opportunities.opportunity_id = $whole
    or (
        opportunities.source = 'salesforce'
        and left(opportunities.opportunity_id, 15) = $short
    )
"""

_OF_EMAIL = """
select keys.person_key
from {input_layer}.input_layer__records as records
inner join {intermediate}.int_people__keys as keys
    on records.record_key = keys.record_key
where not records.is_key_missing and records.email_match = $email
"""

_NAMED_IN = """
select source, source_table, count(*) as rows_found
from (
    select source, source_table, record_id
    from {input_layer}.input_layer__observations
    union all
    select source, source_table, record_id
    from {input_layer}.input_layer__activities
    union all
    select source, source_table, record_id
    from {input_layer}.input_layer__touches
    union all
    select source, source_table, record_id
    from {input_layer}.input_layer__opportunities
) as named
where
    record_id = $whole
    or (source = 'salesforce' and left(record_id, 15) = $short)
group by all
order by all
"""


def people(read: Reading, who: str) -> list[Match]:
    """Everyone the text may mean, found by the most telling way that finds any."""
    whole = unicodedata.normalize("NFKC", who).strip()
    if not whole:
        raise LeadFunnelError(
            "Name a record id, a person_id or an e-mail address to explain."
        )
    ids = {"whole": whole, "short": salesforce_match_id(whole)}
    if re.fullmatch(r"[0-9a-fA-F]{32}", whole):
        found = _matches(
            read,
            "select person_key from {intermediate}.int_people where person_id = $id",
            {"id": whole.lower()},
            "person_id",
        )
        if found:
            return found
    ways = [("record id", _OF_RECORD), ("id that only a link names", _OF_LINK)]
    ways.append(("opportunity id", _OF_OPPORTUNITY))
    for how, sql in ways:
        found = _matches(read, sql, ids, how)
        if found:
            return found
    if "@" in whole:
        found = _matches(read, _OF_EMAIL, {"email": same_text(who)}, "e-mail address")
        if found:
            return found
    raise LeadFunnelError(_not_found(read, whole, ids))


def _matches(read: Reading, sql: str, values: dict[str, str], how: str) -> list[Match]:
    query = f"with found as ({sql}) {_PEOPLE}"
    return [Match(**row, how=how) for row in read.rows(query, values)]


def _not_found(read: Reading, whole: str, ids: dict[str, str]) -> str:
    tried = "record ids, ids that links name, opportunity ids"
    shown = repr(whole)
    if "@" in whole:
        tried += " and e-mail addresses (same text)"
        shown = "this e-mail address"
    elif re.fullmatch(r"[0-9a-fA-F]{32}", whole):
        tried += " and person_ids"
    if ids["short"] != whole:
        tried += f", also as {ids['short']!r} without the checksum"
    sentence = f"Nobody was found by {shown}: {tried} were tried."
    named = read.rows(_NAMED_IN, ids)
    if named:
        places = ", ".join(
            f"{row['rows_found']} of {row['source']}.{row['source_table']}"
            for row in named
        )
        sentence += (
            f" Raw rows name it ({places}), but no record has that id, so they are "
            "quarantined as unknown_person."
        )
    return sentence
